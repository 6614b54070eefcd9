//! Records as the store holds them, each with all its rows: what a search shows, and what an explanation goes through.
//!
//! Nothing here says whether a row applies to anything. Look-ups by name read a whole table: they answer a person's
//! question, and no scan does them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::Serialize;

use super::candidate::{Candidate, Lookup, Record};
use super::{Matcher, Scope, consulted};
use crate::advisories::advisory::{AdvisoryKind, Reference, Status};
use crate::advisories::error::AdvisoryError;
use crate::advisories::rating::{Cvss, Rating, severity_of_code};
use crate::advisories::store::Store;
use crate::advisories::version::VersionKey;
use crate::model::{Distribution, Package, Severity};

/// A record of a source, whatever its kind, withdrawn or not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredRecord {
    #[serde(skip)]
    pub(super) key: i64,
    /// Its id in its source.
    pub id: String,
    /// The source.
    pub source: String,
    /// What sort of record it is.
    pub kind: AdvisoryKind,
    /// When it was taken back, if it was; empty where the store does not know when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// How bad the record says that it is, and by whose word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// Other ids of the same vulnerability.
    pub aliases: Vec<String>,
    /// Vulnerabilities that it passes on.
    pub upstream: Vec<String>,
    /// One line.
    pub summary: String,
    /// All CVSS vectors.
    pub cvss: Vec<Cvss>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// Links.
    pub references: Vec<Reference>,
    /// What it says of which packages.
    pub rows: Vec<StoredRow>,
}

/// What a record says of some versions of one package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredRow {
    #[serde(skip)]
    pub(super) keys: Option<Keys>,
    /// The ecosystem, with the release where it has one.
    pub ecosystem: String,
    /// The package, in the ecosystem's one spelling.
    pub package: String,
    /// What the source says of these versions.
    pub status: Status,
    /// The source's word for this package, where it is not one for the whole record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The module stream that it is about; empty for none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub module: String,
    /// From this version on, as the feed writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introduced: Option<String>,
    /// Before this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    /// Up to and including this version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_affected: Option<String>,
    /// This very version, compared as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<String>,
    /// The events of a range that cannot be ordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unordered: Option<String>,
}

/// The ends of a range as keys.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Keys {
    pub(super) low: VersionKey,
    pub(super) high: VersionKey,
    pub(super) inclusive: bool,
}

/// Where a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Below,
    Inside,
    Above,
}

impl Keys {
    pub(super) fn side(&self, key: &VersionKey) -> Side {
        if *key < self.low {
            Side::Below
        } else if *key < self.high || (self.inclusive && *key == self.high) {
            Side::Inside
        } else {
            Side::Above
        }
    }
}

impl StoredRow {
    /// The versions, as people write an interval: `>= 2.2, < 2.2.4`.
    pub fn range(&self) -> String {
        if let Some(events) = &self.unordered {
            return format!("{events} (without an order)");
        }
        if let Some(version) = &self.listed {
            return format!("= {version} (listed)");
        }
        match (&self.introduced, &self.fixed, &self.last_affected) {
            (Some(from), None, Some(to)) if from == to => format!("= {from}"),
            (from, fixed, last) => {
                let from = from.as_ref().map(|from| format!(">= {from}"));
                let fixed = fixed.as_ref().map(|to| format!("< {to}"));
                let to = fixed.or_else(|| last.as_ref().map(|to| format!("<= {to}")));
                let ends: Vec<String> = from.into_iter().chain(to).collect();
                if ends.is_empty() {
                    "all versions".to_owned()
                } else {
                    ends.join(", ")
                }
            }
        }
    }
}

impl StoredRow {
    /// The row as the matcher would find it.
    pub(super) fn candidate(&self, record: Rc<Record>) -> Candidate {
        Candidate {
            record,
            status: self.status,
            severity: self.severity,
            introduced: self.introduced.clone(),
            fixed: self.fixed.clone(),
            last_affected: self.last_affected.clone(),
            module: self.module.clone(),
            is_exact: self.listed.is_some(),
        }
    }
}

