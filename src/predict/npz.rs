//! Predictions as NumPy arrays in an `.npz`.
//!
//! An archive holds one array after the other, and rows come with an entry of each. So each array's entries go to a file
//! of their own first; at the end, when the number of examples is known, these become the archive.

use super::columns::Cells;
use super::{Column, Sink};
use crate::data::npz::{Kind, Writer, text_width};
use crate::train::files::Beside;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// The archive to be.
pub(super) struct Npz {
    path: PathBuf,
    file: Option<Beside>,
    arrays: Vec<Array>,
    examples: usize,
}

/// The entries of an array so far: of numbers their eight bytes; of texts their length in four bytes, then their
/// bytes.
struct Array {
    name: String,
    axes: Vec<usize>,
    entries: BufWriter<File>,
    /// Removed when all is done.
    _file: Beside,
    /// Of texts the characters of the longest.
    longest: Option<usize>,
}

impl Npz {
    pub(super) fn file(path: &Path) -> io::Result<Npz> {
        Ok(Npz {
            path: path.to_owned(),
            file: Some(Beside::new(path, "")?),
            arrays: vec![],
            examples: 0,
        })
    }
}

impl Array {
    fn new(path: &Path, number: usize, column: &Column) -> io::Result<Array> {
        let file = Beside::new(path, &number.to_string())?;
        Ok(Array {
            name: column.name.clone(),
            axes: column.axes.clone(),
            entries: BufWriter::new(file.file.try_clone()?),
            _file: file,
            longest: matches!(column.cells, Cells::Texts(_)).then_some(0),
        })
    }

    fn append(&mut self, cells: &Cells) -> io::Result<()> {
        match cells {
            Cells::Numbers(all) | Cells::Whole(all) => {
                let mut numbers = all.iter();
                numbers.try_for_each(|x| self.entries.write_all(&x.to_le_bytes()))
            }
            Cells::Texts(all) => all.iter().try_for_each(|text| {
                let characters = text.chars().count();
                self.longest = self.longest.map(|longest| longest.max(characters));
                let length = u32::try_from(text.len()).map_err(io::Error::other)?;
                self.entries.write_all(&length.to_le_bytes())?;
                self.entries.write_all(text.as_bytes())
            }),
        }
    }

    /// Copies the entries to the member of an archive.
    fn copy(self, examples: usize, archive: &mut Writer<File>) -> io::Result<()> {
        let mut entries = self.entries.into_inner().map_err(|e| e.into_error())?;
        entries.rewind()?;
        let mut entries = BufReader::new(entries);
        let shape = [&[examples], &self.axes[..]].concat();
        let Some(longest) = self.longest else {
            archive.begin(&self.name, Kind::Numbers, &shape)?;
            io::copy(&mut entries, archive)?;
            return Ok(());
        };
        let width = text_width(longest, examples)?;
        archive.begin(&self.name, Kind::Texts(width), &shape)?;
        let mut text = vec![];
        for _ in 0..examples {
            let mut length = [0; 4];
            entries.read_exact(&mut length)?;
            text.resize(u32::from_le_bytes(length) as usize, 0);
            entries.read_exact(&mut text)?;
            let text = std::str::from_utf8(&text).map_err(io::Error::other)?;
            let mut cell: Vec<u8> = text
                .chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect();
            cell.resize(4 * width, 0);
            archive.write_all(&cell)?;
        }
        Ok(())
    }
}

impl Sink for Npz {
    fn write(&mut self, columns: Vec<Column>) -> io::Result<()> {
        if self.arrays.is_empty() {
            let all = columns.iter().enumerate();
            let all = all.map(|(number, column)| Array::new(&self.path, number, column));
            self.arrays = all.collect::<io::Result<_>>()?;
        }
        self.examples += columns.first().map_or(0, Column::examples);
        let mut pairs = self.arrays.iter_mut().zip(&columns);
        pairs.try_for_each(|(array, column)| array.append(&column.cells))
    }

    fn finish(&mut self) -> io::Result<()> {
        let Some(file) = self.file.take() else {
            return Ok(());
        };
        let mut archive = Writer::new(file.file.try_clone()?);
        for array in std::mem::take(&mut self.arrays) {
            array.copy(self.examples, &mut archive)?;
        }
        archive.finish()?;
        file.finish()
    }
}
