//! Packages in a Nix store: each folder `nix/store/HASH-NAME-VERSION` is one, or one output of one.
//!
//! Nix has a database of them, `nix/var/nix/db/db.sqlite`, but images are commonly made without it (nixpkgs' `dockerTools`), and
//! it says no more than the names of the folders do: these are what is read. Where a name ends and a version begins is the rule
//! of `builtins.parseDrvName` (Nix manual). What lies in the store as a single file is a recipe (`.drv`), a patch, a source
//! archive or a script, and a folder without a file holds links into others: neither is a package.

use std::collections::BTreeSet;

use crate::layers::{Detector, DetectorId, Entry, FileFacts, Interest, Session};
use crate::model::{Claims, Gap, GapKind, LayerPath, Package, PackageType};

const STORE: &str = "nix/store/";

/// Characters of the hash: 160 bits in Nix's base 32.
const HASH: usize = 32;

/// Store paths of one layer. 100,000: twice the packages of nixpkgs that have a version.
const PATHS: usize = 100_000;

/// Reads the names of store paths.
pub(in crate::inventory) struct Nix;

impl Detector for Nix {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/nix",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Everything]
    }

    fn session(&self) -> Option<Box<dyn Session + '_>> {
        Some(Box::new(Store::default()))
    }
}

/// One layer's store: each path is told once, at its first file.
#[derive(Default)]
struct Store {
    told: BTreeSet<String>,
    /// The store path of the last file: files of one folder come one after the other.
    last: String,
    now: FileFacts,
}

impl Session for Store {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        let Some(name) = store_name(entry.path) else {
            return false;
        };
        if name == self.last {
            return false;
        }
        name.clone_into(&mut self.last);
        if self.told.len() > PATHS || self.told.contains(name) {
            return false;
        }
        let Some(package) = package_of(name) else {
            return false;
        };
        self.told.insert(name.to_owned());
        if self.told.len() > PATHS {
            let detail =
                format!("the layer has more than {PATHS} store paths: the rest is left out");
            let path = LayerPath::from(entry.path);
            self.now
                .gaps
                .push(Gap::at(GapKind::LimitReached, path, detail));
        } else {
            let folder = format!("{STORE}{name}");
            self.now
                .claims
                .push(Claims::folder(&*package.name, &folder));
            self.now.packages.push(package);
        }
        true
    }

    fn chunk(&mut self, _: &[u8]) {}

    fn end(&mut self) -> FileFacts {
        std::mem::take(&mut self.now)
    }
}

/// `HASH-NAME-VERSION` of a file below such a folder.
fn store_name(path: &str) -> Option<&str> {
    let (name, _) = path.strip_prefix(STORE)?.split_once('/')?;
    Some(name)
}

/// The package that a store path is, if it has a version.
fn package_of(store_name: &str) -> Option<Package> {
    let (hash, rest) = store_name.split_at_checked(HASH)?;
    let full = rest.strip_prefix('-')?;
    if !hash
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return None;
    }
    let (name, version) = split_version(full)?;
    let (version, output) = split_output(version);
    if output == Some("source") {
        return None;
    }
    let (name, version) = match name.strip_suffix("-unstable") {
        // Before 2024, nixpkgs called a commit without a release `unstable-DATE`.
        Some(name) => (name, format!("unstable-{version}")),
        None => (name, version.to_owned()),
    };
    let mut package = Package::new(PackageType::new("nix"), name, version);
    package
        .properties
        .insert("store-hash".into(), hash.to_owned());
    if let Some(output) = output {
        package
            .properties
            .insert("output".into(), output.to_owned());
    }
    Some(package)
}

/// The version begins behind the first hyphen that no letter follows.
fn split_version(full: &str) -> Option<(&str, &str)> {
    let is_end = |(index, _): &(usize, &str)| {
        let after = full.as_bytes().get(index + 1);
        after.is_some_and(|byte| !byte.is_ascii_alphabetic())
    };
    let (index, _) = full.match_indices('-').find(is_end)?;
    let (name, version) = full.split_at_checked(index)?;
    let version = version.strip_prefix('-')?;
    (!name.is_empty() && version.starts_with(|first: char| first.is_ascii_digit()))
        .then_some((name, version))
}

