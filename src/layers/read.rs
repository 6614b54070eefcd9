//! Reads one layer, once: the stages from stored bytes to a report, each on a thread of its own, so that one huge
//! layer uses all cores.
//!
//! ```text
//! stored bytes → blob digest → inflate ─┬─► diffID
//!                                       └─► walk → detectors
//! ```

use std::io::Read;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::blob::{Blob, Inflate, Packing};
use super::chunks::{Chunk, ChunkPool, ChunkReader};
use super::walk::walk;
use super::{DetectorSet, LayerReport};
use crate::model::{DiffId, Digest, DigestHasher, Gap, GapKind, Limits};

/// What the manifest and the config promise of a layer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Digest of the stored bytes.
    pub digest: Option<Digest>,
    /// Number of stored bytes.
    pub size: Option<u64>,
    /// Digest of the uncompressed tar.
    pub diff_id: Option<DiffId>,
}

/// Bytes that are not what was promised, or could not be had: the image cannot be judged at all. A layer that is as
/// promised, but malformed, is a gap in its report instead.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The source stopped giving bytes.
    #[error("the layer's bytes stopped after {after} bytes")]
    Source {
        /// Stored bytes that had come by then.
        after: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Fewer or more stored bytes than the manifest says.
    #[error("the layer has {found} bytes, its manifest says {expected}")]
    Size {
        /// What the manifest says.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// The stored bytes have another digest.
    #[error("the layer's bytes have digest {found}, its manifest says {expected}")]
    Digest {
        /// What the manifest says.
        expected: Box<Digest>,
        /// What the bytes give.
        found: Box<Digest>,
    },
    /// The uncompressed bytes have another digest.
    #[error(
        "the layer's uncompressed bytes have digest {found}, the image's config says {expected}"
    )]
    DiffId {
        /// What the config says.
        expected: Box<DiffId>,
        /// What the bytes give.
        found: Box<DiffId>,
    },
}

/// A layer that was read and is what it was promised to be.
#[derive(Debug)]
pub struct LayerRead {
    /// What was found.
    pub report: LayerReport,
    /// Digest of the stored bytes.
    pub digest: Digest,
    /// Whether the report covers the whole layer, so that it may be kept for the next image with this diffID. False
    /// where decompression broke off: the diffID is then that of the part that could be read.
    pub complete: bool,
}

/// Reads, verifies and walks one layer.
pub fn read_layer(
    source: impl Read + Send,
    expected: &Expected,
    detectors: &DetectorSet,
    limits: &Limits,
) -> Result<LayerRead, LayerError> {
    let (mut report, checked) = run_stages(source, expected, limits, |chunks| {
        walk(chunks, detectors, limits)
    })?;
    report.diff_id = checked.diff_id;
    report.gaps.extend(checked.gap.iter().cloned());
    Ok(LayerRead {
        report,
        digest: checked.digest,
        complete: checked.gap.is_none(),
    })
}

/// Reads and verifies one layer without looking into it: for a layer whose report may be at hand, but whose diffID is
/// only a claim. Gives the digests of what was read; `None` where it could not be read to its end, so that nothing is
/// known of it.
pub fn hash_layer(
    source: impl Read + Send,
    expected: &Expected,
    limits: &Limits,
) -> Result<Option<(Digest, DiffId)>, LayerError> {
    let ((), checked) = run_stages(
        source,
        expected,
        limits,
        |chunks| while pass_all(chunks) > 0 {},
    )?;
    let is_whole = checked.gap.is_none();
    Ok(is_whole.then_some((checked.digest, checked.diff_id)))
}

fn pass_all(chunks: &mut ChunkReader) -> usize {
    let count = chunks.fill().len();
    chunks.consume(count);
    count
}

/// What the stages before the walk learnt.
struct Checked {
    digest: Digest,
    diff_id: DiffId,
    /// Why the uncompressed stream ended before its time.
    gap: Option<Gap>,
}

/// What the inflating stage learnt.
struct Inflated {
    count: u64,
    /// `None` for a plain tar, whose digest the next stage computes.
    digest: Option<Digest>,
    gap: Option<Gap>,
}

fn run_stages<T>(
    source: impl Read + Send,
    expected: &Expected,
    limits: &Limits,
    consume: impl FnOnce(&mut ChunkReader) -> T,
) -> Result<(T, Checked), LayerError> {
    // The pool bounds what is in flight, so the channels need no bound of their own.
    let (to_walk, walk_chunks) = crossbeam_channel::unbounded();
    let (to_hash, hash_chunks) = crossbeam_channel::unbounded();
    let diff_hasher = hasher_for(expected.diff_id.map(|diff_id| diff_id.0));
    std::thread::scope(|scope| {
        let inflating = scope.spawn(move || inflate(source, expected, limits, &[to_walk, to_hash]));
        let hashing = scope.spawn(move || hash(diff_hasher, &hash_chunks));
        let mut chunks = ChunkReader::new(walk_chunks);
        let consumed = consume(&mut chunks);
        while pass_all(&mut chunks) > 0 {}
        let inflated = joined(inflating.join());
        let diff_id = DiffId(joined(hashing.join()));
        Ok((consumed, check(inflated, diff_id, expected)?))
    })
}

fn hasher_for(digest: Option<Digest>) -> DigestHasher {
    digest.map_or_else(DigestHasher::sha256, |digest| digest.hasher())
}

