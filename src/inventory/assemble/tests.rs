//! Conclusions over several files and layers.

use proptest::prelude::*;

use super::*;
use crate::layers::{Covered, DetectorSet, Expected, FileFacts, LayerReport, read_layer, squash};
use crate::model::{Basis, Limits};

fn package(package_type: PackageType, name: &str, version: &str) -> Package {
    Package::new(package_type, name, version)
}

fn deb(name: &str, version: &str) -> Package {
    package(PackageType::DEB, name, version)
}

/// The inventory of files that are visible, and of versions that are not.
fn concluded_from(visible: Vec<Visible<'_>>, hidden: Vec<Hidden<'_>>) -> Inventory {
    assemble(&Squashed {
        visible,
        hidden,
        ..Squashed::default()
    })
}

fn facts(packages: &[Package]) -> FileFacts {
    FileFacts::of_packages(packages.to_vec())
}

fn release(id: &str, version: Option<&str>, codename: Option<&str>) -> FileFacts {
    FileFacts {
        distribution: Some(Distribution {
            id: id.into(),
            version_id: version.map(str::to_owned),
            codename: codename.map(str::to_owned),
            ..Distribution::default()
        }),
        ..FileFacts::default()
    }
}

/// The distribution that files with these facts give.
fn concluded(files: &[(&str, FileFacts)]) -> Option<Distribution> {
    let paths: Vec<LayerPath> = files.iter().map(|(path, _)| (*path).into()).collect();
    let visible: Vec<Visible<'_>> = paths
        .iter()
        .zip(files)
        .map(|(path, (_, facts))| Visible {
            path,
            history: vec![(0, facts)],
        })
        .collect();
    concluded_from(visible, Vec::new()).distribution
}

fn layers_of(inventory: &Inventory) -> Vec<(String, usize)> {
    let packages = inventory.packages.iter();
    packages
        .map(|found| {
            (
                format!("{} {}", found.package.name, found.package.version),
                found.layer,
            )
        })
        .collect()
}

#[test]
fn a_package_belongs_to_the_layer_from_which_on_it_is_recorded_without_a_break() {
    let status = LayerPath::from("var/lib/dpkg/status");
    let history = [
        facts(&[deb("base", "1"), deb("curl", "7"), deb("gone", "1")]),
        facts(&[deb("base", "1"), deb("curl", "8"), deb("new", "1")]),
        facts(&[deb("base", "1"), deb("curl", "7"), deb("new", "1")]),
    ];
    let visible = [Visible {
        path: &status,
        history: [2, 5, 7].into_iter().zip(&history).collect(),
    }];
    let inventory = concluded_from(visible.into(), Vec::new());
    assert_eq!(
        layers_of(&inventory),
        [
            ("base 1".into(), 2),
            ("curl 7".into(), 7),
            ("new 1".into(), 5)
        ]
    );
    let gone: Vec<(&str, &str, usize, usize)> = inventory
        .deleted
        .iter()
        .map(|gone| {
            (
                gone.package.name.as_str(),
                gone.package.version.as_str(),
                gone.layer,
                gone.removed_in,
            )
        })
        .collect();
    assert_eq!(gone, [("curl", "8", 5, 7), ("gone", "1", 2, 5)]);
}

#[test]
fn a_deleted_package_is_told_once_from_its_first_to_its_last_layer() {
    let path = LayerPath::from("app/node_modules/x/package.json");
    let mut licensed = package(PackageType::NPM, "x", "1");
    licensed.licenses = vec!["MIT".into()];
    let versions = [
        facts(&[licensed.clone()]),
        facts(&[package(PackageType::NPM, "x", "1")]),
    ];
    let record = |layer: usize, hidden_by| Hidden {
        path: &path,
        layer,
        facts: &versions[layer],
        hidden_by,
        how: Covered::Removed,
    };
    for order in [[record(0, 1), record(1, 3)], [record(1, 3), record(0, 1)]] {
        let inventory = concluded_from(Vec::new(), order.into());
        let [gone] = inventory.deleted.as_slice() else {
            panic!("one package")
        };
        assert_eq!((gone.layer, gone.removed_in), (0, 3));
        assert_eq!(gone.package, licensed);
        assert_eq!(gone.purl.as_deref(), Some("pkg:npm/x@1"));
    }
}

