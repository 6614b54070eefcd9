//! `META-INF/MANIFEST.MF`: what an archive says of itself.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest>: a line has at most 72 bytes, and goes
//! on in the next one if that begins with a space. The main section ends at the first blank line; those after it are about
//! single members.

use std::collections::BTreeMap;

use super::coordinates::{is_id, is_version};
use super::pom::{Pom, is_license};

/// The headers that are read, in lower case: their names are compared so.
const HEADERS: [&str; 11] = [
    "automatic-module-name",
    "bundle-license",
    "bundle-symbolicname",
    "bundle-version",
    "group-id",
    "implementation-title",
    "implementation-vendor-id",
    "implementation-version",
    "plugin-version",
    "short-name",
    "specification-version",
];

/// The main section of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    headers: BTreeMap<&'static str, String>,
}

impl Manifest {
    pub(super) fn read(bytes: &[u8]) -> Self {
        let mut headers = BTreeMap::new();
        let mut current: Option<(&'static str, Vec<u8>)> = None;
        let mut keep = |header: Option<(&'static str, Vec<u8>)>| {
            if let Some((name, value)) = header {
                let value = String::from_utf8_lossy(&value).trim().to_owned();
                headers.insert(name, value);
            }
        };
        for line in lines(bytes).take_while(|line| !line.is_empty()) {
            // Characters can be split over lines: bytes are joined before they are read as text.
            if let Some(more) = line.strip_prefix(b" ") {
                if let Some((_, value)) = &mut current {
                    value.extend_from_slice(more);
                }
                continue;
            }
            keep(current.take());
            current = header(line);
        }
        keep(current);
        Self { headers }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let value = self.headers.get(name)?.as_str();
        Some(value).filter(|value| !value.is_empty())
    }

    /// A Jenkins plugin: the group, the name and the version that its build wrote down.
    pub(super) fn plugin(&self) -> Option<(&str, &str, &str)> {
        // A build from sources has `1.2-SNAPSHOT (private-5e1f-user)`.
        let version = first_word(self.get("plugin-version")?);
        let group = self.get("group-id").filter(|group| is_id(group))?;
        let name = self.get("short-name").filter(|name| is_id(name))?;
        is_version(version).then_some((group, name, version))
    }

    /// The title, if it is an artifact's name and no sentence or Java package.
    pub(super) fn artifact(&self) -> Option<&str> {
        self.get("implementation-title")
            .filter(|title| is_id(title) && !title.contains('.'))
    }

    /// Maven's default for `Implementation-Vendor-Id` is the group.
    pub(super) fn vendor_id(&self) -> Option<&str> {
        self.get("implementation-vendor-id").filter(|id| is_id(id))
    }

    /// The framework's name of the bundle, without its directives.
    pub(super) fn symbolic_name(&self) -> Option<&str> {
        let (name, _) = split_first(self.get("bundle-symbolicname")?, ';');
        Some(name.trim()).filter(|name| is_id(name))
    }

    /// The version; that of a specification only where there is no other.
    pub(super) fn version(&self) -> Option<&str> {
        [
            "implementation-version",
            "bundle-version",
            "specification-version",
        ]
        .iter()
        .filter_map(|name| Some(first_word(self.get(name)?)))
        .find(|version| is_version(version))
    }

    /// The Java runtime's own archives say that they are: their version is that of the runtime.
    pub(super) fn is_of_the_runtime(&self) -> bool {
        self.get("implementation-title") == Some("Java Runtime Environment")
    }

    /// The bundle's licences: each the first part of its clause, a name or an address.
    ///
    /// <https://docs.osgi.org/specification/osgi.core/8.0.0/framework.module.html#framework.module.bundle-license>
    pub(super) fn licenses(&self) -> Vec<String> {
        clauses(self.get("bundle-license").unwrap_or_default())
            .map(|clause| split_first(clause, ';').0.trim().trim_matches('"').trim())
            .filter(|license| is_license(license) && *license != "<<EXTERNAL>>")
            .take(Pom::LICENSES)
            .map(str::to_owned)
            .collect()
    }
}

/// Lines that end with CR LF, LF or CR.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let (line, after) = rest.split_at_checked(end)?;
        rest = after
            .strip_prefix(b"\r\n")
            .or_else(|| after.get(1..))
            .unwrap_or_default();
        Some(line)
    })
}

fn header(line: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    let colon = memchr::memchr(b':', line)?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = HEADERS
        .into_iter()
        .find(|header| name.eq_ignore_ascii_case(header.as_bytes()))?;
    Some((name, value.get(1..)?.to_vec()))
}

/// Parts between commas that stand outside of quotes.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

fn split_first(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_go_on_after_a_space_and_only_the_main_section_counts() {
        let manifest = Manifest::read(
            "Manifest-Version: 1.0\r\nBundle-SymbolicName: org.apache.felix.fr\r\n amework;singleton:=true\r\nbundle-version: 7.0.5\r\n\r\nName: x\r\nBundle-Version: 9\r\n"
                .as_bytes(),
        );
        assert_eq!(manifest.symbolic_name(), Some("org.apache.felix.framework"));
        assert_eq!(manifest.version(), Some("7.0.5"));
    }

    #[test]
    fn a_character_may_be_split_over_two_lines() {
        let manifest = Manifest::read(b"Bundle-License: \xc3\r \xa4\rX: 1");
        assert_eq!(manifest.licenses(), ["ä"]);
    }

    #[test]
    fn a_version_is_one_word_with_a_number() {
        for (text, version) in [
            ("Implementation-Version: 1.2 (build 7)\n", Some("1.2")),
            (
                "Implementation-Version: ${version}\nBundle-Version: 3\n",
                Some("3"),
            ),
            (
                "Implementation-Version:\nSpecification-Version: 2.5\n",
                Some("2.5"),
            ),
            ("Implementation-Version: unspecified\n", None),
            ("", None),
        ] {
            assert_eq!(Manifest::read(text.as_bytes()).version(), version, "{text}");
        }
    }

    #[test]
    fn a_title_that_is_a_sentence_or_a_java_package_names_no_artifact() {
        for (title, artifact) in [
            ("spring-core", Some("spring-core")),
            ("Apache Tomcat", None),
            ("org.dom4j", None),
            ("", None),
        ] {
            let manifest = Manifest::read(format!("Implementation-Title: {title}\n").as_bytes());
            assert_eq!(manifest.artifact(), artifact, "{title}");
        }
    }

    #[test]
    fn licences_are_told_apart_outside_of_quotes() {
        let licenses =
            |text: &str| Manifest::read(format!("Bundle-License: {text}\n").as_bytes()).licenses();
        assert_eq!(
            licenses("\"Apache-2.0\";link=\"https://a,b\", MIT; description=x"),
            ["Apache-2.0", "MIT"]
        );
        assert_eq!(licenses("<<EXTERNAL>>"), [""; 0]);
    }

    #[test]
    fn a_plugin_needs_its_group_its_name_and_its_version() {
        let text =
            "Group-Id: org.jenkins-ci.plugins\nShort-Name: git\nPlugin-Version: 4.11.0 (private)\n";
        assert_eq!(
            Manifest::read(text.as_bytes()).plugin(),
            Some(("org.jenkins-ci.plugins", "git", "4.11.0"))
        );
        let without = text.replace("Group-Id", "Group");
        assert_eq!(Manifest::read(without.as_bytes()).plugin(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let manifest = Manifest::read(&bytes);
            let _ = (manifest.licenses(), manifest.version());
        }
    }
}
