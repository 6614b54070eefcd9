//! A field of a document with its path and its type: what the readers of Kubernetes' objects ask a tree for.
//!
//! Scalars are typed as the API server types them: YAML 1.1 to JSON (`sigs.k8s.io/yaml`), then into the field's own type. `null` is a
//! field that is left out. A placeholder that a template tool would fill in (`{{ … }}`, `${…}`) is unknown, and not of a wrong type.

use super::tree::{Node, Value};
use super::{Setting, Spot};

/// A value of another type than its field has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field} is {found}, where {expected} is expected")]
pub struct TypeError {
    /// The whole path: `spec.containers[0].securityContext.privileged`.
    pub field: String,
    /// Where, from 1.
    pub line: u64,
    /// What it should be: `a boolean`.
    pub expected: &'static str,
    /// What it is: `text`.
    pub found: &'static str,
}

impl TypeError {
    /// Both types, without the field.
    pub fn reason(&self) -> String {
        format!("it is {}, where {} is expected", self.found, self.expected)
    }
}

/// A field, there or not.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    node: Option<&'a Node>,
    path: String,
    file: Option<&'a str>,
    /// The nearest thing above that is there: the place of what is left out.
    above: &'a Node,
}

impl<'a> Field<'a> {
    /// The root of a document, or a part of it that has this path.
    pub fn new(node: &'a Node, path: impl Into<String>, file: Option<&'a str>) -> Self {
        Self {
            node: Some(node).filter(|node| !node.is_null()),
            path: path.into(),
            file,
            above: node,
        }
    }

    /// The path from the root of the document.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The part of the tree, where there is one.
    pub const fn node(&self) -> Option<&'a Node> {
        self.node
    }

    /// Whether something is said.
    pub const fn is_present(&self) -> bool {
        self.node.is_some()
    }

    /// Its place; where it is left out, the place of what it would stand in.
    pub fn spot(&self) -> Spot {
        let node = self.node.unwrap_or(self.above);
        node.spot(self.path.clone(), self.file)
    }

    /// A field of this mapping. An error if this is something else.
    pub fn get(&self, key: &str) -> Result<Self, TypeError> {
        self.mapping()?;
        Ok(self.child(
            self.node.and_then(|node| node.get(key)),
            &joined(&self.path, key),
        ))
    }

    /// The field at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Result<Self, TypeError> {
        path.iter()
            .try_fold(self.clone(), |field, key| field.get(key))
    }

    /// Keys and fields of this mapping, in the order of the text. A key that is no text is left out.
    pub fn entries(&self) -> Result<Vec<(&'a str, &'a Node, Self)>, TypeError> {
        self.mapping()?;
        let entries = self.node.into_iter().flat_map(Node::entries);
        Ok(entries
            .filter_map(|(key, value)| {
                let name = key.text()?;
                Some((
                    name,
                    key,
                    self.child(Some(value), &joined(&self.path, name)),
                ))
            })
            .collect())
    }

    /// The items of this list.
    pub fn items(&self) -> Result<Vec<Self>, TypeError> {
        let Some(node) = self.node else {
            return Ok(Vec::new());
        };
        let Value::Sequence(items) = &node.value else {
            return Err(self.wrong("a list"));
        };
        let item = |(index, node)| self.child(Some(node), &format!("{}[{index}]", self.path));
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// An error unless this is a mapping or left out.
    pub fn mapping(&self) -> Result<(), TypeError> {
        match self.node.map(|node| &node.value) {
            None | Some(Value::Mapping(_)) => Ok(()),
            Some(_) => Err(self.wrong("a mapping")),
        }
    }

    /// A boolean.
    pub fn boolean(&self) -> Result<Setting<bool>, TypeError> {
        self.typed("a boolean", Node::as_bool)
    }

    /// A whole number.
    pub fn integer(&self) -> Result<Setting<i64>, TypeError> {
        self.typed("a whole number", integer)
    }

    /// Text. A number or a boolean without quotes is none.
    pub fn text(&self) -> Result<Setting<String>, TypeError> {
        self.typed("text", text)
    }

    /// Text in which `{{ … }}` and `${…}` can stand for themselves: an argument, a variable's value.
    pub fn verbatim(&self) -> Result<Setting<String>, TypeError> {
        let Some(node) = self.node else {
            return Ok(Setting::Absent);
        };
        let text = text(node).ok_or_else(|| self.wrong("text"))?;
        Ok(Setting::stated(text, self.spot()))
    }

    /// A number or text, as written: a quantity, a port.
    pub fn scalar(&self) -> Result<Setting<String>, TypeError> {
        self.typed("a number or text", |node| node.text().map(str::to_owned))
    }

    /// The texts of a list, in which each can stand for itself.
    pub fn words(&self) -> Result<Setting<Vec<String>>, TypeError> {
        if !self.is_present() {
            return Ok(Setting::Absent);
        }
        let mut words = Vec::new();
        for item in self.items()? {
            words.extend(item.verbatim()?.value().cloned());
        }
        Ok(Setting::stated(words, self.spot()))
    }

    fn typed<T>(
        &self,
        expected: &'static str,
        read: impl Fn(&Node) -> Option<T>,
    ) -> Result<Setting<T>, TypeError> {
        let Some(node) = self.node else {
            return Ok(Setting::Absent);
        };
        if let Some(why) = placeholder(node) {
            let at = self.spot();
            return Ok(Setting::Unknown { why, at });
        }
        let value = read(node).ok_or_else(|| self.wrong(expected))?;
        Ok(Setting::stated(value, self.spot()))
    }

    fn child(&self, node: Option<&'a Node>, path: &str) -> Self {
        Self {
            node: node.filter(|node| !node.is_null()),
            path: path.to_owned(),
            file: self.file,
            above: self.node.unwrap_or(self.above),
        }
    }

    fn wrong(&self, expected: &'static str) -> TypeError {
        let node = self.node.unwrap_or(self.above);
        TypeError {
            field: self.path.clone(),
            line: node.start.line,
            expected,
            found: kind(node),
        }
    }
}

