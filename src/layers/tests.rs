//! Whole layers through all stages: what builders write, and what attackers do.

use std::io::{Read, Write};

use super::*;
use crate::model::{DiffId, Digest, GapKind, Limits, Package, PackageType};

/// Wants every file called `db`, and gives its content as a package's name.
struct Names;

impl Detector for Names {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "test/names",
            version: 1,
        }
    }
    fn interests(&self) -> &[Interest] {
        &[Interest::Name("db"), Interest::Folder("all")]
    }
    fn wants(&self, _: &Entry<'_>) -> Want {
        Want::Whole { limit: 1000 }
    }
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let name = std::str::from_utf8(file.bytes).map_err(|_| ParseError::new("not text"))?;
        Ok(FileFacts::of_packages(vec![Package::new(
            PackageType::DEB,
            name,
            "1",
        )]))
    }
}

/// Wants every file that begins with `MAGIC`, and gives its length as a package's name.
struct Begun;

impl Detector for Begun {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "test/begun",
            version: 1,
        }
    }
    fn interests(&self) -> &[Interest] {
        &[Interest::Magic(b"MAGIC"), Interest::Magic(b"MAG")]
    }
    fn wants(&self, _: &Entry<'_>) -> Want {
        Want::Whole { limit: 2 << 20 }
    }
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let length = file.bytes.len().to_string();
        let package = Package::new(PackageType::DEB, length, "1");
        Ok(FileFacts::of_packages(vec![package]))
    }
}

/// Counts the bytes of each file as they pass.
struct Passing;

struct PassingSession(usize);

impl Detector for Passing {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "test/passing",
            version: 1,
        }
    }
    fn interests(&self) -> &[Interest] {
        &[Interest::Everything]
    }
    fn session(&self) -> Option<Box<dyn Session + '_>> {
        Some(Box::new(PassingSession(0)))
    }
}

impl Session for PassingSession {
    fn begin(&mut self, entry: &Entry<'_>) -> bool {
        self.0 = 0;
        entry.file_name() == "counted"
    }
    fn chunk(&mut self, bytes: &[u8]) {
        self.0 += bytes.len();
    }
    fn end(&mut self) -> FileFacts {
        FileFacts::of_packages(vec![Package::new(
            PackageType::DEB,
            self.0.to_string(),
            "1",
        )])
    }
}

fn detectors() -> DetectorSet {
    DetectorSet::new(vec![Box::new(Names), Box::new(Begun), Box::new(Passing)])
}

fn tar(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    build(&mut builder);
    builder.into_inner().expect("a tar")
}

