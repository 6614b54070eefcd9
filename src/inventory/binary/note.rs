//! The note that distributions let their linkers write into each program: `.note.package`, of which package it is.
//!
//! <https://systemd.io/PACKAGE_METADATA_FOR_EXECUTABLE_FILES/>. Where the image has the distribution's database, the note repeats what that says
//! with less: the name is the source package's (`%{NAME}` of the spec file, `DEB_SOURCE`), and the version has no epoch. So
//! what it names is *claimed*: the program was built as part of that package, which need not be installed. It counts
//! where no database owns the file, as in an image that only has programs copied from elsewhere.
//!
//! ```text
//! size of the name, size of the content, type: 4 bytes each
//! name, then content, each padded to 4 bytes: "FDO\0", {"type":"rpm","name":…}\0
//! ```

use serde::Deserialize;

use super::executable::Executable;
use crate::inventory::harvest::Harvest;
use crate::layers::Entry;
use crate::model::{Basis, Distribution, Package, PackageType, SourcePackage};

/// `NT_FDO_PACKAGING_METADATA`.
const TYPE: u32 = 0xcafe_1a7e;

/// The content, and a segment of notes. 64 KiB: they are some hundred bytes.
const LIMIT: usize = 64 << 10;

/// Segments of notes. 16: programs have up to three.
const SEGMENTS: usize = 16;

/// What a note says; other fields and other types are somebody's own.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Note {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    version: String,
    architecture: String,
    os: String,
    os_version: String,
    os_cpe: String,
    app_cpe: String,
    debug_info_url: String,
}

/// The property of what a note claims, and its value.
const CLAIMED_BY: (&str, &str) = ("claimed-by", "elf-note");

/// Whether a note claims the package.
pub(in crate::inventory) fn is_note(package: &Package) -> bool {
    let (key, value) = CLAIMED_BY;
    package.properties.get(key).is_some_and(|by| by == value)
}

pub(super) fn read(executable: &Executable<'_>, _: &Entry<'_>, harvest: &mut Harvest<'_>) {
    let contents: Vec<&[u8]> = match executable.section(&[".note.package"]) {
        Some(notes) => contents(notes, executable.is_big_endian).take(1).collect(),
        None if executable.has_sections() => return,
        None => executable
            .notes()
            .take(SEGMENTS)
            .filter(|notes| notes.len() <= LIMIT)
            .flat_map(|notes| contents(notes, executable.is_big_endian))
            .take(1)
            .collect(),
    };
    for content in contents {
        // The text ends at the first zero byte.
        let text = content.split(|byte| *byte == 0).next().unwrap_or(content);
        match serde_json::from_slice::<Note>(text) {
            Ok(note) => {
                if let Some(package) = note.into_package() {
                    harvest.package(package);
                }
            }
            Err(_) => harvest.unreadable("its note of the package that it belongs to is no JSON"),
        }
    }
}

/// The contents of the notes of this type.
fn contents(notes: &[u8], is_big_endian: bool) -> impl Iterator<Item = &[u8]> {
    let mut rest = notes;
    std::iter::from_fn(move || {
        loop {
            let name_size = take_number(&mut rest, is_big_endian)?;
            let content_size = take_number(&mut rest, is_big_endian)?;
            let kind = take_number(&mut rest, is_big_endian)?;
            let name = take_padded(&mut rest, name_size)?;
            let content = take_padded(&mut rest, content_size)?;
            if kind == TYPE && name == b"FDO\0" && content.len() <= LIMIT {
                return Some(content);
            }
        }
    })
}

fn take_number(bytes: &mut &[u8], is_big_endian: bool) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(if is_big_endian {
        u32::from_be_bytes(*number)
    } else {
        u32::from_le_bytes(*number)
    })
}

/// The last one's padding may be missing.
fn take_padded<'a>(bytes: &mut &'a [u8], size: u32) -> Option<&'a [u8]> {
    let size = usize::try_from(size).ok()?;
    let (taken, _) = bytes.split_at_checked(size)?;
    let padded = size.checked_next_multiple_of(4)?;
    *bytes = bytes.get(padded..).unwrap_or_default();
    Some(taken)
}

impl Note {
    fn into_package(self) -> Option<Package> {
        let package_type = match self.kind.as_str() {
            "deb" => PackageType::DEB,
            "rpm" => PackageType::RPM,
            "apk" => PackageType::APK,
            "alpm" => PackageType::new("alpm"),
            _ => return None,
        };
        if self.name.is_empty() || self.version.is_empty() {
            return None;
        }
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let mut package = Package::new(package_type, self.name, self.version);
        package.basis = Basis::Claimed;
        package.architecture = some(self.architecture);
        package.source = Some(SourcePackage {
            name: package.name.clone(),
            version: package.version.clone(),
        });
        let cpe = some(self.os_cpe);
        package.distribution = distribution(&self.os, self.os_version, cpe.as_deref());
        for (key, value) in [
            (CLAIMED_BY.0, some(CLAIMED_BY.1.to_owned())),
            ("os", some(self.os)),
            ("os-cpe", cpe),
            ("cpe", some(self.app_cpe)),
            ("debug-info-url", some(self.debug_info_url)),
        ] {
            if let Some(value) = value {
                package.properties.insert(key.into(), value);
            }
        }
        Some(package)
    }
}

