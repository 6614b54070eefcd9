//! Installed R packages: the `DESCRIPTION` of each folder in a library.
//!
//! "Writing R Extensions", 1.1.1
//! (<https://cran.r-project.org/doc/manuals/r-release/R-exts.html#The-DESCRIPTION-file>). `R CMD INSTALL` adds
//! `Built` to it: a package's source has none. R finds a package by its folder, which has the package's name.

use super::installed::in_folder;
use crate::inventory::stanza::stanzas;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, path_file_name};

/// 1 MiB: the longest on CRAN have 60 KiB.
const LIMIT: u64 = 1 << 20;

/// Reads the descriptions of installed R packages.
pub(in crate::inventory) struct R;

impl Detector for R {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/r",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("DESCRIPTION")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        // A library, in it a package's folder.
        if entry.parent().contains('/') {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let folder = file.entry.parent();
        let description = Description::read(file.bytes);
        Ok(match description.into_package(path_file_name(folder)) {
            Some(package) => in_folder(package, folder),
            // Of a source, a test, or no package of R at all.
            None => FileFacts::default(),
        })
    }
}

/// The fields that are read.
#[derive(Default)]
struct Description {
    package: String,
    version: String,
    license: String,
    priority: String,
    repository: String,
    git_url: String,
    bioc_views: String,
    built: String,
    line: u64,
}

impl Description {
    fn read(bytes: &[u8]) -> Self {
        let mut read = Self::default();
        let Some(stanza) = stanzas(bytes).next() else {
            return read;
        };
        read.line = stanza.line;
        for field in stanza.fields().flatten() {
            let place = match field.name {
                b"Package" => &mut read.package,
                b"Version" => &mut read.version,
                b"License" => &mut read.license,
                b"Priority" => &mut read.priority,
                b"Repository" => &mut read.repository,
                b"git_url" => &mut read.git_url,
                b"biocViews" => &mut read.bioc_views,
                b"Built" => &mut read.built,
                _ => continue,
            };
            *place = field.text().into_owned();
        }
        read
    }

    fn into_package(self, folder: &str) -> Option<Package> {
        if self.package != folder || self.version.is_empty() || self.built.is_empty() {
            return None;
        }
        let package_type = if self.is_of_bioconductor() {
            PackageType::new("bioconductor")
        } else {
            PackageType::new("cran")
        };
        let mut package = Package::new(package_type, self.package, self.version);
        package.line = Some(self.line);
        package.licenses = vec![self.license];
        package.licenses.retain(|license| !license.is_empty());
        for (key, value) in [("priority", self.priority), ("repository", self.repository)] {
            if !value.is_empty() {
                package.properties.insert(key.into(), value);
            }
        }
        Some(package)
    }

    /// Bioconductor writes the Git repository that it built from; before 2017 it wrote nothing, and `biocViews`,
    /// which its packages must have, is alone. On CRAN some have it too, but CRAN signs with `Repository`.
    fn is_of_bioconductor(&self) -> bool {
        if self.repository.is_empty() {
            return self.git_url.contains("git.bioconductor.org") || !self.bioc_views.is_empty();
        }
        self.repository.starts_with("Bioc")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&R, path, text.as_bytes())
            .expect("R never refuses a file")
            .expect("a path that is wanted")
    }

    /// From Debian's r-cran-mass, without most fields.
    const MASS: &str = "\
Package: MASS
Priority: recommended
Version: 7.3-58.2
Depends: R (>= 3.3.0), grDevices, graphics, stats, utils
Authors@R: c(person(\"Brian\", \"Ripley\", role = c(\"aut\", \"cre\", \"cph\"),
                    email = \"ripley@stats.ox.ac.uk\"),
\t     person(\"Bill\", \"Venables\", role = \"ctb\"))
License: GPL-2 | GPL-3
Repository: CRAN
Built: R 4.2.2; x86_64-pc-linux-gnu; 'Mon, 23 Jan 2023 07:09:09 -0600'; unix
";

    #[test]
    fn an_installed_package_has_its_repository_licence_and_folder() {
        let facts = facts("usr/lib/R/library/MASS/DESCRIPTION", MASS);
        let package = &facts.packages[0];
        assert_eq!(
            package.purl(None).as_deref(),
            Some("pkg:cran/MASS@7.3-58.2")
        );
        assert_eq!(package.licenses, ["GPL-2 | GPL-3"]);
        assert_eq!(package.properties["priority"], "recommended");
        assert_eq!(package.properties["repository"], "CRAN");
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, ["usr/lib/R/library/MASS"]);
    }

    #[test]
    fn bioconductor_is_told_by_its_git_repository_its_name_or_its_views() {
        for (fields, bioconductor) in [
            (
                "git_url: https://git.bioconductor.org/packages/Biobase",
                true,
            ),
            ("biocViews: Infrastructure", true),
            ("Repository: Bioconductor 3.20", true),
            ("biocViews: Clustering\nRepository: CRAN", false),
            ("RemoteType: github", false),
        ] {
            let text = format!("Package: a\nVersion: 1\nBuilt: R 4.2.2;\n{fields}\n");
            let package = &facts("lib/a/DESCRIPTION", &text).packages[0];
            let is_bioconductor = package.package_type.as_str() == "bioconductor";
            assert_eq!(is_bioconductor, bioconductor, "{fields}");
        }
    }

    #[test]
    fn what_is_not_installed_is_no_package() {
        let source = MASS.replace("Built:", "Packaged:");
        for (path, text) in [
            ("src/MASS/DESCRIPTION", source.as_str()),
            ("usr/lib/R/library/other/DESCRIPTION", MASS),
            ("usr/share/doc/x/DESCRIPTION", "A text about something."),
            ("usr/share/doc/x/DESCRIPTION", ""),
        ] {
            assert_eq!(facts(path, text), FileFacts::default(), "{path}");
        }
        assert_eq!(detect_one(&R, "MASS/DESCRIPTION", b""), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(detect_one(&R, "lib/a/DESCRIPTION", &bytes).is_ok());
        }
    }
}
