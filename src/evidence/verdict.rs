//! What a scan comes to: three values, since "nothing was found" and "nothing was seen" are not the same.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Finding;
use crate::model::{Gap, Severity};

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything was looked at, and nothing at or above the gate was found.
    Clean,
    /// Something at or above the gate was found.
    Findings,
    /// Nothing at or above the gate was found, but not everything could be looked at.
    NotAssessable,
}

impl Verdict {
    /// A finding that counts decides; a gap decides only where none does.
    pub fn of(findings: &[Finding], gaps: &[Gap], gate: Gate) -> Self {
        // A malicious package is no matter of degree: it counts wherever anything does.
        let counts = |finding: &Finding| {
            gate.counts(finding.severity()) || finding.is_malicious() && gate != Gate::Never
        };
        if findings
            .iter()
            .filter(|finding| !finding.is_deleted() && !finding.is_accepted())
            .any(counts)
        {
            Self::Findings
        } else if gaps.is_empty() {
            Self::Clean
        } else {
            Self::NotAssessable
        }
    }

    /// The name, for people and for JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Findings => "findings",
            Self::NotAssessable => "not-assessable",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// From which severity on a finding fails a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Findings of this severity and above count. One of unknown severity counts, too: nobody has said that it is mild.
    From(Severity),
    /// No finding counts.
    Never,
}

impl Default for Gate {
    /// What its own source calls negligible fails no scan unless somebody asks for it; all else does.
    fn default() -> Self {
        Self::From(Severity::Low)
    }
}

impl Gate {
    /// Whether a finding of this severity fails the scan.
    pub fn counts(self, severity: Severity) -> bool {
        match self {
            Self::From(gate) => severity >= gate || severity == Severity::Unknown,
            Self::Never => false,
        }
    }
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From(severity) => severity.fmt(f),
            Self::Never => f.pad("never"),
        }
    }
}

/// A word that names no gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no gate is called `{0}`: use negligible, low, medium, high, critical or never")]
pub struct GateError(String);

impl FromStr for Gate {
    type Err = GateError;

    /// A severity, or `never`. `unknown` is no gate: such a finding counts at every one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        match text.parse() {
            Ok(Severity::Unknown) | Err(_) => Err(GateError(text.to_owned())),
            Ok(severity) => Ok(Self::From(severity)),
        }
    }
}

impl Serialize for Gate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{FoundSecret, Place, gather_secrets};
    use crate::model::{Confidence, Fingerprint, GapKind, SecretHit};

    fn finding(severity: Severity) -> Finding {
        let hit = SecretHit {
            rule: "a/b".into(),
            title: "a secret".into(),
            severity,
            confidence: Confidence::Proven,
            line: 1,
            redacted: "…".into(),
            fingerprint: Some(Fingerprint([0; 16])),
            remedy: "rotate it".into(),
            member: None,
        };
        let place = Place {
            path: None,
            line: None,
            layer: Some(0),
            config: None,
        };
        gather_secrets(vec![FoundSecret {
            hit,
            place,
            instruction: None,
            visible: true,
            owner: None,
            accepted: None,
        }])
        .remove(0)
    }

    #[test]
    fn clean_takes_both_no_finding_and_no_gap() {
        let gap = [Gap::new(GapKind::NothingFound, "nothing")];
        let high = [finding(Severity::High)];
        assert_eq!(Verdict::of(&[], &[], Gate::default()), Verdict::Clean);
        assert_eq!(
            Verdict::of(&[], &gap, Gate::default()),
            Verdict::NotAssessable
        );
        assert_eq!(Verdict::of(&high, &gap, Gate::default()), Verdict::Findings);
        assert_eq!(
            Verdict::of(&high, &[], Gate::From(Severity::Critical)),
            Verdict::Clean
        );
        assert_eq!(
            Verdict::of(&high, &gap, Gate::From(Severity::Critical)),
            Verdict::NotAssessable
        );
        assert_eq!(Verdict::of(&high, &[], Gate::Never), Verdict::Clean);
    }

    #[test]
    fn a_malicious_package_passes_no_gate_but_never() {
        let malicious: Finding = serde_json::from_value(serde_json::json!({
            "kind": "vulnerability", "id": "MAL-2099-1", "severity": "low", "title": "", "package": "a", "name": "a",
            "version": "1", "malicious": true, "status": "affected", "place": {}, "proof": [], "remedy": "",
        }))
        .expect("a finding");
        let verdict = |gate| Verdict::of(std::slice::from_ref(&malicious), &[], gate);
        assert_eq!(verdict(Gate::From(Severity::Critical)), Verdict::Findings);
        assert_eq!(verdict(Gate::Never), Verdict::Clean);
    }

    #[test]
    fn a_finding_of_unknown_severity_passes_no_gate() {
        assert!(Gate::From(Severity::Critical).counts(Severity::Unknown));
        assert!(Gate::From(Severity::High).counts(Severity::High));
        assert!(!Gate::From(Severity::High).counts(Severity::Medium));
    }

    #[test]
    fn by_default_all_but_the_negligible_counts() {
        assert!(Gate::default().counts(Severity::Low));
        assert!(!Gate::default().counts(Severity::Negligible));
        assert!(Gate::From(Severity::Negligible).counts(Severity::Negligible));
    }

    #[test]
    fn gates_read_back() {
        for gate in ["negligible", "never", "high", "critical"] {
            assert_eq!(
                gate.parse::<Gate>().map(|gate| gate.to_string()),
                Ok(gate.to_owned())
            );
        }
        for no_gate in ["severe", "unknown", ""] {
            assert!(no_gate.parse::<Gate>().is_err(), "{no_gate}");
        }
    }
}
