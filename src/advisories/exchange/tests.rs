use std::path::{Path, PathBuf};

use super::*;
use crate::advisories::matching::testing::{ids, record};
use crate::advisories::{AdvisoryError, AsOf, FeedInput, Format, Source, Store, match_packages};
use crate::model::{Package, PackageType};

pub(super) struct Place(tempfile::TempDir);

impl Place {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("folder"))
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(super) fn store(&self, name: &str) -> Store {
        Store::open_for_import(&self.path(name)).expect("store")
    }
}

pub(super) fn import(store: &mut Store, source: &str, republish: bool, moment: i64, lines: &str) {
    let source = Source {
        republish,
        moment,
        ..Source::named(source)
    };
    let input = FeedInput::Stream("test".to_owned(), Box::new(lines.as_bytes()));
    store.import(&source, Format::Osv, input).expect("imported");
}

pub(super) fn npm(id: &str, fixed: &str) -> String {
    let more =
        format!(r#","summary":"a sentence","aliases":["OTHER-{id}"],"details":"Many words.""#);
    record(id, "npm", "x", fixed, &more)
}

/// npm, which may be handed on, and Ubuntu, which may not.
pub(super) fn fill(store: &mut Store, moment: i64) {
    let withdrawn = r#","withdrawn":"2024-01-01T00:00:00Z""#;
    let lines =
        npm("A-1", "2.0.0") + &npm("A-2", "1.1.0") + &record("A-3", "npm", "z", "2", withdrawn);
    import(store, "npm", true, moment, &lines);
    let exact = r#"{"id":"P-1","affected":[{"package":{"ecosystem":"PyPI","name":"old"},"versions":["release of 2004"]}]}"#;
    import(store, "pypi", true, moment, exact);
    import(
        store,
        "ubuntu",
        false,
        moment,
        &record("U-1", "Ubuntu:24.04:LTS", "y", "2", ""),
    );
}

pub(super) fn found(store: &Store) -> Vec<String> {
    let packages = [
        Package::new(PackageType::NPM, "x", "1.0.0"),
        Package::new(PackageType::PYPI, "old", "release of 2004"),
    ];
    let outcome = match_packages(store, None, &packages).expect("matched");
    ids(&outcome).into_iter().map(str::to_owned).collect()
}

pub(super) fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).expect("opened");
    connection.execute_batch(sql).expect("changed");
}

#[test]
fn an_exported_store_is_matched_from_as_it_is_and_has_the_same_snapshot() {
    let place = Place::new();
    let mut store = place.store("store.db");
    fill(&mut store, 100);
    let out = place.path("out.db");
    let exported = store.export(&out, &Selection::default()).expect("exported");
    let copy = Store::open_read_only(&out).expect("opened");
    let digest = store.snapshot_digest().expect("digest");
    assert_eq!(exported.snapshot, digest);
    let verified = copy.verify().expect("rows give their digests");
    assert_eq!((verified.records, verified.snapshot), (5, digest));
    assert_eq!(found(&copy), found(&store));
    assert_eq!(found(&copy), ["A-1", "A-2", "P-1"]);
    assert!(copy.as_of(AsOf::at(99)).is_err(), "its history begins now");
}

#[test]
fn what_may_not_be_handed_on_is_left_out_of_a_publication_and_told() {
    let place = Place::new();
    let mut store = place.store("store.db");
    fill(&mut store, 100);
    let selection = Selection {
        for_publication: true,
        ..Selection::default()
    };
    let exported = store
        .export(&place.path("out.db"), &selection)
        .expect("exported");
    assert_eq!(exported.sources, ["npm", "pypi"]);
    assert_eq!(exported.withheld, ["ubuntu"]);
    let copy = Store::open_read_only(&place.path("out.db")).expect("opened");
    let status = copy.status().expect("status");
    assert!(
        status
            .ecosystems
            .iter()
            .all(|(name, _)| !name.starts_with("Ubuntu"))
    );
    let unknown = Selection {
        sources: Some(vec!["nmp".to_owned()]),
        ..Selection::default()
    };
    let error = store
        .export(&place.path("other.db"), &unknown)
        .expect_err("unknown");
    assert!(matches!(error, AdvisoryError::NoSource(name) if name == "nmp"));
}

#[test]
fn a_store_without_details_finds_as_much_and_says_what_cannot_be_recomputed() {
    let place = Place::new();
    let mut store = place.store("store.db");
    fill(&mut store, 100);
    let selection = Selection {
        without_details: true,
        ..Selection::default()
    };
    store
        .export(&place.path("bare.db"), &selection)
        .expect("exported");
    let bare = Store::open_read_only(&place.path("bare.db")).expect("opened");
    assert_eq!(found(&bare), found(&store));
    let verified = bare.verify().expect("verified");
    assert_eq!(verified.without_details, ["npm", "pypi", "ubuntu"]);
    assert_eq!(verified.records, 0);
    let mut other = place.store("other.db");
    other.merge(&place.path("bare.db"), 200).expect("merged");
    other
        .merge(&place.path("bare.db"), 300)
        .expect("merged again");
    assert_eq!(found(&other), found(&store));
}

