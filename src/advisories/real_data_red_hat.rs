//! Red Hat's family against real documents and records, `../shared/advisories-real`.

use super::matching::testing::{found, on, rpm};
use super::real_data::folder;
use super::report::SkipReason;
use super::*;
use crate::model::limits::read_at_most;
use crate::model::{Package, Severity};

fn vex() -> Option<(Store, ImportReport)> {
    let file = folder()?.join("native/redhat-csaf-vex-sample.jsonl.gz");
    let mut store = Store::in_memory().expect("store");
    let report = store
        .import(
            &Source::named("red-hat-vex"),
            Format::Csaf,
            FeedInput::Path(&file),
        )
        .expect("imported");
    Some((store, report))
}

/// The CSAF documents among the samples of two other projects: RHSAs, Red Hat's hardened images, written examples.
fn fixtures() -> Option<(Store, ImportReport)> {
    let folder = folder()?.join("native");
    let mut lines = String::new();
    for file in [
        "vunnel-fixtures.jsonl.gz",
        "trivy-db-vulnsrc-fixtures.jsonl.gz",
    ] {
        let file = std::fs::File::open(folder.join(file)).expect("file");
        let bytes = read_at_most(flate2::read::MultiGzDecoder::new(file), 1 << 30).expect("text");
        for line in String::from_utf8(bytes).expect("text").lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line");
            let text = line["text"].as_str().unwrap_or_default();
            let document: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
            if document["document"]["csaf_version"] == "2.0" {
                lines.push_str(&document.to_string());
                lines.push('\n');
            }
        }
    }
    let mut store = Store::in_memory().expect("store");
    let input = FeedInput::Stream("fixtures".into(), Box::new(lines.as_bytes()));
    let report = store
        .import(&Source::named("fixtures"), Format::Csaf, input)
        .expect("imported");
    Some((store, report))
}

/// Each match as `CVE status fixed-version`, and the number of gaps.
fn told(outcome: &MatchOutcome) -> (Vec<String>, usize) {
    let matches = outcome.matches.iter().map(|found| {
        let fixed = found.fixed_version.as_deref().unwrap_or_default();
        format!("{} {} {fixed}", found.advisory.id, found.status)
            .trim_end()
            .to_owned()
    });
    (matches.collect(), outcome.gaps.len())
}

fn of_module(mut package: Package, label: &str) -> Package {
    package
        .properties
        .insert("modularity-label".into(), label.into());
    package
}

#[test]
fn red_hats_real_documents_are_taken_and_what_is_left_out_is_counted() {
    let Some((_, report)) = vex() else { return };
    let count = |reason| {
        report
            .skipped
            .get(&reason)
            .map_or(0, |skipped| skipped.count)
    };
    assert_eq!(
        (report.records, report.advisories, report.ranges),
        (15, 15, 1047)
    );
    assert_eq!(report.unordered, 0);
    // Container images, and builds that came with an erratum for something else.
    assert_eq!(count(SkipReason::OtherProduct), 169);
    assert_eq!(count(SkipReason::NotAffectedBuild), 2597);
    assert_eq!(report.skipped.len(), 2);
}

/// CVE-2024-0727 of openssl, as its document says: fixed in 9, put off in 8, out of support in 7 and 6; edk2 in 8 will not be
/// fixed, shim is not affected.
#[test]
fn openssl_has_another_answer_in_each_release_of_red_hat() {
    let Some((store, _)) = vex() else { return };
    let openssl = |release: &str, version: &str| {
        let package = [rpm("openssl-libs", "openssl", version)];
        let outcome = found(&store, &on("rhel", release), &package);
        assert_eq!(outcome.gaps, []);
        let found = outcome
            .matches
            .iter()
            .find(|found| found.advisory.id == "CVE-2024-0727");
        found.map(|found| {
            (
                found.status,
                found.fixed_version.clone().unwrap_or_default(),
            )
        })
    };
    let open = |status| Some((status, String::new()));
    assert_eq!(
        openssl("9.3", "1:3.0.7-25.el9_3"),
        Some((Status::Fixed, "1:3.0.7-27.el9".to_owned()))
    );
    assert_eq!(openssl("9.4", "1:3.0.7-27.el9"), None);
    assert_eq!(openssl("9.4", "1:3.0.7-28.el9_4"), None);
    assert_eq!(openssl("8.10", "1:1.1.1k-14.el8_6"), open(Status::Deferred));
    assert_eq!(openssl("7.9", "1:1.0.2k-26.el7_9"), open(Status::EndOfLife));
    let others = [
        rpm("edk2-ovmf", "edk2", "20220126gitbb1bba3d77-13.el8"),
        rpm("shim-x64", "shim", "15.8-4.el8_9"),
    ];
    let outcome = found(&store, &on("rhel", "8.10"), &others);
    let edk2 = outcome
        .matches
        .iter()
        .find(|found| found.advisory.id == "CVE-2024-0727");
    assert_eq!(
        edk2.map(|found| (found.package, found.status)),
        Some((0, Status::WontFix))
    );
    assert!(outcome.matches.iter().all(|found| found.package == 0));
    let finding = &edk2.expect("edk2").advisory;
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(
        finding.url.as_deref(),
        Some("https://access.redhat.com/security/cve/CVE-2024-0727")
    );
    assert_eq!(
        finding.summary,
        "openssl: denial of service via null dereference"
    );
}

