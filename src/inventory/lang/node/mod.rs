//! Installed Node packages: the `package.json` of each folder directly in a `node_modules`, npm's list of what it installed
//! there, and the archives that Yarn's Plug'n'Play and Electron run from.
//!
//! npm's own dependencies, global packages, bundled dependencies and pnpm's store all lie in a `node_modules`, too. Left out are
//! applications, tests' data and the `package.json` that builds put into `dist/` to choose a module system. What a bundler has
//! put into one file cannot be told from any other script.

mod asar;
mod hidden_lock;
mod manifest;
#[cfg(test)]
mod tests;

use self::manifest::Manifest;
use crate::inventory::archive::{Archive, Budget, Refused};
use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Claims, Package, PackageType, path_file_name, path_parent};

/// 4 MiB: old versions of npm wrote the whole manual into it.
const MANIFEST_LIMIT: u64 = 4 << 20;

/// 32 MiB: the list of 60,000 packages.
const LOCK_LIMIT: u64 = 32 << 20;

/// 256 MiB, as much as is held of any file: Yarn packs each package into an archive of its own.
const ARCHIVE_LIMIT: u64 = 256 << 20;

/// What is wrong with a file that cannot be read at all.
const NOT_JSON: &str = "it is no JSON object";

/// Reads the manifests and lists of installed Node packages.
pub(in crate::inventory) struct Node;

impl Detector for Node {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/node",
            version: 3,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("package.json"),
            Interest::Name(".package-lock.json"),
            Interest::Extension("zip"),
            Interest::Extension("asar"),
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
        match Kind::of(path) {
            Some(Kind::Manifest(place)) => read_manifest(path, file.bytes, place),
            Some(Kind::HiddenLock) => hidden_lock::read(path, file.bytes),
            Some(Kind::Archive) => Ok(read_archive(path, file.bytes)),
            Some(Kind::Asar) => Ok(asar::read(path, file.bytes)),
            None => Ok(FileFacts::default()),
        }
    }
}

/// What a file is, from its path in the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The manifest of a package.
    Manifest(Place),
    /// npm's list of a `node_modules`.
    HiddenLock,
    /// A package of Yarn's cache.
    Archive,
    /// An application of Electron's.
    Asar,
}

/// Where a manifest lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a `node_modules`: it is installed.
    NodeModules,
    /// In a folder that is named after the package and its version: a tool runs it from there.
    Named,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let folder = path_parent(path)?;
        match path_file_name(path) {
            "package.json" if is_package_folder(folder) => Some(Self::Manifest(Place::NodeModules)),
            "package.json" if named_folder(folder).is_some() => Some(Self::Manifest(Place::Named)),
            ".package-lock.json" if path_file_name(folder) == "node_modules" => {
                Some(Self::HiddenLock)
            }
            // A project's own cache, and the one of all projects of a user (`enableGlobalCache`).
            name if name.strip_suffix(".zip").is_some() && path_file_name(folder) == "cache" => {
                let above = path_parent(folder).unwrap_or_default();
                let is_yarns = path_file_name(above) == ".yarn"
                    || path_file_name(above) == "berry"
                        && path_parent(above).is_some_and(|it| path_file_name(it) == ".yarn");
                is_yarns.then_some(Self::Archive)
            }
            name if name.strip_suffix(".asar").is_some() => Some(Self::Asar),
            _ => None,
        }
    }

    const fn limit(self) -> u64 {
        match self {
            Self::Manifest(_) => MANIFEST_LIMIT,
            Self::HiddenLock => LOCK_LIMIT,
            Self::Archive | Self::Asar => ARCHIVE_LIMIT,
        }
    }
}

/// Whether the folder is `…/node_modules/NAME` or `…/node_modules/@scope/NAME`. A name cannot begin with a dot: `.cache`,
/// `.bin` and `.pnpm` are tools' own folders.
fn is_package_folder(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let name_is_free = |name: &str| !name.is_empty() && !name.starts_with(['.', '@']);
    if !parts.next().is_some_and(name_is_free) {
        return false;
    }
    match parts.next() {
        Some("node_modules") => true,
        Some(scope) if scope.starts_with('@') => parts.next() == Some("node_modules"),
        _ => false,
    }
}

/// The name and version that the folder itself says, for places where tools unpack a package to run it: Deno's cache
/// (`npm/REGISTRY/NAME/VERSION`), Corepack's (`corepack/v1/NAME/VERSION`), and the `yarn-vVERSION` of Yarn's own archive, which
/// Node's official images have in `/opt`.
fn named_folder(folder: &str) -> Option<(&str, &str)> {
    let (above, last) = folder.rsplit_once('/')?;
    if let Some(version) = last.strip_prefix("yarn-v") {
        return Some(("yarn", version));
    }
    let (rest, name) = above.rsplit_once('/')?;
    let mut parts = rest.rsplit('/');
    let (place, name) = match parts.next()? {
        scope if scope.starts_with('@') => {
            let scoped = above.get(above.len() - name.len() - 1 - scope.len()..)?;
            (parts.next()?, scoped)
        }
        place => (place, name),
    };
    let tool = parts.next()?;
    let is_registry = tool == "npm" && place.contains('.');
    let is_corepack = tool == "corepack" && place == "v1";
    (is_registry || is_corepack).then_some((name, last))
}

fn read_manifest(path: &str, bytes: &[u8], place: Place) -> Result<FileFacts, ParseError> {
    let mut facts = FileFacts::default();
    let folder = path_parent(path).unwrap_or_default();
    if let Some(package) = Manifest::read(bytes)?.into_package() {
        let name = package.full_name();
        let is_named = || named_folder(folder) == Some((name.as_str(), package.version.as_str()));
        if place == Place::NodeModules || is_named() {
            facts.claims.push(Claims::folder(name, folder));
            facts.packages.push(package);
        }
    }
    Ok(facts)
}

/// Every package of an archive: what it is, and what it bundles.
fn read_archive(path: &str, bytes: &[u8]) -> FileFacts {
    let mut harvest = Harvest::of(path);
    if let Err(refused) = read_members(bytes, &mut harvest) {
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
        if Kind::of(inside) != Some(Kind::Manifest(Place::NodeModules)) || member.is_folder() {
            continue;
        }
        let content = match archive.read(&member, MANIFEST_LIMIT, &mut budget) {
            Ok(content) => content,
            Err(refused) => {
                harvest.refused(inside, refused);
                continue;
            }
        };
        read_inside(inside, &content, harvest);
    }
    Ok(())
}

/// Takes the package of a manifest in an archive.
fn read_inside(inside: &str, manifest: &[u8], harvest: &mut Harvest<'_>) {
    match Manifest::read(manifest).map(Manifest::into_package) {
        Ok(Some(mut package)) => {
            let place = inside.to_owned();
            package.properties.insert("archive-path".into(), place);
            harvest.package(package);
        }
        Ok(None) => {}
        Err(error) => harvest.unreadable(format!("{inside}: {error}")),
    }
}

/// A package by the name that npm uses, with its scope; `None` for a scope alone.
fn package(full_name: &str, version: &str) -> Option<Package> {
    let (scope, name) = match full_name.split_once('/') {
        Some((scope, name)) if scope.starts_with('@') => (Some(scope), name),
        _ => (None, full_name),
    };
    if name.is_empty() {
        return None;
    }
    let mut package = Package::new(PackageType::NPM, name, version);
    package.namespace = scope.map(str::to_owned);
    Some(package)
}
