//! `tests/data/hand_checked.json`: findings that were worked out by reading the upstream's advisory, and near misses.

use std::collections::BTreeMap;

use plimsoll::advisories::{FeedInput, Format, Match, Source, Store, match_packages};
use plimsoll::model::{Distribution, GapKind, Package, SourcePackage};
use serde::Deserialize;

use crate::env::shared;

const EXPECTATIONS: &str = include_str!("../data/hand_checked.json");

#[derive(Debug, Deserialize)]
struct Expectation {
    #[serde(rename = "type")]
    package_type: plimsoll::model::PackageType,
    name: String,
    version: String,
    distribution: Option<Distribution>,
    source: Option<SourcePackage>,
    expect: Vec<String>,
    fixed: BTreeMap<String, String>,
    expect_not: Vec<String>,
    why: String,
    feed: String,
}

impl Expectation {
    fn package(&self) -> Package {
        let (namespace, name) = match self.name.rsplit_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, self.name.as_str()),
        };
        let mut package = Package::new(self.package_type.clone(), name, &self.version);
        package.namespace = namespace;
        package.source.clone_from(&self.source);
        package
    }

    /// What differs between what was found and what a reader of the advisory finds.
    fn differences(&self, store: &Store) -> Vec<String> {
        let outcome = match_packages(store, self.distribution.as_ref(), &[self.package()])
            .expect("an outcome");
        if outcome
            .gaps
            .iter()
            .any(|gap| gap.kind == GapKind::UnorderedVersion)
        {
            return vec![format!(
                "{} {}: {:?}",
                self.name, self.version, outcome.gaps
            )];
        }
        let find = |id: &String| outcome.matches.iter().find(|found| has_id(found, id));
        let missing = self
            .expect
            .iter()
            .filter(|id| find(id).is_none())
            .map(|id| format!("{id} is missing"));
        let wrong = self
            .expect_not
            .iter()
            .filter(|id| find(id).is_some())
            .map(|id| format!("{id} was found"));
        let fixed = self.expect.iter().filter_map(|id| {
            let (found, expected) = (find(id)?.fixed_version.as_ref(), self.fixed.get(id));
            (found != expected).then(|| format!("{id} is fixed in {found:?}, not {expected:?}"))
        });
        let about = format!("{} {} ({}): ", self.name, self.version, self.feed);
        let why = format!("\n    {}", self.why);
        missing
            .chain(wrong)
            .chain(fixed)
            .map(|what| format!("{about}{what}{why}"))
            .collect()
    }
}

fn has_id(found: &Match, id: &String) -> bool {
    found.advisory.id == *id
        || found.advisory.aliases.contains(id)
        || found.proof.iter().any(|row| row.advisory == *id)
}

fn store_of(feed: &str) -> Option<Store> {
    let file = [
        format!("advisories-real/{feed}"),
        format!("advisories-real/native/{feed}"),
    ]
    .iter()
    .find_map(|name| shared(name))?;
    let mut store = Store::in_memory().expect("a store");
    let format = if feed.contains("secdb") {
        Format::Secdb
    } else {
        Format::Osv
    };
    store
        .import(&Source::named(feed), format, FeedInput::Path(&file))
        .expect("imported");
    Some(store)
}

#[test]
fn every_hand_checked_expectation_holds() {
    let expectations: Vec<Expectation> =
        serde_json::from_str(EXPECTATIONS).expect("the expectations");
    assert!(expectations.len() >= 20);
    let mut by_feed: BTreeMap<&str, Vec<&Expectation>> = BTreeMap::new();
    for expectation in &expectations {
        let feed = expectation.feed.rsplit('/').next().expect("a name");
        by_feed.entry(feed).or_default().push(expectation);
    }
    let differences: Vec<String> = by_feed
        .into_iter()
        .filter_map(|(feed, expectations)| Some((store_of(feed)?, expectations)))
        .flat_map(|(store, expectations)| {
            expectations
                .into_iter()
                .flat_map(|e| e.differences(&store))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}
