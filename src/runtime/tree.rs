//! YAML and JSON as a tree that knows where each part stands in the text.
//!
//! YAML 1.2 (<https://yaml.org/spec/1.2.2/>), of which JSON is a part. Scalars keep their text: whether `on` is true is for the
//! reader of the field to say. Merge keys (`<<`, <https://yaml.org/type/merge.html>) are resolved, as Compose and Kubernetes do.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, Tag};

use super::Spot;

/// Nodes that one document may have once its aliases are followed: a few lines of aliases of aliases make a billion.
const NODES: usize = 500_000;
/// Lists and mappings inside each other.
const DEPTH: usize = 100;

/// Why a text is no YAML, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct SyntaxError {
    /// From 1.
    pub line: u64,
    /// From 1.
    pub column: u64,
    /// In plain words.
    pub reason: String,
}

/// A part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Its tag, if it has one: `!reset`, `!!str`.
    pub tag: Option<String>,
    /// Where it begins.
    pub start: Position,
    /// Where it ends: behind its last character.
    pub end: Position,
}

/// A place in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Characters from the beginning of the text.
    pub index: usize,
    /// Line, from 1.
    pub line: u64,
    /// Column, from 1.
    pub column: u64,
}

impl From<Marker> for Position {
    fn from(marker: Marker) -> Self {
        Self {
            index: marker.index(),
            line: marker.line() as u64,
            column: marker.col() as u64 + 1,
        }
    }
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, a number, a boolean or nothing.
    Scalar {
        /// As it stands, quotes and escapes resolved.
        text: String,
        /// Without quotes: then `true` is a boolean and `~` nothing.
        plain: bool,
    },
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values, in the order of the text; the values that a merge key brings come last.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// The value of `key`, of a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .find_map(|(name, value)| (name.text() == Some(key)).then_some(value))
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// Keys and values of a mapping; nothing of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&Self, &Self)> {
        let entries = match &self.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Scalar { .. } | Value::Sequence(_) => &[],
        };
        entries.iter().map(|(key, value)| (key, value))
    }

    /// The items of a list; nothing of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Sequence(items) => items,
            Value::Scalar { .. } | Value::Mapping(_) => &[],
        }
    }

    /// The text of a scalar; `None` of nothing (`null`, `~`, an empty value).
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, plain } => (!*plain || !is_null(text)).then_some(text.as_str()),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// Whether it is nothing: `null`, `~`, or left out.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if is_null(text))
    }

    /// A boolean as YAML 1.1 writes it, since that is what Compose and Kubernetes read: `true`, `yes`, `on`. Quoted, it is text.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Scalar { text, plain: true } => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" => Some(true),
                "false" | "no" | "off" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number, without quotes.
    pub fn as_integer(&self) -> Option<i64> {
        match &self.value {
            Value::Scalar { text, plain: true } => text.replace('_', "").parse().ok(),
            _ => None,
        }
    }

    /// Its place, for the field of this path.
    pub fn spot(&self, field: impl Into<String>, file: Option<&str>) -> Spot {
        Spot {
            field: field.into(),
            file: file.map(str::to_owned),
            line: Some(self.start.line),
            column: Some(self.start.column),
        }
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Reads every document of a text. A document that is empty is left out.
pub fn documents(text: &str) -> Result<Vec<Node>, SyntaxError> {
    let mut builder = Builder::default();
    let mut done = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            reason: error.info().to_owned(),
            ..at(*error.marker())
        })?;
        match event {
            Event::DocumentStart(_) => builder = Builder::default(),
            Event::DocumentEnd => done.extend(builder.root.take().filter(|node| !node.is_null())),
            event => builder.take(event, span)?,
        }
    }
    Ok(done)
}

fn at(marker: Marker) -> SyntaxError {
    let Position { line, column, .. } = marker.into();
    SyntaxError {
        line,
        column,
        reason: String::new(),
    }
}

/// A list or mapping that is not complete.
struct Open {
    node: Node,
    anchor: usize,
    /// The key that waits for its value.
    key: Option<Node>,
}

