//! Values as YAML text.

use super::Yaml;

/// How a text is indented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Columns that a mapping inside a mapping is further right.
    pub(super) step: usize,
    /// Columns that the dashes of a list are further right than its key.
    pub(super) dash: usize,
    /// `\n` or `\r\n`.
    pub(super) newline: &'static str,
}

/// Whether a text needs no quotes: words that nobody reads as a number, a boolean, a date, or as a part of the syntax.
pub(super) fn is_plain(text: &str) -> bool {
    let reserved = [
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "none", "~", "inf", "nan",
    ];
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-./".contains(letter);
    let begins = |letter: char| letter.is_ascii_alphabetic() || letter == '/' || letter == '_';
    text.starts_with(begins)
        && text
            .chars()
            .all(|letter| is_word(letter) || ":=,@".contains(letter))
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(',')
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

/// A scalar in one line.
fn scalar(value: &Yaml) -> Option<String> {
    Some(match value {
        Yaml::Number(number) => number.to_string(),
        Yaml::Bool(flag) => flag.to_string(),
        Yaml::Text(text) => quoted(text),
        Yaml::Plain(text) => text.clone(),
        Yaml::List(items) if items.is_empty() => "[]".to_owned(),
        Yaml::Map(entries) if entries.is_empty() => "{}".to_owned(),
        Yaml::List(_) | Yaml::Map(_) => return None,
    })
}

fn quoted(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut done = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => done.extend(['\\', letter]),
            '\n' => done.push_str("\\n"),
            '\r' => done.push_str("\\r"),
            '\t' => done.push_str("\\t"),
            other if other.is_control() || other == '\u{FEFF}' => {
                done.push_str("\\U");
                let digits = format!("{:08X}", u32::from(other));
                done.push_str(&digits);
            }
            other => done.push(other),
        }
    }
    done.push('"');
    done
}

/// In one line, with brackets.
pub(super) fn flow(value: &Yaml) -> String {
    match value {
        Yaml::List(items) => {
            let items: Vec<_> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Yaml::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, value)| format!("{}: {}", quoted(key), flow(value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => scalar(other).unwrap_or_default(),
    }
}

/// What stands behind the colon of a key at `column`: in its line, or in lines of its own.
pub(super) fn behind_key(value: &Yaml, column: usize, style: Style) -> String {
    match (scalar(value), value) {
        (Some(text), _) => format!(" {text}"),
        (None, Yaml::List(_)) => format!(
            "{}{}",
            style.newline,
            block(value, column + style.dash, style)
        ),
        (None, _) => format!(
            "{}{}",
            style.newline,
            block(value, column + style.step, style)
        ),
    }
}

/// `key: value`, with the key's indentation.
pub(super) fn entry(key: &str, value: &Yaml, column: usize, style: Style) -> String {
    let indent = " ".repeat(column);
    format!(
        "{indent}{}:{}",
        quoted(key),
        behind_key(value, column, style)
    )
}

/// `- value`, with the dash's indentation.
pub(super) fn item(value: &Yaml, column: usize, style: Style) -> String {
    let indent = " ".repeat(column);
    let inside = match scalar(value) {
        Some(text) => text,
        None => block(value, column + 2, style).trim_start().to_owned(),
    };
    format!("{indent}- {inside}")
}

/// Lines of a list or mapping, without a newline at the end.
fn block(value: &Yaml, column: usize, style: Style) -> String {
    let lines: Vec<String> = match value {
        Yaml::Map(entries) => entries
            .iter()
            .map(|(key, value)| entry(key, value, column, style))
            .collect(),
        Yaml::List(items) => items
            .iter()
            .map(|value| item(value, column, style))
            .collect(),
        other => scalar(other).into_iter().collect(),
    };
    lines.join(style.newline)
}
