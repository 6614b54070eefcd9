//! What a check can tell, and what it cannot: the small language in which checks are written.

use crate::model::{CheckPlace, Failure, Outcome};
use crate::runtime::{Setting, Spot, Stated};

/// Why something cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Blind(pub(super) String);

/// What a check came to, or why it cannot be told.
pub(super) type Told = Result<Outcome, Blind>;

/// The outcome of what was told.
pub(super) fn settle(told: Told) -> Outcome {
    told.unwrap_or_else(|blind| Outcome::NotEvaluated(blind.0))
}

/// What a setting says, if it says something that can be told.
pub(super) fn said<T>(setting: &Setting<T>) -> Result<Option<&Stated<T>>, Blind> {
    match setting {
        Setting::Absent => Ok(None),
        Setting::Stated(stated) => Ok(Some(stated)),
        Setting::Unknown { why, at } => Err(blind_at(why, at)),
    }
}

/// Whether a switch is on; absent is off.
pub(super) fn is_on(setting: &Setting<bool>) -> Result<bool, Blind> {
    Ok(said(setting)?.is_some_and(|stated| stated.value))
}

/// A reason with the place that it is about.
pub(super) fn blind_at(why: &str, at: &Spot) -> Blind {
    let place = match (at.field.as_str(), at.line) {
        ("", None) => String::new(),
        ("", Some(line)) => format!(" (line {line})"),
        (field, None) => format!(" ({field})"),
        (field, Some(line)) => format!(" ({field}, line {line})"),
    };
    Blind(format!("{why}{place}"))
}

/// Failures first; where there are none, what could not be told; passed otherwise.
pub(super) fn judged(failures: Vec<Failure>, blind: Option<Blind>) -> Told {
    match blind {
        Some(blind) if failures.is_empty() => Err(blind),
        _ => Ok(Outcome::of(failures)),
    }
}

/// One failure.
#[expect(clippy::unnecessary_wraps, reason = "checks end with it")]
pub(super) fn failed(failure: Failure) -> Told {
    Ok(Outcome::Failed(vec![failure]))
}

/// One failure with the check's own severity and fix.
pub(super) fn fails(detail: impl Into<String>, place: CheckPlace) -> Told {
    failed(Failure::new(detail, place))
}
