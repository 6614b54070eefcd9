//! Which package of which release a product of an OpenVEX document is: told by its package URL.
//!
//! ```text
//! pkg:deb/ubuntu/openssl@1.1.1f-1ubuntu2?arch=source&distro=focal
//! pkg:deb/ubuntu/openssl@1.1.1f-1ubuntu2+esm1?arch=source&distro=esm-infra/focal
//! pkg:deb/debian/openssl@3.0.1-1?arch=source&distro=debian-12
//! pkg:apk/alpine/openssl@3.0.1-r0?distro=alpine-3.20
//! ```

use std::str::FromStr as _;

use packageurl::PackageUrl;

use super::DEBIAN_RELEASES;
use crate::advisories::report::SkipReason;

/// Ubuntu's releases by the word of their codename that the archive uses; those with long-term support have it in their
/// ecosystem's name. <https://wiki.ubuntu.com/Releases>
const UBUNTU_RELEASES: [(&str, &str); 26] = [
    ("precise", "12.04:LTS"),
    ("trusty", "14.04:LTS"),
    ("utopic", "14.10"),
    ("vivid", "15.04"),
    ("wily", "15.10"),
    ("xenial", "16.04:LTS"),
    ("yakkety", "16.10"),
    ("zesty", "17.04"),
    ("artful", "17.10"),
    ("bionic", "18.04:LTS"),
    ("cosmic", "18.10"),
    ("disco", "19.04"),
    ("eoan", "19.10"),
    ("focal", "20.04:LTS"),
    ("groovy", "20.10"),
    ("hirsute", "21.04"),
    ("impish", "21.10"),
    ("jammy", "22.04:LTS"),
    ("kinetic", "22.10"),
    ("lunar", "23.04"),
    ("mantic", "23.10"),
    ("noble", "24.04:LTS"),
    ("oracular", "24.10"),
    ("plucky", "25.04"),
    ("questing", "25.10"),
    ("resolute", "26.04:LTS"),
];

/// A source package of a release.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) ecosystem: String,
    pub(super) name: String,
    pub(super) version: Option<String>,
}

/// Reads a package URL; the error says why it is of no use.
pub(super) fn product(purl: &str) -> Result<Product, SkipReason> {
    // Told by the text alone: a document names hundreds of binary packages for each source package.
    let is_deb = purl.starts_with("pkg:deb/");
    let qualifiers = purl.split_once('?').map_or("", |(_, rest)| rest);
    let mut qualifiers = qualifiers.split('&');
    if is_deb && !qualifiers.any(|qualifier| qualifier == "arch=source") {
        return Err(SkipReason::BinaryPackage);
    }
    let purl = PackageUrl::from_str(purl).map_err(|_| SkipReason::NotOfDistribution)?;
    let distro = purl.qualifiers().get("distro").map(AsRef::as_ref);
    let ecosystem = match (purl.ty(), purl.namespace()) {
        ("deb", Some("ubuntu")) => ubuntu(distro),
        ("deb", Some("debian")) => debian(distro),
        ("apk", Some("alpine")) => alpine(distro),
        ("apk", Some("wolfi")) => Some("Wolfi".to_owned()),
        ("apk", Some("chainguard")) => Some("Chainguard".to_owned()),
        _ => return Err(SkipReason::NotOfDistribution),
    };
    Ok(Product {
        ecosystem: ecosystem.ok_or(SkipReason::UnknownRelease)?,
        name: purl.name().to_owned(),
        version: purl.version().map(str::to_owned),
    })
}

