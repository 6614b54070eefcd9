//! JSON in which no field has to be there, or to have the type that it should.
//!
//! What comes in: records that package tools left behind, and lists that anybody wrote. What has another type than it
//! should becomes nothing, and the rest is read. Nothing is built for what nobody asked for, however large it is.
//!
//! A struct of the types below with `#[serde(default)]` is such a record. Where what an object says must be taken while it is
//! read, because all of it is too much or a field that is there twice is no error, something implements [`Fields`].

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};

use crate::layers::ParseError;
use crate::model::{Gap, GapKind, LayerPath};

/// Reads a whole file. A byte-order mark is passed over; an error tells the place and no content.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ParseError> {
    read_or(bytes, "it is not the JSON that it should be")
}

/// The same, with a complaint of its own.
pub(super) fn read_or<T: DeserializeOwned>(bytes: &[u8], complaint: &str) -> Result<T, ParseError> {
    let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    serde_json::from_slice(json).map_err(|error| at(complaint, &error))
}

/// Gives the fields of the object that a whole file is to what takes them.
pub(super) fn take(
    bytes: &[u8],
    fields: &mut impl Fields,
    complaint: &str,
) -> Result<(), ParseError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    FieldsTo(fields)
        .deserialize(&mut json)
        .and_then(|()| json.end())
        .map_err(|error| at(complaint, &error))
}

/// The error's own words could have content in them.
fn at(complaint: &str, error: &serde_json::Error) -> ParseError {
    ParseError::new(format!(
        "{complaint} (line {}, column {})",
        error.line(),
        error.column()
    ))
}

/// Takes the fields of an object one by one, while they are read.
pub(super) trait Fields {
    /// Takes the field of this name: reads its value, which is the next one, or passes over it.
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error>;
}

/// Gives the fields of a value to what takes them. Anything but an object is an error.
pub(super) struct FieldsTo<'f, F>(pub(super) &'f mut F);

impl<'de, F: Fields> DeserializeSeed<'de> for FieldsTo<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F: Fields> Visitor<'de> for FieldsTo<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            self.0.field(&name, &mut fields)?;
        }
        Ok(())
    }
}

/// A value that is made from some types of JSON; from all others it is the default.
pub(super) trait Loose<'de>: Default {
    fn of_text(_: &str) -> Self {
        Self::default()
    }

    fn of_flag(_: bool) -> Self {
        Self::default()
    }

    /// Numbers with a sign or a fraction are none that anything here is made from.
    fn of_number(_: u64) -> Self {
        Self::default()
    }

    fn of_list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error> {
        pass_over(items).map(|_| Self::default())
    }

    fn of_object<A: MapAccess<'de>>(mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Passes over what is left of a list; gives how much that was.
fn pass_over<'de, A: SeqAccess<'de>>(mut items: A) -> Result<u64, A::Error> {
    let mut passed = 0;
    while items.next_element::<IgnoredAny>()?.is_some() {
        passed += 1;
    }
    Ok(passed)
}

/// What the `Deserialize` of each loose type does.
pub(super) fn loosely<'de, T: Loose<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(LooseVisitor(PhantomData))
}

struct LooseVisitor<T>(PhantomData<T>);

impl<'de, T: Loose<'de>> Visitor<'de> for LooseVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<T, E> {
        Ok(T::of_flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::of_number(number))
    }

    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::of_list(items)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::of_object(fields)
    }
}

macro_rules! deserialize_loosely {
    ($($loose:ident $(<$item:ident>)?),*) => {$(
        impl<'de $(, $item: Deserialize<'de> + Default)?> Deserialize<'de> for $loose $(<$item>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                loosely(deserializer)
            }
        }
    )*};
}

deserialize_loosely!(
    Text,
    Scalar,
    Texts,
    TextOrTexts,
    Object<T>,
    List<T>,
    Many<T>
);

/// A text; anything else is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Text(Option<String>);

impl Text {
    /// The text without white space around it, if anything is left.
    pub(super) fn text(&self) -> Option<&str> {
        let text = self.whole()?.trim();
        Some(text).filter(|text| !text.is_empty())
    }

