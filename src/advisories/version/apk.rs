//! Alpine's order, as `src/version.c` of apk-tools 3 has it.
//!
//! ```text
//! digits ( . digits | letter digits )* [letter] ( _suffix [digits] )* [ ~hash ] [ -r digits ]
//! ```
//! Where two versions part, the one with the further token is the greater, in the order number, letter, suffix, suffix
//! number, hash, revision, end; a pre-release suffix alone is below the end.

use super::{KeyWriter, Refusal, VersionKey};

const PRE_SUFFIX: u8 = 0x04;
const END: u8 = 0x08;
const REVISION: u8 = 0x10;
const HASH: u8 = 0x15;
const SUFFIX_NUMBER: u8 = 0x18;
const POST_SUFFIX: u8 = 0x20;
const LETTER: u8 = 0x30;
const NUMBER: u8 = 0x40;
const WITH_LEADING_ZERO: u8 = 0x01;
const PLAIN: u8 = 0x02;

/// Suffixes in their order, with the byte of each.
const SUFFIXES: [(&str, u8); 9] = [
    ("alpha", PRE_SUFFIX),
    ("beta", PRE_SUFFIX + 1),
    ("pre", PRE_SUFFIX + 2),
    ("rc", PRE_SUFFIX + 3),
    ("cvs", POST_SUFFIX),
    ("svn", POST_SUFFIX + 1),
    ("git", POST_SUFFIX + 2),
    ("hg", POST_SUFFIX + 3),
    ("p", POST_SUFFIX + 4),
];

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let mut key = KeyWriter::default();
    let rest = numbers(&mut key, version)?;
    let rest = suffixes(&mut key, rest)?;
    let rest = hash(&mut key, rest)?;
    revision(&mut key, rest)?;
    Ok(key.byte(END).finish())
}

/// Numbers with dots between them; a letter can stand behind one, and numbers again behind the letter: `6.6.2p1`.
fn numbers<'a>(key: &mut KeyWriter, version: &'a str) -> Result<&'a str, Refusal> {
    let (first, mut rest) = split_digits(version).ok_or("it does not begin with a digit")?;
    key.byte(NUMBER).byte(PLAIN).digits(first);
    loop {
        if let Some(tail) = rest.strip_prefix('.') {
            let (component, tail) = split_digits(tail).ok_or("a dot is not followed by a digit")?;
            key.byte(NUMBER);
            // A component that begins with a zero is a fraction: `1.05` is below `1.1`.
            if component.starts_with('0') {
                key.byte(WITH_LEADING_ZERO).text(component);
            } else {
                key.byte(PLAIN).digits(component);
            }
            rest = tail;
            continue;
        }
        let Some(letter) = rest.bytes().next().filter(u8::is_ascii_lowercase) else {
            return Ok(rest);
        };
        key.byte(LETTER).byte(letter);
        rest = rest.get(1..).unwrap_or_default();
        let Some((digits, tail)) = split_digits(rest) else {
            return Ok(rest);
        };
        key.byte(NUMBER).byte(PLAIN).digits(digits);
        rest = tail;
    }
}

fn suffixes<'a>(key: &mut KeyWriter, mut rest: &'a str) -> Result<&'a str, Refusal> {
    while let Some(tail) = rest.strip_prefix('_') {
        let end = tail
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(tail.len());
        let (name, tail) = tail.split_at(end);
        let (_, byte) = SUFFIXES
            .iter()
            .find(|(known, _)| *known == name)
            .ok_or("it has a suffix that apk does not know")?;
        key.byte(*byte);
        rest = tail;
        if let Some((digits, tail)) = split_digits(rest) {
            key.byte(SUFFIX_NUMBER).digits(digits);
            rest = tail;
        }
    }
    Ok(rest)
}

fn hash<'a>(key: &mut KeyWriter, rest: &'a str) -> Result<&'a str, Refusal> {
    let Some(tail) = rest.strip_prefix('~') else {
        return Ok(rest);
    };
    let end = tail
        .find(|c: char| !matches!(c, '0'..='9' | 'a'..='f'))
        .unwrap_or(tail.len());
    let (hash, tail) = tail.split_at(end);
    if hash.is_empty() {
        return Err("the tilde is not followed by a commit hash");
    }
    key.byte(HASH).text(hash);
    Ok(tail)
}

fn revision(key: &mut KeyWriter, rest: &str) -> Result<(), Refusal> {
    if rest.is_empty() {
        return Ok(());
    }
    match rest.strip_prefix("-r").and_then(split_digits) {
        Some((digits, "")) => {
            key.byte(REVISION).digits(digits);
            Ok(())
        }
        _ => Err("what follows its numbers and suffixes is not `-r` and a number"),
    }
}

fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}
