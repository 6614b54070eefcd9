//! Which records are about an id, by the rules of `fold`: those that bear it, those of the same CVE, and those without a CVE
//! that share a name with them.

use std::collections::BTreeSet;

use super::Match;
use crate::advisories::matching::candidate::{Lookup, Record};
use crate::advisories::matching::records::{self, StoredRecord};
use crate::advisories::store::Store;

/// The records that are about an id.
pub(super) struct Named {
    /// What findings about it go by.
    pub(super) ids: BTreeSet<String>,
    pub(super) records: Vec<StoredRecord>,
    /// Source and id of those that bear the id itself, where it is no CVE.
    bearing: BTreeSet<(String, String)>,
}

fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}

/// The record's own id and its aliases: what it is.
fn is_known_as(record: &Record) -> impl Iterator<Item = &String> {
    std::iter::once(&record.id).chain(&record.aliases)
}

/// The CVE that a record is: one that lists two is neither.
fn own_cve(record: &Record) -> Option<&String> {
    let cves: BTreeSet<&String> = is_known_as(record).filter(|name| is_cve(name)).collect();
    cves.first().copied().filter(|_| cves.len() == 1)
}

fn lower<'a>(names: impl IntoIterator<Item = &'a String>) -> BTreeSet<String> {
    let names = names.into_iter();
    names.map(|name| name.to_ascii_lowercase()).collect()
}

impl Named {
    pub(super) fn find(store: &Store, lookup: &mut Lookup<'_>, id: &str) -> rusqlite::Result<Self> {
        let asked = BTreeSet::from([id.trim().to_ascii_lowercase()]);
        let first = records::bearing(store, &asked)?;
        let mut ids = BTreeSet::new();
        let mut bearing = BTreeSet::new();
        let mut known_as = BTreeSet::new();
        for key in &first {
            let record = lookup.record(*key)?;
            let is_asked = |name: &&String| asked.contains(&name.to_ascii_lowercase());
            let names = is_known_as(&record).chain(&record.upstream);
            ids.extend(names.filter(is_asked).cloned());
            bearing.insert((record.source.clone(), record.id.clone()));
            if is_known_as(&record).any(|name| is_asked(&name)) {
                ids.extend(own_cve(&record).cloned());
                known_as.extend(lower(is_known_as(&record)));
            }
        }
        if ids.iter().any(|id| is_cve(id)) {
            // By its CVE alone: a notice that passes it on is about others, too.
            bearing.clear();
        } else {
            let cves = cves_of(store, lookup, &known_as)?;
            ids.extend(cves.into_iter().next_back());
        }
        let mut keys: BTreeSet<i64> = first.into_iter().collect();
        keys.extend(records::bearing(store, &lower(&ids))?);
        let shared = without_cve(store, lookup, &keys, &ids)?;
        keys.extend(shared);
        let keys: Vec<i64> = keys.into_iter().collect();
        let mut records = records::read(store, lookup, &keys, None)?;
        records.sort_by(|one, other| (&one.id, &one.source).cmp(&(&other.id, &other.source)));
        Ok(Self {
            ids,
            records,
            bearing,
        })
    }

    /// Whether a finding is about the id.
    pub(super) fn is_of(&self, found: &Match) -> bool {
        let advisory = &found.advisory;
        let mut names = std::iter::once(&advisory.id).chain(&advisory.aliases);
        let is_borne = || {
            let mut proofs = found.proof.iter();
            proofs.any(|proof| {
                let record = (proof.source.clone(), proof.advisory.clone());
                self.bearing.contains(&record)
            })
        };
        names.any(|name| self.ids.contains(name)) || is_borne()
    }
}

/// The one CVE of all records that share a name: PYSEC of GHSA of CVE. Two are none.
fn cves_of(
    store: &Store,
    lookup: &mut Lookup<'_>,
    names: &BTreeSet<String>,
) -> rusqlite::Result<BTreeSet<String>> {
    let mut cves = BTreeSet::new();
    for key in records::bearing(store, names)? {
        let record = lookup.record(key)?;
        if is_known_as(&record).any(|name| names.contains(&name.to_ascii_lowercase())) {
            cves.extend(own_cve(&record).cloned());
        }
    }
    if cves.len() > 1 {
        cves.clear();
    }
    Ok(cves)
}

/// The records without a CVE that share a name with one that is a CVE of `ids`.
fn without_cve(
    store: &Store,
    lookup: &mut Lookup<'_>,
    keys: &BTreeSet<i64>,
    ids: &BTreeSet<String>,
) -> rusqlite::Result<Vec<i64>> {
    let mut names = BTreeSet::new();
    for key in keys {
        let record = lookup.record(*key)?;
        if own_cve(&record).is_some_and(|cve| ids.contains(cve)) {
            names.extend(lower(is_known_as(&record).filter(|name| !is_cve(name))));
        }
    }
    let mut found = Vec::new();
    for key in records::bearing(store, &names)? {
        let record = lookup.record(key)?;
        let shares = is_known_as(&record).any(|name| names.contains(&name.to_ascii_lowercase()));
        let mut all = is_known_as(&record).chain(&record.upstream);
        if shares && !all.any(|name| is_cve(name)) {
            found.push(key);
        }
    }
    Ok(found)
}
