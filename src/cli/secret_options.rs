//! How secrets are looked for: the user's own rules, key and exceptions; the same for images and for folders.

use std::path::{Path, PathBuf};

use clap::Args;

use super::output::{source_date, write_text};
use super::{Failure, Manners};
use crate::evidence::Finding;
use crate::model::SecretHit;
use crate::model::limits::read_at_most;
use crate::secrets::{Exceptions, Rules, baseline};

/// Bytes of any of these files.
const LONGEST_FILE: u64 = 16 << 20;
/// Bytes below which a key could be tried out.
const SHORTEST_KEY: usize = 16;

/// The options.
#[derive(Debug, Default, Args)]
pub(super) struct SecretArguments {
    /// Own kinds of secret, in the form of Plimsoll's own rules; one with the id of an embedded rule replaces it.
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,

    /// A key of your own, 16 bytes or more, that fingerprints are made with: with it, passwords have one, too.
    #[arg(long, value_name = "FILE")]
    fingerprint_key: Option<PathBuf>,

    /// Secrets that are accepted: by fingerprint, path or rule, each with a reason. TOML, see docs/secrets.md.
    #[arg(long, value_name = "FILE")]
    secret_exceptions: Option<PathBuf>,

    /// Write exceptions for everything that was found, so that the next time only what is new fails.
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
}

/// What they say, read and checked.
#[derive(Default)]
pub(super) struct SecretSettings {
    /// The text of the user's rules.
    pub(super) rules: Option<String>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) exceptions: Exceptions,
}

impl SecretArguments {
    /// Reads the files, before any work is done.
    pub(super) fn settings(&self) -> Result<SecretSettings, Failure> {
        let rules = self.rules.as_deref().map(|path| {
            let text = text_of(path)?;
            Rules::parse(&text).map_err(|error| in_file(path, &error))?;
            Ok(text)
        });
        let key = self.fingerprint_key.as_deref().map(|path| {
            let bytes = bytes_of(path)?;
            let key = bytes.trim_ascii_end().to_vec();
            if key.len() < SHORTEST_KEY {
                let what = format!("{}: a key has {SHORTEST_KEY} bytes or more", path.display());
                return Err(Failure::usage(what));
            }
            Ok(key)
        });
        let exceptions = self.secret_exceptions.as_deref().map(|path| {
            let text = text_of(path)?;
            Exceptions::parse(&text, &today()?).map_err(|error| in_file(path, &error))
        });
        Ok(SecretSettings {
            rules: rules.transpose()?,
            key: key.transpose()?,
            exceptions: exceptions.transpose()?.unwrap_or_default(),
        })
    }

    /// Writes the baseline, if one is wanted.
    pub(super) fn write_baseline(&self, findings: &[Finding]) -> Result<(), Failure> {
        let Some(file) = &self.write_baseline else {
            return Ok(());
        };
        write_text(file, &baseline_of(findings)).map_err(Failure::new)
    }
}

/// Tells what the author of the exceptions should know.
pub(super) fn tell_remarks(exceptions: &Exceptions, manners: Manners) {
    if manners.quiet {
        return;
    }
    for remark in exceptions.remarks() {
        let line = format!("warning: {remark}\n");
        let _ = std::io::Write::write_all(&mut anstream::stderr(), line.as_bytes());
    }
}

fn baseline_of(findings: &[Finding]) -> String {
    let secrets = findings.iter().filter_map(|finding| match finding {
        Finding::Secret(finding) => Some(finding),
        _ => None,
    });
    let mut found = Vec::new();
    for finding in secrets {
        for place in &finding.places {
            let hit = SecretHit {
                rule: finding.rule.clone(),
                title: finding.title.clone(),
                severity: finding.severity,
                confidence: finding.confidence,
                line: place.place.line.unwrap_or(1),
                redacted: finding.redacted.clone(),
                fingerprint: finding.fingerprint,
                remedy: finding.remedy.clone(),
                member: place.member.clone(),
            };
            let path = place.place.path.as_ref().map(ToString::to_string);
            found.push((hit, path.or_else(|| place.place.config.clone())));
        }
    }
    baseline(found.iter().map(|(hit, path)| (hit, path.as_deref())))
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, Failure> {
    let refuse = |error| {
        let what = format!("{} cannot be read: {error}", path.display());
        Failure::new(what)
    };
    let file = std::fs::File::open(path).map_err(refuse)?;
    let bytes = read_at_most(file, LONGEST_FILE).map_err(refuse)?;
    if bytes.len() as u64 > LONGEST_FILE {
        let what = format!("{} is longer than {LONGEST_FILE} bytes", path.display());
        return Err(Failure::new(what));
    }
    Ok(bytes)
}

fn text_of(path: &Path) -> Result<String, Failure> {
    String::from_utf8(bytes_of(path)?)
        .map_err(|_| Failure::usage(format!("{} is no UTF-8", path.display())))
}

/// `FILE: line 3: …`, and the cause below it.
fn in_file(path: &Path, error: &dyn std::error::Error) -> Failure {
    let cause = error.source().map(|cause| format!(": {cause}"));
    let what = format!("{}: {error}{}", path.display(), cause.unwrap_or_default());
    Failure::usage(what)
}

/// The day on which exceptions expire or not: `SOURCE_DATE_EPOCH`, or this machine's.
fn today() -> Result<String, Failure> {
    let seconds = source_date()?.unwrap_or_else(seconds_now);
    Ok(civil(seconds.div_euclid(86_400)))
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether an exception has expired depends on the day; nothing else does"
)]
fn seconds_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// `YYYY-MM-DD` of a day since 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil(days: i64) -> String {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (19_782, "2024-02-29"),
            (20_781, "2026-11-24"),
        ] {
            assert_eq!(civil(days), date);
        }
    }
}
