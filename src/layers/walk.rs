//! The walk over one layer's tar stream: each entry is offered to the detectors, its bytes are passed once.

use std::collections::BTreeMap;

use tar::Header;

use super::attributes::AttributeTableBuilder;
use super::chunks::ChunkReader;
use super::dispatch::{Dispatch, Sessions};
use super::files::{FileTableBuilder, Located, Sums};
use super::found::Found;
use super::gap_log::GapLog;
use super::held::Held;
use super::observe::Observers;
use super::pax::PaxRecords;
use super::tar_header::{self, BLOCK, HeaderFault, HeaderKind};
use super::{
    Attributes, Cover, Detector, DetectorSet, Entry, EntryHeader, EntryKind, FileFacts,
    LayerReport, WalkCounts,
};
use crate::model::{DiffId, Digest, Gap, GapKind, LayerPath, Limits, Observation};

/// Bytes of a PAX header that are read. Linux allows 64 KiB for each extended attribute; builders write a handful.
const PAX_BYTES: u64 = 1 << 20;

/// Walks the stream to the end of its archive, or to where it breaks: that is a gap in the report.
pub(super) fn walk(
    chunks: &mut ChunkReader,
    detectors: &DetectorSet,
    limits: &Limits,
) -> LayerReport {
    let mut walk = Walk {
        chunks,
        dispatch: Dispatch::new(detectors),
        sessions: Sessions::new(detectors),
        limits,
        found: Found::new(limits),
        observers: Observers::new(detectors),
        links: BTreeMap::new(),
        cover: Cover::default(),
        files: FileTableBuilder::default(),
        attributes: AttributeTableBuilder::default(),
        has_too_many_owners: false,
        sums: Sums::new(detectors.has_file_digests()),
        gaps: GapLog::default(),
        counts: WalkCounts::default(),
        wanted: Vec::new(),
        held: Held::new(limits.held_bytes),
    };
    match walk.entries() {
        Ok(()) => walk.after_the_end(),
        Err(stop) => walk.gaps.push(Gap::new(stop.kind, stop.detail)),
    }
    walk.counts.tar_bytes = walk.chunks.offset;
    walk.cover.seal();
    LayerReport {
        // The stage that hashes knows it; `read_layer` puts it in.
        diff_id: DiffId(Digest::Sha256([0; 32])),
        facts: walk.found.into_facts(),
        links: walk.links,
        cover: walk.cover,
        files: walk.files.seal(),
        attributes: walk.attributes.seal(),
        gaps: walk.gaps.into_gaps(),
        counts: walk.counts,
    }
}

/// Why the walk cannot go on: nothing after this point was looked at.
struct Stop {
    kind: GapKind,
    detail: String,
}

impl Stop {
    fn malformed(offset: u64, what: &str) -> Self {
        Self {
            kind: GapKind::MalformedLayer,
            detail: format!("{what} at byte {offset} of the tar stream"),
        }
    }
}

struct Walk<'a> {
    chunks: &'a mut ChunkReader,
    dispatch: Dispatch<'a>,
    sessions: Sessions<'a>,
    limits: &'a Limits,
    found: Found<'a>,
    observers: Observers<'a>,
    links: BTreeMap<LayerPath, LayerPath>,
    cover: Cover,
    files: FileTableBuilder,
    attributes: AttributeTableBuilder,
    has_too_many_owners: bool,
    /// The digests of the current file.
    sums: Sums,
    gaps: GapLog,
    counts: WalkCounts,
    /// The detectors that would read a link, were it a file; kept to be used again.
    wanted: Vec<(&'a dyn Detector, u64)>,
    held: Held<'a>,
}

/// What extension headers say about the entry after them.
#[derive(Default)]
struct Extended {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    pax: PaxRecords,
}

