//! `plimsoll db`: fill the advisory store, bring it up to date, ask what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

use super::compare::CompareArguments;
use super::fetch::Http;
use super::output::answer;
use super::search::SearchArguments;
use super::{Exit, Failure, Manners, folders};
use crate::advisories::{
    AdvisoryError, Catalogue, Feed, FeedInput, FeedUpdate, Format, ImportReport, Source, Store,
    StoreStatus, UpdateOutcome, update,
};

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
    /// Import feeds from files: OSV records, Alpine's secdb, Debian's security tracker.
    ///
    /// A source is named after its file unless --name says otherwise; importing a source again replaces it. The store
    /// is changed in one transaction: it holds the old state or the new one.
    Import {
        /// Files or folders, packed (.gz, .zst, .zip, .tar) or not.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// The form: osv, secdb or debian-tracker; found out by looking unless given.
        #[arg(long, value_name = "FORMAT")]
        format: Option<Format>,
        /// The source's name in the store.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Fetch the feeds that have changed, and import them.
    ///
    /// A feed that cannot be had keeps its old state, and the exit code is 3.
    Update {
        /// Only these feeds, or those of these ecosystems: osv/PyPI, npm, Debian, …
        feeds: Vec<String>,
        /// The list of feeds, in place of the one inside Plimsoll.
        #[arg(long = "feeds", value_name = "FILE")]
        list: Option<PathBuf>,
    },
    /// What the store holds: sources, their dates and sizes, and the snapshot digest.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// The advisories with an id, or about a package.
    Search(SearchArguments),
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
            } => import(&path, &files, format, name.as_deref(), manners),
            DbCommand::Update { feeds, list } => {
                update_feeds(&path, &feeds, list.as_deref(), manners)
            }
            DbCommand::Status { json } => status(self.db.as_deref(), json, manners),
            DbCommand::Search(search) => search.run(self.db.as_deref(), manners),
            DbCommand::Compare(compare) => compare.run(),
        }
    }
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