/// A stage that panicked takes the scan down as if it had panicked here: a fault of ours is never taken for a result.
fn joined<T>(result: std::thread::Result<T>) -> T {
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn hash(mut hasher: DigestHasher, chunks: &Receiver<Arc<Chunk>>) -> Digest {
    for chunk in chunks {
        hasher.update(chunk.bytes());
    }
    hasher.finish()
}

/// The first stage: stored bytes in, uncompressed chunks out to every later stage.
fn inflate(
    source: impl Read,
    expected: &Expected,
    limits: &Limits,
    stages: &[Sender<Arc<Chunk>>],
) -> Result<Inflated, LayerError> {
    let mut blob = Blob::new(source, hasher_for(expected.digest));
    let broken = |after: u64| move |source: std::io::Error| LayerError::Source { after, source };
    let packing = blob.packing().map_err(broken(0))?;
    if packing == Packing::Plain
        && expected
            .digest
            .is_none_or(|digest| same_algorithm(&digest, expected))
    {
        blob.leave_hashing();
    }
    let mut inflate = Inflate::new(blob, packing).map_err(broken(0))?;
    let gap = send_chunks(&mut inflate, limits, stages)?;
    inflate
        .blob()
        .drain()
        .map_err(broken(inflate.blob().count))?;
    let blob = inflate.into_blob();
    let count = blob.count;
    Ok(Inflated {
        count,
        digest: blob.into_hasher().map(DigestHasher::finish),
        gap,
    })
}

/// Whether one hash over a plain tar serves as digest and diffID.
fn same_algorithm(digest: &Digest, expected: &Expected) -> bool {
    digest.algorithm()
        == expected
            .diff_id
            .map_or("sha256", |diff_id| diff_id.0.algorithm())
}

/// Sends the uncompressed stream on until it ends, breaks or passes a limit; the last two are a gap.
fn send_chunks<R: Read>(
    inflate: &mut Inflate<R>,
    limits: &Limits,
    stages: &[Sender<Arc<Chunk>>],
) -> Result<Option<Gap>, LayerError> {
    let mut pool = ChunkPool::new();
    let mut sent: u64 = 0;
    loop {
        let chunk = match pool.read(inflate) {
            Ok(chunk) => chunk,
            Err(error) if is_malformed(&error, inflate) => {
                let detail = format!(
                    "the compressed data is broken after {sent} uncompressed bytes: {error}"
                );
                return Ok(Some(Gap::new(GapKind::MalformedLayer, detail)));
            }
            Err(source) => {
                return Err(LayerError::Source {
                    after: inflate.blob().count,
                    source,
                });
            }
        };
        if chunk.bytes().is_empty() {
            return Ok(None);
        }
        sent += chunk.bytes().len() as u64;
        if let Some(gap) = over_limit(sent, inflate.blob().count, limits) {
            return Ok(Some(gap));
        }
        for stage in stages {
            // A stage that is gone has panicked: its thread is joined, and the panic passed on, by `run_stages`.
            let _ = stage.send(Arc::clone(&chunk));
        }
    }
}

/// Tells broken compressed data, which is what the image is, from a source that failed to deliver it.
fn is_malformed<R: Read>(error: &std::io::Error, inflate: &mut Inflate<R>) -> bool {
    use std::io::ErrorKind;
    if inflate.blob().has_failed {
        return false;
    }
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput => true,
        // A decompressor that wants more than there is; a source that breaks off says so on the next read, too.
        ErrorKind::UnexpectedEof => inflate.blob().drain().is_ok(),
        // zstd reports corrupt frames as `Other`.
        ErrorKind::Other => matches!(inflate, Inflate::Zstd(_)),
        _ => false,
    }
}

fn over_limit(uncompressed: u64, stored: u64, limits: &Limits) -> Option<Gap> {
    let detail = if uncompressed > limits.layer_bytes {
        format!(
            "the layer is larger than {} bytes uncompressed: the rest was not looked at",
            limits.layer_bytes
        )
    } else if uncompressed > Limits::RATIO_FLOOR && uncompressed / stored.max(1) > limits.ratio {
        format!(
            "the layer inflates to more than {} times its size: the rest was not looked at",
            limits.ratio
        )
    } else {
        return None;
    };
    Some(Gap::new(GapKind::LimitReached, detail))
}

/// Compares what came with what was promised, from the outside in: a short download is told before a wrong digest.
fn check(
    inflated: Result<Inflated, LayerError>,
    diff_id: DiffId,
    expected: &Expected,
) -> Result<Checked, LayerError> {
    let Inflated { count, digest, gap } = inflated?;
    if let Some(expected) = expected.size.filter(|size| *size != count) {
        return Err(LayerError::Size {
            expected,
            found: count,
        });
    }
    // A plain tar that was cut by a limit was not hashed to its end.
    let digest = digest.unwrap_or(diff_id.0);
    let digest_is_whole = gap.is_none() || digest != diff_id.0;
    if let Some(expected) = expected
        .digest
        .filter(|expected| digest_is_whole && *expected != digest)
    {
        return Err(LayerError::Digest {
            expected: Box::new(expected),
            found: Box::new(digest),
        });
    }
    if gap.is_none()
        && let Some(expected) = expected.diff_id.filter(|expected| *expected != diff_id)
    {
        return Err(LayerError::DiffId {
            expected: Box::new(expected),
            found: Box::new(diff_id),
        });
    }
    Ok(Checked {
        digest,
        diff_id,
        gap,
    })
}
