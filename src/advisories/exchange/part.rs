//! One source of a publication as a file: packed on the way out, verified before anything in it is looked at on the way in.
//!
//! A part is a store with one source, packed with zstd. Its bytes depend on the source's content alone, so that a source
//! that did not change is the same blob again, which no registry stores and nobody fetches twice: times and what the
//! upstream's server said are not in it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, named_params};

use super::Merged;
use super::attach::{Attached, create};
use super::export::Selection;
use super::publication::{Publication, PublishedSource};
use super::record::copy_rows_of_kept;
use super::verify::sources_without_details;
use crate::advisories::error::AdvisoryError;
use crate::advisories::history;
use crate::advisories::signals;
use crate::advisories::store::{SourceStatus, Store, fresh_schema};
use crate::model::{Digest, DigestHasher};

/// Half a second for a feed of 10 MB; the highest levels take ten times that for a tenth less.
const COMPRESSION: i32 = 12;

const PIECE: usize = 256 << 10;

/// A part that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it holds.
    pub source: PublishedSource,
    /// Where it lies.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
}

/// Why a part cannot be written or taken.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// The machine refuses.
    #[error("the temporary file {} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Its bytes do not come.
    #[error(
        "the advisories of {source_name} could not be fetched to their end; the store keeps its old state"
    )]
    Read {
        /// The source.
        source_name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Other bytes than were announced.
    #[error(
        "the advisories of {source_name} are not what their digest says ({expected} was asked for, {actual} came); the store keeps its old state"
    )]
    Altered {
        /// The source.
        source_name: String,
        /// What was announced.
        expected: String,
        /// What came.
        actual: String,
    },
    /// The bytes are those, but they are no part.
    #[error(
        "the advisories of {source_name} are published in a form that cannot be used: {reason}; the store keeps its old state"
    )]
    NoPart {
        /// The source.
        source_name: String,
        /// What is wrong.
        reason: String,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] AdvisoryError),
}

/// What differs between two exports of one content: when it came in, and with which headers.
const WITHOUT_TIMES: &str = "
    UPDATE source SET since = 0, checked = 0, etag = NULL, last_modified = NULL;
    UPDATE advisory SET since = 0;
    DELETE FROM meta WHERE key IN ('latest', 'history_begins');
    VACUUM;";

impl Store {
    /// Writes one source as a part into a folder, as the file `NUMBER.zst`.
    pub fn write_part(
        &self,
        source: &str,
        details: bool,
        folder: &Path,
        number: usize,
    ) -> Result<Part, PartError> {
        let plain = folder.join(format!("{number}.db"));
        let selection = Selection {
            sources: Some(vec![source.to_owned()]),
            without_details: !details,
            ..Selection::default()
        };
        self.export(&plain, &selection)?;
        // As it was exported: another process may have changed the store before that.
        let written = Self::open_read_only(&plain)?.sources()?.pop();
        let written = written.ok_or_else(|| AdvisoryError::NoSource(source.to_owned()))?;
        Connection::open(&plain)
            .and_then(|connection| connection.execute_batch(WITHOUT_TIMES))
            .map_err(|error| AdvisoryError::of_database(&plain, error))?;
        let path = folder.join(format!("{number}.zst"));
        let failed = |source| PartError::Write {
            path: path.clone(),
            source,
        };
        let (digest, size, unpacked) = pack(&plain, &path).map_err(failed)?;
        std::fs::remove_file(&plain).map_err(failed)?;
        let source = PublishedSource::new(&written, digest, unpacked);
        Ok(Part { source, path, size })
    }

    /// Whether this store already has a source as it is published.
    pub fn has(
        &self,
        published: &PublishedSource,
        publication: &Publication,
    ) -> Result<bool, AdvisoryError> {
        let sources = self.sources()?;
        let is_same = |source: &SourceStatus| {
            source.name == published.name && source.digest == published.digest
        };
        if !sources.iter().any(is_same) {
            return Ok(false);
        }
        let bare = sources_without_details(&self.connection)
            .map_err(|error| self.database_error(error))?;
        Ok(!publication.details || !bare.contains(&published.name))
    }

