//! Dart packages in pub's cache: the `pubspec.yaml` of each.
//!
//! `hosted/HOST/NAME-VERSION/` and `git/NAME-REVISION/` (<https://dart.dev/tools/pub/cmd/pub-cache>, `pub`'s
//! `lib/src/source/`). A program that was compiled ahead of time needs no cache and tells nothing of its packages.
//! `pubspec.lock` and `.dart_tool/package_config.json` choose among what lies in the cache, and are not read: each
//! package would be told twice.

use super::installed::{in_folder, split_version};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType};

/// 1 MiB: pub.dev takes no more than that of a whole description.
const LIMIT: u64 = 1 << 20;

/// Reads the packages of pub's cache.
pub(in crate::inventory) struct Dart;

impl Detector for Dart {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/dart",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("pubspec.yaml")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if Place::of(entry.parent()).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let folder = file.entry.parent();
        let text = String::from_utf8_lossy(file.bytes);
        let field = |name| top_level(&text, name);
        let (name, version, key, value) = match Place::of(folder) {
            // pub itself finds the package by its folder.
            Some(Place::Hosted {
                host,
                name,
                version,
            }) => {
                let is_default = matches!(host, "pub.dev" | "pub.dartlang.org");
                let host = (!is_default).then(|| host.to_owned());
                (name.to_owned(), version.to_owned(), "repository", host)
            }
            Some(Place::Git { revision }) => {
                let missing = |what| ParseError::new(format!("it has no plain {what}"));
                let name = field("name").ok_or_else(|| missing("name"))?;
                let version = field("version").ok_or_else(|| missing("version"))?;
                (name, version, "revision", Some(revision.to_owned()))
            }
            None => return Ok(FileFacts::default()),
        };
        let mut package = Package::new(PackageType::new("pub"), name, version);
        for (key, value) in [(key, value), ("homepage", field("homepage"))] {
            if let Some(value) = value {
                package.properties.insert(key.into(), value);
            }
        }
        Ok(in_folder(package, folder))
    }
}

/// Where in the cache a package lies.
#[derive(Debug, PartialEq, Eq)]
enum Place<'a> {
    Hosted {
        host: &'a str,
        name: &'a str,
        version: &'a str,
    },
    Git {
        revision: &'a str,
    },
}

impl<'a> Place<'a> {
    fn of(folder: &'a str) -> Option<Self> {
        let mut parts = folder.rsplit('/');
        let (package, above) = (parts.next()?, parts.next()?);
        if parts.next() == Some("hosted") {
            // A name is letters, digits and underscores: the first dash ends it.
            let (name, version) = split_version(package)?;
            return Some(Self::Hosted {
                host: above,
                name,
                version,
            });
        }
        let (_, revision) = package.rsplit_once('-')?;
        let is_revision = revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
        (above == "git" && is_revision).then_some(Self::Git { revision })
    }
}

/// The value of a field at the outermost level, `name: value`, plain or in quotes: all that is read of YAML. A value
/// that goes on in further lines, or is anything but a text on this line, is none.
fn top_level(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(name)?.trim_start().strip_prefix(':')?;
        // A colon without white space behind it is part of a word.
        let value = (value.is_empty() || value.starts_with([' ', '\t'])).then(|| value.trim())?;
        let value = match value.chars().next()? {
            quote @ ('"' | '\'') => value.get(1..)?.split_once(quote)?.0,
            '|' | '>' | '[' | '{' | '&' | '*' | '!' | '#' | '%' | '@' | '`' => return None,
            // ` #` begins a comment.
            _ => value.split(" #").next()?.trim_end(),
        };
        (!value.is_empty()).then(|| value.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const ASYNC: &str = "root/.pub-cache/hosted/pub.dev/async-2.11.0/pubspec.yaml";

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Dart, path, text.as_bytes())
            .expect("a package")
            .expect("a path that is wanted")
    }

    #[test]
    fn the_folder_of_a_hosted_package_tells_its_name_and_version() {
        let facts = facts(
            ASYNC,
            "name: async\nversion: 2.11.0\nhomepage: 'https://a' # x\n",
        );
        let package = &facts.packages[0];
        assert_eq!(package.purl(None).as_deref(), Some("pkg:pub/async@2.11.0"));
        assert_eq!(package.properties["homepage"], "https://a");
        assert_eq!(package.properties.get("repository"), None);
        assert_eq!(facts.claims.len(), 1);
    }

    #[test]
    fn a_package_of_another_host_or_of_git_says_so() {
        let path = "r/hosted/dart.example.org/a_b-1.0.0-dev.2+3/pubspec.yaml";
        let package = &facts(path, "").packages[0];
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("a_b", "1.0.0-dev.2+3")
        );
        assert_eq!(package.properties["repository"], "dart.example.org");

        let revision = "0123456789abcdef0123456789abcdef01234567";
        let path = format!("r/git/my-repo-{revision}/pubspec.yaml");
        let package = &facts(&path, "name: a_b\nversion: \"1.2\"\n").packages[0];
        assert_eq!(package.version, "1.2");
        assert_eq!(package.properties["revision"], revision);
        let error = detect_one(&Dart, &path, b"name: a_b\n").expect_err("no version");
        assert_eq!(error.reason, "it has no plain version");
    }

    #[test]
    fn only_plain_texts_of_the_outermost_level_are_read() {
        for (text, version) in [
            ("version: 1.0", Some("1.0")),
            ("version : 1.0 # x", Some("1.0")),
            ("version: '1.0' # x", Some("1.0")),
            ("version: |\n  1.0", None),
            ("version:", None),
            ("version: # x", None),
            ("version:1.0", None),
            ("  version: 1.0", None),
            ("dependencies:\n  version: 1.0\nversion: 2", Some("2")),
            ("versions: 1", None),
        ] {
            assert_eq!(top_level(text, "version").as_deref(), version, "{text}");
        }
    }

    #[test]
    fn only_the_cache_is_read() {
        for (folder, wanted) in [
            ("root/.pub-cache/hosted/pub.dev/async-2.11.0", true),
            ("hosted/pub.dev/async-2.11.0", true),
            ("root/.pub-cache/hosted/pub.dev/async-2.11.0/example", false),
            ("app", false),
            ("app/git/x-1.0", false),
            ("root/.pub-cache/hosted/pub.dev/.cache", false),
        ] {
            assert_eq!(Place::of(folder).is_some(), wanted, "{folder}");
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(name|version|:|'|\"|#| |\\n|é|a){0,30}", folder in "(hosted/|git/|a|-|1|/){0,10}") {
            let _ = detect_one(&Dart, ASYNC, text.as_bytes());
            let _ = detect_one(&Dart, &format!("{folder}/pubspec.yaml"), text.as_bytes());
        }
    }
}
