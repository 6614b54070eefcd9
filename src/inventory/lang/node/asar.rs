//! Electron's archives: `app.asar`.
//!
//! <https://github.com/electron/asar#format>. In front stands a header of two sizes, all numbers little-endian with 32 bits, then
//! the tree of files as JSON, then their content. A file that is marked as unpacked lies in `app.asar.unpacked` beside it.
//!
//! ```text
//! 0: 4   4: bytes of the tree's frame   8: bytes of the frame without this number   12: bytes of the JSON   16: JSON …
//! 8 + bytes of the frame: content, to which the offsets of the tree are relative
//! ```

use serde::de::{IgnoredAny, MapAccess};

use super::{Kind, MANIFEST_LIMIT, NOT_JSON, Place, read_inside};
use crate::inventory::archive::Refused;
use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Fields, FieldsTo, Scalar};
use crate::layers::FileFacts;
use crate::model::GapKind;

/// Every package of the archive at `path`.
pub(super) fn read(path: &str, bytes: &[u8]) -> FileFacts {
    let mut walk = Walk {
        inside: String::new(),
        content: &[],
        left: bytes.len() as u64,
        harvest: Harvest::of(path),
    };
    // What does not begin so only has the name.
    if bytes.starts_with(&[4, 0, 0, 0]) {
        match parts(bytes) {
            Some((tree, content)) => {
                walk.content = content;
                if let Err(error) = json::take(tree, &mut Node::of(&mut walk), NOT_JSON) {
                    walk.harvest
                        .unreadable(format!("its tree of files: {error}"));
                }
            }
            None => walk.harvest.unreadable("its header is damaged"),
        }
    }
    walk.harvest.finish()
}

/// The tree and the content.
fn parts(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let number = |at: usize| {
        let bytes = bytes.get(at..)?.first_chunk()?;
        usize::try_from(u32::from_le_bytes(*bytes)).ok()
    };
    let (frame, tree) = (number(4)?, number(12)?);
    let content = bytes.get(frame.checked_add(8)?..)?;
    let tree = bytes.get(16..)?.get(..tree)?;
    Some((tree, content))
}

/// The walk over the tree.
struct Walk<'a> {
    /// Where it is, with a slash in front of each part.
    inside: String,
    content: &'a [u8],
    /// Bytes of content that may yet be read. Files that do not overlap are never more than the archive.
    left: u64,
    harvest: Harvest<'a>,
}

impl Walk<'_> {
    fn file(&mut self, offset: &Scalar, size: &Scalar) {
        let inside = self.inside.strip_prefix('/').unwrap_or(&self.inside);
        if Kind::of(inside) != Some(Kind::Manifest(Place::NodeModules)) {
            return;
        }
        let size = size.number().unwrap_or_default();
        let Some(left) = self
            .left
            .checked_sub(size)
            .filter(|_| size <= MANIFEST_LIMIT)
        else {
            let refused = Refused {
                kind: GapKind::LimitReached,
                reason: "it has more bytes than a manifest has, or than are left for it".into(),
            };
            self.harvest.refused(inside, refused);
            return;
        };
        self.left = left;
        let number = |value: Option<u64>| usize::try_from(value?).ok();
        let content = number(offset.number())
            .and_then(|offset| self.content.get(offset..))
            .and_then(|rest| rest.get(..number(Some(size))?));
        match content {
            Some(content) => read_inside(inside, content, &mut self.harvest),
            None => self.harvest.unreadable(format!(
                "{inside}: the archive has no bytes where it should lie"
            )),
        }
    }
}

/// A file or a folder of the tree.
struct Node<'w, 'a> {
    walk: &'w mut Walk<'a>,
    offset: Scalar,
    size: Scalar,
}

/// What is in a folder.
struct Children<'w, 'a>(&'w mut Walk<'a>);

impl<'w, 'a> Node<'w, 'a> {
    fn of(walk: &'w mut Walk<'a>) -> Self {
        Self {
            walk,
            offset: Scalar::Other,
            size: Scalar::Other,
        }
    }
}

impl Fields for Node<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "files" => value.next_value_seed(FieldsTo(&mut Children(self.walk)))?,
            "offset" => self.offset = value.next_value()?,
            "size" => self.size = value.next_value()?,
            _ => value.next_value::<IgnoredAny>().map(drop)?,
        }
        Ok(())
    }
}

