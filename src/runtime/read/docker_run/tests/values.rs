//! What the value of each flag becomes.

use super::*;
use crate::runtime::{MountKind, Namespace};

type Seen = (MountKind, Option<String>, Option<String>, Option<bool>);

fn seen(spec: &RuntimeSpec) -> Vec<Seen> {
    let mounts = spec.mounts.iter().map(|mount| {
        (
            mount.kind.clone(),
            mount.source.value().cloned(),
            mount.target.value().cloned(),
            mount.read_only.value().copied(),
        )
    });
    mounts.collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of all forms")]
fn every_form_of_a_mount_is_read() {
    use MountKind::{Host, Memory, Other, Volume};
    for (text, kind, source, target, read_only) in [
        ("-v /etc:/y:ro", Host, Some("/etc"), "/y", Some(true)),
        ("-v /etc/ssl:/x", Host, Some("/etc/ssl"), "/x", None),
        ("-v named:/etc", Volume, Some("named"), "/etc", None),
        ("-v /anonymous", Volume, None, "/anonymous", None),
        (
            "-v //var/run/docker.sock:/s",
            Host,
            Some("/var/run/docker.sock"),
            "/s",
            None,
        ),
        ("-v ~/.ssh:/k:ro,Z", Host, Some("~/.ssh"), "/k", Some(true)),
        ("-v $HOME/.aws:/k", Host, Some("~/.aws"), "/k", None),
        ("-v \"${HOME}\"/.kube:/k", Host, Some("~/.kube"), "/k", None),
        ("-v $PWD:/src", Host, Some("."), "/src", None),
        ("-v $(pwd):/src", Host, Some("."), "/src", None),
        ("-v \"`pwd`/x\":/src", Host, Some("./x"), "/src", None),
        ("-v $(pwd)/..:/src", Host, Some(".."), "/src", None),
        ("-v .:/src:rw", Host, Some("."), "/src", Some(false)),
        ("-v 'C:\\data:/y'", Host, Some("C:\\data"), "/y", None),
        ("--volume=/:/host:rslave", Host, Some("/"), "/host", None),
        (
            "--mount type=bind,source=/etc/,target=/y,readonly",
            Host,
            Some("/etc"),
            "/y",
            Some(true),
        ),
        (
            "--mount type=bind,src=/a/../etc,dst=/y,ro=false",
            Host,
            Some("/etc"),
            "/y",
            Some(false),
        ),
        (
            "--mount src=vol,destination=/y",
            Volume,
            Some("vol"),
            "/y",
            None,
        ),
        ("--mount target=/y", Volume, None, "/y", None),
        (
            "--mount TYPE=bind,Source=/etc,Target=/y",
            Host,
            Some("/etc"),
            "/y",
            None,
        ),
        (
            "--mount type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1777",
            Memory,
            None,
            "/t",
            None,
        ),
        (
            "--mount type=image,source=i,target=/i",
            Other("image".to_owned()),
            Some("i"),
            "/i",
            None,
        ),
        (
            "--mount type=volume,source=v,target=/y,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc/",
            Host,
            Some("/etc"),
            "/y",
            None,
        ),
        (
            "--mount '\"type=volume\",target=/y,\"volume-opt=o=rw,bind\",volume-opt=device=/'",
            Host,
            Some("/"),
            "/y",
            None,
        ),
        (
            "--mount type=volume,source=v,target=/y,volume-opt=type=nfs,volume-opt=device=:/x,volume-opt=o=addr=h",
            Volume,
            Some("v"),
            "/y",
            None,
        ),
        ("--tmpfs /run:uid=33,gid=33", Memory, None, "/run", None),
        ("--tmpfs /run/", Memory, None, "/run", None),
        (
            "--use-api-socket",
            Host,
            Some("/var/run/docker.sock"),
            "/var/run/docker.sock",
            None,
        ),
        (
            "--secret key,target=/k",
            Other("secret".to_owned()),
            Some("key"),
            "/k",
            Some(true),
        ),
    ] {
        let spec = flags(text);
        let owned = |text: &str| text.to_owned();
        let expected = (kind, source.map(owned), Some(owned(target)), read_only);
        assert_eq!(seen(&spec), [expected], "{text}");
        assert!(gaps(&spec).is_empty(), "{text}");
        assert_eq!(spec.mounts[0].at.line, Some(1));
    }
}

#[test]
fn propagation_options_and_size_of_mounts_are_kept() {
    let spec = flags(
        "-v /a:/b:rshared,z --mount type=bind,src=/a,dst=/c,bind-propagation=shared,bind-recursive=readonly",
    );
    let propagation =
        |mount: &crate::runtime::Mount| mount.propagation.as_ref().map(|said| said.value.clone());
    assert_eq!(propagation(&spec.mounts[0]).as_deref(), Some("rshared"));
    assert_eq!(propagation(&spec.mounts[1]).as_deref(), Some("shared"));
    assert_eq!(spec.mounts[0].options, ["z"]);
    assert_eq!(spec.mounts[1].options, ["bind-recursive=readonly"]);
    let spec =
        flags("--tmpfs /t:rw,exec,size=64m,mode=1777 --mount type=tmpfs,dst=/u,tmpfs-size=1g");
    let sizes: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| mount.size.value().map(String::as_str))
        .collect();
    assert_eq!(sizes, [Some("64m"), Some("1g")]);
    assert_eq!(spec.mounts[0].options, ["exec", "mode=1777"]);
}

