//! Feeds in every packing, and broken ones: what is taken, what is counted, and that nothing half-done stays.

use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use proptest::prelude::*;

use crate::advisories::matching::testing::record;
use crate::advisories::{
    AdvisoryError, FeedInput, Format, ImportReport, SkipReason, Source, Store,
};

fn lines() -> String {
    (1..=3)
        .map(|number| record(&format!("A-{number}"), "npm", "x", "2.0.0", ""))
        .collect()
}

fn stream(bytes: impl AsRef<[u8]>) -> FeedInput<'static> {
    FeedInput::Stream(
        "feed".to_owned(),
        Box::new(Cursor::new(bytes.as_ref().to_vec())),
    )
}

fn import(input: FeedInput<'_>) -> Result<ImportReport, AdvisoryError> {
    Store::in_memory()
        .expect("store")
        .import(&Source::named("test"), Format::Osv, input)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).expect("written");
    writer.finish().expect("finished")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(bytes).expect("written");
    writer.finish().expect("finished")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(1);
    let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).expect("xz");
    writer.write_all(bytes).expect("written");
    writer.finish().expect("finished")
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer
            .start_file(*name, zip::write::SimpleFileOptions::default())
            .expect("member");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("finished").into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        builder
            .append_data(&mut header, name, *bytes)
            .expect("member");
    }
    builder.into_inner().expect("finished")
}

fn write(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).expect("file");
    file.write_all(bytes).expect("written");
}

#[test]
fn one_feed_in_any_packing_is_one_digest() {
    let text = lines();
    let records: Vec<&str> = text.lines().collect();
    let value: serde_json::Value = serde_json::from_str(records[2]).expect("JSON");
    let pretty = serde_json::to_string_pretty(&value).expect("text");
    let members: [(&str, &[u8]); 3] = [
        ("a.json", records[0].as_bytes()),
        ("b.json", records[1].as_bytes()),
        ("c.json", pretty.as_bytes()),
    ];
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("deeper")).expect("folder");
    write(
        &folder.path().join("deeper/some.jsonl.gz"),
        &gzip(text.as_bytes()),
    );
    write(&folder.path().join("all.zip"), &zip(&members));
    let expected = import(stream(&text)).expect("lines");
    assert_eq!((expected.records, expected.advisories), (3, 3));
    let packed: [(&str, FeedInput<'_>); 10] = [
        ("gzip", stream(gzip(text.as_bytes()))),
        (
            "two gzip members",
            stream(
                [
                    gzip(records[0].as_bytes()),
                    gzip(format!("\n{}\n{}", records[1], records[2]).as_bytes()),
                ]
                .concat(),
            ),
        ),
        (
            "zstd",
            stream(zstd::bulk::compress(text.as_bytes(), 3).expect("zstd")),
        ),
        ("bzip2", stream(bzip2(text.as_bytes()))),
        ("two bzip2 members", {
            let (first, rest) = text.split_at(records[0].len() + 1);
            stream([bzip2(first.as_bytes()), bzip2(rest.as_bytes())].concat())
        }),
        ("tar in xz", stream(xz(&tar(&members)))),
        ("zip", stream(zip(&members))),
        (
            "zip on disk",
            FeedInput::Path(&folder.path().join("all.zip")),
        ),
        (
            "tar in zstd",
            stream(zstd::bulk::compress(&tar(&members), 3).expect("zstd")),
        ),
        (
            "blank lines and CRLF",
            stream(text.replace('\n', "\r\n\r\n")),
        ),
    ];
    for (packing, input) in packed {
        assert_eq!(
            import(input).expect(packing).digest,
            expected.digest,
            "{packing}"
        );
    }
    let both = import(FeedInput::Path(folder.path())).expect("folder");
    assert_eq!(both.digest, expected.digest);
    assert_eq!(
        both.skipped[&SkipReason::DuplicateId].count,
        3,
        "the zip and the lines hold the same"
    );
}

#[test]
fn a_bad_record_costs_itself_and_is_counted_with_its_place() {
    let too_large = format!("{{\"id\":\"{}\"}}", "x".repeat(10_000_001));
    let text = [
        r#"{"id": "broken","#,
        r#"{"id": 7}"#,
        &too_large,
        r#"{"id":"E-1","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"COSMIC","events":[]}]}]}"#,
        r#"{"id":"E-2","affected":[{"package":{"ecosystem":"npm","name":"x"},"ranges":[{"type":"SEMVER","events":[{"fixed":"1.0.0"}]}]}]}"#,
        lines().trim_end(),
        lines().lines().next().expect("a line"),
        "not json at all",
    ]
    .join("\n");
    let report = import(stream(text)).expect("imported");
    assert_eq!((report.records, report.advisories), (10, 3));
    let count = |reason| {
        report
            .skipped
            .get(&reason)
            .map_or(0, |skipped| skipped.count)
    };
    assert_eq!(count(SkipReason::InvalidJson), 2);
    assert_eq!(count(SkipReason::InvalidRecord), 1);
    assert_eq!(count(SkipReason::TooLarge), 1);
    assert_eq!(count(SkipReason::UnknownRangeType), 1);
    assert_eq!(count(SkipReason::RangeWithoutStart), 1);
    assert_eq!(count(SkipReason::NothingAffected), 2);
    assert_eq!(count(SkipReason::DuplicateId), 1);
    assert!(report.skipped[&SkipReason::InvalidJson].examples[0].starts_with("feed:1: "));
    assert_eq!(
        report.skipped[&SkipReason::TooLarge].examples,
        ["feed:3: more than 10000000 bytes"]
    );
}

