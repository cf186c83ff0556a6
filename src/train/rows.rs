//! Which rows a run was trained on, told by their content: `rows.safetensors`.
//!
//! A table changes after a run: rows are added, removed, sorted or corrected. A row's place then says nothing about
//! whether the run was trained on it. So a run keeps two digests of each row, 8 bytes each: the start of the SHA-256
//! of its inputs and targets as they were read, and the same of its inputs alone, for tables with other targets or
//! none. A table gives the same numbers in each format (`.csv`, `.parquet`, …), so its rows have the same digests. Among
//! a million different rows, two have the same digest with a probability of 3·10⁻⁸. The file has the arrays `training`,
//! `validation` and `test` of shape `[rows, 2]`, of unsigned 64-bit integers.

mod relation;

pub use relation::{By, Compared, Relation, Use, relate};

use super::files::{failed, write_whole};
use crate::data::{Dataset, Piece, Split, Values};
use crate::diagnostic::{Diagnostic, Failure, Result};
use rayon::prelude::*;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::ops::Range;
use std::path::Path;

/// The parts of a run's data.
const PARTS: [&str; 3] = ["training", "validation", "test"];

/// The digests of a run's rows, by part: each of the whole row, and of its inputs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows([Vec<[u64; 2]>; 3]);

impl Rows {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }

    /// How many are set aside, and held out.
    pub fn set_aside(&self) -> [usize; 2] {
        [self.0[1].len(), self.0[2].len()]
    }

    /// Of data that is ready to train on, of whose training part `train` has the digests.
    ///
    /// # Errors
    ///
    /// A file of stored inputs that cannot be read.
    pub(super) fn of(
        train: &[[u64; 2]],
        rows: &[Vec<usize>; 2],
        test: Option<&Split>,
    ) -> Result<Rows> {
        let pick = |rows: &Vec<usize>| rows.iter().map(|row| train[*row]).collect();
        let [training, validation] = rows.each_ref().map(pick);
        let test = test.map_or(Ok(vec![]), digests)?;
        Ok(Rows([training, validation, test]))
    }

    /// How many of the rows that are set aside, and of those that are held out, another run was trained on; 0 of rows
    /// that cannot be told apart.
    pub fn seen_by(&self, other: &Rows) -> [usize; 2] {
        if !self.distinct(By::Row) {
            return [0; 2];
        }
        let known: HashSet<&[u64; 2]> = other.0[0].iter().collect();
        let [_, validation, test] = &self.0;
        [validation, test].map(|part| part.iter().filter(|row| known.contains(row)).count())
    }

    /// The SHA-256 of all digests, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for digest in self.0.iter().flatten().flatten() {
            hash.update(digest.to_le_bytes());
        }
        let sum = hash.finalize();
        sum.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Writes them to the file at `path`.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be written.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.0.each_ref().map(|part| {
            let bytes = part
                .iter()
                .flatten()
                .flat_map(|digest| digest.to_le_bytes());
            bytes.collect::<Vec<u8>>()
        });
        let view = |part: usize| {
            TensorView::new(Dtype::U64, vec![self.0[part].len(), 2], &bytes[part])
                .expect("sixteen bytes a row")
        };
        let views = (0..3).map(|part| (PARTS[part], view(part)));
        let file = safetensors::serialize(views, None).expect("three arrays");
        write_whole(path, &file)
    }

    /// Reads them from the file at `path`; none of a run of before they were kept.
    ///
    /// # Errors
    ///
    /// `E0601` where it cannot be read, `E0605` where it is damaged.
    pub(crate) fn read(path: &Path) -> Result<Option<Rows>> {
        let file = match crate::files::read(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|error| failed(path, "read", &error))?,
        };
        let damaged = |fact: String| -> Failure {
            let title = format!("`{}` is damaged", path.display());
            Diagnostic::error("E0605", title).note(fact).into()
        };
        let tensors = SafeTensors::deserialize(&file).map_err(|e| damaged(e.to_string()))?;
        let part = |name: &str| -> Result<Vec<[u64; 2]>> {
            let view = tensors.tensor(name);
            match view.map_err(|e| damaged(e.to_string()))? {
                view if view.dtype() == Dtype::U64 && matches!(view.shape(), [_, 2]) => {
                    let rows = view.data().chunks_exact(16);
                    Ok(rows.map(|row| [first(row), first(&row[8..])]).collect())
                }
                _ => Err(damaged(format!("`{name}` has no digests of rows"))),
            }
        };
        Ok(Some(Rows([
            part(PARTS[0])?,
            part(PARTS[1])?,
            part(PARTS[2])?,
        ])))
    }
}

