//! What is started, from which image, and what it may use up: one case after the other.

#![allow(
    clippy::semicolon_if_nothing_returned,
    clippy::too_many_lines,
    reason = "a case is one expression, and there are many"
)]

use super::table::all;
use super::*;

#[test]
fn commands() {
    fn run(s: &mut RuntimeSpec, command: &[&str]) {
        s.command = said(strings(command));
    }
    all(
        Form::Compose,
        &[
            (
                "091",
                |s| run(s, &["nsenter", "-t", "1", "-m", "sh"]),
                "failed",
            ),
            (
                "091",
                |s| run(s, &["sh", "-c", "nsenter --target 1 --mount -- bash"]),
                "failed",
            ),
            (
                "091",
                |s| run(s, &["nsenter", "-t", "17", "-n", "ip", "a"]),
                "passed",
            ),
            ("091", |s| run(s, &["chroot", "/host", "sh"]), "failed"),
            ("091", |s| run(s, &["chroot", "/srv/jail", "sh"]), "passed"),
            (
                "091",
                |s| {
                    run(s, &["chroot", "/mnt"]);
                    s.mounts = vec![bind("/", true)];
                },
                "failed",
            ),
            (
                "091",
                |s| run(s, &["sh", "-c", "mount /dev/sda1 /x"]),
                "failed",
            ),
            (
                "091",
                |s| run(s, &["docker", "--debug", "run", "alpine"]),
                "failed",
            ),
            (
                "091",
                |s| run(s, &["sh", "-c", "echo x>/proc/sys/kernel/core_pattern"]),
                "failed",
            ),
            ("091", |s| s.command = Setting::Absent, "not-applicable"),
            (
                "092",
                |s| run(s, &["jupyter", "lab", "--NotebookApp.token=''"]),
                "failed",
            ),
            (
                "092",
                |s| run(s, &["redis-server", "--protected-mode", "no"]),
                "failed",
            ),
            (
                "092",
                |s| {
                    s.environment = vec![EnvironmentVariable {
                        name: "POSTGRES_HOST_AUTH_METHOD".to_owned(),
                        value: Some("trust".to_owned()),
                        at: spot("environment"),
                    }]
                },
                "failed",
            ),
            ("145", |s| run(s, &["/usr/sbin/sshd", "-D"]), "failed"),
            ("145", |s| s.command = Setting::Absent, "not-evaluated"),
            ("161", |s| run(s, &["chrome", "--no-sandbox"]), "failed"),
            (
                "161",
                |s| {
                    s.environment = vec![EnvironmentVariable {
                        name: "PUID".to_owned(),
                        value: Some("0".to_owned()),
                        at: spot("environment"),
                    }]
                },
                "failed",
            ),
        ],
    );
}

#[test]
fn images() {
    fn image(s: &mut RuntimeSpec, name: &str) {
        s.image = said(name.to_owned());
    }
    all(
        Form::Compose,
        &[
            ("104", |s| image(s, "registry.example:5000/app"), "failed"),
            ("104", |s| image(s, "app:latest"), "failed"),
            ("104", |s| image(s, "app:1.2"), "passed"),
            ("104", |s| s.image = Setting::Absent, "not-applicable"),
            ("104", |s| s.image = unknown(), "not-evaluated"),
            ("105", |s| image(s, "app:1.2"), "failed"),
        ],
    );
    all(
        Form::Quadlet,
        &[("104", |s| image(s, "app.build"), "not-evaluated")],
    );
}

#[test]
fn limits_and_the_rest() {
    all(
        Form::Inspect,
        &[
            ("075", |s| s.limits.memory = said(0), "failed"),
            ("077", |s| s.limits.pids = said(-1), "failed"),
            ("078", |s| s.limits.oom_kill_disable = said(true), "failed"),
            ("078", |s| s.limits.oom_score_adj = said(i64::MIN), "failed"),
            ("082", |s| s.limits.memory_swap = said(-1), "failed"),
            (
                "035",
                |s| s.namespaces.cgroup = said(Namespace::Host),
                "failed",
            ),
            (
                "034",
                |s| s.namespaces.user = said(Namespace::Host),
                "failed",
            ),
            ("037", |s| s.cgroup_parent = said("/x".to_owned()), "failed"),
            ("037", |s| s.cgroup_parent = said(String::new()), "passed"),
            (
                "039",
                |s| s.runtime = said("io.containerd.runc.v2".to_owned()),
                "passed",
            ),
            (
                "039",
                |s| s.runtime = said("/opt/other".to_owned()),
                "failed",
            ),
            ("072", |s| s.publish_all = said(true), "failed"),
        ],
    );
    all(
        Form::Kubernetes,
        &[
            (
                "094",
                |s| s.kubernetes.as_mut().expect("a pod").probe_hosts = words(&["metadata"]),
                "failed",
            ),
            (
                "097",
                |s| {
                    s.kubernetes.as_mut().expect("a pod").namespace = said("kube-system".to_owned())
                },
                "failed",
            ),
            (
                "036",
                |s| s.kubernetes.as_mut().expect("a pod").shares_processes = said(true),
                "failed",
            ),
        ],
    );
}
