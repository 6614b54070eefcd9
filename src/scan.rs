//! The one composition: source → layers → inventory and secrets → advisories → evidence.
//!
//! What comes in: an opened image, an advisory store, the options. What goes out: the evidence. This file decides who
//! talks to whom and nothing else; the detector table is here, since only here all detecting rooms are known.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::advisories::{self, AdvisoryError, Match, SourceStatus, Store};
use crate::evidence::{
    Advisories, AdvisorySource, Evidence, Finding, FoundSecret, Gate, LayerRecord, PackageRecord,
    Place, Policy, SCHEMA, Subject, Tool, Verdict, gather_secrets, vulnerability,
};
use crate::inventory::{self, InstalledPackage, Inventory};
use crate::layers::{
    Cache, CacheError, DetectorSet, Expected, FileFacts, LayerError, LayerReport, ReportKey,
    Squashed, hash_layer, read_layer, squash,
};
use crate::model::{DiffId, Digest, Gap, GapKind, ImageConfig, LayerDescriptor, LayerPath, Limits};
use crate::secrets::{Engine, RuleError, Rules};
use crate::source::{Image, ReadOrder, SourceError};

/// What a scan is to do.
pub struct ScanOptions {
    /// Whether secrets are looked for.
    pub secrets: bool,
    /// From which severity on a finding fails the scan.
    pub gate: Gate,
    /// The bounds for hostile layers.
    pub limits: Limits,
    /// Layers that are read at once; `None` for one for each core.
    pub threads: Option<usize>,
    /// Layer reports of earlier scans.
    pub cache: Option<Cache>,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            secrets: true,
            gate: Gate::default(),
            limits: Limits::default(),
            threads: None,
            cache: None,
        }
    }
}

