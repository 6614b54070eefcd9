//! Effective root: can the user that the image declares become root inside?
//!
//! Every way that the image itself opens is looked at, whatever the container's settings are; `no-new-privileges` closes those that go
//! through a setuid file or a file capability, and the failure says so.

use std::collections::BTreeSet;

use super::accounts::without_password;
use super::capabilities::{take_over, with_capabilities};
use super::modes::{SETUID_DEFAULT, setuid_files};
use super::writable::RUN_BY_ROOT;
use super::{IMAGE, ImageCheck, ImageView, at, config_failure, file_failure};
use crate::layers::Attributes;
use crate::model::{
    CapabilitySet, Check, EntryFact, Failure, LayerPath, Observation, Outcome, Severity,
};
use crate::posture::access::Identity;

pub(super) const CHECKS: &[ImageCheck] = &[ImageCheck {
    check: Check {
        id: "PLM-I-054",
        title: "The user can become root inside",
        severity: Severity::High,
        cis: &["4.1", "4.8"],
        pss: &["restricted: runAsNonRoot"],
        why: "A user that can become root is no barrier: whoever takes over the program is root in the second step.",
        fix: "Close each way that is named. Setuid files and file capabilities give nothing in a container with no-new-privileges.",
        ..IMAGE
    },
    run: effective_root,
}];

/// What no-new-privileges does to a way.
const CLOSED: &str = "no-new-privileges closes this way";
const OPEN: &str = "no-new-privileges does not close this way";
/// Programs that run, write or read whatever they are told: as setuid root each is a root shell.
const TELLS_ALL: [&str; 34] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "busybox", "python", "python3", "perl", "ruby",
    "node", "php", "lua", "find", "env", "vi", "vim", "nano", "less", "more", "awk", "gawk",
    "mawk", "sed", "cp", "mv", "dd", "tee", "tar", "nmap", "gdb", "strace", "xargs",
];
/// Groups whose members are root where no password stands between: the engine's socket, raw disks, the shadow file.
const GROUPS: [&str; 3] = ["docker", "disk", "shadow"];
/// Setuid programs that ask for a password or a rule.
const ASKS: [&str; 6] = ["su", "sudo", "sudoedit", "doas", "pkexec", "newgrp"];
/// Daemons that run crontabs.
const CRON: [&str; 4] = ["cron", "crond", "anacron", "fcron"];

fn effective_root(view: &ImageView) -> Outcome {
    let Some(user) = Identity::of_image(view) else {
        return Outcome::NotEvaluated("the number of the user is not known".to_owned());
    };
    if user.uid == 0 {
        // PLM-I-001 says so.
        return Outcome::NotApplicable;
    }
    let mut ways = setuid_ways(view, &user);
    ways.extend(password_ways(view, &user));
    ways.extend(sudo_ways(view, &user));
    ways.extend(capability_ways(view, &user));
    ways.extend(write_ways(view, &user));
    ways.extend(group_ways(view, &user));
    ways.sort();
    ways.dedup();
    if ways.is_empty() && view.attributes("etc").is_none() && view.visible.is_empty() {
        return Outcome::NotEvaluated(
            "owners and modes of the image's files are not known".to_owned(),
        );
    }
    Outcome::of(ways)
}

fn attributes(entry: &EntryFact) -> Attributes {
    Attributes {
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        is_folder: false,
    }
}

fn setuid_root<'a>(
    view: &'a ImageView,
    user: &'a Identity,
) -> impl Iterator<Item = (&'a LayerPath, &'a EntryFact)> {
    setuid_files(view).filter(|(_, entry)| entry.uid == 0 && user.may_execute(attributes(entry)))
}

/// Whether a program of this name runs, reads or writes whatever it is told; a version behind it does not count: `python3.11`.
fn tells_all(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    TELLS_ALL.contains(&name) || TELLS_ALL.contains(&stem)
}

/// Setuid-root files that the distribution or a package brings for a purpose, or that ask for a password, are no way by themselves.
fn setuid_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    let mut ways = Vec::new();
    for (path, entry) in setuid_root(view, user) {
        let name = path.file_name();
        if user.may_write(attributes(entry)) {
            // A write by another than root takes the setuid bit away (inode_remove_privs).
            continue;
        }
        if tells_all(name) {
            let detail = format!("setuid root, and it runs whatever it is told; {CLOSED}");
            ways.push(file_failure(view, path, detail).of_severity(Severity::Critical));
        } else if !SETUID_DEFAULT.contains(&name)
            && !ASKS.contains(&name)
            && !view.owners.contains_key(path)
        {
            let detail = format!(
                "setuid root, no package brings it, and what it does is not known; {CLOSED}"
            );
            ways.push(file_failure(view, path, detail).of_severity(Severity::Medium));
        }
    }
    ways
}

fn has_setuid(view: &ImageView, user: &Identity, names: &[&str]) -> bool {
    setuid_root(view, user).any(|(path, _)| names.contains(&path.file_name()))
}

/// `su` to an account with uid 0 that has no password.
fn password_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    if !has_setuid(view, user, &["su"]) {
        return Vec::new();
    }
    let roots = view.accounts().filter(|account| account.uid == 0);
    let mut roots: BTreeSet<&str> = roots.map(|account| account.name.as_str()).collect();
    roots.insert("root");
    without_password(view)
        .into_iter()
        .filter(|(_, _, name)| roots.contains(name.as_str()))
        .map(|(path, line, name)| {
            let detail = format!("su to `{name}`, which has no password; {CLOSED}");
            Failure::new(detail, at(view, &path, Some(line))).of_severity(Severity::Critical)
        })
        .collect()
}