#[test]
fn a_merge_takes_what_changed_and_keeps_what_stood_before() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    publisher
        .export(&place.path("1.db"), &Selection::default())
        .expect("exported");
    let mut client = place.store("client.db");
    import(
        &mut client,
        "own",
        false,
        500,
        &record("O-1", "npm", "own", "1", ""),
    );
    let merged = client.merge(&place.path("1.db"), 1000).expect("merged");
    assert_eq!(
        merged
            .sources
            .iter()
            .map(|source| source.written)
            .sum::<u64>(),
        5
    );
    assert_eq!(found(&client), ["A-1", "A-2", "P-1"]);
    import(
        &mut publisher,
        "npm",
        true,
        200,
        &(npm("A-1", "0.9.0") + &npm("A-2", "1.1.0")),
    );
    publisher
        .export(&place.path("2.db"), &Selection::default())
        .expect("exported");
    let merged = client.merge(&place.path("2.db"), 2000).expect("merged");
    let of_npm = merged
        .sources
        .iter()
        .find(|source| source.name == "npm")
        .expect("npm");
    assert_eq!((of_npm.written, of_npm.closed), (1, 2));
    assert_eq!(found(&client), ["A-2", "P-1"]);
    client.verify().expect("rows give their digests");
    let names: Vec<_> = client
        .sources()
        .expect("sources")
        .into_iter()
        .map(|source| source.name)
        .collect();
    assert_eq!(names, ["npm", "own", "pypi", "ubuntu"]);
    let then = client.as_of(AsOf::at(1500)).expect("history");
    assert_eq!(found(&then), ["A-1", "A-2", "P-1"]);
}

#[test]
fn a_file_whose_rows_were_altered_is_refused_and_the_store_keeps_its_own() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    let mut client = place.store("client.db");
    import(&mut client, "npm", true, 50, &npm("A-9", "3.0.0"));
    let before = client.snapshot_digest().expect("digest");
    for (number, sql) in [
        "UPDATE range SET fixed = '0.0.1' WHERE fixed = '2.0.0'",
        "DELETE FROM range",
        "DELETE FROM alias",
        "UPDATE exact SET version = 'none'",
        "DELETE FROM advisory WHERE external_id = 'A-1'",
        "UPDATE advisory SET severity = 0, severity_by = 'vendor'",
        "UPDATE source SET digest = zeroblob(32) WHERE name = 'npm'",
    ]
    .into_iter()
    .enumerate()
    {
        let path = place.path(&format!("{number}.db"));
        publisher
            .export(&path, &Selection::default())
            .expect("exported");
        tamper(&path, sql);
        let refused = client.merge(&path, 1000);
        assert!(
            matches!(refused, Err(AdvisoryError::DigestMismatch { .. })),
            "{sql}: {refused:?}"
        );
        assert_eq!(client.snapshot_digest().expect("digest"), before, "{sql}");
        assert_eq!(found(&client), ["A-9"], "{sql}");
    }
}

#[test]
fn a_delta_leads_from_one_snapshot_to_the_next_and_from_nowhere_else() {
    let place = Place::new();
    let mut publisher = place.store("publisher.db");
    fill(&mut publisher, 100);
    publisher
        .export(&place.path("old.db"), &Selection::default())
        .expect("exported");
    let mut client = place.store("client.db");
    client.merge(&place.path("old.db"), 1000).expect("merged");
    import(
        &mut client,
        "own",
        false,
        1000,
        &record("O-1", "npm", "own", "1", ""),
    );

    import(
        &mut publisher,
        "npm",
        true,
        200,
        &(npm("A-1", "0.9.0") + &npm("A-4", "7.0.0")),
    );
    import(
        &mut publisher,
        "new",
        true,
        200,
        &record("N-1", "npm", "n", "1", ""),
    );
    publisher.remove("ubuntu").expect("removed");
    let older = Store::open_read_only(&place.path("old.db")).expect("opened");
    let delta = publisher
        .write_delta(&older, &place.path("delta.db"))
        .expect("written");
    assert_eq!(delta.sources(), 3);
    let (applied, merged) = client
        .apply_delta(&place.path("delta.db"), 2000)
        .expect("applied");
    assert_eq!(applied, delta);
    let written: u64 = merged.sources.iter().map(|source| source.written).sum();
    assert_eq!(written, 3, "A-1, A-4 and N-1");
    assert_eq!(found(&client), ["A-4", "P-1"]);
    client.remove("own").expect("removed");
    assert_eq!(client.snapshot_digest().expect("digest"), delta.to);

    let again = client.apply_delta(&place.path("delta.db"), 3000);
    assert!(matches!(again, Err(AdvisoryError::OtherBase { .. })));
    let whole = client.apply_delta(&place.path("old.db"), 3000);
    assert!(matches!(whole, Err(AdvisoryError::NoDelta { .. })));
    let mut other = place.store("other.db");
    other.merge(&place.path("old.db"), 1000).expect("merged");
    tamper(&place.path("delta.db"), "DELETE FROM gone");
    let before = other.snapshot_digest().expect("digest");
    let altered = other.apply_delta(&place.path("delta.db"), 2000);
    assert!(
        matches!(altered, Err(AdvisoryError::DigestMismatch { .. })),
        "{altered:?}"
    );
    assert_eq!(other.snapshot_digest().expect("digest"), before);
}
