//! A tar that can only be read from its beginning: compressed, or exported by an engine. Nothing of it is spooled to disk.
//!
//! All readers share one cursor. Who opens a member waits for the cursor, moves it forward if the member lies ahead, starts
//! the stream again if it lies behind, and gives the cursor back by dropping the reader.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::LayerPath;
use crate::model::limits::read_at_most;

use super::members::{Index, LARGEST_DOCUMENT, Members, Place};
use super::tarball::Tarball;
use super::{ReadOrder, SourceError};

/// Begins the stream anew.
pub(super) type Start = Box<dyn Fn() -> Result<Box<dyn Read + Send>, SourceError> + Send + Sync>;

/// JSON documents up to this size are kept from the first pass, so that reading them costs no further pass. 1 MiB: real
/// manifests and configs are a few KiB.
const KEPT_DOCUMENT: u64 = 1 << 20;

/// All kept documents together.
const KEPT_DOCUMENTS: u64 = 4 * LARGEST_DOCUMENT;

/// A tar that can only be read from its beginning.
pub(super) struct StreamedTar {
    archive: String,
    start: Start,
    index: Index,
    documents: BTreeMap<LayerPath, Vec<u8>>,
    cursor: Arc<Cursor>,
}

impl StreamedTar {
    /// Reads the stream once, to learn where its members lie.
    pub(super) fn open(archive: String, start: Start) -> Result<Self, SourceError> {
        let mut documents = BTreeMap::new();
        let mut kept = 0;
        let mut tarball = Tarball::new(start()?);
        let index = Index::read(&mut tarball, |name, tarball| {
            documents.remove(name);
            if let Some(bytes) = json_document(tarball)?
                && kept + bytes.len() as u64 <= KEPT_DOCUMENTS
            {
                kept += bytes.len() as u64;
                documents.insert(name.clone(), bytes);
            }
            Ok(())
        });
        match index {
            Ok(index) => Ok(Self {
                archive,
                start,
                index,
                documents,
                cursor: Arc::default(),
            }),
            Err(source) => Err(SourceError::Archive { archive, source }),
        }
    }

    fn damaged(&self, source: io::Error) -> SourceError {
        SourceError::Archive {
            archive: self.archive.clone(),
            source,
        }
    }

    /// A stream whose next member is no later than `place`.
    fn stream_before(&self, place: Place, held: Option<Stream>) -> Result<Stream, SourceError> {
        match held.filter(|stream| stream.next <= place.ordinal) {
            Some(stream) => Ok(stream),
            None => Ok(Stream {
                tarball: Tarball::new((self.start)()?),
                next: 0,
            }),
        }
    }
}

/// The content of the current member if it is a small JSON object or list.
fn json_document<R: super::tarball::Skip>(tarball: &mut Tarball<R>) -> io::Result<Option<Vec<u8>>> {
    let mut first = [0];
    if tarball.content() > KEPT_DOCUMENT || tarball.read(&mut first)? == 0 {
        return Ok(None);
    }
    if !matches!(first, [b'{' | b'[']) {
        return Ok(None);
    }
    read_at_most(first.chain(tarball), KEPT_DOCUMENT).map(Some)
}

impl Members for StreamedTar {
    fn size(&self, name: &str) -> Option<u64> {
        self.index.find(name).map(|(_, place)| place.size)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>, SourceError> {
        let (name, place) = self.index.find(name).ok_or_else(|| self.missing(name))?;
        if let Some(document) = self.documents.get(&name) {
            return Ok(Box::new(io::Cursor::new(document.clone())));
        }
        // Taken before anything can fail: whatever happens, the turn's end lets the next reader in.
        let mut turn = Turn {
            held: self.cursor.take(),
            cursor: Arc::clone(&self.cursor),
        };
        let mut stream = self.stream_before(place, turn.held.take())?;
        while stream.next <= place.ordinal {
            let member = stream.tarball.next().map_err(|error| self.damaged(error))?;
            let is_expected = stream.next < place.ordinal
                || member
                    .as_ref()
                    .is_some_and(|member| member.name == name && member.size == place.size);
            if member.is_none() || !is_expected {
                let changed =
                    io::Error::new(io::ErrorKind::InvalidData, "it changed while it was read");
                return Err(self.damaged(changed));
            }
            stream.next += 1;
        }
        turn.held = Some(stream);
        Ok(Box::new(turn))
    }

    fn read_order(&self, names: &[String]) -> ReadOrder {
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|layer| {
            let place = names.get(*layer).and_then(|name| self.index.find(name));
            (place.map(|(_, place)| place.ordinal), *layer)
        });
        ReadOrder::Sequential(order)
    }

