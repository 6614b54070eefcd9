//! `plimsoll db update`: feeds that have changed, from their upstreams.

use std::collections::BTreeSet;
use std::path::Path;

use super::import::tell;
use super::{chain, note, open_for_import, warn};
use crate::advisories::{Catalogue, Feed, FeedUpdate, UpdateOutcome, update};
use crate::cli::fetch::Http;
use crate::cli::output::answer;
use crate::cli::{Exit, Failure, Manners, clock};

/// How long what no longer stands is kept, for `--as-of`: 90 days, in seconds.
const KEPT: i64 = 90 * 24 * 60 * 60;

pub(super) fn update_feeds(
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
    let now = clock::now();
    let updates = update(&mut store, &feeds, &http, now, |update| {
        tell_update(update, manners);
    })
    .map_err(Failure::new)?;
    store.prune(now - KEPT).map_err(Failure::new)?;
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

/// Brings up to date what is needed for these ecosystems, and what is known beside advisories. A feed that cannot be had is a
/// warning: what the store has of it still counts.
pub(in crate::cli) fn update_for(
    store: &Path,
    needed: &BTreeSet<String>,
    list: Option<&Path>,
    manners: Manners,
) -> Result<(), Failure> {
    let catalogue = list
        .map_or_else(Catalogue::built_in, Catalogue::open)
        .map_err(Failure::new)?;
    let is_needed = |feed: &Feed| {
        let mut ecosystems = feed.ecosystems.iter();
        feed.format.is_beside() || ecosystems.any(|ecosystem| needed.contains(ecosystem))
    };
    let feeds: Vec<Feed> = catalogue.feeds.into_iter().filter(is_needed).collect();
    let mut store = open_for_import(store)?;
    let http = Http::new().map_err(Failure::new)?;
    let now = clock::now();
    update(&mut store, &feeds, &http, now, |update| {
        tell_update(update, manners);
    })
    .map_err(Failure::new)?;
    store.prune(now - KEPT).map(drop).map_err(Failure::new)
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

#[cfg(test)]
mod tests {
    use super::*;

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
