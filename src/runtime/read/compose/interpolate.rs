//! `$VAR`, `${VAR}`, `${VAR:-default}`, …: <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

use super::part::MISSING;

/// Braces inside each other.
const DEPTH: usize = 20;

/// A text with its variables put in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// The text, with [`MISSING`] for each variable that has no value.
    pub(super) text: String,
    /// The first reason for such a place.
    pub(super) why: Option<String>,
}

/// Puts variables into a text. The error says in plain words what is wrong with it.
pub(super) fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<Filled, String> {
    filled(text, value, 0)
}

/// Bytes that a text may grow to: a variable of variables of variables would fill the memory.
const LONGEST: usize = 1 << 20;

fn filled(
    text: &str,
    value: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<Filled, String> {
    if depth > DEPTH {
        return Err("its variables are nested too deeply".to_owned());
    }
    let mut done = Filled {
        text: String::with_capacity(text.len()),
        why: None,
    };
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        done.text.push_str(before);
        if done.text.len() > LONGEST {
            return Err("its variables make it too long".to_owned());
        }
        rest = behind;
        if let Some(behind) = rest.strip_prefix('$') {
            done.text.push('$');
            rest = behind;
        } else if let Some(behind) = rest.strip_prefix('{') {
            let end = closing(behind).ok_or_else(|| "`${` is not closed by `}`".to_owned())?;
            let (inside, behind) = behind.split_at_checked(end).unwrap_or((behind, ""));
            done.append(braced(inside, value, depth)?);
            rest = behind.get(1..).unwrap_or_default();
        } else {
            let end = name_length(rest);
            let (name, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
            if name.is_empty() {
                return Err("`$` begins no variable here: a dollar sign is written `$$`".to_owned());
            }
            done.append(plain(name, value));
            rest = behind;
        }
    }
    done.text.push_str(rest);
    Ok(done)
}

impl Filled {
    fn append(&mut self, other: Self) {
        self.text.push_str(&other.text);
        self.why = self.why.take().or(other.why);
    }

    fn known(text: String) -> Self {
        Self { text, why: None }
    }

    fn missing(why: String) -> Self {
        Self {
            text: MISSING.to_string(),
            why: Some(why),
        }
    }
}

fn plain(name: &str, value: &dyn Fn(&str) -> Option<String>) -> Filled {
    value(name).map_or_else(
        || Filled::missing(format!("the variable {name} has no value")),
        Filled::known,
    )
}

/// What stands between `${` and `}`.
fn braced(
    inside: &str,
    value: &dyn Fn(&str) -> Option<String>,
    depth: usize,
) -> Result<Filled, String> {
    let (name, behind) = inside
        .split_at_checked(name_length(inside))
        .unwrap_or((inside, ""));
    if name.is_empty() {
        return Err("`${` is followed by no name: a dollar sign is written `$$`".to_owned());
    }
    if behind.is_empty() {
        return Ok(plain(name, value));
    }
    let (counts_empty, operator) = behind
        .strip_prefix(':')
        .map_or((true, behind), |operator| (false, operator));
    let found = value(name).filter(|text| counts_empty || !text.is_empty());
    let word = operator.get(1..).unwrap_or_default();
    match (operator.chars().next(), found) {
        (Some('-' | '?'), Some(text)) => Ok(Filled::known(text)),
        (Some('-'), None) | (Some('+'), Some(_)) => filled(word, value, depth + 1),
        (Some('+'), None) => Ok(Filled::known(String::new())),
        (Some('?'), None) => Ok(Filled::missing(format!(
            "the variable {name} has no value, and must have one"
        ))),
        _ => Err(format!(
            "`${{{name}` is followed by neither `}}` nor `:-`, `-`, `:?`, `?`, `:+`, `+`"
        )),
    }
}

/// Where the `}` is that belongs to a `${` before this text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut dollar = false;
    for (index, letter) in text.char_indices() {
        match letter {
            '{' if dollar => depth += 1,
            '}' if depth == 0 => return Some(index),
            '}' => depth -= 1,
            _ => {}
        }
        dollar = letter == '$' && !dollar;
    }
    None
}

fn name_length(text: &str) -> usize {
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    if !text.starts_with(is_first) {
        return 0;
    }
    text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(name: &str) -> Option<String> {
        match name {
            "SET" => Some("set".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn every_form_of_the_specification_is_filled() {
        for (text, expected) in [
            ("plain", "plain"),
            ("$SET", "set"),
            ("a${SET}b", "asetb"),
            ("$$SET", "$SET"),
            ("$${SET}", "${SET}"),
            ("${SET:-d}", "set"),
            ("${EMPTY:-d}", "d"),
            ("${EMPTY-d}", ""),
            ("${NOT:-d}", "d"),
            ("${NOT-d}", "d"),
            ("${NOT:-}", ""),
            ("${SET:?e}", "set"),
            ("${EMPTY?e}", ""),
            ("${SET:+r}", "r"),
            ("${EMPTY:+r}", ""),
            ("${EMPTY+r}", "r"),
            ("${NOT:+r}", ""),
            ("${NOT+r}", ""),
            ("${NOT:-${SET}}", "set"),
            ("${NOT:-${ALSO_NOT:-deep}}/x", "deep/x"),
            ("${NOT:-a}${SET}", "aset"),
            ("${NOT:-{a}}", "{a}"),
        ] {
            assert_eq!(
                fill(text, &value),
                Ok(Filled::known(expected.to_owned())),
                "{text}"
            );
        }
    }

    #[test]
    fn a_variable_without_a_value_is_named_and_never_becomes_nothing() {
        for text in ["$NOT", "${NOT}", "${NOT:?e}", "${NOT?e}", "${X:-${NOT}}"] {
            let filled = fill(text, &value).expect("well-formed");
            assert!(
                filled
                    .why
                    .as_deref()
                    .is_some_and(|why| why.starts_with("the variable NOT has no value")),
                "{text}"
            );
            assert!(filled.text.contains(MISSING), "{text}");
        }
    }

    #[test]
    fn what_is_no_variable_is_an_error() {
        for text in [
            "$", "${", "${}", "${1}", "$1", "${SET!}", "${SET:}", "a $ b",
        ] {
            assert!(fill(text, &value).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_filled_or_refused(text in "[$\\{\\}:?+A-Ca-c -]{0,40}") {
            let _ = fill(&text, &value);
        }
    }
}
