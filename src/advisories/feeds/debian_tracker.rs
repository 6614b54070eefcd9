//! The Debian security tracker's JSON, <https://security-tracker.debian.org/tracker/data/json>.
//!
//! ```text
//! { SOURCE PACKAGE: { ISSUE: { description, releases: { CODENAME:
//!     { status: open | resolved | undetermined, fixed_version, urgency, nodsa, nodsa_reason } } } } }
//! ```
//! `fixed_version: "0"` with `resolved` says that the release never was affected. The document is some 70 MB: it is read
//! as a stream, package by package.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};

use super::input::{FeedInput, each_file};
use crate::advisories::advisory::{Advisory, Range, Reference, Status, Unordered};
use crate::advisories::error::AdvisoryError;
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::vendor_rating;
use crate::advisories::report::SkipReason;
use crate::advisories::version::Scheme;

/// 64 MB for one package: `linux`, by far the largest, has some 8 MB.
const MAX_PACKAGE: u64 = 64_000_000;

/// Codenames and numbers: the tracker writes the one, os-release and OSV the other.
pub(in crate::advisories) const RELEASES: [(&str, &str); 11] = [
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
    ("sid", "sid"),
];

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    description: String,
    #[serde(default)]
    releases: BTreeMap<String, Release>,
}

#[derive(Deserialize)]
struct Release {
    status: String,
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: String,
    nodsa_reason: Option<String>,
}

/// Reads the document. The same issue is in many packages and becomes one advisory, so all are gathered first: some
/// 50,000 issues with ten releases each.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let mut gathered: BTreeMap<String, Advisory> = BTreeMap::new();
    each_file(input, &mut |file, reader| {
        let budget = Rc::new(Cell::new(MAX_PACKAGE));
        let bounded = Bounded {
            reader,
            left: Rc::clone(&budget),
        };
        let packages = Packages {
            take: &mut |package, issues| {
                budget.set(MAX_PACKAGE);
                intake.tally.records += 1;
                intake.tally.recognised += 1;
                take_package(package, issues, &mut gathered, intake);
            },
        };
        serde_json::Deserializer::from_reader(io::BufReader::new(bounded))
            .deserialize_map(packages)
            .map_err(|error| {
                let place = file.to_owned();
                let source = error.into();
                AdvisoryError::ReadFeed { place, source }.into()
            })
    })?;
    gathered
        .into_values()
        .try_for_each(|advisory| intake.add(advisory))
}

/// Refuses to read more than was granted for one package.
struct Bounded<R> {
    reader: R,
    left: Rc<Cell<u64>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(read as u64);
        self.left.set(left.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("one package takes more than {MAX_PACKAGE} bytes"),
            )
        })?);
        Ok(read)
    }
}

/// Hands over the document's packages one by one, so that it never lies in memory whole.
struct Packages<'a> {
    take: &'a mut dyn FnMut(&str, BTreeMap<String, Issue>),
}

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of source packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((package, issues)) = map.next_entry::<String, _>()? {
            (self.take)(&package, issues);
        }
        Ok(())
    }
}

fn take_package(
    package: &str,
    issues: BTreeMap<String, Issue>,
    gathered: &mut BTreeMap<String, Advisory>,
    intake: &mut Intake<'_>,
) {
    for (id, issue) in issues {
        let advisory = gathered.entry(id.clone()).or_default();
        if advisory.id.is_empty() {
            let url = format!("https://security-tracker.debian.org/tracker/{id}");
            advisory.detail.references.push(Reference {
                kind: "ADVISORY".to_owned(),
                url,
            });
            advisory.detail.summary.clone_from(&issue.description);
            advisory.id = id;
        }
        for (codename, release) in &issue.releases {
            let number = RELEASES.iter().find(|(known, _)| known == codename);
            match number {
                Some((_, number)) => take_release(package, number, release, advisory, intake),
                None => intake
                    .tally
                    .skip(SkipReason::UnknownRelease, || codename.clone()),
            }
        }
    }
}

