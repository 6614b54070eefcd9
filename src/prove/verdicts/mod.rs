//! What was seen against what was planned.

use crate::model::{CapabilitySet, LayerPath};
use crate::prove::checks::CHECKS;
use crate::prove::observe::{Label, Observation, Process, Sharing, Way};
use crate::prove::proof::{EngineFacts, ProofCheck, Round};
use crate::prove::settings::Settings;
use crate::prove::tests_inside::{Tested, TestedOutcome};

/// Paths that engines make writable in every container (moby `oci/defaults.go`).
const ALWAYS_WRITABLE: [&str; 10] = [
    "/proc",
    "/dev",
    "/dev/pts",
    "/dev/mqueue",
    "/dev/shm",
    "/dev/console",
    "/etc/resolv.conf",
    "/etc/hostname",
    "/etc/hosts",
    "/run/.containerenv",
];
/// Namespaces that are a container's own unless a flag shares them. `user`, `cgroup` and `time` are the host's by default in many engines.
const OWN: [&str; 5] = ["ipc", "mnt", "net", "pid", "uts"];

/// What the verdicts rest on.
pub(super) struct Grounds<'a> {
    pub(super) settings: &'a Settings,
    pub(super) engine: &'a EngineFacts,
    /// Volumes that the image declares: the engine makes them.
    pub(super) volumes: &'a [LayerPath],
    pub(super) observation: Option<&'a Observation>,
    pub(super) tests: &'a [Tested],
    /// The last try.
    pub(super) last: Option<&'a Round>,
}

/// What a check came to.
enum Told {
    Passed,
    Failed(Vec<String>),
    Unknown(String),
    NotApplicable,
}

impl Told {
    fn of(failures: Vec<String>) -> Self {
        if failures.is_empty() {
            Self::Passed
        } else {
            Self::Failed(failures)
        }
    }
}

/// All checks, in their order.
pub(super) fn verdicts(grounds: &Grounds<'_>) -> Vec<ProofCheck> {
    let told = |id: &str| {
        let (outcome, details) = match told(id, grounds) {
            Told::Passed => ("passed", Vec::new()),
            Told::Failed(mut details) => {
                details.sort();
                details.dedup();
                ("failed", details)
            }
            Told::Unknown(why) => ("not-evaluated", vec![why]),
            Told::NotApplicable => ("not-applicable", Vec::new()),
        };
        ProofCheck {
            id: id.to_owned(),
            outcome: outcome.to_owned(),
            details,
        }
    };
    CHECKS.iter().map(|check| told(check.id)).collect()
}

fn told(id: &str, grounds: &Grounds<'_>) -> Told {
    match id {
        "PLM-L-014" => works(grounds),
        "PLM-L-015" => second_start(grounds),
        "PLM-L-021" | "PLM-L-022" | "PLM-L-023" | "PLM-L-024" | "PLM-L-025" => tested(id, grounds),
        _ => match grounds.observation {
            None => Told::Unknown("the container did not stay up".to_owned()),
            Some(observation) => seen(id, grounds, observation),
        },
    }
}

fn seen(id: &str, grounds: &Grounds<'_>, observation: &Observation) -> Told {
    let settings = grounds.settings;
    match id {
        "PLM-L-001" => held(settings, observation),
        "PLM-L-002" => each(observation, "CapBnd", |process| {
            let bounding = process.status.bounding?;
            Some(excess(
                bounding.set(),
                settings.capabilities,
                "the bounding set",
            ))
        }),
        "PLM-L-003" if !settings.no_new_privileges => Told::NotApplicable,
        "PLM-L-003" => each(observation, "NoNewPrivs", |process| {
            let is_set = process.status.no_new_privileges?;
            Some((!is_set).then(|| "NoNewPrivs is 0".to_owned()))
        }),
        "PLM-L-004" => each(observation, "Seccomp", |process| {
            let is_filtered =
                process.status.seccomp? == 2 && process.status.seccomp_filters != Some(0);
            Some((!is_filtered).then(|| "no filter of system calls is in force".to_owned()))
        }),
        "PLM-L-005" if !settings.read_only => Told::NotApplicable,
        "PLM-L-005" => root_mount(observation),
        "PLM-L-006" => each(observation, "namespaces", shared),
        "PLM-L-007" => unplanned(grounds, observation),
        "PLM-L-008" => label(grounds, observation),
        "PLM-L-009" => changed(grounds, observation),
        "PLM-L-010" => each(observation, "Uid or uid_map", |process| {
            host_root(process, observation.way)
        }),
        "PLM-L-011" => user(settings, observation),
        "PLM-L-012" => limits(settings, observation),
        "PLM-L-013" => covered(observation),
        _ => Told::Unknown("this version has no such check".to_owned()),
    }
}

