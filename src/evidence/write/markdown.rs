//! Markdown, for a job summary or a pull request: the verdict, then what to do, worst first.

use std::io::{self, Write};

use super::Look;
use super::told::{Told, told};
use crate::evidence::{Evidence, Verdict};
use crate::model::{Severity, Untrusted};

/// Findings that are listed; a job summary of GitHub takes one megabyte.
const ROWS: usize = 500;

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    let sign = match evidence.verdict {
        Verdict::Clean => "✅ Clean",
        Verdict::Findings => "❌ Findings",
        Verdict::NotAssessable => "⚠️ Not assessable",
    };
    writeln!(out, "## {sign}: {}\n", code(&evidence.subject.name))?;
    let mut rows: Vec<Told> = told(evidence).filter(|row| row.counts).collect();
    writeln!(out, "{}\n", counts(&rows, evidence.gaps.len()))?;
    let notes = rows.len();
    rows.retain(|row| row.severity != Severity::Negligible);
    let notes = notes - rows.len();
    if !rows.is_empty() {
        writeln!(out, "| Severity | Finding | About | Fixed in | Where |")?;
        writeln!(out, "| --- | --- | --- | --- | --- |")?;
    }
    for row in rows.iter().take(ROWS) {
        let place = row.path.as_deref().map_or_else(String::new, code);
        let line = row
            .line
            .map_or_else(String::new, |line| format!(" line {line}"));
        let layer = row
            .layer
            .map_or_else(String::new, |layer| format!(" layer {layer}"));
        let id = match row.url.as_deref().filter(|url| is_plain_link(url)) {
            Some(url) => format!("[{}]({url})", text(&row.id)),
            None => text(&row.id),
        };
        let fixed = row.fixed_in.as_deref().map_or_else(String::new, code);
        let title = text(&row.title);
        writeln!(
            out,
            "| {} | {id} {title} | {} | {fixed} | {place}{line}{layer} |",
            row.severity,
            code(&row.subject)
        )?;
    }
    if let Some(more) = rows.len().checked_sub(ROWS).filter(|more| *more > 0) {
        writeln!(out, "\n{more} more are in the JSON form.")?;
    }
    if notes > 0 {
        writeln!(out, "\n{notes} negligible ones are in the JSON form.")?;
    }
    gaps(evidence, out)
}

fn gaps(evidence: &Evidence, out: &mut dyn Write) -> io::Result<()> {
    if evidence.gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n### Not looked at\n")?;
    for gap in evidence.gaps.iter().take(ROWS) {
        let path = gap
            .path
            .as_ref()
            .map_or_else(String::new, |path| format!("{} ", code(&path.to_string())));
        writeln!(out, "- **{}** {path}{}", gap.kind, text(&gap.detail))?;
    }
    Ok(())
}

fn counts(rows: &[Told], gaps: usize) -> String {
    let mut counts: Vec<String> = Severity::WORST_FIRST
        .iter()
        .map(|severity| {
            (
                severity,
                rows.iter().filter(|row| row.severity == *severity).count(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("**{count}** {severity}"))
        .collect();
    if counts.is_empty() {
        counts.push("no findings".to_owned());
    }
    if gaps > 0 {
        counts.push(format!("**{gaps}** not looked at"));
    }
    counts.join(" · ")
}

/// Only links that cannot break out of the parentheses, and lead to the web.
fn is_plain_link(url: &str) -> bool {
    let is_plain = |character: char| {
        character.is_ascii_alphanumeric() || "-._~/:?#@!$&*+,;=%".contains(character)
    };
    url.starts_with("https://") && url.chars().all(is_plain)
}

/// Text that is shown as it is: nothing in it is markup, and a row stays one row.
pub(super) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let text = text.replace(['\n', '\r'], " ");
    for character in Untrusted(&text).to_string().chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '~' | '&' | '@' => {
                safe.push('\\');
                safe.push(character);
            }
            other => safe.push(other),
        }
    }
    safe
}

/// A span of code, in a fence that its text does not hold (CommonMark, section 6.1); a bar is escaped, since it stands in a table.
pub(super) fn code(text: &str) -> String {
    let longest = text
        .split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let text = text.replace(['\n', '\r'], " ");
    let text = Untrusted(&text).to_string().replace('|', "\\|");
    let space = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    if text.is_empty() {
        String::new()
    } else {
        format!("{fence}{space}{text}{space}{fence}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_of_an_image_is_markup() {
        assert_eq!(text("<img src=x>|a\nb"), "\\<img src=x\\>\\|a b");
        assert_eq!(code("a`b|c"), "``a`b\\|c``");
        assert!(!is_plain_link("https://a/)[x](javascript:0)") && !is_plain_link("javascript:0"));
    }
}
