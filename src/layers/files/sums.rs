//! The digests that package databases record of files, computed as the bytes pass.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::layers::{Entry, EntryKind};
use crate::model::{FileAlgorithm, FileDigest};

/// Folders whose files a distribution's packages bring. What lies elsewhere (`srv`, `home`, an application's own folder) is in
/// no such database, and is not hashed.
const PACKAGED: [&str; 11] = [
    "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "opt", "sbin", "usr", "var",
];
/// Below `usr`, but not a distribution's: Debian's policy 9.1.2, and all others do the same.
const LOCAL: &str = "usr/local/";

/// Names that tell the family of a distribution. A layer of which one has been seen is hashed only for that family from there on:
/// MD5, SHA-1 and SHA-256 together cost as much as inflating. Where this guesses wrong, a file's digest is missing, and the
/// inventory says that it was not checked.
const FAMILIES: [(&str, usize); 23] = [
    ("etc/debian_version", MD5),
    ("etc/dpkg/", MD5),
    ("var/lib/dpkg/", MD5),
    ("etc/opkg/", MD5),
    // Debian's folders for several architectures, and Red Hat's for the debuggers of its programs: a layer of a package tool has them
    // long before the database.
    ("usr/lib/aarch64-linux-gnu/", MD5),
    ("usr/lib/x86_64-linux-gnu/", MD5),
    ("etc/portage/", MD5),
    ("var/db/pkg/", MD5),
    // What pacman installed it knows by SHA-256, configuration files by MD5.
    ("etc/pacman.d/", MD5),
    ("var/lib/pacman/", MD5),
    ("etc/alpine-release", SHA1),
    ("etc/apk/", SHA1),
    ("lib/apk/", SHA1),
    ("usr/lib/apk/", SHA1),
    ("etc/pacman.d/", SHA256),
    ("var/lib/pacman/", SHA256),
    ("etc/redhat-release", SHA256),
    ("etc/yum.repos.d/", SHA256),
    ("etc/zypp/", SHA256),
    ("usr/lib/.build-id/", SHA256),
    ("usr/lib/sysimage/rpm/", SHA256),
    ("var/lib/chisel/", SHA256),
    ("var/lib/rpm/", SHA256),
];
/// Names that chisel's slices of Debian's kin do not have: without one of them, files of that family can be chisel's, which records
/// SHA-256, as well as dpkg's.
const INSTALLED_BY_DPKG: [&str; 3] = ["etc/dpkg/", "etc/ld.so.cache", "var/lib/dpkg/"];
const MD5: usize = 0;
const SHA1: usize = 1;
const SHA256: usize = 2;

/// Whether a file lies where packages bring files, so that it is hashed.
pub(super) fn is_packaged(path: &str) -> bool {
    PACKAGED.contains(&path.split('/').next().unwrap_or_default()) && !path.starts_with(LOCAL)
}

/// The sums of one file after the other.
#[derive(Default)]
pub(in crate::layers) struct Sums {
    /// Whether nobody wants them.
    is_off: bool,
    /// By algorithm: whether a family that uses it was seen in this layer.
    seen: [bool; 3],
    /// Whether a name was seen that only an installation by a package tool has.
    is_installed: bool,
    /// By algorithm: whether the current file is hashed with it.
    now: [bool; 3],
    md5: Md5,
    sha1: Sha1,
    sha256: Sha256,
}

impl Sums {
    /// Of the files of a layer, if they are wanted.
    pub(in crate::layers) fn new(are_wanted: bool) -> Self {
        Self {
            is_off: !are_wanted,
            ..Self::default()
        }
    }

    /// Any entry of the layer: its name may tell the family.
    pub(in crate::layers) fn notice(&mut self, path: &str) {
        if self.is_off || !path.starts_with(['e', 'l', 'u', 'v']) {
            return;
        }
        let is_at = |start: &str| {
            path.strip_prefix(start)
                .is_some_and(|rest| rest.is_empty() || start.ends_with('/'))
        };
        for (start, algorithm) in FAMILIES {
            if let Some(seen) = self.seen.get_mut(algorithm)
                && !*seen
            {
                *seen = is_at(start);
            }
        }
        self.is_installed = self.is_installed || INSTALLED_BY_DPKG.into_iter().any(is_at);
    }

