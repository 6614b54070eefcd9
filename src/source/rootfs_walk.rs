//! The walk below a root folder, one entry a step: a tar header for each, and the open file where there is content.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat, statat};
use rustix::io::Errno;
use tar::{EntryType, Header};

use crate::model::GapKind;

use super::mounts::pseudo_devices;
use super::rootfs::SharedGaps;

/// Folders below each other that are entered: each holds a file descriptor, of which a process has 1024 by default. Real
/// trees stay below 60.
const DEEPEST_FOLDER: usize = 256;

/// A file of more than 1 GiB of which less than a thousandth is stored, such as `lastlog` of a machine with large user ids,
/// would be hours of zeros.
const SPARSE_SIZE: u64 = 1 << 30;
const SPARSE_SHARE: u64 = 1000;

const BLOCK: u64 = 512;

/// Walks a tree, folder by folder, names in byte order.
pub(super) struct Walk {
    folders: Vec<Folder>,
    pseudo: BTreeSet<(u32, u32)>,
    headers: tar::Builder<Vec<u8>>,
    /// What could not be read.
    pub(super) gaps: SharedGaps,
}

/// A folder that is being walked. Only its own names are held.
struct Folder {
    handle: OwnedFd,
    /// Its path below the root, with a slash at its end unless it is the root.
    path: Vec<u8>,
    /// The names that are still to come, last first.
    names: Vec<Vec<u8>>,
}

impl Walk {
    pub(super) fn new(root: File, gaps: SharedGaps) -> Self {
        let mut walk = Self {
            folders: Vec::new(),
            pseudo: pseudo_devices(),
            headers: tar::Builder::new(Vec::new()),
            gaps,
        };
        walk.enter(root.into(), Vec::new());
        walk
    }

    /// Puts the next header behind `ready`, and its content into `content`. False: that was the end of the archive.
    pub(super) fn step(
        &mut self,
        ready: &mut Vec<u8>,
        content: &mut Option<Content>,
    ) -> io::Result<bool> {
        let Some(folder) = self.folders.last_mut() else {
            self.headers.finish()?;
            ready.append(self.headers.get_mut());
            return Ok(false);
        };
        match folder.names.pop() {
            None => {
                self.folders.pop();
            }
            Some(name) => {
                let path = [&folder.path[..], &name].concat();
                if let Err(error) = self.entry(&name, &path, content) {
                    self.failed(&path, error);
                }
                ready.append(self.headers.get_mut());
            }
        }
        Ok(true)
    }

    fn entry(
        &mut self,
        name: &[u8],
        path: &[u8],
        content: &mut Option<Content>,
    ) -> Result<(), Errno> {
        let Some(folder) = self.folders.last() else {
            return Ok(());
        };
        let stat = statat(&folder.handle, name, AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => self.file(name, path, content),
            FileType::Directory => self.folder(name, path, &stat),
            FileType::Symlink => {
                let target = readlinkat(&folder.handle, name, Vec::new())?;
                self.link(path, target.as_bytes(), &stat)
            }
            FileType::CharacterDevice => self.device(path, &stat, EntryType::Char),
            FileType::BlockDevice => self.device(path, &stat, EntryType::Block),
            // Tar has no sockets; what matters is that there is something without content.
            _ => self.append(path, &mut header(&stat, EntryType::Fifo)),
        }
    }

