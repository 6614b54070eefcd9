//! The table at the widths of terminals.

use super::*;

fn page(width: u16) -> String {
    let digest = format!("sha256:{}", "0".repeat(64));
    let evidence: Evidence = serde_json::from_value(serde_json::json!({
        "schema": crate::evidence::SCHEMA,
        "verdict": "findings",
        "subject": {
            "name": "oci:app",
            "platform": {"os": "linux", "architecture": "amd64"},
            "layers": [{"instruction": "RUN pip install Django==4.2 requests", "files": 1, "file_bytes": 1}],
        },
        "findings": [{
            "kind": "vulnerability", "id": "CVE-2099-0004", "severity": "high", "title": "",
            "package": "pkg:pypi/django@4.2", "name": "django", "version": "4.2", "status": "fixed",
            "fixed_version": "4.2.1", "place": {"layer": 0}, "proof": [], "remedy": "",
        }],
        "gaps": [],
        "packages": [],
        "advisories": {"snapshot": &digest, "sources": []},
        "policy": {"fail_on": "low", "secrets": true},
        "tool": {"name": "plimsoll", "version": "0", "detectors": &digest},
    }))
    .expect("evidence");
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
