//! Namespaces that are shared with the host or with others.

use super::told::{Told, failed, fails, judged, said, settle};
use super::{RuntimeCheck, Subject, Words, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::{Form, Namespace, Setting};

const NIST: &[&str] = &["4.4.3", "4.5.2"];
const PSS: &[&str] = &["baseline: hostNamespaces"];

const fn check(
    check: Check,
    fields: &'static Words,
    lines: &'static Words,
    run: fn(&Subject<'_>) -> Outcome,
) -> RuntimeCheck {
    RuntimeCheck {
        check,
        fields,
        lines,
        on_windows: false,
        run,
    }
}

pub(super) const CHECKS: &[RuntimeCheck] = &[
    check(
        Check {
            id: "PLM-R-030",
            title: "Host network namespace",
            severity: Severity::High,
            cis: &["5.10"],
            nist: &["4.4.2", "4.4.3"],
            pss: PSS,
            why: "It reaches every service that listens on the host alone, abstract sockets of the engine among them, and sees the host's traffic.",
            fix: "Give it a network of its own, and publish the ports that are needed.",
        },
        &fields::NETWORK,
        &wording::NETWORK,
        |subject| settle(host(subject, &subject.spec.namespaces.network, "network")),
    ),
    check(
        Check {
            id: "PLM-R-031",
            title: "Host PID namespace",
            severity: Severity::High,
            cis: &["5.16"],
            nist: NIST,
            pss: PSS,
            why: "It sees all processes of the host with their arguments, and as root signals them and reads their files by /proc/PID/root.",
            fix: "Remove it.",
        },
        &fields::PID,
        &wording::PID,
        |subject| settle(host(subject, &subject.spec.namespaces.pid, "processes")),
    ),
    check(
        Check {
            id: "PLM-R-032",
            title: "Host IPC namespace",
            severity: Severity::High,
            cis: &["5.17"],
            nist: NIST,
            pss: PSS,
            why: "Shared memory and semaphores of the host's processes can be read and written.",
            fix: "Remove it.",
        },
        &fields::IPC,
        &wording::IPC,
        |subject| settle(host(subject, &subject.spec.namespaces.ipc, "IPC")),
    ),
    check(
        Check {
            id: "PLM-R-033",
            title: "Host UTS namespace",
            severity: Severity::Medium,
            cis: &["5.21"],
            nist: NIST,
            pss: &[],
            why: "With the right capability it renames the host.",
            fix: "Remove it.",
        },
        &fields::UTS,
        &wording::UTS,
        |subject| settle(uts(subject)),
    ),
    check(
        Check {
            id: "PLM-R-034",
            title: "User namespace of the host",
            severity: Severity::High,
            cis: &["5.31"],
            nist: NIST,
            pss: &[],
            why: "uid 0 inside is uid 0 outside, although the engine would map it to a user without rights.",
            fix: "Leave the mapping on.",
        },
        &fields::USERNS,
        &wording::USERNS,
        |subject| settle(users(subject)),
    ),
    check(
        Check {
            id: "PLM-R-035",
            title: "Host cgroup namespace",
            severity: Severity::Low,
            cis: &["5.25"],
            nist: NIST,
            pss: &[],
            why: "It sees where it is in the host's tree of cgroups, and what else runs there.",
            fix: "Give it one of its own.",
        },
        &fields::CGROUPNS,
        &wording::CGROUPNS,
        |subject| settle(cgroup(subject)),
    ),
    check(
        Check {
            id: "PLM-R-036",
            title: "Namespace shared with another container",
            severity: Severity::Medium,
            cis: &["5.10", "5.16", "5.17"],
            nist: &["4.3.3", "4.4.3"],
            pss: &[],
            why: "The two are as safe as the weaker one: they share a network, memory, or can see and signal each other's processes.",
            fix: "Keep them apart, unless one is the other's helper.",
        },
        &fields::JOINED,
        &wording::JOINED,
        |subject| settle(joined(subject)),
    ),
    check(
        Check {
            id: "PLM-R-037",
            title: "Custom cgroup parent",
            severity: Severity::Low,
            cis: &["5.25"],
            nist: &["4.4.3"],
            pss: &[],
            why: "The limits of the engine's own parent do not hold for it.",
            fix: "Remove it.",
        },
        &fields::CGROUP_PARENT,
        &wording::CGROUP_PARENT,
        |subject| settle(cgroup_parent(subject)),
    ),
];

fn host(subject: &Subject<'_>, setting: &Setting<Namespace>, what: &str) -> Told {
    let is_said = said(setting)?.is_some();
    if !subject.is_host(setting) {
        return Ok(Outcome::Passed);
    }
    let detail = if is_said {
        format!("the host's {what}")
    } else {
        format!("no namespace is made, so the host's {what}")
    };
    fails(detail, subject.place_of(setting))
}

fn uts(subject: &Subject<'_>) -> Told {
    if subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    host(subject, &subject.spec.namespaces.uts, "name")
}

fn users(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.namespaces.user;
    let is_said = said(setting)?.is_some();
    let place = subject.place_of(setting);
    match subject.form() {
        // Both start without a mapping unless they are asked for one: worth knowing, no more.
        Form::Kubernetes if !is_said || subject.is_host(setting) => failed(
            Failure::new(
                "hostUsers is not false, so uid 0 inside is uid 0 of the node",
                place,
            )
            .of_severity(Severity::Negligible),
        ),
        Form::Oci if subject.is_host(setting) => failed(
            Failure::new("no user namespace is made", place).of_severity(Severity::Negligible),
        ),
        _ if subject.is_host(setting) => fails("the mapping of users is switched off", place),
        _ => Ok(Outcome::Passed),
    }
}

fn cgroup(subject: &Subject<'_>) -> Told {
    if subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    let setting = &subject.spec.namespaces.cgroup;
    let told = host(subject, setting, "cgroups")?;
    match told {
        // An engine on cgroup v1 does so by itself, and its answer does not tell the two apart.
        Outcome::Failed(failures) if subject.form() == Form::Inspect => Ok(Outcome::Failed(
            failures
                .into_iter()
                .map(|failure| failure.of_severity(Severity::Negligible))
                .collect(),
        )),
        told => Ok(told),
    }
}

fn joined(subject: &Subject<'_>) -> Told {
    let namespaces = &subject.spec.namespaces;
    let mut failures = Vec::new();
    let mut blind = None;
    for (setting, what) in [
        (&namespaces.network, "network"),
        (&namespaces.pid, "processes"),
        (&namespaces.ipc, "IPC"),
    ] {
        match said(setting) {
            Err(unknown) => blind = blind.or(Some(unknown)),
            Ok(Some(stated)) => match &stated.value {
                Namespace::Joined(other) => failures.push(Failure::new(
                    format!("{what} of `{other}`"),
                    stated.at.place(),
                )),
                Namespace::Shareable => failures.push(
                    Failure::new(format!("{what} that others may join"), stated.at.place())
                        .of_severity(Severity::Low),
                ),
                _ => {}
            },
            Ok(None) => {}
        }
    }
    if let Some(pod) = &subject.spec.kubernetes {
        match said(&pod.shares_processes) {
            Err(unknown) => blind = blind.or(Some(unknown)),
            Ok(Some(stated)) if stated.value => failures.push(Failure::new(
                "the containers of the pod share their processes",
                stated.at.place(),
            )),
            Ok(_) => {}
        }
    }
    judged(failures, blind)
}

fn cgroup_parent(subject: &Subject<'_>) -> Told {
    if matches!(subject.form(), Form::Kubernetes | Form::Oci) {
        return Ok(Outcome::NotApplicable);
    }
    match said(&subject.spec.cgroup_parent)?.filter(|parent| !parent.value.trim().is_empty()) {
        None => Ok(Outcome::Passed),
        Some(parent) => fails(
            format!("its cgroup is below `{}`", parent.value),
            parent.at.place(),
        ),
    }
}
