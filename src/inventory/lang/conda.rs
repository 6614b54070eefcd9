//! Conda packages: a record for each in the `conda-meta` of every environment, the base one included.
//!
//! The form is the one that conda, mamba and pixi share: `PrefixRecord` in conda's `core/prefix_data.py` and in
//! <https://docs.rs/rattler_conda_types>. `conda-meta/history` and what lies in `pkgs`, the cache of archives, are no records.
//!
//! A Python package of conda's has a `.dist-info`, too, and is then known twice: as conda built it, and as the project that
//! advisories are about.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::Scalar;
use super::listed::Listed;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{FileAlgorithm, FileDigest, Package, PackageType, path_file_name, path_parent};

/// 64 MiB: a record names each file up to twice; the largest, of compilers and documentation, have 20 MB.
const LIMIT: u64 = 64 << 20;

/// Reads conda's records.
pub(in crate::inventory) struct Conda;

impl Detector for Conda {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/conda",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Folder("conda-meta")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let is_record = path_file_name(entry.parent()) == "conda-meta"
            && entry
                .file_name()
                .strip_suffix(".json")
                .is_some_and(|stem| !stem.is_empty());
        if is_record {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let environment = path_parent(file.entry.parent()).unwrap_or_default();
        let mut record = Record {
            fields: Fields::default(),
            paths: Listed::below(environment),
            files: Listed::below(environment),
        };
        let mut json = serde_json::Deserializer::from_slice(file.bytes);
        RecordSeed(&mut record)
            .deserialize(&mut json)
            .and_then(|()| json.end())
            .map_err(|error| {
                ParseError::new(format!(
                    "it is no record of conda (line {}, column {})",
                    error.line(),
                    error.column()
                ))
            })?;
        let package = record.fields.package()?;
        let listed = if record.paths.is_empty() {
            record.files
        } else {
            record.paths
        };
        let mut facts = FileFacts::default();
        listed.finish(package.name.clone(), file.entry.path, &mut facts);
        facts.packages.push(package);
        Ok(facts)
    }
}

/// What is taken from a record while it is read.
struct Record<'a> {
    fields: Fields,
    /// Of `paths_data`, with digests.
    paths: Listed<'a>,
    /// Of `files`: all that conda before 4.4 wrote.
    files: Listed<'a>,
}

/// The fields that describe the package.
#[derive(Default)]
struct Fields {
    name: Scalar,
    version: Scalar,
    build: Scalar,
    channel: Scalar,
    subdir: Scalar,
    license: Scalar,
    md5: Scalar,
    sha256: Scalar,
}

impl Fields {
    fn place(&mut self, name: &str) -> Option<&mut Scalar> {
        Some(match name {
            "name" => &mut self.name,
            "version" => &mut self.version,
            // libmamba writes it under both names.
            "build" | "build_string" => &mut self.build,
            "channel" => &mut self.channel,
            "subdir" => &mut self.subdir,
            "license" => &mut self.license,
            "md5" => &mut self.md5,
            "sha256" => &mut self.sha256,
            _ => return None,
        })
    }

    fn package(&self) -> Result<Package, ParseError> {
        let missing = |field| ParseError::new(format!("the record has no {field}"));
        let name = self.name.text().ok_or_else(|| missing("name"))?;
        let version = self.version.text().ok_or_else(|| missing("version"))?;
        // The type's names are lower case (purl-spec, conda).
        let mut package = Package::new(PackageType::CONDA, name.to_ascii_lowercase(), version);
        package.architecture = self.subdir.text().map(str::to_owned);
        package.licenses = self.license.text().map(str::to_owned).into_iter().collect();
        let channel = self.channel.text().and_then(channel_name);
        let facts = [
            ("build", self.build.text()),
            ("channel", channel.as_deref()),
            ("md5", self.md5.text()),
            ("sha256", self.sha256.text()),
        ];
        for (key, value) in facts {
            let value = value.map(|value| (key.to_owned(), value.to_owned()));
            package.properties.extend(value);
        }
        Ok(package)
    }
}

