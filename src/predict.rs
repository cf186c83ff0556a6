//! Predictions as a file: a row, or a slice of arrays, an example.

use crate::data::npz::Entries;
use crate::data::{self, Identifier};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Part;
use crate::likelihood::{self, Predictive, TargetKind};
use crate::train::files::write_whole;
use std::io;
use std::path::Path;

/// One column or array of a prediction file: a name, entries an example, and the numbers.
struct Column {
    name: String,
    /// Names of the entries where there are several.
    entries: Vec<String>,
    width: usize,
    /// Axes of an example's entries, where there are any.
    axes: Vec<usize>,
    values: Vec<f64>,
}

/// What columns of several entries are named after, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// The classes, in the order of their labels.
    pub classes: &'a [String],
    /// The targets.
    pub targets: &'a [String],
    /// The columns that the targets' values were read from.
    pub read: &'a [String],
}

/// What is predicted of a target.
pub struct Target<'a> {
    /// Its name, where there are several: what its columns end with.
    pub name: Option<&'a str>,
    /// The predictions.
    pub predicted: Predictive,
    /// The examples.
    pub part: Part<'a>,
    /// What is named after what.
    pub names: Names<'a>,
}

/// The columns of what was predicted: `row`, the example's row in the data's file, from 0; and of each target
/// `target`, where it is known, and those of the likelihood's [`crate::likelihood::Summary`].
fn columns(targets: &[Target], rows: &[usize]) -> Vec<Column> {
    let row = Column {
        name: "row".into(),
        entries: vec![],
        width: 1,
        axes: vec![],
        values: rows.iter().map(|row| *row as f64).collect(),
    };
    let of_targets = targets.iter().flat_map(|target| {
        let mut columns = of_target(&target.predicted, &target.part, &target.names);
        for column in &mut columns {
            if let Some(name) = target.name {
                column.name = format!("{}_{name}", column.name);
            }
        }
        columns
    });
    [row].into_iter().chain(of_targets).collect()
}

fn of_target(predicted: &Predictive, part: &Part, names: &Names) -> Vec<Column> {
    let (n, width) = (predicted.examples, part.kind.entries());
    // Entries of several are named where the names are known, and numbered elsewhere.
    let named = |known: &[String], count: usize| match count {
        1 => vec![],
        _ if known.len() == count => known.to_vec(),
        _ => (0..count).map(|k| k.to_string()).collect(),
    };
    let axes = part.kind.axes();
    let column = |name: &str, entries: Vec<String>, width: usize, values| Column {
        name: name.into(),
        entries,
        width,
        axes: match axes {
            _ if width == 1 => vec![],
            Some(axes) if width == axes.len() => axes.sizes().to_vec(),
            // Probabilities of the classes at each place.
            Some(axes) => [axes.sizes(), &[width / axes.len()]].concat(),
            None => vec![width],
        },
        values,
    };
    let mut columns = vec![];
    if part.with_targets {
        let targets = (0..n).flat_map(|i| (0..width).map(move |k| part.target(i, k)));
        let read = match names.targets.is_empty() {
            true => names.targets,
            false => names.read,
        };
        columns.push(column(
            "target",
            named(read, width),
            width,
            targets.collect(),
        ));
    }
    columns.extend(part.summary.columns(predicted).into_iter().map(|found| {
        let (known, count) = match found.entries {
            likelihood::Entries::One => (&[][..], 1),
            likelihood::Entries::Classes => (names.classes, predicted.width),
            likelihood::Entries::Targets => (names.targets, width),
        };
        if axes.is_some() {
            // No names for entries that have places.
            let width = found.values.len() / n.max(1);
            return column(found.name, vec![], width, found.values);
        }
        column(found.name, named(known, count), count, found.values)
    }));
    columns
}

/// Writes predictions to a `.csv` or `.npz` file, whole or not at all; `identifiers` are columns of the data that say
/// which example a row is.
///
/// # Errors
///
/// `E0601` for another ending, and where the file cannot be written.
pub fn write(
    path: &Path,
    targets: &[Target],
    rows: &[usize],
    identifiers: &[Identifier],
) -> Result<()> {
    for target in targets {
        refuse_images(path, target.part.kind)?;
    }
    let columns = columns(targets, rows);
    let examples = targets
        .first()
        .map_or(0, |target| target.predicted.examples);
    let written = match format(path)? {
        Format::Csv => csv(&columns, examples, rows, identifiers),
        Format::Npz => npz(&columns, examples, rows, identifiers),
    };
    let bytes = written.map_err(|error| crate::train::files::failed(path, "write", &error))?;
    write_whole(path, &bytes)
}

/// The kind of a prediction file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// NumPy arrays.
    Npz,
}

/// The kind that a path's ending names.
pub fn format(path: &Path) -> Result<Format> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("csv") => Ok(Format::Csv),
        Some("npz") => Ok(Format::Npz),
        _ => Err(Diagnostic::error(
            "E0601",
            format!("predictions are not written to `{}`", path.display()),
        )
        .note("the file ends in .csv or .npz")
        .into()),
    }
}

