use std::io::Write;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;

use plimsoll::model::limits::read_at_most;
use serde_json::Value;

use super::{Voyage, bytes, get};
use crate::env::{Env, Run};

#[test]
fn with_a_key_only_what_it_signed_is_taken() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    for kind in ["ed25519", "ecdsa-p256"] {
        let (key, public) = voyage.key(kind, &["--algorithm", kind]);
        let (_, other) = voyage.key(&format!("other-{kind}"), &[]);
        let refused = |public: &str, reason: &str| {
            let run = voyage.pull(&["--verify-key", public]).expect_code(3);
            assert!(run.stderr.contains(reason), "{run:?}");
            assert!(run.stderr.contains("nothing was changed"), "{run:?}");
            assert!(!voyage.store().exists(), "no store was made");
        };
        voyage.push(&[]).expect_code(0);
        refused(&public, "is not signed");
        voyage.push(&["--key", &key]).expect_code(0);
        refused(&other, "by another key");
        let pulled = voyage.pull(&["--verify-key", &public]).expect_code(0);
        assert!(pulled.stderr.contains("signed by key"), "{pulled:?}");
        std::fs::remove_file(voyage.store()).expect("the store");
        let mut by_variable = voyage.env.command();
        by_variable.env("PLIMSOLL_DB_KEY", &other);
        let run = by_variable
            .args(["db", "pull", &voyage.reference()])
            .output();
        let run = Run::from(run.expect("the binary runs")).expect_code(3);
        assert!(run.stderr.contains("by another key"), "{run:?}");
    }
}

#[test]
fn a_signature_of_another_state_is_refused() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let (key, public) = voyage.key("key", &[]);
    voyage
        .push(&["--key", &key, "--source", "npm"])
        .expect_code(0);
    let path = "/v2/advisories/manifests/latest";
    let signed = get(&voyage.registry.address, path);
    let signed: Value = serde_json::from_slice(&signed).expect("a manifest");
    voyage.push(&["--source", "pypi"]).expect_code(0);
    let unsigned = get(&voyage.registry.address, path);
    let mut mixed: Value = serde_json::from_slice(&unsigned).expect("a manifest");
    let envelope = signed["layers"][1].clone();
    mixed["layers"]
        .as_array_mut()
        .expect("layers")
        .push(envelope);
    put_manifest(&voyage.registry.address, &mixed.to_string());
    let refused = voyage.pull(&["--verify-key", &public]).expect_code(3);
    assert!(
        refused.stderr.contains("about another state"),
        "{refused:?}"
    );
    voyage.pull(&[]).expect_code(0);
}

fn put_manifest(address: &str, manifest: &str) {
    let mut stream = TcpStream::connect(address).expect("the registry");
    let request = format!(
        "PUT /v2/advisories/manifests/latest HTTP/1.0\r\nHost: {address}\r\n\
         Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n{manifest}",
        manifest.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let answer = read_at_most(stream, 1 << 20).expect("an answer");
    assert!(
        answer.starts_with(b"HTTP/1.0 201"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn a_new_key_is_its_owner_s_alone_and_no_file_is_overwritten() {
    let env = Env::new();
    let key = env.path("key").display().to_string();
    let run = env.run(&["key", "new", &key]).expect_code(0);
    assert!(run.stdout.starts_with("key "), "{run:?}");
    let mode = |name: &str| {
        let file = std::fs::metadata(env.path(name)).expect("a file");
        file.permissions().mode() & 0o777
    };
    assert_eq!(mode("key"), 0o600);
    let before = bytes(&env.path("key"));
    assert!(before.starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert!(bytes(&env.path("key.pub")).starts_with(b"-----BEGIN PUBLIC KEY-----"));
    let again = env.run(&["key", "new", &key]).expect_code(3);
    assert!(again.stderr.contains("never overwritten"), "{again:?}");
    std::fs::remove_file(env.path("key.pub")).expect("removed");
    env.run(&["key", "new", &key]).expect_code(3);
    assert_eq!(bytes(&env.path("key")), before);
    assert!(!env.path("key.pub").exists(), "no half of another key");
}
