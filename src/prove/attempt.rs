//! One try: a container with its volumes, started, and started again where something outlives a start.

use super::config::{self, Making};
use super::engine::Engine;
use super::facts::ImageFacts;
use super::settings::{Network, Settings};
use super::symptom::Symptom;
use super::wait::{End, start};
use super::{ProveError, Request};

/// A container that was tried, and is still there.
pub(super) struct Attempt {
    /// Its name.
    pub(super) name: String,
    /// Volumes made for it.
    volumes: Vec<String>,
    /// How the start ended.
    pub(super) end: End,
    /// How the second start ended.
    pub(super) second: Option<End>,
    /// Denied operations, of both starts.
    pub(super) symptoms: Vec<Symptom>,
}

/// What a try is made of.
#[derive(Clone, Copy)]
pub(super) struct Trying<'a> {
    pub(super) engine: &'a Engine,
    pub(super) request: &'a Request,
    pub(super) image: &'a ImageFacts,
    /// Name of the own network, if there is one.
    pub(super) network: Option<&'a str>,
}

impl Attempt {
    /// Makes and starts a container. `number` tells its name from others of this proof.
    pub(super) async fn run(
        trying: Trying<'_>,
        settings: &Settings,
        number: u32,
    ) -> Result<Self, ProveError> {
        let Trying {
            engine,
            request,
            image,
            network,
        } = trying;
        let name = format!("plimsoll-prove-{}-{number}", engine.id());
        let count = settings
            .writable
            .iter()
            .filter(|place| !place.is_tmpfs())
            .count();
        let volumes: Vec<String> = (0..count).map(|index| format!("{name}-{index}")).collect();
        for volume in &volumes {
            engine.make_volume(volume).await?;
        }
        let making = Making {
            request,
            settings,
            id: engine.id(),
            volumes: &volumes,
            network: network.filter(|_| settings.network == Network::Own),
        };
        let mut body = config::body(&making);
        // By id: a name could mean another image in the next round.
        body.image = Some(image.id.clone());
        engine.make_container(&name, body).await?;
        let first = start(engine, &name, request, request.fit).await?;
        let mut attempt = Self {
            name,
            volumes,
            end: first.end,
            second: None,
            symptoms: first.symptoms,
        };
        // What a volume keeps can change what the next start needs: an entry point that finds its data belongs to somebody else.
        if attempt.end.is_good() && (count > 0 || !image.volumes.is_empty()) {
            engine.stop(&attempt.name).await?;
            let second = start(engine, &attempt.name, request, request.fit).await?;
            attempt.second = Some(second.end);
            attempt.symptoms = second.symptoms;
        }
        Ok(attempt)
    }

    /// Whether it works, both times.
    pub(super) fn is_good(&self) -> bool {
        self.end.is_good() && self.second.as_ref().is_none_or(End::is_good)
    }

    /// Whether it is still up.
    pub(super) fn is_up(&self) -> bool {
        let last = self.second.as_ref().unwrap_or(&self.end);
        matches!(last, End::Works { .. } | End::NoAnswer { .. })
    }

    /// Removes it with all that belongs to it.
    pub(super) async fn remove(self, engine: &Engine) -> Result<(), ProveError> {
        engine.remove(&self.name, &self.volumes).await
    }
}
