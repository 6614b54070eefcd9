//! OSV records, <https://ossf.github.io/osv-schema/>.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::erratum_title;
use super::input::{FeedInput, Place, each_file, each_record};
use super::osv_range::{Covered, Event, NoInterval, in_words, intervals};
use crate::advisories::advisory::{
    Advisory, AdvisoryKind, Detail, Exact, Range, Reference, Status, Unordered,
};
use crate::advisories::ecosystem;
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::{Cvss, cvss_rating, vendor_rating};
use crate::advisories::report::SkipReason;
use crate::model::Severity;

/// 10 MB: a hundred times the largest real record (AlmaLinux, 94 kB).
const MAX_RECORD: u64 = 10_000_000;

#[derive(Deserialize)]
struct Record {
    id: String,
    modified: Option<String>,
    published: Option<String>,
    withdrawn: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    aliases: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    upstream: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    related: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    summary: String,
    #[serde(default, deserialize_with = "null_is_default")]
    details: String,
    #[serde(default, deserialize_with = "null_is_default")]
    severity: Vec<SeverityEntry>,
    #[serde(default, deserialize_with = "null_is_default")]
    affected: Vec<Affected>,
    #[serde(default, deserialize_with = "null_is_default")]
    references: Vec<ReferenceEntry>,
    #[serde(default, deserialize_with = "null_is_default")]
    database_specific: Specific,
}

#[derive(Deserialize)]
struct Affected {
    package: Option<Package>,
    #[serde(default, deserialize_with = "null_is_default")]
    ranges: Vec<RangeEntry>,
    #[serde(default, deserialize_with = "null_is_default")]
    versions: Vec<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    severity: Vec<SeverityEntry>,
    #[serde(default, deserialize_with = "null_is_default")]
    ecosystem_specific: Specific,
    #[serde(default, deserialize_with = "null_is_default")]
    database_specific: Specific,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct RangeEntry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "null_is_default")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct SeverityEntry {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    score: String,
}

#[derive(Deserialize)]
struct ReferenceEntry {
    #[serde(rename = "type", default)]
    kind: String,
    url: String,
}

/// What is read of the free-form objects: GitHub's and Bitnami's `severity`, Debian's `urgency`, `RustSec`'s
/// `informational`. Their types are nobody's promise.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Specific {
    severity: Option<serde_json::Value>,
    urgency: Option<serde_json::Value>,
    informational: Option<serde_json::Value>,
}

impl Specific {
    fn word(&self) -> Option<&str> {
        [&self.severity, &self.urgency]
            .into_iter()
            .find_map(|word| word.as_ref()?.as_str())
    }

    fn is_informational(&self) -> bool {
        self.informational
            .as_ref()
            .is_some_and(serde_json::Value::is_string)
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads OSV records from whatever they lie in.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| {
        each_record(file, reader, MAX_RECORD, intake, &mut take)
    })
}

fn take(place: &Place<'_>, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let Some(record) = intake.tally.read_json::<Record>(place, bytes) else {
        return Ok(());
    };
    intake.tally.recognised += 1;
    let advisory = normalise(record, intake);
    intake.add(advisory)
}

fn normalise(record: Record, intake: &mut Intake<'_>) -> Advisory {
    let mut advisory = Advisory {
        kind: kind(&record),
        ..Advisory::default()
    };
    for affected in &record.affected {
        take_affected(&record.id, affected, &mut advisory, intake);
    }
    keep_lowest_fix_of_errata(&mut advisory.ranges);
    erratum_title::tell_streams(&record.summary, &mut advisory.ranges);
    take_identity(&record, &mut advisory);
    take_severity(&record, &mut advisory);
    let references = record.references.into_iter().map(|reference| Reference {
        kind: reference.kind,
        url: reference.url,
    });
    advisory.detail.references = references.collect();
    Advisory {
        id: record.id,
        withdrawn: record.withdrawn,
        text: record.details,
        detail: Detail {
            summary: record.summary,
            published: record.published,
            modified: record.modified,
            ..advisory.detail
        },
        ..advisory
    }
}

