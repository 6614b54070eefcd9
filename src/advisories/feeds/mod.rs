//! Feeds: one file for each format.
//!
//! What comes in: a feed as it was published, whatever it is packed in. What goes out: normalised advisories, handed one
//! by one to the import, and a count of everything left out, by reason. Nothing of a feed is trusted: records are bounded,
//! a bad one costs itself only.

mod csaf;
mod csaf_product;
mod csaf_status;
#[cfg(test)]
mod csaf_tests;
mod arch;
#[cfg(test)]
pub(super) mod csaf_writing;
mod debian_tracker;
mod erratum_title;
mod end_of_life;
mod epss;
mod input;
mod kev;
mod openvex;
mod openvex_product;
mod osv;
mod osv_range;
mod oval;
mod photon;
mod rows;
mod secdb;
#[cfg(test)]
mod tests;
mod updateinfo;
mod xml;

use std::fmt;
use std::str::FromStr;

use super::error::AdvisoryError;
use super::intake::{Intake, IntakeError};

pub(super) use debian_tracker::RELEASES as DEBIAN_RELEASES;
pub use input::FeedInput;

/// The form that a feed is published in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// OSV records, <https://ossf.github.io/osv-schema/>: a folder, an archive, JSON lines or one record.
    Osv,
    /// Alpine's security database, one document for each release and repository; Wolfi's and Chainguard's.
    Secdb,
    /// OpenVEX documents about packages of distributions, as Canonical publishes them.
    OpenVex,
    /// CISA's catalogue of known exploited vulnerabilities.
    Kev,
    /// FIRST's scores of how likely a vulnerability is exploited.
    Epss,
    /// Ends of support: endoflife.date's JSON, distro-info-data's CSV.
    EndOfLife,
    /// OVAL 5 of Oracle, SUSE, Microsoft and Photon.
    Oval,
    /// `updateinfo.xml` of an rpm repository: Amazon's and Fedora's.
    Updateinfo,
    /// Photon OS' JSON of CVEs, one document for each release.
    Photon,
    /// Arch's security groups, one JSON document.
    Arch,
    /// The Debian security tracker's one JSON document.
    DebianTracker,
    /// CSAF 2.0 documents, <https://docs.oasis-open.org/csaf/csaf/v2.0/csaf-v2.0.html>: Red Hat's and SUSE's.
    Csaf,
}

type Reader = fn(FeedInput<'_>, &mut Intake<'_>) -> Result<(), IntakeError>;

impl Format {
    /// Every format, in the order in which they are tried: the tracker's document has no mark of its own, and comes last.
    pub const ALL: [Self; 12] = [
        Self::Osv,
        Self::Secdb,
        Self::Csaf,
        Self::OpenVex,
        Self::Oval,
        Self::Updateinfo,
        Self::Photon,
        Self::Arch,
        Self::Kev,
        Self::Epss,
        Self::EndOfLife,
        Self::DebianTracker,
    ];

    /// A format's row: its public name and its reader.
    const fn row(self) -> (&'static str, Reader) {
        match self {
            Self::Osv => ("osv", osv::read),
            Self::Secdb => ("secdb", secdb::read),
            Self::OpenVex => ("openvex", openvex::read),
            Self::Kev => ("kev", kev::read),
            Self::Epss => ("epss", epss::read),
            Self::EndOfLife => ("end-of-life", end_of_life::read),
            Self::Oval => ("oval", oval::read),
            Self::Updateinfo => ("updateinfo", updateinfo::read),
            Self::Photon => ("photon", photon::read),
            Self::Arch => ("arch", arch::read),
            Self::DebianTracker => ("debian-tracker", debian_tracker::read),
            Self::Csaf => ("csaf", csaf::read),
        }
    }

    /// Whether it holds data beside advisories, which matter to every image.
    pub const fn is_beside(self) -> bool {
        matches!(self, Self::Kev | Self::Epss | Self::EndOfLife)
    }

    /// The public name, as `feeds.toml` writes it.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    pub(super) fn read(
        self,
        input: FeedInput<'_>,
        intake: &mut Intake<'_>,
    ) -> Result<(), IntakeError> {
        self.row().1(input, intake)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = AdvisoryError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == name)
            .ok_or_else(|| AdvisoryError::UnknownFormat(name.to_owned()))
    }
}
