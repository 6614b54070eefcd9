//! The files that an installer lists for one package.

use crate::layers::FileFacts;
use crate::model::{ClaimKind, Claims, FileDigest, Gap, GapKind, LayerPath};

/// Files of one package, whose paths are relative to one folder. The folder is put in front of each, so that their size is
/// no longer bounded by that of the list: it is here.
pub(super) struct Listed<'a> {
    base: &'a str,
    claims: Claims,
    bytes: usize,
    over: u64,
}

impl<'a> Listed<'a> {
    /// Bytes of all paths: 64 MiB are ten times the lists of the largest packages, with 50,000 files.
    const BYTES: usize = 64 << 20;

    /// A list of paths that are relative to the folder `base`. Whose files they are is said at the [end](Self::finish).
    pub(super) fn below(base: &'a str) -> Self {
        Self {
            base,
            claims: Claims::new("", false),
            bytes: 0,
            over: 0,
        }
    }

    /// Adds a file. Its name may be absolute, or lead out of the folder.
    pub(super) fn file(&mut self, name: &[u8], digest: Option<FileDigest>) {
        self.add(name, ClaimKind::File, digest);
    }

    /// Adds a folder with all that is below it.
    pub(super) fn folder(&mut self, name: &[u8]) {
        self.add(name, ClaimKind::Folder, None);
    }

    fn add(&mut self, name: &[u8], kind: ClaimKind, digest: Option<FileDigest>) {
        if name.is_empty() {
            return;
        }
        // What it costs to put the path together, however short `..` makes it in the end.
        self.bytes = self.bytes.saturating_add(self.base.len() + name.len() + 1);
        if self.bytes > Self::BYTES {
            self.over += 1;
            return;
        }
        let path = if name.starts_with(b"/") {
            LayerPath::normalise(name)
        } else {
            LayerPath::normalise(&[self.base.as_bytes(), b"/", name].concat())
        };
        // The root would claim the whole image; a name that cannot be kept stays nobody's.
        if !path.as_str().is_empty() {
            self.claims.push(&path, kind, digest);
        }
    }

    /// Whether nothing is listed.
    pub(super) fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.over == 0
    }

    /// The files as those of the package `owner`, into the facts of the list at `path`.
    pub(super) fn finish(mut self, owner: String, path: &str, facts: &mut FileFacts) {
        if self.over > 0 {
            let detail = format!("{} files that it lists were left out", self.over);
            let gap = Gap::at(GapKind::LimitReached, LayerPath::from(path), detail);
            facts.gaps.push(gap);
        }
        if !self.claims.is_empty() {
            self.claims.owner = owner;
            facts.claims.push(self.claims);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(listed: Listed<'_>) -> FileFacts {
        let mut facts = FileFacts::default();
        listed.finish("x".into(), "a/list", &mut facts);
        facts
    }

    #[test]
    fn names_are_relative_absolute_or_lead_out_of_the_folder_and_never_mean_the_whole_image() {
        let mut listed = Listed::below("usr/lib/site-packages");
        for name in ["x/a.py", "../../bin/x", "/etc/x", "", "../../.."] {
            listed.file(name.as_bytes(), None);
        }
        listed.folder(b"x/__pycache__");
        let facts = facts(listed);
        let [claims] = facts.claims.as_slice() else {
            panic!("one list")
        };
        let paths: Vec<(&str, ClaimKind)> = claims.iter().map(|c| (c.path, c.kind)).collect();
        assert_eq!(claims.owner, "x");
        assert_eq!(
            paths,
            [
                ("usr/lib/site-packages/x/a.py", ClaimKind::File),
                ("usr/bin/x", ClaimKind::File),
                ("etc/x", ClaimKind::File),
                ("usr/lib/site-packages/x/__pycache__", ClaimKind::Folder)
            ]
        );
    }

    #[test]
    fn a_list_that_is_too_long_is_cut_and_says_so() {
        let base = "d".repeat(4000);
        let mut listed = Listed::below(&base);
        let files = Listed::BYTES / 4003 + 3;
        for _ in 0..files {
            listed.file(b"ab", None);
        }
        let facts = facts(listed);
        assert_eq!(facts.claims[0].iter().count(), files - 3);
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
        assert_eq!(facts.gaps[0].detail, "3 files that it lists were left out");
    }
}
