//! npm's list of what it has installed: `node_modules/.package-lock.json`, the hidden lock file.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json#hidden-lockfiles>. It knows what no manifest says: the
//! digest of the archive that a package came from, and that it is there for development only. And it still knows a package whose
//! `package.json` was deleted to make an image small.
//!
//! A package is nearly always recorded by both. So each has the folder that it was installed in as a property: where the
//! inventory is put together, the manifest in that folder counts, and a package whose folder is gone does not.

use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess};

use super::{NOT_JSON, package};
use crate::inventory::INSTALLED_AT;
use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Fields, FieldsTo, Scalar, Text};
use crate::inventory::lang::installed::claims_of;
use crate::layers::{FileFacts, ParseError};
use crate::model::{Claims, Package, path_parent};

/// Bytes of all folders that are claimed: each has the list's own folder in front, which is not bounded by the list's size.
/// Bytes that are left out are nobody's, and are counted so.
const CLAIMED: usize = 64 << 20;

/// Reads the list at `path`.
pub(super) fn read(path: &str, bytes: &[u8]) -> Result<FileFacts, ParseError> {
    let mut list = List {
        folder: path_parent(path).unwrap_or_default(),
        harvest: Harvest::of(path),
        claims: Vec::new(),
        claimed: 0,
    };
    json::take(bytes, &mut list, NOT_JSON)?;
    let mut facts = list.harvest.finish();
    facts.claims = list.claims;
    Ok(facts)
}

/// What is taken from the list while it is read.
struct List<'a> {
    /// The `node_modules`.
    folder: &'a str,
    harvest: Harvest<'a>,
    claims: Vec<Claims>,
    claimed: usize,
}

/// What the list says of one package. No field has to have the type that it should.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Installed {
    /// Where it is not the folder's: the package has an alias.
    name: Text,
    version: Text,
    license: Text,
    integrity: Text,
    dev: Scalar,
    #[serde(rename = "inBundle")]
    in_bundle: Scalar,
    /// A link into a workspace, whose packages are the application's own.
    link: Scalar,
}

impl List<'_> {
    /// Takes the package of `place`: its folder, relative to the one above `node_modules`.
    fn take(&mut self, place: &str, installed: &Installed) {
        // Other places are workspaces; the empty one is the application itself.
        let Some(place) = place.strip_prefix("node_modules/") else {
            return;
        };
        let Some(package) = installed.package(place) else {
            return;
        };
        self.claimed = self.claimed.saturating_add(self.folder.len() + place.len());
        if self.claimed <= CLAIMED {
            let folder = format!("{}/{place}", self.folder);
            self.claims.extend(claims_of(&package, &folder));
        }
        self.harvest.package(package);
    }
}

impl Installed {
    fn package(&self, place: &str) -> Option<Package> {
        if self.link.is_true() {
            return None;
        }
        let folder = place
            .rsplit_once("node_modules/")
            .map_or(place, |(_, name)| name);
        let mut package = package(self.name.text().unwrap_or(folder), self.version.text()?)?;
        package.licenses = self.license.text().map(str::to_owned).into_iter().collect();
        let facts = [
            (INSTALLED_AT, Some(place)),
            ("integrity", self.integrity.text()),
            ("development", self.dev.is_true().then_some("true")),
            ("bundled", self.in_bundle.is_true().then_some("true")),
        ];
        for (key, value) in facts {
            let value = value.map(|value| (key.to_owned(), value.to_owned()));
            package.properties.extend(value);
        }
        Some(package)
    }
}

/// Of the fields of the file, `packages` is read.
impl Fields for List<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if name == "packages" {
            return value.next_value_seed(FieldsTo(&mut Places(self)));
        }
        value.next_value::<IgnoredAny>().map(drop)
    }
}

/// The object from places to packages.
struct Places<'l, 'a>(&'l mut List<'a>);

