//! For people: the verdict first, then what to act on, then what could not be looked at.

mod exploit;
mod files;
mod posture;
mod proof;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use self::words::{rests_on, shortened, spot};

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle,
    Table, TableStyle,
};

use self::words::{INSTRUCTION_SHOWN, compared, counted, feeds, secret_spot, told};
use super::Look;
use crate::evidence::{
    Evidence, Finding, Place, SecretFinding, SecretPlace, Verdict, VulnerabilityFinding,
};
use crate::model::{Confidence, Gap, GapKind, Severity, Untrusted};

/// Columns below which a table is unreadable: a narrower terminal wraps by itself.
const NARROWEST: u16 = 76;
/// Places of one secret that are listed; the JSON form has them all.
const PLACES_SHOWN: usize = 4;
/// Characters below which a build instruction says nothing: the layer's number stands alone then.
const INSTRUCTION_NARROWEST: usize = 8;

/// A line under the head, and nothing else: the rows are what is to be read.
const RULED: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

pub(super) fn write(evidence: &Evidence, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { evidence, look };
    page.heading(out)?;
    page.vulnerabilities(out)?;
    page.secrets(out)?;
    page.modified_files(out)?;
    page.ways_out(out)?;
    page.boundary(out)?;
    page.standards(out)?;
    page.proof(out)?;
    page.gaps(out)?;
    writeln!(out)?;
    page.files(out)?;
    page.checks(out)?;
    page.footer(out)
}

struct Page<'a> {
    evidence: &'a Evidence,
    look: Look,
}

