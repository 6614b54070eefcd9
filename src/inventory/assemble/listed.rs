//! Packages that a list in another folder records: npm's hidden lock file names every folder of a `node_modules`, and nearly
//! each of them has a manifest that says the same.
//!
//! The manifest is what runs, so it counts, and takes from the list what only that knows. Without one the list counts, as long as
//! the container sees a file in the folder: many builds delete packages and leave the list as it was.

use std::collections::{BTreeMap, BTreeSet};

use super::{Identity, InstalledPackage};
use crate::inventory::INSTALLED_AT;
use crate::layers::VisibleFiles;
use crate::model::{LayerPath, Package, PackageType};

/// Where a list says that a package lies.
fn place_of(package: &Package, list: &LayerPath) -> Option<LayerPath> {
    let relative = package.properties.get(INSTALLED_AT)?;
    let folder = list.parent().unwrap_or_default();
    Some(LayerPath::from(format!("{folder}/{relative}").as_str()))
}

/// Whether a list records it.
pub(super) fn is_listed(package: &Package) -> bool {
    package.properties.contains_key(INSTALLED_AT)
}

/// Leaves one record of each package, and none of a folder that is gone.
pub(super) fn fold(
    packages: Vec<InstalledPackage>,
    files: &VisibleFiles<'_>,
) -> Vec<InstalledPackage> {
    let (listed, mut packages): (Vec<_>, Vec<_>) = packages
        .into_iter()
        .partition(|installed| is_listed(&installed.package));
    if listed.is_empty() {
        return packages;
    }
    let types: BTreeSet<PackageType> = listed
        .iter()
        .map(|installed| installed.package.package_type.clone())
        .collect();
    let mut manifests: BTreeMap<(PackageType, String), usize> = BTreeMap::new();
    for (index, installed) in packages.iter().enumerate() {
        let package_type = &installed.package.package_type;
        if types.contains(package_type)
            && let Some(folder) = installed.path.parent()
        {
            manifests.insert((package_type.clone(), folder.to_owned()), index);
        }
    }
    let folders = files.folders();
    for installed in listed {
        let Some(place) = place_of(&installed.package, &installed.path) else {
            continue;
        };
        let key = (
            installed.package.package_type.clone(),
            place.as_str().to_owned(),
        );
        let manifest = manifests.get(&key).copied();
        match manifest.and_then(|index| packages.get_mut(index)) {
            Some(manifest) => add_properties(&mut manifest.package, installed.package),
            None if folders.has_folder(place.as_str()) => packages.push(installed),
            None => {}
        }
    }
    packages
}

/// Adds what the list knows of the same package. Of another version, that somebody put there since, it knows nothing.
fn add_properties(manifest: &mut Package, listed: Package) {
    if Identity::of(manifest) != Identity::of(&listed) {
        return;
    }
    for (key, value) in listed.properties {
        if key != INSTALLED_AT {
            manifest.properties.entry(key).or_insert(value);
        }
    }
}
