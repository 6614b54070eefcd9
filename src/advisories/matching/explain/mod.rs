//! Why an advisory applies to a package, or why it does not.
//!
//! Which rows apply is what the matcher finds, and nobody else: an explanation runs it, and then goes through all rows of
//! the records that bear the id, looking for the reason why each of the others is none. So the two cannot disagree on a
//! finding; where no reason is found, it says so.

mod judge;
mod mention;
mod named;
#[cfg(test)]
mod tests;

use serde::Serialize;

use self::judge::Case;
use self::mention::Index;
use self::named::Named;
use super::records::{StoredRecord, StoredRow};
use super::steps::Step;
use super::{Consulted, Match, Matcher, Scope, Searched, consulted, fold, lookup_keys};
use crate::advisories::advisory::{AdvisoryKind, Status};
use crate::advisories::error::AdvisoryError;
use crate::advisories::store::Store;
use crate::model::{Distribution, Package};

/// What the store says of one id and each package that its records name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The ids that findings about it go by, in the records' spelling: what was asked for, and its CVE.
    pub ids: Vec<String>,
    /// The records that bear one of them, with all that they say. Empty: the store does not know the id.
    pub records: Vec<StoredRecord>,
    /// The packages that one of the records names, in the order in which they were given.
    pub packages: Vec<PackageExplanation>,
}

/// What it comes to for one package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PackageExplanation {
    /// The package's place in the list that was given.
    pub package: usize,
    /// What it comes to.
    #[serde(flatten)]
    pub conclusion: Conclusion,
    /// The ecosystems whose advisories apply to it.
    pub ecosystems: Vec<String>,
    /// What a scan finds.
    pub findings: Vec<Match>,
    /// The rows that name it, each with what it comes to.
    pub rows: Vec<RowExplanation>,
}

/// What an id comes to for a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Conclusion {
    /// A scan finds it.
    Matches,
    /// A source says that it is not affected, which clears what others say.
    NotAffected {
        /// The sources that say so.
        sources: Vec<String>,
    },
    /// A record applies, but it is a finding of another id.
    FoundAs {
        /// Which one.
        ids: Vec<String>,
    },
    /// No row applies; each says why.
    DoesNotMatch,
    /// A scan has a gap here.
    CannotTell {
        /// What is missing.
        why: String,
    },
}

/// One row of a record, held against one package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowExplanation {
    /// The record's id in its source.
    pub advisory: String,
    /// The source.
    pub source: String,
    /// The row.
    #[serde(flatten)]
    pub row: StoredRow,
    /// Its versions as people write an interval.
    pub range: String,
    /// The version that is compared: the package's, or its source's.
    pub installed: String,
    /// The order of the ecosystem's versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<&'static str>,
    /// The comparisons that decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What it comes to.
    #[serde(flatten)]
    pub verdict: RowVerdict,
}

/// What a row comes to for a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum RowVerdict {
    /// It applies.
    Applies,
    /// The version has the fix.
    Fixed,
    /// The version is before the flaw came in.
    NotYet,
    /// The version is above the last one that is affected.
    Past,
    /// The version is none of those that are listed.
    NotListed,
    /// The record was taken back.
    Withdrawn {
        /// When; empty where the store does not know.
        on: String,
    },
    /// The record is none of a vulnerability.
    NoVulnerability {
        /// What it is.
        kind: AdvisoryKind,
    },
    /// The range holds the version, but is about another build of the package.
    OtherBuild {
        /// Which one, and which one this is.
        why: &'static str,
    },
    /// The ecosystem knows the package by another of its names.
    OtherName {
        /// Which one was looked up.
        looked_up: String,
    },
    /// The row is about another release or distribution.
    OtherRelease,
    /// The versions cannot be compared.
    NoOrder {
        /// Why.
        why: String,
    },
    /// Nobody can find the package's advisories: see its conclusion.
    NotLookedUp,
    /// The range holds the version, and what else is known of the release says that it does not count.
    LeftOut,
}

/// Explains an id: a CVE, a record's own id, or an alias, in whatever case. Deterministic, as matching is.
pub fn explain(
    store: &Store,
    distribution: Option<&Distribution>,
    packages: &[Package],
    id: &str,
) -> Result<Explanation, AdvisoryError> {
    let run = || {
        let _snapshot = store.connection.unchecked_transaction()?;
        let mut matcher = Matcher::new(store, store.as_of, distribution)?;
        let named = Named::find(store, &mut matcher.lookup, id)?;
        let index = Index::new(&named.records);
        let mut explained = Vec::new();
        for (place, package) in packages.iter().enumerate() {
            explained.extend(matcher.explain(place, package, &named, &index)?);
        }
        Ok(Explanation {
            ids: named.ids.iter().cloned().collect(),
            packages: explained,
            records: named.records,
        })
    };
    run().map_err(|error| store.database_error(error))
}

