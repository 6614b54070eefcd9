//! The three forms together: real databases, databases that are written here, and damaged ones.

use std::path::Path;

use proptest::prelude::*;

use super::written::{
    Array, berkeley_file, each_form, header, header_with_arrays, ndb_file, perl, signing_key,
    sqlite_file,
};
use super::*;
use crate::layers::detect_one;
use crate::model::limits::read_at_most;
use crate::model::{Claim, ClaimKind, Claims, FileAlgorithm, FileDigest};

/// A real database of the shared fixtures, unpacked; `None`, and a word about it, where they are missing.
fn fixture(name: &str) -> Option<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/fixtures/rpmdb")
        .join(name);
    let Ok(file) = std::fs::File::open(path) else {
        println!("skipped: the shared fixtures are not on this machine");
        return None;
    };
    let unpacked = flate2::read::GzDecoder::new(file);
    Some(read_at_most(unpacked, LIMIT).expect("a gzip file"))
}

fn facts(path: &str, bytes: &[u8]) -> FileFacts {
    detect_one(&Rpm, path, bytes)
        .expect("rpm never refuses a whole file")
        .expect("a path that rpm wants")
}

fn find<'a>(facts: &'a FileFacts, name: &str) -> &'a Package {
    let mut packages = facts.packages.iter();
    packages
        .find(|package| package.name == name)
        .unwrap_or_else(|| panic!("no package {name}"))
}

fn package_of(blob: &[u8]) -> Result<Option<Package>, ParseError> {
    let mut header = Header::parse(blob)?;
    let package = read_package(&mut header)?;
    files::claim(&mut header, "x", &mut OwnedFiles::new())?;
    Ok(package)
}

fn details(facts: &FileFacts) -> Vec<&str> {
    facts.gaps.iter().map(|gap| gap.detail.as_str()).collect()
}

#[test]
fn every_form_gives_the_same_packages_without_the_signing_keys() {
    for (path, file) in each_form(&[perl(), signing_key()]) {
        let facts = facts(path, &file);
        assert_eq!(details(&facts), [] as [&str; 0], "{path}");
        let [perl] = facts.packages.as_slice() else {
            panic!("{path}: one package, not {:?}", facts.packages)
        };
        assert_eq!(
            (perl.name.as_str(), perl.version.as_str()),
            ("perl-libs", "4:5.26.3-422.el8")
        );
        assert_eq!(perl.architecture.as_deref(), Some("x86_64"));
        assert_eq!(perl.licenses, ["GPL+ or Artistic"]);
        assert_eq!(perl.properties["vendor"], "Red Hat, Inc.");
        assert_eq!(
            perl.properties["modularity-label"],
            "perl:5.26:8060020211201:9fe1d287"
        );
        let source = perl.source.as_ref().expect("a source package");
        assert_eq!(
            (source.name.as_str(), source.version.as_str()),
            ("perl", "4:5.26.3-422.el8")
        );
    }
}

#[test]
fn a_damaged_package_is_a_gap_and_the_others_are_read() {
    let nameless = header(&[(tag::VERSION, "1")], &[]);
    let lying = [0xff; 40].to_vec();
    for (path, file) in each_form(&[nameless, lying, perl(), signing_key()]) {
        let facts = facts(path, &file);
        assert_eq!(
            find(&facts, "perl-libs").version,
            "4:5.26.3-422.el8",
            "{path}"
        );
        assert_eq!(
            details(&facts),
            [
                "package 1 of it: its header has no name",
                "package 2 of it: its header is shorter than it says"
            ],
            "{path}"
        );
    }
}

#[test]
fn an_epoch_of_zero_is_none_and_what_rpm_adds_later_counts() {
    let blob = header(
        &[
            (tag::NAME, "a"),
            (tag::VERSION, "1"),
            (tag::RELEASE, "2"),
            (tag::VERSION, "3"),
        ],
        &[(tag::EPOCH, 0)],
    );
    let package = package_of(&blob).expect("a header").expect("a package");
    assert_eq!(package.version, "3-2");
    assert_eq!(package.source, None);
}

fn claims(facts: &FileFacts) -> Vec<Claim<'_>> {
    facts.claims.iter().flat_map(Claims::iter).collect()
}

/// The digest of `abc`.
const SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MD5: &str = "900150983cd24fb0d6963f7d28e17f72";

