//! Evidence as a file: read, with its digest.

use std::fs::File;
use std::path::Path;

use super::{Failure, input_file};
use crate::evidence::{Evidence, EvidenceError, read as read_evidence};
use crate::model::Digest;

/// Bytes of a document that are read: of 50,000 findings it has some 100 MB.
const LIMIT: u64 = 2 << 30;

/// A file that is no evidence.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be read as evidence")]
struct Unreadable {
    name: String,
    source: EvidenceError,
}

/// Reads the evidence of a file, or of standard input.
pub(super) fn read(path: &Path) -> Result<(Digest, Evidence), Failure> {
    let is_stdin = path == Path::new("-");
    let name = if is_stdin {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let bytes = if is_stdin {
        input_file::read(&name, Ok(std::io::stdin().lock()), LIMIT)?
    } else {
        input_file::read(&name, File::open(path), LIMIT)?
    };
    let evidence = read_evidence(&bytes).map_err(|source| {
        Failure::new(Unreadable { name, source })
            .with_hint(Some("`plimsoll scan -o json=FILE` writes it"))
    })?;
    Ok((Digest::sha256_of(&bytes), evidence))
}
