//! XML as a stream: elements and their text, one after the other, never a tree.
//!
//! Elements go by their local names, whatever prefix a document has chosen. Entities are the five that XML has and
//! numbered characters; a document's own are left as they stand, so that none can grow. How deep elements are nested, and
//! how much a single piece may take, is bounded.

use std::io::{self, BufRead, Read};

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::input::{FeedInput, each_file, read_error};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;

/// Feeds nest a dozen deep.
const MAX_DEPTH: u32 = 64;

/// 16 MB for one tag, comment or run of text.
const MAX_PIECE: u64 = 16_000_000;

/// 1 MB of an element's text is kept; descriptions have a few thousand bytes.
const MAX_TEXT: usize = 1_000_000;

/// The beginning of an element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute by its local name.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A document that is read from its beginning to its end.
///
/// Whoever is given an element reads it to its end: by [`child`](Self::child) until there is none, by
/// [`text`](Self::text) or by [`skip`](Self::skip).
pub(super) struct Xml<'r> {
    reader: Reader<Metered<'r>>,
    buffer: Vec<u8>,
    depth: u32,
}

impl<'r> Xml<'r> {
    pub(super) fn new(reader: &'r mut dyn BufRead) -> Self {
        let mut reader = Reader::from_reader(Metered {
            inner: reader,
            left: MAX_PIECE,
        });
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // `R&D` in a description is no reason to lose the document.
        config.allow_dangling_amp = true;
        Self {
            reader,
            buffer: Vec::new(),
            depth: 0,
        }
    }

    /// The next element inside the one that was begun last, or `None` at its end.
    pub(super) fn child(&mut self) -> io::Result<Option<Element>> {
        loop {
            match next(&mut self.reader, &mut self.buffer)? {
                Event::Start(start) => {
                    let element = element(&start);
                    self.depth += 1;
                    if self.depth > MAX_DEPTH {
                        return Err(io::Error::other("elements are nested too deep"));
                    }
                    return Ok(Some(element));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(None);
                }
                Event::Eof if self.depth == 0 => return Ok(None),
                Event::Eof => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }

    /// The text of the element that was begun last, trimmed, and its end. Elements inside are passed over.
    pub(super) fn text(&mut self) -> io::Result<String> {
        let mut text = String::new();
        let mut inside = 0_u32;
        loop {
            match next(&mut self.reader, &mut self.buffer)? {
                Event::Start(_) => inside += 1,
                Event::End(_) if inside == 0 => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(text.trim().to_owned());
                }
                Event::End(_) => inside -= 1,
                Event::Eof => return Err(io::ErrorKind::UnexpectedEof.into()),
                Event::Text(part) if inside == 0 => {
                    append(&mut text, &part.xml_content(XmlVersion::Implicit1_0));
                }
                Event::CData(part) if inside == 0 => {
                    append(&mut text, &part.xml_content(XmlVersion::Implicit1_0));
                }
                Event::GeneralRef(reference) if inside == 0 => {
                    append(&mut text, &resolved(&reference));
                }
                _ => {}
            }
        }
    }

    /// Passes over the element that was begun last.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        let mut inside = 0_u64;
        loop {
            match next(&mut self.reader, &mut self.buffer)? {
                Event::Start(_) => inside += 1,
                Event::End(_) if inside == 0 => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(());
                }
                Event::End(_) => inside -= 1,
                Event::Eof => return Err(io::ErrorKind::UnexpectedEof.into()),
                _ => {}
            }
        }
    }
}

fn next<'b>(reader: &mut Reader<Metered<'_>>, buffer: &'b mut Vec<u8>) -> io::Result<Event<'b>> {
    buffer.clear();
    reader.get_mut().left = MAX_PIECE;
    reader.read_event_into(buffer).map_err(|error| match error {
        quick_xml::Error::Io(error) => io::Error::new(error.kind(), error.to_string()),
        error => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
    })
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let value = match attribute.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => value.into_owned(),
            // An entity of the document's own.
            Err(_) => attribute.value.into_owned(),
        };
        (local(attribute.key.as_ref()).to_owned(), value)
    });
    Element {
        attributes: attributes.collect(),
        name: local(start.name().as_ref()).to_owned(),
    }
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn resolved(reference: &BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name = reference.xml_content(XmlVersion::Implicit1_0);
    match resolve_predefined_entity(&name) {
        Some(text) => text.to_owned(),
        None => format!("&{name};"),
    }
}

