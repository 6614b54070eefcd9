//! What has to fail inside: tried as root of the container, with the image's own programs.
//!
//! Nothing of ours is put into the container. What it does not have cannot be tried, and is not evaluated. The container is thrown away.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::engine::{Engine, Ran};
use super::observe::status_of;
use super::status::Status;
use super::symptom::{Errno, Symptom};
use super::{ProveError, Settings};
use crate::model::Capability;

/// How long one test may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Nobody: an account that owns nothing.
const NOBODY: &str = "65534:65534";
/// Setuid programs that wait for a password, so that they can be looked at.
const WAITING: [&[&str]; 4] = [
    &["/usr/bin/su", "root"],
    &["/bin/su", "root"],
    &["/usr/bin/chsh"],
    &["/usr/bin/passwd"],
];

/// How a test came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TestedOutcome {
    /// It was refused, as it should be.
    Refused {
        /// What the kernel said, where the program told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errno: Option<Errno>,
    },
    /// It was not refused.
    Allowed,
    /// It could not be tried, and why.
    NotTried {
        /// Why.
        reason: String,
    },
    /// The settings allow it.
    Planned,
}

/// One test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// The check that it is for.
    pub check: String,
    /// What was tried.
    pub what: String,
    /// How it came out.
    pub outcome: TestedOutcome,
}

/// A program that has to fail.
struct Trial {
    check: &'static str,
    what: &'static str,
    command: &'static [&'static str],
    /// Whether the settings allow it.
    is_planned: fn(&Settings) -> bool,
}

const TRIALS: [Trial; 4] = [
    Trial {
        check: "PLM-L-021",
        what: "touch /plimsoll-probe",
        command: &["touch", "/plimsoll-probe"],
        is_planned: |settings| !settings.read_only,
    },
    // A place that every engine mounts, so that it is the mount that is refused and not the place.
    Trial {
        check: "PLM-L-023",
        what: "mount -t tmpfs none /dev/shm",
        command: &["mount", "-t", "tmpfs", "none", "/dev/shm"],
        is_planned: |settings| {
            Capability::of_number(21).is_some_and(|admin| settings.capabilities.contains(admin))
        },
    },
    Trial {
        check: "PLM-L-024",
        what: "mknod /dev/shm/plimsoll-probe c 1 3",
        command: &["mknod", "/dev/shm/plimsoll-probe", "c", "1", "3"],
        is_planned: |settings| {
            Capability::of_number(27).is_some_and(|mknod| settings.capabilities.contains(mknod))
        },
    },
    Trial {
        check: "PLM-L-025",
        what: "echo plimsoll > /proc/sys/kernel/hostname",
        command: &["sh", "-c", "echo plimsoll > /proc/sys/kernel/hostname"],
        is_planned: |_| false,
    },
];

/// Tries all of it in a container that is up.
pub(super) async fn run(
    engine: &Engine,
    name: &str,
    settings: &Settings,
) -> Result<Vec<Tested>, ProveError> {
    let mut all = Vec::new();
    for trial in &TRIALS {
        let outcome = if (trial.is_planned)(settings) {
            TestedOutcome::Planned
        } else {
            match engine.run(name, trial.command, Some("0:0"), PATIENCE).await {
                Ok(ran) => judged(&ran),
                Err(error @ ProveError::Refused { .. }) => TestedOutcome::NotTried {
                    reason: error.to_string(),
                },
                Err(error) => return Err(error),
            }
        };
        all.push(Tested {
            check: trial.check.to_owned(),
            what: trial.what.to_owned(),
            outcome,
        });
    }
    all.push(Tested {
        check: "PLM-L-022".to_owned(),
        what: "a setuid program, started by nobody".to_owned(),
        outcome: setuid(engine, name, settings).await?,
    });
    all.sort_by(|a, b| a.check.cmp(&b.check));
    Ok(all)
}

fn judged(ran: &Ran) -> TestedOutcome {
    // The engine starts a program that has to be there; a shell tells by 127, too.
    let is_missing =
        matches!(ran.code, Some(126 | 127)) || ran.output.contains("executable file not found");
    let errno = ran
        .output
        .lines()
        .find_map(|line| Some(Symptom::of_line(line)?.errno));
    let refusal = errno
        .filter(|errno| matches!(errno, Errno::NotPermitted | Errno::Denied | Errno::ReadOnly));
    match ran.code {
        Some(0) => TestedOutcome::Allowed,
        _ if is_missing => TestedOutcome::NotTried {
            reason: "the image has no program to try it with".to_owned(),
        },
        Some(_) if refusal.is_some() => TestedOutcome::Refused { errno: refusal },
        Some(_) => TestedOutcome::NotTried {
            reason: "the program failed for another reason".to_owned(),
        },
        None => TestedOutcome::NotTried {
            reason: "the program did not end".to_owned(),
        },
    }
}

/// Starts a setuid program as nobody, and looks at its effective user while it waits for a password.
async fn setuid(
    engine: &Engine,
    name: &str,
    settings: &Settings,
) -> Result<TestedOutcome, ProveError> {
    if !settings.no_new_privileges {
        return Ok(TestedOutcome::Planned);
    }
    for command in WAITING {
        let path = command.first().copied().unwrap_or_default();
        let program = path.rsplit('/').next().unwrap_or_default().to_owned();
        let look = |pid: u32| {
            let status = Status::parse(&status_of(pid)?);
            // Until it is executed, the process is the runtime's.
            (status.command == program).then_some(status.uids?)
        };
        match engine.run_waiting(name, command, NOBODY, look).await {
            Ok(Some([real, effective, ..])) => {
                return Ok(if effective == real {
                    TestedOutcome::Refused { errno: None }
                } else {
                    TestedOutcome::Allowed
                });
            }
            Ok(None) | Err(ProveError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(TestedOutcome::NotTried {
        reason: "no setuid program of the image could be watched on this machine".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(code: Option<i64>, output: &str) -> TestedOutcome {
        judged(&Ran {
            code,
            output: output.to_owned(),
        })
    }

    #[test]
    fn only_the_kernels_own_refusal_passes() {
        let refused = |errno| TestedOutcome::Refused { errno: Some(errno) };
        assert_eq!(
            ran(
                Some(1),
                "touch: cannot touch '/plimsoll-probe': Read-only file system\n"
            ),
            refused(Errno::ReadOnly)
        );
        assert_eq!(
            ran(Some(32), "mount: /dev/shm: permission denied.\n"),
            refused(Errno::Denied)
        );
        assert_eq!(
            ran(
                Some(1),
                "mknod: /dev/shm/plimsoll-probe: Operation not permitted\n"
            ),
            refused(Errno::NotPermitted)
        );
        assert_eq!(ran(Some(0), ""), TestedOutcome::Allowed);
    }

    #[test]
    fn a_program_that_is_not_there_or_fails_otherwise_proves_nothing() {
        for (code, output) in [
            (
                Some(127),
                "exec: \"touch\": executable file not found in $PATH",
            ),
            (
                Some(126),
                "OCI runtime exec failed: exec failed: permission denied",
            ),
            (Some(32), "mount: /dev/shm: mount point does not exist."),
            (None, ""),
        ] {
            assert!(
                matches!(ran(code, output), TestedOutcome::NotTried { .. }),
                "{output}"
            );
        }
    }
}
