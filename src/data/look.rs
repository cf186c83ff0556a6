//! A look at a column: what its cells are, how many are missing, and what is odd about them.

use super::dates;
use super::sheet::{Cell, Column, is_digits};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// Texts that mean a missing value in any table, in small letters.
const MISSING: [&str; 8] = ["", "na", "n/a", "nan", "null", "none", "?", "missing"];
/// Words that are one of two, no before yes.
const BOOLEANS: [[&str; 2]; 4] = [["false", "true"], ["no", "yes"], ["n", "y"], ["f", "t"]];
/// Different values are counted up to here.
pub(super) const MOST_COUNTED: usize = 1000;
/// Of so many texts or fewer none is taken for an identifier: too few rows to tell.
const FEW: usize = 20;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers; of one value alone where [`Look::distinct`] is 1.
    Number,
    /// Numbers, and texts that are none.
    Mixed,
    /// One of two words.
    Boolean,
    /// A few texts, again and again.
    Category,
    /// Dates.
    Date,
    /// Texts of which nearly every row has its own.
    Identifier,
    /// The same, with blanks in them.
    FreeText,
    /// Nothing.
    Empty,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Kind::Number => "number",
            Kind::Mixed => "number and text",
            Kind::Boolean => "boolean",
            Kind::Category => "category",
            Kind::Date => "date",
            Kind::Identifier => "identifier",
            Kind::FreeText => "free text",
            Kind::Empty => "empty",
        })
    }
}

/// What was found in a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Look {
    pub(super) kind: Kind,
    /// Different values, missing ones left out, counted up to [`MOST_COUNTED`].
    pub(super) distinct: usize,
    pub(super) missing: usize,
    /// The first row whose value is missing.
    pub(super) first_missing: Option<usize>,
    /// A number far outside the rest that repeats, and how often.
    pub(super) sentinel: Option<(f64, usize)>,
    /// The first rows of numbers other than 0 with and without `%`.
    pub(super) percent: [Option<usize>; 2],
    /// Whether the numbers count the rows.
    pub(super) counts_rows: bool,
    /// Texts that are no numbers, and how often each is found: of a mixed column.
    pub(super) strays: Vec<(String, usize)>,
}

impl Look {
    /// Whether some numbers are written with `%` and some are not.
    pub(super) fn is_half_percent(&self) -> bool {
        self.percent.iter().all(Option::is_some)
    }
}

/// Whether a cell means that a value is missing; `marks` are cells that do beside the usual ones.
pub(super) fn is_missing(cell: Cell, marks: &[String]) -> bool {
    match cell {
        Cell::Number(value) => marks.iter().any(|mark| mark.parse() == Ok(value)),
        Cell::Text(text) => {
            // No usual mark is longer than 7 characters.
            text.len() < 8 && MISSING.contains(&&*text.to_lowercase())
                || marks.iter().any(|mark| mark == text)
        }
    }
}

/// Looks at all cells of a column.
pub(super) fn look(column: &Column, marks: &[String]) -> Look {
    let mut values = HashSet::new();
    let mut texts: HashMap<&str, usize> = HashMap::new();
    let (mut numbers, mut missing, mut first_missing) = (0, 0, None);
    for (row, cell) in column.iter().enumerate() {
        match cell {
            _ if is_missing(cell, marks) => {
                missing += 1;
                first_missing.get_or_insert(row);
            }
            Cell::Number(value) => {
                numbers += 1;
                if values.len() < MOST_COUNTED {
                    values.insert((value + 0.0).to_bits());
                }
            }
            Cell::Text(text) => *texts.entry(text).or_default() += 1,
        }
    }
    let kind = kind(numbers, &texts);
    let mut strays = vec![];
    if kind == Kind::Mixed {
        strays = texts
            .iter()
            .map(|(text, n)| (text.to_string(), *n))
            .collect();
        strays.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    Look {
        kind,
        distinct: (values.len() + texts.len()).min(MOST_COUNTED),
        missing,
        first_missing,
        sentinel: match kind {
            Kind::Number => sentinel(column, marks),
            _ => None,
        },
        percent: percent(column, marks),
        counts_rows: missing == 0 && texts.is_empty() && counts_rows(column),
        strays,
    }
}

fn kind(numbers: usize, texts: &HashMap<&str, usize>) -> Kind {
    let cells: usize = texts.values().sum();
    let all = |holds: &dyn Fn(&str) -> bool| texts.keys().all(|text| holds(text));
    match (numbers, cells) {
        (0, 0) => Kind::Empty,
        (_, 0) => Kind::Number,
        (0, _) if is_boolean(texts.keys().copied()) => Kind::Boolean,
        (0, _) if all(&|text| dates::days(text).is_some()) => Kind::Date,
        // Whole numbers that float64 does not hold are texts.
        _ if all(&is_digits) => Kind::Identifier,
        _ if cells <= numbers => Kind::Mixed,
        _ if numbers + cells <= FEW || 2 * texts.len() <= cells => Kind::Category,
        _ if all(&|text| !text.contains(' ')) => Kind::Identifier,
        _ => Kind::FreeText,
    }
}

/// Whether words are two that mean no and yes.
pub(super) fn is_boolean<'a>(mut words: impl Iterator<Item = &'a str> + Clone) -> bool {
    let pair = |pair: &[&str; 2]| {
        let mut all = words.clone();
        all.all(|word| pair.contains(&&*word.to_lowercase()))
    };
    words.clone().next().is_some() && BOOLEANS.iter().any(pair) && words.all(|word| word.len() < 6)
}

