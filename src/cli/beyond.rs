//! What is odd about data that a run is asked about: words that it never saw, inputs far outside of what it was trained on.

use super::open::{Chosen, Opened};
use super::terminal::err;
use crate::data::Columns;
use crate::diagnostic::Result;
use crate::ir::{Input, Model};
use crate::words::{count, short};

/// Tells what is odd about the data, and in a line which inputs lie farther outside the range of the rows trained on than
/// that range is wide. Pixels of images are not judged one by one, and of older runs, which kept no ranges, nothing is
/// known.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
pub fn tell_what_is_odd(run: &Opened, chosen: &Chosen) -> Result<()> {
    for remark in &chosen.data.seen.remarks {
        err(&format!("warning: {remark}\n\n"));
    }
    let mut far = FarInputs::new(run);
    far.look(run, chosen)?;
    far.warn(run);
    Ok(())
}

/// Rows that are read at once, where they are in files.
const AT_ONCE: usize = 1024;

/// The inputs that lie far outside, of rows that are looked at some at a time.
pub struct FarInputs {
    unseen: Vec<Unseen>,
    /// The entries that are judged.
    judged: Vec<usize>,
    /// Their names, and those of all others.
    names: Vec<Option<String>>,
    worst: Option<Worst>,
    /// Rows that have some input so far outside.
    rows: usize,
}

/// An entry that stands for texts which training never saw.
struct Unseen {
    entry: usize,
    /// The column of these texts.
    column: String,
    /// The first row that has one, and how many have.
    first: usize,
    rows: usize,
}

/// The input that lies farthest outside.
struct Worst {
    /// In widths of the range; of a column that was always the same, any other value is infinitely far.
    far: f64,
    row: usize,
    entry: usize,
    value: f64,
}

impl FarInputs {
    /// Of inputs of this run.
    pub fn new(run: &Opened) -> FarInputs {
        let ranges = run.record.input_ranges.len();
        let columns = run.record.columns.as_ref().filter(|_| ranges > 0);
        // In the training part such an input is always 0: any value there is infinitely far, and would hide how far
        // numbers of other columns are.
        let unseen = columns.map_or(vec![None; ranges], Columns::unseen);
        let names = match columns {
            Some(columns) => (columns.entries().iter())
                .map(|column| Some(format!("column `{column}`")))
                .collect(),
            None => names(&run.inference, ranges),
        };
        let is_judged = |entry: &usize| unseen[*entry].is_none() && names[*entry].is_some();
        FarInputs {
            judged: (0..ranges).filter(is_judged).collect(),
            unseen: (unseen.iter().enumerate())
                .filter_map(|(entry, column)| {
                    Some(Unseen {
                        entry,
                        column: (*column)?.to_owned(),
                        first: 0,
                        rows: 0,
                    })
                })
                .collect(),
            names,
            worst: None,
            rows: 0,
        }
    }

    /// Looks at further rows.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub fn look(&mut self, run: &Opened, chosen: &Chosen) -> Result<()> {
        let ranges = &run.record.input_ranges;
        if ranges.is_empty() {
            return Ok(());
        }
        let part = run.part(chosen);
        let rows = chosen.file_rows();
        for (places, names) in part.rows.chunks(AT_ONCE).zip(rows.chunks(AT_ONCE)) {
            let values = part.split.inputs.of_rows(places, ranges.len())?;
            for (place, name) in names.iter().enumerate() {
                let value = |entry: usize| values.get(place * ranges.len() + entry);
                self.look_at(*name, ranges, value);
            }
        }
        Ok(())
    }

    /// Looks at a row, which messages call `row`.
    fn look_at(&mut self, row: usize, ranges: &[[f64; 2]], value: impl Fn(usize) -> f64) {
        for unseen in &mut self.unseen {
            if value(unseen.entry) > 0.0 {
                if unseen.rows == 0 {
                    unseen.first = row;
                }
                unseen.rows += 1;
            }
        }
        let mut is_far = false;
        for &entry in &self.judged {
            let [low, high] = ranges[entry];
            let value = value(entry);
            let outside = (low - value).max(value - high);
            let far = outside / (high - low);
            if outside > 0.0 && far > 1.0 {
                is_far = true;
                if self.worst.as_ref().is_none_or(|worst| far > worst.far) {
                    self.worst = Some(Worst {
                        far,
                        row,
                        entry,
                        value,
                    });
                }
            }
        }
        self.rows += usize::from(is_far);
    }

    /// Tells of them: a line for each column of texts, and one of numbers.
    pub fn warn(&self, run: &Opened) {
        for unseen in self.unseen.iter().filter(|unseen| unseen.rows > 0) {
            let Unseen { column, first, .. } = unseen;
            let rows = count(unseen.rows, "row has", "rows have");
            err(&format!(
                "warning: {rows} a value in column `{column}` that training never saw, the first of them row {first} \
                 (the first being 0): what is predicted there is extrapolated\n\n"
            ));
        }
        let Some(worst) = &self.worst else {
            return;
        };
        let name = self.names[worst.entry].as_deref().unwrap_or_default();
        let [low, high] = run.record.input_ranges[worst.entry];
        let range = match low == high {
            true => format!("always {} in training", short(low)),
            false => format!("from {} to {} in training", short(low), short(high)),
        };
        let rows = count(
            self.rows,
            "row is as far outside",
            "rows are as far outside in some column",
        );
        err(&format!(
            "warning: row {} (the first being 0) has {} in {name}, which was {range}: what is predicted there is \
             extrapolated; {rows}\n\n",
            worst.row,
            short(worst.value),
        ));
    }
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
