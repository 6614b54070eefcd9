//! A feed's bytes, out of whatever they are packed in: told by content, since names lie and streams have none.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::Path;

use crate::advisories::error::AdvisoryError;
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;

/// How deep archives and folders are opened: a folder of tars of gzips is three.
const MAX_DEPTH: u32 = 16;

/// 2^27: zstd's window up to level 22 with `--long`; a larger one has to be asked for on its own command line too.
const ZSTD_WINDOW_LOG: u32 = 27;

/// What the first block of bzip2 begins with, behind `BZh` and the level.
const BZIP2_BLOCK: [u8; 6] = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];

/// 256 MiB of dictionary: four times the largest that xz itself makes.
const XZ_MEMORY_KIB: u32 = 262_144;

/// A tar header; all magic numbers lie within.
const HEAD: u64 = 512;

/// Where a feed is read from.
pub enum FeedInput<'a> {
    /// A file or a folder.
    Path(&'a Path),
    /// A stream, with a name for messages.
    Stream(String, Box<dyn Read + 'a>),
}

impl FeedInput<'_> {
    /// What it is called in messages.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stream(name, _) => name.clone(),
        }
    }
}

type Visit<'v> = dyn FnMut(&str, &mut dyn BufRead) -> Result<(), IntakeError> + 'v;

/// Calls `visit` with every file inside, unpacked, in order of the names.
pub(super) fn each_file(input: FeedInput<'_>, visit: &mut Visit<'_>) -> Result<(), IntakeError> {
    match input {
        FeedInput::Path(path) => open_path(path, 0, visit),
        FeedInput::Stream(name, reader) => open_stream(&name, reader, 0, visit),
    }
}

/// What became of a feed that cannot be read to its end.
pub(super) fn read_error(place: &str) -> impl Fn(io::Error) -> IntakeError {
    move |source| {
        let place = place.to_owned();
        AdvisoryError::ReadFeed { place, source }.into()
    }
}

fn too_deep(place: &str) -> IntakeError {
    read_error(place)(io::Error::other("archives are nested too deep"))
}

fn open_path(path: &Path, depth: u32, visit: &mut Visit<'_>) -> Result<(), IntakeError> {
    let name = path.display().to_string();
    let failed = read_error(&name);
    if depth > MAX_DEPTH {
        return Err(too_deep(&name));
    }
    if path.is_dir() {
        let mut paths = std::fs::read_dir(path)
            .and_then(|entries| {
                entries
                    .map(|entry| Ok(entry?.path()))
                    .collect::<io::Result<Vec<_>>>()
            })
            .map_err(&failed)?;
        paths.sort_unstable();
        return paths
            .iter()
            .try_for_each(|path| open_path(path, depth + 1, visit));
    }
    let mut file = File::open(path).map_err(&failed)?;
    let mut magic = [0; 4];
    let is_zip = file.read_exact(&mut magic).is_ok() && is_zip(&magic);
    file.rewind().map_err(&failed)?;
    if is_zip {
        open_zip(&name, BufReader::new(file), depth, visit)
    } else {
        open_stream(&name, Box::new(file), depth, visit)
    }
}

fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
}

fn open_stream<'r>(
    name: &str,
    mut reader: Box<dyn Read + 'r>,
    depth: u32,
    visit: &mut Visit<'_>,
) -> Result<(), IntakeError> {
    let failed = read_error(name);
    if depth > MAX_DEPTH {
        return Err(too_deep(name));
    }
    let mut head = Vec::new();
    io::copy(&mut reader.by_ref().take(HEAD), &mut head).map_err(&failed)?;
    let kind = Packing::of(&head);
    let whole = Cursor::new(head).chain(reader);
    match kind {
        Packing::Gzip => {
            let inflated = flate2::bufread::MultiGzDecoder::new(BufReader::new(whole));
            open_stream(name, Box::new(inflated), depth + 1, visit)
        }
        Packing::Zstd => {
            let mut inflated = zstd::stream::read::Decoder::new(whole).map_err(&failed)?;
            inflated.window_log_max(ZSTD_WINDOW_LOG).map_err(&failed)?;
            open_stream(name, Box::new(inflated), depth + 1, visit)
        }
        Packing::Bzip2 => {
            let inflated = bzip2::read::MultiBzDecoder::new(BufReader::new(whole));
            open_stream(name, Box::new(inflated), depth + 1, visit)
        }
        Packing::Xz => {
            let packed = BufReader::new(whole);
            let inflated = lzma_rust2::XzReader::new_mem_limit(packed, true, XZ_MEMORY_KIB);
            open_stream(name, Box::new(inflated), depth + 1, visit)
        }
        Packing::Zip => {
            // A zip's directory is at its end: a stream has to lie somewhere first.
            let mut spool = tempfile::tempfile().map_err(&failed)?;
            io::copy(&mut { whole }, &mut spool).map_err(&failed)?;
            spool.rewind().map_err(&failed)?;
            open_zip(name, BufReader::new(spool), depth, visit)
        }
        Packing::Tar => open_tar(name, whole, depth, visit),
        Packing::Plain => visit(name, &mut BufReader::new(whole)),
    }
}

enum Packing {
    Gzip,
    Zstd,
    Bzip2,
    Xz,
    Zip,
    Tar,
    Plain,
}

