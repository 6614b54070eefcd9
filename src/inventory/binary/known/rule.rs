//! One kind of program or library that is known by its content, as data.

use std::collections::BTreeSet;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::{AhoCorasick, packed};
use memchr::memmem;
use regex_automata::Input;
use regex_automata::meta::{self, BuildError, Regex};
use regex_automata::util::captures::Captures;
use regex_automata::util::syntax;
use serde::Deserialize;

use super::name::NamePattern;
use crate::model::{Basis, Package, PackageType};

/// The rules that every build carries.
pub(super) const EMBEDDED: &str = include_str!("rules.toml");

/// [`EMBEDDED`], read once. That it reads is what a test is for: if it did not, no rule would be left.
pub(super) static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| parse(EMBEDDED).unwrap_or_default());

/// Bytes around an anchor in which a shape is looked for: what belongs together lies within one or two lines.
const LEAD: usize = 96;
const REACH: usize = 256;

/// Enough for every embedded shape; a counted repetition of thousands is refused.
const COMPILED_BYTES: usize = 256 << 10;

/// What `{version}` stands for in a shape: two to four numbers.
const VERSION: &str = r"(?<version>[0-9]{1,8}(?:\.[0-9]{1,8}){1,3})";
/// What `{semver}` stands for: three numbers and a pre-release, but no build metadata and none of Go's pseudo-versions.
const SEMVER: &str = r"(?<version>[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(?:-(?:alpha|beta|rc|pre|preview|dev|canary)(?:[.-]?[0-9]{1,4}){0,2})?)";

/// Reads the rules; the message of what is wrong is for the one who writes them.
pub(super) fn parse(text: &str) -> Result<Vec<Rule>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct RulesText {
        rule: Vec<Rule>,
    }
    let RulesText { rule: rules } = toml::from_str(text).map_err(|error| error.to_string())?;
    let mut ids = BTreeSet::new();
    match rules.iter().find(|rule| !ids.insert(rule.id.as_str())) {
        Some(twice) => Err(format!("the id {} is taken by an earlier rule", twice.id)),
        None => Ok(rules),
    }
}

/// A rule as `rules.toml` writes it; the fields are described there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what it was tried on and its examples are for readers and tests"
    )
)]
pub(super) struct Rule {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) files: Vec<NamePattern>,
    #[serde(default)]
    pub(super) script: bool,
    #[serde(default)]
    pub(super) requires: Vec<String>,
    pub(super) clues: Vec<Clue>,
    pub(super) version: Option<String>,
    pub(super) cpe: Option<String>,
    pub(super) bitnami: Option<String>,
    pub(super) verified: Option<String>,
    pub(super) examples: Vec<Example>,
    pub(super) counter_examples: Vec<String>,
}

/// Content that must give this version.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(not(test), expect(dead_code, reason = "for readers and tests"))]
pub(super) struct Example {
    pub(super) text: String,
    pub(super) version: String,
}

/// Where a version stands, and how it is written there.
#[derive(Deserialize)]
#[serde(from = "ClueText")]
pub(super) struct Clue {
    pub(super) at: Vec<String>,
    pub(super) shape: String,
    compiled: OnceLock<Option<Compiled>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClueText {
    at: Vec<String>,
    shape: String,
}

impl From<ClueText> for Clue {
    fn from(ClueText { at, shape }: ClueText) -> Self {
        Self {
            at,
            shape,
            compiled: OnceLock::new(),
        }
    }
}

/// Compiled where it is first needed: most scans meet a few of the programs.
struct Compiled {
    anchors: Anchors,
    shape: Regex,
}

/// Whether a NUL, and a digit or a `v` behind it, can begin a version: tables of numbers are full of such pairs, and a version has a
/// dot, or the plus before a build, close behind.
fn can_be_version(bytes: &[u8], start: usize) -> bool {
    const NUMBER: usize = 16;
    let rest = bytes.get(start + 1..).unwrap_or_default();
    match rest {
        [b'0'..=b'9' | b'v', rest @ ..] => rest
            .iter()
            .take(NUMBER)
            .any(|byte| matches!(byte, b'.' | b'+')),
        _ => true,
    }
}

/// Finds the anchors of a clue.
enum Anchors {
    /// A vector search, for several anchors that all begin with a NUL: looking for that alone, a search stops at each of them, and a
    /// program is full of them.
    Packed(packed::Searcher),
    /// All others, which have rarer bytes to look for; and where the processor has no vectors.
    Automaton(AhoCorasick),
}

impl Anchors {
    fn new(anchors: &[String]) -> Option<Self> {
        let begin_with_nul = anchors.iter().all(|anchor| anchor.starts_with('\0'));
        match begin_with_nul
            .then(|| packed::Searcher::new(anchors))
            .flatten()
        {
            Some(searcher) => Some(Self::Packed(searcher)),
            None => AhoCorasick::new(anchors).ok().map(Self::Automaton),
        }
    }

    /// Where they begin, in order.
    fn find_iter<'a>(&'a self, bytes: &'a [u8]) -> Box<dyn Iterator<Item = usize> + 'a> {
        match self {
            Self::Packed(searcher) => {
                let starts = searcher.find_iter(bytes).map(|hit| hit.start());
                Box::new(starts.filter(|start| can_be_version(bytes, *start)))
            }
            Self::Automaton(automaton) => {
                Box::new(automaton.find_iter(bytes).map(|hit| hit.start()))
            }
        }
    }
}

impl Rule {
    /// Whether the rule is for files of this name.
    pub(super) fn fits(&self, file_name: &str) -> bool {
        self.files.iter().any(|pattern| pattern.fits(file_name))
    }

