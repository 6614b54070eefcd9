//! Variables of the environment. Their values go to the secret engine, and are never shown.

use super::{apply::Run, word::Word};
use crate::runtime::{EnvironmentVariable, Spot};

impl Run<'_> {
    /// `NAME=VALUE`, or `NAME`, which is taken from the caller's environment.
    pub(super) fn variable(&mut self, value: &Word, at: &Spot) {
        let (name, text) = pair(&value.text);
        if value.why(name).is_some() {
            self.gap("the name of a variable is not known".to_owned(), at);
            return;
        }
        // A value that is not known comes from elsewhere, as one without a value does.
        let text = text.filter(|text| value.why(text).is_none());
        self.spec.environment.push(EnvironmentVariable {
            name: name.to_owned(),
            value: text.map(str::to_owned),
            at: at.clone(),
        });
    }

    /// A file with a variable a line; `#` begins a comment (docker/cli `opts/file.go`).
    pub(super) fn env_file(&mut self, value: &Word, at: &Spot) {
        for path in value.text.split(',').filter(|path| !path.is_empty()) {
            if let Some(why) = value.why(path) {
                self.gap(format!("the name of an env file is not known: {why}"), at);
                continue;
            }
            match self.around.file(path) {
                Ok(text) => self.variables_of(path, &text, at),
                Err(why) => self.gap(format!("the env file {path} is not read: {why}"), at),
            }
        }
    }

    fn variables_of(&mut self, path: &str, text: &str, at: &Spot) {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = pair(line);
            self.spec.environment.push(EnvironmentVariable {
                name: name.trim().to_owned(),
                value: value.map(str::to_owned),
                at: Spot {
                    field: at.field.clone(),
                    file: Some(path.to_owned()),
                    line: Some(number),
                    column: Some(1),
                },
            });
        }
    }
}

fn pair(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}
