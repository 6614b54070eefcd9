//! What is aboard, held against the advisories: findings, gaps, and the evidence that they make.
//!
//! It is the same for the bytes of an image and for a list of packages: whoever knows what is aboard fills [`Aboard`].

use super::{ScanError, ScanOptions};
use crate::advisories::{self, Match, SourceStatus, Store};
use crate::evidence::{
    Advisories, AdvisorySource, DeletedRecord, Evidence, Finding, FoundSecret, PackageRecord,
    Policy, SCHEMA, Subject, Tool, Verdict, gather_secrets, vulnerability,
};
use crate::model::{Accounting, Digest, Distribution, Gap, GapKind};

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
        let deleted = self.deleted.iter().map(|deleted| &deleted.package.package);
        let packages: Vec<_> = self
            .packages
            .iter()
            .map(|record| &record.package)
            .chain(deleted)
            .cloned()
            .collect();
        let matched = advisories::match_packages(store, self.distribution.as_ref(), &packages)?;
        let sources = store.sources()?;
        let findings = self.findings(&matched.matches);
        let gaps = gaps(self.gaps, matched.gaps, &sources);
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
                sources: sources
                    .into_iter()
                    .map(|source| AdvisorySource {
                        name: source.name,
                        advisories: source.advisories,
                        newest: source.newest,
                    })
                    .collect(),
            },
            policy: Policy {
                fail_on: options.gate,
                secrets: options.secrets,
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

    /// The package at this place of the list that was matched, and the layer that took it out of sight.
    fn candidate(&self, index: usize) -> Option<(&PackageRecord, Option<usize>)> {
        match index.checked_sub(self.packages.len()) {
            None => Some((self.packages.get(index)?, None)),
            Some(rest) => {
                let deleted = self.deleted.get(rest)?;
                Some((&deleted.package, Some(deleted.removed_in)))
            }
        }
    }

    fn findings(&mut self, matches: &[Match]) -> Vec<Finding> {
        let vulnerabilities = matches.iter().filter_map(|found| {
            let (record, removed_in) = self.candidate(found.package)?;
            Some(vulnerability(found, record.clone(), removed_in))
        });
        let mut findings: Vec<Finding> = vulnerabilities.collect();
        findings.extend(gather_secrets(std::mem::take(&mut self.secrets)));
        findings.append(&mut self.modified);
        findings.sort_by_cached_key(Finding::order);
        findings
    }
}

fn gaps(found: Vec<Gap>, matched: Vec<Gap>, sources: &[SourceStatus]) -> Vec<Gap> {
    let mut gaps = found;
    gaps.extend(matched);
    if let [only] = sources
        && only.name == Store::STARTER
    {
        let detail = format!(
            "matched with only the {} advisories inside Plimsoll",
            only.advisories
        );
        gaps.push(Gap::new(GapKind::StarterAdvisories, detail));
    }
    gaps.sort();
    gaps.dedup();
    gaps
}
