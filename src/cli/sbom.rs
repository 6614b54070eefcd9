//! `plimsoll sbom IMAGE`.

use clap::Args;

use super::image::{FORMS, ImageArguments, Wanted};
use super::output::{Output, look};
use super::{Exit, Failure, Manners};
use crate::advisories::Store;
use crate::evidence::Gate;

const TEACHING: &str = "What it writes:
  cyclonedx   CycloneDX 1.6 as JSON
  spdx        SPDX 2.3 as JSON
  Every package that the running container has, with its PURL, licences and source package, the file that records it and
  the layer that brought it; the distribution; and, where something could not be read, that it is incomplete.
  No clock and no chance: the same image gives the same bytes. The date in it is SOURCE_DATE_EPOCH if that is set,
  else when the image says that it was made, else 1970.

Examples:
  plimsoll sbom alpine:3.20                                        CycloneDX on standard output
  plimsoll sbom -o spdx=app.spdx.json -o cyclonedx=app.cdx.json oci:app
  plimsoll sbom -o spdx sbom:app.cdx.json                          one form into the other
  plimsoll scan sbom:app.cdx.json                                  the findings, without the image";

const EXITS: &str = "Exit codes:
  0  written
  2  the command line makes no sense
  3  could not be written: the image or the network; standard error says which
  4  written, but incomplete: something could not be read, and the bill lists it";

/// What `plimsoll sbom` takes.
#[derive(Debug, Args)]
#[command(after_help = EXITS, after_long_help = format!("{FORMS}\n\n{TEACHING}\n\n{EXITS}"))]
pub(super) struct SbomArguments {
    #[command(flatten)]
    image: ImageArguments,

    /// Where the bill goes: cyclonedx or spdx, with =FILE into a file. May be given more than once.
    #[arg(
        long = "output",
        short,
        value_name = "FORMAT[=FILE]",
        default_value = "cyclonedx",
        value_parser = Output::parse_bill
    )]
    output: Vec<Output>,
}

impl SbomArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let subject = self.image.subject()?;
        Output::check(&self.output)?;
        // A bill says nothing of advisories: those at hand cost nothing, and their gap is not in it.
        let store = Store::starter().map_err(Failure::new)?;
        let wanted = Wanted {
            gate: Gate::Never,
            ..Wanted::default()
        };
        let evidence = self.image.scan(&subject, &store, wanted, manners)?;
        let look = look(manners)?;
        for output in &self.output {
            output.write(&evidence, look).map_err(Failure::new)?;
        }
        if evidence.inventory_gaps().next().is_some() {
            return Ok(Exit::NotAssessable);
        }
        Ok(Exit::Success)
    }
}
