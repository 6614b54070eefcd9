//! Credentials in the config: told by the names of variables and options. What a value looks like is the secret engine's matter, and no
//! value is shown.

use super::{IMAGE, ImageCheck, ImageView, NIST_SECRETS, config_failure};
use crate::model::{Check, Failure, Outcome, Severity, ShellCommand, shell};
use crate::posture::history::{Instruction, instructions};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-032",
            title: "Credential in ENV",
            severity: Severity::High,
            cis: &["4.10"],
            nist: NIST_SECRETS,
            why: "Everybody who has the image reads it, and so does every process inside.",
            fix: "Mount it as a file when the container runs; many images read NAME_FILE.",
            ..IMAGE
        },
        run: environment,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-033",
            title: "Credential in a build argument or command",
            severity: Severity::High,
            cis: &["4.10"],
            nist: NIST_SECRETS,
            why: "The history keeps it, and everybody who has the image reads it.",
            fix: "Give it to the build with RUN --mount=type=secret, and change the credential.",
            ..IMAGE
        },
        run: build,
    },
];

/// Words that name a credential.
const WORDS: [&str; 12] = [
    "PASSWORD",
    "PASSWD",
    "PASS",
    "PASSPHRASE",
    "PWD",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "APIKEY",
    "CREDENTIAL",
    "CREDENTIALS",
    "PASSCODE",
];
/// What stands before `KEY` where it is a credential.
const KEYS: [&str; 10] = [
    "APP",
    "API",
    "ACCESS",
    "SECRET",
    "PRIVATE",
    "ENCRYPTION",
    "SIGNING",
    "MASTER",
    "AUTH",
    "ACCOUNT",
];
/// Last words of names that are about a credential, and none.
const ABOUT: [&str; 27] = [
    "FILE",
    "FILES",
    "PATH",
    "DIR",
    "URL",
    "URI",
    "ID",
    "SHA256",
    "SHA512",
    "CHECKSUM",
    "VERSION",
    "ENABLED",
    "DISABLED",
    "TTL",
    "EXPIRY",
    "LENGTH",
    "MIN",
    "MAX",
    "TYPE",
    "NAME",
    "POLICY",
    "USER",
    "PUBLIC",
    "ALGORITHM",
    "REQUIRED",
    "PREFIX",
    "HEADER",
];

/// Whether a variable of this name holds a credential. Words count whole: `MONKEY`, `COMPASS` and `KEYCLOAK_VERSION` do not.
pub(super) fn names_credential(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let words: Vec<&str> = upper
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let Some(last) = words.last() else {
        return false;
    };
    // `PWD` alone is the current folder, and so is `OLDPWD`.
    if ABOUT.contains(last) || words.contains(&"PUBLIC") || upper == "PWD" {
        return false;
    }
    let is_key = |pair: &[&str]| matches!(pair, [before, "KEY" | "KEYS"] if KEYS.contains(before));
    words.iter().any(|word| {
        WORDS.contains(word) || (word.ends_with("PASSWORD") || word.ends_with("PASSWD"))
    }) || words.windows(2).any(is_key)
}

/// Whether a value can be a credential at all: an empty one, a switch, a path or a reference is none.
pub(super) fn can_be_credential(value: &str) -> bool {
    let value = value.trim_matches(['"', '\'', ' ']);
    let is_switch = [
        "true", "false", "yes", "no", "on", "off", "0", "1", "none", "null",
    ]
    .iter()
    .any(|switch| value.eq_ignore_ascii_case(switch));
    !value.is_empty() && !is_switch && !value.starts_with(['/', '$', '<'])
}

fn environment(view: &ImageView) -> Outcome {
    let variables = view
        .config
        .config
        .env
        .iter()
        .filter_map(|variable| variable.split_once('='));
    let failures = variables
        .filter_map(|(name, value)| {
            let detail = if names_credential(name) && can_be_credential(value) {
                format!("{} has a value", shown(name))
            } else if has_user_information(value) {
                format!("{} is an address with a password", shown(name))
            } else {
                return None;
            };
            Some(config_failure(format!("env {}", shown(name)), detail))
        })
        .collect();
    Outcome::of(failures)
}

fn build(view: &ImageView) -> Outcome {
    let found = instructions(&view.config);
    if found.is_empty() {
        return Outcome::NotEvaluated(super::build::NO_HISTORY.to_owned());
    }
    let failures = found.iter().flat_map(of_instruction).collect();
    Outcome::of(failures)
}

fn of_instruction(instruction: &Instruction<'_>) -> Vec<Failure> {
    let mut names: Vec<String> = Vec::new();
    let arguments = instruction.arguments.iter();
    let is_credential =
        |name: &str, value: &str| names_credential(name) && can_be_credential(value);
    names.extend(
        arguments
            .filter(|(name, value)| is_credential(name, value))
            .map(|(name, _)| format!("build argument {}", shown(name))),
    );
    match instruction.keyword {
        "ARG" => names.extend(
            instruction
                .text
                .split_once('=')
                .filter(|(name, value)| is_credential(name, value))
                .map(|(name, _)| format!("build argument {}", shown(name))),
        ),
        "RUN" => names.extend(
            shell::commands(instruction.text)
                .iter()
                .flat_map(of_command),
        ),
        _ => {}
    }
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            config_failure(
                format!("history {}", instruction.item),
                format!("{name} has a value"),
            )
        })
        .collect()
}

fn of_command(command: &ShellCommand) -> Vec<String> {
    let mut names = Vec::new();
    for (name, value) in &command.assignments {
        if value.is_literal && names_credential(name) && can_be_credential(&value.text) {
            names.push(format!("variable {}", shown(name)));
        }
    }
    let program = shown(command.program().unwrap_or_default());
    let mut words = command.words.iter().skip(1).peekable();
    while let Some(word) = words.next() {
        let next = words.peek().filter(|next| next.is_literal);
        let option = match word.text.split_once('=') {
            Some((name, value)) => word.is_literal.then_some((name, value)),
            None => next
                .filter(|next| word.text.starts_with('-') && !next.text.starts_with('-'))
                .map(|next| (word.text.as_str(), next.text.as_str())),
        };
        if let Some((name, _)) =
            option.filter(|(name, value)| gives_credential(program, name, value))
        {
            names.push(format!("`{}` of {program}", shown(name)));
        }
        if word.is_literal && has_user_information(&word.text) {
            names.push(format!("a password in an address given to {program}"));
        }
    }
    names
}

/// Whether an option or argument of this name, with this value, hands over a credential.
fn gives_credential(program: &str, name: &str, value: &str) -> bool {
    if ["curl", "wget"].contains(&program) && ["-u", "--user"].contains(&name) {
        return value
            .split_once(':')
            .is_some_and(|(_, password)| can_be_credential(password));
    }
    names_credential(name.trim_start_matches('-')) && can_be_credential(value)
}

/// A name, if it has the form of one: other text could be a credential itself.
fn shown(name: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if !name.is_empty() && name.len() <= 64 && name.chars().all(is_plain) {
        name
    } else {
        "…"
    }
}

/// `scheme://user:password@host`.
fn has_user_information(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .and_then(|(user, _)| user.split_once(':'))
        .is_some_and(|(_, password)| can_be_credential(password))
}
