//! Where the build information lies in a program, and its two encodings.
//!
//! ```text
//! since Go 1.18: "\xff Go buildinf:" pointer size, flags & 2, 16 bytes of nothing, then two strings, each behind its
//!                length as a varint
//! since Go 1.13: "\xff Go buildinf:" pointer size, flags: big-endian & 1, then addresses of two strings, each of which
//!                is an address and a length
//! ```
//! The first string is the release of Go, the second the list of modules between two marks of 16 bytes.

use std::borrow::Cow;

use memchr::memmem;

use crate::inventory::binary::executable::{Executable, Format};

const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: u64 = 16;
const HEADER: usize = 32;

/// A release of Go, in bytes. 1 KiB: such names have some dozens.
const VERSION: usize = 1 << 10;

/// A list of modules, in bytes. 4 MiB: that of Kubernetes has 50 KiB.
const MODULES: usize = 4 << 20;

/// The sections that hold it. PE images have it among their variables.
const SECTIONS: [&str; 2] = [".go.buildinfo", "__go_buildinfo"];

/// What the linker wrote.
#[derive(Debug)]
pub(super) struct BuildInfo<'a> {
    /// `go1.22.3`.
    pub(super) go_version: Cow<'a, str>,
    /// A line for each module and each setting; empty if it was not built from modules.
    pub(super) modules: Cow<'a, str>,
}

impl<'a> BuildInfo<'a> {
    /// `None`: it is no program of Go, or of a release that wrote nothing.
    pub(super) fn find(executable: &Executable<'a>) -> Option<Result<Self, &'static str>> {
        let unreadable = "it is a Go program, but what Go wrote of its modules cannot be read";
        let blob = match executable.section(&SECTIONS) {
            Some(section) => find_aligned(section, 0).ok_or(unreadable),
            None => Ok(search(executable)?),
        };
        Some(blob.and_then(|blob| read(blob, executable).ok_or(unreadable)))
    }
}

/// Where no section tells, it lies among the variables. A program whose sections are known has the section.
fn search<'a>(executable: &Executable<'a>) -> Option<&'a [u8]> {
    let can_lie_there = !executable.has_sections()
        || executable.section(&super::FUNCTION_TABLES).is_some()
        || executable.format == Format::Pe;
    let (address, bytes) = executable.data_segment().filter(|_| can_lie_there)?;
    find_aligned(bytes, address)
}

/// From the magic on, which lies at a multiple of 16 in memory; what looks like it elsewhere is a constant of a program that
/// reads build information.
fn find_aligned(bytes: &[u8], address: u64) -> Option<&[u8]> {
    let is_aligned = |offset: &usize| {
        address
            .wrapping_add(*offset as u64)
            .is_multiple_of(ALIGNMENT)
    };
    let offset = memmem::find_iter(bytes, MAGIC).find(is_aligned)?;
    bytes.get(offset..)
}

fn read<'a>(blob: &'a [u8], executable: &Executable<'a>) -> Option<BuildInfo<'a>> {
    let (header, rest) = blob.split_at_checked(HEADER)?;
    let (pointer_size, flags) = (*header.get(14)?, *header.get(15)?);
    let (version, modules) = if flags & 2 != 0 {
        let mut rest = rest;
        let version = take_string(&mut rest, VERSION)?;
        (version, take_string(&mut rest, MODULES)?)
    } else {
        let pointers = Pointers {
            executable,
            size: pointer_size.into(),
            is_big_endian: flags & 1 != 0,
        };
        let addresses = header.get(16..)?;
        let version = pointers.string(addresses, VERSION)?;
        let modules = pointers.string(addresses.get(pointers.size..)?, MODULES);
        (version, modules.unwrap_or_default())
    };
    (!version.is_empty()).then(|| BuildInfo {
        go_version: String::from_utf8_lossy(version),
        modules: String::from_utf8_lossy(without_marks(modules)),
    })
}

/// Without the marks around it; a list that does not end its last line has none and is no list.
fn without_marks(modules: &[u8]) -> &[u8] {
    let inner = modules
        .len()
        .checked_sub(16)
        .and_then(|end| modules.get(16..end));
    inner
        .filter(|list| list.ends_with(b"\n"))
        .unwrap_or_default()
}

/// A string behind its length, a varint: seven bits a byte, the lowest first (`encoding/binary`).
fn take_string<'a>(bytes: &mut &'a [u8], limit: usize) -> Option<&'a [u8]> {
    let mut length = 0_usize;
    // Four bytes are 256 MiB: more than either string can have.
    for shift in [0, 7, 14, 21] {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (string, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            return (length <= limit).then_some(string);
        }
    }
    None
}

/// Addresses as the program has them.
struct Pointers<'e, 'a> {
    executable: &'e Executable<'a>,
    size: usize,
    is_big_endian: bool,
}

impl<'a> Pointers<'_, 'a> {
    /// The string whose header lies where the first of `addresses` points.
    fn string(&self, addresses: &[u8], limit: usize) -> Option<&'a [u8]> {
        let header = self.executable.at(self.number(addresses)?)?;
        let length = self.number(header.get(self.size..)?)?;
        let length = usize::try_from(length).ok().filter(|len| *len <= limit)?;
        if length == 0 {
            return Some(&[]);
        }
        self.executable.at(self.number(header)?)?.get(..length)
    }

    fn number(&self, bytes: &[u8]) -> Option<u64> {
        let number = match self.size {
            4 => {
                let bytes = *bytes.first_chunk::<4>()?;
                let little = u32::from_le_bytes(bytes);
                u64::from(if self.is_big_endian {
                    little.swap_bytes()
                } else {
                    little
                })
            }
            8 => {
                let little = u64::from_le_bytes(*bytes.first_chunk::<8>()?);
                if self.is_big_endian {
                    little.swap_bytes()
                } else {
                    little
                }
            }
            _ => return None,
        };
        Some(number)
    }
}
