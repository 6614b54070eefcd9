//! Takes advisories one by one and writes them: the writing half of an import.
//!
//! A record that is as it was keeps its row. One that changed, or is gone, is closed and not deleted, so that the store
//! can answer as of an earlier time (`history`).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::advisory::{Advisory, AdvisoryKind};
use super::error::AdvisoryError;
use super::feeds::Format;
use super::history;
use super::import::Source;
use super::rating::severity_code;
use super::report::{ImportReport, SkipReason, Tally};
use super::signals;
use super::snapshot;
use crate::model::Digest;

/// zstd's own default: details shrink to a third, and the whole real OSV set takes half a second.
const DETAIL_COMPRESSION: i32 = 3;

/// A year that no advisory is from: Go's repository has it in place of dates that only its served feed knows.
const NO_DATE: &str = "0001-";

/// Why an import ends early.
#[derive(Debug)]
pub(super) enum IntakeError {
    /// The feed cannot be read.
    Feed(AdvisoryError),
    /// The store cannot be written.
    Database(rusqlite::Error),
}

impl From<AdvisoryError> for IntakeError {
    fn from(error: AdvisoryError) -> Self {
        Self::Feed(error)
    }
}

impl From<rusqlite::Error> for IntakeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

#[derive(Default)]
struct Counts {
    advisories: u64,
    withdrawn: u64,
    not_vulnerabilities: u64,
    ranges: u64,
    exact: u64,
    unordered: u64,
}

/// Takes advisories from a feed and writes them.
pub(super) struct Intake<'t> {
    pub(super) tally: Tally,
    /// Rows beside advisories.
    pub(super) signals: u64,
    pub(super) connection: &'t Connection,
    pub(super) source: i64,
    pub(super) newest: Option<String>,
    /// When this import is, in seconds since 1970.
    moment: i64,
    next_row: i64,
    /// The source's records as they stood, by id, until the feed has them again.
    standing: BTreeMap<String, Standing>,
    taken: BTreeSet<String>,
    closed: bool,
    counts: Counts,
    ecosystems: BTreeMap<String, (i64, BTreeMap<String, i64>)>,
    compressor: zstd::bulk::Compressor<'static>,
    insert: Inserts<'t>,
}

/// A record that the store holds already.
struct Standing {
    row: i64,
    digest: Option<[u8; 32]>,
}

struct Inserts<'t> {
    advisory: CachedStatement<'t>,
    detail: CachedStatement<'t>,
    alias: CachedStatement<'t>,
    range: CachedStatement<'t>,
    exact: CachedStatement<'t>,
    unordered: CachedStatement<'t>,
}

