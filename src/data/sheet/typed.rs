//! Columns of formats that tell numbers from texts: JSON lines, spreadsheets, Parquet.

use super::decimals::{Evidence, decide, said_of_numbers};
use super::notation::{Decimal, EXACT, Met};
use super::{Builder, Cell, Column, Role, Sheet};
use crate::data::error::corrupt;
use crate::diagnostic::Result;
use crate::words::list;
use std::path::Path;

impl Builder {
    /// Appends a number. NaN means a missing value, and what is infinite is a text, as in a text table.
    pub(in crate::data) fn push_float(&mut self, value: f64) {
        if value.is_finite() {
            self.push(Cell::Number(value));
        } else if value.is_nan() {
            self.push_missing();
        } else {
            self.push(Cell::Text(&value.to_string()));
        }
    }

    /// Appends a whole number. One that float64 does not hold names something: it is a text.
    pub(in crate::data) fn push_integer(&mut self, value: i128) {
        match value.unsigned_abs() < EXACT as u128 {
            true => self.push(Cell::Number(value as f64)),
            false => self.push(Cell::Text(&value.to_string())),
        }
    }

    /// Appends `true` or `false`.
    pub(in crate::data) fn push_boolean(&mut self, value: bool) {
        self.push(Cell::Text(if value { "true" } else { "false" }));
    }

    /// Appends a text.
    pub(in crate::data) fn push_text(&mut self, text: &str) {
        self.push(Cell::Text(text.trim()));
    }

    /// Appends an empty cell.
    pub(in crate::data) fn push_missing(&mut self) {
        self.push(Cell::Text(""));
    }

    /// Appends empty cells until there are `rows` cells.
    pub(super) fn pad(&mut self, rows: usize) {
        while self.len() < rows {
            self.push_missing();
        }
    }
}

/// A sheet of these columns. A text that a text table would take for a number becomes that number, except in columns
/// that are neither inputs nor targets.
///
/// # Errors
///
/// `E0504` where there is no row, or texts do not tell which mark their decimals have.
pub(in crate::data) fn finish(
    path: &Path,
    columns: Vec<(String, Builder)>,
    lines: Vec<u32>,
    roles: &[Role],
) -> Result<Sheet> {
    let columns = columns.into_iter();
    let columns = columns.map(|(name, cells)| cells.finish(name, Decimal::Point));
    let mut sheet = Sheet::new(path, columns.collect(), lines)?;
    let evidence = (0..sheet.columns.len()).map(|place| {
        let mut evidence = Evidence::default();
        evidence_of(&sheet.columns[place], &sheet.lines, place, &mut evidence);
        evidence
    });
    let evidence: Vec<Evidence> = evidence.collect();
    // Between commas a text means the same as in a text table with commas.
    let decimals =
        decide(&evidence, roles, b',').map_err(|doubt| doubt.message(path, &sheet.header()))?;
    let (mut met, mut of_texts) = (Met::default(), vec![]);
    for (place, column) in sheet.columns.iter_mut().enumerate() {
        let is_read = matches!(roles[place], Role::Read { .. });
        if is_read && column.read_texts(decimals[place], &mut met) {
            of_texts.push(column.name.clone());
        }
    }
    sheet.said = said_of_numbers(&sheet, roles, met);
    if !of_texts.is_empty() {
        let columns = list(&of_texts);
        sheet
            .said
            .push(format!("texts read as numbers in {columns}"));
    }
    Ok(sheet)
}

/// Adds what the texts of a column say about its decimal mark.
pub(super) fn evidence_of(column: &Column, lines: &[u32], place: usize, evidence: &mut Evidence) {
    for (cell, line) in column.iter().zip(lines) {
        if let Cell::Text(text) = cell {
            evidence.add(text, place, u64::from(*line));
        }
    }
}

/// Refuses a table of which hardly any cell has a value: by a short file, it would take any amount of memory.
///
/// # Errors
///
/// `E0504`, where fewer than one in a hundred of its cells is `present`.
pub(super) fn refuse_sparse(
    path: &Path,
    rows: usize,
    columns: usize,
    present: usize,
) -> Result<()> {
    const FEW: usize = 10_000;
    if rows.saturating_mul(columns) <= FEW.saturating_add(present.saturating_mul(100)) {
        return Ok(());
    }
    Err(
        corrupt(path, "is no table: hardly any of its cells has a value")
            .note(format!(
                "found {present} values in {rows} rows of {columns} columns"
            ))
            .into(),
    )
}
