//! What only other files tell about what a program says of itself.

use std::collections::BTreeSet;

use super::{InstalledPackage, Integrity, ownership};
use crate::inventory::binary::{has_unknown_modules, is_note};
use crate::layers::Squashed;
use crate::model::{Basis, ClaimKind, Claims, Gap, GapKind, Package, PackageType};

/// Leaves out what a record tells better: the note of a program that a database owns and that is what its package brought, or
/// whose source package a database records; and a guess about a file that the record of a package of the same language names, or that lies in the home of the same product.
pub(super) fn drop_what_is_recorded(
    packages: &mut Vec<InstalledPackage>,
    squashed: &Squashed<'_>,
    integrity: &Integrity,
) {
    let notes = || packages.iter().filter(|other| is_note(&other.package));
    let is_guess = |other: &InstalledPackage| other.package.basis == Basis::Heuristic;
    if notes().next().is_none() && !packages.iter().any(is_guess) {
        return;
    }
    let databases = || {
        let others = packages.iter().map(|other| &other.package);
        others.filter(|package| package.package_type.is_os() && !is_note(package))
    };
    let names = databases().map(|package| package.name.clone()).collect();
    let paths = notes().map(|other| other.path.as_str());
    let owners = ownership::os_owners(squashed, &names, paths);
    let recorded: BTreeSet<(String, String)> = databases()
        .flat_map(names_of)
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .collect();
    let guessed: BTreeSet<PackageType> = packages
        .iter()
        .filter(|other| is_guess(other))
        .map(|other| other.package.package_type.clone())
        .collect();
    let claimed = claimed_by_records(squashed, &guessed);
    let homes: Vec<(String, String)> = packages.iter().filter_map(home_of).collect();
    packages.retain(|installed| {
        let package = &installed.package;
        let path = installed.path.as_str();
        if is_note(package) {
            let is_recorded = names_of(package)
                .any(|(name, version)| recorded.contains(&(name.to_owned(), version.to_owned())));
            let is_owned = owners.contains_key(path) && !integrity.is_modified(&installed.path);
            !is_recorded && !is_owned
        } else {
            let is_in = |(folder, product): &(String, String)| {
                package.properties.get(PRODUCT) == Some(product)
                    && path
                        .strip_prefix(folder.as_str())
                        .is_some_and(|rest| rest.starts_with('/'))
            };
            let is_recorded =
                claimed.contains(&(&package.package_type, path)) || homes.iter().any(is_in);
            !is_guess(installed) || !is_recorded
        }
    });
}

/// The property by which a record and a guess name one product.
const PRODUCT: &str = "bitnami";

/// The folder of a product that says itself what it is, as a Java runtime does in its `release`, and the product: the programs in there
/// are that product.
fn home_of(installed: &InstalledPackage) -> Option<(String, String)> {
    let product = installed.package.properties.get(PRODUCT);
    let product = product.filter(|_| installed.package.basis == Basis::Recorded)?;
    Some((installed.path.parent()?.to_owned(), product.clone()))
}

/// The files that the records of language packages of these types name, each with the type of those packages. What an archive says
/// of itself is no record of another file.
fn claimed_by_records<'a>(
    squashed: &'a Squashed<'_>,
    wanted: &BTreeSet<PackageType>,
) -> BTreeSet<(&'a PackageType, &'a str)> {
    let mut claimed = BTreeSet::new();
    for file in &squashed.visible {
        let Some((_, facts)) = file.current() else {
            continue;
        };
        let types: BTreeSet<&PackageType> = facts
            .packages
            .iter()
            .map(|package| &package.package_type)
            .filter(|package_type| wanted.contains(package_type))
            .collect();
        if types.is_empty() {
            continue;
        }
        let languages = facts.claims.iter().filter(|claims| !claims.is_os);
        let claims = languages
            .flat_map(Claims::iter)
            .filter(|claim| claim.kind == ClaimKind::File && claim.path != file.path.as_str());
        for claim in claims {
            claimed.extend(types.iter().map(|package_type| (*package_type, claim.path)));
        }
    }
    claimed
}

/// Its own name and its source package's, each with a version; notes have no epoch.
fn names_of(package: &Package) -> impl Iterator<Item = (&str, &str)> {
    let without_epoch = |version: &'_ str| version.find(':').map_or(0, |colon| colon + 1);
    let own = (package.name.as_str(), package.version.as_str());
    let source = package
        .source
        .as_ref()
        .map(|source| (source.name.as_str(), source.version.as_str()));
    [own].into_iter().chain(source).map(move |(name, version)| {
        let start = without_epoch(version);
        (name, version.get(start..).unwrap_or(version))
    })
}

