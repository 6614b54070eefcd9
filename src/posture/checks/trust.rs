//! What went into the image unchecked: scripts run from the net, certificates and signatures that nobody looked at.

use super::build::{NO_HISTORY, commands, failures, over};
use super::{IMAGE, ImageCheck, ImageView, NIST_TRUST, at, config_failure};
use crate::model::{
    Check, Failure, Joiner, Observation, Outcome, Severity, ShellCommand, path_file_name,
};
use crate::posture::history::instructions;

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-034",
            title: "Downloaded script piped into a shell",
            severity: Severity::High,
            cis: &["4.11"],
            nist: NIST_TRUST,
            why: "Whoever answers for that address when the image is built runs commands in it, and nobody sees which.",
            fix: "Download to a file, compare its digest, then run it.",
            ..IMAGE
        },
        run: piped,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-035",
            title: "Certificate or signature checks are off",
            severity: Severity::High,
            cis: &["4.11"],
            nist: NIST_TRUST,
            why: "Anybody between the build or the program and the server can hand over something else.",
            fix: "Remove the switch; add the missing certificate or key instead.",
            ..IMAGE
        },
        run: unchecked,
    },
];

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];
/// Interpreters that run what they are given on standard input.
const INTERPRETERS: [&str; 6] = ["python", "python3", "perl", "ruby", "node", "php"];

const DOWNLOADERS: [&str; 2] = ["curl", "wget"];

/// The shell or interpreter that a command runs, behind `sudo`, `env` and their like.
fn interpreter(command: &ShellCommand) -> Option<&str> {
    let names = command.words.iter().map(|word| path_file_name(&word.text));
    let mut names = names.skip_while(|name| ["sudo", "env", "exec", "-E", "nohup"].contains(name));
    names
        .next()
        .filter(|name| SHELLS.contains(name) || INTERPRETERS.contains(name))
}

/// Whether a word is what a download gave: `<(curl …)`, `$(wget …)`.
fn is_download(word: &crate::model::ShellWord) -> bool {
    let text = &word.text;
    let substitutes = !word.is_literal && ["<(", "$(", "`"].iter().any(|sign| text.contains(sign));
    substitutes && (text.contains("curl ") || text.contains("wget "))
}

fn piped(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let mut details = Vec::new();
        let mut comes_from_net = false;
        for command in commands(instruction) {
            comes_from_net &= command.joined == Joiner::Pipe;
            let substitutes = command.words.iter().any(is_download);
            let program = command.program().unwrap_or_default();
            if let Some(shell) = interpreter(&command).filter(|_| comes_from_net || substitutes) {
                details.push(format!("a download is piped into {shell}"));
            } else if ["eval", ".", "source"].contains(&program) && substitutes {
                details.push("a download is evaluated".to_owned());
            }
            comes_from_net |= DOWNLOADERS.contains(&program);
        }
        details
    })
}

/// Switches that turn a check off, with their programs.
const SWITCHES: [(&str, &[&str]); 17] = [
    ("--insecure", &["curl"]),
    ("--proxy-insecure", &["curl"]),
    ("--no-check-certificate", &["wget", "wget2", "aria2c"]),
    ("--trusted-host", &["pip", "pip3", "pipenv"]),
    ("--allow-unauthenticated", &["apt-get", "apt", "aptitude"]),
    ("--allow-insecure-repositories", &["apt-get", "apt"]),
    ("--force-yes", &["apt-get", "apt"]),
    ("APT::Get::AllowUnauthenticated=true", &["apt-get", "apt"]),
    ("Acquire::https::Verify-Peer=false", &["apt-get", "apt"]),
    (
        "Acquire::AllowInsecureRepositories=true",
        &["apt-get", "apt"],
    ),
    ("--allow-untrusted", &["apk"]),
    ("--nosignature", &["rpm"]),
    ("--nogpgcheck", &["yum", "dnf", "microdnf", "tdnf", "rpm"]),
    ("--setopt=sslverify=false", &["yum", "dnf", "microdnf"]),
    ("--setopt=sslverify=0", &["yum", "dnf", "microdnf"]),
    ("--no-gpg-checks", &["zypper"]),
    ("http.sslVerify=false", &["git"]),
];
/// Settings that a program keeps, turned off by `false`.
const SETTINGS: [(&str, &[&str]); 4] = [
    ("strict-ssl", &["npm", "yarn", "pnpm"]),
    ("http.sslVerify", &["git"]),
    ("http.sslverify", &["git"]),
    ("ssl_verify", &["conda", "mamba"]),
];
/// Variables that turn a check off, with the value that does; `*` is any.
const VARIABLES: [(&str, &str); 8] = [
    ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
    ("PYTHONHTTPSVERIFY", "0"),
    ("GIT_SSL_NO_VERIFY", "*"),
    ("PIP_TRUSTED_HOST", "*"),
    ("NPM_CONFIG_STRICT_SSL", "false"),
    ("npm_config_strict_ssl", "false"),
    ("YARN_STRICT_SSL", "false"),
    ("GOSUMDB", "off"),
];
/// Short options of curl that take no value.
const CURL_PLAIN: &str = "#0123468BGIJLMNORSZafgijklnpqsvV";

