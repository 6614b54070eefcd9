//! As whom the image starts.

use super::{IMAGE, ImageCheck, ImageView, config_failure};
use crate::model::{Check, Outcome, Severity};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-001",
            title: "Image starts as root",
            severity: Severity::High,
            cis: &["4.1"],
            pss: &["restricted: runAsNonRoot"],
            why: "Whoever takes over the program is root inside, and one weakness of the kernel or of a mount away from the host.",
            fix: "End the Dockerfile with USER and a number, such as USER 10001:10001.",
            ..IMAGE
        },
        run: root,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-002",
            title: "User is a name, not a number",
            severity: Severity::Low,
            cis: &["4.1"],
            pss: &["restricted: runAsNonRoot"],
            why: "Kubernetes cannot tell that a name is not root, and refuses to start it with runAsNonRoot.",
            fix: "Write the number of the account: USER 10001:10001.",
            ..IMAGE
        },
        run: name,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-003",
            title: "User has no line in /etc/passwd",
            severity: Severity::Negligible,
            why: "HOME becomes / and programs that ask for the account's name fail, which tempts people to run them as root.",
            fix: "Add a line to /etc/passwd, or set ENV HOME to a folder that the user may write.",
            ..IMAGE
        },
        run: unknown,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-004",
            title: "User is in group 0",
            severity: Severity::Low,
            cis: &["4.1"],
            why: "Files that root's group may write are his, and on a mounted host folder those of the host's root group.",
            fix: "Name a group of its own: USER 10001:10001. A number without a group gets group 0.",
            ..IMAGE
        },
        run: group_0,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-005",
            title: "Service account has a login shell",
            severity: Severity::Negligible,
            why: "su and sshd give a session to an account that never needs one.",
            fix: "Give the account /usr/sbin/nologin as its shell.",
            ..IMAGE
        },
        run: login_shell,
    },
];

fn root(view: &ImageView) -> Outcome {
    let user = view.run_user();
    let detail = match (user.uid, user.written.as_str()) {
        (Some(0), "") => "USER is not set, so uid 0".to_owned(),
        (Some(0), written) => format!("USER `{written}` is uid 0"),
        (Some(_), _) => return Outcome::Passed,
        (None, written) => {
            return Outcome::NotEvaluated(format!(
                "/etc/passwd has no account `{written}`, so that its number is not known"
            ));
        }
    };
    Outcome::Failed(vec![config_failure("user", detail)])
}

fn name(view: &ImageView) -> Outcome {
    let user = view.run_user();
    let written = user.written.split(':').next().unwrap_or_default();
    if written.is_empty() {
        return Outcome::NotApplicable;
    }
    if written.parse::<u64>().is_ok() {
        return Outcome::Passed;
    }
    let failure = match user.uid {
        Some(uid) => {
            let gid = user.gid.unwrap_or(uid);
            config_failure("user", format!("USER `{written}` is uid {uid} here"))
                .with_fix(format!("USER {uid}:{gid}"))
        }
        None => config_failure(
            "user",
            format!("USER `{written}` is no account of /etc/passwd: an engine refuses to start it"),
        )
        .of_severity(Severity::Medium),
    };
    Outcome::Failed(vec![failure])
}

fn unknown(view: &ImageView) -> Outcome {
    let user = view.run_user();
    let is_known = user.name.is_some() || user.uid == Some(0);
    let has_home = view.variable("HOME").is_some_and(|home| home.len() > 1);
    if is_known || has_home {
        return Outcome::Passed;
    }
    Outcome::Failed(vec![config_failure(
        "user",
        format!(
            "`{}` has no line in /etc/passwd, and HOME is not set",
            user.written
        ),
    )])
}

fn group_0(view: &ImageView) -> Outcome {
    let user = view.run_user();
    match (user.uid, user.gid) {
        (Some(0), _) => Outcome::NotApplicable,
        (Some(_), Some(0)) => {
            let detail = if user.written.contains(':') || user.name.is_some() {
                "its group is 0"
            } else {
                "no group is named, so it is 0"
            };
            Outcome::Failed(vec![config_failure("user", detail)])
        }
        (Some(_), Some(_)) => Outcome::Passed,
        _ => {
            Outcome::NotEvaluated("the number of the user or of its group is not known".to_owned())
        }
    }
}

fn login_shell(view: &ImageView) -> Outcome {
    let user = view.run_user();
    let Some(account) = view
        .accounts()
        .find(|account| Some(account.uid) == user.uid && account.uid != 0)
    else {
        return Outcome::NotApplicable;
    };
    let shell = if account.shell.is_empty() {
        "/bin/sh"
    } else {
        &account.shell
    };
    let is_none = ["nologin", "false", "sync", "true"]
        .iter()
        .any(|name| shell.ends_with(name));
    if is_none || view.resolve(shell).attributes.is_none() {
        return Outcome::Passed;
    }
    let place = super::at(view, &"etc/passwd".into(), Some(account.line));
    Outcome::Failed(vec![crate::model::Failure::new(
        format!("the shell of `{}` is {shell}", account.name),
        place,
    )])
}