fn add(builder: &mut tar::Builder<Vec<u8>>, path: &str, content: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    builder
        .append_data(&mut header, path, content)
        .expect("an entry");
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

fn promised(stored: &[u8], tar: &[u8]) -> Expected {
    Expected {
        digest: Some(Digest::sha256_of(stored)),
        size: Some(stored.len() as u64),
        diff_id: Some(DiffId(Digest::sha256_of(tar))),
    }
}

fn read(stored: &[u8], expected: &Expected) -> Result<LayerRead, LayerError> {
    read_layer(stored, expected, &detectors(), &Limits::default())
}

fn report(tar: &[u8]) -> LayerReport {
    read(tar, &promised(tar, tar)).expect("a layer").report
}

fn names(report: &LayerReport) -> Vec<(&str, &str)> {
    let facts = report.facts.iter();
    facts
        .flat_map(|(path, facts)| {
            facts
                .packages
                .iter()
                .map(|p| (path.as_str(), p.name.as_str()))
        })
        .collect()
}

#[test]
fn a_file_is_wanted_for_how_it_begins() {
    let tar = tar(|builder| {
        add(
            builder,
            "begun",
            &[&b"MAGIC"[..], &vec![1; 1 << 20]].concat(),
        );
        add(builder, "short", b"MAG");
        add(
            builder,
            "large",
            &[&b"MAGIC"[..], &vec![1; 2 << 20]].concat(),
        );
        add(builder, "not", b"NO MAGIC");
        add(builder, "empty", b"");
    });
    let report = report(&tar);
    assert_eq!(names(&report), [("begun", "1048581"), ("short", "3")]);
    let large = report.facts.get("large").expect("a gap");
    assert_eq!(large.gaps[0].kind, GapKind::LimitReached);
}

#[test]
fn the_same_tar_gives_the_same_report_however_it_is_packed() {
    let tar = tar(|builder| {
        add(builder, "./var/db", b"one");
        add(builder, "counted", &vec![7; 700_000]);
        add(builder, "other", b"nobody wants this");
    });
    let plain = report(&tar);
    assert_eq!(names(&plain), [("counted", "700000"), ("var/db", "one")]);
    let (first, second) = tar.split_at(1000);
    let packings = [
        gzip(&tar),
        [gzip(first), gzip(second)].concat(),
        zstd::encode_all(&tar[..], 3).expect("zstd"),
        [
            zstd::encode_all(first, 1).expect("zstd"),
            zstd::encode_all(second, 1).expect("zstd"),
        ]
        .concat(),
    ];
    for stored in packings {
        let read = read(&stored, &promised(&stored, &tar)).expect("a layer");
        assert_eq!(read.report, plain);
        assert_eq!(read.digest, Digest::sha256_of(&stored));
        assert!(read.complete);
        let hashed =
            hash_layer(&stored[..], &promised(&stored, &tar), &Limits::default()).expect("digests");
        assert_eq!(hashed, Some((read.digest, plain.diff_id)));
    }
}

#[test]
fn bytes_that_are_not_what_was_promised_are_an_error() {
    let tar = tar(|builder| add(builder, "db", b"one"));
    let stored = gzip(&tar);
    let right = promised(&stored, &tar);
    let wrong = Digest::sha256_of(b"another");
    assert!(matches!(
        read(
            &stored,
            &Expected {
                digest: Some(wrong),
                ..right
            }
        ),
        Err(LayerError::Digest { .. })
    ));
    assert!(matches!(
        read(
            &tar,
            &Expected {
                size: None,
                ..right
            }
        ),
        Err(LayerError::Digest { .. })
    ));
    assert!(matches!(
        read(
            &stored,
            &Expected {
                diff_id: Some(DiffId(wrong)),
                ..right
            }
        ),
        Err(LayerError::DiffId { .. })
    ));
    let cut = &stored[..stored.len() - 3];
    assert!(matches!(read(cut, &right), Err(LayerError::Size { .. })));
    assert!(matches!(
        read(
            cut,
            &Expected {
                size: None,
                ..right
            }
        ),
        Err(LayerError::Digest { .. })
    ));
}

#[test]
fn a_source_that_breaks_off_is_an_error_and_no_gap() {
    struct Broken<'a>(&'a [u8]);
    impl Read for Broken<'_> {
        fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
            if self.0.is_empty() {
                return Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
            }
            self.0.read(target)
        }
    }
    let stored = gzip(&tar(|builder| add(builder, "db", b"one")));
    let result = read_layer(
        Broken(&stored[..40]),
        &Expected::default(),
        &detectors(),
        &Limits::default(),
    );
    assert!(
        matches!(result, Err(LayerError::Source { after: 40, .. })),
        "{result:?}"
    );
}

#[test]
fn a_layer_that_is_as_promised_but_malformed_is_a_gap_and_what_came_before_counts() {
    let whole = tar(|builder| {
        add(builder, "db", b"one");
        add(builder, "all/db", b"two");
    });
    let mut broken_header = whole.clone();
    broken_header[1024 + 5] ^= 1;
    for (tar, what) in [
        (&whole[..=1024 + 512], "inside the entry"),
        (&whole[..1024 + 100], "inside a header"),
        (&broken_header[..], "checksum is wrong"),
    ] {
        let report = report(tar);
        assert_eq!(names(&report)[..], [("db", "one")], "{what}");
        assert_eq!(report.gaps.len(), 1);
        assert!(report.gaps[0].detail.contains(what), "{:?}", report.gaps);
    }
    let text = b"<!doctype html>".repeat(100);
    assert!(report(&text).gaps[0].detail.contains("no tar archive"));
    assert!(report(b"").gaps.is_empty(), "an empty layer is a layer");
}

#[test]
fn broken_compressed_data_with_the_right_digest_is_a_gap_and_is_not_to_be_cached() {
    let tar = tar(|builder| {
        add(builder, "db", b"one");
        add(
            builder,
            "counted",
            &(0..=u8::MAX).cycle().take(3_000_000).collect::<Vec<_>>(),
        );
    });
    for stored in [gzip(&tar), zstd::encode_all(&tar[..], 3).expect("zstd")] {
        let cut = &stored[..stored.len() - 5];
        let read = read(
            cut,
            &Expected {
                digest: Some(Digest::sha256_of(cut)),
                ..Expected::default()
            },
        )
        .expect("a layer");
        let hashed = hash_layer(cut, &Expected::default(), &Limits::default());
        assert_eq!(hashed.expect("a layer"), None, "its diffID is not known");
        assert!(!read.complete);
        assert!(names(&read.report).contains(&("db", "one")));
        assert_eq!(
            read.report.gaps.last().map(|gap| gap.kind),
            Some(GapKind::MalformedLayer)
        );
    }
}

