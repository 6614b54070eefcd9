//! The group of an archive that has no `pom.properties`: those that Gradle, Ant or bnd built.
//!
//! Advisories are keyed by group and artifact, so a wrong group is worse than none: it finds another's advisories. A group
//! is given only where the repository's path, the artifact's name or the manifest leaves one answer.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::coordinates::{Coordinates, is_id};
use super::manifest::Manifest;

/// The one table; it says in its head how it is read.
const TABLE: &str = include_str!("groups.txt");

static WELL_KNOWN: LazyLock<WellKnown> = LazyLock::new(|| WellKnown::read(TABLE));

/// The table, by artifact.
#[derive(Default)]
struct WellKnown {
    /// Several only where their versions differ.
    artifacts: BTreeMap<&'static str, Vec<(Versions, &'static str)>>,
    /// How artifacts of a family begin.
    families: Vec<(&'static str, &'static str)>,
}

/// The versions of an artifact that are of a group, by their major number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Versions {
    All,
    Before(u32),
    Since(u32),
}

impl WellKnown {
    fn read(table: &'static str) -> Self {
        let mut read = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split(' ');
            let group = words.next().unwrap_or_default();
            for word in words {
                if let Some(family) = word.strip_suffix('*') {
                    read.families.push((family, group));
                    continue;
                }
                let (artifact, versions) = Versions::read(word);
                let groups = read.artifacts.entry(artifact).or_default();
                groups.push((versions, group));
            }
        }
        read
    }

    fn group(&self, artifact: &str, version: &str) -> Option<&'static str> {
        if let Some(groups) = self.artifacts.get(artifact) {
            let has_it = |(versions, _): &&(Versions, _)| versions.contain(version);
            return groups.iter().find(has_it).map(|(_, group)| *group);
        }
        let is_of_it = |(family, _): &&(&str, _)| artifact.starts_with(family);
        self.families.iter().find(is_of_it).map(|(_, group)| *group)
    }
}

impl Versions {
    fn read(word: &str) -> (&str, Self) {
        let bounded = |bound: &str, make: fn(u32) -> Self| {
            let (artifact, number) = word.split_once(bound)?;
            Some((artifact, make(number.parse().ok()?)))
        };
        bounded(">=", Self::Since)
            .or_else(|| bounded("<", Self::Before))
            .unwrap_or((word, Self::All))
    }

    fn contain(self, version: &str) -> bool {
        let major = version
            .split(['.', '-'])
            .next()
            .and_then(|major| major.parse::<u32>().ok());
        match self {
            Self::All => true,
            Self::Before(bound) => major.is_some_and(|major| major < bound),
            Self::Since(bound) => major.is_some_and(|major| major >= bound),
        }
    }
}

/// The group of an artifact, where it can be told. `path` is that of its archive.
pub(super) fn group_of(
    artifact: &str,
    version: &str,
    manifest: &Manifest,
    path: &str,
) -> Option<String> {
    Coordinates::of_repository(path)
        .filter(|named| named.artifact == artifact)
        .map(|named| named.group)
        .or_else(|| well_known(artifact, version).map(str::to_owned))
        .or_else(|| {
            let manifest = Some(manifest).filter(|manifest| is_about(manifest, version))?;
            let of_bundle = of_bundle(artifact, manifest.symbolic_name().unwrap_or_default());
            of_bundle.or_else(|| of_vendor(manifest)).map(str::to_owned)
        })
}

/// Whether the manifest can be that of an archive of this version. Where archives were merged, it can be that of another
/// one: `hadoop-client-runtime-3.3.4.jar` has the manifest of a Protobuf 1.1.1.
fn is_about(manifest: &Manifest, version: &str) -> bool {
    manifest
        .version()
        .is_none_or(|own| first_number(own) == first_number(version))
}

fn first_number(version: &str) -> &str {
    let end = version.find(|c: char| !c.is_ascii_digit());
    version
        .get(..end.unwrap_or(version.len()))
        .unwrap_or_default()
}

/// The group that the table has for an artifact of this version.
pub(super) fn well_known(artifact: &str, version: &str) -> Option<&'static str> {
    WELL_KNOWN.group(artifact, version)
}

/// The group in a bundle's name that is `GROUP.ARTIFACT`, as Maven's plugin for bundles makes it. An artifact of a single
/// word leaves two answers (`com.google.guava` is group and artifact in one, `org.yaml.snakeyaml` is not), so it leaves
/// none here; and a name that has dots for the artifact's dashes is as often that of the Java package.
///
/// `DefaultMaven2OsgiConverter` of maven-bundle-plugin.
fn of_bundle<'a>(artifact: &str, symbolic_name: &'a str) -> Option<&'a str> {
    let group = symbolic_name.strip_suffix(artifact)?.strip_suffix('.')?;
    let is_sure = artifact.contains('-') && group.contains('.');
    Some(group).filter(|group| is_sure && is_id(group))
}