    /// The same, as a text of its own.
    pub(super) fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// The text as it is, if there is any.
    pub(super) fn whole(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl Loose<'_> for Text {
    fn of_text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

/// A flag, a whole number, or a text that may be one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Scalar {
    Text(String),
    Flag(bool),
    Number(u64),
    /// Null, another number, a list, an object, or no field at all.
    #[default]
    Other,
}

impl Scalar {
    /// The number, or a text that is one.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Flag(_) | Self::Other => None,
        }
    }

    /// Whether it is `true`.
    pub(super) fn is_true(&self) -> bool {
        *self == Self::Flag(true)
    }
}

impl Loose<'_> for Scalar {
    fn of_text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    fn of_flag(flag: bool) -> Self {
        Self::Flag(flag)
    }

    fn of_number(number: u64) -> Self {
        Self::Number(number)
    }
}

/// The texts of a list, as they are; anything but a text is passed over.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Loose<'de> for Texts {
    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            texts.extend(text);
        }
        Ok(Self(texts))
    }
}

/// The texts of a list, or one text that stands for a list of one: without white space around them, and none that is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TextOrTexts(pub(super) Vec<String>);

impl<'de> Loose<'de> for TextOrTexts {
    fn of_text(text: &str) -> Self {
        Self(Text::of_text(text).owned().into_iter().collect())
    }

    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = items.next_element::<Text>()? {
            texts.extend(text.owned());
        }
        Ok(Self(texts))
    }
}

/// An object; anything else is none.
#[derive(Debug, Default)]
pub(super) struct Object<T>(pub(super) Option<T>);

impl<'de, T: Deserialize<'de> + Default> Loose<'de> for Object<T> {
    fn of_object<A: MapAccess<'de>>(fields: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(|object| Self(Some(object)))
    }
}

/// A list of objects, with nothing in the places of what is none; anything but a list is an empty one.
///
/// Whoever reads it bounds the objects. What is none takes two bytes of a file, and here a pointer, not the room of an object.
#[derive(Debug, Default)]
pub(super) struct List<T>(pub(super) Vec<Option<Box<T>>>);

impl<T> List<T> {
    /// The objects.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().filter_map(Option::as_deref)
    }
}

impl<'de, T: Deserialize<'de> + Default> Loose<'de> for List<T> {
    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(Object(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Self(list))
    }
}

/// The elements of a list, as many as are kept of any file; anything but a list is an empty one.
#[derive(Debug, Default)]
pub(super) struct Many<T> {
    pub(super) items: Vec<T>,
    /// How many more there are.
    over: u64,
}

