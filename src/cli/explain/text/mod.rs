//! An explanation for people: the answer, what the id is, then each package with the rows that decide.

mod rows;

use std::collections::BTreeSet;

use anstyle::AnsiColor;

use self::rows::{Told, shown};
use crate::advisories::{Conclusion, StoredRecord};
use crate::cli::Manners;
use crate::cli::page::{counted, dim, listed, safe, strong, styled};
use crate::evidence::Place;
use crate::evidence::write::{rests_on, shortened, spot};
use crate::scan::{Answer, Explained, ExplainedPackage, LeftOut};

/// Names and records that are listed; the JSON form has them all.
const SHOWN: usize = 8;
/// Characters of a build instruction that are shown.
const INSTRUCTION_SHOWN: usize = 60;
/// Columns of what stands before a text.
const LABEL: usize = 12;

pub(super) fn text(explained: &Explained, manners: Manners) -> String {
    let mut page = Page {
        explained,
        manners,
        text: String::new(),
    };
    page.heading();
    page.about();
    let mut packages: Vec<&ExplainedPackage> = explained.packages.iter().collect();
    // What a scan finds comes first, then what it cannot tell.
    packages.sort_by_key(|package| match package.conclusion {
        Conclusion::Matches => 0,
        Conclusion::CannotTell { .. } => 1,
        _ => 2,
    });
    for package in packages {
        page.package(package);
    }
    page.gaps();
    page.footer();
    page.text
}

