//! `docker run` and `docker create`, also as `docker container run`, with Podman and nerdctl: one command line, or a shell script with any
//! number of them.
//!
//! Nothing is run. Variables are replaced where the script assigns them as text, gives a default, or the caller names a value; what is left
//! is unknown, and where it could be flags that is a gap. Commands inside `$(…)`, and texts that are handed to another shell
//! (`sh -c "docker run …"`, `ssh host "docker run …"`), are read, too.

mod apply;
mod environment;
mod flags;
mod mounts;
mod ports;
mod script;
mod variables;
mod word;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::{script::Script, variables::Variables, word::Word};
use super::{ReadError, Settings, Surroundings};
use crate::model::shell::{self, ShellCommand, ShellWord};
use crate::runtime::{Container, Form, Role, RuntimeSpec, Setting, Spot, Stated, UnknownKey};

/// Programs that take `run` and `create`.
const ENGINES: [&str; 6] = [
    "docker",
    "podman",
    "nerdctl",
    "docker.exe",
    "podman.exe",
    "podman-remote",
];
/// Programs whose arguments are a command.
const WRAPPERS: [&str; 18] = [
    "sudo",
    "doas",
    "env",
    "exec",
    "command",
    "nohup",
    "time",
    "nice",
    "ionice",
    "timeout",
    "setsid",
    "stdbuf",
    "winpty",
    "lima",
    "ssh",
    "xargs",
    "chronic",
    "systemd-run",
];
/// Programs one of whose arguments is a script.
const SHELLS: [&str; 12] = [
    "sh", "bash", "dash", "ash", "zsh", "ksh", "eval", "ssh", "su", "sudo", "vagrant", "watch",
];
/// Flags before `run` that take a value, of all three programs.
const GLOBAL_VALUES: [&str; 36] = [
    "--config",
    "--context",
    "-c",
    "--host",
    "-H",
    "--log-level",
    "-l",
    "--tlscacert",
    "--tlscert",
    "--tlskey",
    "--cgroup-manager",
    "--conmon",
    "--connection",
    "--events-backend",
    "--hooks-dir",
    "--identity",
    "--imagestore",
    "--module",
    "--network-cmd-path",
    "--network-config-dir",
    "--out",
    "--root",
    "--runroot",
    "--runtime",
    "--runtime-flag",
    "--ssh",
    "--storage-driver",
    "--storage-opt",
    "--tmpdir",
    "--url",
    "--volumepath",
    "--namespace",
    "-n",
    "--address",
    "-a",
    "--snapshotter",
];
/// Scripts inside scripts that are followed.
const DEPTH: usize = 4;

/// Reads a command line or a script.
pub fn docker_run(
    file: &str,
    text: &str,
    around: &dyn Surroundings,
) -> Result<Settings, ReadError> {
    let mut reader = Reader {
        file,
        around,
        variables: Variables::new(around),
        names: BTreeSet::new(),
        settings: Settings::default(),
    };
    reader.script(text, 0, 0);
    if reader.settings.specs.is_empty() {
        return Err(ReadError::Form {
            file: file.to_owned(),
            line: 1,
            reason: "no `docker run`, `docker create`, `podman run`, `podman create` or `nerdctl run` is in it".to_owned(),
        });
    }
    Ok(reader.settings)
}

struct Reader<'a> {
    file: &'a str,
    around: &'a dyn Surroundings,
    variables: Variables<'a>,
    names: BTreeSet<String>,
    settings: Settings,
}

