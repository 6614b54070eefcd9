//! Which commands of a script take rights or write, as whom, and where.

use crate::model::{ScriptCause, ShellCommand, ShellWord, path_file_name};

/// Commands that need rights or write.
const CAUSES: [&str; 33] = [
    "chown",
    "chgrp",
    "chmod",
    "gosu",
    "su-exec",
    "setpriv",
    "runuser",
    "su",
    "sudo",
    "doas",
    "start-stop-daemon",
    "chroot",
    "mount",
    "umount",
    "mknod",
    "mkdir",
    "touch",
    "install",
    "cp",
    "mv",
    "ln",
    "tee",
    "envsubst",
    "kill",
    "ping",
    "setcap",
    "iptables",
    "ip6tables",
    "nft",
    "ip",
    "sysctl",
    "chpst",
    "rm",
];
/// Commands that start another: it is looked at in their place.
const WRAPPERS: [&str; 10] = [
    "exec",
    "command",
    "builtin",
    "env",
    "nohup",
    "nice",
    "setsid",
    "tini",
    "dumb-init",
    "catatonit",
];

/// What one command does that matters for rights.
pub(super) fn of_command(command: &ShellCommand) -> Vec<ScriptCause> {
    let (words, is_exec) = unwrapped(&command.words);
    let mut causes = of_words(command.line, words);
    if causes.is_empty() && is_exec {
        causes.extend(started(command.line, words));
    }
    let written = command.outputs.iter().filter_map(path);
    causes.extend(
        written
            .filter(|path| !path.starts_with("/dev/") && !path.starts_with("/proc/self/"))
            .map(|path| ScriptCause {
                line: command.line,
                command: ">".to_owned(),
                account: None,
                paths: vec![path],
            }),
    );
    causes
}

fn name(word: &ShellWord) -> &str {
    path_file_name(&word.text)
}

/// The words without the commands that only start others, and whether one of them was `exec`.
fn unwrapped(mut words: &[ShellWord]) -> (&[ShellWord], bool) {
    let mut is_exec = false;
    while let [first, rest @ ..] = words {
        if !WRAPPERS.contains(&name(first)) {
            break;
        }
        is_exec |= first.text == "exec";
        let skipped = rest.iter().take_while(|word| {
            word.text.starts_with('-') || (name(first) == "env" && word.text.contains('='))
        });
        words = rest.get(skipped.count()..).unwrap_or_default();
    }
    (words, is_exec)
}

fn of_words(line: u64, words: &[ShellWord]) -> Vec<ScriptCause> {
    let [first, arguments @ ..] = words else {
        return Vec::new();
    };
    let command = name(first);
    let is_cause = match command {
        "find" => return of_find(line, arguments),
        "sed" => arguments
            .iter()
            .any(|word| word.text.starts_with("-i") || word.text.starts_with("--in-place")),
        _ => CAUSES.contains(&command),
    };
    if !is_cause {
        return Vec::new();
    }
    // The first operand of these is whom or how, not where.
    let skipped = match command {
        "chown" | "chgrp" | "chmod" | "gosu" | "su-exec" => {
            operand(arguments).map_or(0, |(at, _)| at + 1)
        }
        _ => 0,
    };
    let rest = arguments.get(skipped..).unwrap_or_default();
    vec![ScriptCause {
        line,
        command: command.to_owned(),
        account: account(command, arguments),
        paths: rest.iter().filter_map(path).collect(),
    }]
}

/// `find` that looks for owners, and what it does to what it finds.
fn of_find(line: u64, arguments: &[ShellWord]) -> Vec<ScriptCause> {
    let is_primary =
        |word: &ShellWord| word.text.starts_with('-') || word.text == "!" || word.text == "(";
    let places = arguments.iter().take_while(|word| !is_primary(word));
    let paths: Vec<String> = places.filter_map(path).collect();
    let mut causes = Vec::new();
    if let Some(user) = option(arguments, &["-user"]) {
        causes.push(ScriptCause {
            line,
            command: "find".to_owned(),
            account: plain_account(user),
            paths: paths.clone(),
        });
    }
    let mut parts = arguments.iter();
    let runs =
        |word: &ShellWord| ["-exec", "-execdir", "-ok", "-okdir"].contains(&word.text.as_str());
    while parts.by_ref().any(runs) {
        let inner = of_words(line, parts.as_slice());
        causes.extend(inner.into_iter().map(|cause| ScriptCause {
            paths: paths.clone(),
            ..cause
        }));
    }
    causes
}

