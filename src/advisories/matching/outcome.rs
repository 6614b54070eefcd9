//! What matching says: the words that evidence is made of.

use serde::Serialize;

use super::extended::ExtendedFix;
use crate::advisories::advisory::{AdvisoryKind, Status};
use crate::advisories::rating::Cvss;
use crate::advisories::signals::{Epss, Exploited};
use crate::model::{Gap, Severity};

/// What the store says of an image's packages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MatchOutcome {
    /// The matches, by package and id.
    pub matches: Vec<Match>,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
}

/// One vulnerability of one package.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The package's place in the list that was given.
    pub package: usize,
    /// What it is, folded from all records that name it.
    pub advisory: AdvisoryRecord,
    /// What the vendor does about it.
    pub status: Status,
    /// The lowest version with every fix.
    pub fixed_version: Option<String>,
    /// The fix that the vendor has for those with extended support only, where there is no other.
    pub fixed_in_extended: Option<ExtendedFix>,
    /// Known exploitation of it.
    pub exploited: Option<Exploited>,
    /// How likely its exploitation is.
    pub epss: Option<Epss>,
    /// The rows that apply, each with the comparison that it rests on.
    pub proof: Vec<Proof>,
}

/// A vulnerability as its records tell it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdvisoryRecord {
    /// The CVE id where there is one, else the record's own.
    pub id: String,
    /// The source of the first record.
    pub source: String,
    /// Vulnerability or malicious package.
    pub kind: AdvisoryKind,
    /// One line.
    pub summary: String,
    /// All its other ids, sorted.
    pub aliases: Vec<String>,
    /// How bad it is: the vendor's word before CVSS.
    pub severity: Severity,
    /// Which source says so, with the CVSS version if it is by a vector.
    pub severity_source: Option<String>,
    /// All CVSS vectors, newest version first.
    pub cvss: Vec<Cvss>,
    /// Where to read about it.
    pub url: Option<String>,
    /// All links.
    pub references: Vec<String>,
    /// When it was published.
    pub published: Option<String>,
    /// When it was last changed.
    pub modified: Option<String>,
}

/// One row of the store and the comparison that makes it apply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The record's id in its source.
    pub advisory: String,
    /// The source.
    pub source: String,
    /// The ecosystem that was looked in.
    pub ecosystem: String,
    /// The name that was looked up: the source package's, or the package's own.
    pub name: String,
    /// The version that was compared.
    pub installed: String,
    /// The order that it was compared in; `None` where the version is listed and no order exists.
    pub scheme: Option<String>,
    /// From this version on; `None`: from the beginning.
    pub introduced: Option<String>,
    /// Before this version.
    pub fixed: Option<String>,
    /// Up to and including this version.
    pub last_affected: Option<String>,
    /// The version is listed by itself, whatever the bounds.
    pub listed: bool,
    /// The row is about the distribution that this one is rebuilt from.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}