    fn archive(&self) -> &str {
        &self.archive
    }
}

/// The stream and how far it was read.
struct Stream {
    tarball: Tarball<Box<dyn Read + Send>>,
    /// The ordinal of the member that comes next.
    next: usize,
}

/// Hands the one stream from reader to reader.
#[derive(Default)]
struct Cursor {
    slot: Mutex<Slot>,
    given_back: Condvar,
}

#[derive(Default)]
struct Slot {
    taken: bool,
    stream: Option<Stream>,
}

impl Cursor {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Option<Stream> {
        let mut slot = self
            .given_back
            .wait_while(self.lock(), |slot| slot.taken)
            .unwrap_or_else(PoisonError::into_inner);
        slot.taken = true;
        slot.stream.take()
    }

    fn give_back(&self, stream: Option<Stream>) {
        *self.lock() = Slot {
            taken: false,
            stream,
        };
        self.given_back.notify_one();
    }
}

/// One reader's time with the stream. It ends with the reader; after an error the stream begins anew.
struct Turn {
    held: Option<Stream>,
    cursor: Arc<Cursor>,
}

impl Read for Turn {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(stream) = &mut self.held else {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the archive could not be read to here",
            ));
        };
        let result = stream.tarball.read(buffer);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() != io::ErrorKind::Interrupted)
        {
            self.held = None;
        }
        result
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.cursor.give_back(self.held.take());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn archive() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in [
            ("a", "first"),
            ("b", "second"),
            ("c", "third"),
            ("d.json", "{}"),
        ] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder
                .append_data(&mut header, name, content.as_bytes())
                .expect("a file");
        }
        builder.into_inner().expect("a tar")
    }

    fn streamed() -> (StreamedTar, Arc<AtomicUsize>) {
        let starts = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&starts);
        let start: Start = Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Box::new(io::Cursor::new(archive())))
        });
        (
            StreamedTar::open("test".to_owned(), start).expect("a tar"),
            starts,
        )
    }

    fn read(tar: &StreamedTar, name: &str) -> Vec<u8> {
        read_at_most(tar.open(name).expect("a member"), 100).expect("content")
    }

    #[test]
    fn reading_in_order_takes_one_pass_and_going_back_another() {
        let (tar, starts) = streamed();
        assert_eq!(starts.load(Ordering::Relaxed), 1, "the index");
        assert_eq!(
            (read(&tar, "a"), read(&tar, "c")),
            (b"first".to_vec(), b"third".to_vec())
        );
        assert_eq!(starts.load(Ordering::Relaxed), 2);
        assert_eq!(read(&tar, "b"), b"second");
        assert_eq!(starts.load(Ordering::Relaxed), 3);
        assert_eq!(read(&tar, "d.json"), b"{}");
        assert_eq!(starts.load(Ordering::Relaxed), 3, "documents are kept");
    }

    #[test]
    fn the_order_is_that_of_the_archive() {
        let (tar, _) = streamed();
        let names = ["c", "a", "b"].map(str::to_owned);
        assert_eq!(tar.read_order(&names), ReadOrder::Sequential(vec![1, 2, 0]));
    }

    #[test]
    fn readers_on_many_threads_take_turns() {
        let (tar, _) = streamed();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for (name, content) in [("c", "third"), ("a", "first"), ("b", "second")] {
                        assert_eq!(read(&tar, name), content.as_bytes());
                    }
                });
            }
        });
    }

    #[test]
    fn a_reader_dropped_half_way_gives_the_cursor_back() {
        let (tar, starts) = streamed();
        let mut reader = tar.open("a").expect("a member");
        reader.read_exact(&mut [0; 2]).expect("two bytes");
        drop(reader);
        assert_eq!(read(&tar, "b"), b"second");
        assert_eq!(starts.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_stream_that_breaks_or_changes_is_an_error_and_the_next_reader_starts_anew() {
        let starts = AtomicUsize::new(0);
        let start: Start = Box::new(move || {
            let mut bytes = archive();
            match starts.fetch_add(1, Ordering::Relaxed) {
                1 => bytes.truncate(514),
                2 => bytes = vec![0; 1024],
                _ => {}
            }
            Ok(Box::new(io::Cursor::new(bytes)))
        });
        let tar = StreamedTar::open("test".to_owned(), start).expect("a tar");
        let mut broken = tar.open("a").expect("the first bytes are there");
        assert!(read_at_most(&mut broken, 100).is_err());
        assert!(broken.read(&mut [0]).is_err(), "an error stays one");
        drop(broken);
        assert!(matches!(tar.open("a"), Err(SourceError::Archive { .. })));
        assert_eq!(read(&tar, "a"), b"first");
    }
}
