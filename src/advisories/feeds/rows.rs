//! Feeds that are one JSON array of small rows: Photon's and Arch's.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::input::{FeedInput, each_file, read_error};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;
use crate::model::limits::read_at_most;

/// 256 MB: ten times Photon's largest.
const MAX_DOCUMENT: u64 = 256_000_000;

/// What takes a document's rows.
type Take<'v, Row> = dyn FnMut(&str, Vec<Row>, &mut Intake<'_>) -> Result<(), IntakeError> + 'v;

/// Calls `take` for every document with those of its rows that have the form; the others are counted.
pub(super) fn each_document<Row: DeserializeOwned>(
    input: FeedInput<'_>,
    intake: &mut Intake<'_>,
    take: &mut Take<'_, Row>,
) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| {
        let failed = read_error(file);
        let head = reader.fill_buf().map_err(&failed)?;
        if !head.trim_ascii_start().starts_with(b"[") {
            let reason = SkipReason::UnknownFile;
            intake.tally.skip(reason, || file.to_owned());
            return Ok(());
        }
        let bytes = read_at_most(reader, MAX_DOCUMENT).map_err(&failed)?;
        let values: Vec<Value> = match serde_json::from_slice(&bytes) {
            Ok(values) => values,
            Err(error) => {
                let reason = SkipReason::InvalidJson;
                intake.tally.skip(reason, || format!("{file}: {error}"));
                return Ok(());
            }
        };
        let mut rows = Vec::new();
        for (place, value) in values.into_iter().enumerate() {
            intake.tally.records += 1;
            match serde_json::from_value(value) {
                Ok(row) => rows.push(row),
                Err(error) => intake.tally.skip(SkipReason::InvalidRecord, || {
                    format!("{file}: row {place}: {error}")
                }),
            }
        }
        intake.tally.recognised += rows.len() as u64;
        take(file, rows, intake)
    })
}
