//! One writer at a time: a lock file beside the store.

use std::fs::{File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::AdvisoryError;
use crate::model::limits::read_at_most;

/// How long a second writer waits for the first: an import of everything takes seconds.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Takes the lock file beside the store, for as long as the returned file lives, and leaves this process's number in it, for whoever has to wait. The kernel lets
/// go of the lock when the process ends, however it ends.
pub(super) fn lock(store: &Path) -> Result<File, AdvisoryError> {
    lock_within(store, LOCK_PATIENCE)
}

fn lock_within(store: &Path, patience: Duration) -> Result<File, AdvisoryError> {
    let mut path = store.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let open_error = |source: io::Error| AdvisoryError::Open {
        path: store.to_owned(),
        source,
    };
    let mut file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(open_error)?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(open_error(error)),
            Err(TryLockError::WouldBlock) if waited < patience => {
                std::thread::sleep(LOCK_POLL);
                waited += LOCK_POLL;
            }
            Err(TryLockError::WouldBlock) => {
                return Err(AdvisoryError::Busy {
                    path: store.to_owned(),
                    holder: holder(&mut file),
                });
            }
        }
    }
    let write_number = |file: &mut File| -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "{}", std::process::id())
    };
    write_number(&mut file).map_err(open_error)?;
    Ok(file)
}

fn holder(file: &mut File) -> String {
    let text = read_at_most(&mut *file, 32).unwrap_or_default();
    String::from_utf8(text)
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
        .map_or_else(
            || "another process".to_owned(),
            |number| format!("process {number}"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_waits_and_then_says_who_holds_the_store() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("store.sqlite");
        let first = lock(&path).expect("first");
        let refused = lock_within(&path, Duration::from_millis(60)).expect_err("held");
        assert!(
            refused
                .to_string()
                .contains(&format!("process {}", std::process::id()))
        );
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || lock(&path).is_ok()
        });
        std::thread::sleep(Duration::from_millis(80));
        drop(first);
        assert!(waiting.join().expect("second"));
    }
}
