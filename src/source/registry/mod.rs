//! Images in a registry: manifest and config at once, each layer as a stream that survives a broken connection. What is no
//! image has its own ways in and out: `artifact` and `push`.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull>
//!
//! A layer's `urls` are not followed: a manifest could make the scanner fetch any address that this machine can reach.

mod artifact;
mod push;

use std::io::Read;
use std::sync::Arc;

use reqwest::header::{ACCEPT, CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};
use reqwest::{Response, StatusCode};

use crate::model::{Digest, LayerDescriptor};

use super::manifest::{self, DEEPEST_INDEX, Document, MANIFEST_TYPES};
use super::members::LARGEST_DOCUMENT;
use super::runtime::{self, ChunkSender};
use super::session::{Asked, Session};
use super::{Blobs, Image, SourceError, SourceOptions};

pub use artifact::{ArtifactManifest, Descriptor, Repository};
pub use push::{Content, Sent};

/// Bytes that have to come before a failure counts as the first one again: without it, a registry that hands out one byte
/// for each connection would keep us for ever.
const PROGRESS: u64 = 1 << 20;

/// Reads manifest and config; the layers stay where they are.
pub(super) fn open(
    reference: &oci_distribution::Reference,
    options: &SourceOptions,
) -> Result<Image, SourceError> {
    runtime::block_on(open_async(reference, options))?
}

async fn open_async(
    reference: &oci_distribution::Reference,
    options: &SourceOptions,
) -> Result<Image, SourceError> {
    let session = Session::open(reference, options).await?;
    let name = reference.whole();
    let mut expected = reference
        .digest()
        .map(|digest| manifest::digest_of(digest, &name))
        .transpose()?;
    let mut selector = reference
        .digest()
        .or(reference.tag())
        .unwrap_or("latest")
        .to_owned();
    for _ in 0..DEEPEST_INDEX {
        let (bytes, digest) = fetch_manifest(&session, &selector, expected, &name).await?;
        match Document::parse(&bytes, &name)? {
            Document::Index(index) => {
                let entry = manifest::choose_platform(&index.manifests, options.platform.as_ref())?;
                expected = Some(manifest::digest_of(&entry.digest, &name)?);
                selector = entry.digest.clone();
            }
            Document::Image(image) => {
                let config_digest = manifest::digest_of(&image.config.digest, "the config")?;
                let asked = Asked::Blob(config_digest.to_string());
                let (bytes, _) = session
                    .document(&asked, &HeaderMap::new(), LARGEST_DOCUMENT)
                    .await?;
                manifest::verify(&format!("the config of {name}"), &bytes, &config_digest)?;
                let config = manifest::parse_config(&bytes, &name)?;
                manifest::check_platform(&config, options.platform.as_ref())?;
                return Ok(Image {
                    name,
                    manifest_digest: Some(digest),
                    annotations: image.annotations.clone().unwrap_or_default(),
                    config_digest: Some(config_digest),
                    layers: manifest::layers(&image.layers, &config)?,
                    config,
                    blobs: Box::new(RegistryBlobs {
                        session: Arc::new(session),
                    }),
                });
            }
        }
    }
    Err(SourceError::malformed(
        format!("the index of {name}"),
        "its indexes are nested too deeply",
    ))
}

/// A manifest and its digest: the one that was asked for, or that of the bytes if the registry claims no other.
async fn fetch_manifest(
    session: &Session,
    selector: &str,
    expected: Option<Digest>,
    name: &str,
) -> Result<(Vec<u8>, Digest), SourceError> {
    let accept = HeaderValue::from_str(&MANIFEST_TYPES.join(", "))
        .unwrap_or(HeaderValue::from_static("*/*"));
    let headers = HeaderMap::from_iter([(ACCEPT, accept)]);
    let asked = Asked::Manifest(selector.to_owned());
    let (bytes, answered) = session.document(&asked, &headers, LARGEST_DOCUMENT).await?;
    let what = format!("the manifest of {name}");
    let claimed = answered
        .get("docker-content-digest")
        .and_then(|claim| claim.to_str().ok()?.parse().ok());
    for digest in [expected, claimed].into_iter().flatten() {
        manifest::verify(&what, &bytes, &digest)?;
    }
    let digest = expected
        .or(claimed)
        .unwrap_or_else(|| Digest::sha256_of(&bytes));
    Ok((bytes, digest))
}

