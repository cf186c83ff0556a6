//! A table that a run predicts for, read some rows at a time: as it is read whole, and in as little memory however many
//! rows it has.
//!
//! The run knows its columns and how their cells become numbers, so each row can be read by itself. A file is read
//! three times: to find how its text is written, to find all that is wrong with it, and to predict.

use super::columns::{Columns, RunColumns, Wanted};
use super::error::{Faults, corrupt};
use super::sheet::{self, Pieces, Role, Sheet};
use super::tabular::{self, Asked, Identifier, Table};
use super::{Dataset, Request, Seen, weights};
use crate::diagnostic::{Diagnostic, Failure, Result};
use std::path::{Path, PathBuf};

/// What messages call the table that comes from another program.
pub const STDIN: &str = "standard input";

/// A table, read some rows at a time with each of a run's targets.
pub struct Stream {
    path: PathBuf,
    pieces: Box<dyn Pieces>,
    targets: Vec<OfTarget>,
    /// Rows so far.
    done: usize,
    /// What was wrong with them, where that is kept until all have been looked at.
    faults: Faults,
    keeps_faults: bool,
}

/// How one of the run's targets is read, and the inputs with it.
struct OfTarget {
    run: RunColumns,
    asked: Asked,
    /// What to do about a target that is none.
    needless: Option<&'static str>,
}

/// How a file is read.
pub struct Found(sheet::Found);

impl Found {
    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.0.rows()
    }
}

/// Finds how the file is read that each of `requests` names, one for each of a run's targets; `None` where it is read
/// whole: for its format, or because the run does not know its columns by their names.
///
/// # Errors
///
/// A file that cannot be read, or whose numbers may mean one thing or another.
pub fn find(requests: &[Request]) -> Result<Option<Found>> {
    let path = Path::new(&requests[0].data);
    let is_known = requests.iter().all(|request| request.columns.is_some());
    // A row of steps is no example.
    if !is_known || is_of_steps(requests) {
        return Ok(None);
    }
    let found = sheet::find(path, &|header| roles(header, requests))?;
    Ok(found.map(Found))
}

/// Whether a run takes sequences, or windows of time series.
fn is_of_steps(requests: &[Request]) -> bool {
    let mut columns = requests.iter().flat_map(|request| &request.columns);
    let of_sequences = requests.iter().any(|request| !request.sequences.is_empty());
    of_sequences || columns.any(|run| run.columns.steps.is_some())
}

/// What is known of the columns before they are read, by all of the targets together.
fn roles(header: &[String], requests: &[Request]) -> Vec<Role> {
    let mut all: Vec<Role> = vec![];
    for request in requests {
        let wanted = Wanted {
            target: request.target.as_deref(),
            of_run: request.columns.as_ref(),
            choices: Some(&request.choices),
            ..Wanted::default()
        };
        let roles = tabular::roles(header, &wanted);
        if all.is_empty() {
            all = roles;
            continue;
        }
        for (known, role) in all.iter_mut().zip(roles) {
            *known = match (*known, role) {
                (Role::Read { decimal: None } | Role::Aside { .. }, role @ Role::Read { .. }) => {
                    role
                }
                (Role::Aside { .. }, role @ Role::Aside { written: true }) => role,
                (known, _) => known,
            };
        }
    }
    all
}

impl Stream {
    /// The file that `requests` name.
    ///
    /// # Errors
    ///
    /// Columns that are not there.
    pub fn of_file(requests: &[Request], found: &Found) -> Result<Stream> {
        let path = PathBuf::from(&requests[0].data);
        let pieces = sheet::pieces(&path, &found.0)?;
        Stream::new(path, pieces, requests)
    }

    /// What comes on standard input.
    ///
    /// # Errors
    ///
    /// What is no table; columns that are not there.
    pub fn of_stdin(requests: &[Request]) -> Result<Stream> {
        let path = PathBuf::from(STDIN);
        let pieces = sheet::pieces_of_stdin(&path, &|header| roles(header, requests))?;
        Stream::new(path, pieces, requests)
    }

    fn new(path: PathBuf, pieces: Box<dyn Pieces>, requests: &[Request]) -> Result<Stream> {
        let of_target = |request: &Request| OfTarget::new(&path, pieces.header(), request);
        let targets = requests.iter().map(of_target).collect::<Result<_>>()?;
        Ok(Stream {
            path,
            pieces,
            targets,
            done: 0,
            faults: Faults::default(),
            keeps_faults: false,
        })
    }