impl<'t> Intake<'t> {
    pub(super) fn begin(
        connection: &'t Connection,
        source: &Source,
        format: Format,
    ) -> rusqlite::Result<Self> {
        let moment = history::advance(connection, source.moment)?;
        connection.execute(
            "INSERT INTO source (name, format, url, licence, republish, etag, last_modified, advisories, digest, since,
                                 checked)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, x'', ?8, ?8)
             ON CONFLICT (name) DO UPDATE SET format = ?2, url = ?3, licence = ?4, republish = ?5, etag = ?6,
                                              last_modified = ?7, checked = ?8",
            params![
                source.name,
                format.name(),
                source.url,
                source.licence,
                source.republish,
                source.etag,
                source.last_modified,
                moment,
            ],
        )?;
        let id = source_id(connection, &source.name)?;
        signals::forget(connection, id)?;
        let compressor = zstd::bulk::Compressor::new(DETAIL_COMPRESSION).map_err(unwritable)?;
        Ok(Self {
            tally: Tally::default(),
            signals: 0,
            connection,
            source: id,
            moment,
            next_row: history::next_row(connection)?,
            standing: standing(connection, id)?,
            taken: BTreeSet::new(),
            closed: false,
            counts: Counts::default(),
            newest: None,
            ecosystems: BTreeMap::new(),
            compressor,
            insert: Inserts::prepare(connection)?,
        })
    }

    /// Writes one advisory; a second one with the same id, and one that names no package, are counted instead.
    pub(super) fn add(&mut self, mut advisory: Advisory) -> Result<(), IntakeError> {
        if advisory.is_empty() {
            self.tally
                .skip(SkipReason::NothingAffected, || advisory.id.clone());
            return Ok(());
        }
        advisory.seal();
        if !self.taken.insert(advisory.id.clone()) {
            self.tally.skip(SkipReason::DuplicateId, || advisory.id);
            return Ok(());
        }
        self.write(&advisory)?;
        self.count(advisory);
        Ok(())
    }

    /// Writes a record unless it stands already as it is.
    fn write(&mut self, advisory: &Advisory) -> rusqlite::Result<()> {
        let digest = content_digest(advisory)?;
        if let Some(standing) = self.standing.remove(&advisory.id) {
            if standing.digest == Some(digest) {
                return Ok(());
            }
            history::close(self.connection, standing.row, self.moment)?;
            self.closed = true;
        }
        let id = self.insert_advisory(advisory, digest)?;
        for (kind, names) in [(0, &advisory.aliases), (1, &advisory.upstream)] {
            for name in names {
                self.insert.alias.execute(params![id, name, kind])?;
            }
        }
        self.insert_versions(id, advisory)
    }

    fn count(&mut self, advisory: Advisory) {
        self.counts.advisories += 1;
        self.counts.withdrawn += u64::from(advisory.withdrawn.is_some());
        let matched = [AdvisoryKind::Vulnerability, AdvisoryKind::Malicious];
        self.counts.not_vulnerabilities += u64::from(!matched.contains(&advisory.kind));
        let modified = advisory
            .detail
            .modified
            .filter(|date| !date.starts_with(NO_DATE));
        self.newest = self.newest.take().max(modified);
        self.counts.ranges += advisory.ranges.len() as u64;
        self.counts.exact += advisory.exact.len() as u64;
        self.counts.unordered += advisory.unordered.len() as u64;
    }

    /// The advisory's new row.
    fn insert_advisory(&mut self, advisory: &Advisory, digest: [u8; 32]) -> rusqlite::Result<i64> {
        let detail = serde_json::to_vec(&advisory.detail).map_err(unwritable)?;
        let detail = self.compressor.compress(&detail).map_err(unwritable)?;
        let text = advisory.text.as_bytes();
        let text = self.compressor.compress(text).map_err(unwritable)?;
        let rating = advisory.rating.as_ref();
        let id = self.next_row;
        self.next_row += 1;
        self.insert.advisory.execute(params![
            id,
            self.source,
            advisory.id,
            advisory.kind.code(),
            advisory.withdrawn,
            rating.map(|rating| severity_code(rating.severity)),
            rating.map(|rating| rating.by.as_str()),
            self.moment,
        ])?;
        let row = params![id, digest, detail, text];
        self.insert.detail.execute(row)?;
        Ok(id)
    }

    fn insert_versions(&mut self, id: i64, advisory: &Advisory) -> rusqlite::Result<()> {
        for range in &advisory.ranges {
            let package = self.package(&range.ecosystem, &range.package)?;
            self.insert.range.execute(params![
                package,
                range.low.as_bytes(),
                id,
                range.high.as_bytes(),
                range.inclusive,
                range.status.code(),
                range.severity.map(severity_code),
                range.introduced,
                range.fixed,
                range.last_affected,
                range.module,
            ])?;
        }
        for exact in &advisory.exact {
            let package = self.package(&exact.ecosystem, &exact.package)?;
            self.insert
                .exact
                .execute(params![package, exact.version, id])?;
        }
        for unordered in &advisory.unordered {
            let package = self.package(&unordered.ecosystem, &unordered.package)?;
            self.insert
                .unordered
                .execute(params![package, id, unordered.events])?;
        }
        Ok(())
    }

    fn package(&mut self, ecosystem: &str, name: &str) -> rusqlite::Result<i64> {
        if !self.ecosystems.contains_key(ecosystem) {
            let id = find_or_insert(
                self.connection,
                "SELECT id FROM ecosystem WHERE name = ?1",
                "INSERT INTO ecosystem (name) VALUES (?1)",
                [ecosystem],
            )?;
            self.ecosystems
                .insert(ecosystem.to_owned(), (id, BTreeMap::new()));
        }
        let Some((ecosystem, packages)) = self.ecosystems.get_mut(ecosystem) else {
            return Err(rusqlite::Error::QueryReturnedNoRows);
        };
        if let Some(id) = packages.get(name) {
            return Ok(*id);
        }
        let id = find_or_insert(
            self.connection,
            "SELECT id FROM package WHERE ecosystem = ?1 AND name = ?2",
            "INSERT INTO package (ecosystem, name) VALUES (?1, ?2)",
            params![*ecosystem, name],
        )?;
        packages.insert(name.to_owned(), id);
        Ok(id)
    }

    /// What came instead of advisories, in words.
    pub(super) fn seen(&self) -> String {
        let skipped: Vec<String> = self
            .tally
            .skipped
            .iter()
            .map(|(reason, skipped)| format!("{} {}", skipped.count, reason.text()))
            .collect();
        if skipped.is_empty() {
            "it is empty".to_owned()
        } else {
            skipped.join(", ")
        }
    }

    /// Closes what the feed no longer has, and seals the source.
    pub(super) fn finish(self, source: &Source) -> rusqlite::Result<ImportReport> {
        for gone in self.standing.values() {
            history::close(self.connection, gone.row, self.moment)?;
        }
        if self.closed || !self.standing.is_empty() {
            history::sweep(self.connection)?;
        }
        let digest = snapshot::source(self.connection, self.source)?;
        self.connection.execute(
            "UPDATE source SET newest = ?2, advisories = ?3, digest = ?4 WHERE id = ?1",
            params![
                self.source,
                self.newest,
                i64::try_from(self.counts.advisories).unwrap_or(i64::MAX),
                digest
            ],
        )?;
        Ok(ImportReport {
            source: source.name.clone(),
            records: self.tally.records,
            advisories: self.counts.advisories,
            withdrawn: self.counts.withdrawn,
            not_vulnerabilities: self.counts.not_vulnerabilities,
            ranges: self.counts.ranges,
            exact_versions: self.counts.exact,
            unordered: self.counts.unordered,
            signals: self.signals,
            skipped: self.tally.skipped,
            digest: Digest::Sha256(digest),
        })
    }
}

