//! What a vendor brings only to those who pay for longer support: Ubuntu Pro.
//!
//! OSV has an ecosystem for each of its channels: `Ubuntu:Pro:16.04:LTS` for `esm-infra` and `esm-apps`, `Ubuntu:Pro:FIPS:20.04:LTS`
//! for certified builds. To an image that has Pro attached they are its own. To others they say that the package is affected and that
//! the fix is not for them, unless the plain ecosystem speaks of the same vulnerability: that one counts then.
//!
//! Debian's testing and unstable call themselves the same (`forky/sid`). The tracker speaks of both; what unstable has fixed is
//! fixed for a package with that version.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::candidate::{Lookup, Record};
use super::fold::Hit;
use super::target::Keyed;
use super::{Searched, find_hits, lookup_keys};
use crate::advisories::advisory::Status;
use crate::advisories::ecosystem;
use crate::advisories::version::Scheme;
use crate::model::{Distribution, Gap, Package, PackageType};

/// The name of the only such offer whose advisories are known.
const UBUNTU_PRO: &str = "Ubuntu Pro";

/// A fix that not everybody gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExtendedFix {
    /// What brings it: `Ubuntu Pro`.
    pub name: String,
    /// The version that repairs it.
    pub version: String,
}

impl ExtendedFix {
    pub(super) fn of(version: String) -> Self {
        Self {
            name: UBUNTU_PRO.to_owned(),
            version,
        }
    }
}

/// The ecosystems of extended support for one release.
#[derive(Default)]
pub(super) struct Extended {
    maintained: Vec<Searched>,
    certified: Vec<Searched>,
    /// Fixes there count, and nothing else that is said there.
    ahead: Vec<Searched>,
    is_ubuntu: bool,
    is_attached: bool,
}

impl Extended {
    /// Those among all ecosystems of the store.
    pub(super) fn of(
        all: &[(i64, String)],
        package_type: &PackageType,
        distribution: Option<&Distribution>,
    ) -> Self {
        let mut extended = Self::default();
        let is_rolling = distribution.is_some_and(|distribution| {
            distribution.id.eq_ignore_ascii_case("debian") && distribution.version_id.is_none()
        });
        if is_rolling && package_type.as_str() == "deb" {
            let unstable = all.iter().filter(|(_, name)| name == "Debian:sid");
            extended.ahead = unstable.map(searched).collect();
        }
        let Some(distribution) = distribution.filter(|distribution| {
            distribution.id.eq_ignore_ascii_case("ubuntu") && package_type.as_str() == "deb"
        }) else {
            return extended;
        };
        extended.is_ubuntu = true;
        let version = distribution.version_id.as_deref().unwrap_or_default();
        for ecosystem in all {
            let release = ecosystem.1.strip_prefix("Ubuntu:Pro:").unwrap_or_default();
            let release = release.trim_end_matches(":LTS");
            let channel = release.strip_suffix(version).unwrap_or("other:x");
            match channel.strip_suffix(':') {
                _ if version.is_empty() => {}
                None if channel.is_empty() => extended.maintained.push(searched(ecosystem)),
                Some(channel) if channel.starts_with("FIPS") => {
                    extended.certified.push(searched(ecosystem));
                }
                _ => {}
            }
        }
        let services = distribution.extended_support.iter();
        extended.is_attached = services.into_iter().any(|name| name.starts_with("esm-"));
        extended
    }

    /// The ecosystems whose rows can be found.
    pub(super) fn searched(&self) -> impl Iterator<Item = &Searched> {
        self.maintained.iter().chain(&self.certified)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.maintained.is_empty()
    }