/// Parts off the output (`bin`, `dev`, `lib`, `man`, …) that follows the version. Any word can be one; those that versions end
/// in are not.
fn split_output(version: &str) -> (&str, Option<&str>) {
    const OF_VERSIONS: [&str; 8] = [
        "alpha", "beta", "git", "pre", "rc", "release", "stable", "unstable",
    ];
    match version.rsplit_once('-') {
        Some((version, word))
            if !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_alphabetic())
                && !OF_VERSIONS.contains(&word) =>
        {
            (version, Some(word))
        }
        _ => (version, None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH_OF_A: &str = "h0cnbmfcn93xm5dg2x27ixhag1cwndga";

    fn facts(paths: &[&str]) -> Vec<FileFacts> {
        let mut session = Nix.session().expect("a session");
        let mut told = Vec::new();
        for path in paths {
            if session.begin(&Entry::file(path, 1)) {
                told.push(session.end());
            }
        }
        told
    }

    #[test]
    fn a_store_path_is_told_once_and_owns_its_folder() {
        let bash = format!("nix/store/{HASH_OF_A}-bash-5.2-p26");
        let zlib = format!("nix/store/{HASH_OF_A}-zlib-1.3.1");
        let paths = [
            format!("{bash}/bin/bash"),
            format!("{bash}/bin/sh"),
            format!("{zlib}/lib/libz.so"),
            format!("{bash}/share/man"),
            format!("etc/nix/store/{HASH_OF_A}-curl-8.0/x"),
            "nix/var/nix/db/db.sqlite".to_owned(),
        ];
        let told = facts(&paths.each_ref().map(String::as_str));
        let [bash_facts, zlib_facts] = told.as_slice() else {
            panic!("two packages, not {told:?}")
        };
        assert_eq!(bash_facts.packages[0].name, "bash");
        assert_eq!(bash_facts.packages[0].version, "5.2-p26");
        assert_eq!(bash_facts.packages[0].properties["store-hash"], HASH_OF_A);
        assert_eq!(bash_facts.claims, [Claims::folder("bash", &bash)]);
        assert_eq!(
            zlib_facts.packages[0].purl(None).as_deref(),
            Some("pkg:nix/zlib@1.3.1")
        );
    }

    #[test]
    fn names_versions_and_outputs_are_parted_as_nix_parts_them() {
        let parted = |full: &str| {
            let package = package_of(&format!("{HASH_OF_A}-{full}"))?;
            let output = package.properties.get("output").cloned();
            Some((package.name, package.version, output.unwrap_or_default()))
        };
        for (full, name, version, output) in [
            ("glibc-2.34-210-bin", "glibc", "2.34-210", "bin"),
            (
                "perl5.34.1-TimeDate-2.33",
                "perl5.34.1-TimeDate",
                "2.33",
                "",
            ),
            ("libfido2-1.10.0", "libfido2", "1.10.0", ""),
            (
                "bash-interactive-5.1-p16-man",
                "bash-interactive",
                "5.1-p16",
                "man",
            ),
            ("libedit-20210910-3.1", "libedit", "20210910-3.1", ""),
            (
                "busybox-static-x86_64-unknown-linux-musl-1.35.0",
                "busybox-static-x86_64-unknown-linux-musl",
                "1.35.0",
                "",
            ),
            (
                "webdav-server-rs-unstable-2021-08-16",
                "webdav-server-rs",
                "unstable-2021-08-16",
                "",
            ),
            ("x-0-unstable-2024-05-01", "x", "0-unstable-2024-05-01", ""),
            ("openssl-1.1.1q", "openssl", "1.1.1q", ""),
            ("x-1.0-beta", "x", "1.0-beta", ""),
            ("tzdata-2022a", "tzdata", "2022a", ""),
        ] {
            let expected = Some((name.to_owned(), version.to_owned(), output.to_owned()));
            assert_eq!(parted(full), expected, "{full}");
        }
        for full in [
            "base-system",
            "source",
            "linux-6.1-source",
            "-1.0",
            "x-",
            "",
        ] {
            assert_eq!(parted(full), None, "{full}");
        }
    }

    #[test]
    fn what_is_a_file_in_the_store_is_no_package() {
        let paths = [
            format!("nix/store/{HASH_OF_A}-git-2.36.0.drv"),
            format!("nix/store/{HASH_OF_A}-x-1.0.tar.gz"),
            format!("nix/store/{}-x-1.0/y", HASH_OF_A.to_uppercase()),
            "nix/store/.links/1a2b/x".to_owned(),
        ];
        assert_eq!(facts(&paths.each_ref().map(String::as_str)), []);
    }

    #[test]
    fn a_layer_with_more_store_paths_than_can_be_is_told_once() {
        let mut session = Nix.session().expect("a session");
        let mut gaps = 0;
        for number in 0..PATHS + 10 {
            let path = format!("nix/store/{HASH_OF_A}-x-{number}/y");
            if session.begin(&Entry::file(&path, 1)) {
                gaps += session.end().gaps.len();
            }
        }
        assert_eq!(gaps, 1);
    }

    proptest! {
        #[test]
        fn any_name_is_decided_without_a_panic(name in "[a-z0-9]{30,33}[-a-zé0-9.]{0,20}") {
            let path = format!("nix/store/{name}/x");
            let _ = facts(&[&path]);
        }
    }
}
