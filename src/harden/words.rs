//! The words of a start command: what a shell text runs, and what lies behind `tini`, `env`, `gosu` and their kin.
//!
//! No shell: what is more than simple commands is said not to be understood.

use crate::model::path_file_name;

/// Simple commands of a shell text, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct ShellText {
    /// Each as words, quotes taken off. A redirection is a command of its own: `>` and the file.
    pub(super) commands: Vec<Vec<String>>,
    /// Whether there is more in it than simple commands: then something may be missing.
    pub(super) is_opaque: bool,
}

/// Words that begin a compound command: what follows may or may not be run.
const KEYWORDS: &[&str] = &[
    "if", "then", "else", "elif", "fi", "while", "until", "for", "do", "done", "case", "esac",
    "eval", "source", ".", "{", "}", "!",
];

/// Splits a text as a shell does, as far as simple commands go.
pub(super) fn shell_text(text: &str) -> ShellText {
    let mut reader = Reader::default();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => reader.quoted(chars.by_ref().take_while(|c| *c != '\'')),
            '"' => {
                let mut is_escaped = false;
                let inner = chars.by_ref().take_while(|c| {
                    let ends = *c == '"' && !is_escaped;
                    is_escaped = *c == '\\' && !is_escaped;
                    !ends
                });
                let inner: String = inner.collect();
                reader.read.is_opaque |= inner.contains("$(") || inner.contains('`');
                reader.quoted(inner.chars().filter(|c| *c != '\\'));
            }
            '\\' => {
                if let Some(next) = chars.next().filter(|c| *c != '\n') {
                    reader.push(next);
                }
            }
            '>' => {
                let to_descriptor =
                    chars.next_if_eq(&'>').is_none() && chars.next_if_eq(&'&').is_some();
                reader.redirect(to_descriptor);
            }
            '<' => {
                reader.end_word();
                reader.expects = Expects::Nothing;
            }
            ';' | '&' | '|' | '\n' => reader.end_command(),
            '(' | ')' | '`' => {
                reader.read.is_opaque = true;
                reader.end_command();
            }
            '#' if reader.word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            c if c.is_whitespace() => reader.end_word(),
            c => reader.push(c),
        }
    }
    reader.end_command();
    reader.read
}

/// What the next word is.
#[derive(Default, PartialEq, Eq)]
enum Expects {
    #[default]
    Word,
    /// The file of `>`.
    Target,
    /// The file of `<`, or the number of a descriptor.
    Nothing,
}

#[derive(Default)]
struct Reader {
    read: ShellText,
    words: Vec<String>,
    targets: Vec<Vec<String>>,
    word: Option<String>,
    expects: Expects,
}

impl Reader {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn quoted(&mut self, text: impl Iterator<Item = char>) {
        self.word.get_or_insert_default().extend(text);
    }

    fn redirect(&mut self, to_descriptor: bool) {
        if self
            .word
            .as_deref()
            .is_some_and(|word| word.chars().all(|c| c.is_ascii_digit()))
        {
            self.word = None;
        }
        self.end_word();
        self.expects = if to_descriptor {
            Expects::Nothing
        } else {
            Expects::Target
        };
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::take(&mut self.expects) {
            Expects::Word => self.words.push(word),
            Expects::Target => self.targets.push(vec![">".to_owned(), word]),
            Expects::Nothing => {}
        }
    }

    fn end_command(&mut self) {
        self.end_word();
        self.read.commands.append(&mut self.targets);
        let mut words = std::mem::take(&mut self.words);
        while words
            .first()
            .is_some_and(|word| KEYWORDS.contains(&word.as_str()))
        {
            self.read.is_opaque = true;
            words.remove(0);
        }
        if !words.is_empty() {
            self.read.commands.push(words);
        }
    }
}

/// Whether a program is a shell that takes `-c`.
pub(super) fn is_shell(program: &str) -> bool {
    matches!(
        path_file_name(program),
        "sh" | "bash" | "dash" | "ash" | "busybox" | "zsh" | "ksh" | "mksh"
    )
}

