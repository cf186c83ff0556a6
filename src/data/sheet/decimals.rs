//! Which mark stands before the decimals of a table's numbers, column by column.

use super::Role;
use super::notation::{Decimal, is_digits};

/// What a cell says about the decimal mark of its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    /// `0.5`, `1,234.5`, `1,234,567`: the decimal mark is a point.
    Point,
    /// `0,5`, `1.234,5`, `1.234.567`: it is a comma.
    Comma,
    /// `1.234`, which is one or the other.
    EitherPoint,
    /// `1,234`, which is one or the other.
    EitherComma,
}

/// A cell to be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) column: usize,
    pub(super) line: u64,
    pub(super) text: String,
}

/// What the cells of a column say: how often each sign was met, and where first.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    counts: [usize; 4],
    first: [Option<Seen>; 4],
    /// Whether a cell shows points between thousands.
    grouped_by_points: bool,
}

impl Evidence {
    /// Looks at a cell without blanks around it.
    pub(super) fn add(&mut self, cell: &str, column: usize, line: u64) {
        if !cell.bytes().any(|byte| byte == b'.' || byte == b',') {
            return;
        }
        let cell_without_unit = cell.trim_end_matches('%').trim_end();
        let digits = cell_without_unit.trim_start_matches(['-', '+', '\u{2212}']);
        let Some(sign) = sign(digits) else {
            return;
        };
        self.counts[sign as usize] += 1;
        self.grouped_by_points |= sign == Sign::Comma && digits.contains('.');
        self.first[sign as usize].get_or_insert_with(|| Seen {
            column,
            line,
            text: cell.to_owned(),
        });
    }

    fn count(&self, sign: Sign) -> usize {
        self.counts[sign as usize]
    }

    fn first(&self, sign: Sign) -> Option<&Seen> {
        self.first[sign as usize].as_ref()
    }

    /// The mark that the column's own cells show: that of most. `points_are_decimal` where no point stands between
    /// thousands; a comma in a single cell may be one of a list where `commas_separate`.
    fn own(&self, commas_separate: bool, points_are_decimal: bool) -> Option<Decimal> {
        let either = if points_are_decimal {
            self.count(Sign::EitherPoint)
        } else {
            0
        };
        match (self.count(Sign::Comma), self.count(Sign::Point) + either) {
            (0, 0) => None,
            (1, 0) if commas_separate => None,
            (comma, point) if comma > point => Some(Decimal::Comma),
            _ => Some(Decimal::Point),
        }
    }
}

/// What a number without its sign says; `None` for what is no number or has no mark.
fn sign(digits: &str) -> Option<Sign> {
    let is_number =
        |c: char| c.is_ascii_digit() || ".,'eE+-\u{2212}\u{2019}".contains(c) || c.is_whitespace();
    if !digits.contains(|c: char| c.is_ascii_digit()) || !digits.chars().all(is_number) {
        return None;
    }
    let once = |mark: char| digits.matches(mark).count() == 1;
    match (digits.rfind('.'), digits.rfind(',')) {
        (Some(p), Some(c)) if p > c => is_grouped(&digits[..p], ',').then_some(Sign::Point),
        (Some(_), Some(c)) => is_grouped(&digits[..c], '.').then_some(Sign::Comma),
        (Some(p), None) if once('.') && is_group(digits, p) => Some(Sign::EitherPoint),
        (Some(_), None) if once('.') => Some(Sign::Point),
        (Some(_), None) => is_grouped(digits, '.').then_some(Sign::Comma),
        (None, Some(c)) if once(',') && is_group(digits, c) => Some(Sign::EitherComma),
        (None, Some(_)) if once(',') => Some(Sign::Comma),
        (None, Some(_)) => is_grouped(digits, ',').then_some(Sign::Point),
        (None, None) => None,
    }
}

/// Whether the mark at `place` may be one between thousands: one to three digits before it, no leading 0, and three
/// after it.
fn is_group(digits: &str, place: usize) -> bool {
    let (before, after) = (&digits[..place], &digits[place + 1..]);
    (1..=3).contains(&before.len())
        && !before.starts_with('0')
        && is_digits(before)
        && after.len() == 3
        && is_digits(after)
}

