//! A version as bytes that sort like the version.

use std::fmt;

/// A version's sort key: comparing two keys of one scheme byte by byte compares the versions. It is what the store's
/// index holds, so a range check is an index look-up and no advisory version is parsed at scan time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(Vec<u8>);

impl VersionKey {
    /// Below every version: OSV's `introduced: "0"`, which is no version of any scheme.
    pub const fn lowest() -> Self {
        Self(Vec::new())
    }

    /// Above every version: the end of a range that was never closed. No scheme's key begins with this byte.
    pub fn highest() -> Self {
        Self(vec![0xff])
    }

    /// A key that was kept as bytes.
    pub(in crate::advisories) const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Above this version and below every greater one: the start of a range that leaves its first version out. No key
    /// is the beginning of another, so a byte behind one is still below all that are greater.
    pub(in crate::advisories) fn just_above(mut self) -> Self {
        self.0.push(0);
        self
    }

    /// The bytes, as the store keeps them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for VersionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Writes a key piece by piece. Each piece ends itself, so that no piece runs into the next one.
#[derive(Default)]
pub(super) struct KeyWriter(Vec<u8>);

impl KeyWriter {
    pub(super) fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// A decimal number of any length: its digits without leading zeros, behind how many they are. A longer number is
    /// the greater one, so this sorts by value and cannot overflow.
    pub(super) fn digits(&mut self, digits: &str) -> &mut Self {
        let digits = digits.trim_start_matches('0').as_bytes();
        match u8::try_from(digits.len()) {
            Ok(length) if length < 0xfe => self.0.push(length),
            // `fe`, since no key may begin with `ff`.
            _ => {
                self.0.push(0xfe);
                self.0.extend((digits.len() as u64).to_be_bytes());
            }
        }
        self.0.extend(digits);
        self
    }

    pub(super) fn number(&mut self, number: u64) -> &mut Self {
        self.digits(&number.to_string())
    }

    /// Text without a zero byte, ended by one: a prefix sorts below what it begins.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.0.extend(text.as_bytes());
        self.0.push(0);
        self
    }

    pub(super) fn finish(&mut self) -> VersionKey {
        VersionKey(std::mem::take(&mut self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> VersionKey {
        KeyWriter::default().digits(text).finish()
    }

    #[test]
    fn numbers_of_any_length_sort_by_value() {
        let long = "9".repeat(253);
        let longer = "1".repeat(254);
        let longest = "1".repeat(70_000);
        let ascending = ["0", "1", "9", "10", "99", &long, &longer, &longest];
        assert!(
            ascending
                .windows(2)
                .all(|pair| digits(pair[0]) < digits(pair[1]))
        );
        assert_eq!(digits("007"), digits("7"));
        assert_eq!(digits(""), digits("000"));
        assert!(digits(&longest) < VersionKey::highest());
    }
}
