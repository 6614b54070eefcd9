//! From the facts of single files to the inventory of the container: what only several files together tell.
//!
//! Which distribution it is, to which layer a package belongs, what is recorded twice, what was deleted, which package owns
//! which file, and which files are not what their package brought.

mod accounting;
mod alpine;
mod integrity;
mod listed;
mod origin;
mod ownership;
mod programs;
mod third_parties;

pub use integrity::{Integrity, ModifiedFile};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::origin::Origin;
use self::ownership::Owned;
use super::binary::is_note;
use super::os_release::RANKED_PATHS;
use crate::layers::{Hidden, Squashed, Visible};
use crate::model::{
    Accounting, Basis, Distribution, Gap, GapKind, LayerPath, Package, PackageType, Untrusted,
};

/// What is installed in the container, and what once was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Which distribution it is, if a file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// What is visible in the container, in the order of [`InstalledPackage`].
    pub packages: Vec<InstalledPackage>,
    /// What was recorded in a lower layer and is not any more, in the order of [`DeletedPackage`].
    pub deleted: Vec<DeletedPackage>,
    /// Whether the files of the distribution's packages are what the packages brought.
    pub integrity: Integrity,
    /// Whose the files are.
    pub accounting: Accounting,
    /// What could not be concluded. What could not be read is in the squashed layers' gaps.
    pub gaps: Vec<Gap>,
}

/// A package that is visible in the container. Ordered by the package (type, namespace, name, version, …), then place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InstalledPackage {
    /// The package as its database records it.
    pub package: Package,
    /// Its PURL, with the distribution; `None` if its name or version fits into none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// The file that records it.
    pub path: LayerPath,
    /// The index of the earliest layer from which on it is recorded without a break.
    pub layer: usize,
    /// The package of the distribution that brought the file that records it: it is then part of that package, whose
    /// advisories speak of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
}

/// A package that a lower layer holds and the container does not show: whoever pulls the image can still read it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeletedPackage {
    /// The package as its database recorded it.
    pub package: Package,
    /// Its PURL, with the distribution; `None` if its name or version fits into none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// The file that recorded it.
    pub path: LayerPath,
    /// The index of the earliest layer that records it.
    pub layer: usize,
    /// The index of the layer in which its last record went out of sight.
    pub removed_in: usize,
}

/// What makes two records the same package: everything else may be worded anew when a database is rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    package_type: &'a PackageType,
    namespace: Option<&'a str>,
    name: &'a str,
    version: &'a str,
    architecture: Option<&'a str>,
}

impl<'a> Identity<'a> {
    fn of(package: &'a Package) -> Self {
        Self {
            package_type: &package.package_type,
            namespace: package.namespace.as_deref(),
            name: &package.name,
            version: &package.version,
            architecture: package.architecture.as_deref(),
        }
    }
}

/// Concludes the inventory.
pub fn assemble(squashed: &Squashed<'_>) -> Inventory {
    let mut distribution = distribution_of(&squashed.visible);
    let mixed = alpine::settle(distribution.as_mut(), &squashed.visible);
    let (integrity, unchecked) = integrity::check(squashed);
    let mut packages = installed_packages(squashed, distribution.as_ref(), &integrity);
    name_owners(&mut packages, squashed, &integrity);
    let out_of_sight = squashed
        .hidden
        .iter()
        .copied()
        .chain(squashed.overwritten());
    let deleted = deleted_packages(out_of_sight, &packages, distribution.as_ref());
    let gaps = nothing_found(distribution.as_ref(), &packages)
        .into_iter()
        .chain(mixed)
        .chain(unchecked)
        .chain(programs::without_modules(&packages))
        .collect();
    Inventory {
        distribution,
        packages,
        deleted,
        integrity,
        accounting: accounting::count(squashed, &Owned::of(squashed)),
        gaps,
    }
}

