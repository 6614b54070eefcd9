use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::CapabilitySet;
use crate::runtime::MountKind;
use crate::runtime::MountKind::{Host, Memory};

/// What Docker 20.10 answers of `docker create alpine:3.20`, as far as it is read.
fn plain() -> serde_json::Value {
    let text = r#"{
        "Id": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "Name": "/web",
        "Path": "/bin/sh",
        "Args": [],
        "AppArmorProfile": "",
        "ProcessLabel": "",
        "ExecIDs": null,
        "Mounts": [],
        "HostConfig": {
            "Binds": null, "CapAdd": null, "CapDrop": null, "CgroupParent": "", "CgroupnsMode": "host",
            "CpuQuota": 0, "CpuShares": 0, "CpusetCpus": "", "DeviceCgroupRules": null, "DeviceRequests": null,
            "Devices": [], "GroupAdd": null, "IpcMode": "private", "Memory": 0, "MemorySwap": 0,
            "LogConfig": {"Type": "json-file", "Config": {}},
            "MaskedPaths": ["/proc/acpi", "/proc/kcore"], "ReadonlyPaths": ["/proc/bus"],
            "NanoCpus": 0, "NetworkMode": "default", "OomKillDisable": false, "OomScoreAdj": 0, "PidMode": "",
            "PidsLimit": null, "PortBindings": {}, "Privileged": false, "PublishAllPorts": false,
            "ReadonlyRootfs": false, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
            "Runtime": "runc", "SecurityOpt": null, "ShmSize": 67108864, "UTSMode": "", "Ulimits": null,
            "UsernsMode": "", "VolumesFrom": null
        },
        "Config": {
            "User": "", "Env": ["PATH=/bin"], "Cmd": ["/bin/sh"], "Entrypoint": null, "Image": "alpine:3.20",
            "Volumes": null
        }
    }"#;
    serde_json::from_str(text).expect("json")
}

/// The same with some values of `HostConfig` replaced; those that are `"-"` are left out.
fn with_host(changes: &serde_json::Value) -> serde_json::Value {
    let mut container = plain();
    let host = container["HostConfig"].as_object_mut().expect("an object");
    for (key, value) in changes.as_object().expect("an object") {
        if value == "-" {
            host.remove(key);
        } else {
            host.insert(key.clone(), value.clone());
        }
    }
    container
}

fn read(container: &serde_json::Value) -> RuntimeSpec {
    let text = serde_json::to_string_pretty(&json!([container])).expect("json");
    let mut settings = inspect("inspect.json", &text).expect("a container");
    assert_eq!(settings.specs.len(), 1);
    settings.specs.remove(0)
}

fn of_host(changes: &serde_json::Value) -> RuntimeSpec {
    read(&with_host(changes))
}

#[test]
fn a_container_without_flags_says_what_the_engine_chose() {
    let spec = read(&plain());
    assert_eq!(spec.container.name, "web");
    assert_eq!(spec.image.value().map(String::as_str), Some("alpine:3.20"));
    assert_eq!(spec.privileged.value(), Some(&false));
    assert_eq!(spec.read_only_root.value(), Some(&false));
    assert!(spec.no_new_privileges.is_absent());
    assert_eq!(spec.capabilities.bounding(), CapabilitySet::DOCKER_DEFAULT);
    assert_eq!(
        spec.namespaces.network.value(),
        Some(&Namespace::DefaultBridge)
    );
    assert_eq!(spec.namespaces.ipc.value(), Some(&Namespace::Private));
    assert_eq!(spec.namespaces.cgroup.value(), Some(&Namespace::Host));
    assert!(spec.namespaces.pid.is_absent());
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&false));
    assert_eq!(spec.limits.memory.value(), Some(&0));
    assert!(spec.limits.cpu.is_absent());
    assert!(spec.gaps.is_empty() && spec.unknown_keys.is_empty());
    assert_eq!(
        spec.command.value().map(Vec::as_slice),
        Some(&["/bin/sh".to_owned()][..])
    );
}

