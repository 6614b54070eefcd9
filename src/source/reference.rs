//! What the user types to name an image, in any of its forms.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::model::Digest;

use super::recognise::recognise;
use super::{SourceError, error::shown, image_name};

/// Where an image is to be had from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]` in a registry, `docker.io` where no host is named.
    Registry(oci_distribution::Reference),
    /// `docker-archive:PATH[:NAME]`: a tar as `docker save` writes it, plain or compressed.
    Archive {
        /// The file.
        path: PathBuf,
        /// Which image, if it holds several.
        choice: Option<Choice>,
    },
    /// `oci:PATH[:TAG|@DIGEST]`: an OCI layout, as a folder or in a tar.
    Layout {
        /// The folder or file.
        path: PathBuf,
        /// Which image, if it holds several.
        choice: Option<Choice>,
    },
    /// `docker:NAME`: an image of a container engine on this machine.
    Engine(String),
    /// `dir:PATH`: an unpacked root file system.
    RootFs(PathBuf),
}

/// One image of several in an archive or layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// By its name or tag.
    Name(String),
    /// By the digest of its manifest.
    Digest(Digest),
}

impl Reference {
    /// The reference as it goes into the evidence: without this machine's folders.
    pub fn name(&self) -> String {
        match self {
            Self::Registry(reference) => reference.whole(),
            Self::Archive { path, choice } => named("docker-archive", path, choice.as_ref()),
            Self::Layout { path, choice } => named("oci", path, choice.as_ref()),
            Self::Engine(name) => format!("docker:{name}"),
            Self::RootFs(path) => named("dir", path, None),
        }
    }
}

fn named(form: &str, path: &Path, choice: Option<&Choice>) -> String {
    let choice = match choice {
        Some(Choice::Name(name)) => format!(":{name}"),
        Some(Choice::Digest(digest)) => format!("@{digest}"),
        None => String::new(),
    };
    format!("{form}:{}{choice}", file_name(path))
}

/// The last part of a path, also of `.` and `..`; `/` for the root.
pub(super) fn file_name(path: &Path) -> String {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    name(path)
        .or_else(|| name(&path.canonicalize().ok()?))
        .unwrap_or_else(|| "/".to_owned())
}

impl FromStr for Reference {
    type Err = SourceError;

    /// Looks at the disk where the text may be a path: for where a path ends and a tag begins, and for what a bare path
    /// holds. `docker:24` is image `24` of the engine; Docker's own image is `docker.io/library/docker:24`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |reason: &str| SourceError::Reference {
            text: shown(text),
            reason: reason.to_owned(),
        };
        if text.trim() != text || text.is_empty() {
            return Err(refuse("it is empty or has blanks around it"));
        }
        let form = text
            .split_once(':')
            .filter(|(_, rest)| !rest.starts_with("//"));
        match form {
            Some((form @ ("docker-archive" | "oci" | "docker" | "dir"), "")) => {
                Err(refuse(&format!("nothing follows `{form}:`")))
            }
            Some(("docker-archive", rest)) => {
                let (path, choice) = split_choice(rest).map_err(|reason| refuse(&reason))?;
                Ok(Self::Archive { path, choice })
            }
            Some(("oci", rest)) => {
                let (path, choice) = split_choice(rest).map_err(|reason| refuse(&reason))?;
                Ok(Self::Layout { path, choice })
            }
            Some(("docker", name)) if is_engine_name(name) => Ok(Self::Engine(name.to_owned())),
            Some(("docker", _)) => Err(refuse(
                "an engine's image name has letters, digits and . _ - / : @",
            )),
            Some(("dir", path)) => Ok(Self::RootFs(path.into())),
            _ => match recognise(Path::new(text))? {
                Some(found) => Ok(found),
                None => image_name::parse(text)
                    .map(Self::Registry)
                    .map_err(|reason| refuse(&shown(&reason))),
            },
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The characters of image names and ids: anything else would change the URL that the engine is asked.
fn is_engine_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/:@".contains(&byte))
        && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
}

