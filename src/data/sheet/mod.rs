//! A table as it was read: its columns' names, and in every cell a number or a text.
//!
//! [`read`] picks a reader by the file's ending. A reader of another format fills a [`Builder`] for each column with
//! [`Cell`]s and hands the columns to [`Sheet::new`]; what it recognised of the file goes into [`Sheet::said`]. It
//! decides nothing else: which texts mean that a value is missing, which columns are categories, dates or labels is
//! found by those who look at the sheet.

mod column;
mod csv;
mod decimals;
mod dialect;
mod encoding;
#[cfg(any(feature = "parquet", feature = "xlsx"))]
mod guard;
mod header;
mod json_lines;
mod notation;
#[cfg(feature = "parquet")]
mod parquet;
mod some_rows;
mod text;
mod text_pieces;
mod typed;
mod typed_pieces;
#[cfg(feature = "xlsx")]
mod xlsx;

use super::error::{corrupt, unreadable};
use crate::diagnostic::{Diagnostic, Result};
use crate::memory;
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::Path;

pub(crate) use column::{Builder, Cell, Column};
pub use notation::Decimal;
pub(super) use notation::is_digits;
pub(crate) use some_rows::{Found, Pieces, find, pieces, pieces_of_stdin, size, some_columns};
pub(super) use typed::finish;

/// A table as it was read.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    /// In the order of the file, each with a cell for each row; of a large table some have none.
    pub(crate) columns: Vec<Column>,
    /// Where each row is found in the file, counted from 1: the line of a text file, the row of a spreadsheet.
    pub(crate) lines: Vec<u32>,
    /// What was recognised of the file, a phrase each; nothing of a plain one.
    pub(crate) said: Vec<String>,
}

/// What is known of a column before its cells are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Its cells become numbers.
    Read {
        /// The mark before its decimals in the run's own table.
        decimal: Option<Decimal>,
    },
    /// It is neither an input nor a target: how it writes numbers says nothing of the others.
    Aside {
        /// Whether its cells are kept as they are written, as those of identifiers are.
        written: bool,
    },
}

/// All columns are read, and no run is known.
pub(crate) fn read_all(header: &[String]) -> Vec<Role> {
    vec![Role::Read { decimal: None }; header.len()]
}

impl Sheet {
    /// A sheet of columns of one length, read from `path`.
    ///
    /// # Errors
    ///
    /// `E0504` where there is no row.
    pub(crate) fn new(path: &Path, columns: Vec<Column>, lines: Vec<u32>) -> Result<Sheet> {
        debug_assert!(columns.iter().all(|column| column.len() == lines.len()));
        if lines.is_empty() {
            return Err(corrupt(path, "has a header and no rows").into());
        }
        Ok(Sheet {
            columns,
            lines,
            said: vec![],
        })
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The columns' names.
    pub(crate) fn header(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    /// Leaves the first row out if it holds units: if the columns in which it has a text hold nothing but numbers and
    /// empty cells below.
    fn drop_units(&mut self) -> bool {
        let is_plain = |cell: Cell| matches!(cell, Cell::Number(_) | Cell::Text(""));
        let of_units = |column: &&Column| !is_plain(column.cell(0));
        let mut columns = self.columns.iter().filter(of_units);
        if self.rows() == 1 || !columns.all(|column| column.iter().skip(1).all(is_plain)) {
            return false;
        }
        self.lines.remove(0);
        self.columns.iter_mut().for_each(Column::drop_first);
        true
    }
}

/// Reads the table at `path` by its ending. `sheet` names one of a file that holds several; `roles` says of the names of
/// its columns what is known of them.
///
/// # Errors
///
/// `E0503` for a file that cannot be read, `E0504` for one that is no table, `E0505` for ragged rows, `E0506` for a sheet
/// that is not there.
pub(crate) fn read(
    path: &Path,
    sheet: Option<&str>,
    roles: &dyn Fn(&[String]) -> Vec<Role>,
) -> Result<Sheet> {
    let format = format(path);
    if let (Some(sheet), false) = (sheet, format == Some(Format::Xlsx)) {
        let title = format!("`{}` has no sheet `{sheet}`", path.display());
        return Err(Diagnostic::error("E0506", title)
            .note("`sheet` names a sheet of an .xlsx")
            .into());
    }
    match format {
        Some(Format::Xlsx) => read_xlsx(path, sheet, roles),
        Some(Format::Parquet) => read_parquet(path, roles),
        Some(Format::JsonLines) => json_lines::parse(path, &text(path)?, roles),
        Some(Format::Csv) | None => csv::parse(path, &text(path)?, roles),
    }
}

#[cfg(feature = "xlsx")]
use xlsx::read as read_xlsx;
#[cfg(not(feature = "xlsx"))]
fn read_xlsx(path: &Path, _: Option<&str>, _: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    Err(super::error::not_built(path, "xlsx").into())
}

#[cfg(feature = "parquet")]
use parquet::read as read_parquet;
#[cfg(not(feature = "parquet"))]
fn read_parquet(path: &Path, _: &dyn Fn(&[String]) -> Vec<Role>) -> Result<Sheet> {
    Err(super::error::not_built(path, "parquet").into())
}

/// The contents of a text file, which may be compressed by gzip.
fn text(path: &Path) -> Result<Vec<u8>> {
    let bytes = crate::files::read(path).map_err(|e| unreadable(path, "open", &e))?;
    let is_gzip = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("gz"));
    if !is_gzip {
        return Ok(bytes);
    }
    // While a text grows, it is there twice.
    let most = memory::available().unwrap_or(u64::MAX) / 2;
    let mut plain = vec![];
    let unpacked = MultiGzDecoder::new(&bytes[..])
        .take(most)
        .read_to_end(&mut plain);
    unpacked.map_err(|e| corrupt(path, "is not a whole gzip file").note(e.to_string()))?;
    if plain.len() as u64 == most {
        let what = format!("the text in `{}`", path.display());
        memory::refuse(
            &what,
            most.saturating_mul(2),
            "divide the table into several",
        )?;
    }
    Ok(plain)
}

/// A kind of file that holds a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
    Xlsx,
    Parquet,
}

