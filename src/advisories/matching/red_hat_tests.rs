//! Red Hat's family: statuses, rebuilds, products and module streams, from documents to findings.

use super::MatchOutcome;
use super::testing::{add, found, ids, on, record, rpm};
use crate::advisories::Status;
use crate::advisories::feeds::csaf_writing::{red_hat_9, store};
use crate::model::Package;

fn statuses(outcome: &MatchOutcome) -> Vec<(&str, Status)> {
    let matches = outcome.matches.iter();
    matches
        .map(|found| (found.advisory.id.as_str(), found.status))
        .collect()
}

/// A CVE for each reason that an issue of `thing` can be open for, one that is fixed and one that is none.
fn every_status() -> String {
    let open = |status: &'static str| {
        red_hat_9().says(
            "rhel9",
            "thing.src",
            "pkg:rpm/redhat/thing?arch=src",
            status,
        )
    };
    let because = |category: &str, details: &str| {
        open("known_affected").because(category, details, "rhel9:thing.src")
    };
    [
        because("none_available", "Affected").vex("CVE-2026-1"),
        because("no_fix_planned", "Will not fix").vex("CVE-2026-2"),
        because("none_available", "Fix deferred").vex("CVE-2026-3"),
        because("no_fix_planned", "Out of support scope").vex("CVE-2026-4"),
        open("under_investigation").vex("CVE-2026-5"),
        open("known_not_affected").vex("CVE-2026-6"),
        red_hat_9()
            .says(
                "base",
                "thing-1:2-3.el9.x86_64",
                "pkg:rpm/redhat/thing@2-3.el9?arch=x86_64&epoch=1",
                "fixed",
            )
            .says(
                "base",
                "thing-1:2-3.el9.s390x",
                "pkg:rpm/redhat/thing@2-3.el9?arch=s390x&epoch=1",
                "fixed",
            )
            .says(
                "base",
                "thing-1:4-1.el9.x86_64",
                "pkg:rpm/redhat/thing@4-1.el9?arch=x86_64&epoch=1",
                "fixed",
            )
            .because(
                "vendor_fix",
                "See the erratum.",
                "base:thing-1:2-3.el9.x86_64",
            )
            .vex("CVE-2026-7"),
    ]
    .concat()
}

#[test]
fn every_status_of_a_vex_document_comes_out_as_a_finding() {
    let store = store(&every_status());
    let thing = |version: &str| {
        [
            rpm("thing-libs", "thing", version),
            rpm("thing", "thing", version),
        ]
    };
    let outcome = found(&store, &on("rhel", "9.4"), &thing("1:2-1.el9"));
    let open = [
        ("CVE-2026-1", Status::Affected),
        ("CVE-2026-2", Status::WontFix),
        ("CVE-2026-3", Status::Deferred),
        ("CVE-2026-4", Status::EndOfLife),
        ("CVE-2026-5", Status::UnderInvestigation),
    ];
    // Of the binary package `thing-libs` no build is named: that it comes from `thing` is what counts.
    let both = open.into_iter().chain([("CVE-2026-7", Status::Fixed)]);
    let expected: Vec<_> = both.clone().chain(both).collect();
    assert_eq!(statuses(&outcome), expected);
    let fixed = outcome.matches.last().expect("the fixed one");
    assert_eq!(
        fixed.fixed_version.as_deref(),
        Some("1:2-3.el9"),
        "the first build with the fix, of all later ones"
    );
    assert_eq!(fixed.advisory.summary, "thing: it breaks");
    assert_eq!(
        fixed.advisory.references,
        ["https://example.test/errata/RHSA-1"]
    );
    assert_eq!(fixed.proof.len(), 1, "architectures are folded");
    let patched = found(&store, &on("rhel", "9.4"), &thing("1:3-1.el9"));
    assert!(!ids(&patched).contains(&"CVE-2026-7"));
}

#[test]
fn rebuilds_are_told_of_open_issues_only_and_centos_of_all() {
    let mut store = store(&every_status());
    add(
        &mut store,
        "alma",
        &[
            record(
                "ALSA-2026:1",
                "AlmaLinux:9",
                "thing",
                "1:2-2.el9",
                r#","related":["CVE-2026-3"]"#,
            ),
            record(
                "ALSA-2026:2",
                "AlmaLinux:9",
                "thing",
                "1:2-3.el9",
                r#","related":["CVE-2026-6"]"#,
            ),
        ]
        .concat(),
    );
    let thing = |version: &str| [rpm("thing", "thing", version)];
    let outcome = found(&store, &on("almalinux", "9.4"), &thing("1:2-1.el9"));
    assert_eq!(
        statuses(&outcome),
        [
            ("CVE-2026-1", Status::Affected),
            ("CVE-2026-2", Status::WontFix),
            ("CVE-2026-3", Status::Fixed),
            ("CVE-2026-4", Status::EndOfLife),
            ("CVE-2026-5", Status::UnderInvestigation),
            ("CVE-2026-6", Status::Fixed),
        ],
        "Red Hat's fix and its `not affected` are not AlmaLinux'"
    );
    let inferred: Vec<bool> = outcome
        .matches
        .iter()
        .map(|found| found.proof.iter().all(|proof| proof.inferred))
        .collect();
    assert_eq!(inferred, [true, true, false, true, true, false]);
    assert_eq!(
        outcome.matches[0].proof[0].ecosystem,
        "Red Hat:enterprise_linux:9"
    );
    // What AlmaLinux has fixed is not open there, though Red Hat still says so.
    let patched = found(&store, &on("almalinux", "9.4"), &thing("1:2-2.el9"));
    assert!(!ids(&patched).contains(&"CVE-2026-3"));
    let centos = found(&store, &on("centos", "9"), &thing("1:2-1.el9"));
    assert!(ids(&centos).contains(&"CVE-2026-7") && centos.gaps.is_empty());
    assert!(centos.matches.iter().all(|found| found.proof[0].inferred));
    let rocky = found(&store, &on("rocky", "9.4"), &thing("1:2-1.el9"));
    assert_eq!(
        rocky.matches,
        [],
        "without its own advisories it is not covered"
    );
    assert_eq!(rocky.gaps.len(), 1);
}

