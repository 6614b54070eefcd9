//! The store on disk: one SQLite file in WAL mode, many readers, one writer at a time.
//!
//! A reader sees the last committed import whole; an import that is killed leaves the state before it.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use serde::Serialize;

use super::error::AdvisoryError;
use super::history::AsOf;
use super::lock::lock;
use super::schema_1;
use super::signals;
use super::version::KEY_ENCODING;
use crate::model::Digest;

/// The schema that this version reads and writes.
pub(super) const SCHEMA: i64 = 2;

/// The lowest schema whose readers can read what this version writes.
const READABLE_BY: i64 = 2;

/// The advisory store.
pub struct Store {
    pub(super) connection: Connection,
    /// Where it lies; `:memory:` for one that does not.
    pub(super) path: PathBuf,
    /// The time that it is asked about.
    pub(super) as_of: AsOf,
    /// Held while this store may be written.
    _lock: Option<File>,
}

/// What a store holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// The digest over all content: equal for equal feeds, on any machine.
    pub snapshot: Digest,
    /// Its sources, by name.
    pub sources: Vec<SourceStatus>,
    /// Ecosystems (with the release where there is one), each with how many of its packages have an advisory.
    pub ecosystems: Vec<(String, u64)>,
    /// All version ranges.
    pub ranges: u64,
}

/// One source of a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SourceStatus {
    /// Its name.
    pub name: String,
    /// The format that it was read from.
    pub format: String,
    /// Where it comes from.
    pub url: Option<String>,
    /// Under which licence.
    pub licence: Option<String>,
    /// Whether that licence lets it be handed on.
    pub republish: bool,
    /// `ETag` of the response that was imported.
    pub etag: Option<String>,
    /// `Last-Modified` of the response that was imported.
    pub last_modified: Option<String>,
    /// The latest change among its records.
    pub newest: Option<String>,
    /// How many advisories it has.
    pub advisories: u64,
    /// The digest of its content.
    pub digest: Digest,
    /// When it was last imported or found unchanged, in seconds since 1970.
    pub checked: i64,
    /// Rows of data beside advisories.
    pub signals: u64,
}

impl Store {
    /// Opens a store to read it. A reader never waits, not even for a running import.
    pub fn open_read_only(path: &Path) -> Result<Self, AdvisoryError> {
        if !path.try_exists().unwrap_or(true) {
            return Err(AdvisoryError::NoStore {
                path: path.to_owned(),
            });
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let store = |connection| Self {
            connection,
            path: path.to_owned(),
            as_of: AsOf::NOW,
            _lock: None,
        };
        let opened = Connection::open_with_flags(path, flags).map(store);
        let checked = opened
            .map_err(|error| AdvisoryError::of_database(path, error))
            .and_then(|store| {
                store.read_through_mapping();
                store.check_schema()?;
                store.bridge().map(|()| store)
            });
        match checked {
            // In WAL mode a reader makes two small files beside the store. Where it may not (a read-only mount), nobody
            // writes either, and SQLite may be told so.
            Err(AdvisoryError::Database { .. }) => {
                let uri = file_uri(path, "immutable=1");
                let flags = flags | OpenFlags::SQLITE_OPEN_URI;
                let store = Connection::open_with_flags(uri, flags)
                    .map(store)
                    .map_err(|error| AdvisoryError::of_database(path, error))?;
                store.check_schema()?;
                store.bridge()?;
                Ok(store)
            }
            checked => checked,
        }
    }

    /// Opens a store to import into it, and makes it where there is none. Waits for another import to end.
    pub fn open_for_import(path: &Path) -> Result<Self, AdvisoryError> {
        let open_error = |source| AdvisoryError::Open {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(open_error)?;
        }
        let lock = lock(path)?;
        let exists = std::fs::metadata(path).map_or(0, |file| file.len()) > 0;
        let database = |error| AdvisoryError::of_database(path, error);
        let connection = Connection::open(path).map_err(database)?;
        let store = Self {
            connection,
            path: path.to_owned(),
            as_of: AsOf::NOW,
            _lock: Some(lock),
        };
        if exists {
            store.check_schema()?;
        }
        // A database has its journal mode for good; NORMAL loses at most the last commit in a power cut, never the file.
        store
            .connection
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;")
            .map_err(database)?;
        if exists {
            store.check_writable()?;
            store.upgrade()?;
        } else {
            store.write_schema()?;
        }
        Ok(store)
    }

    /// A store that lives as long as the process.
    pub fn in_memory() -> Result<Self, AdvisoryError> {
        let path = PathBuf::from(":memory:");
        let connection = Connection::open_in_memory()
            .map_err(|error| AdvisoryError::of_database(&path, error))?;
        let store = Self {
            connection,
            path,
            as_of: AsOf::NOW,
            _lock: None,
        };
        store.write_schema()?;
        Ok(store)
    }

    /// Pages straight from the system's cache: half the time of a match. Not an error where it cannot be had.
    fn read_through_mapping(&self) {
        let _ = self
            .connection
            .execute_batch("PRAGMA mmap_size = 1073741824;");
        self.connection.set_prepared_statement_cache_capacity(32);
    }

    fn write_schema(&self) -> Result<(), AdvisoryError> {
        self.connection
            .execute_batch(&format!("BEGIN IMMEDIATE; {}; COMMIT;", fresh_schema()))
            .map_err(|error| self.database_error(error))
    }

    /// Takes a store of schema 1 in its place; refuses what is none, or newer than this version can read.
    fn check_schema(&self) -> Result<(), AdvisoryError> {
        let tables: i64 = self.ask(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'advisory', 'range')",
        )?;
        if tables != 3 {
            return Err(AdvisoryError::NotAStore {
                path: self.path.clone(),
            });
        }
        // Schemas only grow, so an older version can read on; `readable_by` says from which one on.
        let schema = self.meta("schema")?.unwrap_or(0);
        let needed = self.meta("readable_by")?.unwrap_or(schema);
        let keys = self.meta("key_encoding")?.unwrap_or(0);
        let known_keys = i64::from(KEY_ENCODING);
        let (found, known) = if keys == known_keys {
            (needed, SCHEMA)
        } else {
            (keys, known_keys)
        };
        if found > known || schema < 1 || keys != known_keys {
            return Err(AdvisoryError::OtherSchema {
                path: self.path.clone(),
                found,
                known,
            });
        }
        Ok(())
    }

