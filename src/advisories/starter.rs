//! The few advisories that come inside the binary, so that a first run without a network has something true to say.

use super::error::AdvisoryError;
use super::feeds::{FeedInput, Format};
use super::import::Source;
use super::store::Store;

/// OSV records that were written for this project, one a line, sorted by id.
const RECORDS: &str = include_str!("../../advisories/starter/starter.jsonl");

/// Until when releases of the main distributions are looked after, one distribution a line, sorted by name.
const LIFECYCLE: &str = include_str!("../../advisories/starter/lifecycle.jsonl");

impl Store {
    /// The name of the built-in source: evidence that rests on it alone says so, since it is no coverage.
    pub const STARTER: &str = "starter";

    /// The name of the built-in source of ends of support.
    const STARTER_LIFECYCLE: &str = "starter-lifecycle";

    /// A store in memory that holds the built-in advisories and ends of support, and nothing else.
    pub fn starter() -> Result<Self, AdvisoryError> {
        let mut store = Self::in_memory()?;
        store.import_built_in(Self::STARTER, Format::Osv, RECORDS)?;
        store.import_built_in(Self::STARTER_LIFECYCLE, Format::EndOfLife, LIFECYCLE)?;
        Ok(store)
    }

    /// The built-in ends of support, for a store that has none.
    pub(super) fn starter_lifecycle() -> Result<Self, AdvisoryError> {
        let mut store = Self::in_memory()?;
        store.import_built_in(Self::STARTER_LIFECYCLE, Format::EndOfLife, LIFECYCLE)?;
        Ok(store)
    }

    fn import_built_in(
        &mut self,
        name: &str,
        format: Format,
        text: &'static str,
    ) -> Result<(), AdvisoryError> {
        let source = Source {
            licence: Some("CC0-1.0".to_owned()),
            republish: true,
            ..Source::named(name)
        };
        let input = FeedInput::Stream(format!("the built-in {name}"), Box::new(text.as_bytes()));
        self.import(&source, format, input).map(drop)
    }

    /// Whether a source of this name came inside the binary.
    pub fn is_built_in(source: &str) -> bool {
        [Self::STARTER, Self::STARTER_LIFECYCLE].contains(&source)
    }

    /// How many advisories the store has if it is nothing but the built-in ones.
    pub fn starter_size(&self) -> Result<Option<u64>, AdvisoryError> {
        let sources = self.sources()?;
        let all = sources.iter().map(|source| source.advisories).sum();
        let is_starter = sources.iter().all(|source| Self::is_built_in(&source.name));
        Ok((all > 0 && is_starter).then_some(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_record_is_taken_whole_and_they_are_sorted() {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("starter".to_owned(), Box::new(RECORDS.as_bytes()));
        let report = store
            .import(&Source::named("starter"), Format::Osv, input)
            .expect("imported");
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
        assert_eq!(report.advisories, RECORDS.lines().count() as u64);
        let ids: Vec<String> = RECORDS
            .lines()
            .map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).expect("JSON");
                record["id"].as_str().expect("id").to_owned()
            })
            .collect();
        assert!(ids.is_sorted());
    }

    #[test]
    fn every_built_in_end_of_support_is_taken_whole() {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("lifecycle".to_owned(), Box::new(LIFECYCLE.as_bytes()));
        let report = store
            .import(&Source::named("lifecycle"), Format::EndOfLife, input)
            .expect("imported");
        assert!(report.skipped.is_empty(), "{:?}", report.skipped);
        let written = LIFECYCLE.matches("releaseCycle").count() as u64;
        assert_eq!(report.signals, written);
        assert!(LIFECYCLE.lines().is_sorted());
    }

    #[test]
    fn the_starter_store_says_what_it_is() {
        let store = Store::starter().expect("starter");
        let size = store.starter_size().expect("sources").expect("a starter");
        assert!(size >= 3);
        assert_eq!(
            Store::in_memory()
                .and_then(|store| store.starter_size())
                .expect("sources"),
            None
        );
    }
}
