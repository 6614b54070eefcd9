//! Whether root inside can reach the host, and how: the ways out of one container, each with the settings that make it and the one
//! change that closes it.
//!
//! Only known ways are told, each by the settings alone: a flaw of the kernel or of the runtime is none of them. Root inside is assumed,
//! since a flaw of the program often ends there; that a container starts as somebody else closes no way for good.

use crate::model::{Capability, CapabilitySet, CheckPlace};
use crate::runtime::checks::host_paths::{HostPath, canonical, classify, is_in};
use crate::runtime::checks::{Subject, checks, is_host_itself};
use crate::runtime::{Form, MountKind, Setting, Spot};

/// The ways out of one container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// The shortest first.
    pub ways: Vec<WayOut>,
    /// What could not be told, so that there may be more.
    pub unknown: Vec<String>,
}

/// How sure a way is. The order is that of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The settings are enough.
    Certain,
    /// It depends on the host: its version of an engine, its cgroups, who may open a socket.
    DependsOnHost,
}

/// One way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayOut {
    /// A short name: `engine socket`.
    pub name: &'static str,
    /// How it goes, in a sentence.
    pub how: String,
    /// How sure it is.
    pub certainty: Certainty,
    /// The settings that make it, each with its place.
    pub made_by: Vec<(String, CheckPlace)>,
    /// The check that is about it.
    pub check: &'static str,
    /// The one change that closes it, in the words of the form.
    pub closed_by: String,
}

/// Capabilities that are a way out by themselves where uid 0 inside is uid 0 outside.
const BY_CAPABILITY: &[(&str, &str)] = &[
    (
        "SYS_MODULE",
        "a module of one's own is loaded into the host's kernel",
    ),
    (
        "SYS_ADMIN",
        "what the host has mounted is mounted again, or a cgroup's release agent is set",
    ),
    ("SYS_RAWIO", "the host's memory and ports are written"),
    (
        "DAC_READ_SEARCH",
        "files of the host are opened by their handles",
    ),
    ("SYS_BOOT", "another kernel is loaded"),
];

/// The ways out of a container.
pub fn ways_out(subject: &Subject<'_>) -> Boundary {
    let mut found = Boundary {
        ways: Vec::new(),
        unknown: unknown(subject),
    };
    let mut add = |way: WayOut| found.ways.push(way);
    privileged(subject).into_iter().for_each(&mut add);
    mounts(subject).into_iter().for_each(&mut add);
    // A user namespace of its own, and what it makes of capabilities and devices.
    if !subject.has_own_users() && subject.spec.privileged.value() != Some(&true) {
        devices(subject).into_iter().for_each(&mut add);
        capabilities(subject).into_iter().for_each(&mut add);
        kernel_paths(subject).into_iter().for_each(&mut add);
    }
    host_network(subject).into_iter().for_each(&mut add);
    // Stable: within one certainty they stay in the order of how little they take.
    found.ways.sort_by_key(|way| way.certainty);
    found
}

fn way(
    subject: &Subject<'_>,
    name: &'static str,
    how: impl Into<String>,
    made_by: Vec<(String, CheckPlace)>,
    check: &'static str,
) -> WayOut {
    let about = checks().iter().find(|known| known.check.id == check);
    let closed_by = about.map_or("", |about| {
        match about.lines.of(subject.spec.container.form) {
            "" => about.check.fix,
            line => line,
        }
    });
    WayOut {
        name,
        how: how.into(),
        certainty: Certainty::Certain,
        made_by,
        check,
        closed_by: closed_by.to_owned(),
    }
}

fn depends(way: WayOut) -> WayOut {
    WayOut {
        certainty: Certainty::DependsOnHost,
        ..way
    }
}

/// What could not be told and would decide.
fn unknown(subject: &Subject<'_>) -> Vec<String> {
    let spec = subject.spec;
    let namespaces = &spec.namespaces;
    let mut found: Vec<String> = [
        spec.privileged.unknown(),
        namespaces.pid.unknown(),
        namespaces.network.unknown(),
        namespaces.user.unknown(),
        spec.capabilities.exact.unknown(),
        spec.capabilities.unknown.as_deref(),
        spec.confinement.unmasked_paths.unknown(),
    ]
    .into_iter()
    .flatten()
    .map(str::to_owned)
    .collect();
    for mount in &spec.mounts {
        let parts = [mount.source.unknown(), mount.read_only.unknown()];
        found.extend(parts.into_iter().flatten().map(str::to_owned));
    }
    found.sort();
    found.dedup();
    found
}

