//! What it may use up.

use super::choices::Choices;
use super::servers::Server;
use super::{Confidence, Line};

const MIB: u64 = 1024 * 1024;
/// Processes of a program that is not known: CIS Docker Benchmark 5.29 asks for a limit, its examples have 100.
const PIDS: u64 = 256;
const MEMORY_MIB: u64 = 512;
const CPU_MILLIS: u64 = 1000;

/// Processes, bytes of memory and thousandths of a processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) pids: Line<u64>,
    pub(super) memory: Line<u64>,
    pub(super) cpu_millis: Line<u64>,
}

/// Decides the limits: chosen, else what does for a small server of its kind.
pub(super) fn decide(choices: &Choices, server: Option<&Server>) -> Limits {
    let kind = server.map_or_else(
        || "a program that is not known".to_owned(),
        |server| server.name.to_owned(),
    );
    let line = |choice: Option<u64>, value: u64, what: &str| match choice {
        Some(value) => Line::proven(value, "chosen"),
        None => Line::new(value, Confidence::Assumed, format!("{what} for {kind}")),
    };
    Limits {
        pids: line(
            choices.pids,
            server.map_or(PIDS, |server| server.pids),
            "enough processes and threads",
        ),
        memory: line(
            choices.memory,
            server.map_or(MEMORY_MIB, |server| server.memory_mib) * MIB,
            "a start: measure, then choose; the default",
        ),
        cpu_millis: line(
            choices.cpu_millis,
            CPU_MILLIS,
            "one processor: measure, then choose; the default",
        ),
    }
}
