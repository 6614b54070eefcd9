//! Whether the advisories are as young as the user wants them.

use super::{ScanError, ScanOptions};
use crate::advisories::{AsOf, Store};
use crate::model::{Date, Gap, GapKind, Untrusted};

/// The day that was asked for, where ages were judged, and a gap for each source that is too old by then.
pub(super) fn judge(
    store: &Store,
    options: &ScanOptions,
) -> Result<(Option<Date>, Vec<Gap>), ScanError> {
    let (Some(limit), Some(date)) = (options.max_age, options.date) else {
        return Ok((None, Vec::new()));
    };
    let oldest = date.last_second() - (i64::from(limit) + 1) * 24 * 60 * 60;
    // What is inside Plimsoll is a gap of its own.
    let sources = store.sources()?.into_iter();
    let sources = sources.filter(|source| !Store::is_built_in(&source.name));
    let gaps = sources
        .filter(|source| source.checked <= oldest)
        .map(|source| {
            let checked = match source.checked {
                0 => "it is not known when".to_owned(),
                moment => AsOf::at(moment).to_string(),
            };
            let detail = format!(
                "{} is older than {limit} days on {date}: last fetched {checked}",
                Untrusted(&source.name)
            );
            Gap::new(GapKind::StaleAdvisories, detail)
        });
    Ok((Some(date), gaps.collect()))
}
