//! Module streams of the Red Hat family: which rows are about the stream that a package is of.
//!
//! One release has the same package several times: plain, and once for each stream of a module (`nodejs:18`, `nodejs:20`),
//! with versions that have nothing to do with each other. rpm records the stream of an installed package, and most rows
//! say theirs. Where one of them does not, this file decides what can be decided, and names the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::candidate::Candidate;
use crate::model::Package;

/// What an installed package is known to be.
pub(super) struct Context<'p> {
    package: &'p Package,
    is_modular: bool,
    /// `nodejs:18`.
    label: Option<String>,
}

/// Whether a row is about the package's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Same,
    Other,
    Unknown,
}

/// A build of a module: `.module+el8.9.0`, `.module_el9`.
fn is_modular(version: &str) -> bool {
    version.contains(".module")
}

impl<'p> Context<'p> {
    pub(super) fn of(package: &'p Package, version: &str) -> Self {
        let label = package.properties.get("modularity-label");
        let label = label.and_then(|label| {
            let mut parts = label.split(':');
            let (module, stream) = (parts.next()?, parts.next()?);
            (!module.is_empty() && !stream.is_empty()).then(|| format!("{module}:{stream}"))
        });
        Self {
            package,
            is_modular: label.is_some() || is_modular(version),
            label,
        }
    }

    /// Whether the package comes from a module at all.
    pub(super) fn is_modular(&self) -> bool {
        self.is_modular
    }

    /// Whether a row that names these streams could be about the package.
    pub(super) fn may_be_of(&self, module: &str) -> bool {
        match &self.label {
            _ if module.is_empty() => true,
            Some(label) => names_stream(module, label),
            None => self.is_modular && self.by_number(module) != Some(false),
        }
    }

    /// Keeps the rows about the package's stream. `known` are the streams of all the package's rows, whatever their versions.
    /// What comes back says why a row could not be judged, if one could not.
    pub(super) fn sift(
        &self,
        found: &mut Vec<Candidate>,
        known: &BTreeSet<String>,
    ) -> Option<String> {
        let with_streams: BTreeSet<String> = found
            .iter()
            .filter(|candidate| !candidate.module.is_empty())
            .map(|candidate| candidate.record.id.clone())
            .collect();
        let verdicts: Vec<Verdict> = found
            .iter()
            .map(|candidate| self.judge(candidate, &with_streams, known))
            .collect();
        let agreed = agreed(found, &verdicts, known);
        let mut doubts: Vec<String> = Vec::new();
        let mut verdicts = verdicts.into_iter();
        found.retain(|candidate| match verdicts.next() {
            Some(Verdict::Same) => true,
            Some(Verdict::Unknown) if is_agreed(candidate, &agreed, known) => true,
            Some(Verdict::Unknown) => {
                let of = match candidate.module.as_str() {
                    "" => "a stream that it does not name",
                    module => module,
                };
                doubts.push(format!("{} is about {of}", candidate.record.id));
                false
            }
            Some(Verdict::Other) | None => false,
        });
        let first = doubts.first()?;
        let more = match doubts.len() - 1 {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        let stream = self.label.as_deref().unwrap_or("not known");
        Some(format!("its module stream is {stream}, and {first}{more}"))
    }

    fn judge(
        &self,
        candidate: &Candidate,
        with_streams: &BTreeSet<String>,
        known: &BTreeSet<String>,
    ) -> Verdict {
        if !candidate.module.is_empty() {
            return self.judge_stream(&candidate.module, known);
        }
        match candidate.fixed.as_deref() {
            // An open issue. Where its record tells streams apart, what names none is the package outside of modules.
            None if self.is_modular && with_streams.contains(&candidate.record.id) => {
                Verdict::Other
            }
            None => Verdict::Same,
            Some(fixed) if is_modular(fixed) != self.is_modular => Verdict::Other,
            Some(_) if !self.is_modular => Verdict::Same,
            Some(fixed) => self.judge_build(fixed, known),
        }
    }

    /// A row that names its streams.
    fn judge_stream(&self, module: &str, known: &BTreeSet<String>) -> Verdict {
        let same = |is_same| {
            if is_same {
                Verdict::Same
            } else {
                Verdict::Other
            }
        };
        if let Some(label) = &self.label {
            return same(names_stream(module, label));
        }
        if !self.is_modular {
            return Verdict::Other;
        }
        let by_number = |module: &str| self.by_number(module);
        if let Some(is_same) = by_number(module) {
            return same(is_same);
        }
        // It is another one's, if that one's number fits.
        if known.iter().any(|other| by_number(other) == Some(true)) {
            return Verdict::Other;
        }
        let possible = known.iter().filter(|other| by_number(other).is_none());
        if possible.count() > 1 {
            Verdict::Unknown
        } else {
            Verdict::Same
        }
    }

    /// A row that names no stream, with the build of a module that has the fix.
    fn judge_build(&self, fixed: &str, known: &BTreeSet<String>) -> Verdict {
        let installed = &self.package.version;
        if let Some(label) = &self.label {
            let number = number(label, &self.package.name);
            if let Some(number) = number.filter(|number| begins_with(installed, number)) {
                let is_same = begins_with(fixed, number);
                return if is_same {
                    Verdict::Same
                } else {
                    Verdict::Other
                };
            }
            let has_others = known.iter().any(|module| !names_stream(module, label));
            return if has_others {
                Verdict::Unknown
            } else {
                Verdict::Same
            };
        }
        match known.len() {
            1 => Verdict::Same,
            // Nothing is known of streams: at least the first number has to be the same.
            0 if first_number(fixed) == first_number(installed) => Verdict::Same,
            _ => Verdict::Unknown,
        }
    }

    /// Whether the installed version fits one of the streams, where a stream is a version of this very package or of its
    /// source package.
    fn by_number(&self, module: &str) -> Option<bool> {
        let own = (&self.package.name, &self.package.version);
        let source = self.package.source.as_ref();
        let source = source.map(|source| (&source.name, &source.version));
        let fits = module.split(' ').filter_map(|stream| {
            [Some(own), source]
                .into_iter()
                .flatten()
                .find_map(|(name, version)| Some(begins_with(version, number(stream, name)?)))
        });
        fits.max()
    }
}

/// The stream as a version, if its module is named after the package.
fn number<'s>(stream: &'s str, package: &str) -> Option<&'s str> {
    let (module, number) = stream.split_once(':')?;
    let is_version = number
        .split('.')
        .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
    (is_version && module == package).then_some(number)
}

