//! One file after another, in chunks of any size.
//!
//! A file is searched in blocks, whose places depend on the file alone, never on how it was cut into chunks. A block
//! is searched up to its last 16 KiB: those, and a little before them, go on to the next block, so that every keyword
//! has the whole reach of its rule in one piece.
//!
//! ```text
//! |<--lead-->|<---------- searched ---------->|<----- reach ----->|
//!                                  |<--lead-->|<---------- searched ---------->|<----- reach ----->|
//! ```

use super::engine::Engine;
use super::findings::{Findings, KEPT, Secret};
use super::judge::{Judged, judge};
use super::prefilter::KeywordHit;
use super::proof::Claim;
use super::published::is_published;
use super::redact::SecretValue;
use super::rule::{LONGEST_LEAD, LONGEST_REACH, Rule};
use super::search::{Block, Match, Progress};
use crate::layers::{Entry, FileFacts, Session};
use crate::model::{Confidence, Severity};

/// Bytes of a block: they fit into the second-level cache beside the chunk that they came from.
const BLOCK: usize = 128 << 10;
/// Where the search of a block ends.
const SEARCHED: usize = BLOCK - LONGEST_REACH;
/// How far one block lies behind the other.
const STRIDE: usize = SEARCHED - LONGEST_LEAD;

/// The engine's state for one layer. Its buffers are reused from file to file.
pub(super) struct Stream<'e> {
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the file.
    base: u64,
    /// Index in the buffer where the search goes on.
    fresh: usize,
    size: u64,
    file: FileSearch<'e>,
}

impl<'e> Stream<'e> {
    /// A stream over the files of one layer.
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self {
            buffer: Vec::new(),
            base: 0,
            fresh: 0,
            size: 0,
            file: FileSearch {
                engine,
                hits: Vec::new(),
                progress: vec![Progress::default(); engine.rules().rules.len()],
                file_rules: Vec::new(),
                is_published: false,
                lines: LineCount::default(),
                findings: Findings::default(),
            },
        }
    }

    /// Searches a file that is there as a whole, without copying it.
    fn search_whole(&mut self, bytes: &[u8]) {
        let (mut base, mut fresh) = (0, 0);
        while let Some(block) = bytes.get(base..base + BLOCK) {
            self.file.search(block, base as u64, fresh..SEARCHED);
            self.file.lines.pass(block, base as u64, STRIDE);
            base += STRIDE;
            fresh = LONGEST_LEAD;
        }
        let rest = bytes.get(base..).unwrap_or_default();
        self.file.search(rest, base as u64, fresh..rest.len());
    }

    fn search_block(&mut self) {
        self.file
            .search(&self.buffer, self.base, self.fresh..SEARCHED);
        self.file.lines.pass(&self.buffer, self.base, STRIDE);
        self.buffer.drain(..STRIDE);
        self.base += STRIDE as u64;
        self.fresh = LONGEST_LEAD;
    }
}

impl Session for Stream<'_> {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.buffer.clear();
        (self.base, self.fresh, self.size) = (0, 0, entry.size);
        self.file.begin(entry);
        true
    }

    fn chunk(&mut self, mut bytes: &[u8]) {
        if bytes.len() as u64 == self.size {
            return self.search_whole(bytes);
        }
        while !bytes.is_empty() {
            let room = BLOCK - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BLOCK {
                self.search_block();
            }
        }
    }

    fn end(&mut self) -> FileFacts {
        let all = self.fresh..self.buffer.len();
        self.file.search(&self.buffer, self.base, all);
        if !self.file.findings.is_empty() {
            self.buffer.fill(0);
        }
        self.buffer.clear();
        self.file.findings.take(self.file.engine.rules())
    }
}

/// The search of one file.
struct FileSearch<'e> {
    engine: &'e Engine,
    hits: Vec<KeywordHit>,
    /// One for each rule.
    progress: Vec<Progress>,
    /// Rules that are for files of this name.
    file_rules: Vec<u16>,
    is_published: bool,
    lines: LineCount,
    findings: Findings,
}

impl<'e> FileSearch<'e> {
    fn begin(&mut self, entry: &Entry<'_>) {
        for progress in self
            .progress
            .iter_mut()
            .filter(|progress| !progress.is_untouched())
        {
            *progress = Progress::default();
        }
        self.file_rules.clear();
        self.file_rules
            .extend(self.engine.rules_for_file(entry.file_name()));
        self.is_published = is_published(entry);
        self.lines = LineCount::default();
    }

    /// Searches for what begins in `fresh`; all of `bytes` may be looked at.
    fn search(&mut self, bytes: &[u8], base: u64, fresh: std::ops::Range<usize>) {
        let block = Block {
            bytes,
            base,
            to: fresh.end,
        };
        let mut hits = std::mem::take(&mut self.hits);
        hits.clear();
        self.engine
            .prefilter()
            .find(bytes, fresh.start, fresh.end, &mut hits);
        for hit in &hits {
            for rule in self.engine.rules_of_keyword(hit.keyword) {
                self.at_keyword(*rule, block, *hit);
            }
        }
        self.hits = hits;
        self.search_joined(block, fresh.start);
    }

