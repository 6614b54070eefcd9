//! Env files: `NAME=VALUE` a line, as `.env` and `env_file` have them.
//!
//! The form is Docker's: <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>.

use super::interpolate::fill;

/// A line of an env file.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Assignment {
    pub(super) name: String,
    /// `None`: it is taken from the caller's environment, or a variable in it has no value.
    pub(super) value: Option<String>,
}

/// Reads an env file; `outer` gives variables that its own lines do not. With `raw`, values are taken as they stand.
pub(super) fn assignments(
    text: &str,
    raw: bool,
    outer: &dyn Fn(&str) -> Option<String>,
) -> Vec<Assignment> {
    let mut done: Vec<Assignment> = Vec::new();
    let mut rest = text.trim_start_matches('\u{FEFF}');
    while !rest.is_empty() {
        let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = behind;
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let Some((name, value)) = line.split_once('=') else {
            done.push(Assignment {
                name: line.to_owned(),
                value: outer(line),
            });
            continue;
        };
        let value = value.trim_start();
        let known = |name: &str| {
            outer(name).or_else(|| {
                let last = done.iter().rev().find(|known| known.name == name);
                last.and_then(|known| known.value.clone())
            })
        };
        let value = if raw {
            Some(value.to_owned())
        } else if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
            quoted(value.get(1..).unwrap_or_default(), quote, &mut rest, &known)
        } else {
            let end = value.find(" #").unwrap_or(value.len());
            expand(value.get(..end).unwrap_or(value).trim_end(), &known)
        };
        done.push(Assignment {
            name: name.trim_end().to_owned(),
            value,
        });
    }
    done
}

/// A value in quotes, which may go on over lines.
fn quoted(
    first: &str,
    quote: char,
    rest: &mut &str,
    known: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut value = String::new();
    let mut line = first;
    loop {
        let mut escaped = false;
        for letter in line.chars() {
            if escaped {
                value.extend(unescaped(letter));
                escaped = false;
            } else if letter == '\\' && quote == '"' {
                escaped = true;
            } else if letter == quote {
                return if quote == '"' {
                    expand(&value, known)
                } else {
                    Some(value)
                };
            } else {
                value.push(letter);
            }
        }
        if rest.is_empty() {
            return Some(value);
        }
        value.push('\n');
        let (next, behind) = rest.split_once('\n').unwrap_or((rest, ""));
        (line, *rest) = (next, behind);
    }
}

fn unescaped(letter: char) -> Vec<char> {
    match letter {
        'n' => vec!['\n'],
        'r' => vec!['\r'],
        't' => vec!['\t'],
        '$' => vec!['$', '$'],
        '"' | '\\' => vec![letter],
        other => vec!['\\', other],
    }
}

fn expand(value: &str, known: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    match fill(value, known) {
        Ok(filled) if filled.why.is_none() => Some(filled.text),
        Ok(_) => None,
        // A dollar sign that begins no variable is one.
        Err(_) => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        let outer = |name: &str| (name == "OUTER").then(|| "out".to_owned());
        assignments(text, false, &outer)
            .into_iter()
            .map(|line| (line.name, line.value))
            .collect()
    }

    #[test]
    fn lines_are_read_as_docker_reads_them() {
        for (text, name, value) in [
            ("A=1", "A", Some("1")),
            ("export A=1 # note", "A", Some("1")),
            ("A = 'x $Y'", "A", Some("x $Y")),
            ("A=\"x\\ny\"", "A", Some("x\ny")),
            ("A=\"two\nlines\"", "A", Some("two\nlines")),
            ("A=${OUTER}/x", "A", Some("out/x")),
            ("A=$NOT", "A", None),
            ("A=", "A", Some("")),
            ("OUTER", "OUTER", Some("out")),
            ("NOT", "NOT", None),
            ("# c\n\nA=a#b\r\n", "A", Some("a#b")),
        ] {
            assert_eq!(
                read(text),
                [(name.to_owned(), value.map(str::to_owned))],
                "{text:?}"
            );
        }
        assert_eq!(
            read("A=1\nB=$A").last().and_then(|l| l.1.as_deref()),
            Some("1")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[A-C='\"\\\\$\n# {}é]{0,60}") {
            let _ = read(&text);
        }
    }
}