impl Fields for Places<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(
        &mut self,
        place: &str,
        value: &mut A,
    ) -> Result<(), A::Error> {
        let installed: Installed = value.next_value()?;
        self.0.take(place, &installed);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::lang::node::Node;
    use crate::layers::detect_one;

    const LOCK: &str = "app/node_modules/.package-lock.json";

    fn facts(json: &str) -> Result<FileFacts, ParseError> {
        detect_one(&Node, LOCK, json.as_bytes()).map(|facts| facts.expect("a path that is wanted"))
    }

    /// As npm 10 writes it, with one package of each kind.
    const LIST: &str = r#"{
      "name": "app", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
      "packages": {
        "node_modules/@babel/core": {
          "version": "7.24.0", "resolved": "https://user:pass-word@registry.example.org/core.tgz",
          "integrity": "sha512-AAAA", "dev": true, "license": "MIT", "engines": {"node": ">=6"}
        },
        "node_modules/a/node_modules/tar": {"version": "6.1.0", "inBundle": true, "license": {"type": "ISC"}},
        "node_modules/alias": {"name": "real", "version": "2.0.0"},
        "node_modules/workspace": {"resolved": "packages/workspace", "link": true},
        "packages/workspace": {"version": "1.0.0"},
        "node_modules/nothing": {"license": "MIT"}
      }
    }"#;

    #[test]
    fn every_installed_package_is_taken_with_where_it_lies_and_no_address() {
        let facts = facts(LIST).expect("a list");
        let seen: Vec<(String, &str, &str)> = facts
            .packages
            .iter()
            .map(|package| {
                let place = package.properties[INSTALLED_AT].as_str();
                (package.full_name(), package.version.as_str(), place)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("@babel/core".into(), "7.24.0", "@babel/core"),
                ("tar".into(), "6.1.0", "a/node_modules/tar"),
                ("real".into(), "2.0.0", "alias")
            ]
        );
        let [core, tar, _] = facts.packages.as_slice() else {
            panic!("three packages")
        };
        assert_eq!(core.licenses, ["MIT"]);
        assert_eq!(core.properties["development"], "true");
        assert_eq!(core.properties["integrity"], "sha512-AAAA");
        assert_eq!(tar.properties["bundled"], "true");
        assert!(tar.licenses.is_empty() && !tar.properties.contains_key("development"));
        assert!(!format!("{facts:?}").contains("pass-word"));
    }

    #[test]
    fn every_package_claims_its_folder() {
        let facts = facts(LIST).expect("a list");
        let claimed: Vec<(&str, &str)> = facts
            .claims
            .iter()
            .flat_map(|claims| {
                claims
                    .iter()
                    .map(|claim| (claims.owner.as_str(), claim.path))
            })
            .collect();
        assert_eq!(
            claimed,
            [
                ("@babel/core", "app/node_modules/@babel/core"),
                ("tar", "app/node_modules/a/node_modules/tar"),
                ("real", "app/node_modules/alias")
            ]
        );
    }

    #[test]
    fn a_list_that_is_none_is_an_error_and_one_without_packages_is_empty() {
        for json in [
            "",
            "[]",
            "{\"packages\": []}",
            "{\"packages\": {\"node_modules/a\": 1}}",
            "{} {}",
        ] {
            let error = facts(json).expect_err(json);
            assert!(
                error.reason.starts_with("it is no JSON object (line "),
                "{error}"
            );
        }
        assert_eq!(
            facts("{\"lockfileVersion\": 1}").expect("an object"),
            FileFacts::default()
        );
    }

    #[test]
    fn only_the_list_directly_in_node_modules_is_read() {
        for path in [
            "app/.package-lock.json",
            "app/node_modules/x/.package-lock.json",
        ] {
            assert_eq!(detect_one(&Node, path, b"{}"), Ok(None), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Node, LOCK, &bytes);
        }

        #[test]
        fn any_place_is_taken_or_left_without_a_panic(place in "(node_modules/)?[a@./-]{0,8}(/node_modules/)?[a@./-]{0,8}") {
            let json = serde_json::json!({"packages": {place: {"version": "1"}}}).to_string();
            prop_assert!(facts(&json).is_ok());
        }
    }
}
