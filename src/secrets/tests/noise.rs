//! What looks like a secret and is none, and what is one but public.

use super::{engine, likely, scan, token};
use crate::model::Confidence;

fn hits_of(text: &str) -> Vec<(String, Confidence)> {
    let engine = engine();
    let facts = scan(&engine, "srv/app/settings", text.as_bytes(), text.len());
    facts
        .secrets
        .into_iter()
        .map(|hit| (hit.rule, hit.confidence))
        .collect()
}

#[test]
fn hashes_uuids_public_keys_and_certificates_are_no_secrets() {
    for text in [
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709  empty",
        "\"integrity\": \"sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==\"",
        "id = 7d444840-9dc0-11d1-b245-5ffdce74fad2",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl user@host",
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUFz\n-----END CERTIFICATE-----\n",
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBFz\n-----END PGP PUBLIC KEY BLOCK-----\n",
        "https://registry.internal:5000/@scope/package@1.0.0",
        "git clone https://git.internal/a:b@c",
    ] {
        assert_eq!(hits_of(text), [], "{text}");
    }
}

#[test]
fn placeholders_are_no_secrets_and_careless_passwords_are_possible_ones() {
    for value in [
        "${PASSWORD}",
        "$PASSWORD",
        "<password>",
        "{{ password }}",
        "%s",
        "xxxxxxxx",
        "00000000",
        "***",
    ] {
        assert_eq!(
            hits_of(&format!("redis://app:{value}@cache.internal/0")),
            [],
            "{value}"
        );
    }
    for value in ["changeme", "password", "redis", "1234"] {
        let expected = [("database/redis-uri".to_owned(), Confidence::Possible)];
        assert_eq!(
            hits_of(&format!("redis://app:{value}@cache.internal/0")),
            expected,
            "{value}"
        );
    }
}

#[test]
fn material_that_is_published_is_possible_and_never_hidden() {
    let (engine, text) = (engine(), token(1));
    for path in [
        "usr/lib/python3/test/keys",
        "usr/local/go/src/crypto/testdata/keys",
        "usr/share/doc/app/keys",
    ] {
        let facts = scan(&engine, path, text.as_bytes(), text.len());
        assert_eq!(facts.secrets.len(), 1, "{path}");
        assert_eq!(facts.secrets[0].confidence, Confidence::Possible, "{path}");
    }
    let facts = scan(&engine, "srv/testimony/keys", text.as_bytes(), text.len());
    assert_eq!(
        likely(&facts.secrets),
        [("github/personal-access-token", Confidence::Proven)]
    );
}

#[test]
fn texts_of_the_image_config_are_searched_like_files() {
    let text = format!("TOKEN={}", token(1));
    let facts = engine().scan_text(text.as_bytes());
    assert_eq!(
        likely(&facts.secrets),
        [("github/personal-access-token", Confidence::Proven)]
    );
    assert_eq!(facts.secrets[0].redacted, "ghp_…[40 characters]");
    assert_eq!(facts.secrets[0].line, 1);
}
