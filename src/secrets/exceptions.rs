//! Secrets that somebody looked at and accepts: by fingerprint, path or rule, with a reason, and as long as they say.
//!
//! A file of exceptions is TOML. What is given of an entry has to fit, all of it:
//!
//! ```toml
//! [[exception]]
//! rule = "private-key/*"            # or one rule's id
//! path = "srv/app/tests/**"         # `*` within a folder's name, `**` over folders
//! fingerprint = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
//! reason = "keys of our own test server"
//! expires = "2027-06-30"            # the last day; without it: for ever
//! ```

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use toml::Spanned;

use crate::model::{Fingerprint, SecretHit};

/// Why a file of exceptions cannot be used. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ExceptionError {
    /// It is no TOML, or a field is missing, unknown or of another type.
    #[error("line {line}: {reason}")]
    Malformed {
        /// Where.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionsText {
    #[serde(default)]
    exception: Vec<Spanned<ExceptionText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionText {
    rule: Option<String>,
    path: Option<String>,
    fingerprint: Option<Fingerprint>,
    reason: String,
    expires: Option<String>,
}

struct Exception {
    line: usize,
    text: ExceptionText,
    is_expired: bool,
    is_used: AtomicBool,
}

/// What is accepted on one day.
#[derive(Default)]
pub struct Exceptions {
    exceptions: Vec<Exception>,
}

impl Exceptions {
    /// Reads a file of exceptions. `today` as `YYYY-MM-DD`: what expired before it accepts nothing.
    pub fn parse(text: &str, today: &str) -> Result<Self, ExceptionError> {
        let parsed: ExceptionsText =
            toml::from_str(text).map_err(|error| ExceptionError::Malformed {
                line: line_of(text, error.span().map_or(0, |span| span.start)),
                reason: error.message().to_owned(),
            })?;
        let exceptions = parsed.exception.into_iter().map(|spanned| {
            let line = line_of(text, spanned.span().start);
            let text = spanned.into_inner();
            let refuse = |reason: &str| {
                let reason = reason.to_owned();
                Err(ExceptionError::Malformed { line, reason })
            };
            if text.reason.trim().is_empty() {
                return refuse("an exception needs a reason");
            }
            if text.rule.is_none() && text.path.is_none() && text.fingerprint.is_none() {
                return refuse(
                    "it needs a `rule`, a `path` or a `fingerprint`: it would accept everything",
                );
            }
            if text.expires.as_deref().is_some_and(|date| !is_date(date)) {
                return refuse("`expires` is written YYYY-MM-DD, in quotes");
            }
            let is_expired = text.expires.as_deref().is_some_and(|date| date < today);
            Ok(Exception {
                line,
                text,
                is_expired,
                is_used: AtomicBool::new(false),
            })
        });
        Ok(Self {
            exceptions: exceptions.collect::<Result<_, _>>()?,
        })
    }

    /// Why a secret at this place is accepted; none: it is not. Remembers which exceptions were of use.
    pub fn accepts(&self, hit: &SecretHit, path: Option<&str>) -> Option<&str> {
        let path = match (&hit.member, path) {
            (Some(member), Some(path)) => Some(format!("{path}!{member}")),
            (_, path) => path.map(str::to_owned),
        };
        let mut reason = None;
        for exception in &self.exceptions {
            if exception.fits(hit, path.as_deref()) {
                exception.is_used.store(true, Ordering::Relaxed);
                if !exception.is_expired {
                    reason = reason.or(Some(exception.text.reason.as_str()));
                }
            }
        }
        reason
    }

    /// What its author should know: which entries have expired, and which fitted nothing.
    pub fn remarks(&self) -> Vec<String> {
        let remark = |exception: &Exception| {
            let line = exception.line;
            let reason = &exception.text.reason;
            if exception.is_expired {
                let date = exception.text.expires.as_deref().unwrap_or_default();
                Some(format!(
                    "the exception in line {line} ({reason}) expired on {date}"
                ))
            } else if exception.is_used.load(Ordering::Relaxed) {
                None
            } else {
                Some(format!(
                    "the exception in line {line} ({reason}) fits nothing any more"
                ))
            }
        };
        self.exceptions.iter().filter_map(remark).collect()
    }
}

impl Exception {
    fn fits(&self, hit: &SecretHit, path: Option<&str>) -> bool {
        let text = &self.text;
        text.fingerprint
            .is_none_or(|wanted| hit.fingerprint == Some(wanted))
            && text
                .rule
                .as_deref()
                .is_none_or(|wanted| glob(wanted.as_bytes(), hit.rule.as_bytes()))
            && text.path.as_deref().is_none_or(|wanted| {
                let wanted = wanted.trim_start_matches('/');
                path.is_some_and(|path| {
                    glob(wanted.as_bytes(), path.trim_start_matches('/').as_bytes())
                })
            })
    }
}

/// An exceptions file that accepts these secrets, each with its path: what is there is known, what comes is new.
pub fn baseline<'a>(found: impl Iterator<Item = (&'a SecretHit, Option<&'a str>)>) -> String {
    let mut entries: Vec<String> = found
        .map(|(hit, path)| {
            let mut entry = String::from("[[exception]]\n");
            let _ = writeln!(entry, "rule = {}", quoted(&hit.rule));
            match (hit.fingerprint, path) {
                (Some(fingerprint), _) => {
                    let _ = writeln!(entry, "fingerprint = \"{fingerprint}\"");
                }
                (None, Some(path)) => {
                    let member = hit.member.iter().map(|member| format!("!{member}"));
                    let path = path.to_owned() + &member.collect::<String>();
                    let _ = writeln!(entry, "path = {}", quoted(&path.replace(['*', '?'], "?")));
                }
                (None, None) => {}
            }
            entry + "reason = \"baseline\"\n"
        })
        .collect();
    entries.sort();
    entries.dedup();
    entries.join("\n")
}

