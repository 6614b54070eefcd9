//! Short hands for tests of this room: packages, distributions, stores.

use super::{MatchOutcome, match_packages};
use crate::advisories::{FeedInput, Format, ImportReport, Source, Store};
use crate::model::{Distribution, Package, PackageType, SourcePackage};

/// A store with one source of OSV lines, and what the import said.
pub(in crate::advisories) fn osv(lines: &str) -> (Store, ImportReport) {
    let mut store = Store::in_memory().expect("store");
    let report = add(&mut store, "test", lines);
    (store, report)
}

/// Adds a source of OSV lines.
pub(in crate::advisories) fn add(store: &mut Store, source: &str, lines: &str) -> ImportReport {
    let input = FeedInput::Stream(source.to_owned(), Box::new(lines.as_bytes()));
    store
        .import(&Source::named(source), Format::Osv, input)
        .expect("imported")
}

/// One OSV record of one package with one range.
pub(in crate::advisories) fn record(
    id: &str,
    ecosystem: &str,
    name: &str,
    fixed: &str,
    more: &str,
) -> String {
    format!(
        r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"{ecosystem}","name":"{name}"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"{fixed}"}}]}}]}}]{more}}}
"#
    )
}

pub(in crate::advisories) fn on(id: &str, version: &str) -> Distribution {
    Distribution {
        id: id.to_owned(),
        version_id: Some(version.to_owned()),
        ..Distribution::default()
    }
}

pub(in crate::advisories) fn pypi(name: &str, version: &str) -> Package {
    Package::new(PackageType::PYPI, name, version)
}

pub(in crate::advisories) fn npm(name: &str, version: &str) -> Package {
    Package::new(PackageType::NPM, name, version)
}

fn of_source(package_type: PackageType, name: &str, source: &str, version: &str) -> Package {
    let mut package = Package::new(package_type, name, version);
    package.source = Some(SourcePackage {
        name: source.to_owned(),
        version: version.to_owned(),
    });
    package
}

pub(in crate::advisories) fn deb(name: &str, source: &str, version: &str) -> Package {
    of_source(PackageType::DEB, name, source, version)
}

pub(in crate::advisories) fn apk(name: &str, origin: &str, version: &str) -> Package {
    of_source(PackageType::APK, name, origin, version)
}

pub(in crate::advisories) fn rpm(name: &str, source: &str, version: &str) -> Package {
    of_source(PackageType::RPM, name, source, version)
}

pub(in crate::advisories) fn found(
    store: &Store,
    distribution: &Distribution,
    packages: &[Package],
) -> MatchOutcome {
    match_packages(store, Some(distribution), packages).expect("matched")
}

/// The ids of all matches, in order.
pub(in crate::advisories) fn ids(outcome: &MatchOutcome) -> Vec<&str> {
    outcome
        .matches
        .iter()
        .map(|found| found.advisory.id.as_str())
        .collect()
}
