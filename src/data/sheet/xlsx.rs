//! Spreadsheets, `.xlsx`: a sheet whose first row that is not empty holds the columns' names.

use super::guard::caught;
use super::header::{is_units, refuse_data_as_header, refuse_numbers};
use super::typed::{finish, refuse_sparse};
use super::{Builder, Cell, Role, Sheet};
use crate::data::dates;
use crate::data::error::{Faults, corrupt, unreadable};
use crate::diagnostic::{Diagnostic, Failure, Result};
use crate::memory;
use crate::words::{count, list};
use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx, XlsxError};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// The most columns of a sheet; the last is `XFD`.
const MOST_COLUMNS: u32 = 16_384;

/// The day after 9999-12-31.
const END: f64 = 2_958_466.0;

/// Reads the sheet `name`, else the first, of the file at `path`.
///
/// # Errors
///
/// `E0503` for a file that cannot be read, `E0504` for one that is no spreadsheet and for a sheet without a header or
/// rows, `E0505` for cells beside the columns, `E0506` for a sheet that is not there.
pub(super) fn read(
    path: &Path,
    name: Option<&str>,
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Sheet> {
    caught(|| sheet(path, name, roles)).unwrap_or_else(|panic| {
        Err(corrupt(path, "is not an .xlsx file, or is damaged")
            .note(panic)
            .into())
    })
}

fn sheet(path: &Path, name: Option<&str>, roles: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    let open = || crate::files::open(path).map_err(|e| unreadable(path, "open", &e));
    let damaged = |error: XlsxError| -> Failure {
        corrupt(path, "is not an .xlsx file, or is damaged")
            .note(error.to_string())
            .into()
    };
    refuse_large(path, open()?)?;
    let mut book = Xlsx::new(BufReader::new(open()?)).map_err(damaged)?;
    let (name, said) = choose(path, &book, name)?;
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    let mut table = Table::new(path);
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        table.append(row, column, cell.get_value())?;
    }
    table.finish(&name, said, roles)
}

/// Refuses a file whose texts, which are read whole, do not fit the memory.
fn refuse_large(path: &Path, file: File) -> Result<()> {
    let damaged = |error: zip::result::ZipError| {
        corrupt(path, "is not an .xlsx file, or is damaged").note(error.to_string())
    };
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    let mut total: u64 = 0;
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(damaged)?;
        // Sheets are read cell by cell, pictures not at all.
        let streamed = ["xl/worksheets/", "xl/media/"];
        let name = String::from_utf8_lossy(member.name_raw());
        if !streamed.iter().any(|folder| name.starts_with(folder)) {
            total = total.saturating_add(member.size());
        }
    }
    let what = format!("the text in `{}`", path.display());
    memory::refuse(&what, total, "save the sheet as a .csv")
}

/// The name of the sheet to read, and what to say of the choice.
fn choose(
    path: &Path,
    book: &Xlsx<BufReader<File>>,
    wanted: Option<&str>,
) -> Result<(String, Option<String>)> {
    let sheets = book.sheets_metadata().iter();
    let sheets: Vec<_> = sheets
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .collect();
    let names = || list(sheets.iter().map(|sheet| &sheet.name));
    if let Some(wanted) = wanted {
        if sheets.iter().any(|sheet| sheet.name == wanted) {
            return Ok((wanted.to_owned(), None));
        }
        let title = format!("`{}` has no sheet `{wanted}`", path.display());
        return Err(Diagnostic::error("E0506", title)
            .note(format!("its sheets are {}", names()))
            .into());
    }
    let is_shown = |sheet: &&&calamine::Sheet| sheet.visible == SheetVisible::Visible;
    let Some(first) = sheets.iter().find(is_shown).or(sheets.first()) else {
        return Err(corrupt(path, "has no sheet of cells").into());
    };
    let said = format!("sheet `{}` of {}", first.name, names());
    Ok((first.name.clone(), (sheets.len() > 1).then_some(said)))
}

/// The table in the making.
struct Table<'a> {
    path: &'a Path,
    /// The row of the names.
    header: Option<u32>,
    names: Vec<String>,
    /// The cells below each name, and below blanks left of the first name.
    columns: Vec<Builder>,
    lines: Vec<u32>,
    /// How many cells have a value.
    present: usize,
    errors: usize,
    kinds_of_errors: BTreeSet<String>,
    faults: Faults,
}

impl<'a> Table<'a> {
    fn new(path: &'a Path) -> Self {
        Table {
            path,
            header: None,
            names: vec![],
            columns: vec![],
            lines: vec![],
            present: 0,
            errors: 0,
            kinds_of_errors: BTreeSet::new(),
            faults: Faults::default(),
        }
    }