impl Reader<'_> {
    /// Reads a script that begins `lines` below the text's first line.
    fn script(&mut self, text: &str, lines: u64, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let text = text.replace("\r\n", "\n");
        let script = Script::new(&text);
        for command in shell::commands(&text) {
            self.inner_scripts(&command, lines, depth);
            self.variables.note(&command, &script);
            self.command(&command, &script, lines);
        }
    }

    /// Scripts inside of a command's words.
    fn inner_scripts(&mut self, command: &ShellCommand, lines: u64, depth: usize) {
        let values = command.assignments.iter().map(|(_, value)| value);
        let is_shell = is_shell(command);
        for (word, is_argument) in values
            .map(|value| (value, false))
            .chain(command.words.iter().map(|word| (word, true)))
        {
            if !names_an_engine(&word.text) {
                continue;
            }
            let before = lines.saturating_add(word.line.saturating_sub(1));
            for inside in substitutions(word) {
                self.script(inside, before, depth + 1);
            }
            if is_argument && is_shell && word.text.contains(' ') && !word.text.starts_with('$') {
                self.script(&word.text, before, depth + 1);
            }
        }
    }

    /// Reads a command, if it runs a container.
    fn command(&mut self, command: &ShellCommand, script: &Script, lines: u64) {
        let mut words = Vec::new();
        for word in &command.words {
            words.extend(self.variables.words(word, script));
        }
        for word in &mut words {
            word.line = word.line.saturating_add(lines);
        }
        let Some((verb, rest)) = run_of(&words) else {
            if let Some(what) = unread(&words, command) {
                let at = words
                    .first()
                    .map_or_else(Spot::default, |word| word.spot(self.file, ""));
                self.settings
                    .gaps
                    .push(Stated::new(format!("{what} is not read"), at));
            }
            return;
        };
        let parsed = flags::parse(rest);
        let image = parsed.rest.first();
        // `docker run --help` runs nothing.
        if image.is_none() && parsed.flags.iter().any(|flag| flag.name == "help") {
            return;
        }
        let at = verb.spot(self.file, "");
        let mut spec = RuntimeSpec::new(Container {
            form: Form::DockerRun,
            name: String::new(),
            role: Role::Main,
            at: at.clone(),
        });
        self.read_rest(&parsed, &at, &mut spec);
        apply::Run {
            file: self.file,
            around: self.around,
            spec: &mut spec,
        }
        .apply(&parsed.flags);
        spec.container.name = self.name(&parsed, &at);
        self.settings.specs.push(spec);
    }

    /// The image, the command, and what is not understood.
    fn read_rest(&self, parsed: &flags::Parsed, at: &Spot, spec: &mut RuntimeSpec) {
        spec.image = match parsed.rest.first() {
            Some(image) => image.setting(&image.text, &image.spot(self.file, "image")),
            None => Setting::Unknown {
                why: "no image is named".to_owned(),
                at: at.clone(),
            },
        };
        let arguments = parsed.rest.get(1..).unwrap_or_default();
        if let Some(first) = arguments.first() {
            let at = first.spot(self.file, "command");
            let words = arguments.iter().map(|word| word.text.clone());
            spec.command = Setting::stated(words.collect(), at.clone());
            let unknown = arguments.iter().find_map(|word| word.unknown.as_ref());
            if let Some(why) = unknown {
                let said = format!("part of the command is not known: {why}");
                spec.gaps.push(Stated::new(said, at));
            }
        }
        for word in &parsed.open {
            let why = word.unknown.as_deref().unwrap_or_default();
            let said = format!("flags in {} are not known: {why}", word.text);
            spec.gaps.push(Stated::new(said, word.spot(self.file, "")));
        }
        for word in &parsed.unknown {
            let at = word.spot(self.file, &word.text);
            let said = format!(
                "{} is no known flag: whether it takes a value is not known",
                word.text
            );
            spec.gaps.push(Stated::new(said, at.clone()));
            let key = word.text.clone();
            spec.unknown_keys.push(UnknownKey { key, at });
        }
        for word in &parsed.cut {
            let said = "the value of the last flag is missing".to_owned();
            spec.gaps.push(Stated::new(said, word.spot(self.file, "")));
        }
    }

    /// `--name`, or the image and its line; unique.
    fn name(&mut self, parsed: &flags::Parsed, at: &Spot) -> String {
        let mut flags = parsed.flags.iter().rev();
        let said = flags.find(|flag| flag.name == "name");
        let said = said.filter(|flag| flag.value.unknown.is_none());
        let (line, column) = (at.line.unwrap_or(1), at.column.unwrap_or(1));
        let image = parsed.rest.first().map_or("container", |image| &image.text);
        let with_line = |name: &str| format!("{name} (line {line})");
        let name = said.map_or_else(|| with_line(image), |flag| flag.value.text.clone());
        let first = said.map_or(image, |flag| &flag.value.text);
        let with_column = format!("{first} (line {line}, column {column})");
        let mut candidates = [name.clone(), with_line(first), with_column]
            .into_iter()
            .chain((2_u32..).map(|number| format!("{name} ({number})")));
        let free = candidates.find(|name| self.names.insert(name.clone()));
        free.unwrap_or(name)
    }
}

