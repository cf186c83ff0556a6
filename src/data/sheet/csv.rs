//! Text tables: a header, then a row a line. What separates cells, how numbers are written and how the text is encoded
//! is found by looking.

use super::decimals::{Evidence, decide, said_of_numbers};
use super::dialect::Dialect;
use super::encoding::decode;
use super::header::{is_units, refuse_data_as_header, refuse_numbers};
use super::notation::{Decimal, Met, number};
use super::{Builder, Cell, Column, Role, Sheet};
use crate::data::error::{Faults, corrupt, unreadable};
use crate::diagnostic::{Diagnostic, Failure, Result};
use ::csv::{Reader, ReaderBuilder, StringRecord};
use std::path::Path;

/// Reads a table from the contents of the file at `path`.
///
/// # Errors
///
/// `E0504` for what is no text and for a table without a header or rows, `E0505` for ragged rows.
pub(super) fn parse(
    path: &Path,
    bytes: &[u8],
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Sheet> {
    let (text, encoding) = decode(path, bytes)?;
    let dialect = Dialect::of(&text);
    let text = dialect.normalised(&text);
    let mut rows = Rows::new(path, &text, &dialect);
    if !rows.next()? {
        return Err(corrupt(path, "is empty")
            .note("expected a header with the columns' names")
            .into());
    }
    let header = header(path, &rows.record, &dialect)?;
    rows.cells = Some(header.len());
    let roles = roles(&header);
    let decimals = decimals(path, &text, &dialect, &header, &roles)?;
    let layout = Layout {
        dialect,
        header,
        roles,
        decimals,
    };
    let mut filled = Filled::new(&layout, 0);
    fill(path, &mut rows, &layout, &mut filled)?;
    std::mem::take(&mut filled.faults).finish("ragged rows")?;
    let (may_be_units, met) = (filled.may_be_units, filled.met);
    let (columns, lines) = filled.finish(&layout);
    let mut sheet = Sheet::new(path, columns, lines)?;
    refuse_data_as_header(path, &sheet)?;
    let numbers = said_of_numbers(&sheet, &layout.roles, met);
    sheet.said = said(encoding, &layout.dialect, numbers, rows.comments);
    if may_be_units && sheet.drop_units() {
        sheet.said.push(UNITS.into());
    }
    Ok(sheet)
}

/// What is said of a row of units.
pub(super) const UNITS: &str = "the first row, of units, left out";

/// How the rows of a table are read.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) dialect: Dialect,
    pub(super) header: Vec<String>,
    pub(super) roles: Vec<Role>,
    pub(super) decimals: Vec<Decimal>,
}

/// Rows that have been read.
pub(super) struct Filled {
    columns: Vec<Builder>,
    lines: Vec<u32>,
    /// Lines of the table above the text.
    above: u64,
    /// Of rows that are not as long as the header.
    pub(super) faults: Faults,
    pub(super) met: Met,
    may_be_units: bool,
}

impl Filled {
    /// None yet, of a text that begins below so many lines.
    pub(super) fn new(layout: &Layout, above: u64) -> Filled {
        Filled {
            columns: layout.header.iter().map(|_| Builder::default()).collect(),
            lines: vec![],
            above,
            faults: Faults::default(),
            met: Met::default(),
            may_be_units: false,
        }
    }

    /// The columns, and the line of each row.
    pub(super) fn finish(self, layout: &Layout) -> (Vec<Column>, Vec<u32>) {
        let named = layout.header.iter().zip(&layout.decimals).zip(self.columns);
        let columns = named.map(|((name, decimal), cells)| cells.finish(name.clone(), *decimal));
        (columns.collect(), self.lines)
    }
}

/// Reads all rows of a text.
pub(super) fn fill(path: &Path, rows: &mut Rows, layout: &Layout, into: &mut Filled) -> Result<()> {
    let cells = layout.header.len();
    while rows.next()? {
        let (record, line) = (&rows.record, into.above + rows.line());
        if record.len() != cells {
            let found = record.len();
            into.faults.add(|| ragged(path, line, cells, found));
            continue;
        }
        into.may_be_units |= into.lines.is_empty() && is_units(record.iter());
        into.lines.push(line as u32);
        for (place, (column, cell)) in into.columns.iter_mut().zip(record).enumerate() {
            let cell = cell.trim();
            let met = match layout.roles[place] {
                Role::Read { .. } => &mut into.met,
                Role::Aside { .. } => &mut Met::default(),
            };
            match number(cell, layout.decimals[place], met) {
                Some(value) => {
                    column.push(Cell::Number(value));
                    if value != 0.0 && cell.ends_with('%') {
                        column.mark_percent();
                    }
                }
                None => column.push(Cell::Text(cell)),
            }
            if layout.roles[place] == (Role::Aside { written: true }) {
                column.keep_written(cell);
            }
        }
    }
    Ok(())
}