/// Told how far a scan is. Called from many threads.
pub trait Progress: Sync {
    /// A layer's bytes begin to come.
    fn layer_started(&self, _layer: &LayerDescriptor) {}
    /// So many more stored bytes of layer `index` have come.
    fn layer_bytes(&self, _index: usize, _count: u64) {}
    /// The layer is done.
    fn layer_done(&self, _index: usize) {}
    /// Something that does not change the result, but that the user should know.
    fn warning(&self, _text: &str) {}
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {}

/// Why an image could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The image, or one of its layers, cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A layer's bytes are not what was promised, or stopped coming.
    #[error("layer {number} of {total} ({name})")]
    Layer {
        /// Place of the layer, from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// Its digest as the manifest says.
        name: String,
        /// What is wrong with it.
        #[source]
        source: LayerError,
    },
    /// The cache knows what a blob holds, and the config says otherwise.
    #[error("layer {number} holds {found}, but the image's config says {claimed}")]
    DiffId {
        /// Place of the layer, from 1.
        number: usize,
        /// What the blob was found to hold.
        found: Box<DiffId>,
        /// What the config says.
        claimed: Box<DiffId>,
    },
    /// The advisory store cannot be read.
    #[error(transparent)]
    Store(#[from] AdvisoryError),
    /// The embedded secret rules are broken: a fault of this build.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// The threads cannot be started.
    #[error("the worker threads cannot be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The detector table: all that can look at a file of a layer.
fn detectors(engine: Option<&Arc<Engine>>) -> DetectorSet {
    let mut all = inventory::detectors();
    all.push(Box::new(inventory::Unread));
    if let Some(engine) = engine {
        all.push(Box::new(Arc::clone(engine)));
    }
    DetectorSet::new(all)
}

/// Scans one image.
pub fn scan(
    image: &Image,
    store: &Store,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<Evidence, ScanError> {
    let engine = if options.secrets {
        Some(Arc::new(Engine::new(Rules::embedded()?, None)))
    } else {
        None
    };
    let detectors = detectors(engine.as_ref());
    let reading = Reading {
        image,
        key: ReportKey::new(&detectors, &options.limits),
        detectors: &detectors,
        options,
        progress,
        cache: Mutex::new(options.cache.as_ref()),
    };
    let reports = reading.all()?;
    let squashed = squash(&reports.iter().collect::<Vec<_>>());
    let inventory = inventory::assemble(&squashed);
    let config = engine
        .map(|engine| config_secrets(image, &engine))
        .unwrap_or_default();
    let found = Found {
        image,
        options,
        reports: &reports,
        squashed: &squashed,
        inventory: &inventory,
        config: &config,
    };
    found.evidence(store, detectors.digest())
}

/// Reads all layers of an image, each distinct one once.
struct Reading<'a> {
    image: &'a Image,
    key: ReportKey,
    detectors: &'a DetectorSet,
    options: &'a ScanOptions,
    progress: &'a dyn Progress,
    /// Given up for the rest of the scan once it fails: a full disk does not change what is found.
    cache: Mutex<Option<&'a Cache>>,
}

impl Reading<'_> {
    /// A report for each layer, in the image's order.
    fn all(&self) -> Result<Vec<LayerReport>, ScanError> {
        let layers = &self.image.layers;
        let first_with =
            |layer: &LayerDescriptor| layers.iter().position(|other| same_bytes(layer, other));
        let mut reports: BTreeMap<usize, LayerReport> = BTreeMap::new();
        let mut unread: Vec<&LayerDescriptor> = Vec::new();
        for layer in layers
            .iter()
            .filter(|layer| first_with(layer) == Some(layer.index))
        {
            match self.at_hand(layer)? {
                Some(report) => drop(reports.insert(layer.index, report)),
                None => unread.push(layer),
            }
        }
        reports.extend(self.read_all(unread)?);
        Ok(layers
            .iter()
            .filter_map(|layer| reports.get(&first_with(layer)?).cloned())
            .collect())
    }

    /// What is known of a layer without reading it: the report of an earlier scan, if it is certain that it is about these
    /// bytes, or that nobody can read them.
    fn at_hand(&self, layer: &LayerDescriptor) -> Result<Option<LayerReport>, ScanError> {
        if let Some(gap) = unsupported(layer) {
            let mut report =
                LayerReport::empty(layer.diff_id.unwrap_or(DiffId(Digest::Sha256([0; 32]))));
            report.gaps.push(gap);
            return Ok(Some(report));
        }
        let known = match layer.digest {
            _ if self.image.blobs.diff_ids_are_verified() => layer.diff_id,
            Some(digest) => self.with_cache(|cache| cache.diff_id(&digest)).flatten(),
            None => None,
        };
        let Some(found) = known else { return Ok(None) };
        if let Some(claimed) = layer.diff_id.filter(|claimed| *claimed != found) {
            let (found, claimed) = (Box::new(found), Box::new(claimed));
            return Err(ScanError::DiffId {
                number: layer.index + 1,
                found,
                claimed,
            });
        }
        Ok(self
            .with_cache(|cache| cache.report(&found, &self.key))
            .flatten())
    }

    fn read_all(
        &self,
        mut unread: Vec<&LayerDescriptor>,
    ) -> Result<BTreeMap<usize, LayerReport>, ScanError> {
        if unread.is_empty() {
            // An engine would begin to export the image only to say in which order it does.
            return Ok(BTreeMap::new());
        }
        match self.image.blobs.read_order() {
            ReadOrder::Any => {
                unread.sort_by_key(|layer| (std::cmp::Reverse(layer.size), layer.index));
            }
            ReadOrder::Sequential(order) => unread.sort_by_key(|layer| {
                (
                    order
                        .iter()
                        .position(|index| *index == layer.index)
                        .unwrap_or(usize::MAX),
                    layer.index,
                )
            }),
        }
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.options.threads.unwrap_or(0))
            .build()?;
        // `par_bridge` hands the layers out in order: the largest first, or as a sequential source has them.
        pool.install(|| {
            unread
                .into_iter()
                .par_bridge()
                .map(|layer| Ok((layer.index, self.read_one(layer)?)))
                .collect()
        })
    }

    fn read_one(&self, layer: &LayerDescriptor) -> Result<LayerReport, ScanError> {
        // Where a blob has no digest, only the config's word says what it is: it is cheaper to hash than to walk.
        if let Some(claimed) = layer.diff_id.filter(|_| layer.digest.is_none())
            && let Some(report) = self
                .with_cache(|cache| cache.report(&claimed, &self.key))
                .flatten()
            && self
                .read(layer, |bytes, expected| {
                    hash_layer(bytes, expected, &self.options.limits)
                })?
                .is_some_and(|(_, found)| found == claimed)
        {
            return Ok(report);
        }
        let read = self.read(layer, |bytes, expected| {
            read_layer(bytes, expected, self.detectors, &self.options.limits)
        })?;
        if read.complete {
            self.with_cache(|cache| cache.store(&read.digest, &read.report, &self.key));
        }
        Ok(read.report)
    }

