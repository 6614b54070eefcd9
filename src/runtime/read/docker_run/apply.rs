//! From flags to settings.

use super::{flags::Given, word::Word};
use crate::runtime::read::{
    Surroundings, engine_words, security_option::SecurityOption, size, volume_word,
};
use crate::runtime::{
    Device, Health, LogDriver, MountKind, Namespace, RuntimeSpec, Setting, Spot, Stated, Ulimit,
};

/// A command that is being read.
pub(super) struct Run<'a> {
    pub(super) file: &'a str,
    pub(super) around: &'a dyn Surroundings,
    pub(super) spec: &'a mut RuntimeSpec,
}

impl Run<'_> {
    /// Writes all flags down, in order: a later one replaces an earlier one, or adds to it.
    pub(super) fn apply(&mut self, flags: &[Given]) {
        for flag in flags {
            let at = flag.value.spot(self.file, &format!("--{}", flag.name));
            let is_taken = self.rights(flag.name, &flag.value, &at)
                || self.namespace(flag.name, &flag.value, &at)
                || self.limit(flag.name, &flag.value, &at)
                || self.device(flag.name, &flag.value, &at)
                || self.storage(flag.name, &flag.value, &at)
                || self.program(flag.name, &flag.value, &at);
            // What is left has no weight here: `--hostname`, `--label`, `--rm`.
            let _ = is_taken;
        }
    }

    /// Says what could not be told, with the flag.
    pub(super) fn gap(&mut self, said: String, at: &Spot) {
        self.spec.gaps.push(Stated::new(said, at.clone()));
    }

    /// The words of a list; Podman takes several with commas between them. One that has no value is a gap.
    fn words(&mut self, value: &Word, at: &Spot) -> Vec<Stated<String>> {
        let mut words = Vec::new();
        for part in value.text.split(',').filter(|part| !part.is_empty()) {
            match value.why(part) {
                Some(why) => self.gap(format!("a value of {} is not known: {why}", at.field), at),
                None => words.push(Stated::new(part.trim().to_owned(), at.clone())),
            }
        }
        words
    }

    fn boolean(value: &Word, at: &Spot) -> Setting<bool> {
        value.read(&value.text, at, "boolean", engine_words::boolean)
    }

    fn rights(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        match name {
            "privileged" => self.spec.privileged = Self::boolean(value, at),
            "read-only" => self.spec.read_only_root = Self::boolean(value, at),
            "cap-add" | "cap-drop" => {
                let words = self.words(value, at);
                if value.unknown.is_some() {
                    self.spec.capabilities.unknown.clone_from(&value.unknown);
                }
                if name == "cap-add" {
                    self.spec.capabilities.added.extend(words);
                } else {
                    self.spec.capabilities.dropped.extend(words);
                }
            }
            "security-opt" => self.security_option(value, at),
            "user" => {
                let (user, group) = value.text.split_once(':').unwrap_or((&value.text, ""));
                // The last `--user` counts as a whole.
                let account = &mut self.spec.account;
                account.group = Setting::Absent;
                account.user = Setting::Absent;
                if !user.is_empty() {
                    account.user = value.setting(user, at);
                }
                if !group.is_empty() {
                    account.group = value.setting(group, at);
                }
            }
            "group-add" => {
                let words = self.words(value, at);
                self.spec.account.extra_groups.extend(words);
            }
            _ => return false,
        }
        true
    }

    fn security_option(&mut self, value: &Word, at: &Spot) {
        let option = SecurityOption::of(&value.text);
        if let Some(why) = value.why(&value.text) {
            self.unknown_option(option, why, at);
            return;
        }
        if let SecurityOption::Seccomp(file) = option
            && !matches!(file, "unconfined" | "builtin" | "")
            && !file.trim_start().starts_with('{')
        {
            let profile = self
                .around
                .file(file)
                .map(|text| serde_json::from_str(&text));
            option.apply(at, self.spec);
            match profile {
                Ok(Ok(profile)) => self.spec.confinement.seccomp_profile = Some(profile),
                Ok(Err(_)) => self.gap(format!("the seccomp profile {file} is no JSON"), at),
                Err(why) => {
                    self.gap(format!("the seccomp profile {file} is not read: {why}"), at);
                }
            }
            return;
        }
        option.apply(at, self.spec);
    }

    fn unknown_option(&mut self, option: SecurityOption<'_>, why: &str, at: &Spot) {
        let unknown = || Setting::Unknown {
            why: why.to_owned(),
            at: at.clone(),
        };
        let confinement = &mut self.spec.confinement;
        match option {
            SecurityOption::NoNewPrivileges(_) => {
                self.spec.no_new_privileges = Setting::Unknown {
                    why: why.to_owned(),
                    at: at.clone(),
                }
            }
            SecurityOption::Seccomp(_) => confinement.seccomp = unknown(),
            SecurityOption::AppArmor(_) => confinement.apparmor = unknown(),
            SecurityOption::Label(_) => {
                confinement.selinux = Setting::Unknown {
                    why: why.to_owned(),
                    at: at.clone(),
                }
            }
            _ => self.gap(format!("a value of --security-opt is not known: {why}"), at),
        }
    }

    fn namespace(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        let read = |read: fn(&str) -> Option<Namespace>| {
            if value.text.is_empty() {
                Setting::Absent
            } else {
                value.read(&value.text, at, "namespace", read)
            }
        };
        let namespaces = &mut self.spec.namespaces;
        match name {
            "network" | "net" => {
                let network = read(engine_words::network);
                // Several networks: the first, but the host's own is never hidden by another.
                let is_host = network.value() == Some(&Namespace::Host);
                if is_host || namespaces.network.is_absent() {
                    namespaces.network = network;
                }
            }
            "pid" => namespaces.pid = read(engine_words::namespace),
            "ipc" => namespaces.ipc = read(engine_words::namespace),
            "uts" => namespaces.uts = read(engine_words::namespace),
            "cgroupns" => namespaces.cgroup = read(engine_words::namespace),
            "userns" => namespaces.user = read(engine_words::user_namespace),
            "uidmap" | "subuidname" | "userns-remap" if namespaces.user.is_absent() => {
                let maps_root = value.text.starts_with("0:0:");
                let namespace = if maps_root {
                    Namespace::Host
                } else {
                    Namespace::Private
                };
                namespaces.user = Setting::stated(namespace, at.clone());
            }
            "pod" => {
                let said = "its pod decides on network, IPC and host name, and is not read here";
                self.gap(said.to_owned(), at);
            }
            _ => return false,
        }
        true
    }

    fn limit(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        let text = value.text.as_str();
        let integer = || value.read(text, at, "whole number", |text| text.parse::<i64>().ok());
        let limits = &mut self.spec.limits;
        match name {
            "memory" => limits.memory = value.read(text, at, "size", size::bytes),
            "memory-swap" => {
                limits.memory_swap = value.read(text, at, "size", |text| match text {
                    "-1" => Some(-1),
                    text => i64::try_from(size::bytes(text)?).ok(),
                });
            }
            "cpus" if is_zero(text) => {}
            "cpus" => limits.cpu = value.setting(text, at),
            "cpu-quota" | "cpu-shares" | "cpuset-cpus" => {
                let is_none = is_zero(text) || text.starts_with('-') || text.is_empty();
                if limits.cpu.is_absent() && !is_none {
                    let word = name.trim_end_matches("-cpus");
                    limits.cpu =
                        value.read(text, at, "limit", |text| Some(format!("{word} {text}")));
                }
            }
            "pids-limit" => limits.pids = integer(),
            "oom-kill-disable" => limits.oom_kill_disable = Self::boolean(value, at),
            "oom-score-adj" => limits.oom_score_adj = integer(),
            "shm-size" => limits.shm_size = value.setting(text, at),
            "ulimit" => {
                for word in self.words(value, at) {
                    match ulimit(&word) {
                        Some(ulimit) => self.spec.limits.ulimits.push(ulimit),
                        None => self.gap("a value of --ulimit is no limit".to_owned(), at),
                    }
                }
            }
            "sysctl" => {
                for word in self.words(value, at) {
                    let (name, text) = word.value.split_once('=').unwrap_or((&word.value, ""));
                    let pair = (name.to_owned(), text.to_owned());
                    self.spec.sysctls.push(Stated::new(pair, word.at.clone()));
                }
            }
            "cgroup-parent" if !text.is_empty() => {
                self.spec.cgroup_parent = value.setting(text, at);
            }
            _ => return false,
        }
        true
    }

    fn device(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        match name {
            "device" => {
                for word in self.words(value, at) {
                    self.spec.devices.push(device(&word));
                }
            }
            "device-cgroup-rule" => {
                if let Some(why) = value.why(&value.text) {
                    self.gap(format!("a value of {} is not known: {why}", at.field), at);
                } else {
                    let rule = Stated::new(value.text.clone(), at.clone());
                    self.spec.device_rules.push(rule);
                }
            }
            "gpus" => self
                .spec
                .device_requests
                .push(Stated::new(value.text.replace('"', ""), at.clone())),
            _ => return false,
        }
        true
    }

    fn storage(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        match name {
            "volume" => self.volume(value, at),
            "mount" => self.mount(value, at),
            "tmpfs" => self.tmpfs(value, at),
            "secret" => self.secret(value, at),
            "volumes-from" => {
                let words = self.words(value, at);
                self.spec.volumes_from.extend(words);
            }
            // Docker 28.3: the engine's socket, and the credentials for registries.
            "use-api-socket" if engine_words::boolean(&value.text) != Some(false) => {
                let socket = "/var/run/docker.sock".to_owned();
                let mut mount = volume_word::empty(MountKind::Host, at);
                mount.source = Setting::stated(socket.clone(), at.clone());
                mount.target = Setting::stated(socket, at.clone());
                self.spec.mounts.push(mount);
            }
            "publish" => self.publish(value, at),
            "publish-all" => self.spec.publish_all = Self::boolean(value, at),
            _ => return false,
        }
        true
    }

    fn program(&mut self, name: &str, value: &Word, at: &Spot) -> bool {
        match name {
            "env" => self.variable(value, at),
            "env-file" => self.env_file(value, at),
            "env-host" if engine_words::boolean(&value.text) != Some(false) => {
                let said =
                    "--env-host brings the whole environment of the caller, which is not known";
                self.gap(said.to_owned(), at);
            }
            "entrypoint" => {
                self.spec.entrypoint = value.read(&value.text, at, "command", |text| {
                    // Podman also takes a list as JSON.
                    let list = serde_json::from_str::<Vec<String>>(text).ok();
                    let one = || {
                        Some(text)
                            .filter(|text| !text.is_empty())
                            .map(str::to_owned)
                    };
                    Some(list.unwrap_or_else(|| one().into_iter().collect()))
                });
            }
            "health-cmd" | "healthcheck" => {
                self.spec.health = value.read(&value.text, at, "command", |text| {
                    let disabled = text.eq_ignore_ascii_case("none");
                    let command = if disabled {
                        Vec::new()
                    } else {
                        vec![text.to_owned()]
                    };
                    Some(Health { disabled, command })
                });
            }
            "no-healthcheck" if engine_words::boolean(&value.text) != Some(false) => {
                let disabled = Health {
                    disabled: true,
                    command: Vec::new(),
                };
                self.spec.health = Setting::stated(disabled, at.clone());
            }
            "restart" => {
                self.spec.restart = value.read(&value.text, at, "policy", |text| {
                    Some(engine_words::restart(text))
                });
            }
            "runtime" => self.spec.runtime = value.setting(&value.text, at),
            "log-driver" | "log-opt" => self.log(name, value, at),
            _ => return false,
        }
        true
    }

    fn log(&mut self, name: &str, value: &Word, at: &Spot) {
        if let Some(why) = value.why(&value.text) {
            let why = why.to_owned();
            self.spec.log = Setting::Unknown {
                why,
                at: at.clone(),
            };
            return;
        }
        let said = self.spec.log.value().cloned();
        let mut log = said.unwrap_or_else(|| LogDriver {
            driver: String::new(),
            options: Vec::new(),
        });
        if name == "log-driver" {
            log.driver.clone_from(&value.text);
        } else {
            let (key, option) = value.text.split_once('=').unwrap_or((&value.text, ""));
            log.options.push((key.to_owned(), option.to_owned()));
        }
        if self.spec.log.unknown().is_none() {
            self.spec.log = Setting::stated(log, at.clone());
        }
    }
}

