//! What could not be looked at, and why: the difference between "clean" and "nothing was seen".

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{DiffId, LayerPath};

/// Something that Plimsoll could not judge. A scan with a gap that matters is never called clean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// What kind of thing could not be judged.
    pub kind: GapKind,
    /// The layer that it lies in; filled in by `squash`, since a report does not know where its layer is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<DiffId>,
    /// The file that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<LayerPath>,
    /// What happened, in plain words: with the number or name that matters, never with a value from the file that
    /// could be a secret.
    pub detail: String,
}

impl Gap {
    /// A gap that no file stands for.
    pub fn new(kind: GapKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            layer: None,
            path: None,
            detail: detail.into(),
        }
    }

    /// A gap about one file.
    pub fn at(kind: GapKind, path: LayerPath, detail: impl Into<String>) -> Self {
        Self {
            kind,
            layer: None,
            path: Some(path),
            detail: detail.into(),
        }
    }
}

/// The kinds of gap; the names are public and do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GapKind {
    /// No os-release that says which distribution this is, though there are OS packages.
    UnknownDistribution,
    /// The store holds no advisories for this distribution or ecosystem.
    NoAdvisories,
    /// The distribution's release is no longer looked after: what is found in it later may never be listed.
    EndOfLife,
    /// Packages of more than one release of the distribution can be installed, and were matched with the advisories of one.
    MixedReleases,
    /// A package database, manifest or archive could not be parsed.
    UnreadableFile,
    /// A source of advisories is older than the user allows.
    StaleAdvisories,
    /// Only the starter set inside Plimsoll was at hand, which is no coverage of anything.
    StarterAdvisories,
    /// Files of an ecosystem that this version does not read.
    UnreadEcosystem,
    /// A version that its scheme cannot order, of a package or of an advisory.
    UnorderedVersion,
    /// A limit was reached: entries, bytes, ratio, path length, size of a file that has to be held.
    LimitReached,
    /// The layer is no well-formed tar stream from some point on.
    MalformedLayer,
    /// A database is a link to a file that was not read.
    UnresolvedLink,
    /// A layer with a media type that cannot be walked (foreign, encrypted, not a tar).
    UnsupportedLayer,
    /// A file or folder of a `dir:` source could not be read.
    UnreadableSource,
    /// Files of packages whose content could not be compared with what their package records.
    IntegrityUnchecked,
    /// A runtime setting that cannot be told: a variable without a value, a file that is not there.
    UnknownSetting,
    /// A key that the form of runtime settings does not define.
    UnknownKey,
    /// A check of the container boundary that could not be made.
    NotEvaluated,
    /// A restricted container that did not work, or that could not be looked into.
    NotProven,
    /// There is nothing that tells what is installed: no package of any ecosystem was found.
    NothingFound,
}

impl GapKind {
    /// The public name, such as `unknown-distribution`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownDistribution => "unknown-distribution",
            Self::NoAdvisories => "no-advisories",
            Self::EndOfLife => "end-of-life",
            Self::MixedReleases => "mixed-releases",
            Self::StaleAdvisories => "stale-advisories",
            Self::StarterAdvisories => "starter-advisories",
            Self::UnreadEcosystem => "unread-ecosystem",
            Self::UnreadableFile => "unreadable-file",
            Self::UnorderedVersion => "unordered-version",
            Self::LimitReached => "limit-reached",
            Self::MalformedLayer => "malformed-layer",
            Self::UnresolvedLink => "unresolved-link",
            Self::UnsupportedLayer => "unsupported-layer",
            Self::UnreadableSource => "unreadable-source",
            Self::IntegrityUnchecked => "integrity-unchecked",
            Self::UnknownSetting => "unknown-setting",
            Self::UnknownKey => "unknown-key",
            Self::NotEvaluated => "not-evaluated",
            Self::NotProven => "not-proven",
            Self::NothingFound => "nothing-found",
        }
    }
}

impl fmt::Display for GapKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_name_is_the_serialised_one() {
        for kind in [
            GapKind::UnknownDistribution,
            GapKind::NoAdvisories,
            GapKind::EndOfLife,
            GapKind::LimitReached,
            GapKind::NothingFound,
        ] {
            assert_eq!(serde_json::to_value(kind).expect("json"), kind.name());
        }
    }
}
