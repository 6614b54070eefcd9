//! The files inside an archive or a layout folder, by their names there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::model::limits::read_at_most;
use crate::model::{LayerDescriptor, LayerPath};

use super::tarball::{FilePart, MemberKind, Skip, Tarball};
use super::{Blobs, ReadOrder, SourceError};

/// The largest manifest, index or config: 8 MiB, twice what registries accept as a manifest.
pub(super) const LARGEST_DOCUMENT: u64 = 8 << 20;

/// The most members of an archive of images: 65,536, which is 500 images of the most layers that an engine mounts.
const MOST_MEMBERS: usize = 1 << 16;

/// How many links may lead from one to the next.
const LONGEST_CHAIN: usize = 8;

/// The files inside an archive or a layout folder. A name is only ever compared with the names inside; none becomes a
/// path on this machine but those that are made of a digest.
pub(super) trait Members: Send + Sync {
    /// Bytes of the file; `None` if there is no such file.
    fn size(&self, name: &str) -> Option<u64>;

    /// The file's bytes. May wait for another reader to be dropped.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, SourceError>;

    /// In which order these files are best read.
    fn read_order(&self, _names: &[String]) -> ReadOrder {
        ReadOrder::Any
    }

    /// What to call the whole in a message: without its folder.
    fn archive(&self) -> &str;

    /// A whole manifest, index or config; `None` if there is no such file.
    fn document(&self, name: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let Some(size) = self.size(name) else {
            return Ok(None);
        };
        let what = format!("{name} in {}", self.archive());
        if size > LARGEST_DOCUMENT {
            return Err(SourceError::TooLarge {
                what,
                limit: LARGEST_DOCUMENT,
            });
        }
        let bytes = read_at_most(self.open(name)?, LARGEST_DOCUMENT);
        bytes.map(Some).map_err(SourceError::io(what))
    }

    /// The error for a file that should be there.
    fn missing(&self, blob: &str) -> SourceError {
        SourceError::NoSuchBlob {
            blob: super::error::shown(blob),
            place: self.archive().to_owned(),
        }
    }
}

/// The layers of an image whose files lie in an archive or folder.
pub(super) struct MemberBlobs {
    /// Where they lie.
    pub(super) members: Box<dyn Members>,
    /// The layers' names there, base first.
    pub(super) names: Vec<String>,
}

impl Blobs for MemberBlobs {
    fn open(&self, layer: &LayerDescriptor) -> Result<Box<dyn Read + Send>, SourceError> {
        match self.names.get(layer.index) {
            Some(name) => self.members.open(name),
            None => Err(self.members.missing(&format!("layer {}", layer.index))),
        }
    }

    fn read_order(&self) -> ReadOrder {
        self.members.read_order(&self.names)
    }
}

/// Where the members of a tar lie.
#[derive(Debug, Default)]
pub(super) struct Index {
    places: BTreeMap<LayerPath, Place>,
    links: BTreeMap<LayerPath, LayerPath>,
}

/// Where one member lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// How many members come before it.
    pub(super) ordinal: usize,
    /// Where its content begins.
    pub(super) offset: u64,
    /// Bytes of content.
    pub(super) size: u64,
}

impl Index {
    /// Walks all members once. `keep` sees each regular file and may read it.
    pub(super) fn read<R: Skip>(
        tarball: &mut Tarball<R>,
        mut keep: impl FnMut(&LayerPath, &mut Tarball<R>) -> io::Result<()>,
    ) -> io::Result<Self> {
        let mut index = Self::default();
        let mut ordinal = 0;
        while let Some(member) = tarball.next()? {
            if ordinal >= MOST_MEMBERS {
                return Err(io::Error::new(
                    io::ErrorKind::FileTooLarge,
                    format!("it has more than {MOST_MEMBERS} members"),
                ));
            }
            // As when a tar is unpacked, a later member of the same name takes the place of an earlier one.
            match member.kind {
                MemberKind::File => {
                    keep(&member.name, tarball)?;
                    let place = Place {
                        ordinal,
                        offset: member.offset,
                        size: member.size,
                    };
                    index.links.remove(&member.name);
                    index.places.insert(member.name, place);
                }
                MemberKind::Link(target) => {
                    index.places.remove(&member.name);
                    index.links.insert(member.name, target);
                }
                MemberKind::Other => {}
            }
            ordinal += 1;
        }
        Ok(index)
    }

    /// The file of this name, through links: `docker save` of old wrote a layer that two images share as a link.
    pub(super) fn find(&self, name: &str) -> Option<(LayerPath, Place)> {
        let mut name = LayerPath::from(name);
        for _ in 0..LONGEST_CHAIN {
            if let Some(place) = self.places.get(&name) {
                return Some((name, *place));
            }
            name = self.links.get(&name)?.clone();
        }
        None
    }
}

