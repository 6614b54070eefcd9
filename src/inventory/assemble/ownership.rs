//! Who owns which file: what all package databases that the container sees claim, put together.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::{Paths, Squashed, Visible};
use crate::model::{Claim, ClaimKind, Claims};

/// Every claim of a visible database.
pub(super) fn visible_claims<'a>(
    squashed: &'a Squashed<'_>,
) -> impl Iterator<Item = (&'a Claims, Claim<'a>)> {
    let claims = squashed
        .visible
        .iter()
        .filter_map(Visible::current)
        .flat_map(|(_, facts)| &facts.claims);
    claims.flat_map(|claims| claims.iter().map(move |claim| (claims, claim)))
}

/// The names that one file can have where `/usr` is merged: `bin` is then a link to `usr/bin`, and databases may use either name
/// (file-hierarchy(7); Debian's `usrmerge`).
pub(super) fn names_of(path: &str) -> impl Iterator<Item = String> + use<> {
    const MERGED: [&str; 6] = ["bin/", "sbin/", "lib/", "lib32/", "lib64/", "libx32/"];
    let is_merged = |path: &str| MERGED.iter().any(|folder| path.starts_with(folder));
    let other = match path.strip_prefix("usr/") {
        Some(rest) if is_merged(rest) => Some(rest.to_owned()),
        None if is_merged(path) => Some(format!("usr/{path}")),
        _ => None,
    };
    [path.to_owned()].into_iter().chain(other)
}

/// All files and folders that are claimed, by whom the claim comes from.
#[derive(Default)]
pub(super) struct Owned {
    /// Packages of the distribution.
    pub(super) os: Paths,
    /// Packages of a language.
    pub(super) language: Paths,
}

impl Owned {
    pub(super) fn of(squashed: &Squashed<'_>) -> Self {
        let mut owned = Self::default();
        for (claims, claim) in visible_claims(squashed) {
            let paths = if claims.is_os {
                &mut owned.os
            } else {
                &mut owned.language
            };
            for name in names_of(claim.path) {
                match claim.kind {
                    ClaimKind::Folder => paths.add_folder(&name),
                    ClaimKind::File | ClaimKind::Config => paths.add_file(&name),
                    // Whose the file in its place is, its own claim says.
                    ClaimKind::Diverted => {}
                }
            }
        }
        owned
    }
}

/// For each of `paths` that one of the distribution's packages with these `names` claims, the package: the first by name, where
/// several do.
pub(super) fn os_owners<'a, 'b>(
    squashed: &'a Squashed<'_>,
    names: &BTreeSet<String>,
    paths: impl Iterator<Item = &'b str>,
) -> BTreeMap<String, &'a str> {
    let asked: BTreeSet<String> = paths.flat_map(names_of).collect();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let of_os = visible_claims(squashed)
        .filter(|(claims, claim)| claims.is_os && claim.kind != ClaimKind::Diverted)
        .filter(|(claims, _)| names.contains(&claims.owner));
    for (claims, claim) in of_os.filter(|(_, claim)| asked.contains(claim.path)) {
        for name in names_of(claim.path) {
            let owner = owners.entry(name).or_insert(&claims.owner);
            *owner = (*owner).min(&claims.owner);
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_two_names_where_usr_is_merged() {
        let names = |path| names_of(path).collect::<Vec<_>>();
        assert_eq!(names("bin/sh"), ["bin/sh", "usr/bin/sh"]);
        assert_eq!(names("usr/lib/x"), ["usr/lib/x", "lib/x"]);
        assert_eq!(names("usr/share/x"), ["usr/share/x"]);
        assert_eq!(names("binary"), ["binary"]);
    }
}
