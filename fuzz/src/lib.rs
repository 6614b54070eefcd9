//! What every fuzz target does: give a parser bytes that nobody meant it to see. A panic, a hang or an exhausted memory is found by
//! the fuzzer; what facts must be in any case is checked here.

use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use plimsoll::advisories::{FeedInput, Format, Source, Store};
use plimsoll::inventory::detectors;
use plimsoll::layers::{DetectorSet, Expected, FileFacts, detect_one, read_layer};
use plimsoll::model::Limits;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Runs the detector of this name over `bytes` as the content of the file at `path`.
///
/// # Panics
///
/// If there is no such detector or it does not want that file: the target is wrong then. And if facts are not what facts are.
pub fn detect(name: &str, path: &str, bytes: &[u8]) {
    static DETECTORS: OnceLock<DetectorSet> = OnceLock::new();
    let all = DETECTORS.get_or_init(|| DetectorSet::new(detectors()));
    let detector = all
        .iter()
        .find(|detector| detector.id().name == name)
        .unwrap_or_else(|| panic!("no detector is called {name}"));
    match detect_one(detector, path, bytes) {
        Ok(Some(facts)) => check(&facts),
        // Some leave out empty files.
        Ok(None) => assert!(bytes.is_empty(), "{name} does not want {path}"),
        Err(error) => assert!(!error.reason.is_empty()),
    }
}

/// Reads a layer with every detector.
///
/// # Panics
///
/// If facts are not what facts are.
pub fn read(layer: &[u8]) {
    static DETECTORS: OnceLock<DetectorSet> = OnceLock::new();
    let all = DETECTORS.get_or_init(|| DetectorSet::new(detectors()));
    let limits = Limits {
        layer_bytes: 64 << 20,
        ..Limits::default()
    };
    if let Ok(read) = read_layer(layer, &Expected::default(), all, &limits) {
        for facts in read.report.facts.values() {
            check(facts);
        }
    }
}

/// Imports a feed of this format.
///
/// # Panics
///
/// If there is no such format, or a store that cannot be read is left behind.
pub fn feed(format: &str, bytes: &[u8]) {
    let format: Format = format.parse().expect("a format");
    let mut store = Store::in_memory().expect("memory is enough");
    let input = FeedInput::Stream("feed".to_owned(), Box::new(bytes));
    let imported = store.import(&Source::named("feed"), format, input).is_ok();
    assert_eq!(store.sources().expect("sources").len(), usize::from(imported));
}

/// An archive with these bytes, which zeros part, as its records, and the last of them as an archive inside. A mutated archive
/// seldom has the right checksums, so that its members would never be read.
///
/// # Panics
///
/// If memory ends.
#[must_use]
pub fn jar(bytes: &[u8]) -> Vec<u8> {
    let mut jar = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let names = [
        "META-INF/MANIFEST.MF",
        "META-INF/maven/g/a/pom.properties",
        "META-INF/maven/g/a/pom.xml",
        "BOOT-INF/lib/inner-1.0.jar",
    ];
    for (name, record) in names
        .iter()
        .zip(bytes.splitn(names.len(), |byte| *byte == 0))
    {
        jar.start_file(*name, stored).expect("a new member");
        jar.write_all(record).expect("memory is enough");
    }
    jar.finish().expect("memory is enough").into_inner()
}

/// A package has a name, a claim a path, a gap its reason in a few words.
fn check(facts: &FileFacts) {
    for package in &facts.packages {
        assert!(!package.name.is_empty());
    }
    for claims in &facts.claims {
        assert!(!claims.is_empty());
        assert!(claims.iter().all(|claim| !claim.path.starts_with('/')));
    }
    for gap in &facts.gaps {
        assert!(!gap.detail.is_empty() && gap.detail.len() < 1_000);
    }
}
