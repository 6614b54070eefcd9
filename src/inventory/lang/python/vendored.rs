//! The list of copies that a package has inside itself: `vendor.txt`.
//!
//! pip's tool `vendoring` writes it; pip, poetry-core, wheel and pipenv have one. Nothing else tells that these copies are
//! there: they have no metadata of their own. It is what the package's makers say, so the packages are claimed.

use super::normalise;
use crate::model::{Basis, Package, PackageType, path_file_name};

/// Reads the list at `path`: requirements of the form `name==version`, indented or not, with comments.
pub(super) fn read(text: &[u8], path: &str, mut take: impl FnMut(Package)) {
    let vendored_by = owner(path).unwrap_or_default().replace('/', ".");
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        let Some((name, version)) = std::str::from_utf8(line).ok().and_then(pinned) else {
            continue;
        };
        let mut package = Package::new(PackageType::PYPI, normalise(name), version);
        // pip takes `pkg_resources` from it and nothing else: what is known of setuptools is not true of that.
        if package.name == "setuptools" {
            continue;
        }
        package.line = Some(number);
        package.basis = Basis::Claimed;
        let vendored_by = vendored_by.clone();
        package.properties.insert("vendored-by".into(), vendored_by);
        take(package);
    }
}

/// Name and version of a requirement that allows one version only.
///
/// <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>
fn pinned(line: &str) -> Option<(&str, &str)> {
    let requirement = line.split(['#', ';']).next()?;
    let (name, version) = requirement.split_once("==")?;
    // Extras, and options such as `--hash` behind the version.
    let name = name.split('[').next()?.trim();
    let version = version.split_ascii_whitespace().next()?;
    let is_name = |name: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        name.bytes().all(is_letter) && name.bytes().any(|byte| byte.is_ascii_alphanumeric())
    };
    let is_version = |version: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+!".contains(&byte);
        version.bytes().all(is_letter)
    };
    (is_name(name) && is_version(version)).then_some((name, version))
}

/// Whether the path is one of such a list.
pub(super) fn is_list(path: &str) -> bool {
    owner(path).is_some()
}

/// The folder of the package that has the list, from where Python imports it: `poetry/core` of
/// `…/site-packages/poetry/core/_vendor/vendor.txt`, but only the last part where that place is not known.
fn owner(path: &str) -> Option<&str> {
    const PLACES: [&str; 4] = ["site-packages/", "dist-packages/", "_vendor/", "vendored/"];
    let (folder, file) = path.rsplit_once('/')?;
    let (owner, folder) = folder.rsplit_once('/')?;
    let is_list = match (folder, file) {
        ("_vendor" | "vendored", "vendor.txt") => true,
        // These names alone are too common.
        ("vendor", "vendor.txt") | ("patched", "patched.txt") => {
            owner == "pipenv" || owner.ends_with("/pipenv")
        }
        _ => false,
    };
    let imported = PLACES
        .iter()
        .filter_map(|place| owner.rsplit_once(place).map(|(_, imported)| imported))
        .min_by_key(|imported| imported.len())
        .unwrap_or_else(|| path_file_name(owner));
    (is_list && !imported.is_empty()).then_some(imported)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        read(text.as_bytes(), "pip/_vendor/vendor.txt", |package| {
            assert_eq!(package.basis, Basis::Claimed);
            assert_eq!(package.properties["vendored-by"], "pip");
            let line = package.line.expect("a line");
            found.push(format!("{line} {} {}", package.name, package.version));
        });
        found
    }

    #[test]
    fn every_pinned_requirement_is_a_copy() {
        assert_eq!(
            names(
                "CacheControl==0.12.11  # Make sure to update the license\nrequests==2.31.0\n    urllib3==1.26.16\r\n\n# six==1\nsetuptools==68.0.0\ntyping_extensions==4.7.1\n"
            ),
            [
                "1 cachecontrol 0.12.11",
                "2 requests 2.31.0",
                "3 urllib3 1.26.16",
                "7 typing-extensions 4.7.1"
            ]
        );
        assert_eq!(
            names(
                "tomli==2.4.1 ; python_version >= \"3.10\"\nrequests[socks] == 2.0 --hash=sha256:ab\n"
            ),
            ["1 tomli 2.4.1", "2 requests 2.0"]
        );
    }

    #[test]
    fn what_is_not_pinned_to_one_version_is_none() {
        let text = "tomli\nlark>=1\na==1.*\n-.-==1\n-r other.txt\ngit+https://example.org/a==1\n==1\na==\n";
        assert_eq!(names(text), [""; 0]);
    }

    #[test]
    fn the_owner_is_named_as_it_is_imported() {
        for (path, owner) in [
            (
                "usr/lib/python3.12/site-packages/pip/_vendor/vendor.txt",
                Some("pip"),
            ),
            (
                "a/site-packages/poetry/core/_vendor/vendor.txt",
                Some("poetry/core"),
            ),
            (
                "a/site-packages/setuptools/_vendor/wheel/vendored/vendor.txt",
                Some("wheel"),
            ),
            ("a/site-packages/pipenv/patched/patched.txt", Some("pipenv")),
            ("pip/_vendor/vendor.txt", Some("pip")),
            ("pipenv/vendor/vendor.txt", Some("pipenv")),
            ("app/vendor/vendor.txt", None),
            ("a/poetry/core/_vendor/vendor.txt", Some("core")),
            ("_vendor/vendor.txt", None),
            ("vendor.txt", None),
        ] {
            assert_eq!(super::owner(path), owner, "{path}");
        }
    }
}
