//! A blob's bytes as they are stored: counted, hashed as they pass, and inflated by what they are, not by what they
//! are called.

use std::io::{self, BufRead, Read};

use crate::model::DigestHasher;

/// Bytes read from the source at once. 128 KiB: a registry's chunks are smaller, a disk's read-ahead is this.
const BUFFER: usize = 128 << 10;

/// How a blob is packed, by its first bytes. The media type is only a hint: images with a wrong one exist, and
/// container engines go by the bytes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// RFC 1952: `1f 8b`.
    Gzip,
    /// RFC 8878: `28 b5 2f fd`, or a skippable frame `5? 2a 4d 18` before it (zstd:chunked).
    Zstd,
    /// Anything else is taken for a tar; the walk says if it is none.
    Plain,
}

impl Packing {
    fn of(first: &[u8]) -> Self {
        match first {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

/// The stored bytes on their way to the decompressor.
pub(super) struct Blob<R> {
    source: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// `None` for a plain tar, whose digest is its diffID: hashed once, by the stage that hashes the tar.
    hasher: Option<DigestHasher>,
    /// Stored bytes so far.
    pub(super) count: u64,
    /// Whether the source has failed: an error that comes out of the decompressor is then not about the data.
    pub(super) has_failed: bool,
}

impl<R: Read> Blob<R> {
    pub(super) fn new(source: R, hasher: DigestHasher) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER].into_boxed_slice(),
            start: 0,
            end: 0,
            hasher: Some(hasher),
            count: 0,
            has_failed: false,
        }
    }

    /// Tells the packing from the first bytes, without consuming them.
    pub(super) fn packing(&mut self) -> io::Result<Packing> {
        let packing = Packing::of(self.fill_buf()?);
        Ok(packing)
    }

    /// From here on the bytes are not hashed: the caller hashes them elsewhere.
    pub(super) fn leave_hashing(&mut self) {
        self.hasher = None;
    }

    /// Reads what is left after the decompressor was satisfied, so that the digest covers every stored byte.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        loop {
            let left = self.fill_buf()?.len();
            if left == 0 {
                return Ok(());
            }
            self.consume(left);
        }
    }

    /// The hasher over all bytes, unless it was left.
    pub(super) fn into_hasher(self) -> Option<DigestHasher> {
        self.hasher
    }
}

impl<R: Read> BufRead for Blob<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        // The first fill has to bring the four magic bytes, however small the source's pieces are.
        while self.start == self.end || (self.count == self.end as u64 && self.end < 4) {
            if self.start == self.end {
                (self.start, self.end) = (0, 0);
            }
            let free = self.buffer.get_mut(self.end..).unwrap_or_default();
            let read = match self.source.read(free) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result.inspect_err(|_| self.has_failed = true)?,
            };
            if read == 0 {
                break;
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(free.get(..read).unwrap_or_default());
            }
            self.end += read;
            self.count += read as u64;
        }
        Ok(self.buffer.get(self.start..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.start = (self.start + amount).min(self.end);
    }
}

impl<R: Read> Read for Blob<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(target.len());
        if let (Some(from), Some(to)) = (available.get(..count), target.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}

/// The uncompressed bytes of a blob.
pub(super) enum Inflate<R: Read> {
    /// Any number of gzip members, one after another (RFC 1952, 2.2): what pigz, estargz and `cat a.gz b.gz` make.
    Gzip(Box<flate2::bufread::MultiGzDecoder<Blob<R>>>),
    /// Any number of zstd frames.
    Zstd(Box<zstd::stream::read::Decoder<'static, Blob<R>>>),
    /// Nothing to inflate.
    Plain(Box<Blob<R>>),
}

impl<R: Read> Inflate<R> {
    pub(super) fn new(blob: Blob<R>, packing: Packing) -> io::Result<Self> {
        Ok(match packing {
            Packing::Gzip => Self::Gzip(Box::new(flate2::bufread::MultiGzDecoder::new(blob))),
            Packing::Zstd => Self::Zstd(Box::new(zstd::stream::read::Decoder::with_buffer(blob)?)),
            Packing::Plain => Self::Plain(Box::new(blob)),
        })
    }

    /// The blob below, to drain it and to ask for its count.
    pub(super) fn blob(&mut self) -> &mut Blob<R> {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.get_mut(),
            Self::Plain(blob) => blob,
        }
    }

    pub(super) fn into_blob(self) -> Blob<R> {
        match self {
            Self::Gzip(decoder) => decoder.into_inner(),
            Self::Zstd(decoder) => decoder.finish(),
            Self::Plain(blob) => *blob,
        }
    }
}

impl<R: Read> Read for Inflate<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(target),
            Self::Zstd(decoder) => decoder.read(target),
            Self::Plain(blob) => blob.read(target),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte a call: the worst source.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(target.len()).min(1);
            target[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn the_packing_is_told_from_the_bytes_even_when_they_drip() {
        for (bytes, packing) in [
            (&[0x1f, 0x8b, 8, 0][..], Packing::Gzip),
            (&[0x28, 0xb5, 0x2f, 0xfd, 0][..], Packing::Zstd),
            (&[0x51, 0x2a, 0x4d, 0x18, 0][..], Packing::Zstd),
            (&b"etc/passwd"[..], Packing::Plain),
            (&[][..], Packing::Plain),
        ] {
            let mut blob = Blob::new(Drip(bytes), DigestHasher::sha256());
            assert_eq!(blob.packing().expect("bytes"), packing);
            let mut all = Vec::new();
            io::copy(&mut blob, &mut all).expect("bytes");
            assert_eq!(all, bytes, "nothing is lost by looking");
            assert_eq!(blob.count, bytes.len() as u64);
        }
    }
}
