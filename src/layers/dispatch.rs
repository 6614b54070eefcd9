//! Which detectors look at which file: by name first, so that a file nobody is interested in costs three look-ups.

use super::{Detector, DetectorSet, Entry, FileFacts, Interest, Session, Want};
use crate::model::path_file_name;

#[expect(
    clippy::disallowed_types,
    reason = "looked up, never iterated: its order cannot reach a result"
)]
type Index = std::collections::HashMap<&'static str, Vec<usize>>;

/// The detector table, indexed.
pub(super) struct Dispatch<'a> {
    whole: Vec<&'a dyn Detector>,
    by_name: Index,
    by_extension: Index,
    by_folder: Index,
    by_magic: Vec<(&'static [u8], usize)>,
    every: Vec<usize>,
}

impl<'a> Dispatch<'a> {
    pub(super) fn new(detectors: &'a DetectorSet) -> Self {
        let mut dispatch = Self {
            whole: Vec::new(),
            by_name: Index::new(),
            by_extension: Index::new(),
            by_folder: Index::new(),
            by_magic: Vec::new(),
            every: Vec::new(),
        };
        for detector in detectors
            .iter()
            .filter(|detector| detector.session().is_none())
        {
            dispatch.add(detector);
        }
        dispatch
    }

    fn add(&mut self, detector: &'a dyn Detector) {
        let index = self.whole.len();
        self.whole.push(detector);
        for interest in detector.interests() {
            let list = match interest {
                Interest::Name(name) => self.by_name.entry(name).or_default(),
                Interest::Extension(extension) => self.by_extension.entry(extension).or_default(),
                Interest::Folder(folder) => self.by_folder.entry(folder).or_default(),
                Interest::Everything => &mut self.every,
                Interest::Magic(magic) => {
                    self.by_magic.push((magic, index));
                    continue;
                }
            };
            if list.last() != Some(&index) {
                list.push(index);
            }
        }
    }

    /// The detectors that want the whole file, each with its limit. A detector with two fitting interests comes once.
    pub(super) fn whole(&self, entry: &Entry<'_>, wanted: &mut Vec<(&'a dyn Detector, u64)>) {
        wanted.clear();
        let name = entry.file_name();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let lists = [
            self.by_name.get(name),
            self.by_extension.get(extension),
            self.by_folder.get(path_file_name(entry.parent())),
            Some(&self.every),
        ];
        for detector in lists
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|index| self.whole.get(*index))
        {
            if let Want::Whole { limit } = detector.wants(entry)
                && !wanted.iter().any(|(other, _)| other.id() == detector.id())
            {
                wanted.push((*detector, limit));
            }
        }
    }
}

impl<'a> Dispatch<'a> {
    /// The detectors that want a whole file for how it begins, beside those that `wanted` it for its name.
    pub(super) fn by_magic(
        &self,
        entry: &Entry<'_>,
        head: &[u8],
        wanted: &[(&'a dyn Detector, u64)],
    ) -> Vec<(&'a dyn Detector, u64)> {
        let mut more: Vec<(&'a dyn Detector, u64)> = Vec::new();
        let begun = self
            .by_magic
            .iter()
            .filter(|(magic, _)| head.starts_with(magic))
            .filter_map(|(_, index)| self.whole.get(*index));
        for detector in begun {
            let known = |other: &(&'a dyn Detector, u64)| other.0.id() == detector.id();
            if let Want::Whole { limit } = detector.wants(entry)
                && !wanted.iter().chain(&more).any(known)
            {
                more.push((*detector, limit));
            }
        }
        more
    }
}

/// The detectors that look at every file's bytes as they pass.
pub(super) struct Sessions<'a> {
    sessions: Vec<(Box<dyn Session + 'a>, bool)>,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(detectors: &'a DetectorSet) -> Self {
        Self {
            sessions: detectors
                .iter()
                .filter_map(Detector::session)
                .map(|session| (session, false))
                .collect(),
        }
    }

    /// A file begins: each session says whether it listens.
    pub(super) fn begin(&mut self, entry: &Entry<'_>) {
        for (session, listens) in &mut self.sessions {
            *listens = entry.size > 0 && session.begin(entry);
        }
    }

    /// The file's next bytes.
    pub(super) fn chunk(&mut self, bytes: &[u8]) {
        for (session, _) in self.sessions.iter_mut().filter(|(_, listens)| *listens) {
            session.chunk(bytes);
        }
    }

    /// The file is complete, or as complete as it will be.
    pub(super) fn end(&mut self) -> FileFacts {
        let mut facts = FileFacts::default();
        for (session, _) in self.sessions.iter_mut().filter(|(_, listens)| *listens) {
            facts.merge(session.end());
        }
        facts
    }
}
