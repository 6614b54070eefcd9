//! Waiting until a container answers, ends, or takes too long.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::engine::Engine;
use super::symptom::{self, Symptom};
use super::{ProveError, Request};

/// How often is looked.
const PAUSE: Duration = Duration::from_millis(150);
/// How long one run of the given command may take.
const COMMAND: Duration = Duration::from_secs(15);

/// When a container is taken to work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The image's health check, where it has one; else it stays up for as long as [`Wait::SETTLED`].
    Automatic,
    /// This command, run inside, exits with 0. Repeated until then.
    Command(Vec<String>),
    /// It stays up for so long.
    Settled(Duration),
}

impl Wait {
    /// How long a container without a health check has to stay up.
    pub const SETTLED: Duration = Duration::from_secs(3);
}

/// How it was told that the container works. The command itself is not kept: it may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// The image's health check passed.
    Healthy,
    /// The given command exited with 0.
    CommandSucceeded,
    /// It stayed up.
    StayedUp,
}

/// How a start ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum End {
    /// It works.
    Works {
        /// What told.
        sign: Sign,
    },
    /// It ended by itself.
    Exited {
        /// Exit code.
        code: i64,
        /// Whether the kernel ended it for want of memory.
        out_of_memory: bool,
    },
    /// The engine could not start it.
    NotStarted {
        /// What the engine says, without what stands in quotes: those are arguments.
        reason: String,
    },
    /// It was up, and did not work within the time limit.
    NoAnswer {
        /// Whether its health check said that it is ill.
        unhealthy: bool,
    },
}

impl End {
    /// Whether it works.
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Works { .. })
    }

    /// For people.
    pub fn text(&self) -> String {
        match self {
            Self::Works {
                sign: Sign::Healthy,
            } => "works: its health check passes".to_owned(),
            Self::Works {
                sign: Sign::CommandSucceeded,
            } => "works: the given command succeeds".to_owned(),
            Self::Works {
                sign: Sign::StayedUp,
            } => "stays up".to_owned(),
            Self::Exited {
                out_of_memory: true,
                ..
            } => "was killed: its limit of memory is too low".to_owned(),
            Self::Exited { code, .. } => format!("exits with code {code}"),
            Self::NotStarted { reason } => format!("cannot be started: {reason}"),
            Self::NoAnswer { unhealthy: true } => "is unhealthy".to_owned(),
            Self::NoAnswer { unhealthy: false } => {
                "is up and does not answer within the time limit".to_owned()
            }
        }
    }

    /// What to do about it, where there is something to do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Works { .. } => None,
            Self::Exited {
                out_of_memory: true,
                ..
            } => Some("raise the limit of memory"),
            Self::Exited { .. } | Self::NotStarted { .. } => Some(
                "use --fit to find what it needs; an image may also need variables (--env) or a command",
            ),
            Self::NoAnswer { .. } => {
                Some("use --fit, a longer --timeout, or another --wait command")
            }
        }
    }
}

/// A start, as far as it was seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Started {
    /// How it ended.
    pub(super) end: End,
    /// Denied operations that its log tells.
    pub(super) symptoms: Vec<Symptom>,
}

/// Starts a container and waits. `impatient`: once its log tells of a denied operation, it has only a few seconds to recover.
pub(super) async fn start(
    engine: &Engine,
    name: &str,
    request: &Request,
    impatient: bool,
) -> Result<Started, ProveError> {
    if let Err(message) = engine.start(name).await? {
        return Ok(Started {
            end: End::NotStarted {
                reason: without_quotes(&message),
            },
            symptoms: Symptom::of_line(&message).into_iter().collect(),
        });
    }
    let end = until_end(engine, name, request, impatient).await?;
    let symptoms = symptom::of_log(&engine.log(name).await);
    Ok(Started { end, symptoms })
}

/// How long a container may go on without an answer once its log tells of a denied operation.
const RECOVERY: Duration = Duration::from_secs(6);

