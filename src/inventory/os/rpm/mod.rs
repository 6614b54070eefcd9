//! rpm's package database in the three forms that it has had: SQLite (since rpm 4.16), NDB (SUSE) and Berkeley DB (before).
//!
//! What comes in: the database file. What goes out: its packages, and the files that each brought. All three map a number to one header blob a package;
//! the form's reader hands over the blobs one by one, and `header` reads a blob, so no form knows what a package is. The
//! indexes beside the blobs repeat what is in them and are never read.

mod berkeley;
mod files;
mod header;
mod manifest;
mod ndb;
pub(in crate::inventory) mod sqlite;

use self::header::{Header, tag};
use super::owned::OwnedFiles;
use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, SourcePackage};

/// 256 MiB: the largest real databases are below 200 MiB.
const LIMIT: u64 = 256 << 20;

/// Reads rpm's databases.
pub(in crate::inventory) struct Rpm;

impl Detector for Rpm {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/rpm",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("rpmdb.sqlite"),
            Interest::Name("rpmdb.sqlite-wal"),
            Interest::Name("Packages.db"),
            Interest::Name("Packages"),
            Interest::Name(manifest::NAME),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let is_manifest = entry.file_name() == manifest::NAME;
        match entry.parent() {
            "var/lib/rpmmanifest" if is_manifest => Want::Whole { limit: LIMIT },
            _ if is_manifest => Want::Skip,
            // The second one is SUSE's and newer Fedora's, the third one that of rpm-ostree.
            "var/lib/rpm" | "usr/lib/sysimage/rpm" | "usr/share/rpm" => {
                Want::Whole { limit: LIMIT }
            }
            _ => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        if file.entry.file_name() == manifest::NAME {
            manifest::read(file.bytes, &mut harvest);
            return Ok(harvest.finish());
        }
        let mut owned = OwnedFiles::new();
        let mut number = 0;
        let mut take = |blob: Result<&[u8], ParseError>| {
            number += 1;
            let read = blob.and_then(Header::parse).and_then(|mut header| {
                let Some(package) = read_package(&mut header)? else {
                    return Ok(());
                };
                let name = package.name.clone();
                harvest.package(package);
                files::claim(&mut header, &name, &mut owned)
            });
            if let Err(error) = read {
                harvest.unreadable(format!("package {number} of it: {error}"));
            }
        };
        let read = match file.entry.file_name() {
            "rpmdb.sqlite" => sqlite::read_blobs(file.bytes, &mut take),
            "rpmdb.sqlite-wal" => sqlite::refuse_pending_changes(file.bytes),
            "Packages.db" => ndb::read_blobs(file.bytes, &mut take),
            _ => berkeley::read_blobs(file.bytes, &mut take),
        };
        // What was read before the damage is true all the same.
        if let Err(error) = read {
            harvest.unreadable(error.reason);
        }
        let mut facts = harvest.finish();
        owned.put_into(&mut facts, file.entry.path);
        Ok(facts)
    }
}

/// Takes what a form's reader finds: a header blob, or why one of them cannot be had. The reader goes on after both; what
/// ends the reading is its own error.
type Take<'take> = dyn FnMut(Result<&[u8], ParseError>) + 'take;

/// The package of one header; `None` for a signing key, which rpm keeps as a package named `gpg-pubkey`.
fn read_package(header: &mut Header<'_>) -> Result<Option<Package>, ParseError> {
    let mut needed = |tag, name| {
        let text = header.text(tag).filter(|text| !text.is_empty());
        text.ok_or_else(|| ParseError::new(format!("its header has no {name}")))
    };
    let name = needed(tag::NAME, "name")?;
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let version = needed(tag::VERSION, "version")?;
    let release = needed(tag::RELEASE, "release")?;
    // To rpm a missing epoch is epoch 0: written one way only, equal versions stay equal.
    let epoch = header
        .number(tag::EPOCH)
        .filter(|epoch| *epoch > 0)
        .map_or_else(String::new, |epoch| format!("{epoch}:"));
    let mut package = Package::new(
        PackageType::RPM,
        name,
        format!("{epoch}{version}-{release}"),
    );
    package.architecture = header.text(tag::ARCH);
    package.licenses = header.text(tag::LICENSE).into_iter().collect();
    package.source = header
        .text(tag::SOURCERPM)
        .and_then(|file| source_of(&file, &epoch));
    for (key, tag) in [
        ("vendor", tag::VENDOR),
        ("modularity-label", tag::MODULARITYLABEL),
    ] {
        if let Some(value) = header.text(tag) {
            package.properties.insert(key.into(), value);
        }
    }
    Ok(Some(package))
}

/// Reads the source package off the name of its file: `openssl-3.0.7-27.el9.src.rpm`. The name has no epoch; the binary
/// package's stands in for it, since the two are the same but where a spec file sets one for a subpackage.
fn source_of(file: &str, epoch: &str) -> Option<SourcePackage> {
    let stem = file
        .strip_suffix(".src.rpm")
        .or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(SourcePackage {
        name: name.to_owned(),
        version: format!("{epoch}{version}-{release}"),
    })
}

/// The four bytes at `offset`: every number of these formats has four, in one byte order or the other.
fn word(bytes: &[u8], offset: usize) -> Option<[u8; 4]> {
    bytes.get(offset..)?.first_chunk().copied()
}

/// A 32-bit number of a format as an index; `usize` has at least 32 bits wherever this program runs.
fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod written;
