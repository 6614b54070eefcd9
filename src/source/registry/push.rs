//! Blobs and manifests on their way into a registry.
//!
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push>: a POST gives a place, a PUT of the whole blob
//! there ends it. A connection that breaks begins anew with another place, since what a registry kept of the first differs.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Client, Response, StatusCode, Url};

use super::artifact::{ArtifactManifest, MANIFEST_TYPE, Repository};
use crate::model::Digest;
use crate::source::SourceError;
use crate::source::client;
use crate::source::retry::{is_passing, retry_after};
use crate::source::runtime;
use crate::source::session::Asked;

/// Read from a file at once.
const PIECE: usize = 256 << 10;

/// The slowest connection that is waited for: a blob may take a second for each so many bytes.
const SLOWEST: u64 = 16 << 10;

/// What a blob's bytes come from.
#[derive(Clone, Debug)]
pub enum Content {
    /// They are here.
    Bytes(Bytes),
    /// They are in a file.
    File(PathBuf),
}

/// What became of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was sent.
    Now,
    /// The registry had it already.
    Before,
}

/// How one try to send a blob ended.
enum Failed {
    /// Another place may help.
    Passing(SourceError, Option<Duration>),
    Hopeless(SourceError),
}

impl Repository {
    /// Sends a blob, unless the repository has it. `sent` is told how many bytes have gone out.
    pub fn send_blob(
        &self,
        digest: &Digest,
        size: u64,
        content: &Content,
        sent: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<Sent, SourceError> {
        runtime::block_on(async {
            if self.has(digest).await? {
                return Ok(Sent::Before);
            }
            let client = self.session.sending_client()?;
            let mut failures = 0;
            loop {
                let place = self.begin(digest).await?;
                let tried = self.send_whole(&client, place, size, content, sent).await;
                match tried {
                    Ok(()) => return Ok(Sent::Now),
                    Err(Failed::Hopeless(error)) => return Err(error),
                    Err(Failed::Passing(error, asked)) => {
                        failures += 1;
                        self.session.pause(failures, asked, error).await?;
                    }
                }
            }
        })?
    }

    /// Has the reference's tag name this manifest, whose blobs are all there; gives its digest.
    pub fn tag(&self, manifest: &ArtifactManifest) -> Result<Digest, SourceError> {
        let bytes = Bytes::from(manifest.to_json());
        let digest = Digest::sha256_of(&bytes);
        let tag = self.reference.tag().unwrap_or("latest");
        let asked = Asked::Tag(tag.to_owned());
        let put = |client: &Client, url: &str| {
            client
                .put(url)
                .header(CONTENT_TYPE, MANIFEST_TYPE)
                .body(bytes.clone())
        };
        runtime::block_on(self.session.ask(&asked, put))??;
        Ok(digest)
    }

    async fn has(&self, digest: &Digest) -> Result<bool, SourceError> {
        let head = |client: &Client, url: &str| client.head(url);
        match self
            .session
            .ask(&Asked::Blob(digest.to_string()), head)
            .await
        {
            Ok(_) => Ok(true),
            // Who may not read a repository that is not there yet may still make it.
            Err(SourceError::NoSuchBlob { .. } | SourceError::Unauthorized { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A place to send a blob to.
    async fn begin(&self, digest: &Digest) -> Result<Url, SourceError> {
        let post = |client: &Client, url: &str| client.post(url).header(CONTENT_LENGTH, 0);
        let answer = self.session.ask(&Asked::Upload, post).await?;
        let location = answer.headers().get(LOCATION);
        let place = location.and_then(|location| self.session.place(location.to_str().ok()?));
        let mut place = place.ok_or_else(|| {
            let what = format!("the answer of the registry of {}", self.name());
            SourceError::malformed(what, "it names no place to send a blob to")
        })?;
        place
            .query_pairs_mut()
            .append_pair("digest", &digest.to_string());
        Ok(place)
    }

    async fn send_whole(
        &self,
        client: &Client,
        place: Url,
        size: u64,
        content: &Content,
        sent: &Arc<dyn Fn(u64) + Send + Sync>,
    ) -> Result<(), Failed> {
        let body = body(content, sent).map_err(Failed::Hopeless)?;
        let mut request = client
            .put(place.clone())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size)
            .timeout(client::READ_TIMEOUT.saturating_add(Duration::from_secs(size / SLOWEST)))
            .body(body);
        if let Some(header) = self.session.authorisation_for(&place).await {
            request = request.header(AUTHORIZATION, header);
        }
        match request.send().await {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => Err(self.judge(response).await),
            Err(error) if error.is_builder() || client::tls_error(&error).is_some() => {
                Err(Failed::Hopeless(self.session.unreachable(error)))
            }
            Err(error) => Err(Failed::Passing(self.session.unreachable(error), None)),
        }
    }

    async fn judge(&self, response: Response) -> Failed {
        let status = response.status();
        if is_passing(status) {
            let asked = retry_after(response.headers());
            return Failed::Passing(self.session.trouble(response, asked).await, asked);
        }
        let error = self.session.refusal(&Asked::Upload, response).await;
        // A token that has expired meanwhile is renewed with the next place; a place that is gone is replaced by it.
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND) {
            Failed::Passing(error, None)
        } else {
            Failed::Hopeless(error)
        }
    }
}

/// A body that is made anew for each try.
fn body(content: &Content, sent: &Arc<dyn Fn(u64) + Send + Sync>) -> Result<Body, SourceError> {
    match content {
        Content::Bytes(bytes) => {
            sent(bytes.len() as u64);
            Ok(Body::from(bytes.clone()))
        }
        Content::File(path) => {
            let file = File::open(path).map_err(SourceError::io(path.display().to_string()))?;
            let sent = Arc::clone(sent);
            let pieces = Pieces(file).inspect(move |piece| {
                if let Ok(piece) = piece {
                    sent(piece.len() as u64);
                }
            });
            Ok(Body::wrap_stream(futures_util::stream::iter(pieces)))
        }
    }
}

/// A file piece by piece.
struct Pieces(File);

impl Iterator for Pieces {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut piece = vec![0; PIECE];
        match self.0.read(&mut piece) {
            Ok(0) => None,
            Ok(count) => {
                piece.truncate(count);
                Some(Ok(Bytes::from(piece)))
            }
            Err(error) => Some(Err(error)),
        }
    }
}
