//! The checks of runtime settings: `PLM-R-nnn`.
//!
//! What comes in: one [`Subject`]. What goes out: one [`Checked`] for every check, in the order of their ids. A check never asks anything
//! of the machine it runs on. The numbers follow the catalogue: `PLM-R-001` to `PLM-R-099` are about the settings, from 101 on about
//! what the image and its settings make together.
//!
//! Three rules hold for all of them. What is not said is judged by what the form's own engine does then. What cannot be told is not
//! evaluated, with its reason. Of a privileged container the checks of capabilities, seccomp, AppArmor, SELinux, masked paths and
//! devices are not evaluated: nothing that is written of these holds, and `PLM-R-001` says what holds instead.

mod account;
mod capabilities;
mod command;
mod confinement;
mod devices;
mod fields;
mod files;
pub mod host_paths;
mod image;
mod image_facts;
mod kubernetes;
mod lifecycle;
mod mounts;
mod namespaces;
mod network;
mod page;
mod privilege;
mod resources;
mod seccomp_profile;
mod secrets;
mod subject;
mod told;
mod user;
mod wording;

use std::sync::LazyLock;

use crate::model::{Check, Checked, Outcome};
use crate::runtime::Form;

pub(super) use devices::is_host_itself;
pub use image_facts::{FolderFacts, ImageFacts};
pub use page::page;
pub use subject::{SecretKind, Subject};

/// One text for each form; empty where a form has no such thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// `docker run`, `podman run`.
    pub docker_run: &'static str,
    /// `docker inspect`.
    pub inspect: &'static str,
    /// Compose.
    pub compose: &'static str,
    /// Kubernetes.
    pub kubernetes: &'static str,
    /// Podman quadlet.
    pub quadlet: &'static str,
    /// OCI `config.json`.
    pub oci: &'static str,
}

impl Words {
    /// The text for one form.
    pub const fn of(&self, form: Form) -> &'static str {
        match form {
            Form::DockerRun => self.docker_run,
            Form::Inspect => self.inspect,
            Form::Compose => self.compose,
            Form::Kubernetes => self.kubernetes,
            Form::Quadlet => self.quadlet,
            Form::Oci => self.oci,
        }
    }
}

/// A check of runtime settings.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeCheck {
    /// What is known of it before it runs.
    pub check: Check,
    /// The setting that it looks at, in each form's own words.
    pub fields: &'static Words,
    /// The line that mends it, in each form's own words; empty where there is no single one.
    pub lines: &'static Words,
    /// Whether it is about Windows containers, too.
    pub on_windows: bool,
    /// Looks.
    pub run: fn(&Subject<'_>) -> Outcome,
}

static CHECKS: LazyLock<Vec<RuntimeCheck>> = LazyLock::new(|| {
    let families: [&[RuntimeCheck]; 15] = [
        privilege::CHECKS,
        capabilities::CHECKS,
        confinement::CHECKS,
        files::CHECKS,
        namespaces::CHECKS,
        mounts::CHECKS,
        devices::CHECKS,
        network::CHECKS,
        resources::CHECKS,
        lifecycle::CHECKS,
        secrets::CHECKS,
        command::CHECKS,
        kubernetes::CHECKS,
        user::CHECKS,
        image::CHECKS,
    ];
    let mut all: Vec<RuntimeCheck> = families.concat();
    all.sort_by_key(|check| check.check.id);
    all
});

/// Every check, by id.
pub fn checks() -> &'static [RuntimeCheck] {
    &CHECKS
}

/// Runs every check, in the order of their ids.
pub fn run(subject: &Subject<'_>) -> Vec<Checked> {
    let one = |check: &'static RuntimeCheck| Checked {
        check: &check.check,
        subject: Some(subject.spec.container.name.clone()),
        outcome: outcome(check, subject),
    };
    checks().iter().map(one).collect()
}

fn outcome(check: &RuntimeCheck, subject: &Subject<'_>) -> Outcome {
    if subject.is_windows() && !check.on_windows {
        return Outcome::NotApplicable;
    }
    let line = check.lines.of(subject.form());
    match (check.run)(subject) {
        Outcome::Failed(mut failures) => {
            failures.sort();
            failures.dedup();
            for failure in &mut failures {
                if failure.fix.is_none() && !line.is_empty() {
                    failure.fix = Some(line.to_owned());
                }
            }
            Outcome::of(failures)
        }
        other => other,
    }
}

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
