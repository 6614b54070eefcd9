//! Which capabilities are kept.
//!
//! A container that does not start as root gets none: Docker sets no ambient capabilities, so one that is added changes nothing but
//! the bounding set (measured). The exception is a program with a file capability that is effective: it cannot even be executed
//! while the bounding set lacks it (measured).

use std::collections::BTreeMap;

use crate::model::{Capability, CapabilitySet, ScriptCause, Untrusted};
use crate::posture::{Attributes, ImageView};

use super::choices::Choices;
use super::servers::{Drops, Server};
use super::start::{self, Cause, Start};
use super::user::{self, Decision};
use super::words;
use super::writable::place;
use super::{Confidence, Grant, Line, PlannedMount};

/// What the decision rests on.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) view: &'a ImageView,
    pub(super) choices: &'a Choices,
    pub(super) start: &'a Start,
    pub(super) server: Option<&'a Server>,
    pub(super) decision: &'a Decision,
    pub(super) no_new_privileges: &'a Line<bool>,
    pub(super) mounts: &'a [Line<PlannedMount>],
}

/// Capabilities with their reasons, the surest reason for each.
#[derive(Default)]
struct Grants {
    by_capability: BTreeMap<Capability, (Confidence, String)>,
}

impl Grants {
    fn add(&mut self, capability: Capability, confidence: Confidence, reason: String) {
        let known = self
            .by_capability
            .get(&capability)
            .is_some_and(|(known, _)| *known >= confidence);
        if !known {
            self.by_capability.insert(capability, (confidence, reason));
        }
    }
}

/// Decides which capabilities are kept.
pub(super) fn decide(known: Known<'_>, warnings: &mut Vec<String>) -> Vec<Line<Grant>> {
    let mut grants = Grants::default();
    of_files(
        known.start,
        known.no_new_privileges.value,
        &mut grants,
        warnings,
    );
    let is_root = known.decision.user.value.uid == 0;
    if is_root {
        of_scripts(known, &mut grants, warnings);
        of_server(known, &mut grants);
        of_imports(known, &mut grants);
        of_folders(known, &mut grants);
    } else if !known.no_new_privileges.value && !known.choices.new_privileges {
        for capability in [Capability::SETGID, Capability::SETUID] {
            grants.add(
                capability,
                Confidence::Inferred,
                format!("for the setuid program: {}", known.no_new_privileges.reason),
            );
        }
    }
    for capability in &known.choices.capabilities {
        grants.add(*capability, Confidence::Proven, "chosen".to_owned());
        if !is_root
            && grants
                .by_capability
                .get(capability)
                .is_some_and(|(_, reason)| reason == "chosen")
        {
            warnings.push(format!("{capability} is added for a container that does not start as root: it can use it through a file capability alone"));
        }
    }
    let lines = grants.by_capability.into_iter();
    lines
        .map(|(capability, (confidence, reason))| {
            Line::new(Grant { capability }, confidence, reason)
        })
        .collect()
}

/// File capabilities of what is executed.
fn of_files(
    start: &Start,
    no_new_privileges: bool,
    grants: &mut Grants,
    warnings: &mut Vec<String>,
) {
    for step in &start.steps {
        let Some(file) = step.capabilities.filter(|file| !file.permitted.is_empty()) else {
            continue;
        };
        let name = step.name();
        if !file.effective {
            warnings.push(format!(
                "{name} may have {} by a file capability, and starts without it: none is kept",
                file.permitted
            ));
            continue;
        }
        for capability in file.permitted.iter() {
            grants.add(capability, Confidence::Proven, format!("{name} has it as an effective file capability: without it in the bounding set exec fails"));
        }
        let unused = if no_new_privileges {
            "; with no-new-privileges it is executed without using it"
        } else {
            ""
        };
        warnings.push(format!(
            "`setcap -r {name}` in the image would make {} needless{unused}",
            file.permitted
        ));
        let restricted = CapabilitySet::NONE.with(Capability::NET_BIND_SERVICE);
        if !file.permitted.minus(restricted).is_empty() {
            warnings.push(format!("the file capability of {name} ({}) is more than Kubernetes' restricted standard lets a container have", file.permitted));
        }
    }
}

