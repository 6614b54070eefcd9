//! As whom it runs.

use crate::model::{LayerPath, Untrusted};
use crate::posture::{Attributes, ImageView};

use super::candidates::{self, Candidate, account_of};
use super::choices::Choices;
use super::servers::{Drops, Server};
use super::start::{self, Start};
use super::words;
use super::{Line, Mode, PlannedUser};

/// The number that no image and no host has an account for: distroless images call it `nonroot`.
const NOBODYS: u64 = 65532;

/// The account, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    /// In which of three ways.
    pub(super) mode: Mode,
    /// The account.
    pub(super) user: Line<PlannedUser>,
    /// The account that the work is done as in the end: another one where it is started as root.
    pub(super) service: Option<PlannedUser>,
    /// What the user should know.
    pub(super) warnings: Vec<String>,
}

impl Decision {
    fn new(mode: Mode, user: Line<PlannedUser>) -> Self {
        let service = (user.value.uid != 0).then(|| user.value.clone());
        Self {
            mode,
            user,
            service,
            warnings: Vec::new(),
        }
    }

    fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}

/// Decides as whom the image runs.
pub(super) fn decide(
    view: &ImageView,
    choices: &Choices,
    start: &Start,
    server: Option<&'static Server>,
) -> Decision {
    let found = candidates::candidates(view, start, server);
    let best = candidates::best(&found);
    if let Some(decision) = chosen(view, choices, best) {
        return decision;
    }
    let written = &view.config.config.user;
    let user = view.run_user();
    match user.uid {
        Some(0) => as_root(view, start, server, &found),
        Some(uid) => kept(view, uid),
        None => anonymous("its USER is a name that /etc/passwd does not have").warning(format!(
            "USER is `{}`, which /etc/passwd does not have: no engine starts the image as it is, {NOBODYS} is planned",
            Untrusted(written)
        )),
    }
}

/// What the user chose.
fn chosen(view: &ImageView, choices: &Choices, best: Option<&Candidate>) -> Option<Decision> {
    if let Some(written) = &choices.user {
        let user = view.user(written);
        let Some(uid) = user.uid else {
            return Some(
                anonymous("the chosen user is not in /etc/passwd").warning(format!(
                    "the chosen user `{}` is not in /etc/passwd: {NOBODYS} is planned",
                    Untrusted(written)
                )),
            );
        };
        let has_group = written.contains(':') || user.name.is_some();
        let gid = user.gid.filter(|_| has_group).unwrap_or(uid);
        let line = Line::proven(
            PlannedUser {
                uid,
                gid,
                name: user.name,
            },
            "chosen",
        );
        let mode = if uid == 0 {
            Mode::Root
        } else {
            Mode::ServiceAccount
        };
        return Some(Decision::new(mode, line));
    }
    match choices.mode? {
        Mode::Root => Some(root("chosen", best)),
        Mode::Unprivileged => Some(anonymous("chosen")),
        Mode::ServiceAccount => best.map(|best| service(best, "chosen: ")),
    }
}

/// The image is not root already: its number stays.
fn kept(view: &ImageView, uid: u64) -> Decision {
    let user = view.run_user();
    let written = Untrusted(&view.config.config.user);
    let account = view.accounts().find(|account| account.uid == uid);
    let mut reason = match account {
        Some(account) if user.written.parse::<u64>().is_ok() => {
            format!(
                "USER {written}, {} in {}:{}",
                Untrusted(&account.name),
                LayerPath::from("etc/passwd"),
                account.line
            )
        }
        Some(account) => format!(
            "USER {written} is {uid} in {}:{}",
            LayerPath::from("etc/passwd"),
            account.line
        ),
        None => format!("USER {written}"),
    };
    let says_group = user.written.contains(':');
    let gid = match user.gid {
        Some(gid) if says_group || account.is_some() => gid,
        _ => {
            let of_group_root = open_to_group_root(view, uid);
            reason += &of_group_root.as_ref().map_or_else(
                || "; no group is said: one of its own".to_owned(),
                |folder| format!("; {folder} can be written by group 0 alone"),
            );
            if of_group_root.is_some() { 0 } else { uid }
        }
    };
    let line = Line::proven(
        PlannedUser {
            uid,
            gid,
            name: user.name,
        },
        reason,
    );
    let decision = Decision::new(Mode::ServiceAccount, line);
    if user.gid.is_none() {
        return decision
            .warning("the group of USER is not in /etc/group: the user's number is planned");
    }
    decision
}

/// A folder that the user can write as a member of group 0 only: images made for `OpenShift` are like this.
fn open_to_group_root(view: &ImageView, uid: u64) -> Option<LayerPath> {
    let config = &view.config.config;
    let folders = config.volumes.keys().map(String::as_str);
    let mut folders = folders
        .chain([config.working_dir.as_str()])
        .chain(view.variable("HOME"));
    folders.find_map(|folder| {
        let resolved = view.resolve(folder);
        let is_open = resolved.attributes.is_some_and(|found| {
            found.is_folder && found.gid == 0 && found.uid != uid && found.mode & 0o022 == 0o020
        });
        is_open.then_some(resolved.path)
    })
}

