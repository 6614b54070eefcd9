//! rpm's order: epoch, version and release, each segment as `rpmio/rpmvercmp.c` compares it.
//!
//! ```text
//! [epoch:]version[-release]
//! key = number(epoch) segment(version) ( 00 | segment(release) )
//! segment = ( 01 for ~ | 03 for ^ | 10 letters 00 | 20 number )* 02
//! ```
//! What is neither letter, digit, `~` nor `^` separates tokens and counts for nothing else.

use super::{KeyWriter, Refusal, VersionKey};

const NO_RELEASE: u8 = 0x00;
const TILDE: u8 = 0x01;
const END: u8 = 0x02;
const CARET: u8 = 0x03;
const LETTERS: u8 = 0x10;
const DIGITS: u8 = 0x20;
const ANY_RELEASE: u8 = 0xff;

/// A missing epoch is 0. A missing release is below every release, as `rpmverCmp` has it.
pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    with_release(version, NO_RELEASE)
}

/// `<= 1.0` without a release covers every release of 1.0: `rpmverOverlap` leaves out the release that one side lacks.
pub(super) fn upper(version: &str) -> Result<VersionKey, Refusal> {
    with_release(version, ANY_RELEASE)
}

fn with_release(text: &str, when_missing: u8) -> Result<VersionKey, Refusal> {
    if text.is_empty() {
        return Err("it is empty");
    }
    // `parseEVR` takes an epoch only where digits alone stand before the colon: `a:1` has none.
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (rest, None),
    };
    let mut key = KeyWriter::default();
    key.digits(epoch);
    segment(&mut key, version);
    match release {
        Some(release) => segment(&mut key, release),
        None => {
            key.byte(when_missing);
        }
    }
    Ok(key.finish())
}

fn segment(key: &mut KeyWriter, mut rest: &str) {
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
