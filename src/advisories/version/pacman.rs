//! Arch's order: `alpm_pkg_vercmp` of libalpm, lib/libalpm/version.c, which left rpm's before `~` and `^`.
//!
//! ```text
//! [epoch:]version[-release]
//! key = 10 number(epoch) segment(version) ( 00 | segment(release) )
//! segment = ( [40 number of separators] ( 10 letters 00 | 30 number ) )* [40 number of separators] 20
//! ```
//! Letters behind a number are below the end (`1.5b` < `1.5`), letters behind a separator above it. More separators win
//! over fewer, whatever follows (`2_a` < `2__a`).
//!
//! libalpm leaves the release out if one side has none, so that `1-1` = `1` = `1-2`. That is no order: here a version
//! without a release is below all its releases, and `<= 1` covers them. Nor does libalpm count separators where one
//! side ends behind them (`1.` > `1..a`); no package is named so.

use super::{KeyWriter, Refusal, VersionKey, run};

const EPOCH: u8 = 0x10;
const NO_RELEASE: u8 = 0x00;
const LETTERS: u8 = 0x10;
const END: u8 = 0x20;
const DIGITS: u8 = 0x30;
const SEPARATORS: u8 = 0x40;
const ANY_RELEASE: u8 = 0xff;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    with_release(version, NO_RELEASE)
}

pub(super) fn upper(version: &str) -> Result<VersionKey, Refusal> {
    with_release(version, ANY_RELEASE)
}

fn with_release(text: &str, when_missing: u8) -> Result<VersionKey, Refusal> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (rest, None),
    };
    let mut key = KeyWriter::default();
    key.byte(EPOCH).digits(epoch);
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
