//! Many records of one vulnerability to one finding.
//!
//! A record is the CVE that it has as its one alias, or each of the CVEs that it passes on (a distribution's notice). It
//! is folded with others of that CVE only: one that lists two CVEs as aliases is neither, or two different CVEs would
//! become one.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::{Candidate, Record};
use super::{AdvisoryRecord, ExtendedFix, Match, Proof};
use crate::advisories::advisory::{AdvisoryKind, Reference, Status};
use crate::advisories::rating::{Cvss, Rating};
use crate::advisories::version::Scheme;
use crate::model::Severity;

/// A candidate, and under which name and version it was found.
pub(super) struct Hit {
    pub(super) candidate: Candidate,
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) installed: String,
    pub(super) scheme: Option<Scheme>,
    /// Found in the ecosystem of another distribution, from which this one is rebuilt.
    pub(super) inferred: bool,
    /// It is of extended support, which the image does not have.
    pub(super) is_extended: bool,
}

impl Hit {
    /// How far a "not affected" reaches. What Red Hat says of one product (`enterprise_linux:9`) says nothing of another
    /// (`rhel_eus:9.2`), and nothing of what a rebuild itself says.
    fn scope(&self) -> &str {
        let product = self.ecosystem.split("::").next().unwrap_or_default();
        if self.inferred || product.starts_with("Red Hat:") {
            product
        } else {
            ""
        }
    }
}

