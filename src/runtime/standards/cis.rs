//! Section 5 of the CIS Docker Benchmark 1.6, container runtime: each recommendation with what the checks came to.
//!
//! A recommendation is decided by the checks that are about it and nothing more. Others that name it in their references (a tmpfs without
//! a size beside the limit of memory) are findings of their own, and do not fail it.

use crate::model::{Checked, Outcome, Severity};

/// A recommendation with what it came to, over all containers that were checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CisRow<'a> {
    /// Its number: `5.4`.
    pub number: &'static str,
    /// What it asks for, in our words.
    pub title: &'static str,
    /// What it came to.
    pub result: CisResult,
    /// The checks that failed it; for one that was not evaluated those that could not be told.
    pub because: Vec<&'a Checked>,
    /// Why, where no check says it: a matter of the host, a privileged container.
    pub reason: Option<&'static str>,
}

/// What a recommendation came to. One container that fails it fails it for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CisResult {
    /// It holds for all.
    Passed,
    /// It does not.
    Failed,
    /// It could not be told for at least one, and holds for the others.
    NotEvaluated,
    /// There is nothing that it could be about.
    NotApplicable,
}

impl CisResult {
    /// The public name, as that of an outcome.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotEvaluated => "not-evaluated",
            Self::NotApplicable => "not-applicable",
        }
    }
}

struct Recommendation {
    number: &'static str,
    title: &'static str,
    /// The checks that decide it.
    checks: &'static [&'static str],
    /// Where none does: what it is about.
    elsewhere: Option<(CisResult, &'static str)>,
}

const fn row(
    number: &'static str,
    title: &'static str,
    checks: &'static [&'static str],
) -> Recommendation {
    Recommendation {
        number,
        title,
        checks,
        elsewhere: None,
    }
}

const EXEC: (CisResult, &str) = (
    CisResult::NotEvaluated,
    "sessions of exec are no part of the settings",
);

const SECTION: &[Recommendation] = &[
    Recommendation {
        number: "5.1",
        title: "Swarm mode is off unless it is used",
        checks: &[],
        elsewhere: Some((CisResult::NotApplicable, "a setting of the host")),
    },
    row("5.2", "An AppArmor profile is on", &["PLM-R-013"]),
    row("5.3", "SELinux labels are on", &["PLM-R-014"]),
    row(
        "5.4",
        "Capabilities are restricted to what is needed",
        &["PLM-R-002", "PLM-R-003", "PLM-R-004", "PLM-R-005"],
    ),
    row("5.5", "No privileged container", &["PLM-R-001"]),
    row(
        "5.6",
        "No sensitive folder of the host is mounted",
        &[
            "PLM-R-051",
            "PLM-R-052",
            "PLM-R-053",
            "PLM-R-054",
            "PLM-R-056",
        ],
    ),
    row("5.7", "No SSH server runs inside", &["PLM-R-145"]),
    row(
        "5.8",
        "No port below 1024 of the host is used",
        &["PLM-R-070"],
    ),
    row("5.9", "Only ports that are needed are open", &["PLM-R-072"]),
    row("5.10", "The host's network is not shared", &["PLM-R-030"]),
    row("5.11", "Memory is limited", &["PLM-R-075"]),
    row("5.12", "Processors are shared out", &["PLM-R-076"]),
    row("5.13", "The root file system is read-only", &["PLM-R-017"]),
    row(
        "5.14",
        "Traffic comes in by one interface of the host",
        &["PLM-R-071"],
    ),
    row(
        "5.15",
        "It is restarted on failure, five times at most",
        &["PLM-R-079"],
    ),
    row(
        "5.16",
        "The host's processes are not shared",
        &["PLM-R-031"],
    ),
    row("5.17", "The host's IPC is not shared", &["PLM-R-032"]),
    row(
        "5.18",
        "No device of the host is passed in",
        &["PLM-R-058", "PLM-R-059"],
    ),
    row("5.19", "Ulimits are no wider than needed", &["PLM-R-080"]),
    row("5.20", "No mount is propagated to the host", &["PLM-R-057"]),
    row("5.21", "The host's name is not shared", &["PLM-R-033"]),
    row(
        "5.22",
        "The seccomp filter is on",
        &["PLM-R-010", "PLM-R-011", "PLM-R-012"],
    ),
    Recommendation {
        number: "5.23",
        title: "exec is not used with --privileged",
        checks: &[],
        elsewhere: Some(EXEC),
    },
    Recommendation {
        number: "5.24",
        title: "exec is not used as root",
        checks: &[],
        elsewhere: Some(EXEC),
    },
    row("5.25", "The cgroup is the engine's own", &["PLM-R-037"]),
    row("5.26", "No new privileges can be gained", &["PLM-R-009"]),
    row("5.27", "Health is checked", &["PLM-R-156"]),
    row("5.28", "The version of the image is known", &["PLM-R-104"]),
    row("5.29", "The number of processes is limited", &["PLM-R-077"]),
    row("5.30", "The default bridge is not used", &["PLM-R-038"]),
    row(
        "5.31",
        "The host's user namespace is not shared",
        &["PLM-R-034"],
    ),
    row(
        "5.32",
        "The engine's socket is not mounted",
        &["PLM-R-050", "PLM-R-051", "PLM-R-052"],
    ),
];

