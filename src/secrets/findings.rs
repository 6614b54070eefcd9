//! What was found in one file: once for each place, and no more than a report can bear.

use super::redact::{FingerprintKey, SecretValue};
use super::rule::{Rule, Rules};
use std::collections::BTreeSet;
use std::ops::Range;

use crate::model::{Confidence, Fingerprint, Gap, GapKind, SecretHit, Severity};

/// Hits of one rule that are kept of one file. A file with more is a dump of them, and a hundred say so.
pub(super) const KEPT: u32 = 100;

/// Hits of one file above which values that overlap are not sorted out: there is nothing to explain in a dump.
const CROWDED: usize = 2000;

/// One value in one place, told apart from others without being held.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    line: u64,
    tag: Fingerprint,
    rule: u16,
}

/// A secret that was judged, and is to be told without its value.
pub(super) struct Secret<'a> {
    pub(super) index: u16,
    pub(super) rule: &'a Rule,
    pub(super) line: u64,
    /// The rule's, or less for a value that everyone has already.
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    /// The keyword that found it.
    pub(super) keyword: &'a [u8],
    /// As it is written in the file.
    pub(super) text: SecretValue<'a>,
    /// What its fingerprint is of: the same for every way of writing it.
    pub(super) identity: SecretValue<'a>,
    /// Where it lies in the file.
    pub(super) span: Range<u64>,
}

/// What is told of one file.
#[derive(Default)]
pub(super) struct Found {
    pub(super) hits: Vec<FoundHit>,
    pub(super) gaps: Vec<Gap>,
}

/// A secret of one file.
pub(super) struct FoundHit {
    /// Tells its value apart: the fingerprint, also where that is not told.
    pub(super) tag: Fingerprint,
    /// Where it lies in the file.
    pub(super) span: Range<u64>,
    pub(super) hit: SecretHit,
}

impl Found {
    pub(super) fn is_empty(&self) -> bool {
        self.hits.is_empty() && self.gaps.is_empty()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.hits.append(&mut other.hits);
        self.gaps.append(&mut other.gaps);
    }
}

/// The findings of one file.
#[derive(Default)]
pub(super) struct Findings {
    places: BTreeSet<Place>,
    hits: Vec<(Place, Range<u64>, SecretHit)>,
    /// Rules with more hits than are kept, and how many more.
    surplus: Vec<(u16, u64)>,
}

impl Findings {
    /// Whether a secret was found since the last [`take`](Self::take).
    pub(super) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Counts a match of a rule that has had its hits.
    pub(super) fn count_surplus(&mut self, rule: u16) {
        match self.surplus.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, count)) => *count += 1,
            None => self.surplus.push((rule, 1)),
        }
    }

    /// Notes a secret; false if its rule has it on this line already.
    pub(super) fn add(&mut self, secret: &Secret<'_>, key: &FingerprintKey) -> bool {
        let rule = secret.rule;
        let tag = key.fingerprint(&secret.identity);
        let place = Place {
            line: secret.line,
            tag,
            rule: secret.index,
        };
        if !self.places.insert(place) {
            return false;
        }
        let prefix = if rule.guessable { b"" } else { secret.keyword };
        let hit = SecretHit {
            rule: rule.id.clone(),
            title: rule.title.clone(),
            severity: secret.severity,
            confidence: secret.confidence,
            line: secret.line,
            redacted: secret.text.redacted(prefix),
            fingerprint: (!rule.guessable || key.is_private()).then_some(tag),
            remedy: rule.remedy.clone(),
            member: None,
        };
        self.hits.push((place, secret.span.clone(), hit));
        true
    }

    /// The facts of the file, ordered by line. Where several rules have the same value on the same line, or values that
    /// overlap, the first of them has it, unless a later one is surer.
    pub(super) fn take(&mut self, rules: &Rules) -> Found {
        self.places.clear();
        self.hits.sort_by_key(|(place, _, _)| *place);
        self.hits.dedup_by(|(other, _, less), (place, _, more)| {
            let is_same = (other.line, other.tag) == (place.line, place.tag);
            if is_same && less.confidence > more.confidence {
                std::mem::swap(less, more);
                std::mem::swap(other, place);
            }
            is_same
        });
        self.hits.sort_by_key(|(place, _, _)| place.rule);
        let mut kept: Vec<(Place, Range<u64>, SecretHit)> = Vec::with_capacity(self.hits.len());
        for (place, span, hit) in self.hits.drain(..) {
            let is_told = kept.len() < CROWDED
                && kept.iter().any(|(_, other, told)| {
                    other.start < span.end
                        && span.start < other.end
                        && told.confidence >= hit.confidence
                });
            if !is_told {
                kept.push((place, span, hit));
            }
        }
        kept.sort_by_key(|(place, _, _)| (place.line, place.rule, place.tag));
        self.surplus.sort_unstable();
        let gap = |(rule, count): (u16, u64)| {
            let id = rules
                .rules
                .get(usize::from(rule))
                .map_or("", |rule| rule.id.as_str());
            let detail =
                format!("{count} more matches of `{id}` than the {KEPT} that are kept of one file");
            Gap::new(GapKind::LimitReached, detail)
        };
        Found {
            hits: kept
                .into_iter()
                .map(|(place, span, hit)| FoundHit {
                    tag: place.tag,
                    span,
                    hit,
                })
                .collect(),
            gaps: self.surplus.drain(..).map(gap).collect(),
        }
    }
}
