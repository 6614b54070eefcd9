//! Data beside advisories: what is known to be exploited, how likely that is, and how long a distribution is looked after.
//!
//! They are of a source as advisories are: imported and forgotten with it, and part of its digest. None of them makes a finding.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::intake::Intake;
use super::store::Store;
use super::{AdvisoryError, AdvisoryRecord};
use crate::model::{Date, DigestHasher, Distribution};

/// The tables, each with its columns and their order. What is hashed is this text, so a change of it changes digests.
pub(super) const TABLES: [(&str, &str); 3] = [
    ("exploited", "cve, added, due, ransomware"),
    ("likelihood", "cve, score, percentile, date"),
    ("lifecycle", "distribution, release, ends, extended"),
];

/// Scores are kept in this part of one.
pub(super) const SCALE: u32 = 100_000;

/// That a vulnerability is known to be exploited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Exploited {
    /// Since when a catalogue says so.
    pub since: String,
    /// Until when those who follow the catalogue have to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// Whether it is known to be used for ransomware.
    pub ransomware: bool,
}

/// How likely it is that a vulnerability is exploited in the 30 days behind a date, by FIRST's EPSS.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Epss {
    /// From `0.00000` to `1.00000`.
    pub score: String,
    /// The part of all vulnerabilities whose score is not above it.
    pub percentile: String,
    /// The day of the score.
    pub date: Date,
}

impl Epss {
    /// The score in whole percent, rounded down.
    pub fn percent(&self) -> u32 {
        parse_decimal(&self.score).unwrap_or_default() * 100 / SCALE
    }
}

/// When support of a distribution's release ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndOfLife {
    /// The release, as the lifecycle data name it.
    pub release: String,
    /// The last day of standard support; `None` if no day is set.
    pub ends: Option<Date>,
    /// The last day of what comes after it.
    pub extended: Option<Date>,
}

/// `0.00383` as `383`: five digits behind the point, rounded. `None` for what is no number from 0 to 1.
pub(super) fn parse_decimal(text: &str) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 1 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let digits = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
    let millionths = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let value = whole.parse::<u32>().ok()? * SCALE + (millionths + 5) / 10;
    (value <= SCALE).then_some(value)
}

fn decimal(value: u32) -> String {
    format!("{}.{:05}", value / SCALE, value % SCALE)
}

impl Intake<'_> {
    /// Writes that a CVE is exploited; of a second row about it the first stays.
    pub(super) fn add_exploited(
        &mut self,
        cve: &str,
        exploited: &Exploited,
    ) -> rusqlite::Result<()> {
        let added = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO exploited VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                cve,
                self.source,
                exploited.since,
                exploited.due,
                exploited.ransomware
            ])?;
        self.signals += added as u64;
        Ok(())
    }

    /// Writes a score; `score` and `percentile` are in parts of [`SCALE`].
    pub(super) fn add_likelihood(
        &mut self,
        cve: &str,
        score: u32,
        percentile: u32,
        date: Date,
    ) -> rusqlite::Result<()> {
        let added = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO likelihood VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                cve,
                self.source,
                score,
                percentile,
                date.as_number()
            ])?;
        self.signals += added as u64;
        Ok(())
    }

    /// Writes how long a release is looked after.
    pub(super) fn add_lifecycle(
        &mut self,
        distribution: &str,
        life: &EndOfLife,
    ) -> rusqlite::Result<()> {
        let text = |date: Option<Date>| date.map(|date| date.to_string());
        let added = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO lifecycle VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![
                distribution,
                life.release,
                self.source,
                text(life.ends),
                text(life.extended)
            ])?;
        self.signals += added as u64;
        Ok(())
    }
}

/// Deletes what a source has beside advisories.
pub(super) fn forget(connection: &Connection, source: i64) -> rusqlite::Result<()> {
    for (table, _) in TABLES {
        connection.execute(&format!("DELETE FROM {table} WHERE source = ?1"), [source])?;
    }
    Ok(())
}

/// Hashes a source's rows beside advisories, table by table in order of their keys, and returns how many there are. Nothing is
/// hashed where there are none.
///
/// ```text
/// ( table 00 count 00 ( column )* )* ; column = 00 | 01 length in bytes ':' text
/// ```
pub(super) fn fold_digest(
    connection: &Connection,
    source: i64,
    hasher: &mut DigestHasher,
) -> rusqlite::Result<u64> {
    let mut all = 0;
    for (table, columns) in TABLES {
        let count: i64 = connection.query_row(
            &format!("SELECT count(*) FROM {table} WHERE source = ?1"),
            [source],
            |row| row.get(0),
        )?;
        if count == 0 {
            continue;
        }
        all += count.unsigned_abs();
        hasher.update(format!("{table}\0{count}\0").as_bytes());
        let mut statement = connection.prepare(&format!(
            "SELECT {columns} FROM {table} WHERE source = ?1 ORDER BY 1, 2"
        ))?;
        let width = statement.column_count();
        let mut rows = statement.query([source])?;
        while let Some(row) = rows.next()? {
            for column in 0..width {
                match row.get_ref(column)? {
                    ValueRef::Null => hasher.update(&[0]),
                    ValueRef::Integer(number) => field(hasher, number.to_string().as_bytes()),
                    value => field(hasher, value.as_bytes()?),
                }
            }
        }
    }
    Ok(all)
}

