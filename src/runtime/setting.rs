//! One setting: said, not said, or said in a way that cannot be told from here.

use crate::model::CheckPlace;

/// Where a setting was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The field in the form's own words: `services.web.cap_add[0]`, `--cap-add`, `HostConfig.CapAdd`.
    pub field: String,
    /// The file, as the user named it.
    pub file: Option<String>,
    /// Line, from 1, where the form has lines.
    pub line: Option<u64>,
    /// Column, from 1.
    pub column: Option<u64>,
}

impl Spot {
    /// The same as a place of a check.
    pub fn place(&self) -> CheckPlace {
        CheckPlace {
            file: self.file.clone(),
            field: Some(self.field.clone()).filter(|field| !field.is_empty()),
            line: self.line,
            column: self.column,
            ..CheckPlace::default()
        }
    }
}

/// A value with the place that says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stated<T> {
    /// The value.
    pub value: T,
    /// Where.
    pub at: Spot,
}

impl<T> Stated<T> {
    /// A value said at a place.
    pub const fn new(value: T, at: Spot) -> Self {
        Self { value, at }
    }
}

/// A setting of a container. Absent is not unknown: where nothing is said, the engine's default holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Setting<T> {
    /// Nothing is said.
    #[default]
    Absent,
    /// It is said.
    Stated(Stated<T>),
    /// Something is said, but not what: a variable without a value, a template, a field that this version of an engine does not
    /// have. The checks that need it are not evaluated, and the evidence has a gap.
    Unknown {
        /// Why, in plain words: `the variable TAG has no value`.
        why: String,
        /// Where.
        at: Spot,
    },
}

impl<T> Setting<T> {
    /// A value said at a place.
    pub const fn stated(value: T, at: Spot) -> Self {
        Self::Stated(Stated { value, at })
    }

    /// The value, where one is said.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Stated(stated) => Some(&stated.value),
            Self::Absent | Self::Unknown { .. } => None,
        }
    }

    /// Where something is said.
    pub const fn spot(&self) -> Option<&Spot> {
        match self {
            Self::Stated(Stated { at, .. }) | Self::Unknown { at, .. } => Some(at),
            Self::Absent => None,
        }
    }

    /// Why the value cannot be told, where it cannot.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown { why, .. } => Some(why),
            Self::Absent | Self::Stated(_) => None,
        }
    }

    /// Whether nothing is said.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// This setting, or the other where this one is absent: a container's over its pod's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self.is_absent() { other } else { self }
    }
}