/// Go programs that do not say which modules they have, and that no package of the distribution brought: nobody speaks
/// for those modules.
pub(super) fn without_modules(packages: &[InstalledPackage]) -> impl Iterator<Item = Gap> {
    packages
        .iter()
        .filter(|installed| installed.owned_by.is_none() && has_unknown_modules(&installed.package))
        .map(|installed| {
            Gap::at(
                GapKind::UnreadableFile,
                installed.path.clone(),
                "it is a Go program that does not record which modules it was built from",
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::assemble;
    use crate::layers::{FileFacts, Visible};
    use crate::model::{LayerPath, SourcePackage};

    fn note(name: &str, version: &str) -> Package {
        let mut package = Package::new(PackageType::RPM, name, version);
        package.basis = Basis::Claimed;
        package
            .properties
            .insert("claimed-by".into(), "elf-note".into());
        package
    }

    /// What is listed, and the gaps about files, for files with these facts.
    fn concluded(files: &[(&str, &FileFacts)]) -> (Vec<String>, Vec<String>) {
        let paths: Vec<LayerPath> = files.iter().map(|(path, _)| (*path).into()).collect();
        let visible = paths
            .iter()
            .zip(files)
            .map(|(path, (_, facts))| Visible {
                path,
                history: vec![(0, *facts)],
            })
            .collect();
        let inventory = assemble(&Squashed {
            visible,
            ..Squashed::default()
        });
        let name =
            |other: &InstalledPackage| format!("{} {}", other.path.as_str(), other.package.name);
        let path = |gap: &Gap| Some(gap.path.as_ref()?.as_str().to_owned());
        (
            inventory.packages.iter().map(name).collect(),
            inventory.gaps.iter().filter_map(path).collect(),
        )
    }

    fn facts(package: Package) -> FileFacts {
        FileFacts::of_packages(vec![package])
    }

    #[test]
    fn a_note_counts_only_where_no_database_speaks_of_the_program() {
        let mut libs = Package::new(PackageType::RPM, "systemd-libs", "1:252-1.el9");
        libs.source = Some(SourcePackage {
            name: "systemd".into(),
            version: "1:252-1.el9".into(),
        });
        let mut database = facts(libs);
        let mut owned = Claims::new("systemd-libs", true);
        owned.push(&"usr/bin/owned".into(), ClaimKind::File, None);
        database.claims.push(owned);
        let (listed, _) = concluded(&[
            ("usr/bin/copied", &facts(note("foreign", "1-1.fc40"))),
            ("usr/bin/owned", &facts(note("other-source", "2-1.el9"))),
            ("usr/bin/recorded", &facts(note("systemd", "252-1.el9"))),
            ("var/lib/rpm/rpmdb.sqlite", &database),
        ]);
        assert_eq!(
            listed,
            [
                "usr/bin/copied foreign",
                "var/lib/rpm/rpmdb.sqlite systemd-libs"
            ]
        );
    }

    #[test]
    fn a_guess_about_a_file_that_a_record_names_is_left_out() {
        let guess = |name: &str| {
            let mut package = Package::new(PackageType::new("nuget"), name, "1.0.0");
            package.basis = Basis::Heuristic;
            facts(package)
        };
        let mut record = facts(Package::new(PackageType::new("nuget"), "A", "1.0.0"));
        let mut files = Claims::new("A", false);
        files.push(&"app/A.dll".into(), ClaimKind::File, None);
        record.claims.push(files);
        // What an archive says of itself does not speak against what it holds.
        let mut inside = Package::new(PackageType::new("maven"), "inside", "1");
        inside.basis = Basis::Heuristic;
        let mut archive = facts(inside);
        let mut own = Claims::new("fat", false);
        own.push(&"app/fat.jar".into(), ClaimKind::File, None);
        archive.claims.push(own);
        let (listed, _) = concluded(&[
            ("app/A.dll", &guess("A")),
            ("app/B.dll", &guess("B")),
            ("app/app.deps.json", &record),
            ("app/fat.jar", &archive),
        ]);
        assert_eq!(
            listed,
            ["app/fat.jar inside", "app/app.deps.json A", "app/B.dll B"]
        );
    }

    #[test]
    fn the_programs_of_a_runtime_that_says_what_it_is_are_not_told_again() {
        let java = |basis| {
            let mut package = Package::new(PackageType::new("generic"), "openjdk", "17.0.9");
            package.basis = basis;
            package.properties.insert("bitnami".into(), "java".into());
            facts(package)
        };
        let (listed, _) = concluded(&[
            ("opt/jdk/bin/java", &java(Basis::Heuristic)),
            ("opt/jdk/release", &java(Basis::Recorded)),
            ("opt/jdk2/bin/java", &java(Basis::Heuristic)),
        ]);
        assert_eq!(
            listed,
            ["opt/jdk/release openjdk", "opt/jdk2/bin/java openjdk"]
        );
    }

    #[test]
    fn a_go_program_without_a_list_of_modules_is_a_gap_unless_the_distribution_brought_it() {
        let mut library = Package::new(PackageType::new("golang"), "stdlib", "1.19.8");
        library
            .properties
            .insert("modules".into(), "not-recorded".into());
        let program = facts(library);
        let mut database = facts(Package::new(PackageType::DEB, "containerd", "1.6.20"));
        let mut owned = Claims::new("containerd", true);
        owned.push(&"usr/bin/containerd".into(), ClaimKind::File, None);
        database.claims.push(owned);
        let (_, gaps) = concluded(&[
            ("opt/tool", &program),
            ("usr/bin/containerd", &program),
            ("var/lib/dpkg/status", &database),
        ]);
        assert_eq!(gaps, ["opt/tool"]);
    }
}
