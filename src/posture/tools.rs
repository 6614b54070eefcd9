//! Programs that a production image need not have, by name: in a folder called `bin` or `sbin`, as a file or a link. What a file
//! of that name really is, nobody looks at: a shell by another name is none here.

use super::entries::is_program_folder;
use crate::layers::{Detector, DetectorId, EntryHeader, EntryKind, Interest};
use crate::model::{Observation, ToolKind};

use ToolKind::{
    Compiler, Debugger, NetworkTool, PackageManager, PrivilegeTool, Shell, SshServer, StepDown,
};

/// The catalogue, sorted by name: one line for each. `su` is no privilege tool here: every distribution has it, and it is setuid,
/// which is told by itself.
const TOOLS: [(&str, ToolKind); 90] = [
    ("apk", PackageManager),
    ("apt", PackageManager),
    ("apt-get", PackageManager),
    ("aptitude", PackageManager),
    ("as", Compiler),
    ("ash", Shell),
    ("bash", Shell),
    ("bpftrace", Debugger),
    ("bundle", PackageManager),
    ("busybox", Shell),
    ("c++", Compiler),
    ("cargo", PackageManager),
    ("cc", Compiler),
    ("chpst", StepDown),
    ("clang", Compiler),
    ("clang++", Compiler),
    ("cmake", Compiler),
    ("composer", PackageManager),
    ("conda", PackageManager),
    ("cpp", Compiler),
    ("csh", Shell),
    ("dash", Shell),
    ("dnf", PackageManager),
    ("doas", PrivilegeTool),
    ("dpkg", PackageManager),
    ("dropbear", SshServer),
    ("easy_install", PackageManager),
    ("fish", Shell),
    ("g++", Compiler),
    ("gcc", Compiler),
    ("gdb", Debugger),
    ("gdbserver", Debugger),
    ("gem", PackageManager),
    ("gfortran", Compiler),
    ("go", Compiler),
    ("gosu", StepDown),
    ("javac", Compiler),
    ("ksh", Shell),
    ("ld", Compiler),
    ("lldb", Debugger),
    ("ltrace", Debugger),
    ("make", Compiler),
    ("mamba", PackageManager),
    ("masscan", NetworkTool),
    ("microdnf", PackageManager),
    ("micromamba", PackageManager),
    ("mksh", Shell),
    ("nc", NetworkTool),
    ("nc.openbsd", NetworkTool),
    ("nc.traditional", NetworkTool),
    ("ncat", NetworkTool),
    ("netcat", NetworkTool),
    ("nmap", NetworkTool),
    ("npm", PackageManager),
    ("npx", PackageManager),
    ("nsenter", Debugger),
    ("opkg", PackageManager),
    ("pacman", PackageManager),
    ("perf", Debugger),
    ("pip", PackageManager),
    ("pipx", PackageManager),
    ("pkexec", PrivilegeTool),
    ("pnpm", PackageManager),
    ("poetry", PackageManager),
    ("pwsh", Shell),
    ("rbash", Shell),
    ("rpm", PackageManager),
    ("rustc", Compiler),
    ("setpriv", StepDown),
    ("setuidgid", StepDown),
    ("sh", Shell),
    ("socat", NetworkTool),
    ("sshd", SshServer),
    ("strace", Debugger),
    ("su-exec", StepDown),
    ("sudo", PrivilegeTool),
    ("sudoedit", PrivilegeTool),
    ("tcpdump", NetworkTool),
    ("tcsh", Shell),
    ("tdnf", PackageManager),
    ("telnet", NetworkTool),
    ("tshark", NetworkTool),
    ("uv", PackageManager),
    ("uvx", PackageManager),
    ("valgrind", Debugger),
    ("yarn", PackageManager),
    ("yash", Shell),
    ("yum", PackageManager),
    ("zsh", Shell),
    ("zypper", PackageManager),
];

/// Names tools.
pub(super) struct Tools;

impl Detector for Tools {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "posture/tools",
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
        let (folder, name) = header.entry.path.rsplit_once('/')?;
        let is_program = is_program_folder(folder) && header.entry.kind != EntryKind::Directory;
        is_program.then(|| tool(name))?.map(Observation::Tool)
    }

    fn follows_links(&self) -> bool {
        false
    }
}

/// What a program of this name is: as it is in the catalogue, or with a version (`pip3.11`, `gcc-12`) or the kind of machine
/// (`x86_64-linux-gnu-gcc-12`).
fn tool(name: &str) -> Option<ToolKind> {
    let find = |name: &str| {
        let index = TOOLS.binary_search_by_key(&name, |(known, _)| known);
        TOOLS.get(index.ok()?).map(|(_, kind)| *kind)
    };
    find(name).or_else(|| {
        let plain = name.trim_end_matches(|sign: char| sign.is_ascii_digit() || sign == '.');
        let plain = plain.strip_suffix('-').unwrap_or(plain);
        let native = [
            "-linux-gnu-",
            "-linux-musl-",
            "-redhat-linux-",
            "-suse-linux-",
        ]
        .iter()
        .find_map(|system| plain.split_once(system))
        .map_or(plain, |(_, native)| native);
        find(native).filter(|_| native != name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::Entry;

    #[test]
    fn the_catalogue_is_sorted() {
        assert!(TOOLS.is_sorted_by(|(one, _), (other, _)| one < other));
    }

    #[test]
    fn names_are_known_with_their_versions() {
        for (name, expected) in [
            ("sh", Some(Shell)),
            ("pip3.11", Some(PackageManager)),
            ("pip3", Some(PackageManager)),
            ("nc.traditional", Some(NetworkTool)),
            ("g++-12", Some(Compiler)),
            ("x86_64-linux-gnu-gcc-12", Some(Compiler)),
            ("x86_64-alpine-linux-musl-gcc", Some(Compiler)),
            ("busybox", Some(Shell)),
            ("python3.11", None),
            ("shuf", None),
            ("12", None),
            ("", None),
        ] {
            assert_eq!(tool(name), expected, "{name}");
        }
    }

    #[test]
    fn a_tool_lies_in_a_folder_of_programs_and_is_no_folder_itself() {
        let of = |path, kind| {
            let entry = Entry {
                kind,
                ..Entry::file(path, 1)
            };
            Tools.observe(&EntryHeader::of(entry))
        };
        let shell = Some(Observation::Tool(Shell));
        assert_eq!(of("bin/sh", EntryKind::Symlink), shell);
        assert_eq!(of("opt/x/bin/bash", EntryKind::HardLink), shell);
        assert_eq!(of("usr/share/bash", EntryKind::File), None);
        assert_eq!(of("usr/bin/bash", EntryKind::Directory), None);
        assert_eq!(of("bash", EntryKind::File), None);
    }
}
