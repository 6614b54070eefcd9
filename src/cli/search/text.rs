//! What a search found, for people: a record in full, or a line for each record about a package.

use std::cmp::Reverse;
use std::str::FromStr as _;

use comfy_table::Cell;

use super::Found;
use crate::advisories::version::Scheme;
use crate::advisories::{AdvisoryKind, Match, Proof, Status, StoredRecord, StoredRow, steps};
use crate::cli::Manners;
use crate::cli::page::{counted, day, dim, lines, listed, safe, severity_cell, strong, table};

/// Records and rows that are shown unless all are wanted.
const SHOWN: usize = 40;
/// Columns of what stands before a text.
const LABEL: usize = 10;
/// Characters of a summary in a table.
const SUMMARY: usize = 60;
/// Ranges of one record in one cell.
const RANGES: usize = 3;

pub(super) fn text(found: &Found, all: bool, manners: Manners) -> String {
    match found {
        Found::Records { records } => {
            let records = records.iter().map(|record| in_full(record, all, manners));
            records.collect::<Vec<_>>().join("\n\n")
        }
        Found::About { records } => about(records, all, manners),
        Found::Version {
            matches,
            gaps,
            records_about,
            ..
        } => {
            let mut text = of_version(matches, all, manners);
            let about = counted(*records_about, "advisory is", "advisories are");
            let count = counted(matches.len(), "vulnerability", "vulnerabilities");
            text.push(String::new());
            text.push(format!(
                "{count} of this version; {about} about the package"
            ));
            text.extend(
                gaps.iter()
                    .map(|gap| format!("cannot tell: {}", safe(&gap.detail))),
            );
            text.join("\n")
        }
    }
}

/// One record, whole.
fn in_full(record: &StoredRecord, all: bool, manners: Manners) -> String {
    let mut text = vec![format!(
        "{}  {}",
        strong(safe(&record.id), manners),
        dim(safe(&record.source), manners)
    )];
    if !record.summary.is_empty() {
        text.push(safe(&record.summary));
    }
    text.push(String::new());
    let mut said = |label: &str, value: String| {
        let label = format!("{label:LABEL$}");
        text.push(format!("  {}  {value}", dim(label, manners)));
    };
    if let Some(on) = &record.withdrawn {
        let on = if on.is_empty() { "yes" } else { on };
        said("Withdrawn", format!("{}: it is never matched", day(on)));
    }
    if !matches!(record.kind, AdvisoryKind::Vulnerability) {
        said("Kind", record.kind.to_string());
    }
    match &record.rating {
        Some(rating) => said(
            "Severity",
            format!("{} (by {})", rating.severity, safe(&rating.by)),
        ),
        None => said("Severity", "nobody says".to_owned()),
    }
    for cvss in &record.cvss {
        let score = cvss
            .score
            .map_or_else(String::new, |score| format!(" ({score:.1})"));
        said("CVSS", safe(&cvss.vector) + &score);
    }
    for (label, names) in [
        ("Known as", &record.aliases),
        ("Passes on", &record.upstream),
    ] {
        if !names.is_empty() {
            let most = if all { usize::MAX } else { SHOWN };
            said(label, listed(names.iter().map(String::as_str), most));
        }
    }
    for (label, time) in [
        ("Published", &record.published),
        ("Modified", &record.modified),
    ] {
        if let Some(time) = time {
            said(label, day(time));
        }
    }
    for reference in &record.references {
        let kind = reference.kind.to_lowercase();
        said("Reference", safe(&format!("{} ({kind})", reference.url)));
    }
    text.push(String::new());
    text.extend(rows(&record.rows, all, manners));
    text.join("\n")
}

fn rows(rows: &[StoredRow], all: bool, manners: Manners) -> Vec<String> {
    let with_module = rows.iter().any(|row| !row.module.is_empty());
    let mut heads = vec!["Ecosystem", "Package", "Affected", "Status"];
    if with_module {
        heads.push("Module");
    }
    let mut page = table(&heads, manners);
    let most = if all { usize::MAX } else { SHOWN };
    for row in rows.iter().take(most) {
        let severity = row.severity;
        let severity = severity.map_or_else(String::new, |severity| format!(", {severity}"));
        let mut cells = vec![
            safe(&row.ecosystem),
            safe(&row.package),
            safe(&row.range()),
            row.status.name().replace('-', " ") + &severity,
        ];
        if with_module {
            cells.push(safe(&row.module));
        }
        page.add_row(cells);
    }
    let mut lines: Vec<String> = lines(&page).iter().map(|line| format!(" {line}")).collect();
    if rows.len() > most {
        let more = counted(rows.len() - most, "row", "rows");
        lines.push(format!("  {more} more: --all shows them"));
    }
    lines
}

