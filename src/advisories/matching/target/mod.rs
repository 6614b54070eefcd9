//! Which ecosystems of advisories apply to a package: by its type, and for a distribution's packages by the release.

mod red_hat;

use std::collections::BTreeSet;

use super::vendors;
use crate::advisories::feeds::DEBIAN_RELEASES;
use crate::model::{Distribution, Package, PackageType};

/// By which name and version a family's advisories are keyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyed {
    /// The source package's, with the source's version.
    Source,
    /// The binary package's; where nothing names it, the source's.
    BinaryThenSource,
    /// Red Hat's: the binary package's, and the source package's with `.src` behind it. Both say something of a package.
    BinaryAndSource,
    /// The package's own full name.
    Name,
}

/// The ecosystems to look in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    /// What people call it: `Debian:12`, `npm`.
    pub(super) label: String,
    /// Which of the store's ecosystems belong to it.
    pub(super) selectors: Vec<Selector>,
    pub(super) keyed: Keyed,
    /// Ecosystems of the distribution that this one is rebuilt from, and what of them counts.
    pub(super) inferred: Option<(Vec<Selector>, Inferred)>,
}

/// What a distribution takes over from the one that it is rebuilt from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inferred {
    /// Everything: it has no advisories of its own.
    Everything,
    /// What has no fix yet: fixes are in its own advisories.
    Open,
}

/// Selects ecosystems by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    Is(String),
    /// Red Hat and SUSE have an ecosystem for each product or repository of a release.
    Around(&'static str, String),
    /// All that begin so.
    Under(String),
}

impl Selector {
    /// The ecosystem without its release.
    fn base(&self) -> &str {
        let name = match self {
            Self::Is(name) | Self::Under(name) => name,
            Self::Around(prefix, _) => *prefix,
        };
        name.split(':').next().unwrap_or(name)
    }

    pub(super) fn selects(&self, ecosystem: &str) -> bool {
        match self {
            Self::Is(name) => ecosystem == name,
            Self::Around(prefix, suffix) => ecosystem
                .strip_prefix(prefix)
                .is_some_and(|rest| rest.ends_with(suffix.as_str())),
            Self::Under(prefix) => ecosystem.starts_with(prefix.as_str()),
        }
    }
}

/// Why no ecosystem applies.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoTarget {
    /// The package is a distribution's, and the distribution is not known.
    UnknownDistribution,
    /// There is no feed for this; what it is called.
    NoFeed(String),
}

/// Finds the ecosystems for packages of one type.
pub(super) fn find(
    package_type: &PackageType,
    distribution: Option<&Distribution>,
) -> Result<Target, NoTarget> {
    if let Some(ecosystem) = language(package_type.as_str()) {
        return Ok(Target {
            label: ecosystem.to_owned(),
            selectors: vec![Selector::Is(ecosystem.to_owned())],
            keyed: Keyed::Name,
            inferred: None,
        });
    }
    if !package_type.is_os() {
        let name = match package_type.as_str() {
            "generic" => "programs that no package tool brought",
            name => name,
        };
        return Err(NoTarget::NoFeed(name.to_owned()));
    }
    // `linux` is what os-release(5) gives a file without an ID.
    let distribution = distribution
        .filter(|distribution| distribution.id != "linux")
        .ok_or(NoTarget::UnknownDistribution)?;
    if package_type.as_str() == "rpm"
        && let Some(target) = red_hat::find(distribution)
    {
        return Ok(target);
    }
    let by_source = vendors::is_by_source(distribution);
    let keyed = if vendors::is_by_binary(package_type) && !by_source {
        Keyed::BinaryThenSource
    } else {
        Keyed::Source
    };
    let names = selectors(package_type, distribution)
        .ok_or_else(|| NoTarget::NoFeed(distribution.qualifier()))?;
    let (label, selectors) = names;
    Ok(Target {
        label,
        selectors,
        keyed,
        inferred: (package_type.as_str() == "rpm")
            .then(|| red_hat::open_issues_of_rebuild(distribution))
            .flatten(),
    })
}

