//! CISA's catalogue of known exploited vulnerabilities, <https://www.cisa.gov/known-exploited-vulnerabilities-catalog>.
//!
//! ```text
//! { catalogVersion, dateReleased, vulnerabilities: [ { cveID, dateAdded, dueDate, knownRansomwareCampaignUse } ] }
//! ```

use serde::Deserialize;

use super::input::{FeedInput, Place, each_file, each_record};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;
use crate::advisories::signals::Exploited;
use crate::model::Date;

/// 64 MB: fifty times the catalogue of 2025.
const MAX_DOCUMENT: u64 = 64_000_000;

#[derive(Deserialize)]
struct Catalogue {
    #[serde(rename = "dateReleased")]
    released: Option<String>,
    vulnerabilities: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "cveID")]
    cve: String,
    date_added: Date,
    due_date: Option<String>,
    known_ransomware_campaign_use: Option<String>,
}

/// Reads the catalogue.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| {
        each_record(file, reader, MAX_DOCUMENT, intake, &mut take)
    })
}

fn take(place: &Place<'_>, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let Some(catalogue) = intake.tally.read_json::<Catalogue>(place, bytes) else {
        return Ok(());
    };
    // The record that is counted is an entry.
    intake.tally.records -= 1;
    for entry in catalogue.vulnerabilities {
        intake.tally.records += 1;
        match serde_json::from_value::<Entry>(entry) {
            Ok(entry) => take_entry(&entry, intake)?,
            Err(error) => intake
                .tally
                .skip(SkipReason::InvalidRecord, || format!("{place}: {error}")),
        }
    }
    intake.newest = intake.newest.take().max(catalogue.released);
    Ok(())
}

fn take_entry(entry: &Entry, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    intake.tally.recognised += 1;
    let due = entry.due_date.as_deref();
    let due = due.and_then(|due| due.parse::<Date>().ok());
    let exploited = Exploited {
        since: entry.date_added.to_string(),
        due: due.map(|due| due.to_string()),
        ransomware: entry.known_ransomware_campaign_use.as_deref() == Some("Known"),
    };
    intake.add_exploited(entry.cve.trim(), &exploited)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::{add, deb, found, on, record};
    use crate::advisories::{FeedInput, Format, SkipReason, Source, Store};

    /// Written after the catalogue's published JSON schema.
    const CATALOGUE: &str = r#"{"title": "a catalogue", "catalogVersion": "2024.02.01", "dateReleased": "2024-02-01T10:00:00Z", "count": 3,
        "vulnerabilities": [
        {"cveID": "CVE-2024-0001", "dateAdded": "2024-01-31", "dueDate": "2024-02-21", "knownRansomwareCampaignUse": "Known"},
        {"cveID": "CVE-2024-0002", "dateAdded": "2024-01-30", "knownRansomwareCampaignUse": "Unknown"},
        {"cveID": "CVE-2024-0003", "dateAdded": "yesterday"}]}"#;

    #[test]
    fn an_exploited_cve_is_told_of_every_finding_that_is_it_or_has_it_as_alias() {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("kev".into(), Box::new(CATALOGUE.as_bytes()));
        let report = store
            .import(&Source::named("cisa-kev"), Format::Kev, input)
            .expect("imported");
        assert_eq!(
            (report.records, report.advisories, report.signals),
            (3, 0, 2)
        );
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 1);
        let lines = [
            record(
                "DSA-1",
                "Debian:12",
                "a",
                "2",
                r#","upstream":["CVE-2024-0001"]"#,
            ),
            record(
                "GHSA-1",
                "Debian:12",
                "a",
                "2",
                r#","aliases":["CVE-2024-0002"]"#,
            ),
            record("CVE-2024-0009", "Debian:12", "a", "2", ""),
        ];
        add(&mut store, "osv", &lines.concat());
        let outcome = found(&store, &on("debian", "12"), &[deb("a", "a", "1")]);
        let told: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| found.exploited.as_ref())
            .map(|known| {
                known.map(|known| (known.since.as_str(), known.due.as_deref(), known.ransomware))
            })
            .collect();
        assert_eq!(
            told,
            [
                Some(("2024-01-31", Some("2024-02-21"), true)),
                Some(("2024-01-30", None, false)),
                None
            ]
        );
        assert_eq!(
            store.sources().expect("sources")[0].newest.as_deref(),
            Some("2024-02-01T10:00:00Z")
        );
    }
}
