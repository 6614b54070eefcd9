//! One change in a text.

use super::layout::{self, Kind, Place, colon};
use super::write::{self, Style};
use super::{Change, Edit, PatchError, Step, Yaml, words};

/// Makes the change. Whether it is what was wanted is for the caller to see.
pub(super) fn apply(text: &str, edit: &Edit) -> Result<String, PatchError> {
    let documents = layout::documents(text)?;
    let (number, path) = match edit.path.split_first() {
        Some((Step::Document(number), path)) => (*number, path),
        _ => (0, edit.path.as_slice()),
    };
    let missing = || PatchError::Missing {
        path: words(&edit.path),
    };
    let root = documents.get(number).ok_or_else(missing)?;
    let writer = Writer {
        text,
        style: style(text, &documents),
        path: &edit.path,
    };
    let splice = writer.follow(root, path, &edit.change, None)?;
    let before = text.get(..splice.start).ok_or_else(missing)?;
    let behind = text.get(splice.end..).ok_or_else(missing)?;
    Ok(format!("{before}{}{behind}", splice.text))
}

/// A piece of the text, and what comes in its place.
struct Splice {
    start: usize,
    end: usize,
    text: String,
}

struct Writer<'t> {
    text: &'t str,
    style: Style,
    path: &'t [Step],
}