async fn until_end(
    engine: &Engine,
    name: &str,
    request: &Request,
    impatient: bool,
) -> Result<End, ProveError> {
    let begin = Instant::now();
    let mut looked_at_log = begin;
    let mut ill_since = None;
    loop {
        let state = engine
            .ask(&format!("/containers/{name}/json"), "inspect the container")
            .await?;
        let state = state.get("State").cloned().unwrap_or_default();
        if let Some(end) = ended(&state) {
            return Ok(end);
        }
        if let Some(end) = sign(engine, name, request, &state, begin.elapsed()).await? {
            return Ok(end);
        }
        if begin.elapsed() >= request.time_limit {
            return Ok(End::NoAnswer { unhealthy: false });
        }
        if impatient && looked_at_log.elapsed() > Duration::from_secs(1) {
            looked_at_log = Instant::now();
            let is_ill = !symptom::of_log(&engine.log(name).await).is_empty();
            ill_since = is_ill.then(|| ill_since.unwrap_or_else(Instant::now));
            if ill_since.is_some_and(|since| since.elapsed() > RECOVERY) {
                return Ok(End::NoAnswer { unhealthy: false });
            }
        }
        sleep(PAUSE).await;
    }
}

/// How a container ended, if it has.
fn ended(state: &Value) -> Option<End> {
    let flag = |name: &str| state.get(name).and_then(Value::as_bool).unwrap_or_default();
    if flag("Running") || flag("Restarting") || flag("Paused") {
        return None;
    }
    Some(End::Exited {
        code: state.get("ExitCode").and_then(Value::as_i64).unwrap_or(-1),
        out_of_memory: flag("OOMKilled"),
    })
}

async fn sign(
    engine: &Engine,
    name: &str,
    request: &Request,
    state: &Value,
    up: Duration,
) -> Result<Option<End>, ProveError> {
    let works = |sign| Some(End::Works { sign });
    match &request.wait {
        Wait::Command(command) => {
            let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
            let ran = match engine.run(name, &arguments, None, COMMAND).await {
                Ok(ran) => ran,
                // It ended in between: the next look tells how.
                Err(ProveError::Refused { .. }) => return Ok(None),
                Err(error) => return Err(error),
            };
            Ok(works(Sign::CommandSucceeded).filter(|_| ran.code == Some(0)))
        }
        Wait::Settled(long) => Ok(works(Sign::StayedUp).filter(|_| up >= *long)),
        Wait::Automatic => {
            let health = state
                .get("Health")
                .and_then(|health| health.get("Status")?.as_str());
            Ok(match health {
                Some("healthy") => works(Sign::Healthy),
                Some("unhealthy") => Some(End::NoAnswer { unhealthy: true }),
                Some("starting") => None,
                _ => works(Sign::StayedUp).filter(|_| up >= Wait::SETTLED),
            })
        }
    }
}

/// What an engine says of a start that failed, with an ellipsis for everything in quotes: it quotes the arguments.
fn without_quotes(message: &str) -> String {
    let mut kept = String::new();
    for (index, part) in message.replace("\\\"", "").split('"').enumerate() {
        if index % 2 == 0 {
            kept.push_str(part);
        } else {
            kept.push('…');
        }
    }
    super::shown(kept.trim())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_in_an_engines_message_are_not_shown() {
        let message = "OCI runtime create failed: exec: \"serve --password=hunter2 \\\"x\\\"\": executable file not found in $PATH: unknown";
        let shown = without_quotes(message);
        assert_eq!(
            shown,
            "OCI runtime create failed: exec: …: executable file not found in $PATH: unknown"
        );
    }

    #[test]
    fn a_container_that_is_not_up_has_ended() {
        assert_eq!(ended(&json!({"Running": true})), None);
        assert_eq!(
            ended(&json!({"Running": false, "ExitCode": 137, "OOMKilled": true})),
            Some(End::Exited {
                code: 137,
                out_of_memory: true
            })
        );
        assert!(matches!(
            ended(&json!({})),
            Some(End::Exited { code: -1, .. })
        ));
    }

    #[test]
    fn every_bad_end_says_what_to_do() {
        for end in [
            End::NoAnswer { unhealthy: true },
            End::Exited {
                code: 1,
                out_of_memory: false,
            },
            End::Exited {
                code: 137,
                out_of_memory: true,
            },
            End::NotStarted {
                reason: String::new(),
            },
        ] {
            assert!(!end.is_good() && end.hint().is_some(), "{}", end.text());
        }
    }
}
