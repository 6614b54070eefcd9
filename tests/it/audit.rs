//! Runtime settings of every form, on the command line.

use serde_json::Value;

use crate::env::{Env, Run, strings};

/// The command that people learn from, which still runs as root.
const LESSON: &[&str] = &[
    "audit",
    "-o",
    "json",
    "--",
    "docker",
    "run",
    "--rm",
    "--read-only",
    "--cap-drop",
    "ALL",
    "--security-opt",
    "no-new-privileges",
    "alpine:3.20",
    "id",
];

const OPEN_COMPOSE: &str = "services:
  web:
    image: nginx
    privileged: true
    environment:
      DB_PASSWORD: correct-horse-battery
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
    ports: ['80:80']
";

const CLOSED_POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: closed, namespace: shop}
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 10001
    runAsGroup: 10001
    seccompProfile: {type: RuntimeDefault}
  containers:
  - name: app
    image: registry.example/app:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: {drop: [ALL]}
    resources:
      limits: {memory: 64Mi, cpu: 500m}
    livenessProbe: {exec: {command: [/app, health]}}
";

const OPEN_POD: &str = "apiVersion: v1
kind: Pod
metadata: {name: open}
spec:
  hostPID: true
  containers:
  - name: app
    image: app
";

fn audit(env: &Env, text: &str, name: &str, more: &[&str]) -> Run {
    let file = env.write(name, text).display().to_string();
    env.run(&[&["audit", "-o", "json", &file], more].concat())
}

/// Ids of the checks with this result.
fn with_result<'a>(evidence: &'a Value, result: &str) -> Vec<&'a str> {
    let checks = evidence["checks"].as_array().expect("checks");
    let found = checks.iter().filter(|check| check["result"] == result);
    found.filter_map(|check| check["check"].as_str()).collect()
}

fn finding<'a>(evidence: &'a Value, title: &str) -> &'a Value {
    let findings = evidence["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| {
        finding["title"]
            .as_str()
            .is_some_and(|known| known.contains(title))
    });
    found.unwrap_or_else(|| {
        panic!(
            "no finding `{title}` in {:?}",
            strings(&evidence["findings"], "title")
        )
    })
}

#[test]
fn the_lesson_of_every_tutorial_is_not_called_clean_since_its_user_is_not_known() {
    let evidence = Env::new().run(LESSON).evidence();
    let titles = strings(&evidence["findings"], "title").join("\n");
    for closed in [
        "Privileged",
        "Root file system writable",
        "Default capabilities kept",
    ] {
        assert!(!titles.contains(closed), "{closed} in {titles}");
    }
    assert_ne!(evidence["verdict"], "clean");
    let gaps = evidence["gaps"].to_string();
    assert!(
        gaps.contains("not-evaluated") && gaps.contains("image"),
        "{gaps}"
    );
}

#[test]
fn an_open_compose_file_is_told_with_file_line_and_field_and_without_its_secret() {
    let env = Env::new();
    let run = audit(&env, OPEN_COMPOSE, "compose.yaml", &[]).expect_code(1);
    assert!(!run.stdout.contains("correct-horse"), "the value is shown");
    let evidence = run.evidence();
    let privileged = finding(&evidence, "rivileged");
    assert_eq!(privileged["severity"], "critical");
    let place = &privileged["places"][0];
    assert_eq!(
        (&place["line"], &place["field"]),
        (&4.into(), &"services.web.privileged".into())
    );
    finding(&evidence, "socket");
    let ways = strings(&evidence["ways_out"], "way");
    assert!(ways.len() >= 2, "{ways:?}");
    assert_eq!(evidence["ways_out"][0]["subject"], "web");
    let table = env
        .run(&["audit", &env.path("compose.yaml").display().to_string()])
        .expect_code(1);
    for part in [
        "CRITICAL",
        "compose.yaml:4",
        "services.web.privileged",
        "not evaluated",
    ] {
        assert!(table.stdout.contains(part), "{part} in {}", table.stdout);
    }
    assert!(!table.stdout.contains("correct-horse"), "{}", table.stdout);
}

