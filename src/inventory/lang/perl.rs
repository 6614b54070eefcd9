//! Perl distributions that were installed from CPAN: what cpanm and `make install` record.
//!
//! cpanm writes `.meta/NAME-VERSION/install.json` into the architecture's library. `ExtUtils::MakeMaker` appends a
//! record to `perllocal.pod` at each `make install`, cpanm's too (`ExtUtils::Command::MM::perllocal_install`): it
//! knows the main module, but not the author. A `.packlist` has no version.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::inventory::harvest::Harvest;
use crate::inventory::json::{self, Text};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, path_file_name, path_parent};

/// 16 MiB: a record of one installation has 300 bytes, an `install.json` a line for each module.
const LIMIT: u64 = 16 << 20;

/// Reads the records of installed Perl distributions.
pub(in crate::inventory) struct Perl;

impl Detector for Perl {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/perl",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[
            Interest::Name("install.json"),
            Interest::Name("perllocal.pod"),
        ]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let folder = entry.parent();
        let wanted = match entry.file_name() {
            "install.json" => {
                path_parent(folder).is_some_and(|above| path_file_name(above) == ".meta")
            }
            // `lib/perl5/…`, `lib/x86_64-linux-gnu/perl/5.36.0`, `perls/perl-5.36.0/lib/…`
            _ => folder.split('/').any(|part| part.starts_with("perl")),
        };
        if wanted {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        if file.entry.file_name() == "install.json" {
            let install: Install = json::read(file.bytes)?;
            let package = install
                .into_package()
                .ok_or_else(|| ParseError::new("it has no name or no version"))?;
            return Ok(FileFacts::of_packages(vec![package]));
        }
        Ok(read_perllocal(file))
    }
}

/// What cpanm records of an installation.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Install {
    /// The main module.
    name: Text,
    version: Text,
    /// `NAME-VERSION` of the distribution.
    dist: Text,
    /// `A/AU/AUTHOR/NAME-VERSION.tar.gz`
    pathname: Text,
}

impl Install {
    /// The distribution is what has a version on CPAN: `libwww-perl`, whose main module is `LWP`. cpanm writes the version of
    /// most as a number, in which 1.20 is 1.2: as text it is in the distribution's name.
    fn into_package(self) -> Option<Package> {
        let distribution = self.dist.text().and_then(split_distribution);
        let (name, version) = match distribution {
            Some((name, version)) => (name.to_owned(), version.to_owned()),
            None => (distribution_of(self.name.text()?), self.version.owned()?),
        };
        let mut package = Package::new(PackageType::new("cpan"), name, version);
        package.namespace = self.pathname.text().and_then(author_of);
        Some(package)
    }
}

/// `NAME-VERSION`: the version begins at the last dash before a digit, or before a `v` and a digit.
fn split_distribution(dist: &str) -> Option<(&str, &str)> {
    dist.rmatch_indices('-').find_map(|(dash, _)| {
        let (name, version) = dist.split_at_checked(dash)?;
        let version = version.strip_prefix('-')?;
        let number = version.strip_prefix('v').unwrap_or(version);
        let begins = number.starts_with(|first: char| first.is_ascii_digit());
        (begins && !name.is_empty()).then_some((name, version))
    })
}

/// The author's id is the third folder of CPAN's `authors/id`; a distribution from elsewhere has none.
fn author_of(pathname: &str) -> Option<String> {
    let mut parts = pathname.split('/');
    let (first, second, author) = (parts.next()?, parts.next()?, parts.next()?);
    parts.next()?;
    let is_id = first.len() == 1 && second.starts_with(first) && author.starts_with(second);
    is_id.then(|| author.to_ascii_uppercase())
}

/// By custom a distribution has the name of its main module, with dashes.
fn distribution_of(module: &str) -> String {
    module.replace("::", "-")
}

/// Of several records of a module the last one counts: it was installed over the others.
fn read_perllocal(file: File<'_>) -> FileFacts {
    let text = String::from_utf8_lossy(file.bytes);
    let mut harvest = Harvest::of(file.entry.path);
    let mut records: BTreeMap<&str, (u64, Option<&str>)> = BTreeMap::new();
    let mut current = None;
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(heading) = line.strip_prefix("=head2 ") {
            current = module_of(heading);
            if let Some(module) = current {
                records.insert(module, (number, None));
            }
        } else if let Some(version) = line.strip_prefix("C<VERSION:")
            && let Some(record) = current.and_then(|module| records.get_mut(module))
        {
            let version = version.trim_end().trim_end_matches('>').trim();
            record.1 = Some(version).filter(|version| !version.is_empty());
        }
    }
    for (module, (line, version)) in records {
        let Some(version) = version else {
            harvest.unreadable(format!("the record at line {line} has no VERSION"));
            continue;
        };
        let mut package = Package::new(PackageType::new("cpan"), distribution_of(module), version);
        package.line = Some(line);
        harvest.package(package);
    }
    harvest.finish()
}

