//! Inputs far outside of what a run was trained on.

use super::open::{Chosen, Opened};
use super::terminal::err;
use crate::data::Columns;
use crate::examples::Part;
use crate::words::{count, short};

/// Tells in a line of inputs that lie farther outside the range of the rows trained on than that range is wide. Of
/// images, and of runs of before the ranges were kept, nothing is known.
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
    let (mut worst, mut rows): (Option<(f64, usize, usize)>, usize) = (None, 0);
    for (place, row) in part.rows.iter().enumerate() {
        let mut is_far = false;
        for (entry, ([low, high], unseen)) in ranges.iter().zip(&unseen).enumerate() {
            if unseen.is_some() {
                continue;
            }
            let value = part.split.inputs.get(row * ranges.len() + entry);
            let outside = (low - value).max(value - high);
            // In widths of the range; of a column that was always the same, any other value is infinitely far.
            let far = outside / (high - low);
            if outside > 0.0 && far > 1.0 {
                is_far = true;
                if worst.is_none_or(|(most, ..)| far > most) {
                    worst = Some((far, place, entry));
                }
            }
        }
        rows += usize::from(is_far);
    }
    let Some((_, place, entry)) = worst else {
        return;
    };
    let value = part
        .split
        .inputs
        .get(part.rows[place] * ranges.len() + entry);
    let name = match columns {
        Some(columns) => format!("column `{}`", columns.entries()[entry]),
        None => format!("entry {entry}"),
    };
    let [low, high] = ranges[entry];
    let range = match low == high {
        true => format!("always {} in training", short(low)),
        false => format!("from {} to {} in training", short(low), short(high)),
    };
    let rows = count(
        rows,
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