/// A channel's name, from the name or the address that the record has: `conda-forge`, `pkgs/main`, or the host and path of
/// another server. A user, a password and an access token are never part of it.
fn channel_name(channel: &str) -> Option<String> {
    let address = channel.split_once("://").map(|(_, address)| address);
    let path = address.unwrap_or(channel).split(['?', '#']).next()?;
    // Only what stands before the path can have a user and a password in it.
    let (authority, _) = path.split_once('/').unwrap_or((path, ""));
    let path = match authority.rfind('@') {
        Some(user) => path.get(user + 1..)?,
        None => path,
    };
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    // An access token stands in the path, as `/t/TOKEN/`: conda itself masks it in what it shows.
    if let Some(token) = parts.iter().position(|part| *part == "t") {
        parts.drain(token..parts.len().min(token + 2));
    }
    // The folder of the architecture is no part of the channel.
    parts.pop_if(|part| is_subdir(part));
    if let [first, ..] = parts.as_slice()
        && matches!(*first, "conda.anaconda.org" | "repo.anaconda.com")
    {
        parts.remove(0);
    }
    Some(parts.join("/")).filter(|name| !name.is_empty())
}

/// <https://docs.rs/rattler_conda_types>, `Platform`: a system and a processor, or `noarch`.
fn is_subdir(part: &str) -> bool {
    const SYSTEMS: [&str; 7] = [
        "linux",
        "osx",
        "win",
        "emscripten",
        "wasi",
        "zos",
        "freebsd",
    ];
    part == "noarch"
        || part
            .split_once('-')
            .is_some_and(|(system, _)| SYSTEMS.contains(&system))
}

/// The object that the file is.
struct RecordSeed<'r, 'a>(&'r mut Record<'a>);

/// `paths_data`: an object with the list `paths`.
struct PathsData<'r, 'a>(&'r mut Listed<'a>);

/// A list of files, each of the form `T`.
struct Files<'r, 'a, T> {
    listed: &'r mut Listed<'a>,
    add: fn(&mut Listed<'a>, &T),
}

/// One file of `paths_data`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct PathEntry {
    #[serde(rename = "_path")]
    path: Scalar,
    sha256: Scalar,
    /// The digest after the environment's own path was written into the file.
    sha256_in_prefix: Scalar,
}