#[test]
fn a_file_has_a_digest_where_the_package_brought_it_and_wants_it_to_stay_so() {
    // Name, flags, what is verified, mode, state, digest.
    #[rustfmt::skip]
    let files = [
        ("plain", 0, u32::MAX, 0o100_755, 0, SHA256),
        ("config", 0b1_0001, u32::MAX, 0o100_644, 0, SHA256),
        ("ghost", 1 << 6, u32::MAX, 0o100_644, 0, SHA256),
        ("unverified", 0, !1, 0o100_644, 0, SHA256),
        ("replaced", 0, u32::MAX, 0o100_644, 1, SHA256),
        ("link", 0, u32::MAX, 0o120_777, 0, ""),
        ("folder", 0, u32::MAX, 0o040_755, 0, ""),
        ("empty", 0, u32::MAX, 0o100_644, 0, ""),
    ];
    let names = files.map(|file| file.0);
    let digests = files.map(|file| file.5);
    let blob = header_with_arrays(
        &[(tag::NAME, "a"), (tag::VERSION, "1"), (tag::RELEASE, "1")],
        &[(tag::FILEDIGESTALGO, 8)],
        &[
            (tag::BASENAMES, Array::Texts(&names)),
            (tag::DIRNAMES, Array::Texts(&["/etc/", "/usr/bin/"])),
            (tag::DIRINDEXES, Array::Numbers(&[1, 0, 1, 1, 1, 1, 1, 1])),
            (tag::FILEDIGESTS, Array::Texts(&digests)),
            (tag::FILEFLAGS, Array::Numbers(&files.map(|file| file.1))),
            (
                tag::FILEVERIFYFLAGS,
                Array::Numbers(&files.map(|file| file.2)),
            ),
            (
                tag::FILEMODES,
                Array::SmallNumbers(&files.map(|file| file.3)),
            ),
            (tag::FILESTATES, Array::Bytes(&files.map(|file| file.4))),
        ],
    );
    let digest = FileDigest::of_hex(FileAlgorithm::Sha256, SHA256);
    for (path, file) in each_form(&[blob, signing_key()]) {
        let facts = facts(path, &file);
        let claim = |path, kind, digest| Claim { path, kind, digest };
        assert_eq!(
            claims(&facts),
            [
                claim("usr/bin/plain", ClaimKind::File, digest),
                claim("etc/config", ClaimKind::Config, digest),
                claim("usr/bin/ghost", ClaimKind::File, None),
                claim("usr/bin/unverified", ClaimKind::File, None),
                claim("usr/bin/replaced", ClaimKind::File, None),
                claim("usr/bin/empty", ClaimKind::File, None),
            ],
            "{path}"
        );
        assert_eq!(facts.claims[0].owner, "a");
    }
}

#[test]
fn a_digest_is_of_the_algorithm_that_the_package_names_and_old_packages_write_whole_paths() {
    let files = |algorithm: &[(u32, u32)], digest: &str| {
        let blob = header_with_arrays(
            &[(tag::NAME, "a"), (tag::VERSION, "1"), (tag::RELEASE, "1")],
            algorithm,
            &[
                (tag::OLDFILENAMES, Array::Texts(&["/usr/bin/a"])),
                (tag::FILEDIGESTS, Array::Texts(&[digest])),
            ],
        );
        let facts = facts("var/lib/rpm/rpmdb.sqlite", &each_form(&[blob])[0].1);
        let claims = claims(&facts);
        assert_eq!(claims[0].path, "usr/bin/a");
        claims[0].digest.map(|digest| digest.algorithm)
    };
    assert_eq!(files(&[], MD5), Some(FileAlgorithm::Md5));
    assert_eq!(
        files(&[(tag::FILEDIGESTALGO, 8)], SHA256),
        Some(FileAlgorithm::Sha256)
    );
    assert_eq!(files(&[(tag::FILEDIGESTALGO, 10)], SHA256), None);
}