/// A rule for the user, one of its groups, or everybody.
fn sudo_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    if !has_setuid(view, user, &["sudo", "doas"]) {
        return Vec::new();
    }
    let is_for = |who: &str| {
        let number = |text: &str| text.strip_prefix('#').and_then(|text| text.parse().ok());
        match who.strip_prefix(['%', ':']) {
            Some(group) => {
                user.groups.contains(group)
                    || number(group).is_some_and(|gid: u64| user.gids.contains(&gid))
            }
            None => {
                who == "ALL" || user.name.as_deref() == Some(who) || number(who) == Some(user.uid)
            }
        }
    };
    view.observations()
        .filter_map(|(path, _, fact)| match fact {
            Observation::PasswordlessSudo { line, who } if is_for(who) => {
                let detail = format!("a rule for `{who}` asks for no password; {CLOSED}");
                Some(
                    Failure::new(detail, at(view, path, Some(*line)))
                        .of_severity(Severity::Critical),
                )
            }
            _ => None,
        })
        .collect()
}

/// A file of a package, such as `newuidmap`, does one thing with its capabilities, unless it runs whatever it is told.
fn capability_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    let mut ways = Vec::new();
    for (path, found) in with_capabilities(view) {
        let dangerous = take_over(found.permitted);
        let can_run = view
            .attributes(path.as_str())
            .is_none_or(|found| user.may_execute(found));
        let is_limited = view.owners.contains_key(path) && !tells_all(path.file_name());
        if dangerous.is_empty() || !can_run || is_limited {
            continue;
        }
        let failure = file_failure(view, path, format!("its file gives {dangerous}; {CLOSED}"));
        // What the engine does not give by itself, the file cannot give either.
        let by_default = dangerous
            .iter()
            .any(|capability| CapabilitySet::DOCKER_DEFAULT.contains(capability));
        ways.push(if by_default {
            failure
        } else {
            failure.of_severity(Severity::Medium)
        });
    }
    ways
}

/// Why root runs or believes what is at a path, and how bad it is that the user may write it; `None` if nobody does.
fn root_runs(view: &ImageView, path: &str) -> Option<(&'static str, Severity)> {
    let has = |names: &[&str]| names.iter().any(|name| view.find_program(name).is_some());
    if path.contains("cron") || path.starts_with("etc/periodic") {
        let why = "a cron daemon is there and runs it as root, if it is started";
        return has(&CRON).then_some((why, Severity::High));
    }
    match path {
        "etc/passwd" | "etc/shadow" | "etc/group" => {
            let bad = if has(&["su", "sudo", "login"]) {
                Severity::High
            } else {
                Severity::Medium
            };
            Some(("it says who root is", bad))
        }
        "etc/sudoers" | "etc/sudoers.d" => {
            has(&["sudo"]).then_some(("sudo believes it", Severity::High))
        }
        "etc/pam.d" => has(&["su", "sudo"]).then_some(("su and sudo believe it", Severity::High)),
        "etc/ld.so.preload" | "etc/ld.so.conf" | "etc/ld.so.conf.d" => Some((
            "the dynamic linker believes it in root's programs, too",
            Severity::High,
        )),
        _ => Some((
            "root runs it, in a session of root or at the start",
            Severity::Medium,
        )),
    }
}

fn write_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    let way = |path: &str| {
        let found = view.resolve(path);
        found.attributes.filter(|found| user.may_write(*found))?;
        let (why, severity) = root_runs(view, path)?;
        let detail = format!("uid {} may write it, and {why}; {OPEN}", user.uid);
        Some(file_failure(view, &found.path, detail).of_severity(severity))
    };
    let mut ways: Vec<Failure> = RUN_BY_ROOT.iter().filter_map(|path| way(path)).collect();
    let home = view
        .accounts()
        .find(|account| account.uid == user.uid)
        .map(|account| account.home.trim_matches('/'));
    let home = home.filter(|home| !home.is_empty());
    for folder in view.search_path().filter(|folder| folder.starts_with('/')) {
        let found = view.resolve(folder);
        let is_own = home.is_some_and(|home| found.path.is_within(home));
        if found.attributes.is_some_and(|found| user.may_write(found)) && !is_own {
            let detail = format!(
                "uid {} may write it, and a session of root looks for programs there; {OPEN}",
                user.uid
            );
            ways.push(file_failure(view, &found.path, detail).of_severity(Severity::Medium));
        }
    }
    ways
}

fn group_ways(view: &ImageView, user: &Identity) -> Vec<Failure> {
    let named = user
        .groups
        .iter()
        .filter(|group| GROUPS.contains(&group.as_str()))
        .map(|group| format!("it is in the group `{group}`; {OPEN}"));
    let can_ask = has_setuid(view, user, &["sudo"]);
    let asks = user
        .groups
        .iter()
        .filter(|group| can_ask && ["sudo", "wheel", "admin"].contains(&group.as_str()))
        .map(|group| format!("it is in the group `{group}`, which sudo lets become root with its password; {CLOSED}"));
    named
        .chain(asks)
        .map(|detail| config_failure("user", detail).of_severity(Severity::Medium))
        .collect()
}
