//! Requests to one repository of one registry: scheme, certificates, authorisation, and asking again.
//!
//! The HTTP is reqwest's and not the registry crate's: that one hides the status and `Retry-After` of an error, reads
//! answers of any length, and hashes each blob a second time.

use std::time::Duration;

use oci_distribution::errors::OciEnvelope;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use tokio::sync::Mutex;

use super::auth::{self, Challenge, Login};
use super::error::shown;
use super::retry::{RetryPolicy, is_passing, retry_after};
use super::{SourceError, SourceOptions, client};

/// The longest error message or token that is read.
const LARGEST_ANSWER: u64 = 256 << 10;

/// What a request asks for: decides what a 404 means.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// A manifest, by tag or digest.
    Manifest(String),
    /// A blob, by digest.
    Blob(String),
    /// A place to send a blob to.
    Upload,
    /// That a manifest be taken under this tag.
    Tag(String),
}

impl Asked {
    fn path(&self) -> String {
        match self {
            Self::Manifest(selector) => format!("manifests/{selector}"),
            Self::Blob(digest) => format!("blobs/{digest}"),
            Self::Upload => "blobs/uploads/".to_owned(),
            Self::Tag(tag) => format!("manifests/{tag}"),
        }
    }

    const fn writes(&self) -> bool {
        matches!(self, Self::Upload | Self::Tag(_))
    }
}

/// Talks to one repository of one registry.
pub(super) struct Session {
    client: Client,
    /// The registry's name as people and `config.json` write it.
    registry: String,
    /// `https://host:port/v2/repository/`.
    base: String,
    repository: String,
    image: String,
    allows_http: bool,
    loopback: bool,
    options: SourceOptions,
    authorisation: Mutex<Option<HeaderValue>>,
    login: Mutex<Option<Login>>,
}

impl Session {
    /// Settles on HTTP or HTTPS. With `--insecure` HTTPS is tried first, as an engine does it.
    pub(super) async fn open(
        reference: &oci_distribution::Reference,
        options: &SourceOptions,
    ) -> Result<Self, SourceError> {
        let host = reference.resolve_registry();
        let loopback = client::is_loopback(host);
        let client = client::build(options.insecure, loopback, Some(client::READ_TIMEOUT))?;
        let prefers_https = if options.insecure {
            client
                .get(format!("https://{host}/v2/"))
                .send()
                .await
                .is_ok()
        } else {
            !loopback
        };
        let scheme = if prefers_https { "https" } else { "http" };
        Ok(Self {
            client,
            registry: reference.registry().to_owned(),
            base: format!("{scheme}://{host}/v2/{}/", reference.repository()),
            repository: reference.repository().to_owned(),
            image: reference.whole(),
            allows_http: scheme == "http" || options.insecure,
            loopback,
            options: options.clone(),
            authorisation: Mutex::default(),
            login: Mutex::default(),
        })
    }

    /// How patient this session is.
    pub(super) fn retry(&self) -> &RetryPolicy {
        &self.options.retry
    }

    /// The answer to a GET, whose status is a success.
    pub(super) async fn get(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
    ) -> Result<Response, SourceError> {
        let get = |client: &Client, url: &str| client.get(url).headers(headers.clone());
        self.ask(asked, get).await
    }

    /// The answer to a request, whose status is a success. Authorises itself where it is asked to.
    pub(super) async fn ask(
        &self,
        asked: &Asked,
        build: impl Fn(&Client, &str) -> RequestBuilder,
    ) -> Result<Response, SourceError> {
        let url = format!("{}{}", self.base, asked.path());
        let mut refusals = 0;
        loop {
            let authorisation = self.authorisation.lock().await.clone();
            let request = || {
                let request = build(&self.client, &url);
                match &authorisation {
                    Some(header) => request.header(AUTHORIZATION, header.clone()),
                    None => request,
                }
            };
            let response = self.send(request).await?;
            match response.status() {
                status if status.is_success() => return Ok(response),
                // Once for the first token and once for one that has expired meanwhile, or does not let us write.
                StatusCode::UNAUTHORIZED if refusals < 2 => {
                    refusals += 1;
                    self.authorise(asked, response.headers(), authorisation)
                        .await?;
                }
                _ => return Err(self.refusal(asked, response).await),
            }
        }
    }

    /// A client for what is sent: it waits for the answer until all of it has gone out.
    pub(super) fn sending_client(&self) -> Result<Client, SourceError> {
        client::build(self.options.insecure, self.loopback, None)
    }

