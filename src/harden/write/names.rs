//! Names and numbers that several forms share: of volumes, ports of the host, options of memory.

use std::collections::BTreeSet;

use crate::harden::{Line, Plan, PlannedMount, Writable};

/// A volume with its name.
pub(super) struct Named<'a> {
    pub(super) name: String,
    pub(super) mount: &'a Line<PlannedMount>,
}

/// The volumes: each with a name of its own, made of the plan's name and the path.
pub(super) fn volumes(plan: &Plan) -> Vec<Named<'_>> {
    named(plan, |mount| mount.writable == Writable::Volume)
}

/// Folders in memory, with names for the forms that give them some.
pub(super) fn memory(plan: &Plan) -> Vec<(Named<'_>, u64)> {
    let all = named(plan, |mount| mount.writable != Writable::Volume);
    let sized = all
        .into_iter()
        .filter_map(|named| match named.mount.value.writable {
            Writable::Tmpfs { size } => Some((named, size)),
            Writable::Volume => None,
        });
    sized.collect()
}

fn named(plan: &Plan, wanted: impl Fn(&PlannedMount) -> bool) -> Vec<Named<'_>> {
    // Names are given to all mounts at once: in a pod, memory and volumes share them.
    let mut used = BTreeSet::new();
    let all = plan.mounts.iter().map(|mount| Named {
        name: unique(&slug(&plan.name, mount.value.path.as_str()), &mut used),
        mount,
    });
    all.filter(|named| wanted(&named.mount.value)).collect()
}

/// Lower-case letters, digits and single dashes, 50 of them: what Kubernetes takes as a name (RFC 1123), and the engines, too.
fn slug(plan: &str, path: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let text: String = format!("{plan}-{path}").chars().map(letter).collect();
    let parts: Vec<&str> = text.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(50).collect();
    name.trim_end_matches('-').to_owned()
}

fn unique(name: &str, used: &mut BTreeSet<String>) -> String {
    let mut number = 1;
    let mut candidate = name.to_owned();
    while !used.insert(candidate.clone()) {
        number += 1;
        candidate = format!("{name}-{number}");
    }
    candidate
}

/// A port of the host for each port of the container: the same, or 8000 more for those below 1024.
pub(super) struct HostPort<'a> {
    pub(super) host: u16,
    pub(super) line: &'a Line<u16>,
    pub(super) is_udp: bool,
}

impl HostPort<'_> {
    /// `127.0.0.1:8080:80` and `…/udp`.
    pub(super) fn published(&self, address: &str) -> String {
        let address = if address.contains(':') && !address.starts_with('[') {
            format!("[{address}]")
        } else {
            address.to_owned()
        };
        let protocol = if self.is_udp { "/udp" } else { "" };
        format!("{address}:{}:{}{protocol}", self.host, self.line.value)
    }
}

/// Every port with one of the host.
pub(super) fn ports(plan: &Plan) -> Vec<HostPort<'_>> {
    let tcp = plan.ports.iter().map(|line| (line, false));
    let udp = plan.udp_ports.iter().map(|line| (line, true));
    let mut used: BTreeSet<(bool, u16)> = BTreeSet::new();
    let mut all: Vec<_> = tcp.chain(udp).collect();
    // Those that keep their number come first, so that none of the others takes it.
    all.sort_by_key(|(line, is_udp)| (line.value < 1024, *is_udp, line.value));
    all.into_iter()
        .map(|(line, is_udp)| {
            let mut host = if line.value < 1024 {
                line.value + 8000
            } else {
                line.value
            };
            while !used.insert((is_udp, host)) && host < u16::MAX {
                host += 1;
            }
            HostPort { host, line, is_udp }
        })
        .collect()
}

/// `uid=33,gid=33,size=64m` and `mode=` where the image has no such folder.
pub(super) fn memory_options(mount: &PlannedMount, size: u64) -> String {
    let mode = mount
        .mode
        .map(|mode| format!(",mode={mode:o}"))
        .unwrap_or_default();
    let size = bytes(size);
    format!("uid={},gid={},size={size}{mode}", mount.uid, mount.gid)
}

/// `1.5` of 1500.
pub(super) fn processors(millis: u64) -> String {
    let number = format!("{}.{:03}", millis / 1000, millis % 1000);
    number
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

/// Bytes in the largest unit of engines that loses nothing: `256m`, `1g`.
pub(super) fn bytes(count: u64) -> String {
    let units = [(30, "g"), (20, "m"), (10, "k")];
    let fit = units
        .iter()
        .find(|(shift, _)| count > 0 && count.is_multiple_of(1 << shift));
    fit.map_or_else(
        || format!("{count}b"),
        |(shift, unit)| format!("{}{unit}", count >> shift),
    )
}

/// The same as a quantity of Kubernetes: `256Mi`.
pub(super) fn quantity(count: u64) -> String {
    let units = [(30, "Gi"), (20, "Mi"), (10, "Ki")];
    let fit = units
        .iter()
        .find(|(shift, _)| count > 0 && count.is_multiple_of(1 << shift));
    fit.map_or_else(
        || count.to_string(),
        |(shift, unit)| format!("{}{unit}", count >> shift),
    )
}