    /// A newer schema may be read, but what its other columns need is not known here.
    fn check_writable(&self) -> Result<(), AdvisoryError> {
        let found = self.meta("schema")?.unwrap_or(0);
        if found <= SCHEMA {
            return Ok(());
        }
        Err(AdvisoryError::OtherSchema {
            path: self.path.clone(),
            found,
            known: SCHEMA,
        })
    }

    /// Whether the store's tables are today's, and not seen through a bridge.
    pub(super) fn check_current(&self) -> Result<(), AdvisoryError> {
        let found = self.meta("schema")?.unwrap_or(0);
        if found >= SCHEMA {
            return Ok(());
        }
        Err(AdvisoryError::OtherSchema {
            path: self.path.clone(),
            found,
            known: SCHEMA,
        })
    }

    /// Lets an older store be read as one of this schema.
    fn bridge(&self) -> Result<(), AdvisoryError> {
        match self.meta("schema")? {
            Some(1) => schema_1::read(&self.connection),
            _ => Ok(()),
        }
        .map_err(|error| self.database_error(error))
    }

    /// Brings an older store to this schema.
    fn upgrade(&self) -> Result<(), AdvisoryError> {
        match self.meta("schema")? {
            Some(1) => schema_1::upgrade(&self.connection, &fresh_schema()),
            _ => Ok(()),
        }
        .map_err(|error| self.database_error(error))
    }

    fn meta(&self, key: &str) -> Result<Option<i64>, AdvisoryError> {
        let value = self
            .connection
            .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
                row.get::<_, String>(0)
            })
            .optional()
            .map_err(|error| self.database_error(error))?;
        Ok(value.and_then(|value| value.parse().ok()))
    }

    pub(super) fn database_error(&self, error: rusqlite::Error) -> AdvisoryError {
        AdvisoryError::of_database(&self.path, error)
    }

    fn ask<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, AdvisoryError> {
        self.connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|error| self.database_error(error))
    }

    /// Where the store lies, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The digest over everything in the store. The same feeds give the same digest on any machine, in whatever order
    /// they were imported. As of an earlier time, data beside advisories have no part in it: they have no history.
    pub fn snapshot_digest(&self) -> Result<Digest, AdvisoryError> {
        self.snapshot_digest_as_of(self.as_of)
    }

    /// What the store holds, source by source.
    pub fn status(&self) -> Result<StoreStatus, AdvisoryError> {
        let ecosystems = || -> rusqlite::Result<Vec<(String, u64)>> {
            let sql =
                "SELECT e.name, count(p.id) FROM ecosystem e JOIN package p ON p.ecosystem = e.id
                       GROUP BY e.id ORDER BY e.name";
            let mut statement = self.connection.prepare(sql)?;
            statement
                .query_map([], |row| {
                    Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs()))
                })?
                .collect()
        };
        Ok(StoreStatus {
            snapshot: self.snapshot_digest()?,
            sources: self.sources()?,
            ecosystems: ecosystems().map_err(|error| self.database_error(error))?,
            ranges: self
                .ask::<i64>("SELECT count(*) FROM range")?
                .unsigned_abs(),
        })
    }

    /// The sources, by name; as of an earlier time, those that there were, with how many advisories stood.
    pub fn sources(&self) -> Result<Vec<SourceStatus>, AdvisoryError> {
        let signals = signals::TABLES.map(|(table, _)| {
            format!("(SELECT count(*) FROM {table} t WHERE t.source = source.id)")
        });
        let read = || -> rusqlite::Result<Vec<SourceStatus>> {
            // Of the present the count is noted.
            let advisories = if self.as_of.is_now() {
                "advisories".to_owned()
            } else {
                let holds = self.as_of.holds();
                format!("(SELECT count(*) FROM advisory a WHERE a.source = source.id AND {holds})")
            };
            let mut statement = self.connection.prepare(&format!(
                "SELECT name, format, url, licence, republish, etag, last_modified, newest, {advisories}, digest, checked,
                        {signals}
                 FROM source WHERE since <= {moment} ORDER BY name",
                signals = signals.join(" + "),
                moment = self.as_of.moment(),
            ))?;
            statement
                .query_map([], |row| {
                    Ok(SourceStatus {
                        name: row.get(0)?,
                        format: row.get(1)?,
                        url: row.get(2)?,
                        licence: row.get(3)?,
                        republish: row.get(4)?,
                        etag: row.get(5)?,
                        last_modified: row.get(6)?,
                        newest: row.get(7)?,
                        advisories: row.get::<_, i64>(8)?.unsigned_abs(),
                        digest: Digest::Sha256(row.get(9)?),
                        checked: row.get(10)?,
                        signals: row.get::<_, i64>(11)?.unsigned_abs(),
                    })
                })?
                .collect()
        };
        read().map_err(|error| self.database_error(error))
    }
}

