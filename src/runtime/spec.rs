//! The one shape of runtime settings: what every form says of one container.

use std::fmt;

use super::{Setting, Spot, Stated};
use crate::model::{Capability, CapabilitySet};

/// The forms that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// `docker run` or `podman run`: a command line, or a shell script with them.
    DockerRun,
    /// The JSON of `docker inspect`, from a file or a live engine.
    Inspect,
    /// A Compose file.
    Compose,
    /// A Kubernetes manifest.
    Kubernetes,
    /// A Podman quadlet (`*.container`).
    Quadlet,
    /// `config.json` of an OCI runtime bundle.
    Oci,
}

impl Form {
    /// For people: `docker run`, `Compose`, …
    pub const fn name(self) -> &'static str {
        match self {
            Self::DockerRun => "docker run",
            Self::Inspect => "docker inspect",
            Self::Compose => "Compose",
            Self::Kubernetes => "Kubernetes",
            Self::Quadlet => "quadlet",
            Self::Oci => "OCI runtime",
        }
    }
}

/// Which container of its workload it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The one that does the work.
    #[default]
    Main,
    /// An init container.
    Init,
    /// An ephemeral container, for debugging.
    Ephemeral,
}

/// Who the container is: for its name in findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The form that it was read from.
    pub form: Form,
    /// Its name in the words of its form: `web`, `Deployment/shop container app`, `redis (line 3)`. Unique in its file.
    pub name: String,
    /// Which one of its workload.
    pub role: Role,
    /// Where it begins.
    pub at: Spot,
}

/// Everything that one container is run with.
///
/// Whatever the form leaves out is [`Setting::Absent`] or an empty list, and the form's engine decides: `container.form` tells which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuntimeSpec {
    /// Who it is.
    pub container: Container,
    /// The image as written.
    pub image: Setting<String>,
    /// As whom it runs.
    pub account: Account,
    /// `--privileged`.
    pub privileged: Setting<bool>,
    /// What it may do as root, or with file capabilities.
    pub capabilities: Capabilities,
    /// `no-new-privileges`; in Kubernetes the opposite of `allowPrivilegeEscalation`.
    pub no_new_privileges: Setting<bool>,
    /// Root file system read-only.
    pub read_only_root: Setting<bool>,
    /// Everything mounted into it, anonymous volumes of the image left out.
    pub mounts: Vec<Mount>,
    /// `--volumes-from`.
    pub volumes_from: Vec<Stated<String>>,
    /// Namespaces shared or joined.
    pub namespaces: Namespaces,
    /// Seccomp, AppArmor, SELinux, masked paths.
    pub confinement: Confinement,
    /// Devices passed in.
    pub devices: Vec<Device>,
    /// Rules of the device cgroup: `a *:* rwm`.
    pub device_rules: Vec<Stated<String>>,
    /// Requests for devices by kind: `--gpus all`.
    pub device_requests: Vec<Stated<String>>,
    /// Kernel settings, name and value.
    pub sysctls: Vec<Stated<(String, String)>>,
    /// What it may use up.
    pub limits: Limits,
    /// What is done when it ends.
    pub restart: Setting<Restart>,
    /// Ports of the host that lead into it.
    pub ports: Vec<PublishedPort>,
    /// `--publish-all`.
    pub publish_all: Setting<bool>,
    /// Its environment.
    pub environment: Vec<EnvironmentVariable>,
    /// `ENTRYPOINT` replaced.
    pub entrypoint: Setting<Vec<String>>,
    /// `CMD` replaced: what stands behind the image.
    pub command: Setting<Vec<String>>,
    /// The health check or the probes.
    pub health: Setting<Health>,
    /// Parent of its cgroup.
    pub cgroup_parent: Setting<String>,
    /// Whether its cgroup tree is writable inside (`writable-cgroups=true`).
    pub writable_cgroups: Setting<bool>,
    /// The runtime or runtime class.
    pub runtime: Setting<String>,
    /// Where its output goes.
    pub log: Setting<LogDriver>,
    /// What only Kubernetes says.
    pub kubernetes: Option<KubernetesSpec>,
    /// Keys that the form does not define: kept and named.
    pub unknown_keys: Vec<UnknownKey>,
    /// What could not be told of this container as a whole: a missing env file, an `extends` that leads nowhere. Each becomes a gap.
    pub gaps: Vec<Stated<String>>,
}

impl RuntimeSpec {
    /// A container of which nothing is said.
    pub fn new(container: Container) -> Self {
        Self {
            container,
            image: Setting::Absent,
            account: Account::default(),
            privileged: Setting::Absent,
            capabilities: Capabilities::default(),
            no_new_privileges: Setting::Absent,
            read_only_root: Setting::Absent,
            mounts: Vec::new(),
            volumes_from: Vec::new(),
            namespaces: Namespaces::default(),
            confinement: Confinement::default(),
            devices: Vec::new(),
            device_rules: Vec::new(),
            device_requests: Vec::new(),
            sysctls: Vec::new(),
            limits: Limits::default(),
            restart: Setting::Absent,
            ports: Vec::new(),
            publish_all: Setting::Absent,
            environment: Vec::new(),
            entrypoint: Setting::Absent,
            command: Setting::Absent,
            health: Setting::Absent,
            cgroup_parent: Setting::Absent,
            writable_cgroups: Setting::Absent,
            runtime: Setting::Absent,
            log: Setting::Absent,
            kubernetes: None,
            unknown_keys: Vec::new(),
            gaps: Vec::new(),
        }
    }
}