/// The ecosystems, without releases, whose advisories apply to packages: what has to be at hand to judge them.
pub(super) fn ecosystems<'p>(
    distribution: Option<&Distribution>,
    packages: impl Iterator<Item = &'p Package>,
) -> BTreeSet<String> {
    let targets = packages.filter_map(|package| {
        let own = package.distribution.as_deref().or(distribution);
        let distribution = own.filter(|_| package.package_type.is_os());
        find(&advisory_type(package), distribution).ok()
    });
    let selectors = targets.flat_map(|target| {
        let inferred = target.inferred.map(|(selectors, _)| selectors);
        target
            .selectors
            .into_iter()
            .chain(inferred.unwrap_or_default())
    });
    selectors
        .map(|selector| selector.base().to_owned())
        .collect()
}

/// The type whose advisories speak of a package: its own, but for a program that no package tool brought. Bitnami's records
/// are about the upstreams' own versions, so they speak of such a one, too.
pub(super) fn advisory_type(package: &Package) -> PackageType {
    let is_without_group = package.package_type.as_str() == "maven"
        && package.namespace.is_none()
        && !package.properties.contains_key("contains-archives");
    match bitnami_name(package) {
        Some(_) => PackageType::new("bitnami"),
        // No advisory can be found for it. One that holds others is an application, about which there is none.
        None if is_without_group => PackageType::new("Java archives of an unknown group"),
        None => package.package_type.clone(),
    }
}

/// The name under which Bitnami's records know a program that no package tool brought.
pub(super) fn bitnami_name(package: &Package) -> Option<&str> {
    let name = package.properties.get("bitnami");
    name.filter(|_| package.package_type.as_str() == "generic")
        .map(String::as_str)
}

/// PURL types of language packages: their ecosystem.
fn language(package_type: &str) -> Option<&'static str> {
    Some(match package_type {
        "pypi" => "PyPI",
        "npm" => "npm",
        "cargo" => "crates.io",
        "golang" => "Go",
        "maven" => "Maven",
        "gem" => "RubyGems",
        "composer" => "Packagist",
        "nuget" => "NuGet",
        "hex" => "Hex",
        "pub" => "Pub",
        "hackage" => "Hackage",
        "cran" => "CRAN",
        "bioconductor" => "Bioconductor",
        "swift" => "SwiftURL",
        "julia" => "Julia",
        "bitnami" => "Bitnami",
        "conan" => "ConanCenter",
        _ => return None,
    })
}

fn selectors(
    package_type: &PackageType,
    distribution: &Distribution,
) -> Option<(String, Vec<Selector>)> {
    let id = distribution.id.to_ascii_lowercase();
    let version = distribution.version_id.as_deref().unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    let is = |name: String| (name.clone(), vec![Selector::Is(name)]);
    let of_release = |base: &str, release: &str| {
        // A record without a release applies to all of them.
        let names = [format!("{base}:{release}"), base.to_owned()];
        (!release.is_empty()).then(|| (names[0].clone(), names.map(Selector::Is).to_vec()))
    };
    match (package_type.as_str(), id.as_str()) {
        ("deb", "debian") => of_release("Debian", debian_release(distribution)?),
        ("deb", "ubuntu") => of_release("Ubuntu", version).map(|(label, mut selectors)| {
            selectors.insert(0, Selector::Is(format!("{label}:LTS")));
            (label, selectors)
        }),
        ("deb", "echo") => Some(is("Echo".to_owned())),
        ("apk", "alpine") => of_release("Alpine", &alpine_release(version)),
        ("apk", "wolfi" | "chainguard") => Some((
            "Wolfi".to_owned(),
            ["Wolfi", "Chainguard"]
                .map(|name| Selector::Is(name.to_owned()))
                .to_vec(),
        )),
        ("apk", "minimos") => Some(is("MinimOS".to_owned())),
        ("rpm", "almalinux") => of_release("AlmaLinux", major),
        ("rpm", "rocky") => of_release("Rocky Linux", major),
        ("rpm", "mageia") => of_release("Mageia", major),
        ("rpm", "openeuler") => openeuler(distribution).map(is),
        _ => vendors::selectors(package_type, distribution),
    }
}

/// `VERSION_ID`, or by the codename where testing and unstable have none.
fn debian_release(distribution: &Distribution) -> Option<&str> {
    if let Some(version) = distribution.version_id.as_deref().filter(|v| !v.is_empty()) {
        return Some(version);
    }
    let codename = distribution.codename.as_deref()?;
    DEBIAN_RELEASES
        .iter()
        .find(|(known, _)| *known == codename)
        .map(|(_, number)| *number)
}

