//! From a sheet to a data set: which columns are taken, how their cells become numbers, which rows are held out.

mod asked;
mod learned;
mod rows;
mod streamed;

pub(super) use asked::{Asked, roles};
pub(super) use rows::Table;

use super::columns::{Columns, Wanted};
use super::parts::{groups, parts, parts_in_time, refuse_split_groups, training};
use super::sequences::wide;
#[cfg(feature = "images")]
use super::sheet::Decimal;
use super::sheet::{self, Column, Sheet};
use super::steps::{Layout, Windows};
use super::{Dataset, InTime, Request, Split, coding, held_out, memory, weights};
use crate::diagnostic::Result;
use crate::tensor::Shape;
use crate::words::counted;
use std::collections::HashMap;
use std::path::Path;
use streamed::Way;

/// What was seen of a table beside the numbers that were read.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The names and shapes of the inputs that a row holds one after the other, where the data have several.
    pub inputs: Vec<(String, Shape)>,
    /// What was recognised of its file, a phrase each.
    pub said: Vec<String>,
    /// What is odd about it, and what to do.
    pub remarks: Vec<String>,
    /// Which arrays of an `.npz` are taken, and what was done with its labels, a line each.
    pub taken: Vec<String>,
    /// Where the inputs are read from as they are needed, if they are not in memory.
    pub streamed: Option<String>,
    /// Columns that say which example a row is, as texts by the row of the file.
    pub identifiers: Vec<Identifier>,
    /// Of each input of tokens, those that no example of the training part has.
    pub(super) unseen_tokens: Vec<(String, Vec<usize>)>,
    pub(super) groups: Option<Vec<u32>>,
    /// The rows of the file that the steps of each sequence are, by the first one.
    pub of_steps: Option<HashMap<usize, Vec<usize>>>,
    /// Whether the target of each window is yet to come, and another's stands for it; empty where all are there.
    pub to_come: Vec<bool>,
    /// Where the training part's windows lie in their time series.
    pub(super) in_time: Option<InTime>,
    /// How many times each row of the training part and of the test part occurs.
    pub(super) counts: Option<[Vec<u32>; 2]>,
}

/// A column that says which example a row is.
#[derive(Debug, Clone)]
pub struct Identifier(pub(super) Column);

