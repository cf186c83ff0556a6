//! Inputs far outside of what a run was trained on.

use super::open::{Chosen, Opened};
use super::terminal::err;
use crate::data::Columns;
use crate::examples::Part;
use crate::ir::{Input, Model};
use crate::words::{count, short};

/// Tells in a line of inputs that lie farther outside the range of the rows trained on than that range is wide. Pixels of
/// images are not judged one by one; and of runs of before the ranges were kept, nothing is known.
pub fn warn_of_far_inputs(run: &Opened, chosen: &Chosen) {
    let ranges = &run.record.input_ranges;
    if ranges.is_empty() {
        return;
    }
    let part = run.part(chosen);
    let columns = run.record.columns.as_ref();
    // In the training part such an input is always 0: any value there is infinitely far, and would hide how far numbers
    // of other columns are.
    let unseen = columns.map_or(vec![None; ranges.len()], Columns::unseen);
    warn_of_unseen(&unseen, &part, chosen);
    let names = match columns {
        Some(columns) => (columns.entries().iter())
            .map(|column| Some(format!("column `{column}`")))
            .collect(),
        None => names(&run.inference, ranges.len()),
    };
    let is_judged = |entry: usize| unseen[entry].is_none() && names[entry].is_some();
    let judged: Vec<usize> = (0..ranges.len()).filter(|e| is_judged(*e)).collect();
    let Some(worst) = worst(&part, ranges, &judged) else {
        return;
    };
    let Worst { place, entry, .. } = worst;
    let value = part
        .split
        .inputs
        .get(part.rows[place] * ranges.len() + entry);
    let name = names[entry].as_deref().unwrap_or_default();
    let [low, high] = ranges[entry];
    let range = match low == high {
        true => format!("always {} in training", short(low)),
        false => format!("from {} to {} in training", short(low), short(high)),
    };
    let rows = count(
        worst.rows,
        "row is as far outside",
        "rows are as far outside in some column",
    );
    err(&format!(
        "warning: row {} (the first being 0) has {} in {name}, which was {range}: what is predicted there is \
         extrapolated; {rows}\n\n",
        chosen.file_rows()[place],
        short(value),
    ));
}

/// The name of each entry of data without columns; none of an image's.
fn names(model: &Model, entries: usize) -> Vec<Option<String>> {
    if model.inputs.len() < 2 {
        return (0..entries).map(|e| Some(format!("entry {e}"))).collect();
    }
    let of_input = |input: &Input| -> Vec<Option<String>> {
        let name = &input.name;
        match &input.shape.0[..] {
            [1] => vec![Some(format!("`{name}`"))],
            [width] => (0..*width)
                .map(|entry| Some(format!("entry {entry} of `{name}`")))
                .collect(),
            _ => vec![None; input.shape.len()],
        }
    };
    model.inputs.iter().flat_map(of_input).collect()
}

/// The input that lies farthest outside.
struct Worst {
    /// In widths of the range; of a column that was always the same, any other value is infinitely far.
    far: f64,
    place: usize,
    entry: usize,
    /// Rows that have some input so far outside.
    rows: usize,
}

/// The worst of these entries; `None` where all are near.
fn worst(part: &Part, ranges: &[[f64; 2]], judged: &[usize]) -> Option<Worst> {
    let mut worst: Option<Worst> = None;
    let mut rows = 0;
    for (place, row) in part.rows.iter().enumerate() {
        let mut is_far = false;
        for &entry in judged {
            let [low, high] = ranges[entry];
            let value = part.split.inputs.get(row * ranges.len() + entry);
            let outside = (low - value).max(value - high);
            let far = outside / (high - low);
            if outside > 0.0 && far > 1.0 {
                is_far = true;
                if worst.as_ref().is_none_or(|worst| far > worst.far) {
                    worst = Some(Worst {
                        far,
                        place,
                        entry,
                        rows: 0,
                    });
                }
            }
        }
        rows += usize::from(is_far);
    }
    worst.map(|worst| Worst { rows, ..worst })
}

/// Tells in a line of each column that has values which training never saw.
fn warn_of_unseen(unseen: &[Option<&str>], part: &Part, chosen: &Chosen) {
    for (entry, column) in unseen.iter().enumerate() {
        let Some(column) = column else {
            continue;
        };
        let is_unseen = |row: usize| part.split.inputs.get(row * unseen.len() + entry) > 0.0;
        let mut places = part.rows.iter().enumerate();
        let Some((first, _)) = places.find(|(_, row)| is_unseen(**row)) else {
            continue;
        };
        let others = places.filter(|(_, row)| is_unseen(**row)).count();
        let rows = count(others + 1, "row has", "rows have");
        err(&format!(
            "warning: {rows} a value in column `{column}` that training never saw, the first of them row {} (the first \
             being 0): what is predicted there is extrapolated\n\n",
            chosen.file_rows()[first]
        ));
    }
}