/// As whom a container runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// User part of `--user`, `user:` or `runAsUser`: a name or a number as written. Absent: the image decides.
    pub user: Setting<String>,
    /// Group part, or `runAsGroup`.
    pub group: Setting<String>,
    /// `runAsNonRoot`.
    pub must_not_be_root: Setting<bool>,
    /// `--group-add`, `supplementalGroups`, `fsGroup`.
    pub extra_groups: Vec<Stated<String>>,
}

/// Capabilities, as added and dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Added, as written: `ALL`, `NET_ADMIN`, `cap_net_admin`.
    pub added: Vec<Stated<String>>,
    /// Dropped, as written.
    pub dropped: Vec<Stated<String>>,
    /// The whole bounding set where the form says it (OCI runtime); nothing is added to a default then.
    pub exact: Setting<CapabilitySet>,
    /// Some of the words could not be told.
    pub unknown: Option<String>,
}

impl Capabilities {
    /// Whether everything is added. It beats a drop of everything (moby `daemon/pkg/oci/caps/utils.go`: `ALL` among the added is asked first,
    /// and only drops by name are taken from it).
    pub fn adds_all(&self) -> bool {
        self.added.iter().any(|word| is_all(&word.value))
    }

    /// Whether everything is dropped.
    pub fn drops_all(&self) -> bool {
        self.dropped.iter().any(|word| is_all(&word.value))
    }

    /// The bounding set that an engine with Docker's default makes of it, for a container that is not privileged.
    pub fn bounding(&self) -> CapabilitySet {
        if let Some(exact) = self.exact.value() {
            return *exact;
        }
        let named = |words: &[Stated<String>]| -> CapabilitySet {
            let known = words
                .iter()
                .filter_map(|word| word.value.parse::<Capability>().ok());
            known.collect()
        };
        let (added, dropped) = (named(&self.added), named(&self.dropped));
        if self.adds_all() {
            CapabilitySet::ALL.minus(dropped)
        } else if self.drops_all() {
            added
        } else {
            // What is both added and dropped is there: Docker drops from the default, then adds.
            CapabilitySet(CapabilitySet::DOCKER_DEFAULT.minus(dropped).0 | added.0)
        }
    }
}

/// Whether a word means every capability: engines take `ALL` and `CAP_ALL` in any case.
fn is_all(word: &str) -> bool {
    let word = word.trim();
    word.eq_ignore_ascii_case("all") || word.eq_ignore_ascii_case("cap_all")
}

/// Something mounted into a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What kind of thing.
    pub kind: MountKind,
    /// The host's path or the volume's name; `None` for an anonymous volume or a tmpfs. Normalised: `//`, `/./`, `..` and a trailing `/` are
    /// gone. `~` stays.
    pub source: Setting<String>,
    /// Where in the container.
    pub target: Setting<String>,
    /// Whether it cannot be written.
    pub read_only: Setting<bool>,
    /// `rprivate`, `rshared`, `Bidirectional`, … as written.
    pub propagation: Option<Stated<String>>,
    /// Everything else, as written: `exec`, `uid=33`, `Z`.
    pub options: Vec<String>,
    /// A limit of its size as written: of a tmpfs or an emptyDir.
    pub size: Setting<String>,
    /// Where.
    pub at: Spot,
}

/// What kind of thing is mounted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MountKind {
    /// A path of the host: a bind, a hostPath, a volume whose driver options make it one.
    Host,
    /// A volume that the engine or the cluster keeps.
    Volume,
    /// Memory: tmpfs, emptyDir with medium Memory.
    Memory,
    /// Scratch space on disk that goes with the pod: emptyDir.
    Scratch,
    /// Another kind by its name: `configMap`, `secret`, `projected`, `nfs`, `image`, `npipe`.
    Other(String),
}

/// A namespace's setting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespace {
    /// The host's own.
    Host,
    /// Its own.
    Private,
    /// Its own, but others may join it (`--ipc shareable`).
    Shareable,
    /// Without anything in it (`--network none`).
    None,
    /// That of another container or service.
    Joined(String),
    /// The engine's shared default bridge, said in so many words.
    DefaultBridge,
    /// A network by name.
    Named(String),
}

/// Which namespaces are shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespaces {
    /// `--network`, `network_mode`, `hostNetwork`; several networks: the first.
    pub network: Setting<Namespace>,
    /// `--pid`.
    pub pid: Setting<Namespace>,
    /// `--ipc`.
    pub ipc: Setting<Namespace>,
    /// `--uts`.
    pub uts: Setting<Namespace>,
    /// `--userns`, `hostUsers`.
    pub user: Setting<Namespace>,
    /// `--cgroupns`.
    pub cgroup: Setting<Namespace>,
}

