//! Files of the distribution's packages that are not what the package brought.
//!
//! The databases record a digest of each file as it was installed (dpkg's `md5sums`, apk's `Z:`, rpm's `FILEDIGESTS`), and every
//! file's bytes have passed: what differs was changed by a later build step, or by somebody who wanted it not to be seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ownership::{names_of, visible_claims};
use crate::layers::{Squashed, VisibleFile};
use crate::model::{ClaimKind, ContentKind, Gap, GapKind, LayerPath};

/// A file whose content is not what its package says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ModifiedFile {
    /// Where it is.
    pub path: LayerPath,
    /// The package that brought another content.
    pub owner: String,
    /// The index of the layer that brought what is there now.
    pub layer: usize,
    /// Whether the package expects its users to change it.
    pub is_configuration: bool,
    /// What it is now, if it can be run.
    pub content: Option<ContentKind>,
}

/// What the comparison gave.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    /// Files that were compared with the digest that a package records of them.
    pub checked: u64,
    /// Those that differ, by path.
    pub modified: Vec<ModifiedFile>,
}

/// Where the comparison of one file stands: several packages can claim it, and one that is right is enough.
enum Verdict {
    Intact,
    Modified(ModifiedFile),
}

/// Compares every claimed digest with the file that the container sees.
pub(super) fn check(squashed: &Squashed<'_>) -> (Integrity, Option<Gap>) {
    let mut verdicts: BTreeMap<String, Verdict> = BTreeMap::new();
    let mut not_computed = 0;
    for (claims, claim) in visible_claims(squashed).filter(|(claims, _)| claims.is_os) {
        let Some(expected) = claim.digest else {
            continue;
        };
        let found = names_of(claim.path).find_map(|name| Some((squashed.files.find(&name)?, name)));
        let Some((file, path)) = found else {
            // Deleted, or empty, or a link now: images leave out manuals and translations.
            continue;
        };
        match file.digest(expected.algorithm) {
            None => not_computed += 1,
            Some(digest) if digest == expected => {
                verdicts.insert(path, Verdict::Intact);
            }
            Some(_) => {
                let modified = modified(&path, &claims.owner, &file, claim.kind);
                verdicts.entry(path).or_insert(Verdict::Modified(modified));
            }
        }
    }
    let checked = verdicts.len() as u64;
    let modified = verdicts.into_values().filter_map(|verdict| match verdict {
        Verdict::Modified(file) => Some(file),
        Verdict::Intact => None,
    });
    let mut modified: Vec<ModifiedFile> = modified.collect();
    for file in &mut modified {
        file.content = content_of(squashed, &file.path);
    }
    let integrity = Integrity { checked, modified };
    (integrity, gap(not_computed))
}

fn modified(path: &str, owner: &str, file: &VisibleFile<'_>, kind: ClaimKind) -> ModifiedFile {
    ModifiedFile {
        path: LayerPath::from(path),
        owner: owner.to_owned(),
        layer: file.layer,
        is_configuration: kind == ClaimKind::Config,
        content: None,
    }
}

fn content_of(squashed: &Squashed<'_>, path: &LayerPath) -> Option<ContentKind> {
    let visible = &squashed.visible;
    let index = visible.binary_search_by_key(&path, |file| file.path).ok()?;
    visible.get(index)?.current()?.1.content
}

/// A layer that looks like another family's is hashed for that family only: then there is nothing to compare with.
fn gap(not_computed: u64) -> Option<Gap> {
    (not_computed > 0).then(|| {
        let detail = format!(
            "{not_computed} files of packages were not compared with the digests that their database records: the layer looks like another distribution's"
        );
        Gap::new(GapKind::IntegrityUnchecked, detail)
    })
}