impl StoredRecord {
    /// Its own id, its aliases, and what it passes on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let others = self.aliases.iter().chain(&self.upstream);
        std::iter::once(&self.id).chain(others).map(String::as_str)
    }

    /// The CVE that it is or passes on first, where its own id is none.
    pub fn cve(&self) -> Option<&str> {
        let is_cve = |name: &&str| name.starts_with("CVE-");
        self.names().find(is_cve).filter(|cve| *cve != self.id)
    }

    /// The worst that it says: of its packages, else of all.
    pub fn severity(&self) -> Severity {
        let of_rows = self.rows.iter().filter_map(|row| row.severity).max();
        let of_record = || self.rating.as_ref().map(|rating| rating.severity);
        of_rows.or_else(of_record).unwrap_or(Severity::Unknown)
    }
}

impl Store {
    /// The records that bear an id: as their own, as an alias, or as what they pass on; in whatever case.
    pub fn records_named(&self, id: &str) -> Result<Vec<StoredRecord>, AdvisoryError> {
        let read = || {
            let names = BTreeSet::from([id.to_ascii_lowercase()]);
            read(
                self,
                &mut Lookup::new(self, self.as_of)?,
                &bearing(self, &names)?,
                None,
            )
        };
        read().map_err(|error| self.database_error(error))
    }

