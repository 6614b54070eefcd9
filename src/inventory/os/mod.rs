//! The package databases of distributions: one file each.
//!
//! What comes in: the bytes of one database. What goes out: its packages as it records them, without a namespace, since
//! which distribution they belong to stands in another file, and what it says of the files that they installed. They never look
//! at those files.

pub(super) mod apk;
pub(super) mod chisel;
pub(super) mod dpkg;
pub(super) mod homebrew;
pub(super) mod nix;
pub(super) mod opkg;
mod owned;
pub(super) mod pacman;
pub(super) mod portage;
pub(super) mod rpm;
pub(super) mod snap;
