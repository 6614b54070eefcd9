//! Mounts of a bundle: binds are paths of the host, and what every bundle has is left out.

use super::Bundle;
use crate::runtime::read::{host_path, json_object::Part, volume_word};
use crate::runtime::{Mount, MountKind, Setting, Stated};

/// Target and type of the mounts that runtimes ask for (`config-linux.md`, default filesystems) and engines add.
const STANDARD: [(&str, &str); 8] = [
    ("/proc", "proc"),
    ("/dev", "tmpfs"),
    ("/dev", "devtmpfs"),
    ("/dev/pts", "devpts"),
    ("/dev/shm", "tmpfs"),
    ("/dev/mqueue", "mqueue"),
    ("/sys", "sysfs"),
    ("/sys/fs/cgroup", "cgroup"),
];

impl Bundle<'_> {
    pub(super) fn read_mounts(&mut self) {
        for part in self.root.list("mounts") {
            let mount = mount(&part);
            let target = mount.target.value().map_or("", String::as_str);
            let kind = match &mount.kind {
                MountKind::Memory => "tmpfs",
                MountKind::Other(kind) if kind == "cgroup2" => "cgroup",
                MountKind::Other(kind) => kind,
                _ => "",
            };
            let is_kernel = matches!(kind, "sysfs" | "cgroup");
            let is_writable = mount.read_only.value() != Some(&true);
            if kind == "cgroup" && is_writable {
                self.spec.writable_cgroups = Setting::stated(true, part.spot());
            }
            if STANDARD.contains(&(target, kind)) && !(is_kernel && is_writable) {
                continue;
            }
            self.spec.mounts.push(mount);
        }
        self.read_propagation();
    }

    /// `rootfsPropagation: shared` leads mounts out to the host as a shared bind of `/` would.
    fn read_propagation(&mut self) {
        let linux = self.linux.as_ref();
        let said = linux.and_then(|linux| linux.text_of("rootfsPropagation"));
        if let Some((word @ ("shared" | "rshared"), at)) = said {
            let mut mount = volume_word::empty(MountKind::Other("rootfs".to_owned()), &at);
            mount.target = Setting::stated("/".to_owned(), at.clone());
            mount.propagation = Some(Stated::new(word.to_owned(), at));
            self.spec.mounts.push(mount);
        }
    }
}

fn mount(part: &Part<'_>) -> Mount {
    let options = part.texts("options");
    let is_bind = options
        .iter()
        .any(|option| matches!(option.value.as_str(), "bind" | "rbind"));
    let kind = part.text_of("type").map_or("", |(kind, _)| kind);
    let kind = match kind {
        _ if is_bind => MountKind::Host,
        "bind" | "rbind" => MountKind::Host,
        "tmpfs" => MountKind::Memory,
        "" => MountKind::Other("none".to_owned()),
        other => MountKind::Other(other.to_owned()),
    };
    let mut mount = volume_word::empty(kind, &part.spot());
    let path = |key| match part.text_setting(key) {
        Setting::Stated(said) => Setting::stated(host_path::normalise(&said.value), said.at),
        other => other,
    };
    mount.target = path("destination");
    if mount.kind == MountKind::Host {
        mount.source = path("source");
    }
    for option in options {
        if !matches!(option.value.as_str(), "bind" | "rbind") {
            volume_word::apply_options(&option.value, &mut mount);
        }
    }
    mount
}
