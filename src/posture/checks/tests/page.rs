//! The page of the documentation and the table are the same.

use super::*;

/// The rows that `docs/posture.md` has for the checks.
fn rows() -> Vec<String> {
    let listed = |values: &[&str]| {
        if values.is_empty() {
            "–".to_owned()
        } else {
            values.join(", ")
        }
    };
    let row = |check: &Check| {
        let (cis, nist) = (listed(check.cis), listed(check.nist));
        format!(
            "| {} | {} | {} | {cis} | {nist} |",
            check.id,
            check.title,
            check.severity.name()
        )
    };
    checks().iter().map(|check| row(&check.check)).collect()
}

#[test]
fn the_page_lists_every_check_as_the_table_has_it() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/posture.md");
    let Ok(page) = std::fs::read_to_string(path) else {
        eprintln!(
            "skipped: the page is not beside this crate; its rows would be:\n{}",
            rows().join("\n")
        );
        return;
    };
    let found: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| PLM-I-"))
        .collect();
    assert_eq!(found, rows());
}
