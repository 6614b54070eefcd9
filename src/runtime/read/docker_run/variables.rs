//! Variables of a script: what is assigned to them before they are used, without running anything.

use std::collections::BTreeMap;

use super::{script::Script, word::Word};
use crate::model::shell::{self, ShellCommand, ShellWord};
use crate::runtime::read::Surroundings;

/// Defaults inside defaults that are followed: `${A:-${B:-x}}`.
const DEPTH: usize = 8;
/// Characters that a variable may grow to: `A="$A$A"` in a script of some lines would fill the memory.
const LENGTH: usize = 64 << 10;
/// Commands that assign what stands behind them.
const DECLARING: [&str; 5] = ["export", "local", "readonly", "declare", "typeset"];

/// What is known of a variable.
#[derive(Clone, Debug, Default)]
struct Known {
    text: String,
    unknown: Option<String>,
    /// The words of an array.
    list: Option<Vec<Word>>,
    /// Whether it has this value only if a condition holds.
    is_conditional: bool,
}

/// The variables at one place of a script.
pub(super) struct Variables<'a> {
    known: BTreeMap<String, Known>,
    around: &'a dyn Surroundings,
}

/// A text with its variables replaced.
#[derive(Default)]
struct Expanded {
    text: String,
    unknown: Option<String>,
    is_conditional: bool,
}

impl<'a> Variables<'a> {
    pub(super) fn new(around: &'a dyn Surroundings) -> Self {
        Self {
            known: BTreeMap::new(),
            around,
        }
    }

    /// Notes what a command assigns.
    pub(super) fn note(&mut self, command: &ShellCommand, script: &Script) {
        use shell::Joiner::{And, Or, Pipe};
        let is_conditional =
            script.is_conditional(command.line) || matches!(command.joined, And | Or | Pipe);
        if command.words.is_empty() {
            for (name, value) in &command.assignments {
                let adds = script.is_addition(value.line, value.column);
                self.assign(name, value, adds, is_conditional);
            }
        }
        match command.program() {
            Some(program) if DECLARING.contains(&program) => {
                for word in command.words.iter().skip(1) {
                    if let Some((name, value)) = word.text.split_once('=') {
                        let value = ShellWord {
                            text: value.to_owned(),
                            ..word.clone()
                        };
                        let plain = name.trim_end_matches('+');
                        self.assign(plain, &value, plain != name, is_conditional);
                    }
                }
            }
            Some("unset" | "read" | "mapfile" | "readarray" | "getopts" | "select" | "let") => {
                for name in command.arguments() {
                    self.known.remove(name);
                }
            }
            Some("printf") => {
                let mut words = command.arguments();
                if words.any(|word| word == "-v") {
                    words.next().map(|name| self.known.remove(name));
                }
            }
            // What they do to a variable is not seen: each has its value only if they leave it alone.
            Some("eval" | "source" | ".") => {
                self.known
                    .values_mut()
                    .for_each(|known| known.is_conditional = true);
            }
            _ => {}
        }
    }

    fn assign(&mut self, name: &str, value: &ShellWord, adds: bool, is_conditional: bool) {
        let inside = value
            .text
            .strip_prefix('(')
            .and_then(|text| text.strip_suffix(')'));
        let mut known = if let Some(inside) = inside.filter(|_| !value.is_literal) {
            Known {
                list: Some(self.array(inside, value)),
                is_conditional,
                ..Known::default()
            }
        } else {
            let expanded = self.expand(&value.text, value, true, 0);
            Known {
                text: expanded.text,
                unknown: expanded.unknown,
                list: None,
                is_conditional: is_conditional || expanded.is_conditional,
            }
        };
        if let Some(before) = self.known.get(name).filter(|_| adds) {
            known.is_conditional |= before.is_conditional;
            known.unknown = known.unknown.or_else(|| before.unknown.clone());
            known.text = format!("{}{}", before.text, known.text);
            known.list = match (before.list.clone(), known.list) {
                (Some(mut list), Some(more)) => {
                    list.extend(more);
                    Some(list)
                }
                (before, more) => more.or(before),
            };
        }
        let size = known.list.as_ref().map_or(0, |list| {
            list.iter().map(|word| word.text.len()).sum::<usize>()
        });
        if known.text.len() + size > LENGTH {
            known = Known {
                text: format!("${{{name}}}"),
                unknown: Some(format!("the value of {name} is too long")),
                ..Known::default()
            };
        }
        self.known.insert(name.to_owned(), known);
    }

    /// The words of an array; its text is a script of its own.
    fn array(&self, inside: &str, value: &ShellWord) -> Vec<Word> {
        let script = Script::new(inside);
        let mut words = Vec::new();
        for command in shell::commands(inside) {
            for (name, value) in &command.assignments {
                let word = ShellWord {
                    text: format!("{name}={}", value.text),
                    ..value.clone()
                };
                words.extend(self.words(&word, &script));
            }
            for word in &command.words {
                words.extend(self.words(word, &script));
            }
        }
        for word in &mut words {
            word.line = word.line.saturating_add(value.line.saturating_sub(1));
        }
        words
    }

