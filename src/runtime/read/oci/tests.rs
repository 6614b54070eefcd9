use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::runtime::MountKind::{Host, Memory};

/// What `runc spec` writes, with the confinement that engines add.
fn plain() -> serde_json::Value {
    let text = r#"{
        "ociVersion": "1.2.0",
        "process": {
            "user": {"uid": 1000, "gid": 1000}, "args": ["sh"], "env": ["PATH=/bin"], "cwd": "/",
            "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
            "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
            "noNewPrivileges": true
        },
        "root": {"path": "rootfs", "readonly": true},
        "hostname": "runc",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "size=65536k"]},
            {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue", "options": ["nosuid"]},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "relatime", "ro"]}
        ],
        "linux": {
            "resources": {"devices": [{"allow": false, "access": "rwm"}]},
            "namespaces": [
                {"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "cgroup"}
            ],
            "seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []},
            "maskedPaths": ["/proc/acpi"], "readonlyPaths": ["/proc/bus"]
        }
    }"#;
    serde_json::from_str(text).expect("json")
}

/// The same with one value replaced (or, where it is `"-"`, left out).
fn with(pointer: &str, value: serde_json::Value) -> RuntimeSpec {
    let mut config = plain();
    let (parent, key) = pointer.rsplit_once('/').expect("a path");
    let parent = config
        .pointer_mut(parent)
        .and_then(serde_json::Value::as_object_mut);
    let parent = parent.expect("an object");
    if value == "-" {
        parent.remove(key);
    } else {
        parent.insert(key.to_owned(), value);
    }
    read(&config)
}

fn read(config: &serde_json::Value) -> RuntimeSpec {
    let text = serde_json::to_string_pretty(config).expect("json");
    let mut settings = oci("config.json", &text).expect("a bundle");
    settings.specs.remove(0)
}

#[test]
fn a_confined_bundle_is_read_and_its_standard_mounts_are_left_out() {
    let spec = read(&plain());
    assert_eq!(spec.container.name, "runc");
    assert_eq!(spec.account.user.value().map(String::as_str), Some("1000"));
    assert_eq!(spec.account.group.value().map(String::as_str), Some("1000"));
    assert_eq!(spec.capabilities.bounding().to_string(), "KILL");
    assert_eq!(spec.no_new_privileges.value(), Some(&true));
    assert_eq!(spec.read_only_root.value(), Some(&true));
    assert!(spec.mounts.is_empty(), "{:?}", spec.mounts);
    assert!(spec.device_rules.is_empty() && spec.devices.is_empty());
    assert_eq!(spec.namespaces.network.value(), Some(&Namespace::Private));
    assert!(spec.namespaces.user.is_absent());
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&false));
    assert!(spec.confinement.seccomp_profile.is_some());
    assert_ne!(
        spec.confinement.seccomp.value().map(String::as_str),
        Some("unconfined")
    );
    assert!(spec.gaps.is_empty() && spec.unknown_keys.is_empty());
    assert_eq!(spec.limits.ulimits[0].name, "nofile");
    let at = spec.account.user.spot().expect("a place");
    assert_eq!(at.field, "process.user.uid");
}

#[test]
fn without_a_seccomp_profile_there_is_no_filter() {
    for value in [
        json!("-"),
        json!({"defaultAction": "SCMP_ACT_ALLOW"}),
        json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["x"], "action": "SCMP_ACT_LOG"}]}),
    ] {
        let spec = with("/linux/seccomp", value);
        assert_eq!(
            spec.confinement.seccomp.value().map(String::as_str),
            Some("unconfined")
        );
    }
    let denies = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ERRNO"}]});
    let spec = with("/linux/seccomp", denies);
    assert_ne!(
        spec.confinement.seccomp.value().map(String::as_str),
        Some("unconfined")
    );
}

#[test]
fn paths_that_are_absent_or_empty_are_unmasked() {
    for key in ["/linux/maskedPaths", "/linux/readonlyPaths"] {
        for value in [json!("-"), json!([]), json!(null)] {
            let spec = with(key, value);
            assert_eq!(
                spec.confinement.unmasked_paths.value(),
                Some(&true),
                "{key}"
            );
        }
    }
}