    fn read<T>(
        &self,
        layer: &LayerDescriptor,
        reader: impl FnOnce(Counted<'_>, &Expected) -> Result<T, LayerError>,
    ) -> Result<T, ScanError> {
        let source = self.image.blobs.open(layer)?;
        self.progress.layer_started(layer);
        let counted = Counted {
            source,
            index: layer.index,
            progress: self.progress,
        };
        let expected = Expected {
            digest: layer.digest,
            size: layer.size,
            diff_id: layer.diff_id,
        };
        let read = reader(counted, &expected);
        self.progress.layer_done(layer.index);
        read.map_err(|source| ScanError::Layer {
            number: layer.index + 1,
            total: self.image.layers.len(),
            name: layer
                .digest
                .map_or_else(|| "no digest".to_owned(), |digest| digest.to_string()),
            source,
        })
    }

    /// Uses the cache, or tells the user once why it is of no use.
    fn with_cache<T>(&self, work: impl FnOnce(&Cache) -> Result<T, CacheError>) -> Option<T> {
        let cache = *self
            .cache
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(cache?)
            .inspect_err(|error| {
                let mut cache = self
                    .cache
                    .lock()
                    .unwrap_or_else(std::sync::PoisonError::into_inner);
                if cache.take().is_some() {
                    let cause = std::error::Error::source(error)
                        .map_or_else(String::new, |cause| format!(": {cause}"));
                    self.progress
                        .warning(&format!("{error}{cause}; this scan goes on without it"));
                }
            })
            .ok()
    }
}

/// Whether two layers are promised to be the same bytes; an image may use one layer many times.
fn same_bytes(one: &LayerDescriptor, other: &LayerDescriptor) -> bool {
    one.index == other.index
        || (one.digest.is_some() && one.digest == other.digest && one.diff_id == other.diff_id)
}

/// Layers that no registry hands out as a tar: foreign ones (Windows base layers) and encrypted ones (ocicrypt).
fn unsupported(layer: &LayerDescriptor) -> Option<Gap> {
    let media_type = &layer.media_type;
    let why = if media_type.contains("+encrypted") {
        "is encrypted"
    } else if media_type.contains("foreign") || media_type.contains("nondistributable") {
        "is not in the registry but at its vendor's"
    } else {
        return None;
    };
    Some(Gap::new(
        GapKind::UnsupportedLayer,
        format!(
            "layer {} ({media_type}) {why}: not looked at",
            layer.index + 1
        ),
    ))
}

/// Tells the progress of the bytes that pass.
struct Counted<'a> {
    source: Box<dyn Read + Send>,
    index: usize,
    progress: &'a dyn Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let count = self.source.read(target)?;
        self.progress.layer_bytes(self.index, count as u64);
        Ok(count)
    }
}

/// All that is known of an image once its layers are read.
struct Found<'a> {
    image: &'a Image,
    options: &'a ScanOptions,
    reports: &'a [LayerReport],
    squashed: &'a Squashed<'a>,
    inventory: &'a Inventory,
    config: &'a [(String, bool, FileFacts)],
}

impl Found<'_> {
    fn evidence(&self, store: &Store, detectors: Digest) -> Result<Evidence, ScanError> {
        let packages: Vec<_> = self
            .inventory
            .packages
            .iter()
            .map(|installed| installed.package.clone())
            .collect();
        let matched =
            advisories::match_packages(store, self.inventory.distribution.as_ref(), &packages)?;
        let sources = store.sources()?;
        let findings = self.findings(&matched.matches);
        let gaps = self.gaps(matched.gaps, &sources);
        Ok(Evidence {
            schema: SCHEMA.to_owned(),
            verdict: Verdict::of(&findings, &gaps, self.options.gate),
            subject: self.subject(),
            distribution: self.inventory.distribution.clone(),
            findings,
            gaps,
            packages: self.inventory.packages.iter().map(package_record).collect(),
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
            },
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors,
            },
        })
    }

    fn subject(&self) -> Subject {
        let config = &self.image.config;
        let record = |(layer, report): (&LayerDescriptor, &LayerReport)| LayerRecord {
            digest: layer.digest,
            diff_id: Some(report.diff_id),
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

    fn findings(&self, matches: &[Match]) -> Vec<Finding> {
        let mut findings: Vec<Finding> = matches
            .iter()
            .filter_map(|found| {
                let package = self.inventory.packages.get(found.package)?;
                Some(vulnerability(found, package_record(package)))
            })
            .collect();
        findings.extend(gather_secrets(self.secrets()));
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
            let place = |line| Place {
                path: Some(path.clone()),
                line: Some(line),
                layer: Some(layer),
                config: None,
            };
            let found = facts.secrets.iter().map(|hit| FoundSecret {
                hit: hit.clone(),
                place: place(hit.line),
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
        place: Place {
            path: Some(installed.path.clone()),
            line: installed.package.line,
            layer: Some(installed.layer),
            config: None,
        },
    }
}

/// What is found in ENV, labels and history, with the name of the part and whether the running container sees it: it
/// sees its ENV, and whoever can pull the image reads all of it.
fn config_secrets(image: &Image, engine: &Engine) -> Vec<(String, bool, FileFacts)> {
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
