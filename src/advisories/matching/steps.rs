//! The comparisons that decide whether a range holds a version, one by one, for people to check.

use std::cmp::Ordering;

use serde::Serialize;

use crate::advisories::version::Scheme;

/// One comparison: the installed version, a sign, a bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What the bound is.
    pub bound: Bound,
    /// `<`, `=` or `>`: how the installed version stands to the bound.
    pub sign: char,
    /// The bound as the feed writes it.
    pub version: String,
}

/// Which end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bound {
    /// From this version on.
    Introduced,
    /// Before this version.
    Fixed,
    /// Up to and including this version.
    LastAffected,
}

impl Step {
    /// Whether the comparison lets the version be inside.
    pub const fn holds(&self) -> bool {
        match self.bound {
            Bound::Introduced => self.sign != '<',
            Bound::Fixed => self.sign == '<',
            Bound::LastAffected => self.sign != '>',
        }
    }

    /// What follows from it, in words.
    pub const fn conclusion(&self) -> &'static str {
        match (self.bound, self.holds()) {
            (Bound::Introduced, true) => "not before the flaw came in",
            (Bound::Introduced, false) => "before the flaw came in",
            (Bound::Fixed, true) => "below the fix",
            (Bound::Fixed, false) => "has the fix",
            (Bound::LastAffected, true) => "not above the last affected version",
            (Bound::LastAffected, false) => "above the last affected version",
        }
    }
}

/// The comparisons of a version with the bounds of a range. A bound that is not there needs none; nothing is said where the
/// scheme orders either version not at all.
pub fn steps(
    scheme: Scheme,
    installed: &str,
    introduced: Option<&str>,
    fixed: Option<&str>,
    last_affected: Option<&str>,
) -> Vec<Step> {
    let Ok(key) = scheme.key(installed) else {
        return Vec::new();
    };
    let bounds = [
        (Bound::Introduced, introduced),
        (Bound::Fixed, fixed),
        (Bound::LastAffected, last_affected),
    ];
    let step = |(bound, version): (Bound, Option<&str>)| {
        let version = version?;
        let other = match bound {
            Bound::LastAffected => scheme.upper_key(version),
            Bound::Introduced | Bound::Fixed => scheme.key(version),
        };
        // An upper bound stands for all versions up to it (`1.0` for `1.0-1`): equal is what is not above it and not below
        // the version itself.
        let mut order = key.cmp(&other.ok()?);
        if bound == Bound::LastAffected
            && order == Ordering::Less
            && scheme.key(version).is_ok_and(|own| own <= key)
        {
            order = Ordering::Equal;
        }
        let sign = match order {
            Ordering::Less => '<',
            Ordering::Equal => '=',
            Ordering::Greater => '>',
        };
        Some(Step {
            bound,
            sign,
            version: version.to_owned(),
        })
    };
    bounds.into_iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_is_compared_and_says_what_follows() {
        let said = |installed, introduced, fixed, last| {
            let steps = steps(Scheme::Dpkg, installed, introduced, fixed, last);
            let said = steps
                .iter()
                .map(|step| (step.sign, step.version.clone(), step.conclusion()));
            said.collect::<Vec<_>>()
        };
        assert_eq!(
            said("1.0-1", None, Some("1.0-2"), None),
            [('<', "1.0-2".into(), "below the fix")]
        );
        assert_eq!(
            said("1.0-2", Some("1.0-1"), Some("1.0-2"), None),
            [
                ('>', "1.0-1".into(), "not before the flaw came in"),
                ('=', "1.0-2".into(), "has the fix")
            ]
        );
        assert_eq!(
            said("2", None, None, Some("1")),
            [('>', "1".into(), "above the last affected version")]
        );
        assert_eq!(said("no version", None, Some("1"), None), []);
    }

    #[test]
    fn a_last_affected_version_without_a_release_stands_for_all_its_releases() {
        let steps = steps(Scheme::Rpm, "1.0-5", None, None, Some("1.0"));
        assert_eq!((steps[0].sign, steps[0].holds()), ('=', true));
    }
}
