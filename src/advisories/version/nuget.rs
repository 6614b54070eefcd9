//! The order of .NET packages, <https://learn.microsoft.com/nuget/concepts/package-versioning>: SemVer with a
//! fourth number, letters of either case alike, and missing numbers zero, so that `1.0` is `1.0.0.0`.
//!
//! ```text
//! number ( . number ){0,3} [ - pre-release ] [ + build ]
//! key = 10 number{4} ( 09 | ( 02 number | 03 text 00 )+ 01 )          the end is SemVer's
//! ```
//! Leading zeros count for nothing, and build metadata has no place in the order.

use super::{KeyWriter, Refusal, VersionKey, run, semver};

const NUMBERS: u8 = 0x10;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version
        .split_once('+')
        .map_or(version, |(version, _build)| version);
    let (release, pre_release) = match version.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (version, None),
    };
    let numbers = run::numbers(release, &['.'])
        .filter(|numbers| numbers.len() <= 4)
        .ok_or("it does not begin with one to four numbers")?;
    let mut key = KeyWriter::default();
    key.byte(NUMBERS);
    for index in 0..4 {
        key.digits(numbers.get(index).unwrap_or(&"0"));
    }
    semver::pre_release(
        &mut key,
        pre_release.map(str::to_ascii_lowercase).as_deref(),
    )?;
    Ok(key.finish())
}
