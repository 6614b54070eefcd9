//! The meaning of records: what is found, what is not, and what becomes a gap.

use super::testing::{add, deb, found, ids, npm, on, osv, pypi, record, rpm};
use super::*;
use crate::advisories::{AdvisoryKind, Status};
use crate::model::Severity;

fn matched(store: &Store, packages: &[Package]) -> MatchOutcome {
    match_packages(store, None, packages).expect("matched")
}

#[test]
fn a_match_shows_the_row_and_the_comparison_behind_it() {
    let details = r#","aliases":["CVE-2024-1"],"summary":"It breaks.","published":"2024-01-02T00:00:00Z",
        "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "references":[{"type":"WEB","url":"https://a.test"},{"type":"ADVISORY","url":"https://b.test"}]"#
        .replace('\n', " ");
    let (store, _) = osv(&record("PYSEC-1", "PyPI", "My.Pkg", "2.0", &details));
    let outcome = matched(&store, &[pypi("other", "1"), pypi("my_pkg", "1.9")]);
    let [found] = outcome.matches.as_slice() else {
        panic!("{outcome:?}");
    };
    assert_eq!((found.package, found.status), (1, Status::Fixed));
    assert_eq!(found.fixed_version.as_deref(), Some("2.0"));
    let advisory = &found.advisory;
    assert_eq!(
        (advisory.id.as_str(), advisory.summary.as_str()),
        ("CVE-2024-1", "It breaks.")
    );
    assert_eq!(advisory.aliases, ["PYSEC-1"]);
    assert_eq!(advisory.severity, Severity::Critical);
    assert_eq!(advisory.severity_source.as_deref(), Some("test, CVSS:3.1"));
    assert_eq!(advisory.url.as_deref(), Some("https://b.test"));
    assert_eq!(
        found.proof,
        [Proof {
            advisory: "PYSEC-1".into(),
            source: "test".into(),
            ecosystem: "PyPI".into(),
            name: "my-pkg".into(),
            installed: "1.9".into(),
            scheme: Some("pep440".into()),
            introduced: None,
            fixed: Some("2.0".into()),
            last_affected: None,
            listed: false,
            inferred: false,
        }]
    );
    assert_eq!(
        matched(&store, &[pypi("my-pkg", "2.0")]),
        MatchOutcome::default()
    );
}

#[test]
fn aliases_of_one_cve_are_one_finding_and_two_cves_stay_two() {
    let (mut store, _) = osv(&[
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
            r#","aliases":["CVE-2024-1","PYSEC-1"],"database_specific":{"severity":"LOW"}"#,
        ),
        record(
            "GHSA-dddd-eeee-ffff",
            "PyPI",
            "x",
            "1.3",
            r#","aliases":["CVE-2024-1","CVE-2024-2"]"#,
        ),
    ]
    .concat());
    add(
        &mut store,
        "other",
        &record("CVE-2024-2", "PyPI", "x", "1.4", ""),
    );
    let outcome = matched(&store, &[pypi("x", "1.0")]);
    assert_eq!(
        ids(&outcome),
        ["CVE-2024-1", "CVE-2024-2", "GHSA-dddd-eeee-ffff"]
    );
    let first = &outcome.matches[0];
    assert_eq!(first.advisory.aliases, ["GHSA-aaaa-bbbb-cccc", "PYSEC-1"]);
    assert_eq!(
        first.fixed_version.as_deref(),
        Some("1.2"),
        "the version with both fixes"
    );
    assert_eq!(first.advisory.severity_source.as_deref(), Some("test"));
    assert_eq!(first.proof.len(), 2);
    assert_eq!(
        outcome.matches[2].advisory.aliases,
        ["CVE-2024-1", "CVE-2024-2"]
    );
}

