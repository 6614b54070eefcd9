//! The files that the running container sees, of all layers.

use std::collections::BTreeSet;

use super::{FileRecord, FileTable, hash, sums};
use crate::layers::cover::Above;
use crate::layers::{LayerReport, VisibleAttributes};
use crate::model::{FileAlgorithm, FileDigest};

/// All files with content that the container sees.
#[derive(Clone, Debug, Default)]
pub struct VisibleFiles<'a> {
    tables: Vec<&'a FileTable>,
    /// The hash of the path, the layer, and the index in its table; by path.
    files: Vec<(u64, u32, u32)>,
}

/// A file that the container sees.
#[derive(Clone, Copy, Debug)]
pub struct VisibleFile<'a> {
    table: &'a FileTable,
    record: &'a FileRecord,
    /// The index of the layer that brought it.
    pub layer: usize,
}

impl VisibleFile<'_> {
    /// Bytes of content.
    pub fn size(&self) -> u64 {
        self.table.size_of(self.record)
    }

    /// Whether a detector read it whole.
    pub fn was_read(&self) -> bool {
        self.record.size & FileRecord::READ != 0
    }

    /// Its digest of this algorithm; `None` if it was not computed.
    pub fn digest(&self, algorithm: FileAlgorithm) -> Option<FileDigest> {
        self.table.digest_of(self.record.path, algorithm)
    }
}

impl<'a> VisibleFiles<'a> {
    /// Of all reports of an image, base first.
    pub fn of(reports: &[&'a LayerReport]) -> Self {
        Self::with_attributes(reports).0
    }

    /// The same, and owner and mode of every entry that the container sees: one pass over what lies above each layer.
    pub fn with_attributes(reports: &[&'a LayerReport]) -> (Self, VisibleAttributes) {
        let tables: Vec<_> = reports.iter().map(|report| &report.files).collect();
        let mut files = Vec::new();
        let mut attributes = VisibleAttributes::default();
        // From the top down: what lies above a layer hides its files.
        let mut above = Above::default();
        for (layer, report) in reports.iter().enumerate().rev() {
            let layer_index = u32::try_from(layer).unwrap_or(u32::MAX);
            let table = &report.files;
            let hidden = folders_where(table, |folder| above.hides_folder(folder));
            let is_hidden = |file: &FileRecord| {
                hidden.get(file.folder as usize) == Some(&true) || above.hides_file(file.path)
            };
            let visible = (0..)
                .zip(&table.files)
                .filter(|(_, file)| !is_hidden(file))
                .map(|(index, file)| (file.path, layer_index, index));
            files.extend(visible);
            attributes.add_below(&report.attributes, &hidden, &above);
            if layer > 0 {
                above.add(&report.cover);
            }
        }
        files.sort_unstable();
        attributes.seal();
        (Self { tables, files }, attributes)
    }

    fn get(&self, (_, layer, index): (u64, u32, u32)) -> Option<VisibleFile<'a>> {
        let table = *self.tables.get(layer as usize)?;
        Some(VisibleFile {
            table,
            record: table.files.get(index as usize)?,
            layer: layer as usize,
        })
    }

    /// The file at a path; `None` also where it has no content.
    pub fn find(&self, path: &str) -> Option<VisibleFile<'a>> {
        let path = hash(path);
        let index = self.files.binary_search_by_key(&path, |file| file.0).ok()?;
        self.get(*self.files.get(index)?)
    }

    /// Every folder that a file lies in, or that lies above one.
    pub fn folders(&self) -> Paths {
        let mut holding: Vec<Vec<bool>> = self
            .tables
            .iter()
            .map(|table| vec![false; table.folders.len()])
            .collect();
        for file in self.files.iter().filter_map(|file| self.get(*file)) {
            let folder = holding
                .get_mut(file.layer)
                .and_then(|folders| folders.get_mut(file.record.folder as usize));
            if let Some(folder) = folder {
                *folder = true;
            }
        }
        let mut paths = Paths::default();
        for (table, mut holding) in self.tables.iter().zip(holding) {
            // From the last: a folder comes after the one that it lies in.
            for (index, folder) in table.folders.iter().enumerate().rev() {
                if holding.get(index) == Some(&true) {
                    paths.folders.insert(folder.path);
                    if let Some(above) = holding.get_mut(folder.above as usize) {
                        *above = true;
                    }
                }
            }
        }
        paths
    }

    /// Whether a file of this path has digests at all: only where packages bring files, for the cost of it.
    pub fn is_hashed(path: &str) -> bool {
        sums::is_packaged(path)
    }

    /// Each file, with the first of `owners` that holds it or a folder that it lies in.
    pub fn with_owner(&self, owners: &[&Paths]) -> Vec<(VisibleFile<'a>, Option<usize>)> {
        let folders: Vec<Vec<Vec<bool>>> = self
            .tables
            .iter()
            .map(|table| {
                let held =
                    |paths: &&Paths| folders_where(table, |folder| paths.folders.contains(&folder));
                owners.iter().map(held).collect()
            })
            .collect();
        let owner = |file: &VisibleFile<'_>| {
            owners.iter().enumerate().position(|(index, paths)| {
                let folders = folders.get(file.layer).and_then(|held| held.get(index));
                let in_folder = folders.and_then(|held| held.get(file.record.folder as usize));
                in_folder == Some(&true) || paths.files.contains(&file.record.path)
            })
        };
        let files = self.files.iter().filter_map(|file| self.get(*file));
        files.map(|file| (file, owner(&file))).collect()
    }
}

/// For each folder of a table, whether it, or one that it lies in, is such a one.
fn folders_where(table: &FileTable, is_one: impl Fn(u64) -> bool) -> Vec<bool> {
    let mut are: Vec<bool> = Vec::with_capacity(table.folders.len());
    for folder in &table.folders {
        // The folder above comes before it, and is known.
        let above = are.get(folder.above as usize) == Some(&true);
        are.push(above || is_one(folder.path));
    }
    are
}

/// A set of files and folders, by the hashes of their paths.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    files: BTreeSet<u64>,
    folders: BTreeSet<u64>,
}

impl Paths {
    /// Adds a file.
    pub fn add_file(&mut self, path: &str) {
        self.files.insert(hash(path));
    }

    /// Adds a file that is seen.
    pub fn add(&mut self, file: &VisibleFile<'_>) {
        self.files.insert(file.record.path);
    }

    /// Whether a file was added by itself.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains(&hash(path))
    }

    /// Whether a folder was added.
    pub fn has_folder(&self, path: &str) -> bool {
        self.folders.contains(&hash(path))
    }

    /// Adds all that is below a folder.
    pub fn add_folder(&mut self, path: &str) {
        self.folders.insert(hash(path));
    }
}
