//! `Packages.db`: rpm's own form, which SUSE has used since SLE 15. All numbers are little-endian.
//!
//! ```text
//! file   "RpmP"  version  generation  pages of slots  4 × unused           32 bytes, where two slots would lie
//! slot   "Slot"  package number  offset of the blob / 16  blocks of 16     256 a page of 4096 bytes
//! blob   "BlbS"  package number  generation  length  header …  (tail)
//! ```
//! rpm's `lib/backend/ndb/rpmpkg.c`.

use super::{Take, index, word};
use crate::layers::ParseError;

const SLOT: usize = 16;
const SLOTS_OF_A_PAGE: usize = 256;
const BLOCK: usize = 16;
const BLOB_HEAD: usize = 16;

/// Hands every package's header blob to `take`, in the order of the slots.
pub(super) fn read_blobs(bytes: &[u8], take: &mut Take<'_>) -> Result<(), ParseError> {
    if word(bytes, 0) != Some(*b"RpmP") || number(bytes, 4) != Some(0) {
        return Err(ParseError::new("it is no NDB database of version 0"));
    }
    let slots = number(bytes, 12)
        .and_then(|pages| bytes.get(..pages.checked_mul(SLOTS_OF_A_PAGE * SLOT)?))
        .ok_or_else(|| ParseError::new("it is shorter than its slots"))?;
    // Blobs lie side by side; in a hostile file all slots can name the same one.
    let mut unread = bytes.len();
    for slot in slots.chunks_exact(SLOT).skip(2) {
        if word(slot, 0) != Some(*b"Slot") {
            take(Err(ParseError::new("its slot is damaged")));
            continue;
        }
        // A free slot names no place.
        let Some(offset) = number(slot, 8).filter(|offset| *offset != 0) else {
            continue;
        };
        let blob = offset
            .checked_mul(BLOCK)
            .and_then(|offset| blob_at(bytes, offset, word(slot, 4)?));
        let Some(blob) = blob else {
            take(Err(ParseError::new("its slot names a place without it")));
            continue;
        };
        unread = unread
            .checked_sub(blob.len() + BLOB_HEAD)
            .ok_or_else(|| ParseError::new("its slots name more than the file holds"))?;
        take(Ok(blob));
    }
    Ok(())
}

fn blob_at(bytes: &[u8], offset: usize, package: [u8; 4]) -> Option<&[u8]> {
    let (head, rest) = bytes.get(offset..)?.split_at_checked(BLOB_HEAD)?;
    let is_named = word(head, 0)? == *b"BlbS" && word(head, 4)? == package;
    rest.get(..number(head, 12)?).filter(|_| is_named)
}

fn number(bytes: &[u8], offset: usize) -> Option<usize> {
    word(bytes, offset).map(|word| index(u32::from_le_bytes(word)))
}
