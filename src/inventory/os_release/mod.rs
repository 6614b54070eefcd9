//! Which distribution a root file system is.
//!
//! What comes in: `etc/os-release`, the older files that say the same in their own ways, those that say from which of its channels
//! the image is built, and nothing else. What goes out: one [`Distribution`](crate::model::Distribution) a file; which file is
//! believed is for `assemble` to say, by [`RANKED_PATHS`]. Never guessed from packages.

mod apk_repositories;
mod channels;
mod older;
mod shell;

use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::Distribution;

/// Every file that names the distribution, the most trustworthy first.
///
/// os-release(5) puts `/etc` before `/usr/lib`. Of the older files, `oracle-release` comes before `redhat-release`, which
/// Oracle Linux fills with Red Hat's name, and `debian_version` last: Debian's derivatives carry it unchanged.
pub(super) const RANKED_PATHS: [&str; 9] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/lsb-release",
    "etc/alpine-release",
    "etc/centos-release",
    "etc/oracle-release",
    "etc/redhat-release",
    "etc/system-release",
    "etc/debian_version",
];

/// 64 KiB: a real one has under 1 KiB.
const LIMIT: u64 = 64 << 10;

/// 4 MiB: a content manifest can list the modules of a program, too.
const MANIFEST_LIMIT: u64 = 4 << 20;

/// The state of Ubuntu Pro's client.
const UBUNTU_PRO: &str = "var/lib/ubuntu-advantage/status.json";

/// Where apk takes packages from: which releases of Alpine.
const APK_REPOSITORIES: &str = "etc/apk/repositories";

/// Folders of Red Hat's content manifests: of images by its older and its newer build system.
const CONTENT_MANIFESTS: [&str; 2] = ["root/buildinfo/content_manifests", "usr/share/buildinfo"];

/// Whether a file says from which of its channels the distribution is.
fn is_of_channels(entry: &Entry<'_>) -> bool {
    let ending = entry.file_name().rsplit_once('.');
    let is_json = ending.is_some_and(|(_, ending)| ending == "json");
    is_json && CONTENT_MANIFESTS.contains(&entry.parent()) || entry.path == UBUNTU_PRO
}

/// Reads the files that name the distribution.
pub(super) struct OsRelease;

impl Detector for OsRelease {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/os-release",
            version: 3,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("os-release"),
            Interest::Name("lsb-release"),
            Interest::Name("alpine-release"),
            Interest::Name("centos-release"),
            Interest::Name("oracle-release"),
            Interest::Name("redhat-release"),
            Interest::Name("system-release"),
            Interest::Name("debian_version"),
            Interest::Name("status.json"),
            Interest::Name("repositories"),
            Interest::Folder("content_manifests"),
            Interest::Folder("buildinfo"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if RANKED_PATHS.contains(&entry.path) || entry.path == APK_REPOSITORIES {
            Want::Whole { limit: LIMIT }
        } else if is_of_channels(entry) {
            Want::Whole {
                limit: MANIFEST_LIMIT,
            }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        if is_of_channels(&file.entry) {
            let distribution = if file.entry.path == UBUNTU_PRO {
                channels::ubuntu_pro(file.bytes)?
            } else {
                channels::content_manifest(file.bytes)?
            };
            return Ok(FileFacts {
                distribution,
                ..FileFacts::default()
            });
        }
        let text = String::from_utf8_lossy(file.bytes);
        if file.entry.path == APK_REPOSITORIES {
            return Ok(FileFacts {
                distribution: apk_repositories::apk_repositories(&text),
                ..FileFacts::default()
            });
        }
        let distribution = match file.entry.file_name() {
            "os-release" => shell::os_release(&text)?,
            "lsb-release" => shell::lsb_release(&text)?,
            "alpine-release" => older::alpine_release(&text)?,
            "debian_version" => older::debian_version(&text)?,
            _ => older::red_hat_release(&text)?,
        };
        Ok(FileFacts {
            distribution: Some(distribution),
            ..FileFacts::default()
        })
    }
}

/// A distribution of which only the id is known.
fn distribution(id: impl Into<String>) -> Distribution {
    Distribution {
        id: id.into(),
        ..Distribution::default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    #[test]
    fn every_ranked_path_is_read_and_no_other() {
        for path in RANKED_PATHS {
            let entry = Entry::file(path, 10);
            let interest = Interest::Name(entry.file_name());
            assert!(OsRelease.interests().contains(&interest), "{path}");
            assert_ne!(OsRelease.wants(&entry), Want::Skip, "{path}");
        }
        let snap = Entry::file("snap/core/etc/os-release", 10);
        assert_eq!(OsRelease.wants(&snap), Want::Skip);
    }

    #[test]
    fn a_file_without_any_assignment_is_an_error_that_says_so() {
        let refused =
            detect_one(&OsRelease, "etc/os-release", b"<html>").expect_err("no os-release");
        assert_eq!(refused.reason, "no line of it is NAME=value");
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(
            path in proptest::sample::select(&RANKED_PATHS[..]),
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            let _ = detect_one(&OsRelease, path, &bytes);
        }

        #[test]
        fn any_json_of_a_channel_never_panics(
            path in proptest::sample::select(vec![UBUNTU_PRO, "usr/share/buildinfo/content-sets.json"]),
            text in "(\\{\"(attached|services|content_sets)\": (true|\\[\"a\"\\]|\\[\\{\\}\\])\\})?.{0,10}"
        ) {
            let _ = detect_one(&OsRelease, path, text.as_bytes());
        }

        #[test]
        fn any_line_of_text_never_panics(
            path in proptest::sample::select(&RANKED_PATHS[..]),
            text in "(ID|VERSION_ID|PRETTY_NAME|DISTRIB_ID|CentOS release)?[=\"'\\\\ a-z0-9.\n]{0,40}"
        ) {
            let _ = detect_one(&OsRelease, path, text.as_bytes());
        }
    }
}
