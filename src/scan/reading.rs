//! A report for each layer of an image: from the cache where that is safe, by reading it otherwise.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::{Progress, ScanError, ScanOptions};
use crate::layers::{
    Cache, CacheError, DetectorSet, Expected, LayerError, LayerReport, ReportKey, hash_layer,
    read_layer,
};
use crate::model::{DiffId, Digest, Gap, GapKind, LayerDescriptor};
use crate::source::{Image, ReadOrder};

/// Reads all layers of an image, each distinct one once.
pub(super) struct Reading<'a> {
    image: &'a Image,
    key: ReportKey,
    detectors: &'a DetectorSet,
    options: &'a ScanOptions,
    progress: &'a dyn Progress,
    /// Given up for the rest of the scan once it fails: a full disk does not change what is found.
    cache: Mutex<Option<&'a Cache>>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(
        image: &'a Image,
        detectors: &'a DetectorSet,
        options: &'a ScanOptions,
        progress: &'a dyn Progress,
    ) -> Self {
        Self {
            image,
            key: ReportKey::new(detectors, &options.limits),
            detectors,
            options,
            progress,
            cache: Mutex::new(options.cache.as_ref()),
        }
    }

    /// A report for each layer, in the image's order.
    pub(super) fn all(&self) -> Result<Vec<Arc<LayerReport>>, ScanError> {
        let layers = &self.image.layers;
        let first_with =
            |layer: &LayerDescriptor| layers.iter().position(|other| same_bytes(layer, other));
        let mut reports: BTreeMap<usize, Arc<LayerReport>> = BTreeMap::new();
        let mut unread: Vec<&LayerDescriptor> = Vec::new();
        for layer in layers
            .iter()
            .filter(|layer| first_with(layer) == Some(layer.index))
        {
            match self.at_hand(layer)? {
                Some(report) => drop(reports.insert(layer.index, Arc::new(report))),
                None => unread.push(layer),
            }
        }
        let read = self.read_all(unread)?.into_iter();
        reports.extend(read.map(|(index, report)| (index, Arc::new(report))));
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
                    let what = error.with_cause();
                    self.progress
                        .warning(&format!("{what}; this scan goes on without it"));
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
pub(super) fn unsupported(layer: &LayerDescriptor) -> Option<Gap> {
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
