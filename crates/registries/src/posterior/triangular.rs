//! A lower triangular matrix L with a positive diagonal: the Cholesky factor of a covariance L Lᵀ.
//!
//! Its variables are rho, one a row, with L_ii = transform(rho_i), and the entries below the diagonal,
//! packed row by row: row i has i of them and starts at i(i - 1)/2. Any values of the variables make
//! a covariance, and each covariance is made by one set of values.

use super::Transform;
use super::entrywise::{add_scaled, dot};
use crate::tensor::Math;
use crate::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use std::ops::Range;

/// The factor.
#[derive(Clone, Copy)]
pub struct Triangular<'a, T> {
    pub transform: Transform,
    pub rho: &'a [T],
    pub lower: &'a [T],
}

/// Where the gradient by its variables is added.
pub struct TriangularGradient<'a, T> {
    pub rho: &'a mut [T],
    pub lower: &'a mut [T],
}

/// Numbers below the diagonal of a matrix of this size.
pub fn packed(size: usize) -> usize {
    size * size.saturating_sub(1) / 2
}

/// The most rows a factor has: a square of them is 256 MiB in float32, four times that while training.
const WIDEST: usize = 8192;

/// Why a covariance of this size is none to train.
pub fn refuse_wide(size: usize, what: &str) -> Option<String> {
    let numbers = packed(size) + size;
    (size > WIDEST).then(|| {
        format!("{what} has {numbers} numbers; up to {WIDEST} rows can be had, and `LowRank(rank = 4)` or `MeanField` take more")
    })
}

/// Where row i lies among them.
fn row(i: usize) -> Range<usize> {
    packed(i)..packed(i) + i
}

impl<'a, T: Math> Triangular<'a, T> {
    /// Takes `size` rhos and the packed rows off the front of `values`; gives back the rest.
    pub fn split(transform: Transform, size: usize, values: &'a [T]) -> (Self, &'a [T]) {
        let (rho, rest) = values.split_at(size);
        let (lower, rest) = rest.split_at(packed(size));
        let factor = Triangular {
            transform,
            rho,
            lower,
        };
        (factor, rest)
    }

    pub fn size(&self) -> usize {
        self.rho.len()
    }

    /// Row i below the diagonal.
    pub fn row(&self, i: usize) -> &'a [T] {
        &self.lower[row(i)]
    }

    pub fn diagonal(&self, i: usize) -> T {
        self.transform.value(self.rho[i])
    }

    /// Writes the length of each row, √(L Lᵀ)_ii.
    pub fn lengths(&self, out: &mut [T]) {
        for (i, out) in out.iter_mut().enumerate() {
            let (diagonal, below) = (self.diagonal(i), self.square(i));
            *out = (diagonal * diagonal + below).sqrt();
        }
    }

    /// Σ_j<i L_ij²
    fn square(&self, i: usize) -> T {
        let row = self.row(i);
        T::dispatch(
            #[inline(always)]
            || dot(row, row),
        )
    }

    /// From the gradient by the lengths: adds to the gradient by the variables.
    pub fn lengths_backward(&self, lengths: &[T], d: &[T], gradient: &mut TriangularGradient<T>) {
        for i in 0..self.size() {
            let factor = d[i] / lengths[i];
            gradient.rho[i] += factor * self.diagonal(i) * self.transform.slope(self.rho[i]);
            add_scaled(&mut gradient.lower[row(i)], factor, self.row(i));
        }
    }

    /// ln det L = Σ_i ln L_ii
    pub fn log_determinant(&self) -> f64 {
        (0..self.size())
            .map(|i| self.diagonal(i).fast_ln().wide())
            .sum()
    }

    /// Adds `weight` times the derivative of [`Self::log_determinant`].
    pub fn log_determinant_backward(&self, weight: T, gradient: &mut TriangularGradient<T>) {
        for (gradient, &rho) in gradient.rho.iter_mut().zip(self.rho) {
            *gradient += weight * self.transform.slope(rho) / self.transform.value(rho);
        }
    }

    /// Σ_i ln(length of row i) - ln det L, with `weight` times its derivative added.
    ///
    /// ```text
    /// Σ_i ½ ln(1 + b_i/L_ii²),   b_i = Σ_j<i L_ij²,   t_i = L_ii² + b_i
    /// ∂/∂L_ii = -b_i/(L_ii t_i)      ∂/∂L_ij = L_ij/t_i
    /// ```
    ///
    /// No two logarithms are subtracted: a factor that is all but diagonal loses no digits.
    pub fn excess(&self, weight: T, gradient: &mut TriangularGradient<T>) -> f64 {
        let mut value = 0.0;
        for i in 0..self.size() {
            let (diagonal, below) = (self.diagonal(i), self.square(i));
            let total = diagonal * diagonal + below;
            value += 0.5 * (below / diagonal / diagonal).fast_ln_1p().wide();
            let slope = self.transform.slope(self.rho[i]);
            gradient.rho[i] -= weight * (below / total) * (slope / diagonal);
            add_scaled(&mut gradient.lower[row(i)], weight / total, self.row(i));
        }
        value
    }

    /// out ← L·x
    pub fn multiply(&self, x: &[T], out: &mut [T]) {
        for (i, out) in out.iter_mut().enumerate() {
            let row = self.row(i);
            let below = T::dispatch(
                #[inline(always)]
                || dot(row, &x[..i]),
            );
            *out = self.diagonal(i) * x[i] + below;
        }
    }

    /// From the gradient by L·x: adds to the gradient by the variables.
    pub fn multiply_backward(&self, x: &[T], d: &[T], gradient: &mut TriangularGradient<T>) {
        for (i, &d) in d.iter().enumerate() {
            gradient.rho[i] += d * x[i] * self.transform.slope(self.rho[i]);
            add_scaled(&mut gradient.lower[row(i)], d, &x[..i]);
        }
    }

    /// x ← L⁻ᵀ·x
    pub fn solve_transposed(&self, x: &mut [T]) {
        for i in (0..self.size()).rev() {
            let (above, rest) = x.split_at_mut(i);
            rest[0] /= self.diagonal(i);
            add_scaled(above, -rest[0], self.row(i));
        }
    }

    /// Every entry, rows one after the other, zeros above the diagonal.
    pub fn dense(&self) -> Vec<T> {
        let size = self.size();
        let mut dense = vec![T::zero(); size * size];
        for (i, out) in dense.chunks_exact_mut(size).enumerate() {
            out[..i].copy_from_slice(self.row(i));
            out[i] = self.diagonal(i);
        }
        dense
    }

    /// From the gradient by every entry of [`Self::dense`], whose upper half is not read: adds to the
    /// gradient by the variables.
    pub fn dense_backward(&self, d: &[T], gradient: &mut TriangularGradient<T>) {
        for (i, d) in d.chunks_exact(self.size()).enumerate() {
            gradient.rho[i] += d[i] * self.transform.slope(self.rho[i]);
            add_scaled(&mut gradient.lower[row(i)], T::one(), &d[..i]);
        }
    }
}