#[test]
fn a_closed_pod_is_clean_and_restricted_and_an_open_one_is_neither() {
    let env = Env::new();
    let closed = audit(&env, CLOSED_POD, "closed.yaml", &["--fail-on", "medium"]).expect_code(0);
    assert_eq!(closed.evidence()["verdict"], "clean");
    audit(
        &env,
        CLOSED_POD,
        "closed.yaml",
        &["--standard", "pss-restricted"],
    )
    .expect_code(0);
    let open = audit(&env, OPEN_POD, "open.yaml", &["--standard", "pss-baseline"]).expect_code(1);
    let standard = &open.evidence()["standards"][0];
    assert_eq!(standard["result"], "failed");
    let controls = standard["controls"].as_array().expect("controls");
    let failed: Vec<_> = controls
        .iter()
        .filter(|control| control["result"] == "failed")
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert_eq!(failed[0]["control"], "hostNamespaces");
}

#[test]
fn the_pod_security_standards_are_not_said_to_hold_for_what_is_no_pod() {
    let env = Env::new();
    let run = audit(
        &env,
        OPEN_COMPOSE,
        "compose.yaml",
        &["--standard", "pss-restricted"],
    );
    run.expect_code(4);
}

#[test]
fn what_helm_renders_is_read_from_standard_input() {
    let env = Env::new();
    let text = format!(
        "---\n# Source: shop/templates/service.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: s}}\n---\n# Source: shop/templates/pod.yaml\n{CLOSED_POD}---\n"
    );
    let mut command = env.command();
    let output = command
        .args(["audit", "--fail-on", "medium", "-"])
        .write_stdin(text)
        .output()
        .expect("the binary runs");
    Run::from(output).expect_code(0);
}