impl Writer<'_> {
    /// Goes along the path from `place`, whose key is `key` if it is a value of a block mapping.
    fn follow(
        &self,
        place: &Place,
        path: &[Step],
        change: &Change,
        key: Option<&Place>,
    ) -> Result<Splice, PatchError> {
        let Some((step, rest)) = path.split_first() else {
            return match change {
                Change::Set(value) => self.set(place, key, value),
                Change::Append(values) => self.append(place, key, values),
                Change::Remove => Err(self.missing()),
            };
        };
        match (step, &place.kind) {
            (_, Kind::Alias) => Err(fault(
                place,
                "it is an alias (`*`): what it stands for is used elsewhere, too",
            )),
            (Step::Key(name), Kind::Map { entries, flow }) => {
                let found = entries.iter().position(|(key, _)| key.text() == Some(name));
                let is_removal = rest.is_empty() && *change == Change::Remove;
                match found.and_then(|index| Some((index, entries.get(index)?))) {
                    Some((index, _)) if is_removal => self.remove(place, key, index),
                    Some((_, (key, value))) => {
                        self.follow(value, rest, change, Some(key).filter(|_| !flow))
                    }
                    None if is_removal => Err(self.missing()),
                    None => self.insert(
                        place,
                        name,
                        &nested(rest, change).ok_or_else(|| self.missing())?,
                    ),
                }
            }
            (Step::Key(_), Kind::Scalar { is_null: true, .. }) => {
                let value = nested(path, change).ok_or_else(|| self.missing())?;
                self.set(place, key, &value)
            }
            (Step::Item(number), Kind::List { items, .. }) => {
                if rest.is_empty() && *change == Change::Remove {
                    return self.remove_item(place, key, *number);
                }
                let item = items.get(*number).ok_or_else(|| self.missing())?;
                self.follow(item, rest, change, None)
            }
            _ => Err(self.missing()),
        }
    }

    fn missing(&self) -> PatchError {
        PatchError::Missing {
            path: words(self.path),
        }
    }

    /// A new value in an old one's place.
    fn set(&self, place: &Place, key: Option<&Place>, value: &Yaml) -> Result<Splice, PatchError> {
        if place.is_marked {
            return Err(fault(
                place,
                "it has an anchor (`&`) or a tag (`!`), and is not replaced",
            ));
        }
        let Some(key) = key else {
            // Inside of brackets, an item of a list, or the whole document.
            if place.is_block() {
                return Err(fault(
                    place,
                    "a block of lines is replaced only behind a key",
                ));
            }
            return Ok(Splice {
                start: place.start,
                end: place.end,
                text: write::flow(value),
            });
        };
        let colon = colon(self.text, key)
            .ok_or_else(|| fault(key, "its key is not followed by a colon"))?;
        let new = write::behind_key(value, key.column, self.style);
        let is_line = !new.starts_with(self.style.newline);
        let line_end = self.line_end(colon);
        let (start, end, text) = match (place.is_block(), is_line) {
            // A comment behind the key stays where it is.
            (true, true) => (
                colon,
                self.line_end(place.end),
                format!("{new}{}", self.piece(colon, line_end)),
            ),
            (true, false) => (line_end, self.line_end(place.end), new),
            (false, true) => (colon, place.end.max(colon), new),
            (false, false) => {
                let line_end = self.line_end(place.end.max(colon));
                let comment = self.piece(place.end.max(colon), line_end);
                (colon, line_end, format!("{}{new}", comment.trim_end()))
            }
        };
        Ok(Splice { start, end, text })
    }

    /// A new key, behind the last one.
    fn insert(&self, map: &Place, key: &str, value: &Yaml) -> Result<Splice, PatchError> {
        let Kind::Map { entries, flow } = &map.kind else {
            return Err(self.missing());
        };
        let end = entries.last().map(|(key, value)| value.end.max(key.end));
        if *flow {
            let pair = write::flow(&Yaml::Map(vec![(key.to_owned(), value.clone())]));
            let pair = pair
                .trim_start_matches('{')
                .strip_suffix('}')
                .unwrap_or(&pair);
            let (at, text) = match end {
                Some(end) => (end, format!(", {pair}")),
                None => (map.start + 1, pair.to_owned()),
            };
            return Ok(Splice {
                start: at,
                end: at,
                text,
            });
        }
        let at = self.line_end(end.unwrap_or(map.end));
        let line = write::entry(key, value, map.column, self.style);
        Ok(Splice {
            start: at,
            end: at,
            text: format!("{}{line}", self.style.newline),
        })
    }

    fn append(
        &self,
        place: &Place,
        key: Option<&Place>,
        values: &[Yaml],
    ) -> Result<Splice, PatchError> {
        let Kind::List { items, flow } = &place.kind else {
            return self.set(place, key, &Yaml::List(values.to_vec()));
        };
        let (at, text) = match (items.last(), flow) {
            (None, _) => {
                let text = write::flow(&Yaml::List(values.to_vec()));
                return Ok(Splice {
                    start: place.start,
                    end: place.end,
                    text,
                });
            }
            (Some(last), true) => {
                let words: Vec<_> = values.iter().map(write::flow).collect();
                (last.end, format!(", {}", words.join(", ")))
            }
            (Some(last), false) => {
                let (_, column) = self.dash(last)?;
                let lines = values.iter().map(|value| {
                    let line = write::item(value, column, self.style);
                    format!("{}{line}", self.style.newline)
                });
                (self.line_end(last.end), lines.collect())
            }
        };
        Ok(Splice {
            start: at,
            end: at,
            text,
        })
    }

    /// A key goes, with its line's comment.
    fn remove(
        &self,
        map: &Place,
        owner: Option<&Place>,
        index: usize,
    ) -> Result<Splice, PatchError> {
        let Kind::Map { entries, flow } = &map.kind else {
            return Err(self.missing());
        };
        let (key, value) = entries.get(index).ok_or_else(|| self.missing())?;
        let next = entries.get(index + 1).map(|(key, _)| key.start);
        let before = index.checked_sub(1).and_then(|index| entries.get(index));
        if entries.len() == 1 {
            if owner.is_some() && !flow {
                return self.set(map, owner, &Yaml::Map(Vec::new()));
            }
            return self.emptied(map, "it is the only key of its mapping");
        }
        if *flow {
            return Ok(between(
                key.start,
                value.end,
                next,
                before.map(|(_, value)| value.end),
            ));
        }
        let begin = self.line_start(key.start);
        // The first key of a list's item shares its line with the dash.
        if !self.piece(begin, key.start).trim().is_empty() {
            let end = next.unwrap_or(value.end);
            return Ok(Splice {
                start: key.start,
                end,
                text: String::new(),
            });
        }
        Ok(self.lines(begin, value.end.max(key.end)))
    }

    fn remove_item(
        &self,
        list: &Place,
        owner: Option<&Place>,
        index: usize,
    ) -> Result<Splice, PatchError> {
        let Kind::List { items, flow } = &list.kind else {
            return Err(self.missing());
        };
        let item = items.get(index).ok_or_else(|| self.missing())?;
        if items.len() == 1 {
            if owner.is_some() && !flow {
                return self.set(list, owner, &Yaml::List(Vec::new()));
            }
            return self.emptied(list, "it is the only item of its list");
        }
        if *flow {
            let next = items.get(index + 1).map(|item| item.start);
            let before = index.checked_sub(1).and_then(|index| items.get(index));
            return Ok(between(
                item.start,
                item.end,
                next,
                before.map(|item| item.end),
            ));
        }
        let (dash, _) = self.dash(item)?;
        let begin = self.line_start(dash);
        // The first item of a list in a list shares its line with the outer dash.
        if !self.piece(begin, dash).trim().is_empty() {
            let next = items.get(index + 1).ok_or_else(|| self.missing())?;
            let (end, _) = self.dash(next)?;
            return Ok(Splice {
                start: dash,
                end,
                text: String::new(),
            });
        }
        Ok(self.lines(begin, item.end))
    }

    /// Brackets of which nothing is left.
    fn emptied(&self, place: &Place, reason: &str) -> Result<Splice, PatchError> {
        if place.is_block() {
            return Err(fault(place, reason));
        }
        let close = self.piece(place.start, place.end).len().saturating_sub(1);
        Ok(Splice {
            start: place.start + 1,
            end: place.start + close,
            text: String::new(),
        })
    }

    /// Whole lines, from the beginning of one to the end of that in which `end` is.
    fn lines(&self, begin: usize, end: usize) -> Splice {
        let end = self.line_end(end);
        let rest = self.piece(end, self.text.len());
        let newline = ["\r\n", "\n"]
            .into_iter()
            .find(|newline| rest.starts_with(newline));
        match newline {
            Some(newline) => Splice {
                start: begin,
                end: end + newline.len(),
                text: String::new(),
            },
            // The last line, which has no newline: the one before loses its own.
            None => Splice {
                start: self.piece(0, begin).trim_end_matches(['\r', '\n']).len(),
                end,
                text: String::new(),
            },
        }
    }

    /// Where an item's dash is, and its column.
    fn dash(&self, item: &Place) -> Result<(usize, usize), PatchError> {
        let before = self.piece(0, item.start).trim_end();
        let at = before
            .strip_suffix('-')
            .map(str::len)
            .ok_or_else(|| fault(item, "its dash is not found"))?;
        let column = self.piece(self.line_start(at), at).chars().count();
        Ok((at, column))
    }

    fn piece(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn line_start(&self, at: usize) -> usize {
        self.piece(0, at)
            .rfind('\n')
            .map_or(0, |newline| newline + 1)
    }

    /// Before the newline of the line in which `at` is.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.piece(at, self.text.len());
        let line = rest.split('\n').next().unwrap_or(rest);
        at + line.strip_suffix('\r').unwrap_or(line).len()
    }
}