    /// Takes in parts, all of them or none: see [`Self::merge`]. `folder` is for what is put together on the way.
    pub fn take_parts(
        &mut self,
        parts: &[(PublishedSource, PathBuf)],
        folder: &Path,
        moment: i64,
    ) -> Result<Merged, PartError> {
        let all = folder.join("all.db");
        put_together(&all, parts)?;
        Ok(self.merge(&all, moment)?)
    }

    /// Notes that sources are as they were when their publisher last looked.
    pub fn note_unchanged(&mut self, sources: &[PublishedSource]) -> Result<(), AdvisoryError> {
        let note = || {
            let transaction = self.connection.unchecked_transaction()?;
            let mut update = transaction.prepare(
                "UPDATE source SET checked = max(checked, :checked) WHERE name = :name AND digest = :digest",
            )?;
            for source in sources {
                let Digest::Sha256(digest) = source.digest else {
                    continue;
                };
                update.execute(named_params! {
                    ":checked": source.checked, ":name": source.name, ":digest": digest
                })?;
            }
            drop(update);
            transaction.commit()
        };
        note().map_err(|error| self.database_error(error))
    }
}

impl PublishedSource {
    /// Takes a part's bytes as they come, verifies them, and unpacks them into a folder, as the file `NUMBER.db`.
    pub fn receive(
        &self,
        reader: impl Read,
        folder: &Path,
        number: usize,
    ) -> Result<PathBuf, PartError> {
        let packed = folder.join(format!("{number}.zst"));
        let path = folder.join(format!("{number}.db"));
        let write_error = |source| PartError::Write {
            path: path.clone(),
            source,
        };
        let mut file = File::create(&packed).map_err(write_error)?;
        let actual = self.copy_hashed(reader, &mut file, &packed)?;
        if actual != self.layer {
            return Err(PartError::Altered {
                source_name: self.name.clone(),
                expected: self.layer.to_string(),
                actual: actual.to_string(),
            });
        }
        self.unpack(&packed, &path)?;
        std::fs::remove_file(&packed).map_err(write_error)?;
        self.check(&path)?;
        Ok(path)
    }

    fn copy_hashed(
        &self,
        mut reader: impl Read,
        file: &mut File,
        path: &Path,
    ) -> Result<Digest, PartError> {
        let mut hasher = self.layer.hasher();
        let mut piece = vec![0; PIECE];
        loop {
            let count = match reader.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(|source| PartError::Read {
                    source_name: self.name.clone(),
                    source,
                })?,
            };
            let Some(piece) = piece.get(..count).filter(|piece| !piece.is_empty()) else {
                return Ok(hasher.finish());
            };
            hasher.update(piece);
            file.write_all(piece).map_err(|source| PartError::Write {
                path: path.to_owned(),
                source,
            })?;
        }
    }

    /// What was verified is what its publisher wrote, but is not trusted to have a reasonable size.
    fn unpack(&self, packed: &Path, path: &Path) -> Result<(), PartError> {
        let write_error = |source| PartError::Write {
            path: path.to_owned(),
            source,
        };
        let no_part = |error: io::Error| self.no_part(error.to_string());
        let packed = File::open(packed).map_err(write_error)?;
        let decoder = zstd::Decoder::new(packed).map_err(no_part)?;
        let mut decoder = decoder.take(self.size.saturating_add(1));
        let mut out = BufWriter::with_capacity(PIECE, File::create(path).map_err(write_error)?);
        let mut piece = vec![0; PIECE];
        let mut total = 0_u64;
        loop {
            let count = decoder.read(&mut piece).map_err(no_part)?;
            let Some(piece) = piece.get(..count).filter(|piece| !piece.is_empty()) else {
                break;
            };
            total += count as u64;
            out.write_all(piece).map_err(write_error)?;
        }
        out.flush().map_err(write_error)?;
        if total == self.size {
            return Ok(());
        }
        Err(self.no_part(format!(
            "it has not the {} bytes that were announced",
            self.size
        )))
    }

    /// The part is a store with this source as it was announced, and with nothing that acts by itself.
    fn check(&self, path: &Path) -> Result<(), PartError> {
        let store = Store::open_read_only(path).map_err(|error| match error {
            AdvisoryError::NotAStore { .. }
            | AdvisoryError::Damaged { .. }
            | AdvisoryError::Database { .. } => self.no_part("it is no advisory store".to_owned()),
            error => PartError::Store(error),
        })?;
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')
                   OR sql LIKE 'CREATE VIRTUAL%'";
        let acting: i64 = store
            .connection
            .query_row(sql, [], |row| row.get(0))
            .map_err(|error| AdvisoryError::of_database(path, error))?;
        if acting > 0 {
            return Err(self.no_part("it has views or triggers".to_owned()));
        }
        let sources = store.sources()?;
        match sources.as_slice() {
            [only] if only.name == self.name && only.digest == self.digest => Ok(()),
            _ => Err(self.no_part("it holds another source, or another state of it".to_owned())),
        }
    }

    fn no_part(&self, reason: String) -> PartError {
        PartError::NoPart {
            source_name: self.name.clone(),
            reason,
        }
    }
}

