//! CSAF documents: what of them is taken and what is counted. What they lead to is in `matching::red_hat_tests`; real ones
//! are read in `real_data_red_hat`.

use proptest::prelude::*;

use super::csaf_writing::{Vex, import, red_hat_9, store};
use crate::advisories::matching::testing::{found, ids, on, rpm};
use crate::advisories::{AdvisoryError, FeedInput, Format, SkipReason, Source, Status, Store};
use crate::model::Severity;

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
    let statuses: Vec<Status> = outcome.matches.iter().map(|found| found.status).collect();
    assert_eq!(statuses, [Status::Fixed, Status::WontFix]);
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
        vex.beside(more)
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

#[test]
fn a_document_is_found_by_looking() {
    let text = red_hat_9()
        .says("rhel9", "a", "pkg:rpm/redhat/a?arch=src", "known_affected")
        .vex("CVE-2026-1");
    let wrapped = format!(r#"{{"path":"a.json","doc":{}}}"#, text.trim());
    for text in [&text, &wrapped] {
        let mut store = Store::in_memory().expect("store");
        let first = Format::ALL.into_iter().find(|format| {
            let input = FeedInput::Stream("any".to_owned(), Box::new(text.as_bytes()));
            let imported = store.import(&Source::named("any"), *format, input);
            !matches!(imported, Err(AdvisoryError::NothingRecognised { .. }))
        });
        assert_eq!(first, Some(Format::Csaf));
    }
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