/// Whether a program changes the account and then becomes another one.
pub(super) fn steps_down(program: &str) -> bool {
    matches!(
        path_file_name(program),
        "gosu"
            | "su-exec"
            | "setpriv"
            | "runuser"
            | "su"
            | "sudo"
            | "doas"
            | "s6-setuidgid"
            | "setuidgid"
            | "chpst"
            | "start-stop-daemon"
    )
}

/// Whether it is a first process that reaps children.
pub(super) fn is_init(program: &str) -> bool {
    matches!(
        path_file_name(program),
        "tini"
            | "tini-static"
            | "dumb-init"
            | "docker-init"
            | "catatonit"
            | "init"
            | "s6-svscan"
            | "supervisord"
    )
}

/// What a program in front of another one says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peeled {
    /// The account that it changes to.
    pub(super) account: Option<String>,
    /// What it runs.
    pub(super) rest: Rest,
}

/// What is run behind a program in front.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// The words from here on.
    Words(usize),
    /// A text for a shell.
    Text(String),
}

/// Options with a value in the next word, by program.
fn takes_value(program: &str, option: &str) -> bool {
    let options: &[&str] = match program {
        "env" => &["-u", "-C", "-S"],
        "exec" => &["-a"],
        "tini" | "tini-static" => &["-e", "-p"],
        "dumb-init" => &["-r", "--rewrite"],
        "nice" => &["-n"],
        "ionice" => &["-c", "-n", "-p"],
        "stdbuf" => &["-i", "-o", "-e"],
        "timeout" => &["-k", "-s"],
        "setpriv" => &[
            "--reuid",
            "--regid",
            "--ruid",
            "--euid",
            "--groups",
            "--inh-caps",
            "--bounding-set",
            "--ambient-caps",
            "--securebits",
        ],
        "runuser" | "su" => &[
            "-u",
            "-g",
            "-G",
            "-s",
            "-c",
            "--user",
            "--group",
            "--shell",
            "--command",
        ],
        "sudo" | "doas" => &[
            "-u", "-g", "-p", "-C", "-D", "-R", "-h", "-r", "-t", "-T", "--user", "--group",
        ],
        "chpst" => &[
            "-u", "-U", "-b", "-e", "-/", "-n", "-l", "-L", "-m", "-d", "-o", "-p", "-f", "-c",
        ],
        _ => &[],
    };
    options.contains(&option)
}

/// Whether a program becomes another one whose words stand behind its own.
fn stands_in_front(program: &str) -> bool {
    let supervises = matches!(program, "init" | "supervisord" | "s6-svscan");
    let is_plain = matches!(
        program,
        "exec" | "env" | "nohup" | "nice" | "ionice" | "stdbuf" | "time" | "timeout" | "chroot"
    );
    is_plain || steps_down(program) || is_init(program) && !supervises
}

/// Takes off a program that stands in front of another one; `None` if it is no such program or nothing stands behind it.
pub(super) fn peel(words: &[String]) -> Option<Peeled> {
    let program = path_file_name(words.first()?);
    if !stands_in_front(program) {
        return None;
    }
    let mut front = Front::read(program, words);
    let first_is_account = matches!(program, "gosu" | "su-exec" | "s6-setuidgid" | "setuidgid")
        || matches!(program, "su" | "runuser") && front.account.is_none();
    if first_is_account {
        front.account = words.get(front.end).cloned();
        front.end += 1;
        let next = words.get(front.end).map(String::as_str);
        if matches!(next, Some("-c" | "--command")) {
            front.text = words.get(front.end + 1).cloned();
        }
    } else if matches!(program, "timeout" | "chroot") {
        front.end += 1;
    }
    let rest = match front.text {
        Some(text) => Rest::Text(text),
        None if front.end < words.len() => Rest::Words(front.end),
        None => return None,
    };
    let account = front.account;
    Some(Peeled { account, rest })
}

/// The options of a program in front of another one.
struct Front {
    account: Option<String>,
    text: Option<String>,
    /// The first word that is no option.
    end: usize,
}

