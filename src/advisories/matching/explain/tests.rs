//! Explanations never disagree with the matcher, and each reason is told.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::advisories::matching::testing::{add, deb, npm, on, osv, pypi, record, rpm};
use crate::advisories::real_data;
use crate::advisories::{Format, match_packages};
use crate::model::{PackageType, SourcePackage};

fn explained(
    store: &Store,
    distribution: &Distribution,
    packages: &[Package],
    id: &str,
) -> Explanation {
    explain(store, Some(distribution), packages, id).expect("explained")
}

fn verdicts(explanation: &Explanation) -> Vec<&RowVerdict> {
    let packages = explanation.packages.iter();
    packages
        .flat_map(|package| package.rows.iter().map(|row| &row.verdict))
        .collect()
}

#[test]
fn a_match_is_explained_by_the_row_and_the_comparison_that_made_it() {
    let (store, _) = osv(&record(
        "DSA-1",
        "Debian:12",
        "curl",
        "1.0-2",
        r#","upstream":["CVE-2024-1"]"#,
    ));
    let packages = [
        deb("libcurl4", "curl", "1.0-1"),
        deb("curl", "curl", "1.0-2"),
        deb("jq", "jq", "1"),
    ];
    for id in ["CVE-2024-1", "cve-2024-1", "dsa-1"] {
        let explanation = explained(&store, &on("debian", "12"), &packages, id);
        let [first, second] = explanation.packages.as_slice() else {
            panic!("{explanation:?}");
        };
        assert_eq!(first.conclusion, Conclusion::Matches);
        assert_eq!(first.findings[0].advisory.id, "CVE-2024-1");
        let [row] = first.rows.as_slice() else {
            panic!("{first:?}");
        };
        assert_eq!(
            (&row.verdict, row.range.as_str()),
            (&RowVerdict::Applies, "< 1.0-2")
        );
        assert_eq!(
            (row.steps[0].sign, row.steps[0].conclusion()),
            ('<', "below the fix")
        );
        assert_eq!(second.conclusion, Conclusion::DoesNotMatch);
        assert_eq!(second.rows[0].verdict, RowVerdict::Fixed);
        assert_eq!(second.rows[0].steps[0].sign, '=');
    }
}

#[test]
fn records_without_the_id_are_explained_where_a_scan_folds_them_in() {
    let (store, _) = osv(&[
        record(
            "PYSEC-1",
            "PyPI",
            "x",
            "1.1",
            r#","aliases":["GHSA-aaaa-bbbb-cccc"]"#,
        ),
        record(
            "GHSA-aaaa-bbbb-cccc",
            "PyPI",
            "x",
            "1.2",
            r#","aliases":["CVE-2024-1"]"#,
        ),
        record("PYSEC-2", "PyPI", "x", "1.3", ""),
    ]
    .concat());
    let packages = [pypi("x", "1.0")];
    for id in ["CVE-2024-1", "PYSEC-1", "GHSA-AAAA-bbbb-cccc"] {
        let explanation = explain(&store, None, &packages, id).expect("explained");
        let ids: Vec<&str> = explanation
            .records
            .iter()
            .map(|record| record.id.as_str())
            .collect();
        assert_eq!(ids, ["GHSA-aaaa-bbbb-cccc", "PYSEC-1"], "{id}");
        assert_eq!(explanation.packages[0].rows.len(), 2);
        assert_eq!(explanation.packages[0].findings.len(), 1);
    }
    let unknown = explain(&store, None, &packages, "CVE-2024-9").expect("explained");
    assert_eq!((unknown.records.len(), unknown.packages.len()), (0, 0));
}

