use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::runtime::{MountKind, Namespace, RuntimeSpec, Setting};

/// Files, variables and profiles that a test gives.
#[derive(Default)]
struct Given {
    files: BTreeMap<&'static str, &'static str>,
    variables: BTreeMap<&'static str, &'static str>,
    profiles: Vec<&'static str>,
}

impl Surroundings for Given {
    fn file(&self, path: &str) -> Result<String, String> {
        let file = self.files.get(path);
        file.map(|text| (*text).to_owned())
            .ok_or_else(|| "no such file".to_owned())
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }
    fn has_profile(&self, name: &str) -> bool {
        self.profiles.contains(&name)
    }
}

fn given(files: &[(&'static str, &'static str)]) -> Given {
    Given {
        files: files.iter().copied().collect(),
        ..Given::default()
    }
}

fn all(files: &[&str], around: &Given) -> Result<Settings, ReadError> {
    let names = ["compose.yaml", "override.yaml", "third.yaml"];
    let files: Vec<_> = names.iter().copied().zip(files.iter().copied()).collect();
    compose(&files, around)
}

/// The only service of a file.
fn one(text: &str) -> RuntimeSpec {
    all(&[text], &Given::default())
        .expect("a file")
        .specs
        .remove(0)
}

/// A service of these lines.
fn service(lines: &str) -> RuntimeSpec {
    one(&format!("services:\n  web:\n    image: x\n    {lines}\n"))
}

fn refused(text: &str) -> String {
    all(&[text], &Given::default())
        .expect_err("refused")
        .to_string()
}

fn words(list: &[crate::runtime::Stated<String>]) -> Vec<&str> {
    list.iter().map(|stated| stated.value.as_str()).collect()
}

#[test]
fn a_service_is_told_with_the_places_that_say_it() {
    let spec = one(
        "services:\n  web:\n    image: nginx:1\n    user: 33:34\n    cap_add: [NET_ADMIN]\n    privileged: true\n",
    );
    assert_eq!(spec.container.name, "web");
    assert_eq!(spec.account.user.value().map(String::as_str), Some("33"));
    assert_eq!(spec.account.group.value().map(String::as_str), Some("34"));
    let added = &spec.capabilities.added[0];
    assert_eq!(added.at.field, "services.web.cap_add[0]");
    assert_eq!(
        (added.at.file.as_deref(), added.at.line, added.at.column),
        (Some("compose.yaml"), Some(5), Some(15))
    );
    assert_eq!(spec.privileged.value(), Some(&true));
    assert!(spec.gaps.is_empty() && spec.unknown_keys.is_empty());
}

#[test]
fn every_form_of_a_volume_is_read() {
    let head = "services:\n  web:\n    image: x\n    volumes:\n      - ";
    let tail = "\nvolumes:\n  plain:\n  bound: {driver: local, driver_opts: {type: none, o: bind, device: /etc}}\n  far: {driver_opts: {type: nfs, o: 'addr=1', device: ':/x'}}\n";
    let host = MountKind::Host;
    for (text, kind, source, target, read_only) in [
        ("/etc:/y:ro", host.clone(), Some("/etc"), "/y", Some(true)),
        (
            "//var/run/docker.sock:/s",
            host.clone(),
            Some("/var/run/docker.sock"),
            "/s",
            None,
        ),
        ("./x:/y", host.clone(), Some("./x"), "/y", None),
        (
            "~/.ssh:/y:rw",
            host.clone(),
            Some("~/.ssh"),
            "/y",
            Some(false),
        ),
        ("plain:/etc", MountKind::Volume, Some("plain"), "/etc", None),
        ("bound:/y", host.clone(), Some("/etc"), "/y", None),
        (
            "far:/y",
            MountKind::Other("nfs".into()),
            Some("far"),
            "/y",
            None,
        ),
        ("/data", MountKind::Volume, None, "/data", None),
        (
            "{type: bind, source: /etc/, target: /y, read_only: true}",
            host.clone(),
            Some("/etc"),
            "/y",
            Some(true),
        ),
        (
            "{type: volume, source: bound, target: /y}",
            host,
            Some("/etc"),
            "/y",
            None,
        ),
        (
            "{type: tmpfs, target: /t, tmpfs: {size: 1m}}",
            MountKind::Memory,
            None,
            "/t",
            None,
        ),
        (
            "{type: image, source: alpine, target: /t}",
            MountKind::Other("image".into()),
            Some("alpine"),
            "/t",
            None,
        ),
    ] {
        let spec = one(&format!("{head}{text}{tail}"));
        let mount = &spec.mounts[0];
        assert_eq!(
            (
                mount.kind.clone(),
                mount.source.value().map(String::as_str),
                mount.target.value().map_or("", String::as_str),
                mount.read_only.value().copied(),
            ),
            (kind, source, target, read_only),
            "{text}"
        );
    }
    let spec = service(
        "volumes: [{type: bind, source: /a, target: /b, bind: {propagation: rshared, selinux: Z}}, '/c:/d:rslave']",
    );
    let said: Vec<_> = spec
        .mounts
        .iter()
        .filter_map(|m| Some(m.propagation.as_ref()?.value.as_str()))
        .collect();
    assert_eq!(said, ["rshared", "rslave"]);
    assert_eq!(spec.mounts[0].options, ["Z"]);
}

