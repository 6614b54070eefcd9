//! What a proof says. No time, no name of this machine, no number of a process: the same image, settings and engine give the same proof,
//! as far as the programs themselves behave the same.

use serde::{Deserialize, Serialize};

use super::observe::Observation;
use super::tests_inside::Tested;
use super::{Change, End, Relaxation, Settings, Symptom};
use crate::model::{CheckPlace, Checked, Failure, LayerPath, Outcome};

/// The image that was run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenImage {
    /// Its name as given.
    pub name: String,
    /// Its id: digest of the config, or of the manifest where the engine keeps images by that.
    pub id: String,
    /// Digests under which registries have it, `name@sha256:…`, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub digests: Vec<String>,
}

/// The engine that ran it. Not the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// `Docker` or `Podman`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// `1` or `2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup_version: Option<String>,
    /// What it says of its own confinement, sorted: `name=seccomp,profile=default`.
    pub security_options: Vec<String>,
}

impl EngineFacts {
    /// Whether one of its security options is of this name: `apparmor`, `userns`, `rootless`.
    pub fn has(&self, name: &str) -> bool {
        self.security_options.iter().any(|option| {
            let first = option.split(',').next().unwrap_or_default();
            first.strip_prefix("name=").unwrap_or(first) == name
        })
    }
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1.
    pub number: u32,
    /// What it was for: `as planned`, `with a writable root`, `without …`.
    pub purpose: String,
    /// How the start ended.
    pub end: End,
    /// How a second start on the same volumes ended, where there are volumes and the first was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_start: Option<End>,
    /// Denied operations that its log tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symptoms: Vec<Symptom>,
    /// Paths that it created or changed outside of volumes and tmpfs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub writes: Vec<LayerPath>,
    /// What was relaxed in answer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Change>,
    /// What could not be answered, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unanswered: Option<String>,
}

impl Round {
    /// Whether the container worked, both times.
    pub fn is_good(&self) -> bool {
        self.end.is_good() && self.second_start.as_ref().is_none_or(End::is_good)
    }
}

/// A check of the live container, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofCheck {
    /// Its id.
    pub id: String,
    /// `passed`, `failed`, `not-evaluated`, `not-applicable`.
    pub outcome: String,
    /// What is wrong, one for each place; or why it could not be told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// What was made on the engine, and whether all of it is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// Containers.
    pub containers: u64,
    /// Volumes, anonymous ones left out.
    pub volumes: u64,
    /// Networks.
    pub networks: u64,
    /// Whether all of it was removed again.
    pub removed: bool,
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The image.
    pub image: ProvenImage,
    /// The engine.
    pub engine: EngineFacts,
    /// The settings as run in the end.
    pub settings: Settings,
    /// How the last start ended.
    pub end: End,
    /// Relaxations that it needs, in the order in which they were found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relaxations: Vec<Relaxation>,
    /// Whether each relaxation was tried without, and is needed.
    #[serde(default)]
    pub minimal: bool,
    /// All tries, in order.
    pub rounds: Vec<Round>,
    /// What was seen inside; `None` if it did not stay up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observation: Option<Observation>,
    /// What was tried inside, and has to fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tests: Vec<Tested>,
    /// Every check, by id.
    pub checks: Vec<ProofCheck>,
    /// What was made and removed.
    pub made: Made,
}

impl Proof {
    /// Whether it works, and no check failed. Checks that could not be evaluated are not counted against it: see [`Proof::unevaluated`].
    pub fn holds(&self) -> bool {
        self.end.is_good() && self.checks.iter().all(|check| check.outcome != "failed")
    }

    /// Checks that could not be evaluated: gaps of the proof.
    pub fn unevaluated(&self) -> impl Iterator<Item = &ProofCheck> {
        self.checks
            .iter()
            .filter(|check| check.outcome == "not-evaluated")
    }

    /// The checks in the shape that all checks have. An id that this version does not know is left out.
    pub fn checked(&self) -> Vec<Checked> {
        let known = |id: &str| super::CHECKS.iter().find(|check| check.id == id);
        let shaped = |told: &ProofCheck| {
            let place = || CheckPlace {
                field: Some("container".to_owned()),
                ..CheckPlace::default()
            };
            let outcome = match told.outcome.as_str() {
                "passed" => Outcome::Passed,
                "not-applicable" => Outcome::NotApplicable,
                "failed" => Outcome::Failed(
                    told.details
                        .iter()
                        .map(|detail| Failure::new(detail.clone(), place()))
                        .collect(),
                ),
                _ => Outcome::NotEvaluated(told.details.join("; ")),
            };
            Some(Checked {
                check: known(&told.id)?,
                subject: Some(self.image.name.clone()),
                outcome,
            })
        };
        self.checks.iter().filter_map(shaped).collect()
    }
}
