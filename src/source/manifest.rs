//! Manifests, indexes and configs: bytes to an image's parts, the same for registries, layouts and archives.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/manifest.md>; Docker's schema 2 has the same fields.

use std::collections::BTreeMap;

use oci_distribution::manifest::{ImageIndexEntry, OciDescriptor, OciImageIndex, OciImageManifest};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::{Digest, ImageConfig, LayerDescriptor, Platform};

use super::SourceError;
use super::error::shown;

/// How many indexes may lead from one to the next: a layout's `index.json`, a multi-platform index, and one to spare.
pub(super) const DEEPEST_INDEX: usize = 4;

/// The most layers of an image: what overlayfs mounts (`OVL_MAX_STACK`); Docker stops at 127. One layer may be named any
/// number of times, so that a manifest of a few KiB could otherwise make us fold gigabytes.
const MOST_LAYERS: usize = 500;

/// The media types that are asked for: an answer in any other is a document that is refused by name.
pub(super) const MANIFEST_TYPES: [&str; 4] = [
    oci_distribution::manifest::OCI_IMAGE_MEDIA_TYPE,
    oci_distribution::manifest::OCI_IMAGE_INDEX_MEDIA_TYPE,
    oci_distribution::manifest::IMAGE_MANIFEST_MEDIA_TYPE,
    oci_distribution::manifest::IMAGE_MANIFEST_LIST_MEDIA_TYPE,
];

/// Media types of an image's config. The last one is what Docker wrote before 2016.
const CONFIG_TYPES: [&str; 3] = [
    oci_distribution::manifest::IMAGE_CONFIG_MEDIA_TYPE,
    oci_distribution::manifest::IMAGE_DOCKER_CONFIG_MEDIA_TYPE,
    "application/octet-stream",
];

/// What a manifest's bytes are.
#[derive(Debug)]
pub(super) enum Document {
    /// One image.
    Image(Box<OciImageManifest>),
    /// Several images, mostly of one name for several platforms.
    Index(OciImageIndex),
}

/// The fields that tell the kinds of manifest apart, without regard to their content.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: Option<u64>,
    media_type: Option<String>,
    artifact_type: Option<String>,
    manifests: Option<IgnoredAny>,
    layers: Option<IgnoredAny>,
    fs_layers: Option<IgnoredAny>,
    config: Option<IgnoredAny>,
}

impl Document {
    /// Tells what `bytes` are; `image` names them in errors.
    pub(super) fn parse(bytes: &[u8], image: &str) -> Result<Self, SourceError> {
        let malformed = |reason: &dyn std::fmt::Display| {
            SourceError::malformed(format!("the manifest of {image}"), reason)
        };
        let outline: Outline = serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
        if outline.schema_version == Some(1) || outline.fs_layers.is_some() {
            return Err(SourceError::SchemaOne {
                image: image.to_owned(),
            });
        }
        match (
            outline.manifests.is_some(),
            outline.layers.is_some() || outline.config.is_some(),
        ) {
            // Read as one kind here and as the other elsewhere, it would be two images (CVE-2021-41190).
            (true, true) => Err(malformed(&"it is an index and an image at once")),
            (true, false) => serde_json::from_slice(bytes)
                .map(Self::Index)
                .map_err(|error| malformed(&error)),
            (false, true) => {
                let manifest: OciImageManifest =
                    serde_json::from_slice(bytes).map_err(|error| malformed(&error))?;
                refuse_artifact(&manifest, image)?;
                Ok(Self::Image(Box::new(manifest)))
            }
            (false, false) => {
                let kind = outline.artifact_type.or(outline.media_type);
                Err(SourceError::NotAnImage {
                    image: image.to_owned(),
                    kind: kind.map_or_else(|| "an empty manifest".to_owned(), |kind| shown(&kind)),
                })
            }
        }
    }
}

/// A Helm chart, a signature or an SBOM has a manifest of the same form, but a config of another media type.
fn refuse_artifact(manifest: &OciImageManifest, image: &str) -> Result<(), SourceError> {
    let config_type = manifest.config.media_type.as_str();
    if CONFIG_TYPES.contains(&config_type) {
        return Ok(());
    }
    let kind = manifest.artifact_type.as_deref().unwrap_or(config_type);
    Err(SourceError::NotAnImage {
        image: image.to_owned(),
        kind: shown(kind),
    })
}

