//! The JSON of `docker inspect` and `podman inspect`, from a file or from a live engine.
//!
//! One list of containers, one container, or several values one behind the other. The engine has merged the image's config into it, so
//! what it says holds: an empty user is uid 0. A key that is missing is not the same as one that is empty: the engine that wrote it is
//! older than the setting, and where the setting is a protection that is unknown, not unsafe.

mod config;
mod limits;
mod mounts;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::{
    ReadError, Settings,
    engine_words::{self, user_namespace},
    json_object::Part,
    security_option::SecurityOption,
};
use crate::model::{Capability, CapabilitySet};
use crate::runtime::{
    Container, Device, Form, Namespace, Role, RuntimeSpec, Setting, Spot, Stated, json,
};

/// Reads what an engine says of containers.
pub fn inspect(file: &str, text: &str) -> Result<Settings, ReadError> {
    let values = json::values(text).map_err(|source| ReadError::Syntax {
        file: file.to_owned(),
        source,
    })?;
    let roots = values.iter().map(|node| Part::root(node, file));
    let objects: Vec<_> = roots
        .flat_map(|root| match root.node().items() {
            [] => vec![root],
            items => items.iter().map(|node| Part::root(node, file)).collect(),
        })
        .collect();
    let mut settings = Settings::default();
    let mut names = BTreeSet::new();
    for object in &objects {
        if object.get("HostConfig").is_some() {
            settings.specs.push(container(object, &mut names));
        } else {
            let said = format!("{}: it is not read as a container", what_it_is(object));
            settings.gaps.push(Stated::new(said, object.spot()));
        }
    }
    if settings.specs.is_empty() {
        let first = objects.first();
        return Err(ReadError::Form {
            file: file.to_owned(),
            line: first.map_or(1, |object| object.node().start.line),
            reason: format!(
                "no container of `docker inspect` is in it, but {}",
                first.map_or("nothing", what_it_is)
            ),
        });
    }
    Ok(settings)
}

/// In plain words: what else `docker inspect` shows.
fn what_it_is(object: &Part<'_>) -> &'static str {
    let has = |key| object.has(key);
    if has("RepoTags") || has("RootFS") {
        "an image"
    } else if has("Mountpoint") {
        "a volume"
    } else if has("IPAM") {
        "a network"
    } else if has("Config") && has("Mounts") {
        "a container without its HostConfig"
    } else {
        "something without a HostConfig"
    }
}

/// A container and what its fields are read from.
struct Inspected<'a> {
    root: &'a Part<'a>,
    host: Part<'a>,
    config: Option<Part<'a>>,
    spec: RuntimeSpec,
    /// Podman says more than Docker, and means something else with some keys.
    is_podman: bool,
}

fn container(root: &Part<'_>, names: &mut BTreeSet<String>) -> RuntimeSpec {
    let host = root.get("HostConfig").unwrap_or_else(|| root.clone());
    let container = Container {
        form: Form::Inspect,
        name: name(root, names),
        role: Role::Main,
        at: root.spot(),
    };
    let mut inspected = Inspected {
        root,
        host,
        config: root.get("Config"),
        spec: RuntimeSpec::new(container),
        is_podman: root.has("EffectiveCaps") || root.has("OCIRuntime"),
    };
    inspected.read_config();
    inspected.read_security();
    inspected.read_capabilities();
    inspected.read_namespaces();
    inspected.read_mounts();
    inspected.read_devices();
    inspected.read_limits();
    inspected.read_rest();
    inspected.spec
}

/// `/web` is `web`; where two are called the same, the line tells them apart.
fn name(root: &Part<'_>, names: &mut BTreeSet<String>) -> String {
    let id = || Some(root.text_of("Id")?.0.chars().take(12).collect::<String>());
    let said = root.text_of("Name");
    let name = said
        .map(|(name, _)| name.trim_start_matches('/').to_owned())
        .filter(|name| !name.is_empty())
        .or_else(id)
        .unwrap_or_else(|| "container".to_owned());
    let place = root.node().start;
    let candidates = [
        name.clone(),
        format!("{name} (line {})", place.line),
        format!("{name} (line {}, column {})", place.line, place.column),
    ];
    let free = candidates
        .into_iter()
        .find(|name| names.insert(name.clone()));
    free.unwrap_or(name)
}

