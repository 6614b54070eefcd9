//! A file's place inside an image: never a path on this machine.

use std::borrow::{Borrow, Cow};
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// A path inside a layer: relative to the image's root, `/` between parts, no `.`, `..`, empty part or leading slash.
///
/// There is no conversion to `std::path::Path`: a name from an image is never opened on the host.
/// The empty path is the root itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerPath(Box<str>);

impl LayerPath {
    /// Normalises a name as tar headers, links and databases write it: `./usr//bin/../lib/x` is `usr/lib/x`, and `..`
    /// stops at the root as it does for a process in the container.
    ///
    /// A byte that is no UTF-8 is written `\xNN`, and so is a backslash that would read like one: two names never
    /// become one.
    pub fn normalise(name: &[u8]) -> Self {
        let mut path = String::new();
        Self::normalise_into(name, &mut path);
        Self(path.into_boxed_str())
    }

    /// [`normalise`](Self::normalise) into a buffer that is used again for the next name: a walk over a million files
    /// allocates once.
    pub fn normalise_into(name: &[u8], path: &mut String) {
        path.clear();
        for part in escape_invalid(name).split('/') {
            match part {
                "" | "." => {}
                ".." => path.truncate(path.rfind('/').unwrap_or(0)),
                part => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(part);
                }
            }
        }
    }

    /// A path from text that is known to be normalised: what [`normalise_into`](Self::normalise_into) wrote.
    pub(crate) fn from_normalised(path: &str) -> Self {
        Self(path.into())
    }

    /// Resolves a symbolic link's target as the kernel would, seen from the link at `self`.
    #[must_use]
    pub fn resolve_link(&self, target: &[u8]) -> Self {
        if target.starts_with(b"/") {
            return Self::normalise(target);
        }
        let mut joined = self
            .parent()
            .map_or_else(Vec::new, |parent| parent.as_bytes().to_vec());
        joined.push(b'/');
        joined.extend_from_slice(target);
        Self::normalise(&joined)
    }

    /// The path as text, without a leading slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        file_name(&self.0)
    }

    /// The path without its last part; `None` for the root.
    pub fn parent(&self) -> Option<&str> {
        parent(&self.0)
    }

    /// Whether this path is `folder` itself or lies below it. Everything lies below the root.
    pub fn is_within(&self, folder: &str) -> bool {
        folder.is_empty()
            || self
                .0
                .strip_prefix(folder)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The last part of a normalised path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The part of a normalised path before its last slash; the root's name is empty; `None` for the root itself.
pub(crate) fn parent(path: &str) -> Option<&str> {
    match path.rsplit_once('/') {
        Some((parent, _)) => Some(parent),
        None if path.is_empty() => None,
        None => Some(""),
    }
}

fn escape_invalid(name: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.contains("\\x") => return Cow::Borrowed(text),
        _ => {}
    }
    let mut text = String::with_capacity(name.len() + 8);
    for chunk in name.utf8_chunks() {
        text.push_str(&chunk.valid().replace("\\x", "\\x5cx"));
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    Cow::Owned(text)
}

/// Lets a map by path be asked with a borrowed one.
impl Borrow<str> for LayerPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for LayerPath {
    fn from(text: &str) -> Self {
        Self::normalise(text.as_bytes())
    }
}

impl fmt::Display for LayerPath {
    /// With the leading slash that people expect, and nothing that a terminal would act on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", super::Untrusted(&self.0))
    }
}

impl fmt::Debug for LayerPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_normalised_and_stop_at_the_root() {
        for (name, path) in [
            ("./usr//bin/../lib/x", "usr/lib/x"),
            ("/etc/passwd", "etc/passwd"),
            ("../../../etc/passwd", "etc/passwd"),
            ("./", ""),
            ("a/b/", "a/b"),
        ] {
            assert_eq!(LayerPath::from(name).as_str(), path, "{name}");
        }
    }

    #[test]
    fn two_names_never_become_one() {
        assert_ne!(
            LayerPath::normalise(b"a\xff"),
            LayerPath::normalise(b"a\\xff")
        );
        assert_eq!(LayerPath::normalise(b"a\xff").as_str(), "a\\xff");
    }

    #[test]
    fn a_link_is_resolved_from_where_it_lies() {
        let link = LayerPath::from("etc/os-release");
        assert_eq!(
            link.resolve_link(b"../usr/lib/os-release").as_str(),
            "usr/lib/os-release"
        );
        assert_eq!(
            link.resolve_link(b"/usr/lib/os-release").as_str(),
            "usr/lib/os-release"
        );
        assert_eq!(link.resolve_link(b"other").as_str(), "etc/other");
    }

    #[test]
    fn a_path_lies_within_whole_parts_only() {
        let path = LayerPath::from("usr/lib/x");
        assert!(path.is_within("") && path.is_within("usr") && path.is_within("usr/lib/x"));
        assert!(!path.is_within("us") && !path.is_within("usr/lib/x/y"));
    }

    proptest! {
        #[test]
        fn normalising_any_bytes_is_stable_and_clean(name in proptest::collection::vec(any::<u8>(), 0..64)) {
            let path = LayerPath::normalise(&name);
            prop_assert!(!path.as_str().starts_with('/'));
            prop_assert!(path.as_str().split('/').all(|part| part != ".." && part != "."));
        }
    }
}
