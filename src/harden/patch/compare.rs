//! What a text says, without how it is written: to see that an edit did what it should, and nothing else.

use super::{Change, Edit, PatchError, Step, Yaml, words};
use crate::runtime::tree::{Node, Value};

/// A value. The keys of a mapping are in no order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meaning {
    Scalar {
        text: String,
        plain: bool,
        tag: Option<String>,
    },
    List(Vec<Meaning>, Option<String>),
    Map(Vec<(Meaning, Meaning)>, Option<String>),
}

impl Meaning {
    pub(super) fn of(node: &Node) -> Self {
        let tag = node.tag.clone();
        match &node.value {
            Value::Scalar { text, plain } => Self::Scalar {
                text: if node.is_null() {
                    String::new()
                } else {
                    text.clone()
                },
                plain: *plain,
                tag,
            },
            Value::Sequence(items) => Self::List(items.iter().map(Self::of).collect(), tag),
            Value::Mapping(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (Self::of(key), Self::of(value)));
                let mut entries: Vec<_> = entries.collect();
                entries.sort();
                Self::Map(entries, tag)
            }
        }
    }

    /// What a value that is written says. `plain` is as the writer does it.
    fn wanted(value: &Yaml) -> Self {
        let scalar = |text: String, plain| Self::Scalar {
            text,
            plain,
            tag: None,
        };
        match value {
            Yaml::Text(text) => scalar(text.clone(), super::write::is_plain(text)),
            Yaml::Number(number) => scalar(number.to_string(), true),
            Yaml::Bool(flag) => scalar(flag.to_string(), true),
            Yaml::Plain(text) if matches!(text.as_str(), "null" | "~") => {
                scalar(String::new(), true)
            }
            Yaml::Plain(text) => scalar(text.clone(), true),
            Yaml::List(items) => Self::List(items.iter().map(Self::wanted).collect(), None),
            Yaml::Map(entries) => {
                let entries = entries
                    .iter()
                    .map(|(key, value)| (Self::key(key), Self::wanted(value)));
                let mut entries: Vec<_> = entries.collect();
                entries.sort();
                Self::Map(entries, None)
            }
        }
    }

    fn key(key: &str) -> Self {
        Self::wanted(&Yaml::Text(key.to_owned()))
    }

    fn is_null(&self) -> bool {
        matches!(self, Self::Scalar { text, plain: true, .. } if text.is_empty())
    }

    fn is_key(&self, name: &str) -> bool {
        matches!(self, Self::Scalar { text, .. } if text == name)
    }
}

/// Makes the change in what the text says; whether it changes anything.
pub(super) fn change(documents: &mut [Meaning], edit: &Edit) -> Result<bool, PatchError> {
    let before = documents.to_vec();
    let (number, path) = match edit.path.split_first() {
        Some((Step::Document(number), path)) => (*number, path),
        _ => (0, edit.path.as_slice()),
    };
    let missing = || PatchError::Missing {
        path: words(&edit.path),
    };
    let root = documents.get_mut(number).ok_or_else(missing)?;
    follow(root, path, &edit.change).ok_or_else(missing)?;
    Ok(before != documents)
}

fn follow(node: &mut Meaning, path: &[Step], change: &Change) -> Option<()> {
    let Some((step, rest)) = path.split_first() else {
        return at_end(node, change);
    };
    match step {
        Step::Key(name) => {
            if node.is_null() && !matches!(change, Change::Remove) {
                *node = Meaning::Map(Vec::new(), None);
            }
            let Meaning::Map(entries, _) = node else {
                return None;
            };
            let index = entries.iter().position(|(key, _)| key.is_key(name));
            if rest.is_empty() && *change == Change::Remove {
                entries.remove(index?);
                return Some(());
            }
            let value = match index {
                Some(index) => &mut entries.get_mut(index)?.1,
                None if *change == Change::Remove => return None,
                None => {
                    let scalar = Meaning::Scalar {
                        text: String::new(),
                        plain: true,
                        tag: None,
                    };
                    entries.push((Meaning::key(name), scalar));
                    &mut entries.last_mut()?.1
                }
            };
            follow(value, rest, change)?;
            entries.sort();
        }
        Step::Item(number) => {
            let Meaning::List(items, _) = node else {
                return None;
            };
            if rest.is_empty() && *change == Change::Remove {
                if *number >= items.len() {
                    return None;
                }
                items.remove(*number);
                return Some(());
            }
            follow(items.get_mut(*number)?, rest, change)?;
        }
        Step::Document(_) => return None,
    }
    Some(())
}

/// The change itself, where the path ends.
fn at_end(node: &mut Meaning, change: &Change) -> Option<()> {
    match change {
        Change::Set(value) => {
            let wanted = Meaning::wanted(value);
            // The same text in other quotes says the same.
            if !same(node, &wanted) {
                *node = wanted;
            }
        }
        Change::Append(values) => {
            if node.is_null() {
                *node = Meaning::List(Vec::new(), None);
            }
            let Meaning::List(items, _) = node else {
                return None;
            };
            items.extend(values.iter().map(Meaning::wanted));
        }
        Change::Remove => return None,
    }
    Some(())
}

/// Whether a value says the same already, whatever its quotes: `'ALL'` and `ALL`, but not `'true'` and `true`.
fn same(left: &Meaning, right: &Meaning) -> bool {
    match (left, right) {
        (
            Meaning::Scalar {
                text,
                plain,
                tag: None,
            },
            Meaning::Scalar {
                text: other,
                plain: other_plain,
                ..
            },
        ) => text == other && (plain == other_plain || super::write::is_plain(text)),
        (Meaning::List(left, None), Meaning::List(right, _)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| same(left, right))
        }
        _ => left == right,
    }
}
