//! The members of a tar archive that holds an image, one after another, without unpacking anything.
//!
//! Headers as in POSIX pax and GNU tar: 512 bytes with a checksum, long names in a member of their own before.
//! <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_92_13>

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use tar::{EntryType, Header, PaxExtensions};

use crate::model::LayerPath;
use crate::model::limits::read_at_most;

const BLOCK: u64 = 512;

/// The longest member that carries a long name: 1 MiB, 256 times the longest path that Linux opens.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// Bytes that can be passed over.
pub(super) trait Skip: Read {
    /// Passes over exactly `bytes`, or fails if there are fewer.
    fn skip(&mut self, bytes: u64) -> io::Result<()>;
}

/// A part of a file, read by position: any number of them share one open file.
#[derive(Clone, Debug)]
pub(super) struct FilePart {
    file: Arc<File>,
    position: u64,
    end: u64,
}

impl FilePart {
    /// All of `file`, as long as it is now.
    pub(super) fn whole(file: File) -> io::Result<Self> {
        let end = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            position: 0,
            end,
        })
    }

    /// `size` bytes from `offset`.
    pub(super) fn part(&self, offset: u64, size: u64) -> Self {
        Self {
            file: Arc::clone(&self.file),
            position: offset,
            end: offset.saturating_add(size).min(self.end),
        }
    }
}

impl Read for FilePart {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.position);
        let room = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = self
            .file
            .read_at(buffer.get_mut(..room).unwrap_or_default(), self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Skip for FilePart {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let target = self
            .position
            .checked_add(bytes)
            .filter(|target| *target <= self.end);
        self.position = target.ok_or_else(cut_short)?;
        Ok(())
    }
}

impl Skip for Box<dyn Read + Send> {
    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.take(bytes), &mut io::sink())?;
        if skipped == bytes {
            Ok(())
        } else {
            Err(cut_short())
        }
    }
}

/// One member of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its normalised name.
    pub(super) name: LayerPath,
    /// What it is.
    pub(super) kind: MemberKind,
    /// Where its content begins in the archive.
    pub(super) offset: u64,
    /// Bytes of content.
    pub(super) size: u64,
}

/// What a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MemberKind {
    /// A regular file.
    File,
    /// A link to another member: its resolved name.
    Link(LayerPath),
    /// A folder or anything else without content of interest.
    Other,
}

/// Reads a tar archive member by member; as a [`Read`], it is the content of the member that [`next`](Self::next)
/// gave last.
pub(super) struct Tarball<R> {
    reader: R,
    position: u64,
    content: u64,
    padding: u64,
}

impl<R: Skip> Tarball<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            position: 0,
            content: 0,
            padding: 0,
        }
    }

    /// Bytes of the current member that are still to be read.
    pub(super) fn content(&self) -> u64 {
        self.content
    }

    /// The next member, past whatever is left of the one before; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Member>> {
        let mut extension = Extension::default();
        loop {
            let rest = self.content + self.padding;
            self.reader.skip(rest)?;
            self.position += rest;
            (self.content, self.padding) = (0, 0);
            let Some(header) = self.header()? else {
                return Ok(None);
            };
            let size = extension.size.map_or_else(|| header.entry_size(), Ok)?;
            let padding = (BLOCK - size % BLOCK) % BLOCK;
            if size
                .checked_add(self.position)
                .is_none_or(|end| end > i64::MAX as u64)
            {
                return Err(damaged("a member has an impossible size"));
            }
            (self.content, self.padding) = (size, padding);
            match header.entry_type() {
                EntryType::GNULongName => extension.name = Some(self.text()?),
                EntryType::GNULongLink => extension.link = Some(self.text()?),
                EntryType::XHeader => {
                    extension.read_pax(&read_at_most(&mut *self, LONGEST_EXTENSION)?)?;
                }
                EntryType::XGlobalHeader => {}
                EntryType::GNUSparse => return Err(damaged("it has a sparse member")),
                kind => return Ok(Some(self.member(&header, kind, extension))),
            }
        }
    }

    fn member(&self, header: &Header, kind: EntryType, extension: Extension) -> Member {
        let name = extension
            .name
            .unwrap_or_else(|| header.path_bytes().into_owned());
        let name = LayerPath::normalise(&name);
        let target = extension
            .link
            .or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned))
            .unwrap_or_default();
        let kind = match kind {
            EntryType::Regular | EntryType::Continuous => MemberKind::File,
            EntryType::Symlink => MemberKind::Link(name.resolve_link(&target)),
            EntryType::Link => MemberKind::Link(LayerPath::normalise(&target)),
            _ => MemberKind::Other,
        };
        Member {
            name,
            kind,
            offset: self.position,
            size: self.content,
        }
    }

    /// The next header; `None` at a block of zeros, or where the archive simply ends.
    fn header(&mut self) -> io::Result<Option<Header>> {
        let mut header = Header::new_old();
        let mut filled = 0;
        while let Some(room) = header
            .as_mut_bytes()
            .get_mut(filled..)
            .filter(|room| !room.is_empty())
        {
            match self.reader.read(room) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(cut_short()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position += BLOCK;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        if !is_checksum_right(&header) {
            return Err(damaged("a header's checksum is wrong"));
        }
        Ok(Some(header))
    }

    fn text(&mut self) -> io::Result<Vec<u8>> {
        let mut text = read_at_most(&mut *self, LONGEST_EXTENSION)?;
        let end = memchr::memchr(0, &text).unwrap_or(text.len());
        text.truncate(end);
        Ok(text)
    }
}

impl<R: Read> Read for Tarball<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.content)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if room == 0 {
            return Ok(0);
        }
        let count = self
            .reader
            .read(buffer.get_mut(..room).unwrap_or_default())?;
        if count == 0 {
            return Err(cut_short());
        }
        self.position += count as u64;
        self.content -= count as u64;
        Ok(count)
    }
}

