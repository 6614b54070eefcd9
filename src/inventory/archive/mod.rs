//! Zip archives that lie in memory: jars, wheels and eggs, and those inside of them.
//!
//! What comes in: all bytes of an archive. What goes out: its members' names, straight from its central directory, and the
//! content of those that a detector asks for; the rest is never inflated. It is read as the Java runtime reads it
//! (`java.util.zip.ZipFile`): the directory counts and not the local headers, and bytes may lie in front, as in jars that
//! begin with a shell script. An index of the members is never built: a file of 256 MiB can name five million.
//!
//! Everything is paid from one [`Budget`] for one outer file, however its archives nest.

mod directory;

use std::borrow::Cow;
use std::io::ErrorKind;

use flate2::Crc;
use flate2::bufread::DeflateDecoder;

use crate::model::limits::read_at_most;
use crate::model::{GapKind, LayerPath};

use directory::Directory;
pub(super) use directory::Members;

/// Work that reading members of one outer file may take, in bytes that are looked at: before and after inflating.
///
/// It grows with the file, so that the time for a layer does so, too: members can overlap, and a nested archive can hold
/// itself. Deflated archives in deflated archives cost about two bytes for each of theirs on each level.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
    /// Something was refused for it.
    is_spent: bool,
}

impl Budget {
    /// 64 MiB for the smallest file.
    const FLOOR: u64 = 64 << 20;
    /// And this many bytes for each of the file's.
    const FOR_A_BYTE: u64 = 16;
    /// What a member costs though it may be empty: as much as it takes to set up an inflater.
    const FOR_A_MEMBER: u64 = 1 << 10;

    /// For a file of these bytes, and all archives in it.
    pub(super) fn of(outer: &[u8]) -> Self {
        let size = outer.len() as u64;
        Self {
            left: Self::FLOOR.saturating_add(size.saturating_mul(Self::FOR_A_BYTE)),
            is_spent: false,
        }
    }

    /// Whether a member was refused for it, and every later one would be.
    pub(super) fn is_spent(&self) -> bool {
        self.is_spent
    }

    fn take(&mut self, bytes: u64) -> Result<(), Refused> {
        if let Some(left) = self.left.checked_sub(bytes).filter(|_| !self.is_spent) {
            self.left = left;
            return Ok(());
        }
        self.is_spent = true;
        Err(Refused::limit(
            "it holds more than may be inflated for a file of its size",
        ))
    }
}

/// Why an archive or a member was not read: the kind of gap, and the rest of a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(super) struct Refused {
    /// [`GapKind::UnreadableFile`] or [`GapKind::LimitReached`].
    pub(super) kind: GapKind,
    /// In plain words, without the archive's or member's name.
    pub(super) reason: String,
}

impl Refused {
    const SIZE: &str = "it has not the size that the archive says";

    fn damaged(reason: impl Into<String>) -> Self {
        Self {
            kind: GapKind::UnreadableFile,
            reason: reason.into(),
        }
    }

    pub(super) fn limit(reason: impl Into<String>) -> Self {
        Self {
            kind: GapKind::LimitReached,
            reason: reason.into(),
        }
    }
}

/// A zip archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Archive<'a> {
    bytes: &'a [u8],
    directory: Directory<'a>,
    /// Archives that it lies in.
    depth: u32,
    /// Bytes that may yet be held inflated at the same time, by it and all that it lies in.
    room: u64,
}

impl<'a> Archive<'a> {
    /// Levels of archives in archives: four are the most that is built (a jar in a jar of a war in an ear).
    const DEPTH: u32 = 16;
    /// Inflated bytes held at once, beside the outer file: as much as that one may have.
    const HELD: u64 = 256 << 20;

    /// Whether the bytes begin as an archive does; one with other bytes in front does not.
    pub(super) fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
    }

    /// An archive that is a file of the image.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Refused> {
        Ok(Self {
            bytes,
            directory: Directory::find(bytes)?,
            depth: 0,
            room: Self::HELD,
        })
    }

    /// An archive that is a member of this one: `bytes` are what [`read`](Self::read) gave.
    #[expect(
        clippy::ptr_arg,
        reason = "whether the bytes are held, or lie in the archive around them, decides what room is left"
    )]
    pub(super) fn nested<'b>(&self, bytes: &'b Cow<'_, [u8]>) -> Result<Archive<'b>, Refused> {
        if self.depth >= Self::DEPTH {
            return Err(Refused::limit(format!(
                "it is an archive more than {} levels deep",
                Self::DEPTH
            )));
        }
        let held = match bytes {
            Cow::Borrowed(_) => 0,
            Cow::Owned(bytes) => bytes.len() as u64,
        };
        Ok(Archive {
            bytes,
            directory: Directory::find(bytes)?,
            depth: self.depth + 1,
            room: self.room.saturating_sub(held),
        })
    }

    /// All members in the order of the directory; of several with one name, each. Ends at the first that is damaged.
    pub(super) fn members(&self) -> Members<'a> {
        self.directory.members()
    }

    /// The content of a member of this archive, if that has at most `limit` bytes, the size that the directory says and the
    /// right checksum.
    pub(super) fn read(
        &self,
        member: &Member<'a>,
        limit: u64,
        budget: &mut Budget,
    ) -> Result<Cow<'a, [u8]>, Refused> {
        budget.take(Budget::FOR_A_MEMBER)?;
        if member.is_encrypted {
            return Err(Refused::damaged("it is encrypted"));
        }
        if member.size > limit {
            return Err(Refused::limit(format!("it has more than {limit} bytes")));
        }
        let stored = member
            .place(self.bytes, self.directory.shift())
            .ok_or_else(|| Refused::damaged("the archive has no bytes where it should lie"))?;
        budget.take(member.compressed)?;
        let content = match member.method {
            Member::STORED => Cow::Borrowed(stored),
            Member::DEFLATED => {
                if member.size > self.room {
                    return Err(Refused::limit(format!(
                        "with the archives around it, it has more than {} bytes",
                        Self::HELD
                    )));
                }
                budget.take(member.size)?;
                let inflated = read_at_most(DeflateDecoder::new(stored), member.size);
                Cow::Owned(inflated.map_err(|error| match error.kind() {
                    ErrorKind::FileTooLarge => Refused::damaged(Refused::SIZE),
                    _ => Refused::damaged("it cannot be inflated"),
                })?)
            }
            method => {
                return Err(Refused::damaged(format!(
                    "it is packed by method {method}, which is not known"
                )));
            }
        };
        if content.len() as u64 != member.size {
            return Err(Refused::damaged(Refused::SIZE));
        }
        let mut crc = Crc::new();
        crc.update(&content);
        if crc.sum() != member.crc {
            return Err(Refused::damaged("its checksum is wrong"));
        }
        Ok(content)
    }
}

/// What the directory says of one member.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// The name as it stands there: of any bytes, and with any `..` in it.
    pub(super) name: &'a [u8],
    /// Bytes of its content, says the directory.
    pub(super) size: u64,
    compressed: u64,
    method: u16,
    crc: u32,
    is_encrypted: bool,
    /// Where its local header lies, counted from where the archive itself begins.
    offset: u64,
}

impl Member<'_> {
    const STORED: u16 = 0;
    const DEFLATED: u16 = 8;

    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// Its name as a path that does not lead out of the archive.
    pub(super) fn path(&self) -> LayerPath {
        LayerPath::normalise(self.name)
    }
}

#[cfg(test)]
pub(super) mod tests;
