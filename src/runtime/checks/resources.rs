//! What a container may use up.

use super::told::{Blind, Told, fails, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::Form;

const NIST: &[&str] = &["4.4.3"];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-075",
            title: "No memory limit",
            severity: Severity::Medium,
            cis: &["5.11"],
            nist: NIST,
            pss: &[],
            why: "One container can take all of the host's memory, and the kernel then ends processes of others.",
            fix: "Set a limit.",
        },
        fields: &fields::MEMORY,
        lines: &wording::MEMORY,
        on_windows: true,
        run: |subject| settle(memory(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-076",
            title: "No CPU limit or weight",
            severity: Severity::Low,
            cis: &["5.12"],
            nist: NIST,
            pss: &[],
            why: "One container can take all processors from the others.",
            fix: "Set a limit or a weight.",
        },
        fields: &fields::CPU,
        lines: &wording::CPU,
        on_windows: true,
        run: |subject| settle(cpu(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-077",
            title: "No process limit",
            severity: Severity::Medium,
            cis: &["5.29"],
            nist: NIST,
            pss: &[],
            why: "A fork bomb inside takes the host's process table.",
            fix: "Set a limit.",
        },
        fields: &fields::PIDS,
        lines: &wording::PIDS,
        on_windows: false,
        run: |subject| settle(pids(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-078",
            title: "OOM killer off or OOM score protected",
            severity: Severity::Medium,
            cis: &["5.11"],
            nist: NIST,
            pss: &[],
            why: "When memory runs out the kernel ends others first, the engine among them.",
            fix: "Remove the setting.",
        },
        fields: &fields::OOM,
        lines: &wording::OOM,
        on_windows: false,
        run: |subject| settle(oom(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-080",
            title: "Unlimited memlock or core ulimit",
            severity: Severity::Low,
            cis: &["5.19"],
            nist: NIST,
            pss: &[],
            why: "Locked memory cannot be taken back, and core files fill the disk with what was in memory, secrets among it.",
            fix: "Bound it.",
        },
        fields: &fields::ULIMITS,
        lines: &wording::ULIMIT,
        on_windows: false,
        run: ulimits,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-082",
            title: "Swap unlimited",
            severity: Severity::Negligible,
            cis: &["5.11"],
            nist: NIST,
            pss: &[],
            why: "A limit of memory is then none: the rest goes to the host's swap.",
            fix: "Set it to the same as the memory.",
        },
        fields: &fields::SWAP,
        lines: &wording::SWAP,
        on_windows: false,
        run: |subject| settle(swap(subject)),
    },
];

fn memory(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.limits.memory;
    match said(setting)? {
        Some(limit) if limit.value > 0 => Ok(Outcome::Passed),
        Some(limit) => fails("the limit is 0, which is none", limit.at.place()),
        None => fails("no limit is set", subject.place()),
    }
}

fn cpu(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.limits.cpu;
    match said(setting)? {
        Some(limit) if is_some_cpu(&limit.value) => Ok(Outcome::Passed),
        Some(limit) => fails("the limit is 0, which is none", limit.at.place()),
        None => fails("neither a limit nor a weight is set", subject.place()),
    }
}

/// Whether a limit as written is more than nothing: `0`, `0.0`, `0m` and `-1` are none. A set of processors is one, processor 0 alone, too.
fn is_some_cpu(text: &str) -> bool {
    let text = text.trim();
    let has_digit = text.chars().any(|c| matches!(c, '1'..='9'));
    text.contains("cpuset") || (has_digit && !text.starts_with('-'))
}

fn pids(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.limits.pids;
    match said(setting)? {
        Some(limit) if limit.value > 0 => Ok(Outcome::Passed),
        Some(limit) => fails(
            format!("the limit is {}, which is none", limit.value),
            limit.at.place(),
        ),
        None => match subject.form() {
            Form::Kubernetes => Err(Blind(
                "the kubelet's podPidsLimit decides, which no manifest says".to_owned(),
            )),
            Form::Quadlet => Err(Blind(
                "the host's containers.conf decides; Podman's own default is 2048".to_owned(),
            )),
            _ => fails("no limit is set", subject.place()),
        },
    }
}

fn oom(subject: &Subject<'_>) -> Told {
    if subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    let limits = &subject.spec.limits;
    let mut failures = Vec::new();
    let mut blind = None;
    match said(&limits.oom_kill_disable) {
        Err(unknown) => blind = Some(unknown),
        Ok(Some(stated)) if stated.value => {
            failures.push(Failure::new("the OOM killer is off", stated.at.place()));
        }
        Ok(_) => {}
    }
    match said(&limits.oom_score_adj) {
        Err(unknown) => blind = blind.or(Some(unknown)),
        Ok(Some(stated)) if stated.value < 0 => failures.push(Failure::new(
            format!(
                "the OOM score is lowered by {}",
                stated.value.unsigned_abs()
            ),
            stated.at.place(),
        )),
        Ok(_) => {}
    }
    judged(failures, blind)
}

fn ulimits(subject: &Subject<'_>) -> Outcome {
    if subject.is_kubernetes() {
        return Outcome::NotApplicable;
    }
    let failures = subject.spec.limits.ulimits.iter().filter_map(|limit| {
        let name = limit.name.to_ascii_lowercase();
        let name = name.strip_prefix("rlimit_").unwrap_or(&name);
        let is_none = |value: i64| value < 0 || value == i64::MAX;
        let is_unlimited = is_none(limit.soft) || is_none(limit.hard);
        (matches!(name, "memlock" | "core") && is_unlimited)
            .then(|| Failure::new(format!("{name} is unlimited"), limit.at.place()))
    });
    Outcome::of(failures.collect())
}

fn swap(subject: &Subject<'_>) -> Told {
    if subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    match said(&subject.spec.limits.memory_swap)?.filter(|swap| swap.value < 0) {
        None => Ok(Outcome::Passed),
        Some(swap) => fails("swap has no limit", swap.at.place()),
    }
}
