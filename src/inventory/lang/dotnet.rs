//! .NET: the packages that an application, or a framework, was published with: `NAME.deps.json`.
//!
//! <https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>. `libraries` says what each is,
//! `targets` which files it brings on one system. A package that brings none there is left out: it was needed to build,
//! or the framework has a newer one.
//!
//! A framework is recorded in its own folder, `shared/NAME/VERSION/`. It is known by that name, and by the package that
//! advisories name: `Microsoft.NETCore.App.Runtime.linux-x64`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::inventory::harvest::Harvest;
use crate::inventory::json;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{ClaimKind, Claims, LayerPath, Package, PackageType};

/// 16 MiB: the largest, those of SDKs, are below 1 MiB.
const LIMIT: u64 = 16 << 20;

const ENDING: &str = ".deps.json";

/// Reads what .NET's own host reads to find libraries.
pub(in crate::inventory) struct Dotnet;

impl Detector for Dotnet {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/dotnet",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("json")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.path.ends_with(ENDING) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let record: Record = json::read_or(file.bytes, "it is no record of .NET's dependencies")?;
        let mut harvest = Harvest::of(file.entry.path);
        let folder = file.entry.parent();
        let framework = framework_of(folder)
            .filter(|(name, _)| file.entry.file_name().strip_suffix(ENDING) == Some(name));
        let mut claims = record.packages(folder, framework, &mut harvest);
        if let Some((name, version)) = framework {
            for package in framework_packages(name, version, record.system()) {
                harvest.package(package);
            }
            claims.push(Claims::folder(name, folder));
        }
        let mut facts = harvest.finish();
        facts.claims = claims;
        Ok(facts)
    }
}

/// The framework whose folder this is, `…/shared/NAME/VERSION`: its name and version.
pub(in crate::inventory) fn framework_of(folder: &str) -> Option<(&str, &str)> {
    let mut parts = folder.rsplit('/');
    let (version, name) = (parts.next()?, parts.next()?);
    let is_framework = parts.next() == Some("shared")
        && name.ends_with(".App")
        && version.starts_with(|c: char| c.is_ascii_digit());
    is_framework.then_some((name, version))
}

/// The framework itself, and what it is called among packages. The file gives both the version of a build on some days
/// (`3.1.23-servicing.22122.4`), which would be one before the release: the folder has the release's.
fn framework_packages(name: &str, version: &str, system: Option<&str>) -> Vec<Package> {
    let whole = Some(name.to_owned());
    let packaged = system.map(|system| format!("{name}.Runtime.{system}"));
    [whole, packaged]
        .into_iter()
        .flatten()
        .map(|name| {
            let mut package = nuget(&name, version);
            package
                .properties
                .insert("library-type".into(), "framework".into());
            package
        })
        .collect()
}

fn nuget(name: &str, version: &str) -> Package {
    Package::new(PackageType::new("nuget"), name, version)
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Record {
    runtime_target: RuntimeTarget,
    targets: BTreeMap<String, BTreeMap<String, Target>>,
    libraries: BTreeMap<String, Library>,
}

/// The first versions wrote a text, later ones an object.
#[derive(Deserialize)]
#[serde(untagged)]
enum RuntimeTarget {
    Text(String),
    Object { name: String },
}

impl Default for RuntimeTarget {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

/// The files that a library brings, by their paths in its package.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Target {
    runtime: Files,
    native: Files,
    resources: Files,
    /// In an application for several systems: those of each.
    runtime_targets: Files,
}

/// The keys of an object, whose values say nothing that is needed.
#[derive(Default)]
struct Files(Vec<String>);

impl<'de> Deserialize<'de> for Files {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FilesVisitor)
    }
}

struct FilesVisitor;

