//! What was found in a layer so far, by path: bounded, and the last entry of a name counts.

use std::collections::BTreeMap;

use super::FileFacts;
use super::gap_log::GapLog;
use crate::model::{Gap, GapKind, LayerPath, Limits, Observation};

/// Facts as they come up.
pub(super) struct Found<'a> {
    limits: &'a Limits,
    facts: BTreeMap<LayerPath, FileFacts>,
    /// How many of them are observations and nothing else: they have a bound of their own, so that they cannot push out packages.
    observed: usize,
    has_told_of_bound: bool,
}

impl<'a> Found<'a> {
    pub(super) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            facts: BTreeMap::new(),
            observed: 0,
            has_told_of_bound: false,
        }
    }

    /// What was found at a path.
    pub(super) fn at(&self, path: &LayerPath) -> Option<&FileFacts> {
        self.facts.get(path)
    }

    /// Anything but a folder. A second entry of the same name replaces the first in the container; what secrets the first held is
    /// still there.
    pub(super) fn keep(&mut self, path: &str, mut facts: FileFacts, gaps: &mut GapLog) {
        if let Some(mut earlier) = self.take(path) {
            earlier.forget_all_but_secrets();
            facts.merge(earlier);
        }
        self.insert(path, facts, gaps);
    }

    /// A folder: what its header shows takes the place of what an earlier header of this name showed, and of nothing else.
    pub(super) fn keep_folder(
        &mut self,
        path: &str,
        observed: Vec<Observation>,
        gaps: &mut GapLog,
    ) {
        if observed.is_empty() && !self.facts.contains_key(path) {
            return;
        }
        let mut facts = self.take(path).unwrap_or_default();
        facts.observations.retain(|known| !known.is_of_header());
        facts.observations.extend(observed);
        self.insert(path, facts, gaps);
    }

    fn take(&mut self, path: &str) -> Option<FileFacts> {
        let facts = self.facts.remove(path)?;
        if facts.has_only_observations() {
            self.observed = self.observed.saturating_sub(1);
        }
        Some(facts)
    }

    /// Facts are what stays in memory: their number is bounded, and what is beyond the bound is told.
    fn insert(&mut self, path: &str, facts: FileFacts, gaps: &mut GapLog) {
        if facts.is_empty() {
            return;
        }
        let is_observed = facts.has_only_observations();
        if is_observed && self.observed >= self.limits.observed {
            if !self.has_told_of_bound {
                self.has_told_of_bound = true;
                let limit = self.limits.observed;
                let detail = format!(
                    "more than {limit} entries matter to the container boundary: the rest is not told"
                );
                gaps.push(Gap::new(GapKind::LimitReached, detail));
            }
        } else if !is_observed && self.facts.len() - self.observed >= self.limits.facts {
            let limit = self.limits.facts;
            let detail =
                format!("something was found in more than {limit} files: the rest is not told");
            gaps.push(Gap::new(GapKind::LimitReached, detail));
        } else {
            self.observed += usize::from(is_observed);
            self.facts.insert(LayerPath::from_normalised(path), facts);
        }
    }

    pub(super) fn into_facts(self) -> BTreeMap<LayerPath, FileFacts> {
        self.facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Package, PackageType, ToolKind};

    fn package() -> FileFacts {
        FileFacts::of_packages(vec![Package::new(PackageType::DEB, "a", "1")])
    }

    fn shell() -> FileFacts {
        FileFacts {
            observations: vec![Observation::Tool(ToolKind::Shell)],
            ..FileFacts::default()
        }
    }

    fn limits(facts: usize, observed: usize) -> Limits {
        Limits {
            facts,
            observed,
            ..Limits::default()
        }
    }

    #[test]
    fn observations_and_packages_do_not_push_each_other_out() {
        let limits = limits(2, 2);
        let mut found = Found::new(&limits);
        let mut gaps = GapLog::default();
        for name in ["a", "b", "c"] {
            found.keep(name, shell(), &mut gaps);
        }
        found.keep("d", shell(), &mut gaps);
        for name in ["x", "y", "z"] {
            found.keep(name, package(), &mut gaps);
        }
        let kept: Vec<_> = found.into_facts().into_keys().collect();
        assert_eq!(kept, ["a", "b", "x", "y"].map(LayerPath::from));
        let details: Vec<_> = gaps.into_gaps().into_iter().map(|gap| gap.kind).collect();
        assert_eq!(details, [GapKind::LimitReached; 2]);
    }

    #[test]
    fn what_is_replaced_makes_room_again() {
        let limits = limits(1, 1);
        let mut found = Found::new(&limits);
        let mut gaps = GapLog::default();
        found.keep("a", shell(), &mut gaps);
        found.keep("a", package(), &mut gaps);
        found.keep("b", shell(), &mut gaps);
        found.keep("a", FileFacts::default(), &mut gaps);
        found.keep("c", package(), &mut gaps);
        let kept: Vec<_> = found.into_facts().into_keys().collect();
        assert_eq!(kept, ["b", "c"].map(LayerPath::from));
        assert!(gaps.into_gaps().is_empty());
    }

    #[test]
    fn a_folder_replaces_what_an_earlier_header_showed_and_nothing_else() {
        let limits = limits(9, 9);
        let mut found = Found::new(&limits);
        let mut gaps = GapLog::default();
        let mut both = package();
        both.merge(shell());
        both.observations.push(Observation::Preload);
        found.keep("a", both, &mut gaps);
        found.keep_folder("a", Vec::new(), &mut gaps);
        let facts = found.at(&"a".into()).expect("facts");
        assert_eq!(facts.packages.len(), 1);
        assert_eq!(facts.observations, [Observation::Preload]);

        found.keep_folder("b", shell().observations, &mut gaps);
        found.keep_folder("b", Vec::new(), &mut gaps);
        assert_eq!(found.at(&"b".into()), None);
    }
}
