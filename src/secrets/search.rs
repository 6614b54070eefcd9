//! Tries the rules' shapes at their keywords, in time that is linear in the file, whatever it holds.

use std::ops::Range;

use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::{Anchored, Input};

use super::rule::Rule;

/// Keywords with overlapping windows, in a row, that are tried one by one. Real files have few; a hostile file of
/// nothing but keywords would have every byte looked at once for each window over it, so from here on the windows of
/// a rule are joined, and the block is searched once.
const CROWDED: u32 = 16;

/// The block that is searched, and where it lies in the file.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// Its bytes: what may be looked at.
    pub(super) bytes: &'a [u8],
    /// Offset of its first byte in the file.
    pub(super) base: u64,
    /// Matches begin before this index: those behind belong to the next block.
    pub(super) to: usize,
}

/// A match of a rule's shape, in the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Match {
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

/// How far a rule has come in one file.
#[derive(Clone, Default)]
pub(super) struct Progress {
    /// File offset up to which bytes belong to earlier matches.
    matched_until: u64,
    /// File offset where the window of the latest keyword ends.
    window_until: u64,
    /// Keywords in a row that lay in the window of the one before.
    crowd: u32,
    /// Windows of this block that wait to be searched at once.
    joined: Option<Range<usize>>,
    /// Hits so far.
    pub(super) hits: u32,
}

impl Progress {
    /// Whether nothing has to be undone for the next file.
    pub(super) fn is_untouched(&self) -> bool {
        self.window_until == 0
    }

    /// Whether windows wait to be searched at once.
    pub(super) const fn waits(&self) -> bool {
        self.joined.is_some()
    }

    /// Notes that a value reaches further than its match.
    pub(super) fn pass(&mut self, block: Block<'_>, end: usize) {
        self.matched_until = self.matched_until.max(block.base + end as u64);
    }

    /// Tries the shape at a keyword, or puts its window off until [`Progress::next_joined`].
    pub(super) fn at_keyword(&mut self, rule: &Rule, block: Block<'_>, at: usize) -> Option<Match> {
        let offset = block.base + at as u64;
        let is_crowded = offset < self.window_until;
        self.window_until = offset + rule.reach as u64;
        if offset < self.matched_until {
            return None;
        }
        self.crowd = if is_crowded { self.crowd + 1 } else { 0 };
        let window =
            at.saturating_sub(rule.lead)..at.saturating_add(rule.reach).min(block.bytes.len());
        if self.joined.is_some() || self.crowd >= CROWDED {
            self.join(window);
            return None;
        }
        let start = window.start.max(self.matched_in(block));
        let found = find(rule, block, start..window.end, rule.lead == 0)?;
        // With a lead, the shape may also match beside the keyword: that one is left to its own keyword.
        if !(found.whole.start..found.whole.end).contains(&at) {
            return None;
        }
        self.pass(block, found.whole.end);
        Some(found)
    }

    /// Puts off a window.
    pub(super) fn join(&mut self, window: Range<usize>) {
        self.window_until = self.window_until.max(1);
        let joined = self.joined.get_or_insert(window.clone());
        *joined = joined.start.min(window.start)..joined.end.max(window.end);
    }

    /// The next match in the windows that were put off.
    pub(super) fn next_joined(&mut self, rule: &Rule, block: Block<'_>) -> Option<Match> {
        let joined = self.joined.clone()?;
        let start = joined.start.max(self.matched_in(block));
        let found = find(rule, block, start..joined.end, false);
        let Some(found) = found.filter(|found| found.whole.start < block.to) else {
            self.joined = None;
            return None;
        };
        self.pass(block, found.whole.end.max(found.whole.start + 1));
        Some(found)
    }

    fn matched_in(&self, block: Block<'_>) -> usize {
        usize::try_from(self.matched_until.saturating_sub(block.base)).unwrap_or(usize::MAX)
    }
}

fn find(rule: &Rule, block: Block<'_>, window: Range<usize>, anchored: bool) -> Option<Match> {
    if window.start >= window.end {
        return None;
    }
    let anchored = if anchored {
        Anchored::Yes
    } else {
        Anchored::No
    };
    let input = Input::new(block.bytes).range(window).anchored(anchored);
    let mut slots = [None; 4];
    rule.shape.regex()?.search_slots(&input, &mut slots)?;
    let [start, end, value_start, value_end] = slots.map(|slot| slot.map(NonMaxUsize::get));
    let whole = start?..end?;
    let value = match (value_start, value_end) {
        (Some(start), Some(end)) => start..end,
        _ => whole.clone(),
    };
    Some(Match { whole, value })
}
