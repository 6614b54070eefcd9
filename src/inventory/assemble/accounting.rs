//! Every byte that the container sees: whose it is.

use serde::{Deserialize, Serialize};

use super::ownership::Owned;
use crate::layers::{ContentKind, Squashed, Visible};
use crate::model::LayerPath;

/// Files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// How many.
    pub files: u64,
    /// How large together.
    pub bytes: u64,
}

impl Amount {
    fn add(&mut self, bytes: u64) {
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

/// Counts.
pub(super) fn count(squashed: &Squashed<'_>, owned: &Owned) -> Accounting {
    let mut accounting = Accounting::default();
    let mut unclaimed = crate::layers::Paths::default();
    for (file, owner) in squashed.files.with_owner(&[&owned.os, &owned.language]) {
        let amount = match owner {
            Some(0) => &mut accounting.distribution,
            Some(_) => &mut accounting.language,
            None if file.was_read() => &mut accounting.analysed,
            None => {
                unclaimed.add(&file);
                &mut accounting.unclaimed
            }
        };
        amount.add(file.size());
    }
    let software = squashed.visible.iter().filter_map(|file| {
        let kind = file.current().and_then(|(_, facts)| facts.content)?;
        unclaimed_file(squashed, file, kind, &unclaimed)
    });
    accounting.unclaimed_software = software.collect();
    accounting
}

fn unclaimed_file(
    squashed: &Squashed<'_>,
    file: &Visible<'_>,
    kind: ContentKind,
    unclaimed: &crate::layers::Paths,
) -> Option<UnclaimedFile> {
    let seen = squashed.files.find(file.path.as_str())?;
    unclaimed
        .has_file(file.path.as_str())
        .then(|| UnclaimedFile {
            path: file.path.clone(),
            kind,
            bytes: seen.size(),
            layer: seen.layer,
        })
}
