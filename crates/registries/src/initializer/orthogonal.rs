//! `Orthogonal(gain)`: a matrix that keeps lengths.

use super::start::weighted;
use super::{Initializer, Refusal, Scheme, number};
use crate::kl::rules::Node;
use crate::signature::{Constants, Domain, Signature};
use crate::tensor::gemm::{MatrixMut, MatrixRef, parallel_gemm};
use crate::tensor::{Shape, Stream};
use std::f64::consts::FRAC_PI_2;

/// Wᵀ W = gain² I, or W Wᵀ = gain² I where there are more columns than rows.
///
/// The columns are the last axis; the rows are all others, as in Keras's `Orthogonal`. A bias is one
/// row: a vector of length gain. The matrix is evenly drawn from all of its kind: normal draws made
/// orthonormal one after the other (Gram and Schmidt), which is the Q of the QR decomposition whose R
/// has a positive diagonal (Mezzadri 2007). Work grows with rows·columns·min(rows, columns).
/// Saxe, McClelland and Ganguli 2014, "Exact solutions to the nonlinear dynamics of learning in deep
/// linear neural networks".
pub struct Orthogonal;

static SIGNATURE: Signature = Signature {
    name: "Orthogonal",
    summary: "an orthogonal matrix, rows all axes but the last",
    parameters: &[number(
        "gain",
        Domain::Positive,
        Some("1"),
        "the length of its columns, or of its rows where those are fewer",
    )],
};

impl Scheme for Orthogonal {
    fn signature(&self) -> &'static Signature {
        &SIGNATURE
    }

    fn resolve(&self, arguments: &Constants, _: [usize; 2]) -> Result<Initializer, Refusal> {
        let gain = arguments.number("gain");
        Ok(Initializer::Orthogonal { gain })
    }
}

/// Rows and columns of the matrix that a tensor of this shape is.
fn matrix(shape: &Shape) -> [usize; 2] {
    let columns = shape.0.last().copied().unwrap_or(1);
    [shape.0.iter().rev().skip(1).product(), columns]
}

/// Vectors that are made orthogonal among themselves, before the next ones are made so to them.
const PANEL: usize = 32;

/// An orthogonal matrix.
pub fn fill(shape: &Shape, stream: &Stream, out: &mut [f64]) {
    let [rows, columns] = matrix(shape);
    let (count, length) = (rows.min(columns), rows.max(columns));
    let mut vectors = vec![0.0; count * length];
    stream.fill_normal(0, &mut vectors);
    for start in (0..count).step_by(PANEL) {
        let (done, rest) = vectors.split_at_mut(start * length);
        let panel = &mut rest[..PANEL.min(count - start) * length];
        // twice: what rounding leaves of the others after the first time is gone after the second
        for _ in 0..2 {
            remove(done, panel, length);
            within(panel, length);
        }
    }
    if rows < columns {
        out.copy_from_slice(&vectors);
        return;
    }
    for (j, vector) in vectors.chunks_exact(length).enumerate() {
        for (i, &x) in vector.iter().enumerate() {
            out[i * columns + j] = x;
        }
    }
}

/// P ← P - (P Qᵀ) Q, for orthonormal rows of Q.
fn remove(done: &[f64], panel: &mut [f64], length: usize) {
    let (known, new) = (done.len() / length, panel.len() / length);
    if known == 0 {
        return;
    }
    let done = MatrixRef::row_major(done, known, length);
    let mut along = vec![0.0; new * known];
    parallel_gemm(
        1.0,
        MatrixRef::row_major(panel, new, length),
        done.transposed(),
        0.0,
        MatrixMut::row_major(&mut along, new, known),
    );
    parallel_gemm(
        -1.0,
        MatrixRef::row_major(&along, new, known),
        done,
        1.0,
        MatrixMut::row_major(panel, new, length),
    );
}

/// Makes the rows of a panel orthonormal, in their order.
fn within(panel: &mut [f64], length: usize) {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for k in 0..panel.len() / length {
        let (before, rest) = panel.split_at_mut(k * length);
        let vector = &mut rest[..length];
        for other in before.chunks_exact(length) {
            let along = dot(other, vector);
            vector
                .iter_mut()
                .zip(other)
                .for_each(|(x, other)| *x -= along * other);
        }
        let size = dot(vector, vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= size);
    }
}

/// An entry is gain times that of a unit vector evenly drawn in n = max(rows, columns) dimensions: the
/// sine of an angle with density cosⁿ⁻² from -π/2 to π/2.
pub fn rule(shape: &Shape, gain: f64, nodes: usize) -> Vec<Node> {
    let [rows, columns] = matrix(shape);
    let n = rows.max(columns);
    if n == 1 {
        let half = |at| Node { at, weight: 0.5 };
        return vec![half(-gain), half(gain)];
    }
    // beyond it, cosⁿ⁻² is below 1e-16 of its largest
    let reach = FRAC_PI_2.min(9.0 / (n as f64).sqrt());
    weighted(
        nodes.max(40),
        |x| (reach * x).cos().powf(n as f64 - 2.0),
        |x| gain * (reach * x).sin(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_close;

    fn draw(shape: &[usize], seed: u64, gain: f64) -> Vec<f64> {
        let shape = Shape::new(shape);
        let mut out = vec![0.0; shape.len()];
        Initializer::Orthogonal { gain }.fill(&shape, &Stream::new(seed, 0, 3, 7), &mut out);
        out
    }

    #[test]
    fn its_columns_or_rows_are_orthogonal_and_of_one_length() {
        for shape in [
            vec![40, 17],
            vec![17, 40],
            vec![100, 100],
            vec![3, 3, 4, 70],
            vec![25],
            vec![],
        ] {
            let w = draw(&shape, 1, 1.5);
            let [rows, columns] = matrix(&Shape(shape.clone()));
            let tall = rows >= columns;
            let entry = |vector: usize, k: usize| match tall {
                true => w[k * columns + vector],
                false => w[vector * columns + k],
            };
            for a in 0..rows.min(columns) {
                for b in 0..=a {
                    let product: f64 = (0..rows.max(columns))
                        .map(|k| entry(a, k) * entry(b, k))
                        .sum();
                    let expected = if a == b { 2.25 } else { 0.0 };
                    assert_close(product, expected, 1e-13, format!("{shape:?} {a} {b}"));
                }
            }
        }
    }

    /// Each entry has mean 0 and variance 1/n, whichever it is: no direction is preferred.
    #[test]
    fn it_is_evenly_drawn() {
        const DRAWS: u64 = 4000;
        let n = 5;
        let draws: Vec<_> = (0..DRAWS).map(|seed| draw(&[n, 3], seed, 1.0)).collect();
        // t² of a unit vector's entry has variance 2(n - 1)/(n²(n + 2))
        let size = n as f64;
        let variance = 2.0 * (size - 1.0) / (size * size * (size + 2.0));
        let count = DRAWS as f64;
        for entry in 0..3 * n {
            let mean = draws.iter().map(|w| w[entry]).sum::<f64>() / count;
            let square = draws.iter().map(|w| w[entry].powi(2)).sum::<f64>() / count;
            assert!(
                mean.abs() < 5.0 * (1.0 / size / count).sqrt(),
                "{entry}: {mean}"
            );
            let error = (variance / count).sqrt();
            assert!(
                (square - 1.0 / size).abs() < 5.0 * error,
                "{entry}: {square}"
            );
        }
    }
}
