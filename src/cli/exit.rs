//! The exit codes: what a CI job acts on.

use std::process::{ExitCode, Termination};

use crate::evidence::Verdict;

/// How a command ended. The numbers are public and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; for a scan, everything was looked at and nothing at or above the gate was found.
    Success,
    /// 1: the scan found something at or above the gate.
    Findings,
    /// 1, too: a question was answered with no: nothing was found, as `grep` says it.
    No,
    /// 2: the command line makes no sense.
    Usage,
    /// 3: the job could not be done: no such image, no network, bytes that are not what was promised.
    Failed,
    /// 4: nothing at or above the gate was found, but not everything could be looked at.
    NotAssessable,
}

impl Exit {
    /// The text that `--help` and the README carry.
    pub const HELP: &'static str = "Exit codes:
  0  clean: everything was looked at, nothing at or above the gate (--fail-on) was found
  1  findings at or above the gate
  2  the command line makes no sense
  3  could not scan: the image, the network or the advisory store; standard error says which
  4  not assessable: no finding counts, but there are gaps; the output lists them";

    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings | Self::No => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::NotAssessable => 4,
        }
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clean => Self::Success,
            Verdict::Findings => Self::Findings,
            Verdict::NotAssessable => Self::NotAssessable,
        }
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        for exit in [
            Exit::Success,
            Exit::Findings,
            Exit::Usage,
            Exit::Failed,
            Exit::NotAssessable,
        ] {
            assert!(
                Exit::HELP.contains(&format!("\n  {}  ", exit.code())),
                "{exit:?}"
            );
        }
    }
}
