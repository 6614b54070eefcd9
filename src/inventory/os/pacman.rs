//! Arch's package database: a folder a package in `var/lib/pacman/local`, with `desc`, `files` and `mtree` in it.
//!
//! `desc` says what the package is and `files` what it owns (alpm-db-desc(5), alpm-db-files(5)); `mtree` is gzip over a list of
//! the files with their SHA-256 (alpm-mtree(5), and mtree(5) of libarchive, which writes it).

use std::io::ErrorKind;

use flate2::read::MultiGzDecoder;

use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::limits::read_at_most;
use crate::model::{
    ClaimKind, Claims, FileAlgorithm, FileDigest, Gap, GapKind, LayerPath, Package, PackageType,
    SourcePackage,
};

/// 64 MiB, for an `mtree` as it is stored and inflated: the largest packages (`TeX Live`, with 200,000 files) have 30 MiB.
const LIMIT: u64 = 64 << 20;

const DATABASE: &str = "var/lib/pacman/local/";

/// Reads pacman's local database.
pub(in crate::inventory) struct Pacman;

impl Detector for Pacman {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/pacman",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("desc"),
            Interest::Name("files"),
            Interest::Name("mtree"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if record_of(entry).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        let owner = record_of(&file.entry).map_or("", name_of);
        match file.entry.file_name() {
            "desc" => {
                let mut harvest = Harvest::of(path);
                read_desc(file.bytes, &mut harvest);
                Ok(harvest.finish())
            }
            "files" => Ok(facts_of(read_files(owner, file.bytes))),
            _ => match read_at_most(MultiGzDecoder::new(file.bytes), LIMIT) {
                Ok(text) => Ok(facts_of(read_mtree(owner, &text))),
                Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                    let detail = format!(
                        "it inflates to more than {LIMIT} bytes: the files of {owner} are not compared with it"
                    );
                    Ok(FileFacts {
                        gaps: vec![Gap::at(
                            GapKind::LimitReached,
                            LayerPath::from(path),
                            detail,
                        )],
                        ..FileFacts::default()
                    })
                }
                Err(_) => Err(ParseError::new("it is no gzip file")),
            },
        }
    }
}

/// The package's folder, if the file lies directly in one: `bash-5.2.026-2`.
fn record_of<'a>(entry: &Entry<'a>) -> Option<&'a str> {
    let folder = entry.parent().strip_prefix(DATABASE)?;
    (!folder.contains('/')).then_some(folder)
}

/// The name of a record's folder without version and release, which have no hyphen in them (PKGBUILD(5)).
fn name_of(folder: &str) -> &str {
    folder.rsplitn(3, '-').nth(2).unwrap_or(folder)
}

fn facts_of(claims: Claims) -> FileFacts {
    FileFacts {
        claims: if claims.is_empty() {
            Vec::new()
        } else {
            vec![claims]
        },
        ..FileFacts::default()
    }
}

/// The lines of a database file, each with the section (`%NAME%`) that it stands in.
fn lines_of_sections(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut section: &[u8] = b"";
    text.split(|byte| *byte == b'\n').filter_map(move |line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let heading = line
            .strip_prefix(b"%")
            .and_then(|line| line.strip_suffix(b"%"));
        if let Some(heading) = heading {
            section = heading;
            return None;
        }
        (!line.is_empty()).then_some((section, line))
    })
}

fn read_desc(text: &[u8], harvest: &mut Harvest<'_>) {
    let mut package = Package::new(PackageType::new("alpm"), "", "");
    package.line = Some(1);
    let mut base = None;
    for (section, line) in lines_of_sections(text) {
        let value = String::from_utf8_lossy(line).trim().to_owned();
        match section {
            b"NAME" => package.name = value,
            b"VERSION" => package.version = value,
            b"ARCH" => package.architecture = Some(value),
            b"BASE" => base = Some(value),
            b"LICENSE" => package.licenses.push(value),
            b"PACKAGER" => {
                package.properties.insert("packager".into(), value);
            }
            _ => {}
        }
    }
    if package.name.is_empty() || package.version.is_empty() {
        harvest.unreadable("it has no %NAME% or no %VERSION%");
        return;
    }
    // All packages of one PKGBUILD have one version; the field is there since pacman 4.2.
    package.source = base.map(|name| SourcePackage {
        name,
        version: package.version.clone(),
    });
    harvest.package(package);
}

