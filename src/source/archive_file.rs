//! A tar archive on disk: how it is packed, and its bytes unpacked as a stream.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;

use flate2::read::MultiGzDecoder;

use crate::model::Limits;

use super::tarball::{FilePart, is_checksum_right};

/// How an archive is compressed, told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    /// Not at all: members are found by position.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// A format that no tool writes images in.
    Unsupported(&'static str),
}

impl Packing {
    /// Looks at the first bytes of `file`.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let mut magic = [0; 6];
        let length = file.read_at(&mut magic, 0)?;
        Ok(match magic.get(..length).unwrap_or_default() {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'B', b'Z', b'h', ..] => Self::Unsupported("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Self::Unsupported("xz"),
            _ => Self::Plain,
        })
    }
}

/// The archive's bytes, unpacked, from the beginning.
pub(super) fn unpack(file: &File, packing: Packing) -> io::Result<Box<dyn Read + Send>> {
    let packed = FilePart::whole(file.try_clone()?)?;
    let limits = Limits::default();
    let budget = file
        .metadata()?
        .len()
        .saturating_mul(limits.ratio)
        .max(Limits::RATIO_FLOOR);
    // 64 KiB: a read a file system serves in one go.
    let packed = BufReader::with_capacity(64 << 10, packed);
    let unpacked: Box<dyn Read + Send> = match packing {
        Packing::Plain => Box::new(packed),
        Packing::Gzip => Box::new(MultiGzDecoder::new(packed)),
        Packing::Zstd => Box::new(zstd::Decoder::with_buffer(packed)?),
        Packing::Unsupported(name) => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                format!("it is compressed with {name}: gzip and zstd are supported"),
            ));
        }
    };
    Ok(Box::new(Budgeted {
        inner: unpacked,
        left: budget,
    }))
}

/// Whether the first bytes, unpacked, are a tar header.
pub(super) fn begins_like_tar(file: &File, packing: Packing) -> bool {
    let mut header = tar::Header::new_old();
    unpack(file, packing)
        .and_then(|mut stream| stream.read_exact(header.as_mut_bytes()))
        .is_ok_and(|()| is_checksum_right(&header))
}

/// Stops a small file that unpacks to an endless one.
struct Budgeted {
    inner: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Budgeted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::FileTooLarge,
                "it unpacks to more than 2000 times its size",
            )
        })?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_bomb_is_stopped_by_its_ratio() {
        let mut encoder =
            zstd::Encoder::new(tempfile::tempfile().expect("a file"), 1).expect("zstd");
        let mut left = Limits::RATIO_FLOOR + (1 << 20);
        while left > 0 {
            left -= encoder.write(&vec![0; 1 << 16]).expect("written") as u64;
        }
        let file = encoder.finish().expect("a bomb");
        assert_eq!(Packing::of(&file).expect("magic"), Packing::Zstd);
        let mut stream = unpack(&file, Packing::Zstd).expect("a stream");
        let error = io::copy(&mut stream, &mut io::sink()).expect_err("too much");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn other_compressions_are_named() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"\xfd7zXZ\0 and so on").expect("written");
        let packing = Packing::of(&file).expect("magic");
        let error = unpack(&file, packing).err().expect("refused");
        assert!(error.to_string().contains("xz"), "{error}");
    }
}
