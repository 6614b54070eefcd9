//! Owner and mode of every entry of a layer, as numbers, and of what the container sees.
//!
//! Names are kept as hashes, as in `cover`: twelve bytes an entry. Most entries of a folder share owner and mode, so that an entry
//! names one of a short list.

use std::collections::BTreeMap;

use super::cover::{Above, hash};
use super::files::Located;

/// Different owners and modes that are kept for one layer; real ones have a few dozen. Entries with more are not known.
const DISTINCT: usize = 1 << 16;
/// Places of one folder that a new one is compared with.
const PLACES_COMPARED: usize = 8;
/// An index of nothing.
const NONE: u32 = u32::MAX;

/// Owner and mode of one entry, as its tar header has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attributes {
    /// Permission bits with setuid, setgid and sticky.
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// One entry. The hash of its path is in two halves, the higher one first, so that the record has no padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Record {
    path: [u32; 2],
    /// In a layer's table the index of its place, of what is visible the index of its attributes.
    index: u32,
}

impl Record {
    fn new(path: u64, index: u32) -> Self {
        Self {
            path: halves(path),
            index,
        }
    }

    fn path(&self) -> u64 {
        let [high, low] = self.path;
        u64::from(high) << 32 | u64::from(low)
    }
}

fn halves(path: u64) -> [u32; 2] {
    let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).unwrap_or_default();
    [half(path >> 32), half(path)]
}

/// A folder, by its index in the layer's [`FileTable`](super::FileTable), and attributes that entries in it have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    folder: u32,
    attributes: u32,
}

/// Owner and mode of every entry of one layer: files, folders, links and devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeTable {
    /// By path.
    records: Vec<Record>,
    places: Vec<Place>,
    /// In the order in which they came up; `None` is a symbolic link, whose own owner and mode mean nothing (symlink(7)).
    distinct: Vec<Option<Attributes>>,
}

