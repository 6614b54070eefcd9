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
use crate::advisories::import::{Intake, IntakeError};
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
