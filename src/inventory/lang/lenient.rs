//! JSON that package tools left behind, where no field has to be there or to have the type that it should.
//!
//! Only the fields that are asked for are built, whatever the size of the others.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::layers::ParseError;
use crate::model::{Gap, GapKind, LayerPath};

/// Reads a whole file. A byte-order mark is passed over; an error tells the place and no content.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ParseError> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(json).map_err(|error| {
        ParseError::new(format!(
            "it is not the JSON that it should be (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// A text that is not empty; anything else reads as none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text(pub(super) Option<String>);

impl Text {
    pub(super) fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// The texts of a list, or one text that stands for a list of one; anything else reads as none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts(pub(super) Vec<String>);

/// The elements of a list, as many as are kept of any file; anything else reads as none.
#[derive(Debug)]
pub(super) struct Many<T> {
    pub(super) items: Vec<T>,
    /// How many more there are.
    over: u64,
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            over: 0,
        }
    }
}

impl<T> Many<T> {
    /// As many as [`Harvest`](crate::inventory::harvest::Harvest) takes.
    const LIMIT: usize = 100_000;

    /// What was not kept.
    pub(super) fn gap(&self, path: &str) -> Option<Gap> {
        (self.over > 0).then(|| {
            let reason = format!(
                "one of its lists has more than {} entries: {} of them were left out",
                Self::LIMIT,
                self.over
            );
            Gap::at(GapKind::LimitReached, LayerPath::from(path), reason)
        })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = deserializer.deserialize_any(TextsVisitor { list: false })?;
        Ok(Self(texts.into_iter().next()))
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer
            .deserialize_any(TextsVisitor { list: true })
            .map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ManyVisitor(PhantomData))
    }
}

/// The visits of scalars that all of them pass over.
macro_rules! pass_over_scalars {
    ($empty:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($empty)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            Ok($empty)
        }
    };
}

struct TextsVisitor {
    list: bool,
}

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let text = text.trim();
        Ok(if text.is_empty() {
            Vec::new()
        } else {
            vec![text.to_owned()]
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        if !self.list {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Vec::new());
        }
        let mut texts = Vec::new();
        while let Some(text) = list.next_element::<Text>()? {
            texts.extend(text.0);
        }
        Ok(texts)
    }

    pass_over_scalars!(Vec::new());
}

struct ManyVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ManyVisitor<T> {
    type Value = Many<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Many::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut many = Many::default();
        while many.items.len() < Many::<T>::LIMIT {
            let Some(item) = list.next_element()? else {
                return Ok(many);
            };
            many.items.push(item);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {
            many.over += 1;
        }
        Ok(many)
    }

    pass_over_scalars!(Many::default());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Record {
        name: Text,
        licenses: Texts,
        parts: Many<IgnoredAny>,
    }

    #[test]
    fn a_field_of_another_type_reads_as_none() {
        for json in [
            r#"{"name": 7, "licenses": {"a": ["b"]}, "parts": "x"}"#,
            r#"{"name": ["a"], "licenses": null, "parts": {"a": {}}}"#,
            r#"{"name": "  ", "licenses": [[], 1.5, ""], "parts": true}"#,
            "{}",
        ] {
            let record: Record = read(json.as_bytes()).expect(json);
            assert_eq!(record.name, Text(None), "{json}");
            assert_eq!(record.licenses, Texts::default(), "{json}");
            assert!(record.parts.items.is_empty(), "{json}");
        }
    }

    #[test]
    fn one_text_stands_for_a_list_of_one() {
        let record: Record =
            read(b"\xef\xbb\xbf{\"name\": \" a \", \"licenses\": \"MIT\"}").expect("json");
        assert_eq!(record.name, Text(Some("a".into())));
        assert_eq!(record.licenses, Texts(vec!["MIT".into()]));
    }

    #[test]
    fn what_a_list_has_too_much_is_counted() {
        let json = format!("{{\"parts\": [0{}]}}", ",0".repeat(100_001));
        let record: Record = read(json.as_bytes()).expect("json");
        assert_eq!(record.parts.items.len(), 100_000);
        let gap = record.parts.gap("a/b").expect("a gap");
        assert_eq!(gap.kind, GapKind::LimitReached);
        assert!(gap.detail.ends_with(": 2 of them were left out"));
    }

    #[test]
    fn an_error_tells_the_place_and_no_content() {
        let error = read::<Record>(b"{\"name\":\n secret}").expect_err("no JSON");
        assert_eq!(
            error.reason,
            "it is not the JSON that it should be (line 2, column 2)"
        );
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read::<Record>(&bytes);
        }
    }
}
