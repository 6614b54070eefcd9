//! opkg's database, of routers and of images that Yocto builds: `lib/opkg/status`, and beside it, in `info`, a control file and a
//! list of files for each package.
//!
//! The form is dpkg's, from which opkg comes; digests of files are not in it. The control file has the licence, the status does not.

use super::dpkg::State;
use super::owned::OwnedFiles;
use crate::inventory::harvest::Harvest;
use crate::inventory::stanza::{Field, Stanza, stanzas};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{ClaimKind, Package, PackageType, SourcePackage};

/// 16 MiB: a router with 500 packages has 200 KiB.
const LIMIT: u64 = 16 << 20;

const OPKG: PackageType = PackageType::new("opkg");

/// Reads opkg's database.
pub(in crate::inventory) struct Opkg;

/// What a file of the database is.
enum Kind<'a> {
    Records,
    /// The files of this package.
    List(&'a str),
}

impl<'a> Kind<'a> {
    /// The database lies in `usr/lib`, `var/lib` or, beside another package tool, in `opt/lib`.
    fn of(entry: &Entry<'a>) -> Option<Self> {
        let (name, folder) = (entry.file_name(), entry.parent());
        let is_database = |folder: &str| folder == "lib/opkg" || folder.ends_with("/lib/opkg");
        if name == "status" {
            return is_database(folder).then_some(Self::Records);
        }
        let (package, ending) = name.rsplit_once('.')?;
        let kind = match ending {
            "control" => Self::Records,
            "list" => Self::List(package),
            _ => return None,
        };
        is_database(folder.strip_suffix("/info")?).then_some(kind)
    }
}

impl Detector for Opkg {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/opkg",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("status"), Interest::Folder("info")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match Kind::of(entry) {
            Some(_) => Want::Whole { limit: LIMIT },
            None => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        let mut owned = OwnedFiles::new();
        match Kind::of(&file.entry) {
            Some(Kind::List(package)) => {
                for line in file.bytes.split(|byte| *byte == b'\n') {
                    // Yocto's opkg writes the mode, and where a link leads, behind the path.
                    let path = line.split(|byte| *byte == b'\t').next();
                    let path = path.unwrap_or_default().trim_ascii();
                    owned.add(package, &[path], ClaimKind::File, None);
                }
            }
            _ => {
                for stanza in stanzas(file.bytes) {
                    read_stanza(stanza, &mut harvest, &mut owned);
                }
            }
        }
        let mut facts = harvest.finish();
        owned.put_into(&mut facts, file.entry.path);
        Ok(facts)
    }
}

