//! Tokens of shell text: words with their quotes resolved, operators, redirections (XCU 2.3).

use super::ShellWord;

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// A redirection with its target.
    Redirect(Redirect, ShellWord),
    /// `|`, `|&`.
    Pipe,
    /// `&&`.
    And,
    /// `||`.
    Or,
    /// `;`, `&`.
    Separator,
    /// A new line.
    Newline,
    /// `;;`, `;&`, `;;&`.
    CaseEnd,
    /// `(`: the second of two that touch is told.
    Open {
        /// Whether another `(` stands right before it.
        touches: bool,
    },
    /// `)`.
    Close,
}

/// A word, and what its spelling says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The word.
    pub(super) value: ShellWord,
    /// Whether some of it is quoted or escaped: then it is no reserved word.
    pub(super) is_quoted: bool,
    /// Bytes of the name, and where the value begins, if it has the form of an assignment.
    pub(super) assignment: Option<(usize, usize)>,
}

/// What a redirection does with its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// Writes to a file.
    Output,
    /// Reads text of the script itself.
    Document,
    /// Reads a file, or copies a descriptor.
    Other,
}

/// What is open inside an expansion.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    Paren,
    Brace { is_in_quotes: bool },
    Double,
    Backquote,
}

/// Unquoted signs of a pattern or brace expansion.
#[derive(Default)]
struct Signs {
    bracket: bool,
    brace: bool,
    comma: bool,
}