#[test]
fn the_engines_socket_is_mounted_by_use_api_socket() {
    let spec = service("use_api_socket: true");
    assert_eq!(
        spec.mounts[0].source.value().map(String::as_str),
        Some("/var/run/docker.sock")
    );
    assert!(service("use_api_socket: false").mounts.is_empty());
}

#[test]
fn tmpfs_secrets_and_configs_are_mounts() {
    let spec = service(
        "tmpfs: /run:size=64m,uid=33\n    secrets: [key, {source: k, target: /x}]\n    configs: [{source: c, target: /etc/c}]",
    );
    let said: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| {
            (
                mount.kind.clone(),
                mount.target.value().map_or("", String::as_str),
            )
        })
        .collect();
    let other = |name: &str| MountKind::Other(name.to_owned());
    assert_eq!(
        said,
        [
            (MountKind::Memory, "/run"),
            (other("secret"), "/run/secrets/key"),
            (other("secret"), "/x"),
            (other("config"), "/etc/c"),
        ]
    );
    assert_eq!(spec.mounts[0].size.value().map(String::as_str), Some("64m"));
    assert_eq!(spec.mounts[0].options, ["uid=33"]);
}

#[test]
fn every_form_of_a_port_is_read() {
    for (text, ip, first, last, inside, protocol) in [
        ("80", None, None, None, 80, "tcp"),
        ("'8080:80'", None, Some(8080), None, 80, "tcp"),
        (
            "8000-8001:80-81/udp",
            None,
            Some(8000),
            Some(8001),
            80,
            "udp",
        ),
        ("127.0.0.1:1:2", Some("127.0.0.1"), Some(1), None, 2, "tcp"),
        (
            "{target: 80, published: '8080', host_ip: '::', protocol: udp}",
            Some("::"),
            Some(8080),
            None,
            80,
            "udp",
        ),
        (
            "{target: 80, published: 90-91, mode: host}",
            None,
            Some(90),
            Some(91),
            80,
            "tcp",
        ),
        ("{target: 80}", None, None, None, 80, "tcp"),
    ] {
        let spec = service(&format!("ports:\n    - {text}"));
        let port = &spec.ports[0];
        assert_eq!(
            (
                port.host_ip.as_deref(),
                port.host_port,
                port.host_port_end,
                port.container_port,
                port.protocol.as_str()
            ),
            (ip, first, last, inside, protocol),
            "{text}"
        );
    }
}

#[test]
fn namespaces_and_security_options_are_told() {
    let spec = service(
        "pid: host\n    ipc: shareable\n    uts: host\n    userns_mode: host\n    cgroup: private\n    network_mode: service:db\n    security_opt: ['no-new-privileges:true', seccomp=unconfined, 'apparmor:unconfined', 'label:type:spc_t', systempaths=unconfined, writable-cgroups=true]",
    );
    let spaces = &spec.namespaces;
    assert_eq!(spaces.pid.value(), Some(&Namespace::Host));
    assert_eq!(spaces.ipc.value(), Some(&Namespace::Shareable));
    assert_eq!(spaces.user.value(), Some(&Namespace::Host));
    assert_eq!(spaces.cgroup.value(), Some(&Namespace::Private));
    assert_eq!(
        spaces.network.value(),
        Some(&Namespace::Joined("db".into()))
    );
    assert_eq!(spec.no_new_privileges.value(), Some(&true));
    assert_eq!(
        spec.confinement.seccomp.value().map(String::as_str),
        Some("unconfined")
    );
    assert_eq!(
        spec.confinement.apparmor.value().map(String::as_str),
        Some("unconfined")
    );
    assert_eq!(
        spec.confinement
            .selinux
            .value()
            .and_then(|s| s.kind.as_deref()),
        Some("spc_t")
    );
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&true));
    assert_eq!(spec.writable_cgroups.value(), Some(&true));
}

#[test]
fn a_network_of_the_engine_behind_a_name_is_seen() {
    let text = "services: {a: {image: x, networks: [n]}, b: {image: x}}\nnetworks: {n: {external: true, name: host}, default: {external: {name: bridge}}}\n";
    let specs = all(&[text], &Given::default()).expect("a file").specs;
    assert_eq!(specs[0].namespaces.network.value(), Some(&Namespace::Host));
    assert_eq!(
        specs[1].namespaces.network.value(),
        Some(&Namespace::DefaultBridge)
    );
    let spec = service("networks: {front: {aliases: [x]}, back: }");
    assert_eq!(
        spec.namespaces.network.value(),
        Some(&Namespace::Named("front".into()))
    );
}

