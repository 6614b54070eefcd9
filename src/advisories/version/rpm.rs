//! rpm's order: epoch, version and release, each segment as `rpmio/rpmvercmp.c` compares it.
//!
//! ```text
//! [epoch:]version[-release]
//! key = number(epoch) segment(version) ( 00 | segment(release) )
//! segment = ( 01 for ~ | 03 for ^ | 10 letters 00 | 20 number )* 02
//! ```
//! What is neither letter, digit, `~` nor `^` separates tokens and counts for nothing else.

use super::evr::{self, MissingRelease};
use super::{KeyWriter, Refusal, VersionKey};

const TILDE: u8 = 0x01;
const END: u8 = 0x02;
const CARET: u8 = 0x03;
const LETTERS: u8 = 0x10;
const DIGITS: u8 = 0x20;

/// A missing epoch is 0. A missing release is below every release, as `rpmverCmp` has it.
pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    evr::key(version, MissingRelease::Lowest, segment)
}

/// `<= 1.0` without a release covers every release of 1.0: `rpmverOverlap` leaves out the release that one side lacks.
pub(super) fn upper(version: &str) -> Result<VersionKey, Refusal> {
    evr::key(version, MissingRelease::Highest, segment)
}

fn segment(key: &mut KeyWriter, text: &str) {
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let token: fn(char) -> bool = match first {
            digit if digit.is_ascii_digit() => |c| c.is_ascii_digit(),
            letter if letter.is_ascii_alphabetic() => |c| c.is_ascii_alphabetic(),
            _ => {
                match first {
                    '~' => drop(key.byte(TILDE)),
                    '^' => drop(key.byte(CARET)),
                    _ => {}
                }
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
                continue;
            }
        };
        let end = rest.find(|c| !token(c)).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(end);
        if first.is_ascii_digit() {
            key.byte(DIGITS).digits(run);
        } else {
            key.byte(LETTERS).text(run);
        }
        rest = tail;
    }
    key.byte(END);
}
