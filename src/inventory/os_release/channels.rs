//! Which of the distribution's channels an image is built from, where a file beside os-release says so.
//!
//! A channel decides which of the distribution's advisories apply, since each has its own builds of a package. What is read here is
//! about one distribution: `assemble` takes it over if the image is that one.

use serde::Deserialize;

use super::distribution;
use crate::layers::ParseError;
use crate::model::Distribution;

/// Red Hat's image content manifest: the repositories that the image's packages come from, `rhel-9-for-x86_64-baseos-rpms`
/// (atomic-reactor's `schemas/content_manifest.json`). `None` if it names none.
pub(super) fn content_manifest(text: &[u8]) -> Result<Option<Distribution>, ParseError> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        content_sets: Option<Vec<String>>,
    }
    let manifest: Option<Manifest> = read(text)?;
    let mut content_sets = manifest
        .and_then(|manifest| manifest.content_sets)
        .unwrap_or_default();
    content_sets.sort_unstable();
    content_sets.dedup();
    Ok((!content_sets.is_empty()).then(|| Distribution {
        content_sets,
        ..distribution("rhel")
    }))
}

/// Services of Ubuntu Pro that bring packages: `esm-infra` and `esm-apps` after the end of standard support, certified ones, those
/// for robots.
const PACKAGE_SERVICES: [&str; 7] = [
    "esm-apps",
    "esm-infra",
    "fips",
    "fips-preview",
    "fips-updates",
    "ros",
    "ros-updates",
];

/// What Ubuntu Pro's client keeps of its state: `None` if the image is not attached, or no such service is enabled.
pub(super) fn ubuntu_pro(text: &[u8]) -> Result<Option<Distribution>, ParseError> {
    #[derive(Deserialize)]
    struct Service {
        #[serde(default)]
        name: String,
        #[serde(default)]
        status: String,
    }
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        attached: bool,
        #[serde(default)]
        services: Vec<Service>,
    }
    let status: Status = read(text)?;
    let services = status.services.into_iter();
    let mut enabled: Vec<String> = services
        .filter(|service| status.attached && service.status == "enabled")
        .map(|service| service.name)
        .filter(|name| PACKAGE_SERVICES.contains(&name.as_str()))
        .collect();
    enabled.sort_unstable();
    enabled.dedup();
    Ok((!enabled.is_empty()).then(|| Distribution {
        extended_support: enabled,
        ..distribution("ubuntu")
    }))
}

fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, ParseError> {
    serde_json::from_slice(text).map_err(|error| {
        // Without the error's own words, which can hold a value of the file.
        ParseError::new(format!(
            "line {} is not the JSON that it should be",
            error.line()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_sets_are_told_once_each_and_in_order() {
        let text = br#"{"metadata": {"icm_version": 1}, "from_dnf_hint": true,
            "content_sets": ["rhel-9-for-x86_64-baseos-rpms", "rhel-9-for-x86_64-appstream-rpms", "rhel-9-for-x86_64-baseos-rpms"]}"#;
        let read = content_manifest(text).expect("a manifest").expect("sets");
        assert_eq!(
            read.content_sets,
            [
                "rhel-9-for-x86_64-appstream-rpms",
                "rhel-9-for-x86_64-baseos-rpms"
            ]
        );
        assert_eq!(read.id, "rhel");
        for none in [&br#"{"content_sets": []}"#[..], b"{}", b"null"] {
            assert_eq!(content_manifest(none), Ok(None));
        }
        assert!(content_manifest(b"<html>").is_err());
    }

    #[test]
    fn only_enabled_services_of_an_attached_image_count() {
        let status = |attached| {
            format!(
                r#"{{"_schema_version": "0.1", "attached": {attached}, "services": [
                {{"name": "esm-infra", "status": "enabled"}}, {{"name": "esm-apps", "status": "disabled"}},
                {{"name": "livepatch", "status": "enabled"}}, {{"name": "fips-updates", "status": "enabled"}}]}}"#
            )
        };
        let read = ubuntu_pro(status(true).as_bytes()).expect("a status");
        let read = read.expect("services");
        assert_eq!(read.extended_support, ["esm-infra", "fips-updates"]);
        assert_eq!(ubuntu_pro(status(false).as_bytes()), Ok(None));
        assert!(ubuntu_pro(b"attached").is_err());
    }
}
