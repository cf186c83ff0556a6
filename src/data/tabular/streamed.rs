//! Tables whose inputs are larger than the memory: their numbers are written to a temporary file, from which minibatches
//! are read by the places of their rows.
//!
//! A row of a table cannot be read by its place: a text has to be read from its beginning, and of a Parquet file a whole
//! group of rows is unpacked for one of them. So the table is read from its beginning to its end, some rows at a time:
//! once to find how its numbers are written, once to learn how its columns become numbers, and once to write these.
//! What is learned of a column is learned of all its cells, as of a table in memory: of Parquet a column at a time; of
//! text, which is read whole for a single column, as many as there is room for, one at least.

use super::learned::Learned;
use super::{Asked, Identifier, Seen, Table, dataset, lacks_counts, needless, roles};
use crate::data::columns::{Columns, Wanted};
use crate::data::error::Faults;
use crate::data::parts::{groups, parts, refuse_split_groups, training};
use crate::data::sheet::{self, Builder, Found};
use crate::data::stored::{FileArray, Numbers, Scratch, Stored};
use crate::data::{Dataset, Request, Split, Values, held_out, streaming, weights};
use crate::diagnostic::Result;
use crate::memory;
use std::path::Path;

/// How a table is read.
pub(super) enum Way {
    /// Whole; what is said of it.
    Whole(Option<String>),
    /// Some rows at a time.
    Streamed(Found),
}

/// Rows that are looked at together.
const ROWS: usize = 8192;

/// How the table at `path` is read.
///
/// # Errors
///
/// A file that cannot be read, or whose numbers may mean one thing or another.
pub(super) fn way(path: &Path, wanted: &Wanted, request: &Request) -> Result<Way> {
    let size = sheet::size(path);
    if !size.is_some_and(|size| request.stream.takes(size)) {
        return Ok(Way::Whole(None));
    }
    let choices = wanted.choices;
    let of_steps = choices.is_some_and(|of| of.sequence.is_some() || of.window.is_some())
        || wanted.of_run.is_some_and(|run| run.columns.steps.is_some());
    let what = match (of_steps, &request.sequences[..]) {
        (true, _) => Some("rows that are steps"),
        (_, [_, ..]) => Some("rows that hold a sequence, as a text or as numbers,"),
        (_, []) => None,
    };
    if let Some(what) = what {
        let said = format!("not streamed: {what} are read whole");
        return Ok(Way::Whole(Some(said)));
    }
    let found = sheet::find(path, &|header| roles(header, wanted))?;
    Ok(match found {
        Some(found) => Way::Streamed(found),
        // Reading it whole says what is wrong with it.
        None => Way::Whole(None),
    })
}

/// Reads the table at `path`, whose inputs go to a temporary file.
pub(super) fn read(
    path: &Path,
    found: &Found,
    wanted: &Wanted,
    request: &Request,
    test_rows: Option<&Path>,
) -> Result<Dataset> {
    let header = found.header();
    let asked = Asked::of(path, header, wanted, request)?;
    let n = found.rows() as usize;
    let group = asked.group(header)?;
    let of_rows: Vec<usize> = group.into_iter().chain(asked.weights).collect();
    let beside = match of_rows.is_empty() {
        true => None,
        false => Some(sheet::some_columns(path, found, &of_rows)?),
    };
    let group = group.zip(beside.as_ref());
    let group = group.map(|(place, sheet)| &sheet.columns[place]);
    let groups = group.map(groups);
    let parts = parts(n, &asked.choices, test_rows, groups.as_deref())?;
    // A table that a run is evaluated on is not trained on: its parts may share a group.
    if let (None, Some(list)) = (wanted.of_run, test_rows)
        && let (Some(parts), Some(groups), Some(column)) = (&parts, &groups, group)
    {
        refuse_split_groups(list, parts, groups, column)?;
    }
    let counts = asked.weights.zip(beside.as_ref());
    let counts = counts.map(|(place, sheet)| weights::counts(path, sheet, place));
    let counts = counts.transpose()?;
    drop(beside);
    let table = Unread {
        path,
        found,
        asked: &asked,
    };
    let (columns, remarks) = match wanted.of_run {
        Some(run) => (table.columns_of_run(&run.columns)?, vec![]),
        None => {
            let training = training(n, parts.as_ref(), groups.as_deref(), None, request)?;
            let training = weights::repeated(&training, counts.as_deref());
            table.learned(&training, request, columns_at_once(found))?
        }
    };
    let is_predicted = wanted.of_run.is_some_and(|run| !run.targets_needed);
    let read = table.written(&columns, needless(wanted), is_predicted, request)?;
    let mut said = read.said;
    said.extend(lacks_counts(wanted, &asked));
    let seen = Seen {
        said,
        remarks,
        streamed: Some(streaming::as_numbers(read.bytes)),
        identifiers: read.identifiers,
        groups,
        counts: counts.map(|counts| [counts, vec![]]),
        ..Seen::default()
    };
    let dataset = dataset(path, read.split, columns, seen);
    match parts {
        None => Ok(dataset),
        Some(parts) => held_out::part(dataset, parts),
    }
}