    /// Reads all rows, `most` at a time, and tells each to `look` while nothing is wrong with them.
    ///
    /// # Errors
    ///
    /// All that is wrong with them.
    pub fn check(
        mut self,
        most: usize,
        look: &mut dyn FnMut(Vec<Dataset>) -> Result<()>,
    ) -> Result<()> {
        self.keeps_faults = true;
        while let Some(data) = self.next(most)? {
            if self.faults.is_empty() {
                look(data)?;
            }
        }
        self.pieces.refuse_ragged()?;
        self.faults.finish("faults of the table")
    }

    /// The next rows, `most` at most, with each of the targets; `None` at the end.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn next(&mut self, most: usize) -> Result<Option<Vec<Dataset>>> {
        let sheet = self.pieces.next(most)?;
        // At the end, too: what came last may be ragged rows alone.
        if !self.keeps_faults {
            self.pieces.refuse_ragged()?;
        }
        let Some(sheet) = sheet else {
            return Ok(None);
        };
        let rows: Vec<usize> = (self.done..self.done + sheet.rows()).collect();
        self.done += sheet.rows();
        let mut data = vec![];
        for target in &self.targets {
            data.push(target.read(&self.path, &sheet, &rows, &mut self.faults)?);
        }
        if !self.keeps_faults {
            std::mem::take(&mut self.faults).finish("faults of the table")?;
        }
        let kept = &data[0]
            .columns
            .as_ref()
            .expect("those of a table")
            .identifiers;
        let columns = sheet.columns.into_iter();
        let identifiers = columns.filter(|column| kept.contains(&column.name));
        data[0].seen.identifiers = identifiers.map(Identifier).collect();
        data[0].seen.said = self.pieces.said();
        Ok(Some(data))
    }
}

impl OfTarget {
    fn new(path: &Path, header: &[String], request: &Request) -> Result<OfTarget> {
        let run = request
            .columns
            .clone()
            .expect("the run's columns are known");
        let wanted = Wanted {
            target: request.target.as_deref(),
            of_run: Some(&run),
            choices: Some(&request.choices),
            ..Wanted::default()
        };
        Ok(OfTarget {
            asked: Asked::of(path, header, &wanted, request)?,
            needless: tabular::needless(&wanted),
            run,
        })
    }

    /// The rows of a sheet, which are these of the file.
    fn read(
        &self,
        path: &Path,
        sheet: &Sheet,
        rows: &[usize],
        faults: &mut Faults,
    ) -> Result<Dataset> {
        if let Some(place) = self.asked.weights {
            weights::counts(path, sheet, place)?;
        }
        let table = Table {
            path,
            sheet,
            header: &sheet.header(),
            asked: &self.asked,
        };
        let columns: Columns = table.columns_of_run(&self.run.columns)?;
        let train = table.split_of(&columns, self.needless, faults);
        Ok(Dataset {
            name: path.display().to_string(),
            train,
            test: None,
            // Messages name the rows of the file.
            file_rows: Some([rows.to_vec(), vec![]]),
            class_names: match columns.targets.is_empty() {
                true => vec![],
                false => columns.coding.classes.clone(),
            },
            columns: Some(columns),
            seen: Seen::default(),
        })
    }
}

/// The message about a table without rows.
pub fn no_rows(name: &str) -> Failure {
    corrupt(Path::new(name), "has a header and no rows").into()
}

/// Refuses what is asked of a table on standard input that takes more than one look at it.
///
/// # Errors
///
/// `E0603`.
pub fn refuse_of_stdin(requests: &[Request], flags: &[&str]) -> Result<()> {
    let title = "a table on standard input is read once, row by row";
    if !flags.is_empty() {
        return Err(Diagnostic::error("E0603", title)
            .note(format!(
                "{} would have to know all of its rows",
                crate::words::list(flags)
            ))
            .help("write it to a file, and name that with `--data`")
            .into());
    }
    if is_of_steps(requests) {
        return Err(Diagnostic::error("E0603", title)
            .note("the run takes sequences or windows, which are read whole")
            .help("write it to a file, and name that with `--data`")
            .into());
    }
    if requests.iter().any(|request| request.columns.is_none()) {
        return Err(Diagnostic::error("E0603", title)
            .note("its columns go by the names of the run's, and the run was trained on data without such names")
            .help("write it to a file, and name that with `--data`")
            .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
