//! A day of the calendar: what is compared with the ends of support.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day, written as `2026-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// Text that is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no date: write it as 2026-01-31")]
pub struct DateError(String);

impl Date {
    /// The day that is so many days behind 1970-01-01; `None` beyond the year 9999.
    ///
    /// The algorithm is Howard Hinnant's `civil_from_days`.
    pub fn from_days_since_1970(days: u64) -> Option<Self> {
        let days = days.checked_add(719_468)?;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + u64::from(month <= 2);
        Self::new(
            u16::try_from(year).ok()?,
            u8::try_from(month).ok()?,
            u8::try_from(day).ok()?,
        )
    }

    fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let date = Self { year, month, day };
        ((1..=days).contains(&day) && year <= 9999).then_some(date)
    }

    /// `20260131`: as small as a day can be stored and still be read.
    pub fn as_number(self) -> u32 {
        u32::from(self.year) * 10_000 + u32::from(self.month) * 100 + u32::from(self.day)
    }

    /// The day of [`as_number`](Self::as_number).
    pub fn from_number(number: u32) -> Option<Self> {
        let part = |number: u32| u8::try_from(number % 100).ok();
        let year = u16::try_from(number / 10_000).ok()?;
        Self::new(year, part(number / 100)?, part(number)?)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || DateError(text.to_owned());
        let mut parts = text.split('-');
        let mut part = |length: usize| {
            let part = parts.next().filter(|part| {
                part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
            });
            part.and_then(|part| part.parse::<u16>().ok())
                .ok_or_else(wrong)
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        let small = |number| u8::try_from(number).map_err(|_| wrong());
        Self::new(year, small(month)?, small(day)?)
            .filter(|_| parts.next().is_none())
            .ok_or_else(wrong)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
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
            prop_assert!(Date::from_days_since_1970(days) < Date::from_days_since_1970(days + 1));
        }
    }
}
