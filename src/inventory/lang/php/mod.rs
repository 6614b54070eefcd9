//! Installed PHP packages: Composer's `installed.json`, and the registry of PEAR and PECL.
//!
//! Composer writes `VENDOR-FOLDER/composer/installed.json` when it has put the packages into place: version 1 a list
//! of packages, version 2 an object (<https://getcomposer.org/doc/06-config.md#vendor-dir>,
//! `Composer\Repository\FilesystemRepository`). The application itself is not in it. `composer.lock` is a plan, and
//! not read.

mod pear;

use std::collections::BTreeSet;

use serde::Deserialize;

use super::installed::claims_of;
use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Many, Text, TextOrTexts};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Claims, LayerPath, Package, PackageType, path_file_name, path_parent};

/// 16 MiB: a shop of 500 packages has 2 MiB.
const LIMIT: u64 = 16 << 20;

/// Reads what Composer, PEAR and PECL installed.
pub(in crate::inventory) struct Php;

impl Detector for Php {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/php",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("installed.json"), Interest::Extension("reg")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let wanted = match entry.file_name() {
            "installed.json" => path_file_name(entry.parent()) == "composer",
            _ => pear::is_registry(entry.parent()),
        };
        if wanted {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        if file.entry.file_name() == "installed.json" {
            read_installed(file)
        } else {
            pear::read(file)
        }
    }
}

/// Version 2 of the file.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Installed {
    packages: Many<Record>,
    dev_package_names: Many<Text>,
}

/// One package.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Record {
    name: Text,
    version: Text,
    license: TextOrTexts,
    homepage: Text,
    #[serde(rename = "install-path")]
    install_path: Text,
    #[serde(rename = "type")]
    kind: Text,
}

fn read_installed(file: File<'_>) -> Result<FileFacts, ParseError> {
    let path = file.entry.path;
    let is_version_1 = file.bytes.trim_ascii_start().starts_with(b"[");
    let installed = if is_version_1 {
        Installed {
            packages: json::read(file.bytes)?,
            ..Installed::default()
        }
    } else {
        json::read::<Installed>(file.bytes)?
    };
    let for_development: BTreeSet<&str> = installed
        .dev_package_names
        .items
        .iter()
        .filter_map(Text::text)
        .collect();
    let mut harvest = Harvest::of(path);
    let mut claims = Vec::new();
    for (number, record) in (1..).zip(&installed.packages.items) {
        let Some(mut package) = record.package() else {
            harvest.unreadable(format!("package {number} has no vendor/name or no version"));
            continue;
        };
        if let Some(name) = record.name.text()
            && for_development.contains(name)
        {
            package.properties.insert("dev".into(), "true".into());
        }
        claims.extend(record.claims(&package, path));
        harvest.package(package);
    }
    let mut facts = harvest.finish();
    facts.claims = claims;
    facts.gaps.extend(installed.packages.gap(path));
    Ok(facts)
}

impl Record {
    fn package(&self) -> Option<Package> {
        let (vendor, name) = self.name.text()?.split_once('/')?;
        let version = self.version.text()?;
        if vendor.is_empty() || name.is_empty() {
            return None;
        }
        // Names differ in case only before version 2; Packagist takes them for one.
        let mut package = Package::new(
            PackageType::new("composer"),
            name.to_lowercase(),
            without_v(version),
        );
        package.namespace = Some(vendor.to_lowercase());
        package.licenses.clone_from(&self.license.0);
        if let Some(homepage) = self.homepage.owned() {
            package.properties.insert("homepage".into(), homepage);
        }
        Some(package)
    }

    /// The folder is told from that of the file; version 1 always put it below the vendor folder. A metapackage has
    /// none.
    fn claims(&self, package: &Package, path: &str) -> Option<Claims> {
        let composer = path_parent(path)?;
        let relative = match (self.install_path.text(), self.kind.text()) {
            (Some(relative), _) => relative.to_owned(),
            (None, Some("metapackage")) => return None,
            (None, _) => format!("../{}", self.name.text()?),
        };
        let folder = LayerPath::from(format!("{composer}/{relative}").as_str());
        // Installers put some beside the vendor folder, but none elsewhere. A package is no owner of the folder that
        // all of them lie in.
        let project = path_parent(composer)
            .and_then(path_parent)
            .unwrap_or_default();
        let holds_record = LayerPath::from(path).is_within(folder.as_str());
        let is_own = folder.is_within(project) && !holds_record;
        claims_of(package, folder.as_str()).filter(|_| is_own)
    }
}

