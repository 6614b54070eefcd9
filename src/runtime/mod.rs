//! What somebody runs a container with, and whether it keeps the container in.
//!
//! What comes in: the text of a command line, a Compose file, a Kubernetes manifest, … What goes out: for each container one
//! [`RuntimeSpec`], the same for every form, and what the checks say of it. Pure: this room opens no file and asks no engine by
//! itself; who calls it hands in the bytes, and a way to read the files that they name. What cannot be told is said to be
//! unknown, and never taken for safe.

pub mod json;
pub mod field;
pub mod boundary;
pub mod checks;
mod pod;
pub mod read;
mod setting;
mod spec;
pub mod standards;
pub mod tree;
mod unknown;

pub use pod::Pod;
pub use setting::{Setting, Spot, Stated};
pub use spec::{
    Account, Capabilities, Confinement, Container, Device, EnvironmentVariable, Form, Health,
    KubernetesSpec, Limits, LogDriver, Mount, MountKind, Namespace, Namespaces, PublishedPort,
    Restart, Role, RuntimeSpec, SeLinux, Ulimit, UnknownKey,
};
pub use unknown::Unknown;
