//! Module streams and severity out of an erratum's title: `Moderate: nodejs:18 security update`.
//!
//! The OSV records of `AlmaLinux`, Rocky Linux and Red Hat have no field for the stream that a build is of, but the titles
//! of errata on modules name it (of `AlmaLinux`' 20,750 modular fixes all but 243).

use crate::advisories::advisory::Range;
use crate::advisories::ecosystem;

/// The severity that a title begins with: `Important: curl security update`.
pub(super) fn severity(title: &str) -> Option<&str> {
    let (word, _) = title.split_once(": ")?;
    ["Critical", "Important", "Moderate", "Low"]
        .into_iter()
        .find(|known| *known == word)
}

/// Notes the streams in the ranges that end with a build of a module.
pub(super) fn tell_streams(title: &str, ranges: &mut [Range]) {
    let is_of_module = |range: &Range| {
        let fixed = range.fixed.as_deref();
        fixed.is_some_and(|fixed| fixed.contains(".module"))
            && ecosystem::cves_are_related(&range.ecosystem)
    };
    let mut of_modules = ranges
        .iter_mut()
        .filter(|range| is_of_module(range))
        .peekable();
    if of_modules.peek().is_none() {
        return;
    }
    let streams = streams(title);
    for range in of_modules {
        range.module.clone_from(&streams);
    }
}

/// The streams that a title names, with a space between them: `virt:rhel virt-devel:rhel`.
fn streams(title: &str) -> String {
    let words = title.split([' ', ',', ';']);
    let streams: Vec<&str> = words.filter(|word| is_stream(word)).collect();
    streams.join(" ")
}

fn is_stream(word: &str) -> bool {
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    word.split_once(':')
        .is_some_and(|(module, stream)| is_name(module) && is_name(stream))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_begins_with_the_severity_or_has_none() {
        assert_eq!(
            severity("Important: curl security update"),
            Some("Important")
        );
        assert_eq!(severity("curl: security update"), None);
        assert_eq!(severity("Important security update"), None);
    }

    #[test]
    fn titles_name_one_stream_or_several_or_none() {
        for (title, expected) in [
            (
                "Moderate: nodejs:18 security, bug fix, and enhancement update",
                "nodejs:18",
            ),
            (
                "Red Hat Security Advisory: container-tools:rhel8 security update",
                "container-tools:rhel8",
            ),
            (
                "Important: virt:rhel and virt-devel:rhel security update",
                "virt:rhel virt-devel:rhel",
            ),
            (
                "perl-IO-Socket-SSL:2.066 and perl-libwww-perl:6.34, update",
                "perl-IO-Socket-SSL:2.066 perl-libwww-perl:6.34",
            ),
            ("Important: varnish security update", ""),
            ("See https://example.test and a::b", ""),
        ] {
            assert_eq!(streams(title), expected);
        }
    }
}
