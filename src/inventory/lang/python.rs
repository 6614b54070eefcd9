//! Installed Python packages: the metadata in their `.dist-info` and `.egg-info`.
//!
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>, and for the places
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>. Copies that a package vendors
//! are there all the same, and are reported.

use crate::inventory::stanza::stanzas;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, path_file_name};

/// 16 MiB: the description can be a whole manual; only the head before it is read.
const LIMIT: u64 = 16 << 20;

/// Reads Python's package metadata.
pub(in crate::inventory) struct Python;

impl Detector for Python {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/python",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("METADATA"),
            Interest::Name("PKG-INFO"),
            Interest::Extension("egg-info"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let folder = path_file_name(entry.parent());
        let wanted = match entry.file_name() {
            "METADATA" => folder.ends_with(".dist-info"),
            "PKG-INFO" => folder.ends_with(".egg-info") || folder == "EGG-INFO",
            // distutils wrote one file where setuptools writes a folder.
            name => name.ends_with(".egg-info"),
        };
        if wanted {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let metadata = Metadata::read(file.bytes);
        let missing = |field| ParseError::new(format!("its metadata has no {field}"));
        let name = metadata.name.as_deref().ok_or_else(|| missing("Name"))?;
        let version = metadata
            .version
            .as_deref()
            .ok_or_else(|| missing("Version"))?;
        let mut package = Package::new(PackageType::PYPI, normalise(name), version);
        if package.name != name {
            let name = name.to_owned();
            package.properties.insert("original-name".into(), name);
        }
        package.licenses = metadata.licenses();
        Ok(FileFacts::of_packages(vec![package]))
    }
}

/// The fields that are read; of several the first one counts, as in Python's `email` parser.
#[derive(Default)]
struct Metadata {
    name: Option<String>,
    version: Option<String>,
    license_expression: Option<String>,
    license: Option<String>,
    license_classifiers: Vec<String>,
}

impl Metadata {
    /// Reads the head; what follows the first blank line is the description. A stray line is passed over, as Python
    /// itself does.
    fn read(bytes: &[u8]) -> Self {
        let mut metadata = Self::default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let head = stanzas(bytes).next();
        for field in head.into_iter().flat_map(|head| head.fields().flatten()) {
            let place = match field.name.to_ascii_lowercase().as_slice() {
                b"name" => &mut metadata.name,
                b"version" => &mut metadata.version,
                b"license-expression" => &mut metadata.license_expression,
                // Over several lines it is the licence's text, no name of it.
                b"license" if !field.is_folded() => &mut metadata.license,
                b"classifier" => {
                    if let Some(license) = field.text().strip_prefix("License ::") {
                        let (_, name) = license.rsplit_once("::").unwrap_or(("", license));
                        metadata.license_classifiers.push(name.trim().to_owned());
                    }
                    continue;
                }
                _ => continue,
            };
            let value = field.text();
            if place.is_none() && !value.is_empty() {
                *place = Some(value.into_owned());
            }
        }
        metadata
    }

