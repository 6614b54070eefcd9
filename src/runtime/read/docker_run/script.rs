//! The text of a script where the tokens do not say enough: whether a word is quoted, and which lines are under a condition.

use std::collections::BTreeSet;

/// Words that begin a part of a script that is run once, never or often.
const OPENING: [&str; 6] = ["if", "for", "while", "until", "case", "select"];
/// Words that end it.
const CLOSING: [&str; 3] = ["fi", "done", "esac"];

/// A script and its lines.
pub(super) struct Script {
    lines: Vec<Vec<char>>,
    conditional: BTreeSet<u64>,
}

impl Script {
    /// Cuts a text into lines, and notes which of them are under a condition.
    ///
    /// Told by the words that lines begin and end with, as people indent them; a script on one line is one line under a condition.
    pub(super) fn new(text: &str) -> Self {
        let mut conditional = BTreeSet::new();
        let mut depth = 0_usize;
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            lines.push(line.chars().collect());
            let words = line.split(|c: char| c.is_whitespace() || c == ';');
            let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
            let opens = words.first().is_some_and(|word| OPENING.contains(word));
            if opens || depth > 0 {
                conditional.insert(number);
            }
            let count = |known: &[&str]| words.iter().filter(|word| known.contains(word)).count();
            if opens {
                depth += 1;
            }
            depth = depth.saturating_sub(count(&CLOSING));
        }
        Self { lines, conditional }
    }

    /// Whether a line may be run or not.
    pub(super) fn is_conditional(&self, line: u64) -> bool {
        self.conditional.contains(&line)
    }

    /// The text at a place, to the end of its line.
    fn at(&self, line: u64, column: u64) -> &[char] {
        let index = |number: u64| usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
        let line = self.lines.get(index(line));
        line.and_then(|line| line.get(index(column)..))
            .unwrap_or_default()
    }

    /// Whether the word at a place begins with a quote.
    pub(super) fn is_quoted(&self, line: u64, column: u64) -> bool {
        matches!(self.at(line, column).first(), Some('"' | '\''))
    }

    /// Whether the assignment at a place adds to the variable: `NAME+=`.
    pub(super) fn is_addition(&self, line: u64, column: u64) -> bool {
        let mut text = self.at(line, column).iter();
        let after_name = text.find(|c| !(c.is_ascii_alphanumeric() || **c == '_'));
        after_name == Some(&'+')
    }
}
