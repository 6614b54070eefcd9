//! zip, as it passes: local headers one after another (APPNOTE.TXT, section 4.3). The directory at the end is not read.

use flate2::Decompress;

use super::gzip::{Inflated, WINDOW, inflate};
use super::{Budget, Members};

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
/// Bytes of a local header before name and extra field.
const FIXED: usize = 30;
/// A size that stands in the zip64 extra field, or behind the data.
const ELSEWHERE: u32 = u32::MAX;

enum Stage {
    /// Waits for a local header, passing over what is none.
    Header,
    /// A member that is stored as it is.
    Stored(u64),
    /// A deflated one.
    Deflated,
    /// One that is packed in a way that is not read.
    Skipped(u64),
    Done,
}

/// The state for one archive.
pub(super) struct Zip {
    stage: Stage,
    header: Vec<u8>,
    inflate: Decompress,
    window: Vec<u8>,
}

impl Default for Zip {
    fn default() -> Self {
        Self {
            stage: Stage::Header,
            header: Vec::new(),
            inflate: Decompress::new(false),
            window: vec![0; WINDOW],
        }
    }
}

impl Zip {
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) {
        while !bytes.is_empty() {
            bytes = match self.stage {
                Stage::Done => return,
                Stage::Header => self.header(bytes, members, budget),
                Stage::Deflated => {
                    let (rest, status) =
                        inflate(&mut self.inflate, &mut self.window, bytes, members, budget);
                    match status {
                        Inflated::GoesOn => {}
                        Inflated::End | Inflated::Stop => self.stage = after(members, budget),
                    }
                    rest
                }
                Stage::Stored(left) | Stage::Skipped(left) => {
                    let now = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    let (data, rest) = bytes.split_at(now);
                    let is_stored = matches!(self.stage, Stage::Stored(_));
                    let left = left - now as u64;
                    if left == 0 || (is_stored && !members.data(data, budget)) {
                        if left == 0 && is_stored {
                            members.data(data, budget);
                        }
                        self.stage = after(members, budget);
                    } else if is_stored {
                        self.stage = Stage::Stored(left);
                    } else {
                        self.stage = Stage::Skipped(left);
                    }
                    rest
                }
            };
        }
    }

    /// Finds the next local header, and takes it in once all of it is there.
    fn header<'b>(
        &mut self,
        bytes: &'b [u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) -> &'b [u8] {
        let before = self.header.len();
        // A name and an extra field have 64 KiB at most each.
        let now = bytes
            .get(..bytes.len().min(FIXED + (128 << 10)))
            .unwrap_or_default();
        self.header.extend_from_slice(now);
        let Some(start) = find_signature(&self.header) else {
            // The last three bytes may be the beginning of one.
            let keep = self.header.len().min(3);
            self.header.drain(..self.header.len() - keep);
            return bytes.get(now.len()..).unwrap_or_default();
        };
        let found = self.header.get(start..).unwrap_or_default();
        if found.starts_with(CENTRAL) {
            self.stage = Stage::Done;
            return &[];
        }
        let Some(local) = Local::read(found) else {
            self.header.drain(..start);
            return bytes.get(now.len()..).unwrap_or_default();
        };
        let used = (start + local.length).saturating_sub(before);
        self.stage = self.begin(&local, members, budget);
        self.header.clear();
        bytes.get(used..).unwrap_or_default()
    }

    fn begin(&mut self, local: &Local, members: &mut Members<'_>, budget: &mut Budget) -> Stage {
        const ENCRYPTED: u16 = 1;
        let is_read = local.flags & ENCRYPTED == 0 && !local.name.ends_with(b"/");
        let stage = match local.method {
            8 if is_read => Stage::Deflated,
            0 if is_read && local.stored > 0 => Stage::Stored(local.stored),
            // Of unknown size: the next header is searched for.
            _ if local.stored == 0 => return Stage::Header,
            _ => return Stage::Skipped(local.stored),
        };
        self.inflate.reset(false);
        if members.begin(&local.name, local.size, budget) {
            stage
        } else {
            Stage::Done
        }
    }
}

/// Goes on with the next member, unless there is no budget left.
fn after(members: &mut Members<'_>, budget: &mut Budget) -> Stage {
    members.end(budget);
    if budget.exceeded.is_some() {
        Stage::Done
    } else {
        Stage::Header
    }
}

fn find_signature(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"PK").find(|at| {
        let signature = bytes.get(*at..at + 4).unwrap_or_default();
        signature == LOCAL || signature == CENTRAL
    })
}

/// A local header.
struct Local {
    flags: u16,
    method: u16,
    /// Bytes as they are stored; 0 if that is not known yet.
    stored: u64,
    /// Bytes unpacked.
    size: u64,
    name: Vec<u8>,
    length: usize,
}

impl Local {
    /// None: not all of it is there.
    fn read(bytes: &[u8]) -> Option<Self> {
        let short = |at: usize| -> Option<u16> {
            Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
        };
        let long = |at: usize| -> Option<u32> {
            Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
        };
        let (name, extra) = (usize::from(short(26)?), usize::from(short(28)?));
        let length = FIXED + name + extra;
        let extra = bytes.get(FIXED + name..length)?;
        let (stored, size) = (long(18)?, long(22)?);
        let (mut stored, mut size) = (u64::from(stored), u64::from(size));
        if stored == u64::from(ELSEWHERE) || size == u64::from(ELSEWHERE) {
            (size, stored) = zip64(extra).unwrap_or((u64::MAX, 0));
        }
        if size == 0 {
            size = u64::MAX;
        }
        Some(Self {
            flags: short(6)?,
            method: short(8)?,
            stored,
            size,
            name: bytes.get(FIXED..FIXED + name)?.to_vec(),
            length,
        })
    }
}

/// Section 4.5.3: unpacked and stored size.
fn zip64(mut extra: &[u8]) -> Option<(u64, u64)> {
    loop {
        let (head, rest) = extra.split_first_chunk::<4>()?;
        let [id, id_high, length, length_high] = *head;
        let length = usize::from(u16::from_le_bytes([length, length_high]));
        let (field, rest) = rest.split_at_checked(length)?;
        if u16::from_le_bytes([id, id_high]) == 1 {
            let (size, field) = field.split_first_chunk::<8>()?;
            let (stored, _) = field.split_first_chunk::<8>()?;
            return Some((u64::from_le_bytes(*size), u64::from_le_bytes(*stored)));
        }
        extra = rest;
    }
}
