//! Which mark stands before the decimals of a table's numbers, column by column.

use super::notation::{Decimal, Met, is_digits};
use super::{Column, Role, Sheet};
use crate::data::error::corrupt;
use crate::diagnostic::Diagnostic;
use crate::words::list;
use std::path::Path;

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
    column: usize,
    line: u64,
    text: String,
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
pub(super) struct Doubt(Seen, Seen);

impl Doubt {
    /// The message, for columns of these names.
    pub(super) fn message(&self, path: &Path, header: &[String]) -> Diagnostic {
        let Doubt(cell, other) = self;
        let decimal = cell.text.replacen(',', ".", 1);
        let whole = cell.text.replace([',', '.'], "");
        corrupt(path, "does not tell which mark its decimals have")
            .note(format!(
                "`{}` in line {}, column `{}`, is {decimal} or {whole}",
                cell.text, cell.line, header[cell.column]
            ))
            .note(format!(
                "`{}` in line {}, column `{}`, has another mark",
                other.text, other.line, header[other.column]
            ))
            .help("write the numbers without a mark between thousands, or `--drop` one of the columns")
    }
}

/// What was recognised in the numbers of a table, a phrase each.
pub(super) fn said_of_numbers(sheet: &Sheet, roles: &[Role], met: Met) -> Vec<String> {
    let decimal_commas = decimal_commas(sheet, roles);
    let marks = match &decimal_commas {
        None => "commas or blanks between thousands",
        Some(_) => "points or blanks between thousands",
    };
    let phrases = [
        decimal_commas.as_deref(),
        met.thousands.then_some(marks),
        met.percent.then_some("percent as hundredths"),
        met.minus.then_some("Unicode minus signs"),
    ];
    phrases.into_iter().flatten().map(str::to_owned).collect()
}

/// Which of the columns that are read have decimal commas, in words.
fn decimal_commas(sheet: &Sheet, roles: &[Role]) -> Option<String> {
    let read = sheet.columns.iter().zip(roles);
    let read = read.filter(|(_, role)| matches!(role, Role::Read { .. }));
    let (commas, points): (Vec<&Column>, Vec<&Column>) = read
        .map(|(column, _)| column)
        .partition(|column| column.decimal == Decimal::Comma);
    match (commas.is_empty(), points.is_empty()) {
        (true, _) => None,
        (_, true) => Some("decimal commas".into()),
        _ => Some(format!(
            "decimal commas in {}",
            list(commas.iter().map(|column| &column.name))
        )),
    }
}

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
    let table = Table::of(all, roles, separator == b',');
    (0..all.len()).map(|place| table.decimal(place)).collect()
}

/// What the columns of a table say together.
struct Table<'a> {
    all: &'a [Evidence],
    roles: &'a [Role],
    commas_separate: bool,
    /// Whether `1.234` has a decimal point: between commas that separate cells, unless a cell shows points between
    /// thousands.
    points_are_decimal: bool,
    /// The mark that each column shows.
    own: Vec<Option<Decimal>>,
    /// Whether no column shows another mark than in the run's table.
    as_the_run: bool,
    /// Cells of the columns that show a decimal point and a decimal comma.
    point: Option<&'a Seen>,
    comma: Option<&'a Seen>,
    /// Cells of the columns that show neither, with the one mark and with the other.
    either_point: Option<&'a Seen>,
    either_comma: Option<&'a Seen>,
}

impl<'a> Table<'a> {
    fn of(all: &'a [Evidence], roles: &'a [Role], commas_separate: bool) -> Self {
        let read = || (0..all.len()).filter(|&place| matches!(roles[place], Role::Read { .. }));
        let points_are_decimal =
            commas_separate && !read().any(|place| all[place].grouped_by_points);
        let columns = all.iter().zip(roles);
        let own = columns.map(|(of, role)| match has_run_commas(of, *role) {
            // What may be read in two ways is read as the run's table was.
            true => of.own(false, false),
            false => of.own(commas_separate, points_are_decimal),
        });
        let own: Vec<Option<Decimal>> = own.collect();
        let first = |mark: Option<Decimal>, signs: &[Sign]| {
            let mut columns = read().filter(|&place| own[place] == mark);
            columns.find_map(|place| signs.iter().find_map(|sign| all[place].first(*sign)))
        };
        Table {
            all,
            roles,
            commas_separate,
            points_are_decimal,
            as_the_run: read().all(|place| match (own[place], of_run(roles[place])) {
                (Some(own), Some(run)) => own == run,
                _ => true,
            }),
            point: first(Some(Decimal::Point), &[Sign::Point, Sign::EitherPoint]),
            comma: first(Some(Decimal::Comma), &[Sign::Comma]),
            either_point: first(None, &[Sign::EitherPoint]),
            either_comma: first(None, &[Sign::EitherComma]),
            own,
        }
    }

    fn decimal(&self, place: usize) -> std::result::Result<Decimal, Doubt> {
        let (of, role) = (&self.all[place], self.roles[place]);
        let (a_point, a_comma) = (of.first(Sign::EitherPoint), of.first(Sign::EitherComma));
        let doubt = |(cell, other): (&Seen, &Seen)| Doubt(cell.clone(), other.clone());
        let against = |point: Option<&Seen>, comma: Option<&Seen>| {
            a_comma.zip(point).or(a_point.zip(comma)).map(doubt)
        };
        let (decimal, doubt) = match (self.own[place], self.point, self.comma) {
            (Some(Decimal::Comma), ..) if self.points_are_decimal && !has_run_commas(of, role) => {
                let comma = of.first(Sign::Comma);
                (Decimal::Comma, a_point.zip(comma).map(doubt))
            }
            (Some(own), ..) => (own, None),
            _ if self.as_the_run && of_run(role).is_some() => {
                (of_run(role).unwrap_or_default(), None)
            }
            (None, _, None) if self.commas_separate => (Decimal::Point, None),
            (None, None, Some(_)) => (Decimal::Comma, None),
            (None, Some(point), comma) => (Decimal::Point, against(Some(point), comma)),
            (None, None, None) if self.either_comma.is_none() => (Decimal::Point, None),
            (None, None, None) if self.either_point.is_none() => (Decimal::Comma, None),
            (None, None, None) => (
                Decimal::Point,
                against(self.either_point, self.either_comma),
            ),
        };
        match doubt.filter(|_| matches!(role, Role::Read { .. })) {
            Some(doubt) => Err(doubt),
            None => Ok(decimal),
        }
    }
}

/// The mark of a column in the run's table.
fn of_run(role: Role) -> Option<Decimal> {
    match role {
        Role::Read { decimal } => decimal,
        Role::Aside { .. } => None,
    }
}

/// Whether the run's table has decimal commas in a column, and nothing in it speaks against them here.
fn has_run_commas(of: &Evidence, role: Role) -> bool {
    of_run(role) == Some(Decimal::Comma) && of.count(Sign::Point) == 0
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
            (&["2.276 0,10 0,20"], b',', Err("2.276 0,10")),
            (&["2.276 0,10 1.5"], b',', Ok(vec![Point])),
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
