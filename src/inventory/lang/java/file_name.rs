//! What the name of an archive's file tells: `ARTIFACT-VERSION-CLASSIFIER.jar`, as repositories name them.
//!
//! Nothing marks where the version begins or ends. It begins with the first part after a dash that begins with a digit,
//! and goes on as long as parts are of a kind that versions have: what follows is a classifier.

use super::coordinates::{is_id, is_version};

/// An archive's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileName<'a> {
    /// Without the ending.
    pub(super) stem: &'a str,
    /// The artifact; the stem where there is no version.
    pub(super) artifact: &'a str,
    pub(super) version: Option<&'a str>,
}

impl<'a> FileName<'a> {
    pub(super) fn of(name: &'a str) -> Self {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let (artifact, version) = match bundle_version_of(stem).or_else(|| version_of(stem)) {
            Some((artifact, version)) => (artifact, Some(version)),
            None => (stem, None),
        };
        Self {
            stem,
            artifact,
            version,
        }
    }

    /// Whether it is the name of this artifact's archive. Quarkus puts the group in front of it.
    pub(super) fn names(&self, group: &str, artifact: &str) -> bool {
        let is = |name: &str| {
            name == artifact
                || name
                    .strip_prefix(group)
                    .and_then(|rest| rest.strip_prefix('.'))
                    == Some(artifact)
        };
        is(self.artifact) || is(self.stem)
    }
}

fn version_of(stem: &str) -> Option<(&str, &str)> {
    let mut start = None;
    let mut word_since = false;
    let mut at = 0;
    for part in stem.split('-') {
        let is_number = at > 0 && part.starts_with(|c: char| c.is_ascii_digit());
        if start.is_none() {
            start = is_number.then_some(at);
        } else if is_number && word_since && part.contains('.') {
            // In `log4j-1.2-api-2.14.1` the first number belongs to the name: a word parts it from the next.
            start = Some(at);
            word_since = false;
        } else {
            word_since |= !is_of_version(part);
        }
        at += part.len() + 1;
    }
    let start = start?;
    let version = stem.get(start..)?;
    let mut end = version.find('-').unwrap_or(version.len());
    for part in version.split('-').skip(1) {
        if !is_of_version(part) {
            break;
        }
        end += 1 + part.len();
    }
    let (artifact, version) = (stem.get(..start - 1)?, version.get(..end)?);
    (is_id(artifact) && is_version(version)).then_some((artifact, version))
}

/// Eclipse names its bundles `org.eclipse.osgi_3.17.0.v20210823-1805`: always with three numbers, unlike Scala's
/// `scala-xml_2.13-1.3.0`.
fn bundle_version_of(stem: &str) -> Option<(&str, &str)> {
    let (name, version) = stem.rsplit_once('_')?;
    let numbers = version.split('-').next()?.split('.').take(3);
    let is_bundle = name.contains('.')
        && numbers
            .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
            .count()
            == 3;
    (is_bundle && is_id(name) && is_version(version)).then_some((name, version))
}