fn take_release(
    package: &str,
    number: &str,
    release: &Release,
    advisory: &mut Advisory,
    intake: &mut Intake<'_>,
) {
    let place = || format!("{}: {package} in Debian {number}", advisory.id);
    let fixed = release.fixed_version.as_deref();
    let status = match (release.status.as_str(), fixed) {
        ("resolved", Some("0")) => Status::NotAffected,
        ("resolved", Some(_)) => Status::Fixed,
        ("open", _) => status_of_open(release),
        ("undetermined", _) => return intake.tally.skip(SkipReason::Undetermined, place),
        (other, _) => {
            let place = || format!("{}: status `{other}`", place());
            return intake.tally.skip(SkipReason::InvalidRecord, place);
        }
    };
    let mut range = Range {
        // `unimportant`, and `low**`, where the stars say that the tracker's people did not set it themselves.
        severity: vendor_rating(release.urgency.trim_end_matches('*'))
            .map(|rating| rating.severity),
        ..Range::everything(&format!("Debian:{number}"), package, status)
    };
    if let (Status::Fixed, Some(version)) = (status, fixed) {
        match Scheme::Dpkg.key(version) {
            Ok(key) => range.high = key,
            Err(error) => {
                intake.tally.skip(SkipReason::UnorderedVersion, || {
                    format!("{}: {error}", place())
                });
                advisory.unordered.push(Unordered {
                    ecosystem: range.ecosystem,
                    package: range.package,
                    events: format!("fixed {version}"),
                });
                return;
            }
        }
        range.fixed = Some(version.to_owned());
    }
    advisory.ranges.push(range);
}

