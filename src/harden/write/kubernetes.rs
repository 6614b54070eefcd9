//! A Deployment, and a claim for each volume. In modes A and C it is what the Pod Security Standards call restricted, unless a program's own
//! file capability or setuid start forbids it.

use crate::harden::{Plan, Writable};

use super::names::{HostPort, Named, memory, ports, quantity, volumes};
use super::quote::{yaml, yaml_list};
use super::{hashed, header, said};

/// The manifest: claims first, then the Deployment.
pub(super) fn write(plan: &Plan) -> String {
    let name = yaml(&plan.name);
    let mut out = Text(hashed(&header(plan)));
    out.at(
        0,
        &format!(
            "# The namespace is made once: kubectl create namespace {}",
            plan.name
        ),
    );
    let volumes = volumes(plan);
    for named in &volumes {
        claim(named, &name, &mut out);
    }
    out.at(0, "apiVersion: apps/v1");
    out.at(0, "kind: Deployment");
    out.at(0, "metadata:");
    out.at(1, &format!("name: {name}"));
    out.at(1, &format!("namespace: {name}"));
    out.at(0, "spec:");
    out.at(1, "replicas: 1");
    if !volumes.is_empty() {
        out.at(1, "# Two pods must not write one volume.");
        out.at(1, "strategy: {type: Recreate}");
    }
    out.at(1, &format!("selector: {{matchLabels: {{app: {name}}}}}"));
    out.at(1, "template:");
    out.at(2, &format!("metadata: {{labels: {{app: {name}}}}}"));
    out.at(2, "spec:");
    out.at(3, "automountServiceAccountToken: false");
    out.at(3, "enableServiceLinks: false");
    pod(plan, &mut out);
    out.at(3, "containers:");
    container(plan, &name, &volumes, &mut out);
    pod_volumes(plan, &volumes, &mut out);
    out.0
}

/// Lines, two spaces a level.
struct Text(String);

