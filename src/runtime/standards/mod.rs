//! Published standards, each with a verdict of its own.
//!
//! What comes in: the settings that were read. What goes out: one result for each control of the standard, in the standard's own names.
//! A standard is told as its owner defines it, also where our own checks would be stricter or milder.

pub mod cis;
pub mod pss;

use std::fmt;
use std::str::FromStr;

/// A standard that can be asked for alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standard {
    /// CIS Docker Benchmark 1.6, sections 4 and 5.
    Cis,
    /// Pod Security Standards, level baseline.
    PssBaseline,
    /// Pod Security Standards, level restricted.
    PssRestricted,
}

impl Standard {
    /// Every standard, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Cis, Self::PssBaseline, Self::PssRestricted];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cis => "cis",
            Self::PssBaseline => "pss-baseline",
            Self::PssRestricted => "pss-restricted",
        }
    }

    /// The level of the Pod Security Standards, where it is one.
    pub const fn level(self) -> Option<pss::Level> {
        match self {
            Self::Cis => None,
            Self::PssBaseline => Some(pss::Level::Baseline),
            Self::PssRestricted => Some(pss::Level::Restricted),
        }
    }
}

impl fmt::Display for Standard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A word that names no standard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no standard that is known: cis, pss-baseline, pss-restricted")]
pub struct StandardError(String);

impl FromStr for Standard {
    type Err = StandardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL
            .into_iter()
            .find(|standard| standard.name() == text);
        known.ok_or_else(|| StandardError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_no_other_does() {
        for standard in Standard::ALL {
            assert_eq!(standard.to_string().parse(), Ok(standard));
        }
        for word in ["", "CIS", "pss", "restricted", "pss-privileged"] {
            assert!(word.parse::<Standard>().is_err(), "{word}");
        }
    }
}
