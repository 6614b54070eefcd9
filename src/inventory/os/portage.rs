//! Gentoo's package database: a folder a package in `var/db/pkg/CATEGORY`, with a file for each variable of its ebuild.
//!
//! `PF` is the package with its version, and there even where nothing is installed (virtual packages); `CONTENTS` lists the
//! files. The layout is portage(5)'s, names and versions follow the Package Manager Specification, chapter 3.

use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{ClaimKind, Claims, FileAlgorithm, FileDigest, LayerPath, Package, PackageType};

/// 32 MiB: the sources of a kernel, with 80,000 files, have 8 MiB of `CONTENTS`.
const LIMIT: u64 = 32 << 20;

const DATABASE: &str = "var/db/pkg/";

/// Reads portage's database of installed packages.
pub(in crate::inventory) struct Portage;

impl Detector for Portage {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/portage",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("PF"), Interest::Name("CONTENTS")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if record_of(entry).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        let Some((category, folder)) = record_of(&file.entry) else {
            return Ok(harvest.finish());
        };
        if file.entry.file_name() == "PF" {
            let full = String::from_utf8_lossy(file.bytes);
            match split_version(full.trim()) {
                Some((name, version)) => {
                    let mut package = Package::new(PackageType::new("ebuild"), name, version);
                    package.namespace = Some(category.to_owned());
                    harvest.package(package);
                }
                None => harvest.unreadable("it is no name with a version"),
            }
            return Ok(harvest.finish());
        }
        let name = split_version(folder).map_or(folder, |(name, _)| name);
        let mut claims = Claims::new(format!("{category}/{name}"), true);
        for (index, line) in file.bytes.split(|byte| *byte == b'\n').enumerate() {
            if read_line(line, &mut claims).is_none() {
                harvest.unreadable(format!("line {} is no file of a package", index + 1));
            }
        }
        let mut facts = harvest.finish();
        if !claims.is_empty() {
            facts.claims.push(claims);
        }
        Ok(facts)
    }
}

/// Category and folder of the package whose record the file belongs to. A folder that begins with a hyphen (`-MERGING-x`) is
/// a merge that did not end.
fn record_of<'a>(entry: &Entry<'a>) -> Option<(&'a str, &'a str)> {
    let (category, folder) = entry.parent().strip_prefix(DATABASE)?.split_once('/')?;
    (!folder.contains('/') && !folder.starts_with('-')).then_some((category, folder))
}

/// Takes in one line: `obj PATH MD5 MTIME`, `sym PATH -> TARGET MTIME`, `dir PATH`, or a device or FIFO. Paths may have spaces.
fn read_line(line: &[u8], claims: &mut Claims) -> Option<()> {
    if line.is_empty() {
        return Some(());
    }
    let (kind, rest) = line.split_at_checked(4)?;
    match kind {
        b"obj " => {
            let mut words = rest.rsplitn(3, |byte| *byte == b' ');
            let (_, digest, path) = (words.next()?, words.next()?, words.next()?);
            let digest = FileDigest::of_hex(FileAlgorithm::Md5, std::str::from_utf8(digest).ok()?)?;
            let path = LayerPath::normalise(path);
            // What is configuration is a matter of CONFIG_PROTECT, which is `/etc` unless somebody adds to it.
            let kind = if path.is_within("etc") {
                ClaimKind::Config
            } else {
                ClaimKind::File
            };
            claims.push(&path, kind, Some(digest));
            Some(())
        }
        b"sym " | b"dir " | b"dev " | b"fif " => Some(()),
        _ => None,
    }
}

/// Parts `NAME-VERSION`: a name may have hyphens and digits, but no end that reads like a version.
fn split_version(full: &str) -> Option<(&str, &str)> {
    let mut hyphens = full.match_indices('-').map(|(index, _)| index);
    hyphens.find_map(|index| {
        let (name, rest) = full.split_at_checked(index)?;
        let version = rest.strip_prefix('-')?;
        (!name.is_empty() && is_version(version)).then_some((name, version))
    })
}

