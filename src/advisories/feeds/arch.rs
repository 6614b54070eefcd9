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
        groups.iter().try_for_each(|group| take(group, intake))
    })
}

fn take(group: &Group, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
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
    let mut advisory = head(group);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::on;
    use crate::advisories::{Format, Source, Store, match_packages};
    use crate::model::{Package, PackageType};

    /// In the form of Arch's tracker; written for this test.
    #[test]
    fn every_status_of_a_group_has_its_meaning() {
        let group = |number: u8, status: &str, fixed: &str| {
            format!(
                r#"{{"name":"AVG-{number}","packages":["a"],"status":"{status}","severity":"High","type":"x",
                "affected":"1-1","fixed":{fixed},"issues":["CVE-2024-{number}"],"advisories":[]}}"#
            )
        };
        let groups = [
            group(1, "Vulnerable", "null"),
            group(2, "Testing", "\"1:2-1\""),
            group(3, "Fixed", "\"2-1\""),
            group(4, "Not affected", "null"),
            group(5, "Unknown", "null"),
            group(6, "Perhaps", "null"),
        ];
        let text = format!("[{}]", groups.join(","));
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("arch".to_owned(), Box::new(text.as_bytes()));
        let report = store
            .import(&Source::named("arch"), Format::Arch, input)
            .expect("imported");
        assert_eq!((report.records, report.advisories), (6, 5));
        assert_eq!(
            report.skipped[&SkipReason::InvalidRecord].examples,
            ["AVG-6: status `Perhaps`"]
        );
        let a = Package::new(PackageType::new("alpm"), "a", "2-1");
        let arch = on("arch", "");
        let outcome = match_packages(&store, Some(&arch), &[a]).expect("matched");
        let found: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| (found.advisory.id.as_str(), found.status))
            .collect();
        assert_eq!(
            found,
            [
                ("CVE-2024-1", Status::Affected),
                ("CVE-2024-2", Status::Fixed),
                ("CVE-2024-5", Status::UnderInvestigation),
            ]
        );
    }
}