/// 1 for a word that means yes.
pub(super) fn truth(word: &str) -> Option<f64> {
    let word = word.to_lowercase();
    let place = |pair: &[&str; 2]| pair.iter().position(|known| *known == word);
    BOOLEANS.iter().find_map(place).map(|place| place as f64)
}

/// The first rows of numbers other than 0 with and without `%`.
pub(super) fn percent(column: &Column, marks: &[String]) -> [Option<usize>; 2] {
    let first = |with: bool| {
        column.iter().enumerate().position(|(row, cell)| {
            matches!(cell, Cell::Number(value) if value != 0.0)
                && column.is_percent(row) == with
                && !is_missing(cell, marks)
        })
    };
    let with = if column.has_percent() {
        first(true)
    } else {
        None
    };
    [with, first(false)]
}

/// Whether counting begins at a number: 0, 1, 100, 101, 1000, 1001, … A year is none of these.
fn is_first(value: f64) -> bool {
    let power = 10f64.powf(value.log10().floor());
    let of_power = value >= 100.0 && (value == power || value == power + 1.0);
    value == 0.0 || value == 1.0 || of_power
}

/// Whether each number is one more than that above it, in enough rows to be no chance.
fn counts_rows(column: &Column) -> bool {
    let mut last = None;
    let mut follows = |cell| match cell {
        Cell::Number(value) => {
            let expected = last.map_or(is_first(value), |last: f64| value == last + 1.0);
            last = Some(value);
            expected
        }
        Cell::Text(_) => false,
    };
    column.len() >= 10 && column.iter().all(&mut follows)
}

/// The smallest or largest number, if it repeats and lies farther from all others than three times their range.
fn sentinel(column: &Column, marks: &[String]) -> Option<(f64, usize)> {
    let numbers = || {
        column.iter().filter_map(|cell| match cell {
            Cell::Number(value) if !is_missing(cell, marks) => Some(value),
            _ => None,
        })
    };
    let range = |without: [f64; 2]| {
        let kept = numbers().filter(|value| !without.contains(value));
        kept.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(x), high.max(x))
        })
    };
    let (low, high) = range([f64::NAN; 2]);
    for without in [[low, low], [high, high], [low, high]] {
        let (least, most) = range(without);
        let width = most - least;
        if width.is_nan() || width <= 0.0 {
            continue;
        }
        for value in without {
            let distance = (least - value).max(value - most);
            let count = numbers().filter(|x| *x == value).count();
            if count > 1 && distance > 3.0 * width && value.fract() == 0.0 {
                return Some((value, count));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::sheet;
    use super::*;

    fn looked(cells: &str) -> Look {
        let rows: String = cells.split(' ').map(|cell| format!("{cell},1\n")).collect();
        look(
            &sheet(&format!("a,y\n{rows}")).unwrap().columns[0],
            &["-9".into()],
        )
    }

    #[test]
    fn kinds_are_told_apart() {
        for (cells, kind, distinct, missing) in [
            ("1 2 2", Kind::Number, 2, 0),
            ("1 ? NaN -9 2", Kind::Number, 2, 3),
            ("1 2 red", Kind::Mixed, 3, 0),
            ("yes no NO", Kind::Boolean, 3, 0),
            ("TRUE", Kind::Boolean, 1, 0),
            ("yes false", Kind::Category, 2, 0),
            ("red blue 1", Kind::Category, 3, 0),
            ("2024-01-02 2024-01-03", Kind::Date, 2, 0),
            ("NA n/a", Kind::Empty, 0, 2),
        ] {
            let found = looked(cells);
            assert_eq!(
                (found.kind, found.distinct, found.missing),
                (kind, distinct, missing),
                "{cells}"
            );
        }
        assert_eq!(looked("9007199254740993 1 2").kind, Kind::Identifier);
        let names: Vec<String> = (0..30).map(|i| format!("P{i}")).collect();
        assert_eq!(looked(&names.join(" ")).kind, Kind::Identifier);
        let sites: Vec<&str> = (0..30).map(|i| ["north", "south", "east"][i % 3]).collect();
        assert_eq!(looked(&sites.join(" ")).kind, Kind::Category);
    }

    #[test]
    fn odd_numbers_are_pointed_out() {
        assert_eq!(looked("0.5 -999 1.5 -999 1").sentinel, Some((-999.0, 2)));
        assert_eq!(
            looked("0.5 -999 1.5 9999 1 9999").sentinel,
            Some((9999.0, 2))
        );
        assert_eq!(looked("0.5 -999 1.5 1").sentinel, None);
        assert_eq!(looked("0 0 1 1").sentinel, None);
        assert_eq!(looked("0 0 5 3").sentinel, None);
        assert!(looked("0 1 2 3 4 5 6 7 8 9").counts_rows);
        assert!(looked("1000 1001 1002 1003 1004 1005 1006 1007 1008 1009").counts_rows);
        assert!(!looked("1991 1992 1993 1994 1995 1996 1997 1998 1999 2000").counts_rows);
        assert!(!looked("0 1 2").counts_rows && !looked("0 1 2 3 4 5 6 7 8 10").counts_rows);
    }
}
