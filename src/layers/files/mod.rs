//! Every regular file of a layer, as numbers: where it is, how large, and the digests that package databases record.
//!
//! Names are kept as hashes, as in `cover`: a million files cost 16 MB and no object. Which package owns a file, and whether it is what
//! the package brought, is concluded from these by whoever knows the databases.

mod build;
mod sums;
mod visible;

pub(super) use build::{FileTableBuilder, Located};
pub(super) use sums::Sums;
pub use visible::{Paths, VisibleFile, VisibleFiles};

use std::collections::BTreeMap;

use super::cover::hash;
use crate::model::{FileAlgorithm, FileDigest};

/// One file: sixteen bytes, since there can be millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileRecord {
    /// The hash of its path.
    path: u64,
    /// The index of its folder in the table's list.
    folder: u32,
    /// Bytes of content, and in the highest bit whether a detector read it.
    size: u32,
}

impl FileRecord {
    const READ: u32 = 1 << 31;
    /// This size, and all above it, is in [`FileTable::large`].
    const LARGE: u32 = Self::READ - 1;
}

/// A folder of the layer, or one that an entry lies in, or that lies above one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Folder {
    /// The hash of its path.
    path: u64,
    /// The index of the folder that it lies in; its own index for the root.
    above: u32,
}

/// A digest of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Sum {
    path: u64,
    algorithm: FileAlgorithm,
    start: u64,
}

/// The files of one layer. Those without content are left out: nobody needs to own them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTable {
    /// By path.
    files: Vec<FileRecord>,
    /// A folder comes after the one that it lies in.
    folders: Vec<Folder>,
    /// The sizes that a record has no room for.
    large: BTreeMap<u64, u64>,
    /// By path, then algorithm.
    sums: Vec<Sum>,
}

impl FileTable {
    fn index_of(&self, path: u64) -> Option<usize> {
        self.files
            .binary_search_by_key(&path, |file| file.path)
            .ok()
    }

    fn size_of(&self, file: &FileRecord) -> u64 {
        match file.size & !FileRecord::READ {
            FileRecord::LARGE => self.large.get(&file.path).copied().unwrap_or_default(),
            size => u64::from(size),
        }
    }

    fn digest_of(&self, path: u64, algorithm: FileAlgorithm) -> Option<FileDigest> {
        let key = |sum: &Sum| (sum.path, sum.algorithm);
        let index = self.sums.binary_search_by_key(&(path, algorithm), key);
        let Sum { start, .. } = self.sums.get(index.ok()?)?;
        Some(FileDigest {
            algorithm,
            start: *start,
        })
    }

    /// The table as bytes, for the cache: four counts, then the lists, all little-endian 64-bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [
            self.files.len(),
            self.folders.len(),
            self.large.len(),
            self.sums.len(),
        ];
        let counts = counts.map(|count| count as u64);
        // Column by column, since that packs better.
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let files = &self.files;
        let words = counts
            .into_iter()
            .chain(files.iter().map(|file| file.path))
            .chain(files.iter().map(|file| pair(file.folder, file.size)))
            .chain(self.folders.iter().map(|folder| folder.path))
            .chain(self.folders.iter().map(|folder| u64::from(folder.above)))
            .chain(self.large.iter().flat_map(|(path, size)| [*path, *size]))
            .chain(self.sums.iter().map(|sum| sum.path))
            .chain(self.sums.iter().map(|sum| sum.algorithm as u64))
            .chain(self.sums.iter().map(|sum| sum.start));
        words.flat_map(u64::to_le_bytes).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else {
            return None;
        };
        let (counts, mut rest) = words.split_first_chunk::<4>()?;
        let [files, folders, large, sums] =
            counts.map(|count| usize::try_from(u64::from_le_bytes(count)).ok());
        let mut column = |count: Option<usize>| {
            let (column, after) = rest.split_at_checked(count?)?;
            rest = after;
            Some(column.iter().map(|word| u64::from_le_bytes(*word)))
        };
        let high = |word: u64| u32::try_from(word >> 32).ok();
        let low = |word: u64| u32::try_from(word & u64::from(u32::MAX)).ok();
        let file = |(path, word)| {
            Some(FileRecord {
                path,
                folder: high(word)?,
                size: low(word)?,
            })
        };
        let files = column(files)?.zip(column(files)?).map(file);
        let files: Vec<FileRecord> = files.collect::<Option<_>>()?;
        let folder = |(path, above)| {
            Some(Folder {
                path,
                above: u32::try_from(above).ok()?,
            })
        };
        let folders = column(folders)?.zip(column(folders)?).map(folder);
        let folders: Vec<Folder> = folders.collect::<Option<_>>()?;
        let mut pairs = column(large.and_then(|large| large.checked_mul(2)))?;
        let large = std::iter::from_fn(|| Some((pairs.next()?, pairs.next()?))).collect();
        let algorithm = |number| {
            use FileAlgorithm::{Md5, Sha1, Sha256};
            [Md5, Sha1, Sha256]
                .into_iter()
                .find(|algorithm| *algorithm as u64 == number)
        };
        let paths = column(sums)?.zip(column(sums)?).zip(column(sums)?);
        let sums = paths.map(|((path, number), start)| {
            Some(Sum {
                path,
                algorithm: algorithm(number)?,
                start,
            })
        });
        let sums = sums.collect::<Option<_>>()?;
        let is_whole = rest.is_empty()
            && files
                .iter()
                .all(|file| (file.folder as usize) < folders.len())
            && (0..)
                .zip(&folders)
                .all(|(index, folder)| folder.above <= index);
        is_whole.then_some(Self {
            files,
            folders,
            large,
            sums,
        })
    }
}

#[cfg(test)]
mod tests;
