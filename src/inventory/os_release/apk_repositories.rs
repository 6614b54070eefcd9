//! `etc/apk/repositories`: from which releases of Alpine apk takes packages, apk-repositories(5).
//!
//! ```text
//! https://dl-cdn.alpinelinux.org/alpine/v3.20/main
//! @testing https://dl-cdn.alpinelinux.org/alpine/edge/testing
//! ```
//! A line with a tag counts only for packages that are asked for with that tag, and says nothing of the others.

use super::distribution;
use crate::model::Distribution;

/// The releases, `v3.20` or `edge`, sorted, as the channels that the image is built from; `None` if no line names one.
pub(super) fn apk_repositories(text: &str) -> Option<Distribution> {
    let mut content_sets: Vec<String> = text
        .lines()
        .filter_map(release)
        .map(str::to_owned)
        .collect();
    content_sets.sort_unstable();
    content_sets.dedup();
    (!content_sets.is_empty()).then(|| Distribution {
        content_sets,
        ..distribution("alpine")
    })
}

/// The release is the folder above the repository: mirrors differ in all that is before it.
fn release(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.starts_with(['#', '@']) {
        return None;
    }
    let mut folders = line.trim_end_matches('/').rsplit('/');
    let _repository = folders.next()?;
    let release = folders.next()?;
    let is_number = |number: &str| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        number
            .split_once('.')
            .is_some_and(|(major, minor)| digits(major) && digits(minor))
    };
    let is_release = release == "edge" || release.strip_prefix('v').is_some_and(is_number);
    is_release.then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_told_whatever_the_mirror_and_tagged_lines_are_not() {
        let text = "# old\n#https://x/alpine/v3.1/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.20/main\nhttp://mirror/x/v3.20/community/\n@e https://x/alpine/edge/testing\nhttps://x/alpine/latest-stable/main\n/media/cdrom/apks\n";
        let read = apk_repositories(text).expect("a release");
        assert_eq!(
            (read.id.as_str(), read.content_sets),
            ("alpine", vec!["v3.20".to_owned()])
        );
        let edge = apk_repositories("https://x/alpine/edge/main\nhttps://x/alpine/v3.20/main")
            .expect("two");
        assert_eq!(edge.content_sets, ["edge", "v3.20"]);
        for none in [
            "",
            "https://packages.wolfi.dev/os",
            "https://x/alpine/v3/main",
            "https://x/alpine/v3.x/main",
            "edge",
        ] {
            assert_eq!(apk_repositories(none), None, "{none}");
        }
    }
}
