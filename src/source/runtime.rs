//! Where async ends: one small runtime for all of this room, and a reader over a stream that runs in it.

use std::future::Future;
use std::io::{self, Cursor, Read};
use std::sync::LazyLock;

use bytes::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::SourceError;

/// Chunks that wait for the reader. A chunk is what one read of the socket gave, at most some 400 KiB: enough to keep the
/// connection busy while a layer is looked at, and a few MiB at worst.
const CHUNKS_AHEAD: usize = 16;

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread()
        // Two connections' worth of TLS at once; the scan itself wants the other cores.
        .worker_threads(2)
        .thread_name("plimsoll-network")
        .enable_io()
        .enable_time()
        .build()
});

fn runtime() -> Result<&'static Runtime, SourceError> {
    RUNTIME.as_ref().map_err(|error| SourceError::Io {
        what: "the network runtime".to_owned(),
        source: io::Error::new(error.kind(), error.to_string()),
    })
}

/// Waits for `future` on this thread, which must not itself belong to an async runtime.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, SourceError> {
    runtime().map(|runtime| runtime.block_on(future))
}

/// Runs `produce` in the background and reads what it sends.
pub(super) fn read_from<F>(
    produce: impl FnOnce(ChunkSender) -> F,
) -> Result<Box<dyn Read + Send>, SourceError>
where
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = channel(CHUNKS_AHEAD);
    runtime()?.spawn(produce(ChunkSender(sender)));
    Ok(Box::new(ChunkReader {
        receiver,
        chunk: Cursor::default(),
        is_over: false,
    }))
}

enum Message {
    Chunk(Bytes),
    End,
    Broken(io::Error),
}

/// The producer's end. Each of its calls gives false once nobody reads any more.
pub(super) struct ChunkSender(Sender<Message>);

impl ChunkSender {
    pub(super) async fn chunk(&self, chunk: Bytes) -> bool {
        self.0.send(Message::Chunk(chunk)).await.is_ok()
    }

    /// The stream is complete: without this, the reader takes it for broken.
    pub(super) async fn end(&self) -> bool {
        self.0.send(Message::End).await.is_ok()
    }

    pub(super) async fn broken(&self, error: SourceError) -> bool {
        self.0
            .send(Message::Broken(io::Error::other(error)))
            .await
            .is_ok()
    }
}

struct ChunkReader {
    receiver: Receiver<Message>,
    chunk: Cursor<Bytes>,
    is_over: bool,
}

impl Read for ChunkReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.chunk.read(buffer)?;
            if count > 0 || buffer.is_empty() || self.is_over {
                return Ok(count);
            }
            match self.receiver.blocking_recv() {
                Some(Message::Chunk(chunk)) => self.chunk = Cursor::new(chunk),
                Some(Message::End) => self.is_over = true,
                Some(Message::Broken(error)) => return Err(error),
                None => {
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "the stream broke off",
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::limits::read_at_most;

    #[test]
    fn chunks_are_read_in_order_to_the_end() {
        let reader = read_from(|sender| async move {
            for chunk in ["one ", "", "two"] {
                sender.chunk(Bytes::from(chunk)).await;
            }
            sender.end().await;
        });
        let bytes = read_at_most(reader.expect("a reader"), 100).expect("all of it");
        assert_eq!(bytes, b"one two");
    }

    #[test]
    fn a_stream_that_stops_without_its_end_is_an_error_and_stays_one() {
        let reader = read_from(|sender| async move {
            sender.chunk(Bytes::from("half")).await;
        });
        let mut reader = reader.expect("a reader");
        assert_eq!(
            read_at_most(&mut reader, 100).expect_err("broken").kind(),
            io::ErrorKind::UnexpectedEof
        );
        assert!(reader.read(&mut [0]).is_err());
    }
}