/// A part inside of brackets, with one of the commas beside it.
fn between(start: usize, end: usize, next: Option<usize>, before: Option<usize>) -> Splice {
    let (start, end) = match (next, before) {
        (Some(next), _) => (start, next),
        (None, Some(before)) => (before, end),
        (None, None) => (start, end),
    };
    Splice {
        start,
        end,
        text: String::new(),
    }
}

/// A value with the mappings that lead to it.
fn nested(path: &[Step], change: &Change) -> Option<Yaml> {
    let inner = match change {
        Change::Set(value) => value.clone(),
        Change::Append(values) => Yaml::List(values.clone()),
        Change::Remove => return None,
    };
    path.iter().rev().try_fold(inner, |value, step| match step {
        Step::Key(key) => Some(Yaml::Map(vec![(key.clone(), value)])),
        Step::Item(_) | Step::Document(_) => None,
    })
}

fn fault(place: &Place, reason: &str) -> PatchError {
    PatchError::Place {
        line: place.line,
        reason: reason.to_owned(),
    }
}

/// The text's own way to indent: that of its first mapping inside a mapping, and of its first list.
fn style(text: &str, documents: &[Place]) -> Style {
    let mut style = Style {
        step: 0,
        dash: usize::MAX,
        newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
    };
    for document in documents {
        look(text, document, &mut style);
    }
    if style.step == 0 {
        style.step = 2;
    }
    if style.dash == usize::MAX {
        style.dash = style.step;
    }
    style
}

fn look(text: &str, place: &Place, style: &mut Style) {
    for (key, value) in place.entries() {
        match &value.kind {
            Kind::Map { flow: false, .. } if style.step == 0 => {
                style.step = value.column.saturating_sub(key.column);
            }
            Kind::List { items, flow: false } if style.dash == usize::MAX => {
                let dash = items.first().and_then(|item| {
                    let before = text.get(..item.start)?.trim_end().strip_suffix('-')?;
                    let line = before.rsplit('\n').next().unwrap_or(before);
                    line.chars().count().checked_sub(key.column)
                });
                style.dash = dash.unwrap_or(style.dash);
            }
            _ => {}
        }
        look(text, value, style);
    }
    if let Kind::List { items, .. } = &place.kind {
        for item in items {
            look(text, item, style);
        }
    }
}
