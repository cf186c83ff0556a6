//! A single cell that is so large that scaling by it makes all others of its column alike.

use crate::data::scaling::Transform;
use crate::data::{Columns, Dataset, Piece, Values};
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
    let (inputs, targets) = (&data.train.inputs, &data.train.targets);
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
}

/// The least and the largest value of each entry, of the rows that are trained on, and the next ones of other rows.
pub(super) struct Extremes<'a> {
    rows: &'a [usize],
    entries: Vec<Extreme>,
}

/// Those of one entry.
#[derive(Debug, Clone, Copy)]
struct Extreme {
    low: End,
    high: End,
}

/// A value that no other is beyond, the row that has it, and the farthest value of all other rows.
#[derive(Debug, Clone, Copy)]
struct End {
    value: f64,
    row: usize,
    next: f64,
}

impl End {
    fn new(value: f64) -> End {
        End {
            value,
            row: usize::MAX,
            next: value,
        }
    }

    fn take(&mut self, value: f64, row: usize, is_beyond: impl Fn(f64, f64) -> bool) {
        if is_beyond(value, self.value) {
            if row != self.row {
                self.next = self.value;
            }
            (self.value, self.row) = (value, row);
        } else if row != self.row && is_beyond(value, self.next) {
            self.next = value;
        }
    }

    /// The farthest value of all rows but one.
    fn without(&self, row: usize) -> f64 {
        if self.row == row {
            self.next
        } else {
            self.value
        }
    }
}

impl<'a> Extremes<'a> {
    /// Those of rows of `width` entries, of which these are looked at, in ascending order.
    pub(super) fn new(width: usize, rows: &'a [usize]) -> Self {
        let none = Extreme {
            low: End::new(f64::INFINITY),
            high: End::new(f64::NEG_INFINITY),
        };
        Extremes {
            rows,
            entries: vec![none; width],
        }
    }

    /// Looks at the rows of a piece.
    pub(super) fn look(&mut self, piece: &Piece) {
        let width = self.entries.len();
        for &row in piece.among(self.rows) {
            let place = piece.place(row, width);
            for (entry, at) in self.entries.iter_mut().zip(place) {
                let value = piece.values.get(at);
                entry.low.take(value, row, |a, b| a < b);
                entry.high.take(value, row, |a, b| a > b);
            }
        }
    }

    /// The least and the largest value of each entry.
    pub(super) fn ranges(&self) -> Vec<[f64; 2]> {
        let range = |entry: &Extreme| [entry.low.value, entry.high.value];
        self.entries.iter().map(range).collect()
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
/// `E0510` with row and column; a file of stored inputs that cannot be read.
pub(super) fn refuse_too_large(data: &Dataset, scales: &Scales) -> Result<()> {
    for side in sides(data, scales) {
        let finite = |channel: &usize| {
            let Transform { offset, scale, .. } = side.transform;
            scale[*channel].is_finite() && offset[*channel].is_finite()
        };
        let channels = side.transform.channels();
        let Some(channel) = (0..channels).find(|channel| !finite(channel)) else {
            continue;
        };
        let width = side.values.len() / data.train.len;
        let (mut row, mut largest) = (0, 0.0);
        side.values.show(data.train.len, &mut |piece| {
            for own in piece.rows.clone() {
                let entries = piece.place(own, width).skip(channel).step_by(channels);
                for value in entries.map(|entry| piece.values.get(entry)) {
                    if value.abs() >= f64::abs(largest) {
                        (row, largest) = (own, value);
                    }
                }
            }
        })?;
        let title = format!("{} of {} is too large to be scaled", side.what, data.name);
        return Err(Diagnostic::error("E0510", title)
            .note(format!(
                "row {} (the first being 0) has {largest:e} in {}",
                file_row(data, row),
                side.column(channel)
            ))
            .help("leave the row out, or put the number there that was meant")
            .into());
    }
    Ok(())
}

/// Tells of each column of which one cell makes the scale, so that all others are as good as constant. Of images, whose
/// pixels share a scale, there is none. `extremes` are those of the inputs and of
/// the targets of the rows that are trained on, where they were looked at.
pub(super) fn lone_cells(
    data: &Dataset,
    scales: &Scales,
    extremes: [Option<&Extremes>; 2],
) -> Vec<String> {
    let mut told = vec![];
    for (side, extremes) in sides(data, scales).into_iter().zip(extremes) {
        let channels = side.transform.channels();
        let Some(extremes) = extremes.filter(|found| found.entries.len() == channels) else {
            continue;
        };
        for (channel, found) in extremes.entries.iter().enumerate() {
            let Transform { offset, scale, .. } = side.transform;
            if (offset[channel], scale[channel]) == (0.0, 1.0) {
                // Nothing is scaled, so that no cell makes the others alike.
                continue;
            }
            let scaled = |value: f64| side.transform.apply(channel, value);
            let size = |end: &End| scaled(end.value).abs();
            let lone = match size(&found.high) >= size(&found.low) {
                true => found.high,
                false => found.low,
            };
            let (low, high) = (found.low.without(lone.row), found.high.without(lone.row));
            // All within so small a range, the others are no more than half of it from their mean. A cell that is alone
            // among equal ones is an indicator.
            let alike = (scaled(high) - scaled(low)) / 2.0 <= ALIKE;
            let apart = extremes.rows.len() > 2 && low < high && scaled(lone.value).abs() > 1.0;
            if alike && apart {
                told.push(format!(
                    "row {} (the first being 0) has {} in {}, where all others are from {} to {}: scaled by it, they \
                     are as good as constant; leave the row out, or put the number there that was meant",
                    file_row(data, lone.row),
                    short(lone.value),
                    side.column(channel),
                    short(low),
                    short(high)
                ));
            }
        }
    }
    told
}
