//! What an image starts: from `ENTRYPOINT` and `CMD` through links, shells, programs in front and entry scripts to the program that
//! does the work.

use crate::model::{
    FileCapabilities, LayerPath, Observation, ProgramFact, ScriptCause, ScriptFact, Untrusted,
    path_file_name,
};
use crate::posture::{Attributes, ImageView};

use super::servers::Server;
use super::words::{self, Rest};

/// Programs that are followed at most: a script that starts itself ends here.
const STEPS: usize = 16;
/// Scripts in this folder are run by the entry scripts of official images.
const ENTRY_FOLDER: &str = "docker-entrypoint.d";

/// One program or script on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// The file's name as the command has it.
    pub(super) word: String,
    /// Where it is; `None` if the image is not known to have it.
    pub(super) path: Option<LayerPath>,
    /// Its owner and mode.
    pub(super) attributes: Option<Attributes>,
    /// Its file capabilities.
    pub(super) capabilities: Option<FileCapabilities>,
    /// Whether it only stands in front of another program.
    pub(super) is_in_front: bool,
}

/// A command that takes rights or writes, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    /// The command.
    pub(super) command: ScriptCause,
    /// `/usr/local/bin/docker-entrypoint.sh:12`, or `the start command`.
    pub(super) place: String,
    /// Whether it stands in the start command itself: then it is run whoever starts it.
    pub(super) is_unconditional: bool,
}

/// The way from the config to the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// What is executed, in order.
    pub(super) steps: Vec<Step>,
    /// What its scripts do.
    pub(super) causes: Vec<Cause>,
    /// What was not understood.
    pub(super) warnings: Vec<String>,
}

impl Start {
    /// Follows the start command of an image.
    pub(super) fn read(view: &ImageView) -> Self {
        let mut start = Self::default();
        let mut words: Vec<String> = view
            .start_command()
            .into_iter()
            .map(str::to_owned)
            .collect();
        if words.is_empty() {
            start.warn("the image has neither ENTRYPOINT nor CMD: what is started is not known");
        }
        for _ in 0..STEPS {
            match start.follow(view, &words) {
                Some(rest) if !rest.is_empty() => words = rest,
                _ => break,
            }
        }
        start
    }

    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Takes one program off the words: what it goes on to run.
    fn follow(&mut self, view: &ImageView, words: &[String]) -> Option<Vec<String>> {
        let word = words.first()?;
        if word == "exec" {
            return words::peel(words).and_then(|peeled| self.rest(words, peeled.rest));
        }
        if word.contains('$') {
            self.warn(
                "the start command names its program by a variable: what is started is not known",
            );
            return None;
        }
        let step = Step::of(view, word);
        if step.path.is_none() {
            self.warn(format!(
                "the image is not known to have the program {}",
                Untrusted(path_file_name(word))
            ));
        }
        let path = step.path.clone();
        self.steps.push(step);
        if words::is_shell(word) {
            return self.shell(words);
        }
        if let Some(peeled) = words::peel(words) {
            self.in_front();
            self.note(ScriptCause {
                line: 1,
                command: path_file_name(word).to_owned(),
                account: peeled.account,
                paths: Vec::new(),
            });
            return self.rest(words, peeled.rest);
        }
        let path = path?;
        let script = script(view, path.as_str())?;
        self.script(view, &path, script);
        if !words::is_shell(&script.interpreter) {
            self.steps.push(Step::of(view, &script.interpreter));
            return None;
        }
        let rest = words.get(1..).unwrap_or_default();
        if rest
            .first()
            .is_some_and(|next| !next.starts_with('-') && view.find_program(next).is_some())
        {
            self.in_front();
            return Some(rest.to_vec());
        }
        self.warn(format!("{path} does not take its program from the command: what it goes on to start is not told by it"));
        None
    }

    /// `sh -c TEXT`, or `sh FILE`.
    fn shell(&mut self, words: &[String]) -> Option<Vec<String>> {
        self.in_front();
        let mut rest = words.iter().skip(1);
        let first = rest.next()?;
        if first.starts_with('-') && first.contains('c') {
            return self.rest(words, Rest::Text(rest.next()?.clone()));
        }
        let file = words
            .iter()
            .skip(1)
            .position(|word| !word.starts_with('-'))?;
        words.get(file + 1..).map(<[String]>::to_vec)
    }

    fn rest(&mut self, words: &[String], rest: Rest) -> Option<Vec<String>> {
        let text = match rest {
            Rest::Words(at) => return words.get(at..).map(<[String]>::to_vec),
            Rest::Text(text) => text,
        };
        let mut read = words::shell_text(&text);
        if read.is_opaque {
            self.warn("the start command is a shell text that is more than simple commands: what it does may not be complete");
        }
        let last = read.commands.pop();
        for command in read.commands {
            self.note(cause_of(&command));
        }
        let mut last = last?;
        while last.first().is_some_and(|word| is_assignment(word)) {
            last.remove(0);
        }
        Some(last)
    }