    /// A file begins.
    pub(in crate::layers) fn begin(&mut self, entry: &Entry<'_>) {
        let is_packaged = !self.is_off
            && entry.kind == EntryKind::File
            && entry.size > 0
            && is_packaged(entry.path);
        let any = self.seen.contains(&true);
        let [md5, sha1, sha256] = self.seen;
        let can_be_chisel = md5 && !self.is_installed;
        self.now = [md5, sha1, sha256 || can_be_chisel]
            .map(|is_of_family| is_packaged && (is_of_family || !any));
    }

    /// Its next bytes.
    pub(in crate::layers) fn update(&mut self, bytes: &[u8]) {
        let [md5, sha1, sha256] = self.now;
        if md5 {
            self.md5.update(bytes);
        }
        if sha1 {
            self.sha1.update(bytes);
        }
        if sha256 {
            self.sha256.update(bytes);
        }
    }

    /// It is complete: those of its digests that were computed.
    pub(in crate::layers) fn end(&mut self) -> impl Iterator<Item = FileDigest> + use<> {
        use FileAlgorithm as Of;
        let [md5, sha1, sha256] = self.now;
        [
            md5.then(|| FileDigest::of_bytes(Of::Md5, &self.md5.finalize_reset())),
            sha1.then(|| FileDigest::of_bytes(Of::Sha1, &self.sha1.finalize_reset())),
            sha256.then(|| FileDigest::of_bytes(Of::Sha256, &self.sha256.finalize_reset())),
        ]
        .into_iter()
        .flatten()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums_of(sums: &mut Sums, path: &str) -> Vec<FileAlgorithm> {
        sums.notice(path);
        sums.begin(&Entry::file(path, 3));
        sums.update(b"a");
        sums.update(b"bc");
        sums.end().map(|digest| digest.algorithm).collect()
    }

    #[test]
    fn a_file_has_the_digests_of_its_family_and_all_where_the_family_is_not_known_yet() {
        use FileAlgorithm::{Md5, Sha1, Sha256};
        let mut sums = Sums::default();
        assert_eq!(sums_of(&mut sums, "bin/sh"), [Md5, Sha1, Sha256]);
        assert_eq!(
            sums_of(&mut sums, "etc/debian_version.d/x"),
            [Md5, Sha1, Sha256]
        );
        // Until dpkg shows, it can be chisel's.
        assert_eq!(sums_of(&mut sums, "etc/debian_version"), [Md5, Sha256]);
        assert_eq!(sums_of(&mut sums, "etc/dpkg/dpkg.cfg"), [Md5]);
        assert_eq!(sums_of(&mut sums, "usr/bin/perl"), [Md5]);
        assert_eq!(sums_of(&mut sums, "usr/local/bin/node"), []);
        assert_eq!(sums_of(&mut sums, "srv/app"), []);
        assert_eq!(sums_of(&mut sums, "etc/apk/world"), [Md5, Sha1]);
    }

    #[test]
    fn nothing_is_computed_where_nobody_wants_it() {
        let mut sums = Sums::new(false);
        assert_eq!(sums_of(&mut sums, "etc/debian_version"), []);
    }

    #[test]
    fn the_digests_are_the_ones_that_the_databases_write() {
        let mut sums = Sums::default();
        sums.begin(&Entry::file("usr/bin/x", 3));
        sums.update(b"abc");
        let starts: Vec<u64> = sums.end().map(|digest| digest.start).collect();
        assert_eq!(
            starts,
            [
                0x9001_5098_3cd2_4fb0,
                0xa999_3e36_4706_816a,
                0xba78_16bf_8f01_cfea
            ]
        );
    }
}
