//! What programs and libraries tell about what they are made of: what their compilers and linkers wrote into them.
//!
//! What comes in: a file that begins as ELF, PE or Mach-O do. What goes out: the packages that are compiled in, and a gap where
//! it is plain that something is, but not what. The tables are read once ([`executable`]); then each of the readers
//! looks for its own section; no code is followed. What tells nothing of this kind can still be [`known`] by its name and a version
//! in its text: that is a heuristic, and marked so. Nothing here runs, loads or unpacks a program.

mod executable;
mod go;
pub(super) mod known;
mod note;
mod packed;
mod pe;
mod rust;

pub(super) use self::go::has_unknown_modules;
pub(super) use self::note::is_note;

use self::executable::Executable;
use super::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};

/// Takes from one program what its reader knows.
type Reader = fn(&Executable<'_>, &Entry<'_>, &mut Harvest<'_>);

/// One line for each.
const READERS: [Reader; 4] = [go::read, rust::read, note::read, pe::read];

/// Reads programs and libraries.
pub(in crate::inventory) struct Binary;

impl Detector for Binary {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "binary",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &executable::INTERESTS
    }

    /// How large a file may be is the walk's affair: a program is read where it lies. A Java class begins as a universal
    /// program does.
    fn wants(&self, entry: &Entry<'_>) -> Want {
        let ending = entry.file_name().rsplit_once('.');
        if ending.is_some_and(|(_, ending)| ending == "class") {
            Want::Skip
        } else {
            Want::Whole { limit: u64::MAX }
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let mut harvest = Harvest::of(file.entry.path);
        for executable in executable::executables(file.bytes) {
            if let Some(damage) = executable.damage {
                harvest.unreadable(format!("it is damaged: {damage}"));
            }
            if packed::is_packed(&executable) {
                harvest.unreadable("it is packed with UPX: what it is made of cannot be read");
                continue;
            }
            for read in READERS {
                read(&executable, &file.entry, &mut harvest);
            }
        }
        let mut facts = harvest.finish();
        // A universal program has the same packages once for each processor.
        facts.packages.sort_unstable();
        facts.packages.dedup();
        facts.gaps.sort_unstable();
        facts.gaps.dedup();
        Ok(facts)
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod written;
