use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

/// An archive with these members, deflated or stored.
pub(in crate::inventory) fn zip_of(
    method: CompressionMethod,
    members: &[(&str, &[u8])],
) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in members {
        writer.start_file(*name, options).expect("a new member");
        writer.write_all(content).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

fn deflated(members: &[(&str, &[u8])]) -> Vec<u8> {
    zip_of(CompressionMethod::Deflated, members)
}

/// A member's name with its content, or why that was refused.
type Read = (String, Result<Vec<u8>, String>);

fn read(bytes: &[u8]) -> Result<Vec<Read>, String> {
    let archive = Archive::open(bytes).map_err(|refused| refused.reason)?;
    let mut budget = Budget::of(bytes);
    archive
        .members()
        .map(|member| {
            let member = member.map_err(|refused| refused.reason)?;
            let content = archive
                .read(&member, 1 << 20, &mut budget)
                .map(Cow::into_owned)
                .map_err(|refused| refused.reason);
            Ok((member.path().as_str().to_owned(), content))
        })
        .collect()
}

fn contents(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    read(bytes)
        .expect("an archive")
        .into_iter()
        .map(|(name, content)| (name, content.expect("content")))
        .collect()
}

fn refusal(bytes: &[u8]) -> String {
    match read(bytes) {
        Err(reason) => reason,
        Ok(members) => members
            .into_iter()
            .find_map(|(_, content)| content.err())
            .expect("something that is refused"),
    }
}

/// Where the last record with this signature begins.
fn last(bytes: &[u8], signature: &[u8]) -> usize {
    memchr::memmem::rfind(bytes, signature).expect("a record")
}

const TWO: &[(&str, &[u8])] = &[("a", b"first"), ("b/c", &[7; 50])];

fn two() -> Vec<(String, Vec<u8>)> {
    vec![("a".into(), b"first".to_vec()), ("b/c".into(), vec![7; 50])]
}

#[test]
fn members_come_in_order_stored_or_deflated() {
    assert_eq!(contents(&zip_of(CompressionMethod::Stored, TWO)), two());
    assert_eq!(contents(&deflated(TWO)), two());
    assert_eq!(contents(&deflated(&[])), []);
}

#[test]
fn bytes_in_front_and_a_comment_behind_are_no_matter() {
    let mut script = b"#!/bin/sh\nexec java -jar \"$0\"\nexit\n".to_vec();
    script.extend(deflated(TWO));
    assert!(!Archive::begins(&script));
    assert_eq!(contents(&script), two());

    let mut writer = ZipWriter::new_append(Cursor::new(deflated(TWO))).expect("an archive");
    // What reads like an end record inside the comment is not the end.
    let comment = format!("PK\u{5}\u{6} and PK\u{5}\u{6}{}", "\u{1}".repeat(30));
    writer.set_comment(comment).expect("a short comment");
    let commented = writer.finish().expect("memory").into_inner();
    assert_eq!(contents(&commented), two());
}

#[test]
fn zip64_is_read_with_bytes_in_front_too() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for number in 0..70_000 {
        writer
            .start_file(number.to_string(), options)
            .expect("a new member");
    }
    writer
        .start_file("large", options.large_file(true))
        .expect("a new member");
    writer.write_all(b"content").expect("memory");
    let many = writer.finish().expect("memory").into_inner();
    for prefix in ["", "#!/bin/sh\n"] {
        let bytes = [prefix.as_bytes(), &many].concat();
        let found = contents(&bytes);
        assert_eq!(found.len(), 70_001);
        assert_eq!(found[70_000], ("large".into(), b"content".to_vec()));
    }
}

#[test]
fn of_members_with_the_same_name_each_is_given() {
    let mut bytes = deflated(&[("aa", b"1"), ("ab", b"2")]);
    for place in memchr::memmem::find_iter(&bytes.clone(), b"ab") {
        bytes[place + 1] = b'a';
    }
    assert_eq!(
        contents(&bytes),
        [("aa".into(), b"1".to_vec()), ("aa".into(), b"2".to_vec())]
    );
}

#[test]
fn a_name_cannot_lead_out_and_may_be_of_any_bytes() {
    let mut bytes = deflated(&[("../../etc/passwd", b""), ("name", b""), ("folder/", b"")]);
    for place in memchr::memmem::find_iter(&bytes.clone(), b"name") {
        bytes[place] = 0xff;
    }
    let archive = Archive::open(&bytes).expect("an archive");
    let names: Vec<(String, bool)> = archive
        .members()
        .map(|member| member.expect("a member"))
        .map(|member| (member.path().as_str().to_owned(), member.is_folder()))
        .collect();
    assert_eq!(
        names,
        [
            ("etc/passwd".into(), false),
            ("\\xffame".into(), false),
            ("folder".into(), true)
        ]
    );
}

#[test]
fn what_is_no_archive_or_cut_off_is_refused() {
    let whole = deflated(TWO);
    for bytes in [
        b"".as_slice(),
        b"hello",
        &vec![0; 100_000],
        &whole[..whole.len() - 30],
    ] {
        assert_eq!(
            refusal(bytes),
            "it is no zip archive, or its end is missing"
        );
    }
    // The first member is lost, and with it where the others lie.
    assert_eq!(
        refusal(&whole[40..]),
        "it is no zip archive, or its end is missing"
    );
}

