//! The packages of programming languages: one file or folder each.
//!
//! What comes in: the record that an installed package carries beside its code. What goes out: that package, and which files
//! are its own. Sources that are not installed and lock files of projects are never read: they say what could be there, not
//! what is.

pub(super) mod conda;
mod json;
mod listed;
pub(super) mod node;
pub(super) mod python;
