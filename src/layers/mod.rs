//! From one blob to one report, and from reports to what is visible in the container.
//!
//! What comes in: a layer's bytes, once, as a stream, and the table of detectors. What goes out: a [`LayerReport`], a
//! pure function of the uncompressed bytes and the detector set, and [`Squashed`], the reports folded with whiteouts.
//! This room never unpacks anything, never opens a path that an image names, knows no ecosystem, and keeps no object
//! for a file that no detector wants.

mod detector;
mod report;

pub use detector::{
    Detector, DetectorId, DetectorSet, Entry, EntryKind, File, Interest, ParseError, Session, Want,
    detect_one,
};
pub use report::{Cover, Covered, FileFacts, LayerReport, Link, LinkKind, WalkCounts};
