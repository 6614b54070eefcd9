//! From a failure to the one relaxation that answers it.
//!
//! Pure: what the log told, the settings, and what is known of the image. A failure that is not understood is said to be so; nothing is
//! relaxed by guess.

mod place;

use serde::{Deserialize, Serialize};

use super::settings::{Settings, WritablePlace};
use super::symptom::{Errno, Operation, Symptom};
use super::wait::End;
use crate::model::{Capability, CapabilitySet, LayerPath};

pub(super) use place::folder_of;

/// How much a limit is raised.
const RAISE: u64 = 2;
/// Bytes of memory, and processes, beyond which no limit is raised.
const MOST_MEMORY: u64 = 8 << 30;
const MOST_PIDS: u64 = 8192;

/// A change of settings that gives the container more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Change {
    /// A tmpfs at this place.
    Tmpfs {
        /// Where.
        path: LayerPath,
        /// Owner.
        uid: u64,
        /// Group.
        gid: u64,
    },
    /// A volume at this place: a tmpfs would hide the image's files.
    Volume {
        /// Where.
        path: LayerPath,
    },
    /// Another owner of a planned tmpfs.
    Owner {
        /// Where.
        path: LayerPath,
        /// Owner.
        uid: u64,
        /// Group.
        gid: u64,
    },
    /// A larger tmpfs.
    Size {
        /// Where.
        path: LayerPath,
        /// Bytes.
        bytes: u64,
    },
    /// More capabilities.
    Capabilities {
        /// Which.
        added: CapabilitySet,
    },
    /// Ports below 1024 for everybody in the container's own network.
    LowPorts,
    /// More memory.
    Memory {
        /// Bytes.
        bytes: u64,
    },
    /// More processes.
    Pids {
        /// How many.
        count: u64,
    },
    /// Start as root, as the image itself does.
    Root,
    /// A root file system that can be written.
    WritableRoot,
}

impl Change {
    /// Applies it.
    pub fn apply(&self, settings: &mut Settings) {
        let at =
            |settings: &mut Settings, wanted: &LayerPath, change: &dyn Fn(&mut WritablePlace)| {
                let place = settings
                    .writable
                    .iter_mut()
                    .find(|place| place.path == *wanted);
                if let Some(place) = place {
                    change(place);
                }
            };
        match self {
            Self::Tmpfs { path, uid, gid } => {
                settings
                    .writable
                    .push(WritablePlace::tmpfs(path.clone(), *uid, *gid));
            }
            Self::Volume { path } => settings.writable.push(WritablePlace::volume(path.clone())),
            Self::Owner { path, uid, gid } => at(settings, path, &|place| {
                (place.uid, place.gid) = (*uid, *gid);
            }),
            Self::Size { path, bytes } => {
                at(settings, path, &|place| place.tmpfs_size = Some(*bytes));
            }
            Self::Capabilities { added } => {
                settings.capabilities = CapabilitySet(settings.capabilities.0 | added.0);
            }
            Self::LowPorts => {
                let name = "net.ipv4.ip_unprivileged_port_start".to_owned();
                settings.sysctls.insert(name, "0".to_owned());
            }
            Self::Memory { bytes } => settings.memory = Some(*bytes),
            Self::Pids { count } => settings.pids = Some(*count),
            Self::Root => settings.user = Some("0:0".to_owned()),
            Self::WritableRoot => settings.read_only = false,
        }
        settings.writable.sort();
    }

    /// For people, in the words of `docker run`.
    pub fn text(&self) -> String {
        match self {
            Self::Tmpfs { path, uid, gid } => format!("--tmpfs {path}:uid={uid},gid={gid}"),
            Self::Volume { path } => format!("--volume {path}"),
            Self::Owner { path, uid, gid } => format!("--tmpfs {path} with uid={uid},gid={gid}"),
            Self::Size { path, bytes } => format!("--tmpfs {path} with size={bytes}"),
            Self::Capabilities { added } => {
                let words: Vec<String> = added
                    .iter()
                    .map(|kept| format!("--cap-add {kept}"))
                    .collect();
                words.join(" ")
            }
            Self::LowPorts => "--sysctl net.ipv4.ip_unprivileged_port_start=0".to_owned(),
            Self::Memory { bytes } => format!("--memory {bytes}"),
            Self::Pids { count } => format!("--pids-limit {count}"),
            Self::Root => "--user 0:0".to_owned(),
            Self::WritableRoot => "no --read-only".to_owned(),
        }
    }
}

/// A relaxation that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relaxation {
    /// What was relaxed.
    pub change: Change,
    /// Why: the failure that it answers.
    pub reason: String,
    /// The round that failed without it.
    pub round: u32,
    /// Whether the container fails without it and with all others; `None`: not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed: Option<bool>,
}

