//! How the image is started.

use super::{IMAGE, ImageCheck, ImageView, config_failure};
use crate::model::{Check, Outcome, Severity};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-046",
            title: "Start command in shell form",
            severity: Severity::Negligible,
            why: "The shell is process 1: it passes no signal on, so that the container is killed after a time instead of stopped.",
            fix: "Write it as a list: CMD [\"program\", \"argument\"].",
            ..IMAGE
        },
        run: shell_form,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-047",
            title: "Start command asks for root or turns its own sandbox off",
            severity: Severity::Medium,
            why: "The program gives up a barrier of its own, or insists on rights that it does not need.",
            fix: "Remove the switch, and run the program as a user of its own.",
            ..IMAGE
        },
        run: sandbox,
    },
];

/// Arguments that give up a barrier.
const SWITCHES: [&str; 8] = [
    "--no-sandbox",
    "--disable-setuid-sandbox",
    "--allow-root",
    "--allow-run-as-root",
    "--run-as-root",
    "--disable-web-security",
    "--unsafe-perm",
    "--privileged",
];
/// Variables that do, with their value.
const VARIABLES: [(&str, &str); 6] = [
    ("ALLOW_RUNASROOT", "1"),
    ("PUID", "0"),
    ("PGID", "0"),
    ("COMPOSER_ALLOW_SUPERUSER", "1"),
    ("RUNNER_ALLOW_RUNASROOT", "1"),
    ("OMPI_ALLOW_RUN_AS_ROOT", "1"),
];

fn shell_form(view: &ImageView) -> Outcome {
    let config = &view.config.config;
    let is_shell = |words: &[String]| {
        let mut words = words.iter().map(String::as_str);
        let name = words
            .next()
            .unwrap_or_default()
            .rsplit('/')
            .next()
            .unwrap_or_default();
        ["sh", "bash", "dash", "ash"].contains(&name) && words.take(3).any(|word| word == "-c")
    };
    if config.entrypoint.is_empty() && config.cmd.is_empty() {
        return Outcome::NotApplicable;
    }
    let found = if is_shell(&config.entrypoint) {
        "entrypoint"
    } else if config.entrypoint.is_empty() && is_shell(&config.cmd) {
        "cmd"
    } else {
        return Outcome::Passed;
    };
    Outcome::Failed(vec![config_failure(found, "a shell runs the command")])
}

fn sandbox(view: &ImageView) -> Outcome {
    let words = view.start_command();
    // A command in shell form is one word.
    let words = words.iter().flat_map(|word| word.split_whitespace());
    let mut failures: Vec<_> = words
        .filter_map(|word| SWITCHES.iter().find(|switch| **switch == word))
        .map(|switch| config_failure("cmd", format!("it is started with {switch}")))
        .collect();
    for (name, value) in VARIABLES {
        if view.variable(name) == Some(value) {
            failures.push(config_failure(
                format!("env {name}"),
                format!("{name} is {value}"),
            ));
        }
    }
    if failures.is_empty() && view.start_command().is_empty() {
        return Outcome::NotApplicable;
    }
    Outcome::of(failures)
}
