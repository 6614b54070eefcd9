//! Secrets among the settings. What kind of secret a value is, the caller's engine says; the value itself is never shown.

use super::told::{Blind, Told, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Severity};
use crate::runtime::Setting;

pub(super) const CHECKS: &[RuntimeCheck] = &[RuntimeCheck {
    check: Check {
        id: "PLM-R-090",
        title: "Secret in the environment or the arguments",
        severity: Severity::High,
        cis: &["4.10"],
        nist: &["4.1.4", "4.4.3"],
        pss: &[],
        why: "Whoever may inspect the container reads it, and so does every process inside; it ends up in logs and error reports.",
        fix: "Mount it as a file from a store of secrets.",
    },
    fields: &fields::SECRETS,
    lines: &wording::SECRET,
    on_windows: true,
    run: |subject| settle(secrets(subject)),
}];

fn secrets(subject: &Subject<'_>) -> Told {
    let mut failures: Vec<Failure> = subject
        .spec
        .environment
        .iter()
        .filter_map(|variable| {
            let value = variable.value.as_deref().filter(|value| is_value(value))?;
            let kind = (subject.environment)(&variable.name, value)?;
            let name = shown_name(&variable.name);
            let mut place = variable.at.place();
            place.field = place
                .field
                .map(|field| field.replace(&variable.name, &name));
            Some(Failure::new(
                format!("the variable {name} holds {}", a(&kind)),
                place,
            ))
        })
        .collect();
    let mut blind = None;
    for (setting, what) in [
        (&subject.spec.entrypoint, "the entry point"),
        (&subject.spec.command, "the command"),
    ] {
        match in_words(subject, setting, what) {
            Ok(found) => failures.extend(found),
            Err(unknown) => blind = blind.or(Some(unknown)),
        }
    }
    judged(failures, blind)
}

/// A variable's name, as far as it is one: `PASSWORD: x` in a list is a name with its value in it.
fn shown_name(name: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    match name.find(|c| !is_part(c)) {
        Some(end) => format!("{}…", name.get(..end).unwrap_or_default()),
        None => name.to_owned(),
    }
}

/// `a password`, `an API key`.
fn a(kind: &str) -> String {
    let vowel = kind.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
    format!("{} {kind}", if vowel { "an" } else { "a" })
}

/// Whether there can be a secret in it: a reference to a variable is none.
fn is_value(value: &str) -> bool {
    let value = value.trim();
    let is_reference = value.starts_with("${") || value.starts_with("$(");
    !value.is_empty() && !is_reference
}

fn in_words(
    subject: &Subject<'_>,
    setting: &Setting<Vec<String>>,
    what: &str,
) -> Result<Vec<Failure>, Blind> {
    let Some(stated) = said(setting)? else {
        return Ok(Vec::new());
    };
    let words = &stated.value;
    let mut found = Vec::new();
    for (number, word) in words.iter().enumerate() {
        let next = words.get(number + 1).map(String::as_str);
        let (name, value) = named_value(word, next);
        let kind = Some(value)
            .filter(|value| is_value(value))
            .and_then(|value| (subject.environment)(name, value));
        if let Some(kind) = kind {
            let detail = format!("{what} has {} (word {})", a(&kind), number + 1);
            found.push(Failure::new(detail, stated.at.place()));
        }
    }
    Ok(found)
}

/// `--token=x` and `--token x` are `token` and `x`, `NAME=x` is `NAME` and `x`; any other word has no name.
fn named_value<'w>(word: &'w str, next: Option<&'w str>) -> (&'w str, &'w str) {
    let flag = word.trim_start_matches('-');
    let is_flag = flag.len() < word.len();
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    match flag.split_once('=') {
        Some((name, value)) if is_name(name) => (name, value),
        None if is_flag && is_name(flag) => match next.filter(|next| !next.starts_with('-')) {
            Some(next) => (flag, next),
            None => ("", word),
        },
        _ => ("", word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_argument_is_found_in_every_spelling() {
        let cases = [
            ("--token=x", None, ("token", "x")),
            ("--token", Some("x"), ("token", "x")),
            ("--token", Some("--other"), ("", "--token")),
            ("NAME=x", None, ("NAME", "x")),
            ("https://u@h/?a=b", None, ("", "https://u@h/?a=b")),
            ("serve", Some("x"), ("", "serve")),
        ];
        for (word, next, expected) in cases {
            assert_eq!(named_value(word, next), expected, "{word}");
        }
    }
}
