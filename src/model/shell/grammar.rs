//! Simple commands out of tokens: reserved words, headers of loops and patterns of `case` are passed over (XCU 2.9).

use super::lexer::{Lexer, Redirect, Token, Word};
use super::{Joiner, ShellCommand, ShellWord};

/// Words that are no command where a command begins; after them one begins again.
const RESERVED: [&str; 15] = [
    "if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "esac",
    "time", "coproc",
];

/// What the words at hand belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// A command.
    Command,
    /// `for NAME in …`: until the end of the line; how many `(` are open.
    LoopHeader(usize),
    /// `case WORD in`: until `in`.
    CaseHeader,
    /// A pattern of `case`: until `)`.
    Pattern {
        /// Whether nothing of it was read.
        is_new: bool,
    },
    /// `[[ … ]]`.
    Condition,
    /// `(( … ))`: how many `(` are open.
    Arithmetic(usize),
    /// `function NAME`: the name.
    FunctionName,
}

/// Puts commands together.
pub(super) struct Reader<'a> {
    lexer: Lexer<'a>,
    commands: Vec<ShellCommand>,
    current: ShellCommand,
    joined: Joiner,
    mode: Mode,
    /// `case`s that are open.
    cases: usize,
    /// Whether the last token was `NAME (`: a function's, if `)` follows.
    opens_function: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            lexer: Lexer::new(text),
            commands: Vec::new(),
            current: ShellCommand::default(),
            joined: Joiner::Start,
            mode: Mode::Command,
            cases: 0,
            opens_function: false,
        }
    }

    pub(super) fn read(mut self) -> Vec<ShellCommand> {
        while let Some(token) = self.lexer.next_token() {
            match self.mode {
                Mode::Command => self.in_command(token),
                Mode::LoopHeader(depth) => self.in_loop_header(&token, depth),
                Mode::CaseHeader => {
                    if is_bare(&token, "in") {
                        self.mode = Mode::Pattern { is_new: true };
                    }
                }
                Mode::Pattern { is_new } => self.in_pattern(&token, is_new),
                Mode::Condition => {
                    if is_bare(&token, "]]") {
                        self.mode = Mode::Command;
                    }
                }
                Mode::Arithmetic(depth) => self.in_arithmetic(&token, depth),
                Mode::FunctionName => self.mode = Mode::Command,
            }
        }
        self.end_command(None);
        self.commands
    }

    fn in_command(&mut self, token: Token) {
        let opens_function = std::mem::take(&mut self.opens_function);
        match token {
            Token::Word(word) => self.word(word),
            Token::Redirect(kind, target) => self.redirect(kind, target),
            Token::Pipe => self.end_command(Some(Joiner::Pipe)),
            Token::And => self.end_command(Some(Joiner::And)),
            Token::Or => self.end_command(Some(Joiner::Or)),
            Token::Separator => self.end_command(Some(Joiner::Sequence)),
            // After `&&` and its like a command may begin on the next line.
            Token::Newline if self.is_empty() => {}
            Token::Newline => self.end_command(Some(Joiner::Sequence)),
            Token::CaseEnd => {
                self.end_command(Some(Joiner::Sequence));
                if self.cases > 0 {
                    self.mode = Mode::Pattern { is_new: true };
                }
            }
            Token::Open { touches: true } if self.is_empty() => self.mode = Mode::Arithmetic(2),
            Token::Open { .. } if self.is_empty() => {}
            Token::Open { .. } => {
                self.opens_function = self.current.words.len() == 1;
                if !self.opens_function {
                    self.end_command(Some(Joiner::Sequence));
                }
            }
            Token::Close if opens_function => self.current = ShellCommand::default(),
            Token::Close => self.end_command(Some(Joiner::Sequence)),
        }
    }

    fn word(&mut self, word: Word) {
        if self.current.words.is_empty() {
            if !word.is_quoted
                && self.current.assignments.is_empty()
                && self.reserved(&word.word.text)
            {
                return;
            }
            if let Some((name, value)) = word.assignment {
                self.begin(word.word.line);
                let (name, value) = split_assignment(word.word, name, value);
                self.current.assignments.push((name, value));
                return;
            }
            self.current.line = word.word.line;
        }
        self.current.words.push(word.word);
    }

    /// Whether the word is a reserved one here, and what comes with it.
    fn reserved(&mut self, text: &str) -> bool {
        let mode = match text {
            "for" | "select" => Mode::LoopHeader(0),
            "case" => {
                self.cases = self.cases.saturating_add(1);
                Mode::CaseHeader
            }
            "[[" => Mode::Condition,
            "function" => Mode::FunctionName,
            _ if RESERVED.contains(&text) => Mode::Command,
            _ => return false,
        };
        if text == "esac" {
            self.cases = self.cases.saturating_sub(1);
        }
        // A redirection before a reserved word is the compound command's before.
        self.end_command(None);
        self.mode = mode;
        true
    }

    fn redirect(&mut self, kind: Redirect, target: ShellWord) {
        self.begin(target.line);
        match kind {
            Redirect::Output => self.current.outputs.push(target),
            Redirect::Document => self.current.has_document = true,
            Redirect::Other => {}
        }
    }

    fn in_loop_header(&mut self, token: &Token, depth: usize) {
        self.mode = match token {
            Token::Open { .. } => Mode::LoopHeader(depth.saturating_add(1)),
            Token::Close => Mode::LoopHeader(depth.saturating_sub(1)),
            Token::Separator | Token::Newline if depth == 0 => Mode::Command,
            _ if is_bare(token, "do") => Mode::Command,
            _ => Mode::LoopHeader(depth),
        };
        self.sequence();
    }

    fn in_pattern(&mut self, token: &Token, is_new: bool) {
        self.mode = match token {
            Token::Newline | Token::Open { .. } => Mode::Pattern { is_new },
            Token::Close => Mode::Command,
            _ if is_new && is_bare(token, "esac") => {
                self.cases = self.cases.saturating_sub(1);
                Mode::Command
            }
            _ => Mode::Pattern { is_new: false },
        };
        self.sequence();
    }

    fn in_arithmetic(&mut self, token: &Token, depth: usize) {
        let depth = match token {
            Token::Open { .. } => depth.saturating_add(1),
            Token::Close => depth.saturating_sub(1),
            _ => depth,
        };
        self.mode = if depth == 0 {
            Mode::Command
        } else {
            Mode::Arithmetic(depth)
        };
    }

    /// What comes next follows on what was passed over.
    fn sequence(&mut self) {
        if self.joined != Joiner::Start {
            self.joined = Joiner::Sequence;
        }
    }

    fn begin(&mut self, line: u64) {
        if self.is_empty() {
            self.current.line = line;
        }
    }

    fn is_empty(&self) -> bool {
        let current = &self.current;
        current.words.is_empty()
            && current.assignments.is_empty()
            && current.outputs.is_empty()
            && !current.has_document
    }

    fn end_command(&mut self, next: Option<Joiner>) {
        let is_empty = self.is_empty();
        let command = std::mem::take(&mut self.current);
        if !is_empty {
            self.commands.push(ShellCommand {
                joined: self.joined,
                ..command
            });
            self.joined = Joiner::Sequence;
        }
        if let Some(next) = next
            && !self.commands.is_empty()
        {
            self.joined = next;
        }
    }
}

fn is_bare(token: &Token, text: &str) -> bool {
    matches!(token, Token::Word(word) if !word.is_quoted && word.word.text == text)
}

fn split_assignment(word: ShellWord, name: usize, value: usize) -> (String, ShellWord) {
    let mut text = word.text;
    let rest = text.split_off(value.min(text.len()));
    text.truncate(name);
    (text, ShellWord { text: rest, ..word })
}
