//! A package's header: the blob that all forms of the database hold.
//!
//! ```text
//! entries: be32   store size: be32   entries × (tag, type, offset, count: be32)   store
//! ```
//! An offset counts from the start of the store. rpm's `lib/header.c`; tags and types are in its `include/rpm/rpmtag.h`
//! and <https://rpm-software-management.github.io/rpm/manual/format_header.html>.

use super::{index, word};
use crate::layers::ParseError;

/// The tags that are read.
pub(super) mod tag {
    pub(in crate::inventory::os::rpm) const NAME: u32 = 1000;
    pub(in crate::inventory::os::rpm) const VERSION: u32 = 1001;
    pub(in crate::inventory::os::rpm) const RELEASE: u32 = 1002;
    pub(in crate::inventory::os::rpm) const EPOCH: u32 = 1003;
    pub(in crate::inventory::os::rpm) const VENDOR: u32 = 1011;
    pub(in crate::inventory::os::rpm) const LICENSE: u32 = 1014;
    pub(in crate::inventory::os::rpm) const ARCH: u32 = 1022;
    pub(in crate::inventory::os::rpm) const OLDFILENAMES: u32 = 1027;
    pub(in crate::inventory::os::rpm) const FILESTATES: u32 = 1029;
    pub(in crate::inventory::os::rpm) const FILEMODES: u32 = 1030;
    pub(in crate::inventory::os::rpm) const FILEDIGESTS: u32 = 1035;
    pub(in crate::inventory::os::rpm) const FILEFLAGS: u32 = 1037;
    pub(in crate::inventory::os::rpm) const SOURCERPM: u32 = 1044;
    pub(in crate::inventory::os::rpm) const FILEVERIFYFLAGS: u32 = 1045;
    pub(in crate::inventory::os::rpm) const DIRINDEXES: u32 = 1116;
    pub(in crate::inventory::os::rpm) const BASENAMES: u32 = 1117;
    pub(in crate::inventory::os::rpm) const DIRNAMES: u32 = 1118;
    pub(in crate::inventory::os::rpm) const FILEDIGESTALGO: u32 = 5011;
    pub(in crate::inventory::os::rpm) const MODULARITYLABEL: u32 = 5096;
}

const TYPE_CHAR: u32 = 1;
const TYPE_INT16: u32 = 3;
const TYPE_INT32: u32 = 4;
const TYPE_STRING: u32 = 6;
const TYPE_STRING_ARRAY: u32 = 8;
const TYPE_I18N_STRING: u32 = 9;

/// A parsed blob, still in place.
pub(super) struct Header<'a> {
    entries: &'a [[u8; 16]],
    store: &'a [u8],
    /// Bytes of the store that no text has taken yet. A hostile header lets all its entries point at one long text; they
    /// get no more than the store could hold side by side.
    untaken: usize,
}

impl<'a> Header<'a> {
    /// Checks that entries and store lie within the blob.
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, ParseError> {
        let parts = || {
            let entries = index(u32::from_be_bytes(word(blob, 0)?));
            let store = index(u32::from_be_bytes(word(blob, 4)?));
            let (entries, rest) = blob.get(8..)?.split_at_checked(entries.checked_mul(16)?)?;
            Some((entries.as_chunks().0, rest.get(..store)?))
        };
        let (entries, store) =
            parts().ok_or_else(|| ParseError::new("its header is shorter than it says"))?;
        Ok(Self {
            entries,
            store,
            untaken: store.len(),
        })
    }

    /// The text of a tag, of several the first one; bytes that are no UTF-8 are replaced.
    pub(super) fn text(&mut self, tag: u32) -> Option<String> {
        let types = [TYPE_STRING, TYPE_STRING_ARRAY, TYPE_I18N_STRING];
        let rest = self.data(tag, &types)?;
        let end = memchr::memchr(0, rest)?;
        self.untaken = self.untaken.checked_sub(end)?;
        Some(String::from_utf8_lossy(rest.get(..end)?).into_owned())
    }

    /// The texts of an array, as bytes; none if the header does not have it.
    pub(super) fn texts(&mut self, tag: u32) -> Result<Vec<&'a [u8]>, ParseError> {
        let Some((mut rest, count)) = self.array(tag, &[TYPE_STRING_ARRAY]) else {
            return Ok(Vec::new());
        };
        let mut texts = Vec::new();
        for _ in 0..count {
            let text = memchr::memchr(0, rest).and_then(|end| {
                let (text, tail) = rest.split_at_checked(end)?;
                rest = tail.get(1..)?;
                self.untaken = self.untaken.checked_sub(end + 1)?;
                Some(text)
            });
            texts.push(text.ok_or_else(|| {
                ParseError::new("an array of its header holds less than it says")
            })?);
        }
        Ok(texts)
    }

    /// The 32-bit number of a tag.
    pub(super) fn number(&self, tag: u32) -> Option<u32> {
        self.numbers(tag).get(0)
    }

    /// The 32-bit numbers of an array.
    pub(super) fn numbers(&self, tag: u32) -> Numbers<'a> {
        let array = self.array(tag, &[TYPE_INT32]);
        Numbers(array.map_or(&[], |(rest, count)| first(rest.as_chunks().0, count)))
    }

    /// The 16-bit numbers of an array.
    pub(super) fn small_numbers(&self, tag: u32) -> SmallNumbers<'a> {
        let array = self.array(tag, &[TYPE_INT16]);
        SmallNumbers(array.map_or(&[], |(rest, count)| first(rest.as_chunks().0, count)))
    }

    /// The bytes of an array.
    pub(super) fn bytes(&self, tag: u32) -> &'a [u8] {
        let array = self.array(tag, &[TYPE_CHAR]);
        array.map_or(&[], |(rest, count)| first(rest, count))
    }

    /// The store from where a tag's data begins. The last entry of a tag counts: what rpm adds to a header when it
    /// installs it stands behind the signed region and replaces what is in there.
    fn data(&self, tag: u32, types: &[u32]) -> Option<&'a [u8]> {
        self.array(tag, types).map(|(data, _)| data)
    }

    /// The same, with the number of items.
    fn array(&self, tag: u32, types: &[u32]) -> Option<(&'a [u8], usize)> {
        let field = |entry: &[u8; 16], at| word(entry, at).map(u32::from_be_bytes);
        let entry = self
            .entries
            .iter()
            .rev()
            .find(|entry| field(entry, 0) == Some(tag))?;
        let count = index(field(entry, 12)?);
        if !types.contains(&field(entry, 4)?) || count == 0 {
            return None;
        }
        Some((self.store.get(index(field(entry, 8)?)..)?, count))
    }
}

/// An array of 32-bit numbers.
#[derive(Clone, Copy)]
pub(super) struct Numbers<'a>(&'a [[u8; 4]]);

impl Numbers<'_> {
    pub(super) fn get(self, at: usize) -> Option<u32> {
        self.0.get(at).map(|number| u32::from_be_bytes(*number))
    }
}

/// An array of 16-bit numbers.
#[derive(Clone, Copy)]
pub(super) struct SmallNumbers<'a>(&'a [[u8; 2]]);

impl SmallNumbers<'_> {
    pub(super) fn get(self, at: usize) -> Option<u16> {
        self.0.get(at).map(|number| u16::from_be_bytes(*number))
    }
}

fn first<T>(items: &[T], count: usize) -> &[T] {
    items.get(..count).unwrap_or(items)
}
