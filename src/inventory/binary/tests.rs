use proptest::prelude::*;

use super::written::{Elf, Kind, part, pe};
use super::*;
use crate::layers::{Want, detect_one};
use crate::model::GapKind;

pub(super) fn facts(path: &str, bytes: &[u8]) -> FileFacts {
    detect_one(&Binary, path, bytes)
        .expect("programs never fail as a whole")
        .expect("a path that is wanted")
}

pub(super) fn gaps(facts: &FileFacts) -> Vec<&str> {
    facts.gaps.iter().map(|gap| gap.detail.as_str()).collect()
}

const ELF: Elf = Elf::new(true, false);

#[test]
fn what_is_no_program_or_says_nothing_of_packages_is_no_gap() {
    let ordinary = ELF.write(&[part(".text", 0x1000, Kind::Code, b"\xc3")]);
    for bytes in [
        &b"MZ is also how a text can begin"[..],
        b"\x7fELF",
        b"\x7fELF and then a text that goes on for longer than the header of a program",
        b"\xca\xfe\xba\xbe\0\0\0\x34 a class for Java 8, with a table of constants",
        b"\xca\xfe\xba\xbe",
        b"\xfe\xed\xfa\xce",
        &ordinary,
        &ELF.without_sections().write(&[]),
    ] {
        assert_eq!(facts("bin/x", bytes), FileFacts::default());
    }
    let class = Binary.wants(&Entry::file("app/Main.class", 10));
    assert_eq!(class, Want::Skip);
}

#[test]
fn tables_outside_the_file_are_a_gap_and_what_can_be_read_is() {
    for elf in Elf::ALL {
        let whole = elf.write(&[part(".text", 0x1000, Kind::Code, &[0xc3; 64])]);
        let cut = facts("bin/x", &whole[..whole.len() - 100]);
        assert_eq!(
            gaps(&cut),
            ["it is damaged: its table of sections does not lie in the file"]
        );
        assert_eq!(cut.gaps[0].kind, GapKind::UnreadableFile);
        let cut = facts("bin/x", &whole[..70]);
        assert_eq!(
            gaps(&cut),
            ["it is damaged: its table of segments does not lie in the file"]
        );
    }
    let whole = pe(".text", b"code", &[]);
    assert_eq!(gaps(&facts("x.dll", &whole)), [""; 0]);
    assert_eq!(
        gaps(&facts("x.dll", &whole[..0x190])),
        ["it is damaged: its table of sections does not lie in the file"]
    );
    let universal = b"\xca\xfe\xba\xbe\0\0\0\x02 and no table";
    assert_eq!(
        gaps(&facts("x.dylib", universal)),
        ["it is damaged: its table of processors does not lie in the file"]
    );
}

#[test]
fn a_program_that_upx_packed_is_a_gap() {
    let packed = ELF.without_sections();
    let mut bytes = packed.write(&[part("", 0x1000, Kind::Code, b"\0\0\0\0UPX!\r\x1e\x0e\x0b")]);
    bytes.resize(4096, 7);
    let gap = ["it is packed with UPX: what it is made of cannot be read"];
    assert_eq!(gaps(&facts("bin/x", &bytes)), gap);
    assert_eq!(gaps(&facts("x.exe", &pe("UPX1", b"packed", &[]))), gap);
    let speaks_of_it = ELF.write(&[part(".rodata", 0x1000, Kind::Code, b"UPX!")]);
    assert_eq!(gaps(&facts("bin/x", &speaks_of_it)), [""; 0]);
}

/// A detached debug file has the table of the program, but only the content that debuggers need.
#[test]
fn sections_that_take_no_room_in_the_file_say_nothing() {
    let debug = ELF.write(&[
        part(".go.buildinfo", 0x1000, Kind::Nothing, &[0; 500]),
        part(".gopclntab", 0x2000, Kind::Nothing, &[0; 500]),
        part(".dep-v0", 0x3000, Kind::Nothing, &[0; 500]),
    ]);
    assert_eq!(facts("usr/lib/debug/x.debug", &debug), FileFacts::default());
}

#[test]
fn what_every_processor_of_a_universal_program_has_is_told_once() {
    let program = super::rust::tests::macho_with(
        r#"{"packages":[{"name":"a","version":"1.0.0","source":"local"}]}"#,
    );
    let mut bytes = b"\xca\xfe\xba\xbe\0\0\0\x02".to_vec();
    for _ in 0..2 {
        for number in [
            0x0100_000c,
            0,
            64,
            u32::try_from(program.len()).expect("a size"),
            0,
        ] {
            bytes.extend(number.to_be_bytes());
        }
    }
    bytes.resize(64, 0);
    bytes.extend(&program);
    let facts = facts("x", &bytes);
    assert_eq!(gaps(&facts), [""; 0]);
    assert_eq!(facts.packages.len(), 1);
}

/// A program with everything that is read.
fn everything() -> Vec<u8> {
    let blob = super::go::tests::inline("go1.22.3", "mod\texample.org/a\tv1.0.0\t\n");
    ELF.write(&[
        part(".go.buildinfo", 0x1000, Kind::Data, &blob),
        part(".dep-v0", 0x2000, Kind::Code, &[0x78, 0x9c, 3, 0]),
        part(".note.package", 0x3000, Kind::Note, &[4; 64]),
    ])
}

proptest! {
    #[test]
    fn any_bytes_behind_a_magic_never_panic(
        index in 0..executable::INTERESTS.len(),
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let Interest::Magic(magic) = executable::INTERESTS[index] else {
            panic!("a magic")
        };
        let _ = facts("bin/x", &[magic, &bytes].concat());
    }

    #[test]
    fn any_change_of_a_program_never_panics(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<proptest::sample::Index>(),
        which in 0..3,
    ) {
        let mut bytes = match which {
            0 => everything(),
            1 => super::pe::tests::assembly(),
            _ => super::rust::tests::macho_with("{}"),
        };
        for (index, value) in changes {
            let index = index.index(bytes.len());
            bytes[index] = value;
        }
        let length = cut.index(bytes.len() * 4).min(bytes.len());
        bytes.truncate(length);
        let _ = facts("bin/x", &bytes);
    }
}

/// Each of the sections has the same name, which has no end: to look for it must not cost sections times file.
#[test]
fn names_without_an_end_are_not_read_to_the_end_of_the_file() {
    let mut bytes = ELF.write(&[part("x", 0, Kind::Code, &[b'a'; 64])]);
    let names_at = bytes.len();
    bytes.resize(names_at + (1 << 20), b'a');
    let sections_at = bytes.len();
    for index in 0_u64..60_000 {
        let (offset, size) = if index == 1 {
            (names_at as u64, 1 << 20)
        } else {
            (64, 8)
        };
        bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]);
        for word in [0, 0, offset, size, 0, 0, 0_u64] {
            bytes.extend(word.to_le_bytes());
        }
    }
    bytes[0x28..0x30].copy_from_slice(&(sections_at as u64).to_le_bytes());
    bytes[0x3c..0x3e].copy_from_slice(&60_000_u16.to_le_bytes());
    bytes[0x3e..0x40].copy_from_slice(&1_u16.to_le_bytes());
    assert_eq!(facts("bin/x", &bytes), FileFacts::default());
}
