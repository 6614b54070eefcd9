//! `[epoch:]version[-release]`: what rpm's and Arch's versions are made of. How a part is ordered is theirs.

use super::{KeyWriter, Refusal, VersionKey};

const NO_RELEASE: u8 = 0x00;
const ANY_RELEASE: u8 = 0xff;

/// What stands for a release that is not there.
#[derive(Clone, Copy)]
pub(super) enum MissingRelease {
    /// Below every release.
    Lowest,
    /// Above every release: for an upper bound that covers them all.
    Highest,
}

/// The key of epoch, version and release, of which `segment` writes the last two. A missing epoch is 0; only digits make
/// one (`parseEVR` in rpm's rpmio/rpmver.c, `parseEVR` in libalpm's version.c), so `a:1` has none.
pub(super) fn key(
    text: &str,
    missing: MissingRelease,
    segment: fn(&mut KeyWriter, &str),
) -> Result<VersionKey, Refusal> {
    if text.is_empty() {
        return Err("it is empty");
    }
    let (epoch, rest) = match text.split_once(':') {
        Some((epoch, rest)) if epoch.bytes().all(|byte| byte.is_ascii_digit()) => (epoch, rest),
        _ => ("0", text),
    };
    let (version, release) = match rest.rsplit_once('-') {
        Some((version, release)) => (version, Some(release)),
        None => (rest, None),
    };
    let mut key = KeyWriter::default();
    key.digits(epoch);
    segment(&mut key, version);
    match (release, missing) {
        (Some(release), _) => segment(&mut key, release),
        (None, MissingRelease::Lowest) => drop(key.byte(NO_RELEASE)),
        (None, MissingRelease::Highest) => drop(key.byte(ANY_RELEASE)),
    }
    Ok(key.finish())
}
