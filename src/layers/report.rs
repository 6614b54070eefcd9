//! Everything that is ever learnt from one layer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AttributeTable, Cover, FileTable};
use crate::model::{
    Claims, ContentKind, DiffId, Distribution, Gap, GapKind, LayerPath, Observation, Package,
    SecretHit,
};

/// What the detectors found in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileFacts {
    /// Packages that the file records or is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// Which files its packages say are their own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claims>,
    /// Secrets in its content.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretHit>,
    /// The distribution, if it is an os-release or one of its kin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// What it is, if it can bring software of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<ContentKind>,
    /// What it shows of the container boundary.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// Parts of it that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

impl FileFacts {
    /// Facts that are packages and nothing else.
    pub fn of_packages(packages: Vec<Package>) -> Self {
        Self {
            packages,
            ..Self::default()
        }
    }

    /// Facts that are observations and nothing else.
    pub fn of_observations(observations: Vec<Observation>) -> Self {
        Self {
            observations,
            ..Self::default()
        }
    }

    /// Whether there is nothing to keep.
    pub fn is_empty(&self) -> bool {
        self.has_only_observations() && self.observations.is_empty()
    }

    /// Whether there is nothing to keep beside observations: they do not explain what a file is.
    pub(super) fn has_only_observations(&self) -> bool {
        self.packages.is_empty()
            && self.claims.is_empty()
            && self.secrets.is_empty()
            && self.distribution.is_none()
            && self.content.is_none()
            && self.gaps.is_empty()
    }

    /// Whether its content shows something, and not its header alone.
    pub(super) fn shows_content(&self) -> bool {
        !self.has_only_observations() || !self.observations.iter().all(Observation::is_of_header)
    }

    /// Keeps only what can still be read from the layer after something else took the file's place: its secrets, and that a
    /// limit was reached before all of them were found.
    pub(super) fn forget_all_but_secrets(&mut self) {
        self.packages.clear();
        self.claims.clear();
        self.distribution = None;
        self.content = None;
        self.observations.clear();
        self.gaps.retain(|gap| gap.kind == GapKind::LimitReached);
    }

    /// Whether a detector that wants whole files has read it, or said why it could not.
    pub(super) fn was_read_whole(&self) -> bool {
        !self.packages.is_empty()
            || !self.claims.is_empty()
            || self.distribution.is_some()
            || !self.gaps.is_empty()
    }

    /// Adds what another detector found in the same file.
    pub fn merge(&mut self, other: Self) {
        self.packages.extend(other.packages);
        self.claims.extend(other.claims);
        self.secrets.extend(other.secrets);
        self.distribution = self.distribution.take().or(other.distribution);
        self.content = self.content.or(other.content);
        self.observations.extend(other.observations);
        self.gaps.extend(other.gaps);
    }
}

/// Everything that was learnt from one layer. A pure function of the uncompressed bytes, the detector set and the
/// limits; it does not know in which image, or at which place, its layer is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerReport {
    /// The digest of the bytes that were read: verified, never claimed.
    pub diff_id: DiffId,
    /// What the detectors found, by file.
    pub facts: BTreeMap<LayerPath, FileFacts>,
    /// Symbolic links whose own name a detector would have read, had they been files, with their resolved targets:
    /// `squash` follows them.
    pub links: BTreeMap<LayerPath, LayerPath>,
    /// Which lower files this layer hides.
    #[serde(skip)]
    pub cover: Cover,
    /// What could not be looked at.
    pub gaps: Vec<Gap>,
    /// Every regular file with content, as numbers.
    #[serde(skip)]
    pub files: FileTable,
    /// Owner and mode of every entry, as numbers.
    #[serde(skip)]
    pub attributes: AttributeTable,
    /// How much was walked.
    pub counts: WalkCounts,
}

impl LayerReport {
    /// A report of a layer in which nothing was found.
    pub fn empty(diff_id: DiffId) -> Self {
        Self {
            diff_id,
            facts: BTreeMap::new(),
            links: BTreeMap::new(),
            cover: Cover::default(),
            gaps: Vec::new(),
            files: FileTable::default(),
            attributes: AttributeTable::default(),
            counts: WalkCounts::default(),
        }
    }
}

/// How much one walk passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalkCounts {
    /// Tar entries of any kind.
    pub entries: u64,
    /// Regular files.
    pub files: u64,
    /// Content of the regular files.
    pub file_bytes: u64,
    /// Bytes of the uncompressed tar stream.
    pub tar_bytes: u64,
}
