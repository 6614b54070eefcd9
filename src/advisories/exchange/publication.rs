//! A store as it is handed on: a part for each source, and a document that names the parts and their digests.
//!
//! The document is JSON, `application/vnd.plimsoll.advisories.config.v1+json`:
//!
//! ```text
//! {"schema": of the store in the parts, "snapshot": digest over the sources below, "details": whether the parts have them,
//!  "sources": [{"name", "digest": of its advisories, "layer": of the part's bytes, "size": of the part when it is unpacked,
//!               "licence", "url", "advisories", "newest", "checked"}, …]}                              in order of the names
//! ```
//! It is canonical: the same store gives the same bytes, so that whoever signs it signs everything.

use serde::{Deserialize, Serialize};

use crate::advisories::store::{SCHEMA, SourceStatus};
use crate::model::{Digest, DigestHasher, Untrusted};

/// The largest part that is unpacked: a hundred times the largest feed there is.
const LARGEST_PART: u64 = 16 << 30;

/// More sources than that are no publication.
const MOST_SOURCES: usize = 1000;

/// What a publication holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The schema of the parts.
    pub schema: i64,
    /// The snapshot digest of a store that holds its sources and no other.
    pub snapshot: Digest,
    /// Whether summaries, links and texts are in it.
    pub details: bool,
    /// Its sources, by name.
    pub sources: Vec<PublishedSource>,
}

/// One source of a publication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSource {
    /// Its name.
    pub name: String,
    /// The digest of its content.
    pub digest: Digest,
    /// The digest of the part that holds it.
    pub layer: Digest,
    /// How many bytes the part has when it is unpacked.
    pub size: u64,
    /// Under which licence.
    pub licence: Option<String>,
    /// Where it comes from.
    pub url: Option<String>,
    /// How many advisories it has.
    pub advisories: u64,
    /// The latest change among its records.
    pub newest: Option<String>,
    /// When its publisher last imported it or found it unchanged, in seconds since 1970.
    pub checked: i64,
}

/// A document that describes no publication.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// It is not what it should be.
    #[error("the description of the advisories is malformed: {0}")]
    Malformed(String),
    /// It is for a newer version.
    #[error(
        "the advisories are published with schema {found}, this version reads {known}: use a newer Plimsoll"
    )]
    NewerSchema {
        /// Its schema.
        found: i64,
        /// The one that is known here.
        known: i64,
    },
}

impl Publication {
    /// The media type of the document.
    pub const MEDIA_TYPE: &str = "application/vnd.plimsoll.advisories.config.v1+json";
    /// The media type of a part.
    pub const PART_MEDIA_TYPE: &str = "application/vnd.plimsoll.advisories.source.v1.sqlite+zstd";
    /// What the whole is called as an OCI artifact.
    pub const ARTIFACT_TYPE: &str = "application/vnd.plimsoll.advisories.v1";
    /// The longest document: `MOST_SOURCES` of them, with room to spare.
    pub const LARGEST: u64 = 4 << 20;

    /// A publication of these sources.
    pub fn new(details: bool, mut sources: Vec<PublishedSource>) -> Self {
        sources.sort_by(|left, right| left.name.cmp(&right.name));
        Self {
            schema: SCHEMA,
            snapshot: snapshot(&sources),
            details,
            sources,
        }
    }

    /// Reads the document; the snapshot has to be that of its sources.
    pub fn parse(bytes: &[u8]) -> Result<Self, PublicationError> {
        #[derive(Deserialize)]
        struct Outline {
            schema: i64,
        }
        let malformed = |reason: &str| PublicationError::Malformed(Untrusted(reason).to_string());
        let unreadable = |error: serde_json::Error| malformed(&error.to_string());
        let outline: Outline = serde_json::from_slice(bytes).map_err(unreadable)?;
        if outline.schema > SCHEMA {
            return Err(PublicationError::NewerSchema {
                found: outline.schema,
                known: SCHEMA,
            });
        }
        let publication: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        let names = publication.sources.iter().map(|source| &source.name);
        if publication.sources.len() > MOST_SOURCES
            || !names.is_sorted_by(|left, right| left < right)
        {
            return Err(malformed("its sources are too many, or not in order"));
        }
        if publication.snapshot != snapshot(&publication.sources) {
            return Err(malformed("its snapshot is not that of its sources"));
        }
        let is_huge = |source: &PublishedSource| source.size > LARGEST_PART;
        if publication.sources.iter().any(is_huge) {
            return Err(malformed("one of its parts is larger than any feed"));
        }
        Ok(publication)
    }

    /// The document.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and numbers alone: there is nothing that could fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl PublishedSource {
    /// A source and the part that holds it.
    pub fn new(source: &SourceStatus, layer: Digest, size: u64) -> Self {
        Self {
            name: source.name.clone(),
            digest: source.digest,
            layer,
            size,
            licence: source.licence.clone(),
            url: source.url.clone(),
            advisories: source.advisories,
            newest: source.newest.clone(),
            checked: source.checked,
        }
    }
}

/// As `snapshot.rs` has it for a store.
fn snapshot(sources: &[PublishedSource]) -> Digest {
    let mut hasher = DigestHasher::sha256();
    for source in sources {
        hasher.update(source.name.as_bytes());
        hasher.update(&[0]);
        match &source.digest {
            Digest::Sha256(bytes) => hasher.update(bytes),
            Digest::Sha512(bytes) => hasher.update(bytes),
        }
    }
    hasher.finish()
}