#[test]
fn a_notice_is_each_cve_that_it_passes_on_and_a_later_one_mends_the_fix() {
    let (store, _) = osv(&[
        record(
            "DSA-1-1",
            "Debian:8",
            "openssl",
            "1.0-1+deb8u1",
            r#","upstream":["CVE-2024-1","CVE-2024-2"]"#,
        ),
        record(
            "DLA-9-1",
            "Debian:8",
            "openssl",
            "1.0-1+deb8u9",
            r#","upstream":["CVE-2024-2","CVE-2024-3"]"#,
        ),
        record("DSA-1-2", "Debian:8", "openssl", "1.0-1+deb8u2", ""),
        record(
            "DSA-7-1",
            "Debian:9",
            "openssl",
            "9",
            r#","upstream":["CVE-2024-7"]"#,
        ),
        record(
            "DEBIAN-8",
            "Debian",
            "openssl",
            "0.9",
            r#","upstream":["CVE-2024-8"]"#,
        ),
    ]
    .concat());
    let outcome = found(
        &store,
        &on("debian", "8"),
        &[deb("libssl1.0.0", "openssl", "1.0-1")],
    );
    let rows: Vec<_> = outcome
        .matches
        .iter()
        .map(|m| {
            (
                m.advisory.id.as_str(),
                m.fixed_version.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("CVE-2024-1", "1.0-1+deb8u1"),
            ("CVE-2024-2", "1.0-1+deb8u9"),
            ("CVE-2024-3", "1.0-1+deb8u9"),
            ("DSA-1-2", "1.0-1+deb8u2"),
        ]
    );
    assert_eq!(outcome.matches[1].advisory.aliases, ["DLA-9-1", "DSA-1-1"]);
    let half = found(
        &store,
        &on("debian", "8"),
        &[deb("openssl", "openssl", "1.0-1+deb8u2")],
    );
    assert_eq!(ids(&half), ["CVE-2024-2", "CVE-2024-3"]);
    let old = found(
        &store,
        &on("debian", "8"),
        &[deb("openssl", "openssl", "0.8")],
    );
    assert!(
        ids(&old).contains(&"CVE-2024-8"),
        "a record without a release is for all of them"
    );
}

#[test]
fn what_is_withdrawn_informational_or_no_security_update_is_not_found() {
    let (store, report) = osv(&[
        record("GHSA-1", "npm", "x", "2.0.0", r#","withdrawn":"2024-01-01T00:00:00Z""#),
        r#"{"id":"RUSTSEC-1","affected":[{"package":{"ecosystem":"crates.io","name":"x"},"database_specific":{"informational":"unmaintained"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0.0.0-0"}]}]}]}
"#.to_owned(),
        record("ALBA-2024:1", "AlmaLinux:9", "x", "2.0-1", ""),
        record("MAL-2024-1", "npm", "evil", "99.0.0", ""),
    ].concat());
    assert_eq!(
        (
            report.advisories,
            report.withdrawn,
            report.not_vulnerabilities
        ),
        (4, 1, 2)
    );
    let outcome = found(
        &store,
        &on("almalinux", "9.4"),
        &[
            npm("x", "1.0.0"),
            Package::new(PackageType::new("cargo"), "x", "1.0.0"),
            rpm("x", "x", "1.0-1"),
            npm("evil", "1.0.0"),
        ],
    );
    assert_eq!(ids(&outcome), ["MAL-2024-1"]);
    assert_eq!(outcome.matches[0].advisory.kind, AdvisoryKind::Malicious);
    assert_eq!(outcome.gaps, []);
}

#[test]
fn errata_match_binaries_then_sources_and_any_rebuild_of_the_fix_is_a_fix() {
    let erratum = |versions: &[&str]| {
        let affected: Vec<String> = versions
            .iter()
            .map(|fixed| format!(r#"{{"package":{{"ecosystem":"AlmaLinux:8","name":"nodejs"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}"#))
            .collect();
        format!(
            r#"{{"id":"ALSA-2024:1","related":["CVE-2024-1"],"affected":[{}]}}"#,
            affected.join(",")
        )
    };
    let (mut store, _) = osv(&erratum(&[
        "1:18.0.0-2.module_el8.5.0+3",
        "1:18.0.0-2.module_el8.4.0+2",
        "1:18.0.0-2.module_el8.3.0+1",
    ]));
    add(
        &mut store,
        "plain",
        &record(
            "ALSA-2024:2",
            "AlmaLinux:8",
            "openssl",
            "1:1.1.1k-9.el8_7",
            r#","related":["CVE-2024-2"]"#,
        ),
    );
    let alma = on("almalinux", "8.10");
    let at = |version: &str| found(&store, &alma, &[rpm("nodejs", "nodejs", version)]);
    assert_eq!(ids(&at("1:18.0.0-1.module_el8.3.0+9")), ["CVE-2024-1"]);
    assert_eq!(ids(&at("1:18.0.0-2.module_el8.3.0+1")), Vec::<&str>::new());
    assert_eq!(
        ids(&at("1:10.0.0-1.el8")),
        Vec::<&str>::new(),
        "no module, other stream"
    );
    let by_source = found(
        &store,
        &alma,
        &[rpm("openssl-perl", "openssl", "1:1.1.1k-8.el8")],
    );
    assert_eq!(ids(&by_source), ["CVE-2024-2"]);
    assert_eq!(by_source.matches[0].proof[0].name, "openssl");
    let without_epoch = found(&store, &alma, &[rpm("openssl", "openssl", "9.9.9-1.el8")]);
    assert_eq!(ids(&without_epoch), ["CVE-2024-2"], "a missing epoch is 0");
}

#[test]
fn not_affected_clears_what_another_source_says() {
    let (mut store, _) = osv(&record(
        "DSA-1-1",
        "Debian:12",
        "alpha",
        "2.0-1",
        r#","upstream":["CVE-2024-1","CVE-2024-2"]"#,
    ));
    let tracker = r#"{"alpha":{"CVE-2024-1":{"releases":{"bookworm":{"status":"resolved","fixed_version":"0","urgency":"low"}}}}}"#;
    let input =
        crate::advisories::FeedInput::Stream("tracker".into(), Box::new(tracker.as_bytes()));
    store
        .import(
            &crate::advisories::Source::named("tracker"),
            crate::advisories::Format::DebianTracker,
            input,
        )
        .expect("imported");
    let outcome = found(
        &store,
        &on("debian", "12"),
        &[deb("alpha", "alpha", "1.0-1")],
    );
    assert_eq!(ids(&outcome), ["CVE-2024-2"]);
}

#[test]
fn listed_versions_match_whatever_their_order() {
    let listed = |ecosystem: &str, name: &str| {
        format!(
            r#"{{"id":"{name}-1","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"versions":["2004d","1.0"],"ranges":[{{"type":"GIT","events":[]}}]}}]}}
"#
        )
    };
    let (store, _) = osv(&[listed("PyPI", "pytz"), listed("ConanCenter", "zlib")].concat());
    let conan = Package::new(PackageType::new("conan"), "zlib", "1.0");
    let outcome = matched(
        &store,
        &[
            pypi("pytz", "2004d"),
            pypi("pytz", "1.0.0"),
            pypi("pytz", "1.1"),
            conan,
        ],
    );
    let packages: Vec<usize> = outcome.matches.iter().map(|found| found.package).collect();
    assert_eq!(packages, [0, 1, 3]);
    assert!(outcome.matches[2].proof[0].listed);
    assert_eq!(
        outcome.gaps.len(),
        1,
        "2004d has no place among the ranges: {:?}",
        outcome.gaps
    );
}

#[test]
fn what_cannot_be_judged_is_a_gap_and_never_silence() {
    let (store, _) = osv(&[
        record("GHSA-1", "ConanCenter", "y", "2.0", ""),
        record("GHSA-2", "npm", "x", "not-a-version", ""),
        record("GHSA-3", "npm", "z", "2.0.0", ""),
    ]
    .concat());
    let conan = Package::new(PackageType::new("conan"), "y", "1.0");
    let packages = [
        conan,
        npm("x", "1.0.0"),
        npm("z", "workspace:*"),
        npm("unnamed", "workspace:*"),
        deb("a", "a", "1"),
        deb("b", "b", "1"),
        Package::new(PackageType::new("conda"), "c", "1"),
    ];
    let outcome = found(&store, &on("debian", "13"), &packages);
    assert_eq!(outcome.matches, []);
    let gaps: Vec<String> = outcome
        .gaps
        .iter()
        .map(|gap| format!("{}: {}", gap.kind, gap.detail))
        .collect();
    assert_eq!(
        gaps,
        [
            "no-advisories: the advisory store holds nothing for Debian:13: 2 packages could not be judged",
            "no-advisories: there is no advisory feed for conda: 1 package could not be judged (c 1)",
            "unordered-version: conan y 1.0: GHSA-1 says `introduced 0, fixed 2.0`: there is no version order for ConanCenter yet",
            "unordered-version: npm x 1.0.0: GHSA-2 says `introduced 0, fixed not-a-version`: npm cannot order it",
            "unordered-version: npm z workspace:*: `workspace:*` is not ordered by npm: node-semver does not read it, even loosely",
        ]
    );
    let unknown = match_packages(&store, None, &[deb("a", "a", "1")]).expect("matched");
    assert_eq!(unknown.gaps[0].kind, GapKind::UnknownDistribution);
}

#[test]
fn a_program_without_a_package_is_matched_by_its_upstream_version_or_named_in_a_gap() {
    let (store, _) = osv(&record("BIT-redis-1", "Bitnami", "redis", "7.0.16", ""));
    let generic = |name: &str, version: &str, bitnami: Option<&str>| {
        let mut package = Package::new(PackageType::new("generic"), name, version);
        let known_as = bitnami.map(|name| ("bitnami".to_owned(), name.to_owned()));
        package.properties.extend(known_as);
        package
    };
    let packages = [
        generic("redis-server", "7.0.15", Some("redis")),
        generic("redis-server", "7.0.16", Some("redis")),
        generic("a", "1", None),
        generic("b", "2", None),
        generic("c", "3", None),
        generic("d", "4", None),
    ];
    let outcome = match_packages(&store, None, &packages).expect("matched");
    assert_eq!(ids(&outcome), ["BIT-redis-1"]);
    assert_eq!(outcome.matches[0].package, 0);
    let gaps: Vec<&str> = outcome.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    assert_eq!(
        gaps,
        [
            "there is no advisory feed for programs that no package tool brought: 4 packages could not be judged (a 1, b 2, c 3, …)"
        ]
    );
}

#[test]
fn a_version_made_of_a_commit_and_an_archive_without_a_group_are_gaps_and_no_match() {
    let (store, _) = osv(&[
        record("GO-1", "Go", "example.org/tool", "1.2.0", ""),
        record("GHSA-1", "Maven", "g:lib", "2", ""),
    ]
    .concat());
    let mut tool = Package::new(
        PackageType::new("golang"),
        "tool",
        "v0.0.0-20240501120304-0123456789ab",
    );
    tool.namespace = Some("example.org".into());
    let dependency = tool.clone();
    tool.properties
        .insert("version-source".into(), "vcs".into());
    let library = Package::new(PackageType::new("maven"), "lib", "1");
    let mut application = library.clone();
    application
        .properties
        .insert("contains-archives".into(), "true".into());
    let packages = [tool, dependency, library, application];
    let outcome = match_packages(&store, None, &packages).expect("matched");
    let matched: Vec<_> = outcome.matches.iter().map(|found| found.package).collect();
    assert_eq!(matched, [1]);
    let gaps: Vec<&str> = outcome.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    assert_eq!(
        gaps,
        [
            "there is no advisory feed for Java archives of an unknown group: 1 package could not be judged (lib 1)",
            "golang example.org/tool v0.0.0-20240501120304-0123456789ab: it is made of a commit, and does not say after which release that came",
        ]
    );
}

#[test]
fn a_package_of_another_distribution_is_matched_with_that_ones_advisories() {
    let (store, _) = osv(&[
        record("DSA-1", "Debian:12", "curl", "9", ""),
        record("DSA-2", "Debian:11", "curl", "9", ""),
    ]
    .concat());
    let here = deb("curl", "curl", "7");
    let mut other = here.clone();
    other.distribution = Some(Box::new(on("debian", "11")));
    let mut third = here.clone();
    third.distribution = Some(Box::new(on("docker", "")));
    let outcome = found(&store, &on("debian", "12"), &[here, other, third]);
    let pairs: Vec<_> = outcome
        .matches
        .iter()
        .map(|found| (found.package, found.advisory.id.as_str()))
        .collect();
    assert_eq!(pairs, [(0, "DSA-1"), (1, "DSA-2")]);
    assert_eq!(outcome.gaps.len(), 1);
    assert!(outcome.gaps[0].detail.contains("docker"));
}

#[test]
fn the_vendors_word_is_before_the_vector_and_the_packages_before_the_records() {
    let vector = r#","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]"#;
    let (store, _) = osv(&[
        record("GHSA-1", "npm", "x", "2.0.0", &format!(r#"{vector},"database_specific":{{"severity":"MODERATE"}}"#)),
        format!(r#"{{"id":"UBUNTU-1","affected":[{{"package":{{"ecosystem":"Ubuntu:22.04:LTS","name":"a"}},"ecosystem_specific":{{"urgency":"negligible"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}]}}],"upstream":["CVE-1"]{vector}}}"#),
    ].concat());
    let outcome = found(
        &store,
        &on("ubuntu", "22.04"),
        &[npm("x", "1.0.0"), deb("a", "a", "1")],
    );
    let severities: Vec<Severity> = outcome
        .matches
        .iter()
        .map(|found| found.advisory.severity)
        .collect();
    assert_eq!(severities, [Severity::Medium, Severity::Negligible]);
    assert_eq!(outcome.matches[1].status, Status::Affected);
}
