//! The one composition: source → layers → inventory and secrets → advisories → evidence.
//!
//! What comes in: an opened image, or the bytes of an SBOM; an advisory store, the options. What goes out: the evidence. This
//! room decides who talks to whom and nothing else: `reading` gets a report for each layer, `image` and `list` say what is
//! aboard, `aboard` makes evidence of it. The detector table is here, since only here all detecting rooms are known.

mod aboard;
mod audit;
mod facts;
mod age;
mod explain;
mod image;
mod life;
mod list;
mod proof;
mod reading;

use std::sync::Arc;

use crate::advisories::{AdvisoryError, AsOf, Store};
use crate::evidence::{Evidence, Gate};
use crate::inventory;
use crate::layers::{Cache, DetectorSet, LayerError, ParseError, squash};
use crate::model::{Date, DiffId, Digest, LayerDescriptor, Limits};
use crate::posture::{self, Bases, BasesError, ImageView};
use crate::runtime::checks::ImageFacts;
use crate::secrets::{Engine, Exceptions, RuleError, Rules};
use crate::source::{Image, SourceError};

use self::aboard::Aboard;
pub use self::audit::{AuditInput, AuditOptions, add_audit, audit};
pub use self::explain::{Answer, EXPLANATION_SCHEMA, Explained, ExplainedPackage, LeftOut};
pub use self::facts::image_facts;
use self::image::{Found, config_secrets};
pub use self::proof::{ProofError, add_proof, proof_evidence};
use self::reading::Reading;

/// What a scan is to do.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a choice of the user's"
)]
pub struct ScanOptions {
    /// Whether secrets are looked for.
    pub secrets: bool,
    /// Whether the container boundary is checked.
    pub posture: bool,
    /// Whether the files of packages are compared with the digests that the packages record.
    pub integrity: bool,
    /// Whether packages that are part of a package of the distribution are listed and matched, too.
    pub all: bool,
    /// Whether packages that only lower layers hold are listed and matched, too.
    pub deleted: bool,
    /// From which severity on a finding fails the scan.
    pub gate: Gate,
    /// The day for which it is asked whether the distribution is still looked after; `None`: not asked.
    pub date: Option<Date>,
    /// How many days old a source of advisories may be; an older one is a gap.
    pub max_age: Option<u32>,
    /// The time with whose advisories the findings are compared.
    pub new_since: Option<AsOf>,
    /// The bounds for hostile layers.
    pub limits: Limits,
    /// Layers that are read at once; `None` for one for each core.
    pub threads: Option<usize>,
    /// Layer reports of earlier scans.
    pub cache: Option<Cache>,
    /// The user's own rules for secrets, as the text of a rules file.
    pub secret_rules: Option<String>,
    /// The user's own key for the fingerprints of secrets.
    pub fingerprint_key: Option<Vec<u8>>,
    /// Secrets that somebody looked at and accepts.
    pub exceptions: Exceptions,
    /// The bases that the user knows.
    pub bases: Bases,
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            secrets: true,
            posture: true,
            integrity: true,
            all: false,
            deleted: false,
            gate: Gate::default(),
            date: None,
            max_age: None,
            new_since: None,
            limits: Limits::default(),
            threads: None,
            cache: None,
            secret_rules: None,
            fingerprint_key: None,
            exceptions: Exceptions::default(),
            bases: Bases::default(),
        }
    }
}

/// Told how far a scan is. Called from many threads.
pub trait Progress: Sync {
    /// A layer's bytes begin to come.
    fn layer_started(&self, _layer: &LayerDescriptor) {}
    /// So many more stored bytes of layer `index` have come.
    fn layer_bytes(&self, _index: usize, _count: u64) {}
    /// The layer is done.
    fn layer_done(&self, _index: usize) {}
    /// Something that does not change the result, but that the user should know.
    fn warning(&self, _text: &str) {}
}

/// Tells nobody.
pub struct Silent;

impl Progress for Silent {}

