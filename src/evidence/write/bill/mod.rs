//! What all bills of materials have in common, read off the evidence: the image, its packages, what is not known.
//!
//! Nothing here knows an ecosystem: all comes from the records. What a form has no field for are properties with
//! Plimsoll's prefix, from which a reader gets the very same package back.

pub(super) mod date;
pub(super) mod license;

use std::collections::BTreeSet;
use std::str::FromStr as _;

use packageurl::PackageUrl;

use super::Look;
use crate::evidence::{Evidence, PackageRecord, Subject};
use crate::model::{Basis, Digest, Distribution, Gap, LayerPath, Package, SourcePackage};

/// Names and values, in the order in which they are written.
pub(super) type Properties = Vec<(String, String)>;

/// A bill: the evidence, as these forms see it.
pub(super) struct Bill<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) look: Look,
    pub(super) items: Vec<Item<'a>>,
}

/// A package on the bill.
pub(super) struct Item<'a> {
    pub(super) record: &'a PackageRecord,
    /// The layer that took it out of sight.
    pub(super) removed_in: Option<usize>,
    /// Of letters, digits, dots and dashes; no other item has it.
    pub(super) id: String,
    /// The PURL with the source package in it.
    pub(super) purl: Option<String>,
}

impl<'a> Bill<'a> {
    pub(super) fn of(evidence: &'a Evidence, look: Look) -> Self {
        let present = evidence.packages.iter().map(|record| (record, None));
        let deleted = evidence
            .deleted
            .iter()
            .map(|deleted| (&deleted.package, Some(deleted.removed_in)));
        let mut ids = BTreeSet::new();
        let items = present.chain(deleted).filter_map(|(record, removed_in)| {
            let item = Item::of(record, removed_in);
            // Two records that are equal in everything are one.
            ids.insert(item.id.clone()).then_some(item)
        });
        Self {
            evidence,
            look,
            items: items.collect(),
        }
    }

    /// The image's name and digest; where the evidence rests on another list, what that one says.
    pub(super) fn subject(&self) -> (&str, Option<Digest>) {
        let Subject {
            name,
            manifest_digest,
            config_digest,
            sbom,
            ..
        } = &self.evidence.subject;
        match sbom {
            Some(sbom) => (sbom.subject.as_deref().unwrap_or(name), sbom.subject_digest),
            None => (name, manifest_digest.or(*config_digest)),
        }
    }

    /// The image's PURL, if a registry has it: the digest is its version, and where it lies a qualifier.
    pub(super) fn image_purl(&self) -> Option<String> {
        let subject = &self.evidence.subject;
        let (name, digest) = (&subject.name, subject.manifest_digest?);
        let (repository, _) = name.split_once('@').unwrap_or((name, ""));
        let (folder, last) = repository.rsplit_once('/')?;
        let (last, tag) = last
            .split_once(':')
            .map_or((last, None), |(last, tag)| (last, Some(tag)));
        // `oci:folder/…` and the like name a file.
        if subject.sbom.is_some() || !folder.split('/').next()?.contains(['.', ':']) {
            return None;
        }
        let mut purl = PackageUrl::new("oci", last.to_lowercase()).ok()?;
        purl.with_version(digest.to_string()).ok()?;
        purl.add_qualifier("repository_url", format!("{folder}/{last}"))
            .ok()?;
        if let Some(tag) = tag {
            purl.add_qualifier("tag", tag).ok()?;
        }
        if !subject.platform.architecture.is_empty() {
            purl.add_qualifier("arch", subject.platform.architecture.as_str())
                .ok()?;
        }
        Some(purl.to_string())
    }