    /// Adds what extended support says to what the release's own advisories say.
    pub(super) fn settle(
        &self,
        lookup: &mut Lookup<'_>,
        plain: &[Searched],
        package: &Package,
        mut hits: Vec<Hit>,
        gaps: &mut Vec<Gap>,
    ) -> rusqlite::Result<Vec<Hit>> {
        // Most distributions, and all languages, have no such thing.
        if !self.is_ubuntu && self.ahead.is_empty() {
            return Ok(hits);
        }
        // A certified build has advisories of its own, whether or not the image still says that it is attached.
        if package.version.to_ascii_lowercase().contains("fips") {
            let certified = find_hits(lookup, &self.certified, package, gaps)?;
            hits.extend(certified);
        }
        if self.is_ubuntu && !self.is_attached {
            for hit in &mut hits {
                hit.is_extended = hit.candidate.fixed.as_deref().is_some_and(is_build_of_pro);
            }
        }
        let keys: Vec<_> = lookup_keys(package, Keyed::Source).concat();
        self.drop_what_is_fixed(lookup, &keys, &mut hits)?;
        if self.maintained.is_empty() {
            return Ok(hits);
        }
        let mut found = find_hits(lookup, &self.maintained, package, gaps)?;
        if !self.is_attached && !found.is_empty() {
            let spoken = spoken_of(lookup, plain, &keys)?;
            let open: BTreeSet<String> = hits
                .iter()
                .filter(|hit| hit.candidate.status != Status::NotAffected)
                .flat_map(|hit| cves(&hit.candidate.record))
                .collect();
            let counts = |cve: &String| !spoken.contains(cve) || open.contains(cve);
            found.retain_mut(|hit| {
                hit.is_extended = true;
                keep_only(hit, &counts)
            });
        }
        hits.extend(found);
        Ok(hits)
    }

    /// An image can have builds of extended support and no longer say that it is attached: what those repair is repaired, though the
    /// release's own advisories know of no fix.
    fn drop_what_is_fixed(
        &self,
        lookup: &Lookup<'_>,
        keys: &[(String, String)],
        hits: &mut Vec<Hit>,
    ) -> rusqlite::Result<()> {
        let is_open = |hit: &Hit| {
            hit.candidate.fixed.is_none() && hit.candidate.status != Status::NotAffected
        };
        let ahead = || self.maintained.iter().chain(&self.ahead);
        if ahead().next().is_none() || !hits.iter().any(is_open) {
            return Ok(());
        }
        let mut repaired = BTreeSet::new();
        for (name, version) in keys {
            let Ok(installed) = Scheme::Dpkg.key(version) else {
                continue;
            };
            for ecosystem in ahead() {
                let name = ecosystem::normal_name(&ecosystem.name, name);
                let Some(row) = lookup.package(ecosystem.id, &name)? else {
                    continue;
                };
                let known = lookup.fixes(row)?.into_iter();
                repaired.extend(known.filter_map(|(cve, fixed)| {
                    let fixed = Scheme::Dpkg.key(&fixed).ok()?;
                    (fixed <= installed).then_some(cve)
                }));
            }
        }
        let is_left = |cve: &String| !repaired.contains(cve);
        hits.retain_mut(|hit| !is_open(hit) || keep_only(hit, &is_left));
        Ok(())
    }
}

fn searched(ecosystem: &(i64, String)) -> Searched {
    Searched::new(ecosystem, Keyed::Source, None)
}

/// Whether a version is one that only Pro brings, wherever it is named: `1.0-1ubuntu2+esm1`, `1.0-1ubuntu2~esm1`.
fn is_build_of_pro(version: &str) -> bool {
    ["+esm", "~esm"].iter().any(|mark| version.contains(mark))
}

/// The CVEs that a record is or passes on; its own id where it has none.
fn cves(record: &Record) -> Vec<String> {
    let own = std::iter::once(&record.id);
    let all = own.clone().chain(&record.aliases).chain(&record.upstream);
    let cves: Vec<String> = all.filter(|id| id.starts_with("CVE-")).cloned().collect();
    if cves.is_empty() {
        return own.cloned().collect();
    }
    cves
}

/// Takes from a hit's record the CVEs that do not count; `false` if nothing is left of it.
fn keep_only(hit: &mut Hit, counts: &dyn Fn(&String) -> bool) -> bool {
    let record = &hit.candidate.record;
    let all = cves(record);
    let counting = all.iter().filter(|cve| counts(cve)).count();
    if counting == 0 {
        return false;
    }
    if counting < all.len() {
        let mut rest = Record::clone(record);
        rest.upstream.retain(|id| !all.contains(id) || counts(id));
        rest.aliases.retain(|id| !all.contains(id) || counts(id));
        hit.candidate.record = Rc::new(rest);
    }
    true
}

/// The CVEs that the release's own advisories speak of, whatever they say.
fn spoken_of(
    lookup: &Lookup<'_>,
    plain: &[Searched],
    keys: &[(String, String)],
) -> rusqlite::Result<BTreeSet<String>> {
    let mut spoken = BTreeSet::new();
    for ecosystem in plain {
        for (name, _) in keys {
            let name = ecosystem::normal_name(&ecosystem.name, name);
            if let Some(row) = lookup.package(ecosystem.id, &name)? {
                spoken.extend(lookup.names(row)?);
            }
        }
    }
    Ok(spoken)
}

