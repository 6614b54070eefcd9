//! Secrets in members of archives, in archives in archives, and in text of two bytes a character.

use std::io::Write as _;

use super::{engine, scan, token};
use crate::layers::FileFacts;
use crate::model::GapKind;

fn zip_of(members: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("a zip").into_inner()
}

/// A zip whose sizes stand behind the data, as those have that are written to a pipe.
fn streamed_zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new_stream(Vec::new());
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in members {
        writer.start_file(*name, options).expect("a member");
        writer.write_all(bytes).expect("written");
    }
    writer.finish().expect("a zip").into_inner()
}

fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::GzBuilder::new()
        .filename("inner")
        .write(Vec::new(), flate2::Compression::default());
    writer.write_all(bytes).expect("written");
    writer.finish().expect("a gzip")
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder
            .append_data(&mut header, name, *bytes)
            .expect("a member");
    }
    builder.into_inner().expect("a tar")
}

/// Members in which the token was found, with the line.
fn found(path: &str, bytes: &[u8]) -> Vec<(Option<String>, u64)> {
    let engine = engine();
    let whole = scan(&engine, path, bytes, bytes.len());
    for chunk in [1000, 7] {
        assert_eq!(
            scan(&engine, path, bytes, chunk),
            whole,
            "chunks of {chunk}"
        );
    }
    members(whole)
}

fn members(facts: FileFacts) -> Vec<(Option<String>, u64)> {
    assert_eq!(facts.gaps, []);
    let hits = facts.secrets.into_iter();
    hits.map(|hit| (hit.member, hit.line)).collect()
}

fn one(member: &str, line: u64) -> Vec<(Option<String>, u64)> {
    vec![(Some(member.to_owned()), line)]
}

#[test]
fn members_of_a_zip_are_searched_however_they_are_stored() {
    let text = format!("first\nkey = {}\n{}", token(1), "padding ".repeat(50_000));
    let members: [(&str, &[u8]); 3] = [
        ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n"),
        ("conf/app.properties", text.as_bytes()),
        ("empty", b""),
    ];
    for method in [
        zip::CompressionMethod::Deflated,
        zip::CompressionMethod::Stored,
    ] {
        let zip = zip_of(&members, method);
        assert_eq!(
            found("srv/app.jar", &zip),
            one("conf/app.properties", 2),
            "{method:?}"
        );
    }
    assert_eq!(
        found("srv/app.jar", &streamed_zip(&members)),
        one("conf/app.properties", 2)
    );
}

#[test]
fn a_gzip_is_one_member_and_several_streams_are_one_file() {
    let text = format!("key = {}\n", token(2));
    assert_eq!(
        found("var/log/app.log.gz", &gzip_of(text.as_bytes())),
        one("app.log", 1)
    );
    let twice = [gzip_of(b"a\nb\n"), gzip_of(text.as_bytes())].concat();
    assert_eq!(found("app.log.gz", &twice), one("app.log", 3));
}

#[test]
fn archives_in_archives_are_opened_and_their_names_joined() {
    let text = format!("key = {}\n", token(3));
    let long = format!("{}config", "folder/".repeat(30));
    let jar = zip_of(
        &[("conf/key", text.as_bytes())],
        zip::CompressionMethod::Deflated,
    );
    let tar = tar_of(&[("readable", b"nothing"), (&long, text.as_bytes())]);
    assert_eq!(found("srv/a.tar", &tar), one(&long, 1));
    assert_eq!(found("srv/a.tgz", &gzip_of(&tar)), one(&long, 1));
    let war = zip_of(
        &[("WEB-INF/lib/a.jar", &jar)],
        zip::CompressionMethod::Stored,
    );
    assert_eq!(
        found("srv/a.war", &war),
        one("WEB-INF/lib/a.jar!conf/key", 1)
    );
}

#[test]
fn archives_nested_too_deep_and_bombs_are_bounded_and_leave_a_gap() {
    let engine = engine();
    let mut nested = format!("key = {}\n", token(4)).into_bytes();
    for _ in 0..8 {
        nested = gzip_of(&nested);
    }
    let facts = scan(&engine, "a.gz", &nested, nested.len());
    assert_eq!(facts.gaps.len(), 1);
    assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);

    let zeros = vec![0_u8; 1 << 20];
    let members: Vec<(String, &[u8])> = (0..20)
        .map(|number| (number.to_string(), &zeros[..]))
        .collect();
    let members: Vec<(&str, &[u8])> = members
        .iter()
        .map(|(name, bytes)| (name.as_str(), *bytes))
        .collect();
    let bomb = zip_of(&members, zip::CompressionMethod::Deflated);
    let facts = scan(&engine, "bomb.zip", &bomb, bomb.len());
    assert_eq!(facts.gaps.len(), 1);
    assert!(
        facts.gaps[0].detail.contains("unpack to more"),
        "{:?}",
        facts.gaps
    );
}

#[test]
fn damaged_archives_cost_only_themselves() {
    let text = format!("key = {}\n", token(5));
    let members: [(&str, &[u8]); 2] = [("a", text.as_bytes()), ("b", text.as_bytes())];
    let zip = zip_of(&members, zip::CompressionMethod::Deflated);
    let engine = engine();
    for at in 0..zip.len() {
        let mut damaged = zip.clone();
        damaged[at] ^= 0x55;
        scan(&engine, "a.zip", &damaged, 13);
        scan(&engine, "a.zip", &zip[..at], at.max(1));
    }
}

#[test]
fn text_of_two_bytes_a_character_is_searched_in_either_order_and_between_other_bytes() {
    let text = format!("first\nkey = {}\n", token(6));
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(
        found("a.reg", &[&[0xff, 0xfe][..], &little].concat()),
        [(None, 2)]
    );
    assert_eq!(
        found("a.reg", &[&[0xfe, 0xff][..], &big].concat()),
        [(None, 2)]
    );
    assert_eq!(
        found(
            "a.exe",
            &[&[0x90; 1001][..], &little, &[0x90; 1000]].concat()
        ),
        [(None, 2)]
    );
    for before in [131_000, 114_400, 114_688] {
        let far = [&vec![1; before][..], &big].concat();
        assert_eq!(found("a.dll", &far), [(None, 2)], "{before}");
    }
}
