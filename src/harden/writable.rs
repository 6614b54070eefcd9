//! Which folders have to be writable under a read-only root.
//!
//! Wishes are collected from the config, scripts, server settings, tmpfiles.d and what is known of servers; `folders` settles them.

use crate::model::{EntryShape, LayerPath, Observation, ScriptCause, ServerSettingKind, Untrusted};
use crate::posture::ImageView;

use super::candidates::{is_of, variable_name};
use super::choices::Choices;
use super::folders::below;
use super::servers::{Purpose, Server};
use super::start::Start;
use super::user::Decision;
use super::{Confidence, Mode};

/// A folder that somebody wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Where, every link followed.
    pub(super) path: LayerPath,
    /// What for.
    pub(super) purpose: Purpose,
    /// Whether it has to be there when the start begins.
    pub(super) must_exist: bool,
    /// Why.
    pub(super) reason: String,
    /// How sure.
    pub(super) confidence: Confidence,
}

/// What the wishes rest on.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) view: &'a ImageView,
    pub(super) choices: &'a Choices,
    pub(super) start: &'a Start,
    pub(super) server: Option<&'a Server>,
    pub(super) decision: &'a Decision,
}

/// Collects every wish.
pub(super) fn wishes(known: Known<'_>, warnings: &mut Vec<String>) -> Vec<Wish> {
    let mut wishes = Vec::new();
    declared(known, &mut wishes, warnings);
    chosen(known, &mut wishes);
    of_settings(known, &mut wishes);
    of_tmpfiles(known, &mut wishes);
    of_server(known, &mut wishes);
    of_scripts(known, &mut wishes, warnings);
    of_owner(known, &mut wishes);
    of_home(known, &mut wishes);
    wishes.push(Wish {
        path: known.view.resolve("tmp").path,
        purpose: Purpose::Temporary,
        must_exist: true,
        reason: "temporary files".to_owned(),
        confidence: Confidence::Assumed,
    });
    wishes
}

/// The place that a path of a script or setting means: absolute, variables of the image's environment filled in, links followed.
pub(super) fn place(view: &ImageView, written: &str) -> Option<LayerPath> {
    let written = written.trim_matches(['"', '\'']);
    let filled = if let Some(rest) = written.strip_prefix('$') {
        let end = rest.find('/').unwrap_or(rest.len());
        let (variable, tail) = rest.split_at(end);
        let value = view.variable(variable_name(&format!("${variable}"))?)?;
        format!("{value}{tail}")
    } else {
        written.to_owned()
    };
    let is_plain = filled.starts_with('/') && !filled.contains(['$', '*', '?', '`', '{']);
    is_plain.then(|| view.resolve(&filled).path)
}

/// What a place in the tree is usually for.
fn purpose_of(path: &LayerPath) -> Purpose {
    let within = |folder: &str| path.is_within(folder);
    if within("run") {
        Purpose::Run
    } else if within("tmp") || within("var/tmp") {
        Purpose::Temporary
    } else if within("var/log") {
        Purpose::Log
    } else if within("var/cache") {
        Purpose::Cache
    } else if within("etc") {
        Purpose::Configuration
    } else {
        Purpose::Data
    }
}

/// Whether a place is not for anybody's files: devices, the kernel's, programs.
fn is_off_limits(path: &LayerPath) -> bool {
    let kernel = ["dev", "proc", "sys"];
    let programs = [
        "bin",
        "sbin",
        "lib",
        "lib64",
        "usr/bin",
        "usr/sbin",
        "usr/lib",
        "usr/local/bin",
        "usr/local/sbin",
        "boot",
    ];
    path.as_str().is_empty()
        || path.as_str() == "etc"
        || path.as_str() == "usr"
        || path.as_str() == "var"
        || kernel
            .iter()
            .chain(&programs)
            .any(|folder| path.is_within(folder))
}

fn declared(known: Known<'_>, wishes: &mut Vec<Wish>, warnings: &mut Vec<String>) {
    for written in known.view.config.config.volumes.keys() {
        let path = known.view.resolve(written).path;
        if is_off_limits(&path) {
            warnings.push(format!(
                "VOLUME {} is a folder of the system: it is not planned",
                Untrusted(written)
            ));
            continue;
        }
        let purpose = match purpose_of(&path) {
            purpose @ (Purpose::Run | Purpose::Temporary) => purpose,
            _ => Purpose::Data,
        };
        let reason = match purpose {
            Purpose::Data => format!(
                "VOLUME {}: its data are kept; a fresh named volume gets the image's files with their owner, a bind mount does not",
                Untrusted(written)
            ),
            _ => format!("VOLUME {}", Untrusted(written)),
        };
        wishes.push(Wish {
            path,
            purpose,
            must_exist: true,
            reason,
            confidence: Confidence::Proven,
        });
    }
}

