//! Packages against the store.
//!
//! What comes in: the packages of an image and the distribution that they are installed in. What goes out: matches, each
//! with the rows and versions that prove it, and a gap for everything that could not be judged: a distribution or
//! ecosystem without advisories, a version without an order. No range is parsed here: the store has keys already, and only
//! the installed version is turned into one; a fix becomes a key where fixes are compared with each other.

mod build;
mod candidate;
mod explain;
mod extended;
mod flavour;
mod fold;
mod module;
mod records;
#[cfg(test)]
mod red_hat_tests;
mod steps;
mod target;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod traps;
mod vendors;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use self::candidate::Lookup;
pub use self::explain::{
    Conclusion, Explanation, PackageExplanation, RowExplanation, RowVerdict, explain,
};
use self::extended::Extended;
pub use self::extended::ExtendedFix;
use self::fold::Hit;
use self::module::Context;
pub use self::records::{About, StoredRecord, StoredRow};
pub use self::steps::{Bound, Step, steps};
use self::target::{Inferred, Keyed, NoTarget, Selector, Target};
use super::advisory::{AdvisoryKind, Status};
use super::ecosystem;
use super::error::AdvisoryError;
use super::history::AsOf;
use super::rating::Cvss;
use super::signals::{self, Epss, Exploited};
use super::store::Store;
use crate::model::{Distribution, Gap, GapKind, Package, PackageType, Severity, Untrusted};

/// What the store says of an image's packages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MatchOutcome {
    /// The matches, by package and id.
    pub matches: Vec<Match>,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
}

/// One vulnerability of one package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The package's place in the list that was given.
    pub package: usize,
    /// What it is, folded from all records that name it.
    pub advisory: AdvisoryRecord,
    /// What the vendor does about it.
    pub status: Status,
    /// The lowest version with every fix.
    pub fixed_version: Option<String>,
    /// The fix that the vendor has for those with extended support only, where there is no other.
    pub fixed_in_extended: Option<ExtendedFix>,
    /// Known exploitation of it.
    pub exploited: Option<Exploited>,
    /// How likely its exploitation is.
    pub epss: Option<Epss>,
    /// The rows that apply, each with the comparison that it rests on.
    pub proof: Vec<Proof>,
}

/// A vulnerability as its records tell it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdvisoryRecord {
    /// The CVE id where there is one, else the record's own.
    pub id: String,
    /// The source of the first record.
    pub source: String,
    /// Vulnerability or malicious package.
    pub kind: AdvisoryKind,
    /// One line.
    pub summary: String,
    /// All its other ids, sorted.
    pub aliases: Vec<String>,
    /// How bad it is: the vendor's word before CVSS.
    pub severity: Severity,
    /// Which source says so, with the CVSS version if it is by a vector.
    pub severity_source: Option<String>,
    /// All CVSS vectors, newest version first.
    pub cvss: Vec<Cvss>,
    /// Where to read about it.
    pub url: Option<String>,
    /// All links.
    pub references: Vec<String>,
    /// When it was published.
    pub published: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
}

/// One row of the store and the comparison that makes it apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The record's id in its source.
    pub advisory: String,
    /// The source.
    pub source: String,
    /// The ecosystem that was looked in.
    pub ecosystem: String,
    /// The name that was looked up: the source package's, or the package's own.
    pub name: String,
    /// The version that was compared.
    pub installed: String,
    /// The order that it was compared in; `None` where the version is listed and no order exists.
    pub scheme: Option<String>,
    /// From this version on; `None`: from the beginning.
    pub introduced: Option<String>,
    /// Before this version.
    pub fixed: Option<String>,
    /// Up to and including this version.
    pub last_affected: Option<String>,
    /// The version is listed by itself, whatever the bounds.
    pub listed: bool,
    /// The row is about the distribution that this one is rebuilt from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

/// Matches packages against the store. Deterministic: the same packages and the same snapshot give the same outcome.
pub fn match_packages(
    store: &Store,
    distribution: Option<&Distribution>,
    packages: &[Package],
) -> Result<MatchOutcome, AdvisoryError> {
    match_as_of(store, store.as_of, distribution, packages)
}

