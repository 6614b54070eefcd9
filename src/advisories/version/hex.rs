//! Hex's order: Elixir's `Version`, <https://hexdocs.pm/elixir/Version.html>, SemVer 2.0 with nothing left out.

use ::semver::Version;

use super::{Refusal, VersionKey, semver};

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    Version::parse(version)
        .map(|version| semver::key_of(&version))
        .map_err(|_| "Elixir's Version wants major.minor.patch with an optional pre-release")
}
