use std::path::{Path, PathBuf};

use super::tests::{Place, fill, found, import, npm, tamper};
use super::*;
use crate::advisories::matching::testing::record;
use crate::advisories::{AdvisoryError, Store};
use crate::model::Digest;
use crate::model::limits::read_at_most;

fn bytes(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).expect("a file");
    read_at_most(file, 1 << 30).expect("bytes")
}

fn folder(place: &Place, name: &str) -> PathBuf {
    let folder = place.path(name);
    std::fs::create_dir(&folder).expect("a folder");
    folder
}

/// All of a store: the document, and each part's bytes.
fn publish(store: &Store, details: bool) -> (Publication, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut parts = Vec::new();
    let mut sources = Vec::new();
    for (number, source) in store.sources().expect("sources").iter().enumerate() {
        let part = store
            .write_part(&source.name, details, folder.path(), number)
            .expect("a part");
        parts.push(bytes(&part.path));
        sources.push(part.source);
    }
    (Publication::new(details, sources), parts)
}

fn receive(
    publication: &Publication,
    parts: &[Vec<u8>],
    folder: &Path,
) -> Vec<(PublishedSource, PathBuf)> {
    let pairs = publication.sources.iter().zip(parts).enumerate();
    pairs
        .map(|(number, (source, part))| {
            let path = source.receive(&part[..], folder, number);
            (source.clone(), path.expect("a part"))
        })
        .collect()
}

#[test]
fn parts_put_together_are_the_store_again_with_the_same_snapshot() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let (publication, parts) = publish(&publisher, true);
    let digest = publisher.snapshot_digest().expect("digest");
    assert_eq!(publication.snapshot, digest);
    let parts = receive(&publication, &parts, &folder(&place, "parts"));
    let mut client = place.store("client.db");
    let merged = client
        .take_parts(&parts, &folder(&place, "work"), 1000)
        .expect("taken");
    let written: Vec<u64> = merged.sources.iter().map(|source| source.written).collect();
    assert_eq!(written, [3, 1, 1]);
    assert_eq!(client.snapshot_digest().expect("digest"), digest);
    assert_eq!(found(&client), ["A-1", "A-2", "P-1"]);
    let verified = client.verify().expect("rows give their digests");
    assert_eq!(verified.records, 5);
    let has = |source| client.has(source, &publication).expect("asked");
    assert!(publication.sources.iter().all(has));
}

#[test]
fn a_source_that_did_not_change_is_the_same_part_whenever_and_wherever_it_came_in() {
    let place = Place::new();
    let mut one = place.store("one.db");
    fill(&mut one, 100);
    let (first, parts) = publish(&one, true);
    assert_eq!(publish(&one, true).1, parts, "twice from one store");
    import(&mut one, "late", true, 900, &npm("L-1", "3.0.0"));
    let mut two = place.store("two.db");
    import(
        &mut two,
        "pypi",
        true,
        5,
        &record("X-1", "PyPI", "x", "1", ""),
    );
    fill(&mut two, 7_000_000_000);
    for store in [one, two] {
        let (second, _) = publish(&store, true);
        for source in &first.sources {
            let same = second
                .sources
                .iter()
                .find(|other| other.name == source.name);
            assert_eq!(
                same.map(|same| same.layer),
                Some(source.layer),
                "{}",
                source.name
            );
        }
    }
}

#[test]
fn a_part_that_is_not_what_was_announced_is_refused_before_it_is_unpacked() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let (publication, parts) = publish(&publisher, true);
    let folder = folder(&place, "parts");
    let source = &publication.sources[0];
    let refused = |source: &PublishedSource, bytes: &[u8]| {
        source.receive(bytes, &folder, 0).expect_err("refused")
    };
    let mut altered = parts[0].clone();
    altered[20] ^= 1;
    let short = &parts[0][..parts[0].len() - 1];
    for bytes in [&altered[..], short, &parts[1][..], b""] {
        assert!(matches!(refused(source, bytes), PartError::Altered { .. }));
    }
    let announced = |change: &dyn Fn(&mut PublishedSource)| {
        let mut source = source.clone();
        change(&mut source);
        refused(&source, &parts[0]).to_string()
    };
    let longer = announced(&|source| source.size -= 1);
    assert!(longer.contains("that were announced"), "{longer}");
    let shorter = announced(&|source| source.size += 1);
    assert!(shorter.contains("that were announced"), "{shorter}");
    let other = announced(&|source| source.name = "other".to_owned());
    assert!(other.contains("another source"), "{other}");
    let state = announced(&|source| source.digest = Digest::sha256_of(b""));
    assert!(state.contains("another state"), "{state}");
}

/// Packs a store file as a publisher who lies would.
fn lie(source: &PublishedSource, path: &Path) -> (PublishedSource, Vec<u8>) {
    let plain = bytes(path);
    let packed = zstd::encode_all(&plain[..], 1).expect("packed");
    let source = PublishedSource {
        layer: Digest::sha256_of(&packed),
        size: plain.len() as u64,
        ..source.clone()
    };
    (source, packed)
}

