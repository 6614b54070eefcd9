//! One case after the other: what is said, and what each check makes of it.

#![allow(
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    reason = "a case is one expression, and there are many"
)]

use super::*;

pub(super) type Case = (&'static str, fn(&mut RuntimeSpec), &'static str);

pub(super) fn all(form: Form, cases: &[Case]) {
    for (number, (id, say, expected)) in cases.iter().enumerate() {
        let mut spec = hardened(form);
        say(&mut spec);
        let id = format!("PLM-R-{id}");
        assert_eq!(name(&spec, &id), *expected, "case {number}: {id}");
    }
}

#[test]
fn capabilities() {
    all(
        Form::Compose,
        &[
            (
                "004",
                |s| s.capabilities.added = words(&["cap_sys_admin"]),
                "failed",
            ),
            (
                "004",
                |s| s.capabilities.added = words(&["NET_ADMIN"]),
                "passed",
            ),
            (
                "004",
                |s| s.capabilities.unknown = Some("the variable CAPS has no value".to_owned()),
                "not-evaluated",
            ),
            (
                "005",
                |s| s.capabilities.added = words(&["NET_ADMIN"]),
                "failed",
            ),
            (
                "006",
                |s| s.capabilities.added = words(&["NET_RAW"]),
                "failed",
            ),
            (
                "006",
                |s| s.capabilities.dropped = words(&["net_raw"]),
                "passed",
            ),
            (
                "006",
                |s| {
                    s.capabilities.dropped.clear();
                    s.namespaces.network = said(Namespace::None);
                },
                "not-applicable",
            ),
            (
                "008",
                |s| {
                    s.capabilities.dropped.clear();
                    s.capabilities.added = words(&["CHOWN"]);
                },
                "failed",
            ),
            (
                "008",
                |s| s.capabilities.added = words(&["CHOWN"]),
                "passed",
            ),
            (
                "099",
                |s| s.capabilities.dropped = words(&["NET_RWA"]),
                "failed",
            ),
            (
                "099",
                |s| {
                    s.unknown_keys = vec![UnknownKey {
                        key: "privilged".to_owned(),
                        at: spot("privilged"),
                    }]
                },
                "failed",
            ),
        ],
    );
    all(
        Form::Oci,
        &[
            (
                "002",
                |s| s.capabilities.exact = said(CapabilitySet::DOCKER_DEFAULT),
                "failed",
            ),
            (
                "003",
                |s| s.capabilities.exact = said(CapabilitySet::ALL),
                "failed",
            ),
            (
                "004",
                |s| s.capabilities.exact = said(CapabilitySet(1 << 21)),
                "failed",
            ),
        ],
    );
}

#[test]
fn confinement() {
    all(
        Form::DockerRun,
        &[
            (
                "010",
                |s| s.confinement.seccomp = said("unconfined".to_owned()),
                "failed",
            ),
            (
                "010",
                |s| s.confinement.seccomp = said("builtin".to_owned()),
                "passed",
            ),
            (
                "012",
                |s| s.confinement.seccomp = said("my.json".to_owned()),
                "not-evaluated",
            ),
            (
                "012",
                |s| {
                    s.confinement.seccomp = said("my.json".to_owned());
                    s.confinement.seccomp_profile =
                        Some(serde_json::json!({"defaultAction": "SCMP_ACT_ALLOW"}));
                },
                "failed",
            ),
            (
                "013",
                |s| s.confinement.apparmor = said("unconfined".to_owned()),
                "failed",
            ),
            (
                "013",
                |s| s.confinement.apparmor = said(String::new()),
                "not-evaluated",
            ),
            (
                "014",
                |s| {
                    s.confinement.selinux = said(SeLinux {
                        kind: Some("spc_t".to_owned()),
                        ..SeLinux::default()
                    })
                },
                "failed",
            ),
            (
                "014",
                |s| {
                    s.confinement.selinux = said(SeLinux {
                        level: Some("s0:c1".to_owned()),
                        ..SeLinux::default()
                    })
                },
                "passed",
            ),
            (
                "015",
                |s| s.confinement.unmasked_paths = said(true),
                "failed",
            ),
            ("016", |s| s.writable_cgroups = said(true), "failed"),
            (
                "016",
                |s| s.mounts = vec![bind("/sys/fs/cgroup", false)],
                "failed",
            ),
            (
                "016",
                |s| s.mounts = vec![bind("/sys/fs/cgroup", true)],
                "passed",
            ),
        ],
    );
    all(
        Form::Kubernetes,
        &[
            (
                "010",
                |s| s.confinement.seccomp = said("Unconfined".to_owned()),
                "failed",
            ),
            (
                "014",
                |s| {
                    s.confinement.selinux = said(SeLinux {
                        user: Some("system_u".to_owned()),
                        ..SeLinux::default()
                    })
                },
                "failed",
            ),
            (
                "014",
                |s| {
                    s.confinement.selinux = said(SeLinux {
                        kind: Some("container_t".to_owned()),
                        ..SeLinux::default()
                    })
                },
                "passed",
            ),
        ],
    );
}