#[test]
fn an_empty_user_is_uid_0_since_the_image_is_merged_already() {
    let spec = read(&plain());
    assert_eq!(spec.account.user.value().map(String::as_str), Some("0"));
    let at = spec.account.user.spot().expect("a place");
    assert_eq!(at.field, "Config.User");
    assert!(at.line > Some(1));
}

#[test]
fn every_item_of_a_list_has_its_own_path_and_line() {
    let spec = of_host(&json!({"CapAdd": ["CAP_CHOWN", "CAP_NET_ADMIN"], "CapDrop": ["ALL"]}));
    let at = &spec.capabilities.added[1].at;
    assert_eq!(at.field, "HostConfig.CapAdd[1]");
    assert_eq!(at.file.as_deref(), Some("inspect.json"));
    assert_eq!(
        at.line,
        spec.capabilities.added[0].at.line.map(|line| line + 1)
    );
    assert!(spec.capabilities.drops_all());
}

#[test]
fn label_disable_that_the_engine_adds_itself_is_nobodys_doing() {
    let options = json!(["label=disable"]);
    for changes in [
        json!({"SecurityOpt": options, "Privileged": true, "MaskedPaths": null, "ReadonlyPaths": null}),
        json!({"SecurityOpt": options, "PidMode": "host"}),
        json!({"SecurityOpt": options, "IpcMode": "host"}),
    ] {
        assert!(
            of_host(&changes).confinement.selinux.is_absent(),
            "{changes}"
        );
    }
    let said = of_host(&json!({"SecurityOpt": options}));
    assert!(said.confinement.selinux.value().expect("said").disabled);
    let with_type = of_host(&json!({"SecurityOpt": ["label=type:spc_t"], "PidMode": "host"}));
    assert!(with_type.confinement.selinux.value().is_some());
}

#[test]
fn no_new_privileges_is_read_by_its_value_and_not_by_its_presence() {
    for (word, expected) in [
        ("no-new-privileges", true),
        ("no-new-privileges:true", true),
        ("no-new-privileges=true", true),
        ("no-new-privileges=false", false),
        ("no-new-privileges:false", false),
    ] {
        let spec = of_host(&json!({"SecurityOpt": [word]}));
        assert_eq!(spec.no_new_privileges.value(), Some(&expected), "{word}");
        let at = spec.no_new_privileges.spot().expect("a place");
        assert_eq!(at.field, "HostConfig.SecurityOpt[0]");
    }
}

#[test]
fn systempaths_unconfined_shows_only_as_two_empty_lists() {
    for changes in [
        json!({"MaskedPaths": [], "ReadonlyPaths": []}),
        json!({"MaskedPaths": ["/proc/acpi"], "ReadonlyPaths": []}),
        json!({"MaskedPaths": []}),
    ] {
        let spec = of_host(&changes);
        assert_eq!(spec.confinement.unmasked_paths.value(), Some(&true));
    }
}

#[test]
fn masked_paths_of_a_privileged_container_are_null_and_told_there() {
    let spec = of_host(&json!({"Privileged": true, "MaskedPaths": null, "ReadonlyPaths": null}));
    assert_eq!(spec.privileged.value(), Some(&true));
    assert!(spec.confinement.unmasked_paths.is_absent());
}

#[test]
fn what_an_old_engine_does_not_say_is_unknown_and_not_unsafe() {
    let spec = of_host(&json!({
        "PidsLimit": "-", "MaskedPaths": "-", "ReadonlyPaths": "-", "UsernsMode": "-", "CgroupnsMode": "-"
    }));
    assert!(spec.limits.pids.unknown().is_some());
    assert!(spec.confinement.unmasked_paths.unknown().is_some());
    // An engine without the option cannot have it set.
    assert!(spec.namespaces.user.is_absent() && spec.namespaces.cgroup.is_absent());
}

