//! From a package URL to a package.
//!
//! The rules of each type are those of the purl-spec, <https://github.com/package-url/purl-spec>; `upstream` is Syft's
//! qualifier for the source package, `epoch` rpm's, which Trivy also writes for Debian's packages.

use std::collections::BTreeMap;
use std::str::FromStr as _;

use packageurl::PackageUrl;

use super::release;
use crate::model::{Distribution, Package, PackageType, SourcePackage};

/// Types of PURLs that name an image or a repository: what was unpacked or built, not what is installed.
const NO_PACKAGES: [&str; 5] = ["oci", "docker", "github", "gitlab", "bitbucket"];

/// What a PURL says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) package: Package,
    /// What its namespace and `distro` qualifier say, of an OS package.
    pub(super) distribution: Option<Distribution>,
}

/// Why a PURL gives no package.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It names an image or a repository.
    NoPackage,
    /// It cannot be read, for this reason.
    Malformed(&'static str),
}

/// Reads a PURL. `name` is the name that the list has beside it: some types have lower case in a PURL where the ecosystem itself
/// knows both.
pub(super) fn read(text: &str, name: Option<&str>) -> Result<Told, Refused> {
    let purl = PackageUrl::from_str(text)
        .map_err(|_| Refused::Malformed("its PURL is not well formed"))?;
    if NO_PACKAGES.contains(&purl.ty()) {
        return Err(Refused::NoPackage);
    }
    let qualifiers: BTreeMap<&str, &str> = purl
        .qualifiers()
        .iter()
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .collect();
    let package_type = PackageType::from(purl.ty().to_owned());
    let (namespace, own_name) = spelling(&purl, name);
    let version = with_epoch(
        purl.version().unwrap_or_default(),
        qualifiers.get("epoch").copied(),
    );
    let is_os = package_type.is_os();
    let mut package = Package::new(package_type, own_name, version);
    package.architecture = qualifiers.get("arch").map(|arch| (*arch).to_owned());
    package.source = qualifiers
        .get("upstream")
        .and_then(|upstream| source_of(upstream, &package.version));
    if let Some(label) = qualifiers.get("rpmmod") {
        package
            .properties
            .insert("modularity-label".into(), (*label).to_owned());
    }
    let distribution = if is_os {
        release::of_purl(namespace.as_deref(), qualifiers.get("distro").copied())
    } else {
        package.namespace = namespace;
        None
    };
    Ok(Told {
        package,
        distribution,
    })
}

/// Namespace and name as the ecosystem writes them. The PURLs of npm and Go are in lower case, but old packages of npm, and
/// modules of Go, have names with capitals, which their advisories use: the list's own name is then believed.
fn spelling(purl: &PackageUrl<'_>, listed: Option<&str>) -> (Option<String>, String) {
    let (namespace, name) = (purl.namespace(), purl.name());
    if !matches!(purl.ty(), "npm" | "golang") {
        return (namespace.map(str::to_owned), name.to_owned());
    }
    let whole = namespace.map_or_else(|| name.to_owned(), |space| format!("{space}/{name}"));
    if let Some(listed) = listed.filter(|listed| listed.eq_ignore_ascii_case(&whole)) {
        // Capitals are as long as small letters.
        let (space, rest) = listed.split_at(listed.len() - name.len());
        let space = space.strip_suffix('/').map(str::to_owned);
        return (space, rest.to_owned());
    }
    let name = listed_name(name, listed);
    (namespace.map(str::to_owned), name)
}

/// A list can have the namespace apart, so that its name is only the last part.
fn listed_name(name: &str, listed: Option<&str>) -> String {
    listed
        .filter(|listed| listed.eq_ignore_ascii_case(name))
        .unwrap_or(name)
        .to_owned()
}

/// The version with its epoch in front, as rpm and dpkg write it; 0 is not written.
pub(super) fn with_epoch(version: &str, epoch: Option<&str>) -> String {
    match epoch {
        Some(epoch) if epoch != "0" && !epoch.is_empty() && !version.contains(':') => {
            format!("{epoch}:{version}")
        }
        _ => version.to_owned(),
    }
}

