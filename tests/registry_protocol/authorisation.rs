//! Challenges, tokens, passwords.

use std::io::Write;
use std::sync::{Arc, Mutex};

use plimsoll::source::SourceOptions;
use serde_json::json;

use super::fake::{FakeRegistry, Reply};
use super::{ALICE, Stored, layer_of, options, with_password};

#[test]
fn a_challenge_is_answered_with_a_token_that_all_later_requests_carry() {
    let stored = Stored::new();
    let realm = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&realm);
    let registry = FakeRegistry::start(move |request, _| {
        if request.path.starts_with("/token") {
            return match request.header("authorization") {
                Some(ALICE) => Reply::body(r#"{"token": "for-alice"}"#),
                None => Reply::body(r#"{"access_token": "for-nobody"}"#),
                Some(_) => Reply::status(401),
            };
        }
        match request.header("authorization") {
            Some("Bearer for-alice") => stored.answer(&request.path),
            Some("Bearer for-nobody") => Reply::status(403),
            _ => Reply::status(401).header("WWW-Authenticate", told.lock().expect("the realm")),
        }
    });
    let challenge = format!(
        "Bearer realm=\"http://{}/token\",service=\"the registry\"",
        registry.host
    );
    realm.lock().expect("the realm").push_str(&challenge);

    let image = registry.open("app:1", &with_password()).expect("let in");
    layer_of(&image).expect("the layer");
    let paths = registry.paths();
    assert_eq!(
        paths.len(),
        5,
        "one challenge, one token, manifest, config, layer: {paths:?}"
    );
    assert_eq!(
        paths[1],
        "/token?service=the+registry&scope=repository%3Aapp%3Apull"
    );

    let refused = registry.refuses("app:1", &options());
    assert!(
        refused.to_string().contains("an anonymous user"),
        "{refused}"
    );
    assert!(
        refused
            .hint()
            .is_some_and(|hint| hint.contains("docker login"))
    );
}

#[test]
fn a_token_that_expires_is_renewed_in_the_middle() {
    let stored = Stored::new();
    let host = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&host);
    let layer = stored.layer_path();
    let registry = FakeRegistry::start(move |request, earlier| {
        if request.path.starts_with("/token") {
            return Reply::body(format!("{{\"token\": \"number-{earlier}\"}}"));
        }
        let wanted = if request.path == layer {
            "Bearer number-1"
        } else {
            "Bearer number-0"
        };
        if request.header("authorization") == Some(wanted) {
            return stored.answer(&request.path);
        }
        let realm = format!(
            "Bearer realm=\"http://{}/token\"",
            told.lock().expect("the host")
        );
        Reply::status(401).header("WWW-Authenticate", realm)
    });
    registry
        .host
        .clone_into(&mut host.lock().expect("the host"));
    let image = registry.open("app:1", &options()).expect("an image");
    layer_of(&image).expect("the layer");
}

#[test]
fn an_identity_token_is_redeemed_and_never_sent_as_a_password() {
    let stored = Stored::new();
    let host = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&host);
    let registry = FakeRegistry::start(move |request, _| match request.header("authorization") {
        None if request.path == "/token" && request.method == "POST" => {
            let is_asked = request.body.contains("grant_type=refresh_token")
                && request.body.contains("refresh_token=my-refresh");
            if is_asked {
                Reply::body(r#"{"access_token": "fresh"}"#)
            } else {
                Reply::status(400)
            }
        }
        Some("Bearer fresh") => stored.answer(&request.path),
        _ => {
            let realm = format!(
                "Bearer realm=\"http://{}/token\"",
                told.lock().expect("the host")
            );
            Reply::status(401).header("WWW-Authenticate", realm)
        }
    });
    registry
        .host
        .clone_into(&mut host.lock().expect("the host"));
    let folder = tempfile::tempdir().expect("a folder");
    let config = json!({"auths": {&registry.host: {"identitytoken": "my-refresh"}}});
    let mut file = std::fs::File::create(folder.path().join("config.json")).expect("a file");
    file.write_all(config.to_string().as_bytes())
        .expect("written");
    let stored_login = SourceOptions {
        docker_config: Some(folder.path().into()),
        ..options()
    };
    registry
        .open("app:1", &stored_login)
        .expect("let in by token");
}

#[test]
fn a_password_goes_out_only_when_asked_and_is_not_repeated_when_refused() {
    let stored = Stored::new();
    let registry = FakeRegistry::start(move |request, _| match request.header("authorization") {
        Some(ALICE) if request.path.starts_with("/v2/app/") => stored.answer(&request.path),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    registry.open("app:1", &with_password()).expect("let in");
    let first = &registry.requests()[0];
    assert_eq!(first.header("authorization"), None);

    let before = registry.paths().len();
    let refused = registry.refuses("other:1", &with_password());
    assert!(
        refused.to_string().contains("user alice") && !refused.to_string().contains("pass"),
        "{refused}"
    );
    assert_eq!(
        registry.paths().len() - before,
        2,
        "asked once without and once with the password"
    );
}

#[test]
fn an_authorisation_never_follows_a_redirect_to_another_host() {
    let stored = Arc::new(Stored::new());
    let served = Arc::clone(&stored);
    let storage = FakeRegistry::start(move |request, _| served.answer(&request.path));
    let (elsewhere, served) = (storage.host.clone(), Arc::clone(&stored));
    let registry = FakeRegistry::start(move |request, _| match request.header("authorization") {
        Some(ALICE) if request.path == served.layer_path() => {
            Reply::status(307).header("Location", format!("http://{elsewhere}{}", request.path))
        }
        Some(ALICE) => served.answer(&request.path),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    let image = registry.open("app:1", &with_password()).expect("an image");
    assert!(layer_of(&image).expect("the layer") == stored.layer);
    assert_eq!(storage.requests()[0].header("authorization"), None);
}
