//! Programs and libraries that no package tool need know, by what they are called and what they say of themselves.
//!
//! An image copies `redis-server` from a builder stage, downloads `kubectl` or unpacks a Node tarball: nothing records
//! that. Such a file is recognised by its name and a version string in its content; which names and which strings is in
//! `rules.toml`. The name decides what is read at all, the content what is reported: a file of a known name in which no
//! version is found, or several that contradict each other, yields nothing, since a name alone is no evidence.
//!
//! The version is the upstream's. A distribution fixes bugs without a new one: whether a package of the distribution owns
//! the file is concluded in `assemble`.

mod name;
mod rule;
#[cfg(test)]
mod tests;

use self::rule::{EMBEDDED, RULES};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Digest, path_file_name};

/// Reads programs of known names.
pub(in crate::inventory) struct Known;

/// How a program begins: ELF, PE, the forms of Mach-O (`mach-o/loader.h`, `mach-o/fat.h`), and a script.
const INTERESTS: [Interest; 8] = [
    Interest::Magic(b"\x7fELF"),
    Interest::Magic(b"MZ"),
    Interest::Magic(b"\xfe\xed\xfa\xce"),
    Interest::Magic(b"\xfe\xed\xfa\xcf"),
    Interest::Magic(b"\xce\xfa\xed\xfe"),
    Interest::Magic(b"\xcf\xfa\xed\xfe"),
    Interest::Magic(b"\xca\xfe\xba\xbe"),
    Interest::Magic(SCRIPT),
];

/// How a script begins, and a PHP archive that can be run.
const SCRIPT: &[u8] = b"#!";

impl Detector for Known {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "binary/known",
            version: 1,
        }
    }

    /// The rules are part of the cache key: a changed rule reads its files again.
    fn options(&self) -> String {
        Digest::sha256_of(EMBEDDED.as_bytes()).to_string()
    }

    fn interests(&self) -> &[Interest] {
        &INTERESTS
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let name = entry.file_name();
        if RULES.iter().any(|rule| rule.fits(name)) {
            // A browser or a database server has no natural limit: the walk's own limit of held bytes holds.
            Want::Whole { limit: u64::MAX }
        } else {
            Want::Skip
        }
    }

    /// A file is one program: the first rule that finds its version has it, so that forks stand before what they were
    /// forked from.
    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let name = path_file_name(file.entry.path);
        let is_script = file.bytes.starts_with(SCRIPT);
        let package = RULES
            .iter()
            .filter(|rule| rule.script == is_script && rule.fits(name))
            .find_map(|rule| rule.package(file.bytes));
        Ok(FileFacts::of_packages(package.into_iter().collect()))
    }
}
