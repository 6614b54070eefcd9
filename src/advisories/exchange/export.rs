//! Writes chosen sources of a store into a store of their own.

use std::path::Path;

use rusqlite::{Connection, named_params};

use super::attach::{Attached, create};
use super::record::copy_rows_of_kept;
use crate::advisories::error::AdvisoryError;
use crate::advisories::history;
use crate::advisories::signals;
use crate::advisories::snapshot;
use crate::advisories::store::{Store, fresh_schema};
use crate::model::Digest;

/// What of a store is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// These sources; `None`: all.
    pub sources: Option<Vec<String>>,
    /// Leave out sources whose licence does not let them be handed on.
    pub for_publication: bool,
    /// Leave out what only findings need: summaries, links, texts. What is left finds as much, and is half the size; its
    /// records' digests cannot be recomputed.
    pub without_details: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The sources that are in it.
    pub sources: Vec<String>,
    /// Those that were chosen and left out, since their licence does not let them be handed on.
    pub withheld: Vec<String>,
    /// The snapshot digest of what was written.
    pub snapshot: Digest,
}

impl Store {
    /// Writes what stands, without history, into a new file at `path`, which must not be there yet. The file is a store: it
    /// can be matched from as it is.
    pub fn export(&self, path: &Path, selection: &Selection) -> Result<Exported, AdvisoryError> {
        let known = self.sources()?;
        if let Some(missing) = selection
            .sources
            .iter()
            .flatten()
            .find(|name| !known.iter().any(|source| source.name == **name))
        {
            return Err(AdvisoryError::NoSource(missing.clone()));
        }
        let is_chosen = |name: &String| {
            let chosen = selection.sources.as_ref();
            chosen.is_none_or(|chosen| chosen.contains(name))
        };
        let (taken, withheld): (Vec<_>, Vec<_>) = known
            .into_iter()
            .filter(|source| is_chosen(&source.name))
            .partition(|source| source.republish || !selection.for_publication);
        let names = |sources: Vec<crate::advisories::SourceStatus>| {
            sources.into_iter().map(|source| source.name).collect()
        };
        let sources: Vec<String> = names(taken);
        let connection = create(path)?;
        let database = |error| AdvisoryError::of_database(path, error);
        let origin = Attached::read_only(&connection, self.path(), "origin")?;
        let copy = || {
            start(&connection, &sources)?;
            connection.execute_batch(KEEP_STANDING)?;
            copy_rows_of_kept(&connection, !selection.without_details)?;
            end(&connection)
        };
        let snapshot = copy().map_err(database)?;
        drop(origin);
        Ok(Exported {
            sources,
            withheld: names(withheld),
            snapshot,
        })
    }
}

/// Every record that stands, of the sources that are chosen.
const KEEP_STANDING: &str = "
    INSERT INTO kept SELECT a.id, row_number() OVER (ORDER BY c.new, a.external_id), c.new
        FROM origin.advisory a JOIN chosen c ON c.old = a.source WHERE a.until IS NULL;";

/// Begins a file: its tables, and which of the origin's sources are in it, under which number.
pub(super) fn start(connection: &Connection, sources: &[String]) -> rusqlite::Result<()> {
    // A file that is made anew needs no journal: one that is not finished is thrown away.
    connection.execute_batch(&format!(
        "PRAGMA main.page_size = 4096; PRAGMA main.journal_mode = OFF; PRAGMA main.synchronous = OFF; PRAGMA temp_store = MEMORY;
         BEGIN; {}
         CREATE TEMP TABLE chosen (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
         CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, source INTEGER NOT NULL);",
        fresh_schema()
    ))?;
    let mut choose = connection
        .prepare("INSERT INTO chosen SELECT id, :new FROM origin.source WHERE name = :name")?;
    let mut sources = sources.to_vec();
    sources.sort_unstable();
    for (new, name) in (1_i64..).zip(&sources) {
        choose.execute(named_params! {":new": new, ":name": name})?;
    }
    connection.execute_batch(
        "INSERT INTO source (id, name, format, url, licence, republish, etag, last_modified, newest, advisories, digest,
                             since, checked)
         SELECT c.new, name, format, url, licence, republish, etag, last_modified, newest, advisories, digest, since, checked
             FROM origin.source JOIN chosen c ON c.old = id ORDER BY c.new;",
    )
}

/// Ends a file: data beside advisories, and since when it can be asked.
pub(super) fn end(connection: &Connection) -> rusqlite::Result<Digest> {
    for (table, columns) in signals::TABLES {
        connection.execute_batch(&format!(
            "INSERT INTO main.{table} (source, {columns}) SELECT c.new, {columns}
                 FROM origin.{table} t JOIN chosen c ON c.old = t.source ORDER BY c.new, {columns}"
        ))?;
    }
    history::begin_now(connection, "origin")?;
    connection.execute_batch("COMMIT")?;
    snapshot::root(connection)
}
