//! What the process and its cgroup may use up.

use super::Bundle;
use crate::runtime::read::json_object::Part;
use crate::runtime::{Setting, Stated, Ulimit, tree::Value};

/// Where engines put the cgroup of a container that names no parent: moby, libpod, containerd, CRI-O, the kubelet.
const ENGINES_OWN: [&str; 11] = [
    "/docker/",
    "system.slice:docker:",
    "/libpod_parent/",
    "machine.slice:libpod:",
    "user.slice:libpod:",
    "system.slice:cri-containerd:",
    "system.slice:crio:",
    "/k8s.io/",
    "/default/",
    "/kubepods",
    "kubepods",
];

impl Bundle<'_> {
    pub(super) fn read_process_limits(&mut self, process: &Part<'_>) {
        let limits = &mut self.spec.limits;
        limits.oom_score_adj = process.integer("oomScoreAdj");
        for limit in process.list("rlimits") {
            let Some((kind, _)) = limit.text_of("type") else {
                continue;
            };
            let name = kind.to_ascii_lowercase();
            limits.ulimits.push(Ulimit {
                name: name.strip_prefix("rlimit_").unwrap_or(&name).to_owned(),
                soft: amount(&limit, "soft"),
                hard: amount(&limit, "hard"),
                at: limit.spot(),
            });
        }
    }

    pub(super) fn read_resources(&mut self, linux: &Part<'_>) {
        for (name, value) in linux.get("sysctl").iter().flat_map(Part::entries) {
            let text = value.text().unwrap_or_default();
            let pair = (name.to_owned(), text.to_owned());
            self.spec.sysctls.push(Stated::new(pair, value.spot()));
        }
        let parent = linux.text_setting("cgroupsPath");
        let path = parent.value().map_or("", String::as_str);
        if !ENGINES_OWN.iter().any(|own| path.starts_with(own)) {
            self.spec.cgroup_parent = parent;
        }
        let Some(resources) = linux.get("resources") else {
            return;
        };
        let limits = &mut self.spec.limits;
        if let Some(memory) = resources.get("memory") {
            // -1 is no limit, as 0 is to engines.
            limits.memory = memory.setting("limit", "number of bytes", |limit| {
                let bytes = limit.node().as_integer()?;
                Some(u64::try_from(bytes).unwrap_or_default())
            });
            limits.memory_swap = memory.integer("swap");
            limits.oom_kill_disable = memory.boolean("disableOOMKiller");
        }
        if let Some(pids) = resources.get("pids") {
            limits.pids = pids.integer("limit");
        }
        if let Some(cpu) = resources.get("cpu") {
            limits.cpu = processors(&cpu);
        }
    }
}

/// The first of what limits or weighs processors.
fn processors(cpu: &Part<'_>) -> Setting<String> {
    for (key, name) in [("quota", "cpu-quota"), ("shares", "cpu-shares")] {
        if let Setting::Stated(said) = cpu.integer(key)
            && said.value > 0
        {
            return Setting::stated(format!("{name} {}", said.value), said.at);
        }
    }
    match cpu.text_of("cpus") {
        Some((set, at)) => Setting::stated(format!("cpuset {set}"), at),
        None => Setting::Absent,
    }
}

/// A limit is a number of 64 bits without sign, and the largest one is no limit.
fn amount(limit: &Part<'_>, key: &str) -> i64 {
    let said = limit.get(key);
    let number = said.and_then(|said| match &said.node().value {
        Value::Scalar { text, plain: true } => text.parse::<u64>().ok(),
        _ => None,
    });
    number
        .and_then(|number| i64::try_from(number).ok())
        .unwrap_or(-1)
}
