//! Ecosystems that are known by their files but not read yet: where one is met, the scan says so instead of nothing.
//!
//! An ecosystem that gets a reader of its own goes out of this table.

use crate::layers::{Detector, DetectorId, Entry, FileFacts, Interest, Session};
use crate::model::{Gap, GapKind, LayerPath};

/// An ecosystem, and how its files are told.
struct Kind {
    name: &'static str,
    is_path: fn(&Entry<'_>) -> bool,
    /// How they begin, where the path alone tells too little: tests of JavaScript and Rust keep texts in `.snap`, too.
    magic: &'static [u8],
}

/// The one table: a line for each.
const KINDS: [Kind; 4] = [
    Kind {
        name: "Erlang archives",
        is_path: |entry| has_ending(entry, ".ez"),
        magic: b"PK",
    },
    Kind {
        name: "Flatpak applications",
        is_path: |entry| {
            entry.file_name() == "metadata" && entry.path.starts_with("var/lib/flatpak/")
        },
        magic: b"",
    },
    // SquashFS: <https://docs.kernel.org/filesystems/squashfs.html>.
    Kind {
        name: "snap images",
        is_path: |entry| has_ending(entry, ".snap"),
        magic: b"hsqs",
    },
    Kind {
        name: "Spack packages",
        is_path: |entry| has_ending(entry, "/.spack/spec.json"),
        magic: b"",
    },
];

fn has_ending(entry: &Entry<'_>, ending: &str) -> bool {
    entry.path.ends_with(ending)
}

/// Notes what nobody reads.
pub struct Unread;

impl Detector for Unread {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "unread",
            version: 3,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Everything]
    }

    fn session(&self) -> Option<Box<dyn Session + '_>> {
        Some(Box::new(Met {
            kinds: [false; KINDS.len()],
            now: None,
            path: LayerPath::from(""),
            start: Vec::new(),
        }))
    }
}

/// One layer: each ecosystem is told once, at its first file.
struct Met {
    kinds: [bool; KINDS.len()],
    /// What the present file is by its path, as an index of the table.
    now: Option<usize>,
    path: LayerPath,
    /// As much of the file's beginning as the longest magic has.
    start: Vec<u8>,
}

impl Session for Met {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.start.clear();
        self.now = KINDS
            .iter()
            .zip(&self.kinds)
            .position(|(kind, met)| !met && (kind.is_path)(entry));
        if self.now.is_some() {
            self.path = LayerPath::from(entry.path);
        }
        self.now.is_some()
    }

    fn chunk(&mut self, bytes: &[u8]) {
        let longest = KINDS.iter().map(|kind| kind.magic.len()).max().unwrap_or(0);
        let missing = longest.saturating_sub(self.start.len());
        self.start.extend(bytes.iter().take(missing));
    }

    fn end(&mut self) -> FileFacts {
        let now = self.now.take();
        let met = now.and_then(|now| Some((KINDS.get(now)?, self.kinds.get_mut(now)?)));
        let Some((kind, met)) = met.filter(|(kind, _)| self.start.starts_with(kind.magic)) else {
            return FileFacts::default();
        };
        *met = true;
        let detail = format!(
            "{} are not read yet: this is the first of its layer",
            kind.name
        );
        let gap = Gap::at(GapKind::UnreadEcosystem, self.path.clone(), detail);
        FileFacts {
            gaps: vec![gap],
            ..FileFacts::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(files: &[(&str, &[u8])]) -> Vec<String> {
        let mut session = Unread.session().expect("a session");
        let mut told = Vec::new();
        for (path, content) in files {
            if session.begin(&Entry::file(path, content.len() as u64)) {
                for byte in content.chunks(1) {
                    session.chunk(byte);
                }
                told.extend(session.end().gaps.into_iter().map(|gap| gap.detail));
            }
        }
        told
    }

    #[test]
    fn each_ecosystem_is_told_at_its_first_file() {
        let files: [(&str, &[u8]); 4] = [
            ("usr/lib/rabbitmq/plugins/a.ez", b"PK\x03\x04"),
            ("usr/lib/rabbitmq/plugins/b.ez", b"PK\x03\x04"),
            ("opt/spack/zlib-1.3/.spack/spec.json", b"{}"),
            ("var/lib/snapd/snaps/core_1.snap", b"hsqs\x01\0"),
        ];
        assert_eq!(
            gaps(&files)
                .iter()
                .map(|detail| detail.split(" are").next().expect("a name"))
                .collect::<Vec<_>>(),
            ["Erlang archives", "Spack packages", "snap images"]
        );
    }

    #[test]
    fn what_only_looks_like_one_is_not_told() {
        assert_eq!(
            gaps(&[
                ("a/ez", b"PK"),
                ("srv/metadata", b""),
                ("spec.json", b"{}"),
                ("x.snapshot", b"hsqs"),
                ("a/__snapshots__/a.test.js.snap", b"// Jest Snapshot v1"),
                ("a/snapshots/a.snap", b""),
            ]),
            [""; 0]
        );
    }

    #[test]
    fn a_file_that_only_has_the_name_does_not_hide_the_first_that_is_one() {
        let found = gaps(&[("a/a.test.js.snap", b"//"), ("b/core_1.snap", b"hsqs\x01")]);
        assert_eq!(found.len(), 1);
    }
}
