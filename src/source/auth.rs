//! Who the registry takes us for: credentials from `config.json` or a helper, and the header that they are turned into.
//!
//! The token exchange is ours and not the registry crate's, because it has to be asked again after 429 and 5xx, bound what
//! it reads, keep to the challenge's scope, and redeem identity tokens.
//! <https://distribution.github.io/distribution/spec/auth/token/>, `…/spec/auth/oauth/`

use std::path::PathBuf;
use std::{env, fs::File, io};

use docker_credential::{CredentialRetrievalError, DockerCredential};
use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

use crate::model::limits::read_at_most;

use super::error::shown;
use super::options::Credentials;
use super::{SourceError, SourceOptions};

/// The largest `config.json`: 1 MiB, some thousand logins.
const LARGEST_CONFIG: u64 = 1 << 20;

/// What is known about the user at one registry. No `Debug`: it holds secrets.
#[derive(Clone)]
pub(super) enum Login {
    /// Nothing.
    Anonymous,
    /// User and password.
    Password(Credentials),
    /// An OAuth refresh token, as `docker login` of some cloud registries stores it.
    IdentityToken(String),
}

impl Login {
    /// For messages: who was refused.
    pub(super) fn who(&self) -> String {
        match self {
            Self::Anonymous => "an anonymous user".to_owned(),
            Self::Password(credentials) => format!("user {}", shown(&credentials.user)),
            Self::IdentityToken(_) => "the user of the stored identity token".to_owned(),
        }
    }

    /// Looks the registry up in the options, then in `config.json`. May run a credential helper, so it may block.
    pub(super) fn find(registry: &str, options: &SourceOptions) -> Result<Self, SourceError> {
        if let Some(credentials) = &options.credentials {
            return Ok(Self::Password(credentials.clone()));
        }
        let Some(folder) = options.docker_config.clone().or_else(default_folder) else {
            return Ok(Self::Anonymous);
        };
        let refuse = |reason: String| SourceError::Credentials {
            registry: registry.to_owned(),
            reason,
        };
        let path = folder.join("config.json");
        let config = match File::open(&path).and_then(|file| read_at_most(file, LARGEST_CONFIG)) {
            Ok(config) => config,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Anonymous),
            Err(error) => return Err(refuse(format!("{}: {error}", path.display()))),
        };
        for server in servers(registry) {
            match docker_credential::get_credential_from_reader(&config[..], server) {
                Ok(found) => return Ok(Self::from(found)),
                Err(error) if is_absence(&error) => {}
                Err(error) => return Err(refuse(reason(&error, &path))),
            }
        }
        Ok(Self::Anonymous)
    }
}

impl From<DockerCredential> for Login {
    fn from(found: DockerCredential) -> Self {
        match found {
            DockerCredential::IdentityToken(token) => Self::IdentityToken(token),
            DockerCredential::UsernamePassword(user, password)
                if user.is_empty() && password.is_empty() =>
            {
                Self::Anonymous
            }
            DockerCredential::UsernamePassword(user, password) => {
                Self::Password(Credentials { user, password })
            }
        }
    }
}

fn default_folder() -> Option<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set("DOCKER_CONFIG").or_else(|| set("HOME").map(|home| home.join(".docker")))
}

/// The names under which `docker login` and people store a registry. Docker Hub's is historic.
fn servers(registry: &str) -> Vec<&str> {
    match registry {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            vec![
                "https://index.docker.io/v1/",
                "index.docker.io",
                "docker.io",
                "registry-1.docker.io",
            ]
        }
        other => vec![other],
    }
}

/// Helpers have no status of their own for "not found", only this text.
/// <https://github.com/docker/docker-credential-helpers/blob/master/credentials/error.go>
fn is_absence(error: &CredentialRetrievalError) -> bool {
    match error {
        CredentialRetrievalError::NoCredentialConfigured => true,
        CredentialRetrievalError::HelperFailure { stdout, stderr, .. } => [stdout, stderr]
            .iter()
            .any(|text| text.contains("credentials not found")),
        _ => false,
    }
}

/// Why, without what a helper printed: that could be the secret itself.
fn reason(error: &CredentialRetrievalError, path: &std::path::Path) -> String {
    match error {
        CredentialRetrievalError::HelperFailure { helper, .. } => {
            format!("{} refused", shown(helper))
        }
        CredentialRetrievalError::HelperCommunicationError => {
            format!(
                "the credential helper that {} names cannot be run",
                path.display()
            )
        }
        CredentialRetrievalError::MalformedHelperResponse => {
            "the credential helper's answer is malformed".to_owned()
        }
        _ => format!("{} is malformed", path.display()),
    }
}

/// How a registry wants to be shown who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// User and password with each request.
    Basic,
    /// A token, to be had at `realm`.
    Bearer {
        /// The token server.
        realm: Url,
        /// The registry's name there.
        service: Option<String>,
        /// What the token has to allow, where the registry says.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Reads `WWW-Authenticate`; a token is preferred. `Err` holds the header's own words, escaped.
    pub(super) fn read(headers: &HeaderMap) -> Result<Self, String> {
        let mut found = Err("no WWW-Authenticate header that can be read".to_owned());
        for header in headers.get_all(WWW_AUTHENTICATE) {
            let text = header.to_str().unwrap_or_default();
            for challenge in http_auth::parse_challenges(text).unwrap_or_default() {
                let parameter = |name: &str| {
                    let parameters = challenge.params.iter();
                    let mut named = parameters.filter(|(key, _)| key.eq_ignore_ascii_case(name));
                    named.next().map(|(_, value)| value.to_unescaped())
                };
                if challenge.scheme.eq_ignore_ascii_case("basic") {
                    found = Ok(Self::Basic);
                } else if challenge.scheme.eq_ignore_ascii_case("bearer") {
                    match parameter("realm").and_then(|realm| Url::parse(&realm).ok()) {
                        Some(realm) => {
                            let (service, scope) = (parameter("service"), parameter("scope"));
                            return Ok(Self::Bearer {
                                realm,
                                service,
                                scope,
                            });
                        }
                        None => found = Err(shown(text)),
                    }
                } else if found.is_err() {
                    found = Err(shown(text));
                }
            }
        }
        found
    }
}

