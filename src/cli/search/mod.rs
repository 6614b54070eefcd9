//! `plimsoll db search`: what the store holds under an id, or about a package.

mod text;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::output::answer;
use super::page::{listed, safe};
use super::{Exit, Failure, Manners, db};
use crate::advisories::{About, Match, Store, StoredRecord, match_packages};
use crate::inventory::read_purl;
use crate::model::{Distribution, Gap, Package};

const EXITS: &str = "Exit codes:
  0  found
  1  nothing found: standard error has names that are near
  2  the command line makes no sense
  3  the store cannot be read
  4  cannot tell: no advisories speak of this kind of package, or its version has no order";

const EXAMPLES: &str = "Examples:
  plimsoll db search CVE-2023-38545
  plimsoll db search openssl --ecosystem Debian:12
  plimsoll db search pkg:pypi/django@2.2.1
  plimsoll db search 'pkg:deb/debian/curl@7.88.1-10?distro=debian-12'";

/// What `plimsoll db search` takes.
#[derive(Debug, Args)]
#[command(after_help = EXITS, after_long_help = format!("{EXAMPLES}\n\n{EXITS}"))]
pub(super) struct SearchArguments {
    /// A CVE or another id or alias, in whatever case; a package's name; or a package URL: with a version, only what holds it.
    #[arg(value_name = "CVE|ID|PACKAGE|PURL")]
    what: String,

    /// Only this ecosystem: PyPI, Debian, or one release of it, Debian:12.
    #[arg(long, value_name = "ECOSYSTEM")]
    ecosystem: Option<String>,

    /// Show all rows, and all records: also those that are withdrawn, or no vulnerability.
    #[arg(long)]
    all: bool,

    /// As JSON, with all rows.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
enum Found {
    /// Records that bear the id.
    Records { records: Vec<StoredRecord> },
    /// Records about packages of the name, with only the rows about them.
    About { records: Vec<StoredRecord> },
    /// What a scan would say of the one version.
    Version {
        package: Box<Package>,
        matches: Vec<Match>,
        gaps: Vec<Gap>,
        /// How many records are about the package at other versions, too.
        records_about: usize,
    },
}

impl SearchArguments {
    pub(super) fn run(self, named: Option<&Path>, manners: Manners) -> Result<Exit, Failure> {
        let what = self.what.trim();
        if what.is_empty() {
            return Err(Failure::usage("nothing to search for"));
        }
        let store = db::open_store(named)?;
        let found = match what.get(..4) {
            Some(scheme) if scheme.eq_ignore_ascii_case("pkg:") => self.by_purl(what, &store)?,
            _ => self.by_word(what, &store)?,
        };
        if self.json {
            let text = serde_json::to_string_pretty(&found).map_err(Failure::new)?;
            answer(&text)?;
        } else if !found.is_empty() {
            answer(&text::text(&found, self.all, manners))?;
        }
        if found.is_empty() {
            return self.nothing(what, &found, &store);
        }
        Ok(Exit::Success)
    }

    /// An id first: no package is called as an advisory is.
    fn by_word(&self, what: &str, store: &Store) -> Result<Found, Failure> {
        let mut records = store.records_named(what).map_err(Failure::new)?;
        if let Some(ecosystem) = &self.ecosystem {
            for record in &mut records {
                record.rows.retain(|row| is_of(&row.ecosystem, ecosystem));
            }
            records.retain(|record| !record.rows.is_empty());
        }
        if !records.is_empty() {
            return Ok(Found::Records { records });
        }
        let wanted = |label: &str| {
            let ecosystem = self.ecosystem.as_deref();
            ecosystem.is_none_or(|ecosystem| is_of(label, ecosystem))
        };
        let records = store.records_about(what, wanted).map_err(Failure::new)?;
        Ok(Found::About { records })
    }

    fn by_purl(&self, what: &str, store: &Store) -> Result<Found, Failure> {
        let (package, distribution) = read_purl(what)
            .map_err(|why| Failure::usage(format!("the package URL cannot be used: {why}")))?;
        let records = match store
            .records_for(&package, distribution.as_ref())
            .map_err(Failure::new)?
        {
            About::Records(records) => records,
            About::Uncovered(why) => return self.uncovered(&package, store, why),
        };
        if package.version.is_empty() {
            return Ok(Found::About { records });
        }
        version(store, distribution.as_ref(), package, records.len())
    }

    /// No release is named, so that all of them are shown where no version is either.
    fn uncovered(&self, package: &Package, store: &Store, why: String) -> Result<Found, Failure> {
        if package.version.is_empty() {
            return self.by_word(&package.full_name(), store);
        }
        let hint = package
            .package_type
            .is_os()
            .then_some("name the release: ?distro=debian-12 behind the version");
        Err(Failure::new(why).with_hint(hint))
    }

