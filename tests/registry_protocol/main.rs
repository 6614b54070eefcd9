//! What a registry may do to a client, played by a small server on this machine: tokens, limits, broken connections, lies.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends where an expectation does"
)]

mod authorisation;
mod blobs;
mod fake;
mod push;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use fake::{FakeRegistry, Reply, Request};
use plimsoll::model::limits::read_at_most;
use plimsoll::model::{Digest, Platform};
use plimsoll::source::{
    Credentials, Image, Reference, RetryPolicy, SourceError, SourceOptions, open,
};
use serde_json::{Value, json};

/// An image of one layer, by path.
struct Stored {
    layer: Vec<u8>,
    config: Vec<u8>,
    manifest: Vec<u8>,
}

impl Stored {
    fn new() -> Self {
        // Larger than a socket's buffers, so that a cut happens in the middle of reading.
        let layer: Vec<u8> = (0..=u8::MAX).cycle().take(3_000_000).collect();
        let config = json!({"os": "linux", "architecture": "amd64", "config": {"User": "app"},
            "rootfs": {"type": "layers", "diff_ids": [Digest::sha256_of(&layer)]}});
        let config = config.to_string().into_bytes();
        let manifest = json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", &layer)]});
        Self {
            layer,
            config,
            manifest: manifest.to_string().into_bytes(),
        }
    }

    fn layer_path(&self) -> String {
        format!("/v2/app/blobs/{}", Digest::sha256_of(&self.layer))
    }

    fn answer(&self, path: &str) -> Reply {
        let by_digest = |bytes: &[u8]| path.ends_with(&Digest::sha256_of(bytes).to_string());
        if path == "/v2/app/manifests/1" || by_digest(&self.manifest) {
            Reply::body(&*self.manifest)
                .header("Docker-Content-Digest", Digest::sha256_of(&self.manifest))
        } else if by_digest(&self.config) {
            Reply::body(&*self.config)
        } else if by_digest(&self.layer) {
            Reply::body(&*self.layer)
        } else {
            Reply::status(404)
        }
    }

    /// The layer's bytes as an answer to a request with or without a range.
    fn part(&self, request: &Request) -> Reply {
        let range = request
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let Some(first) = range.map(|first| first.parse::<usize>().expect("a number")) else {
            return Reply::body(&*self.layer);
        };
        let last = self.layer.len() - 1;
        let part = Reply {
            status: 206,
            ..Reply::body(&self.layer[first..])
        };
        part.header(
            "Content-Range",
            format!("bytes {first}-{last}/{}", self.layer.len()),
        )
    }
}

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256_of(bytes), "size": bytes.len()})
}

/// Quick, anonymous, and blind to this machine's own `config.json`.
fn options() -> SourceOptions {
    SourceOptions {
        platform: Some("linux/amd64".parse().expect("a platform")),
        retry: RetryPolicy {
            attempts: 3,
            base: Duration::from_millis(5),
            longest: Duration::from_secs(1),
        },
        docker_config: Some("no-such-folder".into()),
        ..SourceOptions::default()
    }
}

fn with_password() -> SourceOptions {
    let credentials = Credentials {
        user: "alice".to_owned(),
        password: "pass:word".to_owned(),
    };
    SourceOptions {
        credentials: Some(credentials),
        ..options()
    }
}

/// `alice:pass:word`
const ALICE: &str = "Basic YWxpY2U6cGFzczp3b3Jk";

fn layer_of(image: &Image) -> std::io::Result<Vec<u8>> {
    let layer = image.blobs.open(&image.layers[0]);
    read_at_most(layer.map_err(std::io::Error::other)?, 1 << 24)
}

#[test]
fn an_image_is_found_by_tag_and_by_digest_and_its_layer_streams() {
    let stored = Arc::new(Stored::new());
    let served = Arc::clone(&stored);
    let registry = FakeRegistry::start(move |request, _| served.answer(&request.path));
    let digest = Digest::sha256_of(&stored.manifest);
    for name in [
        "app:1".to_owned(),
        format!("app@{digest}"),
        format!("app:gone@{digest}"),
    ] {
        let image = registry.open(&name, &options()).expect(&name);
        assert_eq!(image.name, format!("{}/{name}", registry.host));
        assert_eq!(image.manifest_digest, Some(digest));
        assert_eq!(image.config_digest, Some(Digest::sha256_of(&stored.config)));
        assert_eq!(image.config.config.user, "app");
        assert_eq!(image.layers[0].size, Some(stored.layer.len() as u64));
        assert!(layer_of(&image).expect("the layer") == stored.layer);
    }
}

#[test]
fn limits_and_server_errors_pass_when_asked_again() {
    for status in [429, 500, 502, 503, 504] {
        let stored = Stored::new();
        let registry = FakeRegistry::start(move |request, earlier| match earlier {
            0 | 1 => Reply::status(status).header("Retry-After", 0),
            _ => stored.answer(&request.path),
        });
        registry.open("app:1", &options()).expect("the third time");
    }
}

