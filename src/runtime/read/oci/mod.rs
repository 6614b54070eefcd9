//! `config.json` of an OCI runtime bundle (runtime-spec 1.2, <https://github.com/opencontainers/runtime-spec>).
//!
//! The lowest form: nothing is merged into it any more, so what is not said is not there. Without a seccomp profile there is no filter,
//! without masked paths nothing is masked, and a namespace that is not listed is the runtime's own, which is the host's. What a bundle
//! always has (`/proc`, `/dev`, its six standard devices) is left out, unless it is not as usual.

mod devices;
mod mounts;
mod resources;
#[cfg(test)]
mod tests;

use super::{ReadError, Settings, engine_words, json_object::Part};
use crate::model::{Capability, CapabilitySet};
use crate::runtime::{
    Container, EnvironmentVariable, Form, Namespace, Role, RuntimeSpec, SeLinux, Setting, Spot,
    Stated, UnknownKey, json,
};

/// The keys of the root (`config.md`).
const ROOT_KEYS: [&str; 14] = [
    "ociVersion",
    "root",
    "mounts",
    "process",
    "hostname",
    "domainname",
    "hooks",
    "annotations",
    "linux",
    "solaris",
    "windows",
    "vm",
    "zos",
    "freebsd",
];

/// Reads the config of a bundle.
pub fn oci(file: &str, text: &str) -> Result<Settings, ReadError> {
    let values = json::values(text).map_err(|source| ReadError::Syntax {
        file: file.to_owned(),
        source,
    })?;
    let fault = |line, reason: &str| ReadError::Form {
        file: file.to_owned(),
        line,
        reason: reason.to_owned(),
    };
    let [node] = values.as_slice() else {
        return Err(fault(1, "one object with `ociVersion` is expected"));
    };
    let root = Part::root(node, file);
    if !root.has("ociVersion") {
        return Err(fault(
            node.start.line,
            "`ociVersion` is missing: it is no config.json of a bundle",
        ));
    }
    let name = root.text_of("hostname").map(|(name, _)| name.to_owned());
    let container = Container {
        form: Form::Oci,
        name: name.unwrap_or_else(|| "container".to_owned()),
        role: Role::Main,
        at: root.spot(),
    };
    let mut bundle = Bundle {
        process: root.get("process"),
        linux: root.get("linux"),
        root,
        spec: RuntimeSpec::new(container),
    };
    bundle.read();
    Ok(Settings {
        specs: vec![bundle.spec],
        ..Settings::default()
    })
}

/// A bundle and what its fields are read from.
struct Bundle<'a> {
    root: Part<'a>,
    process: Option<Part<'a>>,
    linux: Option<Part<'a>>,
    spec: RuntimeSpec,
}

