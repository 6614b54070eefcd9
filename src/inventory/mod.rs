//! From bytes of package databases to what is installed.
//!
//! What comes in: the files that the [`detectors`] ask for, one at a time, and later what `layers` found visible. What
//! goes out: facts of single files, and from all of them the [`Inventory`]. A detector sees one file and knows no other;
//! whatever takes two files to know (the distribution, who owns a file, which layer brought a package) is concluded in
//! `assemble`. This room never opens a path, asks the network or guesses: what it cannot read is a gap.
//!
//! An ecosystem is one file in `os/`, `lang/`, `binary/` or `sbom/` with its paths, parser and tests, and one line in the table below.

mod archive;
mod assemble;
mod binary;
mod harvest;
mod json;
mod lang;
mod os;
mod os_release;
mod sbom;
mod stanza;
mod unread;

pub use assemble::{
    DeletedPackage, InstalledPackage, Integrity, Inventory, ModifiedFile, assemble,
};

pub use sbom::{Listed, SBOM_LIMIT, Sbom, read_purl, read_sbom};
pub use unread::Unread;

use crate::layers::Detector;

/// The property of a package that another file than its own records: the folder that it lies in, relative to that file's.
const INSTALLED_AT: &str = "installed-at";

/// Every ecosystem that is read: one line each.
pub fn detectors() -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(os_release::OsRelease),
        Box::new(os::apk::Apk),
        Box::new(os::chisel::Chisel),
        Box::new(os::dpkg::Dpkg),
        Box::new(os::homebrew::Homebrew),
        Box::new(os::nix::Nix),
        Box::new(os::opkg::Opkg),
        Box::new(os::pacman::Pacman),
        Box::new(os::portage::Portage),
        Box::new(os::rpm::Rpm),
        Box::new(os::snap::Snap),
        Box::new(lang::conan::Conan),
        Box::new(lang::conda::Conda),
        Box::new(lang::dart::Dart),
        Box::new(lang::dotnet::Dotnet),
        Box::new(lang::erlang::Erlang),
        Box::new(lang::haskell::Haskell),
        Box::new(lang::java::Java),
        Box::new(lang::julia::Julia),
        Box::new(lang::jvm::Jvm),
        Box::new(lang::lua::Lua),
        Box::new(lang::node::Node),
        Box::new(lang::ocaml::Ocaml),
        Box::new(lang::perl::Perl),
        Box::new(lang::php::Php),
        Box::new(lang::python::Python),
        Box::new(lang::r::R),
        Box::new(lang::ruby::Ruby),
        Box::new(lang::swift::Swift),
        Box::new(lang::wordpress::WordPress),
        Box::new(binary::Binary),
        Box::new(binary::known::Known),
        Box::new(sbom::Bitnami),
        Box::new(sbom::Shipped),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_detector_has_its_own_name_and_a_row_in_the_documentation() {
        let documentation = include_str!("../../docs/inventory.md");
        let detectors = detectors();
        let names: BTreeSet<&str> = detectors
            .iter()
            .map(|detector| detector.id().name)
            .collect();
        assert_eq!(names.len(), detectors.len());
        for name in names {
            let row = format!("| `{name}` |");
            assert!(documentation.contains(&row), "no row for {name}");
        }
    }

    #[test]
    fn every_detector_says_what_it_is_interested_in_and_skips_what_only_looks_like_it() {
        use crate::layers::{Entry, Interest, Want};
        for detector in detectors() {
            assert!(!detector.interests().is_empty());
            for interest in detector.interests() {
                let path = match interest {
                    Interest::Name(name) => format!("srv/{name}"),
                    Interest::Folder(folder) => format!("srv/{folder}/file"),
                    Interest::Extension(_) | Interest::Magic(_) => continue,
                    Interest::Everything if detector.session().is_some() => continue,
                    Interest::Everything => panic!("no ecosystem reads every file"),
                };
                let wants = detector.wants(&Entry::file(&path, 10));
                assert_eq!(wants, Want::Skip, "{} at {path}", detector.id());
            }
        }
    }
}
