//! The checks of an image: one file for each family, one table of all.
//!
//! A check is a pure function of an [`ImageView`]. What the view does not tell is not evaluated, with the reason; it never passes for that.

mod accounts;
mod age;
mod base;
mod build;
mod caches;
mod capabilities;
mod config;
mod effective_root;
mod loading;
mod modes;
mod secrets;
mod start;
#[cfg(test)]
mod tests;
mod tools;
mod trust;
mod user;
mod writable;

use std::sync::LazyLock;

use super::ImageView;
use crate::model::{Check, CheckPlace, Checked, Failure, LayerPath, Outcome, Severity};

/// A check with what runs it.
#[derive(Clone, Copy, Debug)]
pub struct ImageCheck {
    /// What is known of it.
    pub check: Check,
    /// Looks at an image.
    pub run: fn(&ImageView) -> Outcome,
}

/// What tells a family's checks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The image's config: a root file system has none.
    ByConfig,
    /// The layers, or the config where there is one.
    ByLayers,
}

/// Families, in the order of their ids.
const FAMILIES: [(Told, &[ImageCheck]); 16] = [
    (Told::ByConfig, user::CHECKS),
    (Told::ByLayers, accounts::CHECKS),
    (Told::ByLayers, modes::CHECKS),
    (Told::ByLayers, capabilities::CHECKS),
    (Told::ByLayers, writable::CHECKS),
    (Told::ByLayers, loading::CHECKS),
    (Told::ByLayers, tools::CHECKS),
    (Told::ByLayers, caches::CHECKS),
    (Told::ByConfig, secrets::CHECKS),
    (Told::ByLayers, trust::CHECKS),
    (Told::ByConfig, build::CHECKS),
    (Told::ByConfig, config::CHECKS),
    (Told::ByConfig, start::CHECKS),
    (Told::ByLayers, age::CHECKS),
    (Told::ByConfig, base::CHECKS),
    (Told::ByConfig, effective_root::CHECKS),
];

static TABLE: LazyLock<Vec<ImageCheck>> =
    LazyLock::new(|| FAMILIES.map(|(_, checks)| checks).concat());

/// Every check of an image, by id.
pub fn checks() -> &'static [ImageCheck] {
    &TABLE
}

/// Runs every check, in the table's order.
pub fn run(view: &ImageView) -> Vec<Checked> {
    let told = FAMILIES
        .iter()
        .flat_map(|(told, checks)| checks.iter().map(move |_| *told));
    let all = checks().iter().zip(told);
    all.map(|(check, told)| Checked {
        check: &check.check,
        subject: None,
        outcome: outcome(check, told, view),
    })
    .collect()
}

/// A root file system has no config: what only a config says of it is not evaluated, and not taken for left out.
fn outcome(check: &ImageCheck, told: Told, view: &ImageView) -> Outcome {
    const NO_CONFIG: &str = "a root file system has no image config";
    if !view.has_config && told == Told::ByConfig {
        return Outcome::NotEvaluated(NO_CONFIG.to_owned());
    }
    (check.run)(view)
}

/// What a check of an image has unless it says otherwise: defects of the configuration (NIST SP 800-190, 3.1.2 and 4.1.2).
const IMAGE: Check = Check {
    id: "",
    title: "",
    severity: Severity::Low,
    cis: &[],
    nist: &["3.1.2", "4.1.2"],
    pss: &[],
    why: "",
    fix: "",
};
/// Secrets in clear text (NIST SP 800-190).
const NIST_SECRETS: &[&str] = &["3.1.4", "4.1.4"];
/// Vulnerabilities of the image (NIST SP 800-190).
const NIST_VULNERABILITIES: &[&str] = &["3.1.1", "4.1.1"];
/// Embedded malware, untrusted images (NIST SP 800-190).
const NIST_TRUST: &[&str] = &["3.1.3", "3.1.5", "4.1.3", "4.1.5"];

/// The place of a visible file.
fn at(view: &ImageView, path: &LayerPath, line: Option<u64>) -> CheckPlace {
    let layer = view.visible.get(path).map(|seen| seen.layer);
    CheckPlace {
        path: Some(path.clone()),
        layer,
        line,
        ..CheckPlace::default()
    }
}

/// A failure at a visible file.
fn file_failure(view: &ImageView, path: &LayerPath, detail: impl Into<String>) -> Failure {
    Failure::new(detail, at(view, path, None))
}

/// A failure of a part of the config.
fn config_failure(part: impl Into<String>, detail: impl Into<String>) -> Failure {
    Failure::new(detail, CheckPlace::config(part))
}
