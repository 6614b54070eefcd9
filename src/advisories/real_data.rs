//! The importers and the matcher against real feeds, `../shared/advisories-real`, with counts and findings checked by hand
//! against the records' text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::report::SkipReason;
use super::*;
use crate::model::{Distribution, GapKind, Package, PackageType, SourcePackage};

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

const OSV: [&str; 14] = [
    "AlmaLinux.jsonl.gz",
    "Bitnami.jsonl.gz",
    "CRAN.jsonl.gz",
    "Debian-DSA-DLA.jsonl.zst",
    "Go.jsonl.gz",
    "Hackage.jsonl.gz",
    "Julia.jsonl.gz",
    "PSF.jsonl.gz",
    "Packagist.jsonl.zst",
    "PyPI.jsonl.gz",
    "RubyGems.jsonl.zst",
    "crates.io.jsonl.gz",
    "kubernetes.jsonl.gz",
    "npm-historic.jsonl.zst",
];

#[test]
fn dump() {
    let Some(folder) = folder() else { return };
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("s.sqlite");
    let mut store = Store::open_for_import(&path).unwrap();
    let t0 = std::time::Instant::now();
    for file in OSV {
        let t = std::time::Instant::now();
        let r = import(&mut store, &folder, file, Format::Osv);
        println!(
            "{file} {:?} rec {} adv {} wd {} notvul {} ranges {} exact {} unord {}",
            t.elapsed(),
            r.records,
            r.advisories,
            r.withdrawn,
            r.not_vulnerabilities,
            r.ranges,
            r.exact_versions,
            r.unordered
        );
        for (k, v) in &r.skipped {
            println!("    {k:?} {} {:?}", v.count, v.examples);
        }
    }
    let r = import(
        &mut store,
        &folder,
        "native/alpine-secdb-2020.jsonl.gz",
        Format::Secdb,
    );
    println!("alpine {r:#?}");
    println!(
        "all {:?} {}",
        t0.elapsed(),
        store.snapshot_digest().unwrap()
    );
    drop(store);
    let t = std::time::Instant::now();
    let store = Store::open_read_only(&path).unwrap();
    println!(
        "open {:?} size {}",
        t.elapsed(),
        std::fs::metadata(&path).unwrap().len()
    );
    let mut packages = Vec::new();
    for i in 0..2500 {
        packages.push(Package::new(
            PackageType::PYPI,
            ["django", "flask", "requests", "nothing"][i % 4],
            format!("2.{}", i % 20),
        ));
        packages.push(Package::new(PackageType::NPM, format!("pkg{i}"), "1.2.3"));
        packages.push(Package::new(PackageType::DEB, "openssl", "1.1.0l-1~deb9u1"));
        packages.push(Package::new(PackageType::DEB, format!("lib{i}"), "1.0"));
    }
    let debian = Distribution {
        id: "debian".into(),
        version_id: Some("9".into()),
        ..Default::default()
    };
    let t = std::time::Instant::now();
    let o = match_packages(&store, Some(&debian), &packages).unwrap();
    println!("match {:?} {} {:?}", t.elapsed(), o.matches.len(), o.gaps);
}
