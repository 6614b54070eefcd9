//! tar inside of a file, as it passes: headers, long names of GNU and PAX, and the files' bytes.

use tar::Header;

use super::{Budget, Members};

const BLOCK: usize = 512;
/// Bytes of a long name or of PAX records that are read.
const LONGEST_NAME: u64 = 64 << 10;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    File,
    LongName,
    Pax,
    Other,
}

/// The state for one archive.
pub(super) struct Tar {
    block: Vec<u8>,
    content: Content,
    /// Bytes of the entry that are still to come, and of the padding behind them.
    left: u64,
    padding: u64,
    extension: Vec<u8>,
    name: Option<Vec<u8>>,
    is_done: bool,
}

impl Default for Tar {
    fn default() -> Self {
        Self {
            block: Vec::with_capacity(BLOCK),
            content: Content::Other,
            left: 0,
            padding: 0,
            extension: Vec::new(),
            name: None,
            is_done: false,
        }
    }
}

impl Tar {
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) {
        while !bytes.is_empty() && !self.is_done {
            let left = if self.left > 0 {
                self.left
            } else {
                self.padding
            };
            if left == 0 {
                let (now, rest) = bytes.split_at((BLOCK - self.block.len()).min(bytes.len()));
                self.block.extend_from_slice(now);
                bytes = rest;
                if self.block.len() == BLOCK {
                    self.header(members, budget);
                    self.block.clear();
                }
                continue;
            }
            let now = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            let (data, rest) = bytes.split_at(now);
            bytes = rest;
            if self.left == 0 {
                self.padding -= now as u64;
                continue;
            }
            self.left -= now as u64;
            match self.content {
                Content::File => self.is_done = !members.data(data, budget),
                Content::LongName | Content::Pax => self.extension.extend_from_slice(data),
                Content::Other => {}
            }
            if self.left == 0 {
                self.end_content(members, budget);
            }
        }
    }

    fn end_content(&mut self, members: &mut Members<'_>, budget: &mut Budget) {
        match self.content {
            Content::File => members.end(budget),
            Content::LongName => {
                let text = self.extension.split(|byte| *byte == 0).next();
                self.name = text.map(<[u8]>::to_vec);
            }
            Content::Pax => {
                let path = pax_path(&self.extension);
                self.name = path.or(self.name.take());
            }
            Content::Other => {}
        }
        self.extension.clear();
    }

    fn header(&mut self, members: &mut Members<'_>, budget: &mut Budget) {
        let header = Header::from_byte_slice(&self.block);
        let sum: u32 = (0..)
            .zip(&self.block)
            .fold(0, |sum, (at, byte): (usize, &u8)| {
                sum + u32::from(if (148..156).contains(&at) {
                    b' '
                } else {
                    *byte
                })
            });
        let (Ok(size), Ok(wanted)) = (header.entry_size(), header.cksum()) else {
            self.is_done = true;
            return;
        };
        if sum != wanted {
            self.is_done = true;
            return;
        }
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        let kind = header.entry_type();
        self.content = if kind.is_gnu_longname() && size <= LONGEST_NAME {
            Content::LongName
        } else if kind.is_pax_local_extensions() && size <= LONGEST_NAME {
            Content::Pax
        } else if (kind.is_file() || kind.is_contiguous()) && size > 0 {
            Content::File
        } else {
            Content::Other
        };
        if self.content == Content::File {
            let name = self.name.take();
            let name = name.unwrap_or_else(|| header.path_bytes().into_owned());
            self.is_done = !members.begin(&name, size, budget);
        } else if self.content == Content::Other && !kind.is_pax_global_extensions() {
            self.name = None;
        }
    }
}

/// The `path` of PAX records: `LENGTH KEY=VALUE\n` (POSIX, pax, "Extended Header").
fn pax_path(mut records: &[u8]) -> Option<Vec<u8>> {
    loop {
        let space = memchr::memchr(b' ', records)?;
        let length: usize = std::str::from_utf8(records.get(..space)?)
            .ok()?
            .parse()
            .ok()?;
        let record = records.get(space + 1..length)?;
        if let Some(path) = record.strip_prefix(b"path=") {
            return Some(path.strip_suffix(b"\n").unwrap_or(path).to_vec());
        }
        records = records.get(length..)?;
    }
}
