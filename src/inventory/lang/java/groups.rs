//! The group of an archive that has no `pom.properties`: those that Gradle, Ant or bnd built.
//!
//! Advisories are keyed by group and artifact, so a wrong group is worse than none: it finds another's advisories. A group
//! is given only where the repository's path, the artifact's name or the manifest leaves one answer.

use super::coordinates::{Coordinates, is_id};
use super::manifest::Manifest;

/// The one table; it says in its head how it is read.
const TABLE: &str = include_str!("groups.txt");

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
        .or_else(|| of_bundle(artifact, manifest.symbolic_name()?).map(str::to_owned))
        .or_else(|| of_vendor(manifest).map(str::to_owned))
}

/// The group that the table has for an artifact of this version.
pub(super) fn well_known(artifact: &str, version: &str) -> Option<&'static str> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let (group, artifacts) = line.split_once(' ')?;
            let is_one = |pattern| matches(pattern, artifact, version);
            artifacts.split(' ').any(is_one).then_some(group)
        })
}

fn matches(pattern: &str, artifact: &str, version: &str) -> bool {
    let major = || version.split(['.', '-']).next()?.parse::<u32>().ok();
    let bound = |bound: &str| bound.parse::<u32>().ok();
    if let Some(family) = pattern.strip_suffix('*') {
        artifact.starts_with(family)
    } else if let Some((name, since)) = pattern.split_once(">=") {
        name == artifact && major().is_some_and(|major| Some(major) >= bound(since))
    } else if let Some((name, before)) = pattern.split_once('<') {
        name == artifact && major().is_some_and(|major| Some(major) < bound(before))
    } else {
        pattern == artifact
    }
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
        let mut plain = std::collections::BTreeSet::new();
        for line in lines {
            let mut words = line.split(' ');
            assert!(words.next().is_some_and(is_id), "{line}");
            for pattern in words {
                let name = pattern.split(['<', '>', '*']).next().expect("a name");
                assert!(is_id(name), "{line}");
                assert!(name != pattern || plain.insert(name), "{name} twice");
            }
        }
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
}