/// Which distribution it was built for, if the note says of which release, too: else it is taken for the image's. `os` and
/// `osVersion` are os-release's `ID` and `VERSION_ID`, but Debian writes `Debian` and no release; Fedora and Red Hat write
/// only a CPE, `cpe:/o:fedoraproject:fedora:40`.
fn distribution(os: &str, version: String, cpe: Option<&str>) -> Option<Box<Distribution>> {
    let (id, version) = if os.is_empty() {
        let mut parts = cpe?.strip_prefix("cpe:/o:")?.split(':').skip(1);
        let id = match parts.next()? {
            "enterprise_linux" => "rhel",
            same @ ("fedora" | "almalinux" | "rocky") => same,
            _ => return None,
        };
        (id.to_owned(), parts.next()?.to_owned())
    } else {
        (os.to_ascii_lowercase(), version)
    };
    (!version.is_empty()).then(|| {
        Box::new(Distribution {
            id,
            version_id: Some(version),
            ..Distribution::default()
        })
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::inventory::binary::tests::{facts, gaps};
    use crate::inventory::binary::written::{Elf, Kind, part};
    use crate::model::{Basis, Package};

    fn note(elf: Elf, owner: &[u8], kind: u64, content: &[u8]) -> Vec<u8> {
        let mut bytes = elf.number(owner.len() as u64, 4);
        bytes.extend(elf.number(content.len() as u64, 4));
        bytes.extend(elf.number(kind, 4));
        for field in [owner, content] {
            bytes.extend(field);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    fn with(elf: Elf, json: &str) -> Vec<u8> {
        let mut notes = note(elf, b"GNU\0", 3, b"a build id");
        notes.extend(note(
            elf,
            b"FDO\0",
            0xcafe_1a7e,
            format!("{json}\0\0").as_bytes(),
        ));
        elf.write(&[part(".note.package", 0x1000, Kind::Note, &notes)])
    }

    fn package(json: &str) -> Package {
        let facts = facts("usr/bin/x", &with(Elf::new(true, false), json));
        assert_eq!(gaps(&facts), [""; 0]);
        facts.packages.into_iter().next().expect("one package")
    }

    const FEDORA: &str = r#"{"type":"rpm","name":"coreutils","version":"9.4-7.fc40","architecture":"x86_64","osCpe":"cpe:/o:fedoraproject:fedora:40"}"#;

    #[test]
    fn a_note_is_read_in_every_form_of_elf_with_and_without_sections() {
        for elf in Elf::ALL {
            for elf in [elf, elf.without_sections()] {
                let facts = facts("usr/bin/ls", &with(elf, FEDORA));
                assert_eq!(gaps(&facts), [""; 0]);
                let [package] = facts.packages.as_slice() else {
                    panic!("one package, not {:?}", facts.packages)
                };
                assert_eq!(
                    package.purl(None).as_deref(),
                    Some("pkg:rpm/fedora/coreutils@9.4-7.fc40?arch=x86_64&distro=fedora-40")
                );
                assert_eq!(package.basis, Basis::Claimed);
            }
        }
    }

    #[test]
    fn the_distribution_is_the_note_s_only_where_it_says_of_which_release() {
        let distribution = |fields: &str| {
            let json = format!(r#"{{"type":"deb","name":"a","version":"1"{fields}}}"#);
            let distribution = package(&json).distribution;
            distribution.map(|distribution| distribution.qualifier())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(distribution(r#","os":"Debian""#), None);
        assert_eq!(
            distribution(r#","os":"ubuntu","osVersion":"24.04""#),
            some("ubuntu-24.04")
        );
        assert_eq!(
            distribution(r#","osCpe":"cpe:/o:redhat:enterprise_linux:9""#),
            some("rhel-9")
        );
        assert_eq!(distribution(r#","osCpe":"cpe:/o:vendor:own:1""#), None);
    }

    #[test]
    fn a_note_of_an_unknown_tool_or_without_a_version_is_no_package_and_one_that_is_no_json_is_a_gap()
     {
        for (json, gap) in [
            (r#"{"type":"nix","name":"a","version":"1"}"#, None),
            (r#"{"type":"deb","name":"a"}"#, None),
            ("{}", None),
            (
                "{\"type\":",
                Some("its note of the package that it belongs to is no JSON"),
            ),
        ] {
            let facts = facts("usr/bin/x", &with(Elf::new(true, false), json));
            assert_eq!(facts.packages, []);
            assert_eq!(gaps(&facts), gap.into_iter().collect::<Vec<_>>(), "{json}");
        }
    }

    #[test]
    fn this_machine_s_systemd_says_which_package_it_is() {
        let path = "usr/bin/systemctl";
        let (Ok(bytes), Ok(listed)) = (
            std::fs::read(format!("/{path}")),
            Command::new("dpkg-query")
                .args([
                    "-W",
                    "-f",
                    "${source:Package} ${source:Version} ${Architecture}",
                    "systemd",
                ])
                .output(),
        ) else {
            println!("skipped: this machine has no systemd from a Debian package");
            return;
        };
        let facts = facts(path, &bytes);
        let Some(package) = facts.packages.first().filter(|_| listed.status.success()) else {
            println!("skipped: this machine's systemd has no note");
            return;
        };
        let architecture = package.architecture.as_deref().unwrap_or_default();
        let told = format!("{} {} {architecture}", package.name, package.version);
        assert_eq!(told, String::from_utf8_lossy(&listed.stdout));
    }
}