#[test]
fn a_protection_whose_key_is_cut_out_is_unknown() {
    let spec = of_host(&json!({
        "SecurityOpt": "-", "ReadonlyRootfs": "-", "Memory": "-", "CapDrop": "-", "Privileged": "-", "NetworkMode": "-"
    }));
    assert!(spec.no_new_privileges.unknown().is_some());
    assert!(spec.read_only_root.unknown().is_some());
    assert!(spec.limits.memory.unknown().is_some());
    assert!(spec.capabilities.unknown.is_some());
    assert!(spec.privileged.unknown().is_some());
    assert!(spec.namespaces.network.unknown().is_some());
}

#[test]
fn a_value_of_another_kind_is_unknown() {
    let spec = of_host(&json!({"Privileged": "yes", "Memory": "512m", "PidMode": "hosts"}));
    assert!(spec.privileged.unknown().is_some());
    assert!(spec.limits.memory.unknown().is_some());
    assert!(spec.namespaces.pid.unknown().is_some());
}

#[test]
fn a_limit_of_processes_of_null_0_or_minus_1_is_none() {
    for (value, expected) in [
        (json!(null), 0),
        (json!(0), 0),
        (json!(-1), -1),
        (json!(256), 256),
    ] {
        let spec = of_host(&json!({"PidsLimit": value}));
        assert_eq!(spec.limits.pids.value(), Some(&expected));
        let at = spec.limits.pids.spot().expect("a place");
        assert_eq!(at.field, "HostConfig.PidsLimit");
    }
}

#[test]
fn a_policy_of_always_has_a_count_of_0_which_is_no_bound() {
    let restart = |name: &str, count: u64| {
        let policy = json!({"Name": name, "MaximumRetryCount": count});
        let spec = of_host(&json!({"RestartPolicy": policy}));
        let restart = spec.restart.value().cloned().expect("a policy");
        (restart.policy, restart.max_retries)
    };
    assert_eq!(restart("always", 0), ("always".to_owned(), None));
    assert_eq!(restart("on-failure", 5), ("on-failure".to_owned(), Some(5)));
    assert_eq!(restart("on-failure", 0), ("on-failure".to_owned(), None));
    assert_eq!(restart("", 0), ("no".to_owned(), None));
}

#[test]
fn an_empty_apparmor_profile_means_that_the_host_has_none() {
    let profile = |container: &serde_json::Value| read(container).confinement.apparmor;
    let mut container = plain();
    assert_eq!(profile(&container).value().map(String::as_str), Some(""));
    container["AppArmorProfile"] = json!("unconfined");
    assert_eq!(
        profile(&container).value().map(String::as_str),
        Some("unconfined")
    );
    container["AppArmorProfile"] = json!("docker-default");
    container["HostConfig"]["SecurityOpt"] = json!(["apparmor=unconfined"]);
    assert_eq!(
        profile(&container).value().map(String::as_str),
        Some("unconfined")
    );
    container
        .as_object_mut()
        .expect("an object")
        .remove("AppArmorProfile");
    container["HostConfig"]["SecurityOpt"] = json!([]);
    assert!(profile(&container).unknown().is_some());
}

#[test]
fn a_seccomp_profile_stands_there_as_its_whole_text() {
    let profile = r#"seccomp={"defaultAction":"SCMP_ACT_ERRNO","syscalls":[]}"#;
    let spec = of_host(&json!({"SecurityOpt": [profile]}));
    let kept = spec.confinement.seccomp_profile.expect("a profile");
    assert_eq!(kept["defaultAction"], "SCMP_ACT_ERRNO");
    assert!(
        !spec
            .confinement
            .seccomp
            .value()
            .expect("said")
            .contains('{')
    );
}

