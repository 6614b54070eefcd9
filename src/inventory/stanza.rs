//! Text databases of `Name: value` lines in stanzas that blank lines part: dpkg's, apk's, and the head of Python's
//! metadata.
//!
//! deb822(5), apk-package(5) and Python's core metadata agree on this much; what a field means is the detector's affair.
//! Nothing is copied or collected here, so a hostile file costs no more than its own bytes.

use std::borrow::Cow;

/// A run of lines without a blank one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stanza<'a> {
    /// The number of its first line, from 1.
    pub(super) line: u64,
    text: &'a [u8],
}

/// One field of a stanza.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// What stands before the first colon.
    pub(super) name: &'a [u8],
    value: &'a [u8],
}

/// A line that is neither a field nor the continuation of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StrayLine {
    /// Its number in the file, from 1.
    pub(super) number: u64,
}

/// The stanzas of a file, in order.
pub(super) fn stanzas(text: &[u8]) -> impl Iterator<Item = Stanza<'_>> {
    let mut rest = text;
    let mut number = 1;
    std::iter::from_fn(move || {
        let (mut start, mut first) = (rest, number);
        while !rest.is_empty() {
            let before = rest;
            let blank = take_line(&mut rest).trim_ascii().is_empty();
            number += 1;
            if !blank {
                continue;
            }
            let text = without_tail(start, before);
            if !text.is_empty() {
                return Some(Stanza { line: first, text });
            }
            (start, first) = (rest, number);
        }
        (!start.is_empty()).then_some(Stanza {
            line: first,
            text: start,
        })
    })
}

impl<'a> Stanza<'a> {
    /// Its fields, in order. A line that begins with white space belongs to the field before it.
    pub(super) fn fields(self) -> impl Iterator<Item = Result<Field<'a>, StrayLine>> {
        let mut rest = self.text;
        let mut next_number = self.line;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let number = next_number;
            let start = rest;
            take_line(&mut rest);
            next_number += 1;
            while rest
                .first()
                .is_some_and(|byte| matches!(byte, b' ' | b'\t'))
            {
                take_line(&mut rest);
                next_number += 1;
            }
            let text = without_tail(start, rest);
            let colon = memchr::memchr2(b':', b'\n', text);
            let field = colon
                .and_then(|colon| text.split_at_checked(colon))
                .and_then(|(name, rest)| Some((name, rest.strip_prefix(b":")?)))
                .filter(|(name, _)| !name.trim_ascii().is_empty());
            Some(match field {
                Some((name, value)) => Ok(Field { name, value }),
                None => Err(StrayLine { number }),
            })
        })
    }
}

impl<'a> Field<'a> {
    /// The value's first line, trimmed; bytes that are no UTF-8 are replaced.
    pub(super) fn text(self) -> Cow<'a, str> {
        let end = memchr::memchr(b'\n', self.value).unwrap_or(self.value.len());
        String::from_utf8_lossy(self.value.get(..end).unwrap_or_default().trim_ascii())
    }

    /// The bytes of the value's first line: of a form that writes no space behind the colon.
    pub(super) fn value(self) -> &'a [u8] {
        let end = memchr::memchr(b'\n', self.value).unwrap_or(self.value.len());
        let line = self.value.get(..end).unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// The lines that continue the value, trimmed.
    pub(super) fn continued(self) -> impl Iterator<Item = &'a [u8]> {
        let lines = self.value.split(|byte| *byte == b'\n').skip(1);
        lines
            .map(<[u8]>::trim_ascii)
            .filter(|line| !line.is_empty())
    }

    /// Whether the value goes on in a second line.
    pub(super) fn is_folded(self) -> bool {
        memchr::memchr(b'\n', self.value.trim_ascii_end()).is_some()
    }
}

/// Takes the first line off `text` and gives it without its line feed.
fn take_line<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    match memchr::memchr(b'\n', text).and_then(|end| text.split_at_checked(end)) {
        Some((line, rest)) => {
            *text = rest.strip_prefix(b"\n").unwrap_or(rest);
            line
        }
        None => std::mem::take(text),
    }
}

/// What of `text` lies before `tail`, which is its end.
fn without_tail<'a>(text: &'a [u8], tail: &[u8]) -> &'a [u8] {
    text.get(..text.len().saturating_sub(tail.len()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A field as its name and its text, or the number of a stray line.
    type Read = Result<(String, String), u64>;

    fn read(text: &str) -> Vec<(u64, Vec<Read>)> {
        let fields = |stanza: Stanza<'_>| {
            stanza
                .fields()
                .map(|field| match field {
                    Ok(field) => Ok((
                        String::from_utf8_lossy(field.name).into_owned(),
                        field.text().into_owned(),
                    )),
                    Err(stray) => Err(stray.number),
                })
                .collect()
        };
        stanzas(text.as_bytes())
            .map(|stanza| (stanza.line, fields(stanza)))
            .collect()
    }

    #[test]
    fn stanzas_and_stray_lines_have_their_line_numbers() {
        let field = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(
            read(
                "\n\nPackage: a\nDescription: first\n second: line\n .\nVersion: 1\n \t\nPackage: b\nstray\n: nameless\nX:y"
            ),
            [
                (
                    3,
                    vec![
                        field("Package", "a"),
                        field("Description", "first"),
                        field("Version", "1")
                    ]
                ),
                (
                    9,
                    vec![field("Package", "b"), Err(10), Err(11), field("X", "y")]
                )
            ]
        );
    }

    #[test]
    fn line_ends_of_windows_part_lines_and_stanzas_too() {
        assert_eq!(read("A: 1\r\n\r\nB: 2\r\n"), read("A: 1\n\nB: 2\n"));
    }

    #[test]
    fn a_folded_value_shows_its_first_line_and_says_so() {
        let stanza = stanzas(b"License: MIT\n text\nName: a\n")
            .next()
            .expect("one");
        let fields: Vec<Field<'_>> = stanza.fields().map(|f| f.expect("a field")).collect();
        assert!(fields[0].is_folded() && !fields[1].is_folded());
        assert_eq!(fields[0].text(), "MIT");
        assert!(fields[0].continued().eq([b"text"]));
        assert_eq!(fields[1].continued().count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_end_and_every_line_is_numbered_within_the_file(
            text in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b':'), Just(b' '), any::<u8>()], 0..200)
        ) {
            let lines = text.split(|byte| *byte == b'\n').count() as u64;
            for stanza in stanzas(&text) {
                prop_assert!((1..=lines).contains(&stanza.line));
                for field in stanza.fields() {
                    if let Err(stray) = field {
                        prop_assert!((stanza.line..=lines).contains(&stray.number));
                    }
                }
            }
        }
    }
}
