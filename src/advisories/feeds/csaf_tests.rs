//! CSAF documents to findings. The documents are written after the specification and the vendors' descriptions of their
//! files; real ones are read in `real_data_red_hat`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use crate::advisories::matching::testing::{add, found, ids, on, record, rpm};
use crate::advisories::{
    FeedInput, Format, ImportReport, Match, MatchOutcome, SkipReason, Source, Status, Store,
};
use crate::model::{Package, Severity};

/// A document under construction: products with their packages, each with a status.
#[derive(Default)]
struct Vex {
    products: String,
    packages: String,
    relations: String,
    statuses: Vec<(&'static str, String)>,
    remediations: String,
    threats: String,
    more: &'static str,
}

impl Vex {
    fn product(mut self, id: &str, name: &str, cpe: &str) -> Self {
        let comma = if self.products.is_empty() { "" } else { "," };
        let _ = write!(
            self.products,
            r#"{comma}{{"category":"product_name","name":"{name}","product":{{"name":"{name}","product_id":"{id}","product_identification_helper":{{"cpe":"{cpe}"}}}}}}"#
        );
        self
    }

    /// A package of a product with its status, and what is said of it beside that.
    fn says(mut self, product: &str, id: &str, purl: &str, status: &'static str) -> Self {
        let comma = if self.relations.is_empty() { "" } else { "," };
        let _ = write!(
            self.packages,
            r#",{{"category":"product_version","name":"{id}","product":{{"name":"{id}","product_id":"{id}","product_identification_helper":{{"purl":"{purl}"}}}}}}"#
        );
        let _ = write!(
            self.relations,
            r#"{comma}{{"category":"default_component_of","full_product_name":{{"name":"x","product_id":"{product}:{id}"}},"product_reference":"{id}","relates_to_product_reference":"{product}"}}"#
        );
        self.statuses.push((status, format!("{product}:{id}")));
        self
    }

    fn because(mut self, category: &str, details: &str, product: &str) -> Self {
        let comma = if self.remediations.is_empty() {
            ""
        } else {
            ","
        };
        let _ = write!(
            self.remediations,
            r#"{comma}{{"category":"{category}","details":"{details}","product_ids":["{product}"],"url":"https://example.test/errata/RHSA-1"}}"#
        );
        self
    }

    fn impact(mut self, word: &str, product: &str) -> Self {
        let comma = if self.threats.is_empty() { "" } else { "," };
        let _ = write!(
            self.threats,
            r#"{comma}{{"category":"impact","details":"{word}","product_ids":["{product}"]}}"#
        );
        self
    }

    fn vulnerability(&self, cve: &str) -> String {
        let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (status, id) in &self.statuses {
            lists.entry(status).or_default().push(format!("{id:?}"));
        }
        let lists: Vec<String> = lists
            .iter()
            .map(|(status, ids)| format!("{status:?}:[{}]", ids.join(",")))
            .collect();
        format!(
            r#"{{"cve":"{cve}","title":"thing: it breaks","notes":[{{"category":"description","text":"It breaks. Badly."}}],"product_status":{{{}}},"remediations":[{}],"threats":[{}]{}}}"#,
            lists.join(","),
            self.remediations,
            self.threats,
            self.more
        )
    }

    fn document(&self, category: &str, id: &str, cves: &[&str]) -> String {
        let vulnerabilities: Vec<String> = cves.iter().map(|cve| self.vulnerability(cve)).collect();
        format!(
            r#"{{"document":{{"category":"{category}","csaf_version":"2.0","title":"t","tracking":{{"id":"{id}","current_release_date":"2026-01-02T00:00:00+00:00","status":"final"}}}},"product_tree":{{"branches":[{{"category":"vendor","name":"V","branches":[{}{}]}}],"relationships":[{}]}},"vulnerabilities":[{}]}}
"#,
            self.products,
            self.packages,
            self.relations,
            vulnerabilities.join(",")
        )
    }