#[test]
fn arrays_that_do_not_fit_together_are_a_gap_and_the_package_is_there() {
    for (indexes, names, reason) in [
        (
            &[7][..],
            &["a"][..],
            "a file of it lies in no folder of its header",
        ),
        (
            &[0],
            &["a", "b"],
            "a file of it lies in no folder of its header",
        ),
    ] {
        let blob = header_with_arrays(
            &[(tag::NAME, "a"), (tag::VERSION, "1"), (tag::RELEASE, "1")],
            &[],
            &[
                (tag::BASENAMES, Array::Texts(names)),
                (tag::DIRNAMES, Array::Texts(&["/usr/"])),
                (tag::DIRINDEXES, Array::Numbers(indexes)),
            ],
        );
        let facts = facts("var/lib/rpm/rpmdb.sqlite", &each_form(&[blob])[0].1);
        assert_eq!(details(&facts), [format!("package 1 of it: {reason}")]);
        assert_eq!((facts.packages.len(), facts.claims.len()), (1, 0));
    }
}

#[test]
fn a_table_that_is_computed_is_refused() {
    for schema in [
        "CREATE VIEW Packages AS WITH RECURSIVE n(blob) AS (SELECT x'00' UNION ALL SELECT blob FROM n) SELECT blob FROM n",
        "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB AS (zeroblob(1000000000)))",
        "CREATE TABLE Other (blob BLOB)",
    ] {
        let facts = facts("usr/share/rpm/rpmdb.sqlite", &sqlite_file(schema, &[]));
        assert_eq!(
            details(&facts),
            ["it has no plain table `Packages`"],
            "{schema}"
        );
    }
}

#[test]
fn changes_that_are_not_written_back_are_a_gap() {
    let log = "var/lib/rpm/rpmdb.sqlite-wal";
    assert_eq!(details(&facts(log, &[])).len(), 0);
    assert_eq!(details(&facts(log, &[1; 32])).len(), 0);
    assert_eq!(details(&facts(log, &[1; 4152])).len(), 1);
}

#[test]
fn values_that_share_one_place_cannot_outgrow_the_file() {
    let mut shared = ndb_file(&[perl()]);
    let slot: Vec<u8> = shared[32..48].to_vec();
    for free in (48..4096).step_by(16) {
        shared[free..free + 16].copy_from_slice(&slot);
    }
    let found = facts("var/lib/rpm/Packages.db", &shared);
    assert_eq!(details(&found), ["its slots name more than the file holds"]);

    let rows = vec![perl(); 400];
    let mut tree = sqlite_file("CREATE TABLE Packages (blob BLOB)", &rows);
    // Page 2 is the root. All its cells lead to the leaf in page 3, and the other leaves are cut off.
    let root: Vec<u8> = tree[4096..8192].to_vec();
    assert_eq!(root[0], 5, "an inner page of a table");
    for cell in 0..usize::from(u16::from_be_bytes([root[3], root[4]])) {
        let at = usize::from(u16::from_be_bytes([
            root[12 + cell * 2],
            root[13 + cell * 2],
        ]));
        tree[4096 + at..4096 + at + 4].copy_from_slice(&3_u32.to_be_bytes());
    }
    tree.truncate(3 * 4096);
    tree[28..32].copy_from_slice(&3_u32.to_be_bytes());
    let found = facts("var/lib/rpm/rpmdb.sqlite", &tree);
    assert_eq!(details(&found), ["its rows hold more than the file"]);

    let mut circle = berkeley_file(&[perl().repeat(3), signing_key()]);
    // The first overflow page leads to itself, and the value is as long as can be.
    circle[2 * 512 + 16..2 * 512 + 20].copy_from_slice(&2_u32.to_le_bytes());
    let length = 512 - (5 + 5) - 5 - 4;
    circle[512 + length..512 + length + 4].fill(0xff);
    let found = facts("var/lib/rpm/Packages", &circle);
    assert_eq!(
        details(&found),
        ["package 1 of it: the chain of its overflow pages is broken"]
    );
}

#[test]
fn one_text_that_all_tags_share_is_taken_once() {
    let mut blob = header(
        &[(tag::NAME, "n"), (tag::VERSION, "v"), (tag::RELEASE, "r")],
        &[],
    );
    let text = blob.len() - 6;
    blob[text..].copy_from_slice(b"nvrabc");
    assert!(package_of(&blob).is_err(), "no text of it ends");
    blob[text..].copy_from_slice(b"longe\0");
    for entry in 0..3 {
        blob[8 + entry * 16 + 8..8 + entry * 16 + 12].fill(0);
    }
    let error = package_of(&blob).expect_err("the store holds one text only");
    assert_eq!(error.reason, "its header has no version");
}

