//! Dates as numbers: days since 1970-01-01, with the time of day as a fraction.

use super::sheet::is_digits;

/// The forms that [`days`] reads, as messages say it.
pub(super) const FORMS: &str = "`2024-03-01`, `2024/03/01` or `01.03.2024`, with or without a time behind a blank or `T`: \
     `13:45`, `13:45:10`, `13:45:10Z`, `13:45:10+01:00`";

/// The days from 1970-01-01 to the date in `text`: `2024-03-01`, `2024/03/01` or `01.03.2024`, the time of day behind
/// a blank or `T`, as `13:45`, `13:45:10` or `13:45:10.5`, with or without a `Z`; `+01:00` behind it is taken off, so that
/// the time is that of UTC.
pub(super) fn days(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let part = |text: &str, digits: std::ops::RangeInclusive<usize>| -> Option<i64> {
        (is_digits(text) && digits.contains(&text.len())).then(|| text.parse().ok())?
    };
    let separator = date.chars().find(|c| !c.is_ascii_digit())?;
    let parts: Vec<&str> = date.split(separator).collect();
    let [first, month, last] = parts[..] else {
        return None;
    };
    let (year, day) = match separator {
        '-' | '/' => (first, last),
        '.' => (last, first),
        _ => return None,
    };
    let (year, month, day) = (part(year, 4..=4)?, part(month, 1..=2)?, part(day, 1..=2)?);
    if !(1..=12).contains(&month) || !(1..=length(year, month)).contains(&day) {
        return None;
    }
    let time = time.map_or(Some(0.0), of_utc)?;
    Some(since_epoch(year, month, day) as f64 + time)
}

/// The part of a day that has passed at a time in UTC, which may be another day's: below 0, or from 1 on.
fn of_utc(text: &str) -> Option<f64> {
    let Some(place) = text.find(['+', '-']) else {
        return time_of_day(text.trim_end_matches('Z'));
    };
    let (time, offset) = text.split_at(place);
    let (sign, offset) = offset.split_at(1);
    let digits = || offset.chars().all(|c| c.is_ascii_digit() || c == ':');
    let of_day = match offset.len() {
        2 => time_of_day(&format!("{offset}:00")),
        4 if is_digits(offset) => time_of_day(&format!("{}:{}", &offset[..2], &offset[2..])),
        5 if digits() => time_of_day(offset),
        _ => None,
    }?;
    let sign = if sign == "+" { 1.0 } else { -1.0 };
    Some(time_of_day(time)? - sign * of_day)
}

/// The part of a day that has passed at `hours:minutes:seconds`.
fn time_of_day(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0.0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let within = (0.0..24.0).contains(&hours)
        && (0.0..60.0).contains(&minutes)
        && (0.0..61.0).contains(&seconds);
    within.then_some((hours * 3600.0 + minutes * 60.0 + seconds) / 86_400.0)
}

fn length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar: years counted from March, so that a leap day is the last.
fn since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days after 1970-01-01, as [`days`] reads it; with the time of day, in nanoseconds, unless it is
/// midnight.
#[cfg(feature = "parquet")]
pub(super) fn written(days: i64, nanoseconds: i64) -> String {
    // The inverse of `since_epoch`: 146,097 days are 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year_of_era + i64::from(month <= 2);
    date([year, month, day], nanoseconds)
}

/// A date, with the time of day unless it is midnight.
#[cfg(any(feature = "parquet", feature = "xlsx"))]
pub(super) fn date([year, month, day]: [i64; 3], nanoseconds: i64) -> String {
    let date = format!("{year:04}-{month:02}-{day:02}");
    match nanoseconds {
        0 => date,
        _ => format!("{date}T{}", time(nanoseconds)),
    }
}

/// A time in nanoseconds as `13:45:10`, with the decimals that it has.
#[cfg(any(feature = "parquet", feature = "xlsx"))]
pub(super) fn time(nanoseconds: i64) -> String {
    const SECOND: i64 = 1_000_000_000;
    let (seconds, rest) = (nanoseconds / SECOND, nanoseconds % SECOND);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let whole = format!("{hours:02}:{minutes:02}:{:02}", seconds % 60);
    match rest {
        0 => whole,
        _ => format!("{whole}.{}", format!("{rest:09}").trim_end_matches('0')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        // As Python's `datetime.date(…) - datetime.date(1970, 1, 1)` has them.
        for (text, value) in [
            ("1970-01-01", Some(0.0)),
            ("2000-02-29", Some(11_016.0)),
            ("2024-03-01", Some(19_783.0)),
            ("01.03.2024", Some(19_783.0)),
            ("2024/03/01", Some(19_783.0)),
            ("1969-12-31", Some(-1.0)),
            ("2024-03-01T12:00:00Z", Some(19_783.5)),
            ("2024-03-01 06:00", Some(19_783.25)),
            // As `datetime.fromisoformat(…).timestamp() / 86400` has them.
            ("2024-03-01 06:00:00+00:00", Some(19_783.25)),
            ("2024-03-01T00:00:00+06:00", Some(19_782.75)),
            ("2024-03-01T20:00-0600", Some(19_784.083333333332)),
            ("2024-03-01T12:00:00+1", None),
            ("2024-03-01T12:00:00+01:00Z", None),
            ("01/31/2024 00:00", None),
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("1-2-3", None),
            ("24:00", None),
            ("", None),
        ] {
            assert_eq!(days(text), value, "{text}");
        }
    }

    #[test]
    #[cfg(feature = "parquet")]
    fn a_written_date_is_read_as_the_same_day() {
        assert_eq!(written(11_016, 0), "2000-02-29");
        assert_eq!(written(-1, 43_200_500_000_000), "1969-12-31T12:00:00.5");
        for day in (-719_000..2_930_000).step_by(97) {
            assert_eq!(days(&written(day, 0)), Some(day as f64));
        }
    }
}
