//! Python's packages as files, in archives, and as Python itself sees them.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use zip::CompressionMethod;

use super::*;
use crate::inventory::archive::tests::zip_of;
use crate::layers::detect_one;
use crate::model::ClaimKind;
use crate::model::limits::read_at_most;

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
        ("site/six-1.16.DIST-INFO/METADATA", true),
        ("site/six-1.16.EGG-INFO/PKG-INFO", true),
        ("build/six-1.16/PKG-INFO", false),
        ("site/.dist-info/METADATA", false),
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
        ("Name: -.\nVersion: 1\n", "Name"),
    ] {
        let error = detect_one(&Python, METADATA, text.as_bytes()).expect_err("no package");
        assert_eq!(error.reason, format!("its metadata has no {field}"));
    }
}

#[test]
fn a_package_claims_the_folder_of_its_metadata_or_its_whole_egg() {
    for (path, folder) in [
        (
            "site/six-1.dist-info/METADATA",
            Some("site/six-1.dist-info"),
        ),
        ("site/six.egg-info/PKG-INFO", Some("site/six.egg-info")),
        (
            "site/six-1-py3.egg/EGG-INFO/PKG-INFO",
            Some("site/six-1-py3.egg"),
        ),
        ("site/EGG-INFO/PKG-INFO", Some("site/EGG-INFO")),
        ("site/six-1.egg-info", None),
    ] {
        let facts = detect_one(&Python, path, b"Name: Six\nVersion: 1\n")
            .expect("metadata")
            .expect(path);
        let claimed = facts.claims.iter().flat_map(|claims| {
            assert_eq!((claims.owner.as_str(), claims.is_os), ("six", false));
            claims.iter().map(|claim| claim.path)
        });
        assert_eq!(
            claimed.collect::<Vec<_>>(),
            Vec::from_iter(folder),
            "{path}"
        );
    }
}

#[test]
fn lists_of_installed_files_claim_them_for_their_package() {
    for (path, list, owner, file) in [
        (
            "usr/lib/python3/site-packages/ruamel_yaml-0.18.dist-info/RECORD",
            "../../../bin/x,,\n",
            "ruamel-yaml",
            "usr/bin/x",
        ),
        (
            "site/zope.interface-5.0-py3.9.egg-info/installed-files.txt",
            "../zope/a.py\n",
            "zope-interface",
            "site/zope/a.py",
        ),
        (
            "site/six.egg-info/installed-files.txt",
            "../six.py\n",
            "six",
            "site/six.py",
        ),
    ] {
        let facts = detect_one(&Python, path, list.as_bytes())
            .expect("a list")
            .expect(path);
        let [claims] = facts.claims.as_slice() else {
            panic!("one list")
        };
        let files: Vec<&str> = claims.iter().map(|claim| claim.path).collect();
        assert_eq!((claims.owner.as_str(), files), (owner, vec![file]));
        assert_eq!(facts.packages, []);
    }
    for path in [
        "six.egg-info/SOURCES.txt",
        "data/RECORD",
        "x/installed-files.txt",
    ] {
        assert_eq!(detect_one(&Python, path, b"a"), Ok(None), "{path}");
    }
}

/// A path in the archive, name and version of each package of an archive.
fn archived(path: &str, members: &[(&str, &str)]) -> Vec<(String, String, String)> {
    let members: Vec<(&str, &[u8])> = members
        .iter()
        .map(|(name, content)| (*name, content.as_bytes()))
        .collect();
    let facts = detect_one(
        &Python,
        path,
        &zip_of(CompressionMethod::Deflated, &members),
    )
    .expect("facts")
    .expect(path);
    assert_eq!(facts.gaps, []);
    let described = |package: &Package| {
        let place = package.properties["archive-path"].clone();
        (place, package.name.clone(), package.version.clone())
    };
    facts.packages.iter().map(described).collect()
}

#[test]
fn archives_have_packages_by_their_path_inside() {
    let found = |place: &str, name: &str, version: &str| {
        (place.to_owned(), name.to_owned(), version.to_owned())
    };
    let pip = archived(
        "usr/lib/python3.12/ensurepip/_bundled/pip-24.0-py3-none-any.whl",
        &[
            ("pip/__init__.py", ""),
            ("pip/_vendor/vendor.txt", "urllib3==1.26.18\n"),
            ("pip-24.0.dist-info/METADATA", "Name: pip\nVersion: 24.0\n"),
            ("pip-24.0.dist-info/RECORD", "pip/__init__.py,,\n"),
        ],
    );
    assert_eq!(
        pip,
        [
            found("pip/_vendor/vendor.txt", "urllib3", "1.26.18"),
            found("pip-24.0.dist-info/METADATA", "pip", "24.0")
        ]
    );
    let egg = archived(
        "site/six-1.16-py3.12.egg",
        &[("EGG-INFO/PKG-INFO", "Name: six\nVersion: 1.16\n")],
    );
    assert_eq!(egg, [found("EGG-INFO/PKG-INFO", "six", "1.16")]);
    let pex = archived(
        "app/tool.pex",
        &[(
            ".deps/six-1.whl/six-1.dist-info/METADATA",
            "Name: six\nVersion: 1\n",
        )],
    );
    assert_eq!(pex.len(), 1);
}