#[test]
fn a_file_of_another_form_is_a_gap() {
    for path in [
        "var/lib/rpm/rpmdb.sqlite",
        "var/lib/rpm/Packages.db",
        "var/lib/rpm/Packages",
    ] {
        for bytes in [&b"x"[..], &[0; 8192]] {
            assert_eq!(details(&facts(path, bytes)).len(), 1, "{path}");
        }
    }
    assert_eq!(detect_one(&Rpm, "srv/repo/Packages", b"x"), Ok(None));
}

#[test]
fn a_real_sqlite_database_is_read() {
    let Some(bytes) = fixture("cbl-mariner-2.0.rpmdb.sqlite.gz") else {
        return;
    };
    let facts = facts("var/lib/rpm/rpmdb.sqlite", &bytes);
    assert_eq!(details(&facts), [] as [&str; 0]);
    assert_eq!(facts.packages.len(), 129);
    let release = find(&facts, "mariner-release");
    assert_eq!(release.version, "2.0-4.cm2");
    assert_eq!(release.properties["vendor"], "Microsoft Corporation");
    let bash = facts.claims.iter().find(|claims| claims.owner == "bash");
    let bash: Vec<_> = bash.expect("files of bash").iter().collect();
    let shell = bash.iter().find(|claim| claim.path == "bin/bash");
    let digest = shell.and_then(|claim| claim.digest).expect("a digest");
    assert_eq!(digest.algorithm, FileAlgorithm::Sha256);
    let openssl = find(&facts, "openssl-libs");
    let source = openssl.source.as_ref().expect("a source package");
    assert_eq!(source.name, "openssl");
    assert_eq!(source.version, openssl.version);
    let with_epoch = facts
        .packages
        .iter()
        .filter(|package| package.version.starts_with("1:"));
    assert_eq!(with_epoch.count(), 3);
}

#[test]
fn a_real_ndb_database_is_read() {
    let Some(bytes) = fixture("sle15-bci.Packages.db.gz") else {
        return;
    };
    let facts = facts("usr/lib/sysimage/rpm/Packages.db", &bytes);
    assert_eq!(details(&facts), [] as [&str; 0]);
    assert_eq!(facts.packages.len(), 35);
    assert_eq!(find(&facts, "glibc").version, "2.31-9.3.2");
    assert_eq!(find(&facts, "filesystem").licenses, ["MIT"]);
}

#[test]
fn a_real_berkeley_database_is_read() {
    let Some(bytes) = fixture("libuuid.Packages.bdb.gz") else {
        return;
    };
    let facts = facts("var/lib/rpm/Packages", &bytes);
    assert_eq!(details(&facts), [] as [&str; 0]);
    let [libuuid] = facts.packages.as_slice() else {
        panic!("one package")
    };
    assert_eq!(libuuid.name, "libuuid");
    assert_eq!(libuuid.version, "2.32.1-42.el8_8");
    assert_eq!(
        libuuid.source.as_ref().map(|source| source.name.as_str()),
        Some("util-linux")
    );
}

proptest! {
    #[test]
    fn any_blob_is_a_package_or_an_error(blob in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = package_of(&blob);
    }

    #[test]
    fn any_header_with_a_true_size_is_a_package_or_an_error(
        words in proptest::collection::vec(prop_oneof![0_u32..64, 1000_u32..1050, any::<u32>()], 12..13),
        store in proptest::collection::vec(any::<u8>(), 0..40)
    ) {
        let sizes = [3_u32, u32::try_from(store.len()).expect("small")];
        let words = sizes.iter().chain(&words).flat_map(|word| word.to_be_bytes());
        let blob: Vec<u8> = words.chain(store).collect();
        let _ = package_of(&blob);
    }

    #[test]
    fn any_damage_gives_facts_and_never_a_panic(
        form in 0_usize..3,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        end in any::<prop::sample::Index>()
    ) {
        let (path, mut file) = each_form(&[perl(), perl(), signing_key()])[form].clone();
        for (at, byte) in damage {
            let at = at.index(file.len());
            file[at] = byte;
        }
        prop_assert!(detect_one(&Rpm, path, &file).is_ok());
        file.truncate(end.index(file.len()));
        prop_assert!(detect_one(&Rpm, path, &file).is_ok());
    }
}