    /// What a word of a script becomes: none, one or several words.
    pub(super) fn words(&self, word: &ShellWord, script: &Script) -> Vec<Word> {
        let at = Word {
            line: word.line,
            column: word.column,
            ..Word::default()
        };
        if word.is_literal {
            return vec![at.part(&word.text)];
        }
        let is_quoted = script.is_quoted(word.line, word.column);
        let only = only_variable(&word.text);
        if let Some(name) = only
            && let Some(words) = self.several(name, &word.text, is_quoted, &at)
        {
            return words;
        }
        let expanded = self.expand(&word.text, word, false, 0);
        let is_split = !is_quoted && word.text.starts_with('$');
        if is_split && expanded.unknown.is_none() {
            let parts = expanded.text.split_whitespace();
            return parts.map(|part| at.part(part)).collect();
        }
        let is_open = expanded.unknown.is_some() && (only.is_some() || is_substitution(&word.text));
        vec![Word {
            is_open,
            text: expanded.text,
            unknown: expanded.unknown,
            ..at
        }]
    }

    /// The words of a variable that can be more than one: an array, the arguments of the script, a list of flags under a condition.
    fn several(&self, name: &str, text: &str, is_quoted: bool, at: &Word) -> Option<Vec<Word>> {
        let open = |why: String| Word {
            text: text.to_owned(),
            unknown: Some(why),
            is_open: true,
            is_many: true,
            ..*at
        };
        if matches!(name, "@" | "*") {
            return Some(vec![open(
                "the script's own arguments are not known".to_owned(),
            )]);
        }
        let known = self.known.get(name);
        if let Some(list) = known.and_then(|known| known.list.as_ref()) {
            let mut words = list.clone();
            if known.is_some_and(|known| known.is_conditional) {
                words.insert(0, open(conditional(name)));
            }
            return Some(words);
        }
        if text.ends_with("[@]}") || text.ends_with("[*]}") {
            return Some(vec![open(no_value(name))]);
        }
        let known = known.filter(|known| known.is_conditional && known.unknown.is_none())?;
        if is_quoted || !known.text.trim_start().starts_with('-') {
            return None;
        }
        let parts = known.text.split_whitespace().map(|part| at.part(part));
        Some(
            std::iter::once(open(conditional(name)))
                .chain(parts)
                .collect(),
        )
    }

    /// Replaces what is known. In an assignment a value under a condition is taken, and the result is under it, too; elsewhere such a
    /// value is not known.
    fn expand(&self, text: &str, word: &ShellWord, is_assignment: bool, depth: usize) -> Expanded {
        let mut done = Expanded::default();
        if word.is_literal {
            text.clone_into(&mut done.text);
            return done;
        }
        let mut rest = text;
        while let Some(start) = rest.find(['$', '`']) {
            let (before, after) = rest.split_at(start);
            done.text.push_str(before);
            let (part, tail) = expansion(after);
            rest = tail;
            match part {
                Part::Text(text) => done.text.push_str(text),
                Part::Command(command) if matches!(command.trim(), "pwd" | "pwd -P") => {
                    done.text.push('.');
                }
                Part::Command(_) => {
                    done.text.push_str("$(…)");
                    done.unknown = Some("what a command prints is not known".to_owned());
                }
                Part::Variable(name, operation) => {
                    if word.variables.iter().any(|known| known == name) {
                        self.variable((name, operation), word, is_assignment, depth, &mut done);
                    } else {
                        let length = after.len() - tail.len();
                        done.text.push_str(after.get(..length).unwrap_or_default());
                    }
                }
            }
            if done.text.len() > LENGTH {
                "$(…)".clone_into(&mut done.text);
                done.unknown = Some("it is too long".to_owned());
                return done;
            }
        }
        done.text.push_str(rest);
        done
    }

