//! Changes in YAML text: what is not changed stays as it is, byte for byte.
//!
//! What comes in: a text, and what it is to say. What goes out: the text with the fewest lines changed, or why that cannot be done. Every
//! result is read again, and compared with what was wanted: an edit that would change anything else (through an anchor that others use) is
//! an error, and no text.

mod compare;
mod compose;
mod edit;
mod inventory;
mod kubernetes;
mod layout;
mod target;
#[cfg(test)]
mod tests;
mod write;

use crate::runtime::tree::{self, SyntaxError};

pub use compose::patch_compose;
pub use inventory::{Workload, services, workloads};
pub use kubernetes::patch_kubernetes;

/// A step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A document of the text, from 0, empty ones not counted. A path without one begins in the first.
    Document(usize),
    /// A key of a mapping.
    Key(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// A value that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yaml {
    /// Text: put in quotes where it could be read as something else.
    Text(String),
    /// A whole number.
    Number(i64),
    /// `true` or `false`.
    Bool(bool),
    /// As it is written, without quotes: a number with a point, `null`.
    Plain(String),
    /// A list.
    List(Vec<Yaml>),
    /// Keys and values, in their order.
    Map(Vec<(String, Yaml)>),
}

/// What is done at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The value is this, whether there was one or not. Mappings that lead to it are made.
    Set(Yaml),
    /// The key or item goes, with the comment on its line.
    Remove,
    /// These come behind the items of a list, which is made where there is none.
    Append(Vec<Yaml>),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub path: Vec<Step>,
    /// What.
    pub change: Change,
}

/// Why a text cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The text is no YAML.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// There is nothing at the path, or not what the change needs.
    #[error("{path} is not there")]
    Missing {
        /// The path.
        path: String,
    },
    /// A place that cannot be changed by itself.
    #[error("line {line}: {reason}")]
    Place {
        /// From 1.
        line: u64,
        /// In plain words.
        reason: String,
    },
    /// The result would not say what was wanted, or would say something else, too.
    #[error("{path} cannot be changed by itself: the text would say something else, too")]
    Other {
        /// The path of the change.
        path: String,
    },
}

/// Makes changes, one after the other.
pub fn apply(text: &str, edits: &[Edit]) -> Result<String, PatchError> {
    let mut text = text.to_owned();
    // The tree has the limits for hostile texts.
    let mut before = parsed(&text)?;
    for edit in edits {
        let mut wanted = before.clone();
        if !compare::change(&mut wanted, edit)? {
            continue;
        }
        let next = edit::apply(&text, edit)?;
        // A result that is no YAML any more, for an alias whose anchor is gone, is no result either.
        if parsed(&next).as_ref() != Ok(&wanted) {
            let path = words(&edit.path);
            return Err(PatchError::Other { path });
        }
        (text, before) = (next, wanted);
    }
    Ok(text)
}

fn parsed(text: &str) -> Result<Vec<compare::Meaning>, PatchError> {
    let documents = tree::documents(text)?;
    Ok(documents.iter().map(compare::Meaning::of).collect())
}

/// A path for people: `services.web.cap_add[0]`.
fn words(path: &[Step]) -> String {
    let mut done = String::new();
    for step in path {
        match step {
            Step::Document(0) => {}
            Step::Document(number) => done.extend(["document ", &number.to_string(), " "]),
            Step::Key(key) if done.is_empty() || done.ends_with(' ') => done.push_str(key),
            Step::Key(key) => done.extend([".", key]),
            Step::Item(number) => done.extend(["[", &number.to_string(), "]"]),
        }
    }
    done
}
