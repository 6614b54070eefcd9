//! The proof itself: rounds of tries, and a look at the last one.

use tokio::signal::unix::{SignalKind, signal};

use super::attempt::{Attempt, Trying};
use super::engine::Engine;
use super::facts::{ImageFacts, engine_facts, inside};
use super::fit::{Change, Failure, Proposal, Relaxation, folder_of, propose};
use super::observe::{Observation, changes, observe};
use super::proof::{EngineFacts, Made, Proof, ProvenImage, Round};
use super::settings::{Network, Settings};
use super::tests_inside::{self, Tested};
use super::verdicts::{Grounds, verdicts};
use super::{ProveError, Request};
use crate::model::{CapabilitySet, LayerPath};
use crate::source::SourceOptions;
use crate::source::runtime::block_on;

/// Rounds in which something may be relaxed.
const ROUNDS: usize = 12;

/// Runs the image with its settings on the engine of the options, and looks at what holds inside.
///
/// Whatever is made is removed before this returns, on every path. From the first call on, Ctrl-C and SIGTERM end a proof and not the process.
/// Blocks; not to be called on a thread of an async runtime.
pub fn prove(request: &Request, options: &SourceOptions) -> Result<Proof, ProveError> {
    let engine = Engine::open(options)?;
    let outcome = block_on(async {
        tokio::select! {
            biased;
            () = interrupted() => Err(ProveError::Interrupted),
            outcome = work(&engine, request) => outcome,
        }
    });
    let removal = engine.remove_all();
    let mut proof = outcome??;
    removal?;
    let counts = engine.counts();
    proof.made = Made {
        containers: counts.containers,
        volumes: counts.volumes,
        networks: counts.networks,
        removed: true,
    };
    Ok(proof)
}

/// Returns when somebody asks the process to end.
async fn interrupted() {
    let on = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            // Then it ends the process, as it would without us.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = on(SignalKind::interrupt()) => {}
        () = on(SignalKind::terminate()) => {}
        () = on(SignalKind::hangup()) => {}
    }
}

/// The rounds so far.
struct Work<'a> {
    trying: Trying<'a>,
    rounds: Vec<Round>,
    relaxations: Vec<Relaxation>,
    /// Folders that a try with a writable root has shown to be written, and that are not answered yet.
    written: Vec<LayerPath>,
    has_seen_writes: bool,
}

async fn work(engine: &Engine, request: &Request) -> Result<Proof, ProveError> {
    let facts = engine_facts(engine).await?;
    let image = ImageFacts::parse(&request.image, &engine.image(&request.image).await?);
    let network = format!("plimsoll-prove-{}", engine.id());
    if request.settings.network == Network::Own {
        engine.make_network(&network).await?;
    }
    let mut work = Work {
        trying: Trying {
            engine,
            request,
            image: &image,
            network: Some(&network),
        },
        rounds: Vec::new(),
        relaxations: Vec::new(),
        written: Vec::new(),
        has_seen_writes: false,
    };
    let mut settings = request.settings.clone();
    let mut attempt = work.fitted(&mut settings).await?;
    let mut minimal = false;
    if request.fit && attempt.is_good() && !work.relaxations.is_empty() {
        attempt.remove(engine).await?;
        attempt = work.minimised(&mut settings).await?;
        minimal = attempt.is_good();
    }
    let (observation, tests) = work.looked_at(&attempt, &settings).await?;
    attempt.remove(engine).await?;
    Ok(work.proof(facts, settings, minimal, observation, tests))
}

