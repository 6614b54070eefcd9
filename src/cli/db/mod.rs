//! `plimsoll db`: fill the advisory store, bring it up to date, ask what it holds.

mod exchange;
mod import;
mod pull;
mod push;
mod status;
mod update;
mod workspace;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::compare::CompareArguments;
use super::search::SearchArguments;
use super::{Exit, Failure, Manners, folders};
use crate::advisories::{AdvisoryError, Format, Selection, Store};
use crate::model::Date;
use crate::signing::VerifyingKey;
use import::import;
use status::status;
use update::update_feeds;
pub(super) use update::update_for;

/// What `plimsoll db` takes.
#[derive(Debug, Args)]
pub(super) struct DbArguments {
    #[command(subcommand)]
    command: DbCommand,

    /// The advisory store.
    #[arg(long, global = true, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum DbCommand {
    /// Import feeds, stores and deltas from files.
    ///
    /// A feed's source is named after its file unless --name says otherwise; importing it again replaces it. A store that `db
    /// export` wrote, or a delta, is taken in if every digest holds. All of it is one transaction: there is the old state or the
    /// new one.
    Import {
        /// Files or folders, packed (.gz, .zst, .zip, .tar) or not.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        #[arg(long, value_name = "FORMAT", help = format_help())]
        format: Option<Format>,
        /// The source's name in the store.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// Take only what this public key has signed, by FILE.sig beside each file.
        #[arg(long, value_name = "KEY", env = "PLIMSOLL_DB_KEY")]
        verify_key: Option<PathBuf>,
    },
    /// Fetch the feeds that have changed, and import them.
    ///
    /// A feed that cannot be had keeps its old state, and the exit code is 3.
    Update {
        /// Only these feeds, or those of these ecosystems: osv/PyPI, npm, Debian, …
        feeds: Vec<String>,
        /// The list of feeds, in place of the one inside Plimsoll.
        #[arg(long = "feeds", value_name = "FILE", env = "PLIMSOLL_FEEDS")]
        list: Option<PathBuf>,
    },
    /// Send the store to a registry, as an artifact that any registry tool can copy.
    ///
    /// Each source is a layer of its own, and what the registry has already is not sent again. Sources whose licence does
    /// not let them be handed on are left out, and named.
    Push(push::PushArguments),
    /// Bring the store to the state that a registry has of its sources.
    ///
    /// Only sources that changed are fetched; every digest is checked, and the store holds the old state or the new one.
    /// Sources that are not in the registry stay as they are.
    Pull(pull::PullArguments),
    /// What the store holds: sources, their dates and sizes, and the snapshot digest.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The advisories with an id, or about a package.
    Search(SearchArguments),
    /// Write the store, or some of its sources, into one file that can be matched from as it is.
    ///
    /// For machines without a network: `plimsoll db import FILE` takes it in there. A name that ends in .zst is packed.
    Export {
        /// The new file.
        file: PathBuf,
        /// Only these sources.
        #[arg(long = "source", value_name = "NAME")]
        sources: Vec<String>,
        /// Leave out sources whose licence does not let them be handed on.
        #[arg(long)]
        for_publication: bool,
        /// Leave out summaries, links and texts: it finds as much in half the size.
        #[arg(long)]
        no_details: bool,
        /// Sign it with this private key: FILE.sig comes to lie beside it.
        #[arg(long, value_name = "KEY")]
        key: Option<PathBuf>,
    },
    /// Write what leads from an older store to this one: what changed, and what is gone.
    ///
    /// `plimsoll db import FILE` applies it to a store in the older state, and refuses any other.
    Delta {
        /// The older store, as `db export` wrote it.
        older: PathBuf,
        /// The new file.
        file: PathBuf,
        /// Sign it with this private key: FILE.sig comes to lie beside it.
        #[arg(long, value_name = "KEY")]
        key: Option<PathBuf>,
    },
    /// Recompute every digest of the store from its rows.
    Verify,
    /// Forget what no longer stands since a day: how records were before. `db update` does so after 90 days.
    Prune {
        /// The day, as 2026-01-31.
        #[arg(long, value_name = "DATE")]
        before: Date,
    },
    /// How two versions stand to each other: `<`, `=` or `>`.
    ///
    /// Without versions it reads lines of two from standard input, with a tab between them, and answers each with a line
    /// of its own. `?` stands for a version that the scheme cannot order; the exit code is then 3.
    Compare(CompareArguments),
}

impl DbArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let path = self.db.clone().map_or_else(folders::store, Ok)?;
        match self.command {
            DbCommand::Import {
                files,
                format,
                name,
                verify_key,
            } => {
                let key = verify_key.as_deref().map(VerifyingKey::open);
                let key = key.transpose().map_err(Failure::new)?;
                for file in &files {
                    if let Some(key) = &key {
                        exchange::check_signature(file, key)?;
                    }
                }
                import(&path, &files, format, name.as_deref(), manners)
            }
            DbCommand::Update { feeds, list } => {
                update_feeds(&path, &feeds, list.as_deref(), manners)
            }
            DbCommand::Status { json } => status(self.db.as_deref(), json, manners),
            DbCommand::Search(search) => search.run(self.db.as_deref(), manners),
            DbCommand::Export {
                file,
                sources,
                for_publication,
                no_details,
                key,
            } => {
                let selection = Selection {
                    sources: (!sources.is_empty()).then_some(sources),
                    for_publication,
                    without_details: no_details,
                };
                exchange::export(
                    self.db.as_deref(),
                    &file,
                    &selection,
                    key.as_deref(),
                    manners,
                )
            }
            DbCommand::Delta { older, file, key } => {
                exchange::delta(self.db.as_deref(), &older, &file, key.as_deref(), manners)
            }
            DbCommand::Verify => exchange::verify(self.db.as_deref(), manners),
            DbCommand::Prune { before } => exchange::prune(&path, before.last_second(), manners),
            DbCommand::Push(push) => push.run(&path, manners),
            DbCommand::Pull(pull) => pull.run(&path, manners),
            DbCommand::Compare(compare) => compare.run(),
        }
    }
}

fn format_help() -> String {
    let names = Format::ALL.map(Format::name).join(", ");
    format!("The form of a feed: {names}; found out by looking unless given")
}

/// The store to match with: the one that is named, or else the user's own, or else the starter advisories.
pub(super) fn open_store(named: Option<&Path>) -> Result<Store, Failure> {
    let path = named.map_or_else(folders::store, |path| Ok(path.to_owned()))?;
    match Store::open_read_only(&path) {
        Err(AdvisoryError::NoStore { .. }) if named.is_none() => {
            tracing::info!(
                "no store at {}: the starter advisories are used",
                path.display()
            );
            Store::starter()
        }
        opened => {
            tracing::info!("advisories come from {}", path.display());
            opened
        }
    }
    .map_err(Failure::new)
}

fn open_for_import(path: &Path) -> Result<Store, Failure> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            let hint = "name another place with --db, or in PLIMSOLL_DB";
            Failure::new(format!(
                "the folder {} cannot be made: {error}",
                folder.display()
            ))
            .with_hint(Some(hint))
        })?;
    }
    Store::open_for_import(path).map_err(Failure::new)
}

/// A line about what is done: to standard error, unless the user wants none.
fn note(text: &str, manners: Manners) {
    if !manners.quiet {
        let _ = writeln!(anstream::stderr(), "{text}");
    }
}

fn warn(text: &str) {
    let _ = writeln!(anstream::stderr(), "warning: {text}");
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
