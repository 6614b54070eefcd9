//! Several files and what they share: variables, merging, `extends`, `include`, profiles, anchors.

use super::*;

#[test]
fn environment_goes_over_env_files_and_a_missing_one_is_a_gap() {
    let around = given(&[("a.env", "A=file\nB=file\n"), ("c.env", "C=c\n")]);
    let text = "services:\n  web:\n    image: x\n    env_file: [a.env, {path: gone.env, required: false}, {path: lost.env}, c.env]\n    environment: {A: of-its-own, D: }\n";
    let spec = all(&[text], &around).expect("a file").specs.remove(0);
    let values: Vec<_> = spec
        .environment
        .iter()
        .map(|v| (v.name.as_str(), v.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [
            ("A", Some("of-its-own")),
            ("B", Some("file")),
            ("C", Some("c")),
            ("D", None)
        ]
    );
    assert_eq!(
        words(&spec.gaps),
        ["the env file lost.env could not be read: no such file"]
    );
    assert_eq!(spec.gaps[0].at.line, Some(4));
    assert!(!format!("{spec:?}").contains("of-its-own"));
}

#[test]
fn variables_come_from_the_caller_and_from_the_env_file() {
    let mut around = given(&[(".env", "TAG=1\nUSER=file\n")]);
    around.variables.insert("USER", "caller");
    let text = "services:\n  web:\n    image: nginx:${TAG}\n    user: $USER\n    privileged: ${P:-true}\n    pids_limit: ${N}\n    hostname: $$x\n";
    let spec = all(&[text], &around).expect("a file").specs.remove(0);
    assert_eq!(spec.image.value().map(String::as_str), Some("nginx:1"));
    assert_eq!(
        spec.account.user.value().map(String::as_str),
        Some("caller")
    );
    assert_eq!(spec.privileged.value(), Some(&true));
    assert_eq!(
        spec.limits.pids.unknown(),
        Some("the variable N has no value")
    );
}

#[test]
fn a_variable_without_a_value_makes_only_its_piece_unknown() {
    let spec = service(
        "volumes: ['${DATA}:/data', '/x:/y:${MODE}', '$ALL']\n    ports: ['${PORT}:80', '${IP}:80:80']\n    environment: ['A=${X}']\n    cap_drop: ['$CAPS']\n    security_opt: ['no-new-privileges:${NNP}']\n    user: ${UID}:5",
    );
    assert_eq!(
        spec.mounts[0].source.unknown(),
        Some("the variable DATA has no value")
    );
    assert_eq!(
        spec.mounts[0].target.value().map(String::as_str),
        Some("/data")
    );
    assert_eq!(
        spec.mounts[1].source.value().map(String::as_str),
        Some("/x")
    );
    assert!(spec.mounts[1].read_only.unknown().is_some());
    assert!(spec.mounts[2].target.unknown().is_some());
    assert_eq!((spec.ports.len(), spec.ports[0].host_port), (1, None));
    assert_eq!(spec.gaps.len(), 2);
    assert_eq!(
        (
            spec.environment[0].name.as_str(),
            &spec.environment[0].value
        ),
        ("A", &None)
    );
    assert_eq!(
        spec.capabilities.unknown.as_deref(),
        Some("the variable CAPS has no value")
    );
    assert!(spec.no_new_privileges.unknown().is_some() && spec.confinement.seccomp.is_absent());
    assert!(spec.account.user.unknown().is_some());
    assert_eq!(spec.account.group.value().map(String::as_str), Some("5"));
}

#[test]
fn files_are_merged_as_compose_merges_them() {
    let base = "services:\n  web:\n    image: x\n    cap_add: [A]\n    command: [a]\n    environment: {X: '1', Y: '1'}\n    volumes: ['a:/d', 'k:/e']\n    ports: ['80:80']\n    dns: 1.1.1.1\n    security_opt: [seccomp=unconfined]\n    privileged: true\n    logging: {driver: a, options: {x: y}}\n";
    let over = "services:\n  web:\n    cap_add: [A, B]\n    command: [b]\n    environment: [Y=2, Z=3]\n    volumes: [{type: bind, source: /b, target: /d}]\n    ports: ['80:80', '81:80']\n    dns: [2.2.2.2]\n    security_opt: !override [no-new-privileges]\n    privileged: !reset null\n    logging: {driver: b}\n";
    let mut settings = all(&[base, over], &Given::default()).expect("files");
    let spec = settings.specs.remove(0);
    assert_eq!(words(&spec.capabilities.added), ["A", "B"]);
    assert_eq!(spec.command.value().expect("words"), &["b"]);
    let values: Vec<_> = spec
        .environment
        .iter()
        .map(|v| (v.name.as_str(), v.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [("X", Some("1")), ("Y", Some("2")), ("Z", Some("3"))]
    );
    assert_eq!(spec.mounts.len(), 2);
    assert_eq!(spec.mounts[0].kind, MountKind::Host);
    assert_eq!(spec.mounts[0].at.file.as_deref(), Some("override.yaml"));
    assert_eq!(spec.ports.len(), 2);
    assert!(spec.confinement.seccomp.is_absent() && spec.privileged.is_absent());
    assert_eq!(spec.no_new_privileges.value(), Some(&true));
    assert!(spec.log.value().is_some_and(|log| log.options.is_empty()));
}

#[test]
fn a_service_extends_others_of_its_file_and_of_other_files() {
    let around = given(&[
        (
            "common/base.yml",
            "services:\n  base:\n    extends: {service: root}\n    volumes: ['./d:/d']\n    env_file: b.env\n  root:\n    image: r\n    cap_add: [A]\n",
        ),
        ("common/b.env", "E=1\n"),
    ]);
    let text = "services:\n  web:\n    extends: mid\n    cap_add: [C]\n  mid:\n    extends: {file: ./common/base.yml, service: base}\n    cap_add: [B]\n";
    let settings = all(&[text], &around).expect("files");
    let web = &settings.specs[0];
    assert_eq!(web.image.value().map(String::as_str), Some("r"));
    assert_eq!(words(&web.capabilities.added), ["A", "B", "C"]);
    assert_eq!(
        web.mounts[0].source.value().map(String::as_str),
        Some("./common/d")
    );
    assert_eq!(web.environment.len(), 1);
    assert!(web.gaps.is_empty());
}

#[test]
fn cyclic_extends_is_an_error_that_names_the_cycle() {
    let text = "services:\n  a: {extends: b}\n  b:\n    extends: {service: c}\n  c: {extends: a}\n";
    let error = refused(text);
    assert_eq!(
        error,
        "compose.yaml: line 5: `services.c.extends` is a cycle: a -> b -> c -> a"
    );
    let around = given(&[
        (
            "o.yml",
            "services: {x: {extends: {file: p.yml, service: y}}}",
        ),
        (
            "p.yml",
            "services: {y: {extends: {file: o.yml, service: x}}}",
        ),
    ]);
    let error = all(
        &["services: {a: {extends: {file: o.yml, service: x}}}"],
        &around,
    )
    .expect_err("a cycle");
    assert!(
        error
            .to_string()
            .ends_with("is a cycle: x (o.yml) -> y (p.yml) -> x (o.yml)"),
        "{error}"
    );
    assert!(refused("services: {a: {extends: a}}").contains("a -> a"));
}

#[test]
fn an_extends_that_leads_nowhere_is_a_gap() {
    for (extends, gap) in [
        (
            "gone",
            "the service gone, which it extends, is not in compose.yaml",
        ),
        (
            "{service: a, file: gone.yml}",
            "gone.yml, which it extends, could not be read: no such file",
        ),
        (
            "'$WHO'",
            "what it extends is not known: the variable WHO has no value",
        ),
    ] {
        let spec = one(&format!(
            "services: {{web: {{image: x, extends: {extends}}}}}"
        ));
        assert_eq!(words(&spec.gaps), [gap], "{extends}");
    }
}

#[test]
fn included_files_are_read_with_their_own_folder_and_variables() {
    let around = given(&[
        (
            "sub/compose.yaml",
            "include: [deep.yaml]\nservices:\n  db:\n    image: pg:$TAG\n    volumes: ['./d:/d', 'v:/v']\nvolumes: {v: {driver_opts: {type: none, o: bind, device: /etc}}}\n",
        ),
        (
            "sub/deep.yaml",
            "services: {deep: {image: d}, web: {image: other}}",
        ),
        ("sub/.env", "TAG=5"),
    ]);
    let settings = all(
        &["include:\n  - sub/compose.yaml\n  - path: [gone.yaml]\nservices: {web: {image: x}}\n"],
        &around,
    )
    .expect("files");
    let names: Vec<_> = settings
        .specs
        .iter()
        .map(|spec| spec.container.name.as_str())
        .collect();
    assert_eq!(names, ["web", "db", "deep"]);
    let db = &settings.specs[1];
    assert_eq!(db.image.value().map(String::as_str), Some("pg:5"));
    assert_eq!(
        db.mounts[0].source.value().map(String::as_str),
        Some("./sub/d")
    );
    assert_eq!(
        db.mounts[1].source.value().map(String::as_str),
        Some("/etc")
    );
    assert_eq!(
        words(&settings.gaps),
        [
            "`services.web` is left out: it is there already, and included files are not merged",
            "the included file gone.yaml could not be read: no such file",
        ]
    );
}

#[test]
fn files_that_include_each_other_are_an_error() {
    let around = given(&[
        ("a.yaml", "include: [b.yaml]"),
        ("b.yaml", "include: [a.yaml]"),
    ]);
    let error = all(&["include: [a.yaml]"], &around).expect_err("a cycle");
    assert_eq!(
        error.to_string(),
        "b.yaml: line 1: the files include each other: a.yaml -> b.yaml -> a.yaml"
    );
}

#[test]
fn profiles_choose_services() {
    let text = "services: {a: {image: x}, b: {image: x, profiles: [debug]}, c: {image: x, profiles: [other]}}";
    let mut around = Given::default();
    around.profiles.push("debug");
    let names: Vec<_> = all(&[text], &around)
        .expect("a file")
        .specs
        .into_iter()
        .map(|spec| spec.container.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn anchors_merge_keys_and_own_keys_are_understood() {
    let text = "x-hard: &hard\n  read_only: true\n  hostname: $NOT\n  cap_drop: [ALL]\nservices:\n  web:\n    <<: *hard\n    image: x\n    hostname: y\n    x-own: 1\n";
    let spec = one(text);
    assert_eq!(spec.read_only_root.value(), Some(&true));
    assert_eq!(words(&spec.capabilities.dropped), ["ALL"]);
    assert!(spec.unknown_keys.is_empty());
}
