//! Composer's order: `VersionParser::normalize` of composer/semver, then PHP's `version_compare`.
//!
//! ```text
//! [v] number ( . number ){0,3} [ . _ - ] [ stability ( [. -] number )* ] [ [. -] dev ] [ + build ]
//! key = 10 number{4} ( 10 dev | 11 alpha | 12 beta | 13 RC | 14 stable | 15 patch ) ( 20 number )* ( 01 dev | 02 )
//! ```
//! Missing numbers are zero. Dates (`2010-01-02`) are versions of as many numbers. A branch (`dev-main`, `1.x-dev`) has
//! no place: what it points to is not known.

use super::{KeyWriter, Refusal, VersionKey, run};

const NUMBERS: u8 = 0x10;
const DEV_ALONE: u8 = 0x10;
const STABLE: u8 = 0x14;
const DEV: u8 = 0x01;
const END: u8 = 0x02;
const STABILITY_NUMBER: u8 = 0x20;

/// `VersionParser::$modifierRegex`; a longer word stands before its abbreviation.
const STABILITIES: [(&str, u8); 9] = [
    ("stable", STABLE),
    ("beta", 0x12),
    ("b", 0x12),
    ("rc", 0x13),
    ("alpha", 0x11),
    ("a", 0x11),
    ("patch", 0x15),
    ("pl", 0x15),
    ("p", 0x15),
];

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version.to_ascii_lowercase();
    let version = version
        .split_once('+')
        .map_or(version.as_str(), |(version, _build)| version);
    let version = version.strip_prefix('v').unwrap_or(version);
    let (numbers, rest) = numbers(version)?;
    let (stability, numbers_of_stability, rest) = stability(rest);
    let is_dev = match rest.strip_prefix(['.', '_', '-']).unwrap_or(rest) {
        "" if rest.is_empty() => false,
        "dev" => true,
        _ => {
            return Err(
                "it is a branch, or not made of numbers and a stability that Composer knows",
            );
        }
    };
    let mut key = KeyWriter::default();
    key.byte(NUMBERS);
    for index in 0..4 {
        key.digits(numbers.get(index).unwrap_or(&"0"));
    }
    // `-stable` says nothing, and Composer drops the number behind it.
    if stability == STABLE {
        key.byte(if is_dev { DEV_ALONE } else { STABLE });
        return Ok(key.byte(END).finish());
    }
    key.byte(stability);
    for number in numbers_of_stability {
        key.byte(STABILITY_NUMBER).digits(number);
    }
    Ok(key.byte(if is_dev { DEV } else { END }).finish())
}

/// One to four numbers with dots between them, or a date with hyphens or colons; what follows begins with a separator
/// or a letter.
fn numbers(version: &str) -> Result<(Vec<&str>, &str), Refusal> {
    let (first, mut rest) = run::digits(version);
    if first.is_empty() {
        return Err("it does not begin with a number: a branch has no place in the order");
    }
    let is_year = first.len() == 4;
    let mut numbers = vec![first];
    while let Some(tail) = rest.strip_prefix(|c| c == '.' || (is_year && (c == '-' || c == ':'))) {
        let (number, tail) = run::digits(tail);
        // A part of a date has two digits at least.
        if number.len() < if rest.starts_with('.') { 1 } else { 2 } {
            break;
        }
        numbers.push(number);
        rest = tail;
    }
    if numbers.len() > 4 {
        return Err("it has more than four numbers");
    }
    Ok((numbers, rest))
}

/// The stability, the numbers that belong to it, and what follows. Where there is none, it is stable.
fn stability(text: &str) -> (u8, Vec<&str>, &str) {
    let word = text.strip_prefix(['.', '_', '-']).unwrap_or(text);
    let known = STABILITIES
        .iter()
        .find_map(|(name, rank)| Some((*rank, word.strip_prefix(name)?)));
    let Some((rank, mut rest)) = known else {
        return (STABLE, Vec::new(), text);
    };
    let mut numbers = Vec::new();
    loop {
        let (number, tail) = run::digits(rest.strip_prefix(['.', '-']).unwrap_or(rest));
        if number.is_empty() {
            return (rank, numbers, rest);
        }
        numbers.push(number);
        rest = tail;
    }
}
