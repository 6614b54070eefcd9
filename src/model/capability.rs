//! Linux capabilities: their names, numbers and masks.
//!
//! capabilities(7); numbers from `include/uapi/linux/capability.h`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The names in the order of their numbers: `CAP_CHOWN` is 0.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// One capability.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capability(u8);

impl Capability {
    /// `CAP_CHOWN`.
    pub const CHOWN: Self = Self(0);
    /// `CAP_DAC_OVERRIDE`.
    pub const DAC_OVERRIDE: Self = Self(1);
    /// `CAP_DAC_READ_SEARCH`.
    pub const DAC_READ_SEARCH: Self = Self(2);
    /// `CAP_FOWNER`.
    pub const FOWNER: Self = Self(3);
    /// `CAP_KILL`.
    pub const KILL: Self = Self(5);
    /// `CAP_SETGID`.
    pub const SETGID: Self = Self(6);
    /// `CAP_SETUID`.
    pub const SETUID: Self = Self(7);
    /// `CAP_NET_BIND_SERVICE`.
    pub const NET_BIND_SERVICE: Self = Self(10);
    /// `CAP_NET_RAW`.
    pub const NET_RAW: Self = Self(13);
    /// `CAP_IPC_LOCK`.
    pub const IPC_LOCK: Self = Self(14);
    /// `CAP_SYS_CHROOT`.
    pub const SYS_CHROOT: Self = Self(18);
    /// `CAP_MKNOD`.
    pub const MKNOD: Self = Self(27);
    /// `CAP_AUDIT_WRITE`.
    pub const AUDIT_WRITE: Self = Self(29);
    /// `CAP_SETFCAP`.
    pub const SETFCAP: Self = Self(31);

    /// The capability of this number, if it has a name.
    pub fn of_number(number: u8) -> Option<Self> {
        (usize::from(number) < NAMES.len()).then_some(Self(number))
    }

    /// The kernel's number.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// The name without `CAP_`, upper case: as Docker and Kubernetes write it.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// Every capability, by number.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).take(NAMES.len()).map(Self)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A word that names no capability.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no capability is called `{0}`")]
pub struct CapabilityError(String);

impl FromStr for Capability {
    type Err = CapabilityError;

    /// With or without `CAP_`, in any case, as container engines take it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let number = NAMES.iter().position(|known| *known == name);
        let number = number.and_then(|number| u8::try_from(number).ok());
        number
            .map(Self)
            .ok_or_else(|| CapabilityError(text.to_owned()))
    }
}

impl Serialize for Capability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A set of capabilities as the kernel keeps it: bit `n` is capability `n`. Bits without a name are kept.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapabilitySet(pub u64);

impl CapabilitySet {
    /// No capability.
    pub const NONE: Self = Self(0);
    /// Every capability with a name.
    pub const ALL: Self = Self((1 << NAMES.len()) - 1);
    /// What Docker and containerd leave a container without flags: 14 capabilities (moby `oci/caps/defaults.go`).
    pub const DOCKER_DEFAULT: Self = Self(0xa804_25fb);

    /// Whether `capability` is in the set.
    pub const fn contains(self, capability: Capability) -> bool {
        self.0 & (1 << capability.0) != 0
    }

    /// The set with `capability` in it.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | 1 << capability.0)
    }

    /// The set without `capability`.
    #[must_use]
    pub const fn without(self, capability: Capability) -> Self {
        Self(self.0 & !(1 << capability.0))
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its members with a name, by number.
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        Capability::all().filter(move |capability| self.contains(*capability))
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(members: I) -> Self {
        members.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for CapabilitySet {
    /// `CHOWN, SETUID`; `none` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (number, capability) in self.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{capability}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x} ({self})", self.0)
    }
}

impl Serialize for CapabilitySet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for CapabilitySet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Capability>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_in_every_spelling_that_engines_take() {
        for word in ["NET_ADMIN", "cap_net_admin", "CAP_NET_ADMIN", "Net_Admin"] {
            assert_eq!(word.parse::<Capability>().map(Capability::number), Ok(12));
        }
        assert!("ALL".parse::<Capability>().is_err());
    }

    #[test]
    fn the_default_of_docker_has_fourteen_members() {
        let names: Vec<_> = CapabilitySet::DOCKER_DEFAULT
            .iter()
            .map(Capability::name)
            .collect();
        assert_eq!(names.len(), 14);
        assert!(names.contains(&"NET_RAW") && !names.contains(&"SYS_ADMIN"));
    }

    #[test]
    fn a_set_reads_back() {
        let set = CapabilitySet::NONE
            .with(Capability::CHOWN)
            .with(Capability::SETUID);
        let text = serde_json::to_string(&set).expect("json");
        assert_eq!(text, r#"["CHOWN","SETUID"]"#);
        assert_eq!(
            serde_json::from_str::<CapabilitySet>(&text).expect("a set"),
            set
        );
        assert_eq!(set.to_string(), "CHOWN, SETUID");
    }
}
