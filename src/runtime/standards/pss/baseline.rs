//! Checks of the level baseline, but for the profiles of security modules (`profiles`).

use super::subject::{Findings, Seen, Subject, settle};
use super::{Version, restricted};
use crate::runtime::field::Field;

/// Docker's default without `NET_RAW`, in the only spelling that Kubernetes has (`check_capabilities_baseline.go`).
const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Sysctls and the minor version from which on each is safe (`check_sysctls.go`).
const SYSCTLS: [(&str, u32); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

/// `check_privileged.go`.
pub(super) fn privileged(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    subject.each(findings, |container, findings| {
        forbid_true(
            &container.field,
            Some(container),
            &["securityContext", "privileged"],
            findings,
        );
    });
}

/// `check_hostNamespaces.go`.
pub(super) fn host_namespaces(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    for name in ["hostNetwork", "hostPID", "hostIPC"] {
        forbid_true(&subject.spec, None, &[name], findings);
    }
}

/// `check_windowsHostProcess.go`.
pub(super) fn windows_host_process(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    let path = ["securityContext", "windowsOptions", "hostProcess"];
    forbid_true(&subject.spec, None, &path, findings);
    subject.each(findings, |container, findings| {
        forbid_true(&container.field, Some(container), &path, findings);
    });
}

fn forbid_true(
    root: &Field<'_>,
    container: Option<&Seen<'_>>,
    path: &[&str],
    findings: &mut Findings,
) {
    if let Some((true, at)) = findings.stated(settle(root, path, Field::boolean)) {
        findings.forbid(container, path, Some("true".to_owned()), &at);
    }
}

/// `check_hostPathVolumes.go`.
pub(super) fn host_path_volumes(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    for volume in restricted::listed(&subject.spec, "volumes", findings) {
        let Some(source) = findings.told(volume.get("hostPath")) else {
            continue;
        };
        if source.is_present() {
            let name = restricted::volume_name(&volume);
            findings.forbid(
                None,
                &["volumes", &name, "hostPath"],
                Some("set".to_owned()),
                &source.spot(),
            );
        }
    }
}

/// `check_hostPorts.go`.
pub(super) fn host_ports(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    subject.each(findings, |container, findings| {
        for port in restricted::listed(&container.field, "ports", findings) {
            let host = findings.stated(settle(&port, &["hostPort"], Field::integer));
            if let Some((number, at)) = host.filter(|(number, _)| *number != 0) {
                findings.forbid(
                    Some(container),
                    &["ports", "hostPort"],
                    Some(number.to_string()),
                    &at,
                );
            }
        }
    });
}

/// `check_capabilities_baseline.go`. A user namespace relaxes nothing here in any released version.
pub(super) fn capabilities(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    subject.each(findings, |container, findings| {
        forbid_added(container, &CAPABILITIES, findings);
    });
}

/// Capabilities that a container adds and that are not among these.
pub(super) fn forbid_added(container: &Seen<'_>, allowed: &[&str], findings: &mut Findings) {
    let path = ["securityContext", "capabilities", "add"];
    let Some(added) = findings.told(container.field.at(&path).and_then(|field| field.items()))
    else {
        return;
    };
    for word in added {
        // An empty or null item is the empty word, which is not allowed either.
        let stated = findings.stated(settle(&word, &[], Field::text));
        let stated = stated.or_else(|| (!word.is_present()).then(|| (String::new(), word.spot())));
        if let Some((name, at)) = stated.filter(|(name, _)| !allowed.contains(&name.as_str())) {
            findings.forbid(Some(container), &path, Some(name), &at);
        }
    }
}

/// `check_procMount_baseline.go`: from 1.35 on, a user namespace relaxes it.
pub(super) fn proc_mount(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    restricted::proc_mount(subject, version, findings);
    if version.is_from(35) {
        findings.unless(subject.own_users());
    }
}

/// `check_sysctls.go`: names of the pod; their values are free.
pub(super) fn sysctls(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let Some(context) = findings.told(subject.spec.get("securityContext")) else {
        return;
    };
    for sysctl in restricted::listed(&context, "sysctls", findings) {
        let name = settle(&sysctl, &["name"], Field::text);
        let is_absent = name.is_absent();
        let stated = findings.stated(name);
        let stated = stated.or_else(|| is_absent.then(|| (String::new(), sysctl.spot())));
        let is_safe = |name: &str| {
            SYSCTLS
                .iter()
                .any(|(safe, since)| *safe == name && version.is_from(*since))
        };
        if let Some((name, at)) = stated.filter(|(name, _)| !is_safe(name)) {
            findings.forbid(
                None,
                &["securityContext", "sysctls", "name"],
                Some(name),
                &at,
            );
        }
    }
}

/// `check_hostProbesAndhostLifecycle.go`. `tcpSocket` of a hook is no longer run, and counts all the same.
pub(super) fn probe_hosts(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    const HANDLERS: [&[&str]; 5] = [
        &["livenessProbe"],
        &["readinessProbe"],
        &["startupProbe"],
        &["lifecycle", "postStart"],
        &["lifecycle", "preStop"],
    ];
    subject.each(findings, |container, findings| {
        for handler in HANDLERS {
            for action in ["httpGet", "tcpSocket"] {
                let path = [handler, &[action, "host"]].concat();
                let host = findings.stated(settle(&container.field, &path, Field::text));
                if let Some((host, at)) = host.filter(|(host, _)| !host.is_empty()) {
                    findings.forbid(Some(container), &path, Some(host), &at);
                }
            }
        }
    });
}
