//! Quoting: what a name from an image looks like in a shell, in YAML and in a unit file.

use std::fmt::Write as _;

use crate::harden::HealthCheck;
use crate::model::{Untrusted, is_deceptive};

/// One word for a POSIX shell.
pub(super) fn shell(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '/' | '.' | '_' | '-' | '+' | '@' | '=' | ',' | ':')
    };
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A double-quoted scalar of YAML 1.2 (chapter 7.3.1): also of JSON where nothing but ASCII control characters are escaped.
pub(super) fn yaml(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if is_deceptive(c) && u32::from(c) > 0xffff => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
            c if is_deceptive(c) => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The same for Compose, which fills in `$NAME`: a dollar is written twice (compose-spec, `12-interpolation.md`).
pub(super) fn compose(text: &str) -> String {
    yaml(&text.replace('$', "$$"))
}

/// A value of a unit file: `%` begins a specifier and `$` a variable (systemd.unit(5), systemd.service(5)). `None` if it cannot be written on
/// one line.
pub(super) fn unit(value: &str) -> Option<String> {
    let is_writable = !value.ends_with('\\') && !value.chars().any(char::is_control);
    is_writable.then(|| value.replace('%', "%%").replace('$', "$$"))
}

/// A text on one line of a comment, whatever it holds. A backslash at its end would join the next line to it.
pub(super) fn comment(text: &str) -> String {
    let mut line = Untrusted(text).to_string();
    if line.ends_with('\\') {
        line.push('.');
    }
    line
}

/// A check as one text for a shell.
pub(super) fn check_text(check: &HealthCheck) -> String {
    if check.in_shell {
        return check.command.join(" ");
    }
    let words: Vec<String> = check.command.iter().map(|word| shell(word)).collect();
    words.join(" ")
}

/// A list in one line of YAML.
pub(super) fn yaml_list<'a>(
    words: impl IntoIterator<Item = &'a str>,
    quote: fn(&str) -> String,
) -> String {
    let words: Vec<String> = words.into_iter().map(quote).collect();
    format!("[{}]", words.join(", "))
}