/// `DATE: C<Module> L<Foo::Bar|Foo::Bar>`
fn module_of(heading: &str) -> Option<&str> {
    let (_, link) = heading.split_once("C<Module> L<")?;
    let end = link.find(['|', '>'])?;
    link.get(..end).filter(|module| !module.is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const POD: &str = "usr/local/lib/x86_64-linux-gnu/perl/5.36.0/perllocal.pod";
    const JSON: &str =
        "usr/local/lib/perl5/site_perl/5.36.0/x86_64-linux-gnu/.meta/libwww-perl-6.08/install.json";

    fn packages(path: &str, text: &str) -> Vec<Package> {
        detect_one(&Perl, path, text.as_bytes())
            .expect("a record")
            .expect("a path that is wanted")
            .packages
    }

    /// One record, as `ExtUtils::MakeMaker` 7.64 writes it.
    fn record(module: &str, version: &str) -> String {
        format!(
            "=head2 Tue Nov 24 14:02:40 2026: C<Module> L<{module}|{module}>\n\n=over 4\n\n=item *\n\nC<installed into: /usr/local/share/perl/5.36.0>\n\n=item *\n\nC<LINKTYPE: dynamic>\n\n=item *\n\nC<VERSION: {version}>\n\n=item *\n\nC<EXE_FILES: >\n\n=back\n\n"
        )
    }

    #[test]
    fn the_last_record_of_a_module_counts() {
        let text = [
            record("Foo::Bar", "1.02"),
            record("JSON", "4.10"),
            record("Foo::Bar", "v1.3"),
        ];
        let found = packages(POD, &text.concat());
        let read: Vec<_> = found
            .iter()
            .map(|p| (p.name.as_str(), p.version.as_str(), p.line))
            .collect();
        assert_eq!(
            read,
            [("Foo-Bar", "v1.3", Some(45)), ("JSON", "4.10", Some(23))]
        );
    }

    #[test]
    fn what_this_machine_s_makemaker_writes_is_read() {
        let written = std::process::Command::new("perl")
            .args(["-MExtUtils::Command::MM", "-e", "perllocal_install", "--"])
            .args(["Module", "Foo::Bar", "installed into", "/usr/local"])
            .args(["LINKTYPE", "dynamic", "VERSION", "1.02", "EXE_FILES", ""])
            .output();
        let written = match written {
            Ok(written) if written.status.success() => written.stdout,
            _ => {
                println!("skipped: this machine has no perl with ExtUtils::MakeMaker");
                return;
            }
        };
        let found = packages(POD, &String::from_utf8_lossy(&written));
        assert_eq!(
            (found[0].name.as_str(), found[0].version.as_str()),
            ("Foo-Bar", "1.02")
        );
    }

    #[test]
    fn a_record_without_a_version_is_a_gap() {
        let facts = detect_one(&Perl, POD, record("Foo", "").as_bytes())
            .expect("a record")
            .expect("wanted");
        assert_eq!(facts.packages, []);
        assert_eq!(facts.gaps[0].detail, "the record at line 1 has no VERSION");
    }

    /// As cpanm 1.7046 writes it for a distribution of one module.
    #[test]
    fn cpanm_tells_the_distribution_and_its_author() {
        let found = packages(
            JSON,
            r#"{"target":"Foo::Bar","dist":"Foo-Bar-1.20","pathname":"A/AU/AUTHOR/Foo-Bar-1.20.tar.gz","name":"Foo::Bar",
                "provides":{"Foo::Bar":{"version":1.2,"file":"lib/Foo/Bar.pm"}},"version":1.2}"#,
        );
        assert_eq!(
            found[0].purl(None).as_deref(),
            Some("pkg:cpan/AUTHOR/Foo-Bar@1.20")
        );
    }

    #[test]
    fn a_distribution_s_version_begins_at_the_last_dash_before_a_number() {
        for (dist, split) in [
            ("libwww-perl-6.08", Some(("libwww-perl", "6.08"))),
            ("IO-stringy-2.110", Some(("IO-stringy", "2.110"))),
            ("Foo-2-v1.2.3", Some(("Foo-2", "v1.2.3"))),
            ("Foo-1.02-TRIAL", Some(("Foo", "1.02-TRIAL"))),
            ("Foo-version", None),
            ("-1", None),
        ] {
            assert_eq!(split_distribution(dist), split, "{dist}");
        }
        let module = packages(JSON, r#"{"name": "Main::Module", "version": "1.0"}"#);
        assert_eq!(
            (module[0].full_name().as_str(), module[0].version.as_str()),
            ("Main-Module", "1.0")
        );
        for json in ["{}", r#"{"name": "A", "version": 1.2}"#] {
            assert!(detect_one(&Perl, JSON, json.as_bytes()).is_err());
        }
    }

    #[test]
    fn only_installed_records_are_read() {
        for (path, wanted) in [
            (POD, true),
            (JSON, true),
            ("root/perl5/lib/perl5/x86_64-linux/perllocal.pod", true),
            ("app/perllocal.pod", false),
            ("app/install.json", false),
            ("app/libwww-perl-6.08/install.json", false),
        ] {
            let read = detect_one(&Perl, path, br#"{"name":"a","version":"1"}"#);
            assert_eq!(read.expect("no error").is_some(), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(text in "(=head2 |C<|Module|VERSION:|>| |L<|\\||a|\\n|[{}\":]){0,40}") {
            let _ = detect_one(&Perl, POD, text.as_bytes());
            let _ = detect_one(&Perl, JSON, text.as_bytes());
        }

        #[test]
        fn any_name_of_a_distribution_never_panics(dist in "[a-zv0-9.-]{0,12}", pathname in "[A-C/]{0,12}") {
            let json = format!(r#"{{"name": "a", "version": "1", "dist": "{dist}", "pathname": "{pathname}"}}"#);
            let _ = detect_one(&Perl, JSON, json.as_bytes());
        }
    }
}