/// Whether it is a version by section 3.2: numbers with dots, a letter, suffixes such as `_rc1`, a revision.
fn is_version(text: &str) -> bool {
    let (text, revision) = text
        .rsplit_once("-r")
        .map_or((text, None), |(text, revision)| (text, Some(revision)));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('_');
    let numbers = parts.next().unwrap_or_default();
    let numbers = numbers
        .strip_suffix(|letter: char| letter.is_ascii_lowercase())
        .unwrap_or(numbers);
    let is_suffix = |part: &str| {
        let number = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let word = part.strip_suffix(number).unwrap_or_default();
        matches!(word, "alpha" | "beta" | "pre" | "rc" | "p")
            && (number.is_empty() || is_number(number))
    };
    revision.is_none_or(is_number) && numbers.split('.').all(is_number) && parts.all(is_suffix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    fn facts(path: &str, bytes: &[u8]) -> FileFacts {
        detect_one(&Portage, path, bytes)
            .expect("portage never refuses a whole file")
            .expect("wanted")
    }

    #[test]
    fn a_package_has_its_category_as_namespace_and_its_revision_in_the_version() {
        let facts = facts(
            "var/db/pkg/app-containers/skopeo-1.5.1-r2/PF",
            b"skopeo-1.5.1-r2\n",
        );
        let [package] = facts.packages.as_slice() else {
            panic!("one package, not {facts:?}")
        };
        assert_eq!(package.namespace.as_deref(), Some("app-containers"));
        assert_eq!(package.name, "skopeo");
        assert_eq!(package.version, "1.5.1-r2");
        assert_eq!(
            package.purl(None).as_deref(),
            Some("pkg:ebuild/app-containers/skopeo@1.5.1-r2")
        );
    }

    #[test]
    fn names_and_versions_are_parted_as_the_specification_says() {
        for (full, expected) in [
            ("zlib-1.3.1-r1", Some(("zlib", "1.3.1-r1"))),
            ("gtk+-3.24.41", Some(("gtk+", "3.24.41"))),
            (
                "font-adobe-100dpi-1.0.4",
                Some(("font-adobe-100dpi", "1.0.4")),
            ),
            ("openssl-1.1.1w", Some(("openssl", "1.1.1w"))),
            ("bash-5.2_p26-r6", Some(("bash", "5.2_p26-r6"))),
            ("x-2.0_alpha_rc3", Some(("x", "2.0_alpha_rc3"))),
            ("timezone-data-2024a", Some(("timezone-data", "2024a"))),
            ("man-pages", None),
            ("x-1.0_final", None),
            ("-1.0", None),
            ("", None),
        ] {
            assert_eq!(split_version(full), expected, "{full}");
        }
    }

    #[test]
    fn files_are_claimed_with_their_digest_and_only_malformed_lines_are_gaps() {
        let facts = facts(
            "var/db/pkg/sys-libs/zlib-1.3/CONTENTS",
            b"dir /usr\nobj /usr/share/a b.txt d41d8cd98f00b204e9800998ecf8427e 1700000000\n\
              sym /usr/lib/libz.so -> libz.so.1 1700000000\nobj /etc/x d41d8cd98f00b204e9800998ecf8427e 1\nwhat /is this\nobj /x\n",
        );
        assert_eq!(facts.claims[0].owner, "sys-libs/zlib");
        let claims: Vec<_> = facts.claims[0]
            .iter()
            .map(|claim| (claim.path, claim.kind, claim.digest.is_some()))
            .collect();
        assert_eq!(
            claims,
            [
                ("usr/share/a b.txt", ClaimKind::File, true),
                ("etc/x", ClaimKind::Config, true)
            ]
        );
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(
            gaps,
            [
                "line 5 is no file of a package",
                "line 6 is no file of a package"
            ]
        );
    }

    #[test]
    fn only_records_of_packages_that_are_merged_are_read() {
        for path in [
            "var/db/pkg/PF",
            "var/db/pkg/sys-libs/PF",
            "var/db/pkg/sys-libs/-MERGING-zlib-1.3/PF",
            "var/db/pkg/sys-libs/zlib-1.3/files/PF",
            "home/var/db/pkg/sys-libs/zlib-1.3/CONTENTS",
        ] {
            assert_eq!(detect_one(&Portage, path, b"zlib-1.3"), Ok(None), "{path}");
        }
    }

    #[test]
    fn a_name_without_a_version_is_a_gap() {
        let facts = facts("var/db/pkg/sys-libs/zlib-1.3/PF", b"zlib");
        assert_eq!(facts.packages, []);
        assert_eq!(facts.gaps[0].detail, "it is no name with a version");
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in "PF|CONTENTS") {
            let path = format!("var/db/pkg/a/b-1/{name}");
            prop_assert!(detect_one(&Portage, &path, &bytes).is_ok());
        }

        #[test]
        fn a_version_is_found_behind_any_name(name in "[a-z][a-z+]{0,6}(-[a-z]{1,4})?", version in "[0-9]{1,3}(\\.[0-9]{1,2}){0,3}[a-z]?(_rc[0-9]?)?(-r[0-9])?") {
            let full = format!("{name}-{version}");
            prop_assert_eq!(split_version(&full), Some((name.as_str(), version.as_str())));
        }
    }
}
