//! The traps that real feeds are known for, each with the package that would fall into it. Records were written for these tests, in
//! the forms that the feeds publish.

use super::testing::{add, found, ids, on, osv};
use crate::advisories::{AdvisoryKind, Store};
use crate::model::{Package, PackageType, Severity};

/// A record of one package with these events.
fn events(id: &str, ecosystem: &str, name: &str, kind: &str, events: &[(&str, &str)]) -> String {
    let events: Vec<String> = events
        .iter()
        .map(|(event, version)| format!(r#"{{"{event}":"{version}"}}"#))
        .collect();
    format!(
        r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"{kind}","events":[{}]}}]}}]}}
"#,
        events.join(",")
    )
}

fn is_found(store: &Store, package_type: &'static str, name: &str, version: &str) -> bool {
    let package = Package::new(PackageType::new(package_type), name, version);
    !found(store, &on("debian", "12"), &[package])
        .matches
        .is_empty()
}

/// Which of the versions are found, in order.
fn found_of<'v>(
    store: &Store,
    package_type: &'static str,
    name: &str,
    versions: &[&'v str],
) -> Vec<&'v str> {
    let versions = versions.iter().copied();
    versions
        .filter(|version| is_found(store, package_type, name, version))
        .collect()
}

#[test]
fn several_intervals_of_one_range_end_before_a_fix_or_with_a_last_affected_version() {
    let (store, _) = osv(&events(
        "PYSEC-1",
        "PyPI",
        "x",
        "ECOSYSTEM",
        &[
            ("introduced", "1"),
            ("last_affected", "1.5"),
            ("introduced", "2"),
            ("fixed", "2.3"),
            ("introduced", "3"),
        ],
    ));
    let versions = [
        "0.9", "1", "1.5", "1.5.0", "1.5.1", "2", "2.2", "2.3", "3", "9",
    ];
    assert_eq!(
        found_of(&store, "pypi", "x", &versions),
        ["1", "1.5", "1.5.0", "2", "2.2", "3", "9"]
    );
}

#[test]
fn a_release_candidate_of_gos_library_is_before_its_release_and_behind_the_former_one() {
    let range = [
        ("introduced", "0"),
        ("fixed", "1.21.8"),
        ("introduced", "1.22.0-0"),
        ("fixed", "1.22.1"),
    ];
    let (store, _) = osv(&events("GO-2024-1", "Go", "stdlib", "SEMVER", &range));
    let versions = [
        "1.21.7",
        "1.21.8",
        "1.22rc1",
        "go1.22rc1",
        "1.22",
        "1.22.0",
        "1.22.1",
        "1.23rc1",
    ];
    assert_eq!(
        found_of(&store, "golang", "stdlib", &versions),
        ["1.21.7", "1.22rc1", "go1.22rc1", "1.22", "1.22.0"]
    );
}

#[test]
fn rustsecs_first_version_is_before_every_pre_release() {
    let range = [("introduced", "0.0.0-0"), ("fixed", "0.2.1")];
    let (store, _) = osv(&events(
        "RUSTSEC-2024-1",
        "crates.io",
        "x",
        "SEMVER",
        &range,
    ));
    let versions = ["0.0.0-alpha", "0.0.0", "0.2.1-rc.1", "0.2.1"];
    assert_eq!(
        found_of(&store, "cargo", "x", &versions),
        ["0.0.0-alpha", "0.0.0", "0.2.1-rc.1"]
    );
}

#[test]
fn a_pre_release_inside_a_range_of_npm_is_affected_though_npms_own_ranges_leave_it_out() {
    let range = [("introduced", "2.0.0"), ("fixed", "2.1.0")];
    let (store, _) = osv(&events("GHSA-1", "npm", "x", "SEMVER", &range));
    let versions = [
        "2.0.0-beta.1",
        "2.0.0",
        "2.0.1-beta.1",
        "2.1.0-rc.1",
        "2.1.0",
    ];
    assert_eq!(
        found_of(&store, "npm", "x", &versions),
        ["2.0.0", "2.0.1-beta.1", "2.1.0-rc.1"]
    );
}