#[test]
fn a_named_volume_mounted_at_etc_is_no_path_of_the_host() {
    let mut container = with_host(&json!({"Binds": ["shop:/etc"]}));
    container["Mounts"] = json!([{
        "Type": "volume", "Name": "shop", "Source": "/var/lib/docker/volumes/shop/_data",
        "Destination": "/etc", "Driver": "local", "Mode": "z", "RW": true, "Propagation": ""
    }]);
    let spec = read(&container);
    assert_eq!(spec.mounts.len(), 1, "{:?}", spec.mounts);
    assert_eq!(spec.mounts[0].kind, MountKind::Volume);
    assert_eq!(
        spec.mounts[0].source.value().map(String::as_str),
        Some("shop")
    );
}

#[test]
fn mounts_win_over_binds_and_add_up_with_what_only_hostconfig_says() {
    let mut container = with_host(&json!({
        "Binds": ["/etc:/y:ro", "/srv/../etc/ssl:/z"],
        "Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": 1_048_576}}],
        "Tmpfs": {"/run/": "rw,exec,size=64m"}
    }));
    container["Mounts"] = json!([
        {"Type": "bind", "Source": "//etc/", "Destination": "/y", "Mode": "ro", "RW": false, "Propagation": "rshared"},
        {"Type": "tmpfs", "Source": "", "Destination": "/t", "Mode": "", "RW": true, "Propagation": ""}
    ]);
    let spec = read(&container);
    let seen: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| {
            (
                mount.kind.clone(),
                mount.source.value().map(String::as_str),
                mount.target.value().map(String::as_str),
                mount.read_only.value().copied(),
                mount.size.value().map(String::as_str),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (Host, Some("/etc"), Some("/y"), Some(true), None),
            (Memory, None, Some("/t"), Some(false), Some("1048576")),
            (Host, Some("/etc/ssl"), Some("/z"), None, None),
            (Memory, None, Some("/run"), Some(false), Some("64m")),
        ]
    );
    let shared = spec.mounts[0].propagation.as_ref().expect("propagation");
    assert_eq!(shared.value, "rshared");
    assert_eq!(shared.at.field, "Mounts[0].Propagation");
    assert_eq!(spec.mounts[3].options, ["exec"]);
}

#[test]
fn a_volume_with_a_device_and_o_bind_is_a_path_of_the_host() {
    let options = json!({"type": "none", "o": "bind", "device": "/etc/"});
    let mut container = with_host(&json!({"Mounts": [{
        "Type": "volume", "Source": "innocent", "Target": "/x",
        "VolumeOptions": {"DriverConfig": {"Name": "local", "Options": options}}
    }]}));
    container["Mounts"] =
        json!([{"Type": "volume", "Name": "innocent", "Destination": "/x", "RW": true}]);
    let spec = read(&container);
    assert_eq!(spec.mounts.len(), 1);
    assert_eq!(spec.mounts[0].kind, MountKind::Host);
    assert_eq!(
        spec.mounts[0].source.value().map(String::as_str),
        Some("/etc")
    );
}

#[test]
fn an_anonymous_volume_of_the_image_is_left_out() {
    let name = "ab".repeat(32);
    let mut container = plain();
    container["Mounts"] = json!([
        {"Type": "volume", "Name": name, "Destination": "/data", "RW": true},
        {"Type": "volume", "Name": name, "Destination": "/other", "RW": true}
    ]);
    container["Config"]["Volumes"] = json!({"/data": {}});
    let spec = read(&container);
    assert_eq!(spec.mounts.len(), 1);
    assert_eq!(
        spec.mounts[0].target.value().map(String::as_str),
        Some("/other")
    );
    assert!(spec.mounts[0].source.is_absent());
}

