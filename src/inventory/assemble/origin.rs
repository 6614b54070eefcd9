//! Where a package of a package tool comes from, if not from the image's distribution.
//!
//! Two cases. The database is another family's (Debian packages that were copied into an Alpine image): then its packages tell which
//! distribution they are of, and if none does, it is unknown. Or the package is a third party's, built for this distribution or for
//! any: then the distribution's advisories say nothing of it.

use super::third_parties;
use crate::model::{Distribution, Package, PackageType};

/// Fedora's packages for Enterprise Linux: in the repositories of none of its distributions.
pub(super) const EPEL: &str = "epel";

/// What the packages of one database have in common.
pub(super) struct Origin<'a> {
    image: Option<&'a Distribution>,
    /// The distribution that the database is of, if it is not the image's.
    foreign: Option<Distribution>,
}

impl<'a> Origin<'a> {
    /// Looks at all packages of a database.
    pub(super) fn of_database(packages: &[Package], image: Option<&'a Distribution>) -> Self {
        let package_type = packages.first().map(|package| &package.package_type);
        let is_foreign = package_type
            .filter(|package_type| package_type.is_os())
            .zip(image.and_then(family))
            .is_some_and(|(found, of_image)| found.as_str() != of_image);
        let foreign = is_foreign.then(|| {
            let mut told = packages.iter().filter_map(distribution_of);
            told.next().unwrap_or_else(|| distribution("linux", None))
        });
        Self { image, foreign }
    }

    /// The package's own distribution, where that is not the image's.
    pub(super) fn of(&self, package: &Package) -> Option<Box<Distribution>> {
        if let Some(known) = &package.distribution {
            return Some(known.clone());
        }
        if !package.package_type.is_os() {
            return None;
        }
        let image = self.image.map(|image| image.id.as_str());
        let third_party = third_parties::of(package).map(|id| distribution(id, None));
        third_party
            .or_else(|| epel(package, image))
            .or_else(|| {
                self.foreign
                    .as_ref()
                    .map(|foreign| distribution_of(package).unwrap_or_else(|| foreign.clone()))
            })
            .map(Box::new)
    }
}

fn distribution(id: &str, version_id: Option<String>) -> Distribution {
    Distribution {
        id: id.to_owned(),
        version_id,
        ..Distribution::default()
    }
}

/// The package format of distributions: the ids of os-release(5), also those of `ID_LIKE`.
const FAMILIES: [(&str, &[&str]); 5] = [
    (
        "deb",
        &[
            "debian",
            "ubuntu",
            "raspbian",
            "kali",
            "devuan",
            "linuxmint",
        ],
    ),
    (
        "apk",
        &[
            "alpine",
            "wolfi",
            "chainguard",
            "minimos",
            "alpaquita",
            "postmarketos",
        ],
    ),
    (
        "rpm",
        &[
            "rhel",
            "centos",
            "fedora",
            "rocky",
            "almalinux",
            "ol",
            "amzn",
            "mariner",
            "azurelinux",
            "photon",
            "sles",
            "sled",
            "sle_hpc",
            "suse",
            "opensuse",
            "opensuse-leap",
            "opensuse-tumbleweed",
            "openeuler",
            "mageia",
            "scientific",
        ],
    ),
    ("alpm", &["arch", "manjaro"]),
    ("ebuild", &["gentoo"]),
];

/// The package type of a distribution; `None` for one that is not known: it may have changed its package tool.
fn family(distribution: &Distribution) -> Option<&'static str> {
    let id = distribution.id.to_ascii_lowercase();
    [&id]
        .into_iter()
        .chain(&distribution.id_like)
        .find_map(|id| {
            let (family, _) = FAMILIES
                .iter()
                .find(|(_, ids)| ids.contains(&id.as_str()))?;
            Some(*family)
        })
}

/// EPEL's packages have Fedora's vendor and the tag of Enterprise Linux: `1.el9`.
fn epel(package: &Package, image: Option<&str>) -> Option<Distribution> {
    let is_fedora_s = package.package_type == PackageType::RPM
        && image != Some("fedora")
        && vendor(package).starts_with("Fedora Project");
    let release = number_behind(release_of(package), ".el").filter(|_| is_fedora_s)?;
    Some(distribution(EPEL, Some(release)))
}