impl Front {
    fn read(program: &str, words: &[String]) -> Self {
        let mut front = Self {
            account: None,
            text: None,
            end: 1,
        };
        while let Some(word) = words.get(front.end) {
            let sets_variable = matches!(program, "env" | "sudo" | "doas") && word.contains('=');
            match word.as_str() {
                "--" => {
                    front.end += 1;
                    break;
                }
                "-" => front.end += 1,
                option if option.starts_with('-') => front.option(program, words, option),
                _ if sets_variable => front.end += 1,
                _ => break,
            }
        }
        front
    }

    fn option(&mut self, program: &str, words: &[String], word: &str) {
        let (option, joined) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (word, None),
        };
        let has_next = joined.is_none() && takes_value(program, option);
        let next = || words.get(self.end + 1).filter(|_| has_next).cloned();
        let value = joined.or_else(next);
        match option {
            "-u" | "--user" | "--reuid" | "--userspec" if program != "env" => self.account = value,
            "-c" | "--command" if matches!(program, "su" | "runuser") => self.text = value,
            _ => {}
        }
        self.end += 1 + usize::from(has_next);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn simple_commands_are_told_apart_as_a_shell_does() {
        for (text, commands, is_opaque) in [
            (
                "exec nginx -g 'daemon off;'",
                vec![vec!["exec", "nginx", "-g", "daemon off;"]],
                false,
            ),
            (
                "mkdir -p /a && exec app \"$@\"",
                vec![vec!["mkdir", "-p", "/a"], vec!["exec", "app", "$@"]],
                false,
            ),
            (
                "echo x >> /etc/a.conf 2>&1; app",
                vec![vec![">", "/etc/a.conf"], vec!["echo", "x"], vec!["app"]],
                false,
            ),
            (
                "if true; then app; fi",
                vec![vec!["true"], vec!["app"]],
                true,
            ),
            (
                "app $(cat /x)",
                vec![vec!["app", "$"], vec!["cat", "/x"]],
                true,
            ),
            ("a\\ b # c", vec![vec!["a b"]], false),
            ("", vec![], false),
        ] {
            let read = shell_text(text);
            assert_eq!(read.commands, commands, "{text}");
            assert_eq!(read.is_opaque, is_opaque, "{text}");
        }
    }

    #[test]
    fn what_stands_in_front_of_a_program_is_taken_off() {
        for (text, account, rest) in [
            ("tini -- app", None, "app"),
            ("/usr/bin/dumb-init app -x", None, "app -x"),
            ("env A=1 B=2 app", None, "app"),
            ("exec app", None, "app"),
            ("gosu redis redis-server", Some("redis"), "redis-server"),
            ("su-exec 999:999 app", Some("999:999"), "app"),
            (
                "setpriv --reuid=999 --regid 999 --clear-groups -- app",
                Some("999"),
                "app",
            ),
            ("runuser -u app -- serve", Some("app"), "serve"),
            ("sudo -E -u app A=1 serve", Some("app"), "serve"),
            (
                "chroot --userspec=app:app / serve",
                Some("app:app"),
                "serve",
            ),
            ("timeout -k 5 10 serve", None, "serve"),
        ] {
            let words = words(text);
            let peeled = peel(&words).expect(text);
            assert_eq!(peeled.account.as_deref(), account, "{text}");
            let Rest::Words(at) = peeled.rest else {
                panic!("{text}")
            };
            assert_eq!(words[at..].join(" "), rest, "{text}");
        }
        let su = ["su", "-", "app", "-c", "serve -x"].map(str::to_owned);
        let peeled = peel(&su).expect("su");
        assert_eq!(
            (peeled.account.as_deref(), peeled.rest),
            (Some("app"), Rest::Text("serve -x".to_owned()))
        );
        assert_eq!(peel(&words("nginx -g x")), None);
        assert_eq!(peel(&words("gosu redis")), None);
        assert_eq!(peel(&[]), None);
    }

    proptest! {
        #[test]
        fn no_text_and_no_words_panic(text in ".{0,80}", list in proptest::collection::vec("(gosu|su|-c|-u|--|-|sudo|env|[a-z=$]{0,4})", 0..8)) {
            shell_text(&text);
            peel(&list);
        }
    }
}