/// The ecosystems, without releases, whose advisories apply to packages: which feeds are needed to judge them.
pub fn needed_ecosystems<'p>(
    distribution: Option<&Distribution>,
    packages: impl Iterator<Item = &'p Package>,
) -> BTreeSet<String> {
    target::ecosystems(distribution, packages)
}

/// What was known of packages at an earlier time: a package's place in the list, and each name of the vulnerability.
pub fn known_as_of(
    store: &Store,
    as_of: AsOf,
    distribution: Option<&Distribution>,
    packages: &[Package],
) -> Result<BTreeSet<(usize, String)>, AdvisoryError> {
    store.check_history(as_of)?;
    let outcome = match_as_of(store, as_of, distribution, packages)?;
    // A record that got its CVE later is the same: it is known by its other names, too.
    let names = outcome.matches.into_iter().flat_map(|found| {
        let names = std::iter::once(found.advisory.id).chain(found.advisory.aliases);
        names.map(move |name| (found.package, name))
    });
    Ok(names.collect())
}

fn match_as_of(
    store: &Store,
    as_of: AsOf,
    distribution: Option<&Distribution>,
    packages: &[Package],
) -> Result<MatchOutcome, AdvisoryError> {
    let run = || {
        // One transaction: all answers come from one snapshot, whatever is imported meanwhile, and the file is locked
        // once and not for every query.
        let _snapshot = store.connection.unchecked_transaction()?;
        let mut matcher = Matcher::new(store, as_of, distribution)?;
        for (index, package) in packages.iter().enumerate() {
            matcher.take(index, package)?;
        }
        let mut outcome = matcher.finish();
        // Data beside advisories have no history: of an earlier time nothing is known.
        for found in outcome.matches.iter_mut().filter(|_| as_of.is_now()) {
            (found.exploited, found.epss) = signals::of(&store.connection, &found.advisory)?;
        }
        Ok(outcome)
    };
    run().map_err(|error| store.database_error(error))
}

/// The ecosystems of one package type, once found.
enum Scope {
    Covered {
        searched: Vec<Searched>,
        extended: Extended,
    },
    /// Nothing applies, for the reason.
    Uncovered {
        reason: Uncovered,
        unjudged: Unjudged,
    },
}

impl Scope {
    /// All that is looked in, extended support's included.
    fn all_searched(&self) -> Vec<Searched> {
        match self {
            Self::Covered { searched, extended } => searched
                .iter()
                .chain(extended.searched())
                .cloned()
                .collect(),
            Self::Uncovered { .. } => Vec::new(),
        }
    }
}

/// An ecosystem to look in.
#[derive(Clone)]
struct Searched {
    id: i64,
    name: String,
    keyed: Keyed,
    /// Not the distribution's own: what of it counts.
    inferred: Option<Inferred>,
}

/// The packages that no advisory speaks of.
#[derive(Default)]
struct Unjudged {
    count: u64,
    /// The first of them, with their versions.
    named: Vec<String>,
}

impl Unjudged {
    /// Packages that are named; the evidence lists them all.
    const NAMED: usize = 3;

    fn add(&mut self, package: &Package) {
        self.count += 1;
        if self.named.len() < Self::NAMED {
            let named = format!("{} {}", package.full_name(), package.version);
            self.named.push(Untrusted(&named).to_string());
        }
    }

    fn told(&self) -> String {
        match self.count {
            1 => "1 package could not be judged".to_owned(),
            count => format!("{count} packages could not be judged"),
        }
    }

    fn told_by_name(&self) -> String {
        let more = if self.count > Self::NAMED as u64 {
            ", …"
        } else {
            ""
        };
        format!("{} ({}{more})", self.told(), self.named.join(", "))
    }
}

/// Packages of one type and one distribution have the same advisories; a language's have no distribution.
type ScopeKey = (PackageType, Option<Distribution>);

