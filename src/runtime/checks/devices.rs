//! Devices of the host.

use super::told::{Told, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::Form;

const NIST: &[&str] = &["4.4.3", "4.5.2"];

/// Memory, ports and the kernel's log.
const KERNEL_DEVICES: &[&str] = &[
    "/dev",
    "/dev/mem",
    "/dev/kmem",
    "/dev/port",
    "/dev/kmsg",
    "/dev/loop-control",
    "/dev/mapper",
    "/dev/disk",
];
/// Beginnings of the names of disks.
const DISKS: &[&str] = &[
    "sd", "nvme", "dm-", "vd", "xvd", "hd", "mmcblk", "md", "loop", "sg", "mapper/", "disk/",
    "block/", "root",
];
/// Devices with a use of their own, whose drivers are what is risked.
const SPECIAL: &[&str] = &[
    "net/tun",
    "fuse",
    "dri",
    "kfd",
    "snd",
    "kvm",
    "video",
    "nvidia",
    "vhost-net",
    "vhost-vsock",
    "bus/usb",
    "ttyUSB",
    "ttyACM",
    "tty",
];
/// What every container has anyway.
const HARMLESS: &[&str] = &[
    "null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "pts", "shm", "stdin",
    "stdout", "stderr", "fd", "mqueue",
];

/// Rules of the device cgroup that every container has anyway (runc `libcontainer/specconv/spec_linux.go`, `AllowedDevices`): nodes may be
/// made, and null, zero, full, random, urandom, tty, console, ptmx and pts be used.
const USUAL_RULES: &[&str] = &[
    "c *:* m",
    "b *:* m",
    "c 1:3 rwm",
    "c 1:5 rwm",
    "c 1:7 rwm",
    "c 1:8 rwm",
    "c 1:9 rwm",
    "c 5:0 rwm",
    "c 5:1 rwm",
    "c 5:2 rwm",
    "c 136:* rwm",
];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-058",
            title: "Host device passed in",
            severity: Severity::High,
            cis: &["5.18"],
            nist: NIST,
            pss: &[],
            why: "A disk is all of its files, memory is all of the host; any other device opens its driver in the kernel.",
            fix: "Remove it, or allow only reading.",
        },
        fields: &fields::DEVICES,
        lines: &wording::DEVICE,
        on_windows: false,
        run: |subject| settle(devices(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-059",
            title: "Device cgroup rule or request for all devices",
            severity: Severity::High,
            cis: &["5.18"],
            nist: NIST,
            pss: &[],
            why: "With MKNOD, which is in the default set, a rule is as good as the device itself.",
            fix: "Name one device by its major and minor number.",
        },
        fields: &fields::DEVICE_RULES,
        lines: &wording::DEVICE_RULE,
        on_windows: false,
        run: |subject| settle(rules(subject)),
    },
];

/// How bad it is to have a device; `None`: every container has it.
fn weight(device: &str) -> Option<Severity> {
    let device = device.trim_end_matches('/');
    if KERNEL_DEVICES.contains(&device) {
        return Some(Severity::Critical);
    }
    let Some(name) = device.strip_prefix("/dev/") else {
        // `nvidia.com/gpu=all`: a kind of device by CDI.
        return Some(if device.starts_with('/') {
            Severity::High
        } else {
            Severity::Medium
        });
    };
    if HARMLESS.contains(&name) {
        return None;
    }
    let is_one_of = |names: &[&str]| names.iter().any(|known| name.starts_with(known));
    let is_special = is_one_of(SPECIAL);
    Some(if is_one_of(DISKS) {
        Severity::Critical
    } else if is_special {
        Severity::Medium
    } else {
        Severity::High
    })
}

/// Whether a device is all of the host: a disk, its memory.
pub(in crate::runtime) fn is_host_itself(device: &str) -> bool {
    weight(device) == Some(Severity::Critical)
}

fn devices(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    if subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    let failures = subject.spec.devices.iter().filter_map(|device| {
        let severity = weight(&device.host)?;
        let may = match device.permissions.as_deref() {
            None | Some("") => String::new(),
            Some(permissions) => format!(" ({permissions})"),
        };
        let failure = Failure::new(format!("{}{may}", device.host), device.at.place());
        Some(failure.of_severity(severity))
    });
    Ok(Outcome::of(failures.collect()))
}

fn rules(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let spec = subject.spec;
    let rules = spec.device_rules.iter().filter_map(|rule| {
        let text = rule.value.split_whitespace().collect::<Vec<_>>().join(" ");
        if USUAL_RULES.contains(&text.as_str()) {
            return None;
        }
        let failure = Failure::new(format!("the rule `{text}`"), rule.at.place());
        Some(
            if text.contains('*') || text == "a" || text.starts_with("a ") {
                failure
            } else {
                failure.of_severity(Severity::Medium)
            },
        )
    });
    let requests = spec.device_requests.iter().map(|request| {
        let failure = Failure::new(
            format!("the request `{}`", request.value),
            request.at.place(),
        );
        let is_all = request
            .value
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .any(|word| matches!(word, "all" | "-1"));
        match (subject.form(), is_all) {
            // A device plugin hands out what the cluster's owner offers.
            (Form::Kubernetes, _) => failure.of_severity(Severity::Negligible),
            (_, true) => failure,
            (_, false) => failure.of_severity(Severity::Medium),
        }
    });
    Ok(Outcome::of(rules.chain(requests).collect()))
}