    fn variable(
        &self,
        (name, operation): (&str, &str),
        word: &ShellWord,
        is_assignment: bool,
        depth: usize,
        done: &mut Expanded,
    ) {
        let value = self.value(name).unwrap_or_default();
        let known = self.known.get(name);
        let is_uncertain = known.is_some_and(|known| known.is_conditional);
        let is_usable = is_assignment || !is_uncertain;
        let why = known.and_then(|known| known.unknown.clone());
        let (is_strict, operation) = match operation.strip_prefix(':') {
            Some(operation) => (true, operation),
            None => (false, operation),
        };
        let mut letters = operation.chars();
        let sign = letters.next();
        let default = unquoted(letters.as_str());
        let is_there = self.value(name).is_some() && !(is_strict && value.is_empty());
        let taken = match sign {
            None | Some('?' | '-' | '=') if is_there => Some(value),
            Some('-' | '=') if depth < DEPTH && !is_uncertain => {
                let inner = self.expand(&default, word, is_assignment, depth + 1);
                done.unknown = inner.unknown.or(done.unknown.take());
                Some(inner.text)
            }
            // `${A:+x}`: known only where it is known that there is a value.
            Some('+') if is_there && why.is_none() && depth < DEPTH => {
                let inner = self.expand(&default, word, is_assignment, depth + 1);
                done.unknown = inner.unknown.or(done.unknown.take());
                Some(inner.text)
            }
            _ => None,
        };
        if let Some(text) = taken.filter(|_| is_usable) {
            done.text.push_str(&text);
            done.is_conditional |= is_uncertain;
            done.unknown = why.or(done.unknown.take());
        } else {
            done.text.extend(["${", name, "}"]);
            done.unknown = Some(match sign {
                _ if is_uncertain && !is_usable => conditional(name),
                None | Some('-' | '=' | '?' | '+') => no_value(name),
                Some(_) => format!("what is cut from the variable {name} is not computed"),
            });
        }
    }

    /// The value of a variable: the script's, the caller's, or what everybody's shell sets.
    fn value(&self, name: &str) -> Option<String> {
        if let Some(known) = self.known.get(name) {
            return Some(known.text.clone());
        }
        self.around.variable(name).or(match name {
            "HOME" => Some("~".to_owned()),
            "PWD" => Some(".".to_owned()),
            _ => None,
        })
    }
}

fn no_value(name: &str) -> String {
    format!("the variable {name} has no value")
}

fn conditional(name: &str) -> String {
    format!("the variable {name} is assigned under a condition")
}

/// What stands at a `$` or a backquote.
enum Part<'t> {
    /// A sign that stands for itself.
    Text(&'t str),
    /// The name, and what is done with it: `:-x`.
    Variable(&'t str, &'t str),
    /// A command whose output is put there.
    Command(&'t str),
}

/// What begins here, and what is left behind it.
fn expansion(text: &str) -> (Part<'_>, &str) {
    let cut = |start: usize, end: usize| text.get(start..end).unwrap_or_default();
    if text.starts_with('`') {
        let end = text
            .get(1..)
            .and_then(|rest| rest.find('`'))
            .map(|end| end + 1);
        return match end {
            Some(end) => (Part::Command(cut(1, end)), cut(end + 1, text.len())),
            None => (Part::Text(text), ""),
        };
    }
    if text.starts_with("$(") || text.starts_with("${") {
        let end = closing(text);
        let inside = cut(2, end);
        let rest = cut((end + 1).min(text.len()), text.len());
        if text.starts_with("$(") {
            return (Part::Command(inside), rest);
        }
        let (name, operation) = name_of(inside);
        return (Part::Variable(name, operation), rest);
    }
    let (name, _) = name_of(cut(1, text.len()));
    if name.is_empty() {
        return (Part::Text(cut(0, 1)), cut(1, text.len()));
    }
    (Part::Variable(name, ""), cut(1 + name.len(), text.len()))
}

/// The bytes before the bracket that closes the one that the text begins with.
fn closing(text: &str) -> usize {
    let mut open = 0_usize;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' => open += 1,
            b')' | b'}' if open <= 1 => return index,
            b')' | b'}' => open -= 1,
            _ => {}
        }
    }
    text.len()
}

/// The name that a text begins with, and the rest.
fn name_of(text: &str) -> (&str, &str) {
    let is_special = text.starts_with(|c: char| "@*#?-$!".contains(c) || c.is_ascii_digit());
    let end = if is_special {
        1
    } else {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        end.unwrap_or(text.len())
    };
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The name of the variable that a word is nothing but: `$X`, `${X}`, `${X[@]}`, `$@`.
fn only_variable(text: &str) -> Option<&str> {
    if !text.starts_with('$') {
        return None;
    }
    match expansion(text) {
        (Part::Variable(name, "" | "[@]" | "[*]"), "") => Some(name),
        (Part::Variable(name, operation), "") if operation.starts_with([':', '-', '+']) => {
            Some(name)
        }
        _ => None,
    }
}

/// Whether a word is nothing but the output of a command.
fn is_substitution(text: &str) -> bool {
    text.starts_with(['$', '`']) && matches!(expansion(text), (Part::Command(_), ""))
}

/// A default without its quotes.
fn unquoted(text: &str) -> String {
    let text = text.trim_matches('\'');
    text.replace('"', "")
}

/// The command of a substitution that a text begins with, and the rest.
pub(super) fn substitution(text: &str) -> (Option<&str>, &str) {
    match expansion(text) {
        (Part::Command(command), rest) => (Some(command), rest),
        (_, rest) => (None, rest),
    }
}
