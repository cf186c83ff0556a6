//! Dates as numbers: days since 1970-01-01, with the time of day as a fraction.

use super::sheet::is_digits;

/// The days from 1970-01-01 to the date in `text`: `2024-03-01`, `2024/03/01` or `01.03.2024`, the time of day behind
/// a blank or `T`, as `13:45`, `13:45:10` or `13:45:10.5`, with or without a `Z`.
pub(super) fn days(text: &str) -> Option<f64> {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time.trim_end_matches('Z'))),
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
    let time = time.map_or(Some(0.0), time_of_day)?;
    Some(since_epoch(year, month, day) as f64 + time)
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
            ("2023-02-29", None),
            ("2024-13-01", None),
            ("1-2-3", None),
            ("24:00", None),
            ("", None),
        ] {
            assert_eq!(days(text), value, "{text}");
        }
    }
}
