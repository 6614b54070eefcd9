//! Entries whose header alone matters to the boundary, and only those: an image has a hundred thousand entries, a few hundred of them
//! are named. Owner and mode of all others are in the table of attributes.
//!
//! | entry | named where | why |
//! | --- | --- | --- |
//! | file | setuid or setgid; has file capabilities | it gives rights to whoever runs it |
//! | file | anybody can write it | whoever becomes anybody in the container changes it |
//! | file | it is code or configuration, and not root alone can write it | root may run or read it |
//! | file | below `etc`, and not everybody can read it | a service that no longer runs as root may need it |
//! | folder | anybody can write it, with or without sticky bit | a tmpfs over it keeps its mode |
//! | folder | its owner is not root, and not that of the folder above it | the root of a tree that a service writes |
//! | folder | a group other than root's can write it, and not the folder above it | the same, by group |
//! | link | near the root, of a program, an alternative, a log or a runtime folder | paths lead through it |
//! | device | always, but for overlayfs' whiteouts | it opens a device of the host |
//!
//! In a tree that belongs to one account, or that anybody can write, only its root is named, and what in it is code of the system:
//! who can write a folder can replace what it holds.

use super::reader::has_extension;
use crate::layers::{Detector, DetectorId, EntryHeader, EntryKind, Interest};
use crate::model::{
    CapabilitySet, EntryFact, EntryShape, FileCapabilities, Observation, path_file_name,
};

const SETUID_OR_SETGID: u32 = 0o6000;
const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;
/// Parts of a path of which links are named wherever they are: `bin`, `var/run`, `opt/app/current`.
const LINK_PARTS: usize = 3;

/// Names entries by their headers.
pub(super) struct Entries;

impl Detector for Entries {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "posture/entries",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[]
    }

    fn observes(&self) -> Option<usize> {
        Some(usize::MAX)
    }

    fn observe(&self, header: &EntryHeader<'_>) -> Option<Observation> {
        let entry = &header.entry;
        let (kind, is_named) = match entry.kind {
            EntryKind::File | EntryKind::HardLink => (EntryShape::File, is_named_file(header)),
            EntryKind::Directory => (EntryShape::Folder, is_named_folder(header)),
            EntryKind::Symlink => (EntryShape::Symlink, is_named_link(entry.path)),
            EntryKind::Special => {
                let is_device = header.device.is_some_and(|device| !device.is_whiteout());
                (EntryShape::Device, is_device)
            }
        };
        is_named.then(|| {
            Observation::Entry(EntryFact {
                kind,
                mode: entry.mode,
                uid: entry.uid,
                gid: entry.gid,
                target: header.target(),
                capabilities: header.capabilities.and_then(file_capabilities),
            })
        })
    }

    fn follows_links(&self) -> bool {
        false
    }
}

fn is_named_file(header: &EntryHeader<'_>) -> bool {
    let entry = &header.entry;
    let mode = entry.mode;
    if mode & SETUID_OR_SETGID != 0
        || header
            .capabilities
            .is_some_and(|bytes| file_capabilities(bytes).is_some())
    {
        return true;
    }
    if entry.path.starts_with("etc/") && mode & OTHERS_READ == 0 {
        return true;
    }
    if entry.uid == 0 && mode & (GROUP_WRITES | OTHERS_WRITE) == 0 {
        return false;
    }
    if is_of_the_system(entry.path) {
        return true;
    }
    let folder = header.folder;
    let is_open =
        mode & OTHERS_WRITE != 0 && !header.folder.is_some_and(|folder| is_open(folder.mode));
    let has_own_owner = entry.uid != 0 && folder.is_none_or(|folder| folder.uid != entry.uid);
    let has_own_group = mode & GROUP_WRITES != 0
        && folder.is_none_or(|folder| folder.mode & GROUP_WRITES == 0 || folder.gid != entry.gid);
    is_open || (has_own_owner || has_own_group) && is_code_or_configuration(entry.path)
}

/// Whether anybody can replace what is in a folder.
const fn is_open(mode: u32) -> bool {
    mode & OTHERS_WRITE != 0 && mode & STICKY == 0
}

fn is_named_folder(header: &EntryHeader<'_>) -> bool {
    let entry = &header.entry;
    let folder = header.folder;
    let is_writable = entry.mode & OTHERS_WRITE != 0
        && (entry.mode & STICKY != 0 || !folder.is_some_and(|folder| is_open(folder.mode)));
    let has_own_owner = entry.uid != 0 && folder.is_none_or(|folder| folder.uid != entry.uid);
    let has_own_group = entry.mode & GROUP_WRITES != 0
        && entry.gid != 0
        && folder.is_none_or(|folder| folder.mode & GROUP_WRITES == 0 || folder.gid != entry.gid);
    is_writable || has_own_owner || has_own_group
}

