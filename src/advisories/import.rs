//! One source into the store: what changed comes in and what is gone is closed, in one transaction.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::error::AdvisoryError;
use super::feeds::{FeedInput, Format};
use super::intake::{Intake, IntakeError};
use super::report::ImportReport;
use super::signals;
use super::store::Store;

/// What the store notes about where an import comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name in the store; part of the snapshot digest. An import replaces the source of the same name.
    pub name: String,
    /// Where it comes from.
    pub url: Option<String>,
    /// Under which licence.
    pub licence: Option<String>,
    /// Whether the licence lets it be handed on.
    pub republish: bool,
    /// `ETag` of the response.
    pub etag: Option<String>,
    /// `Last-Modified` of the response.
    pub last_modified: Option<String>,
    /// When it is imported, in seconds since 1970: what the store then says was known since when. A store's time never
    /// goes back.
    pub moment: i64,
}

impl Source {
    /// A source of which only the name is known.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

impl Store {
    /// Imports a feed in place of what its source had before. On an error the store keeps its old state.
    pub fn import(
        &mut self,
        source: &Source,
        format: Format,
        input: FeedInput<'_>,
    ) -> Result<ImportReport, AdvisoryError> {
        let path = self.path.clone();
        let database = |error| AdvisoryError::of_database(&path, error);
        let place = input.name();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(database)?;
        let report = {
            let mut intake = Intake::begin(&transaction, source, format).map_err(database)?;
            format
                .read(input, &mut intake)
                .map_err(|error| match error {
                    IntakeError::Feed(error) => error,
                    IntakeError::Database(error) => database(error),
                })?;
            if intake.tally.recognised == 0 {
                return Err(AdvisoryError::NothingRecognised {
                    place,
                    format: format.name(),
                    seen: intake.seen(),
                });
            }
            intake.finish(source).map_err(database)?
        };
        transaction.commit().map_err(database)?;
        Ok(report)
    }

    /// Takes a source and everything that came with it out of the store; `false` if it was not there.
    pub fn remove(&mut self, source: &str) -> Result<bool, AdvisoryError> {
        let path = self.path.clone();
        let mut remove = || {
            let transaction = self
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)?;
            let removed = forget(&transaction, source)?;
            drop_unnamed_packages(&transaction)?;
            transaction.commit()?;
            Ok(removed)
        };
        remove().map_err(|error| AdvisoryError::of_database(&path, error))
    }
}

/// Deletes everything of a source; `false` if there is no such source.
pub(super) fn forget(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let id: Option<i64> = connection
        .query_row("SELECT id FROM source WHERE name = ?1", [name], |row| {
            row.get(0)
        })
        .optional()?;
    let Some(id) = id else {
        return Ok(false);
    };
    for table in ["alias", "range", "exact", "unordered", "detail"] {
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE advisory IN (SELECT id FROM advisory WHERE source = ?1)"
            ),
            [id],
        )?;
    }
    signals::forget(connection, id)?;
    connection.execute("DELETE FROM advisory WHERE source = ?1", [id])?;
    connection.execute("DELETE FROM source WHERE id = ?1", [id])?;
    Ok(true)
}

/// An ecosystem counts as covered while a package of it is named, so what nobody names any more has to go.
pub(super) fn drop_unnamed_packages(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "DELETE FROM package WHERE NOT EXISTS (SELECT 1 FROM range r WHERE r.package = package.id)
             AND NOT EXISTS (SELECT 1 FROM exact e WHERE e.package = package.id)
             AND NOT EXISTS (SELECT 1 FROM unordered u WHERE u.package = package.id);
         DELETE FROM ecosystem WHERE NOT EXISTS (SELECT 1 FROM package p WHERE p.ecosystem = ecosystem.id);",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::{add, osv, record};

    #[test]
    fn a_full_disk_is_told_as_one_and_the_old_state_is_kept() {
        let (mut store, _) = osv(&record("A-1", "npm", "x", "2.0.0", ""));
        let digest = store.snapshot_digest().expect("digest");
        // What SQLite says of a full disk, it also says of a database that may not grow.
        let pages: i64 = store
            .connection
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .expect("count");
        let limit = format!("PRAGMA max_page_count = {pages}");
        store
            .connection
            .query_row(&limit, [], |_| Ok(()))
            .expect("limit");
        let lines: String = (0..2000)
            .map(|number| record(&format!("B-{number}"), "npm", "x", "3.0.0", ""))
            .collect();
        let input = FeedInput::Stream("test".to_owned(), Box::new(lines.as_bytes()));
        let full = store.import(&Source::named("more"), Format::Osv, input);
        assert!(
            matches!(full, Err(AdvisoryError::DiskFull { .. })),
            "{full:?}"
        );
        assert_eq!(store.snapshot_digest().expect("digest"), digest);
        let limit = "PRAGMA max_page_count = 1000000";
        store
            .connection
            .query_row(limit, [], |_| Ok(()))
            .expect("limit");
        assert_eq!(add(&mut store, "more", &lines).advisories, 2000);
    }

    #[test]
    fn an_import_writes_only_what_changed() {
        let (mut store, _) = osv(
            &(record("A-1", "npm", "x", "2.0.0", "") + &record("A-2", "npm", "x", "2.0.0", ""))
        );
        let rows = |store: &Store| -> Vec<(i64, String)> {
            let mut statement = store
                .connection
                .prepare("SELECT id, external_id FROM advisory ORDER BY id")
                .expect("query");
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
            rows.expect("rows").map(|row| row.expect("row")).collect()
        };
        add(
            &mut store,
            "test",
            &(record("A-1", "npm", "x", "2.0.0", "") + &record("A-2", "npm", "x", "3.0.0", "")),
        );
        let named = |id: i64, name: &str| (id, name.to_owned());
        assert_eq!(rows(&store), [named(1, "A-1"), named(3, "A-2")]);
    }
}
