//! Accounts, passwords and who may become root by asking.

use std::collections::BTreeMap;

use super::{IMAGE, ImageCheck, ImageView, at, file_failure};
use crate::model::{
    Check, Failure, LayerPath, Observation, Outcome, PasswordKind, PasswordState, Severity,
    ToolKind,
};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-006",
            title: "Second account with uid 0",
            severity: Severity::High,
            why: "It is root under another name, which checks for the name `root` do not see.",
            fix: "Remove the account, or give it a uid of its own.",
            ..IMAGE
        },
        run: second_root,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-007",
            title: "Uid or gid is used twice",
            severity: Severity::Low,
            why: "Two names share their files and processes, so that what is forbidden to one is done as the other.",
            fix: "Give each account and group an id of its own.",
            ..IMAGE
        },
        run: duplicates,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-008",
            title: "Account without a password",
            severity: Severity::Critical,
            why: "su, login and sshd take it without asking; if it is root, everybody inside is.",
            fix: "Lock it: passwd -l NAME, or write ! into the second field of /etc/shadow.",
            ..IMAGE
        },
        run: empty_password,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-009",
            title: "Account with a password that can be used",
            severity: Severity::High,
            cis: &["4.10"],
            nist: super::NIST_SECRETS,
            why: "Whoever has the image has the hash, can guess at it at leisure, and knows the password of every container of it.",
            fix: "Lock the account; give credentials to the container when it runs.",
            ..IMAGE
        },
        run: usable_password,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-010",
            title: "Rule that lets an account become root without a password",
            severity: Severity::High,
            cis: &["4.8"],
            why: "The account that the image runs as is then root in all but name.",
            fix: "Remove the rule, and sudo or doas with it.",
            ..IMAGE
        },
        run: passwordless,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-011",
            title: "sudo, doas or pkexec is installed",
            severity: Severity::Medium,
            cis: &["4.8"],
            why: "These setuid programs have had many errors that make anybody root, and a container rarely needs to change its account upwards.",
            fix: "Leave it out; an entry point that starts as root steps down with gosu, su-exec or setpriv.",
            ..IMAGE
        },
        run: privilege_tools,
    },
];

const NO_PASSWD: &str = "the image has no /etc/passwd that could be read";

fn passwd() -> LayerPath {
    LayerPath::from("etc/passwd")
}

fn second_root(view: &ImageView) -> Outcome {
    if view.accounts().next().is_none() {
        return Outcome::NotEvaluated(NO_PASSWD.to_owned());
    }
    let roots = view.accounts().filter(|account| account.uid == 0);
    let mut has_root = false;
    let failures = roots
        .filter(|account| account.name != "root" || std::mem::replace(&mut has_root, true))
        .map(|account| {
            let place = at(view, &passwd(), Some(account.line));
            Failure::new(format!("`{}` has uid 0", account.name), place)
        })
        .collect();
    Outcome::of(failures)
}

fn duplicates(view: &ImageView) -> Outcome {
    let accounts = view
        .accounts()
        .filter(|account| account.uid != 0)
        .map(|account| ("uid", account.uid, &account.name, account.line));
    let groups = view
        .groups()
        .map(|group| ("gid", group.gid, &group.name, group.line));
    let mut first: BTreeMap<(&str, u64), &String> = BTreeMap::new();
    let mut failures = Vec::new();
    for (kind, id, name, line) in accounts.chain(groups) {
        if let Some(other) = first.get(&(kind, id)) {
            let path = if kind == "uid" {
                passwd()
            } else {
                "etc/group".into()
            };
            failures.push(Failure::new(
                format!("`{name}` has the {kind} {id} of `{other}`"),
                at(view, &path, Some(line)),
            ));
        } else {
            first.insert((kind, id), name);
        }
    }
    if first.is_empty() {
        return Outcome::NotEvaluated(NO_PASSWD.to_owned());
    }
    Outcome::of(failures)
}

pub(super) fn passwords(view: &ImageView) -> impl Iterator<Item = (&LayerPath, &PasswordState)> {
    view.observations()
        .filter_map(|(path, _, fact)| match fact {
            Observation::Password(state) if path.as_str() == "etc/shadow" => Some((path, state)),
            _ => None,
        })
}

/// Accounts that need no password: with a shadow file what that says, otherwise what passwd says.
pub(super) fn without_password(view: &ImageView) -> Vec<(LayerPath, u64, String)> {
    let in_shadow = |(path, state): (&LayerPath, &PasswordState)| {
        (state.state == PasswordKind::Empty).then(|| (path.clone(), state.line, state.name.clone()))
    };
    let mut found: Vec<_> = passwords(view).filter_map(in_shadow).collect();
    found.extend(
        view.accounts()
            .filter(|account| account.has_empty_password)
            .map(|account| (passwd(), account.line, account.name.clone())),
    );
    found
}

fn empty_password(view: &ImageView) -> Outcome {
    if view.accounts().next().is_none() && passwords(view).next().is_none() {
        return Outcome::NotEvaluated(NO_PASSWD.to_owned());
    }
    let can_log_in = view.observations().any(|(path, _, fact)| {
        matches!(fact, Observation::Tool(ToolKind::SshServer))
            || ["su", "login", "sshd"].contains(&path.file_name())
    });
    let failures = without_password(view)
        .into_iter()
        .map(|(path, line, name)| {
            let failure = Failure::new(
                format!("`{name}` has no password"),
                at(view, &path, Some(line)),
            );
            if can_log_in {
                failure
            } else {
                failure.of_severity(Severity::High)
            }
        })
        .collect();
    Outcome::of(failures)
}

fn usable_password(view: &ImageView) -> Outcome {
    if passwords(view).next().is_none() {
        return Outcome::NotEvaluated("the image has no /etc/shadow that could be read".to_owned());
    }
    let failures = passwords(view)
        .filter_map(|(path, state)| {
            let scheme = match state.state {
                PasswordKind::Strong => "a hash",
                PasswordKind::Weak => "a hash of a scheme that is guessed fast",
                PasswordKind::Empty | PasswordKind::Locked => return None,
            };
            let detail = format!("the password of `{}` is {scheme}", state.name);
            Some(Failure::new(detail, at(view, path, Some(state.line))))
        })
        .collect();
    Outcome::of(failures)
}

fn passwordless(view: &ImageView) -> Outcome {
    let failures = view
        .observations()
        .filter_map(|(path, _, fact)| match fact {
            Observation::PasswordlessSudo { line, who } => Some(Failure::new(
                format!("`{who}` is asked for no password"),
                at(view, path, Some(*line)),
            )),
            _ => None,
        })
        .collect();
    Outcome::of(failures)
}

fn privilege_tools(view: &ImageView) -> Outcome {
    let failures = view
        .observations()
        .filter(|(_, _, fact)| matches!(fact, Observation::Tool(ToolKind::PrivilegeTool)))
        .map(|(path, _, _)| file_failure(view, path, format!("{} is installed", path.file_name())))
        .collect();
    Outcome::of(failures)
}