fn read_stanza(stanza: Stanza<'_>, harvest: &mut Harvest<'_>, owned: &mut OwnedFiles) {
    let mut package = Package::new(OPKG, "", "");
    package.line = Some(stanza.line);
    let mut state = State::Installed;
    let mut conffiles = None;
    let mut source = None;
    for field in stanza.fields() {
        let field = match field {
            Ok(field) => field,
            Err(stray) => {
                harvest.unreadable(format!("line {} is no `Field: value`", stray.number));
                continue;
            }
        };
        let text = || field.text().into_owned();
        match field.name.to_ascii_lowercase().as_slice() {
            b"package" => package.name = text(),
            b"version" => package.version = text(),
            b"architecture" => package.architecture = Some(text()),
            b"license" => package.licenses = vec![text()],
            b"sourcename" => source = Some(text()),
            b"status" => state = State::of(&field.text()),
            b"conffiles" => conffiles = Some(field),
            b"maintainer" => {
                package.properties.insert("maintainer".into(), text());
            }
            _ => {}
        }
    }
    if matches!(state, State::Absent) {
        return;
    }
    if package.name.is_empty() || package.version.is_empty() {
        harvest.unreadable(format!(
            "the record at line {} has no Package or no Version",
            stanza.line
        ));
        return;
    }
    for line in conffiles.into_iter().flat_map(Field::continued) {
        let path = line.split(|byte| *byte == b' ').next().unwrap_or_default();
        owned.add(&package.name, &[path], ClaimKind::Config, None);
    }
    package.licenses.retain(|license| !license.is_empty());
    package.source = source
        .filter(|name| !name.is_empty())
        .map(|name| SourcePackage {
            name,
            version: package.version.clone(),
        });
    harvest.package(package);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;
    use crate::model::Claim;

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Opkg, path, text.as_bytes())
            .expect("opkg never refuses a whole file")
            .expect("a path that opkg wants")
    }

    #[test]
    fn the_status_tells_packages_and_their_configuration() {
        let facts = facts(
            "usr/lib/opkg/status",
            "Package: dnsmasq\nVersion: 2.86-16\nDepends: libc\nStatus: install user installed\nArchitecture: mips_24kc\n\
Conffiles:\n /etc/config/dhcp 0cbf2dd9e4ddb2eb6b2f2d3bd7ae9c4f1f1f6d2e\n /etc/dnsmasq.conf\nInstalled-Time: 1666000000\n\n\
Package: gone\nVersion: 1\nStatus: deinstall user not-installed\n\nVersion: 2\n",
        );
        let [dnsmasq] = facts.packages.as_slice() else {
            panic!("one package, not {:?}", facts.packages)
        };
        assert_eq!(dnsmasq.architecture.as_deref(), Some("mips_24kc"));
        assert_eq!(
            dnsmasq.purl(None).as_deref(),
            Some("pkg:opkg/dnsmasq@2.86-16?arch=mips_24kc")
        );
        assert_eq!(facts.gaps.len(), 1);
        let claims: Vec<Claim<'_>> = facts.claims[0].iter().collect();
        let config = |path| Claim {
            path,
            kind: ClaimKind::Config,
            digest: None,
        };
        assert_eq!(
            claims,
            [config("etc/config/dhcp"), config("etc/dnsmasq.conf")]
        );
    }

    #[test]
    fn a_control_file_has_the_licence_and_a_list_the_files() {
        let control = facts(
            "usr/lib/opkg/info/dnsmasq.control",
            "Package: dnsmasq\nVersion: 2.86-16\nSource: package/network/services/dnsmasq\nSourceName: dnsmasq\nLicense: GPL-2.0\n\
Maintainer: A <a@example.org>\nArchitecture: mips_24kc\n",
        );
        let dnsmasq = &control.packages[0];
        assert_eq!(dnsmasq.licenses, ["GPL-2.0"]);
        assert_eq!(
            dnsmasq.source.as_ref().map(|source| source.name.as_str()),
            Some("dnsmasq")
        );
        let list = facts(
            "var/lib/opkg/info/base-files.list",
            "/etc/banner\n/bin/x\t0100755\n/bin/y\t0120777\tx\n",
        );
        let paths: Vec<&str> = list.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(paths, ["etc/banner", "bin/x", "bin/y"]);
        assert_eq!(list.claims[0].owner, "base-files");
    }

    #[test]
    fn only_opkg_s_own_folder_is_read() {
        for (path, wanted) in [
            ("opt/lib/opkg/status", true),
            ("usr/lib/opkg/info/a.control", true),
            ("usr/lib/opkg/info/a.prerm", false),
            ("var/lib/dpkg/info/a.list", false),
            ("usr/libopkg/status", false),
        ] {
            let read = detect_one(&Opkg, path, b"").expect("no error").is_some();
            assert_eq!(read, wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_and_never_a_panic(
            name in proptest::sample::select(vec!["status", "info/a.list", "info/a.control"]),
            bytes in proptest::collection::vec(any::<u8>(), 0..300)
        ) {
            let path = format!("usr/lib/opkg/{name}");
            prop_assert!(detect_one(&Opkg, &path, &bytes).is_ok());
        }
    }
}
