//! SARIF 2.1.0, as GitHub's code scanning takes it: <https://docs.oasis-open.org/sarif/sarif/v2.1.0/> and
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::Look;
use super::json::write_document;
use super::told::{Told, told};
use crate::evidence::Evidence;
use crate::model::Severity;

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<Told> = told(evidence).filter(|row| row.counts).collect();
    let mut rules: BTreeMap<&str, &Told> = BTreeMap::new();
    for row in &rows {
        // The worst of its results speaks for a rule: GitHub sorts by `security-severity`.
        let known = rules.entry(&row.id).or_insert(row);
        if row.severity > known.severity {
            *known = row;
        }
    }
    let numbers: BTreeMap<&str, usize> = rules.keys().copied().zip(0..).collect();
    let rules: Vec<Value> = rules.values().map(|row| rule(row)).collect();
    let results: Vec<Value> = rows
        .iter()
        .map(|row| result(row, &numbers, evidence))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "Plimsoll",
                "version": evidence.tool.version,
                "rules": rules,
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "invocations": [{
                // Not everything was looked at: a reader of the log is told what was not.
                "executionSuccessful": true,
                "toolExecutionNotifications": notifications(evidence),
            }],
            "properties": {"image": evidence.subject.name, "verdict": evidence.verdict.name()},
        }],
    });
    write_document(&document, out)
}

fn rule(row: &Told) -> Value {
    let title = if row.title.is_empty() {
        row.id.as_str()
    } else {
        row.title.as_str()
    };
    let mut rule = json!({
        "id": row.id,
        "name": row.kind,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": row.remedy},
        "defaultConfiguration": {"level": level(row.severity)},
        "properties": {
            "tags": ["security", row.kind],
            "security-severity": score(row.severity),
            "precision": "high",
        },
    });
    if let (Some(url), Some(rule)) = (&row.url, rule.as_object_mut()) {
        rule.insert("helpUri".to_owned(), json!(url));
    }
    rule
}

fn result(row: &Told, numbers: &BTreeMap<&str, usize>, evidence: &Evidence) -> Value {
    let fixed = row
        .fixed_in
        .as_deref()
        .map_or_else(String::new, |version| format!(", fixed in {version}"));
    let layer = row
        .layer
        .map_or_else(String::new, |layer| format!(" (layer {layer})"));
    let text = format!(
        "{}: {}{fixed}{layer}. {}.",
        row.subject, row.title, row.remedy
    );
    // GitHub shows no result without a file: what is in the image's config is laid at the image's own name.
    let uri = row
        .path
        .clone()
        .unwrap_or_else(|| evidence.subject.name.clone());
    json!({
        "ruleId": row.id,
        "ruleIndex": numbers.get(row.id.as_str()),
        "level": level(row.severity),
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri_of(&uri)},
            "region": {"startLine": row.line.unwrap_or(1)},
        }}],
        "partialFingerprints": {"plimsoll/v1": row.fingerprint},
    })
}

fn notifications(evidence: &Evidence) -> Vec<Value> {
    let gaps = evidence.gaps.iter().map(|gap| {
        let path = gap.path.as_ref().map_or_else(String::new, |path| format!("{path}: "));
        json!({"level": "warning", "descriptor": {"id": gap.kind.name()}, "message": {"text": format!("{path}{}", gap.detail)}})
    });
    gaps.collect()
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Negligible => "note",
    }
}

/// A number in the middle of the severity's range of CVSS, as text: GitHub wants one.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium | Severity::Unknown => "5.5",
        Severity::Low => "2.0",
        Severity::Negligible => "0.0",
    }
}

/// A path as a relative URI reference (RFC 3986, section 4.2): everything that is not unreserved, `/` or harmless is escaped.
fn uri_of(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/@+,=".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_an_image_is_a_relative_reference_whatever_it_holds() {
        assert_eq!(uri_of("usr/lib/a b"), "usr/lib/a%20b");
        assert_eq!(uri_of("javascript:x"), "javascript%3Ax");
        assert_eq!(uri_of("größe?#"), "gr%C3%B6%C3%9Fe%3F%23");
    }
}
