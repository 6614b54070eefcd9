//! Every byte that the container sees: whose it is.

use super::ownership::Owned;
use crate::layers::{Paths, Squashed, Visible};
use crate::model::{Accounting, ContentKind, UnclaimedFile};

/// Counts.
pub(super) fn count(squashed: &Squashed<'_>, owned: &Owned) -> Accounting {
    let mut accounting = Accounting::default();
    let mut unclaimed = Paths::default();
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
    unclaimed: &Paths,
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