fn field(hasher: &mut DigestHasher, bytes: &[u8]) {
    hasher.update(format!("\u{1}{}:", bytes.len()).as_bytes());
    hasher.update(bytes);
}

/// Whether anything is known of vulnerabilities beside their advisories: without it, nobody has to ask for each.
pub(super) fn are_known(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM exploited) OR EXISTS (SELECT 1 FROM likelihood)";
    connection.query_row(sql, [], |row| row.get(0))
}

/// What is known of a vulnerability beside its advisories: by its own id, or by a CVE among its aliases.
pub(super) fn of(
    connection: &Connection,
    advisory: &AdvisoryRecord,
) -> rusqlite::Result<(Option<Exploited>, Option<Epss>)> {
    let ids = std::iter::once(&advisory.id).chain(&advisory.aliases);
    let mut exploited: Option<Exploited> = None;
    let mut likelihood: Option<(u32, u32, u32)> = None;
    for cve in ids.filter(|id| id.starts_with("CVE-")) {
        // Of several catalogues the one that knew it first; of several scores the latest, then the worst.
        let known = exploited_by(connection, cve)?;
        exploited = exploited.into_iter().chain(known).min();
        likelihood = likelihood.max(likelihood_of(connection, cve)?);
    }
    let epss = likelihood.and_then(|(date, score, percentile)| {
        Some(Epss {
            score: decimal(score),
            percentile: decimal(percentile),
            date: Date::from_number(date)?,
        })
    });
    Ok((exploited, epss))
}

fn exploited_by(connection: &Connection, cve: &str) -> rusqlite::Result<Option<Exploited>> {
    connection
        .prepare_cached(
            "SELECT added, due, (SELECT max(ransomware) FROM exploited WHERE cve = ?1) FROM exploited
             WHERE cve = ?1 ORDER BY added, due LIMIT 1",
        )?
        .query_row([cve], |row| {
            Ok(Exploited {
                since: row.get(0)?,
                due: row.get(1)?,
                ransomware: row.get(2)?,
            })
        })
        .optional()
}

