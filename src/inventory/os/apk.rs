//! Alpine's package database, of which Wolfi and Chainguard have another copy of the form: `apk/db/installed`.
//!
//! One letter a field, a blank line after each package: apk-package(5) and apk-tools' `package.c`; the files of a package in the
//! same stanza: `database.c`.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::owned::OwnedFiles;
use crate::inventory::harvest::Harvest;
use crate::inventory::stanza::{Stanza, stanzas};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{ClaimKind, FileAlgorithm, FileDigest, Package, PackageType, SourcePackage};

/// 64 MiB: the database lists every installed file; an image with 1,500 packages has 12 MiB of it.
const LIMIT: u64 = 64 << 20;

/// Reads apk's database of installed packages.
pub(in crate::inventory) struct Apk;

impl Detector for Apk {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/apk",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("installed")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match entry.parent() {
            "lib/apk/db" | "usr/lib/apk/db" | "var/lib/apk/db" => Want::Whole { limit: LIMIT },
            _ => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        let mut owned = OwnedFiles::new();
        for stanza in stanzas(file.bytes) {
            read_stanza(stanza, &mut harvest);
            read_files(stanza, &mut owned);
        }
        let mut facts = harvest.finish();
        owned.put_into(&mut facts, file.entry.path);
        Ok(facts)
    }
}

fn read_stanza(stanza: Stanza<'_>, harvest: &mut Harvest<'_>) {
    let mut package = Package::new(PackageType::APK, "", "");
    package.line = Some(stanza.line);
    let mut origin = None;
    for field in stanza.fields() {
        let field = match field {
            Ok(field) => field,
            Err(stray) => {
                harvest.unreadable(format!("line {} is no `X:value`", stray.number));
                continue;
            }
        };
        match field.name {
            b"P" => package.name = field.text().into_owned(),
            b"V" => package.version = field.text().into_owned(),
            b"A" => package.architecture = Some(field.text().into_owned()),
            b"L" => package.licenses = vec![field.text().into_owned()],
            b"o" => origin = Some(field.text().into_owned()),
            b"m" => {
                let maintainer = field.text().into_owned();
                package.properties.insert("maintainer".into(), maintainer);
            }
            _ => {}
        }
    }
    if package.name.is_empty() || package.version.is_empty() {
        harvest.unreadable(format!(
            "the record at line {} has no name (P) or no version (V)",
            stanza.line
        ));
        return;
    }
    package.licenses.retain(|license| !license.is_empty());
    // All packages of one origin are built together: they have one version.
    package.source = origin
        .filter(|name| !name.is_empty())
        .map(|name| SourcePackage {
            name,
            version: package.version.clone(),
        });
    harvest.package(package);
}

/// One file, as the lines of it are read.
struct PackageFile<'a> {
    name: &'a [u8],
    /// Symbolic links have all permissions, and the digest of where they lead.
    is_link: bool,
    digest: Option<FileDigest>,
}

/// The files of a package: `F:` names a folder, `R:` a file in it; `a:` (owner, group, mode) and `Z:` (digest) are about the file
/// before them.
fn read_files(stanza: Stanza<'_>, owned: &mut OwnedFiles) {
    let mut package = Cow::Borrowed("");
    let mut folder: &[u8] = b"";
    let mut last: Option<PackageFile<'_>> = None;
    for field in stanza.fields().flatten() {
        let value = field.value();
        match (field.name, &mut last) {
            (b"P", _) => package = field.text(),
            (b"F" | b"R", _) => {
                if let Some(file) = last.take() {
                    add(&package, folder, &file, owned);
                }
                if field.name == b"F" {
                    folder = value;
                } else {
                    last = Some(PackageFile {
                        name: value,
                        is_link: false,
                        digest: None,
                    });
                }
            }
            (b"a", Some(file)) => file.is_link = value.ends_with(b":777"),
            (b"Z", Some(file)) => file.digest = digest_of(value),
            _ => {}
        }
    }
    if let Some(file) = last {
        add(&package, folder, &file, owned);
    }
}

