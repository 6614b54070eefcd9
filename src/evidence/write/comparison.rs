//! A comparison for people: as text, and as Markdown for a pull request.

use std::io::{self, Write};

use super::markdown::{code, text};
use super::told::{Told, told_of};
use crate::evidence::{Comparison, Difference, Input};
use crate::model::{Gap, Untrusted};

/// Findings of one kind of difference that are listed; the JSON form has them all.
const ROWS: usize = 200;

/// As text.
pub fn write_text(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{} → {}",
        Untrusted(&comparison.from),
        Untrusted(&comparison.to)
    )?;
    writeln!(out, "{}", summary(comparison))?;
    for (title, list) in [("New", &comparison.new), ("Fixed", &comparison.fixed)] {
        if !list.is_empty() {
            writeln!(out, "\n{title}")?;
        }
        for difference in list.iter().take(ROWS) {
            let row = told_of(&difference.finding);
            let (severity, cause) = (severity(&row), difference.cause.text());
            writeln!(
                out,
                "  {severity:<11} {}  {}{}  ({cause})",
                row.id,
                row.subject,
                way_out(&row)
            )?;
        }
        more(list.len(), "  ", out)?;
    }
    if !comparison.changed.is_empty() {
        writeln!(out, "\nChanged")?;
    }
    for change in comparison.changed.iter().take(ROWS) {
        let row = told_of(&change.finding);
        let what = Untrusted(&change.what.join(", ")).to_string();
        writeln!(
            out,
            "  {:<11} {}  {}  {what}",
            severity(&row),
            row.id,
            row.subject
        )?;
    }
    more(comparison.changed.len(), "  ", out)?;
    for (title, gaps) in [
        ("Not looked at any more", &comparison.new_gaps),
        ("Looked at now", &comparison.closed_gaps),
    ] {
        if !gaps.is_empty() {
            writeln!(out, "\n{title}")?;
        }
        for gap in gaps.iter().take(ROWS) {
            writeln!(out, "  {}", gap_words(gap))?;
        }
    }
    Ok(())
}

/// As Markdown.
pub fn write_markdown(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    let sign = if comparison.new.is_empty() {
        "✅"
    } else {
        "❌"
    };
    writeln!(
        out,
        "## {sign} {} → {}\n",
        code(&comparison.from),
        code(&comparison.to)
    )?;
    writeln!(out, "{}", text(&summary(comparison)))?;
    for (title, list) in [("New", &comparison.new), ("Fixed", &comparison.fixed)] {
        if list.is_empty() {
            continue;
        }
        writeln!(
            out,
            "\n### {title}\n\n| Severity | Finding | About | Fixed in | Why |\n| --- | --- | --- | --- | --- |"
        )?;
        for difference in list.iter().take(ROWS) {
            row(difference, out)?;
        }
        more(list.len(), "\n", out)?;
    }
    if !comparison.changed.is_empty() {
        writeln!(
            out,
            "\n### Changed\n\n| Finding | About | What |\n| --- | --- | --- |"
        )?;
    }
    for change in comparison.changed.iter().take(ROWS) {
        let told = told_of(&change.finding);
        writeln!(
            out,
            "| {} | {} | {} |",
            text(&told.id),
            code(&told.subject),
            text(&change.what.join(", "))
        )?;
    }
    for (title, gaps) in [
        ("Not looked at any more", &comparison.new_gaps),
        ("Looked at now", &comparison.closed_gaps),
    ] {
        if !gaps.is_empty() {
            writeln!(out, "\n### {title}\n")?;
        }
        for gap in gaps.iter().take(ROWS) {
            writeln!(out, "- {}", text(&gap_words(gap)))?;
        }
    }
    Ok(())
}

fn row(difference: &Difference, out: &mut dyn Write) -> io::Result<()> {
    let told = told_of(&difference.finding);
    let fixed = told.fixed_in.as_deref().map_or_else(String::new, code);
    let (id, title) = (text(&told.id), text(&told.title));
    let cause = difference.cause.text();
    writeln!(
        out,
        "| {} | {id} {title} | {} | {fixed} | {cause} |",
        told.severity,
        code(&told.subject)
    )
}

/// `2 new, 3 fixed, 1 changed, 40 as before; other image, other advisories`.
fn summary(comparison: &Comparison) -> String {
    let counts = [
        (comparison.new.len(), "new"),
        (comparison.fixed.len(), "fixed"),
        (comparison.changed.len(), "changed"),
        (comparison.unchanged, "as before"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let inputs: Vec<String> = comparison
        .inputs
        .iter()
        .map(|input| match input {
            Input::Subject => "another image".to_owned(),
            other => format!("other {}", other.name()),
        })
        .collect();
    let inputs = if inputs.is_empty() {
        "the same inputs".to_owned()
    } else {
        inputs.join(", ")
    };
    format!("{}; {inputs}", counts.join(", "))
}

fn severity(row: &Told) -> String {
    row.severity.name().to_uppercase()
}

fn way_out(row: &Told) -> String {
    row.fixed_in.as_deref().map_or_else(String::new, |version| {
        format!(", fixed in {}", Untrusted(version))
    })
}

fn gap_words(gap: &Gap) -> String {
    let path = gap
        .path
        .as_ref()
        .map_or_else(String::new, |path| format!("{path}: "));
    format!("{}: {path}{}", gap.kind, Untrusted(&gap.detail))
}

fn more(count: usize, before: &str, out: &mut dyn Write) -> io::Result<()> {
    match count.checked_sub(ROWS) {
        Some(more) if more > 0 => {
            writeln!(out, "{before}and {more} more: the JSON form lists them")
        }
        _ => Ok(()),
    }
}
