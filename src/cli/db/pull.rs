//! `plimsoll db pull`: the store as a registry has it.
//!
//! Nothing that was fetched is looked into before its digest was checked, and nothing gets into the store before all of it
//! is here and all of it holds.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::HumanBytes;

use super::workspace::Workspace;
use super::{note, open_for_import, warn};
use crate::advisories::{
    AdvisoryError, AsOf, Merged, PartError, Publication, PublishedSource, Store,
};
use crate::cli::image::of_source;
use crate::cli::output::answer;
use crate::cli::progress::Bars;
use crate::cli::{Exit, Failure, Manners, clock};
use crate::signing::{DSSE_MEDIA_TYPE, Envelope, SigningError, VerifyingKey};
use crate::source::{
    ArtifactManifest, Descriptor, Reference, Repository, SourceError, SourceOptions,
};

/// The largest envelope: a description in base64, and signatures.
const LARGEST_ENVELOPE: u64 = 2 * Publication::LARGEST;

/// What `plimsoll db pull` takes.
#[derive(Debug, Args)]
pub(super) struct PullArguments {
    /// Where from: HOST/REPOSITORY[:TAG][@DIGEST].
    reference: Reference,
    /// Take only what this public key (PEM, Ed25519 or ECDSA P-256) has signed.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB_KEY")]
    verify_key: Option<PathBuf>,
    /// Only this source; may be given more than once.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// Accept plain HTTP and certificates that cannot be verified.
    #[arg(long)]
    insecure: bool,
}

impl PullArguments {
    pub(super) fn run(self, path: &Path, manners: Manners) -> Result<Exit, Failure> {
        let key = self.verify_key.as_deref().map(VerifyingKey::open);
        let key = key.transpose().map_err(Failure::new)?;
        let options = SourceOptions {
            insecure: self.insecure,
            ..SourceOptions::default()
        };
        let repository = Repository::open(&self.reference, &options).map_err(failure)?;
        let (manifest, digest) = repository
            .manifest(Publication::ARTIFACT_TYPE, Publication::MEDIA_TYPE)
            .map_err(failure)?;
        tracing::info!("{} is {digest}", repository.name());
        let pull = Pull {
            repository,
            manifest,
            bars: Bars::new(!manners.quiet),
            manners,
        };
        let publication = pull.publication(key.as_ref())?;
        let chosen = self.chosen(&publication)?;
        let store = pull.bring(path, &publication, &chosen)?;
        let snapshot = store.snapshot_digest().map_err(Failure::new)?;
        if self.sources.is_empty() && snapshot != publication.snapshot {
            pull.tell_others(&store, &publication)?;
        }
        answer(&format!("snapshot {snapshot}"))
    }

    fn chosen(&self, publication: &Publication) -> Result<Vec<PublishedSource>, Failure> {
        let names = || publication.sources.iter().map(|source| &source.name);
        if let Some(unknown) = self
            .sources
            .iter()
            .find(|wanted| !names().any(|name| name == *wanted))
        {
            let names: Vec<&str> = names().map(String::as_str).collect();
            let hint = format!("there are {}", names.join(", "));
            return Err(
                Failure::new(format!("no source `{unknown}` is published there"))
                    .with_hint(Some(hint)),
            );
        }
        let sources = publication.sources.iter();
        Ok(sources
            .filter(|source| self.sources.is_empty() || self.sources.contains(&source.name))
            .cloned()
            .collect())
    }
}

/// A pull on its way.
struct Pull {
    repository: Repository,
    manifest: ArtifactManifest,
    bars: Bars,
    manners: Manners,
}

impl Pull {
    /// What is published, if it is signed as it has to be.
    fn publication(&self, key: Option<&VerifyingKey>) -> Result<Publication, Failure> {
        let config = &self.manifest.config;
        let text = self.repository.document(config, Publication::LARGEST);
        let text = text.map_err(failure)?;
        match key {
            Some(key) => self.verify(key, &text)?,
            None => note(
                "no signature was asked for: --verify-key FILE, or PLIMSOLL_DB_KEY, names the key that has to have signed",
                self.manners,
            ),
        }
        Publication::parse(&text).map_err(Failure::new)
    }

    fn verify(&self, key: &VerifyingKey, text: &[u8]) -> Result<(), Failure> {
        let mut envelopes = self
            .manifest
            .layers
            .iter()
            .filter(|layer| layer.media_type == DSSE_MEDIA_TYPE);
        let name = self.repository.name();
        let Some(layer) = envelopes.next() else {
            return Err(refused(format!("{name} is not signed")));
        };
        let bytes = self.repository.document(layer, LARGEST_ENVELOPE);
        let bytes = bytes.map_err(failure)?;
        let refuse = |error: SigningError| refused(format!("{name}: {error}"));
        let envelope = Envelope::parse(&bytes).map_err(refuse)?;
        let payload = envelope
            .verify(Publication::MEDIA_TYPE, key)
            .map_err(refuse)?;
        if payload != text {
            return Err(refused(format!(
                "{name}: its signature is about another state of it"
            )));
        }
        note(&format!("signed by key {}", key.id()), self.manners);
        Ok(())
    }

