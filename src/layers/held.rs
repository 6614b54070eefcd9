//! The content of one file, held for the detectors that want it whole: for its name, or for how it begins.

use super::content::content_kind;
use super::dispatch::Dispatch;
use super::gap_log::GapLog;
use super::{Detector, Entry, File, FileFacts, Interest};
use crate::model::GapKind;

/// Room that stays allocated between two files, once it was needed. 64 MiB: few programs and databases are larger, and new room costs
/// as much as reading them.
const KEPT: usize = 64 << 20;

/// The room for one file, used again for the next.
pub(super) struct Held<'a> {
    /// [`Limits::held_bytes`](crate::model::Limits::held_bytes).
    limit: u64,
    wanted: Vec<(&'a dyn Detector, u64)>,
    bytes: Vec<u8>,
}

impl<'a> Held<'a> {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            wanted: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// A file begins.
    pub(super) fn begin<'b>(
        &'b mut self,
        dispatch: &'b Dispatch<'a>,
        entry: &'b Entry<'b>,
        sparse: bool,
        gaps: &'b mut GapLog,
    ) -> Holding<'a, 'b> {
        self.bytes.clear();
        dispatch.whole(entry, &mut self.wanted);
        let mut holding = Holding {
            held: self,
            dispatch,
            entry,
            sparse,
            gaps,
            facts: FileFacts::default(),
            head_is_known: false,
            passed: 0,
        };
        holding.refuse_what_cannot_be_held(0);
        holding
    }
}

/// One file, as its bytes come.
pub(super) struct Holding<'a, 'b> {
    held: &'b mut Held<'a>,
    dispatch: &'b Dispatch<'a>,
    entry: &'b Entry<'b>,
    sparse: bool,
    gaps: &'b mut GapLog,
    facts: FileFacts,
    head_is_known: bool,
    passed: u64,
}

impl Holding<'_, '_> {
    /// The file's next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.passed += bytes.len() as u64;
        if !self.head_is_known {
            // Nearly always the first slice has the head; where a chunk ends inside it, what came is held until more comes.
            let is_first = self.held.bytes.is_empty();
            if !is_first {
                self.held.bytes.extend_from_slice(bytes);
            }
            self.look_at_head(bytes, is_first);
            if is_first && (!self.head_is_known || self.is_wanted()) {
                if self.is_wanted() {
                    // Those who want it have refused what is larger than their limits. A size that lies takes no memory before bytes do.
                    let size = usize::try_from(self.entry.size).unwrap_or_default();
                    self.held.bytes.reserve_exact(size);
                }
                self.held.bytes.extend_from_slice(bytes);
            }
        } else if self.is_wanted() {
            self.held.bytes.extend_from_slice(bytes);
        }
    }

    fn is_wanted(&self) -> bool {
        !self.held.wanted.is_empty()
    }

    fn look_at_head(&mut self, bytes: &[u8], is_first: bool) {
        let held = &mut *self.held;
        let start = if is_first { bytes } else { &held.bytes };
        self.head_is_known = start.len() >= Interest::HEAD || self.passed >= self.entry.size;
        if self.head_is_known {
            self.facts.content = content_kind(self.entry, start);
            let by_name = held.wanted.len();
            let more = self.dispatch.by_magic(self.entry, start, &held.wanted);
            held.wanted.extend(more);
            self.refuse_what_cannot_be_held(by_name);
        }
    }

    /// A database that is larger than a detector is ready to hold, or that has holes, is a gap. Looks at those that want the
    /// file from the index `from` on.
    fn refuse_what_cannot_be_held(&mut self, from: usize) {
        let held = &mut *self.held;
        let mut index = 0;
        held.wanted.retain(|(detector, limit)| {
            index += 1;
            let limit = held.limit.min(*limit);
            let (kind, why) = if index <= from {
                return true;
            } else if self.sparse {
                let why = "stored as a sparse file".to_owned();
                (GapKind::UnreadableFile, why)
            } else if self.entry.size > limit {
                let size = self.entry.size;
                let why = format!("{size} bytes, more than the limit of {limit}");
                (GapKind::LimitReached, why)
            } else {
                return true;
            };
            self.gaps
                .at(kind, self.entry, *detector, &why, &mut self.facts);
            false
        });
    }

    /// The file is complete, or, where the stream broke off, as complete as it will be: then nobody reads it. Gives what was
    /// found, and whether a detector could read it.
    pub(super) fn end(mut self, is_complete: bool) -> (FileFacts, bool) {
        let mut was_read = false;
        if is_complete {
            for (detector, _) in &self.held.wanted {
                let file = File {
                    entry: *self.entry,
                    bytes: &self.held.bytes,
                };
                match detector.detect(file) {
                    Ok(found) => {
                        // An observation of the boundary does not tell what a file is.
                        was_read |= !found.has_only_observations();
                        self.facts.merge(found);
                    }
                    Err(error) => self.gaps.at(
                        GapKind::UnreadableFile,
                        self.entry,
                        *detector,
                        &error.reason,
                        &mut self.facts,
                    ),
                }
            }
        }
        // One large database must not be held until the next one comes.
        self.held.bytes.clear();
        self.held.bytes.shrink_to(KEPT);
        (self.facts, was_read)
    }
}
