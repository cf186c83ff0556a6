//! How a table writes numbers: the decimal mark, the mark between thousands, percent.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The mark before the decimals of a table's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// `1,234.5`
    #[default]
    Point,
    /// `1.234,5`
    Comma,
}

/// Whether there is nothing but digits.
pub(in crate::data) fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// What was met in a table's numbers, to be said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Met {
    pub(super) thousands: bool,
    pub(super) percent: bool,
    pub(super) minus: bool,
}

/// The largest whole number up to which float64 holds every one.
pub(super) const EXACT: f64 = 9_007_199_254_740_992.0;

/// The number that a cell without blanks around it holds; `None` where it holds none. A whole number that float64
/// does not hold is none: it names something.
pub(super) fn number(cell: &str, decimal: Decimal, met: &mut Met) -> Option<f64> {
    if decimal == Decimal::Point
        && let Some(value) = plain(cell)
    {
        return (value.abs() < EXACT || !is_long_integer(cell)).then_some(value);
    }
    spelled(cell, decimal, met)
}

/// As Rust reads it, without the words for what is not finite.
fn plain(cell: &str) -> Option<f64> {
    // Of a number the first character is a digit, a sign or a point; `inf` and `nan` may follow a sign.
    let first = *cell.as_bytes().first()?;
    if !matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
        return None;
    }
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

fn is_long_integer(cell: &str) -> bool {
    is_digits(cell.trim_start_matches(['-', '+']))
}

/// A number with marks between thousands, a decimal comma, a percent sign or a Unicode minus.
fn spelled(cell: &str, decimal: Decimal, met: &mut Met) -> Option<f64> {
    let mut found = *met;
    let (cell, percent) = match cell.strip_suffix('%') {
        Some(rest) => (rest.trim_end(), true),
        None => (cell, false),
    };
    let (cell, minus) = match cell.strip_prefix('\u{2212}') {
        Some(rest) => (Cow::Owned(format!("-{rest}")), true),
        None => (Cow::Borrowed(cell), false),
    };
    let split = match decimal {
        Decimal::Point => cell.split_once('.'),
        Decimal::Comma => cell.split_once(','),
    };
    let (whole, rest) = match split {
        Some((whole, rest)) => (whole, Some(rest)),
        None => (&*cell, None),
    };
    let (whole, grouped) = ungrouped(whole, decimal)?;
    let number = match rest {
        Some(rest) => format!("{whole}.{rest}"),
        None => whole.into_owned(),
    };
    let value = plain(&number).filter(|x| x.abs() < EXACT || !is_long_integer(&number))?;
    found.thousands |= grouped;
    found.percent |= percent;
    found.minus |= minus;
    *met = found;
    // By a division: 12.5 / 100 is the number nearest to 0.125, 12.5 × 0.01 need not be.
    Some(if percent { value / 100.0 } else { value })
}

/// The digits before the decimals without the marks between thousands, and whether there were any; `None` where the
/// marks do not stand between groups of three.
fn ungrouped(whole: &str, decimal: Decimal) -> Option<(Cow<'_, str>, bool)> {
    let own = match decimal {
        Decimal::Point => ',',
        Decimal::Comma => '.',
    };
    let is_mark = |c: char| c == own || c == '\'' || c == '\u{2019}' || c.is_whitespace();
    if !whole.contains(is_mark) {
        return Some((Cow::Borrowed(whole), false));
    }
    let mut groups = whole.split(is_mark);
    let first = groups.next()?;
    let leading = first.trim_start_matches(['-', '+']);
    let well_formed = (1..=3).contains(&leading.len())
        && is_digits(leading)
        && groups
            .clone()
            .all(|group| group.len() == 3 && is_digits(group));
    well_formed.then(|| {
        let rest: String = groups.collect();
        (Cow::Owned(format!("{first}{rest}")), true)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let point = |cell| number(cell, Decimal::Point, &mut Met::default());
        for (cell, value) in [
            ("1.5e3", Some(1500.0)),
            ("+.5", Some(0.5)),
            ("1,234.5", Some(1234.5)),
            ("-1,234,567", Some(-1_234_567.0)),
            ("1 234.5", Some(1234.5)),
            ("1\u{202f}234", Some(1234.0)),
            ("1'234", Some(1234.0)),
            ("\u{2212}1.5", Some(-1.5)),
            ("12.5%", Some(0.125)),
            ("12.5 %", Some(0.125)),
            ("9007199254740991", Some(9_007_199_254_740_991.0)),
            ("9007199254740993", None),
            ("1e300", Some(1e300)),
            ("1,5", None),
            ("12,34", None),
            ("1,2345", None),
            ("0x1F", None),
            ("1_000", None),
            ("inf", None),
            ("-inf", None),
            ("nan", None),
            ("1e999", None),
            ("", None),
            ("-", None),
        ] {
            assert_eq!(point(cell), value, "{cell}");
        }
        let comma = |cell| number(cell, Decimal::Comma, &mut Met::default());
        for (cell, value) in [
            ("0,25", Some(0.25)),
            ("1.234,5", Some(1234.5)),
            ("1.234", Some(1234.0)),
            ("1 234,5", Some(1234.5)),
            ("-1,5e-3", Some(-0.0015)),
            ("12,5 %", Some(0.125)),
            ("1.5", None),
            ("1,5,5", None),
        ] {
            assert_eq!(comma(cell), value, "{cell}");
        }
    }
}
