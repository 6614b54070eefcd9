//! Homebrew's kegs: a folder `Cellar/NAME/VERSION` a package, with `INSTALL_RECEIPT.json` in it.
//!
//! Name and version are those of the folder, as Homebrew itself takes them; the receipt says which tap the formula came from and for
//! which processor it was built (Homebrew's `Library/Homebrew/tab.rb`). The prefix differs: `home/linuxbrew/.linuxbrew`,
//! `usr/local`, `opt/homebrew`.

use serde::Deserialize;

use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Claims, Package, PackageType};

/// 4 MiB: a receipt lists the dependencies at run time, of which none has a thousand.
const LIMIT: u64 = 4 << 20;

/// The tap that a formula without another comes from.
const DEFAULT_TAP: &str = "homebrew/core";

/// Reads the receipts of Homebrew.
pub(in crate::inventory) struct Homebrew;

impl Detector for Homebrew {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/homebrew",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("INSTALL_RECEIPT.json")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if keg_of(entry).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        let Some((name, version)) = keg_of(&file.entry) else {
            return Ok(harvest.finish());
        };
        // Formulae are not case-sensitive (purl-spec, `brew`).
        let mut package =
            Package::new(PackageType::new("brew"), name.to_ascii_lowercase(), version);
        match serde_json::from_slice::<Receipt>(file.bytes) {
            Ok(receipt) => {
                package.architecture = receipt.arch;
                let tap = receipt.source.and_then(|source| source.tap);
                package.namespace = tap
                    .map(|tap| tap.to_ascii_lowercase())
                    .filter(|tap| tap != DEFAULT_TAP);
            }
            Err(_) => harvest.unreadable("it is no receipt: the package is known by its folder"),
        }
        let claims = Claims::folder(&*package.name, file.entry.parent());
        harvest.package(package);
        let mut facts = harvest.finish();
        facts.claims.push(claims);
        Ok(facts)
    }
}

/// The fields of a receipt that are read.
#[derive(Deserialize)]
struct Receipt {
    arch: Option<String>,
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    tap: Option<String>,
}

/// Name and version of the keg that the file lies directly in.
fn keg_of<'a>(entry: &Entry<'a>) -> Option<(&'a str, &'a str)> {
    let mut parts = entry.parent().rsplit('/');
    let (version, name, cellar) = (parts.next()?, parts.next()?, parts.next()?);
    (cellar == "Cellar").then_some((name, version))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const KEG: &str = "home/linuxbrew/.linuxbrew/Cellar/postgresql@12/12.17_1";

    fn facts(json: &str) -> FileFacts {
        let path = format!("{KEG}/INSTALL_RECEIPT.json");
        detect_one(&Homebrew, &path, json.as_bytes())
            .expect("facts")
            .expect("wanted")
    }

    #[test]
    fn a_keg_is_a_package_that_owns_its_folder() {
        let facts = facts(
            r#"{"homebrew_version": "4.2.0", "arch": "x86_64", "source": {"tap": "homebrew/core", "versions": {"stable": "12.17"}}}"#,
        );
        assert_eq!(facts.gaps, []);
        assert_eq!(facts.packages[0].architecture.as_deref(), Some("x86_64"));
        assert_eq!(
            facts.packages[0].purl(None).as_deref(),
            Some("pkg:brew/postgresql%4012@12.17_1")
        );
        assert_eq!(facts.claims, [Claims::folder("postgresql@12", KEG)]);
    }

    #[test]
    fn another_tap_is_the_namespace() {
        let facts = facts(r#"{"arch": null, "source": {"tap": "Some-Org/Some-Tap"}}"#);
        assert_eq!(
            facts.packages[0].purl(None).as_deref(),
            Some("pkg:brew/some-org/some-tap/postgresql%4012@12.17_1")
        );
    }

    #[test]
    fn a_damaged_receipt_is_a_gap_and_the_folder_still_says_what_it_is() {
        let facts = facts("{");
        assert_eq!(facts.packages[0].version, "12.17_1");
        assert_eq!(
            facts.gaps[0].detail,
            "it is no receipt: the package is known by its folder"
        );
    }

    #[test]
    fn receipts_elsewhere_are_not_read() {
        for path in [
            "Cellar/INSTALL_RECEIPT.json",
            "usr/local/Cellar/x/INSTALL_RECEIPT.json",
            "usr/local/Caskroom/x/1.0/INSTALL_RECEIPT.json",
            "usr/local/Cellar/x/1.0/share/INSTALL_RECEIPT.json",
        ] {
            assert_eq!(detect_one(&Homebrew, path, b"{}"), Ok(None), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let path = format!("{KEG}/INSTALL_RECEIPT.json");
            prop_assert!(detect_one(&Homebrew, &path, &bytes).is_ok());
        }
    }
}
