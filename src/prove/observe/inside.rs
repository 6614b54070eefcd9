//! The same files, read inside with the image's own `ls` and `cat`: for an engine on another machine.

use std::time::Duration;

use super::{Raw, label};
use crate::prove::ProveError;
use crate::prove::cgroup::{self, LimitsInForce};
use crate::prove::engine::Engine;

/// How long one `cat` may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Processes that are looked at: each costs several programs.
const PROCESSES: usize = 32;

/// What was read, and what could not be.
pub(super) struct Seen {
    pub(super) raws: Vec<Raw>,
    pub(super) limits: LimitsInForce,
    pub(super) missing: Vec<String>,
}

/// Reads `/proc` inside. Nothing, where the image has no `cat`.
pub(super) async fn read(engine: &Engine, name: &str) -> Result<Seen, ProveError> {
    let mut seen = Seen {
        raws: Vec::new(),
        limits: LimitsInForce::default(),
        missing: Vec::new(),
    };
    if cat(engine, name, "/proc/1/status").await?.is_none() {
        seen.missing
            .push("/proc inside: the image has no cat that can be run".to_owned());
        return Ok(seen);
    }
    let listed = engine.run(name, &["ls", "/proc"], None, PATIENCE).await?;
    let mut pids: Vec<u32> = listed
        .output
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    if listed.code != Some(0) || pids.is_empty() {
        seen.missing
            .push("processes beside the first: the image has no ls that can be run".to_owned());
        pids = vec![1];
    }
    pids.sort_unstable();
    if pids.len() > PROCESSES {
        seen.missing
            .push(format!("processes beyond the first {PROCESSES}"));
    }
    for pid in pids.into_iter().take(PROCESSES) {
        // The programs that were run for this have ended by now.
        if let Some(raw) = process(engine, name, pid).await? {
            seen.raws.push(raw);
        }
    }
    seen.missing
        .push("namespaces: they can be compared with the host's only there".to_owned());
    seen.limits = limits(engine, name).await?;
    Ok(seen)
}

async fn process(engine: &Engine, name: &str, pid: u32) -> Result<Option<Raw>, ProveError> {
    let Some(status) = cat(engine, name, &format!("/proc/{pid}/status")).await? else {
        return Ok(None);
    };
    let labelled = cat(engine, name, &format!("/proc/{pid}/attr/current")).await?;
    Ok(Some(Raw {
        status,
        mountinfo: cat(engine, name, &format!("/proc/{pid}/mountinfo")).await?,
        uid_map: cat(engine, name, &format!("/proc/{pid}/uid_map")).await?,
        label: labelled.map(|text| label(text.as_bytes())),
        ..Raw::default()
    }))
}

async fn limits(engine: &Engine, name: &str) -> Result<LimitsInForce, ProveError> {
    let files = [
        ("pids", "pids.max"),
        ("memory", "memory.max"),
        ("memory", "memory.limit_in_bytes"),
        ("cpu", "cpu.max"),
        ("cpu", "cpu.cfs_quota_us"),
        ("cpu", "cpu.cfs_period_us"),
    ];
    let mut read = Vec::new();
    for (controller, file) in files {
        let mut text = cat(engine, name, &format!("/sys/fs/cgroup/{controller}/{file}")).await?;
        if text.is_none() {
            text = cat(engine, name, &format!("/sys/fs/cgroup/{file}")).await?;
        }
        read.push((file, text));
    }
    Ok(cgroup::limits(|_, wanted| {
        let found = read.iter().find(|(file, _)| *file == wanted)?;
        found.1.clone()
    }))
}

async fn cat(engine: &Engine, name: &str, path: &str) -> Result<Option<String>, ProveError> {
    let ran = engine.run(name, &["cat", path], None, PATIENCE).await?;
    Ok((ran.code == Some(0)).then_some(ran.output))
}