    fn at_keyword(&mut self, index: u16, block: Block<'_>, hit: KeywordHit) {
        let Some((rule, progress)) = self.rule(index) else {
            return;
        };
        if let Some(found) = progress.at_keyword(rule, block, hit.at) {
            let keyword = self.engine.keyword(hit.keyword);
            self.weigh(index, block, &found, keyword);
        }
    }

    /// Searches the windows that were put off, and this file's own rules.
    fn search_joined(&mut self, block: Block<'_>, from: usize) {
        for index in 0..self.progress.len() {
            let Ok(index) = u16::try_from(index) else {
                return;
            };
            let is_for_file = self.file_rules.contains(&index);
            while let Some((rule, progress)) = self.rule(index) {
                if rule.keywords.is_empty() && is_for_file {
                    progress.join(from..block.bytes.len());
                }
                let Some(found) = progress.next_joined(rule, block) else {
                    break;
                };
                let value = block.bytes.get(found.value.clone()).unwrap_or_default();
                let keyword = rule
                    .keywords
                    .iter()
                    .find(|keyword| value.starts_with(&keyword.bytes));
                let keyword = keyword.map_or(&b""[..], |keyword| &keyword.bytes);
                self.weigh(index, block, &found, keyword);
            }
        }
    }

    /// The rule and how far it has come, if it is for this file.
    fn rule(&mut self, index: u16) -> Option<(&'e Rule, &mut Progress)> {
        let rule = self.engine.rules().rules.get(usize::from(index))?;
        if !rule.files.is_empty() && !self.file_rules.contains(&index) {
            return None;
        }
        Some((rule, self.progress.get_mut(usize::from(index))?))
    }

    fn weigh(&mut self, index: u16, block: Block<'_>, found: &Match, keyword: &[u8]) {
        let Some(rule) = self.engine.rules().rules.get(usize::from(index)) else {
            return;
        };
        let Some(progress) = self.progress.get_mut(usize::from(index)) else {
            return;
        };
        if progress.hits >= KEPT {
            return self.findings.count_surplus(index);
        }
        let claim = Claim {
            block: block.bytes,
            start: found.whole.start,
            end: found.whole.end,
            value_start: found.value.start,
            value_end: found.value.end,
            limit: found.whole.start.saturating_add(rule.reach),
        };
        if let Some(judged) = judge(rule, &claim) {
            progress.pass(block, judged.value.end);
            self.tell((index, rule), block, judged, keyword);
        }
    }

    fn tell(
        &mut self,
        (index, rule): (u16, &Rule),
        block: Block<'_>,
        judged: Judged,
        keyword: &[u8],
    ) {
        let Some(text) = block.bytes.get(judged.value.clone()) else {
            return;
        };
        let identity = SecretValue::new(judged.decoded.as_deref().unwrap_or(text));
        let is_known = self.engine.known_values().has(&identity);
        let secret = Secret {
            index,
            rule,
            line: self
                .lines
                .line_at(block.bytes, block.base, judged.value.start),
            severity: if is_known {
                Severity::Negligible
            } else {
                rule.severity
            },
            confidence: if is_known || self.is_published {
                Confidence::Possible
            } else {
                judged.confidence
            },
            keyword,
            text: SecretValue::new(text),
            identity,
        };
        if self.findings.add(&secret, self.engine.fingerprint_key())
            && let Some(progress) = self.progress.get_mut(usize::from(index))
        {
            progress.hits += 1;
        }
        if let Some(mut decoded) = judged.decoded {
            decoded.fill(0);
        }
    }
}

/// Counts lines only up to where somebody asks, and past what leaves the buffer.
#[derive(Default)]
struct LineCount {
    counted_to: u64,
    newlines: u64,
}

impl LineCount {
    /// The line, from 1, of the byte at `at` in the block.
    fn line_at(&mut self, block: &[u8], base: u64, at: usize) -> u64 {
        let counted = self.counted_in(base);
        if at >= counted {
            self.pass(block, base, at);
            self.newlines + 1
        } else {
            self.newlines + 1 - newlines(block.get(at..counted))
        }
    }

    /// Counts the block up to `end`.
    fn pass(&mut self, block: &[u8], base: u64, end: usize) {
        let counted = self.counted_in(base);
        if end > counted {
            self.newlines += newlines(block.get(counted..end));
            self.counted_to = base + end as u64;
        }
    }

    fn counted_in(&self, base: u64) -> usize {
        usize::try_from(self.counted_to.saturating_sub(base)).unwrap_or(usize::MAX)
    }
}

fn newlines(bytes: Option<&[u8]>) -> u64 {
    memchr::memchr_iter(b'\n', bytes.unwrap_or_default()).count() as u64
}
