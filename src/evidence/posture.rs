//! The container boundary in the evidence: every check with what it came to, and a finding for each that failed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::model::{Check, CheckPlace, Checked, Digest, Failure, Outcome, Severity};

/// A check that failed, with every place where it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostureFinding {
    /// The check's id: `PLM-I-001`.
    pub check: String,
    /// What is wrong.
    pub title: String,
    /// How bad the worst of its places is.
    pub severity: Severity,
    /// The container that it is about; `None` for the image itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Recommendations of the CIS Docker Benchmark 1.6.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cis: Vec<String>,
    /// Sections of NIST SP 800-190.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nist: Vec<String>,
    /// Controls of the Pod Security Standards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pss: Vec<String>,
    /// What an attacker gains.
    pub why: String,
    /// Where it fails, in order.
    pub places: Vec<PosturePlace>,
    /// What to write instead.
    pub remedy: String,
}

/// One place where a check failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PosturePlace {
    /// File and layer, part of the config, or field of the settings.
    #[serde(flatten)]
    pub place: CheckPlace,
    /// What is there.
    pub detail: String,
    /// The build instruction that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// What to write here instead, where that can be said more closely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CheckRecord {
    /// The check's id.
    pub check: String,
    /// The container that it was about; `None` for the image itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it came to.
    pub result: CheckResult,
    /// Why it could not be evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The four answers of a check; the names are public and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckResult {
    /// It is as it should be.
    Passed,
    /// It is not: there is a finding.
    Failed,
    /// It could not be told.
    NotEvaluated,
    /// There is nothing that it could be about.
    NotApplicable,
}

/// Runtime settings that were audited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SettingsRecord {
    /// The file as the user named it, or the container.
    pub name: String,
    /// Its form: `Compose`.
    pub form: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// The containers that it says something of.
    pub containers: Vec<String>,
}

/// The verdict of a standard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StandardRecord {
    /// `pss-restricted`, `pss-baseline` or `cis`.
    pub name: String,
    /// Its version: `v1.37`.
    pub version: String,
    /// What it is about: a pod, a file.
    pub subject: String,
    /// Whether all of it holds.
    pub result: CheckResult,
    /// Control by control.
    pub controls: Vec<ControlRecord>,
}

/// One control of a standard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ControlRecord {
    /// Its id in the standard's own words: `5.4`, `hostNamespaces`.
    pub control: String,
    /// What it asks for.
    pub title: String,
    /// What it came to.
    pub result: CheckResult,
    /// Where it fails, or why it cannot be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// The fields that it fails at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<CheckPlace>,
}

/// A way in which root inside a container reaches the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WayOutRecord {
    /// The container.
    pub subject: String,
    /// Whether the settings are enough; false: it depends on the host, too.
    pub certain: bool,
    /// A short name: `engine socket`.
    pub way: String,
    /// How it goes.
    pub how: String,
    /// The check that is about it.
    pub check: String,
    /// The settings that make it.
    pub made_by: Vec<String>,
    /// The one change that closes it.
    pub closed_by: String,
}

/// Turns what checks came to into findings and records. `instruction` gives the build instruction of a layer, fit to be shown.
pub fn boundary(
    checked: &[Checked],
    instruction: impl Fn(usize) -> Option<String>,
) -> (Vec<Finding>, Vec<CheckRecord>) {
    let mut findings = Vec::new();
    let mut records = Vec::new();
    for Checked {
        check,
        subject,
        outcome,
    } in checked
    {
        let (result, reason) = match outcome {
            Outcome::Passed => (CheckResult::Passed, None),
            Outcome::Failed(_) => (CheckResult::Failed, None),
            Outcome::NotEvaluated(reason) => (CheckResult::NotEvaluated, Some(reason.clone())),
            Outcome::NotApplicable => (CheckResult::NotApplicable, None),
        };
        records.push(CheckRecord {
            check: check.id.to_owned(),
            subject: subject.clone(),
            result,
            reason,
        });
        if let Outcome::Failed(failures) = outcome {
            let found = by_severity(check, failures).into_iter();
            findings.extend(found.map(|(severity, failures)| {
                finding(check, subject.clone(), severity, failures, &instruction)
            }));
        }
    }
    records.sort();
    records.dedup();
    (findings, records)
}

/// A check's failures, apart by how bad they are: a setuid file that every Debian has does not hide among one that nobody else has.
fn by_severity<'a>(check: &Check, failures: &'a [Failure]) -> BTreeMap<Severity, Vec<&'a Failure>> {
    let mut apart: BTreeMap<Severity, Vec<&Failure>> = BTreeMap::new();
    for failure in failures {
        let severity = failure.severity.unwrap_or(check.severity);
        apart.entry(severity).or_default().push(failure);
    }
    apart
}

fn finding(
    check: &Check,
    subject: Option<String>,
    severity: Severity,
    failures: Vec<&Failure>,
    instruction: impl Fn(usize) -> Option<String>,
) -> Finding {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut places: Vec<PosturePlace> = failures
        .into_iter()
        .map(|failure| PosturePlace {
            instruction: failure.place.layer.and_then(&instruction),
            place: failure.place.clone(),
            detail: failure.detail.clone(),
            fix: failure.fix.clone(),
        })
        .collect();
    places.sort();
    places.dedup();
    Finding::Posture(Box::new(PostureFinding {
        check: check.id.to_owned(),
        title: check.title.to_owned(),
        severity,
        subject,
        cis: owned(check.cis),
        nist: owned(check.nist),
        pss: owned(check.pss),
        why: check.why.to_owned(),
        places,
        remedy: check.fix.to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECK: Check = Check {
        id: "PLM-I-020",
        title: "Setuid file",
        severity: Severity::Medium,
        cis: &["4.8"],
        nist: &["4.1.2"],
        pss: &[],
        why: "why",
        fix: "fix",
    };

    fn checked(outcome: Outcome) -> Checked {
        Checked {
            check: &CHECK,
            subject: None,
            outcome,
        }
    }

    #[test]
    fn failures_of_one_check_are_one_finding_for_each_severity() {
        let place = |path: &str| CheckPlace::file_of_layer(path.into(), 1, None);
        let failures = vec![
            Failure::new("a", place("usr/bin/a")),
            Failure::new("b", place("usr/bin/su")).of_severity(Severity::Negligible),
            Failure::new("c", place("usr/bin/c")),
        ];
        let outcome = [checked(Outcome::Failed(failures))];
        let (findings, records) = boundary(&outcome, |layer| Some(format!("RUN {layer}")));
        let told: Vec<_> = findings
            .iter()
            .map(|finding| match finding {
                Finding::Posture(finding) => (finding.severity, finding.places.len()),
                _ => (Severity::Unknown, 0),
            })
            .collect();
        assert_eq!(told, [(Severity::Negligible, 1), (Severity::Medium, 2)]);
        assert_eq!(records.len(), 1);
        let Some(Finding::Posture(found)) = findings.last() else {
            panic!("no posture finding");
        };
        assert_eq!(found.places[0].instruction.as_deref(), Some("RUN 1"));
    }

    #[test]
    fn what_was_not_evaluated_is_recorded_with_its_reason_and_is_no_finding() {
        let outcome = [checked(Outcome::NotEvaluated("no history".to_owned()))];
        let (findings, records) = boundary(&outcome, |_| None);
        assert!(findings.is_empty());
        assert_eq!(records[0].result, CheckResult::NotEvaluated);
        assert_eq!(records[0].reason.as_deref(), Some("no history"));
    }
}
