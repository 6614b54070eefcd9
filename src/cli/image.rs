//! What is looked at, and how it is read: the options that every command about an image has.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;

use super::progress::Bars;
use super::secret_options::{SecretSettings, tell_remarks};
use super::{Exit, Failure, Manners, folders, input_file};
use crate::advisories::{AsOf, Store};
use crate::evidence::{Evidence, Gate};
use crate::inventory::{SBOM_LIMIT, read_sbom};
use crate::layers::Cache;
use crate::model::limits::read_at_most;
use crate::model::{Date, Limits, Platform};
use crate::posture::{Bases, ImageView};
use crate::runtime::checks::ImageFacts;
use crate::scan::{
    Explained, Progress as _, ScanError, ScanOptions, explain, explain_sbom, scan, scan_sbom,
    scan_with_facts, view,
};
use crate::source::{self, Image, Reference, SourceError, SourceOptions};

/// What the text of `IMAGE` can be.
pub(super) const FORMS: &str = "Images:
  alpine:3.20, ghcr.io/owner/app@sha256:…   a registry (Docker Hub where none is named)
  docker-archive:app.tar                    what `docker save` wrote, also compressed
  oci:folder, oci:app.tar:latest            an OCI image layout, folder or tar
  docker:app:latest                         a container engine (DOCKER_HOST; Podman's socket, too)
  dir:/                                     an unpacked root file system
  sbom:app.cdx.json                         a list of packages: CycloneDX, SPDX 2 or Syft's JSON
  A path that exists is recognised by looking inside.";

/// What a command wants to know of an image.
#[derive(Default)]
pub(super) struct Wanted {
    /// Secrets.
    pub(super) secrets: bool,
    /// Whether the files of packages were changed.
    pub(super) integrity: bool,
    /// From which severity on it fails.
    pub(super) gate: Gate,
    /// Whether the container boundary is checked.
    pub(super) posture: bool,
    /// The day for which ends of support are judged.
    pub(super) date: Option<Date>,
    /// How many days old the advisories may be.
    pub(super) max_age: Option<u32>,
    /// With the advisories of which time the findings are compared.
    pub(super) new_since: Option<AsOf>,
    /// How secrets are looked for.
    pub(super) settings: SecretSettings,
    /// The bases that the user knows.
    pub(super) bases: Bases,
}

/// The image and the way it is read.
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a switch of the command line"
)]
pub(super) struct ImageArguments {
    /// The image: a registry reference, docker-archive:FILE, oci:PATH, docker:NAME or dir:FOLDER; or sbom:FILE.
    image: String,

    /// Of an image for several platforms, take this one: os/architecture[/variant].
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,

    /// List also what is part of a package of the distribution, such as Debian's own Python modules; a scan matches it, too.
    #[arg(long)]
    all: bool,

    /// List also what only lower layers hold; a scan matches it, too. It does not count for the verdict.
    #[arg(long)]
    deleted: bool,

    /// Where the reports on layers are kept for the next time.
    #[arg(long, value_name = "FOLDER", env = "PLIMSOLL_CACHE_DIR")]
    cache_dir: Option<PathBuf>,

    /// Read every layer, and keep nothing.
    #[arg(long)]
    no_cache: bool,

    /// Accept registries without TLS or with a certificate that cannot be verified.
    #[arg(long)]
    insecure: bool,

    /// The socket of the container engine, for docker:NAME; otherwise `DOCKER_HOST` and the usual places.
    #[arg(long, value_name = "SOCKET")]
    engine_socket: Option<PathBuf>,

    /// Layers that are read at once; one for each core unless given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Change a bound for hostile layers: entries, layer-bytes, ratio, path-bytes, path-parts, facts or held-bytes. What is beyond one
    /// becomes a gap.
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    limits: Vec<(LimitName, u64)>,
}

/// What the user named.
pub(super) enum Subject {
    /// An image, whose bytes are read.
    Image(Reference),
    /// A list of packages.
    Sbom(PathBuf),
}

impl ImageArguments {
    /// An image by its name, read as it is when nothing else is said.
    pub(super) fn of(image: &str) -> Self {
        Self {
            image: image.to_owned(),
            cache_dir: std::env::var_os("PLIMSOLL_CACHE_DIR").map(PathBuf::from),
            ..Self::default()
        }
    }

    /// An image of the container engine.
    pub(super) fn of_engine(image: &str, socket: Option<PathBuf>) -> Self {
        Self {
            engine_socket: socket,
            ..Self::of(&format!("docker:{image}"))
        }
    }

    /// Finds out what was named: a list is told by `sbom:`, or by looking into a file that exists.
    pub(super) fn subject(&self) -> Result<Subject, Failure> {
        if let Some(path) = self.image.strip_prefix("sbom:") {
            if path.is_empty() {
                return Err(Failure::usage("nothing follows `sbom:`"));
            }
            return Ok(Subject::Sbom(path.into()));
        }
        if is_sbom(Path::new(&self.image)) {
            return Ok(Subject::Sbom(PathBuf::from(&self.image)));
        }
        self.image
            .parse()
            .map(Subject::Image)
            .map_err(|error: SourceError| of_source(error, Exit::Usage))
    }

