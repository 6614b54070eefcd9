//! Installed Julia packages: the `Project.toml` of each folder in a depot, and of the standard library.
//!
//! <https://pkgdocs.julialang.org/v1/toml-files/>. A depot keeps `packages/NAME/SLUG/`, the slug four or five letters
//! and digits that the package's UUID and tree give; Julia itself has `share/julia/stdlib/vMAJOR.MINOR/NAME/`. A
//! `Manifest.toml` only chooses among what lies there, and is not read: each package would be told twice.

use serde::Deserialize;

use super::installed::in_folder;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType};

/// 1 MiB: a project lists its direct dependencies.
const LIMIT: u64 = 1 << 20;

/// Reads the projects of installed Julia packages.
pub(in crate::inventory) struct Julia;

impl Detector for Julia {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/julia",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("Project.toml"),
            Interest::Name("JuliaProject.toml"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if is_of_depot(entry.parent()) || is_of_stdlib(entry.parent()) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let text =
            std::str::from_utf8(file.bytes).map_err(|_| ParseError::new("it is no UTF-8"))?;
        let project: Project = toml::from_str(text)
            .map_err(|_| ParseError::new("it is not the TOML of a Julia project"))?;
        let folder = file.entry.parent();
        let (Some(name), Some(version)) = (project.name, project.version) else {
            // Most of the standard library had no version of its own before Julia 1.11: it is then a part of Julia.
            // What lies in a depot was registered with both, unless it is a project that is no package.
            return Ok(FileFacts::default());
        };
        let mut package = Package::new(PackageType::new("julia"), name, version);
        if let Some(uuid) = project.uuid {
            package.properties.insert("uuid".into(), uuid);
        }
        Ok(in_folder(package, folder))
    }
}

/// What is read of a project.
#[derive(Deserialize)]
struct Project {
    name: Option<String>,
    uuid: Option<String>,
    version: Option<String>,
}

/// `…/packages/NAME/SLUG`.
fn is_of_depot(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let slug = parts.next().unwrap_or_default();
    let name = parts.next().unwrap_or_default();
    (4..=5).contains(&slug.len())
        && slug.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && !name.is_empty()
        && parts.next() == Some("packages")
}

/// `…/stdlib/vMAJOR.MINOR/NAME`.
fn is_of_stdlib(folder: &str) -> bool {
    let mut parts = folder.rsplit('/');
    let is_release = |part: &str| {
        part.strip_prefix('v')
            .and_then(|version| version.split_once('.'))
            .is_some_and(|(major, minor)| {
                let digits =
                    |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                digits(major) && digits(minor)
            })
    };
    parts.next().is_some_and(|name| !name.is_empty())
        && parts.next().is_some_and(is_release)
        && parts.next() == Some("stdlib")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const HTTP: &str = "root/.julia/packages/HTTP/sJD5V/Project.toml";

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Julia, path, text.as_bytes())
            .expect("a project")
            .expect("a path that is wanted")
    }

    #[test]
    fn a_package_of_a_depot_has_its_uuid_and_folder() {
        let facts = facts(
            HTTP,
            "name = \"HTTP\"\nuuid = \"cd3eb016-35fb-5094-929b-558a96fad6f3\"\nauthors = [\"x\"]\nversion = \"1.10.1\"\n\n[deps]\nBase64 = \"2a0f44e3-6c83-55bd-87e4-b1978d98bd5f\"\n",
        );
        let package = &facts.packages[0];
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("HTTP", "1.10.1")
        );
        assert_eq!(
            package.properties["uuid"],
            "cd3eb016-35fb-5094-929b-558a96fad6f3"
        );
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, ["root/.julia/packages/HTTP/sJD5V"]);
    }

    #[test]
    fn a_standard_library_without_a_version_is_a_part_of_julia() {
        let path = "usr/local/julia/share/julia/stdlib/v1.9/Dates/Project.toml";
        assert_eq!(facts(path, "name = \"Dates\"\n"), FileFacts::default());
        let dated = facts(path, "name = \"Dates\"\nversion = \"1.11.0\"\n");
        assert_eq!(dated.packages[0].version, "1.11.0");
    }

    #[test]
    fn projects_of_applications_and_tests_are_not_read() {
        for (path, wanted) in [
            (HTTP, true),
            ("opt/depot/packages/JSON/93Ea8/JuliaProject.toml", true),
            ("packages/JSON/93Ea8/Project.toml", true),
            (
                "usr/share/julia/stdlib/v1.10/LinearAlgebra/Project.toml",
                true,
            ),
            ("root/.julia/packages/HTTP/sJD5V/test/Project.toml", false),
            ("root/.julia/environments/v1.10/Project.toml", false),
            ("app/Project.toml", false),
            ("app/packages/name/a-long-folder/Project.toml", false),
            ("usr/share/julia/stdlib/x/y/Project.toml", false),
            ("root/.julia/packages/HTTP/sJD5V/Manifest.toml", false),
        ] {
            let (folder, file) = path.rsplit_once('/').expect("a folder");
            let read = file != "Manifest.toml" && (is_of_depot(folder) || is_of_stdlib(folder));
            assert_eq!(read, wanted, "{path}");
        }
    }

    #[test]
    fn what_is_no_project_is_an_error_without_its_content() {
        for text in ["name = secret", "name = 1", "[name"] {
            let error = detect_one(&Julia, HTTP, text.as_bytes()).expect_err(text);
            assert_eq!(error.reason, "it is not the TOML of a Julia project");
        }
        assert!(detect_one(&Julia, HTTP, b"\xff").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(text in "[a-z =\"\\[\\]{}.\\n#']{0,60}") {
            let _ = detect_one(&Julia, HTTP, text.as_bytes());
        }
    }
}
