//! Hands a layer's uncompressed bytes from the thread that inflates them to those that hash and walk them, without
//! copying and in bounded memory.

use std::io::Read;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

/// Bytes of a chunk. 256 KiB fits the second-level cache of the core that takes it over.
const CHUNK: usize = 256 << 10;
/// Chunks in flight for one layer: 4 MiB, enough to bridge a reader that stops for a moment.
const IN_FLIGHT: usize = 16;

/// A piece of the uncompressed stream; its buffer goes back to the pool when the last reader drops it.
pub(super) struct Chunk {
    buffer: Vec<u8>,
    home: Sender<Vec<u8>>,
}

impl Chunk {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // Fails only when the layer is done and nobody needs the buffer.
        let _ = self.home.send(std::mem::take(&mut self.buffer));
    }
}

/// The pool of one layer's buffers: when all are in flight, the thread that inflates waits.
pub(super) struct ChunkPool {
    home: Sender<Vec<u8>>,
    free: Receiver<Vec<u8>>,
    made: usize,
    /// Came after some bytes: told once they are.
    failed: Option<std::io::Error>,
}

impl ChunkPool {
    pub(super) fn new() -> Self {
        let (home, free) = crossbeam_channel::unbounded();
        Self {
            home,
            free,
            made: 0,
            failed: None,
        }
    }

    fn buffer(&mut self) -> Vec<u8> {
        if let Ok(buffer) = self.free.try_recv() {
            return buffer;
        }
        if self.made < IN_FLIGHT {
            self.made += 1;
            return Vec::with_capacity(CHUNK);
        }
        self.free.recv().unwrap_or_default()
    }

    /// Reads the next chunk; an empty one is the end. What could be read before an error is given first: the error
    /// is kept for the next call, since a source need not tell it twice.
    pub(super) fn read(&mut self, source: &mut impl Read) -> std::io::Result<Arc<Chunk>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let mut buffer = self.buffer();
        buffer.resize(CHUNK, 0);
        let mut filled = 0;
        while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
            match source.read(free) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if filled == 0 => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    break;
                }
            }
        }
        buffer.truncate(filled);
        Ok(Arc::new(Chunk {
            buffer,
            home: self.home.clone(),
        }))
    }
}

/// The walker's side: the stream as slices of the chunks.
pub(super) struct ChunkReader {
    chunks: Receiver<Arc<Chunk>>,
    current: Option<Arc<Chunk>>,
    position: usize,
    /// Offset in the uncompressed stream.
    pub(super) offset: u64,
}

impl ChunkReader {
    pub(super) fn new(chunks: Receiver<Arc<Chunk>>) -> Self {
        Self {
            chunks,
            current: None,
            position: 0,
            offset: 0,
        }
    }

    /// The bytes at hand, at least one unless the stream has ended.
    pub(super) fn fill(&mut self) -> &[u8] {
        let used_up = self
            .current
            .as_ref()
            .is_none_or(|chunk| self.position >= chunk.bytes().len());
        if used_up {
            self.current = None; // back to the pool before waiting for the next
            self.current = self.chunks.recv().ok();
            self.position = 0;
        }
        self.current
            .as_ref()
            .and_then(|chunk| chunk.bytes().get(self.position..))
            .unwrap_or_default()
    }

    /// Marks bytes of the last [`fill`](Self::fill) as used.
    pub(super) fn consume(&mut self, count: usize) {
        self.position += count;
        self.offset += count as u64;
    }

    /// Copies exactly `target.len()` bytes; gives how many there were before the stream ended.
    pub(super) fn read_exact(&mut self, target: &mut [u8]) -> usize {
        let mut copied = 0;
        while let Some(free) = target.get_mut(copied..).filter(|free| !free.is_empty()) {
            let bytes = self.fill();
            let count = bytes.len().min(free.len());
            if count == 0 {
                break;
            }
            if let (Some(to), Some(from)) = (free.get_mut(..count), bytes.get(..count)) {
                to.copy_from_slice(from);
            }
            self.consume(count);
            copied += count;
        }
        copied
    }

    /// Passes `count` bytes to `taker` in slices; gives how many there were before the stream ended.
    pub(super) fn pass(&mut self, count: u64, mut taker: impl FnMut(&[u8])) -> u64 {
        let mut left = count;
        while left > 0 {
            let bytes = self.fill();
            let at_hand = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if at_hand == 0 {
                break;
            }
            taker(bytes.get(..at_hand).unwrap_or_default());
            self.consume(at_hand);
            left -= at_hand as u64;
        }
        count - left
    }
}