#[test]
fn not_affected_speaks_of_its_own_product_only() {
    let store = store(
        &red_hat_9()
            .says(
                "rhel9",
                "thing",
                "pkg:rpm/redhat/thing",
                "known_not_affected",
            )
            .says(
                "eus",
                "thing-2-3.el9_2.x86_64",
                "pkg:rpm/redhat/thing@2-3.el9_2?arch=x86_64",
                "fixed",
            )
            .says(
                "rhel9",
                "edk",
                "pkg:rpm/redhat/edk?arch=src",
                "known_affected",
            )
            .says(
                "rhel9",
                "edk-tools",
                "pkg:rpm/redhat/edk-tools",
                "known_not_affected",
            )
            .vex("CVE-2026-1"),
    );
    let packages = [
        rpm("thing", "thing", "2-1.el9_2"),
        rpm("edk-ovmf", "edk", "1-1.el9"),
        rpm("edk-tools", "edk", "1-1.el9"),
    ];
    let outcome = found(&store, &on("rhel", "9.2"), &packages);
    let of: Vec<usize> = outcome.matches.iter().map(|found| found.package).collect();
    assert_eq!(
        of,
        [1],
        "a binary package that is not affected, of a source package that is"
    );
    let mut eus = on("rhel", "9.2");
    eus.content_sets = vec!["rhel-9-for-x86_64-baseos-eus-rpms".to_owned()];
    let outcome = found(&store, &eus, &packages);
    assert_eq!(
        outcome.matches[0].fixed_version.as_deref(),
        Some("2-3.el9_2")
    );
}

fn of_module(mut package: Package, label: &str) -> Package {
    package
        .properties
        .insert("modularity-label".into(), label.into());
    package
}

#[test]
fn rows_of_a_module_are_about_its_stream() {
    let store = store(
        &red_hat_9()
            .says(
                "base",
                "js-18",
                "pkg:rpm/redhat/js@18.1-1.module%2Bel9?arch=noarch&rpmmod=js:18:92:aa",
                "fixed",
            )
            .says(
                "base",
                "js-20",
                "pkg:rpm/redhat/js@20.1-1.module%2Bel9?arch=noarch&rpmmod=js:20:92:aa",
                "fixed",
            )
            .says(
                "rhel9",
                "js:16/js",
                "pkg:rpm/redhat/js?arch=src&rpmmod=js:16",
                "known_affected",
            )
            .says(
                "rhel9",
                "js",
                "pkg:rpm/redhat/js?arch=src",
                "known_affected",
            )
            .says(
                "base",
                "tool-18",
                "pkg:rpm/redhat/js-tool@1-5.module%2Bel9?arch=noarch&rpmmod=js:18:92:aa",
                "fixed",
            )
            .says(
                "base",
                "tool-20",
                "pkg:rpm/redhat/js-tool@1-6.module%2Bel9?arch=noarch&rpmmod=js:20:92:aa",
                "fixed",
            )
            .vex("CVE-2026-1"),
    );
    let fix = |package: Package| {
        let outcome = found(&store, &on("rhel", "9.4"), &[package]);
        assert!(outcome.matches.len() < 2);
        let fixed = outcome.matches.first().map(|found| {
            found
                .fixed_version
                .clone()
                .unwrap_or_else(|| found.status.to_string())
        });
        (fixed.unwrap_or_default(), outcome.gaps.len())
    };
    let js = |version: &str| rpm("js", "js", version);
    let some = |text: &str| (text.to_owned(), 0);
    let in_18 = "js:18:9020:aa";
    assert_eq!(
        fix(of_module(js("18.0-1.module+el9"), in_18)),
        some("18.1-1.module+el9")
    );
    assert_eq!(fix(of_module(js("18.1-1.module+el9"), in_18)), some(""));
    assert_eq!(
        fix(of_module(js("16.0-1.module+el9"), "js:16:9020:aa")),
        some("affected")
    );
    assert_eq!(
        fix(of_module(js("14.0-1.module+el9"), "js:14:9020:aa")),
        some(""),
        "a stream that nothing is said of"
    );
    assert_eq!(
        fix(js("18.0-1.el9")),
        some("affected"),
        "outside of modules"
    );
    assert_eq!(
        fix(js("18.0-1.module+el9")),
        some("18.1-1.module+el9"),
        "the version is the stream's number"
    );
    // Whose streams the version does not tell apart: all of them have to say the same.
    let tool = |version: &str| rpm("js-tool", "js-tool", version);
    assert_eq!(fix(tool("1-4.module+el9")), some("1-6.module+el9"));
    assert_eq!(fix(tool("1-5.module+el9")), (String::new(), 1));
    assert_eq!(fix(tool("1-6.module+el9")), some(""));
    assert_eq!(fix(of_module(tool("1-5.module+el9"), in_18)), some(""));
}
