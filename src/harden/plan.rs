//! The plan: what the container gets, and why. Whatever is not in it, it does not get.

use serde::{Deserialize, Serialize};

use crate::model::{Capability, LayerPath};

/// The name of the plan's own form, for who reads it as JSON.
pub const SCHEMA: &str = "plimsoll.plan/v1";

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

impl Confidence {
    /// The public name: `proven`, `inferred`, `assumed`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Inferred => "inferred",
            Self::Proven => "proven",
        }
    }
}

/// How the container is started: which of three ways was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A: as an account of its own, that of the image or of its server.
    ServiceAccount,
    /// B: as root, with the few capabilities that its start needs.
    Root,
    /// C: as a number that the image does not know, since it needs no account.
    Unprivileged,
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

impl<T> Line<T> {
    /// What the image's config or a file's own header tells.
    pub fn proven(value: T, reason: impl Into<String>) -> Self {
        Self::new(value, Confidence::Proven, reason)
    }

    /// What a script, a server's configuration or a file's owner tells.
    pub fn inferred(value: T, reason: impl Into<String>) -> Self {
        Self::new(value, Confidence::Inferred, reason)
    }

    /// A default.
    pub fn assumed(value: T, reason: impl Into<String>) -> Self {
        Self::new(value, Confidence::Assumed, reason)
    }

    /// A decision as sure as that.
    pub fn new(value: T, confidence: Confidence, reason: impl Into<String>) -> Self {
        Self {
            value,
            reason: reason.into(),
            confidence,
        }
    }
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
    /// Permission bits, where the image has no such folder. An engine keeps owner and mode of a folder that is there, and passes
    /// over `mode=` (measured).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<u32>,
    /// Whether the image has files there: a named volume is filled with them, tmpfs, bind mounts and Kubernetes' volumes are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_content: bool,
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

/// How it is asked whether it still works: the image's `HEALTHCHECK`, or what is known of its server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// `true`: one text for the image's shell; `false`: words.
    pub in_shell: bool,
    /// The text alone, or the words.
    pub command: Vec<String>,
    /// Seconds between two checks, where the image says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<u64>,
    /// Seconds that one may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// What is started, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStart {
    /// The programs and scripts that are executed, in order; the last one does the work, as far as that could be told.
    pub programs: Vec<LayerPath>,
    /// The server that it is known to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `ENTRYPOINT` and `CMD`, for the forms that have to repeat them. A word that could hold a secret is left out, and a warning
    /// says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// `WORKDIR`; empty is the root.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// Where programs are looked for.
    pub search_path: String,
    /// Whether the image has `/bin/sh`.
    pub has_shell: bool,
}

/// Everything that the container gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// The image, by digest where that is known.
    pub image: String,
    /// A short name for services and containers.
    pub name: String,
    /// What is started.
    pub start: Line<PlannedStart>,
    /// In which of three ways.
    pub mode: Mode,
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
    /// TCP ports that it listens on.
    pub ports: Vec<Line<u16>>,
    /// UDP ports that it listens on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub udp_ports: Vec<Line<u16>>,
    /// The address of the host on which ports are published.
    pub publish_on: String,
    /// How it is asked whether it still works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Line<HealthCheck>>,
    /// Whether the engine's own init is put before it: it reaps children and hands on signals.
    pub init: Line<bool>,
    /// What the user should know: a setuid entry point that would break, a script that was not understood.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Whether a port below 1024 is listened on: outside of Docker that takes a kernel setting of the network namespace.
    pub fn has_low_port(&self) -> bool {
        let ports = self.ports.iter().chain(&self.udp_ports);
        ports.into_iter().any(|port| port.value < 1024)
    }

    /// Whether the image is named by digest.
    pub fn is_pinned(&self) -> bool {
        self.image.contains("@sha256:") || self.image.contains("@sha512:")
    }
}
