//! One entry of a list, in the shape that all forms share: from what the form says to a package.

use std::collections::BTreeMap;

use super::purl::{self, Refused, Told};
use super::{Listed, WithoutPurl, release};
use crate::inventory::lang::python;
use crate::model::{Basis, DiffId, Distribution, LayerPath, Package, PackageType, SourcePackage};

/// Plimsoll's own properties; docs/sbom.md has them all.
const OWN: &str = "plimsoll:";
/// Trivy's.
const TRIVY: &str = "aquasecurity:trivy:";

/// Names and values that a form has no field for. Of several values the first one counts.
#[derive(Debug, Default)]
pub(super) struct Properties(BTreeMap<String, String>);

impl Properties {
    pub(super) fn insert(&mut self, name: &str, value: &str) {
        self.0
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
    }

    /// Of Plimsoll's own.
    pub(super) fn own(&self, name: &str) -> Option<&str> {
        self.0.get(&format!("{OWN}{name}")).map(String::as_str)
    }

    fn trivy(&self, name: &str) -> Option<&str> {
        self.0.get(&format!("{TRIVY}{name}")).map(String::as_str)
    }

    fn syft(&self, name: &str) -> Option<&str> {
        self.0.get(&format!("syft:{name}")).map(String::as_str)
    }

    /// A distribution in full, as Plimsoll writes it below `prefix`.
    pub(super) fn distribution(&self, prefix: &str) -> Option<Distribution> {
        let text = |name: &str| self.own(&format!("{prefix}:{name}")).map(str::to_owned);
        let words = |name: &str| {
            let text = self.own(&format!("{prefix}:{name}")).unwrap_or_default();
            text.split_ascii_whitespace().map(str::to_owned).collect()
        };
        Some(Distribution {
            id: text("id")?,
            id_like: words("id-like"),
            version_id: text("version-id"),
            codename: text("codename"),
            pretty_name: text("pretty-name"),
            content_sets: words("content-sets"),
            extended_support: words("extended-support"),
        })
    }
}

/// What a form says of one package.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) purl: Option<String>,
    pub(super) cpe: Option<String>,
    pub(super) licenses: Vec<String>,
    /// The source package, where the form has a place for it.
    pub(super) source: Option<SourcePackage>,
    /// The file that records it.
    pub(super) path: Option<String>,
    pub(super) layer: Option<String>,
    pub(super) properties: Properties,
}

/// A package of a list, and what the entry itself says of its distribution.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) listed: Listed,
    pub(super) said: Said,
}

/// How much an entry says of its package's distribution.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing, or it is no OS package.
    Nothing,
    /// By its PURL.
    Briefly(Distribution),
    /// That it is another one than the image's, in full.
    Another(Distribution),
}