    fn in_front(&mut self) {
        if let Some(step) = self.steps.last_mut() {
            step.is_in_front = true;
        }
    }

    fn note(&mut self, command: ScriptCause) {
        self.causes.push(Cause {
            command,
            place: "the start command".to_owned(),
            is_unconditional: true,
        });
    }

    fn script(&mut self, view: &ImageView, path: &LayerPath, script: &ScriptFact) {
        self.causes_of(path, script);
        let beside = view
            .visible
            .keys()
            .filter(|file| file.is_within(ENTRY_FOLDER));
        for file in beside {
            if let Some(script) = self::script(view, file.as_str()).filter(|_| file != path) {
                self.causes_of(file, script);
            }
        }
    }

    fn causes_of(&mut self, path: &LayerPath, script: &ScriptFact) {
        if script.is_opaque {
            self.warn(format!(
                "{path} does more than could be read from it: it may need more than is planned"
            ));
        }
        self.causes.extend(script.causes.iter().map(|cause| Cause {
            command: cause.clone(),
            place: format!("{path}:{}", cause.line),
            is_unconditional: false,
        }));
    }

    /// The program that does the work, as far as it was found.
    pub(super) fn program(&self) -> Option<&Step> {
        self.steps
            .iter()
            .rev()
            .find(|step| !step.is_in_front)
            .or(self.steps.last())
    }

    /// The server that it is: told by its programs, the last first, and by no more than an interpreter if nothing else is known; else by
    /// the account that the entry script changes to.
    pub(super) fn server(&self) -> Option<&'static Server> {
        let known: Vec<_> = self
            .steps
            .iter()
            .rev()
            .filter(|step| !step.is_in_front || !words::is_shell(&step.word))
            .filter_map(Step::server)
            .collect();
        let by_account = || {
            let accounts = self
                .causes
                .iter()
                .filter(|cause| words::steps_down(&cause.command.command));
            let mut accounts = accounts.filter_map(|cause| cause.command.account.as_deref());
            accounts.find_map(|account| {
                super::servers::SERVERS
                    .iter()
                    .find(|server| server.accounts.first() == Some(&account))
            })
        };
        let server = known
            .iter()
            .find(|server| !server.is_interpreter())
            .copied();
        server
            .or_else(by_account)
            .or_else(|| known.first().copied())
    }
}

impl Step {
    fn of(view: &ImageView, word: &str) -> Self {
        let found = view.find_program(word);
        let capabilities = found.as_ref().and_then(|found| {
            view.facts(found.path.as_str())
                .iter()
                .find_map(|fact| match fact {
                    Observation::Entry(entry) => entry.capabilities,
                    _ => None,
                })
        });
        Self {
            word: path_file_name(word).to_owned(),
            attributes: found.as_ref().and_then(|found| found.attributes),
            path: found.map(|found| found.path),
            capabilities,
            is_in_front: false,
        }
    }

    fn server(&self) -> Option<&'static Server> {
        Server::of_program(&self.word).or_else(|| Server::of_program(self.path.as_ref()?.as_str()))
    }

    /// Its name for people.
    pub(super) fn name(&self) -> String {
        self.path
            .as_ref()
            .map_or_else(|| Untrusted(&self.word).to_string(), LayerPath::to_string)
    }
}

/// What is known of a script.
fn script<'a>(view: &'a ImageView, path: &str) -> Option<&'a ScriptFact> {
    view.facts(path).iter().find_map(|fact| match fact {
        Observation::Script(script) => Some(script),
        _ => None,
    })
}

/// What is known of a program.
pub(super) fn program<'a>(view: &'a ImageView, path: &str) -> Option<&'a ProgramFact> {
    view.facts(path).iter().find_map(|fact| match fact {
        Observation::Program(program) => Some(program),
        _ => None,
    })
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// A command of a shell text in the shape of a script's.
fn cause_of(words: &[String]) -> ScriptCause {
    let name = words
        .first()
        .map(|word| path_file_name(word))
        .unwrap_or_default();
    let account = match name {
        "chown" => words
            .iter()
            .skip(1)
            .find(|word| !word.starts_with('-'))
            .cloned(),
        _ => words::peel(words).and_then(|peeled| peeled.account),
    };
    ScriptCause {
        line: 1,
        command: name.to_owned(),
        account,
        paths: words
            .iter()
            .skip(1)
            .filter(|word| word.starts_with('/') || word.starts_with('$'))
            .cloned()
            .collect(),
    }
}
