//! What the layers of an image hold, as the rest of the scan wants it.

use std::sync::Arc;

use super::ScanOptions;
use super::aboard::Aboard;
use super::reading::unsupported;
use crate::evidence::{
    DeletedRecord, FoundSecret, LayerRecord, PackageRecord, Place, Subject, modified_file,
};
use crate::inventory::{DeletedPackage, InstalledPackage, Inventory};
use crate::layers::{FileFacts, LayerReport, Squashed};
use crate::model::{Gap, GapKind, ImageConfig, LayerDescriptor, LayerPath, SecretHit};
use crate::posture::ImageView;
use crate::secrets::Engine;
use crate::source::Image;

/// An image once its layers are read.
pub(super) struct Found<'a> {
    pub(super) image: &'a Image,
    pub(super) options: &'a ScanOptions,
    pub(super) reports: &'a [Arc<LayerReport>],
    pub(super) squashed: &'a Squashed<'a>,
    pub(super) inventory: &'a Inventory,
    pub(super) engine: &'a Engine,
    /// Parts of the image's config.
    pub(super) config: &'a [(String, bool, FileFacts)],
}

impl Found<'_> {
    /// All of it.
    pub(super) fn aboard(&self) -> Aboard {
        let inventory = self.inventory;
        let modified = inventory.integrity.modified.iter().map(|file| {
            let place = place(&file.path, None, file.layer);
            modified_file(&file.owner, file.content, file.is_configuration, place)
        });
        Aboard {
            subject: self.subject(),
            distribution: inventory.distribution.clone(),
            packages: inventory.packages.iter().map(package_record).collect(),
            deleted: inventory.deleted.iter().map(deleted_record).collect(),
            secrets: self.secrets(),
            modified: modified.collect(),
            view: self.options.posture.then(|| self.view()),
            files_compared: inventory.integrity.checked,
            files: inventory.accounting.clone(),
            gaps: self.gaps(),
        }
    }

    /// The image as the checks of its boundary see it.
    pub(super) fn view(&self) -> ImageView {
        let bytes = self.reports.iter().map(|report| report.counts.file_bytes);
        let layer_bytes: Vec<u64> = bytes.collect();
        let files = &self.inventory.accounting;
        let seen = [
            files.distribution,
            files.language,
            files.analysed,
            files.unclaimed,
        ];
        let seen: u64 = seen.iter().map(|amount| amount.bytes).sum();
        ImageView {
            hidden_bytes: Some(layer_bytes.iter().sum::<u64>().saturating_sub(seen)),
            name: self.image.name.clone(),
            config: self.image.config.clone(),
            manifest_digest: self.image.manifest_digest,
            annotations: self.image.annotations.clone(),
            owners: self.inventory.integrity.known.clone(),
            date: self.options.date,
            bases: self.options.bases.all().to_vec(),
            has_config: self.image.config_digest.is_some(),
            ..ImageView::of(self.squashed, layer_bytes)
        }
    }

    fn subject(&self) -> Subject {
        let config = &self.image.config;
        let record = |(layer, report): (&LayerDescriptor, &Arc<LayerReport>)| LayerRecord {
            digest: layer.digest,
            diff_id: unsupported(layer).is_none().then_some(report.diff_id),
            instruction: config
                .instruction(layer.index)
                .map(|text| self.engine.conceal(text)),
            files: report.counts.files,
            file_bytes: report.counts.file_bytes,
        };
        Subject {
            name: self.image.name.clone(),
            manifest_digest: self.image.manifest_digest,
            config_digest: self.image.config_digest,
            platform: config.platform(),
            created: config.created.clone(),
            layers: self
                .image
                .layers
                .iter()
                .zip(self.reports)
                .map(record)
                .collect(),
            sbom: None,
        }
    }

    fn gaps(&self) -> Vec<Gap> {
        // Where nothing was to be compared, nothing is missing.
        let concluded = self.inventory.gaps.iter();
        let concluded = concluded
            .filter(|gap| self.options.integrity || gap.kind != GapKind::IntegrityUnchecked);
        let read = self.squashed.gaps.iter().chain(concluded);
        let of_config = self.config.iter().flat_map(|(_, _, facts)| &facts.gaps);
        read.chain(of_config)
            .cloned()
            .chain(self.image.blobs.gaps())
            .collect()
    }

    /// Every secret of every layer, and of the config.
    fn secrets(&self) -> Vec<FoundSecret> {
        let visible = self
            .squashed
            .visible
            .iter()
            .filter_map(|file| Some((file.path, file.current()?)));
        let visible = visible.flat_map(|(path, (layer, facts))| {
            let owner = self.inventory.integrity.known.get(path);
            self.in_file(path, layer, facts, owner, true)
        });
        let hidden = self
            .squashed
            .hidden
            .iter()
            .copied()
            .chain(self.squashed.overwritten());
        let hidden =
            hidden.flat_map(|file| self.in_file(file.path, file.layer, file.facts, None, false));
        let in_config = self.config.iter().flat_map(|(part, visible, facts)| {
            let place = Place {
                path: None,
                line: None,
                layer: None,
                config: Some(part.clone()),
            };
            let found = move |hit: &SecretHit| self.found(hit, place.clone(), None, *visible);
            facts.secrets.iter().map(found)
        });
        visible.chain(hidden).chain(in_config).collect()
    }

    fn in_file(
        &self,
        path: &LayerPath,
        layer: usize,
        facts: &FileFacts,
        owner: Option<&String>,
        visible: bool,
    ) -> Vec<FoundSecret> {
        let found = facts.secrets.iter().map(|hit| {
            let place = place(path, Some(hit.line), layer);
            self.found(hit, place, owner.cloned(), visible)
        });
        found.collect()
    }

    fn found(
        &self,
        hit: &SecretHit,
        place: Place,
        owner: Option<String>,
        visible: bool,
    ) -> FoundSecret {
        let path = place.path.as_ref().map(LayerPath::as_str);
        let path = path.or(place.config.as_deref());
        let accepted = self.options.exceptions.accepts(hit, path);
        let instruction = place
            .layer
            .and_then(|layer| self.image.config.instruction(layer));
        FoundSecret {
            hit: hit.clone(),
            accepted: accepted.map(str::to_owned),
            instruction: instruction.map(|text| self.engine.conceal(text)),
            place,
            visible,
            owner,
        }
    }
}