impl Work<'_> {
    fn number(&self) -> u32 {
        u32::try_from(self.rounds.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }

    async fn attempt(&mut self, settings: &Settings, purpose: &str) -> Result<Attempt, ProveError> {
        let number = self.number();
        let attempt = Attempt::run(self.trying, settings, number).await?;
        self.rounds.push(Round {
            number,
            purpose: purpose.to_owned(),
            end: attempt.end.clone(),
            second_start: attempt.second.clone(),
            symptoms: attempt.symptoms.clone(),
            writes: Vec::new(),
            answer: None,
            unanswered: None,
        });
        Ok(attempt)
    }

    /// Tries, and relaxes, until it works or nothing helps.
    async fn fitted(&mut self, settings: &mut Settings) -> Result<Attempt, ProveError> {
        let mut attempt = self.attempt(settings, "as planned").await?;
        if !self.trying.request.fit {
            return Ok(attempt);
        }
        while !attempt.is_good() && self.relaxations.len() < ROUNDS {
            let round = self.number().saturating_sub(1);
            let proposal = self.proposal(settings, &attempt).await?;
            let (change, reason) = match proposal {
                Ok(relax) => relax,
                Err(why) => {
                    if let Some(last) = self.rounds.iter_mut().find(|known| known.number == round) {
                        last.unanswered = Some(why);
                    }
                    return Ok(attempt);
                }
            };
            if let Some(last) = self.rounds.iter_mut().find(|known| known.number == round) {
                last.answer = Some(change.clone());
            }
            attempt.remove(self.trying.engine).await?;
            change.apply(settings);
            let purpose = format!("with {}", change.text());
            self.relaxations.push(Relaxation {
                change,
                reason,
                round,
                needed: None,
            });
            attempt = self.attempt(settings, &purpose).await?;
        }
        Ok(attempt)
    }

    /// What answers a failure, or why nothing does.
    async fn proposal(
        &mut self,
        settings: &Settings,
        attempt: &Attempt,
    ) -> Result<Result<(Change, String), String>, ProveError> {
        let image = self.trying.image;
        let end = attempt.second.as_ref().unwrap_or(&attempt.end);
        let failure = Failure {
            settings,
            end,
            symptoms: &attempt.symptoms,
            image_is_root: image.starts_as_root,
            volumes: &image.volumes,
        };
        let told = match propose(&failure) {
            Proposal::Relax(change, reason) => Ok((change, reason)),
            Proposal::FileCapability(path, reason) => {
                self.file_capability(attempt, settings, path, &reason).await
            }
            Proposal::SeeWrites(reason) => self.writes(settings, &reason).await?,
            Proposal::Nothing(why) => Err(why),
        };
        Ok(match told {
            Ok((Change::Tmpfs { path, uid, gid }, reason)) => Ok(self
                .placed(attempt, settings, path, (uid, gid), reason)
                .await),
            other => other,
        })
    }

    /// A tmpfs as the image's folder asks for it: a volume where files would be hidden, its own owner where root starts the container.
    async fn placed(
        &self,
        attempt: &Attempt,
        settings: &Settings,
        path: LayerPath,
        owner: (u64, u64),
        reason: String,
    ) -> (Change, String) {
        let there = inside(self.trying.engine, &attempt.name, &path)
            .await
            .filter(|there| there.is_folder);
        if there.is_some_and(|there| there.has_files) {
            return (
                Change::Volume { path },
                format!("{reason}; the folder has files of the image, which a tmpfs would hide"),
            );
        }
        let is_root = settings.ids().is_none_or(|(uid, _)| uid == 0);
        let (uid, gid) = match there {
            Some(there) if is_root => (there.uid, there.gid),
            _ => owner,
        };
        (Change::Tmpfs { path, uid, gid }, reason)
    }

    /// The capability that a program's file has at once, and the container not.
    async fn file_capability(
        &self,
        attempt: &Attempt,
        settings: &Settings,
        path: Option<LayerPath>,
        reason: &str,
    ) -> Result<(Change, String), String> {
        let engine = self.trying.engine;
        let path = if let Some(path) = path {
            path
        } else {
            let told = engine
                .ask(
                    &format!("/containers/{}/json", attempt.name),
                    "inspect the container",
                )
                .await;
            let told = told.map_err(|error| error.to_string())?;
            let path = told
                .get("Path")
                .and_then(|path| path.as_str())
                .unwrap_or_default();
            LayerPath::from(path)
        };
        let file = inside(engine, &attempt.name, &path).await;
        let added = file.map_or(CapabilitySet::NONE, |file| {
            file.effective.minus(settings.capabilities)
        });
        if added.is_empty() {
            return Err(format!(
                "{reason}: {path} has no file capability that is missing"
            ));
        }
        Ok((
            Change::Capabilities { added },
            format!(
                "{reason}: {path} has it as an effective file capability, and cannot be executed without"
            ),
        ))
    }

    /// The next folder that is written, told by a try with a writable root.
    async fn writes(
        &mut self,
        settings: &Settings,
        reason: &str,
    ) -> Result<Result<(Change, String), String>, ProveError> {
        if !self.has_seen_writes {
            self.has_seen_writes = true;
            let open = Settings {
                read_only: false,
                ..settings.clone()
            };
            let attempt = self
                .attempt(&open, "with a writable root, to see where it writes")
                .await?;
            let written = changes(self.trying.engine, &attempt.name)
                .await
                .unwrap_or_default();
            attempt.remove(self.trying.engine).await?;
            let mut folders: Vec<LayerPath> = written
                .iter()
                .filter_map(|path| folder_of(path, true))
                .collect();
            folders.sort();
            folders.dedup();
            self.written = folders;
            if let Some(round) = self.rounds.last_mut() {
                round.writes = written;
            }
        }
        let is_new = |folder: &LayerPath| settings.place_of(folder).is_none();
        let next = self.written.iter().find(|folder| is_new(folder)).cloned();
        let (uid, gid) = settings.ids().unwrap_or_default();
        Ok(next
            .map(|path| {
                (
                    Change::Tmpfs { path, uid, gid },
                    format!("{reason}; with a writable root it writes there"),
                )
            })
            .ok_or_else(|| format!("{reason}; with a writable root it writes nowhere else")))
    }

    /// Tries without each relaxation, and leaves out those that are not needed. Ends with a container that has the rest.
    async fn minimised(&mut self, settings: &mut Settings) -> Result<Attempt, ProveError> {
        let planned = self.trying.request.settings.clone();
        let mut index = 0;
        while let Some(relaxation) = self.relaxations.get(index).cloned() {
            let mut others = self.relaxations.clone();
            others.remove(index);
            let purpose = format!("without {}", relaxation.change.text());
            let attempt = self.attempt(&applied(&planned, &others), &purpose).await?;
            let is_good = attempt.is_good();
            attempt.remove(self.trying.engine).await?;
            if is_good {
                self.relaxations = others;
                continue;
            }
            if let Some(relaxation) = self.relaxations.get_mut(index) {
                relaxation.needed = Some(true);
            }
            index += 1;
        }
        *settings = applied(&planned, &self.relaxations);
        self.attempt(settings, "with what is needed").await
    }

    async fn looked_at(
        &self,
        attempt: &Attempt,
        settings: &Settings,
    ) -> Result<(Option<Observation>, Vec<Tested>), ProveError> {
        if !attempt.is_up() {
            return Ok((None, Vec::new()));
        }
        let engine = self.trying.engine;
        // Before anything is tried: a test that succeeds changes files.
        let observation = observe(engine, &attempt.name).await?;
        let tests = tests_inside::run(engine, &attempt.name, settings).await?;
        Ok((Some(observation), tests))
    }

    fn proof(
        self,
        engine: EngineFacts,
        settings: Settings,
        minimal: bool,
        observation: Option<Observation>,
        tests: Vec<Tested>,
    ) -> Proof {
        let image = self.trying.image;
        let checks = verdicts(&Grounds {
            settings: &settings,
            engine: &engine,
            volumes: &image.volumes,
            observation: observation.as_ref(),
            tests: &tests,
            last: self.rounds.last(),
        });
        let end = self.rounds.last().map(|round| match &round.second_start {
            Some(second) if !second.is_good() => second.clone(),
            _ => round.end.clone(),
        });
        let nameless = || ProvenImage {
            name: self.trying.request.image.clone(),
            id: image.id.clone(),
            digests: Vec::new(),
        };
        Proof {
            image: image.proven.clone().unwrap_or_else(nameless),
            engine,
            settings,
            end: end.unwrap_or(super::End::NoAnswer { unhealthy: false }),
            relaxations: self.relaxations,
            minimal,
            rounds: self.rounds,
            observation,
            tests,
            checks,
            made: Made::default(),
        }
    }
}

/// The plan with these relaxations.
fn applied(planned: &Settings, relaxations: &[Relaxation]) -> Settings {
    let mut settings = planned.clone();
    for relaxation in relaxations {
        relaxation.change.apply(&mut settings);
    }
    settings
}
