//! npm's versions: SemVer as `node-semver` reads it with `loose`, since the registry's old versions were read so.
//!
//! ```text
//! [v = space]* major.minor.patch [[-] pre-release] [+build]
//! ```
//! <https://github.com/npm/node-semver/blob/main/internal/re.js>, `LOOSEPLAIN`.

use semver::Version;

use super::{Refusal, VersionKey, semver as strict};

const REFUSED: Refusal = "node-semver does not read it, even loosely";

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version.trim_start_matches(|c: char| c == 'v' || c == '=' || c.is_whitespace());
    strict::parse(version)
        .or_else(|| loose(version))
        .map(|version| strict::key_of(&version))
        .ok_or(REFUSED)
}

/// Leading zeros, and a pre-release without its hyphen: `1.02.3beta`.
fn loose(text: &str) -> Option<Version> {
    let (text, _build) = text.split_once('+').unwrap_or((text, ""));
    let (major, rest) = number(text)?;
    let (minor, rest) = number(rest.strip_prefix('.')?)?;
    let (patch, rest) = number(rest.strip_prefix('.')?)?;
    let pre = rest.strip_prefix('-').unwrap_or(rest);
    let mut version = format!("{major}.{minor}.{patch}");
    for (index, identifier) in pre.split('.').enumerate().filter(|_| !rest.is_empty()) {
        version.push(if index == 0 { '-' } else { '.' });
        version.push_str(without_leading_zeros(identifier));
    }
    Version::parse(&version).ok()
}

fn number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (!digits.is_empty()).then(|| (without_leading_zeros(digits), rest))
}

/// SemVer refuses `01`; node-semver's loose mode takes it for 1. Identifiers with a letter stay as they are.
fn without_leading_zeros(identifier: &str) -> &str {
    if identifier.is_empty() || !identifier.bytes().all(|byte| byte.is_ascii_digit()) {
        return identifier;
    }
    match identifier.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    }
}
