//! Which files dpkg's packages own: the files of `var/lib/dpkg/info` (dpkg(1), "FILES"; deb-md5sums(5), deb-conffiles(5)), the
//! `Conffiles` field of a status record, and the diversions (dpkg-divert(1)).
//!
//! Each says a part: `*.list` the files and folders, `*.md5sums` their digests but not those of configuration files, `*.conffiles`
//! which those are, and `Conffiles` their digests. `assemble` puts them together.

use crate::inventory::harvest::Harvest;
use crate::inventory::os::owned::OwnedFiles;
use crate::model::{ClaimKind, FileAlgorithm, FileDigest};

/// What a file in `info` or `status.d` is, by its ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    List,
    Md5sums,
    Conffiles,
}

impl Kind {
    /// The package and the kind of a file by its name: `libc6:amd64.list`, where the architecture is there for the packages that
    /// can be installed for several (`Multi-Arch: same`).
    pub(super) fn of(file_name: &str) -> Option<(&str, Self)> {
        let (package, ending) = file_name.rsplit_once('.')?;
        let kind = match ending {
            "list" => Self::List,
            "md5sums" => Self::Md5sums,
            "conffiles" => Self::Conffiles,
            _ => return None,
        };
        Some((package.split(':').next()?, kind))
    }
}

/// Reads one of a package's files.
pub(super) fn read(
    (package, kind): (&str, Kind),
    text: &[u8],
    files: &mut OwnedFiles,
    harvest: &mut Harvest<'_>,
) {
    let mut lines = (1..).zip(lines(text)).peekable();
    while let Some((number, line)) = lines.next() {
        match kind {
            Kind::List => {
                // A folder is listed before what lies in it.
                let next = lines.peek().and_then(|(_, next)| next.strip_prefix(line));
                if !next.is_some_and(|rest| rest.starts_with(b"/")) {
                    files.add(package, &[line], ClaimKind::File, None);
                }
            }
            Kind::Md5sums => match sum(line) {
                Some((digest, path)) => {
                    files.add(package, &[&path], ClaimKind::File, Some(digest));
                }
                None => harvest.unreadable(format!("line {number} is no digest and a path")),
            },
            Kind::Conffiles => {
                // A flag such as `remove-on-upgrade` can stand before the path.
                if let Some(start) = memchr::memchr(b'/', line)
                    && let Some(path) = line.get(start..)
                {
                    files.add(package, &[path], ClaimKind::Config, None);
                }
            }
        }
    }
}

/// The scripts that dpkg keeps beside a package's list of files are that package's, too, and in no list (deb(5), "control file").
pub(super) fn own_control_files((package, kind): (&str, Kind), list: &str, files: &mut OwnedFiles) {
    const SCRIPTS: [&str; 5] = ["preinst", "postinst", "prerm", "postrm", "config"];
    if kind != Kind::List {
        return;
    }
    let stem = list.strip_suffix("list").unwrap_or(list);
    for script in SCRIPTS {
        let path = format!("{stem}{script}");
        files.add(package, &[path.as_bytes()], ClaimKind::File, None);
    }
}

/// One line of the `Conffiles` field: a path, the digest that it was brought with, and flags.
pub(super) fn read_conffile(package: &str, line: &[u8], files: &mut OwnedFiles) {
    let mut words = line.rsplit(|byte| *byte == b' ').peekable();
    let mut after = 0;
    // Neither the package nor another one brings an obsolete file as it is described here.
    let mut is_obsolete = false;
    while let Some(flag) = words.next_if(|word| matches!(*word, b"obsolete" | b"remove-on-upgrade"))
    {
        is_obsolete = true;
        after += flag.len() + 1;
    }
    let Some(word) = words.next() else { return };
    after += word.len() + 1;
    let digest = md5(word).filter(|_| !is_obsolete);
    let path = line.get(..line.len().saturating_sub(after));
    if let Some(path) = path.filter(|path| path.starts_with(b"/")) {
        files.add(package, &[path], ClaimKind::Config, digest);
    }
}

