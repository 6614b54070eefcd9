//! Programs and libraries as three formats lay them out: ELF, PE and Mach-O, the last also several to a file.
//!
//! Only headers are read here, through the crate `object`, which checks every offset against the file. What a section
//! holds is a slice of the file, cut where the file ends; nothing is copied, and the cost is that of the tables.

mod elf;
mod macho;
mod pe;

use crate::layers::Interest;

/// How files of these formats begin.
///
/// Mach-O: `mach-o/loader.h` and `mach-o/fat.h`.
pub(super) const INTERESTS: [Interest; 8] = [
    Interest::Magic(b"\x7fELF"),
    Interest::Magic(b"MZ"),
    Interest::Magic(b"\xfe\xed\xfa\xce"),
    Interest::Magic(b"\xfe\xed\xfa\xcf"),
    Interest::Magic(b"\xce\xfa\xed\xfe"),
    Interest::Magic(b"\xcf\xfa\xed\xfe"),
    Interest::Magic(b"\xca\xfe\xba\xbe"),
    Interest::Magic(b"\xca\xfe\xba\xbf"),
];

/// Sections or segments of one file. 131,072: an object file of one section for each function stays below it, and the
/// table below 8 MiB.
const ENTRIES: usize = 1 << 17;

/// Which of the formats it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Elf,
    Pe,
    MachO,
}

/// One program or library.
#[derive(Debug)]
pub(super) struct Executable<'a> {
    /// The whole of it: the file, or its part of a universal one.
    pub(super) bytes: &'a [u8],
    pub(super) format: Format,
    pub(super) is_big_endian: bool,
    /// What its tables say that cannot be true: then what they should name was not seen.
    pub(super) damage: Option<&'static str>,
    sections: Vec<Section<'a>>,
    segments: Vec<Segment<'a>>,
    /// PE: address and size of the data directories, in their fixed order.
    directories: Vec<(u32, u32)>,
    /// PE: what relative addresses are relative to.
    image_base: u64,
}

/// A named part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Section<'a> {
    pub(super) name: &'a [u8],
    /// What of it lies in the file: nothing where it only takes room in memory, as in detached debug files.
    pub(super) bytes: &'a [u8],
}

/// A part of the file that is loaded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment<'a> {
    address: u64,
    bytes: &'a [u8],
    kind: SegmentKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SegmentKind {
    /// Can be written and not executed: initialised variables.
    Data,
    /// ELF's notes.
    Note,
    Other,
}

/// The programs in a file: none if it is of no known format, several if it is universal.
pub(super) fn executables(bytes: &[u8]) -> Vec<Executable<'_>> {
    match bytes {
        [0x7f, b'E', b'L', b'F', ..] => elf::read(bytes).into_iter().collect(),
        [b'M', b'Z', ..] => pe::read(bytes).into_iter().collect(),
        [0xca, 0xfe, 0xba, 0xbe | 0xbf, ..] => macho::read_universal(bytes),
        _ => macho::read(bytes).into_iter().collect(),
    }
}

impl<'a> Executable<'a> {
    fn new(bytes: &'a [u8], format: Format, is_big_endian: bool) -> Self {
        Self {
            bytes,
            format,
            is_big_endian,
            damage: None,
            sections: Vec::new(),
            segments: Vec::new(),
            directories: Vec::new(),
            image_base: 0,
        }
    }

    /// The first section of one of these names that lies in the file.
    pub(super) fn section(&self, names: &[&str]) -> Option<&'a [u8]> {
        let is_named = |section: &&Section<'a>| {
            let is_it = |name: &&str| name.as_bytes() == section.name;
            !section.bytes.is_empty() && names.iter().any(is_it)
        };
        Some(self.sections.iter().find(is_named)?.bytes)
    }

    /// Whether it tells its sections. A program runs without that table, and tools such as `sstrip` take it away.
    pub(super) fn has_sections(&self) -> bool {
        !self.sections.is_empty()
    }

    /// What lies at an address, to the end of its segment.
    pub(super) fn at(&self, address: u64) -> Option<&'a [u8]> {
        let from = |segment: &Segment<'a>| {
            let skipped = usize::try_from(address.checked_sub(segment.address)?).ok()?;
            segment.bytes.get(skipped..).filter(|rest| !rest.is_empty())
        };
        self.segments.iter().find_map(from)
    }

    /// What lies at an address relative to where a PE image is loaded.
    pub(super) fn at_relative(&self, address: u32) -> Option<&'a [u8]> {
        self.at(self.image_base.checked_add(address.into())?)
    }

    /// A PE image's data directory: its relative address and its size.
    pub(super) fn directory(&self, index: usize) -> Option<(u32, u32)> {
        let directory = self.directories.get(index).copied();
        directory.filter(|(address, size)| *address != 0 && *size != 0)
    }

    /// The first segment of initialised variables that lies in the file, with its address.
    pub(super) fn data_segment(&self) -> Option<(u64, &'a [u8])> {
        self.segments
            .iter()
            .find(|segment| segment.kind == SegmentKind::Data && !segment.bytes.is_empty())
            .map(|segment| (segment.address, segment.bytes))
    }

    /// ELF's segments of notes.
    pub(super) fn notes(&self) -> impl Iterator<Item = &'a [u8]> {
        self.segments
            .iter()
            .filter(|segment| segment.kind == SegmentKind::Note)
            .map(|segment| segment.bytes)
    }

    fn damaged(mut self, damage: &'static str) -> Self {
        self.damage = Some(damage);
        self
    }
}

/// What of a range lies in the file.
fn slice(bytes: &[u8], offset: u64, size: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = bytes.get(start..).unwrap_or_default();
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    rest.get(..size).unwrap_or(rest)
}