/// Rows that are solved one by one, before one product takes what they give out of all rows above.
const BLOCK: usize = 48;

/// X ← L⁻ᵀ·X for a dense L of `size` rows and an X of `size` rows.
pub fn solve_transposed<T: Math>(dense: &[T], size: usize, x: &mut [T]) {
    let columns = x.len() / size;
    for start in (0..size).step_by(BLOCK).rev() {
        let end = size.min(start + BLOCK);
        for i in (start..end).rev() {
            let (above, rest) = x.split_at_mut(i * columns);
            let row = &mut rest[..columns];
            let per_diagonal = T::one() / dense[i * size + i];
            row.iter_mut().for_each(|x| *x *= per_diagonal);
            for j in start..i {
                let above = &mut above[j * columns..(j + 1) * columns];
                add_scaled(above, -dense[i * size + j], row);
            }
        }
        if start == 0 {
            return;
        }
        let (above, rest) = x.split_at_mut(start * columns);
        let solved = MatrixRef::row_major(&rest[..(end - start) * columns], end - start, columns);
        let factor = MatrixRef::new(&dense[start * size..], [end - start, start], [size, 1]);
        let above = MatrixMut::row_major(above, start, columns);
        parallel_gemm(-T::one(), factor.transposed(), solved, T::one(), above);
    }
}

impl<'a, T> TriangularGradient<'a, T> {
    /// As [`Triangular::split`].
    pub fn split(size: usize, gradient: &'a mut [T]) -> (Self, &'a mut [T]) {
        let (rho, rest) = gradient.split_at_mut(size);
        let (lower, rest) = rest.split_at_mut(packed(size));
        (TriangularGradient { rho, lower }, rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_close, uniforms};

    #[test]
    fn blocked_and_packed_solutions_are_solutions() {
        for size in [1, 2, 47, 48, 49, 130] {
            let mut uniform = uniforms(size as u64);
            let mut numbers = |n| (0..n).map(|_| uniform() - 0.5).collect::<Vec<f64>>();
            let (rho, lower) = (numbers(size), numbers(packed(size)));
            // rows no longer than 1 keep the powers of the inverse in bounds
            let lower: Vec<f64> = lower.iter().map(|x| x / size as f64).collect();
            let factor = Triangular {
                transform: Transform::Exp,
                rho: &rho,
                lower: &lower,
            };
            let dense = factor.dense();
            let columns = 3;
            let x = numbers(size * columns);
            let mut solved = x.clone();
            solve_transposed(&dense, size, &mut solved);
            for column in 0..columns {
                let mut one: Vec<f64> = (0..size).map(|i| x[i * columns + column]).collect();
                factor.solve_transposed(&mut one);
                for i in 0..size {
                    let product: f64 = (i..size)
                        .map(|k| dense[k * size + i] * solved[k * columns + column])
                        .sum();
                    assert_close(product, x[i * columns + column], 1e-12, "Lᵀ·X");
                    assert_close(one[i], solved[i * columns + column], 1e-12, "packed");
                }
            }
        }
    }
}
