//! Java archives: what they are, and all that they contain.
//!
//! What comes in: a jar, war, ear or one of their kin, wherever it lies. What goes out: its own package, the packages that
//! were merged into it (shaded), and those of every archive inside of it. Only their records are inflated: a class file is
//! never looked at.
//!
//! An archive is known by the `pom.properties` that Maven wrote into it, else by its manifest, else by its name. Where others
//! were merged into it their `pom.properties` lie beside its own: that is the one whose artifact its file is named after.

mod coordinates;
mod file_name;
mod groups;
mod manifest;
mod pom;
mod records;

use memchr::memmem;

use crate::inventory::archive::{Archive, Budget, Member, Refused};
use crate::inventory::harvest::Harvest;
use crate::layers::{
    Detector, DetectorId, Entry, EntryKind, File, FileFacts, Interest, ParseError, Want,
};
use crate::model::{ClaimKind, Claims, LayerPath};

use records::Records;

/// 256 MiB: with all of its libraries inside, an application is rarely larger.
const LIMIT: u64 = 256 << 20;

/// What is a Java archive by its name, of the image or inside of another one; and the record of one that was unpacked.
const KINDS: &[Interest] = &[
    Interest::Name(PROPERTIES),
    Interest::Extension("ear"),
    Interest::Extension("far"),
    Interest::Extension("hpi"),
    Interest::Extension("jar"),
    Interest::Extension("jmod"),
    Interest::Extension("jpi"),
    Interest::Extension("kar"),
    Interest::Extension("lpkg"),
    Interest::Extension("nar"),
    Interest::Extension("par"),
    Interest::Extension("rar"),
    Interest::Extension("sar"),
    Interest::Extension("war"),
    Interest::Extension("zap"),
];

const PROPERTIES: &str = "pom.properties";

/// Those of them that are nothing else: a `.rar` can be a RAR archive, a `.sar` statistics, a `.nar` an archive of Nix.
const SURELY: [&[u8]; 6] = [b"ear", b"hpi", b"jar", b"jmod", b"jpi", b"war"];

fn is_java(name: &[u8]) -> bool {
    let ending = ending(name);
    KINDS.iter().any(|kind| match kind {
        Interest::Extension(known) => known.as_bytes() == ending,
        _ => false,
    })
}

/// Whether bytes under this name have to be an archive: what is none is damaged.
fn has_to_be_one(name: &[u8], bytes: &[u8]) -> bool {
    SURELY.contains(&ending(name)) || Archive::begins(bytes)
}

fn ending(name: &[u8]) -> &[u8] {
    memchr::memrchr(b'.', name)
        .and_then(|dot| name.get(dot + 1..))
        .unwrap_or_default()
}

/// Reads Java archives.
pub(in crate::inventory) struct Java;

impl Detector for Java {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/java",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        KINDS
    }

    /// A link is not followed: what it leads to is read under its own name, and may be an archive that is no package.
    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.kind != EntryKind::File || entry.size == 0 {
            Want::Skip
        } else if entry.file_name() != PROPERTIES {
            Want::Whole { limit: LIMIT }
        } else if memmem::find(entry.path.as_bytes(), b"META-INF/maven/").is_some() {
            let limit = Kind::Properties.limit();
            Want::Whole { limit }
        } else {
            Want::Skip
        }
    }

    /// An archive that nothing tells the name and version of is no package. Then nobody claims the file, and it is counted
    /// and named among those that no package brought.
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        if file.entry.file_name() == PROPERTIES {
            let package = records::unpacked(path, file.bytes)?;
            return Ok(FileFacts::of_packages(vec![package]));
        }
        if !has_to_be_one(path.as_bytes(), file.bytes) {
            return Ok(FileFacts::default());
        }
        let mut reading = Reading {
            budget: Budget::of(file.bytes),
            harvest: Harvest::of(path),
        };
        let mut owner = None;
        match Archive::open(file.bytes) {
            Ok(archive) => owner = reading.read(&archive, path, ""),
            Err(refused) => reading.harvest.refused("", refused),
        }
        let mut facts = reading.harvest.finish();
        let first = || facts.packages.first().map(records::name_of);
        if let Some(owner) = owner.or_else(first) {
            let mut claims = Claims::new(owner, false);
            if claims.push(&LayerPath::from(path), ClaimKind::File, None) {
                facts.claims.push(claims);
            }
        }
        Ok(facts)
    }
}