/// Whether a text can hold a command that is looked for.
fn names_an_engine(text: &str) -> bool {
    let has = |word: &str| text.contains(word);
    (has("run") || has("create")) && (has("docker") || has("podman") || has("nerdctl") || has("$"))
}

/// Whether a command takes a script as an argument. What a container is started with is no script of this machine.
fn is_shell(command: &ShellCommand) -> bool {
    let programs: Vec<_> = command
        .words
        .iter()
        .map(|word| word.text.rsplit('/').next().unwrap_or_default())
        .collect();
    let Some(first) = programs.first() else {
        return false;
    };
    let has = |known: &[&str]| programs.iter().any(|program| known.contains(program));
    SHELLS.contains(first) || (WRAPPERS.contains(first) && has(&SHELLS) && !has(&ENGINES))
}

/// The texts of the command substitutions of a word, the outermost ones.
fn substitutions(word: &ShellWord) -> Vec<&str> {
    if word.is_literal {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut rest = word.text.as_str();
    while let Some(start) = rest.find(['$', '`']) {
        let after = rest.get(start..).unwrap_or_default();
        let (inside, tail) = variables::substitution(after);
        found.extend(inside);
        rest = tail;
    }
    found
}

/// The first word of a command that runs a container, and the words behind `run` or `create`.
fn run_of(words: &[Word]) -> Option<(&Word, &[Word])> {
    let first = words.first()?;
    let places = if is_engine(first) {
        0..1
    } else if WRAPPERS.contains(&program(first)) || first.text.starts_with('-') {
        // A flag comes first behind a word of the shell itself: `time -p docker run`.
        1..words.len()
    } else {
        return None;
    };
    let mut places = places.filter(|place| words.get(*place).is_some_and(is_engine));
    let rest = places.find_map(|place| behind_run(words.get(place + 1..)?))?;
    Some((first, rest))
}

/// A command that starts containers in a way that is not read here: a gap, and never passed over.
fn unread(words: &[Word], command: &ShellCommand) -> Option<String> {
    const OTHERS: [(&str, &[&str]); 7] = [
        ("compose", &["run", "up", "create", "start", "exec"]),
        ("service", &["create", "update"]),
        ("stack", &["deploy", "up"]),
        ("kube", &["play"]),
        ("play", &["kube"]),
        ("exec", &["--privileged"]),
        ("pod", &["create"]),
    ];
    const READERS: [&str; 7] = ["sh", "bash", "dash", "ash", "zsh", "ksh", "ssh"];
    let shell = words.first().map(program).unwrap_or_default();
    if command.has_document && READERS.contains(&shell) {
        return Some(format!("the here-document that {shell} is given"));
    }
    let engine = words
        .iter()
        .position(|word| is_engine(word) || program(word) == "docker-compose")?;
    let rest = words.get(engine..)?;
    let is_compose = rest
        .first()
        .is_some_and(|word| program(word) == "docker-compose");
    let others = OTHERS.iter().find(|(verb, _)| {
        (is_compose && *verb == "compose") || rest.iter().any(|word| word.text == *verb)
    });
    let (verb, actions) = others?;
    let action = rest
        .iter()
        .find(|word| actions.contains(&word.text.as_str()))?;
    Some(format!("`{verb} {}`", action.text))
}

/// The words behind `run`, `create`, `container run`, with global flags before.
fn behind_run(words: &[Word]) -> Option<&[Word]> {
    let mut index = 0;
    let mut is_container = false;
    while let Some(word) = words.get(index) {
        index += 1;
        match word.text.as_str() {
            "run" | "create" => return words.get(index..),
            "container" if !is_container => is_container = true,
            flag if GLOBAL_VALUES.contains(&flag) => index += 1,
            flag if flag.starts_with('-') => {}
            _ => return None,
        }
    }
    None
}

fn program(word: &Word) -> &str {
    word.text.rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Whether a word is an engine's program, or a variable that is called like one: `"$DOCKER" run`.
fn is_engine(word: &Word) -> bool {
    if word.is_open {
        let name = word.text.to_ascii_lowercase();
        let parts = [
            "docker",
            "podman",
            "nerdctl",
            "engine",
            "runtime",
            "container",
        ];
        return parts.iter().any(|part| name.contains(part));
    }
    ENGINES.contains(&program(word))
}
