//! `plimsoll scan IMAGE`.

use std::path::PathBuf;

use clap::Args;

use super::audit::{AuditSource, Inputs, ReadingArguments};
use super::clock::today;
use super::image::{FORMS, ImageArguments, Subject, Wanted};
use super::output::{Output, look};
use super::secret_options::SecretArguments;
use super::{Exit, Failure, Manners, base, db, evidence_file, folders};
use crate::advisories::{AsOf, Store, needed_ecosystems};
use crate::evidence::{Evidence, Gate};
use crate::model::Date;
use crate::runtime::checks::ImageFacts;
use crate::scan::{add_audit, add_proof, image_facts};

const EXAMPLES: &str = "Examples:
  plimsoll scan alpine:3.20
  plimsoll scan --fail-on high -o table -o json=evidence.json localhost:5000/app:1.0
  plimsoll scan --platform linux/arm64 registry.example/app:1.0
  plimsoll scan sbom:app.cdx.json";

/// What `plimsoll scan` takes.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a switch of the command line"
)]
#[command(after_help = Exit::HELP, after_long_help = format!("{FORMS}\n\n{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct ScanArguments {
    #[command(flatten)]
    image: ImageArguments,

    /// Fail (exit code 1) on findings of this severity or above: negligible, low, medium, high or critical; `never` on
    /// none. A finding of unknown severity always counts.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// Where the evidence goes: table, json, sarif, markdown, github (annotations), junit, csv, cyclonedx or spdx, with =FILE into a
    /// file. May be given more than once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "table"
    )]
    output: Vec<Output>,

    #[command(flatten)]
    secrets: SecretArguments,

    /// Do not look for secrets.
    #[arg(long)]
    no_secrets: bool,

    /// Do not check the image's container boundary: users, setuid files, capabilities, settings.
    #[arg(long)]
    no_posture: bool,

    /// Do not compare the files of packages with the digests that the packages record: faster, and blind to changed system files.
    #[arg(long)]
    no_integrity: bool,

    /// The day for which it is judged whether the distribution is still looked after; today unless given.
    #[arg(long, value_name = "YYYY-MM-DD", env = "PLIMSOLL_DATE")]
    date: Option<Date>,

    /// The list of bases that `plimsoll base` keeps: the scan says on which one the image is built, and how far behind that is.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_BASES")]
    bases: Option<PathBuf>,

    /// Audit these settings of the image's containers, too, in the same evidence: what `plimsoll audit` reads. May be given more than
    /// once.
    #[arg(long = "audit", value_name = "FILE")]
    settings: Vec<AuditSource>,

    /// Put the evidence of `plimsoll prove` of this very image beside it.
    #[arg(long, value_name = "FILE")]
    proof: Option<PathBuf>,

    /// First fetch the advisories that this image needs, and no others. What cannot be had is a warning.
    #[arg(long, conflicts_with = "as_of")]
    update: bool,

    /// With --update: the list of feeds, in place of the one inside Plimsoll.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_FEEDS", requires = "update")]
    feeds: Option<PathBuf>,

    /// Answer with the advisories as they stood then: a day (its end, in UTC) or a time such as 2026-11-24T12:00:00Z.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "now",
        hide_default_value = true
    )]
    as_of: AsOf,

    /// Mark what the advisories of that time did not tell: it is new because they changed, and not the image.
    #[arg(long, value_name = "TIME")]
    new_since: Option<AsOf>,

    /// A source of advisories that was last fetched more days ago than this is a gap.
    #[arg(long, value_name = "DAYS")]
    max_age: Option<u32>,

    /// The advisory store. Without one, the starter advisories inside Plimsoll are used, and the output says so.
    #[arg(long, value_name = "FILE", env = "PLIMSOLL_DB")]
    db: Option<PathBuf>,
}

impl ScanArguments {
    /// Reads the image to see what it needs; the scan then finds its layers in the cache.
    fn update_what_it_needs(&self, subject: &Subject, manners: Manners) -> Result<(), Failure> {
        let nothing = Store::starter().map_err(Failure::new)?;
        let wanted = Wanted {
            secrets: !self.no_secrets,
            integrity: !self.no_integrity,
            posture: !self.no_posture,
            gate: Gate::Never,
            settings: self.secrets.settings()?,
            ..Wanted::default()
        };
        let evidence = self.image.scan(subject, &nothing, wanted, manners)?;
        let packages = evidence.packages.iter().map(|record| &record.package);
        let needed = needed_ecosystems(evidence.distribution.as_ref(), packages);
        let path = self.db.clone().map_or_else(folders::store, Ok)?;
        db::update_for(&path, &needed, self.feeds.as_deref(), manners)
    }

    /// The settings are audited beside the image that they run.
    fn add_settings(
        &self,
        evidence: &mut Evidence,
        facts: Option<ImageFacts>,
        manners: Manners,
    ) -> Result<(), Failure> {
        if self.settings.is_empty() {
            return Ok(());
        }
        let reading = ReadingArguments::default();
        let inputs = Inputs::new(&reading).read(&self.settings)?;
        // A scan without the boundary has not looked at what the audit asks of the image.
        let image = match facts {
            Some(facts) => facts,
            None => image_facts(&self.image.view(manners)?),
        };
        let options = reading.options(self.fail_on, Some(image));
        add_audit(evidence, inputs, &options).map_err(Failure::new)
    }

    fn add_proof(&self, evidence: &mut Evidence) -> Result<(), Failure> {
        let Some(file) = &self.proof else {
            return Ok(());
        };
        let (_, proven) = evidence_file::read(file)?;
        let Some(proof) = proven.proof else {
            let failure = Failure::new(format!("{} holds no proof", file.display()));
            return Err(failure.with_hint(Some("`plimsoll prove -o json=FILE IMAGE` writes one")));
        };
        add_proof(evidence, *proof).map_err(Failure::new)
    }

    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let subject = self.image.subject()?;
        Output::check(&self.output)?;
        if self.update {
            self.update_what_it_needs(&subject, manners)?;
        }
        let store = db::open_store(self.db.as_deref())?;
        let store = store.as_of(self.as_of).map_err(Failure::new)?;
        let wanted = Wanted {
            secrets: !self.no_secrets,
            integrity: !self.no_integrity,
            posture: !self.no_posture,
            gate: self.fail_on,
            date: self.date.or_else(today),
            max_age: self.max_age,
            new_since: self.new_since,
            settings: self.secrets.settings()?,
            bases: base::read(self.bases.as_deref())?,
        };
        let (mut evidence, facts) = if self.settings.is_empty() || self.no_posture {
            (self.image.scan(&subject, &store, wanted, manners)?, None)
        } else {
            let image = &self.image;
            image.scan_with_facts(&subject, &store, wanted, manners)?
        };
        self.add_settings(&mut evidence, facts, manners)?;
        self.add_proof(&mut evidence)?;
        self.secrets.write_baseline(&evidence.findings)?;
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        Ok(Exit::from(evidence.verdict))
    }
}