#[test]
fn a_namespace_that_is_not_listed_is_the_hosts() {
    let spec = with("/linux/namespaces", json!([{"type": "mount"}]));
    let namespaces = spec.namespaces;
    for namespace in [
        &namespaces.network,
        &namespaces.pid,
        &namespaces.ipc,
        &namespaces.uts,
        &namespaces.cgroup,
    ] {
        assert_eq!(namespace.value(), Some(&Namespace::Host));
        assert_eq!(namespace.spot().expect("a place").field, "linux.namespaces");
    }
    // Nothing said of a user namespace is what every engine does.
    assert!(namespaces.user.is_absent());
    assert!(spec.gaps.is_empty());
    let bare = with("/linux/namespaces", json!("-"));
    assert_eq!(bare.namespaces.pid.value(), Some(&Namespace::Host));
    assert_eq!(bare.gaps.len(), 1);
}

#[test]
fn a_namespace_with_a_path_is_joined_and_that_of_process_1_is_the_hosts() {
    let spec = with(
        "/linux/namespaces",
        json!([{"type": "network", "path": "/run/netns/x"}, {"type": "pid", "path": "/proc/1/ns/pid"}, {"type": "mount"}]),
    );
    let joined = Namespace::Joined("/run/netns/x".to_owned());
    assert_eq!(spec.namespaces.network.value(), Some(&joined));
    assert_eq!(spec.namespaces.pid.value(), Some(&Namespace::Host));
    assert_eq!(
        spec.namespaces.pid.spot().expect("a place").field,
        "linux.namespaces[1].path"
    );
}

#[test]
fn a_user_namespace_that_maps_root_to_root_wins_nothing() {
    let mut config = plain();
    let namespaces = config["linux"]["namespaces"]
        .as_array_mut()
        .expect("a list");
    namespaces.push(json!({"type": "user"}));
    config["linux"]["uidMappings"] = json!([{"containerID": 0, "hostID": 100_000, "size": 65536}]);
    assert_eq!(
        read(&config).namespaces.user.value(),
        Some(&Namespace::Private)
    );
    config["linux"]["uidMappings"] = json!([{"containerID": 0, "hostID": 0, "size": 65536}]);
    assert_eq!(
        read(&config).namespaces.user.value(),
        Some(&Namespace::Host)
    );
}

#[test]
fn a_user_that_is_left_out_is_root() {
    for (pointer, value) in [
        ("/process/user", json!("-")),
        ("/process/user", json!({})),
        ("/process/user", json!({"uid": 0})),
    ] {
        let spec = with(pointer, value);
        assert_eq!(spec.account.user.value().map(String::as_str), Some("0"));
        assert_eq!(spec.account.group.value().map(String::as_str), Some("0"));
    }
    let groups = with(
        "/process/user",
        json!({"uid": 5, "gid": 5, "additionalGids": [0, 44]}),
    );
    assert_eq!(groups.account.extra_groups[1].value, "44");
}

#[test]
fn whatever_is_in_one_of_the_five_sets_can_be_had() {
    let spec = with(
        "/process/capabilities",
        json!({"bounding": [], "inheritable": ["CAP_SYS_ADMIN"], "ambient": ["CAP_NET_RAW", "CAP_NEW"]}),
    );
    assert_eq!(
        spec.capabilities.bounding().to_string(),
        "NET_RAW, SYS_ADMIN"
    );
    assert_eq!(spec.unknown_keys.len(), 1);
    let missing = with("/process/capabilities", json!("-"));
    assert!(missing.capabilities.exact.unknown().is_some());
    assert!(missing.capabilities.unknown.is_some());
}

