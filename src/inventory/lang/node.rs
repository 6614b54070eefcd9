//! Installed Node packages: the `package.json` of each folder directly in a `node_modules`.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>. That takes in npm's own dependencies, global packages and
//! pnpm's store, which all lie in a `node_modules` of their own, and leaves out applications, tests' data and the
//! `package.json` that builds put into `dist/` to choose a module system.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType};

/// 4 MiB: old versions of npm wrote the whole manual into it.
const LIMIT: u64 = 4 << 20;

/// Reads the manifests of installed Node packages.
pub(in crate::inventory) struct Node;

impl Detector for Node {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/node",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("package.json")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if is_package_folder(entry.parent()) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    /// A manifest without a name or a version is no package: npm installs none without both, so it is a workspace of the
    /// application or data of a test, and no advisory can be about it.
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        // npm itself passes over the byte-order mark.
        let json = file
            .bytes
            .strip_prefix(b"\xef\xbb\xbf")
            .unwrap_or(file.bytes);
        let manifest: Manifest = serde_json::from_slice(json).map_err(|error| {
            ParseError::new(format!(
                "it is no JSON object (line {}, column {})",
                error.line(),
                error.column()
            ))
        })?;
        Ok(FileFacts::of_packages(
            manifest.into_package().into_iter().collect(),
        ))
    }
}

/// Whether the folder is `…/node_modules/NAME` or `…/node_modules/@scope/NAME`. A name cannot begin with a dot: `.cache`,
/// `.bin` and `.pnpm` are tools' own folders.
fn is_package_folder(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let name_is_free = |name: &str| !name.is_empty() && !name.starts_with(['.', '@']);
    if !parts.next().is_some_and(name_is_free) {
        return false;
    }
    match parts.next() {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => parts.next() == Some("node_modules"),
        _ => false,
    }
}

/// The fields of a manifest that are read. As in JavaScript, the last one of a name counts, and no field has to have the
/// type that it should.
#[derive(Default)]
struct Manifest {
    name: Value,
    version: Value,
    license: Value,
    licenses: Value,
}

impl Manifest {
    fn into_package(self) -> Option<Package> {
        let text =
            |value: &Value| Some(value.as_str()?.trim().to_owned()).filter(|text| !text.is_empty());
        let (name, version) = (text(&self.name)?, text(&self.version)?);
        let (namespace, name) = match name.split_once('/') {
            Some((scope, name)) if scope.starts_with('@') => {
                (Some(scope.to_owned()), name.to_owned())
            }
            _ => (None, name),
        };
        let mut package = Package::new(PackageType::NPM, name, version);
        package.namespace = namespace;
        package.licenses = [&self.license, &self.licenses]
            .into_iter()
            .flat_map(|value| {
                value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice)
            })
            // Before SPDX expressions a licence was an object, and several were an array of them.
            .filter_map(|license| text(license.get("type").unwrap_or(license)))
            .collect();
        Some(package)
    }
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ManifestVisitor)
    }
}

/// Keeps the four fields and builds nothing for the others, however large they are.
struct ManifestVisitor;

impl<'de> Visitor<'de> for ManifestVisitor {
    type Value = Manifest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Manifest, A::Error> {
        let mut manifest = Manifest::default();
        while let Some(name) = fields.next_key::<String>()? {
            let place = match name.as_str() {
                "name" => &mut manifest.name,
                "version" => &mut manifest.version,
                "license" => &mut manifest.license,
                "licenses" => &mut manifest.licenses,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = fields.next_value()?;
        }
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const MANIFEST: &str = "app/node_modules/x/package.json";

    fn packages(json: &str) -> Vec<Package> {
        detect_one(&Node, MANIFEST, json.as_bytes())
            .expect("a manifest")
            .expect("a path that is wanted")
            .packages
    }

    #[test]
    fn only_folders_directly_in_node_modules_are_packages() {
        for (path, wanted) in [
            ("app/node_modules/lodash/package.json", true),
            ("node_modules/lodash/package.json", true),
            ("app/node_modules/@babel/core/package.json", true),
            ("usr/local/lib/node_modules/npm/package.json", true),
            (
                "usr/local/lib/node_modules/npm/node_modules/tar/package.json",
                true,
            ),
            (
                "app/node_modules/.pnpm/tar@6.1.0/node_modules/tar/package.json",
                true,
            ),
            ("app/package.json", false),
            ("app/node_modules/package.json", false),
            ("app/node_modules/@babel/package.json", false),
            ("app/node_modules/.cache/package.json", false),
            ("app/node_modules/resolve/test/package.json", false),
            ("app/node_modules/uuid/dist/esm/package.json", false),
            ("app/not_node_modules/lodash/package.json", false),
            ("package.json", false),
        ] {
            let read = detect_one(&Node, path, b"{}").expect("no error").is_some();
            assert_eq!(read, wanted, "{path}");
        }
    }

    #[test]
    fn a_scope_becomes_the_namespace() {
        let found = packages(r#"{"name": "@babel/core", "version": "7.24.0", "license": "MIT"}"#);
        let [core] = found.as_slice() else {
            panic!("one package")
        };
        assert_eq!(core.namespace.as_deref(), Some("@babel"));
        assert_eq!(
            (core.name.as_str(), core.version.as_str()),
            ("core", "7.24.0")
        );
        assert_eq!(core.full_name(), "@babel/core");
        assert_eq!(core.licenses, ["MIT"]);
    }

    #[test]
    fn licences_are_read_in_all_their_historic_forms() {
        for (field, licenses) in [
            (
                r#""license": "(MIT OR GPL-3.0)""#,
                &["(MIT OR GPL-3.0)"][..],
            ),
            (r#""license": {"type": "BSD", "url": "…"}"#, &["BSD"]),
            (
                r#""licenses": [{"type": "MIT"}, {"type": "GPL"}, "ISC"]"#,
                &["MIT", "GPL", "ISC"],
            ),
            (r#""licenses": {"type": "MIT"}"#, &["MIT"]),
            (r#""license": 7, "licenses": [null, {}, {"type": 1}]"#, &[]),
        ] {
            let found = packages(&format!(r#"{{"name": "a", "version": "1.0.0", {field}}}"#));
            assert_eq!(found[0].licenses, licenses, "{field}");
        }
    }

    #[test]
    fn what_npm_would_not_install_is_no_package() {
        for json in [
            r#"{"name": "workspace"}"#,
            r#"{"type": "module"}"#,
            r#"{"name": "a", "version": 1}"#,
            r#"{"name": "", "version": "1.0.0"}"#,
        ] {
            assert_eq!(packages(json), [], "{json}");
        }
    }

    #[test]
    fn a_byte_order_mark_and_repeated_fields_are_read_as_node_does() {
        let found = packages("\u{feff}{\"name\": \"a\", \"version\": \"1\", \"version\": \"2\"}");
        assert_eq!(found[0].version, "2");
    }

    #[test]
    fn what_is_no_json_object_is_an_error_with_its_place_and_without_its_content() {
        for json in ["", "[]", "{\"name\": \"a\",\n secret}", "null"] {
            let error = detect_one(&Node, MANIFEST, json.as_bytes()).expect_err(json);
            assert!(
                error.reason.starts_with("it is no JSON object (line "),
                "{error}"
            );
            assert!(!error.reason.contains("secret"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Node, MANIFEST, &bytes);
        }

        #[test]
        fn any_path_is_decided_without_a_panic(path in "[a@./-]{0,8}(node_modules/)?[a@./-]{0,8}") {
            let _ = detect_one(&Node, &format!("{path}/package.json"), b"{}");
        }
    }
}
