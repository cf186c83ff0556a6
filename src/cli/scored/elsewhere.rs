//! Data out of distribution: inputs like those of a run, whatever their targets are.

use super::super::arguments::DataSource;
use super::super::open::Opened;
use crate::data::{self, Choices, Dataset, Request, RunColumns};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Part;
use crate::train::asked::asked_for;
use crate::train::fitting;
use crate::words::thousands;

/// Inputs out of distribution, without targets.
pub struct Elsewhere {
    /// `fashion_mnist, test part of 10,000 examples`
    pub name: String,
    pub(super) data: Dataset,
    rows: Vec<usize>,
}

impl Elsewhere {
    /// Reads the data called `name`: its test part, where it has one.
    ///
    /// # Errors
    ///
    /// Data that cannot be read, or whose inputs are not of the run's shape.
    pub fn read(run: &Opened, source: &DataSource, name: &str) -> Result<Self> {
        // What they are is not asked for: its labels need not be the run's, nor numbers.
        let columns = run.record.columns.clone().map(|mut columns| {
            columns.targets.clear();
            RunColumns {
                columns,
                targets_needed: false,
            }
        });
        let request = Request {
            data: name.into(),
            data_dir: source.data_dir.clone(),
            columns,
            choices: Choices {
                layout: source.layout.clone().filter(|_| name.ends_with(".npz")),
                ..Choices::default()
            },
            stream: source.streaming().unwrap_or_default(),
            ..Request::default()
        };
        // Its targets are none of the run's.
        let request = Request {
            predicts: None,
            targets: vec![],
            steps_of: vec![],
            ..asked_for(&run.inference, request)
        };
        let alone = data::inputs_alone(&request, &run.inference.input.shape)?;
        // Of an array or a folder of classes, too.
        let data = match alone {
            Some(data) => data,
            None => data::load(&request)?.without_targets(),
        };
        let test = data.test.is_some();
        fitting::check_part(&data, test, &run.inference)?;
        let split = data.test.as_ref().unwrap_or(&data.train);
        if split.len == 0 {
            let title = format!("`{name}` has no example out of distribution");
            return Err(Diagnostic::error("E0603", title).into());
        }
        let count = thousands(split.len);
        Ok(Elsewhere {
            name: match test {
                true => format!("{}, test part of {count} examples", data.name),
                false => format!("{}, all {count} examples", data.name),
            },
            rows: (0..split.len).collect(),
            data,
        })
    }

    /// How many examples there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The examples, scaled as the run's.
    pub fn part<'a>(&'a self, run: &'a Opened) -> Part<'a> {
        Part {
            split: self.data.test.as_ref().unwrap_or(&self.data.train),
            rows: &self.rows,
            scales: &run.record.scales,
            kind: run.inference.target.kind,
            summary: run.inference.summary(),
            target: run.number,
            targets: None,
            others: &[],
            with_targets: false,
        }
    }
}
