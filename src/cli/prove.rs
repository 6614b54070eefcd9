//! `plimsoll prove IMAGE`: the restricted container on a real engine, and what holds inside.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::harden::{ChoiceArguments, tell_warnings};
use super::image::ImageArguments;
use super::output::{Output, look};
use super::{Exit, Failure, Manners};
use crate::evidence::Gate;
use crate::harden::plan;
use crate::prove::{Network, Proof, ProveError, Request, Settings, Wait, prove};
use crate::runtime::read::{Alone, docker_run};
use crate::scan::proof_evidence;
use crate::source::SourceOptions;

const EXAMPLES: &str = "Examples:
  plimsoll prove nginx:1.27                                the plan of `plimsoll harden`
  plimsoll prove --fit postgres:17 --env POSTGRES_PASSWORD=…
  plimsoll prove --command 'redis-cli ping' redis:7
  plimsoll prove --with '--read-only --cap-drop ALL --user 1000:1000' app:1
  plimsoll prove -o json=proof.json app:1 && plimsoll scan --proof proof.json docker:app:1

The image has to be on the engine; nothing is pulled. Whatever is made there is removed again.";

/// What `plimsoll prove` takes.
#[derive(Debug, Args)]
#[command(after_help = Exit::HELP, after_long_help = format!("{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct ProveArguments {
    /// The image as the engine knows it.
    image: String,

    /// Run it with these flags of `docker run`, instead of the plan that the image asks for.
    #[arg(long, value_name = "FLAGS", allow_hyphen_values = true, conflicts_with_all = ["user", "memory", "cpus", "pids"])]
    with: Option<String>,

    /// Where it does not work, relax one setting after the other until it does, and say which are needed.
    #[arg(long)]
    fit: bool,

    /// It works when this command, run inside, exits with 0; otherwise the image's health check decides, or that it stays up.
    #[arg(long, value_name = "COMMAND")]
    command: Option<String>,

    /// It works when it stays up for so many seconds.
    #[arg(long, value_name = "SECONDS", conflicts_with = "command")]
    wait: Option<u64>,

    /// How many seconds one start may take.
    #[arg(long, value_name = "SECONDS", default_value_t = Request::TIME_LIMIT.as_secs())]
    time_limit: u64,

    /// A variable that the image needs. It goes to the engine, and into no output.
    #[arg(long = "env", short, value_name = "NAME=VALUE")]
    environment: Vec<String>,

    /// Give it a network of its own that leads nowhere; otherwise it has none.
    #[arg(long)]
    network: bool,

    #[command(flatten)]
    choices: ChoiceArguments,

    /// The socket of the container engine.
    #[arg(long, value_name = "SOCKET")]
    engine_socket: Option<PathBuf>,

    /// Fail (exit code 1) on findings of this severity or above.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// Where the evidence goes: table or json, with =FILE into a file. May be given more than once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "table"
    )]
    output: Vec<Output>,
}

impl ProveArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        Output::check(&self.output)?;
        let proof = self.proof(manners)?;
        let evidence = proof_evidence(proof, self.fail_on);
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::from(evidence.verdict))
    }

    fn proof(&self, manners: Manners) -> Result<Proof, Failure> {
        let mut settings = self.settings(manners)?;
        if self.network {
            settings.network = Network::Own;
        }
        let mut request = Request::new(&self.image, settings);
        let variables = self.environment.iter().map(|text| parse_variable(text));
        request.environment = variables
            .collect::<Result<_, _>>()
            .map_err(Failure::usage)?;
        request.time_limit = Duration::from_secs(self.time_limit.max(1));
        request.fit = self.fit;
        request.wait = match (&self.command, self.wait) {
            (Some(command), _) => Wait::Command(words(command)?),
            (None, Some(seconds)) => Wait::Settled(Duration::from_secs(seconds)),
            (None, None) => Wait::Automatic,
        };
        if !manners.quiet {
            anstream::eprintln!(
                "running {} restricted; Ctrl-C removes what was made",
                self.image
            );
        }
        prove(&request, &self.source_options()).map_err(of_engine)
    }

    fn source_options(&self) -> SourceOptions {
        SourceOptions {
            engine_socket: self.engine_socket.clone(),
            ..SourceOptions::default()
        }
    }

    /// The settings that the flags ask for, or those that the image needs.
    fn settings(&self, manners: Manners) -> Result<Settings, Failure> {
        if let Some(flags) = &self.with {
            let text = format!("docker run {flags} {}", self.image);
            let read = docker_run("--with", &text, &Alone).map_err(Failure::usage)?;
            let [spec] = read.specs.as_slice() else {
                return Err(Failure::usage("--with takes the flags of one `docker run`"));
            };
            return Ok(Settings::of_spec(spec));
        }
        let image = ImageArguments::of_engine(&self.image, self.engine_socket.clone());
        let view = image.view(manners)?;
        let plan = plan(&view, &self.choices.choices(&view));
        tell_warnings(&plan, manners);
        Ok(Settings::of_plan(&plan))
    }
}

/// What an engine refuses, with what to do next.
pub(super) fn of_engine(error: ProveError) -> Failure {
    let hint = error.hint();
    Failure::new(error).with_hint(hint)
}

/// The words of a command as a shell would split them.
fn words(command: &str) -> Result<Vec<String>, Failure> {
    let commands = crate::model::shell::commands(command);
    let [only] = commands.as_slice() else {
        return Err(Failure::usage(
            "--command takes one command; for more write: sh -c '…'",
        ));
    };
    Ok(only.words.iter().map(|word| word.text.clone()).collect())
}

/// An error does not repeat the text: it can be a secret.
fn parse_variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if name.is_empty() {
        Err("a variable has a name".to_owned())
    } else {
        Ok((name.to_owned(), value.to_owned()))
    }
}
