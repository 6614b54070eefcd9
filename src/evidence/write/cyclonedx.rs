//! A bill of materials as CycloneDX 1.6 in JSON: <https://cyclonedx.org/docs/1.6/json/>. Findings are not in it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Look;
use super::bill::license::License;
use super::bill::{Bill, Item, Properties, distribution_properties};
use super::json::write_document;
use crate::evidence::Evidence;
use crate::model::Distribution;

/// The image's own reference inside the document.
const IMAGE: &str = "image";

/// The document, in the order in which people read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u8,
    metadata: Value,
    compositions: Value,
    components: Vec<Value>,
    dependencies: Value,
}

pub(super) fn write(evidence: &Evidence, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let bill = Bill::of(evidence, look);
    let system = evidence.distribution.as_ref().map(operating_system);
    let packages = bill.items.iter().map(|item| component(&bill, item));
    let components: Vec<Value> = system.into_iter().chain(packages).collect();
    let references: Vec<&Value> = components
        .iter()
        .filter_map(|component| component.get("bom-ref"))
        .collect();
    let aggregate = if bill.gaps().is_empty() {
        "complete"
    } else {
        "incomplete"
    };
    let document = Document {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{}", bill.uuid()),
        version: 1,
        metadata: metadata(&bill),
        dependencies: json!([{"ref": IMAGE, "dependsOn": references}]),
        compositions: json!([{"aggregate": aggregate, "assemblies": [IMAGE]}]),
        components,
    };
    write_document(&document, out)
}

fn metadata(bill: &Bill<'_>) -> Value {
    let tool = &bill.evidence.tool;
    let gaps = bill.gaps().into_iter().map(|gap| {
        let gap = serde_json::to_string(gap).unwrap_or_default();
        ("plimsoll:gap".to_owned(), gap)
    });
    let mut metadata = Map::new();
    set(&mut metadata, "timestamp", bill.created());
    metadata.insert(
        "tools".to_owned(),
        json!({"components": [{"type": "application", "name": tool.name, "version": tool.version}]}),
    );
    metadata.insert("component".to_owned(), image(bill));
    set_properties(&mut metadata, gaps.collect());
    metadata.into()
}

fn image(bill: &Bill<'_>) -> Value {
    let (name, digest) = bill.subject();
    let mut image = Map::new();
    image.insert("type".to_owned(), "container".into());
    image.insert("bom-ref".to_owned(), IMAGE.into());
    image.insert("name".to_owned(), name.into());
    set(
        &mut image,
        "version",
        digest.map(|digest| digest.to_string()),
    );
    set(&mut image, "purl", bill.image_purl());
    let layers = bill.layers().into_iter();
    let layers = layers.map(|layer| ("plimsoll:layer:diffid".to_owned(), layer));
    let properties = bill.image_properties().into_iter().chain(layers);
    set_properties(&mut image, properties.collect());
    image.into()
}

fn operating_system(distribution: &Distribution) -> Value {
    let mut system = Map::new();
    system.insert("type".to_owned(), "operating-system".into());
    system.insert("bom-ref".to_owned(), "operating-system".into());
    system.insert("name".to_owned(), distribution.id.as_str().into());
    set(&mut system, "version", distribution.version_id.clone());
    set(&mut system, "description", distribution.pretty_name.clone());
    set_properties(&mut system, distribution_properties(distribution));
    system.into()
}

fn component(bill: &Bill<'_>, item: &Item<'_>) -> Value {
    let package = &item.record.package;
    let mut component = Map::new();
    component.insert("type".to_owned(), "library".into());
    component.insert("bom-ref".to_owned(), item.id.as_str().into());
    set(&mut component, "group", package.namespace.clone());
    component.insert("name".to_owned(), package.name.as_str().into());
    component.insert("version".to_owned(), package.version.as_str().into());
    if item.removed_in.is_some() {
        // What only a lower layer holds does not run.
        component.insert("scope".to_owned(), "excluded".into());
    }
    set(&mut component, "purl", item.purl.clone());
    set(
        &mut component,
        "cpe",
        package.properties.get("cpe").cloned(),
    );
    if !package.licenses.is_empty() {
        component.insert("licenses".to_owned(), licenses(&package.licenses));
    }
    if let Some(location) = item.location() {
        let occurrence = match package.line {
            Some(line) => json!({"location": location, "line": line}),
            None => json!({"location": location}),
        };
        component.insert("evidence".to_owned(), json!({"occurrences": [occurrence]}));
    }
    set_properties(&mut component, bill.properties_of(item));
    component.into()
}

/// Either one expression, or a list of licences: the form has no list of expressions.
fn licenses(texts: &[String]) -> Value {
    if let [expression] = texts
        && License::of(expression) == License::Expression
    {
        return json!([{"expression": expression}]);
    }
    let license = |text: &String| match License::of(text) {
        License::Id => json!({"license": {"id": text}}),
        License::Expression | License::Words => json!({"license": {"name": text}}),
    };
    texts.iter().map(license).collect()
}

fn set(object: &mut Map<String, Value>, name: &str, value: Option<String>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

fn set_properties(object: &mut Map<String, Value>, properties: Properties) {
    let properties: Vec<Value> = properties
        .into_iter()
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    if !properties.is_empty() {
        object.insert("properties".to_owned(), properties.into());
    }
}