    fn vex(&self, cve: &str) -> String {
        self.document("csaf_vex", cve, &[cve])
    }
}

fn import(store: &mut Store, name: &str, text: &str) -> ImportReport {
    let input = FeedInput::Stream(name.to_owned(), Box::new(text.as_bytes()));
    store
        .import(&Source::named(name), Format::Csaf, input)
        .expect("imported")
}

fn store(text: &str) -> Store {
    let mut store = Store::in_memory().expect("store");
    import(&mut store, "vex", text);
    store
}

fn red_hat_9() -> Vex {
    Vex::default()
        .product(
            "rhel9",
            "Red Hat Enterprise Linux 9",
            "cpe:/o:redhat:enterprise_linux:9",
        )
        .product(
            "base",
            "BaseOS (v. 9)",
            "cpe:/o:redhat:enterprise_linux:9::baseos",
        )
        .product(
            "eus",
            "BaseOS EUS (v. 9.2)",
            "cpe:/o:redhat:rhel_eus:9.2::baseos",
        )
}

fn statuses(outcome: &MatchOutcome) -> Vec<(&str, Status)> {
    let status = |found: &'_ Match| found.status;
    let matches = outcome.matches.iter();
    matches
        .map(|found| (found.advisory.id.as_str(), status(found)))
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

#[test]
fn severities_differ_by_product_where_the_vendor_says_so() {
    let store = store(
        &red_hat_9()
            .says("rhel9", "a", "pkg:rpm/redhat/a?arch=src", "known_affected")
            .says("rhel9", "b", "pkg:rpm/redhat/b?arch=src", "known_affected")
            .impact("Important", "rhel9:a")
            .impact("Low", "rhel9:b")
            .vex("CVE-2026-1"),
    );
    let outcome = found(
        &store,
        &on("rhel", "9.4"),
        &[rpm("a", "a", "1-1"), rpm("b", "b", "1-1")],
    );
    let severities: Vec<_> = outcome
        .matches
        .iter()
        .map(|found| found.advisory.severity)
        .collect();
    assert_eq!(severities, [Severity::High, Severity::Low]);
    assert_eq!(
        outcome.matches[1].advisory.severity_source.as_deref(),
        Some("vex")
    );
}

#[test]
fn an_erratum_passes_its_cves_on() {
    let erratum = red_hat_9().says("base", "a", "pkg:rpm/redhat/a@2-1.el9?arch=x86_64", "fixed");
    let text = erratum.document(
        "csaf_security_advisory",
        "RHSA-2026:1",
        &["CVE-2026-1", "CVE-2026-2"],
    );
    let store = store(&text);
    let outcome = found(&store, &on("rhel", "9.4"), &[rpm("a", "a", "1-1.el9")]);
    assert_eq!(ids(&outcome), ["CVE-2026-1", "CVE-2026-2"]);
    assert_eq!(outcome.matches[0].proof[0].advisory, "RHSA-2026:1");
    assert_eq!(store.sources().expect("sources")[0].advisories, 1);
}

#[test]
fn suse_recommends_its_fixes() {
    let store = store(
        &Vex::default()
            .product(
                "sles",
                "SUSE Linux Enterprise Server 15 SP5",
                "cpe:/o:suse:sles:15:sp5",
            )
            .product("leap", "openSUSE Leap 15.6", "cpe:/o:opensuse:leap:15.6")
            .says(
                "sles",
                "liba1-2.0-150500.3.1",
                "pkg:rpm/suse/liba1@2.0-150500.3.1?upstream=a-2.0-150500.3.1.src.rpm",
                "recommended",
            )
            .says("sles", "liba1", "pkg:rpm/suse/liba1", "known_affected")
            .says(
                "sles",
                "libb-4_0",
                "pkg:rpm/suse/libb@4_0",
                "known_affected",
            )
            .says(
                "leap",
                "libc",
                "pkg:rpm/opensuse/libc",
                "known_not_affected",
            )
            .because("no_fix_planned", "x", "sles:libb-4_0")
            .vex("CVE-2026-1"),
    );
    let packages = [
        rpm("liba1", "a", "1.9-150500.1.1"),
        rpm("libb-4_0", "b", "1-1"),
        rpm("libc", "c", "1-1"),
    ];
    let outcome = found(&store, &on("sles", "15.5"), &packages);
    assert_eq!(
        statuses(&outcome),
        [
            ("CVE-2026-1", Status::Fixed),
            ("CVE-2026-1", Status::WontFix)
        ]
    );
    assert_eq!(
        found(&store, &on("opensuse-leap", "15.6"), &packages).matches,
        []
    );
}

#[test]
fn bad_documents_cost_only_themselves() {
    let mut store = Store::in_memory().expect("store");
    let one = |more| {
        let vex = red_hat_9()
            .says("rhel9", "a", "pkg:rpm/redhat/a?arch=src", "known_affected")
            .says(
                "rhel9",
                "img",
                "pkg:oci/img?repository_url=example.test/img",
                "known_affected",
            )
            .says(
                "base",
                "b",
                "pkg:rpm/redhat/b@1-1?arch=noarch",
                "known_not_affected",
            );
        Vex { more, ..vex }
    };
    let rejected = r#","ids":[{"text":"x"}]"#;
    let text = [
        one("").vex("CVE-2026-1"),
        format!(
            r#"{{"path":"cve.json","doc":{}}}"#,
            one("").vex("CVE-2026-2").trim()
        ),
        "\n{\n{}\n{\"document\":{\"csaf_version\":\"1.2\",\"tracking\":{\"id\":\"x\"}}}\n[]\n"
            .to_owned(),
        one("").vex("CVE-2026-1"),
        one(rejected)
            .vex("CVE-2026-3")
            .replace("It breaks. Badly.", "** REJECT ** Not a vulnerability."),
    ]
    .concat();
    let report = import(&mut store, "vex", &text);
    assert_eq!((report.advisories, report.withdrawn), (3, 1));
    let count = |reason| {
        report
            .skipped
            .get(&reason)
            .map_or(0, |skipped| skipped.count)
    };
    assert_eq!(count(SkipReason::InvalidJson), 1);
    assert_eq!(count(SkipReason::InvalidRecord), 3);
    assert_eq!(count(SkipReason::DuplicateId), 1);
    assert_eq!(count(SkipReason::OtherProduct), 4);
    assert_eq!(count(SkipReason::NotAffectedBuild), 4);
    let outcome = found(&store, &on("rhel", "9.4"), &[rpm("a", "a", "1-1")]);
    assert_eq!(ids(&outcome), ["CVE-2026-1", "CVE-2026-2"]);
}

/// JSON with the field's own keys in it, in any place.
fn json() -> impl Strategy<Value = serde_json::Value> {
    const KEYS: [&str; 24] = [
        "doc",
        "document",
        "csaf_version",
        "tracking",
        "id",
        "category",
        "product_tree",
        "branches",
        "product",
        "product_id",
        "name",
        "product_identification_helper",
        "cpe",
        "purl",
        "relationships",
        "full_product_name",
        "product_reference",
        "relates_to_product_reference",
        "vulnerabilities",
        "cve",
        "product_status",
        "fixed",
        "known_affected",
        "remediations",
    ];
    let text = prop_oneof![
        Just("2.0".to_owned()),
        Just("a".to_owned()),
        Just("pkg:rpm/redhat/a@1-1?arch=src&rpmmod=a:b".to_owned()),
        Just("cpe:/o:redhat:enterprise_linux:9".to_owned()),
        "\\PC{0,12}",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<i64>().prop_map(serde_json::Value::from),
        text.prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::vec((prop::sample::select(&KEYS[..]), inner), 0..6).prop_map(
                |fields| serde_json::Value::Object(
                    fields
                        .into_iter()
                        .map(|(key, value)| (key.to_owned(), value))
                        .collect()
                )
            ),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_without_a_panic(document in json(), cut in any::<prop::sample::Index>()) {
        let mut store = Store::in_memory().expect("store");
        let text = document.to_string();
        let end = cut.index(text.len() + 1);
        for bytes in [text.as_bytes(), &text.as_bytes()[..end]] {
            let input = FeedInput::Stream("any".to_owned(), Box::new(bytes));
            let _ = store.import(&Source::named("any"), Format::Csaf, input);
        }
    }

    #[test]
    fn any_names_in_a_real_shape_are_read_without_a_panic(
        product in "\\PC{0,20}", purl in "(pkg:(rpm|rpmmod|oci)/)?\\PC{0,30}", cpe in "(cpe:/[ao]:redhat:)?\\PC{0,20}",
        reference in "[a-z:/@. 0-9-]{0,30}",
    ) {
        let clean = |text: &str| text.replace(['"', '\\'], "");
        let vex = Vex::default()
            .product(&clean(&product), &clean(&product), &clean(&cpe))
            .says(&clean(&product), &clean(&reference), &clean(&purl), "fixed")
            .says(&clean(&product), &clean(&reference), &clean(&purl), "known_affected");
        let mut store = Store::in_memory().expect("store");
        let text = vex.vex("CVE-2026-1");
        let input = FeedInput::Stream("any".to_owned(), Box::new(text.as_bytes()));
        let _ = store.import(&Source::named("any"), Format::Csaf, input);
    }
}
