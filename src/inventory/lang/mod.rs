//! The packages of programming languages: one file or folder each.
//!
//! What comes in: the record that an installed package carries beside its code. What goes out: that package, and which files
//! are its own. Sources that are not installed and lock files of projects are not read: they say what could be there, not what
//! is. The exceptions are Swift and Conan, which link packages into a program and leave no other record: what their locks list
//! is claimed.

pub(super) mod conan;
pub(super) mod conda;
pub(super) mod dart;
pub(super) mod dotnet;
pub(super) mod erlang;
pub(super) mod haskell;
mod installed;
pub(super) mod java;
pub(super) mod julia;
pub(super) mod jvm;
mod listed;
pub(super) mod lua;
pub(super) mod node;
pub(super) mod ocaml;
pub(super) mod perl;
pub(super) mod php;
pub(super) mod python;
pub(super) mod r;
pub(super) mod ruby;
pub(super) mod swift;
pub(super) mod wordpress;