impl Bundle<'_> {
    fn read(&mut self) {
        self.read_process();
        self.read_root();
        self.read_mounts();
        if let Some(linux) = self.linux.clone() {
            self.read_confinement(&linux);
            self.read_namespaces(&linux);
            self.read_devices(&linux);
            self.read_resources(&linux);
        } else {
            self.gap(
                "`linux` is missing: namespaces, seccomp and limits of other systems are not read",
            );
        }
        for (key, value) in self.root.entries() {
            if !ROOT_KEYS.contains(&key) {
                self.spec.unknown_keys.push(UnknownKey {
                    key: value.path().to_owned(),
                    at: value.spot(),
                });
            }
        }
    }

    fn gap(&mut self, said: &str) {
        let at = self.root.spot();
        self.spec.gaps.push(Stated::new(said.to_owned(), at));
    }

    fn read_process(&mut self) {
        let Some(process) = self.process.clone() else {
            self.gap("`process` is missing: user, capabilities and command are not known");
            self.spec.account.user = unknown("`process` is missing", self.root.spot());
            self.spec.no_new_privileges = unknown("`process` is missing", self.root.spot());
            self.spec.capabilities.exact = unknown("`process` is missing", self.root.spot());
            self.spec.capabilities.unknown = Some("`process` is missing".to_owned());
            return;
        };
        self.read_user(&process);
        self.read_capabilities(&process);
        // A boolean that is left out is false: nothing above the runtime would fill it in.
        self.spec.no_new_privileges = process.boolean("noNewPrivileges");
        for variable in process.texts("env") {
            let (name, value) = match variable.value.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (variable.value, None),
            };
            let at = variable.at;
            self.spec
                .environment
                .push(EnvironmentVariable { name, value, at });
        }
        if let Some(args) = process.get("args") {
            let words = process.texts("args").into_iter().map(|word| word.value);
            self.spec.command = Setting::stated(words.collect(), args.spot());
        }
        let confinement = &mut self.spec.confinement;
        confinement.apparmor = process.text_setting("apparmorProfile");
        if let Some((label, at)) = process.text_of("selinuxLabel") {
            confinement.selinux = Setting::stated(selinux(label), at);
        }
        self.read_process_limits(&process);
    }

    fn read_user(&mut self, process: &Part<'_>) {
        let account = &mut self.spec.account;
        let user = process.get("user");
        let id = |key: &str| {
            let user = user.as_ref()?;
            let id = user.get(key)?;
            Some(match id.node().as_integer() {
                Some(number) => Setting::stated(number.to_string(), id.spot()),
                None => unknown("it is no number", id.spot()),
            })
        };
        // A number that is left out is 0.
        let zero = || {
            let at = user.as_ref().map_or_else(|| process.spot(), Part::spot);
            Setting::stated("0".to_owned(), at)
        };
        account.user = id("uid").unwrap_or_else(zero);
        account.group = id("gid").unwrap_or_else(zero);
        let groups = user.iter().flat_map(|user| user.list("additionalGids"));
        account.extra_groups = groups
            .filter_map(|group| {
                let number = group.node().as_integer()?;
                Some(Stated::new(number.to_string(), group.spot()))
            })
            .collect();
    }

    /// Whatever is in one of the five sets can be had: the bounding set that counts is all of them together.
    fn read_capabilities(&mut self, process: &Part<'_>) {
        let Some(said) = process.get("capabilities") else {
            let why = "process.capabilities is missing: what that means is left to the runtime";
            self.spec.capabilities.exact = unknown(why, process.spot());
            self.spec.capabilities.unknown = Some(why.to_owned());
            return;
        };
        let mut all = CapabilitySet::NONE;
        for set in [
            "bounding",
            "effective",
            "permitted",
            "inheritable",
            "ambient",
        ] {
            for word in said.texts(set) {
                match word.value.parse::<Capability>() {
                    Ok(capability) => all = all.with(capability),
                    // The runtimes leave it out with a warning.
                    Err(error) => self.spec.unknown_keys.push(UnknownKey {
                        key: error.to_string(),
                        at: word.at,
                    }),
                }
            }
        }
        let at = said.get("bounding").unwrap_or(said).spot();
        self.spec.capabilities.exact = Setting::stated(all, at);
    }

    fn read_root(&mut self) {
        match self.root.get("root") {
            Some(root) => {
                self.spec.read_only_root = root.boolean("readonly");
                self.read_root_path(&root);
            }
            None => self.gap("`root` is missing"),
        }
    }

    /// A root file system that is the host's own is the whole host, mounted.
    fn read_root_path(&mut self, root: &Part<'_>) {
        let Some((path, at)) = root.text_of("path") else {
            return;
        };
        let path = super::host_path::normalise(path);
        if path == "/" || path.starts_with("..") {
            let mut mount = super::volume_word::empty(crate::runtime::MountKind::Host, &at);
            mount.source = Setting::stated(path, at.clone());
            mount.target = Setting::stated("/".to_owned(), at);
            mount.read_only = root.boolean("readonly");
            self.spec.mounts.push(mount);
        }
    }

    fn read_confinement(&mut self, linux: &Part<'_>) {
        let confinement = &mut self.spec.confinement;
        match linux.get("seccomp") {
            Some(profile) => {
                let plain = json::plain(profile.node());
                let name = if allows_everything(&plain) {
                    "unconfined"
                } else {
                    super::security_option::INLINE
                };
                confinement.seccomp_profile = Some(plain);
                confinement.seccomp = Setting::stated(name.to_owned(), profile.spot());
            }
            None => {
                confinement.seccomp = Setting::stated("unconfined".to_owned(), linux.spot());
            }
        }
        let open = ["maskedPaths", "readonlyPaths"]
            .iter()
            .find(|key| linux.list(key).is_empty());
        let at = linux
            .get("maskedPaths")
            .unwrap_or_else(|| linux.clone())
            .spot();
        confinement.unmasked_paths = match open {
            Some(key) => Setting::stated(true, linux.get(key).map_or(at, |part| part.spot())),
            None => Setting::stated(false, at),
        };
    }

    fn read_namespaces(&mut self, linux: &Part<'_>) {
        let listed = linux.list("namespaces");
        let at = linux
            .get("namespaces")
            .unwrap_or_else(|| linux.clone())
            .spot();
        let find = |kind: &str| {
            let found = listed.iter().find(|namespace| {
                let said = namespace.text_of("type");
                said.is_some_and(|(said, _)| said == kind)
            });
            match found.map(|namespace| (namespace.text_of("path"), namespace.spot())) {
                None => Setting::stated(Namespace::Host, at.clone()),
                Some((None, at)) => Setting::stated(Namespace::Private, at),
                Some((Some((path, at)), _)) => {
                    Setting::stated(engine_words::namespace_at(path), at)
                }
            }
        };
        let mount = find("mount");
        let namespaces = &mut self.spec.namespaces;
        namespaces.network = find("network");
        namespaces.pid = find("pid");
        namespaces.ipc = find("ipc");
        namespaces.uts = find("uts");
        namespaces.cgroup = find("cgroup");
        namespaces.user = user_namespace(linux, find("user"));
        if mount.value() == Some(&Namespace::Host) {
            self.gap("no mount namespace is listed: the host's own file systems are at hand");
        }
    }
}

