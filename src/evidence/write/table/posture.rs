//! The container boundary in the table: what to change, container by container.

use std::fmt::Write as _;
use std::io::{self, Write};

use comfy_table::{Cell, Color};

use super::words::{INSTRUCTION_SHOWN, counted};
use super::{Page, keep_whole, shortened};
use crate::evidence::{
    CheckResult, ControlRecord, Finding, PostureFinding, PosturePlace, StandardRecord,
};
use crate::model::{Severity, Untrusted};

/// Places of one finding that are listed; the JSON form has them all.
const PLACES_SHOWN: usize = 4;
/// Reasons of checks that could not be made that are told; the JSON form has them all.
const REASONS_SHOWN: usize = 6;

impl Page<'_> {
    pub(super) fn boundary(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut found: Vec<&PostureFinding> = self.posture().collect();
        let notes = found.len();
        found.retain(|finding| finding.severity > Severity::Negligible);
        let notes = notes - found.len();
        // The image first, then each container; within one the worst first, as the document has it.
        found.sort_by_key(|finding| &finding.subject);
        for of_one in found.chunk_by(|one, other| one.subject == other.subject) {
            let subject = of_one
                .first()
                .and_then(|finding| finding.subject.as_deref());
            let title = match subject {
                None => "Container boundary of the image".to_owned(),
                Some(container) => format!("Container boundary of {}", Untrusted(container)),
            };
            self.section(out, &title, &self.boundary_table(of_one))?;
        }
        if notes > 0 {
            let notes = counted(notes, "note");
            writeln!(
                out,
                "\n{notes} on the container boundary: the JSON form lists them"
            )?;
        }
        Ok(())
    }

    /// The ways out of each container, with the one change that closes each: what to do first.
    pub(super) fn ways_out(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = &self.evidence.ways_out;
        for of_one in all.chunk_by(|one, other| one.subject == other.subject) {
            let Some(first) = of_one.first() else {
                continue;
            };
            let mut table = self.table(&["Way", "How root inside reaches the host", "Closed by"]);
            for way in of_one {
                let sure = if way.certain {
                    ""
                } else {
                    "\nit depends on the host"
                };
                table.add_row(vec![
                    Cell::new(&way.way),
                    Cell::new(format!("{}{sure}", Untrusted(&way.how))),
                    Cell::new(Untrusted(&way.closed_by)),
                ]);
            }
            let title = format!("Ways out of {}", Untrusted(&first.subject));
            self.section(out, &title, &table)?;
        }
        Ok(())
    }

    fn posture(&self) -> impl Iterator<Item = &PostureFinding> {
        self.evidence
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Posture(finding) => Some(finding.as_ref()),
                _ => None,
            })
    }

    fn boundary_table(&self, found: &[&PostureFinding]) -> comfy_table::Table {
        let mut table = self.table(&["Severity", "Check", "Where", "What to do"]);
        for finding in found {
            let fixes = finding
                .places
                .iter()
                .filter_map(|place| place.fix.as_deref());
            let mut fixes: Vec<&str> = fixes.collect();
            fixes.dedup();
            let remedy = match fixes.as_slice() {
                [one] => one,
                _ => finding.remedy.as_str(),
            };
            table.add_row(vec![
                Self::severity_cell(finding.severity),
                Cell::new(format!("{}\n{}", finding.check, finding.title)),
                Cell::new(posture_places(&finding.places)),
                Cell::new(Untrusted(remedy)),
            ]);
        }
        keep_whole(&mut table, &[0]);
        table
    }

    /// What the standards say that were asked about: the controls that do not hold, and those that cannot be told.
    pub(super) fn standards(&self, out: &mut dyn Write) -> io::Result<()> {
        for standard in &self.evidence.standards {
            let (word, colour) = word(standard.result);
            let StandardRecord {
                name,
                version,
                subject,
                controls,
                ..
            } = standard;
            let word = self.coloured(word, colour);
            let title = self.strong(&format!("{name} {version}"));
            writeln!(out, "\n{title}  {}  {word}", Untrusted(subject))?;
            let open = |control: &&ControlRecord| {
                matches!(
                    control.result,
                    CheckResult::Failed | CheckResult::NotEvaluated
                )
            };
            let open: Vec<&ControlRecord> = controls.iter().filter(open).collect();
            if open.is_empty() {
                continue;
            }
            let mut table = self.table(&["Control", "Asks for", "Result", "Where"]);
            for control in open {
                let (word, colour) = self::word(control.result);
                let mut lines: Vec<String> = control
                    .details
                    .iter()
                    .map(|line| Untrusted(line).to_string())
                    .collect();
                lines.truncate(PLACES_SHOWN);
                table.add_row(vec![
                    Cell::new(&control.control),
                    Cell::new(&control.title),
                    Cell::new(word).fg(colour),
                    Cell::new(lines.join("\n")),
                ]);
            }
            keep_whole(&mut table, &[0, 2]);
            for line in table.lines() {
                writeln!(out, "{}", line.trim_end())?;
            }
        }
        Ok(())
    }

    /// `8 controls not satisfied`, where standards were asked about.
    pub(super) fn unsatisfied(&self) -> Option<String> {
        let standards = &self.evidence.standards;
        let controls = standards.iter().flat_map(|standard| &standard.controls);
        let failed = controls
            .filter(|control| control.result == CheckResult::Failed)
            .count();
        let word = counted(failed, "control");
        (!standards.is_empty()).then(|| format!("{word} not satisfied"))
    }

    /// How many checks were made, so that nobody takes those that could not be made for passed.
    pub(super) fn checks(&self, out: &mut dyn Write) -> io::Result<()> {
        let checks = &self.evidence.checks;
        if checks.is_empty() {
            return Ok(());
        }
        let parts = [
            (CheckResult::Passed, "passed"),
            (CheckResult::Failed, "failed"),
            (CheckResult::NotEvaluated, "not evaluated"),
            (CheckResult::NotApplicable, "not applicable"),
        ];
        let parts = parts.map(|(result, word)| {
            let count = checks.iter().filter(|check| check.result == result).count();
            (count, format!("{count} {word}"))
        });
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(_, part)| part)
            .collect();
        writeln!(
            out,
            "Boundary    {}: {}",
            counted(checks.len(), "check"),
            parts.join(", ")
        )?;
        self.not_evaluated(out)
    }

    /// Why checks of settings could not be made, each reason once.
    fn not_evaluated(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.evidence.settings.is_empty() {
            return Ok(());
        }
        let of_settings = self
            .evidence
            .checks
            .iter()
            .filter(|check| check.subject.is_some());
        let mut reasons: Vec<(&str, &str)> = of_settings
            .filter_map(|check| Some((check.reason.as_deref()?, check.check.as_str())))
            .collect();
        reasons.sort_unstable();
        for of_one in reasons
            .chunk_by(|one, other| one.0 == other.0)
            .take(REASONS_SHOWN)
        {
            let mut checks: Vec<&str> = of_one.iter().map(|(_, check)| *check).collect();
            checks.dedup();
            let Some(((reason, _), first)) = of_one.first().zip(checks.first()) else {
                continue;
            };
            let more = match checks.len() {
                1 => String::new(),
                count => format!(" and {} more", count - 1),
            };
            writeln!(
                out,
                "            not evaluated: {} ({first}{more})",
                Untrusted(reason)
            )?;
        }
        Ok(())
    }
}

