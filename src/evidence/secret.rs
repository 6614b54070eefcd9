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
    /// The build instruction that brought it, if it is known.
    pub instruction: Option<String>,
    /// Whether the running container sees it.
    pub visible: bool,
    /// The package of the distribution that brought the file just so: its content is known to everyone.
    pub owner: Option<String>,
    /// Why an exception accepts it.
    pub accepted: Option<String>,
}

/// Makes one finding of each secret, with all its places in order. A secret without a fingerprint can be told from others
/// only by where it is.
///
/// What is only possible is not worse than low: the rule's severity speaks of a secret that is one. What a package of the
/// distribution brings is no secret of this image: it is possible and negligible, as long as it is nowhere else.
pub fn gather_secrets(found: Vec<FoundSecret>) -> Vec<Finding> {
    let mut findings: BTreeMap<_, SecretFinding> = BTreeMap::new();
    for found in found {
        let FoundSecret { hit, place, .. } = found;
        let (severity, confidence) = match found.owner {
            Some(_) => (Severity::Negligible, Confidence::Possible),
            None => (hit.severity, hit.confidence),
        };
        let finding = findings
            .entry((
                hit.rule.clone(),
                hit.fingerprint,
                hit.fingerprint
                    .is_none()
                    .then(|| (place.clone(), hit.member.clone())),
            ))
            .or_insert_with(|| SecretFinding {
                rule: hit.rule,
                title: hit.title,
                severity,
                confidence,
                redacted: hit.redacted,
                fingerprint: hit.fingerprint,
                places: Vec::new(),
                remedy: hit.remedy,
                removal: String::new(),
            });
        finding.confidence = finding.confidence.max(confidence);
        finding.severity = finding.severity.max(severity);
        finding.places.push(SecretPlace {
            recoverable_from: place.layer.filter(|_| !found.visible),
            place,
            member: hit.member,
            instruction: found.instruction,
            visible: found.visible,
            owner: found.owner,
            accepted: found.accepted,
        });
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
    finding.removal = removal(&finding.places);
    finding
}

/// How the build keeps it out, by where it is.
fn removal(places: &[SecretPlace]) -> String {
    let in_config = |kinds: &[&str]| {
        let part = |place: &SecretPlace| {
            let config = place.place.config.as_deref().unwrap_or_default();
            kinds.iter().any(|kind| config.starts_with(kind))
        };
        places.iter().any(part)
    };
    let in_layers = || places.iter().any(|place| place.place.layer.is_some());
    let is_hidden = places.iter().any(|place| place.recoverable_from.is_some());
    let mut ways = Vec::new();
    if is_hidden {
        ways.push("deleting it in a later layer does not take it out: build in stages and copy only the result, or mount it with `RUN --mount=type=secret`");
    } else if in_layers() {
        ways.push("keep it out of the build context (.dockerignore), mount it with `RUN --mount=type=secret`, and hand it to the container at run time");
    }
    if in_config(&[
        "env",
        "label",
        "onbuild",
        "healthcheck",
        "entrypoint",
        "cmd",
    ]) {
        ways.push("take it out of the Dockerfile's instruction, and hand it over at run time (an environment file, a mounted secret)");
    }
    if in_config(&["history"]) {
        ways.push("build arguments and commands stay in the history: use `RUN --mount=type=secret`, and build anew");
    }
    ways.join("; ")
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
            instruction: None,
            visible: layer == 1,
            owner: None,
            accepted: None,
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

    #[test]
    fn what_a_package_brings_is_negligible_unless_it_is_elsewhere_too() {
        let owned = |layer| FoundSecret {
            owner: Some("gnutls-bin".into()),
            ..found(1, layer, Confidence::Proven)
        };
        let findings = gather_secrets(vec![owned(1)]);
        assert_eq!(findings[0].severity(), Severity::Negligible);
        let findings = gather_secrets(vec![owned(1), found(1, 0, Confidence::Proven)]);
        assert_eq!(findings[0].severity(), Severity::High);
    }

    #[test]
    fn a_hidden_place_says_which_layer_gives_it_away_and_how_to_build_without_it() {
        let findings = gather_secrets(vec![found(1, 0, Confidence::Likely)]);
        let Finding::Secret(finding) = &findings[0] else {
            panic!("{findings:?}")
        };
        assert_eq!(finding.places[0].recoverable_from, Some(0));
        assert!(finding.removal.contains("--mount=type=secret"));
    }

    #[test]
    fn a_finding_is_accepted_when_all_its_places_are() {
        let accepted = |layer| FoundSecret {
            accepted: Some("ours".into()),
            ..found(1, layer, Confidence::Likely)
        };
        assert!(gather_secrets(vec![accepted(0), accepted(1)])[0].is_accepted());
        let one_of_two = vec![accepted(0), found(1, 1, Confidence::Likely)];
        assert!(!gather_secrets(one_of_two)[0].is_accepted());
    }
}
