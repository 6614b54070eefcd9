//! The engine: containers, volumes and networks are made here, and nothing that was made outlives the proof.
//!
//! A name is noted before the engine is asked to make it, so that a request that is cut short is removed as well; at the end the engine is
//! asked what has the proof's label, and that is removed, too.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error as EngineError;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use bollard::query_parameters::{
    CreateContainerOptions, LogsOptions, RemoveContainerOptions, RemoveVolumeOptions,
    StopContainerOptions,
};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::get::{Answer, get};
use super::{LABEL, ProveError, symptom};
use crate::source::engine::{connect, find_socket};
use crate::source::runtime::block_on;
use crate::source::{SourceError, SourceOptions};

/// Bytes of a program's output that are looked at.
const OUTPUT: usize = 256 << 10;
/// How long the engine may take to remove one thing.
const REMOVAL: Duration = Duration::from_secs(30);
/// How often is looked for what is left.
const SWEEPS: usize = 4;

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Made {
    Container(String),
    Volume(String),
    Network(String),
}

impl Made {
    fn name(&self) -> &str {
        match self {
            Self::Container(name) | Self::Volume(name) | Self::Network(name) => name,
        }
    }
}

/// How many of each were made so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) containers: u64,
    pub(super) volumes: u64,
    pub(super) networks: u64,
}

/// How a program that was run inside ended.
#[derive(Debug)]
pub(super) struct Ran {
    /// Exit code; `None` if it did not end in time.
    pub(super) code: Option<i64>,
    /// What it wrote. Never shown: only known patterns of it are.
    pub(super) output: String,
}

/// A connection, and what was made through it. Dropping it removes that.
pub(super) struct Engine {
    docker: Docker,
    socket: PathBuf,
    id: String,
    made: Mutex<Vec<Made>>,
    counts: Mutex<Counts>,
}