    /// Says so, with what is near.
    fn nothing(&self, what: &str, found: &Found, store: &Store) -> Result<Exit, Failure> {
        if let Found::Version { gaps, .. } = found
            && let Some(gap) = gaps.first()
        {
            tell(&format!("cannot tell: {}", safe(&gap.detail)));
            return Ok(Exit::NotAssessable);
        }
        let mut said = vec![self.no(what, found)];
        let near = self.near(what, found, store)?;
        if !near.is_empty() {
            let near = listed(near.iter().map(String::as_str), 5);
            said.push(format!("  near are: {near}"));
        }
        if store.starter_size().map_err(Failure::new)?.is_some() {
            said.push("  the store holds only the advisories inside Plimsoll; `plimsoll db update` fetches the real ones".to_owned());
        }
        tell(&said.join("\n"));
        Ok(Exit::No)
    }

    fn no(&self, what: &str, found: &Found) -> String {
        let Found::Version {
            package,
            records_about,
            ..
        } = found
        else {
            let of = self.ecosystem.as_deref();
            let of = of.map_or_else(String::new, |name| format!(" of {}", safe(name)));
            let what = safe(what);
            return format!("no advisory{of} has the id `{what}`, or is about a package `{what}`");
        };
        let name = safe(&package.full_name());
        let version = safe(&package.version);
        match records_about {
            0 => format!("no advisory is about {name}"),
            1 => format!("1 advisory is about {name}, and it does not hold {version}"),
            count => format!("{count} advisories are about {name}, and none holds {version}"),
        }
    }

    fn near(&self, what: &str, found: &Found, store: &Store) -> Result<Vec<String>, Failure> {
        let name = match found {
            Found::Version {
                records_about: 1.., ..
            } => return Ok(Vec::new()),
            Found::Version { package, .. } => package.full_name(),
            _ => what.to_owned(),
        };
        let is_id = name.contains('-') && name.bytes().any(|byte| byte.is_ascii_digit());
        let mut near = store.near_packages(&name).map_err(Failure::new)?;
        if near.is_empty() && is_id {
            near = store.near_ids(&name).map_err(Failure::new)?;
        }
        // What was asked for, but in another ecosystem, is nearer than anything else.
        if self.ecosystem.is_some() {
            let elsewhere = elsewhere(&name, store)?;
            if !elsewhere.is_empty() {
                return Ok(elsewhere);
            }
        }
        Ok(near)
    }
}

/// What a scan says of one version.
fn version(
    store: &Store,
    distribution: Option<&Distribution>,
    package: Package,
    records_about: usize,
) -> Result<Found, Failure> {
    let packages = [package];
    let outcome = match_packages(store, distribution, &packages).map_err(Failure::new)?;
    let [package] = packages;
    Ok(Found::Version {
        package: Box::new(package),
        matches: outcome.matches,
        gaps: outcome.gaps,
        records_about,
    })
}

/// `NAME in ECOSYSTEM`, where another ecosystem knows the name.
fn elsewhere(name: &str, store: &Store) -> Result<Vec<String>, Failure> {
    let records = store.records_about(name, |_| true).map_err(Failure::new)?;
    let rows = records.iter().flat_map(|record| &record.rows);
    let places: BTreeSet<String> = rows
        .map(|row| format!("{} in {}", row.package, row.ecosystem))
        .collect();
    Ok(places.into_iter().collect())
}

impl Found {
    fn is_empty(&self) -> bool {
        match self {
            Self::Records { records } | Self::About { records } => records.is_empty(),
            Self::Version { matches, .. } => matches.is_empty(),
        }
    }
}

/// Whether an ecosystem is the wanted one, or a release of it.
fn is_of(label: &str, wanted: &str) -> bool {
    let head = label.get(..wanted.len());
    let is_head = head.is_some_and(|head| head.eq_ignore_ascii_case(wanted));
    let rest = label.get(wanted.len()..).unwrap_or_default();
    is_head && (rest.is_empty() || rest.starts_with(':'))
}

fn tell(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ecosystem_is_wanted_whole_or_by_release() {
        assert!(is_of("Debian:12", "debian"));
        assert!(is_of("Debian:12", "Debian:12"));
        assert!(is_of("Ubuntu:22.04:LTS", "Ubuntu:22.04"));
        assert!(!is_of("Debian:12", "Debian:1"));
        assert!(!is_of("npm", "np"));
        assert!(!is_of("npm", "npm:1"));
    }
}