enum Uncovered {
    UnknownDistribution,
    /// There is a feed, but nothing of it in the store.
    NotInStore(String),
    NoFeed(String),
}

impl Uncovered {
    const fn kind(&self) -> GapKind {
        match self {
            Self::UnknownDistribution => GapKind::UnknownDistribution,
            Self::NotInStore(_) | Self::NoFeed(_) => GapKind::NoAdvisories,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::UnknownDistribution => "the distribution is not known".to_owned(),
            Self::NotInStore(label) => {
                format!("the advisory store holds nothing for {}", Untrusted(label))
            }
            Self::NoFeed(label) => format!("there is no advisory feed for {}", Untrusted(label)),
        }
    }
}

struct Matcher<'s> {
    lookup: Lookup<'s>,
    ecosystems: Vec<(i64, String)>,
    distribution: Option<&'s Distribution>,
    scopes: BTreeMap<ScopeKey, Scope>,
    outcome: MatchOutcome,
}

impl<'s> Matcher<'s> {
    fn new(
        store: &'s Store,
        as_of: AsOf,
        distribution: Option<&'s Distribution>,
    ) -> rusqlite::Result<Self> {
        let lookup = Lookup::new(store, as_of)?;
        Ok(Self {
            ecosystems: lookup.ecosystems()?,
            lookup,
            distribution,
            scopes: BTreeMap::new(),
            outcome: MatchOutcome::default(),
        })
    }

    fn scope(&self, (package_type, distribution): &ScopeKey) -> Scope {
        let uncovered = |reason| Scope::Uncovered {
            reason,
            unjudged: Unjudged::default(),
        };
        let Target {
            label,
            selectors,
            keyed,
            inferred,
        } = match target::find(package_type, distribution.as_ref()) {
            Ok(target) => target,
            Err(NoTarget::UnknownDistribution) => return uncovered(Uncovered::UnknownDistribution),
            Err(NoTarget::NoFeed(label)) => return uncovered(Uncovered::NoFeed(label)),
        };
        let mut searched = self.select(&selectors, keyed, None);
        // Without its own advisories a rebuild is not covered; one that has none goes by the other's alone.
        if !searched.is_empty() || selectors.is_empty() {
            let (selectors, kind) = inferred.unwrap_or((Vec::new(), Inferred::Open));
            searched.extend(self.select(&selectors, Keyed::BinaryAndSource, Some(kind)));
        }
        let extended = Extended::of(&self.ecosystems, package_type, distribution.as_ref());
        if searched.is_empty() && extended.is_empty() {
            return uncovered(Uncovered::NotInStore(label));
        }
        Scope::Covered { searched, extended }
    }

    fn select(
        &self,
        selectors: &[Selector],
        keyed: Keyed,
        inferred: Option<Inferred>,
    ) -> Vec<Searched> {
        let selected = self
            .ecosystems
            .iter()
            .filter(|(_, name)| selectors.iter().any(|selector| selector.selects(name)));
        let searched = selected.map(|(id, name)| Searched {
            id: *id,
            name: name.clone(),
            keyed,
            inferred,
        });
        searched.collect()
    }

    fn take(&mut self, index: usize, package: &Package) -> rusqlite::Result<()> {
        let key = self.scope_key(package);
        if let Some(hits) = self.hits(&key, package)? {
            self.outcome.matches.extend(fold::fold(index, &hits));
        } else if let Some(Scope::Uncovered { unjudged, .. }) = self.scopes.get_mut(&key) {
            unjudged.add(package);
        }
        Ok(())
    }

    /// What a package has in common with those that are matched with the same advisories.
    fn scope_key(&mut self, package: &Package) -> ScopeKey {
        let own = package.distribution.as_deref().or(self.distribution);
        let distribution = own.filter(|_| package.package_type.is_os());
        let package_type = target::advisory_type(package);
        let key = (package_type, distribution.cloned());
        if !self.scopes.contains_key(&key) {
            let scope = self.scope(&key);
            self.scopes.insert(key.clone(), scope);
        }
        key
    }