/// Gives its bytes, then fails once, then is at its end.
struct FailsOnce<'a>(&'a [u8], bool);

impl Read for FailsOnce<'_> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        if self.0.is_empty() && !std::mem::replace(&mut self.1, true) {
            return Err(std::io::Error::other("the registry hung up"));
        }
        self.0.read(target)
    }
}

#[test]
fn why_a_source_failed_is_told_however_the_layer_is_packed() {
    let tar = tar(|builder| {
        add(builder, "db", b"one");
        let noise: Vec<u8> = (0..900_000u32).flat_map(u32::to_le_bytes).collect();
        add(builder, "noise", &noise);
    });
    let zstd = zstd::encode_all(&tar[..], 1).expect("zstd");
    for stored in [tar.clone(), gzip(&tar), zstd] {
        let source = FailsOnce(&stored[..stored.len() / 2], false);
        let error = read_layer(
            source,
            &Expected::default(),
            &detectors(),
            &Limits::default(),
        )
        .expect_err("half a layer");
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(cause.as_deref(), Some("the registry hung up"), "{error}");
    }
}

#[test]
fn limits_become_gaps() {
    let tar = tar(|builder| {
        add(builder, "a/db", &[b'x'; 1001]);
        add(builder, "db", b"one");
        add(builder, "last/db", b"two");
    });
    let report = |limits: &Limits| {
        read_layer(&tar[..], &Expected::default(), &detectors(), limits)
            .expect("a layer")
            .report
    };
    let all = report(&Limits::default());
    assert_eq!(names(&all), [("db", "one"), ("last/db", "two")]);
    let gaps = &all.facts["a/db"].gaps;
    assert!(gaps[0].detail.contains("1001 bytes"), "{gaps:?}");
    let entries = report(&Limits {
        entries: 2,
        ..Limits::default()
    });
    assert_eq!(names(&entries), [("db", "one")]);
    assert_eq!(
        entries.gaps.last().map(|gap| gap.kind),
        Some(GapKind::LimitReached)
    );
    let paths = report(&Limits {
        path_bytes: 5,
        ..Limits::default()
    });
    assert_eq!(names(&paths), [("db", "one")]);
    let bytes = report(&Limits {
        layer_bytes: 1000,
        ..Limits::default()
    });
    assert!(
        bytes
            .gaps
            .iter()
            .any(|gap| gap.kind == GapKind::LimitReached)
    );
}

#[test]
fn the_number_of_files_with_facts_and_the_depth_of_paths_are_bounded() {
    let deep = format!("{}db", "d/".repeat(300));
    let tar = tar(|builder| {
        for name in ["a/db", "b/db", "c/db", deep.as_str()] {
            add(builder, name, b"one");
        }
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Link);
        header.set_size(0);
        builder
            .append_link(&mut header, "e/db", "a/db")
            .expect("a link");
    });
    let limits = Limits {
        facts: 2,
        ..Limits::default()
    };
    let report = read_layer(&tar[..], &Expected::default(), &detectors(), &limits)
        .expect("a layer")
        .report;
    assert_eq!(names(&report), [("a/db", "one"), ("b/db", "one")]);
    assert_eq!(
        report
            .gaps
            .iter()
            .filter(|gap| gap.detail.contains("more than 2 files"))
            .count(),
        2
    );
    assert!(
        report
            .gaps
            .iter()
            .any(|gap| gap.detail.contains("301 parts")),
        "{:?}",
        report.gaps
    );
}

#[test]
fn what_lies_behind_the_end_of_the_archive_is_a_gap_and_padding_is_none() {
    let mut tar = tar(|builder| add(builder, "db", b"one"));
    tar.extend([0; 9000]);
    assert_eq!(report(&tar).gaps, []);
    tar.extend(b"hidden");
    let gaps = report(&tar).gaps;
    assert!(
        gaps[0].detail.starts_with("6 bytes of data behind the end"),
        "{gaps:?}"
    );
}