#[test]
fn a_broken_archive_or_member_is_a_gap_and_what_is_no_archive_at_all_is_not() {
    let path = "app/x.whl";
    let gaps = |bytes: &[u8]| -> Vec<String> {
        let facts = detect_one(&Python, path, bytes)
            .expect("facts")
            .expect(path);
        facts.gaps.into_iter().map(|gap| gap.detail).collect()
    };
    assert_eq!(gaps(b"PK\x03\x04 and no more").len(), 1);
    assert_eq!(gaps(b"a placeholder"), [""; 0]);
    let members: [(&str, &[u8]); 2] = [
        ("a-1.dist-info/METADATA", b"Name: a\n"),
        ("b-1.dist-info/METADATA", b"Name: b\nVersion: 1\n"),
    ];
    let wheel = zip_of(CompressionMethod::Stored, &members);
    assert_eq!(
        gaps(&wheel),
        ["a-1.dist-info/METADATA: its metadata has no Version"]
    );
    let facts = detect_one(&Python, path, &wheel)
        .expect("facts")
        .expect(path);
    assert_eq!(facts.packages.len(), 1);
}

/// What a program in Python prints; nothing where there is no Python that knows its packages.
fn python_says(program: &str) -> Option<String> {
    let said = std::process::Command::new("python3")
        .args(["-c", program])
        .output();
    match said {
        Ok(said) if said.status.success() => {
            Some(String::from_utf8_lossy(&said.stdout).into_owned())
        }
        _ => {
            println!("skipped: this machine has no python3 with importlib.metadata");
            None
        }
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
    let Some(listed) = python_says(INSTALLED) else {
        return;
    };
    for line in listed.lines() {
        let [name, version, path] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns, not {line}")
        };
        let file = std::fs::File::open(path).expect("the file that Python read");
        let bytes = read_at_most(file, METADATA_LIMIT).expect("its bytes");
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

/// Each file that Python says an installed package has: the package, the file, and the SHA-256 that is recorded of it.
const FILES: &str = r#"
import base64, importlib.metadata, os, re
for found in importlib.metadata.distributions():
    if os.path.isfile(os.path.join(found._path, "RECORD")):
        name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
        for file in found.files:
            path = os.path.normpath(file.locate())
            digest = file.hash and base64.urlsafe_b64decode(file.hash.value + "==").hex()[:16]
            print(name, path, digest or "", os.path.join(found._path, "RECORD"), sep="\t")
"#;

#[test]
fn this_machine_s_records_list_the_files_that_python_lists() {
    let Some(listed) = python_says(FILES) else {
        return;
    };
    let mut expected: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in listed.lines() {
        let (file, record) = line.rsplit_once('\t').expect("four columns");
        let files = expected.entry(record.to_owned()).or_default();
        files.insert(file.to_owned());
    }
    for (path, expected) in expected {
        let file = std::fs::File::open(&path).expect("the record that Python read");
        let bytes = read_at_most(file, LIST_LIMIT).expect("its bytes");
        let facts = detect_one(&Python, &path, &bytes)
            .expect("a record")
            .expect("wanted");
        assert_eq!(facts.gaps, [], "{path}");
        let files = facts.claims.iter().flat_map(|claims| {
            let files = claims.iter().filter(|claim| claim.kind == ClaimKind::File);
            files.map(|claim| {
                let digest = claim.digest.map(|digest| format!("{:016x}", digest.start));
                let digest = digest.unwrap_or_default();
                format!("{}\t/{}\t{digest}", claims.owner, claim.path)
            })
        });
        assert_eq!(files.collect::<BTreeSet<_>>(), expected, "{path}");
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for path in [METADATA, "x-1.dist-info/RECORD", "x.egg-info/installed-files.txt", "pip/_vendor/vendor.txt", "x.whl"] {
            let _ = detect_one(&Python, path, &bytes);
        }
    }

    #[test]
    fn normalising_is_stable(name in "[A-Za-z0-9._-]{0,20}") {
        let once = normalise(&name);
        prop_assert_eq!(normalise(&once), once.clone());
        prop_assert!(!once.contains("--"));
    }
}