/// Without a user namespace nothing is remapped, as in every engine by default: that is nothing said. With one that maps root to the
/// host's root nothing is won.
fn user_namespace(linux: &Part<'_>, found: Setting<Namespace>) -> Setting<Namespace> {
    let is_listed = linux.list("namespaces").iter().any(|namespace| {
        let said = namespace.text_of("type");
        said.is_some_and(|(said, _)| said == "user")
    });
    if !is_listed {
        return Setting::Absent;
    }
    let maps_root = linux.list("uidMappings").into_iter().find(|mapping| {
        let number = |key| mapping.integer(key).value().copied();
        let host = number("hostID").unwrap_or_default();
        let inside = number("containerID").unwrap_or_default();
        let size = number("size").unwrap_or_default();
        inside == 0 && host == 0 && size > 0
    });
    match maps_root {
        Some(mapping) => Setting::stated(Namespace::Host, mapping.spot()),
        None => found,
    }
}

/// A filter that lets everything pass is none.
fn allows_everything(profile: &serde_json::Value) -> bool {
    let action = |part: &serde_json::Value, key: &str| {
        let word = part.get(key).and_then(serde_json::Value::as_str);
        matches!(word, Some("SCMP_ACT_ALLOW" | "SCMP_ACT_LOG"))
    };
    let rules = profile
        .get("syscalls")
        .and_then(serde_json::Value::as_array);
    let rules = rules.map_or(&[][..], Vec::as_slice);
    action(profile, "defaultAction") && rules.iter().all(|rule| action(rule, "action"))
}

/// `user:role:type:level`.
fn selinux(label: &str) -> SeLinux {
    let mut parts = label.splitn(4, ':').map(str::to_owned);
    SeLinux {
        disabled: false,
        user: parts.next(),
        role: parts.next(),
        kind: parts.next(),
        level: parts.next(),
    }
}

fn unknown<T>(why: &str, at: Spot) -> Setting<T> {
    Setting::Unknown {
        why: why.to_owned(),
        at,
    }
}
