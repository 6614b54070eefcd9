//! Which form a text is: told by what it holds. Its file's name decides only between forms that look alike.

use super::ReadError;
use crate::runtime::Form;
use crate::runtime::tree::{self, Node};

/// Bytes of a text that are looked at for words of a shell: a script names its engine early, and a large one is searched whole by its
/// reader.
const WORDS: [&str; 4] = ["docker", "podman", "nerdctl", "finch"];

/// The form of a text. A text that begins like YAML or JSON and is broken gives the place where it is.
pub fn recognise(file: &str, text: &str) -> Result<Form, ReadError> {
    if is_quadlet(text) {
        return Ok(Form::Quadlet);
    }
    let looks_structured = text.trim_start().starts_with(['{', '['])
        || has_ending(file, &["yaml", "yml", "json"])
        || begins_like_yaml(text);
    match tree::documents(text) {
        Ok(documents) => {
            if let Some(form) = documents.iter().find_map(of_document) {
                return Ok(form);
            }
        }
        Err(source) if looks_structured => {
            return Err(ReadError::Syntax {
                file: file.to_owned(),
                source,
            });
        }
        Err(_) => {}
    }
    let is_script = text.starts_with("#!") || has_ending(file, &["sh", "bash"]);
    if !looks_structured && (is_script || starts_container(text)) {
        return Ok(Form::DockerRun);
    }
    Err(ReadError::Unrecognised {
        file: file.to_owned(),
    })
}

fn has_ending(file: &str, endings: &[&str]) -> bool {
    let ending = file
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| endings.contains(&ending.as_str()))
}

/// A systemd unit with a `[Container]` section (podman-systemd.unit(5)).
fn is_quadlet(text: &str) -> bool {
    text.lines().any(|line| line.trim() == "[Container]")
}

fn of_document(document: &Node) -> Option<Form> {
    let first = document.items().first().unwrap_or(document);
    let has = |key: &str| first.get(key).is_some();
    if has("ociVersion") {
        Some(Form::Oci)
    } else if has("apiVersion") && has("kind") {
        Some(Form::Kubernetes)
    } else if has("HostConfig") || has("Config") && has("Image") {
        Some(Form::Inspect)
    } else if document.get("services").is_some() || document.get("include").is_some() {
        Some(Form::Compose)
    } else {
        None
    }
}

/// Whether a line begins as those of Compose files and manifests do.
fn begins_like_yaml(text: &str) -> bool {
    const KEYS: [&str; 4] = ["services:", "apiVersion:", "kind:", "include:"];
    text.lines()
        .any(|line| KEYS.iter().any(|key| line.starts_with(key)))
}

/// Whether a line has the words `run` or `create` behind the name of an engine.
fn starts_container(text: &str) -> bool {
    let folded = text.replace("\\\n", " ");
    folded.lines().any(|line| {
        let mut words = line.split_whitespace().map(|word| {
            word.rsplit(['/', '(', '`', '"', '\'', '='])
                .next()
                .unwrap_or(word)
        });
        let mut after = words
            .by_ref()
            .skip_while(|word| !WORDS.contains(word))
            .skip(1);
        after.any(|word| matches!(word, "run" | "create"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_known_by_what_it_holds() {
        let texts = [
            ("x", "docker run --rm alpine id", Form::DockerRun),
            (
                "x.sh",
                "#!/bin/sh\nset -e\nsudo /usr/bin/podman \\\n  run -d nginx\n",
                Form::DockerRun,
            ),
            (
                "x",
                r#"[{"Id": "a", "HostConfig": {}, "Config": {}}]"#,
                Form::Inspect,
            ),
            ("x.yaml", "services:\n  web:\n    image: a\n", Form::Compose),
            (
                "x",
                "# Source: a\n---\napiVersion: v1\nkind: Pod\n",
                Form::Kubernetes,
            ),
            ("x", "[Unit]\n[Container]\nImage=a\n", Form::Quadlet),
            ("config.json", r#"{"ociVersion": "1.2.0"}"#, Form::Oci),
        ];
        for (file, text, form) in texts {
            assert_eq!(recognise(file, text), Ok(form), "{text}");
        }
    }

    #[test]
    fn a_broken_text_that_looks_like_yaml_says_where() {
        let error = recognise("compose.yaml", "services:\n  web: [a\n").expect_err("broken");
        assert!(matches!(error, ReadError::Syntax { .. }), "{error}");
    }

    #[test]
    fn a_text_of_no_form_is_refused() {
        for text in ["", "hello", "a: 1\n", "{}"] {
            let error = recognise("x", text).expect_err("no form");
            assert!(
                matches!(error, ReadError::Unrecognised { .. }),
                "{text}: {error}"
            );
        }
    }
}