/// Diversions come in three lines: the name, the name that other packages' files get instead, and the package that wants it so;
/// `:` if that was the administrator.
pub(super) fn read_diversions(text: &[u8], files: &mut OwnedFiles, harvest: &mut Harvest<'_>) {
    let mut lines = lines(text);
    while let Some(from) = lines.next() {
        let (Some(to), Some(package)) = (lines.next(), lines.next()) else {
            return harvest.unreadable("its last diversion has less than three lines");
        };
        let package = String::from_utf8_lossy(package);
        files.add(&package, &[from], ClaimKind::Diverted, None);
        files.add(&package, &[to], ClaimKind::File, None);
    }
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let lines = text.split(|byte| *byte == b'\n');
    lines
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
}

/// A line as md5sum(1) writes it: the digest, a space, a space or `*`, the path. A backslash before it says that backslashes in the
/// path are doubled.
fn sum(line: &[u8]) -> Option<(FileDigest, Vec<u8>)> {
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(line) => (true, line),
        None => (false, line),
    };
    let (digest, rest) = line.split_at_checked(32)?;
    let path = rest.strip_prefix(b" ")?.trim_ascii_start();
    let path = path.strip_prefix(b"*").unwrap_or(path);
    let path = if is_escaped {
        unescaped(path)
    } else {
        path.to_vec()
    };
    (!path.is_empty()).then_some((md5(digest)?, path))
}

fn unescaped(path: &[u8]) -> Vec<u8> {
    let mut bytes = path.iter();
    std::iter::from_fn(|| match bytes.next()? {
        b'\\' => Some(match bytes.next()? {
            b'n' => b'\n',
            byte => *byte,
        }),
        byte => Some(*byte),
    })
    .collect()
}