impl Lookup<'_> {
    /// All ids of all advisories of a package.
    fn names(&self, package: i64) -> rusqlite::Result<Vec<String>> {
        self.connection
            .prepare_cached(&format!(
                "WITH named AS (SELECT DISTINCT a.id, a.external_id FROM range r JOIN advisory a ON a.id = r.advisory
                                WHERE r.package = ?1 AND {})
                 SELECT external_id FROM named UNION SELECT l.name FROM named JOIN alias l ON l.advisory = named.id",
                self.matched()
            ))?
            .query_map([package], |row| row.get(0))?
            .collect()
    }

    /// The CVEs of a package that have a fix, each with its version.
    fn fixes(&self, package: i64) -> rusqlite::Result<Vec<(String, String)>> {
        self.connection
            .prepare_cached(&format!(
                "WITH fixed AS (SELECT a.id, a.external_id, r.fixed FROM range r JOIN advisory a ON a.id = r.advisory
                                WHERE r.package = ?1 AND r.fixed IS NOT NULL AND {})
                 SELECT external_id, fixed FROM fixed
                 UNION SELECT l.name, fixed.fixed FROM fixed JOIN alias l ON l.advisory = fixed.id",
                self.matched()
            ))?
            .query_map([package], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::{deb, found, ids, on, osv, record};
    use crate::advisories::{MatchOutcome, Store};

    fn upstream(cves: &[&str]) -> String {
        format!(r#","upstream":["{}"]"#, cves.join(r#"",""#))
    }

    /// A record without a fix.
    fn open(id: &str, ecosystem: &str, name: &str, more: &str) -> String {
        format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}]}}]{more}}}
