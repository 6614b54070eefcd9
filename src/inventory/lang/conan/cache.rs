//! The database of Conan 2's cache, `p/cache.sqlite3`: which package lies in which of its shortened folders.
//!
//! `packages(reference, rrev, pkgid, prev, path, …)`, the path relative to the database (`PackagesDBTable` in
//! `conan/internal/cache/db`).

use rusqlite::Connection;

use super::package_of;
use crate::inventory::harvest::Harvest;
use crate::inventory::lang::installed::claims_of;
use crate::inventory::os::rpm::sqlite::{has_plain_table, open, unreadable};
use crate::layers::{File, FileFacts, ParseError};
use crate::model::{Claims, LayerPath, path_file_name};

/// Folders that are claimed: as many as there can be packages of one file.
const CLAIMS: usize = 100_000;

/// Whether it is the folder of a cache, as Conan names it.
pub(super) fn is_folder(folder: &str) -> bool {
    path_file_name(folder) == "p"
}

/// Reads the packages; recipes are not what a program is built from.
pub(super) fn read(file: File<'_>) -> Result<FileFacts, ParseError> {
    let connection = open(file.bytes).map_err(unreadable)?;
    let is_plain = |column| has_plain_table(&connection, "packages", column);
    if !is_plain("reference").map_err(unreadable)? || !is_plain("path").map_err(unreadable)? {
        // Another program's.
        return Ok(FileFacts::default());
    }
    let mut harvest = Harvest::of(file.entry.path);
    let claims = read_rows(&connection, file, &mut harvest)?;
    let mut facts = harvest.finish();
    facts.claims = claims;
    Ok(facts)
}

fn read_rows(
    connection: &Connection,
    file: File<'_>,
    harvest: &mut Harvest<'_>,
) -> Result<Vec<Claims>, ParseError> {
    let mut statement = connection
        .prepare("SELECT reference, rrev, path FROM packages NOT INDEXED")
        .map_err(unreadable)?;
    let mut rows = statement.query([]).map_err(unreadable)?;
    let mut claims = Vec::new();
    // Rows lie side by side in a file; in a hostile one, all of a million rows can lie in the same place.
    let mut unread = file.bytes.len();
    while let Some(row) = rows.next().map_err(unreadable)? {
        let text = |index| row.get_ref(index).map(|value| value.as_str().unwrap_or(""));
        let (reference, revision, path) = (
            text(0).map_err(unreadable)?,
            text(1).map_err(unreadable)?,
            text(2).map_err(unreadable)?,
        );
        unread = unread
            .checked_sub((reference.len() + revision.len() + path.len()).max(1))
            .ok_or_else(|| ParseError::new("its rows hold more than the file"))?;
        let Some(mut package) = package_of(reference) else {
            harvest.unreadable("a row of its packages holds no reference");
            continue;
        };
        if !revision.is_empty() {
            package
                .properties
                .insert("revision".into(), revision.to_owned());
        }
        let folder = LayerPath::from(format!("{}/{path}", file.entry.parent()).as_str());
        let is_below =
            folder.is_within(file.entry.parent()) && folder.as_str() != file.entry.parent();
        if is_below && claims.len() < CLAIMS {
            claims.extend(claims_of(&package, folder.as_str()));
        }
        harvest.package(package);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests {
    use rusqlite::MAIN_DB;

    use super::*;
    use crate::inventory::lang::conan::Conan;
    use crate::layers::detect_one;

    const PATH: &str = "root/.conan2/p/cache.sqlite3";

    /// A cache of Conan 2.32 with these rows.
    fn cache(rows: &[[&str; 3]]) -> Vec<u8> {
        let mut connection = Connection::open_in_memory().expect("a database");
        connection
            .execute_batch(
                "CREATE TABLE packages (reference text NOT NULL, rrev text NOT NULL, pkgid text, prev text, path text NOT NULL UNIQUE,
                    timestamp real NOT NULL, build_id text, lru integer NOT NULL, UNIQUE(reference, rrev, pkgid, prev))",
            )
            .expect("its table");
        for row in rows {
            connection
                .execute(
                    "INSERT INTO packages (reference, rrev, path, timestamp, lru) VALUES (?1, ?2, ?3, 1.5, 1)",
                    row,
                )
                .expect("a row");
        }
        connection.serialize(MAIN_DB).expect("its bytes").to_vec()
    }

    fn facts(bytes: &[u8]) -> Result<FileFacts, ParseError> {
        detect_one(&Conan, PATH, bytes).map(|facts| facts.expect("a path that is wanted"))
    }

    #[test]
    fn packages_have_their_revision_origin_and_folder() {
        let facts = facts(&cache(&[
            ["zl/1.2.11", "e143", "b/zl5efa522db9005"],
            ["qq/3.0@me/stable", "882e", "qq14f0543beadc0"],
            ["nonsense", "1", "x"],
        ]))
        .expect("a cache");
        let [zl, qq] = facts.packages.as_slice() else {
            panic!("two packages")
        };
        assert_eq!((zl.name.as_str(), zl.version.as_str()), ("zl", "1.2.11"));
        assert_eq!(zl.properties["revision"], "e143");
        assert_eq!(qq.properties["user"], "me");
        let claims: Vec<(&str, &str)> = facts
            .claims
            .iter()
            .flat_map(|claims| {
                claims
                    .iter()
                    .map(|claim| (claims.owner.as_str(), claim.path))
            })
            .collect();
        assert_eq!(
            claims,
            [
                ("zl", "root/.conan2/p/b/zl5efa522db9005"),
                ("qq", "root/.conan2/p/qq14f0543beadc0")
            ]
        );
        assert_eq!(facts.gaps.len(), 1);
    }

    #[test]
    fn a_row_claims_only_what_lies_in_the_cache() {
        let facts = facts(&cache(&[
            ["a/1", "", ".."],
            ["b/1", "", ""],
            ["c/1", "", "../../../usr"],
            ["d/1", "", "b/d\n1"],
        ]))
        .expect("a cache");
        assert_eq!((facts.packages.len(), facts.claims.len()), (4, 0));
    }

    #[test]
    fn another_program_s_database_is_none_and_a_damaged_one_an_error() {
        let mut other = Connection::open_in_memory().expect("a database");
        other
            .execute_batch("CREATE TABLE x (y); CREATE VIEW packages AS SELECT y AS reference, y AS path FROM x")
            .expect("a view");
        let other = other.serialize(MAIN_DB).expect("its bytes").to_vec();
        assert_eq!(facts(&other), Ok(FileFacts::default()));
        let whole = cache(&[["a/1", "", "a"]]);
        assert!(facts(&whole[..whole.len() / 2]).is_err());
        assert!(facts(b"no database").is_err());
    }
}