impl Engine {
    /// Connects to the engine of the usual places, or of the options.
    pub(super) fn open(options: &SourceOptions) -> Result<Self, ProveError> {
        static PROOFS: AtomicU64 = AtomicU64::new(0);
        let socket = find_socket(options)?;
        let docker = block_on(connect(&socket))??;
        let number = PROOFS.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            docker,
            socket,
            id: format!("{}-{number}", std::process::id()),
            made: Mutex::default(),
            counts: Mutex::default(),
        })
    }

    /// Value of the label of all that is made.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// How many things were made.
    pub(super) fn counts(&self) -> Counts {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine's answer to a question.
    pub(super) async fn ask(&self, path: &str, what: &'static str) -> Result<Value, ProveError> {
        get(&self.socket, path, what).await?.json(what)
    }

    /// The engine's answer, whatever its status.
    pub(super) async fn answer(
        &self,
        path: &str,
        what: &'static str,
    ) -> Result<Answer, ProveError> {
        get(&self.socket, path, what).await
    }

    /// What the engine tells of the image.
    pub(super) async fn image(&self, image: &str) -> Result<Value, ProveError> {
        let what = "inspect the image";
        let answer = self.answer(&format!("/images/{image}/json"), what).await?;
        if answer.status == 404 {
            return Err(ProveError::NoSuchImage {
                image: image.to_owned(),
            });
        }
        answer.json(what)
    }

    fn note(&self, made: Made) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        match made {
            Made::Container(_) => counts.containers += 1,
            Made::Volume(_) => counts.volumes += 1,
            Made::Network(_) => counts.networks += 1,
        }
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(made);
    }

    /// Makes a volume.
    pub(super) async fn make_volume(&self, name: &str) -> Result<(), ProveError> {
        self.note(Made::Volume(name.to_owned()));
        let made = self
            .docker
            .create_volume(super::config::volume(name, &self.id))
            .await;
        made.map(|_| ()).map_err(refused("make a volume"))
    }

    /// Makes a network.
    pub(super) async fn make_network(&self, name: &str) -> Result<(), ProveError> {
        self.note(Made::Network(name.to_owned()));
        let made = self
            .docker
            .create_network(super::config::network(name, &self.id))
            .await;
        made.map(|_| ()).map_err(refused("make a network"))
    }

    /// Makes a container.
    pub(super) async fn make_container(
        &self,
        name: &str,
        body: bollard::models::ContainerCreateBody,
    ) -> Result<String, ProveError> {
        self.note(Made::Container(name.to_owned()));
        let options = CreateContainerOptions {
            name: Some(name.to_owned()),
            ..CreateContainerOptions::default()
        };
        let image = body.image.clone().unwrap_or_default();
        match self.docker.create_container(Some(options), body).await {
            Ok(made) => Ok(made.id),
            Err(EngineError::DockerResponseServerError {
                status_code: 404,
                message,
            }) if message.contains("image") => Err(ProveError::NoSuchImage { image }),
            Err(error) => Err(refused("make a container")(error)),
        }
    }

    /// Starts a container; what the engine says if it cannot.
    pub(super) async fn start(&self, name: &str) -> Result<Result<(), String>, ProveError> {
        match self.docker.start_container(name, None).await {
            Ok(()) => Ok(Ok(())),
            Err(EngineError::DockerResponseServerError { message, .. }) => Ok(Err(message)),
            Err(error) => Err(refused("start a container")(error)),
        }
    }

    /// Stops a container, and kills it if it does not end.
    pub(super) async fn stop(&self, name: &str) -> Result<(), ProveError> {
        let options = StopContainerOptions {
            t: Some(10),
            ..StopContainerOptions::default()
        };
        match self.docker.stop_container(name, Some(options)).await {
            // It has ended by itself.
            Ok(())
            | Err(EngineError::DockerResponseServerError {
                status_code: 304, ..
            }) => Ok(()),
            Err(error) => Err(refused("stop a container")(error)),
        }
    }

    /// The last lines of a container's log.
    pub(super) async fn log(&self, name: &str) -> String {
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            tail: symptom::LINES.to_string(),
            ..LogsOptions::default()
        };
        let mut lines = Box::pin(self.docker.logs(name, Some(options)));
        collected(&mut lines, REMOVAL).await
    }

    /// Runs a program inside, and waits for its end.
    pub(super) async fn run(
        &self,
        name: &str,
        command: &[&str],
        user: Option<&str>,
        patience: Duration,
    ) -> Result<Ran, ProveError> {
        let failed = refused("run a program inside the container");
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            user: user.map(str::to_owned),
            ..ExecConfig::default()
        };
        let exec = match self.docker.create_exec(name, config).await {
            Ok(exec) => exec,
            Err(error) => return Err(failed(error)),
        };
        let output = match self.docker.start_exec(&exec.id, None).await {
            Ok(StartExecResults::Attached { mut output, .. }) => {
                collected(&mut output, patience).await
            }
            Ok(StartExecResults::Detached) => String::new(),
            // An engine that finds no such program says so here, or in the output with exit code 126 or 127.
            Err(EngineError::DockerResponseServerError { message, .. }) => {
                return Ok(Ran {
                    code: Some(127),
                    output: message,
                });
            }
            Err(error) => return Err(failed(error)),
        };
        let code = match self.docker.inspect_exec(&exec.id).await {
            Ok(told) if told.running != Some(true) => told.exit_code,
            Ok(_) => None,
            Err(error) => return Err(failed(error)),
        };
        Ok(Ran { code, output })
    }

    /// Starts a program that waits for input, hands its process's number on this machine to `look`, and ends it by closing its input.
    pub(super) async fn run_waiting<T>(
        &self,
        name: &str,
        command: &[&str],
        user: &str,
        mut look: impl FnMut(u32) -> Option<T>,
    ) -> Result<Option<T>, ProveError> {
        let failed = refused("run a program inside the container");
        let config = ExecConfig {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            tty: Some(true),
            cmd: Some(command.iter().map(|word| (*word).to_owned()).collect()),
            user: Some(user.to_owned()),
            ..ExecConfig::default()
        };
        let exec = match self.docker.create_exec(name, config).await {
            Ok(exec) => exec,
            Err(error) => return Err(failed(error)),
        };
        // Kept until the end: the program would see the end of its input.
        let Ok(StartExecResults::Attached { output, input }) =
            self.docker.start_exec(&exec.id, None).await
        else {
            return Ok(None);
        };
        let mut found = None;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let pid = match self.docker.inspect_exec(&exec.id).await {
                Ok(told) if told.running == Some(true) => {
                    told.pid.and_then(|pid| u32::try_from(pid).ok())
                }
                _ => break,
            };
            found = pid.filter(|pid| *pid > 0).and_then(&mut look);
            if found.is_some() {
                break;
            }
        }
        drop((output, input));
        Ok(found)
    }

    /// Removes one container with its anonymous volumes, and the volumes of these names.
    pub(super) async fn remove(
        &self,
        container: &str,
        volumes: &[String],
    ) -> Result<(), ProveError> {
        let mut all = vec![Made::Container(container.to_owned())];
        all.extend(volumes.iter().cloned().map(Made::Volume));
        self.remove_these(&all).await
    }

    async fn remove_these(&self, all: &[Made]) -> Result<(), ProveError> {
        let mut left = Vec::new();
        for made in all {
            let is_gone = timeout(REMOVAL, self.remove_one(made))
                .await
                .unwrap_or(false);
            if is_gone {
                let mut noted = self.made.lock().unwrap_or_else(PoisonError::into_inner);
                noted.retain(|noted| noted != made);
            } else {
                left.push(made.name().to_owned());
            }
        }
        if left.is_empty() {
            Ok(())
        } else {
            Err(ProveError::NotRemoved { names: left })
        }
    }

    async fn remove_one(&self, made: &Made) -> bool {
        let result = match made {
            Made::Container(name) => {
                let options = RemoveContainerOptions {
                    v: true,
                    force: true,
                    link: false,
                };
                self.docker.remove_container(name, Some(options)).await
            }
            Made::Volume(name) => {
                let options = RemoveVolumeOptions { force: true };
                self.docker.remove_volume(name, Some(options)).await
            }
            Made::Network(name) => self.docker.remove_network(name).await,
        };
        match result {
            Ok(()) => true,
            // Not there is as good; a removal that is under way (409) is looked at again by the sweep.
            Err(EngineError::DockerResponseServerError { status_code, .. }) => status_code == 404,
            Err(_) => false,
        }
    }

    /// Removes all that was made, and whatever else has the label: until nothing is left.
    pub(super) fn remove_all(&self) -> Result<(), ProveError> {
        block_on(async {
            let mut result = Ok(());
            for sweep in 0..SWEEPS {
                if sweep > 0 {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                let mut all = self
                    .made
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone();
                let labelled = timeout(REMOVAL, self.labelled()).await.unwrap_or_default();
                all.extend(labelled);
                // Containers first: a volume in use cannot be removed.
                all.sort();
                all.dedup();
                if all.is_empty() {
                    return Ok(());
                }
                result = self.remove_these(&all).await;
            }
            result
        })?
    }

    async fn labelled(&self) -> Vec<Made> {
        // {"label":["dev.plimsoll.prove=ID"]}
        let filter = format!("%7B%22label%22%3A%5B%22{LABEL}%3D{}%22%5D%7D", self.id);
        let mut found = Vec::new();
        let containers = self
            .ask(
                &format!("/containers/json?all=1&filters={filter}"),
                "list containers",
            )
            .await;
        for id in strings(containers.ok().as_ref(), "Id") {
            found.push(Made::Container(id));
        }
        let volumes = self
            .ask(&format!("/volumes?filters={filter}"), "list volumes")
            .await;
        let volumes = volumes.ok();
        for name in strings(
            volumes.as_ref().and_then(|volumes| volumes.get("Volumes")),
            "Name",
        ) {
            found.push(Made::Volume(name));
        }
        let networks = self
            .ask(&format!("/networks?filters={filter}"), "list networks")
            .await;
        for name in strings(networks.ok().as_ref(), "Name") {
            found.push(Made::Network(name));
        }
        found
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let is_empty = self
            .made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty();
        if !is_empty {
            // Nobody is left to tell; whoever wants to know has called it before.
            let _ = self.remove_all();
        }
    }
}

fn strings(list: Option<&Value>, key: &str) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items
        .filter_map(|item| item.get(key)?.as_str().map(str::to_owned))
        .collect()
}

/// An error of the client in our words: what the engine said, or that it did not answer.
pub(super) fn refused(what: &'static str) -> impl Fn(EngineError) -> ProveError {
    move |error| match error {
        EngineError::DockerResponseServerError { message, .. } => ProveError::Refused {
            what,
            message: super::shown(&message),
        },
        source => SourceError::Engine { what, source }.into(),
    }
}

async fn collected<S>(stream: &mut S, patience: Duration) -> String
where
    S: futures_util::Stream<Item = Result<LogOutput, EngineError>> + Unpin,
{
    let mut bytes = Vec::new();
    let _ = timeout(patience, async {
        while let Some(Ok(chunk)) = stream.next().await {
            bytes.extend_from_slice(chunk.as_ref());
            if bytes.last() != Some(&b'\n') {
                bytes.push(b'\n');
            }
            if bytes.len() > OUTPUT {
                break;
            }
        }
    })
    .await;
    String::from_utf8_lossy(&bytes).into_owned()
}