impl Page<'_> {
    fn heading(&self, out: &mut dyn Write) -> io::Result<()> {
        let Evidence {
            subject,
            distribution,
            packages,
            ..
        } = self.evidence;
        writeln!(
            out,
            "{}",
            self.strong(&Untrusted(&subject.name).to_string())
        )?;
        let system = distribution
            .as_ref()
            .map_or("no distribution", |distribution| {
                distribution
                    .pretty_name
                    .as_deref()
                    .unwrap_or(&distribution.id)
            });
        if self.evidence.is_without_layers() {
            writeln!(out, "{}\n\n{}", self.what_was_run(), self.verdict())?;
            return Ok(());
        }
        // A folder does not say which machine its programs are for, and a list need not.
        let platform = subject.platform.to_string();
        let parts = [
            Untrusted(system).to_string(),
            platform.trim_matches('/').to_owned(),
            counted(packages.len(), "package"),
            counted(subject.layers.len(), "layer"),
        ];
        let is_said =
            |part: &&String| !part.is_empty() && (subject.sbom.is_none() || *part != "0 layers");
        let parts: Vec<&str> = parts.iter().filter(is_said).map(String::as_str).collect();
        writeln!(out, "{}", parts.join(" · "))?;
        if let Some(sbom) = &subject.sbom {
            writeln!(out, "{}", rests_on(sbom))?;
        }
        writeln!(out)?;
        writeln!(out, "{}", self.verdict())
    }

    /// `FINDINGS  2 critical, 5 high` or what else the scan comes to.
    fn verdict(&self) -> String {
        let Evidence {
            verdict,
            findings,
            gaps,
            policy,
            ..
        } = self.evidence;
        let (word, color) = match verdict {
            Verdict::Clean => ("CLEAN", Color::Green),
            Verdict::Findings => ("FINDINGS", Color::Red),
            Verdict::NotAssessable => ("NOT ASSESSABLE", Color::Yellow),
        };
        let mut counts: Vec<String> = Severity::WORST_FIRST
            .iter()
            .map(|severity| {
                (
                    severity,
                    findings
                        .iter()
                        .filter(|finding| !finding.is_deleted() && !finding.is_accepted())
                        .filter(|finding| finding.severity() == *severity)
                        .count(),
                )
            })
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        counts.extend(self.unsatisfied());
        if counts.is_empty() {
            counts.push("no findings".to_owned());
        }
        counts.extend(exploit::counted(findings));
        if !gaps.is_empty() {
            counts.push(counted(gaps.len(), "gap"));
        }
        let gate = match verdict {
            Verdict::Findings => String::new(),
            _ if findings.is_empty() => String::new(),
            _ => format!(" (none counts: --fail-on {})", policy.fail_on),
        };
        format!(
            "{}  {}{gate}",
            self.coloured(word, color),
            counts.join(", ")
        )
    }

    fn vulnerabilities(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self
            .evidence
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Vulnerability(finding) => Some(finding.as_ref()),
                _ => None,
            });
        let (deleted, seen): (Vec<_>, Vec<_>) =
            all.partition(|finding| finding.removed_in.is_some());
        let (malicious, seen): (Vec<_>, Vec<_>) =
            seen.into_iter().partition(|finding| finding.malicious);
        self.vulnerability_table(out, "Malicious packages", &malicious)?;
        self.vulnerability_table(out, "Vulnerabilities", &seen)?;
        let title = "Vulnerabilities of deleted packages, which a lower layer still holds";
        self.vulnerability_table(out, title, &deleted)?;
        exploit::legend(self.evidence, self.look.width.max(NARROWEST), out)
    }

    fn vulnerability_table(
        &self,
        out: &mut dyn Write,
        title: &str,
        found: &[&VulnerabilityFinding],
    ) -> io::Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        let with_exploit = found.iter().any(|finding| exploit::is_told(finding));
        let mut heads = vec![
            "Severity",
            "Id",
            "Package",
            "Installed",
            "Fixed in",
            "Brought by",
        ];
        if with_exploit {
            heads.insert(exploit::COLUMN, exploit::HEAD);
        }
        let cells = |finding: &&VulnerabilityFinding| {
            let mut cells = told(finding).to_vec();
            if with_exploit {
                cells.insert(exploit::COLUMN - 1, exploit::word(finding));
            }
            cells
        };
        let told: Vec<Vec<String>> = found.iter().map(cells).collect();
        let room = self.room_beside(&heads, &told);
        let package = if with_exploit { 2 } else { 1 };
        let mut table = self.table(&heads);
        let alike = found.iter().zip(&told).collect::<Vec<_>>();
        // The same package can lie in several places of a layer: the JSON form has each.
        for alike in alike.chunk_by(|(one, one_told), (other, other_told)| {
            one_told == other_told && one.place.layer == other.place.layer
        }) {
            let Some((finding, told)) = alike.first() else {
                continue;
            };
            let mut row = vec![Self::severity_cell(finding.severity)];
            row.extend(
                told.iter()
                    .enumerate()
                    .map(|(column, cell)| match alike.len() {
                        count if count > 1 && column == package => {
                            Cell::new(format!("{cell} (×{count})"))
                        }
                        _ if with_exploit && column + 1 == exploit::COLUMN => exploit::cell(cell),
                        _ => Cell::new(cell),
                    }),
            );
            let gone = finding
                .removed_in
                .map(|layer| format!(", gone in layer {}", layer + 1));
            let gone = gone.unwrap_or_default();
            let layer = self.layer(&finding.place, room.saturating_sub(gone.width()));
            row.push(Cell::new(layer + &gone));
            table.add_row(row);
        }
        keep_whole(&mut table, if with_exploit { &[0, 1, 2] } else { &[0, 1] });
        self.section(out, title, &table)
    }

    /// Columns that are left for the last cell of a finding if all others stay on one line.
    fn room_beside(&self, heads: &[&str], told: &[Vec<String>]) -> usize {
        let severity = Severity::WORST_FIRST.map(|severity| severity.name().width());
        let first = severity.into_iter().max().unwrap_or_default();
        let middle = heads.get(1..heads.len() - 1).unwrap_or_default();
        let columns = middle.iter().enumerate().map(|(column, head)| {
            let cells = told.iter().filter_map(|cells| cells.get(column));
            cells.fold(head.width(), |widest, cell| widest.max(cell.width()))
        });
        // A cell has a blank on each side, and one stands between two cells.
        let blanks = 3 * heads.len() - 1;
        usize::from(self.look.width.max(NARROWEST))
            .saturating_sub(first + columns.sum::<usize>() + blanks)
    }

    fn secrets(&self, out: &mut dyn Write) -> io::Result<()> {
        let found = self
            .evidence
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Secret(finding) => Some(finding),
                _ => None,
            });
        let is_accepted =
            |finding: &&SecretFinding| finding.places.iter().all(|place| place.accepted.is_some());
        let (accepted, found): (Vec<&SecretFinding>, Vec<&SecretFinding>) =
            found.partition(is_accepted);
        let (published, found): (Vec<&SecretFinding>, Vec<&SecretFinding>) = found
            .into_iter()
            .partition(|finding| finding.severity == Severity::Negligible);
        if !found.is_empty() {
            self.section(out, "Secrets", &self.secret_table(&found))?;
        }
        let mut ways: Vec<&str> = found
            .iter()
            .map(|finding| finding.removal.as_str())
            .collect();
        ways.sort_unstable();
        ways.dedup();
        for way in ways.into_iter().filter(|way| !way.is_empty()) {
            writeln!(out, "\nTo keep them out: {way}.")?;
        }
        if !accepted.is_empty() {
            let count = counted(accepted.len(), "secret");
            writeln!(
                out,
                "\n{count} accepted by exceptions: the JSON form lists them with the reasons"
            )?;
        }
        if !published.is_empty() {
            let count = counted(published.len(), "key");
            writeln!(
                out,
                "\n{count} of published software (self-tests and the like): the JSON form lists them"
            )?;
        }
        Ok(())
    }

    fn secret_table(&self, found: &[&SecretFinding]) -> Table {
        let mut table = self.table(&["Severity", "Secret", "Where", "What to do"]);
        for finding in found {
            let sure = match finding.confidence {
                Confidence::Proven => "proven",
                Confidence::Likely => "likely",
                Confidence::Possible => "possible",
            };
            table.add_row(vec![
                Self::severity_cell(finding.severity),
                Cell::new(format!(
                    "{}\n{}, {sure}",
                    finding.title,
                    Untrusted(&finding.redacted)
                )),
                Cell::new(self.places(&finding.places)),
                Cell::new(&finding.remedy),
            ]);
        }
        keep_whole(&mut table, &[0]);
        table
    }

    fn places(&self, places: &[SecretPlace]) -> String {
        let mut text = String::new();
        for found in places.iter().take(PLACES_SHOWN) {
            let place = &found.place;
            let separator = if text.is_empty() { "" } else { "\n" };
            let hidden = found.recoverable_from.map_or_else(String::new, |layer| {
                format!(
                    "\n  visible at run time: no, recoverable from layer {}",
                    layer + 1
                )
            });
            let _ = write!(
                text,
                "{separator}{}\n  {}{hidden}",
                secret_spot(found),
                self.layer(place, usize::MAX)
            );
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

    fn gaps(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.evidence.gaps.is_empty() {
            return Ok(());
        }
        let whole = match self.evidence {
            Evidence { subject, .. } if subject.sbom.is_some() => "the list",
            evidence if evidence.is_of_settings() => "the settings",
            evidence if evidence.is_without_layers() => "the container",
            _ => "the image",
        };
        let mut table = self.table(&["Not looked at", "Where", "Why"]);
        for Gap {
            kind, path, detail, ..
        } in &self.evidence.gaps
        {
            let place = path
                .as_ref()
                .map_or_else(|| whole.to_owned(), ToString::to_string);
            table.add_row(vec![
                Cell::new(kind),
                Cell::new(place),
                Cell::new(Untrusted(detail)),
            ]);
        }
        self.section(out, "Gaps", &table)
    }

    /// Which advisories this was held against: without that, a clean result says nothing.
    fn footer(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(advisories) = &self.evidence.advisories else {
            return Ok(());
        };
        let as_of = advisories
            .as_of
            .as_deref()
            .map(|time| format!(" as of {time}"));
        writeln!(
            out,
            "Advisories  {}, snapshot {}{}",
            feeds(&advisories.sources),
            advisories.snapshot.short(),
            as_of.unwrap_or_default()
        )?;
        if let Some(earlier) = &advisories.compared_with {
            writeln!(
                out,
                "Compared    {}",
                compared(earlier, &self.evidence.findings)
            )?;
        }
        if self
            .evidence
            .gaps
            .iter()
            .any(|gap| gap.kind == GapKind::StarterAdvisories)
        {
            writeln!(
                out,
                "            `plimsoll db update` fetches the real ones"
            )?;
        }
        Ok(())
    }

    fn section(&self, out: &mut dyn Write, title: &str, table: &Table) -> io::Result<()> {
        writeln!(out)?;
        writeln!(out, "{}", self.strong(title))?;
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn table(&self, heads: &[&str]) -> Table {
        let mut table = Table::new();
        table
            .load_style(RULED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(self.look.width.max(NARROWEST))
            .set_header(
                heads
                    .iter()
                    .map(|head| Cell::new(head).add_attribute(Attribute::Dim)),
            );
        if self.look.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table
    }

    fn severity_cell(severity: Severity) -> Cell {
        let cell = Cell::new(severity.name().to_uppercase());
        match severity {
            Severity::Critical => cell.fg(Color::Red).add_attribute(Attribute::Bold),
            Severity::High => cell.fg(Color::Red),
            Severity::Medium => cell.fg(Color::Yellow),
            Severity::Low => cell.fg(Color::Blue),
            Severity::Negligible | Severity::Unknown => cell.add_attribute(Attribute::Dim),
        }
    }

    /// The layer of a place, counted from 1 as people do, and as much as there is room for of the instruction that made it.
    fn layer(&self, place: &Place, room: usize) -> String {
        let Some(index) = place.layer else {
            return match place.config {
                Some(_) => "image config".to_owned(),
                None => "not said".to_owned(),
            };
        };
        let instruction = self
            .evidence
            .subject
            .layers
            .get(index)
            .and_then(|layer| layer.instruction.as_deref());
        let layer = format!("layer {}", index + 1);
        let room = room.saturating_sub(layer.len() + ": …".width());
        match instruction {
            Some(instruction) if room >= INSTRUCTION_NARROWEST => {
                let shown = shortened(instruction, room.min(INSTRUCTION_SHOWN));
                format!("{layer}: {}", Untrusted(&shown))
            }
            _ => layer,
        }
    }

    fn strong(&self, text: &str) -> String {
        self.styled(text, anstyle::Style::new().bold())
    }

    fn coloured(&self, text: &str, color: Color) -> String {
        let color = match color {
            Color::Green => anstyle::AnsiColor::Green,
            Color::Yellow => anstyle::AnsiColor::Yellow,
            _ => anstyle::AnsiColor::Red,
        };
        self.styled(text, color.on_default().bold())
    }

    fn styled(&self, text: &str, style: anstyle::Style) -> String {
        if self.look.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }
}

/// Columns that are only useful unbroken: a severity, an id.
fn keep_whole(table: &mut Table, columns: &[usize]) {
    for index in columns {
        if let Some(column) = table.column_mut(*index) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
}
