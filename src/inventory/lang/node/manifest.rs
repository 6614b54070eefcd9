//! A package's own manifest: `package.json`.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::{not_json, package};
use crate::layers::ParseError;
use crate::model::Package;

/// The fields of a manifest that are read. As in JavaScript, the last one of a name counts, and no field has to have the
/// type that it should.
#[derive(Default)]
pub(super) struct Manifest {
    name: Value,
    version: Value,
    license: Value,
    licenses: Value,
}

impl Manifest {
    /// Reads a `package.json`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ParseError> {
        // npm itself passes over the byte-order mark.
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        serde_json::from_slice(json).map_err(|error| not_json(&error))
    }

    /// A manifest without a name or a version is no package: npm installs none without both, so it is a workspace of the
    /// application or data of a test, and no advisory can be about it.
    pub(super) fn into_package(self) -> Option<Package> {
        let text =
            |value: &Value| Some(value.as_str()?.trim().to_owned()).filter(|text| !text.is_empty());
        let mut package = package(&text(&self.name)?, &text(&self.version)?)?;
        package.licenses = [&self.license, &self.licenses]
            .into_iter()
            .flat_map(|value| {
                value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice)
            })
            // Before SPDX expressions a licence was an object, and several were an array of them.
            .filter_map(|license| text(license.get("type").unwrap_or(license)))
            .collect();
        Some(package)
    }
}

impl<'de> Deserialize<'de> for Manifest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ManifestVisitor)
    }
}

/// Keeps the four fields and builds nothing for the others, however large they are.
struct ManifestVisitor;

impl<'de> Visitor<'de> for ManifestVisitor {
    type Value = Manifest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Manifest, A::Error> {
        let mut manifest = Manifest::default();
        while let Some(name) = fields.next_key::<String>()? {
            let place = match name.as_str() {
                "name" => &mut manifest.name,
                "version" => &mut manifest.version,
                "license" => &mut manifest.license,
                "licenses" => &mut manifest.licenses,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *place = fields.next_value()?;
        }
        Ok(manifest)
    }
}
