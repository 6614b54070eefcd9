//! What docker-bench-security gets wrong in section 5, as measured: each has to be right here.

use super::*;

#[test]
fn user_0_0_is_root() {
    for user in ["0", "00", "root", "+0"] {
        let mut spec = hardened(Form::Inspect);
        spec.account.user = said(user.to_owned());
        spec.account.group = said("0".to_owned());
        assert_eq!(name(&spec, "PLM-R-101"), "failed", "{user}");
    }
}

#[test]
fn an_option_that_is_not_about_selinux_does_not_tell_that_selinux_is_on() {
    let mut spec = hardened(Form::Inspect);
    spec.confinement.seccomp = said("unconfined".to_owned());
    assert_eq!(name(&spec, "PLM-R-014"), "not-evaluated");
    spec.confinement.seccomp = Setting::Absent;
    spec.no_new_privileges = said(false);
    assert_eq!(name(&spec, "PLM-R-014"), "not-evaluated");
}

#[test]
fn etc_is_flagged_read_only_and_below_it_writable() {
    let mut spec = hardened(Form::Inspect);
    spec.mounts = vec![bind("/etc", true)];
    assert_eq!(severity(&spec, "PLM-R-054"), Severity::High);
    spec.mounts = vec![bind("/etc/ssl", false)];
    assert_eq!(severity(&spec, "PLM-R-053"), Severity::Critical);
}

#[test]
fn a_named_volume_mounted_at_etc_inside_is_fine() {
    let mut spec = hardened(Form::Inspect);
    spec.mounts = vec![Mount {
        kind: MountKind::Volume,
        source: said("named".to_owned()),
        target: said("/etc".to_owned()),
        ..bind("", false)
    }];
    for id in ["PLM-R-051", "PLM-R-052", "PLM-R-053", "PLM-R-054"] {
        assert_eq!(name(&spec, id), "passed", "{id}");
    }
}

#[test]
fn a_cpu_quota_is_a_limit() {
    let mut spec = hardened(Form::Inspect);
    for cpu in [
        "0.1",
        "cpu-quota 10000",
        "500m",
        "cpu-shares 512",
        "cpuset 0",
    ] {
        spec.limits.cpu = said(cpu.to_owned());
        assert_eq!(name(&spec, "PLM-R-076"), "passed", "{cpu}");
    }
    for none in ["0", "0.0", "0m", "-1", ""] {
        spec.limits.cpu = said(none.to_owned());
        assert_eq!(name(&spec, "PLM-R-076"), "failed", "{none}");
    }
}

#[test]
fn restart_always_is_unbounded_although_its_count_is_0() {
    let mut spec = hardened(Form::Inspect);
    let policies = [
        ("always", Some(0), "failed"),
        ("unless-stopped", Some(0), "failed"),
        ("on-failure", Some(0), "failed"),
        ("on-failure", None, "failed"),
        ("on-failure", Some(6), "failed"),
        ("on-failure", Some(5), "passed"),
        ("no", Some(0), "passed"),
    ];
    for (policy, max_retries, expected) in policies {
        let policy = policy.to_owned();
        spec.restart = said(Restart {
            policy: policy.clone(),
            max_retries,
        });
        assert_eq!(
            name(&spec, "PLM-R-079"),
            expected,
            "{policy} {max_retries:?}"
        );
    }
}

#[test]
fn ipc_that_others_may_join_is_low() {
    let mut spec = hardened(Form::Inspect);
    spec.namespaces.ipc = said(Namespace::Shareable);
    assert_eq!(severity(&spec, "PLM-R-036"), Severity::Low);
    assert_eq!(name(&spec, "PLM-R-032"), "passed");
}

#[test]
fn no_new_privileges_false_is_off() {
    let mut spec = hardened(Form::Inspect);
    spec.no_new_privileges = said(false);
    assert_eq!(name(&spec, "PLM-R-009"), "failed");
}

#[test]
fn a_privileged_container_without_added_capabilities_is_not_passed_for_capabilities() {
    let mut spec = hardened(Form::Inspect);
    spec.privileged = said(true);
    spec.capabilities.dropped.clear();
    assert_eq!(name(&spec, "PLM-R-002"), "not-evaluated");
    spec.privileged = said(false);
    assert_eq!(
        name(&spec, "PLM-R-002"),
        "failed",
        "a drop that is missing counts"
    );
}

fn port(ip: Option<&str>, first: u16, last: Option<u16>, inside: u16) -> PublishedPort {
    PublishedPort {
        host_ip: ip.map(str::to_owned),
        host_port: Some(first),
        host_port_end: last,
        container_port: inside,
        protocol: "tcp".to_owned(),
        at: spot("-p"),
    }
}

#[test]
fn ports_are_judged_by_number_and_address_and_not_by_text() {
    let mut spec = hardened(Form::DockerRun);
    let cases = [
        (
            port(Some("127.0.0.1"), 1024, None, 80),
            "passed",
            "passed",
            "passed",
        ),
        (
            port(Some("127.0.0.1"), 1023, None, 8080),
            "failed",
            "passed",
            "passed",
        ),
        (
            port(Some("[::]"), 8080, None, 80),
            "passed",
            "failed",
            "passed",
        ),
        (
            port(Some("0.0.0.0"), 8080, None, 80),
            "passed",
            "failed",
            "passed",
        ),
        (
            port(None, 2370, Some(2380), 2370),
            "passed",
            "failed",
            "failed",
        ),
    ];
    for (port, low, everywhere, admin) in cases {
        let shown = format!("{port:?}");
        spec.ports = vec![port];
        assert_eq!(name(&spec, "PLM-R-070"), low, "{shown}");
        assert_eq!(name(&spec, "PLM-R-071"), everywhere, "{shown}");
        assert_eq!(name(&spec, "PLM-R-073"), admin, "{shown}");
    }
    spec.namespaces.network = said(Namespace::None);
    assert_eq!(name(&spec, "PLM-R-071"), "not-applicable");
}

#[test]
fn another_containers_namespace_is_not_passed_over() {
    let mut spec = hardened(Form::DockerRun);
    spec.namespaces.network = said(Namespace::Joined("vpn".to_owned()));
    spec.namespaces.pid = said(Namespace::Joined("app".to_owned()));
    assert_eq!(failures(&spec, "PLM-R-036").len(), 2);
}

#[test]
fn every_engine_socket_counts_under_every_spelling_and_read_only_does_not_help() {
    for source in [
        "/var/run/docker.sock",
        "//var/run/docker.sock",
        "/run/containerd/containerd.sock",
        "/run/user/1000/podman/podman.sock",
        "~/.colima/docker.sock",
    ] {
        let mut spec = hardened(Form::Compose);
        spec.mounts = vec![bind(source, true)];
        let found = failures(&spec, "PLM-R-050");
        assert!(
            found[0].detail.contains("read-only does not help"),
            "{found:?}"
        );
    }
    for folder in [
        "/var",
        "/run",
        "/var/run",
        "/run/containerd",
        "/run/user/1000",
    ] {
        let mut spec = hardened(Form::Compose);
        spec.mounts = vec![bind(folder, true)];
        assert_eq!(severity(&spec, "PLM-R-051"), Severity::Critical, "{folder}");
    }
}