"#
        )
    }

    const PLAIN: &str = "Ubuntu:16.04:LTS";
    const PRO: &str = "Ubuntu:Pro:16.04:LTS";

    fn attached() -> Distribution {
        Distribution {
            extended_support: vec!["esm-infra".into()],
            ..on("ubuntu", "16.04")
        }
    }

    fn one(store: &Store, distribution: &Distribution, version: &str) -> MatchOutcome {
        found(store, distribution, &[deb("liba", "a", version)])
    }

    #[test]
    fn a_fix_that_only_pro_has_leaves_others_affected_and_says_so() {
        let lines = [
            record(
                "UBUNTU-1",
                PRO,
                "a",
                "1+esm1",
                &upstream(&["CVE-2024-0001"]),
            ),
            // As a release that is looked after has it: the plain ecosystem is open.
            open("UBUNTU-2a", PLAIN, "a", &upstream(&["CVE-2024-0002"])),
            record(
                "UBUNTU-2b",
                PRO,
                "a",
                "1+esm2",
                &upstream(&["CVE-2024-0002"]),
            ),
            open("UBUNTU-3", PRO, "a", &upstream(&["CVE-2024-0003"])),
        ];
        let (store, _) = osv(&lines.concat());
        let outcome = one(&store, &on("ubuntu", "16.04"), "1");
        let told: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| {
                let extended = found.fixed_in_extended.as_ref();
                let extended = extended.map(|fix| (fix.name.as_str(), fix.version.as_str()));
                (found.status, found.fixed_version.as_deref(), extended)
            })
            .collect();
        assert_eq!(
            told,
            [
                (Status::Affected, None, Some(("Ubuntu Pro", "1+esm1"))),
                (Status::Affected, None, Some(("Ubuntu Pro", "1+esm2"))),
                (Status::Affected, None, None),
            ]
        );
        let outcome = one(&store, &attached(), "1");
        let fixed: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| (found.status, found.fixed_version.as_deref()))
            .collect();
        assert_eq!(
            fixed,
            [
                (Status::Fixed, Some("1+esm1")),
                (Status::Fixed, Some("1+esm2")),
                (Status::Affected, None)
            ]
        );
        assert!(
            outcome
                .matches
                .iter()
                .all(|found| found.fixed_in_extended.is_none())
        );
        assert!(outcome.gaps.is_empty());
    }

    #[test]
    fn what_the_release_itself_has_fixed_is_fixed_whatever_pro_says() {
        let lines = [
            record("USN-1-1", PLAIN, "a", "2", &upstream(&["CVE-2024-0001"])),
            record(
                "USN-1-2",
                PRO,
                "a",
                "3+esm1",
                &upstream(&["CVE-2024-0001", "CVE-2024-0009"]),
            ),
        ];
        let (store, _) = osv(&lines.concat());
        let plain = on("ubuntu", "16.04");
        assert_eq!(ids(&one(&store, &plain, "2")), ["CVE-2024-0009"]);
        let outcome = one(&store, &plain, "1");
        assert_eq!(outcome.matches[0].fixed_version.as_deref(), Some("2"));
        assert_eq!(outcome.matches[0].fixed_in_extended, None);
    }

    #[test]
    fn a_build_of_pro_is_repaired_though_the_image_is_attached_no_longer() {
        let lines = [
            open("UBUNTU-1", PLAIN, "a", &upstream(&["CVE-2024-0001"])),
            record("USN-1-1", PRO, "a", "1+esm1", &upstream(&["CVE-2024-0001"])),
        ];
        let (store, _) = osv(&lines.concat());
        for distribution in [on("ubuntu", "16.04"), attached()] {
            assert_eq!(ids(&one(&store, &distribution, "1+esm1")), [""; 0]);
            assert_eq!(ids(&one(&store, &distribution, "1")), ["CVE-2024-0001"]);
        }
    }

    #[test]
    fn a_version_of_pro_is_one_though_the_plain_ecosystem_names_it() {
        let (store, _) = osv(&record(
            "USN-1-1",
            PLAIN,
            "a",
            "1+esm1",
            &upstream(&["CVE-2024-0001"]),
        ));
        let outcome = one(&store, &on("ubuntu", "16.04"), "1");
        let found = &outcome.matches[0];
        assert_eq!(
            (found.status, found.fixed_version.as_deref()),
            (Status::Affected, None)
        );
        assert!(found.fixed_in_extended.is_some());
        let outcome = one(&store, &attached(), "1");
        assert_eq!(outcome.matches[0].fixed_version.as_deref(), Some("1+esm1"));
    }

    #[test]
    fn certified_builds_are_compared_with_their_own_advisories_only() {
        let lines = [
            record(
                "USN-1-1",
                "Ubuntu:20.04:LTS",
                "a",
                "1ubuntu2.5",
                &upstream(&["CVE-2024-0001"]),
            ),
            record(
                "USN-1-2",
                "Ubuntu:Pro:FIPS-updates:20.04:LTS",
                "a",
                "1ubuntu2.fips.9",
                &upstream(&["CVE-2024-0001"]),
            ),
        ];
        let (store, _) = osv(&lines.concat());
        let focal = on("ubuntu", "20.04");
        assert_eq!(ids(&one(&store, &focal, "1ubuntu2.5")), [""; 0]);
        assert_eq!(
            ids(&one(&store, &focal, "1ubuntu2.fips.8")),
            ["CVE-2024-0001"]
        );
        assert_eq!(ids(&one(&store, &focal, "1ubuntu2.fips.9")), [""; 0]);
    }

    #[test]
    fn only_the_releases_own_channels_are_looked_at() {
        let names = [
            "Ubuntu:Pro:16.04:LTS",
            "Ubuntu:Pro:FIPS:16.04:LTS",
            "Ubuntu:Pro:Realtime:16.04:LTS",
            "Ubuntu:Pro:18.04:LTS",
            PLAIN,
            "Debian:12",
        ];
        let all: Vec<(i64, String)> = (1..).zip(names.map(str::to_owned)).collect();
        let of =
            |id: &str, version: &str| Extended::of(&all, &PackageType::DEB, Some(&on(id, version)));
        let xenial = of("ubuntu", "16.04");
        let plain = |searched: &[Searched]| {
            let all = searched.iter();
            all.map(|one| {
                (
                    one.id,
                    names
                        .into_iter()
                        .find(|name| *name == one.name)
                        .expect("known"),
                )
            })
            .collect::<Vec<_>>()
        };
        assert_eq!(
            (plain(&xenial.maintained), plain(&xenial.certified)),
            (vec![(1, names[0])], vec![(2, names[1])])
        );
        for none in [
            of("debian", "16.04"),
            of("ubuntu", ""),
            of("ubuntu", "6.04"),
        ] {
            assert!(none.is_empty() && none.certified.is_empty());
        }
    }
}
