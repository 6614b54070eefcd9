//! OVAL 5 of the rpm distributions, <https://oval.mitre.org/language/version5.11/>: definitions with conditions about
//! packages' versions.
//!
//! ```text
//! oval_definitions: generator
//!     definitions: definition { metadata { title, affected, reference, advisory … }, criteria: AND | OR of criterion }
//!     tests: rpminfo_test { object, state }    objects: rpminfo_object { name }    states: rpminfo_state { evr }
//! ```
//! Read as a stream (`xml`), kept small until its end (`document`, `tables`), taken apart (`criteria`), and named as OSV
//! names things (`dialect`). What is not understood of a condition is counted, and the rest of it taken.

mod criteria;
mod dialect;
mod document;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::criteria::{Criteria, Row, Says};
use self::dialect::{Dialect, microsoft_ecosystem, module_of};
use self::document::{Definition, Document};
use self::tables::{Comparison, Operation};
use super::input::{FeedInput, read_error};
use super::xml::each_document;
use crate::advisories::advisory::{Advisory, Detail, Range, Reference, Status, Unordered};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::{Cvss, cvss_rating, vendor_rating};
use crate::advisories::report::SkipReason;
use crate::advisories::version::{Scheme, UnorderedVersion, VersionKey};

/// Reads documents, one after the other.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_document(input, "oval_definitions", intake, |file, xml, intake| {
        let document = Document::read(xml).map_err(read_error(file))?;
        let release = release_of(&document);
        for definition in &document.definitions {
            intake.tally.records += 1;
            take(definition, &document, release.as_deref(), intake)?;
        }
        Ok(())
    })
}

/// The ecosystem of a document that does not say of which release it is, by the builds that it names. All documents of
/// Microsoft's are about one.
fn release_of(document: &Document) -> Option<String> {
    document.definitions.iter().find_map(|definition| {
        let node = definition.criteria.as_ref()?;
        let criteria = Criteria::of(document, node);
        criteria.rows.iter().find_map(|row| match &row.says {
            Says::Within(bounds) => bounds
                .iter()
                .find_map(|bound| microsoft_ecosystem(&bound.version)),
            _ => None,
        })
    })
}

fn take(
    definition: &Definition,
    document: &Document,
    release: Option<&str>,
    intake: &mut Intake<'_>,
) -> Result<(), IntakeError> {
    let dialect = Dialect::of(&definition.id);
    let named = dialect.and_then(|dialect| Some((dialect, dialect.record_id(definition)?)));
    let Some((dialect, id)) = named else {
        intake.tally.skip(SkipReason::InvalidRecord, || {
            format!("{}: not of a vendor that is known", definition.id)
        });
        return Ok(());
    };
    intake.tally.recognised += 1;
    let mut taking = Taking {
        advisory: head(definition, id),
        dialect,
        definition,
        document,
        release,
        intake,
    };
    if matches!(definition.class.as_str(), "patch" | "vulnerability") {
        taking.rows();
    }
    let Taking { advisory, .. } = taking;
    intake.add(advisory)
}

/// All but the packages.
fn head(definition: &Definition, id: String) -> Advisory {
    let references = definition.references.iter();
    let is_cve = |id: &&str| id.starts_with("CVE-");
    let cves = definition.cves.iter().map(|cve| cve.id.as_str());
    // `CVE-2007-0493`, `Mitre CVE-2007-0493`, `CVE:00001:CVE-2019-16168`
    let named = references
        .clone()
        .filter(|reference| reference.source == "CVE")
        .filter_map(|reference| reference.id.rsplit([':', ' ']).next());
    let upstream: BTreeSet<&str> = cves.chain(named).filter(is_cve).collect();
    let vectors: BTreeSet<&String> = definition.cves.iter().flat_map(|cve| &cve.cvss).collect();
    let scored: Vec<Cvss> = vectors
        .into_iter()
        .map(|vector| Cvss::new(vector))
        .collect();
    let links = references.filter(|reference| !reference.url.is_empty());
    Advisory {
        upstream: upstream
            .into_iter()
            .filter(|cve| **cve != id)
            .map(str::to_owned)
            .collect(),
        rating: vendor_rating(&definition.severity).or_else(|| cvss_rating(&scored)),
        detail: Detail {
            summary: definition.title.clone(),
            cvss: scored,
            references: links
                .map(|reference| Reference {
                    kind: kind_of(&reference.source).to_owned(),
                    url: reference.url.clone(),
                })
                .collect(),
            published: definition.issued.clone(),
            modified: definition
                .updated
                .clone()
                .or_else(|| definition.issued.clone()),
        },
        text: definition.description.clone(),
        id,
        ..Advisory::default()
    }
}

/// A notice is the vendor's own; the rest is the world's.
fn kind_of(source: &str) -> &'static str {
    match source {
        "elsa" | "PHSA" | "SUSE CVE" | "SUSE-SU" => "ADVISORY",
        _ => "WEB",
    }
}

/// One definition on its way to an advisory.
struct Taking<'t, 'd, 'i> {
    advisory: Advisory,
    dialect: Dialect,
    definition: &'d Definition,
    document: &'d Document,
    release: Option<&'t str>,
    intake: &'t mut Intake<'i>,
}

