//! A package's own manifest: `package.json`.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>

use serde::de::{IgnoredAny, MapAccess};
use serde_json::Value;

use super::{NOT_JSON, package};
use crate::inventory::json::{self, Fields};
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
        let mut manifest = Self::default();
        json::take(json, &mut manifest, NOT_JSON)?;
        Ok(manifest)
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

/// Keeps the four fields and builds nothing for the others, however large they are.
impl Fields for Manifest {
    fn field<'de, A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let place = match name {
            "name" => &mut self.name,
            "version" => &mut self.version,
            "license" => &mut self.license,
            "licenses" => &mut self.licenses,
            _ => return value.next_value::<IgnoredAny>().map(drop),
        };
        *place = value.next_value()?;
        Ok(())
    }
}
