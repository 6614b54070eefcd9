//! The table at the widths of terminals.

use super::*;

fn page(width: u16) -> String {
    page_with(
        width,
        &[serde_json::json!({
            "kind": "vulnerability", "id": "CVE-2099-0004", "severity": "high", "title": "",
            "package": "pkg:pypi/django@4.2", "name": "django", "version": "4.2", "status": "fixed",
            "fixed_version": "4.2.1", "place": {"layer": 0}, "proof": [], "remedy": "",
        })],
    )
}

fn page_with(width: u16, findings: &[serde_json::Value]) -> String {
    page_of(width, document(findings))
}

fn document(findings: &[serde_json::Value]) -> serde_json::Value {
    let digest = format!("sha256:{}", "0".repeat(64));
    serde_json::json!({
        "schema": crate::evidence::SCHEMA,
        "verdict": "findings",
        "subject": {
            "name": "oci:app",
            "platform": {"os": "linux", "architecture": "amd64"},
            "layers": [{"instruction": "RUN pip install Django==4.2 requests", "files": 1, "file_bytes": 1}],
        },
        "findings": findings,
        "gaps": [],
        "packages": [],
        "advisories": {"snapshot": &digest, "sources": []},
        "policy": {"fail_on": "low", "secrets": true},
        "tool": {"name": "plimsoll", "version": "0", "detectors": &digest},
    })
}

fn page_of(width: u16, document: serde_json::Value) -> String {
    let evidence: Evidence = serde_json::from_value(document).expect("evidence");
    let look = Look {
        width,
        ..Look::default()
    };
    let mut page = Vec::new();
    write(&evidence, look, &mut page).expect("a page");
    String::from_utf8(page).expect("text")
}

#[test]
fn a_narrow_table_shortens_the_instruction_and_keeps_a_finding_on_one_line() {
    for (width, brought) in [
        (120, "layer 1: RUN pip install Django==4.2 requ…"),
        (90, "layer 1: RUN pip install…"),
        (NARROWEST, "layer 1"),
    ] {
        let page = page(width);
        let row = page.lines().find(|line| line.contains("CVE-2099-0004"));
        let row = row.expect("the finding");
        assert!(row.ends_with(brought), "{width}: {row}");
        assert!(row.width() <= usize::from(width), "{width}: {row}");
        let rows = page.lines().filter(|line| line.contains("django"));
        assert_eq!(rows.count(), 1, "{page}");
    }
}

#[test]
fn of_many_changed_files_of_a_package_the_first_are_shown_and_the_others_counted() {
    let changed = |number: u32| {
        serde_json::json!({
            "kind": "integrity", "severity": "low", "owner": "nodejs", "is_configuration": false,
            "place": {"path": format!("usr/lib/node_modules/{number}"), "layer": 0}, "remedy": "",
        })
    };
    let findings: Vec<_> = (0..32).map(changed).collect();
    let page = page_with(120, &findings);
    assert!(page.contains("/usr/lib/node_modules/9 "), "{page}");
    assert!(!page.contains("/usr/lib/node_modules/10"), "{page}");
    assert!(
        page.contains("22 more files of nodejs: the JSON form lists them"),
        "{page}"
    );
}

#[test]
fn a_gap_without_a_place_is_of_the_list_where_no_image_was_read() {
    let mut document = document(&[]);
    document["gaps"] = serde_json::json!([{"kind": "nothing-found", "detail": "nothing"}]);
    assert!(page_of(80, document.clone()).contains(" the image "));
    let digest = document["tool"]["detectors"].clone();
    document["subject"]["sbom"] = serde_json::json!({"digest": digest, "form": "SPDX 2.3"});
    let page = page_of(80, document);
    assert!(
        page.contains(" the list ") && !page.contains(" the image "),
        "{page}"
    );
}

fn vulnerability(id: &str, more: &serde_json::Value) -> serde_json::Value {
    let mut finding = serde_json::json!({
        "kind": "vulnerability", "id": id, "severity": "high", "title": "", "package": "pkg:deb/ubuntu/a@1", "name": "a",
        "version": "1", "status": "affected", "place": {"layer": 0}, "proof": [], "remedy": "",
    });
    let fields = more.as_object().expect("fields").clone();
    finding.as_object_mut().expect("fields").extend(fields);
    finding
}

#[test]
fn what_is_exploited_has_a_narrow_column_and_a_line_that_explains_it() {
    let epss = |score: &str| serde_json::json!({"score": score, "percentile": "0.50000", "date": "2025-04-01"});
    let page = page_with(
        90,
        &[
            vulnerability(
                "CVE-2099-0001",
                &serde_json::json!({"exploited": {"since": "2024-01-31", "ransomware": false}, "epss": epss("0.97000")}),
            ),
            vulnerability(
                "CVE-2099-0002",
                &serde_json::json!({"exploited": {"since": "2024-01-31", "ransomware": true}}),
            ),
            vulnerability(
                "CVE-2099-0003",
                &serde_json::json!({"epss": epss("0.12999")}),
            ),
            vulnerability(
                "CVE-2099-0004",
                &serde_json::json!({"epss": epss("0.00042")}),
            ),
            vulnerability(
                "CVE-2099-0005",
                &serde_json::json!({"fixed_in_extended": {"name": "Ubuntu Pro", "version": "1+esm1"}}),
            ),
        ],
    );
    insta::assert_snapshot!(page);
}

#[test]
fn a_malicious_package_has_a_table_of_its_own() {
    let malicious = serde_json::json!({"malicious": true, "severity": "critical"});
    let page = page_with(
        100,
        &[
            vulnerability("MAL-2099-1", &malicious),
            vulnerability("CVE-2099-0001", &serde_json::json!({})),
        ],
    );
    insta::assert_snapshot!(page);
}
