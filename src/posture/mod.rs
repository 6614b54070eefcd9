//! What an image itself says of the container boundary: as whom it runs, who can become root inside, what it leaves lying about.
//!
//! What comes in: entries and files of layers, for the [`detectors`]; later the squashed reports, the config and the packages, as
//! an [`ImageView`]. What goes out: [`Observation`](crate::model::Observation)s, and what the checks make of them. Nothing of the image is run. This room
//! asks no network and opens no path; what cannot be told is not evaluated, and never taken for safe.

mod access;
mod accounts;
mod base;
mod bases;
mod caches;
pub mod checks;
mod entries;
pub mod history;
mod packages_trust;
mod preload;
mod programs;
mod reader;
mod script_causes;
mod scripts;
mod servers;
mod sudo;
mod tmpfiles;
mod tools;
mod view;

/// Owner and mode of one entry, as `layers` keeps them: part of a view.
pub use crate::layers::Attributes;
pub use access::{Identity, Writers};
pub use base::{BaseKnown, BaseMatch, Lag, known_base, lag, named_base};
pub use bases::{Bases, BasesError};
pub use scripts::Scripts;
pub use view::{ImageView, Resolved, RunUser, Seen, Unseen};

use crate::layers::Detector;

/// Every detector of this room: one line for each.
pub fn detectors() -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(entries::Entries),
        Box::new(tools::Tools),
        Box::new(caches::Caches),
        Box::new(programs::Programs),
        Box::new(scripts::Scripts),
        Box::new(accounts::ACCOUNTS),
        Box::new(packages_trust::PACKAGES_TRUST),
        Box::new(preload::PRELOAD),
        Box::new(servers::SERVERS),
        Box::new(sudo::SUDO),
        Box::new(tmpfiles::TMPFILES),
    ]
}