    /// The rows that apply to a package; `None` where no advisories speak of its like.
    fn hits(&mut self, key: &ScopeKey, package: &Package) -> rusqlite::Result<Option<Vec<Hit>>> {
        let Some(Scope::Covered { searched, extended }) = self.scopes.get(key) else {
            return Ok(None);
        };
        let (lookup, gaps) = (&mut self.lookup, &mut self.outcome.gaps);
        let hits = find_hits(lookup, searched, package, gaps)?;
        extended
            .settle(lookup, searched, package, hits, gaps)
            .map(Some)
    }

    fn finish(mut self) -> MatchOutcome {
        for scope in self.scopes.into_values() {
            let Scope::Uncovered { reason, unjudged } = scope else {
                continue;
            };
            let told = match reason {
                Uncovered::NoFeed(_) => unjudged.told_by_name(),
                _ => unjudged.told(),
            };
            let gap = Gap::new(reason.kind(), format!("{}: {told}", reason.text()));
            self.outcome.gaps.push(gap);
        }
        self.outcome.gaps.sort();
        self.outcome.gaps.dedup();
        self.outcome
    }
}

/// The names and versions to look a package up by: of each list the first that is known.
fn lookup_keys(package: &Package, keyed: Keyed) -> Vec<Vec<(String, String)>> {
    let own = || (package.name.clone(), package.version.clone());
    let source = package
        .source
        .as_ref()
        .map(|source| (source.name.clone(), source.version.clone()));
    match keyed {
        Keyed::Source => vec![vec![source.unwrap_or_else(own)]],
        Keyed::BinaryThenSource => vec![std::iter::once(own()).chain(source).collect()],
        Keyed::BinaryAndSource => {
            let (name, version) = source.clone().unwrap_or_else(own);
            vec![
                std::iter::once(own()).chain(source).collect(),
                vec![(format!("{name}.src"), version)],
            ]
        }
        Keyed::Name => {
            let name = target::bitnami_name(package).map(str::to_owned);
            let name = name.unwrap_or_else(|| package.full_name());
            vec![vec![(name, package.version.clone())]]
        }
    }
}

fn find_hits(
    lookup: &mut Lookup<'_>,
    searched: &[Searched],
    package: &Package,
    gaps: &mut Vec<Gap>,
) -> rusqlite::Result<Vec<Hit>> {
    let mut hits = Vec::new();
    let places = consulted(lookup, searched, package)?;
    for place in &places {
        let query = Query {
            package,
            ecosystem: place.ecosystem,
            name: &place.name,
            version: &place.version,
            row: place.row,
            inferred: place.inferred,
        };
        query.run(lookup, &mut hits, gaps)?;
    }
    if hits.iter().any(|hit| hit.inferred) {
        let own = places.iter().filter(|place| place.inferred.is_none());
        let own_rows: Vec<i64> = own.map(|place| place.row).collect();
        drop_settled(lookup, &own_rows, package, &mut hits)?;
    }
    Ok(hits)
}

/// What the store is asked of a package: of each list of its names the first that an ecosystem knows.
struct Consulted<'q> {
    ecosystem: &'q str,
    name: String,
    version: String,
    row: i64,
    inferred: Option<Inferred>,
}

fn consulted<'q>(
    lookup: &Lookup<'_>,
    searched: &'q [Searched],
    package: &Package,
) -> rusqlite::Result<Vec<Consulted<'q>>> {
    let mut places = Vec::new();
    for ecosystem in searched {
        for keys in lookup_keys(package, ecosystem.keyed) {
            for (name, version) in keys {
                let name = ecosystem::normal_name(&ecosystem.name, &name).into_owned();
                if let Some(row) = lookup.package(ecosystem.id, &name)? {
                    places.push(Consulted {
                        ecosystem: &ecosystem.name,
                        name,
                        version,
                        row,
                        inferred: ecosystem.inferred,
                    });
                    break;
                }
            }
        }
    }
    Ok(places)
}

