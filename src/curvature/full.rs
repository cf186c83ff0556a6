//! The whole curvature matrix: Σ_n,c r rᵀ.

use super::matrix::{add_gram, cholesky, eigenvalues, solve_lower, solve_upper};
use super::{
    Array, Linearized, Parameter, Precision, Result, not_finite, refuse_not_finite, singular,
};
use crate::exec::{Kernels, Number};

/// H, row by row.
pub struct Full {
    size: usize,
    sum: Vec<f64>,
}

impl Full {
    pub(super) fn new(parameters: &[Parameter]) -> Self {
        let size = parameters.last().map_or(0, |p| p.range.end);
        Full {
            size,
            sum: vec![0.0; size * size],
        }
    }

    /// Appends each example's gradient along one direction to `rows`.
    pub(super) fn gather<T: Number>(
        &self,
        of: &Linearized<T>,
        kernels: &Kernels<T>,
        inputs: &[T],
        rows: &mut Vec<T>,
    ) {
        let (size, examples, start) = (self.size, of.examples(), rows.len());
        rows.resize(start + examples * size, T::zero());
        for parameter in of.parameters() {
            let len = parameter.range.len();
            let mut own = vec![T::zero(); examples * len];
            of.gradients(kernels, inputs, parameter, 0..examples, &mut own);
            let targets = rows[start..].chunks_exact_mut(size);
            for (row, own) in targets.zip(own.chunks_exact(len)) {
                row[parameter.range.clone()].copy_from_slice(own);
            }
        }
    }

    /// Adds what was gathered.
    pub(super) fn add<T: Number>(&mut self, rows: &mut Vec<T>) {
        let mut scratch = vec![T::zero(); self.size * self.size];
        add_gram(rows, self.size, &mut scratch, &mut self.sum);
        rows.clear();
    }

    pub(super) fn arrays(&mut self) -> Vec<Array<'_>> {
        vec![Array {
            name: "all".into(),
            shape: vec![self.size; 2],
            values: &mut self.sum,
        }]
    }

    pub(super) fn precision(&self, prior: &[f64]) -> Result<FullPrecision> {
        let mut precision = self.sum.clone();
        for (entry, prior) in prior.iter().enumerate() {
            precision[entry * (self.size + 1)] += prior;
        }
        refuse_not_finite(&precision)?;
        let lower = cholesky(&precision, self.size).ok_or_else(|| singular(""))?;
        Ok(FullPrecision {
            size: self.size,
            lower,
        })
    }

    pub(super) fn relative(&self, prior: &[f64]) -> Result<Vec<f64>> {
        let size = self.size;
        let scale: Vec<f64> = prior.iter().map(|p| p.sqrt()).collect();
        let entries = self.sum.iter().enumerate();
        let scaled = entries.map(|(at, h)| h / (scale[at / size] * scale[at % size]));
        let values = eigenvalues(&scaled.collect::<Vec<_>>(), size);
        let values = values.ok_or_else(not_finite)?;
        // The sum of squares has none below 0 but by rounding.
        Ok(values.into_iter().map(|value| value.max(0.0)).collect())
    }
}

/// P by its Cholesky factor L, P = L Lᵀ.
pub(super) struct FullPrecision {
    size: usize,
    lower: Vec<f64>,
}

impl Precision for FullPrecision {
    fn log_det(&self) -> f64 {
        let diagonal = self.lower.iter().step_by(self.size + 1);
        diagonal.map(|l| 2.0 * l.ln()).sum()
    }

    fn draw(&self, z: &[f64], out: &mut [f64]) {
        out.copy_from_slice(z);
        solve_upper(&self.lower, out);
    }

    fn whiten(&self, j: &[f64], out: &mut [f64]) {
        out.copy_from_slice(j);
        solve_lower(&self.lower, out);
    }
}