impl Matcher<'_> {
    /// What the records come to for one package; `None` if none names it.
    fn explain(
        &mut self,
        place: usize,
        package: &Package,
        named: &Named,
        index: &Index<'_>,
    ) -> rusqlite::Result<Option<PackageExplanation>> {
        let key = self.scope_key(package);
        let (searched, uncovered) = match self.scopes.get(&key) {
            Some(scope @ Scope::Covered { .. }) => (scope.all_searched(), None),
            Some(Scope::Uncovered { reason, .. }) => (Vec::new(), Some(reason.text())),
            None => return Ok(None),
        };
        let places = consulted(&self.lookup, &searched, package)?;
        let mentions = index.mentions(package, &searched, &places);
        if mentions.is_empty() {
            return Ok(None);
        }
        let hits = self.hits(&key, package)?.unwrap_or_default();
        self.outcome.gaps.clear();
        let findings = fold::fold(place, &hits);
        let case = Case {
            package,
            hits: &hits,
        };
        let mut rows = Vec::new();
        for mention in &mentions {
            rows.extend(case.judge_all(&mut self.lookup, mention)?);
        }
        forget_other_releases(&mut rows);
        let (of_this, others): (Vec<Match>, Vec<Match>) =
            findings.into_iter().partition(|found| named.is_of(found));
        Ok(Some(PackageExplanation {
            package: place,
            conclusion: case.conclude(&rows, &of_this, &others, uncovered),
            ecosystems: searched.iter().map(|one| one.name.clone()).collect(),
            findings: of_this,
            rows,
        }))
    }
}

/// What is said of other releases matters only where nothing is said of this one.
fn forget_other_releases(rows: &mut Vec<RowExplanation>) {
    let is_other = |row: &RowExplanation| row.verdict == RowVerdict::OtherRelease;
    if !rows.iter().all(is_other) {
        rows.retain(|row| !is_other(row));
    }
}

impl Case<'_> {
    fn conclude(
        &self,
        rows: &[RowExplanation],
        found: &[Match],
        others: &[Match],
        uncovered: Option<String>,
    ) -> Conclusion {
        if !found.is_empty() {
            return Conclusion::Matches;
        }
        let applies = |row: &&RowExplanation| row.verdict == RowVerdict::Applies;
        if rows.iter().any(|row| applies(&row)) {
            return self.conclude_elsewhere(rows, others);
        }
        let counts = |row: &&RowExplanation| {
            !matches!(
                row.verdict,
                RowVerdict::Withdrawn { .. } | RowVerdict::NoVulnerability { .. }
            )
        };
        let mut counting = rows.iter().filter(counts).peekable();
        if counting.peek().is_none() {
            return Conclusion::DoesNotMatch;
        }
        let unordered = counting.find_map(|row| match &row.verdict {
            RowVerdict::NoOrder { why } => Some(why.clone()),
            _ => None,
        });
        match uncovered.or(unordered) {
            Some(why) => Conclusion::CannotTell { why },
            None => Conclusion::DoesNotMatch,
        }
    }

    /// A row applies, and there is no finding of this id.
    fn conclude_elsewhere(&self, rows: &[RowExplanation], others: &[Match]) -> Conclusion {
        let applying = || rows.iter().filter(|row| row.verdict == RowVerdict::Applies);
        let ids = others.iter().filter(|found| {
            let mut proofs = found.proof.iter();
            proofs.any(|proof| {
                applying().any(|row| row.advisory == proof.advisory && row.source == proof.source)
            })
        });
        let ids: Vec<String> = ids.map(|found| found.advisory.id.clone()).collect();
        let is_cleared = applying().any(|row| row.row.status == Status::NotAffected);
        if !is_cleared && !ids.is_empty() {
            return Conclusion::FoundAs { ids };
        }
        let clearing = self.hits.iter();
        let clearing = clearing.filter(|hit| hit.candidate.status == Status::NotAffected);
        let mut sources: Vec<String> = clearing
            .map(|hit| hit.candidate.record.source.clone())
            .collect();
        sources.sort();
        sources.dedup();
        Conclusion::NotAffected { sources }
    }
}
