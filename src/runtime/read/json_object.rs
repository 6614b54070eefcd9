//! A part of a JSON document that knows its path: `HostConfig.CapAdd[0]`.

use crate::runtime::{
    Setting, Spot, Stated,
    tree::{Node, Value},
};

/// A value with its path and file.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    node: &'a Node,
    path: String,
    file: &'a str,
}

impl<'a> Part<'a> {
    /// The root of a document.
    pub(super) fn root(node: &'a Node, file: &'a str) -> Self {
        Self {
            node,
            path: String::new(),
            file,
        }
    }

    /// The value itself.
    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    /// Its path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Its place.
    pub(super) fn spot(&self) -> Spot {
        self.node.spot(self.path.clone(), Some(self.file))
    }

    /// Whether there is such a key, with `null` or a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.node.get(key).is_some()
    }

    /// The value of a key; `None` where it is missing or `null`.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        Some(self.child(node, key))
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, keys: &[&str]) -> Option<Self> {
        keys.iter()
            .try_fold(self.clone(), |part, key| part.get(key))
    }

    fn child(&self, node: &'a Node, key: &str) -> Self {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Self {
            node,
            path,
            file: self.file,
        }
    }

    /// The items of the list under a key; nothing where there is none.
    pub(super) fn list(&self, key: &str) -> Vec<Self> {
        self.get(key).map_or_else(Vec::new, |list| list.items())
    }

    /// Its own items.
    pub(super) fn items(&self) -> Vec<Self> {
        let items = self.node.items().iter().enumerate();
        items
            .map(|(index, node)| Self {
                node,
                path: format!("{}[{index}]", self.path),
                file: self.file,
            })
            .collect()
    }

    /// Its own keys and values.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        self.node
            .entries()
            .filter_map(|(key, value)| {
                let name = key.text()?;
                Some((name, self.child(value, name)))
            })
            .collect()
    }

    /// Its text, where it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.node.value {
            Value::Scalar { text, plain: false } => Some(text),
            _ => None,
        }
    }

    /// Its texts with their places, of a list.
    pub(super) fn texts(&self, key: &str) -> Vec<Stated<String>> {
        let items = self.list(key);
        items
            .iter()
            .filter_map(|item| Some(Stated::new(item.text()?.to_owned(), item.spot())))
            .collect()
    }

    /// The text under a key that is not empty.
    pub(super) fn text_of(&self, key: &str) -> Option<(&'a str, Spot)> {
        let part = self.get(key)?;
        let text = part.text().filter(|text| !text.is_empty())?;
        Some((text, part.spot()))
    }

    /// The text under a key as a setting; an empty one says nothing.
    pub(super) fn text_setting(&self, key: &str) -> Setting<String> {
        self.setting(key, "text", |part| part.text().map(str::to_owned))
            .filled()
    }

    /// The boolean under a key.
    pub(super) fn boolean(&self, key: &str) -> Setting<bool> {
        self.setting(key, "boolean", |part| match &part.node.value {
            Value::Scalar { text, plain: true } => text.parse().ok(),
            _ => None,
        })
    }

    /// The whole number under a key.
    pub(super) fn integer(&self, key: &str) -> Setting<i64> {
        self.setting(key, "whole number", |part| part.node.as_integer())
    }

    /// What is under a key, of a kind.
    pub(super) fn setting<T>(
        &self,
        key: &str,
        kind: &str,
        read: impl Fn(&Self) -> Option<T>,
    ) -> Setting<T> {
        let Some(part) = self.get(key) else {
            return Setting::Absent;
        };
        match read(&part) {
            Some(value) => Setting::stated(value, part.spot()),
            None => Setting::Unknown {
                why: format!("{} is no {kind}", part.path),
                at: part.spot(),
            },
        }
    }

    /// The same where the key is there; where it is missing, it cannot be told: the engine that wrote this does not know the setting.
    pub(super) fn unless_missing<T>(&self, key: &str, setting: Setting<T>) -> Setting<T> {
        if self.has(key) {
            return setting;
        }
        Setting::Unknown {
            why: self.missing(key),
            at: self.spot(),
        }
    }

    /// In plain words: that a key is missing.
    pub(super) fn missing(&self, key: &str) -> String {
        if self.path.is_empty() {
            format!("{key} is missing")
        } else {
            format!("{}.{key} is missing", self.path)
        }
    }
}

/// A text that is empty says nothing.
trait Filled {
    fn filled(self) -> Self;
}

impl Filled for Setting<String> {
    fn filled(self) -> Self {
        match self.value() {
            Some(text) if text.is_empty() => Self::Absent,
            _ => self,
        }
    }
}
