//! What is known of the image, if the user gives it beside the settings.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{FileCapabilities, LayerPath};

/// What a check of settings may ask of the image. Everything left empty is "not known", but for what says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// `USER` as the image's config writes it; empty is root.
    pub user: String,
    /// Its number; `None` for a name that the image's `/etc/passwd` does not have.
    pub uid: Option<u64>,
    /// The number of its primary group.
    pub gid: Option<u64>,
    /// Accounts of `/etc/passwd`: name, then user and group id.
    pub accounts: BTreeMap<String, (u64, u64)>,
    /// Setuid files that the container sees, sorted.
    pub setuid_files: Vec<LayerPath>,
    /// Files with capabilities that the container sees, sorted by path.
    pub file_capabilities: Vec<(LayerPath, FileCapabilities)>,
    /// The program that the image starts, with its links followed.
    pub start_program: Option<LayerPath>,
    /// `VOLUME`s.
    pub volumes: Vec<LayerPath>,
    /// `EXPOSE`d ports with their protocol.
    pub exposed_ports: Vec<(u16, String)>,
    /// Owner, group and permission bits of folders, by path.
    pub folders: BTreeMap<LayerPath, FolderFacts>,
    /// Whether it has a `HEALTHCHECK`; `None`: its format has no place for one.
    pub has_healthcheck: Option<bool>,
    /// Names of its environment's variables.
    pub environment_names: BTreeSet<String>,
}

/// A folder of the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FolderFacts {
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Permission bits.
    pub mode: u32,
}

impl FolderFacts {
    /// Whether a process of this user and group can make files in it (without capabilities).
    pub const fn is_writable_by(self, uid: u64, gid: Option<u64>) -> bool {
        if self.uid == uid {
            return self.mode & 0o300 == 0o300;
        }
        if let Some(gid) = gid
            && self.gid == gid
        {
            return self.mode & 0o030 == 0o030;
        }
        self.mode & 0o003 == 0o003
    }
}
