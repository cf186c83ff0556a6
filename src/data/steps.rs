//! Rows of a table that are steps: each sequence an example, a row a step, or windows that are cut out of time series.

mod assemble;
mod order;

pub(super) use assemble::inputs_of_a_row;

#[cfg(test)]
mod tests;

use super::choices::{Choices, no_column};
use super::coding;
use super::in_time::InTime;
use super::sheet::{Column, Sheet};
use super::{look, names};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::{counted, plural, thousands};
use order::at;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;

/// Which windows of time series are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Windows {
    /// Those whose targets are there.
    Known,
    /// Those, too, whose targets are yet to come.
    All,
    /// These alone.
    ToCome,
}

/// Which rows are steps of what; kept with a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// The column that says which sequence, or which time series, a row is of; else all are of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The column that says the order of the rows of one; else it is that of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// How many rows a window has; none where each sequence is an example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<usize>,
    /// How many rows behind the last of its window a target stands.
    #[serde(default)]
    pub horizon: usize,
}

impl Steps {
    /// What is said of rows that are steps; `None` where each row is an example.
    ///
    /// # Errors
    ///
    /// `E0506` for a number that is none, and for what says nothing without `sequence` or `window`.
    pub(super) fn of(choices: &Choices) -> Result<Option<Steps>> {
        let number = |text: &Option<String>, key: &str| {
            let Some(text) = text else { return Ok(None) };
            let number = text
                .parse::<usize>()
                .ok()
                .filter(|n| (1..1 << 24).contains(n));
            let title = || format!("`{key}` is a number of rows, not `{text}`");
            let number = number.ok_or_else(|| Diagnostic::error("E0506", title()));
            number.map(Some)
        };
        let window = number(&choices.window, "window")?;
        let horizon = number(&choices.horizon, "horizon")?;
        if window.is_none() && choices.sequence.is_none() {
            let needless = [("time", &choices.time), ("horizon", &choices.horizon)];
            let needless = needless.iter().find(|(_, value)| value.is_some());
            return match needless {
                None => Ok(None),
                Some((key, _)) => Err(alone(key, "`sequence` or `window`").into()),
            };
        }
        if let (Some(_), None) = (horizon, window) {
            return Err(alone("horizon", "`window`").into());
        }
        Ok(Some(Steps {
            sequence: choices.sequence.clone(),
            time: choices.time.clone(),
            window,
            horizon: horizon.unwrap_or(1),
        }))
    }

    /// What an example is made of, as a sentence.
    pub fn sentence(&self) -> String {
        let named = |name: &String| format!("`{}`", name.replace('`', "'"));
        let order = self.time.as_ref();
        let order = order.map_or(String::new(), |time| {
            format!(" in the order of {}", named(time))
        });
        let sequence = self.sequence.as_ref().map(named).unwrap_or_default();
        let Some(window) = self.window else {
            return format!("each sequence of {sequence} is an example, its rows the steps{order}");
        };
        let of = match sequence.is_empty() {
            true => "the table".into(),
            false => format!("a series of {sequence}"),
        };
        let [rows, later] = [window, self.horizon].map(|n| plural(n, "row"));
        format!(
            "each window of {rows} of {of}{order} is an example, and its target stands {later} behind the last of them"
        )
    }

    /// The columns that say which step a row is: no inputs.
    pub(super) fn columns(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [("sequence", &self.sequence), ("time", &self.time)];
        all.into_iter()
            .filter_map(|(key, name)| Some((key, name.as_deref()?)))
    }

    /// Their places.
    ///
    /// # Errors
    ///
    /// `E0506` for one that is not there.
    pub(super) fn places(&self, header: &[String]) -> Result<Vec<usize>> {
        let place = |(key, name)| place(header, key, name);
        self.columns().map(place).collect()
    }

