//! What the commands that answer a person have in common: tables without lines, weights, and the colours of severities.

use std::fmt::Display;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table, presets};

use super::Manners;
use super::output::terminal_width;
use crate::model::{Severity, Untrusted};

/// Columns below which a table is unreadable: a narrower terminal wraps by itself.
const NARROWEST: u16 = 76;

/// A table with these heads, as wide as the terminal.
pub(super) fn table(heads: &[&str], manners: Manners) -> Table {
    let head = |text: &&str| Cell::new(text).add_attribute(Attribute::Dim);
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(terminal_width().max(NARROWEST))
        .set_header(heads.iter().map(head));
    if manners.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    table
}

/// Its lines, without blanks at their ends.
pub(super) fn lines(table: &Table) -> Vec<String> {
    let lines = table.lines();
    lines.map(|line| line.trim_end().to_owned()).collect()
}

pub(super) fn severity_cell(severity: Severity) -> Cell {
    let cell = Cell::new(severity.name().to_uppercase());
    match severity {
        Severity::Critical => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Severity::High => cell.fg(Color::Red),
        Severity::Medium => cell.fg(Color::Yellow),
        Severity::Low => cell.fg(Color::Blue),
        Severity::Negligible | Severity::Unknown => cell.add_attribute(Attribute::Dim),
    }
}

/// A text of the store's or the image's, safe to show.
pub(super) fn safe(text: &str) -> String {
    Untrusted(text).to_string()
}

/// Texts with commas between them, safe to show; beyond so many they are counted.
pub(super) fn listed<'a>(texts: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let all: Vec<&str> = texts.into_iter().collect();
    let shown = all.iter().take(most).map(|text| safe(text));
    let mut shown: Vec<String> = shown.collect();
    if let Some(more) = all.len().checked_sub(most).filter(|more| *more > 0) {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

/// The day of a time that a feed writes.
pub(super) fn day(time: &str) -> String {
    safe(time.get(..10).unwrap_or(time))
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Text in a style, where there are colours.
pub(super) fn styled(text: impl Display, style: anstyle::Style, manners: Manners) -> String {
    if manners.colour {
        format!("{style}{text}{style:#}")
    } else {
        text.to_string()
    }
}

pub(super) fn strong(text: impl Display, manners: Manners) -> String {
    styled(text, anstyle::Style::new().bold(), manners)
}

pub(super) fn dim(text: impl Display, manners: Manners) -> String {
    styled(text, anstyle::Style::new().dimmed(), manners)
}