    /// A place that the registry names, where it is an address at all.
    pub(super) fn place(&self, location: &str) -> Option<Url> {
        Url::parse(&self.base).ok()?.join(location).ok()
    }

    /// The header that says who we are, for this very registry and no storage that it sends us to.
    pub(super) async fn authorisation_for(&self, place: &Url) -> Option<HeaderValue> {
        let base = Url::parse(&self.base).ok()?;
        if base.origin() != place.origin() {
            return None;
        }
        self.authorisation.lock().await.clone()
    }

    /// A whole document of at most `limit` bytes, with its headers. Asked for again if the connection breaks in it.
    pub(super) async fn document(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        limit: u64,
    ) -> Result<(Vec<u8>, HeaderMap), SourceError> {
        let mut failures = 0;
        loop {
            let response = self.get(asked, headers).await?;
            let answered = response.headers().clone();
            match read_body(response, limit).await {
                Ok(Some(bytes)) => return Ok((bytes, answered)),
                Ok(None) => {
                    let what = format!("{} of {}", asked.path(), self.image);
                    return Err(SourceError::TooLarge { what, limit });
                }
                Err(error) => {
                    failures += 1;
                    self.pause(failures, None, self.unreachable(error)).await?;
                }
            }
        }
    }

    /// Waits as the policy says, or gives `error` back if it is time to give up.
    pub(super) async fn pause(
        &self,
        failures: u32,
        asked: Option<Duration>,
        error: SourceError,
    ) -> Result<(), SourceError> {
        let Some(wait) = self.retry().wait(failures, asked) else {
            return Err(error);
        };
        tracing::debug!(registry = self.registry, %error, wait_ms = wait.as_millis(), "asking again");
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// The answer to a request, asked again while the failure may pass.
    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response, SourceError> {
        let mut failures = 0;
        loop {
            let (error, asked) = match request().send().await {
                Ok(response) if is_passing(response.status()) => {
                    let asked = retry_after(response.headers());
                    (self.trouble(response, asked).await, asked)
                }
                Ok(response) => return Ok(response),
                Err(error)
                    if error.is_builder()
                        || error.is_redirect()
                        || client::tls_error(&error).is_some() =>
                {
                    return Err(self.unreachable(error));
                }
                Err(error) => (self.unreachable(error), None),
            };
            failures += 1;
            self.pause(failures, asked, error).await?;
        }
    }

    /// Answers the challenge in `headers`, unless another request has replaced the `stale` header meanwhile.
    async fn authorise(
        &self,
        asked: &Asked,
        headers: &HeaderMap,
        stale: Option<HeaderValue>,
    ) -> Result<(), SourceError> {
        let mut current = self.authorisation.lock().await;
        if *current != stale {
            return Ok(());
        }
        let login = self.login().await?;
        let challenge =
            Challenge::read(headers).map_err(|reason| SourceError::UnknownChallenge {
                registry: self.registry.clone(),
                reason,
            })?;
        let header = match (challenge, &login) {
            (Challenge::Basic, Login::Password(credentials)) => auth::basic(credentials),
            (Challenge::Basic, _) => None,
            (
                Challenge::Bearer {
                    realm,
                    service,
                    scope,
                },
                _,
            ) => {
                let actions = if asked.writes() { "pull,push" } else { "pull" };
                let scope =
                    scope.unwrap_or_else(|| format!("repository:{}:{actions}", self.repository));
                self.token(realm, service.as_deref(), &scope, &login)
                    .await?
            }
        };
        // The same password again, after it was refused, would lock some accounts.
        match header.filter(|header| Some(header) != stale.as_ref()) {
            Some(header) => {
                *current = Some(header);
                Ok(())
            }
            None => Err(self.unauthorised(asked, &login)),
        }
    }

    /// Exchanges the login for a token. `None`: the server refuses.
    async fn token(
        &self,
        realm: Url,
        service: Option<&str>,
        scope: &str,
        login: &Login,
    ) -> Result<Option<HeaderValue>, SourceError> {
        if realm.scheme() != "https" && !self.allows_http {
            let reason = format!("its token server {} is not HTTPS", shown(realm.as_str()));
            return Err(SourceError::UnknownChallenge {
                registry: self.registry.clone(),
                reason,
            });
        }
        let mut question = realm.clone();
        question
            .query_pairs_mut()
            .extend_pairs(service.map(|service| ("service", service)))
            .append_pair("scope", scope);
        let request = || match login {
            Login::Anonymous => self.client.get(question.clone()),
            Login::Password(credentials) => {
                let request = self.client.get(question.clone());
                request.basic_auth(&credentials.user, Some(&credentials.password))
            }
            Login::IdentityToken(token) => {
                let mut form = question.clone();
                form.query_pairs_mut()
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", "plimsoll")
                    .append_pair("refresh_token", token);
                self.client
                    .post(realm.clone())
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(form.query().unwrap_or_default().to_owned())
            }
        };
        let response = self.send(request).await?;
        if !response.status().is_success() {
            return Ok(None);
        }
        let body = read_body(response, LARGEST_ANSWER)
            .await
            .map_err(|error| self.unreachable(error))?;
        Ok(body.and_then(|body| auth::bearer(&body)))
    }

    /// Looked up when a registry first asks: a helper may want the user to unlock a key ring.
    async fn login(&self) -> Result<Login, SourceError> {
        let mut known = self.login.lock().await;
        if let Some(login) = &*known {
            return Ok(login.clone());
        }
        let (registry, options) = (self.registry.clone(), self.options.clone());
        let looked_up = tokio::task::spawn_blocking(move || Login::find(&registry, &options)).await;
        let login = looked_up.unwrap_or_else(|error| {
            Err(SourceError::Credentials {
                registry: self.registry.clone(),
                reason: error.to_string(),
            })
        })?;
        *known = Some(login.clone());
        Ok(login)
    }

    fn unauthorised(&self, asked: &Asked, login: &Login) -> SourceError {
        let (registry, repository) = (self.registry.clone(), self.repository.clone());
        let who = login.who();
        if asked.writes() {
            SourceError::MayNotWrite {
                registry,
                repository,
                who,
            }
        } else {
            SourceError::Unauthorized {
                registry,
                repository,
                who,
            }
        }
    }

    /// What an answer that is no success means.
    pub(super) async fn refusal(&self, asked: &Asked, response: Response) -> SourceError {
        match (response.status(), asked) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => match self.login().await {
                Ok(login) => self.unauthorised(asked, &login),
                Err(error) => error,
            },
            (StatusCode::NOT_FOUND, Asked::Manifest(_)) => SourceError::NoSuchManifest {
                image: self.image.clone(),
            },
            (StatusCode::NOT_FOUND, Asked::Blob(digest)) => SourceError::NoSuchBlob {
                blob: digest.clone(),
                place: format!("registry {}", self.registry),
            },
            (status, asked) => SourceError::Status {
                registry: self.registry.clone(),
                status: status.as_u16(),
                what: format!("{} of {}", asked.path(), self.repository),
                message: message(response).await,
            },
        }
    }

