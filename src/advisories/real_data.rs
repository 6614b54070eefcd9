//! The importers and the matcher against real feeds, `../shared/advisories-real`. Counts are those of the feeds' own
//! README and of a look with other tools; findings were checked by hand against the records' text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::matching::testing::{apk, deb, found, ids, on, rpm};
use super::report::SkipReason;
use super::*;
use crate::model::{Package, PackageType, Severity};

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/advisories-real");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: ../shared/advisories-real is not on this machine");
    None
}

fn import(store: &mut Store, folder: &Path, file: &str, format: Format) -> ImportReport {
    let name = file.split('.').next().expect("a name");
    store
        .import(
            &Source::named(name),
            format,
            FeedInput::Path(&folder.join(file)),
        )
        .expect(file)
}

/// A store with one file, or `None` where the files are missing.
pub(super) fn store(file: &str, format: Format) -> Option<(Store, ImportReport)> {
    let folder = folder()?;
    let mut store = Store::in_memory().expect("store");
    let report = import(&mut store, &folder, file, format);
    Some((store, report))
}

/// Records, advisories, withdrawn, no vulnerabilities, ranges, enumerated versions, ranges without an order.
type Counts = [u64; 7];

type Skips = &'static [(SkipReason, u64)];

#[rustfmt::skip]
const OSV: [(&str, Counts, Skips); 14] = [
    ("AlmaLinux.jsonl.gz", [5680, 5637, 0, 1200, 64065, 0, 0], &[(SkipReason::DuplicateId, 43)]),
    ("Bitnami.jsonl.gz", [7444, 7444, 0, 0, 19616, 0, 1], &[(SkipReason::UnorderedVersion, 1)]),
    ("CRAN.jsonl.gz", [14, 14, 0, 0, 14, 0, 0], &[]),
    ("Debian-DSA-DLA.jsonl.zst", [8910, 8910, 0, 0, 10466, 0, 0], &[]),
    ("Go.jsonl.gz", [4291, 4291, 17, 0, 7559, 0, 0], &[]),
    ("Hackage.jsonl.gz", [35, 35, 0, 0, 48, 0, 0], &[]),
    ("Julia.jsonl.gz", [1703, 1703, 4, 0, 2046, 0, 0], &[]),
    ("PSF.jsonl.gz", [132, 0, 0, 0, 0, 0, 0], &[(SkipReason::NoPackage, 132), (SkipReason::NothingAffected, 132)]),
    ("Packagist.jsonl.zst", [1592, 1592, 0, 0, 5680, 0, 0], &[]),
    ("PyPI.jsonl.gz", [2661, 2660, 9, 0, 5098, 108, 2],
        &[(SkipReason::GitRange, 1391), (SkipReason::UnorderedVersion, 2), (SkipReason::NothingAffected, 1)]),
    ("RubyGems.jsonl.zst", [1234, 1232, 0, 0, 1908, 0, 0], &[(SkipReason::NothingAffected, 2)]),
    ("crates.io.jsonl.gz", [1206, 1206, 13, 476, 1462, 0, 0], &[]),
    ("kubernetes.jsonl.gz", [44, 44, 0, 0, 0, 0, 47], &[(SkipReason::NoVersionScheme, 47)]),
    ("npm-historic.jsonl.zst", [467, 463, 0, 0, 496, 0, 0], &[(SkipReason::NothingAffected, 4)]),
];

