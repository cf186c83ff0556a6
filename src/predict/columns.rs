//! The columns of a prediction file, and what is in them.

use super::steps::Steps;
use crate::data::Identifier;
use crate::examples::Part;
use crate::likelihood::{self, Predictive};

/// Some examples' entries of one column or array: a name, and so many entries an example.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Names of the entries where there are several.
    pub entries: Vec<String>,
    /// Entries an example.
    pub width: usize,
    /// Axes of an example's entries, where there are any.
    pub axes: Vec<usize>,
    /// The entries, one example after the other.
    pub cells: Cells,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Whole numbers.
    Whole(Vec<f64>),
    /// Texts.
    Texts(Vec<String>),
}

impl Column {
    pub(super) fn of_one(name: &str, cells: Cells) -> Column {
        Column {
            name: name.into(),
            entries: vec![],
            width: 1,
            axes: vec![],
            cells,
        }
    }

    /// How many examples it has.
    pub fn examples(&self) -> usize {
        let cells = match &self.cells {
            Cells::Numbers(all) | Cells::Whole(all) => all.len(),
            Cells::Texts(all) => all.len(),
        };
        cells / self.width.max(1)
    }

    /// The name of each column that it is in a table.
    pub fn names(&self) -> Vec<String> {
        match self.entries.as_slice() {
            [] => vec![self.name.clone()],
            entries => entries
                .iter()
                .map(|entry| format!("{}_{entry}", self.name))
                .collect(),
        }
    }

    /// Takes away the entries of which `holds` is true: NaN stands for a number, -1 for a label, no text for a text.
    pub(super) fn blank(&mut self, holds: impl Fn(usize) -> bool) {
        fn each<V: Clone>(all: &mut [V], none: &V, holds: impl Fn(usize) -> bool) {
            let entries = all.iter_mut().enumerate();
            entries
                .filter(|(entry, _)| holds(*entry))
                .for_each(|(_, value)| value.clone_from(none));
        }
        match &mut self.cells {
            Cells::Numbers(all) => each(all, &f64::NAN, holds),
            Cells::Whole(all) => each(all, &-1.0, holds),
            Cells::Texts(all) => each(all, &String::new(), holds),
        }
    }

    /// An entry as text.
    pub fn cell(&self, index: usize) -> String {
        match &self.cells {
            Cells::Numbers(all) | Cells::Whole(all) => all[index].to_string(),
            Cells::Texts(all) => all[index].clone(),
        }
    }
}

/// What columns of several entries are named after, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'a> {
    /// The classes, in the order of their labels.
    pub classes: &'a [String],
    /// The classes of the data that is predicted for, where it names its own.
    pub classes_of_data: &'a [String],
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
    /// Whether the target of each example is yet to come; empty where all are there, or none.
    pub to_come: &'a [bool],
    /// Columns behind those of the likelihood.
    pub further: Vec<likelihood::Column>,
}

/// The columns of what was predicted: `row`, the example's row in the data's file, from 0; the `identifiers` that the
/// data has, which are at the places `at` of these; and of each target `target`, where it is known, and those of the
/// likelihood's [`crate::likelihood::Summary`]. Of `steps` a row each, with the number of the step in `step`.
pub fn columns(
    targets: &[Target],
    rows: &[usize],
    identifiers: &[Identifier],
    at: &[usize],
    steps: Option<&Steps>,
) -> Vec<Column> {
    let of_steps = steps.map(|steps| [steps.rows(rows), steps.rows(at)]);
    let [rows, at] = of_steps
        .as_ref()
        .map_or([rows, at], |of| [&of[0][..], &of[1][..]]);
    let row = rows.iter().map(|row| *row as f64).collect();
    let row = Column::of_one("row", Cells::Whole(row));
    let of_targets = targets.iter().flat_map(|target| {
        let mut columns = of_target(target, steps.is_some());
        // The density of a whole sequence says nothing of a step.
        if steps.is_some() && target.part.kind.axes().is_some() {
            columns.retain(|column| column.name == "target" || !is_of_target(&column.name));
        }
        for column in &mut columns {
            if let Some(name) = target.name {
                column.name = format!("{}_{name}", column.name);
            }
        }
        columns
    });
    let mut columns: Vec<Column> = [row].into_iter().collect();
    match steps {
        None => columns.extend(of_targets),
        Some(steps) => {
            columns.push(steps.numbers());
            columns.extend(of_targets.map(|column| steps.column(column)));
        }
    }
    for (place, identifier) in identifiers.iter().enumerate() {
        let is_taken = |name: &String| {
            let mut others = columns.iter();
            others.any(|other| other.name == *name || other.names().contains(name))
        };
        let mut name = identifier.name().to_owned();
        while is_taken(&name) {
            name.push('_');
        }
        let cells = at.iter().map(|row| identifier.cell(*row)).collect();
        columns.insert(1 + place, Column::of_one(&name, Cells::Texts(cells)));
    }
    columns
}

