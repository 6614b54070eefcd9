//! The Pod Security Standards, control by control.
//!
//! What comes in: a pod as Kubernetes sees it, a level, a version of the policy. What goes out: one [`Control`] for each check that
//! upstream evaluates there, with upstream's own identifier. The semantics are those of `k8s.io/pod-security-admission/policy`, field by
//! field; each rule names the file there. Nothing of ours is added: a limit or an image's tag is no part of the standards.
//!
//! A value that cannot be told (a template, a wrong type) is never taken for safe, and never for a violation: the control is then not
//! evaluated.

mod baseline;
mod profiles;
mod restricted;
mod rules;
mod subject;
mod version;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::runtime::{Pod, Spot};

pub use rules::ids;
pub use version::{Version, VersionError};

/// A level of the standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything is allowed.
    Privileged,
    /// Known ways to more rights are closed.
    Baseline,
    /// Hardened: everything of baseline, and more.
    Restricted,
}

impl Level {
    /// The word of the label `pod-security.kubernetes.io/enforce`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one check of the standards came to for one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Upstream's identifier: `hostNamespaces`, `capabilities_restricted`.
    pub id: &'static str,
    /// What it allows, for people.
    pub allows: &'static str,
    /// The level that it belongs to, which is not above the level asked for.
    pub level: Level,
    /// Whether the pod is as the check wants it. False also where it could not be evaluated.
    pub allowed: bool,
    /// Who says what, and what is allowed, for people; empty where it is allowed.
    pub detail: String,
    /// Each place that is not as it should be, by container.
    pub violations: Vec<Violation>,
    /// The places of the violations; where a field is left out, of what it would stand in.
    pub places: Vec<Spot>,
    /// Why it could not be evaluated, where it could not.
    pub not_evaluated: Option<String>,
    /// The check of the level asked for that upstream evaluates in its stead. It then fails, too: where it allows the pod, this control
    /// is left out of the result, as it is there.
    pub overridden_by: Option<&'static str>,
}

impl Control {
    /// Whether the pod violates the check, told for certain.
    pub const fn is_violated(&self) -> bool {
        !self.allowed && self.not_evaluated.is_none()
    }
}

/// One field of a pod that a check does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The container's name; `None`: the pod itself.
    pub container: Option<String>,
    /// The field, from the container or from the pod's spec: `securityContext.privileged`.
    pub field: String,
    /// Its value; `None`: it is not set.
    pub value: Option<String>,
    /// Where.
    pub at: Spot,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.container {
            Some(name) => write!(f, "container {name}: ")?,
            None => f.write_str("pod: ")?,
        }
        match &self.value {
            Some(value) => write!(f, "{} is {value:?}", self.field),
            None => write!(f, "{} is not set", self.field),
        }
    }
}

/// Evaluates a pod: every check that this version has for this level, baseline first, each level by identifier.
///
/// The pod meets the level if every control is allowed. The level `privileged` has no control.
pub fn evaluate(pod: &Pod, level: Level, version: Version) -> Vec<Control> {
    rules::evaluate(pod, level, version)
}
