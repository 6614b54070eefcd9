//! The heart of Plimsoll: what looks at a file of a layer, and how it says which files it wants.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Attributes, FileFacts};
use crate::model::{Digest, LayerPath, Observation};

/// A detector's stable name and version: part of the cache key, so that a change of one re-reads what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DetectorId {
    /// Path-like: `os/apk`, `lang/python`, `secrets`.
    pub name: &'static str,
    /// Raised with every change that changes facts.
    pub version: u32,
}

impl fmt::Display for DetectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// What a tar entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file with content.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name for a file of the same layer.
    HardLink,
    /// A device, FIFO or anything else without content.
    Special,
}

/// One entry of a layer, as its tar header describes it. Borrowed from the walk: nothing is allocated for a file that
/// nobody wants.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The normalised path without a leading slash.
    pub path: &'a str,
    /// What it is.
    pub kind: EntryKind,
    /// Bytes of content.
    pub size: u64,
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
}

impl<'a> Entry<'a> {
    /// A regular file of `size` bytes, as tests need it.
    pub const fn file(path: &'a str, size: u64) -> Self {
        Self {
            path,
            kind: EntryKind::File,
            size,
            mode: 0o644,
            uid: 0,
            gid: 0,
        }
    }

    /// The last part of the path.
    pub fn file_name(&self) -> &'a str {
        crate::model::path_file_name(self.path)
    }

    /// The path without its last part; empty for a file in the root.
    pub fn parent(&self) -> &'a str {
        crate::model::path_parent(self.path).unwrap_or_default()
    }
}

/// All that the headers of an entry say, for detectors that look at headers alone.
#[derive(Clone, Copy, Debug)]
pub struct EntryHeader<'a> {
    /// The entry.
    pub entry: Entry<'a>,
    /// Owner and mode of the folder that it lies in, where the same layer has said so before.
    pub folder: Option<Attributes>,
    /// Where a link leads, as written.
    pub link: &'a [u8],
    /// The bytes of its extended attribute `security.capability`.
    pub capabilities: Option<&'a [u8]>,
    /// The device that it is.
    pub device: Option<Device>,
}

impl<'a> EntryHeader<'a> {
    /// An entry of which nothing more is said, as tests need it.
    pub const fn of(entry: Entry<'a>) -> Self {
        Self {
            entry,
            folder: None,
            link: &[],
            capabilities: None,
            device: None,
        }
    }

    /// Where a symbolic link leads, seen from its own folder; `None` for everything else.
    pub fn target(&self) -> Option<LayerPath> {
        (self.entry.kind == EntryKind::Symlink)
            .then(|| LayerPath::from_normalised(self.entry.path).resolve_link(self.link))
    }
}

/// A device node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whether it is a block device; otherwise it is a character device.
    pub is_block: bool,
    /// Major number.
    pub major: u32,
    /// Minor number.
    pub minor: u32,
}

impl Device {
    /// Whether it is no device, but overlayfs' way to say that a lower file is gone: a character device 0/0
    /// (<https://docs.kernel.org/filesystems/overlayfs.html#whiteouts-and-opaque-directories>).
    pub const fn is_whiteout(self) -> bool {
        !self.is_block && self.major == 0 && self.minor == 0
    }
}

/// Which entries a detector is asked about at all. Dispatch looks these up by file name, so that a file nobody is
/// interested in costs one hash look-up, whatever the number of detectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interest {
    /// Files of exactly this name: `METADATA`.
    Name(&'static str),
    /// Files with this ending after the last dot: `jar`.
    Extension(&'static str),
    /// Files directly in a folder of this name: `status.d`.
    Folder(&'static str),
    /// Files whose content begins with these bytes, at most [`Interest::HEAD`] of them: `\x7fELF`.
    Magic(&'static [u8]),
    /// Every regular file with content.
    Everything,
}

impl Interest {
    /// Bytes at the beginning of a file that [`Interest::Magic`] can look at.
    pub const HEAD: usize = 16;
}

/// What a detector wants of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Nothing.
    Skip,
    /// The whole file at once, if it is no larger than this many bytes; otherwise a gap is recorded.
    Whole {
        /// Bytes that the detector is ready to hold.
        limit: u64,
    },
}

/// A whole file, handed to [`Detector::detect`].
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its header.
    pub entry: Entry<'a>,
    /// All of its content.
    pub bytes: &'a [u8],
}

/// Why a file that should hold facts could not be parsed. Becomes a `Gap` that names the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct ParseError {
    /// In plain words, with the line or offset where that helps: never with content that could be a secret.
    pub reason: String,
}

impl ParseError {
    /// A parse error with its reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

/// Looks at the files of one layer. Pure: the same bytes give the same facts, on any machine, in any order.
///
/// A detector that works on whole files implements [`wants`](Self::wants) and [`detect`](Self::detect); one that looks
/// at every byte as it passes implements [`session`](Self::session).
pub trait Detector: Send + Sync {
    /// The stable name and version.
    fn id(&self) -> DetectorId;

