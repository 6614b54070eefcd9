//! Debian's package database: `var/lib/dpkg/status`, and the one file a package that distroless images have in
//! `status.d`; and, in `files`, which files the packages own.
//!
//! The form is deb822(5), the states are those of dpkg(1), "PACKAGE STATES". Licences are not in this database: they are
//! in `usr/share/doc/*/copyright`.

mod files;

use self::files::Kind;
use super::owned::OwnedFiles;
use crate::inventory::harvest::Harvest;
use crate::inventory::stanza::{Field, Stanza, stanzas};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, SourcePackage};

/// 64 MiB: sixteen times the status file of a desktop with 5,000 packages.
const LIMIT: u64 = 64 << 20;

/// Reads dpkg's status files, and its lists of files.
pub(in crate::inventory) struct Dpkg;

impl Detector for Dpkg {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/dpkg",
            version: 3,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("status"),
            Interest::Name("diversions"),
            Interest::Folder("status.d"),
            Interest::Folder("info"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let wanted = match entry.parent() {
            "var/lib/dpkg" => matches!(entry.file_name(), "status" | "diversions"),
            "var/lib/dpkg/status.d" => true,
            "var/lib/dpkg/info" => Kind::of(entry.file_name()).is_some(),
            _ => false,
        };
        if wanted {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let Entry { path, .. } = file.entry;
        let mut harvest = Harvest::of(path);
        let mut owned = OwnedFiles::new();
        let of_package = Kind::of(file.entry.file_name());
        match (file.entry.parent(), file.entry.file_name(), of_package) {
            (_, "diversions", _) => files::read_diversions(file.bytes, &mut owned, &mut harvest),
            // In `status.d`, only the checksums are apart from the record.
            ("var/lib/dpkg/info", _, Some(found)) | (_, _, Some(found @ (_, Kind::Md5sums))) => {
                files::read(found, file.bytes, &mut owned, &mut harvest);
                files::own_control_files(found, path, &mut owned);
            }
            _ => {
                for stanza in stanzas(file.bytes) {
                    read_stanza(stanza, &mut harvest, &mut owned);
                }
            }
        }
        let mut facts = harvest.finish();
        owned.put_into(&mut facts, path);
        Ok(facts)
    }
}

fn read_stanza(stanza: Stanza<'_>, harvest: &mut Harvest<'_>, owned: &mut OwnedFiles) {
    let mut package = Package::new(PackageType::DEB, "", "");
    package.line = Some(stanza.line);
    let mut source = None;
    let mut conffiles = None;
    // A stanza of `status.d` has no Status: its package is there.
    let mut state = State::Installed;
    for field in stanza.fields() {
        let field = match field {
            Ok(field) => field,
            Err(stray) => {
                harvest.unreadable(format!("line {} is no `Field: value`", stray.number));
                continue;
            }
        };
        // Field names are not case-sensitive (deb822(5)).
        match field.name.to_ascii_lowercase().as_slice() {
            b"package" => package.name = field.text().into_owned(),
            b"version" => package.version = field.text().into_owned(),
            b"architecture" => package.architecture = Some(field.text().into_owned()),
            b"source" => source = Some(field.text().into_owned()),
            b"conffiles" => conffiles = Some(field),
            b"status" => state = State::of(&field.text()),
            b"maintainer" => {
                let maintainer = field.text().into_owned();
                package.properties.insert("maintainer".into(), maintainer);
            }
            _ => {}
        }
    }
    match state {
        State::Absent => return,
        State::Installed => {}
        State::Incomplete(state) => {
            package.properties.insert("dpkg-state".into(), state);
        }
    }
    if package.name.is_empty() || package.version.is_empty() {
        harvest.unreadable(format!(
            "the record at line {} has no Package or no Version",
            stanza.line
        ));
        return;
    }
    for line in conffiles.into_iter().flat_map(Field::continued) {
        files::read_conffile(&package.name, line, owned);
    }
    package.source = Some(source_of(source.as_deref(), &package));
    harvest.package(package);
}

/// What the third word of a `Status` field says about the package's files.
pub(super) enum State {
    /// All of them are there.
    Installed,
    /// Unpacked, but not configured or not to the end: the files, or some of them, lie there.
    Incomplete(String),
    /// At most configuration files are left.
    Absent,
}

impl State {
    pub(super) fn of(status: &str) -> Self {
        match status.split_ascii_whitespace().nth(2) {
            Some("config-files" | "not-installed") => Self::Absent,
            Some("installed") => Self::Installed,
            Some(other) => Self::Incomplete(other.to_owned()),
            // A word that is missing says nothing: the package is rather reported than overlooked.
            None => Self::Incomplete("unknown".to_owned()),
        }
    }
}

/// The source package: `Source: name (version)`, the version and the whole field left out where they are the binary
/// package's own (deb-control(5)). Debian keys its advisories by it.
fn source_of(field: Option<&str>, package: &Package) -> SourcePackage {
    let field = field
        .filter(|field| !field.is_empty())
        .unwrap_or(&package.name);
    let (name, version) = field
        .split_once('(')
        .map_or((field, package.version.as_str()), |(name, version)| {
            (name, version.trim_end_matches(')'))
        });
    SourcePackage {
        name: name.trim().to_owned(),
        version: version.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;
    use crate::model::limits::read_at_most;

    const STATUS: &str = "var/lib/dpkg/status";

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Dpkg, path, text.as_bytes())
            .expect("dpkg never refuses a whole file")
            .expect("a path that dpkg wants")
    }

    fn source(name: &str, version: &str) -> SourcePackage {
        SourcePackage {
            name: name.into(),
            version: version.into(),
        }
    }

