//! Frequency weights: a column of a table that says how many times each row occurs.
//!
//! A row with the count 3 is three examples that happen to be equal, so N is the sum of the counts, and everything
//! that is a sum or mean over examples is over so many: an epoch draws each row as often as it occurs, in minibatches
//! of B examples, as it would the rows of the table written out. The estimate of the loss is then unbiased for the
//! same reason. Parts divide the rows: all examples of a row go to one part.

use super::choices::no_column;
use super::error::Faults;
use super::sheet::{Cell, Sheet};
use super::{Dataset, names};
use crate::diagnostic::{Diagnostic, Result, elsewhere};
use crate::memory;
use crate::words::{plural, thousands};
use std::path::Path;

/// Bytes that a run takes for each example beside its row, measured: its place among the rows, in the order of an epoch
/// and among those that the scaling is fitted to.
const BYTES: u64 = 32;

/// The place of the column of counts.
///
/// # Errors
///
/// `E0506` where there is none of this name, or several; weights themselves are none.
pub(super) fn column(header: &[String], name: &str) -> Result<usize> {
    let items = names::items(name);
    let is_number = |item: &names::Item| item.name.parse::<f64>().is_ok();
    let places = match names::resolve(header, name) {
        Ok(places) => places,
        Err(_) if items.iter().all(is_number) => {
            let title = "`weights` is the name of a column, not a list of numbers";
            let message = Diagnostic::error("E0506", title);
            let help = elsewhere::anywhere("sample_weight").unwrap_or_default();
            return Err(message.help(help).into());
        }
        Err(missing) => return Err(no_column(header, &missing, "weights").into()),
    };
    let [place] = places[..] else {
        let title = format!("`weights` names {}", plural(places.len(), "column"));
        return Err(Diagnostic::error("E0506", title)
            .note("expected one column")
            .into());
    };
    Ok(place)
}

/// How many times each row occurs.
///
/// # Errors
///
/// `E0505` for each cell that is no count, and for more examples than an epoch can order; `E0613` for more than the
/// memory holds the places of.
pub(super) fn counts(path: &Path, sheet: &Sheet, place: usize) -> Result<Vec<u32>> {
    let column = &sheet.columns[place];
    let mut faults = Faults::default();
    let count = |row: usize| {
        let cell = column.cell(row);
        let found = match cell {
            Cell::Number(x) if x >= 0.0 && x <= f64::from(u32::MAX) && x.fract() == 0.0 => {
                return x as u32;
            }
            Cell::Number(x) => x.to_string(),
            Cell::Text("") => "a missing value".into(),
            Cell::Text(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
        };
        faults.add(|| {
            let title = format!(
                "{}:{}: column `{}` holds no count",
                path.display(),
                sheet.lines[row],
                column.name
            );
            Diagnostic::error("E0505", title)
                .note(format!(
                    "expected how many times the row occurs, a whole number from 0, found {found}"
                ))
                .help(elsewhere::anywhere("sample_weight").unwrap_or_default())
        });
        0
    };
    let counts: Vec<u32> = (0..sheet.rows()).map(count).collect();
    faults.finish("faults of the counts")?;
    let total = total(&counts);
    let help = "divide the counts by a common factor, which says that there are fewer examples";
    let examples = format!(
        "`{}` counts {} examples",
        column.name,
        thousands(total as usize)
    );
    if total > u64::from(u32::MAX) {
        let title = format!(
            "{examples}, and a run has {} at most",
            thousands(u32::MAX as usize)
        );
        return Err(Diagnostic::error("E0505", title).help(help).into());
    }
    let what = format!("to hold that {examples}");
    memory::refuse(&what, total * BYTES, help)?;
    Ok(counts)
}

/// Each of these rows as often as it occurs; once where nothing says how often.
pub(super) fn repeated(rows: &[usize], counts: Option<&[u32]>) -> Vec<usize> {
    let Some(counts) = counts else {
        return rows.to_vec();
    };
    let all = rows.iter().map(|row| counts[*row] as usize).sum();
    let mut examples = Vec::with_capacity(all);
    for row in rows {
        examples.extend(std::iter::repeat_n(*row, counts[*row] as usize));
    }
    examples
}

fn total(counts: &[u32]) -> u64 {
    counts.iter().map(|count| u64::from(*count)).sum()
}

impl Dataset {
    /// How many times each row of the training part, or the test part, occurs, where a column says so.
    pub fn counts(&self, test: bool) -> Option<&[u32]> {
        let counts = self.seen.counts.as_ref()?;
        Some(&counts[usize::from(test)])
    }

    /// Each of these rows of a part as often as it occurs.
    pub fn examples(&self, test: bool, rows: &[usize]) -> Vec<usize> {
        repeated(rows, self.counts(test))
    }

    /// The row of each example of a part; none where there is no such part.
    pub fn all_examples(&self, test: bool) -> Vec<usize> {
        let split = if test {
            self.test.as_ref()
        } else {
            Some(&self.train)
        };
        let rows: Vec<usize> = (0..split.map_or(0, |split| split.len)).collect();
        self.examples(test, &rows)
    }

    /// The number of examples of a part; of none where there is no such part.
    pub fn example_count(&self, test: bool) -> Option<usize> {
        let split = if test {
            self.test.as_ref()?
        } else {
            &self.train
        };
        Some(
            self.counts(test)
                .map_or(split.len, |counts| total(counts) as usize),
        )
    }
}
