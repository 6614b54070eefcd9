//! Containers that run, as input of an audit: the engine's own inspection of each, untouched.

use std::path::Path;

use serde_json::Value;

use super::ProveError;
use super::get::get;
use crate::source::engine::find_socket;
use crate::source::runtime::block_on;
use crate::source::{SourceError, SourceOptions};

/// Containers that are looked at: more run on no single machine.
const MOST: usize = 10_000;

/// What the engine says of one container, or of all that run: its name, and the JSON of its inspection as `docker inspect` has it in its
/// list. Sorted by name. Nothing is started, stopped or changed.
///
/// Blocks; not to be called on a thread of an async runtime. The JSON holds the container's environment: it is for `runtime::read`, and
/// never to be shown.
pub fn inspect_all(
    options: &SourceOptions,
    name: Option<&str>,
) -> Result<Vec<(String, String)>, ProveError> {
    let socket = find_socket(options)?;
    block_on(ask_all(&socket, name))?
}

async fn ask_all(socket: &Path, name: Option<&str>) -> Result<Vec<(String, String)>, ProveError> {
    if let Some(name) = name {
        let inspected = inspect(socket, name).await?;
        let missing = || ProveError::NoSuchContainer {
            name: super::shown(name),
        };
        return Ok(vec![inspected.ok_or_else(missing)?]);
    }
    let what = "list containers";
    let list = get(socket, "/containers/json", what).await?.json(what)?;
    let containers = list.as_array().into_iter().flatten();
    let ids: Vec<&str> = containers
        .filter_map(|container| container.get("Id")?.as_str())
        .take(MOST)
        .collect();
    let mut all = Vec::new();
    for id in ids {
        // One that ended since is not there any more.
        all.extend(inspect(socket, id).await?);
    }
    all.sort();
    Ok(all)
}

async fn inspect(socket: &Path, name: &str) -> Result<Option<(String, String)>, ProveError> {
    let what = "inspect the container";
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let bare = name.trim_start_matches('/');
    if bare.is_empty() || !bare.chars().all(is_name) {
        return Ok(None);
    }
    let answer = get(socket, &format!("/containers/{bare}/json"), what).await?;
    if answer.status == 404 {
        return Ok(None);
    }
    let value = answer.json(what)?;
    let named = value.get("Name").and_then(Value::as_str).unwrap_or(bare);
    let named = named.trim_start_matches('/').to_owned();
    let text = String::from_utf8(answer.body).map_err(|_| {
        ProveError::Source(SourceError::Malformed {
            what: "the inspection of a container".to_owned(),
            reason: "it is no UTF-8".to_owned(),
        })
    })?;
    Ok(Some((named, text)))
}
