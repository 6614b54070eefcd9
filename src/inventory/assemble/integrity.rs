//! Files of the distribution's packages that are not what the package brought.
//!
//! The databases record a digest of each file as it was installed (dpkg's `md5sums`, apk's `Z:`, rpm's `FILEDIGESTS`), and every
//! file's bytes have passed: what differs was changed by a later build step, or by somebody who wanted it not to be seen.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::ownership::{names_of, visible_claims};
use crate::layers::{Squashed, VisibleFiles};
use crate::model::{ClaimKind, ContentKind, FileAlgorithm, Gap, GapKind, LayerPath};

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
    /// Files with something like a secret in them that are what this package brought: everyone has it.
    pub known: BTreeMap<LayerPath, String>,
}

impl Integrity {
    /// Whether a file is known not to be what a package brought.
    pub(super) fn is_modified(&self, path: &LayerPath) -> bool {
        self.modified
            .binary_search_by_key(&path, |file| &file.path)
            .is_ok()
    }
}

/// Files that differ from what packages say of them, by path.
type Differing<'a> = BTreeMap<String, Vec<Difference<'a>>>;

/// A package that says of a file what is not so.
struct Difference<'a> {
    owner: &'a str,
    algorithm: FileAlgorithm,
    layer: usize,
}

/// Compares every claimed digest with the file that the container sees. Several packages can claim one file, and one that is
/// right is enough.
pub(super) fn check(squashed: &Squashed<'_>) -> (Integrity, Option<Gap>) {
    let mut intact: BTreeSet<String> = BTreeSet::new();
    let mut differing = Differing::new();
    let mut not_computed = 0;
    let with_secrets = with_secrets(squashed);
    let mut known = BTreeMap::new();
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
            None if VisibleFiles::is_hashed(&path) => not_computed += 1,
            None => {}
            Some(digest) if digest == expected => {
                if let Some(file) = with_secrets.get(path.as_str()) {
                    known.insert((*file).clone(), claims.owner.clone());
                }
                intact.insert(path);
            }
            Some(_) => differing.entry(path).or_default().push(Difference {
                owner: &claims.owner,
                algorithm: expected.algorithm,
                layer: file.layer,
            }),
        }
    }
    differing.retain(|path, _| !intact.contains(path));
    let checked = (intact.len() + differing.len()) as u64;
    let said = said_of(squashed, &differing);
    let modified = differing.iter().filter_map(|(path, differences)| {
        let said = said.get(path.as_str());
        let difference = differences
            .iter()
            .find(|difference| !said.is_some_and(|said| said.explains(difference)))?;
        let path = LayerPath::from_normalised(path);
        Some(ModifiedFile {
            owner: difference.owner.to_owned(),
            layer: difference.layer,
            is_configuration: said.is_some_and(|said| said.is_configuration),
            content: content_of(squashed, &path),
            path,
        })
    });
    let integrity = Integrity {
        checked,
        modified: modified.collect(),
        known,
    };
    (integrity, gap(not_computed))
}

/// Files that the container sees with something like a secret in them.
fn with_secrets<'a>(squashed: &'a Squashed<'_>) -> BTreeMap<&'a str, &'a LayerPath> {
    let visible = squashed.visible.iter();
    let found = visible.filter(|file| {
        file.current()
            .is_some_and(|(_, facts)| !facts.secrets.is_empty())
    });
    found.map(|file| (file.path.as_str(), file.path)).collect()
}

/// What all claims together say of one file that differs.
#[derive(Default)]
struct Said<'a> {
    is_configuration: bool,
    /// Packages that keep the place for themselves: the file of any other package lies elsewhere.
    diverted_by: BTreeSet<&'a str>,
    /// Packages that list the file without a digest.
    listed_by: BTreeSet<&'a str>,
}

impl Said<'_> {
    /// Whether the file is not that package's any more.
    fn explains(&self, difference: &Difference<'_>) -> bool {
        let owner = difference.owner;
        let is_diverted = !self.diverted_by.is_empty() && !self.diverted_by.contains(owner);
        // A file that another package took over (`Replaces`) goes out of the old owner's `*.list`, but not out of its
        // `*.md5sums`. Only dpkg has the two apart.
        let is_taken_over = difference.algorithm == FileAlgorithm::Md5
            && !self.listed_by.is_empty()
            && !self.listed_by.contains(owner);
        is_diverted || is_taken_over
    }
}

/// dpkg tells in one file that a file is there, in another its digest, in a third that it is configuration: what they say of the
/// files that differ.
fn said_of<'a>(
    squashed: &'a Squashed<'_>,
    differing: &'a Differing<'_>,
) -> BTreeMap<&'a str, Said<'a>> {
    let mut said: BTreeMap<&str, Said<'_>> = BTreeMap::new();
    if differing.is_empty() {
        return said;
    }
    for (claims, claim) in visible_claims(squashed).filter(|(claims, _)| claims.is_os) {
        for name in names_of(claim.path) {
            let Some((path, _)) = differing.get_key_value(&name) else {
                continue;
            };
            let said = said.entry(path).or_default();
            let owner = claims.owner.as_str();
            said.is_configuration |= claim.kind == ClaimKind::Config;
            if claim.kind == ClaimKind::Diverted {
                said.diverted_by.insert(owner);
            } else if claim.digest.is_none() {
                said.listed_by.insert(owner);
            }
        }
    }
    said
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
