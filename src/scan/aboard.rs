//! What is aboard, held against the advisories: findings, gaps, and the evidence that they make.
//!
//! It is the same for the bytes of an image and for a list of packages: whoever knows what is aboard fills [`Aboard`].

use super::{ScanError, ScanOptions, life};
use crate::advisories::{self, Store};
use crate::evidence::{
    Advisories, AdvisorySource, DeletedRecord, Evidence, Finding, FoundSecret, PackageRecord,
    Policy, SCHEMA, Subject, Tool, Verdict, gather_secrets, vulnerability,
};
use crate::model::{Accounting, Digest, Distribution, Gap, GapKind, Package};

/// All that is known of a subject before the advisories are asked.
pub(super) struct Aboard {
    pub(super) subject: Subject,
    pub(super) distribution: Option<Distribution>,
    pub(super) packages: Vec<PackageRecord>,
    pub(super) deleted: Vec<DeletedRecord>,
    pub(super) secrets: Vec<FoundSecret>,
    /// Files that are not what their package brought.
    pub(super) modified: Vec<Finding>,
    pub(super) files_compared: u64,
    pub(super) files: Accounting,
    pub(super) gaps: Vec<Gap>,
}

impl Aboard {
    /// Matches, judges, and writes it all down.
    pub(super) fn evidence(
        mut self,
        store: &Store,
        options: &ScanOptions,
        detectors: Digest,
    ) -> Result<Evidence, ScanError> {
        self.keep_what_is_wanted(options);
        let (vulnerabilities, unjudged) = self.vulnerabilities(store)?;
        let (as_of_date, past_life) = life::judge(store, self.distribution.as_ref(), options.date)?;
        let findings = self.findings(vulnerabilities);
        let starter = store.starter_size()?;
        let gaps = gaps(self.gaps, unjudged.into_iter().chain(past_life), starter);
        Ok(Evidence {
            schema: SCHEMA.to_owned(),
            verdict: Verdict::of(&findings, &gaps, options.gate),
            subject: self.subject,
            distribution: self.distribution,
            findings,
            gaps,
            packages: self.packages,
            deleted: self.deleted,
            files_compared: self.files_compared,
            files: self.files,
            advisories: Advisories {
                snapshot: store.snapshot_digest()?,
                sources: store
                    .sources()?
                    .into_iter()
                    .map(|source| AdvisorySource {
                        name: source.name,
                        advisories: source.advisories,
                        newest: source.newest,
                    })
                    .collect(),
            },
            as_of_date,
            policy: Policy {
                fail_on: options.gate,
                secrets: options.secrets,
                integrity: options.integrity,
                all: options.all,
                deleted: options.deleted,
            },
            tool: Tool {
                name: env!("CARGO_PKG_NAME").to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
                detectors,
            },
        })
    }

    /// Drops what is listed and matched only for those who ask for it.
    fn keep_what_is_wanted(&mut self, options: &ScanOptions) {
        if !options.all {
            self.packages.retain(|record| record.owned_by.is_none());
        }
        if !options.deleted {
            self.deleted.clear();
        }
    }

    /// What the advisories say of all packages, and of which they say nothing. What is part of another package that is judged, what
    /// the container does not have, and what only a list in the image claims to be there, leaves no gap.
    fn vulnerabilities(&self, store: &Store) -> Result<(Vec<Finding>, Vec<Gap>), ScanError> {
        let deleted = self.deleted.iter();
        let deleted = deleted.map(|deleted| (&deleted.package, Some(deleted.removed_in)));
        let packages = self.packages.iter().map(|record| (record, None));
        let (counting, others): (Vec<Candidate<'_>>, Vec<Candidate<'_>>) =
            packages.chain(deleted).partition(|(record, removed_in)| {
                let is_claimed = record.package.properties.contains_key("claimed-by");
                record.owned_by.is_none() && removed_in.is_none() && !is_claimed
            });
        let (mut findings, gaps) = self.matched(store, &counting)?;
        findings.extend(self.matched(store, &others)?.0);
        Ok((findings, gaps))
    }

    fn matched(
        &self,
        store: &Store,
        candidates: &[Candidate<'_>],
    ) -> Result<(Vec<Finding>, Vec<Gap>), ScanError> {
        let packages = candidates.iter().map(|(record, _)| record.package.clone());
        let packages: Vec<Package> = packages.collect();
        let matched = advisories::match_packages(store, self.distribution.as_ref(), &packages)?;
        let findings = matched.matches.iter().filter_map(|found| {
            let (record, removed_in) = candidates.get(found.package)?;
            Some(vulnerability(found, (*record).clone(), *removed_in))
        });
        Ok((findings.collect(), matched.gaps))
    }

    fn findings(&mut self, mut findings: Vec<Finding>) -> Vec<Finding> {
        findings.extend(gather_secrets(std::mem::take(&mut self.secrets)));
        findings.append(&mut self.modified);
        findings.sort_by_cached_key(Finding::order);
        findings
    }
}

/// A package to match, and the layer that took it out of sight, where one did.
type Candidate<'a> = (&'a PackageRecord, Option<usize>);

fn gaps(found: Vec<Gap>, matched: impl Iterator<Item = Gap>, starter: Option<u64>) -> Vec<Gap> {
    let mut gaps = found;
    gaps.extend(matched);
    if let Some(count) = starter {
        let detail = format!("matched with only the {count} advisories inside Plimsoll");
        gaps.push(Gap::new(GapKind::StarterAdvisories, detail));
    }
    gaps.sort();
    gaps.dedup();
    gaps
}