/// Says of each language package, and of what is known only by its content, which of the distribution's packages brought it.
///
/// Only if that package is itself there and of a distribution: its advisories then speak of what it brought. Of what is in a third
/// party's package nobody else speaks, nor of what somebody put in the place of what a package brought: npm that updated itself.
fn name_owners(packages: &mut [InstalledPackage], squashed: &Squashed<'_>, integrity: &Integrity) {
    let is_os = |installed: &InstalledPackage| installed.package.package_type.is_os();
    let speaks = |installed: &&InstalledPackage| {
        let distribution = installed.package.distribution.as_ref();
        is_os(installed) && distribution.is_none_or(|own| !third_parties::is_one(&own.id))
    };
    let names: BTreeSet<String> = packages
        .iter()
        .filter(speaks)
        .map(|installed| installed.package.name.clone())
        .collect();
    let paths = packages
        .iter()
        .filter(|installed| !is_os(installed))
        .map(|installed| installed.path.as_str());
    let owners = ownership::os_owners(squashed, &names, paths);
    for installed in packages.iter_mut().filter(|installed| !is_os(installed)) {
        let owner = owners
            .get(installed.path.as_str())
            .filter(|_| !integrity.is_modified(&installed.path));
        installed.owned_by = owner.map(|owner| (*owner).to_owned());
    }
}

/// No package at all; or a distribution without a package of its own, whose database must then lie where nobody looked.
fn nothing_found(
    distribution: Option<&Distribution>,
    packages: &[InstalledPackage],
) -> Option<Gap> {
    // NixOS's own packages are of no distribution: Nix installs the same ones everywhere.
    let is_of_distribution =
        |package_type: &PackageType| package_type.is_os() || package_type.as_str() == "nix";
    let has_os_package = packages
        .iter()
        .map(|installed| &installed.package)
        .any(|package| is_of_distribution(&package.package_type) && !is_note(package));
    let detail = match distribution {
        _ if packages.is_empty() => "no package of any ecosystem was found".to_owned(),
        Some(distribution) if !has_os_package => {
            format!(
                "this is {}, but none of its packages was found",
                Untrusted(&distribution.id)
            )
        }
        _ => return None,
    };
    Some(Gap::new(GapKind::NothingFound, detail))
}

