//! Lists that lie in the image itself: beside a Python wheel (PEP 770), in the database of Wolfi's builder, or wherever a vendor put
//! them.
//!
//! A list is a claim: its packages are reported as claimed, with its name, and what a package tool records too is
//! not reported twice (`assemble`).

use super::{Bounds, Sbom, read};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Basis, LayerPath, Package, path_file_name};

/// 32 MiB: ten times the largest list of a package that is shipped with it.
pub(super) const LIMIT: u64 = 32 << 20;

/// Folders that hold nothing but lists.
const FOLDERS: [&str; 3] = ["usr/share/sbom", "usr/local/share/sbom", "var/lib/db/sbom"];

/// Folders of tests, whose lists are about nothing.
const TESTS: [&str; 8] = [
    "test",
    "tests",
    "testdata",
    "test-data",
    "__tests__",
    "fixtures",
    "examples",
    "example",
];

/// Reads the lists that an image ships.
pub(in crate::inventory) struct Shipped;

impl Detector for Shipped {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "sbom/shipped",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Extension("json"),
            Interest::Extension("spdx"),
            Interest::Folder("sboms"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if is_list(entry) && !entry.path.split('/').any(|part| TESTS.contains(&part)) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let Some(sbom) = read(file.bytes, Bounds::IMAGE)? else {
            return Ok(FileFacts::default());
        };
        Ok(facts(sbom, file.entry.path, Basis::Claimed))
    }
}

fn is_list(entry: &Entry<'_>) -> bool {
    let (folder, name) = (entry.parent(), entry.file_name());
    // Bitnami's own record has a detector of its own.
    if super::bitnami::is_record(entry) {
        return false;
    }
    let is_named = [".cdx.json", ".spdx.json", ".sbom.json", ".spdx"]
        .iter()
        .any(|ending| name.ends_with(ending))
        || matches!(name, "bom.json" | "sbom.json");
    let of_wheel = path_file_name(folder) == "sboms"
        && crate::model::path_parent(folder).is_some_and(|parent| parent.ends_with(".dist-info"));
    let in_folder = FOLDERS.iter().any(|place| {
        folder
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    is_named || of_wheel || in_folder
}

/// The packages of a list that lies at `path`.
///
/// Its distribution is the list's own: it may be about another system than the image that it came to.
pub(super) fn facts(sbom: Sbom, path: &str, basis: Basis) -> FileFacts {
    let by = match (&sbom.subject, &sbom.tool) {
        (Some(subject), Some(tool)) => format!("{subject} ({tool})"),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => path_file_name(path).to_owned(),
    };
    let distribution = sbom.distribution.map(Box::new);
    let packages = sbom.packages.into_iter().filter_map(|listed| {
        // What a lower layer of another image once held is nowhere here.
        if listed.removed_in.is_some() {
            return None;
        }
        let mut package: Package = listed.package;
        if package.package_type.is_os() && package.distribution.is_none() {
            package.distribution.clone_from(&distribution);
        }
        // The lines are those of another file.
        package.line = None;
        if basis == Basis::Claimed {
            package.basis = basis;
            package.properties.insert("claimed-by".into(), by.clone());
        }
        Some(package)
    });
    let mut facts = FileFacts::of_packages(packages.collect());
    facts.gaps = sbom.gaps;
    for gap in &mut facts.gaps {
        gap.path = Some(LayerPath::from(path));
        gap.layer = None;
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::detect_one;

    const WHEEL: &str = r#"{"bomFormat": "CycloneDX", "specVersion": "1.4",
        "metadata": {"component": {"type": "library", "bom-ref": "r", "name": "numpy", "version": "2.0.0", "purl": "pkg:pypi/numpy@2.0.0"},
            "tools": [{"name": "auditwheel", "version": "6.4.0"}]},
        "components": [{"type": "library", "name": "libgfortran", "version": "8.5.0-22.el8_10",
            "purl": "pkg:rpm/almalinux/libgfortran@8.5.0-22.el8_10?distro=almalinux-8.10"}]}"#;

    #[test]
    fn a_list_beside_a_wheel_claims_what_the_wheel_bundles_for_the_distribution_that_it_is_of() {
        let path = "usr/lib/python3/site-packages/numpy-2.0.0.dist-info/sboms/auditwheel.cdx.json";
        let facts = detect_one(&Shipped, path, WHEEL.as_bytes())
            .expect("a list")
            .expect("wanted");
        assert_eq!(facts.gaps, []);
        let [numpy, gfortran] = facts.packages.as_slice() else {
            panic!("two packages: {:?}", facts.packages)
        };
        assert_eq!(numpy.basis, Basis::Claimed);
        assert_eq!(numpy.properties["claimed-by"], "numpy (auditwheel 6.4.0)");
        let own = gfortran
            .distribution
            .as_deref()
            .expect("its own distribution");
        assert_eq!(own.qualifier(), "almalinux-8.10");
    }

    /// As the wheel of `cryptography` says what OpenSSL was built into it.
    #[test]
    fn a_list_that_does_not_say_who_wrote_it_is_told_by_its_file() {
        let list = r#"{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
            {"type": "library", "name": "openssl", "version": "4.0.3", "purl": "pkg:generic/openssl@4.0.3"}]}"#;
        let path = "lib/cryptography-50.0.2.dist-info/sboms/sbom.json";
        let facts = detect_one(&Shipped, path, list.as_bytes())
            .expect("a list")
            .expect("wanted");
        assert_eq!(facts.packages[0].properties["claimed-by"], "sbom.json");
    }

    #[test]
    fn only_files_that_are_lists_by_their_place_or_name_are_read() {
        for (path, wanted) in [
            ("app/app.cdx.json", true),
            ("app/app.spdx.json", true),
            ("app/app.spdx", true),
            ("app/bom.json", true),
            ("app/sbom.json", true),
            ("usr/share/sbom/curl.json", true),
            ("usr/local/share/sbom/a/b.json", true),
            ("var/lib/db/sbom/busybox-1.36.1-r1.spdx.json", true),
            ("lib/x.dist-info/sboms/anything", true),
            ("app/sboms/anything", false),
            ("app/package.json", false),
            ("app/test/fixtures/bom.json", false),
            ("opt/bitnami/redis/.spdx-redis.spdx", false),
        ] {
            let wants = Shipped.wants(&Entry::file(path, 10));
            assert_eq!(wants != Want::Skip, wanted, "{path}");
        }
    }

    #[test]
    fn a_file_that_is_only_named_like_a_list_is_passed_over() {
        for content in ["{\"bom\": [1, 2]}", "[]", "", "no JSON at all", "{broken"] {
            let facts = detect_one(&Shipped, "app/bom.json", content.as_bytes());
            assert_eq!(facts, Ok(Some(FileFacts::default())), "{content}");
        }
    }

    #[test]
    fn a_broken_list_is_a_gap() {
        let broken = "{\"bomFormat\": \"CycloneDX\", \"components\": [";
        assert!(detect_one(&Shipped, "app/bom.json", broken.as_bytes()).is_err());
        let hole = r#"{"bomFormat": "CycloneDX", "components": [5]}"#;
        let facts = detect_one(&Shipped, "app/bom.json", hole.as_bytes())
            .expect("a list")
            .expect("wanted");
        let [gap] = facts.gaps.as_slice() else {
            panic!("one gap")
        };
        assert_eq!(gap.detail, "component 0 is no object");
        assert_eq!(gap.path, Some("app/bom.json".into()));
    }
}
