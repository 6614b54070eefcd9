//! Everything that is ever learnt from one layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{DiffId, Digest, Distribution, Gap, LayerPath, Package, SecretHit};

/// What the detectors found in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileFacts {
    /// Packages that the file records or is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Secrets in its content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretHit>,
    /// The distribution, if it is an os-release or one of its kin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// Parts of it that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

impl FileFacts {
    /// Facts that are packages and nothing else.
    pub fn of_packages(packages: Vec<Package>) -> Self {
        Self {
            packages,
            ..Self::default()
        }
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.packages.is_empty()
            && self.secrets.is_empty()
            && self.distribution.is_none()
            && self.gaps.is_empty()
    }

    /// Adds what another detector found in the same file.
    pub fn merge(&mut self, other: Self) {
        self.packages.extend(other.packages);
        self.secrets.extend(other.secrets);
        self.distribution = self.distribution.take().or(other.distribution);
        self.gaps.extend(other.gaps);
    }
}

/// Everything that was learnt from one layer. A pure function of the uncompressed bytes, the detector set and the
/// limits; it does not know in which image, or at which place, its layer is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The digest of the bytes that were read: verified, never claimed.
    pub diff_id: DiffId,
    /// What the detectors found, by file.
    pub facts: BTreeMap<LayerPath, FileFacts>,
    /// Links whose own name a detector would have read, had they been files: `squash` follows them.
    pub links: BTreeMap<LayerPath, Link>,
    /// Which lower files this layer hides.
    #[serde(skip)]
    pub cover: Cover,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// How much was walked.
    pub counts: WalkCounts,
}

impl LayerReport {
    /// A report of a layer in which nothing was found.
    pub fn empty(diff_id: DiffId) -> Self {
        Self {
            diff_id,
            facts: BTreeMap::new(),
            links: BTreeMap::new(),
            cover: Cover::default(),
            gaps: Vec::new(),
            counts: WalkCounts::default(),
        }
    }
}

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Hard or symbolic.
    pub kind: LinkKind,
    /// The target inside the image, resolved from the link's place.
    pub target: LayerPath,
}

/// The two kinds of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// Another name for a file of the same layer.
    Hard,
    /// Followed in the running container, whatever layer the target is from.
    Symbolic,
}

/// How much one walk passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkCounts {
    /// Tar entries of any kind.
    pub entries: u64,
    /// Regular files.
    pub files: u64,
    /// Content of the regular files.
    pub file_bytes: u64,
    /// Bytes of the uncompressed tar stream.
    pub tar_bytes: u64,
}

/// Which paths of lower layers a layer hides: a hash for each name, so that a million files cost 8 MB and no object.
///
/// The hash is the first 64 bits of SHA-256: to hide a given database behind a collision takes 2^64 tries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    /// Everything that is no folder: it replaces what a lower layer has at that path, and below it.
    replaced: Vec<u64>,
    /// Whiteouts: what they name is gone.
    removed: Vec<u64>,
    /// Opaque folders: what lower layers have below them is gone, they themselves are not.
    opaque: Vec<u64>,
}

/// What a layer does to a path of a lower layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// Nothing: it stays visible.
    No,
    /// A file, link or device takes its place.
    Replaced,
    /// A whiteout or an opaque folder takes it away.
    Removed,
}

impl Cover {
    /// Notes that the layer has something other than a folder at `path`.
    pub fn replace(&mut self, path: &str) {
        self.replaced.push(hash(path));
    }

    /// Notes a whiteout of `path`.
    pub fn remove(&mut self, path: &str) {
        self.removed.push(hash(path));
    }

    /// Notes that `folder` is opaque.
    pub fn make_opaque(&mut self, folder: &str) {
        self.opaque.push(hash(folder));
    }

    /// Puts the hashes into the order that [`covers`](Self::covers) needs. Called once, when the walk ends.
    pub fn seal(&mut self) {
        for set in [&mut self.replaced, &mut self.removed, &mut self.opaque] {
            set.sort_unstable();
            set.dedup();
            set.shrink_to_fit();
        }
    }

    /// What this layer does to `path` of a lower layer.
    pub fn covers(&self, path: &str) -> Covered {
        let has = |set: &[u64], hash: u64| set.binary_search(&hash).is_ok();
        let mut place = Some(path);
        while let Some(current) = place {
            let hash = hash(current);
            if has(&self.removed, hash) || (current != path && has(&self.opaque, hash)) {
                return Covered::Removed;
            }
            if has(&self.replaced, hash) {
                return Covered::Replaced;
            }
            place = crate::model::path_parent(current);
        }
        Covered::No
    }

    /// The three sets as bytes, for the cache: three counts, then the hashes, all little-endian 64-bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sets = [&self.replaced, &self.removed, &self.opaque];
        let counts = sets.iter().map(|set| set.len() as u64);
        counts
            .chain(sets.iter().flat_map(|set| set.iter().copied()))
            .flat_map(u64::to_le_bytes)
            .collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
        let counts = [words.next()?, words.next()?, words.next()?];
        let mut sets = counts.map(|count| -> Option<Vec<u64>> {
            let count = usize::try_from(count)
                .ok()
                .filter(|count| *count <= words.len())?;
            Some(words.by_ref().take(count).collect())
        });
        let cover = Self {
            replaced: sets[0].take()?,
            removed: sets[1].take()?,
            opaque: sets[2].take()?,
        };
        (rest.is_empty() && words.next().is_none()).then_some(cover)
    }
}

fn hash(path: &str) -> u64 {
    let Digest::Sha256(bytes) = Digest::sha256_of(path.as_bytes()) else {
        return 0;
    };
    bytes
        .first_chunk()
        .map_or(0, |first| u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover() -> Cover {
        let mut cover = Cover::default();
        cover.replace("etc/config");
        cover.remove("opt/old");
        cover.make_opaque("var/lib");
        cover.seal();
        cover
    }

    #[test]
    fn a_layer_hides_what_it_replaces_whites_out_or_makes_opaque_and_all_below() {
        let cover = cover();
        assert_eq!(cover.covers("etc/config"), Covered::Replaced);
        assert_eq!(cover.covers("etc/config/below"), Covered::Replaced);
        assert_eq!(cover.covers("opt/old/file"), Covered::Removed);
        assert_eq!(cover.covers("var/lib/dpkg/status"), Covered::Removed);
        assert_eq!(cover.covers("var/lib"), Covered::No);
        assert_eq!(cover.covers("etc"), Covered::No);
        assert_eq!(cover.covers("etc/configuration"), Covered::No);
    }

    #[test]
    fn a_cover_reads_back_from_its_bytes_and_refuses_others() {
        let bytes = cover().to_bytes();
        assert_eq!(Cover::from_bytes(&bytes), Some(cover()));
        assert_eq!(Cover::from_bytes(&bytes[1..]), None);
        assert_eq!(Cover::from_bytes(&[0xff; 24]), None);
        assert_eq!(Cover::from_bytes(&[bytes, vec![0; 8]].concat()), None);
    }
}
