//! Stores that travel: a store, or a part of one, as a file.
//!
//! What comes in and goes out is the same form that is matched from: a store. [`Store::export`] writes the sources that
//! are chosen, [`Store::write_delta`] only what another store lacks, and [`Store::merge`] takes either into a store in one
//! transaction, after it has recomputed every digest that the file claims. A file that is altered, or made for another
//! state, is refused, and the store keeps its own. A [`Publication`] is a store in parts, one for each source, for registries.

mod attach;
mod delta;
mod export;
mod merge;
mod part;
mod publication;
mod record;
#[cfg(test)]
mod publication_tests;
#[cfg(test)]
mod tests;
mod verify;

pub use delta::Delta;
pub use export::{Exported, Selection};
pub use merge::{Merged, MergedSource};
pub use part::{Part, PartError};
pub use publication::{Publication, PublicationError, PublishedSource};
pub use verify::Verified;
