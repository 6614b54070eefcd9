//! `plimsoll scan IMAGE`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::Output;
use super::progress::Bars;
use super::{Exit, Failure, Manners, db, folders};
use crate::evidence::Gate;
use crate::evidence::write::Look;
use crate::layers::Cache;
use crate::model::{Limits, Platform};
use crate::scan::{Progress as _, ScanError, ScanOptions, scan};
use crate::source::{self, Reference, SourceError, SourceOptions};

const EXAMPLES: &str = "Images:
  alpine:3.20, ghcr.io/owner/app@sha256:…   a registry (Docker Hub where none is named)
  docker-archive:app.tar                    what `docker save` wrote, also compressed
  oci:folder, oci:app.tar:latest            an OCI image layout, folder or tar
  docker:app:latest                         a container engine (DOCKER_HOST; Podman's socket, too)
  dir:/                                     an unpacked root file system
  A path that exists is recognised by looking inside.

Examples:
  plimsoll scan alpine:3.20
  plimsoll scan --fail-on high -o table -o json=evidence.json localhost:5000/app:1.0
  plimsoll scan --platform linux/arm64 registry.example/app:1.0";

/// What `plimsoll scan` takes.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a switch of the command line"
)]
#[command(after_help = Exit::HELP, after_long_help = format!("{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct ScanArguments {
    /// The image: a registry reference, docker-archive:FILE, oci:PATH, docker:NAME or dir:FOLDER.
    image: String,

    /// Of an image for several platforms, scan this one: os/architecture[/variant].
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<Platform>,

    /// Fail (exit code 1) on findings of this severity or above: negligible, low, medium, high or critical; `never` on
    /// none. A finding of unknown severity always counts.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// Where the evidence goes: table or json, with =FILE into a file. May be given more than once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "table"
    )]
    output: Vec<Output>,

    /// Look for packages only.
    #[arg(long)]
    no_secrets: bool,

    /// List and match also what is part of a package of the distribution, such as Debian's own Python modules.
    #[arg(long)]
    all: bool,

    /// List and match also what only lower layers hold. It does not count for the verdict.
    #[arg(long)]
    deleted: bool,

    /// The advisory store. Without one, the starter advisories inside Plimsoll are used, and the output says so.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,

    /// Where the reports on layers are kept for the next scan.
    #[arg(long, value_name = "FOLDER", env = "PLIMSOLL_CACHE_DIR")]
    cache_dir: Option<PathBuf>,

    /// Read every layer, and keep nothing.
    #[arg(long)]
    no_cache: bool,

    /// Accept registries without TLS or with a certificate that cannot be verified.
    #[arg(long)]
    insecure: bool,

    /// Layers that are read at once; one for each core unless given.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// Change a bound for hostile layers: entries, layer-bytes, ratio, path-bytes, path-parts, facts or held-bytes. What is beyond one
    /// becomes a gap.
    #[arg(long = "limit", value_name = "NAME=NUMBER", value_parser = parse_limit)]
    limits: Vec<(LimitName, u64)>,
}

impl ScanArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let reference: Reference = self
            .image
            .parse()
            .map_err(|error: SourceError| of_source(error, Exit::Usage))?;
        Output::check(&self.output)?;
        let store = db::open_store(self.db.as_deref())?;
        // Lines and bars would write over each other.
        let bars = Bars::new(!manners.quiet && !manners.verbose);
        let options = ScanOptions {
            secrets: !self.no_secrets,
            all: self.all,
            deleted: self.deleted,
            gate: self.fail_on,
            limits: self.limits()?,
            threads: self.threads.map(usize::from),
            cache: self.cache(&bars, manners)?,
        };
        let image = source::open(&reference, &self.source_options())
            .map_err(|error| self.unopened(error, &reference))?;
        tracing::info!("{} has {} layers", image.name, image.layers.len());
        let evidence = scan(&image, &store, &options, &bars);
        bars.clear();
        let evidence = evidence.map_err(of_scan)?;
        let look = Look {
            colour: manners.colour,
            width: terminal_width(),
        };
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::from(evidence.verdict))
    }

    /// A registry was asked, though there is a file or folder of that name: it did not look like an image.
    fn unopened(&self, error: SourceError, reference: &Reference) -> Failure {
        let failure = of_source(error, Exit::Failed);
        if matches!(reference, Reference::Registry(_)) && Path::new(&self.image).exists() {
            let hint = format!(
                "the {0} that lies here is no image by its looks, so a registry was asked; dir:{0}, oci:{0} or docker-archive:{0} reads it all the same",
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

fn of_source(error: SourceError, exit: Exit) -> Failure {
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

/// The terminal's columns; a pipe or a file gets the default.
fn terminal_width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or_else(
        || Look::default().width,
        |(terminal_size::Width(width), _)| width,
    )
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
