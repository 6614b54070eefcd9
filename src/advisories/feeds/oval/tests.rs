//! Documents in the vendors' forms, written for these tests after the specification and the vendors' published examples;
//! the vendors' own data are in `real_native`.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::advisories::matching::testing::{found, ids, on, rpm};
use crate::advisories::{
    AdvisoryError, FeedInput, Format, ImportReport, SkipReason, Source, Status, Store,
};
use crate::model::Severity;

/// One condition of a document under test: the package, the comparison and the version; or words alone.
type Criterion<'a> = (&'a str, &'a str, &'a str);

struct Sample {
    namespace: &'static str,
    definitions: String,
    tests: String,
    number: u32,
}

impl Sample {
    fn of(namespace: &'static str) -> Self {
        Self {
            namespace,
            definitions: String::new(),
            tests: String::new(),
            number: 0,
        }
    }

    /// The criterion's element; its test, object and state are added to the document.
    fn criterion(&mut self, (subject, operation, version): Criterion<'_>) -> String {
        self.number += 1;
        let (space, number) = (self.namespace, self.number);
        let state = match operation {
            "" => "<version operation=\"pattern match\">^8</version>".to_owned(),
            "never" => "<version operation=\"equals\">0</version>".to_owned(),
            "always" => "<version operation=\"greater than\">0</version>".to_owned(),
            operation => {
                format!("<evr datatype=\"evr_string\" operation=\"{operation}\">{version}</evr>")
            }
        };
        write!(
            self.tests,
            "<tests><red-def:rpminfo_test id=\"oval:{space}:tst:{number}\" check=\"at least one\">
               <red-def:object object_ref=\"oval:{space}:obj:{number}\"/><red-def:state state_ref=\"oval:{space}:ste:{number}\"/>
             </red-def:rpminfo_test></tests>
             <objects><red-def:rpminfo_object id=\"oval:{space}:obj:{number}\"><red-def:name>{subject}</red-def:name></red-def:rpminfo_object></objects>
             <states><red-def:rpminfo_state id=\"oval:{space}:ste:{number}\">
               <red-def:arch operation=\"pattern match\">x86_64</red-def:arch>{state}</red-def:rpminfo_state></states>"
        )
        .expect("text");
        let comment = if operation.is_empty() { subject } else { "" };
        format!("<criterion test_ref=\"oval:{space}:tst:{number}\" comment=\"{comment}\"/>")
    }

    fn define(&mut self, title: &str, metadata: &str, criteria: &str) {
        self.number += 1;
        let (space, number) = (self.namespace, self.number);
        write!(
            self.definitions,
            "<definition id=\"oval:{space}:def:{number}\" version=\"1\" class=\"patch\">
               <metadata><title>{title}</title>{metadata}</metadata>{criteria}</definition>"
        )
        .expect("text");
    }

    fn document(&self) -> String {
        format!(
            "<?xml version=\"1.0\"?><oval_definitions xmlns:red-def=\"urn:x\"><generator/>
             <definitions>{}</definitions>{}</oval_definitions>",
            self.definitions, self.tests
        )
    }
}

fn import(document: &str) -> Result<(Store, ImportReport), AdvisoryError> {
    let mut store = Store::in_memory().expect("store");
    let bytes = document.as_bytes().to_vec();
    let input = FeedInput::Stream("oval".to_owned(), Box::new(std::io::Cursor::new(bytes)));
    let report = store.import(&Source::named("oval"), Format::Oval, input)?;
    Ok((store, report))
}

fn and(parts: &[String]) -> String {
    format!("<criteria operator=\"AND\">{}</criteria>", parts.concat())
}

fn or(parts: &[String]) -> String {
    format!("<criteria operator=\"OR\">{}</criteria>", parts.concat())
}

