//! Devices: those that are made inside, and those that the cgroup allows.

use super::Bundle;
use crate::runtime::read::json_object::Part;
use crate::runtime::{Device, Stated};

/// What runtimes make in every container (`config-linux.md`, default devices), and a terminal.
const STANDARD: [&str; 7] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/console",
];

/// Type, major and minor of the standard devices (`Documentation/admin-guide/devices.txt` of Linux).
const STANDARD_NUMBERS: [(&str, i64, i64); 9] = [
    ("c", 1, 3),
    ("c", 1, 5),
    ("c", 1, 7),
    ("c", 1, 8),
    ("c", 1, 9),
    ("c", 5, 0),
    ("c", 5, 1),
    ("c", 5, 2),
    ("c", 136, -1),
];

/// What a device really is, whatever it is called inside: minor -1 is any.
const KNOWN: [(&str, i64, i64, &str); 10] = [
    ("c", 1, 1, "/dev/mem"),
    ("c", 1, 2, "/dev/kmem"),
    ("c", 1, 4, "/dev/port"),
    ("c", 1, 11, "/dev/kmsg"),
    ("c", 10, 200, "/dev/net/tun"),
    ("c", 10, 229, "/dev/fuse"),
    ("c", 10, 232, "/dev/kvm"),
    ("b", 8, -1, "/dev/sda"),
    ("b", 259, -1, "/dev/nvme0n1"),
    ("b", 253, -1, "/dev/dm-0"),
];

impl Bundle<'_> {
    pub(super) fn read_devices(&mut self, linux: &Part<'_>) {
        for device in linux.list("devices") {
            let (kind, major, minor) = numbers(&device);
            let kind = if kind == "u" { "c" } else { kind };
            let Some((path, _)) = device.text_of("path") else {
                continue;
            };
            let is_usual = STANDARD_NUMBERS
                .iter()
                .any(|known| is(known, (kind, major, minor)));
            if is_usual && (STANDARD.contains(&path) || path == "/dev/ptmx") {
                continue;
            }
            let known = KNOWN.iter().find(|(known, first, second, _)| {
                is(&(*known, *first, *second), (kind, major, minor))
            });
            // Where its name agrees with its number, the name says more: `/dev/sdb1`.
            let host = known.map_or(path, |(.., name)| {
                let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == 'a');
                if path.starts_with(stem) { path } else { name }
            });
            self.spec.devices.push(Device {
                host: host.to_owned(),
                inside: Some(path.to_owned()),
                permissions: None,
                at: device.spot(),
            });
        }
        let rules = linux.get("resources");
        for rule in rules.iter().flat_map(|resources| resources.list("devices")) {
            if let Some(said) = allowed(&rule) {
                self.spec.device_rules.push(Stated::new(said, rule.spot()));
            }
        }
    }
}

/// A rule as `--device-cgroup-rule` writes it, unless it forbids or is one that every container has.
fn allowed(rule: &Part<'_>) -> Option<String> {
    if rule.boolean("allow").value() != Some(&true) {
        return None;
    }
    let (kind, major, minor) = numbers(rule);
    let access = rule.text_of("access").map_or("rwm", |(access, _)| access);
    let is_usual = STANDARD_NUMBERS
        .iter()
        .any(|known| is(known, (kind, major, minor)));
    // To make a node is not to open it: engines allow it of every device.
    if is_usual || (access == "m" && kind != "a") {
        return None;
    }
    let number = |number: i64| {
        if number < 0 {
            "*".to_owned()
        } else {
            number.to_string()
        }
    };
    Some(format!(
        "{kind} {}:{} {access}",
        number(major),
        number(minor)
    ))
}

/// Type, major and minor; what is left out is any.
fn numbers<'a>(part: &Part<'a>) -> (&'a str, i64, i64) {
    let kind = part.text_of("type").map_or("a", |(kind, _)| kind);
    let number = |key| part.integer(key).value().copied().unwrap_or(-1);
    (kind, number("major"), number("minor"))
}

fn is(known: &(&str, i64, i64), device: (&str, i64, i64)) -> bool {
    known.0 == device.0 && known.1 == device.1 && (known.2 < 0 || known.2 == device.2)
}