    /// Fetches what changed, then takes it into the store.
    fn bring(
        &self,
        path: &Path,
        publication: &Publication,
        chosen: &[PublishedSource],
    ) -> Result<Store, Failure> {
        let store = match Store::open_read_only(path) {
            Err(AdvisoryError::NoStore { .. }) => None,
            opened => Some(opened.map_err(Failure::new)?),
        };
        let mut missing = Vec::new();
        for source in chosen {
            let has = store.as_ref().map(|store| store.has(source, publication));
            if has.transpose().map_err(Failure::new)? == Some(true) {
                note(&format!("{}: unchanged", source.name), self.manners);
            } else {
                missing.push((source, self.layer_of(source)?));
            }
        }
        if let Some(store) = &store {
            warn_of_older(store, missing.iter().map(|(source, _)| *source));
        }
        if let Some(store) = store.filter(|store| missing.is_empty() && knows(store, chosen)) {
            return Ok(store);
        }
        let workspace = Workspace::beside(path).map_err(|error| {
            let what = format!("no folder can be made beside the store {}", path.display());
            Failure::new(format!("{what}: {error}"))
                .with_hint(Some("name another place with --db, or in PLIMSOLL_DB"))
        })?;
        let parts = missing
            .into_iter()
            .enumerate()
            .map(|(number, (source, layer))| self.fetch(source, layer, &workspace, number))
            .collect::<Result<Vec<_>, _>>()?;
        let mut store = open_for_import(path)?;
        if !parts.is_empty() {
            let work = self.bars.work("store");
            let moment = clock::now();
            let merged = store.take_parts(&parts, workspace.path(), moment);
            work.finish_and_clear();
            self.tell(&merged.map_err(Failure::new)?);
        }
        store.note_unchanged(chosen).map_err(Failure::new)?;
        Ok(store)
    }

    fn layer_of(&self, source: &PublishedSource) -> Result<&Descriptor, Failure> {
        let mut layers = self.manifest.layers.iter();
        let found = layers.find(|layer| {
            layer.digest == source.layer && layer.media_type == Publication::PART_MEDIA_TYPE
        });
        found.ok_or_else(|| {
            refused(format!(
                "{} has no layer with the advisories of {}",
                self.repository.name(),
                source.name
            ))
        })
    }

    fn fetch(
        &self,
        source: &PublishedSource,
        layer: &Descriptor,
        workspace: &Workspace,
        number: usize,
    ) -> Result<(PublishedSource, PathBuf), Failure> {
        let bar = self.bars.transfer(&source.name, layer.size);
        let reader = self.repository.blob(layer).map_err(failure)?;
        let reader: Box<dyn Read> = Box::new(bar.wrap_read(reader));
        let received = source.receive(reader, workspace.path(), number);
        bar.finish_and_clear();
        let path = received.map_err(|error| {
            let hint = match &error {
                PartError::Altered { .. } => {
                    "the registry's copy is damaged or was tampered with: have it pushed again"
                }
                PartError::Read { .. } => "try again; nothing was changed",
                _ => "nothing was changed",
            };
            Failure::new(error).with_hint(Some(hint))
        })?;
        let size = HumanBytes(layer.size);
        note(&format!("{}: {size} fetched", source.name), self.manners);
        Ok((source.clone(), path))
    }

    fn tell(&self, merged: &Merged) {
        for source in &merged.sources {
            let told = match (source.written, source.closed) {
                // What lies beside advisories has no records: it is replaced whole.
                (0, 0) => "its data were replaced".to_owned(),
                (written, closed) => format!("{written} written, {closed} closed"),
            };
            note(&format!("{}: {told}", source.name), self.manners);
        }
    }

    /// Why the store's snapshot is not the publication's.
    fn tell_others(&self, store: &Store, publication: &Publication) -> Result<(), Failure> {
        let sources = store.sources().map_err(Failure::new)?;
        let is_other = |name: &&str| {
            let mut published = publication.sources.iter();
            !published.any(|source| source.name == **name)
        };
        let others: Vec<&str> = sources
            .iter()
            .map(|source| source.name.as_str())
            .filter(is_other)
            .collect();
        note(
            &format!(
                "kept, and not published there: {} (without them the snapshot were {})",
                others.join(", "),
                publication.snapshot
            ),
            self.manners,
        );
        Ok(())
    }
}

fn refused(what: String) -> Failure {
    let hint = "nothing was changed; check the reference and the key, or ask who publishes it";
    Failure::new(what).with_hint(Some(hint))
}

/// A registry that hands out an old state, signed as it was, is told by the time of its publisher's last look.
fn warn_of_older<'a>(store: &Store, missing: impl Iterator<Item = &'a PublishedSource>) {
    let sources = store.sources().unwrap_or_default();
    for published in missing {
        let mut here = sources
            .iter()
            .filter(|source| source.name == published.name);
        if let Some(here) = here.next().filter(|here| here.checked > published.checked) {
            warn(&format!(
                "{}: what is published there is of {}, the store had it as of {}",
                published.name,
                AsOf::at(published.checked),
                AsOf::at(here.checked)
            ));
        }
    }
}

/// Whether the store knows that these were looked at when their publisher did.
fn knows(store: &Store, chosen: &[PublishedSource]) -> bool {
    let sources = store.sources().unwrap_or_default();
    let is_known = |published: &PublishedSource| {
        sources
            .iter()
            .any(|source| source.name == published.name && source.checked >= published.checked)
    };
    chosen.iter().all(is_known)
}

fn failure(error: SourceError) -> Failure {
    of_source(error, Exit::Failed)
}
