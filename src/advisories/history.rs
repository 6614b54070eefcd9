//! What stood when: the store's rows carry since when and until when they held.
//!
//! The times are those of the imports, never those that a feed writes: "as of Tuesday" is what a scan on Tuesday would
//! have said. No snapshot digest depends on them.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, OptionalExtension};

use super::error::AdvisoryError;
use super::import::drop_unnamed_packages;
use super::snapshot;
use super::store::Store;
use crate::model::{Date, Digest};

/// The time that a store is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AsOf(i64);

impl AsOf {
    /// What stands now.
    pub const NOW: Self = Self(i64::MAX);

    /// What stood at a moment, in seconds since 1970.
    pub const fn at(moment: i64) -> Self {
        Self(moment)
    }

    pub(super) const fn moment(self) -> i64 {
        self.0
    }

    /// The SQL condition on a row `a` of `advisory` that it stood then. The time is written out: SQLite plans a statement anew for
    /// each run if a parameter stands where this one would.
    pub(super) fn holds(self) -> String {
        if self.is_now() {
            return "a.until IS NULL".to_owned();
        }
        let moment = self.0;
        format!("a.since <= {moment} AND (a.until IS NULL OR a.until > {moment})")
    }

    /// Whether it is the present.
    pub fn is_now(self) -> bool {
        self == Self::NOW
    }
}

/// A time that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time: write a day, 2026-01-31, or a moment, 2026-01-31T12:00:00Z")]
pub struct AsOfError(String);

impl FromStr for AsOf {
    type Err = AsOfError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "now" {
            return Ok(Self::NOW);
        }
        let day = text.parse::<Date>().map(Date::last_second).ok();
        let moment = || text.parse::<jiff::Timestamp>().ok();
        day.or_else(|| moment().map(jiff::Timestamp::as_second))
            .map(Self)
            .ok_or_else(|| AsOfError(text.to_owned()))
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_now() {
            return f.write_str("now");
        }
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

/// Where the store's latest time stands, and where its history begins.
const LATEST: &str = "latest";
const BEGINS: &str = "history_begins";

fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<i64>> {
    let value: Option<String> = connection
        .query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(value.and_then(|value| value.parse().ok()))
}

fn set_meta(connection: &Connection, key: &str, value: i64) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
            (key, value.to_string()),
        )
        .map(drop)
}

/// The moment of an import. A clock that jumped back does not take the store's time with it, or what is closed now would
/// seem to have ended before it began.
pub(super) fn advance(connection: &Connection, moment: i64) -> rusqlite::Result<i64> {
    let latest = meta(connection, LATEST)?.unwrap_or_default().max(moment);
    set_meta(connection, LATEST, latest)?;
    Ok(latest)
}

/// Ends the row of a record. One that began at this very moment never stood: it goes, and what is its own goes with
/// [`sweep`].
pub(super) fn close(connection: &Connection, row: i64, moment: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE advisory SET until = ?2 WHERE id = ?1")?
        .execute((row, moment))?;
    connection
        .prepare_cached("DELETE FROM advisory WHERE id = ?1 AND since = until")?
        .execute([row])
        .map(drop)
}

/// Deletes what belongs to no advisory any more.
pub(super) fn sweep(connection: &Connection) -> rusqlite::Result<()> {
    for table in ["alias", "range", "exact", "unordered", "detail"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE advisory NOT IN (SELECT id FROM advisory)"),
            [],
        )?;
    }
    drop_unnamed_packages(connection)
}

/// The number of the next row of `advisory`. Numbers are not used again before [`sweep`], or rows of one that went would
/// become its.
pub(super) fn next_row(connection: &Connection) -> rusqlite::Result<i64> {
    let sql = "SELECT ifnull(max(id), 0) + 1 FROM advisory";
    connection.query_row(sql, [], |row| row.get(0))
}