    /// The examples of a table; of windows these.
    ///
    /// # Errors
    ///
    /// `E0506` for a column that is not there; `E0515` for an order that is none, and for windows longer than their
    /// series.
    pub(super) fn layout(&self, path: &Path, sheet: &Sheet, windows: Windows) -> Result<Layout> {
        let header = sheet.header();
        let column = |key: &'static str, name: &Option<String>| -> Result<Option<&Column>> {
            let place = name.as_deref().map(|name| place(&header, key, name));
            Ok(place.transpose()?.map(|place| &sheet.columns[place]))
        };
        let sequence: Option<&Column> = column("sequence", &self.sequence)?;
        let time: Option<&Column> = column("time", &self.time)?;
        let mut names: Vec<String> = vec![];
        let mut series: Vec<Vec<usize>> = vec![];
        match sequence {
            None => series.push((0..sheet.rows()).collect()),
            Some(column) => {
                let mut numbers = HashMap::new();
                for row in 0..sheet.rows() {
                    let cell = column.cell(row);
                    if look::is_missing(cell, &[]) {
                        return Err(at(path, sheet, row, "has no name of a sequence")
                            .note(format!("the column `{}` is empty there", column.name))
                            .into());
                    }
                    let name = column
                        .written(row)
                        .map_or_else(|| coding::name(cell), str::to_owned);
                    let number = *numbers.entry(name.clone()).or_insert_with(|| {
                        series.push(vec![]);
                        names.push(name);
                        series.len() - 1
                    });
                    series[number].push(row);
                }
            }
        }
        let mut layout = Layout {
            steps: self.clone(),
            series,
            names,
            examples: vec![],
            remarks: vec![],
        };
        if let Some(time) = time {
            layout.sort(path, sheet, time)?;
        }
        layout.examples = layout.find(path, windows)?;
        Ok(layout)
    }
}

fn alone(key: &str, with: &str) -> Diagnostic {
    Diagnostic::error("E0506", format!("`{key}` says nothing without {with}"))
        .note("`sequence` names the column that says which sequence a row is a step of, `window` says how many rows are cut out of a time series")
}

fn place(header: &[String], key: &'static str, name: &str) -> Result<usize> {
    let found = names::resolve(header, name).map_err(|name| no_column(header, &name, key))?;
    match found[..] {
        [place] => Ok(place),
        _ => {
            let title = format!(
                "`{key}` names {}",
                counted(found.len(), "column", "columns")
            );
            Err(Diagnostic::error("E0506", title)
                .note("expected one column")
                .into())
        }
    }
}

/// The examples of a table whose rows are steps.
pub(super) struct Layout {
    pub(super) steps: Steps,
    /// The rows of each sequence or series, in their order.
    series: Vec<Vec<usize>>,
    /// What they are called; nothing where all rows are of one series.
    names: Vec<String>,
    examples: Vec<Example>,
    /// What is odd about them.
    pub(super) remarks: Vec<String>,
}

/// Some rows of a series that follow each other.
#[derive(Debug, Clone, Copy)]
struct Example {
    series: usize,
    first: usize,
    len: usize,
}

impl Layout {
    /// How many examples there are.
    pub(super) fn len(&self) -> usize {
        self.examples.len()
    }

    /// The rows of an example's steps.
    fn rows(&self, example: usize) -> &[usize] {
        let Example { series, first, len } = self.examples[example];
        &self.series[series][first..first + len]
    }

    /// The row of a window's target, if it has come.
    fn target(&self, example: usize) -> Option<usize> {
        let Example { series, first, len } = self.examples[example];
        let rows = &self.series[series];
        rows.get(first + len - 1 + self.steps.horizon).copied()
    }

    /// Whether the target of each window is yet to come, where some are and others are not; else nothing.
    pub(super) fn to_come(&self) -> Vec<bool> {
        let to_come = |example| self.steps.window.is_some() && self.target(example).is_none();
        let all: Vec<bool> = (0..self.len()).map(to_come).collect();
        match all.contains(&true) && all.contains(&false) {
            true => all,
            false => vec![],
        }
    }

    /// The row that an example goes by: the first of a sequence, the last of a window.
    pub(super) fn places(&self) -> Vec<usize> {
        let place = |example| {
            let rows = self.rows(example);
            match self.steps.window {
                None => rows[0],
                Some(_) => rows[rows.len() - 1],
            }
        };
        (0..self.len()).map(place).collect()
    }