/// A TOML string.
fn quoted(text: &str) -> String {
    // A JSON string is a TOML basic string.
    serde_json::Value::from(text).to_string()
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    memchr::memchr_iter(b'\n', before).count() + 1
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [4, 2, 2]
        && parts
            .iter()
            .all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `?` is one character, `*` any of one folder's or file's name, `**` any at all. In time that is bounded by the product of both lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    let mut rest = pattern;
    while let Some((sign, after)) = rest.split_first() {
        let (is_deep, after) = match (sign, after) {
            (b'*', [b'*', after @ ..]) => (true, after),
            _ => (false, after),
        };
        let mut next = vec![false; text.len() + 1];
        if *sign == b'*' {
            let mut open = false;
            for (at, slot) in next.iter_mut().enumerate() {
                let before = at.checked_sub(1).and_then(|at| text.get(at));
                open =
                    reached.get(at) == Some(&true) || (open && (is_deep || before != Some(&b'/')));
                *slot = open;
            }
        } else {
            for ((slot, was), byte) in next.iter_mut().skip(1).zip(&reached).zip(text) {
                *slot = *was && (sign == byte || *sign == b'?');
            }
        }
        reached = next;
        rest = after;
    }
    reached.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Severity};

    fn hit(rule: &str, fingerprint: Option<u8>) -> SecretHit {
        SecretHit {
            rule: rule.to_owned(),
            title: String::new(),
            severity: Severity::High,
            confidence: Confidence::Likely,
            line: 1,
            redacted: String::new(),
            fingerprint: fingerprint.map(|byte| Fingerprint([byte; 16])),
            remedy: String::new(),
            member: None,
        }
    }

    #[test]
    fn all_that_an_exception_says_has_to_fit() {
        let text =
            "[[exception]]\nrule = \"aws/*\"\npath = \"srv/**/tests/*\"\nreason = \"ours\"\n";
        let exceptions = Exceptions::parse(text, "2026-11-24").expect("exceptions");
        let accepts = |rule, path| exceptions.accepts(&hit(rule, None), Some(path)).is_some();
        assert!(accepts("aws/access-key-id", "srv/app/tests/key"));
        assert!(!accepts("aws/access-key-id", "srv/app/tests/more/key"));
        assert!(!accepts("gcp/api-key", "srv/app/tests/key"));
        assert!(exceptions.remarks().is_empty());
    }

    #[test]
    fn what_expired_accepts_nothing_and_is_told_like_what_fits_nothing() {
        let text = "[[exception]]\nrule = \"a/b\"\nreason = \"old\"\nexpires = \"2026-11-23\"\n\n[[exception]]\nfingerprint = \"01010101010101010101010101010101\"\nreason = \"gone\"\n";
        let exceptions = Exceptions::parse(text, "2026-11-24").expect("exceptions");
        assert_eq!(exceptions.accepts(&hit("a/b", Some(2)), None), None);
        assert_eq!(
            exceptions.remarks(),
            [
                "the exception in line 1 (old) expired on 2026-11-23",
                "the exception in line 6 (gone) fits nothing any more"
            ]
        );
        assert_eq!(exceptions.accepts(&hit("a/b", Some(1)), None), Some("gone"));
    }

    #[test]
    fn an_exception_without_reason_or_limits_is_refused_with_its_line() {
        for (text, message) in [
            (
                "\n[[exception]]\nrule = \"a/b\"\nreason = \" \"\n",
                "line 2: an exception needs a reason",
            ),
            (
                "[[exception]]\nreason = \"all\"\n",
                "line 1: it needs a `rule`, a `path` or a `fingerprint`: it would accept everything",
            ),
            (
                "[[exception]]\nrule = \"a/b\"\nreason = \"x\"\nexpires = \"soon\"\n",
                "line 1: `expires` is written YYYY-MM-DD, in quotes",
            ),
            (
                "[[exception]]\nrules = \"a/b\"\nreason = \"x\"\n",
                "line 2: unknown field `rules`, expected one of `rule`, `path`, `fingerprint`, `reason`, `expires`",
            ),
        ] {
            let error = Exceptions::parse(text, "2026-11-24")
                .err()
                .expect("refused");
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn a_baseline_accepts_what_it_was_made_of_and_nothing_else() {
        let found = [
            (hit("a/b", Some(1)), Some("x")),
            (hit("c/d", None), Some("dir/*/y")),
        ];
        let text = baseline(found.iter().map(|(hit, path)| (hit, *path)));
        let exceptions = Exceptions::parse(&text, "2026-11-24").expect("its own form");
        for (hit, path) in &found {
            assert_eq!(exceptions.accepts(hit, *path), Some("baseline"));
        }
        assert_eq!(exceptions.accepts(&hit("a/b", Some(2)), Some("x")), None);
        assert_eq!(exceptions.accepts(&hit("c/d", None), Some("z")), None);
    }
}
