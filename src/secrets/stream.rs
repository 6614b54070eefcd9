//! The bytes of one file, in chunks of any size.
//!
//! A file is searched in blocks, whose places depend on the file alone, never on how it was cut into chunks. A block
//! is searched up to its last 16 KiB: those, and a little before them, go on to the next block, so that every keyword
//! has the whole reach of its rule in one piece.
//!
//! ```text
//! |<--lead-->|<---------- searched ---------->|<----- reach ----->|
//!                                  |<--lead-->|<---------- searched ---------->|<----- reach ----->|
//! ```
//!
//! Text of two bytes a character that is met on the way (`wide`) is searched as a second view of the file.

use std::ops::Range;

use super::engine::Engine;
use super::file_search::FileSearch;
use super::findings::Found;
use super::rule::{LONGEST_LEAD, LONGEST_REACH};
use super::wide::WideText;

/// Bytes of a block: they fit into the second-level cache beside the chunk that they came from.
const BLOCK: usize = 128 << 10;
/// Where the search of a block ends.
const SEARCHED: usize = BLOCK - LONGEST_REACH;
/// How far one block lies behind the other.
const STRIDE: usize = SEARCHED - LONGEST_LEAD;

/// The state for one file. Its buffers are reused from file to file.
pub(super) struct Stream<'e> {
    engine: &'e Engine,
    buffer: Vec<u8>,
    /// Offset of the buffer's first byte in the file.
    base: u64,
    /// Index in the buffer where the search goes on.
    fresh: usize,
    size: u64,
    file: FileSearch<'e>,
    /// None in the second view itself.
    wide: Option<WideText>,
    narrowed: Vec<u8>,
    /// The second view, once there is one.
    view: Option<Box<Stream<'e>>>,
    has_view: bool,
}

impl<'e> Stream<'e> {
    /// A stream over files.
    pub(super) fn new(engine: &'e Engine) -> Self {
        Self {
            wide: Some(WideText::default()),
            ..Self::view(engine)
        }
    }

    fn view(engine: &'e Engine) -> Self {
        Self {
            engine,
            buffer: Vec::new(),
            base: 0,
            fresh: 0,
            size: 0,
            file: FileSearch::new(engine),
            wide: None,
            narrowed: Vec::new(),
            view: None,
            has_view: false,
        }
    }

    /// A file of this name begins. `size`: its bytes, if they are known.
    pub(super) fn begin(&mut self, name: &str, is_published: bool, size: u64) {
        self.restart(size);
        self.file.begin(name, is_published);
        if let Some(wide) = &mut self.wide {
            *wide = WideText::default();
        }
    }

    fn restart(&mut self, size: u64) {
        self.buffer.clear();
        (self.base, self.fresh, self.size) = (0, 0, size);
        self.has_view = false;
    }

    /// The file's next bytes.
    pub(super) fn chunk(&mut self, mut bytes: &[u8]) {
        if bytes.len() as u64 == self.size {
            return self.search_whole(bytes);
        }
        while !bytes.is_empty() {
            let room = BLOCK - self.buffer.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BLOCK {
                self.search_block();
            }
        }
    }

    /// The file is complete.
    pub(super) fn end(&mut self) -> Found {
        let buffer = std::mem::take(&mut self.buffer);
        self.search(&buffer, self.base, self.fresh..buffer.len());
        self.buffer = buffer;
        let mut found = Found::default();
        if self.has_view
            && let Some(view) = &mut self.view
        {
            found = view.end();
        }
        if self.file.has_findings() || !found.is_empty() {
            self.buffer.fill(0);
            self.narrowed.fill(0);
        }
        self.buffer.clear();
        self.narrowed.clear();
        let mut all = self.file.take();
        all.append(found);
        all
    }

    /// Searches a file that is there as a whole, without copying it.
    fn search_whole(&mut self, bytes: &[u8]) {
        let (mut base, mut fresh) = (0, 0);
        while let Some(block) = bytes.get(base..base + BLOCK) {
            self.search(block, base as u64, fresh..SEARCHED);
            self.file.lines.pass(block, base as u64, STRIDE);
            base += STRIDE;
            fresh = LONGEST_LEAD;
        }
        let rest = bytes.get(base..).unwrap_or_default();
        self.search(rest, base as u64, fresh..rest.len());
    }

    fn search_block(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.search(&buffer, self.base, self.fresh..SEARCHED);
        self.file.lines.pass(&buffer, self.base, STRIDE);
        buffer.drain(..STRIDE);
        self.buffer = buffer;
        self.base += STRIDE as u64;
        self.fresh = LONGEST_LEAD;
    }

    /// Searches for what begins in `fresh`, in both views; all of `bytes` may be looked at.
    fn search(&mut self, bytes: &[u8], base: u64, fresh: Range<usize>) {
        self.file.search(bytes, base, fresh.clone());
        let Some(wide) = &mut self.wide else { return };
        self.narrowed.clear();
        wide.narrow(bytes, base, fresh, &mut self.narrowed);
        if self.narrowed.is_empty() {
            return;
        }
        let engine = self.engine;
        let view = self
            .view
            .get_or_insert_with(|| Box::new(Stream::view(engine)));
        if !self.has_view {
            view.restart(u64::MAX);
            view.file.begin_like(&self.file);
            self.has_view = true;
        }
        view.chunk(&self.narrowed);
    }
}
