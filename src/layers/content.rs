//! What a file's first bytes say that it is: whoever has no owner for it wants to know.

use super::Entry;
use crate::model::ContentKind;

/// Told by the first bytes (file(1)'s magic), and for scripts by the mode.
pub(super) fn content_kind(entry: &Entry<'_>, head: &[u8]) -> Option<ContentKind> {
    const BINARY: [&[u8]; 6] = [
        b"\x7fELF",
        b"MZ",
        b"\xfe\xed\xfa\xce",
        b"\xfe\xed\xfa\xcf",
        b"\xce\xfa\xed\xfe",
        b"\xcf\xfa\xed\xfe",
    ];
    const ARCHIVE: [&[u8]; 8] = [
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"BZh",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"7z\xbc\xaf\x27\x1c",
        b"!<arch>\n",
        b"hsqs",
    ];
    let begins_with = |magics: &[&[u8]]| magics.iter().any(|magic| head.starts_with(magic));
    if begins_with(&BINARY) {
        Some(ContentKind::Binary)
    } else if head.starts_with(b"#!") && entry.mode & 0o111 != 0 {
        Some(ContentKind::Script)
    } else if begins_with(&ARCHIVE) && !is_documentation(entry.path) {
        Some(ContentKind::Archive)
    } else {
        None
    }
}

/// Manual pages and change logs are compressed one by one: thousands of them bring nothing.
fn is_documentation(path: &str) -> bool {
    ["usr/share/man/", "usr/share/doc/", "usr/share/info/"]
        .iter()
        .any(|folder| path.starts_with(folder))
}