impl<T> Many<T> {
    /// As many as [`Harvest`](super::harvest::Harvest) takes.
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

impl<'de, T: Deserialize<'de> + Default> Loose<'de> for Many<T> {
    fn of_list<A: SeqAccess<'de>>(mut items: A) -> Result<Self, A::Error> {
        let mut many = Self::default();
        while many.items.len() < Self::LIMIT {
            let Some(item) = items.next_element()? else {
                return Ok(many);
            };
            many.items.push(item);
        }
        many.over = pass_over(items)?;
        Ok(many)
    }
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
        size: Scalar,
        words: Texts,
        licenses: TextOrTexts,
        inner: Object<Box<Record>>,
        list: List<Record>,
        parts: Many<IgnoredAny>,
    }

    #[test]
    fn a_field_of_another_type_reads_as_none() {
        for json in [
            r#"{"name": 7, "size": -7, "words": "x", "licenses": {"a": ["b"]}, "inner": [1], "list": {}, "parts": "x"}"#,
            r#"{"name": ["a"], "size": 1.5, "words": {}, "licenses": null, "inner": "x", "list": "x", "parts": {"a": {}}}"#,
            r#"{"name": {}, "size": [1, {"a": []}], "words": [1, {}], "licenses": [[], 1.5, "  "], "inner": 1, "parts": true}"#,
            r#"{"size": {"b": [2]}, "inner": null, "more": {"deep": [1, 2]}}"#,
            "{}",
        ] {
            let record: Record = read(json.as_bytes()).expect(json);
            assert_eq!(record.name, Text(None), "{json}");
            assert_eq!(record.size, Scalar::Other, "{json}");
            assert_eq!(record.words, Texts::default(), "{json}");
            assert_eq!(record.licenses, TextOrTexts::default(), "{json}");
            assert!(record.inner.0.is_none(), "{json}");
            assert!(record.list.0.is_empty(), "{json}");
            assert!(record.parts.items.is_empty(), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_keeps_its_place_in_a_list() {
        let json = r#"{"list": [{"name": " a "}, 1, "b", null, [], {"list": {}}], "words": ["x", 1, {}, " y", ""]}"#;
        let record: Record = read(json.as_bytes()).expect("json");
        let names: Vec<Option<Option<&str>>> = record
            .list
            .0
            .iter()
            .map(|item| item.as_ref().map(|item| item.name.text()))
            .collect();
        assert_eq!(names, [Some(Some("a")), None, None, None, None, Some(None)]);
        // A pointer each: a hostile list has one in two bytes.
        assert_eq!(size_of_val(&*record.list.0), 6 * size_of::<usize>());
        assert_eq!(record.list.iter().count(), 2);
        assert_eq!(record.words.0, ["x", " y", ""]);
    }

    #[test]
    fn white_space_around_a_text_is_part_of_the_whole_only() {
        let read: Vec<Text> = read(br#"[" a\n", "  ", "", 1]"#).expect("texts");
        let texts: Vec<_> = read
            .iter()
            .map(|text| (text.text(), text.whole()))
            .collect();
        assert_eq!(
            texts,
            [
                (Some("a"), Some(" a\n")),
                (None, Some("  ")),
                (None, Some("")),
                (None, None)
            ]
        );
        assert_eq!(read[0].owned().as_deref(), Some("a"));
    }

    #[test]
    fn flags_and_whole_numbers_are_told_from_all_else() {
        let read: Vec<Scalar> = read(br#"[true, false, 7, " 12 ", "a", "", null]"#).expect("json");
        let flags: Vec<bool> = read.iter().map(Scalar::is_true).collect();
        assert_eq!(flags, [true, false, false, false, false, false, false]);
        let numbers: Vec<Option<u64>> = read.iter().map(Scalar::number).collect();
        assert_eq!(numbers, [None, None, Some(7), Some(12), None, None, None]);
    }

    #[test]
    fn one_text_stands_for_a_list_of_one() {
        let record: Record =
            read(b"\xef\xbb\xbf{\"name\": \" a \", \"licenses\": \" MIT\"}").expect("json");
        assert_eq!(record.name.text(), Some("a"));
        assert_eq!(record.licenses.0, ["MIT"]);
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

    /// Names, and what is in `inner`.
    #[derive(Default)]
    struct Names(Vec<String>);

    impl Fields for Names {
        fn field<'de, A: MapAccess<'de>>(
            &mut self,
            name: &str,
            value: &mut A,
        ) -> Result<(), A::Error> {
            self.0.push(name.to_owned());
            if name == "inner" {
                return value.next_value_seed(FieldsTo(self));
            }
            value.next_value::<IgnoredAny>().map(drop)
        }
    }

    #[test]
    fn fields_are_taken_one_by_one_and_twice_if_they_are_there_twice() {
        let mut names = Names::default();
        let json = br#"{"a": [1], "inner": {"b": {"c": 1}}, "a": 2}"#;
        take(json, &mut names, "it is none").expect("an object");
        assert_eq!(names.0, ["a", "inner", "b", "a"]);
        for json in ["[]", "null", r#"{"inner": null}"#, "{} x"] {
            take(json.as_bytes(), &mut names, "it is none").expect_err(json);
        }
    }

    #[test]
    fn an_error_tells_the_place_and_no_content() {
        let json = b"{\"name\":\n secret}";
        let error = read::<Record>(json).expect_err("no JSON");
        assert_eq!(
            error.reason,
            "it is not the JSON that it should be (line 2, column 2)"
        );
        let error = take(json, &mut Names::default(), "it is no record").expect_err("no JSON");
        assert_eq!(error.reason, "it is no record (line 2, column 2)");
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read::<Record>(&bytes);
            let _ = take(&bytes, &mut Names::default(), "it is none");
        }
    }
}
