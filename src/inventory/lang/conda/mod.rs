//! Conda packages: a record for each in the `conda-meta` of every environment, the base one included.
//!
//! The form is the one that conda, mamba and pixi share: `PrefixRecord` in conda's `core/prefix_data.py` and in
//! <https://docs.rs/rattler_conda_types>. `conda-meta/history` and what lies in `pkgs`, the cache of archives, are no records.
//!
//! A Python package of conda's has a `.dist-info`, too, and is then known twice: as conda built it, and as the project that
//! advisories are about.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::listed::Listed;
use crate::inventory::json::{self, Fields, Text};
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
            description: Description::default(),
            paths: Listed::below(environment),
            files: Listed::below(environment),
        };
        json::take(file.bytes, &mut record, "it is no record of conda")?;
        let package = record.description.package()?;
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
    description: Description,
    /// Of `paths_data`, with digests.
    paths: Listed<'a>,
    /// Of `files`: all that conda before 4.4 wrote.
    files: Listed<'a>,
}

/// The fields that describe the package.
#[derive(Default)]
struct Description {
    name: Text,
    version: Text,
    build: Text,
    channel: Text,
    subdir: Text,
    license: Text,
    md5: Text,
    sha256: Text,
}

impl Description {
    fn place(&mut self, name: &str) -> Option<&mut Text> {
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
    path: Text,
    sha256: Text,
    /// The digest after the environment's own path was written into the file.
    sha256_in_prefix: Text,
}

impl PathEntry {
    fn digest(&self) -> Option<FileDigest> {
        let digest = self.sha256_in_prefix.text().or(self.sha256.text())?;
        FileDigest::of_hex(FileAlgorithm::Sha256, digest)
    }
}

impl Fields for Record<'_> {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "paths_data" => value.next_value_seed(PathsData(&mut self.paths))?,
            "files" => value.next_value_seed(Files {
                listed: &mut self.files,
                add: |listed, name: &Text| {
                    listed.file(name.text().unwrap_or_default().as_bytes(), None);
                },
            })?,
            name => match self.description.place(name) {
                Some(place) => *place = value.next_value()?,
                None => value.next_value::<IgnoredAny>().map(drop)?,
            },
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
