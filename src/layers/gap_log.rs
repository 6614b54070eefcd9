//! What a walk could not look at, told without letting a hostile layer flood the evidence.

use std::collections::BTreeMap;

use super::{Detector, Entry, FileFacts};
use crate::model::{Gap, GapKind, LayerPath};

/// Gaps of one kind that are kept for a layer; the rest are counted.
const GAPS_KEPT: u64 = 20;

/// Gaps as they come up, bounded.
#[derive(Default)]
pub(super) struct GapLog {
    gaps: Vec<Gap>,
    /// How many of each kind came up.
    seen: BTreeMap<GapKind, u64>,
}

impl GapLog {
    /// A gap of the layer.
    pub(super) fn push(&mut self, gap: Gap) {
        if self.admits(gap.kind) {
            self.gaps.push(gap);
        }
    }

    /// A gap of one file: it goes with the file's facts, so that it is gone where the file is replaced.
    pub(super) fn at(
        &mut self,
        kind: GapKind,
        entry: &Entry<'_>,
        detector: &dyn Detector,
        why: &str,
        facts: &mut FileFacts,
    ) {
        if self.admits(kind) {
            let detail = format!("{}: {why}", detector.id().name);
            facts.gaps.push(Gap::at(
                kind,
                LayerPath::from_normalised(entry.path),
                detail,
            ));
        }
    }

    fn admits(&mut self, kind: GapKind) -> bool {
        let seen = self.seen.entry(kind).or_default();
        *seen += 1;
        *seen <= GAPS_KEPT
    }

    pub(super) fn into_gaps(self) -> Vec<Gap> {
        let more = self.seen.into_iter().filter_map(|(kind, seen)| {
            let more = seen.checked_sub(GAPS_KEPT).filter(|more| *more > 0)?;
            Some(Gap::new(
                kind,
                format!("{more} more of this kind in the layer"),
            ))
        });
        self.gaps.into_iter().chain(more).collect()
    }
}
