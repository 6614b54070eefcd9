//! Arch's order: `alpm_pkg_vercmp` of libalpm, lib/libalpm/version.c, which left rpm's before `~` and `^`.
//!
//! ```text
//! [epoch:]version[-release]
//! key = number(epoch) segment(version) ( 00 | segment(release) )
//! segment = ( [40 number of separators] ( 10 letters 00 | 30 number ) )* [40 number of separators] 20
//! ```
//! Letters behind a number are below the end (`1.5b` < `1.5`), letters behind a separator above it. More separators win
//! over fewer, whatever follows (`2_a` < `2__a`).
//!
//! libalpm leaves the release out if one side has none, so that `1-1` = `1` = `1-2`. That is no order: here a version
//! without a release is below all its releases, and `<= 1` covers them. Nor does libalpm count separators where one
//! side ends behind them (`1.` > `1..a`); no package is named so.

use super::evr::{self, MissingRelease};
use super::{KeyWriter, Refusal, VersionKey, run};

const LETTERS: u8 = 0x10;
const END: u8 = 0x20;
const DIGITS: u8 = 0x30;
const SEPARATORS: u8 = 0x40;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    evr::key(version, MissingRelease::Lowest, segment)
}

pub(super) fn upper(version: &str) -> Result<VersionKey, Refusal> {
    evr::key(version, MissingRelease::Highest, segment)
}

fn segment(key: &mut KeyWriter, text: &str) {
    let mut rest = text;
    while !rest.is_empty() {
        let (separators, tail) = run::while_all(rest, |c| !c.is_ascii_alphanumeric());
        if !separators.is_empty() {
            key.byte(SEPARATORS).number(separators.len() as u64);
        }
        let (digits, tail) = run::digits(tail);
        if !digits.is_empty() {
            key.byte(DIGITS).digits(digits);
            rest = tail;
            continue;
        }
        let (letters, tail) = run::while_all(tail, |c| c.is_ascii_alphabetic());
        if !letters.is_empty() {
            key.byte(LETTERS).text(letters);
        }
        rest = tail;
    }
    key.byte(END);
}
