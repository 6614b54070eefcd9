//! What a layer hides of the layers below it.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets>

use std::collections::BTreeSet;

use crate::model::{Digest, path_parent};

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
    /// Folders: each replaces a file that a lower layer has at its path, and leaves what lower folders hold.
    folders: Vec<u64>,
}

/// What a layer does to a path of a lower layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covered {
    /// Nothing: it stays visible.
    No,
    /// A file, link or device takes its place, or a folder that of a file.
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

    /// Notes an entry of the layer, a folder or something else, by the hash of its path.
    pub(super) fn note(&mut self, path: u64, is_folder: bool) {
        if is_folder {
            self.folders.push(path);
        } else {
            self.replaced.push(path);
        }
    }

    /// Notes that `folder` is opaque.
    pub fn make_opaque(&mut self, folder: &str) {
        self.opaque.push(hash(folder));
    }

    /// Notes that the layer has a folder at `path`.
    pub fn make_folder(&mut self, path: &str) {
        self.folders.push(hash(path));
    }

    /// Puts the hashes into the order that [`covers`](Self::covers) needs. Called once, when the walk ends.
    pub fn seal(&mut self) {
        for set in [
            &mut self.replaced,
            &mut self.removed,
            &mut self.opaque,
            &mut self.folders,
        ] {
            set.sort_unstable();
            set.dedup();
            set.shrink_to_fit();
        }
    }

    /// What this layer does to a file of a lower layer.
    pub fn covers(&self, place: &PathHashes) -> Covered {
        let has = |set: &[u64], hash: u64| set.binary_search(&hash).is_ok();
        for (depth, hash) in place.0.iter().enumerate() {
            if has(&self.removed, *hash) || (depth > 0 && has(&self.opaque, *hash)) {
                return Covered::Removed;
            }
            if has(&self.replaced, *hash) || (depth == 0 && has(&self.folders, *hash)) {
                return Covered::Replaced;
            }
        }
        Covered::No
    }

    /// The four sets as bytes, for the cache: four counts, then the hashes, all little-endian 64-bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let sets = [&self.replaced, &self.removed, &self.opaque, &self.folders];
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
        let counts = [words.next()?, words.next()?, words.next()?, words.next()?];
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
            folders: sets[3].take()?,
        };
        (rest.is_empty() && words.next().is_none()).then_some(cover)
    }
}

/// The covers of several layers as one: what all of them hide of what lies below.
#[derive(Clone, Debug, Default)]
pub(super) struct Above {
    replaced: BTreeSet<u64>,
    removed: BTreeSet<u64>,
    opaque: BTreeSet<u64>,
    folders: BTreeSet<u64>,
}

impl Above {
    pub(super) fn add(&mut self, cover: &Cover) {
        self.replaced.extend(&cover.replaced);
        self.removed.extend(&cover.removed);
        self.opaque.extend(&cover.opaque);
        self.folders.extend(&cover.folders);
    }

    /// Whether a file is hidden for its own name; its folders are asked for by themselves.
    pub(super) fn hides_file(&self, path: u64) -> bool {
        self.takes_away(path) || self.folders.contains(&path)
    }

    /// Whether all that is directly in this folder is hidden.
    pub(super) fn hides_folder(&self, folder: u64) -> bool {
        self.takes_away(folder) || self.opaque.contains(&folder)
    }

    /// Whether nothing of a path is left, nor of what is below it.
    fn takes_away(&self, path: u64) -> bool {
        self.replaced.contains(&path) || self.removed.contains(&path)
    }
}

/// The hashes of a path and of every folder above it, nearest first: computed once, compared with every layer.
#[derive(Clone, Debug)]
pub struct PathHashes(Vec<u64>);

impl PathHashes {
    /// Of a normalised path.
    pub fn of(path: &str) -> Self {
        Self(
            std::iter::successors(Some(path), |path| path_parent(path))
                .map(hash)
                .collect(),
        )
    }
}

/// The hash of a path: the first 64 bits of SHA-256.
pub(super) fn hash(path: &str) -> u64 {
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
        cover.make_folder("srv");
        cover.seal();
        cover
    }

    #[test]
    fn a_layer_hides_what_it_replaces_whites_out_or_makes_opaque_and_all_below() {
        let cover = cover();
        let covers = |path| cover.covers(&PathHashes::of(path));
        assert_eq!(covers("etc/config"), Covered::Replaced);
        assert_eq!(covers("etc/config/below"), Covered::Replaced);
        assert_eq!(covers("opt/old/file"), Covered::Removed);
        assert_eq!(covers("var/lib/dpkg/status"), Covered::Removed);
        assert_eq!(covers("var/lib"), Covered::No);
        assert_eq!(covers("etc"), Covered::No);
        assert_eq!(covers("srv"), Covered::Replaced);
        assert_eq!(covers("srv/file"), Covered::No);
        assert_eq!(covers("etc/configuration"), Covered::No);
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