/// What the members before a member say about it.
#[derive(Default)]
struct Extension {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Extension {
    fn read_pax(&mut self, records: &[u8]) -> io::Result<()> {
        for record in PaxExtensions::new(records) {
            let record = record?;
            let value = record.value_bytes();
            match record.key_bytes() {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => {
                    let size = std::str::from_utf8(value)
                        .ok()
                        .and_then(|text| text.parse().ok());
                    self.size = Some(size.ok_or_else(|| damaged("a member's size is no number"))?);
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The sum of all bytes of the header, with the checksum field itself as blanks.
pub(super) fn is_checksum_right(header: &Header) -> bool {
    const FIELD: std::ops::Range<usize> = 148..156;
    let sum: u32 = header
        .as_bytes()
        .iter()
        .enumerate()
        .map(|(index, byte)| u32::from(if FIELD.contains(&index) { b' ' } else { *byte }))
        .sum();
    header.cksum().is_ok_and(|claimed| claimed == sum)
}

fn damaged(reason: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

fn cut_short() -> io::Error {
    io::Error::new(ErrorKind::UnexpectedEof, "it is cut short")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stream(bytes: Vec<u8>) -> Tarball<Box<dyn Read + Send>> {
        Tarball::new(Box::new(io::Cursor::new(bytes)))
    }

    fn archive() -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(5);
        tar.append_data(
            &mut header,
            format!("./{}/a", "long".repeat(40)),
            &b"hello"[..],
        )
        .expect("a file");
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, "x/layer.tar", "../y/layer.tar")
            .expect("a link");
        tar.append_pax_extensions([("path", &b"named/by/pax"[..]), ("size", b"3")])
            .expect("pax");
        let mut header = Header::new_ustar();
        header.set_size(3);
        header.set_cksum();
        tar.append(&header, &b"pax"[..]).expect("a file");
        tar.into_inner().expect("a tar")
    }

    #[test]
    fn members_are_read_with_their_long_names_links_and_content() {
        let mut tarball = stream(archive());
        let first = tarball.next().expect("a member").expect("a first member");
        assert_eq!((first.name.file_name(), first.size), ("a", 5));
        assert_eq!(read_at_most(&mut tarball, 9).expect("content"), b"hello");
        let link = tarball.next().expect("a member").expect("a second member");
        assert_eq!(link.kind, MemberKind::Link("y/layer.tar".into()));
        let pax = tarball.next().expect("a member").expect("a third member");
        assert_eq!(
            (pax.name.as_str(), &pax.kind),
            ("named/by/pax", &MemberKind::File)
        );
        assert_eq!(
            archive()[usize::try_from(pax.offset).expect("small")..][..3],
            *b"pax"
        );
        assert_eq!(tarball.next().expect("the end"), None);
    }

    #[test]
    fn an_archive_that_is_cut_short_or_lies_is_an_error() {
        let cut = archive()[..700].to_vec();
        let mut tarball = stream(cut);
        let error = std::iter::from_fn(|| tarball.next().transpose())
            .find_map(Result::err)
            .expect("an error");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let mut lying = archive();
        lying[0] ^= 1;
        assert_eq!(
            stream(lying).next().expect_err("a checksum").kind(),
            ErrorKind::InvalidData
        );
    }

    #[test]
    fn a_long_name_without_end_is_refused() {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(1 << 40);
        header.set_cksum();
        let start = io::Cursor::new(header.as_bytes().to_vec());
        let endless = start.chain(io::repeat(b'a'));
        let boxed: Box<dyn Read + Send> = Box::new(endless.take(1 << 30));
        let error = Tarball::new(boxed).next().expect_err("a limit");
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }

    proptest! {
        #[test]
        fn any_damage_gives_members_or_an_error(position in 0_usize..4096, byte in any::<u8>(), end in 0_usize..4096) {
            let mut bytes = archive();
            let position = position % bytes.len();
            bytes[position] = byte;
            bytes.truncate(end.max(1));
            let mut tarball = stream(bytes);
            let members = std::iter::from_fn(|| tarball.next().ok().flatten()).count();
            prop_assert!(members <= 8);
        }
    }
}
