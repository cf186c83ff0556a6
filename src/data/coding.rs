//! How the cells of a table's columns become the numbers of a model: learned on the training part, kept with a run.

use super::dates;
use super::look::{self, is_missing};
use super::sheet::{Cell, Decimal};
use super::texts::Texts;
use crate::words::{plural, short};
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
    /// The place of the value in this list, and the next number for any other: a token.
    Token(Vec<String>),
    /// A number of a step of a sequence; empty behind its end.
    Step,
    /// The words of a text, a token each; empty behind its end.
    Text(Texts),
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
    pub(super) fn number(self, cell: Cell) -> Option<f64> {
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

impl Code {
    /// How many inputs it makes.
    pub fn width(&self) -> usize {
        match self {
            Code::Number { indicator, .. } => 1 + usize::from(*indicator),
            Code::OneHot(values) => values.len() + 1,
            Code::Ordinal(_) | Code::Token(_) | Code::Step => 1,
            Code::Text(texts) => texts.most,
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
            Code::Ordinal(_) | Code::Token(_) | Code::Step => vec![column.to_owned()],
            Code::Text(texts) => {
                let words = 1..=texts.most;
                words.map(|word| format!("{column} word {word}")).collect()
            }
        }
    }

    /// What it is made of: `category`.
    pub fn kind(&self) -> &'static str {
        match self {
            Code::Number { unit, .. } => match unit {
                Unit::Number => "number",
                Unit::Boolean => "boolean",
                Unit::Days => "date",
            },
            Code::OneHot(_) => "category",
            Code::Ordinal(_) => "ordered category",
            Code::Token(_) => "token",
            Code::Step => "step",
            Code::Text(_) => "text",
        }
    }

    /// What it does, in words.
    pub fn words(&self) -> String {
        let filled = |missing: Option<f64>| match missing {
            Some(value) => format!(", {} where missing", short(value)),
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
            Code::OneHot(values) => {
                let inputs = plural(self.width(), "input");
                format!("{inputs} of 0 and 1: {}, (other)", super::shortened(values))
            }
            Code::Ordinal(values) => {
                let order = values.join(" < ");
                format!("0 to {}: {order}", values.len().saturating_sub(1))
            }
            Code::Token(values) => {
                let all = values.len() + 1;
                let words = super::shortened(values).replace("columns)", "words)");
                format!("tokens: `vocabulary = {all}` has room for {words} and (other)")
            }
            Code::Step => "a step of a sequence, empty behind its end".into(),
            Code::Text(texts) if texts.words.is_empty() => format!(
                "split into up to {}, all of them the token 0",
                plural(texts.most, "word")
            ),
            Code::Text(texts) => format!(
                "split into up to {}, tokens from 0 to {}, the last for other words: {}",
                plural(texts.most, "word"),
                texts.words.len(),
                super::shortened(&texts.words).replace("columns)", "words)")
            ),
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
            Code::Step if is_missing => out.push(f64::NAN),
            Code::Step => out.push(Unit::Number.number(cell).ok_or(Fault::Other)?),
            Code::Text(texts) => texts.tokens(cell, marks, out),
            Code::Ordinal(_) | Code::Token(_) if is_missing => return Err(Fault::Missing),
            Code::Token(values) => {
                // Numbers stand before texts, each in ascending order; words may be many.
                let texts = values.partition_point(|value| value.parse::<f64>().is_ok());
                let own = name(cell);
                let place = match cell {
                    Cell::Number(_) => values[..texts].iter().position(|value| *value == own),
                    Cell::Text(_) => {
                        let found = values[texts..].binary_search(&own);
                        found.ok().map(|place| texts + place)
                    }
                };
                out.push(place.unwrap_or(values.len()) as f64);
            }
            Code::Ordinal(values) => {
                let own = name(cell);
                let place = values.iter().position(|value| *value == own);
                out.push(place.ok_or(Fault::Unlisted)? as f64);
            }
        }
        Ok(())
    }
}
