//! Whole files that the user names, up to a limit.

use std::io::{Read, Result as IoResult};

use super::Failure;
use crate::model::limits::read_at_most;

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be read")]
struct Unread {
    name: String,
    source: std::io::Error,
}

/// All bytes of an opened file, at most `limit`; `name` is what the user calls it.
pub(super) fn read(
    name: &str,
    opened: IoResult<impl Read>,
    limit: u64,
) -> Result<Vec<u8>, Failure> {
    let bytes = opened.and_then(|reader| read_at_most(reader, limit));
    bytes.map_err(|source| {
        Failure::new(Unread {
            name: name.to_owned(),
            source,
        })
    })
}
