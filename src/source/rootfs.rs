//! An unpacked root file system as one layer: an uncompressed tar that is made while it is read.
//!
//! The same tree gives the same bytes: names in byte order, times zero, owners as numbers. Folders are walked from open
//! folder to open folder and no link is ever followed, so that nothing that changes meanwhile leads out of the root.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::Errno;

use crate::model::{Gap, GapKind, ImageConfig, LayerDescriptor, LayerPath};

use super::rootfs_walk::{Content, Walk};
use super::{Blobs, Image, SourceError};

/// Gaps that are listed one by one. Who scans a whole machine without being root meets many.
const MOST_GAPS: usize = 1000;

/// Opens the folder; nothing below it is looked at yet.
pub(super) fn open(path: &Path, name: String) -> Result<Image, SourceError> {
    let root = open_root(path).map_err(|error| match error {
        Errno::NOENT => SourceError::NoSuchPath { path: path.into() },
        Errno::NOTDIR => SourceError::NotAnImageFile {
            path: path.into(),
            reason: "it is no folder",
        },
        error => SourceError::io(path.display().to_string())(error.into()),
    })?;
    let layer = LayerDescriptor {
        index: 0,
        digest: None,
        size: None,
        media_type: oci_distribution::manifest::IMAGE_LAYER_MEDIA_TYPE.to_owned(),
        diff_id: None,
    };
    Ok(Image {
        name,
        manifest_digest: None,
        annotations: BTreeMap::new(),
        config_digest: None,
        config: ImageConfig {
            os: "linux".to_owned(),
            ..ImageConfig::default()
        },
        layers: vec![layer],
        blobs: Box::new(RootFs {
            root,
            gaps: SharedGaps::default(),
        }),
    })
}