    const MULTI_ARCH: &str = "\
Package: libc6
Status: install ok installed
Priority: optional
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u7
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library: Shared libraries
 Contains the standard libraries: used by
 nearly all programs.
 .
 Package: not-a-field

Package: libc6
Status: install ok installed
Architecture: i386
Source: glibc
Version: 2.36-9+deb12u7

Package: gcc
Status: hold ok installed
Architecture: amd64
Source: gcc-defaults (1.203)
Version: 4:12.2.0-3
";

    #[test]
    fn each_architecture_of_a_package_is_one_package_with_its_source_and_line() {
        let facts = facts(STATUS, MULTI_ARCH);
        assert_eq!(facts.gaps, []);
        let [amd64, i386, gcc] = facts.packages.as_slice() else {
            panic!("three packages, not {:?}", facts.packages)
        };
        assert_eq!(
            (amd64.line, i386.line, gcc.line),
            (Some(1), Some(17), Some(23))
        );
        assert_eq!(amd64.architecture.as_deref(), Some("amd64"));
        assert_eq!(i386.architecture.as_deref(), Some("i386"));
        assert_eq!(amd64.source, Some(source("glibc", "2.36-9+deb12u7")));
        assert_eq!(
            amd64.properties["maintainer"],
            "GNU Libc Maintainers <debian-glibc@lists.debian.org>"
        );
        assert_eq!(gcc.version, "4:12.2.0-3");
        assert_eq!(gcc.source, Some(source("gcc-defaults", "1.203")));
    }

    #[test]
    fn only_packages_with_files_in_the_image_are_reported() {
        let stanza = |name: &str, status: &str| {
            format!("Package: {name}\nStatus: {status}\nVersion: 1\nArchitecture: all\n\n")
        };
        let text = [
            ("removed", "deinstall ok config-files"),
            ("purged", "purge ok not-installed"),
            ("unpacked", "install ok unpacked"),
            ("half-removed", "deinstall reinstreq half-installed"),
            ("whole", "deinstall ok installed"),
            ("odd", "install"),
        ]
        .map(|(name, status)| stanza(name, status))
        .concat();
        let facts = facts(STATUS, &text);
        let seen: Vec<(&str, Option<&str>)> = facts
            .packages
            .iter()
            .map(|package| {
                let state = package.properties.get("dpkg-state").map(String::as_str);
                (package.name.as_str(), state)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("unpacked", Some("unpacked")),
                ("half-removed", Some("half-installed")),
                ("whole", None),
                ("odd", Some("unknown"))
            ]
        );
        assert_eq!(facts.gaps, []);
    }

    #[test]
    fn a_malformed_record_is_a_gap_and_the_rest_goes_on() {
        let facts = facts(
            STATUS,
            "Package: a\nStatus: install ok installed\n\nno colon here\nPackage: b\nVersion: 2\n\nVersion: 3\n",
        );
        let names: Vec<&str> = facts.packages.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["b"]);
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(
            gaps,
            [
                "the record at line 1 has no Package or no Version",
                "line 4 is no `Field: value`",
                "the record at line 8 has no Package or no Version"
            ]
        );
        assert!(facts.gaps.iter().all(|gap| gap.path == Some(STATUS.into())));
    }

    #[test]
    fn distroless_images_have_one_file_a_package() {
        let facts = facts(
            "var/lib/dpkg/status.d/tzdata",
            "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\nMaintainer: GNU Libc Maintainers\n",
        );
        let [tzdata] = facts.packages.as_slice() else {
            panic!("one package")
        };
        assert_eq!(tzdata.source, Some(source("tzdata", "2024a-0+deb12u1")));
        for path in [
            "var/lib/dpkg/info/status",
            "home/status",
            "home/info/a.list",
        ] {
            let skipped = detect_one(&Dpkg, path, b"Package: a");
            assert_eq!(skipped, Ok(None), "{path}");
        }
    }

    #[test]
    fn this_machine_s_database_reads_as_dpkg_query_reads_it() {
        let format = "${Package} ${Version} ${Architecture} ${source:Package} ${source:Version} ${db:Status-Status}\n";
        let listed = Command::new("dpkg-query")
            .args(["-W", "-f", format])
            .output();
        let (Ok(listed), Ok(status)) = (listed, std::fs::File::open("/var/lib/dpkg/status")) else {
            println!("skipped: this machine has no dpkg");
            return;
        };
        let expected: BTreeSet<String> = String::from_utf8_lossy(&listed.stdout)
            .lines()
            .filter_map(|line| line.strip_suffix(" installed"))
            .map(str::to_owned)
            .collect();
        let bytes = read_at_most(status, LIMIT).expect("a status file below the limit");
        let facts = detect_one(&Dpkg, STATUS, &bytes)
            .expect("facts")
            .expect("wanted");
        let found: BTreeSet<String> = facts
            .packages
            .iter()
            .filter(|package| !package.properties.contains_key("dpkg-state"))
            .map(|package| {
                let source = package
                    .source
                    .as_ref()
                    .expect("dpkg always knows the source");
                let architecture = package.architecture.as_deref().expect("an architecture");
                format!(
                    "{} {} {architecture} {} {}",
                    package.name, package.version, source.name, source.version
                )
            })
            .collect();
        assert_eq!(facts.gaps, []);
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn any_bytes_give_facts_and_never_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(detect_one(&Dpkg, STATUS, &bytes).is_ok());
        }

        #[test]
        fn any_value_is_kept_or_becomes_a_gap(name in "[ -~]{0,8}", source in "[ -~]{0,12}", status in "[ a-z]{0,20}") {
            let text = format!("Package: {name}\nSource: {source}\nStatus: {status}\nVersion: 1\n");
            let facts = facts(STATUS, &text);
            prop_assert!(facts.packages.len() + facts.gaps.len() <= 1);
        }
    }
}