#[test]
fn another_format_is_refused_in_words() {
    for (text, words) in [
        ("", "it is empty"),
        (
            "<html>not found</html>",
            "1 files that are none of this feed's",
        ),
        ("{\"packages\": []}", "1 not of this format"),
    ] {
        let error = import(stream(text)).expect_err(text).to_string();
        assert!(
            error.contains("holds no advisory in osv form") && error.contains(words),
            "{error}"
        );
    }
    let missing = import(FeedInput::Path(Path::new("/no/such/feed"))).expect_err("missing");
    assert!(
        missing
            .to_string()
            .starts_with("/no/such/feed cannot be read")
    );
}

/// Gives some bytes, then fails: a connection that drops, a disk that does.
struct Dropped(Cursor<Vec<u8>>);

impl Read for Dropped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::ErrorKind::ConnectionReset.into()),
            read => Ok(read),
        }
    }
}

#[test]
fn an_import_that_does_not_end_leaves_the_state_before_it() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("store.sqlite");
    let mut store = Store::open_for_import(&path).expect("store");
    let source = Source::named("test");
    store
        .import(&source, Format::Osv, stream(lines()))
        .expect("imported");
    let before = store.snapshot_digest().expect("digest");
    let cut = gzip(lines().repeat(50).as_bytes());
    let half = cut.len() / 2;
    let (bzip2, xz) = (bzip2(lines().as_bytes()), xz(lines().as_bytes()));
    let broken: [(&str, FeedInput<'_>); 6] = [
        ("truncated bzip2", stream(&bzip2[..bzip2.len() - 9])),
        ("truncated xz", stream(&xz[..xz.len() - 40])),
        (
            "dropped",
            FeedInput::Stream(
                "feed".into(),
                Box::new(Dropped(Cursor::new(lines().into_bytes()))),
            ),
        ),
        ("truncated gzip", stream(&cut[..half])),
        (
            "truncated zip",
            stream(&zip(&[("a.json", lines().as_bytes())])[..60]),
        ),
        ("another format", stream("{}")),
    ];
    for (how, input) in broken {
        assert!(store.import(&source, Format::Osv, input).is_err(), "{how}");
        assert_eq!(store.snapshot_digest().expect("digest"), before, "{how}");
    }
    drop(store);
    let reader = Store::open_read_only(&path).expect("reader");
    assert_eq!(reader.snapshot_digest().expect("digest"), before);
}

#[test]
fn a_reader_keeps_its_state_while_an_import_runs_and_sees_the_next_one_whole() {
    let folder = tempfile::tempdir().expect("folder");
    let path = folder.path().join("store.sqlite");
    let mut writer = Store::open_for_import(&path).expect("store");
    writer
        .import(&Source::named("a"), Format::Osv, stream(lines()))
        .expect("imported");
    let reader = Store::open_read_only(&path).expect("reader");
    let before = reader.snapshot_digest().expect("digest");
    writer
        .import(&Source::named("b"), Format::Osv, stream(lines()))
        .expect("imported");
    let after = reader.snapshot_digest().expect("digest");
    assert_ne!(before, after);
    assert_eq!(after, writer.snapshot_digest().expect("digest"));
    let names: Vec<String> = reader
        .sources()
        .expect("sources")
        .into_iter()
        .map(|source| source.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_an_error_or_a_report(bytes in proptest::collection::vec(any::<u8>(), 0..600), magic in 0..9_usize) {
        let magics: [&[u8]; 9] = [
            b"", &[0x1f, 0x8b, 8], &[0x28, 0xb5, 0x2f, 0xfd], b"PK\x03\x04", b"{\"id\":", b"BZh91AY&SY",
            &[0xfd, b'7', b'z', b'X', b'Z', 0], b"<oval_definitions><definitions>", b"[{\"cve_id\":",
        ];
        for format in Format::ALL {
            let input = stream([magics[magic], &bytes].concat());
            let mut store = Store::in_memory().expect("store");
            let _ = store.import(&Source::named("test"), format, input);
            prop_assert!(store.sources().is_ok());
        }
    }
}

#[test]
fn the_cve_of_a_distributions_record_is_in_its_id_and_in_what_its_notices_pass_on() {
    let record = |id: &str, more: &str| {
        format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"Ubuntu:22.04:LTS","name":"a"}},"ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"2"}}]}}]}}]{more}}}
"#
        )
    };
    let lines = [
        record("UBUNTU-CVE-2024-0001", ""),
        record("USN-1-1", r#","upstream":["UBUNTU-CVE-2024-0001"]"#),
        record(
            "x_SOME-CVE-2024-0002",
            r#","severity":[{"type":"Ubuntu","score":"negligible"}]"#,
        ),
    ];
    let (store, _) = crate::advisories::matching::testing::osv(&lines.concat());
    let outcome = crate::advisories::matching::testing::found(
        &store,
        &crate::advisories::matching::testing::on("ubuntu", "22.04"),
        &[crate::advisories::matching::testing::deb("a", "a", "1")],
    );
    let told: Vec<_> = outcome
        .matches
        .iter()
        .map(|found| {
            let advisory = &found.advisory;
            (
                advisory.id.as_str(),
                advisory.aliases.join(" "),
                advisory.severity,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "CVE-2024-0001",
                "UBUNTU-CVE-2024-0001 USN-1-1".to_owned(),
                crate::model::Severity::Unknown
            ),
            (
                "x_SOME-CVE-2024-0002",
                String::new(),
                crate::model::Severity::Negligible
            ),
        ]
    );
}