fn append(text: &mut String, part: &str) {
    let room = MAX_TEXT.saturating_sub(text.len());
    let end = part.floor_char_boundary(room.min(part.len()));
    text.push_str(part.get(..end).unwrap_or_default());
}

/// Calls `take` with every XML document whose root is named so, behind that root's start; other files are counted.
pub(super) fn each_document(
    input: FeedInput<'_>,
    root: &str,
    intake: &mut Intake<'_>,
    mut take: impl FnMut(&str, &mut Xml<'_>, &mut Intake<'_>) -> Result<(), IntakeError>,
) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| {
        let is_xml = is_xml(reader).map_err(read_error(file))?;
        let mut xml = Xml::new(reader);
        if is_xml && matches!(xml.child(), Ok(Some(found)) if found.name == root) {
            return take(file, &mut xml, intake);
        }
        let reason = SkipReason::UnknownFile;
        intake.tally.skip(reason, || file.to_owned());
        Ok(())
    })
}

/// Whether a file can be XML: its first sign is `<`, behind a byte order mark if there is one.
fn is_xml(reader: &mut dyn BufRead) -> io::Result<bool> {
    let head = reader.fill_buf()?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    Ok(head.trim_ascii_start().starts_with(b"<"))
}

/// Refuses to read more than was granted for one piece.
struct Metered<'r> {
    inner: &'r mut dyn BufRead,
    left: u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer)
    }
}

impl BufRead for Metered<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            let reason = format!("one piece takes more than {MAX_PIECE} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        let bytes = self.inner.fill_buf()?;
        let granted = usize::try_from(self.left).unwrap_or(usize::MAX);
        Ok(bytes.get(..granted).unwrap_or(bytes))
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(amount as u64);
        self.inner.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_text(document: &str) -> io::Result<String> {
        let mut bytes = document.as_bytes();
        let mut xml = Xml::new(&mut bytes);
        xml.child()?.ok_or(io::ErrorKind::NotFound)?;
        xml.text()
    }

    #[test]
    fn names_lose_their_prefix_and_entities_are_resolved_but_never_a_documents_own() {
        let mut bytes = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bomb">]>
            <x:a y:id="1 &lt; 2" z="&b;"><empty/><b>R&D &amp; &#x41;&b;<c>no</c><![CDATA[<d>]]></b></x:a>"#
            .as_bytes();
        let mut xml = Xml::new(&mut bytes);
        let root = xml.child().expect("XML").expect("root");
        assert_eq!(
            (root.name.as_str(), root.attribute("id")),
            ("a", Some("1 < 2"))
        );
        assert_eq!(root.attribute("z"), Some("&b;"));
        assert_eq!(
            xml.child().expect("XML").map(|e| e.name).as_deref(),
            Some("empty")
        );
        xml.skip().expect("XML");
        assert_eq!(
            xml.child().expect("XML").map(|e| e.name).as_deref(),
            Some("b")
        );
        assert_eq!(xml.text().expect("XML"), "R&D & A&b;<d>");
        assert!(xml.child().expect("XML").is_none());
        assert!(xml.child().expect("XML").is_none());
    }

    #[test]
    fn what_is_too_deep_too_long_or_cut_off_is_an_error_and_never_a_loop() {
        let mut bytes = "<a>".repeat(100);
        bytes.push_str("text");
        let mut reader = bytes.as_bytes();
        let mut xml = Xml::new(&mut reader);
        let deep = std::iter::from_fn(|| xml.child().transpose()).find_map(Result::err);
        assert!(
            deep.expect("refused")
                .to_string()
                .contains("nested too deep")
        );
        assert!(first_text("<a>text").is_err());
        assert!(first_text("<a>text</b>").is_err());
        let long = format!("<a b='{}'/>", "x".repeat(17_000_000));
        let refused = first_text(&long).expect_err("refused").to_string();
        assert!(refused.contains("one piece"), "{refused}");
        let kept = first_text(&format!("<a>{}</a>", "é".repeat(1_000_000))).expect("cut");
        assert_eq!(kept.len(), MAX_TEXT);
    }
}
