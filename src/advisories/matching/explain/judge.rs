//! What one row comes to for one package.

use super::mention::{Mention, Relation, Said};
use super::{RowExplanation, RowVerdict};
use crate::advisories::advisory::{AdvisoryKind, Status};
use crate::advisories::ecosystem;
use crate::advisories::matching::candidate::{Candidate, Lookup};
use crate::advisories::matching::fold::Hit;
use crate::advisories::matching::records::{Side, StoredRow};
use crate::advisories::matching::steps::steps;
use crate::advisories::matching::{build, unreleased};
use crate::advisories::version::Scheme;
use crate::model::Package;

/// Listed versions that are shown of those that are not the package's.
const LISTED_SHOWN: usize = 3;

/// A package, and the rows that the matcher finds for it.
pub(super) struct Case<'c> {
    pub(super) package: &'c Package,
    pub(super) hits: &'c [Hit],
}

impl Case<'_> {
    /// Judges all rows of a mention. Listed versions that are not the package's become one row for each record.
    pub(super) fn judge_all(
        &self,
        lookup: &mut Lookup<'_>,
        mention: &Mention<'_>,
    ) -> rusqlite::Result<Vec<RowExplanation>> {
        let mut rows: Vec<RowExplanation> = Vec::new();
        let mut listed: Vec<(usize, usize)> = Vec::new();
        for said in &mention.rows {
            let row = self.judge(lookup, *said, mention)?;
            let is_same_list = |(place, _): &&mut (usize, usize)| {
                rows.get(*place).is_some_and(|first| {
                    (&first.advisory, &first.source, &first.row.package)
                        == (&row.advisory, &row.source, &row.row.package)
                })
            };
            if row.verdict != RowVerdict::NotListed {
                rows.push(row);
            } else if let Some((place, count)) = listed.iter_mut().find(is_same_list) {
                *count += 1;
                if *count <= LISTED_SHOWN
                    && let Some(first) = rows.get_mut(*place)
                    && let Some(version) = &row.row.listed
                {
                    first.range = format!("{}, {version}", first.range);
                }
            } else {
                listed.push((rows.len(), 1));
                rows.push(row);
            }
        }
        for (place, count) in listed {
            if let Some(row) = rows.get_mut(place) {
                let more = if count > LISTED_SHOWN { ", …" } else { "" };
                let range = row.range.trim_start_matches("= ");
                row.range = format!("{count} listed: {}{more}", range.replace(" (listed)", ""));
            }
        }
        Ok(rows)
    }

    fn judge(
        &self,
        lookup: &mut Lookup<'_>,
        (record, row): Said<'_>,
        mention: &Mention<'_>,
    ) -> rusqlite::Result<RowExplanation> {
        let scheme = ecosystem::scheme(&row.ecosystem);
        let is_hit = self.hits.iter().any(|hit| {
            let of = &hit.candidate.record;
            (&of.id, &of.source) == (&record.id, &record.source) && is_row(hit, row)
        });
        let verdict = if is_hit {
            RowVerdict::Applies
        } else if let Some(on) = &record.withdrawn {
            RowVerdict::Withdrawn { on: on.clone() }
        } else if !matches!(
            record.kind,
            AdvisoryKind::Vulnerability | AdvisoryKind::Malicious
        ) {
            RowVerdict::NoVulnerability { kind: record.kind }
        } else {
            let candidate = row.candidate(lookup.record(record.key)?);
            self.why_not(row, &candidate, scheme, mention)
        };
        // Versions of another release, or of another of the package's names, say nothing of this one.
        let compares = mention.relation == Relation::Consulted;
        let steps = scheme.filter(|_| compares).map(|scheme| {
            let (introduced, fixed) = (row.introduced.as_deref(), row.fixed.as_deref());
            let last = row.last_affected.as_deref();
            steps(scheme, &mention.version, introduced, fixed, last)
        });
        Ok(RowExplanation {
            advisory: record.id.clone(),
            source: record.source.clone(),
            range: row.range(),
            row: row.clone(),
            installed: mention.version.clone(),
            scheme: scheme.map(Scheme::name),
            steps: steps.unwrap_or_default(),
            verdict,
        })
    }

    /// Why a row of a record that is matched is none that applies.
    fn why_not(
        &self,
        row: &StoredRow,
        candidate: &Candidate,
        scheme: Option<Scheme>,
        mention: &Mention<'_>,
    ) -> RowVerdict {
        let no_order = |why: String| RowVerdict::NoOrder { why };
        match &mention.relation {
            Relation::Consulted => {}
            Relation::OtherName(name) => {
                let looked_up = name.clone();
                return RowVerdict::OtherName { looked_up };
            }
            Relation::OtherRelease => return RowVerdict::OtherRelease,
            Relation::NotLookedUp => return RowVerdict::NotLookedUp,
        }
        if let Some(why) = unreleased(self.package) {
            return no_order(format!("`{}`: {why}", mention.version));
        }
        if row.listed.is_some() {
            return RowVerdict::NotListed;
        }
        let Some(scheme) = scheme else {
            return no_order(format!(
                "there is no version order for {} yet",
                row.ecosystem
            ));
        };
        let Some(keys) = &row.keys else {
            return no_order(format!("{scheme} cannot order the advisory's range"));
        };
        let key = match scheme.key(&mention.version) {
            Ok(key) => key,
            Err(error) => return no_order(error.to_string()),
        };
        match keys.side(&key) {
            Side::Below => RowVerdict::NotYet,
            Side::Above if row.fixed.is_some() => RowVerdict::Fixed,
            Side::Above => RowVerdict::Past,
            Side::Inside if mention.inferred && row.status == Status::Fixed => {
                let why = "the distribution has fixes of its own; of the one that it is rebuilt from, only open issues count";
                RowVerdict::OtherBuild { why }
            }
            Side::Inside => build::other(self.package, scheme, &mention.version, candidate)
                .map_or(RowVerdict::LeftOut, |why| RowVerdict::OtherBuild { why }),
        }
    }
}

/// Whether a hit came from a row of its record.
fn is_row(hit: &Hit, row: &StoredRow) -> bool {
    let candidate = &hit.candidate;
    let place = (&hit.ecosystem, &hit.name) == (&row.ecosystem, &row.package);
    let versions = match &row.listed {
        Some(version) => candidate.is_exact && *version == hit.installed.trim(),
        None => {
            !candidate.is_exact
                && (
                    &candidate.introduced,
                    &candidate.fixed,
                    &candidate.last_affected,
                ) == (&row.introduced, &row.fixed, &row.last_affected)
                && (candidate.status, &candidate.module) == (row.status, &row.module)
                && row.keys.is_some()
        }
    };
    place && versions
}
