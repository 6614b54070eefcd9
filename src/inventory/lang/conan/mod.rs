//! C and C++ packages of Conan: its caches, and what it writes beside a program that was built with it.
//!
//! Conan 1 has `data/NAME/VERSION/USER/CHANNEL/package/ID/conaninfo.txt` in its cache; Conan 2 has shortened folders
//! and `p/cache.sqlite3` that knows them. `conan install` of Conan 1 leaves a `conaninfo.txt` in the folder of the
//! build, with all that the program needs (<https://docs.conan.io/1/reference/config_files/conaninfo.txt.html>). A
//! program mostly links its packages statically and does not tell them: where somebody shipped its `conan.lock`
//! (<https://docs.conan.io/2/tutorial/versioning/lockfiles.html>), the packages in it are claimed, not seen.

mod cache;

use serde::Deserialize;
use serde_json::Value;

use super::installed::in_folder;
use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Many, Text};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Basis, Package, PackageType};

/// 64 MiB: a cache of a thousand packages has 1 MiB.
const LIMIT: u64 = 64 << 20;

/// 4 MiB: the nodes of a lock, and the settings of one package, are a few hundred bytes each.
const TEXT_LIMIT: u64 = 4 << 20;

/// Reads Conan's packages.
pub(in crate::inventory) struct Conan;

impl Detector for Conan {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/conan",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("cache.sqlite3"),
            Interest::Extension("txt"),
            Interest::Extension("lock"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match entry.file_name() {
            "cache.sqlite3" if cache::is_folder(entry.parent()) => Want::Whole { limit: LIMIT },
            "conaninfo.txt" | "conan.lock" => Want::Whole { limit: TEXT_LIMIT },
            _ => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        match file.entry.file_name() {
            "cache.sqlite3" => cache::read(file),
            "conan.lock" => read_lock(file),
            _ => Ok(read_info(file)),
        }
    }
}

/// A reference: `name/version[@user/channel][#revision][:package]`, in locks with `%timestamp`.
///
/// <https://docs.conan.io/2/reference/conanfile/methods/requirements.html>, `RecipeReference` in Conan 2 and
/// `ConanFileReference` in 1.
fn package_of(reference: &str) -> Option<Package> {
    let reference = reference.split(['%', ':']).next()?;
    let (reference, revision) = split_optional(reference, '#');
    let (reference, origin) = split_optional(reference, '@');
    let (name, version) = reference.split_once('/')?;
    if name.is_empty() || version.is_empty() || version.contains('/') {
        return None;
    }
    let mut package = Package::new(PackageType::new("conan"), name, version);
    let (user, channel) = origin.map_or((None, None), |origin| {
        let (user, channel) = split_optional(origin, '/');
        (Some(user), channel)
    });
    for (key, value) in [("user", user), ("channel", channel), ("revision", revision)] {
        // Conan 1 writes `_` in folders where there is none, and revision 0 where revisions are off.
        if let Some(value) = value.filter(|value| !matches!(*value, "" | "_" | "0")) {
            package.properties.insert(key.into(), value.to_owned());
        }
    }
    Some(package)
}

fn split_optional(text: &str, sign: char) -> (&str, Option<&str>) {
    text.split_once(sign)
        .map_or((text, None), |(before, after)| (before, Some(after)))
}

/// In Conan 1's cache the folders tell the package itself; what it needs lies in folders of its own. Elsewhere the
/// section `full_requires` tells what was installed for the program. Conan 2 has no such section: its `requires` are
/// patterns, `1.Y.Z`.
fn read_info(file: File<'_>) -> FileFacts {
    let path = file.entry.path;
    match of_cache_1(path) {
        Some(("package", package)) => return in_folder(package, file.entry.parent()),
        // What a package was built from.
        Some(_) => return FileFacts::default(),
        None => {}
    }
    let mut harvest = Harvest::of(path);
    let text = String::from_utf8_lossy(file.bytes);
    let mut is_within = false;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line.starts_with('[') {
            is_within = line == "[full_requires]";
        } else if is_within && !line.is_empty() {
            match package_of(line) {
                Some(mut package) => {
                    package.line = Some(number);
                    harvest.package(package);
                }
                None => harvest.unreadable(format!("line {number} is no reference")),
            }
        }
    }
    harvest.finish()
}

/// `…/data/NAME/VERSION/USER/CHANNEL/KIND/ID/conaninfo.txt`: the kind, `package` or `build`, and the package.
fn of_cache_1(path: &str) -> Option<(&str, Package)> {
    let mut parts = path.rsplit('/').skip(2);
    let kind = parts
        .next()
        .filter(|kind| matches!(*kind, "package" | "build"))?;
    let (channel, user) = (parts.next()?, parts.next()?);
    let (version, name) = (parts.next()?, parts.next()?);
    if parts.next()? != "data" {
        return None;
    }
    let package = package_of(&format!("{name}/{version}@{user}/{channel}"))?;
    Some((kind, package))
}

/// A lock. Conan 2 has lists of references; Conan 1 a graph, in which node 0 is the program itself.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Lock {
    requires: Many<Text>,
    graph_lock: Graph,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Graph {
    nodes: serde_json::Map<String, Value>,
}

