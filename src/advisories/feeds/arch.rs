//! Arch's security tracker, <https://security.archlinux.org/all.json>: groups of vulnerabilities in packages that are
//! built together.
//!
//! ```text
//! [ { name: AVG-1324, packages: [ … ], status: Vulnerable | Testing | Fixed | Unknown | Not affected, severity, type,
//!     affected: VERSION, fixed: VERSION | null, issues: [ CVE-… ], advisories: [ ASA-… ] } ]
//! ```
//! `affected` is the version that was in the repositories when the group was made; it says nothing of older ones, which
//! are taken as affected, too. Arch has no releases.

use serde::Deserialize;

use super::input::FeedInput;
use super::rows::each_document;
use crate::advisories::advisory::{Advisory, Detail, Range, Reference, Status, Unordered};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::vendor_rating;
use crate::advisories::report::SkipReason;
use crate::advisories::version::{Scheme, VersionKey};

const ECOSYSTEM: &str = "Arch Linux";

#[derive(Deserialize)]
struct Group {
    name: String,
    packages: Vec<String>,
    status: String,
    #[serde(default)]
    severity: String,
    #[serde(default, rename = "type")]
    kind: String,
    fixed: Option<String>,
    #[serde(default)]
    issues: Vec<String>,
    #[serde(default)]
    advisories: Vec<String>,
}

pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_document(input, intake, &mut |_, groups: Vec<Group>, intake| {
        groups
            .into_iter()
            .try_for_each(|group| take(group, intake))
    })
}

fn take(group: Group, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let fixed = group.fixed.as_deref().filter(|fixed| !fixed.is_empty());
    let status = match group.status.as_str() {
        "Not affected" => Status::NotAffected,
        // In the testing repositories, the fix is there as well.
        "Fixed" | "Testing" if fixed.is_some() => Status::Fixed,
        "Vulnerable" | "Fixed" | "Testing" => Status::Affected,
        "Unknown" => Status::UnderInvestigation,
        other => {
            intake.tally.skip(SkipReason::InvalidRecord, || {
                format!("{}: status `{other}`", group.name)
            });
            return Ok(());
        }
    };
    let fixed = fixed.filter(|_| status == Status::Fixed);
    let mut advisory = head(&group);
    for package in &group.packages {
        let mut range = Range {
            fixed: fixed.map(str::to_owned),
            ..Range::everything(ECOSYSTEM, package, status)
        };
        match fixed.map_or(Ok(VersionKey::highest()), |version| {
            Scheme::Pacman.key(version)
        }) {
            Ok(high) => {
                range.high = high;
                advisory.ranges.push(range);
            }
            Err(error) => {
                intake.tally.skip(SkipReason::UnorderedVersion, || {
                    format!("{}: {package}: {error}", group.name)
                });
                advisory.unordered.push(Unordered {
                    ecosystem: ECOSYSTEM.to_owned(),
                    package: package.clone(),
                    events: format!("fixed {}", fixed.unwrap_or_default()),
                });
            }
        }
    }
    intake.add(advisory)
}

fn head(group: &Group) -> Advisory {
    let pages = std::iter::once(&group.name).chain(&group.advisories);
    Advisory {
        id: group.name.clone(),
        upstream: group.issues.clone(),
        rating: vendor_rating(&group.severity),
        detail: Detail {
            summary: group.kind.clone(),
            references: pages
                .map(|page| Reference {
                    kind: "ADVISORY".to_owned(),
                    url: format!("https://security.archlinux.org/{page}"),
                })
                .collect(),
            ..Detail::default()
        },
        ..Advisory::default()
    }
}
