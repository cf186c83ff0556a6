//! Predictions as comma-separated values: a header, then a row an example.

use super::{Column, Sink};
use crate::train::files::Beside;
use std::io::{self, Write};
use std::path::Path;

/// What each chunk of rows is written to.
pub(super) struct Csv {
    writer: csv::Writer<Box<dyn Write>>,
    headed: bool,
    file: Option<Beside>,
}

impl Csv {
    /// Of standard output: rows can be read by the next program as soon as they are made.
    pub(super) fn stdout() -> Csv {
        Csv {
            writer: csv::Writer::from_writer(Box::new(io::stdout())),
            headed: false,
            file: None,
        }
    }

    /// Of a file.
    pub(super) fn file(path: &Path) -> io::Result<Csv> {
        let file = Beside::new(path, "")?;
        Ok(Csv {
            writer: csv::Writer::from_writer(Box::new(file.file.try_clone()?)),
            headed: false,
            file: Some(file),
        })
    }
}

/// A fault of the system is told as such.
fn failed(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

impl Sink for Csv {
    fn write(&mut self, columns: Vec<Column>) -> io::Result<()> {
        if !self.headed {
            self.headed = true;
            let names = columns.iter().flat_map(Column::names);
            self.writer.write_record(names).map_err(failed)?;
        }
        for example in 0..columns.first().map_or(0, Column::examples) {
            let cells = columns.iter().flat_map(|column| {
                let entries = example * column.width..(example + 1) * column.width;
                entries.map(|entry| column.cell(entry))
            });
            self.writer.write_record(cells).map_err(failed)?;
        }
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.file.take().map_or(Ok(()), Beside::finish)
    }
}
