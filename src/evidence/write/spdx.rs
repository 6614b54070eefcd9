//! A bill of materials as SPDX 2.3 in JSON: <https://spdx.github.io/spdx-spec/v2.3/>. Findings are not in it.
//!
//! What SPDX has no field for is one annotation of the package, a JSON object of Plimsoll's properties.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Look;
use super::bill::license::License;
use super::bill::{Bill, Item, Properties, date, distribution_properties};
use super::json::write_document;
use crate::evidence::Evidence;
use crate::model::{Digest, Distribution};

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-Image";
const SYSTEM: &str = "SPDXRef-OperatingSystem";
const INCOMPLETE: &str =
    "Incomplete: not everything could be looked at; the document's annotation says what.";

/// The document, in the order in which people read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    #[serde(rename = "documentNamespace")]
    namespace: String,
    creation_info: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Value>,
    packages: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<Value>,
    relationships: Value,
}

pub(super) fn write(evidence: &Evidence, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let bill = Bill::of(evidence, look);
    let page = Page {
        created: bill.created().unwrap_or_else(|| date::written(0)),
        tool: format!("Tool: {}-{}", evidence.tool.name, evidence.tool.version),
        bill: &bill,
    };
    write_document(&page.document(), out)
}

struct Page<'a> {
    created: String,
    tool: String,
    bill: &'a Bill<'a>,
}

impl Page<'_> {
    fn document(&self) -> Document {
        let (name, _) = self.bill.subject();
        let short: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .take(100)
            .collect();
        let system = self.bill.evidence.distribution.as_ref();
        let mut licenses = BTreeMap::new();
        let items = self.bill.items.iter();
        let items: Vec<Value> = items
            .map(|item| self.package(item, &mut licenses))
            .collect();
        let packages: Vec<Value> = std::iter::once(self.image())
            .chain(system.map(|system| self.operating_system(system)))
            .chain(items)
            .collect();
        let gaps = self.bill.gaps();
        let is_incomplete = !gaps.is_empty();
        Document {
            spdx_version: "SPDX-2.3",
            data_license: "CC0-1.0",
            id: DOCUMENT,
            name: name.to_owned(),
            // The place that the specification gives those who have none of their own (6.5).
            namespace: format!("https://spdx.org/spdxdocs/{short}-{}", self.bill.uuid()),
            creation_info: json!({"created": self.created, "creators": [self.tool]}),
            comment: is_incomplete.then_some(INCOMPLETE),
            annotations: is_incomplete.then(|| self.annotation(&json!({"plimsoll:gaps": gaps}))),
            relationships: self.relationships(&packages),
            packages,
            has_extracted_licensing_infos: extracted(licenses),
        }
    }

    /// The document describes the image, and the image contains everything else; but what only a lower layer holds is not
    /// what runs.
    fn relationships(&self, packages: &[Value]) -> Value {
        let describes = json!({
            "spdxElementId": DOCUMENT, "relationshipType": "DESCRIBES", "relatedSpdxElement": IMAGE,
        });
        let deleted: BTreeSet<String> = self
            .bill
            .items
            .iter()
            .filter(|item| item.removed_in.is_some())
            .map(spdx_id)
            .collect();
        let ids = packages
            .iter()
            .filter_map(|package| package.get("SPDXID")?.as_str());
        let contains = ids.filter(|id| *id != IMAGE).map(|id| {
            if deleted.contains(id) {
                return json!({
                    "spdxElementId": IMAGE, "relationshipType": "OTHER", "relatedSpdxElement": id,
                    "comment": "only a lower layer of the image holds it",
                });
            }
            json!({"spdxElementId": IMAGE, "relationshipType": "CONTAINS", "relatedSpdxElement": id})
        });
        std::iter::once(describes).chain(contains).collect()
    }

    fn image(&self) -> Value {
        let (name, digest) = self.bill.subject();
        let mut image = base(IMAGE, name, "CONTAINER");
        if let Some(digest) = digest {
            image.insert("versionInfo".to_owned(), digest.to_string().into());
            let algorithm = digest.algorithm().to_uppercase();
            let checksum = json!({"algorithm": algorithm, "checksumValue": digest.hex()});
            image.insert("checksums".to_owned(), json!([checksum]));
        }
        if let Some(purl) = self.bill.image_purl() {
            image.insert("externalRefs".to_owned(), json!([purl_reference(&purl)]));
        }
        let mut said = object(self.bill.image_properties());
        said.insert("plimsoll:layers".to_owned(), self.bill.layers().into());
        image.insert("annotations".to_owned(), self.annotation(&said.into()));
        image.into()
    }

    fn operating_system(&self, distribution: &Distribution) -> Value {
        let mut system = base(SYSTEM, &distribution.id, "OPERATING_SYSTEM");
        if let Some(version) = &distribution.version_id {
            system.insert("versionInfo".to_owned(), version.as_str().into());
        }
        if let Some(name) = &distribution.pretty_name {
            system.insert("summary".to_owned(), name.as_str().into());
        }
        let said = object(distribution_properties(distribution));
        system.insert("annotations".to_owned(), self.annotation(&said.into()));
        system.into()
    }

    fn package(&self, item: &Item<'_>, licenses: &mut BTreeMap<String, String>) -> Value {
        let package = &item.record.package;
        let mut entry = base(&spdx_id(item), &package.name, "LIBRARY");
        if !package.version.is_empty() {
            let version = package.version.as_str();
            entry.insert("versionInfo".to_owned(), version.into());
        }
        if let Some(source) = &package.source {
            let info = format!("built package from: {} {}", source.name, source.version);
            entry.insert("sourceInfo".to_owned(), info.into());
        }
        let declared = declared(&package.licenses, licenses);
        entry.insert("licenseDeclared".to_owned(), declared.into());
        let cpe = package.properties.get("cpe").map(|cpe| {
            json!({"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": cpe})
        });
        let purl = item.purl.as_deref().map(purl_reference);
        let references: Vec<Value> = purl.into_iter().chain(cpe).collect();
        if !references.is_empty() {
            entry.insert("externalRefs".to_owned(), references.into());
        }
        let mut said = object(self.bill.properties_of(item));
        // Several licences become one expression, and words a reference: here they are as they were found.
        let is_kept = match package.licenses.as_slice() {
            [] => true,
            [one] => License::of(one) != License::Words && one.trim() == one,
            _ => false,
        };
        if !is_kept {
            said.insert(
                "plimsoll:licenses".to_owned(),
                package.licenses.clone().into(),
            );
        }
        entry.insert("annotations".to_owned(), self.annotation(&said.into()));
        entry.into()
    }

    fn annotation(&self, said: &Value) -> Value {
        json!([{
            "annotationDate": self.created, "annotationType": "OTHER", "annotator": self.tool,
            "comment": said.to_string(),
        }])
    }
}