#[test]
fn a_source_that_is_not_known_is_unknown_and_looked_at_as_a_path() {
    for text in [
        "-v $DATA:/data",
        "-v ${DATA}/x:/data",
        "--mount type=bind,src=$DATA,dst=/data",
        "-v $(mktemp -d):/data",
    ] {
        let spec = flags(text);
        assert_eq!(spec.mounts[0].kind, MountKind::Host, "{text}");
        assert!(spec.mounts[0].source.unknown().is_some(), "{text}");
        assert_eq!(
            spec.mounts[0].target.value().map(String::as_str),
            Some("/data"),
            "{text}"
        );
    }
    let why = flags("-v $DATA:/data").mounts[0]
        .source
        .unknown()
        .map(str::to_owned);
    assert_eq!(why.as_deref(), Some("the variable DATA has no value"));
}

#[test]
fn published_ports_are_read() {
    for (text, ip, first, last, inside, protocol) in [
        ("-p 80", None, None, None, 80, "tcp"),
        ("-p 8080:80", None, Some(8080), None, 80, "tcp"),
        ("-p 8080:80/udp", None, Some(8080), None, 80, "udp"),
        (
            "-p 127.0.0.1:8080:80",
            Some("127.0.0.1"),
            Some(8080),
            None,
            80,
            "tcp",
        ),
        ("-p 127.0.0.1::80", Some("127.0.0.1"), None, None, 80, "tcp"),
        (
            "-p 0.0.0.0:22:22",
            Some("0.0.0.0"),
            Some(22),
            None,
            22,
            "tcp",
        ),
        ("-p [::]:80:80", Some("::"), Some(80), None, 80, "tcp"),
        (
            "-p '[::1]:53:53/udp'",
            Some("::1"),
            Some(53),
            None,
            53,
            "udp",
        ),
        ("-p [::1]::53", Some("::1"), None, None, 53, "tcp"),
        (
            "-p 8000-8010:8000-8010",
            None,
            Some(8000),
            Some(8010),
            8000,
            "tcp",
        ),
        ("-p 8000-8010:80", None, Some(8000), Some(8010), 80, "tcp"),
        ("-p 7000-7001", None, None, None, 7000, "tcp"),
        ("-p :80", None, None, None, 80, "tcp"),
        ("-p 0:80", None, None, None, 80, "tcp"),
    ] {
        let spec = flags(text);
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
        assert!(gaps(&spec).is_empty(), "{text}");
    }
    let spec = flags("-p $PORT:80");
    assert_eq!(
        (spec.ports[0].host_port, spec.ports[0].host_ip.as_deref()),
        (None, None)
    );
    assert_eq!(gaps(&spec).len(), 1);
    assert_eq!(gaps(&flags("-p web")).len(), 1);
    assert_eq!(flags("-P").publish_all.value(), Some(&true));
}