/// `focal`, `esm-infra/focal`, `trusty/esm`, `fips-updates/focal`, `ubuntu-20.04`.
fn ubuntu(distro: Option<&str>) -> Option<String> {
    let distro = distro?;
    let release = |word: &str| {
        let number = word.trim_start_matches("ubuntu-");
        UBUNTU_RELEASES
            .iter()
            .find(|(codename, release)| {
                *codename == word || release.trim_end_matches(":LTS") == number
            })
            .map(|(_, release)| *release)
    };
    let Some((channel, codename)) = distro.split_once('/') else {
        return Some(format!("Ubuntu:{}", release(distro)?));
    };
    if codename == "esm" {
        return Some(format!("Ubuntu:Pro:{}", release(channel)?));
    }
    let release = release(codename)?;
    // The names of OSV's ecosystems.
    let channel = match channel {
        "esm-infra" | "esm-infra-legacy" | "esm-apps" | "esm-apps-legacy" | "esm" => "",
        "fips" => "FIPS:",
        "fips-updates" => "FIPS-updates:",
        "fips-preview" => "FIPS-preview:",
        "realtime" => "Realtime:",
        _ => return None,
    };
    Some(format!("Ubuntu:Pro:{channel}{release}"))
}

/// `bookworm`, `debian-12` or `12`.
fn debian(distro: Option<&str>) -> Option<String> {
    let word = distro?.trim_start_matches("debian-");
    DEBIAN_RELEASES
        .iter()
        .find(|(codename, number)| *codename == word || *number == word)
        .map(|(_, number)| format!("Debian:{number}"))
}

/// `alpine-3.20`, `alpine-3.20.1`, `3.20` or `edge`.
fn alpine(distro: Option<&str>) -> Option<String> {
    let word = distro?.trim_start_matches("alpine-");
    if word == "edge" {
        return Some("Alpine:edge".to_owned());
    }
    let mut parts = word.trim_start_matches('v').split('.');
    let mut number = || parts.next().filter(|part| part.parse::<u32>().is_ok());
    Some(format!("Alpine:v{}.{}", number()?, number()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_have_the_names_that_osv_gives_them() {
        for (purl, ecosystem) in [
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=jammy",
                "Ubuntu:22.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1%3A2.0%2Bx~1?arch=source&distro=oracular",
                "Ubuntu:24.10",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=resolute",
                "Ubuntu:26.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=ubuntu-22.04",
                "Ubuntu:22.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=esm-apps/xenial",
                "Ubuntu:Pro:16.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=esm-infra-legacy/trusty",
                "Ubuntu:Pro:14.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=trusty/esm",
                "Ubuntu:Pro:14.04:LTS",
            ),
            (
                "pkg:deb/ubuntu/a@1:2.0+x~1?arch=source&distro=fips-updates/focal",
                "Ubuntu:Pro:FIPS-updates:20.04:LTS",
            ),
            (
                "pkg:deb/debian/a@1:2.0+x~1?arch=source&distro=debian-12",
                "Debian:12",
            ),
            (
                "pkg:deb/debian/a@1:2.0+x~1?arch=source&distro=sid",
                "Debian:sid",
            ),
            (
                "pkg:apk/alpine/a@1:2.0+x~1?distro=alpine-3.20.1",
                "Alpine:v3.20",
            ),
            ("pkg:apk/wolfi/a@1:2.0+x~1", "Wolfi"),
        ] {
            let read = product(purl).expect(purl);
            assert_eq!(read.ecosystem, ecosystem);
            assert_eq!(
                (read.name.as_str(), read.version.as_deref()),
                ("a", Some("1:2.0+x~1"))
            );
        }
    }

    #[test]
    fn what_is_no_source_package_of_a_known_release_says_why() {
        for (purl, reason) in [
            (
                "pkg:deb/ubuntu/a@1?arch=amd64&distro=jammy",
                SkipReason::BinaryPackage,
            ),
            (
                "pkg:deb/ubuntu/a@1?arch=source&distro=zany",
                SkipReason::UnknownRelease,
            ),
            ("pkg:deb/ubuntu/a@1?arch=source", SkipReason::UnknownRelease),
            (
                "pkg:deb/ubuntu/a@1?arch=source&distro=bluefield/jammy",
                SkipReason::UnknownRelease,
            ),
            ("pkg:oci/app@sha256:00", SkipReason::NotOfDistribution),
            ("an application", SkipReason::NotOfDistribution),
            (
                "pkg:apk/alpine/a@1?distro=alpine-x.y",
                SkipReason::UnknownRelease,
            ),
        ] {
            assert_eq!(product(purl), Err(reason), "{purl}");
        }
    }
}
