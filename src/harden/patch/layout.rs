//! Where each part of a YAML text stands, aliases and merge keys not followed: what an edit may touch.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::runtime::tree::SyntaxError;

/// A part of a text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) kind: Kind,
    /// First byte.
    pub(super) start: usize,
    /// Behind the last byte, comments and empty lines left out.
    pub(super) end: usize,
    /// Line, from 1.
    pub(super) line: u64,
    /// Column of the first key or dash, from 0.
    pub(super) column: usize,
    /// It has an anchor or a tag.
    pub(super) is_marked: bool,
}

/// What a part is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Scalar {
        text: String,
        /// It is left out.
        is_empty: bool,
        /// It is left out, or says that there is nothing.
        is_null: bool,
    },
    Alias,
    List {
        items: Vec<Place>,
        flow: bool,
    },
    Map {
        entries: Vec<(Place, Place)>,
        flow: bool,
    },
}

impl Place {
    /// Entries of a mapping.
    pub(super) fn entries(&self) -> &[(Self, Self)] {
        match &self.kind {
            Kind::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is a list or mapping by indentation.
    pub(super) const fn is_block(&self) -> bool {
        matches!(
            self.kind,
            Kind::List { flow: false, .. } | Kind::Map { flow: false, .. }
        )
    }
}

/// Every document of a text that is not empty, as `tree::documents` counts them.
pub(super) fn documents(text: &str) -> Result<Vec<Place>, SyntaxError> {
    let mut reader = Reader {
        text,
        offsets: text.char_indices().map(|(offset, _)| offset).collect(),
        open: Vec::new(),
        root: None,
    };
    let mut done = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| SyntaxError {
            line: error.marker().line() as u64,
            column: error.marker().col() as u64 + 1,
            reason: error.info().to_owned(),
        })?;
        match event {
            Event::DocumentStart(_) => reader.root = None,
            Event::DocumentEnd => done.extend(
                reader
                    .root
                    .take()
                    .filter(|root| !matches!(&root.kind, Kind::Scalar { is_null: true, .. })),
            ),
            event => reader.take(&event, span),
        }
    }
    Ok(done)
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Behind the colon of a key.
pub(super) fn colon(text: &str, key: &Place) -> Option<usize> {
    let rest = text.get(key.end..)?;
    let spaces = rest.len() - rest.trim_start().len();
    let is_there = rest.trim_start().starts_with(':');
    is_there.then_some(key.end + spaces + 1)
}

/// A list or mapping that is not complete.
struct Open {
    place: Place,
    key: Option<Place>,
}

struct Reader<'t> {
    text: &'t str,
    /// The byte at which each character begins.
    offsets: Vec<usize>,
    open: Vec<Open>,
    root: Option<Place>,
}