#[test]
fn security_options_are_read_in_every_spelling() {
    for (text, expected) in [
        ("no-new-privileges", Some(true)),
        ("no-new-privileges:true", Some(true)),
        ("no-new-privileges=true", Some(true)),
        ("no-new-privileges=false", Some(false)),
        ("no-new-privileges:false", Some(false)),
    ] {
        let spec = flags(&format!("--security-opt {text}"));
        assert_eq!(spec.no_new_privileges.value().copied(), expected, "{text}");
        let spec = flags(&format!("--security-opt={text}"));
        assert_eq!(spec.no_new_privileges.value().copied(), expected, "{text}");
    }
    for text in ["seccomp=unconfined", "seccomp:unconfined"] {
        let spec = flags(&format!("--security-opt {text}"));
        assert_eq!(
            spec.confinement.seccomp.value().map(String::as_str),
            Some("unconfined")
        );
        assert!(gaps(&spec).is_empty());
    }
    let spec = flags(
        "--security-opt apparmor:unconfined --security-opt label:type:spc_t --security-opt systempaths=unconfined",
    );
    assert_eq!(
        spec.confinement.apparmor.value().map(String::as_str),
        Some("unconfined")
    );
    assert_eq!(
        spec.confinement
            .selinux
            .value()
            .expect("said")
            .kind
            .as_deref(),
        Some("spc_t")
    );
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&true));
    let spec = flags("--security-opt writable-cgroups=true --security-opt label=disable");
    assert_eq!(spec.writable_cgroups.value(), Some(&true));
    assert!(spec.confinement.selinux.value().expect("said").disabled);
    let spec = one("podman run --security-opt unmask=ALL --security-opt mask=/proc/x img");
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&true));
}

#[test]
fn a_security_option_without_a_value_is_unknown_or_a_gap() {
    assert!(
        flags("--security-opt seccomp=$S")
            .confinement
            .seccomp
            .unknown()
            .is_some()
    );
    assert!(
        flags("--security-opt no-new-privileges:$N")
            .no_new_privileges
            .unknown()
            .is_some()
    );
    assert!(
        flags("--security-opt label=$L")
            .confinement
            .selinux
            .unknown()
            .is_some()
    );
    assert_eq!(gaps(&flags("--security-opt \"$O\"")).len(), 1);
}

#[test]
fn a_seccomp_profile_is_read_from_its_file_or_is_a_gap() {
    let mut around = Given::default();
    let profile = "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}".to_owned();
    around.files.insert("p.json".to_owned(), profile);
    around
        .files
        .insert("broken.json".to_owned(), "{".to_owned());
    let read = |file: &str| {
        let text = format!("docker run --security-opt seccomp={file} x");
        let settings = docker_run("run.sh", &text, &around).expect("a command");
        settings.specs.into_iter().next().expect("a container")
    };
    let spec = read("p.json");
    assert_eq!(
        spec.confinement.seccomp.value().map(String::as_str),
        Some("p.json")
    );
    assert_eq!(
        spec.confinement.seccomp_profile.as_ref().expect("read")["defaultAction"],
        "SCMP_ACT_ALLOW"
    );
    for file in ["broken.json", "missing.json"] {
        let spec = read(file);
        assert!(gaps(&spec)[0].contains(file), "{file}");
        assert!(spec.confinement.seccomp_profile.is_none());
    }
}

#[test]
fn capabilities_keep_their_spelling_and_podmans_lists_are_split() {
    let spec = flags("--cap-drop all --cap-add=cap_net_admin --cap-add NET_RAW,SYS_ADMIN");
    assert_eq!(
        said(&spec.capabilities.added),
        ["cap_net_admin", "NET_RAW", "SYS_ADMIN"]
    );
    assert!(spec.capabilities.drops_all());
    let unknown = flags("--cap-add $CAPS");
    assert!(unknown.capabilities.unknown.is_some());
    assert_eq!(gaps(&unknown).len(), 1);
}

#[test]
fn adding_all_beats_dropping_all() {
    let spec = flags("--cap-drop ALL --cap-add ALL");
    assert!(spec.capabilities.adds_all() && spec.capabilities.drops_all());
    assert_eq!(
        spec.capabilities.bounding(),
        crate::model::CapabilitySet::ALL
    );
}

#[test]
fn users_and_groups_are_split() {
    for (text, user, group) in [
        ("--user 0:0", Some("0"), Some("0")),
        ("-u 1000", Some("1000"), None),
        ("-u root", Some("root"), None),
        ("--user=65532:65532", Some("65532"), Some("65532")),
        ("-u 1000:1000 -u app", Some("app"), None),
    ] {
        let account = flags(text).account;
        assert_eq!(account.user.value().map(String::as_str), user, "{text}");
        assert_eq!(account.group.value().map(String::as_str), group, "{text}");
    }
    assert_eq!(
        said(
            &flags("--group-add docker --group-add 0")
                .account
                .extra_groups
        ),
        ["docker", "0"]
    );
    let caller = flags("-u $(id -u):$(id -g)").account;
    assert!(caller.user.unknown().is_some() && caller.group.unknown().is_some());
    let mixed = flags("-u $APP:0").account;
    assert_eq!(mixed.user.unknown(), Some("the variable APP has no value"));
    assert_eq!(mixed.group.value().map(String::as_str), Some("0"));
}

