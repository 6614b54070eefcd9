//! Java runtimes: the file `release` in the home of each JDK and JRE.
//!
//! Lines of `KEY="VALUE"`, which `make/ReleaseFile.gmk` of the JDK writes, and vendors add to. No package tool brings most
//! of these runtimes: images get them as an archive that is unpacked into `/opt`.

use std::collections::BTreeMap;

use crate::layers::{
    Detector, DetectorId, Entry, EntryKind, File, FileFacts, Interest, ParseError, Want,
};
use crate::model::{Claims, Package, PackageType, path_parent};

/// The shortest that says anything is `JAVA_VERSION="9"`.
const SMALLEST: u64 = 16;
/// 64 KiB: with the list of all modules it has 2.
const LIMIT: u64 = 64 << 10;

/// Folders that are nobody's alone.
const SHARED: [&str; 9] = [
    "",
    "app",
    "home",
    "opt",
    "root",
    "srv",
    "usr",
    "usr/local",
    "var",
];

/// Reads the `release` of Java runtimes.
pub(in crate::inventory) struct Jvm;

impl Detector for Jvm {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/jvm",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("release")]
    }

    /// A runtime can lie in any folder (`/opt/java/openjdk`, `/jre`, `/app/runtime`), so that other files of the name are told
    /// by their content. A link to one is not followed: the runtime that it is about lies where the file does.
    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.kind == EntryKind::File && (SMALLEST..=LIMIT).contains(&entry.size) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let Some(release) = Release::read(file.bytes) else {
            return Ok(FileFacts::default());
        };
        let mut facts = FileFacts::of_packages(release.packages());
        // The runtime has its home to itself, unless it was unpacked into a folder that others share.
        if let Some(home) = path_parent(file.entry.path).filter(|home| !SHARED.contains(home))
            && let Some(runtime) = facts.packages.first()
        {
            facts.claims.push(Claims::folder(&*runtime.name, home));
        }
        Ok(facts)
    }
}

/// The fields of a runtime's `release`.
struct Release<'a> {
    fields: BTreeMap<&'a str, &'a str>,
    version: &'a str,
}

impl<'a> Release<'a> {
    /// `None` for a file that says nothing of a Java version.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let fields: BTreeMap<&str, &str> = text
            .lines()
            .filter_map(|line| line.split_once('='))
            .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
            .collect();
        // The longer one has the build, which tells a runtime from the same version built again.
        let version = ["JAVA_RUNTIME_VERSION", "JAVA_VERSION"]
            .iter()
            .filter_map(|key| fields.get(key).copied())
            .find(|version| is_version(version))?;
        Some(Self { fields, version })
    }

    fn get(&self, key: &str) -> Option<&'a str> {
        self.fields
            .get(key)
            .copied()
            .filter(|value| !value.is_empty())
    }

    /// The runtime, and `GraalVM` where it is one: that has versions, and advisories, of its own.
    fn packages(&self) -> Vec<Package> {
        let (vendor, product) = self.vendor_and_product();
        let version = normalise(self.version);
        let mut runtime = generic(vendor, product, version.as_deref().unwrap_or(self.version));
        if version.is_some() {
            runtime
                .properties
                .insert("java-version".into(), self.version.to_owned());
        }
        // Whoever built it, it has the faults of its Java version: Bitnami's records are about that.
        runtime.properties.insert("bitnami".into(), "java".into());
        if let Some((version, update)) = self.cpe_version(product) {
            runtime
                .properties
                .insert("cpe".into(), cpe(vendor, product, &version, update));
        }
        for (property, key) in [
            ("vendor", "IMPLEMENTOR"),
            ("vendor-version", "IMPLEMENTOR_VERSION"),
            ("source-repository", "SOURCE_REPO"),
        ] {
            let value = self.get(key).map(str::to_owned);
            runtime
                .properties
                .extend(value.map(|value| (property.to_owned(), value)));
        }
        let graalvm = self
            .get("GRAALVM_VERSION")
            .filter(|version| is_version(version))
            .map(|version| {
                let mut graalvm = generic("oracle", "graalvm", version);
                let cpe = cpe("oracle", "graalvm", version, "*");
                graalvm.properties.insert("cpe".into(), cpe);
                graalvm
            });
        std::iter::once(runtime).chain(graalvm).collect()
    }

    /// By the names that the National Vulnerability Database has. Builds of `OpenJDK` are all one product there, whoever built
    /// them; only Azul and Oracle have one of their own.
    fn vendor_and_product(&self) -> (&'static str, &'static str) {
        let implementor = self.get("IMPLEMENTOR").unwrap_or_default();
        let is_jdk = match self.get("IMAGE_TYPE") {
            Some(kind) => kind.eq_ignore_ascii_case("jdk"),
            None => self
                .get("MODULES")
                .is_none_or(|modules| modules.split(' ').any(|module| module == "jdk.compiler")),
        };
        let own = if is_jdk { "jdk" } else { "jre" };
        if implementor.starts_with("Azul") {
            ("azul", "zulu")
        } else if implementor.starts_with("Oracle") {
            ("oracle", own)
        } else if implementor.starts_with("Sun ") {
            ("sun", own)
        } else {
            ("oracle", "openjdk")
        }
    }

    /// Version and update, as the dictionary writes them: `OpenJDK`'s `8` and `update392`, Oracle's `1.8.0` and `update392`.
    fn cpe_version(&self, product: &str) -> Option<(String, String)> {
        let version = self.get("JAVA_VERSION").unwrap_or(self.version);
        let version = version.split(['+', '-']).next()?;
        let Some((version, update)) = version.split_once('_') else {
            return Some((version.to_owned(), "*".to_owned()));
        };
        let version = match version.split('.').nth(1) {
            Some(major) if product == "openjdk" => major,
            _ => version,
        };
        let update = update.trim_start_matches('0');
        Some((version.to_owned(), format!("update{update}")))
    }
}

