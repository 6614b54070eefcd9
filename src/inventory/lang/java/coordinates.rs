//! Maven coordinates, and the `pom.properties` that Maven writes into each archive that it builds.
//!
//! <https://maven.apache.org/shared/maven-archiver/#pom-properties-content>. The names that Maven allows are those of its
//! `DefaultModelValidator`.

use crate::model::path_file_name;

/// Longest part of a coordinate: five times the longest that repositories hold.
const LONGEST: usize = 300;

/// What an archive says that it is, or that it contains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Coordinates {
    pub(super) group: String,
    pub(super) artifact: String,
    /// Absent where only the path of a `pom.xml` or `pom.properties` is known.
    pub(super) version: Option<String>,
}

impl Coordinates {
    /// From the content of a `pom.properties`; what it does not say well is taken from its path.
    pub(super) fn of_properties(content: &[u8], path: &str) -> Option<Self> {
        let (mut group, mut artifact, mut version) = (None, None, None);
        let text = String::from_utf8_lossy(content);
        for line in text.lines().map(str::trim) {
            if line.starts_with(['#', '!']) {
                continue;
            }
            let Some((key, value)) = line.split_once(['=', ':']) else {
                continue;
            };
            // The last one counts, as in `java.util.Properties`; a backslash only stands before a special character.
            let value = value.trim().replace('\\', "");
            match key.trim() {
                "groupId" => group = Some(value).filter(|value| is_id(value)),
                "artifactId" => artifact = Some(value).filter(|value| is_id(value)),
                "version" => version = Some(value).filter(|value| is_version(value)),
                _ => {}
            }
        }
        let named = Self::of_path(path);
        let (named_group, named_artifact) = match named {
            Some(named) => (Some(named.group), Some(named.artifact)),
            None => (None, None),
        };
        Some(Self {
            group: group.or(named_group)?,
            artifact: artifact.or(named_artifact)?,
            version,
        })
    }

    /// From the path of a member: `META-INF/maven/GROUP/ARTIFACT/pom.xml`.
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let mut parts = path.rsplit('/').skip(1);
        let (artifact, group) = (parts.next()?, parts.next()?);
        let in_maven = parts.next() == Some("maven") && parts.next() == Some("META-INF");
        (in_maven && is_id(group) && is_id(artifact)).then(|| Self {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: None,
        })
    }

    /// From where the archive itself lies, in a local repository of Maven
    /// (`repository/org/apache/ARTIFACT/VERSION/ARTIFACT-VERSION.jar`) or the cache of Gradle
    /// (`files-2.1/GROUP/ARTIFACT/VERSION/SHA1/ARTIFACT-VERSION.jar`).
    pub(super) fn of_repository(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        if let [.., "files-2.1", group, artifact, version, _, _] = parts.as_slice() {
            return Self::named(group, artifact, version, path);
        }
        let [folders @ .., artifact, version, _] = parts.as_slice() else {
            return None;
        };
        let start = folders.iter().rposition(|part| *part == "repository")?;
        let group = folders.get(start + 1..)?.join(".");
        Self::named(&group, artifact, version, path)
    }

    /// Only where the file's name agrees.
    fn named(group: &str, artifact: &str, version: &str, path: &str) -> Option<Self> {
        let rest = path_file_name(path)
            .strip_prefix(artifact)?
            .strip_prefix('-')?;
        let agrees = rest.starts_with(version) && is_id(group) && is_id(artifact);
        (agrees && is_version(version)).then(|| Self {
            group: group.to_owned(),
            artifact: artifact.to_owned(),
            version: Some(version.to_owned()),
        })
    }
}

/// Whether it can be a group's or an artifact's name. `${project.groupId}` that nobody replaced cannot.
pub(super) fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(allowed)
        && text.bytes().any(|byte| byte.is_ascii_alphanumeric())
}

/// Whether it can be a version that a range is about: it has a digit, and nothing of a property or of a sentence.
pub(super) fn is_version(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len())
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'~')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "META-INF/maven/org.apache.logging.log4j/log4j-core/pom.properties";

    fn of(content: &str) -> Option<(String, String, Option<String>)> {
        Coordinates::of_properties(content.as_bytes(), PATH)
            .map(|read| (read.group, read.artifact, read.version))
    }

    #[test]
    fn properties_are_read_in_the_forms_that_java_allows() {
        for content in [
            "#Generated by Maven\n#Sat Mar 06 22:38:29 UTC 2021\nversion=2.14.1\ngroupId=g.h\nartifactId=a-b\n",
            "groupId = g.h\r\nartifactId: a-b\r\n! note\r\nversion=0\r\nversion=2.14.1\r\n",
            "artifactId=a-b\ngroupId=g.h\nversion=2\\.14.1",
        ] {
            let expected = ("g.h".into(), "a-b".into(), Some("2.14.1".into()));
            assert_eq!(of(content), Some(expected), "{content}");
        }
    }

    #[test]
    fn what_the_properties_do_not_say_is_taken_from_their_path() {
        let named = |version: Option<&str>| {
            Some((
                "org.apache.logging.log4j".to_owned(),
                "log4j-core".to_owned(),
                version.map(str::to_owned),
            ))
        };
        assert_eq!(of("version=1\n"), named(Some("1")));
        assert_eq!(
            of("version=${project.version}\ngroupId=${project.groupId}\n"),
            named(None)
        );
        assert_eq!(of(""), named(None));
        assert_eq!(
            Coordinates::of_properties(b"version=1", "pom.properties"),
            None
        );
    }

    #[test]
    fn a_path_in_a_repository_tells_the_group() {
        for (path, group) in [
            (
                "root/.m2/repository/org/yaml/snakeyaml/1.30/snakeyaml-1.30.jar",
                Some("org.yaml"),
            ),
            (
                "home/gradle/caches/modules-2/files-2.1/org.yaml/snakeyaml/1.30/8fde7fe2586328ac3c68db92045e1c8759125000/snakeyaml-1.30.jar",
                Some("org.yaml"),
            ),
            ("opt/app/repository/snakeyaml/1.30/other-1.30.jar", None),
            ("opt/repository/snakeyaml/1.30/snakeyaml-1.30.jar", None),
            ("opt/org/yaml/snakeyaml/1.30/snakeyaml-1.30.jar", None),
            ("snakeyaml-1.30.jar", None),
        ] {
            let read = Coordinates::of_repository(path);
            assert_eq!(
                read.as_ref().map(|read| read.group.as_str()),
                group,
                "{path}"
            );
        }
    }
}