struct RegistryBlobs {
    session: Arc<Session>,
}

impl Blobs for RegistryBlobs {
    fn open(&self, layer: &LayerDescriptor) -> Result<Box<dyn Read + Send>, SourceError> {
        let digest = layer.digest.ok_or_else(|| {
            SourceError::malformed(
                format!("layer {}", layer.index),
                "a registry's layer has a digest",
            )
        })?;
        let download = Download::new(&self.session, &digest, layer.size);
        runtime::read_from(|sender| download.run(sender))
    }
}

/// One blob on its way.
struct Download {
    session: Arc<Session>,
    blob: String,
    size: Option<u64>,
    received: u64,
}

/// How one connection's part of a download ended.
enum Ended {
    Complete,
    /// Nobody reads any more.
    Abandoned,
    /// The rest may come over another connection.
    Broken(SourceError),
    Hopeless(SourceError),
}

impl Download {
    fn new(session: &Arc<Session>, digest: &Digest, size: Option<u64>) -> Self {
        Self {
            session: Arc::clone(session),
            blob: digest.to_string(),
            size,
            received: 0,
        }
    }

    async fn run(mut self, sender: ChunkSender) {
        let (mut failures, mut mark) = (0, 0);
        loop {
            match self.fetch_rest(&sender).await {
                Ended::Abandoned => return,
                Ended::Complete => {
                    sender.end().await;
                    return;
                }
                Ended::Hopeless(error) => {
                    sender.broken(error).await;
                    return;
                }
                Ended::Broken(error) => {
                    if self.received - mark >= PROGRESS {
                        (failures, mark) = (0, self.received);
                    }
                    failures += 1;
                    if let Err(error) = self.session.pause(failures, None, error).await {
                        sender.broken(error).await;
                        return;
                    }
                }
            }
        }
    }

    async fn fetch_rest(&mut self, sender: &ChunkSender) -> Ended {
        let mut headers = HeaderMap::new();
        if self.received > 0 {
            headers.insert(RANGE, range_from(self.received));
        }
        let mut response = match self
            .session
            .get(&Asked::Blob(self.blob.clone()), &headers)
            .await
        {
            Ok(response) => response,
            Err(error) => return Ended::Hopeless(error),
        };
        // A registry that does not know ranges begins anew: what came before is passed over.
        let begin = beginning(&response);
        let Some(mut repeated) = self.received.checked_sub(begin) else {
            let reason = format!("its registry left out bytes {} to {begin}", self.received);
            return Ended::Hopeless(SourceError::malformed(
                format!("blob {}", self.blob),
                reason,
            ));
        };
        let announced = response
            .content_length()
            .map(|length| length.saturating_add(begin));
        loop {
            let mut chunk = match response.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return self.ended(announced),
                Err(error) => return Ended::Broken(self.session.unreachable(error)),
            };
            let passed = usize::try_from(repeated)
                .unwrap_or(usize::MAX)
                .min(chunk.len());
            repeated -= passed as u64;
            chunk = chunk.split_off(passed);
            self.received += chunk.len() as u64;
            if let Some(expected) = self.size.filter(|size| self.received > *size) {
                return Ended::Hopeless(SourceError::TooLong {
                    blob: self.blob.clone(),
                    expected,
                });
            }
            if !sender.chunk(chunk).await {
                return Ended::Abandoned;
            }
        }
    }

    fn ended(&self, announced: Option<u64>) -> Ended {
        match self
            .size
            .or(announced)
            .filter(|expected| self.received < *expected)
        {
            None => Ended::Complete,
            Some(expected) => Ended::Broken(SourceError::Truncated {
                blob: self.blob.clone(),
                got: self.received,
                expected,
            }),
        }
    }
}

/// `Range: bytes=OFFSET-`
fn range_from(offset: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("bytes={offset}-"))
        .unwrap_or(HeaderValue::from_static("bytes=0-"))
}

/// Which byte of the blob an answer begins with: `Content-Range: bytes FIRST-LAST/SIZE` says it, if it is a part.
fn beginning(response: &Response) -> u64 {
    if response.status() != StatusCode::PARTIAL_CONTENT {
        return 0;
    }
    let range = response
        .headers()
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok());
    let first = range.and_then(|range| range.strip_prefix("bytes ")?.split_once('-'));
    first.and_then(|(first, _)| first.parse().ok()).unwrap_or(0)
}
