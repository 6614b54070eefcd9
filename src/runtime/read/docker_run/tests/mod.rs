mod command_line;
mod script;
mod values;

use std::collections::BTreeMap;

use super::*;
use crate::runtime::read::Alone;

/// Files and variables as a caller gives them.
#[derive(Default)]
struct Given {
    files: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
}

impl Surroundings for Given {
    fn file(&self, path: &str) -> Result<String, String> {
        let text = self.files.get(path).cloned();
        text.ok_or_else(|| "no such file".to_owned())
    }
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }
    fn has_profile(&self, _name: &str) -> bool {
        true
    }
}

/// All containers of a script.
fn all(text: &str) -> Vec<RuntimeSpec> {
    docker_run("run.sh", text, &Alone).map_or_else(|_| Vec::new(), |settings| settings.specs)
}

/// The one container of a script.
fn one(text: &str) -> RuntimeSpec {
    let mut specs = all(text);
    assert_eq!(specs.len(), 1, "{text}");
    specs.remove(0)
}

/// The container of a command with these flags before an image.
fn flags(flags: &str) -> RuntimeSpec {
    let spec = one(&format!("docker run {flags} alpine:3.20 id"));
    assert_eq!(image(&spec), "alpine:3.20", "{flags}");
    spec
}

fn image(spec: &RuntimeSpec) -> &str {
    spec.image.value().map_or("", String::as_str)
}

fn command(spec: &RuntimeSpec) -> String {
    spec.command
        .value()
        .map_or_else(String::new, |words| words.join(" "))
}

fn said(words: &[Stated<String>]) -> Vec<&str> {
    words.iter().map(|word| word.value.as_str()).collect()
}

fn gaps(spec: &RuntimeSpec) -> Vec<&str> {
    said(&spec.gaps)
}
