use super::*;
use crate::signing::Algorithm;

const TYPE: &str = "application/example+json";
const BOTH: [Algorithm; 2] = [Algorithm::Ed25519, Algorithm::EcdsaP256];

fn key(algorithm: Algorithm) -> SigningKey {
    let new = SigningKey::generate(algorithm).expect("a key");
    SigningKey::parse(new.private_pem.as_bytes(), "new").expect("its PEM")
}

#[test]
fn the_bytes_that_are_signed_are_those_of_the_specification() {
    // The example of DSSE's protocol.md.
    let signed = to_be_signed("http://example.com/HelloWorld", b"hello world");
    assert_eq!(
        signed,
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn what_a_key_signed_is_verified_by_its_public_half_after_a_way_through_json() {
    for algorithm in BOTH {
        let key = key(algorithm);
        let envelope = Envelope::sign(TYPE, b"payload", &key).expect("signed");
        let read = Envelope::parse(&envelope.to_json()).expect("an envelope");
        assert_eq!(read, envelope);
        let public = VerifyingKey::parse(key.public().to_pem().as_bytes(), "pub").expect("PEM");
        assert_eq!(public, *key.public());
        let payload = read.verify(TYPE, &public).expect("verified");
        assert_eq!(payload, b"payload");
    }
}

#[test]
fn each_way_to_be_wrong_has_an_error_of_its_own() {
    for algorithm in BOTH {
        let key = key(algorithm);
        let public = key.public();
        let good = Envelope::sign(TYPE, b"payload", &key).expect("signed");
        let altered = Envelope {
            payload: b"pay1oad".to_vec(),
            ..good.clone()
        };
        assert!(matches!(
            altered.verify(TYPE, public),
            Err(SigningError::Altered { .. })
        ));
        let moved = Envelope {
            payload_type: "other".to_owned(),
            ..good.clone()
        };
        assert!(matches!(
            moved.verify(TYPE, public),
            Err(SigningError::OtherType { .. })
        ));
        assert!(matches!(
            moved.verify("other", public),
            Err(SigningError::Altered { .. })
        ));
        let unsigned = Envelope {
            signatures: Vec::new(),
            ..good.clone()
        };
        assert!(matches!(
            unsigned.verify(TYPE, public),
            Err(SigningError::NoSignature)
        ));
        for other in BOTH {
            let other = SigningKey::generate(other).expect("a key").public;
            let error = good.verify(TYPE, &other).expect_err("another key");
            let SigningError::OtherKey { wanted, found } = error else {
                panic!("{error}");
            };
            assert_eq!((wanted, found), (other.id(), public.id()));
        }
    }
}

#[test]
fn an_envelope_of_broken_json_or_base64_is_refused_and_each_says_which() {
    let text = |payload: &str, signature: &str| {
        format!(
            r#"{{"payload":"{payload}","payloadType":"t","signatures":[{{"sig":"{signature}"}}]}}"#
        )
    };
    let refused = |text: &str| Envelope::parse(text.as_bytes()).expect_err("refused");
    assert!(matches!(
        refused("{}"),
        SigningError::MalformedEnvelope { .. }
    ));
    let payload = refused(&text("*", "AA=="));
    assert!(matches!(
        payload,
        SigningError::MalformedBase64 { field: "payload" }
    ));
    let signature = refused(&text("AA==", "A"));
    assert!(matches!(
        signature,
        SigningError::MalformedBase64 { field: "signature" }
    ));
    let one = r#"{"sig":""}"#;
    let many = vec![one; MOST_SIGNATURES + 1].join(",");
    let many = format!(r#"{{"payload":"","payloadType":"t","signatures":[{many}]}}"#);
    assert!(matches!(
        refused(&many),
        SigningError::MalformedEnvelope { .. }
    ));
}

#[test]
fn either_alphabet_of_base64_is_read_and_no_key_id_is_needed() {
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    let key = key(Algorithm::Ed25519);
    let payload = [0xfb, 0xff, 0xfe, 1];
    let envelope = Envelope::sign(TYPE, &payload, &key).expect("signed");
    let signature = &envelope.signatures.first().expect("one").bytes;
    let text = serde_json::json!({
        "payload": BASE64_URL_SAFE_NO_PAD.encode(payload),
        "payloadType": TYPE,
        "signatures": [{"sig": BASE64_URL_SAFE_NO_PAD.encode(signature)}],
    });
    let read = Envelope::parse(text.to_string().as_bytes()).expect("an envelope");
    assert_eq!(read.verify(TYPE, key.public()).expect("verified"), payload);
}

/// OpenSSL as somebody else who knows the forms; `None` where there is none.
fn openssl(folder: &std::path::Path, arguments: &[&str]) -> Option<bool> {
    let run = std::process::Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .output();
    let run = run.inspect_err(|_| println!("skipped: this machine has no openssl"));
    Some(run.ok()?.status.success())
}

fn write(path: &std::path::Path, bytes: &[u8]) {
    use std::io::Write as _;
    let mut file = std::fs::File::create(path).expect("a file");
    file.write_all(bytes).expect("written");
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signatures() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    for algorithm in BOTH {
        let new = SigningKey::generate(algorithm).expect("a key");
        write(&folder.join("key"), new.private_pem.as_bytes());
        let derived = openssl(
            folder,
            &["pkey", "-in", "key", "-pubout", "-out", "key.pub"],
        );
        let Some(derived) = derived else { return };
        assert!(derived, "{algorithm}: openssl reads the key");
        let public = VerifyingKey::open(&folder.join("key.pub")).expect("its public half");
        assert_eq!(public, new.public);
        let key = SigningKey::open(&folder.join("key")).expect("the key");
        let envelope = Envelope::sign(TYPE, b"payload", &key).expect("signed");
        let signature = &envelope.signatures.first().expect("one").bytes;
        write(&folder.join("sig"), signature);
        write(&folder.join("message"), &to_be_signed(TYPE, b"payload"));
        let verify: &[&str] = match algorithm {
            Algorithm::Ed25519 => &[
                "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pub", "-in", "message",
                "-sigfile", "sig",
            ],
            Algorithm::EcdsaP256 => &[
                "dgst",
                "-sha256",
                "-verify",
                "key.pub",
                "-signature",
                "sig",
                "message",
            ],
        };
        assert_eq!(openssl(folder, verify), Some(true), "{algorithm}");
        write(&folder.join("message"), &to_be_signed(TYPE, b"pay1oad"));
        assert_eq!(openssl(folder, verify), Some(false), "{algorithm}");
    }
}

#[test]
fn keys_that_openssl_made_sign_and_those_under_a_password_or_of_other_kinds_are_refused() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path();
    let make = |algorithm: &[&str], out: &str| {
        let arguments = [&["genpkey"], algorithm, &["-out", out]].concat();
        openssl(folder, &arguments)
    };
    let p256 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let p384 = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"];
    for (kind, name) in [(&["-algorithm", "ed25519"][..], "ed"), (&p256[..], "ec")] {
        let Some(is_made) = make(kind, name) else {
            return;
        };
        assert!(is_made, "{name}");
        let public = format!("{name}.pub");
        assert_eq!(
            openssl(folder, &["pkey", "-in", name, "-pubout", "-out", &public]),
            Some(true)
        );
        let key = SigningKey::open(&folder.join(name)).expect("openssl's key");
        let public = VerifyingKey::open(&folder.join(&public)).expect("its public half");
        let envelope = Envelope::sign(TYPE, b"payload", &key).expect("signed");
        assert!(envelope.verify(TYPE, &public).is_ok(), "{name}");
    }
    let under_password = [&p256[..], &["-aes256", "-pass", "pass:word"]].concat();
    assert_eq!(make(&under_password, "locked"), Some(true));
    assert!(matches!(
        SigningKey::open(&folder.join("locked")),
        Err(SigningError::Encrypted { .. })
    ));
    assert_eq!(make(&p384, "p384"), Some(true));
    assert!(matches!(
        SigningKey::open(&folder.join("p384")),
        Err(SigningError::UnknownKey { .. })
    ));
}

proptest::proptest! {
    #[test]
    fn any_text_is_an_envelope_or_an_error(payload in ".{0,20}", sig in ".{0,20}", rest in ".{0,20}") {
        let json = serde_json::json!({"payload": payload, "payloadType": rest, "signatures": [{"sig": sig}]});
        if let Ok(envelope) = Envelope::parse(json.to_string().as_bytes()) {
            let key = SigningKey::generate(Algorithm::Ed25519).expect("a key").public;
            proptest::prop_assert!(envelope.verify(TYPE, &key).is_err());
        }
        let _ = Envelope::parse(rest.as_bytes());
        let _ = VerifyingKey::parse(rest.as_bytes(), "k");
        let _ = SigningKey::parse(sig.as_bytes(), "k");
    }
}
