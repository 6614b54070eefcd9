//! What the two forms of SPDX 2 have in common: <https://spdx.github.io/spdx-spec/v2.3/>.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, Properties, source_of_info};
use super::{Collector, release};
use crate::model::{Distribution, Gap};

/// A document, from whichever form.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) version: Option<String>,
    pub(super) name: Option<String>,
    pub(super) creators: Vec<String>,
    /// Nothing for what is no object.
    pub(super) packages: Vec<Option<Box<SpdxPackage>>>,
    pub(super) relationships: Vec<Relationship>,
    /// Ids of what the document is about.
    pub(super) describes: Vec<String>,
    /// Licences that are in no list, by their id in this document.
    pub(super) licenses: BTreeMap<String, String>,
    pub(super) comments: Vec<String>,
}

/// A package of a document.
#[derive(Debug, Default)]
pub(super) struct SpdxPackage {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) purpose: Option<String>,
    pub(super) source_info: Option<String>,
    pub(super) declared: Option<String>,
    pub(super) concluded: Option<String>,
    /// Type and locator of each external reference.
    pub(super) references: Vec<(String, String)>,
    /// Comments of its annotations.
    pub(super) comments: Vec<String>,
    /// Trivy's facts: `LayerDiffID: sha256:…`.
    pub(super) attributions: Vec<String>,
    pub(super) summary: Option<String>,
}

/// A relationship between two elements.
#[derive(Debug, Default)]
pub(super) struct Relationship {
    pub(super) from: String,
    pub(super) kind: String,
    pub(super) to: String,
}

/// Relationships whose target made the other, and does not run.
const MADE_FROM: [&str; 1] = ["GENERATED_FROM"];
/// Relationships whose first element made, or tests, the other, and does not run.
const NEEDED_TO_MAKE: [&str; 7] = [
    "BUILD_DEPENDENCY_OF",
    "BUILD_TOOL_OF",
    "DEV_DEPENDENCY_OF",
    "DEV_TOOL_OF",
    "GENERATES",
    "TEST_DEPENDENCY_OF",
    "TEST_TOOL_OF",
];

impl Relationship {
    /// The relationship, if it is of a kind that is looked at: a document has one for each file.
    pub(super) fn of(from: &str, kind: &str, to: &str) -> Option<Self> {
        let is_of_interest = matches!(kind, "DESCRIBES" | "DESCRIBED_BY")
            || MADE_FROM.contains(&kind)
            || NEEDED_TO_MAKE.contains(&kind);
        is_of_interest.then(|| Self {
            from: from.to_owned(),
            kind: kind.to_owned(),
            to: to.to_owned(),
        })
    }
}

impl Document {
    pub(super) fn form(&self) -> String {
        match self
            .version
            .as_deref()
            .and_then(|v| v.strip_prefix("SPDX-"))
        {
            Some(version) => format!("SPDX {version}"),
            None => "SPDX".to_owned(),
        }
    }

    pub(super) fn collect(mut self, collector: &mut Collector<'_>) {
        let tool = self
            .creators
            .iter()
            .find_map(|creator| creator.strip_prefix("Tool:"));
        if let Some(tool) = tool {
            collector.tool(Some(tool.trim()), None);
        }
        for gap in self.comments.iter().flat_map(|text| own_gaps(text)) {
            collector.gap(gap);
        }
        let described = self.described();
        let not_running = self.not_running();
        for (index, package) in std::mem::take(&mut self.packages).into_iter().enumerate() {
            let Some(package) = package else {
                collector.unreadable(format!("package {index} is no object"));
                continue;
            };
            let is_subject = described.contains(&package.id);
            if is_subject {
                collector.subject(package.name.as_deref(), package.version.as_deref());
                let properties = package.properties();
                collector.image(&properties);
                for id in package.layers() {
                    collector.layer(&id);
                }
            }
            match package.purpose.as_deref() {
                Some("OPERATING-SYSTEM" | "OPERATING_SYSTEM") => {
                    collector.system(package.system());
                    continue;
                }
                Some("CONTAINER" | "FILE" | "DEVICE") => continue,
                _ if not_running.contains(&package.id) => continue,
                // What the document is about need not be a package.
                _ if is_subject && package.purl().is_none() => continue,
                _ => {}
            }
            let name = package.name.clone();
            let entry = package.entry(&self.licenses);
            collector.entry(Some(entry), &format!("package {index}"), name.as_deref());
        }
    }