/// Whether all that the marks divide is groups of three digits, the first of one to three.
fn is_grouped(digits: &str, mark: char) -> bool {
    let mut groups = digits.split(mark);
    let first = groups.next().unwrap_or_default();
    (1..=3).contains(&first.len())
        && is_digits(first)
        && groups.all(|group| group.len() == 3 && is_digits(group))
}

/// Two cells that contradict each other: the first is one number or another, by the mark of the second.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt(pub(super) Seen, pub(super) Seen);

/// The decimal mark of each column: that which its own cells show; else the run's, unless other columns have changed
/// theirs; else that of the columns that show one; else, where cells are not separated by commas, a comma.
///
/// # Errors
///
/// A column that is read and shows no mark of its own, where the rest of the table does not tell it either.
pub(super) fn decide(
    all: &[Evidence],
    roles: &[Role],
    separator: u8,
) -> std::result::Result<Vec<Decimal>, Doubt> {
    let commas_separate = separator == b',';
    let points_are_decimal = commas_separate && !all.iter().any(|of| of.grouped_by_points);
    let of_run = |role: &Role| match role {
        Role::Read { decimal } => *decimal,
        Role::Aside { .. } => None,
    };
    let mut own = vec![];
    for (of, role) in all.iter().zip(roles) {
        let by_run = of_run(role).filter(|_| of.count(Sign::Point) == 0);
        own.push(match (of.count(Sign::Comma), by_run) {
            // What may be read in two ways is read as the run's table was.
            (0 | 1, Some(Decimal::Comma)) => of.own(false, false),
            _ => of.own(commas_separate, points_are_decimal),
        });
    }
    let read = || (0..all.len()).filter(|&place| matches!(roles[place], Role::Read { .. }));
    let shows = |mark| read().find(|&place| own[place] == Some(mark));
    let (point, comma) = (shows(Decimal::Point), shows(Decimal::Comma));
    let as_the_run = read().all(|place| match (own[place], of_run(&roles[place])) {
        (Some(own), Some(run)) => own == run,
        _ => true,
    });
    let first_of = |sign| {
        read()
            .filter(|&at| own[at].is_none())
            .find_map(|at| all[at].first(sign))
    };
    let shown = |place: Option<usize>, signs: [Sign; 2]| {
        place.and_then(|place| signs.iter().find_map(|sign| all[place].first(*sign)))
    };
    let a_point = shown(point, [Sign::Point, Sign::EitherPoint]);
    let a_comma = shown(comma, [Sign::Comma, Sign::EitherComma]);
    let decided = all
        .iter()
        .zip(roles)
        .enumerate()
        .map(|(place, (of, role))| {
            if let Some(own) = own[place] {
                return Ok(own);
            }
            if let Some(run) = of_run(role).filter(|_| as_the_run) {
                return Ok(run);
            }
            let (points, commas) = (of.first(Sign::EitherPoint), of.first(Sign::EitherComma));
            let usual = match (a_point, a_comma) {
                (None, Some(_)) => Decimal::Comma,
                (None, None) if first_of(Sign::EitherComma).is_some() && !commas_separate => {
                    Decimal::Comma
                }
                _ => Decimal::Point,
            };
            let contrary = match (a_point, a_comma) {
                // Between commas that separate cells, a comma in quotes is one between thousands.
                (Some(_), None) if commas_separate => None,
                (Some(point), None) => commas.zip(Some(point)),
                (Some(point), Some(comma)) => commas.zip(Some(point)).or(points.zip(Some(comma))),
                (None, None) if !commas_separate => commas
                    .zip(first_of(Sign::EitherPoint))
                    .or(points.zip(first_of(Sign::EitherComma))),
                _ => None,
            };
            match contrary.filter(|_| matches!(role, Role::Read { .. })) {
                Some((cell, other)) => Err(Doubt(cell.clone(), other.clone())),
                None => Ok(usual),
            }
        });
    decided.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marks of columns of these cells, of which the run's table had those of `runs`.
    fn decided(
        columns: &[&str],
        separator: u8,
        runs: &[Option<Decimal>],
    ) -> Result<Vec<Decimal>, String> {
        let evidence = |(column, cells): (usize, &&str)| {
            let mut evidence = Evidence::default();
            for (line, cell) in cells.split(' ').enumerate() {
                evidence.add(cell, column, line as u64);
            }
            evidence
        };
        let all: Vec<Evidence> = columns.iter().enumerate().map(evidence).collect();
        let role = |place: usize| Role::Read {
            decimal: runs.get(place).copied().flatten(),
        };
        let roles: Vec<Role> = (0..all.len()).map(role).collect();
        decide(&all, &roles, separator).map_err(|Doubt(a, b)| format!("{} {}", a.text, b.text))
    }

    #[test]
    fn a_column_has_the_mark_that_its_cells_show_or_else_that_of_the_others() {
        use Decimal::{Comma, Point};
        for (columns, separator, expected) in [
            (&["1 0,5"][..], b';', Ok(vec![Comma])),
            (&["1.234,5"], b'\t', Ok(vec![Comma])),
            (&["1,234"], b';', Ok(vec![Comma])),
            (&["1.234"], b';', Ok(vec![Point])),
            (&["1,234"], b',', Ok(vec![Point])),
            (&["1,234 0.5"], b';', Ok(vec![Point])),
            (&["1,234.5"], b';', Ok(vec![Point])),
            (&["1,5 0.5"], b',', Ok(vec![Point])),
            (&["12/31/20 a,b"], b';', Ok(vec![Point])),
            // One has the mark of another.
            (&["0,5", "1.234", "5,678"], b';', Ok(vec![Comma; 3])),
            (&["0.5", "1.234"], b';', Ok(vec![Point; 2])),
            (&["0.5", "1,234"], b',', Ok(vec![Point; 2])),
            (&["0,5 0,25", "1,234"], b',', Ok(vec![Comma; 2])),
            // Each has its own.
            (&["12.30", "0,5"], b';', Ok(vec![Point, Comma])),
            (&["0,5 0,7 12.30"], b';', Ok(vec![Comma])),
            // No group of thousands by points between commas, unless a cell shows that there are such.
            (&["2.276", "0,10 0,20"], b',', Ok(vec![Point, Comma])),
            (&["2.276", "1.000,10 0,20"], b',', Ok(vec![Comma, Comma])),
            // No cell tells.
            (&["12.30", "8,754"], b';', Err("8,754 12.30")),
            (&["12.30", "0,5", "8,754"], b';', Err("8,754 12.30")),
            (&["12.30", "0,5", "8.754"], b';', Err("8.754 0,5")),
            (&["0.5", "0,5 0,7", "8,754"], b',', Err("8,754 0.5")),
            (&["1.234", "5,678"], b';', Err("1.234 5,678")),
            (&["1.234 5,678"], b';', Err("5,678 1.234")),
        ] {
            let expected = expected.map_err(str::to_owned);
            assert_eq!(decided(columns, separator, &[]), expected, "{columns:?}");
        }
    }

    #[test]
    fn a_run_tells_where_no_cell_does() {
        use Decimal::{Comma, Point};
        for (columns, separator, runs, expected) in [
            (
                &["1.500", "2"][..],
                b';',
                [Comma, Comma],
                vec![Comma, Comma],
            ),
            (&["1.500", "2"], b',', [Comma, Comma], vec![Comma, Comma]),
            (&["1,500", "0.5"], b';', [Point, Point], vec![Point, Point]),
            (
                &["8,754", "12.30"],
                b';',
                [Comma, Point],
                vec![Comma, Point],
            ),
            (&["2.276", "0,10"], b',', [Point, Comma], vec![Point, Comma]),
            // The other column has another mark than in the run's table.
            (&["1,234", "0,5"], b';', [Point, Point], vec![Comma, Comma]),
        ] {
            let runs = runs.map(Some);
            assert_eq!(
                decided(columns, separator, &runs),
                Ok(expected),
                "{columns:?}"
            );
        }
    }
}
