//! Whether a store's rows are what its digests say.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::record::each_record;
use crate::advisories::error::AdvisoryError;
use crate::advisories::snapshot;
use crate::advisories::store::Store;
use crate::model::Digest;

/// What was recomputed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Records whose rows give their digest.
    pub records: u64,
    /// Sources that came without details: what their records' digests are over is not all there.
    pub without_details: Vec<String>,
    /// The snapshot that was recomputed.
    pub snapshot: Digest,
}

impl Store {
    /// Recomputes every digest from the rows: of each record, of each source, of the snapshot.
    pub fn verify(&self) -> Result<Verified, AdvisoryError> {
        let path = self.path();
        let database = |error| AdvisoryError::of_database(path, error);
        let records = rows_match(&self.connection, "a.until IS NULL", path)?;
        let bare = sources_without_details(&self.connection).map_err(database)?;
        for source in self.sources()? {
            if !bare.contains(&source.name) {
                source_matches(&self.connection, &source.name, &source.digest, path)?;
            }
        }
        Ok(Verified {
            records,
            without_details: bare.into_iter().collect(),
            snapshot: self.snapshot_digest()?,
        })
    }
}

/// Checks each record against its digest; how many there are.
pub(super) fn rows_match(
    connection: &Connection,
    condition: &str,
    path: &std::path::Path,
) -> Result<u64, AdvisoryError> {
    let mut count = 0;
    let mut wrong = None;
    each_record(connection, condition, |_, advisory, claimed| {
        count += 1;
        if wrong.is_none() && advisory.content_digest() != Digest::Sha256(claimed) {
            wrong = Some(advisory.id);
        }
        Ok(())
    })
    .map_err(|error| AdvisoryError::of_database(path, error))?;
    match wrong {
        None => Ok(count),
        Some(record) => Err(AdvisoryError::DigestMismatch {
            what: format!("the record {record}"),
            path: path.to_owned(),
        }),
    }
}

/// Checks a source's digest against those of its records.
pub(super) fn source_matches(
    connection: &Connection,
    name: &str,
    claimed: &Digest,
    path: &std::path::Path,
) -> Result<(), AdvisoryError> {
    let digest = crate::advisories::intake::source_id(connection, name)
        .and_then(|id| snapshot::source(connection, id))
        .map_err(|error| AdvisoryError::of_database(path, error))?;
    if Digest::Sha256(digest) == *claimed {
        return Ok(());
    }
    Err(AdvisoryError::DigestMismatch {
        what: format!("the source {name}"),
        path: path.to_owned(),
    })
}

pub(super) fn sources_without_details(
    connection: &Connection,
) -> rusqlite::Result<BTreeSet<String>> {
    connection
        .prepare(
            "SELECT DISTINCT s.name FROM source s JOIN advisory a ON a.source = s.id
             WHERE a.until IS NULL AND NOT EXISTS (SELECT 1 FROM detail d WHERE d.advisory = a.id)",
        )?
        .query_map([], |row| row.get(0))?
        .collect()
}
