//! `plimsoll audit FILE…`: what containers are run with.

mod around;
mod input;

use std::path::PathBuf;

use clap::Args;

pub(super) use self::input::{AuditSource, Inputs};
use super::image::ImageArguments;
use super::output::{Output, look};
use super::{Exit, Failure, Manners};
use crate::evidence::Gate;
use crate::runtime::checks::ImageFacts;
use crate::runtime::standards::{Standard, pss::Version};
use crate::scan::{AuditOptions, audit};

const EXAMPLES: &str = "Examples:
  plimsoll audit compose.yaml
  plimsoll audit --merge compose.yaml compose.prod.yaml
  helm template shop ./chart | plimsoll audit --standard pss-restricted -
  plimsoll audit docker:web                        a container of this machine's engine
  plimsoll audit --all                             all that run here
  plimsoll audit -- docker run --rm --read-only alpine:3.20 id

Forms: docker run (also podman and nerdctl; command lines and shell scripts), docker inspect, Compose, Kubernetes manifests,
Podman quadlets, config.json of an OCI bundle. A form is recognised by what it holds.";

/// What `plimsoll audit` takes.
#[derive(Debug, Args)]
#[command(after_help = Exit::HELP, after_long_help = format!("{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct AuditArguments {
    #[command(flatten)]
    settings: SettingsArguments,

    /// The image that the containers run: what its settings leave out, such as the user, is told by it.
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,

    /// Fail (exit code 1) on findings of this severity or above: negligible, low, medium, high or critical; `never` on none.
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

/// Which settings are read, and how.
#[derive(Debug, Args)]
pub(super) struct SettingsArguments {
    /// Files of settings; `-` is standard input, docker:NAME a container of this machine's engine.
    #[arg(value_name = "FILE", required_unless_present_any = ["all", "command"])]
    files: Vec<String>,

    /// A command line that starts a container, behind `--`.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,

    #[command(flatten)]
    reading: ReadingArguments,

    /// All containers that run on this machine's engine.
    #[arg(long)]
    all: bool,
}

/// How settings are read.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ReadingArguments {
    /// Take the Compose files as one, each over those before it, as `docker compose -f A -f B` does.
    #[arg(long)]
    merge: bool,

    /// Read the services of these Compose profiles, too; all unless given.
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,

    /// A variable for Compose files and shell scripts.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    variables: Vec<String>,

    /// Take variables that are not set otherwise from this command's environment.
    #[arg(long)]
    from_environment: bool,

    /// Give the verdict of a standard alone: pss-baseline, pss-restricted or cis. May be given more than once.
    #[arg(long, value_name = "STANDARD")]
    standard: Vec<Standard>,

    /// The version of the Pod Security Standards, such as v1.30.
    #[arg(long, value_name = "VERSION", default_value_t, requires = "standard")]
    pss_version: Version,

    /// The socket of the container engine, for docker:NAME and --all.
    #[arg(long, value_name = "SOCKET")]
    engine_socket: Option<PathBuf>,
}

impl ReadingArguments {
    /// What the audit is to do.
    pub(super) fn options(&self, gate: Gate, image: Option<ImageFacts>) -> AuditOptions {
        let standards = self
            .standard
            .iter()
            .map(|standard| (*standard, self.pss_version));
        AuditOptions {
            gate,
            standards: standards.collect(),
            image,
        }
    }
}

impl AuditArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        Output::check(&self.output)?;
        around::check_variables(&self.settings.reading.variables)?;
        let sources = self.sources()?;
        let inputs = Inputs::new(&self.settings.reading).read(&sources)?;
        let image = self
            .image
            .as_deref()
            .map(|image| facts(image, manners))
            .transpose()?;
        let options = self.settings.reading.options(self.fail_on, image);
        let evidence = audit(inputs, &options).map_err(Failure::new)?;
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::from(evidence.verdict))
    }

    fn sources(&self) -> Result<Vec<AuditSource>, Failure> {
        let SettingsArguments {
            files,
            command,
            all,
            ..
        } = &self.settings;
        let mut sources = files
            .iter()
            .map(|file| file.parse())
            .collect::<Result<Vec<_>, _>>()
            .map_err(Failure::usage)?;
        if *all {
            sources.push(AuditSource::AllContainers);
        }
        if !command.is_empty() {
            sources.push(AuditSource::Command(command.clone()));
        }
        Ok(sources)
    }
}

/// What an image says of its containers.
fn facts(image: &str, manners: Manners) -> Result<ImageFacts, Failure> {
    let view = ImageArguments::of(image).view(manners)?;
    Ok(crate::scan::image_facts(&view))
}