impl Text {
    fn at(&mut self, depth: usize, line: &str) {
        self.0.push_str(&"  ".repeat(depth));
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn said(&mut self, depth: usize, reason: &str, line: &str) {
        self.at(depth, &format!("# {reason}"));
        self.at(depth, line);
    }
}

fn claim(named: &Named<'_>, namespace: &str, out: &mut Text) {
    out.at(0, &format!("# {}", said(named.mount)));
    if named.mount.value.has_content {
        out.at(
            0,
            "# The image has files there; a claim begins empty: they have to be copied into it.",
        );
    }
    out.at(0, "apiVersion: v1");
    out.at(0, "kind: PersistentVolumeClaim");
    out.at(0, "metadata:");
    out.at(1, &format!("name: {}", yaml(&named.name)));
    out.at(1, &format!("namespace: {namespace}"));
    out.at(0, "spec:");
    out.at(1, "accessModes: [ReadWriteOnce]");
    out.at(1, "# assumed: how much there will be is not in the image");
    out.at(1, "resources: {requests: {storage: 1Gi}}");
    out.at(0, "---");
}

fn pod(plan: &Plan, out: &mut Text) {
    let user = &plan.user.value;
    out.at(3, "securityContext:");
    out.said(4, &said(&plan.user), &format!("runAsUser: {}", user.uid));
    out.at(4, &format!("runAsGroup: {}", user.gid));
    out.at(4, &format!("runAsNonRoot: {}", user.uid != 0));
    if let Some(mount) = plan.mounts.first() {
        let gid = mount.value.gid;
        out.said(4, "Volumes belong to root (an emptyDir has mode 0777): with fsGroup they are the group's, and can be written.", &format!("fsGroup: {gid}"));
        out.at(4, "fsGroupChangePolicy: OnRootMismatch");
    }
    out.at(4, "seccompProfile: {type: RuntimeDefault}");
    if plan.has_low_port() {
        out.at(4, "# A port below 1024 without NET_BIND_SERVICE: this sysctl is on Kubernetes' safe list.");
        out.at(4, "sysctls:");
        out.at(
            5,
            "- {name: net.ipv4.ip_unprivileged_port_start, value: \"0\"}",
        );
    }
}

fn container(plan: &Plan, name: &str, volumes: &[Named<'_>], out: &mut Text) {
    out.at(4, &format!("- name: {name}"));
    out.at(5, &format!("image: {}", yaml(&plan.image)));
    out.at(
        5,
        if plan.is_pinned() {
            "imagePullPolicy: IfNotPresent"
        } else {
            "imagePullPolicy: Always"
        },
    );
    out.at(5, "securityContext:");
    out.said(
        6,
        &said(&plan.no_new_privileges),
        &format!(
            "allowPrivilegeEscalation: {}",
            !plan.no_new_privileges.value
        ),
    );
    out.at(6, "privileged: false");
    out.said(
        6,
        &said(&plan.read_only),
        &format!("readOnlyRootFilesystem: {}", plan.read_only.value),
    );
    out.at(6, "capabilities:");
    out.at(7, "drop: [\"ALL\"]");
    if !plan.capabilities.is_empty() {
        out.at(7, "add:");
    }
    for line in &plan.capabilities {
        out.said(
            8,
            &said(line),
            &format!("- {}", line.value.capability.name()),
        );
    }
    resources(plan, out);
    container_ports(&ports(plan), out);
    probes(plan, out);
    let memory = memory(plan);
    if plan.mounts.is_empty() {
        return;
    }
    out.at(5, "volumeMounts:");
    for named in memory.iter().map(|(named, _)| named).chain(volumes) {
        out.said(
            6,
            &said(named.mount),
            &format!("- name: {}", yaml(&named.name)),
        );
        out.at(
            7,
            &format!(
                "mountPath: {}",
                yaml(&format!("/{}", named.mount.value.path.as_str()))
            ),
        );
    }
}

fn resources(plan: &Plan, out: &mut Text) {
    let request = (plan.cpu_millis.value / 10).max(1);
    out.at(5, "resources:");
    out.at(6, "requests:");
    out.at(7, &format!("cpu: {request}m"));
    out.at(7, &format!("memory: {}", quantity(plan.memory.value)));
    out.at(6, "limits:");
    out.said(
        7,
        &said(&plan.cpu_millis),
        &format!("cpu: {}m", plan.cpu_millis.value),
    );
    out.said(
        7,
        &format!(
            "{}; processes ({}) are the kubelet's to limit: podPidsLimit",
            said(&plan.memory),
            plan.pids.value
        ),
        &format!("memory: {}", quantity(plan.memory.value)),
    );
}

fn container_ports(ports: &[HostPort<'_>], out: &mut Text) {
    if !ports.is_empty() {
        out.at(5, "ports:");
    }
    for port in ports {
        let protocol = if port.is_udp { "UDP" } else { "TCP" };
        out.said(
            6,
            &said(port.line),
            &format!(
                "- {{containerPort: {}, protocol: {protocol}}}",
                port.line.value
            ),
        );
    }
}

/// The image's check, which Kubernetes does not know of; else whether the first port answers.
fn probes(plan: &Plan, out: &mut Text) {
    let (reason, test) = match &plan.health {
        Some(line) => {
            let shell: &[&str] = if line.value.in_shell {
                &["/bin/sh", "-c"]
            } else {
                &[]
            };
            let words = shell
                .iter()
                .copied()
                .chain(line.value.command.iter().map(String::as_str));
            (
                said(line),
                format!("exec: {{command: {}}}", yaml_list(words, yaml)),
            )
        }
        None => match plan.ports.first() {
            Some(port) => (
                "assumed: the image has no check; its port answers".to_owned(),
                format!("tcpSocket: {{port: {}}}", port.value),
            ),
            None => return,
        },
    };
    let interval = plan
        .health
        .as_ref()
        .and_then(|line| line.value.interval)
        .unwrap_or(30);
    let timeout = plan
        .health
        .as_ref()
        .and_then(|line| line.value.timeout)
        .unwrap_or(5);
    for (probe, delay) in [("readinessProbe", 2), ("livenessProbe", 30)] {
        out.said(5, &reason, &format!("{probe}:"));
        out.at(6, &test);
        out.at(6, &format!("initialDelaySeconds: {delay}"));
        out.at(6, &format!("periodSeconds: {interval}"));
        out.at(6, &format!("timeoutSeconds: {timeout}"));
    }
}

fn pod_volumes(plan: &Plan, volumes: &[Named<'_>], out: &mut Text) {
    if plan.mounts.is_empty() {
        return;
    }
    out.at(3, "volumes:");
    for (named, size) in memory(plan) {
        debug_assert!(
            matches!(named.mount.value.writable, Writable::Tmpfs { .. }),
            "memory only"
        );
        out.at(4, &format!("- name: {}", yaml(&named.name)));
        out.at(
            5,
            &format!(
                "emptyDir: {{medium: Memory, sizeLimit: {}}}",
                quantity(size)
            ),
        );
    }
    for named in volumes {
        out.at(
            4,
            "# A claim keeps the data; `emptyDir: {}` does where they may be lost with the pod.",
        );
        out.at(4, &format!("- name: {}", yaml(&named.name)));
        out.at(
            5,
            &format!(
                "persistentVolumeClaim: {{claimName: {}}}",
                yaml(&named.name)
            ),
        );
    }
}
