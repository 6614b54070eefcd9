//! Python's order: PEP 440, <https://packaging.python.org/en/latest/specifications/version-specifiers/>.
//!
//! ```text
//! key = number(epoch) ( 40 number )* 10   release without its trailing zeros
//!       phase number                      01 dev alone, 02 a, 03 b, 04 rc, 05 none
//!       ( 01 | 02 number )                post-release: none, number
//!       ( 01 number | 02 )                dev-release: number, none
//!       ( 01 | 02 parts 01 )              local: none, ( 02 text 00 | 03 number )*
//! ```

use std::str::FromStr;

use pep440_rs::{LocalSegment, PrereleaseKind, Version};

use super::{KeyWriter, Refusal, VersionKey};

const ANY_LOCAL: u8 = 0xff;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = parse(version)?;
    let mut key = public(&version);
    if version.local().is_empty() {
        return Ok(key.byte(0x01).finish());
    }
    key.byte(0x02);
    for segment in version.local() {
        match segment {
            LocalSegment::String(text) => key.byte(0x02).text(text),
            LocalSegment::Number(number) => key.byte(0x03).number(*number),
        };
    }
    Ok(key.byte(0x01).finish())
}

/// `<= 1.0` covers `1.0+cpu`: a specifier without a local label leaves the candidate's out of the comparison.
pub(super) fn upper(version: &str) -> Result<VersionKey, Refusal> {
    let parsed = parse(version)?;
    if !parsed.local().is_empty() {
        return key(version);
    }
    Ok(public(&parsed).byte(ANY_LOCAL).finish())
}

fn parse(version: &str) -> Result<Version, Refusal> {
    Version::from_str(version).map_err(|_| "it does not follow PEP 440")
}

fn public(version: &Version) -> KeyWriter {
    let mut key = KeyWriter::default();
    key.number(version.epoch());
    let release = version.release();
    let significant = release.iter().rposition(|part| *part != 0);
    for part in release.iter().take(significant.map_or(0, |last| last + 1)) {
        key.byte(0x40).number(*part);
    }
    key.byte(0x10);
    match (version.pre(), version.post(), version.dev()) {
        (None, None, Some(_)) => key.byte(0x01).number(0),
        (None, ..) => key.byte(0x05).number(0),
        (Some(pre), ..) => key
            .byte(match pre.kind {
                PrereleaseKind::Alpha => 0x02,
                PrereleaseKind::Beta => 0x03,
                PrereleaseKind::Rc => 0x04,
            })
            .number(pre.number),
    };
    match version.post() {
        None => key.byte(0x01),
        Some(post) => key.byte(0x02).number(post),
    };
    match version.dev() {
        Some(dev) => key.byte(0x01).number(dev),
        None => key.byte(0x02),
    };
    key
}
