//! The columns of a table that are taken, and the numbers of its rows.

use super::Asked;
use crate::data::coding::{Code, Fault};
use crate::data::columns::Columns;
use crate::data::error::Faults;
use crate::data::labels::Labels;
use crate::data::refusal::{IN_WINDOWS, no_number, otherwise_than_the_run};
use crate::data::sequences::wide;
use crate::data::sheet::{Column, Sheet};
use crate::data::texts::FirstWords;
use crate::data::{Split, Values, coding, look, names};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use crate::words::counted;
use std::path::Path;

/// A sheet, and what is asked of it.
pub(in crate::data) struct Table<'a> {
    pub(in crate::data) path: &'a Path,
    pub(in crate::data) sheet: &'a Sheet,
    pub(in crate::data) header: &'a [String],
    pub(in crate::data) asked: &'a Asked,
}

impl Table<'_> {
    /// The places of the inputs and targets.
    fn taken(&self) -> impl Iterator<Item = usize> {
        let chosen = &self.asked.chosen;
        chosen.inputs.iter().chain(&chosen.targets).copied()
    }

    /// The inputs and targets that have been read: of a table that is larger than the memory some at a time.
    pub(super) fn read(&self) -> impl Iterator<Item = &Column> {
        let columns = self.taken().map(|place| &self.sheet.columns[place]);
        columns.filter(|column| column.len() == self.sheet.rows())
    }

    /// The names of the columns.
    pub(super) fn columns(&self) -> Columns {
        let asked = self.asked;
        // A model's other targets are read for themselves.
        let others = asked.others.iter();
        let others: Vec<usize> = others
            .flat_map(|list| names::resolve(self.header, list).unwrap_or_default())
            .collect();
        let names = |places: &[usize]| {
            places
                .iter()
                .map(|place| self.header[*place].clone())
                .collect()
        };
        let taken = |place: &usize| {
            let taken = self.taken().chain(asked.weights);
            let steps = asked
                .steps
                .iter()
                .flat_map(|steps| steps.places(self.header));
            taken
                .into_iter()
                .chain(steps.flatten())
                .any(|other| other == *place)
        };
        let left_out: Vec<usize> = (0..self.header.len())
            .filter(|place| !taken(place) && !others.contains(place))
            .collect();
        Columns {
            inputs: names(&asked.chosen.inputs),
            targets: names(&asked.chosen.targets),
            by_default: asked.chosen.by_default,
            left_out: names(&left_out),
            weights: asked.weights.map(|place| self.header[place].clone()),
            steps: asked.steps.clone(),
            ..Columns::default()
        }
    }

    /// The columns, read as a run reads its own; cells that mean a missing value here alone do, too.
    ///
    /// # Errors
    ///
    /// `E0505` for a column whose numbers have `%` and had none in the run's table, or the other way round.
    pub(in crate::data) fn columns_of_run(&self, run: &Columns) -> Result<Columns> {
        let mut coding = run.coding.clone();
        coding.missing_values.extend(self.asked.choices.marks());
        for column in self.read() {
            let name = &column.name;
            let is_text = matches!(coding.inputs.get(name), Some(Code::Text(_)));
            if is_text || !run.inputs.contains(name) && !run.targets.contains(name) {
                continue;
            }
            let [with, without] = look::percent(column, &coding.missing_values);
            let (row, found, expected) = match (coding.percent.contains(name), with, without) {
                (true, _, Some(row)) => (row, "without", "with"),
                (false, Some(row), _) => (row, "with", "without"),
                _ => continue,
            };
            return Err(otherwise_than_the_run(
                self.path,
                self.sheet.lines[row],
                name,
                [found, expected],
            )
            .into());
        }
        Ok(Columns {
            coding,
            identifiers: run.identifiers.clone(),
            ..self.columns()
        })
    }

    /// The words that training never saw, a sentence for each column that has some.
    pub(super) fn unseen_words(&self, columns: &Columns) -> Vec<String> {
        let marks = &columns.coding.missing_values;
        let of_column = |column: &Column| {
            let code = columns.coding.inputs.get(&column.name)?;
            if let Code::Text(texts) = code {
                let both = [texts.unseen(column, marks), texts.cut(column)];
                let both: Vec<String> = both.into_iter().flatten().collect();
                return (!both.is_empty()).then(|| both.join("; "));
            }
            let Code::Token(words) = code else {
                return None;
            };
            let (mut cells, mut unseen, mut out) = (0, FirstWords::default(), vec![]);
            for cell in column.iter() {
                out.clear();
                let is_read = code.apply(cell, marks, &mut out).is_ok();
                if is_read && out == [words.len() as f64] {
                    cells += 1;
                    unseen.add(&coding::name(cell));
                }
            }
            (cells > 0).then(|| {
                format!(
                    "{} `{}` a word that training never saw: {unseen}; all of these are one token, (other), whose \
                     embedding is that of the prior",
                    counted(cells, "row has in the column", "rows have in the column"),
                    column.name,
                )
            })
        };
        self.read().filter_map(of_column).collect()
    }

    /// The numbers of all rows.
    pub(super) fn split(&self, columns: &Columns, needless: Option<&str>) -> Result<Split> {
        let mut faults = Faults::default();
        let split = self.split_of(columns, needless, &mut faults);
        faults.finish("faults of the table")?;
        Ok(split)
    }

    /// The numbers of all rows; those that are none are among the `faults`.
    pub(in crate::data) fn split_of(
        &self,
        columns: &Columns,
        needless: Option<&str>,
        faults: &mut Faults,
    ) -> Split {
        let coding = &columns.coding;
        let chosen = &self.asked.chosen;
        let code = |place: &usize| (*place, coding.code(&self.header[*place]));
        let codes: Vec<(usize, Code)> = chosen.inputs.iter().map(code).collect();
        let width = codes.iter().map(|(_, code)| code.width()).sum();
        let marks = &coding.missing_values;
        let labels = Labels::of(&coding.classes);
        let rows = self.sheet.rows();
        let mut inputs = Vec::with_capacity(rows * width);
        let mut targets = Vec::with_capacity(rows * chosen.targets.len());
        let message = |at, fault, needless| no_number(self.path, self.sheet, at, fault, needless);
        let of_windows = |fault| {
            let is_hole = fault == Fault::Missing && self.asked.in_windows();
            is_hole.then_some(IN_WINDOWS)
        };
        for row in 0..rows {
            let mut told = vec![];
            for (place, code) in &codes {
                let cell = self.sheet.columns[*place].cell(row);
                if let Err(fault) = code.apply(cell, marks, &mut inputs) {
                    let help = (*code == Code::Step).then_some(wide::ARE_ROWS_STEPS);
                    faults.add(|| message((row, *place), fault, help.or(of_windows(fault))));
                    told.push(*place);
                }
            }
            for &place in &chosen.targets {
                let cell = self.sheet.columns[place].cell(row);
                match labels.target(cell, marks) {
                    Ok(value) => targets.push(value),
                    Err(Fault::Missing) if self.asked.may_miss => targets.push(f64::NAN),
                    // What is an input, too, is told once.
                    Err(_) if told.contains(&place) => {}
                    Err(fault) => faults.add(|| message((row, place), fault, needless)),
                }
            }
        }
        Split {
            inputs: Values::F64(inputs),
            input_shape: Shape::new(&[width]),
            targets: Values::F64(targets),
            target_shape: match chosen.targets.len() {
                1 => Shape::default(),
                width => Shape::new(&[width]),
            },
            len: rows,
        }
    }
}
