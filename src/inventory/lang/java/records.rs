//! What the records of one archive say, and what is concluded from them: its own package, and those merged into it.

use std::collections::{BTreeMap, BTreeSet};

use super::coordinates::Coordinates;
use super::file_name::FileName;
use super::groups::{group_of, well_known};
use super::join;
use super::manifest::Manifest;
use super::pom::Pom;
use crate::inventory::archive::Refused;
use crate::inventory::harvest::Harvest;
use crate::layers::ParseError;
use crate::model::{Basis, Package, PackageType, path_file_name, path_parent};

const MAVEN: PackageType = PackageType::new("maven");
const MANIFEST: &str = "META-INF/MANIFEST.MF";

/// The name that users know: `GROUP:ARTIFACT`.
pub(super) fn name_of(package: &Package) -> String {
    match &package.namespace {
        Some(group) => format!("{group}:{}", package.name),
        None => package.name.clone(),
    }
}

/// The package of a `pom.properties` that is a file of the image: an archive was unpacked there.
pub(super) fn unpacked(path: &str, content: &[u8]) -> Result<Package, ParseError> {
    let missing = |what| ParseError::new(format!("it has no {what}"));
    let read = Coordinates::of_properties(content, path).ok_or_else(|| missing("coordinates"))?;
    let version = read.version.ok_or_else(|| missing("version"))?;
    let mut package = Package::new(MAVEN, read.artifact, version);
    package.namespace = Some(read.group);
    Ok(package)
}

/// The records of one archive.
pub(super) struct Records<'a> {
    /// Its own path, in the image or in the archive around it.
    path: &'a str,
    /// Its path inside of the file of the image; empty if it is that file.
    inside: &'a str,
    /// By folder: `META-INF/maven/GROUP/ARTIFACT`.
    projects: BTreeMap<String, Project>,
    manifest: Option<Manifest>,
    /// Records that were taken.
    taken: usize,
}

/// What Maven wrote into one folder.
#[derive(Default)]
struct Project {
    /// One, unless the archive has several members of the same name.
    properties: BTreeSet<Coordinates>,
    pom: Option<Pom>,
}

/// A package that a record names.
struct Recorded {
    coordinates: Coordinates,
    licenses: Vec<String>,
    /// The record's path in the archive.
    record: String,
}

impl<'a> Records<'a> {
    /// Records of one archive: ten times as many as the largest have.
    const RECORDS: usize = 10_000;

    pub(super) fn of(path: &'a str, inside: &'a str) -> Self {
        Self {
            path,
            inside,
            projects: BTreeMap::new(),
            manifest: None,
            taken: 0,
        }
    }

    /// Takes a `pom.properties`, wherever in the archive: it says what it is about.
    pub(super) fn properties(&mut self, path: &str, content: &[u8]) -> Result<(), Refused> {
        if let Some(coordinates) = Coordinates::of_properties(content, path) {
            self.project_at(path)?.properties.insert(coordinates);
        }
        Ok(())
    }

    /// Takes a `pom.xml`, if it is where Maven puts the archive's own: others are templates and tests' data.
    pub(super) fn project(&mut self, path: &str, content: &[u8]) -> Result<(), Refused> {
        if Coordinates::of_path(path).is_some() {
            self.project_at(path)?.pom = Some(Pom::read(content));
        }
        Ok(())
    }

    /// Takes the manifest; of several the last one, as the Java runtime does.
    pub(super) fn manifest(&mut self, content: &[u8]) {
        self.manifest = Some(Manifest::read(content));
    }

    /// Whether there are as many as are taken of one archive.
    pub(super) fn are_full(&self) -> bool {
        self.taken >= Self::RECORDS
    }

    fn project_at(&mut self, path: &str) -> Result<&mut Project, Refused> {
        if self.are_full() {
            return Err(Refused::limit(format!(
                "its archive has more than {} records, and is not read further",
                Self::RECORDS
            )));
        }
        self.taken += 1;
        let folder = path_parent(path).unwrap_or_default();
        Ok(self.projects.entry(folder.to_owned()).or_default())
    }

    /// The name of the archive's own package, and all packages, that one first. A record that names no version is a gap,
    /// unless it is the archive's own and something else tells.
    pub(super) fn conclude(mut self, harvest: &mut Harvest<'_>) -> (Option<String>, Vec<Package>) {
        let manifest = self.manifest.take().unwrap_or_default();
        let name = FileName::of(path_file_name(self.path));
        let mut recorded = self.recorded();
        let own = match own_of(&recorded, name, &manifest) {
            Some(own) => {
                let mut own = recorded.remove(own);
                let version = name.version.or_else(|| manifest.version());
                let version = own
                    .coordinates
                    .version
                    .take()
                    .or(version.map(str::to_owned));
                own.coordinates.version = version;
                self.package(own, harvest)
            }
            None => self.derived(name, &manifest),
        };
        let own = own.map(|mut own| {
            if own.licenses.is_empty() {
                own.licenses = manifest.licenses();
            }
            own
        });
        let own_name = own.as_ref().map(name_of);
        let shaded = recorded.into_iter().filter_map(|merged| {
            let mut package = self.package(merged, harvest)?;
            package.properties.insert("shaded".into(), "true".into());
            Some(package)
        });
        (own_name, own.into_iter().chain(shaded).collect())
    }

