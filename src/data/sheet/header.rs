//! Whether the first row of a table holds names, and the row below it units.

use super::{Cell, Sheet};
use crate::data::error::corrupt;
use crate::data::look::is_missing;
use crate::diagnostic::Result;
use crate::words::list;
use std::path::Path;

/// Refuses names that are all numbers.
pub(super) fn refuse_numbers(path: &Path, names: &[String]) -> Result<()> {
    if names.iter().any(|name| name.parse::<f64>().is_err()) {
        return Ok(());
    }
    Err(corrupt(path, "has no header")
        .note(format!(
            "expected the columns' names in the first row, found {}",
            list(names)
        ))
        .into())
}

/// Refuses a table whose first line looks like one more row: some names are numbers above columns of numbers, and
/// each of the others is a cell of its own column, too. Names such as `country,2019,2020` are none of these.
pub(super) fn refuse_data_as_header(path: &Path, sheet: &Sheet) -> Result<()> {
    let mut numbers = 0;
    for column in &sheet.columns {
        let fits = match Cell::read(&column.name, column.decimal) {
            Cell::Number(_) => {
                numbers += 1;
                column.iter().all(|cell| matches!(cell, Cell::Number(_)))
            }
            Cell::Text(_) => column
                .iter()
                .any(|cell| matches!(cell, Cell::Text(text) if text == column.name)),
        };
        if !fits {
            return Ok(());
        }
    }
    if numbers == 0 {
        return Ok(());
    }
    Err(corrupt(path, "has no header")
        .note(format!(
            "expected the columns' names in the first row, found a row of data: {}",
            list(sheet.header())
        ))
        .help("write a row with the columns' names above it")
        .into())
}

/// Whether the first row below the names may hold units: no cell is a number, and one at least is a text that does not
/// mean a missing value.
pub(super) fn is_units<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let texts: Vec<&str> = cells.map(str::trim).collect();
    let no_digit_first =
        |cell: &str| !cell.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    let names_something = |cell: &&str| *cell != "-" && !is_missing(Cell::Text(cell), &[]);
    let may_be_unit = |cell: &&str| cell.is_empty() || *cell == "-" || no_digit_first(cell);
    texts.len() > 1 && texts.iter().any(names_something) && texts.iter().all(may_be_unit)
}