#[test]
fn an_os_package_that_two_databases_record_is_reported_once_and_a_copied_language_package_twice() {
    let mut musl = package(PackageType::APK, "musl", "1.2.5-r0");
    musl.line = Some(1);
    let mut moved = musl.clone();
    moved.line = Some(9);
    let six = package(PackageType::PYPI, "six", "1.16");
    let places = [
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
        "a/METADATA",
        "b/METADATA",
    ];
    let paths = places.map(LayerPath::from);
    let files = [
        facts(&[musl]),
        facts(&[moved]),
        facts(std::slice::from_ref(&six)),
        facts(&[six]),
    ];
    let visible: Vec<Visible<'_>> = paths
        .iter()
        .zip(&files)
        .map(|(path, facts)| Visible {
            path,
            history: vec![(0, facts)],
        })
        .collect();
    let inventory = concluded_from(visible, Vec::new());
    let found: Vec<&str> = inventory
        .packages
        .iter()
        .map(|found| found.path.as_str())
        .collect();
    assert_eq!(found, ["lib/apk/db/installed", "a/METADATA", "b/METADATA"]);
}

#[test]
fn a_claim_of_what_a_record_shows_is_not_told_again_and_any_other_is() {
    let claimed = |mut package: Package| {
        package.basis = Basis::Claimed;
        package
    };
    let mut curl = deb("curl", "7");
    curl.architecture = Some("amd64".into());
    curl.source = Some(crate::model::SourcePackage {
        name: "curl".into(),
        version: "7".into(),
    });
    let record = facts(&[curl]);
    let list = facts(&[
        claimed(deb("curl", "7")),
        claimed(deb("curl", "8")),
        claimed(package(PackageType::NPM, "curl", "7")),
    ]);
    let paths = ["var/lib/dpkg/status", "usr/share/sbom/a.json"].map(LayerPath::from);
    let files = [(&paths[0], &record), (&paths[1], &list)];
    for order in [[0, 1], [1, 0]] {
        let visible = order.map(|index| Visible {
            path: files[index].0,
            history: vec![(0, files[index].1)],
        });
        let inventory = concluded_from(visible.into(), Vec::new());
        let found: Vec<(&str, &str, Basis)> = inventory
            .packages
            .iter()
            .map(|found| {
                let package = &found.package;
                (
                    package.package_type.as_str(),
                    package.version.as_str(),
                    package.basis,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("deb", "7", Basis::Recorded),
                ("deb", "8", Basis::Claimed),
                ("npm", "7", Basis::Claimed)
            ]
        );
    }
}

#[test]
fn the_most_trustworthy_file_that_names_a_distribution_is_believed() {
    let debian = || release("debian", Some("12"), None);
    let ubuntu = || release("ubuntu", Some("22.04"), None);
    let id = |files: &[(&str, FileFacts)]| concluded(files).map(|found| found.qualifier());
    let both = [
        ("usr/lib/os-release", debian()),
        ("etc/os-release", ubuntu()),
    ];
    assert_eq!(id(&both).as_deref(), Some("ubuntu-22.04"));
    let derived = [
        ("etc/debian_version", debian()),
        ("etc/lsb-release", ubuntu()),
    ];
    assert_eq!(id(&derived).as_deref(), Some("ubuntu-22.04"));
    let nameless = [
        ("etc/os-release", release("linux", None, None)),
        ("etc/debian_version", debian()),
    ];
    assert_eq!(id(&nameless).as_deref(), Some("debian-12"));
    assert_eq!(id(&[]), None);
}

#[test]
fn debian_before_its_release_has_a_codename_and_no_version() {
    let found = concluded(&[
        ("etc/os-release", release("debian", None, None)),
        (
            "etc/debian_version",
            release("debian", None, Some("trixie")),
        ),
    ]);
    let found = found.expect("debian");
    assert_eq!(
        (found.version_id, found.codename.as_deref()),
        (None, Some("trixie"))
    );
}

#[test]
fn purls_name_the_distribution() {
    let (status, os_release) = (
        LayerPath::from("var/lib/dpkg/status"),
        LayerPath::from("etc/os-release"),
    );
    let (packages, debian) = (
        facts(&[deb("curl", "7")]),
        release("debian", Some("12"), None),
    );
    let visible = [(&status, &packages), (&os_release, &debian)].map(|(path, facts)| Visible {
        path,
        history: vec![(0, facts)],
    });
    let inventory = concluded_from(visible.into(), Vec::new());
    assert_eq!(
        inventory.packages[0].purl.as_deref(),
        Some("pkg:deb/debian/curl@7?distro=debian-12")
    );
    assert_eq!(inventory.gaps, []);
}

#[test]
fn nothing_at_all_and_a_distribution_without_packages_are_gaps() {
    let paths = ["etc/os-release", "var/lib/dpkg/status"].map(LayerPath::from);
    let (debian, six) = (
        release("debian", Some("12"), None),
        facts(&[package(PackageType::PYPI, "six", "1")]),
    );
    let curl = facts(&[deb("curl", "7")]);
    let gaps = |files: &[(usize, &FileFacts)]| -> Vec<GapKind> {
        let visible = |(path, facts): &(usize, _)| Visible {
            path: &paths[*path],
            history: vec![(0, *facts)],
        };
        let inventory = concluded_from(files.iter().map(visible).collect(), Vec::new());
        inventory.gaps.iter().map(|gap| gap.kind).collect()
    };
    assert_eq!(gaps(&[]), [GapKind::NothingFound]);
    assert_eq!(gaps(&[(0, &debian), (1, &six)]), [GapKind::NothingFound]);
    assert_eq!(gaps(&[(0, &debian), (1, &curl)]), []);
    assert_eq!(gaps(&[(1, &six)]), []);
}

/// A layer of files with these contents, read by every detector of the inventory.
fn layer(files: &[(&str, &str)], removed: &[&str]) -> LayerReport {
    let mut tar = tar::Builder::new(Vec::new());
    let names = removed.iter().map(|path| {
        let (folder, name) = path.rsplit_once('/').expect("a folder");
        (format!("{folder}/.wh.{name}"), "")
    });
    let files = files.iter().map(|(path, text)| ((*path).to_owned(), *text));
    for (path, text) in files.chain(names) {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, text.as_bytes())
            .expect("memory");
    }
    let bytes = tar.into_inner().expect("memory");
    let detectors = DetectorSet::new(crate::inventory::detectors());
    let read = read_layer(
        &bytes[..],
        &Expected::default(),
        &detectors,
        &Limits::default(),
    );
    read.expect("a layer").report
}

