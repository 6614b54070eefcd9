//! `plimsoll convert EVIDENCE`: evidence in another form.

use std::path::PathBuf;

use clap::Args;

use super::output::{Output, look};
use super::{Exit, Failure, Manners, evidence_file};

const EXAMPLES: &str = "Examples:
  plimsoll scan -o json=evidence.json IMAGE
  plimsoll convert evidence.json -o sarif=plimsoll.sarif -o markdown";

/// What `plimsoll convert` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ConvertArguments {
    /// A file that `-o json` wrote; `-` is standard input.
    evidence: PathBuf,

    /// The form, with =FILE into a file: table, json, sarif, markdown, github, junit, csv, cyclonedx or spdx. May be given more than
    /// once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "table"
    )]
    output: Vec<Output>,
}

impl ConvertArguments {
    /// Writes it anew. The exit code says whether that was done, not what the evidence says.
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        Output::check(&self.output)?;
        let (_, evidence) = evidence_file::read(&self.evidence)?;
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::Success)
    }
}
