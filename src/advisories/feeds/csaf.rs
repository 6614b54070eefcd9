//! CSAF 2.0, <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>: a vendor's statements on the packages of its
//! products, a document for each vulnerability (VEX: Red Hat, SUSE) or for each erratum (RHSA).
//!
//! ```text
//! { document: { category, csaf_version, tracking: { id, status, current_release_date, … } }, product_tree,
//!   vulnerabilities: [ { cve, notes, references, scores, threats, remediations,
//!     product_status: { fixed, first_fixed, recommended, known_affected, known_not_affected, under_investigation } } ] }
//! ```
//! Red Hat's fixes are for builds of binary packages, its open issues for names without versions; SUSE's fixes are
//! `recommended`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::csaf_product::{Products, Tree};
use super::csaf_status::Statements;
use super::input::{FeedInput, Place, each_file, each_record};
use crate::advisories::advisory::{Advisory, Detail, Reference};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::{Cvss, cvss_rating, vendor_rating};
use crate::advisories::report::SkipReason;

/// 100 MB: Red Hat's documents on kernel issues have 10 MB and more.
const MAX_DOCUMENT: u64 = 100_000_000;

/// A document, or a line of a bundle that wraps one as `doc`.
#[derive(Deserialize)]
struct Document {
    doc: Option<Box<Document>>,
    #[serde(rename = "document")]
    meta: Option<Meta>,
    product_tree: Option<Tree>,
    vulnerabilities: Option<Vec<Vulnerability>>,
}

#[derive(Deserialize)]
struct Meta {
    category: Option<String>,
    csaf_version: Option<String>,
    title: Option<String>,
    aggregate_severity: Option<Text>,
    notes: Option<Vec<Note>>,
    references: Option<Vec<Link>>,
    tracking: Tracking,
}

#[derive(Deserialize)]
struct Tracking {
    id: String,
    current_release_date: Option<String>,
    initial_release_date: Option<String>,
}

#[derive(Deserialize)]
struct Text {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Note {
    category: Option<String>,
    title: Option<String>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Link {
    category: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Vulnerability {
    cve: Option<String>,
    title: Option<String>,
    ids: Option<Vec<Text>>,
    notes: Option<Vec<Note>>,
    references: Option<Vec<Link>>,
    release_date: Option<String>,
    scores: Option<Vec<BTreeMap<String, Value>>>,
    pub(super) product_status: Option<BTreeMap<String, Vec<String>>>,
    pub(super) remediations: Option<Vec<Remark>>,
    pub(super) threats: Option<Vec<Remark>>,
}

/// A remediation or a threat: something that is said of products.
#[derive(Deserialize)]
pub(super) struct Remark {
    pub(super) category: String,
    pub(super) details: Option<String>,
    url: Option<String>,
    product_ids: Option<Vec<String>>,
    group_ids: Option<Vec<String>>,
}

impl Remark {
    /// The products that it is about, and whether it names any.
    pub(super) fn products<'r>(&'r self, tree: &'r Products<'r>) -> impl Iterator<Item = &'r str> {
        let groups = self.group_ids.iter().flatten();
        self.product_ids
            .iter()
            .flatten()
            .chain(groups.flat_map(|id| tree.group(id)))
            .map(String::as_str)
    }

    pub(super) fn is_of_all(&self) -> bool {
        self.product_ids.is_none() && self.group_ids.is_none()
    }
}

/// Reads documents from whatever they lie in.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| {
        each_record(file, reader, MAX_DOCUMENT, intake, &mut take)
    })
}

fn take(place: &Place<'_>, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let document = match intake.tally.read_json(place, bytes) {
        Some(Document {
            doc: Some(inner), ..
        }) => *inner,
        Some(document) => document,
        None => return Ok(()),
    };
    let Some(meta) = document.meta.filter(Meta::is_csaf_2) else {
        intake.tally.skip(SkipReason::InvalidRecord, || {
            format!("{place}: it does not say that it is CSAF 2")
        });
        return Ok(());
    };
    intake.tally.recognised += 1;
    let tree = document.product_tree.unwrap_or_default();
    let products = Products::of(&tree);
    let vulnerabilities = document.vulnerabilities.unwrap_or_default();
    let advisories = vulnerabilities
        .iter()
        .map(|vulnerability| normalise(&meta, vulnerability, &products, intake))
        .collect();
    let advisories = if meta.is_vex() {
        advisories
    } else {
        as_erratum(&meta.tracking.id, advisories)
    };
    advisories
        .into_iter()
        .try_for_each(|advisory| intake.add(advisory))
}

impl Meta {
    fn is_csaf_2(&self) -> bool {
        self.csaf_version
            .as_deref()
            .is_some_and(|version| version.starts_with("2."))
    }

    /// One vulnerability a document, by whose name it goes.
    fn is_vex(&self) -> bool {
        self.category.as_deref() == Some("csaf_vex") || self.tracking.id.starts_with("CVE-")
    }
}

/// An erratum passes its CVEs on: one record if it says the same of all, else a record for each.
fn as_erratum(id: &str, advisories: Vec<Advisory>) -> Vec<Advisory> {
    let says_one_thing = advisories
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one.ranges == other.ranges));
    let mut errata: Vec<Advisory> = Vec::new();
    for mut advisory in advisories {
        let vulnerability = std::mem::take(&mut advisory.id);
        if let Some(first) = errata.first_mut().filter(|_| says_one_thing) {
            first.upstream.push(vulnerability);
            first
                .detail
                .references
                .append(&mut advisory.detail.references);
            continue;
        }
        advisory.id = if says_one_thing {
            id.to_owned()
        } else {
            format!("{id} {vulnerability}")
        };
        advisory.upstream.push(vulnerability);
        errata.push(advisory);
    }
    errata
}