    fn described(&self) -> BTreeSet<String> {
        let of_document = self
            .relationships
            .iter()
            .filter(|relationship| {
                relationship.kind == "DESCRIBES" && relationship.from == "SPDXRef-DOCUMENT"
            })
            .map(|relationship| relationship.to.clone());
        let by_it = self
            .relationships
            .iter()
            .filter(|relationship| {
                relationship.kind == "DESCRIBED_BY" && relationship.to == "SPDXRef-DOCUMENT"
            })
            .map(|relationship| relationship.from.clone());
        of_document
            .chain(by_it)
            .chain(self.describes.iter().cloned())
            .collect()
    }

    /// Elements that were only needed to make others.
    fn not_running(&self) -> BTreeSet<String> {
        let target = |relationship: &Relationship| {
            MADE_FROM
                .contains(&relationship.kind.as_str())
                .then(|| relationship.to.clone())
        };
        let first = |relationship: &Relationship| {
            NEEDED_TO_MAKE
                .contains(&relationship.kind.as_str())
                .then(|| relationship.from.clone())
        };
        self.relationships
            .iter()
            .filter_map(|relationship| target(relationship).or_else(|| first(relationship)))
            .collect()
    }
}

impl SpdxPackage {
    fn purl(&self) -> Option<&str> {
        self.reference("purl")
    }

    fn reference(&self, kind: &str) -> Option<&str> {
        self.references
            .iter()
            .find(|(of, _)| of.rsplit('/').next() == Some(kind))
            .map(|(_, locator)| locator.as_str())
    }

    fn system(&self) -> Option<Distribution> {
        self.properties().distribution("distribution").or_else(|| {
            let mut distribution = release::named(self.name.as_deref()?, self.version.as_deref());
            distribution.pretty_name.clone_from(&self.summary);
            Some(distribution)
        })
    }

    /// Plimsoll's own properties are a JSON object in a comment; Trivy's are attribution texts.
    fn properties(&self) -> Properties {
        let mut properties = Properties::default();
        for (name, value) in self.comments.iter().flat_map(|text| own_properties(text)) {
            if let Some(value) = value.as_str() {
                properties.insert(&name, value);
            }
        }
        for text in &self.attributions {
            if let Some((name, value)) = text.split_once(": ") {
                properties.insert(&format!("aquasecurity:trivy:{name}"), value);
            }
        }
        properties
    }

    fn layers(&self) -> Vec<String> {
        let own = self
            .comments
            .iter()
            .flat_map(|text| own_properties(text))
            .filter(|(name, _)| name == "plimsoll:layers")
            .flat_map(|(_, layers)| strings(layers));
        let trivy = self
            .attributions
            .iter()
            .filter_map(|text| Some(text.strip_prefix("DiffID: ")?.to_owned()));
        own.chain(trivy).collect()
    }

    fn entry(self, licenses: &BTreeMap<String, String>) -> Entry {
        let listed = self
            .comments
            .iter()
            .flat_map(|text| own_properties(text))
            .find(|(name, _)| name == "plimsoll:licenses");
        let stated = |license: &Option<String>| {
            license
                .clone()
                .filter(|license| !matches!(license.as_str(), "NOASSERTION" | "NONE" | ""))
        };
        let license = stated(&self.declared).or_else(|| stated(&self.concluded));
        let licenses = match listed {
            Some((_, list)) => strings(list),
            None => license
                .map(|license| licenses.get(&license).cloned().unwrap_or(license))
                .into_iter()
                .collect(),
        };
        Entry {
            purl: self.purl().map(str::to_owned),
            cpe: self
                .reference("cpe23Type")
                .or_else(|| self.reference("cpe22Type"))
                .map(str::to_owned),
            source: self.source_info.as_deref().and_then(source_of_info),
            path: self.source_info.as_deref().and_then(path_of_info),
            licenses,
            properties: self.properties(),
            name: self.name,
            version: self.version,
            ..Entry::default()
        }
    }
}

/// The file that Syft names: `acquired package info from APK DB: /lib/apk/db/installed`.
fn path_of_info(info: &str) -> Option<String> {
    let (_, path) = info
        .strip_prefix("acquired package info from ")?
        .split_once(": ")?;
    Some(path.split(", ").next()?.to_owned())
}

type Object = serde_json::Map<String, serde_json::Value>;

fn own_properties(comment: &str) -> Object {
    // Comments of others are not read.
    if !comment.starts_with("{\"plimsoll:") {
        return Object::new();
    }
    serde_json::from_str(comment).unwrap_or_default()
}

fn own_gaps(comment: &str) -> Vec<Gap> {
    own_properties(comment)
        .remove("plimsoll:gaps")
        .and_then(|gaps| serde_json::from_value(gaps).ok())
        .unwrap_or_default()
}

fn strings(list: serde_json::Value) -> Vec<String> {
    serde_json::from_value(list).unwrap_or_default()
}
