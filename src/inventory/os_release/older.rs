//! The files of one line that distributions had before os-release, and still have.

use super::distribution;
use crate::layers::ParseError;
use crate::model::Distribution;

/// `etc/alpine-release` holds the version alone: `3.10.3`.
pub(super) fn alpine_release(text: &str) -> Result<Distribution, ParseError> {
    Ok(Distribution {
        version_id: Some(first_line(text)?.to_owned()),
        ..distribution("alpine")
    })
}

/// `etc/debian_version` holds the point release, `12.5`, of which os-release would say `12`; before a release it holds
/// the codename, `trixie/sid`.
pub(super) fn debian_version(text: &str) -> Result<Distribution, ParseError> {
    let line = first_line(text)?;
    let debian = distribution("debian");
    if let Some((codename, _)) = line.split_once('/') {
        return Ok(Distribution {
            codename: Some(codename.to_owned()),
            ..debian
        });
    }
    if !line.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(ParseError::new("it holds neither a version nor a codename"));
    }
    let major = line.split_once('.').map_or(line, |(major, _)| major);
    Ok(Distribution {
        version_id: Some(major.to_owned()),
        ..debian
    })
}

/// How `redhat-release` and its kin begin, and the os-release ID that goes with it. A name stands before the shorter one
/// that it begins with.
const RED_HAT_NAMES: [(&str, &str); 13] = [
    ("AlmaLinux", "almalinux"),
    ("Amazon Linux", "amzn"),
    ("CBL-Mariner", "mariner"),
    ("CentOS", "centos"),
    ("Common Base Linux Mariner", "mariner"),
    ("Fedora", "fedora"),
    ("Microsoft Azure Linux", "azurelinux"),
    ("Oracle", "ol"),
    ("Enterprise Linux Enterprise Linux", "ol"),
    ("Photon", "photon"),
    ("Red Hat Enterprise Linux", "rhel"),
    ("Rocky Linux", "rocky"),
    ("Scientific Linux", "scientific"),
];

/// Reads one line such as `CentOS Linux release 7.9.2009 (Core)`.
pub(super) fn red_hat_release(text: &str) -> Result<Distribution, ParseError> {
    let line = first_line(text)?;
    let (_, id) = RED_HAT_NAMES
        .iter()
        .find(|(name, _)| line.starts_with(name))
        .ok_or_else(|| {
            ParseError::new("it begins with the name of no distribution that is known")
        })?;
    let version = line
        .split_ascii_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    // os-release gives CentOS the major version alone, all others what this line says.
    let version = match *id {
        "centos" => version.and_then(|version| version.split('.').next()),
        _ => version,
    };
    Ok(Distribution {
        version_id: version.map(str::to_owned),
        pretty_name: Some(line.to_owned()),
        ..distribution(*id)
    })
}

fn first_line(text: &str) -> Result<&str, ParseError> {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .ok_or_else(|| ParseError::new("it is empty"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_of_the_red_hat_family_are_told_apart() {
        for (line, qualifier) in [
            ("CentOS release 6.10 (Final)\n", "centos-6"),
            ("CentOS Linux release 7.9.2009 (Core)\n", "centos-7"),
            ("CentOS Stream release 9\n", "centos-9"),
            (
                "Red Hat Enterprise Linux Server release 7.9 (Maipo)",
                "rhel-7.9",
            ),
            ("Rocky Linux release 9.4 (Blue Onyx)", "rocky-9.4"),
            ("AlmaLinux release 8.9 (Midnight Oncilla)", "almalinux-8.9"),
            ("Oracle Linux Server release 8.9", "ol-8.9"),
            ("Fedora release 40 (Forty)", "fedora-40"),
            ("Amazon Linux release 2 (Karoo)", "amzn-2"),
            ("Amazon Linux AMI release 2018.03", "amzn-2018.03"),
            ("CBL-Mariner 2.0.20240301", "mariner-2.0.20240301"),
        ] {
            let read = red_hat_release(line).expect(line);
            assert_eq!(read.qualifier(), qualifier, "{line}");
        }
        assert!(red_hat_release("Tandberg release 3").is_err());
        assert!(red_hat_release("\n").is_err());
    }

    #[test]
    fn debian_s_point_releases_and_codenames_are_told_apart() {
        assert_eq!(
            debian_version("12.5\n").map(|debian| debian.qualifier()),
            Ok("debian-12".into())
        );
        let sid = debian_version("trixie/sid\n").expect("a codename");
        assert_eq!(
            (sid.version_id, sid.codename.as_deref()),
            (None, Some("trixie"))
        );
        assert!(debian_version("kali-rolling").is_err());
    }

    #[test]
    fn alpine_s_file_is_its_version() {
        assert_eq!(
            alpine_release("3.10.3\n").map(|alpine| alpine.qualifier()),
            Ok("alpine-3.10.3".into())
        );
    }
}
