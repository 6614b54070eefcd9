//! Collects the table of files while a layer is walked.

use super::{FileRecord, FileTable, Folder, Sum, hash};
use crate::model::{FileDigest, path_parent};

/// An entry's place, as numbers: computed once for all that keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::layers) struct Located {
    /// The hash of its path.
    pub(in crate::layers) path: u64,
    /// The index of the folder that it lies in.
    pub(in crate::layers) folder: u32,
}

/// The table as it grows.
#[derive(Default)]
pub(in crate::layers) struct FileTableBuilder {
    table: FileTable,
    /// The index of each folder, by its hash.
    folders: std::collections::BTreeMap<u64, u32>,
    /// The folder of the last entry, and its index: entries come folder by folder.
    last_folder: String,
    last_index: Option<u32>,
    /// Hard links: the hash of the path, the folder, and the hash of the target.
    links: Vec<(u64, u32, u64)>,
    /// Paths that something other than a file with content took, and how many files there were by then.
    taken: Vec<(u64, usize)>,
}

impl FileTableBuilder {
    /// Where an entry lies.
    pub(in crate::layers) fn locate(&mut self, path: &str) -> Located {
        Located {
            path: hash(path),
            folder: self.folder_of(path),
        }
    }

    /// A folder: what comes next mostly lies in it. Gives its own index.
    pub(in crate::layers) fn enter(&mut self, path: &str, at: Located) -> u32 {
        let index = match self.folders.get(&at.path) {
            Some(known) => *known,
            None => self.push_folder(at.path, Some(at.folder)),
        };
        self.remember(path, index);
        index
    }

    /// A file, and the digests of its content.
    pub(in crate::layers) fn add(
        &mut self,
        at: Located,
        size: u64,
        was_read: bool,
        digests: impl IntoIterator<Item = FileDigest>,
    ) {
        if size == 0 {
            return self.take(at);
        }
        let Located { path, folder } = at;
        let small = u32::try_from(size).ok();
        let small = small.filter(|size| *size < FileRecord::LARGE);
        if small.is_none() {
            self.table.large.insert(path, size);
        }
        let flag = if was_read { FileRecord::READ } else { 0 };
        self.table.files.push(FileRecord {
            path,
            folder,
            size: small.unwrap_or(FileRecord::LARGE) | flag,
        });
        let sum = |FileDigest { algorithm, start }| Sum {
            path,
            algorithm,
            start,
        };
        self.table.sums.extend(digests.into_iter().map(sum));
    }

    /// Another name for a file of this layer.
    pub(in crate::layers) fn link(&mut self, at: Located, target: &str) {
        self.links.push((at.path, at.folder, hash(target)));
    }

    /// Something else takes the place of a file that came before it in the same layer.
    pub(in crate::layers) fn take(&mut self, at: Located) {
        self.taken.push((at.path, self.table.files.len()));
    }

    fn folder_of(&mut self, path: &str) -> u32 {
        let folder = path_parent(path).unwrap_or_default();
        match self.last_index {
            Some(index) if self.last_folder == folder => index,
            _ => {
                let index = self.add_folder(folder);
                self.remember(folder, index);
                index
            }
        }
    }

    fn remember(&mut self, folder: &str, index: u32) {
        self.last_folder.clear();
        self.last_folder.push_str(folder);
        self.last_index = Some(index);
    }

    /// Adds a folder after those above it. A path is as deep as `Limits::path_parts` lets it be.
    fn add_folder(&mut self, folder: &str) -> u32 {
        let path = hash(folder);
        if let Some(known) = self.folders.get(&path) {
            return *known;
        }
        let above = path_parent(folder).map(|above| self.add_folder(above));
        self.push_folder(path, above)
    }

    fn push_folder(&mut self, path: u64, above: Option<u32>) -> u32 {
        // `Limits::entries` is far below 2^32 unless the user wants more; then folders beyond share the last number.
        let index = u32::try_from(self.table.folders.len()).unwrap_or(u32::MAX);
        self.table.folders.push(Folder {
            path,
            above: above.unwrap_or(index),
        });
        self.folders.insert(path, index);
        index
    }

    /// The table, in order. Of two files of one name the later one counts, as it does when a layer is unpacked.
    pub(in crate::layers) fn seal(mut self) -> FileTable {
        self.drop_taken();
        self.order();
        let linked: Vec<(FileRecord, Vec<Sum>)> = self
            .links
            .iter()
            .filter_map(|(path, folder, target)| self.linked(*path, *folder, *target))
            .collect();
        if !linked.is_empty() {
            for (file, sums) in linked {
                self.table.files.push(file);
                self.table.sums.extend(sums);
            }
            self.order();
        }
        self.table.files.shrink_to_fit();
        self.table.sums.shrink_to_fit();
        self.table
    }

    fn drop_taken(&mut self) {
        let taken = &mut self.taken;
        taken.sort_unstable();
        let is_taken = |path: u64, index: usize| {
            let after = taken.partition_point(|taken| *taken <= (path, index));
            taken.get(after).is_some_and(|(other, _)| *other == path)
        };
        let mut index = 0;
        self.table.files.retain(|file| {
            index += 1;
            !is_taken(file.path, index - 1)
        });
    }

    /// Sorts, so that the last one of a name stays.
    fn order(&mut self) {
        let FileTable { files, sums, .. } = &mut self.table;
        files.reverse();
        files.sort_by_key(|file| file.path);
        files.dedup_by_key(|file| file.path);
        sums.reverse();
        sums.sort_by_key(|sum| (sum.path, sum.algorithm));
        sums.dedup_by_key(|sum| (sum.path, sum.algorithm));
    }

    fn linked(&self, path: u64, folder: u32, target: u64) -> Option<(FileRecord, Vec<Sum>)> {
        let table = &self.table;
        let file = *table.files.get(table.index_of(target)?)?;
        let from = table.sums.partition_point(|sum| sum.path < target);
        let sums = table.sums.get(from..).unwrap_or_default().iter();
        let sums = sums
            .take_while(|sum| sum.path == target)
            .map(|sum| Sum { path, ..*sum });
        let record = FileRecord {
            path,
            folder,
            ..file
        };
        Some((record, sums.collect()))
    }
}