/// The user's own path is followed through links; everything below it is not.
fn open_root(path: &Path) -> Result<File, Errno> {
    openat(
        CWD,
        path,
        OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map(File::from)
}

struct RootFs {
    root: File,
    gaps: SharedGaps,
}

impl Blobs for RootFs {
    fn open(&self, _layer: &LayerDescriptor) -> Result<Box<dyn Read + Send>, SourceError> {
        self.gaps.lock().clear();
        let root = self
            .root
            .try_clone()
            .map_err(SourceError::io("the root folder"))?;
        Ok(Box::new(TarStream::new(Walk::new(root, self.gaps.clone()))))
    }

    fn gaps(&self) -> Vec<Gap> {
        let gaps = self.gaps.lock();
        let mut listed = gaps.listed.clone();
        if gaps.unlisted > 0 {
            let detail = format!("{} more files or folders could not be read", gaps.unlisted);
            listed.push(Gap::new(GapKind::UnreadableSource, detail));
        }
        listed
    }
}

/// The gaps of a walk that goes on elsewhere.
#[derive(Clone, Default)]
pub(super) struct SharedGaps(Arc<Mutex<Gaps>>);

#[derive(Default)]
struct Gaps {
    listed: Vec<Gap>,
    unlisted: usize,
}

impl Gaps {
    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl SharedGaps {
    fn lock(&self) -> MutexGuard<'_, Gaps> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that `path` could not be looked at.
    pub(super) fn add(&self, kind: GapKind, path: &[u8], detail: impl Into<String>) {
        let mut gaps = self.lock();
        if gaps.listed.len() < MOST_GAPS {
            gaps.listed
                .push(Gap::at(kind, LayerPath::normalise(path), detail));
        } else {
            gaps.unlisted += 1;
        }
    }
}

/// The tar stream: headers as the walk makes them, contents as they are read.
struct TarStream {
    walk: Walk,
    /// Headers and padding on their way out, and how much of them has gone.
    ready: Vec<u8>,
    gone: usize,
    content: Option<Content>,
    is_over: bool,
}

impl TarStream {
    fn new(walk: Walk) -> Self {
        Self {
            walk,
            ready: Vec::new(),
            gone: 0,
            content: None,
            is_over: false,
        }
    }

    /// Makes the next headers ready.
    fn advance(&mut self) -> io::Result<()> {
        self.gone = 0;
        self.ready.clear();
        self.is_over = !self.walk.step(&mut self.ready, &mut self.content)?;
        Ok(())
    }

    fn read_content(&mut self, buffer: &mut [u8]) -> usize {
        let Some(content) = &mut self.content else {
            return 0;
        };
        let count = content.read(buffer, &self.walk.gaps);
        if content.left() == 0 {
            self.gone = 0;
            self.ready.clear();
            self.ready.resize(content.padding(), 0);
            self.content = None;
        }
        count
    }
}

impl Read for TarStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let mut waiting = self.ready.get(self.gone..).unwrap_or_default();
            if !waiting.is_empty() {
                let count = waiting.read(buffer)?;
                self.gone += count;
                return Ok(count);
            }
            if self.content.is_some() {
                let count = self.read_content(buffer);
                if count > 0 {
                    return Ok(count);
                }
            } else if self.is_over {
                return Ok(0);
            } else {
                self.advance()?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::model::Digest;
    use crate::model::limits::read_at_most;
    use crate::source::tarball::{MemberKind, Tarball};

    fn put(path: &Path, content: &[u8]) {
        use std::io::Write;
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        let mut file = File::create(path).expect("a file");
        file.write_all(content).expect("written");
        file.set_permissions(fs::Permissions::from_mode(0o640))
            .expect("a mode");
    }

    fn tree() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        put(&root.path().join("etc/os-release"), b"ID=test\n");
        put(&root.path().join("etc/empty"), b"");
        put(&root.path().join("a/b.c"), &[b'x'; 1024]);
        put(
            &root.path().join(format!("{}/f", "long".repeat(40))),
            b"deep",
        );
        symlink("/etc/passwd", root.path().join("etc/link")).expect("a link");
        symlink("../outside", root.path().join("out")).expect("a link");
        root
    }

    fn tar_of(root: &Path) -> (Vec<u8>, Vec<Gap>) {
        let image = open(root, "dir:test".to_owned()).expect("an image");
        let layer = image.blobs.open(&image.layers[0]).expect("a layer");
        let bytes = read_at_most(layer, 64 << 20).expect("a tar");
        (bytes, image.blobs.gaps())
    }

    fn names(tar: Vec<u8>) -> Vec<String> {
        let stream: Box<dyn Read + Send> = Box::new(io::Cursor::new(tar));
        let mut tarball = Tarball::new(stream);
        let members = std::iter::from_fn(|| tarball.next().expect("a well-formed tar"));
        members
            .map(|member| member.name.as_str().to_owned())
            .collect()
    }

    #[test]
    fn the_tree_comes_in_byte_order_with_contents_and_links_as_links() {
        let root = tree();
        let (tar, gaps) = tar_of(root.path());
        assert_eq!(gaps, []);
        let long = "long".repeat(40);
        assert_eq!(
            names(tar.clone()),
            [
                "a",
                "a/b.c",
                "etc",
                "etc/empty",
                "etc/link",
                "etc/os-release",
                &long,
                &format!("{long}/f"),
                "out"
            ]
        );
        let stream: Box<dyn Read + Send> = Box::new(io::Cursor::new(tar));
        let mut tarball = Tarball::new(stream);
        while let Some(member) = tarball.next().expect("a member") {
            match member.name.as_str() {
                "etc/link" => assert_eq!(member.kind, MemberKind::Link("etc/passwd".into())),
                "etc/os-release" => {
                    assert_eq!(
                        read_at_most(&mut tarball, 99).expect("content"),
                        b"ID=test\n"
                    );
                }
                _ => {}
            }
        }
    }

    #[test]
    fn the_same_tree_gives_the_same_digest_elsewhere_and_later() {
        let (here, there) = (tree(), tree());
        let file = File::options()
            .write(true)
            .open(there.path().join("etc/empty"))
            .expect("a file");
        file.set_modified(std::time::UNIX_EPOCH)
            .expect("another time");
        let digest = |root: &Path| Digest::sha256_of(&tar_of(root).0);
        assert_eq!(digest(here.path()), digest(there.path()));
        put(&there.path().join("etc/empty"), b"!");
        assert_ne!(digest(here.path()), digest(there.path()));
    }

    #[test]
    fn any_size_of_read_gives_the_same_bytes() {
        let root = tree();
        let image = open(root.path(), "dir:test".to_owned()).expect("an image");
        let mut layer = image.blobs.open(&image.layers[0]).expect("a layer");
        let mut bytes = Vec::new();
        let mut buffer = [0; 7];
        loop {
            match layer.read(&mut buffer).expect("bytes") {
                0 => break,
                count => bytes.extend_from_slice(&buffer[..count]),
            }
        }
        assert_eq!(bytes, tar_of(root.path()).0);
    }

    #[test]
    fn a_file_that_shrinks_or_grows_while_it_is_read_keeps_the_tar_well_formed() {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["grows", "shrinks"] {
            put(&root.path().join(name), &vec![b'x'; 100_000]);
        }
        let image = open(root.path(), "dir:test".to_owned()).expect("an image");
        let mut layer = image.blobs.open(&image.layers[0]).expect("a layer");
        let mut start = vec![0; 1000];
        layer
            .read_exact(&mut start)
            .expect("the first header and some content");
        put(&root.path().join("grows"), &vec![b'y'; 200_000]);
        let mut more = vec![0; 101_000];
        layer
            .read_exact(&mut more)
            .expect("the second header and some content");
        put(&root.path().join("shrinks"), b"short");
        let rest = read_at_most(layer, 1 << 20).expect("the rest");
        assert_eq!(names([start, more, rest].concat()), ["grows", "shrinks"]);
        let gaps = image.blobs.gaps();
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert!(gaps[0].detail.contains("shrank"), "{gaps:?}");
    }

    #[test]
    fn a_file_or_nothing_in_place_of_the_folder_is_an_error() {
        let root = tree();
        let open = |name: &str| {
            open(&root.path().join(name), "dir:x".to_owned())
                .err()
                .expect("refused")
        };
        assert!(matches!(open("no-such"), SourceError::NoSuchPath { .. }));
        assert!(matches!(
            open("etc/empty"),
            SourceError::NotAnImageFile { .. }
        ));
    }

    #[test]
    fn sparse_giants_and_bottomless_folders_become_gaps() {
        let root = tempfile::tempdir().expect("a folder");
        let giant = File::create(root.path().join("lastlog")).expect("a file");
        giant.set_len(1 << 40).expect("a size");
        fs::create_dir_all(root.path().join("d/".repeat(300))).expect("folders");
        let (tar, gaps) = tar_of(root.path());
        assert!(tar.len() < 1 << 20);
        let paths: Vec<_> = gaps
            .iter()
            .map(|gap| (gap.kind, gap.path.clone().expect("a path")))
            .collect();
        assert_eq!(paths.len(), 2, "{paths:?}");
        assert_eq!(paths[1], (GapKind::LimitReached, "lastlog".into()));
    }

    #[test]
    fn what_may_not_be_read_becomes_a_gap() {
        let root = tree();
        let forbid = |name: &str| {
            let path = root.path().join(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).expect("a mode");
            path
        };
        let (file, folder) = (forbid("etc/os-release"), forbid("a"));
        if File::open(&file).is_ok() {
            println!("skipped: root may read everything");
            return;
        }
        let (tar, gaps) = tar_of(root.path());
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("a mode");
        let paths: Vec<_> = gaps
            .iter()
            .filter_map(|gap| gap.path.as_ref())
            .map(LayerPath::as_str)
            .collect();
        assert_eq!(paths, ["a", "etc/os-release"]);
        assert!(
            names(tar).contains(&"a".to_owned()),
            "the folder itself is there"
        );
    }
}