#[test]
fn a_directory_that_stops_making_sense_ends_with_a_refusal() {
    let mut bytes = deflated(TWO);
    let second = last(&bytes, b"PK\x01\x02");
    bytes[second] = b'X';
    let archive = Archive::open(&bytes).expect("an archive");
    let members: Vec<bool> = archive.members().map(|member| member.is_ok()).collect();
    assert_eq!(members, [true, false]);
}

#[test]
fn a_member_that_is_not_as_promised_is_refused() {
    // The offset in the directory's record, the byte that stands there then, and what is told.
    for (offset, byte, reason) in [
        (8, 1, "it is encrypted"),
        (10, 12, "it is packed by method 12, which is not known"),
        (10, 0, "it has not the size that the archive says"),
        (16, 1, "its checksum is wrong"),
        (20, 3, "it cannot be inflated"),
        (23, 9, "the archive has no bytes where it should lie"),
        (24, 4, "it has not the size that the archive says"),
        (25, 4, "it has not the size that the archive says"),
        (27, 4, "it has more than 1048576 bytes"),
        (42, 9, "the archive has no bytes where it should lie"),
    ] {
        let mut bytes = deflated(&[("a", b"some content")]);
        let record = last(&bytes, b"PK\x01\x02");
        bytes[record + offset] = byte;
        assert_eq!(refusal(&bytes), reason, "byte {offset}");
    }
}

/// An archive in an archive, so often.
fn nested(levels: usize) -> Vec<u8> {
    (0..levels).fold(deflated(&[("a", b"innermost")]), |inner, _| {
        deflated(&[("a", &inner)])
    })
}

/// Follows the first members down; gives the levels, and what ended it.
fn descend(archive: Archive<'_>, budget: &mut Budget, level: u32) -> (u32, Option<Refused>) {
    let member = archive.members().next().expect("one").expect("a member");
    let content = match archive.read(&member, 256 << 20, budget) {
        Ok(content) => content,
        Err(refused) => return (level, Some(refused)),
    };
    if !Archive::begins(&content) {
        return (level, None);
    }
    match archive.nested(&content) {
        Ok(inner) => descend(inner, budget, level + 1),
        Err(refused) => (level, Some(refused)),
    }
}

#[test]
fn archives_nest_to_a_depth_that_is_told() {
    for (levels, expected) in [(16, 16), (17, 16), (100, 16)] {
        let bytes = nested(levels);
        let archive = Archive::open(&bytes).expect("an archive");
        let (reached, refused) = descend(archive, &mut Budget::of(&bytes), 0);
        assert_eq!(reached, expected);
        let kind = (levels > 16).then_some(GapKind::LimitReached);
        assert_eq!(refused.map(|refused| refused.kind), kind);
    }
}

#[test]
fn what_is_held_at_once_is_bounded_over_all_levels() {
    let zeros = vec![0; 200 << 20];
    let inner = deflated(&[("a", &zeros)]);
    let padding = vec![0; 100 << 20];
    let padded = [padding.as_slice(), &inner].concat();
    let bytes = deflated(&[("a", &padded)]);
    let archive = Archive::open(&bytes).expect("an archive");
    // A budget for a large file: it is not what is tried here.
    let mut budget = Budget {
        left: u64::MAX,
        is_spent: false,
    };
    let outer = archive.members().next().expect("one").expect("a member");
    let held = archive
        .read(&outer, 256 << 20, &mut budget)
        .expect("100 MiB");
    let inside = archive.nested(&held).expect("an archive");
    let member = inside.members().next().expect("one").expect("a member");
    let refused = inside
        .read(&member, 256 << 20, &mut budget)
        .expect_err("300 MiB at once");
    assert_eq!(refused.kind, GapKind::LimitReached);
}

#[test]
fn a_bomb_is_stopped_by_the_budget_and_so_is_everything_after_it() {
    let zeros = vec![0; 20 << 20];
    let bytes = deflated(&[
        ("a", &zeros),
        ("b", &zeros),
        ("c", &zeros),
        ("d", &zeros),
        ("e", b""),
    ]);
    let archive = Archive::open(&bytes).expect("an archive");
    let mut budget = Budget::of(&bytes);
    let read: Vec<Option<GapKind>> = archive
        .members()
        .map(|member| {
            let content = archive.read(&member.expect("a member"), 256 << 20, &mut budget);
            content.err().map(|refused| refused.kind)
        })
        .collect();
    let limit = Some(GapKind::LimitReached);
    assert_eq!(read, [None, None, None, limit, limit]);
    assert!(budget.is_spent());
}

#[test]
fn members_that_share_their_bytes_pay_for_each() {
    // A member of stored bytes costs what it has, although nothing is inflated.
    let megabyte = vec![1; 1 << 20];
    let bytes = zip_of(CompressionMethod::Stored, &[("a", &megabyte)]);
    let archive = Archive::open(&bytes).expect("an archive");
    let mut budget = Budget::of(&bytes);
    let member = archive.members().next().expect("one").expect("a member");
    let times = (0..1000)
        .take_while(|_| archive.read(&member, 1 << 20, &mut budget).is_ok())
        .count();
    assert_eq!(times, 79);
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_damaged_archive_never_panics(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
    ) {
        let mut bytes = deflated(TWO);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = read(&bytes);
        let _ = read(&bytes[cut.index(bytes.len())..]);
        let _ = read(&bytes[..cut.index(bytes.len())]);
    }
}
