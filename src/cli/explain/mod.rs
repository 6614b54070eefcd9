//! `plimsoll explain IMAGE ID`.

mod text;

use std::path::PathBuf;

use clap::Args;

use super::image::{FORMS, ImageArguments};
use super::output::answer;
use super::{Exit, Failure, Manners, db};
use crate::scan::Answer;

const EXAMPLES: &str = "Examples:
  plimsoll explain alpine:3.20 CVE-2024-6119
  plimsoll explain sbom:app.cdx.json GHSA-j8r2-6x86-q33q
  plimsoll explain --json oci:app DSA-5417-1";

const EXITS: &str = "Exit codes:
  0  it matches: a scan finds it
  1  it does not match, and nothing is missing
  2  the command line makes no sense
  3  could not look: the image, the network or the advisory store; standard error says which
  4  cannot tell: the store does not know the id, or there is a gap where it could be";

/// What `plimsoll explain` takes.
#[derive(Debug, Args)]
#[command(after_help = EXITS, after_long_help = format!("{FORMS}\n\n{EXAMPLES}\n\n{EXITS}"))]
pub(super) struct ExplainArguments {
    #[command(flatten)]
    image: ImageArguments,

    /// A CVE, the id of an advisory, or an alias of one; in whatever case.
    id: String,

    /// As JSON: every row of every record, with the comparisons.
    #[arg(long)]
    json: bool,

    /// The advisory store. Without one, the starter advisories inside Plimsoll are used, and the output says so.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,
}

impl ExplainArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let id = self.id.trim();
        if id.is_empty() {
            return Err(Failure::usage("the id is empty"));
        }
        let subject = self.image.subject()?;
        let store = db::open_store(self.db.as_deref())?;
        let explained = self.image.explain(&subject, &store, id, manners)?;
        let text = if self.json {
            serde_json::to_string_pretty(&explained).map_err(Failure::new)?
        } else {
            text::text(&explained, manners)
        };
        answer(text.trim_end())?;
        Ok(match explained.answer {
            Answer::Matches => Exit::Success,
            Answer::DoesNotMatch => Exit::No,
            Answer::CannotTell | Answer::UnknownId => Exit::NotAssessable,
        })
    }
}