    fn file(
        &mut self,
        name: &[u8],
        path: &[u8],
        content: &mut Option<Content>,
    ) -> Result<(), Errno> {
        let Some(folder) = self.folders.last() else {
            return Ok(());
        };
        // NONBLOCK: a FIFO that has just taken the file's place must not hold us up.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = openat(&folder.handle, name, flags, Mode::empty())?;
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            self.gaps.add(
                GapKind::UnreadableSource,
                path,
                "it changed while it was read",
            );
            return Ok(());
        }
        let size = u64::try_from(stat.st_size).unwrap_or(0);
        let stored = u64::try_from(stat.st_blocks)
            .unwrap_or(0)
            .saturating_mul(BLOCK);
        if size > SPARSE_SIZE && stored < size / SPARSE_SHARE {
            let detail = format!(
                "a sparse file of {size} bytes, of which {stored} are stored, was not read"
            );
            self.gaps.add(GapKind::LimitReached, path, detail);
            return Ok(());
        }
        let mut header = header(&stat, EntryType::Regular);
        header.set_size(size);
        self.append(path, &mut header)?;
        *content = Some(Content {
            file: Some(File::from(file)),
            size,
            left: size,
            path: path.to_vec(),
        });
        Ok(())
    }

    fn folder(&mut self, name: &[u8], path: &[u8], stat: &Stat) -> Result<(), Errno> {
        self.append(path, &mut header(stat, EntryType::Directory))?;
        if self.folders.len() >= DEEPEST_FOLDER {
            let detail = format!("folders nested deeper than {DEEPEST_FOLDER} are not read");
            self.gaps.add(GapKind::LimitReached, path, detail);
            return Ok(());
        }
        // Before it is opened: opening some of these mounts what lies behind.
        let device = (
            rustix::fs::major(stat.st_dev),
            rustix::fs::minor(stat.st_dev),
        );
        let Some(parent) = self
            .folders
            .last()
            .filter(|_| !self.pseudo.contains(&device))
        else {
            return Ok(());
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let handle = openat(&parent.handle, name, flags, Mode::empty())?;
        self.enter(handle, [path, b"/"].concat());
        Ok(())
    }

    fn enter(&mut self, handle: OwnedFd, path: Vec<u8>) {
        match names(&handle) {
            Ok(names) => self.folders.push(Folder {
                handle,
                path,
                names,
            }),
            Err(error) => self.failed(&path, error),
        }
    }

    fn device(&mut self, path: &[u8], stat: &Stat, kind: EntryType) -> Result<(), Errno> {
        let mut header = header(stat, kind);
        let numbers = (
            rustix::fs::major(stat.st_rdev),
            rustix::fs::minor(stat.st_rdev),
        );
        header
            .set_device_major(numbers.0)
            .and_then(|()| header.set_device_minor(numbers.1))
            .map_err(|error| self.take_back(&error))?;
        self.append(path, &mut header)
    }

    fn append(&mut self, path: &[u8], header: &mut Header) -> Result<(), Errno> {
        let appended = self.headers.append_data(header, as_path(path), io::empty());
        appended.map_err(|error| self.take_back(&error))
    }

    fn link(&mut self, path: &[u8], target: &[u8], stat: &Stat) -> Result<(), Errno> {
        let mut header = header(stat, EntryType::Symlink);
        let appended = self
            .headers
            .append_link(&mut header, as_path(path), as_path(target));
        appended.map_err(|error| self.take_back(&error))
    }

    /// A header that was half made, such as a long name without its file, must not go out.
    fn take_back(&mut self, error: &io::Error) -> Errno {
        self.headers.get_mut().clear();
        Errno::from_io_error(error).unwrap_or(Errno::INVAL)
    }

    fn failed(&mut self, path: &[u8], error: Errno) {
        // What went away between the folder's listing and now is not unread: it is not there.
        if error != Errno::NOENT {
            let reason = io::Error::from(error).kind().to_string();
            self.gaps.add(GapKind::UnreadableSource, path, reason);
        }
    }
}

/// The names in a folder, last first.
fn names(folder: &OwnedFd) -> Result<Vec<Vec<u8>>, Errno> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            names.push(name.to_vec());
        }
    }
    names.sort_unstable_by(|left, right| right.cmp(left));
    Ok(names)
}

/// A header with what a layer keeps of a file: kind, mode and owner; no time and no size.
fn header(stat: &Stat, kind: EntryType) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(stat.st_mode & 0o7777);
    header.set_uid(stat.st_uid.into());
    header.set_gid(stat.st_gid.into());
    header.set_mtime(0);
    header.set_size(0);
    header
}

fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The content of one file: exactly as many bytes as its header says, whatever becomes of the file meanwhile.
pub(super) struct Content {
    /// `None` once it has ended early: zeros follow.
    file: Option<File>,
    size: u64,
    left: u64,
    path: Vec<u8>,
}

impl Content {
    /// Bytes that are still to come.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Zeros that follow the content.
    pub(super) fn padding(&self) -> usize {
        usize::try_from((BLOCK - self.size % BLOCK) % BLOCK).unwrap_or(0)
    }

    /// Reads on; 0 only at the end, or when `buffer` is empty.
    pub(super) fn read(&mut self, buffer: &mut [u8], gaps: &SharedGaps) -> usize {
        let room = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        if buffer.is_empty() {
            return 0;
        }
        let read = loop {
            match self.file.as_mut().map(|file| file.read(buffer)) {
                Some(Err(error)) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let count = match read {
            Some(Ok(count)) if count > 0 => count,
            ended => {
                match ended {
                    Some(Ok(_)) => {
                        let detail = format!("it shrank by {} bytes while it was read", self.left);
                        gaps.add(GapKind::UnreadableSource, &self.path, detail);
                    }
                    Some(Err(error)) => {
                        gaps.add(
                            GapKind::UnreadableSource,
                            &self.path,
                            error.kind().to_string(),
                        );
                    }
                    None => {}
                }
                self.file = None;
                buffer.fill(0);
                buffer.len()
            }
        };
        self.left -= count as u64;
        count
    }
}