    /// Options that change its facts, as text that goes into the cache key. Most have none.
    fn options(&self) -> String {
        String::new()
    }

    /// Which entries it is asked about; constant.
    fn interests(&self) -> &[Interest];

    /// Decided from the header alone, for entries that match an interest. Must not allocate.
    fn wants(&self, _entry: &Entry<'_>) -> Want {
        Want::Skip
    }

    /// Reads one whole file. Facts that could be read go out even where a part is broken: put a gap into the facts for
    /// that part. An error means that nothing could be read.
    fn detect(&self, _file: File<'_>) -> Result<FileFacts, ParseError> {
        Ok(FileFacts::default())
    }

    /// Whether it looks at the header of every entry, of any kind: then how many observations of one layer it makes at most. For those
    /// of which the first ones tell all that matters; the others give `usize::MAX`, and the walk has a bound of its own
    /// ([`Limits::observed`](crate::model::Limits::observed)). Asked once for a walk.
    fn observes(&self) -> Option<usize> {
        None
    }

    /// What an entry's headers show. Called for every entry of every layer: must not allocate where it is nothing.
    fn observe(&self, _header: &EntryHeader<'_>) -> Option<Observation> {
        None
    }

    /// Whether it is a gap that a link has a name that it reads, and leads to a file that nobody read. Not for detectors whose
    /// files are links as a rule (`sites-enabled`), and read under another name.
    fn follows_links(&self) -> bool {
        true
    }

    /// For detectors that look at every file as its bytes pass: state that lives as long as one layer's walk.
    fn session(&self) -> Option<Box<dyn Session + '_>> {
        None
    }
}

/// A detector that others hold, too.
impl<T: Detector> Detector for Arc<T> {
    fn id(&self) -> DetectorId {
        (**self).id()
    }
    fn options(&self) -> String {
        (**self).options()
    }
    fn interests(&self) -> &[Interest] {
        (**self).interests()
    }
    fn wants(&self, entry: &Entry<'_>) -> Want {
        (**self).wants(entry)
    }
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        (**self).detect(file)
    }
    fn observes(&self) -> Option<usize> {
        (**self).observes()
    }
    fn observe(&self, header: &EntryHeader<'_>) -> Option<Observation> {
        (**self).observe(header)
    }
    fn follows_links(&self) -> bool {
        (**self).follows_links()
    }
    fn session(&self) -> Option<Box<dyn Session + '_>> {
        (**self).session()
    }
}

/// A streaming detector's state for one layer. The calls come as `begin`, `chunk`…, `end` for each file.
pub trait Session: Send {
    /// A new file begins. False: its bytes are not wanted, and neither `chunk` nor `end` is called for it.
    fn begin(&mut self, entry: &Entry<'_>) -> bool;

    /// The next bytes of the file, in order, of any length above 0.
    fn chunk(&mut self, bytes: &[u8]);

    /// The file is complete: gives what was found in it.
    fn end(&mut self) -> FileFacts;
}

/// The enabled detectors.
pub struct DetectorSet {
    detectors: Vec<Box<dyn Detector>>,
    file_digests: bool,
}

impl DetectorSet {
    /// A set of detectors; the order does not matter.
    pub fn new(mut detectors: Vec<Box<dyn Detector>>) -> Self {
        detectors.sort_by_key(|detector| detector.id());
        Self {
            detectors,
            file_digests: true,
        }
    }

    /// The same set, but the digests that package databases record of files are not computed: nothing can then be said of changed
    /// files.
    #[must_use]
    pub fn without_file_digests(self) -> Self {
        Self {
            file_digests: false,
            ..self
        }
    }

    /// Whether the digests that package databases record of files are computed.
    pub const fn has_file_digests(&self) -> bool {
        self.file_digests
    }

    /// Every detector, ordered by id.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Detector> {
        self.detectors.iter().map(AsRef::as_ref)
    }

    /// Names this set: two sets with the same digest give the same facts for the same bytes. Half of the cache key.
    pub fn digest(&self) -> Digest {
        let mut text = String::from("plimsoll.detectors/v1\n");
        for detector in &self.detectors {
            let _ = writeln!(text, "{} {}", detector.id(), detector.options());
        }
        if !self.file_digests {
            text.push_str("no file digests\n");
        }
        Digest::sha256_of(text.as_bytes())
    }
}

impl FromIterator<Box<dyn Detector>> for DetectorSet {
    fn from_iter<I: IntoIterator<Item = Box<dyn Detector>>>(detectors: I) -> Self {
        Self::new(detectors.into_iter().collect())
    }
}

/// Runs one detector over one file, as the walk does: for the tests of detectors.
pub fn detect_one(
    detector: &dyn Detector,
    path: &str,
    bytes: &[u8],
) -> Result<Option<FileFacts>, ParseError> {
    let path = LayerPath::from(path);
    let entry = Entry::file(path.as_str(), bytes.len() as u64);
    match detector.wants(&entry) {
        Want::Skip => Ok(None),
        Want::Whole { .. } => detector.detect(File { entry, bytes }).map(Some),
    }
}
