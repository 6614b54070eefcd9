//! The tables of data beside advisories: each row has a `source`, and they travel whole.

use rusqlite::Connection;

/// Their names.
pub(super) const TABLES: [&str; 0] = [];

/// A table's columns but for `source`, as a list for a statement.
pub(super) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<String> {
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE name <> 'source' ORDER BY cid")?
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(columns.join(", "))
}