    /// The records about packages of this name, each with only the rows about them: ecosystem by ecosystem as that one spells
    /// it. `wanted` says which ecosystems.
    pub fn records_about(
        &self,
        name: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Vec<StoredRecord>, AdvisoryError> {
        let read = || {
            let mut lookup = Lookup::new(self, self.as_of)?;
            let mut packages = Vec::new();
            for (ecosystem, label) in lookup.ecosystems()? {
                let name = crate::advisories::ecosystem::normal_name(&label, name);
                if wanted(&label) {
                    packages.extend(lookup.package(ecosystem, &name)?);
                }
            }
            let records = about(self, &packages)?;
            read(self, &mut lookup, &records, Some(&packages))
        };
        read().map_err(|error| self.database_error(error))
    }
}

/// What the store holds about one package.
#[derive(Clone, Debug, PartialEq)]
pub enum About {
    /// The records about it, each with only the rows about it.
    Records(Vec<StoredRecord>),
    /// No advisories speak of its like; half a sentence that says why.
    Uncovered(String),
}

impl Store {
    /// The records about a package, of whatever version, in the ecosystems whose advisories apply to it.
    pub fn records_for(
        &self,
        package: &Package,
        distribution: Option<&Distribution>,
    ) -> Result<About, AdvisoryError> {
        let read = || {
            let mut matcher = Matcher::new(self, self.as_of, distribution)?;
            let key = matcher.scope_key(package);
            let searched = match matcher.scopes.get(&key) {
                Some(scope @ Scope::Covered { .. }) => scope.all_searched(),
                Some(Scope::Uncovered { reason, .. }) => {
                    return Ok(About::Uncovered(reason.text()));
                }
                None => return Ok(About::Records(Vec::new())),
            };
            let places = consulted(&matcher.lookup, &searched, package)?;
            let packages: Vec<i64> = places.iter().map(|place| place.row).collect();
            let records = about(self, &packages)?;
            read(self, &mut matcher.lookup, &records, Some(&packages)).map(About::Records)
        };
        read().map_err(|error| self.database_error(error))
    }
}

/// The records that bear one of these names, which are in lower case; by id and source.
pub(super) fn bearing(store: &Store, names: &BTreeSet<String>) -> rusqlite::Result<Vec<i64>> {
    let sql = format!(
        "SELECT a.id FROM advisory a JOIN source s ON s.id = a.source
         WHERE (lower(a.external_id) IN (SELECT value FROM json_each(:names))
                OR a.id IN (SELECT advisory FROM alias WHERE lower(name) IN (SELECT value FROM json_each(:names))))
           AND {} ORDER BY a.external_id, s.name",
        store.as_of.holds()
    );
    let names = json(names);
    store
        .connection
        .prepare(&sql)?
        .query_map(named_params! {":names": names}, |row| row.get(0))?
        .collect()
}

/// The records that have a row about one of these packages.
fn about(store: &Store, packages: &[i64]) -> rusqlite::Result<Vec<i64>> {
    let sql = format!(
        "SELECT a.id FROM advisory a JOIN source s ON s.id = a.source
         WHERE a.id IN (SELECT advisory FROM range WHERE package IN (SELECT value FROM json_each(:packages))
                        UNION SELECT advisory FROM exact WHERE package IN (SELECT value FROM json_each(:packages))
                        UNION SELECT advisory FROM unordered WHERE package IN (SELECT value FROM json_each(:packages)))
           AND {} ORDER BY a.external_id, s.name",
        store.as_of.holds()
    );
    store
        .connection
        .prepare(&sql)?
        .query_map(named_params! {":packages": json(packages)}, |row| {
            row.get(0)
        })?
        .collect()
}

/// Reads records whole; with `packages`, only what they say of those.
pub(super) fn read(
    store: &Store,
    lookup: &mut Lookup<'_>,
    records: &[i64],
    packages: Option<&[i64]>,
) -> rusqlite::Result<Vec<StoredRecord>> {
    let mut rows = rows(&store.connection, records, packages)?;
    let mut withdrawn = store
        .connection
        .prepare("SELECT withdrawn FROM advisory WHERE id = ?1")?;
    let mut found = Vec::with_capacity(records.len());
    for id in records {
        let record = lookup.record(*id)?;
        let withdrawn: Option<Option<String>> =
            withdrawn.query_row([id], |row| row.get(0)).optional()?;
        found.push(StoredRecord {
            key: *id,
            id: record.id.clone(),
            source: record.source.clone(),
            kind: record.kind,
            withdrawn: withdrawn.flatten(),
            rating: record.rating.clone(),
            aliases: record.aliases.clone(),
            upstream: record.upstream.clone(),
            summary: record.detail.summary.clone(),
            cvss: record.detail.cvss.clone(),
            published: record.detail.published.clone(),
            modified: record.detail.modified.clone(),
            references: record.detail.references.clone(),
            rows: rows.remove(id).unwrap_or_default(),
        });
    }
    Ok(found)
}

/// One of the three tables of rows: what stands in for the columns of `range` that it does not have.
struct Rows {
    table: &'static str,
    columns: &'static str,
    order: &'static str,
}

const TABLES: [Rows; 3] = [
    Rows {
        table: "range",
        columns: "r.low, r.high, r.inclusive, r.status, r.severity, r.introduced, r.fixed, r.last_affected, r.module, NULL, NULL",
        order: "r.low, r.high",
    },
    Rows {
        table: "exact",
        columns: "NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, '', r.version, NULL",
        order: "r.version",
    },
    Rows {
        table: "unordered",
        columns: "NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, '', NULL, r.events",
        order: "r.events",
    },
];

/// The rows of records, in the order of ecosystem, package and versions.
fn rows(
    connection: &Connection,
    records: &[i64],
    packages: Option<&[i64]>,
) -> rusqlite::Result<BTreeMap<i64, Vec<StoredRow>>> {
    let mut found: BTreeMap<i64, Vec<StoredRow>> = BTreeMap::new();
    let of_packages = match packages {
        Some(_) => "r.package IN (SELECT value FROM json_each(:packages)) AND",
        None => ":packages IS NOT NULL AND",
    };
    for Rows {
        table,
        columns,
        order,
    } in TABLES
    {
        let mut statement = connection.prepare(&format!(
            "SELECT r.advisory, e.name, p.name, {columns}
             FROM {table} r JOIN package p ON p.id = r.package JOIN ecosystem e ON e.id = p.ecosystem
             WHERE {of_packages} r.advisory IN (SELECT value FROM json_each(:records))
             ORDER BY e.name, p.name, {order}"
        ))?;
        let mut rows = statement.query(named_params! {
            ":records": json(records), ":packages": json(packages.unwrap_or_default())
        })?;
        while let Some(row) = rows.next()? {
            found.entry(row.get(0)?).or_default().push(read_row(row)?);
        }
    }
    Ok(found)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<StoredRow> {
    let low: Option<Vec<u8>> = row.get(3)?;
    let high: Option<Vec<u8>> = row.get(4)?;
    let inclusive = row.get(5)?;
    Ok(StoredRow {
        keys: low.zip(high).map(|(low, high)| Keys {
            low: VersionKey::from_bytes(low),
            high: VersionKey::from_bytes(high),
            inclusive,
        }),
        ecosystem: row.get(1)?,
        package: row.get(2)?,
        status: Status::from_code(row.get(6)?).unwrap_or(Status::Affected),
        severity: row.get::<_, Option<i64>>(7)?.and_then(severity_of_code),
        introduced: row.get(8)?,
        fixed: row.get(9)?,
        last_affected: row.get(10)?,
        module: row.get(11)?,
        listed: row.get(12)?,
        unordered: row.get(13)?,
    })
}

/// A list as SQLite's `json_each` takes it apart: one parameter for any number of values.
fn json(values: impl Serialize) -> String {
    serde_json::to_string(&values).unwrap_or_default()
}
