//! Ecosystems that are known by their files but not read yet: where one is met, the scan says so instead of nothing.
//!
//! An ecosystem that gets a reader of its own goes out of this table.

use crate::layers::{Detector, DetectorId, Entry, FileFacts, Interest, Session};
use crate::model::{Gap, GapKind, LayerPath};

/// An ecosystem, and how its files are told by their path.
type Kind = (&'static str, fn(&Entry<'_>) -> bool);

/// The one table: a line for each.
const KINDS: [Kind; 4] = [
    ("Erlang archives", |entry| has_ending(entry, &[".ez"])),
    ("Flatpak applications", |entry| {
        entry.file_name() == "metadata" && entry.path.starts_with("var/lib/flatpak/")
    }),
    ("snap images", |entry| has_ending(entry, &[".snap"])),
    ("Spack packages", |entry| {
        entry.path.ends_with("/.spack/spec.json")
    }),
];

fn has_ending(entry: &Entry<'_>, endings: &[&str]) -> bool {
    endings.iter().any(|ending| entry.path.ends_with(ending))
}

/// Notes what nobody reads.
pub struct Unread;

impl Detector for Unread {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "unread",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Everything]
    }

    fn session(&self) -> Option<Box<dyn Session + '_>> {
        Some(Box::new(Met {
            kinds: [false; KINDS.len()],
            now: None,
        }))
    }
}

/// One layer: each ecosystem is told once, at its first file.
struct Met {
    kinds: [bool; KINDS.len()],
    now: Option<Gap>,
}

impl Session for Met {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        let met = KINDS
            .iter()
            .zip(&mut self.kinds)
            .find(|((_, is_one), met)| !**met && is_one(entry));
        self.now = met.map(|((name, _), met)| {
            *met = true;
            let detail = format!("{name} are not read yet: this is the first of its layer");
            Gap::at(
                GapKind::UnreadEcosystem,
                LayerPath::from(entry.path),
                detail,
            )
        });
        self.now.is_some()
    }

    fn chunk(&mut self, _: &[u8]) {}

    fn end(&mut self) -> FileFacts {
        FileFacts {
            gaps: self.now.take().into_iter().collect(),
            ..FileFacts::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(paths: &[&str]) -> Vec<String> {
        let mut session = Unread.session().expect("a session");
        let mut told = Vec::new();
        for path in paths {
            if session.begin(&Entry::file(path, 1)) {
                told.extend(session.end().gaps.into_iter().map(|gap| gap.detail));
            }
        }
        told
    }

    #[test]
    fn each_ecosystem_is_told_at_its_first_file() {
        let paths = [
            "usr/lib/rabbitmq/plugins/a.ez",
            "usr/lib/rabbitmq/plugins/b.ez",
            "opt/spack/zlib-1.3/.spack/spec.json",
            "var/lib/snapd/snaps/core_1.snap",
        ];
        assert_eq!(
            gaps(&paths)
                .iter()
                .map(|detail| detail.split(" are").next().expect("a name"))
                .collect::<Vec<_>>(),
            ["Erlang archives", "Spack packages", "snap images"]
        );
    }

    #[test]
    fn what_only_looks_like_one_is_not_told() {
        assert_eq!(
            gaps(&["a/ez", "srv/metadata", "spec.json", "x.snapshot"]),
            [""; 0]
        );
    }
}
