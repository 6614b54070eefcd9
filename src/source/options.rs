//! What the user may choose about fetching an image.

use std::fmt;
use std::path::PathBuf;

use crate::model::Platform;

use super::retry::RetryPolicy;

/// How an image is fetched. The default is what `docker pull` does.
#[derive(Clone, Debug, Default)]
pub struct SourceOptions {
    /// Which platform of a multi-platform image; `None` is Linux on this machine's processor.
    pub platform: Option<Platform>,
    /// Whether plain HTTP and certificates that cannot be verified are accepted.
    pub insecure: bool,
    /// How often and how long a registry is asked again.
    pub retry: RetryPolicy,
    /// User and password that stand in for those of `config.json`.
    pub credentials: Option<Credentials>,
    /// The folder that holds `config.json`; `None` is `$DOCKER_CONFIG`, then `~/.docker`.
    pub docker_config: Option<PathBuf>,
    /// The container engine's socket; `None` is `$DOCKER_HOST`, then the usual places.
    pub engine_socket: Option<PathBuf>,
}

/// A user and a password that never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password, or an access token in its place.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"<redacted>")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_never_shows() {
        let options = SourceOptions {
            credentials: Some(Credentials {
                user: "alice".to_owned(),
                password: "hunter2".to_owned(),
            }),
            ..SourceOptions::default()
        };
        let text = format!("{options:?}");
        assert!(
            text.contains("alice") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
