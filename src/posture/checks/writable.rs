//! Files and folders that somebody may write who should not.

use std::collections::BTreeSet;

use super::{IMAGE, ImageCheck, ImageView, at, config_failure, file_failure};
use crate::model::{Check, EntryShape, Failure, LayerPath, Outcome, Severity};
use crate::posture::access::{Identity, Writers};

/// Folders of programs, libraries and settings.
const CODE: [&str; 7] = ["bin", "sbin", "lib", "lib64", "usr", "etc", "opt"];
/// What root runs or is told by: cron, init systems, login, the dynamic linker, accounts.
pub(super) const RUN_BY_ROOT: [&str; 40] = [
    "etc/crontab",
    "etc/cron.d",
    "etc/cron.hourly",
    "etc/cron.daily",
    "etc/cron.weekly",
    "etc/cron.monthly",
    "etc/periodic",
    "etc/periodic/15min",
    "etc/periodic/hourly",
    "etc/periodic/daily",
    "var/spool/cron",
    "var/spool/cron/crontabs",
    "etc/crontabs",
    "etc/crontabs/root",
    "etc/init.d",
    "etc/rc.local",
    "etc/inittab",
    "etc/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
    "etc/s6-overlay",
    "etc/services.d",
    "etc/cont-init.d",
    "etc/supervisord.conf",
    "etc/supervisor/conf.d",
    "etc/profile",
    "etc/profile.d",
    "etc/bash.bashrc",
    "root",
    "root/.bashrc",
    "root/.profile",
    "etc/ld.so.conf",
    "etc/ld.so.conf.d",
    "etc/ld.so.preload",
    "etc/sudoers",
    "etc/sudoers.d",
    "etc/pam.d",
    "etc/passwd",
    "etc/shadow",
    "etc/group",
];
/// Words of the start command that are looked at.
const START_WORDS: usize = 64;
/// Variables that name folders of code of an interpreter.
const CODE_VARIABLES: [&str; 6] = [
    "PYTHONPATH",
    "NODE_PATH",
    "RUBYLIB",
    "PERL5LIB",
    "CLASSPATH",
    "LD_LIBRARY_PATH",
];

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-019",
            title: "Folder that everybody may write, without the sticky bit",
            severity: Severity::Medium,
            why: "Any account replaces or removes the files of any other there.",
            fix: "chmod 1777 FOLDER if it must be shared, otherwise 0755.",
            ..IMAGE
        },
        run: folders,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-020",
            title: "Program, library or setting that everybody may write",
            severity: Severity::High,
            why: "Any account changes what others run, root included.",
            fix: "chmod o-w FILE in the layer that brings it.",
            ..IMAGE
        },
        run: files,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-021",
            title: "The user may write the code that it runs",
            severity: Severity::Medium,
            why: "A flaw that writes a file becomes one that runs code, and stays after a restart of the program.",
            fix: "COPY the program as root with mode 0555; give the user only its data folders.",
            ..IMAGE
        },
        run: own_code,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-022",
            title: "File that root runs can be written by others",
            severity: Severity::High,
            why: "What another account writes there, root runs.",
            fix: "chown root:root FILE and take the right to write from group and others.",
            ..IMAGE
        },
        run: run_by_root,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-023",
            title: "Folder in PATH that is relative, empty or can be written by all",
            severity: Severity::Medium,
            why: "Whoever puts a program there is run in the place of the real one.",
            fix: "Name only absolute folders in PATH that root owns.",
            ..IMAGE
        },
        run: search_path,
    },
];

fn folders(view: &ImageView) -> Outcome {
    let user = view.run_user().uid;
    let volumes = view.config.config.volumes.keys();
    let volumes: BTreeSet<LayerPath> = volumes.map(|path| LayerPath::from(path.as_str())).collect();
    let failures = super::modes::entries(view)
        .filter(|(path, entry)| {
            let is_own_volume = Some(entry.uid) == user && volumes.contains(*path);
            entry.kind == EntryShape::Folder && entry.mode & 0o1002 == 0o0002 && !is_own_volume
        })
        .map(|(path, entry)| file_failure(view, path, format!("mode {:04o}", entry.mode)))
        .collect();
    Outcome::of(failures)
}

fn files(view: &ImageView) -> Outcome {
    let failures = super::modes::entries(view)
        .filter(|(path, entry)| {
            let top = path.as_str().split('/').next().unwrap_or_default();
            let is_code = CODE.contains(&top) || path.as_str().split('/').any(|part| part == "bin");
            entry.kind == EntryShape::File && entry.mode & 0o002 != 0 && is_code
        })
        .map(|(path, entry)| {
            file_failure(
                view,
                path,
                format!("mode {:04o}, owner {}", entry.mode, entry.uid),
            )
        })
        .collect();
    Outcome::of(failures)
}