/// Name, version and path of each package of these layers.
fn installed(layers: &[LayerReport]) -> Vec<(String, String, String)> {
    let reports: Vec<&LayerReport> = layers.iter().collect();
    let found = assemble(&squash(&reports)).packages.into_iter();
    found
        .map(|found| {
            let path = found.path.as_str().to_owned();
            (found.package.name, found.package.version, path)
        })
        .collect()
}

const LOCK: &str = "app/node_modules/.package-lock.json";

fn lock(names: &[&str]) -> String {
    let packages = names.iter().map(|name| {
        let entry = serde_json::json!({"version": "1.0.0", "integrity": "sha512-AA", "dev": true});
        (format!("node_modules/{name}"), entry)
    });
    let packages: serde_json::Map<_, _> = packages.collect();
    serde_json::json!({"packages": packages}).to_string()
}

#[test]
fn a_package_with_a_manifest_and_in_a_list_is_reported_once_with_what_both_know() {
    let layers = [layer(
        &[
            (LOCK, &lock(&["x", "x/node_modules/y"])),
            (
                "app/node_modules/x/package.json",
                r#"{"name": "x", "version": "1.0.0", "license": "MIT"}"#,
            ),
            (
                "app/node_modules/x/node_modules/y/package.json",
                r#"{"name": "y", "version": "2.0.0"}"#,
            ),
        ],
        &[],
    )];
    let reports: Vec<&LayerReport> = layers.iter().collect();
    let inventory = assemble(&squash(&reports));
    let [x, y] = inventory.packages.as_slice() else {
        panic!("two packages, not {:?}", inventory.packages)
    };
    assert_eq!(x.path.as_str(), "app/node_modules/x/package.json");
    assert_eq!(x.package.licenses, ["MIT"]);
    let keys: Vec<&str> = x.package.properties.keys().map(String::as_str).collect();
    assert_eq!(keys, ["development", "integrity"]);
    // Somebody put another version there: the list is out of date.
    assert_eq!(y.package.version, "2.0.0");
    assert!(y.package.properties.is_empty());
}