#[test]
fn broken_yaml_says_line_and_column() {
    let env = Env::new();
    let run = audit(
        &env,
        "services:\n  web:\n    image: [a\n  b: c\n",
        "compose.yaml",
        &[],
    )
    .expect_code(3);
    assert!(
        run.stderr.contains("compose.yaml") && run.stderr.contains("line 4"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("column"), "{}", run.stderr);
}

#[test]
fn a_circle_of_extends_is_an_error_that_names_it() {
    let env = Env::new();
    let text = "services:\n  a: {extends: {service: b}}\n  b: {extends: {service: a}, image: x}\n";
    let run = audit(&env, text, "compose.yaml", &[]).expect_code(3);
    assert!(run.stderr.contains("extends"), "{}", run.stderr);
}

#[test]
fn a_missing_env_file_and_a_variable_without_a_value_are_gaps() {
    let env = Env::new();
    let text = "services:\n  a:\n    image: app:${TAG}\n    env_file: missing.env\n";
    let run = audit(&env, text, "compose.yaml", &["--fail-on", "never"]).expect_code(4);
    let gaps = run.evidence()["gaps"].to_string();
    assert!(
        gaps.contains("missing.env") && gaps.contains("TAG"),
        "{gaps}"
    );
    let told = audit(
        &env,
        text,
        "compose.yaml",
        &["--fail-on", "never", "--set", "TAG=1"],
    );
    assert!(!told.evidence()["gaps"].to_string().contains("TAG"));
}

#[test]
fn a_key_that_is_not_defined_is_kept_and_named() {
    let env = Env::new();
    let text = CLOSED_POD.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem");
    let run = audit(&env, &text, "pod.yaml", &[]);
    let evidence = run.evidence();
    assert!(
        evidence["gaps"]
            .to_string()
            .contains("readOnlyRootFileSystem"),
        "{}",
        evidence["gaps"]
    );
    finding(&evidence, "Root file system writable");
}

#[test]
fn a_template_that_is_not_rendered_is_refused_with_the_way_out() {
    let env = Env::new();
    let text = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\nspec:\n  containers: []\n";
    let run = audit(&env, text, "pod.yaml", &[]).expect_code(3);
    assert!(
        run.stderr.contains("helm template") || run.stderr.contains("line"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_text_of_no_form_says_which_are_read() {
    let env = Env::new();
    let run = audit(&env, "hello", "notes.txt", &[]).expect_code(3);
    assert!(
        run.stderr.contains("Compose") && run.stderr.contains("Kubernetes"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_engine_that_is_not_there_is_an_error_with_a_hint() {
    let env = Env::new();
    let socket = env.path("no.sock").display().to_string();
    for what in [&["docker:web"][..], &["--all"]] {
        let run = env
            .run(&[&["audit", "--engine-socket", &socket], what].concat())
            .expect_code(3);
        assert!(run.stderr.contains("no.sock"), "{}", run.stderr);
    }
}

#[test]
fn compose_files_are_merged_in_the_order_in_which_they_are_named() {
    let env = Env::new();
    let base = env
        .write(
            "a.yaml",
            "services:\n  web:\n    image: a:1\n    privileged: true\n",
        )
        .display()
        .to_string();
    let over = env
        .write("b.yaml", "services:\n  web:\n    privileged: false\n")
        .display()
        .to_string();
    let merged = env
        .run(&["audit", "-o", "json", "--merge", &base, &over])
        .evidence();
    assert!(
        !strings(&merged["findings"], "title")
            .join(" ")
            .contains("Privileged container")
    );
    let apart = env.run(&["audit", "-o", "json", &base, &over]).evidence();
    finding(&apart, "Privileged container");
}

#[test]
fn the_same_settings_give_the_same_bytes_and_validate() {
    let env = Env::new();
    for (text, name) in [
        (OPEN_COMPOSE, "compose.yaml"),
        (OPEN_POD, "pod.yaml"),
        ("docker run -v /:/host a\n", "run.sh"),
    ] {
        let arguments: &[&str] = &["--standard", "cis", "--standard", "pss-restricted"];
        let first = audit(&env, text, name, arguments);
        let second = audit(&env, text, name, arguments);
        assert_eq!(first.stdout, second.stdout);
        assert_eq!(crate::schema::faults(&first.evidence()), [""; 0], "{name}");
    }
}

#[test]
fn every_check_is_in_the_evidence_with_what_it_came_to() {
    let env = Env::new();
    let evidence = audit(&env, OPEN_COMPOSE, "compose.yaml", &[]).evidence();
    let results = ["passed", "failed", "not-evaluated", "not-applicable"];
    let all: usize = results
        .iter()
        .map(|result| with_result(&evidence, result).len())
        .sum();
    assert!(all >= 45, "{all} checks");
    assert!(!with_result(&evidence, "passed").is_empty());
}

/// Settings that once came out clean, and what is to be said of them.
#[test]
fn what_hides_in_paths_scripts_and_volumes_is_found_or_is_a_gap() {
    const SAFE: &str = "--read-only --cap-drop ALL --security-opt no-new-privileges --memory 512m --pids-limit 256 --user 1000:1000 --network app --cpus 1";
    let image = format!("alpine@sha256:{}", "0".repeat(64));
    let up = "../".repeat(40);
    let scripts = [
        (
            format!("docker run {SAFE} -v {up}etc:/x {image} id\n"),
            "/etc",
        ),
        (
            format!(
                "docker run {SAFE} {image} id\n(( x = 1 << y ))\ndocker run --privileged bad\n"
            ),
            "Privileged",
        ),
        (
            format!("O=--rm\n. ./env\ndocker run $O {SAFE} {image} id\n"),
            "gap",
        ),
        (
            format!("docker run {SAFE} {image} id\ndocker compose run web\n"),
            "is not read",
        ),
        (
            format!("docker run {SAFE} {image} id\nbash <<EOF\ndocker run --privileged bad\nEOF\n"),
            "is not read",
        ),
        (
            format!(
                "docker run {SAFE} --mount type=volume,dst=/x,volume-opt=type=ext4,volume-opt=device=/dev/sda1 {image} id\n"
            ),
            "/dev/sda1",
        ),
    ];
    let env = Env::new();
    for (script, said) in &scripts {
        let run = audit(&env, script, "run.sh", &[]);
        assert_ne!(run.code, 0, "{script}");
        assert!(
            run.stdout.contains(said) || *said == "gap",
            "{said} of {script} in {}",
            run.stdout
        );
    }
    let compose = "services:\n  a:\n    image: a\n    configs: [c]\nconfigs:\n  c: {file: /var/run/docker.sock}\n";
    let socket = audit(&env, compose, "compose.yaml", &[]).evidence();
    finding(&socket, "socket");
    audit(&env, "services: {}\n", "compose.yaml", &[]).expect_code(4);
    let oci = r#"{"ociVersion": "1.2.0", "root": {"path": "/"}, "process": {"args": ["x"]}}"#;
    let evidence = audit(&env, oci, "config.json", &[]).evidence();
    assert!(
        evidence["findings"].to_string().contains("PLM-R-052"),
        "{:?}",
        strings(&evidence["findings"], "title")
    );
    audit(
        &env,
        "#!/bin/bash\nid=$(docker run -d --privileged alpine)\n",
        "run.sh",
        &[],
    )
    .expect_code(1);
}
