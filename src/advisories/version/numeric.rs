//! Versions that are nothing but numbers: CRAN's and Hackage's.
//!
//! ```text
//! key = ( 40 number )* 20
//! ```
//! A longer version is above what it begins with: `1.8` is below `1.8.0`.

use super::{KeyWriter, Refusal, VersionKey, run};

const END: u8 = 0x20;
const NUMBER: u8 = 0x40;

/// R's `package_version`: "at least two non-negative integers, separated by single `.` or `-` characters"
/// (Writing R Extensions, "The DESCRIPTION file"). Advisories also write a single number, and R's `numeric_version`
/// takes it.
pub(super) fn cran(version: &str) -> Result<VersionKey, Refusal> {
    components(version, &['.', '-'])
        .ok_or("it is not made of numbers with a dot or a hyphen between them")
}

/// Haskell's package versioning policy, <https://pvp.haskell.org/>, and `Data.Version`, which compares number lists.
pub(super) fn hackage(version: &str) -> Result<VersionKey, Refusal> {
    components(version, &['.']).ok_or("it is not made of numbers with dots between them")
}

fn components(version: &str, separators: &[char]) -> Option<VersionKey> {
    let mut key = KeyWriter::default();
    for number in run::numbers(version, separators)? {
        key.byte(NUMBER).digits(number);
    }
    Some(key.byte(END).finish())
}
