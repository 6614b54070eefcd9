//! What the user may decide instead of us.

use crate::model::Capability;

use super::Mode;

/// Decisions that are taken from the user and not from the image. The default leaves everything to the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// The reference to write, with its digest; otherwise the view's own name.
    pub image: Option<String>,
    /// The short name of the service.
    pub name: Option<String>,
    /// One of the three ways to start it.
    pub mode: Option<Mode>,
    /// `USER[:GROUP]`, names or numbers.
    pub user: Option<String>,
    /// Further capabilities: what a trial run was denied.
    pub capabilities: Vec<Capability>,
    /// Further folders in memory: what a trial run could not write.
    pub scratch: Vec<String>,
    /// Further folders as volumes.
    pub volumes: Vec<String>,
    /// Leaves the root file system writable.
    pub writable_root: bool,
    /// Lets programs gain privileges.
    pub new_privileges: bool,
    /// Processes at most.
    pub pids: Option<u64>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a processor at most.
    pub cpu_millis: Option<u64>,
    /// The address of the host on which ports are published; otherwise `127.0.0.1`.
    pub publish_on: Option<String>,
}
