//! What is aboard, held against the advisories: findings, gaps, and the evidence that they make.
//!
//! It is the same for the bytes of an image and for a list of packages: whoever knows what is aboard fills [`Aboard`].

use super::age;
use super::{ScanError, ScanOptions, life};
use crate::advisories::{self, AsOf, Match, Store};
use crate::evidence::{
    Advisories, AdvisorySource, CheckRecord, DeletedRecord, EarlierAdvisories, Evidence, Finding,
    FoundSecret, PackageRecord, Policy, SCHEMA, Subject, Tool, Verdict, boundary, gather_secrets,
    vulnerability,
};
use crate::model::{Accounting, Date, Digest, Distribution, Gap, GapKind, Package};
use crate::posture::{self, ImageView};

/// All that is known of a subject before the advisories are asked.
pub(super) struct Aboard {
    pub(super) subject: Subject,
    pub(super) distribution: Option<Distribution>,
    pub(super) packages: Vec<PackageRecord>,
    pub(super) deleted: Vec<DeletedRecord>,
    pub(super) secrets: Vec<FoundSecret>,
    /// Files that are not what their package brought.
    pub(super) modified: Vec<Finding>,
    /// The image as the checks of its boundary see it; a list of packages has none.
    pub(super) view: Option<ImageView>,
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
        let (vulnerabilities, unjudged) = self.vulnerabilities(store, options.new_since)?;
        let life = life::judge(store, self.distribution.as_ref(), options.date)?;
        let (boundary, checks) = self.boundary(life.ended);
        let findings = self.findings(vulnerabilities, boundary);
        let starter = store.starter_size()?;
        let (aged_by, stale) = age::judge(store, options)?;
        let unjudged = unjudged.into_iter().chain(life.over).chain(stale);
        let gaps = gaps(self.gaps, unjudged, starter);
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
            checks,
            settings: Vec::new(),
            ways_out: Vec::new(),
            standards: Vec::new(),
            proof: None,
            advisories: Some(advisories_of(store, options)?),
            as_of_date: life.asked.or(aged_by),
            policy: Policy {
                fail_on: options.gate,
                secrets: options.secrets,
                posture: options.posture,
                bases: (!options.bases.all().is_empty())
                    .then(|| options.bases.digest())
                    .transpose()?,
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
    fn vulnerabilities(
        &self,
        store: &Store,
        new_since: Option<AsOf>,
    ) -> Result<(Vec<Finding>, Vec<Gap>), ScanError> {
        let deleted = self.deleted.iter();
        let deleted = deleted.map(|deleted| (&deleted.package, Some(deleted.removed_in)));
        let packages = self.packages.iter().map(|record| (record, None));
        let (counting, others): (Vec<Candidate<'_>>, Vec<Candidate<'_>>) =
            packages.chain(deleted).partition(|(record, removed_in)| {
                let is_claimed = record.package.properties.contains_key("claimed-by");
                record.owned_by.is_none() && removed_in.is_none() && !is_claimed
            });
        let (mut findings, gaps) = self.matched(store, new_since, &counting)?;
        findings.extend(self.matched(store, new_since, &others)?.0);
        Ok((findings, gaps))
    }

    fn matched(
        &self,
        store: &Store,
        new_since: Option<AsOf>,
        candidates: &[Candidate<'_>],
    ) -> Result<(Vec<Finding>, Vec<Gap>), ScanError> {
        let packages = candidates.iter().map(|(record, _)| record.package.clone());
        let packages: Vec<Package> = packages.collect();
        let distribution = self.distribution.as_ref();
        let matched = advisories::match_packages(store, distribution, &packages)?;
        let known = new_since
            .map(|as_of| advisories::known_as_of(store, as_of, distribution, &packages))
            .transpose()?;
        let is_new = |found: &Match| {
            let advisory = &found.advisory;
            let mut names = std::iter::once(&advisory.id).chain(&advisory.aliases);
            known.as_ref().is_some_and(|known| {
                !names.any(|name| known.contains(&(found.package, name.clone())))
            })
        };
        let findings = matched.matches.iter().filter_map(|found| {
            let (record, removed_in) = candidates.get(found.package)?;
            let mut finding = vulnerability(found, (*record).clone(), *removed_in);
            if let Finding::Vulnerability(finding) = &mut finding {
                finding.new = is_new(found);
            }
            Some(finding)
        });
        Ok((findings.collect(), matched.gaps))
    }

    /// What the image itself says of the container boundary.
    fn boundary(&mut self, ended: Option<Option<Date>>) -> (Vec<Finding>, Vec<CheckRecord>) {
        let Some(mut view) = self.view.take() else {
            return (Vec::new(), Vec::new());
        };
        view.end_of_life = ended;
        let checked = posture::checks::run(&view);
        let instruction = |layer: usize| self.subject.layers.get(layer)?.instruction.clone();
        boundary(&checked, instruction)
    }

    fn findings(&mut self, mut findings: Vec<Finding>, boundary: Vec<Finding>) -> Vec<Finding> {
        findings.extend(boundary);
        findings.extend(gather_secrets(std::mem::take(&mut self.secrets)));
        findings.append(&mut self.modified);
        findings.sort_by_cached_key(Finding::order);
        findings
    }
}

/// Which advisories were asked, and how they can be had again.
fn advisories_of(store: &Store, options: &ScanOptions) -> Result<Advisories, ScanError> {
    let asked = store.asked();
    let sources = store.sources()?.into_iter().map(|source| AdvisorySource {
        name: source.name,
        advisories: source.advisories,
        // Of an earlier time it is not known.
        newest: source.newest.filter(|_| asked.is_now()),
    });
    let earlier = options.new_since.map(|as_of| -> Result<_, ScanError> {
        Ok(EarlierAdvisories {
            as_of: as_of.to_string(),
            snapshot: store.snapshot_digest_as_of(as_of)?,
        })
    });
    Ok(Advisories {
        snapshot: store.snapshot_digest()?,
        sources: sources.collect(),
        as_of: (!asked.is_now()).then(|| asked.to_string()),
        compared_with: earlier.transpose()?,
    })
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
