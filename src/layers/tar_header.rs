//! One tar header, decoded: ustar, GNU and PAX, as container builders write them.
//!
//! <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html>, GNU tar's "Basic Tar Format". Field decoding is
//! the `tar` crate's; what is ours is that nothing is allocated and nothing is believed.

use tar::Header;

use super::EntryKind;

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
}

/// Decodes a block that is not all zeros.
pub(super) fn decode(header: &Header) -> Result<Decoded, HeaderFault> {
    let recorded = header.cksum().map_err(|_| HeaderFault::Checksum)?;
    if !checksums(header.as_bytes()).contains(&i64::from(recorded)) {
        return Err(HeaderFault::Checksum);
    }
    let number = |_| HeaderFault::Number;
    let kind = kind(header);
    // Links and folders may carry the size of what they name; they have no content (POSIX, "typeflag").
    let has_content = !matches!(
        kind,
        HeaderKind::Entry(EntryKind::Symlink | EntryKind::HardLink | EntryKind::Directory)
    );
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

/// Writes the name into `name`: ustar's prefix, a slash, and the name itself.
pub(super) fn name(header: &Header, name: &mut Vec<u8>) {
    name.clear();
    if let Some(ustar) = header.as_ustar() {
        let prefix = field(&ustar.prefix);
        if !prefix.is_empty() {
            name.extend_from_slice(prefix);
            name.push(b'/');
        }
    }
    name.extend_from_slice(field(&header.as_old().name));
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