/// The image starts as root: is there an account for it, does it need none, or does it need root?
fn as_root(
    view: &ImageView,
    start: &Start,
    server: Option<&Server>,
    found: &[Candidate],
) -> Decision {
    let best = candidates::best(found);
    if let Some(server) = server.filter(|server| server.drops == Drops::NeedsRoot) {
        return root(&format!("{} does not work without root", server.name), best);
    }
    let in_command = start
        .causes
        .iter()
        .find(|cause| cause.is_unconditional && words::steps_down(&cause.command.command));
    if let Some(cause) = in_command {
        let command = Untrusted(&cause.command.command);
        return root(&format!("the start command itself changes the account, with {command}"), best).warning(format!(
            "start the program behind {command} directly, with `--user`: then it needs no root and no capabilities"
        ));
    }
    if let Some(best) = best {
        let mut decision = service(best, "");
        let steps = start
            .causes
            .iter()
            .find(|cause| words::steps_down(&cause.command.command));
        if let Some(cause) = steps {
            let command = Untrusted(&cause.command.command).to_string();
            decision.user.reason += "; ";
            decision.user.reason += &command;
            decision.user.reason += " is for a start as root, and is passed over";
        }
        return decision;
    }
    let decision = match needs_no_account(view, start) {
        Ok(reason) => anonymous(&reason),
        Err(reason) => root(&reason, None),
    };
    if found.is_empty() {
        return decision;
    }
    let names: Vec<String> = found
        .iter()
        .map(|candidate| candidate.user.uid.to_string())
        .collect();
    decision.warning(format!(
        "several accounts could be meant ({}): choose one with --user",
        names.join(", ")
    ))
}

fn service(best: &Candidate, before: &str) -> Decision {
    let name = best.user.name.as_deref().map_or_else(
        || best.user.uid.to_string(),
        |name| Untrusted(name).to_string(),
    );
    let reason = format!(
        "{before}the image starts as root, but {name} does the work: {}",
        best.reason
    );
    Decision::new(
        Mode::ServiceAccount,
        Line::new(best.user.clone(), best.evidence.confidence(), reason),
    )
}

fn root(reason: &str, best: Option<&Candidate>) -> Decision {
    let user = PlannedUser {
        uid: 0,
        gid: 0,
        name: Some("root".to_owned()),
    };
    let line = Line::inferred(user, format!("started as root: {reason}"));
    Decision {
        service: best.map(|best| best.user.clone()),
        ..Decision::new(Mode::Root, line)
    }
}

fn anonymous(reason: &str) -> Decision {
    let user = PlannedUser {
        uid: NOBODYS,
        gid: NOBODYS,
        name: None,
    };
    Decision::new(
        Mode::Unprivileged,
        Line::inferred(user, format!("no account is needed: {reason}")),
    )
}

/// Whether anybody can start the program: a reason either way.
fn needs_no_account(view: &ImageView, start: &Start) -> Result<String, String> {
    for step in &start.steps {
        let path = step
            .path
            .as_ref()
            .ok_or_else(|| format!("whether others can run {} is not known", step.name()))?;
        let is_script = start::program(view, path.as_str()).is_none();
        let needed = if is_script && !step.is_in_front {
            0o1
        } else {
            0o1 | u32::from(is_script) << 2
        };
        open(view, path, needed)?;
        let interpreter =
            start::program(view, path.as_str()).and_then(|program| program.interpreter.as_ref());
        if let Some(interpreter) = interpreter {
            open(view, &view.resolve(interpreter.as_str()).path, 0o1)?;
        }
    }
    let program = start.program().ok_or("what is started is not known")?;
    for word in view
        .start_command()
        .into_iter()
        .filter(|word| word.starts_with('/'))
    {
        let resolved = view.resolve(word);
        if resolved
            .attributes
            .is_some_and(|found| found.uid == 0 && found.mode & 0o005 == 0)
        {
            return Err(format!(
                "{}, which the start command names, is for root alone",
                resolved.path
            ));
        }
    }
    let takes_rights = start.causes.iter().find(|cause| {
        matches!(
            cause.command.command.as_str(),
            "chown" | "chgrp" | "mknod" | "chroot" | "mount" | "setcap"
        )
    });
    if let Some(cause) = takes_rights {
        return Err(format!(
            "{} runs {}",
            cause.place,
            Untrusted(&cause.command.command)
        ));
    }
    Ok(format!("everybody may run {}", program.name()))
}

/// Whether others have these bits at a path, and may pass through its folders.
fn open(view: &ImageView, path: &LayerPath, bits: u32) -> Result<(), String> {
    let attributes = view.attributes(path.as_str());
    let attributes = attributes.ok_or_else(|| format!("owner and mode of {path} are not known"))?;
    if attributes.mode & bits != bits {
        return Err(format!(
            "{path} is not for others (mode {:o})",
            attributes.mode & 0o7777
        ));
    }
    let mut folder = path.parent();
    while let Some(name) = folder.filter(|name| !name.is_empty()) {
        if view
            .attributes(name)
            .is_some_and(|found: Attributes| found.mode & 0o1 == 0)
        {
            return Err(format!("{} is closed for others", LayerPath::from(name)));
        }
        folder = LayerPath::from(name)
            .parent()
            .map(str::len)
            .and_then(|length| name.get(..length));
    }
    Ok(())
}

/// The account of a cause, where it can be told.
pub(super) fn target(view: &ImageView, account: Option<&str>) -> Option<PlannedUser> {
    account.and_then(|account| account_of(view, account))
}
