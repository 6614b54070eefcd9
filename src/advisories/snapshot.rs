//! The digest that names a state of the store, whatever machine it is on and however SQLite laid out its pages.
//!
//! ```text
//! advisory = SHA-256 of its normalised content (advisory.rs)
//! source   = SHA-256 over ( id 00 advisory )* in order of the ids, then its data beside advisories (signals.rs)
//! snapshot = SHA-256 over ( name 00 source )* in order of the names
//! ```
//! Two stores with different snapshots differ in a source whose digest tells, and there in an advisory whose digest tells.

use rusqlite::Connection;

use super::history::AsOf;
use super::signals;
use crate::model::{Digest, DigestHasher};

/// The digest of one source's advisories as they stand.
pub(super) fn source(connection: &Connection, source: i64) -> rusqlite::Result<[u8; 32]> {
    let mut hasher = DigestHasher::sha256();
    fold_advisories(connection, source, AsOf::NOW, &mut hasher)?;
    signals::fold_digest(connection, source, &mut hasher)?;
    Ok(finish(hasher))
}

/// The advisories of a source as they stood. Data beside them have no history.
fn fold_advisories(
    connection: &Connection,
    source: i64,
    as_of: AsOf,
    hasher: &mut DigestHasher,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!(
        "SELECT a.external_id, d.digest FROM advisory a JOIN detail d ON d.advisory = a.id
         WHERE a.source = ?1 AND {} ORDER BY a.external_id",
        as_of.holds()
    ))?;
    fold(statement.query([source])?, hasher)
}

/// The digest of all sources.
pub(super) fn root(connection: &Connection) -> rusqlite::Result<Digest> {
    let mut statement = connection.prepare("SELECT name, digest FROM source ORDER BY name")?;
    let mut hasher = DigestHasher::sha256();
    fold(statement.query([])?, &mut hasher)?;
    Ok(Digest::Sha256(finish(hasher)))
}

/// The digest of all sources as they stood.
pub(super) fn root_as_of(connection: &Connection, as_of: AsOf) -> rusqlite::Result<Digest> {
    let mut statement =
        connection.prepare("SELECT name, id FROM source WHERE since <= ?1 ORDER BY name")?;
    let mut rows = statement.query([as_of.moment()])?;
    let mut hasher = DigestHasher::sha256();
    while let Some(row) = rows.next()? {
        let mut of_source = DigestHasher::sha256();
        fold_advisories(connection, row.get(1)?, as_of, &mut of_source)?;
        hasher.update(row.get_ref(0)?.as_bytes()?);
        hasher.update(&[0]);
        hasher.update(&finish(of_source));
    }
    Ok(hasher.finish())
}

fn fold(mut rows: rusqlite::Rows<'_>, hasher: &mut DigestHasher) -> rusqlite::Result<()> {
    while let Some(row) = rows.next()? {
        hasher.update(row.get_ref(0)?.as_bytes()?);
        hasher.update(&[0]);
        hasher.update(&row.get::<_, [u8; 32]>(1)?);
    }
    Ok(())
}

fn finish(hasher: DigestHasher) -> [u8; 32] {
    match hasher.finish() {
        Digest::Sha256(bytes) => bytes,
        Digest::Sha512(_) => [0; 32],
    }
}
