//! Rows of numbers that stay in their files and are read as they are asked for: inputs larger than the memory.
//!
//! A `Source` reads any of its rows by their places, so examples come in the same order as from memory, and a run has
//! the same bits.

mod array;
mod beside;
mod unpacked;

pub(super) use array::{FileArray, Numbers};
pub(super) use beside::{beside, in_rows};
pub(super) use unpacked::{Scratch, unpack};

use super::Values;
use crate::diagnostic::Result;
use std::fmt;
use std::ops::Range;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// What the numbers of a source are once they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    U8,
    F32,
    F64,
}

impl Kind {
    /// Bytes of a number in memory.
    pub(super) fn size(self) -> u64 {
        match self {
            Kind::U8 => 1,
            Kind::F32 => 4,
            Kind::F64 => 8,
        }
    }
}

/// Rows of numbers, any of which can be read by their places.
pub(super) trait Source: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;
    /// Numbers of a row.
    fn width(&self) -> usize;
    fn kind(&self) -> Kind;
    /// The numbers of these rows, one row after the other, in memory and of the source's kind.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or is not what it was.
    fn read(&self, rows: &[usize]) -> Result<Values>;
}

/// Rows of numbers in files.
#[derive(Clone)]
pub struct Stored {
    source: Arc<dyn Source>,
    /// Which of the source's rows these are, where they are not all.
    rows: Option<Arc<Vec<usize>>>,
    ahead: Arc<Mutex<Option<Ahead>>>,
}

/// Rows of the source that are being read before they are asked for.
struct Ahead {
    rows: Vec<usize>,
    read: JoinHandle<Result<Values>>,
}

/// About the bytes of numbers that are in memory at once where all rows are looked at.
const PIECE: u64 = 4 << 20;

impl Stored {
    pub(super) fn new(source: impl Source + 'static) -> Stored {
        Stored::of(Arc::new(source), None)
    }

