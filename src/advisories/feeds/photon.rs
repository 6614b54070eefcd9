//! Photon OS' list of CVEs, <https://packages.broadcom.com/photon/photon_cve_metadata/>, `cve_data_photonN.0.json`.
//!
//! ```text
//! [ { cve_id, pkg, cve_score, aff_ver: "all versions before 7.88.1-4.ph4 are vulnerable", res_ver: "7.88.1-4.ph4",
//!     status: Fixed | Not Affected | … } ]
//! ```
//! `NA` stands for no version; older documents have no `status`. The release is only in the file's name: here it is taken
//! from the versions, which say `.ph4`. Packages are named as they are built, and by their sources.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::input::FeedInput;
use super::rows::each_document;
use crate::advisories::advisory::{Advisory, Range, Reference, Status, Unordered};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::Rating;
use crate::advisories::report::SkipReason;
use crate::advisories::version::Scheme;
use crate::model::Severity;

#[derive(Deserialize)]
struct Row {
    cve_id: String,
    pkg: String,
    cve_score: Option<f64>,
    #[serde(default)]
    aff_ver: String,
    res_ver: String,
    #[serde(default)]
    status: String,
    /// In a copy that was split by package.
    os_version: Option<String>,
}

/// Reads documents. A CVE is in many rows and becomes one advisory, so they are gathered first: some ten thousand rows.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let mut gathered: BTreeMap<String, Advisory> = BTreeMap::new();
    each_document(input, intake, &mut |file, rows: Vec<Row>, intake| {
        let release = rows.iter().find_map(|row| release_of(&row.res_ver));
        for row in &rows {
            let own = row.os_version.clone().or_else(|| release_of(&row.res_ver));
            match own.or_else(|| release.clone()) {
                Some(release) => take(row, &format!("Photon OS:{release}"), &mut gathered, intake),
                None => intake.tally.skip(SkipReason::UnknownRelease, || {
                    format!("{file}: {} of {}", row.cve_id, row.pkg)
                }),
            }
        }
        Ok(())
    })?;
    gathered
        .into_values()
        .try_for_each(|advisory| intake.add(advisory))
}

/// `7.88.1-4.ph4` is a build for 4.0.
fn release_of(version: &str) -> Option<String> {
    let release = version
        .rsplit('.')
        .find_map(|part| part.strip_prefix("ph"))?;
    let is_number = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| format!("{release}.0"))
}

fn take(
    row: &Row,
    ecosystem: &str,
    gathered: &mut BTreeMap<String, Advisory>,
    intake: &mut Intake<'_>,
) {
    let has_fix = !matches!(row.res_ver.trim(), "" | "NA");
    let range = match row.status.as_str() {
        "Not Affected" => Range::everything(ecosystem, &row.pkg, Status::NotAffected),
        _ if has_fix => Range {
            fixed: Some(row.res_ver.trim().to_owned()),
            ..Range::everything(ecosystem, &row.pkg, Status::Fixed)
        },
        _ if row.aff_ver.starts_with("all versions") => {
            Range::everything(ecosystem, &row.pkg, Status::Affected)
        }
        _ => {
            return intake.tally.skip(SkipReason::Undetermined, || {
                format!("{}: {} in {ecosystem}", row.cve_id, row.pkg)
            });
        }
    };
    let advisory = gathered
        .entry(row.cve_id.clone())
        .or_insert_with(|| head(row));
    // One CVE has one score; rows without it are behind the times.
    if advisory.rating.is_none() {
        advisory.rating = rating(row.cve_score);
    }
    let key = range
        .fixed
        .as_deref()
        .map(|version| Scheme::Rpm.key(version));
    match key.transpose() {
        Ok(None) => advisory.ranges.push(range),
        Ok(Some(high)) => advisory.ranges.push(Range { high, ..range }),
        Err(error) => {
            intake.tally.skip(SkipReason::UnorderedVersion, || {
                format!("{}: {}: {error}", row.cve_id, row.pkg)
            });
            advisory.unordered.push(Unordered {
                ecosystem: range.ecosystem,
                package: range.package,
                events: format!("fixed {}", row.res_ver),
            });
        }
    }
}

fn head(row: &Row) -> Advisory {
    let mut advisory = Advisory {
        id: row.cve_id.clone(),
        ..Advisory::default()
    };
    if row.cve_id.starts_with("CVE-") {
        advisory.detail.references.push(Reference {
            kind: "WEB".to_owned(),
            url: format!("https://nvd.nist.gov/vuln/detail/{}", row.cve_id),
        });
    }
    advisory
}

fn rating(score: Option<f64>) -> Option<Rating> {
    let score = score.filter(|score| *score > 0.0)?;
    Some(Rating {
        severity: Severity::from_cvss_score(score),
        by: Rating::VENDOR.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::{found, ids, on, rpm};
    use crate::advisories::{Format, Source, Store};

    /// In the form of Photon's documents; written for this test.
    #[test]
    fn every_status_has_its_meaning_and_a_row_without_a_release_is_counted() {
        let text = r#"[
            {"cve_id":"CVE-2024-1","pkg":"curl","cve_score":9.8,"aff_ver":"all versions before 8-2.ph5 are vulnerable","res_ver":"8-2.ph5","status":"Fixed"},
            {"cve_id":"CVE-2024-2","pkg":"curl","cve_score":null,"aff_ver":"all versions are vulnerable","res_ver":"NA","status":"Not Fixed"},
            {"cve_id":"CVE-2024-3","pkg":"curl","cve_score":1,"aff_ver":"NA","res_ver":"NA","status":"Not Affected"},
            {"cve_id":"CVE-2024-4","pkg":"curl","cve_score":1,"aff_ver":"NA","res_ver":"NA"},
            {"cve_id":7}
        ]"#;
        let mut store = Store::in_memory().expect("store");
        let mut import = |text: &str| {
            let input = FeedInput::Stream("photon".to_owned(), Box::new(text.as_bytes()));
            store.import(&Source::named("photon"), Format::Photon, input)
        };
        let lost = r#"[{"cve_id":"CVE-2024-4","pkg":"curl","res_ver":"8-2"}]"#;
        let report = import(lost).expect("imported");
        assert_eq!(report.skipped[&SkipReason::UnknownRelease].count, 1);
        let report = import(text).expect("imported");
        assert_eq!((report.records, report.advisories), (5, 3));
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 1);
        assert_eq!(report.skipped[&SkipReason::Undetermined].count, 1);
        let curl = [rpm("curl", "curl", "8-1.ph5")];
        let outcome = found(&store, &on("photon", "5.0"), &curl);
        assert_eq!(ids(&outcome), ["CVE-2024-1", "CVE-2024-2"]);
        let severities: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| found.advisory.severity)
            .collect();
        assert_eq!(severities, [Severity::Critical, Severity::Unknown]);
    }
}
