//! One kind of secret, as data.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use regex_automata::meta::{self, BuildError, Regex};
use regex_automata::util::syntax;
use serde::Deserialize;
use toml::Spanned;

use super::prefilter::Keyword;
use super::proof::Proof;
use crate::model::{Confidence, Severity};

/// The rules that every build carries, one file a family. Particular kinds stand before general ones.
const EMBEDDED: [&str; 16] = [
    include_str!("rules/infrastructure.toml"),
    include_str!("rules/cloud.toml"),
    include_str!("rules/source.toml"),
    include_str!("rules/ci.toml"),
    include_str!("rules/registries.toml"),
    include_str!("rules/chat.toml"),
    include_str!("rules/payment.toml"),
    include_str!("rules/mail.toml"),
    include_str!("rules/ai.toml"),
    include_str!("rules/observability.toml"),
    include_str!("rules/services.toml"),
    include_str!("rules/databases.toml"),
    include_str!("rules/files.toml"),
    include_str!("rules/keys.toml"),
    include_str!("rules/shell.toml"),
    include_str!("rules/generic.toml"),
];

/// Bytes behind a keyword's start that any rule may look at: an RSA key of 8192 bits takes 6.4 KiB as PEM, a PGP key
/// with several subkeys 10 KiB.
pub(super) const LONGEST_REACH: usize = 16 << 10;
/// Bytes before a keyword that any rule may look at.
pub(super) const LONGEST_LEAD: usize = 256;
/// Enough for every shape of the embedded rules; a counted repetition of thousands is refused.
const COMPILED_BYTES: usize = 1 << 20;

/// Why a rules file cannot be used. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// It is no TOML, or a field is missing, unknown or of another type.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: usize,
        /// What the TOML reader says.
        reason: String,
    },
    /// A rule that contradicts itself or the engine's bounds.
    #[error("line {line}: rule `{rule}`: {reason}")]
    Unusable {
        /// Where the rule begins.
        line: usize,
        /// Its id.
        rule: String,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// A shape that is no regular expression, or one that compiles to too much.
    #[error("line {line}: rule `{rule}`: the shape cannot be compiled")]
    Shape {
        /// Where the rule begins.
        line: usize,
        /// Its id.
        rule: String,
        /// What the compiler says.
        #[source]
        source: Box<BuildError>,
    },
}

/// A rule as a rules file writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleText {
    id: String,
    provider: String,
    title: String,
    severity: Severity,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    keywords_hex: Vec<String>,
    #[serde(default)]
    ignore_case: bool,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    lead: usize,
    #[serde(default = "default_reach")]
    reach: usize,
    shape: Option<String>,
    value: Option<String>,
    proof: Option<Proof>,
    #[serde(default)]
    entropy: f64,
    #[serde(default = "default_confidence")]
    confidence: Confidence,
    #[serde(default)]
    guessable: bool,
    remedy: String,
    #[serde(default)]
    examples: Vec<Vec<String>>,
    #[serde(default)]
    counter_examples: Vec<Vec<String>>,
}

const fn default_reach() -> usize {
    512
}

