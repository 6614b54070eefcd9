//! The base of an image: what it says of it, which known one its layers begin with, and how far behind that is.
//!
//! The layers decide: the name in a label is a claim. Who knows bases, and from where, is the caller's matter.

use serde::{Deserialize, Serialize};

use super::ImageView;
use crate::model::{Date, DiffId};

/// The label or annotation with the base's name (OCI image specification, `annotations.md`).
const BASE_NAME: &str = "org.opencontainers.image.base.name";
/// The one with its digest.
const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// A base that somebody has seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseKnown {
    /// Its name with the tag: `debian:12-slim`.
    pub name: String,
    /// Its manifest's digest, where known.
    pub digest: Option<String>,
    /// The diffIDs of its layers, bottom first.
    pub layers: Vec<DiffId>,
    /// The day on which it was made.
    pub created: Option<Date>,
}

/// What an image says of its base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseNamed<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// Its digest.
    pub digest: Option<&'a str>,
}

/// The known base with which an image begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseMatch<'a> {
    /// The base.
    pub base: &'a BaseKnown,
    /// How many of the image's layers are its.
    pub layers: usize,
}

/// How far a base is behind the newest of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lag<'a> {
    /// The newest.
    pub newest: &'a BaseKnown,
    /// How many of its name are newer.
    pub count: usize,
    /// Days between the two.
    pub days: u64,
}

/// What the annotations or labels say.
pub fn named_base(view: &ImageView) -> BaseNamed<'_> {
    let find = |key: &str| {
        let annotation = view.annotations.get(key);
        let label = view.config.config.labels.get(key);
        annotation
            .or(label)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    BaseNamed {
        name: find(BASE_NAME),
        digest: find(BASE_DIGEST),
    }
}

/// The known base that shares most layers with the beginning of the image. Of several with the same layers it is the newest: a tag
/// that was pushed again without a change is no step behind.
pub fn known_base<'a>(layers: &[DiffId], known: &'a [BaseKnown]) -> Option<BaseMatch<'a>> {
    known
        .iter()
        .filter(|base| !base.layers.is_empty() && layers.starts_with(&base.layers))
        .max_by_key(|base| (base.layers.len(), base.created, &base.name))
        .map(|base| BaseMatch {
            base,
            layers: base.layers.len(),
        })
}

/// How far the base is behind others of its name; `None` if none is newer, or its day is not known.
pub fn lag<'a>(base: &BaseKnown, known: &'a [BaseKnown]) -> Option<Lag<'a>> {
    let created = base.created?;
    let newer = known.iter().filter(|other| {
        other.name == base.name && other.layers != base.layers && other.created > Some(created)
    });
    let newest = newer
        .clone()
        .max_by_key(|other| (other.created, &other.digest))?;
    Some(Lag {
        newest,
        count: newer.count(),
        days: created.days_until(newest.created?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(name: &str, layers: &[u8], created: &str) -> BaseKnown {
        BaseKnown {
            name: name.to_owned(),
            digest: None,
            layers: layers.iter().map(|layer| diff_id(*layer)).collect(),
            created: created.parse().ok(),
        }
    }

    fn diff_id(byte: u8) -> DiffId {
        let text = format!("sha256:{}", format!("{byte:02x}").repeat(32));
        DiffId(text.parse().expect("a digest"))
    }

    #[test]
    fn the_longest_prefix_is_the_base_and_newer_ones_of_its_name_are_counted() {
        let known = [
            base("debian:12", &[1], "2026-01-01"),
            base("debian:12", &[9], "2026-03-01"),
            base("debian:12", &[8], "2026-02-01"),
            base("python:3", &[1, 2], "2026-01-05"),
            base("other", &[1, 3], "2026-01-05"),
            base("empty", &[], "2026-01-05"),
        ];
        let layers = [diff_id(1), diff_id(2), diff_id(7)];
        let found = known_base(&layers, &known).expect("a base");
        assert_eq!((found.base.name.as_str(), found.layers), ("python:3", 2));
        assert_eq!(lag(found.base, &known), None);
        let found = known_base(&layers[..1], &known).expect("a base");
        let behind = lag(found.base, &known).expect("a newer one");
        assert_eq!(
            (behind.newest, behind.count, behind.days),
            (&known[1], 2, 59)
        );
        assert_eq!(known_base(&[diff_id(5)], &known), None);
    }
}
