//! Takes a store file into a store: in one transaction, and only if every digest holds.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, named_params};

use super::attach::Attached;
use super::record::copy_rows_of_kept;
use super::verify::{rows_match, source_matches, sources_without_details};
use crate::advisories::error::AdvisoryError;
use crate::advisories::history;
use crate::advisories::intake::source_id;
use crate::advisories::signals;
use crate::advisories::store::{SourceStatus, Store};
use crate::model::Digest;

/// What a file brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Each of its sources, by name.
    pub sources: Vec<MergedSource>,
}

/// What a file brought of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MergedSource {
    /// Its name.
    pub name: String,
    /// Records that are new or changed.
    pub written: u64,
    /// Records that were closed: changed, or gone.
    pub closed: u64,
}

impl Store {
    /// Takes in all sources of a store file that another store wrote; a source of the same name becomes as the file has
    /// it. `moment` is when this is, in seconds since 1970.
    pub fn merge(&mut self, file: &Path, moment: i64) -> Result<Merged, AdvisoryError> {
        self.take_in(file, moment, None)
    }

    pub(super) fn take_in(
        &mut self,
        file: &Path,
        moment: i64,
        delta: Option<&super::Delta>,
    ) -> Result<Merged, AdvisoryError> {
        let incoming = Self::open_read_only(file)?.sources()?;
        let path = self.path.clone();
        let database = |error| AdvisoryError::of_database(&path, error);
        // Outside of the transaction, since SQLite attaches nothing within one.
        self.connection
            .execute_batch("PRAGMA temp_store = MEMORY;")
            .map_err(database)?;
        let connection = &self.connection;
        let attached = Attached::read_only(connection, file, "origin")?;
        let transaction =
            rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
                .map_err(database)?;
        if let Some(delta) = delta {
            delta.fits(self)?;
        }
        let mut merged = Merged::default();
        let moment = history::advance(&transaction, moment).map_err(database)?;
        let mut next = history::next_row(&transaction).map_err(database)?;
        for source in &incoming {
            let taken = take_source(&transaction, source, moment, &mut next, delta.is_some());
            merged.sources.push(taken.map_err(database)?);
        }
        if let Some(delta) = delta {
            delta.drop_sources(&transaction).map_err(database)?;
        }
        history::sweep(&transaction).map_err(database)?;
        check(&transaction, &incoming, moment, file)?;
        transaction.commit().map_err(database)?;
        drop(attached);
        Ok(merged)
    }
}

/// Everything that came in has to give the digests that the file claims.
fn check(
    connection: &Connection,
    incoming: &[SourceStatus],
    moment: i64,
    file: &Path,
) -> Result<(), AdvisoryError> {
    let database = |error| AdvisoryError::of_database(file, error);
    rows_match(connection, &format!("a.since = {moment}"), file)?;
    let bare = sources_without_details(connection).map_err(database)?;
    incoming
        .iter()
        .filter(|source| !bare.contains(&source.name))
        .try_for_each(|source| source_matches(connection, &source.name, &source.digest, file))
}

/// The records of the file that the store does not have as they are, and the store's rows that no longer stand.
const DIFFERENCES: &str = "
    CREATE TEMP TABLE IF NOT EXISTS kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, source INTEGER NOT NULL);
    CREATE TEMP TABLE IF NOT EXISTS closing (id INTEGER PRIMARY KEY);
    DELETE FROM kept; DELETE FROM closing;";

const INCOMING: &str = "
    INSERT INTO kept SELECT a.id, :next - 1 + row_number() OVER (ORDER BY a.external_id), :mine
        FROM origin.advisory a LEFT JOIN origin.detail d ON d.advisory = a.id
        WHERE a.source = :theirs AND a.until IS NULL AND NOT EXISTS (
            SELECT 1 FROM main.advisory m JOIN main.detail md ON md.advisory = m.id
            WHERE m.source = :mine AND m.external_id = a.external_id AND m.until IS NULL AND md.digest = d.digest)";

const CHANGED: &str = "
    INSERT INTO closing SELECT m.id FROM main.advisory m
        WHERE m.source = :mine AND m.until IS NULL AND m.external_id IN
            (SELECT a.external_id FROM kept k JOIN origin.advisory a ON a.id = k.old)";

