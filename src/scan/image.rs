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
use crate::model::{Gap, GapKind, ImageConfig, LayerDescriptor, LayerPath};
use crate::secrets::Engine;
use crate::source::Image;

/// An image once its layers are read.
pub(super) struct Found<'a> {
    pub(super) image: &'a Image,
    pub(super) options: &'a ScanOptions,
    pub(super) reports: &'a [Arc<LayerReport>],
    pub(super) squashed: &'a Squashed<'a>,
    pub(super) inventory: &'a Inventory,
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
            files_compared: inventory.integrity.checked,
            files: inventory.accounting.clone(),
            gaps: self.gaps(),
        }
    }

    fn subject(&self) -> Subject {
        let config = &self.image.config;
        let record = |(layer, report): (&LayerDescriptor, &Arc<LayerReport>)| LayerRecord {
            digest: layer.digest,
            diff_id: unsupported(layer).is_none().then_some(report.diff_id),
            instruction: config.instruction(layer.index).map(str::to_owned),
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
        let in_files = |path: &LayerPath, layer, facts: &FileFacts, visible| {
            let found = facts.secrets.iter().map(|hit| FoundSecret {
                hit: hit.clone(),
                place: place(path, Some(hit.line), layer),
                visible,
            });
            found.collect::<Vec<_>>()
        };
        let visible = self
            .squashed
            .visible
            .iter()
            .filter_map(|file| Some((file.path, file.current()?)));
        let visible = visible.flat_map(|(path, (layer, facts))| in_files(path, layer, facts, true));
        let hidden = self
            .squashed
            .hidden
            .iter()
            .copied()
            .chain(self.squashed.overwritten());
        let hidden = hidden.flat_map(|file| in_files(file.path, file.layer, file.facts, false));
        let in_config = self.config.iter().flat_map(|(part, visible, facts)| {
            let place = Place {
                path: None,
                line: None,
                layer: None,
                config: Some(part.clone()),
            };
            facts.secrets.iter().map(move |hit| FoundSecret {
                hit: hit.clone(),
                place: place.clone(),
                visible: *visible,
            })
        });
        visible.chain(hidden).chain(in_config).collect()
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

/// What is found in ENV, labels and history, with the name of the part and whether the running container sees it: it
/// sees its ENV, and whoever can pull the image reads all of it.
pub(super) fn config_secrets(image: &Image, engine: &Engine) -> Vec<(String, bool, FileFacts)> {
    let ImageConfig {
        config, history, ..
    } = &image.config;
    let env = config.env.iter().map(|variable| {
        let name = variable
            .split_once('=')
            .map_or(variable.as_str(), |(name, _)| name);
        (
            format!("env {name}"),
            true,
            engine.scan_text(variable.as_bytes()),
        )
    });
    let labels = config.labels.iter().map(|(name, value)| {
        (
            format!("label {name}"),
            false,
            engine.scan_text(format!("{name}={value}").as_bytes()),
        )
    });
    let history = (1..).zip(history).map(|(number, item): (usize, _)| {
        (
            format!("history {number}"),
            false,
            engine.scan_text(item.created_by.as_bytes()),
        )
    });
    env.chain(labels).chain(history).collect()
}
