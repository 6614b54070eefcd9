//! JSON of which only a few fields are wanted, and of which nothing has to have the type that it should.
//!
//! A list of packages with one malformed entry is still a list: what is not as expected becomes nothing, and the rest is
//! read. Nothing is built for fields that nobody asked for, however large they are.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The visits of a value that is passed over, for a visitor whose value has a default.
macro_rules! pass_over {
    ($($visit:ident: $type:ty),*) => {
        $(fn $visit<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Default::default())
        })*
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(Default::default())
        }
    };
}

/// A text; anything else is none.
#[derive(Debug, Default)]
pub(super) struct Text(Option<String>);

impl Text {
    /// The text without white space around it, if anything is left.
    pub(super) fn get(&self) -> Option<&str> {
        self.0
            .as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
    }

    /// The text as it is, if there is any.
    pub(super) fn whole(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The trimmed text, as a text of its own.
    pub(super) fn owned(&self) -> Option<String> {
        self.get().map(str::to_owned)
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text(Some(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Text, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text::default())
    }

    pass_over!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64);
}

/// An object; anything else is none.
#[derive(Debug)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(|object| Object(Some(object)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Object<T>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Object(None))
    }

    pass_over!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// A list of objects, with nothing in the places of what is none; anything but a list is an empty one.
#[derive(Debug)]
pub(super) struct List<T>(pub(super) Vec<Option<T>>);

impl<T> List<T> {
    /// The objects.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten()
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<List<T>, A::Error> {
        let mut list = Vec::new();
        while let Some(Object(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<List<T>, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(List(Vec::new()))
    }

    pass_over!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// A list of objects, or an object that has it in its `components`.
#[derive(Debug)]
pub(super) struct Components<T>(pub(super) List<T>);

impl<T> Default for Components<T> {
    fn default() -> Self {
        Self(List::default())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Components<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ComponentsVisitor(PhantomData))
    }
}

struct ComponentsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ComponentsVisitor<T> {
    type Value = Components<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or an object with one")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Components<T>, A::Error> {
        ListVisitor(PhantomData).visit_seq(items).map(Components)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Components<T>, A::Error> {
        let mut list = List::default();
        while let Some(Text(name)) = fields.next_key()? {
            if name.as_deref() == Some("components") {
                list = fields.next_value()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Components(list))
    }

    pass_over!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

/// A list of texts; anything but a text is passed over.
#[derive(Debug, Default)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
        let mut list = Vec::new();
        while let Some(Text(item)) = items.next_element()? {
            list.extend(item);
        }
        Ok(Texts(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Texts, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Texts::default())
    }

    pass_over!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Thing {
        name: Text,
        parts: List<Thing>,
        words: Texts,
        tools: [Components<Thing>; 2],
        inner: Object<Box<Thing>>,
    }

    #[test]
    fn what_has_another_type_becomes_nothing_and_the_rest_is_read() {
        let thing: Thing = serde_json::from_str(
            r#"{"name": 5, "parts": [{"name": " a "}, 1, "b", null, [], {"parts": {}, "words": "x"}],
                "words": ["x", 1, {}, "y"], "tools": [[{"name": "t"}], {"services": 1, "components": [{}, {}]}], "inner": [1], "more": {"deep": [1, 2]}}"#,
        )
        .expect("an object");
        assert_eq!(thing.name.get(), None);
        let parts: Vec<Option<Option<&str>>> = thing
            .parts
            .0
            .iter()
            .map(|part| part.as_ref().map(|part| part.name.get()))
            .collect();
        assert_eq!(parts, [Some(Some("a")), None, None, None, None, Some(None)]);
        assert_eq!(thing.words.0, ["x", "y"]);
        assert_eq!(thing.tools.map(|tools| tools.0.0.len()), [1, 2]);
        assert!(thing.inner.0.is_none());
    }
}
