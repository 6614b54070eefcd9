//! Installed Python packages: the metadata in their `.dist-info` and `.egg-info`, also in the archives that Python runs or
//! installs from, the files that they list as their own, and the copies that they have inside.
//!
//! <https://packaging.python.org/en/latest/specifications/recording-installed-packages/>. Of an egg the form is
//! <https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html>. An editable install has a `.dist-info` as every other;
//! an `.egg-link` leads to a folder with an `.egg-info`, which is read where it lies.

mod metadata;
mod record;
#[cfg(test)]
mod tests;
mod vendored;

use self::metadata::package_of;
use super::listed::Listed;
use crate::inventory::archive::{Archive, Budget, Refused};
use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Claims, Package, path_file_name, path_parent};

/// 16 MiB: the description can be a whole manual; only the head before it is read.
const METADATA_LIMIT: u64 = 16 << 20;

/// 32 MiB: a record of 200,000 files; the largest packages have a quarter of that.
const LIST_LIMIT: u64 = 32 << 20;

/// 256 MiB, as much as is held of any file. Wheels of machine learning are larger, and are deleted after they were installed.
const ARCHIVE_LIMIT: u64 = 256 << 20;

/// Reads the metadata and lists of Python packages.
pub(in crate::inventory) struct Python;

impl Detector for Python {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/python",
            version: 3,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("METADATA"),
            Interest::Name("PKG-INFO"),
            Interest::Name("RECORD"),
            Interest::Name("installed-files.txt"),
            Interest::Name("vendor.txt"),
            Interest::Name("patched.txt"),
            Interest::Extension("egg-info"),
            Interest::Extension("egg"),
            Interest::Extension("whl"),
            Interest::Extension("pex"),
            Interest::Extension("pyz"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match Kind::of(entry.path) {
            Some(kind) => Want::Whole {
                limit: kind.limit(),
            },
            None => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        let mut facts = FileFacts::default();
        match Kind::of(path) {
            Some(Kind::Metadata) => {
                let package = package_of(file.bytes)?;
                facts.claims.extend(own_folder(path, &package.name));
                facts.packages.push(package);
            }
            Some(Kind::Record) => {
                let folder = file.entry.parent();
                let mut listed = Listed::below(path_parent(folder).unwrap_or_default());
                record::read_record(file.bytes, &mut listed);
                listed.finish(owner(folder), path, &mut facts);
            }
            Some(Kind::InstalledFiles) => {
                let folder = file.entry.parent();
                let mut listed = Listed::below(folder);
                record::read_installed_files(file.bytes, &mut listed);
                listed.finish(owner(folder), path, &mut facts);
            }
            Some(Kind::Vendored) => {
                let mut harvest = Harvest::of(path);
                vendored::read(file.bytes, path, |package| harvest.package(package));
                facts = harvest.finish();
            }
            Some(Kind::Archive) => facts = read_archive(path, file.bytes),
            None => {}
        }
        Ok(facts)
    }
}

/// What a file is, from its path in the image or in an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// `METADATA`, `PKG-INFO`, or the one file that distutils wrote where setuptools writes a folder.
    Metadata,
    /// `RECORD`.
    Record,
    /// `installed-files.txt`.
    InstalledFiles,
    /// `vendor.txt`.
    Vendored,
    /// A wheel, an egg, or an application in an archive.
    Archive,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let folder = path_file_name(path_parent(path).unwrap_or_default());
        let name = path_file_name(path);
        match name {
            "METADATA" => has_ending(folder, ".dist-info").then_some(Self::Metadata),
            "PKG-INFO" => {
                (has_ending(folder, ".egg-info") || folder == "EGG-INFO").then_some(Self::Metadata)
            }
            "RECORD" => has_ending(folder, ".dist-info").then_some(Self::Record),
            "installed-files.txt" => {
                has_ending(folder, ".egg-info").then_some(Self::InstalledFiles)
            }
            "vendor.txt" | "patched.txt" => vendored::is_list(path).then_some(Self::Vendored),
            _ if has_ending(name, ".egg-info") => Some(Self::Metadata),
            _ if [".whl", ".egg", ".pex", ".pyz"]
                .iter()
                .any(|ending| has_ending(name, ending)) =>
            {
                Some(Self::Archive)
            }
            _ => None,
        }
    }

    const fn limit(self) -> u64 {
        match self {
            Self::Metadata => METADATA_LIMIT,
            Self::Record | Self::InstalledFiles | Self::Vendored => LIST_LIMIT,
            Self::Archive => ARCHIVE_LIMIT,
        }
    }
}

