//! The packages of programming languages: one file each.
//!
//! What comes in: the record that an installed package carries beside its code. What goes out: that package. Sources
//! that are not installed and lock files are never read: they say what could be there, not what is.

pub(super) mod dotnet;
pub(super) mod node;
pub(super) mod python;
