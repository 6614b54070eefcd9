//! The one composition: source → layers → inventory and secrets → advisories → evidence.
//!
//! What comes in: an opened image, an advisory store, the options. What goes out: the evidence. This file decides who
//! talks to whom and nothing else; the detector table is here, since only here all detecting rooms are known.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Mutex;

use rayon::prelude::*;

use crate::advisories::{self, Store, StoreError};
use crate::evidence::{
    Advisories, AdvisorySource, Evidence, Finding, FoundSecret, Gate, LayerRecord, PackageRecord, Place, Policy, SCHEMA,
    Subject, Tool, Verdict, gather_secrets, vulnerability,
};
use crate::inventory::{self, Inventory};
use crate::layers::{
    Cache, CacheError, DetectorSet, Expected, LayerError, LayerReport, ReportKey, Squashed, hash_layer, read_layer, squash,
};
use crate::model::{DiffId, Digest, Gap, GapKind, LayerDescriptor, Limits};
use crate::secrets;
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
        Self { secrets: true, gate: Gate::default(), limits: Limits::default(), threads: None, cache: None }
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
    Store(#[from] StoreError),
    /// The embedded secret rules are broken: a fault of this build.
    #[error(transparent)]
    Rules(#[from] secrets::RuleError),
    /// The threads cannot be started.
    #[error("the worker threads cannot be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The detector table: all that can look at a file of a layer.
pub fn detectors(secrets: bool) -> Result<DetectorSet, secrets::RuleError> {
    let mut all = inventory::detectors();
    if secrets {
        all.push(Box::new(secrets::Secrets::embedded()?));
    }
    Ok(DetectorSet::new(all))
}

/// Scans one image.
pub fn scan(
    image: &Image,
    store: &Store,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<Evidence, ScanError> {
    let detectors = detectors(options.secrets)?;
    let reading = Reading {
        image,
        key: ReportKey::new(&detectors, &options.limits),
        detectors: &detectors,
        options,
        progress,
        cache: Mutex::new(options.cache.as_ref()),
    };
    let reports = reading.all()?;
    let by_layer: Vec<&LayerReport> = reports.iter().collect();
    let squashed = squash(&by_layer);
    let inventory = inventory::assemble(&squashed);
    let found = Found { image, options, squashed: &squashed, inventory: &inventory };
    let mut evidence = found.evidence(store, &detectors)?;
    evidence.subject.layers = layer_records(image, &reports);
    Ok(evidence)
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
        let distinct: Vec<&LayerDescriptor> = self.in_read_order();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.options.threads.unwrap_or(0)).build()?;
        // `par_bridge` hands the layers out in order: the largest first, or as a sequential source has them.
        let read: Result<BTreeMap<usize, LayerReport>, ScanError> = pool.install(|| {
            distinct.into_iter().par_bridge().map(|layer| Ok((layer.index, self.one(layer)?))).collect()
        });
        let read = read?;
        let first_with = |layer: &LayerDescriptor| layers.iter().position(|other| same_bytes(layer, other));
        Ok(layers.iter().filter_map(|layer| read.get(&first_with(layer)?).cloned()).collect())
    }

    fn in_read_order(&self) -> Vec<&LayerDescriptor> {
        let layers = &self.image.layers;
        let mut distinct: Vec<&LayerDescriptor> = layers
            .iter()
            .enumerate()
            .filter(|(index, layer)| layers.iter().position(|other| same_bytes(layer, other)) == Some(*index))
            .map(|(_, layer)| layer)
            .collect();
        match self.image.blobs.read_order() {
            ReadOrder::Any => distinct.sort_by_key(|layer| (std::cmp::Reverse(layer.size), layer.index)),
            ReadOrder::Sequential(order) => distinct.sort_by_key(|layer| {
                (order.iter().position(|index| *index == layer.index).unwrap_or(usize::MAX), layer.index)
            }),
        }
        distinct
    }

    fn one(&self, layer: &LayerDescriptor) -> Result<LayerReport, ScanError> {
        if let Some(gap) = unsupported(layer) {
            let mut report = LayerReport::empty(layer.diff_id.unwrap_or(DiffId(Digest::Sha256([0; 32]))));
            report.gaps.push(gap);
            return Ok(report);
        }
        if let Some(report) = self.cached(layer)? {
            return Ok(report);
        }
        let read = self
            .read(layer, |bytes, expected| read_layer(bytes, expected, self.detectors, &self.options.limits))?;
        if read.complete {
            self.with_cache(|cache| cache.store(&read.digest, &read.report, &self.key));
        }
        Ok(read.report)
    }

    /// The report of an earlier scan, if it is certain that it is about these bytes.
    fn cached(&self, layer: &LayerDescriptor) -> Result<Option<LayerReport>, ScanError> {
        let known = match layer.digest {
            _ if self.image.blobs.diff_ids_are_verified() => layer.diff_id,
            Some(digest) => self.with_cache(|cache| cache.diff_id(&digest)).flatten(),
            None => None,
        };
        if let (Some(found), Some(claimed)) = (known, layer.diff_id)
            && found != claimed
        {
            let (found, claimed) = (Box::new(found), Box::new(claimed));
            return Err(ScanError::DiffId { number: layer.index + 1, found, claimed });
        }
        let Some(diff_id) = known.or(layer.diff_id.filter(|_| layer.digest.is_none())) else {
            return Ok(None);
        };
        let report = self.with_cache(|cache| cache.report(&diff_id, &self.key)).flatten();
        if report.is_some() && known.is_none() {
            // Only the config's word says that these are the bytes: it is cheaper to hash them than to walk them.
            self.read(layer, |bytes, expected| hash_layer(bytes, expected, &self.options.limits))?;
        }
        Ok(report)
    }

    fn read<T>(
        &self,
        layer: &LayerDescriptor,
        reader: impl FnOnce(Counted<'_>, &Expected) -> Result<T, LayerError>,
    ) -> Result<T, ScanError> {
        let source = self.image.blobs.open(layer)?;
        self.progress.layer_started(layer);
        let counted = Counted { source, index: layer.index, progress: self.progress };
        let expected = Expected { digest: layer.digest, size: layer.size, diff_id: layer.diff_id };
        let read = reader(counted, &expected);
        self.progress.layer_done(layer.index);
        read.map_err(|source| ScanError::Layer {
            number: layer.index + 1,
            total: self.image.layers.len(),
            name: layer.digest.map_or_else(|| "no digest".to_owned(), |digest| digest.to_string()),
            source,
        })
    }

    /// Uses the cache, or tells the user once why it is of no use.
    fn with_cache<T>(&self, work: impl FnOnce(&Cache) -> Result<T, CacheError>) -> Option<T> {
        let cache = *self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(cache?)
            .inspect_err(|error| {
                let mut cache = self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if cache.take().is_some() {
                    let cause = std::error::Error::source(error).map_or_else(String::new, |cause| format!(": {cause}"));
                    self.progress.warning(&format!("{error}{cause}; this scan goes on without it"));
                }
            })
            .ok()
    }
}

/// Whether two layers are promised to be the same bytes; an image may use one layer many times.
fn same_bytes(one: &LayerDescriptor, other: &LayerDescriptor) -> bool {
    one.index == other.index || (one.digest.is_some() && one.digest == other.digest && one.diff_id == other.diff_id)
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
    Some(Gap::new(GapKind::UnsupportedLayer, format!("layer {} ({media_type}) {why}: not looked at", layer.index + 1)))
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
    squashed: &'a Squashed<'a>,
    inventory: &'a Inventory,
}

impl Found<'_> {
    fn evidence(&self, store: &Store, detectors: &DetectorSet) -> Result<Evidence, ScanError> {
        let packages: Vec<_> = self.inventory.packages.iter().map(|installed| installed.package.clone()).collect();
        let matched = advisories::match_packages(store, self.inventory.distribution.as_ref(), &packages)?;
        let mut findings: Vec<Finding> = matched
            .matches
            .iter()
            .filter_map(|found| Some(vulnerability(found, self.package_record(found.package)?)))
            .collect();
        findings.extend(gather_secrets(self.secrets()?));
        findings.sort_by_cached_key(Finding::order);
        let mut gaps: Vec<Gap> = [&self.inventory.gaps, &matched.gaps, &self.image.blobs.gaps()]
            .into_iter()
            .flatten()
            .chain(&self.squashed.gaps)
            .cloned()
            .collect();
        if packages.is_empty() {
            gaps.push(Gap::new(GapKind::NothingFound, "no package database or manifest was found in the image"));
        }
        gaps.sort();
        gaps.dedup();
        Ok(Evidence {
            schema: SCHEMA.to_owned(),
            verdict: Verdict::of(&findings, &gaps, self.options.gate),
            subject: self.subject(),
            distribution: self.inventory.distribution.clone(),
            findings,
            gaps,
            packages: (0..packages.len()).filter_map(|index| self.package_record(index)).collect(),
            advisories: advisory_sources(store)?,
            policy: Policy { fail_on: self.options.gate, secrets: self.options.secrets },
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors: detectors.digest(),
            },
        })
    }

    fn subject(&self) -> Subject {
        Subject {
            name: self.image.name.clone(),
            manifest_digest: self.image.manifest_digest,
            config_digest: self.image.config_digest,
            platform: self.image.config.platform(),
            layers: Vec::new(),
        }
    }

    fn package_record(&self, index: usize) -> Option<PackageRecord> {
        let installed = self.inventory.packages.get(index)?;
        Some(PackageRecord {
            purl: installed.purl.clone(),
            package: installed.package.clone(),
            place: Place {
                path: Some(installed.path.clone()),
                line: installed.package.line,
                layer: Some(installed.layer),
                config: None,
            },
        })
    }

    /// Every secret of every layer, and of the config.
    fn secrets(&self) -> Result<Vec<FoundSecret>, ScanError> {
        let mut found = Vec::new();
        let mut add = |path: &crate::model::LayerPath, layer, facts: &crate::layers::FileFacts, visible| {
            found.extend(facts.secrets.iter().map(|hit| FoundSecret {
                place: Place { path: Some(path.clone()), line: Some(hit.line), layer: Some(layer), config: None },
                hit: hit.clone(),
                visible,
            }));
        };
        for file in &self.squashed.visible {
            let current = file.history.len();
            for (version, (layer, facts)) in file.history.iter().enumerate() {
                add(file.path, *layer, facts, version + 1 == current);
            }
        }
        for file in &self.squashed.hidden {
            add(file.path, file.layer, file.facts, false);
        }
        if self.options.secrets {
            found.extend(config_secrets(self.image)?);
        }
        Ok(found)
    }
}

