//! Dates as documents write them: `2024-05-22T18:18:12Z`, from seconds or from what an image says. There is no clock here.

const DAY: i64 = 86_400;

/// Seconds since 1970 as RFC 3339 in UTC.
pub(in crate::evidence::write) fn written(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Seconds since 1970 of an RFC 3339 text; parts of a second are dropped.
pub(in crate::evidence::write) fn read(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let end = time.find(['Z', 'z', '+', '-'])?;
    let (time, zone) = time.split_at_checked(end)?;
    let time = time.split_once('.').map_or(time, |(whole, _)| whole);
    let mut time = time.splitn(3, ':').map(|part| part.parse::<i64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let fits = (0..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second
        - offset(zone)?;
    // What lies before or behind the years of four digits cannot be written.
    let first = days_from_civil(0, 1, 1) * DAY;
    let last = days_from_civil(10_000, 1, 1) * DAY;
    (fits && (first..last).contains(&seconds)).then_some(seconds)
}

/// `Z`, `+02:00` in seconds.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    let fits = (0..24).contains(&hours) && (0..60).contains(&minutes);
    fits.then_some(sign * (hours * 3600 + minutes * 60))
}

/// Days since 1970 of a day of the Gregorian calendar. Years begin in March, so that the leap day is their last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The day of the Gregorian calendar that lies so many days after 1970 began.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_days_are_written_and_read() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_716_401_892, "2024-05-22T18:18:12Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(written(seconds), text);
            assert_eq!(read(text), Some(seconds), "{text}");
        }
    }

    #[test]
    fn fractions_are_dropped_and_offsets_taken_off() {
        assert_eq!(
            read("2024-05-22T18:18:12.052034407Z")
                .map(written)
                .as_deref(),
            Some("2024-05-22T18:18:12Z")
        );
        assert_eq!(
            read("2024-05-22T20:18:12+02:00").map(written).as_deref(),
            Some("2024-05-22T18:18:12Z")
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "2024-05-22",
            "2024-13-01T00:00:00Z",
            "2024-05-22T18:18:12",
            "yesterdayT1:2:3Z",
            "2024-05-22T18:18:12+99:00",
            "99999-01-01T00:00:00Z",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_second_reads_back(seconds in -62_135_596_800_i64..253_402_300_800) {
            prop_assert_eq!(read(&written(seconds)), Some(seconds));
        }

        #[test]
        fn any_text_is_a_date_or_none(text in "\\PC{0,40}|[-0-9TZ:+.]{0,40}") {
            if let Some(seconds) = read(&text) {
                prop_assert_eq!(read(&written(seconds)), Some(seconds));
            }
        }
    }
}
