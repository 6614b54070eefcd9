//! What images without rpm have in place of its database: `container-manifest-2` of Azure Linux and CBL-Mariner.
//!
//! A line a package, its tags parted by tabs: `NAME`, `VERSION-RELEASE`, `INSTALLTIME`, `BUILDTIME`, `VENDOR`, `EPOCH`, `SIZE`,
//! `ARCH`, `EPOCHNUM`, `SOURCERPM` (CBL-Mariner's `toolkit/docs/how_it_works/5_misc.md`). A tag that the package does not have is
//! `(none)`. `container-manifest-1`, beside it, has the names alone.

use super::source_of;
use crate::inventory::harvest::Harvest;
use crate::model::{Package, PackageType};

/// The file's name.
pub(super) const NAME: &str = "container-manifest-2";

/// Reads the packages of a manifest.
pub(super) fn read(text: &[u8], harvest: &mut Harvest<'_>) {
    let text = String::from_utf8_lossy(text);
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() || line.starts_with("gpg-pubkey\t") {
            continue;
        }
        match package_of(line) {
            Some(mut package) => {
                package.line = Some(number);
                harvest.package(package);
            }
            None => harvest.unreadable(format!("line {number} is no package with ten columns")),
        }
    }
}

fn package_of(line: &str) -> Option<Package> {
    let mut columns = line.split('\t');
    let mut next = || {
        let column = columns.next()?.trim();
        Some(Some(column).filter(|value| !value.is_empty() && *value != "(none)"))
    };
    let (name, version) = (next()??, next()??);
    let [_installed, _built, vendor, epoch, _size, architecture] =
        [next()?, next()?, next()?, next()?, next()?, next()?];
    let [_epoch_number, source] = [next()?, next()?];
    let epoch = match epoch.and_then(|epoch| epoch.parse::<u32>().ok()) {
        None | Some(0) => String::new(),
        Some(epoch) => format!("{epoch}:"),
    };
    let mut package = Package::new(PackageType::RPM, name, format!("{epoch}{version}"));
    package.architecture = architecture.map(str::to_owned);
    package.source = source.and_then(|file| source_of(file, &epoch));
    if let Some(vendor) = vendor {
        package.properties.insert("vendor".into(), vendor.into());
    }
    Some(package)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::inventory::os::rpm::Rpm;
    use crate::layers::{FileFacts, detect_one};

    fn facts(text: &[u8]) -> FileFacts {
        detect_one(&Rpm, "var/lib/rpmmanifest/container-manifest-2", text)
            .expect("rpm never refuses a whole file")
            .expect("a path that rpm wants")
    }

    #[test]
    fn each_line_is_a_package_but_keys_are_none() {
        let facts = facts(
            b"bash\t5.1.8-4.cm2\t1700000000\t1690000000\tMicrosoft Corporation\t(none)\t4567\tx86_64\t0\tbash-5.1.8-4.cm2.src.rpm\n\
gpg-pubkey\t3135ce90-5e6fda74\t1\t1\t(none)\t(none)\t0\t(none)\t0\t(none)\n\
openssl-libs\t1.1.1k-28.cm2\t1\t1\tMicrosoft Corporation\t1\t4567\tx86_64\t1\topenssl-1.1.1k-28.cm2.src.rpm\n\
cut\t1-1\n",
        );
        let packages: Vec<_> = facts
            .packages
            .iter()
            .map(|package| {
                (
                    package.name.as_str(),
                    package.version.as_str(),
                    package.line,
                )
            })
            .collect();
        assert_eq!(
            packages,
            [
                ("bash", "5.1.8-4.cm2", Some(1)),
                ("openssl-libs", "1:1.1.1k-28.cm2", Some(3))
            ]
        );
        let openssl = &facts.packages[1];
        let source = openssl.source.as_ref().expect("a source package");
        assert_eq!(
            (source.name.as_str(), source.version.as_str()),
            ("openssl", "1:1.1.1k-28.cm2")
        );
        assert_eq!(openssl.architecture.as_deref(), Some("x86_64"));
        assert_eq!(openssl.properties["vendor"], "Microsoft Corporation");
        assert_eq!(facts.gaps.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_and_never_a_panic(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\t'), Just(b'\n'), any::<u8>()], 0..300)
        ) {
            facts(&bytes);
        }
    }
}
