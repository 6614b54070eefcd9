//! A Compose file's values once variables are put in: a tree of which every part knows its file.

use std::rc::Rc;

use crate::runtime::{Setting, Spot, Stated, read::ReadError};

/// Stands in a text for a variable without a value, so that what is around it can still be read.
pub(in crate::runtime::read) const MISSING: char = '\u{FFFC}';

/// A file that is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// As the user, or the file that leads to it, names it.
    pub(super) name: String,
    /// The folder that its paths begin at, relative to the first file's; empty or with a `/` at its end.
    pub(super) folder: String,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) source: Rc<Source>,
    pub(super) line: u64,
    pub(super) column: u64,
}

/// What a tag asks for when files are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// `!reset`: the value of the files before is removed.
    Reset,
    /// `!override`: the value of the files before is replaced, not merged.
    Override,
}

/// A value of a Compose file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) content: Content,
    pub(super) tag: Option<Tag>,
    pub(super) mark: Mark,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Nothing,
    Text(String),
    /// A text with a variable that has no value.
    Unknown {
        why: String,
        /// The text, with [`MISSING`] in the variable's place.
        sketch: String,
    },
    List(Vec<Part>),
    Map(Vec<(Key, Part)>),
}

/// A key of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) mark: Mark,
}

impl Mark {
    pub(super) fn spot(&self, field: impl Into<String>) -> Spot {
        Spot {
            field: field.into(),
            file: Some(self.source.name.clone()),
            line: Some(self.line),
            column: Some(self.column),
        }
    }

    pub(super) fn fault(&self, reason: impl Into<String>) -> ReadError {
        ReadError::Form {
            file: self.source.name.clone(),
            line: self.line,
            reason: reason.into(),
        }
    }
}

impl Part {
    /// A text that takes the place of this part.
    pub(super) fn with(&self, content: Content) -> Self {
        Self {
            content,
            tag: None,
            mark: self.mark.clone(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find_map(|(key, value)| (key.name == name).then_some(value)),
            _ => None,
        }
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |part, key| part.get(key))
    }