const fn default_confidence() -> Confidence {
    Confidence::Likely
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesText {
    #[serde(default)]
    rule: Vec<Spanned<RuleText>>,
}

/// One kind of secret.
pub struct Rule {
    /// Public and stable: `aws/access-key-id`.
    pub id: String,
    /// Who issues it.
    pub provider: String,
    /// What it is, for people.
    pub title: String,
    /// How bad it is that this is public.
    pub severity: Severity,
    /// Which credential to rotate, and where.
    pub remedy: String,
    /// Texts in which the rule finds its secret; each in parts that are joined, so that no file of ours holds a token.
    pub examples: Vec<Vec<String>>,
    /// Texts in which it must not be more than `possible`.
    pub counter_examples: Vec<Vec<String>>,
    /// Literals at which the shape is tried; none: the whole of the files that it is for.
    pub(super) keywords: Vec<Keyword>,
    /// Names of the only files that it is for, `*` in front stands for any beginning; none: all. Such files are searched as a
    /// whole, whatever the keywords.
    pub(super) files: Vec<String>,
    /// Bytes before the keyword in which the match may begin; 0: it begins with the keyword.
    pub(super) lead: usize,
    /// Bytes behind the keyword's start in which match and proof lie.
    pub(super) reach: usize,
    /// Its first group, or all of it, is the value.
    pub(super) shape: Shape,
    pub(super) proof: Option<Proof>,
    /// Bits a byte that an unproven value must have.
    pub(super) entropy: f64,
    /// What an unproven match is.
    pub(super) confidence: Confidence,
    /// Whether people choose such values.
    pub(super) guessable: bool,
}

/// A shape as it is written, compiled when its first keyword is found: an image has few of the hundreds of kinds.
pub(super) struct Shape {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl Shape {
    fn new(text: String) -> Self {
        Self {
            text,
            compiled: OnceLock::new(),
        }
    }

    /// The compiled shape. None: it cannot be compiled, which [`Rules::parse`] refuses and a test rules out for ours.
    pub(super) fn regex(&self) -> Option<&Regex> {
        let compiled = self.compiled.get_or_init(|| compile_shape(&self.text).ok());
        compiled.as_ref()
    }

    /// Compiles it now. The error is what is wrong with it.
    fn check(&self) -> Result<(), Refused> {
        let regex = compile_shape(&self.text).map_err(Refused::Shape)?;
        let groups = regex
            .group_info()
            .group_len(regex_automata::PatternID::ZERO);
        if groups > 2 {
            return Err(Refused::Groups);
        }
        let _ = self.compiled.set(Some(regex));
        Ok(())
    }
}

enum Refused {
    Shape(Box<BuildError>),
    Groups,
}

/// Rules in order: where two claim the same value on the same line, the first has it.
pub struct Rules {
    pub(super) rules: Vec<Rule>,
    /// The text that they were parsed from: what the cache key is made of.
    pub(super) text: String,
}

impl Rules {
    /// The rules that every build carries.
    pub fn embedded() -> Result<Self, RuleError> {
        let mut all = Self {
            rules: Vec::with_capacity(512),
            text: String::new(),
        };
        for text in EMBEDDED {
            all.append(Self::read(text)?);
        }
        Ok(all)
    }

    /// Reads and compiles a rules file.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let rules = Self::read(text)?;
        rules.check(text)?;
        Ok(rules)
    }

    /// These rules, then all of `others` but those whose id is taken: who writes a rule of an embedded one's id replaces it.
    #[must_use]
    pub fn before(mut self, mut others: Self) -> Self {
        let taken: BTreeSet<&str> = self.rules.iter().map(|rule| rule.id.as_str()).collect();
        others
            .rules
            .retain(|rule| !taken.contains(rule.id.as_str()));
        self.append(others);
        self
    }

    /// Every rule, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    fn append(&mut self, other: Self) {
        self.rules.extend(other.rules);
        self.text.push_str(&other.text);
    }

    fn read(text: &str) -> Result<Self, RuleError> {
        let parsed: RulesText = toml::from_str(text).map_err(|error| RuleError::Malformed {
            line: line_of(text, error.span().map_or(0, |span| span.start)),
            reason: error.message().to_owned(),
        })?;
        let mut ids = BTreeSet::new();
        let mut rules = Vec::with_capacity(parsed.rule.len());
        for spanned in parsed.rule {
            let line = line_of(text, spanned.span().start);
            let rule = spanned.into_inner();
            if !ids.insert(rule.id.clone()) {
                return Err(unusable(
                    line,
                    rule.id,
                    "the id is taken by an earlier rule",
                ));
            }
            rules.push(rule.settle(line)?);
        }
        Ok(Self {
            rules,
            text: text.to_owned(),
        })
    }

    /// Compiles every shape.
    fn check(&self, text: &str) -> Result<(), RuleError> {
        for rule in &self.rules {
            let Err(refused) = rule.shape.check() else {
                continue;
            };
            let written = format!("\"{}\"", rule.id);
            let line = line_of(text, text.find(&written).unwrap_or(0))
                .saturating_sub(1)
                .max(1);
            let id = rule.id.clone();
            return Err(match refused {
                Refused::Shape(source) => RuleError::Shape {
                    line,
                    rule: id,
                    source,
                },
                Refused::Groups => unusable(
                    line,
                    id,
                    "the shape has more than one group: the value is the first; write `(?:…)` for the others",
                ),
            });
        }
        Ok(())
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    memchr::memchr_iter(b'\n', before).count() + 1
}

fn unusable(line: usize, rule: String, reason: impl Into<String>) -> RuleError {
    RuleError::Unusable {
        line,
        rule,
        reason: reason.into(),
    }
}

impl RuleText {
    fn settle(self, line: usize) -> Result<Rule, RuleError> {
        if let Some(reason) = self.contradiction() {
            return Err(unusable(line, self.id, reason));
        }
        let is_assigned = self.value.is_some();
        let shape = match (&self.shape, &self.value) {
            (Some(shape), _) => shape.clone(),
            (None, value) => assignment(&self.keywords, value.as_deref().unwrap_or_default()),
        };
        let mut keywords = keywords(&self.keywords, self.ignore_case || is_assigned);
        keywords.extend(self.keywords_hex.iter().filter_map(|text| {
            let bytes = hex(text)?;
            Some(Keyword {
                bytes,
                ignore_case: false,
            })
        }));
        Ok(Rule {
            keywords,
            id: self.id,
            provider: self.provider,
            title: self.title,
            severity: self.severity,
            remedy: self.remedy,
            examples: self.examples,
            counter_examples: self.counter_examples,
            files: self.files,
            lead: self.lead,
            reach: self.reach,
            shape: Shape::new(shape),
            proof: self.proof,
            entropy: self.entropy,
            confidence: self.confidence,
            guessable: self.guessable,
        })
    }

    /// What the engine cannot do with this rule, if anything.
    fn contradiction(&self) -> Option<String> {
        let (shortest, longest) = (Keyword::SHORTEST, Keyword::LONGEST);
        let is_id = |text: &str| {
            text.split('/').count() == 2
                && text.split('/').all(|part| {
                    !part.is_empty()
                        && part
                            .bytes()
                            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
                })
        };
        if !is_id(&self.id) {
            Some("an id is written `provider/kind`, in lower case".to_owned())
        } else if self.shape.is_some() == self.value.is_some() {
            Some("it needs a `shape`, or the `value` that is assigned to a name with a keyword in it, and not both".to_owned())
        } else if let Some(text) = self
            .keywords_hex
            .iter()
            .find(|text| hex(text).is_none_or(|bytes| !(shortest..=longest).contains(&bytes.len())))
        {
            Some(format!(
                "`{text}` is no keyword in hexadecimal digits of {shortest} to {longest} bytes"
            ))
        } else if self.keywords.is_empty() && self.keywords_hex.is_empty() && self.files.is_empty()
        {
            Some("without keywords it needs `files`: it would be tried everywhere".to_owned())
        } else if let Some(keyword) =
            (self.keywords.iter()).find(|keyword| !(shortest..=longest).contains(&keyword.len()))
        {
            Some(format!(
                "the keyword `{keyword}` must have {shortest} to {longest} bytes"
            ))
        } else if self.reach > LONGEST_REACH || self.lead > LONGEST_LEAD {
            Some(format!(
                "`reach` is at most {LONGEST_REACH}, `lead` at most {LONGEST_LEAD}"
            ))
        } else {
            None
        }
    }
}

fn keywords(texts: &[String], ignore_case: bool) -> Vec<Keyword> {
    let keyword = |text: &String| Keyword {
        bytes: if ignore_case {
            text.to_ascii_lowercase().into_bytes()
        } else {
            text.clone().into_bytes()
        },
        ignore_case,
    };
    texts.iter().map(keyword).collect()
}

/// What is assigned to a name in which a keyword stands: `KEYWORD_REST = "value"`, as shells, programs, YAML and JSON write it.
fn assignment(keywords: &[String], value: &str) -> String {
    let names: Vec<String> = keywords.iter().map(|keyword| escape(keyword)).collect();
    let names = names.join("|");
    format!(
        r#"(?i:{names})[A-Za-z0-9_.-]{{0,40}}["'`\\\]]{{0,3}}[ \t]{{0,8}}(?:=>|:=|=|:)[ \t]{{0,8}}["'`\\]{{0,2}}({value})(?:[^A-Za-z0-9_+/=.(\[-]|$|\.[^A-Za-z0-9])"#
    )
}

fn escape(literal: &str) -> String {
    let escaped = literal.chars().map(|letter| {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            letter.to_string()
        } else {
            format!("\\{letter}")
        }
    });
    escaped.collect()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| {
            u8::from_str_radix(
                std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?,
                16,
            )
            .ok()
        })
        .collect()
}

