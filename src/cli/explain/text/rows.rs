//! The rows of a package: those that decide, each with its comparisons; of many that do not hold a version, the nearest.

use std::collections::BTreeSet;

use crate::advisories::{RowExplanation, RowVerdict, Status};
use crate::cli::page::{counted, day, listed, safe};
use crate::model::Distribution;

/// Rows of one package that are told.
const MOST: usize = 10;
/// Releases that are named.
const RELEASES: usize = 6;

/// What is told of all rows of a package.
pub(super) fn shown(rows: &[RowExplanation]) -> Vec<Told<'_>> {
    let mut told = Vec::new();
    let of_record = |one: &RowExplanation, other: &RowExplanation| {
        (&one.advisory, &one.source) == (&other.advisory, &other.source)
            && (&one.row.ecosystem, &one.row.package) == (&other.row.ecosystem, &other.row.package)
    };
    let other = rows
        .iter()
        .filter(|row| row.verdict == RowVerdict::OtherRelease);
    let other: Vec<&RowExplanation> = other.collect();
    if !other.is_empty() {
        told.push(Told::Elsewhere(other));
    }
    for group in rows.chunk_by(of_record) {
        let of = |verdicts: &[RowVerdict]| {
            let rows = group.iter();
            rows.filter(|row| verdicts.contains(&row.verdict))
                .collect::<Vec<_>>()
        };
        let applying = of(&[RowVerdict::Applies]);
        if !applying.is_empty() {
            told.extend(applying.into_iter().map(Told::Row));
            continue;
        }
        // In the order of their versions: the last one below, and the first one above.
        let below = of(&[RowVerdict::Fixed, RowVerdict::Past]);
        let above = of(&[RowVerdict::NotYet]);
        let is_range = |row: &&RowExplanation| {
            matches!(
                row.verdict,
                RowVerdict::Fixed
                    | RowVerdict::Past
                    | RowVerdict::NotYet
                    | RowVerdict::OtherRelease
            )
        };
        let nearest = below.last().into_iter().chain(above.first());
        told.extend(nearest.copied().map(Told::Row));
        let rest = group.iter().filter(|row| !is_range(row));
        told.extend(rest.filter(|row| !is_beside(row, rows)).map(Told::Row));
    }
    told.truncate(MOST);
    told
}

/// Whether a row has another of the package's names, though its record speaks of the one that is looked up, too.
fn is_beside(row: &RowExplanation, rows: &[RowExplanation]) -> bool {
    let is_other_name = |row: &RowExplanation| matches!(row.verdict, RowVerdict::OtherName { .. });
    let of_same_record = |other: &&RowExplanation| {
        (&other.advisory, &other.source, &other.row.ecosystem)
            == (&row.advisory, &row.source, &row.row.ecosystem)
    };
    let mut others = rows.iter().filter(of_same_record);
    is_other_name(row) && others.any(|other| !is_other_name(other))
}

/// One row, or all those of other releases.
pub(super) enum Told<'r> {
    Row(&'r RowExplanation),
    Elsewhere(Vec<&'r RowExplanation>),
}

impl Told<'_> {
    /// How many rows it speaks of.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Row(_) => 1,
            Self::Elsewhere(rows) => rows.len(),
        }
    }

    /// A line about the row, then lines about why.
    pub(super) fn lines(&self, distribution: Option<&Distribution>) -> Vec<String> {
        match self {
            Self::Row(row) => of_row(row),
            Self::Elsewhere(rows) => {
                let places: BTreeSet<&str> =
                    rows.iter().map(|row| row.row.ecosystem.as_str()).collect();
                let here = distribution.map_or_else(
                    || "this image's distribution is not known".to_owned(),
                    |here| format!("this image is {}", here.qualifier()),
                );
                vec![
                    format!(
                        "{} for other releases only: {}",
                        counted(rows.len(), "row", "rows"),
                        listed(places, RELEASES)
                    ),
                    safe(&here),
                ]
            }
        }
    }
}

fn of_row(row: &RowExplanation) -> Vec<String> {
    let mut head = vec![
        format!("{} ({})", row.advisory, row.source),
        format!("{} {}", row.row.ecosystem, row.row.package),
        row.range.clone(),
        row.row.status.name().replace('-', " "),
    ];
    if !row.row.module.is_empty() {
        head.push(format!("module {}", row.row.module));
    }
    let mut lines = vec![safe(&head.join(" · "))];
    for step in &row.steps {
        let scheme = row.scheme.unwrap_or_default();
        let sign = step.sign;
        let text = format!(
            "{scheme}: {} {sign} {}: {}",
            row.installed,
            step.version,
            step.conclusion()
        );
        lines.push(safe(&text));
    }
    lines.push(safe(&verdict(row)));
    lines
}

fn verdict(row: &RowExplanation) -> String {
    match &row.verdict {
        RowVerdict::Applies if row.row.status == Status::NotAffected => {
            "applies: the source says that these versions are not affected".to_owned()
        }
        RowVerdict::Applies => "applies".to_owned(),
        RowVerdict::Fixed => format!(
            "does not apply: fixed in {}, installed is {}",
            row.row.fixed.as_deref().unwrap_or_default(),
            row.installed
        ),
        RowVerdict::NotYet => "does not apply: the flaw came in later".to_owned(),
        RowVerdict::Past => "does not apply: the version is above the range".to_owned(),
        RowVerdict::NotListed => {
            format!("does not apply: {} is not listed", row.installed)
        }
        RowVerdict::Withdrawn { on } if on.is_empty() => {
            "does not apply: the record was withdrawn".to_owned()
        }
        RowVerdict::Withdrawn { on } => {
            format!("does not apply: the record was withdrawn on {}", day(on))
        }
        RowVerdict::NoVulnerability { kind } => {
            format!("does not apply: the record is no vulnerability, but of the kind `{kind}`")
        }
        RowVerdict::OtherBuild { why } => format!("does not apply: {why}"),
        RowVerdict::OtherName { looked_up } => {
            format!("does not apply: the package is looked up as {looked_up} there")
        }
        RowVerdict::OtherRelease => "does not apply: it is about another release".to_owned(),
        RowVerdict::NoOrder { why } => format!("cannot tell: {why}"),
        RowVerdict::NotLookedUp => {
            "cannot tell: no advisories apply to packages of this kind".to_owned()
        }
        RowVerdict::LeftOut => {
            "does not apply: what else is known of the release decides".to_owned()
        }
    }
}
