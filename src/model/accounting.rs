//! Whose the bytes are that a container sees.

use serde::{Deserialize, Serialize};

use super::LayerPath;

/// Files that can bring software of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContentKind {
    /// Machine code: a program or a library, as ELF, PE or Mach-O.
    Binary,
    /// A text with an interpreter's name in its first line, and the permission to be run.
    Script,
    /// An archive, or a compressed file.
    Archive,
}

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// How large together.
    pub bytes: u64,
}

impl Amount {
    /// One more file.
    pub fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// All files with content that the container sees, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accounting {
    /// Claimed by a package of the distribution.
    pub distribution: Amount,
    /// Claimed by a package of a language.
    pub language: Amount,
    /// Claimed by nobody, and read: a database, a manifest, a program that tells what it is made of.
    pub analysed: Amount,
    /// Claimed by nobody, and nothing is known of it.
    pub unclaimed: Amount,
    /// Those of the unclaimed that can bring software: programs, scripts and archives, by path.
    pub unclaimed_software: Vec<UnclaimedFile>,
}

/// A program, script or archive that no package claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct UnclaimedFile {
    /// Where it is.
    pub path: LayerPath,
    /// What it is.
    pub kind: ContentKind,
    /// Bytes of content.
    pub bytes: u64,
    /// The index of the layer that brought it.
    pub layer: usize,
}
