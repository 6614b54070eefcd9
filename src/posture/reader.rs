//! Detectors that read one kind of text file: which paths, and a function from its text to observations.

use crate::layers::{
    Detector, DetectorId, Entry, EntryKind, File, FileFacts, Interest, ParseError, Want,
};
use crate::model::{Gap, GapKind, LayerPath, Observation};

/// Bytes of a file of settings. 1 MiB: a large `/etc/passwd` has 100 KB.
const LIMIT: u64 = 1 << 20;
/// Bytes of a line. No account or setting is longer; what is, is skipped.
const LINE_BYTES: usize = 4096;
/// Observations of one file.
const OBSERVATIONS: usize = 10_000;

/// A detector for text files, as data.
pub(super) struct Reader {
    pub(super) name: &'static str,
    pub(super) version: u32,
    pub(super) interests: &'static [Interest],
    /// Whether a path of these interests is read.
    pub(super) is_read: fn(&str) -> bool,
    pub(super) read: fn(&str, &[u8]) -> Vec<Observation>,
}

impl Detector for Reader {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: self.name,
            version: self.version,
        }
    }

    fn interests(&self) -> &[Interest] {
        self.interests
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.size > 0 && entry.kind == EntryKind::File && (self.is_read)(entry.path) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        let mut facts = FileFacts::of_observations((self.read)(path, file.bytes));
        if facts.observations.len() > OBSERVATIONS {
            facts.observations.truncate(OBSERVATIONS);
            let detail = format!(
                "{}: more than {OBSERVATIONS} lines matter: the rest is not told",
                self.name
            );
            let gap = Gap::at(GapKind::LimitReached, LayerPath::from(path), detail);
            facts.gaps.push(gap);
        }
        Ok(facts)
    }

    fn follows_links(&self) -> bool {
        false
    }
}

/// Lines of a text with their numbers, from 1, without what ends them; lines that are no UTF-8 or too long are left out.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (u64, &str)> {
    let lines = bytes.split(|byte| *byte == b'\n');
    (1..).zip(lines).filter_map(|(number, line)| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = Some(line).filter(|line| line.len() <= LINE_BYTES)?;
        Some((number, std::str::from_utf8(line).ok()?))
    })
}

/// The same, trimmed, without empty lines and those that begin with one of `comments`.
pub(super) fn settings<'a>(
    bytes: &'a [u8],
    comments: &'a [char],
) -> impl Iterator<Item = (u64, &'a str)> {
    lines(bytes)
        .map(|(number, line)| (number, line.trim()))
        .filter(move |(_, line)| !line.is_empty() && !line.starts_with(comments))
}

/// Whether a word means yes, as configuration files write it.
pub(super) fn is_yes(word: &str) -> bool {
    ["1", "on", "true", "yes", "enable", "with"]
        .iter()
        .any(|yes| word.eq_ignore_ascii_case(yes))
}

/// Whether a word means no.
pub(super) fn is_no(word: &str) -> bool {
    ["0", "off", "false", "no", "disable", "without"]
        .iter()
        .any(|no| word.eq_ignore_ascii_case(no))
}

/// Whether a name ends with this after its last dot. Names inside an image are told apart by case.
pub(super) fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, last)| last == extension)
}

/// Whether a path is a file directly in this folder.
pub(super) fn is_in(path: &str, folder: &str) -> bool {
    path.rsplit_once('/')
        .is_some_and(|(parent, _)| parent == folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::detect_one;
    use crate::model::ToolKind;

    const EVERY_LINE: Reader = Reader {
        name: "test/lines",
        version: 1,
        interests: &[],
        is_read: |path| path == "a",
        read: |_, bytes| {
            lines(bytes)
                .map(|_| Observation::Tool(ToolKind::Shell))
                .collect()
        },
    };

    #[test]
    fn lines_are_numbered_from_one_and_broken_or_endless_ones_are_left_out() {
        let long = "x".repeat(LINE_BYTES + 1);
        let text = [b"a\r\n\n\xff\n", long.as_bytes(), b"\nb"].concat();
        let read: Vec<_> = lines(&text).collect();
        assert_eq!(read, [(1, "a"), (2, ""), (5, "b")]);
        let read: Vec<_> = settings(b" # a\n b \n;c", &['#', ';']).collect();
        assert_eq!(read, [(2, "b")]);
    }

    #[test]
    fn observations_of_one_file_are_bounded_and_the_bound_is_told() {
        let text = "\n".repeat(OBSERVATIONS + 5);
        let facts = detect_one(&EVERY_LINE, "a", text.as_bytes());
        let facts = facts.expect("read").expect("wanted");
        assert_eq!(facts.observations.len(), OBSERVATIONS);
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
        let other = detect_one(&EVERY_LINE, "b", text.as_bytes());
        assert_eq!(other, Ok(None));
    }
}
