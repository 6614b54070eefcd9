//! SemVer 2.0, <https://semver.org/#spec-item-11>, with the leniency that advisories for crates.io and Swift need: `v`
//! in front, and missing components are zero, as in `golang.org/x/mod/semver`.
//!
//! ```text
//! key = number(major) number(minor) number(patch) ( 09 if released | ( 02 number | 03 text 00 )+ 01 )
//! ```
//! Build metadata has no place in the order.

use semver::{BuildMetadata, Prerelease, Version};

use super::{KeyWriter, Refusal, VersionKey, run};

const END: u8 = 0x01;
const NUMERIC: u8 = 0x02;
const ALPHANUMERIC: u8 = 0x03;
/// Above every pre-release.
pub(super) const RELEASED: u8 = 0x09;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version.strip_prefix('v').unwrap_or(version);
    parse(version)
        .map(|version| key_of(&version))
        .ok_or("it is not major.minor.patch with an optional pre-release")
}

/// Reads a version, or one with its minor or patch component left out.
pub(super) fn parse(text: &str) -> Option<Version> {
    if let Ok(version) = Version::parse(text) {
        return Some(version);
    }
    let core_ends = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(core_ends);
    let padding = match core.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => return None,
    };
    Version::parse(&format!("{core}{padding}{rest}")).ok()
}

pub(super) fn key_of(version: &Version) -> VersionKey {
    let mut key = KeyWriter::default();
    precedence(&mut key, version);
    key.finish()
}

/// What decides the order of two versions: everything but the build metadata.
pub(super) fn precedence(key: &mut KeyWriter, version: &Version) {
    let Version {
        major,
        minor,
        patch,
        pre,
        build: BuildMetadata { .. },
    } = version;
    key.number(*major).number(*minor).number(*patch);
    if *pre == Prerelease::EMPTY {
        key.byte(RELEASED);
    } else {
        identifiers(key, pre);
    }
}

/// Identifiers with dots between them: numbers below words, and fewer below more.
pub(super) fn identifiers(key: &mut KeyWriter, identifiers: &str) {
    for identifier in identifiers.split('.') {
        if run::is_number(identifier) {
            key.byte(NUMERIC).digits(identifier);
        } else {
            key.byte(ALPHANUMERIC).text(identifier);
        }
    }
    key.byte(END);
}

/// A pre-release that no parser has looked at, or that there is none. Leading zeros are let pass.
pub(super) fn pre_release(key: &mut KeyWriter, pre_release: Option<&str>) -> Result<(), Refusal> {
    let Some(pre_release) = pre_release else {
        key.byte(RELEASED);
        return Ok(());
    };
    let is_identifier = |identifier: &str| {
        !identifier.is_empty()
            && identifier
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !pre_release.split('.').all(is_identifier) {
        return Err(
            "its pre-release is not made of letters, digits and hyphens with single dots between them",
        );
    }
    identifiers(key, pre_release);
    Ok(())
}
