//! What to do about a [`SourceError`].

use super::SourceError;

impl SourceError {
    /// What to do next, in the imperative, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Reference { .. } => {
                "write NAME[:TAG], or docker-archive:PATH, oci:PATH, docker:NAME, dir:PATH"
            }
            Self::NoSuchPath { .. } => "check the path, and the part after it that names a tag",
            Self::NotAnImageFile { .. } => {
                "write dir:PATH if it is an unpacked root file system; unpack a root file system's tar first"
            }
            Self::Unreachable { .. } => {
                "check the name and the network; a registry without TLS needs --insecure"
            }
            Self::UntrustedCertificate { .. } => {
                "add the registry's CA to the system's certificates, or use --insecure"
            }
            Self::Tls(_) => "install the system's CA certificates (ca-certificates)",
            Self::Unauthorized { registry, .. } => {
                return Some(format!(
                    "run docker login {registry}; a repository that does not exist is often refused in the same way"
                ));
            }
            Self::MayNotWrite { registry, .. } => {
                return Some(format!(
                    "run docker login {registry} as a user who may push; many registries want the repository to be made first"
                ));
            }
            Self::Credentials { .. } => {
                "check ~/.docker/config.json and the credential helper that it names"
            }
            Self::NoSuchManifest { .. } | Self::OtherArtifact { .. } => {
                "check the repository and the tag"
            }
            Self::RateLimited { .. } => {
                "log in, which raises the limit of most registries, or try again later"
            }
            Self::Truncated { .. } | Self::TooLong { .. } | Self::WrongDigest { .. } => {
                "the bytes are damaged or were tampered with: fetch or push the image again"
            }
            Self::SchemaOne { .. } => "pull and push the image with a current engine to convert it",
            Self::NoSuchPlatform { offered, .. } => {
                return offered
                    .first()
                    .map(|first| format!("use --platform {first}"));
            }
            Self::WhichImage { names, .. } => {
                return names
                    .first()
                    .map(|first| format!("put the name behind the path, such as PATH:{first}"));
            }
            Self::NoSuchBlob { .. } | Self::Archive { .. } => {
                "write the archive again, or push the image again"
            }
            Self::NoEngine { .. } => {
                "start the engine, or set DOCKER_HOST=unix:///path/to/its.sock"
            }
            Self::EnginePermission { .. } => "add the user to the socket's group, or use sudo",
            Self::EngineHost { .. } => "set DOCKER_HOST=unix:///path/to/its.sock",
            Self::NoSuchEngineImage { image } => return Some(format!("run docker pull {image}")),
            Self::Status { status, .. } if *status >= 500 => {
                "the registry is in trouble: try again later"
            }
            Self::Io { .. }
            | Self::UnknownChallenge { .. }
            | Self::Status { .. }
            | Self::Malformed { .. }
            | Self::TooLarge { .. }
            | Self::LayerCount { .. }
            | Self::NotAnImage { .. }
            | Self::Engine { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_names_what_can_be_typed_next() {
        let missing = SourceError::NoSuchPlatform {
            wanted: "linux/amd64".parse().expect("a platform"),
            offered: vec!["linux/arm64".parse().expect("a platform")],
        };
        assert_eq!(
            missing.hint().as_deref(),
            Some("use --platform linux/arm64")
        );
        let refused = SourceError::Unauthorized {
            registry: "quay.io".to_owned(),
            repository: "a/b".to_owned(),
            who: "an anonymous user".to_owned(),
        };
        assert!(
            refused
                .hint()
                .is_some_and(|hint| hint.contains("docker login quay.io"))
        );
    }
}