/// <https://security-team.debian.org/security_tracker.html#issues-not-warranting-a-security-advisory>
fn status_of_open(release: &Release) -> Status {
    match (release.urgency.as_str(), release.nodsa_reason.as_deref()) {
        ("end-of-life", _) => Status::EndOfLife,
        (_, Some("ignored")) => Status::WontFix,
        (_, Some("postponed")) => Status::Deferred,
        _ => Status::Affected,
    }
}

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::{deb, found, on};
    use crate::advisories::{FeedInput, Format, SkipReason, Source, Status, Store};
    use crate::model::Severity;

    /// In the tracker's form, by its public description; written for this test, no copy of the tracker's data.
    const SAMPLE: &str = r#"{
      "alpha": {
        "CVE-2024-1001": {"description": "buffer overflow in alpha", "scope": "remote", "debianbug": 1000001, "releases": {
          "bookworm": {"status": "resolved", "repositories": {"bookworm": "1.0-1", "bookworm-security": "1.0-1+deb12u2"},
                       "fixed_version": "1.0-1+deb12u1", "urgency": "high"},
          "trixie": {"status": "resolved", "repositories": {"trixie": "1.2-1"}, "fixed_version": "0", "urgency": "high"},
          "sid": {"status": "open", "repositories": {"sid": "1.2-1"}, "urgency": "not yet assigned"}}},
        "CVE-2024-1002": {"description": "no impact", "releases": {
          "bookworm": {"status": "open", "repositories": {"bookworm": "1.0-1"}, "urgency": "unimportant"}}},
        "CVE-2024-1003": {"description": "minor", "releases": {
          "bookworm": {"status": "open", "urgency": "low**", "nodsa": "Minor issue", "nodsa_reason": "postponed"},
          "bullseye": {"status": "open", "urgency": "end-of-life"}}},
        "TEMP-0000000-ABCDEF": {"releases": {
          "bookworm": {"status": "open", "urgency": "medium", "nodsa": "Minor issue", "nodsa_reason": "ignored"},
          "bullseye": {"status": "undetermined", "urgency": "not yet assigned"},
          "lenny": {"status": "open", "urgency": "low"}}}
      },
      "beta": {"CVE-2024-1001": {"description": "buffer overflow in alpha", "releases": {
          "bookworm": {"status": "open", "urgency": "medium", "nodsa": "Minor issue", "nodsa_reason": ""}}}}
    }"#;

    fn import(text: &str) -> (Store, Result<crate::advisories::ImportReport, String>) {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("tracker".into(), Box::new(text.as_bytes()));
        let report = store.import(
            &Source::named("debian-tracker"),
            Format::DebianTracker,
            input,
        );
        (store, report.map_err(|error| error.to_string()))
    }

    #[test]
    fn every_status_of_the_tracker_has_its_meaning() {
        let (store, report) = import(SAMPLE);
        let report = report.expect("imported");
        assert_eq!(
            (report.records, report.advisories, report.ranges),
            (2, 4, 8)
        );
        assert_eq!(report.skipped[&SkipReason::Undetermined].count, 1);
        assert_eq!(
            report.skipped[&SkipReason::UnknownRelease].examples,
            ["lenny"]
        );
        let outcome = found(
            &store,
            &on("debian", "12"),
            &[deb("libalpha1", "alpha", "1.0-1"), deb("beta", "beta", "2")],
        );
        let rows: Vec<_> = outcome
            .matches
            .iter()
            .map(|m| {
                (
                    m.package,
                    m.advisory.id.as_str(),
                    m.status,
                    m.advisory.severity,
                    m.fixed_version.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                (
                    0,
                    "CVE-2024-1001",
                    Status::Fixed,
                    Severity::High,
                    Some("1.0-1+deb12u1")
                ),
                (
                    0,
                    "CVE-2024-1002",
                    Status::Affected,
                    Severity::Negligible,
                    None
                ),
                (0, "CVE-2024-1003", Status::Deferred, Severity::Low, None),
                (
                    0,
                    "TEMP-0000000-ABCDEF",
                    Status::WontFix,
                    Severity::Medium,
                    None
                ),
                (1, "CVE-2024-1001", Status::Affected, Severity::Medium, None),
            ]
        );
        let end_of_life = found(&store, &on("debian", "11"), &[deb("alpha", "alpha", "0.9")]);
        assert_eq!(end_of_life.matches[0].status, Status::EndOfLife);
        let never_affected = found(
            &store,
            &on("debian", "13"),
            &[deb("alpha", "alpha", "1.2-1")],
        );
        assert_eq!(
            (never_affected.matches.len(), never_affected.gaps.len()),
            (0, 0)
        );
    }

    #[test]
    fn testing_and_unstable_have_one_name_and_a_fix_in_either_counts() {
        let (store, _) = import(
            r#"{"a": {"CVE-2024-1": {"releases": {
                "forky": {"status": "open", "urgency": "not yet assigned"},
                "sid": {"status": "resolved", "fixed_version": "2-1", "urgency": "not yet assigned"}}},
              "CVE-2024-2": {"releases": {
                "forky": {"status": "resolved", "fixed_version": "1-9", "urgency": "low"}}}}}"#,
        );
        let rolling = crate::model::Distribution {
            id: "debian".into(),
            codename: Some("forky".into()),
            ..crate::model::Distribution::default()
        };
        let told = |version: &str| {
            let outcome = found(&store, &rolling, &[deb("a", "a", version)]);
            assert_eq!(outcome.gaps, []);
            let ids = outcome.matches.into_iter().map(|found| found.advisory.id);
            ids.collect::<Vec<_>>()
        };
        assert_eq!(told("1-1"), ["CVE-2024-1", "CVE-2024-2"]);
        assert_eq!(told("1-9"), ["CVE-2024-1"]);
        assert_eq!(told("2-1"), [""; 0]);
        let released = found(&store, &on("debian", "14"), &[deb("a", "a", "2-1")]);
        assert_eq!(
            released.matches.len(),
            1,
            "a release is what it says that it is"
        );
    }

    #[test]
    fn notices_and_osvs_own_records_fold_with_the_tracker_into_one_finding() {
        use crate::advisories::matching::testing::{add, ids, record};
        let (mut store, _) = import(SAMPLE);
        let of = |id: &str, more: &str| record(id, "Debian:12", "alpha", "1.0-1+deb12u1", more);
        let lines = [
            of("DSA-1-1", r#","upstream":["CVE-2024-1001"]"#),
            of("DLA-1-1", r#","aliases":["CVE-2024-1001"]"#),
            of("DEBIAN-CVE-2024-1001", ""),
        ];
        add(&mut store, "osv", &lines.concat());
        let outcome = found(
            &store,
            &on("debian", "12"),
            &[deb("alpha", "alpha", "1.0-1")],
        );
        let same = ids(&outcome)
            .iter()
            .filter(|id| **id == "CVE-2024-1001")
            .count();
        assert_eq!(same, 1);
        let advisory = &outcome.matches[0].advisory;
        assert_eq!(
            advisory.aliases,
            ["DEBIAN-CVE-2024-1001", "DLA-1-1", "DSA-1-1"]
        );
    }

    #[test]
    fn a_release_that_the_store_has_no_rows_of_is_a_gap() {
        let (store, _) = import(SAMPLE);
        let outcome = found(
            &store,
            &on("debian", "8"),
            &[deb("alpha", "alpha", "1.0-1")],
        );
        assert_eq!(outcome.matches, []);
        assert_eq!(outcome.gaps[0].kind, crate::model::GapKind::NoAdvisories);
        assert!(
            outcome.gaps[0].detail.contains("Debian:8"),
            "{:?}",
            outcome.gaps
        );
    }

    #[test]
    fn a_broken_document_is_refused_whole() {
        for (broken, words) in [
            (SAMPLE.get(..900).expect("long"), "cannot be read"),
            ("[]", "cannot be read"),
            ("{}", "holds no advisory"),
            (
                r#"{"alpha": {"CVE-1": {"releases": []}}}"#,
                "cannot be read",
            ),
        ] {
            let (store, report) = import(broken);
            assert!(report.expect_err(broken).contains(words), "{words}");
            assert_eq!(store.sources().expect("sources"), []);
        }
    }
}