/// A row may name two streams that came with one erratum: `virt:rhel virt-devel:rhel`.
fn names_stream(module: &str, stream: &str) -> bool {
    module.split(' ').any(|one| one == stream)
}

/// The upstream part of a version.
fn upstream(version: &str) -> &str {
    version
        .split_once(':')
        .map_or(version, |(_, version)| version)
}

fn begins_with(version: &str, number: &str) -> bool {
    upstream(version)
        .strip_prefix(number)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
}

fn first_number(version: &str) -> &str {
    let upstream = upstream(version);
    let end = upstream.find(|c: char| !c.is_ascii_digit());
    end.and_then(|end| upstream.get(..end)).unwrap_or(upstream)
}

/// Which streams have an undecided row for each vulnerability.
fn agreed<'c>(
    found: &'c [Candidate],
    verdicts: &[Verdict],
    known: &BTreeSet<String>,
) -> BTreeSet<String> {
    let mut streams: BTreeMap<&'c str, BTreeSet<&'c str>> = BTreeMap::new();
    for (candidate, verdict) in found.iter().zip(verdicts) {
        if *verdict == Verdict::Unknown && !candidate.module.is_empty() {
            for name in vulnerabilities(candidate) {
                streams.entry(name).or_default().insert(&candidate.module);
            }
        }
    }
    streams.retain(|_, streams| streams.len() == known.len());
    streams.into_keys().map(str::to_owned).collect()
}

/// Whether the package has the vulnerabilities of the row, of whichever stream it is.
fn is_agreed(candidate: &Candidate, agreed: &BTreeSet<String>, known: &BTreeSet<String>) -> bool {
    known.contains(&candidate.module)
        && vulnerabilities(candidate).all(|name| agreed.contains(name))
}

/// The CVEs of a row's record, or its own id.
pub(super) fn vulnerabilities(candidate: &Candidate) -> impl Iterator<Item = &str> {
    let record = &candidate.record;
    let names = || {
        std::iter::once(&record.id)
            .chain(&record.aliases)
            .chain(&record.upstream)
    };
    let has_cves = names().any(|name| name.starts_with("CVE-"));
    names()
        .filter(move |name| name.starts_with("CVE-") || (!has_cves && **name == record.id))
        .map(String::as_str)
}
