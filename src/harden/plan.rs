//! The plan: what the container gets, and why. Whatever is not in it, it does not get.

use serde::{Deserialize, Serialize};

use crate::model::{Capability, LayerPath};

/// How sure a line of the plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Nothing in the image says it: a default that is right for most.
    Assumed,
    /// Told from a script, a server's configuration or a file's owner.
    Inferred,
    /// Told by the image's config or a file's own header.
    Proven,
}

/// A decision with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line<T> {
    /// What was decided.
    pub value: T,
    /// Why, in a sentence: with the file and line that tell it.
    pub reason: String,
    /// How sure.
    pub confidence: Confidence,
}

/// The account that it runs as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUser {
    /// User id.
    pub uid: u64,
    /// Group id.
    pub gid: u64,
    /// The account's name, if the image has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A capability that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Which.
    pub capability: Capability,
}

/// A folder that has to be writable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMount {
    /// Where.
    pub path: LayerPath,
    /// What is put there.
    pub writable: Writable,
    /// Who owns it.
    pub uid: u64,
    /// Its group.
    pub gid: u64,
}

/// How a folder is made writable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Writable {
    /// Memory: its content is lost when the container ends.
    Tmpfs {
        /// Bytes at most.
        size: u64,
    },
    /// A volume: its content stays.
    Volume,
}

/// Everything that the container gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The image, by digest where that is known.
    pub image: String,
    /// A short name for services and containers.
    pub name: String,
    /// As whom it runs.
    pub user: Line<PlannedUser>,
    /// Capabilities that are kept of none.
    pub capabilities: Vec<Line<Grant>>,
    /// Whether the root file system can be read-only.
    pub read_only: Line<bool>,
    /// What is writable nevertheless.
    pub mounts: Vec<Line<PlannedMount>>,
    /// Whether no new privileges can be gained.
    pub no_new_privileges: Line<bool>,
    /// Processes at most.
    pub pids: Line<u64>,
    /// Bytes of memory at most.
    pub memory: Line<u64>,
    /// Thousandths of a processor at most.
    pub cpu_millis: Line<u64>,
    /// Ports that it listens on.
    pub ports: Vec<Line<u16>>,
    /// What the user should know: a setuid entry point that would break, a script that was not understood.
    pub warnings: Vec<String>,
}
