//! ELF, of 32 and 64 bits and both byte orders: <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{FileHeader, ProgramHeader, SectionHeader};

use super::{ENTRIES, Executable, Format, Section, Segment, SegmentKind, slice};

/// Bytes of a name that are looked at: those that are looked for are shorter.
const LONGEST_NAME: u64 = 64;

pub(super) fn read(bytes: &[u8]) -> Option<Executable<'_>> {
    match bytes.get(4)? {
        1 => read_class::<FileHeader32<Endianness>>(bytes),
        2 => read_class::<FileHeader64<Endianness>>(bytes),
        _ => None,
    }
}

fn read_class<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Executable<'_>> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    if header.e_version(endian) != 1 || header.e_ehsize(endian) == 0 {
        return None;
    }
    let mut executable = Executable::new(bytes, Format::Elf, header.is_big_endian());
    let Ok(segments) = header.program_headers(endian, bytes) else {
        return Some(executable.damaged("its table of segments does not lie in the file"));
    };
    executable.segments = segments
        .iter()
        .take(ENTRIES)
        .map(|segment| read_segment::<H>(segment, endian, bytes))
        .collect();
    let Ok(sections) = header.section_headers(endian, bytes) else {
        return Some(executable.damaged("its table of sections does not lie in the file"));
    };
    // A table without names is allowed, and tells nothing.
    let names = header.shstrndx(endian, bytes).ok().and_then(|index| {
        sections
            .get(usize::try_from(index).ok()?)?
            .file_range(endian)
    });
    let Some((offset, size)) = names else {
        return Some(executable);
    };
    let names = slice(bytes, offset, size);
    executable.sections = sections
        .iter()
        .take(ENTRIES)
        .map(|section| {
            let (offset, size) = section.file_range(endian).unwrap_or_default();
            Section {
                name: name_at(names, section.sh_name(endian)),
                bytes: slice(bytes, offset, size),
            }
        })
        .collect();
    if sections.len() > ENTRIES || segments.len() > ENTRIES {
        return Some(executable.damaged("it has more sections than are looked at"));
    }
    Some(executable)
}

/// A name ends with a zero. Only its beginning is looked at: names could all be one that is as long as the file.
fn name_at(names: &[u8], start: u32) -> &[u8] {
    let name = slice(names, start.into(), LONGEST_NAME);
    name.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn read_segment<'a, H: FileHeader<Endian = Endianness>>(
    segment: &H::ProgramHeader,
    endian: Endianness,
    bytes: &'a [u8],
) -> Segment<'a> {
    let flags = segment.p_flags(endian);
    let kind = match segment.p_type(endian) {
        elf::PT_NOTE => SegmentKind::Note,
        elf::PT_LOAD if flags.contains(elf::PF_W) && !flags.contains(elf::PF_X) => {
            SegmentKind::Data
        }
        _ => SegmentKind::Other,
    };
    let (offset, size) = segment.file_range(endian);
    Segment {
        address: segment.p_vaddr(endian).into(),
        bytes: slice(bytes, offset, size),
        kind,
    }
}