/// One look at every process: `None` where it does not tell, a text where it fails.
fn each(
    observation: &Observation,
    what: &str,
    look: impl Fn(&Process) -> Option<Option<String>>,
) -> Told {
    if observation.processes.is_empty() {
        return Told::Unknown(format!(
            "no process could be seen: {}",
            observation.unseen.join("; ")
        ));
    }
    let mut failures = Vec::new();
    let mut is_told = true;
    for (index, process) in observation.processes.iter().enumerate() {
        match look(process) {
            Some(Some(failure)) => failures.push(format!("{}: {failure}", named(index, process))),
            Some(None) => {}
            None => is_told = false,
        }
    }
    if failures.is_empty() && !is_told {
        return Told::Unknown(format!("{what} of a process could not be read"));
    }
    Told::of(failures)
}

fn named(index: usize, process: &Process) -> String {
    format!(
        "process {} ({})",
        index + 1,
        crate::prove::shown(&process.status.command)
    )
}

fn excess(has: CapabilitySet, planned: CapabilitySet, what: &str) -> Option<String> {
    let more = has.minus(planned);
    (!more.is_empty()).then(|| {
        let unnamed = more.minus(CapabilitySet::ALL);
        let names = more.to_string();
        if unnamed.is_empty() {
            format!("{what} has {names}")
        } else {
            format!("{what} has {names} and bits {:#x}", unnamed.0)
        }
    })
}

fn held(settings: &Settings, observation: &Observation) -> Told {
    each(observation, "CapPrm, CapEff, CapInh or CapAmb", |process| {
        let status = &process.status;
        let sets = [
            (status.permitted?, "the permitted set"),
            (status.effective?, "the effective set"),
            (status.inheritable?, "the inheritable set"),
            (status.ambient?, "the ambient set"),
        ];
        let found: Vec<String> = sets
            .iter()
            .filter_map(|(mask, what)| excess(mask.set(), settings.capabilities, what))
            .collect();
        Some((!found.is_empty()).then(|| found.join(", ")))
    })
}

fn root_mount(observation: &Observation) -> Told {
    each(observation, "mountinfo", |process| {
        let view = observation.mount_views.get(process.mounts?)?;
        let root = view.root.as_ref()?;
        Some((!root.is_read_only()).then(|| format!("/ is mounted {}", root.options.join(","))))
    })
}

fn shared(process: &Process) -> Option<Option<String>> {
    let of_host: Option<Vec<&str>> = OWN
        .iter()
        .map(|name| {
            process
                .namespaces
                .get(*name)
                .map(|sharing| (*name, *sharing))
        })
        .map(|found| found.map(|(name, sharing)| if sharing == Sharing::Host { name } else { "" }))
        .collect();
    let of_host: Vec<&str> = of_host?
        .into_iter()
        .filter(|name| !name.is_empty())
        .collect();
    Some((!of_host.is_empty()).then(|| format!("shares {} with the host", of_host.join(", "))))
}

