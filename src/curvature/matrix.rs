//! Dense symmetric matrices, row by row: the one place where `faer` is called.

use crate::tensor::Real;
use crate::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use faer::{MatRef, Side};

/// The lower triangular L with L Lᵀ = `matrix`, row by row; `None` where there is none.
pub fn cholesky(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    let decomposed = MatRef::from_row_major_slice(matrix, size, size)
        .llt(Side::Lower)
        .ok()?;
    let lower = decomposed.L();
    let mut rows = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            rows[i * size + j] = lower[(i, j)];
        }
    }
    let diagonal = (0..size).map(|i| rows[i * size + i]);
    diagonal
        .into_iter()
        .all(|entry| entry.is_finite() && entry > 0.0)
        .then_some(rows)
}

/// A symmetric matrix Q diag(values) Qᵀ.
pub struct Eigen {
    /// In ascending order.
    pub values: Vec<f64>,
    /// Q, row by row: a column for each eigenvalue.
    pub vectors: Vec<f64>,
}

/// The eigenvalues and eigenvectors of a symmetric matrix; `None` where they are not found: of numbers that are not
/// finite.
pub fn eigen(matrix: &[f64], size: usize) -> Option<Eigen> {
    if size == 1 {
        return Some(Eigen {
            values: matrix.to_vec(),
            vectors: vec![1.0],
        });
    }
    let matrix = MatRef::from_row_major_slice(matrix, size, size);
    let decomposed = matrix.self_adjoint_eigen(Side::Lower).ok()?;
    let (vectors, values) = (decomposed.U(), decomposed.S());
    let entries = (0..size * size).map(|at| vectors[(at / size, at % size)]);
    Some(Eigen {
        values: (0..size).map(|i| values[i]).collect(),
        vectors: entries.collect(),
    })
}

/// The eigenvalues alone.
pub fn eigenvalues(matrix: &[f64], size: usize) -> Option<Vec<f64>> {
    let matrix = MatRef::from_row_major_slice(matrix, size, size);
    matrix.self_adjoint_eigenvalues(Side::Lower).ok()
}

/// L⁻¹ b in place of b.
pub fn solve_lower(lower: &[f64], b: &mut [f64]) {
    let size = b.len();
    for i in 0..size {
        let (solved, rest) = b.split_at_mut(i);
        let row = &lower[i * size..][..=i];
        let dot: f64 = row[..i].iter().zip(&*solved).map(|(l, x)| l * x).sum();
        rest[0] = (rest[0] - dot) / row[i];
    }
}

/// L⁻ᵀ b in place of b.
pub fn solve_upper(lower: &[f64], b: &mut [f64]) {
    let size = b.len();
    for i in (0..size).rev() {
        let row = &lower[i * size..][..=i];
        let solved = b[i] / row[i];
        b[i] = solved;
        let above = b[..i].iter_mut().zip(row);
        above.for_each(|(x, l)| *x -= l * solved);
    }
}

/// The sum of the outer products of some rows of `size` numbers, added to `sum`. `scratch` is as long as `sum`.
pub fn add_gram<T: Real>(rows: &[T], size: usize, scratch: &mut [T], sum: &mut [f64]) {
    let rows = MatrixRef::row_major(rows, rows.len() / size, size);
    let scratch = &mut scratch[..size * size];
    let target = MatrixMut::row_major(scratch, size, size);
    parallel_gemm(T::one(), rows.transposed(), rows, T::zero(), target);
    let entries = sum.iter_mut().zip(scratch);
    entries.for_each(|(sum, product)| *sum += product.wide());
}

/// A·B for row-major A `[n, k]` and B `[k, m]`, either one transposed where its flag says so.
pub fn product(
    (a, a_transposed): (&[f64], bool),
    (b, b_transposed): (&[f64], bool),
    [n, k, m]: [usize; 3],
) -> Vec<f64> {
    let a = match a_transposed {
        true => MatrixRef::row_major(a, k, n).transposed(),
        false => MatrixRef::row_major(a, n, k),
    };
    let b = match b_transposed {
        true => MatrixRef::row_major(b, m, k).transposed(),
        false => MatrixRef::row_major(b, k, m),
    };
    let mut c = vec![0.0; n * m];
    parallel_gemm(1.0, a, b, 0.0, MatrixMut::row_major(&mut c, n, m));
    c
}
