//! The distributions' native feeds against real documents and excerpts, `../shared/advisories-real/native`; what two peers
//! make of the excerpts is compared with what is in the store.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};

use super::matching::testing::{found, ids, on, rpm};
use super::real_data::{folder, store};
use super::report::SkipReason;
use super::*;
use crate::model::{Package, PackageType, Severity};

/// The text of one of a peer's fixtures.
fn fixture(peer: &str, ending: &str) -> Option<String> {
    let file = folder()?.join(format!("native/{peer}.jsonl.gz"));
    let file = std::fs::File::open(file).expect("fixtures");
    let lines = BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines();
    for line in lines {
        let line: serde_json::Value = serde_json::from_str(&line.expect("line")).expect("JSON");
        if line["path"].as_str().expect("path").ends_with(ending) {
            return Some(line["text"].as_str().expect("text").to_owned());
        }
    }
    panic!("{peer} has no {ending}");
}

fn vunnel(ending: &str) -> Option<String> {
    fixture("vunnel-fixtures", ending)
}

fn of_text(text: &str, format: Format) -> (Store, ImportReport) {
    let mut store = Store::in_memory().expect("store");
    let input = FeedInput::Stream("fixture".to_owned(), Box::new(text.as_bytes()));
    let report = store
        .import(&Source::named("fixture"), format, input)
        .expect("imported");
    (store, report)
}

/// What the store holds of an advisory: ecosystem, package, status and the bound.
fn rows(store: &Store, advisory: &str) -> BTreeSet<[String; 4]> {
    let sql = "SELECT e.name, p.name, r.status, coalesce(r.fixed, r.last_affected, '') FROM range r
        JOIN package p ON p.id = r.package JOIN ecosystem e ON e.id = p.ecosystem
        JOIN advisory a ON a.id = r.advisory WHERE a.external_id = ?1";
    let mut statement = store.connection.prepare(sql).expect("sql");
    let rows = statement.query_map([advisory], |row| {
        let status = Status::from_code(row.get(2)?).expect("status");
        Ok([row.get(0)?, row.get(1)?, status.to_string(), row.get(3)?])
    });
    rows.expect("rows").map(|row| row.expect("row")).collect()
}

/// Packages and fixed versions of a record as Vunnel has it.
fn fixed_in(snapshot: &str) -> BTreeSet<(String, String)> {
    let snapshot: serde_json::Value = serde_json::from_str(snapshot).expect("JSON");
    let fixes = snapshot["item"]["Vulnerability"]["FixedIn"].as_array();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let fixes = fixes.expect("fixes").iter();
    fixes
        .map(|fix| (text(&fix["Name"]), text(&fix["Version"])))
        .collect()
}

/// The same of the store, in one ecosystem or in those that begin so.
fn fixed_here(store: &Store, advisory: &str, ecosystem: &str) -> BTreeSet<(String, String)> {
    let rows = rows(store, advisory).into_iter();
    rows.filter(|[name, _, status, _]| name.starts_with(ecosystem) && status == "fixed")
        .map(|[_, package, _, fixed]| (package, fixed))
        .collect()
}

