//! What of the host is mounted into the container.

use super::host_paths::{HostPath, canonical, classify, is_in};
use super::told::{Blind, Told, blind_at, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::{Mount, MountKind, Spot};

const NIST: &[&str] = &["4.4.3", "4.5.5"];
const PSS: &[&str] = &["baseline: hostPathVolumes"];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-050",
            title: "Container engine socket mounted",
            severity: Severity::Critical,
            cis: &["5.32"],
            nist: NIST,
            pss: PSS,
            why: "Whoever can talk to the engine starts a privileged container with the host's root in it. A read-only mount does not help: a socket is \
                  written to, not its file.",
            fix: "Put a proxy with a list of allowed calls in between, or use a rootless engine of its own.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: true,
        run: |subject| settle(engine_socket(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-051",
            title: "Folder with an engine socket in it mounted",
            severity: Severity::Critical,
            cis: &["5.6", "5.32"],
            nist: NIST,
            pss: PSS,
            why: "The socket of the container engine is in the folder, and with it the host.",
            fix: "Mount only the file that is needed.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: false,
        run: |subject| settle(holds_socket(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-052",
            title: "Host root mounted",
            severity: Severity::Critical,
            cis: &["5.6", "5.32"],
            nist: NIST,
            pss: PSS,
            why: "All files of the host are in the container, among them its passwords, jobs and sockets.",
            fix: "Remove it.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: false,
        run: |subject| settle(host_root(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-053",
            title: "Sensitive host path writable",
            severity: Severity::Critical,
            cis: &["5.6"],
            nist: NIST,
            pss: PSS,
            why: "What is written there runs on the host: a job, a library, a kernel setting, a key that opens a login.",
            fix: "Mount it read-only, or not at all.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_RO,
        on_windows: false,
        run: |subject| settle(sensitive_writable(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-054",
            title: "Sensitive host path readable",
            severity: Severity::High,
            cis: &["5.6"],
            nist: NIST,
            pss: PSS,
            why: "The host's configuration, processes or secrets can be read from inside.",
            fix: "Mount the single file that is needed.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: false,
        run: |subject| settle(sensitive_read_only(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-055",
            title: "Path of the node mounted",
            severity: Severity::Medium,
            cis: &["5.6"],
            nist: NIST,
            pss: PSS,
            why: "A hostPath ties the pod to what lies on its node, and what it writes there outlives it.",
            fix: "Use a PersistentVolumeClaim, an emptyDir or a projected volume.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: true,
        run: |subject| settle(other_host_path(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-056",
            title: "Credentials of the host mounted",
            severity: Severity::High,
            cis: &["5.6"],
            nist: &["4.1.4", "4.5.5"],
            pss: PSS,
            why: "Keys and tokens of people or of the host open other machines.",
            fix: "Give the container a credential of its own, from a store of secrets.",
        },
        fields: &fields::MOUNTS,
        lines: &wording::MOUNT_AWAY,
        on_windows: false,
        run: |subject| settle(credentials(subject)),
    },
];

/// A path of the host in the container.
pub(super) struct HostMount<'a> {
    /// The one spelling of the path.
    pub(super) path: String,
    /// What it is.
    pub(super) class: HostPath,
    /// Whether it can be written; `None`: that cannot be told.
    pub(super) writable: Option<bool>,
    /// The mount.
    pub(super) mount: &'a Mount,
}

/// Every path of the host in the container, and why there may be more.
pub(super) fn host_mounts<'a>(subject: &Subject<'a>) -> (Vec<HostMount<'a>>, Option<Blind>) {
    let mut found = Vec::new();
    let mut blind = None;
    for mount in &subject.spec.mounts {
        let is_pipe = matches!(&mount.kind, MountKind::Other(kind) if kind == "npipe");
        if mount.kind != MountKind::Host && !is_pipe {
            continue;
        }
        match said(&mount.source) {
            Ok(None) => {}
            Ok(Some(source)) => found.push(HostMount {
                path: canonical(&source.value),
                class: classify(&source.value),
                writable: said(&mount.read_only)
                    .ok()
                    .map(|read_only| !read_only.is_some_and(|stated| stated.value)),
                mount,
            }),
            Err(unknown) => blind = blind.or(Some(unknown)),
        }
    }
    (found, blind)
}

impl HostMount<'_> {
    fn failure(&self, detail: &str) -> Failure {
        let inside = match self.mount.target.value() {
            Some(target) => format!(" at {target}"),
            None => String::new(),
        };
        Failure::new(
            format!("{} of the host{inside}: {detail}", self.path),
            self.spot().place(),
        )
    }

    fn spot(&self) -> &Spot {
        &self.mount.at
    }

    /// Whether writing there changes the host itself, and how.
    fn is_part_of_system(&self) -> Option<&'static str> {
        match self.class {
            HostPath::System(what) => Some(what),
            HostPath::Kernel => Some("the kernel's settings"),
            HostPath::Device => Some("the host's devices"),
            HostPath::Public => Some("the host's configuration"),
            HostPath::TimeZone => Some("the host's time zone"),
            HostPath::Logs => Some("the host's logs"),
            HostPath::Credentials(what) => {
                let is_system = ["/etc", "/root", "/var/lib", "/run"].iter();
                let is_login = matches!(what, "SSH keys" | "a home folder" | "home folders");
                let is_system = is_system.clone().any(|folder| is_in(&self.path, folder));
                (is_login || (is_system && !is_in(&self.path, "/root/."))).then_some(what)
            }
            _ => None,
        }
    }

    /// How bad it is that it can be written, where that is not the check's own.
    fn writable_severity(&self) -> Option<Severity> {
        match self.class {
            HostPath::TimeZone => Some(Severity::Medium),
            HostPath::Logs
                if matches!(
                    self.path.as_str(),
                    "/var/log" | "/var/log/pods" | "/var/log/containers"
                ) =>
            {
                // The kubelet follows links that are put there.
                Some(Severity::High)
            }
            HostPath::Logs => Some(Severity::Low),
            HostPath::Device if self.path == "/dev/log" => Some(Severity::Low),
            HostPath::Device if self.path != "/dev" => Some(Severity::High),
            _ => None,
        }
    }

    fn readable_severity(&self) -> Option<Severity> {
        match self.class {
            HostPath::Public => Some(Severity::Low),
            HostPath::Logs => Some(Severity::Medium),
            HostPath::Device if self.path == "/dev/log" => Some(Severity::Low),
            _ => None,
        }
    }
}

/// One failure for each mount of which something is to be said.
fn each(subject: &Subject<'_>, judge: impl Fn(&HostMount<'_>) -> Option<Failure>) -> Told {
    let (mounts, blind) = host_mounts(subject);
    judged(mounts.iter().filter_map(judge).collect(), blind)
}

fn engine_socket(subject: &Subject<'_>) -> Told {
    each(subject, |mount| match mount.class {
        HostPath::EngineSocket(engine) => {
            let detail = match mount.writable {
                Some(false) => format!("the socket of {engine}; read-only does not help"),
                _ => format!("the socket of {engine}"),
            };
            Some(mount.failure(&detail))
        }
        _ => None,
    })
}

fn holds_socket(subject: &Subject<'_>) -> Told {
    each(subject, |mount| match mount.class {
        HostPath::HoldsEngineSocket(engine) => {
            Some(mount.failure(&format!("the socket of {engine} is in it")))
        }
        _ => None,
    })
}

fn host_root(subject: &Subject<'_>) -> Told {
    each(subject, |mount| {
        (mount.class == HostPath::Root).then(|| {
            mount.failure(match mount.writable {
                Some(true) => "all of the host, writable",
                _ => "all of the host",
            })
        })
    })
}

/// Mounts that are part of the system, with whether they can be written; and why there may be more.
fn sensitive(
    subject: &Subject<'_>,
    writable: bool,
    judge: impl Fn(&HostMount<'_>, &str) -> Option<Failure>,
) -> Told {
    let (mounts, mut blind) = host_mounts(subject);
    let mut failures = Vec::new();
    for mount in &mounts {
        let Some(what) = mount.is_part_of_system() else {
            continue;
        };
        match mount.writable {
            None => {
                let why = "whether the mount can be written is not known";
                blind = blind.or_else(|| Some(blind_at(why, mount.spot())));
            }
            Some(can) if can == writable => failures.extend(judge(mount, what)),
            Some(_) => {}
        }
    }
    judged(failures, blind)
}

fn sensitive_writable(subject: &Subject<'_>) -> Told {
    sensitive(subject, true, |mount, what| {
        let failure = mount.failure(&format!("{what}, writable"));
        Some(match mount.writable_severity() {
            Some(severity) => failure.of_severity(severity),
            None => failure,
        })
    })
}

fn sensitive_read_only(subject: &Subject<'_>) -> Told {
    sensitive(subject, false, |mount, what| {
        // Credentials have a check of their own, and which time zone it is may be known.
        if matches!(mount.class, HostPath::Credentials(_) | HostPath::TimeZone) {
            return None;
        }
        let failure = mount.failure(&format!("{what}, read-only"));
        Some(match mount.readable_severity() {
            Some(severity) => failure.of_severity(severity),
            None => failure,
        })
    })
}

fn other_host_path(subject: &Subject<'_>) -> Told {
    if !subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    each(subject, |mount| {
        matches!(mount.class, HostPath::Other | HostPath::TimeZone)
            .then(|| mount.failure("a hostPath"))
    })
}

fn credentials(subject: &Subject<'_>) -> Told {
    each(subject, |mount| match mount.class {
        HostPath::Credentials(what) => Some(mount.failure(what)),
        _ => None,
    })
}
