//! The search of one file: the rules at the keywords of each block, what is judged, and on which line it is.

use super::engine::Engine;
use super::findings::{Findings, Found, KEPT, Secret};
use super::judge::{Judged, judge};
use super::prefilter::KeywordHit;
use super::proof::Claim;
use super::redact::SecretValue;
use super::rule::Rule;
use super::search::{Block, Match, Progress};
use crate::model::{Confidence, Severity};

/// The search of one file.
pub(super) struct FileSearch<'e> {
    engine: &'e Engine,
    hits: Vec<KeywordHit>,
    /// One for each rule.
    progress: Vec<Progress>,
    /// Rules that are for files of this name.
    file_rules: Vec<u16>,
    /// Rules whose progress is to be undone for the next file.
    touched: Vec<u16>,
    /// Rules with windows of this block that wait to be searched at once.
    waiting: Vec<u16>,
    is_published: bool,
    pub(super) lines: LineCount,
    findings: Findings,
}

impl<'e> FileSearch<'e> {
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self {
            engine,
            hits: Vec::new(),
            progress: vec![Progress::default(); engine.rules().rules.len()],
            file_rules: Vec::new(),
            touched: Vec::new(),
            waiting: Vec::new(),
            is_published: false,
            lines: LineCount::default(),
            findings: Findings::default(),
        }
    }

    /// Begins a file of this name.
    pub(super) fn begin(&mut self, name: &str, is_published: bool) {
        self.reset(is_published);
        self.engine.rules_for_file(name, &mut self.file_rules);
    }

    /// Begins another view of the file that `other` searches.
    pub(super) fn begin_like(&mut self, other: &Self) {
        self.reset(other.is_published);
        self.file_rules.extend(&other.file_rules);
    }

    fn reset(&mut self, is_published: bool) {
        for index in self.touched.drain(..) {
            if let Some(progress) = self.progress.get_mut(usize::from(index)) {
                *progress = Progress::default();
            }
        }
        self.file_rules.clear();
        self.is_published = is_published;
        self.lines = LineCount::default();
    }

    /// What was found in the file.
    pub(super) fn take(&mut self) -> Found {
        self.findings.take(self.engine.rules())
    }

    /// Whether a secret was found in this file.
    pub(super) fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Searches for what begins in `fresh`; all of `bytes` may be looked at.
    pub(super) fn search(&mut self, bytes: &[u8], base: u64, fresh: std::ops::Range<usize>) {
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
        let is_new = progress.is_untouched();
        let found = progress.at_keyword(rule, block, hit.at);
        let waits = progress.waits();
        if is_new {
            self.touched.push(index);
        }
        if waits && !self.waiting.contains(&index) {
            self.waiting.push(index);
        }
        if let Some(found) = found {
            let keyword = self.engine.keyword(hit.keyword);
            self.weigh(index, block, &found, keyword);
        }
    }

    /// Searches the windows that were put off, and this file's own rules.
    fn search_joined(&mut self, block: Block<'_>, from: usize) {
        let for_file = std::mem::take(&mut self.file_rules);
        for index in &for_file {
            let Some((_, progress)) = self.rule(*index) else {
                continue;
            };
            if progress.is_untouched() {
                self.touched.push(*index);
            }
            if let Some((_, progress)) = self.rule(*index) {
                progress.join(from..block.bytes.len());
            }
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.extend(&for_file);
        waiting.sort_unstable();
        for index in waiting.drain(..) {
            while let Some((rule, progress)) = self.rule(index) {
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
        self.waiting = waiting;
        self.file_rules = for_file;
    }

    /// The rule and how far it has come.
    fn rule(&mut self, index: u16) -> Option<(&'e Rule, &mut Progress)> {
        let rule = self.engine.rules().rules.get(usize::from(index))?;
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
            // A password that somebody published with a test or an example opens nothing of this image.
            severity: if is_known || (self.is_published && rule.guessable) {
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
            span: block.base + judged.value.start as u64..block.base + judged.value.end as u64,
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
pub(super) struct LineCount {
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
    pub(super) fn pass(&mut self, block: &[u8], base: u64, end: usize) {
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