fn add(package: &str, folder: &[u8], file: &PackageFile<'_>, owned: &mut OwnedFiles) {
    // What apk keeps where its user has changed it: `+etc`, `@etc/init.d` (links only), `!etc/apk` (apk-tools' `database.c`).
    let is_below = |parent: &[u8]| {
        let rest = folder.strip_prefix(parent);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
    };
    let is_config = is_below(b"etc") && !is_below(b"etc/init.d") && !is_below(b"etc/apk");
    let kind = if is_config {
        ClaimKind::Config
    } else {
        ClaimKind::File
    };
    let digest = file.digest.filter(|_| !file.is_link);
    owned.add(package, &[folder, file.name], kind, digest);
}

/// `Q1` and a SHA-1 in base64; `Q2` and a SHA-256, or its first twenty bytes; or an MD5 in hexadecimal (apk-tools' `blob.c`).
fn digest_of(value: &[u8]) -> Option<FileDigest> {
    let (algorithm, encoded) = match value.split_at_checked(2)? {
        (b"Q1", encoded) => (FileAlgorithm::Sha1, encoded),
        (b"Q2", encoded) => (FileAlgorithm::Sha256, encoded),
        _ => return FileDigest::of_hex(FileAlgorithm::Md5, std::str::from_utf8(value).ok()?),
    };
    // The longest is 44 characters: what is longer is no digest.
    let encoded = Some(encoded).filter(|encoded| encoded.len() <= 64)?;
    FileDigest::of_bytes(algorithm, &BASE64_STANDARD.decode(encoded).ok()?)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;
    use crate::model::limits::read_at_most;

    fn facts(text: &[u8]) -> FileFacts {
        detect_one(&Apk, "lib/apk/db/installed", text)
            .expect("apk never refuses a whole file")
            .expect("a path that apk wants")
    }

    const INSTALLED: &[u8] = b"\
C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
P:ssl_client
V:1.36.1-r15
A:x86_64
S:4993
T:External ssl_client for busybox wget
L:GPL-2.0-only
o:busybox
m:Natanael Copa <ncopa@alpinelinux.org>
F:usr
F:usr/bin
R:ssl_client
a:0:0:755
Z:Q1thISdNpVHJHW8WjMZGjVHu3ZJNs=

C:Q1
P:.build-deps
V:20240601.101010
A:noarch
L:

P:nameless-version
x
";

    #[test]
    fn fields_of_a_package_are_read_with_its_line_and_origin() {
        let facts = facts(INSTALLED);
        let [ssl_client, build_deps] = facts.packages.as_slice() else {
            panic!("two packages, not {:?}", facts.packages)
        };
        assert_eq!(ssl_client.line, Some(1));
        assert_eq!(ssl_client.architecture.as_deref(), Some("x86_64"));
        assert_eq!(ssl_client.licenses, ["GPL-2.0-only"]);
        assert_eq!(
            ssl_client.source,
            Some(SourcePackage {
                name: "busybox".into(),
                version: "1.36.1-r15".into()
            })
        );
        assert_eq!(build_deps.line, Some(16));
        assert_eq!(build_deps.source, None);
        assert!(build_deps.licenses.is_empty());
    }

    #[test]
    fn files_have_their_digests_and_links_have_none() {
        use ClaimKind::{Config, File};
        use FileAlgorithm::{Md5, Sha1, Sha256};
        let text = b"\
P:busybox
V:1
F:bin
R:busybox
a:0:0:755
Z:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=
R:sh
a:0:0:777
Z:Q1qZk+NkcGgWq6PiVxeFDCbJzQ2J0=
F:etc
M:0:0:755
R:motd
Z:Q2ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=
F:etc/init.d
R:cron
F:etc/apk/keys
R:a.pub
Z:Q1broken
F:
R:linuxrc

P:old
V:1
F:etcetera
R:a
Z:900150983cd24fb0d6963f7d28e17f72
";
        let facts = facts(text);
        let claims: Vec<(&str, &str, ClaimKind, Option<FileDigest>)> = facts
            .claims
            .iter()
            .flat_map(|claims| claims.iter().map(move |claim| (claims, claim)))
            .map(|(claims, claim)| (claims.owner.as_str(), claim.path, claim.kind, claim.digest))
            .collect();
        let digest = |algorithm, start| Some(FileDigest { algorithm, start });
        // Each is the digest of `abc`.
        assert_eq!(
            claims,
            [
                (
                    "busybox",
                    "bin/busybox",
                    File,
                    digest(Sha1, 0xa999_3e36_4706_816a)
                ),
                ("busybox", "bin/sh", File, None),
                (
                    "busybox",
                    "etc/motd",
                    Config,
                    digest(Sha256, 0xba78_16bf_8f01_cfea)
                ),
                ("busybox", "etc/init.d/cron", File, None),
                ("busybox", "etc/apk/keys/a.pub", File, None),
                ("busybox", "linuxrc", File, None),
                (
                    "old",
                    "etcetera/a",
                    File,
                    digest(Md5, 0x9001_5098_3cd2_4fb0)
                ),
            ]
        );
    }

    #[test]
    fn a_malformed_record_is_a_gap_with_its_line() {
        let gaps: Vec<String> = facts(INSTALLED)
            .gaps
            .into_iter()
            .map(|gap| gap.detail)
            .collect();
        assert_eq!(
            gaps,
            [
                "line 23 is no `X:value`",
                "the record at line 22 has no name (P) or no version (V)"
            ]
        );
    }

    #[test]
    fn the_database_is_read_at_its_three_places_only() {
        for (path, wanted) in [
            ("lib/apk/db/installed", true),
            ("usr/lib/apk/db/installed", true),
            ("var/lib/apk/db/installed", true),
            ("home/apk/db/installed", false),
            ("lib/apk/db/installed/installed", false),
        ] {
            let read = detect_one(&Apk, path, b"").expect("no error").is_some();
            assert_eq!(read, wanted, "{path}");
        }
    }

    /// The bytes of the first entry of a tar stream whose name ends in `ending`.
    fn entry_of(tar: impl Read, ending: &str) -> Vec<u8> {
        tar::Archive::new(tar)
            .entries()
            .expect("a tar")
            .map(|entry| entry.expect("an entry"))
            .find(|entry| entry.path_bytes().ends_with(ending.as_bytes()))
            .map(|entry| read_at_most(entry, LIMIT).expect("its bytes"))
            .expect("the entry")
    }

    #[test]
    fn a_real_alpine_image_has_its_fourteen_packages() {
        let image = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/fixtures/images/alpine-3.10.docker-archive.tar.gz");
        let Ok(image) = std::fs::File::open(image) else {
            println!("skipped: the shared fixtures are not on this machine");
            return;
        };
        let layer = entry_of(flate2::read::GzDecoder::new(image), "layer.tar");
        let facts = facts(&entry_of(layer.as_slice(), "lib/apk/db/installed"));
        assert_eq!(facts.gaps, []);
        assert_eq!(facts.packages.len(), 14);
        let find = |name: &str| facts.packages.iter().find(|package| package.name == name);
        let libcrypto = find("libcrypto1.1").expect("libcrypto1.1");
        assert_eq!(libcrypto.version, "1.1.1d-r2");
        assert_eq!(
            libcrypto.source.as_ref().map(|source| source.name.as_str()),
            Some("openssl")
        );
        assert!(facts.packages.iter().all(|package| {
            package.architecture.as_deref() == Some("x86_64") && package.source.is_some()
        }));
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(detect_one(&Apk, "lib/apk/db/installed", &bytes).is_ok());
        }
    }
}
