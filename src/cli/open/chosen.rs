//! Rows of some data that a command takes.

use super::Opened;
use crate::data::{Columns, Dataset, Identifier, Split, shortened};
use crate::diagnostic::Result;
use crate::train::fitting;
use crate::words::{counted, thousands};
use std::collections::HashMap;

/// Rows of a data set, and what messages call them.
pub struct Chosen {
    pub(in crate::cli) data: Dataset,
    /// Whether the run's own data were found in another place.
    pub(in crate::cli) moved: bool,
    pub(in crate::cli) test: bool,
    pub(in crate::cli) rows: Vec<usize>,
    /// `the test part of cifar10`
    pub name: String,
    /// `test`, `train`, `validation`, `future`, `unseen` (never trained on) or `all`.
    pub split: &'static str,
    /// Whether all have targets.
    pub with_targets: bool,
}

impl Chosen {
    /// All rows of some data that is none of the run's.
    ///
    /// # Errors
    ///
    /// Data that does not fit the model.
    pub(in crate::cli) fn all(data: Dataset, run: &Opened) -> Result<Chosen> {
        fitting::check_part(&data, false, &run.inference)
            .map_err(|failure| failure.within(&run.source))?;
        Ok(Chosen {
            moved: false,
            test: false,
            rows: (0..data.train.len).collect(),
            name: data.name.clone(),
            split: "all",
            with_targets: data.train.has_targets() && data.seen.to_come.is_empty(),
            data,
        })
    }

    /// What messages call all `count` rows of data that has these.
    pub(in crate::cli) fn name_of_all(&self, count: usize) -> String {
        name_of_all(&self.data, count)
    }

    /// Which arrays of an archive are taken.
    pub fn taken(&self) -> &[String] {
        &self.data.seen.taken
    }

    /// What was recognised of a table's file.
    pub fn said(&self) -> &[String] {
        &self.data.seen.said
    }

    /// The columns of a table that say which example a row is.
    pub fn identifiers(&self) -> &[Identifier] {
        &self.data.seen.identifiers
    }

    /// The rows of the file that the steps of sequences are, by the first of each.
    pub fn of_steps(&self) -> Option<&HashMap<usize, Vec<usize>>> {
        self.data.seen.of_steps.as_ref()
    }

    /// Whether the target of each of the rows is yet to come; empty where all are there, or none.
    pub(in crate::cli) fn to_come(&self) -> Vec<bool> {
        let all = &self.data.seen.to_come;
        let of_rows = self.rows.iter().filter_map(|row| all.get(*row).copied());
        of_rows.collect()
    }

    /// The names of the classes that the data has, in the order of their labels.
    pub fn class_names(&self) -> &[String] {
        &self.data.class_names
    }

    /// The columns of a table, as they were read.
    pub fn columns(&self) -> Option<&Columns> {
        self.data.columns.as_ref()
    }

    /// The columns of a table that were not read, told in a line for each reason; `own` are the names of
    /// the run's targets.
    pub fn left_out(&self, own: &[String]) -> Vec<String> {
        let all = self.columns().map_or(&[][..], |c| &c.left_out);
        let is_identifier = |name: &&String| self.identifiers().iter().any(|id| id.name() == *name);
        let all = all.iter().filter(|name| !is_identifier(name)).cloned();
        let (targets, unknown): (Vec<String>, Vec<String>) =
            all.partition(|name| own.contains(name));
        let line = |names: Vec<String>, one: &str, many: &str| {
            let (several, why) = match names.len() {
                0 => return None,
                1 => ("", one),
                _ => ("s", many),
            };
            Some(format!("column{several} {}: {why}", shortened(&names)))
        };
        let none = "the run has none of that name";
        let named = "as other columns are named as targets";
        let lines = [
            line(
                targets,
                &format!("a target of the run, {named}"),
                &format!("targets of the run, {named}"),
            ),
            line(unknown, none, "the run has none of these names"),
        ];
        lines.into_iter().flatten().collect()
    }

    /// Each example's row in the file that holds it, from 0.
    pub fn file_rows(&self) -> Vec<usize> {
        match &self.data.file_rows {
            Some(parts) => {
                let of_part = &parts[usize::from(self.test)];
                self.rows.iter().map(|row| of_part[*row]).collect()
            }
            None => self.rows.clone(),
        }
    }

    /// The part that its rows are of.
    pub(in crate::cli) fn split(&self) -> &Split {
        match &self.data.test {
            Some(test) if self.test => test,
            _ => &self.data.train,
        }
    }
}

/// What messages call all of some data.
pub(super) fn name_of_all(data: &Dataset, count: usize) -> String {
    let name = &data.name;
    let to_come = data.seen.to_come.iter().filter(|is| **is).count();
    let examples = counted(count, "example", "examples");
    match (data.train.has_targets(), to_come, count) {
        (true, 0, 1) => format!("{name}, {examples}"),
        (true, 0, _) => format!("{name}, all {examples}"),
        (true, _, _) => format!(
            "{name}, {} windows, of {} of which the target is yet to come",
            thousands(count),
            thousands(to_come)
        ),
        (false, ..) => format!("{name}, {examples} without targets"),
    }
}