/// The same setting with another value, as a reader understands it.
pub fn mapped<T, U>(setting: Setting<T>, change: impl FnOnce(T) -> U) -> Setting<U> {
    match setting {
        Setting::Absent => Setting::Absent,
        Setting::Stated(stated) => Setting::stated(change(stated.value), stated.at),
        Setting::Unknown { why, at } => Setting::Unknown { why, at },
    }
}

fn joined(path: &str, key: &str) -> String {
    // A key with dots, such as an annotation's, would read as several.
    match (path.is_empty(), key.contains(['.', '/'])) {
        (true, _) => key.to_owned(),
        (false, true) => format!("{path}['{key}']"),
        (false, false) => format!("{path}.{key}"),
    }
}

fn kind(node: &Node) -> &'static str {
    match &node.value {
        Value::Mapping(_) => "a mapping",
        Value::Sequence(_) => "a list",
        Value::Scalar { .. } if node.as_bool().is_some() => "a boolean",
        Value::Scalar { .. } if is_number(node) => "a number",
        Value::Scalar { .. } => "text",
    }
}

/// Why the text of a scalar cannot be told, if a tool is still to put something in its place.
fn placeholder(node: &Node) -> Option<String> {
    let text = node.text()?;
    let between = |open: &str, close: &str| {
        let (_, rest) = text.split_once(open)?;
        rest.split_once(close).map(|(inside, _)| inside.trim())
    };
    if between("{{", "}}").is_some() {
        return Some("it is a template that is not rendered".to_owned());
    }
    let name = between("${", "}")?;
    Some(format!("the variable {name} has no value"))
}

fn text(node: &Node) -> Option<String> {
    let text = node.text()?;
    let is_other = node.as_bool().is_some() || is_number(node);
    (!is_other).then(|| text.to_owned())
}

