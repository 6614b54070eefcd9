//! The keys of a quadlet, each to its setting.

use super::mounts;
use super::unit::{Entry, Unit};
use super::{CONTAINER, arguments};
use crate::runtime::read::compose::shell_words;
use crate::runtime::read::{Surroundings, engine_words, port_word, size};
use crate::runtime::{
    Device, EnvironmentVariable, Health, LogDriver, Namespace, PublishedPort, Restart, RuntimeSpec,
    SeLinux, Setting, Stated, Ulimit, UnknownKey,
};

/// Keys that say nothing of how the container is held in.
const OTHERS: &[&str] = &[
    "AddHost",
    "Annotation",
    "AutoUpdate",
    "CgroupsMode",
    "ContainerName",
    "ContainersConfModule",
    "DNS",
    "DNSOption",
    "DNSSearch",
    "EnvironmentHost",
    "ExposeHostPort",
    "GIDMap",
    "HealthInterval",
    "HealthLogDestination",
    "HealthMaxLogCount",
    "HealthMaxLogSize",
    "HealthOnFailure",
    "HealthRetries",
    "HealthStartPeriod",
    "HealthStartupCmd",
    "HealthStartupInterval",
    "HealthStartupRetries",
    "HealthStartupSuccess",
    "HealthStartupTimeout",
    "HealthTimeout",
    "HostName",
    "HttpProxy",
    "IP",
    "IP6",
    "Label",
    "Mask",
    "NetworkAlias",
    "Notify",
    "Pull",
    "ReadOnlyTmpfs",
    "ReloadCmd",
    "ReloadSignal",
    "Retry",
    "RetryDelay",
    "RunInit",
    "SecurityLabelFileType",
    "ServiceName",
    "StartWithPod",
    "StopSignal",
    "StopTimeout",
    "Timezone",
    "VolatileTmp",
    "WorkingDir",
];

/// Reads every key of the unit.
pub(super) fn read(unit: &Unit, around: &dyn Surroundings, spec: &mut RuntimeSpec) {
    for entry in &unit.entries {
        match entry.section.as_str() {
            CONTAINER => {
                let known = confinement(entry, around, spec)
                    || mounts::take(entry, around, spec)
                    || lists(entry, spec)
                    || process(entry, around, spec)
                    || OTHERS.contains(&entry.key.as_str());
                if !known {
                    spec.unknown_keys.push(UnknownKey {
                        key: entry.at.field.clone(),
                        at: entry.at.clone(),
                    });
                }
            }
            "Service" => service(entry, spec),
            _ => {}
        }
    }
    if spec.image.is_absent() {
        let at = spec.container.at.clone();
        spec.gaps
            .push(Stated::new("it names no image".to_owned(), at));
    }
}

pub(super) fn gap(spec: &mut RuntimeSpec, entry: &Entry, why: impl Into<String>) {
    spec.gaps.push(Stated::new(why.into(), entry.at.clone()));
}

/// A boolean as systemd writes it.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "yes" | "y" | "true" | "t" | "on" => Some(true),
        "0" | "no" | "n" | "false" | "f" | "off" => Some(false),
        _ => None,
    }
}

fn flag(entry: &Entry) -> Setting<bool> {
    entry.read("true or false", boolean)
}

