//! Which rows name a package, and whether they are those that the matcher asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Consulted, Searched, lookup_keys};
use crate::advisories::ecosystem;
use crate::advisories::matching::records::{StoredRecord, StoredRow};
use crate::advisories::matching::target;
use crate::model::Package;

/// A record and one of its rows.
pub(super) type Said<'r> = (&'r StoredRecord, &'r StoredRow);

/// The rows of all records, by what they name.
pub(super) struct Index<'r> {
    /// Ecosystem, then package.
    rows: BTreeMap<&'r str, BTreeMap<&'r str, Vec<Said<'r>>>>,
}

/// Rows that name a package.
pub(super) struct Mention<'r> {
    pub(super) rows: Vec<Said<'r>>,
    /// The package's version under the name that the rows have.
    pub(super) version: String,
    pub(super) relation: Relation,
    /// The rows are about the distribution that the package's own is rebuilt from.
    pub(super) inferred: bool,
}

/// Why rows that name a package are asked for, or are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// They are.
    Consulted,
    /// The ecosystem applies, and another of the package's names is looked up.
    OtherName(String),
    /// The ecosystem is another release's or another distribution's.
    OtherRelease,
    /// No ecosystem applies to packages of this kind.
    NotLookedUp,
}

impl<'r> Index<'r> {
    pub(super) fn new(records: &'r [StoredRecord]) -> Self {
        let mut rows: BTreeMap<&str, BTreeMap<&str, Vec<Said<'r>>>> = BTreeMap::new();
        for record in records {
            for row in &record.rows {
                let of_ecosystem = rows.entry(&row.ecosystem).or_default();
                let of_package = of_ecosystem.entry(&row.package).or_default();
                of_package.push((record, row));
            }
        }
        Self { rows }
    }

    /// The rows that name a package by any of its names. `searched` are the ecosystems that apply to it, `places` what is asked of
    /// them; both are empty for a package that no advisories speak of.
    pub(super) fn mentions(
        &self,
        package: &Package,
        searched: &[Searched],
        places: &[Consulted<'_>],
    ) -> Vec<Mention<'r>> {
        let mut keys: Vec<(String, String)> = searched
            .iter()
            .flat_map(|one| lookup_keys(package, one.keyed).concat())
            .collect();
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.clone()));
        let keys = keys.as_slice();
        let mut found = Vec::new();
        for (label, packages) in &self.rows {
            let of_label = places.iter().filter(|place| place.ecosystem == *label);
            let applies = searched.iter().any(|one| one.name == *label);
            let mut seen = BTreeSet::new();
            for (name, version) in names(package, keys) {
                let name = ecosystem::normal_name(label, &name).into_owned();
                let place = of_label.clone().find(|place| place.name == name);
                let place = place.or_else(|| of_label.clone().next());
                let Some((relation, rows)) =
                    relation(label, &name, package, applies, place, keys).zip(packages.get(&*name))
                else {
                    continue;
                };
                if seen.insert(name) {
                    found.push(Mention {
                        rows: rows.clone(),
                        version,
                        relation,
                        inferred: place.is_some_and(|place| place.inferred.is_some()),
                    });
                }
            }
        }
        if is_without_group(package) {
            found.extend(self.of_any_group(package));
        }
        found
    }

    /// An archive of an unknown group can be any of those with its name.
    fn of_any_group(&self, archive: &Package) -> Option<Mention<'r>> {
        let packages = self.rows.get("Maven")?.iter();
        let rows: Vec<Said<'r>> = packages
            .filter(|(name, _)| name.rsplit(':').next() == Some(archive.name.as_str()))
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect();
        (!rows.is_empty()).then(|| Mention {
            rows,
            version: archive.version.clone(),
            relation: Relation::NotLookedUp,
            inferred: false,
        })
    }
}

fn is_without_group(package: &Package) -> bool {
    package.package_type.as_str() == "maven" && package.namespace.is_none()
}

/// What a package can be called by, with the version that goes with the name.
fn names(package: &Package, keys: &[(String, String)]) -> Vec<(String, String)> {
    let mut names = keys.to_vec();
    if package.package_type.is_os() {
        names.push((package.name.clone(), package.version.clone()));
        let source = package.source.as_ref();
        names.extend(source.map(|source| (source.name.clone(), source.version.clone())));
    } else if keys.is_empty() {
        names.push((package.full_name(), package.version.clone()));
        let bitnami = target::bitnami_name(package);
        names.extend(bitnami.map(|name| (name.to_owned(), package.version.clone())));
    }
    names
}

fn relation(
    label: &str,
    name: &str,
    package: &Package,
    applies: bool,
    place: Option<&Consulted<'_>>,
    keys: &[(String, String)],
) -> Option<Relation> {
    let is_os = package.package_type.is_os();
    let is_distribution = ecosystem::is_distribution(label);
    match place {
        Some(place) if place.name == name => Some(Relation::Consulted),
        Some(place) => Some(Relation::OtherName(place.name.clone())),
        None if applies => {
            let (first, _) = keys.first()?;
            Some(Relation::OtherName(first.clone()))
        }
        None if is_os && is_distribution => Some(Relation::OtherRelease),
        None if !is_os && !is_distribution && keys.is_empty() => Some(Relation::NotLookedUp),
        None => None,
    }
}
