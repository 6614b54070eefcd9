//! The head of a package's metadata: `METADATA` and `PKG-INFO`.
//!
//! <https://packaging.python.org/en/latest/specifications/core-metadata/>

use super::normalise;
use crate::inventory::stanza::stanzas;
use crate::layers::ParseError;
use crate::model::{Package, PackageType};

/// The package that the metadata describes.
pub(super) fn package_of(bytes: &[u8]) -> Result<Package, ParseError> {
    let metadata = Metadata::read(bytes);
    let missing = |field| ParseError::new(format!("its metadata has no {field}"));
    let name = metadata.name.as_deref().ok_or_else(|| missing("Name"))?;
    let version = metadata
        .version
        .as_deref()
        .ok_or_else(|| missing("Version"))?;
    let normal = normalise(name);
    // A name of dashes and dots alone.
    if normal.is_empty() {
        return Err(missing("Name"));
    }
    let mut package = Package::new(PackageType::PYPI, normal, version);
    if package.name != name {
        let name = name.to_owned();
        package.properties.insert("original-name".into(), name);
    }
    package.licenses = metadata.licenses();
    Ok(package)
}

/// The fields that are read; of several the first one counts, as in Python's `email` parser.
#[derive(Default)]
struct Metadata {
    name: Option<String>,
    version: Option<String>,
    license_expression: Option<String>,
    license: Option<String>,
    license_classifiers: Vec<String>,
}

impl Metadata {
    /// Reads the head; what follows the first blank line is the description. A stray line is passed over, as Python
    /// itself does.
    fn read(bytes: &[u8]) -> Self {
        let mut metadata = Self::default();
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let head = stanzas(bytes).next();
        for field in head.into_iter().flat_map(|head| head.fields().flatten()) {
            let place = match field.name.to_ascii_lowercase().as_slice() {
                b"name" => &mut metadata.name,
                b"version" => &mut metadata.version,
                b"license-expression" => &mut metadata.license_expression,
                // Over several lines it is the licence's text, no name of it.
                b"license" if !field.is_folded() => &mut metadata.license,
                b"classifier" => {
                    if let Some(license) = field.text().strip_prefix("License ::") {
                        let (_, name) = license.rsplit_once("::").unwrap_or(("", license));
                        metadata.license_classifiers.push(name.trim().to_owned());
                    }
                    continue;
                }
                _ => continue,
            };
            let value = field.text();
            if place.is_none() && !value.is_empty() {
                *place = Some(value.into_owned());
            }
        }
        metadata
    }

    /// The SPDX expression where there is one, otherwise the author's words, otherwise what the classifiers say.
    fn licenses(self) -> Vec<String> {
        // setuptools writes UNKNOWN where the author wrote nothing.
        let license = self.license.filter(|license| license != "UNKNOWN");
        match self.license_expression.or(license) {
            Some(license) => vec![license],
            None => self.license_classifiers,
        }
    }
}