fn md5(text: &[u8]) -> Option<FileDigest> {
    let text = std::str::from_utf8(text).ok()?;
    let is_whole = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole
        .then(|| FileDigest::of_hex(FileAlgorithm::Md5, text))
        .flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::inventory::os::dpkg::Dpkg;
    use crate::layers::{FileFacts, detect_one};
    use crate::model::ClaimKind::{Config, Diverted, File};
    use crate::model::{ClaimKind, Claims};

    const INFO: &str = "var/lib/dpkg/info";

    fn facts(path: &str, text: &[u8]) -> FileFacts {
        detect_one(&Dpkg, path, text)
            .expect("dpkg never refuses a whole file")
            .expect("a path that dpkg wants")
    }

    /// Owner, path, kind, and the beginning of the digest.
    type Claimed<'a> = (&'a str, &'a str, ClaimKind, Option<u64>);

    fn claimed(facts: &FileFacts) -> Vec<Claimed<'_>> {
        facts.claims.iter().flat_map(of_owner).collect()
    }

    fn of_owner(claims: &Claims) -> impl Iterator<Item = Claimed<'_>> {
        assert!(claims.is_os);
        claims.iter().map(|claim| {
            let digest = claim.digest.map(|digest| digest.start);
            (claims.owner.as_str(), claim.path, claim.kind, digest)
        })
    }

    #[test]
    fn a_list_names_files_and_no_folder_that_has_one() {
        let facts = facts(
            &format!("{INFO}/libc6:amd64.list"),
            b"/.\n/lib64\n/lib64/ld.so\n/usr\n/usr/share\n/usr/share/doc\n/usr/share/doc/libc6\n/usr/share/doc/libc6/a b\n",
        );
        let libc6 = |path| ("libc6", path, File, None);
        assert_eq!(
            claimed(&facts),
            [
                libc6("lib64/ld.so"),
                libc6("usr/share/doc/libc6/a b"),
                // The package's own scripts are in no list.
                libc6("var/lib/dpkg/info/libc6:amd64.preinst"),
                libc6("var/lib/dpkg/info/libc6:amd64.postinst"),
                libc6("var/lib/dpkg/info/libc6:amd64.prerm"),
                libc6("var/lib/dpkg/info/libc6:amd64.postrm"),
                libc6("var/lib/dpkg/info/libc6:amd64.config"),
            ]
        );
    }

    #[test]
    fn checksums_are_read_in_every_form_that_tools_write() {
        let text = b"\
900150983cd24fb0d6963f7d28e17f72  usr/bin/two  spaces
900150983cd24fb0d6963f7d28e17f72 */usr/bin/binary
\\900150983cd24fb0d6963f7d28e17f72  ./lib/systemd/system/a\\\\x2db.slice
900150983cd24fb0d6963f7d28e17f72  lib/systemd/system/c\\x2dd.slice
no digest
";
        let facts = facts(&format!("{INFO}/x.md5sums"), text);
        let abc = Some(0x9001_5098_3cd2_4fb0);
        let x = |path| ("x", path, File, abc);
        assert_eq!(
            claimed(&facts),
            [
                x("usr/bin/two  spaces"),
                x("usr/bin/binary"),
                x("lib/systemd/system/a\\x5cx2db.slice"),
                x("lib/systemd/system/c\\x5cx2dd.slice"),
            ]
        );
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(gaps, ["line 5 is no digest and a path"]);
    }

    #[test]
    fn configuration_files_are_named_by_their_list_and_by_the_status() {
        let list = facts(
            &format!("{INFO}/bash.conffiles"),
            b"/etc/bash.bashrc\nremove-on-upgrade /etc/old\n",
        );
        assert_eq!(
            claimed(&list),
            [
                ("bash", "etc/bash.bashrc", Config, None),
                ("bash", "etc/old", Config, None)
            ]
        );
        let status = b"\
Package: bash
Status: install ok installed
Version: 5
Conffiles:
 /etc/bash.bashrc 900150983cd24fb0d6963f7d28e17f72
 /etc/with space newconffile
 /etc/old 900150983cd24fb0d6963f7d28e17f72 obsolete
 etc/odd 900150983cd24fb0d6963f7d28e17f72

Package: gone
Status: deinstall ok config-files
Version: 5
Conffiles:
 /etc/gone 900150983cd24fb0d6963f7d28e17f72
";
        let status = facts("var/lib/dpkg/status", status);
        assert_eq!(
            claimed(&status),
            [
                (
                    "bash",
                    "etc/bash.bashrc",
                    Config,
                    Some(0x9001_5098_3cd2_4fb0)
                ),
                ("bash", "etc/with space", Config, None),
                ("bash", "etc/old", Config, None),
            ]
        );
    }

    #[test]
    fn a_diversion_is_the_diverting_package_s_and_so_is_what_it_moved_away() {
        let facts = facts(
            "var/lib/dpkg/diversions",
            b"/bin/sh\n/bin/sh.distrib\ndash\n/usr/bin/x\n/usr/bin/x.real\n:\n/cut\n",
        );
        assert_eq!(
            claimed(&facts),
            [
                ("dash", "bin/sh", Diverted, None),
                ("dash", "bin/sh.distrib", File, None),
                (":", "usr/bin/x", Diverted, None),
                (":", "usr/bin/x.real", File, None),
            ]
        );
        assert_eq!(facts.gaps.len(), 1);
    }

    #[test]
    fn distroless_images_have_checksums_beside_the_record() {
        let facts = facts(
            "var/lib/dpkg/status.d/tzdata.md5sums",
            b"900150983cd24fb0d6963f7d28e17f72  usr/share/zoneinfo/UTC\n",
        );
        assert_eq!(
            claimed(&facts),
            [(
                "tzdata",
                "usr/share/zoneinfo/UTC",
                File,
                Some(0x9001_5098_3cd2_4fb0)
            )]
        );
        assert_eq!(facts.packages, []);
    }

    #[test]
    fn scripts_and_templates_of_packages_are_not_read() {
        for name in ["bash.postinst", "bash.templates", "format", "list"] {
            let path = format!("{INFO}/{name}");
            assert_eq!(detect_one(&Dpkg, &path, b"x"), Ok(None), "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_and_never_a_panic(
            name in proptest::sample::select(vec![
                "info/a.list", "info/a.md5sums", "info/a.conffiles", "diversions", "status.d/a.md5sums",
            ]),
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(b'\\'), Just(b' '), Just(b'/'), any::<u8>()], 0..300)
        ) {
            let path = format!("var/lib/dpkg/{name}");
            prop_assert!(detect_one(&Dpkg, &path, &bytes).is_ok());
        }

        #[test]
        fn any_conffile_line_is_read_or_left_out(line in "[ a-f0-9/]{0,60}( obsolete)?") {
            let text = format!("Package: a\nStatus: install ok installed\nVersion: 1\nConffiles:\n {line}\n");
            prop_assert!(detect_one(&Dpkg, "var/lib/dpkg/status", text.as_bytes()).is_ok());
        }
    }
}
