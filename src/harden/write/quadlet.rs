//! A Podman quadlet: `NAME.container` (podman-systemd.unit(5)).
//!
//! Podman takes no `uid=` and `gid=` for a tmpfs (its 5.6 rejects them), and copies the image's files into it. The mode makes it writable.

use crate::harden::{HealthCheck, Plan};

use super::names::{bytes, memory, ports, processors, volumes};
use super::quote::{check_text, comment, unit};
use super::{hashed, header, said};

/// The unit.
pub(super) fn write(plan: &Plan) -> String {
    let mut out = Text(hashed(&header(plan)));
    out.raw(&format!(
        "# The network is made once: podman network create {}",
        plan.name
    ));
    out.raw("[Unit]");
    out.set("Description", &format!("{}, hardened", plan.name));
    out.set("StartLimitBurst", "5");
    out.set("StartLimitIntervalSec", "300");
    out.raw("");
    out.raw("[Container]");
    out.set("Image", &plan.image);
    out.set("ContainerName", &plan.name);
    account(plan, &mut out);
    mounts(plan, &mut out);
    out.because("assumed: a network of its own", "Network", &plan.name);
    for port in ports(plan) {
        out.because(
            &said(port.line),
            "PublishPort",
            &port.published(&plan.publish_on),
        );
    }
    if plan.has_low_port() {
        out.because(
            "inferred: a port below 1024 without a capability",
            "Sysctl",
            "net.ipv4.ip_unprivileged_port_start=0",
        );
    }
    limits(plan, &mut out);
    if let Some(line) = &plan.health {
        out.because(&said(line), "HealthCmd", &check(&line.value));
    }
    if plan.init.value {
        out.because(&said(&plan.init), "RunInit", "true");
    }
    out.raw("");
    out.raw("[Service]");
    out.set("Restart", "on-failure");
    out.raw("");
    out.raw("[Install]");
    out.set("WantedBy", "default.target");
    out.0
}

struct Text(String);

impl Text {
    fn raw(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn set(&mut self, key: &str, value: &str) {
        match unit(value) {
            Some(value) => self.raw(&format!("{key}={value}")),
            None => self.raw(&format!(
                "# {key} cannot be written on one line and is left out: {}",
                comment(value)
            )),
        }
    }

    fn because(&mut self, reason: &str, key: &str, value: &str) {
        self.raw(&format!("# {reason}"));
        self.set(key, value);
    }
}

fn account(plan: &Plan, out: &mut Text) {
    let user = &plan.user.value;
    out.because(&said(&plan.user), "User", &user.uid.to_string());
    out.set("Group", &user.gid.to_string());
    out.because(
        "proven: whatever is not added is not there",
        "DropCapability",
        "all",
    );
    for line in &plan.capabilities {
        out.because(
            &said(line),
            "AddCapability",
            &format!("CAP_{}", line.value.capability),
        );
    }
    out.because(
        &said(&plan.no_new_privileges),
        "NoNewPrivileges",
        &plan.no_new_privileges.value.to_string(),
    );
    out.because(
        &said(&plan.read_only),
        "ReadOnly",
        &plan.read_only.value.to_string(),
    );
    if plan.read_only.value {
        out.because(
            "assumed: no folder is writable but those that are named",
            "ReadOnlyTmpfs",
            "false",
        );
    }
}

fn mounts(plan: &Plan, out: &mut Text) {
    for (named, size) in memory(plan) {
        let value = format!(
            "/{}:rw,size={},mode=1777,nosuid,nodev,noexec",
            named.mount.value.path.as_str(),
            bytes(size)
        );
        out.because(&said(named.mount), "Tmpfs", &value);
    }
    for named in volumes(plan) {
        let value = format!(
            "{}:/{}:rw,nosuid,nodev",
            named.name,
            named.mount.value.path.as_str()
        );
        out.because(&said(named.mount), "Volume", &value);
    }
}

fn limits(plan: &Plan, out: &mut Text) {
    let memory = plan.memory.value;
    out.because(&said(&plan.pids), "PidsLimit", &plan.pids.value.to_string());
    out.because(
        &said(&plan.memory),
        "PodmanArgs",
        &format!("--memory={memory}b --memory-swap={memory}b"),
    );
    out.because(
        &said(&plan.cpu_millis),
        "PodmanArgs",
        &format!("--cpus={}", processors(plan.cpu_millis.value)),
    );
    out.set("PodmanArgs", "--ipc=private");
    out.set("Ulimit", "nofile=65536:65536");
    out.set("Ulimit", "core=0:0");
    out.set("LogDriver", "k8s-file");
    out.set("LogOpt", "max-size=10mb");
}

/// Podman takes a list in JSON for words, and a text for a shell.
fn check(check: &HealthCheck) -> String {
    if check.in_shell {
        return check_text(check);
    }
    let words: Vec<&str> = ["CMD"]
        .into_iter()
        .chain(check.command.iter().map(String::as_str))
        .collect();
    serde_json::to_string(&words).unwrap_or_default()
}
