//! The list of bases that a user knows, as a file: names, digests and layers, and nothing that a clock says.

use serde::{Deserialize, Serialize};

use super::BaseKnown;
use crate::model::Digest;

/// The file's form.
const SCHEMA: &str = "plimsoll.bases/v1";

/// Bases, each once, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bases {
    schema: String,
    bases: Vec<BaseKnown>,
}

/// Why a text is no list of bases.
#[derive(Debug, thiserror::Error)]
pub enum BasesError {
    /// It is no JSON of the list's shape.
    #[error("it is no list of bases: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is another document.
    #[error("it is `{0}`, and this Plimsoll reads `{SCHEMA}`")]
    Schema(String),
}

impl Default for Bases {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            bases: Vec::new(),
        }
    }
}

impl Bases {
    /// Reads a list.
    pub fn read(bytes: &[u8]) -> Result<Self, BasesError> {
        let mut bases: Self = serde_json::from_slice(bytes)?;
        if bases.schema != SCHEMA {
            return Err(BasesError::Schema(bases.schema));
        }
        bases.settle();
        Ok(bases)
    }

    /// All of them: by name, the oldest first.
    pub fn all(&self) -> &[BaseKnown] {
        &self.bases
    }

    /// Adds one; false if it is known.
    pub fn add(&mut self, base: BaseKnown) -> bool {
        let is_new = !self.bases.contains(&base);
        self.bases.push(base);
        self.settle();
        is_new
    }

    /// Takes all of one name out; how many there were.
    pub fn remove(&mut self, name: &str) -> usize {
        let before = self.bases.len();
        self.bases.retain(|base| base.name != name);
        before - self.bases.len()
    }

    /// The list as text.
    pub fn to_json(&self) -> Result<String, BasesError> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// Names the list: the same bases give the same digest.
    pub fn digest(&self) -> Result<Digest, BasesError> {
        Ok(Digest::sha256_of(&serde_json::to_vec(self)?))
    }

    fn settle(&mut self) {
        self.bases.sort_by(|one, other| {
            let key = |base: &BaseKnown| {
                (
                    base.name.clone(),
                    base.created,
                    base.digest.clone(),
                    base.layers.clone(),
                )
            };
            key(one).cmp(&key(other))
        });
        self.bases.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(name: &str, created: &str) -> BaseKnown {
        BaseKnown {
            name: name.to_owned(),
            digest: Some(format!("sha256:{created}")),
            layers: Vec::new(),
            created: created.parse().ok(),
        }
    }

    #[test]
    fn the_order_in_which_bases_are_added_does_not_matter_and_a_known_one_is_not_added_again() {
        let (mut one, mut other) = (Bases::default(), Bases::default());
        let (old, new) = (
            base("debian:12", "2026-01-01"),
            base("debian:12", "2026-02-01"),
        );
        assert!(one.add(old.clone()) && one.add(new.clone()) && !one.add(new.clone()));
        assert!(other.add(new) && other.add(old));
        assert_eq!(one, other);
        let text = one.to_json().expect("JSON");
        let read = Bases::read(text.as_bytes()).expect("a list");
        assert_eq!(
            read.digest().expect("a digest"),
            one.digest().expect("a digest")
        );
        assert_eq!((one.remove("debian:12"), one.all().len()), (2, 0));
    }

    #[test]
    fn another_document_is_refused() {
        assert!(Bases::read(br#"{"schema": "x", "bases": []}"#).is_err());
        assert!(Bases::read(b"[]").is_err());
    }
}