/// Keys with one value, the last of which holds.
fn confinement(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) -> bool {
    let spaces = &mut spec.namespaces;
    match entry.key.as_str() {
        "Image" => image(entry, around, spec),
        "Rootfs" => gap(spec, entry, "it runs a folder, and no image"),
        "User" => user(entry, spec),
        "Group" => spec.account.group = entry.value(),
        "UserNS" => spaces.user = entry.read("a user namespace", engine_words::user_namespace),
        "RemapUsers" | "UIDMap" | "SubUIDMap" | "SubGIDMap" | "RemapUid" | "RemapGid" => {
            if spaces.user.is_absent() {
                spaces.user = Setting::stated(Namespace::Private, entry.at.clone());
            }
        }
        "NoNewPrivileges" => spec.no_new_privileges = flag(entry),
        "ReadOnly" => spec.read_only_root = flag(entry),
        "SecurityLabelDisable" => label(entry, spec, |label, on| label.disabled = on),
        "SecurityLabelNested" => label(entry, spec, |_, _| {}),
        "SecurityLabelType" => label_text(entry, spec, |label, text| label.kind = Some(text)),
        "SecurityLabelLevel" => label_text(entry, spec, |label, text| label.level = Some(text)),
        "AppArmor" => spec.confinement.apparmor = entry.value(),
        "SeccompProfile" => seccomp(entry, around, spec),
        "Unmask" => spec.confinement.unmasked_paths = Setting::stated(true, entry.at.clone()),
        "Memory" => spec.limits.memory = entry.read("a size", size::bytes),
        "PidsLimit" => spec.limits.pids = entry.read("a number", |text| text.parse().ok()),
        "ShmSize" => spec.limits.shm_size = entry.value(),
        "Network" => network(entry, spec),
        "Pod" => gap(
            spec,
            entry,
            "it is in a pod, whose own unit is not read: network, ports and user namespace may come from there",
        ),
        "PodmanArgs" => arguments::take(entry, spec),
        "GlobalArgs" => gap(spec, entry, "GlobalArgs is not read"),
        _ => return false,
    }
    true
}

/// An image by its name, or the unit that pulls or builds it.
fn image(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) {
    spec.image = entry.value();
    let ending = entry.text.rsplit_once('.').map(|(_, ending)| ending);
    let unknown = |why: String| Setting::Unknown {
        why,
        at: entry.at.clone(),
    };
    match ending {
        Some("build") => spec.image = unknown("the image is built by a unit of its own".to_owned()),
        Some("image") => {
            let text = around.file(&entry.text);
            let unit = text.and_then(|text| {
                super::unit(&entry.text, &text).map_err(|error| error.to_string())
            });
            spec.image = match unit {
                Ok(unit) => unit.last("Image", "Image").map_or_else(
                    || unknown(format!("{} names no image", entry.text)),
                    Entry::value,
                ),
                Err(why) => unknown(format!("{} could not be read: {why}", entry.text)),
            };
        }
        _ => {}
    }
}

/// `User=` takes a user alone; with a colon Podman reads a group, too.
fn user(entry: &Entry, spec: &mut RuntimeSpec) {
    match entry.value() {
        Setting::Stated(stated) => {
            engine_words::account(&stated.value, &stated.at, &mut spec.account);
        }
        other => spec.account.user = other,
    }
}

fn label(entry: &Entry, spec: &mut RuntimeSpec, set: impl FnOnce(&mut SeLinux, bool)) {
    match flag(entry) {
        Setting::Stated(stated) => {
            let mut known = spec
                .confinement
                .selinux
                .value()
                .cloned()
                .unwrap_or_default();
            set(&mut known, stated.value);
            spec.confinement.selinux = Setting::stated(known, stated.at);
        }
        Setting::Unknown { why, at } => {
            spec.confinement.selinux = Setting::Unknown { why, at };
        }
        Setting::Absent => {}
    }
}

fn label_text(entry: &Entry, spec: &mut RuntimeSpec, set: impl FnOnce(&mut SeLinux, String)) {
    match entry.value() {
        Setting::Stated(stated) => {
            let mut known = spec
                .confinement
                .selinux
                .value()
                .cloned()
                .unwrap_or_default();
            set(&mut known, stated.value);
            spec.confinement.selinux = Setting::stated(known, stated.at);
        }
        Setting::Unknown { why, at } => {
            spec.confinement.selinux = Setting::Unknown { why, at };
        }
        Setting::Absent => {}
    }
}

fn seccomp(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) {
    spec.confinement.seccomp = entry.value();
    let Some(path) = spec
        .confinement
        .seccomp
        .value()
        .filter(|path| *path != "unconfined")
    else {
        return;
    };
    match around.file(path) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(profile) => spec.confinement.seccomp_profile = Some(profile),
            Err(_) => gap(spec, entry, "the seccomp profile is no JSON"),
        },
        Err(why) => gap(
            spec,
            entry,
            format!("the seccomp profile could not be read: {why}"),
        ),
    }
}

/// The first network is told, but the host's goes before all.
fn network(entry: &Entry, spec: &mut RuntimeSpec) {
    let said = entry.read("a network", |text| {
        let name = text.split(':').next().unwrap_or(text);
        match name.strip_suffix(".container") {
            Some(container) => Some(Namespace::Joined(container.to_owned())),
            None => engine_words::network(text),
        }
    });
    let slot = &mut spec.namespaces.network;
    if slot.is_absent() || said.value() == Some(&Namespace::Host) {
        *slot = said;
    }
}

