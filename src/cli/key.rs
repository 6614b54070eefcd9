//! `plimsoll key`: keys that sign.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output::answer;
use super::{Exit, Failure};
use crate::signing::{Algorithm, SigningKey};

/// What `plimsoll key` takes.
#[derive(Debug, Args)]
pub(super) struct KeyArguments {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key: FILE is the private half (PKCS#8 PEM, for its owner alone), FILE.pub the public one.
    ///
    /// Keys that `openssl genpkey` made do as well. A file that is there is never overwritten.
    New {
        /// Where to write it.
        file: PathBuf,
        /// Its kind: ed25519 or ecdsa-p256.
        #[arg(long, value_name = "KIND", default_value_t)]
        algorithm: Algorithm,
    },
}

impl KeyArguments {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        match self.command {
            KeyCommand::New { file, algorithm } => new(&file, algorithm),
        }
    }
}

fn new(file: &Path, algorithm: Algorithm) -> Result<Exit, Failure> {
    let mut public = file.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    let key = SigningKey::generate(algorithm).map_err(Failure::new)?;
    // The public half first: if one of the two is there, no secret was written.
    write_new(&public, 0o644, &key.public.to_pem())?;
    if let Err(failure) = write_new(file, 0o600, &key.private_pem) {
        let _ = std::fs::remove_file(&public);
        return Err(failure);
    }
    answer(&format!("key {}", key.public.id()))
}

/// Writes a file that must not be there yet.
fn write_new(path: &Path, mode: u32, text: &str) -> Result<(), Failure> {
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(text.as_bytes())
            .and_then(|()| file.sync_all())
            .inspect_err(|_| {
                let _ = std::fs::remove_file(path);
            })
    };
    write().map_err(|error: io::Error| {
        let is_there = error.kind() == io::ErrorKind::AlreadyExists;
        let hint = is_there.then_some("keys are never overwritten: name another file");
        Failure::new(format!("{} cannot be written: {error}", path.display())).with_hint(hint)
    })
}