/// Says that a store that was copied without its history begins where the store `origin` is now.
pub(super) fn begin_now(connection: &Connection, origin: &str) -> rusqlite::Result<()> {
    let sql = format!("SELECT value FROM {origin}.meta WHERE key = ?1");
    let latest: Option<String> = connection
        .query_row(&sql, [LATEST], |row| row.get(0))
        .optional()?;
    let latest = latest.and_then(|value| value.parse().ok()).unwrap_or(0);
    set_meta(connection, LATEST, latest)?;
    set_meta(connection, BEGINS, latest)
}

impl Store {
    /// The store as it was at a time; an error if its history does not reach back that far.
    pub fn as_of(mut self, as_of: AsOf) -> Result<Self, AdvisoryError> {
        self.check_history(as_of)?;
        self.as_of = as_of;
        Ok(self)
    }

    /// The time that the store is asked about.
    pub const fn asked(&self) -> AsOf {
        self.as_of
    }

    pub(super) fn check_history(&self, as_of: AsOf) -> Result<(), AdvisoryError> {
        let begins = self.history_begins()?;
        if as_of.is_now() || begins.is_some_and(|begins| begins <= as_of) {
            return Ok(());
        }
        Err(AdvisoryError::BeforeHistory {
            path: self.path.clone(),
            asked: as_of,
            begins,
        })
    }

    /// The snapshot digest of the advisories as they stood. Data beside advisories have no history, and no part in it.
    pub fn snapshot_digest_as_of(&self, as_of: AsOf) -> Result<Digest, AdvisoryError> {
        if as_of.is_now() {
            snapshot::root(&self.connection)
        } else {
            snapshot::root_as_of(&self.connection, as_of)
        }
        .map_err(|error| self.database_error(error))
    }

    /// From when on the store can answer; `None` while it is empty.
    pub fn history_begins(&self) -> Result<Option<AsOf>, AdvisoryError> {
        let begins = || -> rusqlite::Result<Option<i64>> {
            let sql = "SELECT min(since) FROM source";
            let first: Option<i64> = self.connection.query_row(sql, [], |row| row.get(0))?;
            Ok(first.max(meta(&self.connection, BEGINS)?))
        };
        let begins = begins().map_err(|error| self.database_error(error))?;
        Ok(begins.map(AsOf))
    }

    /// Notes that a source was found as it is at a moment.
    pub fn found_unchanged(&mut self, source: &str, moment: i64) -> Result<(), AdvisoryError> {
        self.connection
            .execute(
                "UPDATE source SET checked = max(checked, ?2) WHERE name = ?1",
                (source, moment),
            )
            .map(drop)
            .map_err(|error| self.database_error(error))
    }