fn unplanned(grounds: &Grounds<'_>, observation: &Observation) -> Told {
    let is_planned = |path: &str| {
        let inside = LayerPath::from(path);
        ALWAYS_WRITABLE.contains(&path)
            || grounds
                .settings
                .writable
                .iter()
                .any(|place| place.path == inside)
            || grounds.volumes.contains(&inside)
    };
    each(observation, "mountinfo", |process| {
        let view = observation.mount_views.get(process.mounts?)?;
        let others = view.writable.iter().filter(|mount| {
            // On cgroup v1 the engine's tmpfs over /sys/fs/cgroup is rw; the controllers below it are not.
            let is_cgroup_folder = mount.path == "/sys/fs/cgroup" && mount.kind == "tmpfs";
            !is_planned(&mount.path) && !is_cgroup_folder
        });
        let found: Vec<String> = others
            .map(|mount| format!("{} ({})", crate::prove::shown(&mount.path), mount.kind))
            .collect();
        Some((!found.is_empty()).then(|| format!("can write to {}", found.join(", "))))
    })
}

fn label(grounds: &Grounds<'_>, observation: &Observation) -> Told {
    let has_module = grounds.engine.has("apparmor") || grounds.engine.has("selinux");
    if !has_module {
        return Told::Unknown(
            "the engine has no security module with labels: neither AppArmor nor SELinux"
                .to_owned(),
        );
    }
    each(observation, "the label", |process| {
        Some(match process.label.as_ref()? {
            Label::NoModule => Some("has no label".to_owned()),
            Label::Is(label) if label.contains("unconfined") || label.contains("spc_t") => {
                Some(format!("is {label}"))
            }
            Label::Is(_) => None,
        })
    })
}

/// The engine itself makes the folders over which it mounts, where the image has none.
fn changed(grounds: &Grounds<'_>, observation: &Observation) -> Told {
    let places = &grounds.settings.writable;
    let is_of_mount = |path: &LayerPath| {
        places
            .iter()
            .any(|place| place.path.is_within(path.as_str()))
    };
    match &observation.changes {
        None => Told::Unknown("the engine does not tell changed files".to_owned()),
        Some(paths) => Told::of(
            paths
                .iter()
                .filter(|path| !is_of_mount(path))
                .take(20)
                .map(|path| format!("{path} was written"))
                .collect(),
        ),
    }
}

fn host_root(process: &Process, way: Way) -> Option<Option<String>> {
    let uids = process.status.uids?;
    let map = process.uid_map.as_ref()?;
    // The host's /proc shows ids as the host has them; inside, the map has to be applied.
    let outside = |uid: u64| match way {
        Way::Inside => map
            .iter()
            .find(|[inside, _, count]| uid >= *inside && uid - inside < *count)
            .map_or(uid, |[inside, outside, _]| {
                outside.saturating_add(uid - inside)
            }),
        Way::Host | Way::Unseen => uid,
    };
    let is_root = uids.iter().any(|uid| outside(*uid) == 0);
    Some(is_root.then(|| "has user id 0 of the host".to_owned()))
}

fn user(settings: &Settings, observation: &Observation) -> Told {
    let Some((uid, gid)) = settings.ids() else {
        return Told::Unknown("the user is not planned by number".to_owned());
    };
    if uid == 0 {
        // An entry point that is started as root hands over to an account of its own.
        return Told::NotApplicable;
    }
    each(observation, "Uid, Gid or Groups", |process| {
        if process.uid_map.as_ref().is_some_and(|map| {
            map.first()
                .is_some_and(|[inside, outside, _]| inside != outside)
        }) {
            // The host shows other numbers than the plan has.
            return None;
        }
        let status = &process.status;
        let groups = status.groups.as_ref()?;
        let is_planned = |group: &u64| {
            *group == gid
                || settings
                    .groups
                    .iter()
                    .any(|extra| extra.parse() == Ok(*group))
        };
        let is_other =
            status.uids? != [uid; 4] || status.gids? != [gid; 4] || !groups.iter().all(is_planned);
        Some(is_other.then(|| {
            let [real, effective, ..] = status.uids.unwrap_or_default();
            format!("has uid {real}/{effective} and groups {groups:?}; planned is {uid}:{gid}")
        }))
    })
}