fn kind(record: &Record) -> AdvisoryKind {
    /// Errata without security content: bug fixes (BA) and enhancements (EA) of AlmaLinux, Rocky Linux and Red Hat.
    const UPDATES: [&str; 6] = ["ALBA-", "ALEA-", "RLBA-", "RLEA-", "RHBA-", "RHEA-"];
    let starts_with = |prefix: &&str| record.id.starts_with(*prefix);
    let affected = &record.affected;
    if record.id.starts_with("MAL-") {
        AdvisoryKind::Malicious
    } else if UPDATES.iter().any(starts_with) {
        AdvisoryKind::Update
    } else if !affected.is_empty()
        && affected
            .iter()
            .all(|affected| affected.database_specific.is_informational())
    {
        AdvisoryKind::Informational
    } else {
        AdvisoryKind::Vulnerability
    }
}

fn take_affected(id: &str, affected: &Affected, advisory: &mut Advisory, intake: &mut Intake<'_>) {
    let Some(Package { ecosystem, name }) = &affected.package else {
        intake.tally.skip(SkipReason::NoPackage, || id.to_owned());
        return;
    };
    let name = ecosystem::normal_name(ecosystem, name);
    let mut template = Range::everything(ecosystem, &name, Status::Affected);
    template.severity = affected_severity(affected);
    if affected.ecosystem_specific.word() == Some("end-of-life") {
        template.status = Status::EndOfLife;
    }
    let first = advisory.ranges.len();
    for range in &affected.ranges {
        take_range(id, range, &template, advisory, intake);
    }
    let covered = Covered::by(advisory.ranges.get(first..).unwrap_or_default());
    take_versions(&affected.versions, &template, &covered, advisory);
}

fn take_range(
    id: &str,
    range: &RangeEntry,
    template: &Range,
    advisory: &mut Advisory,
    intake: &mut Intake<'_>,
) {
    let place = || format!("{id}: {} {}", template.ecosystem, template.package);
    match range.kind.as_str() {
        "SEMVER" | "ECOSYSTEM" => {}
        "GIT" => return intake.tally.skip(SkipReason::GitRange, place),
        other => {
            let place = || format!("{}: {other}", place());
            return intake.tally.skip(SkipReason::UnknownRangeType, place);
        }
    }
    let unordered = || Unordered {
        ecosystem: template.ecosystem.clone(),
        package: template.package.clone(),
        events: in_words(&range.events),
    };
    let Some(scheme) = ecosystem::scheme(&template.ecosystem) else {
        intake.tally.skip(SkipReason::NoVersionScheme, place);
        advisory.unordered.push(unordered());
        return;
    };
    match intervals(scheme, &range.events, template) {
        Ok(ranges) => advisory.ranges.extend(ranges),
        Err(NoInterval::NoStart) => intake.tally.skip(SkipReason::RangeWithoutStart, place),
        Err(NoInterval::Unordered(error)) => {
            let place = || format!("{}: {error}", place());
            intake.tally.skip(SkipReason::UnorderedVersion, place);
            advisory.unordered.push(unordered());
        }
    }
}

/// The enumerated versions that no range of the entry covers: of PyPI's 140,738 these are 118.
fn take_versions(
    versions: &[String],
    template: &Range,
    covered: &Covered,
    advisory: &mut Advisory,
) {
    let scheme = ecosystem::scheme(&template.ecosystem);
    for version in versions {
        let Some(key) = scheme.and_then(|scheme| scheme.key(version).ok()) else {
            advisory.exact.push(Exact {
                ecosystem: template.ecosystem.clone(),
                package: template.package.clone(),
                version: version.trim().to_owned(),
            });
            continue;
        };
        if !covered.holds(&key) {
            advisory.ranges.push(Range {
                low: key.clone(),
                high: key,
                inclusive: true,
                introduced: Some(version.clone()),
                last_affected: Some(version.clone()),
                ..template.clone()
            });
        }
    }
}

/// One erratum lists a package once for every build that carries the fix (a module rebuilt for 8.3, 8.4 and 8.5): the
/// lowest of them is enough. By OSV's letter the ranges would add up, and a machine with the fix would be called affected
/// until it has the latest rebuild.
fn keep_lowest_fix_of_errata(ranges: &mut Vec<Range>) {
    let is_erratum = |range: &Range| {
        range.status == Status::Fixed
            && range.introduced.is_none()
            && ecosystem::cves_are_related(&range.ecosystem)
    };
    let mut lowest: BTreeMap<(String, String), Range> = BTreeMap::new();
    let mut rest = Vec::with_capacity(ranges.len());
    for range in ranges.drain(..) {
        if !is_erratum(&range) {
            rest.push(range);
            continue;
        }
        let package = (range.ecosystem.clone(), range.package.clone());
        match lowest.get(&package) {
            Some(known) if known.high <= range.high => {}
            _ => drop(lowest.insert(package, range)),
        }
    }
    rest.extend(lowest.into_values());
    *ranges = rest;
}