/// The endings of tables as messages say them.
pub(crate) const ENDINGS: &str =
    ".csv, .tsv or .jsonl (each also with .gz behind it), .xlsx or .parquet";

/// The kind of table that the name of a file ends as.
fn format(path: &Path) -> Option<Format> {
    let name = path.file_name().unwrap_or_default();
    let name = name.to_string_lossy().to_lowercase();
    let (name, is_gzip) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (&*name, false),
    };
    match name.rsplit_once('.')?.1 {
        "csv" | "tsv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::JsonLines),
        "xlsx" if !is_gzip => Some(Format::Xlsx),
        "parquet" if !is_gzip => Some(Format::Parquet),
        _ => None,
    }
}

/// Whether the name of a file ends as that of a table does.
pub fn is_table(path: &Path) -> bool {
    format(path).is_some()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The sheet of a text.
    pub(in crate::data) fn sheet(text: &str) -> Result<Sheet> {
        csv::parse(Path::new("t.csv"), text.as_bytes(), &read_all)
    }

    /// Each column as text: its name, and its cells, texts in quotes.
    fn shown(sheet: &Sheet) -> Vec<String> {
        let cell = |cell: Cell| match cell {
            Cell::Number(value) => format!("{value}"),
            Cell::Text(text) => format!("{text:?}"),
        };
        let column = |column: &Column| {
            let cells: Vec<String> = column.iter().map(cell).collect();
            format!("{}: {}", column.name, cells.join(" "))
        };
        sheet.columns.iter().map(column).collect()
    }

    #[test]
    fn tables_are_read_as_they_come() {
        let plain = ["a: 0.5 -1", "y: 2 1500"];
        for (text, columns, said) in [
            ("a,y\n0.5,2\n-1,1.5e3\n", plain, ""),
            ("a,y\r\n0.5,2\r\n\r\n-1,1500", plain, ""),
            (
                "\u{feff}\"a\",\"y\"\n\"0.5\",\"2\"\n\"-1\",\"1500\"\n",
                plain,
                "UTF-8 with a byte-order mark",
            ),
            ("a;y\n0.5;2\n-1;1500\n", plain, "cells separated by `;`"),
            (
                "a;y\n0,5;2\n-1;1.500\n",
                plain,
                "cells separated by `;`; decimal commas; points or blanks between thousands",
            ),
            ("a\ty\n0.5\t2\n-1\t1500\n", plain, "cells separated by tabs"),
            (
                "a  y\n0.5 2\n -1 1500\n",
                plain,
                "cells separated by blanks",
            ),
            (
                "# by a logger\na,y\n0.5,2\n# gap\n-1,1500\n",
                plain,
                "2 comment lines left out",
            ),
            ("# a,y\n0.5,2\n-1,1500\n", plain, "the header behind `#`"),
            (
                "# made so\n# a y\n0.5 2\n-1 1500\n",
                plain,
                "cells separated by blanks; the header behind `#`; 1 comment line left out",
            ),
            (
                "a,y\n50%,2\n\u{2212}1,\"1,500\"\n",
                plain,
                "commas or blanks between thousands; percent as hundredths; Unicode minus signs",
            ),
            ("a,y\n0.5\u{a0},2\n-1,1500 \n", plain, ""),
            (
                "a,y\nkg,MPa\n0.5,2\n-1,1500\n",
                plain,
                "the first row, of units, left out",
            ),
            (
                "a,y\nred,yes\nblue,no\n",
                ["a: \"red\" \"blue\"", "y: \"yes\" \"no\""],
                "",
            ),
            ("a,y\n0.5,NA\n,1\n", ["a: 0.5 \"\"", "y: \"NA\" 1"], ""),
            (
                "id,\"y, MPa\"\n9007199254740993,1\n#2,3\n",
                ["id: \"9007199254740993\" \"#2\"", "y, MPa: 1 3"],
                "",
            ),
        ] {
            let sheet = sheet(text).unwrap();
            assert_eq!(
                (shown(&sheet), sheet.said.join("; ")),
                (columns.map(String::from).to_vec(), said.to_owned()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn lines_are_those_of_an_editor() {
        let sheet = sheet("a,y\n1,2\n\n# so\n\"3\n\",4\n5,6\n").unwrap();
        assert_eq!(sheet.lines, [2, 5, 7]);
    }

    #[test]
    fn compressed_tables_are_read_and_damaged_ones_told() {
        use std::io::Write;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv.gz");
        let mut packed = flate2::write::GzEncoder::new(vec![], flate2::Compression::fast());
        packed.write_all(b"a,y\n0.5,2\n").unwrap();
        let bytes = packed.finish().unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(
            shown(&read(&path, None, &read_all).unwrap()),
            ["a: 0.5", "y: 2"]
        );
        std::fs::write(&path, &bytes[..bytes.len() - 6]).unwrap();
        let failure = read(&path, None, &read_all).unwrap_err();
        assert!(
            failure.diagnostics[0]
                .title
                .ends_with("is not a whole gzip file")
        );
        assert!(is_table(&path) && is_table(Path::new("A.CSV")) && !is_table(Path::new("a.gz")));
    }
}