#[test]
fn binds_are_paths_of_the_host_whatever_their_type_says() {
    let spec = with(
        "/mounts",
        json!([
            {"destination": "/a", "type": "bind", "source": "//etc/", "options": ["rbind", "ro", "rshared"]},
            {"destination": "/b", "source": "/var/run/docker.sock", "options": ["bind"]},
            {"destination": "/c", "type": "none", "source": "/x", "options": ["rbind", "rprivate"]},
            {"destination": "/proc", "type": "bind", "source": "/proc", "options": ["rbind"]},
            {"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["size=1m", "exec"]}
        ]),
    );
    let seen: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| (mount.kind.clone(), mount.source.value().map(String::as_str)))
        .collect();
    assert_eq!(
        seen,
        [
            (Host, Some("/etc")),
            (Host, Some("/var/run/docker.sock")),
            (Host, Some("/x")),
            (Host, Some("/proc")),
            (Memory, None),
        ]
    );
    assert_eq!(spec.mounts[0].read_only.value(), Some(&true));
    assert_eq!(
        spec.mounts[0].propagation.as_ref().expect("said").value,
        "rshared"
    );
    assert_eq!(spec.mounts[4].size.value().map(String::as_str), Some("1m"));
    assert_eq!(spec.mounts[1].at.field, "mounts[1]");
}

#[test]
fn a_kernel_file_system_that_can_be_written_is_unusual_and_listed() {
    let spec = with(
        "/mounts",
        json!([
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid"]},
            {"destination": "/sys/fs/cgroup", "type": "cgroup2", "source": "cgroup", "options": ["rw"]}
        ]),
    );
    assert_eq!(spec.mounts.len(), 2);
    assert_eq!(spec.writable_cgroups.value(), Some(&true));
    assert!(read(&plain()).writable_cgroups.is_absent());
}

#[test]
fn a_shared_root_file_system_is_told() {
    let spec = with("/linux/rootfsPropagation", json!("rshared"));
    assert_eq!(
        spec.mounts[0].propagation.as_ref().expect("said").value,
        "rshared"
    );
    assert!(
        with("/linux/rootfsPropagation", json!("slave"))
            .mounts
            .is_empty()
    );
}

#[test]
fn a_device_is_what_its_number_says() {
    let spec = with(
        "/linux/devices",
        json!([
            {"path": "/dev/null", "type": "c", "major": 1, "minor": 3},
            {"path": "/dev/null2", "type": "b", "major": 8, "minor": 0},
            {"path": "/dev/sdb1", "type": "b", "major": 8, "minor": 17},
            {"path": "/dev/null", "type": "c", "major": 1, "minor": 1},
            {"path": "/dev/other", "type": "c", "major": 240, "minor": 0}
        ]),
    );
    let seen: Vec<_> = spec
        .devices
        .iter()
        .map(|device| device.host.as_str())
        .collect();
    assert_eq!(seen, ["/dev/sda", "/dev/sdb1", "/dev/mem", "/dev/other"]);
    assert_eq!(spec.devices[0].inside.as_deref(), Some("/dev/null2"));
}