fn likelihood_of(connection: &Connection, cve: &str) -> rusqlite::Result<Option<(u32, u32, u32)>> {
    connection
        .prepare_cached(
            "SELECT date, score, percentile FROM likelihood WHERE cve = ?1 ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 1",
        )?
        .query_row([cve], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
}

impl Store {
    /// How long the distribution's release is looked after, as far as the store knows.
    pub fn end_of_life(
        &self,
        distribution: &Distribution,
    ) -> Result<Option<EndOfLife>, AdvisoryError> {
        let Some((id, releases)) = names(distribution) else {
            return Ok(None);
        };
        let find = |store: &Self| -> Result<Option<EndOfLife>, AdvisoryError> {
            for release in &releases {
                let life = lifecycle(&store.connection, &id, release);
                if let Some(life) = life.map_err(|error| store.database_error(error))? {
                    return Ok(Some(life));
                }
            }
            Ok(None)
        };
        // Whoever fetches advisories alone is told of a distribution's end all the same.
        match find(self)? {
            Some(life) => Ok(Some(life)),
            None => find(&Self::starter_lifecycle()?),
        }
    }
}

/// Of several sources the one that ends it latest: nobody is told a date that has been moved.
fn lifecycle(
    connection: &Connection,
    distribution: &str,
    release: &str,
) -> rusqlite::Result<Option<EndOfLife>> {
    let date = |text: Option<String>| text.and_then(|text| text.parse().ok());
    connection
        .prepare_cached(
            "SELECT ends, extended FROM lifecycle WHERE distribution = ?1 AND release = ?2
             ORDER BY ends IS NULL DESC, ends DESC, extended DESC LIMIT 1",
        )?
        .query_row([distribution, release], |row| {
            Ok(EndOfLife {
                release: release.to_owned(),
                ends: date(row.get(0)?),
                extended: date(row.get(1)?),
            })
        })
        .optional()
}

/// The id in the table, and the names that the release can have there, the most exact first: `9.4`, then `9`.
fn names(distribution: &Distribution) -> Option<(String, Vec<String>)> {
    let version = distribution
        .version_id
        .as_deref()
        .filter(|v| !v.is_empty())?;
    let pretty = distribution.pretty_name.as_deref().unwrap_or_default();
    let id = match distribution.id.to_ascii_lowercase() {
        // Both call themselves `centos`.
        id if id == "centos" && pretty.contains("Stream") => "centos-stream".to_owned(),
        id if id == "opensuse" => "opensuse-leap".to_owned(),
        id if id == "sled" || id == "sle_hpc" => "sles".to_owned(),
        id => id,
    };
    let mut parts = version.split('.');
    let major = parts.next().unwrap_or(version);
    let mut releases = vec![version.to_owned()];
    match parts.next() {
        Some(minor) => releases.push(format!("{major}.{minor}")),
        // SUSE's `15` is the release before all service packs.
        None => releases.push(format!("{major}.0")),
    }
    releases.push(major.to_owned());
    releases.dedup();
    Some((id, releases))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::{FeedInput, Format, Source};

    fn import(store: &mut Store, name: &str, format: Format, text: &str) -> u64 {
        let input = FeedInput::Stream(name.to_owned(), Box::new(text.as_bytes()));
        let report = store
            .import(&Source::named(name), format, input)
            .expect("imported");
        assert_eq!(report.advisories, 0);
        report.signals
    }

    const SCORES: &str = "#model_version:v1,score_date:2025-02-20T00:00:00+0000\ncve,epss,percentile\nCVE-2024-1,0.00383,0.73075\n";

    #[test]
    fn decimals_are_read_and_written_with_five_digits() {
        for (text, value) in [
            ("0.00383", Some(383)),
            ("1", Some(100_000)),
            ("1.0", Some(100_000)),
            ("0.975314999", Some(97_531)),
            ("0.000005", Some(1)),
            ("0", Some(0)),
            ("1.1", None),
            ("-0.1", None),
            ("", None),
            ("4e-05", None),
            (".5", None),
        ] {
            assert_eq!(parse_decimal(text), value, "{text}");
        }
        assert_eq!(decimal(383), "0.00383");
        assert_eq!(decimal(100_000), "1.00000");
    }

    #[test]
    fn a_sources_digest_covers_what_it_has_beside_advisories() {
        let mut store = Store::in_memory().expect("store");
        let empty = store.snapshot_digest().expect("digest");
        assert_eq!(import(&mut store, "epss", Format::Epss, SCORES), 1);
        let first = store.snapshot_digest().expect("digest");
        assert_ne!(first, empty);
        for other in [
            SCORES.replace("0.00383", "0.00384"),
            SCORES.replace("2025-02-20", "2025-02-21"),
        ] {
            import(&mut store, "epss", Format::Epss, &other);
            assert_ne!(store.snapshot_digest().expect("digest"), first);
        }
        import(&mut store, "epss", Format::Epss, SCORES);
        assert_eq!(store.snapshot_digest().expect("digest"), first);
        assert!(store.remove("epss").expect("removed"));
        assert_eq!(store.snapshot_digest().expect("digest"), empty);
    }

    #[test]
    fn nothing_is_hashed_where_there_is_nothing() {
        let mut store = Store::in_memory().expect("store");
        import(&mut store, "epss", Format::Epss, SCORES);
        let digest = |source| {
            let mut hasher = DigestHasher::sha256();
            let rows = fold_digest(&store.connection, source, &mut hasher).expect("folded");
            (rows, hasher.finish())
        };
        assert_eq!(digest(99), (0, DigestHasher::sha256().finish()));
        let id = store
            .connection
            .query_row("SELECT id FROM source", [], |row| row.get(0))
            .expect("a source");
        assert_eq!(digest(id).0, 1);
    }

    #[test]
    fn a_release_is_found_by_the_most_exact_name_that_is_known() {
        let release_of = |id: &str, version: &str, pretty: &str| Distribution {
            id: id.into(),
            version_id: Some(version.into()),
            pretty_name: Some(pretty.into()),
            ..Distribution::default()
        };
        for (distribution, id, releases) in [
            (
                release_of("alpine", "3.20.3", ""),
                "alpine",
                vec!["3.20.3", "3.20", "3"],
            ),
            (release_of("rhel", "9.4", ""), "rhel", vec!["9.4", "9"]),
            (
                release_of("sles", "15", ""),
                "sles",
                vec!["15", "15.0", "15"],
            ),
            (
                release_of("centos", "9", "CentOS Stream 9"),
                "centos-stream",
                vec!["9", "9.0", "9"],
            ),
            (
                release_of("centos", "8", "CentOS Linux 8"),
                "centos",
                vec!["8", "8.0", "8"],
            ),
        ] {
            let (found, names) = names(&distribution).expect("a version");
            assert_eq!(
                (found.as_str(), names),
                (id, releases.into_iter().map(str::to_owned).collect())
            );
        }
        assert_eq!(names(&Distribution::default()), None);
    }
}
