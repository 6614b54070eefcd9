//! Alpine's package database, of which Wolfi and Chainguard have another copy of the form: `apk/db/installed`.
//!
//! One letter a field, a blank line after each package: apk-package(5) and apk-tools' `package.c`.

use crate::inventory::harvest::Harvest;
use crate::inventory::stanza::{Stanza, stanzas};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, SourcePackage};

/// 64 MiB: the database lists every installed file; an image with 1,500 packages has 12 MiB of it.
const LIMIT: u64 = 64 << 20;

/// Reads apk's database of installed packages.
pub(in crate::inventory) struct Apk;

impl Detector for Apk {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/apk",
            version: 1,
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
        for stanza in stanzas(file.bytes) {
            read_stanza(stanza, &mut harvest);
        }
        Ok(harvest.finish())
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
