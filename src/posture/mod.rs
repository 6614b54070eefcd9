//! What an image itself says of the container boundary: as whom it runs, who can become root inside, what it leaves lying about.
//!
//! What comes in: entries and files of layers, for the [`detectors`]; later the squashed reports, the config and the packages, as
//! an [`ImageView`]. What goes out: [`Observation`](crate::model::Observation)s, and what the checks make of them. Nothing of the image is run. This room
//! asks no network and opens no path; what cannot be told is not evaluated, and never taken for safe.

mod access;
mod base;
pub mod checks;
pub mod history;
mod script_causes;
mod scripts;
mod view;

pub use access::{Identity, Writers};
pub use base::{BaseKnown, BaseMatch, Lag, known_base, lag, named_base};
pub use scripts::Scripts;
pub use view::{ImageView, Resolved, RunUser, Seen, Unseen};