/// What is needed to build only (`build_requires`, `python_requires`, nodes in the context `build`) is not in the
/// program.
fn read_lock(file: File<'_>) -> Result<FileFacts, ParseError> {
    let path = file.entry.path;
    let lock: Lock = json::read(file.bytes)?;
    let mut harvest = Harvest::of(path);
    let of_graph = lock.graph_lock.nodes.iter().filter_map(|(id, node)| {
        let text = |field: &str| node.get(field).and_then(Value::as_str);
        let is_in_program = id != "0" && text("context") != Some("build");
        // A program from a text file has a node without a reference.
        text("ref").filter(|_| is_in_program)
    });
    let of_lists = lock.requires.items.iter().filter_map(Text::text);
    for reference in of_lists.chain(of_graph) {
        match package_of(reference) {
            Some(mut package) => {
                package.basis = Basis::Claimed;
                harvest.package(package);
            }
            None => harvest.unreadable("one of its packages has no name or no version"),
        }
    }
    let mut facts = harvest.finish();
    facts.gaps.extend(lock.requires.gap(path));
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Conan, path, text.as_bytes())
            .expect("no error")
            .expect("a path that is wanted")
    }

    fn names(facts: &FileFacts) -> Vec<String> {
        let name = |p: &Package| format!("{} {}", p.name, p.version);
        facts.packages.iter().map(name).collect()
    }

    /// As Conan 1.66 writes it, without empty sections.
    const INFO_1: &str = "\
[settings]
    arch=x86_64
    os=Linux

[requires]
    qq/3.Y.Z
    zl/1.Y.Z

[full_requires]
    qq/3.0@me/stable:fb1711711fd4f4294e870148a3f12b16ffd5d6dd
    zl/1.2.11:5ab84d6acfe1f23c4fae0ab88f26e3a396351ac9
    nonsense

[recipe_hash]
    1c321c085b900d0bf696a03c9b720e63

[env]

";

    #[test]
    fn beside_a_program_the_whole_requirements_are_its_packages() {
        let facts = facts("app/build/conaninfo.txt", INFO_1);
        assert_eq!(names(&facts), ["qq 3.0", "zl 1.2.11"]);
        let qq = &facts.packages[0];
        assert_eq!(qq.line, Some(10));
        assert_eq!(
            (
                qq.properties["user"].as_str(),
                qq.properties["channel"].as_str()
            ),
            ("me", "stable")
        );
        assert_eq!(facts.gaps[0].detail, "line 12 is no reference");
    }

    #[test]
    fn in_the_cache_of_conan_1_the_folders_tell_the_package() {
        let package =
            "root/.conan/data/zl/1.2.11/_/_/package/5ab84d6acfe1f23c4fae0ab88f26e3a396351ac9";
        let facts_of = |folder: &str| facts(&format!("{folder}/conaninfo.txt"), INFO_1);
        let facts = facts_of(package);
        assert_eq!(names(&facts), ["zl 1.2.11"]);
        assert!(facts.packages[0].properties.is_empty());
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, [package]);
        let built = facts_of(&package.replace("/package/", "/build/"));
        assert_eq!(built, FileFacts::default());
    }

    #[test]
    fn conan_2_tells_only_patterns_beside_its_packages() {
        let info = "[settings]\narch=x86_64\n[requires]\nqq/3.Y.Z@me/stable\nzl/1.Y.Z\n";
        let facts = facts("root/.conan2/p/b/app21e532cc410cd/p/conaninfo.txt", info);
        assert_eq!(facts, FileFacts::default());
    }

    #[test]
    fn locks_of_both_versions_claim_what_the_program_needs() {
        let version_2 = facts(
            "app/conan.lock",
            r#"{"version": "0.5", "requires": ["zl/1.2.11#e143469221f076d0ab614ef16bc7167a%1795528955.27", "qq/3.0@me/stable#882e%1795528956.1"],
                "build_requires": ["cmake/3.27.0"], "python_requires": [], "config_requires": []}"#,
        );
        let version_1 = facts(
            "app/conan.lock",
            r#"{"graph_lock": {"nodes": {"0": {"ref": "app/2.0", "requires": ["1"]}, "1": {"ref": "zl/1.2.11", "context": "host"},
                "2": {"ref": "qq/3.0@me/stable#0"}, "3": {"ref": "cmake/3.27.0", "context": "build"}, "4": {}}}, "version": "0.4"}"#,
        );
        for facts in [&version_2, &version_1] {
            assert_eq!(names(facts), ["zl 1.2.11", "qq 3.0"]);
            assert!(facts.packages.iter().all(|p| p.basis == Basis::Claimed));
            assert_eq!(facts.gaps, []);
        }
        let revision = &version_2.packages[0].properties["revision"];
        assert_eq!(revision, "e143469221f076d0ab614ef16bc7167a");
        assert_eq!(
            version_2.packages[0].purl(None).as_deref(),
            Some("pkg:conan/zl@1.2.11")
        );
    }

    #[test]
    fn a_reference_without_a_name_or_a_version_is_none() {
        for reference in ["", "a", "/1", "a/", "a/1/2", "@a/b", "#a/1", ":a/1"] {
            assert_eq!(package_of(reference), None, "{reference}");
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(\\[full_requires\\]|\\n|a/1|@|#|:|%|/|é){0,20}") {
            facts("app/conaninfo.txt", &text);
            let _ = package_of(&text);
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = detect_one(&Conan, "app/conan.lock", &bytes);
            let _ = detect_one(&Conan, "app/conaninfo.txt", &bytes);
        }
    }
}
