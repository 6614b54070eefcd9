//! Version orders: one file for each scheme, one table.
//!
//! What comes in: a version as a package database or an advisory writes it. What goes out: a [`VersionKey`] whose bytes
//! sort as the scheme orders its versions, or [`UnorderedVersion`], which the caller turns into a gap. A scheme never
//! guesses: a version that its own tool would refuse has no key. OSV's special `0`, "before everything", is not a
//! version of any scheme and never comes here.
//!
//! The first byte of every key is below `ff`, which stands for the open end of a range.

mod apk;
mod bitnami;
mod composer;
mod conda;
mod dpkg;
mod evr;
mod go;
mod hex;
mod key;
mod maven;
mod npm;
mod nuget;
mod numeric;
mod padded;
mod pacman;
mod pep440;
mod pub_dev;
mod rpm;
mod rubygems;
mod run;
mod semver;

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::model::Untrusted;

use key::KeyWriter;
pub use key::VersionKey;

/// The encoding of all keys together. It goes into the store: keys of another encoding cannot be compared with ours,
/// so a store that holds them has to be imported again.
pub const KEY_ENCODING: u32 = 2;

/// How an ecosystem orders its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Debian, Ubuntu and what derives from them: deb-version(7).
    Dpkg,
    /// The Red Hat and SUSE families: epoch, version and release by `rpmvercmp`.
    Rpm,
    /// Alpine, Wolfi, Chainguard: apk-tools.
    Apk,
    /// Python: PEP 440.
    Pep440,
    /// SemVer 2.0, with leave to write `v` in front and to drop zero components.
    Semver,
    /// npm: SemVer as `node-semver` reads it in its loose mode.
    Npm,
    /// Go: modules, and the releases of Go itself.
    Go,
    /// Ruby's gems: `Gem::Version`.
    RubyGems,
    /// Maven: `ComparableVersion` of Maven 3.9, where that is an order.
    Maven,
    /// .NET packages: SemVer with a fourth number.
    NuGet,
    /// Packagist: Composer's normalised versions by PHP's `version_compare`.
    Composer,
    /// Hex: Elixir's `Version`.
    Hex,
    /// Pub and Julia: SemVer in which the build counts.
    Pub,
    /// CRAN and Bioconductor: R's `package_version`.
    Cran,
    /// Hackage: Haskell's `Data.Version`.
    Hackage,
    /// Bitnami: SemVer with a revision.
    Bitnami,
    /// Arch: libalpm's `vercmp`.
    Pacman,
    /// Conda: `VersionOrder`.
    Conda,
}

/// One scheme's row in the table.
struct Row {
    scheme: Scheme,
    name: &'static str,
    key: fn(&str) -> Result<VersionKey, Refusal>,
    /// The highest key among the versions that `<= VERSION` means, where that is not the version's own key.
    upper: fn(&str) -> Result<VersionKey, Refusal>,
}

/// Why a version has no place in its scheme's order: half a sentence that follows "is not ordered by NAME: ".
type Refusal = &'static str;

