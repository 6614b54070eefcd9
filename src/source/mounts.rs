//! Which file systems the kernel makes up: they are not part of any image.

use std::collections::BTreeSet;
use std::fs::File;

use crate::model::limits::read_at_most;

/// The table of mounts: some hundred bytes each, and hosts of many containers have thousands.
const LARGEST_TABLE: u64 = 16 << 20;

/// Types of file system without files of their own: what `findmnt --pseudo` calls so, but for tmpfs and overlay, which do
/// hold files. `autofs` is here because looking into it mounts things.
const PSEUDO: [&str; 24] = [
    "autofs",
    "bdev",
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "cpuset",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "resctrl",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// The device numbers of all mounted pseudo file systems, as (major, minor). By number and not by path: a path would have to
/// be compared through links and bind mounts.
pub(super) fn pseudo_devices() -> BTreeSet<(u32, u32)> {
    let table =
        File::open("/proc/self/mountinfo").and_then(|file| read_at_most(file, LARGEST_TABLE));
    // Without a /proc there is no other pseudo file system to be found either.
    parse(&String::from_utf8_lossy(&table.unwrap_or_default()))
}

/// `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: the third field is the device, and the first one after
/// the lone dash is the type; proc(5).
fn parse(table: &str) -> BTreeSet<(u32, u32)> {
    table
        .lines()
        .filter_map(|line| {
            let (mount, system) = line.split_once(" - ")?;
            let kind = system.split(' ').next()?;
            let (major, minor) = mount.split(' ').nth(2)?.split_once(':')?;
            PSEUDO
                .contains(&kind)
                .then_some((major.parse().ok()?, minor.parse().ok()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_up_file_systems_are_told_by_their_type() {
        let table = "22 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
            23 28 0:22 / /proc rw - proc proc rw\n\
            28 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
            30 28 0:25 / /tmp rw shared:2 master:3 - tmpfs tmpfs rw\n\
            nonsense\n";
        assert_eq!(parse(table), BTreeSet::from([(0, 21), (0, 22)]));
    }

    #[test]
    fn the_proc_of_this_machine_is_among_them() {
        use std::os::unix::fs::MetadataExt;
        let Ok(proc) = std::fs::metadata("/proc/self") else {
            println!("skipped: there is no /proc");
            return;
        };
        let device = (rustix::fs::major(proc.dev()), rustix::fs::minor(proc.dev()));
        assert!(pseudo_devices().contains(&device), "{device:?}");
    }
}
