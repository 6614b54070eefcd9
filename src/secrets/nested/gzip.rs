//! gzip (RFC 1952), as it passes. Its one member is the file itself, unpacked; several streams in a row are one file.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Budget, Members};

/// Inflated bytes that are handed on at once.
pub(super) const WINDOW: usize = 64 << 10;
/// Bytes of a header that are waited for: names and comments have no bound of their own.
const LONGEST_HEADER: usize = 70 << 10;
/// CRC-32 and size behind the deflated bytes.
const TRAILER: usize = 8;

enum Stage {
    Header,
    Data,
    Trailer(usize),
    Done,
}

/// The state for one file.
pub(super) struct Gzip {
    name: String,
    stage: Stage,
    header: Vec<u8>,
    inflate: Decompress,
    window: Vec<u8>,
    has_begun: bool,
}

impl Gzip {
    /// A file of this name.
    pub(super) fn new(name: &str) -> Self {
        let name = match name.rsplit_once('.') {
            Some((stem, ending)) if ending.eq_ignore_ascii_case("tgz") => format!("{stem}.tar"),
            Some((stem, ending)) if ending.eq_ignore_ascii_case("gz") => stem.to_owned(),
            _ => name.to_owned(),
        };
        Self {
            name,
            stage: Stage::Header,
            header: Vec::new(),
            inflate: Decompress::new(false),
            window: vec![0; WINDOW],
            has_begun: false,
        }
    }

    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) {
        while !bytes.is_empty() {
            match self.stage {
                Stage::Done => return,
                Stage::Header => bytes = self.header(bytes, members, budget),
                Stage::Data => bytes = self.data(bytes, members, budget),
                Stage::Trailer(left) => {
                    let now = left.min(bytes.len());
                    bytes = bytes.get(now..).unwrap_or_default();
                    self.stage = if left == now {
                        Stage::Header
                    } else {
                        Stage::Trailer(left - now)
                    };
                }
            }
        }
    }

    fn header<'b>(
        &mut self,
        bytes: &'b [u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) -> &'b [u8] {
        let before = self.header.len();
        self.header.extend_from_slice(
            bytes
                .get(..LONGEST_HEADER.min(bytes.len()))
                .unwrap_or_default(),
        );
        match header_length(&self.header) {
            Header::Whole(length) => {
                self.header.clear();
                self.inflate.reset(false);
                self.stage = Stage::Data;
                if !self.has_begun {
                    self.has_begun = true;
                    if !members.begin(self.name.as_bytes(), u64::MAX, budget) {
                        self.stage = Stage::Done;
                    }
                }
                bytes
                    .get(length.saturating_sub(before)..)
                    .unwrap_or_default()
            }
            Header::Short if self.header.len() < LONGEST_HEADER => &[],
            Header::Short | Header::Other => {
                self.stage = Stage::Done;
                &[]
            }
        }
    }

    fn data<'b>(
        &mut self,
        bytes: &'b [u8],
        members: &mut Members<'_>,
        budget: &mut Budget,
    ) -> &'b [u8] {
        let (rest, status) = inflate(&mut self.inflate, &mut self.window, bytes, members, budget);
        match status {
            Inflated::GoesOn => {}
            Inflated::End => self.stage = Stage::Trailer(TRAILER),
            Inflated::Stop => self.stage = Stage::Done,
        }
        rest
    }
}

/// What came of inflating.
pub(super) enum Inflated {
    /// All input is used up.
    GoesOn,
    /// The deflated stream ends here.
    End,
    /// It is damaged, or beyond the budget.
    Stop,
}

/// Inflates into the members' search. Returns the bytes behind the stream's end.
pub(super) fn inflate<'b>(
    state: &mut Decompress,
    window: &mut [u8],
    mut bytes: &'b [u8],
    members: &mut Members<'_>,
    budget: &mut Budget,
) -> (&'b [u8], Inflated) {
    loop {
        let (read, written) = (state.total_in(), state.total_out());
        let status = state.decompress(bytes, window, FlushDecompress::None);
        let read = usize::try_from(state.total_in() - read).unwrap_or(bytes.len());
        let written = usize::try_from(state.total_out() - written).unwrap_or(0);
        bytes = bytes.get(read..).unwrap_or_default();
        if !members.data(window.get(..written).unwrap_or_default(), budget) {
            return (bytes, Inflated::Stop);
        }
        match status {
            Ok(Status::StreamEnd) => return (bytes, Inflated::End),
            Ok(_) if bytes.is_empty() && written < window.len() => {
                return (bytes, Inflated::GoesOn);
            }
            Ok(_) if read == 0 && written == 0 => return (bytes, Inflated::Stop),
            Ok(_) => {}
            Err(_) => return (bytes, Inflated::Stop),
        }
    }
}

enum Header {
    Whole(usize),
    Short,
    Other,
}

/// Section 2.3: ten bytes, then what the flags announce.
fn header_length(bytes: &[u8]) -> Header {
    let wrong = bytes
        .iter()
        .zip(b"\x1f\x8b\x08")
        .any(|(byte, wanted)| byte != wanted);
    if wrong {
        return Header::Other;
    }
    whole_header(bytes).map_or(Header::Short, Header::Whole)
}

fn whole_header(bytes: &[u8]) -> Option<usize> {
    const CRC: u8 = 2;
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    let flags = *bytes.get(3)?;
    let mut length = 10;
    bytes.get(length - 1)?;
    if flags & EXTRA != 0 {
        let [low, high] = *bytes.get(length..)?.first_chunk::<2>()?;
        length += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for flag in [NAME, COMMENT] {
        if flags & flag != 0 {
            length += memchr::memchr(0, bytes.get(length..)?)? + 1;
        }
    }
    if flags & CRC != 0 {
        length += 2;
    }
    (length <= bytes.len()).then_some(length)
}
