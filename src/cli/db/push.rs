//! `plimsoll db push`: the store as an artifact in a registry.
//!
//! ```text
//! manifest  artifactType application/vnd.plimsoll.advisories.v1
//!   config  application/vnd.plimsoll.advisories.config.v1+json          what is in it (advisories::Publication)
//!   layer   application/vnd.plimsoll.advisories.source.v1.sqlite+zstd   one for each source, titled with its name
//!   layer   application/vnd.dsse.envelope.v1+json                       a signature over the config's bytes, if there is a key
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use clap::Args;
use indicatif::{HumanBytes, ProgressBar};

use super::note;
use crate::advisories::{AdvisoryError, Part, Publication, PublishedSource, SourceStatus, Store};
use crate::cli::image::of_source;
use crate::cli::output::answer;
use crate::cli::progress::Bars;
use crate::cli::{Exit, Failure, Manners};
use crate::model::Digest;
use crate::signing::{DSSE_MEDIA_TYPE, Envelope, SigningKey};
use crate::source::{
    ArtifactManifest, Content, Descriptor, Reference, Repository, Sent, SourceError, SourceOptions,
};

const TITLE: &str = "org.opencontainers.image.title";

/// What `plimsoll db push` takes.
#[derive(Debug, Args)]
pub(super) struct PushArguments {
    /// Where to: HOST/REPOSITORY:TAG.
    reference: Reference,
    /// Sign with this private key (PKCS#8 PEM, Ed25519 or ECDSA P-256): `plimsoll key new` makes one.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Only this source; may be given more than once.
    #[arg(long = "source", value_name = "NAME")]
    sources: Vec<String>,
    /// Leave out summaries, links and texts: half the size, and as much is found.
    #[arg(long)]
    no_details: bool,
    /// Send sources whose licence does not let them be handed on, too: for a registry of your own.
    #[arg(long)]
    all_licences: bool,
    /// Accept plain HTTP and certificates that cannot be verified.
    #[arg(long)]
    insecure: bool,
}

impl PushArguments {
    pub(super) fn run(self, store: &Path, manners: Manners) -> Result<Exit, Failure> {
        self.check_reference()?;
        let key = self.key.as_deref().map(SigningKey::open);
        let key = key.transpose().map_err(Failure::new)?;
        let store = Store::open_read_only(store).map_err(Failure::new)?;
        let sources = self.chosen(&store, manners)?;
        let options = SourceOptions {
            insecure: self.insecure,
            ..SourceOptions::default()
        };
        let repository = Repository::open(&self.reference, &options).map_err(failure)?;
        let folder = tempfile::tempdir().map_err(Failure::new)?;
        let mut push = Push {
            repository,
            bars: Bars::new(!manners.quiet),
            manners,
            layers: Vec::new(),
        };
        let mut published = Vec::new();
        for (number, source) in sources.iter().enumerate() {
            let work = push.bars.work(source);
            let part = store.write_part(source, !self.no_details, folder.path(), number);
            work.finish_and_clear();
            published.push(push.part(part.map_err(Failure::new)?)?);
        }
        let publication = Publication::new(!self.no_details, published);
        let manifest = push.finish(&publication, key.as_ref())?;
        let digest = push.repository.tag(&manifest).map_err(failure)?;
        answer(&format!(
            "pushed {}\nmanifest {digest}\nsnapshot {}",
            push.repository.name(),
            publication.snapshot
        ))
    }

    fn check_reference(&self) -> Result<(), Failure> {
        match &self.reference {
            Reference::Registry(reference) if reference.digest().is_some() => {
                Err(Failure::usage("a push is to a tag: leave out the digest"))
            }
            _ => Ok(()),
        }
    }