/// What the package owns, and which of it are configuration files.
fn read_files(owner: &str, text: &[u8]) -> Claims {
    let mut claims = Claims::new(owner, true);
    for (section, line) in lines_of_sections(text) {
        match section {
            b"FILES" if !line.ends_with(b"/") => {
                claims.push(&LayerPath::normalise(line), ClaimKind::File, None);
            }
            b"BACKUP" => {
                let mut fields = line.rsplitn(2, |byte| *byte == b'\t');
                let (digest, path) = (fields.next(), fields.next());
                let digest = digest
                    .and_then(|digest| std::str::from_utf8(digest).ok())
                    .and_then(|digest| FileDigest::of_hex(FileAlgorithm::Md5, digest));
                if let Some(path) = path {
                    claims.push(&LayerPath::normalise(path), ClaimKind::Config, digest);
                }
            }
            _ => {}
        }
    }
    claims
}

/// The digests of the package's files.
fn read_mtree(owner: &str, text: &[u8]) -> Claims {
    let mut claims = Claims::new(owner, true);
    for line in text.split(|byte| *byte == b'\n') {
        let mut words = line
            .split(|byte| *byte == b' ')
            .filter(|word| !word.is_empty());
        // `#mtree` and `/set` are no files, nor are `./.PKGINFO` and its kin: they lie in the package, not in the system.
        let Some(path) = words.next().and_then(|path| path.strip_prefix(b"./")) else {
            continue;
        };
        let digest = words
            .find_map(|word| {
                word.strip_prefix(b"sha256digest=")
                    .or_else(|| word.strip_prefix(b"sha256="))
            })
            .and_then(|digest| std::str::from_utf8(digest).ok())
            .and_then(|digest| FileDigest::of_hex(FileAlgorithm::Sha256, digest));
        if path.starts_with(b".") || digest.is_none() {
            continue;
        }
        let path = LayerPath::normalise(&unescape(path));
        // Which files are configuration stands in `files` alone. All of them are in etc, whose other files are scripts.
        let kind = if path.is_within("etc") {
            ClaimKind::Config
        } else {
            ClaimKind::File
        };
        claims.push(&path, kind, digest);
    }
    claims
}

