//! Limits as the kernel has them: cgroup v1 and v2.
//!
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html>, <https://docs.kernel.org/admin-guide/cgroup-v1/index.html>

use serde::{Deserialize, Serialize};

/// Limits in force. `None`: it could not be told; 0: there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitsInForce {
    /// Processes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pids: Option<u64>,
    /// Bytes of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Thousandths of a processor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_millis: Option<u64>,
}

/// From here on a number of v1 means that there is no limit: it writes the largest multiple of a page.
const UNLIMITED: u64 = 1 << 60;

/// Where the files of a controller are, below `/sys/fs/cgroup`: from `/proc/PID/cgroup` (cgroups(7)).
pub(super) fn folder(text: &str, controller: &str) -> Option<String> {
    let lines = text.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':');
        Some((parts.next()?, parts.next()?, parts.next()?))
    });
    let mut unified = None;
    for (hierarchy, controllers, path) in lines {
        if path.split('/').any(|part| part == "..") {
            continue;
        }
        if hierarchy == "0" && controllers.is_empty() {
            unified = Some(path.to_owned());
        } else if controllers.split(',').any(|name| name == controller) {
            // Mounted under all its names; the first is a link where there are several.
            return Some(format!("/{controllers}{path}"));
        }
    }
    unified
}

/// Reads the limits with `read`, which is given a controller and the name of one of its files.
pub(super) fn limits(mut read: impl FnMut(&str, &str) -> Option<String>) -> LimitsInForce {
    let pids = read("pids", "pids.max");
    let memory = read("memory", "memory.max").or_else(|| read("memory", "memory.limit_in_bytes"));
    let cpu = read("cpu", "cpu.max")
        .and_then(|text| share(&text))
        .or_else(|| {
            let quota = read("cpu", "cpu.cfs_quota_us")?;
            let period = read("cpu", "cpu.cfs_period_us")?;
            share(&format!("{} {}", quota.trim(), period.trim()))
        });
    LimitsInForce {
        pids: pids.and_then(|text| number(&text)),
        memory: memory.and_then(|text| number(&text)),
        cpu_millis: cpu,
    }
}

fn number(text: &str) -> Option<u64> {
    match text.trim() {
        "max" => Some(0),
        text => text
            .parse()
            .ok()
            .map(|number| if number >= UNLIMITED { 0 } else { number }),
    }
}

/// `QUOTA PERIOD` in thousandths; `max` or -1 is no limit.
fn share(text: &str) -> Option<u64> {
    let (quota, period) = text.trim().split_once(' ')?;
    if matches!(quota, "max" | "-1") {
        return Some(0);
    }
    let (quota, period): (u64, u64) = (quota.parse().ok()?, period.trim().parse().ok()?);
    quota.checked_mul(1000)?.checked_div(period)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_of_both_versions_are_found() {
        let v1 = "9:pids:/docker/abc\n4:cpu,cpuacct:/docker/abc\n0::/docker/abc\n";
        assert_eq!(folder(v1, "pids").as_deref(), Some("/pids/docker/abc"));
        assert_eq!(
            folder(v1, "cpu").as_deref(),
            Some("/cpu,cpuacct/docker/abc")
        );
        let v2 = "0::/system.slice/docker-abc.scope\n";
        assert_eq!(
            folder(v2, "memory").as_deref(),
            Some("/system.slice/docker-abc.scope")
        );
        assert_eq!(folder("0::/../../x\n", "memory"), None);
    }

    #[test]
    fn limits_of_both_versions_are_the_same_numbers() {
        let v2 = limits(|_, file| {
            Some(
                match file {
                    "pids.max" => "128\n",
                    "memory.max" => "536870912\n",
                    "cpu.max" => "50000 100000\n",
                    _ => return None,
                }
                .to_owned(),
            )
        });
        let v1 = limits(|_, file| {
            Some(
                match file {
                    "pids.max" => "128",
                    "memory.limit_in_bytes" => "536870912",
                    "cpu.cfs_quota_us" => "50000",
                    "cpu.cfs_period_us" => "100000",
                    _ => return None,
                }
                .to_owned(),
            )
        });
        assert_eq!(v1, v2);
        assert_eq!(v1.cpu_millis, Some(500));
    }

    #[test]
    fn no_limit_is_zero_and_no_file_is_unknown() {
        let none = limits(|_, file| match file {
            "pids.max" => Some("max".to_owned()),
            "memory.limit_in_bytes" => Some("9223372036854771712".to_owned()),
            _ => None,
        });
        assert_eq!(
            (none.pids, none.memory, none.cpu_millis),
            (Some(0), Some(0), None)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,80}") {
            folder(&text, "cpu");
            limits(|_, _| Some(text.clone()));
        }
    }
}
