//! CycloneDX as JSON, versions 1.2 to 1.7: <https://cyclonedx.org/docs/1.6/json/>. Trivy's and Syft's are of this form, with
//! properties of their own.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess};

use super::entry::{Entry, Properties};
use super::{Collector, release};
use crate::inventory::json::{List, Loose, Object, Text, Texts, loosely};
use crate::model::{Distribution, Gap};

/// The fields that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Bom {
    spec_version: Text,
    metadata: Object<Metadata>,
    components: List<Component>,
    compositions: List<Composition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    tools: Tools,
    component: Object<Component>,
    properties: List<Property>,
}

/// Up to version 1.4 a list of tools, later an object with components like all others.
#[derive(Debug, Default)]
struct Tools(List<Component>);

impl<'de> Loose<'de> for Tools {
    fn of_list<A: SeqAccess<'de>>(items: A) -> Result<Self, A::Error> {
        List::of_list(items).map(Self)
    }

    fn of_object<A: MapAccess<'de>>(mut fields: A) -> Result<Self, A::Error> {
        let mut tools = Self::default();
        while let Some(name) = fields.next_key::<String>()? {
            if name == "components" {
                tools.0 = fields.next_value()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(tools)
    }
}

impl<'de> Deserialize<'de> for Tools {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        loosely(deserializer)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Component {
    #[serde(rename = "type")]
    kind: Text,
    bom_ref: Text,
    group: Text,
    name: Text,
    version: Text,
    description: Text,
    scope: Text,
    purl: Text,
    cpe: Text,
    licenses: List<LicenseChoice>,
    properties: List<Property>,
    evidence: Object<Evidence>,
    components: List<Component>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LicenseChoice {
    license: Object<License>,
    expression: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct License {
    id: Text,
    name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Property {
    name: Text,
    value: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Evidence {
    occurrences: List<Occurrence>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Occurrence {
    location: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Composition {
    aggregate: Text,
    assemblies: Texts,
}

impl Bom {
    pub(super) fn form(&self) -> String {
        match self.spec_version.text() {
            Some(version) => format!("CycloneDX {version}"),
            None => "CycloneDX".to_owned(),
        }
    }

    pub(super) fn collect(self, collector: &mut Collector<'_>) {
        let metadata = self.metadata.0.unwrap_or_default();
        if let Some(tool) = metadata.tools.0.iter().next() {
            collector.tool(tool.name.text(), tool.version.text());
        }
        let own_gaps = own_gaps(&metadata.properties);
        let says_gaps = !own_gaps.is_empty();
        for gap in own_gaps {
            collector.gap(gap);
        }
        let mut root = None;
        if let Some(component) = metadata.component.0 {
            root = component.bom_ref.owned();
            collector.subject(component.name.text(), component.version.text());
            let properties = properties(&component.properties);
            collector.image(&properties);
            for property in component.properties.iter() {
                let value = property.value.text().unwrap_or_default();
                if let Some("plimsoll:layer:diffid" | "aquasecurity:trivy:DiffID") =
                    property.name.text()
                {
                    collector.layer(value);
                }
            }
            // The list is about it; it is one of the packages only if it is a package.
            if component.purl.text().is_some() {
                component.collect("metadata.component", collector);
            }
        }
        for (index, component) in self.components.0.into_iter().enumerate() {
            collect_component(component, &format!("component {index}"), collector);
        }
        let is_incomplete = |composition: &Composition| {
            composition
                .aggregate
                .text()
                .is_some_and(|aggregate| aggregate.starts_with("incomplete"))
                && root
                    .as_ref()
                    .is_some_and(|root| composition.assemblies.0.contains(root))
        };
        if !says_gaps && self.compositions.iter().any(is_incomplete) {
            collector.unreadable("it says itself that it is incomplete".to_owned());
        }
    }
}

fn collect_component(
    component: Option<Box<Component>>,
    place: &str,
    collector: &mut Collector<'_>,
) {
    match component {
        Some(component) => component.collect(place, collector),
        None => collector.unreadable(format!("{place} is no object")),
    }
}

impl Component {
    fn collect(mut self, place: &str, collector: &mut Collector<'_>) {
        let nested = std::mem::take(&mut self.components);
        match self.kind.text() {
            Some("operating-system") => collector.system(self.system()),
            // Files, hardware, data and the like: no package manager installs them.
            Some(
                "file"
                | "device"
                | "device-driver"
                | "data"
                | "machine-learning-model"
                | "cryptographic-asset",
            ) => {}
            _ => {
                let name = self.name.owned();
                collector.entry(self.entry(), place, name.as_deref());
            }
        }
        for (index, component) in nested.0.into_iter().enumerate() {
            collect_component(component, &format!("{place}.{index}"), collector);
        }
    }

    fn system(&self) -> Option<Distribution> {
        let properties = properties(&self.properties);
        properties.distribution("distribution").or_else(|| {
            let mut distribution = release::named(self.name.text()?, self.version.text());
            distribution.pretty_name = self.description.owned();
            Some(distribution)
        })
    }

    /// `None` where it says that it is not part of what runs.
    fn entry(self) -> Option<Entry> {
        let properties = properties(&self.properties);
        let is_deleted = properties.own("removed-in:diffid").is_some();
        if self.scope.text() == Some("excluded") && !is_deleted {
            return None;
        }
        let name = self.name.text().map(|name| match self.group.text() {
            Some(group) => format!("{group}/{name}"),
            None => name.to_owned(),
        });
        let license = |choice: &LicenseChoice| {
            let license = choice.license.0.as_ref();
            choice
                .expression
                .whole()
                .or_else(|| license?.id.whole())
                .or_else(|| license?.name.whole())
                .map(str::to_owned)
        };
        Some(Entry {
            name,
            version: self.version.owned(),
            purl: self.purl.owned(),
            cpe: self.cpe.whole().map(str::to_owned),
            licenses: self.licenses.iter().filter_map(license).collect(),
            path: self
                .evidence
                .0
                .and_then(|evidence| evidence.occurrences.iter().next()?.location.owned()),
            properties,
            ..Entry::default()
        })
    }
}

fn properties(list: &List<Property>) -> Properties {
    let mut properties = Properties::default();
    for property in list.iter() {
        if let (Some(name), Some(value)) = (property.name.text(), property.value.whole()) {
            properties.insert(name, value);
        }
    }
    properties
}

/// The gaps of the scan that the list was written by, if it was Plimsoll's.
fn own_gaps(list: &List<Property>) -> Vec<Gap> {
    list.iter()
        .filter(|property| property.name.text() == Some("plimsoll:gap"))
        .filter_map(|property| serde_json::from_str(property.value.text()?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_a_list_or_the_components_of_an_object() {
        for (json, count) in [
            (r#"[{"name": "t"}]"#, 1),
            (r#"{"services": 1, "components": [{}, {}]}"#, 2),
            (r#"{"components": "t"}"#, 0),
            (r#""t""#, 0),
        ] {
            let tools: Tools = serde_json::from_str(json).expect(json);
            assert_eq!(tools.0.iter().count(), count, "{json}");
        }
    }
}