/// An issue that the distribution itself speaks of is no longer open there, whatever the other one still says.
fn drop_settled(
    lookup: &Lookup<'_>,
    own_rows: &[i64],
    package: &Package,
    hits: &mut Vec<Hit>,
) -> rusqlite::Result<()> {
    let context = Context::of(package, &package.version);
    let mut settled = BTreeSet::new();
    for row in own_rows {
        let named = lookup.vulnerabilities(*row)?.into_iter();
        let of_stream = named.filter(|(_, module)| context.may_be_of(module));
        settled.extend(of_stream.map(|(name, _)| name));
    }
    hits.retain(|hit| {
        !hit.inferred || !module::vulnerabilities(&hit.candidate).all(|name| settled.contains(name))
    });
    Ok(())
}

/// One package that the store knows in one ecosystem.
struct Query<'q> {
    package: &'q Package,
    ecosystem: &'q str,
    name: &'q str,
    version: &'q str,
    row: i64,
    inferred: Option<Inferred>,
}

/// Why a version that is there says nothing of releases: a Go program that was built from a checkout has a version made of its commit,
/// below every release, so that all advisories there ever were would seem to apply.
fn unreleased(package: &Package) -> Option<&'static str> {
    let source = package.properties.get("version-source")?;
    let is_of_commit = source == "vcs" && package.version.contains("0.0.0-");
    is_of_commit.then_some("it is made of a commit, and does not say after which release that came")
}

impl Query<'_> {
    fn run(
        &self,
        lookup: &mut Lookup<'_>,
        hits: &mut Vec<Hit>,
        gaps: &mut Vec<Gap>,
    ) -> rusqlite::Result<()> {
        if let Some(why) = unreleased(self.package) {
            gaps.push(self.gap(why));
            return Ok(());
        }
        let scheme = ecosystem::scheme(self.ecosystem);
        let mut found = lookup.exact(self.row, self.version.trim())?;
        match scheme.map(|scheme| scheme.key(self.version)) {
            Some(Ok(key)) => found.extend(lookup.ranges(self.row, &key)?),
            Some(Err(error)) => gaps.push(self.gap(&error.to_string())),
            None => {}
        }
        if scheme == Some(super::version::Scheme::Rpm) {
            let context = Context::of(self.package, self.version);
            let known = if context.is_modular() {
                lookup.streams(self.row)?
            } else {
                BTreeSet::new()
            };
            let doubt = context.sift(&mut found, &known);
            gaps.extend(doubt.map(|why| self.gap(&why)));
        }
        if self.inferred == Some(Inferred::Open) {
            found.retain(|candidate| candidate.status != Status::Fixed);
        }
        found.retain(|candidate| {
            let named = candidate.fixed.as_deref();
            let named = named.or(candidate.last_affected.as_deref());
            flavour::is_same(scheme, self.version, named)
        });
        let undecided = lookup.undecided(self.row)?;
        let is_open = |advisory: &str| !found.iter().any(|hit| hit.record.id == advisory);
        let mut open = undecided.iter().filter(|range| is_open(&range.advisory));
        if let Some(first) = open.next() {
            let more = match open.count() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let why = scheme.map_or_else(
                || format!("there is no version order for {} yet", self.ecosystem),
                |scheme| format!("{scheme} cannot order it"),
            );
            gaps.push(self.gap(&format!(
                "{} says `{}`: {why}{more}",
                first.advisory,
                Untrusted(&first.events)
            )));
        }
        hits.extend(found.into_iter().map(|candidate| Hit {
            candidate,
            ecosystem: self.ecosystem.to_owned(),
            name: self.name.to_owned(),
            installed: self.version.to_owned(),
            scheme,
            inferred: self.inferred.is_some(),
            is_extended: false,
        }));
        Ok(())
    }

    fn gap(&self, why: &str) -> Gap {
        let detail = format!(
            "{} {} {}: {why}",
            self.package.package_type,
            Untrusted(self.name),
            Untrusted(self.version)
        );
        Gap::new(GapKind::UnorderedVersion, detail)
    }
}