/// The statements that make an empty store.
pub(super) fn fresh_schema() -> String {
    format!(
        "{}
         INSERT INTO meta VALUES ('schema', '{SCHEMA}'), ('readable_by', '{READABLE_BY}'),
                                 ('key_encoding', '{KEY_ENCODING}');",
        include_str!("schema.sql")
    )
}

/// A path in SQLite's URI form, without the characters that it reads as its own:
/// <https://sqlite.org/uri.html#the_uri_path>.
pub(super) fn file_uri(path: &Path, parameters: &str) -> String {
    let path = path.to_string_lossy();
    let path = path
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{path}?{parameters}")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::model::limits::read_at_most;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("store.sqlite");
        (folder, path)
    }

    fn refusal(path: &Path) -> String {
        match Store::open_read_only(path) {
            Ok(_) => panic!("opened"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_store_is_made_opened_and_found_empty() {
        let (_folder, path) = place();
        drop(Store::open_for_import(&path).expect("made"));
        let store = Store::open_read_only(&path).expect("opened");
        let status = store.status().expect("status");
        assert_eq!((status.sources.len(), status.ranges), (0, 0));
        let memory = Store::in_memory().expect("memory");
        assert_eq!(store.snapshot_digest().ok(), memory.snapshot_digest().ok());
    }

    #[test]
    fn what_is_no_store_is_named_with_what_to_do() {
        let (folder, path) = place();
        assert!(refusal(&path).contains("`plimsoll db update`"));
        std::fs::File::create(&path)
            .and_then(|mut file| file.write_all(&[b'x'; 4096]))
            .expect("written");
        assert!(refusal(&path).contains("is not an advisory store"));
        assert!(Store::open_for_import(&path).is_err());
        let foreign = folder.path().join("foreign.sqlite");
        let connection = Connection::open(&foreign).expect("other database");
        connection
            .execute_batch("CREATE TABLE t (x)")
            .expect("table");
        assert!(refusal(&foreign).contains("is not an advisory store"));
    }

    #[test]
    fn a_store_of_another_schema_says_which_side_to_change() {
        let (_folder, path) = place();
        let store = Store::open_for_import(&path).expect("made");
        let change = |schema: &str, readable_by: &str| {
            let change = |key, value| {
                let change = "UPDATE meta SET value = ?2 WHERE key = ?1";
                store.connection.execute(change, [key, value])
            };
            change("schema", schema).and(change("readable_by", readable_by))
        };
        for (schema, hint) in [("99", "or a newer one"), ("0", "fill it again")] {
            change(schema, schema).expect("changed");
            assert!(refusal(&path).contains(hint), "{schema}");
        }
        change("99", "2").expect("changed");
        assert!(Store::open_read_only(&path).is_ok(), "a schema only grows");
        drop(store);
        assert!(
            Store::open_for_import(&path).is_err(),
            "what it does not know it must not write"
        );
    }

    #[test]
    fn a_damaged_store_is_refused_and_does_not_panic() {
        let (_folder, path) = place();
        drop(Store::open_for_import(&path).expect("made"));
        let mut bytes = read_at_most(File::open(&path).expect("file"), 1 << 20).expect("bytes");
        let length = bytes.len();
        bytes[100..length].fill(0x5a);
        File::create(&path)
            .and_then(|mut file| file.write_all(&bytes))
            .expect("written");
        assert!(refusal(&path).contains("damaged"));
    }
}