impl Packing {
    fn of(head: &[u8]) -> Self {
        if head.starts_with(&[0x1f, 0x8b]) {
            Self::Gzip
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Self::Zstd
        } else if head.starts_with(b"BZh") && head.get(4..10) == Some(&BZIP2_BLOCK) {
            Self::Bzip2
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            Self::Xz
        } else if is_zip(head) {
            Self::Zip
        } else if head.get(257..262) == Some(b"ustar") {
            Self::Tar
        } else {
            Self::Plain
        }
    }
}

fn open_zip<R: Read + Seek>(
    name: &str,
    reader: R,
    depth: u32,
    visit: &mut Visit<'_>,
) -> Result<(), IntakeError> {
    let failed = read_error(name);
    let mut archive = zip::ZipArchive::new(reader).map_err(|error| failed(error.into()))?;
    for index in 0..archive.len() {
        let member = archive
            .by_index(index)
            .map_err(|error| failed(error.into()))?;
        if !member.is_file() {
            continue;
        }
        let inside = member.name().map_err(|error| failed(error.into()))?;
        let place = format!("{name}: {inside}");
        open_stream(&place, Box::new(member), depth + 1, visit)?;
    }
    Ok(())
}

fn open_tar(
    name: &str,
    reader: impl Read,
    depth: u32,
    visit: &mut Visit<'_>,
) -> Result<(), IntakeError> {
    let failed = read_error(name);
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let inside = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        open_stream(
            &format!("{name}: {inside}"),
            Box::new(entry),
            depth + 1,
            visit,
        )?;
    }
    Ok(())
}

/// A record's place: its file, and its line where the file has one record a line.
pub(super) struct Place<'a> {
    file: &'a str,
    line: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(self.file),
            line => write!(f, "{}:{line}", self.file),
        }
    }
}

type Take<'v> = dyn FnMut(&Place<'_>, &[u8], &mut Intake<'_>) -> Result<(), IntakeError> + 'v;

/// Calls `take` with every JSON object of a file: JSON lines, or one document. What is over `limit` bytes, and a file
/// that does not begin like an object, is counted.
pub(super) fn each_record(
    file: &str,
    reader: &mut dyn BufRead,
    limit: u64,
    intake: &mut Intake<'_>,
    take: &mut Take<'_>,
) -> Result<(), IntakeError> {
    let failed = read_error(file);
    let mut records = Records {
        reader,
        limit,
        buffer: Vec::new(),
    };
    let mut line = 0;
    loop {
        let found = records.next_line().map_err(&failed)?;
        line += 1;
        let place = Place { file, line };
        match found {
            Line::End => return Ok(()),
            Line::TooLong => intake.skip_too_large(&place, limit),
            Line::Blank => {}
            Line::Text if line == 1 && records.is_foreign() => {
                intake
                    .tally
                    .skip(SkipReason::UnknownFile, || file.to_owned());
                return Ok(());
            }
            Line::Text if line == 1 && records.is_one_document().map_err(&failed)? => {
                let place = Place { file, line: 0 };
                if !records.read_to_end().map_err(&failed)? {
                    intake.skip_too_large(&place, limit);
                    return Ok(());
                }
                intake.tally.records += 1;
                return take(&place, &records.buffer, intake);
            }
            Line::Text => {
                intake.tally.records += 1;
                take(&place, &records.buffer, intake)?;
            }
        }
    }
}

impl Intake<'_> {
    fn skip_too_large(&mut self, place: &Place<'_>, limit: u64) {
        self.tally.records += 1;
        self.tally.skip(SkipReason::TooLarge, || {
            format!("{place}: more than {limit} bytes")
        });
    }
}

enum Line {
    Text,
    Blank,
    TooLong,
    End,
}

struct Records<'r> {
    reader: &'r mut dyn BufRead,
    limit: u64,
    buffer: Vec<u8>,
}

impl Records<'_> {
    fn next_line(&mut self) -> io::Result<Line> {
        self.buffer.clear();
        let mut bounded = self.reader.take(self.limit + 1);
        let length = bounded.read_until(b'\n', &mut self.buffer)? as u64;
        if length == 0 {
            return Ok(Line::End);
        }
        if length > self.limit && self.buffer.last() != Some(&b'\n') {
            self.skip_line()?;
            return Ok(Line::TooLong);
        }
        Ok(if self.buffer.trim_ascii().is_empty() {
            Line::Blank
        } else {
            Line::Text
        })
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let bytes = self.reader.fill_buf()?;
            let (consumed, ended) = match memchr::memchr(b'\n', bytes) {
                Some(newline) => (newline + 1, true),
                None => (bytes.len(), bytes.is_empty()),
            };
            self.reader.consume(consumed);
            if ended {
                return Ok(());
            }
        }
    }

    fn is_foreign(&self) -> bool {
        !self.buffer.trim_ascii().starts_with(b"{")
    }

    /// A line that ends its object is a record; a second line that begins one makes the first a broken record. All else
    /// is one document over several lines.
    fn is_one_document(&mut self) -> io::Result<bool> {
        if self.buffer.trim_ascii().ends_with(b"}") {
            return Ok(false);
        }
        Ok(self.reader.fill_buf()?.first() != Some(&b'{'))
    }

    /// The rest of the document behind what is there; `false` if it is over the limit.
    fn read_to_end(&mut self) -> io::Result<bool> {
        let left = self.limit.saturating_sub(self.buffer.len() as u64);
        let read = io::copy(&mut self.reader.take(left + 1), &mut self.buffer)?;
        Ok(read <= left)
    }
}
