//! The forms of the evidence, one file each. Every one is a view of the same document: a writer decides nothing and
//! knows no ecosystem.

mod annotations;
mod bill;
mod comparison;
mod csv;
mod cyclonedx;
mod json;
mod junit;
mod markdown;
mod sarif;
mod spdx;
mod table;
mod told;

use std::io::{self, Write};
use std::str::FromStr;

use super::Evidence;
pub use comparison::{write_markdown as write_comparison_markdown, write_text as write_comparison};
pub(crate) use table::{rests_on, shortened, spot};

/// A form in which evidence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For people, at a terminal.
    Table,
    /// The document itself.
    Json,
    /// SARIF, for code scanning.
    Sarif,
    /// JUnit's XML.
    Junit,
    /// Markdown, for a job summary.
    Markdown,
    /// Annotations of GitHub Actions.
    GitHub,
    /// Comma-separated values.
    Csv,
    /// A bill of materials as CycloneDX.
    CycloneDx,
    /// A bill of materials as SPDX.
    Spdx,
}

/// The one table of formats: a format is one file beside this one, and one line here.
const FORMATS: [(&str, Format, Writer); 9] = [
    ("table", Format::Table, table::write),
    ("json", Format::Json, json::write),
    ("sarif", Format::Sarif, sarif::write),
    ("junit", Format::Junit, junit::write),
    ("markdown", Format::Markdown, markdown::write),
    ("github", Format::GitHub, annotations::write),
    ("csv", Format::Csv, csv::write),
    ("cyclonedx", Format::CycloneDx, cyclonedx::write),
    ("spdx", Format::Spdx, spdx::write),
];

type Writer = fn(&Evidence, Look, &mut dyn Write) -> io::Result<()>;

/// What a form needs that is no part of the evidence.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Colours and weights by escape sequences.
    pub colour: bool,
    /// Columns to wrap to.
    pub width: u16,
    /// When a document is to say that it was made, in seconds since 1970; `None`: when the image was.
    pub source_date: Option<i64>,
}

impl Default for Look {
    /// What a pipe or a file gets.
    fn default() -> Self {
        Self {
            colour: false,
            width: 120,
            source_date: None,
        }
    }
}

/// A word that names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{0}`: use {known}", known = Format::names().join(", "))]
pub struct FormatError(String);

impl Format {
    /// The names of all formats.
    pub fn names() -> Vec<&'static str> {
        FORMATS.iter().map(|(name, _, _)| *name).collect()
    }

    /// Whether it is a bill of materials: the packages, and nothing of what was found in them.
    pub const fn is_bill(self) -> bool {
        matches!(self, Self::CycloneDx | Self::Spdx)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = FORMATS.iter().find(|(name, _, _)| *name == text);
        found
            .map(|(_, format, _)| *format)
            .ok_or_else(|| FormatError(text.to_owned()))
    }
}

/// Any document of ours as JSON that is safe to show.
pub fn write_json(content: &impl serde::Serialize, out: &mut dyn Write) -> io::Result<()> {
    json::write_document(content, out)
}

/// Writes the evidence in one format.
pub fn write(
    format: Format,
    evidence: &Evidence,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    FORMATS
        .iter()
        .find(|(_, candidate, _)| *candidate == format)
        .map_or(Ok(()), |(_, _, writer)| writer(evidence, look, out))
}
