//! Pub's order: SemVer in which the build counts, `Version.compareTo` of dart-lang/pub_semver. Julia's `VersionNumber`
//! orders alike (base/version.jl); its binary packages are told apart by their builds, `1.2.13+1`.
//!
//! ```text
//! key = SemVer's key ( 09 no build | 0a ( 02 number | 03 text 00 )+ 01 )
//! ```
//! A build is above none, and builds are compared as pre-releases are.

use ::semver::Version;

use super::{KeyWriter, Refusal, VersionKey, semver};

const WITH_BUILD: u8 = semver::RELEASED + 1;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = Version::parse(version)
        .map_err(|_| "it is not major.minor.patch with an optional pre-release and build")?;
    let mut key = KeyWriter::default();
    semver::precedence(&mut key, &version);
    if version.build.is_empty() {
        return Ok(key.byte(semver::RELEASED).finish());
    }
    key.byte(WITH_BUILD);
    semver::identifiers(&mut key, &version.build);
    Ok(key.finish())
}
