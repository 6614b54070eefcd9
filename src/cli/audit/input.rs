//! Where settings come from: files, standard input, a command line, a live engine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::ReadingArguments;
use super::around::{Folder, LIMIT};
use crate::cli::prove::of_engine;
use crate::cli::{Failure, input_file};
use crate::model::Digest;
use crate::prove::inspect_all;
use crate::runtime::Form;
use crate::runtime::read::{self, ReadError, Settings};
use crate::scan::AuditInput;
use crate::source::SourceOptions;

/// One source of settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum AuditSource {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A container of the engine.
    Container(String),
    /// All of them.
    AllContainers,
    /// The words of a command.
    Command(Vec<String>),
}

impl FromStr for AuditSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix("docker:") {
            _ if text == "-" => Ok(Self::Stdin),
            Some("") => Err("nothing follows `docker:`".to_owned()),
            Some(name) => Ok(Self::Container(name.to_owned())),
            None => Ok(Self::File(text.into())),
        }
    }
}

/// A text with what is known of it.
struct Text {
    name: String,
    folder: Option<PathBuf>,
    content: String,
    form: Form,
    /// What an engine says of a container, which nobody has as a file.
    is_live: bool,
}

/// Reads settings as the user wants it.
pub(in crate::cli) struct Inputs<'a> {
    arguments: &'a ReadingArguments,
}

impl<'a> Inputs<'a> {
    pub(in crate::cli) const fn new(arguments: &'a ReadingArguments) -> Self {
        Self { arguments }
    }

    /// Reads all sources, in order.
    pub(in crate::cli) fn read(&self, sources: &[AuditSource]) -> Result<Vec<AuditInput>, Failure> {
        let mut texts = Vec::new();
        for source in sources {
            texts.extend(self.texts(source)?);
        }
        let (compose, others): (Vec<Text>, Vec<Text>) = texts
            .into_iter()
            .partition(|text| self.arguments.merge && text.form == Form::Compose);
        let mut inputs = Vec::new();
        if !compose.is_empty() {
            inputs.push(self.merged(&compose)?);
        }
        for text in others {
            inputs.push(self.one(&text)?);
        }
        Ok(inputs)
    }

    fn texts(&self, source: &AuditSource) -> Result<Vec<Text>, Failure> {
        match source {
            AuditSource::File(path) => {
                let text = read_text(&path.display().to_string(), File::open(path))?;
                let folder = path.parent().unwrap_or(Path::new("")).to_owned();
                Ok(vec![recognised(
                    path.display().to_string(),
                    Some(folder),
                    text,
                )?])
            }
            AuditSource::Stdin => {
                let name = "standard input".to_owned();
                let text = read_text(&name, Ok(std::io::stdin().lock()))?;
                Ok(vec![recognised(name, None, text)?])
            }
            AuditSource::Command(words) => Ok(vec![Text {
                name: "command line".to_owned(),
                folder: std::env::current_dir().ok(),
                content: words
                    .iter()
                    .map(|word| quoted(word))
                    .collect::<Vec<_>>()
                    .join(" "),
                form: Form::DockerRun,
                is_live: false,
            }]),
            AuditSource::Container(name) => self.live(Some(name)),
            AuditSource::AllContainers => self.live(None),
        }
    }

    fn live(&self, name: Option<&str>) -> Result<Vec<Text>, Failure> {
        let options = SourceOptions {
            engine_socket: self.arguments.engine_socket.clone(),
            ..SourceOptions::default()
        };
        let containers = inspect_all(&options, name).map_err(of_engine)?;
        let text = |(name, text)| Text {
            name: format!("docker:{name}"),
            folder: None,
            content: text,
            form: Form::Inspect,
            is_live: true,
        };
        Ok(containers.into_iter().map(text).collect())
    }

    fn one(&self, text: &Text) -> Result<AuditInput, Failure> {
        let around = Folder::new(text.folder.clone(), self.arguments);
        let (name, content) = (text.name.as_str(), text.content.as_str());
        let settings = match text.form {
            Form::Compose => return self.merged(std::slice::from_ref(text)),
            Form::DockerRun => read::docker_run(name, content, &around),
            Form::Inspect => read::inspect(name, content),
            Form::Kubernetes => read::kubernetes(name, content),
            Form::Quadlet => read::quadlet(name, content, &around),
            Form::Oci => read::oci(name, content),
        };
        let input = input(
            name.to_owned(),
            text.form,
            content,
            settled(settings.map_err(of_settings)?, text.folder.as_deref()),
        );
        Ok(AuditInput {
            has_lines: !text.is_live,
            ..input
        })
    }

    fn merged(&self, texts: &[Text]) -> Result<AuditInput, Failure> {
        let folder = texts.first().and_then(|text| text.folder.clone());
        let around = Folder::new(folder, self.arguments);
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|text| (text.name.as_str(), text.content.as_str()))
            .collect();
        let folder = texts.first().and_then(|text| text.folder.as_deref());
        let settings = settled(read::compose(&files, &around).map_err(of_settings)?, folder);
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        let all: String = files.iter().map(|(_, text)| *text).collect();
        Ok(input(names.join(" + "), Form::Compose, &all, settings))
    }
}

/// Settings whose relative paths lead from the folder that they lie in.
fn settled(mut settings: Settings, folder: Option<&Path>) -> Settings {
    let folder = folder.map(|folder| {
        if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        }
    });
    let folder = folder.and_then(|folder| std::fs::canonicalize(folder).ok());
    settings.settle_paths(folder.as_deref().and_then(Path::to_str));
    settings
}

fn input(name: String, form: Form, text: &str, settings: Settings) -> AuditInput {
    AuditInput {
        name,
        digest: Digest::sha256_of(text.as_bytes()),
        form,
        settings,
        has_lines: true,
    }
}

fn recognised(name: String, folder: Option<PathBuf>, text: String) -> Result<Text, Failure> {
    let form = read::recognise(&name, &text).map_err(of_settings)?;
    Ok(Text {
        name,
        folder,
        content: text,
        form,
        is_live: false,
    })
}

fn read_text(name: &str, reader: std::io::Result<impl std::io::Read>) -> Result<String, Failure> {
    let bytes = input_file::read(name, reader, LIMIT)?;
    String::from_utf8(bytes).map_err(|_| Failure::new(format!("{name} is no text (UTF-8)")))
}

fn of_settings(error: ReadError) -> Failure {
    let hint = match &error {
        ReadError::Unrecognised { .. } => Some(
            "a docker run command or script, docker inspect's JSON, a Compose file, a Kubernetes manifest, a quadlet or an OCI config.json is read",
        ),
        ReadError::Syntax { .. } | ReadError::Form { .. } => None,
    };
    Failure::new(error).with_hint(hint)
}

/// A word as a shell would have to be given it.
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_=./:,@%+".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_goes_through_a_shell_unchanged() {
        assert_eq!(quoted("--user=1000:1000"), "--user=1000:1000");
        assert_eq!(quoted("it's $HOME"), r"'it'\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_source_is_a_file_unless_it_says_otherwise() {
        assert_eq!("a.yaml".parse(), Ok(AuditSource::File("a.yaml".into())));
        assert_eq!("-".parse(), Ok(AuditSource::Stdin));
        assert_eq!(
            "docker:web".parse(),
            Ok(AuditSource::Container("web".to_owned()))
        );
        assert!("docker:".parse::<AuditSource>().is_err());
    }
}