fn import(
    store: &Path,
    files: &[PathBuf],
    format: Option<Format>,
    name: Option<&str>,
    manners: Manners,
) -> Result<Exit, Failure> {
    if let (Some(_), [_, _, ..]) = (name, files) {
        return Err(Failure::usage(
            "--name is for one file: a source has one name",
        ));
    }
    let mut store = open_for_import(store)?;
    for file in files {
        let source = Source::named(name.map_or_else(|| source_name(file), str::to_owned));
        let report = import_one(&mut store, &source, file, format).map_err(Failure::new)?;
        tell(&report, manners);
    }
    let digest = store.snapshot_digest().map_err(Failure::new)?;
    answer(&format!("snapshot {digest}"))
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

/// Imports a file in the form that is named, or in the first one that it has a record of.
fn import_one(
    store: &mut Store,
    source: &Source,
    file: &Path,
    format: Option<Format>,
) -> Result<ImportReport, AdvisoryError> {
    let formats = format.map_or_else(|| Format::ALL.to_vec(), |format| vec![format]);
    let mut result = Err(AdvisoryError::UnknownFormat(String::new()));
    for format in formats {
        result = store.import(source, format, FeedInput::Path(file));
        if !matches!(result, Err(AdvisoryError::NothingRecognised { .. })) {
            break;
        }
    }
    result
}

/// `PyPI.jsonl.gz` is the source `PyPI`.
fn source_name(file: &Path) -> String {
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    let packed = [
        ".gz", ".zst", ".xz", ".zip", ".tar", ".tgz", ".jsonl", ".json",
    ];
    let mut bare: &str = &name;
    while let Some(shorter) = packed
        .iter()
        .find_map(|ending| bare.strip_suffix(ending))
        .filter(|rest| !rest.is_empty())
    {
        bare = shorter;
    }
    bare.to_owned()
}

fn update_feeds(
    store: &Path,
    wanted: &[String],
    list: Option<&Path>,
    manners: Manners,
) -> Result<Exit, Failure> {
    let catalogue = list
        .map_or_else(Catalogue::built_in, Catalogue::open)
        .map_err(Failure::new)?;
    let feeds = choose(catalogue, wanted)?;
    let mut store = open_for_import(store)?;
    let http = Http::new().map_err(Failure::new)?;
    let updates = update(&mut store, &feeds, &http, |update| {
        tell_update(update, manners);
    })
    .map_err(Failure::new)?;
    let digest = store.snapshot_digest().map_err(Failure::new)?;
    answer(&format!("snapshot {digest}"))?;
    let failed = updates
        .iter()
        .filter(|update| failed(&update.outcome))
        .count();
    if failed == 0 {
        return Ok(Exit::Success);
    }
    Err(Failure::new(format!(
        "{failed} of {} feeds could not be updated; they keep their old state",
        updates.len()
    )))
}

/// The feeds that are named, or whose ecosystem is; all of them if none is.
fn choose(catalogue: Catalogue, wanted: &[String]) -> Result<Vec<Feed>, Failure> {
    let fits = |feed: &Feed, word: &String| {
        let mut names = std::iter::once(&feed.name).chain(&feed.ecosystems);
        names.any(|name| name.eq_ignore_ascii_case(word))
    };
    if let Some(unknown) = wanted
        .iter()
        .find(|word| !catalogue.feeds.iter().any(|feed| fits(feed, word)))
    {
        let ecosystems: BTreeSet<&str> = catalogue
            .feeds
            .iter()
            .flat_map(|feed| feed.ecosystems.iter().map(String::as_str))
            .collect();
        let ecosystems: Vec<&str> = ecosystems.into_iter().collect();
        let hint = format!("there are feeds for {}", ecosystems.join(", "));
        return Err(Failure::usage(format!("there is no feed `{unknown}`")).with_hint(Some(hint)));
    }
    let feeds = catalogue.feeds.into_iter();
    Ok(feeds
        .filter(|feed| wanted.is_empty() || wanted.iter().any(|word| fits(feed, word)))
        .collect())
}

const fn failed(outcome: &UpdateOutcome) -> bool {
    matches!(
        outcome,
        UpdateOutcome::NotFetched(_) | UpdateOutcome::NotImported(_)
    )
}

fn tell_update(update: &FeedUpdate, manners: Manners) {
    match &update.outcome {
        UpdateOutcome::Imported(report) => tell(report, manners),
        UpdateOutcome::Unchanged => note(&format!("{}: not changed", update.name), manners),
        UpdateOutcome::NotFetched(error) => {
            warn(&format!("{}: {}", update.name, chain(error.as_ref())));
        }
        UpdateOutcome::NotImported(error) => warn(&format!("{}: {}", update.name, chain(error))),
    }
}

/// What an import took, and what it left out and why: nothing is lost silently.
fn tell(report: &ImportReport, manners: Manners) {
    note(
        &format!(
            "{}: {} advisories ({} withdrawn), {} ranges, {} single versions",
            report.source,
            report.advisories,
            report.withdrawn,
            report.ranges,
            report.exact_versions
        ),
        manners,
    );
    for (reason, skipped) in &report.skipped {
        note(
            &format!(
                "  {} {}, such as {}",
                skipped.count,
                reason.text(),
                skipped.examples.join("; ")
            ),
            manners,
        );
    }
}

fn status(named: Option<&Path>, json: bool, manners: Manners) -> Result<Exit, Failure> {
    let store = open_store(named)?;
    let starter = store.starter_size().map_err(Failure::new)?.is_some();
    let status = store.status().map_err(Failure::new)?;
    if json {
        let text = serde_json::to_string_pretty(&status).map_err(Failure::new)?;
        return answer(&text);
    }
    let text = table(&status, manners);
    if starter {
        return answer(&format!(
            "{text}\n\nThere is no store yet: these are the advisories inside Plimsoll, and no coverage.\n`plimsoll db update` fetches the real ones"
        ));
    }
    answer(&text)
}

fn table(status: &StoreStatus, manners: Manners) -> String {
    let mut table = Table::new();
    let heads = ["Source", "Format", "Advisories", "Newest", "Licence"];
    let head = |text: &str| Cell::new(text).add_attribute(Attribute::Dim);
    table
        .load_style(presets::NOTHING)
        .set_header(heads.map(head));
    if manners.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for source in &status.sources {
        // The day tells how old a feed is; --json has the moment.
        let newest = source.newest.as_deref().and_then(|time| time.get(..10));
        table.add_row([
            &source.name,
            &source.format,
            &source.advisories.to_string(),
            newest.unwrap_or("–"),
            source.licence.as_deref().unwrap_or("–"),
        ]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let rows: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    format!(
        "{}\n\n{} ranges: {}\nsnapshot {}",
        rows.join("\n"),
        status.ranges,
        ecosystems(status.ecosystems.iter().map(|(name, _)| name.as_str())),
        status.snapshot
    )
}

/// `Debian (10 releases), PyPI`: the releases of a distribution are one ecosystem each in the store.
fn ecosystems<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut releases: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let (ecosystem, release) = name
            .split_once(':')
            .map_or((name, 0), |(ecosystem, _)| (ecosystem, 1));
        *releases.entry(ecosystem).or_default() += release;
    }
    let told = releases.iter().map(|(name, count)| match count {
        0 => (*name).to_owned(),
        1 => format!("{name} (1 release)"),
        count => format!("{name} ({count} releases)"),
    });
    told.collect::<Vec<_>>().join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_after_its_file() {
        for (file, name) in [
            ("feeds/PyPI.jsonl.gz", "PyPI"),
            ("all.zip", "all"),
            ("v3.10/main.json", "main"),
            ("feeds", "feeds"),
        ] {
            assert_eq!(source_name(Path::new(file)), name);
        }
    }

    #[test]
    fn the_releases_of_a_distribution_are_counted() {
        let names = ["Alpine:v3.9", "Debian:11", "Debian:12", "PyPI"];
        assert_eq!(
            ecosystems(names.into_iter()),
            "Alpine (1 release), Debian (2 releases), PyPI"
        );
    }

    #[test]
    fn feeds_are_chosen_by_name_or_ecosystem_and_an_unknown_word_is_refused() {
        let all = || Catalogue::built_in().expect("the list");
        assert!(choose(all(), &[]).expect("all").len() > 5);
        let pypi = choose(all(), &["PyPI".to_owned()]).expect("PyPI");
        assert_eq!(
            pypi.iter()
                .map(|feed| feed.name.as_str())
                .collect::<Vec<_>>(),
            ["osv/PyPI"]
        );
        assert_eq!(choose(all(), &["OSV/pypi".to_owned()]).expect("PyPI"), pypi);
        assert!(choose(all(), &["pip".to_owned()]).is_err());
    }
}