impl PathEntry {
    fn digest(&self) -> Option<FileDigest> {
        let digest = self.sha256_in_prefix.text().or(self.sha256.text())?;
        FileDigest::of_hex(FileAlgorithm::Sha256, digest)
    }
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record of conda")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let record = self.0;
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "paths_data" => fields.next_value_seed(PathsData(&mut record.paths))?,
                "files" => {
                    fields.next_value_seed(Files {
                        listed: &mut record.files,
                        add: |listed, name: &Scalar| {
                            listed.file(name.text().unwrap_or_default().as_bytes(), None);
                        },
                    })?;
                }
                name => match record.fields.place(name) {
                    Some(place) => *place = fields.next_value()?,
                    None => {
                        fields.next_value::<IgnoredAny>()?;
                    }
                },
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for PathsData<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for PathsData<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of paths")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if name == "paths" {
                fields.next_value_seed(Files {
                    listed: &mut *self.0,
                    add: |listed, entry: &PathEntry| {
                        let path = entry.path.text().unwrap_or_default();
                        listed.file(path.as_bytes(), entry.digest());
                    },
                })?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Files<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Files<'_, '_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of files")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut files: A) -> Result<(), A::Error> {
        while let Some(file) = files.next_element::<T>()? {
            (self.add)(self.listed, &file);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;
    use crate::model::{Claim, Claims};

    const PATH: &str = "opt/conda/conda-meta/openssl-3.3.1-h4bc722e_2.json";

    fn facts(json: &str) -> Result<FileFacts, ParseError> {
        detect_one(&Conda, PATH, json.as_bytes()).map(|facts| facts.expect("a path that is wanted"))
    }

    /// Written after the published form, with the fields in the order in which conda sorts them, and shortened digests: py-rattler
    /// reads the same from it. It is of no real package, since no registry of conda was at hand.
    const RECORD: &str = r#"{
      "arch": "x86_64",
      "build": "h4bc722e_2",
      "build_number": 2,
      "channel": "https://conda.anaconda.org/conda-forge/linux-64",
      "depends": ["ca-certificates", "libgcc-ng >=12"],
      "extracted_package_dir": "/opt/conda/pkgs/openssl-3.3.1-h4bc722e_2",
      "files": ["bin/openssl", "lib/libssl.so.3", "ssl/openssl.cnf"],
      "fn": "openssl-3.3.1-h4bc722e_2.conda",
      "license": "Apache-2.0",
      "link": {"source": "/opt/conda/pkgs/openssl-3.3.1-h4bc722e_2", "type": 1},
      "md5": "e1b454497f9f7c1147fdde4b53f1b512",
      "name": "openssl",
      "paths_data": {
        "paths": [
          {"_path": "bin/openssl", "path_type": "hardlink", "prefix_placeholder": "/home/builder/placeholder",
           "sha256": "1111111111111111aaaa", "sha256_in_prefix": "2222222222222222aaaa", "size_in_bytes": 1},
          {"_path": "lib/libssl.so.3", "path_type": "hardlink", "sha256": "3333333333333333aaaa"},
          {"_path": "lib/libssl.so", "path_type": "softlink"}
        ],
        "paths_version": 1
      },
      "requested_spec": "",
      "sha256": "b294b3cc706ad1048cdb514f0db3da9f37ae3fcc0c53a7104083dd0918adb200",
      "subdir": "linux-64",
      "url": "https://user:password@conda.anaconda.org/t/to-ken/conda-forge/linux-64/openssl-3.3.1-h4bc722e_2.conda",
      "version": "3.3.1"
    }"#;

