//! What is not known, broken, of a wrong type, or not run by the engine.

use super::*;

#[test]
fn unknown_keys_are_kept_and_named_with_their_place() {
    let text = "servces: {}\nservices:\n  web:\n    image: x\n    priviledged: true\n    volumes: [{type: bind, source: /a, target: /b, readonly: true}]\n    deploy: {resources: {limits: {cpu: 1}}}\n";
    let spec = one(text);
    let keys: Vec<_> = spec
        .unknown_keys
        .iter()
        .map(|key| (key.key.as_str(), key.at.line))
        .collect();
    assert_eq!(
        keys,
        [
            ("servces", Some(1)),
            ("services.web.priviledged", Some(5)),
            ("services.web.volumes[0].readonly", Some(6)),
            ("services.web.deploy.resources.limits.cpu", Some(7)),
        ]
    );
}

#[test]
fn broken_yaml_is_told_with_its_line_and_column() {
    let error = refused("services:\n  web: [\n  x: }\n");
    assert!(
        error.starts_with("compose.yaml: line 3, column "),
        "{error}"
    );
    let around = given(&[("b.yml", "services: {a: [}")]);
    let error = all(
        &["services: {web: {extends: {file: b.yml, service: a}}}"],
        &around,
    )
    .expect_err("broken");
    assert!(
        error.to_string().starts_with("b.yml: line 1, column "),
        "{error}"
    );
}

#[test]
fn values_of_a_wrong_type_are_told_with_field_line_and_column() {
    for (lines, reason) in [
        (
            "cap_add: ALL",
            "compose.yaml: line 4: column 14: `services.web.cap_add` takes a list, and is a text",
        ),
        (
            "privileged: [x]",
            "compose.yaml: line 4: column 17: `services.web.privileged` takes true or false, and is a list",
        ),
        (
            "pids_limit: many",
            "compose.yaml: line 4: column 17: `services.web.pids_limit` takes a whole number, and is a text",
        ),
        (
            "volumes: {a: b}",
            "compose.yaml: line 4: column 14: `services.web.volumes` takes a list, and is a mapping",
        ),
        (
            "environment: 5",
            "compose.yaml: line 4: column 18: `services.web.environment` takes a mapping or a list, and is a text",
        ),
        (
            "ports: [x]",
            "compose.yaml: line 4: column 13: `services.web.ports[0]` is no port that is published",
        ),
        (
            "image: y",
            "compose.yaml: line 4: column 5: the key `image` is there twice",
        ),
        (
            "hostname: ${",
            "compose.yaml: line 4: column 15: `services.web.hostname`: `${` is not closed by `}`",
        ),
    ] {
        assert_eq!(
            refused(&format!("services:\n  web:\n    image: x\n    {lines}\n")),
            reason
        );
    }
    assert_eq!(
        refused("services: [a]"),
        "compose.yaml: line 1: column 11: `services` takes a mapping, and is a list"
    );
}

#[test]
fn a_file_without_services_is_refused_and_one_of_version_1_read_with_a_gap() {
    assert!(refused("volumes: {a: }").contains("line 1: `services` is missing"));
    assert!(refused("").contains("`services` is missing"));
    assert!(refused("- a").contains("a Compose file is a mapping"));
    let settings = all(
        &["web:\n  image: x\n  privileged: true\n"],
        &Given::default(),
    )
    .expect("version 1");
    assert_eq!(settings.specs[0].privileged.value(), Some(&true));
    assert!(
        settings.gaps[0]
            .value
            .contains("put its services under `services:`")
    );
}

#[test]
fn what_is_not_run_by_the_engine_or_built_here_is_said() {
    let settings = all(&["services: {a: {provider: {type: x}}, b: {build: .}, c: {image: x, post_start: [{command: y, privileged: true}]}}"], &Given::default()).expect("a file");
    assert_eq!(settings.specs.len(), 2);
    assert!(settings.gaps[0].value.contains("provider"));
    assert!(settings.specs[0].gaps[0].value.contains("built here"));
    assert!(settings.specs[1].gaps[0].value.contains("hook"));
}