/// What root is sure to run or read: configuration, programs, and scripts that start a container.
fn is_of_the_system(path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else {
        return true;
    };
    let is_script = has_extension(name, "sh") || name.contains("entrypoint");
    path.starts_with("etc/") || is_program_folder(folder) || is_script
}

/// Whether programs lie directly in a folder: one called `bin` or `sbin`, wherever it is.
pub(super) fn is_program_folder(folder: &str) -> bool {
    matches!(path_file_name(folder), "bin" | "sbin")
}

fn is_code_or_configuration(path: &str) -> bool {
    const FOLDERS: [&str; 8] = [
        "bin/", "etc/", "lib/", "lib32/", "lib64/", "libx32/", "sbin/", "usr/",
    ];
    // Sources of an application lie there as a rule, not those of the system.
    let is_source = path.starts_with("usr/src/");
    let is_in_libexec = path.contains("/libexec/");
    is_in_libexec || !is_source && FOLDERS.iter().any(|folder| path.starts_with(folder))
}

fn is_named_link(path: &str) -> bool {
    const FOLDERS: [&str; 5] = [
        "etc/alternatives/",
        "run/",
        "var/lock/",
        "var/log/",
        "var/run/",
    ];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    // Libraries are linked by the hundred, and no setting names one.
    let is_near = path.split('/').count() <= LINK_PARTS && !name.contains(".so");
    is_near || is_program_folder(folder) || FOLDERS.iter().any(|folder| path.starts_with(folder))
}

