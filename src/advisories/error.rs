//! Why the advisories cannot be used.

use std::io;
use std::path::PathBuf;

use super::history::AsOf;

/// An error of the advisory room, by what the user can do about it.
#[derive(Debug, thiserror::Error)]
pub enum AdvisoryError {
    /// There is no store at that place.
    #[error("there is no advisory store at {}: fill one with `plimsoll db update` or `plimsoll db import`", path.display())]
    NoStore {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not an advisory store: name another file, or move this one away", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// Another version of Plimsoll wrote it, in a form that cannot be read here.
    #[error(
        "the advisory store {} has schema {found}, this version reads {known}: {}",
        path.display(),
        if found > known { "use the Plimsoll that wrote it, or a newer one" } else { "remove it and fill it again with `plimsoll db update` or `plimsoll db import`" }
    )]
    OtherSchema {
        /// The store.
        path: PathBuf,
        /// What its `meta` table says.
        found: i64,
        /// What this version reads and writes.
        known: i64,
    },
    /// The store cannot answer as of that time.
    #[error(
        "the advisory store {} has no history of {asked}: {}",
        path.display(),
        begins.map_or_else(|| "it holds nothing".to_owned(), |begins| format!("its history begins at {begins}"))
    )]
    BeforeHistory {
        /// The store.
        path: PathBuf,
        /// The time that was asked for.
        asked: AsOf,
        /// What it can answer from; `None`: it is empty.
        begins: Option<AsOf>,
    },
    /// There is no such source in the store.
    #[error("the advisory store has no source `{0}`: `plimsoll db status` lists them")]
    NoSource(String),
    /// What rows say, and what their digest says, are two things.
    #[error("{}: {what} is not what its digest says; nothing of it was taken", path.display())]
    DigestMismatch {
        /// Which record, source or snapshot.
        what: String,
        /// The file.
        path: PathBuf,
    },
    /// A store file that is no delta.
    #[error("{} is no delta: `plimsoll db import` takes a whole store", path.display())]
    NoDelta {
        /// The file.
        path: PathBuf,
    },
    /// A delta for another state.
    #[error(
        "the delta starts from snapshot {from}, and this store ({snapshot}) has another `{source_name}`: import the whole store instead"
    )]
    OtherBase {
        /// The first source that is in another state.
        source_name: String,
        /// The snapshot digest that the delta starts from.
        from: String,
        /// The store's.
        snapshot: String,
    },
    /// SQLite finds the file damaged.
    #[error("the advisory store {} is damaged: remove it and fill it again with `plimsoll db update` or `plimsoll db import`", path.display())]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// Another import is running, and it did not end in time.
    #[error("the advisory store {} is being written by {holder}: wait for it to end", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
        /// Who holds the lock, as far as the lock file tells.
        holder: String,
    },
    /// There is no room left for the store.
    #[error("no space left to write the advisory store {}: the old state is kept", path.display())]
    DiskFull {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The store, or the folder it lies in, cannot be read or written.
    #[error("the advisory store {} cannot be opened", path.display())]
    Open {
        /// The store.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// SQLite refuses for another reason.
    #[error("the advisory store {} cannot be used", path.display())]
    Database {
        /// The store.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// A feed file cannot be read to its end.
    #[error("{place} cannot be read; the store keeps its old state")]
    ReadFeed {
        /// The file, and its member for an archive.
        place: String,
        /// What the system, or the decompressor, says.
        #[source]
        source: io::Error,
    },
    /// The input has not one record of the format.
    #[error("{place} holds no advisory in {format} form ({seen}); the store keeps its old state")]
    NothingRecognised {
        /// The input.
        place: String,
        /// The format that was asked for.
        format: &'static str,
        /// What was there instead, in words.
        seen: String,
    },
    /// A format that there is no reader for.
    #[error("unknown feed format `{0}`: osv, secdb, debian-tracker and csaf are known")]
    UnknownFormat(String),
    /// `feeds.toml` is not as it should be.
    #[error("{place}: {reason}")]
    Catalogue {
        /// Which file.
        place: String,
        /// What is wrong, with the line.
        reason: String,
    },
}

impl AdvisoryError {
    /// Sorts an error of SQLite by what can be done about it.
    pub(super) fn of_database(path: &std::path::Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore { path },
            Some(ErrorCode::DatabaseCorrupt) => Self::Damaged { path, source },
            Some(ErrorCode::DiskFull) => Self::DiskFull { path, source },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy {
                path,
                holder: "another process".to_owned(),
            },
            _ => Self::Database { path, source },
        }
    }
}
