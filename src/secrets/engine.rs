//! The compiled rules, as a detector and for single texts.

use std::collections::BTreeMap;

use super::prefilter::{Keyword, Prefilter};
use super::published::KnownValues;
use super::redact::FingerprintKey;
use super::rule::Rules;
use super::session::LayerSession;
use crate::layers::{Detector, DetectorId, FileFacts, Interest, Session};
use crate::model::Digest;

/// Finds secrets: in files, as the detector `secrets`; in the texts of an image's config, by
/// [`scan_text`](Self::scan_text).
pub struct Engine {
    rules: Rules,
    prefilter: Prefilter,
    keywords: Vec<Keyword>,
    /// For each keyword, the rules that have it.
    rules_of_keyword: Vec<Vec<u16>>,
    files: FileRules,
    key: FingerprintKey,
    known_values: KnownValues,
}

impl Engine {
    /// Compiles the rules. `fingerprint_key` is the user's own; see the room's paragraph for what it changes.
    pub fn new(rules: Rules, fingerprint_key: Option<&[u8]>) -> Self {
        let mut by_keyword: BTreeMap<&Keyword, Vec<u16>> = BTreeMap::new();
        let everywhere = (0..)
            .zip(&rules.rules)
            .filter(|(_, rule)| rule.files.is_empty());
        for (index, rule) in everywhere {
            for keyword in &rule.keywords {
                by_keyword.entry(keyword).or_default().push(index);
            }
        }
        let (keywords, rules_of_keyword): (Vec<Keyword>, Vec<Vec<u16>>) = by_keyword
            .into_iter()
            .map(|(keyword, rules)| (keyword.clone(), rules))
            .unzip();
        Self {
            files: FileRules::new(&rules),
            prefilter: Prefilter::new(keywords.clone()),
            keywords,
            rules_of_keyword,
            rules,
            key: FingerprintKey::new(fingerprint_key),
            known_values: KnownValues::embedded(),
        }
    }

    /// The rules, in order.
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The literals that the prefilter looks for, and whether their case is ignored.
    pub fn keywords(&self) -> impl Iterator<Item = (&[u8], bool)> {
        let keywords = self.keywords.iter();
        keywords.map(|keyword| (keyword.bytes.as_slice(), keyword.ignore_case))
    }

    /// Secrets in one text that is no file: the value of an environment variable or label with its name in front, a
    /// line of the history.
    pub fn scan_text(&self, text: &[u8]) -> FileFacts {
        let found = LayerSession::new(self).text(text);
        FileFacts {
            secrets: found.hits.into_iter().map(|found| found.hit).collect(),
            gaps: found.gaps,
            ..FileFacts::default()
        }
    }

    /// The same text with every secret in it replaced by its redacted form, so that it can be shown.
    pub fn conceal(&self, text: &str) -> String {
        let mut found = LayerSession::new(self).text(text.as_bytes()).hits;
        found.sort_by_key(|found| (found.span.start, std::cmp::Reverse(found.span.end)));
        let at = |offset: u64| usize::try_from(offset).unwrap_or(text.len());
        let (mut concealed, mut done) = (Vec::with_capacity(text.len()), 0);
        let bytes = text.as_bytes();
        for found in found {
            let (start, end) = (at(found.span.start), at(found.span.end));
            if start >= done {
                concealed.extend_from_slice(bytes.get(done..start).unwrap_or_default());
                concealed.extend_from_slice(found.hit.redacted.as_bytes());
            }
            done = done.max(end);
        }
        concealed.extend_from_slice(bytes.get(done..).unwrap_or_default());
        String::from_utf8_lossy(&concealed).into_owned()
    }

    pub(super) const fn prefilter(&self) -> &Prefilter {
        &self.prefilter
    }

    pub(super) const fn fingerprint_key(&self) -> &FingerprintKey {
        &self.key
    }

    pub(super) const fn known_values(&self) -> &KnownValues {
        &self.known_values
    }

    pub(super) fn keyword(&self, index: u16) -> &[u8] {
        let keyword = self.keywords.get(usize::from(index));
        keyword.map_or(&[], |keyword| &keyword.bytes)
    }

    pub(super) fn rules_of_keyword(&self, index: u16) -> &[u16] {
        let rules = self.rules_of_keyword.get(usize::from(index));
        rules.map_or(&[], Vec::as_slice)
    }

    /// Appends the rules that are for files of this name only, in order.
    pub(super) fn rules_for_file(&self, name: &str, rules: &mut Vec<u16>) {
        self.files.of(name, rules);
    }
}

/// The rules that are for certain files only, by the names of these.
#[derive(Default)]
struct FileRules {
    by_name: BTreeMap<String, Vec<u16>>,
    by_ending: Vec<(String, u16)>,
}

impl FileRules {
    fn new(rules: &Rules) -> Self {
        let mut files = Self::default();
        for (index, rule) in (0..).zip(&rules.rules) {
            for file in &rule.files {
                match file.strip_prefix('*') {
                    Some(ending) => files.by_ending.push((ending.to_owned(), index)),
                    None => files.by_name.entry(file.clone()).or_default().push(index),
                }
            }
        }
        files
    }

    fn of(&self, name: &str, rules: &mut Vec<u16>) {
        rules.extend(self.by_name.get(name).into_iter().flatten());
        let ending = self.by_ending.iter();
        rules.extend(
            ending
                .filter(|(ending, _)| name.ends_with(ending.as_str()))
                .map(|(_, rule)| rule),
        );
        rules.sort_unstable();
        rules.dedup();
    }
}

impl Detector for Engine {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "secrets",
            version: 3,
        }
    }

    /// The rules, the known values and the fingerprint key change facts; the key itself is not given away.
    fn options(&self) -> String {
        let rules = Digest::sha256_of(self.rules.text.as_bytes());
        let known = KnownValues::digest();
        format!("rules={rules} known={known} key={}", self.key.name())
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Everything]
    }

    fn session(&self) -> Option<Box<dyn Session + '_>> {
        Some(Box::new(LayerSession::new(self)))
    }
}