#[test]
fn limits_come_from_the_service_or_from_deploy() {
    let spec = service(
        "mem_limit: 1g\n    memswap_limit: -1\n    cpus: 0.5\n    pids_limit: 100\n    oom_kill_disable: true\n    oom_score_adj: -5\n    shm_size: 64m\n    ulimits: {nofile: 5, core: {soft: 0, hard: -1}}",
    );
    assert_eq!(spec.limits.memory.value(), Some(&(1 << 30)));
    assert_eq!(spec.limits.memory_swap.value(), Some(&-1));
    assert_eq!(spec.limits.cpu.value().map(String::as_str), Some("0.5"));
    assert_eq!(spec.limits.pids.value(), Some(&100));
    assert_eq!(spec.limits.oom_score_adj.value(), Some(&-5));
    assert_eq!(
        (spec.limits.ulimits[1].soft, spec.limits.ulimits[1].hard),
        (0, -1)
    );
    let spec = service(
        "cpu_shares: 512\n    deploy: {resources: {limits: {cpus: '1.5', memory: 50M, pids: 7}, reservations: {devices: [{driver: nvidia, count: all, capabilities: [gpu]}]}}, restart_policy: {condition: on-failure, max_attempts: 3}}\n    restart: always",
    );
    assert_eq!(spec.limits.memory.value(), Some(&(50 << 20)));
    assert_eq!(spec.limits.cpu.value().map(String::as_str), Some("1.5"));
    assert_eq!(spec.limits.pids.value(), Some(&7));
    assert_eq!(
        words(&spec.device_requests),
        ["driver=nvidia,count=all,capabilities=gpu"]
    );
    let restart = spec.restart.value().expect("a policy");
    assert_eq!(
        (restart.policy.as_str(), restart.max_retries),
        ("on-failure", Some(3))
    );
}

#[test]
fn devices_sysctls_and_requests_are_read_in_every_form() {
    let spec = service(
        "devices: ['/dev/fuse:/dev/f:r', {source: /dev/kvm, permissions: rw}, 'vendor.com/gpu=0']\n    device_cgroup_rules: ['c 1:3 mr']\n    gpus: all\n    sysctls: [net.core.somaxconn=1024]\n    group_add: [docker, 0]\n    volumes_from: ['a:ro']",
    );
    let said: Vec<_> = spec
        .devices
        .iter()
        .map(|d| (d.host.as_str(), d.permissions.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("/dev/fuse", Some("r")),
            ("/dev/kvm", Some("rw")),
            ("vendor.com/gpu=0", None)
        ]
    );
    assert_eq!(words(&spec.device_requests), ["all"]);
    assert_eq!(
        spec.sysctls[0].value,
        ("net.core.somaxconn".into(), "1024".into())
    );
    assert_eq!(words(&spec.account.extra_groups), ["docker", "0"]);
    let spec = service("sysctls: {net.core.somaxconn: 1024}");
    assert_eq!(spec.sysctls[0].value.1, "1024");
}

#[test]
fn commands_and_health_checks_are_words() {
    let spec = service(
        "command: serve --name 'a b'\n    entrypoint: [/bin/x, y]\n    healthcheck: {test: curl -f localhost}",
    );
    assert_eq!(
        spec.command.value().expect("words"),
        &["serve", "--name", "a b"]
    );
    assert_eq!(spec.entrypoint.value().expect("words"), &["/bin/x", "y"]);
    assert_eq!(
        spec.health.value().expect("health").command,
        ["/bin/sh", "-c", "curl -f localhost"]
    );
    for off in ["{disable: true}", "{test: [NONE]}"] {
        let spec = service(&format!("healthcheck: {off}"));
        assert!(spec.health.value().expect("health").disabled, "{off}");
    }
    assert!(service("healthcheck: {interval: 5s}").health.is_absent());
    assert!(service("command: null").command.is_absent());
    assert_eq!(
        service("command: []").command.value().map(Vec::len),
        Some(0)
    );
}

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

#[test]
fn a_service_of_nothing_but_defaults_states_nothing() {
    let spec = one(
        "services:\n  web:\n    image: x\n    expose: [80]\n    init: true\n    dns: 1.1.1.1\n    extra_hosts: [a=b]\n    labels: [a=b]\n    scale: 3\n    deploy: {mode: global, replicas: 2}\n",
    );
    let mut bare = RuntimeSpec::new(spec.container.clone());
    bare.image = spec.image.clone();
    assert_eq!(spec, bare);
    assert!(matches!(spec.image, Setting::Stated(_)));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = all(&[&text], &Given::default());
    }

    #[test]
    fn any_service_is_read_or_refused(key in "(volumes|ports|user|security_opt|networks|tmpfs|devices|env_file|environment|healthcheck|ulimits|deploy|extends|secrets|sysctls|logging|gpus|command|pid|include|build)", value in "[\\[\\]{}:a/$.0-9, -]{0,30}") {
        let first = format!("services:\n  web:\n    {key}: {value}\n");
        let second = format!("services:\n  web:\n    {key}: [{value}]\n");
        let _ = all(&[&first], &Given::default());
        let _ = all(&[&first, &second], &Given::default());
    }
}