/// `0`, `0.0`: no limit.
fn is_zero(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, '0' | '.'))
}

/// `nofile=1024:2048`, `core=-1`, `memlock=unlimited`.
fn ulimit(word: &Stated<String>) -> Option<Ulimit> {
    let (name, limits) = word.value.split_once('=')?;
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let number = |text: &str| match text {
        "unlimited" => Some(-1),
        text => text.parse().ok(),
    };
    Some(Ulimit {
        name: name.to_owned(),
        soft: number(soft)?,
        hard: number(hard)?,
        at: word.at.clone(),
    })
}

/// `/dev/x`, `/dev/x:/dev/y`, `/dev/x:r`, `/dev/x:/dev/y:rw`, or a name by CDI.
fn device(word: &Stated<String>) -> Device {
    let mut parts = word.value.split(':');
    let host = parts.next().unwrap_or_default();
    let is_mode = |text: &str| !text.is_empty() && text.chars().all(|c| "rwm".contains(c));
    let (inside, permissions) = match (parts.next(), parts.next()) {
        (Some(mode), None) if is_mode(mode) => (None, Some(mode)),
        (inside, permissions) => (inside, permissions),
    };
    let owned = |text: &str| text.to_owned();
    let host = if host.starts_with('/') {
        crate::runtime::read::host_path::normalise(host)
    } else {
        owned(host)
    };
    Device {
        host,
        inside: inside.map(owned),
        permissions: permissions.map(owned),
        at: word.at.clone(),
    }
}