#[test]
fn mounts_of_old_engines_have_no_type_and_older_ones_are_a_map() {
    let mut container = plain();
    container["Mounts"] = json!([
        {"Source": "/etc", "Destination": "/a", "Mode": "", "RW": true},
        {"Name": "vol", "Source": "/var/lib/docker/volumes/vol/_data", "Destination": "/b", "RW": true}
    ]);
    let kinds: Vec<_> = read(&container)
        .mounts
        .into_iter()
        .map(|mount| mount.kind)
        .collect();
    assert_eq!(kinds, [MountKind::Host, MountKind::Volume]);

    let mut older = plain();
    older.as_object_mut().expect("an object").remove("Mounts");
    older["Volumes"] = json!({"/a": "/etc", "/b": "/var/lib/docker/vfs/dir/0123"});
    older["VolumesRW"] = json!({"/a": false, "/b": true});
    let spec = read(&older);
    assert_eq!(
        spec.mounts[0].source.value().map(String::as_str),
        Some("/etc")
    );
    assert_eq!(spec.mounts[0].read_only.value(), Some(&true));
    assert_eq!(spec.mounts[1].kind, MountKind::Volume);
}

#[test]
fn a_cpu_quota_alone_is_a_limit() {
    for (changes, expected) in [
        (json!({"CpuQuota": 10_000}), "cpu-quota 10000"),
        (json!({"NanoCpus": 1_500_000_000_u64}), "1.5"),
        (json!({"CpuShares": 512}), "cpu-shares 512"),
        (json!({"CpusetCpus": "0-1"}), "cpuset 0-1"),
    ] {
        let spec = of_host(&changes);
        assert_eq!(spec.limits.cpu.value().map(String::as_str), Some(expected));
    }
    assert!(of_host(&json!({"CpuQuota": -1})).limits.cpu.is_absent());
}

#[test]
fn ports_are_read_with_address_and_range() {
    let spec = of_host(&json!({"PortBindings": {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "80"}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53-60"}],
        "22/tcp": [{"HostIp": "0.0.0.0", "HostPort": ""}],
        "99/tcp": null
    }}));
    let ports: Vec<_> = spec
        .ports
        .iter()
        .map(|port| {
            let range = (port.host_port, port.host_port_end);
            (
                port.host_ip.as_deref(),
                range,
                port.container_port,
                port.protocol.as_str(),
            )
        })
        .collect();
    let mut expected = vec![
        (None, (Some(8080), None), 80, "tcp"),
        (Some("::"), (Some(80), None), 80, "tcp"),
        (Some("127.0.0.1"), (Some(53), Some(60)), 53, "udp"),
        (Some("0.0.0.0"), (None, None), 22, "tcp"),
    ];
    expected.sort_unstable();
    let mut ports = ports;
    ports.sort_unstable();
    assert_eq!(ports, expected);
}

#[test]
fn a_port_that_is_none_is_a_gap() {
    let spec = of_host(&json!({"PortBindings": {"x/tcp": [{"HostIp": "", "HostPort": "80"}]}}));
    assert!(spec.ports.is_empty());
    assert_eq!(spec.gaps.len(), 1);
}

#[test]
fn namespaces_of_others_and_of_the_host_are_told_apart() {
    let spec = of_host(&json!({
        "NetworkMode": "container:0123", "PidMode": "host", "IpcMode": "shareable", "UTSMode": "host",
        "UsernsMode": "host", "CgroupnsMode": "private"
    }));
    let namespaces = spec.namespaces;
    assert_eq!(
        namespaces.network.value(),
        Some(&Namespace::Joined("0123".to_owned()))
    );
    assert_eq!(namespaces.pid.value(), Some(&Namespace::Host));
    assert_eq!(namespaces.ipc.value(), Some(&Namespace::Shareable));
    assert_eq!(namespaces.uts.value(), Some(&Namespace::Host));
    assert_eq!(namespaces.user.value(), Some(&Namespace::Host));
    assert_eq!(namespaces.cgroup.value(), Some(&Namespace::Private));
}

