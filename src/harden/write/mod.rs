//! A plan in the words of each form: one file a form.
//!
//! Names and commands come from images: whatever stands in a text is quoted for its form, and comments hold one line each. Every
//! setting is written with its reason and how sure it is.

mod compose;
mod docker;
mod kubernetes;
mod names;
mod oci;
mod quadlet;
mod quote;
mod seccomp;
#[cfg(test)]
mod tests;

use super::{Line, Mode, Plan};
use quote::comment;

/// A form in which a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// A `docker run` command.
    Docker,
    /// A Compose file.
    Compose,
    /// A Kubernetes Deployment, with claims for its volumes.
    Kubernetes,
    /// `config.json` of an OCI runtime bundle.
    Oci,
    /// A Podman quadlet, `NAME.container`.
    Quadlet,
}

/// How a form is called, and who writes it.
struct Writer {
    form: Form,
    name: &'static str,
    write: fn(&Plan) -> String,
}

/// Every form.
const WRITERS: [Writer; 5] = [
    Writer {
        form: Form::Docker,
        name: "docker",
        write: docker::write,
    },
    Writer {
        form: Form::Compose,
        name: "compose",
        write: compose::write,
    },
    Writer {
        form: Form::Kubernetes,
        name: "kubernetes",
        write: kubernetes::write,
    },
    Writer {
        form: Form::Oci,
        name: "oci",
        write: oci::write,
    },
    Writer {
        form: Form::Quadlet,
        name: "quadlet",
        write: quadlet::write,
    },
];

impl Form {
    /// Every form, in the order in which they are told.
    pub fn all() -> impl Iterator<Item = Self> {
        WRITERS.iter().map(|writer| writer.form)
    }

    /// The form of this name.
    pub fn named(name: &str) -> Option<Self> {
        WRITERS
            .iter()
            .find(|writer| writer.name == name)
            .map(|writer| writer.form)
    }

    /// Its public name: `docker`, `compose`, …
    pub fn name(self) -> &'static str {
        self.writer().map_or("", |writer| writer.name)
    }

    fn writer(self) -> Option<&'static Writer> {
        WRITERS.iter().find(|writer| writer.form == self)
    }
}

/// The plan as a text of this form.
pub fn write(plan: &Plan, form: Form) -> String {
    form.writer()
        .map_or_else(String::new, |writer| (writer.write)(plan))
}

/// `inferred: nginx changes to it (/etc/nginx/nginx.conf:1)`, on one line.
fn said<T>(line: &Line<T>) -> String {
    comment(&format!("{}: {}", line.confidence.name(), line.reason))
}

/// The lines above everything, without the sign of a comment.
fn header(plan: &Plan) -> Vec<String> {
    let mode = match plan.mode {
        Mode::ServiceAccount => "A: it runs as an account of its own, without capabilities",
        Mode::Root => "B: it starts as root, with the few capabilities that its start needs",
        Mode::Unprivileged => "C: it needs no account, and runs as a number that nobody has",
    };
    let image = comment(&plan.image);
    let mut lines = vec![
        format!("Least settings for {image}, by plimsoll harden ({})", comment(&plan.schema)),
        "Each line is proven (config, file header), inferred (script, configuration, owner) or assumed (default).".to_owned(),
        format!("Mode {mode}."),
        format!("Start: {}", said(&plan.start)),
    ];
    lines.extend(
        plan.warnings
            .iter()
            .map(|warning| format!("WARNING: {}", comment(warning))),
    );
    lines
}

/// Lines as comments of shells, YAML and units.
fn hashed(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push('#');
        if !line.is_empty() {
            text.push(' ');
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}