fn privileged(subject: &Subject<'_>) -> Vec<WayOut> {
    let spec = subject.spec;
    let mut ways = Vec::new();
    if let Setting::Stated(stated) = &spec.privileged
        && stated.value
    {
        let made_by = vec![("privileged".to_owned(), stated.at.place())];
        let how = "the host's disk is mounted from its device";
        let found = way(subject, "privileged", how, made_by, "PLM-R-001");
        ways.push(if subject.has_own_users() {
            depends(found)
        } else {
            found
        });
    }
    let pod = spec.kubernetes.as_ref();
    if let Some(Setting::Stated(stated)) = pod.map(|pod| &pod.host_process)
        && stated.value
    {
        let made_by = vec![("hostProcess".to_owned(), stated.at.place())];
        let how = "it is a process of the node already";
        ways.push(way(subject, "host process", how, made_by, "PLM-R-095"));
    }
    ways
}

fn mounts(subject: &Subject<'_>) -> Vec<WayOut> {
    let mut ways = Vec::new();
    for mount in &subject.spec.mounts {
        let is_pipe = matches!(&mount.kind, MountKind::Other(kind) if kind == "npipe");
        let Some(source) = mount
            .source
            .value()
            .filter(|_| mount.kind == MountKind::Host || is_pipe)
        else {
            continue;
        };
        let is_writable = mount.read_only.is_absent() || mount.read_only.value() == Some(&false);
        let path = canonical(source);
        let found = match classify(source) {
            HostPath::EngineSocket(engine) => Some((
                "engine socket",
                format!("{engine} is asked for a privileged container"),
                "PLM-R-050",
            )),
            HostPath::Root if is_writable => Some((
                "host root",
                format!("a job or a key is written below {path}"),
                "PLM-R-052",
            )),
            HostPath::Root => Some((
                "host root",
                "the engine's socket in it is written to, and keys are read".to_owned(),
                "PLM-R-052",
            )),
            HostPath::HoldsEngineSocket(_) => Some((
                "folder with an engine socket",
                "the engine is asked for a privileged container".to_owned(),
                "PLM-R-051",
            )),
            HostPath::System(what) if is_writable => Some((
                "host path",
                format!("{what} at {path} is written, and the host runs or obeys it"),
                "PLM-R-053",
            )),
            HostPath::Kernel if is_writable => Some((
                "kernel interface",
                format!(
                    "{path} is written: core_pattern, uevent_helper or a release agent runs a program on the host"
                ),
                "PLM-R-053",
            )),
            HostPath::Credentials(what) => Some((
                "credentials",
                format!("{what} in {path} open a login or an API"),
                "PLM-R-056",
            )),
            _ => None,
        };
        if let Some((name, how, check)) = found {
            let made_by = vec![(format!("the mount of {path}"), mount.at.place())];
            let found = way(subject, name, how, made_by, check);
            let is_sure = !subject.has_own_users()
                && check != "PLM-R-056"
                && path != "/var"
                && !is_in(&path, "/sys/fs/cgroup");
            ways.push(if is_sure { found } else { depends(found) });
        }
    }
    ways
}

fn devices(subject: &Subject<'_>) -> Vec<WayOut> {
    let devices = subject.spec.devices.iter();
    let critical = devices.filter(|device| is_host_itself(&device.host));
    let mut ways: Vec<WayOut> = critical
        .map(|device| {
            let made_by = vec![(format!("the device {}", device.host), device.at.place())];
            let how = format!(
                "{} is read, and written if that is allowed, below every file system",
                device.host
            );
            way(subject, "device", how, made_by, "PLM-R-058")
        })
        .collect();
    let makes_nodes =
        Capability::of_number(27).is_some_and(|mknod| bounding(subject).contains(mknod));
    if makes_nodes {
        for rule in &subject.spec.device_rules {
            let is_wide = rule.value == "a"
                || rule.value.starts_with("a ")
                || rule.value.starts_with("b *:*");
            let uses = rule.value.ends_with('m') && rule.value.contains('r') || rule.value == "a";
            if is_wide && uses {
                let made_by = vec![
                    (format!("the rule `{}`", rule.value), rule.at.place()),
                    (
                        "the capability MKNOD".to_owned(),
                        place_of(subject, "MKNOD"),
                    ),
                ];
                let how = "a node for the host's disk is made and read";
                ways.push(way(subject, "device rule", how, made_by, "PLM-R-059"));
            }
        }
    }
    ways
}