fn word(result: CheckResult) -> (&'static str, Color) {
    match result {
        CheckResult::Passed => ("SATISFIED", Color::Green),
        CheckResult::Failed => ("NOT SATISFIED", Color::Red),
        CheckResult::NotEvaluated => ("NOT ASSESSABLE", Color::Yellow),
        CheckResult::NotApplicable => ("NOT APPLICABLE", Color::Yellow),
    }
}

fn posture_places(places: &[PosturePlace]) -> String {
    let mut text = String::new();
    for place in places.iter().take(PLACES_SHOWN) {
        let separator = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{separator}{}", Untrusted(&place.detail));
        let spot = spot(place);
        if !spot.is_empty() {
            let _ = write!(text, "\n  {}", Untrusted(&spot));
        }
    }
    if let Some(more) = places
        .len()
        .checked_sub(PLACES_SHOWN)
        .filter(|more| *more > 0)
    {
        let _ = write!(text, "\nand {}", counted(more, "other place"));
    }
    text
}

/// Where it is: the line first, as editors read it.
fn spot(found: &PosturePlace) -> String {
    let place = &found.place;
    let line = place
        .line
        .map_or_else(String::new, |line| format!(":{line}"));
    let mut parts = Vec::new();
    if let Some(path) = &place.path {
        parts.push(format!("{path}{line}"));
    }
    if let Some(file) = &place.file {
        let column = place
            .column
            .map_or_else(String::new, |column| format!(":{column}"));
        parts.push(format!("{file}{line}{column}"));
    }
    if let Some(part) = &place.config {
        parts.push(format!("image config: {part}"));
    }
    parts.extend(place.field.clone());
    if let Some(layer) = place.layer {
        let instruction = found
            .instruction
            .as_deref()
            .map_or_else(String::new, |instruction| {
                format!(": {}", shortened(instruction, INSTRUCTION_SHOWN))
            });
        parts.push(format!("layer {}{instruction}", layer + 1));
    }
    parts.join("  ")
}
