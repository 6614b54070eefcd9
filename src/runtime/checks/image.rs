//! The image that is run: how it is named, and whether its program can start with these settings.

use super::capabilities::bounding;
use super::told::{Blind, Told, blind_at, failed, fails, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, LayerPath, Outcome, Severity};
use crate::runtime::{Form, Stated};

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-104",
            title: "Image tag missing or latest",
            severity: Severity::Medium,
            cis: &["5.28"],
            nist: &["4.2.2"],
            pss: &[],
            why: "Which image is run depends on the day and the host: nobody can say afterwards what it was.",
            fix: "Name a version, and pin it by its digest.",
        },
        fields: &fields::IMAGE,
        lines: &wording::IMAGE,
        on_windows: true,
        run: |subject| settle(tag(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-105",
            title: "Image not pinned by digest",
            severity: Severity::Low,
            cis: &["5.28"],
            nist: &["4.1.5", "4.2.2"],
            pss: &[],
            why: "Whoever may push to the tag decides what is run here.",
            fix: "Add the digest to the tag.",
        },
        fields: &fields::IMAGE,
        lines: &wording::IMAGE,
        on_windows: true,
        run: |subject| settle(digest(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-125",
            title: "Start program needs a capability that the container does not have",
            severity: Severity::High,
            cis: &[],
            nist: &["4.1.2", "4.4.3"],
            pss: &[],
            why: "A file with an effective capability outside of the bounding set cannot be run at all: it ends with \"operation not permitted\", and the usual \
                  answer is to give the container everything.",
            fix: "Add exactly this capability, or take it from the file.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(start_program(subject)),
    },
];

/// An image's name taken apart.
enum Named<'a> {
    /// Nothing is said of it, or it is built here.
    Nothing,
    /// By its content: a digest, or an engine's own id.
    Content,
    /// By its tag, if it has one.
    Tag(Option<&'a str>, &'a Stated<String>),
}

fn named<'a>(subject: &Subject<'a>) -> Result<Named<'a>, Blind> {
    let Some(image) = said(&subject.spec.image)?.filter(|image| !image.value.trim().is_empty())
    else {
        return Ok(Named::Nothing);
    };
    let text = image.value.trim();
    if subject.form() == Form::Quadlet
        && [".image", ".build"].iter().any(|unit| text.ends_with(unit))
    {
        return Err(blind_at("another unit names the image", &image.at));
    }
    let is_hex = |text: &str| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    let is_id = is_hex(text.strip_prefix("sha256:").unwrap_or(text));
    if is_id || text.contains("@sha256:") || text.contains("@sha512:") {
        return Ok(Named::Content);
    }
    // The port of a registry is no tag.
    let last = text.rsplit('/').next().unwrap_or(text);
    let tag = last.split_once(':').map(|(_, tag)| tag);
    Ok(Named::Tag(tag.filter(|tag| !tag.is_empty()), image))
}

fn tag(subject: &Subject<'_>) -> Told {
    match named(subject)? {
        Named::Nothing => Ok(Outcome::NotApplicable),
        Named::Tag(None, image) => fails(
            format!("`{}` has no tag, so it is latest", image.value),
            image.at.place(),
        ),
        Named::Tag(Some("latest"), image) => fails(format!("`{}`", image.value), image.at.place()),
        Named::Content | Named::Tag(Some(_), _) => Ok(Outcome::Passed),
    }
}

fn digest(subject: &Subject<'_>) -> Told {
    match named(subject)? {
        Named::Nothing => Ok(Outcome::NotApplicable),
        Named::Content => Ok(Outcome::Passed),
        Named::Tag(_, image) => fails(format!("`{}` has no digest", image.value), image.at.place()),
    }
}

fn start_program(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let Some(image) = subject.image else {
        return Err(Blind(
            "the capabilities of the image's files are not known: give --image or scan it"
                .to_owned(),
        ));
    };
    let entrypoint = said(&subject.spec.entrypoint)?.and_then(|stated| stated.value.first());
    let command = said(&subject.spec.command)?.and_then(|stated| stated.value.first());
    let written = entrypoint.or(command).filter(|word| word.starts_with('/'));
    let program = match (written, entrypoint) {
        (Some(word), _) => Some(LayerPath::normalise(word.as_bytes())),
        // A command alone goes behind the image's entry point, if it has one.
        (None, None) => image.start_program.clone(),
        (None, Some(_)) => None,
    };
    let Some(program) = program else {
        return Err(Blind(
            "which program of the image is started is not known".to_owned(),
        ));
    };
    let file = image
        .file_capabilities
        .iter()
        .find(|(path, _)| *path == program);
    let Some((_, capabilities)) = file.filter(|(_, file)| file.effective) else {
        return Ok(Outcome::Passed);
    };
    let missing = capabilities.permitted.minus(bounding(subject)?);
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    let detail = format!(
        "/{program} has {missing} as file capabilities, and the container does not",
        program = program.as_str()
    );
    let names: Vec<&str> = missing.iter().map(crate::model::Capability::name).collect();
    let fix = match subject.form() {
        Form::DockerRun | Form::Inspect => format!("--cap-add {}", names.join(" --cap-add ")),
        Form::Compose => format!("cap_add: [{}]", names.join(", ")),
        Form::Kubernetes => format!("capabilities: {{add: [{}]}}", names.join(", ")),
        Form::Quadlet => format!("AddCapability={}", names.join(" ")),
        Form::Oci => format!(
            "add {} to every set of process.capabilities",
            names.join(", ")
        ),
    };
    failed(Failure::new(detail, subject.place()).with_fix(fix))
}
