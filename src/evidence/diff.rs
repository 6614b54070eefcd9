//! Two pieces of evidence held against each other: what is fixed, what is new, what changed, and why.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Evidence, Finding};
use crate::model::{Gap, Severity};

/// What changed between two pieces of evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// `plimsoll.comparison/v1`.
    pub schema: &'static str,
    /// What the first is about.
    pub from: String,
    /// What the second is about.
    pub to: String,
    /// Which inputs differ; none: the two are about the same.
    pub inputs: Vec<Input>,
    /// In the second and not in the first.
    pub new: Vec<Difference>,
    /// In the first and not in the second.
    pub fixed: Vec<Difference>,
    /// In both, but worse, milder, or with another way out.
    pub changed: Vec<Change>,
    /// How many are the same.
    pub unchanged: usize,
    /// Gaps that only the second has.
    pub new_gaps: Vec<Gap>,
    /// Gaps that only the first has.
    pub closed_gaps: Vec<Gap>,
}

/// What evidence is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The image, or the settings.
    Subject,
    /// The advisories.
    Advisories,
    /// What was looked for, and what counts.
    Policy,
    /// Plimsoll, or what it can find.
    Tool,
}

impl Input {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subject => "image",
            Self::Advisories => "advisories",
            Self::Policy => "policy",
            Self::Tool => "Plimsoll",
        }
    }
}

/// A finding that only one of the two has.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Why: told where it can be told.
    pub cause: Cause,
    /// The finding.
    pub finding: Finding,
}

/// Why a finding came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The package came, went, or is there in another version; the secret, file or setting is another.
    Image,
    /// The package is the same in both: the advisories say something else of it.
    Advisories,
    /// It was looked for in one only.
    Policy,
    /// Nothing else differs: another Plimsoll sees other things.
    Tool,
}

impl Cause {
    /// For people: `the advisories changed`.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Image => "the image changed",
            Self::Advisories => "the advisories changed",
            Self::Policy => "the policy changed",
            Self::Tool => "Plimsoll changed",
        }
    }
}

/// A finding that both have, and that is not the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// How bad it was.
    pub was: Severity,
    /// What else differs, in words: `fixed in 3.0.2 (was: no fix)`.
    pub what: Vec<String>,
    /// The finding as it is now.
    pub finding: Finding,
}

/// Holds `to` against `from`.
pub fn compare(from: &Evidence, to: &Evidence) -> Comparison {
    let inputs = inputs(from, to);
    let (before, after) = (by_key(from), by_key(to));
    let missing_in =
        |these: &BTreeMap<Key, &Finding>, others: &BTreeMap<Key, &Finding>, other: &Evidence| {
            let only = these.iter().filter(|(key, _)| !others.contains_key(*key));
            let mut only: Vec<Difference> = only
                .map(|(_, finding)| Difference {
                    cause: cause(finding, other, &inputs),
                    finding: (*finding).clone(),
                })
                .collect();
            only.sort_by_cached_key(|difference| difference.finding.order());
            only
        };
    let both = after
        .iter()
        .filter_map(|(key, now)| Some((*before.get(key)?, *now)));
    let (mut changed, mut unchanged) = (Vec::new(), 0);
    for (was, now) in both {
        match change(was, now) {
            Some(change) => changed.push(change),
            None => unchanged += 1,
        }
    }
    changed.sort_by_cached_key(|change| change.finding.order());
    let only = |these: &[Gap], others: &[Gap]| {
        these
            .iter()
            .filter(|gap| !others.iter().any(|other| same_gap(gap, other)))
            .cloned()
            .collect()
    };
    Comparison {
        schema: "plimsoll.comparison/v1",
        from: from.subject.name.clone(),
        to: to.subject.name.clone(),
        new: missing_in(&after, &before, from),
        fixed: missing_in(&before, &after, to),
        changed,
        unchanged,
        new_gaps: only(&to.gaps, &from.gaps),
        closed_gaps: only(&from.gaps, &to.gaps),
        inputs,
    }
}

/// A gap is the same in another layer, too: a build makes layers anew.
fn same_gap(one: &Gap, other: &Gap) -> bool {
    one.kind == other.kind && one.path == other.path && one.detail == other.detail
}