/// `3.20.3` is `v3.20`; edge calls itself `3.21.0_alpha20240807`.
fn alpine_release(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        _ if version.is_empty() => String::new(),
        _ if version.contains("_alpha") || version == "edge" => "edge".to_owned(),
        (Some(major), Some(minor)) => format!("v{major}.{minor}"),
        _ => format!("v{version}"),
    }
}

/// `openEuler 22.03 (LTS-SP1)` is `openEuler:22.03-LTS-SP1`: only the pretty name has the service pack.
fn openeuler(distribution: &Distribution) -> Option<String> {
    let version = distribution.version_id.as_deref()?;
    let pack = distribution
        .pretty_name
        .as_deref()
        .and_then(|name| name.split_once('('))
        .and_then(|(_, rest)| rest.split_once(')'));
    Some(match pack {
        Some((pack, _)) => format!("openEuler:{version}-{pack}"),
        None => format!("openEuler:{version}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution(id: &str, version: &str, codename: &str, pretty: &str) -> Distribution {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Distribution {
            id: id.to_owned(),
            version_id: some(version),
            codename: some(codename),
            pretty_name: some(pretty),
            ..Distribution::default()
        }
    }

    #[test]
    fn releases_select_their_ecosystem_and_no_neighbour() {
        #[rustfmt::skip]
        let rows = [
            ("deb", distribution("debian", "12", "", ""), "Debian:12", "Debian:1"),
            ("deb", distribution("debian", "", "forky", ""), "Debian:14", "Debian:13"),
            ("deb", distribution("ubuntu", "22.04", "", ""), "Ubuntu:22.04:LTS", "Ubuntu:Pro:22.04:LTS"),
            ("deb", distribution("ubuntu", "24.10", "", ""), "Ubuntu:24.10", "Ubuntu:24.04:LTS"),
            ("apk", distribution("alpine", "3.10.9", "", ""), "Alpine:v3.10", "Alpine:v3.1"),
            ("apk", distribution("alpine", "3.21.0_alpha20240807", "", ""), "Alpine:edge", "Alpine:v3.21"),
            ("apk", distribution("wolfi", "20230201", "", ""), "Chainguard", "Alpine:edge"),
            ("rpm", distribution("almalinux", "9.4", "", ""), "AlmaLinux:9", "AlmaLinux:8"),
            ("rpm", distribution("rocky", "8.10", "", ""), "Rocky Linux:8", "Rocky Linux:9"),
            ("rpm", distribution("rhel", "9.4", "", ""), "Red Hat:enterprise_linux:9::appstream", "Red Hat:rhel_eus:9.2::baseos"),
            ("rpm", distribution("sles", "15.5", "", ""), "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise Server 15 SP4"),
            ("rpm", distribution("opensuse-leap", "15.6", "", ""), "openSUSE:Leap 15.6", "openSUSE:Leap 15.5"),
            ("rpm", distribution("openEuler", "22.03", "", "openEuler 22.03 (LTS-SP1)"), "openEuler:22.03-LTS-SP1", "openEuler:22.03-LTS"),
        ];
        for (package_type, distribution, selected, other) in rows {
            let target =
                find(&PackageType::new(package_type), Some(&distribution)).expect(selected);
            let selects = |name: &str| {
                target
                    .selectors
                    .iter()
                    .any(|selector| selector.selects(name))
            };
            assert!(selects(selected), "{selected}");
            assert!(!selects(other), "{other}");
        }
    }

    #[test]
    fn what_no_feed_covers_is_named() {
        let eulerixos = distribution("eulerixos", "2", "", "");
        assert_eq!(
            find(&PackageType::RPM, Some(&eulerixos)),
            Err(NoTarget::NoFeed("eulerixos-2".into()))
        );
        assert_eq!(
            find(&PackageType::DEB, None),
            Err(NoTarget::UnknownDistribution)
        );
        assert_eq!(
            find(&PackageType::new("conda"), None),
            Err(NoTarget::NoFeed("conda".into()))
        );
    }
}
