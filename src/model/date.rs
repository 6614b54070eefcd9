//! A day of the calendar: what is compared with the ends of support.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, written as `2026-01-31`, from the year 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(jiff::civil::Date);

/// Text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date: write it as 2026-01-31")]
pub struct DateError(String);

impl Date {
    /// The day that is so many days behind 1970-01-01; `None` beyond the year 9999.
    pub fn from_days_since_1970(days: u64) -> Option<Self> {
        let days = i64::try_from(days).ok()?;
        let span = jiff::Span::new().try_days(days).ok()?;
        jiff::civil::date(1970, 1, 1)
            .checked_add(span)
            .ok()
            .map(Self)
    }

    /// The last second of the day in UTC, counted from 1970.
    pub fn last_second(self) -> i64 {
        let end = self.0.at(23, 59, 59, 0);
        let end = jiff::tz::Offset::UTC.to_timestamp(end);
        end.map_or(0, jiff::Timestamp::as_second)
    }

    /// Days from this one to a later one; 0 if it is not later.
    pub fn days_until(self, later: Self) -> u64 {
        let days = self.0.until(later.0).map_or(0, |span| span.get_days());
        u64::try_from(days).unwrap_or(0)
    }

    /// `20260131`: as small as a day can be stored and still be read.
    pub fn as_number(self) -> u32 {
        let (year, month, day) = (self.0.year(), self.0.month(), self.0.day());
        u32::from(year.unsigned_abs()) * 10_000
            + u32::from(month.unsigned_abs()) * 100
            + u32::from(day.unsigned_abs())
    }

    /// The day of [`as_number`](Self::as_number).
    pub fn from_number(number: u32) -> Option<Self> {
        let part = |number: u32| i8::try_from(number % 100).ok();
        let year = i16::try_from(number / 10_000).ok()?;
        jiff::civil::Date::new(year, part(number / 100)?, part(number)?)
            .ok()
            .map(Self)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // jiff reads more than this one form.
        let is_form = text.len() == 10 && text.starts_with(|c: char| c.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|_| is_form)
            .map(Self)
            .ok_or_else(|| DateError(text.to_owned()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (days, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_781, "2026-11-24"),
            (2_932_896, "9999-12-31"),
        ] {
            let date = Date::from_days_since_1970(days).expect("a day");
            assert_eq!(date.to_string(), text);
            assert_eq!(text.parse(), Ok(date));
            assert_eq!(Date::from_number(date.as_number()), Some(date));
        }
        assert_eq!(Date::from_days_since_1970(2_932_897), None);
        assert_eq!(Date::from_days_since_1970(u64::MAX), None);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026",
            "2026-1-31",
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-01-01-",
            "2026-01-01T00",
            "+026-01-01",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_number_is_a_day_or_none_and_days_keep_their_order(number in any::<u32>(), days in 0..2_900_000_u64) {
            let _ = Date::from_number(number);
            let first = Date::from_days_since_1970(0).expect("a day");
            prop_assert_eq!(Date::from_days_since_1970(days).map(|day| first.days_until(day)), Some(days));
            prop_assert!(Date::from_days_since_1970(days) < Date::from_days_since_1970(days + 1));
        }
    }
}
