//! Archives that others built, where this machine has them.

use std::path::Path;

use super::coordinates::Coordinates;
use super::tests::{facts, told};
use super::{is_java, records};

/// Two archives of Trivy's own tests.
#[test]
fn fixtures_from_elsewhere_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures/jars");
    for (name, packages) in [
        ("maven.war", 8),
        ("hadoop-shaded-guava-1.1.0-SNAPSHOT.jar", 5),
    ] {
        let Ok(bytes) = std::fs::read(folder.join(name)) else {
            println!("skipped: {name} is not here");
            continue;
        };
        let facts = facts(&format!("srv/{name}"), &bytes);
        let told = told(&facts);
        assert_eq!((told.len(), facts.gaps.len()), (packages, 0), "{told:#?}");
    }
}

/// Every file below a folder.
fn files(folder: &Path, take: &mut dyn FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path(), take),
            _ => take(&entry.path()),
        }
    }
}

/// Archives of a local Maven repository, where there is one. Most are known by their coordinates when they lie elsewhere,
/// and the others by all but the group.
#[test]
fn archives_of_a_repository_are_known_by_their_coordinates() {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let repository = Path::new(&home).join(".m2/repository");
    let (mut right, mut other) = (0, Vec::new());
    files(&repository, &mut |path| {
        if right + other.len() > 500 {
            return;
        }
        let within = path.strip_prefix(&repository).map(Path::to_string_lossy);
        let name = within.expect("a path in the repository");
        let named = Coordinates::of_repository(&format!("repository/{name}"));
        let Some(named) = named.filter(|_| is_java(name.as_bytes())) else {
            return;
        };
        let expected = format!(
            "{}:{} {}",
            named.group,
            named.artifact,
            named.version.unwrap_or_default()
        );
        let bytes = std::fs::read(path).expect("an archive");
        let (_, name) = name.rsplit_once('/').expect("a folder");
        let facts = facts(&format!("opt/{name}"), &bytes);
        let found = facts
            .packages
            .iter()
            .map(|package| format!("{} {}", records::name_of(package), package.version));
        let found: Vec<String> = found.collect();
        if found.contains(&expected) {
            right += 1;
        } else {
            other.push(format!("{expected} as {found:?} {:?}", facts.gaps));
        }
    });
    println!(
        "{right} as they are, {} otherwise:\n{}",
        other.len(),
        other.join("\n")
    );
    if right + other.len() < 10 {
        println!("skipped: there is no local Maven repository with archives in it");
        return;
    }
    assert!(right > 3 * other.len(), "{other:#?}");
}
