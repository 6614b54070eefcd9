//! What holds inside: rights, mounts, namespaces and limits of every process of the container.
//!
//! On the engine's machine, the kernel's own `/proc` is read. Elsewhere (Docker Desktop, an engine behind a forwarded socket) the same files are
//! read inside, with the image's own `cat`. Which it was is said, and what neither shows is named.

mod host;
mod inside;

pub(super) use host::status_of;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ProveError;
use super::cgroup::LimitsInForce;
use super::engine::Engine;
use super::mountinfo::{self, MountLine};
use super::status::Status;
use crate::model::LayerPath;

/// Processes that are looked at.
const PROCESSES: usize = 512;

/// By which way the processes were seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The kernel's `/proc` on the engine's machine.
    Host,
    /// `/proc` inside, read with the image's own programs.
    Inside,
    /// Neither.
    Unseen,
}

/// Whether a namespace is the container's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sharing {
    /// Its own.
    Own,
    /// The host's.
    Host,
}

/// What the kernel's security module says of a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// There is no such module, or none that has labels.
    NoModule,
    /// The label: `docker-default (enforce)`, or user, role and type of SELinux.
    Is(String),
}

/// The mounts that a process sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MountView {
    /// The root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<MountLine>,
    /// All others that can be written, by path.
    pub writable: Vec<MountLine>,
    /// Paths of `/proc` and `/sys` with something mounted over them, sorted: hidden from the container.
    pub masked: Vec<String>,
    /// Paths of `/proc` and `/sys` that are mounted read-only, sorted.
    pub read_only: Vec<String>,
}

impl MountView {
    /// What matters of a mount table.
    pub(super) fn of(mounts: &[MountLine]) -> Self {
        let is_kernel = |mount: &&MountLine| {
            mount.path.starts_with("/proc/") || mount.path.starts_with("/sys/")
        };
        let mut view = Self {
            root: mountinfo::at(mounts, "/").cloned(),
            ..Self::default()
        };
        for mount in mounts {
            // Only what is seen: the last at its place.
            if mountinfo::at(mounts, &mount.path) != Some(mount) || mount.path == "/" {
                continue;
            }
            let is_cover = is_kernel(&mount)
                && matches!(mount.kind.as_str(), "tmpfs" | "devtmpfs")
                && mount.path != "/sys/fs/cgroup";
            if is_cover {
                view.masked.push(mount.path.clone());
            } else if !mount.is_read_only() {
                view.writable.push(mount.clone());
            } else if is_kernel(&mount) {
                view.read_only.push(mount.path.clone());
            }
        }
        view.writable.sort();
        view.writable.dedup();
        view.masked.sort();
        view.masked.dedup();
        view.read_only.sort();
        view.read_only.dedup();
        view
    }
}

/// One process, or several that are alike.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Process {
    /// Who it is and what it may do.
    #[serde(flatten)]
    pub status: Status,
    /// Which of the observation's mount views it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mounts: Option<usize>,
    /// Its namespaces, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub namespaces: BTreeMap<String, Sharing>,
    /// Lines of its map of user ids: inside, outside, count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_map: Option<Vec<[u64; 3]>>,
    /// Its label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<Label>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// How.
    pub way: Way,
    /// What could not be seen, and why; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
    /// Its processes, by name and rights; those alike once. Programs that were run inside for the proof are left out.
    pub processes: Vec<Process>,
    /// Mounts as processes see them.
    pub mount_views: Vec<MountView>,
    /// Limits in force.
    pub limits: LimitsInForce,
    /// Paths created or changed since the start, outside of volumes and tmpfs; `None`: the engine does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<LayerPath>>,
}

/// What is read of one process before it is put in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Raw {
    status: String,
    mountinfo: Option<String>,
    namespaces: BTreeMap<String, Sharing>,
    uid_map: Option<String>,
    label: Option<Label>,
}

/// Looks at a container that is up.
pub(super) async fn observe(engine: &Engine, name: &str) -> Result<Observation, ProveError> {
    let inspected = engine
        .ask(&format!("/containers/{name}/json"), "inspect the container")
        .await?;
    let id = inspected
        .get("Id")
        .and_then(Value::as_str)
        .unwrap_or(name)
        .to_owned();
    let first = inspected
        .get("State")
        .and_then(|state| state.get("Pid")?.as_u64());
    let pids = processes(engine, name).await;
    let mut unseen = Vec::new();
    if let Err(reason) = &pids {
        unseen.push(format!("the list of processes: {reason}"));
    }
    let mut all = pids.unwrap_or_default();
    all.extend(
        first
            .and_then(|pid| u32::try_from(pid).ok())
            .filter(|pid| *pid > 0),
    );
    all.sort_unstable();
    all.dedup();
    let first = first
        .and_then(|pid| u32::try_from(pid).ok())
        .unwrap_or_default();
    let seen = host::read(&id, first, &all);
    let (way, raws, limits, mut missing) = match seen {
        Ok(seen) => (Way::Host, seen.raws, seen.limits, seen.missing),
        Err(why) => {
            let seen = inside::read(engine, name).await?;
            let way = if seen.raws.is_empty() {
                Way::Unseen
            } else {
                Way::Inside
            };
            let mut missing = seen.missing;
            missing.push(format!("the host's /proc: {why}"));
            (way, seen.raws, seen.limits, missing)
        }
    };
    unseen.append(&mut missing);
    let changes = changes(engine, name).await;
    Ok(in_order(way, &raws, limits, unseen, changes))
}

