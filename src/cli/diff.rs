//! `plimsoll diff A B`: what changed between two images, or two pieces of evidence.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::image::{ImageArguments, Wanted};
use super::output::to_stdout;
use super::{Exit, Failure, Manners, clock, db, evidence_file};
use crate::evidence::write::{write_comparison, write_comparison_markdown, write_json};
use crate::evidence::{Comparison, Evidence, Gate, compare};
use crate::model::Date;

const EXAMPLES: &str = "Examples:
  plimsoll diff app:1.0 app:1.1                      both are scanned, with the same advisories
  plimsoll diff yesterday.json today.json            evidence that `-o json` wrote
  plimsoll diff -o markdown main.json pull.json >> \"$GITHUB_STEP_SUMMARY\"

Exit codes:
  0  nothing new at or above the gate (--fail-on)
  1  something new
  2  the command line makes no sense
  3  one of the two cannot be had";

/// What `plimsoll diff` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DiffArguments {
    /// What was: an image, or a file of evidence.
    from: String,

    /// What is.
    to: String,

    /// Fail (exit code 1) on new findings of this severity or above.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Form,

    /// The day for which it is judged whether a distribution is still looked after; today unless given.
    #[arg(long, value_name = "YYYY-MM-DD", env = "PLIMSOLL_DATE")]
    date: Option<Date>,

    /// The advisory store, for images.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Text,
    Markdown,
    Json,
}

impl DiffArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let from = self.side(&self.from, manners)?;
        let to = self.side(&self.to, manners)?;
        let comparison = compare(&from, &to);
        to_stdout(|out| match self.output {
            Form::Text => write_comparison(&comparison, out),
            Form::Markdown => write_comparison_markdown(&comparison, out),
            Form::Json => write_json(&comparison, out),
        })
        .map_err(Failure::new)?;
        Ok(if self.is_worse(&comparison) {
            Exit::Findings
        } else {
            Exit::Success
        })
    }

    /// A file of evidence is read; everything else is an image, and scanned.
    fn side(&self, name: &str, manners: Manners) -> Result<Evidence, Failure> {
        let path = Path::new(name);
        if path.is_file() && path.extension().is_some_and(|ending| ending == "json") {
            return evidence_file::read(path).map(|(_, evidence)| evidence);
        }
        let image = ImageArguments::of(name);
        let store = db::open_store(self.db.as_deref())?;
        let wanted = Wanted {
            secrets: true,
            integrity: true,
            posture: true,
            gate: self.fail_on,
            date: self.date.or_else(clock::today),
            ..Wanted::default()
        };
        image.scan(&image.subject()?, &store, wanted, manners)
    }

    fn is_worse(&self, comparison: &Comparison) -> bool {
        let findings = comparison.new.iter().map(|difference| &difference.finding);
        let counting = findings.filter(|finding| !finding.is_deleted() && !finding.is_accepted());
        counting
            .into_iter()
            .any(|finding| self.fail_on.counts(finding.severity()))
    }
}