fn is_number(node: &Node) -> bool {
    let Value::Scalar { text, plain: true } = &node.value else {
        return false;
    };
    if integer(node).is_some() {
        return true;
    }
    // `inf` and `nan` are words to YAML, and floats to Rust.
    let looks_numeric = text
        .starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
        && text.contains(|each: char| each.is_ascii_digit());
    looks_numeric && text.replace('_', "").parse::<f64>().is_ok()
}

/// A whole number in any of YAML 1.1's notations (<https://yaml.org/type/int.html>), or a float without a fraction, which JSON does not
/// tell from it.
fn integer(node: &Node) -> Option<i64> {
    let Value::Scalar { text, plain: true } = &node.value else {
        return None;
    };
    let text = text.replace('_', "");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(&text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let radix = [("0x", 16), ("0b", 2), ("0o", 8)];
    let marked = radix
        .iter()
        .find_map(|(mark, radix)| Some((digits.strip_prefix(mark)?, *radix)));
    let magnitude = if let Some((digits, radix)) = marked {
        i64::from_str_radix(digits, radix).ok()
    } else if digits.len() > 1
        && digits.bytes().all(|digit| (b'0'..b'8').contains(&digit))
        && digits.starts_with('0')
    {
        i64::from_str_radix(digits, 8).ok()
    } else {
        digits.parse().ok().or_else(|| whole(digits))
    };
    magnitude.map(|magnitude| sign * magnitude)
}

/// The whole number that a float is: `1e3`, `0.0`.
fn whole(digits: &str) -> Option<i64> {
    /// Below 2^53 every whole number is a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value: f64 = digits.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and below 2^53"
    )]
    (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::tree::documents;

    fn root(text: &str) -> Node {
        documents(text).expect("yaml").remove(0)
    }

    #[test]
    fn a_whole_number_is_read_in_every_notation_and_a_quoted_one_is_text() {
        for (text, expected) in [
            ("0", Some(0)),
            ("-0", Some(0)),
            ("00", Some(0)),
            ("0x10", Some(16)),
            ("0o17", Some(15)),
            ("017", Some(15)),
            ("0b11", Some(3)),
            ("1_000", Some(1000)),
            ("1e3", Some(1000)),
            ("0.0", Some(0)),
            ("1.5", None),
            ("'0'", None),
            ("ten", None),
        ] {
            let node = root(&format!("a: {text}\n"));
            let read = Field::new(&node, "", None).get("a").expect("a").integer();
            assert_eq!(
                read.ok().and_then(|read| read.value().copied()),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_wrong_type_says_its_field_its_line_and_both_types() {
        let node = root("a:\n  b: 'true'\n");
        let field = Field::new(&node, "", None).at(&["a", "b"]).expect("b");
        let error = field.boolean().expect_err("text");
        assert_eq!(
            error.to_string(),
            "a.b is text, where a boolean is expected"
        );
        assert_eq!(error.line, 2);
        assert!(
            Field::new(&node, "", None)
                .get("a")
                .expect("a")
                .items()
                .is_err()
        );
    }

    #[test]
    fn a_placeholder_is_unknown_and_null_is_absent() {
        let node = root("a: '{{ .Values.a }}'\nb: ${B}\nc: null\nd: 8080\n");
        let root = Field::new(&node, "", None);
        let unknown = |key: &str| root.get(key).and_then(|field| field.boolean());
        assert!(unknown("a").is_ok_and(|read| read.unknown().is_some()));
        assert!(
            unknown("b").is_ok_and(|read| read.unknown() == Some("the variable B has no value"))
        );
        assert!(unknown("c").is_ok_and(|read| read.is_absent()));
        assert!(root.get("d").expect("d").text().is_err());
        assert!(root.get("d").expect("d").scalar().is_ok());
    }

    #[test]
    fn what_is_left_out_has_the_place_of_what_it_would_stand_in() {
        let node = root("x: 1\na:\n  b: {}\n");
        let spot = Field::new(&node, "", None)
            .at(&["a", "b", "c"])
            .expect("c")
            .spot();
        assert_eq!((spot.field.as_str(), spot.line), ("a.b.c", Some(3)));
    }
}