#[test]
fn each_reason_for_no_match_is_told() {
    let lines = [
        record("W-1", "npm", "x", "9.0.0", r#","withdrawn":"2024-05-01T00:00:00Z""#),
        r#"{"id":"RUSTSEC-1","affected":[{"package":{"ecosystem":"crates.io","name":"x"},"database_specific":{"informational":"unmaintained"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0.0.0-0"}]}]}]}
"#.to_owned(),
        r#"{"id":"R-1","affected":[{"package":{"ecosystem":"npm","name":"y"},"ranges":[{"type":"SEMVER","events":[{"introduced":"2.0.0"},{"last_affected":"2.5.0"}]}]}]}
"#.to_owned(),
        record("O-1", "Debian:11", "curl", "9", ""),
        record("O-2", "Debian:12", "jq", "9", ""),
        record("S-1", "Debian:12", "python3", "9", ""),
        record("M-1", "AlmaLinux:8", "nodejs", "1:9-1.module_el8.1+2", ""),
    ];
    let (store, _) = osv(&lines.concat());
    let of = |distribution: &Distribution, package: Package, id: &str| {
        let explanation = explained(&store, distribution, &[package], id);
        let [package] = explanation.packages.as_slice() else {
            panic!("{id}: {explanation:?}");
        };
        assert_eq!(package.conclusion, Conclusion::DoesNotMatch, "{id}");
        package.rows[0].verdict.clone()
    };
    let debian = on("debian", "12");
    let on_date = "2024-05-01T00:00:00Z".to_owned();
    assert_eq!(
        of(&debian, npm("x", "1.0.0"), "W-1"),
        RowVerdict::Withdrawn { on: on_date }
    );
    let cargo = Package::new(PackageType::new("cargo"), "x", "1.0.0");
    assert_eq!(
        of(&debian, cargo, "RUSTSEC-1"),
        RowVerdict::NoVulnerability {
            kind: AdvisoryKind::Informational
        }
    );
    assert_eq!(of(&debian, npm("y", "1.0.0"), "R-1"), RowVerdict::NotYet);
    assert_eq!(of(&debian, npm("y", "3.0.0"), "R-1"), RowVerdict::Past);
    assert_eq!(
        of(&debian, deb("curl", "curl", "7"), "O-1"),
        RowVerdict::OtherRelease
    );
    assert_eq!(
        of(&debian, deb("python3", "python3-defaults", "3"), "S-1"),
        RowVerdict::OtherName {
            looked_up: "python3-defaults".into()
        }
    );
    let alma = on("almalinux", "8.9");
    assert!(matches!(
        of(&alma, rpm("nodejs", "nodejs", "1:8-1.el8"), "M-1"),
        RowVerdict::OtherBuild { .. }
    ));
}

#[test]
fn what_a_scan_has_a_gap_for_is_not_told_and_says_what_is_missing() {
    let (store, _) = osv(&[
        record("G-1", "npm", "x", "2.0.0", ""),
        record("G-2", "ConanCenter", "z", "2.0.0", ""),
        record("G-3", "Debian:11", "curl", "9", ""),
        record("G-4", "Maven", "org.group:lib", "9", ""),
    ]
    .concat());
    let why = |package: Package, id: &str| {
        let explanation = explained(&store, &on("debian", "12"), &[package], id);
        match explanation.packages.as_slice() {
            [
                PackageExplanation {
                    conclusion: Conclusion::CannotTell { why },
                    ..
                },
            ] => why.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert!(why(npm("x", "workspace:*"), "G-1").contains("not ordered by npm"));
    let conan = Package::new(PackageType::new("conan"), "z", "1");
    assert_eq!(
        why(conan, "G-2"),
        "there is no version order for ConanCenter yet"
    );
    assert_eq!(
        why(deb("curl", "curl", "7"), "G-3"),
        "the advisory store holds nothing for Debian:12"
    );
    let library = Package::new(PackageType::new("maven"), "lib", "1");
    assert!(why(library, "G-4").contains("unknown group"));
}

#[test]
fn a_sources_not_affected_and_another_ids_finding_are_told() {
    let (mut store, _) = osv(&[
        record(
            "DSA-1-1",
            "Debian:12",
            "a",
            "2.0-1",
            r#","upstream":["CVE-2024-1"]"#,
        ),
        record(
            "DSA-2-1",
            "Debian:12",
            "b",
            "2.0-1",
            r#","aliases":["CVE-2024-2"],"upstream":["CVE-2024-3"]"#,
        ),
    ]
    .concat());
    let tracker = r#"{"a":{"CVE-2024-1":{"releases":{"bookworm":{"status":"resolved","fixed_version":"0","urgency":"low"}}}}}"#;
    let input =
        crate::advisories::FeedInput::Stream("tracker".into(), Box::new(tracker.as_bytes()));
    let source = crate::advisories::Source::named("tracker");
    store
        .import(&source, Format::DebianTracker, input)
        .expect("imported");
    let debian = on("debian", "12");
    let packages = [deb("a", "a", "1.0-1"), deb("b", "b", "1.0-1")];
    let cleared = explained(&store, &debian, &packages, "CVE-2024-1");
    assert_eq!(
        cleared.packages[0].conclusion,
        Conclusion::NotAffected {
            sources: vec!["tracker".into()]
        }
    );
    let elsewhere = explained(&store, &debian, &packages, "CVE-2024-3");
    assert_eq!(
        elsewhere.packages[0].conclusion,
        Conclusion::FoundAs {
            ids: vec!["CVE-2024-2".into()]
        }
    );
}

#[test]
fn listed_versions_that_are_others_become_one_row() {
    let (store, _) = osv(
        r#"{"id":"L-1","affected":[{"package":{"ecosystem":"PyPI","name":"pytz"},"versions":["2004d","2004e","2004f","2004g"]}]}"#,
    );
    let at =
        |version: &str| explain(&store, None, &[pypi("pytz", version)], "L-1").expect("explained");
    let other = at("2004x");
    assert_eq!(verdicts(&other), [&RowVerdict::NotListed]);
    assert_eq!(
        other.packages[0].rows[0].range,
        "4 listed: 2004d, 2004e, 2004f, …"
    );
    assert_eq!(at("2004e").packages[0].conclusion, Conclusion::Matches);
}

/// Every finding of a scan is explained as one, and everything else as none, with a reason: for each of these ids.
fn agree(
    store: &Store,
    distribution: Option<&Distribution>,
    packages: &[Package],
    ids: &BTreeSet<String>,
) -> usize {
    let outcome = match_packages(store, distribution, packages).expect("matched");
    let mut seen = BTreeSet::new();
    let mut reasons = 0;
    for id in ids {
        let explanation = explain(store, distribution, packages, id).expect("explained");
        for package in &explanation.packages {
            for found in &package.findings {
                assert!(outcome.matches.contains(found), "{id}: {found:?}");
                seen.insert((found.package, found.advisory.id.clone()));
            }
            reasons += check(id, package, &outcome.gaps, &explanation.records);
        }
        for found in &outcome.matches {
            let names = std::iter::once(&found.advisory.id).chain(&found.advisory.aliases);
            if names.clone().any(|name| name == id) {
                let explained = explanation.packages.iter();
                let mut explained = explained.filter(|package| package.package == found.package);
                let findings = &explained.next().expect("explained").findings;
                assert!(findings.contains(found), "{id}: {found:?}");
            }
        }
    }
    for found in &outcome.matches {
        let place = (found.package, found.advisory.id.clone());
        assert!(seen.contains(&place), "{place:?} is explained by no id");
    }
    reasons
}

/// That one package's explanation is whole; the rows that do not apply.
fn check(
    id: &str,
    package: &PackageExplanation,
    gaps: &[crate::model::Gap],
    records: &[StoredRecord],
) -> usize {
    let applies = |row: &&RowExplanation| row.verdict == RowVerdict::Applies;
    assert!(!package.rows.is_empty(), "{id}: {package:?}");
    assert!(
        !package
            .rows
            .iter()
            .any(|row| row.verdict == RowVerdict::LeftOut),
        "{id}: {package:?}"
    );
    let applying = package.rows.iter().filter(applies).count();
    match &package.conclusion {
        Conclusion::Matches => {
            for proof in package.findings.iter().flat_map(|found| &found.proof) {
                let is_said = |row: &&RowExplanation| {
                    (&row.advisory, &row.source) == (&proof.advisory, &proof.source)
                        && (&row.row.introduced, &row.row.fixed, &row.row.last_affected)
                            == (&proof.introduced, &proof.fixed, &proof.last_affected)
                };
                let is_named = records
                    .iter()
                    .any(|record| (&record.id, &record.source) == (&proof.advisory, &proof.source));
                let mut rows = package.rows.iter().filter(applies);
                assert!(
                    !is_named || rows.any(|row| is_said(&row)),
                    "{id}: {proof:?}"
                );
            }
            for row in package.rows.iter().filter(applies) {
                assert!(row.steps.iter().all(Step::holds), "{id}: {row:?}");
            }
        }
        Conclusion::DoesNotMatch => assert_eq!(applying, 0, "{id}: {package:?}"),
        Conclusion::CannotTell { .. } => assert!(applying == 0 && !gaps.is_empty(), "{id}"),
        Conclusion::NotAffected { .. } | Conclusion::FoundAs { .. } => assert!(applying > 0),
    }
    for row in &package.rows {
        let decides = matches!(
            row.verdict,
            RowVerdict::Fixed | RowVerdict::NotYet | RowVerdict::Past
        );
        let is_broken = row.steps.iter().any(|step| !step.holds());
        assert!(
            !decides || is_broken,
            "{id}: no comparison says so: {row:?}"
        );
    }
    package.rows.len() - applying
}

/// The package type and the distribution that an ecosystem's rows are about.
fn subject(ecosystem: &str) -> Option<(PackageType, Option<Distribution>)> {
    let language = |name| Some((PackageType::new(name), None));
    let (base, rest) = ecosystem.split_once(':').unwrap_or((ecosystem, ""));
    let release = rest.trim_end_matches(":LTS").trim_start_matches('v');
    match base {
        "PyPI" => language("pypi"),
        "npm" => language("npm"),
        "crates.io" => language("cargo"),
        "Go" => language("golang"),
        "Maven" => language("maven"),
        "RubyGems" => language("gem"),
        "Packagist" => language("composer"),
        "NuGet" => language("nuget"),
        "Bitnami" => language("bitnami"),
        "Debian" => Some((PackageType::DEB, Some(on("debian", release)))),
        "Ubuntu" => Some((PackageType::DEB, Some(on("ubuntu", release)))),
        "Alpine" => Some((PackageType::APK, Some(on("alpine", release)))),
        "AlmaLinux" => Some((PackageType::RPM, Some(on("almalinux", release)))),
        "Rocky Linux" => Some((PackageType::RPM, Some(on("rocky", release)))),
        "Red Hat" => {
            let release = rest.strip_prefix("enterprise_linux:")?.split(':').next()?;
            Some((PackageType::RPM, Some(on("rhel", release))))
        }
        _ => None,
    }
}

/// Each package that a record names, at each version that it names and beyond both ends.
fn at_all_bounds(record: &StoredRecord) -> BTreeMap<Option<Distribution>, Vec<Package>> {
    let mut packages: BTreeMap<Option<Distribution>, BTreeSet<Package>> = BTreeMap::new();
    for row in &record.rows {
        let Some((package_type, distribution)) = subject(&row.ecosystem) else {
            continue;
        };
        let bounds = [&row.introduced, &row.fixed, &row.last_affected, &row.listed];
        let beyond = ["0.0.1", "99999.0.0", "no version"].map(str::to_owned);
        for version in bounds.into_iter().flatten().cloned().chain(beyond) {
            let mut package = Package::new(package_type.clone(), &row.package, &version);
            if package_type.is_os() {
                let name = format!("{}-binary", row.package);
                package.source = Some(SourcePackage {
                    name: std::mem::replace(&mut package.name, name),
                    version,
                });
            }
            packages
                .entry(distribution.clone())
                .or_default()
                .insert(package);
        }
    }
    let packages = packages.into_iter();
    packages
        .map(|(distribution, packages)| (distribution, packages.into_iter().collect()))
        .collect()
}

/// Versions of the packages of one record that are tried.
const MOST_VERSIONS: usize = 24;

/// Goes through every `step`th record of a store, at all its bounds; how many reasons were checked.
fn agree_on(store: &Store, step: usize) -> usize {
    let mut statement = store
        .connection
        .prepare("SELECT DISTINCT external_id FROM advisory ORDER BY external_id")
        .expect("sql");
    let ids: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .expect("rows")
        .map(|id| id.expect("id"))
        .collect();
    let mut reasons = 0;
    for id in ids.iter().step_by(step) {
        for record in store.records_named(id).expect("records") {
            for (distribution, mut packages) in at_all_bounds(&record) {
                // A package of a hundred advisories is a hundred explanations for each of its versions.
                packages.truncate(MOST_VERSIONS);
                let outcome = match_packages(store, distribution.as_ref(), &packages);
                let matches = outcome.expect("matched").matches;
                let found = matches.into_iter().map(|found| found.advisory.id);
                let names = record.names().map(str::to_owned).chain(found);
                reasons += agree(store, distribution.as_ref(), &packages, &names.collect());
            }
        }
    }
    reasons
}

#[test]
fn no_starter_record_is_explained_otherwise_than_it_is_matched() {
    let store = Store::starter().expect("starter");
    assert!(agree_on(&store, 1) > 500);
}

#[test]
fn no_real_record_is_explained_otherwise_than_it_is_matched() {
    for (file, format, step) in [
        ("AlmaLinux.jsonl.gz", Format::Osv, 1999),
        ("Debian-DSA-DLA.jsonl.zst", Format::Osv, 1499),
        ("PyPI.jsonl.gz", Format::Osv, 599),
        ("Go.jsonl.gz", Format::Osv, 1499),
        ("native/alpine-secdb-2020.jsonl.gz", Format::Secdb, 399),
    ] {
        let Some((store, _)) = real_data::store(file, format) else {
            return;
        };
        let reasons = agree_on(&store, step);
        println!("{file}: {reasons} reasons");
        assert!(reasons > 10, "{file}");
    }
}

#[test]
fn stores_of_two_sources_agree_too() {
    let (mut store, _) = osv(&record(
        "GHSA-1",
        "npm",
        "x",
        "2.0.0",
        r#","aliases":["CVE-2024-1"]"#,
    ));
    add(
        &mut store,
        "other",
        &record("CVE-2024-1", "npm", "x", "1.0.0", ""),
    );
    agree_on(&store, 1);
}
