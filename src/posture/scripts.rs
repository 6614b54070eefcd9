//! Shell scripts of an image: the commands that take rights or write, told from their text.
//!
//! Of a command's arguments only accounts and paths are kept: any other could be a secret.

use super::script_causes;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Observation, ScriptFact, ShellCommand, path_file_name, shell};

/// A longer script is no entry point but a program that unpacks itself.
const LIMIT: u64 = 256 << 10;
/// Folders above a script.
const DEPTH: usize = 5;
/// Parts of names of scripts that start or build something.
const NAMES: [&str; 6] = ["entrypoint", "start", "run", "init", "docker", "boot"];
/// What is read as a shell.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "ash", "ksh", "mksh", "zsh"];

/// Reads shell scripts where entry points lie.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scripts;

impl Detector for Scripts {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "posture/scripts",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Magic(b"#!")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.size <= LIMIT && is_likely(entry) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let text = String::from_utf8_lossy(file.bytes);
        let observations = interpreter(&text)
            .map(|interpreter| Observation::Script(script(interpreter, &text)))
            .into_iter()
            .collect();
        Ok(FileFacts {
            observations,
            ..FileFacts::default()
        })
    }
}

fn is_likely(entry: &Entry<'_>) -> bool {
    let folders = entry.parent();
    let is_shared = folders.split('/').any(|folder| folder == "share");
    if is_shared || entry.path.split('/').count() > DEPTH {
        return false;
    }
    let name = entry.file_name();
    folders.is_empty()
        || folders
            .split('/')
            .any(|folder| folder == "bin" || folder == "sbin")
        || NAMES.iter().any(|part| name.contains(part))
        || name.strip_suffix(".sh").is_some()
}

/// The shell of the first line; `None` for another interpreter. `env` is looked through.
fn interpreter(text: &str) -> Option<&str> {
    let line = text.lines().next()?.strip_prefix("#!")?;
    let mut words = line.split_ascii_whitespace();
    let mut found = words.next()?;
    if path_file_name(found) == "env" {
        found = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
    }
    let name = path_file_name(found);
    let is_busybox = name == "busybox" && words.next().is_some_and(|word| SHELLS.contains(&word));
    (is_busybox || SHELLS.contains(&name)).then_some(found)
}

fn script(interpreter: &str, text: &str) -> ScriptFact {
    let commands = shell::commands(text);
    ScriptFact {
        interpreter: interpreter.to_owned(),
        is_opaque: commands.iter().any(is_opaque),
        causes: commands
            .iter()
            .flat_map(script_causes::of_command)
            .collect(),
    }
}

