//! From one blob to one report, and from reports to what is visible in the container.
//!
//! What comes in: a layer's bytes, once, as a stream, and the table of detectors. What goes out: a [`LayerReport`], a
//! pure function of the uncompressed bytes and the detector set, and [`Squashed`], the reports folded with whiteouts.
//! This room never unpacks anything, never opens a path that an image names, knows no ecosystem, and keeps no object
//! for a file that no detector wants.

mod attributes;
mod blob;
mod cache;
mod chunks;
mod content;
mod cover;
mod detector;
mod dispatch;
mod files;
mod found;
mod gap_log;
mod held;
mod observe;
mod pax;
mod read;
mod report;
mod squash;
mod tar_header;
mod walk;

#[cfg(test)]
mod engine_tests;
#[cfg(test)]
mod tests;

pub use attributes::{AttributeTable, Attributes, VisibleAttributes};
pub use cache::{Cache, CacheError, ReportKey};
pub use cover::{Cover, Covered, PathHashes};
pub use detector::{
    Detector, DetectorId, DetectorSet, Device, Entry, EntryHeader, EntryKind, File, Interest,
    ParseError, Session, Want, detect_one,
};
pub use files::{FileTable, Paths, VisibleFile, VisibleFiles};
pub use read::{Expected, LayerError, LayerRead, hash_layer, read_layer};
pub use report::{FileFacts, LayerReport, WalkCounts};
pub use squash::{Hidden, Squashed, Visible, squash};