/// What the specification wants of every package.
fn base(id: &str, name: &str, purpose: &str) -> Map<String, Value> {
    [
        ("SPDXID", id),
        ("name", name),
        ("primaryPackagePurpose", purpose),
        ("downloadLocation", "NOASSERTION"),
        ("licenseConcluded", "NOASSERTION"),
        ("licenseDeclared", "NOASSERTION"),
        ("copyrightText", "NOASSERTION"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.into()))
    .chain([("filesAnalyzed".to_owned(), false.into())])
    .collect()
}

fn spdx_id(item: &Item<'_>) -> String {
    format!("SPDXRef-Package-{}", item.id)
}

fn purl_reference(purl: &str) -> Value {
    json!({"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl})
}

fn object(properties: Properties) -> Map<String, Value> {
    let properties = properties.into_iter();
    properties
        .map(|(name, value)| (name, value.into()))
        .collect()
}

/// All licences as one expression; words that are none get a reference, which `extracted` explains.
fn declared(texts: &[String], extracted: &mut BTreeMap<String, String>) -> String {
    let is_one = texts.len() == 1;
    let part = |text: &String| match License::of(text) {
        License::Id => text.clone(),
        License::Expression if is_one => text.clone(),
        License::Expression => format!("({text})"),
        License::Words => {
            let hash = Digest::sha256_of(text.as_bytes()).short();
            let reference = format!("LicenseRef-{hash}");
            extracted.insert(reference.clone(), text.clone());
            reference
        }
    };
    let parts: Vec<String> = texts.iter().map(part).collect();
    if parts.is_empty() {
        return "NOASSERTION".to_owned();
    }
    parts.join(" AND ")
}

fn extracted(licenses: BTreeMap<String, String>) -> Vec<Value> {
    let licenses = licenses.into_iter();
    licenses
        .map(|(id, text)| json!({"licenseId": id, "name": text, "extractedText": text}))
        .collect()
}