impl AttributeTable {
    /// The table as bytes, for the cache: three counts, then the lists, all little-endian 64-bit.
    pub fn to_bytes(&self) -> Vec<u8> {
        let counts = [self.records.len(), self.places.len(), self.distinct.len()];
        let pair = |high: u32, low: u32| u64::from(high) << 32 | u64::from(low);
        let places = self.places.iter();
        let words = counts
            .into_iter()
            .map(|count| count as u64)
            .chain(self.records.iter().map(Record::path))
            .chain(self.records.iter().map(|record| u64::from(record.index)))
            .chain(places.map(|place| pair(place.folder, place.attributes)))
            .chain(self.distinct.iter().copied().flat_map(to_words));
        words.flat_map(u64::to_le_bytes).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` if the bytes are anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else {
            return None;
        };
        let (counts, mut rest) = words.split_first_chunk::<3>()?;
        let [records, places, distinct] =
            counts.map(|count| usize::try_from(u64::from_le_bytes(count)).ok());
        let mut column = |count: Option<usize>| {
            let (column, after) = rest.split_at_checked(count?)?;
            rest = after;
            Some(column.iter().map(|word| u64::from_le_bytes(*word)))
        };
        let record = |(path, index)| Some(Record::new(path, u32::try_from(index).ok()?));
        let records = column(records)?.zip(column(records)?).map(record);
        let records: Vec<Record> = records.collect::<Option<_>>()?;
        let place = |word| {
            let [folder, attributes] = halves(word);
            Place { folder, attributes }
        };
        let places: Vec<Place> = column(places)?.map(place).collect();
        let mut words = column(distinct.and_then(|count| count.checked_mul(WORDS)))?;
        let four = || Some([words.next()?, words.next()?, words.next()?, words.next()?]);
        let distinct = std::iter::from_fn(four).map(from_words);
        let distinct: Vec<Option<Attributes>> = distinct.collect::<Option<_>>()?;
        let is_whole = rest.is_empty()
            && records.is_sorted_by(|one, other| one.path < other.path)
            && (records.iter()).all(|record| (record.index as usize) < places.len())
            && (places.iter()).all(|place| (place.attributes as usize) < distinct.len());
        is_whole.then_some(Self {
            records,
            places,
            distinct,
        })
    }
}

/// Words of one member of [`AttributeTable::distinct`].
const WORDS: usize = 4;
const LINK: u64 = 2;

fn to_words(attributes: Option<Attributes>) -> [u64; WORDS] {
    attributes.map_or([LINK, 0, 0, 0], |known| {
        let kind = u64::from(known.is_folder);
        [kind, known.mode.into(), known.uid, known.gid]
    })
}

#[expect(
    clippy::option_option,
    reason = "the outer one is for words that are none, the inner one for a link"
)]
fn from_words([kind, mode, uid, gid]: [u64; WORDS]) -> Option<Option<Attributes>> {
    match (kind, u32::try_from(mode)) {
        (LINK, _) => Some(None),
        (0 | 1, Ok(mode)) => Some(Some(Attributes {
            mode,
            uid,
            gid,
            is_folder: kind == 1,
        })),
        _ => None,
    }
}

/// The table as it grows.
#[derive(Default)]
pub(super) struct AttributeTableBuilder {
    /// In the order in which they came.
    records: Vec<Record>,
    places: Vec<Place>,
    /// By place: the one before it in the same folder.
    before: Vec<u32>,
    distinct: Vec<Option<Attributes>>,
    /// The index of each of them.
    known: BTreeMap<Option<Attributes>, u32>,
    /// Those of the last entry: neighbours are alike.
    last: Option<(Option<Attributes>, u32)>,
    /// By the index of a folder.
    folders: Vec<FolderState>,
}

/// What the layer has said so far of a folder.
#[derive(Clone, Copy)]
struct FolderState {
    /// Its own attributes.
    own: u32,
    /// The last place in it.
    last_place: u32,
}

impl AttributeTableBuilder {
    /// An entry, and where it is a folder its own index. `None` for a symbolic link. False: there are too many different ones, and
    /// the entry's are not kept.
    pub(super) fn add(
        &mut self,
        at: Located,
        attributes: Option<Attributes>,
        own_folder: Option<u32>,
    ) -> bool {
        let Some(index) = self.index_of(attributes) else {
            return false;
        };
        let place = self.place_of(Place {
            folder: at.folder,
            attributes: index,
        });
        self.records.push(Record::new(at.path, place));
        if let Some(folder) = own_folder
            && let Some(state) = self.folder(folder)
        {
            state.own = index;
        }
        true
    }

    fn folder(&mut self, folder: u32) -> Option<&mut FolderState> {
        const NEW: FolderState = FolderState {
            own: NONE,
            last_place: NONE,
        };
        let index = folder as usize;
        if self.folders.len() <= index {
            self.folders.resize(index + 1, NEW);
        }
        self.folders.get_mut(index)
    }

    /// The index of a place. One folder has few; what differs more than that is noted again, so that no layer takes long.
    fn place_of(&mut self, place: Place) -> u32 {
        let newest = self
            .folder(place.folder)
            .map_or(NONE, |state| state.last_place);
        let mut known = newest;
        for _ in 0..PLACES_COMPARED {
            match self.places.get(known as usize) {
                Some(found) if *found == place => return known,
                Some(_) => known = self.before.get(known as usize).copied().unwrap_or(NONE),
                None => break,
            }
        }
        let index = u32::try_from(self.places.len()).unwrap_or(NONE);
        self.places.push(place);
        self.before.push(newest);
        if let Some(state) = self.folder(place.folder) {
            state.last_place = index;
        }
        index
    }

    fn index_of(&mut self, attributes: Option<Attributes>) -> Option<u32> {
        if let Some((last, index)) = self.last
            && last == attributes
        {
            return Some(index);
        }
        let index = match self.known.get(&attributes) {
            Some(index) => *index,
            None if self.distinct.len() >= DISTINCT => return None,
            None => {
                let index = u32::try_from(self.distinct.len()).ok()?;
                self.distinct.push(attributes);
                self.known.insert(attributes, index);
                index
            }
        };
        self.last = Some((attributes, index));
        Some(index)
    }

    /// What the layer has said so far of the folder of this index.
    pub(super) fn of_folder(&self, folder: u32) -> Option<Attributes> {
        let state = self.folders.get(folder as usize)?;
        *self.distinct.get(state.own as usize)?
    }

    /// The table, in order. Of two entries of one name the later one counts, as it does when a layer is unpacked.
    pub(super) fn seal(mut self) -> AttributeTable {
        self.records.reverse();
        self.records.sort_by_key(Record::path);
        self.records.dedup_by_key(|record| record.path);
        self.records.shrink_to_fit();
        self.places.shrink_to_fit();
        AttributeTable {
            records: self.records,
            places: self.places,
            distinct: self.distinct,
        }
    }
}

/// Owner and mode of everything that the container sees, by path.
#[derive(Clone, Debug, Default)]
pub struct VisibleAttributes {
    /// By path.
    records: Vec<Record>,
    /// `None` is a symbolic link.
    distinct: Vec<Option<Attributes>>,
}

impl VisibleAttributes {
    /// Of the file, folder or device at this path; `None` if no layer has an entry of this name, and for a symbolic link, whose own
    /// owner and mode mean nothing.
    pub fn get(&self, path: &str) -> Option<Attributes> {
        *self.find(path)?
    }

    /// Whether a symbolic link is at this path.
    pub fn is_link(&self, path: &str) -> bool {
        self.find(path) == Some(&None)
    }

    fn find(&self, path: &str) -> Option<&Option<Attributes>> {
        let path = halves(hash(path));
        let index = self
            .records
            .binary_search_by_key(&path, |record| record.path);
        let record = self.records.get(index.ok()?)?;
        self.distinct.get(record.index as usize)
    }

    /// Notes an entry.
    pub fn insert(&mut self, path: &str, attributes: Attributes) {
        let attributes = Some(attributes);
        let known = self.distinct.iter().position(|known| *known == attributes);
        let index = known.unwrap_or_else(|| {
            self.distinct.push(attributes);
            self.distinct.len() - 1
        });
        let record = Record::new(hash(path), u32::try_from(index).unwrap_or(u32::MAX));
        let place = self
            .records
            .binary_search_by_key(&record.path, |known| known.path);
        match place {
            Ok(place) => {
                if let Some(known) = self.records.get_mut(place) {
                    *known = record;
                }
            }
            Err(place) => self.records.insert(place, record),
        }
    }

    /// Adds what is left of a layer below those that were added before: `hidden_folders` says for each folder of the layer whether it
    /// is gone with all below it.
    pub(super) fn add_below(
        &mut self,
        table: &AttributeTable,
        hidden_folders: &[bool],
        above: &Above,
    ) {
        let root = hash("");
        let offset = self.distinct.len();
        self.distinct.extend(&table.distinct);
        let visible = table.records.iter().filter_map(|record| {
            let place = table.places.get(record.index as usize)?;
            let path = record.path();
            let is_below = path != root && hidden_folders.get(place.folder as usize) == Some(&true);
            // A folder that an upper layer has again is not hidden, but the upper one says whose it is.
            let is_hidden = is_below || above.hides_file(path);
            let index = u32::try_from(offset + place.attributes as usize).ok()?;
            (!is_hidden).then_some(Record::new(path, index))
        });
        self.records.extend(visible);
    }

    /// Puts what was added into order.
    pub(super) fn seal(&mut self) {
        // Each layer's records are in order already: runs are merged.
        self.records.sort_by_key(Record::path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::files::FileTableBuilder;
    use crate::layers::{LayerReport, VisibleFiles};
    use crate::model::{DiffId, Digest};

    const fn folder(mode: u32, uid: u64) -> Attributes {
        Attributes {
            mode,
            uid,
            gid: uid,
            is_folder: true,
        }
    }

    const fn file(mode: u32, uid: u64) -> Attributes {
        Attributes {
            is_folder: false,
            ..folder(mode, uid)
        }
    }

    /// A layer of these entries, as the walk makes it; `None` is a link, and a path that begins with `!` a whiteout.
    fn layer(entries: &[(&str, Option<Attributes>)]) -> LayerReport {
        let mut report = LayerReport::empty(DiffId(Digest::sha256_of(b"layer")));
        let mut files = FileTableBuilder::default();
        let mut table = AttributeTableBuilder::default();
        for (path, attributes) in entries {
            if let Some(gone) = path.strip_prefix('!') {
                match gone.strip_suffix("/*") {
                    Some(opaque) => report.cover.make_opaque(opaque),
                    None => report.cover.remove(gone),
                }
                continue;
            }
            let at = files.locate(path);
            let is_folder = attributes.is_some_and(|known| known.is_folder);
            let own = is_folder.then(|| files.enter(path, at));
            if is_folder {
                report.cover.make_folder(path);
            } else {
                report.cover.replace(path);
            }
            assert!(table.add(at, *attributes, own));
        }
        report.cover.seal();
        report.files = files.seal();
        report.attributes = table.seal();
        report
    }

    fn seen(layers: &[LayerReport]) -> VisibleAttributes {
        let reports: Vec<_> = layers.iter().collect();
        VisibleFiles::with_attributes(&reports).1
    }

    #[test]
    fn a_record_has_twelve_bytes() {
        assert_eq!(size_of::<Record>(), 12);
    }

    #[test]
    fn the_last_entry_of_a_name_says_whose_it_is() {
        let layers = [layer(&[
            ("app", Some(folder(0o755, 0))),
            ("app/run", Some(file(0o4755, 0))),
            ("app/run", Some(file(0o755, 33))),
            ("app/link", None),
        ])];
        let seen = seen(&layers);
        assert_eq!(seen.get("app/run"), Some(file(0o755, 33)));
        assert_eq!(seen.get("app"), Some(folder(0o755, 0)));
        assert_eq!(seen.get("app/other"), None);
        assert_eq!(seen.get("app/link"), None);
        assert!(seen.is_link("app/link") && !seen.is_link("app/run"));
    }

    #[test]
    fn a_folder_of_an_upper_layer_says_whose_it_is_and_hides_nothing_below() {
        let layers = [
            layer(&[
                ("tmp", Some(folder(0o755, 0))),
                ("tmp/a", Some(file(0o644, 0))),
            ]),
            layer(&[("tmp", Some(folder(0o1777, 0)))]),
        ];
        let seen = seen(&layers);
        assert_eq!(seen.get("tmp"), Some(folder(0o1777, 0)));
        assert_eq!(seen.get("tmp/a"), Some(file(0o644, 0)));
    }

    #[test]
    fn what_is_whited_out_opaque_or_replaced_is_gone_with_all_below() {
        let layers = [
            layer(&[
                ("", Some(folder(0o755, 0))),
                ("opt/a/b/c", Some(file(0o600, 0))),
                ("var/d", Some(file(0o600, 0))),
                ("var", Some(folder(0o700, 7))),
                ("srv/e", Some(file(0o600, 0))),
                ("kept", Some(file(0o600, 0))),
            ]),
            layer(&[("!opt/a", None), ("!var/*", None), ("srv", None)]),
        ];
        let seen = seen(&layers);
        for gone in ["opt/a/b/c", "var/d", "srv/e", "srv"] {
            assert_eq!(seen.get(gone), None, "{gone}");
        }
        assert_eq!(seen.get("var"), Some(folder(0o700, 7)));
        assert_eq!(seen.get("kept"), Some(file(0o600, 0)));

        let opaque = [layers[0].clone(), layer(&[("!/*", None)])];
        let seen = self::seen(&opaque);
        assert_eq!(seen.get("kept"), None);
        assert_eq!(seen.get(""), Some(folder(0o755, 0)));
    }

    #[test]
    fn a_table_comes_back_from_its_bytes_and_nothing_else_does() {
        let table = layer(&[
            ("etc", Some(folder(0o755, 0))),
            ("etc/a", Some(file(0o4755, u64::MAX))),
            ("etc/b", None),
        ])
        .attributes;
        let bytes = table.to_bytes();
        assert_eq!(AttributeTable::from_bytes(&bytes), Some(table));
        assert_eq!(AttributeTable::from_bytes(&bytes[8..]), None);
        assert_eq!(AttributeTable::from_bytes(&bytes[1..]), None);
        assert_eq!(AttributeTable::from_bytes(&[0xff; 32]), None);
        assert_eq!(
            AttributeTable::from_bytes(&AttributeTable::default().to_bytes()),
            Some(AttributeTable::default())
        );
    }

    #[test]
    fn too_many_different_owners_are_not_kept() {
        let mut files = FileTableBuilder::default();
        let mut table = AttributeTableBuilder::default();
        let at = files.locate("a");
        for uid in 0..DISTINCT as u64 {
            assert!(table.add(at, Some(file(0o644, uid)), None));
        }
        assert!(!table.add(at, Some(file(0o644, u64::MAX)), None));
        assert!(table.add(at, Some(file(0o644, 0)), None));
        assert_eq!(table.seal().records.len(), 1);
    }

    #[test]
    fn a_note_replaces_an_earlier_one() {
        let mut noted = VisibleAttributes::default();
        for (path, uid) in [("b", 1), ("a", 2), ("b", 3)] {
            noted.insert(path, file(0o600, uid));
        }
        assert_eq!(noted.get("b"), Some(file(0o600, 3)));
        assert_eq!(noted.get("a"), Some(file(0o600, 2)));
    }
}