fn normalise(
    meta: &Meta,
    vulnerability: &Vulnerability,
    products: &Products<'_>,
    intake: &mut Intake<'_>,
) -> Advisory {
    let other_id = || {
        vulnerability
            .ids
            .iter()
            .flatten()
            .find_map(|id| id.text.clone())
    };
    let cve = vulnerability.cve.clone().filter(|cve| !cve.is_empty());
    let id = cve
        .or_else(other_id)
        .unwrap_or_else(|| meta.tracking.id.clone());
    let mut statements = Statements::default();
    statements.take(&id, vulnerability, products, intake);
    let (ranges, unordered, worst) = statements.finish();
    let cvss = vectors(vulnerability);
    let word = meta
        .aggregate_severity
        .as_ref()
        .and_then(|word| word.text.as_deref());
    let rating = worst
        .or_else(|| vendor_rating(word.filter(|_| meta.is_vex())?))
        .or_else(|| cvss_rating(&cvss));
    let text = text(meta, vulnerability);
    let is_rejected = is_rejected(meta, vulnerability, &text);
    Advisory {
        id,
        withdrawn: is_rejected.then(|| {
            meta.tracking
                .current_release_date
                .clone()
                .unwrap_or_default()
        }),
        rating,
        detail: Detail {
            summary: summary(meta, vulnerability),
            cvss,
            references: references(meta, vulnerability),
            published: vulnerability
                .release_date
                .clone()
                .or_else(|| meta.tracking.initial_release_date.clone()),
            modified: meta.tracking.current_release_date.clone(),
        },
        text,
        ranges,
        unordered,
        ..Advisory::default()
    }
}

fn note<'d>(notes: Option<&'d Vec<Note>>, category: &str) -> Option<&'d str> {
    // Red Hat and SUSE have general notes on how to read scores, too.
    let is_about_scores = |note: &&Note| {
        let title = note.title.as_deref().unwrap_or_default();
        title.contains("CVSS") || title.contains("Disclaimer")
    };
    notes
        .into_iter()
        .flatten()
        .filter(|note| note.category.as_deref() == Some(category))
        .find(|note| !is_about_scores(note))
        .and_then(|note| note.text.as_deref())
}

fn text(meta: &Meta, vulnerability: &Vulnerability) -> String {
    let own = ["description", "details", "general"]
        .into_iter()
        .find_map(|category| note(vulnerability.notes.as_ref(), category));
    own.or_else(|| note(meta.notes.as_ref(), "description"))
        .or_else(|| note(meta.notes.as_ref(), "general"))
        .unwrap_or_default()
        .to_owned()
}

fn summary(meta: &Meta, vulnerability: &Vulnerability) -> String {
    let id = vulnerability.cve.as_deref().unwrap_or_default();
    vulnerability
        .title
        .as_deref()
        .or_else(|| note(vulnerability.notes.as_ref(), "summary"))
        // SUSE's titles are the ids themselves: the beginning of the text says more.
        .or(meta.title.as_deref())
        .map(|title| title.strip_prefix(id).unwrap_or(title).trim())
        .filter(|title| title.contains(' '))
        .unwrap_or_default()
        .to_owned()
}

/// A CVE that was taken back has a document that says so in its text; CSAF 2.1 has a category for it.
fn is_rejected(meta: &Meta, vulnerability: &Vulnerability, text: &str) -> bool {
    let title = vulnerability.title.as_deref().or(meta.title.as_deref());
    meta.category.as_deref() == Some("csaf_withdrawn")
        || [title.unwrap_or_default(), text].iter().any(|text| {
            let text = text.trim_start().to_ascii_lowercase();
            text.starts_with("** reject")
                || text.starts_with("rejected reason")
                || text.contains("do not use this candidate number")
        })
}

fn vectors(vulnerability: &Vulnerability) -> Vec<Cvss> {
    let scores = vulnerability.scores.iter().flatten();
    let mut vectors: Vec<&str> = scores
        .flat_map(|score| ["cvss_v2", "cvss_v3", "cvss_v4"].map(|version| score.get(version)))
        .filter_map(|cvss| cvss?.get("vectorString")?.as_str())
        .collect();
    vectors.sort_unstable();
    vectors.dedup();
    vectors.into_iter().map(Cvss::new).collect()
}

fn references(meta: &Meta, vulnerability: &Vulnerability) -> Vec<Reference> {
    let reference = |kind: &str, url: &Option<String>| {
        let url = url.clone().filter(|url| !url.is_empty())?;
        Some(Reference {
            kind: kind.to_owned(),
            url,
        })
    };
    let links = vulnerability.references.iter().flatten();
    // The document's own address is the advisory only where the vulnerability has none.
    let documents = meta
        .references
        .iter()
        .flatten()
        .filter(|_| !meta.is_vex())
        .filter(|link| link.category.as_deref() == Some("self"));
    let links = links.chain(documents).filter_map(|link| {
        let is_own = link.category.as_deref() == Some("self");
        reference(if is_own { "ADVISORY" } else { "WEB" }, &link.url)
    });
    let fixes = vulnerability.remediations.iter().flatten();
    let fixes = fixes
        .filter(|remark| remark.category == "vendor_fix")
        .filter_map(|remark| reference("FIX", &remark.url));
    let mut references: Vec<Reference> = links.chain(fixes).collect();
    references.sort_unstable();
    references.dedup();
    references
}