impl Entry {
    /// The package; `None` for an entry that is none: a group of packages, an image, a repository. The error says what is
    /// wrong with it.
    pub(super) fn read(self, without_purl: WithoutPurl) -> Result<Option<Found>, &'static str> {
        let Some(Told {
            mut package,
            distribution,
        }) = self.told(without_purl)?
        else {
            return Ok(None);
        };
        // As `pkg:pypi/-`, which the rules of its type leave nothing of.
        if package.name.is_empty() {
            return Err("it has no name");
        }
        package.licenses = self.licenses;
        let properties = &self.properties;
        let another = properties.distribution("distribution");
        let said = match (another, distribution) {
            (Some(another), _) => Said::Another(another),
            (None, Some(distribution)) => Said::Briefly(distribution),
            (None, None) => Said::Nothing,
        };
        package.basis = match properties.own("basis") {
            Some("heuristic") => Basis::Heuristic,
            Some("claimed") => Basis::Claimed,
            _ => Basis::Recorded,
        };
        package.line = properties.own("line").and_then(|line| line.parse().ok());
        if let Some(architecture) = properties.own("architecture") {
            package.architecture = Some(architecture.to_owned());
        }
        package.source = package
            .source
            .or(self.source)
            .or_else(|| trivy_source(properties));
        if let Some(cpe) = self.cpe {
            package.properties.insert("cpe".into(), cpe);
        }
        if let Some(label) = properties.trivy("Modularitylabel") {
            let label = label.to_owned();
            package.properties.insert("modularity-label".into(), label);
        }
        let own = properties.0.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(OWN)?.strip_prefix("property:")?;
            Some((name.to_owned(), value.clone()))
        });
        package.properties.extend(own);
        let layer = |id: &str| Some(DiffId(id.parse().ok()?));
        let path = properties.own("path").map(str::to_owned).or(self.path);
        let listed = Listed {
            path: path
                .as_deref()
                .or_else(|| properties.trivy("FilePath"))
                .or_else(|| properties.syft("location:0:path"))
                .map(LayerPath::from),
            layer: properties
                .own("layer:diffid")
                .or_else(|| properties.trivy("LayerDiffID"))
                .or_else(|| properties.syft("location:0:layerID"))
                .or(self.layer.as_deref())
                .and_then(layer),
            owned_by: properties.own("owned-by").map(str::to_owned),
            removed_in: properties.own("removed-in:diffid").and_then(layer),
            package,
        };
        Ok(Some(Found { listed, said }))
    }

    /// What identifies it: Plimsoll's own words where a PURL cannot carry the name, else the PURL.
    fn told(&self, without_purl: WithoutPurl) -> Result<Option<Told>, &'static str> {
        let own = |name| self.properties.own(name).map(str::to_owned);
        if let (Some(package_type), Some(name)) = (own("type"), own("name")) {
            let mut package = Package::new(
                PackageType::from(package_type),
                name,
                own("version").unwrap_or_default(),
            );
            package.namespace = own("namespace");
            package.source = self.own_source();
            return Ok(Some(Told {
                package,
                distribution: None,
            }));
        }
        let Some(text) = self.purl.as_deref() else {
            // What has not even a version is a group of packages, such as Trivy's `Node.js`.
            let Some(version) = self.version.as_deref() else {
                return Ok(None);
            };
            return match (without_purl, self.name.as_deref()) {
                (WithoutPurl::IsGeneric, Some(name)) => Ok(Some(Told {
                    package: Package::new(PackageType::new("generic"), name, version),
                    distribution: None,
                })),
                _ => Err("it has no PURL: there is nothing to match it with"),
            };
        };
        match purl::read(text, self.name.as_deref()) {
            Ok(mut told) => {
                if own("basis").is_some() {
                    // A list of Plimsoll's own: names are as they were found, and a distribution that is not the image's is
                    // told in full.
                    told.distribution = None;
                } else if told.package.package_type == PackageType::PYPI {
                    told.package.name = python::normalise(&told.package.name);
                }
                told.package.source = self.own_source().or(told.package.source);
                Ok(Some(told))
            }
            Err(Refused::NoPackage) => Ok(None),
            Err(Refused::Malformed(reason)) => Err(reason),
        }
    }

    /// The source package, where a PURL cannot carry its name.
    fn own_source(&self) -> Option<SourcePackage> {
        let own = |name| self.properties.own(name).map(str::to_owned);
        Some(SourcePackage {
            name: own("source:name")?,
            version: own("source:version")?,
        })
    }
}

/// Trivy's parts of the source package's version.
fn trivy_source(properties: &Properties) -> Option<SourcePackage> {
    let version = properties.trivy("SrcVersion")?;
    let version = match properties.trivy("SrcRelease") {
        Some(release) if !release.is_empty() => format!("{version}-{release}"),
        _ => version.to_owned(),
    };
    Some(SourcePackage {
        name: properties.trivy("SrcName")?.to_owned(),
        version: purl::with_epoch(&version, properties.trivy("SrcEpoch")),
    })
}

/// The source package of `built package from: NAME VERSION`, as Trivy and Plimsoll write it into SPDX.
pub(super) fn source_of_info(info: &str) -> Option<SourcePackage> {
    let (name, version) = info
        .strip_prefix("built package from: ")?
        .trim()
        .split_once(' ')?;
    Some(SourcePackage {
        name: name.to_owned(),
        version: version.trim().to_owned(),
    })
}

/// Says of each OS package whose distribution it is: the list's own, where all agree, else its own.
///
/// `of_list` is what the list says of the whole system.
pub(super) fn settle(
    found: Vec<Found>,
    of_list: Option<Distribution>,
) -> (Option<Distribution>, Vec<Listed>) {
    let distribution = of_list.or_else(|| the_one(&found));
    let listed = found.into_iter().map(|Found { mut listed, said }| {
        listed.package.distribution = match said {
            Said::Another(other) => Some(Box::new(other)),
            Said::Briefly(own) => match &distribution {
                Some(whole) if release::agree(&own, whole) => None,
                _ => Some(Box::new(own)),
            },
            Said::Nothing => None,
        };
        listed
    });
    let listed = listed.collect();
    (distribution, listed)
}