/// Refuses a table of predictions of images, which have no columns.
///
/// # Errors
///
/// `E0601`.
pub fn refuse_images(path: &Path, kind: TargetKind) -> Result<()> {
    match (format(path)?, kind.axes()) {
        (Format::Csv, Some(_)) => {
            let title = format!("predictions of `{kind}` are no table");
            Err(Diagnostic::error("E0601", title)
                .note(format!(
                    "`{}` would have a column for each place",
                    path.display()
                ))
                .help(format!(
                    "`--out {}` keeps them as arrays",
                    path.with_extension("npz").display()
                ))
                .into())
        }
        _ => Ok(()),
    }
}

/// `identifiers` are copied behind the first column, which says the rows of the file.
fn csv(
    columns: &[Column],
    examples: usize,
    rows: &[usize],
    identifiers: &[Identifier],
) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(vec![]);
    let names = columns
        .iter()
        .flat_map(|column| match column.entries.as_slice() {
            [] => vec![column.name.clone()],
            entries => entries
                .iter()
                .map(|entry| format!("{}_{entry}", column.name))
                .collect(),
        });
    let mut names: Vec<String> = names.collect();
    names.splice(
        1..1,
        identifiers.iter().map(|column| column.name().to_owned()),
    );
    writer.write_record(names)?;
    for (i, row) in rows.iter().enumerate().take(examples) {
        let numbers = columns
            .iter()
            .flat_map(|c| &c.values[i * c.width..(i + 1) * c.width]);
        let mut cells: Vec<String> = numbers.map(f64::to_string).collect();
        cells.splice(1..1, identifiers.iter().map(|column| column.cell(*row)));
        writer.write_record(cells)?;
    }
    writer
        .into_inner()
        .map_err(|error| io::Error::other(error.to_string()))
}

/// `identifiers` are arrays of text. One that has the name of another array gets `_` behind it.
fn npz(
    columns: &[Column],
    examples: usize,
    rows: &[usize],
    identifiers: &[Identifier],
) -> io::Result<Vec<u8>> {
    let shape = |column: &Column| [&[examples], &column.axes[..]].concat();
    let shapes: Vec<Vec<usize>> = columns.iter().map(shape).collect();
    let numbers = columns.iter().zip(&shapes).map(|(column, shape)| {
        let entries = Entries::Numbers(shape, &column.values);
        (column.name.clone(), entries)
    });
    let mut arrays: Vec<(String, Entries)> = numbers.collect();
    let cells = |column: &Identifier| rows.iter().map(|row| column.cell(*row)).collect();
    let texts: Vec<Vec<String>> = identifiers.iter().map(cells).collect();
    for (place, (column, texts)) in identifiers.iter().zip(&texts).enumerate() {
        let mut name = column.name().to_owned();
        while arrays.iter().any(|(other, _)| *other == name) {
            name.push('_');
        }
        arrays.insert(1 + place, (name, Entries::Texts(texts)));
    }
    data::npz::encode_all(arrays.iter().map(|(name, entries)| (&name[..], *entries)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::scaling::Transform;
    use crate::data::{Split, Values};
    use crate::examples::Scales;
    use crate::likelihood::{Likelihood, Normal};
    use crate::tensor::Shape;

    fn written(path: &Path) -> Result<()> {
        let split = Split {
            inputs: Values::F64(vec![0.0; 2]),
            input_shape: Shape::new(&[1]),
            targets: Values::F64(vec![1.0, 5.0]),
            target_shape: Shape::default(),
            len: 2,
        };
        let scales = Scales {
            inputs: Transform::identity(1),
            targets: Transform::identity(1),
        };
        let part = Part {
            split: &split,
            rows: &[0, 1],
            scales: &scales,
            kind: TargetKind::Real(1),
            summary: Normal.summary(&TargetKind::Real(1)),
            target: 0,
            targets: None,
            others: &[],
            with_targets: true,
        };
        let predicted = Predictive {
            examples: 2,
            draws: 3,
            width: 1,
            mean: vec![1.5, 4.0],
            within: vec![9.0, 4.0],
            between: vec![16.0, 0.0],
            ..Predictive::default()
        };
        let target = Target {
            name: None,
            predicted,
            part,
            names: Names::default(),
        };
        write(path, &[target], &[3, 7], &[])
    }

    #[test]
    fn variances_add_up_in_a_csv() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.csv");
        written(&path).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "row,target,mean,std,aleatoric_std,epistemic_std\n3,1,1.5,5,3,4\n7,5,4,2,2,0\n"
        );
        assert_eq!(
            written(&folder.path().join("p.txt"))
                .unwrap_err()
                .diagnostics[0]
                .code,
            "E0601"
        );
    }

    #[test]
    fn an_npz_holds_an_array_a_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.npz");
        written(&path).unwrap();
        let written = std::fs::read(path).unwrap();
        let array = |name: &str| data::npz::tests::numbers(&written, name);
        assert_eq!(array("std"), (vec![2], Values::F64(vec![5.0, 2.0])));
        assert_eq!(array("row"), (vec![2], Values::F64(vec![3.0, 7.0])));
    }
}
