//! What an import took in, and what it left out and why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Digest;

/// Why something of a feed is not in the store, or not in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// A record is no JSON.
    InvalidJson,
    /// A record is JSON, but not of the feed's form.
    InvalidRecord,
    /// A record is over the limit of its format.
    TooLarge,
    /// A file of a folder or archive is none of the feed's.
    UnknownFile,
    /// The id was there before; the first record stays.
    DuplicateId,
    /// An `affected` entry names no package.
    NoPackage,
    /// A range of Git commits: nothing in an image says which commit a package is.
    GitRange,
    /// A range of a type that OSV does not define.
    UnknownRangeType,
    /// A range without a beginning.
    RangeWithoutStart,
    /// A range of an ecosystem that has no version scheme yet; a package with such an advisory becomes a gap.
    NoVersionScheme,
    /// A range with a version that its scheme refuses; a package with such an advisory becomes a gap.
    UnorderedVersion,
    /// A record of which nothing is left that could match.
    NothingAffected,
    /// The vendor has not determined whether the package is affected.
    Undetermined,
    /// A release whose number is not known.
    UnknownRelease,
    /// A condition of a kind that is not known; what else the record says is taken.
    UnknownCondition,
    /// Text in the place of an advisory's id; it is taken as it is.
    NotAnId,
    /// A product that is no package of a distribution (a container image, an archive), or one without the version that counts.
    OtherProduct,
    /// One build that is not affected: it speaks of no other build.
    NotAffectedBuild,
    /// A product that is no package of a distribution.
    NotOfDistribution,
    /// A binary package, where advisories are by source package.
    BinaryPackage,
    /// A release whose end of support has no day.
    NoDate,
    /// A product that is no distribution.
    NotADistribution,
}

impl SkipReason {
    /// Why a record that does not parse is left out.
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        if error.is_data() {
            Self::InvalidRecord
        } else {
            Self::InvalidJson
        }
    }

    /// The reason in words, to follow a count.
    pub const fn text(self) -> &'static str {
        match self {
            Self::InvalidJson => "not JSON",
            Self::InvalidRecord => "not of this format",
            Self::TooLarge => "records over the size limit",
            Self::UnknownFile => "files that are none of this feed's",
            Self::DuplicateId => "records with an id that was there before",
            Self::NoPackage => "entries without a package",
            Self::GitRange => "ranges of Git commits",
            Self::UnknownRangeType => "ranges of an unknown type",
            Self::RangeWithoutStart => "ranges without a beginning",
            Self::NoVersionScheme => {
                "ranges of an ecosystem that has no version scheme yet (kept: a package that they name becomes a gap)"
            }
            Self::UnorderedVersion => {
                "ranges with a version that its scheme cannot order (kept: a package that they name becomes a gap)"
            }
            Self::NothingAffected => "records of which nothing can match",
            Self::Undetermined => "entries that the vendor has not determined",
            Self::UnknownRelease => "entries for a release whose number is not known",
            Self::UnknownCondition => "records with conditions that are not understood (left out)",
            Self::NotAnId => "entries with text in place of an id (kept)",
            Self::OtherProduct => "entries for products that are no packages of a distribution",
            Self::NotAffectedBuild => "entries for single builds that are not affected",
            Self::NotOfDistribution => "products that are no packages of a distribution",
            Self::BinaryPackage => "binary packages (their source packages are taken)",
            Self::NoDate => "releases without a day on which their support ends",
            Self::NotADistribution => "products that are no distributions",
        }
    }
}

/// How often a reason applied, with the first few places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// How often.
    pub count: u64,
    /// The first [`Skipped::EXAMPLES`] places and what was there, in words.
    pub examples: Vec<String>,
}

impl Skipped {
    /// How many examples are kept.
    pub const EXAMPLES: usize = 3;
}

/// The outcome of importing one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportReport {
    /// The source's name in the store.
    pub source: String,
    /// Records read, of whatever use.
    pub records: u64,
    /// Advisories now in the store for this source.
    pub advisories: u64,
    /// Of these: withdrawn, kept and never matched.
    pub withdrawn: u64,
    /// Of these: informational, or updates without security content, kept and never matched.
    pub not_vulnerabilities: u64,
    /// Version ranges.
    pub ranges: u64,
    /// Enumerated versions that can only be compared as text.
    pub exact_versions: u64,
    /// Ranges that cannot be looked up.
    pub unordered: u64,
    /// Rows beside advisories: known exploitation, its likelihood, ends of support.
    pub signals: u64,
    /// What was left out, by reason.
    pub skipped: BTreeMap<SkipReason, Skipped>,
    /// The digest of the source's content in the store.
    pub digest: Digest,
}

/// Counts while an import runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Records of whatever use.
    pub(super) records: u64,
    /// Of these: in the feed's form. None at all means that it is another format.
    pub(super) recognised: u64,
    pub(super) skipped: BTreeMap<SkipReason, Skipped>,
}

impl Tally {
    /// Reads JSON; what cannot be read is counted, with the place where it is.
    pub(super) fn read_json<T: serde::de::DeserializeOwned>(
        &mut self,
        place: &dyn std::fmt::Display,
        bytes: &[u8],
    ) -> Option<T> {
        match serde_json::from_slice(bytes) {
            Ok(read) => Some(read),
            Err(error) => {
                self.skip(SkipReason::of_json(&error), || format!("{place}: {error}"));
                None
            }
        }
    }

    /// Notes one thing left out. `example` is only built while examples are still wanted.
    pub(super) fn skip(&mut self, reason: SkipReason, example: impl FnOnce() -> String) {
        let skipped = self.skipped.entry(reason).or_default();
        skipped.count += 1;
        if skipped.examples.len() < Skipped::EXAMPLES {
            skipped.examples.push(example());
        }
    }
}