/// Whether a column is made with the targets: these themselves, and how probable they were.
fn is_of_target(name: &str) -> bool {
    ["target", "log_density", "log_probability"]
        .iter()
        .any(|own| name.starts_with(own))
}

/// The columns of a target; `by_step` where each step of a sequence becomes a row.
fn of_target(target: &Target, by_step: bool) -> Vec<Column> {
    let (predicted, part, names) = (&target.predicted, &target.part, &target.names);
    let (n, width) = (predicted.examples, part.kind.entries());
    let axes = part.kind.axes();
    let column = |name: &str, entries: Vec<String>, width: usize, cells| Column {
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
        cells,
    };
    // Of an image numbers: names would take many times the room.
    let has_names = axes.is_none() || by_step;
    let classes = part.kind.classes().filter(|_| has_names);
    let mut columns = vec![];
    if part.with_targets {
        let targets = (0..n).flat_map(|i| (0..width).map(move |k| part.target(i, k)));
        let read = match names.targets.is_empty() {
            true => names.targets,
            false => names.read,
        };
        let own = match names.classes_of_data.is_empty() {
            true => names.classes,
            false => names.classes_of_data,
        };
        // A place without a label has -1, as in the data.
        let of_labels = part.kind.classes().is_some();
        let targets = targets.map(|y| if y.is_nan() && of_labels { -1.0 } else { y });
        let cells = labels(targets.collect(), classes, own);
        columns.push(column("target", named(read, width), width, cells));
    }
    let found = part.summary.columns(predicted).into_iter();
    let found = found.chain(target.further.iter().cloned());
    columns.extend(found.map(|found| {
        let (known, count) = match found.entries {
            likelihood::Entries::One => (&[][..], 1),
            // Of two classes the probability of the second may stand for both.
            likelihood::Entries::Classes => match n {
                0 => (names.classes, predicted.width),
                n => (names.classes, found.values.len() / n),
            },
            likelihood::Entries::Targets => (names.targets, width),
        };
        let cells = match &found.name[..] {
            "predicted" => labels(found.values, classes, names.classes),
            _ => Cells::Numbers(found.values),
        };
        if axes.is_some() {
            // No names for entries that have places.
            let all = match &cells {
                Cells::Numbers(all) | Cells::Whole(all) => all.len(),
                Cells::Texts(all) => all.len(),
            };
            return column(&found.name, vec![], all / n.max(1), cells);
        }
        column(&found.name, named(known, count), count, cells)
    }));
    if !target.to_come.is_empty() {
        let of_targets = columns.iter_mut();
        for column in of_targets.filter(|column| is_of_target(&column.name)) {
            let width = column.width;
            column.blank(|entry| target.to_come[entry / width]);
        }
    }
    columns
}

/// Entries of several are named where the names are known, and numbered elsewhere.
pub(super) fn named(known: &[String], count: usize) -> Vec<String> {
    match count {
        1 => vec![],
        _ if known.len() == count => known.to_vec(),
        _ => (0..count).map(|k| k.to_string()).collect(),
    }
}

/// Labels as the names of their classes, where there is one for each of so many classes, and nothing for a missing label;
/// else targets are numbers.
fn labels(values: Vec<f64>, classes: Option<usize>, names: &[String]) -> Cells {
    match classes {
        None => Cells::Numbers(values),
        Some(count) if names.len() == count => {
            let there = |label: &&f64| **label >= 0.0;
            let name = |label: &f64| {
                let label = Some(label).filter(there)?;
                names.get(*label as usize).cloned()
            };
            Cells::Texts(values.iter().map(|v| name(v).unwrap_or_default()).collect())
        }
        Some(_) => Cells::Whole(values),
    }
}
