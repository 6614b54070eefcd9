//! What a container may use up. 0 means no limit to the engine, and is kept as it is said, with its place.

use super::Inspected;
use crate::runtime::read::{engine_words, json_object::Part};
use crate::runtime::{Setting, Ulimit};

impl Inspected<'_> {
    pub(super) fn read_limits(&mut self) {
        let host = self.host.clone();
        let limits = &mut self.spec.limits;
        limits.memory = memory(&host, self.config.as_ref());
        limits.memory_swap = match host.integer("MemorySwap") {
            Setting::Stated(said) if said.value == 0 => Setting::Absent,
            said => said,
        };
        limits.cpu = processors(&host);
        limits.pids = pids(&host);
        limits.oom_kill_disable = host.boolean("OomKillDisable");
        limits.oom_score_adj = host.integer("OomScoreAdj");
        limits.shm_size = host.setting("ShmSize", "number", |part| {
            part.node().as_integer().map(|size| size.to_string())
        });
        for ulimit in host.list("Ulimits") {
            let Some((name, _)) = ulimit.text_of("Name") else {
                continue;
            };
            // Podman writes the kernel's name, `RLIMIT_NOFILE`.
            let name = name.to_ascii_lowercase();
            let (soft, hard) = (ulimit.integer("Soft"), ulimit.integer("Hard"));
            limits.ulimits.push(Ulimit {
                name: name.strip_prefix("rlimit_").unwrap_or(&name).to_owned(),
                soft: soft.value().copied().unwrap_or(-1),
                hard: hard.value().copied().unwrap_or(-1),
                at: ulimit.spot(),
            });
        }
    }
}

/// `HostConfig.Memory`; before API 1.18 it stood in `Config`.
fn memory(host: &Part<'_>, config: Option<&Part<'_>>) -> Setting<u64> {
    let read = |part: &Part<'_>| {
        part.setting("Memory", "number of bytes", |memory| {
            memory
                .node()
                .as_integer()
                .and_then(|bytes| u64::try_from(bytes).ok())
        })
    };
    let older = config.map_or(Setting::Absent, read);
    let said = read(host).or(older);
    if said.is_absent() {
        return host.unless_missing("Memory", said);
    }
    said
}

/// `null`, 0 and -1 are no limit: Docker 20.10 stores the last two as `null`. Without the key it is an engine that has no such limit.
fn pids(host: &Part<'_>) -> Setting<i64> {
    let said = host.integer("PidsLimit");
    match host.node().get("PidsLimit") {
        Some(null) if said.is_absent() => Setting::stated(
            0,
            crate::runtime::Spot {
                field: format!("{}.PidsLimit", host.path()),
                line: Some(null.start.line),
                column: Some(null.start.column),
                ..host.spot()
            },
        ),
        _ => host.unless_missing("PidsLimit", said),
    }
}

/// The first of what limits or weighs processors; `None` of them is no limit.
fn processors(host: &Part<'_>) -> Setting<String> {
    let number = |key: &str, write: &dyn Fn(u64) -> String| {
        host.setting(key, "number", |part| {
            let said = part.node().as_integer().unwrap_or_default();
            Some(u64::try_from(said).unwrap_or_default())
        })
        .value()
        .filter(|said| **said > 0)
        .and_then(|said| Some(Setting::stated(write(*said), host.get(key)?.spot())))
    };
    let cpuset = || {
        let (set, at) = host.text_of("CpusetCpus")?;
        Some(Setting::stated(format!("cpuset {set}"), at))
    };
    number("NanoCpus", &engine_words::processors)
        .or_else(|| number("CpuQuota", &|quota| format!("cpu-quota {quota}")))
        .or_else(|| number("CpuShares", &|shares| format!("cpu-shares {shares}")))
        .or_else(cpuset)
        .unwrap_or_default()
}
