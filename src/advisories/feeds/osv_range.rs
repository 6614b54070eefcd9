//! OSV's ranges as intervals of keys, by the evaluation rules of the specification,
//! <https://ossf.github.io/osv-schema/#evaluation>.

use serde::Deserialize;

use crate::advisories::advisory::{Range, Status};
use crate::advisories::version::{Scheme, UnorderedVersion, VersionKey};

/// One event of a range; one field is set.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Why a range gives no interval.
#[derive(Debug, PartialEq)]
pub(super) enum NoInterval {
    /// A bound has no key.
    Unordered(UnorderedVersion),
    /// Nothing is introduced.
    NoStart,
}

#[derive(Clone, Copy)]
enum Bound<'e> {
    Introduced(&'e str),
    Fixed(&'e str),
    LastAffected(&'e str),
    Limit,
}

/// The events in words, as a gap quotes them.
pub(super) fn in_words(events: &[Event]) -> String {
    let words = |event: &Event| {
        [
            ("introduced", &event.introduced),
            ("fixed", &event.fixed),
            ("last affected", &event.last_affected),
            ("limit", &event.limit),
        ]
        .into_iter()
        .filter_map(|(word, version)| Some(format!("{word} {}", version.as_ref()?)))
        .collect::<Vec<_>>()
        .join(", ")
    };
    events.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// Walks the events in order of their versions. `template` says which package the intervals are of.
pub(super) fn intervals(
    scheme: Scheme,
    events: &[Event],
    template: &Range,
) -> Result<Vec<Range>, NoInterval> {
    let mut bounds = Vec::with_capacity(events.len());
    for event in events {
        keyed(scheme, event, &mut bounds).map_err(NoInterval::Unordered)?;
    }
    // Stable: at one version the feed's own order holds, so that `introduced 2, fixed 2` is empty and
    // `fixed 2, introduced 2` goes on.
    bounds.sort_by(|a, b| a.0.cmp(&b.0));
    let mut found = Vec::new();
    let mut open: Option<Range> = None;
    let mut started = false;
    for (key, bound) in bounds {
        if let Bound::Introduced(version) = bound {
            started = true;
            open.get_or_insert_with(|| Range {
                low: key,
                introduced: (version != "0").then(|| version.to_owned()),
                ..template.clone()
            });
        } else if let Some(range) = open.take() {
            found.push(close(range, key, bound));
        }
    }
    found.extend(open);
    if !started {
        return Err(NoInterval::NoStart);
    }
    found.retain(|range| range.low < range.high || range.inclusive);
    Ok(found)
}

fn keyed<'e>(
    scheme: Scheme,
    event: &'e Event,
    bounds: &mut Vec<(VersionKey, Bound<'e>)>,
) -> Result<(), UnorderedVersion> {
    match event.introduced.as_deref() {
        // No version of any scheme: before everything, pre-releases and `0~` included.
        Some(version @ "0") => bounds.push((VersionKey::lowest(), Bound::Introduced(version))),
        Some(version) => bounds.push((scheme.key(version)?, Bound::Introduced(version))),
        None => {}
    }
    if let Some(version) = &event.fixed {
        bounds.push((scheme.key(version)?, Bound::Fixed(version)));
    }
    if let Some(version) = &event.last_affected {
        bounds.push((scheme.upper_key(version)?, Bound::LastAffected(version)));
    }
    match event.limit.as_deref() {
        None | Some("*") => {}
        Some(version) => bounds.push((scheme.key(version)?, Bound::Limit)),
    }
    Ok(())
}

fn close(range: Range, high: VersionKey, bound: Bound<'_>) -> Range {
    let range = Range { high, ..range };
    match bound {
        Bound::Fixed(version) => Range {
            fixed: Some(version.to_owned()),
            status: match range.status {
                Status::Affected => Status::Fixed,
                other => other,
            },
            ..range
        },
        Bound::LastAffected(version) => Range {
            last_affected: Some(version.to_owned()),
            inclusive: true,
            ..range
        },
        Bound::Introduced(_) | Bound::Limit => range,
    }
}

/// The versions that ranges cover together: disjoint and in order, so that a record of 10 MB that lists 100,000 versions
/// beside 100,000 ranges is no work.
pub(super) struct Covered(Vec<Range>);

impl Covered {
    pub(super) fn by(ranges: &[Range]) -> Self {
        let mut sorted: Vec<Range> = ranges.to_vec();
        sorted.sort_unstable_by(|a, b| a.low.cmp(&b.low));
        let mut merged: Vec<Range> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(last) if range.low <= last.high => {
                    if (&range.high, range.inclusive) > (&last.high, last.inclusive) {
                        last.high = range.high;
                        last.inclusive = range.inclusive;
                    }
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    pub(super) fn holds(&self, key: &VersionKey) -> bool {
        let behind = self.0.partition_point(|range| range.low <= *key);
        behind
            .checked_sub(1)
            .and_then(|at| self.0.get(at))
            .is_some_and(|range| range.holds(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(events: &str) -> Result<Vec<Range>, NoInterval> {
        let events: Vec<Event> = serde_json::from_str(events).expect("events");
        let template = Range::everything("npm", "x", Status::Affected);
        intervals(Scheme::Npm, &events, &template)
    }

    fn holds(events: &str, version: &str) -> bool {
        let key = Scheme::Npm.key(version).expect("version");
        walk(events)
            .expect("intervals")
            .iter()
            .any(|range| range.holds(&key))
    }

    #[test]
    fn several_intervals_in_any_order_of_events() {
        let events =
            r#"[{"fixed":"3.2.0"},{"introduced":"3.0.0"},{"introduced":"0"},{"fixed":"1.5.0"}]"#;
        for (version, expected) in [
            ("0.0.0-alpha", true),
            ("1.4.9", true),
            ("1.5.0-rc.1", true),
            ("1.5.0", false),
            ("2.9.9", false),
            ("3.0.0", true),
            ("3.2.0-beta", true),
            ("3.2.0", false),
            ("9.0.0", false),
        ] {
            assert_eq!(holds(events, version), expected, "{version}");
        }
    }

    #[test]
    fn fixed_is_exclusive_last_affected_inclusive_and_an_open_range_goes_on() {
        assert!(holds(
            r#"[{"introduced":"0"},{"last_affected":"1.0.0"}]"#,
            "1.0.0"
        ));
        assert!(!holds(
            r#"[{"introduced":"0"},{"last_affected":"1.0.0"}]"#,
            "1.0.1"
        ));
        assert!(holds(
            r#"[{"introduced":"1.0.0"},{"last_affected":"1.0.0"}]"#,
            "1.0.0"
        ));
        assert!(holds(r#"[{"introduced":"1.0.0"}]"#, "99.0.0"));
        assert!(!holds(r#"[{"introduced":"1.0.0"}]"#, "1.0.0-rc.1"));
        assert!(holds(
            r#"[{"introduced":"0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"},{"fixed":"3.0.0"}]"#,
            "2.0.0"
        ));
        assert!(!holds(r#"[{"introduced":"0"},{"limit":"2.0.0"}]"#, "2.0.0"));
        assert!(holds(r#"[{"introduced":"0"},{"limit":"*"}]"#, "2.0.0"));
    }

    #[test]
    fn what_ranges_cover_together_is_what_any_of_them_holds() {
        let events = r#"[{"introduced":"3.0.0"},{"last_affected":"3.5.0"},{"introduced":"5.0.0"},{"fixed":"6.0.0"}]"#;
        let mut ranges = walk(events).expect("intervals");
        ranges.extend(walk(r#"[{"introduced":"1.0.0"},{"fixed":"3.2.0"}]"#).expect("interval"));
        ranges.extend(
            walk(r#"[{"introduced":"5.0.0"},{"last_affected":"5.5.0"}]"#).expect("interval"),
        );
        let covered = Covered::by(&ranges);
        for version in [
            "0.9.0", "1.0.0", "3.1.0", "3.5.0", "3.5.1", "4.9.9", "5.0.0", "5.9.0", "6.0.0",
        ] {
            let key = Scheme::Npm.key(version).expect("version");
            assert_eq!(
                covered.holds(&key),
                ranges.iter().any(|range| range.holds(&key)),
                "{version}"
            );
        }
    }

    #[test]
    fn an_empty_interval_is_none_and_a_fix_is_a_status() {
        assert_eq!(
            walk(r#"[{"introduced":"2.0.0"},{"fixed":"2.0.0"}]"#),
            Ok(vec![])
        );
        let ranges = walk(r#"[{"introduced":"0"},{"fixed":"2.0.0"}]"#).expect("one");
        assert_eq!(
            (ranges[0].status, ranges[0].fixed.as_deref()),
            (Status::Fixed, Some("2.0.0"))
        );
    }

    #[test]
    fn a_range_without_a_start_or_an_order_gives_no_interval() {
        assert_eq!(walk(r#"[{"fixed":"1.0.0"}]"#), Err(NoInterval::NoStart));
        assert_eq!(walk("[]"), Err(NoInterval::NoStart));
        assert!(matches!(
            walk(r#"[{"introduced":"x"}]"#),
            Err(NoInterval::Unordered(_))
        ));
    }
}