/// What a failure comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proposal {
    /// This is relaxed.
    Relax(Change, String),
    /// The program lacks a capability of its own file.
    FileCapability(Option<LayerPath>, String),
    /// It fails where it writes, and does not say where: a try with a writable root tells.
    SeeWrites(String),
    /// It is not understood, or nothing within these rules helps.
    Nothing(String),
}

/// What the proposals rest on.
pub(super) struct Failure<'a> {
    pub(super) settings: &'a Settings,
    /// How it ended: the second start, if that was reached.
    pub(super) end: &'a End,
    pub(super) symptoms: &'a [Symptom],
    /// Whether the image starts as root by itself.
    pub(super) image_is_root: bool,
    /// Volumes that the image declares.
    pub(super) volumes: &'a [LayerPath],
}

impl Failure<'_> {
    /// Whether the container starts as root.
    fn is_root(&self) -> bool {
        match &self.settings.user {
            Some(_) => self.settings.ids().is_some_and(|(uid, _)| uid == 0),
            None => self.image_is_root,
        }
    }

    fn has(&self, capability: Capability) -> bool {
        self.settings.capabilities.contains(capability)
    }

    /// Whether a path is in a volume, planned or the image's.
    fn is_in_volume(&self, path: &LayerPath) -> bool {
        let planned = self
            .settings
            .place_of(path)
            .is_some_and(|place| !place.is_tmpfs());
        planned
            || self
                .volumes
                .iter()
                .any(|volume| path.is_within(volume.as_str()))
    }
}

/// The relaxation that answers a failure. The last thing that a log tells is what it ended with: it is looked at first.
pub(super) fn propose(failure: &Failure<'_>) -> Proposal {
    if let End::Exited {
        out_of_memory: true,
        ..
    } = failure.end
    {
        return more_memory(failure.settings, "it was killed for want of memory");
    }
    let mut others = Vec::new();
    for symptom in failure.symptoms.iter().rev() {
        match answer(failure, symptom) {
            Proposal::Nothing(why) => others.push(why),
            proposal => return proposal,
        }
    }
    if !others.is_empty() {
        return Proposal::Nothing(others.join("; "));
    }
    if failure.settings.read_only {
        return Proposal::SeeWrites(format!(
            "it {}, and its log does not say why",
            failure.end.text()
        ));
    }
    Proposal::Nothing(format!(
        "it {}, and its log tells of no denied operation",
        failure.end.text()
    ))
}

fn answer(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    match symptom.errno {
        Errno::ReadOnly => read_only(failure, symptom),
        Errno::NotPermitted => not_permitted(failure, symptom),
        Errno::Denied => denied(failure, symptom),
        Errno::Missing => missing(failure, symptom),
        Errno::NoSpace => no_space(failure, symptom),
        Errno::Limit if matches!(symptom.operation, Operation::Fork) => match failure.settings.pids
        {
            Some(pids) if pids < MOST_PIDS => Proposal::Relax(
                Change::Pids {
                    count: pids.saturating_mul(RAISE),
                },
                text,
            ),
            _ => Proposal::Nothing(text),
        },
        Errno::Limit => more_memory(failure.settings, &text),
    }
}

fn more_memory(settings: &Settings, reason: &str) -> Proposal {
    match settings.memory {
        Some(bytes) if bytes < MOST_MEMORY => Proposal::Relax(
            Change::Memory {
                bytes: bytes.saturating_mul(RAISE),
            },
            reason.to_owned(),
        ),
        _ => Proposal::Nothing(reason.to_owned()),
    }
}

fn read_only(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    let Some(path) = &symptom.path else {
        return Proposal::SeeWrites(text);
    };
    match folder_of(path, symptom.operation == Operation::MakeFolder) {
        Some(folder)
            if failure
                .settings
                .place_of(&folder)
                .is_none_or(|place| place.path != folder) =>
        {
            Proposal::Relax(tmpfs(failure.settings, folder), text)
        }
        Some(_) => Proposal::Nothing(format!("{text}, although that is a writable place")),
        None => Proposal::Relax(
            Change::WritableRoot,
            format!("{text}: it writes into a folder that nothing can be mounted over"),
        ),
    }
}

/// A tmpfs that belongs to the planned user. A folder that the image gives to somebody else keeps its owner: see `run`.
fn tmpfs(settings: &Settings, path: LayerPath) -> Change {
    let (uid, gid) = settings.ids().unwrap_or_default();
    Change::Tmpfs { path, uid, gid }
}

