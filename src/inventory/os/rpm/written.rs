//! Databases in each of the three forms, written by hand from the layouts that the readers describe.

use super::header::tag;

/// A property of files, an item for each.
pub(super) enum Array<'a> {
    Texts(&'a [&'a str]),
    Numbers(&'a [u32]),
    SmallNumbers(&'a [u16]),
    Bytes(&'a [u8]),
}

/// A header blob with these tags: the numbers as `INT32`, the texts as `STRING`, in an order of their own.
pub(super) fn header(texts: &[(u32, &str)], numbers: &[(u32, u32)]) -> Vec<u8> {
    header_with_arrays(texts, numbers, &[])
}

/// The same, with arrays.
pub(super) fn header_with_arrays(
    texts: &[(u32, &str)],
    numbers: &[(u32, u32)],
    arrays: &[(u32, Array<'_>)],
) -> Vec<u8> {
    let (mut entries, mut store) = (Vec::new(), Vec::new());
    let mut array = |tag: u32, of_type: u32, offset: usize, count: usize| {
        let [offset, count] = [offset, count].map(|number| u32::try_from(number).expect("small"));
        entries.push([tag, of_type, offset, count].map(u32::to_be_bytes).concat());
    };
    for (tag, items) in arrays {
        let (of_type, count, bytes) = match items {
            Array::Texts(texts) => (
                8,
                texts.len(),
                texts
                    .iter()
                    .flat_map(|text| format!("{text}\0").into_bytes())
                    .collect(),
            ),
            Array::Numbers(numbers) => (
                4,
                numbers.len(),
                numbers
                    .iter()
                    .flat_map(|number| number.to_be_bytes())
                    .collect(),
            ),
            Array::SmallNumbers(numbers) => (
                3,
                numbers.len(),
                numbers
                    .iter()
                    .flat_map(|number| number.to_be_bytes())
                    .collect(),
            ),
            Array::Bytes(bytes) => (1, bytes.len(), bytes.to_vec()),
        };
        array(*tag, of_type, store.len(), count);
        store.extend::<Vec<u8>>(bytes);
    }
    let mut entry = |tag, of_type, offset| array(tag, of_type, offset, 1);
    for (tag, number) in numbers {
        entry(*tag, 4, store.len());
        store.extend(number.to_be_bytes());
    }
    for (tag, text) in texts {
        entry(*tag, 6, store.len());
        store.extend(text.as_bytes());
        store.push(0);
    }
    let sizes = [entries.len(), store.len()];
    let sizes = sizes.map(|size| u32::try_from(size).expect("small").to_be_bytes());
    [sizes.concat(), entries.concat(), store].concat()
}

pub(super) fn perl() -> Vec<u8> {
    header(
        &[
            (tag::NAME, "perl-libs"),
            (tag::VERSION, "5.26.3"),
            (tag::RELEASE, "422.el8"),
            (tag::ARCH, "x86_64"),
            (tag::LICENSE, "GPL+ or Artistic"),
            (tag::SOURCERPM, "perl-5.26.3-422.el8.src.rpm"),
            (tag::VENDOR, "Red Hat, Inc."),
            (tag::MODULARITYLABEL, "perl:5.26:8060020211201:9fe1d287"),
        ],
        &[(tag::EPOCH, 4)],
    )
}

pub(super) fn signing_key() -> Vec<u8> {
    header(
        &[
            (tag::NAME, "gpg-pubkey"),
            (tag::VERSION, "fd431d51"),
            (tag::RELEASE, "4ae0493b"),
        ],
        &[],
    )
}

pub(super) fn sqlite_file(schema: &str, blobs: &[Vec<u8>]) -> Vec<u8> {
    let mut connection = rusqlite::Connection::open_in_memory().expect("a database");
    connection.execute_batch(schema).expect("a schema");
    for blob in blobs {
        connection
            .execute("INSERT INTO Packages (blob) VALUES (?1)", [blob])
            .expect("a row");
    }
    let file = connection.serialize("main").expect("its bytes");
    let mut file = file.to_vec();
    // As rpm leaves it: in write-ahead mode.
    file[18..20].fill(2);
    file
}

const SCHEMA: &str =
    "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)";

pub(super) fn ndb_file(blobs: &[Vec<u8>]) -> Vec<u8> {
    let words = |words: [&[u8; 4]; 4]| words.map(|word| *word).concat();
    let mut file = words([b"RpmP", &[0; 4], &[7, 0, 0, 0], &[1, 0, 0, 0]]);
    file.resize(32, 0);
    let mut body = Vec::new();
    for (number, blob) in (1_u32..).zip(blobs) {
        let offset = u32::try_from((4096 + body.len()) / 16).expect("a small file");
        let number = number.to_le_bytes();
        file.extend(words([
            b"Slot",
            &number,
            &offset.to_le_bytes(),
            &[1, 0, 0, 0],
        ]));
        let length = u32::try_from(blob.len())
            .expect("a small blob")
            .to_le_bytes();
        body.extend(words([b"BlbS", &number, &[7, 0, 0, 0], &length]));
        body.extend(blob);
        body.resize(body.len().next_multiple_of(16), 0);
    }
    while file.len() < 4096 {
        file.extend(words([b"Slot", &[0; 4], &[0; 4], &[0; 4]]));
    }
    file.extend(body);
    file
}

/// A hash table of 512-byte pages: the meta page, one page of items, then each blob in overflow pages; the last blob is
/// kept inside of the hash page.
pub(super) fn berkeley_file(blobs: &[Vec<u8>]) -> Vec<u8> {
    const PAGE: usize = 512;
    let (inline, chained) = blobs.split_last().expect("a blob");
    let mut items: Vec<Vec<u8>> = vec![vec![1, 0, 0, 0, 0], vec![1, 9, 0, 0, 0]];
    let mut overflow: Vec<Vec<u8>> = Vec::new();
    for blob in chained {
        items.push(vec![1, 5, 0, 0, 0]);
        let first = u32::try_from(2 + overflow.len()).expect("few pages");
        let length = u32::try_from(blob.len()).expect("a small blob");
        items.push(
            [
                vec![3, 0, 0, 0],
                first.to_le_bytes().into(),
                length.to_le_bytes().into(),
            ]
            .concat(),
        );
        let parts: Vec<&[u8]> = blob.chunks(PAGE - 26).collect();
        for (at, part) in parts.iter().enumerate() {
            let next = if at + 1 < parts.len() {
                3 + overflow.len()
            } else {
                0
            };
            let mut page = vec![0; PAGE];
            page[16..20].copy_from_slice(&u32::try_from(next).expect("few pages").to_le_bytes());
            page[22..24].copy_from_slice(&u16::try_from(part.len()).expect("a part").to_le_bytes());
            page[25] = 7;
            page[26..26 + part.len()].copy_from_slice(part);
            overflow.push(page);
        }
    }
    items.extend([vec![1, 6, 0, 0, 0], [vec![1], inline.clone()].concat()]);

    let mut hash = vec![0; PAGE];
    hash[20..22].copy_from_slice(&u16::try_from(items.len()).expect("few items").to_le_bytes());
    hash[25] = 13;
    let mut end = PAGE;
    for (at, item) in items.iter().enumerate() {
        let start = end - item.len();
        hash[start..end].copy_from_slice(item);
        hash[26 + at * 2..28 + at * 2]
            .copy_from_slice(&u16::try_from(start).expect("in the page").to_le_bytes());
        end = start;
    }
    let mut meta = vec![0; PAGE];
    meta[12..16].copy_from_slice(&0x0006_1561_u32.to_le_bytes());
    meta[20..24].copy_from_slice(&512_u32.to_le_bytes());
    meta[25] = 8;
    meta[32..36].copy_from_slice(
        &u32::try_from(1 + overflow.len())
            .expect("few pages")
            .to_le_bytes(),
    );
    [meta, hash, overflow.concat()].concat()
}

/// The same packages in each of the three forms.
pub(super) fn each_form(blobs: &[Vec<u8>]) -> [(&'static str, Vec<u8>); 3] {
    [
        ("var/lib/rpm/rpmdb.sqlite", sqlite_file(SCHEMA, blobs)),
        ("usr/lib/sysimage/rpm/Packages.db", ndb_file(blobs)),
        ("var/lib/rpm/Packages", berkeley_file(blobs)),
    ]
}