#[rustfmt::skip]
const TABLE: [Row; 18] = [
    Row { scheme: Scheme::Dpkg,      name: "dpkg",      key: dpkg::key,         upper: dpkg::key },
    Row { scheme: Scheme::Rpm,       name: "rpm",       key: rpm::key,          upper: rpm::upper },
    Row { scheme: Scheme::Apk,       name: "apk",       key: apk::key,          upper: apk::key },
    Row { scheme: Scheme::Pep440,    name: "pep440",    key: pep440::key,       upper: pep440::upper },
    Row { scheme: Scheme::Semver,    name: "semver",    key: semver::key,       upper: semver::key },
    Row { scheme: Scheme::Npm,       name: "npm",       key: npm::key,          upper: npm::key },
    Row { scheme: Scheme::Go,        name: "go",        key: go::key,           upper: go::key },
    Row { scheme: Scheme::RubyGems,  name: "rubygems",  key: rubygems::key,     upper: rubygems::key },
    Row { scheme: Scheme::Maven,     name: "maven",     key: maven::key,        upper: maven::key },
    Row { scheme: Scheme::NuGet,     name: "nuget",     key: nuget::key,        upper: nuget::key },
    Row { scheme: Scheme::Composer,  name: "composer",  key: composer::key,     upper: composer::key },
    Row { scheme: Scheme::Hex,       name: "hex",       key: hex::key,          upper: hex::key },
    Row { scheme: Scheme::Pub,       name: "pub",       key: pub_dev::key,      upper: pub_dev::key },
    Row { scheme: Scheme::Cran,      name: "cran",      key: numeric::cran,     upper: numeric::cran },
    Row { scheme: Scheme::Hackage,   name: "hackage",   key: numeric::hackage,  upper: numeric::hackage },
    Row { scheme: Scheme::Bitnami,   name: "bitnami",   key: bitnami::key,      upper: bitnami::key },
    Row { scheme: Scheme::Pacman,    name: "pacman",    key: pacman::key,       upper: pacman::upper },
    Row { scheme: Scheme::Conda,     name: "conda",     key: conda::key,        upper: conda::key },
];

/// A version that its scheme cannot order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not ordered by {scheme}: {reason}", Untrusted(.version))]
pub struct UnorderedVersion {
    /// The scheme that was asked.
    pub scheme: Scheme,
    /// The version as it was given.
    pub version: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// A name that is no scheme's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown version scheme `{0}`: {names} are known", names = Scheme::names().join(", "))]
pub struct UnknownScheme(pub String);

impl Scheme {
    /// Every scheme, in the order of the table.
    pub const ALL: [Self; 18] = [
        Self::Dpkg,
        Self::Rpm,
        Self::Apk,
        Self::Pep440,
        Self::Semver,
        Self::Npm,
        Self::Go,
        Self::RubyGems,
        Self::Maven,
        Self::NuGet,
        Self::Composer,
        Self::Hex,
        Self::Pub,
        Self::Cran,
        Self::Hackage,
        Self::Bitnami,
        Self::Pacman,
        Self::Conda,
    ];

    fn row(self) -> &'static Row {
        const { assert!(TABLE.len() == Scheme::ALL.len()) };
        let [first, ..] = &TABLE;
        TABLE.iter().find(|row| row.scheme == self).unwrap_or(first)
    }

    /// The public name, such as `dpkg`.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// All public names.
    pub fn names() -> Vec<&'static str> {
        TABLE.iter().map(|row| row.name).collect()
    }

    /// The version's sort key.
    pub fn key(self, version: &str) -> Result<VersionKey, UnorderedVersion> {
        self.keyed(version, self.row().key)
    }

    /// The highest key that "up to and including `version`" covers. It differs from [`key`](Self::key) where a version
    /// can stand for many: an rpm version without a release for all its releases, a public Python version for its
    /// local builds.
    pub fn upper_key(self, version: &str) -> Result<VersionKey, UnorderedVersion> {
        self.keyed(version, self.row().upper)
    }

    fn keyed(
        self,
        version: &str,
        key: fn(&str) -> Result<VersionKey, Refusal>,
    ) -> Result<VersionKey, UnorderedVersion> {
        key(version.trim()).map_err(|reason| UnorderedVersion {
            scheme: self,
            version: version.to_owned(),
            reason,
        })
    }

    /// How two versions stand to each other.
    pub fn compare(self, left: &str, right: &str) -> Result<Ordering, UnorderedVersion> {
        Ok(self.key(left)?.cmp(&self.key(right)?))
    }
}

impl FromStr for Scheme {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        TABLE
            .iter()
            .find(|row| row.name == name)
            .map(|row| row.scheme)
            .ok_or_else(|| UnknownScheme(name.to_owned()))
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod maven_reference;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