#[test]
fn retry_after_is_waited_for_and_given_up_if_it_is_too_long() {
    let stored = Stored::new();
    let registry =
        FakeRegistry::start(
            move |request, earlier| match (earlier, request.path.contains("/2")) {
                (_, true) => Reply::status(429).header("Retry-After", 3600),
                (0, _) if request.path.contains("manifests") => {
                    Reply::status(429).header("Retry-After", 1)
                }
                _ => stored.answer(&request.path),
            },
        );
    let begin = std::time::Instant::now();
    registry.open("app:1", &options()).expect("after a second");
    assert!(begin.elapsed() >= Duration::from_secs(1));
    let error = registry.refuses("app:2", &options());
    assert!(
        matches!(error, SourceError::RateLimited { wait: Some(_), .. }),
        "{error}"
    );
    assert!(error.to_string().contains("3600 s"), "{error}");
    assert_eq!(
        registry
            .paths()
            .iter()
            .filter(|path| path.contains("/2"))
            .count(),
        1
    );
}

#[test]
fn attempts_end_and_the_last_answer_is_told() {
    let registry = FakeRegistry::start(|_, _| Reply {
        status: 503,
        ..Reply::body(r#"{"errors": [{"code": "UNAVAILABLE", "message": "maintenance\u001b[0m"}]}"#)
    });
    let error = registry.refuses("app:1", &options());
    assert_eq!(registry.paths().len(), 3);
    assert!(
        error.to_string().contains("503") && error.to_string().contains("maintenance\\u{1b}"),
        "{error}"
    );

    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let nobody: Reference = format!("{free}/app:1").parse().expect("a reference");
    let error = open(&nobody, &options()).err().expect("nobody listens");
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
}

#[test]
fn wrong_digests_of_manifest_and_config_are_refused() {
    let stored = Stored::new();
    let digest = Digest::sha256_of(&stored.manifest);
    let registry = FakeRegistry::start(move |request, _| {
        let mut reply = stored.answer(&request.path);
        if request.path.contains("manifests/sha256") {
            reply.body.push(b' ');
            reply.headers.clear();
        } else if request.path == "/v2/app/manifests/1" {
            // The tag is told truly, its config is not.
        } else {
            reply.body.push(b' ');
        }
        reply
    });
    for (name, what) in [
        (format!("app@{digest}"), "manifest"),
        ("app:1".to_owned(), "config"),
    ] {
        let error = registry.refuses(&name, &options());
        assert!(
            matches!(&error, SourceError::WrongDigest { what: found, .. } if found.contains(what)),
            "{error}"
        );
    }
    let claims = FakeRegistry::start(|_, _| {
        Reply::body("{}").header("Docker-Content-Digest", Digest::sha256_of(b"another"))
    });
    assert!(matches!(
        claims.refuses("app:1", &options()),
        SourceError::WrongDigest { .. }
    ));
}

#[test]
fn a_platform_is_chosen_from_the_index_and_a_missing_one_lists_what_there_is() {
    let stored = Stored::new();
    let index = |architectures: &[&str]| {
        let entry = |architecture: &&str| {
            let mut entry = descriptor(
                "application/vnd.oci.image.manifest.v1+json",
                &stored.manifest,
            );
            entry["platform"] = json!({"os": "linux", "architecture": architecture});
            entry
        };
        let manifests: Vec<_> = architectures.iter().map(entry).collect();
        json!({"schemaVersion": 2, "manifests": manifests}).to_string()
    };
    let (index, digest) = (
        index(&["arm64", "unknown", "amd64"]),
        Digest::sha256_of(&stored.manifest),
    );
    let registry = FakeRegistry::start(move |request, _| match request.path.as_str() {
        "/v2/app/manifests/all" => Reply::body(index.clone()),
        path => stored.answer(path),
    });
    let image = registry.open("app:all", &options()).expect("an image");
    assert_eq!(image.manifest_digest, Some(digest));
    let on = |platform: &str| SourceOptions {
        platform: platform.parse::<Platform>().ok(),
        ..options()
    };
    let error = registry.refuses("app:all", &on("linux/s390x"));
    assert!(
        error
            .to_string()
            .contains("offered for linux/amd64, linux/arm64, linux/unknown"),
        "{error}"
    );
    assert!(matches!(
        registry.refuses("app:1", &on("linux/arm64")),
        SourceError::NoSuchPlatform { .. }
    ));
}

#[test]
fn what_is_not_there_or_no_image_or_too_large_is_told_apart() {
    let registry = FakeRegistry::start(|request, _| match request.path.rsplit('/').next() {
        Some("old") => Reply::body(r#"{"schemaVersion": 1, "fsLayers": []}"#),
        Some("chart") => Reply::body(
            r#"{"schemaVersion": 2, "layers": [], "config": {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": "x", "size": 1}}"#,
        ),
        Some("endless") => Reply::body(vec![b' '; (8 << 20) + 1]),
        Some("nonsense") => Reply::body("<html>"),
        _ => Reply::status(404),
    });
    let error = |tag: &str| registry.refuses(&format!("app:{tag}"), &options());
    assert!(matches!(error("gone"), SourceError::NoSuchManifest { .. }));
    assert!(matches!(error("old"), SourceError::SchemaOne { .. }));
    assert!(matches!(error("chart"), SourceError::NotAnImage { .. }));
    assert!(matches!(error("endless"), SourceError::TooLarge { .. }));
    assert!(matches!(error("nonsense"), SourceError::Malformed { .. }));
}
