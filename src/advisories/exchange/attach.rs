//! Another store beside the one that a connection is open on.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::advisories::error::AdvisoryError;
use crate::advisories::store::{Store, file_uri};

/// A store that is attached for as long as this lives.
pub(super) struct Attached<'c> {
    connection: &'c Connection,
    name: &'static str,
}

impl<'c> Attached<'c> {
    /// Attaches a store to read it, after it was found to be one of today's schema.
    pub(super) fn read_only(
        connection: &'c Connection,
        path: &Path,
        name: &'static str,
    ) -> Result<Self, AdvisoryError> {
        Store::open_read_only(path)?.check_current()?;
        let database = |error| AdvisoryError::of_database(path, error);
        let attach = |uri: String| connection.execute(&format!("ATTACH ?1 AS {name}"), [uri]);
        let probe = || {
            let sql = format!("SELECT count(*) FROM {name}.meta");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
        };
        attach(file_uri(path, "mode=ro")).map_err(database)?;
        let attached = Self { connection, name };
        // On a read-only mount WAL's small files cannot be made, and nobody writes: as in `Store::open_read_only`.
        if probe().is_err() {
            drop(attached);
            attach(file_uri(path, "immutable=1")).map_err(database)?;
            let attached = Self { connection, name };
            probe().map_err(database)?;
            return Ok(attached);
        }
        Ok(attached)
    }
}

impl Drop for Attached<'_> {
    fn drop(&mut self) {
        // Within a transaction that was not ended SQLite refuses, and the connection is about to be closed.
        let _ = self
            .connection
            .execute_batch(&format!("DETACH {}", self.name));
    }
}

/// How a file that is made anew is opened: with names as URIs, so that others can be attached read-only.
pub(super) fn create(path: &Path) -> Result<Connection, AdvisoryError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(path, flags)
        .map_err(|error| AdvisoryError::of_database(path, error))
}