/// What a privileged container fails beside 5.5, whatever else is written: it has every capability and device, and no filter, profile
/// or label.
const FAILED_BY_PRIVILEGED: &[&str] = &["5.2", "5.3", "5.4", "5.18", "5.22"];

/// Every recommendation of section 5, from the checks of any number of containers.
pub fn cis(checked: &[Checked]) -> Vec<CisRow<'_>> {
    SECTION.iter().map(|one| judge(one, checked)).collect()
}

fn judge<'a>(one: &Recommendation, checked: &'a [Checked]) -> CisRow<'a> {
    let finish = |result, because, reason| CisRow {
        number: one.number,
        title: one.title,
        result,
        because,
        reason,
    };
    if let Some((result, reason)) = one.elsewhere {
        return finish(result, Vec::new(), Some(reason));
    }
    let deciding = || {
        checked
            .iter()
            .filter(|each| one.checks.contains(&each.check.id))
    };
    let mut failed: Vec<&Checked> = deciding().filter(|each| fails(each)).collect();
    let privileged = checked
        .iter()
        .filter(|each| each.check.id == "PLM-R-001" && fails(each));
    let mut reason = None;
    if FAILED_BY_PRIVILEGED.contains(&one.number) {
        let before = failed.len();
        failed.extend(privileged);
        reason = (failed.len() > before).then_some("a privileged container");
    }
    if !failed.is_empty() {
        return finish(CisResult::Failed, failed, reason);
    }
    let blind: Vec<&Checked> = deciding()
        .filter(|each| matches!(each.outcome, Outcome::NotEvaluated(_)))
        .collect();
    if !blind.is_empty() {
        return finish(CisResult::NotEvaluated, blind, None);
    }
    let is_about = deciding().any(|each| !matches!(each.outcome, Outcome::NotApplicable));
    let result = if is_about {
        CisResult::Passed
    } else {
        CisResult::NotApplicable
    };
    finish(result, Vec::new(), None)
}

/// Whether a check failed in a way that counts. What is negligible in one place (the default of an engine) does not.
fn fails(checked: &Checked) -> bool {
    match &checked.outcome {
        Outcome::Failed(failures) => failures
            .iter()
            .any(|failure| failure.severity != Some(Severity::Negligible)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::runtime::checks::{self, Subject, samples};
    use crate::runtime::{Form, RuntimeSpec};

    fn result(spec: &RuntimeSpec, number: &str) -> CisResult {
        let checked = checks::run(&Subject::new(spec, &|_, _| None));
        let rows = cis(&checked);
        rows.iter()
            .find(|row| row.number == number)
            .expect("a row")
            .result
    }

    #[test]
    fn all_thirty_two_recommendations_are_there_in_order() {
        let numbers: Vec<_> = SECTION.iter().map(|one| one.number.to_owned()).collect();
        let expected: Vec<_> = (1..=32).map(|number| format!("5.{number}")).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn every_check_that_decides_a_recommendation_refers_to_it() {
        for one in SECTION {
            for id in one.checks {
                let check = checks::checks().iter().find(|check| check.check.id == *id);
                let check = check.unwrap_or_else(|| panic!("{id} is no check"));
                assert!(check.check.cis.contains(&one.number), "{id} {}", one.number);
            }
        }
    }

    #[test]
    fn every_recommendation_that_a_check_refers_to_is_known() {
        let known: BTreeSet<_> = SECTION.iter().map(|one| one.number).collect();
        for check in checks::checks() {
            for number in check
                .check
                .cis
                .iter()
                .filter(|number| number.starts_with("5."))
            {
                assert!(known.contains(number), "{} {number}", check.check.id);
            }
        }
    }

    #[test]
    fn a_privileged_container_fails_what_it_switches_off() {
        let mut spec = samples::hardened(Form::DockerRun);
        spec.privileged = samples::said(true);
        for number in ["5.2", "5.3", "5.4", "5.5", "5.18", "5.22"] {
            assert_eq!(result(&spec, number), CisResult::Failed, "{number}");
        }
        assert_eq!(result(&spec, "5.11"), CisResult::Passed);
    }

    #[test]
    fn a_hardened_container_fails_no_recommendation() {
        for form in samples::FORMS {
            let spec = samples::hardened(form);
            let checked = checks::run(&Subject::new(&spec, &|_, _| None));
            let failed: Vec<_> = cis(&checked)
                .into_iter()
                .filter(|row| row.result == CisResult::Failed)
                .map(|row| (row.number, row.because.clone()))
                .collect();
            assert!(failed.is_empty(), "{form:?}: {failed:?}");
        }
    }

    #[test]
    fn what_is_of_the_host_or_of_exec_sessions_is_said_so() {
        let spec = samples::hardened(Form::DockerRun);
        assert_eq!(result(&spec, "5.1"), CisResult::NotApplicable);
        assert_eq!(result(&spec, "5.23"), CisResult::NotEvaluated);
    }

    #[test]
    fn one_container_that_fails_is_enough() {
        let good = samples::hardened(Form::Compose);
        let bad = samples::bare(Form::Compose);
        let mut checked = checks::run(&Subject::new(&good, &|_, _| None));
        checked.extend(checks::run(&Subject::new(&bad, &|_, _| None)));
        let rows = cis(&checked);
        let row = rows.iter().find(|row| row.number == "5.13").expect("a row");
        assert_eq!((row.result, row.because.len()), (CisResult::Failed, 1));
    }
}