    /// The rows of each sequence by the first of them; `None` of windows.
    pub(super) fn of_steps(&self) -> Option<HashMap<usize, Vec<usize>>> {
        let rows = || self.series.iter().map(|rows| (rows[0], rows.clone()));
        self.steps.window.is_none().then(|| rows().collect())
    }

    /// The rows of these examples, and of their targets, in the order of the table.
    pub(super) fn rows_of(&self, examples: &[usize], rows: usize) -> Vec<usize> {
        let mut taken = vec![false; rows];
        for example in examples {
            let target = self
                .target(*example)
                .filter(|_| self.steps.window.is_some());
            let rows = self.rows(*example).iter().copied().chain(target);
            rows.for_each(|row| taken[row] = true);
        }
        (0..rows).filter(|row| taken[*row]).collect()
    }

    /// The group of each sequence, of which those of its rows are told.
    ///
    /// # Errors
    ///
    /// `E0515` for a sequence of several groups, and of windows, whose parts follow each other in time.
    pub(super) fn groups(&self, groups: &[u32], column: &Column) -> Result<Vec<u32>> {
        let refused = |title: String| {
            Diagnostic::error("E0515", title)
                .help("leave `group` out: a sequence is in one part as it is")
        };
        if self.steps.window.is_some() {
            let title = "windows are divided in the order of time, not by `group`".to_owned();
            return Err(refused(title).into());
        }
        let group = |example: usize| {
            let rows = self.rows(example);
            let other = rows.iter().find(|row| groups[**row] != groups[rows[0]]);
            match other {
                None => Ok(groups[rows[0]]),
                Some(_) => {
                    let name = self.name(example);
                    let title = format!(
                        "{name} is of several groups of the column `{}`",
                        column.name
                    );
                    Err(refused(title).into())
                }
            }
        };
        (0..self.len()).map(group).collect()
    }

    /// Where the windows lie in their series; `None` of sequences.
    pub(super) fn in_time(&self) -> Option<InTime> {
        self.steps.window?;
        let span = |example: &Example| {
            let last = example.first + example.len - 1 + self.steps.horizon;
            [example.series, example.first, last].map(|n| n as u32)
        };
        Some(InTime::new(self.examples.iter().map(span).collect()))
    }

    /// What an example is called: "the sequence `p7`".
    fn name(&self, example: usize) -> String {
        self.name_of(self.examples[example].series)
    }

    fn name_of(&self, series: usize) -> String {
        let kind = match self.steps.window {
            None => "sequence",
            Some(_) => "series",
        };
        match self.names.get(series) {
            None => format!("the {kind}"),
            Some(name) => format!("the {kind} `{name}`"),
        }
    }

    fn find(&self, path: &Path, windows: Windows) -> Result<Vec<Example>> {
        let Some(window) = self.steps.window else {
            let whole = |(series, rows): (usize, &Vec<usize>)| Example {
                series,
                first: 0,
                len: rows.len(),
            };
            return Ok(self.series.iter().enumerate().map(whole).collect());
        };
        let behind = match windows {
            Windows::Known => self.steps.horizon,
            Windows::All | Windows::ToCome => 0,
        };
        let mut all = vec![];
        for (series, rows) in self.series.iter().enumerate() {
            if rows.len() < window + behind {
                let name = self.name_of(series);
                let with_target = if behind > 0 { " with its target" } else { "" };
                let title = format!(
                    "{name} of `{}` is shorter than a window of {}{with_target}",
                    path.display(),
                    counted(window, "row", "rows")
                );
                return Err(Diagnostic::error("E0515", title)
                    .note(format!(
                        "{name} has {}, and expected are at least {}",
                        counted(rows.len(), "row", "rows"),
                        thousands(window + behind)
                    ))
                    .help("take a shorter `window`, or leave the series out")
                    .into());
            }
            let first = match windows {
                Windows::ToCome => (rows.len() + 1).saturating_sub(window + self.steps.horizon),
                Windows::Known | Windows::All => 0,
            };
            let firsts = first..=rows.len() - window - behind;
            all.extend(firsts.map(|first| Example {
                series,
                first,
                len: window,
            }));
        }
        Ok(all)
    }
}
