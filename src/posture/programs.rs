//! ELF programs: the dynamic linker that each asks for, and which functions it imports that take rights. What a static program, or one
//! written in Go, needs is not told by its tables: no import is then no evidence of anything.

use object::Endianness;
use object::elf::{self, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader, SectionHeader, Sym};

use super::entries::is_program_folder;
use super::reader::has_extension;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{LayerPath, Observation, ProgramFact};

/// Functions of the C library that take rights, or ask for what a capability gives; sorted.
const FUNCTIONS: [&str; 39] = [
    "acct",
    "adjtimex",
    "cap_set_proc",
    "capset",
    "chown",
    "chroot",
    "clock_settime",
    "fchown",
    "fchownat",
    "initgroups",
    "ioperm",
    "iopl",
    "lchown",
    "mknod",
    "mknodat",
    "mlock",
    "mlockall",
    "mount",
    "pivot_root",
    "prctl",
    "ptrace",
    "quotactl",
    "reboot",
    "sched_setscheduler",
    "setdomainname",
    "setegid",
    "seteuid",
    "setfsuid",
    "setgid",
    "setgroups",
    "sethostname",
    "setns",
    "setpriority",
    "setregid",
    "setresgid",
    "setresuid",
    "setreuid",
    "setrlimit",
    "setuid",
];
/// Symbols of a program that are looked at.
const SYMBOLS: usize = 200_000;
/// Bytes of the path of a dynamic linker.
const INTERPRETER_BYTES: u64 = 256;
/// Bytes of a symbol's name.
const NAME_BYTES: u64 = 32;
/// Parts of a path up to which a file with a mode to run is taken for a program outside of a folder of programs.
const PARTS: usize = 5;

/// Reads programs.
pub(super) struct Programs;

impl Detector for Programs {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "posture/programs",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Magic(b"\x7fELF")]
    }

    /// The inventory wants every such file: that this one does, too, holds nothing more.
    fn wants(&self, entry: &Entry<'_>) -> Want {
        if is_program(entry) {
            Want::Whole { limit: u64::MAX }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let program = match file.bytes.get(4) {
            Some(1) => read::<FileHeader32<Endianness>>(file.bytes),
            Some(2) => read::<FileHeader64<Endianness>>(file.bytes),
            _ => None,
        };
        // What is damaged the inventory tells of.
        let observations = program.map(Observation::Program).into_iter().collect();
        Ok(FileFacts::of_observations(observations))
    }

    fn follows_links(&self) -> bool {
        false
    }
}

/// Where programs lie: a folder of programs, the root, or near it with a mode to run. Libraries are none, whatever their mode.
fn is_program(entry: &Entry<'_>) -> bool {
    const FOLDERS: [&str; 5] = ["usr/lib/", "usr/lib64/", "lib/", "lib64/", "usr/share/"];
    let Some((folder, name)) = entry.path.rsplit_once('/') else {
        return true;
    };
    if has_extension(name, "so")
        || name.contains(".so.")
        || has_extension(name, "ko")
        || has_extension(name, "o")
    {
        return false;
    }
    is_program_folder(folder)
        || entry.mode & 0o111 != 0
            && entry.path.split('/').count() <= PARTS
            && !FOLDERS.iter().any(|folder| entry.path.starts_with(folder))
}

/// `None` for what is no program, such as a library.
fn read<H: FileHeader<Endian = Endianness>>(bytes: &[u8]) -> Option<ProgramFact> {
    let header = H::parse(bytes).ok()?;
    let endian = header.endian().ok()?;
    let segments = header.program_headers(endian, bytes).ok()?;
    let first = |kind| {
        segments
            .iter()
            .find(|segment| segment.p_type(endian) == kind)
    };
    let interpreter = first(elf::PT_INTERP).map(|segment| {
        let (offset, size) = segment.file_range(endian);
        text(bytes, offset, size.min(INTERPRETER_BYTES))
    });
    let is_program = match header.e_type(endian) {
        elf::ET_EXEC => true,
        // A library is position independent, too, but names no dynamic linker, and is not marked as a program.
        elf::ET_DYN => {
            interpreter.is_some()
                || first(elf::PT_DYNAMIC).is_some_and(|segment| {
                    let entries = segment.dynamic(endian, bytes).ok().flatten();
                    entries.is_some_and(|entries| is_marked_as_program(entries, endian))
                })
        }
        _ => false,
    };
    is_program.then(|| ProgramFact {
        interpreter: interpreter.map(LayerPath::normalise),
        imports: imports(header, endian, bytes).unwrap_or_default(),
    })
}