#[test]
fn microsofts_documents_are_taken_whole_and_keyed_by_source() {
    // Definitions, rows, and of these: fixed, open up to a version, not applicable; counted with grep.
    for (file, all, fixed, open, not_applicable) in [
        ("native/azurelinux-3.0-oval.xml.gz", 1222, 1221, 0, 1),
        ("native/cbl-mariner-1.0-oval.xml.gz", 2252, 2048, 126, 78),
    ] {
        let Some((store, report)) = store(file, Format::Oval) else {
            return;
        };
        let counts = (report.records, report.advisories, report.ranges);
        assert_eq!(counts, (all, all, all), "{file}");
        assert_eq!(report.skipped.len(), 0, "{:?}", report.skipped);
        let count = |status: &str| -> i64 {
            let sql = format!("SELECT count(*) FROM range WHERE {status}");
            store
                .connection
                .query_row(&sql, [], |row| row.get(0))
                .expect("count")
        };
        assert_eq!(count("status IN (0, 1)"), fixed + open);
        assert_eq!(count("status = 2"), not_applicable);
    }
    let Some((store, _)) = store("native/azurelinux-3.0-oval.xml.gz", Format::Oval) else {
        return;
    };
    let azure = on("azurelinux", "3.0");
    let at = |version: &str| {
        let outcome = found(&store, &azure, &[rpm("liboath", "oath-toolkit", version)]);
        ids(&outcome)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(at("2.6.7-2.azl3"), ["CVE-2024-47191"]);
    assert_eq!(at("2.6.7-3.azl3"), [""; 0]);
    let outcome = found(
        &store,
        &azure,
        &[rpm("oath", "oath-toolkit", "2.6.7-2.azl3")],
    );
    assert_eq!(outcome.matches[0].advisory.severity, Severity::High);
    assert_eq!(
        outcome.matches[0].fixed_version.as_deref(),
        Some("0:2.6.7-3.azl3")
    );
    assert_eq!(outcome.matches[0].proof[0].advisory, "AZL-50124");
}

#[test]
fn mariner_2_has_what_vunnel_has() {
    let Some(text) = vunnel("mariner-truncated-2.0-oval.xml") else {
        return;
    };
    let (store, report) = of_text(&text, Format::Oval);
    assert_eq!((report.records, report.advisories), (5, 5));
    let mut compared = 0;
    let all = [
        "CVE-2022-3736",
        "CVE-2023-21977",
        "CVE-2023-21980",
        "CVE-2023-29404",
    ];
    for cve in all {
        let snapshot = vunnel(&format!("mariner:2.0/{cve}.json")).expect("snapshot");
        let sql = "SELECT a.external_id FROM advisory a JOIN alias l ON l.advisory = a.id WHERE l.name = ?1";
        let id: String = store
            .connection
            .query_row(sql, [cve], |row| row.get(0))
            .expect(cve);
        let rows = rows(&store, &id);
        for (name, version) in fixed_in(&snapshot) {
            let mut rows = rows.iter();
            let row = rows.find(|row| row[0] == "Azure Linux:2" && row[1] == name);
            let row = row.expect("the package is there");
            // `None` is Vunnel's word for an issue without a fix.
            let expected = if version == "None" {
                "affected"
            } else {
                "fixed"
            };
            assert_eq!(row[2], expected, "{cve}");
            assert!(version == "None" || row[3].ends_with(&version), "{cve}");
            compared += 1;
        }
    }
    assert!(compared >= all.len());
}

#[test]
fn photon_3s_notices_are_taken_whole() {
    let Some((store, report)) = store("native/photon3-oval.xml.gz", Format::Oval) else {
        return;
    };
    let counts = (report.records, report.advisories, report.ranges);
    assert_eq!(counts, (222, 222, 778), "one row for each `evr`");
    assert_eq!(report.skipped.len(), 0);
    let photon = on("photon", "3.0");
    let sqlite = |version: &str| {
        let outcome = found(&store, &photon, &[rpm("sqlite-libs", "sqlite", version)]);
        let fixes = outcome.matches.iter().map(|found| {
            let fixed = found.fixed_version.as_deref().unwrap_or_default();
            format!("{} {fixed}", found.advisory.id)
        });
        fixes.collect::<Vec<_>>()
    };
    assert_eq!(
        sqlite("3.27.2-4.ph3"),
        [
            "CVE-2019-16168 0:3.27.2-5.ph3",
            "CVE-2019-19244 0:3.31.1-1.ph3",
            "CVE-2019-19923 0:3.31.1-1.ph3",
            "CVE-2019-19926 0:3.31.1-1.ph3",
            "CVE-2019-19959 0:3.31.1-1.ph3"
        ]
    );
    assert_eq!(sqlite("3.99-1.ph3"), [""; 0]);
}

#[test]
fn suses_excerpt_says_what_vunnel_makes_of_it() {
    let Some(text) = vunnel("sles/test-fixtures/suse_truncated.xml") else {
        return;
    };
    let (store, report) = of_text(&text, Format::Oval);
    assert_eq!(report.records, 4);
    // The excerpt has no tests for 25 conditions of one definition, and one (not of SUSE's making) compares by a number.
    assert!(report.skipped.contains_key(&SkipReason::UnknownCondition));
    for (release, ecosystem) in [
        ("sles:15/", "SUSE:Linux Enterprise Server 15-LTSS"),
        ("sles:15.1/", "SUSE:Linux Enterprise Server 15 SP1-"),
    ] {
        let snapshot = vunnel(&format!("{release}cve-2021-29154.json")).expect("snapshot");
        let here = fixed_here(&store, "CVE-2021-29154", ecosystem);
        assert_eq!(here, fixed_in(&snapshot), "{release}");
    }
    let kernel = [rpm("kernel-default", "kernel-source", "4.12.14-197.1")];
    let outcome = found(&store, &on("sles", "15.1"), &kernel);
    assert_eq!(ids(&outcome), ["CVE-2021-29154"]);
    let not_affected = rows(&store, "CVE-2026-34073");
    let row = [
        "SUSE:Linux Enterprise Server 15",
        "python3-cryptography",
        "not-affected",
        "",
    ];
    assert_eq!(not_affected, BTreeSet::from([row.map(str::to_owned)]));
}

/// An excerpt of Oracle's document with the tests that it lacks, as its criteria say them in words. Peers read the words.
fn completed(excerpt: &str) -> String {
    let (definitions, _) = excerpt.split_once("</definitions>").expect("definitions");
    let mut tests = String::new();
    for criterion in definitions.split("<criterion ").skip(1) {
        let field = |name: &str| {
            let (_, rest) = criterion.split_once(&format!("{name}=\"")).expect(name);
            rest.split('"').next().expect(name)
        };
        let number = field("test_ref").rsplit(':').next().expect("number");
        let (name, version) = field("comment")
            .split_once(" is earlier than ")
            .unwrap_or(("", ""));
        let state = if version.is_empty() {
            "<signature_keyid/>".to_owned()
        } else {
            format!("<evr operation=\"less than\">{version}</evr>")
        };
        write!(
            tests,
            "<rpminfo_test id=\"oval:com.oracle.elsa:tst:{number}\"><object object_ref=\"oval:com.oracle.elsa:obj:{number}\"/>
               <state state_ref=\"oval:com.oracle.elsa:ste:{number}\"/></rpminfo_test>
             <rpminfo_object id=\"oval:com.oracle.elsa:obj:{number}\"><name>{name}</name></rpminfo_object>
             <rpminfo_state id=\"oval:com.oracle.elsa:ste:{number}\">{state}</rpminfo_state>"
        )
        .expect("text");
    }
    format!("{definitions}</definitions><tests>{tests}</tests></oval_definitions>")
}

#[test]
fn oracles_excerpts_say_what_vunnel_makes_of_them() {
    let Some(text) = vunnel("oracle/test-fixtures/mock_data") else {
        return;
    };
    let (_, bare) = of_text(&text, Format::Oval);
    assert_eq!(bare.ranges, 0, "without tests, nothing is guessed");
    let (store, report) = of_text(&completed(&text), Format::Oval);
    assert_eq!((report.records, report.skipped.len()), (2, 0));
    for (snapshot, id, ecosystem) in [
        (
            "ol:5/elsa-2007-0057.json",
            "ELSA-2007-0057",
            "Oracle Linux:5",
        ),
        (
            "ol:6/elsa-2018-4250.json",
            "ELSA-2018-4250",
            "Oracle Linux:6",
        ),
    ] {
        let expected = fixed_in(&vunnel(snapshot).expect("snapshot"));
        assert_eq!(fixed_here(&store, id, ecosystem), expected, "{id}");
    }
    let bind = [rpm("bind-libs", "bind", "30:9.3.3-7.el5")];
    let outcome = found(&store, &on("ol", "5.11"), &bind);
    assert_eq!(ids(&outcome), ["CVE-2007-0493", "CVE-2007-0494"]);
    assert_eq!(outcome.matches[0].advisory.severity, Severity::Medium);

    let text = vunnel("oracle/test-fixtures/mock_ksplice_data").expect("fixture");
    let (store, report) = of_text(&text, Format::Oval);
    assert_eq!((report.ranges, report.skipped.len()), (6, 0));
    let at = |version: &str| {
        let openssl = [rpm("openssl-libs", "openssl", version)];
        ids(&found(&store, &on("ol", "8.5"), &openssl)).len()
    };
    assert_eq!(at("1:1.1.1c-15.el8"), 0, "a plain build has its own notice");
    assert_eq!(at("2:1.1.1g-12.ksplice1.el8_3"), 2);
    assert_eq!(at("2:1.1.1g-15.ksplice1.el8_3"), 0);

    let text = vunnel("oracle/test-fixtures/mock_per_arch_data").expect("fixture");
    let (store, report) = of_text(&completed(&text), Format::Oval);
    assert_eq!((report.advisories, report.skipped.len()), (3, 0));
    // Built anew for one architecture: both versions are kept, and the higher one counts for all.
    let rsyslog: Vec<_> = fixed_here(&store, "ELSA-2022-4803", "Oracle Linux:7")
        .into_iter()
        .filter(|(name, _)| name == "rsyslog")
        .collect();
    assert_eq!(rsyslog.len(), 2, "{rsyslog:?}");
}

#[test]
fn photons_json_says_what_vunnel_makes_of_it() {
    for (release, cves) in [
        (
            "4.0",
            &["CVE-2023-38545", "CVE-2023-38546", "CVE-2023-44487"][..],
        ),
        ("1.0", &["CVE-2016-1238", "CVE-2016-9178"]),
    ] {
        let Some(text) = vunnel(&format!("cve_data_photon{release}.json")) else {
            return;
        };
        let (store, report) = of_text(&text, Format::Photon);
        assert!(
            report
                .skipped
                .keys()
                .all(|r| *r == SkipReason::Undetermined)
        );
        for cve in cves {
            let snapshot = vunnel(&format!("photon:{release}/{cve}.json")).expect("snapshot");
            // Vunnel adds the `0` of an epoch that is not there.
            let expected: BTreeSet<_> = fixed_in(&snapshot)
                .into_iter()
                .map(|(name, version)| (name, version.trim_start_matches("0:").to_owned()))
                .collect();
            let ecosystem = format!("Photon OS:{release}");
            assert_eq!(fixed_here(&store, cve, &ecosystem), expected, "{cve}");
        }
    }
}

#[test]
fn archs_groups_say_what_vunnel_makes_of_them() {
    let Some(text) = vunnel("input/arch-advisories/all.json") else {
        return;
    };
    let (store, report) = of_text(&text, Format::Arch);
    assert_eq!(
        (report.records, report.advisories, report.skipped.len()),
        (5, 5, 0)
    );
    for (group, snapshot) in [
        ("AVG-1234", "avg-1234"),
        ("AVG-5678", "avg-5678"),
        ("AVG-1324", "avg-1324"),
        ("AVG-2222", "avg-2222"),
    ] {
        let snapshot = vunnel(&format!("snapshots/{snapshot}.json")).expect("snapshot");
        assert_eq!(fixed_here(&store, group, "Arch Linux"), fixed_in(&snapshot));
    }
    let arch = on("arch", "");
    let alpm = |name: &str, version: &str| Package::new(PackageType::new("alpm"), name, version);
    let packages = [
        alpm("lib32-glibc", "2.38-1"),
        alpm("pam", "1.7.1-1"),
        alpm("openssl", "3.2.0-1"),
    ];
    let outcome = found(&store, &arch, &packages);
    assert_eq!(ids(&outcome), ["CVE-2023-4911", "CVE-2025-6020"]);
    assert_eq!(outcome.matches[1].status, Status::Affected);
    let text = fixture(
        "trivy-db-vulnsrc-fixtures",
        "happy/vuln-list/arch-linux/AVG-984.json",
    );
    let (store, _) = of_text(&format!("[{}]", text.expect("fixture")), Format::Arch);
    let linux = [alpm("linux-lts", "4.19.51-1")];
    assert_eq!(
        ids(&found(&store, &arch, &linux)),
        ["CVE-2019-11477", "CVE-2019-11478", "CVE-2019-11479"]
    );
}

/// The `update` element that a notice of Amazon's was before a peer made JSON of it.
fn update_of(notice: &str) -> String {
    let notice: serde_json::Value = serde_json::from_str(notice).expect("JSON");
    let text = |value: &serde_json::Value, field: &str| {
        let text = value[field].as_str().unwrap_or_default();
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('"', "&quot;")
    };
    let list = |field: &str| notice[field].as_array().cloned().unwrap_or_default();
    let elements = |name: &str, list: Vec<serde_json::Value>, fields: &[&str]| -> String {
        let element = |value: &serde_json::Value| {
            let fields = fields
                .iter()
                .map(|field| format!(" {field}=\"{}\"", text(value, field)));
            format!("<{name}{}/>", fields.collect::<String>())
        };
        list.iter().map(element).collect()
    };
    format!(
        "<updates><update status=\"final\" version=\"1.4\" author=\"linux-security@amazon.com\" type=\"security\">
           <id>{}</id><title>{}</title><issued date=\"{}\"/><severity>{}</severity><description>{}</description>
           <references>{}</references><pkglist><collection short=\"amazon-linux\"><name>Amazon Linux</name>{}</collection></pkglist>
         </update></updates>",
        text(&notice, "id"),
        text(&notice, "title"),
        text(&notice["issued"], "date"),
        text(&notice, "severity"),
        text(&notice, "description"),
        elements("reference", list("references"), &["href", "id", "type"]),
        elements("package", list("packages"), &["name", "epoch", "version", "release", "arch"]),
    )
}

#[test]
fn amazons_notices_are_of_the_release_that_they_were_built_for() {
    #[rustfmt::skip]
    let rows = [
        ("2/ALAS2-2021-1699", "2", "kernel", "4.14.243-184.1.amzn2", "CVE-2021-22543", "0:4.14.243-185.433.amzn2"),
        ("1/ALAS-2018-1093", "2018.03", "git", "2.14.4-2.58.amzn1", "CVE-2018-17456", "0:2.14.5-1.59.amzn1"),
        ("2022/ALAS2022-2021-003", "2022", "log4j", "2.14.1-1.amzn2022", "CVE-2021-44228", "0:2.15.0-1.amzn2022.0.1"),
    ];
    for (file, release, package, below, cve, fixed) in rows {
        let file = format!("happy/vuln-list/amazon/{file}.json");
        let Some(notice) = fixture("trivy-db-vulnsrc-fixtures", &file) else {
            return;
        };
        let (store, report) = of_text(&update_of(&notice), Format::Updateinfo);
        assert_eq!((report.advisories, report.skipped.len()), (1, 0), "{file}");
        let packages = [rpm(package, package, below)];
        let outcome = found(&store, &on("amzn", release), &packages);
        assert_eq!(ids(&outcome), [cve], "{file}");
        assert_eq!(outcome.matches[0].fixed_version.as_deref(), Some(fixed));
        let fixed = [rpm(package, package, fixed)];
        assert_eq!(found(&store, &on("amzn", release), &fixed).matches, []);
        assert_eq!(found(&store, &on("amzn", "2023"), &packages).matches, []);
    }
}