/// Numbers of the container's processes on the engine's machine.
async fn processes(engine: &Engine, name: &str) -> Result<Vec<u32>, String> {
    let top = engine
        .ask(&format!("/containers/{name}/top"), "list processes")
        .await;
    let top = top.map_err(|error| error.to_string())?;
    let titles = top
        .get("Titles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let column = titles
        .into_iter()
        .position(|title| title.as_str() == Some("PID"));
    let column = column.ok_or("no column PID")?;
    let rows = top
        .get("Processes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let pids = rows.filter_map(|row| row.get(column)?.as_str()?.trim().parse().ok());
    Ok(pids.take(PROCESSES).collect())
}

/// What was created or changed. Folders on the way to it are not named again.
pub(super) async fn changes(engine: &Engine, name: &str) -> Option<Vec<LayerPath>> {
    let told = engine
        .ask(&format!("/containers/{name}/changes"), "list changed files")
        .await
        .ok()?;
    Some(leaves(&told))
}

/// The innermost paths of `[{"Path": "/run", "Kind": 0}, …]`: 0 changed, 1 added, 2 deleted. `null`: none.
fn leaves(told: &Value) -> Vec<LayerPath> {
    let entries = told.as_array().into_iter().flatten();
    let paths = entries.filter_map(|entry| {
        let is_there = entry.get("Kind").and_then(Value::as_u64) != Some(2);
        entry
            .get("Path")?
            .as_str()
            .filter(|_| is_there)
            .map(LayerPath::from)
    });
    let mut all: Vec<LayerPath> = paths.collect();
    all.sort_by(|a, b| a.as_str().split('/').cmp(b.as_str().split('/')));
    all.dedup();
    let next = all.iter().skip(1).map(Some).chain([None]);
    let is_leaf = |(path, next): (&LayerPath, Option<&LayerPath>)| {
        let has_child = next.is_some_and(|next| next.is_within(path.as_str()));
        (!has_child).then(|| path.clone())
    };
    all.iter().zip(next).filter_map(is_leaf).collect()
}

fn in_order(
    way: Way,
    raws: &[Raw],
    limits: LimitsInForce,
    mut unseen: Vec<String>,
    changes: Option<Vec<LayerPath>>,
) -> Observation {
    let view = |raw: &Raw| {
        raw.mountinfo
            .as_deref()
            .map(|text| MountView::of(&mountinfo::parse(text)))
    };
    let mut mount_views: Vec<MountView> = raws.iter().filter_map(view).collect();
    mount_views.sort();
    mount_views.dedup();
    let process = |raw: &Raw| Process {
        status: Status::parse(&raw.status),
        mounts: view(raw).and_then(|view| mount_views.iter().position(|known| *known == view)),
        namespaces: raw.namespaces.clone(),
        uid_map: raw.uid_map.as_deref().map(uid_map),
        label: raw.label.clone(),
    };
    let mut processes: Vec<Process> = raws.iter().map(process).collect();
    processes.sort();
    processes.dedup();
    if changes.is_none() {
        unseen.push("changed files: the engine does not tell".to_owned());
    }
    unseen.sort();
    unseen.dedup();
    Observation {
        way,
        unseen,
        processes,
        mount_views,
        limits,
        changes,
    }
}

fn uid_map(text: &str) -> Vec<[u64; 3]> {
    let line = |line: &str| {
        let numbers: Vec<u64> = line
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        numbers.try_into().ok()
    };
    text.lines().filter_map(line).collect()
}

/// A label as it may be kept: SELinux's categories are drawn by lot for each container.
fn label(bytes: &[u8]) -> Label {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\0', '\n']);
    let parts: Vec<&str> = text.split(':').collect();
    let kept = if parts.len() > 3 {
        parts.get(..3).unwrap_or_default().join(":")
    } else {
        text.to_owned()
    };
    if kept.is_empty() {
        Label::NoModule
    } else {
        Label::Is(super::shown(&kept))
    }
}

#[cfg(test)]
mod tests;
