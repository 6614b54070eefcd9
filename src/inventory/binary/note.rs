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

/// The content. 64 KiB: it is some 200 bytes.
const LIMIT: usize = 64 << 10;

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

pub(super) fn read(executable: &Executable<'_>, _: &Entry<'_>, harvest: &mut Harvest<'_>) {
    let contents: Vec<&[u8]> = match executable.section(&[".note.package"]) {
        Some(notes) => contents(notes, executable.is_big_endian).take(1).collect(),
        None if executable.has_sections() => return,
        None => executable
            .notes()
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
        package
            .properties
            .insert("claimed-by".into(), "elf-note".into());
        for (key, value) in [
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
