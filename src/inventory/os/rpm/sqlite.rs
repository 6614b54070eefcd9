//! `rpmdb.sqlite`, opened from memory: nothing of the image is ever written to a file.
//!
//! The schema is in rpm's `lib/backend/sqlite.c`: `Packages(hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)`.

use std::io::Read;

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::Take;
use crate::layers::ParseError;

/// Hands every package's header blob to `take`, in the order of installation.
pub(super) fn read_blobs(bytes: &[u8], take: &mut Take<'_>) -> Result<(), ParseError> {
    let connection = open(bytes).map_err(unreadable)?;
    if !has_plain_table(&connection, "Packages", "blob").map_err(unreadable)? {
        return Err(ParseError::new("it has no plain table `Packages`"));
    }
    // Rows lie side by side in a file; in a hostile one, all of a million rows can lie in the same place.
    let mut unread = bytes.len();
    let mut statement = connection
        .prepare("SELECT blob FROM Packages NOT INDEXED")
        .map_err(unreadable)?;
    let mut rows = statement.query([]).map_err(unreadable)?;
    while let Some(row) = rows.next().map_err(unreadable)? {
        let blob = row.get_ref(0).map_err(unreadable)?;
        let blob = blob
            .as_blob()
            .map_err(|_| ParseError::new("a row of its table `Packages` holds no blob"))?;
        unread = unread
            .checked_sub(blob.len().max(1))
            .ok_or_else(|| ParseError::new("its rows hold more than the file"))?;
        take(Ok(blob));
    }
    Ok(())
}

/// A write-ahead log with frames in it: changes that `rpmdb.sqlite` does not show. rpm empties the log when it ends; it is
/// left over where rpm was killed.
///
/// <https://sqlite.org/fileformat2.html#the_write_ahead_log>: a header of 32 bytes, then frames.
pub(super) fn refuse_pending_changes(log: &[u8]) -> Result<(), ParseError> {
    if log.len() <= 32 || log.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    Err(ParseError::new(
        "it may hold changes that rpmdb.sqlite does not show: run rpm once in the image to write them back",
    ))
}

/// Opens a database read-only.
pub(in crate::inventory) fn open(bytes: &[u8]) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    // The database is hostile until shown otherwise: <https://sqlite.org/security.html>.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Bytes 18 and 19 are the write and read version: 2 asks for a write-ahead log, which memory cannot have, 1 does not
    // (<https://sqlite.org/fileformat2.html#file_format_version_numbers>).
    let (start, rest) = bytes.split_at(bytes.len().min(20));
    let mut start = start.to_vec();
    for version in start.iter_mut().skip(18) {
        *version = 1;
    }
    connection.deserialize_read_exact("main", start.chain(rest), bytes.len(), true)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

/// Whether it has a table of this name, neither a view nor virtual, with a column that is not computed: anything else could
/// give an endless number of rows.
pub(in crate::inventory) fn has_plain_table(
    connection: &Connection,
    table: &str,
    column: &str,
) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema
                        WHERE name = ?1 AND type = 'table' AND sql LIKE 'CREATE TABLE %')
            AND EXISTS (SELECT 1 FROM pragma_table_xinfo(?1) WHERE name = ?2 AND hidden = 0)",
        [table, column],
        |row| row.get(0),
    )
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err takes"
)]
pub(in crate::inventory) fn unreadable(error: rusqlite::Error) -> ParseError {
    ParseError::new(format!(
        "it is no SQLite database that can be read: {error}"
    ))
}
