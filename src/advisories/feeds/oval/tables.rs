//! A document's tests, objects and states: what a criterion's `test_ref` leads to.
//!
//! ```text
//! test   = object and states          object = a package's name
//! state  = evr or version, compared   (arch, signature_keyid: not asked for)
//! ```
//! Which architecture a package is for and whether its vendor has signed it is left out knowingly: advisories differ by it
//! in a handful of notices, and then both versions are kept. Ids are as many as elements, so they are kept as numbers.

use std::collections::BTreeMap;
use std::io;

use crate::advisories::feeds::xml::{Element, Xml};

/// `oval:NAMESPACE:KIND:NUMBER`, by the namespace's place and the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    namespace: u32,
    number: u64,
}

/// Texts that come up again and again, each kept once.
#[derive(Default)]
pub(super) struct Names {
    numbers: BTreeMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        // More than four thousand million texts do not fit into what a document may take.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }

    pub(super) fn text(&self, number: u32) -> &str {
        let place = usize::try_from(number).ok();
        let text = place.and_then(|place| self.texts.get(place));
        text.map_or("", String::as_str)
    }
}

#[derive(Default)]
pub(super) struct Tables {
    namespaces: Names,
    tests: BTreeMap<Id, Test>,
    objects: BTreeMap<Id, String>,
    states: BTreeMap<Id, State>,
}

#[derive(Default)]
struct Test {
    object: Option<Id>,
    states: Vec<Id>,
    /// It asks that nothing of the kind is there, or is of another sort than packages.
    is_other: bool,
    is_negated: bool,
}

/// How a state compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Equals,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// Patterns, and what OVAL does not have.
    Other,
}

impl Operation {
    /// <https://oval.mitre.org/language/version5.11/>, `OperationEnumeration`; it is `equals` where none is named.
    fn read(name: Option<&str>) -> Self {
        match name.unwrap_or("equals") {
            "equals" => Self::Equals,
            "less than" => Self::Less,
            "less than or equal" => Self::LessOrEqual,
            "greater than" => Self::Greater,
            "greater than or equal" => Self::GreaterOrEqual,
            _ => Self::Other,
        }
    }
}

#[derive(Default)]
struct State {
    evr: Vec<Comparison>,
    version: Option<Comparison>,
}

/// A bound: the installed version stands in this relation to that version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Comparison {
    pub(super) operation: Operation,
    pub(super) version: String,
}

/// What a test asks.
pub(super) enum Question<'d> {
    /// Whether a package's version is within bounds.
    Package(&'d str, Vec<&'d Comparison>),
    /// Nothing that any version answers: SUSE's way to say that a package is not affected.
    Never(&'d str),
    /// Whether a package is there in any version: SUSE's way to say that there is no fix.
    Always(&'d str),
    /// Something beside packages' versions.
    Other,
    /// The document does not say, or in a way that is not known.
    Unknown,
}

impl Tables {
    pub(super) fn id(&mut self, text: &str) -> Option<Id> {
        let mut parts = text.trim().split(':');
        let (Some("oval"), Some(namespace), Some(_), Some(number), None) = (
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
            parts.next(),
        ) else {
            return None;
        };
        Some(Id {
            namespace: self.namespaces.number(namespace),
            number: number.parse().ok()?,
        })
    }

    fn id_of(&mut self, element: &Element, attribute: &str) -> Option<Id> {
        self.id(element.attribute(attribute)?)
    }

    /// Reads a test, object or state that was begun, and says how many bytes it takes. The first of an id stays.
    pub(super) fn read(&mut self, element: &Element, xml: &mut Xml<'_>) -> io::Result<usize> {
        let Some(id) = self.id_of(element, "id") else {
            xml.skip()?;
            return Ok(0);
        };
        let name = element.name.as_str();
        if name.ends_with("_test") {
            let test = self.read_test(element, xml)?;
            self.tests.entry(id).or_insert(test);
        } else if name == "rpminfo_object" {
            let object = read_name(xml)?;
            let kept = object.len();
            self.objects.entry(id).or_insert(object);
            return Ok(kept);
        } else if name == "rpminfo_state" {
            let (state, kept) = read_state(xml)?;
            self.states.entry(id).or_insert(state);
            return Ok(kept);
        } else {
            xml.skip()?;
        }
        Ok(0)
    }

    fn read_test(&mut self, element: &Element, xml: &mut Xml<'_>) -> io::Result<Test> {
        let none = |attribute: &str| {
            let value = element.attribute(attribute);
            value.is_some_and(|value| value.starts_with("none"))
        };
        let mut test = Test {
            is_other: element.name != "rpminfo_test",
            is_negated: none("check") || none("check_existence"),
            ..Test::default()
        };
        while let Some(part) = xml.child()? {
            xml.skip()?;
            match part.name.as_str() {
                "object" => test.object = self.id_of(&part, "object_ref"),
                "state" => test.states.extend(self.id_of(&part, "state_ref")),
                _ => {}
            }
        }
        Ok(test)
    }

    /// What a test asks.
    pub(super) fn question(&self, test: Id) -> Question<'_> {
        let Some(test) = self.tests.get(&test) else {
            return Question::Unknown;
        };
        if test.is_other {
            return Question::Other;
        }
        let object = test.object.and_then(|object| self.objects.get(&object));
        let states: Option<Vec<&State>> = test
            .states
            .iter()
            .map(|state| self.states.get(state))
            .collect();
        let (Some(name), Some(states), false) = (object, states, test.is_negated) else {
            return Question::Unknown;
        };
        let evr: Vec<&Comparison> = states.iter().flat_map(|state| &state.evr).collect();
        let versions = states.iter().filter_map(|state| state.version.as_ref());
        if !evr.is_empty() {
            return Question::Package(name, evr);
        }
        for version in versions.filter(|version| version.version == "0") {
            match version.operation {
                Operation::Equals | Operation::Less => return Question::Never(name),
                Operation::Greater => return Question::Always(name),
                _ => {}
            }
        }
        Question::Other
    }
}

fn read_name(xml: &mut Xml<'_>) -> io::Result<String> {
    let mut name = String::new();
    while let Some(part) = xml.child()? {
        match part.name.as_str() {
            "name" => name = xml.text()?,
            _ => xml.skip()?,
        }
    }
    Ok(name)
}

fn read_state(xml: &mut Xml<'_>) -> io::Result<(State, usize)> {
    let mut state = State::default();
    let mut kept = 0;
    while let Some(part) = xml.child()? {
        let mut comparison = || -> io::Result<Comparison> {
            let version = xml.text()?;
            kept += version.len();
            Ok(Comparison {
                operation: Operation::read(part.attribute("operation")),
                version,
            })
        };
        match part.name.as_str() {
            "evr" => state.evr.push(comparison()?),
            "version" => state.version = Some(comparison()?),
            _ => xml.skip()?,
        }
    }
    Ok((state, kept))
}
