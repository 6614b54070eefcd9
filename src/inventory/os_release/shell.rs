//! Files of shell assignments: os-release(5), and lsb-release with other names.

use std::collections::BTreeMap;

use super::distribution;
use crate::layers::ParseError;
use crate::model::Distribution;

/// Reads os-release(5).
pub(super) fn os_release(text: &str) -> Result<Distribution, ParseError> {
    let mut values = assignments(text)?;
    let mut take = |name: &str| values.remove(name).filter(|value| !value.is_empty());
    Ok(Distribution {
        // "If not set, a default of ID=linux may be used."
        id: take("ID").map_or_else(|| "linux".into(), |id| id.to_ascii_lowercase()),
        id_like: take("ID_LIKE").map_or_else(Vec::new, |like| {
            like.split_ascii_whitespace()
                .map(str::to_ascii_lowercase)
                .collect()
        }),
        version_id: take("VERSION_ID"),
        codename: take("VERSION_CODENAME"),
        pretty_name: take("PRETTY_NAME"),
        ..Distribution::default()
    })
}

/// Reads `etc/lsb-release`, which Ubuntu had before os-release.
pub(super) fn lsb_release(text: &str) -> Result<Distribution, ParseError> {
    let mut values = assignments(text)?;
    let mut take = |name: &str| values.remove(name).filter(|value| !value.is_empty());
    let id = take("DISTRIB_ID").ok_or_else(|| ParseError::new("it has no DISTRIB_ID"))?;
    Ok(Distribution {
        version_id: take("DISTRIB_RELEASE"),
        codename: take("DISTRIB_CODENAME"),
        pretty_name: take("DISTRIB_DESCRIPTION"),
        ..distribution(id.to_ascii_lowercase())
    })
}

/// The assignments of a file; as in a shell, the last one of a name counts. Other lines are passed over.
fn assignments(text: &str) -> Result<BTreeMap<&str, String>, ParseError> {
    let values: BTreeMap<&str, String> = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name, unquote(value)))
        .collect();
    if values.is_empty() {
        return Err(ParseError::new("no line of it is NAME=value"));
    }
    Ok(values)
}

/// Takes the quotes off a value. In double quotes a backslash escapes, in single quotes nothing does (os-release(5):
/// "special characters … must be escaped with backslashes, following shell style"); what follows the closing quote is a
/// comment or a mistake.
fn unquote(value: &str) -> String {
    let mut rest = value.chars();
    let quote = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            rest.next();
            Some(quote)
        }
        _ => None,
    };
    let mut plain = String::with_capacity(value.len());
    while let Some(next) = rest.next() {
        match next {
            next if quote == Some(next) => break,
            '\\' if quote != Some('\'') => plain.extend(rest.next()),
            next if quote.is_none() && next.is_whitespace() => break,
            next => plain.push(next),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lose_their_quotes_as_in_a_shell() {
        for (value, plain) in [
            ("debian", "debian"),
            ("\"22.04\"", "22.04"),
            ("'9.4'", "9.4"),
            (r#""a \"b\" \$c \\ \`d""#, r#"a "b" $c \ `d"#),
            (r"'a\b'", r"a\b"),
            (r"a\ b", "a b"),
            ("3.19 # comment", "3.19"),
            ("\"open", "open"),
            ("\"\"", ""),
            ("", ""),
            ("\\", ""),
        ] {
            assert_eq!(unquote(value), plain, "{value}");
        }
    }

    #[test]
    fn the_distributions_that_people_use_are_read() {
        let samples = [
            (
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n",
                ("debian", "", "12", "bookworm"),
            ),
            (
                "PRETTY_NAME=\"Debian GNU/Linux trixie/sid\"\nNAME=\"Debian GNU/Linux\"\nVERSION_CODENAME=trixie\nID=debian\n",
                ("debian", "", "", "trixie"),
            ),
            (
                "PRETTY_NAME=\"Ubuntu 22.04.4 LTS\"\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=jammy\n",
                ("ubuntu", "debian", "22.04", "jammy"),
            ),
            (
                "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n",
                ("alpine", "", "3.20.3", ""),
            ),
            (
                "ID=wolfi\nNAME=\"Wolfi\"\nPRETTY_NAME=\"Wolfi\"\nVERSION_ID=\"20230201\"\n",
                ("wolfi", "", "20230201", ""),
            ),
            (
                "NAME=\"Red Hat Enterprise Linux\"\nVERSION=\"9.4 (Plow)\"\nID=\"rhel\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"9.4\"\nPLATFORM_ID=\"platform:el9\"\n",
                ("rhel", "fedora", "9.4", ""),
            ),
            (
                "NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"8.9\"\n",
                ("rocky", "rhel centos fedora", "8.9", ""),
            ),
            (
                "NAME=\"Amazon Linux\"\nVERSION=\"2023\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n",
                ("amzn", "fedora", "2023", ""),
            ),
            (
                "NAME=\"openSUSE Leap\"\nID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\nVERSION_ID=\"15.6\"\n",
                ("opensuse-leap", "suse opensuse", "15.6", ""),
            ),
            (
                "NAME=\"Common Base Linux Mariner\"\nVERSION=\"2.0.20240301\"\nID=mariner\nVERSION_ID=\"2.0\"\n",
                ("mariner", "", "2.0", ""),
            ),
            (
                "# rolling\r\nID='arch'\r\nBUILD_ID=rolling\r\n",
                ("arch", "", "", ""),
            ),
            ("NAME=Something\n", ("linux", "", "", "")),
        ];
        for (text, (id, id_like, version_id, codename)) in samples {
            let read = os_release(text).expect(text);
            assert_eq!(
                (
                    read.id.as_str(),
                    read.id_like.join(" ").as_str(),
                    read.version_id.as_deref().unwrap_or_default(),
                    read.codename.as_deref().unwrap_or_default()
                ),
                (id, id_like, version_id, codename),
                "{text}"
            );
        }
    }

    #[test]
    fn lsb_release_is_read_and_needs_an_id() {
        let text = "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\nDISTRIB_CODENAME=precise\nDISTRIB_DESCRIPTION=\"Ubuntu 12.04.5 LTS\"\n";
        let ubuntu = lsb_release(text).expect("an lsb-release");
        assert_eq!(ubuntu.qualifier(), "ubuntu-12.04");
        assert_eq!(ubuntu.codename.as_deref(), Some("precise"));
        assert_eq!(ubuntu.pretty_name.as_deref(), Some("Ubuntu 12.04.5 LTS"));
        assert!(lsb_release("DISTRIB_RELEASE=12.04\n").is_err());
    }
}
