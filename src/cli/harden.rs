//! `plimsoll harden IMAGE`: the least settings that an image needs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::image::{ImageArguments, Wanted};
use super::output::{to_stdout, write_text};
use super::{Exit, Failure, Manners};

/// The forms in which settings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum For {
    /// A `docker run` command.
    Docker,
    /// A Compose file.
    Compose,
    /// Kubernetes manifests.
    Kubernetes,
    /// config.json of an OCI bundle.
    Oci,
    /// A Podman quadlet.
    Quadlet,
    /// The plan itself, as JSON.
    Plan,
}