fn content_digest(advisory: &Advisory) -> rusqlite::Result<[u8; 32]> {
    match advisory.content_digest() {
        Digest::Sha256(digest) => Ok(digest),
        Digest::Sha512(_) => Err(unwritable("contents are named by SHA-256")),
    }
}

pub(super) fn source_id(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row("SELECT id FROM source WHERE name = ?1", [name], |row| {
        row.get(0)
    })
}

/// The records of a source that stand. One whose details were left out has no digest, and is written anew.
fn standing(connection: &Connection, source: i64) -> rusqlite::Result<BTreeMap<String, Standing>> {
    let mut statement = connection.prepare(
        "SELECT a.external_id, a.id, d.digest FROM advisory a LEFT JOIN detail d ON d.advisory = a.id
         WHERE a.source = ?1 AND a.until IS NULL",
    )?;
    let mut standing = BTreeMap::new();
    let mut rows = statement.query([source])?;
    while let Some(row) = rows.next()? {
        let known = Standing {
            row: row.get(1)?,
            digest: row.get(2)?,
        };
        standing.insert(row.get(0)?, known);
    }
    Ok(standing)
}

fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

impl<'t> Inserts<'t> {
    fn prepare(connection: &'t Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Self {
            advisory: prepare(
                "INSERT INTO advisory (id, source, external_id, kind, withdrawn, severity, severity_by, since)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            detail: prepare("INSERT INTO detail VALUES (?1, ?2, ?3, ?4)")?,
            alias: prepare("INSERT INTO alias VALUES (?1, ?2, ?3)")?,
            range: prepare(
                "INSERT INTO range (package, low, advisory, high, inclusive, status, severity, introduced,
                 fixed, last_affected, module) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?,
            exact: prepare("INSERT INTO exact VALUES (?1, ?2, ?3)")?,
            unordered: prepare("INSERT INTO unordered VALUES (?1, ?2, ?3)")?,
        })
    }
}

fn find_or_insert(
    connection: &Connection,
    find: &str,
    insert: &str,
    values: impl rusqlite::Params + Clone,
) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached(find)?
        .query_row(values.clone(), |row| row.get(0))
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => connection.prepare_cached(insert)?.insert(values),
    }
}