    fn of(source: Arc<dyn Source>, rows: Option<Arc<Vec<usize>>>) -> Stored {
        Stored {
            source,
            rows,
            ahead: Arc::default(),
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match &self.rows {
            Some(rows) => rows.len(),
            None => self.source.rows(),
        }
    }

    /// Numbers of a row.
    pub fn width(&self) -> usize {
        self.source.width()
    }

    pub(super) fn kind(&self) -> Kind {
        self.source.kind()
    }

    /// These rows of these.
    pub(super) fn subset(&self, rows: &[usize]) -> Stored {
        Stored::of(self.source.clone(), Some(Arc::new(self.of_source(rows))))
    }

    fn of_source(&self, rows: &[usize]) -> Vec<usize> {
        match &self.rows {
            Some(own) => rows.iter().map(|row| own[*row]).collect(),
            None => rows.to_vec(),
        }
    }

    /// The numbers of these rows, one row after the other, in memory.
    ///
    /// # Errors
    ///
    /// `E0503` and `E0504` for a file that cannot be read or is not what it was.
    pub fn read(&self, rows: &[usize]) -> Result<Values> {
        let rows = self.of_source(rows);
        let ahead = self.waiting().take();
        if let Some(ahead) = ahead
            && ahead.rows == rows
            && let Ok(read) = ahead.read.join()
        {
            return read;
        }
        self.source.read(&rows)
    }

    /// All rows, in memory.
    ///
    /// # Errors
    ///
    /// As [`Stored::read`].
    pub(super) fn whole(&self) -> Result<Values> {
        let numbers = self.rows() * self.width();
        let mut all = match self.kind() {
            Kind::U8 => Values::U8(Vec::with_capacity(numbers)),
            Kind::F32 => Values::F32(Vec::with_capacity(numbers)),
            Kind::F64 => Values::F64(Vec::with_capacity(numbers)),
        };
        self.show(&mut |piece| match (&mut all, piece.values) {
            (Values::U8(all), Values::U8(more)) => all.extend_from_slice(more),
            (Values::F32(all), Values::F32(more)) => all.extend_from_slice(more),
            (Values::F64(all), Values::F64(more)) => all.extend_from_slice(more),
            _ => unreachable!("all pieces are of the source's kind"),
        })?;
        Ok(all)
    }

    /// Begins to read rows that will be asked for next, on a thread of its own.
    pub fn expect(&self, rows: &[usize]) {
        if rows.is_empty() {
            return;
        }
        let rows = self.of_source(rows);
        let (source, own) = (self.source.clone(), rows.clone());
        let thread = thread::Builder::new().name("reading ahead".into());
        // Without a thread they are read where they are asked for.
        if let Ok(read) = thread.spawn(move || source.read(&own)) {
            *self.waiting() = Some(Ahead { rows, read });
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Option<Ahead>> {
        self.ahead.lock().unwrap_or_else(|held| held.into_inner())
    }

    /// Shows all rows in their order, some at a time; the next ones are read meanwhile.
    pub(super) fn show(&self, look: &mut dyn FnMut(&Piece)) -> Result<()> {
        let (all, row) = (self.rows(), self.width() as u64 * self.kind().size());
        let at_once = usize::try_from(PIECE / row.max(1)).map_or(all, |n| n.clamp(1, all.max(1)));
        thread::scope(|scope| {
            let (send, receive) = sync_channel(1);
            scope.spawn(move || {
                for start in (0..all).step_by(at_once) {
                    let rows = start..all.min(start + at_once);
                    let read = self.source.read(&self.of_range(rows.clone()));
                    let is_last = read.is_err();
                    // Nobody receives after an error.
                    if send.send((rows, read)).is_err() || is_last {
                        return;
                    }
                }
            });
            for (rows, read) in receive {
                let values = &read?;
                look(&Piece {
                    first: rows.start,
                    rows,
                    values,
                });
            }
            Ok(())
        })
    }

    fn of_range(&self, rows: Range<usize>) -> Vec<usize> {
        match &self.rows {
            Some(own) => own[rows].to_vec(),
            None => rows.collect(),
        }
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (rows, width, kind) = (self.rows(), self.width(), self.kind());
        write!(f, "Stored({rows} rows of {width} numbers, {kind:?})")
    }
}

/// Whether all numbers are the same; rows that cannot be read are not.
impl PartialEq for Stored {
    fn eq(&self, other: &Stored) -> bool {
        if Arc::ptr_eq(&self.source, &other.source) && self.rows == other.rows {
            return true;
        }
        let of = |stored: &Stored| (stored.rows(), stored.width(), stored.kind());
        let mut same = of(self) == of(other);
        let looked = same
            && self
                .show(&mut |piece| {
                    let read = other.source.read(&other.of_range(piece.rows.clone()));
                    same &= read.is_ok_and(|read| read == *piece.values);
                })
                .is_ok();
        looked && same
    }
}

/// Rows that follow each other, in memory.
pub struct Piece<'a> {
    /// Which they are.
    pub rows: Range<usize>,
    /// Their numbers, and perhaps those of others.
    pub values: &'a Values,
    /// The row that the values begin with.
    first: usize,
}

impl Piece<'_> {
    /// Where in the values the numbers of a row are, of `width` numbers each.
    pub fn place(&self, row: usize, width: usize) -> Range<usize> {
        (row - self.first) * width..(row - self.first + 1) * width
    }

    /// Where in the values the numbers of all of its rows are.
    pub fn range(&self, width: usize) -> Range<usize> {
        (self.rows.start - self.first) * width..(self.rows.end - self.first) * width
    }

    /// Those of some rows in ascending order that are among these.
    pub fn among<'r>(&self, rows: &'r [usize]) -> &'r [usize] {
        // All are in memory: in whatever order.
        if self.first == 0 && rows.iter().all(|row| self.rows.contains(row)) {
            return rows;
        }
        let start = rows.partition_point(|row| *row < self.rows.start);
        let end = rows.partition_point(|row| *row < self.rows.end);
        &rows[start..end]
    }
}

impl Values {
    /// The numbers of these rows of `width` numbers, in memory.
    ///
    /// # Errors
    ///
    /// As [`Stored::read`]; none of numbers in memory.
    pub fn of_rows(&self, rows: &[usize], width: usize) -> Result<Values> {
        match self {
            Values::Stored(stored) => stored.read(rows),
            _ => Ok(self.rows(rows, width)),
        }
    }

    /// Shows all `rows` rows in their order: as they are in memory, some at a time where they are in files.
    ///
    /// # Errors
    ///
    /// As [`Stored::read`]; none of numbers in memory.
    pub fn show(&self, rows: usize, look: &mut dyn FnMut(&Piece)) -> Result<()> {
        match self {
            Values::Stored(stored) => stored.show(look),
            values => {
                look(&Piece {
                    rows: 0..rows,
                    values,
                    first: 0,
                });
                Ok(())
            }
        }
    }

    pub(super) fn kind(&self) -> Kind {
        match self {
            Values::U8(_) => Kind::U8,
            Values::F32(_) => Kind::F32,
            Values::F64(_) => Kind::F64,
            Values::Stored(stored) => stored.kind(),
        }
    }

    /// Whether they are bytes.
    pub fn are_bytes(&self) -> bool {
        self.kind() == Kind::U8
    }
}

#[cfg(test)]
impl Stored {
    /// Numbers in a temporary file, in rows of `width`.
    pub(crate) fn of_numbers(numbers: &[f64], width: usize) -> Stored {
        use std::io::Write;
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        file.write_all(&bytes).unwrap();
        let axes = [bytes.len() / 8 / width, width];
        let numbers = Numbers::float64();
        Stored::new(FileArray::new("numbers".into(), file, 0, axes, numbers).unwrap())
    }
}

#[cfg(test)]
mod tests;
