//! Installed Ruby gems: the specifications that RubyGems and Bundler leave.
//!
//! RubyGems keeps `specifications/NAME-VERSION[-PLATFORM].gemspec` beside `gems/NAME-VERSION[-PLATFORM]/`, and the
//! gems that came with Ruby in `specifications/default/` (`Gem::BasicSpecification`). Both are written by
//! `Gem::Specification#to_ruby`: a line `# stub: NAME VERSION PLATFORM PATHS`, then one assignment a line. Bundler
//! writes those of a Git checkout anew in the same form (`Bundler::Source::Git`). The specification that lies in a
//! gem's own folder is its author's program, and is not read.

use super::installed::in_folder;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{ClaimKind, LayerPath, Package, PackageType, path_file_name, path_parent};

/// 8 MiB: a specification lists the files of its gem.
const LIMIT: u64 = 8 << 20;

/// Reads the specifications of installed gems.
pub(in crate::inventory) struct Ruby;

impl Detector for Ruby {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/ruby",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("gemspec")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match Place::of(entry.path) {
            Some(_) => Want::Whole { limit: LIMIT },
            None => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let path = file.entry.path;
        let text = String::from_utf8_lossy(file.bytes);
        let mut read = Specification::read(&text);
        let Some(place) = Place::of(path) else {
            return Ok(FileFacts::default());
        };
        let file_name = path_file_name(path);
        let full_name = file_name.strip_suffix(".gemspec").unwrap_or(file_name);
        match place {
            // Bundler has written each one that it could load: what it did not is no gem of the bundle.
            Place::Git { .. } if !read.has_stub => return Ok(FileFacts::default()),
            Place::Git { .. } => {}
            // RubyGems finds a gem by the name of its file, whatever program stands in it.
            Place::Installed { .. } => read.complete_from(full_name),
        }
        let (Some(name), Some(version)) = (read.name, read.version) else {
            return Err(ParseError::new(
                "neither its text nor its name tells the gem's name and version",
            ));
        };
        let mut package = Package::new(PackageType::new("gem"), name, version);
        package.line = read.line;
        package.licenses = read.licenses;
        let platform = read.platform.filter(|platform| platform != "ruby");
        for (key, value) in [("platform", platform), ("homepage", read.homepage)] {
            if let Some(value) = value {
                package.properties.insert(key.into(), value);
            }
        }
        Ok(place.facts(package, path, full_name))
    }
}

/// Where a specification lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    /// In a `specifications`; `home` holds the folder of gems beside it.
    Installed { home: &'a str, is_default: bool },
    /// In a checkout that Bundler made.
    Git { revision: &'a str },
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let folder = path_parent(path)?;
        let above = path_parent(folder)?;
        if path_file_name(folder) == "specifications" {
            return Some(Self::Installed {
                home: above,
                is_default: false,
            });
        }
        if path_file_name(folder) == "default" && path_file_name(above) == "specifications" {
            return Some(Self::Installed {
                home: path_parent(above)?,
                is_default: true,
            });
        }
        Self::of_checkout(path)
    }

    /// `bundler/gems/NAME-REVISION/`, and up to two folders below it: Bundler's glob is `{,*,*/*}.gemspec`.
    fn of_checkout(path: &'a str) -> Option<Self> {
        const GEMS: &str = "bundler/gems/";
        let (before, checkout) = path.split_once(GEMS)?;
        let depth = checkout.matches('/').count();
        let is_folder = before.is_empty() || before.ends_with('/');
        let (_, revision) = checkout.split_once('/')?.0.rsplit_once('-')?;
        let is_revision = revision.len() >= 7 && revision.bytes().all(|b| b.is_ascii_hexdigit());
        (is_folder && is_revision && (1..=3).contains(&depth)).then_some(Self::Git { revision })
    }

    fn facts(self, mut package: Package, path: &str, full_name: &str) -> FileFacts {
        match self {
            Self::Installed { home, is_default } => {
                // The library of such a gem lies in that of Ruby itself; in the folder are its programs.
                if is_default {
                    package.properties.insert("default".into(), "true".into());
                }
                let mut facts = in_folder(package, &format!("{home}/gems/{full_name}"));
                for claims in &mut facts.claims {
                    claims.push(&LayerPath::from(path), ClaimKind::File, None);
                }
                facts
            }
            Self::Git { revision } => {
                let revision = revision.to_owned();
                package.properties.insert("revision".into(), revision);
                in_folder(package, path_parent(path).unwrap_or_default())
            }
        }
    }
}

