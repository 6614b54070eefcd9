//! Which files a package installed: `RECORD` of a `.dist-info`, `installed-files.txt` of an `.egg-info`.
//!
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file>. The names of
//! `RECORD` are relative to the folder that the `.dist-info` lies in, those of `installed-files.txt` to the `.egg-info`
//! itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::inventory::lang::listed::Listed;
use crate::model::{FileAlgorithm, FileDigest};

/// Reads a `RECORD`: CSV of name, digest and size. The digest is missing for the list itself and for bytecode.
pub(super) fn read_record(text: &[u8], listed: &mut Listed<'_>) {
    let mut sources = Sources::default();
    for line in lines(text) {
        let (name, rest) = first_column(line);
        listed.file(&name, digest_of(rest));
        sources.note(&name);
    }
    sources.claim_bytecode(listed);
}

/// Reads an `installed-files.txt`: a name a line.
pub(super) fn read_installed_files(text: &[u8], listed: &mut Listed<'_>) {
    for line in lines(text) {
        listed.file(line, None);
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// The first column without its quotes, and what comes after its comma.
fn first_column(line: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let Some(quoted) = line.strip_prefix(b"\"") else {
        let end = memchr::memchr(b',', line).unwrap_or(line.len());
        let (name, rest) = line.split_at_checked(end).unwrap_or((line, b""));
        return (Cow::Borrowed(name), rest.strip_prefix(b",").unwrap_or(rest));
    };
    let mut name = Vec::new();
    let mut rest = quoted;
    while let Some((part, after)) =
        memchr::memchr(b'"', rest).and_then(|end| rest.split_at_checked(end))
    {
        name.extend_from_slice(part);
        // A quote is doubled inside of quotes.
        match after.strip_prefix(b"\"\"") {
            Some(after) => {
                name.push(b'"');
                rest = after;
            }
            None => return (Cow::Owned(name), after.strip_prefix(b"\",").unwrap_or(b"")),
        }
    }
    name.extend_from_slice(rest);
    (Cow::Owned(name), b"")
}

/// The digest at the beginning of the second column: `sha256=` and base64url without padding. Other algorithms are allowed,
/// but nothing writes them.
fn digest_of(column: &[u8]) -> Option<FileDigest> {
    let digest = column.strip_prefix(b"sha256=")?;
    // Twelve letters are nine bytes: enough for the digest's beginning.
    let start = URL_SAFE_NO_PAD.decode(digest.get(..12)?).ok()?;
    FileDigest::of_bytes(FileAlgorithm::Sha256, &start)
}

/// The folders of a package's `.py` files. Their bytecode belongs to the package though it need not be listed, and is written
/// into `__pycache__` beside them, often only when the program first runs.
#[derive(Default)]
struct Sources {
    folders: BTreeSet<Vec<u8>>,
}

impl Sources {
    fn note(&mut self, name: &[u8]) {
        // A single module lies directly beside those of other packages: `__pycache__` is then everybody's.
        let folder = memchr::memrchr(b'/', name).and_then(|slash| name.get(..slash));
        if let Some(folder) = folder
            && name.ends_with(b".py")
            && !folder.starts_with(b"..")
            && !self.folders.contains(folder)
        {
            self.folders.insert(folder.to_vec());
        }
    }

    fn claim_bytecode(self, listed: &mut Listed<'_>) {
        for mut folder in self.folders {
            folder.extend_from_slice(b"/__pycache__");
            listed.folder(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::FileFacts;
    use crate::model::{ClaimKind, Claims};

    /// Path, kind and beginning of the digest of each claim.
    fn claims(list: impl FnOnce(&mut Listed<'_>)) -> Vec<(String, ClaimKind, Option<u64>)> {
        let mut listed = Listed::below("site");
        list(&mut listed);
        let mut facts = FileFacts::default();
        listed.finish("x".into(), "site/x", &mut facts);
        let claims = facts.claims.iter().flat_map(Claims::iter);
        claims
            .map(|claim| {
                let start = claim.digest.map(|digest| digest.start);
                (claim.path.to_owned(), claim.kind, start)
            })
            .collect()
    }

    #[test]
    fn a_record_lists_files_with_digests_and_claims_their_bytecode() {
        // The digest is that of no bytes: e3b0c44298fc1c149afb…
        let empty = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        let text = format!(
            "x/__init__.py,{empty},0\r\nx/sub/a.py,,\nx/__pycache__/a.pyc,,\n../../../bin/x,{empty},0\nsix.py,sha512=AAAA,1\nshort,sha256=47DE,1\n\nno comma\n"
        );
        let file = |path: &str, start| (path.to_owned(), ClaimKind::File, start);
        let folder = |path: &str| (path.to_owned(), ClaimKind::Folder, None);
        let empty = Some(0xe3b0_c442_98fc_1c14);
        assert_eq!(
            claims(|listed| read_record(text.as_bytes(), listed)),
            [
                file("site/x/__init__.py", empty),
                file("site/x/sub/a.py", None),
                file("site/x/__pycache__/a.pyc", None),
                file("bin/x", empty),
                file("site/six.py", None),
                file("site/short", None),
                file("site/no comma", None),
                folder("site/x/__pycache__"),
                folder("site/x/sub/__pycache__"),
            ]
        );
    }

    #[test]
    fn names_with_commas_and_quotes_are_quoted() {
        let found = claims(|listed| {
            read_record(
                b"\"a,b\",sha256=47DEQpj8HBSa-_TImW-5,0\n\"c\"\"d\",,\n\"open,",
                listed,
            );
        });
        let found: Vec<(&str, bool)> = found
            .iter()
            .map(|(path, _, digest)| (path.as_str(), digest.is_some()))
            .collect();
        assert_eq!(
            found,
            [
                ("site/a,b", true),
                ("site/c\"d", false),
                ("site/open,", false)
            ]
        );
    }

    #[test]
    fn installed_files_are_one_a_line() {
        let found = claims(|listed| read_installed_files(b"../six.py\nPKG-INFO\r\n\n", listed));
        let found: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
        assert_eq!(found, ["six.py", "site/PKG-INFO"]);
    }
}