/// What a member is, by its name.
#[derive(Clone, Copy)]
enum Kind {
    Properties,
    Project,
    Manifest,
    Archive,
}

impl Kind {
    /// Decided before anything is allocated: an archive has thousands of members that are nothing of this.
    fn of(member: &Member<'_>) -> Option<Self> {
        let name = member.name;
        if member.is_folder() {
            None
        } else if is_java(name) {
            // An empty one is a place holder.
            (member.size > 0).then_some(Self::Archive)
        } else if name.ends_with(b"/pom.properties") {
            Some(Self::Properties)
        } else if name.ends_with(b"/pom.xml") && memmem::find(name, b"META-INF/maven/").is_some() {
            Some(Self::Project)
        } else if name.eq_ignore_ascii_case(b"META-INF/MANIFEST.MF") {
            Some(Self::Manifest)
        } else {
            None
        }
    }

    /// Bytes that a member of the kind may have: far more than real ones, but signed manifests list every class.
    const fn limit(self) -> u64 {
        match self {
            Self::Properties => 64 << 10,
            Self::Project => 4 << 20,
            Self::Manifest => 16 << 20,
            Self::Archive => LIMIT,
        }
    }
}

/// The reading of one file of the image.
struct Reading<'a> {
    budget: Budget,
    harvest: Harvest<'a>,
}

impl Reading<'_> {
    /// Bytes that the path inside of the file may have, since it stands at each package: four times the longest seen.
    const INSIDE: usize = 1 << 10;

    /// Reads an archive named `path` that lies `inside` the file, or is the file. Gives the name of its own package.
    fn read(&mut self, archive: &Archive<'_>, path: &str, inside: &str) -> Option<String> {
        let mut records = Records::of(path, inside);
        let mut contains_archives = false;
        for member in archive.members() {
            let member = match member {
                Ok(member) => member,
                Err(refused) => {
                    self.harvest.refused(inside, refused);
                    break;
                }
            };
            let Some(kind) = Kind::of(&member) else {
                continue;
            };
            contains_archives |= matches!(kind, Kind::Archive);
            let name = member.path();
            let place = join(inside, name.as_str());
            if place.len() > Self::INSIDE {
                self.harvest.refused(
                    inside,
                    Refused::limit(format!(
                        "the path of an archive or a record in it has more than {} bytes",
                        Self::INSIDE
                    )),
                );
                continue;
            }
            if let Err(refused) = self.take(archive, &member, kind, &place, &mut records) {
                self.harvest.refused(&place, refused);
                if records.are_full() {
                    break;
                }
            }
            // It was told where this happened.
            if self.budget.is_spent() {
                break;
            }
        }
        let (own, packages) = records.conclude(&mut self.harvest);
        for mut package in packages {
            if contains_archives && package.namespace.is_none() {
                package
                    .properties
                    .insert("contains-archives".into(), "true".into());
            }
            self.harvest.package(package);
        }
        own
    }

    fn take(
        &mut self,
        archive: &Archive<'_>,
        member: &Member<'_>,
        kind: Kind,
        place: &str,
        records: &mut Records<'_>,
    ) -> Result<(), Refused> {
        let name = member.path();
        let content = archive.read(member, kind.limit(), &mut self.budget)?;
        match kind {
            Kind::Properties => records.properties(name.as_str(), &content)?,
            Kind::Project => records.project(name.as_str(), &content)?,
            Kind::Manifest => records.manifest(&content),
            Kind::Archive if has_to_be_one(member.name, &content) => {
                self.read(&archive.nested(&content)?, name.as_str(), place);
            }
            Kind::Archive => {}
        }
        Ok(())
    }
}

/// A member's path inside of the file: archives are parted by `!/`, as in Java's own `jar:` addresses.
fn join(outer: &str, inner: &str) -> String {
    if outer.is_empty() {
        inner.to_owned()
    } else {
        format!("{outer}!/{inner}")
    }
}

#[cfg(test)]
mod real_tests;
#[cfg(test)]
mod tests;