/// Undoes the encoding of mtree(5): a backslash and three octal digits stand for a byte.
fn unescape(name: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let escaped = (*byte == b'\\')
            .then(|| after.split_at_checked(3))
            .flatten()
            .and_then(|(digits, after)| {
                let digits = std::str::from_utf8(digits).ok()?;
                Some((u8::from_str_radix(digits, 8).ok()?, after))
            });
        match escaped {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => bytes.push(*byte),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const FOLDER: &str = "var/lib/pacman/local/ca-certificates-utils-20240618-1";

    fn facts(name: &str, bytes: &[u8]) -> FileFacts {
        detect_one(&Pacman, &format!("{FOLDER}/{name}"), bytes)
            .expect("readable")
            .expect("wanted")
    }

    fn claimed(facts: &FileFacts) -> Vec<(String, ClaimKind, Option<u64>)> {
        facts
            .claims
            .iter()
            .flat_map(Claims::iter)
            .map(|claim| {
                let start = claim.digest.map(|digest| digest.start);
                (claim.path.to_owned(), claim.kind, start)
            })
            .collect()
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory");
        encoder.finish().expect("memory")
    }

    const DESC: &str = "\
%NAME%
ca-certificates-utils

%VERSION%
1:20240618-1

%BASE%
ca-certificates

%DESC%
Common CA certificates (utilities)

%ARCH%
any

%PACKAGER%
Somebody <somebody@example.org>

%LICENSE%
GPL-2.0-or-later
MIT

%VALIDATION%
pgp
";

    #[test]
    fn a_package_has_its_epoch_source_and_licences() {
        let facts = facts("desc", DESC.as_bytes());
        assert_eq!(facts.gaps, []);
        let [package] = facts.packages.as_slice() else {
            panic!("one package")
        };
        assert_eq!(package.name, "ca-certificates-utils");
        assert_eq!(package.version, "1:20240618-1");
        assert_eq!(package.architecture.as_deref(), Some("any"));
        assert_eq!(package.licenses, ["GPL-2.0-or-later", "MIT"]);
        assert_eq!(
            package.properties["packager"],
            "Somebody <somebody@example.org>"
        );
        assert_eq!(
            package.source,
            Some(SourcePackage {
                name: "ca-certificates".into(),
                version: "1:20240618-1".into()
            })
        );
    }

    #[test]
    fn a_record_without_a_version_is_a_gap() {
        let facts = facts("desc", b"%NAME%\nbash\n\n%VERSION%\n\n%ARCH%\nany\n");
        assert_eq!(facts.packages, []);
        assert_eq!(facts.gaps[0].detail, "it has no %NAME% or no %VERSION%");
    }

    #[test]
    fn the_package_owns_its_files_and_says_which_are_configuration() {
        let facts = facts(
            "files",
            b"%FILES%\netc/\netc/x.conf\nusr/\nusr/bin/\nusr/bin/trust\n\n%BACKUP%\netc/x.conf\td41d8cd98f00b204e9800998ecf8427e\n",
        );
        assert_eq!(facts.claims[0].owner, "ca-certificates-utils");
        assert!(facts.claims[0].is_os);
        assert_eq!(
            claimed(&facts),
            [
                ("etc/x.conf".into(), ClaimKind::File, None),
                ("usr/bin/trust".into(), ClaimKind::File, None),
                (
                    "etc/x.conf".into(),
                    ClaimKind::Config,
                    Some(0xd41d_8cd9_8f00_b204)
                ),
            ]
        );
    }

    #[test]
    fn the_digests_of_a_package_are_inflated_and_names_unescaped() {
        let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let text = format!(
            "#mtree\n/set type=file uid=0 gid=0 mode=644\n./.PKGINFO time=1.0 size=1 sha256digest={digest}\n\
             ./etc time=1.0 mode=755 type=dir\n./etc/x.conf time=1.0 size=4 sha256digest={digest}\n\
             ./usr/share/a\\040b time=1.0 size=4 md5digest=00 sha256digest={digest}\n\
             ./usr/lib/l time=1.0 mode=777 type=link link=m\n"
        );
        let facts = facts("mtree", &gzip(text.as_bytes()));
        let start = Some(0x9f86_d081_884c_7d65);
        assert_eq!(
            claimed(&facts),
            [
                ("etc/x.conf".into(), ClaimKind::Config, start),
                ("usr/share/a b".into(), ClaimKind::File, start),
            ]
        );
    }

    #[test]
    fn a_list_that_inflates_without_end_is_a_limit_and_a_damaged_one_an_error() {
        let bomb = gzip(&vec![b'\n'; usize::try_from(LIMIT).expect("small") + 1]);
        let facts = facts("mtree", &bomb);
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
        let error = detect_one(&Pacman, &format!("{FOLDER}/mtree"), b"no gzip");
        assert!(error.is_err());
    }

    #[test]
    fn only_files_of_the_local_database_are_read() {
        for path in [
            "var/lib/pacman/local/desc",
            "var/lib/pacman/sync/core/bash-5-1/desc",
            "var/lib/pacman/local/bash-5-1/old/desc",
            "home/var/lib/pacman/local/bash-5-1/desc",
        ] {
            assert_eq!(detect_one(&Pacman, path, b""), Ok(None), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in "desc|files|mtree") {
            let _ = detect_one(&Pacman, &format!("{FOLDER}/{name}"), &bytes);
        }

        #[test]
        fn any_list_of_files_never_panics(text in "(\\./[a-z\\\\0-9 ]{0,6}( sha256digest=[0-9a-f]{0,20})?\n){0,5}") {
            read_mtree("a", text.as_bytes());
        }
    }
}
