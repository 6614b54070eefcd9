//! The bounds that keep a hostile image from taking the machine. Each one that is hit becomes a `Gap`.

use std::io::Read;

use serde::{Deserialize, Serialize};

/// How much of a layer is looked at before the walk stops and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Entries of one layer. 10 million: three times the largest layer that people have complained about elsewhere.
    pub entries: u64,
    /// Uncompressed bytes of one layer. 256 GiB: twice the largest AI images seen.
    pub layer_bytes: u64,
    /// Uncompressed over compressed bytes, once a layer has passed [`Limits::RATIO_FLOOR`]. Deflate cannot exceed 1032;
    /// a layer of zeros is near that and harmless, a zstd bomb is far above it.
    pub ratio: u64,
    /// Bytes of a path. 4096: `PATH_MAX` of Linux; a longer one cannot exist in the running container.
    pub path_bytes: usize,
    /// Parts of a path. 256: no build nests deeper, and each part of a path with facts costs a hash.
    pub path_parts: usize,
    /// Files of one layer in which something was found. 200,000: twice the packages of the largest `node_modules` seen.
    pub facts: usize,
    /// Entries of one layer that matter to the container boundary and for nothing else. 50,000: twenty times those of the largest
    /// distribution image seen.
    pub observed: usize,
    /// Bytes of one file that a detector has to hold whole. 256 MiB: the largest real rpm databases are below 200 MiB.
    pub held_bytes: u64,
}

impl Limits {
    /// Uncompressed bytes below which the ratio is not looked at: 256 MiB are harmless however they were packed.
    pub const RATIO_FLOOR: u64 = 256 << 20;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 10_000_000,
            layer_bytes: 256 << 30,
            ratio: 2_000,
            path_bytes: 4096,
            path_parts: 256,
            facts: 200_000,
            observed: 50_000,
            held_bytes: 256 << 20,
        }
    }
}

/// Reads all that is left, but refuses more than `limit` bytes: the only way that this crate reads a whole stream.
pub fn read_at_most(reader: impl Read, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(limit.saturating_add(1));
    #[expect(
        clippy::disallowed_methods,
        reason = "bounded by `take` in the line above"
    )]
    limited.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            format!("more than the limit of {limit} bytes"),
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_exactly_the_limit_is_read_and_one_byte_more_is_refused() {
        assert_eq!(read_at_most(&b"abcd"[..], 4).expect("four bytes").len(), 4);
        let refused = read_at_most(&b"abcde"[..], 4).expect_err("five bytes");
        assert_eq!(refused.kind(), std::io::ErrorKind::FileTooLarge);
    }
}
