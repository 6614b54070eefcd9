//! The version resource of a PE image: `VS_VERSIONINFO`.
//!
//! <https://learn.microsoft.com/en-us/windows/win32/menurc/vs-versioninfo>. Every part of it has one form:
//! ```text
//! length: 2 bytes; length of the value: 2; its type: 2; key: UTF-16, ends with a zero; padding to 4 bytes;
//! value; padding to 4 bytes; parts of the same form
//! ```

use object::LittleEndian as LE;
use object::read::pe::{ResourceDirectory, ResourceDirectoryEntryData, ResourceDirectoryTable};

use crate::inventory::binary::executable::Executable;

/// `IMAGE_DIRECTORY_ENTRY_RESOURCE`.
const RESOURCES: usize = 2;

/// `RT_VERSION`.
const VERSION: u16 = 16;

/// Strings of one resource, and characters of each. It has about a dozen, of some dozen letters.
const STRINGS: usize = 100;
const LETTERS: usize = 256;

/// What the strings say, without those that are empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct VersionInfo {
    pub(super) product_name: Option<String>,
    pub(super) product_version: Option<String>,
    pub(super) file_version: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) original_filename: Option<String>,
    pub(super) internal_name: Option<String>,
}

impl VersionInfo {
    /// The first version resource, if there is one.
    pub(super) fn find(executable: &Executable<'_>) -> Option<Self> {
        Self::parse(resource(executable)?)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut info = Self::default();
        let (root, _) = Part::take(bytes)?;
        // `StringFileInfo`, in which a table for each language has the strings.
        let tables = root.parts().find(|part| part.has_key("StringFileInfo"))?;
        let table = tables.parts().next()?;
        for string in table.parts().take(STRINGS) {
            info.keep(&string);
        }
        Some(info)
    }

    fn keep(&mut self, string: &Part<'_>) {
        let place = [
            ("ProductName", &mut self.product_name),
            ("ProductVersion", &mut self.product_version),
            ("FileVersion", &mut self.file_version),
            ("CompanyName", &mut self.company_name),
            ("OriginalFilename", &mut self.original_filename),
            ("InternalName", &mut self.internal_name),
        ]
        .into_iter()
        .find(|(key, _)| string.has_key(key));
        if let Some((_, place)) = place {
            *place = string.text();
        }
    }
}

/// The tree has three levels: the type, the name and the language.
fn resource<'a>(executable: &Executable<'a>) -> Option<&'a [u8]> {
    let (address, _) = executable.directory(RESOURCES)?;
    let directory = ResourceDirectory::new(executable.at_relative(address)?);
    let versions = directory
        .root()
        .ok()?
        .entries
        .iter()
        .find(|entry| entry.name_or_id().id() == Some(VERSION))?
        .data(directory)
        .ok()?
        .table()?;
    let first = |table: ResourceDirectoryTable<'a>| table.entries.first()?.data(directory).ok();
    let data = match first(first(versions)?.table()?)? {
        ResourceDirectoryEntryData::Data(data) => data,
        ResourceDirectoryEntryData::Table(_) => return None,
    };
    let bytes = executable.at_relative(data.offset_to_data.get(LE))?;
    bytes.get(..usize::try_from(data.size.get(LE)).ok()?)
}

/// One part of the resource.
struct Part<'a> {
    key: &'a [u8],
    value: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Part<'a> {
    /// Takes the first part off, and gives it with what follows it.
    fn take(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let number = |at: usize| {
            let bytes = bytes.get(at..)?.first_chunk::<2>()?;
            Some(usize::from(u16::from_le_bytes(*bytes)))
        };
        let (length, value_length, kind) = (number(0)?, number(2)?, number(4)?);
        let part = bytes.get(..length)?;
        let key = zero_ended(part.get(6..)?)?;
        // A text's length is in characters.
        let value_length = if kind == 1 {
            value_length * 2
        } else {
            value_length
        };
        let start = (6 + key.len() + 2).next_multiple_of(4);
        // Compilers disagree on whether the last zero counts; what is missing is not read.
        let after_key = part.get(start..).unwrap_or_default();
        let (value, _) = after_key
            .split_at_checked(value_length)
            .unwrap_or((after_key, &[]));
        let end = (start + value.len()).next_multiple_of(4);
        let part_of = Self {
            key,
            value,
            rest: part.get(end..).unwrap_or_default(),
        };
        let next = length.next_multiple_of(4).max(8);
        Some((part_of, bytes.get(next..).unwrap_or_default()))
    }

    /// The parts that it is made of.
    fn parts(&self) -> impl Iterator<Item = Part<'a>> + use<'a> {
        let mut rest = self.rest;
        std::iter::from_fn(move || {
            let (part, next) = Self::take(rest)?;
            rest = next;
            Some(part)
        })
    }

    fn has_key(&self, key: &str) -> bool {
        letters(self.key).eq(key.encode_utf16())
    }

    fn text(&self) -> Option<String> {
        let text = char::decode_utf16(letters(self.value).take_while(|letter| *letter != 0))
            .take(LETTERS)
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

fn letters(bytes: &[u8]) -> impl Iterator<Item = u16> {
    let (letters, _) = bytes.as_chunks::<2>();
    letters.iter().map(|letter| u16::from_le_bytes(*letter))
}

/// What comes before the first zero.
fn zero_ended(bytes: &[u8]) -> Option<&[u8]> {
    let end = letters(bytes).position(|letter| letter == 0)?;
    bytes.get(..end * 2)
}
