//! The published schema against real evidence, and the schema against itself: it must be able to refuse.

use serde_json::{Value, json};

use crate::env::{Env, shared};

fn validator() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schema/evidence-v1.schema.json"))
            .expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

fn faults(evidence: &Value) -> Vec<String> {
    validator()
        .iter_errors(evidence)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// Evidence with a vulnerability, a secret in a layer and in the config, and gaps.
fn evidence() -> Value {
    let env = Env::new();
    crate::secrets::image()
        .layer("ADD", |layer| {
            layer
                .file("etc/os-release", "ID=alpine\nVERSION_ID=3.10.4\n")
                .file(
                    "lib/apk/db/installed",
                    "P:musl\nV:1.1.22-r3\nA:x86_64\nL:MIT\no:musl\n\n",
                )
                .file("x.dist-info/METADATA", "broken")
        })
        .write_layout(&env.path("layout"));
    env.scan(&env.path("layout").display().to_string(), &[])
        .expect_code(1)
        .evidence()
}

#[test]
fn evidence_validates_against_its_published_schema() {
    let evidence = evidence();
    let kinds: Vec<_> = evidence["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| f["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("secret")) && kinds.contains(&json!("vulnerability")));
    assert!(
        evidence["gaps"]
            .as_array()
            .is_some_and(|gaps| gaps.len() > 1)
    );
    assert_eq!(faults(&evidence), [""; 0]);
}

#[test]
fn the_schema_refuses_what_the_document_does_not_say() {
    let mut unknown = evidence();
    unknown["clock"] = json!("2026-11-24");
    assert_eq!(faults(&unknown).len(), 1);
    let mut wrong = evidence();
    wrong["verdict"] = json!("fine");
    wrong["findings"][0]["severity"] = json!("severe");
    assert_eq!(faults(&wrong).len(), 2);
}

#[test]
fn evidence_of_a_real_image_validates() {
    let Some(archive) = shared("fixtures/images/alpine-3.10.docker-archive.tar.gz") else {
        return;
    };
    let env = Env::new();
    assert_eq!(
        faults(&env.scan(&archive.display().to_string(), &[]).evidence()),
        [""; 0]
    );
}
