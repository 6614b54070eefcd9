//! JSON as the same tree as YAML, with places.
//!
//! RFC 8259. The reader of YAML takes most JSON, but not all of it: pairs of `\u` escapes that make one character, or tabs between
//! tokens. Of a key that is there twice the last one counts, as in Go, which engines are written in.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use super::tree::{Node, Position, SyntaxError, Value};

/// Lists and mappings inside each other.
const DEPTH: usize = 100;

/// Reads every value of a text: `docker inspect --format '{{json .}}'` writes several, one behind the other.
pub fn values(text: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut reader = Reader::new(text);
    let mut values = Vec::new();
    reader.skip_space();
    while reader.peek().is_some() {
        values.push(reader.value(0)?);
        reader.skip_space();
    }
    Ok(values)
}

/// The same as the type that serde knows: what is kept of a seccomp profile.
pub fn plain(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Sequence(items) => items.iter().map(plain).collect(),
        Value::Mapping(entries) => serde_json::Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.text().unwrap_or_default().to_owned(), plain(value)))
                .collect(),
        ),
        Value::Scalar { text, plain: false } => serde_json::Value::String(text.clone()),
        Value::Scalar { text, plain: true } => {
            serde_json::from_str(text).unwrap_or_else(|_| serde_json::Value::String(text.clone()))
        }
    }
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    at: Position,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            rest: text.chars().peekable(),
            at: Position {
                index: 0,
                line: 1,
                column: 1,
            },
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.rest.peek().copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        self.at.index += 1;
        if next == '\n' {
            self.at.line += 1;
            self.at.column = 1;
        } else {
            self.at.column += 1;
        }
        Some(next)
    }

    fn take(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.next();
        }
        is_there
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.next();
        }
    }

    fn fault<T>(&self, reason: &str) -> Result<T, SyntaxError> {
        Err(SyntaxError {
            line: self.at.line,
            column: self.at.column,
            reason: reason.to_owned(),
        })
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        if depth > DEPTH {
            return self.fault("it is nested too deeply");
        }
        let start = self.at;
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Value::Scalar {
                text: self.string()?,
                plain: false,
            },
            Some(_) => self.bare()?,
            None => return self.fault("a value is missing at the end"),
        };
        Ok(Node {
            value,
            tag: None,
            start,
            end: self.at,
        })
    }

    fn object(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.next();
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut places = BTreeMap::new();
        self.skip_space();
        if self.take('}') {
            return Ok(Value::Mapping(entries));
        }
        loop {
            self.skip_space();
            if self.peek() != Some('"') {
                return self.fault("a key in quotes is expected");
            }
            let key = self.value(depth + 1)?;
            self.skip_space();
            if !self.take(':') {
                return self.fault("a colon is expected behind the key");
            }
            self.skip_space();
            let value = self.value(depth + 1)?;
            let name = key.text().unwrap_or_default().to_owned();
            let place = *places.entry(name).or_insert(entries.len());
            match entries.get_mut(place) {
                Some(known) => *known = (key, value),
                None => entries.push((key, value)),
            }
            self.skip_space();
            if self.take('}') {
                return Ok(Value::Mapping(entries));
            }
            if !self.take(',') {
                return self.fault("a comma or } is expected");
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        self.next();
        let mut items = Vec::new();
        self.skip_space();
        if self.take(']') {
            return Ok(Value::Sequence(items));
        }
        loop {
            self.skip_space();
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(']') {
                return Ok(Value::Sequence(items));
            }
            if !self.take(',') {
                return self.fault("a comma or ] is expected");
            }
        }
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self) -> Result<Value, SyntaxError> {
        let start = self.at;
        let mut text = String::new();
        while let Some(next) = self.peek() {
            if !(next.is_ascii_alphanumeric() || matches!(next, '+' | '-' | '.')) {
                break;
            }
            text.push(next);
            self.next();
        }
        // A word without its meaning is left to the one place that knows what JSON allows.
        if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_err() {
            return Err(SyntaxError {
                line: start.line,
                column: start.column,
                reason: "it is no value of JSON".to_owned(),
            });
        }
        Ok(Value::Scalar { text, plain: true })
    }

    fn string(&mut self) -> Result<String, SyntaxError> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                None | Some('\n') => return self.fault("a string does not end"),
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escape()?),
                Some(other) => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Result<char, SyntaxError> {
        Ok(match self.next() {
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => self.code_point()?,
            _ => return self.fault("an escape that JSON does not have"),
        })
    }

    fn code_point(&mut self) -> Result<char, SyntaxError> {
        let unit = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&unit) {
            // Half of a pair alone is no character: Go reads it as this sign.
            return Ok(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if !(self.take('\\') && self.take('u')) {
            return self.fault("the second half of a \\u pair is missing");
        }
        let low = self.four_digits()?;
        let offset = low.wrapping_sub(0xdc00) & 0x3ff;
        let code = 0x10000 + ((unit - 0xd800) << 10) + offset;
        Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn four_digits(&mut self) -> Result<u32, SyntaxError> {
        let mut number = 0;
        for _ in 0..4 {
            match self.next().and_then(|digit| digit.to_digit(16)) {
                Some(digit) => number = number * 16 + digit,
                None => return self.fault("four hexadecimal digits are expected behind \\u"),
            }
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_part_knows_its_place() {
        let node = values("[\n\t{\n\t\t\"a\":\t[1, \"x\"]\n\t}\n]\n")
            .expect("json")
            .remove(0);
        let item = &node.items()[0].get("a").expect("a").items()[1];
        assert_eq!((item.start.line, item.start.column), (3, 12));
        assert_eq!(item.text(), Some("x"));
        assert!(node.items()[0].get("a").expect("a").items()[0].as_integer() == Some(1));
    }

    #[test]
    fn text_null_and_booleans_are_told_apart() {
        let node = values(r#"{"a": null, "b": "null", "c": true, "d": "true"}"#)
            .expect("json")
            .remove(0);
        assert!(node.get("a").expect("a").is_null());
        assert_eq!(node.get("b").and_then(Node::text), Some("null"));
        assert_eq!(node.get("c").and_then(Node::as_bool), Some(true));
        assert_eq!(node.get("d").and_then(Node::as_bool), None);
    }

    #[test]
    fn a_pair_of_escapes_is_one_character() {
        let node = values(r#""\ud83d\ude00\/\u0041\n""#)
            .expect("json")
            .remove(0);
        assert_eq!(node.text(), Some("\u{1f600}/A\n"));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let node = values(r#"{"a": 1, "b": 2, "a": 3}"#)
            .expect("json")
            .remove(0);
        assert_eq!(node.get("a").and_then(Node::as_integer), Some(3));
        assert_eq!(node.entries().count(), 2);
    }

    #[test]
    fn several_values_are_read_one_behind_the_other() {
        assert_eq!(values("{\"a\":1}\n{\"b\":2}\n").expect("json").len(), 2);
        assert_eq!(values("  \n").expect("nothing").len(), 0);
    }

    #[test]
    fn broken_text_says_where() {
        for (text, line, column) in [
            ("{\"a\": 1,\n}", 2, 1),
            ("{\"a\" 1}", 1, 6),
            ("[1 2]", 1, 4),
            ("[nil]", 1, 2),
            ("{\"a\": ", 1, 7),
            ("\"\\x\"", 1, 4),
        ] {
            let error = values(text).expect_err("broken");
            assert_eq!((error.line, error.column), (line, column), "{text}");
        }
        assert!(values(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]{}\",:a0\\\\u \\n-]{0,60}") {
            // What serde refuses is refused, and what it reads means the same.
            let ours = values(&text).ok().filter(|read| read.len() == 1);
            if let Ok(theirs) = serde_json::from_str::<serde_json::Value>(&text) {
                prop_assert_eq!(ours.map(|read| plain(&read[0])), Some(theirs));
            }
        }
    }
}