/// Versions before Java 9 in the form that all have since: `1.8.0_392-b08` is `8.0.392+8`. Advisories write them so, and only so
/// they are ordered.
///
/// JEP 223, <https://openjdk.org/jeps/223>.
fn normalise(version: &str) -> Option<String> {
    let (major, rest) = version.strip_prefix("1.")?.split_once('.')?;
    let number = |text: &str| text.parse::<u32>().ok();
    let (major, rest) = (number(major)?, rest.split_once('-').unwrap_or((rest, "")));
    let update = match rest.0.split_once('_') {
        Some((_, update)) => number(update)?,
        None => 0,
    };
    let build = rest
        .1
        .rsplit('-')
        .find_map(|part| number(part.strip_prefix('b')?));
    let build = build.map(|build| format!("+{build}")).unwrap_or_default();
    Some(format!("{major}.0.{update}{build}"))
}

fn generic(vendor: &str, product: &str, version: &str) -> Package {
    let mut package = Package::new(PackageType::new("generic"), product, version);
    package.namespace = Some(vendor.to_owned());
    package
}

/// A CPE 2.3 formatted string. All parts are made of characters that need no escape but the dot, the dash and the plus.
///
/// NIST IR 7695, 6.2.
fn cpe(vendor: &str, product: &str, version: &str, update: impl AsRef<str>) -> String {
    let update = update.as_ref();
    let version = version.replace('+', "\\+");
    format!("cpe:2.3:a:{vendor}:{product}:{version}:{update}:*:*:*:*:*:*")
}

