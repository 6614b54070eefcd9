//! Compose files: <https://github.com/compose-spec/compose-spec>, in the newest version of the specification.
//!
//! What comes in: one or several files, in the order in which the later one goes over the earlier. What goes out: for each service one
//! [`RuntimeSpec`](crate::runtime::RuntimeSpec). Other files that they name are asked for by [`Surroundings`] alone. A variable without a
//! value makes what it stands in unknown: Compose itself would take the empty text, and the result would be judged for what nobody wrote.

mod confine;
mod dotenv;
mod extends;
mod interpolate;
mod keys;
mod load;
mod merge;
mod mounts;
mod part;
mod ports;
mod process;
mod resources;
mod service;
#[cfg(test)]
mod tests;
mod words;

use std::rc::Rc;

use super::{ReadError, Settings, Surroundings};
use crate::runtime::Stated;
use load::{Loader, Variables};
use part::{Part, Source};

pub(in crate::runtime::read) use part::MISSING;
pub(in crate::runtime::read) use words::split as shell_words;

/// Names and values of an env file, as quadlets have them, too. `None`: the value is not known.
pub(in crate::runtime::read) fn env_file(
    text: &str,
    outer: &dyn Fn(&str) -> Option<String>,
) -> Vec<(String, Option<String>)> {
    let lines = dotenv::assignments(text, false, outer);
    lines
        .into_iter()
        .map(|line| (line.name, line.value))
        .collect()
}

/// Reads Compose files, each with its name and its text, as `docker compose -f FIRST -f SECOND` does.
///
/// Services that belong only to profiles that nobody asked for are left out. How many containers there are of a service is not looked at.
pub fn compose(files: &[(&str, &str)], around: &dyn Surroundings) -> Result<Settings, ReadError> {
    let mut variables = Variables::new(around);
    // Whoever has no `.env` has no variables in it.
    if let Ok(text) = around.file(".env") {
        variables.add(&text);
    }
    let sources: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            let source = Source {
                name: (*name).to_owned(),
                folder: String::new(),
            };
            (Rc::new(source), (*text).to_owned())
        })
        .collect();
    let mut loader = Loader::new(around);
    let root = loader.project(&sources, &variables)?;
    settings(&root, loader, &variables)
}

fn settings(
    root: &Part,
    mut loader: Loader<'_>,
    variables: &Variables<'_>,
) -> Result<Settings, ReadError> {
    let mut specs = Vec::new();
    let services = root.get("services").map(|part| part.map("services"));
    for (key, part) in services.transpose()?.unwrap_or_default() {
        let field = format!("services.{}", key.name);
        if key.name.starts_with("x-") || !is_asked_for(part, &field, loader.around)? {
            continue;
        }
        if part.get("provider").is_some() {
            let why = format!(
                "`{field}` is run by a provider, not by the engine: nothing can be told of it"
            );
            loader.gaps.push(Stated::new(why, key.mark.spot(field)));
            continue;
        }
        let gaps = loader.service_gaps.remove(&key.name).unwrap_or_default();
        let mut spec = service::read(root, key, part, loader.around, variables)?;
        spec.gaps.splice(0..0, gaps);
        specs.push(spec);
    }
    let unknown = keys::unknown_at_top(root);
    match specs.first_mut() {
        // Keys at the top belong to no service; they are named once, with the first.
        Some(first) => first.unknown_keys.splice(0..0, unknown).for_each(drop),
        None => loader.gaps.extend(unknown.into_iter().map(|unknown| {
            Stated::new(
                format!("the key `{}` is not known", unknown.key),
                unknown.at,
            )
        })),
    }
    Ok(Settings {
        specs,
        gaps: loader.gaps,
        ..Settings::default()
    })
}

/// Whether one of a service's profiles is asked for, or it has none. A profile that is not known may be.
fn is_asked_for(part: &Part, field: &str, around: &dyn Surroundings) -> Result<bool, ReadError> {
    let Some(profiles) = part.get("profiles") else {
        return Ok(true);
    };
    let profiles = profiles.list(&format!("{field}.profiles"))?;
    Ok(profiles.is_empty()
        || profiles
            .iter()
            .any(|profile| profile.text().is_none_or(|name| around.has_profile(name))))
}