fn limits(settings: &Settings, observation: &Observation) -> Told {
    let of = observation.limits;
    let planned = [
        ("processes", settings.pids, of.pids),
        ("memory", settings.memory, of.memory),
        ("processor", settings.cpu_millis, of.cpu_millis),
    ];
    let mut failures = Vec::new();
    let mut unknown = Vec::new();
    for (name, planned, in_force) in planned {
        match (planned, in_force) {
            (None, _) => {}
            (Some(_), None) => unknown.push(name),
            // The kernel rounds memory down to pages.
            (Some(planned), Some(found)) if found > 0 && found <= planned => {}
            (Some(planned), Some(0)) => failures.push(format!(
                "{name}: no limit is in force, planned is {planned}"
            )),
            (Some(planned), Some(found)) => {
                failures.push(format!("{name}: {found} is in force, planned is {planned}"));
            }
        }
    }
    if planned.iter().all(|(_, planned, _)| planned.is_none()) {
        return Told::NotApplicable;
    }
    if failures.is_empty() && !unknown.is_empty() {
        return Told::Unknown(format!(
            "the limit of {} could not be read",
            unknown.join(", ")
        ));
    }
    Told::of(failures)
}

/// `/proc/sys` read-only and something over `/proc/kcore` or `/proc/keys`: which others are there depends on the kernel.
fn covered(observation: &Observation) -> Told {
    each(observation, "mountinfo", |process| {
        let view = observation.mount_views.get(process.mounts?)?;
        let has = |list: &[String], path: &str| list.iter().any(|found| found == path);
        let mut missing = Vec::new();
        if !has(&view.read_only, "/proc/sys") {
            missing.push("/proc/sys can be written");
        }
        if !has(&view.masked, "/proc/kcore")
            && !has(&view.masked, "/proc/keys")
            && !has(&view.masked, "/proc/timer_list")
        {
            missing.push("/proc/kcore is not hidden");
        }
        Some((!missing.is_empty()).then(|| missing.join(", ")))
    })
}

fn works(grounds: &Grounds<'_>) -> Told {
    match grounds.last {
        None => Told::Unknown("it was not started".to_owned()),
        Some(round) if round.end.is_good() => Told::Passed,
        Some(round) => {
            let symptoms: Vec<String> = round
                .symptoms
                .iter()
                .map(crate::prove::Symptom::text)
                .collect();
            let more = if symptoms.is_empty() {
                String::new()
            } else {
                format!(" ({})", symptoms.join("; "))
            };
            Told::Failed(vec![format!("it {}{more}", round.end.text())])
        }
    }
}

fn second_start(grounds: &Grounds<'_>) -> Told {
    match grounds
        .last
        .map(|round| (round.end.is_good(), &round.second_start))
    {
        Some((true, None)) => Told::NotApplicable,
        Some((true, Some(end))) if end.is_good() => Told::Passed,
        Some((true, Some(end))) => {
            Told::Failed(vec![format!("on the same volumes it {}", end.text())])
        }
        _ => Told::Unknown("the first start failed".to_owned()),
    }
}

fn tested(id: &str, grounds: &Grounds<'_>) -> Told {
    match grounds.tests.iter().find(|test| test.check == id) {
        None => Told::Unknown("the container did not stay up".to_owned()),
        Some(test) => match &test.outcome {
            TestedOutcome::Refused { .. } => Told::Passed,
            TestedOutcome::Allowed => Told::Failed(vec![format!("{}: it succeeded", test.what)]),
            TestedOutcome::NotTried { reason } => Told::Unknown(format!("{}: {reason}", test.what)),
            TestedOutcome::Planned => Told::NotApplicable,
        },
    }
}

#[cfg(test)]
mod tests;
