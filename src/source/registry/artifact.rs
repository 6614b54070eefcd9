//! Artifacts: what lies in a registry beside images, in manifests of the same form.
//!
//! <https://github.com/opencontainers/image-spec/blob/main/manifest.md#guidelines-for-artifact-usage>

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Download, fetch_manifest};
use crate::model::Digest;
use crate::source::error::shown;
use crate::source::manifest;
use crate::source::runtime;
use crate::source::session::{Asked, Session};
use crate::source::{Reference, SourceError, SourceOptions};

/// The media type of its manifest.
pub(super) const MANIFEST_TYPE: &str = oci_distribution::manifest::OCI_IMAGE_MEDIA_TYPE;

/// What a manifest says of a blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    pub media_type: String,
    /// The digest of its bytes.
    pub digest: Digest,
    /// How many they are.
    pub size: u64,
    /// Notes on it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// The manifest of an artifact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactManifest {
    schema_version: u64,
    #[serde(default)]
    media_type: Option<String>,
    /// What the artifact is. Where there is none, the config's media type says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The blob that describes the others.
    pub config: Descriptor,
    /// The others.
    pub layers: Vec<Descriptor>,
}

impl ArtifactManifest {
    /// A manifest.
    pub fn new(artifact_type: &str, config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(MANIFEST_TYPE.to_owned()),
            artifact_type: Some(artifact_type.to_owned()),
            config,
            layers,
        }
    }

    /// Its bytes: the same for the same content.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings and numbers alone: there is nothing that could fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a manifest of an artifact of this type, with a config of that one; `name` names it in errors.
    fn parse(
        bytes: &[u8],
        name: &str,
        artifact_type: &str,
        config_type: &str,
    ) -> Result<Self, SourceError> {
        #[derive(Deserialize)]
        struct Outline {
            manifests: Option<IgnoredAny>,
            layers: Option<IgnoredAny>,
        }
        let malformed = |error| SourceError::malformed(format!("the manifest of {name}"), error);
        let other = |kind: String| SourceError::OtherArtifact {
            image: name.to_owned(),
            wanted: artifact_type.to_owned(),
            kind,
        };
        let outline: Outline = serde_json::from_slice(bytes).map_err(malformed)?;
        if outline.manifests.is_some() {
            return Err(other("an index of several manifests".to_owned()));
        }
        if outline.layers.is_none() {
            return Err(other("a manifest without layers".to_owned()));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        let found = manifest.artifact_type.as_deref();
        if found.is_some_and(|found| found != artifact_type) {
            return Err(other(shown(found.unwrap_or_default())));
        }
        if manifest.config.media_type != config_type {
            return Err(other(shown(&manifest.config.media_type)));
        }
        Ok(manifest)
    }
}

/// A repository of a registry, for artifacts.
pub struct Repository {
    pub(super) session: Arc<Session>,
    pub(super) reference: oci_distribution::Reference,
}

impl Repository {
    /// Settles on how the registry is talked to. Only a reference of a registry has one.
    pub fn open(reference: &Reference, options: &SourceOptions) -> Result<Self, SourceError> {
        let Reference::Registry(reference) = reference else {
            return Err(SourceError::Reference {
                text: reference.name(),
                reason: "a registry is asked for, such as registry.example/advisories:latest"
                    .to_owned(),
            });
        };
        let session = runtime::block_on(Session::open(reference, options))??;
        Ok(Self {
            session: Arc::new(session),
            reference: reference.clone(),
        })
    }

    /// The reference in full.
    pub fn name(&self) -> String {
        self.reference.whole()
    }

    /// The manifest that the reference names, and its digest.
    pub fn manifest(
        &self,
        artifact_type: &str,
        config_type: &str,
    ) -> Result<(ArtifactManifest, Digest), SourceError> {
        let name = self.name();
        let expected = self
            .reference
            .digest()
            .map(|digest| manifest::digest_of(digest, &name))
            .transpose()?;
        let selector = self.reference.digest().or(self.reference.tag());
        let selector = selector.unwrap_or("latest");
        let fetched = fetch_manifest(&self.session, selector, expected, &name);
        let (bytes, digest) = runtime::block_on(fetched)??;
        let manifest = ArtifactManifest::parse(&bytes, &name, artifact_type, config_type)?;
        Ok((manifest, digest))
    }

    /// A small blob whole, verified.
    pub fn document(&self, blob: &Descriptor, limit: u64) -> Result<Vec<u8>, SourceError> {
        let what = format!("the blob {} of {}", blob.digest, self.name());
        if blob.size > limit {
            return Err(SourceError::TooLarge { what, limit });
        }
        let asked = Asked::Blob(blob.digest.to_string());
        let headers = HeaderMap::new();
        let fetched = self.session.document(&asked, &headers, limit);
        let (bytes, _) = runtime::block_on(fetched)??;
        manifest::verify(&what, &bytes, &blob.digest)?;
        Ok(bytes)
    }

    /// A blob's bytes as they come: no more than its size, and not verified.
    pub fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, SourceError> {
        let download = Download::new(&self.session, &blob.digest, Some(blob.size));
        runtime::read_from(|sender| download.run(sender))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor(media_type: &str) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::sha256_of(b""),
            size: 0,
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn an_artifact_is_read_as_it_was_written_and_others_are_refused_by_name() {
        let manifest = ArtifactManifest::new("a/b", descriptor("c/d"), vec![descriptor("e/f")]);
        let bytes = manifest.to_json();
        let parse = |bytes: &[u8], artifact, config| {
            ArtifactManifest::parse(bytes, "x:1", artifact, config).map_err(|e| e.to_string())
        };
        assert_eq!(parse(&bytes, "a/b", "c/d"), Ok(manifest.clone()));
        let untyped = ArtifactManifest {
            artifact_type: None,
            ..manifest
        };
        assert_eq!(parse(&untyped.to_json(), "a/b", "c/d"), Ok(untyped));
        let other = parse(&bytes, "a/c", "c/d").expect_err("another type");
        assert_eq!(other, "x:1 is not of type a/c but a/b");
        assert!(parse(&bytes, "a/b", "x/y").is_err_and(|error| error.ends_with("but c/d")));
        let index = br#"{"schemaVersion": 2, "manifests": []}"#;
        assert!(parse(index, "a/b", "c/d").is_err_and(|error| error.contains("an index")));
        assert!(parse(b"{}", "a/b", "c/d").is_err() && parse(b"[", "a/b", "c/d").is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_manifest_or_an_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = ArtifactManifest::parse(&bytes, "x", "a/b", "c/d");
        }
    }
}