/// The source package of `NAME`, `NAME@VERSION`, or rpm's file name `NAME-VERSION-RELEASE.src.rpm`, which has no epoch: the binary
/// package's is taken.
fn source_of(upstream: &str, version: &str) -> Option<SourcePackage> {
    if let Some(file) = upstream.strip_suffix(".rpm") {
        let (nvr, _) = file.rsplit_once('.')?;
        let (name_version, release) = nvr.rsplit_once('-')?;
        let (name, source_version) = name_version.rsplit_once('-')?;
        let epoch = version.split_once(':').map(|(epoch, _)| epoch);
        return Some(SourcePackage {
            name: name.to_owned(),
            version: with_epoch(&format!("{source_version}-{release}"), epoch),
        });
    }
    let (name, version) = upstream.rsplit_once('@').unwrap_or((upstream, version));
    (!name.is_empty()).then(|| SourcePackage {
        name: name.to_owned(),
        version: version.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn package(purl: &str) -> Package {
        read(purl, None).expect(purl).package
    }

    fn source(package: &Package) -> (&str, &str) {
        let source = package.source.as_ref().expect("a source package");
        (&source.name, &source.version)
    }

    #[test]
    fn an_os_package_has_its_architecture_source_and_distribution_and_no_namespace() {
        let told = read(
            "pkg:deb/debian/bsdutils@1:2.38.1-5%2Bdeb12u3?arch=amd64&distro=debian-12&upstream=util-linux%402.38.1-5%2Bdeb12u3",
            None,
        )
        .expect("a package");
        assert_eq!(told.package.namespace, None);
        assert_eq!(told.package.version, "1:2.38.1-5+deb12u3");
        assert_eq!(told.package.architecture.as_deref(), Some("amd64"));
        assert_eq!(source(&told.package), ("util-linux", "2.38.1-5+deb12u3"));
        let distribution = told.distribution.expect("a distribution");
        assert_eq!(distribution.qualifier(), "debian-12");
    }

    #[test]
    fn an_epoch_goes_back_into_the_version() {
        let trivy = package("pkg:deb/debian/login@4.13?arch=amd64&epoch=1&distro=debian-12.15");
        assert_eq!(trivy.version, "1:4.13");
        let rpm = package(
            "pkg:rpm/redhat/openssl-libs@3.0.7-27.el9?arch=x86_64&epoch=1&upstream=openssl-3.0.7-27.el9.src.rpm",
        );
        assert_eq!(rpm.version, "1:3.0.7-27.el9");
        assert_eq!(source(&rpm), ("openssl", "1:3.0.7-27.el9"));
        assert_eq!(package("pkg:rpm/a@1-1?epoch=0").version, "1-1");
    }

    #[test]
    fn a_source_without_a_version_has_the_package_s_own() {
        let apk = package("pkg:apk/alpine/libssl1.1@1.1.1d-r2?arch=x86_64&upstream=openssl");
        assert_eq!(source(&apk), ("openssl", "1.1.1d-r2"));
    }

    #[test]
    fn language_packages_keep_their_namespace_and_the_ecosystem_s_spelling() {
        let core = package("pkg:npm/%40babel/core@7.0.0");
        assert_eq!(core.full_name(), "@babel/core");
        let purl = "pkg:npm/JSONStream@1.3.5";
        assert_eq!(
            read(purl, Some("JSONStream")).expect(purl).package.name,
            "JSONStream"
        );
        let purl = "pkg:golang/github.com/Masterminds/semver@v3.2.0";
        for listed in ["github.com/Masterminds/semver", "semver"] {
            let told = read(purl, Some(listed)).expect(purl);
            assert_eq!(told.package.name, "semver");
        }
        let told = read(purl, Some("github.com/Masterminds/semver")).expect(purl);
        assert_eq!(told.package.full_name(), "github.com/Masterminds/semver");
    }

    #[test]
    fn images_and_repositories_are_no_packages_and_nonsense_is_told() {
        for purl in ["pkg:oci/alpine@sha256%3Aab", "pkg:github/owner/repo@1"] {
            assert_eq!(read(purl, None), Err(Refused::NoPackage));
        }
        for purl in ["", "npm/x", "pkg:npm/", "pkg:/x"] {
            assert!(
                matches!(read(purl, None), Err(Refused::Malformed(_))),
                "{purl}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_gives_a_package_or_a_reason(text in "(pkg:(deb|rpm|npm|golang|pypi)/)?\\PC{0,40}", name in "\\PC{0,10}") {
            if let Ok(told) = read(&text, Some(&name)) {
                prop_assert!(!told.package.name.is_empty());
            }
        }
    }
}