/// Whether what the command does is not in the text.
fn is_opaque(command: &ShellCommand) -> bool {
    let Some(program) = command.program() else {
        return false;
    };
    let operand = command
        .words
        .iter()
        .skip(1)
        .find(|word| !word.text.starts_with('-'));
    match program {
        "eval" => true,
        "." | "source" => operand.is_some_and(|word| !word.is_literal),
        _ if !SHELLS.contains(&program) => false,
        _ => {
            let is_fed = command.has_document || command.joined == shell::Joiner::Pipe;
            (is_fed && operand.is_none()) || operand.is_some_and(|word| !word.is_literal)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ScriptCause;

    fn read(text: &str) -> Option<ScriptFact> {
        let entry = Entry::file("docker-entrypoint.sh", text.len() as u64);
        let facts = Scripts.detect(File {
            entry,
            bytes: text.as_bytes(),
        });
        let facts = facts.expect("facts").observations;
        facts.into_iter().find_map(|fact| match fact {
            Observation::Script(script) => Some(script),
            _ => None,
        })
    }

    fn causes(commands: &str) -> Vec<String> {
        let script = read(&format!("#!/bin/sh\n{commands}\n")).expect("a script");
        let shown = |cause: &ScriptCause| {
            let account = cause.account.as_deref().unwrap_or("-");
            format!(
                "{} {} {account} {}",
                cause.line,
                cause.command,
                cause.paths.join(",")
            )
        };
        script.causes.iter().map(shown).collect()
    }

    #[test]
    fn scripts_are_wanted_where_entry_points_lie() {
        for (path, is_wanted) in [
            ("entry", true),
            ("usr/local/bin/app", true),
            ("opt/app/run-it", true),
            ("docker-entrypoint.d/10-a.sh", true),
            ("usr/share/doc/x/start.sh", false),
            ("usr/lib/x/y", false),
            ("a/b/c/d/e/start.sh", false),
        ] {
            let is_found = Scripts.wants(&Entry::file(path, 10)) != Want::Skip;
            assert_eq!(is_found, is_wanted, "{path}");
        }
        assert_eq!(Scripts.wants(&Entry::file("entry", LIMIT + 1)), Want::Skip);
    }

    #[test]
    fn a_script_is_one_of_a_shell() {
        for (line, shell) in [
            ("#!/bin/bash -e", Some("/bin/bash")),
            ("#! /usr/bin/env -S A=1 bash", Some("bash")),
            ("#!/bin/busybox sh", Some("/bin/busybox")),
            ("#!/usr/bin/python3", None),
            ("#!", None),
        ] {
            let read = read(&format!("{line}\n"));
            assert_eq!(
                read.map(|script| script.interpreter).as_deref(),
                shell,
                "{line}"
            );
        }
    }

    #[test]
    fn commands_that_take_rights_are_told_with_account_and_paths_and_nothing_else() {
        for (command, expected) in [
            ("chown -R redis:redis /data .", "2 chown redis /data"),
            ("chown \"$APP\" \"$PGDATA\"", "2 chown - $PGDATA"),
            ("chmod 0700 \"${DIR:-secret}/x\"", "2 chmod - $DIR/x"),
            ("exec gosu postgres \"$0\" \"$@\"", "2 gosu postgres "),
            (
                "exec su-exec 999:999 /usr/bin/x --token abc",
                "2 su-exec 999 /usr/bin/x",
            ),
            ("setpriv --reuid=app --clear-groups a", "2 setpriv app "),
            ("setpriv --reuid app a", "2 setpriv app "),
            ("su -s /bin/sh -c 'a b' www-data", "2 su www-data /bin/sh"),
            ("su - app -c x", "2 su app "),
            ("runuser -u app -- x", "2 runuser app "),
            ("sudo -u app x", "2 sudo app "),
            ("chroot --userspec=a:b / x", "2 chroot a /"),
            (
                "start-stop-daemon --start --chuid app --exec /x",
                "2 start-stop-daemon app /x",
            ),
            ("install -d -o app /run/app", "2 install app /run/app"),
            (
                "find \"$D\" \\! -user redis -exec chown redis '{}' +",
                "2 find redis $D|2 chown redis $D",
            ),
            ("find /x -name y", ""),
            ("mkdir -p /a/b && touch /c", "2 mkdir - /a/b|2 touch - /c"),
            ("sed -i s/a/b/ /etc/x", "2 sed - /etc/x"),
            ("sed s/a/b/ /etc/x", ""),
            (
                "echo \"$PASSWORD\" > /etc/x.conf 2>/dev/null",
                "2 > - /etc/x.conf",
            ),
            ("exec nginx -g 'daemon off;' --pass x", "2 exec - nginx"),
            ("exec \"$@\"", "2 exec - $@"),
            ("exec mysqld --user=mysql", "2 exec mysql mysqld"),
            ("tini -- gosu app x", "2 gosu app "),
            ("env A=b chown app /x", "2 chown app /x"),
            ("[ -x /usr/bin/x ] || ls /x", ""),
        ] {
            assert_eq!(causes(command).join("|"), expected, "{command}");
        }
    }

    #[test]
    fn what_is_not_in_the_text_makes_a_script_opaque() {
        for (command, is_opaque) in [
            ("eval \"$x\"", true),
            (". \"$x\"", true),
            (". /etc/x", false),
            ("sh <<E\nrm\nE", true),
            ("curl x | sh", true),
            ("sh -c 'a'", false),
            ("sh -c \"$x\"", true),
            ("sh /x.sh", false),
        ] {
            let script = read(&format!("#!/bin/sh\n{command}\n")).expect("a script");
            assert_eq!(script.is_opaque, is_opaque, "{command}");
        }
    }
}