    /// The package that the bytes are, if the rule finds one version in them.
    pub(super) fn package(&self, bytes: &[u8]) -> Option<Package> {
        if !self.requires.is_empty()
            && !(self.requires.iter())
                .any(|literal| memmem::find(bytes, literal.as_bytes()).is_some())
        {
            return None;
        }
        let fields = self.clues.iter().find_map(|clue| clue.search(bytes))?;
        let version = match &self.version {
            Some(template) => fields.fill(template, str::to_owned),
            None => fields.get("version")?.to_owned(),
        };
        let mut package = Package::new(PackageType::new("generic"), self.name.as_str(), version);
        package.basis = Basis::Heuristic;
        let properties = &mut package.properties;
        properties.insert("rule".into(), self.id.clone());
        if let Some(template) = &self.cpe {
            properties.insert("cpe".into(), fields.fill(template, cpe_value));
        }
        if let Some(name) = &self.bitnami {
            properties.insert("bitnami".into(), name.clone());
        }
        Some(package)
    }
}

impl Clue {
    /// What the shape's groups hold, if all places where it is found agree: a file that holds two versions (its own, and
    /// one of something that it talks about) does not say which is which.
    fn search(&self, bytes: &[u8]) -> Option<Fields> {
        let compiled = self.compiled()?;
        let mut captures = compiled.shape.create_captures();
        let mut found: Option<Fields> = None;
        for span in Spans::around(compiled.anchors.find_iter(bytes), bytes.len()) {
            let Some(text) = bytes.get(span) else {
                continue;
            };
            let mut start = 0;
            while start < text.len() {
                let rest = Input::new(text).range(start..);
                compiled.shape.search_captures(&rest, &mut captures);
                let Some(hit) = captures.get_match() else {
                    break;
                };
                let fields = Fields::of(&captures, text);
                if found.as_ref().is_some_and(|found| *found != fields) {
                    return None;
                }
                found = Some(fields);
                // Strings in a program lie wall to wall: the NUL that ends one stands before the next.
                start = hit.end().saturating_sub(1).max(hit.start() + 1);
            }
        }
        found
    }

    fn compiled(&self) -> Option<&Compiled> {
        let compiled = self.compiled.get_or_init(|| {
            Some(Compiled {
                anchors: Anchors::new(&self.at)?,
                shape: self.compile_shape().ok()?,
            })
        });
        compiled.as_ref()
    }

    /// Files are bytes: a shape need not match UTF-8, `\w` and `\d` mean ASCII, and `.` any byte.
    pub(super) fn compile_shape(&self) -> Result<Regex, Box<BuildError>> {
        let shape = self
            .shape
            .replace("{version}", VERSION)
            .replace("{semver}", SEMVER);
        Regex::builder()
            .syntax(
                syntax::Config::new()
                    .unicode(false)
                    .utf8(false)
                    .dot_matches_new_line(true),
            )
            .configure(
                meta::Config::new()
                    .utf8_empty(false)
                    .nfa_size_limit(Some(COMPILED_BYTES)),
            )
            .build(&shape)
            .map_err(Box::new)
    }
}

/// The parts of a file that lie around anchors. Neighbouring ones are one, so that no byte is searched twice, however
/// many anchors a file is made of.
struct Spans<I> {
    anchors: I,
    next: Option<usize>,
    length: usize,
}

impl<I: Iterator<Item = usize>> Spans<I> {
    fn around(mut anchors: I, length: usize) -> Self {
        let next = anchors.next();
        Self {
            anchors,
            next,
            length,
        }
    }
}

impl<I: Iterator<Item = usize>> Iterator for Spans<I> {
    type Item = std::ops::Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.next.take()?;
        let mut end = first.saturating_add(REACH);
        for anchor in self.anchors.by_ref() {
            if anchor.saturating_sub(LEAD) > end {
                self.next = Some(anchor);
                break;
            }
            end = anchor.saturating_add(REACH);
        }
        Some(first.saturating_sub(LEAD)..end.min(self.length))
    }
}

/// What the groups of a shape hold.
#[derive(PartialEq, Eq)]
struct Fields(Vec<(String, String)>);

impl Fields {
    fn of(captures: &Captures, text: &[u8]) -> Self {
        let names = captures
            .group_info()
            .pattern_names(regex_automata::PatternID::ZERO);
        Self(
            names
                .enumerate()
                .filter_map(|(index, name)| {
                    let span = captures.get_group(index)?;
                    let value = String::from_utf8_lossy(text.get(span.range())?).into_owned();
                    Some((name?.to_owned(), value))
                })
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(other, _)| other == name)?;
        Some(value)
    }

    /// The template with each `{group}` as `write` writes it. A group that is not there is `*`, a CPE's word for any.
    fn fill(&self, template: &str, write: impl Fn(&str) -> String) -> String {
        let mut filled = String::new();
        let mut rest = template;
        while let Some((before, (name, behind))) = rest
            .split_once('{')
            .and_then(|(before, group)| Some((before, group.split_once('}')?)))
        {
            filled.push_str(before);
            filled.push_str(&self.get(name).map_or_else(|| "*".to_owned(), &write));
            rest = behind;
        }
        filled.push_str(rest);
        filled
    }
}

/// A value as a CPE's formatted string binds it: letters in lower case, and whatever is not a letter, digit, `-`, `.` or
/// `_` behind a backslash (NISTIR 7695, section 6.2.2.2).
fn cpe_value(value: &str) -> String {
    let mut bound = String::new();
    for letter in value.chars() {
        if !letter.is_ascii_alphanumeric() && !matches!(letter, '-' | '.' | '_') {
            bound.push('\\');
        }
        bound.push(letter.to_ascii_lowercase());
    }
    bound
}