#[derive(Default)]
struct Builder {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    count: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        let fault = |reason: &str| SyntaxError {
            reason: reason.to_owned(),
            ..at(span.start)
        };
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                // `!!str` is quotes in other words.
                let is_text = tag
                    .as_deref()
                    .is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
                let value = Value::Scalar {
                    text: text.into_owned(),
                    plain: style == ScalarStyle::Plain && !is_text,
                };
                self.count += 1;
                self.put(node(value, tag.as_deref(), span), anchor);
            }
            Event::SequenceStart(anchor, tag) => {
                self.begin(
                    node(Value::Sequence(Vec::new()), tag.as_deref(), span),
                    anchor,
                );
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(
                    node(Value::Mapping(Vec::new()), tag.as_deref(), span),
                    anchor,
                );
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut open) = self.open.pop() {
                    open.node.end = span.end.into();
                    merge(&mut open.node).map_err(fault)?;
                    self.put(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let mut node =
                    known.ok_or_else(|| fault("an alias of something that is not complete"))?;
                self.count += size(&node);
                (node.start, node.end) = (span.start.into(), span.end.into());
                self.put(node, 0);
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        if self.count > NODES {
            return Err(fault("its aliases make it too large"));
        }
        if self.open.len() > DEPTH {
            return Err(fault("it is nested too deeply"));
        }
        Ok(())
    }

    fn begin(&mut self, node: Node, anchor: usize) {
        self.count += 1;
        self.open.push(Open {
            node,
            anchor,
            key: None,
        });
    }

    fn put(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.node.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(entries) => match open.key.take() {
                Some(key) => entries.push((key, node)),
                None => open.key = Some(node),
            },
            Value::Scalar { .. } => {}
        }
    }
}

fn node(value: Value, tag: Option<&Tag>, span: Span) -> Node {
    Node {
        value,
        tag: tag.map(|tag| format!("{}{}", tag.handle, tag.suffix)),
        start: span.start.into(),
        end: span.end.into(),
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Mapping(entries) => {
            1 + entries
                .iter()
                .map(|(key, value)| size(key) + size(value))
                .sum::<usize>()
        }
    }
}

/// Puts what `<<` brings behind the mapping's own keys, which go first.
fn merge(node: &mut Node) -> Result<(), &'static str> {
    let Value::Mapping(entries) = &mut node.value else {
        return Ok(());
    };
    let is_merge =
        |key: &Node| matches!(&key.value, Value::Scalar { text, plain: true } if text == "<<");
    if !entries.iter().any(|(key, _)| is_merge(key)) {
        return Ok(());
    }
    let (merges, mut own): (Vec<_>, Vec<_>) = std::mem::take(entries)
        .into_iter()
        .partition(|(key, _)| is_merge(key));
    for (_, brought) in merges {
        let brought = match brought.value {
            Value::Sequence(items) => items,
            Value::Mapping(_) => vec![brought],
            Value::Scalar { .. } => return Err("a merge key (<<) takes a mapping"),
        };
        for source in brought {
            let Value::Mapping(entries) = source.value else {
                return Err("a merge key (<<) takes a mapping");
            };
            for (key, value) in entries {
                if !own.iter().any(|(known, _)| known.text() == key.text()) {
                    own.push((key, value));
                }
            }
        }
    }
    *entries = own;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(text: &str) -> Node {
        documents(text).expect("yaml").remove(0)
    }

    #[test]
    fn every_part_knows_its_place() {
        let node = one("a:\n  - x\n  - {b: 'true'}\n");
        let item = &node.get("a").expect("a").items()[1];
        assert_eq!((item.start.line, item.start.column), (3, 5));
        assert_eq!(item.get("b").and_then(Node::text), Some("true"));
        assert_eq!(item.get("b").and_then(Node::as_bool), None);
    }

    #[test]
    fn what_is_tagged_as_text_is_text() {
        let node = one("a: !!str true\nb: !!str\nc: !reset true\n");
        assert_eq!(node.get("a").and_then(Node::as_bool), None);
        assert_eq!(node.get("a").and_then(Node::text), Some("true"));
        assert_eq!(node.get("b").and_then(Node::text), Some(""));
        assert_eq!(node.get("c").and_then(Node::as_bool), Some(true));
    }

    #[test]
    fn a_merge_key_brings_what_the_mapping_does_not_say_itself() {
        let node = one("x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 3\n");
        let keys: Vec<_> = node
            .get("y")
            .expect("y")
            .entries()
            .map(|(key, value)| (key.text(), value.text()))
            .collect();
        assert_eq!(keys, [(Some("b"), Some("3")), (Some("a"), Some("1"))]);
    }

    #[test]
    fn broken_text_says_where() {
        let error = documents("a: [1, 2\nb: }").expect_err("broken");
        assert!(
            error.line >= 1 && error.column >= 1 && !error.reason.is_empty(),
            "{error}"
        );
    }

    #[test]
    fn aliases_of_aliases_do_not_take_the_memory() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let below = level - 1;
            let list = vec![format!("*a{below}"); 10].join(", ");
            text.extend([
                "a",
                &level.to_string(),
                ": &a",
                &level.to_string(),
                " [",
                &list,
                "]\n",
            ]);
        }
        assert!(documents(&text).is_err());
    }

    #[test]
    fn deep_nesting_is_refused() {
        assert!(documents(&"[".repeat(10_000)).is_err());
    }

    #[test]
    fn documents_are_told_apart_and_empty_ones_left_out() {
        assert_eq!(documents("a: 1\n---\n---\nb: 2\n").expect("yaml").len(), 2);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = documents(&text);
        }
    }
}