/// Whether a part after a dash goes on with the version: a number, or a word that versions have, with or without one.
fn is_of_version(part: &str) -> bool {
    const WORDS: [&str; 24] = [
        "a",
        "alpha",
        "android",
        "b",
        "beta",
        "build",
        "cr",
        "ea",
        "final",
        "ga",
        "hotfix",
        "incubating",
        "jre",
        "m",
        "milestone",
        "p",
        "pre",
        "r",
        "rc",
        "redhat",
        "release",
        "rev",
        "snapshot",
        "sp",
    ];
    let word = part
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    let rest = part.get(word.len()..).unwrap_or_default();
    let is_number = rest.bytes().all(|byte| !byte.is_ascii_alphabetic());
    (word.is_empty() || WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) && is_number)
        && !part.is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_real_archives_are_taken_apart() {
        for (name, artifact, version) in [
            ("log4j-core-2.14.1.jar", "log4j-core", "2.14.1"),
            ("log4j-1.2-api-2.14.1.jar", "log4j-1.2-api", "2.14.1"),
            ("guava-31.1-jre.jar", "guava", "31.1-jre"),
            ("guava-r09.jar", "guava-r09", ""),
            (
                "netty-transport-native-epoll-4.1.70.Final-linux-x86_64.jar",
                "netty-transport-native-epoll",
                "4.1.70.Final",
            ),
            (
                "hadoop-shaded-guava-1.1.0-SNAPSHOT.jar",
                "hadoop-shaded-guava",
                "1.1.0-SNAPSHOT",
            ),
            ("bcprov-jdk15on-1.68.jar", "bcprov-jdk15on", "1.68"),
            ("kafka_2.13-2.8.0.jar", "kafka_2.13", "2.8.0"),
            (
                "jboss-servlet-api_3.0_spec-1.0.0.Final.jar",
                "jboss-servlet-api_3.0_spec",
                "1.0.0.Final",
            ),
            ("struts2-core-2.5.20-sources.jar", "struts2-core", "2.5.20"),
            ("hive-exec-3.1.2-core.jar", "hive-exec", "3.1.2"),
            (
                "app-1.0-20210823.180500-1.jar",
                "app",
                "1.0-20210823.180500-1",
            ),
            ("spring-boot-2.0.0.RC1.jar", "spring-boot", "2.0.0.RC1"),
            (
                "jaxb-impl-2.3.0-b170127.1453.jar",
                "jaxb-impl",
                "2.3.0-b170127.1453",
            ),
            (
                "hibernate-core-6.0.0.Alpha7.jar",
                "hibernate-core",
                "6.0.0.Alpha7",
            ),
            ("foo-1.0-beta-2-tests.jar", "foo", "1.0-beta-2"),
            (
                "structs-324.va_f5d6774f3a_d.hpi",
                "structs",
                "324.va_f5d6774f3a_d",
            ),
            (
                "org.eclipse.osgi_3.17.0.v20210823-1805.jar",
                "org.eclipse.osgi",
                "3.17.0.v20210823-1805",
            ),
            (
                "org.scala-lang.modules.scala-xml_2.13-1.3.0.jar",
                "org.scala-lang.modules.scala-xml_2.13",
                "1.3.0",
            ),
            (
                "org.eclipse.osgi_3.17.0.v20210823.jar",
                "org.eclipse.osgi",
                "3.17.0.v20210823",
            ),
            (
                "io.netty.netty-codec-4.1.70.Final.jar",
                "io.netty.netty-codec",
                "4.1.70.Final",
            ),
            ("app.jar", "app", ""),
            ("catalina-ant.jar", "catalina-ant", ""),
            ("x", "x", ""),
            (".jar", "", ""),
            ("-1.jar", "-1", ""),
        ] {
            let read = FileName::of(name);
            let version = (!version.is_empty()).then_some(version);
            assert_eq!((read.artifact, read.version), (artifact, version), "{name}");
        }
    }

    #[test]
    fn an_artifact_is_known_with_its_group_in_front_or_without_a_version() {
        let names = |file, group, artifact| FileName::of(file).names(group, artifact);
        assert!(names(
            "netty-codec-4.1.70.Final.jar",
            "io.netty",
            "netty-codec"
        ));
        assert!(names(
            "io.netty.netty-codec-4.1.70.Final.jar",
            "io.netty",
            "netty-codec"
        ));
        assert!(names("netty-codec.jar", "io.netty", "netty-codec"));
        assert!(names("ojdbc-1-2.jar", "x", "ojdbc-1-2"));
        assert!(!names("netty-codec-4.1.jar", "io.netty", "netty"));
    }

    proptest! {
        #[test]
        fn any_name_is_taken_apart_without_a_panic(name in "[a-z0-9._äé-]{0,30}") {
            let _ = FileName::of(&name);
        }
    }
}
