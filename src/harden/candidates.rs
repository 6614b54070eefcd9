//! Accounts that an image's server could run as, each with what speaks for it.

use crate::model::{Account, LayerPath, Observation, ServerSettingKind, Untrusted};
use crate::posture::ImageView;

use super::servers::{Purpose, Server};
use super::start::Start;
use super::words;
use super::{Confidence, PlannedUser};

/// What speaks for an account, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Evidence {
    /// The entry script changes to it.
    Script,
    /// The server's configuration names it.
    Configuration,
    /// A declared volume or the server's data folder is its own.
    Owner,
    /// It has the program's name.
    SameName,
    /// The server is known to run as an account of this name.
    Known,
}

/// An account with what speaks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// What kind of evidence.
    pub(super) evidence: Evidence,
    /// The account.
    pub(super) user: PlannedUser,
    /// The evidence in words.
    pub(super) reason: String,
}

impl Evidence {
    /// How sure a plan is that rests on it.
    pub(super) const fn confidence(self) -> Confidence {
        match self {
            Self::Known => Confidence::Assumed,
            _ => Confidence::Inferred,
        }
    }
}

/// Every candidate, the best first.
pub(super) fn candidates(
    view: &ImageView,
    start: &Start,
    server: Option<&Server>,
) -> Vec<Candidate> {
    let mut found = Vec::new();
    of_scripts(view, start, &mut found);
    of_configuration(view, start, server, &mut found);
    of_owners(view, server, &mut found);
    of_names(view, start, server, &mut found);
    found.sort_by_key(|candidate| candidate.evidence);
    found
}

/// The one account that the best evidence is about. Two accounts of the same rank are none.
pub(super) fn best(candidates: &[Candidate]) -> Option<&Candidate> {
    let first = candidates.first()?;
    let mut equals = candidates
        .iter()
        .filter(|other| other.evidence == first.evidence);
    equals
        .all(|other| other.user.uid == first.user.uid)
        .then_some(first)
}

/// The account of a word such as `redis`, `redis:redis`, `999` or `$APP_USER`.
pub(super) fn account_of(view: &ImageView, word: &str) -> Option<PlannedUser> {
    let word = word.trim_matches(['"', '\'']);
    let value = match variable_name(word) {
        Some(name) => view.variable(name)?,
        None => word,
    };
    let user = view.user(&value.replacen('.', ":", 1));
    let uid = user.uid.filter(|uid| *uid != 0)?;
    Some(PlannedUser {
        uid,
        gid: user
            .gid
            .filter(|gid| *gid != 0 || user.name.is_some())
            .unwrap_or(uid),
        name: user.name,
    })
}

/// The name in `$NAME`, `${NAME}` or `${NAME:-x}`, if the word is nothing else.
pub(super) fn variable_name(word: &str) -> Option<&str> {
    let name = word.strip_prefix('$')?;
    let name = name.strip_prefix('{').map_or(name, |inner| {
        inner.split(['}', ':', '-']).next().unwrap_or_default()
    });
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(name)
}

fn of_scripts(view: &ImageView, start: &Start, found: &mut Vec<Candidate>) {
    for cause in &start.causes {
        let command = &cause.command.command;
        if !words::steps_down(command) && command != "chroot" {
            continue;
        }
        if let Some(user) = cause
            .command
            .account
            .as_deref()
            .and_then(|account| account_of(view, account))
        {
            let reason = format!("{} changes to it ({})", Untrusted(command), cause.place);
            found.push(Candidate {
                evidence: Evidence::Script,
                user,
                reason,
            });
        }
    }
}

fn of_configuration(
    view: &ImageView,
    start: &Start,
    server: Option<&Server>,
    found: &mut Vec<Candidate>,
) {
    for (path, _, fact) in view.observations() {
        let Observation::Server(setting) = fact else {
            continue;
        };
        let is_started = is_of(server, start, &setting.server);
        if setting.setting != ServerSettingKind::User || !is_started {
            continue;
        }
        let account = setting.value.split_whitespace().next().unwrap_or_default();
        if let Some(user) = account_of(view, account) {
            let reason = format!(
                "the configuration of {} names it ({path}:{})",
                Untrusted(&setting.server),
                setting.line
            );
            found.push(Candidate {
                evidence: Evidence::Configuration,
                user,
                reason,
            });
        }
    }
}

/// Whether settings of a server are those of the one that is started.
pub(super) fn is_of(server: Option<&Server>, start: &Start, name: &str) -> bool {
    server.is_some_and(|server| server.name == name || server.programs.contains(&name))
        || start.program().is_some_and(|program| program.word == name)
}

fn of_owners(view: &ImageView, server: Option<&Server>, found: &mut Vec<Candidate>) {
    let volumes = view
        .config
        .config
        .volumes
        .keys()
        .map(|volume| (volume.as_str(), "the declared volume"));
    let data = server
        .into_iter()
        .flat_map(|server| server.folders)
        .filter(|folder| folder.purpose == Purpose::Data);
    for (path, what) in volumes.chain(data.map(|folder| (folder.path, "its data folder"))) {
        let resolved = view.resolve(path);
        let Some(owner) = resolved
            .attributes
            .filter(|owner| owner.is_folder && (1..=65533).contains(&owner.uid))
        else {
            continue;
        };
        let name = view
            .accounts()
            .find(|account| account.uid == owner.uid)
            .map(|account| account.name.clone());
        let user = PlannedUser {
            uid: owner.uid,
            gid: owner.gid,
            name,
        };
        let reason = format!("{what} {} is its own", resolved.path);
        found.push(Candidate {
            evidence: Evidence::Owner,
            user,
            reason,
        });
    }
}

fn of_names(view: &ImageView, start: &Start, server: Option<&Server>, found: &mut Vec<Candidate>) {
    let program = start.program().map(|program| program.word.as_str());
    let is_service = |account: &&Account| (1..=65533).contains(&account.uid);
    let planned = |account: &Account| PlannedUser {
        uid: account.uid,
        gid: account.gid,
        name: Some(account.name.clone()),
    };
    let passwd = LayerPath::from("etc/passwd");
    let named = view
        .accounts()
        .filter(is_service)
        .find(|account| Some(account.name.as_str()) == program);
    if let Some(account) = named {
        let reason = format!("it has the program's name ({passwd}:{})", account.line);
        found.push(Candidate {
            evidence: Evidence::SameName,
            user: planned(account),
            reason,
        });
    }
    let Some(server) = server else { return };
    let mut known = server.accounts.iter().filter_map(|name| {
        view.accounts()
            .filter(is_service)
            .find(|account| account.name == *name)
    });
    if let Some(account) = known.next() {
        let reason = format!(
            "{} usually runs as it ({passwd}:{})",
            server.name, account.line
        );
        found.push(Candidate {
            evidence: Evidence::Known,
            user: planned(account),
            reason,
        });
    }
}
