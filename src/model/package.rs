//! An installed package, in the one shape that all ecosystems share.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use packageurl::PackageUrl;
use serde::{Deserialize, Serialize};

use super::Distribution;

/// The kind of a package: a PURL type, such as `deb` or `pypi`.
///
/// <https://github.com/package-url/purl-spec/blob/main/PURL-TYPES.rst>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PackageType(Cow<'static, str>);

impl PackageType {
    /// Debian's format: dpkg.
    pub const DEB: Self = Self::new("deb");
    /// Alpine's format: apk.
    pub const APK: Self = Self::new("apk");
    /// Red Hat's format: rpm.
    pub const RPM: Self = Self::new("rpm");
    /// Python packages.
    pub const PYPI: Self = Self::new("pypi");
    /// Node packages.
    pub const NPM: Self = Self::new("npm");
    /// Conda packages.
    pub const CONDA: Self = Self::new("conda");

    /// A type by its registered lower-case name.
    pub const fn new(name: &'static str) -> Self {
        Self(Cow::Borrowed(name))
    }

    /// The registered name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The properties of a package that are qualifiers of its PURL, by the name that both have (PURL-TYPES).
    fn qualifier_properties(&self) -> &'static [&'static str] {
        match self.as_str() {
            "conda" => &["build", "channel"],
            "conan" => &["user", "channel"],
            "gem" => &["platform"],
            "julia" => &["uuid"],
            _ => &[],
        }
    }

    /// The qualifier of a PURL that has the architecture (PURL-TYPES), if there is one.
    fn architecture_qualifier(&self) -> Option<&'static str> {
        match self.as_str() {
            "conda" => Some("subdir"),
            _ => self.is_os().then_some("arch"),
        }
    }

    /// Whether the distribution's own package tool installs it, so that the distribution's advisories apply.
    pub fn is_os(&self) -> bool {
        matches!(
            self.as_str(),
            "deb" | "apk" | "rpm" | "alpm" | "ebuild" | "opkg"
        )
    }
}

/// A type by the name that a list gives it.
impl From<String> for PackageType {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl fmt::Display for PackageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How a package is known: what a scan of it is worth.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// A package tool's own record, or what a compiler wrote into the file.
    #[default]
    Recorded,
    /// The content of a file that no record names: a version string in a binary.
    Heuristic,
    /// A list that somebody shipped inside the image: an SBOM says so, and nothing else does.
    Claimed,
}

impl Basis {
    /// Whether it is a record: what a document need not say of each package.
    pub const fn is_recorded(&self) -> bool {
        matches!(self, Self::Recorded)
    }
}

/// The source package that a binary package was built from; distributions key their advisories by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SourcePackage {
    /// Name of the source package.
    pub name: String,
    /// Version of the source package, which can differ from the binary's (Debian's `gcc-defaults`, binNMUs).
    pub version: String,
}

/// One package as its database records it. Detectors fill it; everything that needs a second file (the distribution,
/// the owner) is added by `inventory::assemble`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// The PURL type.
    #[serde(rename = "type")]
    pub package_type: PackageType,
    /// The PURL namespace where the ecosystem has one (npm's scope, Maven's group); for OS packages the distribution's
    /// id takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name as the ecosystem normalises it.
    pub name: String,
    /// The full version as the database writes it: dpkg's and rpm's with the epoch where there is one.
    pub version: String,
    /// The processor that it is built for, in the database's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// Where it differs from the package itself, or where advisories are keyed by source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// What the database says: an SPDX expression, or the author's own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<String>,
    /// The line in the database where its record begins, from 1; absent for binary databases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// How it is known.
    #[serde(default, skip_serializing_if = "Basis::is_recorded")]
    pub basis: Basis,
    /// The distribution, or the third party, that it was built for or by, where that is not the image's distribution:
    /// its advisories apply, not the image's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Box<Distribution>>,
    /// What only some ecosystems know, by a documented key: `maintainer`, `vendor`, `modularity-label`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

impl Package {
    /// A package with a type, a name and a version, and nothing else known.
    pub fn new(
        package_type: PackageType,
        name: impl Into<String>,
        version: impl Into<String>,
    ) -> Self {
        Self {
            package_type,
            namespace: None,
            name: name.into(),
            version: version.into(),
            architecture: None,
            source: None,
            licenses: Vec::new(),
            line: None,
            basis: Basis::Recorded,
            distribution: None,
            properties: BTreeMap::new(),
        }
    }

    /// The name that advisories use: with npm's scope, Composer's vendor or Maven's group in front.
    pub fn full_name(&self) -> String {
        let separator = match self.package_type.as_str() {
            "maven" => ':',
            _ => '/',
        };
        match self.namespace.as_deref() {
            Some(namespace) if !namespace.is_empty() && !self.package_type.is_os() => {
                format!("{namespace}{separator}{}", self.name)
            }
            _ => self.name.clone(),
        }
    }

