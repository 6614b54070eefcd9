//! The one look at a clock. What depends on it is an input of the user's (`--date`, `--as-of`) or of the store's history; no
//! evidence holds the time at which it was made.

use std::time::UNIX_EPOCH;

use crate::model::Date;

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place, and no evidence is made of it"
    )]
    let now = std::time::SystemTime::now();
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds).unwrap_or_default()
}

/// The day, in UTC.
pub(super) fn today() -> Option<Date> {
    Date::from_days_since_1970(now().unsigned_abs() / (24 * 60 * 60))
}
