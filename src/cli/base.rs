//! `plimsoll base`: the bases that images are built on, so that a scan says on which, and how far behind it is.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::image::of_source;
use super::output::{answer, write_text};
use super::{Exit, Failure, Manners, folders};
use crate::model::limits::read_at_most;
use crate::posture::{BaseKnown, Bases};
use crate::source::{self, Image, Reference, SourceOptions};

/// Bytes of the list: a base has some hundred for each layer.
const LIMIT: u64 = 64 << 20;

/// What `plimsoll base` takes.
#[derive(Debug, Args)]
pub(super) struct BaseArguments {
    #[command(subcommand)]
    command: BaseCommand,

    /// The list of bases.
    #[arg(long, global = true, value_name = "FILE", env = "PLIMSOLL_BASES")]
    bases: Option<PathBuf>,

    /// Accept registries without TLS or with a certificate that cannot be verified.
    #[arg(long, global = true)]
    insecure: bool,
}

#[derive(Debug, Subcommand)]
enum BaseCommand {
    /// Note images as bases. Their manifests and configs are fetched, and no layer.
    Add {
        /// Images, by tag: debian:12-slim.
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<String>,
    },
    /// Ask for every name of the list again, and note what has changed since.
    Update,
    /// List what is known.
    List,
    /// Forget a name.
    Remove {
        /// The name as listed.
        name: String,
    },
}

/// A list that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the list of bases {} cannot be read", path.display())]
struct Unread<E: std::error::Error + 'static> {
    path: PathBuf,
    source: E,
}

/// Reads the list; none is an empty one, unless the user named a file.
pub(super) fn read(named: Option<&Path>) -> Result<Bases, Failure> {
    let path = named.map_or_else(folders::bases, |path| Ok(path.to_owned()))?;
    let bytes = match File::open(&path).and_then(|file| read_at_most(file, LIMIT)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
            return Ok(Bases::default());
        }
        Err(source) => return Err(Failure::new(Unread { path, source })),
    };
    Bases::read(&bytes).map_err(|source| Failure::new(Unread { path, source }))
}

impl BaseArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let path = self.bases.clone().map_or_else(folders::bases, Ok)?;
        let known = self.bases.as_deref().filter(|path| path.exists());
        let mut bases = read(known)?;
        match &self.command {
            BaseCommand::List => return list(&bases),
            BaseCommand::Add { images } => self.add(&mut bases, images, manners)?,
            BaseCommand::Update => {
                let mut names: Vec<String> =
                    bases.all().iter().map(|base| base.name.clone()).collect();
                names.dedup();
                self.add(&mut bases, &names, manners)?;
            }
            BaseCommand::Remove { name } => {
                if bases.remove(name) == 0 {
                    return Err(Failure::new(format!("no base is called {name}"))
                        .with_hint(Some("`plimsoll base list` names them")));
                }
            }
        }
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            std::fs::create_dir_all(folder).map_err(Failure::new)?;
        }
        write_text(&path, &bases.to_json().map_err(Failure::new)?).map_err(Failure::new)?;
        list(&bases)
    }

    fn add(&self, bases: &mut Bases, images: &[String], manners: Manners) -> Result<(), Failure> {
        for name in images {
            let reference: Reference = name
                .parse()
                .map_err(|error| of_source(error, Exit::Usage))?;
            let options = SourceOptions {
                insecure: self.insecure,
                ..SourceOptions::default()
            };
            let image = source::open(&reference, &options)
                .map_err(|error| of_source(error, Exit::Failed))?;
            let is_new = bases.add(known(name, &image));
            if !manners.quiet {
                let word = if is_new { "noted" } else { "known" };
                anstream::eprintln!("{word}: {name}");
            }
        }
        Ok(())
    }
}

/// An image as a base. Its name stays as the user wrote it: it is what a `FROM` says.
fn known(name: &str, image: &Image) -> BaseKnown {
    let created = image.config.created.as_deref();
    BaseKnown {
        name: name.to_owned(),
        digest: image.manifest_digest.map(|digest| digest.to_string()),
        layers: image.config.rootfs.diff_ids.clone(),
        created: created
            .and_then(|time| time.get(..10))
            .and_then(|day| day.parse().ok()),
    }
}

fn list(bases: &Bases) -> Result<Exit, Failure> {
    if bases.all().is_empty() {
        return answer("no base is known; `plimsoll base add debian:12-slim` notes one");
    }
    let line = |base: &BaseKnown| {
        let day = base
            .created
            .map_or_else(|| "no date   ".to_owned(), |day| day.to_string());
        let digest = base.digest.as_deref().unwrap_or("no digest");
        format!(
            "{day}  {}  {} layers  {digest}",
            base.name,
            base.layers.len()
        )
    };
    answer(&bases.all().iter().map(line).collect::<Vec<_>>().join("\n"))
}
