//! Secrets as findings: the same secret in many places is one finding.

use std::collections::BTreeMap;

use super::{Finding, Place, SecretFinding, SecretPlace};
use crate::model::{Confidence, SecretHit, Severity};

/// A secret in one place.
#[derive(Clone, Debug)]
pub struct FoundSecret {
    /// What the engine says.
    pub hit: SecretHit,
    /// Where.
    pub place: Place,
    /// Whether the running container sees it.
    pub visible: bool,
}

/// Makes one finding of each secret, with all its places in order. A secret without a fingerprint can be told from others
/// only by where it is.
///
/// What is only possible is not worse than low: the rule's severity speaks of a secret that is one.
pub fn gather_secrets(found: Vec<FoundSecret>) -> Vec<Finding> {
    let mut findings: BTreeMap<_, SecretFinding> = BTreeMap::new();
    for FoundSecret {
        hit,
        place,
        visible,
    } in found
    {
        let finding = findings
            .entry((
                hit.rule.clone(),
                hit.fingerprint,
                hit.fingerprint.is_none().then(|| place.clone()),
            ))
            .or_insert_with(|| SecretFinding {
                rule: hit.rule,
                title: hit.title,
                severity: hit.severity,
                confidence: hit.confidence,
                redacted: hit.redacted,
                fingerprint: hit.fingerprint,
                places: Vec::new(),
                remedy: hit.remedy,
            });
        finding.confidence = finding.confidence.max(hit.confidence);
        finding.places.push(SecretPlace { place, visible });
    }
    findings
        .into_values()
        .map(settle)
        .map(Finding::Secret)
        .collect()
}

fn settle(mut finding: SecretFinding) -> SecretFinding {
    if finding.confidence == Confidence::Possible {
        finding.severity = finding.severity.min(Severity::Low);
    }
    finding.places.sort();
    finding.places.dedup();
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fingerprint;

    fn found(fingerprint: u8, layer: usize, confidence: Confidence) -> FoundSecret {
        FoundSecret {
            hit: SecretHit {
                rule: "aws/access-key-id".into(),
                title: "AWS access key id".into(),
                severity: Severity::High,
                confidence,
                line: 3,
                redacted: "AKIA…[20 characters]".into(),
                fingerprint: Some(Fingerprint([fingerprint; 16])),
                remedy: "deactivate the key".into(),
                member: None,
            },
            place: Place {
                path: Some("app/.env".into()),
                line: Some(3),
                layer: Some(layer),
                config: None,
            },
            visible: layer == 1,
        }
    }

    #[test]
    fn one_secret_in_two_layers_is_one_finding_with_two_places() {
        let findings = gather_secrets(vec![
            found(1, 1, Confidence::Likely),
            found(2, 0, Confidence::Likely),
            found(1, 0, Confidence::Proven),
            found(1, 0, Confidence::Proven),
        ]);
        let [Finding::Secret(first), Finding::Secret(second)] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(
            first
                .places
                .iter()
                .map(|p| (p.place.layer, p.visible))
                .collect::<Vec<_>>(),
            [(Some(0), false), (Some(1), true)]
        );
        assert_eq!(first.confidence, Confidence::Proven);
        assert_eq!(second.places.len(), 1);
    }

    #[test]
    fn what_is_only_possible_is_not_worse_than_low() {
        let findings = gather_secrets(vec![found(1, 0, Confidence::Possible)]);
        assert_eq!(findings[0].severity(), Severity::Low);
    }
}
