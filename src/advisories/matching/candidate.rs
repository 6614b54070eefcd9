//! The store's rows that apply to one package at one version.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, Row, Statement};

use crate::advisories::advisory::{AdvisoryKind, Detail, Status};
use crate::advisories::history::AsOf;
use crate::advisories::packed::{unpack, unreadable};
use crate::advisories::rating::Rating;
use crate::advisories::rating::severity_of_code;
use crate::advisories::store::Store;
use crate::advisories::version::VersionKey;
use crate::model::Severity;

/// One row that applies.
pub(super) struct Candidate {
    pub(super) record: Rc<Record>,
    pub(super) status: Status,
    pub(super) severity: Option<Severity>,
    pub(super) introduced: Option<String>,
    pub(super) fixed: Option<String>,
    pub(super) last_affected: Option<String>,
    /// The module stream that the row is about; empty: none, or the feed does not say.
    pub(super) module: String,
    /// The version itself is listed; the three bounds are empty.
    pub(super) is_exact: bool,
}

/// An advisory as matching needs it.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) source: String,
    pub(super) kind: AdvisoryKind,
    pub(super) rating: Option<Rating>,
    pub(super) aliases: Vec<String>,
    pub(super) upstream: Vec<String>,
    pub(super) detail: Detail,
}

/// A range that could not be compared.
pub(super) struct Undecided {
    pub(super) advisory: String,
    pub(super) events: String,
}

/// Reads candidates.
///
/// The statements of every package are kept, and not taken out of rusqlite's cache: that clears what was bound, after which
/// SQLite plans a statement anew, which takes longer than to run it.
pub(super) struct Lookup<'s> {
    pub(super) connection: &'s Connection,
    pub(super) as_of: AsOf,
    /// The condition on a row `a` of `advisory` that it counts: it stood, it was not withdrawn, and it is of a kind that is matched.
    matched: String,
    ranges: Statement<'s>,
    exact: Statement<'s>,
    undecided: Statement<'s>,
    records: Records<'s>,
}

/// The advisories themselves; those that many packages share are read once.
struct Records<'s> {
    known: BTreeMap<i64, Rc<Record>>,
    record: Statement<'s>,
    names: Statement<'s>,
    /// One for all: to set one up takes longer than to unpack a detail.
    decompressor: zstd::bulk::Decompressor<'static>,
}

impl<'s> Lookup<'s> {
    pub(super) fn new(store: &'s Store, as_of: AsOf) -> rusqlite::Result<Self> {
        let connection = &store.connection;
        let matched = format!(
            "{} AND a.withdrawn IS NULL AND a.kind IN (0, 1)",
            as_of.holds()
        );
        Ok(Self {
            connection,
            as_of,
            ranges: connection.prepare(&format!(
                "SELECT r.advisory, r.status, r.severity, r.introduced, r.fixed, r.last_affected, r.module
                 FROM range r JOIN advisory a ON a.id = r.advisory JOIN source s ON s.id = a.source
                 WHERE r.package = ?1 AND r.low <= ?2 AND (r.high > ?2 OR (r.inclusive AND r.high = ?2)) AND {matched}
                 ORDER BY a.external_id, s.name, r.low, r.high"
            ))?,
            exact: connection.prepare(&format!(
                "SELECT e.advisory FROM exact e JOIN advisory a ON a.id = e.advisory JOIN source s ON s.id = a.source
                 WHERE e.package = ?1 AND e.version = ?2 AND {matched} ORDER BY a.external_id, s.name"
            ))?,
            undecided: connection.prepare(&format!(
                "SELECT a.external_id, u.events FROM unordered u JOIN advisory a ON a.id = u.advisory
                 WHERE u.package = ?1 AND {matched} ORDER BY a.external_id, u.events"
            ))?,
            records: Records::new(connection)?,
            matched,
        })
    }