/// What commands of scripts need of root.
fn of_scripts(known: Known<'_>, grants: &mut Grants, warnings: &mut Vec<String>) {
    for cause in &known.start.causes {
        let name = Untrusted(&cause.command.command);
        if breaks_open(&cause.command.command) {
            warnings.push(format!(
                "{} runs {name}: what that needs breaks the container open and is not planned",
                cause.place
            ));
        }
        let (capabilities, why) = needs(known, cause);
        for capability in capabilities {
            let is_asked = |server: &Server| !server.does_without.contains(capability);
            if known.server.is_none_or(is_asked) {
                let reason = format!("{} runs {name}{why}", cause.place);
                grants.add(*capability, Confidence::Inferred, reason);
            }
        }
    }
}

/// Commands that need more than any service should have.
fn breaks_open(command: &str) -> bool {
    matches!(
        command,
        "mount"
            | "umount"
            | "iptables"
            | "ip"
            | "sysctl"
            | "modprobe"
            | "insmod"
            | "nsenter"
            | "unshare"
    )
}

/// What one command needs of root, and why, behind its name.
fn needs(known: Known<'_>, cause: &Cause) -> (&'static [Capability], &'static str) {
    const CHANGE: &[Capability] = &[Capability::SETGID, Capability::SETUID];
    const CHANGE_ROOT: &[Capability] = &[
        Capability::SETGID,
        Capability::SETUID,
        Capability::SYS_CHROOT,
    ];
    let command = &cause.command;
    match command.command.as_str() {
        name if words::steps_down(name) => (CHANGE, ", which changes the account"),
        "chroot" if command.account.is_some() => (CHANGE_ROOT, ", which changes the account"),
        "chroot" => (&[Capability::SYS_CHROOT], ""),
        "chown" | "chgrp" if gives_away(known, cause) => (&[Capability::CHOWN], ""),
        "chmod" if owner_of_others(known, command) => {
            (&[Capability::FOWNER], " on what belongs to another account")
        }
        "find" if is_closed(known, command) => (
            &[Capability::DAC_OVERRIDE],
            " in a folder that its owner keeps closed: it fails from the second start on",
        ),
        "mknod" => (&[Capability::MKNOD], ""),
        "kill" | "pkill" | "killall" => (&[Capability::KILL], ", of processes of another account"),
        "setcap" => (&[Capability::SETFCAP], ""),
        _ => (&[], ""),
    }
}

/// Whether `chown` has anything to do: not on a folder that has this owner in the image, which a fresh named volume takes over, and
/// not on a planned tmpfs of that owner.
fn gives_away(known: Known<'_>, cause: &Cause) -> bool {
    let Some(account) = user::target(known.view, cause.command.account.as_deref()) else {
        return true;
    };
    let targets = targets(known, cause);
    let belongs = |path: &str| {
        let mount = known.mounts.iter().find(|mount| {
            mount.value.path.as_str() == path
                && matches!(mount.value.writable, super::Writable::Tmpfs { .. })
        });
        match mount {
            Some(mount) => mount.value.uid == account.uid,
            None => known
                .view
                .attributes(path)
                .is_some_and(|found| found.uid == account.uid),
        }
    };
    targets.is_empty()
        || !targets
            .iter()
            .all(|path| path.as_deref().is_some_and(belongs))
}

/// The places that a command is about; those of `find` for the `chown` that it runs, and the working folder where none is named.
fn targets(known: Known<'_>, cause: &Cause) -> Vec<Option<String>> {
    let on_same_line =
        |other: &&Cause| other.place == cause.place && other.command.command == "find";
    let found_by = known
        .start
        .causes
        .iter()
        .find(on_same_line)
        .map(|find| find.command.paths.as_slice());
    let paths = if cause.command.paths.is_empty() {
        found_by.unwrap_or_default()
    } else {
        &cause.command.paths
    };
    let working = std::slice::from_ref(&known.view.config.config.working_dir);
    let has_working = working.iter().any(|folder| !folder.is_empty());
    let paths = if paths.is_empty() && has_working {
        working
    } else {
        paths
    };
    paths
        .iter()
        .map(|path| place(known.view, path).map(|path| path.as_str().to_owned()))
        .collect()
}

fn owner_of_others(known: Known<'_>, command: &ScriptCause) -> bool {
    command
        .paths
        .iter()
        .filter_map(|path| place(known.view, path))
        .any(|path| {
            known
                .view
                .attributes(path.as_str())
                .is_some_and(|found| found.uid != 0)
        })
}