/// The distribution that a package by itself tells.
fn distribution_of(package: &Package) -> Option<Distribution> {
    match package.package_type.as_str() {
        "deb" => debian_of(package),
        "apk" => alpine_of(package),
        "rpm" => red_hat_of(package),
        _ => None,
    }
}

/// Updates of a Debian release end in `+deb12u5` or `~deb12u5`; those of an Ubuntu release can name it:
/// `-1ubuntu0.22.04.1`. Every package of Ubuntu that differs from Debian's has `ubuntu` in its version.
fn debian_of(package: &Package) -> Option<Distribution> {
    let version = package.version.as_str();
    if let Some((_, revision)) = version.rsplit_once("ubuntu") {
        let release = revision.split(['.', '~', '+']).collect::<Vec<_>>();
        let release = release.windows(2).find_map(|pair| match pair {
            [year, month] => is_ubuntu_release(year, month).then(|| format!("{year}.{month}")),
            _ => None,
        });
        return Some(distribution("ubuntu", release));
    }
    let release = ["+deb", "~deb"].into_iter().find_map(|tag| {
        let release = number_behind(version, tag)?;
        let rest = version.rsplit_once(&format!("{tag}{release}"))?.1;
        rest.starts_with('u').then_some(release)
    });
    let by_maintainer = || {
        let maintainer = package.properties.get("maintainer")?;
        maintainer
            .contains("<ubuntu-devel-discuss@lists.ubuntu.com>")
            .then(|| distribution("ubuntu", None))
    };
    release
        .map(|release| distribution("debian", Some(release)))
        .or_else(by_maintainer)
}

fn is_ubuntu_release(year: &str, month: &str) -> bool {
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number(year) && matches!(month, "04" | "10")
}

/// The packages that every image of the distribution has, since they are its base.
fn alpine_of(package: &Package) -> Option<Distribution> {
    match package.name.as_str() {
        "alpine-release" | "alpine-base" => {
            let version = package.version.split('-').next();
            Some(distribution("alpine", version.map(str::to_owned)))
        }
        "wolfi-baselayout" | "wolfi-keys" => Some(distribution("wolfi", None)),
        "chainguard-baselayout" | "chainguard-keys" => Some(distribution("chainguard", None)),
        _ => None,
    }
}

/// Distribution tags that one distribution alone has, with the version that os-release has for the number behind them.
const RPM_TAGS: [(&str, &str, &str); 6] = [
    (".fc", "fedora", ""),
    (".amzn", "amzn", ""),
    (".azl", "azurelinux", ".0"),
    (".cm", "mariner", ".0"),
    (".ph", "photon", ".0"),
    (".mga", "mageia", ""),
];

/// Vendors of Enterprise Linux, which share a tag.
const EL_VENDORS: [(&str, &str); 5] = [
    ("Red Hat", "rhel"),
    ("Rocky", "rocky"),
    ("AlmaLinux", "almalinux"),
    ("CentOS", "centos"),
    ("Oracle America", "ol"),
];

fn red_hat_of(package: &Package) -> Option<Distribution> {
    let (release, vendor) = (release_of(package), vendor(package));
    if let Some((id, version)) = RPM_TAGS
        .iter()
        .find_map(|(tag, id, rest)| Some((*id, format!("{}{rest}", number_behind(release, tag)?))))
    {
        return Some(distribution(id, Some(version)));
    }
    if let Some(version) = number_behind(release, ".el") {
        let (_, id) = EL_VENDORS
            .iter()
            .find(|(start, _)| vendor.starts_with(start))?;
        return Some(distribution(id, Some(version)));
    }
    // SUSE builds a service pack's packages with its number: `150400.1.2`.
    let number = release.split('.').next()?;
    let pack = number.strip_suffix("00").filter(|pack| pack.len() == 4)?;
    let (major, minor) = pack.split_at_checked(2)?;
    let version = format!("{major}.{}", minor.strip_prefix('0').unwrap_or(minor));
    let id = match vendor {
        _ if vendor.starts_with("SUSE LLC") => "sles",
        _ if vendor.starts_with("openSUSE") => "opensuse-leap",
        _ => return None,
    };
    pack.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| distribution(id, Some(version)))
}