fn turns_off(name: &str, value: &str) -> bool {
    let value = value.trim_matches('"');
    let is_off = |(known, off): &(&str, &str)| {
        name == *known && (*off == value || (*off == "*" && !["", "0", "false"].contains(&value)))
    };
    VARIABLES.iter().any(is_off)
}

/// `-k`, alone or in a bundle such as `-fsSLk`; the last of a bundle may be one that takes a value.
fn is_insecure_bundle(word: &str) -> bool {
    let Some(letters) = word.strip_prefix('-') else {
        return false;
    };
    let plain = letters
        .chars()
        .take_while(|c| CURL_PLAIN.contains(*c))
        .count();
    letters.contains('k')
        && letters.len() <= plain + 1
        && letters.find('k').is_some_and(|at| at < plain)
}

fn unchecked_command(command: &ShellCommand) -> Vec<String> {
    let program = command.program().unwrap_or_default();
    let mut details = Vec::new();
    let has = |wanted: &str| command.arguments().any(|word| word == wanted);
    for (switch, programs) in SWITCHES {
        if programs.contains(&program) && has(switch) {
            details.push(format!("{program} {switch}"));
        }
    }
    for (setting, programs) in SETTINGS {
        if programs.contains(&program) && has(setting) && has("false") {
            details.push(format!("{program} is told {setting} false"));
        }
    }
    if program == "curl" && command.arguments().any(is_insecure_bundle) {
        details.push("curl -k".to_owned());
    }
    let assigned = command.assignments.iter();
    let assigned = assigned.map(|(name, value)| (name.as_str(), value.text.as_str()));
    let is_export = ["export", "env"].contains(&program);
    let exported = command.arguments().filter_map(|word| word.split_once('='));
    let variables = assigned.chain(exported.filter(|_| is_export));
    let off = variables.filter(|(name, value)| turns_off(name, value));
    details.extend(off.map(|(name, _)| format!("{name} is set")));
    details
}

fn unchecked(view: &ImageView) -> Outcome {
    let found = instructions(&view.config);
    let mut all = failures(&found, |instruction| {
        commands(instruction)
            .iter()
            .flat_map(unchecked_command)
            .collect()
    });
    let variables = view
        .config
        .config
        .env
        .iter()
        .filter_map(|variable| variable.split_once('='));
    let off = variables.filter(|(name, value)| turns_off(name, value));
    all.extend(
        off.map(|(name, _)| config_failure(format!("env {name}"), format!("{name} is set"))),
    );
    let unverified = |(path, _, fact)| match fact {
        &Observation::UnverifiedPackages { line, ref setting } => {
            let detail = format!("packages are taken unchecked: {setting}");
            Some(Failure::new(detail, at(view, path, Some(line))))
        }
        _ => None,
    };
    all.extend(view.observations().filter_map(unverified));
    if all.is_empty() && found.is_empty() {
        return Outcome::NotEvaluated(NO_HISTORY.to_owned());
    }
    Outcome::of(all)
}