#[test]
fn a_part_whose_rows_are_not_what_they_claim_is_refused_with_the_store_unchanged() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let (publication, _) = publish(&publisher, true);
    let npm_source = &publication.sources[0];
    let mut client = place.store("client.db");
    import(&mut client, "npm", true, 50, &npm("A-9", "3.0.0"));
    let before = client.snapshot_digest().expect("digest");
    let selection = Selection {
        sources: Some(vec!["npm".to_owned()]),
        ..Selection::default()
    };
    for (number, sql) in [
        "DELETE FROM range",
        "UPDATE range SET fixed = '0.0.1'",
        "DELETE FROM advisory WHERE external_id = 'A-1'",
    ]
    .into_iter()
    .enumerate()
    {
        let path = place.path(&format!("{number}.db"));
        publisher.export(&path, &selection).expect("exported");
        tamper(&path, sql);
        let (source, packed) = lie(npm_source, &path);
        let folder = folder(&place, &number.to_string());
        let part = source.receive(&packed[..], &folder, 0).expect("its bytes");
        let refused = client.take_parts(&[(source, part)], &folder, 1000);
        assert!(
            matches!(
                refused,
                Err(PartError::Store(AdvisoryError::DigestMismatch { .. }))
            ),
            "{sql}: {refused:?}"
        );
        assert_eq!(client.snapshot_digest().expect("digest"), before, "{sql}");
    }
    let path = place.path("view.db");
    publisher.export(&path, &selection).expect("exported");
    tamper(&path, "CREATE VIEW v AS SELECT 1");
    let (source, packed) = lie(npm_source, &path);
    let refused = source.receive(&packed[..], &folder(&place, "view"), 0);
    assert!(matches!(refused, Err(PartError::NoPart { .. })));
    for content in [b"no database at all".to_vec(), vec![0; 8192], Vec::new()] {
        let packed = zstd::encode_all(&content[..], 1).expect("packed");
        let source = PublishedSource {
            layer: Digest::sha256_of(&packed),
            size: content.len() as u64,
            ..npm_source.clone()
        };
        let place = Place::new();
        let refused = source.receive(&packed[..], &folder(&place, "parts"), 0);
        assert!(
            matches!(refused, Err(PartError::NoPart { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn details_are_fetched_once_a_store_is_to_have_them() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let (bare, parts) = publish(&publisher, false);
    let mut client = place.store("client.db");
    let parts = receive(&bare, &parts, &folder(&place, "bare"));
    client
        .take_parts(&parts, &folder(&place, "work"), 1000)
        .expect("taken");
    assert_eq!(found(&client), found(&publisher));
    let (whole, parts) = publish(&publisher, true);
    assert_eq!(bare.snapshot, whole.snapshot);
    let source = &whole.sources[0];
    assert!(client.has(source, &bare).expect("asked"));
    assert!(!client.has(source, &whole).expect("asked"));
    let parts = receive(&whole, &parts, &folder(&place, "whole"));
    client
        .take_parts(&parts, &folder(&place, "work 2"), 2000)
        .expect("taken");
    assert!(client.has(source, &whole).expect("asked"));
    assert!(client.has(source, &bare).expect("asked"));
    assert_eq!(found(&client), found(&publisher));
    assert_eq!(client.verify().expect("verified").records, 5);
}

#[test]
fn what_the_publisher_last_looked_at_is_noted() {
    let place = Place::new();
    let mut client = place.store("client.db");
    fill(&mut client, 100);
    let (mut publication, _) = publish(&client, true);
    publication.sources[0].checked = 500;
    publication.sources[1].checked = 500;
    publication.sources[1].digest = Digest::sha256_of(b"another state");
    publication.sources[2].checked = 50;
    client.note_unchanged(&publication.sources).expect("noted");
    let sources = client.sources().expect("sources");
    let checked: Vec<i64> = sources.iter().map(|source| source.checked).collect();
    assert_eq!(checked, [500, 100, 100]);
}

#[test]
fn a_document_is_read_as_it_was_written_and_refused_where_it_contradicts_itself() {
    let place = Place::new();
    let mut store = place.store("store.db");
    fill(&mut store, 100);
    let (publication, _) = publish(&store, true);
    let text = publication.to_json();
    assert_eq!(Publication::parse(&text).expect("read"), publication);
    let refused = |change: &dyn Fn(&mut Publication)| {
        let mut publication = publication.clone();
        change(&mut publication);
        Publication::parse(&publication.to_json()).expect_err("refused")
    };
    assert!(matches!(
        refused(&|publication| publication.schema = 99),
        PublicationError::NewerSchema { found: 99, .. }
    ));
    for change in [
        &(|publication: &mut Publication| publication.sources.reverse())
            as &dyn Fn(&mut Publication),
        &|publication| publication.sources[0].digest = publication.snapshot,
        &|publication| publication.sources[0].size = u64::MAX,
        &|publication| publication.sources[1] = publication.sources[0].clone(),
    ] {
        assert!(matches!(refused(change), PublicationError::Malformed(_)));
    }
    assert!(Publication::parse(b"{}").is_err() && Publication::parse(b"").is_err());
}

#[test]
fn data_beside_advisories_travel_with_their_source() {
    use crate::advisories::{FeedInput, Format, Source};
    // A sample of our own, in the form of CISA's catalogue.
    let kev = r#"{"title": "t", "catalogVersion": "2024.01.01", "vulnerabilities": [
        {"cveID": "CVE-2024-0001", "dateAdded": "2024-01-01", "dueDate": "2024-02-01",
         "knownRansomwareCampaignUse": "Known"}]}"#;
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let source = Source::named("cisa-kev");
    let input = FeedInput::Stream("test".to_owned(), Box::new(kev.as_bytes()));
    publisher
        .import(&source, Format::Kev, input)
        .expect("imported");
    let (publication, parts) = publish(&publisher, true);
    let mut client = place.store("client.db");
    let parts = receive(&publication, &parts, &folder(&place, "parts"));
    client
        .take_parts(&parts, &folder(&place, "work"), 1000)
        .expect("taken");
    assert_eq!(
        client.snapshot_digest().expect("digest"),
        publisher.snapshot_digest().expect("digest")
    );
    let sql = "SELECT count(*) FROM exploited";
    let rows: i64 = client
        .connection
        .query_row(sql, [], |row| row.get(0))
        .expect("counted");
    assert_eq!(rows, 1);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_a_publication_or_an_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Publication::parse(&bytes);
    }
}
