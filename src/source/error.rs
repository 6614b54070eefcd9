//! Why an image, or one of its layers, cannot be had, and what to do about it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Platform, Untrusted};

/// Why an image, or one of its layers, cannot be had. One variant for each thing that somebody can act on; text that came
/// from an image or a registry was escaped before it got in here.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// What was typed is no reference of any form.
    #[error("`{text}` is not an image reference: {reason}")]
    Reference {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing at the path that was typed.
    #[error("there is nothing at {}", .path.display())]
    NoSuchPath {
        /// The path as typed.
        path: PathBuf,
    },
    /// The path is there, but it is none of the forms that hold an image.
    #[error("{} is not an image: {reason}", .path.display())]
    NotAnImageFile {
        /// The path as typed.
        path: PathBuf,
        /// What was looked for.
        reason: &'static str,
    },
    /// The machine refused to read something.
    #[error("reading {what}")]
    Io {
        /// The file or stream.
        what: String,
        /// What the machine said.
        #[source]
        source: std::io::Error,
    },

    /// No connection to the registry, or it broke and stayed broken.
    #[error("registry {registry} cannot be reached")]
    Unreachable {
        /// Host and port.
        registry: String,
        /// What the HTTP client said, without the URL: a redirect's URL can carry a signature.
        #[source]
        source: reqwest::Error,
    },
    /// The registry's certificate is not one that this machine trusts.
    #[error("the certificate of registry {registry} is not trusted")]
    UntrustedCertificate {
        /// Host and port.
        registry: String,
        /// What the TLS library said.
        #[source]
        source: reqwest::Error,
    },
    /// The HTTP client could not be set up.
    #[error("HTTPS cannot be set up on this machine")]
    Tls(#[source] reqwest::Error),
    /// 401 or 403, whatever was tried.
    #[error("registry {registry} does not let {who} read {repository}")]
    Unauthorized {
        /// Host and port.
        registry: String,
        /// The repository asked for.
        repository: String,
        /// `user NAME` or `an anonymous user`.
        who: String,
    },
    /// 401 or 403 for something that is sent.
    #[error("registry {registry} does not let {who} write to {repository}")]
    MayNotWrite {
        /// Host and port.
        registry: String,
        /// The repository.
        repository: String,
        /// `user NAME` or `an anonymous user`.
        who: String,
    },
    /// The registry wants a way of authentication that nobody here knows.
    #[error("registry {registry} asks for authentication in a way that is not supported: {reason}")]
    UnknownChallenge {
        /// Host and port.
        registry: String,
        /// Its own words, escaped.
        reason: String,
    },
    /// `config.json` or a credential helper could not be used.
    #[error("credentials for {registry} cannot be read: {reason}")]
    Credentials {
        /// Host and port.
        registry: String,
        /// What went wrong, never with what a helper printed.
        reason: String,
    },
    /// The registry has no such manifest.
    #[error("there is no image {image} in the registry")]
    NoSuchManifest {
        /// The reference in full.
        image: String,
    },
    /// The manifest names a blob that the registry, archive or layout does not have.
    #[error("blob {blob} of the image is missing in {place}")]
    NoSuchBlob {
        /// Its digest, or its name in an archive.
        blob: String,
        /// Where it was looked for.
        place: String,
    },
    /// 429, and waiting did not help or was asked for too long.
    #[error("registry {registry} limits the rate of requests{}", wait_text(*.wait))]
    RateLimited {
        /// Host and port.
        registry: String,
        /// How long it asks to wait, where it says.
        wait: Option<Duration>,
    },
    /// Any other status that is no success.
    #[error("registry {registry} answered {status} for {what}{}", colon(.message))]
    Status {
        /// Host and port.
        registry: String,
        /// HTTP status.
        status: u16,
        /// What was asked for.
        what: String,
        /// The registry's own words, escaped and shortened.
        message: String,
    },
    /// A blob ended early, and could not be resumed.
    #[error("blob {blob} ended after {got} of {expected} bytes")]
    Truncated {
        /// Its digest.
        blob: String,
        /// Bytes that came.
        got: u64,
        /// Bytes that the manifest or the registry announced.
        expected: u64,
    },
    /// A blob is longer than the manifest says.
    #[error("blob {blob} is longer than the {expected} bytes that its manifest says")]
    TooLong {
        /// Its digest.
        blob: String,
        /// Bytes that the manifest announced.
        expected: u64,
    },

    /// A manifest, config or index is not the JSON that it should be.
    #[error("{what} is malformed: {reason}")]
    Malformed {
        /// Which document.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A manifest, config or index is larger than any real one.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// Which document.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// Bytes that are not what their digest says.
    #[error("{what} is not what its digest says: {expected} was asked for, {actual} came")]
    WrongDigest {
        /// Which document.
        what: String,
        /// The digest that was asked for.
        expected: String,
        /// The digest of the bytes.
        actual: String,
    },
    /// Manifest and config do not agree.
    #[error("the manifest has {layers} layers, the config has {diff_ids} diffIDs")]
    LayerCount {
        /// Layers of the manifest.
        layers: usize,
        /// Layers of the config.
        diff_ids: usize,
    },
    /// Docker's first manifest format, which has no config and no verifiable layers.
    #[error("{image} is stored as a schema 1 manifest, a format that was given up in 2017")]
    SchemaOne {
        /// The reference in full.
        image: String,
    },
    /// A manifest of something else: a Helm chart, an SBOM, a signature.
    #[error("{image} is not a container image but {kind}")]
    NotAnImage {
        /// The reference in full.
        image: String,
        /// Its artifact type or the config's media type, escaped.
        kind: String,
    },
    /// A manifest of something else than the artifact that was asked for.
    #[error("{image} is not of type {wanted} but {kind}")]
    OtherArtifact {
        /// The reference in full.
        image: String,
        /// The artifact type that was asked for.
        wanted: String,
        /// What it is, escaped.
        kind: String,
    },
    /// The image does not exist for the platform that was asked for.
    #[error("the image does not exist for {wanted}; it is offered for {}", list(.offered))]
    NoSuchPlatform {
        /// What was asked for, or this machine's.
        wanted: Platform,
        /// What there is.
        offered: Vec<Platform>,
    },

    /// An archive holds several images and none was chosen, or none of the chosen name.
    #[error("{} in {archive}: it holds {}", wanted_text(.wanted.as_deref()), list(.names))]
    WhichImage {
        /// The archive, without its folder.
        archive: String,
        /// The tag or digest that was asked for.
        wanted: Option<String>,
        /// The names that it holds, escaped.
        names: Vec<String>,
    },
    /// An archive that does not read as a tar, or is cut short.
    #[error("archive {archive} is damaged")]
    Archive {
        /// The archive, without its folder.
        archive: String,
        /// What is wrong with it.
        #[source]
        source: std::io::Error,
    },

    /// There is no socket of a container engine.
    #[error("no container engine listens at {}", .sockets.join(" or "))]
    NoEngine {
        /// The sockets that were tried.
        sockets: Vec<String>,
    },
    /// The socket is there, but this user may not use it.
    #[error("this user may not use the container engine's socket {socket}")]
    EnginePermission {
        /// The socket.
        socket: String,
    },
    /// `DOCKER_HOST` names something other than a Unix socket.
    #[error("DOCKER_HOST is `{host}`: only unix:// sockets are supported")]
    EngineHost {
        /// Its value.
        host: String,
    },
    /// The engine does not have the image.
    #[error("the container engine has no image {image}")]
    NoSuchEngineImage {
        /// The name as typed.
        image: String,
    },
    /// The engine answered with an error of its own, or not at all.
    #[error("the container engine could not {what}")]
    Engine {
        /// What it was asked to do.
        what: &'static str,
        /// What the client said.
        #[source]
        source: bollard::errors::Error,
    },
}

impl SourceError {
    /// Reading `what` went wrong.
    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// `what` does not parse.
    pub(super) fn malformed(what: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Malformed {
            what: what.into(),
            reason: shown(&reason.to_string()),
        }
    }
}

/// Foreign text as it may stand in a message: escaped, and no longer than a line or two.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    let mut short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    Untrusted(&short).to_string()
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    const SHOWN: usize = 12;
    if items.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = String::new();
    for (index, item) in items.iter().take(SHOWN).enumerate() {
        let _ = write!(text, "{}{item}", if index == 0 { "" } else { ", " });
    }
    if items.len() > SHOWN {
        let _ = write!(text, " and {} more", items.len() - SHOWN);
    }
    text
}

fn colon(message: &str) -> String {
    if message.is_empty() {
        String::new()
    } else {
        format!(": {message}")
    }
}

fn wait_text(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!(" and asks to wait {} s", wait.as_secs())
    })
}

fn wanted_text(wanted: Option<&str>) -> String {
    wanted.map_or_else(
        || "no image is chosen".to_owned(),
        |wanted| format!("there is no image `{}`", Untrusted(wanted)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_what_was_offered() {
        let offered = vec!["linux/arm64".parse().expect("a platform")];
        let error = SourceError::NoSuchPlatform {
            wanted: "linux/amd64".parse().expect("a platform"),
            offered,
        };
        assert_eq!(
            error.to_string(),
            "the image does not exist for linux/amd64; it is offered for linux/arm64"
        );
    }

    #[test]
    fn foreign_text_is_escaped_and_short() {
        assert_eq!(shown("a\u{1b}[0m"), "a\\u{1b}[0m");
        assert!(shown(&"x".repeat(10_000)).len() < 300);
    }

    #[test]
    fn a_long_list_ends_in_a_count() {
        let text = list(&(0..20).collect::<Vec<_>>());
        assert!(text.ends_with("11 and 8 more"), "{text}");
    }
}
