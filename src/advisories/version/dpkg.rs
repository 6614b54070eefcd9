//! Debian's order: deb-version(7), as `verrevcmp` of dpkg's `lib/dpkg/version.c` has it.
//!
//! ```text
//! [epoch:]upstream[-revision]
//! key = number(epoch) segment(upstream) segment(revision)
//! segment = ( non-digits 02 number )+ 02
//! ```
//! Among non-digits `~` is below the end (02), the end below letters, letters below everything else.

use super::{KeyWriter, Refusal, VersionKey};

const TILDE: u8 = 0x01;
const END: u8 = 0x02;
const LETTERS_FROM: u8 = 0x11;
const OTHERS_FROM: u8 = 0x80;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let (epoch, rest) = version.split_once(':').unwrap_or(("0", version));
    if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the epoch in front of the colon is not a number");
    }
    if rest.is_empty() {
        return Err("it is empty");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it holds a character that no Debian version has");
    }
    // A missing revision equals "0" (deb-version(7)); an empty segment does too.
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    let mut key = KeyWriter::default();
    key.digits(epoch);
    segment(&mut key, upstream);
    segment(&mut key, revision);
    Ok(key.finish())
}

/// Writes at least one pair, so that "" and "0" have one key.
fn segment(key: &mut KeyWriter, mut rest: &str) {
    loop {
        let digits_at = rest.find(|c: char| c.is_ascii_digit());
        let (text, tail) = rest.split_at(digits_at.unwrap_or(rest.len()));
        for byte in text.bytes() {
            key.byte(match byte {
                b'~' => TILDE,
                letter if letter.is_ascii_alphabetic() => letter - b'A' + LETTERS_FROM,
                other => OTHERS_FROM | other,
            });
        }
        let text_at = tail.find(|c: char| !c.is_ascii_digit());
        let (digits, tail) = tail.split_at(text_at.unwrap_or(tail.len()));
        key.byte(END).digits(digits);
        rest = tail;
        if rest.is_empty() {
            break;
        }
    }
    key.byte(END);
}
