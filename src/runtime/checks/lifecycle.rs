//! How a container lives: restarts, logs, health, the runtime that runs it.

use super::told::{Blind, Told, failed, fails, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::{Form, Role};

/// Runtimes that keep a container in as well as runc does, or better. Names of Kubernetes' classes are the cluster's own.
const RUNTIMES: &[&str] = &[
    "runc",
    "crun",
    "youki",
    "runsc",
    "gvisor",
    "kata",
    "sysbox",
    "sysbox-runc",
    "railcar",
];

/// Workloads whose pods are always restarted: there is nothing to choose.
const ALWAYS_RESTARTED: &[&str] = &[
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "ReplicationController",
];

/// Retries that CIS 5.15 allows.
const RETRIES: u64 = 5;

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-039",
            title: "Unusual runtime",
            severity: Severity::Negligible,
            cis: &[],
            nist: &["4.4.1"],
            pss: &[],
            why: "What keeps the container in is this program, and it is none of those that are looked at by many.",
            fix: "Review what the runtime leaves open.",
        },
        fields: &fields::RUNTIME,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(runtime(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-079",
            title: "Unbounded restart",
            severity: Severity::Low,
            cis: &["5.15"],
            nist: &["4.4.3"],
            pss: &[],
            why: "A container that crashes on every attempt is restarted for ever: it hides an attack, and takes the host's time.",
            fix: "Restart on failure, five times at most.",
        },
        fields: &fields::RESTART,
        lines: &wording::RESTART,
        on_windows: true,
        run: |subject| settle(restart(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-081",
            title: "No log size bound",
            severity: Severity::Low,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "The log grows until the host's disk is full.",
            fix: "Bound its size.",
        },
        fields: &fields::LOG,
        lines: &wording::LOG,
        on_windows: true,
        run: |subject| settle(log(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-156",
            title: "No health check",
            severity: Severity::Negligible,
            cis: &["4.6", "5.27"],
            nist: &["4.4.3"],
            pss: &[],
            why: "A container that hangs is taken for one that works.",
            fix: "Say how it is asked whether it works.",
        },
        fields: &fields::HEALTH,
        lines: &wording::HEALTH,
        on_windows: true,
        run: |subject| settle(health(subject)),
    },
];

fn runtime(subject: &Subject<'_>) -> Told {
    let named = said(&subject.spec.runtime)?.filter(|runtime| !runtime.value.trim().is_empty());
    let Some(runtime) = named else {
        return Ok(Outcome::Passed);
    };
    let name = runtime.value.rsplit('/').next().unwrap_or_default();
    let name = name.strip_prefix("io.containerd.").unwrap_or(name);
    let first = name.split(['.', '-']).next().unwrap_or(name);
    if RUNTIMES.contains(&name) || RUNTIMES.contains(&first) {
        return Ok(Outcome::Passed);
    }
    fails(
        format!("the runtime is `{}`", runtime.value),
        runtime.at.place(),
    )
}

fn restart(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.restart;
    let place = subject.place_of(setting);
    let Some(stated) = said(setting)? else {
        let kind = subject
            .spec
            .kubernetes
            .as_ref()
            .map(|pod| pod.kind.as_str());
        return match kind {
            Some("Pod") => failed(
                Failure::new("no policy is said, so it is always restarted", place)
                    .of_severity(Severity::Negligible),
            ),
            Some(kind) if ALWAYS_RESTARTED.contains(&kind) => Ok(Outcome::NotApplicable),
            _ if subject.form() == Form::Oci => Ok(Outcome::NotApplicable),
            _ => Ok(Outcome::Passed),
        };
    };
    let restart = &stated.value;
    match restart.policy.trim().to_ascii_lowercase().as_str() {
        "" | "no" | "never" | "none" | "false" | "on-success" => Ok(Outcome::Passed),
        policy if subject.is_kubernetes() => match policy {
            "always" => failed(
                Failure::new("it is always restarted", place).of_severity(Severity::Negligible),
            ),
            // Kubernetes waits longer each time.
            _ => Ok(Outcome::Passed),
        },
        "on-failure" | "onfailure" => match restart.max_retries {
            Some(1..=RETRIES) => Ok(Outcome::Passed),
            Some(retries) if retries > RETRIES => {
                fails(format!("on failure, {retries} times"), place)
            }
            _ => fails("on failure, without a limit", place),
        },
        _ => fails(format!("`{}`, without a limit", restart.policy), place),
    }
}

fn log(subject: &Subject<'_>) -> Told {
    if matches!(subject.form(), Form::Kubernetes | Form::Oci) {
        return Ok(Outcome::NotApplicable);
    }
    let setting = &subject.spec.log;
    let daemon = || Blind("the engine's own settings decide where the log goes".to_owned());
    let stated = said(setting)?.ok_or_else(daemon)?;
    let log = &stated.value;
    let is_bounded = log.options.iter().any(|(key, value)| {
        matches!(key.as_str(), "max-size" | "max_size") && !matches!(value.trim(), "" | "-1" | "0")
    });
    match log.driver.trim() {
        _ if is_bounded => Ok(Outcome::Passed),
        "" => Err(daemon()),
        driver @ ("json-file" | "k8s-file") => {
            fails(format!("{driver} without max-size"), stated.at.place())
        }
        _ => Ok(Outcome::Passed),
    }
}

fn health(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.health;
    if let Some(stated) = said(setting)? {
        return if stated.value.disabled {
            fails("the health check is switched off", stated.at.place())
        } else {
            Ok(Outcome::Passed)
        };
    }
    let kind = subject
        .spec
        .kubernetes
        .as_ref()
        .map(|pod| pod.kind.as_str());
    let is_short_lived =
        matches!(kind, Some("Job" | "CronJob")) || subject.spec.container.role != Role::Main;
    match (
        subject.form(),
        subject.image.and_then(|image| image.has_healthcheck),
    ) {
        (Form::Oci, _) => Ok(Outcome::NotApplicable),
        (Form::Kubernetes, _) if is_short_lived => Ok(Outcome::NotApplicable),
        // A kubelet does not look at the image's.
        (Form::Kubernetes, _) => fails("neither a liveness nor a readiness probe", subject.place()),
        (Form::Inspect, _) => fails("no health check", subject.place()),
        (_, Some(true)) => Ok(Outcome::Passed),
        (_, Some(false)) => fails("no health check, and the image has none", subject.place()),
        (_, None) => Err(Blind(
            "no health check is said, so the image decides: give --image or scan it".to_owned(),
        )),
    }
}