/// Folds the hits of one package. What a source says is not affected is dropped with all else that is said of it.
pub(super) fn fold(package: usize, hits: &[Hit]) -> Vec<Match> {
    let mut groups: BTreeMap<String, Vec<&Hit>> = BTreeMap::new();
    let mut cleared = BTreeSet::new();
    let identities = identities(hits);
    for (hit, identities) in hits.iter().zip(&identities) {
        for identity in identities {
            groups.entry(identity.clone()).or_default().push(hit);
            if hit.candidate.status == Status::NotAffected {
                cleared.insert((identity.clone(), hit.scope()));
            }
        }
    }
    groups.retain(|identity, hits| {
        hits.retain(|hit| !cleared.contains(&(identity.clone(), hit.scope())));
        !hits.is_empty()
    });
    groups
        .into_iter()
        .map(|(identity, hits)| one(package, identity, &hits))
        .collect()
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

/// The names that each hit's finding goes by.
fn identities(hits: &[Hit]) -> Vec<Vec<String>> {
    let records = || hits.iter().map(|hit| hit.candidate.record.as_ref());
    let own: Vec<Vec<String>> = records().map(own_cves).collect();
    let mut cves_by_name: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (record, cves) in records().zip(&own) {
        if let [cve] = cves.as_slice() {
            for name in names(record) {
                cves_by_name.entry(name).or_default().insert(cve);
            }
        }
    }
    // A record without a CVE may share a name with one that has it: PYSEC of GHSA of CVE.
    let by_names = |record: &Record| {
        let known = names(record).filter_map(|name| cves_by_name.get(name));
        let cves: BTreeSet<&str> = known.flatten().copied().collect();
        match (cves.first(), cves.len()) {
            (Some(cve), 1) => (*cve).to_owned(),
            _ => least_alias(record),
        }
    };
    let identities = records().zip(&own).map(|(record, cves)| {
        if !cves.is_empty() {
            cves.clone()
        } else if record.aliases.iter().any(|alias| is_cve(alias)) {
            vec![record.id.clone()]
        } else {
            vec![by_names(record)]
        }
    });
    identities.collect()
}

/// The record's own id and its aliases.
fn names(record: &Record) -> impl Iterator<Item = &str> {
    std::iter::once(&record.id)
        .chain(&record.aliases)
        .map(String::as_str)
}

/// The CVE that the record is, or those that it passes on.
fn own_cves(record: &Record) -> Vec<String> {
    let mut is: Vec<&String> = std::iter::once(&record.id)
        .chain(&record.aliases)
        .filter(|id| is_cve(id))
        .collect();
    is.dedup();
    match is.as_slice() {
        [one] => vec![(*one).clone()],
        [] => {
            let upstream = record.upstream.iter();
            upstream.filter(|id| is_cve(id)).cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// Without any CVE, the one GHSA id that two databases share; else the record's own.
fn least_alias(record: &Record) -> String {
    let ids = std::iter::once(&record.id).chain(&record.aliases);
    let mut shared = ids.filter(|id| id.starts_with("GHSA-"));
    match (shared.next(), shared.next()) {
        (Some(one), None) => one.clone(),
        _ => record.id.clone(),
    }
}

fn one(package: usize, identity: String, hits: &[&Hit]) -> Match {
    let (extended, own): (Vec<&Hit>, Vec<&Hit>) = hits.iter().partition(|hit| hit.is_extended);
    let fixed_version = highest_fix(&own);
    let status = match &fixed_version {
        Some(_) => Status::Fixed,
        // Among what has no fix, the vendor's reason says more than plain `affected`. That others have one is none.
        None => hits
            .iter()
            .map(|hit| hit.candidate.status)
            .filter(|status| *status != Status::Fixed)
            .max()
            .unwrap_or(Status::Affected),
    };
    let fixed_in_extended = highest_fix(&extended).filter(|_| fixed_version.is_none());
    Match {
        package,
        advisory: record(identity, hits),
        status,
        fixed_version,
        fixed_in_extended: fixed_in_extended.map(ExtendedFix::of),
        exploited: None,
        epss: None,
        proof: hits.iter().map(|hit| proof(hit)).collect(),
    }
}

/// The version with all fixes: a later notice that mends an incomplete fix has the higher one.
fn highest_fix(hits: &[&Hit]) -> Option<String> {
    let fixes = hits.iter().filter_map(|hit| {
        let fixed = hit.candidate.fixed.clone()?;
        let key = hit.scheme.and_then(|scheme| scheme.key(&fixed).ok());
        Some((key, fixed))
    });
    fixes.max().map(|(_, fixed)| fixed)
}

fn record(id: String, hits: &[&Hit]) -> AdvisoryRecord {
    let records = || hits.iter().map(|hit| &hit.candidate.record);
    let mut aliases = BTreeSet::new();
    for record in records() {
        let others = std::iter::once(&record.id).chain(&record.aliases);
        // A notice of five CVEs, shown as one of them, is not an alias of the other four.
        aliases.extend(
            others
                .filter(|other| !is_cve(&id) || !is_cve(other))
                .cloned(),
        );
    }
    aliases.remove(&id);
    let first_of = |field: fn(&Record) -> Option<&str>| {
        records()
            .find_map(|record| field(record))
            .map(str::to_owned)
    };
    let references: BTreeSet<&Reference> = records()
        .flat_map(|record| &record.detail.references)
        .collect();
    let advisory_url = references
        .iter()
        .find(|reference| reference.kind == "ADVISORY")
        .or_else(|| references.first())
        .map(|reference| reference.url.clone());
    let kind = records()
        .map(|record| record.kind)
        .max()
        .unwrap_or(AdvisoryKind::Vulnerability);
    let (severity, severity_source) = match severity(hits) {
        // The package is the attack: that is never mild, and most of these records have no severity.
        (Severity::Unknown | Severity::Negligible, _) if kind == AdvisoryKind::Malicious => {
            (Severity::Critical, None)
        }
        judged => judged,
    };
    AdvisoryRecord {
        id,
        source: records()
            .next()
            .map_or_else(String::new, |record| record.source.clone()),
        kind,
        summary: first_of(|record| {
            Some(record.detail.summary.as_str()).filter(|text| !text.is_empty())
        })
        .unwrap_or_default(),
        aliases: aliases.into_iter().collect(),
        severity,
        severity_source,
        cvss: vectors(hits),
        url: advisory_url,
        references: references
            .into_iter()
            .map(|reference| reference.url.clone())
            .collect(),
        published: first_of(|record| record.detail.published.as_deref()),
        modified: first_of(|record| record.detail.modified.as_deref()),
    }
}

fn vectors(hits: &[&Hit]) -> Vec<Cvss> {
    let mut vectors: Vec<Cvss> = hits
        .iter()
        .flat_map(|hit| hit.candidate.record.detail.cvss.iter().cloned())
        .collect();
    vectors.sort_by(|a, b| b.vector.cmp(&a.vector));
    vectors.dedup_by(|a, b| a.vector == b.vector);
    vectors
}

/// The vendor's word for this very package, then the vendor's for the record, then CVSS; the worst among equals.
fn severity(hits: &[&Hit]) -> (Severity, Option<String>) {
    let source = |hit: &Hit| hit.candidate.record.source.clone();
    let of_package = hits
        .iter()
        .filter_map(|hit| Some((hit.candidate.severity?, source(hit))));
    if let Some((severity, source)) = of_package.max_by_key(|(severity, _)| *severity) {
        return (severity, Some(source));
    }
    let rated = || {
        hits.iter()
            .filter_map(|hit| Some((hit.candidate.record.rating.as_ref()?, source(hit))))
    };
    let worst = |vendor: bool| {
        rated()
            .filter(|(rating, _)| (rating.by == Rating::VENDOR) == vendor)
            .max_by(|(a, _), (b, _)| a.by.cmp(&b.by).then(a.severity.cmp(&b.severity)))
    };
    match (worst(true), worst(false)) {
        (Some((rating, source)), _) => (rating.severity, Some(source)),
        (None, Some((rating, source))) => {
            (rating.severity, Some(format!("{source}, {}", rating.by)))
        }
        (None, None) => (Severity::Unknown, None),
    }
}

fn proof(hit: &Hit) -> Proof {
    let candidate = &hit.candidate;
    let bound = |bound: &Option<String>| bound.clone();
    Proof {
        advisory: candidate.record.id.clone(),
        source: candidate.record.source.clone(),
        ecosystem: hit.ecosystem.clone(),
        name: hit.name.clone(),
        installed: hit.installed.clone(),
        scheme: hit.scheme.map(|scheme| scheme.name().to_owned()),
        introduced: bound(&candidate.introduced),
        fixed: bound(&candidate.fixed),
        last_affected: bound(&candidate.last_affected),
        listed: candidate.is_exact,
        inferred: hit.inferred,
    }
}