/// The distribution that all PURLs agree on: in the words of one that says the most.
fn the_one(found: &[Found]) -> Option<Distribution> {
    let mut said = found.iter().filter_map(|found| match &found.said {
        Said::Briefly(own) => Some(own),
        Said::Another(_) | Said::Nothing => None,
    });
    let mut one = said.next()?.clone();
    for other in said {
        if !release::agree(&one, other) {
            return None;
        }
        one.version_id = one.version_id.or_else(|| other.version_id.clone());
        one.codename = one.codename.or_else(|| other.codename.clone());
    }
    Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(purl: &str) -> Found {
        let entry = Entry {
            purl: Some(purl.to_owned()),
            ..Entry::default()
        };
        entry
            .read(WithoutPurl::IsUnreadable)
            .expect(purl)
            .expect(purl)
    }

    #[test]
    fn a_distribution_that_all_packages_agree_on_is_the_list_s() {
        let found = vec![
            of("pkg:deb/debian/a@1?distro=debian-12"),
            of("pkg:deb/debian/b@1"),
            of("pkg:npm/c@1"),
        ];
        let (distribution, listed) = settle(found, None);
        assert_eq!(
            distribution.map(|found| found.qualifier()).as_deref(),
            Some("debian-12")
        );
        assert!(
            listed
                .iter()
                .all(|listed| listed.package.distribution.is_none())
        );
    }

    #[test]
    fn packages_of_several_distributions_have_each_their_own() {
        let found = vec![
            of("pkg:deb/debian/a@1?distro=debian-12"),
            of("pkg:apk/wolfi/b@1"),
        ];
        let (distribution, listed) = settle(found, None);
        assert_eq!(distribution, None);
        let own: Vec<Option<&str>> = listed
            .iter()
            .map(|listed| {
                listed
                    .package
                    .distribution
                    .as_deref()
                    .map(|own| own.id.as_str())
            })
            .collect();
        assert_eq!(own, [Some("debian"), Some("wolfi")]);
    }

    #[test]
    fn what_the_list_says_of_the_system_stands_above_the_packages() {
        let system = release::named("debian", Some("12.15"));
        let found = vec![
            of("pkg:deb/debian/a@1?distro=debian-12.15"),
            of("pkg:deb/ubuntu/b@1?distro=ubuntu-22.04"),
        ];
        let (distribution, listed) = settle(found, Some(system));
        assert_eq!(
            distribution.map(|found| found.qualifier()).as_deref(),
            Some("debian-12")
        );
        assert!(listed[0].package.distribution.is_none());
        assert!(listed[1].package.distribution.is_some());
    }

    #[test]
    fn trivy_s_parts_of_a_source_version_are_put_together() {
        let mut entry = Entry {
            purl: Some("pkg:deb/debian/login@4.13%2Bdfsg1-1?epoch=1&distro=debian-12.15".into()),
            ..Entry::default()
        };
        for (name, value) in [
            ("aquasecurity:trivy:SrcEpoch", "1"),
            ("aquasecurity:trivy:SrcName", "shadow"),
            ("aquasecurity:trivy:SrcRelease", "1+deb12u2"),
            ("aquasecurity:trivy:SrcVersion", "4.13+dfsg1"),
        ] {
            entry.properties.insert(name, value);
        }
        let login = entry
            .read(WithoutPurl::IsUnreadable)
            .expect("login")
            .expect("login")
            .listed
            .package;
        assert_eq!(login.version, "1:4.13+dfsg1-1");
        let source = login.source.expect("a source package");
        assert_eq!(
            (source.name.as_str(), source.version.as_str()),
            ("shadow", "1:4.13+dfsg1-1+deb12u2")
        );
    }

    #[test]
    fn an_entry_without_a_purl_is_a_group_or_cannot_be_matched() {
        let group = Entry {
            name: Some("Node.js".into()),
            ..Entry::default()
        };
        assert!(
            group
                .read(WithoutPurl::IsUnreadable)
                .expect("no fault")
                .is_none()
        );
        let nameless = Entry {
            name: Some("zlib".into()),
            version: Some("1".into()),
            ..Entry::default()
        };
        assert!(nameless.read(WithoutPurl::IsUnreadable).is_err());
    }
}
