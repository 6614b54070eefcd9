//! Haskell packages that a GHC has registered: the `.conf` of each.
//!
//! `package.conf.d/` of GHC and `package.db/` of cabal's store, in the form of `ghc-pkg`
//! (<https://downloads.haskell.org/ghc/latest/docs/users_guide/packages.html#installedpackageinfo-a-package-specification>).
//! What was compiled tells nothing of its packages.

use crate::inventory::stanza::stanzas;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType};

/// 4 MiB: it lists the modules of the package, and its whole description.
const LIMIT: u64 = 4 << 20;

/// Reads the package databases of GHC.
pub(in crate::inventory) struct Haskell;

impl Detector for Haskell {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/haskell",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Folder("package.conf.d"),
            Interest::Folder("package.db"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.path.strip_suffix(".conf").is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let [mut name, mut package_name, mut version, mut license] = [const { None }; 4];
        for field in stanzas(file.bytes).flat_map(|stanza| stanza.fields().flatten()) {
            let place = match field.name {
                b"name" => &mut name,
                // Of a library inside a package, whose own name is mangled.
                b"package-name" => &mut package_name,
                b"version" => &mut version,
                b"license" => &mut license,
                _ => continue,
            };
            let value = field.text();
            let value = value.trim_matches('"');
            if place.is_none() && !value.is_empty() {
                *place = Some(value.to_owned());
            }
        }
        let missing = |field| ParseError::new(format!("its record has no {field}"));
        let name = package_name.or(name).ok_or_else(|| missing("name"))?;
        let version = version.ok_or_else(|| missing("version"))?;
        let mut package = Package::new(PackageType::new("hackage"), name, version);
        package.licenses.extend(license);
        Ok(FileFacts::of_packages(vec![package]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const AESON: &str = "var/lib/ghc/package.conf.d/aeson-2.0.3.0.conf";

    fn package(text: &str) -> Package {
        let facts = detect_one(&Haskell, AESON, text.as_bytes())
            .expect("a record")
            .expect("a path that is wanted");
        facts.packages.into_iter().next().expect("a package")
    }

    #[test]
    fn a_record_tells_name_version_and_licence_before_its_description() {
        let aeson = package(
            "name:                 aeson\nversion:              2.0.3.0\nvisibility:           public\nlicense:              BSD-3-Clause\ncopyright:\n    (c) 2011\n\ndescription:\n    version: 9\n\nname: other\n",
        );
        assert_eq!(
            aeson.purl(None).as_deref(),
            Some("pkg:hackage/aeson@2.0.3.0")
        );
        assert_eq!(aeson.licenses, ["BSD-3-Clause"]);
    }

    #[test]
    fn a_library_inside_a_package_has_the_package_s_name() {
        let inner =
            package("name: z-attoparsec-z-internal\nversion: 0.14.4\npackage-name: attoparsec\n");
        assert_eq!(inner.name, "attoparsec");
    }

    #[test]
    fn a_record_without_a_name_or_version_is_an_error_and_other_files_are_not_read() {
        for text in ["", "name: a\n", "version: 1\n"] {
            assert!(detect_one(&Haskell, AESON, text.as_bytes()).is_err());
        }
        let cache = "var/lib/ghc/package.conf.d/package.cache";
        assert_eq!(detect_one(&Haskell, cache, b""), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = detect_one(&Haskell, AESON, &bytes);
        }
    }
}
