//! One tar header, decoded: ustar, GNU and PAX, as container builders write them.
//!
//! <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html>, GNU tar's "Basic Tar Format". Field decoding is
//! the `tar` crate's; what is ours is that nothing is allocated and nothing is believed.

use tar::Header;

use super::{Device, EntryKind};

/// Bytes of a header, and of the units that content is padded to.
pub(super) const BLOCK: usize = 512;

/// What a header block stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderKind {
    /// A file, folder, link or device.
    Entry(EntryKind),
    /// Content is the next entry's name (GNU `L`).
    LongName,
    /// Content is the next entry's link target (GNU `K`).
    LongLink,
    /// Content is PAX records for the next entry.
    Pax,
    /// Content is PAX records for all entries after it. Container engines ignore them, and so does the walk.
    PaxGlobal,
    /// A GNU sparse file: more header blocks may follow, and the content has holes.
    Sparse,
}

/// Why a block is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// The checksum does not fit.
    Checksum,
    /// A number is not one.
    Number,
}

/// The fixed-size fields of a header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decoded {
    pub(super) kind: HeaderKind,
    pub(super) size: u64,
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) device: Option<Device>,
}

/// Decodes a block that is not all zeros.
pub(super) fn decode(header: &Header) -> Result<Decoded, HeaderFault> {
    let recorded = header.cksum().map_err(|_| HeaderFault::Checksum)?;
    if !checksums(header.as_bytes()).contains(&i64::from(recorded)) {
        return Err(HeaderFault::Checksum);
    }
    let number = |_| HeaderFault::Number;
    let kind = kind(header);
    // Links, folders and devices may carry a size; they have no content (POSIX, "typeflag"; Go's `isHeaderOnlyType`).
    let has_content = match kind {
        HeaderKind::Entry(kind) => kind == EntryKind::File,
        _ => true,
    };
    Ok(Decoded {
        kind,
        size: if has_content {
            header.entry_size().map_err(number)?
        } else {
            0
        },
        mode: header.mode().unwrap_or(0) & 0o7777,
        uid: header.uid().unwrap_or(0),
        gid: header.gid().unwrap_or(0),
        device: device(header),
    })
}

/// The numbers of a device; a field that is no number counts as 0.
fn device(header: &Header) -> Option<Device> {
    let is_block = match header.entry_type() {
        tar::EntryType::Block => true,
        tar::EntryType::Char => false,
        _ => return None,
    };
    let number = |number: std::io::Result<Option<u32>>| number.ok().flatten().unwrap_or(0);
    Some(Device {
        is_block,
        major: number(header.device_major()),
        minor: number(header.device_minor()),
    })
}

/// The sum of all bytes with the checksum field as spaces; old tars summed signed bytes.
fn checksums(bytes: &[u8; BLOCK]) -> [i64; 2] {
    let mut unsigned = 0i64;
    let mut signed = 0i64;
    for (index, byte) in bytes.iter().enumerate() {
        let byte = if (148..156).contains(&index) {
            b' '
        } else {
            *byte
        };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    [unsigned, signed]
}

fn kind(header: &Header) -> HeaderKind {
    use tar::EntryType;
    match header.entry_type() {
        EntryType::GNULongName => HeaderKind::LongName,
        EntryType::GNULongLink => HeaderKind::LongLink,
        EntryType::XHeader => HeaderKind::Pax,
        EntryType::XGlobalHeader => HeaderKind::PaxGlobal,
        EntryType::GNUSparse => HeaderKind::Sparse,
        EntryType::Directory => HeaderKind::Entry(EntryKind::Directory),
        EntryType::Symlink => HeaderKind::Entry(EntryKind::Symlink),
        EntryType::Link => HeaderKind::Entry(EntryKind::HardLink),
        EntryType::Char | EntryType::Block | EntryType::Fifo => {
            HeaderKind::Entry(EntryKind::Special)
        }
        // Unknown types are to be read as files (POSIX).
        _ => HeaderKind::Entry(EntryKind::File),
    }
}

/// A text field up to its first NUL.
fn field(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// Whether the type is the one from before POSIX, when a folder was a file with a slash at the end of its name.
pub(super) fn is_before_posix(header: &Header) -> bool {
    header.as_old().linkflag == [0]
}

/// Writes the name into `name`: the prefix, a slash, and the name itself.
pub(super) fn name(header: &Header, name: &mut Vec<u8>) {
    name.clear();
    let prefix = prefix(header.as_bytes());
    if !prefix.is_empty() {
        name.extend_from_slice(prefix);
        name.push(b'/');
    }
    name.extend_from_slice(field(&header.as_old().name));
}

/// The folders before the name, as the reader of all container engines sees them (Go's `archive/tar`, `readHeader`): a
/// walk that saw another name would look past the file that the container gets.
fn prefix(block: &[u8; BLOCK]) -> &[u8] {
    let part = |from: usize, to: usize| block.get(from..to).unwrap_or_default();
    match (part(257, 263), part(263, 265)) {
        // ustar, whatever its version; star has its times where the prefix ends.
        (b"ustar\0", _) if part(508, 512) == b"tar\0" => field(part(345, 476)),
        (b"ustar\0", _) => field(part(345, 500)),
        // GNU has times there; early versions of Go wrote a prefix nevertheless.
        (b"ustar ", b" \0") => {
            let prefix = field(part(345, 500));
            let times = [part(345, 357), part(357, 369)];
            if times.into_iter().all(is_time) || !prefix.is_ascii() {
                b""
            } else {
                prefix
            }
        }
        _ => b"",
    }
}

/// Whether a field is unused, or a number in octal or GNU's binary form.
fn is_time(bytes: &[u8]) -> bool {
    let digits = bytes.trim_ascii_end();
    match digits.first() {
        None | Some(0) => true,
        Some(first) if first & 0x80 != 0 => true,
        _ => {
            let digits = field(digits).trim_ascii();
            digits.iter().all(|digit| matches!(digit, b'0'..=b'7'))
        }
    }
}

/// Writes the link target into `target`.
pub(super) fn link_target(header: &Header, target: &mut Vec<u8>) {
    target.clear();
    target.extend_from_slice(field(&header.as_old().linkname));
}

/// Whether more sparse headers follow this one, and where that is said: at byte 482 of the first, 504 of the others
/// (GNU tar, `struct oldgnu_header` and `struct sparse_header`).
pub(super) fn sparse_continues(block: &[u8; BLOCK], first: bool) -> bool {
    block
        .get(if first { 482 } else { 504 })
        .is_some_and(|flag| *flag != 0)
}
