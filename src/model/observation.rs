//! What layers show of the container boundary: modes, owners, accounts, scripts, servers. Facts of single files, as `posture`'s
//! detectors see them; what they mean for the image is concluded from all of them.

use serde::{Deserialize, Serialize};

use super::{CapabilitySet, LayerPath};

/// One fact about one file. Never holds a value that could be a secret: no password hash, no argument of a command that was not on
/// a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// Owner, mode and kind of an entry worth naming: see `posture::entries` for which these are.
    Entry(EntryFact),
    /// Accounts: a line of `/etc/passwd`.
    Account(Account),
    /// A line of `/etc/group`.
    Group(Group),
    /// A line of `/etc/shadow`: what stands in the place of the password, never the hash.
    Password(PasswordState),
    /// A rule of sudo or doas that asks for no password.
    PasswordlessSudo {
        /// The line, from 1.
        line: u64,
        /// Whom it is for: `ALL`, `%wheel`, `app`.
        who: String,
    },
    /// What a program needs of the kernel and of other files.
    Program(ProgramFact),
    /// What a script does that takes rights or writes.
    Script(ScriptFact),
    /// A setting of a server's configuration that says where it writes, as whom it runs, or where it listens.
    Server(ServerSetting),
    /// A line of a `tmpfiles.d` file: what a service wants to find in `/run` and its kin.
    Tmpfile(Tmpfile),
    /// A source of packages that is used without a signature check.
    UnverifiedPackages {
        /// The line, from 1.
        line: u64,
        /// The setting, such as `[trusted=yes]` or `gpgcheck=0`.
        setting: String,
    },
    /// A program of the catalogue: a shell, a package manager, a debugger, …
    Tool(ToolKind),
    /// The file belongs to a cache of a package manager: which, and its bytes.
    PackageCache {
        /// `apt lists`, `apk`, `pip`, …
        of: String,
        /// Bytes.
        size: u64,
    },
    /// The dynamic linker loads these for every program (`/etc/ld.so.preload` is not empty).
    Preload,
}

impl Observation {
    /// Whether an entry's header alone shows it: another name for the same file does not have it for that.
    pub const fn is_of_header(&self) -> bool {
        matches!(
            self,
            Self::Entry(_) | Self::Tool(_) | Self::PackageCache { .. }
        )
    }

    /// The file capabilities that an entry has.
    pub fn capabilities(&self) -> Option<FileCapabilities> {
        match self {
            Self::Entry(entry) => entry.capabilities,
            _ => None,
        }
    }
}

/// An entry of a layer whose header alone matters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryFact {
    /// What it is.
    pub kind: EntryShape,
    /// Permission bits with setuid (04000), setgid (02000) and sticky (01000).
    pub mode: u32,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Where a symbolic link leads, resolved against its own folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<LayerPath>,
    /// Its file capabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<FileCapabilities>,
}

/// What an entry is, as far as the boundary is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryShape {
    /// A regular file, or another name for one.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Symlink,
    /// A character or block device that is no whiteout.
    Device,
    /// A FIFO, or what no engine unpacks.
    Other,
}

/// `security.capability` of a file: `struct vfs_cap_data` of `include/uapi/linux/capability.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileCapabilities {
    /// What the program may have.
    pub permitted: CapabilitySet,
    /// What it passes on.
    #[serde(default)]
    pub inheritable: CapabilitySet,
    /// Whether it has them at once: then a bounding set without them makes `exec` fail.
    pub effective: bool,
}

/// A line of `/etc/passwd` (passwd(5)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Account {
    /// The line, from 1.
    pub line: u64,
    /// Name.
    pub name: String,
    /// User id.
    pub uid: u64,
    /// Id of the primary group.
    pub gid: u64,
    /// Home folder as written.
    pub home: String,
    /// Shell as written; empty is `/bin/sh`.
    pub shell: String,
    /// Whether the password's field is empty here: with no shadow file it is then no password at all.
    pub has_empty_password: bool,
}

/// A line of `/etc/group` (group(5)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Group {
    /// The line, from 1.
    pub line: u64,
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u64,
    /// Accounts that are members beside those that have it as primary group.
    pub members: Vec<String>,
}

/// A line of `/etc/shadow` (shadow(5)), without what it protects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PasswordState {
    /// The line, from 1.
    pub line: u64,
    /// The account.
    pub name: String,
    /// What stands there.
    pub state: PasswordKind,
}

/// What can stand in the place of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordKind {
    /// Nothing: anybody logs in.
    Empty,
    /// `*`, `!`, `x` and kin: nobody does.
    Locked,
    /// A hash of a strong scheme (yescrypt, bcrypt, SHA-512, SHA-256).
    Strong,
    /// A hash of a scheme that is guessed fast: MD5, DES, NT.
    Weak,
}

/// What a program needs, told from its own bytes (ELF).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProgramFact {
    /// The dynamic linker that it asks for; `None` for a static program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<LayerPath>,
    /// Functions that it imports and that take rights, by name, sorted: `chown`, `setuid`, `setgroups`, `chroot`, `mknod`, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<String>,
}

/// What a script does that matters for rights.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScriptFact {
    /// The interpreter of its first line.
    pub interpreter: String,
    /// Commands that take rights or write, in order.
    pub causes: Vec<ScriptCause>,
    /// Whether it goes on in a way that is not understood (`eval`, `source` of an unknown file): then there may be more.
    pub is_opaque: bool,
}

/// One command of a script that takes rights or writes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ScriptCause {
    /// The line, from 1.
    pub line: u64,
    /// The command, without its folder: `chown`, `gosu`, `mkdir`.
    pub command: String,
    /// The account that it changes to or gives a file to, where it is said: `postgres`, `999`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Absolute paths among its arguments; a variable stands as written, `$PGDATA`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// A setting of a server's own configuration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerSetting {
    /// The line, from 1.
    pub line: u64,
    /// Which server: `nginx`, `apache`, `redis`, `postgres`, `sshd`, …
    pub server: String,
    /// What it says.
    pub setting: ServerSettingKind,
    /// Its value: an account, a path or a port.
    pub value: String,
}

/// What a server's setting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerSettingKind {
    /// The account that it changes to.
    User,
    /// A folder or file that it writes.
    Writes,
    /// A port that it listens on.
    Listens,
    /// It asks nobody who he is.
    NoAuthentication,
}

/// A line of tmpfiles.d(5).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tmpfile {
    /// The line, from 1.
    pub line: u64,
    /// The folder that is to be there.
    pub path: LayerPath,
    /// Its mode, octal as written; `None` for the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Its owner as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Its group as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// Kinds of program that a production image need not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ToolKind {
    /// `sh`, `bash`, `busybox`, …
    Shell,
    /// `apt-get`, `apk`, `dnf`, `pip`, `npm`, …
    PackageManager,
    /// `sudo`, `doas`, `pkexec`.
    PrivilegeTool,
    /// `gosu`, `su-exec`, `setpriv`, …: changes the account, for an entry point.
    StepDown,
    /// `sshd`, `dropbear`.
    SshServer,
    /// `gdb`, `strace`, …
    Debugger,
    /// `gcc`, `cc1`, `make`, …
    Compiler,
    /// `nmap`, `nc`, `socat`, `tcpdump`, `telnet`, …
    NetworkTool,
}
