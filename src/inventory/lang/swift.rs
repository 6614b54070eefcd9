//! Swift packages that a `Package.resolved` pins.
//!
//! Swift links its packages into the program, which then does not tell them, and installs nothing else: this list is
//! the only record that there is. Where somebody shipped it, its packages are claimed, not seen. Versions 1 to 3:
//! <https://docs.swift.org/swiftpm/documentation/packagemanagerdocs/resolvingpackageversions/>, and
//! `PinsStorage` in the package manager's source.

use serde::Deserialize;

use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Many, Text};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Basis, Package, PackageType};

/// 4 MiB: ten thousand pins.
const LIMIT: u64 = 4 << 20;

/// Reads the pins of Swift packages.
pub(in crate::inventory) struct Swift;

impl Detector for Swift {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/swift",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("resolved")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        // The pins of a dependency, in its checkout, are not those that were built.
        let is_checkout = entry.path.split('/').any(|part| part == "checkouts");
        if entry.file_name() == "Package.resolved" && !is_checkout {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        let resolved: Resolved = json::read(file.bytes)?;
        let mut harvest = Harvest::of(path);
        let lists = [&resolved.pins, &resolved.object.pins];
        for (number, pin) in (1..).zip(lists.iter().flat_map(|pins| &pins.items)) {
            if pin.is_local() {
                continue;
            }
            match pin.package() {
                Some(package) => harvest.package(package),
                None => harvest.unreadable(format!("pin {number} has no location or no version")),
            }
        }
        let mut facts = harvest.finish();
        facts
            .gaps
            .extend(lists.iter().filter_map(|pins| pins.gap(path)));
        Ok(facts)
    }
}

/// The file: version 1 has its pins in `object`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Resolved {
    pins: Many<Pin>,
    object: Object,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    pins: Many<Pin>,
}

/// One package. Version 1 calls its location `repositoryURL`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Pin {
    identity: Text,
    kind: Text,
    location: Text,
    #[serde(rename = "repositoryURL")]
    repository_url: Text,
    state: State,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct State {
    version: Text,
    branch: Text,
    revision: Text,
}

impl Pin {
    /// A folder beside the application, which belongs to it. Version 1 has no kind.
    fn is_local(&self) -> bool {
        let is_folder = |location: &str| location.starts_with('/') || location.starts_with("file:");
        match self.kind.text() {
            Some(kind) => matches!(kind, "localSourceControl" | "fileSystem"),
            None => self.location().is_some_and(is_folder),
        }
    }

    fn location(&self) -> Option<&str> {
        self.location.text().or(self.repository_url.text())
    }

    fn package(&self) -> Option<Package> {
        let (namespace, name) = if self.kind.text() == Some("registry") {
            // Identities of registries are `scope.name`.
            let (scope, name) = self.identity.text()?.split_once('.')?;
            (scope.to_owned(), name)
        } else {
            split_location(self.location()?)?
        };
        // A pin to a branch has no version: then its revision says what was built.
        let state = &self.state;
        let version = state.version.text().or(state.revision.text())?;
        let mut package = Package::new(PackageType::new("swift"), name, version);
        package.namespace = Some(namespace);
        package.basis = Basis::Claimed;
        for (key, value) in [("branch", &state.branch), ("revision", &state.revision)] {
            if let Some(value) = value.text() {
                package.properties.insert(key.into(), value.to_owned());
            }
        }
        Some(package)
    }
}

