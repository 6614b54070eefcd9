//! A folder beside the store for what is on its way into it, gone whatever happens.
//!
//! A process that is killed cannot take its own away: the next one does, and tells by a lock, which the kernel lets go of,
//! that nobody works in it any more.

use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::TempDir;

const LOCK: &str = "lock";

/// The folder, as long as this lives.
pub(super) struct Workspace {
    folder: TempDir,
    /// Held, so that nobody else takes the folder away.
    _lock: File,
}

impl Workspace {
    /// Makes the folder, and the one that the store lies in; takes away those that were left.
    pub(super) fn beside(store: &Path) -> io::Result<Self> {
        let parent = store
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent)?;
        let name = store.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.pull-");
        remove_left_over(parent, &prefix);
        let folder = tempfile::Builder::new()
            .prefix(&prefix)
            .tempdir_in(parent)?;
        // Under another name until it is locked: a lock that is free is one that was left.
        let fresh = folder.path().join("new");
        let lock = File::create(&fresh)?;
        lock.lock()?;
        std::fs::rename(fresh, folder.path().join(LOCK))?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What cannot be taken away is in nobody's way.
fn remove_left_over(parent: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(prefix)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        let lock = File::open(entry.path().join(LOCK));
        if is_ours && lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).expect("a folder").count()
    }

    #[test]
    fn a_folder_that_was_left_is_taken_away_and_one_in_use_is_not() {
        let place = tempfile::tempdir().expect("a folder");
        let store = place.path().join("data/store.db");
        let data = place.path().join("data");
        let first = Workspace::beside(&store).expect("a workspace");
        let second = Workspace::beside(&store).expect("another");
        assert!(first.path().exists() && second.path().exists());
        let left = data.join(".store.db.pull-killed");
        std::fs::create_dir(&left).expect("a folder");
        File::create(left.join(LOCK)).expect("a lock that nobody holds");
        let unlike = data.join("store.db.pull-mine");
        std::fs::create_dir(&unlike).expect("a folder");
        File::create(unlike.join(LOCK)).expect("a file");
        drop(Workspace::beside(&store).expect("a third"));
        assert!(first.path().exists() && !left.exists() && unlike.exists());
        drop((first, second));
        assert_eq!(entries(&data), 1);
    }
}