/// Whether the linker wrote `DF_1_PIE`: a static program that is position independent.
fn is_marked_as_program<D: Dyn<Endian = Endianness>>(entries: &[D], endian: Endianness) -> bool {
    entries.iter().take(SYMBOLS).any(|entry| {
        entry.tag(endian) == elf::DT_FLAGS_1 && entry.val(endian) & elf::DF_1_PIE.0 != 0
    })
}

/// Of the undefined symbols those that are on the list, sorted.
fn imports<H: FileHeader<Endian = Endianness>>(
    header: &H,
    endian: Endianness,
    bytes: &[u8],
) -> Option<Vec<String>> {
    // Sections need no names for this, and a small program has none.
    let sections = header.section_headers(endian, bytes).ok()?;
    let table = sections
        .iter()
        .find(|section| section.sh_type(endian) == elf::SHT_DYNSYM)?;
    let symbols: &[H::Sym] = table.data_as_array(endian, bytes).ok()?;
    let names = sections.get(usize::try_from(table.sh_link(endian)).ok()?)?;
    let (names, _) = names.file_range(endian)?;
    let undefined = symbols
        .iter()
        .take(SYMBOLS)
        .filter(|symbol| symbol.is_undefined(endian));
    let mut found: Vec<&'static str> = undefined
        .filter_map(|symbol| {
            // Names could all be one that is as long as the file: only what the longest of the list needs is looked at.
            let start = names.checked_add(u64::from(symbol.st_name(endian)))?;
            let name = std::str::from_utf8(text(bytes, start, NAME_BYTES)).ok()?;
            let index = FUNCTIONS.binary_search(&name).ok()?;
            FUNCTIONS.get(index).copied()
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    Some(found.into_iter().map(str::to_owned).collect())
}

/// A text that ends with a zero, or after this many bytes.
fn text(bytes: &[u8], start: u64, most: u64) -> &[u8] {
    let rest = usize::try_from(start)
        .ok()
        .and_then(|start| bytes.get(start..));
    let rest = rest.unwrap_or_default();
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(rest.len());
    let text = rest.get(..most).unwrap_or_default();
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    /// A program of 64 bits, little-endian: one segment for the dynamic linker, and a table of undefined symbols.
    fn elf(kind: u16, interpreter: Option<&str>, names: &[&str]) -> Vec<u8> {
        const HEADER: u64 = 64;
        const SEGMENT: u64 = 56;
        const SYMBOL: u64 = 24;
        let linker = interpreter.unwrap_or_default().as_bytes();
        let strings: Vec<u8> = std::iter::once("")
            .chain(names.iter().copied())
            .flat_map(|name| [name.as_bytes(), b"\0"].concat())
            .collect();
        let linker_at = HEADER + SEGMENT;
        let symbols_at = (linker_at + linker.len() as u64 + 1).next_multiple_of(8);
        let symbols_size = SYMBOL * (names.len() as u64 + 1);
        let strings_at = symbols_at + symbols_size;
        let sections_at = (strings_at + strings.len() as u64).next_multiple_of(8);
        let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        out.extend([kind.to_le_bytes(), 62u16.to_le_bytes()].concat());
        out.extend(1u32.to_le_bytes());
        out.extend([0, HEADER, sections_at].map(u64::to_le_bytes).concat());
        out.extend(0u32.to_le_bytes());
        out.extend([64u16, 56, 1, 64, 3, 0].map(u16::to_le_bytes).concat());
        let segment_kind: u32 = if interpreter.is_some() { 3 } else { 4 };
        out.extend([segment_kind, 4].map(u32::to_le_bytes).concat());
        let size = linker.len() as u64 + 1;
        out.extend(
            [linker_at, 0, 0, size, size, 1]
                .map(u64::to_le_bytes)
                .concat(),
        );
        out.extend(linker);
        out.resize(usize::try_from(symbols_at).expect("small") + 24, 0);
        let mut name_at: u32 = 1;
        for name in names {
            out.extend(name_at.to_le_bytes());
            out.extend([0; 20]);
            name_at += u32::try_from(name.len()).expect("small") + 1;
        }
        out.extend(&strings);
        out.resize(usize::try_from(sections_at).expect("small") + 64, 0);
        for (kind, offset, size, link, unit) in [
            (11u32, symbols_at, symbols_size, 2u32, SYMBOL),
            (3, strings_at, strings.len() as u64, 0, 0),
        ] {
            out.extend([0, kind].map(u32::to_le_bytes).concat());
            out.extend([0, 0, offset, size].map(u64::to_le_bytes).concat());
            out.extend([link, 0].map(u32::to_le_bytes).concat());
            out.extend([1, unit].map(u64::to_le_bytes).concat());
        }
        out
    }

    fn fact(path: &str, bytes: &[u8]) -> Option<ProgramFact> {
        let facts = detect_one(&Programs, path, bytes).expect("read")?;
        match facts.observations.first() {
            Some(Observation::Program(program)) => Some(program.clone()),
            _ => None,
        }
    }

    #[test]
    fn the_list_of_functions_is_sorted_and_none_is_longer_than_what_is_looked_at() {
        assert!(FUNCTIONS.is_sorted_by(|one, other| one < other));
        assert!(
            FUNCTIONS
                .iter()
                .all(|name| (name.len() as u64) < NAME_BYTES)
        );
    }

    #[test]
    fn a_program_shows_its_dynamic_linker_and_the_functions_that_take_rights() {
        let names = ["setuid", "printf", "chown", "setuid", "chownership"];
        for kind in [2, 3] {
            let bytes = elf(kind, Some("/lib64/ld-linux-x86-64.so.2"), &names);
            let program = fact("usr/sbin/server", &bytes).expect("a program");
            let linker = LayerPath::from("lib64/ld-linux-x86-64.so.2");
            assert_eq!(program.interpreter, Some(linker));
            assert_eq!(program.imports, ["chown", "setuid"]);
        }
    }

    #[test]
    fn a_static_program_has_no_linker_and_a_library_is_no_program() {
        let program = fact("app", &elf(2, None, &[])).expect("a program");
        assert_eq!(program, ProgramFact::default());
        assert_eq!(fact("usr/bin/lib", &elf(3, None, &[])), None);
    }

    #[test]
    fn programs_are_read_where_programs_lie() {
        let wanted = |path: &str, mode: u32| {
            is_program(&Entry {
                mode,
                ..Entry::file(path, 1)
            })
        };
        for path in ["app", "usr/bin/x", "usr/lib/postgresql/15/bin/postgres"] {
            assert!(wanted(path, 0o644), "{path}");
        }
        assert!(wanted("opt/app/server", 0o755) && !wanted("opt/app/server", 0o644));
        for path in [
            "usr/lib/x/helper",
            "opt/x/libx.so.1",
            "usr/bin/x.so",
            "a/b/c/d/e/f",
        ] {
            assert!(!wanted(path, 0o755), "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_damaged_program_is_read_or_not(at in 4usize..400, byte in any::<u8>(), cut in 0usize..400) {
            let mut bytes = elf(3, Some("/lib/ld.so"), &["setuid"]);
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            bytes.truncate(bytes.len().saturating_sub(cut % 300));
            let _ = fact("app", &bytes);
        }
    }
}