/// Whether a command looks into a folder that only another account may read.
fn is_closed(known: Known<'_>, command: &ScriptCause) -> bool {
    let paths = command
        .paths
        .iter()
        .filter_map(|path| place(known.view, path));
    paths.into_iter().any(|path| {
        known
            .view
            .attributes(path.as_str())
            .is_some_and(|found| found.is_folder && !root_may(found, 0o5))
    })
}

/// Whether root without any capability has these bits: as owner, as the group, or as one of the others.
fn root_may(found: Attributes, bits: u32) -> bool {
    let shift = if found.uid == 0 {
        6
    } else if found.gid == 0 {
        3
    } else {
        0
    };
    found.mode >> shift & bits == bits
}

/// What its server is known to need as root.
fn of_server(known: Known<'_>, grants: &mut Grants) {
    let Some(server) = known.server else { return };
    let steps = known
        .start
        .causes
        .iter()
        .any(|cause| words::steps_down(&cause.command.command));
    let (applies, why) = match server.drops {
        Drops::Itself => (true, "changes the account itself"),
        Drops::InScript => (
            steps,
            "is usually started by a script that needs it, and the second start finds its data closed for root",
        ),
        Drops::NeedsRoot => (true, "needs it"),
        Drops::Never => (false, ""),
    };
    if !applies {
        return;
    }
    for capability in server.capabilities {
        // A script that is read tells better than habit whether files are given away.
        if *capability == Capability::CHOWN
            && server.drops == Drops::InScript
            && !known
                .start
                .causes
                .iter()
                .any(|cause| cause.command.command == "chown" && gives_away(known, cause))
        {
            continue;
        }
        grants.add(
            *capability,
            Confidence::Assumed,
            format!("{} {why}", server.name),
        );
    }
}

/// What an unknown program, started as root, takes from the C library.
fn of_imports(known: Known<'_>, grants: &mut Grants) {
    if known.server.is_some()
        || known
            .start
            .causes
            .iter()
            .any(|cause| words::steps_down(&cause.command.command))
    {
        return;
    }
    let Some(path) = known
        .start
        .program()
        .and_then(|program| program.path.as_ref())
    else {
        return;
    };
    let Some(program) = start::program(known.view, path.as_str()) else {
        return;
    };
    let has = |names: &[&str]| {
        program
            .imports
            .iter()
            .find(|import| names.contains(&import.as_str()))
    };
    let Some(changes) = has(&["setuid", "setresuid", "setreuid", "seteuid"]) else {
        return;
    };
    grants.add(
        Capability::SETUID,
        Confidence::Inferred,
        format!("{path} imports {}", Untrusted(changes)),
    );
    for (names, capability) in [
        (
            &[
                "setgid",
                "setresgid",
                "setregid",
                "setegid",
                "setgroups",
                "initgroups",
            ][..],
            Capability::SETGID,
        ),
        (
            &["chown", "fchown", "lchown", "fchownat"][..],
            Capability::CHOWN,
        ),
        (&["chroot"][..], Capability::SYS_CHROOT),
    ] {
        if let Some(import) = has(names) {
            grants.add(
                capability,
                Confidence::Inferred,
                format!("{path} imports {}", Untrusted(import)),
            );
        }
    }
}

/// Folders that root cannot enter or write without being allowed to pass over permissions.
fn of_folders(known: Known<'_>, grants: &mut Grants) {
    let working = known.view.resolve(&known.view.config.config.working_dir);
    if let Some(found) = working.attributes.filter(|found| !root_may(*found, 0o1)) {
        grants.add(
            Capability::DAC_OVERRIDE,
            Confidence::Proven,
            format!(
                "WORKDIR {} is closed for root (owner {}, mode {:o})",
                working.path,
                found.uid,
                found.mode & 0o7777
            ),
        );
    }
    if known
        .server
        .is_none_or(|server| server.drops != Drops::Itself)
    {
        return;
    }
    for volume in known.view.config.config.volumes.keys() {
        let resolved = known.view.resolve(volume);
        if let Some(found) = resolved.attributes.filter(|found| !root_may(*found, 0o3)) {
            grants.add(
                Capability::DAC_OVERRIDE,
                Confidence::Inferred,
                format!(
                    "the volume {} belongs to {}, and the server opens its files as root",
                    resolved.path, found.uid
                ),
            );
        }
    }
}
