//! Shell text read into simple commands: what a script would run, word by word, without running it.
//!
//! POSIX XCU 2.2 (quoting), 2.3 (tokens), 2.7 (redirections) and 2.9.1 (simple commands), with what bash adds and scripts of images
//! use. It expands nothing, and goes into no command substitution. Broken text is read as far as it goes. No recursion; time is linear
//! in the text.

mod grammar;
mod lexer;
#[cfg(test)]
mod tests;

/// A simple command of a script, in the order of the text: commands inside `if`, loops, functions and subshells are seen like others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellCommand {
    /// The line of its first word, from 1.
    pub line: u64,
    /// Assignments before its first word: name and value.
    pub assignments: Vec<(String, ShellWord)>,
    /// Its words; empty for a bare assignment or a redirection of a compound command.
    pub words: Vec<ShellWord>,
    /// How it is joined to the command before.
    pub joined: Joiner,
    /// Files that its redirections write: `> FILE`, `>> FILE`, `&> FILE`.
    pub outputs: Vec<ShellWord>,
    /// Whether it is fed by text of the script: a here-document or here-string.
    pub has_document: bool,
}

/// How a command is joined to the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joiner {
    /// It is the first.
    #[default]
    Start,
    /// `|` or `|&`.
    Pipe,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `;`, `&`, a new line, or the edge of a compound command.
    Sequence,
}

/// A word of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShellWord {
    /// Quotes and escapes resolved; `$NAME`, `${NAME}`, `$(...)` stand as written.
    pub text: String,
    /// Names of the parameters that it uses, in order; one that is used twice stands twice.
    pub variables: Vec<String>,
    /// Whether the text is what the command gets: no expansion, no substitution, no unquoted pattern.
    pub is_literal: bool,
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1.
    pub column: u64,
}

impl ShellCommand {
    /// The name of its program, without the folder; `None` if it has no word.
    pub fn program(&self) -> Option<&str> {
        let first = self.words.first()?.text.as_str();
        Some(first.rsplit('/').next().unwrap_or(first))
    }

    /// Its words after the first, as text.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(|word| word.text.as_str())
    }
}

/// The simple commands of a script, in order.
pub fn commands(script: &str) -> Vec<ShellCommand> {
    let text = script.replace("\r\n", "\n");
    grammar::Reader::new(&text).read()
}
