//! Feeds: one file for each format.
//!
//! What comes in: a feed as it was published, whatever it is packed in. What goes out: normalised advisories, handed one
//! by one to the import, and a count of everything left out, by reason. Nothing of a feed is trusted: records are bounded,
//! a bad one costs itself only.

mod arch;
mod debian_tracker;
mod input;
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
}

type Reader = fn(FeedInput<'_>, &mut Intake<'_>) -> Result<(), IntakeError>;

impl Format {
    /// Every format, in the order in which a file is tried.
    pub const ALL: [Self; 7] = [
        Self::Osv,
        Self::Secdb,
        Self::Oval,
        Self::Updateinfo,
        Self::Photon,
        Self::Arch,
        Self::DebianTracker,
    ];

    /// A format's row: its public name and its reader.
    const fn row(self) -> (&'static str, Reader) {
        match self {
            Self::Osv => ("osv", osv::read),
            Self::Secdb => ("secdb", secdb::read),
            Self::Oval => ("oval", oval::read),
            Self::Updateinfo => ("updateinfo", updateinfo::read),
            Self::Photon => ("photon", photon::read),
            Self::Arch => ("arch", arch::read),
            Self::DebianTracker => ("debian-tracker", debian_tracker::read),
        }
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
