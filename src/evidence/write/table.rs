//! For people: the verdict first, then what to act on, then what could not be looked at.

use std::fmt::Write as _;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr as _;

use comfy_table::{
    Attribute, Cell, Color, ColumnConstraint, ContentArrangement, ContentLineStyle, LineStyle,
    Table, TableStyle,
};

use super::Look;
use crate::advisories::Status;
use crate::evidence::{
    AdvisorySource, Evidence, Finding, Place, SecretFinding, SecretPlace, Verdict,
    VulnerabilityFinding,
};
use crate::model::{Confidence, Gap, GapKind, Severity, Untrusted};

/// Columns below which a table is unreadable: a narrower terminal wraps by itself.
const NARROWEST: u16 = 76;
/// Places of one secret that are listed; the JSON form has them all.
const PLACES_SHOWN: usize = 4;
/// Characters of a build instruction that are shown.
const INSTRUCTION_SHOWN: usize = 32;
/// Characters below which a build instruction says nothing: the layer's number stands alone then.
const INSTRUCTION_NARROWEST: usize = 8;
/// Feeds that are named below the tables; the JSON form has them all.
const FEEDS_NAMED: usize = 4;

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
    page.gaps(out)?;
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
        let layers = subject.layers.len();
        writeln!(
            out,
            "{} · {} · {} · {}",
            Untrusted(system),
            // A folder does not say which machine its programs are for.
            subject.platform.to_string().trim_end_matches('/'),
            counted(packages.len(), "package"),
            counted(layers, "layer"),
        )?;
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
                        .filter(|finding| finding.severity() == *severity)
                        .count(),
                )
            })
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        if counts.is_empty() {
            counts.push("no findings".to_owned());
        }
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
        let found: Vec<&VulnerabilityFinding> = self
            .evidence
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Vulnerability(finding) => Some(finding),
                Finding::Secret(_) => None,
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        let heads = [
            "Severity",
            "Id",
            "Package",
            "Installed",
            "Fixed in",
            "Brought by",
        ];
        let told: Vec<[String; 4]> = found.iter().map(|finding| told(finding)).collect();
        let room = self.room_beside(heads, &told);
        let mut table = self.table(&heads);
        for (finding, told) in found.iter().zip(&told) {
            let mut row = vec![Self::severity_cell(finding.severity)];
            row.extend(told.iter().map(Cell::new));
            row.push(Cell::new(self.layer(&finding.place, room)));
            table.add_row(row);
        }
        keep_whole(&mut table, &[0, 1]);
        self.section(out, "Vulnerabilities", &table)
    }

    /// Columns that are left for the last cell of a finding if all others stay on one line.
    fn room_beside(&self, heads: [&str; 6], told: &[[String; 4]]) -> usize {
        let severity = Severity::WORST_FIRST.map(|severity| severity.name().width());
        let first = severity.into_iter().max().unwrap_or_default();
        let [_, middle @ .., _] = heads;
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
                Finding::Vulnerability(_) => None,
            });
        let (published, found): (Vec<&SecretFinding>, Vec<&SecretFinding>) =
            found.partition(|finding| finding.severity == Severity::Negligible);
        if !found.is_empty() {
            self.section(out, "Secrets", &self.secret_table(&found))?;
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
        for SecretPlace { place, visible } in places.iter().take(PLACES_SHOWN) {
            let separator = if text.is_empty() { "" } else { "\n" };
            let hidden = if *visible {
                ""
            } else {
                "\n  deleted later, still in the image"
            };
            let _ = write!(
                text,
                "{separator}{}\n  {}{hidden}",
                spot(place),
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
        let mut table = self.table(&["Not looked at", "Where", "Why"]);
        for Gap {
            kind, path, detail, ..
        } in &self.evidence.gaps
        {
            let place = path
                .as_ref()
                .map_or_else(|| "the image".to_owned(), ToString::to_string);
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
        let advisories = &self.evidence.advisories;
        writeln!(out)?;
        writeln!(
            out,
            "Advisories  {}, snapshot {}",
            feeds(&advisories.sources),
            advisories.snapshot.short()
        )?;
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
            return "image config".to_owned();
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

/// Id, package, installed and fixed version of a finding, safe to show.
fn told(finding: &VulnerabilityFinding) -> [String; 4] {
    let fixed = finding.fixed_version.as_deref();
    let fixed = fixed.map_or_else(|| no_fix(finding.status), str::to_owned);
    [&finding.id, &finding.name, &finding.version, &fixed].map(|text| Untrusted(text).to_string())
}

/// The feeds by name if they are few, by number otherwise.
fn feeds(sources: &[AdvisorySource]) -> String {
    let advisories = |count| counted_u64(count, "advisory", "advisories");
    if sources.len() > FEEDS_NAMED {
        let all = sources.iter().map(|source| source.advisories).sum();
        return format!("{} feeds ({})", sources.len(), advisories(all));
    }
    let named = sources.iter().map(|source| {
        let count = advisories(source.advisories);
        format!("{} ({count})", Untrusted(&source.name))
    });
    named.collect::<Vec<_>>().join(", ")
}

/// What stands where a fixed version would.
fn no_fix(status: Status) -> String {
    match status {
        Status::Affected | Status::Fixed | Status::NotAffected => "no fix known".to_owned(),
        status => status.name().replace('-', " "),
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

/// File and line, or the part of the config.
fn spot(place: &Place) -> String {
    let spot = place.path.as_ref().map(ToString::to_string).or_else(|| {
        place
            .config
            .as_ref()
            .map(|part| Untrusted(part).to_string())
    });
    let spot = spot.unwrap_or_default();
    place
        .line
        .map_or_else(|| spot.clone(), |line| format!("{spot}:{line}"))
}

/// A build instruction without the shell and the markers that builders put around it, and with digests cut short.
fn shortened(instruction: &str, room: usize) -> String {
    let bare = instruction
        .trim_start_matches("/bin/sh -c ")
        .trim_start_matches("#(nop)")
        .trim_end_matches(" # buildkit")
        .split_whitespace()
        .map(short_word)
        .collect::<Vec<_>>()
        .join(" ");
    match bare.char_indices().nth(room) {
        Some((end, _)) => format!("{}…", bare.get(..end).unwrap_or_default()),
        None => bare,
    }
}

/// `file:d48cac34fac3…` of a word that ends in a digest.
fn short_word(word: &str) -> String {
    let digits = word.rsplit(':').next().unwrap_or_default();
    if digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let kept = word.len() - digits.len() + 12;
        return format!("{}…", word.get(..kept).unwrap_or(word));
    }
    word.to_owned()
}

fn counted(count: usize, noun: &str) -> String {
    counted_u64(count as u64, noun, &format!("{noun}s"))
}

fn counted_u64(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_feeds_are_named_and_many_are_counted() {
        let source = |number: u64| AdvisorySource {
            name: format!("feed {number}"),
            advisories: number,
            newest: None,
        };
        let few: Vec<_> = (1..=2).map(source).collect();
        assert_eq!(feeds(&few), "feed 1 (1 advisory), feed 2 (2 advisories)");
        let many: Vec<_> = (1..=60).map(source).collect();
        assert_eq!(feeds(&many), "60 feeds (1830 advisories)");
    }

    #[test]
    fn instructions_are_shown_without_what_the_builder_added() {
        let digest = "d48cac34fac385cbc1de6adfdd88300f76f9bbe346cd17e64fd834d042a98326";
        let classic = format!("/bin/sh -c #(nop) ADD file:{digest} in / ");
        assert_eq!(
            shortened(&classic, INSTRUCTION_SHOWN),
            "ADD file:d48cac34fac3… in /"
        );
        assert_eq!(
            shortened("RUN /bin/sh -c pip install x # buildkit", INSTRUCTION_SHOWN),
            "RUN /bin/sh -c pip install x"
        );
        assert_eq!(
            shortened(&"x".repeat(60), INSTRUCTION_SHOWN)
                .chars()
                .count(),
            INSTRUCTION_SHOWN + 1
        );
    }
}