impl Walk<'_> {
    fn entries(&mut self) -> Result<(), Stop> {
        let mut block = [0; BLOCK];
        let mut name = Vec::new();
        let mut target = Vec::new();
        let mut path = String::new();
        let mut extended = Extended::default();
        while self.next_header(&mut block)? {
            let header = Header::from_byte_slice(&block);
            let decoded = tar_header::decode(header).map_err(|fault| self.header_fault(fault))?;
            let (kind, sparse) = match decoded.kind {
                HeaderKind::Entry(kind) => (kind, extended.pax.sparse),
                HeaderKind::Sparse => (EntryKind::File, true),
                extension => {
                    self.extension(extension, decoded.size, &mut extended)?;
                    continue;
                }
            };
            if decoded.kind == HeaderKind::Sparse {
                self.skip_sparse_headers(&block)?;
            }
            tar_header::name(header, &mut name);
            tar_header::link_target(header, &mut target);
            let Extended {
                name: long_name,
                link: long_link,
                pax,
            } = std::mem::take(&mut extended);
            // GNU's long name goes before the path of PAX: container engines read it so (Go's `archive/tar`, `next`).
            let names = [&pax.sparse_name, &long_name, &pax.path];
            let name = names.into_iter().flatten().next().unwrap_or(&name);
            let targets = [&long_link, &pax.link_path];
            let target = targets.into_iter().flatten().next().unwrap_or(&target);
            let kind = if tar_header::is_before_posix(header) && name.ends_with(b"/") {
                EntryKind::Directory
            } else {
                kind
            };
            LayerPath::normalise_into(name, &mut path);
            let entry = Entry {
                path: &path,
                kind,
                size: if kind == EntryKind::File {
                    pax.size.unwrap_or(decoded.size)
                } else {
                    0
                },
                mode: decoded.mode,
                uid: pax.uid.unwrap_or(decoded.uid),
                gid: pax.gid.unwrap_or(decoded.gid),
            };
            let header = EntryHeader {
                entry,
                folder: None,
                link: target,
                capabilities: pax.capabilities.as_deref(),
                device: decoded.device,
            };
            self.entry(&header, sparse)?;
        }
        Ok(())
    }

    /// Behind the end of the archive there are zeros up to the size of a tape record. Anything else is not unpacked by an
    /// engine, but whoever has the layer can read it, and nobody looked.
    fn after_the_end(&mut self) {
        let offset = self.chunks.offset;
        let mut hidden: u64 = 0;
        loop {
            let bytes = self.chunks.fill();
            if bytes.is_empty() {
                break;
            }
            hidden += bytes.iter().filter(|byte| **byte != 0).count() as u64;
            let count = bytes.len();
            self.chunks.consume(count);
        }
        if hidden > 0 {
            let detail = format!(
                "{hidden} bytes of data behind the end of the archive, at byte {offset}: not looked at"
            );
            self.gaps.push(Gap::new(GapKind::MalformedLayer, detail));
        }
    }

    /// Reads the next header block; false at the end of the archive: two blocks of zeros, or the stream's end.
    fn next_header(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, Stop> {
        for _ in 0..2 {
            let offset = self.chunks.offset;
            match self.chunks.read_exact(block) {
                0 => return Ok(false),
                BLOCK if block.iter().any(|byte| *byte != 0) => return Ok(true),
                BLOCK => {}
                _ => return Err(Stop::malformed(offset, "the stream ends inside a header")),
            }
        }
        Ok(false)
    }

    fn header_fault(&self, fault: HeaderFault) -> Stop {
        let offset = self.chunks.offset - BLOCK as u64;
        match (fault, offset) {
            (HeaderFault::Checksum, 0) => {
                Stop::malformed(offset, "this is no tar archive: no header")
            }
            (HeaderFault::Checksum, _) => Stop::malformed(offset, "a header's checksum is wrong"),
            (HeaderFault::Number, _) => Stop::malformed(offset, "a header's size is not a number"),
        }
    }

    /// Takes in an extension header for the entry after it.
    fn extension(
        &mut self,
        kind: HeaderKind,
        size: u64,
        extended: &mut Extended,
    ) -> Result<(), Stop> {
        let offset = self.chunks.offset;
        let limit = if kind == HeaderKind::Pax {
            PAX_BYTES
        } else {
            self.limits.path_bytes as u64 + 1
        };
        if kind == HeaderKind::PaxGlobal {
            // For Go's `archive/tar` it is an entry: what came before it is used up.
            *extended = Extended::default();
        }
        if kind == HeaderKind::PaxGlobal || size > limit {
            if size > limit {
                let detail = format!("an extension header of {size} bytes is longer than {limit}");
                self.gaps.push(Gap::new(GapKind::LimitReached, detail));
            }
            return pass_content(self.chunks, size, |_| {});
        }
        let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        pass_content(self.chunks, size, |bytes| content.extend_from_slice(bytes))?;
        let text = || {
            let text = content.split(|byte| *byte == 0).next();
            text.filter(|text| !text.is_empty()).map(<[u8]>::to_vec)
        };
        match kind {
            HeaderKind::LongName => extended.name = text(),
            HeaderKind::LongLink => extended.link = text(),
            _ => {
                extended.pax = PaxRecords::parse(&content)
                    .map_err(|_| Stop::malformed(offset, "malformed PAX records"))?;
            }
        }
        Ok(())
    }

    fn skip_sparse_headers(&mut self, first: &[u8; BLOCK]) -> Result<(), Stop> {
        let mut more = tar_header::sparse_continues(first, true);
        let mut block = [0; BLOCK];
        while more {
            if self.chunks.read_exact(&mut block) < BLOCK {
                return Err(Stop::malformed(
                    self.chunks.offset,
                    "the stream ends inside a sparse header",
                ));
            }
            more = tar_header::sparse_continues(&block, false);
        }
        Ok(())
    }

    /// One file, folder, link or device.
    fn entry(&mut self, header: &EntryHeader<'_>, sparse: bool) -> Result<(), Stop> {
        let entry = &header.entry;
        self.counts.entries += 1;
        if self.counts.entries > self.limits.entries {
            let detail = format!(
                "more than {} entries: the rest was not looked at",
                self.limits.entries
            );
            return Err(Stop {
                kind: GapKind::LimitReached,
                detail,
            });
        }
        let parts = entry.path.split('/').count();
        if entry.path.len() > self.limits.path_bytes || parts > self.limits.path_parts {
            let bytes = entry.path.len();
            let detail = format!("a path of {bytes} bytes and {parts} parts: not looked at");
            self.gaps.push(Gap::new(GapKind::LimitReached, detail));
            return pass_content(self.chunks, entry.size, |_| {});
        }
        if let Some(hidden) = entry.file_name().strip_prefix(".wh.") {
            self.whiteout(entry, hidden);
            return pass_content(self.chunks, entry.size, |_| {});
        }
        self.sums.notice(entry.path);
        let at = self.place(entry);
        let observed = self.observers.observe(&EntryHeader {
            folder: self.attributes.of_folder(at.folder),
            ..*header
        });
        match entry.kind {
            EntryKind::File => return self.file(entry, at, sparse, observed),
            EntryKind::HardLink => self.hard_link(header, at, observed),
            EntryKind::Directory => {
                self.found.keep_folder(entry.path, observed, &mut self.gaps);
            }
            EntryKind::Symlink | EntryKind::Special => {
                self.files.take(at);
                self.keep(entry.path, FileFacts::of_observations(observed));
                if entry.kind == EntryKind::Symlink {
                    self.symlink(entry, header.link);
                }
            }
        }
        // Whatever size its header gives, there is no content.
        Ok(())
    }

    /// Notes of an entry where it is, what it hides, and whose it is.
    fn place(&mut self, entry: &Entry<'_>) -> Located {
        let at = self.files.locate(entry.path);
        let is_folder = entry.kind == EntryKind::Directory;
        self.cover.note(at.path, is_folder);
        let own_folder = is_folder.then(|| self.files.enter(entry.path, at));
        let attributes = (entry.kind != EntryKind::Symlink).then_some(Attributes {
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            is_folder,
        });
        if !self.attributes.add(at, attributes, own_folder) && !self.has_too_many_owners {
            self.has_too_many_owners = true;
            let detail = "too many different owners and modes: those of some entries are not told";
            self.gaps.push(Gap::new(GapKind::LimitReached, detail));
        }
        at
    }

    /// `.wh.NAME` removes NAME; `.wh..wh..opq` makes its folder opaque; other `.wh..wh.` names are AUFS's own
    /// (image-spec, layer.md, "Whiteouts").
    fn whiteout(&mut self, entry: &Entry<'_>, hidden: &str) {
        if hidden == ".wh..opq" {
            self.cover.make_opaque(entry.parent());
        } else if !hidden.is_empty() && !hidden.starts_with(".wh.") {
            let parent = entry.parent();
            let separator = if parent.is_empty() { "" } else { "/" };
            self.cover.remove(&format!("{parent}{separator}{hidden}"));
        }
    }

    /// Passes a file's bytes to whoever wants them: at once to the sessions, whole to the detectors that asked for it.
    fn file(
        &mut self,
        entry: &Entry<'_>,
        at: Located,
        sparse: bool,
        observed: Vec<Observation>,
    ) -> Result<(), Stop> {
        self.counts.files += 1;
        self.counts.file_bytes = self.counts.file_bytes.saturating_add(entry.size);
        self.sessions.begin(entry);
        let mut holding = self
            .held
            .begin(&self.dispatch, entry, sparse, &mut self.gaps);
        let (sessions, sums) = (&mut self.sessions, &mut self.sums);
        sums.begin(entry);
        let passed = pass_content(self.chunks, entry.size, |bytes| {
            holding.take(bytes);
            sessions.chunk(bytes);
            sums.update(bytes);
        });
        let (content, was_read) = holding.end(passed.is_ok());
        let mut facts = FileFacts::of_observations(observed);
        facts.merge(content);
        self.files.add(at, entry.size, was_read, self.sums.end());
        facts.merge(self.sessions.end());
        self.keep(entry.path, facts);
        passed
    }

    fn keep(&mut self, path: &str, facts: FileFacts) {
        self.links.remove(path);
        self.found.keep(path, facts, &mut self.gaps);
    }

    /// Another name for a file of this layer: it has the same facts, but a header of its own.
    fn hard_link(&mut self, header: &EntryHeader<'_>, at: Located, observed: Vec<Observation>) {
        let entry = &header.entry;
        let target = LayerPath::normalise(header.link);
        self.files.link(at, target.as_str());
        let mut facts = self.found.at(&target).cloned().unwrap_or_default();
        self.linkable(entry);
        if facts.shows_content() {
            // What a detector reads is known if it has read the file under its first name.
            let first = Entry {
                path: target.as_str(),
                ..*entry
            };
            let mut readers = Vec::new();
            self.dispatch.whole(&first, &mut readers);
            self.wanted
                .retain(|(wants, _)| !readers.iter().any(|(reads, _)| reads.id() == wants.id()));
        }
        facts.observations = of_link(facts.observations, observed);
        self.keep(entry.path, facts);
        if let Some((detector, _)) = self.wanted.first() {
            let detail = format!(
                "{}: a hard link to {target}, which was not read",
                detector.id().name
            );
            self.gaps.push(Gap::at(
                GapKind::UnresolvedLink,
                LayerPath::from_normalised(entry.path),
                detail,
            ));
        }
    }

    /// Looks up who would read a link, were it a file, and for whom it then matters where it leads.
    fn linkable(&mut self, entry: &Entry<'_>) {
        self.dispatch.whole(entry, &mut self.wanted);
        self.wanted.retain(|(detector, _)| detector.follows_links());
    }

    fn symlink(&mut self, entry: &Entry<'_>, target: &[u8]) {
        self.linkable(entry);
        if !self.wanted.is_empty() {
            let link = LayerPath::from_normalised(entry.path);
            let target = link.resolve_link(target);
            self.links.insert(link, target);
        }
    }
}

/// The observations of a hard link: what its own header shows, and what the file's content does. Capabilities are the file's own:
/// a link's header mostly does not repeat them.
fn of_link(mut file: Vec<Observation>, mut own: Vec<Observation>) -> Vec<Observation> {
    for observation in &mut own {
        if let Observation::Entry(entry) = observation {
            let of_file = file.iter().find_map(Observation::capabilities);
            entry.capabilities = entry.capabilities.or(of_file);
        }
    }
    let has_entry = own.iter().any(|own| matches!(own, Observation::Entry(_)));
    file.retain(|known| !known.is_of_header() || (known.capabilities().is_some() && !has_entry));
    own.append(&mut file);
    own
}

/// Passes an entry's content and the padding after it.
fn pass_content(chunks: &mut ChunkReader, size: u64, taker: impl FnMut(&[u8])) -> Result<(), Stop> {
    let offset = chunks.offset;
    let padding = size.wrapping_neg() % BLOCK as u64;
    if chunks.pass(size, taker) < size || chunks.pass(padding, |_| {}) < padding {
        return Err(Stop::malformed(offset, "the stream ends inside the entry"));
    }
    Ok(())
}
