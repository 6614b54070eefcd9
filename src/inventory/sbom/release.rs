//! Which distribution a package is of, as PURLs and operating-system entries say it.

use crate::model::Distribution;

/// Names that other tools give a distribution, and its `ID` in os-release(5).
const IDS: [(&str, &str); 11] = [
    ("redhat", "rhel"),
    ("alma", "almalinux"),
    ("amazon", "amzn"),
    ("amazonlinux", "amzn"),
    ("oracle", "ol"),
    ("oraclelinux", "ol"),
    ("cbl-mariner", "mariner"),
    ("opensuse.leap", "opensuse-leap"),
    ("opensuse.tumbleweed", "opensuse-tumbleweed"),
    ("suse linux enterprise server", "sles"),
    ("suse linux enterprise micro", "sle-micro"),
];

/// The distribution of a name and a version, either of which a tool may spell in its own way.
pub(super) fn named(name: &str, version: Option<&str>) -> Distribution {
    let name = name.to_ascii_lowercase();
    let known = IDS.iter().find(|(other, _)| *other == name);
    let id = known.map_or(name, |(_, id)| (*id).to_owned());
    let version = version.filter(|version| !version.is_empty());
    let (version_id, codename) = match version {
        Some(version) if is_version(version) => (Some(release_of(&id, version).to_owned()), None),
        Some(codename) => (None, Some(codename.to_owned())),
        None => (None, None),
    };
    Distribution {
        id,
        version_id,
        codename,
        ..Distribution::default()
    }
}

/// The distribution of a PURL: its `distro` qualifier, such as `debian-12`, `opensuse-leap-15.5`, `3.20.3` or `jessie`, read
/// with its namespace.
pub(super) fn of_purl(namespace: Option<&str>, distro: Option<&str>) -> Option<Distribution> {
    let distro = distro.filter(|distro| !distro.is_empty());
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let (name, version) = match (namespace, distro) {
        (namespace, Some(distro)) => split(namespace, distro),
        (Some(namespace), None) => (namespace, None),
        (None, None) => return None,
    };
    Some(named(name, version))
}

fn split<'a>(namespace: Option<&'a str>, distro: &'a str) -> (&'a str, Option<&'a str>) {
    if let Some((name, version)) = distro.rsplit_once('-')
        && !name.is_empty()
        && is_version(version)
    {
        return (name, Some(version));
    }
    let Some(namespace) = namespace else {
        return (distro, None);
    };
    // A name that goes on, such as `opensuse-tumbleweed` of the namespace `opensuse`, has no version; a codename has.
    let rest = distro
        .strip_prefix(namespace)
        .and_then(|rest| rest.strip_prefix('-'));
    match rest {
        _ if distro == namespace || distro.starts_with("opensuse") => (distro, None),
        Some(codename) => (namespace, Some(codename)),
        None => (namespace, Some(distro)),
    }
}

fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit()) || text == "edge"
}

/// Debian's releases are whole numbers: what follows the point, in `etc/debian_version`, is no part of `VERSION_ID`.
fn release_of<'a>(id: &str, version: &'a str) -> &'a str {
    match version.split_once('.') {
        Some((major, _)) if id == "debian" => major,
        _ => version,
    }
}

/// Whether a package of `one` can be taken for one of `other`: the same distribution, as far as both say.
pub(super) fn agree(one: &Distribution, other: &Distribution) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| match (one, other) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    one.id == other.id
        && same(&one.version_id, &other.version_id)
        && same(&one.codename, &other.codename)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_s_spelling_gives_the_id_and_release_of_os_release() {
        for (namespace, distro, id, version) in [
            ("debian", "debian-12", "debian", Some("12")),
            ("debian", "debian-12.15", "debian", Some("12")),
            ("alpine", "alpine-3.20.3", "alpine", Some("3.20.3")),
            ("alpine", "3.10.4", "alpine", Some("3.10.4")),
            ("redhat", "rhel-9.4", "rhel", Some("9.4")),
            ("redhat", "redhat-9.4", "rhel", Some("9.4")),
            ("alma", "alma-9.4", "almalinux", Some("9.4")),
            (
                "opensuse",
                "opensuse-leap-15.5",
                "opensuse-leap",
                Some("15.5"),
            ),
            ("suse", "opensuse.leap-15.5", "opensuse-leap", Some("15.5")),
            (
                "opensuse",
                "opensuse-tumbleweed",
                "opensuse-tumbleweed",
                None,
            ),
            (
                "opensuse-tumbleweed",
                "opensuse-tumbleweed-20240101",
                "opensuse-tumbleweed",
                Some("20240101"),
            ),
            ("suse", "sles-15.5", "sles", Some("15.5")),
            ("amazon", "amazon-2023", "amzn", Some("2023")),
            ("wolfi", "wolfi-20230201", "wolfi", Some("20230201")),
            ("wolfi", "", "wolfi", None),
            ("", "ubuntu-22.04", "ubuntu", Some("22.04")),
        ] {
            let found = of_purl(Some(namespace), Some(distro)).expect(distro);
            assert_eq!(
                (found.id.as_str(), found.version_id.as_deref()),
                (id, version),
                "{namespace} {distro}"
            );
        }
        assert_eq!(of_purl(None, None), None);
    }

    #[test]
    fn a_codename_is_no_version() {
        for distro in ["trixie", "debian-trixie"] {
            let found = of_purl(Some("debian"), Some(distro)).expect(distro);
            assert_eq!(found.id, "debian");
            assert_eq!(found.version_id, None);
            assert_eq!(found.codename.as_deref(), Some("trixie"));
        }
    }

    #[test]
    fn what_only_one_side_says_is_no_disagreement() {
        let of = |distro| of_purl(Some("debian"), Some(distro)).expect(distro);
        let bare = of_purl(Some("debian"), None).expect("debian");
        assert!(agree(&of("debian-12"), &bare) && agree(&bare, &of("debian-12")));
        assert!(!agree(&of("debian-12"), &of("debian-11")));
        assert!(!agree(&of("debian-12"), &of("ubuntu-12")));
    }
}