    /// What is said of the image itself.
    pub(super) fn image_properties(&self) -> Properties {
        let Subject {
            manifest_digest,
            config_digest,
            platform,
            sbom,
            ..
        } = &self.evidence.subject;
        let mut properties = Properties::new();
        let mut say = |name: &str, value: Option<String>| {
            properties.extend(value.map(|value| (format!("plimsoll:{name}"), value)));
        };
        say(
            "manifest-digest",
            manifest_digest.map(|digest| digest.to_string()),
        );
        say(
            "config-digest",
            config_digest.map(|digest| digest.to_string()),
        );
        let is_known = !platform.os.is_empty() && !platform.architecture.is_empty();
        say("platform", is_known.then(|| platform.to_string()));
        say(
            "read-from",
            sbom.as_ref().map(|sbom| {
                let tool = sbom.tool.as_deref().unwrap_or("an unknown tool");
                format!("{} by {tool}, {}", sbom.form, sbom.digest)
            }),
        );
        properties
    }

    /// The layers' diffIDs, base first.
    pub(super) fn layers(&self) -> Vec<String> {
        let layers = self.evidence.subject.layers.iter();
        layers
            .map(|layer| {
                layer
                    .diff_id
                    .map_or_else(|| "unread".to_owned(), |id| id.to_string())
            })
            .collect()
    }

    /// The diffID of a layer.
    fn layer(&self, index: Option<usize>) -> Option<String> {
        let layer = self.evidence.subject.layers.get(index?)?;
        layer.diff_id.map(|id| id.to_string())
    }

    /// What a form has no field for.
    pub(super) fn properties_of(&self, item: &Item<'_>) -> Properties {
        let PackageRecord {
            package,
            place,
            owned_by,
            ..
        } = item.record;
        let mut properties = item.identity();
        let mut say = |name: &str, value: Option<String>| {
            properties.extend(value.map(|value| (format!("plimsoll:{name}"), value)));
        };
        let basis = match package.basis {
            Basis::Recorded => "recorded",
            Basis::Heuristic => "heuristic",
            Basis::Claimed => "claimed",
        };
        say("basis", Some(basis.to_owned()));
        say(
            "path",
            place.path.as_ref().map(|path| path.as_str().to_owned()),
        );
        say("line", package.line.map(|line| line.to_string()));
        say("layer:diffid", self.layer(place.layer));
        say("owned-by", owned_by.clone());
        say("removed-in:diffid", self.layer(item.removed_in));
        if let Some(distribution) = &package.distribution {
            properties.extend(distribution_properties(distribution));
        }
        let own = package.properties.iter();
        properties.extend(
            own.filter(|(name, _)| *name != "cpe")
                .map(|(name, value)| (format!("plimsoll:property:{name}"), value.clone())),
        );
        properties
    }

    /// Gaps in what the bill lists.
    pub(super) fn gaps(&self) -> Vec<&'a Gap> {
        self.evidence.inventory_gaps().collect()
    }

    /// When the document says that it was made: `SOURCE_DATE_EPOCH`, else when the image says that it was.
    pub(super) fn created(&self) -> Option<String> {
        let of_image = self.evidence.subject.created.as_deref();
        self.look
            .source_date
            .or_else(|| date::read(of_image?))
            .map(date::written)
    }

    /// A UUID that stands for the content (version 8 of RFC 9562: by SHA-256).
    pub(super) fn uuid(&self) -> String {
        let Evidence {
            subject,
            distribution,
            packages,
            deleted,
            tool,
            ..
        } = self.evidence;
        let content = (subject, distribution, packages, deleted, self.gaps());
        let content = (content, &tool.name, &tool.version);
        // Evidence always is JSON: its maps have texts for keys.
        let content = serde_json::to_vec(&content).unwrap_or_default();
        let hex = Digest::sha256_of(&content).hex();
        let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
        let variant = u8::from_str_radix(part(16, 17), 16).unwrap_or_default() & 0b11 | 0b1000;
        format!(
            "{}-{}-8{}-{variant:x}{}-{}",
            part(0, 8),
            part(8, 12),
            part(13, 16),
            part(17, 20),
            part(20, 32)
        )
    }
}