#[test]
fn a_bomb_is_stopped_by_its_ratio() {
    let zeros = vec![0; 300 << 20];
    let stored = zstd::encode_all(&zeros[..], 1).expect("zstd");
    let read = read(&stored, &Expected::default()).expect("a layer");
    assert!(
        read.report
            .gaps
            .iter()
            .any(|gap| gap.detail.contains("times its size")),
        "{:?}",
        read.report.gaps
    );
    assert!(!read.complete);
}

#[test]
fn long_names_of_gnu_and_pax_are_read() {
    let long = format!("{}/db", "folder/".repeat(40));
    let gnu = tar(|builder| add(builder, &long, b"one"));
    assert_eq!(names(&report(&gnu)).len(), 1);
    assert_eq!(names(&report(&gnu))[0].0, long.replace("//", "/"));

    let record = format!("path={long}\n");
    let length = record.len() + 4;
    let pax = tar(|builder| {
        let content = format!("{length} {record}");
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::XHeader);
        header.set_size(content.len() as u64);
        builder
            .append_data(&mut header, "pax", content.as_bytes())
            .expect("an entry");
        add(builder, "short", b"one");
    });
    assert_eq!(names(&report(&pax)), names(&report(&gnu)));
}

#[test]
fn a_long_name_whose_header_is_cut_off_at_a_slash_is_still_a_file() {
    // GNU tar fills the old field with the first 100 bytes: here they end with a slash.
    let folder = format!("{}/", "f".repeat(99));
    let tar = tar(|builder| {
        add(builder, &format!("{folder}db"), b"one");
        add(builder, "last/db", b"two");
    });
    let report = report(&tar);
    assert_eq!(report.gaps, []);
    assert_eq!(names(&report).len(), 2);
}

#[test]
fn a_folder_of_the_time_before_posix_is_known_by_its_slash() {
    let tar = tar(|builder| {
        let mut header = tar::Header::new_old();
        header.as_old_mut().linkflag = [0];
        header.as_old_mut().name[..3].copy_from_slice(b"db/");
        header.set_size(0);
        header.set_cksum();
        builder.append(&header, &b""[..]).expect("an entry");
        add(builder, "db/db", b"one");
    });
    let report = report(&tar);
    assert_eq!(names(&report), [("db/db", "one")]);
    assert_eq!(
        report.cover.covers(&PathHashes::of("db/other")),
        Covered::No
    );
}

#[test]
fn whiteouts_opaque_folders_and_links_are_reported() {
    let tar = tar(|builder| {
        add(builder, "opt/.wh.old", b"");
        add(builder, "var/.wh..wh..opq", b"");
        add(builder, "var/.wh..wh.plnk", b"");
        add(builder, "db", b"one");
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Link);
        header.set_size(0);
        builder
            .append_link(&mut header, "hard/db", "db")
            .expect("a link");
        header.set_entry_type(tar::EntryType::Symlink);
        builder
            .append_link(&mut header, "etc/db", "../db")
            .expect("a link");
        builder
            .append_link(&mut header, "etc/nobody-wants", "../x")
            .expect("a link");
    });
    let report = report(&tar);
    let covers = |path| report.cover.covers(&PathHashes::of(path));
    assert_eq!(covers("opt/old/x"), Covered::Removed);
    assert_eq!(covers("var/x"), Covered::Removed);
    assert_eq!(covers("etc/nobody-wants"), Covered::Replaced);
    assert_eq!(covers(".wh.plnk"), Covered::No);
    assert_eq!(names(&report), [("db", "one"), ("hard/db", "one")]);
    assert_eq!(
        report
            .links
            .iter()
            .map(|(l, t)| (l.as_str(), t.as_str()))
            .collect::<Vec<_>>(),
        [("etc/db", "db")]
    );
}

#[test]
fn paths_that_climb_stay_inside_the_image() {
    let tar = tar(|builder| {
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.as_old_mut().name[..16].copy_from_slice(b"../../../etc//db");
        header.set_cksum();
        builder.append(&header, &b"one"[..]).expect("an entry");
    });
    assert_eq!(names(&report(&tar)), [("etc/db", "one")]);
}

#[test]
fn a_second_entry_of_the_same_name_replaces_the_first() {
    let tar = tar(|builder| {
        add(builder, "db", b"one");
        add(builder, "db", b"two");
    });
    assert_eq!(names(&report(&tar)), [("db", "two")]);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_walked_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..3000)) {
        let _ = read(&bytes, &Expected::default());
    }
}
