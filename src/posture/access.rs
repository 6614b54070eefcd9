//! What an account of an image may do to a file of it: owner, group and mode as the kernel reads them.

use std::collections::BTreeSet;

use super::ImageView;
use crate::layers::Attributes;
use crate::model::LayerPath;

/// Written by its group, by all others; in a sticky folder only owners replace files.
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
const STICKY: u32 = 0o1000;

/// An account with its groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// User id.
    pub uid: u64,
    /// Every group: the primary one and the supplementary ones.
    pub gids: BTreeSet<u64>,
    /// The account's name, if `/etc/passwd` has it.
    pub name: Option<String>,
    /// Names of those of its groups that `/etc/group` has.
    pub groups: BTreeSet<String>,
}

impl Identity {
    /// As whom the image starts; `None` for a name that the image does not know. As engines do, supplementary groups count unless the
    /// config names a group (runc `user.GetExecUser`).
    pub fn of_image(view: &ImageView) -> Option<Self> {
        let user = view.run_user();
        let uid = user.uid?;
        let names_group = user.written.contains(':');
        let mut gids: BTreeSet<u64> = user.gid.into_iter().collect();
        if let Some(name) = user.name.as_ref().filter(|_| !names_group) {
            let member = |group: &&crate::model::Group| group.members.contains(name);
            gids.extend(view.groups().filter(member).map(|group| group.gid));
        }
        let groups = view.groups().filter(|group| gids.contains(&group.gid));
        let groups = groups.map(|group| group.name.clone()).collect();
        Some(Self {
            uid,
            gids,
            name: user.name,
            groups,
        })
    }

    /// Whether it may write: an owner can always give himself the right.
    pub fn may_write(&self, of: Attributes) -> bool {
        self.uid == 0
            || self.uid == of.uid
            || (of.mode & GROUP_WRITES != 0 && self.gids.contains(&of.gid))
            || of.mode & OTHERS_WRITE != 0
    }

    /// Whether it may execute.
    pub fn may_execute(&self, of: Attributes) -> bool {
        if self.uid == 0 {
            return of.mode & 0o111 != 0;
        }
        let class = if self.uid == of.uid {
            0o100
        } else if self.gids.contains(&of.gid) {
            0o010
        } else {
            0o001
        };
        of.mode & class != 0
    }

    /// The path by which it can change what is at `path`: the file itself, or a folder above in which it can put another one.
    pub fn can_change(&self, view: &ImageView, path: &str) -> Option<LayerPath> {
        let resolved = view.resolve(path);
        if resolved
            .attributes
            .is_some_and(|found| self.may_write(found))
        {
            return Some(resolved.path);
        }
        let mut folder = resolved.path.parent().map(str::to_owned);
        while let Some(path) = folder {
            let found = view.attributes(&path);
            if found.is_some_and(|found| self.may_replace_in(found)) {
                return Some(LayerPath::from(path.as_str()));
            }
            folder = LayerPath::from(path.as_str()).parent().map(str::to_owned);
        }
        None
    }

    /// In a sticky folder only the owner of the folder or of the file replaces it.
    fn may_replace_in(&self, folder: Attributes) -> bool {
        self.may_write(folder) && (folder.mode & STICKY == 0 || folder.uid == self.uid)
    }
}

/// Who in an image may write beside root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writers {
    /// Groups that some account other than root has.
    gids: BTreeSet<u64>,
}

impl Writers {
    /// Of the accounts and groups of an image, and the user that it declares.
    pub fn of_image(view: &ImageView) -> Self {
        let accounts = view.accounts().filter(|account| account.uid != 0);
        let mut gids: BTreeSet<u64> = accounts.map(|account| account.gid).collect();
        let has_members =
            |group: &&crate::model::Group| group.members.iter().any(|name| name != "root");
        gids.extend(view.groups().filter(has_members).map(|group| group.gid));
        let user = Identity::of_image(view).filter(|user| user.uid != 0);
        gids.extend(user.into_iter().flat_map(|user| user.gids));
        Self { gids }
    }

    /// Who beside root may write what has these attributes, in words; `None` if nobody. A group without members is nobody.
    pub fn beside_root(&self, of: Attributes) -> Option<String> {
        if of.mode & OTHERS_WRITE != 0 && !(of.is_folder && of.mode & STICKY != 0) {
            Some("everybody may write it".to_owned())
        } else if of.uid != 0 {
            Some(format!("uid {} owns it", of.uid))
        } else if of.mode & GROUP_WRITES != 0 && self.gids.contains(&of.gid) {
            Some(format!("gid {} may write it", of.gid))
        } else {
            None
        }
    }
}