/// CVE-2025-40907: the one module that the package is in has a build for every minor release that is still looked after.
#[test]
fn the_repositories_of_an_image_say_which_build_has_the_fix() {
    let Some((store, _)) = vex() else { return };
    let fix = |release: &str, content_set: &str, package: Package| {
        let mut distribution = on("rhel", release);
        distribution.content_sets = vec![content_set.to_owned()];
        told(&found(&store, &distribution, &[package]))
    };
    let modular = |version: &str| {
        of_module(
            rpm("perl-FCGI", "perl-FCGI", version),
            "perl-FCGI:0.78:8100020250529111022:491cfe3d",
        )
    };
    let one = |version: &str| (vec![format!("CVE-2025-40907 fixed {version}")], 0);
    let old = "1:0.78-11.module+el8.3.0+6717+a8b6d6d0";
    assert_eq!(
        fix("8.10", "rhel-8-for-x86_64-appstream-rpms", modular(old)),
        one("1:0.78-12.module+el8.10.0+23147+df114ff4")
    );
    assert_eq!(
        fix("8.8", "rhel-8-for-x86_64-appstream-e4s-rpms", modular(old)),
        one("1:0.78-11.module+el8.8.0+23188+d1e34d64.1")
    );
    assert_eq!(
        fix(
            "9.4",
            "rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_4",
            rpm("perl-FCGI", "perl-FCGI", "1:0.79-8.el9")
        ),
        one("1:0.79-8.el9_4.1")
    );
    assert_eq!(
        fix(
            "9.6",
            "rhel-9-for-x86_64-appstream-rpms",
            rpm("perl-FCGI", "perl-FCGI", "1:0.79-8.el9")
        ),
        one("1:0.79-8.1.el9_6")
    );
    let plain = rpm("perl-FCGI", "perl-FCGI", "1:0.78-11.el8");
    assert_eq!(
        fix("8.10", "rhel-8-for-x86_64-appstream-rpms", plain),
        (vec![], 0)
    );
}

#[test]
fn rhsas_pass_on_their_cves_with_the_module_of_each_build() {
    let Some((store, report)) = fixtures() else {
        return;
    };
    // The written examples have no `product_status`, or name container images only.
    assert_eq!(
        (report.records, report.advisories, report.ranges),
        (16, 9, 197)
    );
    let ruby = |label: &str, version: &str| {
        let package = of_module(rpm("ruby-libs", "ruby", version), label);
        told(&found(&store, &on("rhel", "8.8"), &[package])).0
    };
    let fixed = "2.7.8-139.module+el8.8.0+18745+f1bef313";
    assert_eq!(
        ruby(
            "ruby:2.7:8080020230427102918:63b34585",
            "2.7.6-138.module+el8.6.0+16148+54a2ba9d"
        ),
        ["CVE-2021-33621", "CVE-2023-28755", "CVE-2023-28756"]
            .map(|cve| format!("{cve} fixed {fixed}"))
    );
    assert_eq!(
        ruby("ruby:2.7:8080020230427102918:63b34585", fixed),
        Vec::<String>::new()
    );
    // python3.9 is listed by its source package only.
    let python = [rpm("python3-libs", "python3.9", "3.9.18-3.el9_4.1")];
    assert_eq!(
        told(&found(&store, &on("rhel", "9.4"), &python)).0,
        ["CVE-2024-8088 fixed 3.9.19-8.el9"]
    );
}