fn vendor(package: &Package) -> &str {
    package.properties.get("vendor").map_or("", String::as_str)
}

fn release_of(package: &Package) -> &str {
    let version = package.version.as_str();
    version.rsplit_once('-').map_or("", |(_, release)| release)
}

/// The number right behind the last `tag` of a text.
fn number_behind(text: &str, tag: &str) -> Option<String> {
    let (_, rest) = text.rsplit_once(tag)?;
    let end = rest
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(rest.len());
    let number = rest.get(..end).filter(|number| !number.is_empty())?;
    Some(number.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn package(package_type: &'static str, name: &str, version: &str, by: &str) -> Package {
        let mut package = Package::new(PackageType::new(package_type), name, version);
        let key = if package_type == "rpm" {
            "vendor"
        } else {
            "maintainer"
        };
        package.properties.insert(key.into(), by.into());
        package
    }

    fn image(id: &str) -> Distribution {
        distribution(id, Some("9".into()))
    }

    fn origin(of: &Package, image: &Distribution) -> String {
        let origin = Origin::of_database(std::slice::from_ref(of), Some(image));
        origin
            .of(of)
            .map_or_else(String::new, |found| found.qualifier())
    }

    #[test]
    fn a_third_party_s_package_is_known_by_its_maker_and_the_distribution_s_own_build_of_it_is_not()
    {
        let debian_mariadb = "Debian MySQL Maintainers <pkg-mysql-maint@lists.alioth.debian.org>";
        #[rustfmt::skip]
        let rows = [
            ("debian", package("deb", "docker-ce", "5:24.0.7-1~debian.12~bookworm", "Docker <support@docker.com>"), "docker"),
            ("debian", package("deb", "containerd.io", "1.6.26-1", "Containerd team <help@containerd.io>"), "docker"),
            ("debian", package("deb", "docker.io", "20.10.24+dfsg1-1", "Debian Go Packaging Team <team+pkg-go@tracker.debian.org>"), ""),
            ("debian", package("deb", "nodejs", "18.20.4-1nodesource1", "Ivan Iguaran <ivan@nodesource.com>"), "nodesource"),
            ("debian", package("deb", "nodejs", "18.19.0+dfsg-6~deb12u2", "Debian Javascript Maintainers"), ""),
            ("debian", package("deb", "nginx", "1.25.3-1~bookworm", "NGINX Packaging <nginx-packaging@f5.com>"), "nginx"),
            ("alpine", package("apk", "nginx", "1.25.3-r1", "NGINX Packaging <nginx-packaging@f5.com>"), "nginx"),
            ("alpine", package("apk", "nginx", "1.24.0-r15", "Jakub Jirutka <jakub@jirutka.cz>"), ""),
            ("debian", package("deb", "postgresql-16", "16.1-1.pgdg120+1", "Debian PostgreSQL Maintainers"), "postgresql"),
            ("debian", package("deb", "mariadb-server", "1:10.11.6+maria~deb12", "MariaDB Developers"), "mariadb"),
            ("debian", package("deb", "mariadb-server", "1:10.11.4-1~deb12u1", debian_mariadb), ""),
            ("rhel", package("rpm", "docker-ce", "3:24.0.7-1.el9", "Docker"), "docker"),
            ("rhel", package("rpm", "htop", "3.2.1-1.el9", "Fedora Project"), "epel-9"),
            ("fedora", package("rpm", "htop", "3.2.1-1.fc39", "Fedora Project"), ""),
            ("rhel", package("rpm", "bash", "5.1.8-6.el9", "Red Hat, Inc."), ""),
            ("rocky", package("rpm", "php", "8.2.1-1.el9.remi", "Remi's RPM repository <https://rpms.remirepo.net/>"), "remi"),
            ("rhel", package("rpm", "powershell", "7.4.0-1.rh", "Microsoft Corporation"), "microsoft"),
            ("mariner", package("rpm", "bash", "5.1.8-4.cm2", "Microsoft Corporation"), ""),
            ("azurelinux", package("rpm", "bash", "5.2.15-3.azl3", "Microsoft Corporation"), ""),
            ("ol", package("rpm", "mysql-community-server", "8.0.35-1.el9", "Oracle and/or its affiliates"), "mysql"),
            ("ol", package("rpm", "bash", "5.1.8-6.el9", "Oracle America"), ""),
            ("rhel", package("rpm", "inhouse", "1-1", "Some Company"), ""),
        ];
        for (id, package, expected) in rows {
            assert_eq!(
                origin(&package, &image(id)),
                expected,
                "{} {}",
                package.name,
                package.version
            );
            let found = Origin::of_database(&[], Some(&image(id))).of(&package);
            assert!(found.is_none_or(|found| third_parties::is_one(&found.id)));
        }
    }

    #[test]
    fn a_database_of_another_family_is_of_the_distribution_that_its_packages_tell() {
        #[rustfmt::skip]
        let rows = [
            ("alpine", package("deb", "libc6", "2.36-9+deb12u5", ""), "debian-12"),
            ("alpine", package("deb", "openssl", "1.1.1n-0~deb11u1", ""), "debian-11"),
            ("wolfi", package("deb", "libc6", "2.35-0ubuntu3.4", ""), "ubuntu"),
            ("wolfi", package("deb", "openssl", "3.0.2-0ubuntu0.22.04.1", ""), "ubuntu-22.04"),
            ("alpine", package("deb", "hello", "2.10-2", ""), "linux"),
            ("debian", package("apk", "wolfi-baselayout", "20230201-r7", ""), "wolfi"),
            ("debian", package("apk", "alpine-release", "3.19.1-r0", ""), "alpine-3.19.1"),
            ("debian", package("rpm", "bash", "5.1.8-6.el9_1", "Red Hat, Inc."), "rhel-9"),
            ("debian", package("rpm", "bash", "5.1.8-6.el8", "Rocky Enterprise Software Foundation"), "rocky-8"),
            ("debian", package("rpm", "bash", "5.1.8-6.el8", "Nobody"), "linux"),
            ("debian", package("rpm", "bash", "5.2.15-5.fc39", "Fedora Project"), "fedora-39"),
            ("ubuntu", package("rpm", "bash", "5.2.15-1.amzn2023.0.2", "Amazon Linux"), "amzn-2023"),
            ("ubuntu", package("rpm", "bash", "5.2.15-3.azl3", "Microsoft Corporation"), "azurelinux-3.0"),
            ("debian", package("rpm", "glibc", "2.31-150300.52.2", "SUSE LLC <https://www.suse.com/>"), "sles-15.3"),
            ("debian", package("rpm", "htop", "3-150500.1.2", "openSUSE"), "opensuse-leap-15.5"),
            ("openwrt", package("apk", "busybox", "1-r1", ""), ""),
        ];
        for (id, package, expected) in rows {
            assert_eq!(
                origin(&package, &image(id)),
                expected,
                "{} {}",
                package.name,
                package.version
            );
        }
    }

    #[test]
    fn one_package_that_tells_tells_for_its_whole_database() {
        let packages = [
            package("deb", "hello", "2.10-2", ""),
            package("deb", "libc6", "2.36-9+deb12u5", ""),
        ];
        let image = image("alpine");
        let origin = Origin::of_database(&packages, Some(&image));
        let found = origin.of(&packages[0]).expect("a distribution");
        assert_eq!(found.qualifier(), "debian-12");
    }

    #[test]
    fn in_the_image_s_own_database_and_without_a_distribution_nothing_is_derived() {
        let libc = package("deb", "libc6", "2.36-9+deb12u5", "");
        assert_eq!(origin(&libc, &image("debian")), "");
        let derived = Distribution {
            id_like: vec!["debian".into()],
            ..image("inhouse")
        };
        assert_eq!(origin(&libc, &derived), "");
        let none = Origin::of_database(std::slice::from_ref(&libc), None);
        assert_eq!(none.of(&libc), None);
    }

    proptest! {
        #[test]
        fn any_version_and_vendor_never_panic(
            package_type in proptest::sample::select(vec!["deb", "apk", "rpm"]),
            version in "[0-9.]{0,8}(-|ubuntu|\\+deb|\\.el|é)[0-9.u~+é]{0,12}",
            by in "(Red Hat|SUSE LLC|Fedora Project)?",
        ) {
            let package = package(package_type, "x", &version, &by);
            for id in ["debian", "alpine", "rhel"] {
                origin(&package, &image(id));
            }
        }
    }
}