/// Of how many columns all rows are in memory at once.
fn columns_at_once(found: &Found) -> usize {
    if found.has_columns_alone() {
        return 1;
    }
    let rows = found.rows();
    let room = memory::available().unwrap_or(u64::MAX) / 8;
    let column = rows.saturating_mul(8).max(1);
    usize::try_from(room / column).map_or(usize::MAX, |columns| columns.max(1))
}

/// A table of which nothing is in memory.
struct Unread<'a> {
    path: &'a Path,
    found: &'a Found,
    asked: &'a Asked,
}

/// The numbers of a table, and what was seen on the way.
struct Read {
    split: Split,
    /// What the inputs take.
    bytes: u64,
    identifiers: Vec<Identifier>,
    said: Vec<String>,
}

impl Unread<'_> {
    fn table<'a>(&'a self, sheet: &'a sheet::Sheet) -> Table<'a> {
        Table {
            path: self.path,
            sheet,
            header: self.found.header(),
            asked: self.asked,
        }
    }

    /// The columns, read as the training rows teach, and what is odd about them; `at_once` columns are read together.
    fn learned(
        &self,
        training: &[usize],
        request: &Request,
        at_once: usize,
    ) -> Result<(Columns, Vec<String>)> {
        let chosen = &self.asked.chosen;
        let places: Vec<usize> = chosen
            .inputs
            .iter()
            .chain(&chosen.targets)
            .copied()
            .collect();
        let mut learned = Learned::default();
        for places in places.chunks(at_once) {
            let sheet = sheet::some_columns(self.path, self.found, places)?;
            learned.extend(self.table(&sheet).learn(training, request)?);
        }
        // Which columns tell rows apart is seen by the first of them.
        let first = sheet::pieces(self.path, self.found)?.next(ROWS)?;
        let first = first.expect("a table has rows");
        let table = self.table(&first);
        let columns = Columns {
            coding: learned.coding,
            identifiers: table.identifiers(),
            ..table.columns()
        };
        Ok((columns, learned.remarks))
    }

    /// The columns, read as a run reads its own.
    fn columns_of_run(&self, run: &Columns) -> Result<Columns> {
        let mut columns = None;
        let mut pieces = sheet::pieces(self.path, self.found)?;
        while let Some(sheet) = pieces.next(ROWS)? {
            columns = Some(self.table(&sheet).columns_of_run(run)?);
        }
        pieces.refuse_ragged()?;
        Ok(columns.expect("a table has rows"))
    }

    /// Writes the inputs of all rows to a temporary file, if they are wanted. The columns that say which row is which are
    /// kept where rows are predicted.
    fn written(
        &self,
        columns: &Columns,
        needless: Option<&str>,
        is_predicted: bool,
        request: &Request,
    ) -> Result<Read> {
        let header = self.found.header();
        let width = columns.entries().len();
        let rows = self.found.rows() as usize;
        let bytes = (rows as u64).saturating_mul(8 * width as u64);
        let help = "`TMPDIR` names a folder with more room";
        let scratch = || Scratch::new(self.path, bytes, help);
        let mut scratch = (!request.without_inputs).then(scratch).transpose()?;
        let kept = |name: &String| is_predicted && columns.identifiers.contains(name);
        let kept = (0..header.len()).filter(|place| kept(&header[*place]));
        let mut kept: Vec<(usize, Builder)> = kept.map(|at| (at, Builder::default())).collect();
        let (mut faults, mut targets, mut last) = (Faults::default(), vec![], None);
        let mut pieces = sheet::pieces(self.path, self.found)?;
        while let Some(sheet) = pieces.next(ROWS)? {
            let split = self.table(&sheet).split_of(columns, needless, &mut faults);
            if let (Values::F64(numbers), Some(scratch), true) =
                (&split.inputs, &mut scratch, faults.is_empty())
            {
                let numbers = numbers.iter().flat_map(|x| x.to_le_bytes());
                scratch.write(&numbers.collect::<Vec<u8>>())?;
            }
            if let Values::F64(numbers) = &split.targets {
                targets.extend_from_slice(numbers);
            }
            for (place, cells) in &mut kept {
                cells.append(&sheet.columns[*place]);
            }
            last = Some(split);
        }
        pieces.refuse_ragged()?;
        faults.finish("faults of the table")?;
        let last = last.expect("a table has rows");
        let inputs = match scratch {
            None => Values::U8(vec![]),
            Some(scratch) => {
                let (path, file) = (self.path.to_owned(), scratch.finish()?);
                let numbers = Numbers::float64();
                let array = FileArray::new(path, file, 0, [rows, width], numbers)?;
                Values::Stored(Stored::new(array))
            }
        };
        let identifier = |(place, cells): (usize, Builder)| {
            Identifier(cells.finish(header[place].clone(), sheet::Decimal::Point))
        };
        Ok(Read {
            split: Split {
                inputs,
                targets: Values::F64(targets),
                len: rows,
                ..last
            },
            bytes,
            identifiers: kept.into_iter().map(identifier).collect(),
            said: pieces.said(),
        })
    }
}

#[cfg(test)]
mod tests;
