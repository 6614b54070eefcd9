//! Layer reports of earlier scans, in SQLite.
//!
//! Two steps, because a diffID in a config is a claim: blob digest → diffID is written only after a verified read;
//! (diffID, detector set) → report is what a scan looks up. An unknown blob is read, whatever its config claims.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::{AttributeTable, Cover, DetectorSet, FileTable, LayerReport};
use crate::model::limits::read_at_most;
use crate::model::{DiffId, Digest, Limits};

/// Raised when the tables or the form of a stored report change: an older cache is then emptied, since it can be made
/// again.
const SCHEMA: i64 = 4;
/// Raised when the walk itself sees a layer with other eyes: a report of an older walk is then made again.
const WALK: u32 = 6;
/// Bytes of one stored report, unpacked. 512 MiB: a layer of ten million files has 80 MB of hashes.
const REPORT_BYTES: u64 = 512 << 20;
/// zstd's fastest level: a report is written once and read often.
const PACK_LEVEL: i32 = 1;

/// What a report depends on besides the bytes: half of the cache's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportKey(Digest);

impl ReportKey {
    /// Of the detectors that run and the limits that hold.
    pub fn new(detectors: &DetectorSet, limits: &Limits) -> Self {
        Self(Digest::sha256_of(
            format!("{WALK}\n{}\n{limits:?}\n", detectors.digest()).as_bytes(),
        ))
    }
}

/// Why the cache is of no use. The scan can go on without it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder cannot be made.
    #[error("the cache folder {folder} cannot be made")]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// SQLite refuses: the file is damaged, the disk is full, or there is no permission.
    #[error("the layer cache {file} cannot be used")]
    Database {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// A stored report cannot be packed or unpacked.
    #[error("the layer cache {file} holds a report that cannot be read")]
    Report {
        /// The file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl CacheError {
    /// The error and its cause in one line, for a warning.
    pub fn with_cause(&self) -> String {
        std::error::Error::source(self)
            .map_or_else(|| self.to_string(), |cause| format!("{self}: {cause}"))
    }
}

/// The layer cache. Many processes may use one file at once (WAL).
pub struct Cache {
    connection: std::sync::Mutex<Connection>,
    file: PathBuf,
}

impl Cache {
    /// Opens or makes the cache `layers.db` in a folder of this machine.
    pub fn open(folder: &Path) -> Result<Self, CacheError> {
        std::fs::create_dir_all(folder).map_err(|source| CacheError::Folder {
            folder: folder.to_owned(),
            source,
        })?;
        let file = folder.join("layers.db");
        let database = |source| CacheError::Database {
            file: file.clone(),
            source,
        };
        let connection = Connection::open(&file).map_err(database)?;
        prepare(&connection).map_err(database)?;
        Ok(Self {
            connection: std::sync::Mutex::new(connection),
            file,
        })
    }

    /// The diffID of a blob that was read and verified before.
    pub fn diff_id(&self, blob: &Digest) -> Result<Option<DiffId>, CacheError> {
        let text: Option<String> = self.with(|connection| {
            connection
                .prepare_cached("SELECT diff_id FROM blob WHERE digest = ?1")?
                .query_row([blob.to_string()], |row| row.get(0))
                .optional()
        })?;
        Ok(text.and_then(|text| text.parse().ok()).map(DiffId))
    }

    /// The report on a layer, if the same detectors have read it under the same limits.
    pub fn report(
        &self,
        diff_id: &DiffId,
        key: &ReportKey,
    ) -> Result<Option<LayerReport>, CacheError> {
        let row: Option<[Vec<u8>; 4]> = self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT report, cover, files, attributes FROM report WHERE diff_id = ?1 AND detectors = ?2",
                )?
                .query_row(params![diff_id.to_string(), key.0.to_string()], |row| {
                    Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?])
                })
                .optional()
        })?;
        row.map(|parts| unpack(&parts).map_err(|source| self.unreadable(source)))
            .transpose()
    }

    /// Keeps a report on a blob that was read whole and verified.
    pub fn store(
        &self,
        blob: &Digest,
        report: &LayerReport,
        key: &ReportKey,
    ) -> Result<(), CacheError> {
        let [packed, cover, files, attributes] =
            pack(report).map_err(|source| self.unreadable(source))?;
        self.with(|connection| {
            let transaction = connection.unchecked_transaction()?;
            transaction.execute(
                "INSERT OR REPLACE INTO report (diff_id, detectors, report, cover, files, attributes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![report.diff_id.to_string(), key.0.to_string(), packed, cover, files, attributes],
            )?;
            transaction.execute(
                "INSERT OR REPLACE INTO blob (digest, diff_id) VALUES (?1, ?2)",
                params![blob.to_string(), report.diff_id.to_string()],
            )?;
            transaction.commit()
        })
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, CacheError> {
        // A thread that panicked while holding it has not left a transaction open: they are rolled back on drop.
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&connection).map_err(|source| CacheError::Database {
            file: self.file.clone(),
            source,
        })
    }

    fn unreadable(&self, source: std::io::Error) -> CacheError {
        CacheError::Report {
            file: self.file.clone(),
            source,
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // A report that a crash loses is made again.
    connection.pragma_update(None, "synchronous", "normal")?;
    let schema: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if schema == SCHEMA {
        return Ok(());
    }
    connection.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         DROP TABLE IF EXISTS blob;
         DROP TABLE IF EXISTS report;
         CREATE TABLE blob (digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
         CREATE TABLE report (
             diff_id TEXT NOT NULL, detectors TEXT NOT NULL, report BLOB NOT NULL, cover BLOB NOT NULL,
             files BLOB NOT NULL, attributes BLOB NOT NULL,
             PRIMARY KEY (diff_id, detectors)
         ) STRICT;
         PRAGMA user_version = {SCHEMA};
         COMMIT;"
    ))
}

