//! Fetches advisory feeds over HTTP, with conditional requests.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use tokio::runtime::Runtime;

use crate::advisories::{Fetch, FetchError, FetchRequest, Fetched};
use crate::source::install_cryptography;

/// Tries before a feed is given up, on answers that say "later".
const TRIES: u32 = 4;
/// The first pause; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause that a server may ask for: a CI job that sleeps longer is better told.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
/// Between two pieces of a body.
const READ_PATIENCE: Duration = Duration::from_mins(1);

/// HTTP, blocking for the caller.
pub(super) struct Http {
    runtime: Arc<Runtime>,
    client: reqwest::Client,
}

/// An answer that is no feed.
#[derive(Debug, thiserror::Error)]
#[error("{url} answered {status}")]
struct Refused {
    url: String,
    status: StatusCode,
}

impl Http {
    pub(super) fn new() -> Result<Self, FetchError> {
        install_cryptography();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let client = reqwest::Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_PATIENCE)
            .read_timeout(READ_PATIENCE)
            .build()?;
        Ok(Self {
            runtime: Arc::new(runtime),
            client,
        })
    }

    async fn ask(&self, request: FetchRequest<'_>) -> Result<Response, FetchError> {
        let mut pause = FIRST_PAUSE;
        for last in (1..=TRIES).map(|number| number == TRIES) {
            let mut builder = self.client.get(request.url);
            if let Some(etag) = request.etag {
                builder = builder.header(IF_NONE_MATCH, etag);
            }
            if let Some(date) = request.last_modified {
                builder = builder.header(IF_MODIFIED_SINCE, date);
            }
            let wait = match builder.send().await {
                Ok(response) if !is_later(response.status()) || last => return Ok(response),
                Ok(response) => retry_after(&response).unwrap_or(pause),
                Err(error) if last || !error.is_connect() => return Err(error.into()),
                Err(_) => pause,
            };
            tokio::time::sleep(wait.min(LONGEST_PAUSE)).await;
            pause *= 2;
        }
        Err("no try was made".into())
    }
}

fn is_later(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// The pause in seconds that a server asks for (RFC 9110, 10.2.3; its date form is not used by any feed).
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response
        .headers()
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

impl Fetch for Http {
    fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
        let response = self.runtime.block_on(self.ask(request))?;
        let header = |name| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let (etag, last_modified) = (header(ETAG), header(LAST_MODIFIED));
        match response.status() {
            StatusCode::NOT_MODIFIED => Ok(Fetched::NotModified),
            StatusCode::OK => Ok(Fetched::Body {
                reader: Box::new(Body {
                    runtime: Arc::clone(&self.runtime),
                    response,
                    piece: bytes::Bytes::new(),
                }),
                etag,
                last_modified,
            }),
            status => Err(Refused {
                url: request.url.to_owned(),
                status,
            }
            .into()),
        }
    }
}

/// A response's body as it comes. reqwest says so if it is shorter than announced.
struct Body {
    runtime: Arc<Runtime>,
    response: Response,
    piece: bytes::Bytes,
}

impl Read for Body {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self
                .runtime
                .block_on(self.response.chunk())
                .map_err(io::Error::other)?
            {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let count = self.piece.len().min(target.len());
        let now = self.piece.split_to(count);
        if let Some(target) = target.get_mut(..count) {
            target.copy_from_slice(&now);
        }
        Ok(count)
    }
}