/// Secrets in ENV, labels and history. Whoever can pull the image reads them; the running container sees its ENV.
fn config_secrets(image: &Image) -> Result<Vec<FoundSecret>, ScanError> {
    let engine = secrets::Secrets::embedded()?;
    let config = &image.config.config;
    let env = config.env.iter().map(|variable| {
        let name = variable.split_once('=').map_or(variable.as_str(), |(name, _)| name);
        (format!("env {name}"), variable.clone(), true)
    });
    let labels = config.labels.iter().map(|(name, value)| (format!("label {name}"), format!("{name}={value}"), false));
    let history = image
        .config
        .history
        .iter()
        .enumerate()
        .map(|(index, item)| (format!("history {}", index + 1), item.created_by.clone(), false));
    Ok(env
        .chain(labels)
        .chain(history)
        .flat_map(|(part, text, visible)| {
            engine.scan_text(text.as_bytes()).into_iter().map(move |hit| FoundSecret {
                place: Place { path: None, line: None, layer: None, config: Some(part.clone()) },
                hit,
                visible,
            })
        })
        .collect())
}

fn advisory_sources(store: &Store) -> Result<Advisories, StoreError> {
    let snapshot = store.snapshot()?;
    let sources = store.sources()?;
    Ok(Advisories {
        snapshot,
        sources: sources
            .into_iter()
            .map(|source| AdvisorySource { name: source.name, advisories: source.advisories, newest: source.newest })
            .collect(),
    })
}

fn layer_records(image: &Image, reports: &[LayerReport]) -> Vec<LayerRecord> {
    image
        .layers
        .iter()
        .zip(reports)
        .map(|(layer, report)| LayerRecord {
            digest: layer.digest,
            diff_id: Some(report.diff_id),
            instruction: image.config.instruction(layer.index).map(str::to_owned),
            files: report.counts.files,
            file_bytes: report.counts.file_bytes,
        })
        .collect()
}