/// The fields of a specification that are read.
#[derive(Debug, Default)]
struct Specification {
    has_stub: bool,
    name: Option<String>,
    version: Option<String>,
    platform: Option<String>,
    homepage: Option<String>,
    licenses: Vec<String>,
    /// The first line that tells its name.
    line: Option<u64>,
}

impl Specification {
    fn read(text: &str) -> Self {
        let mut read = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(stub) = line.strip_prefix("# stub: ") {
                read.take_stub(stub, number);
                continue;
            }
            let Some((field, value)) = assignment(line) else {
                continue;
            };
            let place = match field {
                "name" => &mut read.name,
                "version" => &mut read.version,
                "platform" => &mut read.platform,
                "homepage" => &mut read.homepage,
                "license" | "licenses" if read.licenses.is_empty() => {
                    read.licenses = literals(value);
                    continue;
                }
                _ => continue,
            };
            if place.is_none() {
                *place = literal(value)
                    .map(|(text, _)| text)
                    .filter(|text| !text.is_empty());
                if field == "name" && read.name.is_some() {
                    read.line = read.line.or(Some(number));
                }
            }
        }
        read
    }

    /// The line that RubyGems itself reads to spare running the rest. A second one lists extensions.
    fn take_stub(&mut self, stub: &str, number: u64) {
        let mut words = stub.split(' ').filter(|word| !word.is_empty());
        if let (false, Some(name), Some(version), Some(platform)) =
            (self.has_stub, words.next(), words.next(), words.next())
        {
            self.has_stub = true;
            self.name = Some(name.to_owned());
            self.version = Some(version.to_owned());
            self.platform = Some(platform.to_owned());
            self.line = Some(number);
        }
    }

    /// Takes from the file's name what the text does not tell: a program that computes its version.
    fn complete_from(&mut self, full_name: &str) {
        if self.name.is_some() && self.version.is_some() {
            return;
        }
        if let Some((name, version, platform)) = split_full_name(full_name) {
            self.name = Some(name.to_owned());
            self.version = Some(version.to_owned());
            self.platform = platform.map(str::to_owned);
        }
    }
}

/// `NAME-VERSION[-PLATFORM]`. A part with a dot is rather the version than a number in the name or the platform.
fn split_full_name(full_name: &str) -> Option<(&str, &str, Option<&str>)> {
    let splits = || {
        full_name.match_indices('-').filter_map(|(dash, _)| {
            let (name, rest) = full_name.split_at_checked(dash)?;
            let rest = rest.strip_prefix('-')?;
            let (version, platform) = rest
                .split_once('-')
                .map_or((rest, None), |(version, platform)| {
                    (version, Some(platform))
                });
            let is_version = version.starts_with(|first: char| first.is_ascii_digit())
                && version
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '.');
            (is_version && !name.is_empty()).then_some((name, version, platform))
        })
    };
    splits()
        .find(|(_, version, _)| version.contains('.'))
        .or_else(|| splits().next())
}

/// `s.FIELD = VALUE`: the field, and the line from the value on.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (target, value) = line.split_once('=')?;
    let (object, field) = target.trim().split_once('.')?;
    let is_word = |text: &str| {
        let mut letters = text.bytes();
        letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !text.is_empty()
    };
    (is_word(object) && is_word(field)).then_some((field, value.trim_start()))
}

/// The texts of `["a".freeze, "b".freeze]`, or of one text without the brackets.
fn literals(list: &str) -> Vec<String> {
    let mut rest = list.strip_prefix('[').unwrap_or(list);
    let mut texts = Vec::new();
    while let Some((text, tail)) = literal(rest.trim_start()) {
        texts.push(text);
        let tail = tail.strip_prefix(".freeze").unwrap_or(tail).trim_start();
        match tail.strip_prefix(',') {
            Some(next) => rest = next,
            None => break,
        }
    }
    texts.retain(|text| !text.is_empty());
    texts
}

