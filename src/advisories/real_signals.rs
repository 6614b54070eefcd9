//! Data beside advisories, OpenVEX and Ubuntu's records against real ones, `../shared/advisories-real`. What is expected was counted
//! and looked up in the files with other tools.

use std::io::{BufRead, BufReader};

use super::matching::testing::{deb, found, ids, on};
use super::real_data::folder;
use super::report::SkipReason;
use super::*;
use crate::model::Distribution;

fn import(store: &mut Store, name: &str, format: Format, file: &str) -> Option<ImportReport> {
    let path = folder()?.join("native").join(file);
    let input = FeedInput::Path(&path);
    Some(
        store
            .import(&Source::named(name), format, input)
            .expect(file),
    )
}

/// Excerpts of feeds whose path in the bundle ends like this.
fn excerpts(ending: &str) -> Option<Vec<String>> {
    let file = folder()?.join("native/vunnel-fixtures.jsonl.gz");
    let file = flate2::read::MultiGzDecoder::new(std::fs::File::open(file).expect("file"));
    let lines = BufReader::new(file).lines();
    let found = lines.filter_map(|line| {
        let record: serde_json::Value = serde_json::from_str(&line.expect("line")).expect("JSON");
        let text = || record["text"].as_str().map(str::to_owned);
        record["path"].as_str()?.contains(ending).then(text)?
    });
    Some(found.collect())
}