struct Page<'a> {
    explained: &'a Explained,
    manners: Manners,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str(line.as_ref().trim_end());
        self.text.push('\n');
    }

    /// A label and what it is of, `indent` columns in.
    fn labelled(&mut self, indent: usize, label: &str, text: impl AsRef<str>) {
        let label = format!("{label:LABEL$}");
        let label = dim(label, self.manners);
        self.line(format!("{:indent$}{label}{}", "", text.as_ref()));
    }

    fn heading(&mut self) {
        let subject = &self.explained.subject;
        let (id, name) = (safe(&self.explained.asked), safe(&subject.name));
        self.line(strong(format!("{id} in {name}"), self.manners));
        let system = self.explained.distribution.as_ref();
        let system = system.map_or("no distribution", |system| {
            system.pretty_name.as_deref().unwrap_or(&system.id)
        });
        let platform = subject.platform.to_string();
        let mut parts = vec![
            safe(system),
            platform.trim_matches('/').to_owned(),
            counted(self.explained.packages_aboard, "package", "packages"),
        ];
        if !subject.layers.is_empty() {
            parts.push(counted(subject.layers.len(), "layer", "layers"));
        }
        parts.retain(|part| !part.is_empty());
        self.line(parts.join(" · "));
        if let Some(sbom) = &subject.sbom {
            self.line(rests_on(sbom));
        }
        let (word, colour) = match self.explained.answer {
            Answer::Matches => ("MATCHES", AnsiColor::Red),
            Answer::DoesNotMatch => ("DOES NOT MATCH", AnsiColor::Green),
            Answer::CannotTell => ("CANNOT TELL", AnsiColor::Yellow),
            Answer::UnknownId => ("UNKNOWN ID", AnsiColor::Yellow),
        };
        let word = styled(word, colour.on_default().bold(), self.manners);
        let why = self.why();
        self.line("");
        self.line(format!("{word}  {why}"));
    }

    /// The answer in a sentence.
    fn why(&self) -> String {
        let Explained {
            packages,
            records,
            sources,
            ..
        } = self.explained;
        if self.explained.answer == Answer::UnknownId {
            let all: u64 = sources.iter().map(|source| source.advisories).sum();
            let names = sources.iter().map(|source| source.name.as_str());
            let sources = listed(names, SHOWN);
            return format!(
                "none of the {all} advisories of the store bears it, as an id or as an alias; its sources: {sources}"
            );
        }
        let aboard = counted(packages.len(), "package", "packages");
        if packages.is_empty() {
            let rows = records.iter().flat_map(|record| &record.rows);
            let named: BTreeSet<&str> = rows.map(|row| row.package.as_str()).collect();
            let count = counted(named.len(), "package", "packages");
            let none = match named.len() {
                1 => "which is not in this image",
                _ => "and none of them is in this image",
            };
            return format!("its records name {count} ({}), {none}", listed(named, 3));
        }
        let (counting, others): (Vec<_>, Vec<_>) = packages
            .iter()
            .filter(|package| package.conclusion == Conclusion::Matches)
            .partition(|package| package.left_out.is_none());
        match (counting.len(), others.len(), packages.len()) {
            (0, 0, 1) => "1 package of this image is named by its records".to_owned(),
            (0, 0, _) => format!("{aboard} of this image are named by its records"),
            (0, count, _) => {
                format!(
                    "{count} of {aboard} that its records name would match, but a scan does not count it"
                )
            }
            (count, ..) => format!("{count} of {aboard} of this image that its records name"),
        }
    }

    /// What the id is, by its records.
    fn about(&mut self) {
        let explained = self.explained;
        if explained.answer == Answer::UnknownId {
            let hint = "`plimsoll db search` looks for ids that are near";
            return self.line(dim(hint, self.manners));
        }
        let summary = safe(self.summary());
        self.line("");
        self.line(summary);
        let severity = self.severity();
        self.labelled(0, "Severity", severity);
        let names: BTreeSet<&str> = explained
            .records
            .iter()
            .flat_map(|record| std::iter::once(&record.id).chain(&record.aliases))
            .chain(&explained.ids)
            .map(String::as_str)
            .collect();
        self.labelled(0, "Known as", listed(names, SHOWN));
        for (place, record) in explained.records.iter().take(SHOWN).enumerate() {
            let label = if place == 0 { "Records" } else { "" };
            let relation = relation(record, &explained.ids);
            let from = format!("{} of {}: {relation}", record.id, record.source);
            self.labelled(0, label, safe(&from));
        }
        let more = explained.records.len().saturating_sub(SHOWN);
        if more > 0 {
            self.labelled(0, "", format!("{more} more: --json has them"));
        }
    }

    /// What a finding says, else what the first record does that says anything.
    fn summary(&self) -> &str {
        let Explained {
            packages, records, ..
        } = self.explained;
        let findings = packages.iter().flat_map(|package| &package.findings);
        let of_findings = findings.map(|found| found.advisory.summary.as_str());
        let of_records = records.iter().map(|record| record.summary.as_str());
        let ids = records.iter().map(|record| record.id.as_str());
        let mut all = of_findings.chain(of_records).chain(ids);
        all.find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// The worst that a finding has, else that a record says; and by whose word.
    fn severity(&self) -> String {
        let Explained {
            packages, records, ..
        } = self.explained;
        let findings = packages.iter().flat_map(|package| &package.findings);
        let of_findings = findings.filter_map(|found| {
            let by = found.advisory.severity_source.clone()?;
            Some((found.advisory.severity, by))
        });
        let of_records = records.iter().filter_map(|record| {
            let by = &record.rating.as_ref()?.by;
            Some((record.severity(), format!("{}, {by}", record.source)))
        });
        match of_findings.max().or_else(|| of_records.max()) {
            Some((severity, by)) => format!("{severity} (by {})", safe(&by)),
            None => "nobody says".to_owned(),
        }
    }

    fn package(&mut self, explained: &ExplainedPackage) {
        let package = &explained.record.package;
        let title = format!("{} {}", package.full_name(), package.version);
        let (word, colour) = match (&explained.conclusion, explained.left_out) {
            (Conclusion::Matches, None) => ("matches", AnsiColor::Red),
            (Conclusion::Matches, Some(_)) => ("matches, and does not count", AnsiColor::Yellow),
            (Conclusion::NotAffected { .. }, _) => ("not affected", AnsiColor::Green),
            (Conclusion::FoundAs { .. }, _) => ("found under another id", AnsiColor::Yellow),
            (Conclusion::DoesNotMatch, _) => ("does not match", AnsiColor::Green),
            (Conclusion::CannotTell { .. }, _) => ("cannot tell", AnsiColor::Yellow),
        };
        let word = styled(word, colour.on_default(), self.manners);
        self.line("");
        let title = strong(safe(&title), self.manners);
        self.line(format!("{title}  {word}"));
        if let Some(purl) = &explained.record.purl {
            self.labelled(2, "Package", safe(purl));
        }
        self.labelled(2, "Recorded in", self.place(&explained.record.place));
        self.left_out(explained);
        if !explained.ecosystems.is_empty() {
            let ecosystems = explained.ecosystems.iter().map(String::as_str);
            let source = package.source.as_ref().filter(|source| {
                (&source.name, &source.version) != (&package.name, &package.version)
            });
            let source = source.map_or_else(String::new, |source| {
                format!("; its source is {} {}", source.name, source.version)
            });
            let looked_in = listed(ecosystems, SHOWN);
            self.labelled(2, "Looked in", looked_in + &safe(&source));
        }
        self.conclusion(explained);
        for told in shown(&explained.rows) {
            let lines = told.lines(self.explained.distribution.as_ref());
            let mut lines = lines.into_iter();
            if let Some(first) = lines.next() {
                self.line(format!("  {first}"));
            }
            for line in lines {
                self.line(format!("    {line}"));
            }
        }
        let count = explained.rows.len();
        let told: usize = shown(&explained.rows).iter().map(Told::count).sum();
        if told < count {
            let more = counted(count - told, "more row", "more rows");
            let more = format!("  {more} further away: --json has them");
            self.line(dim(more, self.manners));
        }
    }

    fn left_out(&mut self, explained: &ExplainedPackage) {
        if let Some(owner) = &explained.record.owned_by {
            let counts = match explained.left_out {
                Some(LeftOut::Owned) => ": that one's advisories decide, unless --all is given",
                _ => "",
            };
            self.labelled(2, "Part of", safe(owner) + counts);
        }
        if let Some(layer) = explained.removed_in {
            let counts = match explained.left_out {
                Some(LeftOut::Deleted) => ": only a lower layer holds it; --deleted looks there",
                _ => ": only a lower layer holds it",
            };
            self.labelled(2, "Gone in", format!("layer {}{counts}", layer + 1));
        }
    }

    /// What a scan finds, or why it has nothing to say.
    fn conclusion(&mut self, explained: &ExplainedPackage) {
        for found in &explained.findings {
            let fix = match &found.fixed_version {
                Some(version) => format!("fixed in {version}"),
                None => found.status.name().replace('-', " "),
            };
            let proofs = found.proof.iter().map(|proof| proof.advisory.as_str());
            let records: BTreeSet<&str> = proofs.collect();
            let of = match records.len() {
                0 | 1 => String::new(),
                count => format!(", of {count} records: {}", listed(records, SHOWN)),
            };
            let found = format!("{}, {}, {fix}", found.advisory.id, found.advisory.severity);
            self.labelled(2, "Found as", safe(&found) + &of);
        }
        match &explained.conclusion {
            Conclusion::Matches | Conclusion::DoesNotMatch => {}
            Conclusion::NotAffected { sources } => {
                let sources = listed(sources.iter().map(String::as_str), SHOWN);
                let why = format!("{sources} says that it is not affected; that decides");
                self.labelled(2, "Why", why);
            }
            Conclusion::FoundAs { ids } => {
                let ids = listed(ids.iter().map(String::as_str), SHOWN);
                self.labelled(
                    2,
                    "Why",
                    format!("the record is {ids}, and only passes this one on"),
                );
            }
            Conclusion::CannotTell { why } => self.labelled(2, "Why", safe(why)),
        }
    }

    /// File and line, layer and instruction.
    fn place(&self, place: &Place) -> String {
        let spot = spot(place);
        let spot = if spot.is_empty() {
            "the list does not say where".to_owned()
        } else {
            spot
        };
        let Some(index) = place.layer else {
            return spot;
        };
        let layer = self.explained.subject.layers.get(index);
        match layer.and_then(|layer| layer.instruction.as_deref()) {
            Some(instruction) => {
                let instruction = safe(&shortened(instruction, INSTRUCTION_SHOWN));
                format!("{spot}, layer {}: {instruction}", index + 1)
            }
            None => format!("{spot}, layer {}", index + 1),
        }
    }

    fn gaps(&mut self) {
        let gaps = &self.explained.gaps;
        if gaps.is_empty() || self.explained.answer == Answer::Matches {
            return;
        }
        self.line("");
        self.line(strong("What could not be looked at", self.manners));
        for gap in gaps.iter().take(SHOWN) {
            let path = gap.path.as_ref();
            let path = path.map_or_else(String::new, |path| format!("{path}: "));
            self.line(format!("  {}  {path}{}", gap.kind, safe(&gap.detail)));
        }
        let more = gaps.len().saturating_sub(SHOWN);
        if more > 0 {
            self.line(format!("  {more} more: --json has them"));
        }
    }

    fn footer(&mut self) {
        // What is only known beside advisories matches nothing.
        let sources = self.explained.sources.iter();
        let sources: Vec<_> = sources.filter(|source| source.advisories > 0).collect();
        let all: u64 = sources.iter().map(|source| source.advisories).sum();
        let of = counted(sources.len(), "source", "sources");
        let snapshot = self.explained.snapshot.short();
        self.line("");
        let text = format!("{all} advisories of {of}, snapshot {snapshot}");
        self.labelled(0, "Advisories", text);
        if let [only] = sources.as_slice()
            && only.name == crate::advisories::Store::STARTER
        {
            let text = "those inside Plimsoll, and no coverage; `plimsoll db update` fetches the real ones";
            self.labelled(0, "", text);
        }
    }
}

/// Why a record is among those that are folded together.
fn relation(record: &StoredRecord, ids: &[String]) -> String {
    let first_of = |names: &[String]| names.iter().find(|name| ids.contains(name)).cloned();
    let is_cve = |name: &&String| name.starts_with("CVE-");
    if let Some(cve) = record
        .aliases
        .iter()
        .filter(|name| ids.contains(name))
        .find(is_cve)
    {
        return format!("it is {cve}");
    }
    if ids.contains(&record.id) {
        return "its own id".to_owned();
    }
    if let Some(name) = first_of(&record.aliases) {
        return format!("it is {name}");
    }
    if let Some(name) = first_of(&record.upstream) {
        return format!("it passes {name} on");
    }
    "it shares an alias with one that is".to_owned()
}