/// A text in quotes, or in the `%q{…}` of RubyGems before 1.9, and what follows it. One with a computed part is none.
fn literal(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix("Gem::Version.new(").unwrap_or(text);
    let mut letters = text.chars();
    let end = match letters.next()? {
        quote @ ('"' | '\'') => quote,
        '%' => {
            letters.next().filter(|letter| *letter == 'q')?;
            match letters.next()? {
                '{' => '}',
                '(' => ')',
                '[' => ']',
                '<' => '>',
                other => other,
            }
        }
        _ => return None,
    };
    let mut value = String::new();
    loop {
        match letters.next()? {
            letter if letter == end => return Some((value, letters.as_str())),
            '\\' => match letters.next()? {
                'n' if end == '"' => value.push('\n'),
                escaped => value.push(escaped),
            },
            '#' if end == '"' && letters.as_str().starts_with('{') => return None,
            letter => value.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;
    use crate::model::{Claim, Claims};

    const HOME: &str = "usr/local/bundle";

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Ruby, path, text.as_bytes())
            .expect("a gem")
            .expect("a path that is wanted")
    }

    fn only(facts: &FileFacts) -> &Package {
        let [package] = facts.packages.as_slice() else {
            panic!("one package, not {:?}", facts.packages)
        };
        package
    }

    fn claimed(facts: &FileFacts) -> Vec<String> {
        facts
            .claims
            .iter()
            .flat_map(Claims::iter)
            .map(|Claim { path, .. }| path.to_owned())
            .collect()
    }

    /// As RubyGems 3.3 writes it.
    const NOKOGIRI: &str = r#"# -*- encoding: utf-8 -*-
# stub: nokogiri 1.15.0 x86_64-linux lib
# stub: ext/nokogiri/extconf.rb

Gem::Specification.new do |s|
  s.name = "nokogiri".freeze
  s.version = "1.15.0"
  s.platform = "x86_64-linux".freeze

  s.required_rubygems_version = Gem::Requirement.new(">= 0".freeze) if s.respond_to? :required_rubygems_version=
  s.metadata = { "homepage_uri" => "https://nokogiri.org" } if s.respond_to? :metadata=
  s.authors = ["Mike Dalessio".freeze]
  s.homepage = "https://nokogiri.org".freeze
  s.licenses = ["MIT".freeze, "Apache-2.0".freeze]
  s.add_runtime_dependency(%q<racc>.freeze, ["~> 1.4".freeze])
end
"#;

    #[test]
    fn a_platform_is_no_part_of_the_version_and_the_gem_s_folder_is_its_own() {
        let path = format!("{HOME}/specifications/nokogiri-1.15.0-x86_64-linux.gemspec");
        let facts = facts(&path, NOKOGIRI);
        let gem = only(&facts);
        assert_eq!(
            (gem.name.as_str(), gem.version.as_str(), gem.line),
            ("nokogiri", "1.15.0", Some(2))
        );
        assert_eq!(gem.licenses, ["MIT", "Apache-2.0"]);
        assert_eq!(gem.properties["platform"], "x86_64-linux");
        assert_eq!(gem.properties["homepage"], "https://nokogiri.org");
        assert_eq!(
            gem.purl(None).as_deref(),
            Some("pkg:gem/nokogiri@1.15.0?platform=x86_64-linux")
        );
        assert_eq!(
            claimed(&facts),
            [
                format!("{HOME}/gems/nokogiri-1.15.0-x86_64-linux"),
                path.clone()
            ]
        );
    }

    #[test]
    fn a_default_gem_says_so() {
        let facts = facts(
            "usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec",
            "# stub: json 2.6.1 ruby lib\nGem::Specification.new do |s|\n  s.licenses = [\"Ruby\".freeze]\nend\n",
        );
        let gem = only(&facts);
        assert_eq!(gem.properties["default"], "true");
        assert_eq!(gem.properties.get("platform"), None);
        assert_eq!(
            claimed(&facts)[0],
            "usr/lib/ruby/gems/3.1.0/gems/json-2.6.1"
        );
    }

    #[test]
    fn old_forms_are_read_without_a_stub() {
        for (text, version) in [
            (
                "s.name = %q{rake}\n s.version = \"0.8.7\"\n s.license = 'MIT'",
                "0.8.7",
            ),
            (
                "s.name=\"rake\"\n  s.version = Gem::Version.new(\"0.9\")",
                "0.9",
            ),
            (
                "spec.name = 'rake'.freeze\nspec.version = %q(1.0.b)",
                "1.0.b",
            ),
        ] {
            let facts = facts("gems/1.8/specifications/rake-0.gemspec", text);
            let gem = only(&facts);
            assert_eq!((gem.name.as_str(), gem.version.as_str()), ("rake", version));
        }
    }

    #[test]
    fn what_this_machine_s_rubygems_writes_is_read() {
        let program = r#"puts Gem::Specification.new { |s|
            s.name = "a-b"; s.version = "1.0.rc1"; s.platform = "x86_64-linux"; s.authors = ["x"]
            s.summary = "\"s.name = 'c'\""; s.homepage = "https://a"; s.licenses = ["MIT", "Ruby"] }.to_ruby"#;
        let written = std::process::Command::new("ruby")
            .args(["-e", program])
            .output();
        let written = match written {
            Ok(written) if written.status.success() => written.stdout,
            _ => {
                println!("skipped: this machine has no ruby");
                return;
            }
        };
        let facts = facts(
            "specifications/x.gemspec",
            &String::from_utf8_lossy(&written),
        );
        let gem = only(&facts);
        assert_eq!(
            (gem.name.as_str(), gem.version.as_str()),
            ("a-b", "1.0.rc1")
        );
        assert_eq!(gem.properties["platform"], "x86_64-linux");
        assert_eq!(gem.properties["homepage"], "https://a");
        assert_eq!(gem.licenses, ["MIT", "Ruby"]);
    }

    #[test]
    fn what_an_installed_program_computes_is_in_the_name_of_its_file() {
        let computed =
            "Gem::Specification.new do |s|\n s.name = \"x#{1}\"\n s.version = Foo::VERSION\nend";
        for (file, name, version, platform) in [
            ("foo-bar-1.0.0.rc1", "foo-bar", "1.0.0.rc1", None),
            (
                "foo-1.2-arm64-darwin-22",
                "foo",
                "1.2",
                Some("arm64-darwin-22"),
            ),
            ("net-2-1.0", "net-2", "1.0", None),
            ("foo-7", "foo", "7", None),
        ] {
            let facts = facts(&format!("specifications/{file}.gemspec"), computed);
            let gem = only(&facts);
            assert_eq!((gem.name.as_str(), gem.version.as_str()), (name, version));
            assert_eq!(gem.properties.get("platform").map(String::as_str), platform);
        }
        let nameless = detect_one(&Ruby, "specifications/foo.gemspec", computed.as_bytes());
        assert!(nameless.is_err());
    }

    #[test]
    fn bundler_s_git_gems_have_their_revision_and_what_it_did_not_write_is_no_gem() {
        let checkout = format!("{HOME}/bundler/gems/rails-0123456789ab");
        let path = format!("{checkout}/activerecord/activerecord.gemspec");
        let facts = facts(
            &path,
            "# -*- encoding: utf-8 -*-\n# stub: activerecord 7.1.0.alpha ruby lib\n",
        );
        let gem = only(&facts);
        assert_eq!(gem.version, "7.1.0.alpha");
        assert_eq!(gem.properties["revision"], "0123456789ab");
        assert_eq!(claimed(&facts), [format!("{checkout}/activerecord")]);
        let program = b"Gem::Specification.new { |s| s.name = 'a'; s.version = V }";
        assert_eq!(
            detect_one(&Ruby, &path, program),
            Ok(Some(FileFacts::default()))
        );
    }

    #[test]
    fn the_author_s_own_specification_is_not_read() {
        for (path, wanted) in [
            ("a/specifications/x-1.gemspec", true),
            (
                "a/vendor/bundle/ruby/3.1.0/specifications/x-1.gemspec",
                true,
            ),
            ("specifications/default/x-1.gemspec", true),
            ("a/gems/x-1/x.gemspec", false),
            ("a/specifications/other/x-1.gemspec", false),
            ("a/default/x-1.gemspec", false),
            ("bundler/gems/x-0123456789ab/x.gemspec", true),
            ("b/bundler/gems/x-0123456789ab/a/b/x.gemspec", true),
            ("b/bundler/gems/x-0123456789ab/a/b/c/x.gemspec", false),
            ("b/bundler/gems/x-1.0/x.gemspec", false),
            ("b/bundler/gems/x.gemspec", false),
            ("x.gemspec", false),
        ] {
            assert_eq!(Place::of(path).is_some(), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Ruby, "specifications/a-1.gemspec", &bytes);
        }

        #[test]
        fn any_assignment_never_panics(value in "[\"'%q{}\\\\#\\[\\], a-z.]{0,20}", file in "[a-z0-9.-]{0,12}") {
            let text = format!("s.name = {value}\ns.version = {value}\ns.licenses = {value}\n");
            let _ = detect_one(&Ruby, &format!("specifications/{file}.gemspec"), text.as_bytes());
        }

        #[test]
        fn a_text_comes_back_as_ruby_writes_it(text in "[ -~]{0,20}") {
            let written = format!("{:?}.freeze", text.replace('#', ""));
            let (read, rest) = literal(&written).expect("a text");
            prop_assert_eq!(read, text.replace('#', ""));
            prop_assert_eq!(rest, ".freeze");
        }
    }
}