fn import_texts(store: &mut Store, name: &str, format: Format, texts: &[String]) -> ImportReport {
    let folder = tempfile::tempdir().expect("folder");
    for (number, text) in texts.iter().enumerate() {
        let path = folder.path().join(format!("{number}.json"));
        let mut file = std::fs::File::create(path).expect("file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("written");
    }
    let input = FeedInput::Path(folder.path());
    store
        .import(&Source::named(name), format, input)
        .expect(name)
}

#[test]
fn the_catalogue_of_2025_has_1404_exploited_cves_in_either_packing() {
    let mut store = Store::in_memory().expect("store");
    let Some(report) = import(&mut store, "cisa-kev", Format::Kev, "cisa-kev.json.gz") else {
        return;
    };
    assert_eq!((report.records, report.signals), (1404, 1404));
    assert!(report.skipped.is_empty(), "{:?}", report.skipped);
    let digest = report.digest;
    let report = import(
        &mut store,
        "cisa-kev",
        Format::Kev,
        "cisa-kev-2025-08.tar.zst",
    )
    .expect("there");
    assert_eq!((report.signals, report.digest), (1404, digest));
    // The licence, the same as CSV, and the schema lie beside it in the archive.
    let others = report.skipped.values().map(|skipped| skipped.count);
    assert_eq!(others.sum::<u64>(), 3);
    let ransomware: i64 = store
        .connection
        .query_row("SELECT sum(ransomware) FROM exploited", [], |row| {
            row.get(0)
        })
        .expect("counted");
    assert_eq!(ransomware, RANSOMWARE);
}

const RANSOMWARE: i64 = 293;

#[test]
fn the_excerpt_of_epss_has_five_scores() {
    let Some(texts) = excerpts("epss/test-fixtures/example-1.csv") else {
        return;
    };
    let mut store = Store::in_memory().expect("store");
    let report = import_texts(&mut store, "epss", Format::Epss, &texts);
    assert_eq!((report.records, report.signals), (5, 5));
    let source = &store.sources().expect("sources")[0];
    assert_eq!(source.newest.as_deref(), Some("2025-02-20"));
}

#[test]
fn the_ends_of_support_of_464_products_are_those_of_the_distributions() {
    let mut store = Store::in_memory().expect("store");
    let Some(report) = import(
        &mut store,
        "eol",
        Format::EndOfLife,
        "endoflife-date.jsonl.gz",
    ) else {
        return;
    };
    assert_eq!(report.records, 464);
    let products = report.skipped[&SkipReason::NotADistribution].count;
    assert_eq!(464 - products, 23);
    let life = |id: &str, version: &str| {
        let life = store.end_of_life(&on(id, version)).expect("asked")?;
        let text = |date: Option<crate::model::Date>| date.map(|date| date.to_string());
        Some((life.release, text(life.ends), text(life.extended)))
    };
    let row = |release: &str, ends: &str, extended: Option<&str>| {
        Some((
            release.to_owned(),
            Some(ends.to_owned()),
            extended.map(str::to_owned),
        ))
    };
    assert_eq!(
        life("debian", "12"),
        row("12", "2026-07-11", Some("2028-06-30"))
    );
    assert_eq!(life("ubuntu", "24.10"), row("24.10", "2025-07-10", None));
    assert_eq!(life("alpine", "3.20.3"), row("3.20", "2026-04-01", None));
    assert_eq!(
        life("rhel", "9.4"),
        row("9", "2032-05-31", Some("2036-05-31"))
    );
    assert_eq!(life("rocky", "8.10"), row("8", "2029-05-31", None));
    assert_eq!(
        life("ol", "7.9"),
        row("7", "2024-12-31", Some("2028-06-30"))
    );
    assert_eq!(life("amzn", "2"), row("2", "2026-06-30", None));
    assert_eq!(
        life("sles", "15.5"),
        row("15.5", "2024-12-31", Some("2027-12-31"))
    );
    assert_eq!(life("centos", "8"), row("8", "2021-12-31", None));
    assert_eq!(life("photon", "4.0"), row("4.0", "2027-10-11", None));
    let stream = Distribution {
        pretty_name: Some("CentOS Stream 9".into()),
        ..on("centos", "9")
    };
    let stream = store.end_of_life(&stream).expect("asked").expect("known");
    assert_eq!(
        stream.ends.map(|date| date.to_string()).as_deref(),
        Some("2027-05-31")
    );
}

#[test]
fn the_starters_dates_are_those_of_the_two_lists_that_they_are_from() {
    let mut real = Store::in_memory().expect("store");
    if import(
        &mut real,
        "eol",
        Format::EndOfLife,
        "endoflife-date.jsonl.gz",
    )
    .is_none()
    {
        return;
    }
    let starter = Store::starter().expect("starter");
    let rows = |store: &Store| -> Vec<(String, String, Option<String>, Option<String>)> {
        let mut statement = store
            .connection
            .prepare("SELECT distribution, release, ends, extended FROM lifecycle WHERE distribution NOT IN ('debian', 'ubuntu') ORDER BY 1, 2")
            .expect("prepared");
        let rows = statement.query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        rows.expect("rows").map(|row| row.expect("row")).collect()
    };
    let real = rows(&real);
    let starter = rows(&starter);
    assert!(starter.len() > 150);
    for row in starter {
        assert!(real.contains(&row), "{row:?}");
    }
}

#[test]
fn real_ubuntu_records_and_vex_documents_say_who_is_affected() {
    let Some(mut records) = excerpts("ubuntu/test-fixtures/osv") else {
        return;
    };
    let vex = excerpts("ubuntu/test-fixtures/vex/").expect("there");
    records.retain(|record| record.starts_with('{'));
    let mut store = Store::in_memory().expect("store");
    let report = import_texts(&mut store, "osv", Format::Osv, &records);
    assert_eq!((report.records, report.withdrawn), OSV);
    let xenial = on("ubuntu", "16.04");
    // UBUNTU-CVE-2021-3782: 16.04 has its fix in `esm-infra` only, 18.04 for everybody.
    let wayland = |distribution: &Distribution, version: &str| {
        let outcome = found(
            &store,
            distribution,
            &[deb("libwayland-bin", "wayland", version)],
        );
        let told: Vec<_> = outcome
            .matches
            .into_iter()
            .map(|found| {
                (
                    found.advisory.id,
                    found.status,
                    found.fixed_version,
                    found.fixed_in_extended.map(|fix| fix.version),
                )
            })
            .collect();
        told
    };
    let cve = || "CVE-2021-3782".to_owned();
    let pro = "1.12.0-1~ubuntu16.04.3+esm1";
    assert_eq!(
        wayland(&xenial, "1.12.0-1~ubuntu16.04.3"),
        [(cve(), Status::Affected, None, Some(pro.to_owned()))]
    );
    assert_eq!(wayland(&xenial, pro), []);
    let attached = Distribution {
        extended_support: vec!["esm-infra".into()],
        ..xenial.clone()
    };
    assert_eq!(
        wayland(&attached, "1.12.0-1~ubuntu16.04.3"),
        [(cve(), Status::Fixed, Some(pro.to_owned()), None)]
    );
    let bionic = "1.16.0-1ubuntu1.1~18.04.4";
    assert_eq!(
        wayland(&on("ubuntu", "18.04"), "1.16.0-1ubuntu1.1~18.04.3"),
        [(cve(), Status::Fixed, Some(bionic.to_owned()), None)]
    );
    let unzip = found(&store, &xenial, &[deb("unzip", "unzip", "6.0-20ubuntu1")]);
    assert_eq!(ids(&unzip), ["CVE-2014-9913"]);
    assert_eq!(
        unzip.matches[0].advisory.severity,
        crate::model::Severity::Negligible
    );

    let report = import_texts(&mut store, "vex", Format::OpenVex, &vex);
    assert_eq!((report.records, report.advisories, report.ranges), VEX);
    let curl = |version: &str, release: &str| {
        let outcome = found(
            &store,
            &on("ubuntu", release),
            &[deb("curl", "curl", version)],
        );
        let told: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| (found.advisory.id.clone(), found.status))
            .collect();
        told
    };
    let curl_cve = || "CVE-2023-38545".to_owned();
    assert_eq!(curl("7.81.0-1ubuntu1.24", "22.04"), []);
    assert_eq!(
        curl("7.47.0-1ubuntu2.19", "16.04"),
        [(curl_cve(), Status::EndOfLife)]
    );
}

const OSV: (u64, u64) = (9, 3);
const VEX: (u64, u64, u64) = (2, 2, 43);