#[test]
fn a_listed_package_without_a_manifest_is_there_as_long_as_its_folder_is() {
    let found = |name: &str| (name.to_owned(), "1.0.0".to_owned(), LOCK.to_owned());
    let base = layer(
        &[
            (
                LOCK,
                &lock(&["pruned", "gone", "never", "a/node_modules/pruned"]),
            ),
            ("app/node_modules/pruned/index.js", "code"),
            ("app/node_modules/gone/lib/index.js", "code"),
            ("app/node_modules/a/node_modules/pruned/index.js", "code"),
        ],
        &[],
    );
    let layers = [base, layer(&[], &["app/node_modules/gone"])];
    assert_eq!(installed(&layers[..1]), [found("gone"), found("pruned")]);
    assert_eq!(installed(&layers), [found("pruned")]);
}

#[test]
fn what_only_an_overwritten_list_records_is_not_a_deleted_package() {
    let x = r#"{"name": "x", "version": "1.0.0"}"#;
    let layers = [
        layer(
            &[
                (LOCK, &lock(&["x", "y"])),
                ("app/node_modules/x/package.json", x),
            ],
            &[],
        ),
        layer(&[(LOCK, &lock(&[]))], &["app/node_modules/x"]),
    ];
    let reports: Vec<&LayerReport> = layers.iter().collect();
    let inventory = assemble(&squash(&reports));
    let deleted: Vec<&str> = inventory
        .deleted
        .iter()
        .map(|gone| gone.path.as_str())
        .collect();
    assert_eq!(deleted, ["app/node_modules/x/package.json"]);
}

#[test]
fn what_somebody_put_in_the_place_of_a_package_s_file_is_not_part_of_that_package() {
    let manifest = |version: &str| format!(r#"{{"name": "npm", "version": "{version}"}}"#);
    let path = "usr/lib/node_modules/npm/package.json";
    let status = "Package: npm\nStatus: install ok installed\nVersion: 9\nArchitecture: all\n";
    let digest = "e9e08bb8fe05c1491d72ef75b4151a47";
    let layers = [
        layer(
            &[
                ("var/lib/dpkg/status", status),
                (
                    "var/lib/dpkg/info/npm.list",
                    &format!("/.\n/usr\n/{path}\n"),
                ),
                (
                    "var/lib/dpkg/info/npm.md5sums",
                    &format!("{digest}  {path}\n"),
                ),
                (path, &manifest("9.0.0")),
            ],
            &[],
        ),
        layer(&[(path, &manifest("10.0.0"))], &[]),
    ];
    let owner = |layers: &[LayerReport]| {
        let reports: Vec<&LayerReport> = layers.iter().collect();
        let packages = assemble(&squash(&reports)).packages.into_iter();
        let mut found = packages.filter(|found| found.package.package_type == PackageType::NPM);
        found
            .next()
            .map(|found| (found.package.version, found.owned_by))
    };
    let npm = |version: &str, owner: Option<&str>| {
        Some((version.to_owned(), owner.map(ToOwned::to_owned)))
    };
    assert_eq!(owner(&layers[..1]), npm("9.0.0", Some("npm")));
    assert_eq!(owner(&layers), npm("10.0.0", None));
}

proptest! {
    #[test]
    fn the_order_of_files_and_records_does_not_matter(
        records in proptest::collection::vec((0_usize..3, "[ab]", "[12]", any::<bool>()), 0..12),
        seed in any::<prop::sample::Index>()
    ) {
        let paths = ["a", "b", "c"].map(LayerPath::from);
        let files: Vec<(usize, FileFacts)> = records
            .iter()
            .map(|(path, name, version, is_os)| {
                let package_type = if *is_os { PackageType::DEB } else { PackageType::NPM };
                (*path, facts(&[package(package_type, name, version)]))
            })
            .collect();
        let mut visible: Vec<Visible<'_>> = files
            .iter()
            .map(|(path, facts)| Visible { path: &paths[*path], history: vec![(0, facts)] })
            .collect();
        let mut gone: Vec<Hidden<'_>> = files
            .iter()
            .map(|(path, facts)| Hidden {
                path: &paths[*path],
                layer: *path,
                facts,
                hidden_by: *path + 1,
                how: Covered::Replaced,
            })
            .collect();
        let cut = seed.index(files.len() + 1);
        let (seen, hidden) = (visible.split_off(cut), gone.split_off(cut));
        let reversed = (seen.iter().rev().cloned().collect(), gone.iter().rev().copied().collect());
        let forth = concluded_from(seen, gone);
        let back = concluded_from(reversed.0, reversed.1);
        prop_assert!(forth.packages.is_sorted() && forth.deleted.is_sorted());
        prop_assert_eq!(forth, back);
        drop(hidden);
    }
}