#[test]
fn oracles_notices_have_releases_modules_and_flavours() {
    let mut sample = Sample::of("com.oracle.elsa");
    let platform = sample.criterion(("Oracle Linux 8 is installed", "", ""));
    let module = sample.criterion(("Module nodejs:18 is enabled", "", ""));
    let arch = sample.criterion(("Oracle Linux arch is x86_64", "", ""));
    let node = sample.criterion((
        "nodejs",
        "less than",
        "1:18.20.2-1.module+el8.9.0+90316+1a2b",
    ));
    let plain = sample.criterion(("openssl", "less than", "1:1.1.1k-9.el8"));
    let metadata = "<affected family=\"unix\"><platform>Oracle Linux 8</platform></affected>
        <reference source=\"elsa\" ref_id=\"ELSA-2024-1111\" ref_url=\"https://linux.oracle.com/errata/ELSA-2024-1111.html\"/>
        <reference source=\"CVE\" ref_id=\"CVE-2024-0001\" ref_url=\"https://linux.oracle.com/cve/CVE-2024-0001.html\"/>
        <description>Fixes &amp; more</description>
        <advisory><severity>IMPORTANT</severity><issued date=\"2024-05-01\"/>
        <cve cvss3=\"8.1/CVSS:3.0/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H\">CVE-2024-0001</cve></advisory>";
    let packages = or(&[and(&[node.clone(), node]), and(&[plain])]);
    let modular = and(&[platform, module, or(&[and(&[arch, packages])])]);
    sample.define(
        "ELSA-2024-1111:  nodejs security update (IMPORTANT)",
        metadata,
        &modular,
    );
    let (store, report) = import(&sample.document()).expect("imported");
    assert_eq!(
        (report.records, report.advisories, report.ranges),
        (1, 1, 2)
    );
    assert_eq!(report.skipped.len(), 0, "{:?}", report.skipped);
    let modules: Vec<String> = store
        .connection
        .prepare("SELECT module FROM range ORDER BY module")
        .and_then(|mut sql| sql.query_map([], |row| row.get(0))?.collect())
        .expect("rows");
    assert_eq!(modules, ["nodejs:18", "nodejs:18"]);

    let mut sample = Sample::of("com.oracle.elsa");
    for (id, version) in [
        ("ELSA-1", "1:1.1.1k-9.el8"),
        ("ELSA-2", "2:1.1.1k-9.ksplice1.el8"),
        ("ELSA-3", "10:1.1.1k-9.el8_fips"),
    ] {
        let platform = sample.criterion(("Oracle Linux 8 is installed", "", ""));
        let package = sample.criterion(("openssl", "less than", version));
        let cve = format!("<advisory><cve>CVE-2024-{}</cve></advisory>", &id[5..]);
        sample.define(id, &cve, &and(&[platform, package]));
    }
    let (store, _) = import(&sample.document()).expect("imported");
    for (installed, cve) in [
        ("1:1.1.1k-8.el8", "CVE-2024-1"),
        ("2:1.1.1k-8.ksplice1.el8", "CVE-2024-2"),
        ("10:1.1.1k-8.el8_fips", "CVE-2024-3"),
    ] {
        let openssl = [rpm("openssl", "openssl", installed)];
        assert_eq!(ids(&found(&store, &on("ol", "8.9"), &openssl)), [cve]);
        assert_eq!(ids(&found(&store, &on("ol", "9.1"), &openssl)), [""; 0]);
    }
}

#[test]
fn suse_says_what_is_fixed_what_is_open_and_what_is_not_affected() {
    let mut sample = Sample::of("org.opensuse.security");
    let server = sample.criterion(("SUSE Linux Enterprise Server 15 SP5 is installed", "", ""));
    let module = sample.criterion((
        "SUSE Linux Enterprise Module for Basesystem 15 SP5 is installed",
        "",
        "",
    ));
    let leap = sample.criterion(("openSUSE Leap 15.5 is installed", "", ""));
    let platforms = or(&[server, module, leap]);
    let fixed = sample.criterion(("krb5", "less than", "0:1.20.1-4.3.1"));
    let open = sample.criterion(("krb5-old", "always", ""));
    let never = sample.criterion(("krb5-new", "never", ""));
    let contrary = sample.criterion(("krb5", "never", ""));
    let metadata =
        "<advisory><severity>Moderate</severity><cve>CVE-2024-5 at SUSE</cve></advisory>";
    let criteria = or(&[
        and(&[platforms.clone(), or(&[fixed, open, never])]),
        and(&[platforms, contrary]),
    ]);
    sample.define("CVE-2024-5", metadata, &criteria);
    let (store, report) = import(&sample.document()).expect("imported");
    assert_eq!((report.ranges, report.skipped.len()), (9, 0));
    let packages = [
        rpm("krb5", "krb5", "1.20.1-4.1"),
        rpm("krb5-old", "krb5", "3-1"),
        rpm("krb5-new", "krb5", "3-1"),
    ];
    for distribution in [on("sles", "15.5"), on("opensuse-leap", "15.5")] {
        let outcome = found(&store, &distribution, &packages);
        let matches: Vec<_> = outcome
            .matches
            .iter()
            .map(|m| (m.package, m.status, m.advisory.severity))
            .collect();
        assert_eq!(
            matches,
            [
                (0, Status::Fixed, Severity::Medium),
                (1, Status::Affected, Severity::Medium)
            ]
        );
    }
    assert_eq!(found(&store, &on("sles", "15.4"), &packages).matches, []);
}