#[test]
fn devices_and_requests_are_read() {
    let spec = of_host(&json!({
        "Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}],
        "DeviceCgroupRules": ["a *:* rwm"],
        "DeviceRequests": [
            {"Driver": "", "Count": -1, "DeviceIDs": null, "Capabilities": [["gpu"]]},
            {"Driver": "cdi", "Count": 0, "DeviceIDs": ["vendor.com/gpu=0"]}
        ]
    }));
    assert_eq!(spec.devices[0].host, "/dev/sda");
    assert_eq!(spec.devices[0].permissions.as_deref(), Some("r"));
    assert_eq!(spec.device_rules[0].value, "a *:* rwm");
    let requests: Vec<_> = spec
        .device_requests
        .iter()
        .map(|said| said.value.as_str())
        .collect();
    assert_eq!(requests, ["all", "device=vendor.com/gpu=0"]);
}

#[test]
fn what_is_left_is_read() {
    let spec = of_host(&json!({
        "GroupAdd": ["docker", "0"], "CgroupParent": "/x", "Runtime": "runsc", "OomKillDisable": true,
        "OomScoreAdj": -500, "MemorySwap": -1, "Memory": 536_870_912, "PublishAllPorts": true,
        "Sysctls": {"net.core.somaxconn": "1024"}, "VolumesFrom": ["db:ro"],
        "Ulimits": [{"Name": "memlock", "Soft": -1, "Hard": -1}],
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}}
    }));
    let groups: Vec<_> = spec
        .account
        .extra_groups
        .iter()
        .map(|said| said.value.as_str())
        .collect();
    assert_eq!(groups, ["docker", "0"]);
    assert_eq!(spec.cgroup_parent.value().map(String::as_str), Some("/x"));
    assert_eq!(spec.runtime.value().map(String::as_str), Some("runsc"));
    assert_eq!(spec.limits.oom_kill_disable.value(), Some(&true));
    assert_eq!(spec.limits.oom_score_adj.value(), Some(&-500));
    assert_eq!(spec.limits.memory.value(), Some(&(512 << 20)));
    assert_eq!(spec.limits.memory_swap.value(), Some(&-1));
    assert_eq!(spec.publish_all.value(), Some(&true));
    assert_eq!(
        spec.sysctls[0].value,
        ("net.core.somaxconn".to_owned(), "1024".to_owned())
    );
    assert_eq!(
        spec.sysctls[0].at.field,
        "HostConfig.Sysctls.net.core.somaxconn"
    );
    assert_eq!(spec.volumes_from[0].value, "db:ro");
    assert_eq!(spec.limits.ulimits[0].hard, -1);
    let log = spec.log.value().expect("a log driver");
    assert_eq!(log.options, [("max-size".to_owned(), "10m".to_owned())]);
}

#[test]
fn a_health_check_of_none_is_off() {
    let health = |check: serde_json::Value| {
        let mut container = plain();
        container["Config"]["Healthcheck"] = check;
        read(&container).health
    };
    assert!(health(json!(null)).is_absent());
    assert!(
        health(json!({"Test": ["NONE"]}))
            .value()
            .expect("said")
            .disabled
    );
    let check = health(json!({"Test": ["CMD-SHELL", "true"]}));
    assert_eq!(check.value().expect("said").command, ["true"]);
}

#[test]
fn an_open_exec_session_is_a_gap_since_its_rights_are_not_said() {
    let mut container = plain();
    container["ExecIDs"] = json!(["0123"]);
    let spec = read(&container);
    assert_eq!(spec.gaps.len(), 1);
    assert_eq!(spec.gaps[0].at.field, "ExecIDs[0]");
}

