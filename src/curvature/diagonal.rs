//! The diagonal of the curvature: Σ_n,c r² for each entry.

use super::{Array, Linearized, Parameter, Precision, Result, refuse_not_finite, singular};
use crate::exec::{Kernels, Number};

/// The diagonal of H.
pub struct Diagonal {
    names: Vec<(String, usize)>,
    sum: Vec<f64>,
}

impl Diagonal {
    pub(super) fn new(parameters: &[Parameter]) -> Self {
        Diagonal {
            names: parameters
                .iter()
                .map(|p| (p.name.clone(), p.range.len()))
                .collect(),
            sum: vec![0.0; parameters.last().map_or(0, |p| p.range.end)],
        }
    }

    pub(super) fn add<T: Number>(
        &mut self,
        of: &Linearized<T>,
        kernels: &Kernels<T>,
        inputs: &[T],
    ) {
        for parameter in of.parameters() {
            let sum = &mut self.sum[parameter.range.clone()];
            of.for_rows(kernels, inputs, parameter, |row| {
                let entries = sum.iter_mut().zip(row);
                entries.for_each(|(sum, r)| *sum += r.wide() * r.wide());
            });
        }
    }

    pub(super) fn arrays(&mut self) -> Vec<Array<'_>> {
        let mut rest = &mut self.sum[..];
        let arrays = self.names.iter().map(|(name, len)| {
            let (values, others) = std::mem::take(&mut rest).split_at_mut(*len);
            rest = others;
            Array {
                name: name.clone(),
                shape: vec![*len],
                values,
            }
        });
        arrays.collect()
    }

    pub(super) fn precision(&self, prior: &[f64]) -> Result<DiagonalPrecision> {
        let precision: Vec<f64> = self.sum.iter().zip(prior).map(|(h, p)| h + p).collect();
        refuse_not_finite(&precision)?;
        match precision.iter().all(|p| *p > 0.0) {
            true => Ok(DiagonalPrecision(precision)),
            false => Err(singular("")),
        }
    }

    pub(super) fn relative(&self, prior: &[f64]) -> Vec<f64> {
        self.sum.iter().zip(prior).map(|(h, p)| h / p).collect()
    }
}

/// P, a number for each entry.
pub(super) struct DiagonalPrecision(Vec<f64>);

impl Precision for DiagonalPrecision {
    fn log_det(&self) -> f64 {
        self.0.iter().map(|p| p.ln()).sum()
    }

    fn draw(&self, z: &[f64], out: &mut [f64]) {
        for ((out, z), p) in out.iter_mut().zip(z).zip(&self.0) {
            *out = z / p.sqrt();
        }
    }

    fn whiten(&self, j: &[f64], out: &mut [f64]) {
        self.draw(j, out);
    }
}