    /// All ecosystems of the store.
    pub(super) fn ecosystems(&self) -> rusqlite::Result<Vec<(i64, String)>> {
        let all = "SELECT id, name FROM ecosystem ORDER BY name";
        // An ecosystem that came in later was not covered then, and must not look as if nothing had been found.
        let covered = format!(
            "SELECT DISTINCT e.id, e.name FROM ecosystem e JOIN package p ON p.ecosystem = e.id
             JOIN (SELECT package, advisory FROM range UNION ALL SELECT package, advisory FROM exact
                   UNION ALL SELECT package, advisory FROM unordered) r ON r.package = p.id
             JOIN advisory a ON a.id = r.advisory WHERE a.since <= {} ORDER BY e.name",
            self.as_of.moment()
        );
        self.connection
            .prepare(if self.as_of.is_now() { all } else { &covered })?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The condition on a row `a` of `advisory` that it counts.
    pub(super) fn matched(&self) -> &str {
        &self.matched
    }

    /// The package's row, if any advisory names it.
    pub(super) fn package(&self, ecosystem: i64, name: &str) -> rusqlite::Result<Option<i64>> {
        self.connection
            .prepare_cached("SELECT id FROM package WHERE ecosystem = ?1 AND name = ?2")?
            .query_row((ecosystem, name), |row| row.get(0))
            .optional()
    }

    /// The ranges that hold a version.
    pub(super) fn ranges(
        &mut self,
        package: i64,
        version: &VersionKey,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let mut rows = self.ranges.query((package, version.as_bytes()))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Candidate {
                record: self.records.get(row.get(0)?)?,
                status: status(row, 1)?,
                severity: row.get::<_, Option<i64>>(2)?.and_then(severity_of_code),
                introduced: row.get(3)?,
                fixed: row.get(4)?,
                last_affected: row.get(5)?,
                module: row.get(6)?,
                is_exact: false,
            });
        }
        Ok(found)
    }

    /// The advisories that list a version.
    pub(super) fn exact(
        &mut self,
        package: i64,
        version: &str,
    ) -> rusqlite::Result<Vec<Candidate>> {
        let mut rows = self.exact.query((package, version))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Candidate {
                record: self.records.get(row.get(0)?)?,
                status: Status::Affected,
                severity: None,
                introduced: None,
                fixed: None,
                last_affected: None,
                module: String::new(),
                is_exact: true,
            });
        }
        Ok(found)
    }

    /// The module streams that the package's rows are about, as they write them.
    pub(super) fn streams(&self, package: i64) -> rusqlite::Result<BTreeSet<String>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT DISTINCT r.module FROM range r JOIN advisory a ON a.id = r.advisory
                 WHERE r.package = ?1 AND r.module <> '' AND {}",
                self.matched
            ))?
            .query_map([package], |row| row.get(0))?
            .collect()
    }

    /// The vulnerabilities that the package's rows are about, of whatever version, each with the rows' module stream.
    pub(super) fn vulnerabilities(
        &self,
        package: i64,
    ) -> rusqlite::Result<BTreeSet<(String, String)>> {
        self.connection
            .prepare_cached(&format!(
                "SELECT DISTINCT coalesce(l.name, a.external_id), r.module
                 FROM range r JOIN advisory a ON a.id = r.advisory LEFT JOIN alias l ON l.advisory = a.id
                 WHERE r.package = ?1 AND {}",
                self.matched
            ))?
            .query_map([package], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    }

    /// The package's ranges that have no keys.
    pub(super) fn undecided(&mut self, package: i64) -> rusqlite::Result<Vec<Undecided>> {
        self.undecided
            .query_map([package], |row| {
                Ok(Undecided {
                    advisory: row.get(0)?,
                    events: row.get(1)?,
                })
            })?
            .collect()
    }

    pub(super) fn record(&mut self, id: i64) -> rusqlite::Result<Rc<Record>> {
        self.records.get(id)
    }
}

impl<'s> Records<'s> {
    fn new(connection: &'s Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            known: BTreeMap::new(),
            record: connection.prepare(
                "SELECT a.external_id, s.name, a.kind, a.severity, a.severity_by, d.content
                 FROM advisory a JOIN source s ON s.id = a.source LEFT JOIN detail d ON d.advisory = a.id
                 WHERE a.id = ?1",
            )?,
            names: connection
                .prepare("SELECT name, kind FROM alias WHERE advisory = ?1 ORDER BY name")?,
            decompressor: zstd::bulk::Decompressor::new().map_err(unreadable)?,
        })
    }

    fn get(&mut self, id: i64) -> rusqlite::Result<Rc<Record>> {
        if let Some(record) = self.known.get(&id) {
            return Ok(Rc::clone(record));
        }
        let mut record = self
            .record
            .query_row([id], |row| read_record(row, &mut self.decompressor))?;
        let mut rows = self.names.query([id])?;
        while let Some(row) = rows.next()? {
            let name = row.get(0)?;
            match row.get::<_, i64>(1)? {
                0 => record.aliases.push(name),
                _ => record.upstream.push(name),
            }
        }
        let record = Rc::new(record);
        self.known.insert(id, Rc::clone(&record));
        Ok(record)
    }
}

fn read_record(
    row: &Row<'_>,
    decompressor: &mut zstd::bulk::Decompressor<'_>,
) -> rusqlite::Result<Record> {
    let severity = row.get::<_, Option<i64>>(3)?.and_then(severity_of_code);
    let by: Option<String> = row.get(4)?;
    Ok(Record {
        id: row.get(0)?,
        source: row.get(1)?,
        kind: AdvisoryKind::from_code(row.get(2)?).unwrap_or_default(),
        rating: severity
            .zip(by)
            .map(|(severity, by)| Rating { severity, by }),
        aliases: Vec::new(),
        upstream: Vec::new(),
        // A store can do without its details.
        detail: match row.get_ref(5)?.as_bytes_or_null()? {
            Some(content) => read_detail(content, decompressor)?,
            None => Detail::default(),
        },
    })
}

fn read_detail(
    packed: &[u8],
    decompressor: &mut zstd::bulk::Decompressor<'_>,
) -> rusqlite::Result<Detail> {
    serde_json::from_slice(&unpack(packed, decompressor)?).map_err(unreadable)
}

fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<Status> {
    // A status that this version does not know can only be a newer one: taken as affected, never dropped.
    Ok(Status::from_code(row.get(column)?).unwrap_or(Status::Affected))
}