impl<'a> Item<'a> {
    fn of(record: &'a PackageRecord, removed_in: Option<usize>) -> Self {
        let content = serde_json::to_vec(&(record, removed_in)).unwrap_or_default();
        let hash = Digest::sha256_of(&content).hex();
        let hash = hash.get(..16).unwrap_or_default();
        let package = &record.package;
        let name: String = package
            .name
            .chars()
            .take(60)
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '.' {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let package_type = package.package_type.as_str().replace('+', "-");
        Self {
            record,
            removed_in,
            id: format!("{package_type}-{name}-{hash}"),
            purl: record
                .purl
                .as_deref()
                .map(|purl| with_upstream(purl, package)),
        }
    }

    /// What identifies the package, where the PURL does not: it has no PURL, or its type has names in lower case only.
    fn identity(&self) -> Properties {
        let package = &self.record.package;
        let is_os = package.package_type.is_os();
        let is_told = self.is_told();
        let mut properties = Properties::new();
        let mut say = |name: &str, value: &str| {
            properties.push((format!("plimsoll:{name}"), value.to_owned()));
        };
        if !is_told {
            say("type", package.package_type.as_str());
            if let Some(namespace) = &package.namespace {
                say("namespace", namespace);
            }
            say("name", &package.name);
            say("version", &package.version);
        }
        if let Some(architecture) = &package.architecture
            && (!is_os || !is_told)
        {
            say("architecture", architecture);
        }
        if let Some(source) = &package.source
            && (!is_told || !is_told_by_upstream(source, package))
        {
            say("source:name", &source.name);
            say("source:version", &source.version);
        }
        properties
    }

    /// Whether the PURL alone gives type, namespace, name and version back.
    fn is_told(&self) -> bool {
        let package = &self.record.package;
        let Some(purl) = self
            .purl
            .as_deref()
            .and_then(|purl| PackageUrl::from_str(purl).ok())
        else {
            return false;
        };
        let namespace = if package.package_type.is_os() {
            // The distribution stands there.
            None
        } else {
            purl.namespace()
        };
        let version = match (purl.qualifiers().get("epoch"), purl.version()) {
            (Some(epoch), Some(version)) if epoch != "0" && !version.contains(':') => {
                format!("{epoch}:{version}")
            }
            (_, version) => version.unwrap_or_default().to_owned(),
        };
        purl.name() == package.name
            && namespace == package.namespace.as_deref()
            && version == package.version
    }

    /// The file that records it, as people write a path.
    pub(super) fn location(&self) -> Option<String> {
        self.record
            .place
            .path
            .as_ref()
            .map(|path: &LayerPath| format!("/{}", path.as_str()))
    }
}

/// A distribution in full: a PURL has only its name and version.
pub(super) fn distribution_properties(distribution: &Distribution) -> Properties {
    let Distribution {
        id,
        id_like,
        version_id,
        codename,
        pretty_name,
        content_sets,
        extended_support,
    } = distribution;
    let words = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
    [
        ("id", Some(id.clone())),
        ("id-like", words(id_like)),
        ("version-id", version_id.clone()),
        ("codename", codename.clone()),
        ("pretty-name", pretty_name.clone()),
        ("content-sets", words(content_sets)),
        ("extended-support", words(extended_support)),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((format!("plimsoll:distribution:{name}"), value?)))
    .collect()
}

/// The PURL with the source package, as Syft writes it: `upstream=NAME`, with `@VERSION` where that is not the package's own.
fn with_upstream(text: &str, package: &Package) -> String {
    let Some(source) = &package.source else {
        return text.to_owned();
    };
    let Ok(mut purl) = PackageUrl::from_str(text) else {
        return text.to_owned();
    };
    match purl.add_qualifier("upstream", upstream(source, package)) {
        Ok(purl) => purl.to_string(),
        Err(_) => text.to_owned(),
    }
}

fn upstream(source: &SourcePackage, package: &Package) -> String {
    if source.version == package.version {
        source.name.clone()
    } else {
        format!("{}@{}", source.name, source.version)
    }
}

/// Whether `upstream` reads back: what is behind its last `@` is the version, and the name of an rpm file is taken apart.
fn is_told_by_upstream(source: &SourcePackage, package: &Package) -> bool {
    let text = upstream(source, package);
    let (name, version) = text.rsplit_once('@').unwrap_or((&text, &package.version));
    let is_file = text.strip_suffix(".rpm").is_some();
    name == source.name && version == source.version && !name.is_empty() && !is_file
}
