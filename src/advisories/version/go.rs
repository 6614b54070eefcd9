//! Go's order: modules by `golang.org/x/mod/semver`, and the toolchain's own releases by what
//! `golang.org/x/vuln/internal/semver` makes of them.
//!
//! ```text
//! v1.2.3   v0.0.0-20200101000000-abcdefabcdef   v2.0.0+incompatible   modules; the `v` can be left out
//! go1.21rc2 = 1.21.0-rc.2   go1.22.3 = 1.22.3   go1.20 = 1.20.0       the standard library and the toolchain
//! ```
//! A pseudo-version is a pre-release like any other and `+incompatible` is build metadata, so neither needs a rule: the
//! key is SemVer's. The Go vulnerability database writes toolchain versions as SemVer, so go1.21rc2 has to come among
//! them. `(devel)` and `devel go1.23-0123abc` name no release and have no place.

use super::{Refusal, VersionKey, run, semver};

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    // A toolchain built with experiments says so behind a space: `go1.22.3 X:boringcrypto`.
    let version = match version.strip_prefix("go") {
        Some(release) => release.split(' ').next().unwrap_or(release),
        None => version.strip_prefix('v').unwrap_or(version),
    };
    semver::parse(version)
        .or_else(|| semver::parse(&toolchain(version)?))
        .map(|version| semver::key_of(&version))
        .ok_or("it is neither a module's version nor a release of Go")
}

/// `1.21rc2` as SemVer. A release candidate of a patch was made once: `1.9.2rc2`.
fn toolchain(version: &str) -> Option<String> {
    let (numbers, rest) = run::while_all(version, |c| c.is_ascii_digit() || c == '.');
    let (kind, count) = run::while_all(rest, |c| c.is_ascii_lowercase());
    let patch = match numbers.split('.').count() {
        2 => ".0",
        3 => "",
        _ => return None,
    };
    (matches!(kind, "beta" | "rc") && run::is_number(count))
        .then(|| format!("{numbers}{patch}-{kind}.{count}"))
}
