//! A check of the container boundary, and what it came to: one shape for images, runtime settings and live containers.

use serde::{Deserialize, Serialize};

use super::{LayerPath, Severity};

/// What is known of a check before it runs. Checks are constants: one value each, in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Public and stable: `PLM-I-001` of an image, `PLM-R-001` of runtime settings, `PLM-L-001` of a live container.
    pub id: &'static str,
    /// What is wrong when it fails, in a few words: `Image starts as root`.
    pub title: &'static str,
    /// How bad a failure is, unless the failure itself says otherwise.
    pub severity: Severity,
    /// Recommendations of the CIS Docker Benchmark 1.6: `4.1`.
    pub cis: &'static [&'static str],
    /// Sections of NIST SP 800-190: `4.1.2`.
    pub nist: &'static [&'static str],
    /// Controls of the Pod Security Standards, level first: `restricted: runAsNonRoot`.
    pub pss: &'static [&'static str],
    /// What an attacker gains, in a sentence or two.
    pub why: &'static str,
    /// What to write instead.
    pub fix: &'static str,
}

/// What a check came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was looked at, and is as it should be.
    Passed,
    /// It is not: one failure for each place.
    Failed(Vec<Failure>),
    /// It could not be told, and why: an unknown variable, an image without history, an engine that does not say.
    NotEvaluated(String),
    /// There is nothing that it could be about: a published port where there is no network.
    NotApplicable,
}

impl Outcome {
    /// Passed, unless there are failures.
    pub fn of(failures: Vec<Failure>) -> Self {
        if failures.is_empty() {
            Self::Passed
        } else {
            Self::Failed(failures)
        }
    }

    /// The public name: `passed`, `failed`, `not-evaluated`, `not-applicable`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed(_) => "failed",
            Self::NotEvaluated(_) => "not-evaluated",
            Self::NotApplicable => "not-applicable",
        }
    }
}

/// One place where a check fails.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// What is there: `USER is not set, so uid 0`. Never with a value that could be a secret.
    pub detail: String,
    /// Where.
    pub place: CheckPlace,
    /// A severity of its own, where this place is better or worse than the check's.
    pub severity: Option<Severity>,
    /// What to write instead, where that can be said more closely than the check does.
    pub fix: Option<String>,
}

impl Failure {
    /// A failure with the check's own severity and fix.
    pub fn new(detail: impl Into<String>, place: CheckPlace) -> Self {
        Self {
            detail: detail.into(),
            place,
            severity: None,
            fix: None,
        }
    }

    /// The same, this bad.
    #[must_use]
    pub fn of_severity(self, severity: Severity) -> Self {
        Self {
            severity: Some(severity),
            ..self
        }
    }

    /// The same, with a fix of its own.
    #[must_use]
    pub fn with_fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }
}

/// Where a check looked. An image's place is a file of a layer or a part of the config; a runtime setting's is a field, and a line
/// where the form has lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckPlace {
    /// The file inside the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<LayerPath>,
    /// Index of the layer that brought it, 0 is the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// The part of the image's config: `user`, `env PATH`, `history 3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The file of settings, as the user named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The field of the settings: `services.web.cap_add[0]`, `--cap-add`, `HostConfig.CapAdd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line, from 1: of the settings, or of the file inside the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
}

impl CheckPlace {
    /// A part of the image's config.
    pub fn config(part: impl Into<String>) -> Self {
        Self {
            config: Some(part.into()),
            ..Self::default()
        }
    }

    /// A file of a layer.
    pub fn file_of_layer(path: LayerPath, layer: usize, line: Option<u64>) -> Self {
        Self {
            path: Some(path),
            layer: Some(layer),
            line,
            ..Self::default()
        }
    }
}

/// A check with what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The check.
    pub check: &'static Check,
    /// What it was about: `None` for the image itself, the name of a container otherwise.
    pub subject: Option<String>,
    /// What it came to.
    pub outcome: Outcome,
}