/// `exec PROGRAM`: what the script becomes.
fn started(line: u64, words: &[ShellWord]) -> Option<ScriptCause> {
    let first = words.first()?;
    let program = if first.is_literal || first.text == "$@" {
        first.text.clone()
    } else {
        path(first)?
    };
    Some(ScriptCause {
        line,
        command: "exec".to_owned(),
        account: option(words, &["--user"]).and_then(plain_account),
        paths: vec![program],
    })
}

/// The first word that is no option, and where it stands.
fn operand(words: &[ShellWord]) -> Option<(usize, &ShellWord)> {
    words
        .iter()
        .enumerate()
        .find(|(_, word)| !word.text.starts_with('-'))
}

/// The value of an option: `--user=x`, `--user x`, `-u x`.
fn option<'a>(words: &'a [ShellWord], names: &[&str]) -> Option<ValueOf<'a>> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if names.contains(&word.text.as_str()) {
            return words
                .next()
                .map(|value| (value.text.as_str(), value.is_literal));
        }
        if let Some((name, value)) = word.text.split_once('=')
            && names.contains(&name)
        {
            return Some((value, word.is_literal));
        }
    }
    None
}

/// Text, and whether it is what the command gets.
type ValueOf<'a> = (&'a str, bool);

fn plain_account((text, is_literal): ValueOf<'_>) -> Option<String> {
    let user = text.split([':', '.']).next().unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-$".contains(c);
    (is_literal && !user.is_empty() && user.len() <= 32 && user.chars().all(is_name))
        .then(|| user.to_owned())
}

fn account(command: &str, words: &[ShellWord]) -> Option<String> {
    let first = || operand(words).map(|(_, word)| (word.text.as_str(), word.is_literal));
    let found = match command {
        "chown" | "gosu" | "su-exec" => first(),
        "setpriv" => option(words, &["--reuid", "--ruid", "--euid"]),
        "su" | "runuser" => option(words, &["-u", "--user"]).or_else(|| after_options(words)),
        "sudo" | "doas" | "chpst" => option(words, &["-u", "--user"]),
        "start-stop-daemon" => option(words, &["--chuid", "-c"]),
        "chroot" => option(words, &["--userspec"]),
        "install" => option(words, &["-o", "--owner"]),
        _ => None,
    };
    found.and_then(plain_account)
}

/// The account of `su [OPTIONS] [-] [USER]`: options with a value are passed over.
fn after_options(words: &[ShellWord]) -> Option<ValueOf<'_>> {
    const WITH_VALUE: [&str; 9] = [
        "-s",
        "--shell",
        "-c",
        "--command",
        "-g",
        "--group",
        "-G",
        "-w",
        "-T",
    ];
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word.text.as_str()) {
            words.next();
        } else if !word.text.starts_with('-') {
            return Some((word.text.as_str(), word.is_literal));
        }
    }
    None
}

/// An absolute path, or one that begins with a variable. A default value inside `${…}` is left out: it could be a secret.
fn path(word: &ShellWord) -> Option<String> {
    let mut path = String::new();
    let mut rest = word.text.as_str();
    if !rest.starts_with(['/', '$']) || word.text.contains(['`', '\n']) || word.text.contains("$(")
    {
        return None;
    }
    while let Some(at) = rest.find('$').filter(|_| !word.is_literal) {
        path.push_str(rest.get(..at)?);
        path.push('$');
        rest = rest.get(at + 1..)?;
        let (braced, inside) = match rest.strip_prefix('{') {
            Some(inside) => (true, inside),
            None => (false, rest),
        };
        let end = inside
            .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
            .unwrap_or(inside.len());
        path.push_str(inside.get(..end).filter(|name| !name.is_empty())?);
        rest = inside.get(end..)?;
        if braced {
            rest = rest.get(rest.find('}')? + 1..)?;
        }
    }
    path.push_str(rest);
    let is_position = path
        .strip_prefix('$')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    // `$A:$B` and `$A=x` are no paths.
    (!is_position && !path.contains([':', '=', ' '])).then_some(path)
}
