//! FIRST's EPSS scores, <https://www.first.org/epss/data_stats>: a row for every CVE, some 300,000 a day.
//!
//! ```text
//! #model_version:v2025.03.14,score_date:2025-04-01T00:00:00Z
//! cve,epss,percentile
//! CVE-1999-0001,0.01141,0.77263
//! ```
//! A file of another day replaces all rows, so the date is that of every row.

use std::io::{BufRead, Read as _};

use super::input::{FeedInput, each_file, read_error};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;
use crate::advisories::signals::parse_decimal;
use crate::model::Date;

/// Ten times a real row.
const MAX_LINE: u64 = 512;

/// Reads the scores row by row.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| take_file(file, reader, intake))
}

fn take_file(
    file: &str,
    reader: &mut dyn BufRead,
    intake: &mut Intake<'_>,
) -> Result<(), IntakeError> {
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| {
        line.clear();
        let mut bounded = (&mut *reader).take(MAX_LINE);
        bounded.read_until(b'\n', line).map_err(read_error(file))
    };
    next(&mut line)?;
    let Some(date) = score_date(&String::from_utf8_lossy(&line)) else {
        let reason = SkipReason::UnknownFile;
        intake
            .tally
            .skip(reason, || format!("{file}: the first line has no date"));
        return Ok(());
    };
    intake.newest = intake.newest.take().max(Some(date.to_string()));
    for number in 2_u64.. {
        if next(&mut line)? == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if text.is_empty() || text == "cve,epss,percentile" {
            continue;
        }
        intake.tally.records += 1;
        let Some((cve, score, percentile)) = row(text) else {
            intake
                .tally
                .skip(SkipReason::InvalidRecord, || format!("{file}:{number}"));
            continue;
        };
        intake.tally.recognised += 1;
        intake.add_likelihood(cve, score, percentile, date)?;
    }
    Ok(())
}

/// The day in the first line.
fn score_date(line: &str) -> Option<Date> {
    let fields = line.strip_prefix('#')?.trim_end();
    let date = fields
        .split(',')
        .find_map(|field| field.trim().strip_prefix("score_date:"))?;
    date.get(..10)?.parse().ok()
}

fn row(text: &str) -> Option<(&str, u32, u32)> {
    let mut fields = text.split(',');
    let mut field = || fields.next().map(str::trim);
    let cve = field().filter(|cve| cve.starts_with("CVE-"))?;
    let row = (cve, parse_decimal(field()?)?, parse_decimal(field()?)?);
    field().is_none().then_some(row)
}

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::{add, deb, found, on, record};
    use crate::advisories::{FeedInput, Format, SkipReason, Source, Store};

    /// Written after FIRST's description of the file.
    const SCORES: &str = "#model_version:v2025.03.14,score_date:2025-04-01T12:55:00Z
cve,epss,percentile
CVE-2024-0001,0.97251,0.99987
CVE-2024-0002,0.00043,0.10250
CVE-2024-0003,high,0.5
nonsense
";

    fn import(text: &'static str) -> (Store, Result<crate::advisories::ImportReport, String>) {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("epss".into(), Box::new(text.as_bytes()));
        let report = store.import(&Source::named("epss"), Format::Epss, input);
        (store, report.map_err(|error| error.to_string()))
    }

    #[test]
    fn a_finding_has_the_score_of_its_cve_with_all_digits_and_the_date() {
        let (mut store, report) = import(SCORES);
        let report = report.expect("imported");
        assert_eq!((report.records, report.signals), (4, 2));
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 2);
        add(
            &mut store,
            "osv",
            &record("CVE-2024-0002", "Debian:12", "a", "2", ""),
        );
        let outcome = found(&store, &on("debian", "12"), &[deb("a", "a", "1")]);
        let epss = outcome.matches[0].epss.as_ref().expect("a score");
        assert_eq!(
            (
                epss.score.as_str(),
                epss.percentile.as_str(),
                epss.date.to_string().as_str(),
                epss.percent()
            ),
            ("0.00043", "0.10250", "2025-04-01", 0)
        );
    }

    #[test]
    fn scores_without_a_date_are_refused() {
        for text in [
            "#model_version:v1\ncve,epss,percentile\nCVE-1,0.1,0.2\n",
            "cve,epss,percentile\nCVE-1,0.1,0.2\n",
            "",
        ] {
            assert!(import(text).1.is_err(), "{text}");
        }
    }
}