    /// Forgets the states of records that ended before a moment; how many there were. What stands is not touched.
    pub fn prune(&mut self, before: i64) -> Result<usize, AdvisoryError> {
        let path = self.path.clone();
        let mut prune = || {
            let transaction = self.connection.transaction()?;
            let gone = transaction.execute("DELETE FROM advisory WHERE until <= ?1", [before])?;
            if gone > 0 {
                sweep(&transaction)?;
                let begins = meta(&transaction, BEGINS)?.unwrap_or(before).max(before);
                set_meta(&transaction, BEGINS, begins)?;
            }
            transaction.commit()?;
            Ok(gone)
        };
        prune().map_err(|error| AdvisoryError::of_database(&path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::{ids, record};
    use crate::advisories::{FeedInput, Format, Source, match_packages};
    use crate::model::{Package, PackageType};

    fn import(store: &mut Store, source: &str, moment: i64, lines: &str) {
        let source = Source {
            moment,
            ..Source::named(source)
        };
        let input = FeedInput::Stream("test".to_owned(), Box::new(lines.as_bytes()));
        store.import(&source, Format::Osv, input).expect("imported");
    }

    fn found(store: &Store) -> Vec<String> {
        let package = Package::new(PackageType::NPM, "x", "1.0.0");
        let outcome = match_packages(store, None, &[package]).expect("matched");
        let mut said: Vec<String> = ids(&outcome).into_iter().map(str::to_owned).collect();
        said.extend(outcome.gaps.into_iter().map(|gap| gap.detail));
        said
    }

    /// The store on disk, since each view of it is a store of its own.
    fn filled() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("store.db");
        let mut store = Store::open_for_import(&path).expect("store");
        let line = |id, fixed| record(id, "npm", "x", fixed, "");
        import(
            &mut store,
            "a",
            100,
            &(line("A-1", "2.0.0") + &line("A-2", "2.0.0")),
        );
        import(
            &mut store,
            "a",
            200,
            &(line("A-1", "0.9.0") + &line("A-3", "2.0.0")),
        );
        import(&mut store, "b", 300, &record("B-1", "PyPI", "y", "1", ""));
        (folder, path)
    }

    #[test]
    fn the_store_answers_as_of_then_with_the_digest_of_then() {
        let (_folder, path) = filled();
        let at = |moment| {
            let store = Store::open_read_only(&path).expect("store");
            store.as_of(AsOf::at(moment)).expect("history")
        };
        assert_eq!(found(&at(100)), ["A-1", "A-2"]);
        assert_eq!(found(&at(199)), ["A-1", "A-2"]);
        assert_eq!(found(&at(200)), ["A-3"]);
        let now = Store::open_read_only(&path).expect("store");
        assert_eq!(found(&now), ["A-3"]);
        let mut alone = Store::in_memory().expect("store");
        let lines =
            record("A-1", "npm", "x", "2.0.0", "") + &record("A-2", "npm", "x", "2.0.0", "");
        import(&mut alone, "a", 7, &lines);
        assert_eq!(
            at(150).snapshot_digest().expect("digest"),
            alone.snapshot_digest().expect("digest")
        );
        assert_eq!(
            at(300).snapshot_digest().expect("digest"),
            now.snapshot_digest().expect("digest")
        );
    }

    #[test]
    fn what_came_in_later_is_not_called_clean_before() {
        let (_folder, path) = filled();
        let store = Store::open_read_only(&path).expect("store");
        let error = store.as_of(AsOf::at(99)).err().expect("before all");
        assert!(
            error
                .to_string()
                .ends_with("its history begins at 1970-01-01T00:01:40Z")
        );
        let store = Store::open_read_only(&path).expect("store");
        let store = store.as_of(AsOf::at(250)).expect("history");
        let python = Package::new(PackageType::PYPI, "y", "0.5");
        let outcome = match_packages(&store, None, &[python]).expect("matched");
        assert_eq!((outcome.matches.len(), outcome.gaps.len()), (0, 1));
    }

    #[test]
    fn a_clock_that_jumps_back_does_not_turn_history_around() {
        let (_folder, path) = filled();
        let mut store = Store::open_for_import(&path).expect("store");
        import(&mut store, "a", 50, &record("A-4", "npm", "x", "2.0.0", ""));
        assert_eq!(found(&store), ["A-4"]);
        let store = store.as_of(AsOf::at(299)).expect("history");
        assert_eq!(found(&store), ["A-3"]);
    }

    #[test]
    fn pruned_states_are_gone_and_the_history_begins_later() {
        let (_folder, path) = filled();
        let mut store = Store::open_for_import(&path).expect("store");
        let digest = store.snapshot_digest().expect("digest");
        assert_eq!(store.prune(199).expect("pruned"), 0);
        assert_eq!(store.prune(250).expect("pruned"), 2);
        assert_eq!(store.snapshot_digest().expect("digest"), digest);
        assert_eq!(found(&store), ["A-3"]);
        assert_eq!(store.history_begins().expect("begins"), Some(AsOf::at(250)));
        assert!(store.as_of(AsOf::at(150)).is_err());
    }
}
