//! A single cell that is so large that scaling by it makes all others of its column alike.

use crate::data::scaling::Transform;
use crate::data::{Columns, Dataset, Split, Values};
use crate::diagnostic::{Diagnostic, Result};
use crate::examples::Scales;
use crate::words::short;

/// The largest standard deviation, in units of the scale, of all others: as good as constant for a network.
const ALIKE: f64 = 0.01;

/// The inputs or the targets of a data set, as a model takes them.
struct Side<'a> {
    /// `an input`
    what: &'static str,
    values: &'a Values,
    transform: &'a Transform,
    names: Option<Vec<String>>,
}

fn sides<'a>(data: &'a Dataset, scales: &'a Scales) -> [Side<'a>; 2] {
    let columns = data.columns.as_ref();
    let side = |what, values, transform, names| Side {
        what,
        values,
        transform,
        names,
    };
    let Split {
        inputs, targets, ..
    } = &data.train;
    let names = columns.map(Columns::entries);
    [
        side("an input", inputs, &scales.inputs, names),
        side(
            "a target",
            targets,
            &scales.targets,
            columns.map(|columns| columns.targets.clone()),
        ),
    ]
}

impl Side<'_> {
    fn column(&self, channel: usize) -> String {
        match &self.names {
            Some(names) if channel < names.len() => format!("column `{}`", names[channel]),
            _ => format!("entry {channel} of the last axis"),
        }
    }

    /// The place of the value of a channel that is largest by `size`, among those of `rows` of `width` values.
    fn largest(
        &self,
        channel: usize,
        rows: &[usize],
        width: usize,
        size: impl Fn(f64) -> f64,
    ) -> Option<usize> {
        let channels = self.transform.channels();
        let starts = rows.iter().map(|row| row * width);
        let places = starts.flat_map(|start| (start + channel..start + width).step_by(channels));
        let size = |place: &usize| size(self.values.get(*place));
        places.max_by(|a, b| size(a).total_cmp(&size(b)))
    }
}

/// The row of the file that holds row `row` of the training part.
fn file_row(data: &Dataset, row: usize) -> usize {
    let rows = data.file_rows.as_ref();
    rows.map_or(row, |rows| rows[0][row])
}

/// Refuses numbers so large that their standard deviation is infinite: 10¹⁵⁵, say, whose square no float64 holds.
///
/// # Errors
///
/// `E0510` with row and column.
pub(super) fn refuse_too_large(data: &Dataset, scales: &Scales) -> Result<()> {
    let rows: Vec<usize> = (0..data.train.len).collect();
    for side in sides(data, scales) {
        let finite = |channel: &usize| {
            let Transform { offset, scale, .. } = side.transform;
            scale[*channel].is_finite() && offset[*channel].is_finite()
        };
        let Some(channel) = (0..side.transform.channels()).find(|channel| !finite(channel)) else {
            continue;
        };
        let width = side.values.len() / data.train.len;
        let largest = side.largest(channel, &rows, width, f64::abs).unwrap_or(0);
        let title = format!("{} of {} is too large to be scaled", side.what, data.name);
        return Err(Diagnostic::error("E0510", title)
            .note(format!(
                "row {} (the first being 0) has {:e} in {}",
                file_row(data, largest / width),
                side.values.get(largest),
                side.column(channel)
            ))
            .help("leave the row out, or put the number there that was meant")
            .into());
    }
    Ok(())
}

/// Tells of each column of which one cell makes the scale, so that all others are as good as constant. Of images, whose
/// pixels share a scale, there is none.
pub(super) fn lone_cells(data: &Dataset, scales: &Scales, rows: &[usize]) -> Vec<String> {
    let mut told = vec![];
    for side in sides(data, scales) {
        let channels = side.transform.channels();
        let is_padded = !side.transform.padded.is_empty();
        if side.values.len() != data.train.len * channels || is_padded {
            continue;
        }
        for channel in 0..channels {
            let Transform { offset, scale, .. } = side.transform;
            if (offset[channel], scale[channel]) == (0.0, 1.0) {
                // Nothing is scaled, so that no cell makes the others alike.
                continue;
            }
            let scaled = |value: f64| side.transform.apply(channel, value);
            let Some(place) = side.largest(channel, rows, channels, |value| scaled(value).abs())
            else {
                continue;
            };
            let (value, lone) = (side.values.get(place), place / channels);
            let others = rows.iter().filter(|row| **row != lone);
            let others = others.map(|row| side.values.get(row * channels + channel));
            let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
            others.for_each(|x| (low, high) = (low.min(x), high.max(x)));
            // All within so small a range, the others are no more than half of it from their mean. A cell that is alone
            // among equal ones is an indicator.
            let alike = (scaled(high) - scaled(low)) / 2.0 <= ALIKE;
            let apart = rows.len() > 2 && low < high && scaled(value).abs() > 1.0;
            if alike && apart {
                told.push(format!(
                    "row {} (the first being 0) has {} in {}, where all others are from {} to {}: scaled by it, they \
                     are as good as constant; leave the row out, or put the number there that was meant",
                    file_row(data, lone),
                    short(value),
                    side.column(channel),
                    short(low),
                    short(high)
                ));
            }
        }
    }
    told
}