/// Which ids are the record's own vulnerability, and which ones it passes on.
fn take_identity(record: &Record, advisory: &mut Advisory) {
    let is_cve = |id: &&String| id.starts_with("CVE-");
    let ecosystems = || {
        record
            .affected
            .iter()
            .filter_map(|affected| Some(affected.package.as_ref()?.ecosystem.as_str()))
    };
    advisory.aliases.clone_from(&record.aliases);
    advisory.upstream.clone_from(&record.upstream);
    // Ubuntu's notices pass on Ubuntu's own records, and older ones of those pass on nothing: the CVE is in the id.
    let passed_on = std::iter::once(&record.id).chain(&record.upstream);
    let cves = passed_on
        .filter_map(|id| cve_of_distribution(id))
        .map(str::to_owned);
    advisory.upstream.extend(cves);
    let named = record.aliases.iter().chain(&record.upstream);
    if named.clone().filter(is_cve).count() == 0 && ecosystems().any(ecosystem::cves_are_related) {
        let cves = record.related.iter().filter(is_cve).cloned();
        advisory.upstream.extend(cves);
    }
    // A distribution's notice that lists several CVEs as aliases is none of them: it passes them on.
    let is_notice = ecosystems().any(ecosystem::is_distribution);
    if is_notice && record.aliases.iter().filter(is_cve).count() > 1 {
        let (cves, others) = record
            .aliases
            .iter()
            .cloned()
            .partition::<Vec<_>, _>(|id| is_cve(&id));
        advisory.aliases = others;
        advisory.upstream.extend(cves);
    }
}

/// `CVE-2024-1` of `UBUNTU-CVE-2024-1`, `DEBIAN-CVE-2024-1`, `ALPINE-CVE-2024-1`: a distribution's record of the very CVE.
fn cve_of_distribution(id: &str) -> Option<&str> {
    let (distribution, cve) = id.split_at_checked(id.find("-CVE-")?)?;
    let is_word =
        !distribution.is_empty() && distribution.bytes().all(|byte| byte.is_ascii_uppercase());
    cve.get(1..).filter(|_| is_word)
}

/// The record's own word or vectors; where it has none, the worst of its packages'.
fn take_severity(record: &Record, advisory: &mut Advisory) {
    let affected = || {
        record
            .affected
            .iter()
            .flat_map(|affected| &affected.severity)
    };
    let entries: Vec<&SeverityEntry> = if record.severity.is_empty() {
        affected().collect()
    } else {
        record.severity.iter().collect()
    };
    let is_vector = |entry: &&&SeverityEntry| entry.kind.starts_with("CVSS");
    let mut vectors: Vec<&str> = entries
        .iter()
        .filter(is_vector)
        .map(|entry| entry.score.as_str())
        .collect();
    vectors.sort_unstable();
    vectors.dedup();
    advisory.detail.cvss = vectors.into_iter().map(Cvss::new).collect();
    // Ubuntu's priority comes as a severity of its own type.
    let words = entries.iter().filter(|entry| !is_vector(entry));
    advisory.rating = record
        .database_specific
        .word()
        .into_iter()
        .chain(words.map(|entry| entry.score.as_str()))
        .chain(erratum_title::severity(&record.summary).filter(|_| is_erratum(record)))
        .find_map(vendor_rating)
        .or_else(|| cvss_rating(&advisory.detail.cvss));
}

fn is_erratum(record: &Record) -> bool {
    let mut packages = record
        .affected
        .iter()
        .filter_map(|one| one.package.as_ref());
    packages.any(|package| ecosystem::cves_are_related(&package.ecosystem))
}

/// The vendor's word for one package, as Debian and Ubuntu give it.
fn affected_severity(affected: &Affected) -> Option<Severity> {
    let specific = [&affected.ecosystem_specific, &affected.database_specific];
    specific
        .into_iter()
        .filter_map(Specific::word)
        .find_map(vendor_rating)
        .map(|rating| rating.severity)
}