fn chosen(known: Known<'_>, wishes: &mut Vec<Wish>) {
    let scratch = known
        .choices
        .scratch
        .iter()
        .map(|path| (path, Purpose::Cache));
    let volumes = known
        .choices
        .volumes
        .iter()
        .map(|path| (path, Purpose::Data));
    wishes.extend(scratch.chain(volumes).map(|(path, purpose)| Wish {
        path: known.view.resolve(path).path,
        purpose,
        must_exist: true,
        reason: "chosen".to_owned(),
        confidence: Confidence::Proven,
    }));
}

/// What the server's own configuration writes.
fn of_settings(known: Known<'_>, wishes: &mut Vec<Wish>) {
    for (file, _, fact) in known.view.observations() {
        let Observation::Server(setting) = fact else {
            continue;
        };
        if setting.setting != ServerSettingKind::Writes
            || !is_of(known.server, known.start, &setting.server)
        {
            continue;
        }
        let words = setting
            .value
            .split([',', ' '])
            .filter_map(|word| place(known.view, word));
        for path in words.filter(|path| !is_off_limits(path)) {
            let path = folder_of(known.view, path);
            if is_off_limits(&path) {
                continue;
            }
            wishes.push(Wish {
                purpose: purpose_of(&path),
                path,
                must_exist: true,
                reason: format!(
                    "the configuration of {} writes there ({file}:{})",
                    Untrusted(&setting.server),
                    setting.line
                ),
                confidence: Confidence::Inferred,
            });
        }
    }
}

/// The path itself if it is a folder or looks like one, else the folder that it lies in.
fn folder_of(view: &ImageView, path: LayerPath) -> LayerPath {
    let is_folder = match view.attributes(path.as_str()) {
        Some(found) => found.is_folder,
        None => !path.file_name().contains('.'),
    };
    match path.parent().filter(|_| !is_folder) {
        Some(parent) => view.resolve(parent).path,
        None => path,
    }
}

/// Folders that the distribution's package wants to find in /run and its kin.
fn of_tmpfiles(known: Known<'_>, wishes: &mut Vec<Wish>) {
    let service = known.decision.service.as_ref();
    for (file, _, fact) in known.view.observations() {
        let Observation::Tmpfile(wanted) = fact else {
            continue;
        };
        let owner = wanted.user.as_deref().unwrap_or("root");
        let is_owner = service.is_some_and(|user| {
            user.name.as_deref() == Some(owner) || owner == user.uid.to_string()
        });
        let is_named = known.server.is_some_and(|server| {
            server.programs.contains(&wanted.path.file_name())
                || server.name == wanted.path.file_name()
        });
        if (is_owner || is_named) && !is_off_limits(&wanted.path) {
            let path = known.view.resolve(wanted.path.as_str()).path;
            wishes.push(Wish {
                purpose: purpose_of(&path),
                path,
                must_exist: true,
                reason: format!("its package wants to find it ({file}:{})", wanted.line),
                confidence: Confidence::Inferred,
            });
        }
    }
}

/// What is known of the server.
fn of_server(known: Known<'_>, wishes: &mut Vec<Wish>) {
    let Some(server) = known.server else { return };
    for folder in server.folders {
        let resolved = known.view.resolve(folder.path);
        let path = resolved.path;
        let is_needed = match folder.purpose {
            Purpose::Run | Purpose::Temporary => true,
            Purpose::Log => resolved.attributes.is_some() && !logs_to_output(known.view, &path),
            Purpose::Data => {
                resolved.attributes.is_some()
                    && !wishes.iter().any(|wish| {
                        wish.purpose == Purpose::Data
                            && (wish.path.is_within(path.as_str())
                                || path.is_within(wish.path.as_str()))
                    })
            }
            Purpose::Cache | Purpose::Configuration => resolved.attributes.is_some(),
        };
        if is_needed {
            wishes.push(Wish {
                path,
                purpose: folder.purpose,
                must_exist: true,
                reason: format!("{} writes there", server.name),
                confidence: Confidence::Assumed,
            });
        }
    }
}

/// Whether the log files of a folder are links to the container's output: then nothing is written there.
fn logs_to_output(view: &ImageView, folder: &LayerPath) -> bool {
    below(&view.visible, folder).any(|(_, seen)| {
        seen.facts.iter().any(|fact| match fact {
            Observation::Entry(entry) if entry.kind == EntryShape::Symlink => entry
                .target
                .as_ref()
                .is_some_and(|target| target.is_within("dev") || target.is_within("proc")),
            _ => false,
        })
    })
}