/// Maven's default for `Implementation-Vendor-Id`. Without a second part it is the whole organisation (`org.apache`), a word
/// or the author's own idea.
fn of_vendor(manifest: &Manifest) -> Option<&str> {
    manifest
        .vendor_id()
        .filter(|id| id.contains('.') && !matches!(*id, "org.apache" | "com.sun" | "com.oracle"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(artifact: &str, version: &str, manifest: &str) -> Option<String> {
        let manifest = Manifest::read(manifest.as_bytes());
        group_of(artifact, version, &manifest, "opt/x.jar")
    }

    #[test]
    fn the_table_is_well_formed_and_says_each_thing_once() {
        let lines: Vec<&str> = TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert!(lines.is_sorted());
        for (artifact, groups) in &WELL_KNOWN.artifacts {
            assert!(is_id(artifact), "{artifact}");
            assert!(groups.iter().all(|(_, group)| is_id(group)), "{artifact}");
            let versions: Vec<Versions> = groups.iter().map(|(versions, _)| *versions).collect();
            assert!(
                versions.len() == 1 || !versions.contains(&Versions::All),
                "{artifact}"
            );
        }
        let families = &WELL_KNOWN.families;
        assert!(
            families
                .iter()
                .all(|(family, group)| is_id(family) && is_id(group))
        );
    }

    #[test]
    fn groups_of_archives_without_coordinates_are_right_or_not_given() {
        let vendor = "Implementation-Vendor-Id: ";
        let bundle = "Bundle-SymbolicName: ";
        for (artifact, version, manifest, expected) in [
            (
                "spring-core",
                "5.3.17",
                String::new(),
                Some("org.springframework"),
            ),
            (
                "spring-boot",
                "2.6.5",
                String::new(),
                Some("org.springframework.boot"),
            ),
            (
                "spring-boot-starter-web",
                "2.6.5",
                String::new(),
                Some("org.springframework.boot"),
            ),
            (
                "tomcat-embed-core",
                "9.0.56",
                String::new(),
                Some("org.apache.tomcat.embed"),
            ),
            (
                "tomcat-catalina",
                "9.0.50",
                String::new(),
                Some("org.apache.tomcat"),
            ),
            // What the manifest says is not always the group.
            (
                "mysql-connector-java",
                "8.0.25",
                format!("{vendor}com.mysql\n"),
                Some("mysql"),
            ),
            (
                "commons-io",
                "2.11.0",
                format!("{vendor}org.apache\n{bundle}org.apache.commons.io\n"),
                Some("commons-io"),
            ),
            (
                "h2",
                "1.4.200",
                format!("{bundle}com.h2database\n"),
                Some("com.h2database"),
            ),
            ("dom4j", "1.6.1", String::new(), Some("dom4j")),
            ("dom4j", "2.1.3", String::new(), Some("org.dom4j")),
            (
                "hibernate-core",
                "5.4.10.Final",
                String::new(),
                Some("org.hibernate"),
            ),
            (
                "bcprov-jdk15on",
                "1.68",
                format!("{vendor}org.bouncycastle\n"),
                Some("org.bouncycastle"),
            ),
            (
                "netty-codec-http",
                "4",
                format!("{bundle}io.netty.codec-http\n"),
                None,
            ),
            (
                "jackson-databind",
                "2",
                format!("{bundle}com.fasterxml.jackson.core.jackson-databind\n"),
                Some("com.fasterxml.jackson.core"),
            ),
            (
                "org.apache.felix.framework",
                "7",
                format!("{bundle}org.apache.felix.framework\n"),
                None,
            ),
            (
                "jetty-server",
                "9",
                format!("{bundle}org.eclipse.jetty.server\n"),
                None,
            ),
            ("unheard", "1", format!("{bundle}org.unheard\n"), None),
            ("unheard", "1", format!("{vendor}org.apache\n"), None),
            ("unheard", "1", format!("{vendor}unheard\n"), None),
            ("unheard", "1", String::new(), None),
        ] {
            assert_eq!(
                group(artifact, version, &manifest).as_deref(),
                expected,
                "{artifact} {manifest}"
            );
        }
    }

    #[test]
    fn the_manifest_of_an_archive_that_was_merged_into_it_names_no_group() {
        let manifest = |version: &str| {
            format!("Implementation-Version: {version}\nImplementation-Vendor-Id: org.unheard\n")
        };
        assert_eq!(group("unheard", "3.3.4", &manifest("1.1.1")), None);
        assert_eq!(
            group("unheard", "3.3.4", &manifest("3.3")).as_deref(),
            Some("org.unheard")
        );
    }
}