    fn recorded(&mut self) -> Vec<Recorded> {
        let mut recorded = Vec::new();
        // A war has its own record a second time among its classes.
        let mut known = BTreeSet::new();
        for (folder, project) in std::mem::take(&mut self.projects) {
            let pom = project.pom.unwrap_or_default();
            let (record, all) = if project.properties.is_empty() {
                let record = format!("{folder}/pom.xml");
                let named = Coordinates::of_path(&record);
                (record, named.into_iter().collect())
            } else {
                (format!("{folder}/pom.properties"), project.properties)
            };
            for mut coordinates in all {
                coordinates.version = coordinates.version.or_else(|| pom.version.clone());
                if !known.insert(coordinates.clone()) {
                    continue;
                }
                recorded.push(Recorded {
                    coordinates,
                    licenses: pom.licenses.clone(),
                    record: record.clone(),
                });
            }
        }
        recorded
    }

    fn package(&self, recorded: Recorded, harvest: &mut Harvest<'_>) -> Option<Package> {
        let place = join(self.inside, &recorded.record);
        let Coordinates {
            group,
            artifact,
            version,
        } = recorded.coordinates;
        let Some(version) = version else {
            harvest.unreadable(format!("{place}: it has no version"));
            return None;
        };
        let mut package = Package::new(MAVEN, artifact, version);
        package.namespace = Some(group);
        package.licenses = recorded.licenses;
        package.properties.insert("archive-path".into(), place);
        Some(package)
    }

    /// The archive's own package where no record is about it.
    fn derived(&self, name: FileName<'_>, manifest: &Manifest) -> Option<Package> {
        if manifest.is_of_the_runtime() {
            return None;
        }
        if let Some((group, artifact, version)) = manifest.plugin() {
            let mut package = Package::new(MAVEN, artifact, version);
            package.namespace = Some(group.to_owned());
            self.identified_by_manifest(&mut package);
            return Some(package);
        }
        let version = name.version.or_else(|| manifest.version())?;
        let artifact = match name.version {
            Some(_) => name.artifact,
            None => artifact_of(name, manifest, version)?,
        };
        let mut package = Package::new(MAVEN, artifact, version);
        package.namespace = group_of(artifact, version, manifest, self.path);
        package.basis = Basis::Heuristic;
        if name.version.is_none() {
            self.identified_by_manifest(&mut package);
        } else {
            let properties = &mut package.properties;
            properties.insert("identified-by".into(), "file-name".into());
            if !self.inside.is_empty() {
                properties.insert("archive-path".into(), self.inside.to_owned());
            }
        }
        Some(package)
    }

    fn identified_by_manifest(&self, package: &mut Package) {
        let place = join(self.inside, MANIFEST);
        let properties = &mut package.properties;
        properties.insert("identified-by".into(), "manifest".into());
        properties.insert("archive-path".into(), place);
    }
}

/// Which of the recorded packages the archive itself is.
fn own_of(recorded: &[Recorded], name: FileName<'_>, manifest: &Manifest) -> Option<usize> {
    let position = |is_own: &dyn Fn(&Coordinates) -> bool| {
        recorded
            .iter()
            .position(|recorded| is_own(&recorded.coordinates))
    };
    let is_named = |own: &Coordinates| name.names(&own.group, &own.artifact);
    let has_version = |own: &Coordinates| name.version == own.version.as_deref();
    let title = manifest
        .plugin()
        .map(|(_, artifact, _)| artifact)
        .or(manifest.artifact());
    position(&|own| is_named(own) && has_version(own))
        .or_else(|| position(&is_named))
        .or_else(|| position(&|own| title == Some(own.artifact.as_str())))
        // The only record of a file that was renamed is most likely its own; not if the name says another version.
        .or_else(|| {
            let only = recorded.len() == 1;
            position(&|own| only && (name.version.is_none() || has_version(own)))
        })
}

/// The artifact of an archive whose name has no version: Tomcat's `catalina.jar` is `org.apache.tomcat-catalina`.
fn artifact_of<'a>(name: FileName<'a>, manifest: &'a Manifest, version: &str) -> Option<&'a str> {
    let of_bundle = manifest
        .symbolic_name()
        .and_then(|bundle| bundle.rsplit('.').next())
        .filter(|artifact| well_known(artifact, version).is_some());
    of_bundle
        .or_else(|| manifest.artifact())
        .or(Some(name.stem).filter(|stem| super::coordinates::is_id(stem)))
}
