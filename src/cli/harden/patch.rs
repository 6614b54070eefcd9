//! `harden --patch FILE`: the plan put into settings that are there, with their comments and order.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::Failure;
use crate::harden::Plan;
use crate::harden::patch::{PatchError, patch_compose, patch_kubernetes, services, workloads};
use crate::model::limits::read_at_most;
use crate::runtime::Form;
use crate::runtime::read::recognise;

/// Bytes of a file that is patched.
const LIMIT: u64 = 16 << 20;

/// What is patched.
#[derive(Debug, Args)]
pub(super) struct PatchArguments {
    /// Put the plan into this Compose file or Kubernetes manifest, and print the result; with -o it goes into a file, which can be the
    /// same one. Comments, order and everything else stay as they are.
    #[arg(long, value_name = "FILE", conflicts_with = "form")]
    pub(super) patch: Option<PathBuf>,

    /// With --patch: the service or container that runs the image, where there are several.
    #[arg(long, value_name = "NAME", requires = "patch")]
    container: Option<String>,
}

impl PatchArguments {
    /// The file's text with the plan in it.
    pub(super) fn apply(&self, file: &Path, plan: &Plan) -> Result<String, Failure> {
        let name = file.display().to_string();
        let bytes = File::open(file)
            .and_then(|file| read_at_most(file, LIMIT))
            .map_err(|error| Failure::new(format!("{name} cannot be read: {error}")))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::new(format!("{name} is no text (UTF-8)")))?;
        let patched = match recognise(&name, &text).map_err(Failure::new)? {
            Form::Compose => self.compose(&text, plan),
            Form::Kubernetes => self.kubernetes(&text, plan),
            other => {
                return Err(Failure::new(format!(
                    "{name} is of the form {}: Compose files and Kubernetes manifests are patched",
                    other.name()
                ))
                .with_hint(Some(
                    "without --patch, --for writes new settings in five forms",
                )));
            }
        };
        patched?
            .map_err(|error: PatchError| Failure::new(format!("{name} cannot be patched: {error}")))
    }

    fn compose(&self, text: &str, plan: &Plan) -> Result<Result<String, PatchError>, Failure> {
        let all = match services(text) {
            Ok(all) => all,
            Err(error) => return Ok(Err(error)),
        };
        let service = self.one_of("service", &all)?;
        Ok(patch_compose(text, service, plan))
    }

    fn kubernetes(&self, text: &str, plan: &Plan) -> Result<Result<String, PatchError>, Failure> {
        let all = match workloads(text) {
            Ok(all) => all,
            Err(error) => return Ok(Err(error)),
        };
        let names: Vec<String> = all
            .iter()
            .flat_map(|workload| workload.containers.clone())
            .collect();
        let container = self.one_of("container", &names)?;
        let Some(workload) = all
            .iter()
            .find(|workload| workload.containers.iter().any(|name| name == container))
        else {
            return Err(Failure::new("the file has no workload"));
        };
        let path: Vec<&str> = workload.pod_path.iter().map(String::as_str).collect();
        Ok(patch_kubernetes(
            text,
            workload.document,
            &path,
            container,
            plan,
        ))
    }

    /// The one that is named, or the only one that there is.
    fn one_of<'a>(&self, what: &str, all: &'a [String]) -> Result<&'a str, Failure> {
        let named = |wanted: &String| all.iter().find(|name| *name == wanted);
        match (&self.container, all) {
            (Some(wanted), _) => named(wanted).map(String::as_str).ok_or_else(|| {
                Failure::usage(format!(
                    "no {what} is called {wanted}: there are {}",
                    all.join(", ")
                ))
            }),
            (None, [only]) => Ok(only),
            (None, []) => Err(Failure::new(format!("the file has no {what}"))),
            (None, _) => Err(Failure::usage(format!(
                "there are several: name one with --container: {}",
                all.join(", ")
            ))),
        }
    }
}
