//! The advisory store: what is known to be wrong with which versions of which packages.
//!
//! What comes in: feed files (OSV, secdb, the Debian tracker) through [`Store::import`], and an image's packages. What
//! goes out: [`MatchOutcome`], the matches with the rows and versions that prove them, and a gap for everything that
//! could not be judged; and [`Store::snapshot_digest`], which names the data that an answer rests on. It never touches
//! the network (a [`Fetch`] is passed in), reads no clock, and parses no advisory version at scan time: ranges are stored
//! as keys whose bytes sort like the versions.

mod advisory;
mod catalogue;
mod ecosystem;
mod error;
mod exchange;
mod feeds;
mod history;
mod import;
mod intake;
mod lock;
mod matching;
mod packed;
mod rating;
mod report;
mod schema_1;
mod search;
mod signals;
mod snapshot;
mod starter;
mod store;
mod update;
pub mod version;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod real_data_red_hat;
#[cfg(test)]
mod real_signals;
#[cfg(test)]
mod real_native;

pub use advisory::{AdvisoryKind, Reference, Status};
pub use catalogue::{Catalogue, Feed};
pub use error::AdvisoryError;
pub use exchange::{
    Delta, Exported, Merged, MergedSource, Part, PartError, Publication, PublicationError,
    PublishedSource, Selection, Verified,
};
pub use feeds::{FeedInput, Format};
pub use history::{AsOf, AsOfError};
pub use import::Source;
pub use matching::{
    About, AdvisoryRecord, Bound, Conclusion, Explanation, ExtendedFix, Match, MatchOutcome,
    PackageExplanation, Proof, RowExplanation, RowVerdict, Step, StoredRecord, StoredRow, explain,
    known_as_of, match_packages, needed_ecosystems, steps,
};
pub use rating::{Cvss, Rating};
pub use report::{ImportReport, SkipReason, Skipped};
pub use signals::{EndOfLife, Epss, Exploited};
pub use store::{SourceStatus, Store, StoreStatus};
pub use update::{FeedUpdate, Fetch, FetchError, FetchRequest, Fetched, UpdateOutcome, update};
