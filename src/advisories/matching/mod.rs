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
mod outcome;
mod query;
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

use self::candidate::Lookup;
pub use self::explain::{
    Conclusion, Explanation, PackageExplanation, RowExplanation, RowVerdict, explain,
};
use self::extended::Extended;
pub use self::extended::ExtendedFix;
use self::fold::Hit;
pub use self::outcome::{AdvisoryRecord, Match, MatchOutcome, Proof};
use self::query::{Consulted, consulted, find_hits, lookup_keys, unreleased};
pub use self::records::{About, StoredRecord, StoredRow};
pub use self::steps::{Bound, Step, steps};
use self::target::{Inferred, Keyed, NoTarget, Selector, Target};
use super::error::AdvisoryError;
use super::history::AsOf;
use super::signals;
use super::store::Store;
use crate::model::{Distribution, Gap, GapKind, Package, PackageType, Untrusted};

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
        let are_known = as_of.is_now() && signals::are_known(&store.connection)?;
        for found in outcome.matches.iter_mut().filter(|_| are_known) {
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

impl Searched {
    fn new((id, name): &(i64, String), keyed: Keyed, inferred: Option<Inferred>) -> Self {
        Self {
            id: *id,
            name: name.clone(),
            keyed,
            inferred,
        }
    }
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
        selected
            .map(|ecosystem| Searched::new(ecosystem, keyed, inferred))
            .collect()
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
