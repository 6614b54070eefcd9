//! Red Hat's family against real documents and records, `../shared/advisories-real`.

use std::collections::BTreeMap;
use std::path::Path;

use super::matching::testing::{found, on, rpm};
use super::real_data::folder;
use super::report::SkipReason;
use super::*;
use crate::model::{Distribution, Package, Severity};

fn vex() -> Option<(Store, ImportReport)> {
    let file = folder()?.join("native/redhat-csaf-vex-sample.jsonl.gz");
    let mut store = Store::in_memory().expect("store");
    let report = store
        .import(
            &Source::named("red-hat-vex"),
            Format::Csaf,
            FeedInput::Path(&file),
        )
        .expect("imported");
    Some((store, report))
}

#[test]
fn dump() {
    let Some((store, report)) = vex() else { return };
    println!("{report:#?}");
    let mut s = store.connection.prepare("SELECT a.external_id, e.name, p.name, r.status, r.fixed, r.module, r.severity FROM range r JOIN advisory a ON a.id=r.advisory JOIN package p ON p.id=r.package JOIN ecosystem e ON e.id=p.ecosystem ORDER BY 1,2,3").unwrap();
    let mut rows = s.query([]).unwrap();
    while let Some(r) = rows.next().unwrap() {
        println!(
            "ROW {} | {} | {} | {} | {:?} | {} | {:?}",
            r.get::<_, String>(0).unwrap(),
            r.get::<_, String>(1).unwrap(),
            r.get::<_, String>(2).unwrap(),
            r.get::<_, i64>(3).unwrap(),
            r.get::<_, Option<String>>(4).unwrap(),
            r.get::<_, String>(5).unwrap(),
            r.get::<_, Option<i64>>(6).unwrap()
        );
    }
}

#[test]
fn alma_dump() {
    let Some(folder) = folder() else { return };
    let mut store = Store::in_memory().expect("store");
    store
        .import(
            &Source::named("alma"),
            Format::Osv,
            FeedInput::Path(&folder.join("AlmaLinux.jsonl.gz")),
        )
        .expect("imported");
    for (name, source, version, label) in [
        (
            "nodejs",
            "nodejs",
            "1:16.20.2-2.module_el8.8.0+3655+b4c9e1c0",
            "nodejs:16:1:2",
        ),
        (
            "nodejs",
            "nodejs",
            "1:16.20.2-2.module_el8.8.0+3655+b4c9e1c0",
            "",
        ),
        (
            "nodejs",
            "nodejs",
            "1:18.17.1-1.module_el8.8.0+3655+b4c9e1c0",
            "nodejs:18:1:2",
        ),
        (
            "nodejs",
            "nodejs",
            "1:18.17.1-1.module_el8.8.0+3655+b4c9e1c0",
            "",
        ),
        (
            "nodejs-nodemon",
            "nodejs-nodemon",
            "2.0.20-1.module_el8.7.0+1+a",
            "nodejs:18:1:2",
        ),
        (
            "nodejs-nodemon",
            "nodejs-nodemon",
            "2.0.20-1.module_el8.7.0+1+a",
            "",
        ),
        ("podman", "podman", "3:4.2.0-1.module_el8.7.0+1+a", ""),
        (
            "podman",
            "podman",
            "3:4.2.0-1.module_el8.7.0+1+a",
            "container-tools:4.0:1",
        ),
        ("varnish", "varnish", "6.0.8-1.module_el8.5.0+1+a", ""),
        ("perl-FCGI", "perl-FCGI", "1:0.78-11.module_el8.5.0+1+a", ""),
        ("rubygem-json", "ruby", "2.3.0-100.module_el8.5.0+1+a", ""),
    ] {
        let mut package = rpm(name, source, version);
        if !label.is_empty() {
            package
                .properties
                .insert("modularity-label".into(), label.into());
        }
        let outcome = found(&store, &on("almalinux", "8.9"), &[package]);
        println!(
            "ALMA {name} {version} {label}: {:?} {:?}",
            outcome
                .matches
                .iter()
                .map(|m| format!(
                    "{} {} by {:?}",
                    m.advisory.id,
                    m.fixed_version.clone().unwrap_or_default(),
                    m.proof.iter().map(|p| &p.advisory).collect::<Vec<_>>()
                ))
                .collect::<Vec<_>>(),
            outcome.gaps
        );
    }
}
