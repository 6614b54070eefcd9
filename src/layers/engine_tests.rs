//! The walk sees the names and sizes that a container engine sees: all of them read with Go's `archive/tar`. Where the two
//! part, a hostile layer could show the engine a database, and the walk something else.

use super::*;
use crate::model::{GapKind, Limits, Package, PackageType};

/// Gives the content of `etc/db` as a package's name.
struct Database;

impl Detector for Database {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "test/database",
            version: 1,
        }
    }
    fn interests(&self) -> &[Interest] {
        &[Interest::Name("db")]
    }
    fn wants(&self, entry: &Entry<'_>) -> Want {
        match entry.path {
            "etc/db" => Want::Whole { limit: 1000 },
            _ => Want::Skip,
        }
    }
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let name = String::from_utf8_lossy(file.bytes);
        Ok(FileFacts::of_packages(vec![Package::new(
            PackageType::DEB,
            name,
            "1",
        )]))
    }
}

/// Gives a package for every file called `noted`, as another ecosystem would.
struct Noted;

impl Detector for Noted {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "test/noted",
            version: 1,
        }
    }
    fn interests(&self) -> &[Interest] {
        &[Interest::Name("noted")]
    }
    fn wants(&self, _: &Entry<'_>) -> Want {
        Want::Whole { limit: 1000 }
    }
    fn detect(&self, _: File<'_>) -> Result<FileFacts, ParseError> {
        Ok(FileFacts::of_packages(vec![Package::new(
            PackageType::NPM,
            "noted",
            "1",
        )]))
    }
}

/// A header and its content, before the checksum.
struct Raw([u8; 512], Vec<u8>);

fn raw(kind: u8, name: &str, content: &str) -> Raw {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.as_old_mut().linkflag = [kind];
    header.set_size(content.len() as u64);
    Raw(*header.as_bytes(), content.as_bytes().to_vec())
}