/// A tag's `v` is no part of the version: Composer takes `v1.2` and `1.2` for one.
fn without_v(version: &str) -> &str {
    version
        .strip_prefix(['v', 'V'])
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        .unwrap_or(version)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PATH: &str = "var/www/vendor/composer/installed.json";

    fn facts(json: &str) -> FileFacts {
        detect_one(&Php, PATH, json.as_bytes())
            .expect("a list of packages")
            .expect("a path that is wanted")
    }

    fn claimed(facts: &FileFacts) -> Vec<(&str, &str)> {
        facts
            .claims
            .iter()
            .flat_map(|claims| {
                claims
                    .iter()
                    .map(|claim| (claims.owner.as_str(), claim.path))
            })
            .collect()
    }

    /// As Composer 2.5 wrote it for two packages from folders, one of them for development; shortened.
    const VERSION_2: &str = r#"{
    "packages": [
        {
            "name": "Acme/Lib-A",
            "version": "v1.2.3",
            "version_normalized": "1.2.3.0",
            "dist": { "type": "path", "url": "../libs/a" },
            "type": "library",
            "license": [ "MIT", "GPL-2.0-or-later" ],
            "homepage": "https://example.org/a",
            "install-path": "../Acme/Lib-A"
        },
        {
            "name": "acme/dev-b",
            "version": "2.0.x-dev",
            "type": "metapackage",
            "install-path": null
        }
    ],
    "dev": true,
    "dev-package-names": [ "acme/dev-b" ]
}"#;

    #[test]
    fn version_2_tells_vendor_licence_folder_and_what_is_for_development() {
        let facts = facts(VERSION_2);
        let [library, meta] = facts.packages.as_slice() else {
            panic!("two packages")
        };
        assert_eq!(library.full_name(), "acme/lib-a");
        assert_eq!(library.licenses, ["MIT", "GPL-2.0-or-later"]);
        assert_eq!(library.properties["homepage"], "https://example.org/a");
        assert_eq!(
            library.purl(None).as_deref(),
            Some("pkg:composer/acme/lib-a@1.2.3")
        );
        assert_eq!(library.properties.get("dev"), None);
        assert_eq!(meta.version, "2.0.x-dev");
        assert_eq!(meta.properties["dev"], "true");
        assert_eq!(
            claimed(&facts),
            [("acme/lib-a", "var/www/vendor/Acme/Lib-A")]
        );
        assert_eq!(facts.gaps, []);
    }

    #[test]
    fn version_1_is_a_list_and_packages_lie_below_the_vendor_folder() {
        let facts =
            facts(r#" [{"name": "monolog/monolog", "version": "1.25.1", "license": "MIT"}]"#);
        assert_eq!(facts.packages[0].full_name(), "monolog/monolog");
        assert_eq!(
            claimed(&facts),
            [("monolog/monolog", "var/www/vendor/monolog/monolog")]
        );
    }

    #[test]
    fn a_package_claims_neither_the_folder_of_all_packages_nor_what_is_not_of_the_project() {
        for path in [
            "..",
            "./",
            "../../..",
            "../../../../../..",
            "../../../../../usr",
            "",
        ] {
            let facts = facts(&format!(
                r#"[{{"name": "a/b", "version": "1", "install-path": "{path}"}}]"#
            ));
            let claimed = claimed(&facts);
            assert!(
                claimed.is_empty() || claimed == [("a/b", "var/www/vendor/a/b")],
                "{path}: {claimed:?}"
            );
        }
    }

    #[test]
    fn a_record_without_a_vendor_or_a_version_is_a_gap_and_the_rest_goes_on() {
        let facts = facts(
            r#"[{"name": "a", "version": "1"}, {"name": "a/b"}, {"name": "a/c", "version": 1}, {"name": "a/d", "version": "dev-main"}]"#,
        );
        assert_eq!(facts.packages.len(), 1);
        assert_eq!(facts.packages[0].version, "dev-main");
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(
            gaps,
            [1, 2, 3].map(|number| format!("package {number} has no vendor/name or no version"))
        );
    }

    #[test]
    fn only_composer_s_own_folder_is_read() {
        for (path, wanted) in [
            (PATH, true),
            ("srv/3rdparty/composer/installed.json", true),
            ("composer/installed.json", true),
            ("app/installed.json", false),
            ("app/composer/x/installed.json", false),
        ] {
            let read = detect_one(&Php, path, b"[]").expect("no error").is_some();
            assert_eq!(read, wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Php, PATH, &bytes);
        }
    }
}