/// A digest of how many times each of `rows` of the training part occurs, where a column says so, whatever the order of
/// the rows: a row with another count is the same row, and its table another data set.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
pub fn of_counts<'r>(
    data: &Dataset,
    rows: impl Iterator<Item = &'r usize>,
) -> Result<Option<String>> {
    let Some(counts) = data.counts(false) else {
        return Ok(None);
    };
    let train = digests(&data.train)?;
    let of_row = |row: &usize| {
        let mut hash = Sha256::new_with_prefix(train[*row][0].to_le_bytes());
        hash.update(counts[*row].to_le_bytes());
        first(&hash.finalize())
    };
    let sum = rows.map(of_row).fold(0, u64::wrapping_add);
    Ok(Some(format!("{sum:016x}")))
}

/// The number in the first eight bytes.
fn first(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"))
}

/// The digests of every row of `split`.
///
/// # Errors
///
/// A file of stored inputs that cannot be read.
fn digests(split: &Split) -> Result<Vec<[u64; 2]>> {
    let mut all = vec![];
    split
        .inputs
        .show(split.len, &mut |piece| digests_of(split, piece, &mut all))?;
    Ok(all)
}

/// Adds the digests of the rows of `split` that a piece of its inputs has.
pub(super) fn digests_of(split: &Split, piece: &Piece, all: &mut Vec<[u64; 2]>) {
    let widths = (split.input_shape.len(), split.target_shape.len());
    let row = |bytes: &mut Vec<u8>, row: usize| {
        bytes.clear();
        take(piece.values, piece.place(row, widths.0), bytes);
        let mut hash = Sha256::new_with_prefix(&bytes);
        let inputs = first(&hash.clone().finalize());
        bytes.clear();
        take(&split.targets, row * widths.1..(row + 1) * widths.1, bytes);
        hash.update(&bytes);
        [first(&hash.finalize()), inputs]
    };
    let rows = piece.rows.clone().into_par_iter();
    all.par_extend(rows.map_init(Vec::new, row));
}

/// The bytes of a row, the same whatever type its numbers were read in: one byte a number where all are whole
/// numbers from 0 to 255, else float64.
fn take(values: &Values, range: Range<usize>, out: &mut Vec<u8>) {
    let width = range.len();
    let wide = |numbers: &mut dyn Iterator<Item = f64>, out: &mut Vec<u8>| {
        let start = out.len();
        out.push(8);
        let mut bytes = true;
        for number in numbers {
            bytes &= number == f64::from(number as u8);
            // -0 is 0.
            out.extend((number + 0.0).to_le_bytes());
        }
        if bytes {
            out[start] = 1;
            for entry in 0..width {
                let at = start + 1 + 8 * entry;
                let number = f64::from_bits(first(&out[at..]));
                out[start + 1 + entry] = number as u8;
            }
            out.truncate(start + 1 + width);
        }
    };
    match values {
        Values::U8(v) => {
            out.push(1);
            out.extend(&v[range]);
        }
        Values::F32(v) => wide(&mut v[range].iter().map(|x| f64::from(*x)), out),
        Values::F64(v) => wide(&mut v[range].iter().copied(), out),
        // Targets and pieces are in memory.
        Values::Stored(_) => {}
    }
}

#[cfg(test)]
mod tests;
