//! Predictions as a file: a row, or an entry of each array, an example.
//!
//! [`columns`] says what the columns of some examples are. A [`Sink`] takes them some examples at a time and keeps none
//! that it can write: there is a file for each format. What it writes takes the place of an older file only when it
//! is whole.

mod columns;
mod csv;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
pub mod samples;
mod steps;
#[cfg(test)]
mod tests;

pub use columns::{Cells, Column, Names, Target, columns};
pub use steps::Steps;

use crate::diagnostic::{Diagnostic, Result};
use crate::likelihood::TargetKind;
use crate::train::files::failed;
use std::io;
use std::path::{Path, PathBuf};

/// Where predictions go, as they are made.
pub trait Sink {
    /// Takes the columns of the next examples: always the same ones.
    fn write(&mut self, columns: Vec<Column>) -> io::Result<()>;
    /// Ends the file.
    fn finish(&mut self) -> io::Result<()>;
}

/// Where predictions go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Comma-separated values on standard output.
    Stdout,
    /// A file of a format.
    File(PathBuf, Format),
}

/// The kind of a prediction file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// NumPy arrays.
    Npz,
    /// Columns of Apache Parquet.
    Parquet,
}

impl Out {
    /// What `--out` names: `-` is standard output, and the ending of a file its format.
    ///
    /// # Errors
    ///
    /// `E0601` for another ending.
    pub fn of(path: &Path) -> Result<Out> {
        if path.as_os_str() == "-" {
            return Ok(Out::Stdout);
        }
        let format = match path.extension().and_then(|e| e.to_str()) {
            Some("csv") => Format::Csv,
            Some("npz") => Format::Npz,
            Some("parquet") if cfg!(feature = "parquet") => Format::Parquet,
            ending => {
                let title = format!("predictions are not written to `{}`", path.display());
                let message = Diagnostic::error("E0601", title)
                    .note("the file ends in .csv, .npz or .parquet; `-` is standard output");
                return Err(match ending {
                    Some("parquet") => message
                        .help("this bnnc is built without Parquet: `cargo build --release --features parquet`"),
                    _ => message,
                }
                .into());
            }
        };
        Ok(Out::File(path.to_owned(), format))
    }

    /// Refuses a table of predictions of images, which have no columns.
    ///
    /// # Errors
    ///
    /// `E0601`.
    pub fn refuse_images(&self, kind: TargetKind) -> Result<()> {
        let (what, arrays) = match (self, kind.axes()) {
            (Out::Stdout, Some(_)) => ("standard output".to_owned(), PathBuf::from("FILE.npz")),
            (Out::File(path, Format::Csv | Format::Parquet), Some(_)) => {
                (format!("`{}`", path.display()), path.with_extension("npz"))
            }
            _ => return Ok(()),
        };
        let title = format!("predictions of `{kind}` are no table");
        Err(Diagnostic::error("E0601", title)
            .note(format!("{what} would have a column for each place"))
            .help(format!("`--out {}` keeps them as arrays", arrays.display()))
            .into())
    }

    /// Whether it is a table: a row an example, and no arrays.
    pub fn is_table(&self) -> bool {
        !matches!(self, Out::File(_, Format::Npz))
    }

    /// Begins to write.
    ///
    /// # Errors
    ///
    /// `E0601` where the file cannot be written.
    pub fn create(&self) -> Result<Box<dyn Sink>> {
        let Out::File(path, format) = self else {
            return Ok(Box::new(csv::Csv::stdout()));
        };
        let sink = match format {
            Format::Csv => csv::Csv::file(path).map(|sink| Box::new(sink) as Box<dyn Sink>),
            Format::Npz => npz::Npz::file(path).map(|sink| Box::new(sink) as Box<dyn Sink>),
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                parquet::Parquet::file(path).map(|sink| Box::new(sink) as Box<dyn Sink>)
            }
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => Err(io::Error::other("this bnnc is built without Parquet")),
        };
        sink.map_err(|error| self.failed(&error))
    }

    /// The message about a fault of writing.
    pub fn failed(&self, error: &io::Error) -> crate::diagnostic::Failure {
        match self {
            Out::Stdout => failed(Path::new("standard output"), "write to", error),
            Out::File(path, _) => failed(path, "write", error),
        }
    }
}