    /// What an answer that may pass means.
    pub(super) async fn trouble(&self, response: Response, wait: Option<Duration>) -> SourceError {
        let registry = self.registry.clone();
        match response.status() {
            StatusCode::TOO_MANY_REQUESTS => SourceError::RateLimited { registry, wait },
            status => SourceError::Status {
                registry,
                status: status.as_u16(),
                what: format!("a request about {}", self.repository),
                message: message(response).await,
            },
        }
    }

    /// The connection's error, without the URL it was for.
    pub(super) fn unreachable(&self, error: reqwest::Error) -> SourceError {
        let registry = self.registry.clone();
        let is_untrusted = matches!(
            client::tls_error(&error),
            Some(rustls::Error::InvalidCertificate(_))
        );
        let source = error.without_url();
        if is_untrusted {
            SourceError::UntrustedCertificate { registry, source }
        } else {
            SourceError::Unreachable { registry, source }
        }
    }
}

/// The body if it is no longer than `limit`.
async fn read_body(mut response: Response, limit: u64) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() as u64 > limit {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// The registry's own words in an error, escaped and shortened; empty if there are none.
async fn message(response: Response) -> String {
    let body = read_body(response, LARGEST_ANSWER)
        .await
        .ok()
        .flatten()
        .unwrap_or_default();
    match serde_json::from_slice::<OciEnvelope>(&body) {
        Ok(envelope) => {
            let messages: Vec<_> = envelope
                .errors
                .into_iter()
                .map(|error| error.message)
                .collect();
            shown(&messages.join("; "))
        }
        Err(_) => String::new(),
    }
}