#[test]
fn rules_of_the_device_cgroup_are_listed_unless_every_container_has_them() {
    let spec = with(
        "/linux/resources",
        json!({"devices": [
            {"allow": false, "access": "rwm"},
            {"allow": true, "type": "c", "access": "m"},
            {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"},
            {"allow": true, "type": "c", "major": 136, "access": "rwm"},
            {"allow": true, "type": "b", "major": 8, "access": "rw"},
            {"allow": true, "access": "rwm"}
        ]}),
    );
    let rules: Vec<_> = spec
        .device_rules
        .iter()
        .map(|rule| rule.value.as_str())
        .collect();
    assert_eq!(rules, ["b 8:* rw", "a *:* rwm"]);
}

#[test]
fn limits_are_read() {
    let mut config = plain();
    config["process"]["oomScoreAdj"] = json!(-999);
    config["process"]["rlimits"] =
        json!([{"type": "RLIMIT_MEMLOCK", "soft": 1, "hard": 18_446_744_073_709_551_615_u64}]);
    config["linux"]["sysctl"] = json!({"net.core.somaxconn": "1024"});
    config["linux"]["resources"] = json!({
        "memory": {"limit": 1024, "swap": -1, "disableOOMKiller": true}, "pids": {"limit": 256},
        "cpu": {"shares": 512, "quota": -1}
    });
    let spec = read(&config);
    assert_eq!(spec.limits.memory.value(), Some(&1024));
    assert_eq!(spec.limits.memory_swap.value(), Some(&-1));
    assert_eq!(spec.limits.oom_kill_disable.value(), Some(&true));
    assert_eq!(spec.limits.oom_score_adj.value(), Some(&-999));
    assert_eq!(spec.limits.pids.value(), Some(&256));
    assert_eq!(
        spec.limits.cpu.value().map(String::as_str),
        Some("cpu-shares 512")
    );
    assert_eq!(
        (spec.limits.ulimits[0].soft, spec.limits.ulimits[0].hard),
        (1, -1)
    );
    assert_eq!(spec.sysctls[0].value.0, "net.core.somaxconn");
    assert!(read(&plain()).limits.memory.is_absent());
}

#[test]
fn a_cgroup_where_engines_put_it_is_no_parent_of_ones_own() {
    for (path, is_own) in [
        ("/docker/0123", false),
        ("system.slice:docker:0123", false),
        ("machine.slice:libpod:0123", false),
        ("/mine", true),
    ] {
        let spec = with("/linux/cgroupsPath", json!(path));
        assert_eq!(spec.cgroup_parent.value().is_some(), is_own, "{path}");
    }
}

#[test]
fn labels_are_read() {
    let spec = with(
        "/process/selinuxLabel",
        json!("system_u:system_r:container_t:s0:c1,c2"),
    );
    let label = spec.confinement.selinux.value().expect("a label");
    assert_eq!(label.kind.as_deref(), Some("container_t"));
    assert_eq!(label.level.as_deref(), Some("s0:c1,c2"));
    assert!(spec.confinement.apparmor.is_absent());
    let spec = with("/process/apparmorProfile", json!("docker-default"));
    assert_eq!(
        spec.confinement.apparmor.value().map(String::as_str),
        Some("docker-default")
    );
}

#[test]
fn what_is_missing_is_a_gap_and_an_unknown_key_is_named() {
    for pointer in ["/linux", "/process", "/root"] {
        assert!(!with(pointer, json!("-")).gaps.is_empty(), "{pointer}");
    }
    let spec = with("/surprise", json!(1));
    assert_eq!(spec.unknown_keys[0].key, "surprise");
}

#[test]
fn what_is_no_bundle_is_refused_with_its_reason() {
    let error = oci("x.json", "{\"a\": 1}").expect_err("no bundle");
    assert!(error.to_string().contains("ociVersion"), "{error}");
    assert!(oci("x", "").is_err() && oci("x", "{} {}").is_err());
    assert!(matches!(oci("x", "{,}"), Err(ReadError::Syntax { .. })));
}

#[test]
fn no_value_of_a_variable_is_shown() {
    let spec = with("/process/env", json!(["PASSWORD=hunter2"]));
    assert_eq!(spec.environment[0].name, "PASSWORD");
    assert!(!format!("{spec:?}").contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}") {
        let _ = oci("x", &text);
    }

    #[test]
    fn any_value_of_any_part_is_read(part in 0_usize..40, value in 0_usize..8) {
        let values = [
            json!(null), json!(true), json!("x"), json!(-1), json!([[]]), json!({"a": {}}),
            json!(["", null, 1]), json!([{"type": 1}, {"path": "/"}]),
        ];
        let mut config = plain();
        let mut slots = Vec::new();
        let keys: Vec<String> = config.as_object().expect("an object").keys().cloned().collect();
        for key in keys {
            slots.push(format!("/{key}"));
            if let Some(inner) = config[&key].as_object() {
                slots.extend(inner.keys().map(|inner| format!("/{key}/{inner}")));
            }
        }
        if let Some(slot) = slots.get(part).and_then(|pointer| config.pointer_mut(pointer)) {
            *slot = values[value].clone();
        }
        let _ = oci("x", &serde_json::to_string(&config).expect("json"));
    }
}