/// Whether a name has something in front of the ending, which some tools write in capitals.
fn has_ending(name: &str, ending: &str) -> bool {
    without_ending(name, ending).is_some_and(|stem| !stem.is_empty())
}

fn without_ending<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(stem)
}

/// The folder that is the package's alone: the one of its metadata, or the whole egg. That takes in what an installer adds to
/// it, and what is left where a distribution leaves the lists out.
fn own_folder(metadata: &str, name: &str) -> Option<Claims> {
    let folder = path_parent(metadata)?;
    let folder = match path_file_name(metadata) {
        "METADATA" | "PKG-INFO" => folder,
        _ => return None,
    };
    let is_egg = |above: &&str| {
        path_file_name(folder) == "EGG-INFO" && has_ending(path_file_name(above), ".egg")
    };
    let egg = path_parent(folder).filter(is_egg);
    Some(Claims::folder(name, egg.unwrap_or(folder)))
}

/// The package whose list lies in this folder: `NAME-VERSION.dist-info`, where a dash in the name is written as an underscore.
fn owner(folder: &str) -> String {
    let folder = path_file_name(folder);
    let stem = [".dist-info", ".egg-info"]
        .iter()
        .find_map(|ending| without_ending(folder, ending))
        .unwrap_or(folder);
    let (name, _) = stem.split_once('-').unwrap_or((stem, ""));
    normalise(name)
}

/// Every package whose metadata lies in an archive, with its path inside.
fn read_archive(path: &str, bytes: &[u8]) -> FileFacts {
    let mut harvest = Harvest::of(path);
    // Tests of packaging tools have files of these names that are no archives.
    if (Archive::begins(bytes) || bytes.starts_with(b"#!"))
        && let Err(refused) = read_members(bytes, &mut harvest)
    {
        harvest.refused("", refused);
    }
    harvest.finish()
}

fn read_members(bytes: &[u8], harvest: &mut Harvest<'_>) -> Result<(), Refused> {
    let archive = Archive::open(bytes)?;
    let mut budget = Budget::of(bytes);
    for member in archive.members() {
        let member = member?;
        let path = member.path();
        let inside = path.as_str();
        let kind = match Kind::of(inside) {
            Some(kind @ (Kind::Metadata | Kind::Vendored)) if !member.is_folder() => kind,
            _ => continue,
        };
        let content = match archive.read(&member, kind.limit(), &mut budget) {
            Ok(content) => content,
            Err(refused) => {
                harvest.refused(inside, refused);
                continue;
            }
        };
        let mut take = |mut package: Package| {
            let place = inside.to_owned();
            package.properties.insert("archive-path".into(), place);
            harvest.package(package);
        };
        match kind {
            Kind::Vendored => vendored::read(&content, inside, take),
            _ => match package_of(&content) {
                Ok(package) => take(package),
                Err(error) => harvest.unreadable(format!("{inside}: {error}")),
            },
        }
    }
    Ok(())
}

/// The name as indexes and advisories compare it: lower case, each run of `-`, `_` and `.` one dash.
///
/// <https://packaging.python.org/en/latest/specifications/name-normalization/>
pub(in crate::inventory) fn normalise(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']) {
        if !normal.ends_with('-') && !normal.is_empty() {
            normal.push('-');
        }
        normal.push_str(&part.to_ascii_lowercase());
    }
    normal
}