#[test]
fn podman_says_the_whole_set_of_capabilities() {
    let mut container = with_host(&json!({
        "PidMode": "private", "UTSMode": "private", "IpcMode": "shareable", "NetworkMode": "pasta",
        "CgroupMode": "private", "CgroupnsMode": "-", "Runtime": "oci", "CgroupParent": "machine.slice",
        "CapDrop": ["CAP_NET_RAW"], "CapAdd": [], "SecurityOpt": [], "MaskedPaths": "-", "ReadonlyPaths": "-",
        "Ulimits": [{"Name": "RLIMIT_NOFILE", "Soft": 1024, "Hard": 2048}], "PidsLimit": 2048
    }));
    container["EffectiveCaps"] = json!(["CAP_CHOWN"]);
    container["BoundingCaps"] = json!(["CAP_CHOWN", "CAP_KILL"]);
    container["OCIRuntime"] = json!("crun");
    container["Config"]["Entrypoint"] = json!("/entry --x");
    let spec = read(&container);
    assert_eq!(spec.capabilities.bounding().to_string(), "CHOWN, KILL");
    assert_eq!(spec.runtime.value().map(String::as_str), Some("crun"));
    assert!(spec.cgroup_parent.is_absent());
    assert_eq!(spec.namespaces.cgroup.value(), Some(&Namespace::Private));
    assert_eq!(spec.namespaces.network.value(), Some(&Namespace::Private));
    assert_eq!(spec.limits.ulimits[0].name, "nofile");
    assert!(spec.confinement.unmasked_paths.unknown().is_some());
    assert_eq!(spec.entrypoint.value().expect("said").len(), 2);
}

#[test]
fn one_container_a_list_and_a_stream_are_read() {
    let one = serde_json::to_string(&plain()).expect("json");
    let read = |text: &str| {
        let settings = inspect("x", text).expect("containers");
        let names = settings.specs.into_iter().map(|spec| spec.container.name);
        names.collect::<Vec<_>>()
    };
    assert_eq!(read(&one), ["web"]);
    assert_eq!(read(&format!("[{one}]\n[{one}]")), ["web", "web (line 2)"]);
    assert_eq!(read(&format!("{one}\n{one}\n")).len(), 2);
    let same_line = read(&format!("[{one},{one},{one}]"));
    assert_eq!(same_line.len(), 3);
    assert!(same_line[1] != same_line[2], "{same_line:?}");
}

#[test]
fn what_is_no_container_is_refused_or_a_gap() {
    let image = json!({"Id": "sha256:0", "RepoTags": ["a:1"], "Config": {}});
    let text = serde_json::to_string(&json!([image])).expect("json");
    let error = inspect("x.json", &text).expect_err("an image");
    assert!(error.to_string().contains("an image"), "{error}");
    let both = serde_json::to_string(&json!([image, plain()])).expect("json");
    let settings = inspect("x.json", &both).expect("a container");
    assert_eq!((settings.specs.len(), settings.gaps.len()), (1, 1));
    assert!(matches!(inspect("x", ""), Err(ReadError::Form { .. })));
    assert!(matches!(inspect("x", "[]"), Err(ReadError::Form { .. })));
    assert!(matches!(inspect("x", "[{]"), Err(ReadError::Syntax { .. })));
}

#[test]
fn no_value_of_a_variable_is_shown() {
    let mut container = plain();
    container["Config"]["Env"] = json!(["PASSWORD=hunter2", "EMPTY=", "NAKED"]);
    let spec = read(&container);
    assert!(!format!("{spec:?}").contains("hunter2"));
    assert_eq!(spec.environment[0].value.as_deref(), Some("hunter2"));
    assert_eq!(spec.environment[1].value.as_deref(), Some(""));
    assert_eq!(spec.environment[2].value, None);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}") {
        let _ = inspect("x", &text);
    }

    #[test]
    fn any_value_of_any_key_is_read(key in 0_usize..45, value in 0_usize..9) {
        let values = [
            json!(null), json!(true), json!("x"), json!(""), json!(-1), json!(1.5), json!([[]]), json!({"a": {}}),
            json!(["", null, 1, "a:b:c:d"]),
        ];
        let mut container = plain();
        let host = container["HostConfig"].as_object_mut().expect("an object");
        if let Some(slot) = host.values_mut().nth(key) {
            *slot = values[value].clone();
        }
        let text = serde_json::to_string(&container).expect("json");
        let _ = inspect("x", &text);
    }
}
