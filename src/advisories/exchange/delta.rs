//! The difference between two states of a store, as a file: what changed and what is gone, and between which digests.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, named_params};

use super::attach::{Attached, create};
use super::export::{end, start};
use super::merge::Merged;
use super::record::copy_rows_of_kept;
use crate::advisories::error::AdvisoryError;
use crate::advisories::import::forget;
use crate::advisories::store::Store;
use crate::model::Digest;

/// What a delta is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The snapshot that it starts from.
    pub from: Digest,
    /// The snapshot that it leads to.
    pub to: Digest,
    /// The sources that it changes or removes: what their digest has to be before; `None`: they are not there yet.
    bases: BTreeMap<String, Option<Digest>>,
    /// Those that it removes.
    removed: Vec<String>,
}

/// Beside a store's own tables: which sources must be in which state, and which records are gone.
const TABLES: &str = "
    CREATE TABLE base (name TEXT PRIMARY KEY, digest BLOB, removed INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE gone (source INTEGER NOT NULL, external_id TEXT NOT NULL, PRIMARY KEY (source, external_id))
        STRICT, WITHOUT ROWID;";

/// Of the sources that changed, the records that the older store does not have as they are.
const KEEP_CHANGED: &str = "
    INSERT INTO kept SELECT a.id, row_number() OVER (ORDER BY c.new, a.external_id), c.new
        FROM origin.advisory a JOIN chosen c ON c.old = a.source JOIN origin.source s ON s.id = a.source
        JOIN origin.detail d ON d.advisory = a.id
        WHERE a.until IS NULL AND NOT EXISTS (
            SELECT 1 FROM older.source os JOIN older.advisory o ON o.source = os.id
            JOIN older.detail od ON od.advisory = o.id
            WHERE os.name = s.name AND o.external_id = a.external_id AND o.until IS NULL AND od.digest = d.digest);
    INSERT INTO gone SELECT c.new, o.external_id
        FROM chosen c JOIN origin.source s ON s.id = c.old JOIN older.source os ON os.name = s.name
        JOIN older.advisory o ON o.source = os.id AND o.until IS NULL
        WHERE NOT EXISTS (SELECT 1 FROM origin.advisory a
            WHERE a.source = c.old AND a.external_id = o.external_id AND a.until IS NULL)
        ORDER BY 1, 2;";

impl Store {
    /// Writes what leads from the store `older` to this one into a new file at `path`.
    pub fn write_delta(&self, older: &Self, path: &Path) -> Result<Delta, AdvisoryError> {
        let connection = create(path)?;
        let database = |error| AdvisoryError::of_database(path, error);
        let delta = Delta::between(older, self)?;
        let changed: Vec<String> = delta
            .bases
            .keys()
            .filter(|name| !delta.removed.contains(name))
            .cloned()
            .collect();
        let origin = Attached::read_only(&connection, self.path(), "origin")?;
        let before = Attached::read_only(&connection, older.path(), "older")?;
        let write = || {
            start(&connection, &changed)?;
            connection.execute_batch(TABLES)?;
            delta.write(&connection)?;
            connection.execute_batch(KEEP_CHANGED)?;
            copy_rows_of_kept(&connection, true)?;
            end(&connection)
        };
        write().map_err(database)?;
        drop((origin, before));
        Ok(delta)
    }

    /// Takes in a delta file, if this store is in the state that it starts from.
    pub fn apply_delta(
        &mut self,
        file: &Path,
        moment: i64,
    ) -> Result<(Delta, Merged), AdvisoryError> {
        let delta = Delta::read(file)?.ok_or_else(|| AdvisoryError::NoDelta {
            path: file.to_owned(),
        })?;
        let merged = self.take_in(file, moment, Some(&delta))?;
        Ok((delta, merged))
    }
}

impl Delta {
    fn between(older: &Store, newer: &Store) -> Result<Self, AdvisoryError> {
        let digests = |store: &Store| -> Result<BTreeMap<String, Digest>, AdvisoryError> {
            let sources = store.sources()?.into_iter();
            Ok(sources.map(|source| (source.name, source.digest)).collect())
        };
        let (old, new) = (digests(older)?, digests(newer)?);
        let mut bases = BTreeMap::new();
        for (name, digest) in &new {
            if old.get(name) != Some(digest) {
                bases.insert(name.clone(), old.get(name).copied());
            }
        }
        let removed: Vec<String> = old
            .keys()
            .filter(|name| !new.contains_key(*name))
            .cloned()
            .collect();
        for name in &removed {
            bases.insert(name.clone(), old.get(name).copied());
        }
        Ok(Self {
            from: older.snapshot_digest()?,
            to: newer.snapshot_digest()?,
            bases,
            removed,
        })
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut insert =
            connection.prepare("INSERT INTO base VALUES (:name, :digest, :removed)")?;
        for (name, digest) in &self.bases {
            let digest = digest.as_ref().and_then(sha256);
            let removed = self.removed.contains(name);
            insert
                .execute(named_params! {":name": name, ":digest": digest, ":removed": removed})?;
        }
        let mut meta = connection.prepare("INSERT INTO meta VALUES (?1, ?2)")?;
        meta.execute(["delta_from", &self.from.to_string()])?;
        meta.execute(["delta_to", &self.to.to_string()])?;
        Ok(())
    }

    /// What a file is a delta of; `None` if it is a store and no delta.
    pub fn read(file: &Path) -> Result<Option<Self>, AdvisoryError> {
        let store = Store::open_read_only(file)?;
        let read = || -> rusqlite::Result<Option<Self>> {
            let meta = |key: &str| {
                let sql = "SELECT value FROM meta WHERE key = ?1";
                let value = store
                    .connection
                    .query_row(sql, [key], |row| row.get::<_, String>(0));
                rusqlite::OptionalExtension::optional(value)
            };
            let digest = |text: Option<String>| text.and_then(|text| text.parse::<Digest>().ok());
            let (Some(from), Some(to)) = (digest(meta("delta_from")?), digest(meta("delta_to")?))
            else {
                return Ok(None);
            };
            let mut delta = Self {
                from,
                to,
                bases: BTreeMap::new(),
                removed: Vec::new(),
            };
            let mut statement = store
                .connection
                .prepare("SELECT name, digest, removed FROM base ORDER BY name")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                if row.get(2)? {
                    delta.removed.push(name.clone());
                }
                delta
                    .bases
                    .insert(name, row.get::<_, Option<[u8; 32]>>(1)?.map(Digest::Sha256));
            }
            Ok(Some(delta))
        };
        read().map_err(|error| AdvisoryError::of_database(file, error))
    }

    /// How many sources it changes or removes.
    pub fn sources(&self) -> usize {
        self.bases.len()
    }

    /// Whether the store is in the state that this starts from.
    pub(super) fn fits(&self, store: &Store) -> Result<(), AdvisoryError> {
        let known = store.sources()?;
        let digest = |name: &String| {
            let source = known.iter().find(|source| source.name == *name);
            source.map(|source| &source.digest)
        };
        match self
            .bases
            .iter()
            .find(|(name, base)| digest(name) != base.as_ref())
        {
            None => Ok(()),
            Some((source, _)) => Err(AdvisoryError::OtherBase {
                source_name: source.clone(),
                from: self.from.to_string(),
                snapshot: store.snapshot_digest()?.to_string(),
            }),
        }
    }

    pub(super) fn drop_sources(&self, connection: &Connection) -> rusqlite::Result<()> {
        for name in &self.removed {
            forget(connection, name)?;
        }
        Ok(())
    }
}

fn sha256(digest: &Digest) -> Option<[u8; 32]> {
    match digest {
        Digest::Sha256(bytes) => Some(*bytes),
        Digest::Sha512(_) => None,
    }
}
