//! `/proc/PID/status` (`proc_pid_status(5)`): who a process is and what it may do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::CapabilitySet;

/// A set of capabilities as the kernel writes it: sixteen hexadecimal digits. Bits without a name are kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mask(pub u64);

impl Mask {
    /// As a set with names.
    pub const fn set(self) -> CapabilitySet {
        CapabilitySet(self.0)
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Mask {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Mask {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

/// What `/proc/PID/status` says. `None` for a line that this kernel does not write, or that cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// Name of the program, at most 15 bytes: never its arguments.
    pub command: String,
    /// User ids: real, effective, saved, of the file system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uids: Option<[u64; 4]>,
    /// Group ids in the same order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gids: Option<[u64; 4]>,
    /// Supplementary groups, sorted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<u64>>,
    /// Capabilities that programs which it starts may inherit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inheritable: Option<Mask>,
    /// Capabilities that it can make effective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permitted: Option<Mask>,
    /// Capabilities that it uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<Mask>,
    /// Capabilities that it, or anything that it starts, could ever have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounding: Option<Mask>,
    /// Capabilities that programs which it starts keep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ambient: Option<Mask>,
    /// Whether no program that it starts can gain rights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_new_privileges: Option<bool>,
    /// Mode of seccomp: 0 off, 1 strict, 2 filter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp: Option<u64>,
    /// Filters of seccomp that are in force (Linux 5.9 and newer).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seccomp_filters: Option<u64>,
}

impl Status {
    /// Reads the file's text. Lines that are not understood are left out.
    pub fn parse(text: &str) -> Self {
        let mut status = Self::default();
        for line in text.lines() {
            if let Some((key, value)) = line.split_once(':') {
                status.take(key, value.trim());
            }
        }
        status
    }

    fn take(&mut self, key: &str, value: &str) {
        let mask = || u64::from_str_radix(value, 16).ok().map(Mask);
        match key {
            "Name" => value.clone_into(&mut self.command),
            "Uid" => self.uids = four(value),
            "Gid" => self.gids = four(value),
            "Groups" => {
                let mut groups: Vec<u64> = numbers(value).collect();
                groups.sort_unstable();
                self.groups = Some(groups);
            }
            "CapInh" => self.inheritable = mask(),
            "CapPrm" => self.permitted = mask(),
            "CapEff" => self.effective = mask(),
            "CapBnd" => self.bounding = mask(),
            "CapAmb" => self.ambient = mask(),
            "NoNewPrivs" => {
                self.no_new_privileges = match value {
                    "0" => Some(false),
                    "1" => Some(true),
                    _ => None,
                }
            }
            "Seccomp" => self.seccomp = value.parse().ok(),
            "Seccomp_filters" => self.seccomp_filters = value.parse().ok(),
            _ => {}
        }
    }
}

fn numbers(value: &str) -> impl Iterator<Item = u64> {
    value
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
}

fn four(value: &str) -> Option<[u64; 4]> {
    let all: Vec<u64> = numbers(value).collect();
    all.try_into().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Of a container's first process, as Linux 6.1 wrote it.
    const RESTRICTED: &str = "Name:\tredis-server\nUmask:\t0077\nState:\tS (sleeping)\nTgid:\t4242\nPid:\t4242\nPPid:\t4220\n\
        Uid:\t101\t101\t101\t101\nGid:\t102\t102\t102\t102\nFDSize:\t64\nGroups:\t102 7 \nNStgid:\t4242\t1\n\
        CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t00000000000000c0\n\
        CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\nSpeculation_Store_Bypass:\tvulnerable\n";

    #[test]
    fn rights_and_ids_are_read_from_a_real_status() {
        let status = Status::parse(RESTRICTED);
        assert_eq!(status.command, "redis-server");
        assert_eq!(status.uids, Some([101; 4]));
        assert_eq!(status.groups, Some(vec![7, 102]));
        assert_eq!(status.bounding, Some(Mask(0xc0)));
        assert_eq!(
            status
                .bounding
                .map(|mask| mask.set().to_string())
                .as_deref(),
            Some("SETGID, SETUID")
        );
        assert_eq!(status.no_new_privileges, Some(true));
        assert_eq!((status.seccomp, status.seccomp_filters), (Some(2), Some(1)));
    }

    #[test]
    fn what_a_kernel_does_not_write_is_not_known() {
        let status = Status::parse("Name:\tx\nCapBnd:\tnonsense\nUid:\t0\t0\nNoNewPrivs:\t7\n");
        assert_eq!(status.bounding, None);
        assert_eq!(status.uids, None);
        assert_eq!(status.no_new_privileges, None);
        assert_eq!(status.seccomp_filters, None);
    }

    #[test]
    fn a_mask_is_written_as_the_kernel_does() {
        let text = serde_json::to_string(&Mask(0xa804_25fb)).expect("json");
        assert_eq!(text, "\"00000000a80425fb\"");
        assert_eq!(
            serde_json::from_str::<Mask>(&text).expect("a mask"),
            Mask(0xa804_25fb)
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,400}") {
            Status::parse(&text);
        }

        #[test]
        fn lines_of_known_keys_never_panic(key in "Name|Uid|Gid|Groups|CapBnd|NoNewPrivs|Seccomp", value in ".{0,60}") {
            Status::parse(&format!("{key}:{value}"));
        }
    }
}