/// The entry of `index` for the platform that is wanted, or for Linux on this machine.
pub(super) fn choose_platform<'a>(
    entries: impl IntoIterator<Item = &'a ImageIndexEntry>,
    wanted: Option<&Platform>,
) -> Result<&'a ImageIndexEntry, SourceError> {
    let wanted = wanted.cloned().unwrap_or_else(Platform::host);
    let offers: Vec<(Platform, &ImageIndexEntry)> = entries
        .into_iter()
        .filter(|entry| !is_attestation(entry))
        .filter_map(|entry| Some((platform_of(entry)?, entry)))
        .collect();
    let exact = offers.iter().find(|(offered, _)| *offered == wanted);
    let accepted = || offers.iter().find(|(offered, _)| wanted.accepts(offered));
    if let Some((_, entry)) = exact.or_else(accepted) {
        return Ok(*entry);
    }
    let mut offered: Vec<Platform> = offers.into_iter().map(|(platform, _)| platform).collect();
    offered.sort();
    offered.dedup();
    Err(SourceError::NoSuchPlatform { wanted, offered })
}

/// Whether an index entry is a note on another entry (provenance, SBOM) as `BuildKit` adds them for platform
/// `unknown/unknown`.
///
/// <https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md>
pub(super) fn is_attestation(entry: &ImageIndexEntry) -> bool {
    annotation(entry, "vnd.docker.reference.type").is_some()
        || platform_of(entry).is_some_and(|platform| platform.os == "unknown")
}

/// One annotation of an index entry.
pub(super) fn annotation<'a>(entry: &'a ImageIndexEntry, key: &str) -> Option<&'a str> {
    entry
        .annotations
        .as_ref()
        .and_then(|all: &BTreeMap<_, _>| all.get(key))
        .map(String::as_str)
}

fn platform_of(entry: &ImageIndexEntry) -> Option<Platform> {
    let platform = entry.platform.as_ref()?;
    Some(Platform {
        os: shown(&platform.os.to_string()),
        architecture: shown(&platform.architecture.to_string()),
        variant: platform
            .variant
            .as_deref()
            .filter(|variant| !variant.is_empty())
            .map(shown),
    })
}

/// Refuses a single image that is of another platform than the one that was asked for.
pub(super) fn check_platform(
    config: &ImageConfig,
    wanted: Option<&Platform>,
) -> Result<(), SourceError> {
    let offered = config.platform();
    match wanted {
        Some(wanted) if !wanted.accepts(&offered) => Err(SourceError::NoSuchPlatform {
            wanted: wanted.clone(),
            offered: vec![Platform {
                os: shown(&offered.os),
                architecture: shown(&offered.architecture),
                variant: offered.variant.as_deref().map(shown),
            }],
        }),
        _ => Ok(()),
    }
}

/// A digest as a document writes it.
pub(super) fn digest_of(text: &str, what: &str) -> Result<Digest, SourceError> {
    text.parse()
        .map_err(|error| SourceError::malformed(format!("the digest of {what}"), error))
}

/// Refuses bytes that are not what `expected` says.
pub(super) fn verify(what: &str, bytes: &[u8], expected: &Digest) -> Result<(), SourceError> {
    let mut hasher = expected.hasher();
    hasher.update(bytes);
    let actual = hasher.finish();
    if actual == *expected {
        return Ok(());
    }
    Err(SourceError::WrongDigest {
        what: what.to_owned(),
        expected: expected.to_string(),
        actual: actual.to_string(),
    })
}

/// The config's bytes as a config.
pub(super) fn parse_config(bytes: &[u8], image: &str) -> Result<ImageConfig, SourceError> {
    serde_json::from_slice(bytes)
        .map_err(|error| SourceError::malformed(format!("the config of {image}"), error))
}

/// The layers that manifest and config describe together.
pub(super) fn layers(
    descriptors: &[OciDescriptor],
    config: &ImageConfig,
) -> Result<Vec<LayerDescriptor>, SourceError> {
    let diff_ids = &config.rootfs.diff_ids;
    check_layer_count(descriptors.len(), diff_ids.len())?;
    let pairs = descriptors.iter().zip(diff_ids).enumerate();
    pairs
        .map(|(index, (descriptor, diff_id))| {
            Ok(LayerDescriptor {
                index,
                digest: Some(digest_of(&descriptor.digest, &format!("layer {index}"))?),
                // Without a size, whoever sends the bytes could go on for ever.
                size: Some(u64::try_from(descriptor.size).map_err(|_| {
                    SourceError::malformed(format!("layer {index}"), "its size is negative")
                })?),
                media_type: descriptor.media_type.clone(),
                diff_id: Some(*diff_id),
            })
        })
        .collect()
}