impl<'de> Visitor<'de> for FilesVisitor {
    type Value = Files;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Files, A::Error> {
        let mut files = Vec::new();
        while let Some((file, _)) = fields.next_entry::<String, IgnoredAny>()? {
            files.push(file);
        }
        Ok(Files(files))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Library {
    #[serde(rename = "type")]
    kind: String,
    sha512: String,
}

impl Record {
    /// The target that the application runs as; where it names none that is there, each.
    fn targets(&self) -> impl Iterator<Item = (&String, &Target)> {
        let named = self.targets.get(self.target_name());
        let all = self.targets.values().filter(move |_| named.is_none());
        named.into_iter().chain(all).flatten()
    }

    fn target_name(&self) -> &str {
        match &self.runtime_target {
            RuntimeTarget::Text(name) | RuntimeTarget::Object { name } => name,
        }
    }

    /// `linux-x64` of `.NETCoreApp,Version=v8.0/linux-x64`.
    fn system(&self) -> Option<&str> {
        let (_, system) = self.target_name().split_once('/')?;
        Some(system).filter(|system| !system.is_empty())
    }

    /// Takes the packages of an application, or what a framework has beside itself. Gives which files each brings.
    fn packages(
        &self,
        folder: &str,
        framework: Option<(&str, &str)>,
        harvest: &mut Harvest<'_>,
    ) -> Vec<Claims> {
        let mut claims = Vec::new();
        let mut seen = BTreeSet::new();
        for (key, target) in self.targets() {
            let (Some(library), true) = (self.libraries.get(key), seen.insert(key)) else {
                continue;
            };
            let is_framework = framework.is_some_and(|(name, _)| key.contains(name));
            let Some((package, needs_files)) = library.package(key).filter(|_| !is_framework)
            else {
                continue;
            };
            let files = target.claims(&package.name, folder);
            if files.is_empty() && needs_files {
                continue;
            }
            harvest.package(package);
            claims.push(files);
        }
        claims.retain(|claims| !claims.is_empty());
        claims
    }
}

impl Library {
    /// The package of `NAME/VERSION`, and whether it counts only if it brings files. A library without a package, such as one
    /// that a project refers to by its path, is none.
    fn package(&self, key: &str) -> Option<(Package, bool)> {
        let (name, version) = key.split_once('/')?;
        let (name, kind) = match self.kind.as_str() {
            "package" => (name, None),
            "project" => (name, Some("project")),
            // The framework, where an application brings its own.
            "runtimepack" => (name.strip_prefix("runtimepack.").unwrap_or(name), None),
            _ => return None,
        };
        if name.is_empty() || version.is_empty() {
            return None;
        }
        let mut package = nuget(name, version);
        if let Some(kind) = kind {
            package
                .properties
                .insert("library-type".into(), kind.into());
        }
        if !self.sha512.is_empty() {
            package
                .properties
                .insert("sha512".into(), self.sha512.clone());
        }
        Some((package, kind.is_none()))
    }
}

impl Target {
    /// The files beside the record that are this library's: a package's folder for a version of .NET is left out when an
    /// application is published, but those for several systems are kept.
    fn claims(&self, owner: &str, folder: &str) -> Claims {
        let mut claims = Claims::new(owner, false);
        let published = [&self.runtime, &self.native, &self.resources]
            .into_iter()
            .flat_map(|files| &files.0)
            .map(|path| published(path));
        let kept = self.runtime_targets.0.iter().map(String::as_str);
        for path in published.chain(kept) {
            // `_._` stands for no file.
            let is_file = !path.is_empty() && !path.ends_with("_._");
            if is_file && !path.split(['/', '\\']).any(|part| part == "..") {
                let path = LayerPath::from(format!("{folder}/{path}").as_str());
                claims.push(&path, ClaimKind::File, None);
            }
        }
        claims
    }
}

/// Without `lib/net8.0/`, `runtimes/linux-x64/lib/net8.0/` or `runtimes/linux-x64/native/`.
fn published(path: &str) -> &str {
    let of_system = path.strip_prefix("runtimes/").and_then(behind_slash);
    let rest = of_system.unwrap_or(path);
    rest.strip_prefix("lib/")
        .and_then(behind_slash)
        .or_else(|| rest.strip_prefix("native/"))
        .unwrap_or(rest)
}

fn behind_slash(path: &str) -> Option<&str> {
    Some(path.split_once('/')?.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    fn facts(path: &str, json: &str) -> FileFacts {
        detect_one(&Dotnet, path, json.as_bytes())
            .expect("a record")
            .expect("a path that is wanted")
    }

    fn names(facts: &FileFacts) -> Vec<String> {
        let name = |package: &Package| format!("{}@{}", package.name, package.version);
        facts.packages.iter().map(name).collect()
    }

    fn claims(facts: &FileFacts) -> Vec<(&str, Vec<&str>)> {
        facts
            .claims
            .iter()
            .map(|claims| {
                let paths = claims.iter().map(|claim| claim.path).collect();
                (claims.owner.as_str(), paths)
            })
            .collect()
    }

    /// After what `dotnet publish` writes for an application with its own framework (.NET 8).
    const APPLICATION: &str = r#"{
        "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64", "signature": ""},
        "compilationOptions": {},
        "targets": {
            ".NETCoreApp,Version=v8.0": {"Elsewhere/1.0.0": {"runtime": {"lib/net8.0/Elsewhere.dll": {}}}},
            ".NETCoreApp,Version=v8.0/linux-x64": {
                "app/1.0.0": {
                    "dependencies": {"Newtonsoft.Json": "13.0.1"},
                    "runtime": {"app.dll": {}}
                },
                "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {
                    "runtime": {"System.Runtime.dll": {"assemblyVersion": "8.0.0.0", "fileVersion": "8.0.123.58001"}},
                    "native": {"libclrjit.so": {"fileVersion": "0.0.0.0"}}
                },
                "Newtonsoft.Json/13.0.1": {
                    "runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"assemblyVersion": "13.0.0.0"}},
                    "resources": {"lib/netstandard2.0/de/Newtonsoft.Json.resources.dll": {"locale": "de"}}
                },
                "SQLitePCLRaw.lib.e_sqlite3/2.1.6": {
                    "native": {"runtimes/linux-x64/native/libe_sqlite3.so": {}},
                    "runtimeTargets": {"runtimes/win/lib/net8.0/X.dll": {"rid": "win", "assetType": "runtime"}}
                },
                "Microsoft.SourceLink.GitHub/8.0.0": {"dependencies": {"X": "1"}},
                "NETStandard.Library/2.0.3": {"runtime": {"lib/netstandard1.0/_._": {}}},
                "Old.Reference/1.0.0.0": {"runtime": {"Old.Reference.dll": {}}},
                "Unlisted/1.0.0": {"runtime": {"x.dll": {}}}
            }
        },
        "libraries": {
            "app/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
            "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack", "serviceable": false, "sha512": ""},
            "Newtonsoft.Json/13.0.1": {"type": "package", "serviceable": true, "sha512": "sha512-abc==", "path": "newtonsoft.json/13.0.1"},
            "SQLitePCLRaw.lib.e_sqlite3/2.1.6": {"type": "package"},
            "Microsoft.SourceLink.GitHub/8.0.0": {"type": "package"},
            "NETStandard.Library/2.0.3": {"type": "package"},
            "Old.Reference/1.0.0.0": {"type": "reference"},
            "Elsewhere/1.0.0": {"type": "package"}
        }
    }"#;

    #[test]
    fn an_application_has_the_packages_that_bring_files_on_its_system() {
        let facts = facts("app/app.deps.json", APPLICATION);
        assert_eq!(
            names(&facts),
            [
                "Newtonsoft.Json@13.0.1",
                "SQLitePCLRaw.lib.e_sqlite3@2.1.6",
                "app@1.0.0",
                "Microsoft.NETCore.App.Runtime.linux-x64@8.0.1",
            ]
        );
        assert_eq!(facts.packages[0].properties["sha512"], "sha512-abc==");
        assert_eq!(facts.packages[2].properties["library-type"], "project");
        assert_eq!(
            claims(&facts),
            [
                (
                    "Newtonsoft.Json",
                    vec![
                        "app/Newtonsoft.Json.dll",
                        "app/de/Newtonsoft.Json.resources.dll"
                    ]
                ),
                (
                    "SQLitePCLRaw.lib.e_sqlite3",
                    vec!["app/libe_sqlite3.so", "app/runtimes/win/lib/net8.0/X.dll"]
                ),
                ("app", vec!["app/app.dll"]),
                (
                    "Microsoft.NETCore.App.Runtime.linux-x64",
                    vec!["app/System.Runtime.dll", "app/libclrjit.so"]
                ),
            ]
        );
    }

    /// After the record of .NET Core 3.1.23, which has three times as many libraries.
    const FRAMEWORK: &str = r#"{
        "runtimeTarget": {"name": ".NETCoreApp,Version=v3.1/linux-x64", "signature": ""},
        "targets": {
            ".NETCoreApp,Version=v3.1": {},
            ".NETCoreApp,Version=v3.1/linux-x64": {
                "Microsoft.NETCore.App/3.1.23-servicing.22122.4": {"dependencies": {}},
                "runtime.linux-x64.Microsoft.NETCore.App/3.1.23-servicing.22122.4": {
                    "runtime": {"runtimes/linux-x64/lib/netcoreapp3.1/System.dll": {}}
                },
                "Beside/1.0.0": {"native": {"runtimes/linux-x64/native/libbeside.so": {}}}
            }
        },
        "libraries": {
            "Microsoft.NETCore.App/3.1.23-servicing.22122.4": {"type": "package"},
            "runtime.linux-x64.Microsoft.NETCore.App/3.1.23-servicing.22122.4": {"type": "package"},
            "Beside/1.0.0": {"type": "package"}
        }
    }"#;

    #[test]
    fn a_framework_is_known_by_its_folder_and_by_the_name_that_advisories_use() {
        let folder = "usr/share/dotnet/shared/Microsoft.NETCore.App/3.1.23";
        let path = format!("{folder}/Microsoft.NETCore.App.deps.json");
        let facts = facts(&path, FRAMEWORK);
        assert_eq!(
            names(&facts),
            [
                "Beside@1.0.0",
                "Microsoft.NETCore.App@3.1.23",
                "Microsoft.NETCore.App.Runtime.linux-x64@3.1.23",
            ]
        );
        let claims = claims(&facts);
        assert_eq!(claims[1], ("Microsoft.NETCore.App", vec![folder]));
    }

    #[test]
    fn a_file_that_only_looks_like_a_record_yields_nothing() {
        assert_eq!(facts("a.deps.json", "{}"), FileFacts::default());
        assert_eq!(
            facts(
                "a.deps.json",
                r#"{"runtimeTarget": "dnx", "targets": {"dnx": {}}}"#
            ),
            FileFacts::default()
        );
        assert_eq!(detect_one(&Dotnet, "package.json", b"{}"), Ok(None));
    }

    #[test]
    fn what_is_no_record_is_an_error_with_its_place_and_without_its_content() {
        for json in ["", "7", "{\"targets\": [\"secret\"]}", "{\n secret"] {
            let error = detect_one(&Dotnet, "a.deps.json", json.as_bytes()).expect_err(json);
            assert!(error.reason.contains("(line "), "{error}");
            assert!(!error.reason.contains("secret"));
        }
    }

    #[test]
    fn no_file_outside_of_the_folder_is_claimed() {
        let json = r#"{"targets": {"x": {"A/1": {"runtime": {"../../bin/sh": {}, "/bin/sh": {}}}}},
            "libraries": {"A/1": {"type": "package"}}}"#;
        let facts = facts("app/a.deps.json", json);
        assert_eq!(claims(&facts), [("A", vec!["app/bin/sh"])]);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Dotnet, "a.deps.json", &bytes);
        }

        #[test]
        fn any_path_of_a_file_never_panics(path in "[a./_]{0,9}(runtimes/|lib/|native/)?[a./_\\\\]{0,9}", key in "[a/.1]{0,6}") {
            let json = format!(
                r#"{{"targets": {{"x": {{"{key}": {{"runtime": {{"{}": {{}}}}}}}}}}, "libraries": {{"{key}": {{"type": "package"}}}}}}"#,
                path.replace('\\', "/")
            );
            let _ = facts("app/a.deps.json", &json);
        }
    }
}