fn package_record(installed: &InstalledPackage) -> PackageRecord {
    PackageRecord {
        purl: installed.purl.clone(),
        package: installed.package.clone(),
        place: place(&installed.path, installed.package.line, installed.layer),
        owned_by: installed.owned_by.clone(),
    }
}

fn deleted_record(deleted: &DeletedPackage) -> DeletedRecord {
    DeletedRecord {
        package: PackageRecord {
            purl: deleted.purl.clone(),
            package: deleted.package.clone(),
            place: place(&deleted.path, deleted.package.line, deleted.layer),
            owned_by: None,
        },
        removed_in: deleted.removed_in,
    }
}

fn place(path: &LayerPath, line: Option<u64>, layer: usize) -> Place {
    Place {
        path: Some(path.clone()),
        line,
        layer: Some(layer),
        config: None,
    }
}

/// What is found in the parts of the config, with the name of the part and whether the running container sees it: it sees
/// its environment, and what it is started and checked with; whoever can pull the image reads all of it. Build arguments
/// stand in the history.
pub(super) fn config_secrets(image: &Image, engine: &Engine) -> Vec<(String, bool, FileFacts)> {
    let ImageConfig {
        config, history, ..
    } = &image.config;
    let mut parts: Vec<(String, bool, FileFacts)> = Vec::new();
    let mut look = |part: String, visible, text: &str| {
        parts.push((part, visible, engine.scan_text(text.as_bytes())));
    };
    for variable in &config.env {
        let name = variable
            .split_once('=')
            .map_or(variable.as_str(), |(name, _)| name);
        look(format!("env {name}"), true, variable);
    }
    for (name, value) in &config.labels {
        look(format!("label {name}"), false, &format!("{name}={value}"));
    }
    for (number, instruction) in (1..).zip(&config.on_build) {
        look(format!("onbuild {number}"), false, instruction);
    }
    look("entrypoint".to_owned(), true, &config.entrypoint.join(" "));
    look("cmd".to_owned(), true, &config.cmd.join(" "));
    if let Some(check) = &config.healthcheck {
        let words = check.get("Test").and_then(serde_json::Value::as_array);
        let words = words
            .into_iter()
            .flatten()
            .filter_map(serde_json::Value::as_str);
        let command = words.collect::<Vec<_>>().join(" ");
        look("healthcheck".to_owned(), true, &command);
    }
    for (number, item) in (1..).zip(history) {
        look(format!("history {number}"), false, &item.created_by);
        if !item.comment.is_empty() {
            look(format!("history {number}"), false, &item.comment);
        }
    }
    parts
}
