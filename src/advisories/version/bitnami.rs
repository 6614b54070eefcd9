//! Bitnami's order: SemVer with a revision, as github.com/bitnami/go-version describes it.
//!
//! ```text
//! [v] major [. minor [. patch]] [ - pre-release ] [ - revision ] [ + build ]
//! key = 10 number{3} ( 09 | ( 02 number | 03 text 00 )+ 01 ) number(revision)          the middle is SemVer's
//! ```
//! A number alone behind the last hyphen counts the rebuilds of one upstream version. SemVer would take it for a
//! pre-release and put the rebuild `1.2.3-4` below `1.2.3`. None is revision 0. Leading zeros count for nothing: the
//! versions of minio are dates, `2020.04.23`.

use super::{KeyWriter, Refusal, VersionKey, run, semver};

const NUMBERS: u8 = 0x10;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = version
        .split_once('+')
        .map_or(version, |(version, _build)| version);
    let (upstream, revision) = match version.rsplit_once('-') {
        Some((upstream, revision)) if run::is_number(revision) => (upstream, revision),
        _ => (version, "0"),
    };
    let (release, pre_release) = match upstream.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (upstream, None),
    };
    let numbers = run::numbers(release, &['.'])
        .filter(|numbers| numbers.len() <= 3)
        .ok_or("it does not begin with one to three numbers")?;
    let mut key = KeyWriter::default();
    key.byte(NUMBERS);
    for index in 0..3 {
        key.digits(numbers.get(index).unwrap_or(&"0"));
    }
    semver::pre_release(&mut key, pre_release)?;
    Ok(key.digits(revision).finish())
}