#[test]
fn namespaces_are_read() {
    use Namespace::{DefaultBridge, Host, Joined, Named, Private, Shareable};
    for text in [
        "--net host",
        "--network host",
        "--net=host",
        "--network=host",
        "--network name=host",
    ] {
        assert_eq!(
            flags(text).namespaces.network.value(),
            Some(&Host),
            "{text}"
        );
    }
    let spec = flags(
        "--network container:db --pid host --ipc shareable --uts host --userns host --cgroupns private",
    );
    let namespaces = spec.namespaces;
    assert_eq!(namespaces.network.value(), Some(&Joined("db".to_owned())));
    assert_eq!(namespaces.pid.value(), Some(&Host));
    assert_eq!(namespaces.ipc.value(), Some(&Shareable));
    assert_eq!(namespaces.uts.value(), Some(&Host));
    assert_eq!(namespaces.user.value(), Some(&Host));
    assert_eq!(namespaces.cgroup.value(), Some(&Private));
    assert_eq!(
        flags("--network shop --network b")
            .namespaces
            .network
            .value(),
        Some(&Named("shop".to_owned()))
    );
    assert_eq!(
        flags("--network bridge").namespaces.network.value(),
        Some(&DefaultBridge)
    );
    assert_eq!(
        flags("--userns keep-id:uid=5").namespaces.user.value(),
        Some(&Private)
    );
    assert_eq!(
        flags("--uidmap 0:100000:65536").namespaces.user.value(),
        Some(&Private)
    );
    assert!(flags("--pid hosts").namespaces.pid.unknown().is_some());
    assert!(
        flags("--network $NET")
            .namespaces
            .network
            .unknown()
            .is_some()
    );
    assert_eq!(gaps(&one("podman run --pod shop img")).len(), 1);
}

