//! The ecosystems of advisories: how each orders its versions and spells its names.
//!
//! The names are OSV's, <https://ossf.github.io/osv-schema/#defined-ecosystems>; what stands behind a colon is a release.

use std::borrow::Cow;

use super::version::Scheme;

/// How an ecosystem makes one name of many spellings.
#[derive(Clone, Copy)]
enum Spelling {
    AsWritten,
    LowerCase,
    /// PEP 503: lower case, and every run of `-`, `_`, `.` is one `-`.
    Pep503,
}

struct Row {
    name: &'static str,
    /// `None`: there is no comparer for it yet, so that only enumerated versions match.
    scheme: Option<Scheme>,
    spelling: Spelling,
    /// Whether the CVEs of its records stand in `related`, which elsewhere says nothing of identity.
    cves_are_related: bool,
}

const fn row(name: &'static str, scheme: Option<Scheme>) -> Row {
    Row {
        name,
        scheme,
        spelling: Spelling::AsWritten,
        cves_are_related: false,
    }
}

const fn spelt(name: &'static str, scheme: Option<Scheme>, spelling: Spelling) -> Row {
    Row {
        spelling,
        ..row(name, scheme)
    }
}

/// Errata: records of updates, whose CVEs are `related`.
const fn errata(name: &'static str) -> Row {
    Row {
        cves_are_related: true,
        ..row(name, Some(Scheme::Rpm))
    }
}

const TABLE: [Row; 44] = [
    row("Debian", Some(Scheme::Dpkg)),
    row("Ubuntu", Some(Scheme::Dpkg)),
    row("Echo", Some(Scheme::Dpkg)),
    row("Alpine", Some(Scheme::Apk)),
    row("Wolfi", Some(Scheme::Apk)),
    row("Chainguard", Some(Scheme::Apk)),
    row("MinimOS", Some(Scheme::Apk)),
    row("Alpaquita", Some(Scheme::Apk)),
    row("BellSoft Hardened Containers", Some(Scheme::Apk)),
    errata("AlmaLinux"),
    errata("Rocky Linux"),
    errata("Red Hat"),
    errata("SUSE"),
    errata("openSUSE"),
    errata("Mageia"),
    errata("openEuler"),
    errata("Photon OS"),
    errata("Azure Linux"),
    row("Oracle Linux", Some(Scheme::Rpm)),
    row("Amazon Linux", Some(Scheme::Rpm)),
    row("Fedora", Some(Scheme::Rpm)),
    row("EPEL", Some(Scheme::Rpm)),
    row("Arch Linux", Some(Scheme::Pacman)),
    spelt("PyPI", Some(Scheme::Pep440), Spelling::Pep503),
    row("npm", Some(Scheme::Npm)),
    row("crates.io", Some(Scheme::Semver)),
    row("Go", Some(Scheme::Go)),
    row("Hex", Some(Scheme::Hex)),
    row("SwiftURL", Some(Scheme::Semver)),
    row("Maven", Some(Scheme::Maven)),
    row("RubyGems", Some(Scheme::RubyGems)),
    spelt("Packagist", Some(Scheme::Composer), Spelling::LowerCase),
    spelt("NuGet", Some(Scheme::NuGet), Spelling::LowerCase),
    row("Pub", Some(Scheme::Pub)),
    row("Hackage", Some(Scheme::Hackage)),
    row("GHC", Some(Scheme::Hackage)),
    row("CRAN", Some(Scheme::Cran)),
    row("Bioconductor", Some(Scheme::Cran)),
    // Their ranges are marked SEMVER, but the builds of installed versions (`1.2.3-4`, `1.2.3+4`) count, against SemVer.
    row("Bitnami", Some(Scheme::Bitnami)),
    row("Julia", Some(Scheme::Pub)),
    row("Kubernetes", Some(Scheme::Semver)),
    row("VSCode", Some(Scheme::Semver)),
    // OSV's others have no row, since there is no order for them, or no one order: Android, CleanStart, Docker Hardened Images, FreeBSD,
    // Linux, OSS-Fuzz, opam, Root. A package that they name is a gap.
    spelt("GitHub Actions", None, Spelling::LowerCase),
    row("ConanCenter", None),
];

fn find(ecosystem: &str) -> Option<&'static Row> {
    let base = ecosystem.split(':').next().unwrap_or(ecosystem);
    TABLE.iter().find(|row| row.name == base)
}

/// The order of the ecosystem's versions, if there is a comparer for it.
pub(super) fn scheme(ecosystem: &str) -> Option<Scheme> {
    find(ecosystem)?.scheme
}

/// Whether the CVEs that a record of this ecosystem passes on are listed as `related`.
pub(super) fn cves_are_related(ecosystem: &str) -> bool {
    find(ecosystem).is_some_and(|row| row.cves_are_related)
}

/// Whether it is a distribution's own ecosystem, whose records stand for upstream's vulnerabilities.
pub(super) fn is_distribution(ecosystem: &str) -> bool {
    matches!(
        scheme(ecosystem),
        Some(Scheme::Dpkg | Scheme::Rpm | Scheme::Apk | Scheme::Pacman)
    )
}

/// The one spelling of a package's name: applied to advisories at import and to packages at look-up.
pub(super) fn normal_name<'a>(ecosystem: &str, name: &'a str) -> Cow<'a, str> {
    match find(ecosystem).map_or(Spelling::AsWritten, |row| row.spelling) {
        Spelling::AsWritten => Cow::Borrowed(name),
        Spelling::LowerCase => name.to_lowercase().into(),
        Spelling::Pep503 => pep503(name).into(),
    }
}

/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
fn pep503(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.extend(c.to_lowercase()),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_no_part_of_the_ecosystems_rules() {
        assert_eq!(scheme("Debian:12"), Some(Scheme::Dpkg));
        assert_eq!(scheme("Ubuntu:22.04:LTS"), Some(Scheme::Dpkg));
        assert_eq!(
            scheme("Red Hat:enterprise_linux:9::appstream"),
            Some(Scheme::Rpm)
        );
        assert_eq!(scheme("Maven"), Some(Scheme::Maven));
        assert_eq!(scheme("ConanCenter"), None);
        assert_eq!(scheme("No such thing"), None);
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(normal_name("PyPI", "Zope.Interface_-x"), "zope-interface-x");
        assert_eq!(normal_name("NuGet", "Newtonsoft.Json"), "newtonsoft.json");
        assert_eq!(normal_name("npm", "JSONStream"), "JSONStream");
    }
}
