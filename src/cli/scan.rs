//! `plimsoll scan IMAGE`.

use std::path::PathBuf;

use clap::Args;

use super::image::{FORMS, ImageArguments, Wanted};
use super::output::{Output, look};
use super::secret_options::SecretArguments;
use super::{Exit, Failure, Manners, db};
use crate::evidence::Gate;

const EXAMPLES: &str = "Examples:
  plimsoll scan alpine:3.20
  plimsoll scan --fail-on high -o table -o json=evidence.json localhost:5000/app:1.0
  plimsoll scan --platform linux/arm64 registry.example/app:1.0
  plimsoll scan sbom:app.cdx.json";

/// What `plimsoll scan` takes.
#[derive(Debug, Args)]
#[command(after_help = Exit::HELP, after_long_help = format!("{FORMS}\n\n{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct ScanArguments {
    #[command(flatten)]
    image: ImageArguments,

    /// Fail (exit code 1) on findings of this severity or above: negligible, low, medium, high or critical; `never` on
    /// none. A finding of unknown severity always counts.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// Where the evidence goes: table, json, cyclonedx or spdx, with =FILE into a file. May be given more than once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "table"
    )]
    output: Vec<Output>,

    #[command(flatten)]
    secrets: SecretArguments,

    /// Do not look for secrets.
    #[arg(long)]
    no_secrets: bool,

    /// Do not compare the files of packages with the digests that the packages record: faster, and blind to changed system files.
    #[arg(long)]
    no_integrity: bool,

    /// The advisory store. Without one, the starter advisories inside Plimsoll are used, and the output says so.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,
}

impl ScanArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let subject = self.image.subject()?;
        Output::check(&self.output)?;
        let store = db::open_store(self.db.as_deref())?;
        let wanted = Wanted {
            secrets: !self.no_secrets,
            integrity: !self.no_integrity,
            gate: self.fail_on,
            settings: self.secrets.settings()?,
        };
        let evidence = self.image.scan(&subject, &store, wanted, manners)?;
        self.secrets.write_baseline(&evidence.findings)?;
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::from(evidence.verdict))
    }
}
