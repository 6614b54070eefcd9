//! A restricted container on a real engine, and what holds inside.
//!
//! What comes in: a [`Request`] with an image that the engine has and the [`Settings`] to run it with. What goes out: a [`Proof`]: whether it
//! works, what each of its processes may do, how that compares with the settings, and, if asked, the fewest relaxations with which it
//! works. Whatever was made is removed on every path, Ctrl-C and errors included. This room never runs a container that is privileged, or
//! has a path, a device or a namespace of the host; it writes no file, keeps no line of a log, and no value of a variable.
//!
//! Async ends in [`prove`] and [`inspect_all`], which block.

mod attempt;
mod cgroup;
mod checks;
mod config;
mod engine;
mod error;
mod facts;
mod fit;
mod get;
mod live;
mod mountinfo;
mod observe;
mod proof;
mod request;
mod run;
#[cfg(test)]
mod sample;
mod settings;
mod status;
mod symptom;
mod tests_inside;
mod verdicts;
mod wait;

pub use cgroup::LimitsInForce;
pub use checks::CHECKS;
pub use error::ProveError;
pub use fit::{Change, Relaxation};
pub use live::inspect_all;
pub use mountinfo::MountLine;
pub use observe::{Label, MountView, Observation, Process, Sharing, Way};
pub use proof::{EngineFacts, Made, Proof, ProofCheck, ProvenImage, Round};
pub use request::Request;
pub use run::prove;
pub use settings::{Network, Settings, WritablePlace};
pub use status::{Mask, Status};
pub use symptom::{Errno, Operation, Symptom};
pub use tests_inside::{Tested, TestedOutcome};
pub use wait::{End, Sign, Wait};

/// The label of all that a proof makes.
const LABEL: &str = "dev.plimsoll.prove";

/// Foreign text as it may stand in a message: escaped, and no longer than a line or two.
fn shown(text: &str) -> String {
    const LONGEST: usize = 240;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    crate::model::Untrusted(&short).to_string()
}
