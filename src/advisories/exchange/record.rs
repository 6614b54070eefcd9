//! The rows of records, from one store to another, and back into the normalised record that their digest is over.

use rusqlite::{Connection, Row, Rows, Statement};

use crate::advisories::advisory::{
    Advisory, AdvisoryKind, Detail, Exact, Range, Status, Unordered,
};
use crate::advisories::packed::{unpack, unreadable};
use crate::advisories::rating::{Rating, severity_of_code};
use crate::advisories::version::VersionKey;

/// Copies the rows of the records in the table `kept` (old, new, source) from the attached `origin`. Rows go in in the
/// order of their keys, so that no page is split and the file is as small as it can be.
pub(super) fn copy_rows_of_kept(connection: &Connection, details: bool) -> rusqlite::Result<()> {
    connection.execute_batch(
        "INSERT INTO main.advisory SELECT k.new, k.source, external_id, kind, withdrawn, severity, severity_by, since, NULL
             FROM origin.advisory a JOIN kept k ON k.old = a.id ORDER BY k.new;
         INSERT INTO main.alias SELECT k.new, name, l.kind
             FROM origin.alias l JOIN kept k ON k.old = l.advisory ORDER BY 1, 2, 3;
         CREATE TEMP TABLE named AS
             SELECT package FROM origin.range JOIN kept ON old = advisory
             UNION SELECT package FROM origin.exact JOIN kept ON old = advisory
             UNION SELECT package FROM origin.unordered JOIN kept ON old = advisory;
         INSERT OR IGNORE INTO main.ecosystem (name)
             SELECT DISTINCT e.name FROM named JOIN origin.package p ON p.id = named.package
             JOIN origin.ecosystem e ON e.id = p.ecosystem ORDER BY 1;
         INSERT OR IGNORE INTO main.package (ecosystem, name)
             SELECT mine.id, p.name FROM named JOIN origin.package p ON p.id = named.package
             JOIN origin.ecosystem e ON e.id = p.ecosystem JOIN main.ecosystem mine ON mine.name = e.name
             ORDER BY 1, 2;
         CREATE TEMP TABLE moved (old INTEGER PRIMARY KEY, new INTEGER NOT NULL);
         INSERT INTO moved SELECT p.id, m.id FROM named JOIN origin.package p ON p.id = named.package
             JOIN origin.ecosystem e ON e.id = p.ecosystem JOIN main.ecosystem mine ON mine.name = e.name
             JOIN main.package m ON m.ecosystem = mine.id AND m.name = p.name;
         INSERT INTO main.range SELECT m.new, low, k.new, high, inclusive, status, severity, introduced, fixed,
                                       last_affected, module
             FROM origin.range r JOIN kept k ON k.old = r.advisory JOIN moved m ON m.old = r.package ORDER BY 1, 2, 3, 4;
         INSERT INTO main.exact SELECT m.new, version, k.new
             FROM origin.exact x JOIN kept k ON k.old = x.advisory JOIN moved m ON m.old = x.package ORDER BY 1, 2, 3;
         INSERT INTO main.unordered SELECT m.new, k.new, events
             FROM origin.unordered u JOIN kept k ON k.old = u.advisory JOIN moved m ON m.old = u.package
             ORDER BY 1, 2, 3;
         DROP TABLE temp.named; DROP TABLE temp.moved;",
    )?;
    if details {
        connection.execute_batch(
            "INSERT INTO main.detail SELECT k.new, digest, content, text
                 FROM origin.detail d JOIN kept k ON k.old = d.advisory ORDER BY 1;",
        )?;
    }
    Ok(())
}

/// Rows in order of the advisory that they belong to.
struct Cursor<'s, T> {
    rows: Rows<'s>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
    pending: Option<(i64, T)>,
}

