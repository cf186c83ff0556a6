//! A column of cells, each a number or a text.
//!
//! A number takes 8 bytes. So does a text: the place of it in the column's dictionary.

use super::notation::{Decimal, Met, number};
use std::collections::HashMap;

/// A named column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Without blanks around it; empty where the table has no name for it.
    pub(crate) name: String,
    /// The mark before the decimals of its numbers.
    pub(crate) decimal: Decimal,
    cells: Vec<Packed>,
    texts: Vec<String>,
    /// The place of each cell as it is written among the texts, where that is kept.
    written: Vec<u32>,
    /// The rows of numbers other than 0 that are written with `%`.
    percent: Vec<u32>,
}

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Cell<'a> {
    /// A finite number.
    Number(f64),
    /// Anything else, without blanks around it; empty for an empty cell.
    Text(&'a str),
}

impl Cell<'_> {
    /// What a cell holds of which this is the text, without blanks around it.
    pub(crate) fn read(text: &str, decimal: Decimal) -> Cell<'_> {
        match number(text, decimal, &mut Met::default()) {
            Some(value) => Cell::Number(value),
            None => Cell::Text(text),
        }
    }
}

/// A finite number, or the place of a text in a dictionary: as a NaN, which no finite number is.
#[derive(Debug, Clone, Copy)]
struct Packed(u64);

const TEXT: u64 = 0xFFF8_0000_0000_0000;

impl Packed {
    fn number(value: f64) -> Packed {
        debug_assert!(value.is_finite());
        Packed(value.to_bits())
    }

    fn text(code: u32) -> Packed {
        Packed(TEXT | u64::from(code))
    }

    /// The number, or else the code of the text.
    fn get(self) -> std::result::Result<f64, u32> {
        match self.0 & TEXT == TEXT {
            true => Err(self.0 as u32),
            false => Ok(f64::from_bits(self.0)),
        }
    }
}

/// A column in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Builder {
    cells: Vec<Packed>,
    codes: HashMap<String, u32>,
    written: Vec<u32>,
    percent: Vec<u32>,
}

impl Builder {
    /// Appends a cell.
    pub(crate) fn push(&mut self, cell: Cell) {
        let packed = match cell {
            Cell::Number(value) => Packed::number(value),
            Cell::Text(text) => Packed::text(self.code(text)),
        };
        self.cells.push(packed);
    }

    /// Appends the cells of a column.
    pub(crate) fn append(&mut self, column: &Column) {
        let before = self.cells.len() as u32;
        for (row, cell) in column.iter().enumerate() {
            self.push(cell);
            if let Some(text) = column.written(row) {
                self.keep_written(text);
            }
        }
        let percent = column.percent.iter();
        self.percent.extend(percent.map(|row| before + row));
    }

    /// Keeps the last cell as it is written, too.
    pub(crate) fn keep_written(&mut self, text: &str) {
        let code = self.code(text);
        self.written.push(code);
    }

    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The last cell that was pushed.
    #[cfg(feature = "xlsx")]
    pub(super) fn last(&self) -> Cell<'_> {
        let last = self.cells.last().map(|cell| cell.get());
        let text = |code| self.codes.iter().find(|(_, place)| **place == code);
        match last {
            Some(Ok(value)) => Cell::Number(value),
            Some(Err(code)) => Cell::Text(text(code).map_or("", |(text, _)| text)),
            None => Cell::Text(""),
        }
    }

    /// Notes that the last cell is written with `%`.
    pub(crate) fn mark_percent(&mut self) {
        self.percent.push(self.cells.len() as u32 - 1);
    }

    /// The place of a text in the dictionary.
    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        let code = self.codes.len() as u32;
        self.codes.insert(text.to_owned(), code);
        code
    }

    /// The column of all that was pushed.
    pub(crate) fn finish(self, name: String, decimal: Decimal) -> Column {
        let mut texts = vec![String::new(); self.codes.len()];
        for (text, code) in self.codes {
            texts[code as usize] = text;
        }
        Column {
            name,
            decimal,
            cells: self.cells,
            texts,
            written: self.written,
            percent: self.percent,
        }
    }
}

impl Column {
    /// How many cells there are.
    pub(crate) fn len(&self) -> usize {
        self.cells.len()
    }

    /// The cell of a row.
    pub(crate) fn cell(&self, row: usize) -> Cell<'_> {
        match self.cells[row].get() {
            Ok(value) => Cell::Number(value),
            Err(code) => Cell::Text(&self.texts[code as usize]),
        }
    }

    /// The cell of a row as it is written, where that is kept.
    pub(crate) fn written(&self, row: usize) -> Option<&str> {
        let code = self.written.get(row)?;
        Some(&self.texts[*code as usize])
    }

    /// Whether any number other than 0 is written with `%`.
    pub(crate) fn has_percent(&self) -> bool {
        !self.percent.is_empty()
    }

    /// Whether the cell of a row is a number other than 0 written with `%`.
    pub(crate) fn is_percent(&self, row: usize) -> bool {
        self.percent.binary_search(&(row as u32)).is_ok()
    }

    /// Reads as numbers the texts that are numbers. Whether there are any.
    pub(super) fn read_texts(&mut self, decimal: Decimal, met: &mut Met) -> bool {
        let texts = self.texts.iter();
        let values: Vec<Option<f64>> = texts.map(|text| number(text, decimal, met)).collect();
        if values.iter().all(Option::is_none) {
            return false;
        }
        self.decimal = decimal;
        for (row, cell) in self.cells.iter_mut().enumerate() {
            let Err(code) = cell.get() else { continue };
            let Some(value) = values[code as usize] else {
                continue;
            };
            *cell = Packed::number(value);
            if value != 0.0 && self.texts[code as usize].ends_with('%') {
                self.percent.push(row as u32);
            }
        }
        true
    }

    /// Leaves the first cell out, a text.
    pub(super) fn drop_first(&mut self) {
        self.cells.remove(0);
        if !self.written.is_empty() {
            self.written.remove(0);
        }
        self.percent.iter_mut().for_each(|row| *row -= 1);
    }

    /// The cells of all rows.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Cell<'_>> {
        (0..self.len()).map(|row| self.cell(row))
    }
}