impl Raw {
    fn with(mut self, offset: usize, bytes: &[u8]) -> Self {
        self.0[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }
}

fn pax(records: &[(&str, &str)]) -> Raw {
    let record = |(key, value): &(&str, &str)| {
        let rest = key.len() + value.len() + 3;
        let length = rest + if rest + 2 > 99 { 3 } else { 2 };
        format!("{length:02} {key}={value}\n")
    };
    let content: String = records.iter().map(record).collect();
    raw(b'x', "pax", &content)
}

fn tar(entries: Vec<Raw>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Raw(block, content) in entries {
        let mut header = tar::Header::new_old();
        *header.as_mut_bytes() = block;
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(&content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn report(entries: Vec<Raw>) -> LayerReport {
    let detectors = DetectorSet::new(vec![Box::new(Database), Box::new(Noted)]);
    read_layer(
        &tar(entries)[..],
        &Expected::default(),
        &detectors,
        &Limits::default(),
    )
    .expect("a layer")
    .report
}

#[track_caller]
fn finds_the_database(entries: Vec<Raw>) {
    let report = report(entries);
    let found = report.facts.get("etc/db").map(|facts| &facts.packages[..]);
    let names = found.map(|packages| packages.iter().map(|p| &*p.name).collect::<Vec<_>>());
    assert_eq!(names, Some(vec!["one"]), "{report:?}");
}

#[test]
fn a_device_with_a_size_has_no_content() {
    for kind in *b"346" {
        let device = raw(kind, "device", "").with(124, b"00000002000\0");
        finds_the_database(vec![device, raw(b'0', "etc/db", "one")]);
    }
}

#[test]
fn a_file_whose_name_ends_in_a_slash_is_a_file_unless_its_header_is_from_before_posix() {
    finds_the_database(vec![raw(b'0', "etc/db/", "one")]);
    let folder = raw(0, "folder/", "").with(124, b"00000002000\0");
    finds_the_database(vec![folder, raw(b'0', "etc/db", "one")]);
    let long = raw(b'L', "", "folder/");
    let named = raw(0, "folder", "").with(124, b"00000002000\0");
    finds_the_database(vec![long, named, raw(b'0', "etc/db", "one")]);
}

#[test]
fn the_long_name_of_gnu_goes_before_the_path_of_pax() {
    let file = || raw(b'0', "file", "one");
    let long = || raw(b'L', "", "etc/db");
    let other = || pax(&[("path", "other")]);
    finds_the_database(vec![other(), long(), file()]);
    finds_the_database(vec![long(), other(), file()]);
}

#[test]
fn a_global_header_uses_up_what_came_before_it() {
    let global = raw(b'g', "global", "");
    let file = raw(b'0', "etc/db", "one");
    finds_the_database(vec![pax(&[("path", "other")]), global, file]);
}

#[test]
fn an_empty_pax_record_or_long_name_says_nothing() {
    let file = || raw(b'0', "etc/db", "one");
    finds_the_database(vec![pax(&[("path", ""), ("size", "")]), file()]);
    finds_the_database(vec![raw(b'L', "", ""), file()]);
    finds_the_database(vec![raw(b'L', "", "\0other"), file()]);
}

#[test]
fn the_name_of_a_sparse_file_counts_only_for_a_sparse_file() {
    let no_sparse = pax(&[("path", "etc/db"), ("GNU.sparse.name", "other")]);
    finds_the_database(vec![no_sparse, raw(b'0', "file", "one")]);
    let sparse = pax(&[
        ("GNU.sparse.name", "etc/db"),
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("path", "GNUSparseFile.1/db"),
    ]);
    let report = report(vec![sparse, raw(b'0', "file", "one")]);
    assert_eq!(report.facts["etc/db"].gaps[0].kind, GapKind::UnreadableFile);
}

#[test]
fn the_prefix_of_a_name_is_where_the_engine_sees_it() {
    let file = |magic: &[u8]| raw(b'0', "db", "one").with(257, magic);
    for magic in [&b"ustar\x0000"[..], b"ustar\0xx", b"ustar  \0"] {
        finds_the_database(vec![file(magic).with(345, b"etc\0")]);
    }
    let star = file(b"ustar\x0000")
        .with(345, &[b'/'; 131])
        .with(345, b"etc")
        .with(476, b"17777777777\0")
        .with(508, b"tar\0");
    finds_the_database(vec![star]);
    let times = raw(b'0', "etc/db", "one").with(345, b"17777777777\0");
    finds_the_database(vec![times.with(357, b"\x80\0\0\0")]);
}

#[test]
fn an_impossible_size_is_a_gap_and_no_overflow() {
    let size = u64::MAX.to_string();
    let report = report(vec![
        raw(b'0', "file", "one"),
        pax(&[("size", &size)]),
        raw(b'0', "huge", "one"),
    ]);
    assert_eq!(report.gaps[0].kind, GapKind::MalformedLayer);
}

fn link(kind: u8, name: &str, target: &str) -> Raw {
    raw(kind, name, "").with(157, target.as_bytes())
}

#[test]
fn a_database_that_is_a_hard_link_to_a_file_that_only_another_detector_read_is_a_gap() {
    let read = || raw(b'0', "noted", "one");
    let report = report(vec![read(), link(b'1', "etc/db", "noted")]);
    assert_eq!(report.gaps[0].kind, GapKind::UnresolvedLink, "{report:?}");
}

#[test]
fn a_link_or_device_takes_the_place_of_a_file_of_its_name_but_not_of_its_secrets() {
    for kind in *b"126" {
        let report = report(vec![
            raw(b'0', "etc/db", "one"),
            link(kind, "etc/db", "elsewhere"),
        ]);
        assert!(!report.facts.contains_key("etc/db"), "{report:?}");
    }
    let back = report(vec![
        link(b'2', "etc/db", "elsewhere"),
        raw(b'0', "etc/db", "one"),
    ]);
    assert!(back.links.is_empty(), "{back:?}");
}