/// What was recognised, a phrase each.
pub(super) fn said(
    encoding: Option<&str>,
    dialect: &Dialect,
    numbers: Vec<String>,
    comments: usize,
) -> Vec<String> {
    let of_file = [encoding, dialect.said()].into_iter().flatten();
    let mut all: Vec<String> = of_file.map(str::to_owned).chain(numbers).collect();
    if dialect.marked_header {
        all.push("the header behind `#`".into());
    }
    if comments > 0 {
        let lines = crate::words::count(comments, "comment line", "comment lines");
        all.push(format!("{lines} left out"));
    }
    all
}

/// The rows of a table, comments left out.
pub(super) struct Rows<'a> {
    path: &'a Path,
    text: &'a str,
    reader: Reader<&'a [u8]>,
    pub(super) record: StringRecord,
    /// Cells in the header, once that is read.
    cells: Option<usize>,
    marked_header: bool,
    pub(super) comments: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str, dialect: &Dialect) -> Self {
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.separator)
            .from_reader(text.as_bytes());
        Rows {
            path,
            text,
            reader,
            record: StringRecord::new(),
            cells: None,
            marked_header: dialect.marked_header,
            comments: 0,
        }
    }

    /// The rows of a text below a header of so many cells.
    pub(super) fn below(path: &'a Path, text: &'a str, dialect: &Dialect, cells: usize) -> Self {
        Rows {
            cells: Some(cells),
            ..Rows::new(path, text, dialect)
        }
    }

    /// How many bytes have been read.
    pub(super) fn position(&self) -> usize {
        self.reader.position().byte() as usize
    }

    /// Goes to the next row; false at the end.
    pub(super) fn next(&mut self) -> Result<bool> {
        loop {
            let read = self.reader.read_record(&mut self.record);
            let more = read.map_err(|error| match error.into_kind() {
                ::csv::ErrorKind::Io(e) => unreadable(self.path, "read", &e),
                other => Failure::from(
                    corrupt(self.path, "is not a csv file").note(format!("{other:?}")),
                ),
            })?;
            if !more {
                return Ok(false);
            }
            if self.record.len() == 1 && self.record[0].trim().is_empty() && self.cells != Some(1) {
                continue;
            }
            if !self.is_comment() {
                return Ok(true);
            }
            self.comments += 1;
        }
    }

    /// Whether the row starts with `#`: before the header, unless the header itself does, and after it where it has
    /// not the header's number of cells.
    fn is_comment(&self) -> bool {
        if !self.record.get(0).is_some_and(|cell| cell.starts_with('#')) {
            return false;
        }
        match self.cells {
            Some(cells) => cells == 1 || self.record.len() != cells,
            None if self.marked_header => self.next_is_comment(),
            None => true,
        }
    }

    /// Whether the line below is a comment, too: of several, the last is the header.
    fn next_is_comment(&self) -> bool {
        let place = self.reader.position().byte() as usize;
        let rest = self.text.get(place..).unwrap_or("");
        rest.trim_start().starts_with('#')
    }

    /// The 1-based line of the row, as an editor counts: the reader's position is before blank lines.
    pub(super) fn line(&self) -> u64 {
        let Some(position) = self.record.position() else {
            return 1;
        };
        let rest = self
            .text
            .as_bytes()
            .get(position.byte() as usize..)
            .unwrap_or(&[]);
        let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + blank.filter(|&&byte| byte == b'\n').count() as u64
    }
}

/// The columns' names.
pub(super) fn header(path: &Path, record: &StringRecord, dialect: &Dialect) -> Result<Vec<String>> {
    let mut columns: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    if let (true, Some(first)) = (dialect.marked_header, columns.first_mut()) {
        let name = first.trim_start_matches('#').trim();
        match name.is_empty() && dialect.blanks {
            true => drop(columns.remove(0)),
            false if !name.is_empty() => *first = name.to_owned(),
            false => {}
        }
    }
    refuse_numbers(path, &columns)?;
    Ok(columns)
}

/// The decimal mark of each column, by all rows.
fn decimals(
    path: &Path,
    text: &str,
    dialect: &Dialect,
    header: &[String],
    roles: &[Role],
) -> Result<Vec<Decimal>> {
    let mut rows = Rows::new(path, text, dialect);
    rows.next()?;
    rows.cells = Some(header.len());
    let mut evidence: Vec<Evidence> = header.iter().map(|_| Evidence::default()).collect();
    while rows.next()? {
        let line = rows.line();
        for (place, (of, cell)) in evidence.iter_mut().zip(&rows.record).enumerate() {
            of.add(cell.trim(), place, line);
        }
    }
    decide(&evidence, roles, dialect.separator).map_err(|doubt| doubt.message(path, header).into())
}

/// A row with another number of cells than the header.
fn ragged(path: &Path, line: u64, expected: usize, found: usize) -> Diagnostic {
    let help = match found < expected {
        true => "fill in the cells that are missing, or leave the row out",
        false => "a cell that holds a comma stands in double quotes",
    };
    let title = format!("{}:{line}: the row is ragged", path.display());
    Diagnostic::error("E0505", title)
        .note(format!(
            "expected {expected} cells as in the header, found {found}"
        ))
        .help(help)
}
