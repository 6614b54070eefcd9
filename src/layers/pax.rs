//! PAX extended header records: `LENGTH KEY=VALUE\n`, where the length counts the whole record.
//!
//! <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13_03>. Read by length, not by line:
//! a path may hold line breaks, an extended attribute any byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// What the walk takes from a PAX header.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PaxRecords {
    pub(super) path: Option<Vec<u8>>,
    pub(super) link_path: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) uid: Option<u64>,
    pub(super) gid: Option<u64>,
    /// The extended attribute `security.capability`, as it is.
    pub(super) capabilities: Option<Vec<u8>>,
    /// GNU tar's PAX form of a sparse file: the content begins with a map, and has holes.
    pub(super) sparse: bool,
    /// The name of a sparse file, which goes before every other.
    pub(super) sparse_name: Option<Vec<u8>>,
    sparse_version: [Vec<u8>; 2],
}

/// A record that does not have the form above.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MalformedPax;

impl PaxRecords {
    /// Parses the content of a PAX header; later records win, as the standard says, and an empty one takes the record
    /// away.
    pub(super) fn parse(mut content: &[u8]) -> Result<Self, MalformedPax> {
        let mut records = Self::default();
        let mut encoded = None;
        while !content.is_empty() && content.first() != Some(&0) {
            let (key, value, rest) = split_record(content).ok_or(MalformedPax)?;
            content = rest;
            let text = Some(value.to_vec()).filter(|value| !value.is_empty());
            match key {
                b"path" => records.path = text,
                b"linkpath" => records.link_path = text,
                b"size" if value.is_empty() => records.size = None,
                b"size" => records.size = Some(decimal(value).ok_or(MalformedPax)?),
                b"uid" => records.uid = decimal(value),
                b"gid" => records.gid = decimal(value),
                // What container builders write, and engines unpack (Go's `archive/tar`).
                b"SCHILY.xattr.security.capability" => records.capabilities = text,
                // What libarchive writes beside it, in Base64; unpacked by libarchive alone.
                b"LIBARCHIVE.xattr.security.capability" => encoded = base64(value),
                b"GNU.sparse.name" => records.sparse_name = text,
                b"GNU.sparse.major" => records.sparse_version[0] = value.to_vec(),
                b"GNU.sparse.minor" => records.sparse_version[1] = value.to_vec(),
                b"GNU.sparse.map" => records.sparse = !value.is_empty(),
                _ => {}
            }
        }
        records.settle_sparse();
        records.capabilities = records.capabilities.or(encoded);
        Ok(records)
    }

    /// Whether the file is sparse is said by its version, or where there is none by its map; otherwise its name counts for
    /// nothing (Go's `archive/tar`, `readGNUSparsePAXHeaders`).
    fn settle_sparse(&mut self) {
        let [major, minor] = std::mem::take(&mut self.sparse_version);
        match (&major[..], &minor[..]) {
            (b"0", b"0" | b"1") | (b"1", b"0") => self.sparse = true,
            (b"", b"") => {}
            _ => self.sparse = false,
        }
        if !self.sparse {
            self.sparse_name = None;
        }
    }
}

fn split_record(content: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = content.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(content.get(..space)?)?).ok()?;
    let record = content.get(space + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some((
        record.get(..equals)?,
        record.get(equals + 1..)?,
        content.get(length..)?,
    ))
}

/// Decodes Base64 with or without its padding; an empty value takes the record away.
fn base64(value: &[u8]) -> Option<Vec<u8>> {
    let digits = value.trim_ascii_end();
    let digits = digits.strip_suffix(b"==").unwrap_or(digits);
    let digits = digits.strip_suffix(b"=").unwrap_or(digits);
    let decoded = STANDARD_NO_PAD.decode(digits).ok()?;
    Some(decoded).filter(|decoded| !decoded.is_empty())
}

fn decimal(digits: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn records_are_read_by_length_so_that_a_path_may_hold_a_line_break() {
        let records = PaxRecords::parse(b"14 path=a\nb/c\n13 size=1234\n20 SCHILY.xattr.x=\0\n")
            .expect("records");
        assert_eq!(records.path.as_deref(), Some(&b"a\nb/c"[..]));
        assert_eq!(records.size, Some(1234));
    }

    #[test]
    fn file_capabilities_are_read_as_they_are_and_from_base64() {
        const BYTES: &[u8] = b"\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
        let record = |key: &str, value: &[u8]| {
            let length = key.len() + value.len() + 5;
            [format!("{length} {key}=").as_bytes(), value, b"\n"].concat()
        };
        let plain = record("SCHILY.xattr.security.capability", BYTES);
        let encoded = record(
            "LIBARCHIVE.xattr.security.capability",
            b"AQAAAgAgAAAAAAAAAAAAAAAAAAA",
        );
        for content in [&plain, &encoded, &[plain.clone(), encoded.clone()].concat()] {
            let records = PaxRecords::parse(content).expect("records");
            assert_eq!(records.capabilities.as_deref(), Some(BYTES));
        }
        let other = record("LIBARCHIVE.xattr.security.capability", b"!");
        let records = PaxRecords::parse(&other).expect("records");
        assert_eq!(records.capabilities, None);
    }

    #[test]
    fn a_record_that_lies_about_its_length_is_refused() {
        for content in [
            &b"99 path=a\n"[..],
            b"path=a\n",
            b"9 path=ab\n",
            b"6 a=bc",
            b"18446744073709551616 a=b\n",
        ] {
            assert_eq!(PaxRecords::parse(content), Err(MalformedPax), "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_parsed_or_refused(content in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = PaxRecords::parse(&content);
        }
    }
}