    /// Reads it and matches it with the store.
    pub(super) fn scan(
        &self,
        subject: &Subject,
        store: &Store,
        wanted: Wanted,
        manners: Manners,
    ) -> Result<Evidence, Failure> {
        let of_list =
            |name: &str, bytes: &[u8], options: &_| scan_sbom(name, bytes, store, options);
        let of_image = |image: &Image, options: &_, bars: &Bars| scan(image, store, options, bars);
        self.look(subject, wanted, manners, of_list, of_image)
    }

    /// The same, with what an audit of its settings asks of the image, from one reading; a list of packages tells nothing of that.
    pub(super) fn scan_with_facts(
        &self,
        subject: &Subject,
        store: &Store,
        wanted: Wanted,
        manners: Manners,
    ) -> Result<(Evidence, Option<ImageFacts>), Failure> {
        let of_list = |name: &str, bytes: &[u8], options: &_| {
            scan_sbom(name, bytes, store, options).map(|evidence| (evidence, None))
        };
        let of_image = |image: &Image, options: &_, bars: &Bars| {
            let (evidence, facts) = scan_with_facts(image, store, options, bars)?;
            Ok((evidence, Some(facts)))
        };
        self.look(subject, wanted, manners, of_list, of_image)
    }

    /// Reads it and explains an id. The same is looked for as in a scan, so that one finds the other's layers in the cache.
    pub(super) fn explain(
        &self,
        subject: &Subject,
        store: &Store,
        id: &str,
        manners: Manners,
    ) -> Result<Explained, Failure> {
        let wanted = Wanted {
            secrets: true,
            integrity: true,
            posture: true,
            gate: Gate::Never,
            ..Wanted::default()
        };
        let of_list =
            |name: &str, bytes: &[u8], options: &_| explain_sbom(name, bytes, store, options, id);
        let of_image =
            |image: &Image, options: &_, bars: &Bars| explain(image, store, options, id, bars);
        self.look(subject, wanted, manners, of_list, of_image)
    }

    /// Reads it for its container boundary alone. The same is looked for as in a scan, so that one finds the other's layers in the cache.
    pub(super) fn view(&self, manners: Manners) -> Result<ImageView, Failure> {
        let wanted = Wanted {
            secrets: true,
            integrity: true,
            posture: true,
            gate: Gate::Never,
            ..Wanted::default()
        };
        let subject = self.subject()?;
        if matches!(subject, Subject::Sbom(_)) {
            return Err(Failure::usage(
                "a list of packages says nothing of the container boundary: name an image",
            ));
        }
        let of_list = |_: &str, _: &[u8], _: &ScanOptions| Ok(ImageView::default());
        let of_image =
            |image: &Image, options: &ScanOptions, bars: &Bars| view(image, options, bars);
        self.look(&subject, wanted, manners, of_list, of_image)
    }

    fn look<T>(
        &self,
        subject: &Subject,
        wanted: Wanted,
        manners: Manners,
        of_list: impl FnOnce(&str, &[u8], &ScanOptions) -> Result<T, ScanError>,
        of_image: impl FnOnce(&Image, &ScanOptions, &Bars) -> Result<T, ScanError>,
    ) -> Result<T, Failure> {
        // Lines and bars would write over each other.
        let bars = Bars::new(!manners.quiet && !manners.verbose);
        let mut options = ScanOptions {
            secrets: wanted.secrets,
            posture: wanted.posture,
            integrity: wanted.integrity,
            gate: wanted.gate,
            date: wanted.date,
            max_age: wanted.max_age,
            new_since: wanted.new_since,
            all: self.all,
            deleted: self.deleted,
            limits: self.limits()?,
            threads: self.threads.map(usize::from),
            cache: None,
            secret_rules: wanted.settings.rules,
            fingerprint_key: wanted.settings.key,
            exceptions: wanted.settings.exceptions,
            bases: wanted.bases,
        };
        let looked = match subject {
            Subject::Sbom(path) => of_list(&file_name(path), &read_file(path)?, &options),
            Subject::Image(reference) => {
                options.cache = self.cache(&bars, manners)?;
                let image = source::open(reference, &self.source_options())
                    .map_err(|error| self.unopened(error, reference))?;
                tracing::info!("{} has {} layers", image.name, image.layers.len());
                of_image(&image, &options, &bars)
            }
        };
        bars.clear();
        if wanted.secrets && looked.is_ok() {
            tell_remarks(&options.exceptions, manners);
        }
        looked.map_err(of_scan)
    }

