//! One file after another, as a layer has them: the bytes as they are stored, and the members of archives as they pass.

use super::engine::Engine;
use super::findings::Found;
use super::nested::{Budget, Nested};
use super::published::is_published;
use super::stream::Stream;
use crate::layers::{Entry, FileFacts, Session};
use crate::model::path_file_name;

/// Bytes at the beginning of a file that tell an archive: a tar has its mark at 257.
const HEAD: usize = 264;
/// Hits in members that are kept of one archive: with more, the archive is a dump of them.
pub(super) const MEMBER_HITS: usize = 1000;

/// The search of one file, or of one member of an archive. All of it is used again for the next.
pub(super) struct FileSession<'e> {
    engine: &'e Engine,
    stream: Stream<'e>,
    /// The beginning, until it is known whether it is an archive's.
    head: Vec<u8>,
    is_told: bool,
    is_published: bool,
    /// The name without an ending that only says how it is packed.
    name: String,
    nested: Option<Box<Nested<'e>>>,
    is_archive: bool,
    /// How many archives it is in.
    depth: usize,
}

impl<'e> FileSession<'e> {
    pub(super) fn new(engine: &'e Engine, depth: usize) -> Self {
        Self {
            engine,
            stream: Stream::new(engine),
            head: Vec::new(),
            is_told: false,
            is_published: false,
            name: String::new(),
            nested: None,
            is_archive: false,
            depth,
        }
    }

    /// A file begins. `size`: its bytes, if they are known. What is in a published archive is published.
    pub(super) fn begin_file(&mut self, path: &str, size: u64, in_published: bool) {
        let name = path_file_name(path);
        self.is_published = in_published || is_published(&Entry::file(path, size));
        self.stream.begin(name, self.is_published, size);
        self.head.clear();
        (self.is_told, self.is_archive) = (false, false);
        self.name.clear();
        self.name.push_str(name);
    }

    pub(super) fn feed(&mut self, bytes: &[u8], budget: &mut Budget) {
        self.stream.chunk(bytes);
        if self.is_archive {
            self.unpack(bytes, budget);
        } else if !self.is_told {
            self.look(bytes, budget);
        }
    }

    pub(super) fn finish(&mut self, budget: &mut Budget) -> Found {
        if !self.is_told && !self.head.is_empty() {
            let head = std::mem::take(&mut self.head);
            self.tell(&head, budget);
            self.head = head;
        }
        let mut found = self.stream.end();
        if self.is_archive
            && let Some(nested) = &mut self.nested
        {
            let inside = nested.finish(budget);
            // What is stored as it is was seen twice: the member says more.
            found.hits.retain(|stored| {
                let mut members = inside.hits.iter();
                !members
                    .any(|member| stored.tag == member.tag && stored.hit.rule == member.hit.rule)
            });
            found.append(inside);
        }
        found
    }

    /// Looks at the beginning until it tells what the file is.
    fn look(&mut self, bytes: &[u8], budget: &mut Budget) {
        if self.head.is_empty() && bytes.len() >= HEAD {
            return self.tell(bytes, budget);
        }
        self.head.extend_from_slice(bytes);
        if self.head.len() >= HEAD {
            let head = std::mem::take(&mut self.head);
            self.tell(&head, budget);
            self.head = head;
        }
    }

    fn tell(&mut self, head: &[u8], budget: &mut Budget) {
        self.is_told = true;
        let engine = self.engine;
        let Some(form) = Nested::form(head) else {
            return;
        };
        if !budget.goes_down(self.depth) {
            return;
        }
        let depth = self.depth + 1;
        let nested = self
            .nested
            .get_or_insert_with(|| Box::new(Nested::new(engine, depth)));
        nested.begin(form, &self.name, self.is_published);
        self.is_archive = true;
        self.unpack(head, budget);
    }

    fn unpack(&mut self, bytes: &[u8], budget: &mut Budget) {
        if let Some(nested) = &mut self.nested {
            nested.feed(bytes, budget);
        }
    }
}

/// The engine as a layer's walk uses it.
pub(super) struct LayerSession<'e> {
    file: FileSession<'e>,
    budget: Budget,
}

impl<'e> LayerSession<'e> {
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self {
            file: FileSession::new(engine, 0),
            budget: Budget::of(0),
        }
    }
}

impl LayerSession<'_> {
    /// Searches a text that is there as a whole and no file.
    pub(super) fn text(&mut self, text: &[u8]) -> Found {
        self.begin(&Entry::file("", text.len() as u64));
        self.chunk(text);
        self.file.finish(&mut self.budget)
    }
}

impl Session for LayerSession<'_> {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.budget = Budget::of(entry.size);
        self.file.begin_file(entry.path, entry.size, false);
        true
    }

    fn chunk(&mut self, bytes: &[u8]) {
        self.file.feed(bytes, &mut self.budget);
    }

    fn end(&mut self) -> FileFacts {
        let mut found = self.file.finish(&mut self.budget);
        found.gaps.extend(self.budget.gap());
        FileFacts {
            secrets: found.hits.into_iter().map(|found| found.hit).collect(),
            gaps: found.gaps,
            ..FileFacts::default()
        }
    }
}
