//! One advisory and one image: why a scan finds it there, or why not.

use serde::Serialize;

use super::aboard::Aboard;
use super::{ScanError, ScanOptions};
use crate::advisories::{
    self, Conclusion, Match, RowExplanation, SourceStatus, Store, StoredRecord,
};
use crate::evidence::{PackageRecord, Subject};
use crate::model::{Digest, Distribution, Gap, GapKind, Package};

/// The form of the document in JSON; raised when a reader of the old one could misread the new one.
pub const EXPLANATION_SCHEMA: &str = "plimsoll.explanation/v1";

/// All that there is to say of one id and one image.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// [`EXPLANATION_SCHEMA`].
    pub schema: &'static str,
    /// The id as it was asked for.
    pub asked: String,
    /// What it comes to.
    pub answer: Answer,
    /// The ids that findings about it go by.
    pub ids: Vec<String>,
    /// What was looked at.
    pub subject: Subject,
    /// The distribution that its packages belong to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// How many packages it has, those that are part of others included.
    pub packages_aboard: usize,
    /// The packages that a record names.
    pub packages: Vec<ExplainedPackage>,
    /// The records about it, with all that they say.
    pub records: Vec<StoredRecord>,
    /// What could not be looked at: a package may be hidden there.
    pub gaps: Vec<Gap>,
    /// The state of the advisories.
    pub snapshot: Digest,
    /// The sources that it rests on.
    #[serde(skip)]
    pub sources: Vec<SourceStatus>,
}

/// What an id comes to for an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// A scan finds it.
    Matches,
    /// A scan does not find it, and nothing is missing.
    DoesNotMatch,
    /// A scan does not find it, but has a gap where it could be.
    CannotTell,
    /// No record has the id.
    UnknownId,
}

/// A package that a record names, and what it comes to.
#[derive(Clone, Debug, Serialize)]
pub struct ExplainedPackage {
    /// The package, and where it is recorded.
    #[serde(flatten)]
    pub record: PackageRecord,
    /// The layer that took it out of sight, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<usize>,
    /// Why a scan leaves the package out, whatever the advisories say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// What the advisories say.
    #[serde(flatten)]
    pub conclusion: Conclusion,
    /// The ecosystems whose advisories apply to it.
    pub ecosystems: Vec<String>,
    /// What a scan finds.
    pub findings: Vec<Match>,
    /// The rows that name it.
    pub rows: Vec<RowExplanation>,
}

/// Why a scan leaves out a package or a finding. A rule of the user's that suppresses one has its place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// It is part of a package of the distribution, whose advisories decide.
    Owned,
    /// Only a lower layer holds it.
    Deleted,
}

impl Aboard {
    /// Explains an id for all that is aboard.
    pub(super) fn explain(
        self,
        store: &Store,
        options: &ScanOptions,
        id: &str,
    ) -> Result<Explained, ScanError> {
        let deleted = self.deleted.into_iter();
        let deleted = deleted.map(|deleted| (deleted.package, Some(deleted.removed_in)));
        let present = self.packages.into_iter().map(|record| (record, None));
        let all: Vec<(PackageRecord, Option<usize>)> = present.chain(deleted).collect();
        let packages: Vec<Package> = all
            .iter()
            .map(|(record, _)| record.package.clone())
            .collect();
        let distribution = self.distribution.as_ref();
        let explanation = advisories::explain(store, distribution, &packages, id)?;
        let explained = explanation.packages.into_iter().filter_map(|found| {
            let (record, removed_in) = all.get(found.package)?.clone();
            Some(ExplainedPackage {
                left_out: left_out(&record, removed_in, options),
                record,
                removed_in,
                conclusion: found.conclusion,
                ecosystems: found.ecosystems,
                findings: found.findings,
                rows: found.rows,
            })
        });
        let packages: Vec<ExplainedPackage> = explained.collect();
        let mut gaps = self.gaps;
        // A changed file is no other package.
        gaps.retain(|gap| gap.kind != GapKind::IntegrityUnchecked);
        gaps.sort();
        gaps.dedup();
        Ok(Explained {
            schema: EXPLANATION_SCHEMA,
            asked: id.to_owned(),
            answer: answer(&explanation.records, &packages, &gaps),
            ids: explanation.ids,
            subject: self.subject,
            distribution: self.distribution,
            packages_aboard: all.len(),
            packages,
            records: explanation.records,
            gaps,
            snapshot: store.snapshot_digest()?,
            sources: store.sources()?,
        })
    }
}

fn left_out(
    record: &PackageRecord,
    removed_in: Option<usize>,
    options: &ScanOptions,
) -> Option<LeftOut> {
    if removed_in.is_some() && !options.deleted {
        return Some(LeftOut::Deleted);
    }
    (record.owned_by.is_some() && !options.all).then_some(LeftOut::Owned)
}

fn answer(records: &[StoredRecord], packages: &[ExplainedPackage], gaps: &[Gap]) -> Answer {
    if records.is_empty() {
        return Answer::UnknownId;
    }
    let counting = || packages.iter().filter(|package| package.left_out.is_none());
    if counting().any(|package| package.conclusion == Conclusion::Matches) {
        return Answer::Matches;
    }
    // As in a scan: what is part of another package, gone, or only claimed to be there, leaves no gap.
    let leaves_gap = |package: &ExplainedPackage| {
        package.record.owned_by.is_none()
            && package.removed_in.is_none()
            && !package.record.package.properties.contains_key("claimed-by")
            && matches!(package.conclusion, Conclusion::CannotTell { .. })
    };
    if !gaps.is_empty() || counting().any(leaves_gap) {
        return Answer::CannotTell;
    }
    Answer::DoesNotMatch
}
