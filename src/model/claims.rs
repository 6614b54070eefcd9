//! Which files a package says are its own.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::LayerPath;

/// The files of one package, as a database lists them.
///
/// A full image has a hundred thousand of them: they are kept as one text, a line each, and read again only where they
/// are needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The package's name, as the package itself has it: dpkg's without the architecture, so that the owner of a file can be
    /// looked up among the packages, and the same package for two architectures is one owner.
    pub owner: String,
    /// Whether it is a package of the distribution: such a one owns the language packages that it brings.
    pub is_os: bool,
    /// A line for each file: `kind[algorithm:digest] path`.
    lines: String,
}

/// What a package says of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The file, normalised; or a folder, with all that is below it.
    pub path: &'a str,
    /// What kind of file the package means it to be.
    pub kind: ClaimKind,
    /// The digest that it was installed with, if the database says.
    pub digest: Option<FileDigest>,
}

/// What kind of file a package means its own to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClaimKind {
    /// A file that only the package tool writes.
    File,
    /// A configuration file: its user is expected to change it.
    Config,
    /// Everything below a folder.
    Folder,
    /// A place that the package keeps for itself: what another package says of its file of this name is true of a file that
    /// lies elsewhere (`dpkg-divert`).
    Diverted,
}

/// The beginning of a file's digest, as package databases record it: 64 bits tell a changed file from an unchanged one;
/// to make another file that has them takes 2^64 tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileDigest {
    /// The algorithm of the database.
    pub algorithm: FileAlgorithm,
    /// The digest's first eight bytes, big-endian.
    pub start: u64,
}

/// The algorithms that package databases use for files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileAlgorithm {
    /// dpkg, and rpm before 2009.
    Md5,
    /// apk.
    Sha1,
    /// rpm.
    Sha256,
}

impl FileDigest {
    /// From a whole digest.
    pub fn of_bytes(algorithm: FileAlgorithm, digest: &[u8]) -> Option<Self> {
        let start = u64::from_be_bytes(*digest.first_chunk()?);
        Some(Self { algorithm, start })
    }

    /// From a digest in hexadecimal, of which the first sixteen digits count.
    pub fn of_hex(algorithm: FileAlgorithm, digest: &str) -> Option<Self> {
        let start = digest.get(..16)?;
        let start = u64::from_str_radix(start, 16).ok()?;
        Some(Self { algorithm, start })
    }
}

impl Claims {
    /// No files yet.
    pub fn new(owner: impl Into<String>, is_os: bool) -> Self {
        Self {
            owner: owner.into(),
            is_os,
            lines: String::new(),
        }
    }

    /// A language package that has a folder to itself.
    pub fn folder(owner: impl Into<String>, folder: &str) -> Self {
        let mut claims = Self::new(owner, false);
        claims.push(&LayerPath::from(folder), ClaimKind::Folder, None);
        claims
    }

    /// Adds a file or folder. A path with a line break in it cannot be kept: false.
    pub fn push(&mut self, path: &LayerPath, kind: ClaimKind, digest: Option<FileDigest>) -> bool {
        if path.as_str().contains('\n') {
            return false;
        }
        self.lines.push(match kind {
            ClaimKind::File => 'f',
            ClaimKind::Config => 'c',
            ClaimKind::Folder => 'd',
            ClaimKind::Diverted => 'v',
        });
        if let Some(digest) = digest {
            let algorithm = match digest.algorithm {
                FileAlgorithm::Md5 => 'm',
                FileAlgorithm::Sha1 => '1',
                FileAlgorithm::Sha256 => '2',
            };
            self.lines.push(algorithm);
            let _ = write!(self.lines, "{:016x}", digest.start);
        }
        self.lines.push(' ');
        self.lines.push_str(path.as_str());
        self.lines.push('\n');
        true
    }

    /// Whether no file is claimed.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Bytes that it takes.
    pub fn size(&self) -> usize {
        self.owner.len() + self.lines.len()
    }

    /// The files in the order in which they were added. A line that does not read is left out: only a damaged cache has one.
    pub fn iter(&self) -> impl Iterator<Item = Claim<'_>> {
        self.lines.lines().filter_map(Claim::read)
    }
}

impl<'a> Claim<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let (what, path) = line.split_once(' ')?;
        let mut letters = what.chars();
        let kind = match letters.next()? {
            'f' => ClaimKind::File,
            'c' => ClaimKind::Config,
            'd' => ClaimKind::Folder,
            'v' => ClaimKind::Diverted,
            _ => return None,
        };
        let algorithm = match letters.next() {
            Some('m') => Some(FileAlgorithm::Md5),
            Some('1') => Some(FileAlgorithm::Sha1),
            Some('2') => Some(FileAlgorithm::Sha256),
            Some(_) => return None,
            None => None,
        };
        let digest = match algorithm {
            Some(algorithm) => Some(FileDigest::of_hex(algorithm, letters.as_str())?),
            None => None,
        };
        Some(Self { path, kind, digest })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_digest_is_known_by_its_first_eight_bytes_however_it_is_written() {
        let whole = [0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80];
        assert_eq!(
            FileDigest::of_bytes(FileAlgorithm::Md5, &whole),
            FileDigest::of_hex(FileAlgorithm::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        );
        assert_eq!(FileDigest::of_hex(FileAlgorithm::Md5, "d41d"), None);
        assert_eq!(FileDigest::of_bytes(FileAlgorithm::Md5, &[1; 7]), None);
    }

    #[test]
    fn a_path_with_a_line_break_is_refused() {
        let mut claims = Claims::new("a", true);
        assert!(!claims.push(&LayerPath::from("a\nf b"), ClaimKind::File, None));
        assert!(claims.is_empty());
    }

    fn a_digest() -> impl Strategy<Value = FileDigest> {
        let algorithm = prop_oneof![
            Just(FileAlgorithm::Md5),
            Just(FileAlgorithm::Sha1),
            Just(FileAlgorithm::Sha256),
        ];
        (algorithm, any::<u64>()).prop_map(|(algorithm, start)| FileDigest { algorithm, start })
    }

    proptest! {
        #[test]
        fn what_was_added_comes_back(
            paths in proptest::collection::vec("[a-z /\\\\:]{1,12}", 0..5),
            digest in proptest::option::of(a_digest()),
        ) {
            let mut claims = Claims::new("a", false);
            let paths: Vec<LayerPath> = paths.iter().map(|path| LayerPath::from(path.as_str())).collect();
            for path in &paths {
                claims.push(path, ClaimKind::Config, digest);
            }
            let read: Vec<_> = claims.iter().collect();
            let expected: Vec<_> = paths
                .iter()
                .map(|path| Claim { path: path.as_str(), kind: ClaimKind::Config, digest })
                .collect();
            prop_assert_eq!(read, expected);
        }
    }
}