impl Reader<'_> {
    fn offset(&self, character: usize) -> usize {
        self.offsets
            .get(character)
            .copied()
            .unwrap_or(self.text.len())
    }

    fn place(&self, kind: Kind, span: Span, is_marked: bool) -> Place {
        Place {
            kind,
            start: self.offset(span.start.index()),
            end: self.offset(span.end.index()),
            line: span.start.line() as u64,
            column: span.start.col(),
            is_marked,
        }
    }

    fn take(&mut self, event: &Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = *style == ScalarStyle::Plain;
                let is_empty = is_plain && span.start.index() == span.end.index();
                let kind = Kind::Scalar {
                    text: text.clone().into_owned(),
                    is_empty,
                    is_null: is_plain && is_null(text),
                };
                let mut place = self.place(kind, span, *anchor > 0 || tag.is_some());
                match style {
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                        place.end = self.closed(place.start, place.end);
                    }
                    ScalarStyle::Literal | ScalarStyle::Folded => self.block_scalar(&mut place),
                    ScalarStyle::Plain if is_empty => {}
                    ScalarStyle::Plain => place.end = self.back(place.end).max(place.start),
                }
                self.put(place);
            }
            Event::Alias(_) => {
                let place = self.place(Kind::Alias, span, false);
                self.put(place);
            }
            Event::SequenceStart(anchor, tag) => {
                let flow = self.begins_with(span, '[');
                let items = Vec::new();
                let kind = Kind::List { items, flow };
                self.begin(kind, span, *anchor > 0 || tag.is_some());
            }
            Event::MappingStart(anchor, tag) => {
                let flow = self.begins_with(span, '{');
                let entries = Vec::new();
                let kind = Kind::Map { entries, flow };
                self.begin(kind, span, *anchor > 0 || tag.is_some());
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => {}
        }
    }

    fn begin(&mut self, kind: Kind, span: Span, is_marked: bool) {
        let place = self.place(kind, span, is_marked);
        self.open.push(Open { place, key: None });
    }

    fn close(&mut self, span: Span) {
        let Some(Open { mut place, .. }) = self.open.pop() else {
            return;
        };
        // A block ends where its last part ends; the parser tells where the next one begins.
        let last = match &place.kind {
            Kind::List { items, flow: false } => items.last().map(|item| item.end),
            Kind::Map {
                entries,
                flow: false,
            } => entries.last().map(|(key, value)| value.end.max(key.end)),
            // The parser counts a comment behind the bracket in.
            _ => Some(self.offset(span.start.index()) + 1),
        };
        place.end = last.unwrap_or(place.start);
        if let Some((key, _)) = place.entries().first() {
            place.column = key.column;
        }
        self.put(place);
    }

    fn put(&mut self, mut place: Place) {
        let text = self.text;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(place);
            return;
        };
        match &mut open.place.kind {
            Kind::List { items, .. } => items.push(place),
            Kind::Map { entries, .. } => match open.key.take() {
                Some(key) => {
                    // A value that is left out stands behind its colon.
                    if matches!(place.kind, Kind::Scalar { is_empty: true, .. }) {
                        place.start = colon(text, &key).unwrap_or(key.end);
                        place.end = place.start;
                    }
                    entries.push((key, place));
                }
                None => open.key = Some(place),
            },
            Kind::Scalar { .. } | Kind::Alias => {}
        }
    }

    fn begins_with(&self, span: Span, letter: char) -> bool {
        let rest = self.text.get(self.offset(span.start.index())..);
        rest.is_some_and(|rest| rest.starts_with(letter))
    }

    /// The end of what is not white space before a place.
    fn back(&self, end: usize) -> usize {
        self.text
            .get(..end)
            .map_or(end, |before| before.trim_end().len())
    }

    /// Behind the quote that closes a text: the parser counts a comment behind it in.
    fn closed(&self, start: usize, end: usize) -> usize {
        let mut letters = self.text.get(start..).unwrap_or_default().char_indices();
        let Some((_, quote @ ('"' | '\''))) = letters.next() else {
            return self.back(end).max(start);
        };
        let mut letters = letters.peekable();
        while let Some((at, letter)) = letters.next() {
            if letter == '\\' && quote == '"' {
                letters.next();
            } else if letter == quote {
                // Two single quotes are one that belongs to the text.
                let is_doubled =
                    quote == '\'' && letters.next_if(|(_, next)| *next == quote).is_some();
                if !is_doubled {
                    return start + at + quote.len_utf8();
                }
            }
        }
        end
    }

    /// The parser tells where the content is; here it begins with its header (`|`, `>-`).
    fn block_scalar(&self, place: &mut Place) {
        let mut end = place.start;
        // Between the header and the content there are but empty lines.
        while let Some(before) = self.text.get(..end).filter(|before| !before.is_empty()) {
            let begin = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line = before.get(begin..).unwrap_or_default();
            if let Some((at, is_kept)) = header(line) {
                let header_end = begin + line.trim_end().len();
                // `+` keeps the empty lines at the end, but for the newline of the last.
                let content = self.text.get(..place.end).unwrap_or_default();
                let content_end = if is_kept {
                    let content = content.strip_suffix('\n').unwrap_or(content);
                    content.strip_suffix('\r').unwrap_or(content).len()
                } else {
                    self.back(place.end)
                };
                place.start = begin + at;
                place.end = content_end.max(header_end);
                return;
            }
            end = begin.saturating_sub(1);
        }
        place.end = self.back(place.end).max(place.start);
    }
}

/// Where the header of a block scalar is in a line, and whether it keeps empty lines at the end.
fn header(line: &str) -> Option<(usize, bool)> {
    line.match_indices(['|', '>']).find_map(|(at, _)| {
        let rest = line.get(at + 1..)?;
        let marks = rest.split([' ', '\t', '\r']).next().unwrap_or_default();
        let behind = rest.get(marks.len()..)?.trim();
        let is_header = marks.len() <= 2
            && marks
                .chars()
                .all(|mark| matches!(mark, '+' | '-' | '1'..='9'))
            && (behind.is_empty() || behind.starts_with('#'));
        is_header.then(|| (at, marks.contains('+')))
    })
}