impl<'s, T> Cursor<'s, T> {
    fn new(
        statement: &'s mut Statement<'_>,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Self> {
        let mut cursor = Self {
            rows: statement.query([])?,
            read,
            pending: None,
        };
        cursor.advance()?;
        Ok(cursor)
    }

    fn advance(&mut self) -> rusqlite::Result<()> {
        self.pending = match self.rows.next()? {
            Some(row) => Some((row.get(0)?, (self.read)(row)?)),
            None => None,
        };
        Ok(())
    }

    /// The rows of an advisory; those of the ones before it that nobody asked for are passed over.
    fn of(&mut self, advisory: i64) -> rusqlite::Result<Vec<T>> {
        let mut found = Vec::new();
        while let Some((owner, row)) = self.pending.take_if(|(owner, _)| *owner <= advisory) {
            if owner == advisory {
                found.push(row);
            }
            self.advance()?;
        }
        Ok(found)
    }
}

/// Visits the records for which a condition on `a` (a row of `advisory`) holds and whose details are there: each as its
/// feed's reader made it, with the digest that its row claims. One pass, whatever the size of the store.
pub(super) fn each_record(
    connection: &Connection,
    condition: &str,
    mut visit: impl FnMut(i64, Advisory, [u8; 32]) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let of_package = |columns: &str, table: &str| {
        connection.prepare(&format!(
            "SELECT t.advisory, e.name, p.name, {columns} FROM {table} t JOIN advisory a ON a.id = t.advisory
             JOIN package p ON p.id = t.package JOIN ecosystem e ON e.id = p.ecosystem
             WHERE {condition} ORDER BY t.advisory"
        ))
    };
    let columns =
        "low, high, inclusive, status, module, introduced, fixed, last_affected, t.severity";
    let mut ranges = of_package(columns, "range")?;
    let mut exact = of_package("version", "exact")?;
    let mut unordered = of_package("events", "unordered")?;
    let mut names = connection.prepare(&format!(
        "SELECT l.advisory, l.name, l.kind FROM alias l JOIN advisory a ON a.id = l.advisory WHERE {condition}
         ORDER BY l.advisory"
    ))?;
    let mut ranges = Cursor::new(&mut ranges, read_range)?;
    let mut exact = Cursor::new(&mut exact, read_exact)?;
    let mut unordered = Cursor::new(&mut unordered, read_unordered)?;
    let mut names = Cursor::new(&mut names, |row| {
        Ok((row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut records = connection.prepare(&format!(
        "SELECT a.external_id, a.kind, a.withdrawn, a.severity, a.severity_by, d.content, d.text, d.digest, a.id
         FROM advisory a JOIN detail d ON d.advisory = a.id WHERE {condition} ORDER BY a.id"
    ))?;
    let mut decompressor = zstd::bulk::Decompressor::new().map_err(unreadable)?;
    let mut rows = records.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get(8)?;
        let mut advisory = read_advisory(row, &mut decompressor)?;
        for (name, kind) in names.of(id)? {
            match kind {
                0 => advisory.aliases.push(name),
                _ => advisory.upstream.push(name),
            }
        }
        advisory.ranges = ranges.of(id)?;
        advisory.exact = exact.of(id)?;
        advisory.unordered = unordered.of(id)?;
        advisory.seal();
        visit(id, advisory, row.get(7)?)?;
    }
    Ok(())
}

fn read_advisory(
    row: &Row<'_>,
    decompressor: &mut zstd::bulk::Decompressor<'_>,
) -> rusqlite::Result<Advisory> {
    let severity = row.get::<_, Option<i64>>(3)?.and_then(severity_of_code);
    let by: Option<String> = row.get(4)?;
    let content = unpack(row.get_ref(5)?.as_blob()?, decompressor)?;
    let text = unpack(row.get_ref(6)?.as_blob()?, decompressor)?;
    Ok(Advisory {
        id: row.get(0)?,
        kind: AdvisoryKind::from_code(row.get(1)?).unwrap_or_default(),
        withdrawn: row.get(2)?,
        rating: severity
            .zip(by)
            .map(|(severity, by)| Rating { severity, by }),
        detail: serde_json::from_slice::<Detail>(&content).map_err(unreadable)?,
        text: String::from_utf8(text).map_err(unreadable)?,
        ..Advisory::default()
    })
}

fn read_range(row: &Row<'_>) -> rusqlite::Result<Range> {
    Ok(Range {
        ecosystem: row.get(1)?,
        package: row.get(2)?,
        low: VersionKey::from_bytes(row.get(3)?),
        high: VersionKey::from_bytes(row.get(4)?),
        inclusive: row.get(5)?,
        status: Status::from_code(row.get(6)?).unwrap_or(Status::Affected),
        module: row.get(7)?,
        introduced: row.get(8)?,
        fixed: row.get(9)?,
        last_affected: row.get(10)?,
        severity: row.get::<_, Option<i64>>(11)?.and_then(severity_of_code),
    })
}

fn read_exact(row: &Row<'_>) -> rusqlite::Result<Exact> {
    Ok(Exact {
        ecosystem: row.get(1)?,
        package: row.get(2)?,
        version: row.get(3)?,
    })
}

fn read_unordered(row: &Row<'_>) -> rusqlite::Result<Unordered> {
    Ok(Unordered {
        ecosystem: row.get(1)?,
        package: row.get(2)?,
        events: row.get(3)?,
    })
}
