//! What the network can reach, and what reaches the network.

use super::told::{Blind, Told, fails, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::{Form, Namespace, PublishedPort};

const NIST: &[&str] = &["4.4.2", "4.4.3"];

/// Ports by which a host or a program is administered.
const ADMIN_PORTS: &[(u16, &str)] = &[
    (22, "SSH"),
    (23, "telnet"),
    (2375, "the Docker API"),
    (2376, "the Docker API"),
    (3389, "remote desktop"),
    (5005, "the Java debugger"),
    (5900, "VNC"),
    (5985, "WinRM"),
    (5986, "WinRM"),
    (9229, "the Node.js debugger"),
];

/// What the Pod Security Standards call safe, up to v1.37.
const SAFE_SYSCTLS: &[&str] = &[
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-038",
            title: "Default bridge network",
            severity: Severity::Low,
            cis: &["5.30"],
            nist: &["4.3.3", "4.4.2"],
            pss: &[],
            why: "All containers that name no network are on it together, and reach each other's ports.",
            fix: "Make a network for those that belong together.",
        },
        fields: &fields::NETWORK,
        lines: &wording::NETWORK,
        on_windows: false,
        run: |subject| settle(default_bridge(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-070",
            title: "Privileged host port published",
            severity: Severity::Low,
            cis: &["5.8"],
            nist: NIST,
            pss: &["baseline: hostPorts"],
            why: "Below 1024 others expect a service of the host itself. In Kubernetes any port of the node goes past network policies.",
            fix: "Publish a port above 1024 behind a proxy.",
        },
        fields: &fields::PORTS,
        lines: &wording::NONE,
        on_windows: true,
        run: |subject| settle(low_port(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-071",
            title: "Port published on every interface",
            severity: Severity::Medium,
            cis: &["5.14"],
            nist: NIST,
            pss: &[],
            why: "It is open to every network that the host is on; Docker's rules go before the host's firewall.",
            fix: "Name the address that it is for.",
        },
        fields: &fields::PORTS,
        lines: &wording::LOCALHOST,
        on_windows: true,
        run: |subject| settle(every_interface(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-072",
            title: "All exposed ports published",
            severity: Severity::Medium,
            cis: &["5.9"],
            nist: NIST,
            pss: &[],
            why: "Whatever the image declares is opened, on every interface, and with the next image more.",
            fix: "Publish each port that is needed.",
        },
        fields: &fields::PUBLISH_ALL,
        lines: &wording::PUBLISH_ALL,
        on_windows: true,
        run: |subject| settle(publish_all(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-073",
            title: "Remote administration port published",
            severity: Severity::High,
            cis: &["5.7"],
            nist: NIST,
            pss: &[],
            why: "Who gets through has a shell, a debugger or an engine.",
            fix: "Do not publish it; use the engine's exec for administration.",
        },
        fields: &fields::PORTS,
        lines: &wording::NONE,
        on_windows: true,
        run: |subject| settle(admin_port(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-074",
            title: "Unsafe sysctl",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.4.3", "4.5.2"],
            pss: &["baseline: sysctls"],
            why: "A kernel setting outside of the safe list can weaken others on the same kernel.",
            fix: "Remove it, or set it on the host where all can see it.",
        },
        fields: &fields::SYSCTLS,
        lines: &wording::SYSCTL,
        on_windows: false,
        run: sysctls,
    },
];

fn default_bridge(subject: &Subject<'_>) -> Told {
    let network = &subject.spec.namespaces.network;
    let place = subject.place_of(network);
    match (said(network)?.map(|stated| &stated.value), subject.form()) {
        (_, Form::Kubernetes | Form::Oci) => Ok(Outcome::NotApplicable),
        (Some(Namespace::DefaultBridge), _) => fails("it is on the default bridge", place),
        (None, Form::DockerRun) => {
            fails("no network is named, so it is on the default bridge", place)
        }
        (None, Form::Inspect) => Err(Blind(
            "the engine does not say which network it is on".to_owned(),
        )),
        // Compose makes a network for the project; Podman's default depends on who runs it.
        _ => Ok(Outcome::Passed),
    }
}

/// Whether ports can be published at all: not where there is no network, or the host's own.
fn has_ports(subject: &Subject<'_>) -> Result<bool, Blind> {
    if subject.form() == Form::Oci {
        return Ok(false);
    }
    let network = said(&subject.spec.namespaces.network)?.map(|stated| &stated.value);
    Ok(match network {
        Some(Namespace::None | Namespace::Joined(_)) => false,
        Some(Namespace::Host) => subject.is_kubernetes(),
        _ => true,
    })
}

/// The ports of the host: a container's port that is not published is not among them.
fn published<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a PublishedPort> {
    let is_pod = subject.is_kubernetes();
    let ports = subject.spec.ports.iter();
    ports.filter(move |port| !is_pod || port.host_port.is_some_and(|port| port != 0))
}

/// One failure for each port of which something is to be said.
fn each(subject: &Subject<'_>, judge: impl Fn(&PublishedPort) -> Option<Failure>) -> Told {
    let is_published = published(subject).next().is_some();
    if !is_published {
        return Ok(match has_ports(subject) {
            Ok(false) => Outcome::NotApplicable,
            // Without a port it does not matter which network it is.
            Ok(true) | Err(_) => Outcome::Passed,
        });
    }
    if !has_ports(subject)? {
        return Ok(Outcome::NotApplicable);
    }
    judged(published(subject).filter_map(judge).collect(), None)
}

fn low_port(subject: &Subject<'_>) -> Told {
    each(subject, |port| {
        let first = port.host_port.filter(|first| *first != 0)?;
        if first < 1024 {
            return Some(Failure::new(
                format!("port {first} of the host"),
                port.at.place(),
            ));
        }
        subject
            .is_kubernetes()
            .then(|| Failure::new(format!("port {first} of the node"), port.at.place()))
    })
}

fn is_everywhere(ip: Option<&str>) -> bool {
    let ip = ip.unwrap_or_default().trim_matches(['[', ']']);
    matches!(ip, "" | "0.0.0.0" | "::" | "*" | "0:0:0:0:0:0:0:0" | "0")
}

fn is_loopback(ip: Option<&str>) -> bool {
    let ip = ip.unwrap_or_default().trim_matches(['[', ']']);
    ip.starts_with("127.") || ip == "::1" || ip == "localhost"
}

fn every_interface(subject: &Subject<'_>) -> Told {
    each(subject, |port| {
        if !is_everywhere(port.host_ip.as_deref()) {
            return None;
        }
        let host = match (port.host_port, port.host_port_end) {
            (None | Some(0), _) => "any free port".to_owned(),
            (Some(first), Some(last)) if last != first => format!("ports {first} to {last}"),
            (Some(first), _) => format!("port {first}"),
        };
        let detail = format!(
            "{host} of every interface leads to {}/{}",
            port.container_port, port.protocol
        );
        Some(Failure::new(detail, port.at.place()))
    })
}

fn publish_all(subject: &Subject<'_>) -> Told {
    match said(&subject.spec.publish_all)?.filter(|stated| stated.value) {
        _ if matches!(subject.form(), Form::Kubernetes | Form::Oci | Form::Compose) => {
            Ok(Outcome::NotApplicable)
        }
        None => Ok(Outcome::Passed),
        Some(stated) => {
            let ports = subject.image.map(|image| image.exposed_ports.as_slice());
            let named: Vec<String> = ports
                .unwrap_or_default()
                .iter()
                .map(|(port, protocol)| format!("{port}/{protocol}"))
                .collect();
            let which = if named.is_empty() {
                String::new()
            } else {
                format!(": {}", named.join(", "))
            };
            fails(
                format!("every port that the image exposes is published{which}"),
                stated.at.place(),
            )
        }
    }
}

fn admin_port(subject: &Subject<'_>) -> Told {
    each(subject, |port| {
        let length = match (port.host_port, port.host_port_end) {
            (Some(first), Some(last)) => last.saturating_sub(first),
            _ => 0,
        };
        let is_in =
            |first: u16, wanted: u16| (first..=first.saturating_add(length)).contains(&wanted);
        let (number, what) = ADMIN_PORTS.iter().find(|(wanted, _)| {
            is_in(port.container_port, *wanted)
                || port.host_port.is_some_and(|first| is_in(first, *wanted))
        })?;
        let failure = Failure::new(format!("port {number}: {what}"), port.at.place());
        Some(if is_loopback(port.host_ip.as_deref()) {
            failure.of_severity(Severity::Low)
        } else {
            failure
        })
    })
}

fn sysctls(subject: &Subject<'_>) -> Outcome {
    let failures = subject.spec.sysctls.iter().filter_map(|stated| {
        // sysctl(8) takes both spellings.
        let name = stated.value.0.replace('/', ".");
        if SAFE_SYSCTLS.contains(&name.as_str()) {
            return None;
        }
        let failure = Failure::new(format!("{name} is set"), stated.at.place());
        Some(match sysctl_severity(subject, &name) {
            Some(severity) => failure.of_severity(severity),
            None => failure,
        })
    });
    Outcome::of(failures.collect())
}

/// Kernel settings that a namespace has for itself are less than those of the whole kernel (moby `daemon/daemon_unix.go`,
/// runc `libcontainer/configs/validate`).
fn sysctl_severity(subject: &Subject<'_>, name: &str) -> Option<Severity> {
    const OF_IPC: &[&str] = &[
        "kernel.msgmax",
        "kernel.msgmnb",
        "kernel.msgmni",
        "kernel.sem",
        "kernel.shmall",
        "kernel.shmmax",
        "kernel.shmmni",
    ];
    let namespaces = &subject.spec.namespaces;
    let of_network = name.starts_with("net.");
    let of_ipc = OF_IPC.contains(&name) || name.starts_with("fs.mqueue.");
    let of_name = matches!(name, "kernel.domainname" | "kernel.hostname");
    if subject.is_kubernetes() {
        return None;
    }
    if (of_network && !subject.is_host(&namespaces.network))
        || (of_ipc && !subject.is_host(&namespaces.ipc))
        || (of_name && !subject.is_host(&namespaces.uts))
    {
        return Some(Severity::Low);
    }
    (!of_network && !of_ipc && !of_name).then_some(Severity::High)
}
