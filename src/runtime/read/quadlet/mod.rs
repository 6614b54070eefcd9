//! Podman quadlets: `*.container` units, of which systemd makes a `podman run`.
//!
//! The keys: <https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html>. What is not said is left to Podman, whose defaults are
//! not Docker's (it keeps eleven capabilities, not fourteen): [`Form::Quadlet`] tells which. Units that it names (`*.volume`, `*.image`) are
//! asked for by [`Surroundings`].

mod arguments;
mod container;
mod mounts;
#[cfg(test)]
mod tests;
mod unit;

use super::{ReadError, Settings, Surroundings};
use crate::runtime::{Container, Form, Role, RuntimeSpec, Spot, UnknownKey};
use unit::{Unit, unit};

/// The section that makes it a container.
const CONTAINER: &str = "Container";
/// Sections of a unit beside it.
const SECTIONS: [&str; 5] = ["Unit", "Service", "Install", "Quadlet", CONTAINER];

/// Reads one `*.container` file.
pub fn quadlet(file: &str, text: &str, around: &dyn Surroundings) -> Result<Settings, ReadError> {
    let unit = unit(file, text)?;
    let Some(line) = unit.sections.get(CONTAINER) else {
        return Err(ReadError::Form {
            file: file.to_owned(),
            line: 1,
            reason: "`[Container]` is missing: a quadlet of a container has this section"
                .to_owned(),
        });
    };
    let name = unit
        .last(CONTAINER, "ContainerName")
        .map(|entry| entry.text.as_str());
    let container = Container {
        form: Form::Quadlet,
        name: name.unwrap_or_else(|| stem(file)).to_owned(),
        role: Role::Main,
        at: Spot {
            field: CONTAINER.to_owned(),
            file: Some(file.to_owned()),
            line: Some(*line),
            column: Some(1),
        },
    };
    let mut spec = RuntimeSpec::new(container);
    container::read(&unit, around, &mut spec);
    limit_restarts(&unit, &mut spec);
    unknown_sections(file, &unit, &mut spec);
    Ok(Settings {
        specs: vec![spec],
        ..Settings::default()
    })
}

/// How often systemd starts a unit again before it gives up (systemd.unit(5), `StartLimitBurst=`).
fn limit_restarts(unit: &Unit, spec: &mut RuntimeSpec) {
    let limit = unit.last("Unit", "StartLimitBurst");
    let limit = limit.and_then(|entry| entry.text.parse().ok());
    if let crate::runtime::Setting::Stated(restart) = &mut spec.restart {
        restart.value.max_retries = limit;
    }
}

/// The file's name without its folder and ending.
fn stem(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.strip_suffix(".container").unwrap_or(name)
}

fn unknown_sections(file: &str, unit: &Unit, spec: &mut RuntimeSpec) {
    for (name, line) in &unit.sections {
        if !SECTIONS.contains(&name.as_str()) && !name.starts_with("X-") {
            spec.unknown_keys.push(UnknownKey {
                key: format!("[{name}]"),
                at: Spot {
                    field: name.clone(),
                    file: Some(file.to_owned()),
                    line: Some(*line),
                    column: Some(1),
                },
            });
        }
    }
}