fn bounding(subject: &Subject<'_>) -> CapabilitySet {
    let spec = subject.spec;
    if spec.container.form == Form::Oci && spec.capabilities.exact.is_absent() {
        return CapabilitySet::NONE;
    }
    spec.capabilities.bounding()
}

/// Where a capability is said; where the container begins if it is one of the default.
fn place_of(subject: &Subject<'_>, name: &str) -> CheckPlace {
    let spec = subject.spec;
    let wanted = name.parse::<Capability>();
    let said = spec.capabilities.added.iter().find(|word| {
        word.value.parse::<Capability>() == wanted
            || word.value.to_ascii_uppercase().ends_with("ALL")
    });
    let spot = said
        .map(|word| &word.at)
        .or_else(|| spec.capabilities.exact.spot())
        .unwrap_or(&spec.container.at);
    Spot::place(spot)
}

fn capabilities(subject: &Subject<'_>) -> Vec<WayOut> {
    let set = bounding(subject);
    let has = |name: &str| {
        name.parse()
            .is_ok_and(|capability| set.contains(capability))
    };
    let made_by = |name: &str| (format!("the capability {name}"), place_of(subject, name));
    let mut ways: Vec<WayOut> = BY_CAPABILITY
        .iter()
        .filter(|(name, _)| has(name))
        .map(|(name, how)| {
            way(
                subject,
                "capability",
                *how,
                vec![made_by(name)],
                "PLM-R-004",
            )
        })
        .collect();
    let pid = &subject.spec.namespaces.pid;
    if has("SYS_PTRACE") && subject.is_host(pid) {
        let spot = pid.spot().unwrap_or(&subject.spec.container.at);
        let settings = vec![
            made_by("SYS_PTRACE"),
            ("the host's processes".to_owned(), spot.place()),
        ];
        let how = "a process of the host is taken over, or its root is entered by /proc/PID/root";
        ways.push(way(subject, "host processes", how, settings, "PLM-R-031"));
    }
    ways
}

fn kernel_paths(subject: &Subject<'_>) -> Vec<WayOut> {
    let spec = subject.spec;
    let mut ways = Vec::new();
    if let Setting::Stated(stated) = &spec.confinement.unmasked_paths
        && stated.value
    {
        let made_by = vec![("unmasked kernel paths".to_owned(), stated.at.place())];
        let how =
            "/proc/sys/kernel/core_pattern is written, and a crash runs a program on the host";
        ways.push(way(subject, "kernel interface", how, made_by, "PLM-R-015"));
    }
    if let Setting::Stated(stated) = &spec.writable_cgroups
        && stated.value
    {
        let made_by = vec![("a writable cgroup tree".to_owned(), stated.at.place())];
        let how = "with cgroup v1 a release agent is set, which the host runs";
        ways.push(depends(way(
            subject,
            "cgroup tree",
            how,
            made_by,
            "PLM-R-016",
        )));
    }
    ways
}