    /// The canonical PURL. An OS package takes its namespace and `distro` qualifier from its own distribution, or the one
    /// that it is installed in. A name or version that a PURL cannot carry gives `None`.
    ///
    /// rpm's epoch is a qualifier, dpkg's stays in the version (PURL-TYPES, `rpm` and `deb`).
    pub fn purl(&self, distribution: Option<&Distribution>) -> Option<String> {
        let mut purl = PackageUrl::new(self.package_type.as_str(), self.name.as_str()).ok()?;
        let mut qualifiers: BTreeMap<&str, Cow<'_, str>> = BTreeMap::new();
        let mut version = self.version.as_str();
        let mut namespace = self.namespace.as_deref();
        if self.package_type == PackageType::RPM
            && let Some((epoch, rest)) = version.split_once(':')
        {
            qualifiers.insert("epoch", epoch.into());
            version = rest;
        }
        if let (Some(key), Some(architecture)) = (
            self.package_type.architecture_qualifier(),
            &self.architecture,
        ) {
            qualifiers.insert(key, architecture.into());
        }
        for key in self.package_type.qualifier_properties() {
            if let Some(value) = self.properties.get(*key) {
                qualifiers.insert(key, value.into());
            }
        }
        if self.package_type.is_os()
            && let Some(distribution) = self.distribution.as_deref().or(distribution)
            // `linux` stands for one that is not known.
            && distribution.id != "linux"
        {
            namespace = namespace.or(Some(&distribution.id));
            qualifiers.insert("distro", distribution.qualifier().into());
        }
        if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
            purl.with_namespace(namespace).ok()?;
        }
        if !version.is_empty() {
            purl.with_version(version).ok()?;
        }
        for (key, value) in qualifiers {
            purl.add_qualifier(key, value).ok()?;
        }
        Some(purl.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_follow_the_rules_of_their_type() {
        let debian = Distribution {
            id: "debian".into(),
            version_id: Some("12".into()),
            ..Distribution::default()
        };
        let mut curl = Package::new(PackageType::DEB, "curl", "1:7.88.1-10+deb12u5");
        curl.architecture = Some("amd64".into());
        assert_eq!(
            curl.purl(Some(&debian)).as_deref(),
            Some("pkg:deb/debian/curl@1:7.88.1-10%2Bdeb12u5?arch=amd64&distro=debian-12")
        );

        let mut openssl = Package::new(PackageType::RPM, "openssl-libs", "1:3.0.7-27.el9");
        openssl.architecture = Some("x86_64".into());
        let rocky = Distribution {
            id: "rocky".into(),
            version_id: Some("9.4".into()),
            ..Distribution::default()
        };
        assert_eq!(
            openssl.purl(Some(&rocky)).as_deref(),
            Some("pkg:rpm/rocky/openssl-libs@3.0.7-27.el9?arch=x86_64&distro=rocky-9.4&epoch=1")
        );

        let mut core = Package::new(PackageType::NPM, "core", "7.0.0");
        core.namespace = Some("@babel".into());
        assert_eq!(
            core.purl(None).as_deref(),
            Some("pkg:npm/%40babel/core@7.0.0")
        );
        assert_eq!(core.full_name(), "@babel/core");

        let mut log4j = Package::new(PackageType::new("maven"), "log4j-core", "2.14.1");
        log4j.namespace = Some("org.apache.logging.log4j".into());
        assert_eq!(log4j.full_name(), "org.apache.logging.log4j:log4j-core");
    }

    #[test]
    fn what_a_type_makes_a_qualifier_of_is_one_and_other_properties_are_not() {
        let mut absl = Package::new(PackageType::CONDA, "absl-py", "0.4.1");
        absl.architecture = Some("linux-64".into());
        for (key, value) in [
            ("build", "py36h06a4308_0"),
            ("channel", "pkgs/main"),
            ("md5", "d41d"),
        ] {
            absl.properties.insert(key.into(), value.into());
        }
        assert_eq!(
            absl.purl(None).as_deref(),
            Some(
                "pkg:conda/absl-py@0.4.1?build=py36h06a4308_0&channel=pkgs%2Fmain&subdir=linux-64"
            )
        );
        absl.package_type = PackageType::PYPI;
        assert_eq!(absl.purl(None).as_deref(), Some("pkg:pypi/absl-py@0.4.1"));
    }

    #[test]
    fn a_package_without_a_name_has_no_purl() {
        assert_eq!(Package::new(PackageType::NPM, "", "1").purl(None), None);
    }
}