/// `AlmaLinux`' records name a stream in their titles only; nodejs has had six in release 8.
#[test]
fn almalinux_streams_are_told_apart() {
    let Some(folder) = folder() else { return };
    let mut store = Store::in_memory().expect("store");
    let import = |store: &mut Store, file: &str, format| {
        let input = folder.join(file);
        store
            .import(&Source::named(file), format, FeedInput::Path(&input))
            .expect("imported")
    };
    import(&mut store, "AlmaLinux.jsonl.gz", Format::Osv);
    import(
        &mut store,
        "native/redhat-csaf-vex-sample.jsonl.gz",
        Format::Csaf,
    );
    let alma = |package: Package| found(&store, &on("almalinux", "8.9"), &[package]);
    let nodejs = |version: &str| rpm("nodejs", "nodejs", version);
    let on_16 = [
        "CVE-2023-44487 fixed 1:16.20.2-4.module_el8.9.0+3747+ead8229c",
        "CVE-2024-22019 fixed 1:16.20.2-4.module_el8.9.0+3747+ead8229c",
    ];
    let old_16 = "1:16.20.2-2.module_el8.8.0+3614+204d6f43";
    let labelled = alma(of_module(
        nodejs(old_16),
        "nodejs:16:8080020230816:63b34585",
    ));
    assert_eq!(told(&labelled), (on_16.map(str::to_owned).to_vec(), 0));
    assert_eq!(
        told(&alma(nodejs(old_16))).0,
        on_16,
        "16 is told by the version"
    );
    let patched = nodejs("1:16.20.2-4.module_el8.9.0+3747+ead8229c");
    assert_eq!(told(&alma(patched)), (vec![], 0));
    let old_18 = alma(nodejs("1:18.20.4-1.module_el8.10.0+3890+5a092792"));
    assert_eq!(
        told(&old_18).0,
        ["CVE-2025-22150", "CVE-2025-23085"]
            .map(|cve| format!("{cve} fixed 1:18.20.6-1.module_el8.10.0+3960+fcfbf683"))
    );
    // A package with versions of its own, in four streams: without a label nobody knows.
    let nodemon = || {
        rpm(
            "nodejs-nodemon",
            "nodejs-nodemon",
            "2.0.20-2.module_el8.8.0+3587+ee652244",
        )
    };
    let unknown = alma(nodemon());
    assert_eq!((unknown.matches.len(), unknown.gaps.len()), (0, 1));
    assert!(
        unknown.gaps[0]
            .detail
            .contains("its module stream is not known")
    );
    let known = alma(of_module(nodemon(), "nodejs:16:8080020230816:63b34585"));
    assert_eq!(known.gaps, []);
    assert!(
        known
            .matches
            .iter()
            .all(|found| found.proof[0].fixed.is_some())
    );
    // One stream, and a record whose title names none.
    let varnish = alma(rpm(
        "varnish",
        "varnish",
        "6.0.8-2.module_el8.7.0+3353+b11d8f2f.1",
    ));
    assert_eq!(varnish.gaps, []);
    assert!(
        varnish
            .matches
            .iter()
            .any(|found| found.proof[0].advisory == "ALSA-2023:5989")
    );
}

/// What has no fix yet comes from Red Hat, and says so.
#[test]
fn almalinux_has_red_hats_open_issues() {
    let Some((mut store, _)) = vex() else { return };
    let Some(folder) = folder() else { return };
    let input = folder.join("AlmaLinux.jsonl.gz");
    store
        .import(&Source::named("alma"), Format::Osv, FeedInput::Path(&input))
        .expect("imported");
    let package = [rpm("openssl-libs", "openssl", "1:1.1.1k-14.el8_6")];
    let outcome = found(&store, &on("almalinux", "8.10"), &package);
    let inferred: Vec<_> = outcome
        .matches
        .iter()
        .filter(|found| found.proof.iter().all(|proof| proof.inferred))
        .map(|found| (found.advisory.id.as_str(), found.status))
        .collect();
    assert_eq!(
        inferred,
        [
            ("CVE-2024-0727", Status::Deferred),
            ("CVE-2026-2673", Status::Deferred)
        ]
    );
    let newer = found(
        &store,
        &on("almalinux", "9.4"),
        &[rpm("openssl-libs", "openssl", "1:3.0.7-25.el9_3")],
    );
    let fixed = newer
        .matches
        .iter()
        .find(|found| found.advisory.id == "CVE-2024-0727");
    assert!(fixed.is_some_and(|found| found.proof.iter().all(|proof| !proof.inferred)));
}