impl Inspected<'_> {
    fn is_privileged(&self) -> bool {
        self.spec.privileged.value() == Some(&true)
    }

    fn is_host(&self, key: &str) -> bool {
        self.host
            .text_of(key)
            .is_some_and(|(mode, _)| mode == "host")
    }

    fn read_security(&mut self) {
        let host = self.host.clone();
        self.spec.privileged = host.unless_missing("Privileged", host.boolean("Privileged"));
        self.spec.read_only_root =
            host.unless_missing("ReadonlyRootfs", host.boolean("ReadonlyRootfs"));
        // The engine adds `label=disable` by itself to containers that are privileged or share the host's processes or memory: it is
        // in the list as if somebody had said it.
        let is_engines_own =
            self.is_privileged() || self.is_host("PidMode") || self.is_host("IpcMode");
        for option in host.list("SecurityOpt") {
            let option_read = option.text().map(SecurityOption::of);
            match option_read {
                Some(SecurityOption::Label("disable")) if is_engines_own => {}
                Some(read) => read.apply(&option.spot(), &mut self.spec),
                None => {}
            }
        }
        if !host.has("SecurityOpt") {
            let (why, at) = (host.missing("SecurityOpt"), host.spot());
            self.spec.no_new_privileges = Setting::Unknown {
                why: why.clone(),
                at: at.clone(),
            };
            self.spec.confinement.seccomp = Setting::Unknown {
                why: why.clone(),
                at: at.clone(),
            };
            self.spec.confinement.selinux = Setting::Unknown { why, at };
        }
        self.read_apparmor();
        self.spec.confinement.unmasked_paths = self.unmasked_paths();
    }

    fn read_apparmor(&mut self) {
        let root = self.root;
        if self.spec.confinement.apparmor.is_absent() {
            // Empty means that the host has none: that is kept, since it is not the same as nothing said.
            let said = root.setting("AppArmorProfile", "text", |part| {
                part.text().map(str::to_owned)
            });
            self.spec.confinement.apparmor = root.unless_missing("AppArmorProfile", said);
        }
    }

    /// `systempaths=unconfined` is not among the security options any more; all that is left of it are two empty lists. `null` is what
    /// `--privileged` makes of them, and that is told there.
    fn unmasked_paths(&self) -> Setting<bool> {
        let said = &self.spec.confinement.unmasked_paths;
        if !said.is_absent() {
            return said.clone();
        }
        let mut is_said = false;
        for key in ["MaskedPaths", "ReadonlyPaths"] {
            if let Some(paths) = self.host.get(key) {
                if paths.node().items().is_empty() {
                    return Setting::stated(true, paths.spot());
                }
                is_said = true;
            }
        }
        match (is_said, self.host.get("MaskedPaths")) {
            (true, Some(paths)) => Setting::stated(false, paths.spot()),
            _ if self.is_privileged() => Setting::Absent,
            _ => Setting::Unknown {
                why: self
                    .host
                    .missing("MaskedPaths")
                    .replace("missing", "not said"),
                at: self.host.spot(),
            },
        }
    }

    fn read_capabilities(&mut self) {
        let host = &self.host;
        let capabilities = &mut self.spec.capabilities;
        capabilities.added = host.texts("CapAdd");
        capabilities.dropped = host.texts("CapDrop");
        for key in ["CapAdd", "CapDrop"] {
            if !host.has(key) {
                capabilities.unknown = Some(host.missing(key));
            }
        }
        // Podman says the whole set that came out of it.
        if let Some(bounding) = self.root.get("BoundingCaps") {
            let words = self.root.texts("BoundingCaps");
            let members = words.iter().map(|word| word.value.parse::<Capability>());
            capabilities.exact = match members.collect::<Result<CapabilitySet, _>>() {
                Ok(set) => Setting::stated(set, bounding.spot()),
                Err(error) => Setting::Unknown {
                    why: error.to_string(),
                    at: bounding.spot(),
                },
            };
        }
    }

    fn read_namespaces(&mut self) {
        let host = &self.host;
        let namespaces = &mut self.spec.namespaces;
        namespaces.network = host.unless_missing(
            "NetworkMode",
            namespace(host, "NetworkMode", engine_words::network),
        );
        namespaces.pid = namespace(host, "PidMode", engine_words::namespace);
        namespaces.ipc = namespace(host, "IpcMode", engine_words::namespace);
        namespaces.uts = namespace(host, "UTSMode", engine_words::namespace);
        namespaces.user = namespace(host, "UsernsMode", user_namespace);
        // Podman has its own key.
        let cgroup = namespace(host, "CgroupnsMode", engine_words::namespace);
        namespaces.cgroup = cgroup.or(namespace(host, "CgroupMode", engine_words::namespace));
    }

    fn read_devices(&mut self) {
        for device in self.host.list("Devices") {
            let text = |key| Some(device.text_of(key)?.0.to_owned());
            if let Some(host) = text("PathOnHost") {
                self.spec.devices.push(Device {
                    host,
                    inside: text("PathInContainer"),
                    permissions: text("CgroupPermissions"),
                    at: device.spot(),
                });
            }
        }
        self.spec.device_rules = self.host.texts("DeviceCgroupRules");
        for request in self.host.list("DeviceRequests") {
            let said = device_request(&request);
            self.spec
                .device_requests
                .push(Stated::new(said, request.spot()));
        }
    }
}

/// A request as `--gpus` writes it: `all`, `2`, `device=0,1`.
fn device_request(request: &Part<'_>) -> String {
    let names: Vec<_> = request.texts("DeviceIDs");
    let names: Vec<_> = names.iter().map(|name| name.value.as_str()).collect();
    match request.integer("Count").value() {
        _ if !names.is_empty() => format!("device={}", names.join(",")),
        Some(-1) | None => "all".to_owned(),
        Some(count) => count.to_string(),
    }
}

/// A namespace under a key; an empty word says nothing.
fn namespace(
    host: &Part<'_>,
    key: &str,
    read: impl Fn(&str) -> Option<Namespace>,
) -> Setting<Namespace> {
    match host.text_of(key) {
        None => Setting::Absent,
        Some((word, at)) => stated_or_unknown(read(word), word, at),
    }
}

fn stated_or_unknown(read: Option<Namespace>, word: &str, at: Spot) -> Setting<Namespace> {
    match read {
        Some(namespace) => Setting::stated(namespace, at),
        None => Setting::Unknown {
            why: format!("no namespace is called `{word}`"),
            at,
        },
    }
}
