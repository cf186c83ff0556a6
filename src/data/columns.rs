//! The names of a table's columns that were read, and what decides which are taken.

use super::choices::Choices;
use super::coding::{Code, Coding};
use super::names::{for_shell, written};
use super::steps::Steps;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The names of the columns that were read from a table; kept with a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Columns {
    /// Of the inputs, in the order in which the model takes them.
    pub inputs: Vec<String>,
    /// Of the targets; none where a table to predict for has none.
    pub targets: Vec<String>,
    /// How those are read that are not plain numbers.
    #[serde(default, skip_serializing_if = "is_plain")]
    pub coding: Coding,
    /// Columns that say which example a row is, and are neither inputs nor targets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    /// The column that says how many times a row occurs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Which rows are steps of what, where they are no examples by themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Steps>,
    /// Whether the target is the last column because none was named.
    #[serde(skip)]
    pub by_default: bool,
    /// Columns that were not read.
    #[serde(skip)]
    pub left_out: Vec<String>,
}

fn is_plain(coding: &Coding) -> bool {
    *coding == Coding::default()
}

impl Columns {
    /// What each input of the model is called: a column may be several.
    pub fn entries(&self) -> Vec<String> {
        let names = self
            .inputs
            .iter()
            .map(|name| match self.coding.inputs.get(name) {
                Some(code) => code.names(name),
                None => vec![name.clone()],
            });
        names.flatten().collect()
    }

    /// What `--categories` takes to say that the target's classes are in this order; `None` of several targets.
    pub fn order_of_target(&self, classes: &[&str]) -> Option<String> {
        let [target] = &self.targets[..] else {
            return None;
        };
        let order = format!("{}={}", written(target), classes.join("<"));
        Some(for_shell(&order))
    }

    /// For each input of the model that stands for the texts that training never saw, the column of these texts.
    pub fn unseen(&self) -> Vec<Option<&str>> {
        let columns = self.inputs.iter().flat_map(|name| {
            let code = self.coding.inputs.get(name);
            let last = code.map_or(1, Code::width);
            let is_one_hot = matches!(code, Some(Code::OneHot(_)));
            (1..=last).map(move |place| (is_one_hot && place == last).then_some(name.as_str()))
        });
        columns.collect()
    }
}

/// Which columns of a table are taken.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    /// `--target`: goes before all else.
    pub target: Option<&'a str>,
    /// What a run was trained on: its inputs, and its targets unless others are named.
    pub of_run: Option<&'a RunColumns>,
    /// The target that the description of a table names, where neither of these does.
    pub described: Option<&'a str>,
    /// The columns of a model's other targets.
    pub others: &'a [String],
    /// What else is said of the columns.
    pub choices: Option<&'a Choices>,
    /// Which rows are steps of what.
    pub steps: Option<&'a Steps>,
    /// The sheet of a spreadsheet; else the first.
    pub sheet: Option<&'a str>,
}

/// The columns of a table that a run takes, whatever their order.
#[derive(Debug, Clone, PartialEq)]
pub struct RunColumns {
    /// By their names.
    pub columns: Columns,
    /// Whether a table without the targets is a mistake.
    pub targets_needed: bool,
}

/// The longest list of columns that is shown whole.
const SHOWN: usize = 8;

/// `a, b, c`, of many the first ones and the last.
pub fn shortened(names: &[String]) -> String {
    let shown = |name: &String| match name.is_empty() {
        true => "(unnamed)".to_owned(),
        false => name.clone(),
    };
    match names {
        [first, second, third, .., last] if names.len() > SHOWN => format!(
            "{}, {}, {} … {} ({} columns)",
            shown(first),
            shown(second),
            shown(third),
            shown(last),
            names.len()
        ),
        _ => names.iter().map(shown).collect::<Vec<_>>().join(", "),
    }
}

impl fmt::Display for Columns {
    /// `target y (the last column); inputs a, b`
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.targets.len() {
            0 => f.write_str("no target")?,
            1 => write!(f, "target {}", shortened(&self.targets))?,
            _ => write!(f, "targets {}", shortened(&self.targets))?,
        }
        if self.by_default {
            f.write_str(" (the last column)")?;
        }
        let several = if self.inputs.len() == 1 { "" } else { "s" };
        write!(f, "; input{several} {}", shortened(&self.inputs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_columns_are_shortened() {
        let columns = Columns {
            inputs: (0..12).map(|i| format!("x{i}")).collect(),
            targets: vec!["y".into()],
            by_default: true,
            ..Columns::default()
        };
        assert_eq!(
            columns.to_string(),
            "target y (the last column); inputs x0, x1, x2 … x11 (12 columns)"
        );
    }
}