fn not_permitted(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    let needed: &[Capability] = match symptom.operation {
        Operation::Chown => &[Capability::CHOWN],
        Operation::Chmod => &[Capability::FOWNER],
        // One alone does not do: whoever changes the user changes the groups first.
        Operation::ChangeUser => &[Capability::SETUID, Capability::SETGID],
        Operation::Kill => &[Capability::KILL],
        Operation::Chroot => &[Capability::SYS_CHROOT],
        Operation::Bind => return low_ports(failure, text),
        Operation::Execute => return Proposal::FileCapability(symptom.path.clone(), text),
        Operation::Open if failure.is_root() && symptom.path.is_some() => &[Capability::FOWNER],
        _ => return Proposal::Nothing(format!("{text}: what it needs for that is not known")),
    };
    granted(failure, needed, text)
}

/// Capabilities for root. To anybody else they would give nothing: an engine sets no ambient capabilities.
fn granted(failure: &Failure<'_>, needed: &[Capability], text: String) -> Proposal {
    let added: CapabilitySet = needed
        .iter()
        .copied()
        .filter(|needed| !failure.has(*needed))
        .collect();
    if !failure.is_root() {
        return if failure.image_is_root {
            Proposal::Relax(
                Change::Root,
                format!("{text}: only root can, and the image starts as root"),
            )
        } else {
            Proposal::Nothing(format!(
                "{text}: only root can, and a capability gives nothing to another user"
            ))
        };
    }
    if added.is_empty() {
        return Proposal::Nothing(format!("{text}, although it has the capability"));
    }
    Proposal::Relax(Change::Capabilities { added }, text)
}

fn low_ports(failure: &Failure<'_>, text: String) -> Proposal {
    let sysctl = "net.ipv4.ip_unprivileged_port_start";
    if failure.is_root() {
        granted(failure, &[Capability::NET_BIND_SERVICE], text)
    } else if failure.settings.sysctls.contains_key(sysctl) {
        Proposal::Nothing(format!("{text}, although every port is open to it"))
    } else {
        Proposal::Relax(Change::LowPorts, text)
    }
}

fn denied(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    let settings = failure.settings;
    let Some(path) = &symptom.path else {
        return match symptom.operation {
            Operation::Bind => low_ports(failure, text),
            Operation::Open | Operation::Other | Operation::MakeFolder if failure.is_root() => {
                granted(failure, &[Capability::DAC_OVERRIDE], text)
            }
            _ => Proposal::Nothing(format!("{text}: it does not say on what")),
        };
    };
    // A socket's path: no port.
    let (uid, gid) = settings.ids().unwrap_or_default();
    if let Some(place) = settings.place_of(path).filter(|place| place.is_tmpfs())
        && (place.uid, place.gid) != (uid, gid)
    {
        let path = place.path.clone();
        return Proposal::Relax(Change::Owner { path, uid, gid }, text);
    }
    if failure.is_root() {
        return granted(
            failure,
            &[Capability::DAC_OVERRIDE],
            format!("{text}: root without DAC_OVERRIDE is bound by owner and mode"),
        );
    }
    if failure.is_in_volume(path) {
        return if failure.image_is_root {
            Proposal::Relax(
                Change::Root,
                format!("{text}: the volume belongs to somebody else"),
            )
        } else {
            Proposal::Nothing(format!(
                "{text}: the volume's folder has to belong to {uid}:{gid} in the image"
            ))
        };
    }
    match folder_of(path, symptom.operation == Operation::MakeFolder) {
        Some(folder) if settings.place_of(path).is_none() => {
            Proposal::Relax(tmpfs(settings, folder), text)
        }
        _ => Proposal::Nothing(format!("{text}: the image does not let user {uid} do that")),
    }
}

/// Something is missing that a tmpfs hides.
fn missing(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    let hidden = symptom.path.as_ref().filter(|path| {
        failure
            .settings
            .place_of(path)
            .is_some_and(WritablePlace::is_tmpfs)
    });
    let folder = hidden.and_then(|path| folder_of(path, false));
    match folder {
        Some(folder)
            if failure
                .settings
                .place_of(&folder)
                .is_none_or(|place| place.path != folder) =>
        {
            Proposal::Relax(
                tmpfs(failure.settings, folder),
                format!("{text}: a tmpfs hides it"),
            )
        }
        _ => Proposal::Nothing(text),
    }
}

fn no_space(failure: &Failure<'_>, symptom: &Symptom) -> Proposal {
    let text = symptom.text();
    let place = symptom
        .path
        .as_ref()
        .and_then(|path| failure.settings.place_of(path));
    match place.and_then(|place| Some((place, place.tmpfs_size?))) {
        Some((place, bytes)) if bytes > 0 && bytes < MOST_MEMORY => Proposal::Relax(
            Change::Size {
                path: place.path.clone(),
                bytes: bytes.saturating_mul(RAISE),
            },
            text,
        ),
        _ => Proposal::Nothing(text),
    }
}

#[cfg(test)]
mod tests;