/// Keys that can stand several times.
fn lists(entry: &Entry, spec: &mut RuntimeSpec) -> bool {
    match entry.key.as_str() {
        "AddCapability" | "DropCapability" => match entry.value() {
            Setting::Stated(stated) => {
                let words = stated.value.split_whitespace();
                let words = words.map(|word| Stated::new(word.to_owned(), stated.at.clone()));
                if entry.key == "AddCapability" {
                    spec.capabilities.added.extend(words);
                } else {
                    spec.capabilities.dropped.extend(words);
                }
            }
            Setting::Unknown { why, .. } => spec.capabilities.unknown = Some(why),
            Setting::Absent => {}
        },
        "GroupAdd" => text(entry, spec, |spec, stated| {
            spec.account.extra_groups.push(stated);
        }),
        "AddDevice" => text(entry, spec, device),
        "Sysctl" => text(entry, spec, |spec, stated| {
            for word in stated.value.split_whitespace() {
                let (name, value) = word.split_once('=').unwrap_or((word, ""));
                let pair = (name.to_owned(), value.to_owned());
                spec.sysctls.push(Stated::new(pair, stated.at.clone()));
            }
        }),
        "Ulimit" => text(entry, spec, ulimit),
        "PublishPort" => text(entry, spec, publish),
        _ => return false,
    }
    true
}

/// A value that is known, or a gap.
pub(super) fn text(
    entry: &Entry,
    spec: &mut RuntimeSpec,
    take: impl FnOnce(&mut RuntimeSpec, Stated<String>),
) {
    match entry.value() {
        Setting::Stated(stated) => take(spec, stated),
        Setting::Unknown { why, .. } => gap(spec, entry, why),
        Setting::Absent => {}
    }
}

/// `[-]HOST[:INSIDE[:PERMISSIONS]]`.
fn device(spec: &mut RuntimeSpec, stated: Stated<String>) {
    let text = stated.value.strip_prefix('-').unwrap_or(&stated.value);
    let mut words = text.split(':').map(str::to_owned);
    spec.devices.push(Device {
        host: words.next().unwrap_or_default(),
        inside: words.next(),
        permissions: words.next(),
        at: stated.at,
    });
}

/// `NAME=SOFT[:HARD]`; `host` is that of the host.
fn ulimit(spec: &mut RuntimeSpec, stated: Stated<String>) {
    let limit = |text: &str| {
        if text == "unlimited" {
            Some(-1)
        } else {
            text.parse().ok()
        }
    };
    let parts = stated.value.split_once('=').and_then(|(name, value)| {
        let (soft, hard) = value.split_once(':').unwrap_or((value, value));
        Some((name.to_owned(), limit(soft)?, limit(hard)?))
    });
    match parts {
        Some((name, soft, hard)) => spec.limits.ulimits.push(Ulimit {
            name,
            soft,
            hard,
            at: stated.at,
        }),
        None => spec.gaps.push(Stated::new(
            "the limit is not understood".to_owned(),
            stated.at,
        )),
    }
}

fn publish(spec: &mut RuntimeSpec, stated: Stated<String>) {
    let parts = port_word::port(&stated.value).and_then(|port| {
        let (container_port, _) = port_word::range(&port.container)?;
        let host = match &port.host {
            Some(host) => Some(port_word::range(host)?),
            None => None,
        };
        Some((port, container_port, host))
    });
    match parts {
        Some((port, container_port, host)) => spec.ports.push(PublishedPort {
            host_ip: port.host_ip,
            host_port: host.map(|(first, _)| first),
            host_port_end: host.and_then(|(_, last)| last),
            container_port,
            protocol: port.protocol,
            at: stated.at,
        }),
        None => spec.gaps.push(Stated::new(
            "the port is not understood".to_owned(),
            stated.at,
        )),
    }
}