/// `https://github.com/apple/swift-nio.git` and `git@github.com:apple/swift-nio.git` are `github.com/apple` and
/// `swift-nio`: advisories know a package by these. What stands before the host, a password perhaps, is left out, and
/// so is a port.
fn split_location(location: &str) -> Option<(String, &str)> {
    let location = location.trim_end_matches('/');
    let location = location.strip_suffix(".git").unwrap_or(location);
    let (authority, path) = match location.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?,
        None => location.split_once(':')?,
    };
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let host = host.split(':').next().filter(|host| !host.is_empty())?;
    let host = host.to_lowercase();
    let path = path.trim_start_matches('/');
    let (namespace, name) = match path.rsplit_once('/') {
        Some((owner, name)) => (format!("{host}/{owner}"), name),
        None => (host, path),
    };
    (!name.is_empty()).then_some((namespace, name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PATH: &str = "app/Package.resolved";

    fn facts(json: &str) -> FileFacts {
        detect_one(&Swift, PATH, json.as_bytes())
            .expect("pins")
            .expect("a path that is wanted")
    }

    const VERSION_3: &str = r#"{
  "originHash" : "x",
  "pins" : [
    { "identity" : "swift-nio", "kind" : "remoteSourceControl", "location" : "https://github.com/apple/swift-nio.git",
      "state" : { "revision" : "a16e2f54", "version" : "2.42.0" } },
    { "identity" : "vapor", "kind" : "remoteSourceControl", "location" : "git@github.com:vapor/vapor.git",
      "state" : { "branch" : "main", "revision" : "b16e2f54" } },
    { "identity" : "mona.LinkedList", "kind" : "registry", "location" : "", "state" : { "version" : "1.2.0" } },
    { "identity" : "mine", "kind" : "localSourceControl", "location" : "/src/mine", "state" : { "revision" : "c1" } }
  ],
  "version" : 3
}"#;

    #[test]
    fn pins_are_claimed_and_named_by_their_location() {
        let facts = facts(VERSION_3);
        let purls: Vec<_> = facts.packages.iter().filter_map(|p| p.purl(None)).collect();
        assert_eq!(
            purls,
            [
                "pkg:swift/github.com/apple/swift-nio@2.42.0",
                "pkg:swift/github.com/vapor/vapor@b16e2f54",
                "pkg:swift/mona/LinkedList@1.2.0"
            ]
        );
        assert_eq!(facts.packages[0].full_name(), "github.com/apple/swift-nio");
        assert_eq!(facts.packages[1].properties["branch"], "main");
        assert!(facts.packages.iter().all(|p| p.basis == Basis::Claimed));
        assert_eq!(facts.gaps, []);
    }

    #[test]
    fn version_1_has_its_pins_in_an_object() {
        let facts = facts(
            r#"{"object": {"pins": [{"package": "Vapor", "repositoryURL": "https://github.com/vapor/vapor", "state": {"branch": null, "revision": "c", "version": "4.67.4"}},
                {"package": "Mine", "repositoryURL": "/src/mine", "state": {"revision": "c"}}]}, "version": 1}"#,
        );
        assert_eq!(facts.packages.len(), 1);
        assert_eq!(facts.packages[0].full_name(), "github.com/vapor/vapor");
        assert_eq!(facts.gaps, []);
    }

    #[test]
    fn a_location_keeps_no_password_and_no_port() {
        for (location, split) in [
            (
                "ssh://git@Host.example:22/a/b/c.git/",
                Some(("host.example/a/b", "c")),
            ),
            (
                "https://user:secret@github.com/a/b",
                Some(("github.com/a", "b")),
            ),
            ("https://example.org/b.git", Some(("example.org", "b"))),
            ("me@host:b.git", Some(("host", "b"))),
            ("https://example.org", None),
            ("https:///a/b", None),
            ("b", None),
        ] {
            let read = split_location(location);
            let read = read.as_ref().map(|(space, name)| (space.as_str(), *name));
            assert_eq!(read, split, "{location}");
        }
    }

    #[test]
    fn a_pin_that_tells_too_little_is_a_gap_and_the_rest_goes_on() {
        let facts = facts(
            r#"{"pins": [{"location": "https://a.org/b/c", "state": {}}, {"state": {"version": "1"}}, {"location": "https://a.org/b/c", "state": {"version": "1"}}]}"#,
        );
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(
            gaps,
            [1, 2].map(|n| format!("pin {n} has no location or no version"))
        );
        assert_eq!(facts.packages.len(), 1);
    }

    #[test]
    fn pins_of_a_dependency_are_not_read() {
        for (path, wanted) in [
            (PATH, true),
            (
                "app/x.xcworkspace/xcshareddata/swiftpm/Package.resolved",
                true,
            ),
            ("app/.build/checkouts/vapor/Package.resolved", false),
            ("app/other.resolved", false),
        ] {
            let read = detect_one(&Swift, path, b"{}").expect("no error");
            assert_eq!(read.is_some(), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_location_never_panics(location in "(https://|git@|:|/|a|.git|é|@){0,10}") {
            let _ = split_location(&location);
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = detect_one(&Swift, PATH, &bytes);
        }
    }
}
