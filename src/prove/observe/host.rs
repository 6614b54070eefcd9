//! The kernel's own `/proc` on the engine's machine.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{Label, Raw, Sharing, label};
use crate::model::limits::read_at_most;
use crate::prove::cgroup::{self, LimitsInForce};

/// Bytes of a file of `/proc` at most.
const LARGEST: u64 = 4 << 20;
/// `EINVAL`, which `attr/current` gives where no security module has labels.
const NO_LABEL: i32 = 22;
/// Namespaces that are compared (namespaces(7)).
const NAMESPACES: [&str; 8] = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/// What was read, and what could not be.
pub(in crate::prove) struct Seen {
    pub(super) raws: Vec<Raw>,
    pub(super) limits: LimitsInForce,
    pub(super) missing: Vec<String>,
}

/// Reads the processes, if they are this container's: a number from an engine elsewhere could be anybody's here.
pub(super) fn read(id: &str, first: u32, pids: &[u32]) -> Result<Seen, String> {
    if first == 0 {
        return Err("the engine does not tell the number of the first process".to_owned());
    }
    is_of(id, first)?;
    let parents: BTreeMap<u32, u32> = pids
        .iter()
        .filter_map(|pid| Some((*pid, parent(*pid)?)))
        .collect();
    let mut seen = Seen {
        raws: Vec::new(),
        limits: limits(first),
        missing: Vec::new(),
    };
    for pid in pids.iter().filter(|pid| descends(**pid, first, &parents)) {
        if let Some(raw) = process(*pid, &mut seen.missing) {
            seen.raws.push(raw);
        }
    }
    Ok(seen)
}

/// Whether the process is of the container: its cgroup or a file that the engine mounts into it is named by the id.
fn is_of(id: &str, pid: u32) -> Result<(), String> {
    let cgroup = text(pid, "cgroup")
        .map_err(|error| format!("process of the container is not there ({error})"))?;
    let is_named = |text: &str| id.len() >= 12 && text.contains(id);
    if is_named(&cgroup) || text(pid, "mountinfo").is_ok_and(|mounts| is_named(&mounts)) {
        Ok(())
    } else {
        Err("it has another machine's processes".to_owned())
    }
}

/// Whether a process was started by the container's first one, and not by the engine for the proof or a health check.
fn descends(pid: u32, first: u32, parents: &BTreeMap<u32, u32>) -> bool {
    let mut pid = pid;
    for _ in 0..=parents.len() {
        if pid == first {
            return true;
        }
        match parents.get(&pid) {
            Some(parent) => pid = *parent,
            None => return false,
        }
    }
    false
}

fn parent(pid: u32) -> Option<u32> {
    let status = text(pid, "status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

fn file(pid: u32, name: &str) -> PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}

fn bytes(path: &Path) -> std::io::Result<Vec<u8>> {
    read_at_most(File::open(path)?, LARGEST)
}

fn text(pid: u32, name: &str) -> std::io::Result<String> {
    Ok(String::from_utf8_lossy(&bytes(&file(pid, name))?).into_owned())
}

/// The name of the program and the effective user of a process: for a program that is watched while it waits.
pub(in crate::prove) fn status_of(pid: u32) -> Option<String> {
    text(pid, "status").ok()
}

/// One process. `None` if it has ended.
fn process(pid: u32, missing: &mut Vec<String>) -> Option<Raw> {
    let status = text(pid, "status").ok()?;
    let mut kept = |name: &str, result: std::io::Result<String>| {
        result
            .map_err(|error| missing.push(format!("{name} of a process: {}", error.kind())))
            .ok()
    };
    let mountinfo = kept("mountinfo", text(pid, "mountinfo"));
    let uid_map = kept("uid_map", text(pid, "uid_map"));
    let mut namespaces = BTreeMap::new();
    for name in NAMESPACES {
        match sharing(pid, name) {
            Ok(Some(sharing)) => {
                namespaces.insert(name.to_owned(), sharing);
            }
            // This kernel has none of this kind.
            Ok(None) => {}
            Err(error) => {
                let _ = kept("namespaces", Err(error));
                break;
            }
        }
    }
    let label = match bytes(&file(pid, "attr/current")) {
        Ok(bytes) => Some(label(&bytes)),
        Err(error) if error.raw_os_error() == Some(NO_LABEL) => Some(Label::NoModule),
        Err(error) => {
            let _ = kept("the label", Err(error));
            None
        }
    };
    Some(Raw {
        status,
        mountinfo,
        namespaces,
        uid_map,
        label,
    })
}

/// Compared with the first process of the machine; with this one, where that may not be looked at.
fn sharing(pid: u32, name: &str) -> std::io::Result<Option<Sharing>> {
    let own = match fs::read_link(file(pid, &format!("ns/{name}"))) {
        Ok(own) => own,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let host = fs::read_link(file(1, &format!("ns/{name}")))
        .or_else(|_| fs::read_link(Path::new("/proc/self/ns").join(name)))?;
    Ok(Some(if own == host {
        Sharing::Host
    } else {
        Sharing::Own
    }))
}

fn limits(pid: u32) -> LimitsInForce {
    let Ok(cgroups) = text(pid, "cgroup") else {
        return LimitsInForce::default();
    };
    cgroup::limits(|controller, name| {
        let folder = cgroup::folder(&cgroups, controller)?;
        let path = Path::new("/sys/fs/cgroup")
            .join(folder.trim_start_matches('/'))
            .join(name);
        let bytes = bytes(&path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_another_container_is_not_looked_at() {
        let own = std::process::id();
        let Err(reason) = read(&"f".repeat(64), own, &[own]) else {
            panic!("it was taken for the container's");
        };
        assert!(reason.contains("another machine"), "{reason}");
        assert!(read(&"f".repeat(64), 0, &[]).is_err());
    }

    #[test]
    fn only_what_the_first_process_started_is_the_containers() {
        let parents = BTreeMap::from([(10, 1), (11, 10), (12, 11), (20, 1), (30, 31), (31, 30)]);
        for (pid, expected) in [
            (10, true),
            (12, true),
            (20, false),
            (30, false),
            (99, false),
        ] {
            assert_eq!(descends(pid, 10, &parents), expected, "{pid}");
        }
    }

    #[test]
    fn this_process_is_read() {
        let mut missing = Vec::new();
        let raw = process(std::process::id(), &mut missing).expect("it runs");
        assert!(raw.status.contains("CapBnd"));
        assert!(raw.mountinfo.is_some_and(|text| text.contains(" / ")));
        assert!(!raw.namespaces.is_empty(), "{missing:?}");
    }
}