/// Refuses an image with more layers than any engine mounts, or with more or fewer than its config says.
pub(super) fn check_layer_count(layers: usize, diff_ids: usize) -> Result<(), SourceError> {
    if layers != diff_ids {
        return Err(SourceError::LayerCount { layers, diff_ids });
    }
    if layers > MOST_LAYERS {
        let reason = format!("{layers} layers are more than the {MOST_LAYERS} that Linux mounts");
        return Err(SourceError::malformed("the image", reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn parse(document: &serde_json::Value) -> Result<Document, SourceError> {
        Document::parse(document.to_string().as_bytes(), "the-image")
    }

    #[test]
    fn a_layer_without_a_size_and_more_layers_than_linux_mounts_are_refused() {
        let digest = Digest::sha256_of(b"layer").to_string();
        let refused = |size: i64, count: usize| {
            let descriptor = json!({"mediaType": "tar", "digest": digest, "size": size});
            let descriptors = vec![descriptor; count];
            let config = json!({"os": "linux", "architecture": "amd64",
                "rootfs": {"diff_ids": vec![&digest; count]}});
            let config = parse_config(config.to_string().as_bytes(), "the-image").expect("config");
            let descriptors: Vec<OciDescriptor> =
                serde_json::from_value(json!(descriptors)).expect("descriptors");
            layers(&descriptors, &config).map_err(|error| error.to_string())
        };
        assert_eq!(refused(0, 500).expect("layers").len(), 500);
        assert!(refused(-1, 1).is_err_and(|error| error.contains("negative")));
        assert!(refused(1, 501).is_err_and(|error| error.contains("501 layers")));
    }

    fn entry(platform: &str) -> serde_json::Value {
        let platform: Platform = platform.parse().expect("a platform");
        json!({"mediaType": MANIFEST_TYPES[0], "digest": platform.to_string(), "size": 1, "platform": platform})
    }

    fn index(platforms: &[&str]) -> OciImageIndex {
        let manifests: Vec<_> = platforms.iter().map(|platform| entry(platform)).collect();
        match parse(&json!({"schemaVersion": 2, "manifests": manifests})) {
            Ok(Document::Index(index)) => index,
            other => panic!("{other:?}"),
        }
    }

    fn chosen(platforms: &[&str], wanted: &str) -> Result<String, SourceError> {
        let wanted = wanted.parse().expect("a platform");
        choose_platform(&index(platforms).manifests, Some(&wanted))
            .map(|entry| entry.digest.clone())
    }

    #[test]
    fn the_platform_is_chosen_exactly_before_loosely_and_attestations_never() {
        let offered = [
            "unknown/unknown",
            "linux/arm/v6",
            "linux/arm/v7",
            "linux/arm64/v8",
        ];
        assert_eq!(
            chosen(&offered, "linux/arm/v7").expect("v7"),
            "linux/arm/v7"
        );
        assert_eq!(
            chosen(&offered, "linux/arm").expect("any arm"),
            "linux/arm/v6"
        );
        assert_eq!(
            chosen(&offered, "linux/arm64").expect("arm64"),
            "linux/arm64/v8"
        );
        let error = chosen(&offered, "linux/s390x")
            .expect_err("none")
            .to_string();
        assert_eq!(
            error,
            "the image does not exist for linux/s390x; it is offered for linux/arm/v6, linux/arm/v7, linux/arm64/v8"
        );
    }

    #[test]
    fn what_is_no_image_is_refused_by_name() {
        let config =
            |media_type: &str| json!({"mediaType": media_type, "digest": "sha256:0", "size": 1});
        let chart = json!({"schemaVersion": 2, "config": config("application/vnd.cncf.helm.config.v1+json"), "layers": []});
        assert!(
            matches!(parse(&chart), Err(SourceError::NotAnImage { kind, .. }) if kind.contains("helm"))
        );
        let sbom = json!({"schemaVersion": 2, "artifactType": "application/spdx+json",
            "config": config("application/vnd.oci.empty.v1+json"), "layers": []});
        assert!(
            matches!(parse(&sbom), Err(SourceError::NotAnImage { kind, .. }) if kind == "application/spdx+json")
        );
        assert!(matches!(
            parse(&json!({"schemaVersion": 2})),
            Err(SourceError::NotAnImage { .. })
        ));
        let old = json!({"schemaVersion": 1, "fsLayers": [], "history": []});
        assert!(matches!(parse(&old), Err(SourceError::SchemaOne { .. })));
        let both = json!({"schemaVersion": 2, "manifests": [], "layers": []});
        assert!(matches!(parse(&both), Err(SourceError::Malformed { .. })));
    }

    #[test]
    fn manifest_and_config_must_agree_on_the_number_of_layers() {
        let descriptor = OciDescriptor {
            digest: Digest::sha256_of(b"").to_string(),
            ..OciDescriptor::default()
        };
        let error = layers(&[descriptor], &ImageConfig::default()).expect_err("no diffID");
        assert!(matches!(
            error,
            SourceError::LayerCount {
                layers: 1,
                diff_ids: 0
            }
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_document_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::parse(&bytes, "x");
            let _ = parse_config(&bytes, "x");
        }
    }
}