impl Taking<'_, '_, '_> {
    fn rows(&mut self) {
        let Some(node) = &self.definition.criteria else {
            return;
        };
        let criteria = Criteria::of(self.document, node);
        if criteria.unknown > 0 {
            let (id, unknown) = (&self.advisory.id, criteria.unknown);
            self.intake.tally.skip(SkipReason::UnknownCondition, || {
                format!("{id}: {unknown} conditions")
            });
        }
        // One that some product's build is affected by is not cleared by another product's row.
        let affected: BTreeSet<&str> = criteria
            .rows
            .iter()
            .filter(|row| !matches!(row.says, Says::Never))
            .map(|row| row.package)
            .collect();
        for row in &criteria.rows {
            if matches!(row.says, Says::Never) && affected.contains(row.package) {
                continue;
            }
            for ecosystem in self.ecosystems(row) {
                self.row(&ecosystem, row);
            }
        }
    }

    fn ecosystems(&mut self, row: &Row<'_>) -> BTreeSet<String> {
        if self.dialect == Dialect::Microsoft {
            let own = match &row.says {
                Says::Within(bounds) => bounds
                    .iter()
                    .find_map(|bound| microsoft_ecosystem(&bound.version)),
                _ => None,
            };
            let ecosystem = own.or_else(|| self.release.map(str::to_owned));
            if ecosystem.is_none() {
                self.unknown_release(&self.definition.title);
            }
            return ecosystem.into_iter().collect();
        }
        let said: Vec<&str> = match row.platforms.as_slice() {
            [] => self
                .definition
                .platforms
                .iter()
                .map(String::as_str)
                .collect(),
            numbers => numbers
                .iter()
                .map(|number| self.document.names.text(*number))
                .collect(),
        };
        let mut ecosystems = BTreeSet::new();
        for platform in said {
            match self.dialect.ecosystem(platform) {
                Some(ecosystem) => drop(ecosystems.insert(ecosystem)),
                None => self.unknown_release(platform),
            }
        }
        ecosystems
    }

    fn unknown_release(&mut self, platform: &str) {
        let reason = SkipReason::UnknownRelease;
        self.intake.tally.skip(reason, || platform.to_owned());
    }

    fn row(&mut self, ecosystem: &str, row: &Row<'_>) {
        let module = row.module.map(|module| self.document.names.text(module));
        let module = module.and_then(module_of).unwrap_or_default();
        let mut range = Range {
            module: module.to_owned(),
            ..Range::everything(ecosystem, row.package, Status::Affected)
        };
        match &row.says {
            Says::Always => {}
            Says::Never => range.status = Status::NotAffected,
            Says::Within(bounds) => match within(&mut range, bounds) {
                Ok(true) if holds_any(&range) => {}
                Ok(_) => {
                    let id = &self.advisory.id;
                    let reason = SkipReason::UnknownCondition;
                    return self.intake.tally.skip(reason, || {
                        format!("{id}: how a version of {} is compared", row.package)
                    });
                }
                Err(error) => return self.unordered(range, bounds, &error),
            },
        }
        // `Not Applicable`: it is no longer, or never was, a vulnerability of this package.
        if self
            .definition
            .patchable
            .eq_ignore_ascii_case("not applicable")
        {
            range.status = Status::NotAffected;
        }
        self.advisory.ranges.push(range);
    }

    fn unordered(&mut self, range: Range, bounds: &[&Comparison], error: &UnorderedVersion) {
        let (id, package) = (&self.advisory.id, &range.package);
        self.intake.tally.skip(SkipReason::UnorderedVersion, || {
            format!("{id}: {} {package}: {error}", range.ecosystem)
        });
        let events = bounds
            .iter()
            .map(|bound| format!("{:?} {}", bound.operation, bound.version));
        self.advisory.unordered.push(Unordered {
            events: events.collect::<Vec<_>>().join(", "),
            ecosystem: range.ecosystem,
            package: range.package,
        });
    }
}

/// Narrows a range to bounds; `false` if one of them is of a kind that is not known.
fn within(range: &mut Range, bounds: &[&Comparison]) -> Result<bool, UnorderedVersion> {
    for bound in bounds {
        let version = bound.version.trim();
        let said = || Some(version.to_owned());
        match bound.operation {
            Operation::Less => {
                lower_to(range, Scheme::Rpm.key(version)?, false);
                range.fixed = said();
                range.status = Status::Fixed;
            }
            Operation::LessOrEqual => {
                lower_to(range, Scheme::Rpm.upper_key(version)?, true);
                range.last_affected = said();
            }
            Operation::Equals => {
                range.low = Scheme::Rpm.key(version)?;
                lower_to(range, Scheme::Rpm.upper_key(version)?, true);
                range.introduced = said();
                range.last_affected = said();
            }
            Operation::Greater => {
                range.low = Scheme::Rpm.upper_key(version)?.just_above();
                range.introduced = said();
            }
            Operation::GreaterOrEqual => {
                range.low = Scheme::Rpm.key(version)?;
                range.introduced = said();
            }
            Operation::Other => return Ok(false),
        }
    }
    Ok(true)
}

fn holds_any(range: &Range) -> bool {
    range.low < range.high || (range.inclusive && range.low == range.high)
}

fn lower_to(range: &mut Range, high: VersionKey, inclusive: bool) {
    if high < range.high {
        range.high = high;
        range.inclusive = inclusive;
    }
}
