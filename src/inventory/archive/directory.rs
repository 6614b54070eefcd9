//! An archive's central directory, and the records that lead to it.
//!
//! PKWARE's APPNOTE.TXT 4.3.7 (local header), 4.3.12 (directory), 4.3.14 to 4.3.16 (end records), 4.5.3 (Zip64). All
//! numbers are little-endian.
//!
//! ```text
//! end    "PK56"  …  8: members  12: bytes of the directory  16: its offset  20: bytes of the comment      22, comment
//! end64  "PK66"  …  32: members  40: bytes of the directory  48: its offset                               56
//! link64 "PK67"  …  8: offset of end64                                                    20, directly before the end
//! member "PK12"  8: flags  10: method  16: checksum  20: compressed  24: size  28, 30, 32: bytes of name, extra and
//!                comment  42: offset of the local header                                        46, name, extra, comment
//! local  "PK34"  …  26, 28: bytes of name and extra                                                 30, name, extra, data
//! ```

use memchr::memmem;

use super::{Member, Refused};

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: usize = 22;
const END64: &[u8] = b"PK\x06\x06";
const END64_BYTES: usize = 56;
const LINK64: &[u8] = b"PK\x06\x07";
const LINK64_BYTES: usize = 20;
const MEMBER: &[u8] = b"PK\x01\x02";
const MEMBER_BYTES: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_BYTES: usize = 30;

/// The central directory of an archive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory<'a> {
    bytes: &'a [u8],
    /// Bytes in front of the archive: offsets do not count them.
    shift: u64,
}

impl<'a> Directory<'a> {
    /// From the last end record that has a directory in front of it. Others can be part of the comment.
    pub(super) fn find(archive: &'a [u8]) -> Result<Self, Refused> {
        let start = archive
            .len()
            .saturating_sub(END_BYTES + usize::from(u16::MAX));
        let tail = archive.get(start..).unwrap_or_default();
        memmem::rfind_iter(tail, END)
            .find_map(|found| Self::at_end(archive, start + found))
            .ok_or_else(|| Refused::damaged("it is no zip archive, or its end is missing"))
    }

    fn at_end(archive: &'a [u8], end: usize) -> Option<Self> {
        let record = archive.get(end..)?;
        if let Some(directory) = Self::at_end64(archive, end) {
            return Some(directory);
        }
        let length = u64::from(u32_at(record, 12)?);
        if length == 0 {
            // Four bytes could be chance: an archive without members has nothing else than this record.
            let comment = usize::from(u16_at(record, 20)?);
            return (record.len() == END_BYTES + comment).then_some(Self {
                bytes: &[],
                shift: 0,
            });
        }
        Self::before(archive, end, length, u64::from(u32_at(record, 16)?))
    }

    /// Zip64's end record: it is where the link says, or directly before that where bytes were put in front of all.
    fn at_end64(archive: &'a [u8], end: usize) -> Option<Self> {
        let link = end.checked_sub(LINK64_BYTES)?;
        if !archive.get(link..)?.starts_with(LINK64) {
            return None;
        }
        let named = usize::try_from(u64_at(archive, link + 8)?).ok();
        let usual = link.checked_sub(END64_BYTES);
        [named, usual].into_iter().flatten().find_map(|end| {
            let record = archive.get(end..)?;
            if !record.starts_with(END64) {
                return None;
            }
            Self::before(archive, end, u64_at(record, 40)?, u64_at(record, 48)?)
        })
    }

    /// The directory that ends at `end`, as the Java runtime reckons: what its offset is short of is bytes in front.
    fn before(archive: &'a [u8], end: usize, length: u64, offset: u64) -> Option<Self> {
        let start = end.checked_sub(usize::try_from(length).ok()?)?;
        let bytes = archive.get(start..end)?;
        let shift = (start as u64).checked_sub(offset)?;
        bytes.starts_with(MEMBER).then_some(Self { bytes, shift })
    }

    pub(super) fn shift(&self) -> u64 {
        self.shift
    }

    pub(super) fn members(&self) -> Members<'a> {
        Members { rest: self.bytes }
    }
}

/// The members of an archive, one after the other.
#[derive(Clone, Debug)]
pub(in crate::inventory) struct Members<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, Refused>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let member = self.take_member();
        if member.is_none() {
            self.rest = &[];
        }
        Some(member.ok_or_else(|| Refused::damaged("its directory is damaged")))
    }
}

impl<'a> Members<'a> {
    fn take_member(&mut self) -> Option<Member<'a>> {
        let (head, rest) = self.rest.split_at_checked(MEMBER_BYTES)?;
        if !head.starts_with(MEMBER) {
            return None;
        }
        let (name, rest) = rest.split_at_checked(usize::from(u16_at(head, 28)?))?;
        let (extra, rest) = rest.split_at_checked(usize::from(u16_at(head, 30)?))?;
        self.rest = rest.get(usize::from(u16_at(head, 32)?)..)?;
        let mut wide = Zip64::of(extra);
        // In this order, and only those that do not fit.
        let size = wide.or(u32_at(head, 24)?);
        let compressed = wide.or(u32_at(head, 20)?);
        let offset = wide.or(u32_at(head, 42)?);
        Some(Member {
            name,
            size,
            compressed,
            method: u16_at(head, 10)?,
            crc: u32_at(head, 16)?,
            is_encrypted: u16_at(head, 8)? & 1 == 1,
            offset,
        })
    }
}

/// The extra field with the numbers that need 64 bits.
struct Zip64<'a> {
    numbers: &'a [u8],
}

impl<'a> Zip64<'a> {
    fn of(mut extra: &'a [u8]) -> Self {
        while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
            let end = 4 + usize::from(length);
            if id == 1 {
                let numbers = extra.get(4..end).unwrap_or_default();
                return Self { numbers };
            }
            extra = extra.get(end..).unwrap_or_default();
        }
        Self { numbers: &[] }
    }

    /// The next number, if `narrow` says that it is here.
    fn or(&mut self, narrow: u32) -> u64 {
        if narrow == u32::MAX
            && let Some((number, rest)) = self.numbers.split_first_chunk()
        {
            self.numbers = rest;
            return u64::from_le_bytes(*number);
        }
        u64::from(narrow)
    }
}

impl Member<'_> {
    /// Its bytes as they are stored. The local header's own name and extra field stand before them, and may have another
    /// length than the directory's.
    pub(super) fn place<'a>(&self, archive: &'a [u8], shift: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(self.offset.checked_add(shift)?).ok()?;
        let (head, rest) = archive.get(start..)?.split_at_checked(LOCAL_BYTES)?;
        if !head.starts_with(LOCAL) {
            return None;
        }
        let skip = usize::from(u16_at(head, 26)?) + usize::from(u16_at(head, 28)?);
        rest.get(skip..)?
            .get(..usize::try_from(self.compressed).ok()?)
    }
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}
