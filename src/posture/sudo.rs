//! Rules of sudo and doas that ask for no password (sudoers(5), doas.conf(5)).

use super::reader::{Reader, has_extension, is_in, lines, settings};
use crate::layers::Interest;
use crate::model::Observation;

const SUDOERS: [&str; 2] = ["etc/sudoers", "usr/local/etc/sudoers"];
const SUDOERS_FOLDERS: [&str; 2] = ["etc/sudoers.d", "usr/local/etc/sudoers.d"];
const DOAS: [&str; 2] = ["etc/doas.conf", "usr/local/etc/doas.conf"];
const DOAS_FOLDER: &str = "etc/doas.d";
/// Bytes of a rule that goes on over several lines.
const RULE_BYTES: usize = 16 << 10;

pub(super) const SUDO: Reader = Reader {
    name: "posture/sudo",
    version: 1,
    interests: &[
        Interest::Name("sudoers"),
        Interest::Folder("sudoers.d"),
        Interest::Name("doas.conf"),
        Interest::Folder("doas.d"),
    ],
    is_read: |path| is_doas(path) || is_sudoers(path),
    read: |path, bytes| {
        if is_doas(path) {
            doas(bytes)
        } else {
            sudo(bytes)
        }
    },
};

fn is_doas(path: &str) -> bool {
    DOAS.contains(&path) || is_in(path, DOAS_FOLDER) && has_extension(path, "conf")
}

/// sudo passes over files of the folder with a dot in their name, or a `~` at its end.
fn is_sudoers(path: &str) -> bool {
    let in_folder = SUDOERS_FOLDERS
        .iter()
        .find_map(|folder| path.strip_prefix(folder));
    let name = in_folder.and_then(|rest| rest.strip_prefix('/'));
    SUDOERS.contains(&path)
        || name.is_some_and(|name| !name.contains(['.', '/']) && !name.ends_with('~'))
}

fn sudo(bytes: &[u8]) -> Vec<Observation> {
    let mut found = Vec::new();
    let mut rule = String::new();
    let mut first = 0;
    for (number, line) in lines(bytes) {
        if rule.is_empty() {
            first = number;
        }
        let (text, goes_on) = match line.strip_suffix('\\') {
            Some(text) => (text, rule.len() < RULE_BYTES),
            None => (line, false),
        };
        rule.push_str(text);
        if !goes_on {
            found.extend(sudo_rule(first, &rule));
            rule.clear();
        }
    }
    found.extend(sudo_rule(first, &rule));
    found
}

fn sudo_rule(line: u64, rule: &str) -> Option<Observation> {
    let rule = without_comment(rule).trim();
    let who = if let Some(defaults) = rule.strip_prefix("Defaults") {
        // `Defaults !authenticate` is for all, `Defaults:app !authenticate` for one.
        let (whom, settings) = defaults.split_once(char::is_whitespace)?;
        let mut settings = settings.split(',').map(str::trim);
        settings.find(|setting| *setting == "!authenticate")?;
        whom.strip_prefix(':').unwrap_or("ALL").to_owned()
    } else {
        let is_alias = [
            "User_Alias",
            "Runas_Alias",
            "Host_Alias",
            "Cmnd_Alias",
            "Cmd_Alias",
        ]
        .iter()
        .any(|alias| rule.starts_with(alias));
        let (_, commands) = rule.split_once('=')?;
        if is_alias || !has_tag(commands, "NOPASSWD") {
            return None;
        }
        first_list(rule)
    };
    Some(Observation::PasswordlessSudo { line, who })
}

/// A `#` begins a comment, unless a number follows: that is a user id.
fn without_comment(rule: &str) -> &str {
    let comment = rule.match_indices('#').find(|(index, _)| {
        let after = rule.get(index + 1..).unwrap_or_default();
        !after.starts_with(|sign: char| sign.is_ascii_digit())
    });
    comment.map_or(rule, |(index, _)| rule.get(..index).unwrap_or(rule))
}

/// Whether a tag stands before a command: `NOPASSWD:`, with or without a space.
fn has_tag(commands: &str, tag: &str) -> bool {
    let is_in_word = |sign: char| sign.is_alphanumeric() || sign == '_';
    commands.match_indices(tag).any(|(index, _)| {
        let before = commands.get(..index).unwrap_or_default();
        let after = commands.get(index + tag.len()..).unwrap_or_default();
        !before.ends_with(is_in_word) && after.trim_start().starts_with(':')
    })
}