#[test]
fn devices_and_requests_are_read() {
    let spec = flags(
        "--device /dev/sda --device=/dev//sdb:/dev/x:r --device /dev/fuse:rw --device vendor.com/gpu=0",
    );
    let seen: Vec<_> = spec
        .devices
        .iter()
        .map(|device| {
            (
                device.host.as_str(),
                device.inside.as_deref(),
                device.permissions.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("/dev/sda", None, None),
            ("/dev/sdb", Some("/dev/x"), Some("r")),
            ("/dev/fuse", None, Some("rw")),
            ("vendor.com/gpu=0", None, None),
        ]
    );
    let spec = flags("--gpus all --device-cgroup-rule 'a *:* rwm' --gpus '\"device=0,1\"'");
    assert_eq!(said(&spec.device_requests), ["all", "device=0,1"]);
    assert_eq!(said(&spec.device_rules), ["a *:* rwm"]);
}

#[test]
fn limits_are_read_with_their_units() {
    let spec = flags(
        "-m 512m --memory-swap -1 --cpus 1.5 --pids-limit 256 --oom-kill-disable --oom-score-adj -500 --shm-size 1g \
         --ulimit nofile=1024:2048 --ulimit core=-1 --ulimit memlock=unlimited --sysctl net.core.somaxconn=1024 --cgroup-parent /x",
    );
    let limits = &spec.limits;
    assert_eq!(limits.memory.value(), Some(&(512 << 20)));
    assert_eq!(limits.memory_swap.value(), Some(&-1));
    assert_eq!(limits.cpu.value().map(String::as_str), Some("1.5"));
    assert_eq!(limits.pids.value(), Some(&256));
    assert_eq!(limits.oom_kill_disable.value(), Some(&true));
    assert_eq!(limits.oom_score_adj.value(), Some(&-500));
    assert_eq!(limits.shm_size.value().map(String::as_str), Some("1g"));
    let ulimits: Vec<_> = limits
        .ulimits
        .iter()
        .map(|limit| (limit.name.as_str(), limit.soft, limit.hard))
        .collect();
    assert_eq!(
        ulimits,
        [
            ("nofile", 1024, 2048),
            ("core", -1, -1),
            ("memlock", -1, -1)
        ]
    );
    assert_eq!(
        spec.sysctls[0].value,
        ("net.core.somaxconn".to_owned(), "1024".to_owned())
    );
    assert_eq!(spec.cgroup_parent.value().map(String::as_str), Some("/x"));
}

#[test]
fn a_cpu_quota_alone_is_a_limit_and_zero_is_none() {
    for (text, expected) in [
        ("--cpu-quota 10000", Some("cpu-quota 10000")),
        ("--cpu-shares 512", Some("cpu-shares 512")),
        ("-c 512", Some("cpu-shares 512")),
        ("--cpuset-cpus 0-1", Some("cpuset 0-1")),
        ("--cpu-quota -1", None),
        ("--cpus 0", None),
        ("--cpus 0.000", None),
    ] {
        assert_eq!(
            flags(text).limits.cpu.value().map(String::as_str),
            expected,
            "{text}"
        );
    }
    assert_eq!(flags("--pids-limit -1").limits.pids.value(), Some(&-1));
    assert_eq!(flags("-m 0").limits.memory.value(), Some(&0));
    assert!(flags("-m lots").limits.memory.unknown().is_some());
    assert!(flags("-m $MEM").limits.memory.unknown().is_some());
}

#[test]
fn what_is_left_is_read() {
    let spec = flags(
        "--restart on-failure:5 --log-driver json-file --log-opt max-size=10m --runtime runsc --volumes-from db:ro --entrypoint /e",
    );
    let restart = spec.restart.value().expect("said");
    assert_eq!(
        (restart.policy.as_str(), restart.max_retries),
        ("on-failure", Some(5))
    );
    let log = spec.log.value().expect("said");
    assert_eq!((log.driver.as_str(), log.options.len()), ("json-file", 1));
    assert_eq!(spec.runtime.value().map(String::as_str), Some("runsc"));
    assert_eq!(said(&spec.volumes_from), ["db:ro"]);
    assert_eq!(spec.entrypoint.value().expect("said"), &["/e"]);
    assert_eq!(
        flags("--restart always")
            .restart
            .value()
            .expect("said")
            .max_retries,
        None
    );
    assert!(
        flags("--entrypoint ''")
            .entrypoint
            .value()
            .expect("said")
            .is_empty()
    );
    let listed = one("podman run --entrypoint '[\"/e\", \"-x\"]' img");
    assert_eq!(listed.entrypoint.value().expect("said"), &["/e", "-x"]);
}

#[test]
fn health_checks_are_read() {
    assert!(
        flags("--no-healthcheck")
            .health
            .value()
            .expect("said")
            .disabled
    );
    assert!(
        flags("--health-cmd none")
            .health
            .value()
            .expect("said")
            .disabled
    );
    let spec = flags("--health-cmd 'curl -f http://localhost' --health-interval 5s");
    assert_eq!(
        spec.health.value().expect("said").command,
        ["curl -f http://localhost"]
    );
    assert!(flags("--rm").health.is_absent());
}

#[test]
fn variables_of_the_environment_are_kept_and_never_shown() {
    let spec = flags("-e PASSWORD=hunter2 -e NAME -e EMPTY= -e TOKEN=$TOKEN --env=A=b=c");
    let seen: Vec<_> = spec
        .environment
        .iter()
        .map(|said| (said.name.as_str(), said.value.as_deref()))
        .collect();
    assert_eq!(
        seen,
        [
            ("PASSWORD", Some("hunter2")),
            ("NAME", None),
            ("EMPTY", Some("")),
            ("TOKEN", None),
            ("A", Some("b=c")),
        ]
    );
    assert!(!format!("{spec:?}").contains("hunter2"));
}

#[test]
fn an_env_file_is_read_or_named_in_a_gap() {
    let mut around = Given::default();
    let text = "# comment\n\nA=b\n  PASSWORD=hunter2\nNAME\n".to_owned();
    around.files.insert("a.env".to_owned(), text);
    let settings = docker_run(
        "run.sh",
        "docker run --env-file a.env --env-file=b.env x",
        &around,
    )
    .expect("a command");
    let spec = &settings.specs[0];
    let names: Vec<_> = spec
        .environment
        .iter()
        .map(|said| said.name.as_str())
        .collect();
    assert_eq!(names, ["A", "PASSWORD", "NAME"]);
    let at = &spec.environment[1].at;
    assert_eq!((at.file.as_deref(), at.line), (Some("a.env"), Some(4)));
    assert_eq!(gaps(spec), ["the env file b.env is not read: no such file"]);
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn the_whole_environment_of_the_caller_is_a_gap() {
    assert_eq!(gaps(&one("podman run --env-host img")).len(), 1);
}