impl Fields for Children<'_, '_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let folder = self.0.inside.len();
        self.0.inside.push('/');
        self.0.inside.push_str(name);
        let mut node = Node::of(self.0);
        value.next_value_seed(FieldsTo(&mut node))?;
        // A folder, a link and an unpacked file have no offset.
        if node.offset != Scalar::Other {
            node.walk.file(&node.offset, &node.size);
        }
        self.0.inside.truncate(folder);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::lang::node::Node;
    use crate::layers::detect_one;

    fn asar(tree: &str, content: &[u8]) -> Vec<u8> {
        let padded = tree.len().next_multiple_of(4);
        let number = |number: usize| u32::try_from(number).expect("small").to_le_bytes();
        let mut bytes = [4, padded + 8, padded + 4, tree.len()].map(number).concat();
        bytes.extend_from_slice(tree.as_bytes());
        bytes.resize(16 + padded, 0);
        bytes.extend_from_slice(content);
        bytes
    }

    fn facts(bytes: &[u8]) -> FileFacts {
        detect_one(&Node, "opt/app/resources/app.asar", bytes)
            .expect("facts")
            .expect("a path that is wanted")
    }

    const X: &str = r#"{"name": "x", "version": "1.0.0"}"#;

    #[test]
    fn packages_are_read_by_their_place_in_the_tree() {
        let tree = format!(
            r#"{{"files": {{
                "package.json": {{"size": {size}, "offset": "0"}},
                "node_modules": {{"files": {{
                    "x": {{"files": {{
                        "package.json": {{"size": {size}, "offset": "3", "integrity": {{"algorithm": "SHA256"}}}},
                        "link": {{"link": "index.js"}}
                    }}}},
                    "native": {{"files": {{"package.json": {{"size": 7, "unpacked": true}}}}}}
                }}}}
            }}}}"#,
            size = X.len()
        );
        let content = format!("...{X}");
        let facts = facts(&asar(&tree, content.as_bytes()));
        assert_eq!(facts.gaps, []);
        let [x] = facts.packages.as_slice() else {
            panic!("one package, not {:?}", facts.packages)
        };
        assert_eq!((x.name.as_str(), x.version.as_str()), ("x", "1.0.0"));
        assert_eq!(x.properties["archive-path"], "node_modules/x/package.json");
    }

    /// A tree with one manifest at this place in the content.
    fn one(offset: u64, size: u64) -> String {
        format!(
            r#"{{"files": {{"node_modules": {{"files": {{"x": {{"files": {{
                "package.json": {{"size": {size}, "offset": "{offset}"}}
            }}}}}}}}}}}}"#
        )
    }

    #[test]
    fn what_is_damaged_is_a_gap_and_what_only_has_the_name_is_not() {
        let gaps = |bytes: &[u8]| -> Vec<String> {
            let gaps = facts(bytes).gaps.into_iter();
            gaps.map(|gap| gap.detail).collect()
        };
        let inside = "node_modules/x/package.json";
        assert_eq!(
            gaps(&asar(&one(1, 33), X.as_bytes())),
            [format!(
                "{inside}: the archive has no bytes where it should lie"
            )]
        );
        assert_eq!(
            gaps(&asar(&one(0, 1 << 40), X.as_bytes())),
            [format!(
                "{inside}: it has more bytes than a manifest has, or than are left for it"
            )]
        );
        assert_eq!(gaps(&[4, 0, 0, 0, 9]), ["its header is damaged"]);
        assert_eq!(
            gaps(&asar("{\"files\": 1}", b"")),
            ["its tree of files: it is no JSON object (line 1, column 11)"]
        );
        assert_eq!(gaps(b"some text"), [""; 0]);
        assert_eq!(gaps(b""), [""; 0]);
    }

    #[test]
    fn files_that_overlap_are_read_only_as_often_as_the_archive_is_large() {
        let name = |number: usize| {
            format!(
                r#""x{number}": {{"files": {{"package.json": {{"size": 3000, "offset": "0"}}}}}}"#
            )
        };
        let names: Vec<String> = (0..100).map(name).collect();
        let tree = format!(
            r#"{{"files": {{"node_modules": {{"files": {{{}}}}}}}}}"#,
            names.join(",")
        );
        let facts = facts(&asar(&tree, format!("{X:3000}").as_bytes()));
        assert!((1..10).contains(&facts.packages.len()));
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(
            head in proptest::array::uniform12(any::<u8>()),
            rest in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let bytes = [&[4, 0, 0, 0][..], &head, &rest].concat();
            facts(&bytes);
        }

        #[test]
        fn any_place_in_the_content_is_read_or_a_gap(offset in any::<u64>(), size in any::<u64>()) {
            let found = facts(&asar(&one(offset, size), X.as_bytes()));
            prop_assert!(found.packages.len() + found.gaps.len() == 1);
        }
    }
}
