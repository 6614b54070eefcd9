//! Takes advisories one by one and writes them: the writing half of an import.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::advisory::{Advisory, AdvisoryKind};
use super::error::AdvisoryError;
use super::feeds::Format;
use super::import::{Source, drop_unnamed_packages, forget};
use super::rating::severity_code;
use super::report::{ImportReport, SkipReason, Tally};
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
    replaces: bool,
    counts: Counts,
    ecosystems: BTreeMap<String, (i64, BTreeMap<String, i64>)>,
    compressor: zstd::bulk::Compressor<'static>,
    insert: Inserts<'t>,
}

struct Inserts<'t> {
    advisory: CachedStatement<'t>,
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
        let replaces = forget(connection, &source.name)?;
        connection.execute(
            "INSERT INTO source (name, format, url, licence, republish, etag, last_modified, advisories, digest)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, x'')",
            params![
                source.name,
                format.name(),
                source.url,
                source.licence,
                source.republish,
                source.etag,
                source.last_modified
            ],
        )?;
        let compressor = zstd::bulk::Compressor::new(DETAIL_COMPRESSION).map_err(unwritable)?;
        Ok(Self {
            tally: Tally::default(),
            signals: 0,
            connection,
            source: connection.last_insert_rowid(),
            replaces,
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
        let Some(id) = self.insert_advisory(&advisory)? else {
            self.tally.skip(SkipReason::DuplicateId, || advisory.id);
            return Ok(());
        };
        for (kind, names) in [(0, &advisory.aliases), (1, &advisory.upstream)] {
            for name in names {
                self.insert.alias.execute(params![id, name, kind])?;
            }
        }
        self.insert_versions(id, &advisory)?;
        self.counts.advisories += 1;
        self.counts.withdrawn += u64::from(advisory.withdrawn.is_some());
        let matched = [AdvisoryKind::Vulnerability, AdvisoryKind::Malicious];
        self.counts.not_vulnerabilities += u64::from(!matched.contains(&advisory.kind));
        let modified = advisory
            .detail
            .modified
            .filter(|date| !date.starts_with(NO_DATE));
        self.newest = self.newest.take().max(modified);
        Ok(())
    }

    /// The advisory's row id, or `None` if its id is taken.
    fn insert_advisory(&mut self, advisory: &Advisory) -> Result<Option<i64>, rusqlite::Error> {
        let Digest::Sha256(digest) = advisory.content_digest() else {
            return Ok(None);
        };
        let detail = serde_json::to_vec(&advisory.detail).map_err(unwritable)?;
        let detail = self.compressor.compress(&detail).map_err(unwritable)?;
        let text = advisory.text.as_bytes();
        let text = self.compressor.compress(text).map_err(unwritable)?;
        let rating = advisory.rating.as_ref();
        let inserted = self.insert.advisory.execute(params![
            self.source,
            advisory.id,
            advisory.kind.code(),
            advisory.withdrawn.is_some(),
            rating.map(|rating| severity_code(rating.severity)),
            rating.map(|rating| rating.by.as_str()),
            digest,
            detail,
            text,
        ])?;
        Ok((inserted == 1).then(|| self.connection.last_insert_rowid()))
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
        self.counts.ranges += advisory.ranges.len() as u64;
        self.counts.exact += advisory.exact.len() as u64;
        self.counts.unordered += advisory.unordered.len() as u64;
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

    pub(super) fn finish(self, source: &Source) -> rusqlite::Result<ImportReport> {
        if self.replaces {
            drop_unnamed_packages(self.connection)?;
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

fn unwritable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(error.into())
}

impl<'t> Inserts<'t> {
    fn prepare(connection: &'t Connection) -> rusqlite::Result<Self> {
        let prepare = |sql| connection.prepare_cached(sql);
        Ok(Self {
            advisory: prepare(
                "INSERT OR IGNORE INTO advisory
                 (source, external_id, kind, withdrawn, severity, severity_by, digest, detail, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?,
            alias: prepare("INSERT OR IGNORE INTO alias VALUES (?1, ?2, ?3)")?,
            // Two spellings of one bound (1.0, 1.0.0) have one key: one row says it.
            range: prepare(
                "INSERT OR IGNORE INTO range (package, low, advisory, high, inclusive, status, severity, introduced,
                 fixed, last_affected, module) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?,
            exact: prepare("INSERT OR IGNORE INTO exact VALUES (?1, ?2, ?3)")?,
            unordered: prepare("INSERT OR IGNORE INTO unordered VALUES (?1, ?2, ?3)")?,
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
