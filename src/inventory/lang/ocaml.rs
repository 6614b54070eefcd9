//! OCaml packages of an opam switch: the `opam` file of each.
//!
//! A switch keeps `.opam-switch/packages/NAME.VERSION/opam` of what is installed in it
//! (<https://opam.ocaml.org/doc/Manual.html#Switches>); opam knows a package by the folder. What was compiled tells
//! nothing of its packages.

use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, path_file_name, path_parent};

/// 1 MiB: the longest have 20 KiB.
const LIMIT: u64 = 1 << 20;

/// Reads the packages of opam's switches.
pub(in crate::inventory) struct Ocaml;

impl Detector for Ocaml {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/ocaml",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("opam")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if of_switch(entry.parent()).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let Some((name, version)) = of_switch(file.entry.parent()) else {
            return Ok(FileFacts::default());
        };
        let mut package = Package::new(PackageType::new("opam"), name, version);
        let text = String::from_utf8_lossy(file.bytes);
        package.licenses = texts(&text, "license");
        if let Some(homepage) = texts(&text, "homepage").into_iter().next() {
            package.properties.insert("homepage".into(), homepage);
        }
        Ok(FileFacts::of_packages(vec![package]))
    }
}

/// `…/.opam-switch/packages/NAME.VERSION`: a name has no dot.
fn of_switch(folder: &str) -> Option<(&str, &str)> {
    let packages = path_parent(folder)?;
    let switch = path_parent(packages)?;
    let is_switch =
        path_file_name(packages) == "packages" && path_file_name(switch) == ".opam-switch";
    let (name, version) = path_file_name(folder).split_once('.')?;
    (is_switch && !name.is_empty() && !version.is_empty()).then_some((name, version))
}

/// The texts of a field that stands on one line: `field: "a"`, or `field: ["a" "b"]`.
fn texts(text: &str, field: &str) -> Vec<String> {
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(field)?.trim_start().strip_prefix(':'));
    // Between the quotes stands every other part.
    value
        .into_iter()
        .flat_map(|value| value.split('"').skip(1).step_by(2))
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const DUNE: &str = "home/opam/.opam/4.14/.opam-switch/packages/dune.3.10.0/opam";

    fn package(path: &str, text: &str) -> Package {
        let facts = detect_one(&Ocaml, path, text.as_bytes())
            .expect("opam never refuses a file")
            .expect("a path that is wanted");
        facts.packages.into_iter().next().expect("a package")
    }

    #[test]
    fn the_folder_tells_the_package_and_the_file_its_licence() {
        let dune = package(
            DUNE,
            "opam-version: \"2.0\"\nsynopsis: \"license: x\"\nlicense: [\"MIT\" \"ISC\"]\nhomepage: \"https://dune.build\"\n",
        );
        assert_eq!(dune.purl(None).as_deref(), Some("pkg:opam/dune@3.10.0"));
        assert_eq!(dune.licenses, ["MIT", "ISC"]);
        assert_eq!(dune.properties["homepage"], "https://dune.build");
    }

    #[test]
    fn what_is_not_installed_in_a_switch_is_not_read() {
        for (folder, wanted) in [
            ("r/.opam/4.14/.opam-switch/packages/dune.3.10.0", true),
            ("app/_opam/.opam-switch/packages/base-unix.base", true),
            ("r/.opam/repo/default/packages/dune/dune.3.10.0", false),
            ("r/.opam/4.14/.opam-switch/sources/dune.3.10.0", false),
            ("r/.opam/4.14/.opam-switch/packages/dune", false),
            ("dune.3.10.0", false),
        ] {
            assert_eq!(of_switch(folder).is_some(), wanted, "{folder}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(detect_one(&Ocaml, DUNE, &bytes).is_ok());
        }
    }
}
