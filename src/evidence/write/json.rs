//! The document itself, as JSON that people can read, too.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

use super::Look;
use crate::evidence::Evidence;
use crate::model::is_deceptive;

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    write_document(evidence, out)
}

/// Any document as indented JSON: safe to show at a terminal, as all forms are.
pub(super) fn write_document(content: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    content.serialize(&mut Serializer::with_formatter(
        &mut *out,
        Safe(PrettyFormatter::new()),
    ))?;
    out.write_all(b"\n")
}

/// Indents, and escapes what [`Untrusted`](crate::model::Untrusted) does: JSON itself asks for that only below U+0020, and a
/// terminal acts on U+009B, too.
struct Safe(PrettyFormatter<'static>);

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((start, found)) = rest.char_indices().find(|(_, c)| is_deceptive(*c)) {
            let (before, after) = rest.split_at(start);
            out.write_all(before.as_bytes())?;
            for unit in found.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.get(found.len_utf8()..).unwrap_or_default();
        }
        out.write_all(rest.as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn written(value: &Value) -> String {
        let mut text = Vec::new();
        write_document(value, &mut text).expect("memory");
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn what_a_terminal_would_act_on_is_escaped_in_names_and_values() {
        let text = written(&json!({"a\u{9b}": "\u{1b}[1m\u{7f}\u{202e}größe\u{e0041}\n"}));
        let expected = "{\n  \"a\\u009b\": \"\\u001b[1m\\u007f\\u202egröße\\udb40\\udc41\\n\"\n}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_rest_is_indented_as_serde_does_it() {
        let value =
            json!({"a": [], "b": {}, "c": [1, "x", {"d": null}], "e": {"f": true, "g": 0.5}});
        let indented = serde_json::to_string_pretty(&value).expect("JSON");
        assert_eq!(written(&value), indented + "\n");
    }

    proptest! {
        #[test]
        fn any_text_comes_back_and_none_is_deceptive(text in any::<String>()) {
            let json = written(&Value::String(text.clone()));
            prop_assert!(!json.trim_end_matches('\n').contains(is_deceptive));
            prop_assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), Value::String(text));
        }
    }
}