impl Identifier {
    /// A column of texts.
    #[cfg(feature = "images")]
    pub(super) fn of(name: &str, texts: sheet::Builder) -> Identifier {
        Identifier(texts.finish(name.into(), Decimal::Point))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The cell of a row of the file.
    pub fn cell(&self, row: usize) -> String {
        let written = self.0.written(row).map(str::to_owned);
        written.unwrap_or_else(|| coding::name(self.0.cell(row)))
    }
}

/// Reads the table at `path`. Of a run's table the columns are read as the run has them; else how they are read is
/// learned from the rows that will be trained on.
pub(super) fn read(
    path: &Path,
    wanted: &Wanted,
    request: &Request,
    test_rows: Option<&Path>,
) -> Result<Dataset> {
    let said = match streamed::way(path, wanted, request)? {
        Way::Streamed(found) => return streamed::read(path, &found, wanted, request, test_rows),
        Way::Whole(said) => said,
    };
    let sheet = sheet::read(path, wanted.sheet, &|header| roles(header, wanted))?;
    let mut data = from_sheet(path, sheet, wanted, request, test_rows)?;
    data.seen.streamed = said;
    Ok(data)
}

/// Reads a table in memory, as [`read`] reads a file.
pub(super) fn in_memory(
    columns: &[memory::Column],
    wanted: &Wanted,
    request: &Request,
) -> Result<Dataset> {
    let sheet = memory::sheet(columns, &|header| roles(header, wanted))?;
    let (path, test_rows) = (Path::new(&request.data), request.test_rows.as_deref());
    from_sheet(path, sheet, wanted, request, test_rows)
}

fn from_sheet(
    path: &Path,
    sheet: Sheet,
    wanted: &Wanted,
    request: &Request,
    test_rows: Option<&Path>,
) -> Result<Dataset> {
    let header = sheet.header();
    let asked = Asked::of(path, &header, wanted, request)?;
    let choices = &asked.choices;
    let is_predicted = wanted.of_run.is_some_and(|run| !run.targets_needed);
    let is_divided = choices.window.is_some() || choices.test.is_some();
    let windows = match request.to_come {
        true => Windows::ToCome,
        // A run predicts from windows whose targets are yet to come, unless they are divided into parts.
        false if is_predicted && !is_divided => Windows::All,
        false => Windows::Known,
    };
    let layout = asked.steps.as_ref();
    let layout = layout.map(|steps| steps.layout(path, &sheet, windows));
    let layout = layout.transpose()?;
    let group = asked.group(&header)?.map(|place| &sheet.columns[place]);
    let groups = match (group, &layout) {
        (None, _) => None,
        (Some(column), None) => Some(groups(column)),
        (Some(column), Some(layout)) => Some(layout.groups(&groups(column), column)?),
    };
    let n = layout.as_ref().map_or(sheet.rows(), Layout::len);
    let in_time = layout.as_ref().and_then(Layout::in_time);
    let mut said = sheet.said.clone();
    let parts = match &in_time {
        None => parts(n, choices, test_rows, groups.as_deref())?,
        Some(_) if windows == Windows::ToCome => None,
        Some(windows) => {
            let found = parts_in_time(windows, choices, test_rows)?;
            let left_out = found.as_ref().map_or(0, |(_, left_out)| *left_out);
            if left_out > 0 {
                said.push(format!(
                    "{} that reach from the training into the test part are left out",
                    counted(left_out, "window", "windows")
                ));
            }
            found.map(|(parts, _)| parts)
        }
    };
    let counts = asked
        .weights
        .map(|place| weights::counts(path, &sheet, place))
        .transpose()?;
    // A table that a run is evaluated on is not trained on: its parts may share a group.
    if let (None, Some(list)) = (wanted.of_run, test_rows)
        && let (Some(parts), Some(groups), Some(column)) = (&parts, &groups, group)
    {
        refuse_split_groups(list, parts, groups, column)?;
    }
    let table = Table {
        path,
        sheet: &sheet,
        header: &header,
        asked: &asked,
    };
    let (columns, mut remarks) = match wanted.of_run {
        Some(run) => {
            let columns = table.columns_of_run(&run.columns)?;
            let unseen = table.unseen_words(&columns);
            (columns, unseen)
        }
        None => {
            let training = training(
                n,
                parts.as_ref(),
                groups.as_deref(),
                in_time.as_ref(),
                request,
            )?;
            let training = match &layout {
                None => weights::repeated(&training, counts.as_deref()),
                Some(layout) => layout.rows_of(&training, sheet.rows()),
            };
            let learned = table.learn(&training, request)?;
            let columns = Columns {
                coding: learned.coding,
                identifiers: table.identifiers(),
                ..table.columns()
            };
            (columns, learned.remarks)
        }
    };
    let mut train = table.split(&columns, needless(wanted))?;
    let mut places = None;
    if let Some(layout) = &layout {
        train = layout.assemble(path, &train, request)?;
        remarks.extend(layout.remarks.iter().cloned());
        places = Some(layout.places());
    } else if !request.sequences.is_empty() {
        train = wide::rows(path, &sheet.lines, train, request)?;
    }
    said.extend(lacks_counts(wanted, &asked));
    let kept = |column: &Column| columns.identifiers.contains(&column.name);
    let identifiers = sheet.columns.into_iter().filter(kept).map(Identifier);
    let seen = Seen {
        said,
        remarks,
        identifiers: identifiers.collect(),
        groups,
        of_steps: layout.as_ref().and_then(Layout::of_steps),
        to_come: layout.as_ref().map_or(vec![], Layout::to_come),
        in_time,
        counts: counts.map(|counts| [counts, vec![]]),
        ..Seen::default()
    };
    let dataset = dataset(path, train, columns, seen);
    let mut dataset = match parts {
        None => dataset,
        Some(parts) => held_out::part(dataset, parts)?,
    };
    if let Some(places) = places {
        // The rows of the file that the examples go by.
        dataset.file_rows = Some(match dataset.file_rows {
            None => [places, vec![]],
            Some(parts) => parts.map(|part| part.iter().map(|example| places[*example]).collect()),
        });
    }
    Ok(dataset)
}

/// All rows of a table as its training part.
fn dataset(path: &Path, train: Split, columns: Columns, seen: Seen) -> Dataset {
    Dataset {
        name: path.display().to_string(),
        train,
        test: None,
        file_rows: None,
        class_names: match columns.targets.is_empty() {
            true => vec![],
            false => columns.coding.classes.clone(),
        },
        columns: Some(columns),
        seen,
    }
}

/// What is said of a table that lacks the column of counts of the run that is evaluated on it.
fn lacks_counts(wanted: &Wanted, asked: &Asked) -> Option<String> {
    let run = wanted.of_run.filter(|run| run.targets_needed)?;
    let name = run.columns.weights.as_ref()?;
    let is_there = asked.weights.is_some();
    (!is_there).then(|| format!("no column {name}: each row counts once"))
}

/// What to do about a target that is none, where none is needed.
pub(super) fn needless(wanted: &Wanted) -> Option<&'static str> {
    if wanted.of_run.is_none_or(|run| run.targets_needed) {
        return None;
    }
    Some(match wanted.target {
        None => "leave the column out: `predict` needs no target",
        Some(_) => "leave the column and `--target` out: `predict` needs no target",
    })
}
