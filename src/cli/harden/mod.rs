//! `plimsoll harden IMAGE`: the least settings that an image needs.

mod patch;

use std::path::PathBuf;

use clap::Args;

use self::patch::PatchArguments;
use super::image::ImageArguments;
use super::output::{answer, write_text};
use super::{Exit, Failure, Manners};
use crate::evidence::write::write_json;
use crate::harden::{Choices, Form, Plan, plan, write};
use crate::posture::ImageView;
use crate::runtime::read::size;

const EXAMPLES: &str = "Examples:
  plimsoll harden --for compose nginx:1.27 > compose.yaml
  plimsoll harden --for kubernetes --memory 256m registry.example/app:1.0
  plimsoll harden --patch compose.yaml --container web -o compose.yaml docker:web:1
  plimsoll harden --for plan docker:app:1          the plan itself, as JSON

Nothing of the image is run. Each line says why it is there, and whether that is proven, inferred or assumed; `plimsoll prove` tries it.";

/// What `plimsoll harden` takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct HardenArguments {
    #[command(flatten)]
    image: ImageArguments,

    /// The form: docker, compose, kubernetes, oci, quadlet, or plan (JSON).
    #[arg(long = "for", value_name = "FORM", default_value = "docker", value_parser = parse_form)]
    form: Target,

    #[command(flatten)]
    patch: PatchArguments,

    #[command(flatten)]
    choices: ChoiceArguments,

    /// Write into this file, instead of to standard output.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What the user decides instead of the image.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct ChoiceArguments {
    /// The image's name in the settings, where it is run by another than it was read by.
    #[arg(long, value_name = "NAME")]
    image_name: Option<String>,

    /// Run as this user: USER[:GROUP], names or numbers.
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// Memory at most: 512m, 1g.
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    memory: Option<u64>,

    /// Processors at most: 0.5, 2.
    #[arg(long, value_name = "NUMBER", value_parser = parse_cpus)]
    cpus: Option<u64>,

    /// Processes at most.
    #[arg(long, value_name = "NUMBER")]
    pids: Option<u64>,

    /// The address of the host on which ports are published; 127.0.0.1 unless given.
    #[arg(long, value_name = "ADDRESS")]
    publish_on: Option<String>,
}

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Form(Form),
    Plan,
}

impl ChoiceArguments {
    /// The user's decisions over an image.
    pub(super) fn choices(&self, view: &ImageView) -> Choices {
        let image = self.image_name.clone().unwrap_or_else(|| reference(view));
        Choices {
            name: Some(image.clone()),
            image: Some(image),
            user: self.user.clone(),
            memory: self.memory,
            cpu_millis: self.cpus,
            pids: self.pids,
            publish_on: self.publish_on.clone(),
            ..Choices::default()
        }
    }
}

impl HardenArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let view = self.image.view(manners)?;
        let plan = plan(&view, &self.choices.choices(&view));
        tell_warnings(&plan, manners);
        if self.choices.image_name.is_none() && local_name(&view.name).is_some() && !manners.quiet {
            anstream::eprintln!(
                "warning: the image is called {} after its file: --image-name NAME says how engines know it",
                plan.image
            );
        }
        let text = match &self.patch.patch {
            Some(file) => self.patch.apply(file, &plan)?,
            None => self.form.text(&plan)?,
        };
        match &self.output {
            Some(file) => {
                write_text(file, &text).map_err(Failure::new)?;
                Ok(Exit::Success)
            }
            None => answer(text.trim_end()),
        }
    }
}

impl Target {
    fn text(self, plan: &Plan) -> Result<String, Failure> {
        match self {
            Self::Form(form) => Ok(write(plan, form)),
            Self::Plan => {
                let mut text = Vec::new();
                write_json(plan, &mut text).map_err(Failure::new)?;
                String::from_utf8(text).map_err(Failure::new)
            }
        }
    }
}

/// Says on standard error what the plan could not settle.
pub(super) fn tell_warnings(plan: &Plan, manners: Manners) {
    if manners.quiet {
        return;
    }
    for warning in &plan.warnings {
        anstream::eprintln!("warning: {}", crate::model::Untrusted(warning));
    }
}

/// The name by which engines run the image: with its digest where it comes from a registry, without the word that told us where to read
/// it.
fn reference(view: &ImageView) -> String {
    if let Some(name) = view.name.strip_prefix("docker:") {
        return name.to_owned();
    }
    let is_local = local_name(&view.name).is_some();
    match view.manifest_digest {
        Some(digest) if !is_local && !view.name.contains('@') => format!("{}@{digest}", view.name),
        _ => local_name(&view.name).unwrap_or(&view.name).to_owned(),
    }
}

/// The name of a file or folder, without its form and ending; `None` for what engines know by this very name.
fn local_name(name: &str) -> Option<&str> {
    let forms = ["docker-archive:", "oci:", "dir:"];
    let file = forms.iter().find_map(|form| name.strip_prefix(form))?;
    let file = file
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(file);
    let bare = file.split(".tar").next().unwrap_or(file);
    Some(if bare.is_empty() { "image" } else { bare })
}

fn parse_form(text: &str) -> Result<Target, String> {
    if text == "plan" {
        return Ok(Target::Plan);
    }
    let names = || Form::all().map(Form::name).collect::<Vec<_>>().join(", ");
    Form::named(text)
        .map(Target::Form)
        .ok_or_else(|| format!("use {} or plan", names()))
}

fn parse_size(text: &str) -> Result<u64, String> {
    size::bytes(text)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "write a number of bytes, such as 512m or 1g".to_owned())
}

/// Processors in thousandths.
fn parse_cpus(text: &str) -> Result<u64, String> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = part.chars().chain("000".chars()).take(3).collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let millis = (is_number(whole) && is_number(&digits))
        .then(|| format!("{whole}{digits}").parse().ok())
        .flatten();
    millis
        .filter(|millis| *millis > 0)
        .ok_or_else(|| "write a number of processors, such as 0.5 or 2".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_read_in_thousandths() {
        assert_eq!(parse_cpus("0.5"), Ok(500));
        assert_eq!(parse_cpus("2"), Ok(2000));
        assert_eq!(parse_cpus("1.2345"), Ok(1234));
        for wrong in ["", "0", ".", "-1", "1.x", "x"] {
            assert!(parse_cpus(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_image_is_named_as_engines_know_it() {
        let digest = crate::model::Digest::sha256_of(b"");
        let named = |name: &str| {
            reference(&ImageView {
                name: name.to_owned(),
                manifest_digest: Some(digest),
                ..ImageView::default()
            })
        };
        assert_eq!(named("docker:app:1"), "app:1");
        assert_eq!(named("ghcr.io/a/b:1"), format!("ghcr.io/a/b:1@{digest}"));
        assert_eq!(named("ghcr.io/a/b@sha256:00"), "ghcr.io/a/b@sha256:00");
        assert_eq!(named("oci:folder"), "folder");
        assert_eq!(named("docker-archive:nginx.tar.gz"), "nginx");
        assert_eq!(named("dir:/"), "image");
    }
}
