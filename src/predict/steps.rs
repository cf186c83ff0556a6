//! Predictions of the steps of sequences as the rows of a table: of each example as many as it has steps.

use super::columns::{Cells, Column, named};
use std::collections::HashMap;

/// The steps of some examples.
#[derive(Debug, Clone)]
pub struct Steps<'a> {
    /// T, the places that a target has.
    pub places: usize,
    /// How many of them are there, of each example.
    pub lengths: Vec<usize>,
    /// The rows of the data's file that the steps of a sequence are, by its first one; none of arrays.
    pub rows: Option<&'a HashMap<usize, Vec<usize>>>,
    /// The names of the classes.
    pub classes: &'a [String],
}

impl Steps<'_> {
    /// The row of the file of each step, of examples that are in these rows.
    pub(super) fn rows(&self, of_examples: &[usize]) -> Vec<usize> {
        let each = of_examples.iter().zip(&self.lengths);
        let rows = each.flat_map(|(first, length)| {
            let rows = self.rows.and_then(|rows| rows.get(first));
            (0..*length).map(move |step| *rows.and_then(|rows| rows.get(step)).unwrap_or(first))
        });
        rows.collect()
    }

    /// The number of each step in its sequence, from 0.
    pub(super) fn numbers(&self) -> Column {
        let numbers = self.lengths.iter().flat_map(|length| 0..*length);
        Column::of_one(
            "step",
            Cells::Whole(numbers.map(|step| step as f64).collect()),
        )
    }

    /// How many steps each example has.
    pub fn lengths(&self) -> Column {
        let lengths = self.lengths.iter().map(|length| *length as f64);
        Column::of_one("length", Cells::Whole(lengths.collect()))
    }

    /// Takes away what an array has behind the lengths.
    pub fn mask(&self, column: &mut Column) {
        if column.axes.first() != Some(&self.places) {
            return;
        }
        let (width, of_step) = (column.width, column.width / self.places);
        column.blank(|entry| (entry % width) / of_step >= self.lengths[entry / width]);
    }

    /// A column with a row a step; what is said of an example is said in all of its rows.
    pub(super) fn column(&self, column: Column) -> Column {
        let is_of_steps = column.axes.first() == Some(&self.places);
        let width = match is_of_steps {
            true => column.width / self.places,
            false => column.width,
        };
        let entries = self
            .lengths
            .iter()
            .enumerate()
            .flat_map(|(example, length)| {
                let first = example * column.width;
                (0..*length).flat_map(move |step| {
                    let first = first + if is_of_steps { step * width } else { 0 };
                    first..first + width
                })
            });
        let cells = match &column.cells {
            Cells::Numbers(all) => Cells::Numbers(entries.map(|at| all[at]).collect()),
            Cells::Whole(all) => Cells::Whole(entries.map(|at| all[at]).collect()),
            Cells::Texts(all) => Cells::Texts(entries.map(|at| all[at].clone()).collect()),
        };
        Column {
            entries: match is_of_steps {
                true => named(self.classes, width),
                false => column.entries,
            },
            width,
            axes: if width == 1 { vec![] } else { vec![width] },
            cells,
            name: column.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_step_that_is_there() {
        let rows = HashMap::from([(4, vec![4, 7]), (5, vec![5])]);
        let steps = Steps {
            places: 2,
            lengths: vec![2, 1],
            rows: Some(&rows),
            classes: &["a".into(), "b".into()],
        };
        assert_eq!(steps.rows(&[4, 5]), [4, 7, 5]);
        assert_eq!(steps.numbers().cells, Cells::Whole(vec![0.0, 1.0, 0.0]));
        let probability = Column {
            name: "probability".into(),
            entries: vec![],
            width: 4,
            axes: vec![2, 2],
            cells: Cells::Numbers((0..8).map(f64::from).collect()),
        };
        let found = steps.column(probability);
        assert_eq!(found.names(), ["probability_a", "probability_b"]);
        let expected = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        assert_eq!(found.cells, Cells::Numbers(expected));
        let of_examples = Column::of_one("mean", Cells::Numbers(vec![8.0, 9.0]));
        let found = steps.column(of_examples);
        assert_eq!(found.cells, Cells::Numbers(vec![8.0, 8.0, 9.0]));
    }
}
