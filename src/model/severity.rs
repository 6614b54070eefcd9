//! How bad something is, on the one scale that all findings share.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// From least to most; `Unknown` is below all others, since no source has judged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No source gives a severity.
    Unknown,
    /// The source judges it without practical impact (Debian's `unimportant`, Ubuntu's `negligible`).
    Negligible,
    /// CVSS 0.1 to 3.9.
    Low,
    /// CVSS 4.0 to 6.9; `moderate` in Red Hat's and GitHub's words.
    Medium,
    /// CVSS 7.0 to 8.9; `important` in Red Hat's words.
    High,
    /// CVSS 9.0 and above.
    Critical,
}

/// A word that names no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown severity `{0}`: use unknown, negligible, low, medium, high or critical")]
pub struct SeverityError(String);

impl Severity {
    /// Every severity, worst first: the order of all tables.
    pub const WORST_FIRST: [Self; 6] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Negligible,
        Self::Unknown,
    ];

    /// The name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Negligible => "negligible",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The qualitative rating of a CVSS score (CVSS 3.1 specification, section 5; the same in 4.0). 0.0 is "none" there.
    pub fn from_cvss_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Negligible,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Severity {
    type Err = SeverityError;

    /// Reads the words of all sources, in any case: GitHub's `moderate`, Red Hat's `important`, Debian's `unimportant`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "negligible" | "unimportant" | "none" => Self::Negligible,
            "unknown" | "untriaged" => Self::Unknown,
            _ => return Err(SeverityError(text.to_owned())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_are_ordered_and_read_back() {
        assert!(Severity::WORST_FIRST.is_sorted_by(|a, b| a > b));
        for severity in Severity::WORST_FIRST {
            assert_eq!(severity.name().parse(), Ok(severity));
        }
        assert!("severe".parse::<Severity>().is_err());
    }

    #[test]
    fn cvss_scores_fall_into_the_bands_of_the_specification() {
        let bands = [
            (0.0, Severity::Negligible),
            (3.9, Severity::Low),
            (4.0, Severity::Medium),
            (7.0, Severity::High),
            (9.0, Severity::Critical),
        ];
        for (score, severity) in bands {
            assert_eq!(Severity::from_cvss_score(score), severity, "{score}");
        }
    }
}