/// Why an image could not be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The image, or one of its layers, cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A layer's bytes are not what was promised, or stopped coming.
    #[error("layer {number} of {total} ({name})")]
    Layer {
        /// Place of the layer, from 1.
        number: usize,
        /// How many there are.
        total: usize,
        /// Its digest as the manifest says.
        name: String,
        /// What is wrong with it.
        #[source]
        source: LayerError,
    },
    /// The cache knows what a blob holds, and the config says otherwise.
    #[error("layer {number} holds {found}, but the image's config says {claimed}")]
    DiffId {
        /// Place of the layer, from 1.
        number: usize,
        /// What the blob was found to hold.
        found: Box<DiffId>,
        /// What the config says.
        claimed: Box<DiffId>,
    },
    /// The advisory store cannot be read.
    #[error(transparent)]
    Store(#[from] AdvisoryError),
    /// The embedded secret rules are broken: a fault of this build.
    #[error(transparent)]
    Rules(#[from] RuleError),
    /// A file is no list of packages.
    #[error(
        "{name} is no SBOM that is read: CycloneDX or SPDX 2 as JSON, SPDX 2 as tags and values, or Syft's JSON"
    )]
    NoSbom {
        /// The file.
        name: String,
    },
    /// A list of packages cannot be read.
    #[error("the SBOM {name} cannot be read")]
    Sbom {
        /// The file.
        name: String,
        /// What is wrong with it.
        #[source]
        source: ParseError,
    },
    /// The list of bases cannot be named.
    #[error(transparent)]
    Bases(#[from] BasesError),
    /// The threads cannot be started.
    #[error("the worker threads cannot be started")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

/// The detector table: all that can look at a file of a layer.
fn detectors(engine: Option<&Arc<Engine>>, options: &ScanOptions) -> DetectorSet {
    let mut all = inventory::detectors();
    all.push(Box::new(inventory::Unread));
    if let Some(engine) = engine {
        all.push(Box::new(Arc::clone(engine)));
    }
    if options.posture {
        all.extend(posture::detectors());
    }
    let all = DetectorSet::new(all);
    if options.integrity {
        all
    } else {
        all.without_file_digests()
    }
}

/// Scans one image.
pub fn scan(
    image: &Image,
    store: &Store,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<Evidence, ScanError> {
    let (aboard, detectors) = look(image, options, progress)?;
    aboard.evidence(store, options, detectors)
}

/// Scans one image, and tells what an audit of its settings asks of it.
pub fn scan_with_facts(
    image: &Image,
    store: &Store,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<(Evidence, ImageFacts), ScanError> {
    let ((aboard, facts), detectors) = look_with(image, options, progress, |found| {
        (found.aboard(), image_facts(&found.view()))
    })?;
    Ok((aboard.evidence(store, options, detectors)?, facts))
}

/// Explains why a scan of an image finds an advisory, or why it does not. Nothing but packages is looked for.
pub fn explain(
    image: &Image,
    store: &Store,
    options: &ScanOptions,
    id: &str,
    progress: &dyn Progress,
) -> Result<Explained, ScanError> {
    let (aboard, _) = look(image, options, progress)?;
    aboard.explain(store, options, id)
}

/// An image as the checks of its boundary, the plan of its settings and their proof see it.
pub fn view(
    image: &Image,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<ImageView, ScanError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over the lifetime"
    )]
    let (view, _) = look_with(image, options, progress, |found| found.view())?;
    Ok(view)
}

/// What is aboard of an image, and the digest of those that looked.
fn look(
    image: &Image,
    options: &ScanOptions,
    progress: &dyn Progress,
) -> Result<(Aboard, Digest), ScanError> {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method is not general over the lifetime"
    )]
    look_with(image, options, progress, |found| found.aboard())
}

/// Reads an image, and tells what is asked of it.
fn look_with<T>(
    image: &Image,
    options: &ScanOptions,
    progress: &dyn Progress,
    tell: impl FnOnce(&Found<'_>) -> T,
) -> Result<(T, Digest), ScanError> {
    // Without secrets, too: build instructions are shown, and nothing that is shown may hold one.
    let engine = Arc::new(secret_engine(options)?);
    let detectors = detectors(Some(&engine).filter(|_| options.secrets), options);
    let reading = Reading::new(image, &detectors, options, progress);
    let reports = reading.all()?;
    let squashed = squash(&reports.iter().map(Arc::as_ref).collect::<Vec<_>>());
    let inventory = inventory::assemble(&squashed);
    let config = if options.secrets {
        config_secrets(image, &engine)
    } else {
        Vec::new()
    };
    let found = Found {
        image,
        engine: &engine,
        options,
        reports: &reports,
        squashed: &squashed,
        inventory: &inventory,
        config: &config,
    };
    Ok((tell(&found), detectors.digest()))
}

/// The engine with the user's rules before those of every build.
fn secret_engine(options: &ScanOptions) -> Result<Engine, RuleError> {
    let embedded = Rules::embedded()?;
    let rules = match &options.secret_rules {
        Some(text) => Rules::parse(text)?.before(embedded),
        None => embedded,
    };
    Ok(Engine::new(rules, options.fingerprint_key.as_deref()))
}

/// Scans a list of packages, of a file of this name: what it lists is matched as if it had been found. There is nothing to look
/// for secrets in.
pub fn scan_sbom(
    name: &str,
    bytes: &[u8],
    store: &Store,
    options: &ScanOptions,
) -> Result<Evidence, ScanError> {
    let aboard = read_list(name, bytes)?;
    let mut evidence = aboard.evidence(store, options, detectors(None, options).digest())?;
    evidence.policy.secrets = false;
    evidence.policy.integrity = false;
    Ok(evidence)
}

/// Explains why a scan of a list of packages finds an advisory, or why it does not.
pub fn explain_sbom(
    name: &str,
    bytes: &[u8],
    store: &Store,
    options: &ScanOptions,
    id: &str,
) -> Result<Explained, ScanError> {
    read_list(name, bytes)?.explain(store, options, id)
}

fn read_list(name: &str, bytes: &[u8]) -> Result<Aboard, ScanError> {
    let name = name.to_owned();
    let sbom = match inventory::read_sbom(bytes) {
        Ok(Some(sbom)) => sbom,
        Ok(None) => return Err(ScanError::NoSbom { name }),
        Err(source) => return Err(ScanError::Sbom { name, source }),
    };
    Ok(list::aboard(&name, Digest::sha256_of(bytes), sbom))
}
