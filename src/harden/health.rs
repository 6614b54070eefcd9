//! How it is asked whether it still works.

use crate::model::is_deceptive;
use crate::posture::ImageView;

use super::harmless::harmless;
use super::servers::Server;
use super::{HealthCheck, Line};

/// Docker's config has nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// The image's `HEALTHCHECK`, else the command that asks a known server, where the image has it.
pub(super) fn decide(
    view: &ImageView,
    server: Option<&Server>,
    warnings: &mut Vec<String>,
) -> Option<Line<HealthCheck>> {
    let Some(config) = &view.config.config.healthcheck else {
        return known(view, server);
    };
    let words = config.get("Test").and_then(serde_json::Value::as_array);
    let words: Vec<String> = words
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect();
    let (kind, command) = words.split_first()?;
    let in_shell = match kind.as_str() {
        "CMD-SHELL" => true,
        "CMD" => false,
        "NONE" => return known(view, server),
        _ => return None,
    };
    let Some(command) = harmless(command).filter(|command| {
        !command.is_empty() && !command.iter().any(|word| word.chars().any(is_deceptive))
    }) else {
        warnings.push("the image's HEALTHCHECK could hold a secret, or is no plain text, and is not repeated: Docker and Podman keep it from the image, Kubernetes needs a probe".to_owned());
        return None;
    };
    let seconds = |field: &str| {
        config
            .get(field)
            .and_then(serde_json::Value::as_u64)
            .map(|nanos| nanos / SECOND)
            .filter(|seconds| *seconds > 0)
    };
    let check = HealthCheck {
        in_shell,
        command,
        interval: seconds("Interval"),
        timeout: seconds("Timeout"),
    };
    Some(Line::proven(check, "HEALTHCHECK of the image"))
}

fn known(view: &ImageView, server: Option<&Server>) -> Option<Line<HealthCheck>> {
    let server = server?;
    let program = view.find_program(server.health.first()?)?;
    let command = server
        .health
        .iter()
        .map(|word| (*word).to_owned())
        .collect();
    let check = HealthCheck {
        in_shell: false,
        command,
        interval: None,
        timeout: None,
    };
    Some(Line::assumed(
        check,
        format!(
            "the image has no HEALTHCHECK; {} asks {}",
            program.path, server.name
        ),
    ))
}