/// Files are bytes: a shape need not match UTF-8, and `\w`, `\d`, `\b` mean ASCII.
fn compile_shape(shape: &str) -> Result<Regex, Box<BuildError>> {
    Regex::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .configure(
            meta::Config::new()
                .utf8_empty(false)
                .nfa_size_limit(Some(COMPILED_BYTES))
                .hybrid_cache_capacity(COMPILED_BYTES),
        )
        .build(shape)
        .map_err(Box::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "[[rule]]\nid = \"acme/token\"\nprovider = \"Acme\"\ntitle = \"Acme token\"\nseverity = \"high\"\nremedy = \"rotate it\"\n";

    fn error(more: &str) -> String {
        let text = format!("# own rules\n\n{RULE}{more}");
        Rules::parse(&text).err().expect("refused").to_string()
    }

    #[test]
    fn a_rule_that_cannot_be_used_is_refused_with_its_name_and_line() {
        for (more, message) in [
            (
                "shape = 'a'",
                "line 3: rule `acme/token`: without keywords it needs `files`: it would be tried everywhere",
            ),
            (
                "shape = 'a'\nkeywords = ['ab']",
                "line 3: rule `acme/token`: the keyword `ab` must have 3 to 64 bytes",
            ),
            (
                "shape = '(a'\nkeywords = ['abc']",
                "line 3: rule `acme/token`: the shape cannot be compiled",
            ),
            (
                "shape = 'abc.{100000}'\nkeywords = ['abc']",
                "line 3: rule `acme/token`: the shape cannot be compiled",
            ),
            (
                "shape = '(a)(b)'\nkeywords = ['abc']",
                "line 3: rule `acme/token`: the shape has more than one group: the value is the first; write `(?:…)` for the others",
            ),
            (
                "shape = 'a'\nreach = 20000\nkeywords = ['abc']",
                "line 3: rule `acme/token`: `reach` is at most 16384, `lead` at most 256",
            ),
        ] {
            assert_eq!(error(more), message);
        }
    }

    #[test]
    fn an_unknown_field_or_proof_is_refused_with_its_line() {
        assert!(
            error("shape = 'a'\nkeyword = 'abc'").starts_with("line 10: unknown field `keyword`")
        );
        assert!(
            error("shape = 'a'\nproof = 'oracle'").starts_with("line 10: unknown variant `oracle`")
        );
    }

    #[test]
    fn two_rules_cannot_share_an_id() {
        let rule = format!("{RULE}shape = 'abc'\nkeywords = ['abc']\n");
        let error = Rules::parse(&rule.repeat(2)).err().expect("refused");
        assert_eq!(
            error.to_string(),
            "line 9: rule `acme/token`: the id is taken by an earlier rule"
        );
    }
}