const GONE: &str = "
    INSERT OR IGNORE INTO closing SELECT m.id FROM main.advisory m
        WHERE m.source = :mine AND m.until IS NULL AND m.external_id NOT IN
            (SELECT a.external_id FROM origin.advisory a WHERE a.source = :theirs AND a.until IS NULL)";

const GONE_BY_DELTA: &str = "
    INSERT OR IGNORE INTO closing SELECT m.id FROM main.advisory m
        WHERE m.source = :mine AND m.until IS NULL AND m.external_id IN
            (SELECT g.external_id FROM origin.gone g WHERE g.source = :theirs)";

fn take_source(
    connection: &Connection,
    source: &SourceStatus,
    moment: i64,
    next: &mut i64,
    by_delta: bool,
) -> rusqlite::Result<MergedSource> {
    let mine = write_source(connection, source, moment)?;
    let sql = "SELECT id FROM origin.source WHERE name = ?1";
    let theirs: i64 = connection.query_row(sql, [&source.name], |row| row.get(0))?;
    connection.execute_batch(DIFFERENCES)?;
    let parameters = named_params! {":next": *next, ":mine": mine, ":theirs": theirs};
    let written = connection.execute(INCOMING, parameters)?;
    *next += i64::try_from(written).unwrap_or(i64::MAX);
    connection.execute(CHANGED, named_params! {":mine": mine})?;
    let gone = if by_delta { GONE_BY_DELTA } else { GONE };
    connection.execute(gone, named_params! {":mine": mine, ":theirs": theirs})?;
    let closed = connection.execute(
        "UPDATE advisory SET until = ?1 WHERE id IN (SELECT id FROM closing)",
        [moment],
    )?;
    connection.execute(
        "DELETE FROM advisory WHERE id IN (SELECT id FROM closing) AND since = until",
        [],
    )?;
    copy_rows_of_kept(connection, true)?;
    connection.execute(
        "UPDATE advisory SET since = ?1 WHERE id IN (SELECT new FROM kept)",
        [moment],
    )?;
    copy_signals(connection, mine, theirs)?;
    Ok(MergedSource {
        name: source.name.clone(),
        written: written as u64,
        closed: closed as u64,
    })
}

/// The source's own row, as the file has it; its number here.
fn write_source(
    connection: &Connection,
    source: &SourceStatus,
    moment: i64,
) -> rusqlite::Result<i64> {
    let known: Option<i64> = source_id(connection, &source.name).optional()?;
    if known.is_none() {
        connection.execute(
            "INSERT INTO source (name, format, advisories, digest, since, checked) VALUES (?1, '', 0, x'', ?2, 0)",
            (&source.name, moment),
        )?;
    }
    let digest = match source.digest {
        Digest::Sha256(digest) => digest,
        Digest::Sha512(_) => [0; 32],
    };
    connection.execute(
        "UPDATE source SET format = :format, url = :url, licence = :licence, republish = :republish, etag = :etag,
             last_modified = :last_modified, newest = :newest, advisories = :advisories, digest = :digest,
             checked = :checked WHERE name = :name",
        named_params! {
            ":format": source.format, ":url": source.url, ":licence": source.licence,
            ":republish": source.republish, ":etag": source.etag, ":last_modified": source.last_modified,
            ":newest": source.newest, ":advisories": i64::try_from(source.advisories).unwrap_or(i64::MAX),
            ":digest": digest, ":checked": source.checked, ":name": source.name,
        },
    )?;
    source_id(connection, &source.name)
}

fn copy_signals(connection: &Connection, mine: i64, theirs: i64) -> rusqlite::Result<()> {
    for (table, columns) in signals::TABLES {
        connection.execute(
            &format!("DELETE FROM main.{table} WHERE source = ?1"),
            [mine],
        )?;
        connection.execute(
            &format!(
                "INSERT INTO main.{table} (source, {columns}) SELECT ?1, {columns} FROM origin.{table}
                 WHERE source = ?2"
            ),
            [mine, theirs],
        )?;
    }
    Ok(())
}