#[test]
fn every_comparison_is_a_range() {
    let mut sample = Sample::of("com.microsoft.azurelinux");
    for (title, operations) in [
        ("CVE-1", vec![("less than", "0:2-1.azl3")]),
        ("CVE-2", vec![("less than or equal", "0:2-1.azl3")]),
        ("CVE-3", vec![("equals", "0:2-1.azl3")]),
        ("CVE-4", vec![("greater than", "0:2-1.azl3")]),
        ("CVE-5", vec![("greater than or equal", "0:2-1.azl3")]),
        (
            "CVE-6",
            vec![("greater than", "0:1-1.azl3"), ("less than", "0:2-1.azl3")],
        ),
        ("CVE-7", vec![("pattern match", "0:2-1.azl3")]),
        (
            "CVE-8",
            vec![("greater than", "0:3-1.azl3"), ("less than", "0:2-1.azl3")],
        ),
    ] {
        let criteria: Vec<String> = operations
            .iter()
            .map(|(operation, version)| sample.criterion(("bind", operation, version)))
            .collect();
        let reference = format!("<reference source=\"CVE\" ref_id=\"{title}\" ref_url=\"\"/>");
        sample.define(title, &reference, &and(&criteria));
    }
    let (store, report) = import(&sample.document()).expect("imported");
    assert_eq!((report.records, report.advisories), (8, 6));
    assert_eq!(report.skipped[&SkipReason::UnknownCondition].count, 2);
    assert_eq!(report.skipped[&SkipReason::NothingAffected].count, 2);
    let azure = on("azurelinux", "3.0");
    let at = |version: &str| {
        // By the source package, whatever the binary is called.
        let outcome = found(&store, &azure, &[rpm("bind-libs", "bind", version)]);
        ids(&outcome).join(" ")
    };
    assert_eq!(at("1-1.azl3"), "CVE-1 CVE-2");
    assert_eq!(at("1-2.azl3"), "CVE-1 CVE-2 CVE-6");
    assert_eq!(at("2-1.azl3"), "CVE-2 CVE-3 CVE-5");
    assert_eq!(at("2-2.azl3"), "CVE-4 CVE-5");
}

#[test]
fn what_is_not_understood_is_counted_and_the_rest_taken() {
    let mut sample = Sample::of("com.vmware.phsa");
    let package = sample.criterion(("curl", "less than", "0:8.1-1.ph4"));
    let platform = sample.criterion(("Photon OS 4 is installed", "", ""));
    let negated =
        "<criteria operator=\"AND\" negate=\"true\"/><extend_definition definition_ref=\"x\"/>
        <criterion test_ref=\"oval:com.vmware.phsa:tst:999\" comment=\"gone\"/>
        <criterion test_ref=\"nonsense\"/><criteria operator=\"XOR\"/>";
    let parts = [platform, negated.to_owned(), package.clone()];
    sample.define("PHSA-2024-4.0-1 curl", "", &and(&parts));
    sample.define(
        "PHSA-2024-4.0-2 curl",
        "<affected><platform>Photon 4</platform><platform>Windows</platform></affected>",
        &and(&[package]),
    );
    let other = sample.document().replace(
        "</definitions>",
        "<definition id=\"oval:org.debian:def:1\" class=\"patch\"/></definitions>",
    );
    let (store, report) = import(&other).expect("imported");
    assert_eq!((report.records, report.advisories), (3, 2));
    assert_eq!(
        report.skipped[&SkipReason::UnknownCondition].examples,
        ["PHSA-2024-4.0-1: 5 conditions"]
    );
    assert_eq!(
        report.skipped[&SkipReason::UnknownRelease].examples,
        ["Windows"]
    );
    assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 1);
    let outcome = found(
        &store,
        &on("photon", "4.0"),
        &[rpm("curl", "curl", "8.0-1.ph4")],
    );
    assert_eq!(ids(&outcome), ["PHSA-2024-4.0-1", "PHSA-2024-4.0-2"]);
}

