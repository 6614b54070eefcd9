//! SPDX 2.2 and 2.3 as JSON: <https://github.com/spdx/spdx-spec/tree/v2.3/schemas>.

use serde::Deserialize;

use super::spdx::{Document, Relationship, SpdxPackage};
use crate::inventory::json::{List, Object, Text, Texts};

/// The fields that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SpdxJson {
    spdx_version: Text,
    name: Text,
    creation_info: Object<CreationInfo>,
    packages: List<JsonPackage>,
    relationships: List<JsonRelationship>,
    document_describes: Texts,
    has_extracted_licensing_infos: List<ExtractedLicense>,
    annotations: List<Annotation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CreationInfo {
    creators: Texts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonPackage {
    #[serde(rename = "SPDXID")]
    id: Text,
    name: Text,
    version_info: Text,
    primary_package_purpose: Text,
    source_info: Text,
    license_declared: Text,
    license_concluded: Text,
    summary: Text,
    external_refs: List<Reference>,
    annotations: List<Annotation>,
    attribution_texts: Texts,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Reference {
    reference_type: Text,
    reference_locator: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotation {
    comment: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct JsonRelationship {
    spdx_element_id: Text,
    relationship_type: Text,
    related_spdx_element: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ExtractedLicense {
    license_id: Text,
    name: Text,
    extracted_text: Text,
}

impl From<SpdxJson> for Document {
    fn from(json: SpdxJson) -> Self {
        let creation = json.creation_info.0.unwrap_or_default();
        let license = |license: &ExtractedLicense| {
            let words = license
                .name
                .owned()
                .or_else(|| license.extracted_text.owned())?;
            Some((license.license_id.owned()?, words))
        };
        let licenses = json.has_extracted_licensing_infos.iter();
        Self {
            version: json.spdx_version.owned(),
            name: json.name.owned(),
            creators: creation.creators.0,
            packages: json
                .packages
                .0
                .into_iter()
                .map(|package| package.map(|package| Box::new(SpdxPackage::from(*package))))
                .collect(),
            relationships: json
                .relationships
                .iter()
                .filter_map(JsonRelationship::read)
                .collect(),
            describes: json.document_describes.0,
            licenses: licenses.filter_map(license).collect(),
            comments: comments(&json.annotations),
        }
    }
}

impl From<JsonPackage> for SpdxPackage {
    fn from(json: JsonPackage) -> Self {
        let reference = |reference: &Reference| {
            Some((
                reference.reference_type.owned()?,
                reference.reference_locator.whole()?.to_owned(),
            ))
        };
        Self {
            id: json.id.owned().unwrap_or_default(),
            name: json.name.owned(),
            version: json.version_info.owned(),
            purpose: json.primary_package_purpose.owned(),
            source_info: json.source_info.owned(),
            declared: json.license_declared.owned(),
            concluded: json.license_concluded.owned(),
            summary: json.summary.owned(),
            references: json.external_refs.iter().filter_map(reference).collect(),
            comments: comments(&json.annotations),
            attributions: json.attribution_texts.0,
        }
    }
}

impl JsonRelationship {
    fn read(&self) -> Option<Relationship> {
        Relationship::of(
            self.spdx_element_id.text()?,
            self.relationship_type.text()?,
            self.related_spdx_element.text()?,
        )
    }
}

fn comments(annotations: &List<Annotation>) -> Vec<String> {
    let comments = annotations.iter();
    comments
        .filter_map(|annotation| annotation.comment.owned())
        .collect()
}
