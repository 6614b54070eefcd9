//! `config.json` of an OCI runtime bundle (runtime-spec 1.0.2), as runc takes it with a folder `rootfs` beside it.
//!
//! JSON has no comments: reasons and warnings are annotations.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harden::{Line, Plan, PlannedMount, Writable};

use super::header;
use crate::model::Capability;

use super::names::{memory_options, volumes};
use super::quote::comment;
use super::seccomp;

/// Period of the processor's quota in microseconds: the kernel's default.
const PERIOD: u64 = 100_000;
/// Masked and read-only paths of moby's `oci/defaults.go`.
const MASKED: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/firmware",
    "/sys/devices/virtual/powercap",
];
const READ_ONLY: &[&str] = &[
    "/proc/bus",
    "/proc/fs",
    "/proc/irq",
    "/proc/sys",
    "/proc/sysrq-trigger",
];

/// The document, indented, with a line end.
pub(super) fn write(plan: &Plan) -> String {
    let document = json!({
        "ociVersion": "1.0.2",
        "process": process(plan),
        "root": {"path": "rootfs", "readonly": plan.read_only.value},
        "hostname": plan.name,
        "mounts": mounts(plan),
        "annotations": annotations(plan),
        "linux": linux(plan),
    });
    // A document of strings and numbers always has a text.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn process(plan: &Plan) -> Value {
    let user = &plan.user.value;
    let bounding: Vec<String> = plan
        .capabilities
        .iter()
        .map(|line| format!("CAP_{}", line.value.capability))
        .collect();
    // Who is not root gets none at once: the bounding set only lets a program with a file capability be executed.
    let held = if user.uid == 0 {
        bounding.clone()
    } else {
        Vec::new()
    };
    let working = if plan.start.value.working_dir.is_empty() {
        "/"
    } else {
        &plan.start.value.working_dir
    };
    let program = plan
        .start
        .value
        .programs
        .first()
        .map(|path| format!("/{}", path.as_str()));
    let args = match plan.start.value.command.as_slice() {
        [] => program.into_iter().collect(),
        command => command.to_vec(),
    };
    json!({
        "terminal": false,
        "user": {"uid": user.uid, "gid": user.gid},
        "args": args,
        "env": [format!("PATH={}", plan.start.value.search_path)],
        "cwd": working,
        "capabilities": {"bounding": bounding, "effective": held, "permitted": held, "inheritable": [], "ambient": []},
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 65536, "hard": 65536}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
        "noNewPrivileges": plan.no_new_privileges.value,
    })
}

fn mounts(plan: &Plan) -> Vec<Value> {
    let standard = [
        ("/proc", "proc", "proc", &["nosuid", "noexec", "nodev"][..]),
        (
            "/dev",
            "tmpfs",
            "tmpfs",
            &["nosuid", "strictatime", "mode=755", "size=65536k"],
        ),
        (
            "/dev/pts",
            "devpts",
            "devpts",
            &[
                "nosuid",
                "noexec",
                "newinstance",
                "ptmxmode=0666",
                "mode=0620",
            ],
        ),
        (
            "/dev/shm",
            "tmpfs",
            "shm",
            &["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"],
        ),
        (
            "/dev/mqueue",
            "mqueue",
            "mqueue",
            &["nosuid", "noexec", "nodev"],
        ),
        (
            "/sys",
            "sysfs",
            "sysfs",
            &["nosuid", "noexec", "nodev", "ro"],
        ),
        (
            "/sys/fs/cgroup",
            "cgroup",
            "cgroup",
            &["nosuid", "noexec", "nodev", "relatime", "ro"],
        ),
    ];
    let standard = standard.iter().map(|(at, kind, source, options)| json!({"destination": at, "type": kind, "source": source, "options": options}));
    let mut all: Vec<Value> = standard.collect();
    all.extend(plan.mounts.iter().filter_map(|line| tmpfs(&line.value)));
    all.extend(volumes(plan).iter().map(|named| {
        // A relative source lies in the bundle (runtime-spec, `config.md`, mounts).
        let source = format!("volumes/{}", named.name);
        json!({"destination": format!("/{}", named.mount.value.path.as_str()), "type": "bind", "source": source, "options": ["rbind", "rw", "nosuid", "nodev"]})
    }));
    all
}

fn tmpfs(mount: &PlannedMount) -> Option<Value> {
    let Writable::Tmpfs { size } = mount.writable else {
        return None;
    };
    let options = memory_options(mount, size);
    let options: Vec<&str> = ["nosuid", "noexec", "nodev"]
        .into_iter()
        .chain(options.split(','))
        .collect();
    Some(
        json!({"destination": format!("/{}", mount.path.as_str()), "type": "tmpfs", "source": "tmpfs", "options": options}),
    )
}

fn linux(plan: &Plan) -> Value {
    let namespaces: Vec<Value> = ["pid", "network", "ipc", "uts", "mount", "cgroup"]
        .iter()
        .map(|kind| json!({"type": kind}))
        .collect();
    let quota = plan.cpu_millis.value.saturating_mul(PERIOD) / 1000;
    let capabilities: Vec<Capability> = plan
        .capabilities
        .iter()
        .map(|line| line.value.capability)
        .collect();
    let sysctl = if plan.has_low_port() {
        json!({"net.ipv4.ip_unprivileged_port_start": "0"})
    } else {
        json!({})
    };
    json!({
        "namespaces": namespaces,
        "maskedPaths": MASKED,
        "readonlyPaths": READ_ONLY,
        "seccomp": seccomp::filter(&capabilities),
        "sysctl": sysctl,
        "resources": {
            "devices": [{"allow": false, "access": "rwm"}],
            "memory": {"limit": plan.memory.value, "swap": plan.memory.value},
            "cpu": {"quota": quota, "period": PERIOD},
            "pids": {"limit": plan.pids.value},
        },
    })
}

/// Reasons, by what they are about.
fn annotations(plan: &Plan) -> BTreeMap<String, String> {
    let mut notes = BTreeMap::new();
    let mut note = |key: String, text: String| {
        notes.insert(format!("dev.plimsoll.plan.{key}"), comment(&text))
    };
    for (number, line) in header(plan).into_iter().enumerate() {
        note(format!("note-{:02}", number + 1), line);
    }
    note(
        "seccomp".to_owned(),
        "assumed: the calls that Docker allows by default, and those of the planned capabilities"
            .to_owned(),
    );
    note(
        "env".to_owned(),
        "WARNING: process.env has PATH alone: the image's other variables have to be added"
            .to_owned(),
    );
    note("user".to_owned(), said(&plan.user));
    note(
        "no-new-privileges".to_owned(),
        said(&plan.no_new_privileges),
    );
    note("read-only".to_owned(), said(&plan.read_only));
    note("pids".to_owned(), said(&plan.pids));
    note("memory".to_owned(), said(&plan.memory));
    note("cpu".to_owned(), said(&plan.cpu_millis));
    for line in &plan.capabilities {
        note(format!("capability.{}", line.value.capability), said(line));
    }
    for line in &plan.mounts {
        note(format!("mount./{}", line.value.path.as_str()), said(line));
    }
    if !volumes(plan).is_empty() {
        note(
            "volumes".to_owned(),
            "The folders below volumes/ are made beside config.json, and owned by the planned user"
                .to_owned(),
        );
    }
    notes
}

fn said<T>(line: &Line<T>) -> String {
    super::said(line)
}
