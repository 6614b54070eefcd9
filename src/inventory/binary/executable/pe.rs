//! PE, the format of Windows and of .NET on every system:
//! <https://learn.microsoft.com/en-us/windows/win32/debug/pe-format>.

use object::LittleEndian as LE;
use object::pe::{self, ImageDosHeader, ImageNtHeaders32, ImageNtHeaders64, ImageSectionHeader};
use object::read::pe::{ImageNtHeaders, ImageOptionalHeader};

use super::{Executable, Format, Section, Segment, SegmentKind, slice};

/// A file that begins with `MZ`, but has no PE header where it points, is a program for DOS or no program.
pub(super) fn read(bytes: &[u8]) -> Option<Executable<'_>> {
    let header = ImageDosHeader::parse(bytes).ok()?.nt_headers_offset();
    let header = usize::try_from(header).ok()?;
    // The signature and the file header, then the optional header's magic.
    let start = bytes.get(header..)?;
    let magic = start.strip_prefix(b"PE\0\0")?.get(20..22)?;
    match magic {
        [0x0b, 0x01] => Some(read_class::<ImageNtHeaders32>(bytes, header)),
        [0x0b, 0x02] => Some(read_class::<ImageNtHeaders64>(bytes, header)),
        _ => None,
    }
}

fn read_class<H: ImageNtHeaders>(bytes: &[u8], header: usize) -> Executable<'_> {
    let mut executable = Executable::new(bytes, Format::Pe, false);
    let mut offset = header as u64;
    let Ok((header, directories)) = H::parse(bytes, &mut offset) else {
        return executable.damaged("its headers do not lie in the file");
    };
    let base = header.optional_header().image_base();
    executable.image_base = base;
    executable.directories = directories
        .iter()
        .map(pe::ImageDataDirectory::address_range)
        .collect();
    let Ok(sections) = header.sections(bytes, offset) else {
        return executable.damaged("its table of sections does not lie in the file");
    };
    for section in sections.iter() {
        let part = file_part(section, bytes);
        executable.sections.push(Section {
            name: section.raw_name(),
            bytes: part,
        });
        executable.segments.push(Segment {
            address: base.wrapping_add(section.virtual_address.get(LE).into()),
            bytes: part,
            kind: kind_of(section),
        });
    }
    executable
}

/// Old linkers write no virtual size: then the size in the file counts.
fn file_part<'a>(section: &ImageSectionHeader, bytes: &'a [u8]) -> &'a [u8] {
    let size = match section.virtual_size.get(LE) {
        0 => section.size_of_raw_data.get(LE),
        size => size.min(section.size_of_raw_data.get(LE)),
    };
    let offset = section.pointer_to_raw_data.get(LE);
    slice(bytes, offset.into(), size.into())
}

fn kind_of(section: &ImageSectionHeader) -> SegmentKind {
    let flags = section.characteristics.get(LE);
    let is_data = flags.contains(pe::IMAGE_SCN_MEM_WRITE)
        && flags.contains(pe::IMAGE_SCN_CNT_INITIALIZED_DATA)
        && !flags.contains(pe::IMAGE_SCN_MEM_EXECUTE);
    if is_data {
        SegmentKind::Data
    } else {
        SegmentKind::Other
    }
}
