//! Mach-O, the format of Apple's systems: `mach-o/loader.h`, and `mach-o/fat.h` for several programs in one file.

use object::Endianness;
use object::macho::{self, FatArch32, FatArch64, MachHeader32, MachHeader64};
use object::read::macho::{FatArch, MachHeader, MachOFatFile, Section as _, Segment as _};

use super::{ENTRIES, Executable, Format, Section, Segment, SegmentKind, slice};

/// Processors of one universal file. 16: Apple has had eight in all. A Java class begins with the same four bytes, and has
/// its version where the number of processors is: 45 at least (JVMS, section 4.1).
const PROCESSORS: usize = 16;

pub(super) fn read(bytes: &[u8]) -> Option<Executable<'_>> {
    match bytes {
        [0xfe, 0xed, 0xfa, 0xce, ..] | [0xce, 0xfa, 0xed, 0xfe, ..] => {
            read_class::<MachHeader32<Endianness>>(bytes)
        }
        [0xfe, 0xed, 0xfa, 0xcf, ..] | [0xcf, 0xfa, 0xed, 0xfe, ..] => {
            read_class::<MachHeader64<Endianness>>(bytes)
        }
        _ => None,
    }
}

/// The parts that are programs; a static library for several processors has archives in their place.
pub(super) fn read_universal(bytes: &[u8]) -> Vec<Executable<'_>> {
    let count = bytes.get(4..8).and_then(|count| count.try_into().ok());
    let count = count.map_or(0, u32::from_be_bytes) as usize;
    if count == 0 || count > PROCESSORS {
        return Vec::new();
    }
    match bytes.get(3) {
        Some(0xbf) => read_parts::<FatArch64>(bytes),
        _ => read_parts::<FatArch32>(bytes),
    }
}

fn read_parts<F: FatArch>(bytes: &[u8]) -> Vec<Executable<'_>> {
    let whole = || Executable::new(bytes, Format::MachO, true);
    let Ok(file) = MachOFatFile::<F>::parse(bytes) else {
        return vec![whole().damaged("its table of processors does not lie in the file")];
    };
    let mut parts = Vec::new();
    for part in file.arches() {
        match part.data(bytes) {
            Ok(part) => parts.extend(read(part)),
            Err(_) => parts.push(whole().damaged("the program of a processor does not lie in it")),
        }
    }
    parts
}

fn read_class<H: MachHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<Executable<'_>> {
    let header = H::parse(bytes, 0).ok()?;
    let endian = header.endian().ok()?;
    let mut executable = Executable::new(bytes, Format::MachO, header.is_big_endian());
    let Ok(mut commands) = header.load_commands(endian, bytes, 0) else {
        return Some(executable.damaged("its load commands do not lie in the file"));
    };
    for _ in 0..ENTRIES {
        let command = match commands.next() {
            Ok(Some(command)) => command,
            Ok(None) => return Some(executable),
            Err(_) => return Some(executable.damaged("its load commands are malformed")),
        };
        let Ok(segment) = H::Segment::from_command(command) else {
            return Some(executable.damaged("its load commands are malformed"));
        };
        let Some((segment, sections)) = segment else {
            continue;
        };
        let Ok(sections) = segment.sections(endian, sections) else {
            return Some(executable.damaged("its load commands are malformed"));
        };
        if executable.sections.len() + sections.len() > ENTRIES {
            break;
        }
        add_segment::<H>(segment, sections, endian, &mut executable);
    }
    Some(executable.damaged("it has more sections than are looked at"))
}

fn add_segment<'a, H: MachHeader<Endian = Endianness>>(
    segment: &'a H::Segment,
    sections: &'a [H::Section],
    endian: Endianness,
    executable: &mut Executable<'a>,
) {
    let bytes = executable.bytes;
    executable.sections.extend(sections.iter().map(|section| {
        let size = section.file_size(endian).unwrap_or_default();
        Section {
            name: section.name(),
            bytes: slice(bytes, section.offset(endian).into(), size),
        }
    }));
    let protection = segment.initprot(endian);
    let is_data =
        protection.contains(macho::VM_PROT_WRITE) && !protection.contains(macho::VM_PROT_EXECUTE);
    let (offset, size) = segment.file_range(endian);
    executable.segments.push(Segment {
        address: segment.vmaddr(endian).into(),
        bytes: slice(bytes, offset, size),
        kind: if is_data {
            SegmentKind::Data
        } else {
            SegmentKind::Other
        },
    });
}
