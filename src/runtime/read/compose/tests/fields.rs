//! What each key of a service says, in every form in which it may be written.

use super::*;

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
fn a_service_of_nothing_but_defaults_states_nothing() {
    let spec = one(
        "services:\n  web:\n    image: x\n    expose: [80]\n    init: true\n    dns: 1.1.1.1\n    extra_hosts: [a=b]\n    labels: [a=b]\n    scale: 3\n    deploy: {mode: global, replicas: 2}\n",
    );
    let mut bare = RuntimeSpec::new(spec.container.clone());
    bare.image = spec.image.clone();
    assert_eq!(spec, bare);
    assert!(matches!(spec.image, Setting::Stated(_)));
}