    /// The sources that are sent; those that may not be are named.
    fn chosen(&self, store: &Store, manners: Manners) -> Result<Vec<String>, Failure> {
        let known = store.sources().map_err(Failure::new)?;
        let is_known = |name: &&String| known.iter().any(|source| source.name == **name);
        if let Some(unknown) = self.sources.iter().find(|name| !is_known(name)) {
            return Err(Failure::new(AdvisoryError::NoSource(unknown.clone())));
        }
        let is_chosen =
            |source: &SourceStatus| self.sources.is_empty() || self.sources.contains(&source.name);
        let (sent, withheld): (Vec<_>, Vec<_>) = known
            .into_iter()
            .filter(is_chosen)
            .partition(|source| source.republish || self.all_licences);
        for source in &withheld {
            let licence = source.licence.as_deref().unwrap_or("not known");
            note(
                &format!(
                    "{}: left out, since its licence ({licence}) does not let it be handed on",
                    source.name
                ),
                manners,
            );
        }
        if sent.is_empty() {
            let hint = "--all-licences sends them to a registry of your own";
            let hint = (!withheld.is_empty()).then_some(hint);
            return Err(
                Failure::new("the store has no source that may be published").with_hint(hint),
            );
        }
        Ok(sent.into_iter().map(|source| source.name).collect())
    }
}

/// A push on its way.
struct Push {
    repository: Repository,
    bars: Bars,
    manners: Manners,
    layers: Vec<Descriptor>,
}

impl Push {
    /// Sends one source.
    fn part(&mut self, part: Part) -> Result<PublishedSource, Failure> {
        let Part { source, path, size } = part;
        let bar = self.bars.transfer(&source.name, size);
        let layer = Descriptor {
            media_type: Publication::PART_MEDIA_TYPE.to_owned(),
            digest: source.layer,
            size,
            annotations: BTreeMap::from([(TITLE.to_owned(), source.name.clone())]),
        };
        let sent = self.send(&layer, &Content::File(path.clone()), &bar)?;
        bar.finish_and_clear();
        let size = HumanBytes(size);
        let told = match sent {
            Sent::Now => format!("{}: {size} sent", source.name),
            Sent::Before => format!("{}: {size}, which the registry has", source.name),
        };
        note(&told, self.manners);
        self.layers.push(layer);
        let _ = std::fs::remove_file(path);
        Ok(source)
    }

    /// Sends what describes the sources, and who vouches for them.
    fn finish(
        &mut self,
        publication: &Publication,
        key: Option<&SigningKey>,
    ) -> Result<ArtifactManifest, Failure> {
        let text = publication.to_json();
        let envelope = key
            .map(|key| Envelope::sign(Publication::MEDIA_TYPE, &text, key))
            .transpose()
            .map_err(Failure::new)?;
        if let Some(envelope) = envelope {
            let layer = self.document(DSSE_MEDIA_TYPE, envelope.to_json())?;
            self.layers.push(layer);
        }
        let config = self.document(Publication::MEDIA_TYPE, text)?;
        let layers = std::mem::take(&mut self.layers);
        Ok(ArtifactManifest::new(
            Publication::ARTIFACT_TYPE,
            config,
            layers,
        ))
    }

    fn document(&self, media_type: &str, bytes: Vec<u8>) -> Result<Descriptor, Failure> {
        let descriptor = Descriptor {
            media_type: media_type.to_owned(),
            digest: Digest::sha256_of(&bytes),
            size: bytes.len() as u64,
            annotations: BTreeMap::new(),
        };
        let content = Content::Bytes(Bytes::from(bytes));
        self.send(&descriptor, &content, &ProgressBar::hidden())?;
        Ok(descriptor)
    }

    fn send(
        &self,
        blob: &Descriptor,
        content: &Content,
        bar: &ProgressBar,
    ) -> Result<Sent, Failure> {
        let bar = bar.clone();
        let count: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(move |count| bar.inc(count));
        self.repository
            .send_blob(&blob.digest, blob.size, content, &count)
            .map_err(failure)
    }
}

fn failure(error: SourceError) -> Failure {
    of_source(error, Exit::Failed)
}
