//! What package managers leave behind: lists, archives and unpacked downloads that the container never reads.

use super::reader::has_extension;
use crate::layers::{Detector, DetectorId, EntryHeader, EntryKind, Interest};
use crate::model::Observation;

/// Files of caches that are told for one layer: the first ones show that the cache is there.
const FILES: usize = 2000;

/// Caches at a fixed place: all that is below it.
const FIXED: [(&str, &str); 12] = [
    ("etc/apk/cache/", "apk"),
    ("root/.cargo/registry/", "cargo"),
    ("usr/local/cargo/registry/", "cargo"),
    ("usr/local/share/.cache/yarn/", "yarn"),
    ("var/cache/apk/", "apk"),
    ("var/cache/dnf/", "dnf"),
    ("var/cache/libdnf5/", "dnf"),
    ("var/cache/pacman/pkg/", "pacman"),
    ("var/cache/tdnf/", "tdnf"),
    ("var/cache/yum/", "yum"),
    ("var/cache/zypp/", "zypper"),
    ("var/lib/apt/lists/", "apt lists"),
];

/// Caches in the home folder of any account.
const OF_ACCOUNTS: [(&str, &str); 6] = [
    ("/.cache/pip/", "pip"),
    ("/.cache/uv/", "uv"),
    ("/.cache/yarn/", "yarn"),
    ("/.cache/go-build/", "go"),
    ("/.npm/_cacache/", "npm"),
    ("/.composer/cache/", "composer"),
];

/// Names files of caches.
pub(super) struct Caches;

impl Detector for Caches {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "posture/caches",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[]
    }

    fn observes(&self) -> Option<usize> {
        Some(FILES)
    }

    fn observe(&self, header: &EntryHeader<'_>) -> Option<Observation> {
        let entry = &header.entry;
        if entry.kind != EntryKind::File || entry.size == 0 {
            return None;
        }
        cache(entry.path).map(|of| Observation::PackageCache {
            of: of.to_owned(),
            size: entry.size,
        })
    }

    fn follows_links(&self) -> bool {
        false
    }
}

/// The cache that a path lies in.
fn cache(path: &str) -> Option<&'static str> {
    if let Some(file) = path.strip_prefix("var/cache/apt/") {
        let is_archive = file.starts_with("archives/") && has_extension(file, "deb");
        let is_index = matches!(file, "pkgcache.bin" | "srcpkgcache.bin");
        return (is_archive || is_index).then_some("apt");
    }
    // Every path is asked about: those that can be none leave early.
    if !path.starts_with(['e', 'r', 'u', 'v']) && !path.contains("/.") {
        return None;
    }
    let fixed = FIXED.iter().find(|(folder, _)| path.starts_with(folder));
    if let Some((folder, of)) = fixed {
        let name = path.strip_prefix(folder)?;
        let is_content = *of != "apt lists"
            || name != "lock" && !name.starts_with("partial/") && !name.starts_with("auxfiles/");
        return is_content.then_some(*of);
    }
    if !path.contains("/.") {
        return None;
    }
    let of_account = OF_ACCOUNTS.iter().find(|(folder, _)| path.contains(folder));
    of_account.map(|(_, of)| *of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Entry;

    #[test]
    fn files_of_caches_are_known_by_their_place() {
        for (path, expected) in [
            (
                "var/lib/apt/lists/deb.debian.org_dists_bookworm_InRelease",
                Some("apt lists"),
            ),
            ("var/lib/apt/lists/lock", None),
            ("var/lib/apt/lists/partial/x", None),
            ("var/cache/apt/archives/a_1_amd64.deb", Some("apt")),
            ("var/cache/apt/archives/lock", None),
            ("var/cache/apt/pkgcache.bin", Some("apt")),
            ("var/cache/apk/APKINDEX.tar.gz", Some("apk")),
            ("etc/apk/cache/APKINDEX.tar.gz", Some("apk")),
            ("var/cache/dnf/x.solv", Some("dnf")),
            ("root/.cache/pip/http/a", Some("pip")),
            ("home/app/.npm/_cacache/index", Some("npm")),
            ("usr/local/share/.cache/yarn/v6/x", Some("yarn")),
            ("root/.cache/other/x", None),
            ("var/cache/nginx/x", None),
            ("srv/file", None),
        ] {
            assert_eq!(cache(path), expected, "{path}");
        }
    }

    #[test]
    fn only_files_with_content_count() {
        let observe = |entry| Caches.observe(&EntryHeader::of(entry));
        let path = "var/cache/apk/a";
        let found = Observation::PackageCache {
            of: "apk".to_owned(),
            size: 7,
        };
        assert_eq!(observe(Entry::file(path, 7)), Some(found));
        assert_eq!(observe(Entry::file(path, 0)), None);
    }
}