fn inputs(from: &Evidence, to: &Evidence) -> Vec<Input> {
    let snapshot = |evidence: &Evidence| {
        let advisories = evidence.advisories.as_ref();
        (advisories.map(|known| known.snapshot), evidence.as_of_date)
    };
    let digests = |evidence: &Evidence| {
        let layers: Vec<_> = evidence
            .subject
            .layers
            .iter()
            .map(|layer| layer.diff_id)
            .collect();
        let settings: Vec<_> = evidence
            .settings
            .iter()
            .map(|settings| settings.digest)
            .collect();
        (
            evidence.subject.config_digest,
            layers,
            settings,
            evidence.subject.sbom.as_ref().map(|sbom| sbom.digest),
        )
    };
    let differs = [
        (Input::Subject, digests(from) != digests(to)),
        (Input::Advisories, snapshot(from) != snapshot(to)),
        (Input::Policy, from.policy != to.policy),
        (Input::Tool, from.tool != to.tool),
    ];
    differs
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(input, _)| input)
        .collect()
}

/// What makes two findings the same one: neither version, layer nor line.
type Key = (&'static str, String, String);

fn key(finding: &Finding) -> Key {
    match finding {
        Finding::Vulnerability(found) => {
            let path = found.place.path.as_ref().map_or("", |path| path.as_str());
            // A database has many packages; of a package with a place of its own, each place counts.
            let apart = if found.removed_in.is_some() {
                format!("deleted\n{path}")
            } else {
                path.to_owned()
            };
            (
                "vulnerability",
                found.id.clone(),
                format!("{}\n{apart}", found.name),
            )
        }
        Finding::Secret(found) => {
            let which = found.fingerprint.map_or_else(
                || found.redacted.clone(),
                |fingerprint| fingerprint.to_string(),
            );
            ("secret", found.rule.clone(), which)
        }
        Finding::Integrity(found) => {
            let path = found.place.path.as_ref().map_or("", |path| path.as_str());
            ("integrity", found.owner.clone(), path.to_owned())
        }
        Finding::Posture(found) => {
            let subject = found.subject.clone().unwrap_or_default();
            (
                "posture",
                found.check.clone(),
                format!("{subject}\n{}", found.severity),
            )
        }
    }
}

fn by_key(evidence: &Evidence) -> BTreeMap<Key, &Finding> {
    evidence
        .findings
        .iter()
        .map(|finding| (key(finding), finding))
        .collect()
}

/// Why a finding is not in the other evidence.
fn cause(finding: &Finding, other: &Evidence, inputs: &[Input]) -> Cause {
    let differs = |input| inputs.contains(&input);
    let is_in_other = match finding {
        Finding::Vulnerability(found) => other.packages.iter().any(|record| {
            record.package.name == found.name && record.package.version == found.version
        }),
        Finding::Secret(_) => !differs(Input::Subject) || !other.policy.secrets,
        Finding::Integrity(_) => !differs(Input::Subject) || !other.policy.integrity,
        Finding::Posture(_) => !differs(Input::Subject) || !other.policy.posture,
    };
    let is_of_advisories = matches!(finding, Finding::Vulnerability(_));
    match is_in_other {
        false if differs(Input::Subject) => Cause::Image,
        _ if is_of_advisories && differs(Input::Advisories) => Cause::Advisories,
        _ if differs(Input::Policy) => Cause::Policy,
        _ if differs(Input::Tool) => Cause::Tool,
        _ => Cause::Image,
    }
}

fn change(was: &Finding, now: &Finding) -> Option<Change> {
    let mut what = Vec::new();
    let (before, after) = (was.severity(), now.severity());
    if before != after {
        what.push(format!("{after} (was {before})"));
    }
    if let (Finding::Vulnerability(was), Finding::Vulnerability(now)) = (was, now) {
        let fix = |version: &Option<String>| version.clone().unwrap_or_else(|| "no fix".to_owned());
        if was.version != now.version {
            what.push(format!("version {} (was {})", now.version, was.version));
        }
        if was.fixed_version != now.fixed_version {
            what.push(format!(
                "fixed in {} (was {})",
                fix(&now.fixed_version),
                fix(&was.fixed_version)
            ));
        }
        if was.exploited.is_none() && now.exploited.is_some() {
            what.push("now known to be exploited".to_owned());
        }
    }
    if let (Finding::Posture(was), Finding::Posture(now)) = (was, now) {
        let details = |places: &[super::PosturePlace]| {
            places
                .iter()
                .map(|place| place.detail.clone())
                .collect::<Vec<_>>()
        };
        if details(&was.places) != details(&now.places) {
            what.push(format!(
                "{} places (was {})",
                now.places.len(),
                was.places.len()
            ));
        }
    }
    (!what.is_empty()).then(|| Change {
        was: before,
        what,
        finding: now.clone(),
    })
}