    /// A registry was asked, though there is a file or folder of that name: it did not look like an image.
    fn unopened(&self, error: SourceError, reference: &Reference) -> Failure {
        let failure = of_source(error, Exit::Failed);
        if matches!(reference, Reference::Registry(_)) && Path::new(&self.image).exists() {
            let hint = format!(
                "the {0} that lies here is no image by its looks, so a registry was asked; dir:{0}, oci:{0}, docker-archive:{0} or sbom:{0} reads it all the same",
                self.image
            );
            return failure.with_hint(Some(hint));
        }
        failure
    }

    fn source_options(&self) -> SourceOptions {
        SourceOptions {
            platform: self.platform.clone(),
            insecure: self.insecure,
            engine_socket: self.engine_socket.clone(),
            ..SourceOptions::default()
        }
    }

    /// The cache, or a warning: a scan without one gives the same result.
    fn cache(&self, bars: &Bars, manners: Manners) -> Result<Option<Cache>, Failure> {
        if self.no_cache {
            return Ok(None);
        }
        let folder = self.cache_dir.clone().map_or_else(folders::cache, Ok)?;
        tracing::info!(
            "layers that were read before come from {}",
            folder.display()
        );
        let opened = Cache::open(&folder);
        if let (Err(error), false) = (&opened, manners.quiet) {
            bars.warning(&format!(
                "{}; this scan goes on without it (--cache-dir names another place)",
                error.with_cause()
            ));
        }
        Ok(opened.ok())
    }

    fn limits(&self) -> Result<Limits, Failure> {
        let mut limits = Limits::default();
        for (name, number) in &self.limits {
            name.set(&mut limits, *number).map_err(Failure::usage)?;
        }
        Ok(limits)
    }
}

/// Whether a file that exists is a list of packages. An image wins: no tar begins like one.
fn is_sbom(path: &Path) -> bool {
    let begins = || {
        let head = read_at_most(std::io::Read::take(File::open(path).ok()?, 512), 512).ok()?;
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
        let head = head.trim_ascii_start();
        Some(head.starts_with(b"{") || head.starts_with(b"SPDXVersion:") || head.starts_with(b"#"))
    };
    path.is_file()
        && begins() == Some(true)
        && read_file(path).is_ok_and(|bytes| !matches!(read_sbom(&bytes), Ok(None)))
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    input_file::read(&path.display().to_string(), File::open(path), SBOM_LIMIT)
}

/// The name without this machine's folders, as it goes into the evidence.
fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

/// The bounds that can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LimitName {
    Entries,
    LayerBytes,
    Ratio,
    PathBytes,
    PathParts,
    Facts,
    HeldBytes,
}

impl LimitName {
    const ALL: [(&'static str, Self); 7] = [
        ("entries", Self::Entries),
        ("layer-bytes", Self::LayerBytes),
        ("ratio", Self::Ratio),
        ("path-bytes", Self::PathBytes),
        ("path-parts", Self::PathParts),
        ("facts", Self::Facts),
        ("held-bytes", Self::HeldBytes),
    ];

    fn set(self, limits: &mut Limits, number: u64) -> Result<(), std::num::TryFromIntError> {
        match self {
            Self::Entries => limits.entries = number,
            Self::LayerBytes => limits.layer_bytes = number,
            Self::Ratio => limits.ratio = number,
            Self::PathBytes => limits.path_bytes = usize::try_from(number)?,
            Self::PathParts => limits.path_parts = usize::try_from(number)?,
            Self::Facts => limits.facts = usize::try_from(number)?,
            Self::HeldBytes => limits.held_bytes = number,
        }
        Ok(())
    }
}

fn parse_limit(text: &str) -> Result<(LimitName, u64), String> {
    let (name, number) = text.split_once('=').ok_or("write NAME=NUMBER")?;
    let (_, limit) = LimitName::ALL
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| {
            format!(
                "unknown limit `{name}`: {}",
                LimitName::ALL.map(|(name, _)| name).join(", ")
            )
        })?;
    Ok((
        *limit,
        number
            .parse()
            .map_err(|_| format!("`{number}` is no number"))?,
    ))
}

pub(super) fn of_source(error: SourceError, exit: Exit) -> Failure {
    let hint = error.hint();
    let failure = if exit == Exit::Usage {
        Failure::usage(error)
    } else {
        Failure::new(error)
    };
    failure.with_hint(hint)
}

fn of_scan(error: ScanError) -> Failure {
    match error {
        ScanError::Source(error) => of_source(error, Exit::Failed),
        error => {
            let hint = match &error {
                ScanError::Layer { .. } | ScanError::DiffId { .. } => Some(
                    "nothing was judged: the image is damaged, or it was tampered with on its way; pull it again, or ask its registry",
                ),
                _ => None,
            };
            Failure::new(error).with_hint(hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_named_and_numbered() {
        assert_eq!(parse_limit("entries=5"), Ok((LimitName::Entries, 5)));
        assert!(parse_limit("entries").is_err());
        assert!(
            parse_limit("entries=many")
                .expect_err("no number")
                .contains("many")
        );
        assert!(
            parse_limit("files=5")
                .expect_err("unknown")
                .contains("held-bytes")
        );
    }
}
