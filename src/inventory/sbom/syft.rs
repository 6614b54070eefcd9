//! Syft's own JSON form: <https://github.com/anchore/syft/tree/main/schema/json>.

use serde::Deserialize;

use super::Collector;
use super::entry::{Entry, Properties};
use crate::inventory::json::{List, Object, Text};
use crate::model::Distribution;

/// The fields that are read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SyftJson {
    artifacts: List<Artifact>,
    distro: Object<Distro>,
    source: Object<Source>,
    descriptor: Object<Descriptor>,
    schema: Object<Descriptor>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Artifact {
    name: Text,
    version: Text,
    purl: Text,
    locations: List<Location>,
    licenses: List<License>,
    metadata: Object<Metadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    path: Text,
    #[serde(rename = "layerID")]
    layer_id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct License {
    value: Text,
    spdx_expression: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    modularity_label: Text,
}

/// Its os-release.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Distro {
    id: Text,
    pretty_name: Text,
    #[serde(rename = "versionID")]
    version_id: Text,
    version_codename: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    name: Text,
    version: Text,
    metadata: Object<Image>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Image {
    user_input: Text,
    layers: List<Layer>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Layer {
    digest: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Descriptor {
    name: Text,
    version: Text,
}

impl SyftJson {
    pub(super) fn form(&self) -> String {
        let schema = self.schema.0.as_ref();
        match schema.and_then(|schema| schema.version.text()) {
            Some(version) => format!("Syft JSON {version}"),
            None => "Syft JSON".to_owned(),
        }
    }

    pub(super) fn collect(self, collector: &mut Collector<'_>) {
        if let Some(tool) = self.descriptor.0 {
            collector.tool(tool.name.text(), tool.version.text());
        }
        if let Some(source) = self.source.0 {
            let image = source.metadata.0.unwrap_or_default();
            let name = image.user_input.text().or_else(|| source.name.text());
            collector.subject(name, source.version.text());
            for layer in image.layers.iter() {
                collector.layer(layer.digest.text().unwrap_or_default());
            }
        }
        if let Some(distro) = self.distro.0.filter(|distro| distro.id.text().is_some()) {
            collector.system(Some(Distribution {
                id: distro.id.owned().unwrap_or_default(),
                version_id: distro.version_id.owned(),
                codename: distro.version_codename.owned(),
                pretty_name: distro.pretty_name.owned(),
                ..Distribution::default()
            }));
        }
        for (index, artifact) in self.artifacts.0.into_iter().enumerate() {
            let place = format!("artifact {index}");
            match artifact {
                Some(artifact) => {
                    let name = artifact.name.owned();
                    collector.entry(Some(artifact.entry()), &place, name.as_deref());
                }
                None => collector.unreadable(format!("{place} is no object")),
            }
        }
    }
}

impl Artifact {
    fn entry(self) -> Entry {
        let location = self.locations.iter().next();
        let mut properties = Properties::default();
        let metadata = self.metadata.0.unwrap_or_default();
        if let Some(label) = metadata.modularity_label.text() {
            properties.insert("plimsoll:property:modularity-label", label);
        }
        let license = |license: &License| {
            license
                .spdx_expression
                .owned()
                .or_else(|| license.value.owned())
        };
        Entry {
            name: self.name.owned(),
            version: self.version.owned(),
            purl: self.purl.owned(),
            licenses: self.licenses.iter().filter_map(license).collect(),
            path: location.and_then(|location| location.path.owned()),
            layer: location.and_then(|location| location.layer_id.owned()),
            properties,
            ..Entry::default()
        }
    }
}
