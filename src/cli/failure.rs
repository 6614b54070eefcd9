//! What a user reads when something did not work: what, where, why, and what to do next.

use std::error::Error;
use std::fmt;

use super::Exit;
use crate::model::Untrusted;

/// An error on its way to the user.
#[derive(Debug)]
pub(super) struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// The job could not be done.
    pub(super) fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            exit: Exit::Failed,
        }
    }

    /// The command line makes no sense.
    pub(super) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            error: error.into(),
            hint: None,
            exit: Exit::Usage,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub(super) fn with_hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into);
        self
    }

    /// The exit code that it ends with.
    pub(super) const fn exit(&self) -> Exit {
        self.exit
    }
}

/// Names from files and images stand in messages: nothing of them is for a terminal to act on.
fn safe(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| Untrusted(line).to_string())
        .collect();
    lines.join("\n")
}

impl fmt::Display for Failure {
    /// `error: what`, a line for each cause below it, and the hint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", safe(&self.error.to_string()))?;
        let mut told = self.error.to_string();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many libraries repeat their cause in their own message.
            if !told.contains(&text) {
                write!(f, "\n  because: {}", safe(&text))?;
                told = text;
            }
            cause = error.source();
        }
        self.hint
            .as_ref()
            .map_or(Ok(()), |hint| write!(f, "\n  hint: {hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the manifest cannot be read")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn causes_and_the_hint_have_lines_of_their_own() {
        let cause = std::io::Error::other("connection refused");
        let failure = Failure::new(Outer(cause)).with_hint(Some("start the registry"));
        assert_eq!(
            failure.to_string(),
            "error: the manifest cannot be read\n  because: connection refused\n  hint: start the registry"
        );
    }
}