    pub(super) fn spot(&self, field: impl Into<String>) -> Spot {
        self.mark.spot(field)
    }

    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self.content, Content::Nothing)
    }

    /// The text as far as it is known; `None` of a list, a mapping or nothing.
    pub(super) fn sketch(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) | Content::Unknown { sketch: text, .. } => Some(text),
            _ => None,
        }
    }

    /// The text, where all of it is known.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Why the text is not known.
    pub(super) fn why(&self) -> Option<&str> {
        match &self.content {
            Content::Unknown { why, .. } => Some(why),
            _ => None,
        }
    }

    /// The value of `field` is of a wrong type.
    pub(super) fn wrong(&self, field: &str, takes: &str) -> ReadError {
        let is = match self.content {
            Content::Nothing => "nothing",
            Content::Text(_) | Content::Unknown { .. } => "a text",
            Content::List(_) => "a list",
            Content::Map(_) => "a mapping",
        };
        let column = self.mark.column;
        self.mark.fault(format!(
            "column {column}: `{field}` takes {takes}, and is {is}"
        ))
    }

    pub(super) fn setting(&self, field: &str) -> Result<Setting<String>, ReadError> {
        match &self.content {
            Content::Nothing => Ok(Setting::Absent),
            Content::Text(text) => Ok(Setting::stated(text.clone(), self.spot(field))),
            Content::Unknown { why, .. } => Ok(self.unknown(field, why)),
            Content::List(_) | Content::Map(_) => Err(self.wrong(field, "a text")),
        }
    }

    fn unknown<T>(&self, field: &str, why: &str) -> Setting<T> {
        Setting::Unknown {
            why: why.to_owned(),
            at: self.spot(field),
        }
    }

    /// A text turned into something else; `takes` says into what.
    pub(super) fn read<T>(
        &self,
        field: &str,
        takes: &str,
        turn: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Setting<T>, ReadError> {
        match &self.content {
            Content::Nothing => Ok(Setting::Absent),
            Content::Text(text) => turn(text.trim())
                .map(|value| Setting::stated(value, self.spot(field)))
                .ok_or_else(|| self.wrong(field, takes)),
            Content::Unknown { why, .. } => Ok(self.unknown(field, why)),
            Content::List(_) | Content::Map(_) => Err(self.wrong(field, takes)),
        }
    }

    /// A boolean, in quotes or not: `true`, `yes`, `on`, as Compose casts it.
    pub(super) fn flag(&self, field: &str) -> Result<Setting<bool>, ReadError> {
        self.read(field, "true or false", boolean)
    }

    pub(super) fn integer(&self, field: &str) -> Result<Setting<i64>, ReadError> {
        self.read(field, "a whole number", |text| {
            text.replace('_', "").parse().ok()
        })
    }

    /// The items of a list; none of nothing.
    pub(super) fn list(&self, field: &str) -> Result<&[Self], ReadError> {
        match &self.content {
            Content::Nothing => Ok(&[]),
            Content::List(items) => Ok(items),
            _ => Err(self.wrong(field, "a list")),
        }
    }

    /// The items of a list, or the one text itself; none of nothing.
    pub(super) fn one_or_more(&self, field: &str) -> Result<&[Self], ReadError> {
        match &self.content {
            Content::Text(_) | Content::Unknown { .. } => Ok(std::slice::from_ref(self)),
            Content::Map(_) => Err(self.wrong(field, "a text or a list")),
            _ => self.list(field),
        }
    }

    /// Keys and values of a mapping; none of nothing.
    pub(super) fn map(&self, field: &str) -> Result<&[(Key, Self)], ReadError> {
        match &self.content {
            Content::Nothing => Ok(&[]),
            Content::Map(entries) => Ok(entries),
            _ => Err(self.wrong(field, "a mapping")),
        }
    }

    /// The texts of a list, those known; the others as reasons.
    pub(super) fn texts(&self, field: &str) -> Result<Texts, ReadError> {
        let mut texts = Texts::default();
        for (number, item) in self.list(field)?.iter().enumerate() {
            texts.take(item, &format!("{field}[{number}]"))?;
        }
        Ok(texts)
    }

    /// A mapping, or a list of `NAME=VALUE` or `NAME`, as a mapping: what environment, labels and sysctls may be.
    pub(super) fn pairs(&self, field: &str) -> Result<Vec<(Key, Self)>, ReadError> {
        match &self.content {
            Content::List(items) => items
                .iter()
                .map(|item| item.pair(field))
                .collect::<Result<_, _>>(),
            Content::Map(entries) => Ok(entries.clone()),
            Content::Nothing => Ok(Vec::new()),
            _ => Err(self.wrong(field, "a mapping or a list")),
        }
    }

    fn pair(&self, field: &str) -> Result<(Key, Self), ReadError> {
        let sketch = self
            .sketch()
            .ok_or_else(|| self.wrong(field, "a list of NAME=VALUE"))?;
        let (name, value) = sketch
            .split_once('=')
            .map_or((sketch, None), |(name, value)| (name, Some(value)));
        let content = match (&self.content, value) {
            (_, None) => Content::Nothing,
            (Content::Unknown { why, .. }, Some(value)) if value.contains(MISSING) => {
                Content::Unknown {
                    why: why.clone(),
                    sketch: value.to_owned(),
                }
            }
            (_, Some(value)) => Content::Text(value.to_owned()),
        };
        let key = Key {
            name: name.to_owned(),
            mark: self.mark.clone(),
        };
        Ok((key, self.with(content)))
    }
}

/// Texts of a list.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) known: Vec<Stated<String>>,
    pub(super) unknown: Vec<Stated<String>>,
}

impl Texts {
    fn take(&mut self, item: &Part, field: &str) -> Result<(), ReadError> {
        match item.setting(field)? {
            Setting::Absent => {}
            Setting::Stated(stated) => self.known.push(stated),
            Setting::Unknown { why, at } => self.unknown.push(Stated::new(why, at)),
        }
        Ok(())
    }
}

/// YAML 1.1 and Go's `ParseBool`, which Compose takes.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" | "t" => Some(true),
        "false" | "no" | "off" | "n" | "0" | "f" => Some(false),
        _ => None,
    }
}