/// Decodes `struct vfs_cap_data` (`include/uapi/linux/capability.h`): little-endian words, the first one with the revision in its
/// highest byte and the effective bit in its lowest. `None` for what the kernel does not take.
fn file_capabilities(bytes: &[u8]) -> Option<FileCapabilities> {
    let (words, []) = bytes.as_chunks::<4>() else {
        return None;
    };
    let word = |index: usize| {
        words
            .get(index)
            .map(|word| u64::from(u32::from_le_bytes(*word)))
    };
    let magic = word(0)?;
    // Revision 3 has the user that is root of its namespace at the end.
    let (permitted, inheritable) = match (magic >> 24, words.len()) {
        (1, 3) => (word(1)?, word(2)?),
        (2, 5) | (3, 6) => (word(3)? << 32 | word(1)?, word(4)? << 32 | word(2)?),
        _ => return None,
    };
    Some(FileCapabilities {
        permitted: CapabilitySet(permitted),
        inheritable: CapabilitySet(inheritable),
        effective: magic & 1 != 0,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::{Attributes, Device, Entry};
    use crate::model::{Capability, LayerPath};

    fn entry(kind: EntryKind, path: &str, mode: u32, uid: u64, gid: u64) -> EntryHeader<'_> {
        EntryHeader::of(Entry {
            kind,
            mode,
            uid,
            gid,
            ..Entry::file(path, 0)
        })
    }

    fn is_named(header: EntryHeader<'_>) -> bool {
        Entries.observe(&header).is_some()
    }

    fn within(header: EntryHeader<'_>, mode: u32, uid: u64, gid: u64) -> EntryHeader<'_> {
        EntryHeader {
            folder: Some(Attributes {
                mode,
                uid,
                gid,
                is_folder: true,
            }),
            ..header
        }
    }

    #[test]
    fn files_that_give_rights_or_that_others_can_change_are_named() {
        for (path, mode, uid, expected) in [
            ("usr/bin/su", 0o4755, 0, true),
            ("usr/bin/chage", 0o2755, 0, true),
            ("usr/bin/ls", 0o755, 0, false),
            ("srv/data", 0o644, 0, false),
            ("srv/data", 0o666, 0, true),
            ("srv/data", 0o644, 1000, false),
            ("srv/data", 0o664, 0, false),
            ("usr/lib/libc.so.6", 0o664, 0, true),
            ("usr/lib/libc.so.6", 0o644, 7, true),
            ("usr/src/app/index.js", 0o644, 1000, false),
            ("opt/venv/bin/app", 0o755, 1000, true),
            ("app/run.sh", 0o755, 1000, true),
            ("docker-entrypoint", 0o775, 0, true),
            ("etc/app.conf", 0o644, 1000, true),
            ("etc/app.conf", 0o640, 0, true),
            ("etc/app.conf", 0o644, 0, false),
            ("root/.bashrc", 0o600, 0, false),
        ] {
            for kind in [EntryKind::File, EntryKind::HardLink] {
                let named = is_named(entry(kind, path, mode, uid, 0));
                assert_eq!(named, expected, "{path} {mode:o} {uid}");
            }
        }
    }

    #[test]
    fn of_a_tree_with_one_owner_its_root_is_named_and_its_programs() {
        let file = |path| {
            within(
                entry(EntryKind::File, path, 0o644, 1000, 1000),
                0o755,
                1000,
                1000,
            )
        };
        assert!(!is_named(file("usr/lib/node_modules/a/index.js")));
        assert!(is_named(file("usr/lib/node_modules/a/bin/a")));
        let folder = |uid| {
            let header = entry(EntryKind::Directory, "var/lib/app/a", 0o755, 1000, 1000);
            within(header, 0o755, uid, 0)
        };
        assert!(!is_named(folder(1000)));
        assert!(is_named(folder(0)));
        assert!(is_named(entry(EntryKind::Directory, "a", 0o755, 1000, 0)));
    }

    #[test]
    fn of_a_tree_that_anybody_writes_its_root_is_named() {
        let open = |header| within(header, 0o777, 0, 0);
        assert!(!is_named(open(entry(
            EntryKind::File,
            "app/a",
            0o666,
            0,
            0
        ))));
        assert!(!is_named(open(entry(
            EntryKind::Directory,
            "app/a",
            0o777,
            0,
            0
        ))));
        assert!(is_named(entry(EntryKind::Directory, "app", 0o777, 0, 0)));
        assert!(is_named(entry(EntryKind::Directory, "tmp", 0o1777, 0, 0)));
        let below_tmp = entry(EntryKind::Directory, "tmp/a", 0o777, 0, 0);
        assert!(is_named(within(below_tmp, 0o1777, 0, 0)));
    }

    #[test]
    fn folders_that_a_group_writes_are_named_unless_it_is_that_of_root() {
        let folder = |gid| entry(EntryKind::Directory, "var/local", 0o2775, 0, gid);
        assert!(is_named(folder(50)));
        assert!(!is_named(folder(0)));
        assert!(!is_named(within(folder(50), 0o775, 0, 50)));
    }

    #[test]
    fn links_are_named_where_paths_lead_through_them() {
        for (path, expected) in [
            ("bin", true),
            ("var/run", true),
            ("opt/app/current", true),
            ("usr/bin/awk", true),
            ("usr/lib/jvm/java/bin/java", true),
            ("etc/alternatives/awk", true),
            ("var/log/nginx/access.log", true),
            ("usr/lib/libz.so.1", false),
            ("usr/share/zoneinfo/posix/UTC", false),
        ] {
            let named = is_named(entry(EntryKind::Symlink, path, 0o777, 0, 0));
            assert_eq!(named, expected, "{path}");
        }
    }

    #[test]
    fn a_link_says_where_it_leads() {
        let link = EntryHeader {
            link: b"../run",
            ..entry(EntryKind::Symlink, "var/run", 0o777, 0, 0)
        };
        let Some(Observation::Entry(fact)) = Entries.observe(&link) else {
            panic!("no entry");
        };
        assert_eq!(fact.target, Some(LayerPath::from("run")));
    }

    #[test]
    fn devices_are_named_and_whiteouts_of_overlayfs_are_not() {
        let device = |is_block, major, minor| EntryHeader {
            device: Some(Device {
                is_block,
                major,
                minor,
            }),
            ..entry(EntryKind::Special, "dev/x", 0o666, 0, 0)
        };
        assert!(is_named(device(false, 1, 3)));
        assert!(is_named(device(true, 0, 0)));
        assert!(!is_named(device(false, 0, 0)));
        assert!(!is_named(entry(
            EntryKind::Special,
            "run/fifo",
            0o666,
            0,
            0
        )));
    }

    #[test]
    fn capabilities_of_every_revision_are_decoded() {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        let net_raw = CapabilitySet::NONE.with(Capability::NET_RAW);
        for (bytes, effective) in [
            (words(&[0x0100_0001, 1 << 13, 0]), true),
            (words(&[0x0200_0001, 1 << 13, 0, 0, 0]), true),
            (words(&[0x0300_0000, 1 << 13, 0, 0, 0, 1000]), false),
        ] {
            let known = file_capabilities(&bytes).expect("capabilities");
            assert_eq!((known.permitted, known.effective), (net_raw, effective));
        }
        let high =
            file_capabilities(&words(&[0x0200_0000, 0, 0, 1 << 7, 0])).expect("capabilities");
        assert_eq!(high.permitted, CapabilitySet(1 << 39));
        for bytes in [
            words(&[0x0200_0001, 1]),
            words(&[0x0900_0001, 1, 0, 0, 0]),
            vec![1],
        ] {
            assert_eq!(file_capabilities(&bytes), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..32)) {
            let _ = file_capabilities(&bytes);
        }
    }
}
