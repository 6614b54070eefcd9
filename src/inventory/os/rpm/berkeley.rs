//! `Packages`: a Berkeley DB hash table, rpm's form before 4.16. Numbers are in the byte order of the machine that wrote
//! them.
//!
//! ```text
//! page 0    12: magic 0x061561   16: version   20: page size   24: encryption   25: type   32: last page
//! any page  16: next page   20: items (16 bit)   22: bytes used of an overflow page (16 bit)   25: type   26: data
//! hash page 26: offset of each item (16 bit), key and value in turn; the items fill the page from its end
//! item      type 1: bytes   type 3: three unused bytes, first overflow page, length
//! ```
//! Berkeley DB's `dbinc/db_page.h`. The table's order does not matter here: all its pages are visited, one after another.

use super::{Take, index, word};
use crate::layers::ParseError;

const MAGIC: u32 = 0x0006_1561;
const PAGE_HEAD: usize = 26;
const PAGE_HASH_UNSORTED: u8 = 2;
const PAGE_OVERFLOW: u8 = 7;
const PAGE_HASH_META: u8 = 8;
const PAGE_HASH: u8 = 13;
const ITEM_BYTES: u8 = 1;
const ITEM_OVERFLOW: u8 = 3;

/// Hands every package's header blob to `take`, in the order of the pages.
pub(super) fn read_blobs(bytes: &[u8], take: &mut Take<'_>) -> Result<(), ParseError> {
    let database = Database::open(bytes)?;
    // A page belongs to one value; in a hostile file all values can share a long chain of pages.
    let mut unread = database.pages().len();
    for page in database.pages().skip(1) {
        if !matches!(page.get(25), Some(&(PAGE_HASH_UNSORTED | PAGE_HASH))) {
            continue;
        }
        for pair in 0..database.half(page, 20).unwrap_or_default() / 2 {
            let key = database.item(page, pair * 2);
            // Under the number 0 rpm keeps the next free number.
            if matches!(key, Some([ITEM_BYTES, 0, 0, 0, 0])) {
                continue;
            }
            match database
                .item(page, pair * 2 + 1)
                .and_then(<[u8]>::split_first)
            {
                Some((&ITEM_BYTES, blob)) => take(Ok(blob)),
                Some((&ITEM_OVERFLOW, reference)) => {
                    let blob = database.overflow(reference, &mut unread);
                    let blob = blob.as_deref().ok_or_else(|| {
                        ParseError::new("the chain of its overflow pages is broken")
                    });
                    take(blob);
                }
                _ => take(Err(ParseError::new(
                    "its item in the hash table is damaged",
                ))),
            }
        }
    }
    if database.last_page >= database.pages().len() {
        return Err(ParseError::new("it ends before its last page"));
    }
    Ok(())
}

struct Database<'a> {
    bytes: &'a [u8],
    page_size: usize,
    big_endian: bool,
    last_page: usize,
}

impl<'a> Database<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, ParseError> {
        let refuse = || ParseError::new("it is no Berkeley DB hash table");
        let magic = word(bytes, 12).ok_or_else(refuse)?;
        let mut database = Self {
            bytes,
            page_size: 512,
            big_endian: u32::from_be_bytes(magic) == MAGIC,
            last_page: 0,
        };
        let is_hash = database.number(bytes, 12) == Some(index(MAGIC))
            && bytes.get(25) == Some(&PAGE_HASH_META);
        let page_size = database
            .number(bytes, 20)
            .filter(|size| is_hash && (512..=65_536).contains(size) && size.is_power_of_two())
            .ok_or_else(refuse)?;
        if bytes.get(24) != Some(&0) {
            return Err(ParseError::new("it is encrypted"));
        }
        database.page_size = page_size;
        database.last_page = database.number(bytes, 32).ok_or_else(refuse)?;
        Ok(database)
    }

    fn pages(&self) -> std::slice::ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.page_size)
    }

    /// The item with its type byte. It ends where the one before it begins, the first one at the page's end.
    fn item(&self, page: &'a [u8], item: usize) -> Option<&'a [u8]> {
        let offset = |item: usize| self.half(page, PAGE_HEAD + item * 2);
        let end = match item.checked_sub(1) {
            Some(before) => offset(before)?,
            None => self.page_size,
        };
        page.get(offset(item)?..end)
    }

    /// Joins the overflow pages that an item names, and takes them from the pages that are left to read.
    fn overflow(&self, reference: &[u8], unread: &mut usize) -> Option<Vec<u8>> {
        let mut next = self.number(reference, 3)?;
        let length = self.number(reference, 7)?;
        let mut blob = Vec::new();
        while blob.len() < length {
            *unread = unread.checked_sub(1)?;
            let page = self.pages().nth(next)?;
            let used = self.half(page, 22)?;
            if page.get(25) != Some(&PAGE_OVERFLOW) || used == 0 {
                return None;
            }
            blob.extend_from_slice(page.get(PAGE_HEAD..)?.get(..used)?);
            next = self.number(page, 16)?;
        }
        blob.truncate(length);
        Some(blob)
    }

    fn number(&self, bytes: &[u8], offset: usize) -> Option<usize> {
        let word = word(bytes, offset)?;
        Some(index(if self.big_endian {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        }))
    }

    fn half(&self, bytes: &[u8], offset: usize) -> Option<usize> {
        let half: [u8; 2] = bytes.get(offset..)?.first_chunk().copied()?;
        Some(usize::from(if self.big_endian {
            u16::from_be_bytes(half)
        } else {
            u16::from_le_bytes(half)
        }))
    }
}