#[test]
fn every_real_feed_is_taken_with_all_that_it_has_and_the_order_of_imports_does_not_matter() {
    let Some(folder) = folder() else { return };
    let mut forwards = Store::in_memory().expect("store");
    let mut backwards = Store::in_memory().expect("store");
    for (file, counts, skipped) in OSV {
        let report = import(&mut forwards, &folder, file, Format::Osv);
        let taken = [
            report.records,
            report.advisories,
            report.withdrawn,
            report.not_vulnerabilities,
            report.ranges,
            report.exact_versions,
            report.unordered,
        ];
        assert_eq!(taken, counts, "{file}");
        let reasons: BTreeMap<SkipReason, u64> = report
            .skipped
            .iter()
            .map(|(reason, skipped)| (*reason, skipped.count))
            .collect();
        assert_eq!(reasons, skipped.iter().copied().collect(), "{file}");
    }
    for (file, ..) in OSV.iter().rev() {
        import(&mut backwards, &folder, file, Format::Osv);
    }
    let digest = forwards.snapshot_digest().expect("digest");
    assert_eq!(backwards.snapshot_digest().expect("digest"), digest);
    import(&mut backwards, &folder, "Go.jsonl.gz", Format::Osv);
    assert_eq!(
        backwards.snapshot_digest().expect("digest"),
        digest,
        "imported again"
    );
    assert!(backwards.remove("Go").expect("removed"));
    assert_ne!(backwards.snapshot_digest().expect("digest"), digest);
    let status = backwards.status().expect("status");
    assert!(status.ecosystems.iter().all(|(name, _)| name != "Go"));
}

