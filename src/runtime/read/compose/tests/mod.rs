//! Compose files: what is read, and what is refused.

mod fields;
mod files;
mod refused;

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::runtime::{MountKind, Namespace, RuntimeSpec, Setting};

/// Files, variables and profiles that a test gives.
#[derive(Default)]
struct Given {
    files: BTreeMap<&'static str, &'static str>,
    variables: BTreeMap<&'static str, &'static str>,
    profiles: Vec<&'static str>,
}

impl Surroundings for Given {
    fn file(&self, path: &str) -> Result<String, String> {
        let file = self.files.get(path);
        file.map(|text| (*text).to_owned())
            .ok_or_else(|| "no such file".to_owned())
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }
    fn has_profile(&self, name: &str) -> bool {
        self.profiles.contains(&name)
    }
}

fn given(files: &[(&'static str, &'static str)]) -> Given {
    Given {
        files: files.iter().copied().collect(),
        ..Given::default()
    }
}

fn all(files: &[&str], around: &Given) -> Result<Settings, ReadError> {
    let names = ["compose.yaml", "override.yaml", "third.yaml"];
    let files: Vec<_> = names.iter().copied().zip(files.iter().copied()).collect();
    compose(&files, around)
}

/// The only service of a file.
fn one(text: &str) -> RuntimeSpec {
    all(&[text], &Given::default())
        .expect("a file")
        .specs
        .remove(0)
}

/// A service of these lines.
fn service(lines: &str) -> RuntimeSpec {
    one(&format!("services:\n  web:\n    image: x\n    {lines}\n"))
}

fn refused(text: &str) -> String {
    all(&[text], &Given::default())
        .expect_err("refused")
        .to_string()
}

fn words(list: &[crate::runtime::Stated<String>]) -> Vec<&str> {
    list.iter().map(|stated| stated.value.as_str()).collect()
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = all(&[&text], &Given::default());
    }

    #[test]
    fn any_service_is_read_or_refused(key in "(volumes|ports|user|security_opt|networks|tmpfs|devices|env_file|environment|healthcheck|ulimits|deploy|extends|secrets|sysctls|logging|gpus|command|pid|include|build)", value in "[\\[\\]{}:a/$.0-9, -]{0,30}") {
        let first = format!("services:\n  web:\n    {key}: {value}\n");
        let second = format!("services:\n  web:\n    {key}: [{value}]\n");
        let _ = all(&[&first], &Given::default());
        let _ = all(&[&first, &second], &Given::default());
    }
}