    /// The SPDX expression where there is one, otherwise the author's words, otherwise what the classifiers say.
    fn licenses(self) -> Vec<String> {
        // setuptools writes UNKNOWN where the author wrote nothing.
        let license = self.license.filter(|license| license != "UNKNOWN");
        match self.license_expression.or(license) {
            Some(license) => vec![license],
            None => self.license_classifiers,
        }
    }
}

/// The name as indexes and advisories compare it: lower case, each run of `-`, `_` and `.` one dash.
///
/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
pub(in crate::inventory) fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']) {
        if !normal.ends_with('-') && !normal.is_empty() {
            normal.push('-');
        }
        normal.push_str(&part.to_ascii_lowercase());
    }
    normal
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const METADATA: &str = "usr/lib/python3.12/site-packages/x-1.dist-info/METADATA";

    fn package(text: &str) -> Package {
        let facts = detect_one(&Python, METADATA, text.as_bytes())
            .expect("metadata")
            .expect("a path that is wanted");
        facts.packages.into_iter().next().expect("one package")
    }

    #[test]
    fn names_are_normalised_as_indexes_do() {
        for (name, normal) in [
            ("Django", "django"),
            ("ruamel.yaml", "ruamel-yaml"),
            ("zope.interface", "zope-interface"),
            ("a-_.b__C", "a-b-c"),
            ("requests", "requests"),
        ] {
            assert_eq!(normalise(name), normal);
        }
    }

    #[test]
    fn the_head_is_read_and_the_description_is_not() {
        let read = package(
            "Metadata-Version: 2.1\nName: Jaraco.Text\nVersion: 3.12.1\nSummary: Text\n  utilities\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\nClassifier: Programming Language :: Python\n\nName: other\nVersion: 9\n",
        );
        assert_eq!(
            (read.name.as_str(), read.version.as_str()),
            ("jaraco-text", "3.12.1")
        );
        assert_eq!(read.properties["original-name"], "Jaraco.Text");
        assert_eq!(read.licenses, ["MIT License"]);
        assert_eq!(
            read.purl(None).as_deref(),
            Some("pkg:pypi/jaraco-text@3.12.1")
        );
    }

    #[test]
    fn an_spdx_expression_comes_before_words_and_words_before_classifiers() {
        let head = "Name: a\nVersion: 1\nClassifier: License :: OSI Approved :: BSD License\n";
        let with = |lines: &str| package(&format!("{head}{lines}")).licenses;
        assert_eq!(
            with("License: BSD\nLicense-Expression: BSD-3-Clause\n"),
            ["BSD-3-Clause"]
        );
        assert_eq!(with("License: BSD\n"), ["BSD"]);
        assert_eq!(with("License: Copyright\n  All rights\n"), ["BSD License"]);
        assert!(package("Name: a\nVersion: 1\n").properties.is_empty());
    }

    #[test]
    fn metadata_is_read_where_installers_put_it() {
        for (path, wanted) in [
            (METADATA, true),
            ("usr/lib/python3/dist-packages/six.egg-info/PKG-INFO", true),
            (
                "usr/lib/python3/dist-packages/argparse-1.2.1.egg-info",
                true,
            ),
            ("opt/app/six-1.16-py3.12.egg/EGG-INFO/PKG-INFO", true),
            ("build/six-1.16/PKG-INFO", false),
            ("usr/share/METADATA", false),
        ] {
            let read = detect_one(&Python, path, b"Name: six\nVersion: 1.16\n");
            assert_eq!(read.expect("no error").is_some(), wanted, "{path}");
        }
    }

    #[test]
    fn metadata_without_a_name_or_a_version_is_an_error() {
        for (text, field) in [
            ("Version: 1\n", "Name"),
            ("Name: a\nVersion:\n", "Version"),
            ("", "Name"),
        ] {
            let error = detect_one(&Python, METADATA, text.as_bytes()).expect_err("no package");
            assert_eq!(error.reason, format!("its metadata has no {field}"));
        }
    }

    /// Python's own view of what is installed: name by the standard's regular expression, version, metadata file.
    const INSTALLED: &str = r#"
import importlib.metadata, os, re
for found in importlib.metadata.distributions():
    file = next((f for f in ("METADATA", "PKG-INFO") if os.path.isfile(os.path.join(found._path, f))), None)
    if file:
        name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
        print(name, found.version, os.path.join(found._path, file), sep="\t")
"#;

    #[test]
    fn this_machine_s_packages_read_as_python_reads_them() {
        let listed = std::process::Command::new("python3")
            .args(["-c", INSTALLED])
            .output();
        let listed = match listed {
            Ok(listed) if listed.status.success() => listed.stdout,
            _ => {
                println!("skipped: this machine has no python3 with importlib.metadata");
                return;
            }
        };
        for line in String::from_utf8_lossy(&listed).lines() {
            let [name, version, path] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns, not {line}")
            };
            let file = std::fs::File::open(path).expect("the file that Python read");
            let bytes = crate::model::limits::read_at_most(file, LIMIT).expect("its bytes");
            let facts = detect_one(&Python, path, &bytes)
                .expect("metadata")
                .expect(path);
            let found: Vec<(&str, &str)> = facts
                .packages
                .iter()
                .map(|package| (package.name.as_str(), package.version.as_str()))
                .collect();
            assert_eq!(found, [(name, version)], "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Python, METADATA, &bytes);
        }

        #[test]
        fn normalising_is_stable(name in "[A-Za-z0-9._-]{0,20}") {
            let once = normalise(&name);
            prop_assert_eq!(normalise(&once), once.clone());
            prop_assert!(!once.contains("--"));
        }
    }
}
