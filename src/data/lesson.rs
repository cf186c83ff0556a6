//! How a column becomes inputs, learned from the rows that are trained on.

use super::choices::{Order, Rule};
use super::coding::{Code, MISSING, Unit, name};
use super::look::{Kind, Look, is_missing};
use super::sheet::{Cell, Column};

/// What it is learned from how a column becomes inputs.
#[derive(Clone, Copy)]
pub(super) struct Lesson<'a> {
    pub(super) column: &'a Column,
    pub(super) look: &'a Look,
    /// Given where the column is to be a category.
    pub(super) order: Option<&'a Order>,
    /// What stands for missing values.
    pub(super) rule: Rule,
    /// The rows that are trained on.
    pub(super) training: &'a [usize],
    /// Cells that mean a missing value, beside the usual ones.
    pub(super) marks: &'a [String],
}

impl Lesson<'_> {
    /// What the cells are; `None` where the column becomes a category.
    fn unit(&self) -> Option<Unit> {
        match (self.order, self.look.kind) {
            (None, Kind::Number | Kind::Mixed | Kind::Empty) => Some(Unit::Number),
            (None, Kind::Boolean) => Some(Unit::Boolean),
            (None, Kind::Date) => Some(Unit::Days),
            _ => None,
        }
    }

    /// The median of the training rows where the rule asks for it, else the mean.
    fn typical(&self, unit: Unit) -> f64 {
        let cells = self.training.iter().map(|row| self.column.cell(*row));
        let known = cells
            .filter(|cell| !is_missing(*cell, self.marks))
            .filter_map(|cell| unit.number(cell));
        match self.rule {
            Rule::Median => median(known.collect()),
            _ => mean(known),
        }
    }

    /// What is to stand for a missing value of other tables where none is missing in this one.
    pub(super) fn fill(&self) -> Option<f64> {
        let is_asked = self.look.missing == 0 && matches!(self.rule, Rule::Mean | Rule::Median);
        self.unit()
            .filter(|_| is_asked)
            .map(|unit| self.typical(unit))
    }

    /// How the column becomes inputs; `None` for plain numbers.
    pub(super) fn code(&self) -> Option<Code> {
        let Some(unit) = self.unit() else {
            return Some(self.category());
        };
        let missing = self.look.missing > 0 && self.rule != Rule::Refuse;
        if unit == Unit::Number && !missing {
            return None;
        }
        Some(Code::Number {
            unit,
            missing: missing.then(|| self.typical(unit)),
            indicator: missing && self.rule == Rule::Indicator,
        })
    }

    fn category(&self) -> Code {
        let mut values = match self.order {
            Some(Order::Given(values)) => return Code::Ordinal(values.clone()),
            _ => values(self.column, self.training.iter().copied(), self.marks),
        };
        if self.order == Some(&Order::Sorted) {
            return Code::Ordinal(values);
        }
        if self.look.missing > 0 && self.rule == Rule::Category {
            values.push(MISSING.into());
        }
        Code::OneHot(values)
    }
}

/// The different values of the cells at `rows`, numbers before texts, in ascending order.
pub(super) fn values(
    column: &Column,
    rows: impl Iterator<Item = usize>,
    marks: &[String],
) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let (mut numbers, mut texts): (Vec<f64>, Vec<&str>) = (vec![], vec![]);
    for row in rows {
        match column.cell(row) {
            cell if is_missing(cell, marks) => {}
            Cell::Number(value) => {
                if seen.insert(name(Cell::Number(value))) {
                    numbers.push(value);
                }
            }
            Cell::Text(text) => {
                if !seen.contains(text) {
                    seen.insert(text.to_owned());
                    texts.push(text);
                }
            }
        }
    }
    numbers.sort_by(f64::total_cmp);
    texts.sort_unstable();
    let texts = texts.into_iter().map(str::to_owned);
    numbers
        .into_iter()
        .map(|x| name(Cell::Number(x)))
        .chain(texts)
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
    if count == 0.0 { 0.0 } else { sum / count }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::coding::Fault;
    use super::super::look::look;
    use super::super::sheet::tests::sheet;
    use super::*;

    /// What the cells of a column become, learned from the first `training` of them.
    fn coded(
        cells: &str,
        training: usize,
        order: Option<Order>,
        rule: Rule,
    ) -> Vec<Result<Vec<f64>, Fault>> {
        let rows: String = cells.split(' ').map(|cell| format!("{cell},1\n")).collect();
        let sheet = sheet(&format!("a,y\n{rows}")).unwrap();
        let column = &sheet.columns[0];
        let found = look(column, &[]);
        let training: Vec<usize> = (0..training).collect();
        let lesson = Lesson {
            column,
            look: &found,
            order: order.as_ref(),
            rule,
            training: &training,
            marks: &[],
        };
        let code = lesson.code().unwrap();
        let of = |cell| {
            let mut out = vec![];
            code.apply(cell, &[], &mut out).map(|()| out)
        };
        column.iter().map(of).collect()
    }

    #[test]
    fn columns_become_numbers() {
        let ok = |values: &[&[f64]]| values.iter().map(|v| Ok(v.to_vec())).collect::<Vec<_>>();
        assert_eq!(
            coded("b a c", 2, None, Rule::Refuse),
            ok(&[&[0.0, 1.0, 0.0], &[1.0, 0.0, 0.0], &[0.0, 0.0, 1.0]])
        );
        assert_eq!(
            coded("b ? a", 3, None, Rule::Category),
            ok(&[
                &[0.0, 1.0, 0.0, 0.0],
                &[0.0, 0.0, 1.0, 0.0],
                &[1.0, 0.0, 0.0, 0.0]
            ])
        );
        assert_eq!(
            coded("10 9 10", 3, Some(Order::Sorted), Rule::Refuse),
            ok(&[&[1.0], &[0.0], &[1.0]])
        );
        let order = Order::Given(vec!["low".into(), "high".into()]);
        assert_eq!(
            coded("high low mid", 3, Some(order), Rule::Refuse),
            [Ok(vec![1.0]), Ok(vec![0.0]), Err(Fault::Unlisted)]
        );
        assert_eq!(
            coded("yes no", 2, None, Rule::Refuse),
            ok(&[&[1.0], &[0.0]])
        );
        assert_eq!(
            coded("1970-01-02 1970-01-11", 2, None, Rule::Refuse),
            ok(&[&[1.0], &[10.0]])
        );
        // The last row is no training row: 7 is the mean of 2, 4 and 15, the median 4.
        let filled = |rule| coded("2 4 15 ? 100", 4, None, rule)[3].clone();
        assert_eq!(filled(Rule::Mean), Ok(vec![7.0]));
        assert_eq!(filled(Rule::Median), Ok(vec![4.0]));
        assert_eq!(filled(Rule::Indicator), Ok(vec![7.0, 1.0]));
        assert_eq!(
            coded("yes ? no", 3, None, Rule::Refuse)[1],
            Err(Fault::Missing)
        );
    }
}
