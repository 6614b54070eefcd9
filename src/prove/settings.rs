//! What a container is run with: from a plan, or from flags. Nothing that would open the boundary is ever run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::harden::{Plan, Writable};
use crate::model::{CapabilitySet, LayerPath};
use crate::runtime::{MountKind, Namespace, RuntimeSpec, Setting};

/// Bytes of a tmpfs for which nobody says a size: 64 MiB.
pub(super) const TMPFS_SIZE: u64 = 64 << 20;

/// Which network the container has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// None but its own loopback.
    #[default]
    None,
    /// A network of its own, made for it, that leads nowhere else.
    Own,
}

/// A place that can be written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WritablePlace {
    /// Where.
    pub path: LayerPath,
    /// A volume, or memory of this many bytes at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmpfs_size: Option<u64>,
    /// Owner of a tmpfs; a volume has the owner that the image's folder has.
    pub uid: u64,
    /// Group of a tmpfs.
    pub gid: u64,
    /// Other options of a tmpfs, as written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

impl WritablePlace {
    /// Memory at a path.
    pub(super) const fn tmpfs(path: LayerPath, uid: u64, gid: u64) -> Self {
        Self {
            path,
            tmpfs_size: Some(TMPFS_SIZE),
            uid,
            gid,
            options: Vec::new(),
        }
    }

    /// A volume at a path.
    pub(super) const fn volume(path: LayerPath) -> Self {
        Self {
            path,
            tmpfs_size: None,
            uid: 0,
            gid: 0,
            options: Vec::new(),
        }
    }

    /// Whether it is memory.
    pub const fn is_tmpfs(&self) -> bool {
        self.tmpfs_size.is_some()
    }
}

/// The settings of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// User and group as the engine takes them, `33:33`; `None`: the image's own.
    pub user: Option<String>,
    /// Further groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// Capabilities that are kept of none: the whole bounding set.
    pub capabilities: CapabilitySet,
    /// `no-new-privileges`.
    pub no_new_privileges: bool,
    /// Root file system read-only.
    pub read_only: bool,
    /// What is writable nevertheless, by path.
    pub writable: Vec<WritablePlace>,
    /// Kernel settings of its namespaces.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// Processes at most.
    pub pids: Option<u64>,
    /// Bytes of memory at most.
    pub memory: Option<u64>,
    /// Thousandths of a processor at most.
    pub cpu_millis: Option<u64>,
    /// Its network.
    pub network: Network,
    /// Whether the engine's own init is its first process.
    #[serde(default)]
    pub init: bool,
    /// What was asked for and is not run, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

impl Settings {
    /// The settings that a plan asks for.
    pub fn of_plan(plan: &Plan) -> Self {
        let user = &plan.user.value;
        let place = |mount: &crate::harden::PlannedMount| WritablePlace {
            path: mount.path.clone(),
            tmpfs_size: match mount.writable {
                Writable::Tmpfs { size } => Some(size),
                Writable::Volume => None,
            },
            uid: mount.uid,
            gid: mount.gid,
            options: Vec::new(),
        };
        let kept = plan.capabilities.iter().map(|line| line.value.capability);
        let mut writable: Vec<_> = plan.mounts.iter().map(|line| place(&line.value)).collect();
        writable.sort();
        Self {
            user: Some(format!("{}:{}", user.uid, user.gid)),
            capabilities: kept.collect(),
            no_new_privileges: plan.no_new_privileges.value,
            read_only: plan.read_only.value,
            writable,
            pids: Some(plan.pids.value).filter(|pids| *pids > 0),
            memory: Some(plan.memory.value).filter(|bytes| *bytes > 0),
            cpu_millis: Some(plan.cpu_millis.value).filter(|millis| *millis > 0),
            ..Self::default()
        }
    }

    /// The settings that flags ask for. Host paths, devices, shared namespaces and everything else that reaches out of the container
    /// is left out, and named.
    pub fn of_spec(spec: &RuntimeSpec) -> Self {
        let mut settings = Self {
            user: user_of(spec),
            capabilities: spec.capabilities.bounding(),
            no_new_privileges: is_set(&spec.no_new_privileges),
            read_only: is_set(&spec.read_only_root),
            ..Self::default()
        };
        let groups = spec.account.extra_groups.iter();
        settings.groups = groups.map(|group| group.value.clone()).collect();
        settings.sysctls = spec
            .sysctls
            .iter()
            .map(|sysctl| sysctl.value.clone())
            .collect();
        settings.take_mounts(spec);
        settings.leave_out(spec);
        settings.writable.sort();
        settings.left_out.sort();
        settings.left_out.dedup();
        settings
    }

    fn take_mounts(&mut self, spec: &RuntimeSpec) {
        for mount in &spec.mounts {
            let Some(target) = mount.target.value() else {
                self.left_out
                    .push("a mount whose place is not known".to_owned());
                continue;
            };
            let path = LayerPath::from(target.as_str());
            match mount.kind {
                MountKind::Memory => {
                    let mut place = WritablePlace::tmpfs(path, 0, 0);
                    place.options.clone_from(&mount.options);
                    if let Some(size) = mount.size.value() {
                        place.tmpfs_size = Some(0);
                        place.options.push(format!("size={size}"));
                    }
                    self.writable.push(place);
                }
                MountKind::Volume | MountKind::Scratch if !is_set(&mount.read_only) => {
                    self.writable.push(WritablePlace::volume(path));
                }
                _ => self.left_out.push(format!(
                    "the mount at {path}: only tmpfs and new volumes are run"
                )),
            }
        }
    }

