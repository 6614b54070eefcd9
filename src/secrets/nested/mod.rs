//! Members of archives, as the bytes of the archive pass: zip and its kin, gzip, tar, and these in each other.
//!
//! Nothing is held but one member's header and a window of inflated bytes. A zip is read by its local headers, in the
//! order in which they lie, since its directory comes last. What is damaged, encrypted or packed in another way is left
//! alone: the stored bytes are searched in any case.
//!
//! Time is bounded by a [`Budget`]: so many unpacked bytes and members for one file. What lies beyond it is a gap.

mod gzip;
mod tar;
mod zip;

use self::gzip::Gzip;
use self::tar::Tar;
use self::zip::Zip;
use super::engine::Engine;
use super::findings::{Found, FoundHit};
use super::session::{FileSession, MEMBER_HITS};
use crate::model::{Gap, GapKind, LayerPath};

/// Unpacked bytes of any one file.
const LEAST_BYTES: u64 = if cfg!(test) { 8 << 20 } else { 256 << 20 };
/// Unpacked bytes for each stored one: text packs to a tenth, a log to a fiftieth.
const BYTES_PER_BYTE: u64 = 100;
/// Members of one file.
const MEMBERS: u64 = 2_000_000;
/// Archives in each other.
const DEPTH: usize = 4;

/// What may still be unpacked of one file.
pub(super) struct Budget {
    bytes: u64,
    members: u64,
    /// What it was that was too much.
    exceeded: Option<String>,
}

impl Budget {
    /// For a file of so many bytes.
    pub(super) fn of(size: u64) -> Self {
        Self {
            bytes: size.saturating_mul(BYTES_PER_BYTE).max(LEAST_BYTES),
            members: MEMBERS,
            exceeded: None,
        }
    }

    /// Whether an archive that is in so many others is opened.
    pub(super) fn goes_down(&mut self, depth: usize) -> bool {
        if depth < DEPTH {
            return true;
        }
        let detail = format!("an archive in {DEPTH} others: it was searched only as it is stored");
        self.exceeded.get_or_insert(detail);
        false
    }

    /// The gap that it leaves, if it was not enough.
    pub(super) fn gap(&mut self) -> Option<Gap> {
        let detail = self.exceeded.take()?;
        Some(Gap::new(GapKind::LimitReached, detail))
    }

    fn take_member(&mut self) -> bool {
        self.take(0, 1)
    }

    fn take_bytes(&mut self, count: usize) -> bool {
        self.take(count as u64, 0)
    }

    fn take(&mut self, bytes: u64, members: u64) -> bool {
        let left = (
            self.bytes.checked_sub(bytes),
            self.members.checked_sub(members),
        );
        if let (Some(bytes), Some(members)) = left {
            (self.bytes, self.members) = (bytes, members);
            return true;
        }
        let detail =
            "its members unpack to more than the limit: the rest was searched only as it is stored";
        self.exceeded.get_or_insert_with(|| detail.to_owned());
        false
    }
}

/// How an archive is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Zip,
    Gzip,
    Tar,
}

enum Reader {
    Zip(Zip),
    Gzip(Gzip),
    Tar(Tar),
}

/// The reader of the archives of one depth, one after the other.
pub(super) struct Nested<'e> {
    reader: Reader,
    members: Members<'e>,
}

impl<'e> Nested<'e> {
    pub(super) fn new(engine: &'e Engine, depth: usize) -> Self {
        Self {
            reader: Reader::Tar(Tar::default()),
            members: Members {
                session: FileSession::new(engine, depth),
                name: None,
                in_published: false,
                is_file_itself: false,
                found: Found::default(),
            },
        }
    }

    /// What a file with this beginning is, if it is an archive.
    pub(super) fn form(head: &[u8]) -> Option<Form> {
        if head.starts_with(b"PK\x03\x04") {
            Some(Form::Zip)
        } else if head.starts_with(b"\x1f\x8b\x08") {
            Some(Form::Gzip)
        } else if head.get(257..262) == Some(b"ustar") {
            Some(Form::Tar)
        } else {
            None
        }
    }

    /// An archive of this name begins.
    pub(super) fn begin(&mut self, form: Form, name: &str, is_published: bool) {
        self.reader = match form {
            Form::Zip => Reader::Zip(Zip::default()),
            Form::Gzip => Reader::Gzip(Gzip::new(name)),
            Form::Tar => Reader::Tar(Tar::default()),
        };
        self.members.name = None;
        self.members.in_published = is_published;
        self.members.is_file_itself = form == Form::Gzip;
        self.members.found = Found::default();
    }

    pub(super) fn feed(&mut self, bytes: &[u8], budget: &mut Budget) {
        match &mut self.reader {
            Reader::Zip(zip) => zip.feed(bytes, &mut self.members, budget),
            Reader::Gzip(gzip) => gzip.feed(bytes, &mut self.members, budget),
            Reader::Tar(tar) => tar.feed(bytes, &mut self.members, budget),
        }
    }

    pub(super) fn finish(&mut self, budget: &mut Budget) -> Found {
        self.members.end(budget);
        std::mem::take(&mut self.members.found)
    }
}

/// Takes the members' bytes to the search.
struct Members<'e> {
    session: FileSession<'e>,
    /// Of the member that is being read.
    name: Option<String>,
    in_published: bool,
    /// The one member is the file itself, unpacked: what is in an archive that it is needs no second name.
    is_file_itself: bool,
    found: Found,
}

impl Members<'_> {
    /// A member begins; false: the budget does not allow it.
    fn begin(&mut self, name: &[u8], size: u64, budget: &mut Budget) -> bool {
        self.end(budget);
        if !budget.take_member() {
            return false;
        }
        let path = LayerPath::normalise(name);
        self.session
            .begin_file(path.as_str(), size, self.in_published);
        self.name = Some(path.as_str().to_owned());
        true
    }

    /// The member's next bytes; false: the budget does not allow them.
    fn data(&mut self, bytes: &[u8], budget: &mut Budget) -> bool {
        if bytes.is_empty() {
            return true;
        }
        if self.name.is_none() || !budget.take_bytes(bytes.len()) {
            return false;
        }
        self.session.feed(bytes, budget);
        true
    }

    /// The member is complete, or as complete as it will be.
    fn end(&mut self, budget: &mut Budget) {
        let Some(name) = self.name.take() else { return };
        let mut found = self.session.finish(budget);
        let room = MEMBER_HITS.saturating_sub(self.found.hits.len());
        let surplus = found.hits.len().saturating_sub(room);
        if surplus > 0 {
            let detail =
                format!("more than {MEMBER_HITS} secrets in its members: the rest is not told");
            budget.exceeded.get_or_insert(detail);
            found.hits.truncate(room);
        }
        for FoundHit { hit, .. } in &mut found.hits {
            hit.member = Some(match hit.member.take() {
                Some(inner) if self.is_file_itself => inner,
                Some(inner) => format!("{name}!{inner}"),
                None => name.clone(),
            });
        }
        for gap in &mut found.gaps {
            gap.detail = format!("{name}: {}", gap.detail);
        }
        self.found.append(found);
    }
}
