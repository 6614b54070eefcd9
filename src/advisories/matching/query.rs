//! One package against the rows of one ecosystem, and of all that apply to it.

use std::collections::BTreeSet;

use super::candidate::Lookup;
use super::fold::Hit;
use super::module::{self, Context};
use super::target::{self, Inferred, Keyed};
use super::{Searched, flavour};
use crate::advisories::advisory::Status;
use crate::advisories::ecosystem;
use crate::advisories::version::Scheme;
use crate::model::{Gap, GapKind, Package, Untrusted};

/// The names and versions to look a package up by: of each list the first that is known.
pub(super) fn lookup_keys(package: &Package, keyed: Keyed) -> Vec<Vec<(String, String)>> {
    let own = || (package.name.clone(), package.version.clone());
    let source = package
        .source
        .as_ref()
        .map(|source| (source.name.clone(), source.version.clone()));
    match keyed {
        Keyed::Source => vec![vec![source.unwrap_or_else(own)]],
        Keyed::BinaryThenSource => vec![std::iter::once(own()).chain(source).collect()],
        Keyed::BinaryAndSource => {
            let (name, version) = source.clone().unwrap_or_else(own);
            vec![
                std::iter::once(own()).chain(source).collect(),
                vec![(format!("{name}.src"), version)],
            ]
        }
        Keyed::Name => {
            let name = target::bitnami_name(package).map(str::to_owned);
            let name = name.unwrap_or_else(|| package.full_name());
            vec![vec![(name, package.version.clone())]]
        }
    }
}

pub(super) fn find_hits(
    lookup: &mut Lookup<'_>,
    searched: &[Searched],
    package: &Package,
    gaps: &mut Vec<Gap>,
) -> rusqlite::Result<Vec<Hit>> {
    let mut hits = Vec::new();
    let places = consulted(lookup, searched, package)?;
    for place in &places {
        Query { package, place }.run(lookup, &mut hits, gaps)?;
    }
    if hits.iter().any(|hit| hit.inferred) {
        let own = places.iter().filter(|place| place.inferred.is_none());
        let own_rows: Vec<i64> = own.map(|place| place.row).collect();
        drop_settled(lookup, &own_rows, package, &mut hits)?;
    }
    Ok(hits)
}

/// What the store is asked of a package: of each list of its names the first that an ecosystem knows.
pub(super) struct Consulted<'q> {
    pub(super) ecosystem: &'q str,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) row: i64,
    pub(super) inferred: Option<Inferred>,
}

pub(super) fn consulted<'q>(
    lookup: &Lookup<'_>,
    searched: &'q [Searched],
    package: &Package,
) -> rusqlite::Result<Vec<Consulted<'q>>> {
    let mut places = Vec::new();
    for ecosystem in searched {
        for keys in lookup_keys(package, ecosystem.keyed) {
            for (name, version) in keys {
                let name = ecosystem::normal_name(&ecosystem.name, &name).into_owned();
                if let Some(row) = lookup.package(ecosystem.id, &name)? {
                    places.push(Consulted {
                        ecosystem: &ecosystem.name,
                        name,
                        version,
                        row,
                        inferred: ecosystem.inferred,
                    });
                    break;
                }
            }
        }
    }
    Ok(places)
}

/// An issue that the distribution itself speaks of is no longer open there, whatever the other one still says.
fn drop_settled(
    lookup: &Lookup<'_>,
    own_rows: &[i64],
    package: &Package,
    hits: &mut Vec<Hit>,
) -> rusqlite::Result<()> {
    let context = Context::of(package, &package.version);
    let mut settled = BTreeSet::new();
    for row in own_rows {
        let named = lookup.vulnerabilities(*row)?.into_iter();
        let of_stream = named.filter(|(_, module)| context.may_be_of(module));
        settled.extend(of_stream.map(|(name, _)| name));
    }
    hits.retain(|hit| {
        !hit.inferred || !module::vulnerabilities(&hit.candidate).all(|name| settled.contains(name))
    });
    Ok(())
}

/// One package that the store knows in one ecosystem.
struct Query<'q> {
    package: &'q Package,
    place: &'q Consulted<'q>,
}

/// Why a version that is there says nothing of releases: a Go program that was built from a checkout has a version made of its commit,
/// below every release, so that all advisories there ever were would seem to apply.
pub(super) fn unreleased(package: &Package) -> Option<&'static str> {
    let source = package.properties.get("version-source")?;
    let is_of_commit = source == "vcs" && package.version.contains("0.0.0-");
    is_of_commit.then_some("it is made of a commit, and does not say after which release that came")
}

impl Query<'_> {
    fn run(
        &self,
        lookup: &mut Lookup<'_>,
        hits: &mut Vec<Hit>,
        gaps: &mut Vec<Gap>,
    ) -> rusqlite::Result<()> {
        if let Some(why) = unreleased(self.package) {
            gaps.push(self.gap(why));
            return Ok(());
        }
        let scheme = ecosystem::scheme(self.place.ecosystem);
        let mut found = lookup.exact(self.place.row, self.place.version.trim())?;
        match scheme.map(|scheme| scheme.key(&self.place.version)) {
            Some(Ok(key)) => found.extend(lookup.ranges(self.place.row, &key)?),
            Some(Err(error)) => gaps.push(self.gap(&error.to_string())),
            None => {}
        }
        if scheme == Some(Scheme::Rpm) {
            let context = Context::of(self.package, &self.place.version);
            let known = if context.is_modular() {
                lookup.streams(self.place.row)?
            } else {
                BTreeSet::new()
            };
            let doubt = context.sift(&mut found, &known);
            gaps.extend(doubt.map(|why| self.gap(&why)));
        }
        if self.place.inferred == Some(Inferred::Open) {
            found.retain(|candidate| candidate.status != Status::Fixed);
        }
        found.retain(|candidate| {
            let named = candidate.fixed.as_deref();
            let named = named.or(candidate.last_affected.as_deref());
            flavour::is_same(scheme, &self.place.version, named)
        });
        let undecided = lookup.undecided(self.place.row)?;
        let is_open = |advisory: &str| !found.iter().any(|hit| hit.record.id == advisory);
        let mut open = undecided.iter().filter(|range| is_open(&range.advisory));
        if let Some(first) = open.next() {
            let more = match open.count() {
                0 => String::new(),
                more => format!(" (and {more} more)"),
            };
            let why = scheme.map_or_else(
                || format!("there is no version order for {} yet", self.place.ecosystem),
                |scheme| format!("{scheme} cannot order it"),
            );
            gaps.push(self.gap(&format!(
                "{} says `{}`: {why}{more}",
                first.advisory,
                Untrusted(&first.events)
            )));
        }
        hits.extend(found.into_iter().map(|candidate| Hit {
            candidate,
            ecosystem: self.place.ecosystem.to_owned(),
            name: self.place.name.clone(),
            installed: self.place.version.clone(),
            scheme,
            inferred: self.place.inferred.is_some(),
            is_extended: false,
        }));
        Ok(())
    }

    fn gap(&self, why: &str) -> Gap {
        let detail = format!(
            "{} {} {}: {why}",
            self.package.package_type,
            Untrusted(&self.place.name),
            Untrusted(&self.place.version)
        );
        Gap::new(GapKind::UnorderedVersion, detail)
    }
}