#[test]
fn names_are_one_whatever_their_spelling_where_the_ecosystem_says_so() {
    let range = [("introduced", "0")];
    let lines = [
        events("A-1", "PyPI", "Zope.Interface", "ECOSYSTEM", &range),
        events("A-2", "NuGet", "Newtonsoft.Json", "ECOSYSTEM", &range),
        events(
            "A-3",
            "Packagist",
            "Symfony/HTTP-Kernel",
            "ECOSYSTEM",
            &range,
        ),
        events("A-4", "Go", "github.com/Azure/x", "SEMVER", &range),
        events("A-5", "npm", "JSONStream", "SEMVER", &range),
    ];
    let (store, _) = osv(&lines.concat());
    for (package_type, name, expected) in [
        ("pypi", "zope_interface", true),
        ("pypi", "zope-Interface", true),
        ("nuget", "newtonsoft.json", true),
        ("nuget", "NEWTONSOFT.JSON", true),
        ("composer", "symfony/http-kernel", true),
        ("golang", "github.com/Azure/x", true),
        ("golang", "github.com/azure/x", false),
        ("npm", "JSONStream", true),
        ("npm", "jsonstream", false),
    ] {
        let is_found = is_found(&store, package_type, name, "1.0.0");
        assert_eq!(is_found, expected, "{package_type} {name}");
    }
}

#[test]
fn a_cve_with_two_streams_keeps_a_fix_for_each() {
    // The same name is in one release twice: 10 and 12 of nodejs, each with a fix of its own.
    let record = |id: &str, fix: &str| {
        format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"npm","name":"x"}},"ranges":[{{"type":"SEMVER","events":[{fix}]}}]}}],"aliases":["CVE-2024-0001"]}}
"#
        )
    };
    let lines = [
        record(
            "GHSA-1",
            r#"{"introduced":"10.0.0"},{"fixed":"10.5.0"},{"introduced":"12.0.0"},{"fixed":"12.1.0"}"#,
        ),
        record("GHSA-2", r#"{"introduced":"12.0.0"},{"fixed":"12.1.2"}"#),
    ];
    let (store, _) = osv(&lines.concat());
    let fix = |version: &str| {
        let package = Package::new(PackageType::NPM, "x", version);
        let outcome = found(&store, &on("debian", "12"), &[package]);
        let fix = outcome
            .matches
            .first()
            .map(|found| found.fixed_version.clone());
        (outcome.matches.len(), fix.flatten())
    };
    assert_eq!(fix("10.4.0"), (1, Some("10.5.0".to_owned())));
    assert_eq!(fix("12.0.0"), (1, Some("12.1.2".to_owned())));
    assert_eq!(fix("12.1.0"), (1, Some("12.1.2".to_owned())));
    assert_eq!(fix("11.0.0"), (0, None));
}

#[test]
fn a_malicious_package_is_told_apart_and_never_mild() {
    let record = |id: &str, name: &str, severity: &str| {
        format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"npm","name":"{name}"}},"versions":["1.0.0"]}}]{severity}}}
"#
        )
    };
    let negligible = r#","database_specific":{"severity":"negligible"}"#;
    let high = r#","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}]"#;
    let (mut store, _) =
        osv(&[record("MAL-1", "a", ""), record("MAL-2", "b", negligible)].concat());
    add(&mut store, "other", &record("MAL-3", "c", high));
    let packages = ["a", "b", "c"].map(|name| Package::new(PackageType::NPM, name, "1.0.0"));
    let outcome = found(&store, &on("debian", "12"), &packages);
    assert_eq!(ids(&outcome), ["MAL-1", "MAL-2", "MAL-3"]);
    let kinds = outcome.matches.iter().map(|found| found.advisory.kind);
    assert!(
        kinds
            .into_iter()
            .all(|kind| kind == AdvisoryKind::Malicious)
    );
    let severities = outcome.matches.iter().map(|found| found.advisory.severity);
    assert!(severities.eq([Severity::Critical, Severity::Critical, Severity::High]));
}