/// containerd before 1.3.9 and 1.4.3 listened on an abstract socket, which is of the network namespace (CVE-2020-15257).
fn host_network(subject: &Subject<'_>) -> Option<WayOut> {
    let network = &subject.spec.namespaces.network;
    if !subject.is_host(network) || subject.has_own_users() {
        return None;
    }
    let spot = network.spot().unwrap_or(&subject.spec.container.at);
    let made_by = vec![("the host's network".to_owned(), spot.place())];
    let how = "a service that trusts the host itself is asked: abstract sockets of an old containerd, a kubelet, the cloud's metadata";
    Some(depends(way(
        subject,
        "host network",
        how,
        made_by,
        "PLM-R-030",
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::checks::samples::{FORMS, bare, bind, hardened, said, unknown, words};
    use crate::runtime::{Device, Namespace, RuntimeSpec};

    fn ways(spec: &RuntimeSpec) -> Vec<(&'static str, Certainty)> {
        let boundary = ways_out(&Subject::new(spec, &|_, _| None));
        boundary
            .ways
            .iter()
            .map(|way| (way.name, way.certainty))
            .collect()
    }

    #[test]
    fn a_hardened_container_has_no_known_way_out_in_any_form() {
        for form in FORMS {
            assert_eq!(ways(&hardened(form)), [], "{form:?}");
        }
    }

    #[test]
    fn the_default_of_docker_has_no_known_way_out_either() {
        assert_eq!(ways(&bare(Form::DockerRun)), []);
    }

    #[test]
    fn each_setting_is_a_way_with_its_place_and_the_change_that_closes_it() {
        type Case = (fn(&mut RuntimeSpec), &'static str, Certainty, &'static str);
        let cases: &[Case] = &[
            (
                |s| s.privileged = said(true),
                "privileged",
                Certainty::Certain,
                "privileged: false",
            ),
            (
                |s| s.mounts = vec![bind("/var/run/docker.sock", true)],
                "engine socket",
                Certainty::Certain,
                "remove the volume",
            ),
            (
                |s| s.mounts = vec![bind("/", true)],
                "host root",
                Certainty::Certain,
                "remove the volume",
            ),
            (
                |s| s.mounts = vec![bind("/etc", false)],
                "host path",
                Certainty::Certain,
                ":ro, or remove the volume",
            ),
            (
                |s| s.capabilities.added = words(&["SYS_MODULE"]),
                "capability",
                Certainty::Certain,
                "remove it from cap_add",
            ),
            (
                |s| s.confinement.unmasked_paths = said(true),
                "kernel interface",
                Certainty::Certain,
                "remove systempaths=unconfined from security_opt",
            ),
            (
                |s| s.namespaces.network = said(Namespace::Host),
                "host network",
                Certainty::DependsOnHost,
                "networks: [NAME]",
            ),
            (
                |s| {
                    s.devices = vec![Device {
                        host: "/dev/sda".to_owned(),
                        inside: None,
                        permissions: None,
                        at: Spot::default(),
                    }];
                },
                "device",
                Certainty::Certain,
                "remove it from devices",
            ),
            (
                |s| {
                    s.namespaces.pid = said(Namespace::Host);
                    s.capabilities.added = words(&["SYS_PTRACE"]);
                },
                "host processes",
                Certainty::Certain,
                "remove pid: host",
            ),
        ];
        for (number, (say, name, certainty, closed_by)) in cases.iter().enumerate() {
            let mut spec = hardened(Form::Compose);
            say(&mut spec);
            let boundary = ways_out(&Subject::new(&spec, &|_, _| None));
            assert_eq!(boundary.ways.len(), 1, "case {number}: {boundary:?}");
            let way = &boundary.ways[0];
            assert_eq!(
                (way.name, way.certainty),
                (*name, *certainty),
                "case {number}"
            );
            assert_eq!(way.closed_by, *closed_by, "case {number}");
            assert!(!way.made_by.is_empty());
        }
    }

    #[test]
    fn a_user_namespace_closes_what_capabilities_open() {
        let mut spec = hardened(Form::Kubernetes);
        spec.capabilities.added = words(&["SYS_ADMIN"]);
        assert_eq!(ways(&spec), []);
        spec.namespaces.user = Setting::Absent;
        assert_eq!(ways(&spec), [("capability", Certainty::Certain)]);
    }

    #[test]
    fn what_surely_holds_goes_before_what_depends() {
        let mut spec = hardened(Form::DockerRun);
        spec.namespaces.network = said(Namespace::Host);
        spec.mounts = vec![bind("/run/docker.sock", false)];
        let names: Vec<_> = ways(&spec).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["engine socket", "host network"]);
    }

    #[test]
    fn what_cannot_be_told_is_said() {
        let mut spec = hardened(Form::DockerRun);
        spec.privileged = unknown();
        let boundary = ways_out(&Subject::new(&spec, &|_, _| None));
        assert_eq!(boundary.unknown, ["the variable X has no value"]);
    }
}