/// The token server's answer; both names are in use.
#[derive(serde::Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
}

/// Reads the token server's answer into a header.
pub(super) fn bearer(answer: &[u8]) -> Option<HeaderValue> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let token = answer
        .token
        .or(answer.access_token)
        .filter(|token| !token.is_empty())?;
    secret_header(&format!("Bearer {token}"))
}

/// User and password as a header.
pub(super) fn basic(credentials: &Credentials) -> Option<HeaderValue> {
    use base64::Engine as _;
    let pair = format!("{}:{}", credentials.user, credentials.password);
    secret_header(&format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(pair)
    ))
}

/// A header that HTTP libraries do not log.
fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use base64::prelude::{BASE64_STANDARD, Engine as _};

    use super::*;

    fn with_config(config: &str) -> (tempfile::TempDir, SourceOptions) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = File::create(folder.path().join("config.json")).expect("a file");
        file.write_all(config.as_bytes()).expect("written");
        let options = SourceOptions {
            docker_config: Some(folder.path().into()),
            ..SourceOptions::default()
        };
        (folder, options)
    }

    #[test]
    fn credentials_are_found_under_the_names_that_docker_login_uses() {
        let auth = |login: &str| BASE64_STANDARD.encode(login);
        let config = serde_json::json!({"auths": {
            "https://index.docker.io/v1/": {"auth": auth("alice:secret")},
            "registry.example:5000": {"auth": auth("bob:word")},
            "cloud.example": {"identitytoken": "refresh"},
        }});
        let (_folder, options) = with_config(&config.to_string());
        let who = |registry: &str| Login::find(registry, &options).expect("a login").who();
        assert_eq!(who("docker.io"), "user alice");
        assert_eq!(who("registry.example:5000"), "user bob");
        assert_eq!(
            who("cloud.example"),
            "the user of the stored identity token"
        );
        assert_eq!(who("other.example"), "an anonymous user");
    }

    #[test]
    fn no_config_is_anonymous_and_a_broken_one_an_error() {
        let missing = SourceOptions {
            docker_config: Some("no-such-folder".into()),
            ..SourceOptions::default()
        };
        assert!(matches!(
            Login::find("quay.io", &missing),
            Ok(Login::Anonymous)
        ));
        let (_folder, broken) = with_config("{\"auths\": ");
        assert!(matches!(
            Login::find("quay.io", &broken),
            Err(SourceError::Credentials { .. })
        ));
        let (_folder, helper) = with_config(r#"{"credsStore": "that-does-not-exist"}"#);
        let error = Login::find("quay.io", &helper)
            .err()
            .expect("no helper")
            .to_string();
        assert!(error.contains("cannot be run"), "{error}");
    }

    #[test]
    fn what_a_helper_printed_is_never_shown() {
        let failure = CredentialRetrievalError::HelperFailure {
            helper: "docker-credential-x".to_owned(),
            stdout: "hunter2".to_owned(),
            stderr: "hunter2".to_owned(),
        };
        let text = reason(&failure, std::path::Path::new("config.json"));
        assert_eq!(text, "docker-credential-x refused");
    }

    #[test]
    fn a_token_is_preferred_to_a_password_and_other_schemes_are_named() {
        let read = |values: &[&'static str]| {
            let values = values
                .iter()
                .map(|value| (WWW_AUTHENTICATE, HeaderValue::from_static(value)));
            Challenge::read(
                &values.fold(HeaderMap::new(), |mut headers, (name, value)| {
                    headers.append(name, value);
                    headers
                }),
            )
        };
        assert_eq!(read(&["Basic realm=\"r\""]), Ok(Challenge::Basic));
        let bearer =
            "Bearer realm=\"https://auth.example/token\",service=\"s\",scope=\"repository:a:pull\"";
        let Ok(Challenge::Bearer {
            realm,
            service,
            scope,
        }) = read(&["Basic realm=\"r\"", bearer])
        else {
            panic!("a bearer challenge");
        };
        assert_eq!(realm.as_str(), "https://auth.example/token");
        assert_eq!(
            (service.as_deref(), scope.as_deref()),
            (Some("s"), Some("repository:a:pull"))
        );
        assert!(read(&["Negotiate"]).is_err_and(|words| words.contains("Negotiate")));
        assert!(read(&[]).is_err());
    }

    #[test]
    fn a_token_is_read_under_both_names_and_its_header_is_secret() {
        let header = bearer(br#"{"access_token": "abc", "expires_in": 60}"#).expect("a token");
        assert_eq!(header.to_str().ok(), Some("Bearer abc"));
        assert!(!format!("{header:?}").contains("abc"));
        assert!(bearer(br#"{"token": ""}"#).is_none() && bearer(b"[]").is_none());
    }

    proptest! {
        #[test]
        fn any_challenge_is_read_or_refused(text in "[ -~]{0,100}") {
            let header = HeaderValue::from_str(&text).expect("visible ASCII");
            let _ = Challenge::read(&HeaderMap::from_iter([(WWW_AUTHENTICATE, header)]));
        }
    }
}
