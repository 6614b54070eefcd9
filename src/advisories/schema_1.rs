//! Stores of schema 1: no history, and the details within the advisories.

use rusqlite::Connection;

use super::signals;

/// Views that hide its tables from every query, since SQLite looks for a name among the temporary ones first
/// (<https://sqlite.org/lang_naming.html>).
const VIEWS: &str = "
    PRAGMA temp_store = MEMORY;
    CREATE TEMP VIEW source AS
        SELECT id, name, format, url, licence, republish, etag, last_modified, newest, advisories, digest,
               0 AS since, 0 AS checked FROM main.source;
    CREATE TEMP VIEW advisory AS
        SELECT id, source, external_id, kind, CASE WHEN withdrawn THEN '' END AS withdrawn, severity, severity_by,
               0 AS since, NULL AS until FROM main.advisory;
    CREATE TEMP VIEW detail AS SELECT id AS advisory, digest, detail AS content, text FROM main.advisory;
    CREATE TEMP VIEW range AS SELECT *, '' AS module FROM main.range;";

const OLD_TABLES: [&str; 8] = [
    "meta",
    "source",
    "ecosystem",
    "package",
    "advisory",
    "alias",
    "range",
    "exact",
];

/// Lets the queries of today read it.
pub(super) fn read(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(VIEWS)?;
    signals::TABLES.iter().try_for_each(|(table, columns)| {
        connection.execute_batch(&format!("CREATE TEMP TABLE {table} (source, {columns})"))
    })
}

/// Makes it a store of today, in one transaction. What is unchanged in the next import of a source keeps its row; a
/// withdrawn record has lost its date, so it goes without its details and is written anew.
pub(super) fn upgrade(connection: &Connection, fresh_schema: &str) -> rusqlite::Result<()> {
    let tables = OLD_TABLES.into_iter().chain(["unordered"]);
    let renamed = tables.fold(String::new(), |sql, table| {
        sql + &format!("ALTER TABLE {table} RENAME TO old_{table};")
    });
    let tables = OLD_TABLES.into_iter().chain(["unordered"]);
    let dropped = tables.fold(String::new(), |sql, table| {
        sql + &format!("DROP TABLE old_{table};")
    });
    connection.execute_batch(&format!(
        "PRAGMA legacy_alter_table = ON;
         BEGIN IMMEDIATE;
         {renamed}
         {fresh_schema}
         INSERT INTO source SELECT *, 0, 0 FROM old_source;
         INSERT INTO ecosystem SELECT * FROM old_ecosystem;
         INSERT INTO package SELECT * FROM old_package;
         INSERT INTO advisory SELECT id, source, external_id, kind, CASE WHEN withdrawn THEN '' END, severity,
                                     severity_by, 0, NULL FROM old_advisory;
         INSERT INTO detail SELECT id, digest, detail, text FROM old_advisory WHERE NOT withdrawn;
         INSERT INTO alias SELECT * FROM old_alias;
         INSERT INTO range SELECT *, '' FROM old_range;
         INSERT INTO exact SELECT * FROM old_exact;
         INSERT INTO unordered SELECT * FROM old_unordered;
         {dropped}
         COMMIT;
         PRAGMA legacy_alter_table = OFF;"
    ))
}

#[cfg(test)]
mod tests {
    use crate::advisories::Store;
    use crate::advisories::matching::testing::{add, record};

    /// A store of today made to look as version 0.1 wrote it.
    const DOWNGRADE: &str = "
        PRAGMA legacy_alter_table = ON;
        CREATE TABLE old (id INTEGER PRIMARY KEY, source INTEGER NOT NULL, external_id TEXT NOT NULL,
            kind INTEGER NOT NULL, withdrawn INTEGER NOT NULL, severity INTEGER, severity_by TEXT, digest BLOB NOT NULL,
            detail BLOB NOT NULL, text BLOB NOT NULL, UNIQUE (source, external_id));
        INSERT INTO old SELECT a.id, source, external_id, kind, withdrawn IS NOT NULL, severity, severity_by, digest,
                               content, text FROM advisory a JOIN detail d ON d.advisory = a.id;
        DROP TABLE advisory; DROP TABLE detail; ALTER TABLE old RENAME TO advisory;
        DROP TABLE exploited; DROP TABLE likelihood; DROP TABLE lifecycle;
        ALTER TABLE source DROP COLUMN since; ALTER TABLE source DROP COLUMN checked;
        CREATE TABLE old (package INTEGER NOT NULL, low BLOB NOT NULL, advisory INTEGER NOT NULL, high BLOB NOT NULL,
            inclusive INTEGER NOT NULL, status INTEGER NOT NULL, severity INTEGER, introduced TEXT, fixed TEXT,
            last_affected TEXT, PRIMARY KEY (package, low, advisory, high, inclusive, status)) STRICT, WITHOUT ROWID;
        INSERT INTO old SELECT package, low, advisory, high, inclusive, status, severity, introduced, fixed,
                               last_affected FROM range;
        DROP TABLE range; ALTER TABLE old RENAME TO range;
        UPDATE meta SET value = '1' WHERE key = 'schema'; DELETE FROM meta WHERE key = 'readable_by';";

    #[test]
    fn a_store_of_schema_1_is_read_and_upgraded_with_the_same_digest_and_matches() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("store.db");
        let lines = record("A-1", "npm", "x", "2.0.0", "")
            + &record(
                "A-2",
                "npm",
                "x",
                "3.0.0",
                r#","withdrawn":"2024-01-01T00:00:00Z""#,
            );
        let mut store = Store::open_for_import(&path).expect("store");
        add(&mut store, "test", &lines);
        let digest = store.snapshot_digest().expect("digest");
        store.connection.execute_batch(DOWNGRADE).expect("schema 1");
        drop(store);

        let ids = |store: &Store| {
            let packages = [crate::model::Package::new(
                crate::model::PackageType::NPM,
                "x",
                "1.0.0",
            )];
            let outcome =
                crate::advisories::match_packages(store, None, &packages).expect("matched");
            let ids = outcome.matches.into_iter().map(|found| found.advisory.id);
            ids.collect::<Vec<_>>()
        };
        let old = Store::open_read_only(&path).expect("read as it is");
        assert_eq!(old.snapshot_digest().expect("digest"), digest);
        assert_eq!(ids(&old), ["A-1"]);
        assert_eq!(old.status().expect("status").sources.len(), 1);
        drop(old);
        let mut upgraded = Store::open_for_import(&path).expect("upgraded");
        assert_eq!(upgraded.snapshot_digest().expect("digest"), digest);
        assert_eq!(ids(&upgraded), ["A-1"]);
        let report = add(&mut upgraded, "test", &lines);
        assert_eq!(report.advisories, 2);
        assert_eq!(upgraded.snapshot_digest().expect("digest"), digest);
    }
}