/// Splits `PATH[:NAME|@DIGEST]` behind the longest path that exists, since both parts may contain colons.
fn split_choice(text: &str) -> Result<(PathBuf, Option<Choice>), String> {
    if Path::new(text).exists() {
        return Ok((text.into(), None));
    }
    let found = text
        .rmatch_indices([':', '@'])
        .filter_map(|(position, separator)| {
            let path = text.get(..position).filter(|path| !path.is_empty())?;
            Some((path, separator, text.get(position + 1..)?))
        })
        .find(|(path, ..)| Path::new(path).exists());
    match found {
        None => Ok((text.into(), None)),
        Some((_, _, "")) => Err("nothing follows the path's colon".to_owned()),
        Some((path, "@", digest)) => {
            let digest = digest.parse().map_err(|error| format!("{error}"))?;
            Ok((path.into(), Some(Choice::Digest(digest))))
        }
        Some((path, _, name)) => Ok((path.into(), Some(Choice::Name(name.to_owned())))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn name(text: &str) -> String {
        text.parse::<Reference>().expect(text).name()
    }

    fn refused(text: &str) -> String {
        text.parse::<Reference>().expect_err(text).to_string()
    }

    #[test]
    fn a_short_name_is_of_docker_hub_and_a_host_is_kept() {
        for (text, full) in [
            ("alpine:3.20", "docker.io/library/alpine:3.20"),
            ("alpine", "docker.io/library/alpine:latest"),
            ("grafana/grafana:11", "docker.io/grafana/grafana:11"),
            ("localhost:5000/x:y", "localhost:5000/x:y"),
            ("ghcr.io/a/b/c:1", "ghcr.io/a/b/c:1"),
        ] {
            assert_eq!(name(text), full);
        }
        assert_eq!(
            name(&format!("quay.io/a@{DIGEST}")),
            format!("quay.io/a@{DIGEST}")
        );
        assert_eq!(
            name(&format!("quay.io/a:1@{DIGEST}")),
            format!("quay.io/a:1@{DIGEST}")
        );
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            (" alpine", "blanks"),
            ("Alpine", "lower-case"),
            ("https://quay.io/a", "without https://"),
            ("docker:", "nothing follows"),
            ("docker:../x", "letters, digits"),
            ("docker:a?b", "letters, digits"),
            ("alpine@sha256:00", "hex digits"),
            ("a b", "is no part"),
        ] {
            let message = refused(text);
            assert!(message.contains(reason), "{text}: {message}");
        }
        assert!(matches!(
            "./no-such.tar".parse::<Reference>(),
            Err(SourceError::NoSuchPath { .. })
        ));
    }

    #[test]
    fn a_tag_begins_where_the_path_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("save:d.tar");
        std::fs::File::create(&path).expect("a file");
        let typed = |rest: &str| format!("docker-archive:{}{rest}", path.display());
        let choice = |rest: &str| match typed(rest).parse() {
            Ok(Reference::Archive {
                path: found,
                choice,
            }) => {
                assert_eq!(found, path);
                choice
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(choice(""), None);
        assert_eq!(
            choice(":alpine:3.10"),
            Some(Choice::Name("alpine:3.10".into()))
        );
        assert_eq!(
            choice(&format!("@{DIGEST}")),
            Some(Choice::Digest(DIGEST.parse().expect("a digest")))
        );
        assert!(refused(&typed(":")).contains("nothing follows"));
        assert_eq!(
            name(&typed(":alpine:3.10")),
            "docker-archive:save:d.tar:alpine:3.10"
        );
    }

    #[test]
    fn a_name_shows_no_folder_of_this_machine() {
        assert_eq!(name("dir:/var/lib/machines/debian"), "dir:debian");
        assert_eq!(name("dir:/"), "dir:/");
        assert_eq!(name("oci:/srv/images/app"), "oci:app");
        assert_eq!(name("docker:alpine:3.20"), "docker:alpine:3.20");
    }

    proptest! {
        #[test]
        fn any_text_is_a_reference_or_an_error(text in "\\PC{0,80}") {
            if let Ok(reference) = text.parse::<Reference>() {
                prop_assert!(!reference.name().is_empty());
            }
        }
    }
}