/// What the most trustworthy file says. One that gives no ID (`linux`) stands behind one that does.
fn distribution_of(visible: &[Visible<'_>]) -> Option<Distribution> {
    let said: BTreeMap<&str, &Distribution> = visible
        .iter()
        .filter_map(|file| {
            let (_, facts) = file.history.last()?;
            Some((file.path.as_str(), facts.distribution.as_ref()?))
        })
        .collect();
    let mut ranked = RANKED_PATHS
        .iter()
        .filter_map(|path| said.get(path).copied());
    let first = ranked.clone().next()?;
    let mut chosen = ranked
        .find(|distribution| is_known(distribution))
        .unwrap_or(first)
        .clone();
    // Before a release, Debian's os-release has no VERSION_ID; older ones have no codename either, which is then in
    // debian_version: `trixie/sid`.
    if chosen.id == "debian"
        && chosen.version_id.is_none()
        && chosen.codename.is_none()
        && let Some(debian_version) = said.get("etc/debian_version")
    {
        chosen.codename.clone_from(&debian_version.codename);
    }
    // Files that tell channels, each of one distribution; a base and what is built on it have a manifest each.
    let channels = said.iter().filter(|(path, said)| {
        // Alpine's repositories are of releases, and decide which one it is: `alpine::settle`.
        said.id == chosen.id && **path != alpine::REPOSITORIES
    });
    for (_, said) in channels {
        chosen.content_sets.extend_from_slice(&said.content_sets);
        chosen
            .extended_support
            .extend_from_slice(&said.extended_support);
    }
    for channels in [&mut chosen.content_sets, &mut chosen.extended_support] {
        channels.sort_unstable();
        channels.dedup();
    }
    Some(chosen)
}

fn is_known(distribution: &Distribution) -> bool {
    distribution.id != "linux"
}

fn installed_packages(
    squashed: &Squashed<'_>,
    distribution: Option<&Distribution>,
    integrity: &Integrity,
) -> Vec<InstalledPackage> {
    let packages = squashed
        .visible
        .iter()
        .flat_map(|file| packages_of_file(file, distribution));
    let mut packages = listed::fold(packages.collect(), &squashed.files);
    programs::drop_what_is_recorded(&mut packages, squashed, integrity);
    drop_claims_of_what_is_known(&mut packages);
    packages.sort_unstable();
    // An OS package is installed once, whatever number of databases record it: `lib/apk` and `usr/lib/apk` are one folder
    // by two names. The same language package in two places is installed twice.
    packages.dedup_by(|later, earlier| {
        let is_same = Identity::of(&later.package) == Identity::of(&earlier.package)
            && (later.package.package_type.is_os() || later.path == earlier.path);
        if is_same && later.package.package_type.is_os() {
            complete(&mut earlier.package, &mut later.package);
        }
        is_same
    });
    packages
}

/// What one record of a package lacks, another may have: opkg's control file has the licence, its status does not.
fn complete(package: &mut Package, other: &mut Package) {
    if package.licenses.is_empty() {
        package.licenses.append(&mut other.licenses);
    }
    package.source = package.source.take().or(other.source.take());
    for (key, value) in std::mem::take(&mut other.properties) {
        package.properties.entry(key).or_insert(value);
    }
}

/// A list that somebody put into the image often names what a package tool records, too: the record is reported, the claim is
/// not. A list need not say for which processor a package is built.
fn drop_claims_of_what_is_known(packages: &mut Vec<InstalledPackage>) {
    let without_architecture = |installed: &InstalledPackage| {
        let package = &installed.package;
        (
            package.package_type.clone(),
            package.namespace.clone(),
            package.name.clone(),
            package.version.clone(),
        )
    };
    let is_claimed = |installed: &InstalledPackage| installed.package.basis == Basis::Claimed;
    if !packages.iter().any(is_claimed) {
        return;
    }
    let known: BTreeSet<_> = packages
        .iter()
        .filter(|installed| !is_claimed(installed))
        .map(without_architecture)
        .collect();
    packages.retain(|installed| {
        !is_claimed(installed) || !known.contains(&without_architecture(installed))
    });
}

fn packages_of_file(
    file: &Visible<'_>,
    distribution: Option<&Distribution>,
) -> Vec<InstalledPackage> {
    let Some(((top, facts), below)) = file.history.split_last() else {
        return Vec::new();
    };
    let below: Vec<(usize, BTreeSet<Identity<'_>>)> = below
        .iter()
        .map(|(layer, facts)| (*layer, facts.packages.iter().map(Identity::of).collect()))
        .collect();
    let first_layer = |package: &Package| {
        let identity = Identity::of(package);
        below
            .iter()
            .rev()
            .take_while(|(_, recorded)| recorded.contains(&identity))
            .last()
            .map_or(*top, |(layer, _)| *layer)
    };
    let origin = Origin::of_database(&facts.packages, distribution);
    let installed = facts.packages.iter().map(|recorded| {
        let package = with_origin(recorded, &origin);
        InstalledPackage {
            purl: package.purl(distribution),
            package,
            path: file.path.clone(),
            layer: first_layer(recorded),
            owned_by: None,
        }
    });
    installed.collect()
}

fn with_origin(package: &Package, origin: &Origin<'_>) -> Package {
    Package {
        distribution: origin.of(package),
        ..package.clone()
    }
}

/// What the deleted files record and no visible file of the same kind does: an upgraded package's old version, but not a
/// package whose database was merely written again, nor a language package that lies elsewhere too.
fn deleted_packages<'a>(
    out_of_sight: impl Iterator<Item = Hidden<'a>>,
    installed: &[InstalledPackage],
    distribution: Option<&Distribution>,
) -> Vec<DeletedPackage> {
    let installed: BTreeSet<Identity<'_>> = installed
        .iter()
        .map(|installed| Identity::of(&installed.package))
        .collect();
    let mut gone: BTreeMap<(Identity<'_>, &LayerPath), DeletedPackage> = BTreeMap::new();
    for file in out_of_sight {
        let origin = Origin::of_database(&file.facts.packages, distribution);
        for recorded in &file.facts.packages {
            let identity = Identity::of(recorded);
            // A list can be older than what lay there, and a note names a package that need not have been there: neither
            // tells what a layer once held.
            if installed.contains(&identity) || listed::is_listed(recorded) || is_note(recorded) {
                continue;
            }
            let package = with_origin(recorded, &origin);
            let found = DeletedPackage {
                purl: package.purl(distribution),
                package,
                path: file.path.clone(),
                layer: file.layer,
                removed_in: file.hidden_by,
            };
            gone.entry((identity, file.path))
                .and_modify(|known| known.widen(&found))
                .or_insert(found);
        }
    }
    let mut gone: Vec<DeletedPackage> = gone.into_values().collect();
    gone.sort_unstable();
    gone
}

impl DeletedPackage {
    /// Takes in another record of the same package at the same path. The words of the earliest record stay.
    fn widen(&mut self, other: &Self) {
        let removed_in = self.removed_in.max(other.removed_in);
        if (other.layer, &other.package) < (self.layer, &self.package) {
            self.clone_from(other);
        }
        self.removed_in = removed_in;
    }
}

#[cfg(test)]
mod tests;
