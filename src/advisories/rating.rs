//! How severe an advisory is: the vendor's word first, then the newest CVSS vector that can be scored.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::model::Severity;

/// A severity and who says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rating {
    /// The severity.
    pub severity: Severity,
    /// `vendor` for the source's own word, or the version of the CVSS vector: `CVSS:3.1`.
    pub by: String,
}

impl Rating {
    /// What [`by`](Self::by) says of the source's own word.
    pub const VENDOR: &str = "vendor";
}

/// The store's number for a severity: its place in the order.
pub(super) fn severity_code(severity: Severity) -> i64 {
    Severity::WORST_FIRST
        .iter()
        .rev()
        .position(|known| *known == severity)
        .and_then(|place| i64::try_from(place).ok())
        .unwrap_or_default()
}

/// The severity that a number of the store stands for.
pub(super) fn severity_of_code(code: i64) -> Option<Severity> {
    let place = usize::try_from(code).ok()?;
    Severity::WORST_FIRST.iter().rev().nth(place).copied()
}

/// A CVSS vector and its score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cvss {
    /// The vector as the feed writes it.
    pub vector: String,
    /// Its base score; `None` for a vector that breaks its specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

impl Cvss {
    /// Scores a vector.
    pub(super) fn new(vector: &str) -> Self {
        let parsed = cvss::Cvss::from_str(vector)
            .map(|vector| vector.score())
            .or_else(|_| cvss::v2::Vector::from_str(vector).map(|vector| vector.score().value()));
        Self {
            vector: vector.to_owned(),
            score: parsed.ok(),
        }
    }

    /// `CVSS:4.0`; vectors of version 2 name none.
    fn version(&self) -> &str {
        let prefix = self.vector.split('/').next().unwrap_or_default();
        if prefix.starts_with("CVSS:") {
            prefix
        } else {
            "CVSS:2.0"
        }
    }
}

/// The vendor's word for it, as a rating.
pub(super) fn vendor_rating(word: &str) -> Option<Rating> {
    let severity = word.parse().ok().filter(|s| *s != Severity::Unknown)?;
    Some(Rating {
        severity,
        by: Rating::VENDOR.to_owned(),
    })
}

/// The rating by the newest CVSS version; among vectors of one version by the worst score.
pub(super) fn cvss_rating(vectors: &[Cvss]) -> Option<Rating> {
    vectors
        .iter()
        .filter_map(|cvss| Some((cvss.version(), cvss.score?)))
        .max_by(|a, b| a.0.cmp(b.0).then(a.1.total_cmp(&b.1)))
        .map(|(version, score)| Rating {
            severity: Severity::from_cvss_score(score),
            by: version.to_owned(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_cvss_version_rates_and_a_broken_vector_does_not() {
        let vectors = [
            "AV:N/AC:L/Au:N/C:C/I:C/A:C",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:L/VA:N/SC:N/SI:N/SA:N",
            "CVSS:4.0/AV:nonsense",
        ]
        .map(Cvss::new);
        assert_eq!(vectors[0].score, Some(10.0));
        assert_eq!(vectors[1].score, Some(9.8));
        assert_eq!(vectors[3].score, None);
        let rating = cvss_rating(&vectors).expect("scored");
        assert_eq!(
            (rating.severity, rating.by.as_str()),
            (Severity::Medium, "CVSS:4.0")
        );
        let older = cvss_rating(&vectors[..2]).expect("scored");
        assert_eq!(
            (older.severity, older.by.as_str()),
            (Severity::Critical, "CVSS:3.1")
        );
        assert_eq!(cvss_rating(&vectors[3..]), None);
    }

    #[test]
    fn severities_read_back_from_the_stores_numbers() {
        for severity in Severity::WORST_FIRST {
            assert_eq!(severity_of_code(severity_code(severity)), Some(severity));
        }
        assert_eq!(severity_of_code(6), None);
        assert_eq!(severity_of_code(-1), None);
    }

    #[test]
    fn a_vendors_word_rates_unless_it_says_nothing() {
        assert_eq!(
            vendor_rating("MODERATE").map(|r| r.severity),
            Some(Severity::Medium)
        );
        assert_eq!(vendor_rating("unknown"), None);
        assert_eq!(vendor_rating("not yet assigned"), None);
    }
}