/// The list at the beginning of a rule: its parts are separated by commas, and spaces around them.
fn first_list(rule: &str) -> String {
    let mut list = String::new();
    for word in rule.split_whitespace() {
        if !list.is_empty() && !list.ends_with(',') && !word.starts_with(',') {
            break;
        }
        list.push_str(word);
    }
    list
}

fn doas(bytes: &[u8]) -> Vec<Observation> {
    let rules = settings(bytes, &['#']);
    rules
        .filter_map(|(line, rule)| {
            Some(Observation::PasswordlessSudo {
                line,
                who: doas_rule(rule)?,
            })
        })
        .collect()
}

/// `permit [nopass] [nolog] [persist] [keepenv] [setenv { … }] identity …`
fn doas_rule(rule: &str) -> Option<String> {
    let mut words = rule.split_whitespace();
    words.next().filter(|word| *word == "permit")?;
    let mut is_without_password = false;
    let mut is_in_braces = false;
    for word in words {
        match word {
            "{" => is_in_braces = true,
            "}" => is_in_braces = false,
            _ if is_in_braces => is_in_braces = !word.ends_with('}'),
            "nopass" => is_without_password = true,
            "nolog" | "persist" | "keepenv" | "setenv" => {}
            _ if word.starts_with('{') => is_in_braces = !word.ends_with('}'),
            who => return is_without_password.then(|| who.to_owned()),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(path: &str, text: &str) -> Vec<(u64, String)> {
        let found = (SUDO.read)(path, text.as_bytes()).into_iter();
        let rule = |observation| match observation {
            Observation::PasswordlessSudo { line, who } => (line, who),
            other => panic!("{other:?}"),
        };
        found.map(rule).collect()
    }

    #[test]
    fn rules_without_a_password_are_found_with_whom_they_are_for() {
        for (text, expected) in [
            ("app ALL=(ALL) NOPASSWD: ALL", Some("app")),
            ("%sudo\tALL=(ALL:ALL) NOPASSWD:ALL", Some("%sudo")),
            (
                "a, b ,c ALL=(root) SETENV: NOPASSWD : /bin/x",
                Some("a,b,c"),
            ),
            ("#1000 ALL=(ALL) NOPASSWD: ALL", Some("#1000")),
            ("Defaults !authenticate", Some("ALL")),
            ("Defaults:app env_reset, !authenticate", Some("app")),
            ("# app ALL=(ALL) NOPASSWD: ALL", None),
            ("app ALL=(ALL) ALL # NOPASSWD: ALL", None),
            ("app ALL=(ALL) PASSWD: ALL", None),
            ("Cmnd_Alias X = /bin/NOPASSWD", None),
            ("Defaults env_reset", None),
            ("@includedir /etc/sudoers.d", None),
        ] {
            let found = found("etc/sudoers", text);
            let expected: Vec<_> = expected
                .map(|who| (1, who.to_owned()))
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_rule_goes_on_after_a_backslash_and_is_told_at_its_first_line() {
        let text = "\napp ALL=(ALL) \\\n  NOPASSWD: \\\n ALL\nother ALL=(ALL) ALL \\";
        assert_eq!(found("etc/sudoers.d/app", text), [(2, "app".to_owned())]);
    }

    #[test]
    fn rules_of_doas_are_read() {
        for (text, expected) in [
            ("permit nopass app", Some("app")),
            (
                "permit keepenv nopass setenv { A B=c } :wheel as root cmd x",
                Some(":wheel"),
            ),
            ("permit persist :wheel", None),
            ("deny nopass app", None),
            ("# permit nopass app", None),
        ] {
            let found = found("etc/doas.conf", text);
            let expected: Vec<_> = expected
                .map(|who| (1, who.to_owned()))
                .into_iter()
                .collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn files_are_read_that_sudo_reads() {
        for (path, expected) in [
            ("etc/sudoers", true),
            ("etc/sudoers.d/90-cloud", true),
            ("etc/sudoers.d/README.old", false),
            ("etc/sudoers.d/x~", false),
            ("usr/local/etc/doas.conf", true),
            ("srv/sudoers", false),
        ] {
            assert_eq!((SUDO.is_read)(path), expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(permit |Defaults|a ALL=NOPASSWD|#|\\\\\n|.|\\{){0,20}") {
            for path in ["etc/sudoers", "etc/doas.conf"] {
                let _ = (SUDO.read)(path, text.as_bytes());
            }
        }
    }
}