/// What is run, with what around it.
fn process(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) -> bool {
    const QUOTES: &str = "a command whose quotes are closed";
    match entry.key.as_str() {
        "Exec" => spec.command = entry.read(QUOTES, shell_words),
        "Entrypoint" => {
            spec.entrypoint = entry.read(QUOTES, |text| {
                serde_json::from_str(text)
                    .ok()
                    .or_else(|| shell_words(text))
            });
        }
        "HealthCmd" => spec.health = entry.read("a command", |text| Some(health(text))),
        "LogDriver" => {
            let driver = entry.value();
            let options = spec
                .log
                .value()
                .map(|log| log.options.clone())
                .unwrap_or_default();
            spec.log = match driver {
                Setting::Stated(stated) => {
                    let driver = stated.value;
                    Setting::stated(LogDriver { driver, options }, stated.at)
                }
                Setting::Unknown { why, at } => Setting::Unknown { why, at },
                Setting::Absent => Setting::Absent,
            };
        }
        "LogOpt" => text(entry, spec, |spec, stated| {
            let mut log = spec.log.value().cloned().unwrap_or(LogDriver {
                driver: String::new(),
                options: Vec::new(),
            });
            let (name, value) = stated.value.split_once('=').unwrap_or((&stated.value, ""));
            log.options.push((name.to_owned(), value.to_owned()));
            spec.log = Setting::stated(log, stated.at);
        }),
        "Environment" => environment(entry, spec),
        "EnvironmentFile" => environment_file(entry, around, spec),
        _ => return false,
    }
    true
}

/// A command, or the word that switches the image's check off.
fn health(text: &str) -> Health {
    let disabled = text == "none";
    let words = ["/bin/sh", "-c", text].map(str::to_owned);
    Health {
        disabled,
        command: if disabled { Vec::new() } else { words.to_vec() },
    }
}

/// `A=1 "B=x y"`: a specifier leaves the name, and no value.
fn environment(entry: &Entry, spec: &mut RuntimeSpec) {
    let Some(words) = shell_words(&entry.text) else {
        gap(spec, entry, "a quote of Environment is not closed");
        return;
    };
    let known = entry.value().value().is_some();
    for word in words {
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        set(
            spec,
            EnvironmentVariable {
                name: name.to_owned(),
                value: value.filter(|value| known || !value.contains('%')),
                at: entry.at.clone(),
            },
        );
    }
}

/// The later value of a name holds.
pub(super) fn set(spec: &mut RuntimeSpec, variable: EnvironmentVariable) {
    let all = &mut spec.environment;
    match all.iter_mut().find(|known| known.name == variable.name) {
        Some(known) => *known = variable,
        None => all.push(variable),
    }
}

/// `[-]PATH`: with `-` it may be missing. What `Environment` says goes over it.
fn environment_file(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) {
    text(entry, spec, |spec, stated| {
        let path = stated.value.strip_prefix('-');
        let is_optional = path.is_some();
        let path = path.unwrap_or(&stated.value);
        match around.file(path) {
            Ok(text) => {
                let outer = |name: &str| around.variable(name);
                for (name, value) in crate::runtime::read::compose::env_file(&text, &outer) {
                    if spec.environment.iter().all(|known| known.name != name) {
                        let at = stated.at.clone();
                        spec.environment
                            .push(EnvironmentVariable { name, value, at });
                    }
                }
            }
            Err(why) if !is_optional => {
                let why = format!("the env file {path} could not be read: {why}");
                spec.gaps.push(Stated::new(why, stated.at));
            }
            Err(_) => {}
        }
    });
}

/// What systemd itself is told: when to start again, and what the unit's cgroup may use, which the container's is in.
fn service(entry: &Entry, spec: &mut RuntimeSpec) {
    let limits = &mut spec.limits;
    match entry.key.as_str() {
        "Restart" => {
            spec.restart = entry.read("a policy", |text| {
                Some(Restart {
                    policy: text.to_owned(),
                    max_retries: None,
                })
            });
        }
        "MemoryMax" if limits.memory.is_absent() && entry.text != "infinity" => {
            limits.memory = entry.read("a size", size::bytes);
        }
        "TasksMax" if limits.pids.is_absent() && entry.text != "infinity" => {
            limits.pids = entry.read("a number", |text| text.parse().ok());
        }
        "CPUQuota" if limits.cpu.is_absent() => {
            limits.cpu = entry.read("a share", |text| Some(format!("cpu-quota {text}")));
        }
        _ => {}
    }
}
