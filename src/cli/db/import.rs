//! `plimsoll db import`: feeds from files.

use std::path::{Path, PathBuf};

use super::exchange::StoreFile;
use super::{note, open_for_import};
use crate::advisories::{AdvisoryError, FeedInput, Format, ImportReport, Source, Store};
use crate::cli::output::answer;
use crate::cli::{Exit, Failure, Manners, clock};

pub(super) fn import(
    store: &Path,
    files: &[PathBuf],
    format: Option<Format>,
    name: Option<&str>,
    manners: Manners,
) -> Result<Exit, Failure> {
    if let (Some(_), [_, _, ..]) = (name, files) {
        return Err(Failure::usage(
            "--name is for one file: a source has one name",
        ));
    }
    let mut store = open_for_import(store)?;
    for file in files {
        if let Some(part) = StoreFile::open(file, store.path())? {
            part.take_in(&mut store, manners)?;
            continue;
        }
        let source = Source {
            moment: clock::now(),
            ..Source::named(name.map_or_else(|| source_name(file), str::to_owned))
        };
        let report = import_one(&mut store, &source, file, format).map_err(Failure::new)?;
        tell(&report, manners);
    }
    let digest = store.snapshot_digest().map_err(Failure::new)?;
    answer(&format!("snapshot {digest}"))
}

/// Imports a file in the form that is named, or in the first one that it has a record of.
fn import_one(
    store: &mut Store,
    source: &Source,
    file: &Path,
    format: Option<Format>,
) -> Result<ImportReport, AdvisoryError> {
    let formats = format.map_or_else(|| Format::ALL.to_vec(), |format| vec![format]);
    let mut result = Err(AdvisoryError::UnknownFormat(String::new()));
    for format in formats {
        result = store.import(source, format, FeedInput::Path(file));
        if !matches!(result, Err(AdvisoryError::NothingRecognised { .. })) {
            break;
        }
    }
    result
}

/// `PyPI.jsonl.gz` is the source `PyPI`.
fn source_name(file: &Path) -> String {
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    let packed = [
        ".gz", ".zst", ".xz", ".bz2", ".zip", ".tar", ".tgz", ".jsonl", ".json", ".xml",
    ];
    let mut bare: &str = &name;
    while let Some(shorter) = packed
        .iter()
        .find_map(|ending| bare.strip_suffix(ending))
        .filter(|rest| !rest.is_empty())
    {
        bare = shorter;
    }
    bare.to_owned()
}

/// What an import took, and what it left out and why: nothing is lost silently.
pub(super) fn tell(report: &ImportReport, manners: Manners) {
    let taken = if report.advisories == 0 && report.signals > 0 {
        format!("{} rows of data beside advisories", report.signals)
    } else {
        format!(
            "{} advisories ({} withdrawn), {} ranges, {} single versions",
            report.advisories, report.withdrawn, report.ranges, report.exact_versions
        )
    };
    note(&format!("{}: {taken}", report.source), manners);
    for (reason, skipped) in &report.skipped {
        note(
            &format!(
                "  {} {}, such as {}",
                skipped.count,
                reason.text(),
                skipped.examples.join("; ")
            ),
            manners,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_after_its_file() {
        for (file, name) in [
            ("feeds/PyPI.jsonl.gz", "PyPI"),
            ("all.zip", "all"),
            ("v3.10/main.json", "main"),
            ("feeds", "feeds"),
        ] {
            assert_eq!(source_name(Path::new(file)), name);
        }
    }
}