/// An uncompressed tar: each member opens at its position, any number at once.
pub(super) struct PlainTar {
    archive: String,
    file: FilePart,
    index: Index,
}

impl PlainTar {
    pub(super) fn open(archive: String, file: File) -> Result<Self, SourceError> {
        let read = || -> io::Result<(FilePart, Index)> {
            let file = FilePart::whole(file)?;
            let index = Index::read(&mut Tarball::new(file.clone()), |_, _| Ok(()))?;
            Ok((file, index))
        };
        match read() {
            Ok((file, index)) => Ok(Self {
                archive,
                file,
                index,
            }),
            Err(source) => Err(SourceError::Archive { archive, source }),
        }
    }
}

impl Members for PlainTar {
    fn size(&self, name: &str) -> Option<u64> {
        self.index.find(name).map(|(_, place)| place.size)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, SourceError> {
        let (_, place) = self.index.find(name).ok_or_else(|| self.missing(name))?;
        Ok(Box::new(self.file.part(place.offset, place.size)))
    }

    fn archive(&self) -> &str {
        &self.archive
    }
}

/// An OCI layout folder. Callers make every name themselves, of a digest or one of the two fixed names.
pub(super) struct LayoutFolder {
    archive: String,
    folder: PathBuf,
}

impl LayoutFolder {
    pub(super) fn new(archive: String, folder: &Path) -> Self {
        Self {
            archive,
            folder: folder.into(),
        }
    }
}

impl LayoutFolder {
    /// Refuses what is no plain name below the folder, should a caller ever pass a name from an image.
    fn path(&self, name: &str) -> Option<PathBuf> {
        let path = self.folder.join(name);
        let is_below = LayerPath::from(name).as_str() == name;
        // A FIFO would keep us waiting.
        (is_below && path.is_file()).then_some(path)
    }
}

impl Members for LayoutFolder {
    fn size(&self, name: &str) -> Option<u64> {
        Some(self.path(name)?.metadata().ok()?.len())
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, SourceError> {
        let path = self.path(name).ok_or_else(|| self.missing(name))?;
        let file = File::open(path);
        let file = file.map_err(SourceError::io(format!("{name} in {}", self.archive)))?;
        Ok(Box::new(file))
    }

    fn archive(&self) -> &str {
        &self.archive
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn tar(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> PlainTar {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&builder.into_inner().expect("a tar"))
            .expect("written");
        PlainTar::open("test.tar".to_owned(), file).expect("a tar")
    }

    fn add(builder: &mut tar::Builder<Vec<u8>>, name: &str, content: &str) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder
            .append_data(&mut header, name, content.as_bytes())
            .expect("a file");
    }

    fn link(builder: &mut tar::Builder<Vec<u8>>, name: &str, target: &str) {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder
            .append_link(&mut header, name, target)
            .expect("a link");
    }

    #[test]
    fn members_open_by_name_and_through_links() {
        let tar = tar(|builder| {
            add(builder, "first", "1");
            add(builder, "x/layer.tar", "layer");
            link(builder, "y/layer.tar", "../x/layer.tar");
            add(builder, "first", "one");
        });
        assert_eq!(tar.document("first").expect("read"), Some(b"one".to_vec()));
        assert_eq!(
            tar.document("y/layer.tar").expect("read"),
            Some(b"layer".to_vec())
        );
        assert_eq!(tar.document("z").expect("read"), None);
    }

    #[test]
    fn a_circle_of_links_and_a_link_out_of_the_archive_lead_nowhere() {
        let tar = tar(|builder| {
            link(builder, "a", "b");
            link(builder, "b", "a");
            link(builder, "etc", "/etc/passwd");
        });
        assert_eq!(tar.size("a"), None);
        assert_eq!(tar.size("etc"), None);
        assert!(matches!(
            tar.open("etc"),
            Err(SourceError::NoSuchBlob { .. })
        ));
    }

    #[test]
    fn a_document_beyond_the_limit_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = File::create(folder.path().join("index.json")).expect("a file");
        file.set_len(LARGEST_DOCUMENT + 1).expect("a size");
        let members = LayoutFolder::new("test".to_owned(), folder.path());
        assert!(matches!(
            members.document("index.json"),
            Err(SourceError::TooLarge { .. })
        ));
    }

    #[test]
    fn a_layout_folder_gives_nothing_from_outside() {
        let folder = tempfile::tempdir().expect("a folder");
        File::create(folder.path().join("secret")).expect("a file");
        let inner = folder.path().join("layout");
        std::fs::create_dir(&inner).expect("a folder");
        let members = LayoutFolder::new("test".to_owned(), &inner);
        for name in ["../secret", "/etc/passwd", "blobs/../../secret"] {
            assert_eq!(members.size(name), None, "{name}");
            assert!(members.open(name).is_err(), "{name}");
        }
    }
}
