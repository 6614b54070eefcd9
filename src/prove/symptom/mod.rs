//! What a log tells of a denied operation: the operation, the error and the path, and nothing else of the line.
//!
//! A log can hold secrets. Only lines with an error text of the C library (errno(3)) are looked at, and no other word of them is kept.

use serde::{Deserialize, Serialize};

use crate::model::LayerPath;

/// Lines of a log that are looked at: the last ones.
pub(super) const LINES: usize = 400;
/// Bytes of a path that is taken from a log: beyond, it is none.
const LONGEST_PATH: usize = 256;

/// An error of the kernel that a restriction can cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Errno {
    /// Operation not permitted.
    #[serde(rename = "EPERM")]
    NotPermitted,
    /// Permission denied.
    #[serde(rename = "EACCES")]
    Denied,
    /// Read-only file system.
    #[serde(rename = "EROFS")]
    ReadOnly,
    /// No space left on device.
    #[serde(rename = "ENOSPC")]
    NoSpace,
    /// No such file or directory.
    #[serde(rename = "ENOENT")]
    Missing,
    /// Cannot fork or allocate: a limit of processes or memory.
    #[serde(rename = "EAGAIN")]
    Limit,
}

impl Errno {
    /// The symbol of errno(3).
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::NotPermitted => "EPERM",
            Self::Denied => "EACCES",
            Self::ReadOnly => "EROFS",
            Self::NoSpace => "ENOSPC",
            Self::Missing => "ENOENT",
            Self::Limit => "EAGAIN",
        }
    }
}

/// The text of each error, lower case, as the C library and language runtimes write it.
const TEXTS: [(&str, Errno); 8] = [
    ("read-only file system", Errno::ReadOnly),
    ("operation not permitted", Errno::NotPermitted),
    ("permission denied", Errno::Denied),
    ("no space left on device", Errno::NoSpace),
    ("resource temporarily unavailable", Errno::Limit),
    ("cannot allocate memory", Errno::Limit),
    ("no such file or directory", Errno::Missing),
    ("not a directory", Errno::Missing),
];

/// What was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Change of a file's owner.
    Chown,
    /// Change of a file's mode.
    Chmod,
    /// Change of the user or the groups.
    ChangeUser,
    /// Listening on a port or socket.
    Bind,
    /// A new folder.
    MakeFolder,
    /// A signal to another process.
    Kill,
    /// Change of the root.
    Chroot,
    /// A mount.
    Mount,
    /// Start of a program.
    Execute,
    /// Start of a process or thread.
    Fork,
    /// Opening a file, or anything else with a path.
    Open,
    /// It is not said.
    Other,
}

impl Operation {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chown => "chown",
            Self::Chmod => "chmod",
            Self::ChangeUser => "setuid/setgid",
            Self::Bind => "bind",
            Self::MakeFolder => "mkdir",
            Self::Kill => "kill",
            Self::Chroot => "chroot",
            Self::Mount => "mount",
            Self::Execute => "exec",
            Self::Fork => "fork",
            Self::Open => "open",
            Self::Other => "an operation",
        }
    }
}

/// Words that name an operation, in the order in which they are looked for. Tried on messages of nginx, Redis, PostgreSQL, Apache,
/// coreutils, util-linux, gosu, su-exec, shells, Python, Node and Go.
const WORDS: [(&str, Operation); 35] = [
    ("setresuid", Operation::ChangeUser),
    ("setresgid", Operation::ChangeUser),
    ("setgroups", Operation::ChangeUser),
    ("initgroups", Operation::ChangeUser),
    ("setuid", Operation::ChangeUser),
    ("setgid", Operation::ChangeUser),
    ("set group id", Operation::ChangeUser),
    ("set user id", Operation::ChangeUser),
    ("failed switching to", Operation::ChangeUser),
    ("chown", Operation::Chown),
    ("changing ownership", Operation::Chown),
    ("change ownership", Operation::Chown),
    ("changing group", Operation::Chown),
    ("set ownership", Operation::Chown),
    ("chmod", Operation::Chmod),
    ("changing permissions", Operation::Chmod),
    ("change permissions", Operation::Chmod),
    ("set permissions", Operation::Chmod),
    ("chroot", Operation::Chroot),
    ("mkdir", Operation::MakeFolder),
    ("create directory", Operation::MakeFolder),
    ("bind", Operation::Bind),
    ("listen tcp", Operation::Bind),
    ("make_sock", Operation::Bind),
    ("lock file", Operation::Open),
    ("mount", Operation::Mount),
    ("kill", Operation::Kill),
    ("exec", Operation::Execute),
    ("fork", Operation::Fork),
    ("pthread_create", Operation::Fork),
    ("thread", Operation::Fork),
    ("open", Operation::Open),
    ("creat", Operation::Open),
    ("touch", Operation::Open),
    ("write", Operation::Open),
];

/// One denied operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Symptom {
    /// What was tried.
    pub operation: Operation,
    /// What the kernel said.
    pub errno: Errno,
    /// On what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<LayerPath>,
}

impl Symptom {
    /// What a line of a log tells, if it tells of a denied operation.
    pub fn of_line(line: &str) -> Option<Self> {
        let lower = line.to_ascii_lowercase();
        let (position, errno) = TEXTS
            .iter()
            .find_map(|(text, errno)| lower.find(text).map(|position| (position, *errno)))?;
        let path = path_in(line, position);
        let word = WORDS.iter().find(|(word, _)| has_word(&lower, word));
        let operation = match word {
            Some((_, operation)) => *operation,
            // A shell that cannot start a program names it first: `sh: 1: /app/run: Permission denied`.
            None if path.is_some() => Operation::Open,
            None => Operation::Other,
        };
        Some(Self {
            operation,
            errno,
            path,
        })
    }

    /// For people: `mkdir /var/lib/nginx/body: EROFS`.
    pub fn text(&self) -> String {
        let path = self.path.as_ref().map(|path| format!(" {path}"));
        format!(
            "{}{}: {}",
            self.operation.name(),
            path.unwrap_or_default(),
            self.errno.symbol()
        )
    }
}

/// What the lines tell: each symptom once, in the order of its first line.
pub(super) fn of_log(log: &str) -> Vec<Symptom> {
    let mut found = Vec::new();
    for symptom in log.lines().filter_map(Symptom::of_line) {
        if !found.contains(&symptom) {
            found.push(symptom);
        }
    }
    found
}

/// Whether `word` stands in `text` and no letter stands before it: `bind` is in `bind()` and not in `rebind`. Part of a path is not a word:
/// `/run/lock file` has no `run`.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(position, _)| {
        let before = text
            .get(..position)
            .and_then(|text| text.chars().next_back());
        before.is_none_or(|c| !c.is_ascii_alphanumeric() && !matches!(c, '/' | '.' | '-' | '_'))
    })
}

/// The path that an error is about: the last one before the error's text, or the first one behind it.
fn path_in(line: &str, position: usize) -> Option<LayerPath> {
    let before = line.get(..position).unwrap_or_default();
    let after = line.get(position..).unwrap_or_default();
    let found = paths(before).last().or_else(|| paths(after).next())?;
    // A port of all addresses is no path; neither is a URL.
    (found.len() <= LONGEST_PATH).then(|| LayerPath::from(found))
}

fn paths(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '"' | '\'' | '`' | ',' | ';' | ')' | '(' | '=' | '“' | '”' | '‘' | '’'
            )
    };
    text.split(is_end)
        .map(|word| word.trim_end_matches([':', '.', ']']))
        .filter(|word| word.len() > 1 && word.starts_with('/') && !word.starts_with("//"))
}

#[cfg(test)]
mod tests;