/// What holds beyond capabilities and namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// The profile of seccomp as written: `unconfined`, `RuntimeDefault`, `builtin`, a file's name.
    pub seccomp: Setting<String>,
    /// The content of a profile of one's own, where it is at hand (inspect, OCI, a file that could be read).
    pub seccomp_profile: Option<serde_json::Value>,
    /// The profile of AppArmor as written; empty: the host has none.
    pub apparmor: Setting<String>,
    /// SELinux.
    pub selinux: Setting<SeLinux>,
    /// Whether the kernel's paths are shown unmasked: `systempaths=unconfined`, `procMount: Unmasked`, empty `MaskedPaths`.
    pub unmasked_paths: Setting<bool>,
}

/// Options of SELinux.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeLinux {
    /// `label=disable`.
    pub disabled: bool,
    /// Type, such as `container_t`.
    pub kind: Option<String>,
    /// User.
    pub user: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Level.
    pub level: Option<String>,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its path on the host, or its name by CDI.
    pub host: String,
    /// Its path inside.
    pub inside: Option<String>,
    /// `rwm`, or less.
    pub permissions: Option<String>,
    /// Where.
    pub at: Spot,
}

/// What a container may use up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Bytes; 0 is none.
    pub memory: Setting<u64>,
    /// Bytes of memory and swap; -1 is no limit.
    pub memory_swap: Setting<i64>,
    /// Processors as written: `1.5`, `500m`, `cpu-shares 512`.
    pub cpu: Setting<String>,
    /// Processes; 0 and below is none.
    pub pids: Setting<i64>,
    /// `--oom-kill-disable`.
    pub oom_kill_disable: Setting<bool>,
    /// `--oom-score-adj`.
    pub oom_score_adj: Setting<i64>,
    /// `--ulimit`.
    pub ulimits: Vec<Ulimit>,
    /// `--shm-size` as written.
    pub shm_size: Setting<String>,
}

/// A limit of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulimit {
    /// `nofile`, `core`, `memlock`, …
    pub name: String,
    /// Soft; -1 is none.
    pub soft: i64,
    /// Hard.
    pub hard: i64,
    /// Where.
    pub at: Spot,
}

/// What is done when the container ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// `no`, `always`, `unless-stopped`, `on-failure`; Kubernetes' `Always`, `OnFailure`, `Never`.
    pub policy: String,
    /// How often at most.
    pub max_retries: Option<u64>,
}

/// A port of the host that leads into the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The address of the host; `None`: every one.
    pub host_ip: Option<String>,
    /// First port of the host; `None`: any free one.
    pub host_port: Option<u16>,
    /// Last port of the host, of a range.
    pub host_port_end: Option<u16>,
    /// First port inside.
    pub container_port: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: String,
    /// Where.
    pub at: Spot,
}

/// A variable of the environment. Its value is for the secret engine alone, and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvironmentVariable {
    /// Name.
    pub name: String,
    /// Value; `None` where it is taken from elsewhere (a secret, the caller's environment).
    pub value: Option<String>,
    /// Where.
    pub at: Spot,
}

impl fmt::Debug for EnvironmentVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentVariable")
            .field("name", &self.name)
            .field("value", &self.value.as_ref().map(|_| "…"))
            .field("at", &self.at)
            .finish()
    }
}

/// How it is asked whether it still works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Said to be off: `NONE`, `--no-healthcheck`, `disable: true`.
    pub disabled: bool,
    /// The command as words, where it is one; empty for a probe over the network.
    pub command: Vec<String>,
}

/// Where the output goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogDriver {
    /// `json-file`, `journald`, …; empty: the engine's default.
    pub driver: String,
    /// Its options.
    pub options: Vec<(String, String)>,
}

/// What only Kubernetes says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesSpec {
    /// `Deployment`, `Pod`, …
    pub kind: String,
    /// Name of the workload.
    pub workload: String,
    /// `metadata.namespace`.
    pub namespace: Setting<String>,
    /// `automountServiceAccountToken` of the pod.
    pub mounts_token: Setting<bool>,
    /// `shareProcessNamespace`.
    pub shares_processes: Setting<bool>,
    /// `spec.os.name`.
    pub os: Setting<String>,
    /// `windowsOptions.hostProcess`.
    pub host_process: Setting<bool>,
    /// `imagePullPolicy`.
    pub pull_policy: Setting<String>,
    /// Hosts that probes and hooks name.
    pub probe_hosts: Vec<Stated<String>>,
    /// `kind` of each volume of the pod: `hostPath`, `configMap`, …
    pub volumes: Vec<Stated<String>>,
}

/// A key that the form does not define.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownKey {
    /// The key, with its path.
    pub key: String,
    /// Where.
    pub at: Spot,
}
