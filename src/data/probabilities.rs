//! Probabilities of classes from a table or an `.npz`: of a reference that predictions are compared with.

use super::error::corrupt;
use super::npz;
use super::sheet::{self, Cell};
use crate::diagnostic::{Diagnostic, Result};
use crate::words::{counted, list};
use std::path::{Path, PathBuf};

/// By this much a row's sum may differ from 1: a file may have few digits.
const ROUNDED: f64 = 0.01;

/// The columns of a table, a row an example.
#[derive(Debug)]
pub struct Probabilities {
    path: PathBuf,
    /// Names with their cells; NaN where a cell is no number.
    columns: Vec<(String, Vec<f64>)>,
    rows: usize,
}

impl Probabilities {
    /// Reads the table in `path`, or of an `.npz` the array `probability`, or the only one.
    ///
    /// # Errors
    ///
    /// `E0503`, `E0504` or `E0505` where it cannot be read, `E0507` where an archive has no such array.
    pub fn read(path: &Path) -> Result<Self> {
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("npz"))
        {
            return Self::of_archive(path);
        }
        let sheet = sheet::read(path, None, &sheet::read_all)?;
        let number = |cell: Cell| match cell {
            Cell::Number(number) => number,
            Cell::Text(_) => f64::NAN,
        };
        let column = |column: &sheet::Column| {
            let cells = column.iter().map(number).collect();
            (column.name.clone(), cells)
        };
        Ok(Probabilities {
            path: path.to_owned(),
            columns: sheet.columns.iter().map(column).collect(),
            rows: sheet.rows(),
        })
    }

    /// `[rows]` of the label 1, or `[rows, classes]`.
    fn of_archive(path: &Path) -> Result<Self> {
        let (shape, values) = npz::numbers(path, "probability")?;
        let (rows, names) = match shape[..] {
            [rows] => (rows, vec!["probability".to_owned()]),
            [rows, classes] => (rows, (0..classes).map(|k| format!("p{k}")).collect()),
            _ => {
                let title = format!(
                    "`{}` has probabilities of the shape {shape:?}",
                    path.display()
                );
                return Err(Diagnostic::error("E0507", title)
                    .help("`[rows, classes]`, or `[rows]` of the label 1")
                    .into());
            }
        };
        let width = names.len();
        let cells = |column: usize| {
            (0..rows)
                .map(|row| values.get(row * width + column))
                .collect()
        };
        let columns = names.into_iter().enumerate();
        Ok(Probabilities {
            path: path.to_owned(),
            columns: columns.map(|(k, name)| (name, cells(k))).collect(),
            rows,
        })
    }

    /// The probabilities of so many classes, one row after the other; where `classes` is 1, those of the label 1.
    /// Columns are found by what `bnnc predict` calls them, `probability_cat` or `probability_0`, or as `p0`, `p1`, …
    ///
    /// # Errors
    ///
    /// `E0506` where a class has no column, `E0505` for what is no probability, `E0615` where there are not as many
    /// rows as examples.
    pub fn of_classes(
        &self,
        classes: usize,
        names: &[String],
        examples: usize,
    ) -> Result<Vec<f64>> {
        let columns: Vec<&(String, Vec<f64>)> = match self.find(classes, names) {
            Some(columns) => columns,
            None => return Err(self.without(classes, names).into()),
        };
        if self.rows != examples {
            let title = format!(
                "`{}` has {}, and the run is scored on {}",
                self.path.display(),
                counted(self.rows, "row", "rows"),
                counted(examples, "example", "examples")
            );
            return Err(Diagnostic::error("E0615", title)
                .help("a row for each example of the part, in its order, as `bnnc predict` writes them")
                .into());
        }
        for row in 0..self.rows {
            let cells = columns.iter().map(|(_, cells)| cells[row]);
            let sum: f64 = cells.clone().sum();
            let is_one = classes == 1 || (sum - 1.0).abs() <= ROUNDED;
            if !is_one || !cells.clone().all(|p| (0.0..=1.0).contains(&p)) {
                let cells: Vec<String> = cells.map(|p| p.to_string()).collect();
                let why = format!(
                    "has no probabilities in row {}: {}",
                    row + 1,
                    cells.join(", ")
                );
                return Err(corrupt(&self.path, why)
                    .note("numbers from 0 to 1, which add up to 1 over the classes")
                    .into());
            }
        }
        let row = |row: usize| columns.iter().map(move |(_, cells)| cells[row]);
        Ok((0..self.rows).flat_map(row).collect())
    }

    /// The columns of the classes, in the order of their labels.
    fn find(&self, classes: usize, names: &[String]) -> Option<Vec<&(String, Vec<f64>)>> {
        let column = |name: &str| self.columns.iter().find(|(own, _)| own == name);
        if classes == 1 {
            return Some(vec![column("probability").or_else(|| column("p1"))?]);
        }
        let all = |name: &dyn Fn(usize) -> String| -> Option<Vec<_>> {
            (0..classes).map(|class| column(&name(class))).collect()
        };
        let named = match names.len() == classes {
            true => all(&|class| format!("probability_{}", names[class])),
            false => None,
        };
        named
            .or_else(|| all(&|class| format!("probability_{class}")))
            .or_else(|| all(&|class| format!("p{class}")))
    }

    fn without(&self, classes: usize, names: &[String]) -> Diagnostic {
        let title = format!(
            "`{}` has no column for each of the classes",
            self.path.display()
        );
        let found: Vec<&str> = self.columns.iter().map(|(name, _)| &**name).collect();
        let wanted = match (classes, names.first()) {
            (1, _) => "`probability` or `p1`, the probability of the label 1".into(),
            (_, Some(name)) => format!("`probability_{name}`, … or `p0` to `p{}`", classes - 1),
            _ => format!("`probability_0`, … or `p0` to `p{}`", classes - 1),
        };
        Diagnostic::error("E0506", title)
            .note(format!("its columns are {}", list(&found)))
            .help(format!("columns called {wanted}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Probabilities {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        std::fs::write(&path, text).unwrap();
        Probabilities::read(&path).unwrap()
    }

    #[test]
    fn columns_are_found_by_class_by_number_as_p_and_as_an_array() {
        let names = ["cat", "dog"].map(String::from);
        let expected = [0.25, 0.75, 0.5, 0.5];
        for header in [
            "row,probability_dog,probability_cat",
            "row,probability_1,probability_0",
            "row,p1,p0",
        ] {
            let table = read(&format!("{header}\nr7,0.75,0.25\nr8,0.5,0.5\n"));
            assert_eq!(table.of_classes(2, &names, 2).unwrap(), expected);
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.npz");
        let arrays = [
            ("row", &[2][..], &[7.0, 8.0][..]),
            ("probability", &[2, 2], &expected),
        ];
        std::fs::write(&path, npz::encode(arrays).unwrap()).unwrap();
        let table = Probabilities::read(&path).unwrap();
        assert_eq!(table.of_classes(2, &names, 2).unwrap(), expected);
        let binary = read("row,probability\n1,0.1\n2,0.9\n");
        assert_eq!(binary.of_classes(1, &[], 2).unwrap(), [0.1, 0.9]);
    }

    #[test]
    fn what_is_no_reference_is_refused_with_the_reason() {
        let refused = |text: &str, examples: usize| {
            let failure = read(text).of_classes(2, &[], examples).unwrap_err();
            let message = &failure.diagnostics[0];
            (message.code, message.title.clone())
        };
        let (code, title) = refused("p0,p2\n0.5,0.5\n", 1);
        assert_eq!(code, "E0506", "{title}");
        let (code, title) = refused("p0,p1\n0.5,0.5\n", 3);
        assert!(
            code == "E0615" && title.contains("1 row, and the run is scored on 3 examples"),
            "{title}"
        );
        for row in ["0.5,0.6", "-0.5,1.5", "0.5,", "x,0.5"] {
            let (code, title) = refused(&format!("p0,p1\n0.5,0.5\n{row}\n"), 2);
            assert!(code == "E0504" && title.contains("row 2"), "{row}: {title}");
        }
    }
}