/// It begins with a digit, and is one word.
fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.len() <= 100
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+' | b'~')
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const HOME: &str = "opt/java/openjdk/release";

    fn facts(text: &str) -> FileFacts {
        detect_one(&Jvm, HOME, text.as_bytes())
            .expect("no error")
            .expect("a file that is wanted")
    }

    fn runtime(text: &str) -> (String, String) {
        let facts = facts(text);
        let runtime = facts.packages.first().expect("a runtime");
        (
            runtime.purl(None).expect("a PURL"),
            runtime.properties["cpe"].clone(),
        )
    }

    #[test]
    fn runtimes_of_each_vendor_are_known_by_the_names_that_advisories_use() {
        for (text, purl, cpe) in [
            // Eclipse Temurin 21.
            (
                "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_RUNTIME_VERSION=\"21.0.4+7-LTS\"\nJAVA_VERSION=\"21.0.4\"\nIMAGE_TYPE=\"JDK\"\n",
                "pkg:generic/oracle/openjdk@21.0.4%2B7-LTS",
                "cpe:2.3:a:oracle:openjdk:21.0.4:*:*:*:*:*:*:*",
            ),
            // Amazon Corretto 8.
            (
                "JAVA_VERSION=\"1.8.0_392\"\nOS_NAME=\"Linux\"\n",
                "pkg:generic/oracle/openjdk@8.0.392",
                "cpe:2.3:a:oracle:openjdk:8:update392:*:*:*:*:*:*",
            ),
            // Oracle's own 22 and 8.
            (
                "IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_RUNTIME_VERSION=\"22.0.2+9-70\"\nJAVA_VERSION=\"22.0.2\"\n",
                "pkg:generic/oracle/jdk@22.0.2%2B9-70",
                "cpe:2.3:a:oracle:jdk:22.0.2:*:*:*:*:*:*:*",
            ),
            (
                "IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_VERSION=\"1.8.0_05\"\nIMAGE_TYPE=\"JRE\"\n",
                "pkg:generic/oracle/jre@8.0.5",
                "cpe:2.3:a:oracle:jre:1.8.0:update5:*:*:*:*:*:*",
            ),
            // A runtime that jlink made has no compiler.
            (
                "IMPLEMENTOR=\"Oracle Corporation\"\nJAVA_VERSION=\"17\"\nMODULES=\"java.base java.sql\"\n",
                "pkg:generic/oracle/jre@17",
                "cpe:2.3:a:oracle:jre:17:*:*:*:*:*:*:*",
            ),
            (
                "IMPLEMENTOR=\"Azul Systems, Inc.\"\nJAVA_RUNTIME_VERSION=\"17.0.10+7-LTS\"\nJAVA_VERSION=\"17.0.10\"\n",
                "pkg:generic/azul/zulu@17.0.10%2B7-LTS",
                "cpe:2.3:a:azul:zulu:17.0.10:*:*:*:*:*:*:*",
            ),
        ] {
            assert_eq!(runtime(text), (purl.to_owned(), cpe.to_owned()), "{text}");
        }
    }

    #[test]
    fn versions_before_nine_are_written_as_those_since() {
        for (version, normal) in [
            ("1.8.0_392-b08", Some("8.0.392+8")),
            ("1.8.0_05", Some("8.0.5")),
            ("1.8.0", Some("8.0.0")),
            ("1.8.0_412-8u412-ga-1~deb11u1-b08", Some("8.0.412+8")),
            ("17.0.15+6-Debian-1deb12u1", None),
            ("1.8", None),
            ("1.8.0_x", None),
        ] {
            assert_eq!(normalise(version).as_deref(), normal, "{version}");
        }
        let facts = facts("JAVA_VERSION=\"1.8.0_392\"\n");
        assert_eq!(facts.packages[0].properties["java-version"], "1.8.0_392");
        assert_eq!(facts.packages[0].properties["bitnami"], "java");
    }

    #[test]
    fn graalvm_is_a_package_beside_the_java_that_it_runs() {
        let facts = facts(
            "IMPLEMENTOR=\"GraalVM Community\"\nJAVA_RUNTIME_VERSION=\"23.0.2+7-jvmci-b01\"\nJAVA_VERSION=\"23.0.2\"\nGRAALVM_VERSION=\"24.1.2\"\n",
        );
        let named: Vec<(&str, &str)> = facts
            .packages
            .iter()
            .map(|package| (package.name.as_str(), package.version.as_str()))
            .collect();
        assert_eq!(
            named,
            [("openjdk", "23.0.2+7-jvmci-b01"), ("graalvm", "24.1.2")]
        );
    }

    #[test]
    fn the_runtime_claims_its_home() {
        let facts = facts("JAVA_VERSION=\"17.0.1\"\n");
        let claims = facts.claims.first().expect("claims");
        let paths: Vec<&str> = claims.iter().map(|claim| claim.path).collect();
        assert_eq!(
            (claims.owner.as_str(), paths),
            ("openjdk", vec!["opt/java/openjdk"])
        );
        let shared = detect_one(&Jvm, "usr/local/release", b"JAVA_VERSION=\"17.0.1\"\n");
        let shared = shared.expect("no error").expect("a file that is wanted");
        assert_eq!((shared.packages.len(), shared.claims.len()), (1, 0));
    }

    #[test]
    fn another_file_of_the_name_is_nothing() {
        for text in [
            "#!/bin/sh\nset -e\ngit tag \"$1\"\n",
            "DISTRIB_ID=Ubuntu\nVERSION=22.04\n",
            "JAVA_VERSION=\"\"\nJAVA_RUNTIME_VERSION=none\n",
            "JAVA_VERSION=\"$(java -version)\"\n",
        ] {
            assert_eq!(facts(text), FileFacts::default(), "{text}");
        }
        for size in [0, SMALLEST - 1, LIMIT + 1] {
            assert_eq!(Jvm.wants(&Entry::file(HOME, size)), Want::Skip);
        }
        let link = Entry {
            kind: EntryKind::Symlink,
            ..Entry::file(HOME, 100)
        };
        assert_eq!(Jvm.wants(&link), Want::Skip);
    }

    #[test]
    fn the_runtimes_of_this_machine_are_read() {
        let Ok(homes) = std::fs::read_dir("/usr/lib/jvm") else {
            println!("skipped: this machine has no /usr/lib/jvm");
            return;
        };
        for home in homes {
            let path = home.expect("a folder").path().join("release");
            if let Ok(text) = std::fs::read_to_string(&path) {
                let (purl, cpe) = runtime(&text);
                println!("{}: {purl} {cpe}", path.display());
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 16..300)) {
            let _ = detect_one(&Jvm, HOME, &bytes);
        }

        #[test]
        fn any_fields_never_panic(text in "((JAVA_VERSION|GRAALVM_VERSION|IMAGE_TYPE)=\"[0-9._+-]{0,9}\"\n){1,4}") {
            let _ = detect_one(&Jvm, HOME, text.as_bytes());
        }
    }
}
