//! Owner and mode of what the container sees.

use std::collections::BTreeMap;

use super::cover::hash;

/// Owner and mode of one entry, as its tar header has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attributes {
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// Owner and mode of everything that the container sees, by path.
#[derive(Clone, Debug, Default)]
pub struct VisibleAttributes {
    /// By the hash of the path, as in `cover`.
    known: BTreeMap<u64, Attributes>,
}

impl VisibleAttributes {
    /// Of the entry at this path; `None` if no layer has an entry of this name.
    pub fn get(&self, path: &str) -> Option<Attributes> {
        self.known.get(&hash(path)).copied()
    }

    /// Notes an entry.
    pub fn insert(&mut self, path: &str, attributes: Attributes) {
        self.known.insert(hash(path), attributes);
    }
}
