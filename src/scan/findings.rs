//! What the layers hold, held against the advisories: findings, gaps, and the evidence that they make.

use std::sync::Arc;

use super::reading::unsupported;
use super::{ScanError, ScanOptions};
use crate::advisories::{self, Match, SourceStatus, Store};
use crate::evidence::{
    Advisories, AdvisorySource, DeletedRecord, Evidence, Finding, FoundSecret, LayerRecord,
    PackageRecord, Place, Policy, SCHEMA, Subject, Tool, Verdict, gather_secrets, modified_file,
    vulnerability,
};
use crate::inventory::{DeletedPackage, InstalledPackage, Inventory};
use crate::layers::{FileFacts, LayerReport, Squashed};
use crate::model::{Digest, Gap, GapKind, ImageConfig, LayerDescriptor, LayerPath};
use crate::secrets::Engine;
use crate::source::Image;

/// All that is known of an image once its layers are read.
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
    pub(super) fn evidence(&self, store: &Store, detectors: Digest) -> Result<Evidence, ScanError> {
        let candidates = self.candidates();
        let packages: Vec<_> = candidates
            .iter()
            .map(|candidate| candidate.record.package.clone())
            .collect();
        let matched =
            advisories::match_packages(store, self.inventory.distribution.as_ref(), &packages)?;
        let sources = store.sources()?;
        let findings = self.findings(&matched.matches, &candidates);
        let gaps = self.gaps(matched.gaps, &sources);
        let (deleted, packages): (Vec<Candidate>, Vec<Candidate>) = candidates
            .into_iter()
            .partition(|candidate| candidate.removed_in.is_some());
        let deleted = deleted.into_iter().filter_map(|candidate| {
            Some(DeletedRecord {
                package: candidate.record,
                removed_in: candidate.removed_in?,
            })
        });
        Ok(Evidence {
            schema: SCHEMA.to_owned(),
            verdict: Verdict::of(&findings, &gaps, self.options.gate),
            subject: self.subject(),
            distribution: self.inventory.distribution.clone(),
            findings,
            gaps,
            packages: packages.into_iter().map(|found| found.record).collect(),
            deleted: deleted.collect(),
            files_compared: self.inventory.integrity.checked,
            files: self.inventory.accounting.clone(),
            advisories: Advisories {
                snapshot: store.snapshot_digest()?,
                sources: sources
                    .into_iter()
                    .map(|source| AdvisorySource {
                        name: source.name,
                        advisories: source.advisories,
                        newest: source.newest,
                    })
                    .collect(),
            },
            policy: Policy {
                fail_on: self.options.gate,
                secrets: self.options.secrets,
                all: self.options.all,
                deleted: self.options.deleted,
            },
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors,
            },
        })
    }

    /// The packages to match: what the container has, and what the user wants beside it.
    fn candidates(&self) -> Vec<Candidate> {
        let installed = self
            .inventory
            .packages
            .iter()
            .filter(|installed| self.options.all || installed.owned_by.is_none())
            .map(|installed| Candidate {
                record: package_record(installed),
                removed_in: None,
            });
        let deleted = self
            .inventory
            .deleted
            .iter()
            .filter(|_| self.options.deleted)
            .map(|deleted| Candidate {
                record: deleted_record(deleted),
                removed_in: Some(deleted.removed_in),
            });
        installed.chain(deleted).collect()
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
            layers: self
                .image
                .layers
                .iter()
                .zip(self.reports)
                .map(record)
                .collect(),
        }
    }

    fn findings(&self, matches: &[Match], candidates: &[Candidate]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = matches
            .iter()
            .filter_map(|found| {
                let candidate = candidates.get(found.package)?;
                let record = candidate.record.clone();
                Some(vulnerability(found, record, candidate.removed_in))
            })
            .collect();
        findings.extend(gather_secrets(self.secrets()));
        let modified = &self.inventory.integrity.modified;
        findings.extend(modified.iter().map(|file| {
            let place = place(&file.path, None, file.layer);
            modified_file(&file.owner, file.content, file.is_configuration, place)
        }));
        findings.sort_by_cached_key(Finding::order);
        findings
    }

    fn gaps(&self, matched: Vec<Gap>, sources: &[SourceStatus]) -> Vec<Gap> {
        let mut gaps = matched;
        gaps.extend(
            self.squashed
                .gaps
                .iter()
                .chain(&self.inventory.gaps)
                .cloned(),
        );
        gaps.extend(
            self.config
                .iter()
                .flat_map(|(_, _, facts)| facts.gaps.iter().cloned()),
        );
        gaps.extend(self.image.blobs.gaps());
        if let [only] = sources
            && only.name == Store::STARTER
        {
            let detail = format!(
                "matched with only the {} advisories inside Plimsoll",
                only.advisories
            );
            gaps.push(Gap::new(GapKind::StarterAdvisories, detail));
        }
        gaps.sort();
        gaps.dedup();
        gaps
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

/// A package to match, and whether only a lower layer holds it.
struct Candidate {
    record: PackageRecord,
    removed_in: Option<usize>,
}

fn package_record(installed: &InstalledPackage) -> PackageRecord {
    PackageRecord {
        purl: installed.purl.clone(),
        package: installed.package.clone(),
        place: place(&installed.path, installed.package.line, installed.layer),
        owned_by: installed.owned_by.clone(),
    }
}

fn deleted_record(deleted: &DeletedPackage) -> PackageRecord {
    PackageRecord {
        purl: deleted.purl.clone(),
        package: deleted.package.clone(),
        place: place(&deleted.path, deleted.package.line, deleted.layer),
        owned_by: None,
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