/// What scripts make, give away or write.
fn of_scripts(known: Known<'_>, wishes: &mut Vec<Wish>, warnings: &mut Vec<String>) {
    for cause in &known.start.causes {
        for written in paths_written(&cause.command) {
            let Some(path) = place(known.view, written) else {
                warnings.push(format!("{} writes to `{}`, which cannot be told: it may need a folder that is not planned", cause.place, Untrusted(written)));
                continue;
            };
            let Some((path, must_exist)) = script_folder(known.view, &cause.command.command, path)
            else {
                continue;
            };
            if is_off_limits(&path) {
                continue;
            }
            let purpose = purpose_of(&path);
            if purpose == Purpose::Configuration {
                warnings.push(format!("{} writes its configuration into {path} at the start: better render it when the image is built", cause.place));
            }
            let reason = format!(
                "{} runs {} there",
                cause.place,
                Untrusted(&cause.command.command)
            );
            wishes.push(Wish {
                path,
                purpose,
                must_exist,
                reason,
                confidence: Confidence::Inferred,
            });
        }
    }
}

/// Commands that make or change files at their last path, or at each.
fn paths_written(command: &ScriptCause) -> &[String] {
    match command.command.as_str() {
        "cp" | "mv" | "ln" | "install" => command
            .paths
            .split_last()
            .map_or(&[], |(last, _)| std::slice::from_ref(last)),
        _ => &command.paths,
    }
}

/// The folder that a command writes, and whether it has to be there before.
fn script_folder(view: &ImageView, command: &str, path: LayerPath) -> Option<(LayerPath, bool)> {
    let known = view.attributes(path.as_str());
    match command {
        "mkdir" => Some((path, false)),
        "chown" | "chmod" | "chgrp" | "find" | "setfacl" => known
            .is_some_and(|found| found.is_folder)
            .then_some((path, true)),
        "touch" | "tee" | "cp" | "mv" | "ln" | "install" | "sed" | "envsubst" | ">" | ">>"
        | "rm" | "mktemp" | "tar" | "unzip" | "curl" | "wget" | "echo" | "cat" | "printf" => {
            Some((folder_of(view, path), true))
        }
        _ => None,
    }
}

/// Folders of data that belong to the account and are no package's.
fn of_owner(known: Known<'_>, wishes: &mut Vec<Wish>) {
    let Some(service) = &known.decision.service else {
        return;
    };
    for (path, seen) in &known.view.visible {
        let is_own = seen.facts.iter().any(|fact| matches!(fact, Observation::Entry(entry) if entry.kind == EntryShape::Folder && entry.uid == service.uid));
        let is_data = [
            "var/lib",
            "var/cache",
            "var/log",
            "var/spool",
            "run",
            "data",
            "srv",
        ]
        .iter()
        .any(|folder| path.is_within(folder));
        let is_package = below(&known.view.owners, path).next().is_some();
        if !is_own
            || !is_data
            || is_package
            || (path.is_within("var/log") && logs_to_output(known.view, path))
        {
            continue;
        }
        let purpose = purpose_of(path);
        let is_near =
            |wish: &Wish| wish.path.is_within(path.as_str()) || path.is_within(wish.path.as_str());
        // What the image, its scripts or its server say of the same place is better than an owner alone.
        if purpose != Purpose::Run && wishes.iter().any(is_near) {
            continue;
        }
        wishes.push(Wish {
            purpose,
            path: path.clone(),
            must_exist: true,
            reason: format!("the folder belongs to {}", service.uid),
            confidence: Confidence::Inferred,
        });
    }
}

/// Caches below the home folder, for programs that are known to keep some.
fn of_home(known: Known<'_>, wishes: &mut Vec<Wish>) {
    if known.decision.mode == Mode::Unprivileged
        || known
            .server
            .is_none_or(|server| !matches!(server.name, "python program" | "node program"))
    {
        return;
    }
    let uid = known.decision.user.value.uid;
    let account = known
        .view
        .accounts()
        .find(|account| account.uid == uid)
        .map(|account| account.home.as_str());
    let Some(home) = known.view.variable("HOME").or(account) else {
        return;
    };
    let resolved = known.view.resolve(home);
    if resolved.attributes.is_none_or(|found| !found.is_folder) || resolved.path.as_str().is_empty()
    {
        return;
    }
    wishes.push(Wish {
        path: known
            .view
            .resolve(&format!("{}/.cache", resolved.path.as_str()))
            .path,
        purpose: Purpose::Temporary,
        must_exist: false,
        reason: "caches in the account's home".to_owned(),
        confidence: Confidence::Assumed,
    });
}
