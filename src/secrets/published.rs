//! What everyone can have already: by the file's place, or because the very value is known.

use super::redact::{FingerprintKey, SecretValue};
use crate::layers::Entry;
use crate::model::{Digest, Fingerprint};

/// Fingerprints, under the public key, of values that are part of published software.
const KNOWN_VALUES: &str = include_str!("published.txt");

/// Folders whose content is published with the software that they belong to.
const FOLDERS: [&str; 19] = [
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "test_data",
    "testsuite",
    "fixtures",
    "__fixtures__",
    "__tests__",
    "spec",
    "specs",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
    "man",
];

/// Files that are documentation, or a package's description, which its index publishes.
const DOCUMENTS: [&str; 6] = [
    "README",
    "CHANGELOG",
    "CHANGES",
    "HISTORY",
    "PKG-INFO",
    "METADATA",
];

/// Whether the file is a test, an example or documentation, by the customs of the ecosystems: a folder's name, or
/// `x_test.go`, `test_x.py`, `x.test.js`, `x.spec.ts`, `README.md`.
pub(super) fn is_published(entry: &Entry<'_>) -> bool {
    let name = entry.file_name();
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let is_named =
        |names: &[&str], text: &str| names.iter().any(|name| text.eq_ignore_ascii_case(name));
    entry
        .parent()
        .split('/')
        .any(|part| is_named(&FOLDERS, part))
        || is_named(&DOCUMENTS, stem)
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || name.contains(".test.")
        || name.contains(".spec.")
        || name.contains(".example.")
        || name.contains(".examples.")
}

/// Values that are known to be published.
pub(super) struct KnownValues {
    fingerprints: Vec<Fingerprint>,
    public_key: FingerprintKey,
}

impl KnownValues {
    /// The list that every build carries: a fingerprint a line, then where the value is published.
    pub(super) fn embedded() -> Self {
        Self::parse(KNOWN_VALUES)
    }

    fn parse(list: &str) -> Self {
        let words = list.lines().filter_map(|line| line.split_once(' '));
        let numbers = words.filter_map(|(word, _)| u128::from_str_radix(word, 16).ok());
        let mut fingerprints: Vec<Fingerprint> = numbers
            .map(|number| Fingerprint(number.to_be_bytes()))
            .collect();
        fingerprints.sort_unstable();
        Self {
            fingerprints,
            public_key: FingerprintKey::new(None),
        }
    }

    /// Names the list.
    pub(super) fn digest() -> Digest {
        Digest::sha256_of(KNOWN_VALUES.as_bytes())
    }

    /// Whether this very value is one of them.
    pub(super) fn has(&self, value: &SecretValue<'_>) -> bool {
        let fingerprint = self.public_key.fingerprint(value);
        self.fingerprints.binary_search(&fingerprint).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_documentation_are_told_by_whole_names() {
        for path in [
            "usr/lib/python3/test/x",
            "usr/local/go/src/crypto/tls/testdata/x",
            "usr/share/doc/x",
            "a/Tests/b",
            "src/client_test.go",
            "lib/test_client.py",
            "lib/client.test.js",
            "a.egg-info/PKG-INFO",
            "README.md",
        ] {
            assert!(is_published(&Entry::file(path, 1)), "{path}");
        }
        for path in [
            "etc/x",
            "srv/latest/x",
            "opt/contest/app",
            "usr/share/documents/x",
            "srv/attest.go",
            "testing",
        ] {
            assert!(!is_published(&Entry::file(path, 1)), "{path}");
        }
    }

    #[test]
    fn every_line_of_the_list_is_a_fingerprint_with_its_source_or_a_comment() {
        let lines = KNOWN_VALUES.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines.count(), KnownValues::embedded().fingerprints.len());
        assert!(!KnownValues::embedded().fingerprints.is_empty());
    }

    #[test]
    fn the_very_value_is_known_and_no_other() {
        let value = SecretValue::new(b"k3J9fQpZ");
        let fingerprint = FingerprintKey::new(None).fingerprint(&value);
        assert!(KnownValues::parse(&format!("{fingerprint} Acme")).has(&value));
        assert!(!KnownValues::embedded().has(&value));
    }
}