    fn leave_out(&mut self, spec: &RuntimeSpec) {
        let namespaces = &spec.namespaces;
        let shared = [
            ("network", &namespaces.network),
            ("pid", &namespaces.pid),
            ("ipc", &namespaces.ipc),
            ("uts", &namespaces.uts),
            ("user", &namespaces.user),
            ("cgroup", &namespaces.cgroup),
        ];
        for (name, setting) in shared {
            match setting.value() {
                Some(Namespace::Host | Namespace::Joined(_) | Namespace::Shareable) => {
                    self.left_out.push(format!("the shared {name} namespace"));
                }
                Some(Namespace::Named(_) | Namespace::DefaultBridge) if name == "network" => {
                    self.network = Network::Own;
                }
                _ => {}
            }
        }
        let others = [
            (is_set(&spec.privileged), "--privileged: it is never run"),
            (
                !spec.devices.is_empty() || !spec.device_requests.is_empty(),
                "devices",
            ),
            (!spec.device_rules.is_empty(), "rules of the device cgroup"),
            (!spec.volumes_from.is_empty(), "volumes of other containers"),
            (
                !spec.confinement.seccomp.is_absent(),
                "the seccomp profile: the engine's default holds",
            ),
            (
                !spec.confinement.apparmor.is_absent(),
                "the AppArmor profile: the engine's default holds",
            ),
            (
                !spec.confinement.selinux.is_absent(),
                "the SELinux options: the engine's default holds",
            ),
            (is_set(&spec.confinement.unmasked_paths), "unmasked paths"),
            (
                spec.capabilities.unknown.is_some(),
                "capabilities that could not be told",
            ),
        ];
        let named = others.iter().filter(|(is_asked, _)| *is_asked);
        self.left_out
            .extend(named.map(|(_, what)| (*what).to_owned()));
    }

    /// User and group as numbers, where they are; a number alone has group 0, as engines have it.
    pub fn ids(&self) -> Option<(u64, u64)> {
        let user = self.user.as_deref()?;
        let (user, group) = user.split_once(':').unwrap_or((user, "0"));
        Some((user.parse().ok()?, group.parse().ok()?))
    }

    /// The place that holds `path`, if it can be written.
    pub(super) fn place_of(&self, path: &LayerPath) -> Option<&WritablePlace> {
        let holding = self
            .writable
            .iter()
            .filter(|place| path.is_within(place.path.as_str()));
        holding.max_by_key(|place| place.path.as_str().len())
    }
}

fn user_of(spec: &RuntimeSpec) -> Option<String> {
    let user = spec.account.user.value()?;
    Some(match spec.account.group.value() {
        Some(group) => format!("{user}:{group}"),
        None => user.clone(),
    })
}

fn is_set(setting: &Setting<bool>) -> bool {
    setting.value().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Capability;
    use crate::prove::sample;
    use crate::runtime::{Container, Form, Mount, Role, Spot, Stated};

    fn spec() -> RuntimeSpec {
        RuntimeSpec::new(Container {
            form: Form::DockerRun,
            name: "c".to_owned(),
            role: Role::Main,
            at: Spot::default(),
        })
    }

    #[test]
    fn a_plan_gives_what_it_says_and_nothing_else() {
        let settings = Settings::of_plan(&sample::plan(
            "app:1",
            33,
            &[Capability::CHOWN],
            &["run", "data"],
        ));
        assert_eq!(settings.user.as_deref(), Some("33:33"));
        assert_eq!(settings.ids(), Some((33, 33)));
        assert!(settings.capabilities.contains(Capability::CHOWN));
        assert!(settings.read_only && settings.no_new_privileges);
        assert_eq!(settings.network, Network::None);
        let paths: Vec<_> = settings
            .writable
            .iter()
            .map(|place| place.path.as_str())
            .collect();
        assert_eq!(paths, ["data", "run"]);
    }

    #[test]
    fn flags_that_open_the_boundary_are_left_out_and_named() {
        let mut spec = spec();
        spec.privileged = Setting::stated(true, Spot::default());
        spec.namespaces.pid = Setting::stated(Namespace::Host, Spot::default());
        spec.capabilities.dropped = vec![Stated::new("ALL".to_owned(), Spot::default())];
        spec.mounts.push(Mount {
            kind: MountKind::Host,
            source: Setting::stated("/etc".to_owned(), Spot::default()),
            target: Setting::stated("/host".to_owned(), Spot::default()),
            read_only: Setting::Absent,
            propagation: None,
            options: Vec::new(),
            size: Setting::Absent,
            at: Spot::default(),
        });
        let settings = Settings::of_spec(&spec);
        assert!(settings.writable.is_empty() && settings.capabilities.is_empty());
        assert_eq!(settings.left_out.len(), 3, "{:?}", settings.left_out);
    }

    #[test]
    fn the_innermost_place_holds_a_path() {
        let settings = Settings {
            writable: vec![
                WritablePlace::tmpfs("run".into(), 0, 0),
                WritablePlace::volume("run/data".into()),
            ],
            ..Settings::default()
        };
        let place = settings.place_of(&"run/data/x".into()).expect("a place");
        assert!(!place.is_tmpfs());
        assert!(settings.place_of(&"etc/x".into()).is_none());
    }
}
