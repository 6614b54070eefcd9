//! What `cargo auditable` writes into a program: the crates that it is built from, in the section `.dep-v0`.
//!
//! The section is a JSON document, compressed as zlib does; its schema is `cargo-auditable.schema.json` of
//! <https://github.com/rust-secure-code/cargo-auditable>. Crates that only ran during the build (`kind: build`, procedural
//! macros among them) are left out: nothing of them is in the program. A program without the section is not known to
//! be of Rust.

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::executable::Executable;
use crate::inventory::harvest::Harvest;
use crate::layers::Entry;
use crate::model::limits::read_at_most;
use crate::model::{Package, PackageType};

/// 8 MiB, as other readers of the format allow: the largest programs have some 100 KiB.
const LIMIT: u64 = 8 << 20;

#[derive(Deserialize)]
struct Audit {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// `crates.io`, `git`, `local`, `registry`, or what later versions may say.
    #[serde(default)]
    source: String,
    /// `runtime` where it says nothing.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    root: bool,
}

pub(super) fn read(executable: &Executable<'_>, _: &Entry<'_>, harvest: &mut Harvest<'_>) {
    let Some(section) = executable.section(&[".dep-v0"]) else {
        return;
    };
    let json = match read_at_most(ZlibDecoder::new(section), LIMIT) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            harvest.limit_reached(format!("its list of crates: {error}"));
            return;
        }
        Err(_) => {
            harvest.unreadable("its list of crates cannot be inflated");
            return;
        }
    };
    let Ok(audit) = serde_json::from_slice::<Audit>(&json) else {
        harvest.unreadable("its list of crates is not of the form that cargo auditable writes");
        return;
    };
    let compiler = compiler_of(executable);
    for dependency in audit.packages {
        if dependency.name.is_empty() {
            harvest.unreadable("a crate of its list has no name");
        } else if dependency.kind != "build" {
            harvest.package(dependency.into_package(compiler));
        }
    }
}

impl Crate {
    fn into_package(self, compiler: Option<&str>) -> Package {
        let mut package = Package::new(PackageType::new("cargo"), self.name, self.version);
        let mut put = |key: &str, value: &str| {
            package.properties.insert(key.into(), value.into());
        };
        if !self.source.is_empty() {
            put("source", &self.source);
        }
        if self.root {
            put("role", "root");
            if let Some(compiler) = compiler {
                put("rustc-version", compiler);
            }
        }
        package
    }
}

/// The compiler's release, if the remarks that compilers leave in `.comment` name just one: `rustc version 1.75.0 (…)`. The
/// standard library is then most likely of that release, too, which nothing records.
fn compiler_of<'a>(executable: &Executable<'a>) -> Option<&'a str> {
    let remarks = executable.section(&[".comment"])?.split(|byte| *byte == 0);
    let mut releases = remarks.filter_map(|remark| {
        let release = std::str::from_utf8(remark.strip_prefix(b"rustc version ")?);
        release.ok()?.split(' ').next()
    });
    let first = releases.next()?;
    releases.all(|other| other == first).then_some(first)
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use crate::inventory::binary::tests::{facts, gaps};
    use crate::inventory::binary::written::{Elf, Kind, part, pe};
    use crate::model::GapKind;

    fn deflated(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).expect("memory is enough");
        encoder.finish().expect("memory is enough")
    }

    /// What `cargo auditable` 0.7.7 wrote for a program with memchr and serde, but the indices of dependencies.
    const AUDIT: &str = r#"{"packages":[
        {"name":"hello","version":"0.1.0","source":"local","dependencies":[1,4],"root":true},
        {"name":"memchr","version":"2.8.3","source":"crates.io"},
        {"name":"proc-macro2","version":"1.0.103","source":"crates.io","kind":"build"},
        {"name":"fork","version":"0.3.0","source":"git","kind":"runtime"},
        {"name":"serde","version":"1.0.229","source":"crates.io","kind":"runtime","new":{}}
    ],"format":1}"#;

    /// A Mach-O program of 64 bits with one section.
    pub(in crate::inventory::binary) fn macho_with(audit: &str) -> Vec<u8> {
        let section = deflated(audit.as_bytes());
        let size = section.len() as u64;
        let mut bytes = Vec::new();
        // The header; one load command, LC_SEGMENT_64, with one section behind it.
        for number in [0xfeed_facf_u32, 0x0100_000c, 0, 2, 1, 152, 0, 0, 0x19, 152] {
            bytes.extend(number.to_le_bytes());
        }
        let name = |name: &[u8]| [name, &[0; 16][name.len()..]].concat();
        bytes.extend(name(b"__DATA"));
        for number in [0x1000_u64, size, 184, size] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [3_u32, 3, 1, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(name(b".dep-v0"));
        bytes.extend(name(b"__DATA"));
        for number in [0x1000_u64, size] {
            bytes.extend(number.to_le_bytes());
        }
        for number in [184_u32, 0, 0, 0, 0, 0, 0, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(section);
        bytes
    }

    fn elf_with(section: &[u8]) -> Vec<u8> {
        let comment =
            b"GCC: (Debian 12.2.0-14) 12.2.0\0rustc version 1.95.0 (abcdef012 2026-04-14)\0";
        Elf::new(true, false).write(&[
            part(".dep-v0", 0x1000, Kind::Code, section),
            part(".comment", 0, Kind::Code, comment),
        ])
    }

    #[test]
    fn crates_in_the_program_are_told_in_every_format_and_those_of_the_build_are_not() {
        let audit = deflated(AUDIT.as_bytes());
        for bytes in [
            elf_with(&audit),
            pe(".dep-v0", &audit, &[]),
            macho_with(AUDIT),
        ] {
            let facts = facts("bin/hello", &bytes);
            let names: Vec<(&str, &str, &str)> = facts
                .packages
                .iter()
                .map(|package| {
                    let source = package.properties["source"].as_str();
                    (package.name.as_str(), package.version.as_str(), source)
                })
                .collect();
            assert_eq!(
                names,
                [
                    ("fork", "0.3.0", "git"),
                    ("hello", "0.1.0", "local"),
                    ("memchr", "2.8.3", "crates.io"),
                    ("serde", "1.0.229", "crates.io"),
                ]
            );
            assert_eq!(gaps(&facts), [""; 0]);
            assert_eq!(facts.packages[1].properties["role"], "root");
        }
        let facts = facts("bin/hello", &elf_with(&audit));
        assert_eq!(facts.packages[1].properties["rustc-version"], "1.95.0");
        assert_eq!(facts.packages[2].properties.get("rustc-version"), None);
    }

    #[test]
    fn a_list_that_cannot_be_read_is_a_gap() {
        for (section, gap) in [
            (b"no zlib".to_vec(), "its list of crates cannot be inflated"),
            (
                deflated(b"{\"packages\":[{}]}"),
                "its list of crates is not of the form that cargo auditable writes",
            ),
            (
                deflated(br#"{"packages":[{"name":"","version":"1.0.0"}]}"#),
                "a crate of its list has no name",
            ),
            (
                deflated(AUDIT.as_bytes())[..40].to_vec(),
                "its list of crates cannot be inflated",
            ),
        ] {
            assert_eq!(gaps(&facts("bin/x", &elf_with(&section))), [gap]);
        }
    }

    #[test]
    fn a_list_that_inflates_without_end_is_a_limit() {
        let facts = facts("bin/x", &elf_with(&deflated(&vec![b' '; 20 << 20])));
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
        assert_eq!(
            gaps(&facts),
            ["its list of crates: more than the limit of 8388608 bytes"]
        );
    }
}