/// What is started: the program, and the words after it that are files of the image, such as the script of an interpreter.
pub(super) fn started_files(view: &ImageView) -> Vec<LayerPath> {
    let mut command = view.start_command();
    command.truncate(START_WORDS);
    let first = command.first().and_then(|word| view.find_program(word));
    let arguments = command
        .iter()
        .skip(1)
        .filter(|word| word.contains('/') && !word.starts_with('-'));
    let arguments = arguments.filter_map(|word| view.find_program(word));
    first
        .into_iter()
        .chain(arguments)
        .map(|found| found.path)
        .collect()
}

fn own_code(view: &ImageView) -> Outcome {
    let Some(user) = Identity::of_image(view) else {
        return Outcome::NotEvaluated("the number of the user is not known".to_owned());
    };
    if user.uid == 0 {
        return Outcome::NotApplicable;
    }
    let mut failures = Vec::new();
    let started = started_files(view);
    for path in &started {
        if let Some(written) = user.can_change(view, path.as_str()) {
            failures.push(file_failure(
                view,
                &written,
                format!("uid {} can change /{path}, which is started", user.uid),
            ));
        }
    }
    for variable in CODE_VARIABLES {
        let folders = view.variable(variable).unwrap_or_default().split(':');
        for folder in folders.filter(|folder| folder.starts_with('/')) {
            let found = view.resolve(folder);
            if found.attributes.is_some_and(|found| user.may_write(found)) {
                failures.push(file_failure(
                    view,
                    &found.path,
                    format!("{variable} names it, and uid {} may write it", user.uid),
                ));
            }
        }
    }
    if failures.is_empty() && started.is_empty() {
        return Outcome::NotEvaluated("the start program was not found in the layers".to_owned());
    }
    failures.dedup();
    Outcome::of(failures)
}

fn run_by_root(view: &ImageView) -> Outcome {
    let mut paths: Vec<LayerPath> = RUN_BY_ROOT
        .iter()
        .map(|path| LayerPath::from(*path))
        .collect();
    let below = super::modes::entries(view)
        .filter(|(path, entry)| entry.kind != EntryShape::Symlink && is_below(path))
        .map(|(path, _)| path.clone());
    paths.extend(below);
    if view.run_user().uid == Some(0) {
        paths.extend(started_files(view));
        paths.extend(
            view.search_path()
                .filter(|folder| folder.starts_with('/'))
                .map(LayerPath::from),
        );
    }
    paths.sort();
    paths.dedup();
    if view.attributes("etc").is_none()
        && paths
            .iter()
            .all(|path| view.attributes(path.as_str()).is_none())
    {
        return Outcome::NotEvaluated(
            "owners and modes of the image's files are not known".to_owned(),
        );
    }
    let writers = Writers::of_image(view);
    let failure = |path: &LayerPath| {
        let found = view.resolve(path.as_str());
        let how = writers.beside_root(found.attributes?)?;
        Some(Failure::new(how, at(view, &found.path, None)))
    };
    let mut failures: Vec<Failure> = paths.iter().filter_map(failure).collect();
    failures.sort();
    failures.dedup();
    Outcome::of(failures)
}

/// Whether it lies in one of the folders. Root's home is none: what is there is run only by name.
fn is_below(path: &LayerPath) -> bool {
    let mut folders = RUN_BY_ROOT.iter().filter(|folder| **folder != "root");
    folders.any(|folder| path.is_within(folder))
}

fn search_path(view: &ImageView) -> Outcome {
    let mut failures = Vec::new();
    for (index, folder) in view.search_path().enumerate() {
        let element = index + 1;
        if folder.is_empty() {
            let detail = format!("element {element} is empty, which is the current folder");
            failures.push(config_failure("env PATH", detail));
        } else if !folder.starts_with('/') {
            failures.push(config_failure(
                "env PATH",
                format!("element {element} is relative"),
            ));
        } else {
            let found = view.resolve(folder);
            if let Some(attributes) = found.attributes.filter(|found| found.mode & 0o002 != 0) {
                let detail = format!("element {element} of PATH, mode {:04o}", attributes.mode);
                failures.push(file_failure(view, &found.path, detail));
            }
        }
    }
    Outcome::of(failures)
}
