//! Unit files of systemd: sections, keys, continued lines, keys that are reset.
//!
//! The form: <https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html>.

use std::collections::BTreeMap;

use crate::runtime::read::ReadError;
use crate::runtime::{Setting, Spot};

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    /// As written, continued lines joined by a space.
    pub(super) text: String,
    pub(super) at: Spot,
}

impl Entry {
    /// The value; unknown if it has a specifier (`%i`) that only systemd knows.
    pub(super) fn value(&self) -> Setting<String> {
        match expand(&self.text) {
            Ok(text) => Setting::stated(text, self.at.clone()),
            Err(specifier) => Setting::Unknown {
                why: format!("what systemd puts in for {specifier} is not known"),
                at: self.at.clone(),
            },
        }
    }

    /// A value turned into something else; unknown where it is none.
    pub(super) fn read<T>(&self, takes: &str, turn: impl FnOnce(&str) -> Option<T>) -> Setting<T> {
        match self.value() {
            Setting::Stated(stated) => match turn(stated.value.trim()) {
                Some(value) => Setting::stated(value, stated.at),
                None => Setting::Unknown {
                    why: format!("`{}` takes {takes}", self.key),
                    at: stated.at,
                },
            },
            Setting::Unknown { why, at } => Setting::Unknown { why, at },
            Setting::Absent => Setting::Absent,
        }
    }
}

/// `%%` is `%`, and `%h` the home folder; of others the first is given back.
fn expand(text: &str) -> Result<String, String> {
    let mut done = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '%' => match letters.next() {
                Some('%') | None => done.push('%'),
                Some('h') => done.push('~'),
                Some(other) if other.is_ascii_alphabetic() => return Err(format!("%{other}")),
                Some(other) => done.extend(['%', other]),
            },
            other => done.push(other),
        }
    }
    Ok(done)
}

/// A unit file.
#[derive(Debug, Default)]
pub(super) struct Unit {
    /// What holds, in the order of the text: an empty assignment has removed what was before it.
    pub(super) entries: Vec<Entry>,
    /// The sections that are there, each with the line where it begins.
    pub(super) sections: BTreeMap<String, u64>,
}

impl Unit {
    /// The entries of a key.
    pub(super) fn all<'u>(
        &'u self,
        section: &'u str,
        key: &'u str,
    ) -> impl Iterator<Item = &'u Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.section == section && entry.key == key)
    }

    /// The one that holds, of a key with one value: the last.
    pub(super) fn last<'u>(&'u self, section: &'u str, key: &'u str) -> Option<&'u Entry> {
        self.all(section, key).last()
    }
}

/// Reads a unit file.
pub(super) fn unit(file: &str, text: &str) -> Result<Unit, ReadError> {
    let mut unit = Unit::default();
    let mut section: Option<String> = None;
    for (line, text) in logical_lines(text) {
        let fault = |reason: String| ReadError::Form {
            file: file.to_owned(),
            line,
            reason,
        };
        if let Some(name) = text.strip_prefix('[') {
            let name = name
                .strip_suffix(']')
                .ok_or_else(|| fault("column 1: a section's name ends with `]`".to_owned()))?;
            unit.sections.entry(name.to_owned()).or_insert(line);
            section = Some(name.to_owned());
            continue;
        }
        let (key, value) = text.split_once('=').ok_or_else(|| {
            fault("column 1: this is neither a section nor `Key=value`".to_owned())
        })?;
        let section = section
            .clone()
            .ok_or_else(|| fault("column 1: a key stands before the first section".to_owned()))?;
        let (key, value) = (key.trim_end(), value.trim());
        if value.is_empty() {
            unit.entries
                .retain(|entry| entry.section != section || entry.key != key);
            continue;
        }
        unit.entries.push(Entry {
            at: Spot {
                field: format!("{section}.{key}"),
                file: Some(file.to_owned()),
                line: Some(line),
                column: Some(1),
            },
            key: key.to_owned(),
            text: value.to_owned(),
            section,
        });
    }
    Ok(unit)
}

/// Lines without comments, those that end with `\` joined to the next, each with the number of its first.
fn logical_lines(text: &str) -> Vec<(u64, String)> {
    let mut done: Vec<(u64, String)> = Vec::new();
    let mut open: Option<(u64, String)> = None;
    for (number, line) in (1_u64..).zip(text.trim_start_matches('\u{FEFF}').lines()) {
        let line = line.trim();
        if line.starts_with(['#', ';']) || (line.is_empty() && open.is_none()) {
            continue;
        }
        let (first, mut joined) = open.take().unwrap_or((number, String::new()));
        if let Some(begin) = line.strip_suffix('\\') {
            joined.push_str(begin);
            joined.push(' ');
            open = Some((first, joined));
        } else {
            joined.push_str(line);
            done.push((first, joined));
        }
    }
    done.extend(open);
    done
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_continued_and_keys_reset() {
        let text = "# c\n[Container]\nA=1\nB=x \\\n; c\n  y\nA=\nA=2\n[Service]\nA=3\n";
        let unit = unit("u", text).expect("a unit");
        let said: Vec<_> = unit
            .entries
            .iter()
            .map(|e| (e.at.field.as_str(), e.text.as_str(), e.at.line))
            .collect();
        assert_eq!(
            said,
            [
                ("Container.B", "x  y", Some(4)),
                ("Container.A", "2", Some(8)),
                ("Service.A", "3", Some(10)),
            ]
        );
    }

    #[test]
    fn broken_lines_are_told() {
        for (text, line) in [("[A\n", 1), ("[A]\nx\n", 2), ("x=1", 1)] {
            let error = unit("u", text).expect_err("broken").to_string();
            assert!(
                error.starts_with(&format!("u: line {line}: column 1")),
                "{error}"
            );
        }
    }

    #[test]
    fn specifiers_are_unknown_but_for_the_home_folder() {
        assert_eq!(expand("%h/x 50%% 5% "), Ok("~/x 50% 5% ".to_owned()));
        assert_eq!(expand("%t/x"), Err("%t".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_a_unit_or_refused(text in "[\\[\\]A=%\\\\\n #x]{0,60}") {
            let _ = unit("u", &text);
        }
    }
}