/// A line for each record and ecosystem: the worst first, then by id.
fn about(records: &[StoredRecord], all: bool, manners: Manners) -> String {
    let is_matched = |record: &&StoredRecord| {
        record.withdrawn.is_none()
            && matches!(
                record.kind,
                AdvisoryKind::Vulnerability | AdvisoryKind::Malicious
            )
    };
    let (matched, others): (Vec<&StoredRecord>, Vec<&StoredRecord>) =
        records.iter().partition(is_matched);
    let mut shown = matched;
    if all {
        shown.extend(&others);
    }
    shown.sort_by_key(|record| (Reverse(record.severity()), &record.id, &record.source));
    let mut page = table(
        &["Severity", "Id", "CVE", "Ecosystem", "Affected", "Summary"],
        manners,
    );
    let of_record = shown.iter().flat_map(|record| {
        let same = |one: &StoredRow, other: &StoredRow| {
            (&one.ecosystem, &one.package) == (&other.ecosystem, &other.package)
        };
        record.rows.chunk_by(same).map(move |rows| (*record, rows))
    });
    let lines_of: Vec<(&StoredRecord, &[StoredRow])> = of_record.collect();
    let most = if all { usize::MAX } else { SHOWN };
    for (record, rows) in lines_of.iter().take(most) {
        let ecosystem = rows.first().map_or("", |row| row.ecosystem.as_str());
        page.add_row(vec![
            severity_cell(record.severity()),
            Cell::new(safe(&record.id)),
            Cell::new(safe(record.cve().unwrap_or_default())),
            Cell::new(safe(ecosystem)),
            Cell::new(affected(record, rows)),
            Cell::new(short(&record.summary)),
        ]);
    }
    let mut text = lines(&page);
    text.push(String::new());
    let mut count = vec![counted(records.len(), "advisory", "advisories")];
    if lines_of.len() > most {
        let more = counted(lines_of.len() - most, "more line", "more lines");
        count.push(format!("{more}: --all shows them"));
    }
    if !all && !others.is_empty() {
        let are = counted(others.len(), "is", "are");
        count.push(format!(
            "{are} withdrawn or no vulnerability: --all shows them"
        ));
    }
    text.push(count.join("; "));
    text.join("\n")
}

/// All ranges of one record for one package, with what the vendor says beyond `affected` and `fixed`.
fn affected(record: &StoredRecord, rows: &[StoredRow]) -> String {
    let told = rows.iter().take(RANGES).map(|row| {
        let status = match row.status {
            Status::Affected | Status::Fixed => String::new(),
            status => format!(" ({})", status.name().replace('-', " ")),
        };
        safe(&row.range()) + &status
    });
    let mut lines: Vec<String> = told.collect();
    if rows.len() > RANGES {
        lines.push(format!("and {} more", rows.len() - RANGES));
    }
    if record.withdrawn.is_some() {
        lines.push("withdrawn".to_owned());
    } else if !matches!(record.kind, AdvisoryKind::Vulnerability) {
        lines.push(record.kind.to_string());
    }
    lines.join("\n")
}

/// What holds a version, with the comparison.
fn of_version(matches: &[Match], all: bool, manners: Manners) -> Vec<String> {
    let mut matches: Vec<&Match> = matches.iter().collect();
    matches.sort_by_key(|found| (Reverse(found.advisory.severity), &found.advisory.id));
    let heads = ["Severity", "Id", "Fixed in", "Because", "Summary"];
    let mut page = table(&heads, manners);
    let most = if all { usize::MAX } else { SHOWN };
    for found in matches.iter().take(most) {
        let mut because: Vec<String> = found.proof.iter().map(comparison).collect();
        because.dedup();
        let fixed = found.fixed_version.clone();
        let fixed = fixed.unwrap_or_else(|| found.status.name().replace('-', " "));
        page.add_row(vec![
            severity_cell(found.advisory.severity),
            Cell::new(safe(&found.advisory.id)),
            Cell::new(safe(&fixed)),
            Cell::new(because.join("\n")),
            Cell::new(short(&found.advisory.summary)),
        ]);
    }
    let mut text = lines(&page);
    if matches.len() > most {
        text.push(format!("{} more: --all shows them", matches.len() - most));
    }
    text
}

/// `pep440: 2.2 < 2.2.4`, or both ends.
fn comparison(proof: &Proof) -> String {
    if proof.listed {
        return safe(&format!("{} is listed", proof.installed));
    }
    let scheme = proof.scheme.as_deref().unwrap_or_default();
    let steps = Scheme::from_str(scheme).map_or_else(
        |_| Vec::new(),
        |scheme| {
            let (introduced, fixed) = (proof.introduced.as_deref(), proof.fixed.as_deref());
            let last = proof.last_affected.as_deref();
            steps(scheme, &proof.installed, introduced, fixed, last)
        },
    );
    if steps.is_empty() {
        return "all versions".to_owned();
    }
    let steps = steps
        .iter()
        .map(|step| format!("{} {} {}", proof.installed, step.sign, step.version));
    let steps = steps.collect::<Vec<_>>().join(", ");
    safe(&format!("{scheme}: {steps}"))
}

fn short(summary: &str) -> String {
    let safe = safe(summary);
    match safe.char_indices().nth(SUMMARY) {
        Some((end, _)) => format!("{}…", safe.get(..end).unwrap_or_default().trim_end()),
        None => safe,
    }
}