    #[test]
    fn a_record_is_a_package_with_its_build_channel_architecture_and_digests() {
        let facts = facts(RECORD).expect("a record");
        let [openssl] = facts.packages.as_slice() else {
            panic!("one package")
        };
        assert_eq!(
            (openssl.name.as_str(), openssl.version.as_str()),
            ("openssl", "3.3.1")
        );
        assert_eq!(openssl.architecture.as_deref(), Some("linux-64"));
        assert_eq!(openssl.licenses, ["Apache-2.0"]);
        let properties: Vec<(&str, &str)> = openssl
            .properties
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            properties,
            [
                ("build", "h4bc722e_2"),
                ("channel", "conda-forge"),
                ("md5", "e1b454497f9f7c1147fdde4b53f1b512"),
                (
                    "sha256",
                    "b294b3cc706ad1048cdb514f0db3da9f37ae3fcc0c53a7104083dd0918adb200"
                ),
            ]
        );
        assert_eq!(
            openssl.purl(None).as_deref(),
            Some("pkg:conda/openssl@3.3.1?build=h4bc722e_2&channel=conda-forge&subdir=linux-64")
        );
        let shown = format!("{facts:?}");
        assert!(!shown.contains("password") && !shown.contains("to-ken"));
    }

    /// Path and digest of each claim.
    fn claims(json: &str) -> Vec<(String, Option<u64>)> {
        let facts = facts(json).expect("a record");
        let claims = facts.claims.iter().flat_map(Claims::iter);
        claims
            .map(|Claim { path, digest, .. }| (path.to_owned(), digest.map(|digest| digest.start)))
            .collect()
    }

    #[test]
    fn files_are_claimed_with_the_digest_that_they_have_in_the_environment() {
        assert_eq!(
            claims(RECORD),
            [
                ("opt/conda/bin/openssl".into(), Some(0x2222_2222_2222_2222)),
                (
                    "opt/conda/lib/libssl.so.3".into(),
                    Some(0x3333_3333_3333_3333)
                ),
                ("opt/conda/lib/libssl.so".into(), None)
            ]
        );
    }

    #[test]
    fn older_records_list_names_only() {
        let json =
            r#"{"files": ["bin/a", 7, "lib/b"], "name": "A", "paths_data": null, "version": "1"}"#;
        assert_eq!(
            claims(json),
            [
                ("opt/conda/bin/a".into(), None),
                ("opt/conda/lib/b".into(), None)
            ]
        );
        assert_eq!(facts(json).expect("a record").packages[0].name, "a");
        assert_eq!(claims(r#"{"name": "a", "version": "1"}"#), []);
    }

    #[test]
    fn a_channel_has_a_name_and_never_a_credential() {
        for (channel, name) in [
            (
                "https://repo.anaconda.com/pkgs/main/linux-64",
                Some("pkgs/main"),
            ),
            (
                "https://conda.anaconda.org/conda-forge/noarch",
                Some("conda-forge"),
            ),
            (
                "https://conda.anaconda.org/t/to-ken/me/label/dev/osx-arm64",
                Some("me/label/dev"),
            ),
            (
                "https://me:word@conda.example.org/a/linux-64?x=word",
                Some("conda.example.org/a"),
            ),
            (
                "me:word@conda.example.org/t/to-ken/a",
                Some("conda.example.org/a"),
            ),
            (
                "https://me:word@conda.example.org",
                Some("conda.example.org"),
            ),
            ("conda.example.org/t/to-ken", Some("conda.example.org")),
            ("conda-forge", Some("conda-forge")),
            ("pkgs/main", Some("pkgs/main")),
            ("file:///srv/channel/linux-64", Some("srv/channel")),
            ("https://", None),
        ] {
            assert_eq!(channel_name(channel).as_deref(), name, "{channel}");
        }
    }

    #[test]
    fn every_environment_is_read_and_what_lies_beside_the_records_is_not() {
        for (path, wanted) in [
            ("opt/conda/conda-meta/python-3.12.4-h1.json", true),
            ("opt/conda/envs/ml/conda-meta/numpy-2.0.0-py312.json", true),
            ("conda-meta/a-1-0.json", true),
            ("opt/conda/conda-meta/history", false),
            ("opt/conda/conda-meta/.json", false),
            ("opt/conda/conda-meta/a-1-0.json.bak", false),
            ("opt/conda/pkgs/a-1-0/info/index.json", false),
            ("opt/not-conda-meta/a.json", false),
        ] {
            let wants = Conda.wants(&Entry::file(path, 10));
            assert_eq!(wants != Want::Skip, wanted, "{path}");
        }
    }

    #[test]
    fn what_is_no_record_is_an_error_with_its_place_and_without_its_content() {
        for json in [
            "",
            "[]",
            "{\"name\": \"a\",\n secret}",
            "{\"files\": {}}",
            "{} {}",
        ] {
            let error = facts(json).expect_err(json);
            assert!(
                error.reason.starts_with("it is no record of conda (line "),
                "{error}"
            );
            assert!(!error.reason.contains("secret"));
        }
        for (json, field) in [
            ("{}", "name"),
            (r#"{"name": "a", "version": 1}"#, "version"),
        ] {
            let error = facts(json).expect_err(json);
            assert_eq!(error.reason, format!("the record has no {field}"));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Conda, PATH, &bytes);
        }

        #[test]
        fn any_channel_and_file_are_read_without_a_panic(channel in "[a-z:/@.?#-]{0,24}", file in "[a-z./]{0,12}") {
            let json = serde_json::json!({"name": "a", "version": "1", "channel": channel, "files": [file]});
            prop_assert!(facts(&json.to_string()).is_ok());
        }
    }
}
