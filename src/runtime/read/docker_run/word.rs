//! A word of a command line with what the script's variables make of it.

use crate::runtime::{Setting, Spot};

/// A word as the engine gets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text. What has no value stands there as `${NAME}` or `$(…)`.
    pub(super) text: String,
    /// Why part of it has no value.
    pub(super) unknown: Option<String>,
    /// Whether it is nothing but one variable without a value: it could be anything.
    pub(super) is_open: bool,
    /// Whether it could be several words: `"$@"`.
    pub(super) is_many: bool,
    /// Line, from 1.
    pub(super) line: u64,
    /// Column, from 1.
    pub(super) column: u64,
}

impl Word {
    /// A part of it, or what it stands for, at the same place.
    pub(super) fn part(&self, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            unknown: self.why(text).map(str::to_owned),
            is_open: false,
            is_many: false,
            ..*self
        }
    }

    /// Why this part of its text has no value; `None` if it has one.
    pub(super) fn why(&self, part: &str) -> Option<&str> {
        let why = self.unknown.as_deref()?;
        (part.contains("${") || part.contains("$(")).then_some(why)
    }

    /// Its place, for a flag.
    pub(super) fn spot(&self, file: &str, flag: &str) -> Spot {
        Spot {
            field: flag.to_owned(),
            file: Some(file.to_owned()),
            line: Some(self.line),
            column: Some(self.column),
        }
    }

    /// A part of it as a setting.
    pub(super) fn setting(&self, part: &str, at: &Spot) -> Setting<String> {
        self.read(part, at, "text", |text| Some(text.to_owned()))
    }

    /// A part of it as a setting of a kind.
    pub(super) fn read<T>(
        &self,
        part: &str,
        at: &Spot,
        kind: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Setting<T> {
        let why = match self.why(part) {
            Some(why) => why.to_owned(),
            None => match read(part) {
                Some(value) => return Setting::stated(value, at.clone()),
                None => format!("the value of {} is no {kind}", at.field),
            },
        };
        Setting::Unknown {
            why,
            at: at.clone(),
        }
    }
}