fn pack(report: &LayerReport) -> std::io::Result<[Vec<u8>; 4]> {
    let packed = |bytes: &[u8]| zstd::encode_all(bytes, PACK_LEVEL);
    Ok([
        packed(&serde_json::to_vec(report)?)?,
        packed(&report.cover.to_bytes())?,
        packed(&report.files.to_bytes())?,
        packed(&report.attributes.to_bytes())?,
    ])
}

fn unpack([report, cover, files, attributes]: &[Vec<u8>; 4]) -> std::io::Result<LayerReport> {
    let unpacked = |bytes: &[u8]| read_at_most(zstd::Decoder::new(bytes)?, REPORT_BYTES);
    let malformed = || std::io::Error::new(std::io::ErrorKind::InvalidData, "malformed tables");
    let mut report: LayerReport = serde_json::from_slice(&unpacked(report)?)?;
    report.cover = Cover::from_bytes(&unpacked(cover)?).ok_or_else(malformed)?;
    report.files = FileTable::from_bytes(&unpacked(files)?).ok_or_else(malformed)?;
    report.attributes = AttributeTable::from_bytes(&unpacked(attributes)?).ok_or_else(malformed)?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::FileFacts;
    use crate::model::{LayerPath, Package, PackageType};

    fn report() -> LayerReport {
        let mut report = LayerReport::empty(DiffId(Digest::sha256_of(b"tar")));
        let facts =
            FileFacts::of_packages(vec![Package::new(PackageType::APK, "musl", "1.1.22-r3")]);
        report
            .facts
            .insert(LayerPath::from("lib/apk/db/installed"), facts);
        report.cover.replace("lib/apk/db/installed");
        report.cover.seal();
        report
    }

    fn key(entries: u64) -> ReportKey {
        ReportKey::new(
            &DetectorSet::new(Vec::new()),
            &Limits {
                entries,
                ..Limits::default()
            },
        )
    }

    #[test]
    fn a_report_comes_back_for_the_same_detectors_and_limits_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let blob = Digest::sha256_of(b"blob");
        let cache = Cache::open(folder.path()).expect("a cache");
        assert_eq!(cache.diff_id(&blob).expect("a look-up"), None);
        cache.store(&blob, &report(), &key(10)).expect("stored");

        let again = Cache::open(folder.path()).expect("the same cache");
        let diff_id = again.diff_id(&blob).expect("a look-up").expect("a diffID");
        assert_eq!(
            again.report(&diff_id, &key(10)).expect("a look-up"),
            Some(report())
        );
        assert_eq!(again.report(&diff_id, &key(11)).expect("a look-up"), None);
    }

    #[test]
    fn a_damaged_cache_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::File::create(folder.path().join("layers.db"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &[b'x'; 4096]))
            .expect("a damaged file");
        let error = Cache::open(folder.path()).err().expect("an error");
        assert!(error.to_string().contains("layers.db"), "{error}");
    }

    #[test]
    fn a_cache_of_another_schema_is_emptied() {
        let folder = tempfile::tempdir().expect("a folder");
        let blob = Digest::sha256_of(b"blob");
        let cache = Cache::open(folder.path()).expect("a cache");
        cache.store(&blob, &report(), &key(10)).expect("stored");
        cache
            .with(|connection| connection.pragma_update(None, "user_version", 0))
            .expect("an older schema");
        assert_eq!(
            Cache::open(folder.path())
                .expect("a cache")
                .diff_id(&blob)
                .expect("a look-up"),
            None
        );
    }
}