    /// Appends a cell. Rows come from top to bottom, but for a damaged file.
    fn append(&mut self, row: u32, column: u32, value: &DataRef) -> Result<()> {
        if is_empty(value) {
            return Ok(());
        }
        let place = column as usize;
        let header = *self.header.get_or_insert(row);
        let last = self.lines.last().copied().unwrap_or(header + 1);
        if column >= MOST_COLUMNS || row + 1 < last || row == u32::MAX {
            let cell = format!(
                "has a cell in row {}, column {}",
                row.saturating_add(1),
                place + 1
            );
            return Err(corrupt(self.path, "is damaged")
                .note(format!(
                    "its sheet {cell}, out of order or out of the sheet"
                ))
                .into());
        }
        if row == header {
            if place < self.names.len() {
                let note = format!(
                    "the names in its sheet are out of order, at {}{}",
                    letters(place),
                    row + 1
                );
                return Err(corrupt(self.path, "is damaged").note(note).into());
            }
            self.names.resize(place + 1, String::new());
            self.columns.resize_with(place + 1, Builder::default);
            let mut name = Builder::default();
            push(&mut name, value);
            self.names[place] = crate::data::coding::name(name.last());
            return Ok(());
        }
        let line = row + 1;
        if self.lines.last() != Some(&line) {
            self.lines.push(line);
        }
        let Some(cells) = self.columns.get_mut(place) else {
            let (path, last) = (self.path, self.names.len());
            self.faults.add(|| beside(path, line, place, last));
            return Ok(());
        };
        let rows = self.lines.len();
        if cells.len() == rows {
            return Err(corrupt(self.path, "is damaged")
                .note(format!("its sheet has two cells {}{line}", letters(place)))
                .into());
        }
        cells.pad(rows - 1);
        self.present += 1;
        if let Some(error) = error(value) {
            self.errors += 1;
            self.kinds_of_errors.insert(error);
        }
        push(cells, value);
        Ok(())
    }

    fn finish(
        self,
        sheet: &str,
        said: Option<String>,
        roles: &dyn Fn(&[String]) -> Vec<Role>,
    ) -> Result<Sheet> {
        self.faults.finish("such rows")?;
        if self.header.is_none() {
            return Err(
                corrupt(self.path, format!("has nothing in its sheet `{sheet}`"))
                    .note("expected a row of the columns' names, then a row an example")
                    .into(),
            );
        }
        // A blank column between others, or left of them, is none.
        let columns = self.names.into_iter().zip(self.columns);
        let columns: Vec<_> = columns
            .filter(|(name, cells)| !name.is_empty() || cells.len() > 0)
            .collect();
        let rows = self.lines.len();
        refuse_sparse(self.path, rows, columns.len(), self.present)?;
        let columns = columns.into_iter().map(|(name, mut cells)| {
            cells.pad(rows);
            (name, cells)
        });
        let columns: Vec<_> = columns.collect();
        let header: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
        refuse_numbers(self.path, &header)?;
        let mut sheet = finish(self.path, columns, self.lines, &roles(&header))?;
        refuse_data_as_header(self.path, &sheet)?;
        let errors = (self.errors > 0).then(|| {
            let cells = count(self.errors, "cell", "cells");
            format!(
                "{cells} of {} as missing values",
                list(&self.kinds_of_errors)
            )
        });
        sheet.said.splice(0..0, said.into_iter().chain(errors));
        if has_units(&sheet) && sheet.drop_units() {
            sheet.said.push("the first row, of units, left out".into());
        }
        Ok(sheet)
    }
}

/// Whether the first row below the names may hold units.
fn has_units(sheet: &Sheet) -> bool {
    let cells = sheet.columns.iter().map(|column| match column.cell(0) {
        Cell::Text(text) => Some(text),
        Cell::Number(_) => None,
    });
    let texts: Option<Vec<&str>> = cells.collect();
    texts.is_some_and(|texts| is_units(texts.into_iter()))
}

/// Whether a cell has no value: a formula may give a text of nothing.
fn is_empty(value: &DataRef) -> bool {
    match value {
        DataRef::Empty => true,
        DataRef::String(text) => text.trim().is_empty(),
        DataRef::SharedString(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// What a spreadsheet shows in a cell that has no value it could show.
fn error(value: &DataRef) -> Option<String> {
    match value {
        DataRef::Error(error) => Some(error.to_string()),
        DataRef::DateTime(date) if !is_shown(date) => Some("########".into()),
        _ => None,
    }
}

/// Whether a date is neither before the first nor behind the year 9999.
fn is_shown(date: &ExcelDateTime) -> bool {
    date.is_duration() || (0.0..END).contains(&date.as_f64())
}

fn push(cells: &mut Builder, value: &DataRef) {
    match value {
        DataRef::Int(value) => cells.push_integer((*value).into()),
        DataRef::Float(value) => cells.push_float(*value),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            cells.push_text(text);
        }
        DataRef::SharedString(text) => cells.push_text(text),
        DataRef::Bool(value) => cells.push_boolean(*value),
        DataRef::DateTime(date) if is_shown(date) => cells.push_text(&written(date)),
        DataRef::DateTime(_) | DataRef::Error(_) | DataRef::Empty => cells.push_missing(),
    }
}

/// A date as [`dates::days`] reads it; a time of day and a duration as a table of text has them.
fn written(date: &ExcelDateTime) -> String {
    let days = date.as_f64();
    if date.is_duration() || (0.0..1.0).contains(&days) {
        let milliseconds = (days * 86_400_000.0).round();
        return dates::time(milliseconds as i64 * 1_000_000);
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let seconds = 3600 * i64::from(hour) + 60 * i64::from(minute) + i64::from(second);
    let nanoseconds = (1000 * seconds + i64::from(milli)) * 1_000_000;
    dates::date([year.into(), month.into(), day.into()], nanoseconds)
}

/// A cell right of the last name.
fn beside(path: &Path, line: u32, place: usize, columns: usize) -> Diagnostic {
    let title = format!("{}:{line}: the row is ragged", path.display());
    Diagnostic::error("E0505", title)
        .note(format!(
            "the cell {}{line} has a value, and the last column with a name is {}",
            letters(place),
            letters(columns - 1)
        ))
        .help("write a name above it, or clear the cell")
}

/// The letters of a column: `A` of the first, `AB` of the 28th.
fn letters(place: usize) -> String {
    let last = char::from(b'A' + (place % 26) as u8);
    match place / 26 {
        0 => last.to_string(),
        rest => format!("{}{last}", letters(rest - 1)),
    }
}