#[test]
fn mounts() {
    all(
        Form::Compose,
        &[
            ("053", |s| s.mounts = vec![bind("/proc", false)], "failed"),
            (
                "053",
                |s| s.mounts = vec![bind("/home/u/.ssh", false)],
                "failed",
            ),
            (
                "053",
                |s| s.mounts = vec![bind("/srv/data", false)],
                "passed",
            ),
            (
                "053",
                |s| {
                    s.mounts = vec![Mount {
                        read_only: unknown(),
                        ..bind("/etc", false)
                    }]
                },
                "not-evaluated",
            ),
            (
                "053",
                |s| {
                    s.mounts = vec![Mount {
                        source: unknown(),
                        ..bind("/etc", false)
                    }]
                },
                "not-evaluated",
            ),
            (
                "054",
                |s| s.mounts = vec![bind("/etc/localtime", true), bind("/etc/timezone", true)],
                "passed",
            ),
            (
                "054",
                |s| s.mounts = vec![bind("/usr/share/zoneinfo", true)],
                "passed",
            ),
            (
                "054",
                |s| s.mounts = vec![bind("/lib/modules", true)],
                "failed",
            ),
            ("056", |s| s.mounts = vec![bind("~/.aws", true)], "failed"),
            (
                "056",
                |s| s.mounts = vec![bind("/etc/shadow", true)],
                "failed",
            ),
            (
                "055",
                |s| s.mounts = vec![bind("/srv/data", true)],
                "not-applicable",
            ),
            (
                "057",
                |s| {
                    s.mounts = vec![Mount {
                        propagation: Some(Stated::new("rshared".to_owned(), spot("p"))),
                        ..bind("/srv", true)
                    }]
                },
                "failed",
            ),
            (
                "057",
                |s| {
                    s.mounts = vec![Mount {
                        propagation: Some(Stated::new("rslave".to_owned(), spot("p"))),
                        ..bind("/srv", true)
                    }]
                },
                "passed",
            ),
            ("060", |s| s.volumes_from = words(&["db"]), "failed"),
            (
                "061",
                |s| {
                    s.mounts = vec![Mount {
                        options: strings(&["volume-opt=device=/etc"]),
                        ..bind("/etc", false)
                    }]
                },
                "failed",
            ),
            ("061", |s| s.mounts = vec![bind("/etc", false)], "passed"),
        ],
    );
    all(
        Form::Kubernetes,
        &[
            (
                "055",
                |s| s.mounts = vec![bind("/srv/data", true)],
                "failed",
            ),
            ("055", |s| s.mounts = vec![bind("/etc", true)], "passed"),
            (
                "062",
                |s| s.kubernetes.as_mut().expect("a pod").volumes = words(&["nfs"]),
                "failed",
            ),
            (
                "062",
                |s| s.kubernetes.as_mut().expect("a pod").volumes = words(&["secret", "hostPath"]),
                "passed",
            ),
        ],
    );
}

#[test]
fn devices_and_kernel_settings() {
    fn device(host: &str) -> Vec<Device> {
        vec![Device {
            host: host.to_owned(),
            inside: None,
            permissions: None,
            at: spot("--device"),
        }]
    }
    for (host, expected) in [
        ("/dev/mem", Severity::Critical),
        ("/dev/sda1", Severity::Critical),
        ("/dev/nvme0n1", Severity::Critical),
        ("/dev/kmsg", Severity::Critical),
        ("/dev/fuse", Severity::Medium),
        ("/dev/net/tun", Severity::Medium),
        ("nvidia.com/gpu=all", Severity::Medium),
        ("/dev/ipmi0", Severity::High),
    ] {
        let mut spec = hardened(Form::DockerRun);
        spec.devices = device(host);
        assert_eq!(severity(&spec, "PLM-R-058"), expected, "{host}");
    }
    all(
        Form::DockerRun,
        &[
            ("058", |s| s.devices = device("/dev/null"), "passed"),
            ("059", |s| s.device_rules = words(&["a *:* rwm"]), "failed"),
            ("059", |s| s.device_rules = words(&["c 1:3 rwm"]), "passed"),
            ("059", |s| s.device_requests = words(&["all"]), "failed"),
            (
                "103",
                |s| s.account.extra_groups = words(&["docker"]),
                "failed",
            ),
            (
                "103",
                |s| s.account.extra_groups = words(&["audio"]),
                "passed",
            ),
            ("102", |s| s.account.extra_groups = words(&["0"]), "failed"),
        ],
    );
    for (key, expected) in [
        ("net.core.somaxconn", Severity::Low),
        ("kernel.core_pattern", Severity::High),
    ] {
        let mut spec = hardened(Form::DockerRun);
        spec.sysctls = vec![Stated::new(
            (key.to_owned(), "1".to_owned()),
            spot("--sysctl"),
        )];
        assert_eq!(severity(&spec, "PLM-R-074"), expected, "{key}");
        spec.container.form = Form::Kubernetes;
        assert_eq!(severity(&spec, "PLM-R-074"), Severity::Medium, "{key}");
    }
}
