//! From the text of each form to the one shape: one file or folder a form.
//!
//! What comes in: a text, and a way to read the files and variables that it names. What goes out: [`Settings`], or the first place where
//! the text is broken. A form is recognised by what it is, and its file's name is a hint.

mod compose;
mod docker_run;
mod engine_words;
pub mod host_path;
mod inspect;
mod json_object;
mod kubernetes;
mod oci;
mod port_word;
mod quadlet;
mod recognise;
mod security_option;
pub mod size;
mod volume_word;

pub use compose::compose;
pub use docker_run::docker_run;
pub use inspect::inspect;
pub use kubernetes::kubernetes;
pub use oci::oci;
pub use quadlet::quadlet;

pub use recognise::recognise;

use super::{MountKind, Pod, RuntimeSpec, Setting, Stated, tree::SyntaxError};

/// What a form may ask for beside its own text. The caller decides what is given; a reader opens nothing itself.
pub trait Surroundings {
    /// The text of a file that the form names (an env file, a file that is extended), relative to the form's own folder. The error is
    /// in plain words: `no such file`.
    fn file(&self, path: &str) -> Result<String, String>;
    /// A variable for interpolation: from the caller's environment, if the user allows it.
    fn variable(&self, name: &str) -> Option<String>;
    /// Whether a Compose profile is asked for; services without a profile are always read.
    fn has_profile(&self, name: &str) -> bool;
}

/// Nothing is given.
pub struct Alone;

impl Surroundings for Alone {
    fn file(&self, _path: &str) -> Result<String, String> {
        Err("files are not read here".to_owned())
    }
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
    fn has_profile(&self, _name: &str) -> bool {
        true
    }
}

/// All that a text says.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Its containers, in the order of the text.
    pub specs: Vec<RuntimeSpec>,
    /// Its pods as Kubernetes sees them, for the Pod Security Standards; empty for other forms.
    pub pods: Vec<Pod>,
    /// What could not be told of the text as a whole. Each becomes a gap.
    pub gaps: Vec<Stated<String>>,
}

impl Settings {
    /// Says of relative paths that leave their folder where they lead: `../../../etc` is `/etc` for a file three folders deep. Where the
    /// folder is not known, they lead nobody knows where.
    pub fn settle_paths(&mut self, folder: Option<&str>) {
        let mounts = self.specs.iter_mut().flat_map(|spec| &mut spec.mounts);
        for mount in mounts.filter(|mount| mount.kind == MountKind::Host) {
            let Setting::Stated(source) = &mut mount.source else {
                continue;
            };
            if !source.value.starts_with("..") {
                continue;
            }
            if let Some(folder) = folder {
                source.value = host_path::normalise(&format!("{folder}/{}", source.value));
            } else {
                let why = format!("{} leaves a folder that is not known", source.value);
                let at = source.at.clone();
                mount.source = Setting::Unknown { why, at };
            }
        }
    }
}

/// Why a text cannot be read as a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is broken at a place.
    #[error("{file}: {source}")]
    Syntax {
        /// The file, as the user named it.
        file: String,
        /// What is wrong, and where.
        source: SyntaxError,
    },
    /// It is well-formed, but not what the form allows.
    #[error("{file}: line {line}: {reason}")]
    Form {
        /// The file, as the user named it.
        file: String,
        /// From 1.
        line: u64,
        /// In plain words.
        reason: String,
    },
    /// No form is like it.
    #[error("{file} is no form of runtime settings that is read")]
    Unrecognised {
        /// The file, as the user named it.
        file: String,
    },
}
