//! How the cells of a table's columns become the numbers of a model: learned on the training part, kept with a run.

use super::choices::{Order, Rule};
use super::dates;
use super::look::{self, Kind, Look, is_missing};
use super::sheet::{Cell, Column, Decimal};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How the columns of a table are read that are not plain numbers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Coding {
    /// Cells that mean a missing value, beside the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_values: Vec<String>,
    /// The columns that had decimal commas in the run's table: another one may not show which mark it has.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub decimal_commas: BTreeSet<String>,
    /// The columns of which the numbers were written with `%`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub percent: BTreeSet<String>,
    /// The inputs that are not plain numbers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Code>,
    /// What stands for a missing value of inputs for which a rule was given, but of which none was missing in training.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fills: BTreeMap<String, f64>,
    /// What the classes of the target are called in the table, in the order of their labels.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

impl Coding {
    /// The decimal mark of a column in the run's table.
    pub(super) fn decimal(&self, name: &str) -> Decimal {
        match self.decimal_commas.contains(name) {
            true => Decimal::Comma,
            false => Decimal::Point,
        }
    }

    /// How an input is read.
    pub(super) fn code(&self, name: &str) -> Code {
        let plain = || Code::Number {
            unit: Unit::Number,
            missing: None,
            indicator: false,
        };
        let mut code = self.inputs.get(name).cloned().unwrap_or_else(plain);
        if let Code::Number { missing, .. } = &mut code {
            *missing = missing.or(self.fills.get(name).copied());
        }
        code
    }
}

/// How a column becomes inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// One number a cell, of which some are missing.
    Number {
        /// What a cell's text means.
        unit: Unit,
        /// What stands for a missing value.
        missing: Option<f64>,
        /// Whether a second input says where values were missing.
        indicator: bool,
    },
    /// An input of 0 or 1 for each of these values, and one for any other.
    OneHot(Vec<String>),
    /// The place of the value in this list.
    Ordinal(Vec<String>),
}

/// What the cells of a column of one number a cell are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// The numbers themselves.
    Number,
    /// 1 for `yes` or `true`, 0 for `no` or `false`.
    Boolean,
    /// Days since 1970-01-01.
    Days,
}

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
}

/// What a missing value is called as a category.
pub(super) const MISSING: &str = "(missing)";

/// Why a cell has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Missing,
    /// No number, date or boolean, as the column's others are.
    Other,
    /// A label that the run has no class for.
    Unseen,
    /// A value that an ordinal column does not list.
    Unlisted,
}

impl Unit {
    fn number(self, cell: Cell) -> Option<f64> {
        match (self, cell) {
            (Unit::Number, Cell::Number(value)) => Some(value),
            (Unit::Boolean, Cell::Number(value)) if value == 0.0 || value == 1.0 => Some(value),
            (Unit::Boolean, Cell::Text(text)) => look::truth(text),
            (Unit::Days, Cell::Text(text)) => dates::days(text),
            _ => None,
        }
    }
}

/// A cell as the name of a category.
pub(super) fn name(cell: Cell) -> String {
    match cell {
        Cell::Number(value) => format!("{value}"),
        Cell::Text(text) => text.to_owned(),
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

impl Code {
    /// Learns how a column becomes inputs; `None` for plain numbers.
    pub(super) fn learn(of: &Lesson) -> Option<Code> {
        let Some(unit) = of.unit() else {
            return Some(Self::category(of));
        };
        let missing = of.look.missing > 0 && of.rule != Rule::Refuse;
        if unit == Unit::Number && !missing {
            return None;
        }
        Some(Code::Number {
            unit,
            missing: missing.then(|| of.typical(unit)),
            indicator: missing && of.rule == Rule::Indicator,
        })
    }

    fn category(of: &Lesson) -> Code {
        let mut values = match of.order {
            Some(Order::Given(values)) => return Code::Ordinal(values.clone()),
            _ => values(of.column, of.training.iter().copied(), of.marks),
        };
        if of.order == Some(&Order::Sorted) {
            return Code::Ordinal(values);
        }
        if of.look.missing > 0 && of.rule == Rule::Category {
            values.push(MISSING.into());
        }
        Code::OneHot(values)
    }

    /// How many inputs it makes.
    pub fn width(&self) -> usize {
        match self {
            Code::Number { indicator, .. } => 1 + usize::from(*indicator),
            Code::OneHot(values) => values.len() + 1,
            Code::Ordinal(_) => 1,
        }
    }

    /// What the inputs that it makes of the column `column` are called.
    pub fn names(&self, column: &str) -> Vec<String> {
        match self {
            Code::Number { indicator, .. } => {
                let mut names = vec![column.to_owned()];
                names.extend(indicator.then(|| format!("{column} missing")));
                names
            }
            Code::OneHot(values) => {
                let values = values.iter().map(String::as_str).chain(["(other)"]);
                values.map(|value| format!("{column} = {value}")).collect()
            }
            Code::Ordinal(_) => vec![column.to_owned()],
        }
    }

    /// What it does, in words.
    pub fn words(&self) -> String {
        let filled = |missing: Option<f64>| match missing {
            Some(value) => format!(", {} where missing", crate::words::short(value)),
            None => String::new(),
        };
        match self {
            Code::Number {
                unit,
                missing,
                indicator,
            } => {
                let unit = match unit {
                    Unit::Number => "as it is",
                    Unit::Boolean => "1 for yes or true, 0 for no or false",
                    Unit::Days => "days since 1970-01-01",
                };
                let indicator = if *indicator {
                    " and an indicator of it"
                } else {
                    ""
                };
                format!("{unit}{}{indicator}", filled(*missing))
            }
            Code::OneHot(values) => format!("one-hot: {}, (other)", super::shortened(values)),
            Code::Ordinal(values) => format!("ordinal: {}", values.join(" < ")),
        }
    }

    /// Appends the inputs of a cell.
    pub(super) fn apply(
        &self,
        cell: Cell,
        marks: &[String],
        out: &mut Vec<f64>,
    ) -> Result<(), Fault> {
        let is_missing = is_missing(cell, marks);
        match self {
            Code::Number {
                unit,
                missing,
                indicator,
            } => {
                let value = match (is_missing, missing) {
                    (true, None) => return Err(Fault::Missing),
                    (true, Some(typical)) => *typical,
                    (false, _) => unit.number(cell).ok_or(Fault::Other)?,
                };
                out.push(value);
                if *indicator {
                    out.push(f64::from(u8::from(is_missing)));
                }
            }
            Code::OneHot(values) => {
                let own = if is_missing {
                    MISSING.to_owned()
                } else {
                    name(cell)
                };
                let place = values.iter().position(|value| *value == own);
                if is_missing && place.is_none() {
                    return Err(Fault::Missing);
                }
                let place = place.unwrap_or(values.len());
                out.extend((0..=values.len()).map(|value| f64::from(u8::from(value == place))));
            }
            Code::Ordinal(_) if is_missing => return Err(Fault::Missing),
            Code::Ordinal(values) => {
                let own = name(cell);
                let place = values.iter().position(|value| *value == own);
                out.push(place.ok_or(Fault::Unlisted)? as f64);
            }
        }
        Ok(())
    }
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
        let look = look::look(column, &[]);
        let training: Vec<usize> = (0..training).collect();
        let code = Code::learn(&Lesson {
            column,
            look: &look,
            order: order.as_ref(),
            rule,
            training: &training,
            marks: &[],
        })
        .unwrap();
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
