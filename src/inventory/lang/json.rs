//! Values of JSON records whose fields need not have the type that they should.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A text, a flag or a whole number. Everything else is passed over, and nothing is built for it, however large it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A string.
    Text(String),
    /// `true` or `false`.
    Flag(bool),
    /// A whole number that is not negative.
    Number(u64),
    /// Null, another number, an array, an object, or no field at all.
    #[default]
    Other,
}

impl Scalar {
    /// The text without white space around it, if there is any.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            Self::Flag(_) | Self::Number(_) | Self::Other => None,
        }
    }

    /// The number, or a text that is one.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => self.text()?.parse().ok(),
        }
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        *self == Self::Flag(true)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scalar, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_flags_and_whole_numbers_are_kept_and_all_else_is_passed_over() {
        let json = r#"[" a ", true, "", null, 7, -7, 1.5, [1, {"a": []}], {"b": [2]}, false]"#;
        let read: Vec<Scalar> = serde_json::from_str(json).expect("values");
        let texts: Vec<Option<&str>> = read.iter().map(Scalar::text).collect();
        assert_eq!(texts[0], Some("a"));
        assert_eq!(texts[1..], [None; 9]);
        assert_eq!(read.iter().filter(|value| value.is_true()).count(), 1);
        assert_eq!(read.iter().filter(|v| **v == Scalar::Other).count(), 5);
        assert_eq!(read[4].number(), Some(7));
        assert_eq!(Scalar::Text("12".into()).number(), Some(12));
        assert_eq!(read[0].number(), None);
    }
}
