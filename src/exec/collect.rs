//! From the gradients by what estimators prepared to those by the variables, and the terms over the
//! weights.

use super::{BLOCK, Interpreter, Number};
use crate::distribution::MAX_PARAMETERS;
use crate::estimator::Estimate;
use crate::ir::{Form, Handle, Model, Scalar, Tensor, TermKind};
use crate::kl::{Entries, Gradients};
use crate::posterior::scale_slope;
use crate::tensor::simd;
use rayon::prelude::*;

/// The parameter a term is of.
fn subject(kind: &TermKind) -> Option<Handle<Tensor>> {
    match kind {
        TermKind::Nll => None,
        TermKind::Kl(tensor, _) | TermKind::NegLogPrior(tensor) => Some(*tensor),
    }
}

/// Its prior's numbers.
fn prior_scalars(model: &Model, tensor: Handle<Tensor>) -> &[Scalar] {
    &model.tensors[tensor]
        .prior
        .as_ref()
        .expect("a term has a prior")
        .parameters
}

impl<T: Number> Interpreter<T> {
    /// Adds one sample's gradients by loc and scale, and its Monte-Carlo terms.
    pub(super) fn collect_sample(&mut self, samples: usize, scales: &[f64], values: &mut [f64]) {
        let plan = self.plan.clone();
        for tensor in &plan.tensors {
            let buffers = &self.buffers;
            let entries = tensor.entries.clone();
            let estimate: &dyn Estimate<T> = T::estimate(tensor.estimator);
            let gradient = &mut self.gradient[tensor.loc.start..tensor.end()];
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let d_first = buffers.d_first[entries.clone()].par_chunks(BLOCK);
            d_loc
                .par_chunks_mut(BLOCK)
                .zip(d_first)
                .for_each(|(d_loc, d_first)| {
                    d_loc
                        .iter_mut()
                        .zip(d_first)
                        .for_each(|(d_loc, &d)| *d_loc += d);
                });
            let (scale, noise) = (
                &buffers.scale[entries.clone()],
                &buffers.noise[entries.clone()],
            );
            let (d_first, d_second) = (
                &buffers.d_first[entries.clone()],
                &buffers.d_second[entries],
            );
            let by = scale.par_chunks(BLOCK).zip(noise.par_chunks(BLOCK));
            let by = by.zip(d_first.par_chunks(BLOCK).zip(d_second.par_chunks(BLOCK)));
            d_scale.par_chunks_mut(BLOCK).zip(by).for_each(
                |(d_scale, ((scale, noise), (d_first, d_second)))| {
                    estimate.scale_gradient(scale, noise, d_first, d_second, d_scale);
                },
            );
        }
        self.collect_monte_carlo(samples, scales, values);
    }

    /// The Monte-Carlo terms at the sample at hand, each 1/`samples` of its value.
    pub(super) fn collect_monte_carlo(
        &mut self,
        samples: usize,
        scales: &[f64],
        values: &mut [f64],
    ) {
        self.collect(scales, values, samples, |kind| {
            matches!(kind, TermKind::Kl(_, Form::MonteCarlo))
        });
    }

    /// The terms that need no sample.
    pub(super) fn collect_terms(&mut self, scales: &[f64], values: &mut [f64]) {
        self.collect(scales, values, 1, |kind| {
            !matches!(kind, TermKind::Kl(_, Form::MonteCarlo))
        });
    }

    fn collect(
        &mut self,
        scales: &[f64],
        values: &mut [f64],
        samples: usize,
        which: impl Fn(&TermKind) -> bool,
    ) {
        let plan = self.plan.clone();
        for (index, term) in plan.model.loss.terms.iter().enumerate() {
            let (Some(computation), Some(of)) = (&plan.terms[index], subject(&term.kind)) else {
                continue;
            };
            if !which(&term.kind) {
                continue;
            }
            let tensor = &plan.tensors[of.index()];
            let scalars = prior_scalars(&plan.model, of);
            let mut prior = [T::zero(); MAX_PARAMETERS];
            let prior = &mut prior[..scalars.len()];
            for (value, scalar) in prior.iter_mut().zip(scalars) {
                *value = T::of(plan.scalar(scalar, |place| self.variables[place].wide()));
            }
            let prior = &*prior;
            // Where no number of the prior is trained, its gradient is not asked for.
            let trained = scalars.iter().any(|s| matches!(s, Scalar::Learned(_)));
            let wanted = if trained { prior.len() } else { 0 };
            let weight = T::of(scales[index] / samples as f64);
            let gradient = &mut self.gradient[tensor.loc.start..tensor.end()];
            let (d_loc, d_scale) = gradient.split_at_mut(tensor.loc.len());
            let entries = tensor.entries.clone();
            let loc = &self.variables[tensor.loc.clone()];
            let (scale, noise) = (
                &self.buffers.scale[entries.clone()],
                &self.buffers.noise[entries],
            );
            let computation = T::term(&**computation);
            let blocks = loc.len().div_ceil(BLOCK);
            // A point estimate has no scale: its blocks are empty slices.
            let d_scales: Vec<&mut [T]> = if tensor.random {
                d_scale.chunks_mut(BLOCK).collect()
            } else {
                (0..blocks).map(|_| &mut [][..]).collect()
            };
            let parts: Vec<(f64, [f64; MAX_PARAMETERS])> = d_loc
                .par_chunks_mut(BLOCK)
                .zip(d_scales)
                .enumerate()
                .map(|(block, (d_loc, d_scale))| {
                    let range = block * BLOCK..block * BLOCK + d_loc.len();
                    let entries = Entries {
                        loc: &loc[range.clone()],
                        scale: if d_scale.is_empty() {
                            &[]
                        } else {
                            &scale[range.clone()]
                        },
                        noise: if d_scale.is_empty() {
                            &[]
                        } else {
                            &noise[range]
                        },
                    };
                    let mut d_prior = [0.0; MAX_PARAMETERS];
                    let gradients = Gradients {
                        loc: d_loc,
                        scale: d_scale,
                        prior: &mut d_prior[..wanted],
                    };
                    let value = computation.accumulate(entries, prior, weight, gradients);
                    (value, d_prior)
                })
                .collect();
            for (value, d_prior) in parts {
                values[index] += value / samples as f64;
                for (d, scalar) in d_prior.iter().zip(scalars) {
                    if let Scalar::Learned(learned) = scalar {
                        self.buffers.d_learned[learned.index()] += d;
                    }
                }
            }
        }
    }

    /// Turns gradients by scale into gradients by rho, and those by learned numbers into those by
    /// their variables.
    pub(super) fn chain(&mut self) {
        let plan = self.plan.clone();
        for tensor in plan.tensors.iter().filter(|t| t.random) {
            let rho = &self.variables[tensor.rho()];
            let gradient = &mut self.gradient[tensor.rho()];
            gradient
                .par_chunks_mut(BLOCK)
                .zip(rho.par_chunks(BLOCK))
                .for_each(|(gradient, rho)| {
                    simd::dispatch(
                        #[inline(always)]
                        || {
                            gradient
                                .iter_mut()
                                .zip(rho)
                                .for_each(|(gradient, &rho)| *gradient *= scale_slope(rho))
                        },
                    );
                });
        }
        for (learned, &d) in plan.learned.iter().zip(&self.buffers.d_learned) {
            let slope = learned.slope(self.variables[learned.place].wide());
            self.gradient[learned.place] = T::of(d * slope);
        }
    }
}