/// Reads tokens one after the other.
pub(super) struct Lexer<'a> {
    text: &'a str,
    position: usize,
    line: u64,
    column: u64,
    /// Here-documents whose text begins after the next new line: the delimiter, and whether tabs before it are dropped.
    documents: Vec<(String, bool)>,
    /// Where the last `(` ended.
    opened: Option<usize>,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            line: 1,
            column: 1,
            documents: Vec::new(),
            opened: None,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        if c == '\n' {
            self.line += 1;
            self.column = 1;
        } else {
            self.column += 1;
        }
        Some(c)
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            for _ in text.chars() {
                self.bump();
            }
        }
        found
    }

    fn skip_line(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.bump();
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            if self.take("\\\n") {
                continue;
            }
            match self.peek() {
                Some(' ' | '\t' | '\r') => self.bump(),
                _ => return,
            };
        }
    }

    /// The next token; `None` at the end of the text.
    pub(super) fn next_token(&mut self) -> Option<Token> {
        self.skip_blanks();
        if self.peek() == Some('#') {
            self.skip_line();
        }
        let c = self.peek()?;
        let is_substitution = matches!(c, '<' | '>') && self.second() == Some('(');
        match c {
            '\n' => {
                self.bump();
                self.skip_documents();
                Some(Token::Newline)
            }
            '&' if self.rest().starts_with("&>") => Some(self.redirect()),
            '(' if self.is_shift() => {
                // `(( a << b ))`: what is between is no command, and begins no here-document.
                while !self.take("))") && self.bump().is_some() {}
                Some(Token::Separator)
            }
            ';' | '&' | '|' | '(' | ')' => Some(self.operator(c)),
            '<' | '>' if !is_substitution => Some(self.redirect()),
            _ => Some(self.word_or_descriptor()),
        }
    }

    /// Whether an arithmetic command with a shift begins here (bash(1), "Compound Commands").
    fn is_shift(&self) -> bool {
        // Such commands are short, and a line of a million brackets is to be read in one pass.
        const LONGEST: usize = 120;
        let inside = self.rest().strip_prefix("((");
        let Some(rest) = inside.filter(|rest| !rest.starts_with('(')) else {
            return false;
        };
        let end = rest.char_indices().nth(LONGEST);
        let near = rest.get(..end.map_or(rest.len(), |(end, _)| end));
        let line = near.unwrap_or_default().lines().next().unwrap_or_default();
        line.split_once("))")
            .is_some_and(|(inside, _)| inside.contains("<<"))
    }

    fn operator(&mut self, first: char) -> Token {
        for (text, token) in [
            (";;&", Token::CaseEnd),
            (";;", Token::CaseEnd),
            (";&", Token::CaseEnd),
            ("&&", Token::And),
            ("||", Token::Or),
            ("|&", Token::Pipe),
        ] {
            if self.take(text) {
                return token;
            }
        }
        let touches = self.opened == Some(self.position);
        self.bump();
        match first {
            '|' => Token::Pipe,
            '(' => {
                self.opened = Some(self.position);
                Token::Open { touches }
            }
            ')' => Token::Close,
            _ => Token::Separator,
        }
    }

    fn redirect(&mut self) -> Token {
        const OPERATORS: [(&str, Redirect); 12] = [
            ("&>>", Redirect::Output),
            ("&>", Redirect::Output),
            ("<<<", Redirect::Document),
            ("<<-", Redirect::Document),
            ("<<", Redirect::Document),
            ("<>", Redirect::Other),
            ("<&", Redirect::Other),
            ("<", Redirect::Other),
            (">>", Redirect::Output),
            (">|", Redirect::Output),
            (">&", Redirect::Output),
            (">", Redirect::Output),
        ];
        let found = OPERATORS.iter().find(|(text, _)| self.take(text));
        let (operator, kind) = found.copied().unwrap_or(("", Redirect::Other));
        self.skip_blanks();
        let target = self.word().value;
        if matches!(operator, "<<" | "<<-") {
            self.documents
                .push((target.text.clone(), operator == "<<-"));
        }
        // `>&2`, `>&-` and `>&$log` copy or close a descriptor.
        let is_number = target.text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let is_descriptor = operator == ">&" && (is_number || !target.is_literal);
        let kind = if is_descriptor { Redirect::Other } else { kind };
        Token::Redirect(kind, target)
    }

    /// Passes over the text of here-documents: each ends at a line that is its delimiter.
    fn skip_documents(&mut self) {
        for (delimiter, drops_tabs) in std::mem::take(&mut self.documents) {
            while !self.rest().is_empty() {
                let line = self.rest().split('\n').next().unwrap_or_default();
                let line = if drops_tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                let is_end = line == delimiter;
                self.skip_line();
                self.bump();
                if is_end {
                    break;
                }
            }
        }
    }

    /// A word, or the redirection whose descriptor it is: `2>`, `{log}>`.
    fn word_or_descriptor(&mut self) -> Token {
        let word = self.word();
        let text = word.value.text.as_str();
        let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_name = text.len() > 2 && text.starts_with('{') && text.ends_with('}');
        let is_substitution = self.second() == Some('(');
        if matches!(self.peek(), Some('<' | '>'))
            && !word.is_quoted
            && (is_number || is_name)
            && !is_substitution
        {
            return self.redirect();
        }
        Token::Word(word)
    }

    fn word(&mut self) -> Word {
        let mut word = Word::default();
        (word.value.line, word.value.column) = (self.line, self.column);
        word.value.is_literal = true;
        let mut signs = Signs::default();
        while let Some(c) = self.peek() {
            match c {
                '<' | '>' if self.second() == Some('(') => {
                    let start = if c == '<' { "<(" } else { ">(" };
                    self.expansion(&mut word.value, start, Frame::Paren);
                }
                ' ' | '\t' | '\r' | '\n' | ';' | '&' | '|' | ')' | '<' | '>' => break,
                '(' if word
                    .assignment
                    .is_none_or(|(_, value)| value != word.value.text.len()) =>
                {
                    break;
                }
                // An array: `a=(x y)`.
                '(' => self.expansion(&mut word.value, "(", Frame::Paren),
                _ => self.part_of_word(c, &mut word, &mut signs),
            }
        }
        word
    }

    fn part_of_word(&mut self, c: char, word: &mut Word, signs: &mut Signs) {
        match c {
            '\\' => {
                if !self.take("\\\n") {
                    self.bump();
                    word.is_quoted = true;
                    word.value.text.extend(self.bump());
                }
            }
            '\'' => {
                self.bump();
                word.is_quoted = true;
                self.until_single_quote(&mut word.value.text);
            }
            '"' => self.double_quotes(word),
            '`' => self.expansion(&mut word.value, "`", Frame::Backquote),
            '$' if self.take("$'") => {
                word.is_quoted = true;
                self.ansi_c(&mut word.value.text);
            }
            '$' if self.second() == Some('"') => {
                self.bump();
                self.double_quotes(word);
            }
            '$' => self.dollar(&mut word.value, false),
            _ => {
                self.bump();
                note_sign(c, word, signs);
                word.value.text.push(c);
            }
        }
    }

    fn until_single_quote(&mut self, text: &mut String) {
        while let Some(c) = self.bump() {
            if c == '\'' {
                return;
            }
            text.push(c);
        }
    }

    fn double_quotes(&mut self, word: &mut Word) {
        self.bump();
        word.is_quoted = true;
        while let Some(c) = self.peek() {
            match c {
                '"' => {
                    self.bump();
                    return;
                }
                '\\' => {
                    self.bump();
                    match self.bump() {
                        Some('\n') => {}
                        Some(c @ ('$' | '`' | '"' | '\\')) => word.value.text.push(c),
                        other => {
                            word.value.text.push('\\');
                            word.value.text.extend(other);
                        }
                    }
                }
                '$' => self.dollar(&mut word.value, true),
                '`' => self.expansion(&mut word.value, "`", Frame::Backquote),
                _ => {
                    self.bump();
                    word.value.text.push(c);
                }
            }
        }
    }

    /// `$'…'` of bash and POSIX 2024: the quote is already read.
    fn ansi_c(&mut self, text: &mut String) {
        while let Some(c) = self.bump() {
            match c {
                '\'' => return,
                '\\' => self.ansi_escape(text),
                _ => text.push(c),
            }
        }
    }

    fn ansi_escape(&mut self, text: &mut String) {
        let Some(c) = self.bump() else { return };
        let plain = match c {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'e' | 'E' => '\u{1b}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' => return self.ansi_number(text, 0, 16, 2),
            'u' => return self.ansi_number(text, 0, 16, 4),
            'U' => return self.ansi_number(text, 0, 16, 8),
            '0'..='7' => return self.ansi_number(text, c.to_digit(8).unwrap_or(0), 8, 2),
            _ => c,
        };
        text.push(plain);
    }

    fn ansi_number(&mut self, text: &mut String, first: u32, radix: u32, digits: usize) {
        let mut number = first;
        for _ in 0..digits {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(radix)) else {
                break;
            };
            self.bump();
            number = number.saturating_mul(radix).saturating_add(digit);
        }
        text.push(char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER));
    }

    /// What begins with a `$`: it stays as written.
    fn dollar(&mut self, word: &mut ShellWord, is_in_quotes: bool) {
        match self.second() {
            Some('(') => self.expansion(word, "$(", Frame::Paren),
            Some('{') => {
                self.note_braced_name(word);
                self.expansion(word, "${", Frame::Brace { is_in_quotes });
            }
            _ => {
                let before = word.variables.len();
                self.plain_name(word);
                word.is_literal &= word.variables.len() == before;
            }
        }
    }

    /// `$NAME`, `$1`, `$@`: reads it and notes its name. A `$` before anything else is a `$`.
    fn plain_name(&mut self, word: &mut ShellWord) {
        self.bump();
        word.text.push('$');
        let name: String = match self.peek() {
            Some(c) if c == '_' || c.is_ascii_alphabetic() => self
                .rest()
                .chars()
                .take_while(|c| *c == '_' || c.is_ascii_alphanumeric())
                .collect(),
            Some(c) if c.is_ascii_digit() || "@*#?-$!".contains(c) => c.to_string(),
            _ => return,
        };
        self.take(&name);
        word.text.push_str(&name);
        word.variables.push(name);
    }

    /// Notes the name in `${NAME…}`, `${#NAME}`, `${!NAME}`; reads nothing.
    fn note_braced_name(&self, word: &mut ShellWord) {
        let inside = self.rest().get(2..).unwrap_or_default();
        let inside = inside.strip_prefix(['#', '!']).unwrap_or(inside);
        let name: String = inside
            .chars()
            .take_while(|c| *c == '_' || c.is_ascii_alphanumeric())
            .collect();
        let special = inside.chars().next().filter(|c| "@*#?-$!".contains(*c));
        if !name.is_empty() {
            word.variables.push(name);
        } else if let Some(special) = special {
            word.variables.push(special.to_string());
        }
    }

    /// Reads to the end of what `start` opens, nested things included, and keeps it as written.
    fn expansion(&mut self, word: &mut ShellWord, start: &str, frame: Frame) {
        word.is_literal = false;
        self.take(start);
        word.text.push_str(start);
        let mut open = vec![frame];
        let mut before = ' ';
        while let Some(top) = open.last().copied() {
            let Some(c) = self.peek() else { return };
            if top == Frame::Paren && c == '#' && before.is_whitespace() {
                self.skip_line();
                continue;
            }
            before = c;
            if c == '$' && top != Frame::Backquote && !matches!(self.second(), Some('(' | '{')) {
                self.plain_name(word);
                continue;
            }
            if let Some(inner) = self.opens(top, c, word) {
                open.push(inner);
                continue;
            }
            self.bump();
            word.text.push(c);
            match (top, c) {
                (Frame::Paren, ')')
                | (Frame::Brace { .. }, '}')
                | (Frame::Double, '"')
                | (Frame::Backquote, '`') => {
                    open.pop();
                }
                (_, '\\') => word.text.extend(self.bump()),
                (
                    Frame::Paren
                    | Frame::Brace {
                        is_in_quotes: false,
                    },
                    '\'',
                ) => {
                    self.until_single_quote(&mut word.text);
                    word.text.push('\'');
                }
                _ => {}
            }
        }
    }

    /// Whether something nested begins here: reads its start.
    fn opens(&mut self, top: Frame, c: char, word: &mut ShellWord) -> Option<Frame> {
        let is_in_quotes = matches!(top, Frame::Double | Frame::Brace { is_in_quotes: true });
        let (start, frame) = match (top, c, self.second()) {
            (Frame::Backquote, ..) => return None,
            (_, '$', Some('(')) => ("$(", Frame::Paren),
            (_, '$', Some('{')) => {
                self.note_braced_name(word);
                ("${", Frame::Brace { is_in_quotes })
            }
            (Frame::Paren, '(', _) => ("(", Frame::Paren),
            (Frame::Paren | Frame::Brace { .. }, '"', _) => ("\"", Frame::Double),
            (_, '`', _) => ("`", Frame::Backquote),
            _ => return None,
        };
        self.take(start);
        word.text.push_str(start);
        Some(frame)
    }
}

/// What an unquoted character says of its word.
fn note_sign(c: char, word: &mut Word, signs: &mut Signs) {
    let is_first = word.value.text.is_empty();
    match c {
        '*' | '?' => word.value.is_literal = false,
        '~' if is_first => word.value.is_literal = false,
        '[' => signs.bracket = true,
        ']' if signs.bracket && word.value.text != "[" => word.value.is_literal = false,
        '{' => signs.brace = true,
        ',' => signs.comma = signs.brace,
        '}' if signs.comma => word.value.is_literal = false,
        '=' if word.assignment.is_none() && !word.is_quoted && word.value.variables.is_empty() => {
            let name = word
                .value
                .text
                .strip_suffix('+')
                .unwrap_or(&word.value.text);
            if is_name(name) {
                word.assignment = Some((name.len(), word.value.text.len() + 1));
            }
        }
        _ => {}
    }
}

/// Whether this can name a parameter (XBD 3.216).
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
        && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}