#[test]
fn django_2_2_has_the_28_cves_that_list_it() {
    let Some((store, _)) = store("PyPI.jsonl.gz", Format::Osv) else {
        return;
    };
    let outcome = found(
        &store,
        &on("debian", "12"),
        &[Package::new(PackageType::PYPI, "Django", "2.2")],
    );
    #[rustfmt::skip]
    let expected = [
        ("CVE-2019-12308", "2.2.2"), ("CVE-2019-12781", "2.2.3"), ("CVE-2019-14232", "2.2.4"), ("CVE-2019-14233", "2.2.4"),
        ("CVE-2019-14234", "2.2.4"), ("CVE-2019-14235", "2.2.4"), ("CVE-2019-19118", "2.2.8"), ("CVE-2019-19844", "2.2.9"),
        ("CVE-2020-13254", "2.2.13"), ("CVE-2020-13596", "2.2.13"), ("CVE-2020-24583", "2.2.16"), ("CVE-2020-24584", "2.2.16"),
        ("CVE-2020-7471", "2.2.10"), ("CVE-2020-9402", "2.2.11"), ("CVE-2021-28658", "2.2.20"), ("CVE-2021-31542", "2.2.21"),
        ("CVE-2021-32052", "2.2.22"), ("CVE-2021-3281", "2.2.18"), ("CVE-2021-33203", "2.2.24"), ("CVE-2021-33571", "2.2.24"),
        ("CVE-2021-44420", "2.2.25"), ("CVE-2021-45115", "2.2.26"), ("CVE-2021-45116", "2.2.26"), ("CVE-2021-45452", "2.2.26"),
        ("CVE-2022-22818", "2.2.27"), ("CVE-2022-23833", "2.2.27"), ("CVE-2022-28346", "2.2.28"), ("CVE-2022-28347", "2.2.28"),
    ];
    let rows: Vec<_> = outcome
        .matches
        .iter()
        .map(|found| {
            (
                found.advisory.id.as_str(),
                found.fixed_version.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(rows, expected);
    assert_eq!(
        outcome.matches[0].advisory.aliases,
        ["GHSA-7rp2-fm2h-wchj", "PYSEC-2019-79"]
    );
    assert_eq!(outcome.gaps, []);
}

#[test]
fn lodash_4_17_4_and_its_neighbours() {
    let Some((store, _)) = store("npm-historic.jsonl.zst", Format::Osv) else {
        return;
    };
    let lodash = |version: &str| {
        let outcome = match_packages(
            &store,
            None,
            &[Package::new(PackageType::NPM, "lodash", version)],
        );
        outcome.expect("matched")
    };
    let old = lodash("4.17.4");
    assert_eq!(ids(&old), ["CVE-2018-16487", "CVE-2018-3721"]);
    let fixes: Vec<_> = old
        .matches
        .iter()
        .map(|found| found.fixed_version.as_deref())
        .collect();
    assert_eq!(fixes, [Some("4.17.11"), Some("4.17.5")]);
    assert!(
        old.matches
            .iter()
            .all(|found| found.advisory.severity > Severity::Unknown)
    );
    assert_eq!(ids(&lodash("4.17.5")), ["CVE-2018-16487"]);
    assert_eq!(ids(&lodash("4.17.11")), Vec::<&str>::new());
    assert_eq!(
        ids(&lodash("4.17.15")),
        ["NSWG-516"],
        "introduced there, without a CVE"
    );
    assert_eq!(ids(&lodash("4.17.19")), Vec::<&str>::new());
}

#[test]
fn alpine_3_10_packages_before_and_after_their_fixes() {
    let Some((store, report)) = store("native/alpine-secdb-2020.jsonl.gz", Format::Secdb) else {
        return;
    };
    assert_eq!(
        (
            report.records,
            report.skipped.get(&SkipReason::InvalidRecord)
        ),
        (18, None)
    );
    let alpine = on("alpine", "3.10.9");
    let at = |name: &str, origin: &str, version: &str| {
        let outcome = found(&store, &alpine, &[apk(name, origin, version)]);
        ids(&outcome)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        at("libssl1.1", "openssl", "1.1.1c-r0"),
        ["CVE-2019-1547", "CVE-2019-1549", "CVE-2019-1563"]
    );
    assert_eq!(
        at("libssl1.1", "openssl", "1.1.1d-r0"),
        Vec::<String>::new()
    );
    assert_eq!(at("musl-utils", "musl", "1.1.22-r2"), ["CVE-2019-14697"]);
    assert_eq!(at("musl", "musl", "1.1.22-r3"), Vec::<String>::new());
    assert_eq!(at("busybox", "busybox", "1.30.1-r1"), ["CVE-2019-5747"]);
    assert_eq!(at("busybox", "busybox", "1.30.1-r2"), Vec::<String>::new());
    assert_eq!(
        at("ssl_client", "busybox", "1.29.3-r9"),
        ["CVE-2018-20679", "CVE-2019-5747"]
    );
    assert_eq!(
        at("libcurl", "curl", "7.65.1-r0"),
        ["CVE-2019-5481", "CVE-2019-5482"]
    );
    assert_eq!(at("libcurl", "curl", "7.66.0-r0"), Vec::<String>::new());
    let later = found(
        &store,
        &on("alpine", "3.20.3"),
        &[apk("musl", "musl", "1.2.5-r0")],
    );
    assert_eq!(later.gaps[0].kind, crate::model::GapKind::NoAdvisories);
}

#[test]
fn debian_9_openssl_before_and_after_each_notice() {
    let Some((store, _)) = store("Debian-DSA-DLA.jsonl.zst", Format::Osv) else {
        return;
    };
    let at = |release: &str, version: &str| {
        let outcome = found(
            &store,
            &on("debian", release),
            &[deb("libssl", "openssl", version)],
        );
        let fixes = outcome.matches.iter().map(|found| {
            let fixed = found.fixed_version.clone().unwrap_or_default();
            (found.advisory.id.clone(), fixed)
        });
        fixes.collect::<Vec<_>>()
    };
    let fix = |id: &str, fixed: &str| (id.to_owned(), fixed.to_owned());
    assert_eq!(
        at("9", "1.1.0l-1~deb9u3"),
        [
            fix("CVE-2019-1551", "1.1.0l-1~deb9u5"),
            fix("CVE-2021-3712", "1.1.0l-1~deb9u4"),
            fix("CVE-2022-0778", "1.1.0l-1~deb9u5"),
            fix("CVE-2022-1292", "1.1.0l-1~deb9u6"),
        ]
    );
    assert_eq!(
        at("9", "1.1.0l-1~deb9u5"),
        [fix("CVE-2022-1292", "1.1.0l-1~deb9u6")]
    );
    assert_eq!(at("9", "1.1.0l-1~deb9u6"), []);
    assert_eq!(
        at("8", "1.0.1t-1+deb8u11"),
        [
            fix("CVE-2019-1547", "1.0.1t-1+deb8u12"),
            fix("CVE-2019-1563", "1.0.1t-1+deb8u12")
        ]
    );
}

#[test]
fn almalinux_has_cves_by_binary_name_and_updates_are_none() {
    let Some((store, _)) = store("AlmaLinux.jsonl.gz", Format::Osv) else {
        return;
    };
    let outcome = found(
        &store,
        &on("almalinux", "9.4"),
        &[
            rpm("openssl-libs", "openssl", "1:3.0.1-41.el9_0"),
            rpm("tzdata", "tzdata", "2000a-1.el9"),
        ],
    );
    assert!(ids(&outcome).contains(&"CVE-2022-4304"), "ALSA-2023:0946");
    assert!(
        outcome
            .matches
            .iter()
            .all(|found| found.package == 0 && found.proof[0].name == "openssl-libs")
    );
    assert!(outcome.matches.iter().all(|found| {
        found
            .proof
            .iter()
            .all(|proof| proof.advisory.starts_with("ALSA-"))
    }));
}

/// `cargo test --release --lib advisories::real_data -- --ignored --nocapture`
#[test]
#[ignore = "prints figures, decides nothing"]
fn figures() {
    let Some(folder) = folder() else { return };
    let place = tempfile::tempdir().expect("temporary folder");
    let path = place.path().join("store.sqlite");
    let started = std::time::Instant::now();
    let mut store = Store::open_for_import(&path).expect("store");
    for (file, ..) in OSV {
        import(&mut store, &folder, file, Format::Osv);
    }
    drop(store);
    println!("import of all OSV files: {:?}", started.elapsed());
    println!(
        "size: {} bytes",
        std::fs::metadata(&path).expect("store").len()
    );
    let started = std::time::Instant::now();
    let store = Store::open_read_only(&path).expect("store");
    println!("open: {:?}", started.elapsed());
    let connection = rusqlite::Connection::open(&path).expect("store");
    let names = |ecosystem: &str| -> Vec<String> {
        let sql = "SELECT p.name FROM package p JOIN ecosystem e ON e.id = p.ecosystem WHERE e.name = ?1 ORDER BY p.name";
        let mut statement = connection.prepare(sql).expect("sql");
        statement
            .query_map([ecosystem], |row| row.get(0))
            .expect("rows")
            .map(|name| name.expect("name"))
            .collect()
    };
    let mut packages: Vec<Package> = names("Debian:9")
        .iter()
        .map(|name| deb(name, name, "99:1-1"))
        .collect();
    packages.extend(
        names("PyPI")
            .iter()
            .map(|name| Package::new(PackageType::PYPI, name, "1.0")),
    );
    packages.extend(
        names("npm")
            .iter()
            .map(|name| Package::new(PackageType::NPM, name, "1.0.0")),
    );
    let known = packages.len();
    packages.extend(
        (packages.len()..10_000).map(|number| deb("x", &format!("package-{number}"), "1.0-1")),
    );
    for (what, part) in [
        ("known", &packages[..known]),
        ("unknown", &packages[known..]),
        ("known again", &packages[..known]),
    ] {
        let started = std::time::Instant::now();
        let outcome = found(&store, &on("debian", "9"), part);
        println!(
            "  {what}: {} packages, {} matches: {:?}",
            part.len(),
            outcome.matches.len(),
            started.elapsed()
        );
    }
    let started = std::time::Instant::now();
    let outcome = found(&store, &on("debian", "9"), &packages);
    println!(
        "{} packages, {known} of them with advisories, {} matches: {:?}",
        packages.len(),
        outcome.matches.len(),
        started.elapsed()
    );
}
