//! Loops of float32 compiled once for each instruction set; the best one the machine has is chosen when run.
//! Loops of float64, the reference path, are compiled once and plainly ([`Real::dispatch`]).
//!
//! What is called through a trait object or as a plain function is compiled for the oldest processors,
//! whoever calls it: a loop belongs into [`Real::dispatch`] or [`each`] where it is written.

use super::{Real, Share};
use rayon::prelude::*;

/// Runs `work` compiled for the widest vectors this machine has (AVX-512, AVX2 with FMA, or the
/// target's own). Only what is inlined into `work` gains: mark the closure and what it calls
/// `#[inline(always)]`.
///
/// ```
/// # use bnnc_tensor::simd::dispatch;
/// let mut y = [1.0f32, 2.0, 3.0];
/// dispatch(#[inline(always)] || y.iter_mut().for_each(|y| *y *= 2.0));
/// assert_eq!(y, [2.0, 4.0, 6.0]);
/// ```
#[inline(always)]
pub fn dispatch<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// `f(&mut out[i], [inputs[0][i], inputs[1][i], …])` for every i, in the widest vectors. Mark the closure
/// `#[inline(always)]`.
///
/// # Panics
/// If an input is shorter than `out`.
#[inline(always)]
pub fn each<T: Real, const N: usize>(out: &mut [T], inputs: [&[T]; N], f: impl Fn(&mut T, [T; N])) {
    let n = out.len();
    let inputs = inputs.map(|input| &input[..n]);
    T::dispatch(
        #[inline(always)]
        || {
            // the lengths are told so that the loop needs no check
            let inputs = inputs.map(|input| &input[..n]);
            for (i, out) in out[..n].iter_mut().enumerate() {
                f(out, inputs.map(|input| input[i]));
            }
        },
    );
}

/// Numbers that one thread takes at once: a fraction of a µs.
pub const SHARE: usize = 4096;

/// [`each`], shared out over the current rayon pool.
///
/// # Panics
/// If an input is shorter than `out`.
#[inline(always)]
pub fn par_each<T: Real, const N: usize>(
    out: &mut [T],
    inputs: [&[T]; N],
    f: impl Fn(&mut T, [T; N]) + Sync,
) {
    out.par_chunks_mut(SHARE).enumerate().share(|(share, out)| {
        let inputs = inputs.map(|input| &input[share * SHARE..][..out.len()]);
        each(
            out,
            inputs,
            #[inline(always)] // a reference to a function would be called, not inlined
            |out, inputs| f(out, inputs),
        );
    });
}

/// Each row of `to` += `row`.
pub fn add_row<T: Real>(to: &mut [T], row: &[T]) {
    T::dispatch(
        #[inline(always)]
        || {
            for to in to.chunks_exact_mut(row.len()) {
                to.iter_mut().zip(row).for_each(|(to, &from)| *to += from);
            }
        },
    );
}

/// to += each row of `rows`, in their order.
pub fn add_rows<T: Real>(to: &mut [T], rows: &[T]) {
    let width = to.len();
    add_columns(to, 0, rows, width);
}

/// [`add_rows`], many of them shared out by their columns over the current rayon pool.
pub fn par_add_rows<T: Real>(to: &mut [T], rows: &[T]) {
    /// Columns that one thread takes.
    const COLUMNS: usize = 128;
    if rows.len() < 2 * SHARE {
        return add_rows(to, rows);
    }
    let width = to.len();
    let columns = to.par_chunks_mut(COLUMNS).enumerate();
    columns.share(|(at, to)| add_columns(to, at * COLUMNS, rows, width));
}

/// to += each of `rows`, `width` long, from its entry number `first` on.
fn add_columns<T: Real>(to: &mut [T], first: usize, rows: &[T], width: usize) {
    T::dispatch(
        #[inline(always)]
        || {
            for row in rows.chunks_exact(width) {
                let row = &row[first..][..to.len()];
                to.iter_mut().zip(row).for_each(|(to, &from)| *to += from);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_added_in_their_order_however_many() {
        for [width, count] in [[1, 3], [10, 128], [300, 128], [129, 64], [5000, 2]] {
            let rows: Vec<f32> = (0..width * count).map(|i| (i as f32).sin()).collect();
            let start: Vec<f32> = (0..width).map(|i| (i as f32).cos()).collect();
            let mut found = start.clone();
            par_add_rows(&mut found, &rows);
            for (column, (found, start)) in found.iter().zip(start).enumerate() {
                let column = rows.iter().skip(column).step_by(width);
                assert_eq!(*found, column.fold(start, |sum, x| sum + x));
            }
        }
    }
}