#[test]
fn other_documents_are_refused_in_words_and_broken_ones_whole() {
    for (document, words) in [
        ("<html><body/></html>", "files that are none of this feed's"),
        ("{\"a\": 1}", "files that are none of this feed's"),
        ("<oval_definitions/>", "it is empty"),
        ("<oval_definitions><definitions>", "cannot be read"),
        (
            "<oval_definitions><definitions></tests></oval_definitions>",
            "cannot be read",
        ),
    ] {
        let Err(error) = import(document) else {
            panic!("{document} is taken")
        };
        let error = format!("{error}");
        assert!(error.contains(words), "{document}: {error}");
    }
    let deep = format!(
        "<oval_definitions><definitions><definition id=\"oval:com.oracle.elsa:def:1\">{}",
        "<criteria>".repeat(100_000)
    );
    assert!(import(&deep).is_err());
}

/// A document with everything in it, to be broken.
fn whole() -> String {
    let mut sample = Sample::of("org.opensuse.security");
    let platform = sample.criterion(("openSUSE Leap 15.6 is installed", "", ""));
    let package = sample.criterion(("curl", "less than", "0:8.1-1.1"));
    let never = sample.criterion(("wget", "never", ""));
    let metadata = "<affected><platform>openSUSE Leap 15.6</platform></affected><description>a &lt; b</description>
        <reference source=\"SUSE CVE\" ref_id=\"SUSE CVE-2024-1\" ref_url=\"https://www.suse.com/\"/>
        <advisory><severity>low</severity><issued date=\"2024-01-01\"/><cve>CVE-2024-1</cve></advisory>";
    sample.define(
        "CVE-2024-1",
        metadata,
        &and(&[platform, or(&[package, never])]),
    );
    sample.document()
}

/// What documents are broken with.
const SNIPPETS: [&str; 14] = [
    "",
    "<",
    ">",
    "&",
    "\"",
    "/>",
    "</criteria>",
    "<criteria>",
    "<!--",
    "<![CDATA[",
    "]]>",
    "&#0;",
    "&x;",
    "\u{feff}<?xml",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_mutated_document_is_an_error_or_a_report(
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..40_usize, 0..SNIPPETS.len()), 1..6),
    ) {
        let mut bytes = whole().into_bytes();
        for (place, length, snippet) in cuts {
            let start = place.index(bytes.len() + 1).min(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, SNIPPETS[snippet].bytes());
        }
        for format in [Format::Oval, Format::Updateinfo] {
            let mut store = Store::in_memory().expect("store");
            let input = FeedInput::Stream("oval".to_owned(), Box::new(bytes.as_slice()));
            let _ = store.import(&Source::named("oval"), format, input);
        }
    }

    #[test]
    fn parts_of_documents_in_any_order_are_an_error_or_a_report(
        parts in proptest::collection::vec(0..16_usize, 0..60),
    ) {
        let pieces = [
            "<oval_definitions>", "</oval_definitions>", "<definitions>", "</definitions>",
            "<definition id=\"oval:com.oracle.elsa:def:1\" class=\"patch\">", "</definition>",
            "<criteria operator=\"OR\">", "</criteria>", "<criterion test_ref=\"oval:a:tst:1\"/>",
            "<tests>", "</tests>", "<rpminfo_test id=\"oval:a:tst:1\"/>", "<metadata>", "</metadata>",
            "<![CDATA[", "text & more",
        ];
        let mut text = "<oval_definitions>".to_owned();
        for part in parts {
            text.push_str(pieces[part]);
        }
        let _ = import(&text);
    }
}