/// Packs a file; the digest and size of what comes out, and the size of what went in.
fn pack(plain: &Path, path: &Path) -> io::Result<(Digest, u64, u64)> {
    let mut input = BufReader::with_capacity(PIECE, File::open(plain)?);
    let out = Hashed {
        inner: BufWriter::with_capacity(PIECE, File::create(path)?),
        hasher: DigestHasher::sha256(),
        size: 0,
    };
    let mut encoder = zstd::Encoder::new(out, COMPRESSION)?;
    encoder.include_checksum(true)?;
    let unpacked = io::copy(&mut input, &mut encoder)?;
    let mut out = encoder.finish()?;
    out.flush()?;
    Ok((out.hasher.finish(), out.size, unpacked))
}

struct Hashed<W> {
    inner: W,
    hasher: DigestHasher,
    size: u64,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..count).unwrap_or_default());
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The records of one part behind those of the parts before it.
const KEEP_PART: &str = "
    INSERT INTO source (id, name, format, url, licence, republish, newest, advisories, digest, since, checked)
        SELECT :number, name, format, url, licence, republish, newest, advisories, digest, 0, :checked
            FROM origin.source";

const KEEP_RECORDS: &str = "
    INSERT INTO kept SELECT a.id, :next - 1 + row_number() OVER (ORDER BY a.external_id), :number
        FROM origin.advisory a WHERE a.until IS NULL";

/// One store of several parts, which are checked when it is merged.
fn put_together(path: &Path, parts: &[(PublishedSource, PathBuf)]) -> Result<(), AdvisoryError> {
    let database = |error| AdvisoryError::of_database(path, error);
    let connection = create(path)?;
    connection
        .execute_batch(&format!(
            "PRAGMA trusted_schema = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;
             {}
             CREATE TEMP TABLE kept (old INTEGER PRIMARY KEY, new INTEGER NOT NULL, source INTEGER NOT NULL);",
            fresh_schema()
        ))
        .map_err(database)?;
    for (number, (source, part)) in (1_i64..).zip(parts) {
        let origin = Attached::read_only(&connection, part, "origin")?;
        let copy = || {
            let transaction = connection.unchecked_transaction()?;
            let next = history::next_row(&transaction)?;
            transaction.execute(
                KEEP_PART,
                named_params! {":number": number, ":checked": source.checked},
            )?;
            transaction.execute("DELETE FROM kept", [])?;
            transaction.execute(
                KEEP_RECORDS,
                named_params! {":next": next, ":number": number},
            )?;
            copy_rows_of_kept(&transaction, true)?;
            copy_beside(&transaction, number)?;
            transaction.commit()
        };
        copy().map_err(database)?;
        drop(origin);
    }
    Ok(())
}

fn copy_beside(connection: &Connection, number: i64) -> rusqlite::Result<()> {
    for (table, columns) in signals::TABLES {
        connection.execute(
            &format!(
                "INSERT INTO main.{table} (source, {columns}) SELECT ?1, {columns} FROM origin.{table}"
            ),
            [number],
        )?;
    }
    Ok(())
}
